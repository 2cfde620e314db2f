"""Swept jars against an integration of their differential equation, and their errors against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from talik.errors import TableError
from talik.flux.flow_through import flow_through_rates, steady_rate, swept_carbon
from talik.flux.headspace import carbon_in_headspace

TIME = np.array([0.0, 0.01, 0.03, 0.04, 0.1])
JAR = 0.102
"""200 mL of air at 15 °C. [µg C ppm⁻¹]"""


def outlet(rate, flow, inlet=420.0, start=420.0):
    """Mole fractions of a jar that respires at a constant rate, by integration."""
    swept = float(swept_carbon(flow, temperature=0.0))

    def change(_, x):
        return (rate + swept * (inlet - x)) / JAR

    return solve_ivp(change, (0, TIME[-1]), [start], t_eval=TIME, rtol=1e-11, atol=1e-9, method="LSODA").y[0]


def rates(readings, flow, inlet=420.0, **errors):
    return flow_through_rates(TIME, readings, inlet, flow, jar_carbon=JAR, flow_temperature=0.0, **errors)


@given(rate=st.floats(1, 5000), flow=st.floats(0.05, 200), start=st.floats(400, 5000))
def test_a_constant_respiration_is_found_in_every_interval_steady_or_not(rate, flow, start):
    found = rates(outlet(rate, flow, start=start), flow)
    assert_allclose(found.rate, rate, rtol=1e-5, atol=1e-5 * start * JAR / 0.01)


@given(flow=st.floats(500, 5000), x=st.lists(st.floats(420, 5000), min_size=5, max_size=5))
def test_a_strong_flow_gives_the_steady_rate(flow, x):
    assert_allclose(rates(x, flow).rate, steady_rate(x, 420.0, flow, flow_temperature=0.0)[1:], rtol=1e-9, atol=1e-9)


@given(x=st.lists(st.floats(420, 5000), min_size=5, max_size=5))
def test_hardly_any_flow_gives_the_rise_in_a_closed_jar(x):
    assert_allclose(rates(x, 1e-6).rate, JAR * np.diff(x) / np.diff(TIME), atol=0.1)


def test_the_flow_counts_at_the_temperature_at_which_it_is_told():
    cold, warm = (steady_rate(436.0, 420.0, 20.0, flow_temperature=t) for t in (0.0, 25.0))
    assert_allclose(cold / warm, 298.15 / 273.15)
    assert_allclose(cold, carbon_in_headspace(16.0, 20.0 * 1440, 0.0, humidity=0.0))


def test_errors_are_those_of_simulation():
    rng = np.random.default_rng(4)
    n, sd = 4000, np.array([0.5, 2.0, 1.0, 0.5, 1.5])
    true = outlet(250.0, 5.0)
    told = rates(true, 5.0, sd_outlet=sd, sd_inlet=1.0, sd_flow=0.02)
    own = np.array([rates(true + noise, 5.0).rate for noise in sd * rng.standard_normal((n, 5))])
    shared = np.array(
        [
            rates(true, 5.0 * (1 + 0.02 * q), 420.0 + x).rate
            for q, x in zip(rng.standard_normal(n), rng.standard_normal(n), strict=True)
        ]
    )
    covariance = np.cov(own.T)
    assert_allclose(told.sd, np.sqrt(np.diag(covariance)), rtol=0.05)
    products = told.sd[1:] * told.sd[:-1]
    assert_allclose(told.covariance_before[1:] / products, np.diag(covariance, 1) / products, atol=0.05)
    assert told.covariance_before[0] == 0
    assert_allclose(told.sd_shared, shared.std(axis=0), rtol=0.05)


@pytest.mark.parametrize(
    ("time", "flow", "jar_carbon", "message"),
    [
        ([0, 1, 1], 5.0, 0.1, "must rise"), ([0, 1, 2], [5.0, 0.0, np.nan], 0.1, "2 of 3 readings"),
        ([0, 1, 2], 5.0, np.nan, "must be known"),
    ],
)  # fmt: skip
def test_jars_that_cannot_be_computed_say_why(time, flow, jar_carbon, message):
    with pytest.raises(TableError, match=message):
        flow_through_rates(time, 436.0, 420.0, flow, jar_carbon=jar_carbon, flow_temperature=0.0)
