"""The thermometer of a cabinet beside the temperature its jars are said to have had."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.errors import listed
from talik.incubation.checks.curves import codes, curves
from talik.problems import Problem, problem

EXCURSION = 2.0
"""Distance from the nominal temperature that makes an excursion. [°C]"""

SHORTEST = 2.0 / 24
"""Length from which soil in a jar follows the air of its cabinet; opened doors and defrosting are shorter. [d]"""

LARGEST_OFFSET = 0.5
"""Distance of the mean of the log from the nominal temperature that is told. [°C]"""

LONGEST_GAP = 1.0
"""Length without a reading, from which a log has a gap, if it is also five times its usual step. [d]"""

LARGEST_CHANGE = 0.05
"""Change of ln Q10 by the temperatures of the log from which it is a warning; 5 %."""

FIRST_Q10 = 2.0
"""Q10 that weights temperatures before that of the study is known."""


@dataclass(frozen=True)
class Excursion:
    """Readings of a log away from the nominal temperature, one after the other."""

    start: float
    """When it began. [d]"""
    end: float
    """When it ended. [d]"""
    largest: float
    """Largest distance, with its sign. [°C]"""
    mean: float
    """Mean distance. [°C]"""


def check_cabinet_logs(jars: pd.DataFrame, respiration: pd.DataFrame, log: pd.DataFrame) -> Iterator[Problem]:
    """What the logs of cabinets tell of the temperatures of jars: excursions, offsets, gaps, and Q10.

    Times of the log count from the start of the first jar; a jar that started later is moved by its `start`.

    Parameters
    ----------
    jars, respiration, log : DataFrame
        The tables ``jars``, ``respiration`` and ``cabinets``.

    Yields
    ------
    Problem
    """
    held = held_in(jars, respiration)
    for cabinet, rows in log.sort_values("time", kind="stable").groupby("cabinet", sort=False):
        inside = held[held["cabinet"] == cabinet]
        if inside.empty:
            yield _unused(str(cabinet), held)
            continue
        clash = _clash(inside)
        if clash:
            yield _contradiction(str(cabinet), inside, clash)
            continue
        time, temperature = rows["time"].to_numpy(float), rows["temperature"].to_numpy(float)
        nominal = nominal_at(time, inside)
        yield from _excursions(str(cabinet), inside, time, temperature - nominal)
        yield from _offset(str(cabinet), inside, temperature - nominal)
        yield from _gaps(str(cabinet), inside, time)
    yield from _moved_q10(jars, respiration, held, log)


def held_in(jars: pd.DataFrame, respiration: pd.DataFrame) -> pd.DataFrame:
    """Where each jar stood and how warm it was meant to be, on the clock of the log.

    Parameters
    ----------
    jars, respiration : DataFrame
        The tables of these names.

    Returns
    -------
    DataFrame
        study, jar, cabinet, start, end, temperature: a row for every interval, without gaps.
    """
    placed = jars[jars["cabinet"] != ""]
    begun = pd.to_datetime(placed["start"].where(placed["start"] != ""), utc=True, errors="coerce", format="ISO8601")
    late = ((begun - begun.min()).dt.total_seconds() / 86400).fillna(0.0)
    known = placed[["study", "jar", "cabinet"]].assign(late=late)
    rows = respiration[["jar", "time", "time_end", "temperature"]].merge(known, on="jar")
    rows = rows.assign(end=rows["time_end"].fillna(rows["time"])).sort_values(["jar", "end"], kind="stable")
    start = rows.groupby("jar", sort=False)["end"].shift(fill_value=0.0)
    rows = rows.assign(start=start + rows["late"], end=rows["end"] + rows["late"])
    return rows[["study", "jar", "cabinet", "start", "end", "temperature"]].drop_duplicates().reset_index(drop=True)


def _clash(inside: pd.DataFrame) -> list[float]:
    """Temperatures that jars of one cabinet are said to have had at the same time."""
    of_jar = inside.groupby("jar")["temperature"]
    steady = of_jar.first()[of_jar.nunique() == 1].unique()
    return sorted(float(value) for value in steady) if len(steady) > 1 else []


def nominal_at(time, inside: pd.DataFrame):
    """Temperature that a cabinet was meant to have at each time, NaN where no jar was in it.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Times of the log. [d]
    inside : DataFrame
        Rows of `held_in` of this cabinet.

    Returns
    -------
    ndarray, shape (n,)
        [°C]
    """
    if inside["temperature"].nunique() == 1:
        there = (time >= inside["start"].min()) & (time <= inside["end"].max())
        return np.where(there, inside["temperature"].iloc[0], np.nan)
    longest = inside.loc[inside["end"].idxmax(), "jar"]
    steps = inside[inside["jar"] == longest].sort_values("end", kind="stable")
    end = steps["end"].to_numpy(float)
    at = np.searchsorted(end, time).clip(max=end.size - 1)
    return np.where(time <= end[-1], steps["temperature"].to_numpy(float)[at], np.nan)


def weights(time):
    """Time that each reading of a log stands for: up to halfway to its neighbours, in a gap the usual step.

    Examples
    --------
    >>> weights(np.array([0.0, 1.0, 2.0, 12.0]))
    array([0.5, 1. , 1. , 0.5])
    """
    if time.size < 2:
        return np.ones(time.size)
    step = np.diff(time)
    half = 0.5 * np.fmin(step, np.median(step))
    return np.concatenate([half, [0.0]]) + np.concatenate([[0.0], half])


def excursions(time, away) -> list[Excursion]:
    """Stretches of a log that are farther than `EXCURSION` from the nominal temperature, for `SHORTEST` or longer.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Times of the log, rising. [d]
    away : ndarray, shape (n,)
        Distance from the nominal temperature; NaN where there is none. [°C]

    Returns
    -------
    list of Excursion

    Examples
    --------
    >>> hours = np.arange(48) / 24
    >>> away = np.where((hours >= 1) & (hours < 1.25), 6.0, 0.1)
    >>> [(round(24 * (one.end - one.start)), one.largest) for one in excursions(hours, away)]
    [(6, 6.0)]
    """
    far = np.nan_to_num(np.abs(away)) > EXCURSION
    edges = np.flatnonzero(np.diff(np.concatenate([[0], far.astype(int), [0]])))
    each = weights(time)
    found = []
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        part, length = away[first:after], each[first:after]
        if length.sum() >= SHORTEST * (1 - 1e-9):
            largest = float(part[np.abs(part).argmax()])
            mean = float((part * length).sum() / length.sum())
            found.append(Excursion(float(time[first]), float(time[first] + length.sum()), largest, mean))
    return found


def _excursions(cabinet: str, inside: pd.DataFrame, time, away) -> Iterator[Problem]:
    found = excursions(time, away)
    if not found:
        return
    worst = max(found, key=lambda one: abs(one.mean) * (one.end - one.start))
    touched = [inside[(inside["start"] < one.end) & (inside["end"] > one.start)] for one in found]
    intervals = pd.concat(touched).drop_duplicates()
    jars = list(dict.fromkeys(intervals["jar"]))
    first = f"{24 * (worst.end - worst.start):.0f} hours" if worst.end - worst.start < 2 else (
        f"{worst.end - worst.start:.1f} days")  # fmt: skip
    yield problem(
        "temperature-excursion", stage="incubation", entry=str(inside["study"].iloc[0]), column=f"cabinet {cabinet}",
        where=f"{len(intervals)} intervals of {len(jars)} jars: {listed(jars, 5)}",
        found=f"{len(found)} excursion{'s' if len(found) > 1 else ''}, the worst from day {worst.start:.1f} for "
        f"{first}, {worst.mean:+.1f} degrees in the mean and {worst.largest:+.1f} at most; "
        f"{sum(one.end - one.start for one in found):.1f} days in all",
        needed=f"within {EXCURSION:g} degrees of {_meant(inside)} degC",
        done="kept at the nominal temperature; leave these intervals out, or use the temperature of the log",
    )  # fmt: skip


def _meant(inside: pd.DataFrame) -> str:
    return " and ".join(f"{value:g}" for value in sorted(inside["temperature"].unique()))


def _offset(cabinet: str, inside: pd.DataFrame, away) -> Iterator[Problem]:
    known = np.isfinite(away)
    if not known.any():
        return
    # The middle of the readings, so that an excursion is told once.
    middle = float(np.median(away[known]))
    if abs(middle) > LARGEST_OFFSET:
        yield problem(
            "temperature-offset", stage="incubation", entry=str(inside["study"].iloc[0]), column=f"cabinet {cabinet}",
            where=f"{inside['jar'].nunique()} jars", found=f"the log stands {middle:+.1f} degrees from nominal, "
            f"half of its {known.sum()} readings above that", needed=f"within {LARGEST_OFFSET:g} degrees of "
            f"{_meant(inside)} degC", done="kept at the nominal temperature; was the thermometer calibrated?",
        )  # fmt: skip


def _gaps(cabinet: str, inside: pd.DataFrame, time) -> Iterator[Problem]:
    first, last = inside["start"].min(), inside["end"].max()
    within = time[(time >= first) & (time <= last)]
    edges = np.concatenate([[first], within, [last]])
    step = np.diff(edges)
    usual = np.median(np.diff(within)) if within.size > 1 else 0.0
    gaps = np.flatnonzero(step > max(LONGEST_GAP, 5 * usual))
    if gaps.size:
        worst = gaps[step[gaps].argmax()]
        yield problem(
            "temperature-log-gap", stage="incubation", entry=str(inside["study"].iloc[0]), column=f"cabinet {cabinet}",
            where=f"{len(gaps)} gap{'s' if len(gaps) > 1 else ''}",
            found=f"{step[gaps].sum():.1f} of {last - first:.0f} days without a reading, the longest from day "
            f"{edges[worst]:.1f} for {step[worst]:.1f} days", needed="a log of the whole incubation",
            done="taken as the nominal temperature there",
        )  # fmt: skip


def _unused(cabinet: str, held: pd.DataFrame) -> Problem:
    return problem(
        "cabinet-unknown", stage="incubation", column=f"cabinet {cabinet}", where="cabinets",
        found=f"a log of cabinet {cabinet}, in which no jar stands",
        needed=f"one of {listed(sorted(held['cabinet'].unique())) or 'the cabinets of jars, which name none'}",
        done="this log is not used; is the name spelled alike in jars and cabinets?",
    )  # fmt: skip


def _contradiction(cabinet: str, inside: pd.DataFrame, clash: list[float]) -> Problem:
    return problem(
        "cabinet-contradiction", stage="incubation", entry=str(inside["study"].iloc[0]), column=f"cabinet {cabinet}",
        where=f"{inside['jar'].nunique()} jars",
        found=f"jars of {' and '.join(f'{value:g}' for value in clash)} degC in it",
        needed="one temperature in one cabinet at a time", done="its log is not compared",
    )  # fmt: skip


def true_temperatures(held: pd.DataFrame, log: pd.DataFrame, q10: float) -> pd.Series:
    r"""Temperature at which each jar would have respired as much, had its cabinet stood still.

    Respiration answers warmth more than cold, so the mean is that of rates:

    .. math:: T = T_0 + \frac{10}{\ln Q} \ln \overline{Q^{(T_i - T_0) / 10}}

    Parameters
    ----------
    held : DataFrame
        As from `held_in`.
    log : DataFrame
        The table ``cabinets``.
    q10 : float
        Q10 by which temperatures are weighted.

    Returns
    -------
    Series, shape (jars,)
        By jar; jars without a reading of their cabinet are not there. [°C]
    """
    span = held.groupby("jar").agg(
        cabinet=("cabinet", "first"), start=("start", "min"), end=("end", "max"), temperature=("temperature", "mean")
    )
    found: dict[str, float] = {}
    for (cabinet, start, end), rows in span.groupby(["cabinet", "start", "end"]):
        part = log[(log["cabinet"] == cabinet) & (log["time"] >= start) & (log["time"] <= end)].sort_values("time")
        if part.empty:
            continue
        nominal = float(rows["temperature"].iloc[0])
        pace = q10 ** ((part["temperature"].to_numpy(float) - nominal) / 10)
        mean = np.average(pace, weights=weights(part["time"].to_numpy(float)))
        found |= dict.fromkeys(rows.index, nominal + 10 * np.log(mean) / np.log(q10))
    return pd.Series(found, dtype=float)


def _moved_q10(
    jars: pd.DataFrame, respiration: pd.DataFrame, held: pd.DataFrame, log: pd.DataFrame
) -> Iterator[Problem]:
    """How far Q10 moves when temperatures are those of the log."""
    steady = held.groupby("jar")["temperature"].transform("nunique") == 1
    for of in curves(jars, respiration):
        slope = _slope(of.level(), of.jars["temperature"].to_numpy(float), codes(of.jars["set"]))
        q10 = np.exp(10 * slope) if 0.005 < slope < 0.5 else FIRST_Q10
        true = of.jars["jar"].map(true_temperatures(held[steady], log, q10)).to_numpy(float)
        known = np.isfinite(true)
        level, sets = of.level()[known], codes(of.jars["set"][known])
        if known.sum() < 2:
            continue
        nominal = _slope(level, of.jars["temperature"].to_numpy(float)[known], sets)
        logged = _slope(level, true[known], sets)
        if np.isfinite(nominal) and np.isfinite(logged):
            yield _q10_told(of.study, of.jars[known], true[known], 10 * nominal, 10 * logged)


def _slope(level, temperature, sets) -> float:
    """Slope of levels on temperature within sets, NaN where no set has two temperatures."""
    if not level.size:
        return np.nan
    count = np.bincount(sets)
    warmer = temperature - (np.bincount(sets, temperature) / count)[sets]
    higher = level - (np.bincount(sets, level) / count)[sets]
    spread = float(warmer @ warmer)
    return float(warmer @ higher) / spread if spread > 1e-6 * temperature.size else np.nan


def _q10_told(study: str, jars: pd.DataFrame, true, nominal: float, logged: float) -> Problem:
    means = pd.Series(true).groupby(jars["temperature"].to_numpy(float)).mean()
    pairs = ", ".join(f"{value:.1f} for {degrees:g}" for degrees, value in means.items())
    return problem(
        "temperature-log", severity="warning" if abs(logged - nominal) > LARGEST_CHANGE else "info",
        stage="incubation", entry=study, column="cabinets", where=f"{len(jars)} jars",
        found=f"by the log the jars stood at {pairs} degC, so a Q10 of {np.exp(nominal):.2f} would be "
        f"{np.exp(logged):.2f}", needed=f"a change of less than {100 * LARGEST_CHANGE:.0f} %",
        done="Q10 is taken at the nominal temperatures",
    )  # fmt: skip
