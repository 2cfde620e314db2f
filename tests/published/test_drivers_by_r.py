"""Drivers against vegan, lme4, lmerTest and metafor on one synthetic table (``r/``: scripts and what they gave)."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from talik.drivers import DriverTable, driver_table
from talik.drivers.before import collinearity, smallest_correlation
from talik.drivers.correlation import driver_correlations, driver_partial_correlations, false_discovery
from talik.drivers.diversity import diversity
from talik.drivers.permutation import unique_test
from talik.drivers.selection import forward_selection
from talik.drivers.variation import variation_partitioning
from talik.inference.mixed import MixedFit, fit_mixed

R = Path(__file__).parent / "r"
GROUPS = {
    "mineral": ["clay", "feox"],
    "microbial": ["mbc", "plfa", "glucosidase", "shannon"],
    "substrate": ["cn", "suva"],
    "environment": ["ph", "mat"],
}
FOUR_SETS = {
    "e": "ab", "f": "bc", "g": "ac", "h": "ad", "i": "bd", "j": "cd",
    "k": "bda", "l": "abc", "m": "bcd", "n": "acd", "o": "abcd",
}  # fmt: skip
"""Which groups share vegan's fractions of four groups, as its varpart4 sums them (a, b, c, d: alone)."""


@cache
def read(name: str) -> pd.DataFrame:
    return pd.read_csv(R / f"{name}.csv", comment="#")


@cache
def table(random: str = "") -> DriverTable:
    return driver_table(read("soils"), response="ln_q10", groups=GROUPS, random=random)


def fitted(model: str, method: str) -> MixedFit:
    whole = table()
    design = np.column_stack([np.ones(whole.n), whole.predictors])
    groups = [read("soils")[name] for name in {"site": ["site"], "nested": ["site", "core"]}[model]]
    return fit_mixed(whole.response, design, groups, method=method)


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_fractions_are_those_of_vegan(groups):
    names = list(GROUPS)[:groups]
    found = variation_partitioning(table(), names, permutations=9, resamples=9).set_index("fraction")["estimate"]
    wanted = read("varpart").query(f"groups == {groups} and table == 'indfract'")
    letters = wanted["fraction"].str[0].to_list()
    adjusted = dict(zip(letters, wanted["adjusted"], strict=True))
    sets = {
        2: {"a": "a", "b": "b", "ab": "c"},
        3: {"a": "a", "b": "b", "c": "c", "ab": "d", "bc": "e", "ac": "f", "abc": "g"},
        4: dict(zip("abcd", "abcd", strict=True)) | {v: k for k, v in FOUR_SETS.items()},
    }[groups]
    for members, letter in sets.items():
        shared = [names["abcd".index(m)] for m in sorted(members)]
        name = shared[0] if len(shared) == 1 else f"{', '.join(shared[:-1])} and {shared[-1]}"
        assert_allclose(found[name], adjusted[letter], atol=1e-9, err_msg=f"{name} [{letter}]")
    assert_allclose(found["unexplained"], adjusted[letters[-1]], atol=1e-9)


def test_a_unique_fraction_is_tested_as_vegan_tests_it():
    whole, wanted = table(), read("unique_test").iloc[0]
    others = [c for name in GROUPS if name != "mineral" for c in GROUPS[name]]
    f, p = unique_test(
        whole.response, whole.matrix(GROUPS["mineral"]), whole.matrix(others), np.arange(whole.n),
        permutations=999, seed=1,
    )  # fmt: skip
    assert_allclose(f, wanted["f"], rtol=1e-9)
    assert p == 0.001


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("model", ["site", "nested"])
def test_mixed_models_are_those_of_lme4(model, method):
    fit = fitted(model, method)
    effects = read("lmer_effects").query(f"model == '{model}' and method == '{method}'")
    assert_allclose(fit.coefficients, effects["estimate"], rtol=1e-5, atol=1e-7)
    assert_allclose(fit.standard_errors, effects["error"], rtol=1e-5)
    other = read("lmer_other").query(f"model == '{model}' and method == '{method}'").set_index("what")["value"]
    names = ["Residual", "site", "core"][: fit.variances.size]
    assert_allclose(fit.variances, other[names], rtol=1e-4)
    # Found within 1e-7, and never worse than the other optimum.
    assert_allclose(fit.log_likelihood, other["logLik"], atol=1e-6)
    assert fit.log_likelihood > other["logLik"] - 1e-9


@pytest.mark.parametrize("model", ["site", "nested"])
def test_degrees_of_freedom_are_those_of_lmertest(model):
    fit = fitted(model, "REML")
    effects = read("lmer_effects").query(f"model == '{model}' and method == 'REML'")
    # lmerTest differentiates numerically.
    assert_allclose(fit.degrees_of_freedom, effects["freedom"], rtol=1e-3)
    assert_allclose(fit.p_values, effects["p"], rtol=1e-3)


