"""Ends of profile intervals where a walk could have gone on."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik.pools import POOL_MODELS, Series
from talik.pools.batch import pack
from talik.pools.layout import Layout
from talik.pools.profiles import _look_further, intervals
from talik.pools.search import searched
from talik.pools.walks import Allowed, begin_walks, quantities


@pytest.fixture(scope="module")
def fitted():
    """Two pools at two temperatures, their optima, and the intervals of all parameters."""
    rng, layout = np.random.default_rng(12), Layout(POOL_MODELS["two-pool"], True, True)
    time, temperature = np.tile(np.geomspace(1.0, 400.0, 15), 2), np.repeat([5.0, 15.0], 15)
    k = np.array([0.06, 3e-4])[:, None] * np.array([1.8, 2.6])[:, None] ** ((temperature - 10) / 10)
    level = (np.array([50.0, 950.0])[:, None] * k * np.exp(-k * time)).sum(axis=0)
    series = [
        Series(time, time, temperature, level * (1 + 0.05 * rng.standard_normal(30)), 0.05 * level, 1000.0)
        for _ in range(4)
    ]
    batch, profiled = pack(series, layout), quantities(layout)
    found = searched(batch, 8)
    allowed = Allowed(found.best.misfit, np.full((len(profiled), batch.count), 3.84))
    return batch, found, allowed, profiled


def test_a_walk_that_ended_early_goes_on_from_where_others_stand(fitted):
    batch, found, allowed, profiled = fitted
    kept = intervals(batch, found.best, found.all, allowed, profiled)
    ends = np.concatenate([kept.lower, kept.upper]).ravel()
    walks = begin_walks(batch, found.best, allowed, profiled)
    walks.value = walks.center + 0.4 * (ends - walks.center)
    walks.closed[:] = True
    apart = _look_further(batch, walks, found.all)
    assert_allclose(walks.value - walks.center, ends - walks.center, rtol=0.02)
    assert not apart.any(), "one valley is not another"


def test_walks_at_their_ends_stay(fitted):
    batch, found, allowed, profiled = fitted
    kept = intervals(batch, found.best, found.all, allowed, profiled)
    ends = np.concatenate([kept.lower, kept.upper]).ravel()
    walks = begin_walks(batch, found.best, allowed, profiled)
    walks.value, walks.closed = ends.copy(), np.ones(ends.size, bool)
    _look_further(batch, walks, found.all)
    assert_allclose(walks.value, ends, rtol=0)
