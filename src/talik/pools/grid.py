"""Pools at all places of a grid, to see which of them fit together before any descent."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from talik.pools.amounts import best_amounts
from talik.pools.batch import Batch, decorrelated
from talik.pools.carbon import CarbonKind
from talik.pools.descent import aims, curves
from talik.pools.layout import DECAY_RATES, Layout

RATES_TRIED = 16
"""Decay rates of the grid that readings can tell apart; beside them stand the two ends of the box."""
SHAPES_TRIED = 8
"""Shapes of the grid."""
Q10S_TRIED = 6
"""Q10s of the grid."""
FIRST_SHAPES = (0.1, 10.0)
"""Where the shape of a continuum is first sought. [-]"""
MOST_TOGETHER = 3
"""Pools of which all combinations are tried; of more there are too many."""
BEST_KEPT = 500
"""Best combinations among which those that lie apart are sought."""
SUM_WEIGHT = 30.0
"""Weight of the sum of all pools, where it is known, relative to that of all rates. [-]"""
ALIKE = 1e-10
"""Squared sine of the angle between two curves that no reading tells apart. [-]"""
AT_ONCE = 30_000
"""Cells, or pairs of cells, of all series that are compared at once: few enough to stay in the cache."""


@dataclass(frozen=True)
class Cells:
    """One kind of pool at every place of the grid."""

    number: NDArray
    """Numbers among the cells of all kinds, shape (cells,)."""
    step: NDArray
    """Which step of the grid each parameter stands at, shape (parameters, cells)."""
    values: NDArray
    """Logarithms of the parameters, shape (parameters, cells, series)."""
    curves: NDArray
    """Weighted respiration of a unit of the pool, shape (series, cells, n). [-]"""


@dataclass(frozen=True)
class Grid:
    """All pools of some series on a grid, over the part of the box that their readings can tell apart."""

    batch: Batch
    """The series."""
    cells: tuple[Cells, ...]
    """Of each pool; pools of one kind have the same."""


def box(layout: Layout, count: int) -> tuple[NDArray, NDArray]:
    """The search box of many series, each end of shape (q, series)."""
    lower, upper = layout.box
    return np.repeat(lower[:, None], count, axis=1), np.repeat(upper[:, None], count, axis=1)


def first_box(batch: Batch) -> tuple[NDArray, NDArray]:
    """The part of the box that readings can tell apart, where a search begins, each end of shape (q, series)."""
    layout = batch.layout
    low, high = box(layout, batch.count)
    end = batch.start if batch.duration is None else batch.start + batch.duration
    seen = (batch.weight > 0) & (end > 0)
    longest = np.where(seen, end, 0.0).max(axis=1)
    shortest = np.where(seen, end, np.inf).min(axis=1)
    known = longest > 0
    slowest = np.log(np.clip(0.003 / np.where(known, longest, 1.0), *DECAY_RATES))
    fastest = np.log(np.clip(10.0 / np.where(known, shortest, 1.0), *DECAY_RATES))
    for place in layout.rates:
        if place is not None:
            low[place], high[place] = slowest, np.maximum(fastest, slowest)
    for place in (place for places in layout.shapes for place in places):
        low[place], high[place] = np.log(FIRST_SHAPES)[:, None]
    return low, high


def grids(batch: Batch, together: int = 1) -> Iterator[tuple[NDArray, Grid]]:
    """Rows of as many series as are computed at once with so many pools moved together, and their grid."""
    kinds = {pool.kind: _steps(batch.layout, i).shape[1] for i, pool in enumerate(batch.layout.model.pools)}
    cells = sum(kinds.values())
    at_once = max(AT_ONCE // cells**together, 1)
    for first in range(0, batch.count, at_once):
        rows = np.arange(first, min(first + at_once, batch.count))
        yield rows, _grid(batch.take(rows))


def _grid(batch: Batch) -> Grid:
    found: dict[CarbonKind, Cells] = {}
    before = 0
    for i, pool in enumerate(batch.layout.model.pools):
        if pool.kind not in found:
            found[pool.kind] = _cells(batch, i, before)
            before += found[pool.kind].number.size
    return Grid(batch, tuple(found[pool.kind] for pool in batch.layout.model.pools))


def _steps(layout: Layout, pool: int) -> NDArray:
    """Steps of the parameters of one pool at every cell, shape (parameters, cells)."""
    tried = {layout.rates[pool]: RATES_TRIED + 2, layout.q10s[pool]: Q10S_TRIED}
    counts = [tried.get(place, SHAPES_TRIED) for place in layout.places[pool]]
    return np.indices(counts).reshape(len(counts), prod(counts))


def _cells(batch: Batch, pool: int, before: int) -> Cells:
    """The cells of one pool, numbered after those before."""
    layout, (low, high), (lowest, highest) = batch.layout, first_box(batch), batch.layout.box
    step = _steps(layout, pool)
    values = np.empty((*step.shape, batch.count))
    for place, steps, value in zip(layout.places[pool], step, values, strict=True):
        axis = np.linspace(low[place], high[place], steps.max() + 1)
        if place == layout.rates[pool]:
            # Carbon that is gone before the first reading, or that stays, is at an end of the box.
            axis[1:-1] = np.linspace(low[place], high[place], RATES_TRIED)
            axis[0], axis[-1] = lowest[place], highest[place]
        value[:] = axis[steps]
    return Cells(before + np.arange(step.shape[1]), step, values, _curves(batch, pool, values))


def _curves(batch: Batch, pool: int, values: NDArray) -> NDArray:
    """Weighted respiration of a unit of one pool at every cell, shape (series, cells, n)."""
    layout, (_, cells, count) = batch.layout, values.shape
    of = {place: value.T.reshape(-1, 1) for place, value in zip(layout.places[pool], values, strict=True)}
    many = batch.take(np.repeat(np.arange(count), cells))
    rate, q10 = layout.rates[pool], layout.q10s[pool]
    logarithm = np.zeros((many.count, 1)) if rate is None else of[rate]
    if q10 is not None and many.warming is not None:
        logarithm = logarithm + of[q10] * many.warming
    further = (np.exp(of[place]) for place in layout.shapes[pool])
    unit, *_ = layout.model.pools[pool].kind.rate(many.start, many.duration, np.exp(logarithm), *further)
    return decorrelated(batch, (unit * many.weight).reshape(count, cells, -1))


def scan(grid: Grid, phi: NDArray, pool: int) -> NDArray:
    """Misfits with one pool at every cell and the others where they stand, shape (cells, series)."""
    batch, tried, count = grid.batch, grid.cells[pool].curves, grid.batch.layout.count
    others = np.delete(curves(batch, phi)[:, :count], pool, axis=1)
    aim = aims(batch)[..., None]
    gram = np.empty((count, count, tried.shape[1], batch.count))
    moment = np.empty((count, tried.shape[1], batch.count))
    gram[:-1, :-1] = (others @ others.transpose(0, 2, 1)).transpose(1, 2, 0)[:, :, None]
    gram[-1, :-1] = gram[:-1, -1] = (others @ tried.transpose(0, 2, 1)).transpose(1, 2, 0)
    gram[-1, -1] = (tried**2).sum(axis=2).T
    moment[:-1] = (others @ aim).transpose(1, 2, 0)
    moment[-1] = (tried @ aim)[..., 0].T
    square, aimed = gram.reshape(count, count, -1), moment.reshape(count, -1)
    amounts = best_amounts(square, aimed, batch.layout.whole).value
    explained = 2 * (amounts * aimed).sum(axis=0) - np.einsum("ib,ijb,jb->b", amounts, square, amounts)
    return (aim[..., 0] ** 2).sum(axis=1) - explained.reshape(-1, batch.count)


def at_cells(grid: Grid, phi: NDArray, pool: int, cell: NDArray) -> NDArray:
    """The same parameters with one pool of each series at a cell, shape (q, series)."""
    moved = phi.copy()
    moved[list(grid.batch.layout.places[pool])] = grid.cells[pool].values[:, cell, np.arange(cell.size)]
    return moved


def best_together(batch: Batch, number: int) -> NDArray:
    """The best combinations of pools on the grid that lie apart from each other, shape (q, number * series).

    All are compared whose amounts are positive: the others are combinations of fewer pools. None where a model has
    too many pools for that.
    """
    layout = batch.layout
    phi = np.empty((layout.nonlinear, number, batch.count))
    if layout.count > MOST_TOGETHER or not number:
        return phi[:, :0].reshape(layout.nonlinear, 0)
    for rows, grid in grids(batch, min(layout.count, 2)):
        together = _apart(grid, number, *_combinations(grid))
        for cells, places, cell in zip(grid.cells, layout.places, (together - _first(grid)).T, strict=True):
            for place, values in zip(places, cells.values, strict=True):
                phi[place, :, rows] = values[cell, np.arange(rows.size)].T
    return phi.reshape(layout.nonlinear, -1)


def _combinations(grid: Grid) -> tuple[NDArray, NDArray]:
    """What each choice of all pools but the last explains with the best last one, and the numbers of their cells.

    Shapes (series, choices), -inf where an amount would be negative, and (series, choices, pools).
    """
    *before, last = grid.cells
    if not before:
        misfit = scan(grid, np.zeros((grid.batch.layout.nonlinear, grid.batch.count)), 0).T
        return -misfit, np.broadcast_to(last.number[:, None], (*misfit.shape, 1))
    gram, moment = _products(grid)
    *before, one = before
    end = min(one.number[-1], last.number[-1])
    given = [int(number) for number in before[0].number if number < end] if before else [None]
    found = [_pairs(gram, moment, one, last, number) for number in given]
    return np.concatenate([f[0] for f in found], axis=1), np.concatenate([f[1] for f in found], axis=1)


def _products(grid: Grid) -> tuple[NDArray, NDArray]:
    """Products of the curves of all cells, made of length one, with each other and with what is to be explained.

    Shapes (series, cells, cells) and (series, cells).
    """
    kinds = {id(cells): cells for cells in grid.cells}.values()
    unit, aim = np.concatenate([cells.curves for cells in kinds], axis=1), aims(grid.batch)
    if grid.batch.layout.whole:
        total = SUM_WEIGHT * np.sqrt((aim**2).sum(axis=1))[:, None]
        unit = np.concatenate([unit, np.broadcast_to(total[:, None], (*unit.shape[:2], 1))], axis=2)
        aim = np.concatenate([aim, total], axis=1)
    length = np.sqrt((unit**2).sum(axis=2))
    unit /= np.where(length > 0, length, np.inf)[..., None]
    return unit @ unit.transpose(0, 2, 1), (unit @ aim[..., None])[..., 0]


def _pairs(gram: NDArray, moment: NDArray, one: Cells, other: Cells, given: int | None) -> tuple[NDArray, NDArray]:
    """What two pools explain, or two beside a third at a given cell, with the best other one; and their cells.

    Cells of one kind are taken in the order of their numbers, so that each combination comes once.
    """
    after = 0 if given is None else given + 1
    rows, columns = (slice(max(int(c.number[0]), after), int(c.number[-1]) + 1) for c in (one, other))
    along = np.zeros_like(moment) if given is None else gram[:, given]
    alone = np.zeros(len(moment)) if given is None else moment[:, given]
    left, size = moment - along * alone[:, None], np.diagonal(gram, axis1=1, axis2=2) - along**2
    product = gram[:, rows, columns] - along[:, rows, None] * along[:, None, columns]
    area = size[:, rows, None] * size[:, None, columns] - product**2
    first = size[:, None, columns] * left[:, rows, None] - product * left[:, None, columns]
    second = size[:, rows, None] * left[:, None, columns] - product * left[:, rows, None]
    third = alone[:, None, None] * area - along[:, rows, None] * first - along[:, None, columns] * second
    sound = (area > ALIKE) & (first >= 0) & (second >= 0) & (third >= 0)
    numbers = np.arange(gram.shape[1])
    if one is other:
        sound &= numbers[rows, None] < numbers[columns]
    explained = (first * left[:, rows, None] + second * left[:, None, columns]) / np.where(sound, area, 1.0)
    explained = np.where(sound, explained + alone[:, None, None] ** 2, -np.inf)
    best = explained.argmax(axis=2)
    chosen = [np.broadcast_to(numbers[rows], best.shape), best + columns.start]
    if given is not None:
        chosen.insert(0, np.full(best.shape, given))
    return explained.max(axis=2), np.stack(chosen, axis=2)


def _apart(grid: Grid, number: int, explained: NDArray, chosen: NDArray) -> NDArray:
    """The best choices that differ from each other by more than a step of some parameter.

    Shape (series, number, pools). Where there are fewer, the best comes again.
    """
    kept = min(BEST_KEPT, explained.shape[1])
    best = np.argpartition(-explained, kept - 1, axis=1)[:, :kept]
    order = np.argsort(-np.take_along_axis(explained, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    chosen = np.take_along_axis(chosen, best[..., None], axis=1)
    cells = chosen - _first(grid)
    step = np.concatenate([kind.step.T[cells[..., pool]] for pool, kind in enumerate(grid.cells)], axis=2)
    free = np.take_along_axis(explained, best, axis=1) > -np.inf
    each = np.arange(len(chosen))
    found = np.empty((len(chosen), number, chosen.shape[2]), int)
    for i in range(number):
        here = free.argmax(axis=1)
        found[:, i] = chosen[each, here]
        free &= (np.abs(step - step[each, here][:, None]) > 1).any(axis=2)
    return found


def _first(grid: Grid) -> NDArray:
    """Number of the first cell of each pool, shape (pools,)."""
    return np.array([cells.number[0] for cells in grid.cells])
