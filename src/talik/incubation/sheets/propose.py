"""A mapping for an unknown workbook, proposed: to be edited, and kept."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from pathlib import Path

from talik.errors import InputError, TalikError, UnitError
from talik.incubation.sheets.blocks import Block, find_blocks
from talik.incubation.sheets.grid import Cell, column_letters, read_workbook
from talik.incubation.sheets.values import missing_reason, read_number, read_range
from talik.incubation.sheets.vocabulary import AMOUNTS, RATES, Header, recognise_header
from talik.quantities import QUANTITIES
from talik.tables import TABLES
from talik.units import convert

ENDINGS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".csv", ".tsv", ".txt")
"""Endings of the files of a folder that are looked at."""

MOST_FILES = 50
"""Files of a folder that are looked at."""

_KEYS = ("site", "core", "line", "plot", "sample", "depth", "depth_top", "horizon")
"""Columns that together name a sample, in the order of the name."""

_MEASURES = (*RATES, *AMOUNTS, "mole_fraction")
_ROWS = 2000
_SHARED_KEYS = ("gas", "treatment", "replicate")
_UNSURE = "unit not stated"


def propose_mapping(path: Path | str) -> str:
    r"""Propose how a workbook, or a folder of them, becomes talik's tables.

    Parameters
    ----------
    path : path_like
        A workbook, a table as text, or a folder of them.

    Returns
    -------
    str
        A mapping in TOML. Comments say what is doubtful and what was not recognised.

    Raises
    ------
    InputError
        Where nothing can be read, or no table is found.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "toolik.csv"
    >>> _ = file.write_text("soil,day,temp (°C),respiration (ug C g-1 d-1)\nA,1,5,9.5\nA,1,15,20.1\n")
    >>> print(propose_mapping(file).split("[read.respiration]")[1])
    <BLANKLINE>
    jar = "{soil}_{temp (°C)}"
    time = { column = "day", unit = "d" }
    temperature = { column = "temp (°C)", unit = "°C" }
    respiration = { column = "respiration (ug C g-1 d-1)", unit = "ug C g-1 d-1" }
    gas = "co2"
    <BLANKLINE>
    """
    path = Path(path)
    found, refused = _found(path)
    if not found:
        detail = f" {refused[0]}" if refused else ""
        raise InputError(f"{path} holds no table with a head of column names.{detail}", [str(path)])
    _leave_out_repeated(found)
    chosen = sorted((table for table in found if table.known and not table.left_out), key=lambda one: not one.measures)
    properties: set[str] = set()
    main = _Taken(chosen[0], "", properties).sample if chosen else ""
    parts = [_beginning(path, refused)]
    parts += [_read(_Taken(table, main, properties)) for table in chosen]
    told = [f"# Not proposed: {table.place}: {table.left_out or 'no column was recognised'}." for table in found
            if table.left_out or not table.known]  # fmt: skip
    return "\n".join([*parts, *told]).rstrip() + "\n"


@dataclass
class _Wide:
    """Columns of one quantity that differ in a temperature, a time or a name."""

    columns: list[int]
    group: str
    said: dict[str, float] = field(default_factory=dict)


@dataclass
class _Found:
    """One table of the workbook with what its columns say."""

    file: Path
    block: Block
    several: bool
    left_out: str = ""
    _taken_wide: frozenset[int] = frozenset()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return self.block.headers

    @cached_property
    def heads(self) -> list[Header]:
        return [
            recognise_header(re.sub(r"#\d+$", "", name)) if self.block.is_named(column) else Header("")
            for column, name in zip(self.block.columns, self.names, strict=True)
        ]

    @property
    def place(self) -> str:
        return f"{self.file.name}, sheet {self.block.sheet.name!r}"

    @cached_property
    def cells(self) -> list[tuple[Cell, ...]]:
        return [
            tuple(self.block.sheet.value(row, column) for row in self.block.rows[:_ROWS])
            for column in self.block.columns
        ]

    @cached_property
    def wide(self) -> _Wide | None:
        found = _wide(self)
        self._taken_wide = frozenset(found.columns if found else ())
        return found

    @cached_property
    def measure(self) -> Header | None:
        """What the table measures, where it measures a jar's gas."""
        if self.wide:
            return _wide_quantity(self)
        found = next((head for head in self.heads if head.column in _MEASURES and head.statistic in ("", "mean")), None)
        # Without a unit, a time or a temperature it may be anything: a number of a table of sites.
        alone = found and not found.unit and self.at("time", "date", "temperature") is None
        return None if alone or (found and not _is_numeric(self.cells[self.heads.index(found)])) else found

    @property
    def measures(self) -> bool:
        return self.measure is not None

    @property
    def known(self) -> bool:
        return self.measures or any(head.column for head in self.heads)

    def at(self, *columns: str, statistic: str = "") -> int | None:
        """Place of the best column that is one of these."""
        fits = [
            (head.confidence, self._distinct(i), -i) for i, head in enumerate(self.heads)
            if head.column in columns and head.statistic == statistic and i not in self._taken_wide
            and "{" not in self.names[i] and any(cell is not None for cell in self.cells[i])
        ]  # fmt: skip
        return -max(fits)[2] if fits else None

    def _distinct(self, column: int) -> int:
        return len({str(cell) for cell in self.cells[column]})


