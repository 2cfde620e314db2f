"""Soil properties of an entry (``initConditions.csv``), joined to its samples."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from talik.errors import UnitError, listed
from talik.incubation.sidb.columns import as_number, as_text
from talik.incubation.sidb.sites import clean_name, join_name
from talik.problems import Findings
from talik.units import convert

DEPTHS = ("midDepth", "top", "bottom")
"""Columns of depth, compared as numbers."""

STATISTICS = re.compile(r"(?P<stem>.+?)(?P<statistic>Mean|SD|SE)$")
_GROUPS = {
    "mineral": "percentClay percentSilt percentSand Si Al Fe Mn P Al/Si oxides CECtot CEC BStotal mineralDensity "
    "SOCminAssoc",
    "microbial": "microbialBiomass",
    "substrate": "carbon nitrogen organicCarbonStock nitrogenStock SOCstock availableP",
    "environment": "pH redox bulkDensity MATcels MAPmm",
}  # fmt: skip
_GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names.split()}
NOT_PROPERTIES = re.compile(
    r"units$|^replicates$|^fieldReplicates$|^site$|^d13C$|^respiration|^temperature$", re.IGNORECASE
)


def key_columns(initial: pd.DataFrame, treatments: set[str]) -> list[str]:
    """Columns that say which soil a row is: depth, horizon, and treatments of the field."""
    return [c for c in initial.columns if c in treatments or c in (*DEPTHS, "horizon", "elevation")]


class InitialConditions:
    """Rows of ``initConditions.csv``, found by the soil that they describe."""

    def __init__(self, initial: pd.DataFrame, sites: Sequence[str], treatments: set[str], findings: Findings):
        self.keys = key_columns(initial, treatments)
        self._used: set[int] = set()
        self._findings = findings
        self._rows = initial.assign(joined=self._joined(initial, sites)) if len(initial) else initial

    def _joined(self, initial: pd.DataFrame, sites: Sequence[str]) -> list[str]:
        names = [clean_name(name) for name in initial.get("site", pd.Series("", index=initial.index))]
        return [self._site(name, sites) for name in names]

    def _site(self, name: str, sites: Sequence[str]) -> str:
        match, how = join_name(name, sites)
        if match is None:
            return sites[0] if len(sites) == 1 else name
        if how:
            self._findings.tell(
                "site-joined", stage="survey", column=name, where="initConditions.csv", found=repr(name),
                needed=repr(match), done=f"taken as the same place ({how})",
            )  # fmt: skip
        return match

    def row_of(self, site: str, column: str, fields: Mapping[str, Any]) -> pd.Series | None:
        """The row of a soil, None where there is none; a row may also go by the column's own name."""
        if not len(self._rows):
            return None
        rows = self._rows[(self._rows["joined"] == site) | (self._rows["joined"] == column)]
        for key in self.keys:
            if as_text(fields.get(key)) and len(rows):
                rows = rows[[not value or _alike(value, fields[key]) for value in rows[key]]]
        if rows.empty:
            return None
        self._used |= set(rows.index)
        carbon = {as_number(value) for value in rows["carbonMean"]} if "carbonMean" in rows else set()
        if len(carbon) > 1:
            self._findings.tell(
                "properties-unused", stage="survey", where="initConditions.csv", column=column,
                found=f"{len(rows)} rows with different carbon fit this series", needed="one",
                done="its soil properties are left empty",
            )  # fmt: skip
            return None
        return rows.iloc[0]

    def tell_unused(self) -> None:
        """Tell of the rows that no series belongs to."""
        rest = self._rows.drop(index=list(self._used))
        if len(rest):
            names = [" ".join(filter(None, row)) for row in rest[["joined", *self.keys]].to_numpy()]
            self._findings.tell(
                "properties-unused", stage="survey", where="initConditions.csv", column=listed(names, 1),
                found=f"{len(rest)} of {len(self._rows)} rows describe a soil without a series",
                needed="site, depth and treatment as in the time series", done="not used",
            )  # fmt: skip


def _alike(found: object, wanted: object) -> bool:
    a, b = as_number(found), as_number(wanted)
    if a is not None and b is not None:
        return abs(a - b) < 1e-6
    return as_text(found).casefold() == as_text(wanted).casefold()


def organic_carbon(row: pd.Series | None, findings: Findings) -> float:
    """Carbon content of a soil; NaN where it is not known. [mg g⁻¹]"""
    value = as_number(row.get("carbonMean")) if row is not None else None
    if row is None or value is None:
        return float("nan")
    unit = re.sub(r"(?i)^(percent|%)\s*(?:org\w*\s*)?(?:o?c|carbon|soc)$", "percent", as_text(row.get("carbonUnits")))
    try:
        if not unit:
            raise UnitError("no unit")
        return float(convert(value, unit, "organic_carbon"))
    except UnitError:
        findings.tell(
            "unit-unknown", stage="survey", column=row["joined"], where="initConditions.csv, carbonUnits",
            found=f"{value:g} {unit}", needed="carbon per dry soil, such as percent or mg/gSoil",
            done="carbon content left empty",
        )  # fmt: skip
        return float("nan")


def property_rows(row: pd.Series, sample: str, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every property of a soil, as rows of the table ``properties``."""
    replicates = as_number(row.get("replicates") or row.get("fieldReplicates"))
    for column in row.index:
        found = STATISTICS.match(column)
        stem = found["stem"] if found else column
        if (found and found["statistic"] != "Mean") or column in (*keys, "joined") or NOT_PROPERTIES.search(column):
            continue
        value = as_number(row[column])
        if value is None:
            continue
        sd, se = as_number(row.get(f"{stem}SD")), as_number(row.get(f"{stem}SE"))
        if sd is None and se is not None and replicates:
            sd = se * replicates**0.5
        percent = stem.startswith("percent")
        unit = row.get(f"{stem}Units") or row.get(f"{stem}units") or ("percent" if percent else UNIT_OF.get(stem, ""))
        yield {
            "subject": "sample", "id": sample, "property": stem, "group": _GROUP_OF.get(stem, ""),
            "value": value, "sd": sd, "n": replicates, "unit": as_text(unit).strip(),
        }  # fmt: skip


UNIT_OF = {
    "bulkDensity": "g cm-3",
    "redox": "mV",
    "MATcels": "degC",
    "MAPmm": "mm",
    "mineralDensity": "g cm-3",
}
