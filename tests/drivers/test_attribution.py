"""The whole attribution, from a CSV file to tables, figures and words."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from talik.cli import app
from talik.drivers.attribution import Effort, attribute
from talik.drivers.table import driver_table
from talik.drivers.transect import MEMBERS, PATHS, SYNTHETIC, TransectDesign, transect_table
from talik.drivers.write import read_groups, read_samples, write_attribution
from talik.errors import InputError, SettingsError
from talik.tables import TABLES, check

GROUPS = {f"microbial/{name}" if name in ("abundance", "activity", "diversity") else name: list(columns)
          for name, columns in MEMBERS.items()}  # fmt: skip
LOGS = [column for columns in MEMBERS.values() for column in columns]
QUICK = Effort(draws=10, permutations=19, resamples=49, trees=10, forests=3)
ASKED = {
    "drivers_correlation", "drivers_partial", "drivers_variation", "drivers_importance", "drivers_mixed",
    "drivers_paths", "drivers_spatial", "drivers_verdict", "drivers_robustness", "drivers_components",
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
    samples.to_csv(tmp_path / "soils.csv", index=False)
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
