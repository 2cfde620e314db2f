"""Pools of many sets: the same bits whoever fits, in whatever order the rows come, from table or from file."""

import tracemalloc

import duckdb
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner

from talik.cli import app
from talik.errors import InputError, StoreError, TableError, UnknownNameError
from talik.pools import fit_pools, stream, table
from talik.pools.models import two_pool
from talik.pools.soils import cut
from talik.pools.stream import stream_pools
from talik.pools.table import Asked
from talik.tables import header, read_table, write_table
from talik.work import Workers

DAYS = np.array([1, 4, 15, 40, 100, 200], float)
MODELS = ("one-pool", "two-pool")
SOILS = 5


def incubation(soils=SOILS, replicates=2, seed=1):
    """Soils at 5 and 15 °C, their jars apart; carbon in some."""
    random = np.random.default_rng(seed)
    respiration, jars = [], []
    for soil in range(soils):
        fraction, q10 = random.uniform(0.01, 0.1), random.uniform(1.5, 4)
        for temperature in (5.0, 15.0):
            warming = q10 ** ((temperature - 10) / 10)
            rate = two_pool(DAYS, 300.0, fraction, 0.05 * warming, 2e-4 * warming)
            for replicate in range(replicates):
                jar = f"soil {soil} at {temperature:g} no. {replicate}"
                apart, noise = random.lognormal(0, 0.1), random.lognormal(0, 0.1, DAYS.size)
                respiration.append(
                    pd.DataFrame(
                        {"jar": jar, "time": DAYS, "temperature": temperature, "respiration": rate * apart * noise}
                    )
                )
                jars.append(
                    {"jar": jar, "sample": f"soil {soil}", "set": f"soil {soil}", "basis": "dry soil",
                     "organic_carbon": 300.0 + random.normal() if soil % 2 else np.nan}
                )  # fmt: skip
    return pd.concat(respiration, ignore_index=True), pd.DataFrame(jars)


RESPIRATION, JARS = incubation()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Two sets a part, so that few sets make many parts."""
    monkeypatch.setattr("talik.pools.soils.SETS", 2)
    monkeypatch.setattr("talik.pools.stream.SETS", 2)


@pytest.fixture(scope="module")
def fitted():
    """Fitted here, in parts of two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("talik.pools.soils.SETS", 2)
        return fit_pools(RESPIRATION, JARS, models=MODELS)


def same(found, expected):
    assert_frame_equal(found, expected, check_exact=True)


def test_a_dask_cluster_gives_the_same_bits(fitted):
    from dask.distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        same(fit_pools(RESPIRATION, JARS, models=MODELS, scheduler=cluster.scheduler_address), fitted)


def test_the_order_of_the_rows_changes_nothing(fitted):
    same(
        fit_pools(RESPIRATION.sample(frac=1, random_state=1), JARS.sample(frac=1, random_state=2), models=MODELS),
        fitted,
    )


def test_every_set_is_in_one_part_with_all_its_rows():
    parts = list(cut(RESPIRATION.sample(frac=1, random_state=1), JARS))
    assert [list(part.jars["set"].unique()) for part in parts] == [
        [f"soil {i}" for i in range(first, min(first + 2, SOILS))] for first in (0, 2, 4)
    ]
    assert sum(len(part.respiration) for part in parts) == len(RESPIRATION)
    assert all(set(part.respiration["jar"]) == set(part.jars["jar"]) for part in parts)


def test_a_jar_without_rates_and_a_set_without_rates_are_no_obstacle():
    parts = list(cut(RESPIRATION.iloc[:0], JARS))
    assert [len(part.respiration) for part in parts] == [0, 0, 0]
    assert fit_pools(RESPIRATION.iloc[:0], JARS, models=MODELS).empty


def test_parts_are_drawn_as_they_are_fitted():
    drawn = []
    tables = table.fit_parts(
        (drawn.append(1) or part for part in cut(RESPIRATION, JARS)), Asked(("one-pool",)), Workers()
    )
    next(tables)
    assert len(drawn) == 1


