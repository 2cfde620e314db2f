"""What an SIDb unit says: the quantity, its basis, and whether it is a rate or an amount.

SIDb writes units by hand: ``mgC/gSoil/d``, ``mgCCO2/gC``, ``percentC``, ``percentC14Remaining``,
``mass CO2 carbon per soil mass [µg/g]``. Here each becomes a basis and a unit that ``talik.units`` reads.
"""

import re
from dataclasses import dataclass

from talik.errors import UnitError
from talik.units import dimension

CARBON_IN_ORGANIC_MATTER = 0.5
"""Carbon in soil organic matter, where it was not measured. [g g⁻¹] Pribyl 2010, Geoderma 156, 75-83."""

PERCENT = 10.0
"""One percent of the carbon. [mg g⁻¹]"""

_PER = {
    dimension("mg C g-1 soil"): "dry soil",
    dimension("mg C g-1 SOC"): "soil carbon",
    dimension("mg C"): "jar",
    dimension("mg C g-1 OM"): "organic matter",
}
_REMAINING = re.compile(r"remain|left|residual", re.IGNORECASE)
_ISOTOPE = re.compile(r"(?:13|14)\s*C|C\s*-?(?:13|14)|permille|per ?mil|‰|δ|delta|d13|d14", re.IGNORECASE)
_PERCENT_CARBON = re.compile(
    r"^(?:percent|per cent|%)\s*(?:of\s*)?(?:initial\s*)?(?:soil\s*)?(?:total\s*)?(?:organic\s*)?"
    r"(?:C|carbon|SOC)?(?P<time>\s*/\s*\w+)?$",
    re.IGNORECASE,
)
_AMENDMENT = re.compile(r"^(?P<mass>\w*?g) ?(?P<source>(?!Soil)[A-Z][a-z]{3,})-?C(?=/)")
_BRACKETED = re.compile(r"^(?P<words>[^\[]*)\[(?P<unit>[^\]]+)\]")
_BIOMASS = re.compile(r"biomass|mbc\b|microb\w*c\b", re.IGNORECASE)
_FRACTION = re.compile(r"^(?:ppmv?|umol/mol|µmol/mol|mol/mol|vpm)$", re.IGNORECASE)


@dataclass(frozen=True)
class SeriesUnit:
    """What the unit of a series says."""

    measures: str
    """``respiration``, ``carbon remaining`` or another quantity in words."""
    basis: str
    """What it is per, as in the table ``jars``; empty where the unit is not understood."""
    unit: str
    """The unit as ``talik.units`` reads it."""
    is_rate: bool
    """Whether it is per time."""
    factor: float = 1.0
    """What a value is multiplied by to be on its basis."""
    note: str = ""
    """What was assumed to read it."""


def gas_named(text: str) -> str:
    """The gas that a text names: ``co2``, ``ch4``, ``n2o`` or empty.

    Examples
    --------
    >>> gas_named("13CO2"), gas_named("mgCH4/gSoil/d"), gas_named("mgC/gSoil/d")
    ('co2', 'ch4', '')
    """
    plain = text.lower().replace("₂", "2").replace("₄", "4").replace("_", "")
    return next((gas for gas in ("ch4", "n2o", "co2") if gas in plain), "")


def series_unit(text: str, gas: str = "") -> SeriesUnit:
    """Read the unit of a series.

    Parameters
    ----------
    text : str
        As it stands in the metadata.
    gas : str
        ``gasMeasured``: an isotope there makes the series an isotope ratio or a label.

    Returns
    -------
    SeriesUnit

    Examples
    --------
    >>> series_unit("microgC/gSOC/h").basis, series_unit("percentC").factor
    ('soil carbon', 10.0)
    >>> series_unit("percentC14Remaining").measures
    'carbon remaining'
    >>> series_unit("PPM").measures
    'mole fraction'
    """
    text = text.strip()
    if _REMAINING.search(text):
        basis = "label carbon" if _ISOTOPE.search(text) or "label" in text.lower() else "soil carbon"
        return SeriesUnit("carbon remaining", basis, "mgC/gC", False, PERCENT)
    if re.search(r"1[34]", gas) or re.search(r"permille|per ?mil|‰|δ|delta", text, re.IGNORECASE):
        return SeriesUnit("isotope", "", text, False)
    if gas_named(gas) == "n2o" or gas_named(text) == "n2o":
        return SeriesUnit("nitrous oxide", "", text, False)
    if gas.strip().lower() not in ("", "na", "n/a", "none") and not gas_named(gas):
        return SeriesUnit(f"gas {gas.strip()}", "", text, False)
    if _FRACTION.match(text):
        return SeriesUnit("mole fraction", "", text, False)
    if _BIOMASS.search(text.split("/")[0]):
        return SeriesUnit("microbial biomass", "", text, False)
    percent = _PERCENT_CARBON.match(text)
    if percent:
        return SeriesUnit(
            "respiration", "soil carbon", f"mgC/gC{percent['time'] or ''}", bool(percent["time"]), PERCENT
        )
    return _mass_unit(text)


def _mass_unit(text: str) -> SeriesUnit:
    note, label = "", None
    bracketed = _BRACKETED.match(text)
    if bracketed:
        text, note = _from_prose(bracketed["words"], bracketed["unit"]), f"read from {text!r}"
    label = _AMENDMENT.search(text)
    if label:
        note = f"carbon of {label['source'].lower()} only"
        text = _AMENDMENT.sub(r"\g<mass>C", text)
    try:
        found = dimension(text)
    except UnitError:
        return SeriesUnit("respiration", "", text, False)
    is_rate = "[time]" in found
    basis = _PER.get(_without_time(found), "")
    if basis == "organic matter":
        text = re.sub(r"(?:S?OM|organic ?matter|LOI)\b", "SOC", text, flags=re.IGNORECASE)
        note = f"per gram of organic matter; {CARBON_IN_ORGANIC_MATTER:g} of it taken as carbon"
        return SeriesUnit("respiration", "soil carbon", text, is_rate, 1 / CARBON_IN_ORGANIC_MATTER, note)
    return SeriesUnit("respiration", basis, text, is_rate, 1.0, note)


def _from_prose(words: str, unit: str) -> str:
    """A bare unit with what the words before it say: 'CO2 carbon per soil mass [µg/g]' is µgC/gSoil."""
    above = "CO2-C" if re.search(r"co2[- ]?c|carbon", words, re.IGNORECASE) else "CO2"
    below = "SOC" if re.search(r"per (?:gram )?(?:soil )?(?:organic )?c(?:arbon)?\b", words, re.IGNORECASE) else "soil"
    parts = unit.split("/")
    if len(parts) < 2 or re.search(r"C|soil", unit):
        return unit
    return "/".join([f"{parts[0].strip()} {above}", f"{parts[1].strip()} {below}", *parts[2:]])


def _without_time(found: str) -> str:
    """A dimension without its time: pint writes ``[carbon] / [dry_soil] / [time]``."""
    return found.replace(" / [time]", "").replace("/[time]", "")
