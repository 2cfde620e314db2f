import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.pools.models import POOL_MODELS, decay, one_pool, one_pool_mean, one_pool_release, two_pool

TIME = np.array([0.0, 0.5, 1.0, 3.0, 10.0, 40.0, 200.0, 1000.0])
START, END = TIME[:-1], TIME[1:]
RATES = st.floats(1e-6, 10.0)


def pools(model):
    """Sizes and decay rates that any model can have."""
    count = len(model.pools)
    return 100.0 * np.arange(1, count + 1), 0.3 / 20.0 ** np.arange(count)


@pytest.mark.parametrize("model", POOL_MODELS.values(), ids=POOL_MODELS)
class TestEveryModel:
    def test_it_is_found_by_its_name(self, model):
        assert POOL_MODELS[model.name] is model
        assert model.reference

    def test_carbon_is_conserved(self, model):
        sizes, k = pools(model)
        total = model.release(TIME, sizes, k) + model.remaining(TIME, sizes, k)
        assert_allclose(total, sizes.sum(), rtol=1e-12)
        assert model.release(0.0, sizes, k) == 0

    def test_mean_rate_times_length_is_the_carbon_released(self, model):
        sizes, k = pools(model)
        released = model.mean_respiration(START, END, sizes, k) * (END - START)
        assert_allclose(released, np.diff(model.release(TIME, sizes, k)), rtol=1e-9, atol=1e-9)

    def test_rate_is_the_slope_of_the_release(self, model):
        sizes, k = pools(model)
        h = 1e-4
        slope = (model.release(TIME + h, sizes, k) - model.release(TIME - h, sizes, k)) / (2 * h)
        assert_allclose(model.respiration(TIME, sizes, k), slope, rtol=1e-6, atol=1e-8)

    def test_respiration_falls(self, model):
        assert np.all(np.diff(model.respiration(TIME, *pools(model))) < 0)

    def test_an_interval_without_length_is_a_reading(self, model):
        sizes, k = pools(model)
        assert_allclose(model.mean_respiration(TIME, TIME, sizes, k), model.respiration(TIME, sizes, k), rtol=1e-12)

    def test_all_carbon_is_released_in_the_end(self, model):
        sizes, k = pools(model)
        assert_allclose(model.release(1e9, sizes, k), sizes.sum(), rtol=1e-12)

    def test_parameters_are_named_after_the_pools(self, model):
        assert len(set(model.names("k"))) == len(model.pools)


@given(k=RATES, share=st.floats(0, 1))
def test_two_pools_with_one_rate_are_one_pool(k, share):
    assert_allclose(two_pool(TIME, 100.0, share, k, k), one_pool(TIME, 100.0, k), rtol=1e-9, atol=1e-300)


@given(k_fast=RATES, k_slow=RATES, share=st.floats(0, 1))
def test_two_pool_is_the_model_of_that_name(k_fast, k_slow, share):
    by_name = POOL_MODELS["two-pool"].respiration(TIME, [50 * share, 50 * (1 - share)], [k_fast, k_slow])
    assert_allclose(two_pool(TIME, 50.0, share, k_fast, k_slow), by_name, rtol=1e-12, atol=1e-300)


@given(k=RATES, start=st.floats(0, 1e3), length=st.floats(1e-3, 1e3))
def test_the_mean_of_an_interval_is_not_the_rate_at_its_middle(k, start, length):
    mean = one_pool_mean(start, start + length, 10.0, k)
    middle = one_pool(start + length / 2, 10.0, k)
    # The curve is convex; rounding allows equality where it is nearly straight.
    assert mean >= middle * (1 - 1e-9)


@given(k=RATES, start=st.floats(0, 100), length=st.floats(0, 100))
def test_slope_of_decay_is_its_derivative(k, start, length):
    h = 1e-5
    up, down = (decay(start, start + length, k * np.exp(s))[0] for s in (h, -h))
    rate, slope = decay(start, start + length, k)
    assert_allclose(slope, (up - down) / (2 * h), rtol=1e-5, atol=1e-7 * rate + 1e-300)


def test_half_of_the_carbon_is_left_after_the_half_life():
    assert one_pool_release(np.log(2) / 0.05, 20.0, 0.05) == pytest.approx(10.0)
