"""What a workbook file holds, told before its cells are read: kind, sizes, extent and error cells.

A few kilobytes can claim a sheet of seventeen billion cells, or unpack to a hundred gigabytes. So the
packed parts are measured first, and the farthest cell of each sheet is looked up in its text.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

from talik.errors import InputError
from talik.incubation.sheets.compound import binary_extent, check_compound
from talik.incubation.sheets.limits import MOST_CELLS, broken, too_far

LARGEST_FILE = 64_000_000
"""A workbook file larger than this is not read. [bytes]"""

LARGEST_UNPACKED = 240_000_000
"""Largest size of the packed parts of a workbook together, unpacked. [bytes]"""

MOST_TEXT = 200_000_000
"""Most text in all cells together, a text that many cells share counted for each. [bytes]"""

NOWHERE = 10**9
"""Rows of a sheet with a cell at a place that cannot be."""

_SHARED = re.compile(rb"<(?:\w+:)?si\b[^>]*>(.*?)</(?:\w+:)?si>", re.DOTALL)
_OF_SHARED = re.compile(rb"\st=[\"']s[\"'][^>]*>\s*<(?:\w+:)?v>(\d{1,9})</")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\sr=[\"'](\d{1,9})[\"']")
_CELL = re.compile(rb"<(?:\w+:)?c\b((?:\s[^>]*?)?)(/?)>")
_REFERENCE = re.compile(rb"\sr=[\"']([A-Z]{1,4})(\d{1,9})[\"']")
_ODD_PLACE = re.compile(rb"<(?:\w+:)?(?:c|row)\b[^>]*?\sr=[\"'](?![A-Z]{0,4}\d{1,9}[\"'])")
_IS_ERROR = re.compile(rb"\st=[\"']e[\"']")
_ERROR = re.compile(rb"<(?:\w+:)?v>(#[A-Z0-9/?!_]{2,20})</")
_OPEN_DOCUMENT = re.compile(
    rb"<table:(table-row|table-cell|covered-table-cell|table)(?![\w-])([^>]*)>|</table:(table-row|table)>"
)
_REPEATED = re.compile(rb"table:number-(rows|columns)-repeated=\"(\d{1,9})\"")


@dataclass(frozen=True)
class Extent:
    """How far a sheet reaches, and the error cells on it."""

    rows: int
    """Rows from the first to the last filled one."""
    columns: int
    """Columns from the first to the last filled one."""
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """Error cells as Excel shows them, by row and column from 0."""
    others: int = 0
    """Cells of further sheets in the same part."""
    repeated: int = 0
    """Text that the part repeats without writing it again. [bytes]"""

    @property
    def cells(self) -> int:
        """Cells of all sheets of the part."""
        return self.rows * self.columns + self.others


@dataclass(frozen=True)
class Container:
    """A workbook file, measured."""

    content: bytes
    """The file."""
    extents: Mapping[str, Extent]
    """Extent of each sheet whose name is known before it is read (.xlsx)."""
    first_year: int = 1900
    """Year that serial dates count from: 1900 or 1904."""


def measured(path: Path, content: bytes) -> Container:
    """A workbook file that is small enough to read.

    Parameters
    ----------
    path : Path
        Where it was read from, for messages.
    content : bytes
        The file.

    Returns
    -------
    Container

    Raises
    ------
    InputError
        Where it is too large, unpacks to too much, or has a cell so far off that its sheet is too large.
    """
    if not content.startswith(b"PK"):
        check_compound(path, content)
        return Container(content, {})
    parts = _unpacked(path, content)
    extents = {name: _extent(name, part) for name, part in parts.items()}
    if sum(extent.cells for extent in extents.values()) > MOST_CELLS:
        name, extent = max(extents.items(), key=lambda item: item[1].cells)
        raise InputError(too_far(path, name, extent.rows, extent.columns), [str(path)])
    text = sum(extent.repeated for extent in extents.values()) + _shared_text(parts)
    if text > MOST_TEXT:
        raise InputError(
            f"{path} repeats long texts in so many cells that they are {text / 1e6:,.0f} MB together; at most "
            f"{MOST_TEXT / 1e6:,.0f} MB are read. Take the column with the long text out.",
            [str(path)],
        )
    names, first_year = _names(parts)
    return Container(content, {sheet: extents[part] for sheet, part in names.items() if part in extents}, first_year)


def _shared_text(parts: Mapping[str, bytes]) -> int:
    """Size of the shared texts of all cells, each counted as often as cells show it."""
    lengths = [len(found[1]) for found in _SHARED.finditer(parts.get("xl/sharedStrings.xml", b""))]
    sheets = [part for name, part in parts.items() if b"sheetData" in part and name.lower().endswith(".xml")]
    shown = sum(part.count(b't="s"') + part.count(b"t='s'") for part in sheets)
    if shown * max(lengths, default=0) <= MOST_TEXT:
        return 0
    places = (int(found[1]) for part in sheets for found in _OF_SHARED.finditer(part))
    return sum(lengths[place] for place in places if place < len(lengths))


def _unpacked(path: Path, content: bytes) -> dict[str, bytes]:
    """The parts that hold text or cells, by name; sizes are believed only as far as they are read."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = [item for item in archive.infolist() if item.filename.lower().endswith((".xml", ".rels", ".bin"))]
            size = sum(item.file_size for item in members)
            if size > LARGEST_UNPACKED:
                raise InputError(
                    f"{path} unpacks to {size / 1e6:,.0f} MB; at most {LARGEST_UNPACKED / 1e6:,.0f} MB are read. "
                    "Save the sheets that are needed as a workbook of their own, or as CSV.",
                    [str(path)],
                )
            return {item.filename: archive.read(item) for item in members}
    except InputError:
        raise
    # Broken archives raise whatever the step that meets the break raises.
    except Exception as error:
        raise InputError(broken(path, error), [str(path)]) from None


