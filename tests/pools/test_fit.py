import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

from talik.errors import ResponseError, SettingsError, TableError, UnknownNameError
from talik.inference.profile import profile_threshold
from talik.pools.batch import Series
from talik.pools.errors import proportional
from talik.pools.fit import fit_pool_model, fit_series
from talik.pools.layout import DECAY_RATES, Q10S
from talik.pools.models import POOL_MODELS, two_pool
from talik.responses import van_t_hoff

DAYS = np.array([1, 3, 7, 14, 21, 30, 45, 60, 90, 120, 180, 240, 300, 365], float)
TRUTH = {"fast_fraction": 0.03, "k_fast": 0.08, "k_slow": 3e-4, "q10_fast": 1.8, "q10_slow": 2.9}


def soil(temperatures=(5.0, 15.0, 25.0), c0=1000.0, noise=0.0, days=DAYS, **truth):
    """Respiration of two pools: time, temperature, rate, and an error like the mean of its temperature."""
    truth = TRUTH | truth
    temperature = np.repeat(temperatures, days.size)
    time = np.tile(days, len(temperatures))
    reference = np.mean(temperatures)
    rate = two_pool(
        time,
        c0,
        truth["fast_fraction"],
        truth["k_fast"] * van_t_hoff(temperature, truth["q10_fast"], reference),
        truth["k_slow"] * van_t_hoff(temperature, truth["q10_slow"], reference),
    )
    rate = rate * (1 + noise * np.random.default_rng(5).normal(size=rate.size))
    means = {degree: rate[temperature == degree].mean() for degree in temperatures}
    return time, temperature, rate, np.array([means[degree] for degree in temperature])


def fitted(time, temperature, rate, sigma, **settings):
    return fit_pool_model(time, time, temperature, rate, sigma, **settings)


def test_exact_data_give_the_exact_parameters():
    fit = fitted(*soil(), c0=1000.0)
    assert dict(zip(fit.parameters, fit.estimates, strict=True)) == pytest.approx(TRUTH, rel=1e-6)
    assert fit.identified.all()
    assert fit.reference_temperature == 15.0
    assert np.all((fit.lower <= fit.estimates) & (fit.estimates <= fit.upper))


def test_exact_intervals_give_the_exact_parameters():
    time, temperature, *_ = soil()
    start = np.where(time == DAYS[0], 0.0, np.roll(time, 1))
    k = np.array([[0.08], [3e-4]]) * van_t_hoff(temperature, np.array([[1.8], [2.9]]), reference=15.0)
    rate = POOL_MODELS["two-pool"].mean_respiration(start, time, [30.0, 970.0], k)
    fit = fit_pool_model(start, time, temperature, rate, rate, c0=1000.0)
    assert dict(zip(fit.parameters, fit.estimates, strict=True)) == pytest.approx(TRUTH, rel=1e-6)


def test_pool_sizes_are_found_when_the_carbon_is_unknown():
    # The slow pool must lose a visible part of itself, or only size times rate is known.
    fit = fitted(*soil(k_slow=3e-3), c0=None)
    assert fit.parameters == ("c0_fast", "c0_slow", "k_fast", "k_slow", "q10_fast", "q10_slow")
    assert_allclose(fit.estimates, [30.0, 970.0, 0.08, 3e-3, 1.8, 2.9], rtol=1e-6)


def test_one_temperature_has_no_q10():
    fit = fitted(*soil(temperatures=(15.0,)), c0=1000.0)
    assert fit.parameters == ("fast_fraction", "k_fast", "k_slow")
    assert_allclose(fit.estimates, [0.03, 0.08, 3e-4], rtol=1e-6)


def test_one_pool_is_found():
    time, temperature, _, sigma = soil()
    k = 2e-3 * van_t_hoff(temperature, 2.2, reference=15.0)
    fit = fitted(time, temperature, 500 * k * np.exp(-k * time), sigma, model="one-pool", c0=500.0)
    assert_allclose(fit.estimates, [2e-3, 2.2], rtol=1e-6)


