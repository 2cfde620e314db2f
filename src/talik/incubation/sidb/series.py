"""A column of numbers to intervals of respiration."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.errors import TableError, UnitError
from talik.incubation.sidb.columns import as_number, as_text
from talik.incubation.sidb.entry import Entry
from talik.incubation.sidb.kinds import Kind
from talik.incubation.sidb.units import PERCENT, SeriesUnit
from talik.problems import Findings
from talik.tables import RESPIRATION_OF
from talik.units import convert, dimension

_AMOUNT = {"respiration": "ug C g-1 soil", "specific_respiration": "mg C g-1 SOC", "jar_respiration": "ug C"}

HOURS = 24.0
"""Hours in a day."""

_TIME_BELOW = re.compile(r"(?:/\s*(?P<slash>[A-Za-z]+)|\b(?P<power>[A-Za-z]+)\s*-1)\s*$")


@dataclass(frozen=True)
class Series:
    """One column, in order of time and without gaps."""

    name: str
    """Name of the column."""
    time: np.ndarray
    """Days since the start. [d]"""
    values: np.ndarray
    """Values in the unit of the column."""
    sd: np.ndarray
    """Standard deviation of the replicates, in the same unit; NaN where not given."""


def entry_time(entry: Entry, findings: Findings) -> np.ndarray:
    """Days since the start, from the first column of the time series. [d]

    Hours under a heading of days are found by the length that the metadata state.
    """
    cells = entry.series.iloc[:, 0]
    variable = next(iter(entry.metadata["variables"].values()))
    unit = as_text(variable.get("units")) if isinstance(variable, dict) else ""
    numbers = pd.to_numeric(cells.where(cells != ""), errors="coerce")
    if numbers.isna().all():
        raise TableError(
            f"{entry.name}/timeSeries.csv: the first column ({cells.name!r}) holds no times; found "
            f"{cells.iloc[0] if len(cells) else 'nothing'!r}, and numbers are needed.",
            [entry.name],
        )
    try:
        time = convert(numbers, unit or "d", "time")
    except UnitError as error:
        raise TableError(f"{entry.name}/metadata.yaml, unit of time: {error}", [entry.name]) from None
    if np.any(np.diff(time[np.isfinite(time)]) < 0):
        findings.tell(
            "time-order", where="timeSeries.csv", column=str(cells.name), found="times are not in order",
            needed="rising times", done="sorted",
        )  # fmt: skip
    longest, stated = (
        float(np.nanmax(time)),
        as_number(entry.metadata["incubationInfo"].get("incubationTime")),
    )
    if stated and 0.85 < longest / stated / HOURS < 1.15:
        findings.tell(
            "time-unit", where="timeSeries.csv", found=f"times to {longest:g} d in an incubation of {stated:g} d",
            needed="days", done="taken as hours",
        )  # fmt: skip
        return time / HOURS
    return time


def clean_series(name: str, time: np.ndarray, cells: pd.Series, sd: np.ndarray | None, findings: Findings) -> Series:
    """A column's numbers in order of time; repeated times become their mean, and are told.

    Parameters
    ----------
    name : str
        Name of the column.
    time : ndarray, shape (n,)
        Days. [d]
    cells : Series of str, shape (n,)
        The column as it stands.
    sd : ndarray or None, shape (n,)
        Its standard deviation.
    findings : Findings
        Where oddities are told.

    Returns
    -------
    Series
    """
    numbers = pd.to_numeric(cells.where(cells != ""), errors="coerce")
    shared = {"column": name, "where": "timeSeries.csv"}
    strange = cells[numbers.isna() & ~cells.str.lower().isin(["", "na", "nan", "n/a", "null", "-9999"])]
    if len(strange):
        findings.tell(
            "value-not-a-number", **shared, found=f"{len(strange)} cells, the first {strange.iloc[0]!r}",
            needed="numbers", done="taken as missing",
        )  # fmt: skip
    frame = pd.DataFrame({"time": time, "value": numbers.to_numpy(float), "sd": np.nan if sd is None else sd})
    frame = frame[(frame["value"] != -9999)].dropna(subset=["time", "value"])
    if frame["time"].duplicated().any():
        repeated = frame.loc[frame["time"].duplicated(), "time"].unique()
        frame = frame.groupby("time", as_index=False).mean()
        findings.tell(
            "time-order", **shared, found=f"several values at day {', '.join(f'{t:g}' for t in repeated[:5])}",
            needed="one value a time", done="their mean is used",
        )  # fmt: skip
    frame = frame.sort_values("time")
    return Series(name, frame["time"].to_numpy(), frame["value"].to_numpy(), frame["sd"].to_numpy())


def intervals(series: Series, unit: SeriesUnit, kind: Kind, findings: Findings) -> pd.DataFrame:
    """Respiration of one jar, from rates, amounts, a cumulative curve or carbon remaining.

    Cumulative values become the mean rate of each interval, the first counted from day 0, so
    that adding the intervals up gives back the curve exactly.

    Parameters
    ----------
    series : Series
        The column.
    unit : SeriesUnit
        What its unit says.
    kind : Kind
        What it was decided to be.
    findings : Findings
        Where oddities are told.

    Returns
    -------
    DataFrame
        Columns of the table ``respiration``, without jar and temperature.
    """
    quantity = RESPIRATION_OF[unit.basis]
    text = unit.unit
    shared = {"column": series.name, "where": unit.unit}
    if kind.kind == "rate":
        text = text if unit.is_rate else f"{text} / d"
        factor = unit.factor * float(convert(1.0, text, quantity))
        return _rates(series, factor, quantity)
    factor = unit.factor * float(convert(1.0, f"{_without_time(text)} / d", quantity))
    values = factor * series.values
    if kind.kind == "remaining":
        # A percentage remains of all that was there; an amount, of what was there at first.
        start = PERCENT * 100 if unit.factor == PERCENT else values[:1]
        values = start - values
    if kind.kind == "amount":
        return _amounts(series, values, factor * series.sd, quantity)
    _tell_offset(series, values, shared, findings)
    falls = int(np.sum(np.diff(values) < 0))
    if falls:
        largest = float(np.diff(values).min())
        findings.tell(
            "cumulative-falls", **shared,
            found=f"{falls} of {len(values) - 1} steps fall, the largest by {-largest:.3g} {_AMOUNT[quantity]}",
            needed="a curve that does not fall", done="kept: these intervals have a negative rate",
        )  # fmt: skip
    return _increments(series, values, factor * series.sd, quantity)


def _without_time(unit: str) -> str:
    """A unit without its time, for a cumulative curve that carries the unit of a rate."""
    return _TIME_BELOW.sub("", unit) if "[time]" in dimension(unit) else unit


def _rates(series: Series, factor: float, quantity: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time_start": np.nan, "time_end": np.nan, "time": series.time,
            quantity: factor * series.values, "sd": factor * series.sd, "method": "rate as given",
        }
    )  # fmt: skip


def _amounts(series: Series, amounts: np.ndarray, sd: np.ndarray, quantity: str) -> pd.DataFrame:
    start = np.concatenate([[0.0], series.time[:-1]])
    length = series.time - start
    counted = length > 0
    return _mean_rates(
        start[counted],
        series.time[counted],
        amounts[counted],
        sd[counted],
        quantity,
        "amount of the interval",
    )


def _increments(series: Series, curve: np.ndarray, sd: np.ndarray, quantity: str) -> pd.DataFrame:
    counted = series.time > 0
    time, curve, sd = series.time[counted], curve[counted], sd[counted]
    # Errors of a cumulative curve add up, so the variance of a step is the difference of two.
    steps = np.sqrt(np.abs(np.diff(sd**2, prepend=0.0))) if np.isfinite(sd).all() else np.full_like(sd, np.nan)
    return _mean_rates(
        np.concatenate([[0.0], time[:-1]]),
        time,
        np.diff(curve, prepend=0.0),
        steps,
        quantity,
        "step of the curve",
    )


def _mean_rates(start, end, amounts, sd, quantity: str, method: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time_start": start, "time_end": end, "time": 0.5 * (start + end),
            quantity: amounts / (end - start), "sd": sd / (end - start), "method": method,
        }
    )  # fmt: skip


def _tell_offset(series: Series, values: np.ndarray, shared: dict[str, str], findings: Findings) -> None:
    if len(values) and series.time[0] == 0 and values[0] > 0:
        findings.tell(
            "cumulative-offset", **shared, found=f"{values[0]:.3g} at day 0", needed="0 at day 0",
            done="counted as carbon of the first interval, so that the curve stays as given",
        )  # fmt: skip
