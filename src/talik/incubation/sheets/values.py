"""One cell to its meaning: numbers, ranges, and what is missing and why.

Each function gives the value and all that was odd about how it is written; what cannot be known for
sure is a problem in words and no value. Nothing is repaired in silence.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import inf, nan

from talik.incubation.sheets.grid import Cell


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BELOW_DETECTION = "below detection"
"""Why a value is missing that was too small to be measured."""

_BELOW = _words("<lod <loq <dl <mdl <bdl lod bdl b.d.l. b.d.l bd b.d. b.d <bd 未检出 低于检出限 低于检测限")
_MISSING = _words(
    "n.a. n.a na n/a #n/a nan - -- --- . .. ? nd n.d. n.d missing none null nil nm n.m. x / \\ "
    "无 缺 缺失 缺测 未测 没有 空"
)
_ERROR_CELL = re.compile(r"#(?:[A-Z]+[/!?]?[A-Z0-9]*[!?]?)")
_CODES = (-9999.0, -999.0)
_DASHES = str.maketrans(dict.fromkeys("−–—‐‑‒―﹣", "-"))
_NOT_CHANGED_BY_NFKC = str.maketrans({"。": ".", "、": ","})
_DIGITS = r"\d+(?:[.,' ]\d+)*[.,]?|[.,]\d+"
_PLAIN = re.compile(rf"(?P<sign>[+-]?) ?(?P<digits>{_DIGITS})(?:[eE](?P<power>[+-]?\d{{1,3}}))?")
_TIMES_TEN = re.compile(r"\s*[x×*·]\s*10\s*\^?\s*([+-]?\d{1,3})(?!\d)", re.IGNORECASE)
_SPREAD = re.compile(r"\s*(?:±|\+/-|\+-|&plusmn;)\s*")
_UNIT = re.compile(r"\s*(%|‰|°\s?C|cm|mm|m|µg|μg|mg|kg|g|mL|ml|L|ppm|days?|d|K|kPa)")
_ABOUT = re.compile(r"^(?:~|≈|ca?\.|about|approx\.?|约)\s*", re.IGNORECASE)
_MARKS = "*†‡"
_RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]")
_POWER_OF_TEN = re.compile(r"[x×*·]\s*10[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_BETWEEN = r"\s*(?:\bto\b|_|~|\.\.\.|…|:|;|至|到|-|\bbis\b)\s*"


@dataclass(frozen=True)
class Number:
    """A cell as a number."""

    value: float = nan
    """The number; none where it is missing or not understood."""
    sd: float = nan
    """What stands behind ±: standard deviation or error, as the table says."""
    unit: str = ""
    """The unit that stands in the cell, if any."""
    missing: str = ""
    """Why there is no number: ``empty``, ``below detection``, ``error cell #N/A``, or the word that stands there."""
    limit: float = nan
    """The limit of a value given as ``<0.05`` or ``>100``."""
    odd: tuple[str, ...] = ()
    """What was odd, and how it was understood."""
    problem: str = ""
    """Why the cell is not understood; empty where it is."""

    @property
    def there(self) -> bool:
        """Whether there is a number."""
        return self.value == self.value


@dataclass(frozen=True)
class Range:
    """A cell as two numbers, the lower first."""

    low: float = nan
    """The lower end."""
    high: float = nan
    """The upper end; the same as the lower where one number stands alone."""
    unit: str = ""
    """The unit that stands in the cell, if any."""
    missing: str = ""
    """Why there is no range."""
    odd: tuple[str, ...] = ()
    """What was odd, and how it was understood."""
    problem: str = ""
    """Why the cell is not understood; empty where it is."""

    @property
    def middle(self) -> float:
        """Mean of the two ends."""
        return (self.low + self.high) / 2


def plain(text: str) -> str:
    """A text with full-width letters, digits and signs, odd blanks and dashes as a keyboard writes them.

    Examples
    --------
    >>> plain("－１２．５　℃"), plain("mg kg⁻¹")
    ('-12.5 °C', 'mg kg-1')
    """
    made = unicodedata.normalize("NFKC", text.translate(_NOT_CHANGED_BY_NFKC)).translate(_DASHES)
    return re.sub(r"\s+", " ", made).strip()


