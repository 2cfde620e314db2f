"""What a column's header says, in English or Chinese: the column of talik, its unit, a temperature, a time."""

import csv
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from math import isnan, nan

from talik.errors import UnitError
from talik.incubation.sheets.values import plain
from talik.quantities import QUANTITIES
from talik.tables import RELEASE_OF, RESPIRATION_OF
from talik.units import convert, dimension

RATES = (*dict.fromkeys(RESPIRATION_OF.values()), "organic_matter_respiration")
"""Columns for respired carbon per time, by their basis."""

AMOUNTS = (*dict.fromkeys(RELEASE_OF.values()), "organic_matter_release")
"""Columns for carbon respired since the start, by their basis."""

PSEUDO = ("position", "depth", "date", "q10", "se", "plot", "line", "treatment", "sampling_date", "field_respiration")
"""Columns that are no column of a table as they stand: latitude and longitude in one cell, a depth that may be
top, bottom or both, a date that becomes a time, a Q10 that was published, a standard error, what tells plots apart."""

_CHINESE_UNITS = (
    ("毫克", "mg"), ("微克", "ug"), ("千克", "kg"), ("公斤", "kg"), ("克", "g"), ("厘米", "cm"), ("毫米", "mm"),
    ("米", "m"), ("毫升", "mL"), ("升", "L"), ("小时", "h"), ("天", "d"), ("日", "d"), ("摄氏度", "degC"),
    ("百分比", "%"), ("干土", "soil"),
)  # fmt: skip
_BRACKETS = re.compile(r"[(\[{]((?:[^()\[\]{}]|\([^()]*\))*)[)\]}]")
_NUMBER = r"-?\d+(?:\.\d+)?"
_DEGREES = re.compile(
    rf"(?:\b(?:at|T)\s*[_=]?\s*)?(?<![\w.])({_NUMBER})\s*(?:°\s*C?|deg(?:rees?)?\.?\s*C?|C|度|摄氏度)(?![a-z\d])",
    re.IGNORECASE,
)
_T_NUMBER = re.compile(rf"(?<![A-Za-z])T[_=]?({_NUMBER})(?=[_ ]|$)")
_ISOTOPE = re.compile(r"(?:δ|delta|Δ|\bd)?[ _]?1[34]\s?C\b", re.IGNORECASE)
_TIME = (
    re.compile(rf"(?:\bday|\bd|第)[_ ]?({_NUMBER})\s*(?:天|日)?(?![\d.])()", re.IGNORECASE),
    re.compile(rf"(?<![A-Za-z0-9.])({_NUMBER})\s*(days?|d|hours?|hrs?|h|weeks?|wk|天|小时|周)(?![a-z])", re.IGNORECASE),
)
_STATISTIC = {
    "sd": "sd", "stdev": "sd", "std": "sd", "标准差": "sd", "标准偏差": "sd", "se": "se", "sem": "se", "stderr": "se",
    "标准误": "se", "标准误差": "se", "mean": "mean", "avg": "mean", "average": "mean", "平均": "mean", "均值": "mean",
}  # fmt: skip
_LONE_UNITS = frozenset(
    ["m", "cm", "mm", "km", "g", "mg", "kg", "h", "hours", "d", "days", "L", "mL", "ml", "K", "ppm", "kPa", "percent"]
)
_NOT_THE_QUANTITY = re.compile(
    r"\b(?:flags?|units?|notes?|methods?|comments?|old|source|reference|number|error|quality|备注|单位|方法)\b"
)
_NOT_AS_PART = re.compile(
    "site|sample|core|plot|line|layer|position|batch|gas|event|water_soluble|acid_soluble|total_carbon|slope|"
    "replicate|country|time|horizon|treatment|volume|iron"
)
_SUBSTANCES = (
    (re.compile(r"CO2[- ]?C\b", re.IGNORECASE), "CO2-C"),
    (re.compile(r"CH4[- ]?C\b", re.IGNORECASE), "CH4-C"),
    (re.compile("CO2|二氧化碳", re.IGNORECASE), "CO2"),
    (re.compile("CH4|甲烷", re.IGNORECASE), "CH4"),
    (re.compile(r"\bC\b|carbon|碳"), "C"),
)


