r"""Units at the door: text to unit, and values to the unit of their quantity.

Carbon, dry soil, soil carbon and organic matter are base dimensions here, so that carbon
per gram of soil never turns into carbon per gram of soil carbon without a carbon content:
a check of dimensions alone cannot see that mistake, which is the field's commonest
(ISRaD issue 274, SIDb issue 15). This is the only module that knows pint.

The grammar is what people write: ``ug C g-1 soil d-1``, ``mgC/gSoil/d``, ``µmol CO2 g⁻¹ h⁻¹``,
``mg CO2-C kg-1 dry soil day-1``, ``percent``. Below the line, ``C`` and ``SOC`` are soil
carbon, and a bare gram is dry soil.
"""

import re
from functools import cache

import numpy as np
import pint

from talik.constants import DAYS_PER_YEAR, MOLAR_MASS_CARBON, MOLAR_MASS_CH4, MOLAR_MASS_CO2
from talik.errors import UnitError
from talik.quantities import Quantity, quantity

_DEFINITIONS = f"""
nano- = 1e-9 = n-
micro- = 1e-6 = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
kilo- = 1e3 = k-
mega- = 1e6 = M-
g_carbon = [carbon]
g_soil = [dry_soil]
g_soil_carbon = [soil_carbon]
g_organic_matter = [organic_matter]
g_nitrogen = [nitrogen]
g_plain = [mass]
mol_plain = [amount]
mol_carbon = {MOLAR_MASS_CARBON} * g_carbon
g_co2 = {MOLAR_MASS_CARBON} / {MOLAR_MASS_CO2} * g_carbon
g_ch4 = {MOLAR_MASS_CARBON} / {MOLAR_MASS_CH4} * g_carbon
day = [time]
hour = day / 24
minute = hour / 60
second = minute / 60
week = 7 * day
year = {DAYS_PER_YEAR} * day
month = year / 12
meter = [length]
liter = 0.001 * meter ** 3
hectare = 10000 * meter ** 2
pascal = [pressure]
joule = [energy]
kelvin = [temperature]
degC = kelvin; offset: 273.15
degree = [angle]
percent = 0.01
permille = 0.001
ppm = 1e-6
"""

_TIMES = {
    "s": "second", "sec": "second", "second": "second", "seconds": "second",
    "min": "minute", "minute": "minute", "minutes": "minute",
    "h": "hour", "hr": "hour", "hrs": "hour", "hour": "hour", "hours": "hour",
    "d": "day", "day": "day", "days": "day", "wk": "week", "week": "week", "weeks": "week",
    "month": "month", "months": "month", "a": "year", "y": "year", "yr": "year", "year": "year", "years": "year",
}  # fmt: skip
_PLAIN = {
    "degc": "degC", "°c": "degC", "celsius": "degC", "k": "kelvin", "kelvin": "kelvin",
    "m": "meter", "cm": "centimeter", "mm": "millimeter", "km": "kilometer",
    "ha": "hectare", "pa": "pascal", "kpa": "kilopascal", "degree": "degree", "degrees": "degree",
    "j": "joule", "kj": "kilojoule",
    "l": "liter", "ml": "milliliter", "ul": "microliter",
    "%": "percent", "percent": "percent", "permille": "permille", "‰": "permille",
    "ppm": "ppm", "ppmv": "ppm",
}  # fmt: skip
# Longest first: "CO2-C" is carbon, "CO2" is carbon dioxide. Soil carbon above the line is carbon.
_ABOVE = (
    (r"(?:co2|ch4)[- ]?c(?:arbon)?\b|c[- ]?(?:co2|ch4)|co2 carbon", "carbon"),
    (r"co2", "co2"),
    (r"ch4", "ch4"),
    (r"soil ?c\b|soil carbon|soc\b|sic\b|oc\b|c\b|carbon", "carbon"),
    (r"som\b|om\b|organic matter", "organic_matter"),
    (r"nitrogen|n\b", "nitrogen"),
)
_BELOW = (
    (
        r"(?:initial |total |soil )*(?:organic )?(?:toc|soc|oc|tc|c|carbon)\b(?: ?init(?:ial)?\b)?|soil ?c\b|corg",
        "soil_carbon",
    ),
    (r"som\b|om\b|organic matter|loi\b", "organic_matter"),
    (r"dry ?soil|dry ?weight|dry ?mass|soil ?dw|soil|dw[t]?\b|dm\b", "soil"),
)
_PREFIX = {"micro": "micro", "milli": "milli", "kilo": "kilo", "nano": "nano", "u": "micro",
           "m": "milli", "k": "kilo", "n": "nano", "M": "mega", "c": "centi", "": ""}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³", "-0123")
