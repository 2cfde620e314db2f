"""Visits of a multiplexer: each stretch on one port becomes a closing of the jar that stood there."""

import numpy as np
import pandas as pd

from talik.errors import TableError, listed
from talik.incubation.instruments.recording import Recording
from talik.problems import Problem, problem
from talik.tables import TABLES

WITHIN = pd.Timedelta("3h")
"""A visit and the set-up of its port may lie this far apart."""

LEFT = pd.Timedelta("12h")
"""A visit longer than this was left running."""


def find_visits(recording: Recording, *, shortest: int = 2) -> pd.DataFrame:
    """Stretches of a recording on one port.

    Readings while the valve turns, whose port is not a whole number, belong to no visit and do not part one. A visit
    ends where the port changes or the clock was set back, not where the analyser paused.

    Parameters
    ----------
    recording : Recording
        With a port.
    shortest : int, default 2
        Readings that a visit has at least. Port 0 is no port.

    Returns
    -------
    DataFrame
        A row is a visit, in order: `port`, `start` and `end` (UTC), `first` and `last` (places of its first and last
        reading in ``recording.table``), `n` (its readings; those while the valve turned not counted), `file`, `line`.

    Examples
    --------
    >>> from talik.incubation.instruments.recording import recording
    >>> from talik.problems import Findings
    >>> values = {"time": range(6), "line": range(2, 8), "co2": [400.0] * 6, "port": [1, 1, 1.5, 2, 2, 2]}
    >>> made = recording(values, Findings(""), file="a.dat", instrument="Picarro", serial="", timezone="UTC")
    >>> find_visits(made)[["port", "first", "last", "n"]].values.tolist()
    [[1, 0, 1, 2], [2, 3, 5, 3]]
    """
    table = recording.table
    port = table["port"].to_numpy()
    rows = np.flatnonzero(np.isfinite(port) & (port % 1 == 0))
    on, segment = port[rows], table["segment"].to_numpy()[rows]
    changes = np.flatnonzero((np.diff(on) != 0) | (np.diff(segment) != 0)) + 1
    begin = np.concatenate([[0], changes])[: rows.size]
    end = np.concatenate([changes, [rows.size]])[: begin.size] - 1
    first, last, n = rows[begin], rows[end], end - begin + 1
    kept = (n >= shortest) & (on[begin] > 0)
    first, last = first[kept], last[kept]
    found = {
        "port": port[first].astype(np.int64),
        "start": table["time"].iloc[first].array,
        "end": table["time"].iloc[last].array,
        "first": first,
        "last": last,
        "n": n[kept],
        "file": table["file"].iloc[first].astype("str").array,
        "line": table["line"].iloc[first].array,
    }
    return pd.DataFrame(found)


def match_ports(
    visits: pd.DataFrame, ports: pd.DataFrame, *, within: pd.Timedelta = WITHIN
) -> tuple[pd.DataFrame, list[Problem]]:
    """The jar of each visit: that of the set-up of the same port nearest in time to the visit's start.

    Nearest, before or after, because set-up times are written by hand. Where the set-up before the visit is also within
    reach and names another jar, the visit is told as open to doubt.

    Parameters
    ----------
    visits : DataFrame
        From `find_visits`.
    ports : DataFrame
        A row is a jar put on a port: `time` (UTC) from which, `port`, `jar`. Rows without one of them are not used.
    within : Timedelta, default 3 hours
        How far apart visit and set-up may lie.

    Returns
    -------
    visits : DataFrame
        With `jar` (empty where none matches) and `set_time`.
    problems : list of Problem
        Visits of no jar, of doubtful jars, and left running, with file and line.

    Raises
    ------
    TableError
        Where the table of ports lacks a column, or puts two jars on one port at one time.

    Examples
    --------
    >>> visits = pd.DataFrame({"port": [4], "start": pd.to_datetime(["2015-09-01T17:20Z"]), "end":
    ...     pd.to_datetime(["2015-09-01T17:22Z"]), "file": ["a.dat"], "line": [2]})
    >>> ports = pd.DataFrame({"time": ["2015-09-01 17:15"], "port": [4], "jar": ["AL 12"]})
    >>> match_ports(visits, ports)[0]["jar"].tolist()
    ['AL 12']
    """
    ports = _checked_ports(ports)
    left = visits.assign(at=np.arange(len(visits)), start=visits["start"].astype("datetime64[ns, UTC]"))
    left = left.sort_values("start", kind="stable")
    near, before = (
        pd.merge_asof(
            left, ports, left_on="start", right_on="set_time", by="port", direction=direction, tolerance=within
        )
        .sort_values("at")
        .reset_index(drop=True)
        for direction in ("nearest", "backward")
    )
    matched = visits.reset_index(drop=True).assign(jar=near["jar"].fillna(""), set_time=near["set_time"])
    other = before["jar"].where(before["jar"].notna() & (before["jar"] != near["jar"]), "")
    return matched, _told(matched, other, within)


