"""Calibration against worked examples, formulas of the standards, another implementation and simulation."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from talik import calibrate
from talik.errors import InputError

# EURACHEM/CITAC Guide CG 4 (2012), example A5, table A5.2: cadmium standards [mg/l] and absorbances.
CADMIUM = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 3)
ABSORBANCE = np.array(
    [0.028, 0.029, 0.029, 0.084, 0.083, 0.081, 0.135, 0.131, 0.133, 0.180, 0.181, 0.183, 0.215, 0.230, 0.216]
)
# JCGM 100:2008 (GUM), H.3: thermometer corrections against the temperature less 20 degC.
THERMOMETER = np.array([21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]) - 20
CORRECTION = np.array([-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160])


def test_the_cadmium_example_of_eurachem_is_reproduced():
    line = calibrate(CADMIUM, ABSORBANCE, degree=1, errors="constant")
    assert_allclose(line.coefficients, [0.0087, 0.2410], atol=5e-5)
    assert_allclose(np.sqrt(np.diag(line.covariance)), [0.0029, 0.0050], atol=5e-5)
    assert line.sd == pytest.approx(0.005486, abs=5e-7)
    _, sd, _ = line.mole_fraction(line.area(0.26), repeats=2)
    assert sd[0] == pytest.approx(0.018, abs=5e-4)


def test_the_thermometer_example_of_the_gum_is_reproduced_with_its_correlation():
    line = calibrate(THERMOMETER, CORRECTION, degree=1, errors="constant")
    (a, b), covariance = line.coefficients, line.covariance
    assert (round(a, 4), round(b, 5)) == (-0.1712, 0.00218)
    assert (round(covariance[0, 0] ** 0.5, 4), round(covariance[1, 1] ** 0.5, 5)) == (0.0029, 0.00067)
    assert covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]) == pytest.approx(-0.930, abs=5e-4)
    assert line.sd == pytest.approx(0.0035, abs=5e-5)
    at_30 = np.array([1.0, 10.0])
    assert line.area(10.0)[0] == pytest.approx(-0.1494, abs=5e-5)
    assert np.sqrt(at_30 @ covariance @ at_30) == pytest.approx(0.0041, abs=5e-5)


def test_the_error_of_a_line_is_that_of_the_textbook_formula():
    rng = np.random.default_rng(1)
    known = np.repeat([0.0, 400, 1000, 5000], 2)
    area = 3 + 0.7 * known + rng.normal(0, 20, known.size)
    line = calibrate(known, area, degree=1, errors="constant")
    _, sd, shared = line.mole_fraction([1500.0], repeats=3)
    b, spread = line.coefficients[1], ((known - known.mean()) ** 2).sum()
    far = (1500 - area.mean()) ** 2 / (b**2 * spread)
    assert_allclose(sd, line.sd / b * np.sqrt(1 / 3 + 1 / known.size + far))
    assert_allclose(shared, line.sd / b * np.sqrt(1 / known.size + far))


def test_coefficients_and_covariance_are_those_of_statsmodels():
    rng = np.random.default_rng(2)
    known = np.repeat([100.0, 400, 1000, 5000, 10000], 3)
    area = 5 + 0.7 * known - 1e-5 * known**2 + rng.normal(0, 0.01 * known)
    for degree, design in ((1, np.c_[np.ones(15), known]), (2, np.c_[np.ones(15), known, known**2])):
        ours = calibrate(known, area, degree=degree, errors="proportional")
        theirs = sm.WLS(area, design, weights=(known.mean() / known) ** 2).fit()
        assert_allclose(ours.coefficients, theirs.params, rtol=1e-6)
        assert_allclose(ours.covariance, theirs.cov_params(), rtol=1e-5)
        assert ours.sd == pytest.approx(theirs.scale**0.5)


def test_the_detection_limit_is_that_of_iso_11843_and_of_blanks_where_there_are_three():
    line = calibrate(CADMIUM, ABSORBANCE, degree=1, errors="constant")
    spread = ((CADMIUM - 0.5) ** 2).sum()
    iso = 2 * stats.t.ppf(0.95, 13) * line.sd / line.coefficients[1] * np.sqrt(1 + 1 / 15 + 0.25 / spread)
    assert line.detection_limit() == pytest.approx(iso)
    blanks = [0.010, 0.012, 0.008, 0.010]
    shared = line.mole_fraction(line.area(0.0))[2][0]
    by_blanks = 2 * stats.t.ppf(0.95, 3) * np.hypot(np.std(blanks, ddof=1) / line.coefficients[1], shared)
    assert line.detection_limit(blanks) == pytest.approx(by_blanks)
    assert line.detection_limit(blanks[:2]) == line.detection_limit()


@given(loss=st.floats(0.0, 0.4), when=st.floats(0, 1), x=st.floats(50, 9000))
def test_a_response_that_falls_steadily_between_brackets_is_undone(loss, when, x):
    known = np.tile([100.0, 1000, 10000], 2)
    time, bracket = np.repeat([0.0, 3600], 3), np.repeat([0, 1], 3)
    curve = calibrate(known, 7 + 2 * (1 - loss * time / 3600) * known, time=time, bracket=bracket, degree=1)
    found, _, _ = curve.mole_fraction(7 + 2 * (1 - loss * when) * x, when * 3600)
    assert_allclose(found, x, rtol=1e-6)


@given(factor=st.floats(1e-3, 1e6))
def test_the_unit_of_the_area_does_not_matter(factor):
    first = calibrate(CADMIUM, ABSORBANCE)
    second = calibrate(CADMIUM, ABSORBANCE * factor)
    assert (first.degree, first.errors) == (second.degree, second.errors)
    assert_allclose(first.mole_fraction(0.1), second.mole_fraction(0.1 * factor), rtol=1e-6)


def made_run(rng, curvature=0.0):
    """A run of three brackets of standards and ten samples between them, with a response that drifts."""
    known = np.tile([100.0, 500, 2000, 8000], 3)
    bracket, time = np.repeat([0, 1, 2], 4), np.repeat([0.0, 100, 200], 4)
    truth, when = rng.uniform(100, 8000, 10), rng.uniform(0, 200, 10)

    def area(x, t):
        response = np.interp(t, [0, 100, 200], [1.0, 0.95, 0.97])
        return 20 + response * x + curvature * x**2

    def scatter(x):
        return rng.normal(0, 0.01 * np.maximum(x, 100))

    curve = calibrate(known, area(known, time) + scatter(known), time=time, bracket=bracket, errors="proportional")
    return curve, truth, curve.mole_fraction(area(truth, when) + scatter(truth), when), when


def test_intervals_of_drifting_runs_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(20)
    held = total = 0
    for _ in range(300):
        curve, truth, (found, sd, _), _ = made_run(rng)
        # One sample a run, so that the trials are independent.
        held += abs(found[0] - truth[0]) <= stats.t.ppf(0.975, curve.dof) * sd[0]
        total += 1
    lower, upper = stats.binomtest(held, total).proportion_ci(0.99)
    assert lower <= 0.96
    assert upper >= 0.94


def test_the_shared_part_is_the_covariance_of_samples_of_one_run():
    rng = np.random.default_rng(4)
    known, truth = np.repeat([100.0, 1000, 5000], 2), np.array([400.0, 4000])
    errors, told = [], []
    for _ in range(1200):
        curve = calibrate(known, 10 + known + rng.normal(0, 30, 6), degree=1, errors="constant")
        found, _, _ = curve.mole_fraction(10 + truth + rng.normal(0, 30, 2))
        errors.append(found - truth)
        told.append(curve.shared_covariance(truth))
    assert_allclose(np.cov(np.transpose(errors))[0, 1], np.mean(told, axis=0)[0, 1], atol=50)


def test_the_parabola_is_taken_where_the_standards_ask_for_it():
    rng = np.random.default_rng(5)
    straight = sum(made_run(rng)[0].degree == 2 for _ in range(100))
    assert straight <= 5  # 1 % of 100, with the room of its 99.9 % binomial quantile
    bent, truth, (found, sd, _), _ = made_run(rng, curvature=-2e-5)
    assert bent.degree == 2
    assert_allclose(found, truth, atol=5 * sd.max())


def test_scatter_that_grows_with_the_mole_fraction_is_seen():
    rng = np.random.default_rng(6)
    known = np.repeat([10.0, 100, 1000, 10000], 4)
    assert calibrate(known, known * (1 + rng.normal(0, 0.02, 16))).errors == "proportional"
    assert calibrate(known, known + rng.normal(0, 20, 16)).errors == "constant"


@pytest.mark.parametrize(
    ("known", "area", "says"),
    [
        ([400, 400, 400], [1, 2, 3], "at least two levels"),
        ([0, 400], [1, 2], "at least two levels and 3 injections"),
        ([0, 400, 1000], [30, 20, 10], "does not rise"),
        ([0, 400, np.nan], [1, 2, 3], "lacks its mole fraction"),
    ],
)
def test_standards_that_carry_no_calibration_are_refused_in_words(known, area, says):
    with pytest.raises(InputError, match=says):
        calibrate(known, area)


def test_times_are_needed_where_the_response_drifts():
    curve, *_ = made_run(np.random.default_rng(7))
    with pytest.raises(InputError, match="times are needed"):
        curve.mole_fraction([100.0])
