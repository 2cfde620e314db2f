import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from talik.inference.least_squares import least_squares_in_box
from talik.inference.profile import profile_interval, profile_threshold

RNG = np.random.default_rng(11)
X = np.linspace(0, 4, 15)
Y = 3 + 2 * X + RNG.normal(0, 0.5, X.size)
DESIGN = np.column_stack([np.ones_like(X), X])
WIDE = np.array([-1e3, -1e3]), np.array([1e3, 1e3])


def straight_line(theta):
    return DESIGN @ theta - Y, DESIGN


def decline(theta):
    a, k = theta
    curve = np.exp(-k * X)
    return a * curve - Z, np.column_stack([curve, -a * X * curve])


Z = 5 * np.exp(-0.7 * X) + RNG.normal(0, 0.1, X.size)


@pytest.mark.parametrize("index", [0, 1])
def test_profile_of_a_linear_model_is_students_t(index):
    best = least_squares_in_box(straight_line, [0.0, 0.0], *WIDE)
    threshold = profile_threshold(best.sum_of_squares, X.size, 2)
    interval = profile_interval(straight_line, best, *WIDE, index, threshold)
    estimate = np.linalg.lstsq(DESIGN, Y)[0]
    variance = best.sum_of_squares / (X.size - 2) * np.linalg.inv(DESIGN.T @ DESIGN)[index, index]
    half = stats.t.ppf(0.975, X.size - 2) * np.sqrt(variance)
    assert_allclose(best.theta, estimate, rtol=1e-9)
    assert_allclose([interval.lower, interval.upper], estimate[index] + [-half, half], rtol=1e-6)
    assert interval.lower_closed
    assert interval.upper_closed


def test_profile_of_a_linear_model_with_known_errors_is_normal():
    best = least_squares_in_box(straight_line, [0.0, 0.0], *WIDE)
    threshold = profile_threshold(best.sum_of_squares, X.size, 2, "known")
    interval = profile_interval(straight_line, best, *WIDE, 1, threshold)
    half = stats.norm.ppf(0.975) * np.sqrt(np.linalg.inv(DESIGN.T @ DESIGN)[1, 1])
    assert_allclose([interval.lower, interval.upper], best.theta[1] + [-half, half], rtol=1e-6)


def test_the_fit_agrees_with_scipy():
    box = np.array([0.0, 0.0]), np.array([100.0, 10.0])
    ours = least_squares_in_box(decline, [1.0, 0.1], *box)
    scipys = optimize.least_squares(
        lambda t: decline(t)[0], [4.0, 0.5], jac=lambda t: decline(t)[1], xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    assert_allclose(ours.theta, scipys.x, rtol=1e-7)


def test_the_fit_stays_in_its_box_and_agrees_with_scipy_there():
    box = np.array([0.0, 0.0]), np.array([4.5, 10.0])
    ours = least_squares_in_box(decline, [1.0, 0.1], *box)
    scipys = optimize.least_squares(
        lambda t: decline(t)[0], [4.0, 0.5], jac=lambda t: decline(t)[1], bounds=box, xtol=1e-14, ftol=1e-14
    )
    assert ours.theta[0] == 4.5
    assert_allclose(ours.theta, scipys.x, rtol=1e-5)


def test_the_ends_lie_on_the_threshold():
    box = np.array([0.0, 0.0]), np.array([100.0, 10.0])
    best = least_squares_in_box(decline, [1.0, 0.1], *box)
    threshold = profile_threshold(best.sum_of_squares, X.size, 2)
    for index in (0, 1):
        interval = profile_interval(decline, best, *box, index, threshold)
        for end in (interval.at_lower, interval.at_upper):
            residuals = decline(end)[0]
            assert float(residuals @ residuals) == pytest.approx(threshold, rel=1e-6)
        assert interval.lower < best.theta[index] < interval.upper


def test_what_the_data_do_not_bound_is_open():
    def product(theta):
        return np.array([theta[0] + theta[1] - 2, theta[0] + theta[1] - 2.1]), np.ones((2, 2))

    box = np.array([0.0, 0.0]), np.array([5.0, 5.0])
    best = least_squares_in_box(product, [1.0, 1.0], *box)
    interval = profile_interval(product, best, *box, 0, best.sum_of_squares + 0.01)
    # The sum is known to about 0.1 and the other term cannot be negative, which closes the upper side only.
    assert not interval.lower_closed
    assert interval.lower == 0.0
    assert interval.upper == pytest.approx(2.05 + np.sqrt(0.01 / 2))


def test_a_better_optimum_met_on_the_way_is_handed_back():
    def two_valleys(theta):
        x = theta[0]
        return np.array([(x - 1) * (x + 2), 0.3 * (x + 2)]), np.array([[2 * x + 1], [0.3]])

    box = np.array([-2.0]), np.array([5.0])
    shallow = least_squares_in_box(two_valleys, [1.5], *box)
    assert shallow.theta[0] == pytest.approx(1.0, abs=0.1)
    interval = profile_interval(two_valleys, shallow, *box, 0, shallow.sum_of_squares + 6.0)
    assert interval.better is not None
    assert least_squares_in_box(two_valleys, interval.better, *box).theta[0] == pytest.approx(-2.0)


def test_a_valley_as_good_beyond_an_end_is_found_and_held():
    def two_valleys(theta):
        x = theta[0]
        return np.array([(x - 1) * (x + 2), 0.1 * (x + 2)]), np.array([[2 * x + 1], [0.1]])

    box, places = (np.array([-5.0]), np.array([5.0])), [np.array([2.0])]
    best = least_squares_in_box(two_valleys, [-2.5], *box)
    alone = profile_interval(two_valleys, best, *box, 0, 0.2)
    both = profile_interval(two_valleys, best, *box, 0, 0.2, places=places)
    assert alone.upper < -1 < 1 < both.upper
    assert both.elsewhere.theta[0] == pytest.approx(1.0, abs=0.02)
    assert alone.elsewhere is None
