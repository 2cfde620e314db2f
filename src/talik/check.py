"""Every problem of an input, in words; nothing is computed from it."""

from pathlib import Path

import pandas as pd

from talik.errors import InputError, listed
from talik.study import read_study


def check_input(path: Path | str) -> pd.DataFrame:
    """Problems of a study, of SIDb entries, or of a folder of tables.

    Parameters
    ----------
    path : path_like
        ``study.toml`` or its folder, a folder of SIDb entries, or a folder of talik's tables.

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
    if path.is_dir() and not (path / "study.toml").exists() and (path / "jars.csv").exists():
        from talik.incubation.lab_tables import read_tables

        return read_tables(path).problems
    if not path.exists():
        raise InputError(f"{path} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(path)])
    return read_study(path).measurements.problems


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
