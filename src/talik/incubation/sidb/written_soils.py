"""Sites, soils and treatments as SIDb describes them: the inverse of reading an entry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from talik.errors import UnitError
from talik.incubation.measurements import Measurements
from talik.incubation.sets import treatment_columns
from talik.incubation.sidb.columns import NOT_TREATMENTS, as_number
from talik.incubation.sidb.properties import NOT_PROPERTIES, STATISTICS, UNIT_OF
from talik.incubation.sidb.soils import OF_DEPTH
from talik.survey import permafrost
from talik.tables import TABLES
from talik.units import convert

OF_THE_STUDY = " of the study"
"""What the reader puts behind a field whose name is a column of talik's own."""

CORE, SAMPLE, SET = "core", "sampleLayer", "set"
"""Fields that tell cores, samples and sets apart where nothing else does."""

_SAMPLE_COLUMNS = {column.name for column in TABLES["samples"].columns}


@dataclass(frozen=True)
class Soils:
    """How the soils of a study are described in an entry."""

    places: dict[str, str]
    """Name of each site within the entry."""
    fields: dict[str, dict[str, Any]]
    """Fields that every series of a sample carries, by sample."""
    initial: pd.DataFrame
    """``initConditions.csv``."""


def own_name(name: str, study: str) -> str:
    """A name without the study in front of it, as it stands within an entry.

    Examples
    --------
    >>> own_name("Chen2016 Sagwon", "Chen2016"), own_name("Sagwon", "Chen2016"), own_name("Chen2016", "Chen2016")
    ('Sagwon', 'Sagwon', 'Chen2016')
    """
    return (name.removeprefix(f"{study} ") or name).strip()


def unique_names(names: Sequence[str], study: str) -> dict[str, str]:
    """Each name as it stands within an entry, numbered where two would be the same."""
    made: dict[str, str] = {}
    for name in names:
        short = own_name(name, study) or "unnamed"
        taken, count = set(made.values()), 1
        wanted = short
        while wanted in taken:
            count += 1
            wanted = f"{short} ({count})"
        made[name] = wanted
    return made


def site_info(sites: pd.DataFrame, places: Mapping[str, str]) -> dict[str, Any]:
    """``siteInfo`` of the metadata: a list for each field, a value for each site."""
    rows = [row for _, row in sites.iterrows() if row["site"] in places]
    stated = [_stated(row) for row in rows]
    return {
        "site": [places[row["site"]] for row in rows],
        "coordinates": {
            "latitude": [_number(row["latitude"]) for row in rows],
            "longitude": [_number(row["longitude"]) for row in rows],
        },
        "country": _texts(rows, "country"),
        "MAT": [_number(row["mean_annual_temperature"]) for row in rows],
        "MAP": [_number(row["annual_precipitation"]) for row in rows],
        "elevation": [_number(row["elevation"]) for row in rows],
        "landCover": _texts(rows, "land_cover"),
        "vegNote": None,
        "soilTaxonomy": {
            "soilOrder": _texts(rows, "soil_order"), "soilFamily": [family for _, family in stated],
            "soilSeries": None, "classificationSystem": None,
        },
        "permafrost": {
            "permafrostExist": [said for said, _ in stated],
            "activeLayer": [_number(row["active_layer_depth"]) for row in rows],
        },
    }  # fmt: skip


def _texts(rows: Sequence[pd.Series], column: str) -> list[str | None]:
    return [row[column] or None for row in rows]


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _stated(site: pd.Series) -> tuple[str | None, str | None]:
    """What to state of permafrost so that the same is concluded, and the soil family that it was concluded from."""
    evidence, order = site["permafrost_evidence"], site["soil_order"]
    soil = evidence.removeprefix("soil order (").removesuffix(")") if evidence.startswith("soil order (") else order
    family = soil.removeprefix(order).strip() if soil.startswith(order) else ""
    again = permafrost(
        soil=soil, active_layer_depth=site["active_layer_depth"], latitude=site["latitude"],
        mean_annual_temperature=site["mean_annual_temperature"], elevation=site["elevation"],
    )  # fmt: skip
    said = None if again.permafrost == site["permafrost"] and evidence != "stated" else site["permafrost"] or None
    return said, family or None


