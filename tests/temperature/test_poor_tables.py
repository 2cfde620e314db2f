"""Q10 of tables that tell less than they seem to: errors that are none, rates that are missing, carbon not read."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from soils_with_known_q10 import of, two_pools
from talik import activation_energy, compare_layers, q10, q10_drift, release
from talik.errors import TableError
from talik.inference.line import freedom_of_quantile
from talik.tables import typed
from talik.temperature.curves import sets_of_curves

DAYS = np.array([1.0, 3, 7, 14, 28, 56, 100])


def means(**columns):
    """Means of replicates at 5 and 15 °C."""
    rng = np.random.default_rng(0)
    curve = 0.5 * np.exp(-0.08 * DAYS) + 0.1
    parts = [
        pd.DataFrame({"jar": jar, "time": DAYS, "temperature": t, "gas": "co2", "sd": 0.02, "n": 3.0,
                      "respiration": curve * level * np.exp(0.05 * rng.normal(size=DAYS.size))})
        for jar, t, level in (("a", 5.0, 1.0), ("b", 15.0, 2.2))
    ]  # fmt: skip
    jars = typed("jars", pd.DataFrame({"jar": ["a", "b"], "sample": "s", "set": "S", "basis": "dry soil"}))
    return typed("respiration", pd.concat(parts)).assign(**columns), jars


def single_jars(replicates=2):
    """Two jars or more at each of two temperatures."""
    rng = np.random.default_rng(3)
    return two_pools(2.0, 2.0, days=DAYS, replicates=replicates, noise=lambda n: np.exp(0.1 * rng.normal(size=n)))


FEWER = np.tile([6.0, 6, 5, 4, 3, 3, 2], 2)


def test_the_order_of_rows_changes_no_interval_where_replicates_are_lost_on_the_way():
    rates, jars = means(n=FEWER)
    for answer in (q10, q10_drift, activation_energy):
        assert_frame_equal(answer(rates, jars), answer(rates.iloc[::-1], jars))


def test_a_window_has_the_degrees_of_freedom_of_its_fewest_replicates():
    found, always = q10(*means(n=FEWER)), q10(*means(n=6.0))
    first = found["window"] == "first"
    assert_frame_equal(found[first], always[first])
    row = of(found, "rate-ratio", window="whole").iloc[0]
    freedom = freedom_of_quantile(np.log(row["upper"] / row["lower"]) / 2 / row["sd_ln_q10"])
    assert 1.0 <= freedom < 2.001, "two replicates are left at the last reading of two temperatures"
    late = of(found, "rate-ratio", window="part 2 of 4").iloc[0]
    assert freedom_of_quantile(np.log(late["upper"] / late["lower"]) / 2 / late["sd_ln_q10"]) >= 3.0


@pytest.mark.parametrize("poor", [{"sd": 0.0}, {"n": np.nan}])
def test_a_standard_deviation_or_a_number_that_tells_nothing_makes_no_interval(poor):
    rates, jars = means(**poor)
    found = q10(rates, jars)
    assert found["q10"].notna().all()
    assert found["lower"].isna().all()
    assert (found["interval_from"] == "").all()
    assert found["flag"].str.contains("tell no error").all() == (not np.isnan(next(iter(poor.values()))))
    drift = q10_drift(rates, jars)
    assert (drift["interval_from"] == "residuals").all()
    assert not drift["trend"].isin(["rises", "falls"]).any()
    assert activation_energy(rates, jars)["lower"].isna().all()


def test_where_one_reading_has_no_error_only_windows_without_it_have_an_interval():
    rates, jars = means()
    poor = rates.assign(sd=rates["sd"].where(rates.index != 3, 0.0))
    found, sound = q10(poor, jars), q10(rates, jars)
    without = found["window"].isin(["first", "part 1 of 4", "part 3 of 4", "part 4 of 4"])
    without &= found["definition"] == "rate-ratio"
    assert_frame_equal(found[without], sound[without])
    assert found.loc[~without, "lower"].isna().all()


def test_jars_that_agree_entirely_tell_no_error():
    rates, jars = two_pools(2.0, 2.0, days=DAYS, replicates=3)
    assert not (q10(rates, jars)["interval_from"] == "replicates").any()
    assert not (q10_drift(rates, jars)["interval_from"] == "replicates").any()


def test_layers_of_jars_that_agree_entirely_have_no_interval():
    rates, jars = two_pools(2.0, 2.0, days=DAYS, replicates=3)
    rates = rates.assign(specific_respiration=rates["respiration"])
    both = [(layer, rates.assign(jar=layer + rates["jar"]), jars.assign(jar=layer + jars["jar"], sample=layer, set=layer))
            for layer in ("active", "permafrost")]  # fmt: skip
    rates, jars = (pd.concat(parts) for parts in zip(*(tables for _, *tables in both), strict=True))
    samples = typed("samples", pd.DataFrame({"study": "synthetic", "sample": ["active", "permafrost"], "site": "s",
                                             "core": "c", "layer": ["active", "permafrost"]}))  # fmt: skip
    found = compare_layers(q10(rates, jars), samples, release=release(rates), jars=jars, respiration=rates)
    found = found[found["measure"] == "release per carbon"]
    assert_allclose(found["ratio"], 1.0)
    assert found["lower"].isna().all()
    assert found["flag"].str.contains("no interval").all()


@pytest.mark.parametrize("lacking", ["rates", "release"])
def test_a_jar_without_both_rates_and_a_release_is_left_out_with_a_word(lacking):
    rates, jars = single_jars(3)
    released, name = release(rates), rates["jar"].iloc[0]
    without = [rates[rates["jar"] != name], released[released["jar"] != name]]
    poor = (without[0], released) if lacking == "rates" else (rates, without[1])
    for answer in (q10, q10_drift):
        found = answer(poor[0], jars, release=poor[1])
        assert found["flag"].str.contains(f"left out, without both rates and a release: jar {name}").all()
        columns = [column for column in found if column != "flag"]
        assert_frame_equal(found[columns], answer(without[0], jars, release=without[1])[columns])


def test_a_set_without_any_release_has_the_q10_of_its_rates():
    rates, jars = single_jars()
    found = q10(rates, jars, release=release(rates).iloc[:0])
    assert found.loc[found["definition"] == "rate-ratio", "q10"].notna().all()
    assert found.loc[found["definition"].str.startswith("equal"), "q10"].isna().all()


@pytest.mark.parametrize("missing", [0, 6, 9])
def test_a_missing_rate_is_as_a_reading_that_was_not_made(missing):
    rates, jars = means()
    bare = rates.assign(respiration=rates["respiration"].where(rates.index != missing))
    for answer in (q10, q10_drift, activation_energy):
        assert_frame_equal(answer(bare, jars), answer(rates.drop(index=missing), jars))


def test_a_late_first_reading_says_how_much_of_the_carbon_was_filled_in():
    rates, jars = means()
    assert of(q10(rates, jars), "equal-time")["flag"].item() == ""
    late = rates.assign(time=rates["time"] + 200)
    released = release(late).groupby("jar")["release"].agg(["first", "last"])
    shares = (100 * released["first"] / released["last"]).round().astype(int)
    told = f"of the carbon, {shares['a']} % at 5 degC and {shares['b']} % at 15 degC was not read but filled in"
    assert of(q10(late, jars), "equal-time")["flag"].item() == told
    assert q10_drift(late, jars)["flag"].iloc[0].endswith(told)


def test_a_gap_that_was_bridged_counts_as_filled_in():
    """A constant rate from day 5 to 10 and 20 to 40, the days between and before filled in: 15 of 40 days."""
    starts, ends = [5.0, 8, 20, 25, 30, 35], [8.0, 10, 25, 30, 35, 40]
    rows = pd.DataFrame({"time_start": starts, "time_end": ends, "gas": "co2"})
    rows = rows.assign(time=(rows["time_start"] + rows["time_end"]) / 2)
    parts = [rows.assign(jar=jar, temperature=t, respiration=2.0) for jar, t in (("a", 5.0), ("b", 15.0))]
    found = of(q10(typed("respiration", pd.concat(parts)), means()[1]), "equal-carbon").set_index("window")["flag"]
    assert "38 % at 5 degC and 38 % at 15 degC was not read" in found["whole"]
    assert "50 % at 5 degC and 50 % at 15 degC was not read" in found["part 1 of 4"]
    assert "100 % at 5 degC and 100 % at 15 degC was not read" in found["part 2 of 4"]
    assert "not read" not in found["part 4 of 4"]


@pytest.mark.parametrize("days", [0.0, 200.0, 20000.0])
def test_the_trend_starts_at_its_first_point_however_late_the_first_reading(days):
    rates, jars = means()
    row = of(q10_drift(rates.assign(time=rates["time"] + days), jars), "rate-ratio").iloc[0]
    ratios = rates["respiration"].to_numpy().reshape(2, -1)
    line = np.polynomial.Polynomial.fit(*_over_carbon(rates, jars, days, np.log(ratios[1] / ratios[0])), 1)
    assert_allclose([row["q10_start"], row["q10_end"]], np.exp([line(row["quota_start"]), line(1.0)]), rtol=1e-6)
    assert 1.9 < row["q10_start"] < 2.5


def _over_carbon(rates, jars, days, logs):
    """Mean carbon respired by each reading, as a share of the last, beside a logarithm at each."""
    late = rates.assign(time=rates["time"] + days)
    carbon = release(late)["release"].to_numpy().reshape(2, -1).mean(axis=0)
    return carbon / carbon[-1], logs


def test_a_single_day_of_readings_has_no_equal_time_q10_and_says_why():
    rates, jars = means()
    flag = of(q10(rates[rates["time"] == 1.0], jars), "equal-time")["flag"].item()
    assert flag == "nothing was read before day 1, the last common one: the release by then is filled in"


def test_times_before_the_start_are_an_error_that_names_the_jar():
    rates, jars = means()
    for answer in (q10, q10_drift, activation_energy):
        with pytest.raises(TableError, match="a"):
            answer(rates.assign(time=rates["time"] - 10), jars)


@pytest.mark.parametrize("poor", ["respiration", "release"])
def test_infinite_values_are_refused_with_their_rows_and_are_in_no_curve(poor):
    rates, jars = single_jars()
    measured = {"respiration": rates, "release": release(rates)}
    name = rates["jar"].iloc[0]
    table = measured[poor]
    measured[poor] = table.assign(**{poor: table[poor].where(table["jar"] != name, np.inf)})
    for answer in (q10, q10_drift):
        with pytest.raises(TableError, match=rf"{poor}, rows 0, 1, .* more: inf is impossible"):
            answer(measured["respiration"], jars, release=measured["release"])
    [found] = sets_of_curves(measured["respiration"], measured["release"], jars)
    assert all(np.isfinite([*curve.rate, *curve.released]).all() for curve in found.curves)
