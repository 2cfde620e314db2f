"""Checks that compare jars: on simulated studies with known truth, on laws, and on SIDb."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from check_alarms import FAULTS, clean, outcome
from simulated_study import Design, study, tables
from talik.incubation.checks.batches import batch_effect, batches_of, cabinets, jar_batches, reading_batches
from talik.incubation.checks.cabinet_logs import check_cabinet_logs, excursions, held_in, true_temperatures
from talik.incubation.checks.curves import Curves, curves
from talik.incubation.checks.factors import CARBON_DIOXIDE, constant_factors, release_factors, series_twice
from talik.incubation.checks.labels import exchange_beside, exchanged_jars
from talik.incubation.checks.layout import deviating, siblings
from talik.incubation.checks.outliers import departures, deviating_jars
from talik.tables import typed

ALIKE = Design(soils=4, jar_sd=0.1, uneven=0.0, noise=0.03)


def simulated(seed=0, design=ALIKE, **columns):
    """Curves of a simulated study, its jars changed as asked."""
    jars, rate = study(seed, design)
    return next(curves(*tables(jars.assign(**columns), rate, design.days)))


def curves_of(*rates, **columns):
    """Curves of a few series, written out."""
    rate = np.array(rates, float)
    names = [f"jar {i}" for i in range(len(rate))]
    table = pd.DataFrame(
        {"jar": names, "sample": "soil", "set": "soil", "cell": names, "organic_carbon": 40.0} | columns
    )
    return Curves("study", "co2", table, np.arange(rate.shape[1], dtype=float), np.log(rate))


# Clean studies and known faults


def test_clean_studies_raise_hardly_an_alarm():
    told = [name for seed in range(8) for name in clean(seed)]
    assert len(told) <= 1, told  # of 80 checks; docs/explanation/checks.md has the rates from many more


LEAST_RIGHT = {
    "labels exchanged, 5 and 25 degC": 2, "labels exchanged midway, 5 and 25 degC": 2, "one jar of three in mg CO2": 1,
    "a column again in mg CO2": 3, "half a column copied": 3, "a batch reads a third more": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_rightly_or_not_at_all(name):
    found = [outcome(seed, *FAULTS[name]) for seed in range(3)]
    assert found.count("wrong") == 0
    assert found.count("right") >= LEAST_RIGHT.get(name, 0)


# Siblings


def test_in_cells_that_scatter_alike_siblings_expect_what_a_t_test_does():
    random = np.random.default_rng(1)
    cell = np.repeat(np.arange(200), 4)
    level = random.normal(0, 0.2, 800) + cell
    of = siblings(level, cell)
    p = 2 * stats.t.sf(np.abs(level - of.mean) / of.scale, of.freedom)
    # The probabilities of jars that are all alike are uniform.
    assert stats.kstest(p[::4], "uniform").pvalue > 0.01


def test_two_jars_alone_say_nothing():
    assert deviating(np.array([0.0, 5.0]), np.array([0, 0]), alpha=0.01) == []


def test_three_jars_alone_hardly_say_anything():
    assert deviating(np.array([0.0, 0.1, 1.0]), np.zeros(3, int), alpha=0.01) == []


def test_of_two_siblings_it_is_not_said_which_one_is_wrong():
    design = Design(soils=10, replicates=2, jar_sd=0.08, uneven=0.0, noise=0.02)
    jars, rate = study(3, design)
    rate[4] *= 4
    found = list(deviating_jars(next(curves(*tables(jars, rate, design.days)))))
    assert len(found) == 1
    assert "cannot be told which" in found[0].found
    assert jars["jar"][4] in (found[0].column, found[0].found.split()[6])


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), shift=st.floats(-5, 5))
def test_neither_unit_nor_order_of_jars_matters(seed, shift):
    random = np.random.default_rng(seed)
    cell = np.repeat(np.arange(6), 3)
    level = random.normal(0, 1, 18) * 0.2 + cell
    order = random.permutation(18)
    of, other = siblings(level, cell), siblings((level + shift)[order], cell[order])
    assert_allclose(other.mean, (of.mean + shift)[order], atol=1e-9)
    assert_allclose(other.scale, of.scale[order], rtol=1e-9)


def test_an_exponential_course_has_no_departures():
    time = np.array([1.0, 4, 9, 10, 30])
    own, _, _ = departures(-0.1 * time[None, :] * np.ones((3, 1)), time, np.zeros(3, int))
    assert_allclose(own[:, 1:-1], 0, atol=1e-12)


# Labels


def test_an_exchange_has_the_sum_of_squares_of_exchanged_levels():
    random = np.random.default_rng(2)
    design = np.hstack([np.kron(np.eye(4), np.ones((3, 1))), np.tile(np.eye(3), (4, 1))])
    level = random.normal(size=12)
    first, second, log_ratio = exchange_beside(level, design, np.arange(12))

    def squares(values):
        return np.linalg.lstsq(design, values, rcond=None)[0] @ design.T - values

    for pair in range(0, first.size, 7):
        other = level.copy()
        other[[first[pair], second[pair]]] = other[[second[pair], first[pair]]]
        ratio = (squares(level) ** 2).sum() / (squares(other) ** 2).sum()
        assert_allclose(log_ratio[pair], 0.5 * 6 * np.log(ratio))


def test_of_cells_of_two_jars_both_exchanges_are_asked_about():
    design = Design(soils=8, temperatures=(5.0, 25.0), replicates=2, jar_sd=0.08, uneven=0.0, noise=0.02)
    jars, rate = study(5, design)
    pair = [0, 2]  # soil 0 at 5 and at 25 degC
    rate[pair] = rate[pair[::-1]]
    found = list(exchanged_jars(next(curves(*tables(jars, rate, design.days)))))
    assert len(found) == 1
    assert sorted(found[0].column.replace(", or ", " and ").split(" and ")) == ["0-25-0", "0-25-1", "0-5-0", "0-5-1"]
    assert "?" in found[0].done


# Factors

COURSE = np.array([9.0, 7.5, 5.2, 4.4, 3.1, 2.6])


@pytest.mark.parametrize(
    ("factor", "words"),
    [(CARBON_DIOXIDE, "mg CO2"), (24.0, "per hour"), (1000 / 40, "per g soil carbon"), (24 * CARBON_DIOXIDE, "mg CO2")],
)
def test_one_measurement_in_two_units_is_told_with_both_series(factor, words):
    found = list(constant_factors(curves_of(COURSE, COURSE * factor)))
    assert len(found) == 1
    assert found[0].column == "jar 1 and jar 0"
    assert words in found[0].found
    assert found[0].severity == "error"


def test_a_ratio_that_is_near_but_scatters_is_no_unit():
    scatter = np.exp(0.05 * np.array([1, -1, 1, -1, 1, -1]))
    assert list(constant_factors(curves_of(COURSE, COURSE * CARBON_DIOXIDE * scatter))) == []


def test_a_series_given_twice_is_told_and_one_that_is_proportional_is_not():
    assert "same numbers" in next(series_twice(curves_of(COURSE, COURSE))).found
    assert "within 0.3 %" in next(series_twice(curves_of(COURSE, COURSE * 1.001))).found
    for rule in (series_twice, constant_factors):
        assert list(rule(curves_of(COURSE, COURSE * 1.5))) == []


def test_numbers_of_one_digit_that_agree_by_chance_are_no_copy():
    random = np.random.default_rng(0)
    assert list(series_twice(curves_of(*random.integers(1, 4, (40, 12))))) == []


def test_release_in_carbon_dioxide_is_told_and_in_carbon_is_not():
    jars, rate = study(0, ALIKE)
    _, respiration = tables(jars, rate)
    from talik.flux import release

    own = release(respiration)
    assert list(release_factors(respiration, own)) == []
    found = list(release_factors(respiration, own.assign(release=own["release"] * CARBON_DIOXIDE)))
    assert len(found) == 1
    assert "mg CO2" in found[0].found


# Batches and cabinets


def test_batches_without_cells_are_a_one_way_analysis_of_variance():
    random = np.random.default_rng(0)
    level, batch = random.normal(size=30), random.integers(0, 3, 30)
    found = batch_effect(level, batch, np.zeros(30, int))
    expected = stats.f_oneway(*(level[batch == i] for i in range(3)))
    assert_allclose([found.f, found.p], [expected.statistic, expected.pvalue])


def test_batches_beside_jars_and_days_are_nested_linear_models():
    random = np.random.default_rng(1)
    jar, day = (a.ravel() for a in np.meshgrid(np.arange(8), np.arange(6), indexing="ij"))
    kept = random.random(48) > 0.2
    jar, day, batch = jar[kept], day[kept], random.integers(0, 3, 48)[kept]
    level = random.normal(size=jar.size) + jar

    def squares(*factors):
        design = np.hstack([(f[:, None] == np.unique(f)).astype(float) for f in factors])
        left = level - design @ np.linalg.lstsq(design, level, rcond=None)[0]
        return left @ left, level.size - np.linalg.matrix_rank(design)

    (s0, df0), (s1, df1) = squares(jar, day), squares(jar, day, batch)
    found = batch_effect(level, batch, jar, day)
    assert (found.between, found.within) == (df0 - df1, df1)
    assert_allclose(found.f, (s0 - s1) / (df0 - df1) / (s1 / df1))


def test_one_cabinet_a_temperature_cannot_be_told_from_temperature():
    found = list(cabinets(simulated(cabinet=study(0, ALIKE)[0]["temperature"].astype("str"))))
    assert [(one.rule, one.severity) for one in found] == [("cabinet-confounded", "info")]
    assert "temperature cannot be told apart" in found[0].found


def test_a_batch_for_each_temperature_is_a_warning():
    found = list(jar_batches(simulated(batch=study(0, ALIKE)[0]["temperature"].astype("str"))))
    assert [(one.rule, one.severity) for one in found] == [("batch-confounded", "warning")]


def test_jars_without_batches_say_nothing_of_batches():
    assert list(jar_batches(simulated())) == list(cabinets(simulated())) == []


def read_in(rows, batch):
    return typed("readings", rows[["jar", "time", "gas"]].assign(event="read", batch=batch))


def test_a_run_that_reads_high_is_told_among_jars_read_that_day():
    jars, rate = study(0, ALIKE)
    runs = np.random.default_rng(0).integers(0, 2, rate.shape)
    table, rows = tables(jars, rate * np.exp(0.4 * runs))
    readings = read_in(rows, np.where(runs.ravel() == 1, "run b", "run a"))
    assert [one.rule for one in reading_batches(table, rows, readings)] == ["batch-effect"]


def test_a_run_a_day_cannot_be_told_from_time():
    table, rows = tables(*study(0, ALIKE))
    found = list(reading_batches(table, rows, read_in(rows, rows["time"].astype("str"))))
    assert [(one.rule, one.severity) for one in found] == [("batch-confounded", "info")]


def test_a_rate_has_the_batch_of_most_readings_of_its_interval():
    rates = typed(
        "respiration", pd.DataFrame({"jar": "a", "time": [1.5], "time_start": 1.0, "time_end": 2.0, "temperature": 5.0})
    )
    readings = pd.DataFrame({"jar": "a", "time": [0.5, 1.0, 1.4, 2.0], "event": "read", "batch": ["w", "x", "y", "y"]})
    assert list(batches_of(rates, typed("readings", readings))) == ["y"]


# The log of a cabinet

HOURS = np.arange(0, 100, 1 / 24)


def placed(**columns):
    jars = pd.DataFrame({"jar": ["c", "w"], "sample": "s", "set": "s", "temperature": [5.0, 15.0], "basis": "dry soil",
                         "measures": "respiration", "cabinet": ["cold", "warm"]} | columns)  # fmt: skip
    rates = pd.DataFrame({"jar": ["c"] * 5 + ["w"] * 5, "time": [20.0, 40, 60, 80, 100] * 2,
                          "temperature": np.repeat(jars["temperature"], 5), "respiration": [1.0] * 5 + [2.0] * 5})  # fmt: skip
    return typed("jars", jars), typed("respiration", rates)


def logged(cold=5.0, warm=15.0):
    parts = {"cold": cold, "warm": warm}
    return typed(
        "cabinets", pd.concat([pd.DataFrame({"cabinet": c, "time": HOURS, "temperature": v}) for c, v in parts.items()])
    )


def rules(log, **columns):
    return [one.rule for one in check_cabinet_logs(*placed(**columns), log)]


def test_a_log_that_keeps_to_its_temperature_moves_no_q10():
    found = list(check_cabinet_logs(*placed(), logged()))
    assert [(one.rule, one.severity) for one in found] == [("temperature-log", "info")]
    assert "a Q10 of 2.00 would be 2.00" in found[0].found


def test_a_cabinet_one_degree_too_warm_moves_q10_by_the_ratio_of_degrees():
    found = {one.rule: one for one in check_cabinet_logs(*placed(), logged(warm=16.0))}
    assert found["temperature-log"].severity == "warning"
    assert f"would be {2 ** (10 / 11):.2f}" in found["temperature-log"].found
    assert "+1.0 degrees" in found["temperature-offset"].found


def test_an_excursion_is_told_with_its_size_length_and_intervals():
    warm = np.where((HOURS >= 30) & (HOURS < 33), 23.0, 15.0)
    found = next(one for one in check_cabinet_logs(*placed(), logged(warm=warm)) if one.rule == "temperature-excursion")
    assert "from day 30.0 for 3.0 days, +8.0 degrees" in found.found
    assert found.where == "1 intervals of 1 jars: w"


def test_opened_doors_are_no_excursions():
    assert rules(logged(warm=np.where(np.arange(HOURS.size) % 240 == 5, 22.0, 15.0))) == ["temperature-log"]


@given(length=st.integers(1, 60), size=st.floats(2.5, 20))
@settings(max_examples=25)
def test_an_excursion_lasts_as_long_as_its_readings(length, size):
    away = np.where((np.arange(200) >= 50) & (np.arange(200) < 50 + length), size, 0.0)
    found = excursions(np.arange(200) / 24, away)
    assert [round(24 * (one.end - one.start)) for one in found] == ([length] if length >= 2 else [])


def test_warmth_counts_more_than_cold_by_q10():
    jars, rates = placed()
    held = held_in(jars, rates)
    true = true_temperatures(held, logged(cold=np.where(np.arange(HOURS.size) % 2 == 0, 0.0, 10.0)), 2.0)
    assert_allclose(true["c"], 10 * np.log2(0.5 * (1 + 2)), atol=1e-2)
    assert_allclose(true["w"], 15.0)


def test_a_gap_a_wrong_name_and_two_temperatures_in_one_cabinet_are_told():
    log = logged()
    assert "temperature-log-gap" in rules(log[~((log["cabinet"] == "warm") & log["time"].between(40, 60))])
    assert rules(log, cabinet=["cold", "WARM"]).count("cabinet-unknown") == 1
    assert rules(log[log["cabinet"] == "cold"], cabinet="cold") == ["cabinet-contradiction"]


def test_a_jar_that_started_later_stands_later_in_its_cabinet():
    jars, rates = placed(start=["2024-03-01T12:00+08:00", "2024-03-11T04:00Z"])
    assert dict(held_in(jars, rates).groupby("jar")["start"].min()) == {"c": 0.0, "w": 10.0}


def test_a_jar_warmed_in_steps_is_compared_with_each_step():
    jars = typed("jars", pd.DataFrame({"jar": ["a"], "sample": "s", "cabinet": "one", "basis": "dry soil"}))
    steps = pd.DataFrame({"jar": "a", "time": [40.0, 80.0], "time_start": [0.0, 50.0], "time_end": [50.0, 100.0],
                          "temperature": [5.0, 15.0], "respiration": 1.0})  # fmt: skip
    log = pd.DataFrame({"cabinet": "one", "time": HOURS, "temperature": np.where(HOURS <= 50, 5.0, 15.0)})
    assert list(check_cabinet_logs(jars, typed("respiration", steps), typed("cabinets", log))) == []


# Real data


@pytest.mark.data
def test_in_sidb_copied_columns_are_told_and_hardly_anything_else(sidb, data):
    ours = ("replicate-outlier", "reading-spike", "labels-exchanged", "unit-factor", "series-twice",
            "batch-effect", "batch-confounded", "cabinet-effect", "cabinet-confounded")  # fmt: skip
    told = sidb.problems[sidb.problems["rule"].isin(ours)]
    assert set(told["rule"]) <= {"series-twice", "reading-spike"}
    assert (told["rule"] == "reading-spike").sum() <= 1
    for row in told[told["rule"] == "series-twice"].itertuples():
        raw = pd.read_csv(data / "sidb" / "data" / row.entry / "timeSeries.csv")
        columns = [name.removeprefix(f"{row.entry} ") for name in row.column.split(" and ")]
        same = (raw[columns].nunique(axis=1) == 1) & (raw[columns[0]] > 0)
        assert same.sum() >= 5
