"""Labels: two jars whose curves would fit better if they were exchanged, throughout or from some day on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from talik.incubation.checks.curves import Curves, means
from talik.problems import Problem, problem

ODDS = 500.0
"""How many times likelier an exchange must make the data, times the number of pairs that could be exchanged.

Were no labels exchanged, the likelihood ratio of one pair exceeds this in at most 1 / 500 of studies (Markov's
inequality for a ratio whose expectation is one), so any pair of a study does in as many."""

RIVAL = 20.0
"""How many times likelier the best exchange must be than the next, for it to be the one that is asked about."""

CANDIDATES = 60
"""Jars farthest from their cell, among which pairs are sought."""

LEAST_FREEDOM = 4
"""Degrees of freedom from which the scatter of jars is known well enough."""

HALF_WINDOW = 3
"""Readings before and after a day that say whether two jars changed places on it."""

TAILS = 4.0
"""Degrees of freedom of the distribution of shifts between readings; heavy, since readings jump."""


@dataclass(frozen=True)
class Exchange:
    """Two jars that would fit better in each other's place."""

    first: int
    """Row of the first jar."""
    second: int
    """Row of the second jar."""
    log_ratio: float
    """Natural logarithm of the likelihood ratio of the exchange."""
    limit: float
    """What the ratio had to exceed."""


def exchanged_jars(curves: Curves) -> Iterator[Problem]:
    """Two jars of different cells that would both fit far better if their labels were exchanged.

    With replicates a jar is compared with its cell; without, with what its soil and its temperature
    let expect. It is a question: the soil may be so.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    level = curves.level()
    cell = np.unique(curves.jars["cell"].to_numpy(str), return_inverse=True)[1]
    for design in _designs(curves, cell):
        found = exchange(level, design, cell)
        if found is not None:
            yield _told(curves, found, "throughout")
            return


def _designs(curves: Curves, cell: np.ndarray) -> Iterator[np.ndarray]:
    """The cells, where enough jars are replicated; else soils and temperatures side by side."""
    cells = _dummies(cell)
    if cell.size - cells.shape[1] >= LEAST_FREEDOM:
        yield cells
        return
    of = [np.unique(curves.jars[name].to_numpy(str), return_inverse=True)[1] for name in ("set", "held")]
    beside = np.hstack([_dummies(codes) for codes in of])
    if cell.size - np.linalg.matrix_rank(beside) >= LEAST_FREEDOM:
        yield beside


def _dummies(codes: np.ndarray) -> np.ndarray:
    return (codes[:, None] == np.arange(codes.max() + 1)).astype(float)


def exchange(level, design, cell):
    r"""The one exchange of two jars that makes levels far likelier, None where there is none.

    Exchanging jars a and b adds :math:`\delta (e_a - e_b)` to the levels, with :math:`\delta = y_b - y_a`, so the
    sum of squares after the exchange follows from the residuals and the residual maker M:

    .. math:: S_{ab} = S + 2 \delta (e_a - e_b)^T M y + \delta^2 (M_{aa} + M_{bb} - 2 M_{ab}), \quad
              \ln \Lambda = \tfrac{1}{2} \nu \ln (S / S_{ab})

    Parameters
    ----------
    level : ndarray, shape (n,)
        Level of each jar, as a natural logarithm.
    design : ndarray, shape (n, k)
        What the level is expected from.
    cell : ndarray of int, shape (n,)
        Jars of one cell are not exchanged.

    Returns
    -------
    Exchange or None
    """
    basis = np.linalg.svd(design, full_matrices=False)
    basis = basis.U[:, basis.S > 1e-9 * basis.S[0]]
    residual = level - basis @ (basis.T @ level)
    squares, freedom = residual @ residual, level.size - basis.shape[1]
    far = np.sort(np.argsort(-np.abs(residual), kind="stable")[:CANDIDATES])
    maker = np.eye(far.size) - basis[far] @ basis[far].T
    first, second = np.triu_indices(far.size, 1)
    apart = cell[far[first]] != cell[far[second]]
    first, second = first[apart], second[apart]
    if not first.size or squares <= 0:
        return None
    step = level[far[second]] - level[far[first]]
    moved = maker[first, first] + maker[second, second] - 2 * maker[first, second]
    after = squares + 2 * step * (residual[far[first]] - residual[far[second]]) + step**2 * moved
    log_ratio = 0.5 * freedom * np.log(squares / np.fmax(after, 1e-12 * squares))
    return _best(far[first], far[second], log_ratio, np.log(ODDS * _pairs(cell)))


def _pairs(cell: np.ndarray) -> float:
    """Number of pairs of jars that are not of one cell."""
    count = np.bincount(cell)
    return float(cell.size**2 - (count**2).sum()) / 2


def _best(first, second, log_ratio, limit) -> Exchange | None:
    order = np.argsort(-log_ratio, kind="stable")
    best = order[0]
    if log_ratio[best] < limit:
        return None
    rival = log_ratio[order[1]] if order.size > 1 else -np.inf
    if log_ratio[best] - rival < np.log(RIVAL):
        return None
    return Exchange(int(first[best]), int(second[best]), float(log_ratio[best]), float(limit))


def _told(curves: Curves, found: Exchange, when: str) -> Problem:
    one, other = (curves.jars.iloc[row] for row in (found.first, found.second))
    return problem(
        "labels-exchanged", stage="incubation", entry=curves.study, column=f"{one['jar']} and {other['jar']}",
        where=f"{one['cell']}; {other['cell']}",
        found=f"the two would fit their siblings far better if they were exchanged {when} "
        f"(10^{found.log_ratio / np.log(10):.0f} times likelier; 10^{found.limit / np.log(10):.0f} is asked for)",
        needed="each jar among its own kind", done="kept as labelled; were the labels exchanged?",
    )  # fmt: skip


def exchanged_midway(curves: Curves) -> Iterator[Problem]:
    """Two jars that each jump to where the other was, on the same day, and stay there.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    if curves.time.size < 4 or len(curves.jars) < 4:
        return
    before, after = around(curves.log_rate)
    found = exchange_midway(before, after)
    if found is not None:
        exchanged, visit = found
        day = 0.5 * (curves.time[visit] + curves.time[visit + 1])
        yield _told(curves, exchanged, f"from day {day:g} on")


