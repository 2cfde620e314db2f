"""Methods told of the errors of the response: truth is recovered where the naive answer is attenuated."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from talik.drivers.attribution import Effort, attribute
from talik.drivers.correlation import driver_correlations, driver_partial_correlations
from talik.drivers.importance import driver_importance
from talik.drivers.naive import AT_ONE, UNRELIABLE, beside_naive, error_sentence
from talik.drivers.reliability import ranks_without_errors, reliability
from talik.drivers.selection import forward_selection
from talik.drivers.table import DriverTable, driver_table
from talik.drivers.variation import variation_partitioning
from talik.drivers.verdict import distances_of
from talik.errors import InputError
from talik.spatial.moran import inverse_distance, morans_i, morans_i_of_residuals, morans_i_without_errors

GROUPS = {"mineral": ["clay"], "microbial": ["mbc"], "environment": ["ph"]}
KEYS = ["method", "level", "predictor", "subgroup", "group", "what"]
QUICK = {"permutations": 99, "resamples": 2, "trees": 10}


def soils(seed: int, n: int = 40, error: float = 0.12, spread: float = 0.5) -> tuple[DriverTable, DriverTable]:
    """A synthetic table as measured, and the same soils with their true response."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 3))
    x[:, 1] += 0.5 * x[:, 0]
    true = x @ [-0.12, 0.1, 0.0] + 0.08 * rng.standard_normal(n)
    errors = error * np.exp(spread * rng.standard_normal(n))
    frame = pd.DataFrame(x, columns=["clay", "mbc", "ph"]).assign(sd=errors)
    measured = frame.assign(ln_q10=true + errors * rng.standard_normal(n))
    return tuple(
        driver_table(one, response="ln_q10", groups=GROUPS, error="sd") for one in (measured, frame.assign(ln_q10=true))
    )


def test_told_of_errors_answers_are_those_of_the_true_response_and_naive_ones_are_not():
    found = []
    for seed in range(20):
        measured, true = soils(seed, n=80)
        answer, truth = (beside_naive(one, **QUICK).set_index(KEYS) for one in (measured, true))
        found.append(pd.DataFrame({"told": answer["estimate"], "naive": answer["naive"], "true": truth["naive"]}))
    every = pd.concat(found, keys=range(20), names=["seed"])
    away = (every[["told", "naive"]].sub(every["true"], axis=0)).groupby(level=KEYS)
    mean, error = away.mean(), away.sem()
    size = every["true"].groupby(level=KEYS).mean()
    judged = mean.index.get_level_values("method").isin(
        ["pearson", "spearman", "partial", "variation", "lmg", "hierarchical"]
    )
    strong = judged & (size.abs() > 0.15).to_numpy()
    assert strong.sum() > 20
    # Four standard errors, and 2 % of what a small sample bends a ratio by.
    assert (mean["told"].abs() < 4 * error["told"] + 0.02 * size.abs())[judged].all()
    assert (mean["naive"].abs() > 0.08 * size.abs())[strong].all()
    assert (mean["naive"].abs() > 4 * error["naive"])[strong].all()


def test_errors_alike_divide_by_the_root_of_the_reliability_as_spearman_has_it():
    measured, _ = soils(1, spread=0.0)
    known = 1 - 0.12**2 / measured.response.var(ddof=1)
    found = beside_naive(measured, **QUICK)
    of = dict(list(found.groupby("method")))
    assert_allclose(found["reliability"], known, rtol=1e-6)
    assert_allclose(of["pearson"]["estimate"], of["pearson"]["naive"] / known**0.5, rtol=1e-6)
    whole = of["variation"].set_index("what")
    assert_allclose(whole.loc["all", "estimate"], whole.loc["all", "naive"] / known, rtol=1e-6)
    assert_allclose(whole["estimate"].drop("all").sum(), 1)
    held = of["partial"].query("what == 'environment held' and predictor == 'clay'").iloc[0]
    r2 = np.corrcoef(measured.response, measured.predictors["ph"])[0, 1] ** 2
    left = 1 - (1 - known) * (1 - 1 / 39) / (1 - r2)
    assert_allclose(held["estimate"], held["naive"] / left**0.5, rtol=1e-6)


def test_shares_told_add_to_what_all_explain():
    found = beside_naive(soils(2)[0], **QUICK)
    shares = found[(found["method"] == "hierarchical") & (found["level"] == "group")]["estimate"].sum()
    assert_allclose(shares, found[found["what"] == "all"]["estimate"].iloc[0])
    levels = found[found["method"] == "lmg"].groupby("level")["estimate"].sum()
    assert_allclose(levels, levels.iloc[0])


