"""The same soil under two studies is told, however it was scaled, rounded or cut; different soils are not."""

import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from entries import entry, series
from library.conftest import other, soil
from talik.library import add_to_library, check_library
from talik.library.duplicates import Series, duplicates, same_shape

TIMES = (1, 3, 7, 14, 28, 56)
COLD = (9.13, 7.42, 4.87, 2.91, 1.62, 0.774)
WARM = (18.7, 15.1, 9.66, 5.93, 3.11, 1.53)
ELSEWHERE = {"coordinates": {"latitude": 62.0, "longitude": 130.0}, "country": "Russia"}


def study(folder, *curves, times=TIMES, doi="10.1234/one", **parts):
    made = entry(folder, variables=series(5, 15), rows=[list(row) for row in zip(times, *curves, strict=True)], **parts)
    text = (made / "metadata.yaml").read_text()
    (made / "metadata.yaml").write_text(text.replace("10.0/synthetic", repr(doi)))
    return made


def rules(file):
    return check_library(file)["rule"].tolist()


@pytest.mark.parametrize("factor", [1.0, 3.667])
def test_a_series_scaled_and_rounded_is_known_again(tmp_path, factor):
    copied = [[float(f"{factor * v:.3g}") for v in curve] for curve in (COLD, WARM)]
    file = tmp_path / "cold.duckdb"
    first = add_to_library(file, study(tmp_path / "One2020", COLD, WARM))
    second = add_to_library(file, study(tmp_path / "Two2021", *copied, doi="10.1234/two"))
    assert first.problems.empty
    assert second.problems["rule"].tolist() == rules(file) == ["series-in-two-studies"]
    (found,) = check_library(file).itertuples()
    assert found.where == "same coordinates, same depth"
    assert "under One2020 and Two2021, 2 times" in found.found
    assert ("times" in found.column) == (factor != 1)


def test_a_part_of_a_series_is_known_again_at_its_place(tmp_path):
    file = tmp_path / "cold.duckdb"
    add_to_library(file, study(tmp_path / "One2020", COLD, WARM))
    part = [[2 * v for v in curve[1:5]] for curve in (COLD, WARM)]
    add_to_library(file, study(tmp_path / "Two2021", *part, times=TIMES[1:5], doi="10.1234/two"))
    assert rules(file) == ["series-in-two-studies"]


def test_a_series_is_known_again_under_other_coordinates(tmp_path):
    file = tmp_path / "cold.duckdb"
    add_to_library(file, study(tmp_path / "One2020", COLD, WARM))
    add_to_library(file, study(tmp_path / "Two2021", COLD, WARM, doi="10.1234/two", site=ELSEWHERE))
    (found,) = check_library(file).itertuples()
    assert (found.rule, found.where) == ("series-in-two-studies", "other coordinates, same depth")


@pytest.mark.parametrize("doi", ["https://doi.org/10.1234/ONE", "doi: 10.1234/one.", "10.9/x and 10.1234/one"])
def test_one_doi_under_two_names_is_told_however_it_is_written(tmp_path, doi):
    file = tmp_path / "cold.duckdb"
    add_to_library(file, study(tmp_path / "One2020", COLD, WARM))
    added = add_to_library(file, study(tmp_path / "Two2021", COLD[::-1], WARM[::-1], doi=doi, site=ELSEWHERE))
    assert "study-twice" in set(added.problems["rule"])


def test_values_used_again_in_another_order_are_told(tmp_path):
    file = tmp_path / "cold.duckdb"
    add_to_library(file, study(tmp_path / "One2020", COLD, WARM))
    mixed = [[curve[i] for i in (2, 0, 4, 1, 5, 3)] for curve in (COLD, WARM)]
    add_to_library(file, study(tmp_path / "Two2021", *mixed, doi="10.1234/two", site=ELSEWHERE))
    assert rules(file) == ["values-reused"]


def test_soils_of_one_place_with_their_own_series_are_not_told(tmp_path):
    file = tmp_path / "cold.duckdb"
    add_to_library(file, other(tmp_path / "One2020"), other(tmp_path / "Two2031"))
    add_to_library(file, study(tmp_path / "Three2022", COLD, WARM, doi="10.1234/three"))
    assert check_library(file).empty


def test_two_soils_of_one_study_are_its_own_matter(tmp_path):
    file = tmp_path / "cold.duckdb"
    add_to_library(file, soil(tmp_path / "One2020", temperatures=(5, 15, 25)))  # the same curve times 2
    assert check_library(file).empty


def at(time, value, study="a"):
    return Series(study, study, 5.0, 68.6, -149.6, (0.0, 10.0), np.asarray(time, float), np.asarray(value, float))


rates = st.lists(st.floats(0.01, 100), min_size=5, max_size=30, unique=True)


@given(values=rates, factor=st.floats(1e-4, 1e4), digits=st.integers(3, 6))
def test_no_factor_and_no_rounding_hides_a_series(values, factor, digits):
    times = np.arange(1.0, len(values) + 1)
    assume(np.std(values) > 0.1 * np.mean(values))
    rounded = [float(f"{factor * value:.{digits}g}") for value in values]
    assert same_shape(at(times, values), at(times, rounded, "b"))
    assert same_shape(at(times, rounded, "b"), at(times, values))


@given(values=rates, place=st.integers(0, 4), change=st.floats(1.2, 5))
def test_one_other_value_makes_another_series(values, place, change):
    times = np.arange(1.0, len(values) + 1)
    assume(values[place] > 0.2 * max(values))
    changed = [v * change if i == place else v for i, v in enumerate(values)]
    assert not same_shape(at(times, values), at(times, changed, "b"))


@pytest.mark.data
def test_a_study_of_sidb_under_another_name_is_found_and_no_other(tmp_path, data, sidb):
    tables = (sidb.studies, sidb.sites, sidb.samples, sidb.jars, sidb.respiration)
    assert duplicates(*tables).empty
    name = sidb.studies["study"][sidb.studies["study"].isin(sidb.respiration["study"])].iloc[-2]
    copy = [table[table["study"] == name].copy() for table in tables]
    for table in copy:
        for column in ("study", "site", "sample", "core", "jar", "set"):
            if column in table:
                table[column] = "Copied " + table[column]
        table["doi"] = "10.1234/copied"
    for column in ("respiration", "specific_respiration", "jar_respiration"):
        copy[4][column] = [float(f"{3.667 * value:.3g}") for value in copy[4][column]]
    found = duplicates(*(pd.concat([a, b], ignore_index=True) for a, b in zip(tables, copy, strict=True)))
    assert found["rule"].tolist() == ["series-in-two-studies"]
    assert {found["entry"].iloc[0]} <= {name, f"Copied {name}"}


def test_the_same_files_under_another_name_are_told(tmp_path):
    one = other(tmp_path / "One2020")
    shutil.copytree(one, tmp_path / "Two2021")
    found = add_to_library(tmp_path / "cold.duckdb", one, tmp_path / "Two2021").problems
    assert set(found["rule"]) == {"study-twice", "series-in-two-studies"}
