"""Responses of soil and land models, scaled as their code scales them, below zero as they are there."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

COLDEST = -50.0
"""Temperature down to which the code of land models is followed. [°C]"""


def century(temperature: ArrayLike, t_max: ArrayLike = 45.0, t_opt: ArrayLike = 35.0) -> NDArray:
    r"""Century: :math:`f = x^{0.2} \exp(0.2 (1 - x^{2.63}) / 2.63)`, :math:`x = (T_{max} - T)/(T_{max} - T_{opt})`.

    Nothing above :math:`T_{max}`.
    """
    x = (np.asarray(t_max, float) - np.asarray(temperature, float)) / (np.asarray(t_max, float) - t_opt)
    x = np.fmax(x, 0.0)
    return x**0.2 * np.exp(0.2 / 2.63 * (1 - x**2.63))


def daycent_exponential(temperature: ArrayLike) -> NDArray:
    r"""Daycent, exponential: :math:`f = 0.08 \, e^{0.095 T}`."""
    return 0.08 * np.exp(0.095 * np.asarray(temperature, float))


def daycent(temperature: ArrayLike) -> NDArray:
    r"""Daycent, arc tangent: :math:`f = 0.56 + \frac{1.46}{\pi} \arctan(0.0309 \pi (T - 15.7))`, not below zero."""
    rate = 0.56 + 1.46 / np.pi * np.arctan(np.pi * 0.0309 * (np.asarray(temperature, float) - 15.7))
    return np.fmax(rate, 0.0)


def roth_c(temperature: ArrayLike) -> NDArray:
    r"""RothC: :math:`f = 47.9 / (1 + \exp(106 / (T + 18.3)))`, nothing at or below -18.3 °C."""
    above = np.asarray(temperature, float) + 18.3
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        rate = 47.9 / (1 + np.exp(106 / above))
    return np.where(above > 0, rate, 0.0)


def _century_arctangent(temperature: float) -> float:
    return 11.75 + 29.7 / np.pi * np.arctan(np.pi * 0.031 * (temperature - 15.4))


def clm(temperature: ArrayLike, q10: ArrayLike, frozen_q10: ArrayLike) -> NDArray:
    r"""CTSM and ELM: Q10 above 0 °C, another below, scaled so that Century and Q10 agree at 15 °C.

    .. math:: f = \frac{c(15)}{c(30)} \, Q_{10}^{(\max(T, 0) - 15) / 10} \, Q_{froz}^{\min(T, 0) / 10}

    with Century's arc tangent :math:`c(T) = 11.75 + \frac{29.7}{\pi} \arctan(0.031 \pi (T - 15.4))`. So the rate at
    15 °C is the same whatever the Q10, and a higher Q10 lowers the rate where permafrost thaws.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperature of the soil. [°C]
    q10, frozen_q10 : array_like
        Q10 above and below 0 °C: ``q10_mr`` (CTSM) or ``q10_hr`` (ELM), and ``froz_q10``. [-]

    Returns
    -------
    ndarray, shape (n,)
        The temperature scalar of the code. [-]

    Examples
    --------
    >>> clm([-10.0, 5.0, 15.0], 2.0, 2.0).round(6)
    array([0.096708, 0.273532, 0.547063])
    """
    temperature, q10 = np.asarray(temperature, float), np.asarray(q10, float)
    thawed = q10 ** ((np.fmax(temperature, 0.0) - 25.0) / 10.0)
    frozen = np.asarray(frozen_q10, float) ** (np.fmin(temperature, 0.0) / 10.0)
    return thawed * frozen * _century_arctangent(15.0) / _century_arctangent(30.0) * q10


def jules(temperature: ArrayLike, q10: ArrayLike) -> NDArray:
    r"""JULES with ``l_q10``: :math:`f = Q_{10}^{(T - 25) / 10}` at every temperature, frozen soil included."""
    return np.asarray(q10, float) ** ((np.asarray(temperature, float) - 25.0) / 10.0)


def orchidee(temperature: ArrayLike, soil_q10: ArrayLike) -> NDArray:
    r"""ORCHIDEE: :math:`f = \min(1, \exp(q (T - 30) / 10))`; its ``soil_Q10`` q is the logarithm of a Q10."""
    return np.fmin(np.exp(np.asarray(soil_q10, float) * (np.asarray(temperature, float) - 30.0) / 10.0), 1.0)


def orchidee_linear(ends: float):
    """ORCHIDEE whose rate falls in a straight line from 0 °C to nothing at a temperature below."""

    def response(temperature: ArrayLike, soil_q10: ArrayLike) -> NDArray:
        r"""ORCHIDEE; below 0 °C :math:`f = e^{-3 q} (1 - T / T_e)`, nothing below :math:`T_e`.

        It is -1 or -3 °C, as the name says. Above 0 °C as ``orchidee``.
        """
        temperature = np.asarray(temperature, float)
        return orchidee(np.fmax(temperature, 0.0), soil_q10) * np.clip(1 - temperature / ends, 0.0, 1.0)

    return response


def orchidee_steep(exponent: float):
    """ORCHIDEE whose rate falls below 0 °C by this power of e for ten degrees."""

    def response(temperature: ArrayLike, soil_q10: ArrayLike) -> NDArray:
        r"""ORCHIDEE; below 0 °C :math:`f = e^{-3 q} Q_{froz}^{T / 10}`.

        The frozen Q10 is 100 or 1000, as the name says. Above 0 °C as ``orchidee``.
        """
        temperature = np.asarray(temperature, float)
        return orchidee(np.fmax(temperature, 0.0), soil_q10) * np.exp(exponent * np.fmin(temperature, 0.0) / 10.0)

    return response


def lpjml(temperature: ArrayLike, temperature_response: ArrayLike = 46.02) -> NDArray:
    r"""LPJmL: :math:`f = \exp(308.56 (1/(t + 10) - 1/(T + t)))`, 1 at 10 °C; nothing below -15, level above 40 °C."""
    temperature, t = np.asarray(temperature, float), np.asarray(temperature_response, float)
    inside = np.clip(temperature, -15.0, 40.0)
    return np.where(temperature < -15.0, 0.0, np.exp(308.56 * (1 / (t + 10) - 1 / (inside + t))))
