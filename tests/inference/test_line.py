"""Straight lines and scatter against scipy, and by simulation."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from talik.inference.line import Estimate, mean_of, slope, successive_scatter

POINTS = st.lists(st.floats(-100, 100), min_size=3, max_size=20)


@given(y=POINTS)
def test_slope_and_its_error_are_those_of_scipy(y):
    assume(np.std(y) > 1e-6)  # scipy gives no error for a constant
    x = np.arange(len(y)) * 2.5 + 1
    wanted = stats.linregress(x, y)
    found = slope(x, y)
    assert_allclose(found.value, wanted.slope, atol=1e-10)
    assert_allclose(found.error, wanted.stderr, atol=1e-6, rtol=1e-6)
    assert found.freedom == len(y) - 2


def test_a_weighted_slope_is_that_of_the_normal_equations():
    x, y, error = np.array([5.0, 10, 15, 25]), np.array([1.0, 1.4, 2.2, 2.9]), np.array([0.1, 0.2, 0.1, 0.4])
    design = np.column_stack([np.ones(4), x]) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    wanted = covariance @ design.T @ (y / error)
    found = slope(x, y, error)
    assert_allclose([found.value, found.error], [wanted[1], covariance[1, 1] ** 0.5])
    assert found.freedom == np.inf


def test_two_points_have_a_slope_and_no_error():
    found = slope([5, 15], [1.0, 2.0])
    assert_allclose(found.value, 0.1)
    assert np.isnan(found.error)
    assert np.isnan(found.interval()).all()


def test_the_mean_is_that_of_a_t_interval():
    values = np.array([1.0, 1.3, 0.8, 1.9])
    wanted = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert_allclose(mean_of(values).interval(), wanted)


def test_scatter_does_not_see_a_slow_drift():
    noise = np.random.default_rng(2).standard_normal(2000)
    drift = np.linspace(0, 30, 2000)
    assert_allclose(successive_scatter(noise + drift), 1.0, rtol=0.05)
    assert np.isnan(successive_scatter([1.0, 2.0, 1.0]))


def test_a_known_error_gives_the_interval_of_the_normal():
    assert_allclose(Estimate(0.0, 1.0, np.inf).interval(), [-1.959964, 1.959964], rtol=1e-6)
