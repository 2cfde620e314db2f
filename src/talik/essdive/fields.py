"""The fields of the format ESS-DIVE Soil Respiration v1: names, units and meanings, as they are resolved here.

The guide and the templates of the format (essdive-soil-respiration, commit b1538bd) contradict each other in the
case of names, the digits of time stamps, the unit of the vapour pressure deficit and the spelling of Longitude.
"""

import re
from dataclasses import dataclass

STANDARD = "ESS-DIVE Soil Respiration v1"
"""What the file-level metadata call the format."""

MISSING_NUMBER, MISSING_TEXT = "-9999", "N/A"
"""Missing values, as ESS-DIVE recommends them for CSV."""


@dataclass(frozen=True)
class Field:
    """One field of a table."""

    name: str
    """Name, as it is written."""
    kind: str
    """``text``, ``number``, ``logical``, ``time`` or ``error`` (a logical in the guide, a text in the example)."""
    unit: str
    """Unit; empty where there is none."""
    meaning: str
    """What it is."""
    required: bool = False
    """Whether the format requires it."""


_UMOL, _NMOL, _PHOTONS = "umol CO2 m-2 s-1", "nmol CH4 m-2 s-1", "umol photons m-2 s-1"

FLUXES = (
    Field("Chamber_ID", "text", "", "Label of the chamber, as in the table of chambers", True),
    Field("Timestamp_Begin", "time", "YYYYMMDDHHMM", "Begin of the averaging period", True),
    Field("Timestamp_End", "time", "YYYYMMDDHHMM", "End of the averaging period", True),
    Field("Flux_CO2", "number", _UMOL, "CO2 flux, positive to the atmosphere", True),
    Field("Flux_CH4", "number", _NMOL, "CH4 flux, positive to the atmosphere"),
    Field("Dry_CO2", "number", "ppmv", "Mean CO2 concentration in the chamber during the measurement"),
    Field("Dry_CH4", "number", "ppbv", "Mean CH4 concentration in the chamber during the measurement"),
    Field("Flux_SE_CO2", "number", _UMOL, "Standard error of the CO2 flux"),
    Field("Flux_SE_CH4", "number", _NMOL, "Standard error of the CH4 flux"),
    Field("CrvFit_CO2", "text", "", "How the CO2 flux was computed: Lin or Exp"),
    Field("CrvFit_CH4", "text", "", "How the CH4 flux was computed: Lin or Exp"),
    Field("R2_CO2", "number", "fraction", "R2 of the fit of CO2"),
    Field("R2_CH4", "number", "fraction", "R2 of the fit of CH4"),
    Field(
        "Error", "error", "", "Error of the analyser or of the import; TRUE where it is only known that there was one"
    ),
    Field("CO2_Amb", "number", "ppmv", "CO2 concentration of the air at the place"),
    Field("CH4_Amb", "number", "ppbv", "CH4 concentration of the air at the place"),
    Field("Tair_Amb", "number", "degree Celsius", "Air temperature at the place"),
    Field("Tair", "number", "degree Celsius", "Air temperature in the chamber"),
    Field("PAR", "number", _PHOTONS, "Photosynthetically active radiation in the chamber"),
    Field("RH", "number", "%", "Relative humidity in the chamber"),
    Field("PAR_Amb", "number", _PHOTONS, "Photosynthetically active radiation outside the chamber"),
    Field("VPD_Amb", "number", "kPa", "Vapour pressure deficit at the place"),
    Field("Precip_Amb", "number", "mm", "Precipitation at the place"),
    Field("Soil_O2", "number", "%", "Oxygen in the soil at the chamber"),
    Field("WTD", "number", "cm", "Depth of the water table, positive downwards"),
    Field("Record", "number", "", "Number of the record within the file"),
    Field("Notes", "text", "", "Remarks on the measurement"),
)
"""Fields of the table of fluxes; soil temperatures and moistures by depth besides."""

CHAMBERS = (
    Field("Chamber_ID", "text", "", "Label of the chamber, as in the table of fluxes", True),
    Field("Msmt_Var", "text", "", "What the flux is: Rs, Rh, Reco or NEE", True),
    Field("Treatment", "text", "", "Treatment of soil or ecosystem; None where there is none", True),
    Field("Opaque", "logical", "", "Whether the chamber is opaque", True),
    Field("Plants_Removed", "logical", "", "Whether plants were removed from the collar", True),
    Field("Instrument", "text", "", "Model of the instrument", True),
    Field("Longitude", "number", "degree", "Longitude, positive east"),
    Field("Latitude", "number", "degree", "Latitude, positive north"),
    Field("Area", "number", "cm2", "Soil surface that is measured"),
    Field("Volume", "number", "cm3", "Volume of the chamber"),
    Field("Obs_Count", "number", "", "Number of observations"),
    Field("Collar_Depth", "number", "cm", "Depth that the collar is set in"),
    Field("Fan", "logical", "", "Whether a fan mixes the air of the chamber"),
    Field("Species", "text", "", "Dominant species at the place"),
    Field("Sensor_Depths", "text", "cm", "Depths of solid-state sensors, gradient method only"),
    Field("Notes", "text", "", "Remarks on the chamber"),
)
"""Fields of the table of chambers."""

_AT_DEPTH = (
    (re.compile(r"T(\d+(?:\.\d+)?)", re.IGNORECASE), "T", "degree Celsius", "Soil temperature at {} cm"),
    (re.compile(r"SM(\d+(?:\.\d+)?)", re.IGNORECASE), "SM", "m3 m-3", "Volumetric soil moisture at {} cm"),
)
_MISSPELT = {"longtitude": "longitude"}


def field_named(name: str, fields: tuple[Field, ...]) -> Field | None:
    """The field that a header names, whatever its case; None where it is not one of the format.

    Examples
    --------
    >>> field_named("PAR_AMB", FLUXES).name, field_named("sm5", FLUXES).meaning
    ('PAR_Amb', 'Volumetric soil moisture at 5 cm')
    >>> field_named("Longtitude", CHAMBERS).name
    'Longitude'
    """
    plain = re.sub(r"[\s_]+", "_", name.strip()).lower()
    plain = _MISSPELT.get(plain, plain)
    known = next((field for field in fields if field.name.lower() == plain), None)
    if known or fields is not FLUXES:
        return known
    for pattern, letter, unit, meaning in _AT_DEPTH:
        found = pattern.fullmatch(plain)
        if found:
            return Field(f"{letter}{found[1]}", "number", unit, meaning.format(found[1]))
    return None