def test_naive_answers_are_those_of_the_methods():
    table, _ = soils(3)
    found = beside_naive(table, **QUICK)
    for method, made in (
        ("pearson", driver_correlations(table)),
        ("spearman", driver_correlations(table, "spearman")),
        ("partial", driver_partial_correlations(table)),
        ("variation", variation_partitioning(table, permutations=9)),
    ):
        assert_allclose(found[found["method"] == method]["naive"], made["estimate"])
    rows = found[(found["method"] == "lmg") & (found["level"] == "predictor")]
    assert_allclose(rows["naive"], driver_importance(table)["estimate"])


def test_errors_of_next_to_nothing_change_nothing():
    found = beside_naive(replace(soils(4)[0], error=np.full(40, 1e-7)), **QUICK)
    assert_allclose(found["difference"], 0, atol=1e-6)


def test_a_soil_that_is_hardly_known_has_hardly_a_say():
    table, _ = soils(5, error=0.02)
    response, error = table.response.copy(), table.error.copy()
    response[7], error[7] = response[7] + 50, 50.0  # as far out as its error says
    spoilt = replace(table, response=response, error=error)
    rest = beside_naive(table.of_rows(np.arange(40) != 7), **QUICK)
    found = beside_naive(spoilt, **QUICK)
    closed = found["method"].isin(["pearson", "partial", "lmg"])
    assert_allclose(found["estimate"][closed], rest["estimate"][closed], atol=0.005)
    assert found["difference"][closed].abs().max() > 0.2


def test_intervals_of_correlations_told_of_errors_hold_the_truth():
    # Effects 0.12 and 0.1 of drivers that share half of the first: the correlation at infinitely many soils.
    cov = -0.12 + 0.1 * 0.5
    true = cov / (0.12**2 + 0.1**2 * 1.25 - 2 * 0.12 * 0.1 * 0.5 + 0.08**2) ** 0.5
    held = 0
    for seed in range(80):
        table, _ = soils(1000 + seed, n=24)
        known = reliability(table.response, table.error)
        row = driver_correlations(table, weights=known.weights).iloc[0]
        held += row["lower"] <= true * known.value**0.5 <= row["upper"]
    # Fewer than 69 of 80 come once in a thousand at 95 %.
    assert held >= 69


def test_where_errors_are_nearly_all_that_is_seen_no_share_is_told():
    table, _ = soils(6, error=1.0, spread=0.0)
    found = beside_naive(replace(table, error=np.full(40, 3 * table.response.std())), **QUICK)
    parts = found["how"].str.contains("taken out")
    assert found["estimate"][parts].isna().all()
    assert (found["flag"][parts] == UNRELIABLE).all()
    assert "more than 80 % of its variance" in error_sentence(found)
    assert found[~parts]["estimate"].notna().all()


def test_a_correlation_beyond_one_is_held_there_and_told():
    rng = np.random.default_rng(1)
    clay = rng.standard_normal(12)
    frame = pd.DataFrame({"clay": clay, "ln_q10": clay + 0.01 * rng.standard_normal(12), "sd": 0.5})
    found = beside_naive(driver_table(frame, response="ln_q10", error="sd", groups={"mineral": ["clay"]}), **QUICK)
    row = found[found["method"] == "pearson"].iloc[0]
    assert row["estimate"] == 1
    assert row["flag"] == AT_ONE


def test_ranks_follow_the_normal_values_that_have_them():
    rng = np.random.default_rng(2)
    x = rng.standard_normal(100_000)
    true = np.exp(0.6 * x + 0.8 * rng.standard_normal(100_000))
    spoilt = np.log(true) + 0.5 * rng.standard_normal(100_000)
    ranked = [pd.Series(x).corr(pd.Series(one), method="spearman") for one in (spoilt, true)]
    assert_allclose(ranks_without_errors(ranked[0], 1 / 1.25), ranked[1], atol=0.006)


def test_without_errors_there_is_one_answer_and_a_sentence_says_so():
    table = replace(soils(7)[0], error=None)
    with pytest.raises(InputError, match="errors of the response are not known"):
        beside_naive(table)
    found = attribute(table, effort=Effort(draws=10, permutations=19, resamples=19, trees=10, forests=1))
    assert "drivers_errors" not in found.tables
    assert any("Errors of the response are not known" in one for one in found.sentences)


def along_a_line(seed: int, error: float, n: int = 60) -> tuple[DriverTable, DriverTable]:
    """Soils along a line, alike where they are near, as measured and with their true response."""
    measured, true = soils(seed, n=n, error=error)
    rng = np.random.default_rng([seed, 1])
    smooth = 0.3 * np.convolve(rng.standard_normal(n + 9), np.ones(10) / 10**0.5, "valid")
    place = np.column_stack([np.full(n, 35.0), 90 + 0.1 * np.arange(n)])
    return tuple(replace(one, response=one.response + smooth, coordinates=place) for one in (measured, true))


