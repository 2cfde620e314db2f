"""Straight lines and scatter: the small statistics that a Q10 rests on."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats


@dataclass(frozen=True)
class Estimate:
    """An estimate with its standard error."""

    value: float
    """The estimate."""
    error: float
    """Its standard error; NaN where the data do not give one."""
    freedom: float
    """Degrees of freedom of the error; infinite where it is known."""

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval of Student's t, or of the normal where the error is known."""
        if not np.isfinite(self.error) or self.freedom < 1:
            return (np.nan, np.nan)
        half = stats.t.ppf(0.5 + level / 2, self.freedom) * self.error
        return (self.value - half, self.value + half)


def satterthwaite(variances, freedom) -> float:
    r"""Degrees of freedom of a sum of variances that were each estimated.

    .. math:: \nu = \Big(\sum_i v_i\Big)^2 \Big/ \sum_i \frac{v_i^2}{\nu_i + 2} - 2

    The square of an estimated variance is on average :math:`(\nu_i + 2) / \nu_i` times that of the variance, which this
    takes off above and below the line (Welch 1947, Biometrika 34, 28-35). Without it (Satterthwaite 1946) intervals
    from two or three replicates are too wide. They are no fewer than those of any term, and no more than those of all.

    Parameters
    ----------
    variances : array_like, shape (n,)
        Variances of the terms.
    freedom : array_like, shape (n,)
        Degrees of freedom of each; NaN where it is not known, which counts as many.

    Returns
    -------
    float

    Examples
    --------
    >>> round(satterthwaite([1.0, 1.0], [3, 3]), 9), satterthwaite([1.0, 1.0], [np.nan, np.nan])
    (6.0, inf)
    """
    variances, freedom = np.asarray(variances, float), np.asarray(freedom, float)
    known = np.where(np.isnan(freedom), np.inf, np.maximum(freedom, 1.0))
    below = float(np.sum(variances**2 / (known + 2.0)))
    if below <= 0:
        return np.inf
    return float(np.clip(np.sum(variances) ** 2 / below - 2.0, known.min(), known.sum()))


def freedom_of_quantile(quantile, level: float = 0.95):
    """Degrees of freedom of an interval of Student's t.

    Parameters
    ----------
    quantile : array_like, shape (n,)
        Half of the interval over its standard error.
    level : float
        Level of the interval.

    Returns
    -------
    ndarray, shape (n,)
        Infinite where the quantile is that of the normal, or less; NaN where it is.

    Examples
    --------
    >>> freedom_of_quantile([12.706204736, 2.446911851, 1.9599]).round(6).tolist()
    [1.0, 6.0, inf]
    """
    quantile, tail = np.asarray(quantile, float), 0.5 + level / 2
    normal = quantile <= stats.norm.ppf(tail) * (1 + 1e-9)
    return np.where(normal, np.inf, special.stdtridf(tail, np.where(normal, 2.0, quantile)))


def slope(x, y, error=None, freedom=None) -> Estimate:
    r"""Slope of a straight line by least squares.

    Without errors of the points, the error of the slope comes from their residuals,
    :math:`s^2 = \sum e_i^2 / (n - 2)`; with them, points are weighted and the error is known.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        The points.
    error : array_like, shape (n,), optional
        Standard error of each y.
    freedom : array_like, shape (n,), optional
        Degrees of freedom of each error; known errors where it is not given.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> found = slope([5, 15, 25], [1.0, 2.1, 2.9])
    >>> round(found.value, 3), round(found.error, 4), found.freedom
    (0.095, 0.0087, 1)
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    weights = np.ones_like(x) if error is None else 1.0 / np.asarray(error, float) ** 2
    centred = x - np.average(x, weights=weights)
    squares = float(np.sum(weights * centred**2))
    value = float(np.sum(weights * centred * y) / squares)
    if error is not None:
        parts = (weights * centred / squares) ** 2 / weights
        return Estimate(value, squares**-0.5, np.inf if freedom is None else satterthwaite(parts, freedom))
    residuals = y - y.mean() - value * centred
    freedom = x.size - 2
    noise = float(residuals @ residuals) / freedom if freedom > 0 else np.nan
    return Estimate(value, (noise / squares) ** 0.5, freedom)


FEWEST_FOR_SCATTER = 4
"""Values that a scatter needs to say something."""


def successive_scatter(values) -> float:
    r"""Standard deviation of a series about whatever slow course it takes.

    .. math:: s^2 = \frac{1}{2 (n - 1)} \sum_{i=2}^{n} (x_i - x_{i-1})^2

    A slow drift hardly enters (von Neumann 1941, Ann. Math. Stat. 12, 367-395).

    Parameters
    ----------
    values : array_like, shape (n,)
        The series; n is at least 4.

    Returns
    -------
    float
        NaN for fewer than 4 values.
    """
    steps = np.diff(np.asarray(values, float))
    return float(np.sqrt(np.mean(steps**2) / 2)) if steps.size + 1 >= FEWEST_FOR_SCATTER else np.nan


def mean_of(values) -> Estimate:
    """Mean of independent values with its standard error."""
    values = np.asarray(values, float)
    n = values.size
    error = float(values.std(ddof=1) / n**0.5) if n > 1 else np.nan
    return Estimate(float(values.mean()), error, n - 1)
