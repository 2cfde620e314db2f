"""The carbon budget of jars, against jars built by simulation and by laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from jars import CARBON, jars
from talik.errors import TableError
from talik.flux import carbon_budget, respiration
from talik.flux.budget import Laboratory
from talik.flux.events import in_order
from talik.tables import typed

EVENTS = st.lists(
    st.tuples(st.sampled_from(["read", "draw", "replace", "flush"]), st.floats(0.05, 3.0), st.floats(0.0, 20.0)),
    min_size=1, max_size=5,
)  # fmt: skip


def lived(events, *, n=3, leak=0.0, gas="co2", seed=3):
    """Jars that lived through events, read without error."""
    made = jars(seed, n, leak=leak, water=(5.0, 80.0), ph=(4.5, 7.5), gas=gas)
    made.flush(100e-6)
    made.read(0.0)
    for event, days, volume in events:
        made.wait(days)
        made.read(0.0)
        if event == "draw":
            made.read(0.0, event="draw", volume=volume)
        elif event == "replace":
            made.replace(volume, x=300e-6)
        elif event == "flush":
            made.flush(50e-6)
        made.wait(0.1)
        made.read(0.0)
    return made


def tables(made):
    return typed("readings", made.readings()), typed("jars", made.contents())


@settings(max_examples=12)
@given(events=EVENTS, leak=st.sampled_from([0.0, 0.3]), gas=st.sampled_from(["co2", "ch4"]))
def test_carbon_is_conserved(events, leak, gas):
    """Every term is that of the simulation, whatever happened; and they add up to what was respired."""
    made = lived(events, leak=leak, gas=gas)
    found = carbon_budget(*tables(made), laboratory=Laboratory(room_air={"co2": 420.0, "ch4": 420.0}))
    assert_allclose(found["carbon_respired"], made.respired * CARBON, rtol=1e-6)
    assert_allclose(found["carbon_drawn"], made.drawn * CARBON, rtol=1e-6, atol=1e-9)
    assert_allclose(found["carbon_leaked"], made.leaked * CARBON, rtol=1e-5, atol=1e-6)
    inside = found["carbon_in_gas"] + found["carbon_dissolved"] - found["carbon_at_start"]
    gone = found["carbon_drawn"] - found["carbon_put_in"] + found["carbon_flushed_out"] + found["carbon_leaked"]
    assert_allclose(inside + gone, found["carbon_respired"], rtol=1e-9, atol=1e-6)


@settings(max_examples=12)
@given(events=EVENTS, order=st.randoms())
def test_the_order_of_rows_changes_nothing(events, order):
    readings, contents = tables(lived(events))
    shuffled = list(range(len(readings)))
    order.shuffle(shuffled)
    other = respiration(readings.iloc[shuffled], contents.iloc[::-1], model="linear")
    pd.testing.assert_frame_equal(respiration(readings, contents, model="linear"), other)


@settings(max_examples=12)
@given(events=EVENTS, factor=st.floats(0.1, 10.0))
def test_respiration_is_linear_in_the_concentrations(events, factor):
    readings, contents = tables(lived(events, leak=0.2))
    room = {"co2": 400.0}
    once = respiration(readings, contents, model="linear", room_air=room)
    more = readings.assign(mole_fraction=readings["mole_fraction"] * factor)
    scaled = respiration(more, contents, model="linear", room_air={"co2": 400.0 * factor})
    assert_allclose(scaled["respiration"], once["respiration"] * factor, rtol=1e-9, atol=1e-9)


@settings(max_examples=12)
@given(events=EVENTS)
def test_drawing_nothing_is_reading(events):
    readings, contents = tables(lived([(event, days, 0.0) for event, days, _ in events]))
    only = readings[~readings["event"].isin(["draw", "replace"])]
    assert_allclose(
        respiration(readings, contents, model="linear")["respiration"],
        respiration(only, contents, model="linear")["respiration"],
        rtol=1e-9,
    )


def test_replacing_by_the_same_gas_changes_nothing():
    made = jars(5, 4, water=(5.0, 80.0))
    made.flush(0.0)
    for _ in range(4):
        made.wait(0.3)
        made.read(0.0)
    readings, contents = tables(made)
    read = readings[readings["event"] == "read"]
    same = pd.concat([readings, read.assign(event="replace", volume=20.0)])
    assert_allclose(
        respiration(same, contents)["respiration"], respiration(readings, contents)["respiration"], rtol=1e-9
    )


def test_a_pressure_that_was_measured_is_that_which_draws_leave():
    made = jars(6, 1, volume=(200, 200))
    made.flush(0.0)
    for _ in range(3):
        made.wait(0.3)
        made.read(0.0, event="draw", volume=20.0)
    readings, contents = tables(made)
    vapour = 0.6112 * np.exp(17.62 * contents["temperature"][0] / (243.12 + contents["temperature"][0]))
    left = (101.325 - vapour) * 0.9 ** np.arange(3) + vapour
    told = readings.assign(pressure=[np.nan, *left])
    assert_allclose(
        respiration(told, contents)["respiration"], respiration(readings, contents)["respiration"], rtol=1e-9
    )


def test_a_closed_jar_keeps_its_gas_when_it_is_warmed_to_be_read():
    """Closed and read at 20 °C, incubated at 5 °C: the gas is that at which it was closed."""
    made = jars(7, 3, water=(1e-6, 1e-6))
    made.flush(0.0)
    made.wait(1.0)
    made.read(0.0)
    readings, contents = tables(made)
    warm = respiration(readings.assign(gas_temperature=20.0), contents)["respiration"]
    moved = readings.assign(gas_temperature=np.where(readings["event"] == "flush", 20.0, 5.0))
    assert_allclose(respiration(moved, contents)["respiration"], warm, rtol=1e-9)


def test_water_that_is_added_takes_the_place_of_gas():
    """10 mL of CO2-free water into a closed jar: what was there stays, so the soil respired nothing."""
    contents = typed("jars", pd.DataFrame({"jar": ["a"], "headspace_volume": 100.0, "water_volume": 10.0, "ph": 6.0}))
    before = 1000.0
    per_ppm = {}
    for volume, water, pressure in ((100.0, 10.0, 101.325), (90.0, 20.0, None)):
        dry = 101.325 - 0.6112 * np.exp(17.62 * 10 / 253.12)
        dry = dry if pressure else dry / 0.9
        from talik.flux import carbon_per_ppm

        per_ppm[volume] = carbon_per_ppm(volume, water, 10.0, 6.0, dry, humidity=0.0)
    after = before * per_ppm[100.0] / per_ppm[90.0]
    readings = typed("readings", pd.DataFrame({
        "jar": "a", "time": [0.0, 0.5, 1.0], "temperature": 10.0, "event": ["read", "water", "read"],
        "mole_fraction": [before, np.nan, after], "volume": [np.nan, 10.0, np.nan],
    }))  # fmt: skip
    assert abs(carbon_budget(readings, contents)["carbon_respired"].item()) < 1e-9


def closings(rows):
    """Closing of each reading, in order of time."""
    table = typed("readings", pd.DataFrame(rows, columns=["time", "event", "closing"]).assign(jar="a"))
    found = in_order(table.assign(mole_fraction=np.arange(len(table)) + 400.0)).rows
    return found.loc[found["event"] == "read", "closing_number"].tolist()


def test_a_reading_at_the_time_of_a_flush_is_the_last_before_it():
    assert closings([(0, "flush", ""), (1, "read", ""), (1, "flush", ""), (2, "read", "")]) == [0, 1]


def test_a_reading_at_the_first_time_of_a_jar_comes_after_its_flush():
    assert closings([(0, "read", ""), (0, "flush", ""), (1, "read", "")]) == [0, 0]


def test_names_of_closings_tell_readings_at_the_time_of_a_flush_apart():
    rows = [(0, "flush", "c1"), (0, "read", "c1"), (1, "read", "c1"), (1, "flush", "c2"), (1, "read", "c2"),
            (2, "read", "c2")]  # fmt: skip
    assert closings(rows) == [0, 0, 1, 1]
    assert closings([(t, e, c) for t, e, c in rows if e == "read"]) == [0, 0, 1, 1]


def test_a_flush_without_a_name_begins_the_closing_that_follows():
    assert closings([(0, "flush", ""), (1, "read", "x"), (1, "flush", ""), (2, "read", "y")]) == [0, 1]


def test_flushed_and_sealed_is_one_closing():
    assert closings([(0, "flush", ""), (0, "seal", ""), (1, "read", "")]) == [0]


def test_an_event_under_one_gas_is_one_of_the_other_gas():
    """A draw of 30 mL written once lowers the pressure for CO2 and for CH4."""
    contents = typed("jars", pd.DataFrame({"jar": ["a"], "headspace_volume": 300.0, "temperature": 5.0}))
    rows = [(0.0, "read", "co2", 400.0), (0.0, "read", "ch4", 2.0), (0.5, "draw", "", np.nan),
            (1.0, "read", "co2", 400.0), (1.0, "read", "ch4", 2.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["time", "event", "gas", "mole_fraction"]).assign(jar="a")
    table["volume"] = np.where(table["event"] == "draw", 30.0, np.nan)
    named = table.assign(gas=table["gas"].replace("", "co2"))
    for readings in (table, named):
        found = carbon_budget(typed("readings", readings), contents)
        assert_allclose(found["carbon_drawn"], 0.1 * found["carbon_at_start"], rtol=1e-9)
        assert_allclose(found["carbon_respired"], 0.0, atol=1e-9)


def test_readings_that_cannot_be_counted_are_refused_together():
    contents = typed("jars", pd.DataFrame({"jar": ["a", "b"], "headspace_volume": [100.0, np.nan]}))
    rows = [("a", 0.0, "draw", np.nan), ("b", 0.0, "read", np.nan), ("c", 0.0, "read", np.nan),
            ("a", 1.0, "draw", 150.0), ("a", 2.0, "replace", 5.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["jar", "time", "event", "volume"])
    readings = typed("readings", table.assign(mole_fraction=[1, 1, 1, 1, np.nan]))
    with pytest.raises(TableError) as error:
        respiration(readings, contents)
    told = str(error.value)
    assert len(error.value.offenders) == 7
    for words in ("'c' has 1 rows in readings", "'b' has no headspace_volume", "no temperature", "without a volume",
                  "without the mole_fraction", "150 mL at day 1"):  # fmt: skip
        assert words in told
