r"""Q10 of an exponential curve through the rates themselves (``exponential-fit``).

.. math:: R = a e^{b T}, \qquad Q_{10} = e^{10 b}

for three temperatures or more, by nonlinear least squares of the mean rate of each temperature. ``rate-fit`` draws
the same curve as a line of ln R and so takes errors as alike in per cent; here they are taken as alike in the unit
of the rates, and the warmest soil, which respires most, decides. Rates of zero and less take part. Where the two
differ by more than their intervals, the response is not exponential or the errors are of neither kind.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from talik.inference.line import Estimate
from talik.temperature.between_jars import rate_errors, unknown
from talik.temperature.curves import Curve, SetCurves, common_times, rates_at
from talik.temperature.estimate import PER_TEN_DEGREES, Q10Estimate, scaled, undefined
from talik.temperature.rates import first_and_whole

STEEPEST = np.log(1000.0) / PER_TEN_DEGREES
"""Exponents are sought up to this steepness, a Q10 of 1000, up or down. [°C⁻¹]"""

_GRID = 401
_STEPS = 30

NOT_EXPONENTIAL = "no exponential fits: its Q10 runs out of 0.001 to 1000"
"""Flag of rates that no exponential comes near, as where only the warmest soil respires."""


def exponential_fit(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Exponential curve through the mean rates of three temperatures or more: first common time, and all of them."""
    if len(curves.curves) < 3:
        return
    times, note = common_times(*(curve.time for curve in curves.curves))
    for window, within in first_and_whole(times):
        yield replace(_fit(curves.curves, within, note), window=window)


def _fit(curves: Sequence[Curve], times: np.ndarray, note: str) -> Q10Estimate:
    temperatures = np.array([curve.temperature for curve in curves])
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    if not times.size:
        return undefined("exponential-fit", *span, "no common time")
    rates = rates_at(times, curves)
    window: dict[str, Any] = {"time_start": float(times[0]), "time_end": float(times[-1])}
    means = rates.mean(axis=1)
    found = exponential_slope(temperatures, means)
    if found is None:
        return undefined("exponential-fit", *span, NOT_EXPONENTIAL, **window)
    # The error of a rate is told in parts of it, so that it is known where rates are above zero.
    errors = rate_errors(curves, times) if (rates > 0).all() else unknown(curves, 1)
    error, freedom = errors.of((found.influence * means)[:, None])
    told = np.isfinite(error)
    log, source = (Estimate(found.slope.value, error, freedom), "replicates") if told else (found.slope, "residuals")
    return Q10Estimate(
        "exponential-fit", *span, scaled(log, PER_TEN_DEGREES), temperatures.size,
        source, flag=note, spread=_spread(temperatures, found.slope.value), **window,
    )  # fmt: skip


def _spread(temperatures: np.ndarray, b: float) -> float:
    """What the variance of the residuals, relative to the mean rate, is divided by in that of the exponent. [°C²]

    Soils of one study respire at different levels; their residuals are alike only beside their mean rates.
    """
    shape = np.exp(b * (temperatures - temperatures.mean()))
    shape = shape / shape.mean()
    across = (temperatures - np.average(temperatures, weights=shape**2)) * shape
    return float(across @ across)


@dataclass(frozen=True)
class ExponentialCurve:
    """An exponential curve through rates."""

    slope: Estimate
    """Its exponent, with the error that the residuals tell. [°C⁻¹]"""
    influence: np.ndarray
    """Change of the exponent for a change of each rate, shape (n,)."""


def exponential_slope(temperature, rate) -> ExponentialCurve | None:
    r"""Exponent b of :math:`R = a e^{bT}` by least squares of the rates, every rate alike.

    For each b the best a has a closed form, so b is sought alone, over its whole range, and then sharpened by
    Gauss and Newton's steps. Its error follows from the residuals, :math:`s^2 (J^T J)^{-1}` with n - 2 degrees of
    freedom.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperatures, two of them different at least. [°C]
    rate : array_like, shape (n,)
        Rates, in any unit; zero and less are allowed.

    Returns
    -------
    ExponentialCurve or None
        None where no exponential within a Q10 of 0.001 to 1000 fits best.

    Examples
    --------
    >>> found = exponential_slope([5, 15, 25], [1.0, 2.0, 4.0])
    >>> round(float(np.exp(10 * found.slope.value)), 9)
    2.0
    """
    temperature, rate = np.asarray(temperature, float), np.asarray(rate, float)
    level = np.abs(rate).mean()
    if not (np.isfinite(level) and level > 0):
        return None
    x, y = temperature - temperature.mean(), rate / level
    b = _sharpened(x, y, _nearest(x, y))
    if not abs(b) < STEEPEST:
        return None
    shape = np.exp(b * x)
    a = float(shape @ y / (shape @ shape))
    influence = np.linalg.pinv(np.column_stack([shape, a * x * shape]))[1]
    residuals, left = y - a * shape, x.size - 2
    variance = float(residuals @ residuals) / left * float(influence @ influence) if left > 0 else np.nan
    return ExponentialCurve(Estimate(b, variance**0.5, left), influence / level)


def _nearest(x: np.ndarray, y: np.ndarray) -> float:
    """The exponent of a grid whose curve comes nearest; NaN where no curve above zero helps."""
    grid = np.linspace(-STEEPEST, STEEPEST, _GRID)
    shapes = np.exp(grid[:, None] * x)
    along = shapes @ y
    explained = np.where(along > 0, along**2 / (shapes**2).sum(axis=1), 0.0)
    best = int(np.argmax(explained))
    return float(grid[best]) if explained[best] > 0 and 0 < best < _GRID - 1 else np.nan


def _sharpened(x: np.ndarray, y: np.ndarray, b: float) -> float:
    """The exponent after steps of Gauss and Newton that each come nearer."""
    for _ in range(_STEPS):
        step = _step(x, y, b)
        while abs(step) > 1e-15 and _misfit(x, y, b + step) > _misfit(x, y, b):
            step *= 0.5
        if not abs(step) > 1e-15:
            break
        b += step
    return b


def _misfit(x: np.ndarray, y: np.ndarray, b: float) -> float:
    shape = np.exp(b * x)
    residuals = y - shape * (shape @ y / (shape @ shape))
    return float(residuals @ residuals)


def _step(x: np.ndarray, y: np.ndarray, b: float) -> float:
    """Step of the exponent by the method of Gauss and Newton, the level fitted anew."""
    shape = np.exp(b * x)
    a = shape @ y / (shape @ shape)
    across = (x - (x @ shape**2) / (shape @ shape)) * a * shape
    squares = float(across @ across)
    return float(across @ (y - a * shape)) / squares if squares > 0 else 0.0
