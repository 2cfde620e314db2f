"""Labels: two jars whose curves would fit better if they were exchanged, throughout or from some day on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from talik.incubation.checks.curves import LEAST_ALIKE, Curves, codes, means, medians
from talik.incubation.checks.layout import siblings
from talik.problems import Problem, problem

ODDS = 500.0
"""How many times likelier an exchange must make the data, times the number of pairs that could be exchanged.

Were no labels exchanged, the likelihood ratio of one pair exceeds this in at most 1 / 500 of studies (Markov's
inequality for a ratio whose expectation is one), so any pair of a study does in as many."""

RIVAL = 20.0
"""How many times likelier the best exchange must be than the next, for it to be the one that is asked about."""

CANDIDATES = 60
"""Jars farthest from their cell, among which pairs are sought."""

CLOSELY = 20
"""Pairs that are looked at again with their own cells left out of how much jars scatter."""

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
    instead: tuple[tuple[int, int], ...] = ()
    """Pairs of the same two cells that would explain it as well; of two jars it cannot be told which one moved."""


def exchanged_jars(curves: Curves) -> Iterator[Problem]:
    """Two jars of different cells that would both fit far better if their labels were exchanged.

    With replicates a jar is compared with its siblings; without, with what its soil and its temperature
    let expect. It is a question: the soil may be so.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    level, cell = curves.level(), codes(curves.jars["cell"])
    found = exchange_among_siblings(level, cell)
    if found is None:
        found = exchange_beside(level, _soils_and_temperatures(curves), cell)
    if found is None:
        return
    first, second, log_ratio = found
    exchanged = _best(first, second, log_ratio, _limits(first, second, cell, codes(curves.jars["sample"])), cell)
    if exchanged is not None:
        yield _told(curves, exchanged, "throughout")


def _soils_and_temperatures(curves: Curves) -> np.ndarray:
    of = [codes(curves.jars[name]) for name in ("set", "held")]
    return np.hstack([(one[:, None] == np.arange(one.max() + 1)).astype(float) for one in of])


def exchange_among_siblings(level, cell):
    r"""How much likelier each exchange of two jars makes them among their siblings.

    .. math:: \ln \Lambda_{ab} = \ln \frac{p(y_b | \mathrm{siblings\ of\ a}) \, p(y_a | \mathrm{siblings\ of\ b})}
              {p(y_a | \mathrm{siblings\ of\ a}) \, p(y_b | \mathrm{siblings\ of\ b})}

    with the distributions of `layout.siblings`.

    Parameters
    ----------
    level : ndarray, shape (n,)
        Level of each jar, as a natural logarithm.
    cell : ndarray of int, shape (n,)
        Cell of each jar; jars of one cell are not exchanged.

    Returns
    -------
    (first, second, log_ratio) or None
        Pairs of rows and their ratios; None where too few jars have siblings.
    """
    of = siblings(level, cell)
    known = np.flatnonzero(np.isfinite(of.mean))
    if known.size < LEAST_FREEDOM:
        return None
    own = _fit(level, of, np.arange(level.size), np.arange(level.size))
    far = known[np.argsort(own[known] - stats.t.logpdf(0.0, of.freedom[known]), kind="stable")[:CANDIDATES]]
    first, second = _pairs_of(np.sort(far), cell)
    log_ratio = _fit(level, of, second, first) + _fit(level, of, first, second) - own[first] - own[second]
    # A pair that was exchanged makes its own cells scatter, so the others alone say how much jars do.
    for pair in np.argsort(-log_ratio, kind="stable")[:CLOSELY]:
        one, other = first[pair], second[pair]
        of = siblings(level, cell, apart=(cell[one], cell[other]))
        exchanged = _fit(level, of, other, one) + _fit(level, of, one, other)
        log_ratio[pair] = exchanged - _fit(level, of, one, one) - _fit(level, of, other, other)
    return first, second, np.nan_to_num(log_ratio, nan=-np.inf)


