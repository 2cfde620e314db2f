"""Straight lines through many closings are those through each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from talik.errors import TableError
from talik.flux.closings import fit_closing, linear_rates, many


def closings(sizes=(2, 3, 4, 7, 50, 5), seed=3):
    rng = np.random.default_rng(seed)
    closing = np.repeat([f"jar {i}" for i in range(len(sizes))], sizes)
    time = np.concatenate([np.sort(rng.uniform(0, 0.02, n)) + 30 * i for i, n in enumerate(sizes)])
    return closing, time, 5e4 + rng.uniform(1, 500, len(sizes)).repeat(sizes) * time + rng.standard_normal(time.size)


def test_each_line_is_that_of_the_closing_alone():
    closing, time, carbon = closings()
    found = linear_rates(closing, time, carbon)
    for i, name in enumerate(found.closing):
        one = fit_closing(time[closing == name], carbon[closing == name], model="linear", window="whole")
        assert_allclose([found.rate[i], found.at_closing[i]], [one.rate, one.at_closing], rtol=1e-7)
        assert_allclose(found.sd[i], one.sd, rtol=1e-6)
        assert (found.n[i], found.start[i], found.end[i]) == (one.n, one.start, one.end)
        r = stats.pearsonr(time[closing == name], carbon[closing == name])[0]
        assert_allclose(found.r2[i], r**2, rtol=1e-6, atol=1e-12)


def test_the_curvature_is_that_of_a_quadratic_term():
    closing, time, carbon = closings((4, 5, 9, 40))
    found = linear_rates(closing, time, carbon)
    for name, t in zip(found.closing, found.curvature_t, strict=True):
        x = time[closing == name]
        u = (x - x.mean()) / np.ptp(x)
        terms, covariance = np.polyfit(u, carbon[closing == name], 2, cov=True)
        assert_allclose(t, terms[0] / covariance[0, 0] ** 0.5, rtol=1e-5)


@given(order=st.permutations(range(71)))
def test_the_order_of_readings_and_closings_is_irrelevant(order):
    closing, time, carbon = closings()
    first = linear_rates(closing, time, carbon)
    second = linear_rates(closing[list(order)], time[list(order)], carbon[list(order)])
    for name, wanted in vars(first).items():
        if name == "closing":
            assert_array_equal(second.closing, wanted)
        else:
            # Sums in another order: the carbon is known to 11 digits beyond its scatter.
            assert_allclose(getattr(second, name), wanted, rtol=1e-6, equal_nan=True)


def test_readings_are_worked_on_in_pieces(monkeypatch):
    closing, time, carbon = closings((5, 30, 2, 9, 14, 1, 8))
    whole = linear_rates(closing, time, carbon)
    monkeypatch.setattr(many, "AT_ONCE", 10)
    pieces = linear_rates(closing, time, carbon)
    for name, wanted in vars(whole).items():
        assert_array_equal(getattr(pieces, name), wanted)


def test_readings_without_a_number_are_left_out_and_counted():
    found = linear_rates([1, 1, 1, 2, 2, 3], [0, 1, np.nan, 0, 1, 0], [1.0, np.nan, 5.0, 1.0, 3.0, 1.0])
    assert_array_equal(found.n, [1, 2, 1])
    assert_array_equal(found.missing, [2, 0, 0])
    assert_allclose(found.rate, [np.nan, 2.0, np.nan])
    assert np.isnan(found.sd).all()
    assert np.isnan(found.curvature_t).all()


def test_no_readings_give_no_rates():
    assert linear_rates([], [], []).rate.size == 0
    with pytest.raises(TableError, match="give one each a reading"):
        linear_rates([1, 2], [0.0], [1.0])


def test_few_sound_closings_are_screened_as_curved():
    rng = np.random.default_rng(8)
    time = np.tile(np.linspace(0, 1, 12), 2000)
    t = linear_rates(np.arange(2000).repeat(12), time, 100 * time + rng.standard_normal(24000)).curvature_t
    assert stats.binomtest(int((t < stats.t.ppf(0.05, 9)).sum()), 2000, 0.05).pvalue > 0.01
