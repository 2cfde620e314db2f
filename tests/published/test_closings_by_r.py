"""Thirty closings fitted by R: ``lm``, ``MASS::rlm`` and ``nls(algorithm = "plinear")``.

closings/make_series.py makes the series, closings/closings.R fits them; both files they write stand beside them.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from talik.flux.closings import fit_closing

FOLDER = Path(__file__).parent / "closings"
SERIES = dict(list(pd.read_csv(FOLDER / "series.csv").groupby("series")))
WANTED = pd.read_csv(FOLDER / "closings.csv").set_index("series")
SIX_DIGITS = 5e-7


def fit(number, model):
    series = SERIES[number]
    return fit_closing(series["time"], series["carbon"], model=model, window="whole", curvature_limit=50.0)


@pytest.mark.parametrize("number", WANTED.index)
def test_a_straight_line_is_that_of_lm(number):
    found, wanted = fit(number, "linear"), WANTED.loc[number]
    assert_allclose([found.rate, found.sd], wanted[["linear_rate", "linear_sd"]], rtol=SIX_DIGITS)


@pytest.mark.parametrize("number", WANTED.index)
def test_a_robust_line_is_that_of_rlm(number):
    found, wanted = fit(number, "robust"), WANTED.loc[number]
    assert_allclose(
        [found.rate, found.sd, found.at_closing], wanted[["robust_rate", "robust_sd", "robust_start"]], rtol=SIX_DIGITS
    )


@pytest.mark.parametrize("number", WANTED.index)
def test_hmr_is_that_of_nls(number):
    found, wanted = fit(number, "hmr"), WANTED.loc[number]
    assert_allclose(
        [found.rate, found.curvature, found.at_closing],
        wanted[["hmr_rate", "hmr_curvature", "hmr_start"]],
        rtol=SIX_DIGITS,
    )
    series = SERIES[number]
    left = series["carbon"] - found.predict(series["time"])
    assert_allclose(left @ left, wanted["hmr_rss"], rtol=SIX_DIGITS)


@pytest.mark.parametrize("number", WANTED.index[WANTED["hmr_upper"].notna()])
def test_the_interval_of_hmr_is_the_profile_of_confint(number):
    """R follows the profile by splines, so that its ends are good to a hundredth of the interval."""
    found, wanted = fit(number, "hmr"), WANTED.loc[number]
    width = wanted["hmr_upper"] - wanted["hmr_lower"]
    assert_allclose([found.lower, found.upper], wanted[["hmr_lower", "hmr_upper"]], atol=0.01 * width, rtol=0)


def test_there_are_thirty_series_and_most_have_an_interval():
    assert len(WANTED) == len(SERIES) == 30
    assert np.isfinite(WANTED["hmr_upper"]).sum() >= 20
