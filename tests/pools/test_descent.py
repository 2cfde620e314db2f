"""Optima of many series at once, held against differences of their misfit and against SciPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from talik.pools import POOL_MODELS, Series
from talik.pools.batch import pack
from talik.pools.descent import descend, evaluate, evaluate_curved, polish
from talik.pools.grid import box
from talik.pools.layout import Layout
from talik.pools.search import searched

LAYOUT = Layout(POOL_MODELS["three-pool"], False, True)


@pytest.fixture(scope="module")
def batch():
    """Three pools at two temperatures, of which the fast one is nearly gone at the first reading."""
    rng = np.random.default_rng(3)
    time, temperature = np.tile(np.geomspace(2.0, 300.0, 18), 2), np.repeat([5.0, 15.0], 18)
    series = []
    for _ in range(12):
        k = np.exp(np.log([1.2, 0.05, 0.001]) + rng.uniform(-0.3, 0.3, 3))[:, None] * 2.0 ** ((temperature - 10) / 10)
        level = (np.array([30.0, 10.0, 200.0])[:, None] * k * np.exp(-k * time)).sum(axis=0)
        rate = level * (1 + 0.1 * rng.standard_normal(level.size))
        series.append(Series(time, time, temperature, rate, level))
    return pack(series, LAYOUT)


def misfit(batch, phi, row):
    return evaluate(batch.take(np.array([row])), phi[:, None]).misfit[0]


def test_the_whole_curvature_is_that_of_the_misfit(batch):
    best = searched(batch, 8).best
    q, step = LAYOUT.nonlinear, 1e-3
    bowls = []
    for row in np.flatnonzero((best.amounts > 1e-3).all(axis=0))[:6]:
        phi = best.phi[:, row] + 0.05
        here = evaluate_curved(batch.take(np.array([row])), phi[:, None])
        moves = step * np.eye(q)
        second = [
            [
                sum(s * t * misfit(batch, phi + s * a + t * b, row) for s in (1, -1) for t in (1, -1)) / (4 * step**2)
                for b in moves
            ]
            for a in moves
        ]
        size, along = np.linalg.eigh(np.array(second) / 2)
        # Turned up where it bends down, so that steps lead down.
        assert_allclose(here.curvature[..., 0], (along * np.abs(size)) @ along.T, atol=2e-3 * np.abs(size).max())
        bowls.append(bool(size.min() > 0))
    assert len(bowls) > 3


def test_an_optimum_is_reached_along_a_valley_without_a_floor():
    """A fast pool that only the first reading sees: its decay rate and amount cannot be told apart, and the misfit
    bends down on the way to the optimum."""
    time, temperature = np.tile([1.0, 8, 20, 45, 90, 180, 300], 2), np.repeat([10.0, 30.0], 7)
    k = np.array([6.0, 1e-3, 2e-5])[:, None] * np.array([3.0, 4.0, 0.2])[:, None] ** ((temperature - 20) / 10)
    level = (np.array([2.0, 300.0, 700.0])[:, None] * k * np.exp(-k * time)).sum(axis=0)
    rate = level * (1 + 0.15 * np.random.default_rng(5).standard_normal(level.size))
    layout = Layout(POOL_MODELS["three-pool"], True, True)
    batch = pack([Series(time, time, temperature, rate, level, carbon=1000.0)], layout)
    low, high = box(layout, 1)
    found, rng, ended = searched(batch, 8).best.phi, np.random.default_rng(0), []
    for _ in range(24):
        near = found + rng.normal(0, 0.3, (6, 1))
        ended.append(polish(batch, descend(batch, near, low, high, finished=1e-5).phi, low, high))
    best = min(one.misfit[0] for one in ended)
    reached = [one for one in ended if one.misfit[0] < best * (1 + 1e-3)]
    # Two optima lie within 0.01 %; a descent that stops on the way would be a third.
    assert len(reached) > 6
    assert len({round(one.misfit[0] / best, 8) for one in reached}) <= 2


def test_no_other_way_down_is_left_at_an_optimum(batch):
    best, (low, high) = searched(batch, 8).best, box(LAYOUT, batch.count)
    for row in range(batch.count):
        found = minimize(
            lambda phi, row=row: misfit(batch, phi, row), best.phi[:, row], method="Nelder-Mead",
            bounds=list(zip(low[:, row], high[:, row], strict=True)), options={"maxiter": 400, "xatol": 1e-6},
        )  # fmt: skip
        assert found.fun > best.misfit[row] * (1 - 1e-9)


def test_polish_ends_at_or_below_where_a_descent_ends(batch):
    low, high = box(LAYOUT, batch.count)
    begun = np.tile(np.log([0.5, 0.05, 0.002, 2.0, 2.0, 2.0])[:, None], batch.count)
    rough = descend(batch, begun, low, high)
    assert (polish(batch, rough.phi, low, high).misfit <= rough.misfit * (1 + 1e-12)).all()