def test_a_factor_is_tested_as_lmertest_tests_it():
    raw = read("soils")
    design = np.column_stack(
        [np.ones(len(raw)), raw["cover"] == "meadow", raw["cover"] == "steppe", raw["feox"]]
    ).astype(float)
    fit = fit_mixed(raw["ln_q10"], design, [raw["site"]])
    f, below, p = fit.joint_test(np.eye(4)[1:3])
    wanted = read("lmer_other").query("model == 'cover'").set_index("what")["value"]
    assert_allclose(f, wanted["F cover"], rtol=1e-5)
    assert_allclose([below, p], [wanted["DenDF cover"], wanted["p cover"]], rtol=1e-3)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("model", ["errors", "errors and site"])
def test_known_errors_weigh_as_in_metafor(model, method):
    whole, raw = table(), read("soils")
    design = np.column_stack([np.ones(whole.n), whole.matrix(["feox", "mbc", "shannon", "cn"])])
    groups = [raw["site"]] if "site" in model else []
    fit = fit_mixed(whole.response, design, groups, known_errors=raw["sd_ln_q10"], method=method)
    wanted = read("metafor").query(f"model == '{model}' and method == '{method}'").set_index("what")["value"]
    assert_allclose(fit.coefficients, [wanted[f"b {i}"] for i in range(5)], rtol=1e-5)
    assert_allclose(fit.standard_errors, [wanted[f"se {i}"] for i in range(5)], rtol=1e-5)
    assert_allclose(fit.variances, [wanted[f"variance {i}"] for i in range(fit.variances.size)], rtol=1e-4)
    # metafor's restricted likelihood has the design's determinant in it.
    constant = 0.5 * np.linalg.slogdet(design.T @ design)[1] if method == "REML" else 0.0
    assert_allclose(fit.log_likelihood + constant, wanted["logLik"], atol=1e-6)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_correlations_are_those_of_residuals_in_r(method):
    wanted = read("correlation").fillna({"controlled": ""}).query(f"method == '{method}'")
    zero = driver_correlations(table(), method)
    first = wanted[wanted["controlled"] == ""]
    assert_allclose(zero["estimate"], first["r"], atol=1e-12)
    assert_allclose(zero["p"], first["p"], rtol=1e-9)
    assert_allclose(zero["p_adjusted"], first["bh"], rtol=1e-9)
    partial = driver_partial_correlations(table(), method)
    both = partial.merge(wanted, on=["predictor", "controlled"])
    assert len(both) == len(wanted) - len(first) == 40
    assert_allclose(both["estimate"], both["r"], atol=1e-12)
    assert_allclose(both["p_x"], both["p_y"], rtol=1e-9)


def test_intervals_of_independent_samples_are_those_of_r():
    found, wanted = driver_correlations(table()), read("intervals")
    assert_allclose(found[["lower", "upper"]], wanted[["lower", "upper"]], rtol=1e-9)


def test_p_are_adjusted_as_in_r():
    wanted = read("correlation").query("method == 'pearson' and controlled.notna()")
    assert_allclose(false_discovery(wanted["p"]), wanted["bh"], rtol=1e-12)


def test_variance_inflation_is_that_of_regressions_in_r():
    found, wanted = collinearity(table()), read("vif")
    assert_allclose(found.variance_inflation, wanted["vif"], rtol=1e-9)
    assert_allclose(found.condition_number, wanted["kappa"].iloc[0], rtol=1e-9)


def test_diversity_is_that_of_vegan():
    wanted = read("diversity").set_index("sample")
    counts = read("counts").set_index("sample")
    assert_allclose(diversity(counts), wanted[["richness", "shannon", "simpson"]], rtol=1e-12)
    found = diversity(counts, depth=80)
    assert_allclose(found["richness"], wanted["richness80"], rtol=1e-10)
    # Means of 4000 random tables, whose errors are about 0.001.
    assert_allclose(found[["shannon", "simpson"]], wanted[["shannon80", "simpson80"]], atol=0.005)


def test_forward_selection_goes_the_way_of_vegan():
    found, wanted = forward_selection(table(), permutations=9999), read("selection")
    assert list(found.chosen) == wanted["step"].to_list()[:-1]
    assert_allclose(found.steps["adjusted"][: len(found.chosen)], wanted["adjusted"][:-1], atol=1e-9)
    assert_allclose(found.adjusted_of_all, wanted["adjusted"].iloc[-1], atol=1e-9)


def test_the_smallest_correlation_is_near_that_of_pwr():
    wanted = read("power").set_index("n")["smallest"]
    # pwr takes Fisher's z for normal, which ten samples do not bear out.
    for n, far in ((10, 0.01), (24, 0.0025), (60, 0.0005), (200, 0.0001)):
        assert_allclose(smallest_correlation(n), wanted[n], atol=far)