def described_soils(measured: Measurements, study: str) -> Soils:
    """Soils of one study as fields of their series and as rows of ``initConditions.csv``.

    Parameters
    ----------
    measured : Measurements
        Tables of this study alone.
    study : str
        Its name.

    Returns
    -------
    Soils
    """
    samples = measured.samples[measured.samples["sample"].isin(measured.jars["sample"])].reset_index(drop=True)
    places = unique_names(_sites_to_write(measured), study)
    place = {site: places.get(site, own_name(site, study)) for site in samples["site"]}
    fields = [_sample_fields(row, samples.columns) for _, row in samples.iterrows()]
    _tell_apart(samples, place, fields, study)
    initial = pd.DataFrame(
        [
            {"site": place[row["site"]]} | own | _conditions(measured, row["sample"], own)
            for (_, row), own in zip(samples.iterrows(), fields, strict=True)
        ]
    )
    named = {
        name: {"site": place[site]} | own
        for name, site, own in zip(samples["sample"], samples["site"], fields, strict=True)
    }
    return Soils(places, named, _in_order(initial))


def _sites_to_write(measured: Measurements) -> list[str]:
    """Sites of a study, without those of which nothing but the name is known: the reader adds these."""
    sites = measured.sites
    told = sites.drop(columns=["study", "site", "doi", "licence"])
    known = [bool((row.notna() & (row != "")).any()) for _, row in told.iterrows()]
    return list(sites["site"][known]) if sum(known) > 1 else list(sites["site"])


def _sample_fields(sample: pd.Series, columns: Sequence[str]) -> dict[str, Any]:
    """Depth, horizon and field treatments of a sample."""
    fields: dict[str, Any] = {
        name: float(sample[column])
        for name, column in (("top", "depth_top"), ("bottom", "depth_bottom"))
        if pd.notna(sample[column])
    }
    if sample["horizon"]:
        fields["horizon"] = sample["horizon"]
    for column in columns:
        name = "elevation" if column == "plot_elevation" else column.removesuffix(OF_THE_STUDY)
        allowed = name not in NOT_TREATMENTS or name == "elevation"
        if column not in _SAMPLE_COLUMNS and sample[column] and allowed:
            fields[name] = sample[column]
    return fields


def _tell_apart(samples: pd.DataFrame, place: Mapping[str, str], fields: list[dict[str, Any]], study: str) -> None:
    """Add fields for cores and samples that depth, horizon and treatment do not tell apart."""
    derived = [
        (place[site], *(f"{key} {value}" for key, value in own.items() if _names_core(key)))
        for site, own in zip(samples["site"], fields, strict=True)
    ]
    cores = pd.DataFrame({"derived": derived, "core": samples["core"]})
    if (cores.groupby("derived")["core"].nunique() > 1).any():
        names = unique_names(list(dict.fromkeys(samples["core"])), study)
        for own, core in zip(fields, samples["core"], strict=True):
            own[CORE] = names[core]
    alike = any(
        site == other and not _differ(own, another)
        for i, (site, own) in enumerate(zip(samples["site"], fields, strict=True))
        for other, another in zip(samples["site"][:i], fields[:i], strict=True)
    )
    if alike:
        short = unique_names(list(samples["sample"]), study)
        for own, name in zip(fields, samples["sample"], strict=True):
            own[SAMPLE] = short[name]