def test_morans_i_told_of_errors_is_that_of_the_true_response_and_the_naive_one_is_less():
    away = []
    for seed in range(60):
        measured, true = along_a_line(seed, error=0.25)
        near, known = inverse_distance(distances_of(true)), reliability(measured.response, measured.error)
        for design in (np.ones((60, 1)), np.column_stack([np.ones(60), true.predictors])):
            naive, truth = (morans_i_of_residuals(one.response, design, near).value for one in (measured, true))
            told = morans_i_without_errors(measured.response, design, near, measured.error, known.weights).value
            away.append({"of": design.shape[1], "naive": naive - truth, "told": told - truth})
    every = pd.DataFrame(away).groupby("of")
    mean, error = every.mean(), every.sem()
    assert (mean["naive"] < -4 * error["naive"]).all()
    assert (mean["told"].abs() < 4 * error["told"]).all()
    assert (every["told"].std() < mean["naive"].abs()).all()


def test_errors_alike_divide_what_is_above_the_mean_of_morans_i_by_the_reliability():
    measured, _ = along_a_line(1, error=0.12)
    table = replace(measured, error=np.full(measured.n, 0.12))
    rows = beside_naive(table, **QUICK).query("method == 'moran'").set_index("what")
    whole = rows.loc["Moran's I of the response, inverse distance"]
    without = -1 / (table.n - 1)
    known = 1 - 0.12**2 / table.response.var(ddof=1)
    assert_allclose(whole["naive"], morans_i(table.response, inverse_distance(distances_of(table))).value)
    assert_allclose(whole["estimate"] - without, (whole["naive"] - without) / known)
    assert rows["lower"].isna().all()
    assert rows["flag"].str.startswith("no interval").all()


def test_a_selection_told_of_errors_explains_what_that_of_the_true_response_does():
    away = []
    for seed in range(25):
        measured, true = soils(seed, n=60)
        known = reliability(measured.response, measured.error)
        truth, naive, told = (
            sum(forward_selection(table, weights=weights, permutations=99).added.values())
            for table, weights in ((true, None), (measured, None), (measured, known.weights))
        )
        away.append({"naive": naive - truth, "told": told / known.value - truth})
    every = pd.DataFrame(away)
    assert every["naive"].mean() < -4 * every["naive"].sem()
    assert abs(every["told"].mean()) < 4 * every["told"].sem()
    assert (every["told"] ** 2).mean() < (every["naive"] ** 2).mean() / 2


def test_what_variables_chosen_add_is_what_all_chosen_explain():
    table, _ = soils(9)
    found = beside_naive(table, **QUICK).query("method == 'forward selection'")
    each, whole = (found[found["what"] == what] for what in ("adjusted R2 added", "adjusted R2 of all chosen"))
    assert_allclose(each[["naive", "estimate"]].sum(), whole[["naive", "estimate"]].iloc[0].astype(float))
    steps = forward_selection(table, permutations=99).steps
    assert_allclose(whole["naive"], steps["adjusted"].iloc[len(each) - 1])


def test_a_selection_weighed_is_that_of_samples_that_stand_so_often():
    table, _ = soils(8)
    often = np.arange(40) % 3 + 1
    repeated = table.of_rows(np.repeat(np.arange(40), often))
    weighed = forward_selection(table, weights=often, permutations=99).steps.set_index("variable")["r2"]
    assert_allclose(weighed, forward_selection(repeated, permutations=99).steps.set_index("variable")["r2"][:3])


def test_what_is_chosen_only_by_one_of_both_is_told_with_zero():
    rng = np.random.default_rng(3)
    clay, ph, cn = rng.standard_normal((3, 40))
    error = np.where(np.arange(40) < 20, 0.05, 3.0)
    # Soils that are badly known follow the pH by chance, those that are well known the clay.
    frame = pd.DataFrame({"clay": clay, "ph": ph, "cn": cn, "sd": error})
    frame["ln_q10"] = 0.3 * clay + 0.2 * cn + np.where(error > 1, 3 * ph, 0.05 * rng.standard_normal(40))
    groups = {"mineral": ["clay"], "environment": ["ph"], "substrate": ["cn"]}
    table = driver_table(frame, response="ln_q10", error="sd", groups=groups)
    rows = beside_naive(table, **QUICK).query("method == 'forward selection'").set_index("predictor")
    assert rows.loc["ph", "naive"] > 0.3
    assert rows.loc["clay", "naive"] == 0
    assert "only where told" in rows.loc["clay", "flag"]
