"""What is in a library, as tables and as measurements."""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from talik.errors import InputError
from talik.incubation.measurements import Measurements
from talik.library.file import WAIT, Tell, opened
from talik.library.schema import KEPT, TREATMENTS, quoted
from talik.problems import COLUMNS, problems_table
from talik.tables import TABLES, typed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def rows_of(
    connection: "DuckDBPyConnection", name: str, condition: str = "", values: Iterable[str] = ()
) -> pd.DataFrame:
    """Rows of a table of a library, as talik's table of that name.

    Parameters
    ----------
    connection : DuckDBPyConnection
        A library.
    name : str
        Name of the table.
    condition : str, optional
        Which rows, as SQL with a ``?`` for each value; all by default.
    values : iterable of str, optional
        The values.

    Returns
    -------
    DataFrame
        All columns of the table, treatments as columns of their own.
    """
    where = f"WHERE {condition}" if condition else ""
    found = connection.execute(f"SELECT * FROM {quoted(name)} {where} ORDER BY rowid", list(values)).df()
    if name not in TABLES:
        return found.fillna("").astype("str")
    if not TABLES[name].treatments:
        return typed(name, found)
    treatments = pd.DataFrame([one or {} for one in found[TREATMENTS]], index=found.index, dtype=object)
    return typed(name, pd.concat([found.drop(columns=TREATMENTS), treatments], axis=1))


def study_tables(connection: "DuckDBPyConnection", study: str) -> dict[str, pd.DataFrame]:
    """Every kept table of one study."""
    return {name: rows_of(connection, name, "study = ?", [study]) for name in KEPT}


def read_library(
    file: Path | str, where: str | None = None, *, wait: float = WAIT, tell: Tell | None = None
) -> Measurements:
    """Measurements of a library: all, or those of the jars that a condition picks.

    Parameters
    ----------
    file : path_like
        The library.
    where : str, optional
        A condition in SQL on jars, with the columns of their samples, sites and studies beside their own, as
        in ``latitude > 60 and layer = 'permafrost'``. It is evaluated as by ``query_library``, so it reaches
        nothing but the library.
    wait : float, default 30
        How long to wait for a process that writes it. [s]
    tell : callable, optional
        Told that it is waited for.

    Returns
    -------
    Measurements
        As they were checked when they were added. Keys are unique over all studies.

    Raises
    ------
    InputError
        Where the file is no library, the condition is none, or it picks nothing.

    Examples
    --------
    >>> import tempfile
    >>> from talik.library import add_to_library
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = write_templates(folder / "study")
    >>> file = folder / "cold.duckdb"
    >>> added = add_to_library(file, folder / "study" / "tables")
    >>> read_library(file, "latitude > 66 and temperature = 5").jars["jar"].tolist()
    ['synthetic 5a', 'synthetic 5b']
    """
    from talik.library.query import filter_library

    jars = None
    if where is not None:
        picked = filter_library(file, "jars", where, wait=wait, tell=tell)
        if picked.empty:
            raise InputError(f"{file}: no jar is picked by where = {where!r}.", [where])
        jars = set(picked["jar"])
    with opened(file, wait=wait, tell=tell) as connection:
        tables = {name: rows_of(connection, name) for name in (*KEPT, "problems")}
    return _measurements(tables, jars)


def _measurements(tables: dict[str, pd.DataFrame], jars: set[str] | None) -> Measurements:
    if jars is not None:
        tables = _of_jars(tables, jars)
    found = tables["problems"][list(COLUMNS)].drop_duplicates()
    names = {field.name for field in fields(Measurements)}
    kept = {name: table for name, table in tables.items() if name in names - {"problems"}}
    return Measurements(**kept, problems=found.reset_index(drop=True) if len(found) else problems_table([]))


def _of_jars(tables: dict[str, pd.DataFrame], names: set[str]) -> dict[str, pd.DataFrame]:
    """The rows that join to these jars."""
    jars = tables["jars"][tables["jars"]["jar"].isin(names)]
    samples = tables["samples"][tables["samples"]["sample"].isin(jars["sample"])]
    sites = tables["sites"][tables["sites"]["site"].isin(samples["site"])]
    properties = tables["properties"]
    of_sample = (properties["subject"] == "sample") & properties["id"].isin(samples["sample"])
    of_site = (properties["subject"] == "site") & properties["id"].isin(sites["site"])
    kept = {"jars": jars, "samples": samples, "sites": sites, "properties": properties[of_sample | of_site]}
    for name, table in tables.items():
        if name not in kept:
            key = next(key for key in ("jar", "set", "cabinet", "study") if key in table)
            kept[name] = table[table[key].isin(jars[key])]
    return {name: table.reset_index(drop=True) for name, table in kept.items()}


def list_library(file: Path | str, *, wait: float = WAIT, tell: Tell | None = None) -> pd.DataFrame:
    """The studies of a library: what they hold, and where they came from.

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
        A row a study: study, doi, licence, sites, soils, jars, intervals, sets_with_q10, temperatures, errors,
        warnings, source, talik, added.

    Examples
    --------
    >>> import tempfile
    >>> from talik.library import add_to_library
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = write_templates(folder / "study")
    >>> file = folder / "cold.duckdb"
    >>> added = add_to_library(file, folder / "study" / "tables")
    >>> list_library(file)[["study", "temperatures"]].iloc[0].tolist()
    ['synthetic', '5, 15']
    """
    with opened(file, wait=wait, tell=tell) as connection:
        found = connection.execute(_LIST).df()
    return found.astype(dict.fromkeys(found.select_dtypes(["object", "str"]), "str"))


_LIST = """
SELECT study, coalesce(doi, '') AS doi, coalesce(licence, '') AS licence,
    (SELECT count(*) FROM sites WHERE sites.study = s.study) AS sites,
    (SELECT count(*) FROM samples WHERE samples.study = s.study) AS soils,
    (SELECT count(*) FROM jars WHERE jars.study = s.study) AS jars,
    (SELECT count(*) FROM respiration WHERE respiration.study = s.study) AS intervals,
    (SELECT count(DISTINCT "set") FROM q10 WHERE q10.study = s.study AND q10 IS NOT NULL) AS sets_with_q10,
    coalesce((SELECT string_agg(t, ', ' ORDER BY t::DOUBLE) FROM (
        SELECT DISTINCT printf('%g', temperature) AS t FROM respiration WHERE respiration.study = s.study)), '')
        AS temperatures,
    (SELECT count(*) FROM problems WHERE problems.study = s.study AND severity = 'error') AS errors,
    (SELECT count(*) FROM problems WHERE problems.study = s.study AND severity = 'warning') AS warnings,
    coalesce((SELECT any_value(kind || ' ' || path) FROM sources WHERE sources.study = s.study), '') AS source,
    coalesce((SELECT any_value(talik) FROM sources WHERE sources.study = s.study), '') AS talik,
    coalesce((SELECT max(added) FROM sources WHERE sources.study = s.study), '') AS added
FROM studies AS s ORDER BY study
"""
