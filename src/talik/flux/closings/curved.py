"""The curve of Hutchinson and Mosier, fitted as in HMR: a rate that declines while the jar is closed."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar

from talik.flux.closings.detection import DETECTED
from talik.flux.closings.readings import ROUNDING, Readings, noise
from talik.flux.closings.straight import Line, Rate, line

CURVATURE_LIMIT = 4.0
"""Most curvature, as kappa times the length of the closing: by its end the rate has fallen to 2 %, and the rate at
closing is some four times the slope of a straight line through four readings. [-]"""
LEAST_CURVATURE = 1e-3
"""Least curvature at which the search looks before it narrows down, times the length of the closing. [-]"""
PLACES = 12
"""Curvatures at which the search looks before it narrows down."""
FLAT = 1e-6
"""Part of a span to which the place of a highest value in it is found; the value is then exact to the square. [-]"""
SERIES = 1e-4
"""Curvature times time below which a series is more exact than the formula. [-]"""


def rise(time: NDArray, curvature: float) -> NDArray:
    r"""Carbon per rate at closing, :math:`(1 - e^{-\kappa t}) / \kappa`, which is t without curvature. [d]

    Its derivative at time zero is 1, so that its factor is the rate at closing.

    Examples
    --------
    >>> rise(np.array([0.0, 1.0, 2.0]), 0.5).round(4)
    array([0.    , 0.7869, 1.2642])
    """
    return -np.expm1(-curvature * time) / curvature if curvature else time


def rise_by_curvature(time: NDArray, curvature: float) -> NDArray:
    """Derivative of `rise` by the curvature, shape (n,). [d²]"""
    if curvature * np.abs(time).max() < SERIES:
        return time**2 * (-0.5 + curvature * time * (1 / 3 - curvature * time / 8))
    return (time * np.exp(-curvature * time) - rise(time, curvature)) / curvature


def hutchinson_mosier(first, middle, last, spacing):
    r"""Rate at closing from three equally spaced readings, in closed form.

    .. math:: f_0 = \frac{(m_1 - m_0)^2}{\Delta t \, (2 m_1 - m_2 - m_0)} \ln\frac{m_1 - m_0}{m_2 - m_1}

    It holds only where the rise slows down, :math:`(m_1 - m_0) / (m_2 - m_1) > 1`.

    Parameters
    ----------
    first, middle, last : array_like, shape (n,) or float
        Carbon in the jar at closing, and once and twice the spacing later. [µg C]
    spacing : array_like, shape (n,) or float
        Time between readings. [d]

    Returns
    -------
    ndarray, shape (n,) or float
        Rate at the moment of closing; NaN where the rise does not slow down. [µg C d⁻¹]

    References
    ----------
    Hutchinson and Mosier (1981), Soil Sci. Soc. Am. J. 45, 311-316.

    Examples
    --------
    A jar of 250 mL read when closed and after 12 and 24 hours, at 54, 290 and 460 µg C:

    >>> round(float(hutchinson_mosier(54.0, 290.0, 460.0, spacing=0.5)), 1)
    553.6
    """
    first, middle, last = (np.asarray(each, float) for each in (first, middle, last))
    early, late = middle - first, last - middle
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = early / late
        found = early**2 / (spacing * (early - late)) * np.log(ratio)
        return np.where(ratio > 1, found, np.nan)[()]


@dataclass(frozen=True)
class Curve:
    """The least-squares fit of the curve."""

    curvature: float
    """Decline of the rate; 0 where the rise does not slow down. [d⁻¹]"""
    line: Line
    """Carbon on `rise`: its slope is the rate at closing."""
    at_limit: bool
    """Whether the limit of curvature holds it."""


def best_curve(readings: Readings, most: float) -> Curve:
    r"""The curve of least squares with a curvature from zero to ``most``.

    .. math:: m(t) = m_0 + f_0 \frac{1 - e^{-\kappa t}}{\kappa}

    For each :math:`\kappa` the rest is a straight line, so that one unknown is sought (partially linear least
    squares, Golub and Pereyra 1973). The same curve as that of HMR (Pedersen et al. 2010, Eur. J. Soil Sci. 61,
    888-902), :math:`\phi - f_0 e^{-\kappa t} / \kappa`, with :math:`\phi = m_0 + f_0 / \kappa`.

    Parameters
    ----------
    readings : Readings
        At three times at least.
    most : float
        Highest curvature. [d⁻¹]

    Returns
    -------
    Curve
    """
    places = np.r_[0.0, np.geomspace(min(LEAST_CURVATURE / readings.length, most / 2), most, PLACES)]
    least = int(np.argmin([_sum_of_squares(readings, place) for place in places]))
    low, high = places[max(least - 1, 0)], places[min(least + 1, places.size - 1)]
    steep_low, steep_high = _steepness(readings, low), _steepness(readings, high)
    if steep_low >= 0 or steep_high <= 0:
        best = places[least]
    else:
        best = brentq(lambda curvature: _steepness(readings, curvature), low, high, xtol=1e-15 * high, rtol=1e-14)
    return Curve(float(best), _line(readings, best), bool(best >= most))


def _line(readings: Readings, curvature: float) -> Line:
    return line(rise(readings.time, curvature), readings)


def _sum_of_squares(readings: Readings, curvature: float) -> float:
    return _line(readings, curvature).sum_of_squares


def _steepness(readings: Readings, curvature: float) -> float:
    """Half the derivative of the least sum of squares by the curvature; the lines' own derivatives are zero."""
    found = _line(readings, curvature)
    return -float((readings.weight * found.residuals) @ rise_by_curvature(readings.time, curvature)) * found.slope


