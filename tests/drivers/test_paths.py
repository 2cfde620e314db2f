"""Path models against lavaan and lm (kept in tests/published/r), and against what must hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.drivers.path_likelihood import fit_path_likelihood
from talik.drivers.path_model import parse_paths
from talik.drivers.paths import Separation, fit_paths
from talik.errors import SettingsError, TableError

KEPT = Path(__file__).parent.parent / "published" / "r"
MODEL = "logq10 ~ mineral + abundance + diversity; abundance ~ substrate; substrate ~ mineral"


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(KEPT / "transect.csv")


@pytest.fixture(scope="module")
def by_r():
    kept = pd.read_csv(KEPT / "paths.csv")
    return {method: dict(zip(rows["name"], rows["value"], strict=True)) for method, rows in kept.groupby("method")}


def test_estimates_errors_and_fit_are_those_of_lavaan(table, by_r):
    found, kept = fit_path_likelihood(parse_paths(MODEL), table), by_r["lavaan"]
    for row in found.paths.itertuples():
        name = f"{row.response}~{row.cause}"
        of = [kept[f"{what} {name}"] for what in ("estimate", "error", "standardised")]
        assert_allclose([row.estimate, row.error, row.standardised], of, rtol=1e-5)
    for row in found.residuals.itertuples():
        name = f"{row.response}~~{row.response}"
        assert_allclose([row.variance, row.error], [kept[f"estimate {name}"], kept[f"error {name}"]], rtol=1e-5)
        assert_allclose(row.r2, kept[f"r2 {row.response}"], rtol=1e-5)
    assert_allclose(
        [found.chi2, found.freedom, found.p, found.cfi, found.rmsea, found.srmr, found.log_likelihood],
        [kept[name] for name in ("chisq", "df", "pvalue", "cfi", "rmsea", "srmr", "logl")], rtol=1e-6,
    )  # fmt: skip


def test_indirect_and_total_effects_are_those_of_lavaan(table, by_r):
    effects = fit_paths(parse_paths(MODEL), table).effects.set_index(["cause", "response", "kind"])["estimate"]
    sd = table["mineral"].std()
    assert_allclose(
        effects["mineral", "logq10", "indirect"] / sd, by_r["lavaan"]["estimate indirect:=c1*a1*b2"], rtol=1e-5
    )
    assert_allclose(
        effects["mineral", "logq10", "total"] / sd, by_r["lavaan"]["estimate total:=b1+c1*a1*b2"], rtol=1e-5
    )


def test_the_basis_set_and_fishers_c_are_those_written_out_by_hand(table, by_r):
    kept, found = by_r["separation"], fit_paths(parse_paths(MODEL), table).separation
    p = {f"{claim.second} {claim.first}": p for claim, p in zip(found.claims, found.p, strict=True)}
    assert p.keys() == {name.removeprefix("p ") for name in kept if name.startswith("p ")}
    for name, value in p.items():
        assert_allclose(value, kept[f"p {name}"], rtol=1e-7)
    assert_allclose([found.fishers_c, found.p_model], [kept["C"], kept["p"]], rtol=1e-8)
    assert found.freedom == 8


def test_a_saturated_model_claims_nothing(table):
    found = fit_paths(parse_paths("logq10 ~ mineral + substrate; substrate ~ mineral"), table).separation
    assert found == Separation((), found.p)
    assert (found.fishers_c, found.freedom) == (0.0, 0)
    assert np.isnan(found.p_model)


def test_total_is_direct_plus_indirect(table):
    effects = fit_paths(parse_paths(MODEL), table).effects.pivot(
        index=["cause", "response"], columns="kind", values="estimate"
    )
    whole = effects.dropna()
    assert len(whole) == 1
    assert_allclose(whole["direct"] + whole["indirect"], whole["total"], rtol=1e-12)


@settings(max_examples=15)
@given(scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_the_unit_of_a_cause_changes_nothing(scale, shift):
    table = pd.read_csv(KEPT / "transect.csv")
    model = parse_paths("logq10 ~ abundance; abundance ~ substrate")
    one = fit_paths(model, table, draws=50).effects
    other = fit_paths(model, table.assign(abundance=table["abundance"] * scale + shift), draws=50).effects
    assert_allclose(one[["estimate", "lower", "upper"]], other[["estimate", "lower", "upper"]], rtol=1e-5, atol=1e-9)


def test_a_direct_effect_errs_by_student_and_by_the_standard_deviation_of_its_cause(table):
    found = fit_paths(parse_paths("logq10 ~ mineral + abundance"), table)
    of_fit = found.equations[0].fit.intervals()[1:]
    row = found.effects.query("kind == 'direct'")
    wider = (row["upper"] - row["lower"]).to_numpy() / (of_fit[:, 1] - of_fit[:, 0])
    assert ((wider > 1.0) & (wider < 1.3)).all()
    assert (np.sign(row[["lower", "upper"]]) == np.sign(of_fit)).all(axis=None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no equation"),
        ("logq10", "'logq10' is no equation"),
        ("logq10 ~ mineral +", "is no equation"),
        ("logq10 ~ mineral; logq10 ~ substrate", "two equations"),
        ("logq10 ~ mineral + mineral", "twice"),
        ("a ~ b; b ~ c; c ~ a", "in a circle"),
        ("logq10 ~ minerals", "minerals is not known; there are mineral, logq10"),
    ],
)
def test_a_path_model_that_cannot_be_read_is_told(text, words):
    with pytest.raises(SettingsError, match=words):
        parse_paths(text, known=("mineral", "logq10") if "minerals" in text else ())


def test_variables_that_cannot_be_used_are_told_together(table):
    with pytest.raises(TableError, match="mineral is 1 in every sample") as told:
        fit_paths(parse_paths("logq10 ~ mineral + light"), table.assign(mineral=1.0))
    assert len(told.value.offenders) == 2
