"""Studies into a library: all of them, in one transaction, or none."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from talik import __version__
from talik.errors import InputError, itemised
from talik.library.contents import rows_of, study_tables
from talik.library.contribution import KEYS, Contribution, read_contributions
from talik.library.duplicates import duplicates
from talik.library.file import WAIT, Tell, now, opened
from talik.library.schema import KEPT, SOURCE_COLUMNS, TREATMENTS, kept_columns, quoted
from talik.problems import COLUMNS, problems_table
from talik.tables import TABLES, typed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ESTIMATES = ("release", "pools", "q10")


@dataclass(frozen=True)
class Added:
    """What became of the studies that were to be added."""

    added: tuple[str, ...]
    """Studies that are new in the library."""
    replaced: tuple[str, ...]
    """Studies that were there otherwise and were replaced."""
    same: tuple[str, ...]
    """Studies that were there already, just the same."""
    problems: pd.DataFrame
    """Near-duplicates between these studies and the library, as in ``problems.csv``."""


def add_to_library(
    file: Path | str,
    *sources: Path | str | Contribution,
    replace: bool = False,
    wait: float = WAIT,
    tell: Tell | None = None,
) -> Added:
    """Add studies to a library, which is made where there is none: all of them or none.

    Parameters
    ----------
    file : path_like
        The library.
    *sources : path_like or Contribution
        Folders of SIDb entries, of talik's tables, or of finished runs; or studies from elsewhere.
    replace : bool, default False
        Put a study in the place of one of its name that differs.
    wait : float, default 30
        How long to wait for another process that has the library. [s]
    tell : callable, optional
        Told that it is waited for.

    Returns
    -------
    Added

    Raises
    ------
    TalikError
        For a source that cannot be read, a study that is there otherwise, and a library that is not one or is
        in use. The library is as it was.

    Examples
    --------
    >>> import tempfile
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = write_templates(folder / "study")
    >>> add_to_library(folder / "cold.duckdb", folder / "study" / "tables").added
    ('synthetic',)
    >>> add_to_library(folder / "cold.duckdb", folder / "study" / "tables").same
    ('synthetic',)
    """
    brought: list[Contribution] = []
    for source in sources:
        brought += [source] if isinstance(source, Contribution) else read_contributions(source)
    brought = _each_once(brought)
    with opened(file, write=True, wait=wait, tell=tell) as connection:
        connection.execute("BEGIN TRANSACTION")
        replaced, same = _compared(file, connection, brought, replace)
        new = [one for one in brought if one.study not in same]
        for study in replaced:
            for table in (*KEPT, "problems", "sources"):
                connection.execute(f"DELETE FROM {quoted(table)} WHERE study = ?", [study])
        _refuse_shared_keys(file, connection, new)
        _insert(connection, new)
        connection.execute("COMMIT")
        names = ("studies", "sites", "samples", "jars", "respiration")
        tables = [rows_of(connection, name) for name in names] if new else []
    found = duplicates(*tables, of={one.study for one in new}) if new else problems_table([])
    added = tuple(one.study for one in new if one.study not in replaced)
    return Added(added, tuple(replaced), tuple(same), found)


def _each_once(brought: Iterable[Contribution]) -> list[Contribution]:
    """Every study once; two of one name that differ are refused."""
    kept: dict[str, Contribution] = {}
    twice = []
    for one in brought:
        before = kept.setdefault(one.study, one)
        if before is not one and _differing(before.tables, one):
            twice.append(f"{one.study}: in {before.path} and in {one.path}")
    if twice:
        raise InputError(
            f"{len(twice)} studies are there twice with different contents; nothing was added. Name one of the "
            f"sources only, or rename the study:\n{itemised(twice)}",
            twice,
        )
    return list(kept.values())


def _compared(
    file: Path | str, connection: "DuckDBPyConnection", brought: Iterable[Contribution], replace: bool
) -> tuple[list[str], list[str]]:
    """Studies to be replaced, and those that are there already just the same."""
    there = {study for (study,) in connection.execute("SELECT study FROM studies").fetchall()}
    other, same, told = [], [], []
    for one in brought:
        if one.study not in there:
            continue
        differing = _differing(study_tables(connection, one.study), one)
        if differing:
            other.append(one.study)
            told.append(f"{one.study}: other {', '.join(differing)}")
        else:
            same.append(one.study)
    if other and not replace:
        raise InputError(
            f"{len(other)} of these studies {'is' if len(other) == 1 else 'are'} in {file} with other contents; "
            f"nothing was added:\n{itemised(told)}\n  To put the new in the place of the old, add with --replace.",
            other,
        )
    return other, same


def _differing(there: dict[str, pd.DataFrame], one: Contribution) -> list[str]:
    """Tables of a study that differ; what talik computed itself does not count."""
    compared = one.tables if one.kind == "run" else {n: t for n, t in one.tables.items() if n not in _ESTIMATES}
    return [
        name for name, table in compared.items() if not _comparable(name, there[name]).equals(_comparable(name, table))
    ]


def _comparable(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A table in an order of its own, treatments without values left out."""
    table = typed(name, table)
    own = list(kept_columns(name))
    treatments = sorted(c for c in table if c not in own and (table[c] != "").any())
    columns = [*(c for c in own if c in table), *treatments]
    return table[columns].sort_values(columns, kind="stable").reset_index(drop=True)


