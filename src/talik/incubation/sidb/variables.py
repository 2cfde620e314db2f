"""The variables of an entry and the columns of its time series, brought together."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from talik.incubation.sidb.columns import SeriesColumn, as_number, as_text
from talik.incubation.sidb.corrections import Corrector
from talik.incubation.sidb.entry import Entry
from talik.problems import Findings

_SPREADS = {"sd": "SD", "se": "SE", "sem": "SE", "stdev": "SD", "std": "SD"}


@dataclass(frozen=True)
class Spread:
    """A column that holds the spread of another."""

    column: str
    """Name of the column."""
    statistic: str
    """``SD`` or ``SE``."""


def described_columns(
    entry: Entry, corrector: Corrector, findings: Findings
) -> tuple[list[SeriesColumn], dict[str, Spread]]:
    """Columns of values with their corrected fields, and the spread of each that has one.

    Parameters
    ----------
    entry : Entry
        The entry.
    corrector : Corrector
        Corrects the fields of each column.
    findings : Findings
        Where columns that do not match are told.

    Returns
    -------
    list of SeriesColumn
    dict of str to Spread
        By the name of the column whose spread it is.
    """
    values: list[SeriesColumn] = []
    spreads: list[SeriesColumn] = []
    for variable, header in _headers(entry, findings):
        column = SeriesColumn(header, corrector.correct(header, variable) | {"name": header})
        (spreads if _statistic(column) in _SPREADS.values() else values).append(column)
    owners = {spread.name: _owner(spread, values) for spread in spreads}
    for name in (name for name, owner in owners.items() if not owner):
        findings.tell(
            "column-unknown", where="metadata.yaml", column=name, found="a spread of no column",
            needed="primaryVariableName", done="left out",
        )  # fmt: skip
    return values, {owners[s.name]: Spread(s.name, _statistic(s)) for s in spreads if owners[s.name]}


def _statistic(column: SeriesColumn) -> str:
    return _SPREADS.get(as_text(column["statistic"]).lower(), "")


def _headers(entry: Entry, findings: Findings) -> Iterator[tuple[dict[str, Any], str]]:
    """Each variable of the metadata with the header of its column, time left out."""
    variables = [v for v in entry.metadata["variables"].values() if isinstance(v, dict)]
    headers = [str(header) for header in entry.series.columns]
    by_place = headers if len(variables) == len(headers) else [""] * len(variables)
    taken = []
    for variable, at_place in list(zip(variables, by_place, strict=True))[1:]:
        name = as_text(variable.get("name"))
        header = _header(name, headers) or at_place
        if not header:
            findings.tell(
                "column-unknown",
                where="timeSeries.csv",
                column=name,
                found="no such column",
                needed=name,
                done="left out",
            )
            continue
        if header != name:
            findings.tell(
                "header-repaired", where="timeSeries.csv", column=name, found=repr(header), needed=repr(name),
                done="taken as the same column",
            )  # fmt: skip
        taken.append(header)
        yield variable, header
    for header in headers[1:]:
        if header not in taken:
            findings.tell(
                "column-unknown", where="metadata.yaml", column=header, found="not described",
                needed="a variable of this name", done="left out",
            )  # fmt: skip


def _header(name: str, headers: Sequence[str]) -> str:
    """The header that a variable's name means, but for blanks, case and punctuation."""
    if name in headers:
        return name
    alike = [header for header in headers if _plain(header) == _plain(name)]
    return alike[0] if len(alike) == 1 else ""


def _plain(name: str) -> str:
    return re.sub(r"[^\w.]+", "", name).lower()


def _owner(spread: SeriesColumn, values: Sequence[SeriesColumn]) -> str:
    """The column whose spread this is: the one it names, or the one with the same fields."""
    named = as_text(spread["primaryVariableName"] or spread["primaryVariable"])
    if named in [column.name for column in values]:
        return named
    own = {key: as_text(value) for key, value in spread.fields.items() if key not in _NOT_SHARED}
    return next((c.name for c in values if all(as_text(c[key]) == value for key, value in own.items())), "")


_NOT_SHARED = ("name", "statistic", "varDesc", "units", "primaryVariableName", "primaryVariable")


def replicates(column: SeriesColumn, info: dict[str, Any]) -> float:
    """Replicates behind each value of a column; NaN where not stated."""
    if as_text(column["statistic"]).lower() == "none":
        return 1.0
    stated = info.get("replicates")
    own = as_number(column["replicates"]) or as_number(stated.get("value") if isinstance(stated, dict) else stated)
    return float("nan") if own is None or own < 1 else own


def standard_deviation(entry: Entry, column: SeriesColumn, spread: Spread | None) -> np.ndarray | None:
    """Standard deviation of a column, from the column that holds it or its standard error."""
    if spread is None:
        return None
    values = pd.to_numeric(entry.series[spread.column], errors="coerce").to_numpy(float)
    if spread.statistic == "SE":
        n = replicates(column, entry.metadata["incubationInfo"])
        values = values * (1.0 if np.isnan(n) else n) ** 0.5
    return values
