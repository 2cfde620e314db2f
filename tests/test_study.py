"""A study from file to report: resumed, traced, whole or not at all."""

import json
import os
import shutil
import subprocess
import sys
import time
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from talik import read_result, run_study, store
from talik.cli import app
from talik.demo import demo_study
from talik.new import write_templates
from talik.study import read_study
from talik.tables import TABLES, read_table


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A study of synthetic rows, run once."""
    folder = tmp_path_factory.mktemp("template") / "study"
    write_templates(folder)
    run_study(folder)
    return folder


@pytest.fixture
def finished(template, tmp_path):
    """A copy of the finished study, to be changed."""
    folder = tmp_path / "study"
    shutil.copytree(template, folder)
    return folder


def told(folder):
    """Run again and say what became of each stage."""
    lines = {}
    run_study(folder, progress=lambda stage, what: lines.update({stage: what}))
    return {stage: "as before" if what == "as before" else "done" for stage, what in lines.items()}


def test_the_example_finds_the_q10_that_it_was_made_with(template):
    q10 = read_result(template / "run").temperature["q10"]
    carbon = q10[(q10["definition"] == "equal-carbon") & (q10["quota_end"] - q10["quota_start"] == 1)].iloc[0]
    # Made with a Q10 of 2.5 from two pools that both have it.
    assert carbon["lower"] < 2.5 < carbon["upper"]
    assert_allclose(carbon["q10"], 2.5, rtol=0.1)


def test_the_run_folder_is_as_designed(template):
    run = template / "run"
    for name in ("study.toml", "problems.csv", "report.html", "ro-crate-metadata.json"):
        assert (run / name).is_file(), name
    assert list((run / "figures").glob("*.svg"))
    for name in ("sites", "samples", "properties", "jars", "respiration", "release", "pools", "q10", "layers"):
        assert (run / "tables" / f"{name}.csv").is_file(), name
        assert (run / "tables" / f"{name}.parquet").is_file(), name
    first = (run / "tables" / "respiration.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "respiration [ug C g-1 soil d-1]" in first


def test_a_study_of_one_sample_says_why_its_drivers_are_not_told(template):
    result = read_result(template / "run")
    sentence = "What drives Q10 is not told: 1 sample has one, and at least 5 are needed."
    assert list(result.drivers["drivers_words"]["words"]) == [sentence]
    assert sentence in (template / "run" / "report.html").read_text(encoding="utf-8")
    problems = pd.read_csv(template / "run" / "problems.csv")
    assert "driver-not-told" in set(problems["rule"])
    assert len(problems) == len(result.problems)


@pytest.mark.parametrize("name", ["sites", "jars", "respiration", "release", "pools", "q10"])
def test_a_table_written_and_read_back_is_the_same(template, name):
    run = template / "run"
    table = read_table(run / "tables" / f"{name}.csv", name)
    store.write_table(table, run / "again.csv")
    again = read_table(run / "again.csv", name)
    (run / "again.csv").unlink()
    pd.testing.assert_frame_equal(table, again)


def test_parquet_holds_the_same_numbers(template):
    import duckdb

    run = template / "run"
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT * FROM '{run / 'tables' / 'q10.parquet'}'").fetchdf()
    table = read_table(run / "tables" / "q10.csv", "q10")
    assert_allclose(rows["q10"].to_numpy(float), table["q10"], equal_nan=True, rtol=0)


def test_what_is_done_is_not_done_again(finished):
    # Copied to another place the source has another path but the same files, so nothing is computed again but
    # the report, which states the path.
    again = told(finished)
    assert {again[stage] for stage in ("survey", "incubation", "flux", "pools", "temperature", "drivers")} == {
        "as before"
    }
    assert set(told(finished).values()) == {"as before"}


def test_who_computes_belongs_to_no_key_and_changes_no_byte(finished):
    pools = finished / "run" / "tables" / "pools.csv"
    before = pools.read_bytes()
    pools.unlink()
    lines = {}
    run_study(finished, progress=lambda stage, what: lines.update({stage: what}), workers=2)
    assert {stage for stage, what in lines.items() if what != "as before"} == {"pools"}
    assert pools.read_bytes() == before


def test_run_takes_workers_from_the_command_line(finished):
    asked = ["run", str(finished), "--workers", "2", "--scheduler", "tcp://127.0.0.1:9"]
    found = CliRunner().invoke(app, asked)
    assert "2 workers of this machine and the scheduler tcp://127.0.0.1:9 are both named" in str(found.exception)


def test_a_changed_input_is_computed_again(finished):
    file = finished / "tables" / "respiration.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("5a,1.0", "5a,1.5"), encoding="utf-8")
    assert set(told(finished).values()) == {"done"}


def test_a_changed_setting_touches_only_what_depends_on_it(finished):
    file = finished / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + '\n[temperature]\nheadline = "rate"\n', encoding="utf-8")
    again = told(finished)
    assert again["pools"] == "as before"
    assert again["temperature"] == again["report"] == "done"


def test_a_file_changed_by_hand_does_not_count(finished):
    told(finished)
    (finished / "run" / "tables" / "release.csv").write_text("broken", encoding="utf-8")
    again = told(finished)
    assert again["flux"] == "done"
    assert again["pools"] == "as before"


def test_a_stage_that_was_interrupted_does_not_count(finished):
    told(finished)
    (finished / "run" / ".stages" / "pools.json").unlink()
    (finished / "run" / ".stages" / "pools.partial").mkdir()
    assert told(finished)["pools"] == "done"
    assert not list((finished / "run" / ".stages").glob("*.partial"))


def test_a_failing_stage_leaves_nothing_half_written(finished, monkeypatch):
    def broken(*_):
        raise OSError(28, "No space left on device")

    file = finished / "tables" / "respiration.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("5a,1.0", "5a,1.5"), encoding="utf-8")
    monkeypatch.setattr(store, "_write_parquet", broken)
    with pytest.raises(store.StoreError, match="No space left on device"):
        run_study(finished)
    monkeypatch.undo()
    assert not list((finished / "run" / ".stages").glob("*.partial"))
    before = read_result(finished / "run").incubation["respiration"]
    assert not (before["time"] == 1.5).any()


def test_the_crate_names_inputs_seed_versions_and_every_file(template):
    run = template / "run"
    graph = {
        one["@id"]: one for one in json.loads((run / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    }
    action = graph["#run"]
    assert action["seed"] == 1
    assert set(action["versions"]) >= {"talik", "python", "numpy", "scipy"}
    assert set(action["seconds"]) >= {"survey", "pools", "temperature"}
    inputs = {one["@id"].removeprefix("#input/") for one in action["object"]}
    assert inputs == {file.name for file in (template / "tables").iterdir()}
    for one in action["result"]:
        assert store._digest(run / one["@id"]) == graph[one["@id"]]["sha256"]


def test_a_run_gives_the_same_bytes_again(template, tmp_path):
    run_study(template, tmp_path / "again")
    for name in ("report.html", "tables/q10.csv", "tables/pools.csv", "tables/sensitivity.csv", "problems.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (template / "run" / name).read_bytes(), name


def test_a_result_read_back_is_the_result(template):
    result = read_result(template / "run")
    again = run_study(template)
    pd.testing.assert_frame_equal(result.temperature["q10"], again.temperature["q10"])
    assert result.title == "A new study"


def test_reading_a_folder_that_is_no_run_says_what_to_do(tmp_path):
    with pytest.raises(store.StoreError, match="holds no finished stage 'survey'. Run it first: talik run STUDY"):
        read_result(tmp_path)


def test_release_will_do_in_place_of_respiration(finished):
    from talik import read_tables

    rates = read_tables(finished / "tables").respiration
    curve = rates.assign(release=rates["respiration"] * rates["time"])[["jar", "time", "temperature", "gas", "release"]]
    (finished / "tables" / "respiration.csv").unlink()
    store.write_table(curve, finished / "tables" / "release.csv")
    found = read_tables(finished / "tables").respiration
    first = found[(found["jar"] == "5a")].iloc[0]
    assert_allclose(first["respiration"], rates["respiration"].iloc[0])
    assert (found["time_start"] >= 0).all()


class Page(HTMLParser):
    """What a page fetches."""

    fetched: list[str]

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "xlink:href") or (name == "href" and tag in ("link", "image", "use")):
                self.fetched.append(value)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The packaged study, run once."""
    out = tmp_path_factory.mktemp("demo")
    return run_study(demo_study(), out), out


