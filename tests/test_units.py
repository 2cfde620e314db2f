"""Units at the door."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.errors import UnitError
from talik.quantities import QUANTITIES
from talik.tables import header
from talik.units import convert, parse_unit


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_has_a_unit_that_is_understood(name):
    assert_allclose(convert([1.0, 2.5], QUANTITIES[name].unit, name), [1.0, 2.5], rtol=1e-12)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("ug C g-1 soil d-1", 1.0),
        ("ug C g-1 d-1", 1.0),
        ("mgC/gSoil/d", 1000.0),
        ("mgC / g soil / day", 1000.0),
        ("ug CO2 g-1 soil d-1", 12.011 / 44.009),
        ("umol CO2 g-1 soil d-1", 12.011),
        ("µmol CO2 g⁻¹ h⁻¹", 12.011 * 24),
        ("mg CO2-C kg-1 dry soil day-1", 1.0),
        ("mg C (kg soil)-1 week-1", 1 / 7),
        ("microgC/gSoil/h", 24.0),
        ("mmol CH4 kg-1 soil d-1", 12.011),
        ("g C g-1 soil yr-1", 1e6 / 365.25),
        ("µg_CO2_g_h", 12.011 / 44.009 * 24),
        ("ug_CO2-C_kg_soil_d", 1e-3),
        ("mg CO2-C/(kg·d)", 1.0),
        ("ug C/(g soil h)", 24.0),
        ("ug C / g h", 24.0),
    ],
)
def test_respiration_per_soil_in_every_notation(unit, factor):
    assert_allclose(convert(1.0, unit, "respiration"), factor, rtol=1e-9)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("mgC/gC/d", 1.0),
        ("ug CO2 / gC h", 12.011 / 44.009 * 24e-3),
        ("microgC/gSOC/h", 0.024),
        ("g C kg-1 SOC d-1", 1.0),
        ("mg CO2/gSoilC/d", 0.27292),
    ],
)
def test_respiration_per_soil_carbon(unit, factor):
    assert_allclose(convert(1.0, unit, "specific_respiration"), factor, rtol=1e-4)


@pytest.mark.parametrize("unit", ["percent", "%", "mg/gSoil", "gC/kgSoil", "g kg-1", "g/gSoil"])
def test_carbon_content_in_every_notation(unit):
    wanted = {"percent": 10.0, "%": 10.0, "g/gSoil": 1000.0}.get(unit, 1.0)
    assert_allclose(convert(1.0, unit, "organic_carbon"), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("unit", "name"),
    [("mgC/gC/d", "respiration"), ("mgC/gSoil/d", "specific_respiration"), ("mgC/d", "respiration"),
     ("mgC/gSoil", "respiration"), ("percent", "release"), ("d", "temperature")],
)  # fmt: skip
def test_per_soil_never_becomes_per_carbon(unit, name):
    with pytest.raises(UnitError, match="does not measure"):
        convert(1.0, unit, name)


def test_a_carbon_content_turns_one_basis_into_the_other():
    per_carbon = convert(2.0, "mg C g-1 SOC d-1", "specific_respiration")
    content = convert(4.5, "percent", "organic_carbon")
    # 2 mg g-1 of carbon in a soil with 45 mg g-1 of it is 90 µg g-1 of soil.
    assert_allclose(per_carbon * content, 90.0)


@pytest.mark.parametrize("unit", ["furlong", "mgC/gSoil/fortnight", "cmolc/kg", "42", "mg Z g-1"])
def test_an_unknown_unit_is_an_error_that_shows_what_is_understood(unit):
    with pytest.raises(UnitError, match="is not understood") as raised:
        parse_unit(unit)
    assert "ug C g-1 soil d-1" in str(raised.value)
    assert raised.value.offenders == (unit,)


def test_kelvin_is_converted_with_its_offset():
    assert_allclose(convert([273.15, 288.15], "K", "temperature"), [0.0, 15.0], atol=1e-12)


@given(
    value=st.floats(-1e12, 1e12, allow_nan=False),
    name=st.sampled_from([q for q in QUANTITIES if QUANTITIES[q].unit]),
)
def test_a_unit_written_and_read_back_is_the_same_number(value, name):
    title = header(name)
    unit = title[title.index("[") + 1 : -1]
    assert_allclose(convert([value], unit, name), [value], rtol=1e-15, atol=0)


@given(value=st.floats(1e-9, 1e9))
def test_hours_and_back_is_the_same_number(value):
    per_day = convert(value, "ug C g-1 soil h-1", "respiration")
    assert_allclose(per_day / 24, value, rtol=1e-14)
    assert np.isfinite(per_day)