def _found(path: Path) -> tuple[list[_Found], list[str]]:
    """Tables of all files, and why files were not read."""
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS)[:MOST_FILES]
    found, refused = [], []
    for file in files:
        try:
            sheets = read_workbook(file)
        except TalikError as error:
            if not path.is_dir():
                raise
            refused.append(str(error))
            continue
        found += [
            _Found(file, block, len(sheets) > 1) for sheet in sheets for block in find_blocks(sheet) if block.heads
        ]
    return found, refused


def _leave_out_repeated(found: list[_Found]) -> None:
    """Leave out tables whose numbers stand in a larger table again."""
    numbers = {id(table): _numbers(table) for table in found if table.measures}
    for table in found:
        own = numbers.get(id(table), set())
        for other in found:
            theirs = numbers.get(id(other), set())
            larger = len(theirs) > len(own) or (len(theirs) == len(own) and found.index(other) < found.index(table))
            if other is not table and own and larger and not other.left_out and len(own & theirs) >= 0.8 * len(own):
                table.left_out = f"its measurements stand in {other.place} as well"


def _numbers(table: _Found) -> set[float]:
    if table.wide:
        columns = table.wide.columns
    else:
        columns = [i for i, head in enumerate(table.heads) if head.column in _MEASURES]
    values = (read_number(cell).value for column in columns for cell in table.cells[column])
    return {float(f"{value:.7g}") for value in values if not isnan(value) and value != 0}


def _wide(table: _Found) -> _Wide | None:
    """Columns that are one quantity at several temperatures, times, dates or of several soils."""
    for group in ("temperature", "time"):
        fits = [i for i, head in enumerate(table.heads) if not isnan(getattr(head, group)) and _may_be_wide(head)]
        said = {table.names[i]: getattr(table.heads[i], group) for i in fits}
        if len(set(said.values())) > 1:
            return _Wide(fits, group, said)
    return _numbers_as_heads(table) or _soils_as_heads(table)


def _may_be_wide(head: Header) -> bool:
    return (not head.column or head.column in _MEASURES) and head.statistic in ("", "mean")


def _numbers_as_heads(table: _Found) -> _Wide | None:
    """Columns whose header, or the last row of it, is a number or a date."""
    fits, said, dates = [], {}, 0
    for i, name in enumerate(table.names):
        last = table.block.sheet.value(table.block.heads[-1], table.block.first_column + i)
        number = read_number(last)
        date = not isinstance(last, (str, float, int, bool, type(None)))
        if date or (number.there and not re.search(r"[A-Za-z]", str(last))):
            fits.append(i)
            said[name] = number.value
            dates += date
    if len(fits) < 2 or (dates and dates < len(fits)):
        return None
    if dates:
        return _Wide(fits, "date")
    words = " ".join([table.block.title, *table.names])
    group = "temperature" if re.search(r"°\s?C|℃|temperature|温度", words, re.IGNORECASE) else "time"
    return _Wide(fits, group, said)