def test_the_demo_says_how_many_soils_of_each_layer_have_a_q10(demo):
    result, out = demo
    layers = result.survey["samples"]["layer"].value_counts()
    page = (out / "report.html").read_text(encoding="utf-8")
    assert layers.get("permafrost", 0) == 0
    assert "no Q10 of the permafrost layer" in page.lower() or "permafrost-layer" in page


def test_the_demo_opens_with_the_sound_studies_and_says_what_is_wrong_with_the_others(demo):
    studies = demo[0].survey["studies"]
    assert list(studies["study"][:3]) == ["NeffHooper2002", "WicklandNeff2008", "Niklinska1999"]
    assert studies["note"].iloc[:3].str.startswith("Sound").all()
    assert not studies["note"].iloc[3:].str.startswith("Sound").any()
    assert (studies["note"] != "").all()


def test_every_row_of_the_demo_carries_study_doi_and_licence():
    for file in (demo_study().source.path).glob("*.csv"):
        if file.stem in TABLES:
            table = read_table(file, file.stem)
            for column in ("study", "doi", "licence"):
                assert (table[column] != "").all(), (file.name, column)


def test_the_report_fetches_nothing(demo):
    page = Page()
    page.fetched = []
    text = (demo[1] / "report.html").read_text(encoding="utf-8")
    page.feed(text)
    assert all(value.startswith(("#", "data:")) for value in page.fetched)
    assert "@import" not in text
    assert "url(http" not in text


