"""An exponential curve and an activation energy through rates, against statsmodels and scipy."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import curve_fit

from soils_with_known_q10 import at_one_time, of, tables
from talik import activation_energy, q10
from talik.responses import RESPONSES, q10_between
from talik.tables import typed
from talik.temperature.arrhenius import inverse_temperature
from talik.temperature.exponential import exponential_slope

HELD = np.array([2.0, 8.0, 15.0, 21.0, 28.0])
RATES = np.array([1.1, 1.7, 3.9, 5.2, 11.3])


def test_the_exponential_fit_is_that_of_scipy():
    row = of(q10(*at_one_time(HELD, RATES)), "exponential-fit").iloc[0]
    found, covariance = curve_fit(
        lambda t, a, b: a * np.exp(b * t), HELD, RATES, p0=(1.0, 0.08), xtol=1e-14, ftol=1e-14
    )
    assert_allclose(row["q10"], np.exp(10 * found[1]), rtol=1e-7)
    assert_allclose(row["sd_ln_q10"], 10 * covariance[1, 1] ** 0.5, rtol=1e-4)  # scipy's Jacobian is a difference
    half = 3.182446305284263 * row["sd_ln_q10"]  # t(0.975, 3)
    assert_allclose([row["lower"], row["upper"]], row["q10"] * np.exp([-half, half]))


def test_the_line_of_ln_rate_is_that_of_statsmodels():
    row = of(q10(*at_one_time(HELD, RATES)), "rate-fit").iloc[0]
    fit = sm.OLS(np.log(RATES), sm.add_constant(HELD)).fit()
    assert_allclose(row["q10"], np.exp(10 * fit.params[1]))
    assert_allclose([row["lower"], row["upper"]], np.exp(10 * fit.conf_int()[1]))


def test_the_activation_energy_is_that_of_statsmodels():
    row = activation_energy(*at_one_time(HELD, RATES)).iloc[0]
    x = 1000 / (8.314462618 * (HELD + 273.15))
    fit = sm.OLS(np.log(RATES), sm.add_constant(-x)).fit()
    assert_allclose(row["activation_energy"], fit.params[1])
    assert_allclose(row["sd"], fit.bse[1])
    assert_allclose([row["lower"], row["upper"]], fit.conf_int()[1])
    at_20 = np.array([1.0, -1000 / (8.314462618 * 293.15)])
    assert_allclose(row["rate_20"], np.exp(at_20 @ fit.params))
    covariance = fit.cov_params()
    assert_allclose(row["sd_ln_rate_20"], np.sqrt(at_20 @ covariance @ at_20))
    assert_allclose([row["rate_20_lower"], row["rate_20_upper"]], np.exp(fit.get_prediction(at_20).conf_int()[0]))
    both = at_20 @ covariance[:, 1]
    assert_allclose(row["correlation"], both / (row["sd"] * row["sd_ln_rate_20"]))


def test_at_its_reference_the_rate_and_the_activation_energy_are_not_correlated():
    row = activation_energy(*at_one_time(HELD, RATES)).iloc[0]
    fit = sm.OLS(np.log(RATES), sm.add_constant(-inverse_temperature(HELD))).fit()
    there = np.array([1.0, -float(inverse_temperature(row["reference_temperature"]))])
    assert_allclose(there @ fit.cov_params()[:, 1], 0.0, atol=1e-12)
    assert_allclose(row["rate_reference"], np.exp(np.log(RATES).mean()))
    assert_allclose(row["sd_ln_rate_reference"], fit.mse_resid**0.5 / 5**0.5)


def test_arrhenius_gives_the_q10_of_its_form():
    rates = 2.0 * RESPONSES["arrhenius"].relative_rate(HELD, 75.0, reference=10.0)
    row = of(q10(*at_one_time(HELD, rates)), "arrhenius").iloc[0]
    assert_allclose(row["q10"], q10_between(RESPONSES["arrhenius"], 2.0, 28.0, (75.0,)), rtol=1e-9)


@given(st.floats(0.3, 12.0), st.floats(-20, 20), st.floats(1e-12, 1e12))
@settings(max_examples=40)
def test_an_exponential_is_found_exactly_in_any_unit(true, coldest, unit):
    held = coldest + np.array([0.0, 6.0, 13.0, 20.0])
    found = exponential_slope(held, unit * true ** (held / 10))
    assert_allclose(np.exp(10 * found.slope.value), true, rtol=1e-7)


def test_rates_of_zero_and_less_take_part_in_the_exponential_fit():
    found = q10(*at_one_time([5, 15, 25], [-0.02, 0.0, 1.0]))
    assert np.isnan(of(found, "rate-fit")["q10"].item())
    assert "no positive rate" in of(found, "rate-fit")["flag"].item()
    row = of(found, "exponential-fit").iloc[0]
    assert np.isnan(row["q10"])
    assert "no exponential fits" in row["flag"]
    found = of(q10(*at_one_time([5, 10, 15, 20, 25], [-0.02, 0.3, 0.4, 1.1, 1.9])), "exponential-fit").iloc[0]
    assert 2.0 < found["q10"] < 4.0


@pytest.mark.parametrize("rates", [[0.0, 0.0, 0.0], [-1.0, -2.0, -4.0], [0.0, 0.0, 5.0], [np.nan, np.nan, np.nan]])
def test_rates_that_no_exponential_fits_have_none(rates):
    assert exponential_slope([5, 15, 25], rates) is None


def test_errors_of_replicates_reach_the_exponential_fit():
    """Against the sandwich of its Jacobian, with the errors of means of four."""
    rates, jars = at_one_time(HELD, RATES)
    rates = rates.assign(sd=0.1 * RATES, n=4.0)
    row = of(q10(rates, jars), "exponential-fit").iloc[0]
    b = np.log(row["q10"]) / 10
    shape = np.exp(b * HELD)
    a = shape @ RATES / (shape @ shape)
    influence = np.linalg.pinv(np.column_stack([shape, a * HELD * shape]))[1]
    assert_allclose(row["sd_ln_q10"], 10 * np.sqrt(np.sum((influence * 0.05 * RATES) ** 2)), rtol=1e-6)
    assert row["interval_from"] == "replicates"


def test_coverage_of_the_exponential_fit_where_errors_are_alike_in_size():
    """95 % intervals of residuals hold the truth in 92 to 98 % of 1,000 soils of five temperatures."""
    rng = np.random.default_rng(7)
    true = 2.0 ** (HELD / 10)
    held = 0
    for _ in range(1000):
        found = exponential_slope(HELD, true + 0.15 * rng.standard_normal(5))
        low, high = found.slope.interval()
        held += low <= np.log(2.0) / 10 <= high
    assert 0.92 <= held / 1000 <= 0.98


def test_two_temperatures_have_an_activation_energy_and_no_line():
    rates, jars = at_one_time([5.0, 15.0], [1.0, 2.0])
    found = q10(rates, jars)
    assert of(found, "arrhenius").empty
    row = activation_energy(rates, jars).iloc[0]
    assert_allclose(row["activation_energy"], np.log(2) / (inverse_temperature(5.0) - inverse_temperature(15.0)))
    assert "extrapolated" in row["flag"]


def test_one_temperature_has_a_sentence():
    found = activation_energy(*at_one_time([15.0], [1.0]))
    assert found["activation_energy"].isna().all()
    assert (found["flag"] == "one temperature: a Q10 needs two").all()


def test_lines_of_frozen_and_thawed_soil_stand_apart():
    held = [-6.0, -4.0, -2.0, 4.0, 10.0, 16.0]
    rates = [0.01, 0.04, 0.15, 1.0, 1.6, 2.5]
    found = of(q10(*at_one_time(held, rates)), "arrhenius")
    assert found[["t_low", "t_high"]].values.tolist() == [[-6.0, -2.0], [4.0, 16.0]]
    assert len(activation_energy(*at_one_time(held, rates))) == 2


def steps(held, levels, true=2.6):
    """Jars warmed in steps."""
    jars = typed("jars", pd.DataFrame({"jar": list(levels), "sample": "soil", "set": "soil", "basis": "dry soil"}))
    parts = [
        pd.DataFrame({"jar": jar, "time": np.arange(len(held)) + 1.0, "temperature": held, "gas": "co2",
                      "respiration": level * true ** (held / 10)})
        for jar, level in levels.items()
    ]  # fmt: skip
    return typed("respiration", pd.concat(parts)), jars


def test_jars_warmed_in_steps_give_every_definition_of_rates_paired():
    found = q10(*steps(np.array([1.0, 7.0, 13.0, 19.0]), {"a": 1.0, "b": 5.0, "c": 30.0}))
    for definition in ("rate-fit", "exponential-fit"):
        row = of(found, definition).iloc[0]
        assert_allclose(row["q10"], 2.6, rtol=1e-7)
        assert row["n"] == 3
        assert np.isnan(row["lower"]), "jars that agree entirely tell no error"
    assert of(found, "arrhenius")["paired"].all()
    assert of(found, "equal-carbon")["flag"].str.contains("warmed in steps").all()


def test_jars_warmed_from_frozen_to_thawed_are_not_compared_across():
    found = q10(*steps(np.array([-6.0, -3.0, 4.0, 12.0]), {"a": 1.0, "b": 5.0}))
    defined = found[found["q10"].notna()]
    assert ((defined["t_low"] < 0) == (defined["t_high"] < 0)).all()
    assert found["flag"].str.contains("across 0 degC").sum() == 1


def test_the_two_weightings_differ_where_the_response_is_no_exponential():
    """The warmest rate lies far below the line of the others: it decides the one and is one of five in the other."""
    rates = 2.0 ** (HELD / 10)
    rates[-1] *= 0.5
    found = q10(*at_one_time(HELD, rates))
    assert of(found, "exponential-fit")["q10"].item() < of(found, "rate-fit")["q10"].item() - 0.05


def test_sets_of_one_study_share_the_residuals_of_every_line():
    rng = np.random.default_rng(2)
    both = [at_one_time(HELD, RATES * np.exp(0.1 * rng.standard_normal(5)), soil=name) for name in "abc"]
    found = q10(pd.concat([r for r, _ in both]), pd.concat([j for _, j in both]))
    for definition in ("rate-fit", "exponential-fit", "arrhenius"):
        rows = of(found, definition)
        assert (rows["interval_from"] == "residuals of the study").all()
        assert_allclose(rows["sd_ln_q10"], rows["sd_ln_q10"].iloc[0], rtol=0.3)


def test_readings_without_a_common_time_say_so():
    one = {(5, 0): (np.array([1.0]), np.array([1.0])), (15, 0): (np.array([9.0]), np.array([2.0])),
           (25, 0): (np.array([20.0]), np.array([4.0]))}  # fmt: skip
    found = q10(*tables(one))
    for definition in ("exponential-fit", "arrhenius"):
        assert of(found, definition)["flag"].tolist() == ["no common time"]
