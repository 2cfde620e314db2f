"""Rows of ISRaD's tab incubation to jars and their respiration. One row is one date."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from talik.errors import UnitError
from talik.incubation.israd.tabs import Row
from talik.problems import Findings
from talik.tables import RESPIRATION_OF
from talik.units import convert

PERCENT = 10.0
"""One percent of the carbon. [mg g⁻¹]"""

LARGEST_RATIO = 3.0
"""Flux times days and carbon respired differ by less than this factor."""

_ROOTS = re.compile(r"\broots?\b(?!-)(?!\s*picked)", re.IGNORECASE)
_NO_OXYGEN = re.compile(r"^(yes|true|y|anaerobic|anoxic|1)$", re.IGNORECASE)
_GASES = {"": "co2", "co2": "co2", "ch4": "ch4"}


@dataclass(frozen=True)
class Flux:
    """The flux of a row."""

    basis: str
    """What it is per; empty where its unit is not understood."""
    value: float
    """In the unit of its quantity; NaN where there is none."""


@dataclass(frozen=True)
class Dated:
    """One row of the tab incubation, understood."""

    row: Row
    """The row."""
    sample: str
    """Its sample."""
    stem: str
    """Name of its incubation, without the day that the name may carry."""
    time: float
    """Days of incubation before the measurement. [d]"""
    temperature: float
    """Temperature. [degC]"""
    flux: Flux
    """Its flux."""
    respired: float
    """Share of the carbon respired over these days. [mg g⁻¹]"""


def dated_rows(rows: Sequence[Row], samples: Mapping[tuple[str, ...], str], findings: Findings) -> list[Dated]:
    """Rows of the tab incubation, understood.

    Parameters
    ----------
    rows : sequence of Row
        The rows.
    samples : mapping of tuple of str to str
        Name of each sample by entry, site, profile and layer.
    findings : Findings
        Where oddities are told.

    Returns
    -------
    list of Dated
    """
    made = []
    for row in rows:
        time = _number(row, "inc_duration", findings)
        respired = _number(row, "inc_c_respired", findings)
        key = tuple(row.text(name) for name in ("entry_name", "site_name", "pro_name", "lyr_name"))
        made.append(
            Dated(
                row, samples[key], _stem(row.text("inc_name"), time), time, _number(row, "inc_temp", findings),
                _flux(row, findings), respired * PERCENT,
            )
        )  # fmt: skip
    return made


def _number(row: Row, column: str, findings: Findings) -> float:
    text = row.text(column)
    value = row.number(column)
    if text and value is None:
        findings.tell(
            "value-not-a-number", column=column, where=row.where, found=repr(text[:80]), needed="a number",
            done="taken as missing",
        )  # fmt: skip
    return np.nan if value is None else value


def _stem(name: str, time: float) -> str:
    """An incubation's name without the day of the measurement, which tells rows of one jar apart.

    Examples
    --------
    >>> _stem("Temp_20_a_14d", 14.0), _stem("Oi inc, day 120", 120.0), _stem("Oi_inc1", 12.0)
    ('Temp_20_a', 'Oi inc', 'Oi_inc1')
    """
    if np.isnan(time):
        return name
    day = re.escape(f"{time:g}")
    found = re.sub(
        rf"[\s_,.-]*(?:\b|(?<=_))(?:(?:day|d)[\s_]?{day}|{day}[\s_]?(?:days?|d))(?![A-Za-z0-9.])", "", name, flags=re.I
    )
    return found.strip(" _-,") or name


def _flux(row: Row, findings: Findings) -> Flux:
    value, unit = _number(row, "inc_flux", findings), row.text("inc_flux_units")
    if np.isnan(value):
        return Flux("", np.nan)
    # "mgC/gC soil/day": the carbon is the soil's.
    plain = re.sub(r"(?<=/gC)\s*soil\b", "", unit, flags=re.IGNORECASE)
    for basis in ("soil carbon", "dry soil"):
        try:
            return Flux(basis, float(convert(value, plain or "?", RESPIRATION_OF[basis])))
        except UnitError:
            continue
    findings.tell(
        "unit-unknown", column="inc_flux_units", where=row.where, found=repr(unit[:80]),
        needed="mgC/g dry soil/day or mgC/gC soil/day", done="the flux is left out",
    )  # fmt: skip
    return Flux("", np.nan)


def grouped(rows: Sequence[Dated]) -> dict[str, list[Dated]]:
    """Rows of each jar: same layer, incubation, temperature and treatment, each day once.

    A row that repeats a day is a jar of its own.
    """
    bases: dict[tuple, set[str]] = {}
    for row in rows:
        bases.setdefault(_jar_key(row), set()).update({row.flux.basis} - {""})
    jars: dict[tuple, list[list[Dated]]] = {}
    for row in rows:
        # A jar has one basis; a date without a flux belongs to it all the same.
        basis = row.flux.basis if len(bases[_jar_key(row)]) > 1 else ""
        series = jars.setdefault((*_jar_key(row), basis), [])
        free = next((one for one in series if row.time not in [other.time for other in one]), None)
        if free is None or np.isnan(row.time):
            series.append([row])
        else:
            free.append(row)
    made: dict[str, list[Dated]] = {}
    for (sample, stem, *_), series in jars.items():
        for one in series:
            name = _joined_name(sample, stem)
            count = 1
            wanted = name
            while wanted in made:
                count += 1
                wanted = f"{name} ({count})"
            made[wanted] = sorted(one, key=lambda row: row.time)
    return made


def _jar_key(row: Dated) -> tuple:
    return row.sample, row.stem, f"{row.temperature:g}", tuple(_treated(row.row).items())


def _joined_name(sample: str, stem: str) -> str:
    """A jar's name: that of the sample and of the incubation, what both begin with told once.

    Examples
    --------
    >>> _joined_name("Gaudinski_2001 Howland Pit_Oi", "Pit_Oi_inc1"), _joined_name("Bol_2003 Kilkea F1", "Temp_20_a")
    ('Gaudinski_2001 Howland Pit_Oi_inc1', 'Bol_2003 Kilkea F1 Temp_20_a')
    """
    for at in [found.start() + 1 for found in re.finditer(" ", sample)]:
        if stem.startswith(sample[at:]):
            return sample[:at] + stem
    return f"{sample} {stem}"


def _treated(row: Row) -> dict[str, str]:
    """What was done to a jar, besides temperature: treatments, moisture, oxygen and gas."""
    analyte = row.text("inc_analyte")
    return {
        "material": row.text("inc_type"), "fraction": row.text("frc_name"), "wetting": row.text("inc_moisture_type"),
        "moisture": row.text("inc_moisture"), "moisture_unit": row.text("inc_moisture_units"),
        "oxygen": "anaerobic" if _NO_OXYGEN.match(row.text("inc_anaerobic")) else "",
        "gas": _GASES.get(analyte.lower(), analyte),
    }  # fmt: skip


def jar_row(name: str, rows: Sequence[Dated], soil: Mapping[str, float]) -> dict[str, Any]:
    """A row of the table ``jars``.

    Parameters
    ----------
    name : str
        Name of the jar.
    rows : sequence of Dated
        Its rows.
    soil : mapping of str to float
        Carbon and organic matter of its soil. [mg g⁻¹]

    Returns
    -------
    dict
    """
    first = rows[0]
    treated = _treated(first.row)
    gas = treated.pop("gas")
    excluded = _excluded(rows, treated["material"], gas)
    # A fraction has carbon of its own, which is not that of its layer.
    own = dict(soil) if not treated["fraction"] else {}
    return {
        "study": first.row.text("entry_name"), "jar": name, "sample": first.sample,
        "incubation": first.row.text("entry_name"), "temperature": first.temperature, "basis": _basis(rows),
        "measures": "other" if excluded in (_NOTHING, f"gas {gas}") else "respiration", "excluded": excluded,
    } | treated | own  # fmt: skip


_NOTHING = "no respiration given"


def _basis(rows: Sequence[Dated]) -> str:
    own = next((row.flux.basis for row in rows if row.flux.basis), "")
    return own or ("soil carbon" if any(np.isfinite(row.respired) for row in rows) else "")


def _excluded(rows: Sequence[Dated], material: str, gas: str) -> str:
    if gas not in _GASES.values():
        return f"gas {gas}"
    if not any(np.isfinite(row.flux.value) or np.isfinite(row.respired) for row in rows):
        return _NOTHING
    return f"incubation of {material}" if _ROOTS.search(material) else ""


def respiration_rows(name: str, rows: Sequence[Dated], findings: Findings) -> Iterator[dict[str, Any]]:
    """Rows of the table ``respiration``: fluxes as rates, else the carbon respired as steps of a curve.

    Parameters
    ----------
    name : str
        Name of the jar.
    rows : sequence of Dated
        Its rows, in order of time.
    findings : Findings
        Where rows that cannot be used are told.

    Yields
    ------
    dict
    """
    gas = _treated(rows[0].row)["gas"]
    if gas not in _GASES.values():
        return
    given = [row for row in rows if np.isfinite(row.flux.value) or np.isfinite(row.respired)]
    lost = [row for row in given if np.isnan(row.time) or np.isnan(row.temperature)]
    if lost:
        findings.tell(
            "rows-left-out", column=name, where=lost[0].row.where, found=f"{len(lost)} rows of respiration",
            needed="inc_duration and inc_temp", done="left out",
        )  # fmt: skip
    usable = [row for row in given if row not in lost]
    shared = {"study": rows[0].row.text("entry_name"), "jar": name, "gas": gas, "temperature": rows[0].temperature}
    fluxes = [row for row in usable if np.isfinite(row.flux.value)]
    for row in fluxes:
        yield shared | {
            "time": row.time, RESPIRATION_OF[row.flux.basis]: row.flux.value, "method": "rate as given",
        }  # fmt: skip
    if not fluxes:
        yield from _steps([row for row in usable if row.time > 0], shared)


def _steps(rows: Sequence[Dated], shared: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Mean respiration between the points of the carbon respired, counted from day 0."""
    start, before = 0.0, 0.0
    for row in rows:
        yield dict(shared) | {
            "time_start": start, "time_end": row.time, "time": 0.5 * (start + row.time),
            "specific_respiration": (row.respired - before) / (row.time - start), "method": "step of the curve",
        }  # fmt: skip
        start, before = row.time, row.respired


