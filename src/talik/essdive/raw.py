"""Files of an ESS-DIVE data package as they stand: header found, label column and rows of explanation told apart."""

import csv
import fnmatch
import io
import re
from dataclasses import dataclass
from pathlib import Path

from talik.errors import InputError, listed
from talik.textfile import read_text

LABELS = ("columns", "contains", "units", "unit", "example", "examples")
"""What the column before the first says in the templates, in lower case: rows so labelled hold no data."""

LONGEST_CELL = 100_000
"""A cell longer than this is not one: a quotation mark was never closed. [characters]"""

_TIME_PATTERN = re.compile(r"Y{4}M{2}.*", re.IGNORECASE)


@dataclass(frozen=True)
class RawTable:
    """One table of text, not yet understood."""

    path: Path
    """Its file."""
    header: tuple[str, ...]
    """Names of the columns, without the column of labels."""
    units: dict[str, str]
    """Unit of each column that the file or its data dictionary states, by header."""
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Line in the file and cells of each row of data; as many cells as the header has."""
    odd: tuple[str, ...]
    """What was odd, in words."""


@dataclass(frozen=True)
class FileNote:
    """What the file-level metadata say of a file."""

    name: str
    """Name or pattern."""
    standard: str
    """Standard that it follows."""
    header_rows: int
    """Rows before the first of data, 0 where not stated."""
    description: str
    """What it holds."""


def read_cells(path: Path) -> tuple[list[list[str]], tuple[str, ...]]:
    """Cells of a CSV file without comments, and what was repaired to read it.

    Raises
    ------
    InputError
        Where it is no text, or a quotation mark is never closed.
    """
    text = read_text(path)
    # The csv module counts in characters, and a lone quotation mark swallows the file.
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text.content)):
            if max(map(len, row), default=0) > LONGEST_CELL:
                raise csv.Error("a quotation mark is never closed")
            cells = [cell.strip() for cell in row]
            rows.append([] if cells and cells[0].startswith("#") and not any(cells[1:]) else cells)
    except csv.Error as error:
        what = "a quotation mark is never closed" if "field larger" in str(error) else error
        raise InputError(f"{path}, row {len(rows) + 1}: {what}. Save it again as CSV.", [str(path)]) from None
    return rows, text.repairs


def raw_table(path: Path, note: FileNote | None, units: dict[str, str]) -> RawTable | None:
    """The table in a file; None where no row names a Chamber_ID.

    Parameters
    ----------
    path : Path
        The file.
    note : FileNote or None
        What the file-level metadata say of it.
    units : dict of str to str
        Units of its data dictionary, by name in lower case.

    Returns
    -------
    RawTable or None
    """
    rows, repairs = read_cells(path)
    at = next((i for i, row in enumerate(rows[:50]) if any(cell.lower() == "chamber_id" for cell in row)), None)
    if at is None:
        return None
    odd = list(repairs)
    labelled = _labelled(rows, at)
    if labelled:
        odd.append("a column of labels before the first")
    header = rows[at][labelled:]
    while header and not header[-1]:
        header.pop()
    stated = {name: units[name.lower()] for name in header if name.lower() in units}
    end = at + max(note.header_rows - at if note else 1, 1)
    data: list[tuple[int, tuple[str, ...]]] = []
    explained = 0
    for line, row in enumerate(rows[at + 1 :], at + 2):
        cells = row[labelled:]
        label = row[0].lower() if labelled and row else ""
        if label in LABELS or (line <= end and not _is_timed(header, cells)) or _explains(header, cells):
            explained += 1
            if label in ("units", "unit") or _explains(header, cells):
                stated |= {name: cell for name, cell in zip(header, cells, strict=False) if cell}
            continue
        if any(cells):
            _refuse_long(path, line, header, cells)
            data.append((line, tuple(cells[: len(header)]) + ("",) * (len(header) - len(cells))))
    if explained:
        odd.append(f"{explained} rows of explanation")
    return RawTable(path, tuple(header), stated, tuple(data), tuple(odd))


def _labelled(rows: list[list[str]], at: int) -> int:
    """1 where the first column holds labels, else 0."""
    first = [row[0].lower() for row in rows[at:] if row]
    return int(bool(first) and first[0] in (*LABELS, "") and any(cell in LABELS for cell in first))


def _explains(header: list[str], cells: list[str]) -> bool:
    """Whether a row says how time stamps are written, so is one of units."""
    return any(
        name.lower().startswith("timestamp") and _TIME_PATTERN.fullmatch(cell)
        for name, cell in zip(header, cells, strict=False)
    )


def _is_timed(header: list[str], cells: list[str]) -> bool:
    """Whether a row has a time, so is one of data whatever the number of header rows that is stated."""
    return any(
        name.lower().startswith("timestamp") and cell[:8].isdecimal() and len(cell) >= 8
        for name, cell in zip(header, cells, strict=False)
    )


def _refuse_long(path: Path, line: int, header: list[str], cells: list[str]) -> None:
    if any(cells[len(header) :]):
        raise InputError(
            f"{path}, line {line} has {len(cells)} cells under {len(header)} headers. A comma that is not in quotes, "
            "or a missing header? Mend the file.",
            [f"line {line}"],
        )


def read_notes(path: Path) -> list[FileNote]:
    """Rows of file-level metadata.

    Raises
    ------
    InputError
        Where the file has no column ``file_name``.
    """
    notes = []
    for row in _records(path, "file_name"):
        count = row.get("header_rows", "")
        notes.append(
            FileNote(
                row["file_name"], row.get("standard", ""), int(count) if count.isdecimal() and len(count) < 4 else 0,
                row.get("file_description", ""),
            )
        )  # fmt: skip
    return notes


def note_of(path: Path, folder: Path, notes: list[FileNote]) -> FileNote | None:
    """What the file-level metadata say of a file, its patterns understood."""
    names = (path.name, path.relative_to(folder).as_posix())
    return next(
        (note for note in notes if any(fnmatch.fnmatch(name, note.name.lstrip("/")) for name in names)),
        None,
    )


def read_dictionary(path: Path) -> dict[str, str]:
    """Units of a data dictionary, by the name of the column in lower case."""
    records = _records(path, "column_or_row_name")
    return {row["column_or_row_name"].lower(): row.get("unit", "") for row in records}


def _records(path: Path, key: str) -> list[dict[str, str]]:
    rows, _ = read_cells(path)
    at = next((i for i, row in enumerate(rows[:50]) if key in [cell.lower() for cell in row]), None)
    if at is None:
        found = listed(rows[0]) if rows and rows[0] else "nothing"
        raise InputError(f"{path} has no column {key!r}; its first row holds {found}.", [str(path)])
    names = [cell.lower() for cell in rows[at]]
    records = [dict(zip(names, row, strict=False)) for row in rows[at + 1 :] if any(row)]
    return [record for record in records if record.get(key)]