def _fit(level, of, jar, place):
    """Log likelihood of the level of a jar in the place of another."""
    return stats.t.logpdf((level[jar] - of.mean[place]) / of.scale[place], of.freedom[place])


def _pairs_of(rows, cell):
    first, second = (rows[index] for index in np.triu_indices(rows.size, 1))
    apart = cell[first] != cell[second]
    return first[apart], second[apart]


def exchange_beside(level, design, cell):
    r"""How much likelier each exchange of two jars makes the levels, where they are expected from a design.

    Exchanging jars a and b adds :math:`\delta (e_a - e_b)` to the levels, with :math:`\delta = y_b - y_a`, so the
    sum of squares after the exchange follows from the residuals and the residual maker M:

    .. math:: S_{ab} = S + 2 \delta (e_a - e_b)^T M y + \delta^2 (M_{aa} + M_{bb} - 2 M_{ab}), \quad
              \ln \Lambda_{ab} = \tfrac{1}{2} \nu \ln (S / S_{ab})

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
    (first, second, log_ratio) or None
        Pairs of rows and their ratios; None where the design leaves too few degrees of freedom.
    """
    directions, sizes, _ = np.linalg.svd(design, full_matrices=False)
    basis = directions[:, sizes > 1e-9 * sizes.max()]
    residual = level - basis @ (basis.T @ level)
    squares, freedom = residual @ residual, level.size - basis.shape[1]
    if freedom < LEAST_FREEDOM or squares < 1e-12:
        return None
    far = np.sort(np.argsort(-np.abs(residual), kind="stable")[:CANDIDATES])
    first, second = _pairs_of(far, cell)
    step = level[second] - level[first]
    shared = np.einsum("ik,ik->i", basis[first] - basis[second], basis[first] - basis[second])
    after = squares + 2 * step * (residual[first] - residual[second]) + step**2 * (2 - shared)
    return first, second, 0.5 * freedom * np.log(squares / np.fmax(after, 1e-12 * squares))


def _limits(first, second, cell, sample):
    """What each ratio must exceed: half of the odds are kept for exchanges within a soil, which are fewer."""
    same_cell = (np.bincount(cell).astype(float) ** 2).sum()
    within = ((np.bincount(sample).astype(float) ** 2).sum() - same_cell) / 2
    across = (float(cell.size) ** 2 - same_cell) / 2 - within
    near = sample[first] == sample[second]
    return np.log(2 * ODDS * np.where(near, max(within, 1.0), max(across, 1.0)))


def _best(first, second, log_ratio, limit, cell) -> Exchange | None:
    """The pair farthest above its limit, unless another pair of cells explains the same almost as well."""
    above = log_ratio - limit
    if not first.size or not above.max() > 0:
        return None
    best = int(np.argmax(above))
    near = [int(i) for i in np.flatnonzero(above > above[best] - np.log(RIVAL)) if i != best]
    cells = {cell[first[best]], cell[second[best]]}
    if any({cell[first[i]], cell[second[i]]} != cells for i in near):
        return None
    pair = (int(first[best]), int(second[best]))
    instead = dict.fromkeys((int(first[i]), int(second[i])) for i in near)
    instead.pop(pair, None)
    return Exchange(*pair, float(log_ratio[best]), float(limit[best]), tuple(instead))


def _told(curves: Curves, found: Exchange, when: str) -> Problem:
    name = curves.jars["jar"]
    pairs = [f"{name[one]} and {name[other]}" for one, other in ((found.first, found.second), *found.instead)]
    return problem(
        "labels-exchanged", stage="incubation", entry=curves.study, column=", or ".join(pairs),
        where=f"{curves.jars['cell'][found.first]}; {curves.jars['cell'][found.second]}",
        found=f"the two would fit far better if they were exchanged {when} (10^{found.log_ratio / np.log(10):.0f} "
        f"times likelier; 10^{found.limit / np.log(10):.0f} times is asked for)",
        needed="each jar among its own kind", done="kept as labelled; were the labels exchanged?",
    )  # fmt: skip


