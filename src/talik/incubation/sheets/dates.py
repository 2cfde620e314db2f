"""One cell to a date or a time of day: ISO, Excel's serial numbers, Chinese, and days and months in any order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone

from talik.incubation.sheets.grid import Cell
from talik.incubation.sheets.values import missing_reason, plain

EARLIEST, LATEST = 20_000, 80_000
"""Serial numbers of Excel between 1954 and 2119 are read as dates. [d]"""

ORDERS = ("day-month", "month-day")
"""What comes first in dates like 3/4/15."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar maerz mrz", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez"), 1
    )
    for name in names.split()
}
_CLOCK = re.compile(
    r"(?P<noon>上午|下午|中午)?\s*(?P<hour>\d{1,2})(?::|时|点)(?P<minute>\d{1,2})?分?(?::?(?P<second>\d{1,2})(?:\.(?P<part>\d{1,6})\d*)?秒?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_ZONE = re.compile(r"\s*(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?\s?[+-]\d{1,2}:?(?:\d{2})?)$")
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?!\d)")
_CHINESE = re.compile(r"(?P<year>\d{4}|\d{2})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]?")
_NUMBERS = re.compile(r"(?P<first>\d{1,2})(?P<mark>[-/.])\s?(?P<second>\d{1,2})(?P=mark)\s?(?P<year>\d{4}|\d{2})(?!\d)")
_DAY_NAME = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[-/ ]+(?P<month>[A-Za-z]{3,9})\.?,?[-/ ]+(?P<year>\d{4}|\d{2})(?!\d)"
)
_NAME_DAY = re.compile(
    r"(?P<month>[A-Za-z]{3,9})\.?[-/ ]+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?[-/ ]+(?P<year>\d{4}|\d{2})(?!\d)"
)


@dataclass(frozen=True)
class Moment:
    """A cell as a date, with a time of day where there is one."""

    value: datetime | None = None
    """The date; with its zone only where the cell states one."""
    clock: bool = False
    """Whether a time of day is stated."""
    missing: str = ""
    """Why there is no date."""
    odd: tuple[str, ...] = ()
    """What was odd, and how it was understood."""
    problem: str = ""
    """Why the cell is not understood; empty where it is."""


@dataclass(frozen=True)
class Clock:
    """A cell as a time of day."""

    value: time | None = None
    """The time of day."""
    missing: str = ""
    """Why there is none."""
    odd: tuple[str, ...] = ()
    """What was odd, and how it was understood."""
    problem: str = ""
    """Why the cell is not understood; empty where it is."""


def read_moment(cell: Cell, *, order: str = "", first_year: int = 1900, missing: Iterable[str] = ()) -> Moment:
    """A cell as a date.

    Parameters
    ----------
    cell : Cell
        A date of the spreadsheet, one of Excel's serial numbers, or text.
    order : {"", "day-month", "month-day"}
        What comes first in ``3/4/15``, where it is known; see `date_order`.
    first_year : {1900, 1904}
        Year that serial numbers count from, as the sheet says.
    missing : iterable of str, optional
        Further words for what is missing.

    Returns
    -------
    Moment

    Examples
    --------
    >>> read_moment("2015年8月31日 17:18").value.isoformat(), read_moment("8/31/15").value.isoformat()
    ('2015-08-31T17:18:00', '2015-08-31T00:00:00')
    >>> read_moment("3/4/15").problem
    "'3/4/15' may be 3 April or 4 March: state which comes first, day or month"
    >>> read_moment(42247.0).odd
    ('serial number of a date',)
    """
    reason = missing_reason(cell, missing)
    if reason:
        return Moment(missing=reason)
    if isinstance(cell, datetime):
        return Moment(cell, clock=cell.time() != time())
    if isinstance(cell, (time, timedelta)):
        return Moment(problem=f"{cell} is a time without a date")
    if isinstance(cell, bool):
        return Moment(problem=f"{str(cell).upper()} is a truth, and a date is needed")
    if isinstance(cell, (int, float)):
        return _of_number(float(cell), first_year)
    text = plain(str(cell))
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return _of_number(float(text), first_year)
    return _of_text(text, order)


def _of_number(number: float, first_year: int) -> Moment:
    if 19_000_000 < number < 21_000_000 and number.is_integer():
        return _of_text(f"{number:.0f}", "")
    if not EARLIEST <= number <= LATEST:
        return Moment(problem=f"{number:g} is not a date: serial numbers of dates lie between {EARLIEST} and {LATEST}")
    start = datetime(1899, 12, 30) if first_year == 1900 else datetime(1904, 1, 1)
    found = start + timedelta(seconds=round(number * 86_400))
    return Moment(found, clock=found.time() != time(), odd=("serial number of a date",))


