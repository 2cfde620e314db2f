r"""Q10 of an activation energy (``arrhenius``; Craine et al. 2010, doi 10.1038/ngeo1009).

.. math:: \ln R = \ln R_{ref} - \frac{E_a}{R_g} \left(\frac{1}{T} - \frac{1}{T_{ref}}\right)

with T in kelvin, for three temperatures or more: the slope of mean ln rate on :math:`1 / (R_g T)` is :math:`-E_a`, and

.. math:: \ln Q_{10} = \frac{10}{T_2 - T_1} \frac{E_a}{R_g} \left(\frac{1}{T_1} - \frac{1}{T_2}\right)

between the coldest and the warmest temperature. One activation energy means a Q10 that falls with warmth: at
60 kJ mol⁻¹ from 2.46 between 5 and 15 °C to 2.19 between 25 and 35 °C. Over the same temperatures it hardly differs
from ``rate-fit``; what it says of other temperatures does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from talik.constants import GAS_CONSTANT, ZERO_CELSIUS
from talik.inference.line import Estimate, slope
from talik.temperature.between_jars import rate_errors
from talik.temperature.curves import Curve, SetCurves, common_times, rates_at, times_with_rates
from talik.temperature.estimate import PER_TEN_DEGREES, Q10Estimate, scaled, undefined
from talik.temperature.rates import first_and_whole

_KILO = 1000.0


@dataclass(frozen=True)
class ArrheniusLine:
    """A line of ln rate on the inverse of temperature, every temperature alike."""

    inverse: np.ndarray
    """1 / (R T) of its points, shape (n,). [mol kJ⁻¹]"""
    log_rates: np.ndarray
    """Their ln rates, shape (n,)."""

    @property
    def spread(self) -> float:
        """Sum of squared deviations of 1 / (R T). [mol² kJ⁻²]"""
        return float(np.sum((self.inverse - self.inverse.mean()) ** 2))

    @property
    def contrast(self) -> np.ndarray:
        """Weights of the ln rates in the activation energy, shape (n,). [kJ mol⁻¹]"""
        return -(self.inverse - self.inverse.mean()) / self.spread

    @property
    def energy(self) -> Estimate:
        """Activation energy, with the error that the residuals tell. [kJ mol⁻¹]"""
        return scaled(slope(self.inverse, self.log_rates), -1.0)

    def weights_at(self, temperature: float) -> np.ndarray:
        """Weights of the ln rates in that of the line at a temperature [°C], shape (n,)."""
        away = float(inverse_temperature(temperature)) - self.inverse.mean()
        return 1.0 / self.inverse.size - self.contrast * away

    def log_rate_at(self, temperature: float) -> float:
        """Ln rate of the line at a temperature [°C]."""
        return float(self.weights_at(temperature) @ self.log_rates)

    def reference(self, variances: np.ndarray) -> float:
        """Temperature at which the errors of the rate and of the activation energy are not correlated. [°C]

        Parameters
        ----------
        variances : ndarray, shape (n,)
            Variances of the ln rates; where all are alike it is that of the mean of 1 / (R T).
        """
        both = float(np.sum(self.contrast * variances)) / self.inverse.size
        where = self.inverse.mean() + both / float(np.sum(self.contrast**2 * variances))
        return float(_KILO / (where * GAS_CONSTANT) - ZERO_CELSIUS)


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


def arrhenius_line(temperature, log_rate) -> ArrheniusLine:
    """Line of ln rate on the inverse of temperature, by least squares.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperatures. [°C]
    log_rate : array_like, shape (n,)
        Logarithms of the rates, in any unit.

    Returns
    -------
    ArrheniusLine

    Examples
    --------
    >>> line = arrhenius_line([0, 10, 20, 30], 1.0 - 60.0 * inverse_temperature([0, 10, 20, 30]))
    >>> round(line.energy.value, 6), round(line.reference(np.ones(4)), 1)
    (60.0, 14.6)
    """
    return ArrheniusLine(inverse_temperature(temperature), np.asarray(log_rate, float))


def arrhenius(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Activation energy of three temperatures or more, as a Q10: first common time, and all of them."""
    if len(curves.curves) < 3:
        return
    times, note = common_times(*(curve.time for curve in curves.curves))
    for window, within in first_and_whole(times):
        yield replace(_fit(curves.curves, within, note), window=window)


def line_of_curves(curves: Sequence[Curve], times: np.ndarray) -> ArrheniusLine:
    """Line through the mean ln rate of each curve at times with positive rates."""
    logs = np.log(rates_at(times, curves)).mean(axis=1)
    return arrhenius_line([curve.temperature for curve in curves], logs)


def _fit(curves: Sequence[Curve], times: np.ndarray, note: str) -> Q10Estimate:
    span = (curves[0].temperature, curves[-1].temperature, len(curves))
    kept = times_with_rates(times, curves)
    if not kept.size:
        return undefined("arrhenius", *span, "no positive rate at a common time" if times.size else "no common time")
    line, factor = line_of_curves(curves, kept), ln_q10_per_energy(span[0], span[1])
    error, freedom = rate_errors(curves, kept).of(line.contrast[:, None])
    told = np.isfinite(error)
    energy = Estimate(line.energy.value, error, freedom) if told else line.energy
    return Q10Estimate(
        "arrhenius", *span, scaled(energy, factor), len(curves), "replicates" if told else "residuals",
        time_start=float(kept[0]), time_end=float(kept[-1]), spread=line.spread / factor**2,
        flag="; ".join(filter(None, [note, left_out(kept, times)])),
    )  # fmt: skip


def left_out(kept: np.ndarray, times: np.ndarray) -> str:
    """How many times had a rate that has no logarithm, in words; empty where none."""
    missing = times.size - kept.size
    return f"{missing} of {times.size} times without a positive rate left out" if missing else ""
