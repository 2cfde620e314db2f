"""A filled template of ISRaD to the tables of talik."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from talik.errors import UnitError
from talik.incubation.checks import checked
from talik.incubation.israd.jars import dated_rows, grouped, tables_of, tell_disagreement
from talik.incubation.israd.layers import property_rows, unit_of
from talik.incubation.israd.tabs import Row, Tab, key_of, read_tabs
from talik.incubation.measurements import Measurements, both_bases
from talik.incubation.sets import set_names
from talik.problems import Findings, problems_table
from talik.survey import conclude
from talik.tables import typed
from talik.units import convert

CENTIMETERS = 100.0
"""Centimetres in a metre."""


def read_israd(path: Path | str) -> Measurements:
    """Read the incubations of a filled template of ISRaD.

    The tabs metadata, site, profile, layer and incubation are read. A row of the tab incubation is one date:
    rows of one layer, temperature and treatment whose names differ in the day alone are one jar. `inc_flux` is
    read as a rate at the end of `inc_duration`; where there is none, `inc_C_respired` is read as a curve.
    Columns that a version of the template lacks (such as `inc_anaerobic` and `inc_analyte`) are taken as empty.

    Parameters
    ----------
    path : path_like
        The workbook: a header row in each tab, two rows of description, data from the fourth row on.

    Returns
    -------
    Measurements

    Raises
    ------
    InputError
        Where it is no workbook, or not a template of ISRaD.
    TableError
        Where rows join to nothing; all of them are named.

    Notes
    -----
    The reader met workbooks made for its tests only, with the columns of the template and of the entry that
    ISRaD ships as an example. Radiocarbon of the respired CO2 is not read.

    Examples
    --------
    >>> read_israd("no such workbook.xlsx")
    Traceback (most recent call last):
        ...
    talik.errors.InputError: no such workbook.xlsx is not there. Check the path; ...
    """
    tabs = read_tabs(path)
    findings = Findings(Path(path).stem)
    return checked(_measurements(understood(tabs, findings), tabs["metadata"].rows, findings))


def understood(tabs: dict[str, Tab], findings: Findings) -> dict[str, pd.DataFrame]:
    """Rows of every table from the tabs of a template.

    Parameters
    ----------
    tabs : dict of str to Tab
        The tabs, whose rows join.
    findings : Findings
        Where oddities are told.

    Returns
    -------
    dict of str to DataFrame
    """
    names = _names(tabs["layer"].rows)
    profiles = {key_of("profile", row): row for row in tabs["profile"].rows}
    incubated = {key_of("layer", row) for row in tabs["incubation"].rows}
    layers = {key: row for row in tabs["layer"].rows if (key := key_of("layer", row)) in incubated}
    soils = {names[key]: _soil(row, tabs["layer"], findings) for key, row in layers.items()}
    described = (tabs["layer"], tabs["profile"])
    properties = [
        one | {"study": key[0]}
        for key, row in layers.items()
        for one in property_rows(names[key], row, profiles[key[:3]], described, findings)
    ]
    jars = grouped(dated_rows(tabs["incubation"].rows, names, findings))
    tell_disagreement(jars, {name: soil["organic_carbon"] for name, soil in soils.items()}, findings)
    jar_table, respiration = tables_of(jars, soils, findings)
    return {
        "studies": pd.DataFrame([_study(row) for row in tabs["metadata"].rows]),
        "sites": pd.DataFrame(_sites(tabs, findings)),
        "samples": pd.DataFrame([_sample(names[key], row, profiles[key[:3]]) for key, row in layers.items()]),
        "properties": pd.DataFrame(properties), "jars": jar_table,
        "respiration": respiration,
    }  # fmt: skip


def _measurements(made: dict[str, pd.DataFrame], metadata: Sequence[Row], findings: Findings) -> Measurements:
    """Tables typed, with sources, conclusions and the other basis filled in."""
    of_study = {row.text("entry_name"): row.text("doi") for row in metadata}
    made = made | {"jars": made["jars"].assign(set=set_names(made["jars"]))}
    tables = {name: typed(name, table) for name, table in made.items()}
    for name in ("sites", "samples", "properties", "jars", "respiration"):
        tables[name] = tables[name].assign(doi=tables[name]["study"].map(of_study).fillna(""))
    carbon = tables["jars"].dropna(subset=["organic_carbon"]).groupby("sample")["organic_carbon"].mean().to_dict()
    tables["sites"], tables["samples"] = conclude(tables["sites"], tables["samples"], carbon)
    tables["respiration"] = both_bases(tables["respiration"], tables["jars"])
    return Measurements(**tables, problems=problems_table(findings.problems))


def _study(row: Row) -> dict[str, str]:
    return {
        "study": row.text("entry_name"), "title": row.text("entry_name"), "doi": row.text("doi"),
        "citation": row.text("bibliographical_reference") or row.text("entry_name"),
        "source": f"ISRaD {row.text('template_version')}".strip(), "note": row.text("metadata_note"),
    }  # fmt: skip


def _nested(above: str, name: str) -> str:
    """A name within what it belongs to, said once where it begins with it.

    Examples
    --------
    >>> _nested("Agnelli_2002", "Agnelli_2002_Cavalla"), _nested("Bol_2003", "Kilkea")
    ('Agnelli_2002_Cavalla', 'Bol_2003 Kilkea')
    """
    return name if name.startswith(above) else f"{above} {name}"


def _names(layers: Sequence[Row]) -> dict[tuple[str, ...], str]:
    """A name for each layer, by entry, site, profile and layer; in full where two would be the same."""
    made: dict[tuple[str, ...], str] = {}
    for row in layers:
        key = key_of("layer", row)
        name = _nested(_site_name(key), _nested(key[2], key[3]))
        made[key] = name if name not in made.values() else " / ".join(key)
    return made


def _site_name(key: Sequence[str]) -> str:
    return _nested(key[0], key[1])


def _sites(tabs: dict[str, Tab], findings: Findings) -> list[dict[str, Any]]:
    """Rows of the table ``sites``; what the template gives by profile is taken from the first that has it."""
    incubated = {(row.text("entry_name"), row.text("site_name")) for row in tabs["incubation"].rows}
    made = []
    for row in tabs["site"].rows:
        key = key_of("site", row)
        if key not in incubated:
            continue
        of_site = [one for one in tabs["profile"].rows if key_of("profile", one)[:2] == key]
        thaw = _first(of_site, "pro_thaw_depth", findings)
        made.append(
            {
                "study": key[0], "site": _site_name(key),
                "latitude": _or(_number(row, "site_lat"), _first(of_site, "pro_lat", findings)),
                "longitude": _or(_number(row, "site_long"), _first(of_site, "pro_long", findings)),
                "elevation": _or(_number(row, "site_elevation"), _first(of_site, "pro_elevation", findings)),
                "mean_annual_temperature": _first(of_site, "pro_mat", findings),
                "annual_precipitation": _first(of_site, "pro_map", findings),
                "land_cover": _first_text(of_site, "pro_land_cover", findings),
                "soil_order": _first_text(of_site, "pro_usda_soil_order", findings)
                or _first_text(of_site, "pro_soil_taxon", findings),
                "permafrost": {"yes": "yes", "no": "no"}.get(
                    _first_text(of_site, "pro_permafrost", findings).lower(), ""
                ),
                "active_layer_depth": np.nan if np.isnan(thaw) else thaw / CENTIMETERS,
            }
        )  # fmt: skip
    return made


def _or(value: float, other: float) -> float:
    return other if np.isnan(value) else value


def _number(row: Row, column: str) -> float:
    value = row.number(column)
    return np.nan if value is None else value


def _first(profiles: Sequence[Row], column: str, findings: Findings) -> float:
    _first_text(profiles, column, findings)
    return next((value for row in profiles if (value := row.number(column)) is not None), np.nan)


def _first_text(profiles: Sequence[Row], column: str, findings: Findings) -> str:
    """What the first profile says that says anything; others that differ are told."""
    said = [row for row in profiles if row.text(column)]
    if not said:
        return ""
    first = said[0].text(column)
    other = next((row for row in said if row.text(column) != first), None)
    if other and column not in ("pro_lat", "pro_long"):
        findings.tell(
            "profiles-differ", stage="survey", column=column, where=other.where,
            found=f"{first[:60]!r} and {other.text(column)[:60]!r} at one site", needed="one value a site",
            done="the first is used",
        )  # fmt: skip
    return first


def _sample(name: str, layer: Row, profile: Row) -> dict[str, Any]:
    key = key_of("layer", layer)
    treated = profile.text("pro_treatment").lower()
    treatment = profile.text("pro_treatment_note") or treated if treated not in ("", "control") else treated
    return {
        "study": key[0], "sample": name, "site": _site_name(key), "core": _nested(_site_name(key), key[2]),
        "depth_top": _number(layer, "lyr_top"), "depth_bottom": _number(layer, "lyr_bot"),
        "horizon": layer.text("lyr_hzn"), "treatment": treatment,
    }  # fmt: skip


def _soil(layer: Row, tab: Tab, findings: Findings) -> dict[str, float]:
    """Carbon and organic matter of a layer. [mg g⁻¹]"""
    content = {
        quantity: _content(layer, column, quantity, tab, findings)
        for quantity, column in (
            ("organic_carbon", "lyr_c_org"), ("inorganic_carbon", "lyr_c_inorg"), ("organic_matter", "lyr_loi"),
        )
    }  # fmt: skip
    if np.isnan(content["organic_carbon"]):
        total = _content(layer, "lyr_c_tot", "organic_carbon", tab, findings)
        known = np.isfinite(content["inorganic_carbon"])
        content["organic_carbon"] = total - (content["inorganic_carbon"] if known else 0.0)
        if np.isfinite(total) and not known:
            findings.tell(
                "total-carbon", column=layer.text("lyr_name"), where=layer.where,
                found=f"total carbon {total:g} mg g-1",
                needed="lyr_c_org, or lyr_c_inorg beside it", done="total carbon is taken for organic carbon",
            )  # fmt: skip
    return content


def _content(layer: Row, column: str, quantity: str, tab: Tab, findings: Findings) -> float:
    value = _number(layer, column)
    if np.isnan(value):
        return np.nan
    unit = unit_of(column, tab)
    try:
        return float(convert(value, unit, quantity))
    except UnitError:
        findings.tell(
            "unit-unknown", stage="survey", column=column, where=layer.where, found=f"{value:g} {unit}",
            needed="a share of dry soil, such as %", done="left empty",
        )  # fmt: skip
        return np.nan
