"""Effects of all subgroups at once with a prior that shrinks those that do nothing: needs ``talik[bayes]``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from talik.drivers.components import table_of_components
from talik.drivers.table import DriverTable
from talik.drivers.verdict import only_layer
from talik.errors import InputError
from talik.extras import require
from talik.inference.diagnostics import Gates, Mixing, check_mixing, mixing
from talik.inference.sampling import Chains, Sampler
from talik.tables import typed

SLAB = 1.0
"""Scale of the slab: an effect beyond so many standard deviations of the response is doubted. [-]"""
SLAB_FREEDOM = 4.0
"""Degrees of freedom of the slab's Student t. [-]"""
ACTING = 0.5
"""Part of the predictors that is expected to act, before data. [-]"""
WIDEST = 5.0
"""Standard deviation of the prior of the mean, in that of the response. [-]"""
SAMPLER = Sampler(chains=4, warmup=1000, draws=1000, target_accept=0.99)
"""How the posterior is drawn: in small steps, since the horseshoe has narrow places."""


@dataclass(frozen=True)
class BayesianFit:
    """Effects of predictors as draws."""

    effects: NDArray[np.float64]
    """Effect of each predictor, in the unit of the response per its standard deviation; shape (draws, k)."""
    shrinkage: NDArray[np.float64]
    """Part of each effect that the prior takes away: 0 leaves what the data say, 1 nothing; shape (k,). [-]"""
    scatter: NDArray[np.float64]
    """Standard deviation of the true response about the line, in its unit, shape (draws,)."""
    mixing: Mixing
    """How well the chains mixed."""

    @property
    def estimate(self) -> NDArray[np.float64]:
        """Median of each effect, shape (k,)."""
        return np.median(self.effects, axis=0)

    @property
    def interval(self) -> NDArray[np.float64]:
        """Interval of 95 % of the posterior, shape (k, 2)."""
        return np.quantile(self.effects, [0.025, 0.975], axis=0).T

    @property
    def probability(self) -> NDArray[np.float64]:
        """Probability that an effect has the sign of its median, shape (k,). [-]"""
        above = np.mean(self.effects > 0, axis=0)
        return np.maximum(above, 1 - above)


def horseshoe_density(
    response: ArrayLike | None, *, predictors: NDArray, error: NDArray, site: NDArray | None, sites: int = 0
) -> None:
    r"""The joint density of effects and response in NumPyro's words; without a response, of the effects alone.

    Parameters
    ----------
    response : array_like, shape (n,), or None
        Response, its mean taken off and divided by its standard deviation.
    predictors : ndarray, shape (n, k)
        Predictors of mean 0 and standard deviation 1.
    error : ndarray, shape (n,)
        Known standard errors of the response.
    site : ndarray of int, shape (n,), or None
        Site of each sample, where sites have several.
    sites : int, default 0
        Number of sites.
    """
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    n, k = predictors.shape
    mean = numpyro.sample("mean", dist.Normal(0.0, WIDEST))
    scatter = numpyro.sample("scatter", dist.HalfNormal(1.0))
    variance = scatter**2 + error**2
    around = ACTING / (1 - ACTING) * jnp.sqrt(jnp.mean(variance) / n)
    common = around * numpyro.sample("common", dist.HalfCauchy(1.0))
    local = numpyro.sample("local", dist.HalfCauchy(np.ones(k)))
    # An array: of a plain number NumPyro takes the variance, which may be infinite, by a division by zero.
    slab = numpyro.sample("slab", dist.InverseGamma(jnp.asarray(SLAB_FREEDOM / 2), SLAB_FREEDOM / 2 * SLAB**2))
    width = common * local * jnp.sqrt(slab / (slab + (common * local) ** 2))
    effect = numpyro.deterministic("effect", width * numpyro.sample("unit", dist.Normal(np.zeros(k), 1.0)))
    numpyro.deterministic("shrinkage", 1 / (1 + jnp.sum(1 / variance) * width**2))
    line = mean + predictors @ effect
    if site is not None:
        spread = numpyro.sample("site_spread", dist.HalfNormal(1.0))
        line = line + spread * numpyro.sample("site_unit", dist.Normal(np.zeros(sites), 1.0))[site]
    if response is not None:
        numpyro.sample("response", dist.Normal(line, jnp.sqrt(variance)), obs=response)