def _soils_as_heads(table: _Found) -> _Wide | None:
    """Columns without a known name, several of them named alike: replicates of soils."""
    bare = [re.sub(r"#\d+$", "", name) for name in table.names]
    fits = [i for i, head in enumerate(table.heads) if not head.column and _is_numeric(table.cells[i])]
    repeated = {bare[i] for i in fits if bare.count(bare[i]) > 1}
    if not repeated or table.at("time", "date") is None:
        return None
    return _Wide([i for i in fits if bare[i] in repeated], "soil")


def _is_numeric(cells: Sequence[Cell]) -> bool:
    filled = [cell for cell in cells[:100] if not missing_reason(cell)]
    return bool(filled) and sum(read_number(cell).there for cell in filled) > 0.8 * len(filled)


def _wide_quantity(table: _Found) -> Header | None:
    """What wide columns measure: as their headers, the title, the sheet or a column of one word say."""
    assert table.wide
    own = [table.heads[i] for i in table.wide.columns if table.heads[i].column in _MEASURES]
    texts = [table.block.title, table.block.sheet.name, table.file.stem]
    texts[:0] = [next(iter(words)) for words in map(_words, table.cells) if len(words) == 1]
    said = [recognise_header(text) for text in texts if text]
    return next((head for head in [*own, *said] if head.column in _MEASURES), None)


def _words(cells: Sequence[Cell]) -> set[str]:
    return {cell.strip() for cell in cells if isinstance(cell, str) and not missing_reason(cell)}


def _beginning(path: Path, refused: Iterable[str]) -> str:
    lines = [
        f"# A mapping proposed for {_comment(path.name)}: talik read the headers, and guessed. Go through it line by",
        "# line, correct what is wrong, and keep it beside the data. A ? asks what the workbook does not say.",
        *(f"# Not read: {_comment(text)}" for text in refused),
        "",
        "[study]",
        f"study = {_quoted(re.sub(r'[^0-9A-Za-z一-鿿]+', '_', path.stem).strip('_').lower() or 'study')}",
        'title = ""    # ?',
        'citation = ""    # ?',
        'doi = ""    # ?',
    ]
    return "\n".join(lines)


def _read(taken: "_Taken") -> str:
    """One block of the mapping."""
    table = taken.table
    block = table.block
    rows = [row + 1 for row in block.heads]
    lines = ["", f"# {_comment(table.place)}" + (f": {_comment(block.title)[:150]}" if block.title else "")]
    lines += [f"# Note there: {_comment(note)[:200]}" for note in block.footnotes[:5]]
    lines += ["[[read]]"]
    lines += [f"file = {_quoted(_glob(table.file.name))}"]
    lines += [f"sheet = {_quoted(_glob(block.sheet.name))}"] if table.several else []
    lines += [f"header = {rows[0] if len(rows) == 1 else rows}"]
    lines += [f"rows = [{block.first_row + 1}, {block.last_row + 1}]"]
    if block.first_column or block.last_column + 1 < block.sheet.columns:
        lines += [f'columns = "{column_letters(block.first_column)}:{column_letters(block.last_column)}"']
    sections = list(taken.sections())
    if not sections:
        return f"\n# Not proposed: {_comment(table.place)}: none of its columns can be taken as it stands."
    lines += [f"doubt = {_quoted('; '.join(taken.doubts))}"] if taken.doubts else []
    lines += taken.wide_lines()
    rest = [
        name for i, name in enumerate(table.names) if i not in taken.used and any(c is not None for c in table.cells[i])
    ]
    if rest:
        lines += [f"# not recognised, or not needed: {', '.join(_comment(repr(name)) for name in rest)}"]
    return "\n".join([*lines, *sections])


def _quoted(text: str) -> str:
    if "\\" in text and not re.search(r"['\x00-\x1f\x7f]", text):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _glob(name: str) -> str:
    """A name as a pattern that matches it alone."""
    return re.sub(r"([\[*?])", r"[\1]", name)


