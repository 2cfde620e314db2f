"""The tables on a sheet: title, head, units, rows and footnotes of each block of cells."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from talik.incubation.sheets.grid import Cell, Sheet, column_letters
from talik.incubation.sheets.values import missing_reason, plain, read_number
from talik.incubation.sheets.vocabulary import is_unit, recognise_header

ROWS_LOOKED_AT = 40
"""Rows from which the kind of a column is told."""

WIDEST_GAP = 3
"""Blank columns and one more that a table may have within it; beyond a wider gap begins another."""

MOST_BLOCKS = 200
"""Blocks of a sheet that are told; a sheet of more is no collection of tables."""

_NOTE = re.compile(
    r"^\s*(?:[*†‡#]|\(?[a-c1-3]\)\s|notes?\b|source\b|remarks?\b|注|备注|说明|数据来源|来源)", re.IGNORECASE
)
_UNIT_CELL = re.compile(r"^[(\[].{1,30}[)\]]$")
_JOINT = " / "


@dataclass(frozen=True)
class Block:
    """One table on a sheet. Rows and columns count from 0."""

    sheet: Sheet
    """The sheet."""
    heads: tuple[int, ...]
    """Rows of the head, the row of the units among them; empty where there is none."""
    first_row: int
    """First row of data."""
    last_row: int
    """Last row of data."""
    first_column: int
    """First column."""
    last_column: int
    """Last column."""
    title: str = ""
    """Text above the head."""
    footnotes: tuple[str, ...] = ()
    """Text below the data."""

    @property
    def columns(self) -> range:
        """Columns of the block."""
        return range(self.first_column, self.last_column + 1)

    @property
    def rows(self) -> range:
        """Rows of data."""
        return range(self.first_row, self.last_row + 1)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name of each column: rows of the head joined, letters where there is no name, ``#2`` behind a second one."""
        names = [self._name(column) for column in self.columns]
        seen: Counter = Counter()
        told = []
        for name in names:
            seen[name] += 1
            told.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
        return tuple(told)

    def is_named(self, column: int) -> bool:
        """Whether a column, by its number on the sheet, has a name of its own in the head."""
        return any(_as_text(self._headed(row, column)) for row in self.heads)

    def _name(self, column: int) -> str:
        parts: list[str] = []
        for row in self.heads:
            text = _as_text(self._headed(row, column))
            if text and text not in parts:
                parts.append(text)
        return _JOINT.join(parts) or column_letters(column)

    def _headed(self, row: int, column: int) -> Cell:
        """A cell of the head; in the upper rows, what stands left of a gap holds for the gap."""
        own = self.sheet.spread(row, column)
        if own is not None or row == self.heads[-1]:
            return own
        below = any(self.sheet.value(under, column) is not None for under in self.heads if under > row)
        left = range(column - 1, self.first_column - 1, -1)
        return next((cell for at in left if (cell := self.sheet.spread(row, at)) is not None), None) if below else None

    def column(self, column: int) -> tuple[Cell, ...]:
        """Cells of a column, by its number on the sheet."""
        return tuple(self.sheet.value(row, column) for row in self.rows)


def find_blocks(sheet: Sheet) -> tuple[Block, ...]:
    """The tables on a sheet.

    Blank rows and columns part them, and so does a head that is repeated. Rows above a head with one
    filled cell are its title, rows of text below the data its footnotes; a row of units under the head, and
    a second row under merged or widely set names, belong to the head.

    Parameters
    ----------
    sheet : Sheet
        The sheet.

    Returns
    -------
    tuple of Block
        From the top to the bottom, from the left to the right.

    Examples
    --------
    >>> rows = (("Table 1. Soils", None), (None, None), ("jar", "CO2"), (None, "(ppm)"), ("a", 5.0), ("* by GC", None))
    >>> block, = find_blocks(Sheet("a.xlsx", "jars", rows))
    >>> block.headers, block.title, block.footnotes
    (('jar', 'CO2 / (ppm)'), 'Table 1. Soils', ('* by GC',))
    """
    regions = list(_regions(sheet))[: 4 * MOST_BLOCKS]
    made: list[Block] = []
    loose: list[tuple[_Region, str]] = []
    for region in regions:
        blocks = list(_blocks_of(region))
        if not blocks:
            loose.append((region, region.text()))
        for block in blocks:
            before = _continued(made, block, region)
            if before is None:
                made.append(block)
            else:
                made[before] = replace(made[before], last_row=block.last_row)
    return tuple(_with_texts(block, loose, made) for block in made[:MOST_BLOCKS])


