"""The whole attribution, from a CSV file to tables, figures and words."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from talik.cli import app
from talik.drivers.attribution import Effort, attribute
from talik.drivers.table import driver_table
from talik.drivers.transect import MEMBERS, PATHS, SYNTHETIC, TransectDesign, transect_table
from talik.drivers.write import read_groups, read_samples, with_diversity, write_attribution
from talik.errors import InputError, SettingsError, TableError
from talik.tables import TABLES, check

GROUPS = {f"microbial/{name}" if name in ("abundance", "activity", "diversity") else name: list(columns)
          for name, columns in MEMBERS.items()}  # fmt: skip
LOGS = [column for columns in MEMBERS.values() for column in columns]
QUICK = Effort(draws=10, permutations=19, resamples=49, trees=10, forests=3)
ASKED = {
    "drivers_correlation", "drivers_partial", "drivers_variation", "drivers_importance", "drivers_mixed",
    "drivers_selection", "drivers_paths", "drivers_spatial", "drivers_verdict", "drivers_robustness", "drivers_components",
    "drivers_samples", "drivers_predictors", "drivers_words", "drivers_errors",
}  # fmt: skip


@pytest.fixture(scope="module")
def found():
    samples = transect_table(TransectDesign(), 1)
    table = driver_table(samples, response="logq10", error="logq10_error", groups=GROUPS, log=LOGS, random="site")
    return attribute(table, paths=PATHS, effort=QUICK)


def test_every_table_that_is_asked_for_is_made(found):
    assert found.tables.keys() == ASKED
    assert found.left_out == ()
    for name, frame in found.tables.items():
        assert len(check(name, frame)) == len(frame)
        assert list(frame.columns) == [column.name for column in TABLES[name].columns]


def test_importance_is_by_three_methods_at_three_levels(found):
    table = found.tables["drivers_importance"]
    assert set(zip(table["method"], table["level"], strict=True)) == {
        (method, level) for method in ("lmg", "hierarchical", "forest") for level in ("predictor", "subgroup", "group")
    }


def test_a_selection_says_what_it_took_and_why_it_ended(found):
    steps = found.tables["drivers_selection"]
    assert steps["step"].tolist() == list(range(len(steps)))
    assert steps["taken"].iloc[0] == "limit"
    assert (steps["flag"] != "").tolist() == [False] * (len(steps) - 1) + [True]
    taken = steps[steps["taken"] == "taken"]
    assert (taken["p"] <= 0.05).all()
    assert (taken["estimate"] <= steps["estimate"].iloc[0] + 1e-9).all()
    assert taken["estimate"].is_monotonic_increasing


def test_forests_have_intervals_and_partitioning_has_them_by_components(found):
    forest = found.tables["drivers_importance"].query("method == 'forest'")
    assert (forest["lower"] <= forest["estimate"]).all()
    assert (forest["estimate"] <= forest["upper"]).all()
    told = found.tables["drivers_errors"].query("method == 'forest' and what == 'importance'")
    assert told["lower"].notna().all()
    variation = found.tables["drivers_variation"]
    # Twelve columns in 24 sites are too many for a bootstrap, six components are not.
    by_components = variation["method"] == "adjusted R2, components of the subgroups"
    assert (variation["lower"].notna() == by_components).all()
    assert by_components.sum() == (variation["method"] == "adjusted R2").sum() == 17


def test_layers_have_verdicts_of_their_own_and_are_compared(found):
    assert set(found.tables["drivers_verdict"]["layer"]) == {"", "active", "permafrost"}
    assert found.tables["drivers_mixed"]["model"].str.contains("permafrost against active").any()


def test_what_is_said_first_is_how_much_can_be_found(found):
    assert found.sentences[0].startswith("What drives Q10: 48 samples of 24 sites.")
    assert "80 % power" in found.sentences[1]
    assert sum("of R2" in sentence for sentence in found.sentences) == 6


def test_a_method_that_samples_do_not_carry_is_left_out_and_told():
    samples = transect_table(TransectDesign(sites=9, layers=("permafrost",)), 1)
    table = driver_table(samples, response="logq10", groups={"mineral": ["feox", "caex"], "substrate": ["doc"]})
    found = attribute(table, effort=QUICK)
    assert any("9 sites are too few for a random forest" in words for words in found.left_out)
    assert len(found.tables["drivers_verdict"]) == 2


def test_an_attribution_is_written_with_its_note_in_every_table_and_figure(found, tmp_path):
    files = write_attribution(found, tmp_path, note=SYNTHETIC)
    assert {path.stem for path in files if path.suffix == ".csv"} == ASKED
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "synthetic" in text.lower(), path.name
    assert len([path for path in files if path.suffix == ".svg"]) == 9


def test_the_command_runs_from_file_to_verdict(tmp_path):
    samples = transect_table(TransectDesign(layers=("permafrost",)), 1)
    samples.drop(columns=["richness", "shannon"]).to_csv(tmp_path / "soils.csv", index=False)
    options = ["--response", "logq10", "--error", "logq10_error", "--log", "feox,plfa", "--random", "site"]
    options += [
        "--group",
        "mineral=feox",
        "--group",
        "microbial=plfa",
        "--forests",
        "0",
        "--trees",
        "10",
        "--posterior",
        "0",
    ]
    run = CliRunner().invoke(app, ["drivers", str(tmp_path / "soils.csv"), *options, "--out", str(tmp_path / "out")])
    assert run.exit_code == 0, run.output
    assert "Synthetic: made by talik's generator" in run.output
    assert "microbial raises Q10" in run.output
    assert len(pd.read_csv(tmp_path / "out" / "tables" / "drivers_verdict.csv")) == 2


def test_groups_that_cannot_be_read_are_told_together():
    assert read_groups(["a=x,y", "a=z"]) == {"a": ["x", "y", "z"]}
    with pytest.raises(SettingsError) as told:
        read_groups(["mineral", "=clay", "a=x"])
    assert len(told.value.offenders) == 2


@pytest.mark.parametrize(("text", "words"), [("a,b\n", "no rows"), ('a,"b\n1,2\n', "no table with a header")])
def test_a_file_that_is_no_table_is_told(tmp_path, text, words):
    (tmp_path / "soils.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_samples(tmp_path / "soils.csv")


def with_counts(tmp_path, rng):
    """Files of samples and of counts of twelve taxa, the more even the higher the response."""
    samples = transect_table(TransectDesign(layers=("permafrost",)), 1)
    evenness = samples["logq10"].rank() / len(samples)
    p = np.exp(-np.outer(1.5 - evenness, np.arange(12)))
    counts = pd.DataFrame(
        [rng.multinomial(400, row / row.sum()) for row in p], columns=[f"taxon {i}" for i in range(12)]
    )
    counts.insert(0, "sample", samples["sample"])
    samples.drop(columns=["richness", "shannon"]).to_csv(tmp_path / "soils.csv", index=False)
    counts.sample(frac=1, random_state=1).to_csv(tmp_path / "counts.csv", index=False)
    return counts


def test_diversity_comes_out_of_a_table_of_counts(tmp_path):
    counts = with_counts(tmp_path, np.random.default_rng(1))
    made = with_diversity(read_samples(tmp_path / "soils.csv"), tmp_path / "counts.csv")
    p = counts.iloc[:, 1:].div(counts.iloc[:, 1:].sum(axis=1), axis=0)
    assert made["simpson"].tolist() == pytest.approx((1 - (p**2).sum(axis=1)).tolist())
    result = CliRunner().invoke(app, [
        "drivers", str(tmp_path / "soils.csv"), "--response", "logq10", "--counts", str(tmp_path / "counts.csv"),
        "--rarefy", "100", "--group", "mineral=feox", "--group", "microbial/diversity=shannon,richness", "--out",
        str(tmp_path / "out"), "--draws", "10", "--permutations", "19", "--resamples", "19", "--trees", "10",
        "--forests", "0", "--posterior", "0",
    ])  # fmt: skip
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "tables" / "drivers_selection.csv").exists()


@pytest.mark.parametrize(("change", "words"), [
    (lambda t: t.rename(columns={"sample": "soil"}), "need the column 'sample'"),
    (lambda t: pd.concat([t, t[:1]]), "have several rows"),
    (lambda t: t.assign(sample="elsewhere " + t["sample"]), "none of its samples"),
    (lambda t: t.assign(**{"taxon 1": -1}), "counts are whole numbers"),
])  # fmt: skip
def test_counts_that_cannot_be_used_are_told(tmp_path, change, words):
    counts = with_counts(tmp_path, np.random.default_rng(1))
    samples = read_samples(tmp_path / "soils.csv")
    change(counts).to_csv(tmp_path / "counts.csv", index=False)
    with pytest.raises(TableError, match=words):
        with_diversity(samples, tmp_path / "counts.csv")
