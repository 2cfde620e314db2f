"""The cells of a workbook, of whatever kind its file is, as they stand."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeAlias

from talik.errors import InputError
from talik.incubation.sheets.container import LARGEST_FILE, Container, measured
from talik.incubation.sheets.limits import MOST_CELLS, broken
from talik.textfile import read_text

Cell: TypeAlias = str | float | bool | datetime | time | timedelta | None
"""What a cell can hold: text (error cells too, as ``#DIV/0!``), a number, a truth, a date, a time of day, a length
of time, or nothing."""

LONGEST_CELL = 32_767
"""Excel keeps no longer text in a cell. [characters]"""

DELIMITERS = ("\t", ";", ",")
"""What parts the cells of a text file; where two would do, the one named first."""

_LINES_LOOKED_AT = 200
_NOT_WORKBOOKS = (
    (b"%PDF", "a PDF"),
    (b"<html", "a web page"),
    (b"<!doctype html", "a web page"),
    (b"<?xml", "XML text"),
    (b"\x89png", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


@dataclass(frozen=True)
class Merged:
    """A range of merged cells."""

    top: int
    """First row, from 0."""
    left: int
    """First column, from 0."""
    bottom: int
    """Last row, from 0."""
    right: int
    """Last column, from 0."""

    def holds(self, row: int, column: int) -> bool:
        """Whether a cell belongs to the range."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or a text file as one."""

    file: str
    """Path of the file."""
    name: str
    """Name of the sheet; of a text file, its name without the ending."""
    cells: tuple[tuple[Cell, ...], ...]
    """Rows of cells, all of the same length; trailing empty rows and columns are dropped."""
    merged: tuple[Merged, ...] = ()
    """Merged ranges; their value stands in the upper left cell alone."""
    first_year: int = 1900
    """Year that serial dates count from: 1900, or 1904 in workbooks of old Macintoshes."""
    odd: tuple[str, ...] = ()
    """What was odd about the file, in words: its encoding, its line ends."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.cells)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.cells[0]) if self.cells else 0

    def value(self, row: int, column: int) -> Cell:
        """The cell at a row and a column, counted from 0; nothing beyond the edge."""
        if 0 <= row < self.rows and 0 <= column < self.columns:
            return self.cells[row][column]
        return None

    def spread(self, row: int, column: int) -> Cell:
        """The cell's value, or the one of the merged range that it belongs to."""
        own = self.value(row, column)
        if own is not None or not self.merged:
            return own
        of = next((area for area in self.merged if area.holds(row, column)), None)
        return self.value(of.top, of.left) if of else None

    def where(self, row: int, column: int) -> str:
        """A cell's place as Excel names it.

        Examples
        --------
        >>> Sheet("a.xlsx", "jars", ()).where(0, 27)
        'a.xlsx, jars!AB1'
        """
        return f"{Path(self.file).name}, {self.name}!{column_letters(column)}{row + 1}"


def column_letters(column: int) -> str:
    """Letters of a column counted from 0.

    Examples
    --------
    >>> [column_letters(i) for i in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_workbook(path: Path | str) -> tuple[Sheet, ...]:
    r"""Read the cells of a workbook or of a table as text, whatever the name of the file says.

    .xlsx (ISO Strict too), .xls, .xlsb and .ods are told by their content, and so is text, whose
    encoding and delimiter (tab, semicolon or comma) are found.

    Parameters
    ----------
    path : path_like
        The file.

    Returns
    -------
    tuple of Sheet
        Sheets that hold cells, in the order of the workbook.

    Raises
    ------
    InputError
        Where there is no such file, it is empty, damaged, protected, no workbook, or too large.

    Notes
    -----
    Error cells are told from empty ones in .xlsx; in .xls, .xlsb and .ods they are read as empty.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "jars.csv"
    >>> _ = file.write_bytes("瓶号;温度（℃）\n1;5,5\n".encode("gb18030"))
    >>> sheet, = read_workbook(file)
    >>> sheet.name, sheet.cells
    ('jars', (('瓶号', '温度（℃）'), ('1', '5,5')))
    """
    path = Path(path)
    content = _content(path)
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        sheets = _of_workbook(path, measured(path, content))
    else:
        _refuse_strangers(path, content)
        sheets = [_of_text(path)]
    filled = tuple(sheet for sheet in sheets if sheet.cells)
    if not filled:
        raise InputError(f"{path} holds no filled cell. Put the data in, or name another file.", [str(path)])
    return filled


def _content(path: Path) -> bytes:
    if not path.exists():
        raise InputError(f"{path} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(path)])
    if path.is_dir():
        raise InputError(f"{path} is a folder, and a workbook or a text file is needed.", [str(path)])
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InputError(
                f"{path} has {size / 1e6:,.0f} MB; at most {LARGEST_FILE / 1e6:,.0f} MB are read as a workbook. "
                "Save the sheets that are needed as a file of their own.",
                [str(path)],
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", [str(path)]) from None


def _refuse_strangers(path: Path, content: bytes) -> None:
    """Refuse what is named like a workbook and is none."""
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = next((name for mark, name in _NOT_WORKBOOKS if start.startswith(mark.lower())), "")
    if kind:
        raise InputError(
            f"{path} is {kind}, and a workbook or a table as text is needed. "
            "If Excel opens it as a table, save it from there as .xlsx.",
            [str(path)],
        )


def _of_workbook(path: Path, container: Container) -> list[Sheet]:
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(container.content)) as book:
            kinds = {sheet.name: sheet.typ for sheet in book.sheets_metadata}
            names = [name for name in book.sheet_names if kinds.get(name) == calamine.SheetTypeEnum.WorkSheet]
            return [_sheet(path, name, book.get_sheet_by_name(name), container) for name in names]
    except InputError:
        raise
    # The reader of damaged files panics now and then, and a panic is no Exception.
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        raise InputError(broken(path, error), [str(path)]) from None


def _sheet(path: Path, name: str, sheet, container: Container) -> Sheet:
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise InputError(f"{path}, {name}: more than {MOST_CELLS:,} cells.", [str(path)])
    extent = container.extents.get(name)
    rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (row, column), text in (extent.errors if extent else {}).items():
        if row < len(rows) and column < len(rows[row]) and rows[row][column] is None:
            rows[row][column] = text
    merged = tuple(Merged(*first, *last) for first, last in sheet.merged_cell_ranges or ())
    return Sheet(str(path), name, _trimmed(rows), merged, container.first_year)


def _cell(value: object) -> Cell:
    if value is None or value == "":
        return None
    if isinstance(value, (str, bool, datetime, time, timedelta)):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return float(value)  # type: ignore[arg-type]


def _trimmed(rows: list[list[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows of the same length, without the empty ones at the end."""
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    width = max((_filled(row) for row in rows), default=0)
    return tuple(tuple(row[:width]) + (None,) * (width - len(row)) for row in rows)


def _filled(row: list[Cell]) -> int:
    """How far a row is filled."""
    return next((i + 1 for i in range(len(row) - 1, -1, -1) if row[i] is not None), 0)


def _of_text(path: Path) -> Sheet:
    text = read_text(path)
    delimiter = delimiter_of(text.content)
    rows: list[list[Cell]] = []
    width = 0
    try:
        for row in csv.reader(io.StringIO(text.content, newline=""), delimiter=delimiter, skipinitialspace=True):
            _check_row(path, len(rows), row)
            rows.append([cell if cell else None for cell in row])
            width = max(width, len(row))
            if len(rows) * width > MOST_CELLS:
                raise InputError(
                    f"{path} holds more than {MOST_CELLS:,} cells. Part it into several files.", [str(path)]
                )
    except csv.Error as error:
        raise InputError(f"{path}, row {len(rows) + 1}: {error}. Save it again as CSV.", [str(path)]) from None
    return Sheet(str(path), path.stem, _trimmed(rows), odd=text.repairs)


def _check_row(path: Path, row: int, cells: list[str]) -> None:
    longest = max(map(len, cells), default=0)
    if longest > LONGEST_CELL:
        raise InputError(
            f"{path}, row {row + 1}: a cell of {longest:,} characters; at most {LONGEST_CELL:,} are read. "
            "A quotation mark is opened there and never closed: close it or take it out.",
            [f"row {row + 1}"],
        )


def delimiter_of(text: str) -> str:
    r"""What parts the cells of a text: the mark that gives most lines the same number of cells.

    Parameters
    ----------
    text : str
        A table as text.

    Returns
    -------
    str
        A tab, a semicolon or a comma; a comma where none of them parts anything.

    Examples
    --------
    >>> delimiter_of("jar;CO2\n1;0,25\n2;0,31\n"), delimiter_of("depth; cm,pH\n5,4.1\n")
    (';', ',')
    """
    lines = [line for line in text.split("\n", 20 * _LINES_LOOKED_AT) if line.strip()][:_LINES_LOOKED_AT]
    scores = {mark: _agreement(lines, mark) for mark in DELIMITERS}
    best = max(scores.values())
    # Tab and semicolon seldom stand inside a cell, commas do: they win where they do nearly as well.
    return next(mark for mark in DELIMITERS if scores[mark] >= 0.8 * best) if best else ","


def _agreement(lines: list[str], mark: str) -> float:
    """Share of the lines that have the commonest number of cells; 0 where that is one cell."""
    counts = Counter(re.sub(r'"[^"]*"', "", line).count(mark) for line in lines)
    parted = {count: lines for count, lines in counts.items() if count}
    return max(parted.values()) / len(lines) if parted else 0.0