def tell_disagreement(jars: Mapping[str, Sequence[Dated]], carbon: Mapping[str, float], findings: Findings) -> None:
    """Tell of fluxes whose days do not add up to the carbon respired: one of the units is wrong.

    Parameters
    ----------
    jars : mapping of str to sequence of Dated
        Rows of each jar.
    carbon : mapping of str to float
        Organic carbon of each sample. [mg g⁻¹]
    findings : Findings
        Where it is told.
    """
    apart: list[tuple[Row, float]] = []
    for rows in jars.values():
        for row in rows:
            content = 1.0 if row.flux.basis == "soil carbon" else carbon.get(row.sample, np.nan)
            expected = row.respired * content
            ratio = row.flux.value * row.time / expected if expected > 0 else np.nan
            if ratio > LARGEST_RATIO or 0 < ratio < 1 / LARGEST_RATIO:
                apart.append((row.row, ratio))
    if apart:
        findings.tell(
            "unit-contradiction", column="inc_flux_units", where=apart[0][0].where,
            found=f"{len(apart)} rows whose flux times days is {apart[0][1]:.3g} times the carbon respired",
            needed=f"a factor below {LARGEST_RATIO:g}; per gram of soil or per gram of carbon?",
            done="the flux is used as its unit says",
        )  # fmt: skip


def tables_of(
    jars: Mapping[str, Sequence[Dated]], soils: Mapping[str, Mapping[str, float]], findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the tables ``jars`` and ``respiration``."""
    made = [jar_row(name, rows, soils[rows[0].sample]) for name, rows in jars.items()]
    respired = [row for name, rows in jars.items() for row in respiration_rows(name, rows, findings)]
    return pd.DataFrame(made), pd.DataFrame(respired)
