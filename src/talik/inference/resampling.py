"""The bootstrap by site: sites are drawn whole, since samples of one site are alike."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

MOST_UNDEFINED = 0.1
"""Part of the resamples in which a statistic may be undefined before its interval is. [-]"""

SITES_A_COLUMN = 4
"""Sites that a bootstrap of adjusted R² needs for each column: of the sites that a resample draws a third are
repeats, and where few are left for each column it explains them too well."""


def draws_of_sites(sites: int, resamples: int, seed: int) -> NDArray:
    """How often each site is drawn in each resample: as many draws, with replacement, as there are sites.

    Parameters
    ----------
    sites : int
        Number of sites.
    resamples : int
        Number of resamples.
    seed : int
        Of the random numbers.

    Returns
    -------
    ndarray of float, shape (resamples, sites)

    Examples
    --------
    >>> draws_of_sites(3, 2, seed=1).sum(axis=1).tolist()
    [3.0, 3.0]
    """
    return np.random.default_rng(seed).multinomial(sites, np.full(sites, 1 / sites), resamples).astype(float)


def each_left_out(sites: int) -> NDArray:
    """The jackknife: every site drawn once but one, shape (sites, sites)."""
    return np.ones((sites, sites)) - np.eye(sites)


def bca_interval(
    estimate: ArrayLike, resampled: ArrayLike, left_out: ArrayLike, level: float = 0.95
) -> tuple[NDArray, NDArray]:
    r"""Bias-corrected and accelerated bootstrap interval of one or several statistics.

    The ends are the quantiles of the resampled statistic at

    .. math:: \Phi\Big(z_0 + \frac{z_0 + z_{\alpha}}{1 - a (z_0 + z_{\alpha})}\Big), \quad
       z_0 = \Phi^{-1}\big(\#\{\theta^* < \hat\theta\} / B\big), \quad
       a = \frac{\sum_i (\bar\theta - \theta_{(i)})^3}{6 \big[\sum_i (\bar\theta - \theta_{(i)})^2\big]^{3/2}}

    with :math:`\theta_{(i)}` the statistic without site i; ties count half.

    Parameters
    ----------
    estimate : array_like, shape (...)
        The statistics.
    resampled : array_like, shape (resamples, ...)
        The same of each resample; NaN where it is not defined.
    left_out : array_like, shape (sites, ...)
        The same without each site.
    level : float, default 0.95
        What part of such intervals should hold the truth.

    Returns
    -------
    ndarray, ndarray
        Lower and upper ends; NaN where more than a tenth of the resamples, or a statistic, is undefined.

    References
    ----------
    Efron (1987), J. Am. Stat. Assoc. 82, 171-185, doi 10.1080/01621459.1987.10478410.

    Examples
    --------
    A mean whose resamples are symmetric has the interval of their quantiles:

    >>> resampled = stats.norm.ppf((np.arange(999) + 0.5) / 999)
    >>> lower, upper = bca_interval(0.0, resampled, [-1.0, 0.0, 1.0])
    >>> round(float(lower), 2), round(float(upper), 2)
    (-1.95, 1.95)
    """
    estimate = np.asarray(estimate, float)
    draws = np.asarray(resampled, float).reshape(-1, estimate.size)
    without = np.asarray(left_out, float).reshape(-1, estimate.size)
    ends = np.array([_bca(*parts, level) for parts in zip(estimate.ravel(), draws.T, without.T, strict=True)])
    return ends[:, 0].reshape(estimate.shape), ends[:, 1].reshape(estimate.shape)


def _bca(estimate: float, draws: NDArray, without: NDArray, level: float) -> tuple[float, float]:
    defined = draws[np.isfinite(draws)]
    if defined.size < (1 - MOST_UNDEFINED) * draws.size or not np.isfinite(estimate):
        return np.nan, np.nan
    below = (np.sum(defined < estimate) + np.sum(defined <= estimate)) / (2 * defined.size)
    if not 0 < below < 1:
        # All resamples lie on one side, as shares do that cannot be negative: their quantiles are all there is.
        low, high = np.quantile(defined, [0.5 - level / 2, 0.5 + level / 2])
        return min(low, estimate), max(high, estimate)
    bias = stats.norm.ppf(below)
    away = np.nanmean(without) - without[np.isfinite(without)]
    spread = float(np.sum(away**2))
    acceleration = float(np.sum(away**3)) / (6 * spread**1.5) if spread > 0 else 0.0
    z = bias + stats.norm.ppf([0.5 - level / 2, 0.5 + level / 2])
    low, high = np.quantile(defined, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    return low, high