def _checked_ports(ports: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in ("time", "port", "jar") if name not in ports]
    if missing:
        raise TableError(f"The table of ports lacks {listed(missing)}; it has {listed(list(ports.columns))}.", missing)
    made = pd.DataFrame(
        {
            "set_time": pd.to_datetime(ports["time"], utc=True, errors="coerce").astype("datetime64[ns, UTC]"),
            "port": pd.to_numeric(ports["port"], errors="coerce"),
            "jar": ports["jar"].astype("str"),
        }
    )
    made = made.dropna().sort_values("set_time", kind="stable").drop_duplicates()
    made = made[made["port"] % 1 == 0].astype({"port": np.int64})
    twice = made[made.duplicated(["set_time", "port"], keep=False)]
    if len(twice):
        lines = [f"{row.set_time:%Y-%m-%d %H:%M} port {row.port}: {row.jar}" for row in twice.itertuples()]
        raise TableError(f"Two jars on one port at one time: {listed(lines)}.", lines)
    return made


def _told(visits: pd.DataFrame, other: pd.Series, within: pd.Timedelta) -> list[Problem]:
    found = []
    reach = f"within {within / pd.Timedelta('1h'):g} h"
    for visit, before in zip(visits.itertuples(), other, strict=True):
        parts = {"stage": "incubation", "entry": visit.file, "where": f"line {visit.line}"}
        on = f"a visit of port {visit.port} from {visit.start:%Y-%m-%d %H:%M:%S} UTC"
        if not visit.jar:
            needed = f"a jar put on the port {reach}"
            found.append(problem("port-unmatched", found=on, needed=needed, done="left out", **parts))
        elif before:
            needed = f"one jar; {before} was put on the port before it, {visit.jar} nearer to it"
            found.append(
                problem(
                    "port-doubtful", column=visit.jar, found=on, needed=needed, done=f"{visit.jar} was taken", **parts
                )
            )
        if visit.end - visit.start > LEFT:
            lasting = f"{on} lasting {(visit.end - visit.start) / pd.Timedelta('1h'):.0f} h"
            found.append(
                problem("port-left", column=visit.jar, found=lasting, needed="minutes", done="kept as it is", **parts)
            )
    return found


