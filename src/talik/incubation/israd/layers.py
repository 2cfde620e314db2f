"""Soil properties of ISRaD's layers: their groups, and the unit of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from talik.incubation.israd.tabs import Row, Tab
from talik.problems import Findings


@dataclass(frozen=True)
class LayerProperty:
    """A property of a layer or a profile."""

    column: str
    """Column of the template, in lower case."""
    group: str
    """``mineral``, ``substrate``, ``environment`` or ``microbial``."""
    subgroup: str
    """Subgroup, empty where there is none."""
    unit: str
    """Unit of the template, where the file's description row does not say it."""


def _some(columns: str, group: str, subgroup: str, unit: str) -> Iterator[LayerProperty]:
    for column in columns.split():
        yield LayerProperty(column, group, subgroup, unit)


PROPERTIES = {
    one.column: one
    for one in (
        *_some("lyr_sand_tot_psa lyr_silt_tot_psa lyr_clay_tot_psa lyr_coarse_tot", "mineral", "texture", "%"),
        *_some("lyr_bet_surface_area", "mineral", "surface area", "m2 g-1"),
        *_some("lyr_cat_exch", "mineral", "exchange", "cmol H+ kg-1"),
        *_some(
            "lyr_base_sum lyr_cec_sum lyr_ca_exch lyr_na_exch lyr_mg_exch lyr_k_exch lyr_al_exch lyr_ecec", "mineral",
            "exchange", "meq 100g-1",
        ),
        *_some("lyr_bs", "mineral", "exchange", "%"),
        *_some(
            "lyr_fe_py lyr_al_py lyr_fe_al_py lyr_si_py lyr_c_py lyr_fe_ox lyr_al_ox lyr_si_ox lyr_c_ox "
            "lyr_noncrystalline_ox lyr_fe_hy lyr_al_hy lyr_si_hy lyr_c_hy lyr_fe_dith lyr_al_dith lyr_si_dith "
            "lyr_c_dith", "mineral", "extracted", "mg g-1",
        ),
        *_some(
            "lyr_quartz lyr_alkali_feldspar lyr_plag_feldspar lyr_mica_chlorite lyr_amphibole lyr_pyroxine "
            "lyr_olivine lyr_volc_glass lyr_kaol_halloy lyr_smect_vermic lyr_gibbsite lyr_fe_oxides lyr_imog_alloph "
            "lyr_ferrihydrite lyr_calcite_dolomite lyr_zeolite", "mineral", "mineralogy", "%",
        ),
        *_some("lyr_c_inorg", "mineral", "carbonate", "%"),
        *_some("lyr_c_org lyr_c_tot lyr_n_tot lyr_loi", "substrate", "content", "%"),
        *_some("lyr_c_to_n", "substrate", "content", ""),
        *_some("lyr_soc", "substrate", "stock", "g cm-2"),
        *_some("lyr_15n lyr_13c lyr_14c", "substrate", "isotopes", "permille"),
        *_some("lyr_fraction_modern", "substrate", "isotopes", ""),
        *_some("lyr_p_ext", "substrate", "nutrients", ""),
        *_some("lyr_bd_samp lyr_bd_tot", "environment", "bulk density", "g cm-3"),
        *_some("lyr_ph_cacl lyr_ph_h2o lyr_ph", "environment", "acidity", ""),
        *_some("pro_mast", "environment", "climate", "degC"),
        *_some("pro_maswc", "environment", "moisture", "%"),
        *_some("pro_slope", "environment", "relief", "%"),
        *_some("lyr_raw_mbc lyr_reported_mbc", "microbial", "biomass", "mg C g-1"),
    )
}  # fmt: skip
"""Numbers of the tabs layer and profile that are soil properties, by column."""

NAMES = {
    "lyr_sand_tot_psa": "percentSand", "lyr_silt_tot_psa": "percentSilt", "lyr_clay_tot_psa": "percentClay",
    "lyr_c_org": "carbon", "lyr_n_tot": "nitrogen", "lyr_bd_samp": "bulkDensity", "lyr_ph_h2o": "pH",
    "lyr_reported_mbc": "microbialBiomass",
}  # fmt: skip
"""Properties that SIDb has too, by its names, so that soils of both can be compared; others keep ISRaD's."""

_SPREAD = {"lyr_14c": "lyr_14c_sd", "lyr_fraction_modern": "lyr_fraction_modern_sd", "lyr_soc": "lyr_soc_sigma"}
_NO_UNIT = re.compile(r"[(_]|^unitless$|^[^\x00-\x7f]+$|unit", re.IGNORECASE)


def unit_of(column: str, *tabs: Tab) -> str:
    """Unit of a column: what the file's description row says, else that of the template.

    A dropdown's name in brackets is none, and neither is a per mille sign that was lost on a Macintosh.
    """
    stated = next((tab.units.get(column, "") for tab in tabs if column in tab.columns), "")
    return stated if stated and not _NO_UNIT.search(stated) else PROPERTIES[column].unit


def property_rows(
    sample: str, layer: Row, profile: Row, tabs: tuple[Tab, Tab], findings: Findings
) -> Iterator[dict[str, Any]]:
    """Properties of a sample as rows of the table ``properties``.

    Parameters
    ----------
    sample : str
        Its name.
    layer, profile : Row
        Its rows.
    tabs : tuple of Tab
        The tabs layer and profile, for their units.
    findings : Findings
        Where cells that are no numbers are told.

    Yields
    ------
    dict
    """
    for column, one in PROPERTIES.items():
        row = layer if column.startswith("lyr_") else profile
        text = row.text(column)
        if not text:
            continue
        value = row.number(column)
        if value is None:
            findings.tell(
                "value-not-a-number", stage="survey", column=column, where=row.where, found=repr(text[:80]),
                needed="a number", done="left out",
            )  # fmt: skip
            continue
        unit = row.text("lyr_p_units") if column == "lyr_p_ext" else unit_of(column, *tabs)
        name = NAMES.get(column, column.split("_", 1)[1])
        yield {
            "subject": "sample", "id": sample, "property": name, "group": one.group,
            "subgroup": one.subgroup, "value": value, "sd": row.number(_SPREAD.get(column, "")), "unit": unit,
        }  # fmt: skip