def _extent(name: str, part: bytes) -> Extent:
    """Extent of the sheet that a part holds; none for other parts."""
    if name.lower().endswith(".bin"):
        return Extent(*binary_extent(part)) if "worksheets/" in name.lower() else Extent(0, 0)
    if b"<table:table" in part:
        return _open_document_extent(part)
    if b"sheetData" not in part:
        return Extent(0, 0)
    return _open_xml_extent(part)


def _open_xml_extent(part: bytes) -> Extent:
    if _ODD_PLACE.search(part):
        # The reader of cells takes any digits for a place, and a sheet that far off takes all memory.
        return Extent(NOWHERE, 1)
    rows = columns = 0
    errors = {}
    for found in _CELL.finditer(part):
        attributes, empty = found[1], found[2]
        if empty:
            continue
        place = _REFERENCE.search(attributes)
        if not place:
            return _implicit_extent(part)
        row, column = int(place[2]), _column_number(place[1])
        rows, columns = max(rows, row), max(columns, column)
        if _IS_ERROR.search(attributes):
            text = _ERROR.search(part, found.end(), found.end() + 40_000)
            errors[row - 1, column - 1] = text[1].decode() if text else "#VALUE!"
    return Extent(rows, columns, errors)


def _implicit_extent(part: bytes) -> Extent:
    """Extent where cells do not say where they stand, so they follow one another."""
    rows = [piece.count(b"<c ") + piece.count(b"<c>") + piece.count(b":c ") for piece in part.split(b"row")]
    named = max((int(found[1]) for found in _ROW.finditer(part)), default=0)
    farthest = max((_column_number(found[1]) for found in _REFERENCE.finditer(part)), default=0)
    return Extent(max(len(rows), named), max([*rows, farthest]))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _open_document_extent(part: bytes) -> Extent:
    """Extent of the largest table of an OpenDocument file, repeated rows and cells counted."""
    at = rows = columns = width = area = repeats = text = row_starts = 0
    tables = [(0, 0)]
    for found in _OPEN_DOCUMENT.finditer(part):
        opened, attributes, closed = found[1], found[2] or b"", found[3]
        repeated = int(times[2]) if (times := _REPEATED.search(attributes)) else 1
        if opened == b"table":
            at = rows = columns = 0
            tables.append((0, 0))
        elif opened == b"table-row":
            width, area, repeats, row_starts = 0, 0, repeated, found.end()
            at += repeated if attributes.endswith(b"/") else 0
        elif opened:
            area += repeated
            # Empty cells at the end of a row, and empty rows at the end of a sheet, are dropped when it is read.
            width = width if attributes.endswith(b"/") and b"office:" not in attributes else area
            text += (
                (repeated - 1)
                * repeats
                * (part.find(b"</table:table-cell", found.end()) - found.end())
                * (not attributes.endswith(b"/"))
            )
        elif closed == b"table-row":
            at += repeats
            rows, columns = at if width else rows, max(columns, width)
            text += (repeats - 1) * (found.start() - row_starts) * bool(width)
            tables[-1] = rows, columns
    largest = max(tables, key=lambda table: table[0] * table[1])
    others = sum(rows * columns for rows, columns in tables) - largest[0] * largest[1]
    return Extent(*largest, others=others, repeated=max(text, 0))


def _names(parts: Mapping[str, bytes]) -> tuple[dict[str, str], int]:
    """The part of each sheet by the sheet's name, and the year that dates count from."""
    try:
        book = ElementTree.fromstring(parts["xl/workbook.xml"])
        links = ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])
    except (KeyError, ElementTree.ParseError):
        return {}, 1900
    targets = {link.get("Id"): _target(link.get("Target", "")) for link in links}
    sheets = {element.get("name", ""): targets.get(identity) for element, identity in _sheets(book)}
    late = any(element.get("date1904") in ("1", "true") for element in book if element.tag.endswith("}workbookPr"))
    return {name: part for name, part in sheets.items() if part}, 1904 if late else 1900


def _sheets(book: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, str]]:
    for element in book.iter():
        if element.tag.endswith("}sheet"):
            yield element, next((value for key, value in element.items() if key.endswith("}id")), "")


def _target(text: str) -> str:
    return text.lstrip("/") if text.startswith("/") else f"xl/{text}"
