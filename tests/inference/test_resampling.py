"""The bootstrap by site against scipy's."""

import numpy as np
from numpy.testing import assert_allclose
from scipy import stats

from talik.inference.resampling import bca_interval, draws_of_sites, each_left_out


def test_the_bca_interval_is_that_of_scipy_on_the_same_resamples():
    values = np.random.default_rng(4).exponential(size=30)
    theirs = stats.bootstrap((values,), np.std, n_resamples=999, method="BCa", rng=1)
    without = [np.std(np.delete(values, i)) for i in range(30)]
    lower, upper = bca_interval(np.std(values), theirs.bootstrap_distribution, without)
    # scipy takes quantiles of its own kind, between the same two resamples.
    assert_allclose([lower, upper], theirs.confidence_interval, rtol=0.01)


def test_sites_are_drawn_with_replacement():
    draws = draws_of_sites(24, 4000, seed=2)
    assert (draws.sum(axis=1) == 24).all()
    assert_allclose(draws.mean(axis=0), 1, atol=0.1)
    assert_allclose((draws == 0).mean(), (1 - 1 / 24) ** 24, atol=0.01)
    assert_allclose(each_left_out(3), [[0, 1, 1], [1, 0, 1], [1, 1, 0]])


def test_a_statistic_that_is_often_undefined_has_no_interval():
    resampled = np.where(np.arange(100) < 20, np.nan, 1.0)
    assert np.isnan(bca_interval(1.0, resampled, [1.0, 2.0])).all()


def test_an_estimate_beyond_all_resamples_lies_in_its_interval():
    lower, upper = bca_interval(0.0, np.linspace(1, 2, 99), [0.1, 0.2])
    assert lower == 0.0
    assert upper < 2