@dataclass(frozen=True)
class _Region:
    """A rectangle of cells without a blank row or column through it."""

    sheet: Sheet
    top: int
    bottom: int
    left: int
    right: int

    def row(self, row: int) -> tuple[Cell, ...]:
        return self.sheet.cells[row][self.left : self.right + 1]

    def filled(self, row: int) -> list[Cell]:
        return [cell for cell in self.row(row) if not _blank(cell)]

    def text(self) -> str:
        """All text of a region that is no table."""
        rows = range(self.top, min(self.bottom, self.top + 20) + 1)
        return " ".join(_as_text(cell) for row in rows for cell in self.filled(row))[:1000]


def _blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return f"{cell:.0f}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    return " ".join(str(cell).split())


def _kind(cell: Cell) -> str:
    """``blank``, ``number``, ``date`` or ``text``; a word for what is missing counts as blank."""
    if isinstance(cell, (datetime, time, timedelta)):
        return "date"
    if isinstance(cell, (bool, int, float)):
        return "number"
    if _blank(cell) or (isinstance(cell, str) and len(cell) < 30 and missing_reason(cell)):
        return "blank"
    return "number" if isinstance(cell, str) and len(cell) < 30 and read_number(cell).there else "text"


def _regions(sheet: Sheet) -> Iterator[_Region]:
    """Rectangles that blank rows and columns part, from the top, from the left."""
    whole = _Region(sheet, 0, sheet.rows - 1, 0, sheet.columns - 1)
    stack = [(whole, 0)] if sheet.rows else []
    while stack:
        region, depth = stack.pop()
        parts = list(_parted(region)) if depth < 8 else [region]
        if len(parts) == 1 and parts[0] == region:
            yield region
        else:
            stack += [(part, depth + 1) for part in reversed(parts)]


def _parted(region: _Region) -> Iterator[_Region]:
    """The pieces of a region between blank rows; where there are none, between blank columns."""
    rows = [any(not _blank(cell) for cell in region.row(row)) for row in range(region.top, region.bottom + 1)]
    bands = [(region.top + first, region.top + last) for first, last in _runs(rows)]
    if bands != [(region.top, region.bottom)]:
        yield from (replace(region, top=first, bottom=last) for first, last in bands)
        return
    used = [False] * (region.right - region.left + 1)
    for row in range(region.top, region.bottom + 1):
        used = [was or not _blank(cell) for was, cell in zip(used, region.row(row), strict=True)]
        if all(used):
            break
    strips = [(region.left + first, region.left + last) for first, last in _runs(used)]
    for first, last in _rejoined(region, strips):
        yield replace(region, left=first, right=last)


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start = None
    for at, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = at
        elif not flag and start is not None:
            yield start, at - 1
            start = None


