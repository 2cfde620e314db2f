"""Studies go in whole, all or none, once, under keys of their own, and come out as they went in."""

import hashlib
import shutil
from dataclasses import fields

import duckdb
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from entries import entry, series
from library.conftest import other, soil
from talik import read_sidb, read_tables, release, run_study
from talik.errors import InputError, TalikError
from talik.library import add_to_library, check_library, contributions, list_library, read_library
from talik.new import write_templates
from talik.tables import TABLES, empty


def rows(file, sql):
    """Rows of a library, read without talik."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).df()


def contents(file):
    names = ("studies", "jars", "respiration", "sources", "problems")
    return {name: rows(file, f"SELECT * FROM {name} ORDER BY ALL") for name in names}


def same(one, other):
    """Whether two measurements hold the same rows, whatever their order and their empty columns."""
    for name in [field.name for field in fields(one)]:
        left, right = getattr(one, name), getattr(other, name)
        columns = [c for c in left if (left[c].astype(str).isin(["", "nan"])).all()]
        right = right.drop(columns=[c for c in right if c not in left]).reindex(columns=left.columns)
        by = [c for c in left if c not in columns]
        left, right = left[by].sort_values(by).reset_index(drop=True), right[by].sort_values(by).reset_index(drop=True)
        pd.testing.assert_frame_equal(left, right, check_dtype=False)


def test_measurements_come_out_as_they_went_in(tmp_path):
    folder = lab(tmp_path / "lab", "synthetic") / "tables"
    add_to_library(tmp_path / "cold.duckdb", folder)
    expected, found = read_tables(folder), read_library(tmp_path / "cold.duckdb")
    assert found.jars["jar"].tolist() == [f"synthetic {jar}" for jar in expected.jars["jar"]]
    for name in ("respiration", "specific_respiration", "sd", "time", "temperature"):
        assert_array_equal(found.respiration[name], expected.respiration[name])
    assert found.properties["value"].tolist() == expected.properties["value"].tolist()
    assert found.studies.equals(expected.studies)


@pytest.mark.data
def test_all_of_sidb_comes_out_as_it_went_in(tmp_path, data, sidb, sidb_q10):
    estimates = {"release": release(sidb.respiration), "pools": empty("pools"), "q10": sidb_q10}
    studies = contributions(sidb, kind="sidb", path=data / "sidb" / "data", files=[], estimates=estimates)
    added = add_to_library(tmp_path / "sidb.duckdb", *studies)
    assert set(added.added) == set(sidb.studies["study"])
    same(sidb, read_library(tmp_path / "sidb.duckdb"))
    assert check_library(tmp_path / "sidb.duckdb").empty


def test_a_study_that_is_there_the_same_is_told_and_changes_nothing(library, tmp_path):
    before = contents(library)
    added = add_to_library(library, tmp_path / "First2020")
    assert (added.added, added.replaced, added.same) == ((), (), ("First2020",))
    for name, table in contents(library).items():
        pd.testing.assert_frame_equal(table, before[name])


def test_a_study_that_is_there_otherwise_is_refused_with_all_that_came_with_it(library, tmp_path):
    before = contents(library)
    soil(tmp_path / "First2020", scale=77.0)
    with pytest.raises(InputError, match=r"First2020: other .*respiration.*\n.*--replace"):
        add_to_library(library, other(tmp_path / "Second2021"), tmp_path / "First2020")
    for name, table in contents(library).items():
        pd.testing.assert_frame_equal(table, before[name])


def test_replace_puts_the_new_in_the_place_of_the_old(library, tmp_path):
    changed = soil(tmp_path / "First2020", scale=77.0)
    assert add_to_library(library, changed, replace=True).replaced == ("First2020",)
    same(read_sidb(changed), read_library(library))
    assert check_library(library).empty


def test_a_source_that_cannot_be_read_keeps_all_others_out(library, tmp_path):
    with pytest.raises(TalikError, match="nowhere"):
        add_to_library(library, other(tmp_path / "Second2021"), tmp_path / "nowhere")
    assert list(list_library(library)["study"]) == ["First2020"]


def test_the_same_study_in_two_sources_goes_in_once_and_a_different_one_not(tmp_path):
    (tmp_path / "a").mkdir()
    one, two = other(tmp_path / "a" / "Same2020"), tmp_path / "b"
    shutil.copytree(tmp_path / "a", two)
    assert add_to_library(tmp_path / "cold.duckdb", one, two / "Same2020").added == ("Same2020",)
    soil(two / "Same2020", scale=5.0)
    with pytest.raises(InputError, match="there twice with different contents"):
        add_to_library(tmp_path / "new.duckdb", one, two / "Same2020")


def lab(folder, study):
    """The worked example of talik new, under a name of its own."""
    write_templates(folder)
    for file in (folder / "tables").glob("*.csv"):
        file.write_text(file.read_text().replace("synthetic,", f"{study},"))
    return folder


def test_studies_that_call_their_jars_alike_keep_them_apart(tmp_path):
    file = tmp_path / "cold.duckdb"
    for study in ("Here2020", "There2021"):
        add_to_library(file, lab(tmp_path / study, study) / "tables")
    jars = read_library(file).jars
    assert jars["jar"].is_unique
    assert {"Here2020 5a", "There2021 5a"} <= set(jars["jar"])
    assert check_library(file)["rule"].tolist() == ["series-in-two-studies"]


def test_one_key_for_two_things_is_refused(tmp_path):
    file = tmp_path / "cold.duckdb"
    first, second = lab(tmp_path / "one", "A"), lab(tmp_path / "two", "A B")
    for table in (first / "tables").glob("*.csv"):
        # Site, sample, core and jars of A then read 'A B ...', as those of 'A B' do.
        text = table.read_text().replace("nowhere", "B nowhere").replace("core 1", "B core 1")
        for jar in ("5a", "5b", "15a", "15b"):
            text = text.replace(f"{jar},", f"B {jar},")
        table.write_text(text)
    add_to_library(file, second / "tables")
    with pytest.raises(InputError, match=r"'A B 5a' of A is one of A B too"):
        add_to_library(file, first / "tables")
    assert list(list_library(file)["study"]) == ["A B"]


def test_a_study_without_a_name_is_refused(tmp_path):
    folder = lab(tmp_path / "lab", "Here2020") / "tables"
    (folder / "studies.csv").unlink()
    for file in folder.glob("*.csv"):
        file.write_text(file.read_text().replace("Here2020,", ","))
    with pytest.raises(InputError, match=r"names no study.*studies\.csv"):
        add_to_library(tmp_path / "cold.duckdb", folder)
    assert not (tmp_path / "cold.duckdb").exists()


def test_treatments_come_out_whatever_they_are_called(tmp_path):
    names = {"Soil": "clay", "soil": "peat", 'a "quoted" name': "yes", "select": "1"}
    variables = [v | names for v in series(5, 15)]
    file = tmp_path / "cold.duckdb"
    add_to_library(file, entry(tmp_path / "Treated2020", variables=variables), other(tmp_path / "Plain2021"))
    jars = read_library(file).jars.query("study == 'Treated2020'")
    expected = read_sidb(tmp_path / "Treated2020").jars
    assert set(names) <= set(expected)
    assert {name: set(jars[name]) for name in names} == {name: {value} for name, value in names.items()}


def test_a_finished_run_brings_its_estimates(tmp_path, monkeypatch):
    monkeypatch.setattr("talik.report.report_files", lambda result: {})  # its figures take longest
    study = lab(tmp_path / "lab", "Here2020")
    result = run_study(study)
    file = tmp_path / "cold.duckdb"
    assert add_to_library(file, study / "run").added == ("Here2020",)
    assert add_to_library(file, study / "run").same == ("Here2020",)
    pools = rows(file, "SELECT estimate FROM pools ORDER BY rowid")
    assert len(pools) == len(result.pools["pools"]) > 0
    q10 = rows(file, "SELECT q10 FROM q10 ORDER BY rowid")
    pd.testing.assert_series_equal(q10["q10"], result.temperature["q10"]["q10"], check_index=False)
    assert add_to_library(file, study / "tables").same == ("Here2020",)
    add_to_library(tmp_path / "two.duckdb", study / "tables")
    with pytest.raises(InputError, match=r"Here2020: other .*pools"):
        add_to_library(tmp_path / "two.duckdb", study / "run")


def test_provenance_says_which_files_a_study_was_read_from(library, tmp_path):
    found = rows(library, "SELECT * FROM sources")
    assert set(found["study"]) == {"First2020"}
    for row in found.itertuples():
        file = tmp_path / "First2020" / row.file
        assert row.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert set(found["path"]) == {"First2020"}
    assert found["added"].str.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00").all()


def test_problems_stay_with_their_study(tmp_path):
    file = tmp_path / "cold.duckdb"
    bad = soil(tmp_path / "Bad2020", site={"coordinates": {"latitude": -68.6, "longitude": -149.6}})
    add_to_library(file, bad, other(tmp_path / "Good2021"))
    expected = read_sidb(bad).problems
    found = rows(file, "SELECT study, rule FROM problems")
    assert sorted(found.query("study == 'Bad2020'")["rule"]) == sorted(expected["rule"])
    assert (read_library(file).problems["rule"] == "coordinates-country").any()


def test_every_kept_column_of_a_table_is_there(shared):
    for name in ("sites", "samples", "jars", "respiration", "q10"):
        found = rows(shared, f"SELECT * FROM {name} LIMIT 1")
        assert {column.name for column in TABLES[name].columns} <= set(found)


def test_a_part_of_a_library_is_closed_under_its_keys(shared):
    part = read_library(shared, "layer = 'active' and latitude > 60")
    assert set(part.studies["study"]) == {"First2020"}
    assert set(part.respiration["jar"]) == set(part.jars["jar"])
    assert set(part.samples["site"]) == set(part.sites["site"])
    with pytest.raises(InputError, match="no jar is picked"):
        read_library(shared, "latitude > 89")
