"""Carbon in a jar from the mole fraction of its gas: in the headspace and dissolved in the water."""

import numpy as np

from talik.constants import ATMOSPHERE, GAS_CONSTANT, MOLAR_MASS_CARBON, ZERO_CELSIUS

# Plummer and Busenberg 1982, Geochim. Cosmochim. Acta 46, 1011-1040, 0 to 90 °C, infinite dilution:
# log10 K = a + b T + c / T + d log10 T + e / T², T in K.
_SOLUBILITY = (108.3865, 0.01985076, -6919.53, -40.45154, 669365.0)
_FIRST_DISSOCIATION = (-356.3094, -0.06091964, 21834.37, 126.8339, -1684915.0)
_SECOND_DISSOCIATION = (-107.8871, -0.03252849, 5151.79, 38.92561, -563713.9)

# Sander 2023, Atmos. Chem. Phys. 23, 10901-12440: mol m⁻³ Pa⁻¹ at 25 °C and its change with 1/T in K.
_METHANE_SOLUBILITY = (1.4e-5, 1600.0)

MINERAL_DENSITY = 2.65
"""Density of mineral particles, that of quartz. [g cm⁻³]"""


def water_vapour_pressure(temperature):
    r"""Pressure of water vapour over liquid water at saturation.

    .. math:: e_s = 0.6112 \, \exp \frac{17.62 \, T}{243.12 + T}

    (Magnus formula with the coefficients of the WMO, Guide to Instruments and Methods of Observation, WMO-No. 8,
    annex 4.B; -45 to 60 °C.) Over ice it is lower by 0.03 kPa at most, a three thousandth of the pressure in a jar.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperature of the gas. [°C]

    Returns
    -------
    ndarray, shape (n,)
        Vapour pressure. [kPa]

    Examples
    --------
    >>> water_vapour_pressure([5.0, 20.0]).round(2)
    array([0.87, 2.33])
    """
    temperature = np.asarray(temperature, float)
    return 0.6112 * np.exp(17.62 * temperature / (243.12 + temperature))


def dry_pressure(temperature, pressure=ATMOSPHERE, humidity=1.0):
    """Pressure of the gas without its water vapour.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperature of the gas. [°C]
    pressure : array_like, shape (n,), default 101.325
        Pressure in the jar. [kPa]
    humidity : array_like, shape (n,), default 1.0
        Relative humidity of the gas; 1 over moist soil.

    Returns
    -------
    ndarray, shape (n,)
        Pressure of the dry gas. [kPa]
    """
    return np.asarray(pressure, float) - np.asarray(humidity, float) * water_vapour_pressure(temperature)


def dry_mole_fraction(moist, water):
    r"""Mole fraction in dry air from that in moist air, as an analyser without a dryer tells it.

    .. math:: x = \frac{x_{moist}}{1 - x_{water}}

    Parameters
    ----------
    moist : array_like, shape (n,)
        Mole fraction in moist air. [ppm]
    water : array_like, shape (n,)
        Mole fraction of water vapour. [ppm]

    Returns
    -------
    ndarray, shape (n,)
        Mole fraction in dry air. [ppm]

    Examples
    --------
    Air with 2 % of water vapour:

    >>> float(dry_mole_fraction(980.0, 20000.0))
    1000.0
    """
    return np.asarray(moist, float) / (1.0 - 1e-6 * np.asarray(water, float))


def headspace_volume(jar_volume, dry_mass, water_volume, particle_density=MINERAL_DENSITY):
    r"""Volume of the gas in a jar: the jar without its soil particles and its water.

    .. math:: V_h = V_{jar} - m / \rho_s - V_w

    Parameters
    ----------
    jar_volume : array_like, shape (n,)
        Volume of the empty jar, tubes included. [mL]
    dry_mass : array_like, shape (n,)
        Dry soil. [g]
    water_volume : array_like, shape (n,)
        Water in the soil and above it. [mL]
    particle_density : array_like, shape (n,), default 2.65
        Density of the soil's particles: 2.65 for minerals, about 1.4 for peat. [g cm⁻³]

    Returns
    -------
    ndarray, shape (n,)
        Headspace. [mL]

    Examples
    --------
    20 g of mineral soil with 6 mL of water in a preserving jar:

    >>> round(float(headspace_volume(263.5, dry_mass=20.0, water_volume=6.0)), 2)
    249.95
    """
    soil = np.asarray(dry_mass, float) / np.asarray(particle_density, float)
    return np.asarray(jar_volume, float) - soil - np.asarray(water_volume, float)


