"""The rate of one closing: laws, numbers known beforehand, the rule of choice, messages."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from talik.errors import SettingsError, TableError
from talik.flux.closings import detection_limit, fit_closing, hutchinson_mosier, usable_window
from talik.flux.closings.curved import rise, rise_by_curvature

MODELS = ("auto", "linear", "robust", "hmr")
TIME = np.array([0.0, 0.08, 0.17, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0])
NOISE = np.array([0.3, -0.5, 0.1, 0.4, -0.2, 0.6, -0.7, 0.2, -0.1])


def jar(rate=244.0, curvature=0.0, time=TIME, start=53.0, noise=0.0):
    """Carbon in a jar of 20 g soil that respires 12 µg C per gram and day, sealed in room air."""
    return start + rate * rise(time, curvature) + noise


def values(fit):
    return np.array([fit.rate, fit.lower, fit.upper])


# Laws


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=25)
@given(factor=st.floats(0.01, 100), added=st.floats(-100, 1000), curvature=st.sampled_from([0.0, 0.3, 1.5]))
def test_the_rate_is_linear_in_the_carbon(model, factor, added, curvature):
    carbon = jar(curvature=curvature, noise=NOISE)
    first, second = (fit_closing(TIME, m, model=model) for m in (carbon, factor * carbon + added))
    assert first.model == second.model
    assert_allclose(values(second), factor * values(first), rtol=1e-6, atol=1e-7 * factor)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("curvature", [0.0, 1.0])
def test_uptake_is_the_mirror_image_of_respiration(model, curvature):
    """As of methane that a soil takes up."""
    carbon = jar(curvature=curvature, noise=NOISE)
    given, taken = (fit_closing(TIME, m, model=model) for m in (carbon, 600 - carbon))
    assert_allclose([taken.rate, taken.upper, taken.lower], -values(given), rtol=1e-7)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=25)
@given(order=st.permutations(range(TIME.size)))
def test_the_order_of_readings_is_irrelevant(model, order):
    carbon = jar(curvature=1.0, noise=NOISE)
    first, second = (
        fit_closing(TIME[list(o)], carbon[list(o)], model=model, sd=0.4) for o in (range(TIME.size), order)
    )
    assert first == second


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=25)
@given(factor=st.floats(0.001, 1500))
def test_the_unit_of_time_cancels(model, factor):
    carbon = jar(curvature=0.8, noise=NOISE)
    days, others = (fit_closing(t, carbon, model=model) for t in (TIME, factor * TIME))
    assert_allclose(values(others) * factor, values(days), rtol=1e-6)
    if days.model == "hmr":
        assert_allclose(others.curvature * factor, days.curvature, rtol=1e-6)


@settings(max_examples=25)
@given(rate=st.floats(-500, 5000), start=st.floats(0, 1000))
def test_a_straight_rise_gives_the_same_rate_by_all_models(rate, start):
    for model in MODELS:
        found = fit_closing(TIME, jar(rate, time=TIME, start=start), model=model)
        assert_allclose([found.rate, found.at_closing], [rate, start], atol=1e-8 * (1 + abs(rate) + start))
        assert found.lower - 1e-6 <= found.rate <= found.upper + 1e-6


@given(rate=st.floats(1, 5000), bend=st.floats(0.01, 3.9))
def test_the_rate_of_a_curve_is_its_derivative_at_closing(rate, bend):
    curvature = bend / TIME[-1]
    found = fit_closing(TIME, jar(rate, curvature), model="hmr")
    assert_allclose([found.rate, found.curvature], [rate, curvature], rtol=1e-5)
    step = 1e-6 / curvature
    before, after = found.predict([-step, step])
    assert_allclose((after - before) / (2 * step), found.rate, rtol=1e-6)


@given(middle=st.floats(20, 400), slower=st.floats(0.15, 0.97), spacing=st.floats(0.01, 10))
def test_three_equal_spacings_are_hutchinson_and_mosier(middle, slower, spacing):
    carbon = 50 + np.array([0, middle, middle + slower * middle])
    found = fit_closing([0, spacing, 2 * spacing], carbon, model="hmr", sd=1.0)
    assert_allclose(found.rate, hutchinson_mosier(*carbon, spacing), rtol=1e-6)


def test_hutchinson_and_mosier_do_not_hold_where_the_rise_does_not_slow_down():
    assert np.isnan(hutchinson_mosier([0, 0, 5.0], [1, 1, 4.0], [2, 3, 5.0], 1.0)).all()


@given(curvature=st.floats(1e-9, 5), time=st.floats(0.001, 5))
def test_the_derivative_by_curvature_is_that_of_high_precision(curvature, time):
    with localcontext(prec=60):
        k, t = Decimal(curvature), Decimal(time)
        wanted = float((t * (-k * t).exp() - (1 - (-k * t).exp()) / k) / k)
    assert_allclose(rise_by_curvature(np.array([time]), curvature), wanted, rtol=1e-7)


# Errors of the readings


def test_two_readings_are_their_difference_with_the_errors_of_both():
    found = fit_closing([0.0, 2.0], [53.0, 541.0], sd=[3.0, 4.0])
    assert (found.model, found.rate, found.sd, found.df) == ("difference", 244.0, 2.5, np.inf)
    assert_allclose([found.lower, found.upper], 244 + 2.5 * np.array([-1, 1]) * stats.norm.ppf(0.975))


def test_two_readings_without_errors_have_no_interval():
    found = fit_closing([0.0, 2.0], [53.0, 541.0])
    assert found.rate == 244.0
    assert np.isnan([found.sd, found.lower, found.upper, found.aicc]).all()


def test_a_line_is_that_of_linregress():
    wanted = stats.linregress(TIME, jar(noise=NOISE))
    found = fit_closing(TIME, jar(noise=NOISE), model="linear")
    assert_allclose([found.rate, found.sd, found.at_closing], [wanted.slope, wanted.stderr, wanted.intercept])
    half = stats.t.ppf(0.975, TIME.size - 2) * wanted.stderr
    assert_allclose([found.lower, found.upper], [wanted.slope - half, wanted.slope + half])


def test_stated_errors_weight_the_readings():
    errors = np.linspace(1, 5, TIME.size)
    design = np.column_stack([np.ones_like(TIME), TIME]) / errors[:, None]
    beta, squares, *_ = np.linalg.lstsq(design, jar(noise=NOISE) / errors)
    found = fit_closing(TIME, jar(noise=NOISE), model="linear", sd=errors)
    wanted = np.sqrt(squares[0] / (TIME.size - 2) * np.linalg.inv(design.T @ design)[1, 1])
    assert_allclose([found.rate, found.sd], [beta[1], wanted])


def test_few_readings_use_stated_errors_unless_these_are_contradicted():
    time, straight, crooked = [0, 1.0, 2.0], [53.0, 297.4, 541.0], [53.0, 330.0, 541.0]
    assert fit_closing(time, straight, sd=1.0).df == np.inf
    assert fit_closing(time, crooked, sd=1.0).df == 1
    assert fit_closing(time, straight).df == 1


# The choice


def test_the_choice_says_why():
    straight = fit_closing(TIME, jar(noise=NOISE))
    curved = fit_closing(TIME, jar(curvature=1.0, noise=NOISE))
    bad = fit_closing(TIME, jar(noise=NOISE + 60 * (TIME == 1.0)))
    assert [fit.model for fit in (straight, curved, bad)] == ["linear", "hmr", "robust"]
    assert straight.reason.startswith("a straight line: AICc")
    assert curved.reason.startswith("HMR: AICc")
    assert "1 of 9 readings lie far off" in bad.reason
    assert_allclose(bad.rate, 244, rtol=0.02)


def test_a_bad_reading_on_a_curve_is_set_aside():
    found = fit_closing(TIME, jar(curvature=1.0, noise=NOISE + 60 * (TIME == 0.75)))
    assert (found.model, found.used, found.n) == ("hmr", 8, 9)
    assert found.reason.startswith("HMR: AICc")
    assert "set aside" in found.reason
    assert_allclose(found.rate, 244, rtol=0.05)


def test_curvature_is_held_at_its_limit():
    found = fit_closing(TIME, jar(curvature=4.0, noise=NOISE), model="hmr", sd=0.4, curvature_limit=2.0)
    assert_allclose(found.curvature, 2.0 / TIME[-1])
    assert "held at the limit" in found.reason


def test_a_rise_near_the_detection_limit_may_curve_less():
    """Hüppi's limit: the slope over the detection limit, as curvature times length."""
    noise = 30 * NOISE
    carbon = 53 + 20 * rise(TIME, 3.0) + noise
    sd = 15.0
    found = fit_closing(TIME, carbon, model="hmr", sd=sd)
    slope = np.polyfit(TIME, carbon, 1)[0]
    detected = 3.289707 * sd / np.sqrt(np.sum((TIME - TIME.mean()) ** 2))
    assert found.curvature * TIME[-1] <= abs(slope) / detected + 1e-6
    assert found.lower <= found.rate <= found.upper