def _comment(text: str) -> str:
    """A text that can stand in a comment."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]", " ", text).split())


class _Taken:
    """What talik's tables take from one block, as lines of the mapping."""

    def __init__(self, table: _Found, main: str, properties: set[str]):
        self.table, self.main, self.properties = table, main, properties
        self.used: set[int] = set(table.wide.columns if table.wide and table.measures else ())
        self.doubts: list[str] = []
        self.of_sites = False
        self.sample = self._sample()
        self.site = self._site()

    def sections(self) -> Iterator[str]:
        """Tables of the block, the keys first."""
        measured = self.table.measures
        placed = measured or self.table.at("latitude", "position", "country", "site") is not None
        site_columns = list(self._columns("sites")) if placed else []
        self.of_sites = bool(site_columns) and not measured
        if measured or site_columns:
            yield from self._section("sites", [f"site = {_quoted(self.site)}", *site_columns])
        if measured:
            yield from self._section("samples", self._samples())
            yield from self._section("jars", self._jars())
            yield from self._section(*self._measurements())
        yield from self._properties()

    def _section(self, name: str, lines: Iterable[str]) -> Iterator[str]:
        yield "\n".join(["", f"[read.{name}]", *lines])

    def wide_lines(self) -> list[str]:
        """How columns become rows."""
        wide = self.table.wide
        if not wide or not self.table.measures:
            return []
        names = [self.table.names[i] for i in wide.columns]
        pattern = _pattern(names, wide.said, wide.group) if wide.said else ""
        if pattern:
            return [f"wide.columns = {_quoted(pattern)}"]
        bare = [*dict.fromkeys(re.sub(r"#\d+$", "", name) for name in names)]
        if wide.group == "soil":
            return [f"wide.columns = {_quoted('|'.join(map(re.escape, bare)).replace(chr(92) + ' ', ' '))}"]
        return [f"wide.columns = [{', '.join(map(_quoted, names))}]"]

    def _use(self, *columns: str, statistic: str = "") -> int | None:
        found = self.table.at(*columns, statistic=statistic)
        if found is not None:
            self.used.add(found)
        return found

    def _brace(self, column: int) -> str:
        return "{" + self.table.names[column] + "}"

    def _sample(self) -> str:
        """How a sample is named: by the columns that name it together."""
        keys = [found for key in _KEYS if (found := self.table.at(key)) is not None]
        varying = [i for i in dict.fromkeys(keys) if len({str(cell) for cell in self.table.cells[i]}) > 1]
        if not self.table.measures and not self._unique(varying):
            varying = self._naming() or varying
        parts = [self._brace(i) for i in varying or keys[:1]]
        self.used |= set(varying)
        if self.table.wide and self.table.wide.group == "soil":
            parts.append("{header}")
        if not parts and not self.table.measures:
            parts = [self._brace(i) for i in self._naming()]
        return "_".join(parts) or "the sample"

    def _unique(self, columns: Sequence[int]) -> bool:
        """Whether columns together name each row once."""
        rows = list(zip(*(self.table.cells[i] for i in columns), strict=True))
        return bool(columns) and len(set(map(str, rows))) > 0.95 * len(rows)

    def _constant(self, column: int) -> bool:
        """Whether a column has one value for each sample."""
        keys = [i for key in _KEYS if (i := self.table.at(key)) is not None]
        values: dict[str, set[str]] = {}
        for row, cell in enumerate(self.table.cells[column]):
            if not missing_reason(cell):
                values.setdefault(str([self.table.cells[i][row] for i in keys]), set()).add(str(cell))
        return not self.table.measures or all(len(found) == 1 for found in values.values())

    def _naming(self) -> list[int]:
        """The first column whose texts are all different."""
        for i, cells in enumerate(self.table.cells):
            texts = [cell for cell in cells if isinstance(cell, str)]
            if len(texts) == len(set(texts)) > 0.9 * len(cells) and "{" not in self.table.names[i]:
                self.used.add(i)
                return [i]
        return []

    def _site(self) -> str:
        found = self._use("site")
        parts = [self._brace(i) for key in ("site", "core", "line", "plot") if (i := self.table.at(key)) is not None]
        if found is not None or parts:
            return " ".join(parts)
        return re.sub(r"_?\{[^{}]*depth[^{}]*\}", "", self.sample, flags=re.IGNORECASE) or self.sample

    def _columns(self, table: str) -> Iterator[str]:
        """Lines for the columns of a table that headers name."""
        wanted = [column.name for column in TABLES[table].columns]
        position = self._use("position") if table == "sites" else None
        if position is not None:
            for part in ("latitude", "longitude"):
                yield f"{part} = {{ column = {_quoted(self.table.names[position])}, part = {_quoted(part)} }}"
        for name in wanted:
            if name in ("site", "sample", "jar", "study", "temperature") or (position is not None and "itude" in name):
                continue
            found = self.table.at(name)
            words = name not in QUANTITIES and table == "sites"
            if found is not None and not (words and _is_numeric(self.table.cells[found])):
                self.used.add(found)
                yield self._line(name, found)

    def _line(self, name: str, column: int, extra: str = "") -> str:
        """A column of talik and where it comes from."""
        head, title = self.table.heads[column], self.table.names[column]
        unit = head.unit or head.usual_unit
        remarks = [*head.notes] + (
            [f"{_UNSURE}: {unit} is usual"]
            if unit and not head.unit and name in QUANTITIES and (name != "time" or title.lower() == "time")
            else []
        )
        if name not in QUANTITIES:
            return f"{name} = {_quoted(self._brace(column))}" + _remark(head.notes)
        if name == "annual_precipitation" and head.usual_unit != unit and unit.startswith("mm"):
            unit = "mm"
        if not unit or not _measures(unit, name):
            unit = ""
            remarks += [f"{_UNSURE}: {QUANTITIES[name].unit} is taken"] if QUANTITIES[name].unit else []
        if unit and (strange := _strange(self.table.cells[column], unit, name)):
            remarks += [f"? in this unit {strange}"]
        ranges = [read_range(cell) for cell in self.table.cells[column][:200] if isinstance(cell, str)]
        if not extra and ranges and sum(found.low < found.high for found in ranges) > 0.3 * len(ranges):
            extra, remarks = ', part = "middle"', [*remarks, "some cells are ranges"]
        unit_part = f", unit = {_quoted(unit)}" if unit else ""
        return f"{name} = {{ column = {_quoted(title)}{unit_part}{extra} }}" + _remark(remarks)

    def _samples(self) -> Iterator[str]:
        yield f"sample = {_quoted(self.sample)}" + ("    # ?" if "{" not in self.sample else "")
        yield f"site = {_quoted(self.site)}"
        core = [self._brace(i) for key in ("core", "line", "plot") if (i := self._use(key)) is not None]
        if core:
            yield f"core = {_quoted(' '.join([self.site] if self.site not in core else core))}"
        depth = self._use("depth")
        if depth is not None:
            ranges = [read_range(cell) for cell in self.table.cells[depth][:200]]
            split = any(found.low < found.high for found in ranges)
            for name, part in (("depth_top", "low"), ("depth_bottom", "high")):
                yield self._line(name, depth, f', part = "{part}"' if split else "") + (
                    "" if split else "    # ? one number: top, bottom or middle"
                )
        for name in ("depth_top", "depth_bottom"):
            found = self._use(name)
            if found is not None and depth is None:
                yield self._line(name, found)
        for name in ("layer", "horizon"):
            found = self._use(name)
            if found is not None:
                yield self._line(name, found)

    def _jar(self) -> str:
        """How a jar is named: by itself, or by its sample and what sets jars of one sample apart."""
        own = self._use("jar")
        if own is not None:
            return self._brace(own)
        parts = [self.sample]
        for key in ("replicate", "treatment", "temperature"):
            found = self._use(key)
            if found is not None and len({str(cell) for cell in self.table.cells[found]}) > 1:
                parts.append(self._brace(found))
        wide = self.table.wide
        if wide and wide.group == "temperature":
            parts.append("{temperature}")
        if wide and wide.group == "soil":
            parts.append("{copy}")
        return "_".join(parts)

    def _jars(self) -> Iterator[str]:
        jar = self._jar()
        wide = self.table.wide
        by_temperature = wide is not None and wide.group == "temperature"
        yield f"jar = {_quoted(jar)}" + (
            "    # ? or without the temperature, where each jar was warmed in steps" if by_temperature else ""
        )
        yield f"sample = {_quoted(self.sample)}"
        for name, key in (("replicate", "replicate"), ("treatment", "treatment")):
            found = self._use(key)
            if found is not None:
                yield f"{name} = {_quoted(self._brace(found))}"
        if wide and wide.group == "soil":
            yield 'replicate = "{copy}"'
        yield from (line for line in self._columns("jars") if not line.startswith("replicate"))

    def _measurements(self) -> tuple[str, list[str]]:
        """The table that the measurements belong to, and its lines."""
        measure = self.table.measure
        assert measure is not None
        name = "readings" if measure.column == "mole_fraction" else measure.table
        lines = [f"jar = {_quoted(self._jar())}", self._time(), *self._temperature()]
        lines += [self._value(measure), self._gas(measure)]
        if name == "readings":
            lines += [line for line in self._columns("readings") if line.split(" ")[0] not in _DONE]
        else:
            lines += self._spread(measure)
        return name, [line for line in lines if line]

    def _time(self) -> str:
        wide = self.table.wide
        if wide and wide.group == "time":
            return f'time = {{ {self._said(wide)}, unit = "d" }}    # ? days since the start'
        if wide and wide.group == "date":
            return 'time = { column = "header", since = "first" }    # ? the day the incubation began'
        found = self._use("time")
        if found is not None:
            return self._line("time", found)
        found = self._use("date")
        if found is not None:
            title = _quoted(self.table.names[found])
            return f'time = {{ column = {title}, since = "first" }}    # ? the day the incubation began'
        return 'time = "unknown"    # ? the day of the readings'

    def _said(self, wide: _Wide) -> str:
        """Where a number of the header comes from: a group of the pattern, or a list of headers."""
        if _pattern([self.table.names[i] for i in wide.columns], wide.said, wide.group):
            return f'column = "{wide.group}"'
        pairs = ", ".join(f"{_quoted(name)} = {number:g}" for name, number in wide.said.items())
        return f'column = "header", map = {{ {pairs} }}'

    def _temperature(self) -> list[str]:
        wide = self.table.wide
        if wide and wide.group == "temperature":
            return [f'temperature = {{ {self._said(wide)}, unit = "degC" }}']
        found = self._use("temperature")
        if found is not None:
            return [self._line("temperature", found)]
        measure = self.table.measure
        if measure and not isnan(measure.temperature):
            return [f"temperature = {measure.temperature:g}"]
        said = recognise_header(self.table.block.title or self.table.block.sheet.name).temperature
        return [
            f"temperature = {said:g}    # ? as the title says" if not isnan(said) else 'temperature = "unknown"    # ?'
        ]

    def _value(self, measure: Header) -> str:
        wide = self.table.wide
        column = "value" if wide else self.table.names[self.table.heads.index(measure)]
        self.used |= {i for i, name in enumerate(self.table.names) if name == column}
        remarks = [note for note in measure.notes if "no unit" not in note]
        unit = f", unit = {_quoted(measure.unit)}" if measure.unit else ""
        if not unit:
            told = f"the unit of {column!r} is not stated and {QUANTITIES[measure.column].unit} was taken"
            self.doubts.append(told)
            remarks.append(f"? {_UNSURE}")
        return f"{measure.column} = {{ column = {_quoted(column)}{unit} }}" + _remark(remarks)

    def _gas(self, measure: Header) -> str:
        found = self._use("gas")
        words = sorted(_words(self.table.cells[found])) if found is not None else []
        known = {word: gas for word in words for gas in ("co2", "ch4") if gas in word.lower().replace("₂", "2")}
        if found is not None and known:
            pairs = ", ".join(f"{_quoted(word)} = {_quoted(gas)}" for word, gas in known.items())
            return f"gas = {{ column = {_quoted(self.table.names[found])}, map = {{ {pairs} }} }}"
        return f"gas = {_quoted(measure.gas or 'co2')}"

    def _spread(self, measure: Header) -> list[str]:
        """Lines for standard deviation and number, where columns beside the quantity give them."""
        lines: list[str] = []
        for column, statistic in ((measure.column, "sd"), ("sd", "")):
            found = self._use(column, statistic=statistic)
            if found is not None and not lines:
                unit = self.table.heads[found].unit or measure.unit
                lines.append(
                    f"sd = {{ column = {_quoted(self.table.names[found])}"
                    + (
                        f", unit = {_quoted(unit)} }}"
                        if unit and _measures(unit, measure.column)
                        else " }    # ? its unit"
                    )
                )
        error = self.table.at(measure.column, statistic="se") or self.table.at("se")
        if error is not None and not lines:
            lines.append(f"# {_comment(self.table.names[error])!r} is a standard error: sd is it times the root of n")
        count = self._use("n")
        if count is not None:
            lines.append(f"n = {{ column = {_quoted(self.table.names[count])} }}")
        return lines

    def _properties(self) -> Iterator[str]:
        """Properties of the sample, or of the site where the block names no sample."""
        lines = []
        also = () if self.table.measures else ("jars", "samples", "sites")
        for i, head in enumerate(self.table.heads):
            other = head.table in also and head.column in (*QUANTITIES, "moisture") and head.table != "samples"
            if i in self.used or head.statistic or not (head.table == "properties" or other or head.column == "q10"):
                continue
            if not _is_numeric(self.table.cells[i]) or not self._constant(i):
                continue
            self.used.add(i)
            name = "Q10 as published" if head.column == "q10" else head.column.replace("_", " ")
            name = name if name not in self.properties else self.table.names[i]
            self.properties.add(name)
            parts = [f"property = {_quoted(name)}"]
            parts += [f"group = {_quoted(head.group)}"] if head.group else []
            parts += [f"unit = {_quoted(head.unit or head.usual_unit)}"] if head.unit or head.usual_unit else []
            lines.append(f"{_quoted(self.table.names[i])} = {{ {', '.join(parts)} }}" + _remark(head.notes))
        if not lines:
            return
        of_site = self.of_sites and self.sample.lower() != self.main.lower()
        subject, key = ("site", self.site) if of_site else ("sample", self.sample)
        whole = [
            f'subject = "{subject}"', f"id = {_quoted(key)}{self._same_names(subject)}", "[read.properties.columns]"
        ]  # fmt: skip
        yield from self._section("properties", [*whole, *lines])

    def _same_names(self, subject: str) -> str:
        if self.table.measures or self.sample == self.main:
            return ""
        return f"    # ? {subject}s have to be named as in the block with the measurements: {_comment(self.main)}"