@pytest.mark.parametrize("name", POOL_MODELS)
def test_predict_returns_the_curve_that_was_fitted(name):
    time, temperature, rate, sigma = soil(noise=0.1)
    fit = fitted(time, temperature, rate, sigma, model=name, c0=1000.0)
    residuals = (fit.predict(time, time, temperature) - rate) / sigma
    assert float(residuals @ residuals) == pytest.approx(fit.residual_sum_of_squares, rel=1e-9)


def test_equal_q10s_only_stretch_the_time():
    time, temperature, rate, sigma = soil(q10_fast=2.5, q10_slow=2.5)
    fit = fitted(time, temperature, rate, sigma, c0=1000.0)
    assert_allclose(fit.estimates[-2:], 2.5, rtol=1e-6)
    # Ten degrees warmer, all happens 2.5 times faster.
    warm, cold = fit.predict(DAYS, DAYS, 25.0), fit.predict(2.5 * DAYS, 2.5 * DAYS, 15.0)
    assert_allclose(warm, 2.5 * cold, rtol=1e-6)


def test_a_slow_q10_that_is_free_is_not_identified():
    # In 20 days at these temperatures nearly all comes from the fast pool.
    fit = fitted(*soil(days=np.linspace(1, 20, 12), noise=0.05, fast_fraction=0.3, k_slow=2e-6), c0=1000.0)
    slow = fit.parameters.index("q10_slow")
    assert not fit.identified[slow]
    assert "open" in fit.reason[slow]
    assert "95 % interval" in fit.reason[slow]
    assert fit.identified[fit.parameters.index("q10_fast")]
    assert np.isfinite([fit.lower[slow], fit.upper[slow]]).all()


def test_two_pools_fitted_to_one_are_not_identified():
    time, temperature, _, sigma = soil()
    k = 2e-3 * van_t_hoff(temperature, 2.2, reference=15.0)
    rate = 500 * k * np.exp(-k * time) * (1 + 0.05 * np.random.default_rng(1).normal(size=k.size))
    two = fitted(time, temperature, rate, sigma, c0=500.0)
    one = fitted(time, temperature, rate, sigma, c0=500.0, model="one-pool")
    assert not two.identified.all()
    assert one.identified.all()
    assert one.aicc.value < two.aicc.value


def test_a_pool_size_without_decline_is_open_above():
    time, temperature, _, _ = soil()
    rate = van_t_hoff(temperature, 2.0) * (1 + 0.02 * np.random.default_rng(4).normal(size=time.size))
    fit = fitted(time, temperature, rate, rate, model="one-pool")
    size, k, q10 = fit.reason
    assert "above" in size
    assert "below" in k
    assert q10 == ""
    assert fit.estimate("q10") == pytest.approx(2.0, rel=0.05)


def test_the_factor_that_identifies_can_be_set():
    data = soil(noise=0.3)
    strict = fitted(*data, c0=1000.0, widest_q10=1.01, widest_rate=1.01)
    assert not strict.identified.any()
    assert all("at most 1.01 is needed" in reason or "open" in reason for reason in strict.reason)


def test_known_errors_do_not_depend_on_the_residuals():
    time, temperature, rate, _ = soil(noise=0.02)
    narrow = fitted(time, temperature, rate, 0.02 * rate, c0=1000.0, sigma_kind="known")
    wide = fitted(time, temperature, rate, 0.04 * rate, c0=1000.0, sigma_kind="known")
    assert_allclose(narrow.estimates, wide.estimates, rtol=1e-5)
    assert_allclose(2 * narrow.sd, wide.sd, rtol=1e-4)
    assert np.all(wide.upper / wide.lower > narrow.upper / narrow.lower)


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside = 0
    for seed in range(60):
        time, temperature, rate, sigma = soil(temperatures=(5.0, 20.0))
        rate = rate + 0.05 * sigma * np.random.default_rng(seed).normal(size=rate.size)
        k = fitted(time, temperature, rate, sigma, c0=1000.0)
        inside += k.lower[-1] <= 2.9 <= k.upper[-1]
    # 95 % of 60 is 57; fewer than 51 has a probability of 0.3 %.
    assert inside >= 51