def exchanged_midway(curves: Curves) -> Iterator[Problem]:
    """Two jars that each jump to where the other was, between the same two visits, and stay there.

    Parameters
    ----------
    curves : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    if curves.time.size < 4:
        return
    before, after = around(curves.log_rate)
    found = exchange_midway(before, after, codes(curves.jars["held"]))
    if found is not None:
        exchanged, visit = found
        day = 0.5 * (curves.time[visit] + curves.time[visit + 1])
        yield _told(curves, exchanged, f"from day {day:g} on")


def around(log_rate):
    """Mean ln respiration of up to three readings before, and after, each gap between two visits.

    Parameters
    ----------
    log_rate : ndarray, shape (n, m)
        Natural logarithm of respiration.

    Returns
    -------
    before, after : ndarray, shape (n, m - 1)
        NaN where fewer than two readings are on a side.
    """
    n, m = log_rate.shape
    before, after = np.full((n, m - 1), np.nan), np.full((n, m - 1), np.nan)
    for gap in range(1, m - 2):
        sides = log_rate[:, max(0, gap + 1 - HALF_WINDOW) : gap + 1], log_rate[:, gap + 1 : gap + 1 + HALF_WINDOW]
        for level, side in zip((before, after), sides, strict=True):
            level[:, gap] = np.where(np.isfinite(side).sum(axis=1) >= 2, means(side, axis=1), np.nan)
    return before, after


def exchange_midway(before, after, group):
    """The pair and the gap at which two jars changed places, None where none did.

    What all jars of a group do between two visits is taken off. The jumps that are left are compared with
    those left after an exchange, under Student's t of four degrees of freedom whose scale is that of all jumps.

    Parameters
    ----------
    before, after : ndarray, shape (n, g)
        Levels before and after each gap.
    group : ndarray of int, shape (n,)
        Jars that decline alike, such as those of one temperature.

    Returns
    -------
    (Exchange, int) or None
        With the gap.
    """
    common = _common_jump(after - before, group)
    left = after - before - common
    usual = np.abs(left[np.isfinite(left)])
    if usual.size < 4 * LEAST_FREEDOM or not usual.any():
        return None
    # The exchange itself is among the jumps; the median does not mind.
    scale = np.median(usual) / stats.t.ppf(0.75, TAILS)
    found = [_pairs_at(gap, before, after, common, scale) for gap in range(left.shape[1])]
    gap = np.repeat(np.arange(len(found)), [part[0].size for part in found])
    first, second, log_ratio = (np.concatenate(parts) for parts in zip(*found, strict=True))
    count = sum(there * (there - 1) / 2 for there in np.isfinite(left).sum(axis=0).astype(float))
    limit = np.log(ODDS * max(count, 1.0))
    best = _best(first, second, log_ratio, np.full(log_ratio.shape, limit), np.arange(len(left)))
    if best is None:
        return None
    return best, int(gap[np.argmax(log_ratio)])


def _common_jump(jump, group):
    """Median jump of the group of each jar, or of all where the group is small."""
    common = np.broadcast_to(medians(jump, axis=0), jump.shape).copy()
    for one in np.unique(group):
        rows = np.flatnonzero(group == one)
        if rows.size >= LEAST_ALIKE:
            common[rows] = medians(jump[rows], axis=0)
    return common


def _pairs_at(gap, before, after, common, scale):
    """Pairs of the jars that jump farthest at a gap, and how much likelier their exchange makes the jumps."""
    jump = np.abs(after[:, gap] - before[:, gap] - common[:, gap])
    rows = np.flatnonzero(np.isfinite(jump))
    rows = rows[np.argsort(-jump[rows], kind="stable")[:CANDIDATES]]
    first, second = (rows[index] for index in np.triu_indices(rows.size, 1))

    def fit(jar, place):
        left = after[jar, gap] - before[place, gap] - common[place, gap]
        return stats.t.logpdf(left / scale, TAILS)

    return first, second, fit(first, second) + fit(second, first) - fit(first, first) - fit(second, second)
