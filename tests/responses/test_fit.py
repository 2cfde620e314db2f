"""Fits of responses: the truth comes back, intervals cover it, forms are told apart, and what cannot be is said."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik.errors import ResponseError
from talik.responses import (
    RESPONSES,
    compare_responses,
    equivalent,
    fit_response,
    local_q10,
    q10_between,
    with_frozen_q10,
    with_liquid_water,
)

AT = np.array([0.0, 4, 10, 15, 20, 25, 30])
FITTED = [name for name in RESPONSES if name not in ("daycent", "daycent-exponential", "rothc")]


def rates(name, values, noise=0.0, seed=0):
    exact = 3.0 * RESPONSES[name].relative_rate(AT, *values, reference=10.0)
    return exact * np.exp(noise * np.random.default_rng(seed).standard_normal(AT.size))


@pytest.mark.parametrize("name", [n for n in FITTED if n not in ("ratkowsky", "ctsm", "elm", "orchidee")])
def test_exact_rates_give_back_their_curve(name):
    response = RESPONSES[name]
    values = [v + 0.07 * (p.high - v) for v, p in zip(response.usual, response.parameters, strict=True)]
    fit = fit_response(AT, rates(name, values), form=name)
    assert_allclose(fit.predict(AT), rates(name, values), rtol=1e-5)


def test_van_t_hoff_is_the_straight_line_of_the_logarithms():
    measured = rates("van-t-hoff", [2.4], noise=0.1)
    slope = np.polyfit(AT, np.log(measured), 1)[0]
    assert_allclose(np.log(fit_response(AT, measured).parameters[0]), 10 * slope, rtol=1e-8)


@pytest.mark.parametrize("name", ["van-t-hoff", "arrhenius", "ratkowsky"])
def test_intervals_hold_the_truth_as_often_as_they_say(name):
    values = RESPONSES[name].usual
    at = AT[AT <= 25]
    covered = 0
    for seed in range(200):
        exact = RESPONSES[name].relative_rate(at, *values, reference=10.0)
        noisy = exact * np.exp(0.08 * np.random.default_rng(seed).standard_normal(at.size))
        fit = fit_response(at, noisy, form=name)
        covered += fit.lower[0] <= values[0] <= fit.upper[0]
    # 190 of 200 are expected; 180 and 198 lie beyond the 99.8 % range of the binomial.
    assert 180 < covered < 199


def test_the_form_that_made_the_rates_is_told_from_the_others():
    best = compare_responses(AT, rates("mmrt", [60.0, -4.0], noise=0.02), forms=["van-t-hoff", "arrhenius", "mmrt"])
    assert best["form"].iloc[0] == "mmrt"
    assert best["weight"].sum() == pytest.approx(1)
    assert best.set_index("form").loc["mmrt", "left_out"] < best.set_index("form").loc["van-t-hoff", "left_out"]


@pytest.mark.parametrize("name", [n for n in FITTED if RESPONSES[n].steepness and n not in ("century", "kirschbaum")])
def test_a_conversion_is_as_steep_where_it_was_asked(name):
    to = RESPONSES[name]
    values = equivalent(RESPONSES["van-t-hoff"], to, 10.0, [2.2])
    assert_allclose(local_q10(to, 10.0, values), 2.2, rtol=1e-7)


def test_a_conversion_there_and_back_is_the_same():
    energy = equivalent(RESPONSES["van-t-hoff"], RESPONSES["arrhenius"], 7.5, [2.7])
    assert_allclose(equivalent(RESPONSES["arrhenius"], RESPONSES["van-t-hoff"], 7.5, energy), [2.7], rtol=1e-8)


@pytest.mark.parametrize(
    ("at", "measured", "form", "words"),
    [
        ([5, 15], [1.0, 0.0], "van-t-hoff", "1 of 2 rates cannot be fitted (rate 2: 0 at 15 °C)"),
        ([5, 5], [1.0, 1.1], "van-t-hoff", "at least; given are rates at 5 °C. Measure at another"),
        (
            [5, 15],
            [1.0, 2.0],
            "mmrt",
            "needs rates at 3 temperatures at least; given are rates at 5, 15 °C. Take a form",
        ),
        ([-5, 15], [1.0, 2.0], "van-t-hoff", "describes soil from 0 to 35 °C, and -5 °C is asked for"),
        ([5, 15], [1.0, 2.0], "vant-hoff", "there is no form 'vant-hoff'"),
        ([5, 15], [1.0, 2.0], None, "there is no form None"),
        ([], [], "van-t-hoff", "there are no rates to fit"),
        ([5, 15], [1.0, 2.0, 3.0], "van-t-hoff", "there are 2 temperatures and 3 rates"),
        ([5, 15], [1.0, "n.d."], "van-t-hoff", "rates: numbers are needed; found 'n.d.' at place 2"),
    ],
)
def test_what_cannot_be_fitted_is_said(at, measured, form, words):
    with pytest.raises(ResponseError) as raised:
        fit_response(at, measured, form=form)
    assert words in str(raised.value)


@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_a_parameter_that_no_rate_hangs_on_is_not_counted_and_left_open(noise):
    """Above 0 °C the response of CTSM is van 't Hoff's, whatever its Q10 of frozen soil."""
    measured = rates("van-t-hoff", [2.4], noise=noise)
    ctsm, plain = fit_response(AT, measured, form="ctsm"), fit_response(AT, measured)
    assert_allclose(ctsm.parameters[0], plain.parameters[0], rtol=1e-6)
    assert_allclose([ctsm.lower[0], ctsm.upper[0]], [plain.lower[0], plain.upper[0]], rtol=1e-4)
    assert_allclose([ctsm.aicc, ctsm.deviation], [plain.aicc, plain.deviation], rtol=1e-6)
    assert (ctsm.lower[1], ctsm.upper[1]) == (1.0, 1000.0)
    assert ctsm.closed == (True, False)
    assert ctsm.parameters[1] == RESPONSES["ctsm"].usual[1]
    compared = compare_responses(AT, measured, forms=["ctsm", "van-t-hoff"]).set_index("form")
    assert (compared["parameters"] == 1).all()
    assert_allclose(compared.loc["ctsm", ["aicc", "left_out"]], compared.loc["van-t-hoff", ["aicc", "left_out"]])
    frozen = fit_response([-9, -2, 5, 15], [0.1, 0.5, 1.0, 2.1], form="ctsm")
    assert frozen.closed == (True, True)


def test_rates_of_one_temperature_ask_for_another():
    with pytest.raises(ResponseError, match="ctsm needs rates at 2 temperatures at least; given are rates at 5 °C"):
        fit_response([5, 5], [1.0, 1.1], form="ctsm")


def test_as_many_temperatures_as_parameters_give_a_curve_and_open_intervals():
    fit = fit_response([5, 15], [1.0, 2.5])
    assert fit.parameters[0] == pytest.approx(2.5, rel=1e-6)
    assert fit.closed == (False,)
    assert np.isnan(fit.aicc)


def test_a_form_that_cannot_be_as_steep_says_so():
    with pytest.raises(ResponseError, match="nowhere as steep"):
        equivalent(RESPONSES["van-t-hoff"], RESPONSES["ratkowsky"], 20.0, [15.0])
    with pytest.raises(ResponseError, match="no parameter that could be set"):
        equivalent(RESPONSES["van-t-hoff"], RESPONSES["rothc"], 20.0)


def test_left_out_is_the_error_at_temperatures_that_the_fit_has_not_seen():
    # Van 't Hoff is a straight line of the logarithms, so what a fit to the others foretells is a straight line too.
    at = np.array([0.0, 0.0, 8.0, 15.0, 24.0])
    measured = np.array([1.0, 1.2, 2.1, 5.0, 8.0])
    errors = []
    for left in np.unique(at):
        kept = at != left
        line = np.polyfit(at[kept], np.log(measured[kept]), 1)
        errors += list(np.log(measured[~kept]) - np.polyval(line, at[~kept]))
    table = compare_responses(at, measured, forms=["van-t-hoff"])
    assert table["left_out"].iloc[0] == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=1e-6)


@pytest.mark.parametrize("fitted", [fit_response, compare_responses])
def test_rates_and_temperatures_that_are_missing_or_infinite_are_named_by_their_place(fitted):
    with pytest.raises(ResponseError, match="4 of 6 rates cannot be fitted") as raised:
        fitted([5, 10, 12, np.nan, 20, 25], [1.0, np.nan, np.inf, 2.0, 3.0, -1.0])
    assert raised.value.offenders == (
        "rate 2: nan at 10 °C", "rate 3: inf at 12 °C", "rate 4: 2 at nan °C", "rate 6: -1 at 25 °C",
    )  # fmt: skip


def test_exact_rates_weigh_forms_by_their_parameters_alone():
    """Rates of 1 everywhere: Q10 = 1, activation energy 0, no slope and no bend fit alike."""
    table = compare_responses([0, 4, 10, 15, 20, 25], [1] * 6, forms=["quadratic", "van-t-hoff", "arrhenius"])
    assert table["form"].tolist() == ["van-t-hoff", "arrhenius", "quadratic"]
    assert table["aicc"].iloc[0] == table["aicc"].iloc[1]
    # AICc with k = 3 and 4 of 6 rates: 2 k + 2 k (k + 1) / (6 - k - 1) is 18 and 48.
    assert table["aicc"].diff().iloc[2] == pytest.approx(30.0)
    assert (table["left_out"] <= 1e-7).all()
    assert (table["reason"] == "").all()


@pytest.mark.parametrize(
    ("name", "values"),
    [("van-t-hoff", (2.0,)), ("arrhenius", (60.0,)), ("ratkowsky", (-7.0,)), ("quadratic", (0.1, -0.001)),
     ("mmrt", (60.0, -1.5)), ("lloyd-taylor", (308.56, 227.13)), ("century", (45.0, 33.0))],
)  # fmt: skip
def test_exact_rates_have_closed_tight_intervals_that_hold_the_truth(name, values):
    at = AT[AT <= 25]
    fit = fit_response(at, RESPONSES[name].relative_rate(at, *values), form=name)
    assert all(fit.closed)
    for value, low, high in zip(values, fit.lower, fit.upper, strict=True):
        assert low <= value <= high
        assert high - low < 1e-5 * abs(value) + 1e-5


def test_three_exact_rates_have_a_closed_tight_interval():
    fit = fit_response([5, 15, 25], [1, 2, 4])
    assert fit.closed == (True,)
    assert 2 - 1e-6 < fit.lower[0] < 2 < fit.upper[0] < 2 + 1e-6


def test_a_scale_that_fits_hold_may_have_another_published_value():
    form = RESPONSES["kirschbaum"]
    assert_allclose(form.relative_rate([5, 15], -3.432, 0.168, 36.9), form.relative_rate([5, 15], -3.764, 0.168, 36.9))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ([60_000.0], "arrhenius: activation_energy is 60000, and -100 to 250 kJ mol-1 is needed"),
        ([np.nan], "activation_energy is nan"),
        (["sixty"], "activation_energy: numbers are needed; found 'sixty'"),
        ([60.0, 1.0], "number of parameters needed: 1 (activation_energy); found: 2"),
        ([], "number of parameters needed: 1 (activation_energy); found: 0"),
    ],
)
def test_parameters_that_a_form_cannot_have_are_refused(parameters, words):
    asked = [
        lambda: q10_between("arrhenius", 5, 15, parameters),
        lambda: local_q10("arrhenius", 5, parameters),
        lambda: equivalent("arrhenius", "van-t-hoff", 5, parameters),
    ]
    for ask in asked if not parameters else [*asked, lambda: RESPONSES["arrhenius"].relative_rate(5, *parameters)]:
        with pytest.raises(ResponseError) as raised:
            ask()
        assert words in str(raised.value)


def test_all_parameters_that_are_out_of_range_are_named():
    with pytest.raises(ResponseError) as raised:
        q10_between("mmrt", 5, 15, [60_000.0, -1500.0])
    assert [fault.split()[0] for fault in raised.value.offenders] == ["enthalpy", "heat_capacity"]


def test_the_edges_of_a_parameter_and_several_values_of_it_are_taken():
    assert_allclose(q10_between("van-t-hoff", 5, 15, [0.2]), 0.2)
    assert_allclose(q10_between("van-t-hoff", 5, 15, 20.0), 20.0)
    assert_allclose(q10_between("van-t-hoff", 5, 15, [np.array([2.0, 3.0])]), [2.0, 3.0])
    with pytest.raises(ResponseError, match="q10 is -3"):
        q10_between("van-t-hoff", 5, 15, [np.array([2.0, -3.0])])


@pytest.mark.parametrize(
    "ask",
    [
        lambda at: RESPONSES["arrhenius"].relative_rate(at),
        lambda at: local_q10("arrhenius", at),
        lambda at: q10_between("arrhenius", 1.0, at),
    ],
    ids=["relative_rate", "local_q10", "q10_between"],
)
def test_temperatures_that_are_missing_are_named_by_their_place(ask):
    with pytest.raises(ResponseError, match=r"missing \(NaN\): 2 of 4, 4 of 4"):
        ask([5.0, np.nan, 10.0, None])


def test_lower_and_upper_temperatures_that_make_no_pairs_are_refused():
    with pytest.raises(ResponseError, match="3 lower and 2 upper temperatures make no pairs"):
        q10_between("arrhenius", [1, 2, 3], [11, 12])


def test_names_are_taken_wherever_forms_are():
    form = RESPONSES["arrhenius"]
    assert q10_between("arrhenius", 5, 15) == q10_between(form, 5, 15)
    assert local_q10("arrhenius", 5) == local_q10(form, 5)
    assert equivalent("van-t-hoff", "arrhenius", 5) == equivalent(RESPONSES["van-t-hoff"], form, 5)
    for with_ice in (with_frozen_q10, with_liquid_water):
        assert with_ice("arrhenius").parameters == with_ice(form).parameters
    measured = rates("arrhenius", [60.0], noise=0.1)
    assert compare_responses(AT, measured, forms="arrhenius").equals(compare_responses(AT, measured, forms=[form]))


def test_every_name_that_is_no_form_is_told_and_so_is_none_at_all():
    measured = rates("arrhenius", [60.0], noise=0.1)
    with pytest.raises(ResponseError, match="there is no form 'arhenius', 'q10'; forms are van-t-hoff"):
        compare_responses(AT, measured, forms=["arhenius", "mmrt", "q10"])
    with pytest.raises(ResponseError, match="no form is named; forms are van-t-hoff"):
        compare_responses(AT, measured, forms=[])
    for ask in (local_q10, with_frozen_q10, with_liquid_water):
        with pytest.raises(ResponseError, match="there is no form 'arhenius'"):
            ask("arhenius", 5) if ask is local_q10 else ask("arhenius")


def test_a_conversion_is_asked_of_one_temperature_at_which_something_decays():
    with pytest.raises(ResponseError, match="for one temperature and one value a parameter; 2 are given"):
        equivalent("van-t-hoff", "arrhenius", [5, 10])
    with pytest.raises(ResponseError, match="orchidee-zero-at-1 gives no decay there"):
        equivalent("orchidee-zero-at-1", "jules", -5)


def test_a_comparison_takes_forms_with_ice_in_them_and_says_what_too_few_temperatures_cannot_tell():
    forms = [with_frozen_q10(RESPONSES["van-t-hoff"]), "van-t-hoff", "mmrt"]
    frozen = compare_responses([-8, -2, 5, 15, 25], [0.02, 0.3, 1.0, 2.4, 6.0], forms=forms).set_index("form")
    assert frozen.loc["van-t-hoff, frozen Q10", "left_out"] < 1.0
    assert "-8, -2 °C is asked for" in frozen.loc["mmrt", "reason"]
    few = compare_responses([5, 15, 25], [1.0, 2.0, 5.0], forms=forms[1:]).set_index("form")
    assert few.loc["van-t-hoff", "left_out"] > 0
    assert "leaving one temperature out needs 4 temperatures; there are 3" in few.loc["mmrt", "reason"]


def test_a_q10_between_a_temperature_and_itself_is_refused():
    with pytest.raises(ResponseError, match="take local_q10"):
        q10_between(RESPONSES["arrhenius"], [5, 10], [15, 10])
