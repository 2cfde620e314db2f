"""Binary workbooks: how far the sheets of an .xls or .xlsb reach, read from their records alone."""

import struct
from collections.abc import Iterator
from pathlib import Path

from talik.errors import InputError
from talik.incubation.sheets.limits import MOST_CELLS, broken, too_far

_FREE = 0xFFFFFFFA
"""Sector numbers from here on are marks, not sectors."""

_BOF, _EOF = 0x0809, 0x000A
_CELLS = frozenset([0x0006, 0x0203, 0x0204, 0x0205, 0x00FD, 0x027E, 0x00BD, 0x00D6, 0x0406, 0x0206])
"""Records of the Excel 97 format that hold a cell: row and column are their first two numbers."""


def check_compound(path: Path, content: bytes) -> None:
    """Refuse an .xls whose sheets together reach too far to be read.

    Raises
    ------
    InputError
        With the farthest row and column.
    """
    try:
        stream = _workbook_stream(content)
        extents = list(_sheet_extents(stream))
    except (struct.error, IndexError, ValueError):
        raise InputError(broken(path, "its sectors do not fit together"), [str(path)]) from None
    if sum(rows * columns for rows, columns in extents) > MOST_CELLS:
        rows, columns = max(extents, key=lambda extent: extent[0] * extent[1])
        raise InputError(too_far(path, "its largest sheet", rows, columns), [str(path)])


def _workbook_stream(content: bytes) -> bytes:
    """The stream ``Workbook`` (or ``Book``) of a compound file."""
    size = 1 << min(struct.unpack_from("<H", content, 30)[0], 16)
    small = 1 << min(struct.unpack_from("<H", content, 32)[0], 16)
    (directory_start,) = struct.unpack_from("<I", content, 48)
    cutoff, small_start = struct.unpack_from("<II", content, 56)
    table = _allocation(content, size)
    entries = _chained(content, table, directory_start, size)
    named: dict[str, tuple[int, int]] = {}
    for at in range(0, len(entries) - 127, 128):
        (length,) = struct.unpack_from("<H", entries, at + 64)
        name = entries[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        named.setdefault(name, struct.unpack_from("<II", entries, at + 116))
    start, length = named.get("Workbook") or named.get("Book") or (_FREE, 0)
    if length >= cutoff:
        return _chained(content, table, start, size)[:length]
    minis = _chained(content, table, named.get("Root Entry", (_FREE, 0))[0], size)
    links = struct.iter_unpack("<I", _chained(content, table, small_start, size))
    return _chained(b"\0" * small + minis, [link for (link,) in links], start, small)[:length]


def _allocation(content: bytes, size: int) -> list[int]:
    """The sector after each sector."""
    lists = list(struct.unpack_from("<109I", content, 76))
    (following,) = struct.unpack_from("<I", content, 68)
    seen = set()
    while following < _FREE and following not in seen:
        seen.add(following)
        block = struct.unpack_from(f"<{size // 4}I", content, (following + 1) * size)
        lists += block[:-1]
        following = block[-1]
    table: list[int] = []
    for sector in lists:
        if sector < _FREE:
            table += struct.unpack_from(f"<{size // 4}I", content, (sector + 1) * size)
    return table


def _chained(content: bytes, table: list[int], sector: int, size: int) -> bytes:
    """The sectors that follow one another from this one on."""
    pieces = []
    while sector < _FREE:
        pieces.append(content[(sector + 1) * size : (sector + 2) * size])
        if len(pieces) > len(table):
            raise ValueError("the chain of sectors has no end")
        sector = table[sector]
    return b"".join(pieces)


def _sheet_extents(stream: bytes) -> Iterator[tuple[int, int]]:
    """Rows and columns of each sheet of an Excel 97 stream."""
    at = rows = columns = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind == _BOF:
            rows = columns = 0
        elif kind in _CELLS and length >= 4:
            row, column = struct.unpack_from("<HH", stream, at + 4)
            if kind == 0x00BD:
                (column,) = struct.unpack_from("<H", stream, at + 2 + length)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        elif kind == _EOF:
            yield rows, columns
        at += 4 + length
    yield rows, columns


def binary_extent(part: bytes) -> tuple[int, int]:
    """Rows and columns of a sheet of an .xlsb, from its records.

    Parameters
    ----------
    part : bytes
        The part ``xl/worksheets/sheetN.bin``.

    Returns
    -------
    tuple of int
        Rows and columns up to the farthest filled cell.
    """
    at = row = rows = columns = 0
    while at < len(part):
        kind, at = _varying(part, at, 2)
        length, at = _varying(part, at, 4)
        if kind == 0 and length >= 4 and at + 4 <= len(part):
            (row,) = struct.unpack_from("<I", part, at)
        elif 2 <= kind <= 11 and at + 4 <= len(part):
            (column,) = struct.unpack_from("<I", part, at)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        at += length
    return rows, columns


def _varying(part: bytes, at: int, longest: int) -> tuple[int, int]:
    """A number written seven bits a byte, and where it ends."""
    number = 0
    for place in range(longest):
        if at >= len(part):
            break
        number |= (part[at] & 0x7F) << (7 * place)
        at += 1
        if not part[at - 1] & 0x80:
            break
    return number, at
