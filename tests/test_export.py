"""Studies, runs, tables and templates of ISRaD to the formats of databases, from the command line."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from entries import entry
from israd_template import sheets, tabs, write_template
from talik import read_sidb, run_study
from talik.cli import app
from talik.errors import UnknownNameError
from talik.export import export
from talik.new import write_templates
from talik.study import read_study


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of one entry."""
    folder = tmp_path_factory.mktemp("run")
    run_study(read_study(entry(folder / "Made2024")), folder / "run")
    return folder


def exported(*arguments):
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_a_run_becomes_the_entry_that_it_came_from(run, tmp_path):
    told = export(run / "run", "sidb", tmp_path / "entries")
    assert told.empty
    before, after = read_sidb(run / "Made2024"), read_sidb(tmp_path / "entries")
    pd.testing.assert_frame_equal(before.respiration, after.respiration)


def test_a_run_becomes_a_package_with_its_results(run, tmp_path):
    result = exported(run / "run", "--to", "ess-dive", tmp_path / "package")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == str(tmp_path / "package")
    files = {path.name for path in (tmp_path / "package").iterdir()}
    assert {"q10.csv", "q10_dd.csv", "pools.csv", "release.csv", "jars.csv", "flmd.csv"} <= files
    q10 = pd.read_csv(tmp_path / "package" / "q10.csv", dtype=str, keep_default_na=False)
    assert not q10.isin([""]).any(axis=None)


def test_a_folder_of_tables_and_a_template_of_israd_are_sources(tmp_path):
    write_templates(tmp_path / "study")
    book = write_template(tmp_path / "Made_2024.xlsx", sheets(tabs()))
    for source in (tmp_path / "study", tmp_path / "study" / "tables", book):
        export(source, "sidb", tmp_path / f"{source.stem}-entries")
        assert len(read_sidb(tmp_path / f"{source.stem}-entries").jars)


def test_what_is_not_held_is_said(tmp_path):
    book = write_template(tmp_path / "Made_2024.xlsx", sheets(tabs()))
    result = exported(book, "--to", "sidb", tmp_path / "entries")
    assert result.exit_code == 0
    assert "not-held" in result.output


def test_an_unknown_format_is_refused_with_those_that_there_are(tmp_path):
    with pytest.raises(UnknownNameError, match="there are sidb, ess-dive"):
        export(tmp_path, "isrd", tmp_path / "out")


def test_a_source_that_is_not_there_is_refused(tmp_path):
    result = exported(tmp_path / "nothing", "--to", "sidb", tmp_path / "out")
    assert result.exit_code == 1
    assert "is not there" in str(result.exception)
