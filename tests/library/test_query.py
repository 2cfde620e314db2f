"""A query answers, and reaches nothing but the library, for as long and as much as it may."""

import io
import socket
import threading

import duckdb
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from talik.cli import app
from talik.errors import InputError
from talik.library import filter_library, query_library, sandbox, write_rows
from talik.library.file import BOUNDS
from talik.library.query import LARGEST, MEMORY
from talik.library.schema import KEPT

SECRET = "a secret of this machine"


def answer(file, sql, largest=LARGEST):
    """What the process of a query answers, without the limits of the operating system."""
    config = BOUNDS | {"temp_directory": "", "threads": "2"}
    return sandbox._answer({"file": str(file), "sql": sql, "largest": largest, "config": config})


@pytest.fixture
def secrets(tmp_path):
    """Files that no query may read, in every form that DuckDB reads."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "secret.csv").write_text(f"a,b\n1,{SECRET}\n")
    (folder / "secret.json").write_text(f'{{"a": "{SECRET}"}}')
    with duckdb.connect(str(folder / "secret.duckdb")) as connection:
        connection.execute(f"CREATE TABLE secret AS SELECT '{SECRET}' AS a")
        connection.execute(f"COPY secret TO '{folder}/secret.parquet'")
    return folder


ATTACKS = [
    "SELECT * FROM '{}/secret.csv'", "SELECT * FROM read_csv('{}/secret.csv')", "SELECT * FROM sniff_csv('{}/secret.csv')",
    "SELECT * FROM read_csv_auto('{}/*.csv')", "SELECT * FROM read_text('{}/secret.csv')",
    "SELECT * FROM read_blob('{}/secret.csv')", "SELECT * FROM read_json('{}/secret.json')",
    "SELECT * FROM read_ndjson_objects('{}/secret.json')", "SELECT * FROM read_parquet('{}/secret.parquet')",
    "SELECT * FROM parquet_metadata('{}/secret.parquet')", "SELECT * FROM glob('{}/*')",
    "SELECT * FROM read_text('file://{}/secret.csv')", "SELECT * FROM read_csv(['{}/secret.csv'])",
    "SELECT (SELECT content FROM read_text('{}/secret.csv'))", "SELECT * FROM query('FROM read_text(''{}/secret.csv'')')",
    "SELECT * FROM query_table('{}/secret.csv')", "WITH x AS (FROM read_text('{}/secret.csv')) SELECT * FROM x",
    "SELECT 1 WHERE EXISTS (FROM read_text('{}/secret.csv'))", "DESCRIBE SELECT * FROM read_csv('{}/secret.csv')",
    "SUMMARIZE FROM read_csv('{}/secret.csv')", "EXPLAIN ANALYZE SELECT * FROM read_csv('{}/secret.csv')",
    "COPY jars TO '{}/out.csv'", "COPY (SELECT 1) TO '{}/out.parquet'", "COPY jars FROM '{}/secret.csv'",
    "EXPORT DATABASE '{}/out'", "IMPORT DATABASE '{}'", "ATTACH '{}/secret.duckdb' AS s", "ATTACH '{}/new.duckdb'",
    "SELECT 1; SELECT 2", "SELECT 1; COPY jars TO '{}/out.csv'", "", "-- nothing", "SELECT", "INSTALL httpfs", "LOAD httpfs",
    "SELECT * FROM 'https://example.com/a.csv'", "SELECT * FROM read_parquet('s3://bucket/a.parquet')",
    "SELECT getenv('HOME')", "SET enable_external_access = true", "SET memory_limit = '100GB'", "RESET ALL",
    "PRAGMA enable_external_access", "PRAGMA enable_profiling", "CALL enable_logging()",
    "CREATE TABLE t AS SELECT 1", "CREATE TEMP TABLE t AS SELECT 1", "CREATE VIEW v AS SELECT 1", "CREATE MACRO m() AS 1",
    "INSERT INTO jars (jar) VALUES ('x')", "DELETE FROM jars", "UPDATE jars SET jar = 'x'", "DROP TABLE jars",
    "WITH gone AS (DELETE FROM jars RETURNING *) SELECT * FROM gone", "TRUNCATE jars", "CHECKPOINT", "VACUUM",
    "BEGIN TRANSACTION", "USE memory", "DETACH cold", "PREPARE p AS SELECT 1", "CREATE SECRET (TYPE s3)",
    "SELECT * FROM duckdb_secrets()", "SELECT * FROM secret_view", "SELECT secret_macro()", "SELECT * FROM reading",
    "SELECT * FROM pandas_scan(1)", "SELECT * FROM answer",
]  # fmt: skip
"""Statements that reach for files, the network, settings, Python's variables, or that change something."""


def test_no_attack_reads_or_writes_anything(library, secrets):
    with duckdb.connect(str(library)) as connection:
        connection.execute(f"CREATE VIEW secret_view AS SELECT * FROM read_text('{secrets}/secret.csv')")
        connection.execute(f"CREATE MACRO secret_macro() AS (SELECT content FROM read_text('{secrets}/secret.csv'))")
        connection.execute(f"CREATE MACRO reading() AS TABLE SELECT * FROM read_text('{secrets}/secret.csv')")
    before = library.read_bytes(), sorted(secrets.iterdir())
    for attack in ATTACKS:
        sql = attack.replace("{}", str(secrets))
        kind, told = answer(library, sql)
        assert kind in ("permission", "kind", "statements", "error") or not len(told), sql
        assert SECRET not in str(told), sql
    assert (library.read_bytes(), sorted(secrets.iterdir())) == before


