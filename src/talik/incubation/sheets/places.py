"""One cell to a latitude, a longitude or both: decimal, degrees and minutes, seconds, in any writing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

from talik.incubation.sheets.grid import Cell
from talik.incubation.sheets.values import missing_reason, plain

LIMITS = {"latitude": 90.0, "longitude": 360.0}
"""Largest degree of each."""

_AXIS = {"N": "latitude", "S": "latitude", "E": "longitude", "W": "longitude"}
_WORDS = (
    ("北纬", " N "), ("南纬", " S "), ("东经", " E "), ("西经", " W "), ("度", "°"), ("分", "'"), ("秒", '"'),
    ("''", '"'),
)  # fmt: skip
_NAMES = re.compile(r"\b(North|South|East|West)\b|(?:deg(?:rees?)?|°)(?=[^a-z]|$)", re.IGNORECASE)
_MARKS = str.maketrans({"º": "°", "˚": "°", "′": "'", "’": "'", "‘": "'", "´": "'", "`": "'", "ʹ": "'", "＇": "'",
                        "″": '"', "”": '"', "“": '"', "ʺ": '"', "＂": '"'})  # fmt: skip
_NUMBER = r"\d+(?:[.,]\d+)?"
_ANGLE = re.compile(
    rf"(?P<before>[NSEW])?\s*(?P<sign>[+-]?)\s*(?P<degrees>{_NUMBER})(?P<mark>\s*[°_:]\s*|\s+|)"
    rf"(?:(?P<minutes>{_NUMBER})(?P<minute_mark>\s*['_:]\s*|\s+|)(?:(?P<seconds>{_NUMBER})\s*(?P<second_mark>\"?))?)?"
    r"\s*_?\s*(?P<behind>[NSEW])?"
)


@dataclass(frozen=True)
class Angle:
    """A cell as a latitude or a longitude."""

    value: float = nan
    """Decimal degrees, north and east positive."""
    axis: str = ""
    """``latitude`` or ``longitude`` where a letter says so."""
    missing: str = ""
    """Why there is none."""
    odd: tuple[str, ...] = ()
    """What was odd, and how it was understood."""
    problem: str = ""
    """Why the cell is not understood; empty where it is."""


@dataclass(frozen=True)
class Position:
    """A cell as latitude and longitude together."""

    latitude: float = nan
    """Decimal degrees, north positive."""
    longitude: float = nan
    """Decimal degrees, east positive."""
    missing: str = ""
    """Why there is none."""
    odd: tuple[str, ...] = ()
    """What was odd, and how it was understood."""
    problem: str = ""
    """Why the cell is not understood; empty where it is."""


def read_angle(cell: Cell, axis: str, *, missing: Iterable[str] = ()) -> Angle:
    r"""A cell as a latitude or a longitude.

    Parameters
    ----------
    cell : Cell
        For example ``65.92``, ``44.87_N``, ``60_20'N``, ``N65°55'398``, ``北纬34°43′`` or ``004°29′03″W``.
        Three digits behind the minutes and no mark for seconds are decimals of the minute: 55'398 is 55.398
        minutes, as hand-held receivers show it.
    axis : {"latitude", "longitude"}
        Which of the two is needed.
    missing : iterable of str, optional
        Further words for what is missing.

    Returns
    -------
    Angle

    Examples
    --------
    >>> round(read_angle("N65 55'398", "latitude").value, 4), read_angle("44.87_N", "latitude").value
    (65.9233, 44.87)
    >>> print(read_angle("35_97'N", "latitude").problem)
    "35_97'N" has 97 minutes; a degree has 60
    """
    reason = missing_reason(cell, missing)
    if reason:
        return Angle(missing=reason)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _bounded(Angle(float(cell)), axis, f"{cell:g}")
    if not isinstance(cell, str):
        return Angle(problem=f"{cell!r} is no {axis}")
    text = _cleaned(cell)
    found = _ANGLE.fullmatch(text)
    if not found:
        return Angle(problem=f"{_quoted(cell)} is no {axis}; write it in decimal degrees, as 65.9233")
    return _bounded(_angle(found, cell.strip()), axis, _quoted(cell))


def _quoted(cell: object) -> str:
    return f'"{str(cell).strip()}"'


def _cleaned(cell: str) -> str:
    text = cell.translate(_MARKS)
    for word, mark in _WORDS:
        text = text.replace(word, mark)
    text = _NAMES.sub(lambda found: found[1][0].upper() if found[1] else "°", plain(text).translate(_MARKS))
    return re.sub(r"(?<![A-Za-z])([nsew])(?![A-Za-z])", lambda found: found[1].upper(), text).strip(" ,;()")


def _angle(found: re.Match, cell: str) -> Angle:
    letters = {letter for letter in (found["before"], found["behind"]) if letter}
    shown = _quoted(cell)
    if len(letters) > 1:
        return Angle(problem=f"{shown} names two directions")
    minutes, seconds, odd = found["minutes"], found["seconds"], _oddities(found)
    if minutes and not found["mark"]:
        return Angle(problem=f"{shown} is not understood")
    if seconds and not found["second_mark"] and ":" not in found["minute_mark"]:
        minutes, seconds, told = _apostrophe(minutes, seconds)
        if not minutes:
            return Angle(problem=f"{shown}: {told}")
        odd.append(told)
    degrees, m, s = (float((part or "0").replace(",", ".")) for part in (found["degrees"], minutes, seconds))
    for value, name, of in ((m, "minutes", "degree"), (s, "seconds", "minute")):
        if value >= 60:
            return Angle(problem=f"{shown} has {value:g} {name}; a {of} has 60")
    if minutes and degrees % 1:
        return Angle(problem=f"{shown} has decimals in the degrees and minutes behind them")
    letter = letters.pop() if letters else ""
    negative = letter in ("S", "W") or (found["sign"] == "-" and not letter)
    if letter and found["sign"] == "-":
        if letter in ("N", "E"):
            return Angle(problem=f"{shown} has a minus sign, and a letter that says otherwise")
        odd.append(f"a minus sign and {letter}, which say the same")
    value = degrees + m / 60 + s / 3600
    return Angle(-value if negative else value, _AXIS.get(letter, ""), odd=tuple(odd))


def _oddities(found: re.Match) -> list[str]:
    odd = []
    if "_" in found["mark"]:
        odd.append("an underscore for the degree sign")
    if "," in found["degrees"] + (found["minutes"] or ""):
        odd.append("decimal comma")
    return odd


def _apostrophe(minutes: str, digits: str) -> tuple[str, str, str]:
    """Minutes and seconds of 55'398 or 21'47, and how they were understood."""
    if not digits.isdigit():
        return minutes, digits, "seconds without their mark"
    if not minutes.isdigit():
        return "", "", f"{minutes} minutes have decimals, and {digits} stands behind them"
    if len(digits) >= 3:
        return f"{minutes}.{digits}", "", f"{minutes}'{digits} taken as {minutes}.{digits} minutes"
    if len(digits) == 2 and int(digits) < 60:
        return minutes, digits, f"{digits} without a mark taken as seconds"
    return "", "", f"{minutes}'{digits} may be seconds or decimals of the minute; write 21'47\" or 21.47'"


def _bounded(angle: Angle, axis: str, shown: str) -> Angle:
    if angle.problem:
        return angle
    if angle.axis and angle.axis != axis:
        return Angle(problem=f"{shown} is a {angle.axis}, and a {axis} is needed")
    if abs(angle.value) > LIMITS[axis] or (axis == "longitude" and angle.value < -180):
        return Angle(problem=f"{shown} is impossible as a {axis}")
    return Angle(angle.value, axis, odd=angle.odd)


def read_position(cell: Cell, *, missing: Iterable[str] = ()) -> Position:
    """A cell that holds latitude and longitude, in this order unless letters say otherwise.

    Parameters
    ----------
    cell : Cell
        For example ``N65°55'398 W137°25'746``, ``65.92, -137.43`` or ``北纬34°43′，东经92°53′``.
    missing : iterable of str, optional
        Further words for what is missing.

    Returns
    -------
    Position

    Examples
    --------
    >>> found = read_position("N65°55'398 W137°25'746")
    >>> round(found.latitude, 5), round(found.longitude, 5)
    (65.9233, -137.4291)
    """
    reason = missing_reason(cell, missing)
    if reason:
        return Position(missing=reason)
    if not isinstance(cell, str):
        return Position(problem=f"{cell!r} is no pair of latitude and longitude")
    halves = _halves(_cleaned(cell))
    if not halves:
        return Position(problem=f"{_quoted(cell)} is no pair of latitude and longitude; write it as 65.92, -137.43")
    if re.search("[EW]", halves[0]):
        halves = halves[1], halves[0]
    latitude, longitude = read_angle(halves[0], "latitude"), read_angle(halves[1], "longitude")
    problem = latitude.problem or longitude.problem
    if problem:
        return Position(problem=f"{_quoted(cell)}: {problem}")
    return Position(latitude.value, longitude.value, odd=tuple(dict.fromkeys((*latitude.odd, *longitude.odd))))


def _halves(text: str) -> tuple[str, str] | None:
    """The two coordinates of a text."""
    for pattern in (
        r"(.*?[NSEW])\s*[,;/ ]\s*(\S.*[NSEW])",
        r"([NSEW].*?)\s*[,;/ ]\s*([NSEW].*)",
        r"(.*?\d.*?)\s*[;/]\s*(.*\d.*)",
        r"(.*?\d.*?),\s+(.*\d.*)",
        rf"([+-]?{_NUMBER})\s+([+-]?{_NUMBER})",
        r"([+-]?\d+(?:\.\d+)?),([+-]?\d+(?:\.\d+)?)",
    ):
        found = re.fullmatch(pattern, text)
        if found and all(re.search(r"\d", half) for half in found.groups()):
            return found[1].strip(" ,;"), found[2].strip(" ,;")
    return None