def test_an_accelerating_rise_has_no_curvature():
    found = fit_closing(TIME, 53 + 100 * TIME + 40 * TIME**2, model="hmr")
    assert found.curvature == 0
    assert "does not slow down" in found.reason


@pytest.mark.parametrize("model", ["robust", "hmr"])
def test_too_few_readings_for_a_model_give_a_line_that_says_so(model):
    found = fit_closing([0, 0, 1], [53, 54, 297], model=model)
    assert found.model == "linear"
    assert f"too few for {model}" in found.reason


# The window


def every_ten_seconds(minutes=15.0, curvature=0.0, seed=0):
    time = np.arange(0, minutes * 6 + 1) / 8640
    return time, jar(curvature=curvature, time=time) + 0.02 * np.random.default_rng(seed).standard_normal(time.size)


def test_a_dead_band_and_an_opened_jar_are_left_out():
    time, carbon = every_ten_seconds()
    carbon[time < 1 / 1440] = 52.0
    carbon[time > 13 / 1440] = 53.0
    found = fit_closing(time, carbon)
    assert_allclose(np.array([found.start, found.end]) * 1440, [1, 13], atol=0.5)
    assert found.lower <= 244 <= found.upper
    assert found.used < found.n == time.size
    assert "follow another course" in found.reason


