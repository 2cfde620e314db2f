"""Factors between series: carbon dioxide for carbon, hours for days, soil for carbon; and series given twice."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from talik.flux import release
from talik.incubation.checks.curves import Curves, codes
from talik.problems import Problem, problem
from talik.tables import RELEASE_OF

CARBON_DIOXIDE = 44.01 / 12.011
"""Mass of carbon dioxide per mass of carbon."""

FACTORS = {
    CARBON_DIOXIDE: "44.01 / 12.011, that of mg CO2 for mg C",
    24.0: "24, that of per day for per hour",
    24.0 * CARBON_DIOXIDE: "24 times 44.01 / 12.011, that of mg CO2 per day for mg C per hour",
    1000.0: "1000, that of two units of mass",
}
"""Factors between two series that betray their units, and in words."""

CONSTANT = 0.002
"""Largest spread of the ratio of two series that are one measurement; jars of one soil spread ten times more."""

NEAR = 0.003
"""Largest distance of a ratio from a factor, as a natural logarithm; a carbon content is known to 1 %."""

FEWEST_POINTS = 5
"""Readings from which a constant ratio is no accident."""

LEAST_COURSE = 0.05
"""Spread of ln respiration over time below which a series has no course of its own to compare."""

ADDED_UP = 0.1
"""Largest distance of a release from the respiration added up, as a natural logarithm: readings miss what is between."""


def constant_ratios(curves: Curves) -> Iterator[tuple[int, int, float]]:
    """Pairs of series whose ratio does not change with time.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    lower, higher, ratio : int, int, float
        Rows of the two series, and by what the higher exceeds the lower.
    """
    there = np.isfinite(curves.log_rate)
    for pattern in np.unique(there, axis=0):
        rows = np.flatnonzero((there == pattern).all(axis=1))
        if pattern.sum() < FEWEST_POINTS or rows.size < 2:
            continue
        logs = curves.log_rate[np.ix_(rows, pattern)]
        course = logs - logs.mean(axis=1, keepdims=True)
        varied = course.std(axis=1) > LEAST_COURSE
        for one, other in _alike(course[varied]):
            pair = sorted(rows[varied][[one, other]], key=lambda row: float(curves.log_rate[row, pattern].mean()))
            ratio = np.exp(np.mean(curves.log_rate[pair[1], pattern] - curves.log_rate[pair[0], pattern]))
            yield int(pair[0]), int(pair[1]), float(ratio)


def _alike(course) -> list[tuple[int, int]]:
    """Pairs of courses that differ by no more than `CONSTANT` in the mean square, of each the nearest few."""
    if len(course) < 2:
        return []
    distance, near = cKDTree(course).query(course, k=min(5, len(course)))
    close = distance <= CONSTANT * np.sqrt(course.shape[1])
    pairs = {(min(i, j), max(i, j)) for i, j in zip(*(a[close] for a in _indices(near)), strict=True) if i != j}
    return sorted((int(i), int(j)) for i, j in pairs)


def _indices(near):
    return np.broadcast_to(np.arange(len(near))[:, None], near.shape), near


def constant_factors(curves: Curves) -> Iterator[Problem]:
    """Pairs of series that are one measurement in two units.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    carbon = pd.to_numeric(curves.jars["organic_carbon"]).to_numpy(float)
    for lower, higher, ratio in constant_ratios(curves):
        why = _factor(ratio, carbon[lower], codes(curves.jars["sample"])[[lower, higher]])
        if why:
            names = curves.jars["jar"].iloc[[higher, lower]]
            yield problem(
                "unit-factor", stage="flux", entry=curves.study, column=" and ".join(names),
                where=f"{np.isfinite(curves.log_rate[lower]).sum()} readings each",
                found=f"the first is always {ratio:.4g} times the second, {why}",
                needed="each series in its own unit, given once",
                done="kept; which of the two has the unit that is stated?",
            )  # fmt: skip


