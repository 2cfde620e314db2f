"""What a library file holds: talik's tables with the study on every row, and what says how they were made."""

from typing import TYPE_CHECKING

from talik import __version__
from talik.errors import InputError, listed
from talik.problems import COLUMNS as PROBLEM_COLUMNS
from talik.quantities import QUANTITIES
from talik.tables import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCHEMA = 1
"""Number of the layout of the file, raised when it changes."""

KEPT = (
    "studies", "sites", "samples", "properties", "jars", "readings", "cabinets", "respiration", "release", "pools",
    "q10",
)  # fmt: skip
"""Tables of ``talik.tables`` that a library keeps; each has its study in every row."""

TREATMENTS = "treatments"
"""Column that keeps the treatments of samples and jars, as a map from name to value."""

SOURCE_COLUMNS = ("study", "kind", "path", "file", "sha256", "talik", "added")
"""Columns of the table ``sources``: one row a file that a study was read from."""

_TYPES = {"text": "VARCHAR", "number": "DOUBLE", "flag": "BOOLEAN"}


def kept_columns(name: str) -> dict[str, str]:
    """Columns of a kept table and their kind: text, number or flag.

    Examples
    --------
    >>> kept_columns("cabinets")["study"], kept_columns("cabinets")["temperature"]
    ('text', 'number')
    """
    return {"study": "text"} | {column.name: column.kind for column in TABLES[name].columns}


def layout() -> dict[str, dict[str, str]]:
    """Every table of a library: its columns and their SQL types."""
    made = {}
    for name in KEPT:
        made[name] = {column: _TYPES[kind] for column, kind in kept_columns(name).items()}
        if TABLES[name].treatments:
            made[name][TREATMENTS] = "MAP(VARCHAR, VARCHAR)"
    made["problems"] = dict.fromkeys(("study", *PROBLEM_COLUMNS), "VARCHAR")
    made["sources"] = dict.fromkeys(SOURCE_COLUMNS, "VARCHAR")
    made["dictionary"] = dict.fromkeys(("table_name", "column_name", "unit", "meaning"), "VARCHAR")
    made["library"] = {"schema": "INTEGER", "talik": "VARCHAR", "created": "VARCHAR"}
    return made


def create_tables(connection: "DuckDBPyConnection", now: str) -> None:
    """Make the tables of an empty library.

    Parameters
    ----------
    connection : DuckDBPyConnection
        An empty database, within a transaction.
    now : str
        Time stamp.
    """
    for name, columns in layout().items():
        body = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        connection.execute(f"CREATE TABLE {quoted(name)} ({body})")
    connection.execute("INSERT INTO library VALUES (?, ?, ?)", [SCHEMA, __version__, now])
    connection.executemany("INSERT INTO dictionary VALUES (?, ?, ?, ?)", _dictionary())


def _dictionary() -> list[list[str]]:
    """Unit and meaning of every column that is a quantity."""
    return [
        [name, column, QUANTITIES[column].unit, QUANTITIES[column].meaning]
        for name in KEPT for column in kept_columns(name) if column in QUANTITIES
    ]  # fmt: skip


def quoted(name: str) -> str:
    """A name as an SQL identifier.

    Examples
    --------
    >>> print(quoted("depth top"))
    "depth top"
    """
    return '"' + name.replace('"', '""') + '"'


def refuse_other_layouts(file: object, connection: "DuckDBPyConnection") -> None:
    """Refuse a database that is no library, or one of another talik.

    Raises
    ------
    InputError
        In words: what it is, who made it, and what to do.
    """
    found = _found_columns(connection)
    if {"schema", "talik"} - set(found.get("library", {})):
        held = f"It holds {listed(sorted(found))}." if found else "It holds nothing."
        raise InputError(f"{file} is a DuckDB database, but not a library of talik. {held}", [str(file)])
    row = connection.execute("SELECT schema, talik FROM library").fetchone()
    number, version = row or (None, "unknown")
    if number != SCHEMA:
        raise InputError(_other_talik(file, number, version), [str(file)])
    differing = _differing(layout(), found) + _other_units(connection)
    if differing:
        raise InputError(
            f"{file} was made by talik {version}, whose tables differ from those of this talik {__version__}: "
            f"{listed(differing, 5)}. Use that version, or add the studies to a new library.",
            differing,
        )


def _other_talik(file: object, number: object, version: str) -> str:
    said = f"{file} has schema {number} and was made by talik {version}; this talik {__version__} reads schema {SCHEMA}"
    newer = isinstance(number, int) and number > SCHEMA
    return f"{said}. " + ("Update talik." if newer else "Add the studies to a new library, from their sources.")


def _found_columns(connection: "DuckDBPyConnection") -> dict[str, dict[str, str]]:
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) WHERE schema_name = 'main' "
        "AND database_name = current_database()"
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def _differing(wanted: dict[str, dict[str, str]], found: dict[str, dict[str, str]]) -> list[str]:
    told = []
    for table, columns in wanted.items():
        there = found.get(table, {})
        told += [f"{table}.{column} is not there" for column in columns if column not in there]
        told += [f"{table}.{column} is not known" for column in there if column not in columns]
        told += [
            f"{table}.{column} is {there[column]}, not {kind}"
            for column, kind in columns.items() if column in there and there[column] != kind
        ]  # fmt: skip
    return told


def _other_units(connection: "DuckDBPyConnection") -> list[str]:
    """Columns whose unit was another when the library was made."""
    now = {(table, column): unit for table, column, unit, _ in _dictionary()}
    rows = connection.execute("SELECT table_name, column_name, unit FROM dictionary").fetchall()
    then = {(table, column): unit or "" for table, column, unit in rows}
    return [
        f"{table}.{column} is in {then.get((table, column), 'no unit')!r}, not {unit!r}"
        for (table, column), unit in now.items() if then.get((table, column)) != unit
    ]  # fmt: skip


def foreign(connection: "DuckDBPyConnection") -> list[str]:
    """Tables, views and macros that talik did not make."""
    rows = connection.execute(
        "SELECT 'table ' || table_name, table_name FROM duckdb_tables() WHERE database_name = current_database() "
        "UNION ALL SELECT 'view ' || view_name, NULL FROM duckdb_views() WHERE NOT internal "
        "UNION ALL SELECT 'macro ' || function_name, NULL FROM duckdb_functions() "
        "WHERE NOT internal AND database_name = current_database()"
    ).fetchall()
    return sorted({told for told, table in rows if table not in layout()})
