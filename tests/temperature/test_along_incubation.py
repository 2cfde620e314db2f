"""Q10 along the incubation: in successive parts, and as a trend over the carbon respired."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from soils_with_known_q10 import DAYS, of, tables, two_pools
from talik import q10, q10_drift
from talik.tables import typed


def stretched(true, temperatures=(5, 15)):
    """Mean rates of intervals that end when the same carbon was respired: time alone runs faster."""
    released = 1000 * -np.expm1(-0.02 * DAYS) + 20000 * -np.expm1(-1e-4 * DAYS)
    parts = []
    for t in temperatures:
        end = DAYS / true ** ((t - 5) / 10)
        start = np.concatenate([[0.0], end[:-1]])
        parts.append(pd.DataFrame({"jar": f"at {t}", "time_start": start, "time_end": end, "time": (start + end) / 2,
                                   "temperature": float(t), "gas": "co2",
                                   "respiration": np.diff(released, prepend=0) / (end - start)}))  # fmt: skip
    jars = pd.DataFrame({"jar": [f"at {t}" for t in temperatures], "sample": "soil", "set": "soil",
                         "basis": "dry soil"})  # fmt: skip
    return typed("respiration", pd.concat(parts)), typed("jars", jars)


@pytest.mark.parametrize("temperatures", [(5, 15), (0, 10, 20)])
@pytest.mark.parametrize("true", [0.7, 2.5, 6.0])
def test_a_pure_stretching_of_time_has_no_trend_at_the_same_carbon(true, temperatures):
    rows = of(q10_drift(*stretched(true, temperatures)), "equal-carbon")
    assert_allclose(rows["slope"], 0.0, atol=1e-9)
    assert_allclose(rows[["q10_start", "q10_end"]], true, rtol=1e-9)


def test_a_pure_stretching_of_time_has_the_true_q10_in_every_part_of_the_carbon():
    parts = of(q10(*stretched(2.5)), "equal-carbon")
    assert parts["window"].tolist() == ["whole", *(f"part {i} of 4" for i in (1, 2, 3, 4))]
    assert_allclose(parts["q10"], 2.5, rtol=1e-9)


def test_at_the_same_time_the_same_soil_drifts_all_the_same():
    """The warm soil has less fast carbon left: parts by time differ though every pool has one Q10."""
    parts = of(q10(*two_pools(2.5, 2.5)), "rate-ratio")
    parts = parts[parts["window"].str.startswith("part")]
    assert len(parts) == 4
    assert parts["q10"].min() < 1.5 < 2.2 < parts["q10"].max()


@pytest.mark.parametrize(
    ("fast", "slow", "trend"), [(2.0, 4.0, "rises in these jars"), (4.0, 2.0, "falls in these jars")]
)
def test_q10_drifts_from_that_of_the_fast_pool_to_that_of_the_slow(fast, slow, trend):
    rates, jars = two_pools(fast, slow)
    parts = of(q10(rates, jars), "equal-carbon")["q10"].to_numpy()[1:]
    ordered = parts if fast < slow else parts[::-1]
    assert (np.diff(ordered) > 0).all()
    assert_allclose(parts[0], fast, rtol=0.15)
    row = of(q10_drift(rates, jars), "equal-carbon").iloc[0]
    assert row["trend"] == trend
    assert (row["lower"] > 0) == trend.startswith("rises")


def exact_q10_of_increments(fast, slow, edges):
    """Analytic: times at which a two-pool soil has respired shares of its common carbon, at 5 and 15 °C."""
    from scipy.optimize import brentq

    def released(day, f, s):
        return 1000 * -np.expm1(-0.02 * f * day) + 20000 * -np.expm1(-1e-4 * s * day)

    common = min(released(DAYS[-1], 1, 1), released(DAYS[-1], fast, slow))
    days = [
        [brentq(lambda day, f=f, s=s, c=c: released(day, f, s) - c, 0, 400) for c in common * edges]
        for f, s in ((1, 1), (fast, slow))
    ]
    lengths = np.diff(days, axis=1)
    return lengths[0] / lengths[1]


@pytest.mark.parametrize(("fast", "slow"), [(2.0, 4.0), (4.0, 2.0), (2.5, 2.5)])
def test_parts_of_the_carbon_are_those_of_the_analytic_two_pool_soil(fast, slow):
    days = np.linspace(1, 364, 364)
    found = of(q10(*two_pools(fast, slow, days=days)), "equal-carbon")["q10"].to_numpy()[1:]
    assert_allclose(found, exact_q10_of_increments(fast, slow, np.linspace(0, 1, 5)), rtol=0.01)


def test_every_part_carries_its_window_and_number_of_readings():
    found = q10(*two_pools(2.0, 4.0, temperatures=(5, 15, 25)))
    for definition in ("rate-ratio", "rate-fit"):
        parts = of(found, definition)
        parts = parts[(parts["t_high"] - parts["t_low"] == 20) & parts["window"].str.startswith("part")]
        assert parts["time_start"].tolist() == [1.0, 28.0, 98.0, 224.0]
        assert parts["time_end"].tolist() == [21.0, 84.0, 196.0, 364.0]
    assert parts["n"].tolist() == [3.0] * 4


@pytest.mark.parametrize("readings", [1, 2, 3])
def test_few_readings_have_a_sentence_and_no_trend(readings):
    found = q10_drift(*two_pools(2.0, 4.0, days=DAYS[:readings]))
    assert len(found) == 2
    told = found[found["slope"].isna()]
    assert told["flag"].str.contains("no trend").all()
    assert len(told) >= (2 if readings < 3 else 0)


def test_parts_of_few_readings_are_those_readings():
    found = of(q10(*two_pools(2.0, 4.0, days=DAYS[:2])), "rate-ratio")
    assert found["window"].tolist() == ["first", "whole", "part 1 of 2", "part 2 of 2"]
    assert of(q10(*two_pools(2.0, 4.0, days=DAYS[:1])), "rate-ratio")["window"].tolist() == ["whole"]


def test_the_trend_does_not_hang_on_the_unit():
    rates, jars = two_pools(2.0, 4.0)
    once = q10_drift(rates, jars)
    for unit in (1e-12, 1e12):
        again = q10_drift(rates.assign(respiration=rates["respiration"] * unit), jars)
        assert_allclose(again["slope"], once["slope"], rtol=1e-6)


def test_zeros_negative_rates_and_gaps_give_an_answer_or_a_sentence():
    rates, jars = two_pools(2.0, 4.0)
    for day, value in ((1.0, 0.0), (28.0, -3.0), (84.0, np.nan)):
        rates.loc[rates["time"] == day, "respiration"] = value
    found = q10_drift(rates.dropna(subset=["respiration"]), jars)
    assert found["slope"].notna().all()
    for nothing in (0.0, -1.0):
        found = q10_drift(rates.assign(respiration=nothing), jars)
        assert found["slope"].isna().all()
        assert (found["flag"] != "").all()


def test_jars_warmed_in_steps_have_no_trend_and_say_why():
    rates, jars = tables({(5, 0): (DAYS[:3], np.ones(3))})
    warmer = rates.assign(temperature=15.0, time=rates["time"] + 30)
    found = q10_drift(pd.concat([rates, warmer]), jars)
    assert found["flag"].str.contains("warmed in steps").all()


def test_frozen_and_thawed_soil_have_trends_of_their_own():
    found = q10_drift(*two_pools(2.0, 2.0, temperatures=(-8, -2, 5, 15)))
    assert ((found["t_low"] < 0) == (found["t_high"] < 0)).all()
    assert set(found["t_low"]) == {-8.0, 5.0}


def many_soils(n, **made):
    """Respiration and jars of soils of two pools that are alike."""
    soils = [two_pools(2.5, 2.5, **made) for _ in range(n)]
    rates = [one.assign(jar=f"{i} " + one["jar"]) for i, (one, _) in enumerate(soils)]
    jars = [one.assign(jar=f"{i} " + one["jar"], set=str(i), sample=str(i)) for i, (_, one) in enumerate(soils)]
    return pd.concat(rates), pd.concat(jars)


def test_what_sets_jars_apart_reaches_the_interval_of_the_trend():
    """Jars that differ in level tilt the trend by carbon; where there is none, it is seen in about one of twenty."""
    rng = np.random.default_rng(5)
    noise = lambda n: np.exp(0.1 * rng.standard_normal() + 0.1 * rng.standard_normal(n))  # noqa: E731
    found = of(q10_drift(*many_soils(60, replicates=3, noise=noise, days=DAYS[::2])), "equal-carbon")
    assert (found["interval_from"] == "replicates").all()
    assert (found["trend"] != "none seen").sum() <= 8  # more has a chance of less than one in a hundred at 5 %


def test_standard_deviations_that_are_told_widen_the_trend():
    rates, jars = two_pools(2.5, 2.5, noise=lambda n: np.exp(0.02 * np.sin(np.arange(n))))
    bare = of(q10_drift(rates, jars), "equal-carbon").iloc[0]
    told = of(q10_drift(rates.assign(sd=0.2 * rates["respiration"], n=4.0), jars), "equal-carbon").iloc[0]
    assert told["sd"] > 2 * bare["sd"]
    assert (bare["interval_from"], told["interval_from"]) == ("residuals", "replicates")
