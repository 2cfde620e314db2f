"""All studies by one definition at one pair: what was incubated there, with its protocol, and why the rest is not."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from library.conftest import other
from talik import q10, read_sidb
from talik.cli import app
from talik.errors import InputError, SettingsError
from talik.library import add_to_library, library_q10, read_library, write_q10
from talik.library.deposit import MEANINGS, titled
from talik.tables import DEFINITIONS


@pytest.mark.parametrize("definition", ["rate-ratio", "equal-carbon"])
def test_a_known_q10_comes_out_of_every_soil_incubated_at_the_pair(shared, definition):
    found = library_q10(shared, definition, (5, 15))
    assert set(found.q10["study"]) == {"First2020", "Second2021"}
    if definition == "rate-ratio":
        assert_allclose(found.q10["q10"], 2.0)
    assert set(zip(found.q10["t_low"], found.q10["t_high"], strict=True)) == {(5.0, 15.0)}
    assert found.left_out["reason"].tolist() == ["not incubated at 5 and 15 degC, but at 10, 20"]
    assert dict(zip(found.outcomes["study"], found.outcomes["outcome"], strict=True)) == {
        "First2020": "Q10", "Second2021": "Q10", "Third2022": "other temperatures",
    }  # fmt: skip


def test_a_line_needs_three_temperatures_from_the_lower_to_the_upper(shared):
    found = library_q10(shared, "rate-fit", (5, 15))
    assert found.q10[["study", "temperatures"]].to_numpy().tolist() == [["Second2021", 3.0]]
    assert_allclose(found.q10["q10"], 2.0)
    assert "a line needs three temperatures" in found.left_out.set_index("study").loc["First2020", "reason"]


def test_a_line_rests_on_no_temperature_outside_the_pair(tmp_path):
    file = tmp_path / "cold.duckdb"
    wide = other(tmp_path / "Wide2020", temperatures=(5, 10, 15, 25))
    series = wide / "timeSeries.csv"
    rows = [line.split(",") for line in series.read_text().splitlines()]
    rows[1:] = [[*row[:4], str(float(row[4]) * 100)] for row in rows[1:]]  # nonsense at 25 degC
    series.write_text("\n".join(map(",".join, rows)))
    add_to_library(file, wide)
    assert_allclose(library_q10(file, "rate-fit", (5, 15)).q10["q10"], 2.0)
    assert library_q10(file, "rate-fit", (5, 25)).q10["q10"].iloc[0] > 5


def test_the_pool_is_fitted_between_the_temperatures_of_the_pair(tmp_path):
    file = tmp_path / "cold.duckdb"
    times = tuple(range(2, 200, 12))
    one_pool = [[t, *(0.01 * k * np.exp(-k * t) * 1e3 for k in (0.01, 0.03))] for t in times]
    from entries import entry, series

    folder = entry(tmp_path / "Pool2020", variables=series(10, 20, unit="mgC/gC/d"), rows=one_pool)
    add_to_library(file, folder)
    found = library_q10(file, "pool", (10, 20))
    assert set(found.q10["definition"]) <= {"pool"}
    both = pd.concat([found.q10[["pool"]], found.left_out[["pool"]]])
    assert both["pool"].str.contains("one-pool").any()
    assert (found.q10["t_low"] == 10).all()
    assert (found.q10["t_high"] == 20).all()
    one = found.q10[found.q10["pool"] == "one-pool"]
    assert ((one["q10"] - 3.0).abs() < 0.3).all()


def test_near_temperatures_are_taken_only_when_asked_for(tmp_path):
    file = tmp_path / "cold.duckdb"
    add_to_library(file, other(tmp_path / "Near2020", temperatures=(4.5, 5.2, 15.4)))
    exact = library_q10(file, "rate-ratio", (5, 15))
    assert exact.q10.empty
    assert "not incubated at 5 and 15 degC, but at 4.5, 5.2, 15.4" in exact.left_out["reason"].iloc[0]
    near = library_q10(file, "rate-ratio", (5, 15), within=0.5).q10
    assert near[["t_low", "t_high"]].to_numpy().tolist() == [[5.2, 15.4]]
    assert_allclose(near["q10"], 2.0)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_every_set_has_an_estimate_or_a_reason(shared, definition):
    found = library_q10(shared, definition, (10, 20))
    sets = set(read_library(shared).jars["set"])
    assert set(found.q10["set"]) | set(found.left_out["set"]) == sets
    assert (found.left_out["reason"] != "").all()
    if definition != "pool":
        assert not set(found.q10["set"]) & set(found.left_out["set"])


def test_another_study_changes_no_estimate(shared, tmp_path):
    file = tmp_path / "cold.duckdb"
    add_to_library(file, shared.parent / "Second2021")
    alone = library_q10(file, "equal-time", (5, 15)).q10
    among = library_q10(shared, "equal-time", (5, 15)).q10.query("study == 'Second2021'")
    pd.testing.assert_frame_equal(alone, among.reset_index(drop=True))


@pytest.mark.data
def test_estimates_are_those_of_the_studies_by_themselves(tmp_path, data):
    entries = data / "sidb" / "data"
    names = ["Song2010", "Reichstein2000"]
    file = tmp_path / "cold.duckdb"
    add_to_library(file, *(entries / name for name in names))
    found = library_q10(file, "equal-time", (5, 15)).q10.set_index("set")
    for name in names:
        measured = read_sidb(entries / name)
        rows = q10(measured.respiration, measured.jars, definitions=["equal-time"])
        rows = rows[(rows["t_low"] == 5) & (rows["t_high"] == 15) & (rows["temperatures"] == 2)].set_index("set")
        assert len(rows)
        for column in ("q10", "lower", "upper", "sd_ln_q10"):
            assert_allclose(found.loc[rows.index, column], rows[column], rtol=1e-12)
        times = measured.respiration.groupby("jar")[["time", "time_end"]].max().max(axis=1)
        length = measured.jars.assign(last=measured.jars["jar"].map(times)).groupby("set")["last"].max()
        assert_allclose(found.loc[rows.index, "incubation_length"], length[rows.index])
    assert (found["sieving"] != "").all()
    assert found["doi"].str.startswith("10.").all()


@pytest.mark.parametrize(
    ("definition", "pair", "within", "words"),
    [
        ("fastest", (5, 15), 0, "no definition of Q10 is called 'fastest'; there are rate-ratio"),
        ("equal-time", (-5, 5), 0, "no Q10 is defined from -5 to 5 degC: below 0 degC water freezes"),
        ("equal-time", (15, 5), 0, "the lower first"),
        ("equal-time", (5, float("nan")), 0, "a pair of temperatures is needed"),
        ("equal-time", (5, 15), 5, "less than half of 10"),
        ("equal-time", (5, 15), -1, "0 or more is needed"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(shared, definition, pair, within, words):
    with pytest.raises(SettingsError, match=re.escape(words)):
        library_q10(shared, definition, pair, within=within)


def test_the_folder_explains_every_column_and_carries_every_doi(shared, tmp_path):
    found = library_q10(shared, "equal-carbon", (5, 15))
    files = write_q10(found, tmp_path / "out", library=shared)
    explained = pd.read_csv(tmp_path / "out" / "dictionary.csv", keep_default_na=False)
    for file in files:
        if file.suffix == ".csv":
            columns = list(pd.read_csv(file, nrows=0))
            assert columns == explained.loc[explained["file"] == file.name, "column"].tolist()
    assert (explained["meaning"] != "").all()
    written = pd.read_csv(tmp_path / "out" / "q10.csv")
    assert_allclose(np.exp(written["ln_q10"]), written["q10"])
    assert written["doi"].notna().all()
    assert written["latitude [degree]"].notna().all()
    assert not [one for one in (tmp_path / "out").iterdir() if "partial" in one.name]
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "Q10 by equal-carbon at 5 and 15 degC" in readme
    assert set(MEANINGS) - {"file", "column", "unit", "meaning"} <= {c.split(" [")[0] for c in explained["column"]}
    assert titled("respiration").endswith("d-1]")


def test_the_command_takes_a_pair_and_says_what_was_left_out(shared, tmp_path):
    out = tmp_path / "out"
    words = ["library", "q10", str(shared), "--definition", "equal-time", "--out", str(out), "--pair"]
    result = CliRunner().invoke(app, [*words, "5,15"], prog_name="talik")
    assert "2 estimates of 2 of 3 studies; 1 sets or pools are left out" in result.output
    assert (out / "q10.csv").is_file()
    below = CliRunner().invoke(app, [*words, "-9,-2"], prog_name="talik")
    assert "0 estimates of 0 of 3 studies" in below.output
    wrong = CliRunner().invoke(app, [*words, "5 and 15"], prog_name="talik")
    assert "two temperatures in degC are needed" in str(wrong.exception)


def test_the_commands_add_list_and_check(tmp_path):
    file, study = tmp_path / "cold.duckdb", other(tmp_path / "First2020")

    def talik(*words):
        return CliRunner().invoke(app, ["library", *map(str, words)], prog_name="talik")

    assert "added: 1 (First2020)" in talik("add", file, study).output
    assert "there already, the same: 1 (First2020)" in talik("add", file, study).output
    assert "First2020" in talik("list", file).output
    assert talik("check", file).exit_code == 0
    assert isinstance(talik("list", study).exception, InputError)
    (tmp_path / "study.toml").write_text('[study]\ntitle = "a"\n[source]\nsidb = "First2020"\n')
    assert "the same: 1" in talik("add", file, tmp_path / "study.toml").output