def interval_over_curvatures(readings: Readings, best: Curve, threshold: float, most: float) -> tuple[float, float]:
    r"""All rates at closing that some curvature up to ``most`` brings below a sum of squares.

    At each curvature :math:`\kappa` the sum of squares is a parabola in the rate, so that the profile interval
    is

    .. math:: \bigcup_\kappa \left[ f(\kappa) \pm \sqrt{\frac{c - RSS(\kappa)}{\sum_i w_i (g_i - \bar g)^2}} \right]

    with :math:`g_i` the `rise` at each reading and c the threshold.

    Parameters
    ----------
    readings : Readings
        At three times at least.
    best : Curve
        The curve of least squares.
    threshold : float
        Sum of squares at the ends.
    most : float
        Highest curvature. [d⁻¹]

    Returns
    -------
    lower, upper : float
        [µg C d⁻¹]
    """

    def reach(side: float, curvature: float) -> float:
        """How far the interval reaches to one side, that side counted as positive."""
        found = _line(readings, curvature)
        return side * found.slope + (max(threshold - found.sum_of_squares, 0.0) / found.squares) ** 0.5

    low, high = _curvatures(readings, best.curvature, threshold, most)
    places = np.linspace(low, high, PLACES)
    lower, upper = (side * _highest(partial(reach, side), places) for side in (-1.0, 1.0))
    return lower, upper


def _highest(value, places: NDArray) -> float:
    """Highest value of a function that is smooth between places."""
    at = [value(place) for place in places]
    top = int(np.argmax(at))
    low, high = places[max(top - 1, 0)], places[min(top + 1, places.size - 1)]
    if high <= low:
        return at[top]
    inside = minimize_scalar(
        lambda place: -value(place), bounds=(low, high), method="bounded", options={"xatol": FLAT * (high - low)}
    )
    return max(at[top], -float(inside.fun))


def _curvatures(readings: Readings, best: float, threshold: float, most: float) -> tuple[float, float]:
    """Least and highest curvature below a sum of squares."""

    def above(curvature: float) -> float:
        return _sum_of_squares(readings, curvature) - threshold

    if above(best) >= 0:
        return best, best
    exact = {"xtol": ROUNDING * most, "rtol": ROUNDING}
    low = brentq(above, 0.0, best, **exact) if best > 0 and above(0.0) > 0 else 0.0
    high = brentq(above, best, most, **exact) if best < most and above(most) > 0 else most
    return low, high


def hmr(readings: Readings, limit: float = CURVATURE_LIMIT) -> tuple[Rate, bool]:
    r"""Rate at closing by HMR with restricted curvature.

    The estimate is restricted to

    .. math:: \kappa_{max} = \frac{1}{t_n} \min\left(\frac{|f_{lin}|}{f_{det}}, L\right)

    with :math:`t_n` the length of the closing, :math:`f_{lin}` the slope of a straight line, :math:`f_{det}` the
    detection limit and L ``limit`` (Hüppi et al. 2018, PLoS ONE 13, e0200876): a rise that is
    hardly seen cannot tell its curvature. The interval is that of the profile over all curvatures from none to
    :math:`L / t_n`, so that it holds what the restriction may have taken away.

    Parameters
    ----------
    readings : Readings
        At three times at least.
    limit : float, default 4
        Most curvature, times the length of the closing. [-]

    Returns
    -------
    rate : Rate
        Its standard error is half the interval over the quantile of its degrees of freedom.
    at_limit : bool
        Whether the curvature is at its limit.
    """
    widest = limit / readings.length
    best = best_curve(readings, widest)
    restricted = _restricted(readings, best, widest)
    told = noise(best.line.sum_of_squares, readings.n - 3, readings.sd_stated)
    lower = upper = sd = np.nan
    if told.df > 0:
        threshold = best.line.sum_of_squares + max(told.variance * told.quantile**2, readings.rounding)
        lower, upper = interval_over_curvatures(readings, best, threshold, widest)
        lower, upper = min(lower, restricted.line.slope), max(upper, restricted.line.slope)
        sd = (upper - lower) / (2 * told.quantile)
    found = restricted.line
    rate = Rate(found.slope, sd, lower, upper, told.df, found.start, found.sum_of_squares, restricted.curvature)
    return rate, restricted.at_limit


def _restricted(readings: Readings, best: Curve, widest: float) -> Curve:
    """The best curve, or that with the highest curvature that a rise so close to the detection limit can tell."""
    straight = line(readings.time, readings)
    df = readings.n - 3
    variance = 1.0 if readings.sd_stated else best.line.sum_of_squares / df if df > 0 else 0.0
    detectable = DETECTED * (variance / straight.squares) ** 0.5
    if best.curvature * readings.length * detectable <= abs(straight.slope):
        return best
    most = min(abs(straight.slope) / detectable / readings.length, widest)
    return Curve(most, _line(readings, most), True)


def curve(time: ArrayLike, rate: float, at_closing: float, curvature: float) -> NDArray:
    """Carbon in the jar along a fitted curve, shape (n,). [µg C]"""
    return at_closing + rate * rise(np.asarray(time, float), curvature if curvature > 0 else 0.0)