def _of_text(text: str, order: str) -> Moment:
    odd: list[str] = []
    for pattern in (_YEAR_FIRST, _COMPACT, _CHINESE, _NUMBERS, _DAY_NAME, _NAME_DAY):
        found = pattern.match(text)
        if found:
            break
    else:
        return Moment(problem=f"{text!r} is not a date with day, month and year; write it as 2015-08-31")
    parts = found.groupdict()
    if pattern is _NUMBERS:
        day, month, problem = _in_order(text, int(parts["first"]), int(parts["second"]), order)
        if problem:
            return Moment(problem=problem)
    else:
        day, month = int(parts["day"]), _month(parts["month"])
    year = int(parts["year"])
    if year < 100:
        year += 2000 if year < 70 else 1900
        odd.append(f"year of two digits taken as {year}")
    try:
        date = datetime(year, month, day)
    except ValueError:
        return Moment(problem=f"{text!r} is no day of the calendar")
    return _with_clock(text, date, text[found.end() :], odd)


def _month(text: str) -> int:
    """Number of a month; 0 where it is none."""
    return int(text) if text.isdigit() else _MONTHS.get(text[:3].lower(), 0)


def _in_order(text: str, first: int, second: int, order: str) -> tuple[int, int, str]:
    """Day and month of two numbers, or why they are not known."""
    if first > 12 or second > 12:
        day, month = (first, second) if first > 12 else (second, first)
        proven = ORDERS[0] if first > 12 else ORDERS[1]
        if order and order != proven:
            return 0, 0, f"{text!r} cannot be {order}, which is stated"
        return day, month, ""
    if first != second and not order:
        days = [f"{day} {_FULL[month - 1]}" for day, month in ((first, second), (second, first)) if 1 <= month <= 12]
        return 0, 0, f"{text!r} may be {' or '.join(days)}: state which comes first, day or month"
    return (second, first, "") if order == ORDERS[1] else (first, second, "")


_FULL = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
         "November", "December")  # fmt: skip


def _with_clock(text: str, date: datetime, rest: str, odd: list[str]) -> Moment:
    rest = rest.strip().removeprefix("T").removeprefix(",").strip()
    if not rest:
        return Moment(date, odd=tuple(odd))
    zone = _ZONE.search(rest)
    at = read_clock(rest[: zone.start()] if zone else rest)
    if at.value is None:
        return Moment(problem=f"{text!r}: {rest!r} behind the date is no time of day")
    return Moment(datetime.combine(date, at.value, _zone(zone["zone"]) if zone else None), True, odd=(*odd, *at.odd))


def _zone(text: str) -> timezone:
    found = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", text)
    if not found:
        return UTC
    minutes = min(int(found[2]) * 60 + int(found[3] or 0), 14 * 60)
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))


def read_clock(cell: Cell) -> Clock:
    """A cell as a time of day.

    Parameters
    ----------
    cell : Cell
        A time of the spreadsheet, a share of a day, or text.

    Returns
    -------
    Clock

    Examples
    --------
    >>> [read_clock(cell).value.isoformat() for cell in ("5:18 PM", 0.5, "下午5点18分")]
    ['17:18:00', '12:00:00', '17:18:00']
    """
    reason = missing_reason(cell)
    if reason:
        return Clock(missing=reason)
    if isinstance(cell, time):
        return Clock(cell)
    if isinstance(cell, datetime):
        return Clock(cell.time(), odd=("a date with its time of day; the time was taken",))
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and 0 <= cell < 1:
        return Clock((datetime(2000, 1, 1) + timedelta(seconds=round(cell * 86_400))).time(), odd=("share of a day",))
    found = _CLOCK.fullmatch(plain(cell)) if isinstance(cell, str) else None
    if not found:
        return Clock(problem=f"{cell!r} is not a time of day; write it as 17:18")
    hour, minute, second = int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)
    late = (found["half"] or "").lower().startswith("p") or found["noon"] == "下午"
    early = (found["half"] or "").lower().startswith("a") or found["noon"] == "上午"
    hour = hour + 12 if late and hour < 12 else 0 if early and hour == 12 else hour
    if hour > 23 or minute > 59 or second > 59:
        return Clock(problem=f"{cell!r} is no time of a day")
    part = int((found["part"] or "0").ljust(6, "0"))
    return Clock(time(hour, minute, second, part), odd=("half of the day stated",) if late or early else ())


def date_order(cells: Iterable[Cell]) -> str:
    """What comes first in the dates of a column, day or month, where a part above 12 proves it.

    Parameters
    ----------
    cells : iterable of Cell
        Cells of one column.

    Returns
    -------
    str
        ``"day-month"``, ``"month-day"``, or nothing where no cell proves it or two prove the opposite.

    Examples
    --------
    >>> date_order(["3/4/15", "8/31/15"]), date_order(["3/4/15"])
    ('month-day', '')
    """
    proven = set()
    for cell in cells:
        found = _NUMBERS.match(plain(cell)) if isinstance(cell, str) else None
        if found and int(found["first"]) > 12 >= int(found["second"]):
            proven.add(ORDERS[0])
        elif found and int(found["second"]) > 12 >= int(found["first"]):
            proven.add(ORDERS[1])
    return proven.pop() if len(proven) == 1 else ""