_MASS = re.compile(r"(micro|milli|kilo|nano|[umknMc])?(mol(?!c\b)|gram|g)")
_TIME = "|".join(sorted(_TIMES, key=len, reverse=True))
# After a slash time stands below the line too: nobody means hours above it in "ug CO2 / gC h" or "mg/(kg·d)".
_TIME_AFTER_SLASH = re.compile(rf"(/[^/]*[^/\s·*])[\s·*]+({_TIME})$")
_UNDERSCORES = re.compile(
    rf"([numk]?(?:g|mol))_((?:CO2|CH4)(?:[-_]C)?|C)_([mk]?g)_(?:(soil|dw|C|SOC|OM)_)?({_TIME})", re.IGNORECASE
)
_EXPONENT = re.compile(r"\s*\^?\s*(-?[123])(?![0-9])")


@cache
def _registry() -> pint.UnitRegistry:
    registry: pint.UnitRegistry = pint.UnitRegistry(None)
    for line in _DEFINITIONS.strip().splitlines():
        registry.define(line)
    return registry


def _cleaned(text: str) -> str:
    text = text.translate(_SUPERSCRIPTS).replace("µ", "u").replace("μ", "u").replace("−", "-")
    text = text.replace("CO₂", "CO2").replace("CO_2", "CO2").replace("CH₄", "CH4").replace("℃", "°C").strip()
    if underscored := _UNDERSCORES.fullmatch(text):
        mass, gas, below, of, time = underscored.groups()
        text = f"{mass} {gas.replace('_', '-')} / {below} {of or ''} / {time}"
    text = _TIME_AFTER_SLASH.sub(r"\1 /\2", re.sub(r"[()]", " ", text).strip())
    text = re.sub(r"[·*×_()]", " ", text)
    return re.sub(r"\s+", " ", re.sub(r"\bper\b", "/", text)).strip()


def _substance(text: str, at: int, kinds: tuple[tuple[str, str], ...]) -> tuple[str, int]:
    """The substance that stands at this place, and where it ends."""
    start = at + len(text[at:]) - len(text[at:].lstrip(" -"))
    for pattern, kind in kinds:
        found = re.compile(pattern, re.IGNORECASE).match(text, start)
        if found:
            return kind, found.end()
    return "", at


def _mass(text: str, found: re.Match, below: bool, carbon: str) -> tuple[str, int, int]:
    """Unit, power and end of a mass with its substance, as in ``mg CO2`` or ``g-1 soil``."""
    at = found.end()
    after = _EXPONENT.match(text, at)
    power, at = (int(after[1]), after.end()) if after else (1, at)
    below = below or power < 0
    kind, at = _substance(text, at, _BELOW if below else _ABOVE)
    if not kind and not below:
        # "g dw-1": only the exponent behind the substance says that it stands below the line.
        _, end = _substance(text, at, _BELOW)
        if (later := _EXPONENT.match(text, end)) and int(later[1]) < 0:
            below, at = True, end
    if not after and (later := _EXPONENT.match(text, at)):
        power, at = int(later[1]), later.end()
        if power < 0 and not below:
            kind, _ = _substance(text, found.end(), _BELOW)
            below = True
    if not kind:
        kind = "soil" if below and found[2] != "mol" else "plain"
    if not below and kind == "carbon":
        kind = carbon
    base = "mol_" if found[2] == "mol" else "g_"
    if base == "mol_" and kind in ("co2", "ch4"):
        kind = "carbon"
    return f"{_PREFIX[found[1] or '']}{base}{kind}", power, at


def _factors(text: str, carbon: str) -> list[tuple[str, int]]:
    """Every unit of a text with its power."""
    factors, at, below = [], 0, False
    while at < len(text):
        if text[at] in " .":
            at += 1
            continue
        if text[at] == "/":
            below, at = True, at + 1
            continue
        word = re.compile(r"[A-Za-z°%‰]+").match(text, at)
        key = word[0] if word else ""
        mass = _MASS.match(text, at)
        if key in _TIMES or (key.lower() in _TIMES and len(key) > 1):
            unit, power, at = _TIMES[key if key in _TIMES else key.lower()], 1, at + len(key)
            found = _EXPONENT.match(text, at)
            power, at = (int(found[1]), found.end()) if found else (1, at)
        elif key.lower() in _PLAIN and (key not in ("M", "L") or key == "L"):
            unit, at = _PLAIN[key.lower()], at + len(key)
            found = _EXPONENT.match(text, at)
            power, at = (int(found[1]), found.end()) if found else (1, at)
        elif mass:
            unit, power, at = _mass(text, mass, below, carbon)
        elif key in ("Mg", "t"):
            unit, power, at = "megag_plain", 1, at + len(key)
        else:
            raise ValueError(text[at:])
        factors.append((unit, -power if below and power > 0 else power))
        below = False
    return factors