def write(frame, path):
    """A table as a file, as a run writes it."""
    if path.suffix == ".csv":
        write_table(frame, path)
    else:
        shown = frame.rename(columns=header).astype(dict.fromkeys(frame.select_dtypes("str").columns, object))  # noqa: F841
        duckdb.sql(f"COPY shown TO '{path}' (FORMAT parquet)")
    return path


def read(path):
    if path.suffix == ".csv":
        return read_table(path, "pools")
    with duckdb.connect() as connection:
        frame = connection.sql(f"FROM '{path}'").df()
    return frame.rename(columns={header(column): column for column in table.pools_table([]).columns})


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_from_file_to_file_gives_the_same_bits(kind, tmp_path, fitted):
    respiration = write(RESPIRATION.sample(frac=1, random_state=3), tmp_path / f"respiration.{kind}")
    jars = write(JARS.sample(frac=1, random_state=4), tmp_path / f"jars.{kind}")
    told = []
    done = stream_pools(
        respiration, jars, tmp_path / f"pools.{kind}", asked=Asked(MODELS), tell=lambda *n: told.append(n)
    )
    assert (done.sets, done.parts, done.rows) == (SOILS, 3, len(fitted))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert_frame_equal(read(tmp_path / f"pools.{kind}"), fitted, check_exact=True, check_dtype=kind == "csv")
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.{kind}" for name in ("respiration", "jars", "pools")}


def test_units_of_the_header_are_converted_and_notes_are_skipped(tmp_path, fitted):
    kelvin = RESPIRATION.assign(temperature=RESPIRATION["temperature"] + 273.15)
    text = kelvin.rename(columns={"temperature": "temperature [K]"}).to_csv(index=False)
    (tmp_path / "respiration.csv").write_text(f"# a note\n# another\n{text}", encoding="utf-8-sig")
    jars = write(JARS.assign(site_of_old="x"), tmp_path / "jars.csv")
    stream_pools(tmp_path / "respiration.csv", jars, tmp_path / "pools.csv", asked=Asked(MODELS))
    same(read(tmp_path / "pools.csv")["estimate"].round(6).to_frame(), fitted["estimate"].round(6).to_frame())


def test_the_command_with_two_workers_gives_the_bits_of_one(tmp_path, fitted):
    files = [str(write(frame, tmp_path / name)) for frame, name in ((RESPIRATION, "r.csv"), (JARS, "j.parquet"))]
    out = tmp_path / "pools.parquet"
    models = [word for model in MODELS for word in ("--model", model)]
    found = CliRunner().invoke(app, ["pools", *files, "--out", str(out), *models, "--workers", "2"])
    assert found.exit_code == 0, found.output
    assert f"{SOILS} sets, {len(fitted)} rows" in found.output
    assert_frame_equal(read(out), fitted, check_exact=True, check_dtype=False)


