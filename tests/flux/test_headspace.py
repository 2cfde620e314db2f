"""Carbon in gas and water, against published constants and sums made by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.flux import (
    carbon_dissolved,
    carbon_in_headspace,
    carbon_per_ppm,
    dry_mole_fraction,
    headspace_volume,
    water_vapour_pressure,
)
from talik.flux.headspace import dissociated, solubility

HARNED = {0: (6.579, 10.625), 5: (6.517, 10.557), 10: (6.464, 10.490), 15: (6.419, 10.430), 20: (6.381, 10.377),
          25: (6.352, 10.329)}  # fmt: skip
"""pK1 of Harned and Davis (1943, J. Am. Chem. Soc. 65, 2030) and pK2 of Harned and Scholes (1941, 63, 1706)."""


@pytest.mark.parametrize("temperature", HARNED)
def test_dissociation_is_that_of_the_measured_constants(temperature):
    first, second = HARNED[temperature]
    at_pk1 = float(dissociated(temperature, first))  # as much hydrogen carbonate as CO2, and hardly carbonate
    assert_allclose(at_pk1, 1.0, rtol=0.01)
    far = float(dissociated(temperature, second))
    assert_allclose(far, 2 * 10 ** (second - first), rtol=0.02)


def test_solubility_is_that_of_weiss():
    """Weiss 1974 (Mar. Chem. 2, 203), another set of measurements, in fresh water."""
    kelvin = np.arange(0.0, 31.0, 5.0) + 273.15
    weiss = np.exp(-60.2409 + 93.4517 * 100 / kelvin + 23.3585 * np.log(kelvin / 100))
    assert_allclose(solubility(kelvin - 273.15) * 101.325, weiss, rtol=0.006)


def test_methane_dissolves_as_measured():
    """Mole fraction in water under 1 atm at 0 and 25 °C: 4.6e-5 and 2.55e-5 (Clever and Young 1987, IUPAC 27/28)."""
    moles = solubility(np.array([0.0, 25.0]), "ch4") * 101.325 / 55.5
    assert_allclose(moles, [4.6e-5, 2.55e-5], rtol=0.12)


def test_vapour_pressure_is_that_of_steam_tables():
    assert_allclose(water_vapour_pressure([0.01, 10.0, 20.0, 30.0]), [0.6117, 1.2282, 2.3393, 4.2470], rtol=0.004)


def test_a_sum_made_by_hand():
    """1000 ppm in 250 mL at 25 °C, dry: 101325 Pa 250e-6 m³ / (8.3145 x 298.15) = 10.219 mmol of gas, of which
    10.219 µmol are CO2, 122.7 µg C. Water vapour of 3.16 kPa takes 3.1 %."""
    assert_allclose(carbon_in_headspace(1000.0, 250.0, 25.0, humidity=0.0), 122.74, rtol=1e-4)
    assert_allclose(carbon_in_headspace(1000.0, 250.0, 25.0), 122.74 * (1 - 3.16 / 101.325), rtol=2e-4)


def test_dissolved_carbon_is_2_11_and_91_percent():
    """The shares of 6 mL of water beside 250 mL of gas at 25 °C, at pH 5, 7 and 8."""
    share = carbon_dissolved(1.0, 6.0, 25.0, [5.0, 7.0, 8.0]) / carbon_in_headspace(1.0, 250.0, 25.0)
    assert_allclose(share, [0.02, 0.11, 0.91], atol=0.005)


def test_water_without_a_ph_holds_the_free_co2():
    assert_allclose(carbon_dissolved(1e3, 6.0, 10.0, np.nan), carbon_dissolved(1e3, 6.0, 10.0, 2.0), rtol=1e-3)


def test_ice_holds_nothing():
    assert carbon_dissolved(1e3, 6.0, -5.0, 7.0) == 0


def test_the_headspace_is_the_jar_without_soil_and_water():
    assert headspace_volume(1000.0, 265.0, 50.0) == 850.0
    assert headspace_volume(1000.0, 140.0, 50.0, particle_density=1.4) == 850.0


@given(st.floats(0, 1e5), st.floats(0, 60000))
def test_dry_air_holds_more(moist, water):
    assert dry_mole_fraction(moist, water) >= moist
    assert_allclose(dry_mole_fraction(moist, water) * (1 - water * 1e-6), moist)


@given(
    x=st.floats(-1e3, 1e5), volume=st.floats(1, 5e3), water=st.floats(0, 500), t=st.floats(0.0, 40), ph=st.floats(3, 8)
)
def test_carbon_is_linear_in_the_mole_fraction(x, volume, water, t, ph):
    whole = carbon_in_headspace(x, volume, t) + carbon_dissolved(x, water, t, ph)
    assert_allclose(whole, x * carbon_per_ppm(volume, water, t, ph), rtol=1e-12)
