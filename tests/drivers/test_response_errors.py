"""Errors of the response: draws agree with weights, and do not count errors twice."""

import numpy as np
from numpy.testing import assert_allclose

from talik.drivers.analyses import over_draws_of
from talik.drivers.response_errors import draw_responses, over_draws
from talik.spatial.model import fit_spatial


def uncertain(seed, n=30, tau=0.1):
    rng = np.random.default_rng(seed)
    x, error = rng.standard_normal(n), rng.choice([0.02, 0.1, 0.4], n)
    return (
        np.column_stack([np.ones(n), x]),
        1 + 0.2 * x + tau * rng.standard_normal(n) + error * rng.standard_normal(n),
        error,
    )


def test_draws_agree_with_weights():
    design, response, error = uncertain(1)
    weighted = fit_spatial(response, design, error=error)
    drawn = over_draws_of(response, design, error, None, 300, 1)
    assert_allclose(drawn.estimate, weighted.estimates, atol=0.25 * weighted.errors.min())
    assert_allclose(drawn.error, weighted.errors, rtol=0.25)
    assert (drawn.naive_error > 1.3 * drawn.error).all()


def test_adding_errors_to_what_has_errors_would_count_them_twice():
    design, response, error = uncertain(2)
    proper = over_draws_of(response, design, error, None, 300, 1)

    def method(one):
        fit = fit_spatial(one, design)
        return fit.estimates, np.diag(fit.adjusted), fit.freedom

    twice = response + error * np.random.default_rng(1).standard_normal((200, 30))
    assert (over_draws(method, response, twice).error > 1.5 * proper.error).all()


def test_intervals_over_draws_hold_the_truth():
    held = 0
    for seed in range(60):
        design, response, error = uncertain(seed)
        low, high = over_draws_of(response, design, error, None, 15, seed).intervals()[1]
        held += low <= 0.2 <= high
    # Fewer than 51 of 60 come once in a thousand at 95 %.
    assert 51 <= held <= 60


def test_a_response_without_error_is_not_moved():
    design, response, _ = uncertain(3)
    drawn = draw_responses(response, np.full(30, 1e-9), design, 5)
    assert_allclose(drawn, np.tile(response, (5, 1)), atol=1e-6)


def test_the_difference_from_the_naive_answer_is_told():
    design, response, error = uncertain(4)
    found = over_draws_of(response, design, error, None, 50, 1)
    assert_allclose(found.difference, (found.naive - found.estimate) / found.error)
    assert_allclose(found.naive, np.linalg.lstsq(design, response)[0], rtol=1e-9)
