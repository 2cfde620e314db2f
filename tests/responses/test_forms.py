import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.responses import RESPONSES, van_t_hoff

TEMPERATURES = np.linspace(0.0, 30.0, 7)
TYPICAL = {"q10": 2.5}


@pytest.mark.parametrize("name", RESPONSES)
def test_every_response_is_one_at_its_reference(name):
    response = RESPONSES[name]
    values = [TYPICAL[parameter] for parameter in response.parameters]
    assert response.name == name
    assert response.reference
    assert float(response.relative_rate(12.0, *values, reference=12.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("name", RESPONSES)
def test_every_response_rises_with_temperature_in_its_valid_range(name):
    response = RESPONSES[name]
    values = [TYPICAL[parameter] for parameter in response.parameters]
    temperature = np.linspace(*response.valid_range, 50)
    assert np.all(np.diff(response.relative_rate(temperature, *values, reference=5.0)) > 0)


@given(q10=st.floats(0.1, 100), reference=st.floats(-5, 40))
def test_ten_degrees_multiply_the_rate_by_q10(q10, reference):
    ratio = van_t_hoff(TEMPERATURES + 10, q10, reference) / van_t_hoff(TEMPERATURES, q10, reference)
    assert_allclose(ratio, q10, rtol=1e-10)


@given(temperature=st.floats(-20, 50), reference=st.floats(-20, 50))
def test_q10_of_one_changes_nothing(temperature, reference):
    assert van_t_hoff(temperature, 1.0, reference) == 1.0