def missing_reason(cell: Cell, words: Iterable[str] = ()) -> str:
    """Why a cell holds no value; empty where it may hold one.

    Parameters
    ----------
    cell : Cell
        The cell.
    words : iterable of str, optional
        Further words for what is missing.

    Returns
    -------
    str

    Examples
    --------
    >>> missing_reason(" n.a."), missing_reason("#DIV/0!"), missing_reason("<LOD"), missing_reason("缺")
    ('n.a.', 'error cell #DIV/0!', 'below detection', '缺')
    >>> missing_reason(None), missing_reason(0.0)
    ('empty', '')
    """
    if cell is None or (isinstance(cell, float) and cell != cell):
        return "empty" if cell is None else "NaN"
    if not isinstance(cell, str):
        return ""
    text = plain(cell)
    low = text.lower()
    if not text:
        return "empty"
    if low.replace(" ", "") in _BELOW:
        return BELOW_DETECTION
    if low in _MISSING or low in {word.strip().lower() for word in words}:
        return text
    return f"error cell {text}" if _ERROR_CELL.fullmatch(text) else ""


def read_number(cell: Cell, *, decimal: str = "", missing: Iterable[str] = ()) -> Number:
    """A cell as a number.

    Parameters
    ----------
    cell : Cell
        The cell.
    decimal : {"", ".", ","}
        The decimal mark, where it is known. Unknown, ``1,234`` is refused, as it may be either.
    missing : iterable of str, optional
        Further words for what is missing.

    Returns
    -------
    Number

    Examples
    --------
    >>> read_number("１２，５").value, read_number("12,5").odd
    (12.5, ('decimal comma',))
    >>> read_number("5 ± 0.3").sd, read_number("12.5 %").unit, read_number("<0.05").missing
    (0.3, '%', 'below detection')
    >>> read_number("1,234").problem
    "'1,234' may be 1.234 or 1234: state the decimal mark"
    >>> read_number("12.5a").problem
    "'12.5a' is a number with something else in it ('a')"
    """
    reason = missing_reason(cell, missing)
    if reason:
        return Number(missing=reason)
    if not isinstance(cell, str):
        return _of_typed(cell)
    if _RAISED.search(_POWER_OF_TEN.sub("", cell)):
        return Number(problem=f"{cell.strip()!r} has a raised number in it: a footnote? Take it out")
    text = plain(cell)
    odd = _writing(cell)
    about = _ABOUT.match(text)
    if about:
        text, odd = text[about.end() :], [*odd, f"{about[0].strip()!r} before it"]
    if text.startswith(("<", ">", "≤", "≥")):
        return _censored(text, decimal)
    first, *spread = _SPREAD.split(text, maxsplit=1)
    found = _number_at_start(first, decimal, odd, cell.strip())
    if found.problem or not spread:
        return found
    second = _number_at_start(spread[0], decimal, [], cell.strip())
    if second.problem:
        return second
    return Number(found.value, second.value, found.unit or second.unit, odd=(*found.odd, "a spread behind ±"))


def _of_typed(cell: float | bool | datetime | time | timedelta | None) -> Number:
    if isinstance(cell, bool):
        return Number(problem=f"{str(cell).upper()} is a truth, and a number is needed")
    if isinstance(cell, datetime):
        return Number(problem=_made_a_date(cell))
    if isinstance(cell, (time, timedelta)):
        return Number(problem=f"{cell} is a time, and a number is needed: set the cell's format to a number")
    if isinstance(cell, (int, float)):
        if cell in _CODES:
            return Number(missing=f"missing code {cell:g}", odd=(f"{cell:g} taken as a code for missing",))
        if abs(cell) == inf:
            return Number(problem="infinite, and a number is needed")
        return Number(float(cell))
    return Number(problem=f"{cell!r} is not a number")


def _made_a_date(cell: datetime) -> str:
    """What to say of a date where a number is needed: Excel makes dates of 5-10 and 1.2."""
    return (
        f"{cell:%Y-%m-%d} is a date, and a number is needed: Excel turns '{cell.day}-{cell.month}' or "
        f"'{cell.month}.{cell.day}' into a date. Type it again in a cell whose format is text"
    )


