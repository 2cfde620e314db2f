"""Readings of one closing, and how much is known about their errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from talik.errors import TableError

ENOUGH_FREEDOM = 3
"""Degrees of freedom from which on the residuals alone say how large the errors are."""
BELIEVED = 0.05
"""Probability of residuals as large as these, below which the stated errors of few readings are not believed. [-]"""
ROUNDING = 1e-12
"""Part of a reading that is not known, because numbers have some sixteen digits. [-]"""


@dataclass(frozen=True)
class Readings:
    """Readings of one closing, in the order of time, those without a number left out."""

    time: NDArray
    """Time since closing, shape (n,). [d]"""
    carbon: NDArray
    """Carbon in the jar, shape (n,). [µg C]"""
    weight: NDArray
    """Inverse variance of each reading, shape (n,); all 1 where the errors are not stated. [µg C⁻²]"""
    sd_stated: bool
    """Whether every reading came with its error."""

    @property
    def n(self) -> int:
        """Number of readings."""
        return self.time.size

    @property
    def times(self) -> int:
        """Number of different times."""
        return np.unique(self.time).size

    @property
    def length(self) -> float:
        """Time of the last reading, the length of the closing. [d]"""
        return float(np.abs(self.time).max())

    @property
    def rounding(self) -> float:
        """Sum of squares that is nothing but rounding. [-]"""
        return float(np.sum(self.weight * (ROUNDING * self.carbon) ** 2)) + np.finfo(float).tiny

    def at(self, chosen: NDArray) -> "Readings":
        """Some of the readings; ``chosen`` is a mask of shape (n,)."""
        return Readings(self.time[chosen], self.carbon[chosen], self.weight[chosen], self.sd_stated)


def readings_of(time, carbon, sd=None) -> tuple[Readings, int]:
    """Readings in the order of time, and how many were given.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time since closing. [d]
    carbon : array_like, shape (n,)
        Carbon in the jar. [µg C]
    sd : array_like, shape (n,) or float, optional
        Error of each reading. [µg C]

    Returns
    -------
    readings : Readings
        Those that have a time and a carbon; with errors only if all of them have one.
    given : int
        Readings given.

    Raises
    ------
    TableError
        If the arrays do not match, an error is zero or less, a number is infinite, or no two readings with a
        number differ in time.
    """
    time, carbon = np.atleast_1d(np.asarray(time, float)), np.atleast_1d(np.asarray(carbon, float))
    if time.shape != carbon.shape or time.ndim != 1:
        raise TableError(
            f"a closing has {time.size} times and {carbon.size} amounts of carbon; give one amount for each time"
        )
    errors = np.full(time.shape, np.nan) if sd is None else _errors(sd, time.shape)
    infinite = np.isinf(time) | np.isinf(carbon) | np.isinf(errors)
    if infinite.any():
        raise TableError(f"{infinite.sum()} of {time.size} readings of a closing are infinite; leave them empty")
    order = np.argsort(time, kind="stable")
    order = order[~np.isnan(time[order]) & ~np.isnan(carbon[order])]
    if np.unique(time[order]).size < 2:
        raise TableError(
            f"a closing has readings at {np.unique(time[order]).size} times ({order.size} readings with a number, "
            f"{time.size} given); a rate needs readings at 2 times at least. Leave the closing out"
        )
    stated = not np.isnan(errors[order]).any()
    weight = errors[order] ** -2 if stated else np.ones(order.size)
    return Readings(time[order], carbon[order], weight, stated), time.size


def _errors(sd, shape: tuple[int, ...]) -> NDArray:
    errors = np.asarray(sd, float)
    if errors.shape not in ((), shape):
        raise TableError(f"a closing has {shape[0]} readings and {errors.size} errors; give one for each, or one")
    if (errors <= 0).any():
        raise TableError(
            f"{(errors <= 0).sum()} errors of a closing are zero or less (the least is {np.nanmin(errors):g} µg C); "
            "give the analyser's standard deviation, or none"
        )
    return np.broadcast_to(errors, shape)


@dataclass(frozen=True)
class Noise:
    """How large the errors are, in terms of the stated ones."""

    variance: float
    """Variance of a reading times its weight; NaN where nothing says it. [-]"""
    df: float
    """Degrees of freedom; infinite where the errors are known."""

    @property
    def quantile(self) -> float:
        """Standard errors in half a 95 % interval, of Student's t or of the normal."""
        if np.isinf(self.df):
            return float(special.ndtri(0.975))
        return float(special.stdtrit(self.df, 0.975)) if self.df > 0 else np.nan


def noise(sum_of_squares: float, df: int, sd_stated: bool) -> Noise:
    r"""How large the errors are, by the residuals or by the stated errors.

    With 3 or more degrees of freedom the residuals tell it, :math:`s^2 = \sum w_i r_i^2 / \nu`, since they hold
    what an analyser's own repeatability does not: mixing, sampling, temperature. With fewer, a t interval is
    of little use (12.7 standard errors for one degree of freedom), and stated errors are taken as known, unless
    the residuals contradict them at the 5 % level of chi-squared; then, and where none are stated, the residuals
    tell it.

    Parameters
    ----------
    sum_of_squares : float
        Sum of the squared residuals, each divided by its stated error if there is one.
    df : int
        Readings less parameters.
    sd_stated : bool
        Whether the errors are stated.

    Returns
    -------
    Noise

    Examples
    --------
    >>> noise(2.0, 1, sd_stated=True)
    Noise(variance=1.0, df=inf)
    >>> noise(9.0, 1, sd_stated=True), noise(8.0, 4, sd_stated=True)
    (Noise(variance=9.0, df=1), Noise(variance=2.0, df=4))
    """
    if sd_stated and df < ENOUGH_FREEDOM and (df < 1 or special.chdtrc(df, sum_of_squares) > BELIEVED):
        return Noise(1.0, np.inf)
    return Noise(sum_of_squares / df, df) if df > 0 else Noise(np.nan, 0)
