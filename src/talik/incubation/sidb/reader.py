"""SIDb entries to the tables of talik: read, corrected, decided, and every decision told."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from talik.errors import TalikError, listed
from talik.incubation.checks import checked, refuse_broken_keys
from talik.incubation.measurements import Measurements, both_bases, joined
from talik.incubation.sets import set_names
from talik.incubation.sidb.columns import SeriesColumn, as_number, as_text, decide_columns
from talik.incubation.sidb.corrections import Corrector, reviewed_corrections
from talik.incubation.sidb.entry import Entry, read_entries
from talik.incubation.sidb.kinds import Kind, Shape, decide_kinds, kind_problems
from talik.incubation.sidb.series import Series, clean_series, entry_time, intervals
from talik.incubation.sidb.sites import clean_name, concluded, site_rows
from talik.incubation.sidb.soils import soils
from talik.incubation.sidb.twice import given_once
from talik.incubation.sidb.units import SeriesUnit, gas_named, series_unit
from talik.incubation.sidb.variables import described_columns, replicates, standard_deviation
from talik.problems import Findings, problems_table
from talik.tables import empty, typed

LICENCE = "MIT (SIDb, Max Planck Society)"
"""Licence of the entries of SIDb."""


def read_sidb(path: Path | str, *, corrections: pd.DataFrame | None = None) -> Measurements:
    """Read one SIDb entry, or a folder of entries.

    Field, name and description of a column vote on its temperature, moisture and depth; the
    share of falling steps and the unit say what a series is; place, depth and soil order say
    what is permafrost. Whatever was odd, and however it was decided, stands in ``problems``.

    Parameters
    ----------
    path : path_like
        Folder of an entry (``metadata.yaml``, ``timeSeries.csv``, ``initConditions.csv``), or
        a folder of such folders, as ``data/`` of the database.
    corrections : DataFrame, optional
        Corrections to apply; those reviewed with talik by default, ``talik.NO_CORRECTIONS`` for none.

    Returns
    -------
    Measurements

    Raises
    ------
    InputError
        Where there is no entry, or entries cannot be read; all of them are named.

    Examples
    --------
    >>> read_sidb("no such folder")
    Traceback (most recent call last):
        ...
    talik.errors.InputError: no such folder is not there. Check the path; ...
    """
    table = reviewed_corrections() if corrections is None else corrections
    entries = read_entries(path)
    if len(entries) == 1:
        return checked(joined([read_one(entries[0], table)]))
    return checked(joined([_read_or_tell(entry, table) for entry in entries]))


def _read_or_tell(entry: Entry, corrections: pd.DataFrame) -> Measurements:
    """One entry of several; where its content cannot be used, the others go on and it is told."""
    try:
        measured = read_one(entry, corrections)
        refuse_broken_keys(measured)
    except TalikError as error:
        findings = Findings(entry.name, list(entry.problems))
        findings.tell(
            "entry-refused", stage="survey", found=str(error), needed="an entry that fits together", done="left out"
        )
        nothing = {name: empty(name) for name in ("sites", "samples", "properties", "jars", "respiration")}
        study = typed("studies", pd.DataFrame([_study(entry, findings)]))
        return Measurements(studies=study, **nothing, problems=problems_table(findings.problems))
    return measured


def read_one(entry: Entry, corrections: pd.DataFrame) -> Measurements:
    """One entry to tables, its decisions told; ``read_sidb`` checks the whole."""
    info: dict[str, Any] = entry.metadata["incubationInfo"]
    findings = Findings(entry.name, list(entry.problems))
    corrector = Corrector(corrections[corrections["entry"] == entry.name], findings)
    sites = [
        concluded(corrector.correct(row["site"], row)) for row in site_rows(entry.name, entry.metadata["siteInfo"])
    ]
    described, spreads = described_columns(entry, corrector, findings)
    columns, contradictions = decide_columns(entry.name, described)
    findings.add(contradictions)
    columns = [_with_temperature(column, info) for column in columns]
    time = entry_time(entry, findings)
    series = [
        clean_series(c.name, time, entry.series[c.name], standard_deviation(entry, c, spreads.get(c.name)), findings)
        for c in columns
    ]
    units, kinds = _decided(entry.name, columns, series, findings)
    samples, properties, jars = soils(entry.name, columns, units, kinds, info, sites, entry.initial, findings)
    respiration = _respiration(columns, series, units, kinds, jars, info, findings)
    jars["set"] = set_names(jars)
    jars = given_once(jars, respiration, kinds, findings)
    _tell_of_metadata(columns, spreads, info, findings)
    described_sites = pd.DataFrame(sites)
    unknown = sorted(set(samples["site"]) - set(described_sites["site"]))
    all_sites = pd.concat([described_sites, pd.DataFrame({"site": unknown})])
    source = {"study": entry.name, "doi": as_text(entry.metadata.get("doi")), "licence": LICENCE}
    tables = {
        name: typed(name, rows.assign(**source))
        for name, rows in {
            "sites": all_sites.assign(site=_own(entry.name, all_sites["site"])),
            "samples": samples.assign(site=_own(entry.name, samples["site"])), "properties": properties, "jars": jars,
            "respiration": respiration,
        }.items()
    }  # fmt: skip
    tables["studies"] = typed("studies", pd.DataFrame([_study(entry, findings)]))
    tables["respiration"] = both_bases(tables["respiration"], tables["jars"])
    return Measurements(**tables, problems=problems_table(findings.problems))


def _own(entry: str, sites: pd.Series) -> pd.Series:
    """Names of sites that are not another study's: Mauna Kea was incubated twice."""
    return sites.map(lambda site: site if site == entry else f"{entry} {site}")


