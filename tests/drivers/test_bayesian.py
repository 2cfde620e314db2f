"""The regression with a horseshoe prior, against another way to the same posterior, and what it does to effects."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik.drivers import bayesian
from talik.drivers.bayesian import ACTING, SAMPLER, SLAB, SLAB_FREEDOM, WIDEST, bayesian_effects, fit_horseshoe
from talik.drivers.table import driver_table
from talik.drivers.transect import MEMBERS, TransectDesign, transect_table
from talik.drivers.verdict import verdict_of_table
from talik.errors import ChainError, InputError, MissingExtraError
from talik.inference.diagnostics import Gates
from talik.inference.sampling import Chains, Sampler
from talik.tables import check

QUICK = replace(SAMPLER, chains=2, warmup=500, draws=700, target_accept=0.95)
LENIENT = Gates(rhat=1.03, ess=50, diverging=0.01)


def weighed(response, predictors, error, draws, seed):
    """Mean and standard deviation of the effects by weighting draws of the prior, the mean integrated out."""
    rng = np.random.default_rng(seed)
    n, k = predictors.shape
    scatter = np.abs(rng.standard_normal(draws))
    variance = scatter[:, None] ** 2 + error**2
    common = np.abs(rng.standard_cauchy(draws)) * ACTING / (1 - ACTING) * np.sqrt(variance.mean(axis=1) / n)
    local = np.abs(rng.standard_cauchy((draws, k)))
    slab = 1 / rng.gamma(SLAB_FREEDOM / 2, 1 / (SLAB_FREEDOM / 2 * SLAB**2), draws)[:, None]
    width = common[:, None] * local
    width = width * np.sqrt(slab / (slab + width**2))
    # Effects given the widths are normal: their posterior and what the data weigh are in closed form.
    total = np.zeros(draws)
    mean, square = np.zeros((draws, k)), np.zeros((draws, k))
    design = np.column_stack([np.ones(n), predictors])
    for i in range(draws):
        prior = np.append(WIDEST**2, width[i] ** 2)
        covariance = np.diag(variance[i]) + (design * prior) @ design.T
        solved = np.linalg.solve(covariance, np.column_stack([response, design]))
        total[i] = -0.5 * (np.linalg.slogdet(covariance)[1] + response @ solved[:, 0])
        at = prior * (design.T @ solved[:, 0])
        left = np.diag(prior) - prior[:, None] * (design.T @ solved[:, 1:]) * prior
        mean[i], square[i] = at[1:], at[1:] ** 2 + np.diag(left)[1:]
    weight = np.exp(total - total.max())
    weight /= weight.sum()
    first = weight @ mean
    return first, np.sqrt(weight @ square - first**2), 1 / np.sum(weight**2)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((20, 2))
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    error = rng.choice([0.1, 0.5], 20)
    y = 0.6 * x[:, 0] + 0.5 * rng.standard_normal(20) + error * rng.standard_normal(20)
    y = (y - y.mean()) / y.std(ddof=1)
    return x, y, error, fit_horseshoe(y, x, error=error, sampler=QUICK, gates=LENIENT, seed=1)


def test_the_posterior_is_that_of_weighted_draws_of_the_prior(fitted):
    x, y, error, fit = fitted
    mean, sd, effective = weighed(y, x, error, 20_000, 1)
    assert effective > 1000
    # Some 700 effective draws: 4 % of a standard deviation, which is itself known to 4 %.
    assert_allclose(fit.effects.mean(axis=0), mean, atol=0.15 * sd.max())
    assert_allclose(fit.effects.std(axis=0), sd, rtol=0.12)


def test_what_acts_is_hardly_shrunk_and_what_does_not_is(fitted):
    x, y, error, fit = fitted
    weights = 1 / (0.5**2 + error**2)
    least = np.linalg.lstsq(x * np.sqrt(weights)[:, None], y * np.sqrt(weights))[0]
    assert fit.shrinkage[0] < 0.25 < fit.shrinkage[1]
    assert abs(fit.estimate[0] / least[0] - 1) < 0.25
    assert abs(fit.estimate[1]) < abs(least[1])
    assert fit.probability[0] > 0.98 > 0.9 > fit.probability[1]
    assert (fit.interval[:, 0] < fit.estimate).all()


def test_on_a_synthetic_transect_it_says_what_the_primary_analysis_says():
    samples = transect_table(TransectDesign(sites=40, layers=("permafrost",)), 3)
    groups = {name: list(columns) for name, columns in MEMBERS.items()}
    logs = [column for columns in groups.values() for column in columns]
    table = driver_table(samples, response="logq10", error="logq10_error", groups=groups, log=logs)
    found = bayesian_effects(table, sampler=replace(QUICK, warmup=300, draws=300, target_accept=0.9), gates=LENIENT)
    assert len(check("drivers_bayes", found)) == 6
    for row, one in zip(found.itertuples(), verdict_of_table(table).subgroups, strict=True):
        assert row.subgroup == one.subgroup
        assert row.lower < one.upper
        assert one.lower < row.upper
        if one.finding in ("raises", "lowers"):
            assert np.sign(row.estimate) == np.sign(one.estimate)
            assert row.probability > 0.9
    assert "diverged" in found["flag"].iloc[0]


class Apart(Sampler):
    """A sampler whose chains stand apart."""

    def prepare(self, model):
        draws = {name: np.arange(2.0)[:, None] + np.random.default_rng(1).random((2, 100))
                 for name in ("mean", "scatter")}  # fmt: skip
        return lambda seed, response: Chains(draws, np.zeros((2, 100), bool), np.ones((2, 100)), 1023)


def test_chains_that_cannot_be_believed_give_no_table():
    with pytest.raises(ChainError, match="R-hat is above"):
        fit_horseshoe(np.arange(12.0), np.arange(12.0)[:, None] ** 2, sampler=Apart())


def test_a_constant_is_told_and_so_is_what_must_be_installed(monkeypatch):
    with pytest.raises(InputError, match="vary"):
        fit_horseshoe(np.ones(8), np.ones((8, 1)))
    monkeypatch.setattr("talik.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "talik\[bayes\]"'):
        bayesian.fit_horseshoe(np.arange(8.0), np.arange(8.0)[:, None])


def test_samples_of_a_site_share_its_effect():
    site = np.repeat(np.arange(5), 2)
    assert bayesian._sites(site, 10)[1] == 5
    assert bayesian._sites(np.arange(4), 4) == (None, 0)
    assert bayesian._sites(None, 4) == (None, 0)
