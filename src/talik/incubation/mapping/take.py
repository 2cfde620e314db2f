"""One column of a table, taken from a block: template, words, ranges, coordinates, dates and units."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from math import inf, nan
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from talik import units
from talik.errors import UnitError
from talik.incubation.mapping.block import Block, Column, cell_text
from talik.incubation.mapping.patterns import match
from talik.incubation.mapping.schema import MAY_BE_UNKNOWN, PORT_COLUMNS, Value, quantity_of
from talik.incubation.mapping.told import Told
from talik.incubation.sheets.dates import ORDERS, date_order, read_moment
from talik.incubation.sheets.grid import Cell
from talik.incubation.sheets.places import read_angle, read_position
from talik.incubation.sheets.values import decimal_mark, missing_reason, read_number, read_range
from talik.quantities import QUANTITIES
from talik.tables import TABLES

_IN_HEADER = re.compile(r"[,(\[]\s*([^,()\[\]]+?)\s*[)\]]?\s*$")
_BRACES = re.compile(r"\{([^{}]+)\}")
_NO_TEXT = {"", "na", "n.a.", "n.a", "#n/a", "n/a", "nan"}
_SECONDS_PER_DAY = 86_400.0
_NOT_READ = "left empty"
_NO_DAYS, _DAYS = "nobody stated the days", "days since the start"


@dataclass(frozen=True)
class Context:
    """What holds for all cells of a block."""

    block: Block
    """The block."""
    table: str
    """Table that takes of it."""
    values: dict[str, Value]
    """What the table takes."""
    told: Told
    """Where findings go."""
    missing: tuple[str, ...] = ()
    """Further words for no value."""
    decimal: str = ""
    """Decimal mark, where it is stated."""
    timezone: str = "UTC"
    """Time zone of dates and times that name none."""


@dataclass(frozen=True)
class _Cells:
    """Cells on their way into a column, and how to name their places."""

    cells: list[Cell]
    """The cells."""
    column: Column | None
    """Column of the block that they stand in; none for constants and composed texts."""


class Taker:
    """Takes one column of a table from a block.

    Parameters
    ----------
    context : Context
        The block and what holds for it.
    name : str
        Name of the column.
    value : Value
        Where it comes from.
    """

    def __init__(self, context: Context, name: str, value: Value):
        self.context = context
        self.block = context.block
        self.name = name
        self.value = value
        self.title = f"{context.table}, {name}"
        self.missing = (*context.missing, *value.missing)

    def taken(self) -> np.ndarray | list[str]:
        """The column: numbers in talik's unit, or texts."""
        if self.value.is_unknown() and self.name in MAY_BE_UNKNOWN:
            if self.name == "time" and len(self.block):
                done = "all stand at day 0: no release, pools, equal time or equal carbon of them"
                place = self.block.place("row", 0)
                self.context.told.tell("time-unknown", self.title, _NO_DAYS, place, needed=_DAYS, done=done)
            return np.full(len(self.block), 0.0 if self.name == "time" else nan)
        found = self._recoded(self._part_of_text(self._cells()))
        if self._is_moment():
            return self._moments(found)
        if self._is_number():
            return self._in_talik_units(self._numbers(found))
        return self._texts(found)

    def _is_number(self) -> bool:
        column = next((c for c in self._columns() if c.name == self.name), None)
        return column is not None and column.kind == "number"

    def _columns(self):
        return TABLES[self.context.table].columns if self.context.table in TABLES else ()

    def _is_moment(self) -> bool:
        own = self.name == "start" or (self.context.table == "ports" and self.name == PORT_COLUMNS[0])
        return own or self.value.since is not None or (self.value.date is not None and not self._is_number())

    def tell(self, rule: str, found: str, at: int, cells: _Cells, *, needed: str = "", done: str = "") -> None:
        """Tell of one cell."""
        self.context.told.tell(rule, self.title, found, self._place(cells, at), needed=needed, done=done)

    def _place(self, cells: _Cells, at: int) -> str:
        name = self.value.column or next(iter(self.value.sources()), "row")
        column = cells.column or self.block.columns[name if name in self.block.columns else "row"]
        if column.columns[at] < 0:
            return self.block.place("row", at)
        return self.block.sheet.where(int(column.rows[at]), int(column.columns[at]))

    def _cells(self) -> _Cells:
        value, length = self.value, len(self.block)
        if value.column is not None:
            return self._of_column(value.column)
        if value.text is None:
            constant = float(value.value) if isinstance(value.value, (int, float)) else value.value
            return _Cells([value.value if isinstance(value.value, bool) else constant] * length, None)
        alone = _BRACES.fullmatch(value.text)
        if alone:
            return self._of_column(alone[1])
        if not _BRACES.search(value.text):
            return _Cells([value.text] * length, None)
        return _Cells(list(self._composed(value.text)), None)

    def _of_column(self, name: str) -> _Cells:
        column = self.block.columns[name]
        return _Cells(list(column.values), column)

    def _composed(self, template: str):
        """A template filled for each row; nothing where all that it names is missing."""
        names = list(dict.fromkeys(_BRACES.findall(template)))
        columns = [[self._word(cell) for cell in self.block.columns[name].values] for name in names]
        for at, words in enumerate(zip(*columns, strict=True)):
            if not any(words):
                yield None
                continue
            if not all(words) and self._is_key():
                lost = ", ".join(repr(name) for name, word in zip(names, words, strict=True) if not word)
                self.tell("key-incomplete", f"no {lost}", at, _Cells([], self.block.columns["row"]),
                          needed="all parts of a name", done="named without it")  # fmt: skip
            filled: dict[str, str] = dict(zip(names, words, strict=True))
            yield re.sub(r"\s+", " ", _BRACES.sub(partial(_filled_in, filled), template)).strip()

    def _is_key(self) -> bool:
        return self.name in ("jar", "sample", "site", "set", "id")

    def _word(self, cell: Cell) -> str:
        """A cell as a word of a text; nothing where it is missing."""
        text = cell_text(cell)
        if text.lower() in _NO_TEXT or text in self.missing or missing_reason(text).startswith("error cell"):
            return ""
        return text

    def _part_of_text(self, cells: _Cells) -> _Cells:
        """What the pattern takes of each text."""
        if self.value.pattern is None:
            return cells
        found = [self._matched(cells, at, self.value.pattern) for at in range(len(cells.cells))]
        return replace(cells, cells=found)

    def _matched(self, cells: _Cells, at: int, pattern: str) -> Cell:
        text = self._word(cells.cells[at])
        found = match(pattern, text) if text else None
        if text and not found:
            self.tell("pattern-unmatched", f"{text[:60]!r} does not match {pattern!r}", at, cells, done=_NOT_READ)
        if not found:
            return None
        groups = found.groupdict()
        return groups["value"] if "value" in groups else (found[1] if found.re.groups else found[0])

    def _recoded(self, cells: _Cells) -> _Cells:
        """Words that the mapping explains, and what an empty cell means."""
        meanings, default = self.value.map, self.value.default
        if meanings is None and default is None:
            return cells
        made = []
        for at, cell in enumerate(cells.cells):
            word = self._word(cell)
            if word and meanings is not None:
                cell = self._meaning(cells, at, word, meanings, cell)
            elif not word and default is not None:
                cell = float(default) if isinstance(default, (int, float)) else default
            made.append(cell)
        return replace(cells, cells=made)

    def _meaning(self, cells: _Cells, at: int, word: str, meanings: dict, cell: Cell) -> Cell:
        if word in meanings:
            return _constant(meanings[word])
        alike = [key for key in meanings if key.strip().casefold() == word.casefold()]
        if alike or "*" in meanings:
            return _constant(meanings[alike[0] if alike else "*"])
        self.tell("word-unmapped", f"{word[:60]!r} is not in the map", at, cells, done="kept as it stands")
        return cell

    def _texts(self, cells: _Cells) -> list[str]:
        if self.value.part in ("low", "high", "middle"):
            return [f"{number:g}" if number == number else "" for number in self._numbers(cells)]
        texts = [self._word(cell) for cell in cells.cells]
        allowed = next((c.values for c in self._columns() if c.name == self.name), ())
        for at, text in enumerate(texts):
            if allowed and text not in allowed:
                self.tell("word-unmapped", f"{text[:60]!r} is none of {', '.join(map(repr, allowed))}", at, cells,
                          needed="map = { ... }", done=_NOT_READ)  # fmt: skip
                texts[at] = ""
        return texts

    def _numbers(self, cells: _Cells) -> np.ndarray:
        numbers = np.full(len(cells.cells), nan)
        empty: dict[str, list[int]] = {}
        decimal = self.context.decimal or decimal_mark(cells.cells)
        for at, cell in enumerate(cells.cells):
            if type(cell) is float and -900 < cell < 1e15 and self.value.part is None and self.name not in _AXES:
                numbers[at] = cell
                continue
            found = self._understood(cell, decimal)
            if found.problem:
                rule = "coordinates-unreadable" if self._is_coordinate() else "value-not-a-number"
                self.tell(rule, found.problem, at, cells, done=_NOT_READ)
            for odd in found.odd:
                self.tell("cell-understood", odd, at, cells, done="understood so")
            if found.missing:
                empty.setdefault(found.missing, []).append(at)
            numbers[at] = found.value
        for word, places in empty.items():
            for at in places:
                self.tell("cell-missing", "an empty cell" if word == "empty" else word, at, cells, done=_NOT_READ)
        return numbers

    def _is_coordinate(self) -> bool:
        return self.name in _AXES or self.value.part in _AXES

    def _understood(self, cell: Cell, decimal: str) -> "_Found":
        part, missing = self.value.part, self.missing
        if part in _AXES:
            place = read_position(cell, missing=missing)
            return _Found(getattr(place, str(part)), place.missing, place.odd, place.problem)
        if self.name in _AXES:
            angle = read_angle(cell, self.name, missing=missing)
            return _Found(angle.value, angle.missing, angle.odd, angle.problem)
        if part in ("low", "high", "middle"):
            span = read_range(cell, decimal=decimal, missing=missing)
            return _Found(getattr(span, str(part)), span.missing, span.odd, span.problem)
        number = read_number(cell, decimal=decimal, missing=missing)
        if part == "spread":
            return _Found(number.sd, number.missing or ("" if number.sd == number.sd else "no spread"), (), "")
        problem = number.problem
        if problem and not read_range(cell, decimal=decimal).problem:
            problem = f"{cell_text(cell)!r} is a range: say part = 'low', 'high' or 'middle'"
        return _Found(number.value, number.missing, number.odd, problem)

    def _in_talik_units(self, numbers: np.ndarray) -> np.ndarray:
        quantity = quantity_of(self.context.table, self.name, self.context.values)
        unit = self.value.unit
        # Numbers too large become infinite here, and are told below as impossible.
        with np.errstate(over="ignore", invalid="ignore"):
            return self._possible(self._scaled(numbers, unit, quantity))

    def _scaled(self, numbers: np.ndarray, unit: str | None, quantity: str) -> np.ndarray:
        numbers = numbers * (1.0 if self.value.times is None else self.value.times) + (self.value.plus or 0.0)
        if unit is None and quantity and quantity != self.name:
            unit = self.context.values[quantity].unit
        if unit and quantity:
            self._tell_of_header(unit, quantity)
            numbers = self._converted(numbers, unit, quantity)
        return numbers

    def _tell_of_header(self, unit: str, quantity: str) -> None:
        """Tell where the header names another unit of the same quantity than the mapping."""
        header = self.block.forgiven.get(str(self.value.column), str(self.value.column))
        found = _IN_HEADER.search(header)
        if not found or header not in self.block.headers or _BRACES.search(unit):
            return
        try:
            one, other = (float(units.convert([1.0], text, quantity)[0]) for text in (unit, found[1]))
        except UnitError:
            return
        if abs(one - other) > 1e-9 * abs(one):
            self.context.told.tell("unit-contradiction", self.title, f"the header says {found[1]!r}",
                                   self.block.place("row", 0) if len(self.block) else "", needed=f"{unit!r}, as the "
                                   "mapping says", done="read as the mapping says")  # fmt: skip

    def _converted(self, numbers: np.ndarray, unit: str, quantity: str) -> np.ndarray:
        if not _BRACES.search(unit):
            return units.convert(numbers, unit, quantity)
        named = np.array([text or "" for text in self._composed(unit)], dtype=object)
        made = np.full(numbers.size, nan)
        for one in dict.fromkeys(named):
            rows = np.flatnonzero(named == one)
            try:
                made[rows] = units.convert(numbers[rows], one, quantity) if one else numbers[rows]
            except UnitError as error:
                for at in map(int, rows[~np.isnan(numbers[rows])]):
                    self.tell("unit-unknown", str(error), at, _Cells([], None), done=_NOT_READ)
        return made

    def _possible(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers that their quantity can have; the others are told and left out."""
        known = QUANTITIES.get(self.name)
        low, high = known.possible if known else (-inf, inf)
        wrong = (numbers < low) | (numbers > high) | np.isinf(numbers)
        cells = self._cells() if self.value.column else _Cells([], None)
        for at in map(int, np.flatnonzero(wrong)):
            found = f"{numbers[at]:g} {known.unit if known else ''}".strip()
            self.tell("value-impossible", found, at, cells, needed=f"between {low:g} and {high:g}", done=_NOT_READ)
        return np.where(wrong, nan, numbers)

    def _moments(self, cells: _Cells) -> np.ndarray | list[str]:
        zone = ZoneInfo(self.value.timezone or self.context.timezone)
        moments = self._read_moments(cells, zone, self.value.date or "")
        if self.value.since is None:
            return [moment.isoformat() if moment else "" for moment in moments]
        start = self._starts(moments, zone)
        days = [
            (moment - first).total_seconds() / _SECONDS_PER_DAY if moment and first else nan
            for moment, first in zip(moments, start, strict=True)
        ]
        return self._possible(np.array(days, dtype=float))

    def _read_moments(self, cells: _Cells, zone: tzinfo, form: str) -> list[datetime | None]:
        order = form if form in ORDERS else date_order(cells.cells)
        moments: list[datetime | None] = []
        for at, cell in enumerate(cells.cells):
            if form and form not in ORDERS and isinstance(cell, str):
                moment, problem, missing = _by_form(cell, form, self.missing)
            else:
                found = read_moment(cell, order=order, first_year=self.block.sheet.first_year, missing=self.missing)
                moment, problem, missing = found.value, found.problem, found.missing
                for odd in found.odd:
                    self.tell("cell-understood", odd, at, cells, done="understood so")
            if problem:
                self.tell("date-unreadable", problem, at, cells, done=_NOT_READ)
            if missing:
                self.tell("cell-missing", "an empty cell" if missing == "empty" else missing, at, cells, done=_NOT_READ)
            moments.append(_with_zone(moment, zone))
        return moments

    def _starts(self, moments: list[datetime | None], zone: tzinfo) -> list[datetime | None]:
        """The date that the days of each row are counted from."""
        since = str(self.value.since)
        if since == "first":
            jars = list(Taker(self.context, "jar", self.context.values["jar"]).taken())
            there = [(jar, moment) for jar, moment in zip(jars, moments, strict=True) if moment]
            first = pd.Series(dict(sorted(there, key=lambda pair: pair[1], reverse=True)), dtype=object)
            return [first.get(jar) for jar in jars]
        stated = "" if not _BRACES.search(since) else self.value.date or ""
        return self._read_moments(self._of_since(since), zone, stated)

    def _of_since(self, since: str) -> _Cells:
        alone = _BRACES.fullmatch(since)
        if alone:
            return self._of_column(alone[1])
        if _BRACES.search(since):
            return _Cells(list(self._composed(since)), None)
        return _Cells([since] * len(self.block), None)


_AXES = ("latitude", "longitude")


@dataclass(frozen=True)
class _Found:
    """A cell as a number, from whichever reader."""

    value: float
    """The number."""
    missing: str
    """Why there is none."""
    odd: tuple[str, ...]
    """What was odd."""
    problem: str
    """Why it is not understood."""


def _filled_in(words: dict[str, str], found: re.Match) -> str:
    return words[found[1]]


def _constant(value: str | float | bool) -> Cell:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _by_form(cell: str, form: str, missing: tuple[str, ...]) -> tuple[datetime | None, str, str]:
    """A text read as a date in a stated form; why not; and why it is missing."""
    if reason := missing_reason(cell, missing):
        return None, "", reason
    try:
        return datetime.strptime(cell.strip(), form), "", ""
    except (ValueError, re.error, OverflowError):
        return None, f"{cell[:60]!r} is not a date written as {form!r}", ""


def _with_zone(moment: datetime | None, zone: tzinfo) -> datetime | None:
    """A moment with its zone, inside the years that can be counted."""
    if moment is None or not 1800 <= moment.year <= 2200:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