def _with_temperature(column: SeriesColumn, info: dict[str, Any]) -> SeriesColumn:
    """A column without a temperature has that of the whole incubation."""
    if as_number(column["temperature"]) is not None:
        return column
    return SeriesColumn(
        column.name,
        dict(column.fields) | {"temperature": as_number(info.get("temperature"))},
        column.contested,
    )


def _decided(
    entry: str, columns: Sequence[SeriesColumn], series: Sequence[Series], findings: Findings
) -> tuple[list[SeriesUnit], list[Kind]]:
    """Unit and kind of every column."""
    units = [series_unit(as_text(column["units"]), as_text(column["gasMeasured"])) for column in columns]
    shapes = [
        Shape(column.name, as_text(column["varDesc"]), unit, one.values)
        for column, unit, one in zip(columns, units, series, strict=True)
    ]
    kinds = decide_kinds(shapes)
    findings.add(kind_problems(entry, shapes, kinds))
    for unit in sorted({unit.unit for unit in units if unit.measures == "respiration" and not unit.basis}):
        findings.tell(
            "unit-unknown", where="metadata.yaml", found=unit, needed="carbon per soil, per soil carbon or per jar",
            done="these series are left out",
        )  # fmt: skip
    for text, note in sorted({(unit.unit, unit.note) for unit in units if unit.note}):
        findings.tell("unit-contradiction", where=text, found=note, needed="a unit in full", done="read so")
    for text in sorted({unit.unit for unit in units if unit.basis == "jar"}):
        findings.tell(
            "mass-missing", where=text, found="respiration of the whole jar", needed="grams of dry soil in the jar",
            done="Q10 is a ratio and stays; no amounts per soil or carbon",
        )  # fmt: skip
    percent = [c.name for c, unit in zip(columns, units, strict=True) if unit.factor == 1 and _says_percent(c)]
    if percent:
        findings.tell(
            "unit-contradiction", column=listed(percent, 1), where="metadata.yaml",
            found=f"the description says percent, the unit {as_text(columns[0]['units'])}", needed="one unit",
            done="the unit is used; amounts may be ten times too small, Q10 does not change",
        )  # fmt: skip
    return units, kinds


def _says_percent(column: SeriesColumn) -> bool:
    return re.search(r"\(\s*(?:%|percent)\s*\)", as_text(column["varDesc"])) is not None


def _respiration(columns, series, units, kinds, jars: pd.DataFrame, info: dict[str, Any], findings: Findings):
    """Rows of the table ``respiration`` for every column of carbon."""
    parts = [empty("respiration")]
    for column, one, unit, kind, jar in zip(columns, series, units, kinds, jars["jar"], strict=True):
        if kind.measures not in ("respiration", "carbon remaining") or not unit.basis or not len(one.values):
            continue
        temperature = as_number(column["temperature"])
        if temperature is None:
            findings.tell(
                "temperature-missing", column=column.name, where="metadata.yaml", found="no temperature",
                needed="temperature in the field of the column or of the incubation", done="left out",
            )  # fmt: skip
            continue
        rows = intervals(one, unit, kind, findings)
        parts.append(
            rows.assign(jar=jar, temperature=temperature, n=replicates(column, info), gas=gas_of(column, info))
        )
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def gas_of(column: SeriesColumn, info: dict[str, Any]) -> str:
    """Gas of a column: its own field, that of the incubation, or its unit; CO2 where none says."""
    said = [as_text(column["gasMeasured"]), as_text(info.get("gasMeasured")), as_text(column["units"])]
    return next((gas for text in said if (gas := gas_named(text)) in ("co2", "ch4")), "co2")


_TEMPERATURES = re.compile(
    r"((?:\d+(?:\.\d+)?[^\d.;]{0,12}?(?:,|and|to|or|&)\s*)*\d+(?:\.\d+)?)\s*(?:°|º|deg)", re.IGNORECASE
)


def _tell_of_metadata(columns: Sequence[SeriesColumn], spreads: dict, info: dict[str, Any], findings: Findings) -> None:
    """Temperatures and replicates that the metadata state and the series do not hold."""
    stated = {
        float(number)
        for run in _TEMPERATURES.findall(as_text(info.get("incDesc")))
        for number in re.findall(r"\d+(?:\.\d+)?", run)
    }
    held = {number for column in columns if (number := as_number(column["temperature"])) is not None}
    if held and len(stated) > 1 and held < stated:
        findings.tell(
            "metadata-contradiction", where="metadata.yaml, incDesc",
            found=f"{', '.join(f'{t:g}' for t in sorted(stated))} degC described",
            needed=f"series at all of them; held are {', '.join(f'{t:g}' for t in sorted(held))} degC",
            done="only what is held is used",
        )  # fmt: skip
    n = max((replicates(column, info) for column in columns), default=np.nan)
    if n > 1 and not spreads:
        findings.tell(
            "spread-missing", where="metadata.yaml", found=f"{n:g} replicates without a standard deviation",
            needed="a column with statistic SD or SE", done="intervals come from the residuals over temperatures",
        )  # fmt: skip


def _study(entry: Entry, findings: Findings) -> dict[str, str]:
    metadata = entry.metadata
    key = as_text(metadata.get("citationKey"))
    if key and key != entry.name:
        findings.tell(
            "citation-differs", stage="survey", where="metadata.yaml", found=key, needed=entry.name,
            done="the folder names the study",
        )  # fmt: skip
    return {
        "study": entry.name, "title": clean_name(metadata.get("study")), "doi": as_text(metadata.get("doi")),
        "citation": key or entry.name, "licence": LICENCE, "source": "SIDb",
        "note": clean_name(metadata.get("entryNote")),
    }  # fmt: skip
