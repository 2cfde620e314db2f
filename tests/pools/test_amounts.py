"""Amounts of the pools, beside scipy's non-negative least squares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import nnls

from talik.pools.amounts import best_amounts
from talik.pools.fit import fit_pool_model


def solved(curves, rates, whole):
    """Amounts of one series, shape (pools,)."""
    return best_amounts((curves.T @ curves)[..., None], (curves.T @ rates)[:, None], whole).value[:, 0]


def problem(seed, pools):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 1.0, (12, pools)), rng.normal(0.3, 0.5, 12)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), pools=st.integers(1, 3))
def test_sizes_are_those_of_nonnegative_least_squares(seed, pools):
    curves, rates = problem(seed, pools)
    assert_allclose(solved(curves, rates, whole=False), nnls(curves, rates)[0], atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), pools=st.integers(1, 3))
def test_fractions_are_those_of_least_squares_whose_sum_weighs_all(seed, pools):
    curves, rates = problem(seed, pools)
    weight = 1e6
    heavy = nnls(np.vstack([curves, np.full(pools, weight)]), np.append(rates, weight))[0]
    assert_allclose(solved(curves, rates, whole=True), heavy, atol=1e-5)


@pytest.mark.parametrize("unseen", [0, 1, 2])
@pytest.mark.parametrize("size", [0.0, 1e-200, 1e-30, 1e-13])
def test_a_pool_that_no_reading_sees_has_no_more_than_the_rest(unseen, size):
    curves, rates = problem(3, 3)
    curves[:, unseen] *= size
    fractions = solved(curves, rates, whole=True)
    assert (fractions >= 0).all()
    assert abs(fractions.sum() - 1) < 1e-12


def test_a_pool_gone_before_the_first_reading_holds_at_most_all_carbon():
    days = np.array([3.0, 6.0, 9.0, 14.0, 21.0, 28.0, 37.0])
    rate = 1e-4 * (1 + 0.1 * np.cos(3 * days))
    fit = fit_pool_model(days, days, 20.0, rate, rate, model="three-pool", c0=1.0)
    fractions = [name for name in fit.parameters if name.endswith("fraction")]
    upper = [fit.upper[fit.parameters.index(name)] for name in fractions]
    assert len(fractions) == 2
    assert max(upper) <= 1.0
    assert sum(fit.estimate(name) for name in fractions) <= 1.0
