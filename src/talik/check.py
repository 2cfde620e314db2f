"""Every problem of an input, in words; nothing is computed from it."""

from pathlib import Path

import pandas as pd

from talik.errors import InputError, listed
from talik.problems import problems_table
from talik.source import Source
from talik.study import read_study
from talik.textfile import read_text

DUCKDB = b"DUCK"
"""Mark of a DuckDB file, behind a checksum of eight bytes."""


def check_input(path: Path | str) -> pd.DataFrame:
    """Problems of a study, of SIDb entries, of tables, of a workbook, of a mapping, or of an instrument's file.

    Parameters
    ----------
    path : path_like
        ``study.toml`` or its folder, a folder of SIDb entries, a folder of talik's tables, the workbook that
        ``talik new`` writes, a mapping file beside its data, a library, or a file of an instrument.

    Returns
    -------
    DataFrame
        As in ``problems.csv``, errors first.

    Raises
    ------
    TalikError
        Where the input cannot be read at all; every offender is named.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(path)])
    kind = _kind_of(path)
    if kind == "instrument":
        from talik.incubation.instruments import read_readings

        return problems_table(read_readings(path).problems)
    if kind == "library":
        from talik.library import check_library

        return check_library(path)
    if kind == "study":
        return read_study(path).measurements.problems
    return Source(kind, path).read().problems


def proposed_mapping(path: Path | str) -> str:
    """A mapping for a workbook, or a folder of workbooks, that talik does not know; else nothing.

    Parameters
    ----------
    path : path_like
        A file or a folder.

    Returns
    -------
    str
        The mapping as TOML, to be edited and kept; empty where talik knows what the path is.
    """
    path = Path(path)
    if not path.exists() or _kind_of(path) != "unknown":
        return ""
    from talik.incubation.sheets.propose import propose_mapping

    return propose_mapping(path)


def _kind_of(path: Path) -> str:
    """What a path holds: ``study``, ``instrument``, a name in ``SOURCES``, or ``unknown``."""
    from talik.incubation.instruments.recognise import is_instrument_file
    from talik.incubation.sheets.template import is_template

    if path.is_dir():
        return _kind_of_folder(path)
    if path.suffix.lower() == ".toml":
        return "mapping" if "[[read]]" in read_text(path).content else "study"
    with path.open("rb") as file:
        if file.read(12)[8:] == DUCKDB:
            return "library"
    if path.suffix.lower() == ".gz" or is_instrument_file(path):
        return "instrument"
    return "workbook" if is_template(path) else "unknown"


def _kind_of_folder(path: Path) -> str:
    from talik.incubation.mapping.files import WORKBOOKS
    from talik.incubation.sidb.entry import has_entries

    if (path / "study.toml").exists():
        return "study"
    if (path / "jars.csv").exists():
        return "tables"
    workbooks = any(file.suffix.lower() in WORKBOOKS for file in path.iterdir())
    return "unknown" if workbooks and not has_entries(path) else "study"


def in_words(problems: pd.DataFrame) -> str:
    """Problems as lines to read, grouped by entry and rule.

    Parameters
    ----------
    problems : DataFrame
        As in ``problems.csv``.

    Returns
    -------
    str
    """
    lines = []
    for (severity, entry, rule), rows in problems.groupby(["severity", "entry", "rule"], sort=False):
        if severity == "info":
            continue
        lines.append(f"{severity}: {entry}, {rule}" + (f" ({len(rows)} times)" if len(rows) > 1 else ""))
        lines += [
            f"  {_where(row)}found {row.found}; needed {row.needed}; {row.done}" for row in rows.head(3).itertuples()
        ]
        if len(rows) > 3:
            lines.append(f"  also {listed(list(rows['column'].iloc[3:]), 5)}")
    counts = problems["severity"].value_counts()
    told = (
        ", ".join(f"{counts.get(name, 0)} {name}s" for name in ("error", "warning"))
        + f", {counts.get('info', 0)} decisions"
    )
    return "\n".join([*lines, told])


def _where(row) -> str:
    parts = [part for part in (row.where, row.column) if part]
    return f"{', '.join(parts)}: " if parts else ""
