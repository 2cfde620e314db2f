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

_MEANS = re.compile(r"^(mean|average|avg|none|na|n/a)?$", re.IGNORECASE)
_SPREADS = (
    ("SD", re.compile(r"^(sd|s\.d\.|st\.? ?dev|std|stdev|standard deviation)$", re.IGNORECASE)),
    ("SE", re.compile(r"^(se|s\.e\.|sem|std ?err|stderr|standard error( of the mean)?)$", re.IGNORECASE)),
)


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
        if _MEANS.match(as_text(column["statistic"])):
            values.append(column)
        elif _statistic(column):
            spreads.append(column)
        else:
            findings.tell(
                "other-quantity", severity="warning", where="metadata.yaml", column=header,
                found=f"statistic {as_text(column['statistic'])!r}", needed="mean, SD, SE or nothing", done="left out",
            )  # fmt: skip
    owners = {spread.name: _owner(spread, values) for spread in spreads}
    _drop_other_units(values, spreads, owners, findings)
    for name in (name for name, owner in owners.items() if not owner and name not in _told(findings)):
        findings.tell(
            "column-unknown", where="metadata.yaml", column=name, found="a spread of no column",
            needed="primaryVariableName", done="left out",
        )  # fmt: skip
    return values, {owners[s.name]: Spread(s.name, _statistic(s)) for s in spreads if owners[s.name]}


def _told(findings: Findings) -> set[str]:
    return {found.column for found in findings.problems if found.rule == "unit-contradiction"}


def _drop_other_units(
    values: Sequence[SeriesColumn], spreads: Sequence[SeriesColumn], owners: dict[str, str], findings: Findings
) -> None:
    """Leave out spreads that are in another unit than what they are the spread of."""
    units = {column.name: as_text(column["units"]) for column in values}
    for spread in spreads:
        own, wanted = as_text(spread["units"]), units.get(owners[spread.name], "")
        if owners[spread.name] and own and own != wanted:
            findings.tell(
                "unit-contradiction", where="metadata.yaml", column=spread.name, found=own, needed=wanted,
                done="the spread is left out",
            )  # fmt: skip
            owners[spread.name] = ""


def _statistic(column: SeriesColumn) -> str:
    """``SD``, ``SE`` or empty."""
    return next((name for name, words in _SPREADS if words.match(as_text(column["statistic"]))), "")


def _headers(entry: Entry, findings: Findings) -> Iterator[tuple[dict[str, Any], str]]:
    """Each variable of the metadata with the header of its column, time left out."""
    variables = [v for v in entry.metadata["variables"].values() if isinstance(v, dict)][1:]
    headers = [str(header) for header in entry.series.columns][1:]
    names = [as_text(variable.get("name")) for variable in variables]
    found = [_header(name, headers) for name in names]
    left = [header for header in headers if header not in found]
    if found.count("") == 1 and len(left) == 1:
        # One name and one header are over: somebody misspelt one of them.
        found[found.index("")] = left.pop()
    taken: set[str] = set()
    for variable, name, header in zip(variables, names, found, strict=True):
        if not header or header in taken:
            findings.tell(
                "column-unknown", severity="error", where="timeSeries.csv", column=name,
                found="no such column" if not header else "a column that another variable describes",
                needed=name, done="left out",
            )  # fmt: skip
            continue
        taken.add(header)
        if header != name:
            findings.tell(
                "header-repaired", severity="" if _plain(header) == _plain(name) else "warning", where="timeSeries.csv",
                column=name, found=repr(header), needed=repr(name), done="taken as the same column",
            )  # fmt: skip
        yield variable, header
    for header in left:
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
    """Standard deviation of a column, from the column that holds it or its standard error.

    A spread of zero or less is no spread, but a reading without one.
    """
    if spread is None:
        return None
    values = pd.to_numeric(entry.series[spread.column], errors="coerce").to_numpy(float)
    values = np.where(values > 0, values, np.nan)
    if spread.statistic == "SE":
        n = replicates(column, entry.metadata["incubationInfo"])
        values = values * (1.0 if np.isnan(n) else n) ** 0.5
    return values
