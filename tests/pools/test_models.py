import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad

from talik.pools.carbon import CONSTANT, CONTINUUM, POOL
from talik.pools.models import POOL_MODELS, one_pool, one_pool_mean, one_pool_release, two_pool

TIME = np.array([0.0, 0.5, 1.0, 3.0, 10.0, 40.0, 200.0, 1000.0])
START, END = TIME[:-1], TIME[1:]
RATES = st.floats(1e-6, 10.0)
KINDS = {"pool": (POOL, ()), "constant": (CONSTANT, ()), "continuum": (CONTINUUM, (0.4,))}


def shapes_of(_, shapes):
    return [np.full(1, shape) for shape in shapes]


@pytest.mark.parametrize("name", POOL_MODELS)
def test_a_model_is_found_by_its_name(name):
    assert POOL_MODELS[name].name == name
    assert POOL_MODELS[name].reference


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("k", [1e-5, 0.02, 3.0])
class TestEveryKindOfCarbon:
    def test_the_mean_of_an_interval_is_its_integral(self, name, k):
        kind, shapes = KINDS[name]
        at_one_time = lambda t: kind.rate(np.array([t]), None, np.full(1, k), *shapes_of(kind, shapes))[0][0]  # noqa: E731
        mean = kind.rate(START, END - START, np.full(1, k), *shapes_of(kind, shapes))[0]
        whole = [quad(at_one_time, a, b, epsabs=0, epsrel=1e-11)[0] for a, b in zip(START, END, strict=True)]
        # What is gone to the last digit has no more digits to compare.
        assert_allclose(mean * (END - START), whole, rtol=1e-9, atol=1e-30)

    def test_an_interval_without_length_is_a_reading(self, name, k):
        kind, shapes = KINDS[name]
        reading = kind.rate(TIME, None, np.full(1, k), *shapes_of(kind, shapes))
        interval = kind.rate(TIME, np.zeros(TIME.size), np.full(1, k), *shapes_of(kind, shapes))
        for one, other in zip(reading, interval, strict=True):
            assert_allclose(one, other, rtol=1e-12, atol=1e-300)

    @pytest.mark.parametrize("duration", [None, END - START])
    def test_slopes_are_derivatives_by_logarithms(self, name, k, duration):
        kind, shapes = KINDS[name]
        values = np.log([k, *shapes])
        _, *slopes = kind.rate(START, duration, *(np.exp(v)[None] for v in values))
        for i, slope in enumerate(slopes):
            h = 1e-6 * np.eye(values.size)[i]
            up, down = (
                kind.rate(START, duration, *(np.exp(v)[None] for v in values + sign * h))[0] for sign in (1, -1)
            )
            # The difference of two curves loses the digits that they share.
            assert_allclose(slope, (up - down) / 2e-6, rtol=1e-4, atol=1e-8 * k)


@pytest.mark.parametrize("name", ["pool", "continuum"])
@pytest.mark.parametrize("k", [1e-5, 0.02, 3.0])
def test_the_rate_is_what_is_lost(name, k):
    kind, shapes = KINDS[name]
    left = kind.left(TIME, np.full(1, k), *shapes_of(kind, shapes))[0]
    mean = kind.rate(START, END - START, np.full(1, k), *shapes_of(kind, shapes))[0]
    assert left[0] == 1
    assert_allclose(mean * (END - START), -np.diff(left), rtol=1e-9, atol=1e-15)


@given(k=RATES)
def test_a_continuum_of_large_shape_is_one_pool(k):
    continuum = CONTINUUM.rate(TIME, None, np.full(1, k), np.full(1, 1e9))[0]
    pool = POOL.rate(TIME, None, np.full(1, k))[0]
    near = k * TIME < 30
    assert_allclose(continuum[near], pool[near], rtol=1e-5)


def test_a_model_sums_its_pools():
    model = POOL_MODELS["fast-and-constant"]
    rate = model.mean_respiration(TIME, TIME, [20.0, 0.3], [0.05, 1.0])
    assert_allclose(rate, one_pool(TIME, 20.0, 0.05) + 0.3)


@given(k=RATES, share=st.floats(0, 1))
def test_two_pools_with_one_rate_are_one_pool(k, share):
    assert_allclose(two_pool(TIME, 100.0, share, k, k), one_pool(TIME, 100.0, k), rtol=1e-9, atol=1e-300)


@given(k_fast=RATES, k_slow=RATES, share=st.floats(0, 1))
def test_two_pool_is_the_model_of_that_name(k_fast, k_slow, share):
    model = POOL_MODELS["two-pool"]
    by_name = model.mean_respiration(TIME, TIME, [50 * share, 50 * (1 - share)], [k_fast, k_slow])
    assert_allclose(two_pool(TIME, 50.0, share, k_fast, k_slow), by_name, rtol=1e-12, atol=1e-300)


@given(k=RATES, start=st.floats(0, 1e3), length=st.floats(1e-3, 1e3))
def test_the_mean_of_an_interval_is_not_the_rate_at_its_middle(k, start, length):
    mean = one_pool_mean(start, start + length, 10.0, k)
    middle = one_pool(start + length / 2, 10.0, k)
    # The curve is convex; rounding allows equality where it is nearly straight.
    assert mean >= middle * (1 - 1e-9)


def test_half_of_the_carbon_is_left_after_the_half_life():
    assert one_pool_release(np.log(2) / 0.05, 20.0, 0.05) == pytest.approx(10.0)
