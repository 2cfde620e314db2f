"""Mixed models: closed forms, laws, and statsmodels on the same data."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from talik.errors import InputError
from talik.inference.mixed import fit_mixed

SEEDS = st.integers(0, 2**32 - 1)


def data(seed: int, sites: int = 12, each: int = 3):
    random = np.random.default_rng(seed)
    site = np.repeat(np.arange(sites), each)
    x = np.column_stack([np.ones(site.size), random.normal(size=(site.size, 2))])
    y = x @ [1.0, 0.5, -0.3] + 0.6 * random.normal(size=sites)[site] + 0.5 * random.normal(size=site.size)
    return y, x, site


def test_a_balanced_design_has_the_variances_of_its_analysis_of_variance():
    y, _, site = data(1)
    fit = fit_mixed(y, np.ones((36, 1)), [site])
    means = y.reshape(12, 3).mean(axis=1)
    within = y.reshape(12, 3).var(axis=1, ddof=1).mean()
    assert_allclose(fit.variances, [within, means.var(ddof=1) - within / 3], rtol=1e-7)
    assert_allclose(fit.standard_errors, np.sqrt(means.var(ddof=1) / 12), rtol=1e-7)
    assert_allclose(fit.degrees_of_freedom, 11, rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_the_fit_is_that_of_statsmodels(seed, method):
    y, x, site = data(seed)
    fit = fit_mixed(y, x, [site], method=method)
    theirs = sm.MixedLM(y, x, site).fit(reml=method == "REML")
    assert_allclose(fit.coefficients, theirs.fe_params, rtol=1e-4, atol=1e-5)
    assert_allclose(fit.log_likelihood, theirs.llf, atol=1e-5)
    assert_allclose(fit.variances, [theirs.scale, theirs.cov_re[0, 0]], rtol=1e-3)


def test_without_random_effects_it_is_ordinary_least_squares():
    y, x, _ = data(2)
    fit, wanted = fit_mixed(y, x), sm.OLS(y, x).fit()
    assert_allclose(fit.coefficients, wanted.params, rtol=1e-10)
    assert_allclose(fit.standard_errors, wanted.bse, rtol=1e-8)
    assert_allclose(fit.degrees_of_freedom, 33, rtol=1e-6)
    assert_allclose(fit.p_values, wanted.pvalues, rtol=1e-6)


def test_sites_that_do_not_differ_leave_least_squares():
    random = np.random.default_rng(3)
    y = np.tile([1.0, 2.0, 3.0], 8) + 0.001 * random.normal(size=24)
    fit = fit_mixed(y, np.ones((24, 1)), [np.repeat(np.arange(8), 3)])
    assert fit.singular
    assert fit.variances[1] == 0
    assert_allclose(fit.degrees_of_freedom, 23)


@settings(max_examples=10)
@given(seed=SEEDS, scale=st.floats(1e-4, 1e4))
def test_units_and_order_of_rows_change_nothing(seed, scale):
    y, x, site = data(seed)
    fit = fit_mixed(y, x, [site])
    order = np.random.default_rng(seed).permutation(y.size)
    other = fit_mixed(scale * y[order] + 7 * scale, x[order], [[f"site {s}" for s in site[order]]])
    assert_allclose(other.coefficients / scale - [7, 0, 0], fit.coefficients, rtol=1e-5, atol=1e-6)
    assert_allclose(other.variances / scale**2, fit.variances, rtol=1e-3, atol=1e-6)
    assert_allclose(other.p_values[1:], fit.p_values[1:], rtol=1e-3, atol=1e-9)


@settings(max_examples=10)
@given(seed=SEEDS)
def test_no_other_variances_are_more_likely(seed):
    y, x, site = data(seed)
    errors = np.random.default_rng(seed).uniform(0.1, 0.6, y.size)
    fit = fit_mixed(y, x, [site], known_errors=errors)
    from dataclasses import replace

    for factor in ([1.02, 1], [0.98, 1], [1, 1.02], [1, 0.98], [0.5, 2], [2, 0.5], [0.01, 1], [1, 0.01]):
        moved = replace(fit, variances=(fit.variances + 1e-6) * factor)
        assert moved.log_likelihood <= fit.log_likelihood + 1e-8


def test_known_errors_that_explain_all_scatter_leave_none():
    y = np.array([1.0, 1.1, 0.9, 1.05])
    fit = fit_mixed(y, np.ones((4, 1)), known_errors=np.full(4, 2.0))
    assert fit.variances[0] == 0
    assert_allclose(fit.standard_errors, 1.0)
    assert np.isinf(fit.degrees_of_freedom[0])


def test_small_known_errors_change_nothing():
    y, x, site = data(6)
    assert_allclose(
        fit_mixed(y, x, [site], known_errors=np.full(36, 1e-6)).coefficients, fit_mixed(y, x, [site]).coefficients,
        rtol=1e-6,
    )  # fmt: skip


def test_marginal_and_conditional_r2_are_shares_of_the_variances():
    y, x, site = data(7)
    fit = fit_mixed(y, x, [site])
    fixed = np.var(x @ fit.coefficients, ddof=1)
    total = fixed + fit.variances.sum()
    assert_allclose(fit.r2, [fixed / total, (fixed + fit.variances[1]) / total])


def test_intervals_of_a_predictor_of_sites_hold_the_truth_with_few_sites():
    random = np.random.default_rng(8)
    held = 0
    for _ in range(300):
        site = np.repeat(np.arange(8), 2)
        x = np.column_stack([np.ones(16), random.normal(size=8)[site]])
        y = 0.5 * x[:, 1] + 0.7 * random.normal(size=8)[site] + 0.5 * random.normal(size=16)
        lower, upper = fit_mixed(y, x, [site]).interval()[1]
        held += lower <= 0.5 <= upper
    # 300 data sets tell 95 % within 2.6 % at two standard errors.
    assert stats.binomtest(held, 300, 0.95).pvalue > 0.01


@pytest.mark.parametrize(
    ("design", "groups", "words"),
    [
        (np.ones((6, 7)), [], "a model of 7 coefficients needs more than 7 samples; there are 6"),
        (np.ones((6, 2)), [], "the predictors of a model depend on each other"),
        (np.ones((6, 1)), [list("aaaaaa")], "a random effect needs two levels or more"),
        (np.ones((6, 1)), [list("abcdef")], "one sample a level is the residual"),
        (np.full((6, 1), np.nan), [], "a model needs numbers in every row"),
    ],
)
def test_what_cannot_be_fitted_is_told(design, groups, words):
    with pytest.raises(InputError, match=words):
        fit_mixed(np.arange(6.0), design, groups)
