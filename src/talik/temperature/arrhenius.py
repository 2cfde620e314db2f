r"""Q10 of an activation energy (``arrhenius``; Craine et al. 2010, doi 10.1038/ngeo1009).

.. math:: \ln R = \ln R_{ref} - \frac{E_a}{R_g} \left(\frac{1}{T} - \frac{1}{T_{ref}}\right)

with T in kelvin, for three temperatures or more: the slope of mean ln rate on :math:`1 / (R_g T)` is :math:`-E_a`, and

.. math:: \ln Q_{10} = \frac{10}{T_2 - T_1} \frac{E_a}{R_g} \left(\frac{1}{T_1} - \frac{1}{T_2}\right)

between the coldest and the warmest temperature. One activation energy means a Q10 that falls with warmth: by a fifth
from 5 to 25 °C at 60 kJ mol⁻¹. Over the same temperatures it hardly differs from ``rate-fit``; what it says of other
temperatures does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from talik.constants import GAS_CONSTANT, ZERO_CELSIUS
from talik.inference.line import Estimate, slope
from talik.temperature.curves import CommonRates, Curve, SetCurves, common_times, freedom_of, rates_at
from talik.temperature.estimate import PER_TEN_DEGREES, Q10Estimate, scaled, undefined
from talik.temperature.rates import first_and_whole

_KILO = 1000.0


@dataclass(frozen=True)
class ArrheniusLine:
    """A line of ln rate on the inverse of temperature."""

    energy: Estimate
    """Activation energy. [kJ mol⁻¹]"""
    middle: float
    """Mean of 1 / (R T), weighted as the points. [mol kJ⁻¹]"""
    spread: float
    """Sum of squared deviations of 1 / (R T), every point alike. [mol² kJ⁻²]"""
    deviation: float
    """Standard deviation of 1 / (R T), weighted as the points. [mol kJ⁻¹]"""
    log_rate: float
    """Mean ln rate, weighted as the points, which is that at the reference."""

    @property
    def reference(self) -> float:
        """Temperature at which the errors of the rate and of the activation energy are not correlated. [°C]"""
        return 1.0 / (self.middle * GAS_CONSTANT / _KILO) - ZERO_CELSIUS

    def log_rate_at(self, temperature: float) -> float:
        """Ln rate of the line at a temperature [°C]."""
        return self.log_rate - self.energy.value * (float(inverse_temperature(temperature)) - self.middle)

    def error_at(self, temperature: float, energy_error: float) -> float:
        """Standard error of ln rate at a temperature [°C], for an error of the activation energy [kJ mol⁻¹]."""
        return energy_error * float(np.hypot(self.deviation, inverse_temperature(temperature) - self.middle))

    def correlation_at(self, temperature: float) -> float:
        """Correlation of the errors of ln rate at a temperature [°C] and of the activation energy."""
        away = self.middle - float(inverse_temperature(temperature))
        return away / float(np.hypot(self.deviation, away))


def inverse_temperature(temperature) -> np.ndarray:
    """1 / (R T). [mol kJ⁻¹]

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperatures. [°C]

    Returns
    -------
    ndarray, shape (n,)
    """
    return _KILO / (GAS_CONSTANT * (np.asarray(temperature, float) + ZERO_CELSIUS))


def ln_q10_per_energy(t_low: float, t_high: float) -> float:
    """Ln Q10 between two temperatures for an activation energy of 1 kJ mol⁻¹. [mol kJ⁻¹]

    Examples
    --------
    50 kJ mol⁻¹ from 5 to 15 °C:

    >>> round(float(np.exp(50 * ln_q10_per_energy(5, 15))), 3)
    2.118
    """
    inverse = inverse_temperature([t_low, t_high])
    return float(inverse[0] - inverse[1]) * PER_TEN_DEGREES / (t_high - t_low)


def arrhenius_line(temperature, log_rate, error=None, freedom=None) -> ArrheniusLine:
    """Line of ln rate on the inverse of temperature, by least squares.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperatures. [°C]
    log_rate : array_like, shape (n,)
        Logarithms of the rates, in any unit.
    error, freedom : array_like, shape (n,), optional
        Standard error of each, by which it is weighted, and its degrees of freedom.

    Returns
    -------
    ArrheniusLine

    Examples
    --------
    >>> line = arrhenius_line([0, 10, 20, 30], 1.0 - 60.0 * inverse_temperature([0, 10, 20, 30]))
    >>> round(line.energy.value, 6), round(line.reference, 1)
    (60.0, 14.6)
    """
    x, y = inverse_temperature(temperature), np.asarray(log_rate, float)
    weights = np.ones_like(x) if error is None else 1.0 / np.asarray(error, float) ** 2
    middle = float(np.average(x, weights=weights))
    return ArrheniusLine(
        scaled(slope(x, y, error, freedom), -1.0), middle, float(np.sum((x - x.mean()) ** 2)),
        float(np.average((x - middle) ** 2, weights=weights)) ** 0.5, float(np.average(y, weights=weights)),
    )  # fmt: skip


def arrhenius(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Activation energy of three temperatures or more, as a Q10: first common time, and all of them."""
    if len(curves.curves) < 3:
        return
    times, note = common_times(*(curve.time for curve in curves.curves))
    for window, within in first_and_whole(times):
        yield replace(_fit(curves.curves, within, note), window=window)


def line_of_curves(curves: Sequence[Curve], common: CommonRates) -> tuple[ArrheniusLine, bool]:
    """Line through the mean ln rate of each curve, and whether the errors of the rates are known.

    Parameters
    ----------
    curves : sequence of Curve
        The curves.
    common : CommonRates
        Their rates, all of them positive.

    Returns
    -------
    line : ArrheniusLine
    known : bool
    """
    relative = (common.errors / common.rates).mean(axis=1)
    known = bool(np.isfinite(relative).all() and (relative > 0).all())
    logs = np.log(common.rates).mean(axis=1)
    temperatures = [curve.temperature for curve in curves]
    if known:
        return arrhenius_line(temperatures, logs, relative, freedom_of(curves)), True
    return arrhenius_line(temperatures, logs), False


def _fit(curves: Sequence[Curve], times: np.ndarray, note: str) -> Q10Estimate:
    span = (curves[0].temperature, curves[-1].temperature, len(curves))
    common = rates_at(times, curves).positive()
    if not common.times.size:
        return undefined("arrhenius", *span, "no positive rate at a common time" if times.size else "no common time")
    line, known = line_of_curves(curves, common)
    factor = ln_q10_per_energy(span[0], span[1])
    return Q10Estimate(
        "arrhenius", *span, scaled(line.energy, factor), len(curves), "replicates" if known else "residuals",
        time_start=float(common.times[0]), time_end=float(common.times[-1]),
        flag="; ".join(filter(None, [note, left_out(common, times)])), spread=line.spread / factor**2,
    )  # fmt: skip


def left_out(common: CommonRates, times: np.ndarray) -> str:
    """How many times had a rate that has no logarithm, in words; empty where none."""
    missing = times.size - common.times.size
    return f"{missing} of {times.size} times without a positive rate left out" if missing else ""
