"""Visits of a multiplexer's ports, and the jars that stood there."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talik import find_visits, match_ports, visit_readings
from talik.errors import TableError
from talik.incubation.instruments.recording import recording
from talik.problems import Findings
from talik.tables import TABLES, check

HOUR = 3600.0
START = 1441041600.0  # 2015-08-31 17:20 UTC


def recorded(port, *, time=None, co2=None, repeats=False):
    n = len(port)
    values = {
        "time": START + (np.arange(n) if time is None else np.asarray(time, float)),
        "line": np.arange(2, n + 2),
        "port": port,
        "co2": 400.0 + np.arange(n) if co2 is None else co2,
    }
    return recording(
        values, Findings("a.dat"), file="a.dat", instrument="Picarro", serial="", timezone="UTC", repeats=repeats
    )


def ports(*rows):
    return pd.DataFrame(
        [{"time": pd.Timestamp(START + at, unit="s", tz="UTC"), "port": port, "jar": jar} for at, port, jar in rows]
    )


def test_a_turning_valve_parts_nothing_and_belongs_to_no_visit():
    visits = find_visits(recorded([1, 1, 1.25, 1, 6.5, 6, 6]))
    assert visits[["port", "first", "last", "n", "line"]].to_numpy().tolist() == [[1, 0, 3, 3, 2], [6, 5, 6, 2, 7]]


def test_port_zero_a_missing_port_and_single_readings_are_no_visits():
    visits = find_visits(recorded([0, 0, 0, np.nan, np.nan, 4, 5, 5, 5]))
    assert visits["port"].tolist() == [5]
    assert find_visits(recorded([np.nan, np.inf, -np.inf, np.inf, np.nan])).empty


def test_a_pause_does_not_part_a_visit_and_a_clock_set_back_does():
    assert find_visits(recorded([3] * 6, time=[0, 1, 2, 9000, 9001, 9002]))["n"].tolist() == [6]
    assert find_visits(recorded([3] * 6, time=[0, 1, 2, -50, -49, -48]))["n"].tolist() == [3, 3]


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, 7.0, np.nan]), min_size=1, max_size=60))
def test_every_reading_on_a_port_is_in_one_visit_of_that_port(port):
    made = recorded(port)
    visits = find_visits(made, shortest=1)
    on = np.array([p if np.isfinite(p) and p % 1 == 0 and p > 0 else np.nan for p in port])
    assert visits["n"].sum() == np.isfinite(on).sum()
    for visit in visits.itertuples():
        inside = on[visit.first : visit.last + 1]
        assert set(inside[np.isfinite(inside)]) == {visit.port}
    assert (visits["first"].to_numpy()[1:] > visits["last"].to_numpy()[:-1]).all()


def test_a_visit_is_of_the_jar_set_up_nearest_in_time_on_its_port():
    visits = find_visits(recorded([4, 4, 5, 5]))
    matched, problems = match_ports(visits, ports((-HOUR, 4, "a"), (-HOUR, 5, "b"), (-4 * HOUR, 4, "c")))
    assert matched["jar"].tolist() == ["a", "b"]
    assert not problems


def test_a_visit_without_a_jar_within_reach_is_told_with_file_and_line():
    matched, problems = match_ports(find_visits(recorded([4, 4, 5, 5])), ports((0, 4, "a"), (-4 * HOUR, 5, "b")))
    assert matched["jar"].tolist() == ["a", ""]
    assert [(found.rule, found.entry, found.where) for found in problems] == [("port-unmatched", "a.dat", "line 4")]
    again, _ = match_ports(
        matched[["port", "start", "end", "file", "line"]], ports((-4 * HOUR, 5, "b")), within=pd.Timedelta("5h")
    )
    assert again["jar"].tolist() == ["", "b"]


def test_a_jar_that_the_set_up_before_contradicts_is_told():
    matched, problems = match_ports(find_visits(recorded([4, 4])), ports((-2 * HOUR, 4, "old"), (600, 4, "new")))
    assert matched["jar"].tolist() == ["new"]
    assert problems[0].rule == "port-doubtful"
    assert "old was put on the port before it" in problems[0].needed


def test_a_port_left_running_is_told():
    made = recorded([10] * 4, time=[0, 1, 2, 65 * HOUR])
    _, problems = match_ports(find_visits(made), ports((0, 10, "ambient")))
    assert problems[0].rule == "port-left"
    assert "lasting 65 h" in problems[0].found


def test_a_table_of_ports_that_cannot_be_is_refused():
    visits = find_visits(recorded([4, 4]))
    with pytest.raises(TableError, match="lacks jar"):
        match_ports(visits, pd.DataFrame({"time": [], "port": []}))
    with pytest.raises(TableError, match="Two jars on one port"):
        match_ports(visits, ports((0, 4, "a"), (0, 4, "b")))


def test_visits_become_closings_of_jars_in_the_table_of_readings():
    made = recorded([4, 4, 4.5, 4, 5, 5, 6, 6])
    visits, _ = match_ports(find_visits(made), ports((0, 4, "a"), (0, 5, "b"), (0, 6, "room")))
    readings, problems = visit_readings(made, visits, {"a": "2015-08-30 17:20", "b": "2015-08-31T17:20:00Z"})
    assert list(readings.columns) == [column.name for column in TABLES["readings"].columns]
    assert readings["jar"].tolist() == ["a", "a", "a", "b", "b"]
    assert readings["mole_fraction"].tolist() == [400, 401, 403, 404, 405]
    assert readings["line"].tolist() == [2, 3, 5, 6, 7]
    assert readings["time"].to_numpy() == pytest.approx(
        [1, 1 + 1 / 86400, 1 + 3 / 86400, 4 / 86400, 5 / 86400], abs=1e-9
    )
    assert readings["closing"].nunique() == 2
    assert problems[0].found == "1 visits of room"
    assert len(check("readings", readings)) == 5


def test_values_repeated_until_measured_anew_are_one_reading_and_the_last_of_the_port_before_none():
    made = recorded([4, 4, 4, 5, 5, 5], co2=[410.0, 410, 411, 411, 411, 420], repeats=True)
    visits, _ = match_ports(find_visits(made), ports((0, 4, "a"), (0, 5, "b")))
    readings, _ = visit_readings(made, visits, {"a": "2015-08-31", "b": "2015-08-31"})
    assert readings[["jar", "mole_fraction"]].to_numpy().tolist() == [["a", 410], ["a", 411], ["b", 420]]


def test_no_visit_gives_an_empty_table_of_readings():
    made = recorded([np.nan] * 3)
    visits, _ = match_ports(find_visits(made), ports((0, 4, "a")))
    readings, problems = visit_readings(made, visits, {"a": "2015-08-31"})
    assert readings.empty
    assert not problems