def _writing(cell: str) -> list[str]:
    """What was odd about the characters of a cell."""
    odd = []
    if any("\uff01" <= character <= "\uff5e" for character in cell):
        odd.append("full-width characters")
    if any(character in cell for character in "−–—‐‑‒―﹣"):
        odd.append("a minus sign that is none of the keyboard's")
    if "。" in cell:
        odd.append("a Chinese full stop")
    return odd


def _censored(text: str, decimal: str) -> Number:
    limit = _number_at_start(text[1:].lstrip("= "), decimal, [], text)
    if limit.problem:
        return limit
    reason = BELOW_DETECTION if text[0] in "<≤" else "above range"
    return Number(missing=reason, limit=limit.value, unit=limit.unit, odd=(f"{text!r} is a limit, not a value",))


def _number_at_start(text: str, decimal: str, odd: list[str], cell: str) -> Number:
    """The number that a text is, with its power of ten, unit and footnote marks."""
    text = text.strip()
    found = _PLAIN.match(text)
    if not found:
        return Number(problem=f"{cell!r} is not a number")
    digits, told, problem = _digits(found["digits"].strip(), decimal)
    if problem:
        return Number(problem=f"{cell!r} {problem}")
    rest, power = text[found.end() :], int(found["power"] or 0)
    scaled = _TIMES_TEN.match(rest)
    if scaled:
        rest, power = rest[scaled.end() :], power + int(scaled[1])
    unit = _UNIT.match(rest)
    if unit:
        rest = rest[unit.end() :]
    marks = rest.strip()
    if marks and set(marks) - set(_MARKS):
        return Number(problem=f"{cell!r} is a number with something else in it ({marks!r})")
    value = float(f"{found['sign']}{digits}e{power}")
    if abs(value) == inf:
        return Number(problem=f"{cell!r} is too large for a number")
    told = [*odd, *told] + ([f"footnote mark {marks!r}"] if marks else []) + (["a unit in the cell"] if unit else [])
    if value in _CODES:
        return Number(missing=f"missing code {value:g}", odd=(f"{value:g} taken as a code for missing",))
    return Number(value, unit=unit[1].replace(" ", "") if unit else "", odd=tuple(told))


def _digits(text: str, decimal: str) -> tuple[str, list[str], str]:
    """Digits with a point for the decimal mark; what was odd; and why they are not understood."""
    grouped = re.fullmatch(r"(\d{1,3}(?:[ ']\d{3})+)([.,]\d+)?", text)
    odd = ["blanks or apostrophes between thousands"] if grouped else []
    if grouped:
        text = re.sub("[ ']", "", text)
    marks = [mark for mark in text if mark in ".,"]
    if " " in text or "'" in text:
        return "", odd, "is several numbers, and one is needed"
    if not marks:
        return text, odd, ""
    if len(set(marks)) == 2:
        if marks.count(marks[-1]) > 1 or decimal not in ("", marks[-1]):
            return "", odd, "is not understood: its points and commas contradict each other"
        return _without_thousands(text, marks[-1], odd)
    mark = marks[0]
    if len(marks) > 1:
        if not re.fullmatch(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", text) or mark == decimal:
            return "", odd, "is not understood: it has several decimal marks"
        return text.replace(mark, ""), [*odd, "marks between thousands"], ""
    thousands = re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text) is not None
    if decimal and mark != decimal:
        if thousands:
            return text.replace(mark, ""), [*odd, "marks between thousands"], ""
        return "", odd, f"has a decimal {_NAME[mark]} where the decimal mark is the {_NAME[decimal]}"
    if mark == "," and not decimal and thousands:
        return "", odd, f"may be {text.replace(',', '.')} or {text.replace(',', '')}: state the decimal mark"
    return text.replace(",", "."), [*odd, "decimal comma"] if mark == "," else odd, ""


_NAME = {".": "point", ",": "comma"}


