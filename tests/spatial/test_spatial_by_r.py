"""Against spdep, nlme and vegan, whose results are kept in tests/published/r."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from talik.spatial.eigenvectors import longest_link, spatial_patterns
from talik.spatial.model import fit_spatial
from talik.spatial.moran import distance_band, inverse_distance, morans_i, morans_i_of_residuals, nearest

KEPT = Path(__file__).parent.parent / "published" / "r"
WEIGHTS = {
    "inverse distance": inverse_distance,
    "nearest 4": nearest,
    "band 120": lambda distance: distance_band(distance, 120),
}


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(KEPT / "transect.csv")


@pytest.fixture(scope="module")
def distance(table):
    places = table[["x", "y"]].to_numpy()
    return np.hypot(*np.moveaxis(places[:, None] - places, 2, 0))


@pytest.fixture(scope="module")
def by_r():
    kept = pd.read_csv(KEPT / "spatial.csv")
    return {method: dict(zip(rows["name"], rows["value"], strict=True)) for method, rows in kept.groupby("method")}


def design(table, *names):
    return np.column_stack([np.ones(len(table)), table[list(names)]])


@pytest.mark.parametrize("method", ["ML", "REML"])
@pytest.mark.parametrize("nugget", ["estimated", "none"])
def test_exponential_least_squares_is_that_of_nlme(table, distance, by_r, method, nugget):
    names = ["mineral", "abundance", "environment"]
    found = fit_spatial(table["logq10"], design(table, *names), distance, nugget=nugget, method=method)
    kept = by_r[f"gls {method}" + (" nugget" if nugget == "estimated" else "")]
    total = sum(found.variances.values())
    # nlme gives the errors of ML with n - p in the variance.
    scale = (24 / 20) ** 0.5 if method == "ML" else 1.0
    errors = np.sqrt(np.diag(found.covariance)) * scale
    for i, name in enumerate(["(Intercept)", *names]):
        assert_allclose(found.estimates[i], kept[f"estimate {name}"], rtol=2e-6)
        assert_allclose(errors[i], kept[f"error {name}"], rtol=2e-6)
    assert_allclose(found.reach, kept["range"], rtol=1e-5)
    assert_allclose(found.variances.get("nugget", 0.0) / total, kept.get("nugget", 0.0), rtol=1e-4, atol=1e-12)
    assert_allclose(total**0.5, kept["sigma"], rtol=1e-5)
    assert_allclose(found.log_likelihood, kept["log-likelihood"], rtol=1e-9)


@pytest.mark.parametrize("words", WEIGHTS)
def test_morans_i_and_its_exact_moments_are_those_of_spdep(table, distance, by_r, words):
    weights = WEIGHTS[words](distance)
    of_values = morans_i(table["logq10"], weights)
    of_residuals = morans_i_of_residuals(table["logq10"], design(table, "mineral", "abundance"), weights)
    for found, kept in ((of_values, by_r[f"moran {words}"]), (of_residuals, by_r[f"moran of residuals {words}"])):
        assert_allclose(
            [found.value, found.expected, found.variance, found.p],
            [kept["estimate"], kept["expected"], kept["variance"], kept["p"]], rtol=1e-9,
        )  # fmt: skip


def test_the_two_p_of_morans_i_agree(table, distance):
    found = morans_i(table["logq10"], inverse_distance(distance), permutations=4999)
    assert_allclose(found.p_permutation, found.p, atol=0.04)


def test_patterns_are_those_of_vegan(distance, by_r):
    kept = by_r["pcnm"]
    found = spatial_patterns(distance)
    assert_allclose(longest_link(distance), kept["threshold"], rtol=1e-12)
    # Both centre the same matrix but for its diagonal: a shift of all eigenvalues by one.
    values = np.array([kept[f"value {i + 1}"] for i in range(found.values.size)])
    assert_allclose(found.values, values / (8 * found.threshold**2) - 1, rtol=1e-9)
    after = kept.get(f"value {found.values.size + 1}", 0.0)
    assert after / (8 * found.threshold**2) - 1 <= 1e-9
    for k in range(4):
        vector = np.array([kept[f"vector {k + 1} {j + 1}"] for j in range(24)])
        assert_allclose(abs(vector @ found.vectors[:, k]) / np.linalg.norm(vector), 1.0, rtol=1e-9)
