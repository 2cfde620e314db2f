"""The straight line: difference of two readings, least squares."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talik.flux.closings.readings import Readings, noise


@dataclass(frozen=True)
class Rate:
    """A rate with its interval, as one model tells it."""

    rate: float
    """Carbon per day at the moment of closing. [µg C d⁻¹]"""
    sd: float
    """Its standard error; NaN where nothing says it. [µg C d⁻¹]"""
    lower: float
    """Lower end of the 95 % interval. [µg C d⁻¹]"""
    upper: float
    """Upper end of the 95 % interval. [µg C d⁻¹]"""
    df: float
    """Degrees of freedom of the error; infinite where it is known."""
    at_closing: float
    """Carbon in the jar at the moment of closing. [µg C]"""
    sum_of_squares: float
    """Sum of the squared residuals, each divided by its error if one is stated."""
    curvature: float = np.nan
    """Decline of the rate, kappa; NaN for a straight line. [d⁻¹]"""


@dataclass(frozen=True)
class Line:
    """Least squares of carbon on anything that grows with time."""

    slope: float
    """Carbon per unit of what grows."""
    start: float
    """Carbon where it is zero. [µg C]"""
    squares: float
    """Weighted sum of squares of what grows about its mean."""
    residuals: NDArray
    """Residuals, shape (n,). [µg C]"""
    sum_of_squares: float
    """Their weighted sum of squares."""


def line(grows: NDArray, readings: Readings) -> Line:
    """Carbon on ``grows``, shape (n,), by weighted least squares."""
    weight, carbon = readings.weight, readings.carbon
    total = weight.sum()
    middle, level = weight @ grows / total, weight @ carbon / total
    centred, rest = grows - middle, carbon - level
    squares = float(weight @ centred**2)
    slope = float((weight * centred) @ rest) / squares
    residuals = rest - slope * centred
    return Line(slope, float(level - slope * middle), squares, residuals, float(weight @ residuals**2))


def linear(readings: Readings) -> Rate:
    r"""Rate by a straight line through the readings.

    .. math:: m(t) = m_0 + f t, \qquad
              s_f^2 = \frac{s^2}{\sum_i w_i (t_i - \bar t)^2}

    with :math:`w_i` the inverse variances of the readings if they are stated, and :math:`s^2` as in `noise`.
    For two readings it is their difference over the time between them.

    Parameters
    ----------
    readings : Readings
        At two times at least.

    Returns
    -------
    Rate
    """
    found = line(readings.time, readings)
    told = noise(found.sum_of_squares, readings.n - 2, readings.sd_stated)
    sd = (told.variance / found.squares) ** 0.5
    half = told.quantile * sd
    return Rate(
        found.slope, sd, found.slope - half, found.slope + half, told.df, found.start, found.sum_of_squares
    )  # fmt: skip
