"""A recording: what an instrument's file holds, in one form whatever the instrument."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from talik.errors import InputError, listed
from talik.problems import Findings, Problem, problem

COLUMNS = (
    "time", "segment", "port", "co2", "ch4", "water", "pressure", "temperature", "diagnostic", "file", "line",
)  # fmt: skip
"""Columns of every recording, in order."""

LONGEST_PAUSE = 3600.0
"""A step of the clock beyond this, within a file, is told. [s]"""

_MEASURED = ("port", "co2", "ch4", "water", "pressure", "temperature", "diagnostic")


@dataclass(frozen=True)
class Recording:
    """What one file of an instrument holds, or several files of one instrument."""

    table: pd.DataFrame
    """A row is a reading, in the order of the file. Columns: `time` (UTC), `segment` (a number that rises where the
    clock was set back), `port` of the multiplexer (whole; fractional while the valve turns; missing where there is
    none), `co2` and `ch4` [ppm of dry air], `water` [mmol per mol of moist air], `pressure` [kPa] and
    `temperature` [°C] of the cell, `diagnostic` (the instrument's own code), `file`, and `line` in it. A recording of a
    chromatograph has `sample`, and `co2_sd`, `co2_sd_shared`, `ch4_sd` and `ch4_sd_shared` [ppm], besides."""
    instrument: str
    """Maker and model, as far as the file says."""
    serial: str
    """Serial number, where there is one."""
    timezone: str
    """Time zone of the clock, as the file or the user stated it. Times in the table are UTC all the same."""
    files: tuple[str, ...]
    """Files that it was read from."""
    repeats: bool = False
    """Whether rows repeat the last value of a gas until it is measured anew, as those of Picarro do."""
    problems: tuple[Problem, ...] = field(default=())
    """What was odd."""

    def __len__(self) -> int:
        """Readings in it."""
        return len(self.table)


def recording(
    values: Mapping[str, object],
    findings: Findings,
    *,
    file: str,
    instrument: str,
    serial: str,
    timezone: str,
    repeats: bool = False,
    least: float = 0.0,
) -> Recording:
    """A recording from columns of numbers; what is impossible in them is told and left out.

    Parameters
    ----------
    values : mapping of str to array_like
        `time` [s since 1970, UTC], `line`, and whatever the instrument gives of the other columns.
    findings : Findings
        What was found while the file was read.
    file, instrument, serial, timezone : str
        What is said about the file.
    repeats : bool, default False
        Whether rows repeat the last value of a gas.
    least : float, default 0
        A mole fraction at or below it cannot be. One calibrated near none may scatter below. [ppm]

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        Where no line holds a reading.
    """  # fmt: skip
    time = np.asarray(values["time"], float)
    known = np.isfinite(time) & (np.abs(time) < 4e9)
    columns = {name: _column(values, name, time.size) for name in _MEASURED}
    further = {name: column for name, column in values.items() if name not in (*_MEASURED, "time", "line")}
    line = np.asarray(values["line"], np.int32)
    if not known.all():
        _tell_lines(findings, "line-unreadable", line[~known], "have no time that can be read", "a time")
    for gas in ("co2", "ch4"):
        columns[gas] = _possible(columns[gas], gas, least, line, findings)
    table = pd.DataFrame(
        {"time": _stamps(np.where(known, time, 0.0)), "segment": np.int32(0)}
        | columns
        | {"file": pd.Categorical.from_codes(np.zeros(time.size, np.int8), [file]), "line": line}
        | further
    )
    table = _without_repeated(table[known].reset_index(drop=True), findings)
    if table.empty or not table[["co2", "ch4"]].notna().any(axis=None):
        raise InputError(
            f"{file} was recognised as a file of {instrument}, but no line of it holds a reading of CO2 or CH4. "
            "Is it cut, or of an instrument for other gases?",
            [file],
        )
    table["segment"] = _segments(table, findings)
    return Recording(table, instrument, serial, timezone, (file,), repeats, tuple(findings.problems))


def _stamps(time: np.ndarray) -> pd.DatetimeIndex:
    """Times in UTC of seconds since 1970, to the microsecond that a float keeps."""
    return pd.DatetimeIndex((np.round(1e6 * time).astype(np.int64) * 1000).view("datetime64[ns]"), tz="UTC")


def _column(values: Mapping[str, object], name: str, size: int) -> np.ndarray:
    if name not in values:
        return np.full(size, np.nan)
    column = np.asarray(values[name], float)
    return np.where(np.isfinite(column), column, np.nan)


def _possible(values: np.ndarray, gas: str, least: float, line: np.ndarray, findings: Findings) -> np.ndarray:
    """Mole fractions with those beyond the possible left out."""
    with np.errstate(invalid="ignore"):
        wrong = (values <= least) | (values > 1e6)
    if wrong.any():
        found = f"hold a mole fraction of {gas} that cannot be (the furthest {values[wrong].min():.4g} ppm)"
        _tell_lines(findings, "mole-fraction-impossible", line[wrong], found, "between 0 and 1,000,000 ppm")
    return np.where(wrong, np.nan, values)


def _tell_lines(findings: Findings, rule: str, lines: np.ndarray, found: str, needed: str) -> None:
    findings.tell(
        rule,
        where=f"line {listed([str(number) for number in lines], 5)}",
        found=f"{len(lines)} lines {found}",
        needed=needed,
        done="left out",
    )


def _without_repeated(table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Readings without those that stand twice; two different readings at one time both stay."""
    again = (table["time"].diff() == pd.Timedelta(0)).to_numpy()
    if not again.any():
        return table
    rest = [name for name in table.columns if name not in ("line", "file")]
    same = again & table[rest].eq(table[rest].shift()).where(table[rest].notna(), True).all(axis=1).to_numpy()
    for rows, what, done in (
        (same, "stand twice, all alike", "the second was left out"),
        (again & ~same, "have the time stamp of the line before, with other values", "both were kept"),
    ):
        if rows.any():
            findings.tell(
                "time-order",
                column="time",
                where=f"line {listed([str(n) for n in table.loc[rows, 'line']], 5)}",
                found=f"{rows.sum()} lines {what}",
                needed="one reading at a time",
                done=done,
            )
    return table[~same].reset_index(drop=True)


def _segments(table: pd.DataFrame, findings: Findings) -> np.ndarray:
    """Number of the stretch between two settings-back of the clock, for each reading."""
    step = np.diff(table["time"].to_numpy("datetime64[ns]").astype(np.int64)) / 1e9
    for rows, what, done in (
        (step < 0, "back", "readings were kept in the order of the file, in two segments"),
        (step > LONGEST_PAUSE, "on", "nothing; the instrument paused, or its clock was set"),
    ):
        for at in np.flatnonzero(rows)[:20]:
            findings.tell(
                "clock-jump",
                column="time",
                where=f"line {table['line'].iloc[at + 1]}",
                found=f"the clock went {what} by {abs(step[at]):,.1f} s",
                needed="a clock that runs",
                done=done,
            )
    return np.concatenate([[0], np.cumsum(step < 0)]).astype(np.int32)


def joined(recordings: list[Recording]) -> Recording:
    """Recordings of one instrument as one, by the time of their first reading.

    Raises
    ------
    InputError
        Where they are of more than one instrument.
    """
    instruments = dict.fromkeys((one.instrument, one.serial) for one in recordings)
    if len(instruments) > 1:
        named = [f"{instrument} {serial}".strip() for instrument, serial in instruments]
        raise InputError(f"These are files of {len(named)} instruments: {listed(named)}. Read each by itself.", named)
    ordered = sorted(recordings, key=lambda one: (one.table["time"].iloc[0], one.files))
    problems = [found for one in ordered for found in one.problems]
    files = [file for one in ordered for file in one.files]
    parts, segment, end = [], 0, None
    for number, one in enumerate(ordered):
        start = one.table["time"].iloc[0]
        overlaps = end is not None and start <= end
        segment += overlaps
        codes = np.full(len(one), number, np.int32)
        part = one.table.assign(segment=one.table["segment"] + np.int32(segment))
        parts.append(part.assign(file=pd.Categorical.from_codes(codes, files)))
        segment = int(part["segment"].iloc[-1])
        end = one.table["time"].max() if end is None else max(end, one.table["time"].max())
        if overlaps:
            problems.append(_overlap(one, ordered[number - 1]))
    table = pd.concat(parts, ignore_index=True)
    if any(found.rule == "time-order" and found.where == _OVERLAP for found in problems):
        table = table[~table.duplicated(["time", "port", "co2", "ch4"])].reset_index(drop=True)
    return Recording(
        table, *next(iter(instruments)), ordered[0].timezone, tuple(files), ordered[0].repeats, tuple(problems)
    )


_OVERLAP = "its beginning"


def _overlap(one: Recording, before: Recording) -> Problem:
    return problem(
        "time-order",
        stage="incubation",
        entry=one.files[0],
        column="time",
        where=_OVERLAP,
        found=f"it begins before {before.files[-1]} ends",
        needed="files that follow one another",
        done="a reading that stands in both was taken once",
    )
