"""Q10 by every definition: laws, simulations with a known answer, and what is not defined."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from talik import q10
from talik.errors import UnknownNameError
from talik.tables import typed

DAYS = np.array([1, 3, 7, 14, 28, 56, 84, 112, 168, 224, 300, 400.0])


def decay(time, speed):
    """Rate of a two-pool soil whose time runs faster by a factor. [µg C g⁻¹ d⁻¹]"""
    clock = speed * time
    return speed * (40 * 0.05 * np.exp(-0.05 * clock) + 9000 * 2e-4 * np.exp(-2e-4 * clock))


def incubation(true_q10, temperatures=(5, 15), time=DAYS, curve=decay, **columns):
    """Respiration and jars of one soil whose time runs faster where it is warmer."""
    parts = [
        pd.DataFrame(
            {"jar": f"at {t}", "time": time, "temperature": float(t), "gas": "co2",
             "respiration": curve(time, true_q10 ** ((t - 5) / 10)), **columns}
        )
        for t in temperatures
    ]  # fmt: skip
    jars = pd.DataFrame(
        {"study": "synthetic", "jar": [f"at {t}" for t in temperatures], "sample": "soil", "set": "soil",
         "basis": "dry soil", "measures": "respiration"}
    )  # fmt: skip
    return typed("respiration", pd.concat(parts)), typed("jars", jars)


def of(found, definition, **where):
    rows = found[found["definition"] == definition]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def stretched(true_q10, temperatures):
    """Cumulative curves of one soil, read when the same carbon was respired at every temperature."""
    parts = []
    for t in temperatures:
        speed = true_q10 ** ((t - 5) / 10)
        end = DAYS / speed
        start = np.concatenate([[0], end[:-1]])
        clock = DAYS
        released = 40 * -np.expm1(-0.05 * clock) + 9000 * -np.expm1(-2e-4 * clock)
        rate = np.diff(released, prepend=0) / (end - start)
        parts.append(pd.DataFrame({"jar": f"at {t}", "time_start": start, "time_end": end, "time": (start + end) / 2,
                                   "temperature": float(t), "gas": "co2", "respiration": rate}))  # fmt: skip
    jars = pd.DataFrame({"study": "synthetic", "jar": [f"at {t}" for t in temperatures], "sample": "soil", "set": "soil",
                         "basis": "dry soil", "measures": "respiration"})  # fmt: skip
    return typed("respiration", pd.concat(parts)), typed("jars", jars)


@settings(max_examples=30)
@given(true=st.floats(0.5, 8.0))
def test_a_pure_stretching_of_time_gives_the_same_equal_carbon_q10_at_every_quota(true):
    found = q10(*stretched(true, (5, 15)), definitions=["equal-carbon"])
    defined = found[found["q10"].notna()]
    assert len(defined) >= 4
    assert_allclose(defined["q10"], true, rtol=1e-9)


def test_equal_carbon_is_exact_on_three_temperatures():
    found = q10(*stretched(2.7, (0, 10, 20)), definitions=["equal-carbon"])
    assert_allclose(found[found["q10"].notna()]["q10"], 2.7, rtol=1e-9)


def test_equal_time_is_biased_low_and_rates_drift_where_labile_carbon_is_used_up():
    found = q10(*incubation(2.5))
    equal_time = of(found, "equal-time")["q10"].item()
    first = of(found, "rate-ratio", time_end=1.0)["q10"].item()
    whole = of(found, "rate-ratio", window="whole")["q10"].item()
    assert equal_time < 2.5
    assert 2.5 > first > whole
    carbon = of(found, "equal-carbon", quota_start=0.0, quota_end=1.0)["q10"].item()
    assert_allclose(carbon, 2.5, rtol=0.02)  # rates by trapezoid, so not exact


@pytest.mark.parametrize("definition", ["rate-fit", "equal-time"])
def test_a_soil_without_depletion_gives_its_q10_by_every_definition(definition):
    constant = lambda time, speed: np.full_like(time, 3.0 * speed)  # noqa: E731
    found = q10(*incubation(3.1, temperatures=(2, 9, 16, 23), curve=constant))
    rows = of(found, definition)
    assert_allclose(rows["q10"], 3.1, rtol=1e-9)
    assert (rows["temperatures"] >= 2).all()


def test_a_q10_of_one_says_that_warming_changes_nothing():
    found = q10(*incubation(1.0))
    assert_allclose(found["q10"].dropna(), 1.0, rtol=1e-9)


@given(factor=st.floats(1e-12, 1e12))
@settings(max_examples=20)
def test_the_unit_of_the_rates_does_not_matter(factor):
    rates, jars = incubation(2.2)
    scaled = rates.assign(respiration=rates["respiration"] * factor)
    assert_allclose(q10(scaled, jars)["q10"], q10(rates, jars)["q10"], rtol=1e-6)


@given(order=st.randoms())
@settings(max_examples=15)
def test_the_order_of_rows_changes_nothing(order):
    rates, jars = incubation(2.2, temperatures=(5, 10, 20))
    shuffled = list(range(len(rates)))
    order.shuffle(shuffled)
    once, again = q10(rates, jars), q10(rates.iloc[shuffled], jars.iloc[::-1])
    pd.testing.assert_frame_equal(once, again)


def test_an_interval_from_replicates_is_that_of_the_delta_method():
    rates, jars = incubation(2.0, time=DAYS[:1], sd=[0.2], n=[4.0])
    row = of(q10(rates, jars), "rate-ratio").iloc[0]
    cold, warm = rates["respiration"]
    # Var(ln Q10) = (10/dT)^2 (CV1^2/n1 + CV2^2/n2), with 10 degrees between the temperatures.
    error = np.sqrt((0.2 / cold) ** 2 / 4 + (0.2 / warm) ** 2 / 4)
    assert_allclose(row["sd_ln_q10"], error)
    # Two variances of three degrees of freedom each: Student's t with those of Welch (1947), here six, at most their sum.
    v = np.array([(0.2 / cold) ** 2 / 4, (0.2 / warm) ** 2 / 4])
    t = stats.t.ppf(0.975, min(v.sum() ** 2 / np.sum(v**2 / 5) - 2, 6))
    assert_allclose([row["lower"], row["upper"]], row["q10"] * np.exp([-t * error, t * error]), rtol=1e-9)
    assert row["interval_from"] == "replicates"


def test_the_interval_of_a_line_is_that_of_ordinary_least_squares():
    rates, jars = incubation(2.0, temperatures=(5, 10, 15, 20), time=DAYS[:1])
    rng = np.random.default_rng(3)
    rates = rates.assign(respiration=rates["respiration"] * np.exp(0.1 * rng.standard_normal(4)))
    row = of(q10(rates, jars), "rate-fit").iloc[0]
    x, y = rates["temperature"].to_numpy(), np.log(rates["respiration"].to_numpy())
    design = np.column_stack([np.ones(4), x])
    coefficients, residual, *_ = np.linalg.lstsq(design, y, rcond=None)
    error = np.sqrt(residual[0] / 2 * np.linalg.inv(design.T @ design)[1, 1])
    assert_allclose(row["q10"], np.exp(10 * coefficients[1]))
    assert_allclose(row["sd_ln_q10"], 10 * error)
    assert_allclose(row["upper"], np.exp(10 * (coefficients[1] + 4.302652729911275 * error)))  # t(0.975, 2)


def test_lines_of_one_study_share_their_residuals():
    rng = np.random.default_rng(5)
    parts, jars = [], []
    for soil in "abcdef":
        rates, own = incubation(2.0, temperatures=(5, 15, 25), time=DAYS[:1])
        parts.append(
            rates.assign(
                jar=soil + rates["jar"], respiration=rates["respiration"] * np.exp(0.1 * rng.standard_normal(3))
            )
        )
        jars.append(own.assign(jar=soil + own["jar"], set=soil, sample=soil))
    found = of(q10(pd.concat(parts), pd.concat(jars)), "rate-fit")
    assert found["sd_ln_q10"].nunique() == 1
    assert (found["interval_from"] == "residuals of the study").all()
    # ln rates scatter by 0.1 about lines over three temperatures 10 degrees apart.
    assert 0.03 < found["sd_ln_q10"].iloc[0] < 0.14


def test_curves_of_unequal_length_are_compared_on_the_last_common_day():
    rates, jars = incubation(2.0)
    short = rates[(rates["temperature"] == 5) | (rates["time"] <= 56)]
    rows = of(q10(short, jars), "equal-time")
    assert (rows["time_end"] == 56).all()
    assert rows["flag"].str.contains("unequal length").all()


def test_one_point_has_a_q10_and_no_interval():
    rates, jars = incubation(2.0, time=DAYS[:1])
    row = of(q10(rates, jars), "rate-ratio").iloc[0]
    assert row["q10"] == pytest.approx(decay(1.0, 2.0) / decay(1.0, 1.0))
    assert np.isnan(row["lower"])
    assert "nothing tells how jars differ" in row["flag"]


def test_carbon_respired_before_the_first_reading_has_no_equal_carbon_q10():
    rates, jars = incubation(60.0, time=np.array([10.0, 20.0, 40.0]))
    row = of(q10(rates, jars), "equal-carbon", quota_start=0.0, quota_end=1.0).iloc[0]
    assert np.isnan(row["q10"])
    assert "before the first reading" in row["flag"]


def test_rates_that_are_not_positive_are_left_out_and_told():
    rates, jars = incubation(2.0)
    broken = rates.assign(respiration=rates["respiration"].where(rates["time"] != 28, -0.1))
    row = of(q10(broken, jars), "rate-ratio", window="whole").iloc[0]
    assert "1 of 12 times without a positive rate" in row["flag"]
    assert np.isfinite(row["q10"])


def test_temperatures_read_on_their_own_days_are_compared_between_readings():
    rates, jars = incubation(2.0)
    shifted = rates.assign(time=rates["time"] + (rates["temperature"] == 15) * 0.5)
    rows = of(q10(shifted, jars), "rate-ratio")
    assert rows["flag"].str.contains("different days").all()
    compared, exact = (of(q10(one, jars), "rate-ratio", window="whole")["q10"] for one in (shifted, rates))
    assert_allclose(compared, exact, rtol=0.03)


def test_one_temperature_gives_a_sentence():
    found = q10(*incubation(2.0, temperatures=(5,)))
    assert found["q10"].isna().all()
    assert set(found["flag"]) == {"one temperature: a Q10 needs two"}


def test_excluded_jars_and_other_quantities_give_no_q10():
    rates, jars = incubation(2.0)
    assert q10(rates, jars.assign(excluded="temperature undecided")).empty
    assert q10(rates, jars.assign(measures="carbon remaining")).empty


def test_jars_warmed_in_steps_are_paired_and_have_no_equal_time_q10():
    temperatures = np.array([1.0, 7.0, 13.0, 19.0])
    jars = typed("jars", pd.DataFrame({"jar": ["a", "b", "c"], "sample": "soil", "set": "soil", "basis": "dry soil"}))
    parts = [
        pd.DataFrame(
            {
                "jar": jar,
                "time": temperatures,
                "temperature": temperatures,
                "gas": "co2",
                "respiration": level * true ** (temperatures / 10),
            }
        )
        for jar, level, true in (("a", 1.0, 2.5), ("b", 5.0, 2.6), ("c", 30.0, 2.7))
    ]
    found = q10(typed("respiration", pd.concat(parts)), jars)
    assert found["paired"].all()
    fit = of(found, "rate-fit").iloc[0]
    # Levels differ thirtyfold between jars; pairing leaves only how their Q10 differ.
    logs = np.log([2.5, 2.6, 2.7])
    half = stats.t.ppf(0.975, 2) * logs.std(ddof=1) / 3**0.5
    assert_allclose([fit["q10"], fit["lower"], fit["upper"]], np.exp(logs.mean() + half * np.array([0, -1, 1])))
    refused = found[found["definition"].isin(["equal-time", "equal-carbon"])]
    assert refused["q10"].isna().all()
    assert refused["flag"].str.contains("warmed in steps").all()


def test_an_unknown_definition_is_an_error():
    with pytest.raises(UnknownNameError, match="no definition of Q10 is called q-ten; there are rate-ratio"):
        q10(*incubation(2.0), definitions=["q-ten"])