def carbon_in_headspace(mole_fraction, volume, temperature, pressure=ATMOSPHERE, humidity=1.0):
    r"""Carbon of one gas in the headspace of a jar.

    The ideal gas law gives the moles of dry gas, and the mole fraction in dry gas the moles of carbon; CO2 and
    CH4 have one atom of carbon each:

    .. math:: m_g = x \, \frac{(P - h \, e_s(T)) \, V_h}{R \, T} \, M_C

    Parameters
    ----------
    mole_fraction : array_like, shape (n,)
        Mole fraction in dry air. [ppm]
    volume : array_like, shape (n,)
        Headspace, soil and water already subtracted. [mL]
    temperature : array_like, shape (n,)
        Temperature of the gas at this pressure. [°C]
    pressure : array_like, shape (n,), default 101.325
        Pressure in the jar. A laboratory at 3000 m has about 70. [kPa]
    humidity : array_like, shape (n,), default 1.0
        Relative humidity of the gas; 1 over moist soil, 0 where the mole fraction is that of moist air.

    Returns
    -------
    ndarray, shape (n,)
        Carbon in the headspace. [µg C]

    Examples
    --------
    A 250 mL headspace at 15 °C, first flushed to 420 ppm, later at 4812 ppm:

    >>> start, end = carbon_in_headspace([420, 4812], volume=250, temperature=15)
    >>> round(float(end - start), 1)
    548.4
    """
    dry = dry_pressure(temperature, pressure, humidity)
    moles = dry * np.asarray(volume, float) / (GAS_CONSTANT * (np.asarray(temperature, float) + ZERO_CELSIUS))
    # kPa mL is 1e-3 J, ppm is 1e-6 and a gram 1e6 µg.
    return 1e-3 * np.asarray(mole_fraction, float) * moles * MOLAR_MASS_CARBON


def solubility(temperature, gas="co2"):
    r"""Solubility of a gas in water: Henry's constant, dissociation left out.

    For CO2 :math:`\log K_H = 108.3865 + 0.01985076 T - 6919.53 / T - 40.45154 \log T + 669365 / T^2` (Plummer and
    Busenberg 1982), for CH4 :math:`1.4 \cdot 10^{-5} \exp(1600 (1/T - 1/298.15))` mol m⁻³ Pa⁻¹ (Sander 2023).

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperature of the water. [°C]
    gas : {"co2", "ch4"}, default "co2"

    Returns
    -------
    ndarray, shape (n,)
        Henry's constant; a litre of water is taken as a kilogram. [mol L⁻¹ kPa⁻¹]

    Examples
    --------
    >>> (solubility([0.0, 25.0]) * 101.325).round(4), (solubility([0.0, 25.0], "ch4") * 101.325).round(4)
    (array([0.0779, 0.034 ]), array([0.0023, 0.0014]))
    """
    kelvin = np.asarray(temperature, float) + ZERO_CELSIUS
    if gas == "ch4":
        at_25, slope = _METHANE_SOLUBILITY
        return at_25 * np.exp(slope * (1 / kelvin - 1 / 298.15))
    return 10 ** _log_constant(kelvin, _SOLUBILITY) / ATMOSPHERE


def dissociated(temperature, ph):
    r"""Hydrogen carbonate and carbonate beside each dissolved CO2.

    .. math:: D = \frac{K_1}{[H^+]} + \frac{K_1 K_2}{[H^+]^2}

    with K1 and K2 of Plummer and Busenberg (1982, Geochim. Cosmochim. Acta 46, 1011-1040), at infinite dilution.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperature of the water. [°C]
    ph : array_like, shape (n,)
        Acidity of the water. It is taken as buffered: CO2 that dissolves does not change it.

    Returns
    -------
    ndarray, shape (n,)
        Moles of hydrogen carbonate and carbonate per mole of dissolved CO2.

    Examples
    --------
    >>> dissociated(25.0, [5.0, 7.0, 8.0]).round(1)
    array([ 0. ,  4.4, 44.7])
    """
    kelvin = np.asarray(temperature, float) + ZERO_CELSIUS
    first = _log_constant(kelvin, _FIRST_DISSOCIATION) + np.asarray(ph, float)
    second = _log_constant(kelvin, _SECOND_DISSOCIATION) + np.asarray(ph, float)
    return 10**first * (1.0 + 10**second)