def around(log_rate):
    """Mean ln respiration of the readings before and after each gap between two visits, less that of all jars.

    Parameters
    ----------
    log_rate : ndarray, shape (n, m)
        Natural logarithm of respiration.

    Returns
    -------
    before, after : ndarray, shape (n, m - 1)
        NaN where fewer than two readings are on a side.
    """
    centred = log_rate - means(log_rate, axis=0)
    n, m = centred.shape
    before, after = np.full((n, m - 1), np.nan), np.full((n, m - 1), np.nan)
    for gap in range(1, m - 2):
        sides = centred[:, max(0, gap + 1 - HALF_WINDOW) : gap + 1], centred[:, gap + 1 : gap + 1 + HALF_WINDOW]
        for means_of, side in zip((before, after), sides, strict=True):
            means_of[:, gap] = np.where(np.isfinite(side).sum(axis=1) >= 2, means(side, axis=1), np.nan)
    return before, after


def exchange_midway(before, after):
    """The pair and the gap at which two jars changed places, None where none did.

    The jumps of both jars are compared with the jumps that the exchange would explain, under Student's t of
    four degrees of freedom whose scale is that of the jumps of all jars.

    Parameters
    ----------
    before, after : ndarray, shape (n, g)
        Levels before and after each gap.

    Returns
    -------
    (Exchange, int) or None
        With the gap.
    """
    jump = after - before
    usual = np.abs(jump[np.isfinite(jump)])
    if usual.size < 4 * LEAST_FREEDOM or not usual.any():
        return None
    # The exchange itself is among the jumps; the median does not mind.
    scale = np.median(usual) / stats.t.ppf(0.75, TAILS)
    best, count = None, 0
    for gap in range(jump.shape[1]):
        rows = np.flatnonzero(np.isfinite(jump[:, gap]))
        rows = rows[np.argsort(-np.abs(jump[rows, gap]), kind="stable")[:CANDIDATES]]
        count += np.isfinite(jump[:, gap]).sum() ** 2 / 2
        one, other = (rows[index] for index in np.triu_indices(rows.size, 1))
        if one.size:
            ratio = _log_ratio(before[:, gap], after[:, gap], one, other, scale)
            order = np.argsort(-ratio, kind="stable")
            rival = ratio[order[1]] if order.size > 1 else -np.inf
            if best is None or ratio[order[0]] > best[0]:
                best = (ratio[order[0]], one[order[0]], other[order[0]], gap, rival)
    limit = np.log(ODDS * max(count, 1))
    if best is None or best[0] < limit or best[0] - best[4] < np.log(RIVAL):
        return None
    return Exchange(int(best[1]), int(best[2]), float(best[0]), float(limit)), int(best[3])


def _log_ratio(before, after, one, other, scale):
    def likelihood(jump):
        return stats.t.logpdf(jump / scale, TAILS)

    exchanged = likelihood(after[one] - before[other]) + likelihood(after[other] - before[one])
    return exchanged - likelihood(after[one] - before[one]) - likelihood(after[other] - before[other])
