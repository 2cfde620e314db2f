"""A library looked over: keys, values, near-duplicates, and what talik did not make."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from talik.errors import TableError
from talik.library.contents import rows_of
from talik.library.duplicates import duplicates
from talik.library.file import WAIT, Tell, opened
from talik.library.schema import KEPT, foreign
from talik.problems import Problem, merged, problem, problems_table
from talik.tables import check

_JOINS = (
    ("samples", "site", "sites"), ("jars", "sample", "samples"), ("respiration", "jar", "jars"),
    ("readings", "jar", "jars"), ("release", "jar", "jars"), ("pools", "set", "jars"), ("q10", "set", "jars"),
)  # fmt: skip
"""A table, its key, and the table that the key is looked up in."""


def check_library(file: Path | str, *, wait: float = WAIT, tell: Tell | None = None) -> pd.DataFrame:
    """Everything that is wrong or doubtful in a library as a whole.

    Schema and units are compared when it is opened. Here the keys are: each must join to one row. Every value must be
    one that its table allows. And what stands under two studies is told.

    Parameters
    ----------
    file : path_like
        The library.
    wait : float, default 30
        How long to wait for a process that writes it. [s]
    tell : callable, optional
        Told that it is waited for.

    Returns
    -------
    DataFrame
        As ``problems.csv``, errors first. The problems of each study by itself are in the table ``problems``.

    Raises
    ------
    InputError
        Where it is no library, damaged, or of another talik.

    Examples
    --------
    >>> import tempfile
    >>> from talik.library import add_to_library
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = write_templates(folder / "study")
    >>> file = folder / "cold.duckdb"
    >>> added = add_to_library(file, folder / "study" / "tables")
    >>> len(check_library(file))
    0
    """
    with opened(file, wait=wait, tell=tell) as connection:
        tables = {name: rows_of(connection, name) for name in KEPT}
        strange = foreign(connection)
    found = [*_foreign(strange), *_impossible(tables), *_unjoined(tables)]
    lookalikes = (
        problems_table([]) if any(one.severity == "error" for one in found)
        else duplicates(*(tables[name] for name in ("studies", "sites", "samples", "jars", "respiration")))
    )  # fmt: skip
    return merged(problems_table(found), lookalikes)


def _foreign(strange: list[str]) -> Iterator[Problem]:
    for one in strange:
        yield problem(
            "library-foreign", stage="library", column=one, found=one, needed="the tables of a library only",
            done="passed over; nothing of talik reads it",
        )  # fmt: skip


def _impossible(tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Values and keys that a table does not allow."""
    for name, table in tables.items():
        own = table.drop(columns=["study"]) if name == "cabinets" and "study" in table else table
        try:
            check(name, own)
        except TableError as error:
            for offender in error.offenders:
                yield problem(
                    "row-impossible", stage="library", where=name, found=offender.replace("line", "row"),
                    needed="rows as they were added", done="nothing; add the study again with --replace",
                )  # fmt: skip


def _unjoined(tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Keys that join to nothing."""
    for name, key, home in _JOINS:
        rows = tables[name]
        yield from _lost(name, key, rows[~rows[key].isin(tables[home][key])][["study", key]], home)
    properties = tables["properties"]
    for subject, home in (("sample", "samples"), ("site", "sites")):
        rows = properties[(properties["subject"] == subject) & ~properties["id"].isin(tables[home][subject])]
        yield from _lost("properties", "id", rows[["study", "id"]], home)
    for name in KEPT:
        if name != "studies":
            rows = tables[name]
            yield from _lost(name, "study", rows[~rows["study"].isin(tables["studies"]["study"])][["study"]], "studies")


def _lost(name: str, key: str, rows: pd.DataFrame, home: str) -> Iterator[Problem]:
    for value, group in rows.groupby(key, sort=False):
        yield problem(
            "key-unjoined", stage="library", entry=str(group["study"].iloc[0]), column=str(value), where=name,
            found=f"{len(group)} rows whose {key} is not in {home}", needed=f"one row of {home}",
            done="nothing; add the study again with --replace",
        )  # fmt: skip