def visit_readings(
    recording: Recording, visits: pd.DataFrame, starts: dict[str, str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Readings of jars, as the table ``readings``: a visit is a closing.

    Of a value that an analyser repeats until the gas is measured anew, the first row alone is a reading; at the turn of
    the valve this leaves out values that are still those of the port before.

    Parameters
    ----------
    recording : Recording
        What the visits were found in.
    visits : DataFrame
        From `match_ports`.
    starts : dict of str to str
        The jars wanted, and the time stamp of day 0 of each (UTC, or with an offset).

    Returns
    -------
    readings : DataFrame
        The table ``readings``; `time` in days since the jar's day 0.
    problems : list of Problem
        Jars on ports that are not among those wanted.

    Examples
    --------
    >>> from talik.incubation.instruments.recording import recording
    >>> from talik.problems import Findings
    >>> values = {"time": [1441041600, 1441041601], "line": [2, 3], "co2": [400.0, 401.0], "port": [4, 4]}
    >>> made = recording(values, Findings(""), file="a.dat", instrument="Picarro", serial="", timezone="UTC")
    >>> ports = pd.DataFrame({"time": ["2015-08-31 17:15"], "port": [4], "jar": ["AL 12"]})
    >>> visits, _ = match_ports(find_visits(made), ports)
    >>> readings, _ = visit_readings(made, visits, {"AL 12": "2015-08-30T17:20:00Z"})
    >>> readings[["jar", "gas", "mole_fraction"]].values.tolist()
    [['AL 12', 'co2', 400.0], ['AL 12', 'co2', 401.0]]
    """
    jars = visits["jar"].astype("str")
    wanted = visits[jars.isin(list(starts))]
    aside = jars[(jars != "") & ~jars.isin(list(starts))]
    problems = []
    if len(aside):
        names = sorted(set(aside))
        problems.append(
            problem(
                "port-unwanted",
                stage="incubation",
                found=f"{len(aside)} visits of {listed(names)}",
                needed="a jar of the table jars",
                done="left out",
            )
        )
    zero = {jar: pd.to_datetime(stamp, utc=True) for jar, stamp in starts.items()}
    length = (wanted["last"] - wanted["first"] + 1).to_numpy()
    place = np.repeat(wanted["first"].to_numpy() - np.concatenate([[0], np.cumsum(length)[:-1]])[: len(length)], length)
    place = place + np.arange(place.size)
    of = np.repeat(np.arange(len(wanted)), length)
    closing = (wanted["jar"] + " " + wanted["start"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_numpy(object)
    day0 = pd.DatetimeIndex([zero[jar] for jar in wanted["jar"]], tz="UTC").as_unit("ns")
    whole = recording.table["port"].to_numpy()[place] == wanted["port"].to_numpy()[of]
    parts = [
        _of_gas(recording, gas, place[new], of[new], wanted, closing, day0)
        for gas in ("co2", "ch4")
        for new in [np.flatnonzero(whole & _measured(recording, gas)[place])]
        if new.size
    ]
    names = [column.name for column in TABLES["readings"].columns]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    return table.reindex(columns=names), problems


def _measured(recording: Recording, gas: str) -> np.ndarray:
    """Which rows hold a value of the gas that was measured then."""
    values = recording.table[gas].to_numpy()
    measured = np.isfinite(values)
    if recording.repeats:
        measured[1:] &= values[1:] != values[:-1]
    return measured


def _of_gas(recording, gas: str, rows, of, visits: pd.DataFrame, closing, day0) -> pd.DataFrame:
    table = recording.table
    since = table["time"].to_numpy("datetime64[ns]")[rows] - day0.tz_localize(None).to_numpy("datetime64[ns]")[of]
    empty = pd.Series("", index=range(rows.size), dtype="str")
    return pd.DataFrame(
        {
            "study": empty,
            "jar": pd.Series(visits["jar"].to_numpy(object)[of], dtype="str"),
            "time": since / np.timedelta64(1, "D"),
            "temperature": np.nan,
            "gas": pd.Series(gas, index=range(rows.size), dtype="str"),
            "event": pd.Series("read", index=range(rows.size), dtype="str"),
            "closing": pd.Series(closing[of], dtype="str"),
            "mole_fraction": table[gas].to_numpy()[rows],
            "sd": np.nan,
            "batch": empty,
            "file": table["file"].iloc[rows].astype("str").array,
            "line": table["line"].to_numpy()[rows].astype(float),
        }
    )