def _factor(ratio: float, carbon: float, samples: np.ndarray) -> str:
    """Why two series differ by this ratio, where units are the reason."""
    for factor, why in FACTORS.items():
        if abs(np.log(ratio / factor)) < NEAR:
            return why
    if samples[0] == samples[1] and carbon > 0 and abs(np.log(ratio * carbon / 1000)) < 0.01:
        return f"1000 / {carbon:g}, that of per g soil carbon for per g soil"
    return ""


def series_twice(curves: Curves) -> Iterator[Problem]:
    """Series that are copies of one another, whole or in part, or one the other times a constant.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    whole = {}
    for lower, higher, ratio in constant_ratios(curves):
        known = _factor(
            ratio, float(curves.jars["organic_carbon"].iloc[lower]), codes(curves.jars["sample"])[[lower, higher]]
        )
        if not known:
            said = "the same numbers" if abs(np.log(ratio)) < CONSTANT else f"always {ratio:.3g} times the other"
            whole[lower, higher] = f"{np.isfinite(curves.log_rate[lower]).sum()} readings, {said}"
    for (one, other), said in (_copied_stretches(curves) | whole).items():
        names = curves.jars["jar"].iloc[[one, other]]
        yield problem(
            "series-twice", stage="incubation", entry=curves.study, column=" and ".join(names), found=said,
            needed="each jar's own readings", done="kept; was a column copied, or one computed from the other?",
        )  # fmt: skip


def _copied_stretches(curves: Curves) -> dict[tuple[int, int], str]:
    """Pairs of series that hold the same numbers at five or more visits running."""
    log_rate, found = curves.log_rate, {}
    last = np.full(len(log_rate), -1)
    for start in range(log_rate.shape[1] - FEWEST_POINTS + 1):
        stretch = log_rate[:, start : start + FEWEST_POINTS]
        rows = np.flatnonzero(np.isfinite(stretch).all(axis=1) & (np.ptp(stretch, axis=1) > LEAST_COURSE))
        order = rows[np.lexsort(stretch[rows].T)]
        for one, other in pairwise(order):
            if (stretch[one] == stretch[other]).all() and last[one] < start:
                same = np.flatnonzero(log_rate[one] == log_rate[other])
                last[[one, other]] = same.max()
                pair = (int(min(one, other)), int(max(one, other)))
                found[pair] = f"the same numbers at {same.size} visits from day {curves.time[same.min()]:g} on"
    return found


def release_factors(respiration: pd.DataFrame, given: pd.DataFrame) -> Iterator[Problem]:
    """Releases that are the respiration of the same jar added up, times a factor between units.

    Parameters
    ----------
    respiration : DataFrame
        The table ``respiration``.
    given : DataFrame
        The table ``release`` as the laboratory gave it.

    Yields
    ------
    Problem
        One a study and factor.
    """
    columns = [*dict.fromkeys(RELEASE_OF.values())]
    both = release(respiration).merge(given, on=["jar", "gas", "time"], suffixes=("", "_given"))
    for column in columns:
        ratio = both[f"{column}_given"] / both[column].where(both[column] > 0)
        rows = both[["study", "jar"]].assign(log=np.log(ratio.where(ratio > 0))).dropna(subset=["log"])
        of_jar = rows.groupby(["study", "jar"], sort=False)["log"].agg(["mean", "std", "size"])
        steady = of_jar[(of_jar["size"] >= 3) & (of_jar["std"] < ADDED_UP)]
        yield from _released_in(steady, column)


def _released_in(steady: pd.DataFrame, column: str) -> Iterator[Problem]:
    for factor, why in FACTORS.items():
        for sign, which in ((1, "release"), (-1, "respiration")):
            near = steady[(steady["mean"] - sign * np.log(factor)).abs() < ADDED_UP]
            for study, rows in near.groupby(level="study", sort=False):
                jars = rows.index.get_level_values("jar")
                yield problem(
                    "unit-factor", stage="flux", entry=str(study), column=f"{jars[0]}",
                    where=f"{len(jars)} jars, {column}",
                    found=f"the release is {np.exp(rows['mean'].median()):.3g} times the respiration added up: {why}",
                    needed="release and respiration in units that agree",
                    done=f"kept; is the {which} in the larger unit?",
                )  # fmt: skip
