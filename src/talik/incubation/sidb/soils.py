"""Columns of an entry to samples and jars: which soil, which layer, which treatment."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from talik.incubation.sidb.columns import REPLICATE, SeriesColumn, as_number, as_text
from talik.incubation.sidb.kinds import Kind
from talik.incubation.sidb.properties import InitialConditions, organic_carbon, property_rows
from talik.incubation.sidb.sites import clean_name, join_name
from talik.incubation.sidb.units import SeriesUnit
from talik.incubation.sidb.variables import replicates
from talik.problems import Findings
from talik.survey import layer
from talik.tables import TABLES, empty

OF_DEPTH = re.compile(r"layer|position|horizon|depth", re.IGNORECASE)
_NO_OXYGEN = re.compile(r"^(yes|true|y|n2|he|ar|argon|helium|nitrogen|anaerobic|anoxic)", re.IGNORECASE)
_DEPTH_FIELDS = {"top": "top", "bottom": "bottom", "mid": "midDepth"}


def site_of(column: SeriesColumn, sites: Sequence[str], findings: Findings) -> str:
    """The site of a column; the only one where it names none."""
    name = clean_name(column["site"])
    if not name:
        return sites[0]
    match, how = join_name(name, sites)
    if match and how:
        findings.tell(
            "site-joined", stage="survey", column=name, where="metadata.yaml", found=repr(name), needed=repr(match),
            done=f"taken as the same place ({how})",
        )  # fmt: skip
    if match:
        return match
    findings.tell(
        "site-unknown", column=column.name, where="metadata.yaml", found=repr(name), needed="one of the sites",
        done="taken as the only site" if len(sites) == 1 else "its place stays unknown",
    )  # fmt: skip
    return sites[0] if len(sites) == 1 else name


def depth_of(column: SeriesColumn, info: dict[str, Any]) -> dict[str, float]:
    """Ends and middle of a column's soil, its own or those of the whole entry. [cm]"""
    own = {key: as_number(column[name]) for key, name in _DEPTH_FIELDS.items()}
    if all(value is None for value in own.values()):
        overall = _section(info, "depthInfo")
        own = {key: as_number(overall.get(name)) for key, name in _DEPTH_FIELDS.items()}
    depth = {key: np.nan if value is None else value for key, value in own.items()}
    if np.isnan(depth["mid"]):
        depth["mid"] = 0.5 * (depth["top"] + depth["bottom"])
    if depth["top"] > depth["bottom"]:
        # Organic horizons were counted upwards from the mineral soil: 8-0 cm lies above it.
        depth["top"], depth["bottom"] = -depth["top"], -depth["bottom"]
        depth["mid"] = -abs(depth["mid"])
    # Where only the middle is known, it stands for both ends.
    return {key: depth["mid"] if np.isnan(value) else value for key, value in depth.items()}


def _section(info: dict[str, Any], name: str) -> dict[str, Any]:
    section = info.get(name)
    return section if isinstance(section, dict) else {"value": section}


def soil_fields(column: SeriesColumn, info: dict[str, Any]) -> dict[str, Any]:
    """Fields that say which row of the initial conditions describes a column's soil."""
    depth = {
        name: value for (_, name), value in zip(_DEPTH_FIELDS.items(), depth_of(column, info).values(), strict=True)
    }
    return dict(column.fields) | {name: value for name, value in depth.items() if not np.isnan(value)}


def sample_row(
    entry: str,
    column: SeriesColumn,
    info: dict[str, Any],
    place: str,
    site: dict[str, Any],
    keys: Sequence[str],
    carbon: float,
) -> dict[str, Any]:
    """The sample of a column: place, depth, layer and treatments of the field.

    Parameters
    ----------
    entry : str
        Name of the entry.
    column : SeriesColumn
        The column.
    info : dict
        ``incubationInfo`` of the metadata.
    place : str
        Name of its site.
    site : dict
        Row of its site, empty where the site is not described.
    keys : sequence of str
        Columns that tell soils apart in the initial conditions: treatments among them are of the field.
    carbon : float
        Its carbon content. [mg g⁻¹]

    Returns
    -------
    dict
        A row of the table ``samples``.
    """
    depth = depth_of(column, info)
    horizon = as_text(column["horizon"]) or as_text(_section(info, "depthInfo").get("horizon"))
    field = _renamed({key: value for key, value in column.treatments.items() if key in keys}, "samples")
    if "elevation" in keys and as_text(column["elevation"]):
        field["plot_elevation"] = as_text(column["elevation"])
    found = layer(
        depth["top"], depth["bottom"], permafrost=site.get("permafrost", ""),
        active_layer_depth=site.get("active_layer_depth", np.nan), horizon=horizon, organic_carbon=carbon,
    )  # fmt: skip
    # What varies with depth tells layers of a core apart, not cores.
    core = " ".join([entry, place, *(value for key, value in field.items() if not OF_DEPTH.search(key))])
    soil = " ".join([entry, place, *field.values()])
    own_horizon = horizon if as_text(column["horizon"]) and "horizon" not in field else ""
    return {
        "sample": " ".join(filter(None, [soil, own_horizon, _in_words(depth)])), "site": place, "core": core,
        "layer": found.layer, "layer_evidence": found.evidence, "depth_top": depth["top"],
        "depth_bottom": depth["bottom"], "horizon": horizon,
    } | field  # fmt: skip


