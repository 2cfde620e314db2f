import numpy as np
import pytest

from talik.report.summary import q10_of_soils, summarised
from talik.report.tables import report_tables
from talik.temperature.q10 import pooled, widest


@pytest.fixture(scope="module")
def numbers(study):
    return summarised(report_tables(study), "equal-carbon")


def test_soils_and_those_with_q10_are_counted(numbers):
    assert (numbers.studies, numbers.soils, numbers.soils_with_q10, numbers.studies_with_q10) == (2, 7, 6, 1)


def test_layers_are_counted(numbers):
    assert (numbers.active.soils, numbers.active.with_q10) == (3, 3)
    assert (numbers.permafrost.soils, numbers.permafrost.with_q10) == (0, 0)


def test_median_is_that_of_the_table(study, numbers):
    q10 = pooled(widest(study.temperature["q10"], "equal-carbon"))["q10"]
    # each of these soils is one set
    assert numbers.median == pytest.approx(float(np.exp(np.median(np.log(q10)))), rel=1e-12)
    assert numbers.low < numbers.median < numbers.high


def test_sets_of_one_soil_count_once(study):
    estimates = pooled(widest(study.temperature["q10"], "equal-carbon")).assign(sample="one soil")
    soils = q10_of_soils(estimates)
    assert len(soils) == 1
    assert soils.iloc[0] == pytest.approx(np.exp(np.log(estimates["q10"]).mean()), rel=1e-12)


def test_nothing_has_no_median(nothing):
    empty = summarised(report_tables(nothing), "equal-carbon")
    assert np.isnan(empty.median)
    assert empty.soils == empty.soils_with_q10 == 0