def _rejoined(region: _Region, strips: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Strips of columns, joined over a blank column where the right one does not begin a table of its own.

    A table of its own names its rows: its first header is one of those to its left again, or a name of a sample,
    a jar, a site or a time.
    """
    joined: list[tuple[int, int]] = []
    for first, last in strips:
        apart = bool(joined) and first - joined[-1][1] > WIDEST_GAP
        if not joined or apart or _names_rows(region, joined[-1][0], joined[-1][1], first):
            joined.append((first, last))
        else:
            joined[-1] = joined[-1][0], last
    return joined


def _names_rows(region: _Region, left: int, right: int, column: int) -> bool:
    cells = [region.sheet.value(row, column) for row in range(region.top, min(region.top + 4, region.bottom + 1))]
    first = next((_as_text(cell) for cell in cells if _kind(cell) == "text"), "")
    if not first:
        return False
    rows = range(region.top, min(region.top + 4, region.bottom + 1))
    others = {_as_text(region.sheet.value(row, at)) for row in rows for at in range(left, right + 1)}
    keys = ("sample", "jar", "site", "time", "date", "core", "depth")
    return first in others or recognise_header(first).column in keys


def _blocks_of(region: _Region) -> Iterator[Block]:
    """The tables of a region: one, or several under repeated heads."""
    top = region.top
    while top <= region.bottom:
        titles = _title_rows(region, top)
        head_top = top + titles
        heads = _heads(region, head_top)
        data = head_top + len(heads)
        end = _next_head(region, heads, data)
        last, notes = _without_notes(region, data, end)
        if data > last or (region.right == region.left and not _is_column(region, heads, data, last)):
            return
        title = " ".join(_as_text(cell) for row in range(top, head_top) for cell in region.filled(row))
        yield Block(region.sheet, heads, data, last, region.left, region.right, title, notes)
        top = end + 1


def _is_column(region: _Region, heads: tuple[int, ...], data: int, last: int) -> bool:
    """Whether a single column is a table and no text: a name and numbers under it."""
    kinds = [_kind(region.sheet.value(row, region.left)) for row in range(data, last + 1)][:ROWS_LOOKED_AT]
    return bool(heads) and kinds.count("number") > len(kinds) / 2


def _title_rows(region: _Region, top: int) -> int:
    """Rows above the head: one filled cell in a table that is wider, or a remark behind a #."""
    if region.right == region.left:
        return 0
    count = 0
    while top + count < region.bottom and count < 10 and _is_title(region, top + count):
        count += 1
    return count


def _is_title(region: _Region, row: int) -> bool:
    filled = region.filled(row)
    remark = _as_text(filled[0]).startswith("#") and _kind(region.filled(row + 1)[0]) == "text"
    return len(filled) == 1 or (remark and _is_head(region, row + 1))


def _heads(region: _Region, top: int) -> tuple[int, ...]:
    """Rows of the head that begins at a row."""
    if top >= region.bottom or not _is_head(region, top):
        return ()
    heads = [top]
    while len(heads) < 3 and heads[-1] + 1 < region.bottom and _goes_on(region, heads):
        heads.append(heads[-1] + 1)
    return tuple(heads)


def _is_head(region: _Region, row: int) -> bool:
    """Whether a row names columns: it is text, or begins with text where numbers, times or dates go on."""
    kinds = [_kind(cell) for cell in region.row(row)]
    filled = [kind for kind in kinds if kind != "blank"]
    texts = filled.count("text")
    if not texts:
        return False
    if texts >= 0.5 * len(filled):
        return texts > 1 or region.right == region.left or len(filled) > texts or bool(_known(region, row))
    return filled[0] == "text" and _rises(region, row) and (_known(region, row) > 0 or kinds[0] == "text")


def _known(region: _Region, row: int) -> int:
    """How many cells of a row are words of headers."""
    return sum(recognise_header(_as_text(cell)).confidence > 0 for cell in region.filled(row)[:50])


def _rises(region: _Region, row: int) -> bool:
    """Whether the numbers or dates of a row rise, as days or temperatures in a head do."""
    numbers = [cell for cell in region.filled(row) if _kind(cell) in ("number", "date")]
    if any(isinstance(cell, (datetime, time, timedelta)) for cell in numbers):
        return all(type(cell) is type(numbers[0]) for cell in numbers) and sorted(numbers) == numbers  # type: ignore
    values = [read_number(cell).value for cell in numbers]
    return len(set(values)) == len(values) and values == sorted(values)


def _goes_on(region: _Region, heads: list[int]) -> bool:
    """Whether the row under a head belongs to it: units, or names under names that are set wide."""
    under = heads[-1] + 1
    filled = region.filled(under)
    if not filled:
        return False
    units = sum(_is_unit_cell(cell) for cell in filled)
    if units >= 0.6 * len(filled) and (units > 1 or len(filled) == 1) and not any(map(_is_number, filled)):
        return len(filled) > 1 or len(region.filled(under + 1)) > 1
    upper = [region.sheet.value(heads[-1], at) for at in range(region.left, region.right + 1)]
    lower = region.row(under)
    gaps = [not _blank(low) for up, low in zip(upper, lower, strict=True) if _blank(up)]
    leaves = [_blank(low) for up, low in zip(upper, lower, strict=True) if not _blank(up)]
    # A row of data fills the columns that the head names; a second row of a head fills its gaps.
    if not any(gaps) or not leaves:
        return False
    numeric = _numeric_columns(region, under + 1)
    texts_over_numbers = any(
        _kind(cell) == "text" for at, cell in enumerate(lower) if region.left + at in numeric and not _blank(cell)
    )
    return (any(leaves) and sum(gaps) >= 2) or texts_over_numbers


def _is_number(cell: Cell) -> bool:
    return _kind(cell) in ("number", "date")


def _is_unit_cell(cell: Cell) -> bool:
    if not isinstance(cell, str):
        return False
    text = plain(cell)
    if text in ("-", "--", "/", "") or bool(_UNIT_CELL.match(text)):
        return bool(text)
    return len(text) < 30 and (is_unit(text) or text in ("C", "°", "°N", "°E", "pH") or text.startswith("%"))


def _numeric_columns(region: _Region, top: int) -> set[int]:
    """Columns whose filled cells are mostly numbers or dates."""
    rows = range(top, min(top + ROWS_LOOKED_AT, region.bottom + 1))
    numeric = set()
    for column in range(region.left, region.right + 1):
        kinds = [kind for row in rows if (kind := _kind(region.sheet.value(row, column))) != "blank"]
        if kinds and sum(kind != "text" for kind in kinds) > len(kinds) / 2:
            numeric.add(column)
    return numeric


def _next_head(region: _Region, heads: tuple[int, ...], data: int) -> int:
    """Last row before the head is repeated, a title over it left out."""
    if not heads:
        return region.bottom
    names = [_as_text(cell) for cell in region.row(heads[0])]
    count = sum(bool(name) for name in names)
    if count < 2:
        return region.bottom
    first = next(at for at, name in enumerate(names) if name)
    for row in range(data, region.bottom + 1):
        if _as_text(region.row(row)[first]) != names[first]:
            continue
        again = [_as_text(cell) for cell in region.row(row)]
        if sum(a == b != "" for a, b in zip(names, again, strict=True)) >= 0.8 * count:
            end = row - 1
            while end > data and len(region.filled(end)) == 1:
                end -= 1
            return end
    return region.bottom


def _without_notes(region: _Region, data: int, end: int) -> tuple[int, tuple[str, ...]]:
    """Last row of data, and the notes below it."""
    last = end
    while last > data and _is_note(region, last):
        last -= 1
    notes = [" ".join(_as_text(cell) for cell in region.filled(row)) for row in range(last + 1, end + 1)]
    return last, tuple(notes)


def _is_note(region: _Region, row: int) -> bool:
    filled = region.filled(row)
    if len(filled) != 1 or not isinstance(filled[0], str) or region.right == region.left:
        return False
    return bool(_NOTE.match(filled[0])) or len(filled[0]) > 25 or " " in filled[0].strip()


def _continued(made: list[Block], block: Block, region: _Region) -> int | None:
    """The block above that a piece without a head of its own continues."""
    for at in range(len(made) - 1, -1, -1):
        above = made[at]
        inside = above.first_column <= block.first_column and block.last_column <= above.last_column
        if inside and above.heads and above.last_row < block.first_row:
            return at if not block.heads or not _differs(above, block, region) else None
    return None


def _differs(above: Block, block: Block, region: _Region) -> bool:
    """Whether the head of a piece is one, and no row of data of the block above."""
    over = _Region(above.sheet, above.first_row, above.last_row, above.first_column, above.last_column)
    numeric = _numeric_columns(over, above.first_row) & set(block.columns)
    first = [_kind(block.sheet.value(block.heads[0], column)) for column in numeric]
    if not [kind for kind in first if kind != "blank"]:
        return not numeric or _known(region, block.heads[0]) > 0
    return "text" in first


def _with_texts(block: Block, loose: list[tuple[_Region, str]], blocks: list[Block]) -> Block:
    """The block with the texts that stand alone above and below it."""
    top = block.heads[0] if block.heads else block.first_row
    others = [other for other in blocks if other.first_row != block.first_row or other.columns != block.columns]
    above = [
        text for region, text in loose
        if region.bottom < top and top - region.bottom <= 4 and not _between(others, region.bottom, top)
    ]  # fmt: skip
    below = [
        text for region, text in loose
        if region.top > block.last_row and not _between(others, block.last_row, region.top)
        and not any(text in other.title for other in others) and (region.bottom, text) not in _titles(loose, others)
    ]  # fmt: skip
    title = " ".join([*above, block.title]).strip()
    return replace(block, title=title, footnotes=(*block.footnotes, *below))


def _titles(loose: list[tuple[_Region, str]], blocks: list[Block]) -> set[tuple[int, str]]:
    """Texts that stand right above another block."""
    tops = [block.heads[0] if block.heads else block.first_row for block in blocks]
    return {(region.bottom, text) for region, text in loose for top in tops if 0 < top - region.bottom <= 4}


def _between(blocks: list[Block], top: int, bottom: int) -> bool:
    return any(top < block.last_row and block.first_row < bottom for block in blocks)
