"""Pools on a grid, held against what each place costs one by one."""

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik.pools import POOL_MODELS, Series
from talik.pools.batch import pack
from talik.pools.descent import evaluate
from talik.pools.grid import at_cells, best_together, box, grids, scan
from talik.pools.layout import Layout

LAYOUTS = [
    pytest.param(Layout(model, whole, warmed), id=f"{name}{'-whole' * whole}{'-warmed' * warmed}")
    for name, model in POOL_MODELS.items()
    for whole in ((False, True) if model.closed else (False,))
    for warmed in (False, True)
]


def noisy(layout, count=3):
    """Two pools at one or two temperatures, read as means of intervals."""
    rng = np.random.default_rng(8)
    end = np.tile(np.geomspace(1.0, 200.0, 12), 2)
    start, temperature = end * 0.7, np.repeat([5.0, 15.0] if layout.warmed else [10.0, 10.0], 12)
    series = []
    for _ in range(count):
        k = np.array([0.2, 1e-3])[:, None] * np.array([2.0, 3.0])[:, None] ** ((temperature - 10) / 10)
        level = (np.array([20.0, 900.0])[:, None] * k * np.exp(-k * end)).sum(axis=0)
        rate = level * (1 + 0.1 * rng.standard_normal(level.size))
        series.append(Series(start, end, temperature, rate, level, carbon=1000.0 if layout.whole else None))
    return pack(series, layout)


def middle(batch):
    """A place inside the box, the fast pool first."""
    low, high = box(batch.layout, batch.count)
    return low + np.linspace(0.7, 0.3, len(low))[:, None] * (high - low)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_scan_tells_what_each_cell_costs(layout):
    batch = noisy(layout)
    for rows, grid in grids(batch):
        for pool in range(layout.count):
            phi = middle(grid.batch)
            misfit = scan(grid, phi, pool)
            for cell in range(0, len(misfit), 7):
                moved = at_cells(grid, phi, pool, np.full(rows.size, cell))
                assert_allclose(misfit[cell], evaluate(grid.batch, moved).misfit, rtol=1e-6)


def all_together(grid):
    """Misfits of every combination of pools of one kind on the grid, and their amounts, by `evaluate`."""
    layout = grid.batch.layout
    for cells in combinations(range(grid.cells[0].number.size), layout.count):
        phi = middle(grid.batch)
        for pool, cell in enumerate(cells):
            phi = at_cells(grid, phi, pool, np.full(grid.batch.count, cell))
        yield evaluate(grid.batch, phi)


@pytest.mark.parametrize("layout", [p for p in LAYOUTS if p.values[0].ordered and not p.values[0].warmed])
def test_the_first_combination_is_the_best_of_all(layout):
    batch = noisy(layout)
    best = evaluate(batch, best_together(batch, 1)).misfit
    for rows, grid in grids(batch):
        lowest = np.min([point.misfit for point in all_together(grid)], axis=0)
        # The sum of all pools weighs much, but is not exact there.
        assert_allclose(best[rows], lowest, rtol=0.02 if layout.whole else 1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_combinations_lie_apart(layout):
    batch = noisy(layout)
    phi = best_together(batch, 3).reshape(layout.nonlinear, 3, batch.count)
    for row in range(batch.count):
        assert len(np.unique(phi[:, :, row], axis=1).T) == 3


def test_combinations_do_not_depend_on_their_company():
    layout = Layout(POOL_MODELS["three-pool"], False, True)
    batch = noisy(layout, count=7)
    together = best_together(batch, 4).reshape(layout.nonlinear, 4, 7)
    alone = [best_together(batch.take(np.array([row])), 4) for row in range(7)]
    assert_allclose(together, np.stack(alone, axis=2), rtol=0)