@pytest.mark.parametrize("curvature", [0.0, 300.0])
def test_a_sound_closing_is_used_whole(curvature):
    whole = [usable_window(*every_ten_seconds(curvature=curvature, seed=seed)) for seed in range(40)]
    assert sum(window == (0.0, 15 / 1440) for window in whole) >= 38


def test_the_window_can_be_given():
    found = fit_closing(TIME, jar(noise=NOISE), window=(0.1, 1.2))
    assert (found.start, found.end, found.used) == (0.17, 1.0, 5)
    assert "as was asked for" in found.reason


# The detection limit


def test_the_detection_limit_is_that_of_the_line():
    time = np.linspace(0, 2.0, 7)
    error = fit_closing(time, jar(time=time), sd=1.5, model="linear")
    spread = np.sum((time - time.mean()) ** 2) ** 0.5
    assert error.rate == pytest.approx(244)
    assert_allclose(detection_limit(1.5, 2.0, 7), (1.644854 + 1.644854) * 1.5 / spread, rtol=1e-6)


def test_rates_at_the_detection_limit_are_told_from_none_in_19_of_20_closings():
    rng = np.random.default_rng(5)
    time, sd = np.linspace(0, 1, 4), 2.0
    slopes = np.polyfit(time, detection_limit(sd, 1.0, 4) * time[:, None] + sd * rng.standard_normal((4, 4000)), 1)[0]
    told = np.mean(slopes > detection_limit(sd, 1.0, 4) / 2)
    assert stats.binomtest(round(told * 4000), 4000, 0.95).pvalue > 0.01


# Messages


def test_readings_without_a_number_are_left_out_and_counted():
    found = fit_closing([0, 1, np.nan, 2, 3], [50, np.nan, 60, 70, 80])
    assert (found.n, found.used) == (5, 3)
    assert_allclose(found.rate, 10)


def test_repeated_times_are_allowed():
    assert_allclose(fit_closing([0, 0, 1, 1], [50, 52, 60, 62]).rate, 10)


@pytest.mark.parametrize(
    ("time", "carbon", "message"),
    [
        ([], [], "readings at 0 times"),
        ([0.0], [50.0], "readings at 1 times"),
        ([1.0, 1.0, 1.0], [50.0, 51.0, 52.0], "readings at 1 times"),
        ([0.0, 1.0], [50.0, np.nan], "readings at 1 times"),
        ([0.0, 1.0], [50.0], "2 times and 1 amounts"),
        ([0.0, 1.0], [50.0, np.inf], "1 of 2 readings of a closing are infinite"),
    ],
)
def test_readings_that_give_no_rate_are_named(time, carbon, message):
    with pytest.raises(TableError, match=message):
        fit_closing(time, carbon)


def test_settings_that_are_none_are_named():
    with pytest.raises(SettingsError, match="no model 'quadratic'"):
        fit_closing([0, 1], [0, 1], model="quadratic")
    with pytest.raises(SettingsError, match="no window 'best'"):
        fit_closing([0, 1], [0, 1], window="best")
    with pytest.raises(SettingsError, match="fewer than 2 times"):
        fit_closing([0, 1], [0, 1], window=(0.2, 0.5))
    with pytest.raises(SettingsError, match="limit of curvature"):
        fit_closing([0, 1], [0, 1], curvature_limit=0.0)
    with pytest.raises(TableError, match="zero or less"):
        fit_closing([0, 1], [0, 1], sd=[1.0, 0.0])
    with pytest.raises(TableError, match="2 readings and 3 errors"):
        fit_closing([0, 1], [0, 1], sd=[1.0, 1.0, 1.0])
    with pytest.raises(TableError, match="longer than nothing"):
        detection_limit(1.0, 0.0)


@given(
    readings=st.lists(
        st.tuples(st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), st.one_of(st.floats(-1e12, 1e12), st.just(np.nan))),
        max_size=12,
    ),
    model=st.sampled_from(MODELS),
    sd=st.sampled_from([None, 1e-3, 10.0]),
)
def test_any_readings_give_a_rate_or_a_message(readings, model, sd):
    time, carbon = np.array(readings, float).reshape(-1, 2).T
    sound = ~np.isnan(time) & ~np.isnan(carbon)
    if np.unique(time[sound]).size < 2:
        with pytest.raises(TableError):
            fit_closing(time, carbon, model=model, sd=sd)
        return
    assume(np.ptp(time[sound]) > 1e-9 * np.abs(time[sound]).max())
    found = fit_closing(time, carbon, model=model, sd=sd)
    assert np.isfinite(found.rate)
    assert not found.lower > found.rate
    assert not found.upper < found.rate
