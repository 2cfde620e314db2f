import numpy as np
import pytest

from talik.inference.criteria import aicc


def test_aicc_by_hand():
    # k = 3: 20 ln(10/20) + 6 + 24/16
    assert aicc(10.0, n=20, parameters=2).value == pytest.approx(-13.862943611198906 + 6 + 1.5, rel=1e-14)


def test_known_errors_are_not_counted():
    # k = 2: 10 + 4 + 12/17
    assert aicc(10.0, n=20, parameters=2, sigma="known").value == pytest.approx(14 + 12 / 17, rel=1e-14)


def test_it_is_minus_two_log_likelihood_with_penalty():
    rng = np.random.default_rng(3)
    r = rng.normal(size=30)
    rss, n, k = float(r @ r), 30, 4
    variance = rss / n
    log_likelihood = -0.5 * n * np.log(2 * np.pi * variance) - 0.5 * rss / variance
    expected = -2 * log_likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    # n ln(2 pi) + n is the same for every model of the same readings.
    constant = n * np.log(2 * np.pi) + n
    assert aicc(rss, n=n, parameters=3).value == pytest.approx(expected - constant, rel=1e-12)


@pytest.mark.parametrize(("n", "sigma"), [(4, "estimated"), (3, "known"), (1, "estimated")])
def test_too_few_readings_give_a_reason(n, sigma):
    criterion = aicc(1.0, n=n, parameters=2, sigma=sigma)
    assert np.isnan(criterion.value)
    assert f"there are {n}" in criterion.reason


def test_a_perfect_fit_has_no_aicc():
    assert "through every reading" in aicc(0.0, n=20, parameters=2).reason