def bad(tmp_path, respiration=RESPIRATION, jars=JARS, models=("one-pool",), out="pools.csv"):
    stream_pools(
        write(respiration, tmp_path / "respiration.csv"), write(jars, tmp_path / "jars.csv"), tmp_path / out,
        asked=Asked(models),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        (
            {"respiration": RESPIRATION.drop(columns="time")},
            TableError,
            "respiration.csv: 1 problem\n.*'time .d.' is missing",
        ),
        ({"respiration": RESPIRATION.assign(gass="co2")}, TableError, "column 'gass' is not known; do you mean 'gas'"),
        ({"jars": JARS.drop(columns="set")}, TableError, "jars.csv: column 'set' is missing"),
        ({"jars": JARS.assign(set="")}, TableError, "have no set; name the set of each"),
        ({"jars": JARS.iloc[2:]}, TableError, "jars soil 0 at 5 no. 0, soil 0 at 5 no. 1 have respiration but are not"),
        ({"jars": pd.concat([JARS, JARS.iloc[:1]])}, TableError, "stands 2 times"),
        (
            {"respiration": RESPIRATION.assign(temperature="warm")},
            TableError,
            "line 2, temperature: 'warm' is not a number",
        ),
        ({"models": ("four-pool",)}, UnknownNameError, "'four-pool' is not a pool model"),
        ({"out": "pools.txt"}, InputError, "ends in .csv or .parquet"),
        ({"out": "nowhere/pools.csv"}, StoreError, "cannot be written"),
        ({"out": "jars.csv"}, InputError, "is one of the tables that are read"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_left_behind(changed, error, words, tmp_path):
    with pytest.raises(error, match=words):
        bad(tmp_path, **changed)
    assert {path.name for path in tmp_path.iterdir()} <= {"respiration.csv", "jars.csv"}


def test_faults_beyond_the_head_are_told_by_their_line(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "HEAD", 5)
    wrong = RESPIRATION.astype({"temperature": object})
    wrong.loc[20, "temperature"] = "warm"
    with pytest.raises(TableError, match="respiration.csv:\n  line 22, temperature: 'warm' is not a number"):
        bad(tmp_path, respiration=wrong)
    with pytest.raises(TableError, match="jars soil 0 at 5 no. 0 stand more than once"):
        bad(tmp_path, jars=pd.concat([JARS, JARS.iloc[:1]]))
    with pytest.raises(TableError, match="line 22, jar: is empty"):
        bad(tmp_path, respiration=RESPIRATION.assign(jar=RESPIRATION["jar"].where(RESPIRATION.index != 20, "")))
    assert not (tmp_path / "pools.csv").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it has no header"),
        (b"jar,time\na,1\nb,2,3,4\n", "cannot be read as a table"),
        (b"jar,time,time\n", "headers that are empty or stand twice: 'time', 'time'"),
        (b"\xff\xfej\x00a\x00r\x00", "is not in UTF-8"),
        (b"jar,time\n\xe4\xf6,1\n", "not in UTF-8|cannot be read"),
        (b"PAR1 no", "."),
    ],
)
def test_files_that_are_no_tables_are_refused_in_words(content, words, tmp_path):
    jars = write(JARS, tmp_path / "jars.csv")
    for name in ("respiration.csv", "respiration.parquet"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises((InputError, TableError), match=words if name.endswith("csv") else "cannot be read"):
            stream_pools(tmp_path / name, jars, tmp_path / "pools.csv")
    with pytest.raises(InputError, match="is not there"):
        stream_pools(tmp_path / "none.csv", jars, tmp_path / "pools.csv")


def test_memory_does_not_grow_with_the_number_of_sets(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "_fits_of_part", lambda *asked, **settings: [])  # fits of a part take what they take
    monkeypatch.setattr(stream, "HEAD", 5)

    def peak(soils):
        respiration, jars = incubation(soils, replicates=1)
        files = [write(frame, tmp_path / name) for frame, name in ((respiration, "r.csv"), (jars, "j.csv"))]
        tracemalloc.start()
        stream_pools(*files, tmp_path / "pools.csv", asked=Asked(("one-pool",)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(3)
    assert peak(40) < 1.3 * peak(8)


def test_a_gas_without_rows_is_refused_with_those_that_have(tmp_path):
    write_table(RESPIRATION.assign(gas="ch4"), tmp_path / "respiration.csv")
    write_table(JARS, tmp_path / "jars.csv")
    files = [str(tmp_path / name) for name in ("respiration.csv", "jars.csv")]
    done = CliRunner().invoke(app, ["pools", *files, "--out", str(tmp_path / "pools.csv")])
    assert isinstance(done.exception, TableError)
    assert str(done.exception) == f"respiration has no rows of gas 'co2'; it has {len(RESPIRATION)} of 'ch4'."
    assert not (tmp_path / "pools.csv").exists()