def _without_thousands(text: str, decimal: str, odd: list[str]) -> tuple[str, list[str], str]:
    other = "," if decimal == "." else "."
    whole, fraction = text.split(decimal)
    if not re.fullmatch(rf"\d{{1,3}}(?:{re.escape(other)}\d{{3}})+", whole):
        return "", odd, "is not understood: its points and commas contradict each other"
    told = [*odd, "marks between thousands"] + (["decimal comma"] if decimal == "," else [])
    return f"{whole.replace(other, '')}.{fraction}", told, ""


def decimal_mark(cells: Iterable[Cell]) -> str:
    """The decimal mark that the cells of a column prove, or nothing.

    Parameters
    ----------
    cells : iterable of Cell
        Cells of one column, or of one file.

    Returns
    -------
    str
        ``","`` or ``"."`` where some cell can be read in that way only and none contradicts it; else ``""``.

    Examples
    --------
    >>> decimal_mark(["1,234", "12,5"]), decimal_mark(["1,234", "12.5"]), decimal_mark(["1,234"])
    (',', '.', '')
    """
    proven = set()
    for cell in cells:
        if not isinstance(cell, str):
            continue
        text = plain(cell)
        for mark, other in ((",", "."), (".", ",")):
            alone = re.fullmatch(rf"[^\d]*\d*{re.escape(mark)}\d+\D*", text) and other not in text
            certain = alone and not re.fullmatch(rf"\D*[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}\D*", text)
            both = re.fullmatch(rf"\D*\d{{1,3}}(?:{re.escape(other)}\d{{3}})+{re.escape(mark)}\d+\D*", text)
            if certain or both:
                proven.add(mark)
    return proven.pop() if len(proven) == 1 else ""


def read_range(cell: Cell, *, decimal: str = "", missing: Iterable[str] = ()) -> Range:
    """A cell as a range of two numbers.

    Parameters
    ----------
    cell : Cell
        For example ``0 to 5``, ``0-5 cm``, ``9_20.2`` or ``0至10``.
    decimal : {"", ".", ","}
        The decimal mark, where it is known.
    missing : iterable of str, optional
        Further words for what is missing.

    Returns
    -------
    Range

    Examples
    --------
    >>> found = read_range("-10_-0.5")
    >>> found.low, found.high, found.middle
    (-10.0, -0.5, -5.25)
    >>> read_range("0–5 cm").unit, read_range("30").odd
    ('cm', ('one number, and no range',))
    """
    reason = missing_reason(cell, missing)
    if reason:
        return Range(missing=reason)
    if not isinstance(cell, str):
        one = _of_typed(cell)
        alone = ("one number, and no range",) if one.there else ()
        return Range(one.value, one.value, one.unit, one.missing, (*one.odd, *alone), one.problem)
    text = plain(cell)
    sign = r"[+-]?\s?"
    number = rf"{sign}(?:\d+(?:[.,]\d+)?|[.,]\d+)"
    unit = r"(?:\s*(?:cm|mm|m|厘米|%|°\s?C|days?|d)\.?)?"
    found = re.fullmatch(rf"\(?\[?\s*({number}){unit}{_BETWEEN}({number})\s*({unit})\s*\)?\]?", text)
    if not found:
        one = read_number(cell, decimal=decimal, missing=missing)
        alone = ("one number, and no range",) if one.there else ()
        problem = one.problem and f"{cell.strip()!r} is no range of two numbers, as '0-5' or '0 to 5'"
        return Range(one.value, one.value, one.unit, one.missing, (*one.odd, *alone), problem)
    ends = [read_number(found[i].replace(" ", ""), decimal=decimal) for i in (1, 2)]
    problems = [end.problem for end in ends if end.problem]
    if problems or not all(end.there for end in ends):
        return Range(problem=problems[0] if problems else f"{cell.strip()!r} lacks an end")
    odd = tuple(dict.fromkeys(told for end in ends for told in end.odd))
    low, high = ends[0].value, ends[1].value
    if high < low:
        low, high, odd = high, low, (*odd, "the larger number first")
    return Range(low, high, found[3].strip().replace("厘米", "cm").replace(" ", ""), odd=odd)