def test_the_table_can_be_downloaded_from_the_page(demo):
    import base64
    import io
    import re
    from urllib.parse import unquote_to_bytes

    result, out = demo
    text = (out / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'href="data:text/csv[^,"]*,[^"]+"[^>]*download="([^"]+)"', text)
    assert any("q10" in name for name in links)
    kind, body = re.search(r'href="data:text/csv([^,"]*),([^"]+)"[^>]*download="[^"]*q10[^"]*"', text).groups()
    raw = base64.b64decode(body) if "base64" in kind else unquote_to_bytes(body)
    table = pd.read_csv(io.BytesIO(raw))
    assert len(table) == len(result.temperature["q10"])
    assert_allclose(table.filter(regex="^q10").iloc[:, 0], result.temperature["q10"]["q10"], equal_nan=True)


@pytest.mark.data
def test_the_demo_is_what_sidb_says(demo, sidb):
    """The compiled figures are the database's, to the digits kept."""
    packaged = demo[0].incubation["respiration"].set_index(["jar", "time"])
    source = sidb.respiration.set_index(["jar", "time"]).loc[packaged.index]
    for column in ("specific_respiration", "respiration", "jar_respiration"):
        assert_allclose(packaged[column], source[column], rtol=1e-5, equal_nan=True)


@pytest.mark.data
def test_all_of_sidb_runs_without_a_traceback_within_memory(data, tmp_path):
    # Not ru_maxrss: that of a child counts what its parent held when it was started.
    code = (
        "import sys; from talik import run_study; run_study(sys.argv[1], sys.argv[2]);"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(data / "sidb"), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1_000_000  # kB
    outcomes = read_table(tmp_path / "run" / "tables" / "outcomes.csv", "outcomes")
    assert (outcomes["outcome"] == "Q10").sum() == 17


def test_help_answers_without_loading_the_science():
    code = "import sys; from talik.cli import app; print([m for m in ('pandas', 'numpy', 'scipy', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_progress_is_plain_lines_where_there_is_no_terminal(finished):
    done = subprocess.run(
        [sys.executable, "-m", "talik", "run", str(finished)], capture_output=True, text=True, check=True,
        env=os.environ | {"FORCE_COLOR": ""},
    )  # fmt: skip
    assert "survey: as before" in done.stderr.splitlines()
    assert done.stdout.strip().endswith("report.html")
    assert "\x1b" not in done.stderr


def test_a_report_can_be_written_again(finished):
    told(finished)
    (finished / "run" / "report.html").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "talik", "report", str(finished / "run")], capture_output=True, text=True, check=True
    )
    assert (finished / "run" / "report.html").stat().st_mtime > time.time() - 60
    assert done.stdout.strip().endswith("report.html")
    assert np.isfinite((finished / "run" / "report.html").stat().st_size)


def test_a_mapping_may_be_an_example_beside_data_of_its_name(tmp_path):
    (tmp_path / "fireresp_canada").mkdir()
    text = '[study]\ntitle = "x"\n[source]\nmapping = "fireresp_canada"\ndata = "fireresp_canada"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    source = read_study(tmp_path).source
    assert source.path.name == "fireresp_canada.toml"
    assert source.data == tmp_path / "fireresp_canada"