@dataclass(frozen=True)
class Word:
    """One entry of the vocabulary."""

    word: str
    """The word as in headers."""
    table: str
    """Table of talik."""
    column: str
    """Column of the table; of ``properties``, the name of the property."""
    unit: str
    """Unit that such columns usually have, where the header names none."""
    group: str
    """Group of a property."""


@dataclass(frozen=True)
class Header:
    """What a header says."""

    original: str
    """The header as it stands."""
    column: str = ""
    """Column of talik, property, or one of `PSEUDO`; empty where the header is not understood."""
    table: str = ""
    """Table that has the column."""
    group: str = ""
    """Group of a property."""
    unit: str = ""
    """The unit in the header."""
    usual_unit: str = ""
    """Unit that such columns usually have."""
    temperature: float = nan
    """A temperature in the header. [°C]"""
    time: float = nan
    """A time in the header. [d]"""
    gas: str = ""
    """``co2`` or ``ch4`` where the header names it."""
    statistic: str = ""
    """``sd``, ``se`` or ``mean`` where the header says so beside the quantity."""
    confidence: float = 0.0
    """From 0, not understood, to 1, the word and its unit are known."""
    notes: tuple[str, ...] = ()
    """What is doubtful."""


@cache
def vocabulary() -> dict[str, Word]:
    """Words of headers and what they mean, by their plain form.

    Examples
    --------
    >>> vocabulary()["含水量"].column, vocabulary()["soc"].column
    ('moisture', 'organic_carbon')
    """
    with resources.files(__package__).joinpath("vocabulary.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        _key(row["word"]): Word(row["word"], row["table"], row["column"], row["unit"], row["group"]) for row in rows
    }


@lru_cache(maxsize=10_000)
def recognise_header(text: str) -> Header:
    """What a header says.

    Parameters
    ----------
    text : str
        The header, with its unit in brackets, behind a comma, a slash or an underscore.

    Returns
    -------
    Header

    Examples
    --------
    >>> found = recognise_header("Respiration at 7 C (ug CO2 / gC h)")
    >>> found.column, found.unit, found.temperature
    ('specific_respiration', 'ug CO2 / gC h', 7.0)
    >>> recognise_header("呼吸速率（mg CO2-C kg⁻¹ d⁻¹）").column, recognise_header("土壤深度/厘米").unit
    ('respiration', 'cm')
    >>> recognise_header("T13_µg_CO2_g_h").temperature
    13.0
    """
    shown = plain(text).strip("\"'*: ")
    name, unit = _parted(shown)
    gas = next((gas for gas in ("ch4", "co2") if gas in _key(shown).replace(" ", "")), "")
    temperature, name = _temperature(name)
    time, name = _time(name)
    statistic, name = _statistic(name)
    word, confidence, notes = _meaning(name, shown)
    if not isnan(temperature) and word and word.column == "temperature":
        word = None
    found = Header(text, "", "", "", unit, "", temperature, time, gas, statistic, confidence if word else 0.0, notes)
    return _with_unit(found, word)


