"""Outliers: jars that differ from their siblings throughout, and single readings that stand out."""

from collections.abc import Iterator

import numpy as np
from scipy import stats

from talik.incubation.checks.curves import LEAST_ALIKE, Curves, codes, means, medians
from talik.incubation.checks.layout import deviating
from talik.problems import Problem, problem

ALPHA = 0.001
"""Probability that a study whose jars scatter normally has one told of."""

SPIKE_ALPHA = 0.005
"""Probability that a study without spikes has one told of."""

LEAST_FACTOR = 1.5
"""A jar that differs less from its siblings is not told of, however surely it does."""

SAME_SIDE = 0.8
"""Share of its readings that lie on the same side of its siblings in a jar that differs throughout."""

FEWEST_READINGS = 3
"""Readings from which a jar can be said to differ throughout."""

SPIKE_FACTOR = 2.0
"""A reading that differs less from its neighbours in time is no spike."""

SPIKE_TAILS = 8.0
"""Degrees of freedom of the distribution that readings are taken to have; its tails are heavier than the normal."""

KNOWN_FACTORS = {44.01 / 12.011: "carbon dioxide for carbon", 24.0: "per hour and per day", 10.0: "a decimal point"}
"""Factors by which values are often wrong, and why."""


def deviating_jars(curves: Curves) -> Iterator[Problem]:
    """Jars that respire more or less than their siblings throughout, by more than jars do in this study.

    Two siblings alone do not say which of them is wrong, and three hardly do, so a jar is measured
    against the spread of all cells of the study (see `layout.siblings`).

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    cell = codes(curves.jars["cell"])
    if not (np.bincount(cell) > 1).any():
        return
    for found in deviating(curves.level(), cell, alpha=ALPHA):
        siblings = np.flatnonzero((cell == cell[found.row]) & (np.arange(cell.size) != found.row))
        if abs(found.size) < np.log(LEAST_FACTOR) or not _throughout(curves, found.row, siblings):
            continue
        yield _told(curves, found.row, siblings, found.size)


def _throughout(curves: Curves, row: int, siblings: np.ndarray) -> bool:
    """Whether a jar lies on one side of its siblings at most of the times."""
    apart = curves.log_rate[row] - means(curves.log_rate[siblings], axis=0)
    apart = apart[np.isfinite(apart)]
    return apart.size >= FEWEST_READINGS and max((apart > 0).mean(), (apart < 0).mean()) >= SAME_SIDE


def _told(curves: Curves, row: int, siblings: np.ndarray, size: float) -> Problem:
    name, others = curves.jars["jar"].iloc[row], curves.jars["jar"].iloc[siblings]
    factor = np.exp(abs(size))
    which = "; of two jars it cannot be told which one" if siblings.size == 1 else ""
    return problem(
        "replicate-outlier", stage="incubation", entry=curves.study, column=name,
        where=curves.jars["cell"].iloc[row],
        found=f"{factor:.1f} times {'more' if size > 0 else 'less'} than {_named(list(others))} throughout{which}",
        needed="siblings as alike as elsewhere in the study",
        done="kept; was it weighed, flushed and sealed like the others?" + _hint(factor),
    )  # fmt: skip


def _named(names: list[str]) -> str:
    return f"its sibling {names[0]}" if len(names) == 1 else f"the mean of its {len(names)} siblings"


def _hint(factor: float) -> str:
    near = [why for known, why in KNOWN_FACTORS.items() if abs(np.log(factor / known)) < 0.1]
    return f" The factor is near that of {near[0]}." if near else ""


def spikes(curves: Curves) -> Iterator[Problem]:
    """Single readings that stand out from those before and after them, and are not shared by other jars.

    A reading is compared with the line between its neighbours in ln respiration, less what all jars
    of that temperature do at that time. What is left is divided by its usual size in this jar or in
    the study, whichever is larger.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
        One, with all readings that stand out.
    """
    own, apart, usual = departures(curves.log_rate, curves.time, codes(curves.jars["held"]))
    count = np.isfinite(apart).sum()
    if not count:
        return
    limit = stats.t.isf(SPIKE_ALPHA / 2 / count, SPIKE_TAILS) / np.sqrt(SPIKE_TAILS / (SPIKE_TAILS - 2))
    with np.errstate(invalid="ignore"):
        told = (np.abs(apart) > np.fmax(limit * usual, np.log(SPIKE_FACTOR))) & _largest_nearby(apart)
        # A jar that stays on its course while the others leave theirs has no spike.
        told &= own * np.sign(apart) > np.log(SPIKE_FACTOR)
    if not told.any():
        return
    places = sorted(zip(*np.nonzero(told), strict=True), key=lambda place: -abs(apart[place]))
    row, visit = places[0]
    yield problem(
        "reading-spike", stage="incubation", entry=curves.study, column=curves.jars["jar"].iloc[row],
        where=f"{len(places)} of {count} readings" + _further(curves, places[1:]),
        found=f"{np.exp(abs(own[row, visit])):.1f} times {'more' if own[row, visit] > 0 else 'less'} at day "
        f"{curves.time[visit]:g} than the readings around it",
        needed="readings that follow one another", done="kept; a typing error, a leak, another jar?",
    )  # fmt: skip


def _further(curves: Curves, places) -> str:
    shown = [f"{curves.jars['jar'].iloc[row]} day {curves.time[visit]:g}" for row, visit in places[:5]]
    more = [f"{len(places) - 5} more"] if len(places) > 5 else []
    return f", also {', '.join([*shown, *more])}" if shown else ""


def _largest_nearby(apart):
    """Whether a departure is larger than those before and after it, which it causes."""
    size = np.nan_to_num(np.abs(apart))
    padded = np.pad(size, ((0, 0), (1, 1)))
    return (size >= padded[:, :-2]) & (size >= padded[:, 2:])


def departures(log_rate, time, group):
    """How far each reading lies from the line between its neighbours, and how far readings usually do.

    Parameters
    ----------
    log_rate : ndarray, shape (n, m)
        Natural logarithm of respiration; NaN where there is none.
    time : ndarray, shape (m,)
        Times, rising. [d]
    group : ndarray of int, shape (n,)
        Jars whose common course is taken off; small groups are left as they are.

    Returns
    -------
    own, apart, usual : ndarray, shape (n, m)
        The departure, NaN at the ends; the same less the median of its group; and the usual size of that.
    """
    own = np.full(log_rate.shape, np.nan)
    if time.size < 4:
        return own, own, own
    share = (time[1:-1] - time[:-2]) / (time[2:] - time[:-2])
    own[:, 1:-1] = log_rate[:, 1:-1] - (1 - share) * log_rate[:, :-2] - share * log_rate[:, 2:]
    apart = own.copy()
    for one in np.unique(group):
        rows = np.flatnonzero(group == one)
        if rows.size >= LEAST_ALIKE:
            apart[rows] -= medians(apart[rows], axis=0)
    of_jar = medians(np.abs(apart), axis=1)[:, None] * ROBUST
    return own, apart, np.fmax(of_jar, np.fmax(medians(np.abs(apart).ravel(), axis=0) * ROBUST, 1e-12))


ROBUST = 1.4826
"""Standard deviation of a normal distribution beside its median absolute deviation."""