def _renamed(fields: dict[str, str], table: str) -> dict[str, str]:
    """Fields of a study whose names are columns of talik's own table, under another name."""
    own = {column.name for column in TABLES[table].columns} - {"oxygen"}
    return {f"{key} of the study" if key in own else key: value for key, value in fields.items()}


def _in_words(depth: dict[str, float]) -> str:
    if np.isnan(depth["mid"]):
        return ""
    return f"{depth['mid']:g} cm" if depth["top"] == depth["bottom"] else f"{depth['top']:g}-{depth['bottom']:g} cm"


def jar_row(
    entry: str,
    column: SeriesColumn,
    info: dict[str, Any],
    unit: SeriesUnit,
    kind: Kind,
    sample: str,
    keys: Sequence[str],
) -> dict[str, Any]:
    """The jar of a column: moisture, oxygen and treatments of the laboratory, and what it measures."""
    moisture = _section(info, "moisture")
    treatments = _renamed({key: value for key, value in column.treatments.items() if key not in keys}, "jars")
    oxygen = treatments.pop("oxygen", "") or as_text(_section(info, "oxygen").get("value"))
    anaerobic = as_text(column["anaerobic"] if "anaerobic" in treatments else info.get("anaerobic"))
    treatments.pop("anaerobic", None)
    return {
        "jar": f"{entry} {column.name}", "sample": sample, "incubation": entry,
        "moisture": as_text(column["moisture"]) or as_text(moisture.get("value")),
        "moisture_unit": as_text(moisture.get("units")), "temperature": column["temperature"],
        "replicate": "".join(as_text(column[name]) for name in REPLICATE),
        "replicates": replicates(column, info), "basis": unit.basis, "oxygen": _oxygen(oxygen, anaerobic),
        "sieving": _sieving(_section(info, "samplePreparation").get("sieving")),
        "measures": kind.measures if kind.measures in ("respiration", "carbon remaining") else "other",
        "excluded": _excluded(column, unit, kind),
        "scale": _scale(kind),
    } | treatments  # fmt: skip


def _scale(kind: Kind) -> str:
    """``uncertain`` where a rate stands under the unit of an amount: per day, or per interval?"""
    doubtful = kind.measures == "respiration" and kind.kind in ("rate", "amount") and kind.contradiction
    return "uncertain" if doubtful else ""


def _oxygen(percent: str, anaerobic: str) -> str:
    """Oxygen of a jar in words: a share, ``anaerobic``, or what the metadata say."""
    if as_number(percent) is not None:
        return f"{percent} %"
    said = percent or anaerobic
    if said.lower() in ("", "no", "false", "na", "aerobic", "oxic"):
        return ""
    return "anaerobic" if _NO_OXYGEN.search(said) else said


def _sieving(value: Any) -> str:
    """Mesh that the soil was sieved through, in words, or whether it was sieved at all."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    mesh = as_number(value)
    return as_text(value) if mesh is None else f"{mesh:g} mm"


def _excluded(column: SeriesColumn, unit: SeriesUnit, kind: Kind) -> str:
    """Why a column gives no Q10; empty where it may."""
    if kind.measures not in ("respiration", "carbon remaining"):
        return kind.measures
    if not unit.basis:
        return f"unit {unit.unit!r} not understood"
    return f"{' and '.join(column.contested)} undecided" if column.contested else ""


def soils(
    entry: str, columns: Sequence[SeriesColumn], units: Sequence[SeriesUnit], kinds: Sequence[Kind],
    info: dict[str, Any], sites: Sequence[dict[str, Any]], initial: pd.DataFrame, findings: Findings,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Samples, properties and jars of an entry.

    Returns
    -------
    samples, properties, jars : DataFrame
        Rows of the tables of these names; jars in the order of the columns.
    """
    names = [site["site"] for site in sites]
    by_name = {site["site"]: site for site in sites}
    conditions = InitialConditions(initial, names, {key for c in columns for key in c.treatments}, findings)
    samples: dict[str, dict] = {}
    properties: dict[str, list[dict]] = {}
    jars = []
    for column, unit, kind in zip(columns, units, kinds, strict=True):
        place = site_of(column, names, findings)
        row = conditions.row_of(place, column.name, soil_fields(column, info))
        carbon = organic_carbon(row, findings)
        sample = sample_row(entry, column, info, place, by_name.get(place, {}), conditions.keys, carbon)
        name = sample["sample"]
        samples[name] = sample
        if row is not None and name not in properties:
            properties[name] = list(property_rows(row, name, conditions.keys))
        jars.append(jar_row(entry, column, info, unit, kind, name, conditions.keys) | {"organic_carbon": carbon})
    conditions.tell_unused()
    of_all = [row for rows in properties.values() for row in rows]
    if not jars:
        return empty("samples"), empty("properties"), empty("jars")
    return pd.DataFrame(list(samples.values())), pd.DataFrame(of_all), pd.DataFrame(jars)
