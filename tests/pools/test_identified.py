"""What the data cannot tell: designs whose answer is known beforehand."""

import numpy as np
import pytest
from calibration.pools import DESIGNS, NAMED, SHORT, rows, simulated, with_errors

from talik.pools import Series, fit_pool_model, fit_series
from talik.pools.figures import plot_profile, profile_curve
from talik.pools.fit import STARTS

DATA_SETS = 40


def both_identified(design):
    _, series = simulated(design, DATA_SETS, np.random.default_rng(7))
    fits = fit_series(with_errors(design, series))
    return np.mean(
        [all(ok for name, ok in zip(f.parameters, f.identified, strict=True) if "q10" in name) for f in fits]
    )


def test_a_year_at_two_temperatures_with_three_jars_identifies_both_pools():
    assert both_identified(NAMED) >= 0.95


def test_four_weeks_of_one_jar_do_not():
    assert both_identified(SHORT) <= 0.5


@pytest.mark.parametrize(
    "name", [NAMED.name, "fast and constant, 2 temperatures", "continuum, 2 temperatures, 8 times"]
)
def test_intervals_hold_the_truth(name):
    (design,) = (design for design in DESIGNS if design.name == name)
    for row in rows(design, 60, 0):
        # With 95 % of 60 expected, fewer than 51 have a probability of 0.3 %.
        assert row["coverage"] >= 51 / 60, row


def slow_pool_that_may_have_any_q10():
    """What respires at 15 °C within 30 days comes from a fast pool that hides the slow one."""
    days = np.linspace(1, 30, 12)
    time, temperature = np.tile(days, 2), np.repeat([5.0, 15.0], 12)
    k = 0.05 * 2.0 ** ((temperature - 10) / 10)
    rate = 300 * k * np.exp(-k * time) * (1 + 0.1 * np.random.default_rng(4).standard_normal(24))
    return Series(time, time, temperature, rate, rate.mean() * np.ones(24), 1000.0)


def test_a_slow_pool_with_any_q10_from_1_to_50_is_not_identified():
    series = slow_pool_that_may_have_any_q10()
    (fit,) = fit_series([series])
    slow = fit.parameters.index("q10_slow")
    curve = profile_curve(series, "q10_slow", np.geomspace(1, 50, 15))
    assert not fit.identified[slow]
    assert fit.lower[slow] <= 1
    assert fit.upper[slow] >= 50
    assert np.all(curve.rise < 1), "the flat profile"


def test_the_flat_profile_is_drawn():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    curve = profile_curve(slow_pool_that_may_have_any_q10(), "q10_slow", np.geomspace(0.5, 80, 9))
    plot_profile(curve, ax)
    assert "not identified" in ax.get_title("left")


def test_more_starts_find_no_better_fit():
    _, series = simulated(SHORT, 30, np.random.default_rng(11))
    few, many = (fit_series(with_errors(SHORT, series), starts=starts) for starts in (STARTS, 4 * STARTS))
    for one, other in zip(few, many, strict=True):
        assert one.residual_sum_of_squares <= other.residual_sum_of_squares * (1 + 1e-6)


def test_a_fit_does_not_depend_on_its_company():
    _, series = simulated(SHORT, 12, np.random.default_rng(12))
    together = fit_series(series, sigma_kind="relative")
    alone = [fit_series([one])[0] for one in series]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.estimates, other.estimates, rtol=1e-5)


def test_times_that_do_not_begin_at_zero_tell_the_size_at_zero():
    time = np.linspace(100, 300, 15)
    fit = fit_pool_model(time, time, 5.0, 500 * 0.01 * np.exp(-0.01 * time), 1.0, model="one-pool")
    np.testing.assert_allclose(fit.estimates, [500, 0.01], rtol=1e-6)


def test_every_optimum_that_fits_is_told():
    _, series = simulated(SHORT, 12, np.random.default_rng(11))
    fits = fit_series(with_errors(SHORT, series))
    for fit in fits:
        np.testing.assert_allclose(fit.optima[0], fit.estimates)
    several = [fit for fit in fits if len(fit.optima) > 1]
    assert several
    assert all(not fit.identified.all() for fit in several if np.ptp(np.log(fit.optima[:, 2])) > 1)
