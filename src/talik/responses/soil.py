"""Responses fitted to soils and to microbes: exponential, bending, and with an optimum."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.constants import BOLTZMANN, GAS_CONSTANT, PLANCK, ZERO_CELSIUS


def van_t_hoff(temperature: ArrayLike, q10: ArrayLike, reference: float = 10.0) -> NDArray:
    r"""Rate relative to that at a reference temperature, with the same Q10 everywhere.

    .. math:: \frac{k(T)}{k(T_{ref})} = Q_{10}^{(T - T_{ref}) / 10}

    For thawed soil below its optimum. Below 0 °C the liquid water, not the temperature alone, limits decay,
    and a Q10 of thawed soil must not be carried there.

    Parameters
    ----------
    temperature : array_like, shape (n,) or float
        Temperature of the soil. [°C]
    q10 : array_like, shape (n,) or float
        Factor by which the rate rises over 10 °C. [-]
    reference : float, default 10.0
        Temperature at which the relative rate is 1. [°C]

    Returns
    -------
    ndarray, shape (n,)
        Relative rate. [-]

    References
    ----------
    van 't Hoff (1898), Lectures on Theoretical and Physical Chemistry;
    Davidson and Janssens (2006), Nature 440, 165-173, doi 10.1038/nature04514.

    Examples
    --------
    A soil with a Q10 of 2.5, at 5 and 15 °C:

    >>> van_t_hoff([5, 15], q10=2.5, reference=5).round(2)
    array([1. , 2.5])
    """
    return np.asarray(q10, float) ** ((np.asarray(temperature, float) - reference) / 10.0)


def exponential(temperature: ArrayLike, b: ArrayLike) -> NDArray:
    r"""Exponential: :math:`f = e^{bT}`, so :math:`Q_{10} = e^{10 b}`. T in °C, b in °C⁻¹."""
    return np.exp(np.asarray(b, float) * np.asarray(temperature, float))


def arrhenius(temperature: ArrayLike, activation_energy: ArrayLike) -> NDArray:
    r"""Arrhenius: :math:`f = e^{-E_a / (R T_K)}`, scaled to 1 at 25 °C. :math:`E_a` in kJ mol⁻¹.

    Local :math:`Q_{10} = \exp(10 E_a / (R T_K^2))`.
    """
    kelvin = np.asarray(temperature, float) + ZERO_CELSIUS
    energy = 1e3 * np.asarray(activation_energy, float)
    return np.exp(energy / GAS_CONSTANT * (1 / 298.15 - 1 / kelvin))


def lloyd_taylor(temperature: ArrayLike, e0: ArrayLike = 308.56, t0: ArrayLike = 227.13) -> NDArray:
    r"""Lloyd and Taylor: :math:`f = \exp(E_0 (1/(283.15 - T_0) - 1/(T_K - T_0)))`, 1 at 10 °C.

    :math:`E_0` and :math:`T_0` are in K.
    """
    above = np.asarray(temperature, float) + ZERO_CELSIUS - np.asarray(t0, float)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        rate = np.exp(np.asarray(e0, float) * (1 / (283.15 - np.asarray(t0, float)) - 1 / above))
    return np.where(above > 0, rate, 0.0)


def ratkowsky(temperature: ArrayLike, t_min: ArrayLike) -> NDArray:
    r"""Square root: :math:`\sqrt{f} = (T - T_{min}) / 10`, nothing below."""
    above = np.asarray(temperature, float) - np.asarray(t_min, float)
    return (np.fmax(above, 0.0) / 10.0) ** 2


def ratkowsky_extended(temperature: ArrayLike, t_min: ArrayLike, t_max: ArrayLike, c: ArrayLike) -> NDArray:
    r"""Square root with a fall: :math:`\sqrt{f} = (T - T_{min})(1 - e^{c (T - T_{max})}) / 10`. c in °C⁻¹."""
    temperature = np.asarray(temperature, float)
    fall = -np.expm1(np.fmin(np.asarray(c, float) * (temperature - np.asarray(t_max, float)), 0.0))
    return ratkowsky(temperature, t_min) * fall**2


def quadratic(temperature: ArrayLike, b: ArrayLike, c: ArrayLike) -> NDArray:
    r"""Gaussian: :math:`\ln f = b T + c T^2`, with its optimum at -b / 2c. b in °C⁻¹, c in °C⁻²."""
    temperature = np.asarray(temperature, float)
    return np.exp(np.asarray(b, float) * temperature + np.asarray(c, float) * temperature**2)


def kirschbaum(temperature: ArrayLike, a: ArrayLike = -3.764, b: ArrayLike = 0.204, t_opt: ArrayLike = 36.9) -> NDArray:
    r"""Kirschbaum: :math:`f = \exp(a + b T (1 - 0.5 T / T_{opt}))`."""
    temperature = np.asarray(temperature, float)
    bend = 1 - 0.5 * temperature / np.asarray(t_opt, float)
    return np.exp(np.asarray(a, float) + np.asarray(b, float) * temperature * bend)


def macromolecular_rate(temperature: ArrayLike, enthalpy: ArrayLike, heat_capacity: ArrayLike) -> NDArray:
    r"""Macromolecular rate theory: activation whose enthalpy falls with temperature, 1 at 25 °C.

    .. math:: \ln f = \ln\frac{T_K}{T_0} - \frac{\Delta H + \Delta C_p (T_K - T_0)}{R T_K} + \frac{\Delta H}{R T_0}
              + \frac{\Delta C_p}{R} \ln\frac{T_K}{T_0}, \quad T_0 = 298.15

    :math:`\Delta H` in kJ mol⁻¹, :math:`\Delta C_p` in kJ mol⁻¹ K⁻¹. The entropy only scales the rate.
    """
    kelvin = np.asarray(temperature, float) + ZERO_CELSIUS
    h, c = 1e3 * np.asarray(enthalpy, float), 1e3 * np.asarray(heat_capacity, float)
    activation = (h + c * (kelvin - 298.15)) / (GAS_CONSTANT * kelvin) - h / (GAS_CONSTANT * 298.15)
    scaled = np.log(BOLTZMANN * kelvin / PLANCK) - np.log(BOLTZMANN * 298.15 / PLANCK)
    return np.exp(scaled - activation + c / GAS_CONSTANT * np.log(kelvin / 298.15))
