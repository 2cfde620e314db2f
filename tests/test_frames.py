"""Frames from Python: what is wrong is told with its rows before it becomes a number; what is right needs no more."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from talik import activation_energy, compare_layers, fit_pools, flux_sensitivity, q10, q10_drift
from talik.errors import TableError
from talik.frames import accepted, complete, rates_and_jars, wandering
from talik.tables import RESPIRATION_OF, typed

DAYS = np.array([1.0, 3, 7, 14, 28, 56, 100])
DECAY = 0.5 * np.exp(-0.08 * DAYS) + 0.1
NOISE = np.random.default_rng(0).normal(size=(2, 7))
RATES = pd.concat(
    [
        pd.DataFrame({"jar": jar, "time": DAYS, "temperature": held, "specific_respiration": DECAY * factor * noise})
        for jar, held, factor, noise in zip("ab", (5.0, 15.0), (1.0, 2.2), np.exp(0.05 * NOISE), strict=True)
    ],
    ignore_index=True,
)
JARS = pd.DataFrame({"jar": ["a", "b"], "sample": "peat", "set": "peat", "basis": "soil carbon"})


def one_pool(rates, jars, **asked):
    return fit_pools(rates, jars, models=["one-pool"], **asked)


PUBLIC = {"q10": q10, "q10_drift": q10_drift, "activation_energy": activation_energy, "fit_pools": one_pool}
each = pytest.mark.parametrize("of_tables", PUBLIC.values(), ids=PUBLIC)


def told(of_tables, rates=RATES, jars=JARS):
    with pytest.raises(TableError) as raised:
        of_tables(rates, jars)
    return str(raised.value)


def changed(rows, column, value):
    rates = RATES.astype({column: object}) if isinstance(value, str) else RATES.copy()
    rates.loc[rows, column] = value
    return rates


# What is right


@each
def test_a_plain_frame_gives_what_its_whole_table_gives(of_tables):
    whole = typed("respiration", RATES), typed("jars", JARS)
    assert_frame_equal(of_tables(RATES, JARS), of_tables(*whole), check_exact=True)


@each
@pytest.mark.parametrize("basis", ["dry soil", "jar"])
def test_a_basis_that_is_not_named_is_that_of_the_column_which_is_filled(of_tables, basis):
    rates = RATES.rename(columns={"specific_respiration": RESPIRATION_OF[basis]})
    named = of_tables(rates, JARS.assign(basis=basis))
    assert set(named["basis"]) == {basis}
    for unnamed in (JARS.drop(columns="basis"), JARS.assign(basis=""), JARS.assign(basis=[basis, ""])):
        assert_frame_equal(of_tables(rates, unnamed), named, check_exact=True)


@each
def test_numbers_written_as_text_are_numbers(of_tables):
    text = RATES.assign(temperature=RATES["temperature"].astype(str), time=RATES["time"].astype(str))
    assert_frame_equal(of_tables(text, JARS), of_tables(RATES, JARS), check_exact=True)


def test_jars_that_are_numbered_join_whatever_their_type():
    numbered = RATES.assign(jar=np.repeat([1, 2], 7)), JARS.assign(jar=[1.0, 2.0])
    assert_frame_equal(q10(*numbered), q10(RATES, JARS))


def test_a_sound_whole_table_is_taken_as_it_is():
    whole = typed("respiration", RATES), typed("jars", JARS)
    assert all(taken is given for taken, given in zip(rates_and_jars(*whole), whole, strict=True))
    assert complete("jars", whole[1]) is whole[1]


def test_the_order_of_rows_does_not_make_them_stand_twice():
    shuffled = RATES.sample(frac=1, random_state=1)
    assert accepted("respiration", shuffled) is shuffled


@each
def test_a_rate_that_is_missing_is_a_gap(of_tables):
    assert len(of_tables(changed(3, "specific_respiration", np.nan), JARS))


@each
def test_rows_of_jars_that_are_left_out_may_lack_a_temperature(of_tables):
    rates = pd.concat([RATES, RATES.iloc[:3].assign(jar="c", temperature=np.nan)], ignore_index=True)
    jars = pd.concat([JARS.assign(excluded=""), pd.DataFrame([{"jar": "c", "set": "peat", "excluded": "spilt"}])])
    assert len(of_tables(rates, jars))


# What is wrong


@each
@pytest.mark.parametrize("column", ["jar", "time", "temperature"])
def test_a_column_that_is_missing_is_named_with_those_that_are_there(of_tables, column):
    text = told(of_tables, RATES.drop(columns=column))
    assert f"column {column!r} is missing; found are: " in text
    assert "specific_respiration" in text


@each
def test_jars_without_sets_are_refused(of_tables):
    assert "column 'set' is missing; found are: jar, sample, basis" in told(of_tables, jars=JARS.drop(columns="set"))


@each
def test_a_header_with_its_unit_is_named_with_the_name_that_is_needed(of_tables):
    text = told(of_tables, RATES.rename(columns={"specific_respiration": "specific_respiration [mg C g-1 SOC d-1]"}))
    assert "one of the columns 'respiration', 'specific_respiration', 'jar_respiration' is needed" in text
    assert "found is 'specific_respiration [mg C g-1 SOC d-1]': in a frame the name is without its unit" in text
    text = told(of_tables, RATES.rename(columns={"temperature": "temperature_C"}))
    assert "found is 'temperature_C': do you mean 'temperature'?" in text


WRONG = {
    "text for a rate": ((2, 5), "specific_respiration", "n.d.", "specific_respiration, rows 2, 5: 'n.d.': numbers are"),
    "an infinite rate": (3, "specific_respiration", np.inf, "specific_respiration, row 3: inf is impossible"),
    "a time before the start": (0, "time", -9.0, "time, row 0: -9 is impossible; between 0 and 40000 d is needed"),
    "kelvin": (slice(None), "temperature", 288.15, "-80 and 100 degC is needed. Kelvin? Then take off 273.15"),
    "a temperature missing": (4, "temperature", np.nan, "temperature, row 4: is empty, and a value is needed"),
    "a time missing": (4, "time", np.nan, "time, row 4: is empty, and a value is needed"),
    "a negative sd": ((1, 2), "sd", -1.0, "sd, rows 1, 2: -1 is impossible; 0 or more, and finite, is needed"),
    "an infinite sd": (1, "sd", np.inf, "sd, row 1: inf is impossible"),
    "no replicate": (1, "n", 0.0, "n, row 1: 0 is impossible; 1 or more, and finite, is needed"),
    "endless replicates": (1, "n", np.inf, "n, row 1: inf is impossible"),
    "a gas in capitals": (slice(None), "gas", "CO2", "gas: 'CO2' is none of 'co2', 'ch4', ''"),
    "a jar that is not there": (slice(7, None), "jar", "zz", "jars zz have respiration but are not in the jars table"),
}


@each
@pytest.mark.parametrize("fault", WRONG)
def test_what_cannot_be_is_told_with_its_rows(of_tables, fault):
    rows, column, value, words = WRONG[fault]
    rates = RATES.assign(sd=0.02, n=3.0, gas="co2")
    rates = rates.astype({column: object}) if isinstance(value, str) else rates
    rates.loc[list(rows) if isinstance(rows, tuple) else rows, column] = value
    assert words in told(of_tables, rates)


@each
def test_all_that_is_wrong_is_told_together(of_tables):
    text = told(of_tables, changed(3, "specific_respiration", np.inf).assign(time=RATES["time"] - 2, sd=-1.0))
    assert "3 problems" in text
    assert all(column in text for column in ("specific_respiration, row 3", "time, rows 0, 7", "sd, rows 0, 1"))


@each
def test_rows_and_jars_that_stand_twice_are_refused(of_tables):
    twice = pd.concat([RATES, RATES.iloc[:2]], ignore_index=True)
    assert "rows 0, 1, 14, 15 stand more than once, as (jar a, time 1, temperature 5), (jar a" in told(of_tables, twice)
    jars = pd.concat([JARS, JARS.iloc[:1]], ignore_index=True)
    assert "jars: 1 problem\n  rows 0, 2 stand more than once, as (jar a)" in told(of_tables, jars=jars)


@each
def test_a_basis_without_rates_names_the_column_that_has_them(of_tables):
    text = told(of_tables, jars=JARS.assign(basis="dry soil"))
    assert "jars a, b have basis 'dry soil', whose rates stand in column 'respiration'; found are rates in spec" in text
    assert "basis: 'soil C' is none of 'dry soil', 'soil carbon'" in told(of_tables, jars=JARS.assign(basis="soil C"))


def test_a_gas_without_rows_is_refused_with_those_that_have():
    with pytest.raises(TableError, match="no rows of gas 'CH4'; it has 14 of 'co2'"):
        one_pool(RATES.assign(gas="co2"), JARS, gas="CH4")
    with pytest.raises(TableError, match="no rows of gas 'co2'; it has 14 of 'ch4'"):
        one_pool(RATES.assign(gas="ch4"), JARS)


def test_tables_of_estimates_are_held_to_their_columns_too():
    estimates = q10(RATES, JARS)
    samples = pd.DataFrame({"sample": ["peat"], "core": "c", "layer": "active"})
    assert compare_layers(estimates, samples).empty
    with pytest.raises(TableError, match="column 'core' is missing; found are: sample, layer"):
        compare_layers(estimates, samples.drop(columns="core"))
    with pytest.raises(TableError, match="'frozen' is none of 'organic', 'active', 'permafrost'"):
        compare_layers(estimates, samples.assign(layer="frozen"))
    with pytest.raises(TableError, match="one of the columns 'release', 'specific_release'"):
        flux_sensitivity(estimates, RATES, JARS)


# Temperatures of a log


@each
def test_temperatures_of_a_log_are_refused_in_words_and_no_q10_is_made_of_them(of_tables):
    logged = RATES.assign(temperature=RATES["temperature"] + 0.1 * np.random.default_rng(3).normal(size=14))
    text = told(of_tables, logged)
    assert "jars a, b have temperatures as a log has them (jar a: 7 temperatures from 4.7" in text
    assert "Give the temperature that the incubator was set to." in text


@each
def test_no_q10_comes_of_temperatures_nearer_than_one_degree(of_tables):
    found = of_tables(RATES.assign(temperature=np.repeat([5.0, 5.3], 7)), JARS)
    values = found.filter(["q10", "activation_energy", "q10_start", "estimate"])
    assert len(found)
    assert values.isna().all(axis=None)
    words = found["flag"] if "flag" in found else found.loc[found["parameter"] == "q10", "reason"]
    assert words.str.contains("the incubator was set to").all()


def test_neighbours_nearer_than_one_degree_take_no_estimate_from_those_that_are_apart():
    near = pd.concat([RATES, RATES.assign(jar=RATES["jar"] + "2", temperature=RATES["temperature"] + 0.06)])
    jars = pd.concat([JARS, JARS.assign(jar=["a2", "b2"])])
    found = q10(near, jars)
    close = found["t_high"] - found["t_low"] < 1
    assert close.any()
    assert found.loc[close, "q10"].isna().all()
    assert found.loc[close].groupby(["definition", "t_low", "t_high"]).size().max() == 1
    pairs = found[(found["t_low"] == 5) & (found["t_high"] == 15)]
    assert pairs["q10"].tolist() == q10(RATES, JARS)["q10"].tolist()


def test_steps_of_warming_are_no_log():
    held = np.array([2.0, 2, 8, 8, 14, 14, 20])
    steps = pd.DataFrame({"jar": "a", "temperature": held})
    thaw = pd.DataFrame({"jar": "b", "temperature": [10.0, 5, 2, 0.5, 0, -0.5, -1, -2, -5]})
    opened = pd.DataFrame({"jar": "c", "temperature": [5.03, 4.97, 5.1, 8.0]})
    assert wandering(pd.concat([steps, thaw, opened]))["jar"].tolist() == ["c"]


def test_steps_nearer_than_one_degree_give_no_q10_and_those_apart_do():
    held = np.array([10.0, 5, 2, 1.5, 1, 0.5, 0])
    rates = pd.DataFrame({"jar": "a", "time": DAYS, "temperature": held, "respiration": 2.0 ** (held / 10)})
    found = q10(rates, JARS.iloc[:1].assign(basis="dry soil"), definitions=["rate-ratio"])
    apart = found["t_high"] - found["t_low"] >= 1
    assert found.loc[apart, "q10"].tolist() == pytest.approx([2.0] * int(apart.sum()))
    assert found.loc[~apart, "flag"].str.contains("nearer than 1 degC").tolist() == [True]
