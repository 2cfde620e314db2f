"""How much of what was measured is the response itself, and what correlations and shares are without its errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.inference.mixed import MixedFit, fit_mixed

LEAST = 0.2
"""Reliability below which no answer is told: it would be more than twice what was seen, out of nearly nothing. [-]"""


@dataclass(frozen=True)
class Reliability:
    """How well a response is known beside how much it varies."""

    fit: MixedFit
    """The mean of the response and its scatter tau beside the errors."""
    value: float
    """Part of the weighted variance of the response that is no error; NaN below 0.2. [-]"""

    @property
    def scatter(self) -> float:
        """Standard deviation tau of the true response about its mean, in its unit."""
        return float(self.fit.variances[0]) ** 0.5

    @property
    def weights(self) -> NDArray[np.float64]:
        """What each sample weighs, 1 / (tau² + s²), with mean 1, shape (n,). [-]"""
        weights = 1 / (self.fit.variances[0] + self.fit.known)
        return weights / weights.mean()

    def given(self, explained: ArrayLike, columns: ArrayLike) -> NDArray[np.float64]:
        r"""Reliability of what some columns leave of the response.

        .. math:: \rho_Z = 1 - (1 - \rho) \frac{1 - q/(n - 1)}{1 - R^2_Z}

        Parameters
        ----------
        explained : array_like
            R² of the response by the columns, weighted. [-]
        columns : array_like
            Their number q.

        Returns
        -------
        ndarray
            NaN below 0.2. [-]
        """
        left = np.maximum(1 - np.asarray(explained, float), 1e-12)
        value = 1 - (1 - self.value) * (1 - np.asarray(columns, float) / (self.fit.known.size - 1)) / left
        return np.where(value >= LEAST, value, np.nan)


def reliability(response: ArrayLike, error: ArrayLike) -> Reliability:
    r"""Weights of samples whose errors are known, and the part of the variance that is no error.

    .. math:: w_i = \frac{1}{\tau^2 + s_i^2}, \qquad
       \rho = 1 - \frac{\sum_i w_i s_i^2 (1 - w_i / \sum w)}{\sum_i w_i (y_i - \bar y_w)^2}

    with tau by restricted likelihood. Errors of measurement do not move the covariance of a predictor with the
    response on average; they add to the response's variance, so that correlations and shares of it come out too
    small. The numerator is what they add. What a method says of the weighted samples, told of the errors, is

    .. math:: \frac{r}{\sqrt{\rho}}, \qquad \frac{R^2_a}{\rho}, \qquad \frac{R^2 - (1 - \rho)\, p / (n - 1)}{\rho}

    for a correlation (Spearman 1904), an adjusted R² and its fractions, and an R² by p columns, of which errors have
    their part as well. That rho is estimated is passed over.

    To average over draws of the response (`talik.drivers.response_errors`) is not the same for shares: draws about a
    line whose slopes are free follow the chance in those slopes a second time. On 24 samples with 6 predictors that
    do nothing, and errors as large as the scatter, the adjusted R² of such draws is 0.29 on average, and not 0.

    Parameters
    ----------
    response : array_like, shape (n,)
        As measured.
    error : array_like, shape (n,)
        Its standard errors.

    Returns
    -------
    Reliability

    References
    ----------
    Spearman (1904), Am. J. Psychol. 15, 72-101; Hunter and Schmidt (2004), Methods of Meta-Analysis, chapter 3
    (intervals that are divided too).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> true = rng.standard_normal(1000)
    >>> found = reliability(true + 0.5 * rng.standard_normal(1000), np.full(1000, 0.5))
    >>> round(found.value, 2), round(found.scatter, 2)
    (0.8, 1.01)
    """
    response, error = np.asarray(response, float), np.asarray(error, float)
    fit = fit_mixed(response, np.ones((response.size, 1)), known_errors=error)
    weights = 1 / (fit.variances[0] + error**2)
    about = float(weights @ (response - np.average(response, weights=weights)) ** 2)
    value = 1 - float(np.sum(weights * error**2 * (1 - weights / weights.sum()))) / about
    return Reliability(fit, value if value >= LEAST else np.nan)


def without_errors(correlation: ArrayLike, reliability: ArrayLike) -> NDArray[np.float64]:
    """Correlations with the response itself, out of those with what was measured; at most 1.

    Parameters
    ----------
    correlation : array_like
        Of what was measured. [-]
    reliability : array_like
        Of the response, or of what is left of it. [-]

    Returns
    -------
    ndarray

    Examples
    --------
    >>> without_errors([0.6, -0.2], 0.64).round(3).tolist()
    [0.75, -0.25]
    """
    return np.clip(np.asarray(correlation, float) / np.sqrt(reliability), -1, 1)


def ranks_without_errors(correlation: ArrayLike, reliability: ArrayLike) -> NDArray[np.float64]:
    r"""Correlations of ranks with those of the response itself, by way of the normal values that have them.

    .. math:: r = 2 \sin(\pi r_s / 6)

    Parameters
    ----------
    correlation : array_like
        Of ranks of what was measured. [-]
    reliability : array_like
        Of the response, or of what is left of it. [-]

    Returns
    -------
    ndarray

    Examples
    --------
    >>> ranks_without_errors([0.6, -0.2], 0.64).round(3).tolist()
    [0.757, -0.25]
    """
    normal = 2 * np.sin(np.pi * np.asarray(correlation, float) / 6)
    return 6 / np.pi * np.arcsin(without_errors(normal, reliability) / 2)