def test_a_filter_reaches_no_further(library, secrets):
    hidden = f"study IN (SELECT content FROM read_text('{secrets}/secret.csv'))"
    with pytest.raises(InputError, match="reaches for something else than the library"):
        filter_library(library, "jars", hidden)
    with pytest.raises(InputError, match="one statement is needed"):
        filter_library(library, "jars", "true); DELETE FROM jars; SELECT (1")


def test_a_query_opens_no_connection(library):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.2)
        port = server.getsockname()[1]
        with pytest.raises(InputError):
            query_library(library, f"SELECT * FROM read_csv('http://127.0.0.1:{port}/a.csv')")
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_query_that_takes_too_long_is_stopped(shared):
    # DuckDB itself cannot interrupt this function.
    sql = "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000))"
    with pytest.raises(InputError, match="stopped after 2 s"):
        query_library(shared, sql, seconds=2)
    assert threading.active_count() < 10


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT length(repeat('x', 2000000000)) FROM range(10)",  # one value, of which DuckDB keeps no account
        "SELECT array_agg(range) FROM range(1000000000)",
    ],
)
def test_a_query_that_takes_too_much_memory_is_stopped(shared, sql):
    pytest.importorskip("resource", reason="Windows has no limits of a process")
    with pytest.raises(InputError, match=f"needs more than {MEMORY // 10**6} MB of memory"):
        query_library(shared, sql, seconds=60)


def test_a_result_that_is_too_large_is_refused(shared):
    assert answer(shared, "SELECT * FROM range(1000000)", largest=10**6) == ("large", "")


def test_a_query_gives_what_duckdb_gives(shared):
    sql = "SELECT study, temperature, count(*) AS n, avg(respiration) AS r FROM respiration GROUP BY ALL ORDER BY ALL"
    with duckdb.connect(str(shared), read_only=True) as connection:
        expected = connection.execute(sql).df()
    pd.testing.assert_frame_equal(query_library(shared, sql), expected)


def test_no_rows_have_columns_too(shared):
    assert list(query_library(shared, "SELECT jar, ph FROM jars WHERE false")) == ["jar", "ph"]


def test_a_filter_sees_what_its_rows_join_to(shared):
    found = filter_library(shared, "q10", "latitude > 60 and layer = 'permafrost' -- and only there")
    assert set(found["study"]) == {"Third2022"}
    assert_allclose(found.query("definition == 'rate-ratio'")["q10"], 3.0)
    assert {"layer", "latitude", "longitude", "doi"} <= set(found)


@pytest.mark.parametrize("table", KEPT)
def test_every_table_can_be_filtered(shared, table):
    from talik.library.selection import filter_columns, filter_statement

    kind, rows = answer(shared, filter_statement(table, "true"))
    with duckdb.connect(str(shared), read_only=True) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        every = " OR ".join(f'"{column}" IS NOT NULL' for column in filter_columns(table))
        connection.execute(filter_statement(table, every))
    assert (kind, len(rows)) == ("rows", count)


def test_a_column_that_is_not_there_is_answered_with_those_that_are(shared):
    with pytest.raises(InputError, match=r"latitude.*\n  A condition on jars may name: .*layer"):
        filter_library(shared, "jars", "latitud > 60")
    with pytest.raises(InputError, match="no table 'jar'; it has studies"):
        filter_library(shared, "jar", "true")


def test_rows_are_written_as_csv_and_parquet(shared, tmp_path):
    rows = query_library(shared, "SELECT jar, temperature, treatments, [1, 2] AS list FROM jars ORDER BY jar")
    for name in ("rows.csv", "rows.parquet"):
        write_rows(rows, tmp_path / name, library=shared)
        found = duckdb.sql(f"SELECT * FROM '{tmp_path}/{name}'").df()
        assert found["jar"].tolist() == rows["jar"].tolist()
        assert found["temperature"].tolist() == rows["temperature"].tolist()
        assert "[1, 2]" in str(found["list"].iloc[0])
    with pytest.raises(InputError, match="is the library itself"):
        write_rows(rows, tmp_path / "rows.csv", library=tmp_path / "rows.csv")
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        write_rows(rows, tmp_path / "rows.xlsx", library=shared)


def talik(*words):
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="talik")


def test_the_command_writes_units_into_the_header(shared):
    result = talik("library", "query", shared, "--table", "jars", "--where", "temperature = 5")
    found = pd.read_csv(io.StringIO(result.output))
    assert set(found["temperature [degC]"]) == {5.0}
    assert set(found["study"]) == {"First2020", "Second2021"}


@pytest.mark.parametrize("words", [(), ("--where", "true"), ("--sql", "SELECT 1", "--table", "jars")])
def test_the_command_wants_sql_or_a_table(shared, words):
    result = talik("library", "query", shared, *words)
    assert "give --sql" in str(result.exception)