def _refuse_shared_keys(file: Path | str, connection: "DuckDBPyConnection", new: Iterable[Contribution]) -> None:
    """Refuse keys that another study has too, as a study 'A' with jar 'B 1' beside a study 'A B' with jar '1'."""
    told, seen = [], {}
    for key, home in KEYS.items():
        column = quoted(key)
        taken = dict(
            connection.execute(
                f"SELECT DISTINCT {column}, study FROM {quoted(home)} WHERE {column} IS NOT NULL"
            ).fetchall()
        )
        seen[key] = taken
        for one in new:
            for value in dict.fromkeys(one.tables[home][key]):
                if value and seen[key].setdefault(value, one.study) != one.study:
                    told.append(f"{key} {value!r} of {one.study} is one of {seen[key][value]} too")
    if told:
        raise InputError(
            f"{file}: {len(told)} keys would name two things; nothing was added. Rename one of the studies:\n"
            f"{itemised(told)}",
            told,
        )


def _insert(connection: "DuckDBPyConnection", new: list[Contribution]) -> None:
    stamp = now()
    for name in KEPT:
        parts = [one.tables[name] for one in new if name in one.tables and len(one.tables[name])]
        if parts:
            _insert_table(connection, name, typed(name, pd.concat(parts, ignore_index=True)))
    problems = [one.problems[list(COLUMNS)].assign(study=one.study) for one in new if len(one.problems)]
    if problems:
        _insert_frame(connection, "problems", pd.concat(problems, ignore_index=True).astype("str"))
    sources = [
        (one.study, one.kind, one.path, name, digest, __version__, stamp)
        for one in new for name, digest in (one.files or {"": ""}).items()
    ]  # fmt: skip
    if sources:
        _insert_frame(connection, "sources", pd.DataFrame(sources, columns=list(SOURCE_COLUMNS)))


def _insert_table(connection: "DuckDBPyConnection", name: str, table: pd.DataFrame) -> None:
    own = [column for column in kept_columns(name) if column in table]
    if not TABLES[name].treatments:
        _insert_frame(connection, name, table[own])
        return
    treatments = table.drop(columns=own)
    long = [
        (row, place, column, value)
        for place, column in enumerate(treatments)
        for row, value in enumerate(treatments[column])
        if value
    ]
    columns = ["row", "place", "name", "value"]
    connection.register("treated", _plain(pd.DataFrame(long or [(-1, 0, "-", "-")], columns=columns)))
    _insert_frame(connection, name, table[own].assign(row=range(len(table))), treated=True)
    connection.unregister("treated")


_MAPS = (
    "LEFT JOIN (SELECT row, map(list(name ORDER BY place), list(value ORDER BY place)) AS made FROM treated GROUP BY "
    "row) AS maps USING (row) ORDER BY row"
)


def _insert_frame(connection: "DuckDBPyConnection", name: str, frame: pd.DataFrame, treated: bool = False) -> None:
    """Insert rows by column name; empty text and missing numbers become NULL."""
    connection.register("incoming", _plain(frame))
    values = {column: _value(frame, column) for column in frame if column != "row"}
    if treated:
        values[TREATMENTS] = "coalesce(made, MAP {})"
    columns = ", ".join(map(quoted, values))
    connection.execute(
        f"INSERT INTO {quoted(name)} ({columns}) SELECT {', '.join(values.values())} FROM incoming "
        f"{_MAPS if treated else ''}"
    )
    connection.unregister("incoming")


def _value(frame: pd.DataFrame, column: str) -> str:
    if pd.api.types.is_float_dtype(frame[column]):
        return f"nullif({quoted(column)}, 'nan'::DOUBLE)"
    if pd.api.types.is_bool_dtype(frame[column]):
        return quoted(column)
    return f"nullif({quoted(column)}::VARCHAR, '')"


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose text is of Python's own kind."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("str").columns, object))
