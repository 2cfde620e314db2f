"""Where fits begin, and the optima that they find."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from talik.pools.batch import Batch
from talik.pools.descent import FINISHED, Point, descend, evaluate, polish
from talik.pools.grid import at_cells, best_together, box, first_box, grids, scan
from talik.pools.layout import Layout

PLACES = 4
"""Places that are tried for each start; the best of them is where it begins."""
ROUGH = 1e-5
"""Expected fall of the sum of squares at which a start is good enough to be compared with others. [-]"""
EMPTY = 1e-9
"""Part of all carbon below which a pool is empty. [-]"""
GAIN = 1e-9
"""Relative fall of the sum of squares for which an empty pool is moved. [-]"""
NEARBY = 1.0
"""Difference of logarithms within which a pool is not moved. [-]"""
SEED = 20211
"""Of the scrambled Sobol points; the same places for every series, so that no fit depends on its company."""


@dataclass(frozen=True)
class Optima:
    """What the starts of each series found."""

    best: Point
    """The best of each series."""
    all: Point
    """Where each start ended, start after start: shape (..., starts * series)."""


def optima(batch: Batch, starts: int) -> Optima:
    """The best optimum of each series, and where all its starts ended, the pools of each in order."""
    rough = FINISHED if starts == 1 else ROUGH
    best, ended = _from(batch, first_places(batch, starts), rough)
    if starts > 1:
        best = descend(batch, best.phi, *box(batch.layout, batch.count))
    return Optima(sorted_pools(batch.layout, best), sorted_pools(batch.layout, ended))


def searched(batch: Batch, starts: int) -> Optima:
    """As `optima`, with half of the starts where pools fit best together on a grid, and the best followed to its end.

    From the best each pool is also tried all over the box.
    """
    together = starts // 2
    begun = [best_together(batch, together), first_places(batch, starts - together)]
    best, ended = _from(batch, np.concatenate(begun, axis=1), ROUGH)
    relocate(batch, best)
    best = polish(batch, best.phi, *box(batch.layout, batch.count))
    return Optima(sorted_pools(batch.layout, best), sorted_pools(batch.layout, ended))


def _from(batch: Batch, begun: NDArray, finished: float) -> tuple[Point, Point]:
    """The best that descents from these places find, shape (q, starts * series), and where all of them ended."""
    count, lower, upper = batch.count, *box(batch.layout, batch.count)
    starts = begun.shape[1] // count
    many = batch.take(np.tile(np.arange(count), starts))
    ended = descend(many, begun, np.tile(lower, starts), np.tile(upper, starts), finished=finished)
    best = ended.take(_lowest(ended, count))
    refill(batch, best, finished)
    return best, ended


def _lowest(ended: Point, count: int) -> NDArray:
    """Which of the descents of each series ended lowest, shape (series,)."""
    return ended.misfit.reshape(-1, count).argmin(axis=0) * count + np.arange(count)


def refill(batch: Batch, best: Point, finished: float) -> None:
    """Give pools that ended empty another place, wherever on the grid they then take carbon.

    An empty pool has no slope, so a descent never moves it. Of exponentials with positive amounts no other place can
    be better when none of all decay rates lowers the misfit.
    """
    for _ in range(batch.layout.count - 1):
        empty = np.flatnonzero((best.amounts[: batch.layout.count] <= EMPTY * best.amounts.sum(axis=0)).any(axis=0))
        if not empty.size:
            return
        part, here = batch.take(empty), best.take(empty)
        pool, phi = here.amounts.argmin(axis=0), here.phi.copy()
        for i in np.unique(pool):
            rows = np.flatnonzero(pool == i)
            phi[:, rows] = _at_best_cell(part.take(rows), here.phi[:, rows], i)
        lower = np.flatnonzero(evaluate(part, phi).misfit < (1.0 - GAIN) * here.misfit)
        if not lower.size:
            return
        ended = descend(part.take(lower), phi[:, lower], *box(batch.layout, lower.size), finished=finished)
        best.put(empty[lower], ended)


def relocate(batch: Batch, best: Point) -> None:
    """Move each pool to where it fits best elsewhere on the grid, at each of its Q10s, and descend from there.

    It leaves optima in which two pools share what one could explain, and the third is missing elsewhere.
    """
    begun = [phi for pool in range(len(batch.layout.ordered)) for phi in _elsewhere(batch, best.phi, pool)]
    if not begun:
        return
    low, high, many = *box(batch.layout, batch.count), len(begun)
    ended = descend(
        batch.take(np.tile(np.arange(batch.count), many)), np.concatenate(begun, axis=1), np.tile(low, many),
        np.tile(high, many), finished=ROUGH,
    )  # fmt: skip
    chosen = _lowest(ended, batch.count)
    better = np.flatnonzero(ended.misfit[chosen] < (1.0 - GAIN) * best.misfit)
    best.put(better, ended.take(chosen[better]))


def _at_best_cell(batch: Batch, phi: NDArray, pool: int) -> NDArray:
    """The same parameters with one pool where it fits best on the grid, shape (q, series)."""
    placed = np.empty_like(phi)
    for rows, grid in grids(batch):
        placed[:, rows] = at_cells(grid, phi[:, rows], pool, scan(grid, phi[:, rows], pool).argmin(axis=0))
    return placed


def _elsewhere(batch: Batch, phi: NDArray, pool: int) -> list[NDArray]:
    """The best places of one pool that are not near its own, one a Q10 of the grid, each of shape (q, series)."""
    own = list(batch.layout.places[pool])
    found: dict[int, NDArray] = {}
    for rows, grid in grids(batch):
        cells, here = grid.cells[pool], phi[:, rows]
        # Near where it stands a pool would only come back.
        near = np.abs(cells.values - here[own][:, None]).max(axis=0) < NEARBY
        misfit = np.where(near, np.inf, scan(grid, here, pool))
        q10 = cells.step[-1] if batch.layout.warmed else np.zeros(cells.number.size, int)
        for step in range(q10.max() + 1):
            alike = np.flatnonzero(q10 == step)
            cell = alike[misfit[alike].argmin(axis=0)]
            found.setdefault(step, np.empty_like(phi))[:, rows] = at_cells(grid, here, pool, cell)
    return list(found.values())


def first_places(batch: Batch, starts: int) -> NDArray:
    """The best of the places of each start, shape (q, starts * series).

    Only decay rates that the readings can tell differ in misfit: a pool gone before the first reading or hardly
    decayed by the last leaves what it gives to others. So the places are spread between, and each start has those
    whose fastest pool lies in its share of them.
    """
    layout = batch.layout
    places = PLACES * starts
    points = spread(layout.nonlinear, places)
    rates = [place for place in layout.rates if place is not None]
    points[:, rates] = -np.sort(-points[:, rates], axis=1)
    points = points[np.argsort(points[:, rates].max(axis=1), kind="stable")]
    low, high = first_box(batch)
    shares = np.array_split(points, starts)
    chosen = [_best_place(batch, low, high, share) for share in shares]
    if starts > 1 and layout.ordered:
        # Where readings begin late, a pool that is gone before them may take most of the carbon.
        gone_low, gone_high = low.copy(), high.copy()
        gone_low[layout.ordered[0]] = gone_high[layout.ordered[0]] = layout.box[1][layout.ordered[0]]
        chosen[-1] = _best_place(batch, gone_low, gone_high, points[:: max(len(points) // PLACES, 1)])
    return np.concatenate(chosen, axis=1)


def _best_place(batch: Batch, low: NDArray, high: NDArray, points: NDArray) -> NDArray:
    """The best of some places of each series, shape (q, series)."""
    misfits = np.stack([evaluate(batch, _at(low, high, point)).misfit for point in points])
    return _at(low, high, points[misfits.argmin(axis=0)].T)


def spread(dimensions: int, count: int) -> NDArray:
    """Points of a scrambled Sobol sequence in the unit box, shape (count, dimensions)."""
    sequence = qmc.Sobol(dimensions, seed=np.random.default_rng(SEED))
    return sequence.random(1 << (count - 1).bit_length())[:count]


def _at(low: NDArray, high: NDArray, point: NDArray) -> NDArray:
    return low + (point if point.ndim > 1 else point[:, None]) * (high - low)


def sorted_pools(layout: Layout, point: Point) -> Point:
    """The same fits with the fast pool first."""
    if not layout.ordered:
        return point
    rates = point.phi[list(layout.ordered)]
    order = np.argsort(-rates, axis=0, kind="stable")
    moved = np.concatenate([order + block for block in range(0, layout.nonlinear, layout.count)])
    return Point(
        np.take_along_axis(point.phi, moved, axis=0),
        point.misfit,
        np.take_along_axis(point.amounts, order, axis=0),
        np.take_along_axis(point.gradient, moved, axis=0),
        np.take_along_axis(np.take_along_axis(point.curvature, moved[:, None], axis=0), moved[None], axis=1),
    )