def test_the_order_of_the_rates_changes_nothing():
    data = soil(noise=0.1)
    order = np.random.default_rng(2).permutation(data[0].size)
    straight, shuffled = fitted(*data, c0=1000.0), fitted(*(a[order] for a in data), c0=1000.0)
    # Sums taken in another order differ in the last digits, and the ends are found to 1e-5 of the interval.
    assert_allclose(straight.estimates, shuffled.estimates, rtol=1e-6)
    assert_allclose(straight.lower, shuffled.lower, rtol=1e-5)
    assert_allclose(straight.upper, shuffled.upper, rtol=1e-5)


@settings(max_examples=8, deadline=None)
@given(exponent=st.integers(-12, 12))
def test_the_unit_of_the_rates_changes_only_the_sizes(exponent):
    time, temperature, rate, sigma = soil(noise=0.05, k_slow=3e-3)
    unit = 10.0**exponent
    here = fitted(time, temperature, rate, sigma)
    there = fitted(time, temperature, unit * rate, unit * sigma)
    scale = np.where(np.char.startswith(here.parameters, "c0"), unit, 1.0)
    assert_allclose(there.estimates, scale * here.estimates, rtol=1e-4)
    assert list(there.identified) == list(here.identified)


@settings(max_examples=8, deadline=None)
@given(
    fraction=st.floats(0.02, 0.3),
    k_fast=st.floats(0.03, 0.3),
    q10_fast=st.floats(1.2, 4.0),
    q10_slow=st.floats(1.2, 4.0),
)
def test_any_two_pools_are_recovered(fraction, k_fast, q10_fast, q10_slow):
    truth = {"fast_fraction": fraction, "k_fast": k_fast, "q10_fast": q10_fast, "q10_slow": q10_slow}
    fit = fitted(*soil(**truth), c0=1000.0)
    assert dict(zip(fit.parameters, fit.estimates, strict=True)) == pytest.approx(TRUTH | truth, rel=1e-5)


