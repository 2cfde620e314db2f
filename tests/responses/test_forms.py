"""Every form of the temperature response against tables and equations of others, and the laws of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.constants import GAS_CONSTANT
from talik.errors import ResponseError
from talik.responses import RESPONSES, local_q10, q10_between, van_t_hoff, with_frozen_q10, with_liquid_water
from talik.responses.models import clm, daycent, roth_c
from talik.responses.soil import arrhenius, kirschbaum, lloyd_taylor, ratkowsky

TEMPERATURES = np.linspace(0.0, 30.0, 7)


def inside(response, count=40):
    """Temperatures of the valid range at which something decays."""
    temperature = np.linspace(*response.valid_range, count)
    return temperature[response.factor(temperature, *response.usual) > 0]


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_every_response_is_one_at_its_reference(response):
    assert RESPONSES[response.name] is response
    assert response.reference
    assert float(response.relative_rate(12.0, reference=12.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_every_parameter_has_a_usual_value_in_its_range_and_says_what_it_is(response):
    for parameter in response.parameters:
        assert parameter.low <= parameter.usual <= parameter.high
        assert parameter.meaning.endswith(".")
    assert not response.steepness or response.steepness in {parameter.name for parameter in response.parameters}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_every_response_is_finite_and_never_negative_in_its_valid_range(response):
    rates = response.factor(np.linspace(*response.valid_range, 200), *response.usual)
    assert np.isfinite(rates).all()
    assert (rates >= 0).all()


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_every_response_rises_from_thawing_to_20_degrees(response):
    temperature = np.linspace(max(0.0, response.valid_range[0]), 20, 50)
    assert (np.diff(response.relative_rate(temperature, reference=5.0)) > 0).all()


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_every_response_refuses_temperatures_outside_its_range(response):
    with pytest.raises(ResponseError, match="is asked for"):
        response.relative_rate(response.valid_range[0] - 1.0)


# f(T + 10) / f(T), from the equations as SoilR and the literature give them.
Q10_OVER_TEN_DEGREES = {
    -5: (2.240, 3.351, 4.368, 7.691, 30.277, 4.175, 18.778), 0: (2.176, 3.210, 3.310, 5.833, 7.587, 3.256, 5.062),
    5: (2.118, 3.082, 2.694, 4.424, 3.804, 2.839, 3.130), 10: (2.064, 2.965, 2.303, 3.356, 2.561, 2.288, 2.420),
    15: (2.014, 2.858, 2.038, 2.545, 1.999, 1.705, 2.059), 20: (1.967, 2.759, 1.849, 1.931, 1.696, 1.344, 1.842),
    25: (1.924, 2.669, 1.710, 1.464, 1.513, 1.178, 1.698),
}  # fmt: skip


@pytest.mark.parametrize("temperature", Q10_OVER_TEN_DEGREES)
def test_q10_over_ten_degrees_is_that_of_the_equations(temperature):
    forms = (
        lambda t: arrhenius(t, 50.0), lambda t: arrhenius(t, 75.0), lloyd_taylor, kirschbaum, roth_c, daycent,
        lambda t: ratkowsky(t, -8.0),
    )  # fmt: skip
    found = [float(form(temperature + 10.0) / form(temperature)) for form in forms]
    assert_allclose(found, Q10_OVER_TEN_DEGREES[temperature], atol=5.1e-4)


# Temperature scalar of CTSM, normalised to Century at 15 °C, computed from its Fortran.
CTSM = {
    (1.5, 1.5): (0.198522, 0.243139, 0.285951, 0.297784, 0.364709, 0.446675, 0.547063, 0.670013, 0.820595),
    (2.0, 2.0): (0.096708, 0.136766, 0.180464, 0.193416, 0.273532, 0.386832, 0.547063, 0.773664, 1.094127),
    (2.5, 2.5): (0.055359, 0.087530, 0.126280, 0.138397, 0.218825, 0.345993, 0.547063, 0.864983, 1.367658),
    (2.5, 5.0): (0.027679, 0.061893, 0.117823, 0.138397, 0.218825, 0.345993, 0.547063, 0.864983, 1.367658),
    (3.0, 3.0): (0.035094, 0.060785, 0.094329, 0.105282, 0.182354, 0.315847, 0.547063, 0.947542, 1.641190),
}


@pytest.mark.parametrize("q10s", CTSM)
def test_the_scalar_of_ctsm_is_that_of_its_code(q10s):
    assert_allclose(clm([-10, -5, -1, 0, 5, 10, 15, 20, 25], *q10s), CTSM[q10s], atol=5.1e-7)


def test_lpjml_is_that_of_its_code():
    assert_allclose(RESPONSES["lpjml"].factor(np.array([5.0, 15.0, -15.1]), 46.02), [0.58287, 1.57040, 0], atol=5e-6)


def test_orchidee_freezes_as_its_switch_says():
    at = np.array([-5.0, -2.0, -0.5, 0.0])
    thawed = np.exp(0.69 * (0.0 - 30) / 10)
    rates = {name: RESPONSES[name].factor(at, 0.69) / thawed for name in RESPONSES if name.startswith("orchidee-")}
    assert_allclose(rates["orchidee-zero-at-1"], [0, 0, 0.5, 1], atol=1e-12)
    assert_allclose(rates["orchidee-zero-at-3"], [0, 1 / 3, 2.5 / 3, 1], atol=1e-12)
    assert_allclose(rates["orchidee-frozen-100"], 100 ** (at / 10), rtol=1e-3)
    assert_allclose(rates["orchidee-frozen-1000"], 1000 ** (at / 10), rtol=1e-3)
    assert RESPONSES["orchidee"].factor(np.array(40.0), 0.69) == 1.0


def test_local_q10_is_that_of_the_derivative():
    at = np.array([0.5, 7.0, 22.0])
    kelvin = at + 273.15
    expected = {
        "arrhenius": ([75.0], np.exp(10 * 75e3 / (GAS_CONSTANT * kelvin**2))),
        "lloyd-taylor": ([308.56, 227.13], np.exp(10 * 308.56 / (kelvin - 227.13) ** 2)),
        "ratkowsky": ([-8.0], np.exp(20 / (at + 8))),
        "quadratic": ([0.12, -0.001], np.exp(10 * (0.12 - 0.002 * at))),
        "mmrt": (
            [60.0, -1.5],
            np.exp(10 * (1 / kelvin + (60e3 - 1.5e3 * (kelvin - 298.15)) / (GAS_CONSTANT * kelvin**2))),
        ),
    }
    for name, (values, q10) in expected.items():
        assert_allclose(local_q10(RESPONSES[name], at, values), q10, rtol=1e-8, err_msg=name)


def test_the_optimum_of_mmrt_is_where_its_slope_is_nothing():
    enthalpy, capacity = 50e3, -4e3
    optimum = (enthalpy - capacity * 298.15) / (-capacity - GAS_CONSTANT) - 273.15
    assert_allclose(local_q10(RESPONSES["mmrt"], optimum, [50.0, -4.0]), 1.0, rtol=1e-8)


@given(q10=st.floats(0.1, 100), reference=st.floats(-5, 40))
def test_ten_degrees_multiply_the_rate_by_q10(q10, reference):
    ratio = van_t_hoff(TEMPERATURES + 10, q10, reference) / van_t_hoff(TEMPERATURES, q10, reference)
    assert_allclose(ratio, q10, rtol=1e-10)


@given(temperature=st.floats(-20, 50), reference=st.floats(-20, 50))
def test_q10_of_one_changes_nothing(temperature, reference):
    assert van_t_hoff(temperature, 1.0, reference) == 1.0


@given(q10=st.floats(0.3, 15), low=st.floats(0, 20), width=st.floats(0.5, 15))
def test_the_q10_of_a_constant_q10_is_itself_between_any_temperatures(q10, low, width):
    assert_allclose(q10_between(RESPONSES["van-t-hoff"], low, low + width, [q10]), q10, rtol=1e-9)


@pytest.mark.parametrize("with_ice", [with_frozen_q10, with_liquid_water])
@pytest.mark.parametrize("name", ["van-t-hoff", "lloyd-taylor", "ratkowsky"])
def test_ice_changes_nothing_above_zero_and_lets_a_thawed_form_go_below(name, with_ice):
    thawed, frozen = RESPONSES[name], with_ice(RESPONSES[name])
    warm = np.linspace(0, 25, 9)
    assert_allclose(frozen.relative_rate(warm, reference=5), thawed.relative_rate(warm, reference=5), rtol=1e-12)
    cold = frozen.relative_rate(np.linspace(-20, 0, 30), reference=5)
    assert (np.diff(cold) >= 0).all()
    assert cold[0] < 0.2 * cold[-1]


@pytest.mark.parametrize("with_ice", [with_frozen_q10, with_liquid_water])
def test_ice_is_not_put_twice_into_a_form(with_ice):
    for response in (RESPONSES["ctsm"], with_frozen_q10(RESPONSES["arrhenius"])):
        with pytest.raises(ResponseError, match="goes below 0 °C by itself"):
            with_ice(response)
