"""Comparisons of layers, trends and constants hold the truth as often as they say: a small run of calibration/contrasts.py."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from talik import compare_layers, q10_drift
from talik.flux import release
from talik.tables import empty, typed

sys.path.insert(0, str(Path(__file__).parents[2]))  # the folder calibration/ is no package of the tests
from calibration import contrast_drift, contrast_layers, contrast_sensitivity
from calibration.contrast_rows import released_by_jars
from calibration.q10 import Design, tables

SURE = 0.9999
"""A right interval fails one of these tests in ten thousand runs; the seeds are fixed."""


def accepted(held: float, n: int) -> bool:
    """Whether so many of n intervals may hold the truth if 94 to 96 % of them do."""
    tail = (1 - SURE) / 2
    return stats.binom.ppf(tail, n, 0.94) <= round(held) <= stats.binom.ppf(1 - tail, n, 0.96)


@pytest.mark.parametrize("number", [0, 3])
def test_ratios_of_layers_hold_the_truth_as_often_as_they_say(number):
    found = list(contrast_layers.judged(contrast_layers.CASES[number], (30, 3)[number > 0], (8, number)))
    assert len(found) in (6, 12)
    for row in found:
        assert accepted(row["coverage"] * row["with_interval"], row["with_interval"]), row


@pytest.mark.parametrize("name", list(contrast_drift.SOILS))
def test_trends_hold_the_truth_though_the_readings_of_a_jar_wander(name):
    """Residuals of the line, which know nothing of it, hold the trend by time in 68 of 100."""
    design = Design("wander", days=60.0, readings=12, wander=0.6)
    for row in contrast_drift.judged(design, name, 60, (8, 0)):
        assert row["with_interval"] == 60
        assert accepted(row["coverage"] * 60, 60), row


def test_the_ratio_with_a_constant_holds_the_truth():
    for row in contrast_sensitivity.judged(contrast_sensitivity.CASES[0], 25, (8, 0)):
        assert accepted(row["coverage"] * 25, 25), row


def test_release_made_in_bulk_is_that_of_talik():
    respiration, _ = tables(Design("", told="means"), 3, seed=2)
    respiration = respiration.assign(specific_respiration=respiration["respiration"] * 2.0)
    ours, theirs = (one.sort_values(["jar", "time"]) for one in (released_by_jars(respiration), release(respiration)))
    columns = ["time", "temperature", "release", "specific_release", "sd"]
    assert_allclose(ours[columns].astype(float), theirs[columns].astype(float), rtol=1e-12)


EXACT = replace(Design("exact", jars=1), readings=400, days=60.0, jar=0.0, fast=0.0, reading=0.0)


def test_the_truth_of_layers_is_what_talik_finds_on_readings_without_error():
    case = contrast_layers.Layers("exact", EXACT, 1)
    found = contrast_layers.compared(case, 1, 0, (3,))
    assert len(found) == 6
    assert_allclose(np.log(found["ratio"].astype(float)), found["truth"], atol=3e-3)  # rates are means of intervals


@pytest.mark.parametrize("name", list(contrast_drift.SOILS))
@pytest.mark.parametrize("temperatures", [2, 3])
def test_the_true_trend_is_what_talik_finds_on_readings_without_error(name, temperatures):
    design, soil = replace(EXACT, temperatures=temperatures), contrast_drift.SOILS[name]
    found = q10_drift(*tables(design, 1, 1, soil))
    found = found[found["temperatures"] == temperatures].set_index("definition")["slope"]
    assert_allclose(found["rate-fit" if temperatures > 2 else "rate-ratio"], contrast_drift.true_by_time(design, soil),
                    atol=3e-3)  # fmt: skip
    assert_allclose(found["equal-carbon"], contrast_drift.true_by_carbon(design, soil), atol=3e-3)


def test_without_jars_of_their_own_a_trend_says_what_its_interval_leaves_out():
    """Standard deviations tell the tilt of a trend at the same carbon, and nothing of that at the same time."""
    alone, means, jars = (
        q10_drift(*tables(Design("", told=told, jars=n), 1, 1)).set_index("definition")
        for told, n in (("jars", 1), ("means", 3), ("jars", 3))
    )
    assert alone["interval_from"].tolist() == ["residuals", "residuals"]
    assert means["interval_from"].to_dict() == {"rate-ratio": "residuals", "equal-carbon": "replicates"}
    assert jars["interval_from"].tolist() == ["replicates", "replicates"]
    told = pd.concat([alone, means, jars])
    assert (told["flag"].str.contains("how jars differ") == (told["interval_from"] == "residuals")).all()


def test_errors_of_readings_average_out_in_the_release_of_means():
    """The standard deviations of means add up in full only where nothing tells jars from readings."""
    case = contrast_layers.Layers("means", Design("", 2, 60.0, 12, 6, told="means", jar=0.02, fast=0.02), 20)
    soil = contrast_layers.soils_of(case, 20, np.random.default_rng(1))
    respiration, jars, samples = contrast_layers.measured(case, 20, (1,), soil)
    released, nothing = released_by_jars(respiration), empty("q10")
    in_full = compare_layers(nothing, samples, release=released, jars=jars)
    found = compare_layers(nothing, samples, release=released, jars=jars, respiration=respiration)
    assert_allclose(found["ratio"], in_full["ratio"])
    widths = [np.log(one["upper"] / one["lower"]).median() for one in (found, in_full)]
    assert widths[0] < 0.75 * widths[1]


def two_layers(source, freedom):
    """Two layers whose ln Q10 has an error of 0.1 with so many degrees of freedom."""
    half = stats.t.ppf(0.975, freedom) * 0.1
    estimates = {"study": "s", "set": ["a", "p"], "sample": ["a", "p"], "definition": "equal-time", "t_low": 5.0,
                 "t_high": 15.0, "temperatures": 2, "q10": [2.0, 3.0], "sd_ln_q10": 0.1, "interval_from": source,
                 "lower": np.array([2.0, 3.0]) * np.exp(-half), "upper": np.array([2.0, 3.0]) * np.exp(half)}  # fmt: skip
    samples = {"study": "s", "sample": ["a", "p"], "site": "here", "core": "c", "layer": ["active", "permafrost"]}
    return typed("q10", pd.DataFrame(estimates)), typed("samples", pd.DataFrame(samples))


@pytest.mark.parametrize(
    ("source", "freedom"), [("replicates", 8), ("residuals", 8), ("residuals of the study", 4), ("profile", None)]
)
def test_degrees_of_freedom_of_two_layers_add_up_unless_they_are_the_same(source, freedom):
    row = compare_layers(*two_layers(source, 4)).iloc[0]
    # Intervals of pools have no degrees of freedom; there the widths add up as squares.
    quantile = stats.t.ppf(0.975, 4 if freedom is None else freedom)
    assert_allclose(np.log(row["upper"] / 1.5), quantile * 0.1 * np.sqrt(2), rtol=1e-6)
    assert_allclose(np.log(row["lower"] / 1.5), -quantile * 0.1 * np.sqrt(2), rtol=1e-6)