@pytest.mark.parametrize("c0", [None, 1000.0])
@pytest.mark.parametrize("model", POOL_MODELS)
@pytest.mark.parametrize(
    "rate",
    [
        [],
        [0.3],
        [0.3, 0.2],
        [0.3, 0.2, 0.1],
        [0.0] * 10,
        [0.3] * 10,
        [-0.3] * 10,
        [0.3, -0.1, 0.2, 0.1, -0.05, 0.02, 0.0, 0.01, 0.0, 0.01],
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
        [0.0] * 9 + [1.0],
        [1e-12] * 5 + [1e-13] * 5,
        [1e12] * 5 + [1e11] * 5,
        [0.3, np.nan, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
    ],
    ids=str,
)
def test_any_series_gives_an_answer_or_a_sentence(rate, model, c0):
    rate = np.array(rate, float)
    time = 10.0 * np.arange(rate.size)
    sigma = np.full(rate.size, np.nanmean(rate) if rate.size else 1.0)
    fit = fitted(time, np.full(rate.size, 15.0), rate, sigma, model=model, c0=c0)
    assert len(fit.estimates) == len(fit.parameters) == len(fit.reason)
    for estimate, lower, upper, identified, reason in zip(
        fit.estimates, fit.lower, fit.upper, fit.identified, fit.reason, strict=True
    ):
        assert bool(identified) == (reason == "")
        assert identified <= (np.isfinite([estimate, lower, upper]).all())
    assert np.isfinite(fit.aicc.value) or fit.aicc.reason


def test_too_few_rates_are_told_in_words():
    fit = fitted(*soil(days=DAYS[:1]), c0=1000.0)
    assert fit.reason[0] == "3 rates; the two-pool model with 3 temperatures has 5 parameters and needs at least 6"
    assert np.isnan(fit.estimates).all()


def test_a_temperature_without_respiration_is_named():
    time, temperature, rate, sigma = soil()
    rate = np.where(temperature == 5.0, 0.0, rate)
    assert fitted(time, temperature, rate, sigma).reason[0] == "the mean respiration at 5 °C is not above zero"


def test_an_unknown_model_names_the_known_ones():
    with pytest.raises(UnknownNameError, match="known are: one-pool, two-pool"):
        fitted(*soil(), model="many-pool")


@pytest.mark.parametrize("confidence", [0.0, 1.0, 1.5, 95.0, float("nan")])
def test_a_coverage_that_is_none_is_refused(confidence):
    with pytest.raises(SettingsError, match="lies between 0 and 1, as in 0.95"):
        fitted(*soil(), confidence=confidence)


def test_an_unknown_kind_of_error_is_refused():
    with pytest.raises(UnknownNameError, match="'absolute'; known are: relative, known"):
        fitted(*soil(), sigma_kind="absolute")


@pytest.mark.filterwarnings("error")
def test_times_before_the_start_are_refused_in_words():
    time, temperature, rate, _ = soil()
    (one,) = proportional([Series(time - 9, time - 9, temperature, rate, np.ones(time.size))])
    assert fit_series([one.series])[0].reason[0] == "an interval starts before the incubation or ends before it starts"


def test_a_fit_of_one_temperature_tells_of_no_other():
    fit = fitted(*soil(temperatures=(5.0,)), c0=1000.0)
    with pytest.raises(ResponseError, match="incubated at 5 °C; asked for is 25 °C"):
        fit.predict([1.0], [1.0], [25.0])


def test_a_fit_of_thawed_soil_tells_nothing_of_frozen_soil():
    fit = fitted(*soil(), c0=1000.0)
    assert fit.predict(1.0, 1.0, 30.0) > fit.predict(1.0, 1.0, 25.0)
    with pytest.raises(ResponseError, match="incubated at 5 to 25 °C; asked for is -20 °C, -0.5 °C"):
        fit.predict(1.0, 1.0, [-20.0, 5.0, -0.5])


def test_nothing_is_told_of_times_before_the_start():
    with pytest.raises(TableError, match="found -5 to -5 d, 3 to 2 d"):
        fitted(*soil(), c0=1000.0).predict([-5.0, 3.0, 1.0], [-5.0, 2.0, 1.0], 5.0)


def test_carbon_of_a_soil_that_hardly_respires_is_left():
    # 3e-7 of the carbon a day: less than a thousandth of that of a topsoil.
    days, held = np.tile(DAYS, 2), np.repeat([5.0, 15.0], DAYS.size)
    k = 3e-7 * 2.0 ** ((held - 10.0) / 10.0)
    rate = 1000 * k * np.exp(-k * days) * np.exp(0.05 * np.random.default_rng(3).normal(size=k.size))
    fit = fitted(days, held, rate, rate, model="one-pool", c0=1000.0)
    assert fit.identified.all()
    left = fit.carbon_left[-1]
    assert left.lower <= np.exp(-3e-7 * 50 * 365.25) <= left.upper
    assert left.upper - left.lower < 1e-3


def noisy_soils(count):
    """Rates of two pools that differ in everything: temperatures, days, parameters, noise."""
    rng = np.random.default_rng(2024)
    for i in range(count):
        truth = {
            "fast_fraction": rng.uniform(0.01, 0.3),
            "k_fast": np.exp(rng.uniform(np.log(0.02), np.log(0.3))),
            "k_slow": np.exp(rng.uniform(np.log(1e-4), np.log(3e-3))),
            "q10_fast": rng.uniform(1.3, 4),
            "q10_slow": rng.uniform(1.3, 4),
        }
        temperatures = ((5.0, 15.0), (5.0, 15.0, 25.0), (2.0, 10.0, 20.0))[i % 3]
        time, temperature, rate, sigma = soil(temperatures, days=DAYS[: rng.integers(9, 15)], **truth)
        yield time, temperature, rate + rng.choice([0.03, 0.08, 0.15]) * rate * rng.normal(size=rate.size), sigma


def residuals_of_two_pools(time, temperature, rate, sigma, c0, reference):
    """Residuals as a function of the parameters of `fit_pool_model`, written anew; sizes relative to the rates."""

    def residuals(parameters):
        sizes, (k, q10) = parameters[:-4], np.exp(parameters[-4:]).reshape(2, 2)
        sizes = np.append(sizes, 1 - sizes) * c0 if c0 else np.exp(sizes)
        k = k[:, None] * q10[:, None] ** ((temperature - reference) / 10)
        return ((sizes[:, None] * k * np.exp(-k * time)).sum(0) - rate) / sigma

    return residuals


def fits_beyond_the_ends(time, temperature, rate, sigma, c0, starts=6):
    """Names of identified parameters with a fit within the threshold beyond their interval; and ends looked beyond."""
    rng, fit = np.random.default_rng(1), fitted(time, temperature, rate, sigma, c0=c0)
    residuals = residuals_of_two_pools(time, temperature, rate, sigma, c0, fit.reference_temperature)
    threshold = profile_threshold(fit.residual_sum_of_squares, fit.n, len(fit.parameters))
    is_log = np.array([c0 is None or not name.endswith("fraction") for name in fit.parameters])
    sizes = [(0.0, 1.0)] if c0 else [np.log([1e-3, 1e7])] * 2
    box = np.array([*sizes, *np.log([DECAY_RATES] * 2), *np.log([Q10S] * 2)])
    ends, missed = 0, []
    for i in np.flatnonzero(fit.identified):
        for end, side in ((0.98 * fit.lower[i], 1), (1.02 * fit.upper[i], 0)):
            part = box.copy()
            part[i, side] = np.log(end) if is_log[i] else end
            ends += 1
            for _ in range(starts):
                at = least_squares(residuals, rng.uniform(*part.T), bounds=part.T, x_scale=1.0, max_nfev=60)
                k = at.x[-4:-2]
                if k[0] >= k[1] and 2 * at.cost < 0.999 * threshold:
                    missed.append(fit.parameters[i])
                    break
    return missed, ends


@pytest.mark.parametrize("c0", [None, 1000.0])
def test_random_restarts_find_nothing_as_good_beyond_the_intervals(c0):
    found = [fits_beyond_the_ends(*data, c0) for data in noisy_soils(6)]
    assert sum(ends for _, ends in found) > 30
    assert [name for missed, _ in found for name in missed] == []


def least_misfit(time, temperature, rate, sigma, c0, left, start):
    """Sum of squares of the best two pools that leave this much carbon after a year, by least squares."""

    def residuals(parameters):
        k, q10 = np.exp(parameters).reshape(2, 2)
        fast, slow = np.exp(-k * 365.25)
        fraction = (left - slow) / (fast - slow)
        k = k[:, None] * q10[:, None] ** ((temperature - 10) / 10)
        sizes = np.array([fraction, 1 - fraction])[:, None] * c0
        return ((sizes * k * np.exp(-k * time)).sum(0) - rate) / sigma

    return 2 * least_squares(residuals, start, x_scale="jac", xtol=1e-14, ftol=1e-14, gtol=1e-14).cost


@pytest.mark.parametrize("seed", range(4))
def test_carbon_left_ends_where_the_misfit_along_it_meets_the_threshold_however_rates_scatter(seed):
    time, temperature, level, _ = soil((5.0, 15.0), days=np.geomspace(1.0, 400.0, 40))
    rate = level * (1 + 0.3 * np.random.default_rng(seed).standard_normal(level.size))
    fit = fitted(time, temperature, rate, level, c0=1000.0)
    (left,) = (one for one in fit.carbon_left if one.years == 1)
    threshold = profile_threshold(fit.residual_sum_of_squares, fit.n, len(fit.parameters))
    start = np.log(fit.estimates[1:])
    for end in (left.lower, left.upper):
        rise = least_misfit(time, temperature, rate, level, 1000.0, end, start) - fit.residual_sum_of_squares
        assert rise / (threshold - fit.residual_sum_of_squares) == pytest.approx(1.0, abs=0.02)