def _names_core(key: str) -> bool:
    """Whether a field is part of the name that the reader gives to a core."""
    return key not in ("top", "bottom", "horizon") and not OF_DEPTH.search(key)


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two soils differ in a field that both have."""
    for key in one.keys() & other.keys():
        a, b = as_number(one[key]), as_number(other[key])
        if a is not None and b is not None:
            if abs(a - b) > 1e-6:
                return True
        elif str(one[key]).casefold() != str(other[key]).casefold():
            return True
    return False


def _conditions(measured: Measurements, sample: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Soil properties of a sample as columns of ``initConditions.csv``."""
    rows = measured.properties[(measured.properties["subject"] == "sample") & (measured.properties["id"] == sample)]
    columns: dict[str, Any] = {}
    for _, row in rows.iterrows():
        if row["property"] not in fields and not NOT_PROPERTIES.search(row["property"]):
            columns |= dict(_property(row))
    carbon = measured.jars.loc[measured.jars["sample"] == sample, "organic_carbon"].dropna()
    if len(carbon) and not _gives(columns, float(carbon.iloc[0])):
        columns |= {"carbonMean": float(carbon.iloc[0]), "carbonUnits": "mg/gSoil"}
        columns.pop("carbonSD", None)
    return columns


def _property(row: pd.Series) -> Iterator[tuple[str, Any]]:
    name = row["property"]
    yield f"{name}Mean" if STATISTICS.match(name) or pd.notna(row["sd"]) or name in _WITH_MEAN else name, row["value"]
    if pd.notna(row["sd"]):
        yield f"{name}SD", row["sd"]
    if row["unit"] and row["unit"] != ("percent" if name.startswith("percent") else UNIT_OF.get(name, "")):
        yield f"{name}Units", row["unit"]
    if pd.notna(row["n"]):
        yield "replicates", row["n"]


_WITH_MEAN = ("carbon", "nitrogen", "bulkDensity")


def _gives(columns: Mapping[str, Any], carbon: float) -> bool:
    """Whether the carbon content that was given is the one of the jars. [mg g⁻¹]"""
    value, unit = columns.get("carbonMean"), columns.get("carbonUnits", "")
    if value is None:
        return False
    try:
        return bool(np.isclose(convert(value, unit, "organic_carbon"), carbon, rtol=1e-9))
    except UnitError:
        return unit.lower().startswith(("percent", "%")) and bool(np.isclose(10 * value, carbon, rtol=1e-9))


def _in_order(initial: pd.DataFrame) -> pd.DataFrame:
    """Columns with what tells soils apart first, empty cells for what is not known."""
    first = [name for name in ("site", "top", "bottom", "horizon") if name in initial]
    rest = [name for name in initial.columns if name not in first]
    return initial.reindex(columns=[*first, *rest])


def jar_fields(jars: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Moisture, oxygen, replicate and treatments of every jar, as fields of its series."""
    treatments = {
        column: column.removesuffix(OF_THE_STUDY)
        for column in treatment_columns(jars)
        if column.removesuffix(OF_THE_STUDY) not in NOT_TREATMENTS
    }
    made = {}
    for _, jar in jars.iterrows():
        fields: dict[str, Any] = {name: jar[column] for column, name in treatments.items() if jar[column]}
        if jar["moisture"]:
            number = as_number(jar["moisture"])
            fields["moisture"] = number if number is not None and f"{number:g}" == jar["moisture"] else jar["moisture"]
        if jar["oxygen"]:
            anaerobic = jar["oxygen"] == "anaerobic"
            fields["anaerobic" if anaerobic else "oxygen"] = "yes" if anaerobic else jar["oxygen"].removesuffix(" %")
        if jar["replicate"]:
            fields["replicate"] = jar["replicate"]
        made[jar["jar"]] = fields
    _tell_sets_apart(jars, made)
    return made


def _tell_sets_apart(jars: pd.DataFrame, fields: dict[str, dict[str, Any]]) -> None:
    """Add a field for sets whose jars differ in nothing that makes a set."""
    treated = [
        tuple(sorted((key, str(value)) for key, value in fields[jar].items() if key != "replicate"))
        for jar in jars["jar"]
    ]
    derived = jars.assign(treated=treated).groupby(["sample", "treated"])["set"]
    if (derived.nunique() > 1).any():
        for jar, name in zip(jars["jar"], jars["set"], strict=True):
            fields[jar][SET] = name
