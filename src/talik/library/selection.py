"""A filter on a table as one SQL statement, with the columns of what its rows join to."""

from talik.errors import InputError, listed
from talik.library.schema import KEPT, TREATMENTS, kept_columns, quoted
from talik.tables import TABLES

CONTEXT = ("layer", "depth_top", "depth_bottom", "latitude", "longitude", "permafrost", "doi")
"""Columns of what a row joins to that are given with it."""


def filter_statement(table: str, where: str) -> str:
    """The statement that picks the rows of a table.

    Parameters
    ----------
    table : str
        Name of the table.
    where : str
        A condition in SQL on its columns and those of its jars, samples, sites and studies.

    Returns
    -------
    str
        One SELECT: the columns of the table, then layer, depth and place where it has a sample.

    Raises
    ------
    InputError
        For a table that a library does not have.
    """
    if table not in KEPT:
        raise InputError(f"a library has no table {table!r}; it has {listed(list(KEPT), 20)}.", [table])
    columns = _columns(table)
    shown = [*kept_columns(table), *(c for c in CONTEXT if c in columns and c not in kept_columns(table))]
    if TABLES[table].treatments:
        shown.append(TREATMENTS)
    inner = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in columns.items())
    # The condition stands on lines of its own, so that a comment in it ends with it.
    return (
        f"SELECT {', '.join(map(quoted, shown))} FROM (SELECT {inner}, t.rowid AS row_of_table FROM {_joined(table)}) "
        f"AS rows_\nWHERE (\n{where}\n)\nORDER BY row_of_table"
    )


def filter_columns(table: str) -> list[str]:
    """Columns that a condition on a table may name."""
    return list(_columns(table))


def _parents(table: str) -> list[str]:
    """Tables that the rows of a table join to, the nearest first."""
    own = kept_columns(table)
    found = [] if "jar" not in own or table == "jars" else ["jars"]
    if table != "samples" and ("sample" in own or found or table == "properties"):
        found.append("samples")
    if table != "sites" and ("site" in own or "samples" in found):
        found.append("sites")
    return found if table == "studies" else [*found, "studies"]


def _columns(table: str) -> dict[str, str]:
    """Every column that a condition may name, with where it is found."""
    made = {column: f"t.{quoted(column)}" for column in kept_columns(table)}
    for parent in _parents(table):
        for column in kept_columns(parent):
            made.setdefault(column, f"{quoted(parent)}.{quoted(column)}")
    treated = [name for name in ("samples", "jars") if name == table or name in _parents(table)]
    if treated:
        maps = ["t" if name == table else name for name in treated]
        there = [f"coalesce({one}.{TREATMENTS}, MAP {{}})" for one in maps]
        made[TREATMENTS] = there[0] if len(there) == 1 else f"map_concat({', '.join(there)})"
    return made


def _joined(table: str) -> str:
    own, parents = kept_columns(table), _parents(table)
    sample = "t.sample" if "sample" in own else "jars.sample"
    if table == "properties":
        sample = "CASE WHEN t.subject = 'sample' THEN t.id END"
    site = "t.site" if "site" in own else "samples.site"
    if table == "properties":
        site = "CASE WHEN t.subject = 'site' THEN t.id ELSE samples.site END"
    on = {
        "jars": "jars.jar = t.jar", "samples": f"samples.sample = {sample}", "sites": f"sites.site = {site}",
        "studies": "studies.study = t.study",
    }  # fmt: skip
    return " ".join([f"{quoted(table)} AS t", *(f"LEFT JOIN {quoted(one)} ON {on[one]}" for one in parents)])
