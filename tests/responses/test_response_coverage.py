"""95 % intervals of responses hold the truth in 95 of 100 data sets: a small run of calibration/responses.py."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[2]))  # the folder calibration/ is no package of the tests
from calibration import response_choice, responses

from talik.responses import RESPONSES

DATA_SETS = 60
SURE = 0.9999
"""A right interval fails one of these tests in ten thousand runs; the seeds are fixed."""


def accepted(coverage: float, n: int) -> bool:
    """Whether so many of n intervals may hold the truth if 94 to 96 % of them do."""
    tail = (1 - SURE) / 2
    return stats.binom.ppf(tail, n, 0.94) <= round(coverage * n) <= stats.binom.ppf(1 - tail, n, 0.96)


OF = {truth.form: truth for truth in (*responses.MODEL_FORMS, *responses.SOIL_FORMS)}
SMALL = [
    (OF["van-t-hoff"], responses.FEW),
    (OF["ratkowsky"], responses.FEW),
    (OF["quadratic"], responses.FEW),
    (OF["mmrt"], responses.USUAL),
    (OF["lloyd-taylor"], responses.USUAL),
    (responses.MODEL_FORMS[1], responses.USUAL),
]


@pytest.mark.parametrize(("truth", "design"), SMALL, ids=lambda one: getattr(one, "form", "") or one.name)
def test_intervals_hold_the_truth_as_often_as_they_say(truth, design):
    for row in responses.judged(truth, design, DATA_SETS, seed=3):
        assert accepted(row["coverage"], DATA_SETS), f"{row['parameter']}: {row['coverage']:.3f}"


def test_readings_of_one_jar_taken_for_jars_make_intervals_too_narrow():
    """So the test of coverage can fail, and the page says what to do."""
    [row] = responses.judged(OF["van-t-hoff"], responses.READINGS, 200, seed=3)
    assert not accepted(row["coverage"], 200)
    assert row["coverage"] < 0.9


def test_every_form_with_free_parameters_is_judged_within_its_range_and_box():
    judged = {truth.form for truth, _ in responses.cases()}
    free = {name for name, form in RESPONSES.items() if any(p.high > p.low for p in form.parameters)}
    assert free - judged == {"elm", "orchidee-zero-at-1", "orchidee-zero-at-3", "orchidee-frozen-1000"}
    for truth, _ in responses.cases():
        form = RESPONSES[truth.form]
        form.refuse_outside(truth.low, truth.high)
        assert all(p.low <= value <= p.high for p, value in zip(form.parameters, truth.values, strict=True))


def test_activation_energies_and_rates_at_20_hold_the_truth():
    rows = list(responses.judged_energies(responses.INCUBATIONS[4], DATA_SETS, seed=3))
    assert {row["parameter"] for row in rows} == {"activation_energy", "rate_20"}
    for row in rows:
        assert row["open"] == 0
        assert accepted(row["coverage"], DATA_SETS), f"{row['design']} {row['parameter']}: {row['coverage']:.3f}"


def test_precise_rates_at_many_temperatures_tell_their_form():
    bent, precise = response_choice.TRUTHS[-2], response_choice.DESIGNS[-1]
    row = response_choice.chosen(bent, precise, 2, seed=1)
    assert bent.form == "quadratic"
    assert row["aicc_first"] == "quadratic"
    assert np.isclose(row["aicc"], row["aicc_first_share"])
