"""Measurements and results to the formats of databases."""

from pathlib import Path

import pandas as pd

from talik.errors import InputError, UnknownNameError, listed
from talik.incubation.measurements import Measurements
from talik.problems import problem, problems_table

FORMATS = {
    "sidb": "an SIDb entry for each study",
    "ess-dive": "talik's tables as CSV with ESS-DIVE's file-level metadata and data dictionaries",
}
"""What can be exported to."""

_MEASURED = ("studies", "sites", "samples", "properties", "jars", "respiration", "problems")


def export(source: Path | str, to: str, folder: Path | str) -> pd.DataFrame:
    """Write a study or a run in the format of a database.

    Parameters
    ----------
    source : path_like
        A run folder, ``study.toml`` or its folder, SIDb entries, a folder of talik's tables, or a filled
        template of ISRaD (.xlsx).
    to : {"sidb", "ess-dive"}
        The format: ``sidb`` writes entries, ``ess-dive`` all tables that there are.
    folder : path_like
        Folder to write to; nothing in it is replaced.

    Returns
    -------
    DataFrame
        What the format cannot hold, as problems.

    Raises
    ------
    TalikError
        Where the source cannot be read, the format is not known, or the folder cannot be written.

    Examples
    --------
    >>> export("talik-demo", "sdib", "entries")
    Traceback (most recent call last):
        ...
    talik.errors.UnknownNameError: there is no format 'sdib' to export to; there are sidb, ess-dive
    """
    if to not in FORMATS:
        raise UnknownNameError(f"there is no format {to!r} to export to; there are {listed(list(FORMATS))}", [to])
    title, tables = _tables(Path(source))
    if to == "sidb":
        from talik.incubation.sidb import write_sidb

        return write_sidb(Measurements(**{name: tables[name] for name in _MEASURED}), folder)
    from talik.essdive import write_tables

    filled = {name: _filled(table) for name, table in tables.items() if len(table)}
    write_tables(filled, folder, title=title)
    empty = [name for name, table in tables.items() if not len(table)]
    told = [
        problem(
            "not-held", stage="report", severity="info", where=", ".join(empty), found="tables without rows",
            needed="rows", done="no file is written for them",
        )
    ]  # fmt: skip
    return problems_table(told if empty else [])


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """A table without columns that hold nothing."""
    return table[[name for name in table if (table[name].notna() & (table[name].astype(str) != "")).any()]]


def _tables(source: Path) -> tuple[str, dict[str, pd.DataFrame]]:
    """Title and tables of a run, or of measurements of any kind."""
    if not source.exists():
        raise InputError(
            f"{source} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(source)]
        )
    if (source / ".stages").is_dir():
        from talik.study import read_result

        result = read_result(source)
        stages = (result.survey, result.incubation, result.flux, result.pools, result.temperature)
        return result.title, {n: t for stage in stages for n, t in stage.items()} | {"problems": result.problems}
    title, measured = _measurements(source)
    return title, {name: getattr(measured, name) for name in _MEASURED}


def _measurements(source: Path) -> tuple[str, Measurements]:
    if source.suffix.lower() in (".xlsx", ".xls", ".xlsm"):
        from talik.incubation.israd import read_israd

        return source.stem, read_israd(source)
    if (source / "jars.csv").is_file() and not (source / "study.toml").is_file():
        from talik.incubation.lab_tables import read_tables

        return source.resolve().name, read_tables(source)
    from talik.study import read_study

    study = read_study(source)
    return study.settings.study.title, study.measurements
