"""Factors between series: carbon dioxide for carbon, hours for days, soil for carbon; and series given twice."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
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

CHANCE = 0.001
"""Pairs of series that may hold the same numbers by chance."""

ADDED_UP = 0.1
"""Largest distance of a release from the respiration added up, as a natural logarithm; readings miss some of it."""


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
    """Series that are copies of one another, whole or in part.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
        One for all series that are copies of one another.
    """
    found = _copied_stretches(curves)
    for lower, higher, ratio in constant_ratios(curves):
        if np.log(ratio) < NEAR:
            found.setdefault((min(lower, higher), max(lower, higher)), "the same numbers within 0.3 %")
    for rows in _together(found, len(curves.jars)):
        said = [text for pair, text in found.items() if pair[0] in rows]
        yield problem(
            "series-twice", stage="incubation", entry=curves.study, column=" and ".join(curves.jars["jar"].iloc[rows]),
            where=f"{len(rows)} of {len(curves.jars)} series", found=said[0], needed="each jar's own readings",
            done="kept; was a column copied?",
        )  # fmt: skip


def _together(pairs, size: int) -> list[list[int]]:
    """Rows that are linked by pairs, directly or through others."""
    if not pairs:
        return []
    first, second = np.array(list(pairs)).T
    links = coo_array((np.ones(first.size), (first, second)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    return [np.flatnonzero(label == one).tolist() for one in dict.fromkeys(label[first])]


def _copied_stretches(curves: Curves) -> dict[tuple[int, int], str]:
    """Pairs of series that hold the same numbers at five or more visits running, more than chance lets expect."""
    log_rate, found = curves.log_rate, {}
    for start in range(log_rate.shape[1] - FEWEST_POINTS + 1):
        stretch = log_rate[:, start : start + FEWEST_POINTS]
        rows = np.flatnonzero(np.isfinite(stretch).all(axis=1) & (np.ptp(stretch, axis=1) > LEAST_COURSE))
        order = rows[np.lexsort(stretch[rows].T)]
        for one, other in pairwise(order):
            pair = (int(min(one, other)), int(max(one, other)))
            if pair not in found and (stretch[one] == stretch[other]).all():
                same = _run(log_rate[one] == log_rate[other], start)
                if _chance(log_rate, pair, same) < CHANCE:
                    found[pair] = f"the same numbers at {same.size} visits running, from day {curves.time[start]:g} on"
    return found


def _run(equal, start):
    """Places from the start on that are equal without a break."""
    ends = np.flatnonzero(~equal[start:])
    return np.arange(start, start + ends[0] if ends.size else equal.size)


def _chance(log_rate, pair, same) -> float:
    """Pairs that would hold the same numbers at all these visits if they did so by chance at each.

    Numbers of few digits are often equal: as often as in the other pairs of the study, or as in this pair
    at its other visits.
    """
    pairs = len(log_rate) * (len(log_rate) - 1) / 2
    held = [np.unique(visit[np.isfinite(visit)], return_counts=True)[1] for visit in log_rate[:, same].T]
    others = np.array([(count * (count - 1) / 2).sum() for count in held]) - 1
    elsewhere = np.delete(log_rate[pair[0]] == log_rate[pair[1]], same)
    own = elsewhere.mean() if elsewhere.size >= FEWEST_POINTS else 0.0
    return float(pairs * np.prod(np.clip((others + 0.5) / pairs, own, 1.0)))


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