def _key(text: str) -> str:
    """A header without what writers vary: case, joints between words, plural."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain(text).replace("pH", "ph").replace("_10", "10"))
    words = re.sub(r"[^\w:/δ]|_", " ", text.lower()).split()
    return " ".join(
        word[:-1] if len(word) > 4 and word.endswith("s") and word[-2] not in "su" else word for word in words
    )


def is_unit(text: str) -> bool:
    """Whether a text is a unit that talik reads.

    Examples
    --------
    >>> is_unit("mg CO2-C kg-1 d-1"), is_unit("%"), is_unit("foliage, branches")
    (True, True, False)
    """
    try:
        dimension(text)
    except UnitError:
        return False
    return bool(text.strip())


def _as_unit(text: str) -> str:
    """A text as a unit, Chinese words translated; empty where it is none."""
    text = text.strip(" ,;:/_")
    for word, unit in _CHINESE_UNITS:
        text = text.replace(word, unit)
    if re.fullmatch(r"°\s*[NSEW]?", text):
        return "degree"
    text = re.sub(r"\b(?:m )?a\.?s\.?l\.?$", "m", text)
    if text in ("C", "oC", "deg C", "degrees C"):
        return "degC"
    return text if is_unit(text) else ""


def _parted(shown: str) -> tuple[str, str]:
    """Name and unit of a header."""
    for found in reversed(list(_BRACKETS.finditer(shown))):
        unit = _as_unit(found[1])
        # An exponent behind a bracket belongs to it: mg (kg soil)-1.
        if unit and not shown[found.end() :].startswith("-"):
            return (shown[: found.start()].rstrip(" /,_") + " " + shown[found.end() :]).strip(), unit
        if not unit and _is_free_unit(found[1]):
            return (shown[: found.start()] + " " + shown[found.end() :]).strip(), found[1].strip()
    if _key(shown) in vocabulary() and "%" not in shown:
        return shown, ""
    if len(shown) > 4 and is_unit(shown):
        return "", shown
    name, unit = _trailing_unit(shown)
    for mark in () if unit else (",", "/", ":"):
        before, _, rest = shown.partition(mark)
        stated = _as_unit(rest) or (rest.strip() if mark == "," and _is_free_unit(rest) else "")
        if stated and len(before.strip()) > 1 and not is_unit(before):
            return before, stated
    return name, unit


def _is_free_unit(text: str) -> bool:
    """Whether a text in brackets looks like a unit that talik does not know."""
    return bool(re.fullmatch(r"[^\s,]{0,8}(?:[%/]|-\d)[^,]{0,16}", text.strip()))


def _trailing_unit(shown: str) -> tuple[str, str]:
    """Name and unit of a header like ``Depth_cm`` or ``water %``."""
    for at in [found.start() for found in re.finditer(r"[_ ]|(?<=\w)%$", shown)]:
        name, rest = shown[:at], shown[at:].strip("_ ")
        unit = _as_unit(rest.replace("percent", "%"))
        known = _meaning(name, name)[0] or _T_NUMBER.fullmatch(name)
        if not unit or not known or name[-1:].isdigit() != bool(_T_NUMBER.fullmatch(name)):
            continue
        if rest.isalpha() and rest not in (*_LONE_UNITS, "C"):
            continue
        if rest == "C" and not (isinstance(known, Word) and "temperature" in known.column):
            continue
        return name, unit
    return shown, ""


def _temperature(name: str) -> tuple[float, str]:
    found = _T_NUMBER.search(name)
    if not found and (not _ISOTOPE.search(name) or re.search(r"\bat 1[34]\b", name)):
        found = _DEGREES.search(name)
    if not found or not -80 <= float(found[1]) <= 100:
        return nan, name
    return float(found[1]), _without(name, found)


def _without(name: str, found: re.Match) -> str:
    return f"{name[: found.start()]} {name[found.end() :]}".strip(" _,/-")


def _time(name: str) -> tuple[float, str]:
    if _key(name) in vocabulary():
        return nan, name
    found = next((match for pattern in _TIME if (match := pattern.search(name))), None)
    if not found:
        return nan, name
    days = {"h": 1 / 24, "小": 1 / 24, "w": 7.0, "周": 7.0}.get(found[2][:1].lower(), 1.0)
    return float(found[1]) * days, _without(name, found)


def _statistic(name: str) -> tuple[str, str]:
    """What statistic of a quantity a header names, and the header without it."""
    if _key(name) in vocabulary():
        return "", name
    for word in re.split(r"[\s_.()-]+", name):
        kind = _STATISTIC.get(word.lower())
        if kind and word.lower() != name.strip().lower():
            return kind, re.sub(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", " ", name).strip(" _.-()")
    for word, kind in _STATISTIC.items():
        if not word.isascii() and word in name and word != name:
            return kind, name.replace(word, "").strip(" _.-()的")
    return "", name


def _meaning(name: str, shown: str) -> tuple[Word | None, float, tuple[str, ...]]:
    """The word of the vocabulary that a name is, or holds; how sure that is; and what is doubtful."""
    words = vocabulary()
    for key in (_key(shown), _key(name)):
        if key in words:
            return words[key], 0.5 if len(key) == 1 else 1.0, ()
    key = _key(name)
    if len(shown) > 80 or _NOT_THE_QUANTITY.search(key):
        return None, 0.0, ()
    held = max(_held(key), key=_weight, default="")
    if held:
        return words[held], 0.7, (f"{words[held].word!r} is part of it",)
    near = difflib.get_close_matches(key, _alike(key), n=1, cutoff=0.85) if 5 < len(key) < 40 else []
    if near:
        return words[near[0]], 0.6, (f"spelled like {words[near[0]].word!r}",)
    return None, 0.0, ()


def _alike(key: str) -> list[str]:
    """Words that a name may be a misspelling of: the first letter is seldom mistyped."""
    return [word for word in vocabulary() if len(word) > 5 and word[0] == key[0] and abs(len(word) - len(key)) < 3]


def _held(key: str) -> Iterator[str]:
    """Words of the vocabulary that a name holds."""
    words = vocabulary()
    parts = key.split()[:20]
    for start in range(len(parts)):
        for end in range(start + 1, min(start + 8, len(parts)) + 1):
            piece = " ".join(parts[start:end])
            if piece in words and _holds(key, piece):
                yield piece
    if not key.isascii():
        yield from (word for word in words if not word.isascii() and _holds(key, word))


def _weight(word: str) -> float:
    return len(word) * (3 if not word.isascii() else 1)


def _holds(key: str, word: str) -> bool:
    """Whether a name holds a word of the vocabulary that is long enough not to stand there by chance."""
    if not word.isascii():
        return len(word) > 1 and word.replace(" ", "") in key.replace(" ", "")
    if " " not in word and _NOT_AS_PART.fullmatch(vocabulary()[word].column):
        return False
    return len(word) > 3 and f" {word} " in f" {key} "


def _with_unit(found: Header, word: Word | None) -> Header:
    """The header with the column that word and unit agree on."""
    carbon = word is not None and word.column in ("respiration", "release")
    if carbon or (word is None and found.unit and _measured(found.unit, (*RATES, *AMOUNTS[:1]))):
        return _respired(found, word)
    if word is None:
        return found
    notes = found.notes
    confidence = found.confidence
    if re.search(r"°\s*[WS]", found.original) and word.column in ("latitude", "longitude"):
        notes = (*notes, "counted westward or southward by its header: values without a minus sign need one")
    if found.unit and word.column in QUANTITIES and not _measured(found.unit, (word.column,)):
        notes = (*notes, f"its unit {found.unit!r} does not measure {word.column}")
        confidence *= 0.5
    return replace(
        found,
        column=word.column,
        table=word.table,
        group=word.group,
        usual_unit=word.unit,
        confidence=confidence,
        notes=notes,
    )


def _respired(found: Header, word: Word | None) -> Header:
    """Respiration or release on the basis that the unit has."""
    kind = word.column if word else "respiration"
    if not found.unit:
        note = "no unit, so neither basis nor carbon or CO2 is known"
        return replace(
            found, column=kind, table=kind, confidence=min(found.confidence, 0.6), notes=(*found.notes, note)
        )
    column = _measured(found.unit, RATES) or _measured(found.unit, AMOUNTS)
    if not column and (named := _with_substance(found.unit, found.original)):
        told = f"its unit {found.unit!r} names no substance; {named!r} is what the title says"
        found = replace(found, unit=named, notes=(*found.notes, told), confidence=min(found.confidence, 0.6))
        column = _measured(named, RATES) or _measured(named, AMOUNTS)
    if not column:
        note = f"its unit {found.unit!r} is none of a jar's respiration; per area it is a flux of the field"
        return replace(
            found, column="field_respiration", table="properties", group="environment", confidence=0.4,
            notes=(*found.notes, note),
        )  # fmt: skip
    table = "respiration" if column in RATES else "release"
    notes = found.notes if table == kind else (*found.notes, f"its unit {found.unit!r} is that of a {table}")
    confidence = found.confidence if word else 0.5
    return replace(found, column=column, table=table, confidence=confidence if table == kind else 0.6, notes=notes)


def _with_substance(unit: str, title: str) -> str:
    """The unit with the substance that the title names; empty where it names none."""
    substance = next((name for pattern, name in _SUBSTANCES if pattern.search(plain(title))), "")
    made = re.sub(r"^([munkμµ]?(?:g|mol))(?![A-Za-z])", rf"\1 {substance}", unit, count=1)
    return made if substance and made != unit and is_unit(made) else ""


def _measured(unit: str, columns: tuple[str, ...]) -> str:
    """The first of these quantities that a unit measures."""
    for column in columns:
        try:
            convert(1.0, unit, column)
        except UnitError:
            continue
        return column
    return ""