def carbon_dissolved(mole_fraction, water_volume, temperature, ph, pressure=ATMOSPHERE, humidity=1.0, gas="co2"):
    r"""Carbon of one gas dissolved in the water of a jar, in equilibrium with its headspace.

    .. math:: m_d = K_H(T) \, x \, (P - h \, e_s) \left(1 + \frac{K_1}{[H^+]} + \frac{K_1 K_2}{[H^+]^2}\right) V_w M_C

    The equation holds where the pH is buffered and no carbonate dissolves or forms; on calcareous soil neither does,
    and no headspace tells what was respired. Of CH4 little dissolves and nothing dissociates. Water below 0 °C is
    taken as frozen, and ice as free of gas.

    Parameters
    ----------
    mole_fraction : array_like, shape (n,)
        Mole fraction in dry air. [ppm]
    water_volume : array_like, shape (n,)
        Water in the jar. [mL]
    temperature : array_like, shape (n,)
        Temperature of the water. [°C]
    ph : array_like, shape (n,)
        Acidity of the water. Where it is not known (NaN), only dissolved CO2 itself is counted, which is nearly
        all below pH 5 and a lower bound above.
    pressure : array_like, shape (n,), default 101.325
        Pressure in the jar. [kPa]
    humidity : array_like, shape (n,), default 1.0
        Relative humidity of the gas.
    gas : {"co2", "ch4"}, default "co2"

    Returns
    -------
    ndarray, shape (n,)
        Dissolved carbon. [µg C]

    Examples
    --------
    Beside 1000 ppm in a headspace of 250 mL, which holds 119 µg C, 6 mL of water hold at pH 5, 7 and 8:

    >>> carbon_dissolved(1000.0, 6.0, 25.0, ph=[5.0, 7.0, 8.0]).round(1)
    array([  2.5,  13. , 108.6])
    """
    temperature = np.asarray(temperature, float)
    per_kpa = solubility(temperature, gas)
    if gas == "co2":
        ph = np.asarray(ph, float)
        per_kpa = per_kpa * (1.0 + np.where(np.isnan(ph), 0.0, dissociated(temperature, np.nan_to_num(ph))))
    partial = np.asarray(mole_fraction, float) * dry_pressure(temperature, pressure, humidity)
    liquid = np.where(temperature >= 0, np.asarray(water_volume, float), 0.0)
    # mL is 1e-3 L, ppm is 1e-6 and a gram 1e6 µg.
    return 1e-3 * per_kpa * partial * liquid * MOLAR_MASS_CARBON


def carbon_per_ppm(
    volume, water_volume, temperature, ph, pressure=ATMOSPHERE, humidity=1.0, gas="co2", gas_temperature=None
):
    """Carbon in a jar, gas and water together, for each ppm in its gas; the budget is linear in the mole fraction.

    Parameters
    ----------
    volume, water_volume : array_like, shape (n,)
        Headspace and water. [mL]
    temperature : array_like, shape (n,)
        Temperature of the soil and its water. [°C]
    ph : array_like, shape (n,)
        Acidity of the water.
    pressure : array_like, shape (n,), default 101.325
        Pressure in the jar. [kPa]
    humidity : array_like, shape (n,), default 1.0
        Relative humidity of the gas.
    gas : {"co2", "ch4"}, default "co2"
    gas_temperature : array_like, shape (n,), optional
        Temperature of the gas at this pressure; that of the soil where it is not given. [°C]

    Returns
    -------
    ndarray, shape (n,)
        Carbon for each ppm in dry air. [µg C ppm⁻¹]

    Examples
    --------
    >>> carbon_per_ppm(250.0, 6.0, 25.0, ph=[5.0, 7.0]).round(4)
    array([0.1214, 0.1319])
    """
    warm = temperature if gas_temperature is None else gas_temperature
    in_gas = carbon_in_headspace(1.0, volume, warm, pressure, humidity)
    return in_gas + carbon_dissolved(1.0, water_volume, temperature, ph, pressure, humidity, gas)


def _log_constant(kelvin, coefficients):
    a, b, c, d, e = coefficients
    return a + b * kelvin + c / kelvin + d * np.log10(kelvin) + e / kelvin**2
