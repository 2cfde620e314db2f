"""Models of correlated errors against statsmodels and against designs whose answer is exact."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik.errors import TableError
from talik.spatial.distances import great_circle
from talik.spatial.model import expected_errors, fit_spatial


def two_layers(seed, sites=30, between=0.5):
    """Two samples a site, sites differ: site, design, response."""
    rng = np.random.default_rng(seed)
    site = np.repeat(np.arange(sites), 2)
    x = rng.standard_normal(2 * sites)
    y = 1 + 0.5 * x + between * rng.standard_normal(sites)[site] + 0.4 * rng.standard_normal(2 * sites)
    return site, np.column_stack([np.ones(2 * sites), x]), y


@pytest.mark.parametrize("reml", [True, False])
def test_an_effect_of_sites_is_that_of_statsmodels(reml):
    from statsmodels.regression.mixed_linear_model import MixedLM

    site, design, y = two_layers(1)
    found = fit_spatial(y, design, site=site, method="REML" if reml else "ML")
    other = MixedLM(y, design, groups=site).fit(reml=reml)
    assert_allclose(found.estimates, other.fe_params, rtol=1e-5)
    assert_allclose(found.variances["site"], other.cov_re[0, 0], rtol=1e-3)
    assert_allclose(found.variances["nugget"], other.scale, rtol=1e-3)
    assert_allclose(found.log_likelihood, other.llf, rtol=1e-7)
    # statsmodels takes the errors from the observed information of all parameters, not the expected one of effects.
    assert_allclose(np.sqrt(np.diag(found.covariance)), other.bse_fe, rtol=0.03)


def test_a_balanced_mean_has_the_exact_degrees_of_freedom():
    site, _, y = two_layers(2)
    found = fit_spatial(y, np.ones((60, 1)), site=site)
    means = y.reshape(-1, 2).mean(axis=1)
    assert_allclose(found.freedom, 29, rtol=1e-4)
    assert_allclose(found.errors, means.std(ddof=1) / 30**0.5, rtol=1e-4)


def test_without_correlation_it_is_least_squares():
    rng = np.random.default_rng(3)
    design = np.column_stack([np.ones(24), rng.standard_normal((24, 3))])
    y = rng.standard_normal(24)
    found = fit_spatial(y, design)
    estimates, squares, *_ = np.linalg.lstsq(design, y)
    covariance = squares[0] / 20 * np.linalg.inv(design.T @ design)
    assert_allclose(found.estimates, estimates, rtol=1e-10)
    assert_allclose(found.errors, np.sqrt(np.diag(covariance)), rtol=1e-5)
    assert_allclose(found.freedom, 20, rtol=1e-9)


def test_equal_errors_of_the_response_are_part_of_its_scatter():
    _, design, y = two_layers(4)
    without, known = fit_spatial(y, design), fit_spatial(y, design, error=np.full(60, 0.2))
    assert_allclose(known.variances["nugget"] + 0.04, without.variances["nugget"], rtol=1e-5)
    assert_allclose(known.estimates, without.estimates, rtol=1e-8)


def test_what_is_badly_known_hardly_counts():
    rng = np.random.default_rng(5)
    x = np.append(rng.standard_normal(23), 5.0)
    y = np.append(0.3 * x[:23] + 0.1 * rng.standard_normal(23), 40.0)
    error = np.append(np.full(23, 0.05), 100.0)
    assert abs(fit_spatial(y, np.column_stack([np.ones(24), x]), error=error).estimates[1] - 0.3) < 0.1


def test_order_of_rows_changes_nothing():
    rng = np.random.default_rng(6)
    place = rng.uniform(0, 1000, 24)
    design = np.column_stack([np.ones(24), rng.standard_normal(24)])
    y = np.sin(place / 100) + rng.standard_normal(24)
    order = rng.permutation(24)
    one = fit_spatial(y, design, np.abs(np.subtract.outer(place, place)))
    other = fit_spatial(y[order], design[order], np.abs(np.subtract.outer(place[order], place[order])))
    assert_allclose(one.estimates, other.estimates, rtol=1e-4)
    assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-8)


def test_expected_errors_are_those_that_a_fit_with_these_variances_states():
    site, design, y = two_layers(7)
    found = fit_spatial(y, design, site=site)
    expected = expected_errors(design, found.variances, site=site)
    assert_allclose(expected.covariance, found.adjusted, rtol=1e-9)
    assert_allclose(expected.freedom, found.freedom, rtol=1e-9)


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (np.ones((4, 4)), "4 rows cannot carry 4 coefficients"),
        (np.column_stack([np.ones(6), np.arange(6.0), 2 * np.arange(6.0)]), "depend on one another"),
    ],
)
def test_a_model_that_cannot_be_fitted_is_told(design, words):
    with pytest.raises(TableError, match=words):
        fit_spatial(np.random.default_rng(0).standard_normal(len(design)), design)


def test_distances_are_those_of_the_ellipsoid_but_for_half_a_percent():
    from pyproj import Geod

    places = np.array([[36.5, 99.0], [31.2, 90.1], [68.6, -149.6], [-78.0, 166.0]])
    first, second = np.triu_indices(4, 1)
    _, _, metres = Geod(ellps="WGS84").inv(places[first, 1], places[first, 0], places[second, 1], places[second, 0])
    assert_allclose(great_circle(places)[first, second], np.array(metres) / 1000, rtol=6e-3)