@cache
def parse_unit(text: str, *, carbon: str = "carbon") -> pint.Unit:
    """The unit that a text means.

    Parameters
    ----------
    text : str
        For example ``"ug C g-1 soil d-1"``, ``"mgC/gSoil/d"`` or ``"percent"``.
    carbon : {"carbon", "soil_carbon"}
        What carbon above the line is: respired, or, in a carbon content, soil carbon.

    Returns
    -------
    pint.Unit

    Raises
    ------
    UnitError
        Where the text is not understood; it names what was not, and shows units that are.

    Examples
    --------
    >>> parse_unit("mgC/gSoil/d") == parse_unit("mg C g-1 soil d-1")
    True
    """
    cleaned = _cleaned(text)
    try:
        unit = _registry().Unit("")
        for name, power in _factors(cleaned, carbon):
            unit = unit * _registry().Unit(name) ** power
    except (ValueError, pint.errors.PintError) as error:
        rest = str(error) if str(error) in cleaned else cleaned
        raise UnitError(
            f"unit {text!r} is not understood (from {rest!r} on). Write it like 'ug C g-1 soil d-1', "
            "'mg CO2 kg-1 soil h-1', 'mg C g-1 SOC d-1', 'percent', 'd' or 'degC'.",
            [text],
        ) from None
    return unit


def dimension(text: str) -> str:
    """The dimension of a unit, as a text to compare.

    Examples
    --------
    >>> dimension("mgC/gSoil") == dimension("ug CO2 kg-1 soil")
    True
    >>> dimension("mgC/gSoil") == dimension("mgC/gC")
    False
    """
    return str(parse_unit(text).dimensionality)


def convert(values, unit: str, name: str) -> np.ndarray:
    """Values in any unit to the unit of their quantity.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Values in `unit`.
    unit : str
        Unit of the values, as people write it.
    name : str
        Name of the quantity, as in ``quantities.py``.

    Returns
    -------
    ndarray, shape (n,)
        Values in the unit of the quantity.

    Raises
    ------
    UnitError
        Where the unit is unknown, or measures something else: carbon per soil is not carbon
        per soil carbon.

    Examples
    --------
    >>> float(convert(1.0, "mg CO2 kg-1 soil h-1", "respiration").round(4))
    6.5501
    >>> convert([288.15], "K", "temperature")
    array([15.])
    >>> convert([1.0], "mgC/gC/d", "respiration")
    Traceback (most recent call last):
        ...
    talik.errors.UnitError: unit 'mgC/gC/d' does not measure respiration [ug C g-1 soil d-1]: ...
    """
    wanted = quantity(name)
    target = _target(wanted)
    source = parse_unit(unit, carbon=_carbon_above(wanted))
    if wanted.share:
        source = _as_share(source, target)
    if source.dimensionality != target.dimensionality:
        raise UnitError(
            f"unit {unit!r} does not measure {name} [{wanted.unit}]: it is "
            f"{_in_words(source)}, and {_in_words(target)} is needed. Correct the unit, or give the column "
            "the name of what it measures (a carbon content turns one basis into the other).",
            [unit],
        )
    return np.asarray(_registry().Quantity(np.asarray(values, float), source).to(target).magnitude)


def _as_share(source: pint.Unit, target: pint.Unit) -> pint.Unit:
    """A percentage, or milligrams of something, read as the ratio of masses that is meant."""
    if source.dimensionless:
        return source * _ratio(target)
    if source.dimensionality == (_registry().Unit("g_plain") / _registry().Unit("g_soil")).dimensionality:
        return source / _registry().Unit("g_plain") * _registry().Unit(_numerator(target))
    return source


def _numerator(target: pint.Unit) -> str:
    """The gram above the line of a share."""
    if "[organic_matter]" in str(target.dimensionality):
        return "g_organic_matter"
    return "g_soil_carbon" if "[dry_soil]" in str(target.dimensionality) else "g_carbon"


def _ratio(target: pint.Unit) -> pint.Unit:
    """One gram per gram of what the target measures in milligrams per gram."""
    below = "g_soil" if "[dry_soil]" in str(target.dimensionality) else "g_soil_carbon"
    return _registry().Unit(_numerator(target)) / _registry().Unit(below)


@cache
def _target(wanted: Quantity) -> pint.Unit:
    return parse_unit(wanted.unit.replace("mg SOC", "mg C").replace("mg SIC", "mg C"), carbon=_carbon_above(wanted))


def _carbon_above(wanted: Quantity) -> str:
    """What carbon above the line is in units of a quantity: in contents of the soil it is the soil's."""
    return "soil_carbon" if wanted.share and wanted.unit.endswith("g-1 soil") else "carbon"


def _in_words(unit: pint.Unit) -> str:
    powers = {_name(dimension): float(np.real(power)) for dimension, power in unit.dimensionality.items()}
    above = [name for name, power in powers.items() if power > 0]
    below = [name for name, power in powers.items() if power < 0]
    return " per ".join([" and ".join(above) or "a number", *sorted(below)])


def _name(dimension: str) -> str:
    return dimension.strip("[]").replace("_", " ")
