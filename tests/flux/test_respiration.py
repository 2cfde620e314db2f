"""Respiration of jars: coverage by simulation, bases, errors, closings and what is refused."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from jar_coverage import TYPES, clopper_pearson, row
from jars import jars
from talik.errors import SettingsError, TableError
from talik.flux import carbon_per_ppm, release, release_covariance, respiration, respiration_in_parts
from talik.tables import typed

JARS = 160
"""Jars of each type in the suite; ``make coverage`` takes 4,000."""


@pytest.mark.parametrize("name", TYPES)
def test_the_interval_holds_the_truth_in_95_of_100_jars(name):
    """As many as 4 standard errors of a binomial allow, and no bias that the interval would hide."""
    found = TYPES[name](101 + list(TYPES).index(name), JARS)
    least, most = stats.binom.ppf([3e-5, 1 - 3e-5], JARS, 0.95)
    assert least <= found.covered.sum() <= most
    assert abs(found.bias) < found.width / 4


def test_the_table_of_coverage_tells_who_fails():
    low, high = clopper_pearson(3800, 4000)
    assert_allclose([low, high], [0.9404, 0.9583], atol=2e-4)
    assert "| yes |" in row("methane", 200)


def readings_of(rows, **columns):
    return typed("readings", pd.DataFrame(rows, columns=["jar", "time", "event", "mole_fraction"]).assign(**columns))


def jars_of(*names, **columns):
    made = {"jar": list(names), "headspace_volume": 250.0, "temperature": 10.0, "dry_mass": 20.0}
    return typed("jars", pd.DataFrame(made | columns))


TWO = [("a", 0.0, "flush", 0.0), ("a", 1.0, "read", 1000.0)]


def test_two_readings_are_a_sum_made_by_hand():
    """1000 ppm in 250 mL at 10 °C: 101.325 - 1.226 kPa of dry gas, 10.63 µmol of CO2, 127.7 µg C, 20 g, a day."""
    found = respiration(readings_of(TWO), jars_of("a"))["respiration"].item()
    assert_allclose(found, 1e-3 * 100.099 * 250e-6 * 1e3 / 8.314462618 / 283.15 * 12.011e6 / 20, rtol=1e-4)


def test_all_bases_stand_side_by_side():
    found = respiration(readings_of(TWO), jars_of("a", organic_carbon=50.0, organic_matter=90.0)).loc[0]
    assert_allclose(found["specific_respiration"], found["respiration"] / 50.0)
    assert_allclose(found["organic_matter_respiration"], found["respiration"] / 90.0)
    assert np.isnan(found["jar_respiration"])


def test_a_jar_without_mass_gives_respiration_of_the_jar():
    whole = respiration(readings_of(TWO), jars_of("a", dry_mass=np.nan)).loc[0]
    known = respiration(readings_of(TWO), jars_of("a")).loc[0]
    assert np.isnan(whole["respiration"])
    assert_allclose(whole["jar_respiration"], 20 * known["respiration"])


def test_readings_without_an_error_give_no_interval():
    found = respiration(readings_of([*TWO[1:], ("a", 2.0, "read", 2000.0)]), jars_of("a")).loc[0]
    assert np.isnan(found["sd"])
    assert found["flag"] == "error unknown"
    stated = respiration(readings_of([*TWO[1:], ("a", 2.0, "read", 2000.0)]), jars_of("a"), precision={"co2": 10.0})
    assert_allclose(stated["sd"], 10.0 * carbon_per_ppm(250.0, 0.0, 10.0, 7.0) * 2**0.5 / 20)


def test_a_closing_with_one_reading_and_no_start_gives_no_rate():
    assert respiration(readings_of([("a", 1.0, "read", 900.0)]), jars_of("a")).empty


def test_a_long_closing_gives_a_rate_for_each_interval_and_a_short_one_a_line():
    long = [("a", day, "read", 400.0 + 100 * day) for day in (0.0, 1.0, 3.0, 7.0)]
    found = respiration(readings_of(long, sd=5.0), jars_of("a"))
    assert list(found["time_end"]) == [1.0, 3.0, 7.0]
    short = [("a", day / 10, event, x) for _, day, event, x in long]
    assert respiration(readings_of(short), jars_of("a"))["method"].tolist() == ["linear, 4 readings"]
    one = respiration(readings_of(long), jars_of("a"), rates="closing")
    assert one["method"].tolist() == ["linear, 4 readings"]


def test_neighbouring_intervals_share_a_reading():
    """Monte Carlo of three readings: the correlation of the two rates."""
    rng = np.random.default_rng(4)
    times, truth = np.array([0.0, 3.0, 5.0]), np.array([400.0, 1000.0, 1300.0])
    n = 4000
    rows = [(f"j{i}", t, "read", x) for i in range(n) for t, x in zip(times, truth + rng.normal(0, 10, 3), strict=True)]
    names = [f"j{i}" for i in range(n)]
    found = respiration(readings_of(rows, sd=10.0), jars_of(*names))
    rates = found.pivot(index="jar", columns="time_end", values="respiration").to_numpy()
    assert_allclose(np.cov(rates.T)[0, 1], found["covariance_before"].iloc[1], rtol=0.1)
    assert_allclose(rates.std(axis=0, ddof=1), found["sd"].iloc[:2], rtol=0.05)


def test_the_release_of_a_sealed_jar_errs_by_its_last_and_first_reading_only():
    """The readings in between cancel, since each ends one interval and begins the next."""
    rows = [("a", t, "read", 400.0 + 200 * t) for t in (0.0, 2.0, 3.0, 7.0, 12.0)]
    found = respiration(readings_of(rows, sd=9.0), jars_of("a"))
    last = release(found)["sd"].iloc[-1]
    assert_allclose(last, 9.0 * 2**0.5 * carbon_per_ppm(250.0, 0.0, 10.0, 7.0) / 20, rtol=1e-9)
    covariance = release_covariance(found)
    assert_allclose(np.sqrt(np.diag(covariance)), release(found)["sd"])
    assert (np.linalg.eigvalsh(covariance) > 0).all()


def test_errors_of_a_scale_are_shared_by_all_rates_and_add_up_in_full():
    rows = [("a", t, "read", 400.0 + 200 * t) for t in (0.0, 3.0, 6.0)]
    found = respiration(readings_of(rows, sd=0.0), jars_of("a"), errors={"headspace_volume": 0.03, "dry_mass": 0.04})
    assert_allclose(found["sd"], 0.05 * found["respiration"])
    assert_allclose(found["sd_shared"], found["sd"])
    assert_allclose(release(found)["sd"], 0.05 * release(found)["release"])


@pytest.mark.parametrize("source", ["headspace_volume", "water_volume", "ph", "leak_rate", "dry_mass"])
def test_what_a_shared_error_does_is_what_the_changed_jar_does(source):
    made = jars(8, 3, leak=0.2, water=(10.0, 60.0), ph=(5.5, 7.0))
    made.flush(100e-6)
    for _ in range(2):
        made.wait(0.8)
        made.read(0.0)
    readings, contents = typed("readings", made.readings()), typed("jars", made.contents())
    step = 1e-4
    moved = contents[source] + step if source == "ph" else contents[source] * (1 + step)
    changed = respiration(readings, contents.assign(**{source: moved}))["respiration"]
    told = respiration(readings, contents, errors={source: step})
    # How a leak bends the rise between two readings is left out of what the headspace and the pH do.
    assert_allclose(np.abs(changed - respiration(readings, contents)["respiration"]), told["sd_shared"], rtol=0.08)


def test_blanks_of_a_batch_are_what_its_jars_begin_with():
    rows = [("a", 0.0, "seal", np.nan), ("a", 1.0, "read", 1000.0)]
    blanks = [(f"blank{i}", 1.0, "blank", x) for i, x in enumerate([430.0, 450.0, 470.0])]
    other = [("blank9", 1.0, "blank", 900.0)]
    table = pd.concat([readings_of(rows + blanks, batch="one"), readings_of(other, batch="two")])
    found = respiration(table, jars_of("a"), precision={"co2": 0.0}).loc[0]
    per_ppm = carbon_per_ppm(250.0, 0.0, 10.0, 7.0) / 20
    assert_allclose(found["respiration"], 550.0 * per_ppm)
    assert_allclose(found["sd"], 20.0 / 3**0.5 * per_ppm)
    half = stats.t.ppf(0.975, 2) * found["sd"]
    assert_allclose(found["upper"], found["respiration"] + half)
    apart = respiration(table[table["event"] != "blank"], jars_of("a"), blanks=table, precision={"co2": 0.0}).loc[0]
    assert_allclose(apart["lower"], found["lower"])


def test_parts_of_the_jars_give_the_same_rates():
    made = jars(9, 12)
    made.flush(0.0)
    for _ in range(4):
        made.wait(0.2)
        made.read(5.0)
    readings, contents = typed("readings", made.readings()), typed("jars", made.contents())
    whole = respiration(readings, contents)
    number = readings["jar"].str.slice(1).astype(int)
    for size in (1, 5):
        parts = pd.concat(respiration_in_parts((rows for _, rows in readings.groupby(number // size)), contents))
        pd.testing.assert_frame_equal(parts.reset_index(drop=True), whole)


def test_one_reading_of_a_duplicate_injection_is_their_mean():
    twice = [("a", 0.0, "flush", 0.0), ("a", 1.0, "read", 990.0), ("a", 1.0, "read", 1010.0)]
    found = respiration(readings_of(twice, sd=[0.0, 10.0, 10.0]), jars_of("a"))
    once = respiration(readings_of(TWO, sd=[0.0, 10.0 / 2**0.5]), jars_of("a"))
    pd.testing.assert_frame_equal(found, once)


def test_methane_and_carbon_dioxide_of_one_jar_have_rows_of_their_own():
    rows = readings_of([("a", 0.0, "flush", 0.0), *[("a", 1.0, "read", x) for x in (1000.0, 50.0)]])
    found = respiration(rows.assign(gas=["", "co2", "ch4"]), jars_of("a", oxygen="anaerobic"))
    assert found["gas"].tolist() == ["co2", "ch4"]
    assert_allclose(found["respiration"].iloc[0] / found["respiration"].iloc[1], 20.0)


def test_settings_that_are_none_are_refused():
    for wrong in (
        {"model": "cubic"}, {"rates": "all"}, {"errors": {"volume": 0.1}}, {"errors": {"ph": -1.0}},
        {"precision": {"n2o": 1.0}},
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            respiration(readings_of(TWO), jars_of("a"), **wrong)


def test_a_swept_jar_without_its_entering_gas_is_refused():
    rows = readings_of([("a", 0.0, "read", 900.0), ("b", 0.0, "read", 900.0)], flow=[20.0, np.nan])
    with pytest.raises(TableError, match="'b' has 1 readings without a flow") as error:
        respiration(rows, jars_of("a", "b", vessel="flow-through"))
    assert len(error.value.offenders) == 3


def test_traps_without_titrant_or_blanks_are_refused():
    rows = readings_of([("a", 3.0, "read", np.nan)], titrant_volume=7.0)
    with pytest.raises(TableError, match="no titrant_concentration") as error:
        respiration(rows, jars_of("a", vessel="alkali trap"))
    assert len(error.value.offenders) == 2


def test_a_trap_is_a_sum_made_by_hand():
    """1 mL of 0.5 M acid less than the blank is 0.5 mmol of hydroxide, 0.25 mmol of CO2, 3003 µg C; 20 g, 3 d."""
    rows = [("a", 0.0, "seal", np.nan), ("a", 3.0, "read", np.nan), ("a", 6.0, "read", np.nan)]
    blanks = [(f"b{i}", t, "blank", np.nan) for t in (3.0, 6.0) for i in range(3)]
    table = readings_of(rows + blanks, titrant_volume=[np.nan, 9.0, 8.0, *[10.0] * 6])
    found = respiration(table, jars_of("a", vessel="alkali trap", titrant_concentration=0.5))
    assert_allclose(found["respiration"], [3002.75 / 60, 6005.5 / 60])
    assert found["time_start"].tolist() == [0.0, 3.0]


def test_a_release_tells_what_was_filled_in():
    rates = typed("respiration", pd.DataFrame({
        "jar": "a", "time_start": [2.0, 6.0], "time_end": [4.0, 8.0], "time": [3.0, 7.0], "temperature": 5.0,
        "respiration": [4.0, 2.0], "sd": 0.0, "sd_shared": 0.0,
    }))  # fmt: skip
    held = release(rates)
    assert held["release"].tolist() == [16.0, 22.0, 26.0]
    assert held["filled"].tolist()[0] == "first rate held back to day 0"
    bare = release(rates, first_interval="none", gaps="none")
    assert bare["release"].tolist() == [8.0, 12.0]
    assert "nothing counted in a gap of 2 d" in bare["filled"].iloc[1]
    assert release(rates, first_interval="linear", gaps="hold")["release"].tolist() == [12.0, 20.0, 24.0]
    with pytest.raises(SettingsError):
        release(rates, gaps="interpolate")