def fit_horseshoe(
    response: ArrayLike,
    predictors: ArrayLike,
    *,
    error: ArrayLike | None = None,
    site: ArrayLike | None = None,
    sampler: Sampler = SAMPLER,
    gates: Gates | None = None,
    seed: int = 0,
) -> BayesianFit:
    r"""Linear regression with known errors and the regularised horseshoe as the prior of the effects.

    .. math:: y_i \sim N(\theta_i, s_i^2), \quad \theta_i \sim N(\mu + x_i \beta + b_{s(i)}, \tau^2), \quad
       \beta_j \sim N(0, g^2 \tilde\lambda_j^2), \quad \tilde\lambda_j^2 = \frac{c^2 \lambda_j^2}{c^2 + g^2 \lambda_j^2}

    with half-Cauchy :math:`\lambda_j` and :math:`g`, the latter about :math:`\sqrt{(\tau^2 + \overline{s^2}) / n}`:
    half of the predictors are expected to act. :math:`c^2` is inverse gamma, so that large effects are those of
    Student's t. What does nothing is drawn to zero, what acts hardly at all. The true responses are integrated out.
    There is no term in space. Shrinkage is the mean of

    .. math:: \kappa_j = \frac{1}{1 + g^2 \tilde\lambda_j^2 \sum_i 1 / (\tau^2 + s_i^2)}

    which holds for predictors that do not go with one another.

    Parameters
    ----------
    response : array_like, shape (n,)
        Response, as ln Q10.
    predictors : array_like, shape (n, k)
        Predictors, which are scaled to standard deviation 1.
    error : array_like, shape (n,), optional
        Standard error of each response.
    site : array_like, shape (n,), optional
        Site of each sample.
    sampler : Sampler, optional
        Chains and draws.
    gates : Gates, optional
        What the chains must meet: R-hat, effective draws, divergences.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    BayesianFit

    Raises
    ------
    ChainError
        If the chains do not meet the gates.
    MissingExtraError
        Without ``talik[bayes]``.
    InputError
        If the response or a predictor is constant.

    References
    ----------
    Piironen and Vehtari (2017), Electron. J. Stat. 11, 5018-5051, doi 10.1214/17-EJS1337SI.
    """
    require("bayes", "the Bayesian regression")
    y, x = np.asarray(response, float), np.asarray(predictors, float)
    spread, scale = float(y.std(ddof=1)), x.std(axis=0, ddof=1)
    if not spread > 0 or not (scale > 0).all():
        raise InputError("a regression needs a response and predictors that vary; leave constant ones out.")
    codes, sites = _sites(site, y.size)
    known = np.zeros(y.size) if error is None else np.asarray(error, float) / spread
    model = partial(horseshoe_density, predictors=(x - x.mean(axis=0)) / scale, error=known, site=codes, sites=sites)
    found = sampler.prepare(model)(seed, (y - y.mean()) / spread)
    mixed = mixing(_moved(found))
    check_mixing(mixed, gates or Gates(), target_accept=sampler.target_accept, warmup=sampler.warmup)
    flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in found.draws.items()}
    return BayesianFit(flat["effect"] * spread, flat["shrinkage"].mean(axis=0), flat["scatter"] * spread, mixed)


def _moved(chains: Chains) -> Chains:
    """Chains of the effects and of what was sampled; ``unit`` and ``local`` are nothing that is told."""
    hidden = {"shrinkage", "unit", "local", "site_unit"}
    return replace(chains, draws={name: v for name, v in chains.draws.items() if name not in hidden})


def _sites(site: ArrayLike | None, n: int) -> tuple[NDArray | None, int]:
    """Sites counted from 0, where one has several samples."""
    if site is None:
        return None, 0
    names, codes = np.unique(np.asarray(site).astype(str), return_inverse=True)
    return (codes, names.size) if names.size < n else (None, 0)


def bayesian_effects(
    table: DriverTable, *, sampler: Sampler = SAMPLER, gates: Gates | None = None, seed: int = 1
) -> pd.DataFrame:
    """Effects of the first components of the subgroups by `fit_horseshoe`.

    Parameters
    ----------
    table : DriverTable
        Response, with its errors where they are known, and predictors.
    sampler : Sampler, optional
        Chains and draws.
    gates : Gates, optional
        What the chains must meet.
    seed : int, default 1
        Seed of the draws.

    Returns
    -------
    DataFrame
        The table ``drivers_bayes``, a row a subgroup.
    """
    made = table_of_components(table)
    fit = fit_horseshoe(
        table.response, made.predictors, error=table.error, site=table.site if table.site_name else None,
        sampler=sampler, gates=gates, seed=seed,
    )  # fmt: skip
    worst = f"R-hat at most {fit.mixing.largest_rhat:.3f}, {fit.mixing.diverging} of {fit.mixing.draws} draws diverged"
    words = "regularised horseshoe" if table.error is None else "regularised horseshoe, errors known"
    found = pd.DataFrame({
        "subgroup": list(made.predictors), "group": [name.split("/")[0] for name in made.predictors],
        "estimate": fit.estimate, "lower": fit.interval[:, 0], "upper": fit.interval[:, 1],
        "probability": fit.probability, "shrinkage": fit.shrinkage,
    })  # fmt: skip
    return typed("drivers_bayes", found.assign(
        response=table.response_name, layer=only_layer(table), method=words, n=table.n,
        sites=pd.unique(table.site).size, flag=worst))  # fmt: skip