_DONE = frozenset(["jar", "time", "temperature", "gas", "mole_fraction"])


def _remark(notes: Iterable[str]) -> str:
    told = "; ".join(_comment(note) for note in notes)
    return f"    # {told}" if told else ""


def _strange(cells: Sequence[Cell], unit: str, name: str) -> str:
    """How the values of a quantity are improbable in a unit; nothing where they are not."""
    values = sorted(value for cell in cells[:500] if not isnan(value := read_number(cell).value))
    if not values:
        return ""
    middle = float(convert(values[len(values) // 2], unit, name))
    low, high = QUANTITIES[name].plausible
    return "" if low <= middle <= high else f"the middle value is {middle:.3g} {QUANTITIES[name].unit}: improbable"


def _measures(unit: str, name: str) -> bool:
    try:
        convert(1.0, unit, name)
    except UnitError:
        return False
    return True


def _pattern(names: Sequence[str], said: dict[str, float], group: str) -> str:
    """A pattern that finds the number in each of these headers; nothing where there is none."""
    number = r"-?\d+(?:\.\d+)?"
    for found in re.finditer(number, names[0]):
        before, after = names[0][: found.start()], names[0][found.end() :]
        pattern = rf"{re.escape(before)}(?P<{group}>{number}){re.escape(after)}"
        matches = [re.fullmatch(pattern, name) for name in names]
        if all(
            match and abs(float(match[group]) - said[name]) < 1e-9 for match, name in zip(matches, names, strict=True)
        ):
            return pattern.replace("\\ ", " ")
    return ""
