"""Methods on a table of drivers: laws, small simulations with known truth, and what cannot be done."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from talik.drivers import DriverTable, driver_table
from talik.drivers.before import collinearity, power_of_correlation, samples_for_correlation, smallest_correlation
from talik.drivers.components import table_of_components
from talik.drivers.correlation import driver_correlations, driver_partial_correlations
from talik.drivers.diversity import diversity
from talik.drivers.importance import driver_importance
from talik.drivers.mixed import driver_effects, fit_drivers, layer_differences
from talik.drivers.selection import forward_selection
from talik.drivers.signs import group_signs
from talik.drivers.variation import NEGATIVE_SHARED, NEGATIVE_UNIQUE, commonality, variation_partitioning
from talik.errors import InputError, TableError

GROUPS = {
    "mineral": ["clay", "feox"],
    "microbial/abundance": ["mbc", "plfa"],
    "microbial/diversity": ["shannon"],
    "environment": ["ph"],
}
COLUMNS = [name for members in GROUPS.values() for name in members]
EFFECTS = pd.Series({"clay": 0.0, "feox": -0.5, "mbc": 0.5, "plfa": 0.0, "shannon": -0.5, "ph": 0.0})


def soils(seed: int = 1, sites: int = 24, each: int = 1, noise: float = 0.5) -> pd.DataFrame:
    """A synthetic table whose drivers are known."""
    random = np.random.default_rng(seed)
    site = np.repeat(np.arange(sites), each)
    n = site.size
    x = random.normal(size=(sites, 6))[site] + (0.7 * random.normal(size=(n, 6)) if each > 1 else 0.0)
    x[:, 1] += 0.5 * x[:, 0]
    x[:, 3] += 0.8 * x[:, 2]
    error = 0.7 * random.normal(size=sites)[site] + 0.7 * random.normal(size=n)
    response = x @ EFFECTS.to_numpy() + noise * error
    table = pd.DataFrame(x, columns=COLUMNS)
    return table.assign(ln_q10=response, site=[f"site {s}" for s in site], sample=[f"s{i}" for i in range(n)])


def made(frame: pd.DataFrame | None = None, **asked) -> DriverTable:
    asked = {"response": "ln_q10", "groups": GROUPS, "random": "site"} | asked
    return driver_table(soils() if frame is None else frame, **asked)


@settings(max_examples=4)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_method_knows_the_order_of_rows_or_the_units(seed):
    frame = soils(seed % 1000, sites=12, each=2)
    changed = frame.sample(frac=1, random_state=seed % 2**31)
    changed[COLUMNS] = changed[COLUMNS] * [3, 1, 0.01, 1, 100, 1] + 7
    for method in (
        lambda t: driver_correlations(t)[["estimate", "lower", "upper", "p"]],
        lambda t: driver_correlations(t, "spearman")[["estimate", "lower", "upper"]],
        lambda t: driver_partial_correlations(t)[["estimate", "lower", "p"]],
        lambda t: driver_importance(t)[["estimate", "lower", "upper"]],
        lambda t: commonality(t, resamples=9)[["estimate"]],
        lambda t: collinearity(t).variance_inflation.to_frame(),
    ):
        assert_allclose(method(made(changed)), method(made(frame)), atol=1e-7)


def test_one_seed_gives_one_answer():
    table = made()
    for method in (variation_partitioning, driver_importance, forward_selection):
        assert str(method(table, seed=3)) == str(method(table, seed=3))


def test_what_is_planted_is_found():
    table = made(soils(3, sites=60, noise=0.3))
    found = driver_correlations(table).set_index("predictor")
    assert (found.loc[["feox", "shannon"], "upper"] < 0).all()
    assert found.loc["mbc", "lower"] > 0
    signs = group_signs(driver_effects(table)).set_index("name")["sign"]
    assert signs["microbial"] == "both ways"
    assert signs["microbial/abundance"] == "raises"
    assert signs["microbial/diversity"] == "lowers"
    assert set(forward_selection(table).chosen) >= {"feox", "mbc", "shannon"}


def test_a_correlation_that_another_group_shares_drops_when_it_is_held():
    frame = soils(2, sites=60).assign(ph=lambda t: t["feox"] + 0.5 * t["ph"])
    found = driver_partial_correlations(made(frame)).set_index(["predictor", "controlled"])
    row = found.loc[("ph", "mineral")]
    assert row["zero_order"] < -0.4
    assert row["lower"] < 0 < row["upper"]


@pytest.mark.parametrize(("sites", "each"), [(24, 1), (12, 3)])
def test_correlations_of_nothing_are_found_as_often_as_chance_allows(sites, each):
    found = 0
    for seed in range(40):
        frame = soils(seed, sites, each).assign(ln_q10=soils(seed + 5000, sites, each)["ln_q10"])
        found += int((driver_correlations(made(frame))["p"] < 0.05).sum())
    # Six predictors, some of them correlated, of 40 tables.
    assert 0.01 < found / 240 < 0.10


def test_intervals_of_shares_and_fractions_hold_the_truth():
    truth_table = made(soils(7, sites=20_000))
    wanted = driver_importance(truth_table, "group")["estimate"].to_numpy()
    held, covered = 0, 0
    areas = variation_partitioning(truth_table, permutations=1, resamples=2)["estimate"].to_numpy()[:-1]
    for seed in range(40):
        table = made(soils(seed + 100))
        found = driver_importance(table, "group")
        held += int(((found["lower"] <= wanted) & (wanted <= found["upper"])).sum())
        parts = variation_partitioning(table, permutations=1, resamples=99).iloc[:-1]
        covered += int(((parts["lower"] <= areas) & (areas <= parts["upper"])).sum())
    assert 0.88 < held / (40 * 3) <= 1.0
    assert 0.90 < covered / (40 * 8) <= 1.0


def test_shares_of_variables_subgroups_and_groups_sum_to_one_r2():
    table = made()
    totals = [driver_importance(table, level)["estimate"].sum() for level in ("predictor", "subgroup", "group")]
    assert_allclose(totals, totals[0], rtol=1e-10)
    found = driver_importance(table)
    assert_allclose(found["share"].sum(), 1)
    assert ((found["share_lower"] <= found["share"]) & (found["share"] <= found["share_upper"])).all()
    areas = commonality(table, resamples=9)
    assert_allclose(areas.loc[areas["fraction"] == "all", "estimate"], totals[0])
    split = sum(row.estimate / (row.fraction.count(",") + row.fraction.count(" and ") + 1) for row in areas.itertuples()
                if row.kind in ("unique", "shared") and "mineral" in row.fraction)  # fmt: skip
    shares = driver_importance(table, "group").set_index("group")["estimate"]
    assert_allclose(split, shares["mineral"])


def test_hierarchical_shares_sum_to_the_adjusted_r2_of_the_partitioning():
    table = made()
    shares = driver_importance(table, "group", "hierarchical", resamples=99)
    areas = variation_partitioning(table, permutations=9, resamples=9).set_index("fraction")["estimate"]
    assert_allclose(shares["estimate"].sum(), areas["all"])


def test_negative_fractions_are_kept_and_explained():
    random = np.random.default_rng(11)
    shared, own, nothing, noise = random.normal(size=(4, 30))
    others = np.column_stack([np.ones(30), shared, own, noise])
    nothing = nothing - others @ np.linalg.lstsq(others, nothing)[0]
    # The response is what sets two predictors apart that go together: each hides the other.
    frame = pd.DataFrame({"a": shared + own, "b": shared, "c": nothing, "ln_q10": own + 0.3 * noise})
    table = driver_table(frame, response="ln_q10", groups={"a": ["a"], "b": ["b"], "c": ["c"]})
    found = variation_partitioning(table, permutations=99, resamples=99).set_index("fraction")
    assert found.loc["a and b", "estimate"] < -0.2
    assert found.loc["a and b", "flag"] == NEGATIVE_SHARED
    assert found.loc["c", "estimate"] < 0
    assert found.loc["c", "flag"] == NEGATIVE_UNIQUE
    assert_allclose(found["estimate"].iloc[:7].sum(), found.loc["all", "estimate"])


def test_a_factor_is_one_predictor_whose_effects_do_not_vanish():
    frame = soils(5, sites=30).assign(cover=["meadow", "steppe", "desert"] * 10)
    frame["ln_q10"] += np.where(frame["cover"] == "desert", 1.0, 0.0)
    table = made(frame, groups=GROUPS | {"vegetation": ["cover"]})
    shares = driver_importance(table).set_index("predictor")["estimate"]
    assert "cover" in shares
    assert shares["cover"] > 0.05
    effects = driver_effects(table).set_index("term")
    assert effects["standardised"].loc[["cover: meadow", "cover: steppe"]].notna().all()
    assert effects.loc["cover, all levels", "p"] < 0.01
    back = effects.loc["cover: steppe", "estimate"] / table.scaling.loc["cover: steppe", "sd"]
    assert abs(back) < 3  # the difference from the reference, in ln Q10


def test_errors_of_the_response_weigh_the_samples():
    frame = soils(6, sites=40)
    frame["sd"] = np.where(np.arange(40) < 20, 0.05, 5.0)
    frame.loc[20:, "ln_q10"] += 5 * np.random.default_rng(1).normal(size=20)
    weighted = fit_drivers(made(frame, error="sd"))
    naive = fit_drivers(replace(made(frame, error="sd"), error=None))
    assert (weighted.standard_errors < naive.standard_errors).all()
    found = driver_effects(made(frame, error="sd"))
    assert (found["method"] == "REML, errors known").all()


def test_shares_of_a_mixed_model_sum_to_its_r2_of_generalised_least_squares():
    table = made(soils(4, sites=12, each=3))
    fit = fit_drivers(table)
    found = driver_importance(table, fit=fit)
    y = table.response - table.response.mean()
    ones = np.ones((table.n, 1))
    mean = float((ones.T @ fit.solve(y)).item() / (ones.T @ fit.solve(ones)).item())
    whole = (y - mean) @ fit.solve(y - mean)
    assert_allclose(found["estimate"].sum(), 1 - fit.residuals @ fit.solve(fit.residuals) / whole, rtol=1e-8)
    assert (found["method"] == "lmg, weighted").all()


def test_a_driver_that_acts_in_one_layer_alone_is_told():
    frame = soils(8, sites=30, each=2).assign(layer=["active", "permafrost"] * 30)
    frame["ln_q10"] += np.where(frame["layer"] == "permafrost", frame["ph"], 0.0)
    found = layer_differences(made(frame)).set_index("term")
    assert found.loc["ph", "lower"] > 0.5
    assert (found["model"] == "permafrost against active").all()
    others = found.drop(index=["ph", "all predictors"])
    assert found.loc["all predictors", "p"] < 0.01
    assert ((others["lower"] < 0) & (others["upper"] > 0)).sum() >= 4


def test_components_stand_for_their_subgroups():
    table = table_of_components(made())
    assert list(table.predictors) == list(GROUPS)
    assert table.groups["microbial"] == ("microbial/abundance", "microbial/diversity")
    assert_allclose(table.predictors["environment"], made().predictors["ph"], atol=1e-12)


def test_alike_and_dependent_predictors_are_named():
    frame = soils(9, sites=30).assign(plfa=lambda t: t["mbc"] + 0.1 * t["ph"], silt=lambda t: 3 - t["clay"] - t["ph"])
    found = collinearity(made(frame, groups=GROUPS | {"texture": ["silt"]}))
    assert found.alike == (("mbc", "plfa"),) or ("mbc", "plfa") in found.alike
    assert set(found.dependent) == {"clay", "silt", "ph", "mbc", "plfa"}
    assert np.isinf(found.variance_inflation["silt"])
    assert np.isfinite(found.variance_inflation["shannon"])
    assert "30 samples find a correlation of 0.49" in found.sentences()[0]


def test_power_is_what_simulated_correlations_have():
    random = np.random.default_rng(1)
    a = random.normal(size=(20_000, 12))
    b = 0.6 * a + 0.8 * random.normal(size=a.shape)
    r = np.array([np.corrcoef(x, y)[0, 1] for x, y in zip(a[:4000], b[:4000], strict=True)])
    p = 2 * stats.t.sf(np.abs(r * np.sqrt(10 / (1 - r**2))), 10)
    assert_allclose(power_of_correlation(0.6, 12), (p < 0.05).mean(), atol=0.025)
    assert_allclose(power_of_correlation(0.0, 12), 0.05, atol=1e-9)


def test_samples_that_a_correlation_needs_are_those_of_the_exact_distribution():
    # G*Power 3.1, "correlation: bivariate normal model", two-sided: 782, 84 and 29.
    assert [samples_for_correlation(r) for r in (0.1, 0.3, -0.5)] == [782, 84, 29]
    n = samples_for_correlation(0.4, controls=3)
    assert smallest_correlation(n, controls=3) <= 0.4 < smallest_correlation(n - 1, controls=3)


@settings(max_examples=15)
@given(counts=st.lists(st.integers(0, 30), min_size=2, max_size=8).filter(lambda c: sum(c) > 2))
def test_rarefying_to_all_counts_changes_nothing(counts):
    frame = pd.DataFrame([counts])
    assert_allclose(diversity(frame, depth=sum(counts)), diversity(frame), atol=1e-9)
    deeper, less = diversity(frame, depth=2), diversity(frame, depth=1)
    assert_allclose(less, [[1, 0, 0]], atol=1e-9)
    assert (deeper["richness"] <= diversity(frame)["richness"] + 1e-9).all()


@pytest.mark.parametrize(
    ("counts", "depth", "words"),
    [
        ({"a": [1, -2]}, None, "sample 1: a -2; counts are whole numbers from 0"),
        ({"a": [1, 0.5]}, None, "sample 1: a 0.5"),
        ({"a": [0, 1]}, None, "sample 0: has no counts"),
        ({"a": [9, 3]}, 5, "sample 1: has 3 counts, fewer than 5"),
        ({"a": [9, 3]}, 0, "depth: is 0; at least 1"),
    ],
)
def test_counts_that_are_none_are_told(counts, depth, words):
    with pytest.raises(TableError, match=words):
        diversity(pd.DataFrame(counts), depth=depth)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (lambda t: variation_partitioning(t, ["mineral"]), "1 group cannot be partitioned: between 2 and 4"),
        (lambda t: variation_partitioning(t, ["mineral", "moss"]), "no group is called moss; there are"),
        (lambda t: variation_partitioning(t, ["microbial", "microbial/diversity"]), "shannon: in two of"),
        (lambda t: layer_differences(t), "all samples are of one"),
    ],
)
def test_what_cannot_be_done_is_told(method, words):
    with pytest.raises(InputError, match=words):
        method(made())


@pytest.mark.parametrize(
    "method",
    [variation_partitioning, forward_selection, fit_drivers, lambda t: driver_importance(t, method="hierarchical")],
)
def test_more_predictors_than_samples_are_refused_with_what_to_do(method):
    with pytest.raises(InputError, match="component"):
        method(made(soils(1, sites=6)))


def test_correlations_need_no_more_samples_than_predictors():
    found = driver_partial_correlations(made(soils(1, sites=7)))
    assert driver_correlations(made(soils(1, sites=7)))["estimate"].notna().all()
    lacking = found[found["controlled"] == "all others"]
    assert lacking["estimate"].isna().all()
    assert lacking["flag"].str.contains("none: 7 samples of 7 sites are too few to hold 5 columns").all()
