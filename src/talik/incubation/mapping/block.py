"""A block of cells as columns: its head, its rows, texts taken apart, and columns that become rows."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from talik.errors import InputError, TableError, listed
from talik.incubation.mapping.patterns import match
from talik.incubation.mapping.schema import Read, Wide
from talik.incubation.sheets.grid import Cell, Sheet, column_letters
from talik.incubation.sheets.values import plain

MOST_CELLS = 4_000_000
"""Most cells that a block may have once its columns have become rows."""

ROWS_LOOKED_AT = 50
"""Rows in which a head is looked for."""

ALWAYS = ("row", "sheet", "file")
"""Names that every block has unless its sheet has a column of that name."""


@dataclass(frozen=True)
class Column:
    """One column of a block."""

    values: np.ndarray
    """Its cells."""
    rows: np.ndarray
    """Row of the sheet that each stands in, from 0."""
    columns: np.ndarray
    """Column of the sheet that each stands in, from 0; -1 where it stands in none."""

    def taken(self, where: np.ndarray) -> "Column":
        """The column at some of its rows."""
        return Column(self.values[where], self.rows[where], self.columns[where])


@dataclass(frozen=True)
class Block:
    """A block of cells as columns of equal length."""

    sheet: Sheet
    """Sheet that it stands on."""
    columns: dict[str, Column]
    """Its columns by their names."""
    headers: tuple[str, ...] = ()
    """Headers of the sheet's columns in the block, equal ones told apart by #2, #3."""
    notes: tuple[str, ...] = ()
    """Rows that were passed over as notes, in words."""
    forgiven: dict[str, str] = field(default_factory=dict)
    """Names of the mapping, and the headers that they were taken for."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())).values) if self.columns else 0

    def named(self, name: str) -> str:
        """The name of a column, blanks and case forgiven; nothing where there is none."""
        if name in self.columns:
            return name
        wanted = plain(name).casefold()
        return next((own for own in self.columns if plain(own).casefold() == wanted), "")

    def place(self, name: str, at: int) -> str:
        """Place of a cell, as a spreadsheet names it."""
        column = self.columns[name]
        if column.columns[at] < 0:
            return f"{Path(self.sheet.file).name}, {self.sheet.name}!{column.rows[at] + 1}"
        return self.sheet.where(int(column.rows[at]), int(column.columns[at]))

    def taken(self, where: np.ndarray) -> "Block":
        """The block at some of its rows."""
        return replace(self, columns={name: column.taken(where) for name, column in self.columns.items()})


def cell_text(cell: Cell) -> str:
    """A cell as text: whole numbers without decimals, days without a clock.

    Examples
    --------
    >>> cell_text(5.0), cell_text(datetime(2015, 8, 31)), cell_text(" N12 "), cell_text(None)
    ('5', '2015-08-31', 'N12', '')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(float(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    return str(cell).strip()


def block_of(sheet: Sheet, read: Read, needed: Iterable[str], where: str) -> Block:
    """The block of a sheet that a mapping names, in the form that it asks for.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    read : Read
        What the mapping says of the block.
    needed : iterable of str
        Names of the columns that tables take.
    where : str
        Place of the block in the mapping, for messages.

    Returns
    -------
    Block

    Raises
    ------
    InputError, TableError
        Where there is no head, or a column is missing; all missing ones together.
    """
    block = _cells(sheet, read, where)
    block = _split(block, read, where)
    if read.wide:
        block = _long(block, read.wide, {*needed, *read.where}, where)
    block = _with_always(block)
    block = _with_forgiven(block, {*needed, *read.where}, where)
    return block.taken(_chosen(block, read))


def _cells(sheet: Sheet, read: Read, where: str) -> Block:
    first, last = _columns(sheet, read)
    head = _head(sheet, read, first, last, where)
    names = _names(sheet, head, first, last)
    top = read.rows[0] - 1 if read.rows else (head[-1] + 1 if head else 0)
    bottom = min(read.rows[1], sheet.rows) if read.rows else sheet.rows
    rows, notes = [], []
    for row in range(top, bottom):
        if row in head:
            continue
        filled = [cell for cell in sheet.cells[row][first : last + 1] if cell is not None]
        if len(filled) == 1 and last - first >= 2 and isinstance(filled[0], str) and not read.rows:
            notes.append(f"row {row + 1}: {filled[0].strip()[:80]!r}")
        elif filled:
            rows.append(row)
    kept = np.array(rows, dtype=np.int32)
    columns = {
        name: Column(_objects(sheet.cells[row][at] for row in rows), kept, np.full(len(rows), at, dtype=np.int32))
        for at, name in zip(range(first, last + 1), names, strict=True)
    }
    return Block(sheet, columns, tuple(names), tuple(notes))


def _objects(cells: Iterable[Cell]) -> np.ndarray:
    found = list(cells)
    values = np.empty(len(found), dtype=object)
    values[:] = found
    return values


def _columns(sheet: Sheet, read: Read) -> tuple[int, int]:
    """First and last column, from 0."""
    if read.columns is None:
        return 0, sheet.columns - 1
    first, last = (_number_of(letters) for letters in read.columns.split(":"))
    return first, min(last, sheet.columns - 1)


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


def _head(sheet: Sheet, read: Read, first: int, last: int, where: str) -> list[int]:
    """Rows of the head, from 0."""
    if first > last:
        raise InputError(f"{where}: sheet {sheet.name!r} has no columns {read.columns}.", [where])
    if read.header is not None:
        rows = read.header if isinstance(read.header, list) else [read.header] if read.header else []
        beyond = [row for row in rows if row > sheet.rows]
        if beyond:
            raise InputError(f"{where}: row {beyond[0]} of the head lies below the last row {sheet.rows}.", [where])
        return sorted(row - 1 for row in rows)
    top = read.rows[0] - 1 if read.rows else sheet.rows
    looked_at = [sheet.cells[row][first : last + 1] for row in range(min(sheet.rows, ROWS_LOOKED_AT))]
    # A line of a text file that begins with # is a note, however many commas it holds.
    filled = [0 if _is_note(row) else sum(cell is not None for cell in row) for row in looked_at]
    for row, (cells, count) in enumerate(zip(looked_at, filled, strict=True)):
        texts = sum(isinstance(cell, (str, datetime)) for cell in cells)
        if row < max(top, 1) and count and count >= 0.5 * max(filled) and texts >= 0.6 * count:
            return [row]
    raise InputError(
        f"{where}: no row of {Path(sheet.file).name}, {sheet.name} looks like a head. Name it with header = ROW, or "
        "header = 0 where there is none (columns are then called A, B, ...).",
        [where],
    )


def _is_note(cells: tuple[Cell, ...]) -> bool:
    first = next((cell for cell in cells if cell is not None), None)
    return isinstance(first, str) and re.match(r"#(?![A-Z/]+[!?]?$)", first.strip()) is not None


def _names(sheet: Sheet, head: list[int], first: int, last: int) -> list[str]:
    """Names of the columns: rows of the head joined, letters where there is nothing, equal ones numbered."""
    parts: list[list[str]] = [[] for _ in range(first, last + 1)]
    for depth, row in enumerate(head):
        before = ""
        for place, column in enumerate(range(first, last + 1)):
            text = re.sub(r"\s+", " ", cell_text(sheet.spread(row, column)))
            # Upper heads span the columns to their right, merged or not.
            text = text or (before if depth < len(head) - 1 else "")
            before = text
            if text and text not in parts[place][-1:]:
                parts[place].append(text)
    names = [" / ".join(part) or column_letters(first + i) for i, part in enumerate(parts)]
    seen: Counter[str] = Counter()
    made = []
    for name in names:
        seen[name] += 1
        made.append(f"{name}#{seen[name]}" if seen[name] > 1 else name)
    return made


def _split(block: Block, read: Read, where: str) -> Block:
    columns = dict(block.columns)
    for name, pattern in read.split.items():
        own = block.named(name)
        if not own:
            raise _missing(block, [name], where)
        found = [match(pattern, cell_text(cell)) for cell in block.columns[own].values]
        for group in re.compile(pattern).groupindex:
            cells = _objects(one[group] if one else None for one in found)
            columns[group] = replace(block.columns[own], values=cells)
    return replace(block, columns=columns)


def _long(block: Block, wide: Wide, needed: set[str], where: str) -> Block:
    """The block with some of its columns as rows."""
    chosen = _wide_columns(block, wide, where)
    groups = {name: _groups(wide, name) for name in chosen}
    identities = [tuple(sorted((k, v) for k, v in groups[name].items() if k != "value")) for name in chosen]
    kinds = [groups[name].get("value") or wide.value for name in chosen]
    copies = _copies(chosen, kinds, identities)
    variants = list(dict.fromkeys(zip(identities, copies, strict=True)))
    kept = {own for own in (block.named(name) for name in needed) if own and own not in chosen}
    length = len(block) * len(variants)
    if length * (len(kept) + len(groups) + 3) > MOST_CELLS:
        raise InputError(f"{where}: {len(chosen)} columns as rows make more than {MOST_CELLS:,} cells.", [where])
    order = np.repeat(np.arange(len(block)), len(variants))
    columns = {name: block.columns[name].taken(order) for name in block.columns if name in kept}
    for kind in dict.fromkeys(kinds):
        of_variant = {
            (identities[i], copies[i]): name for i, name in enumerate(chosen) if kinds[i] == kind
        }  # fmt: skip
        columns[kind] = _interleaved(block, [of_variant.get(variant) for variant in variants])
    row = replace(next(iter(block.columns.values())), columns=np.full(len(block), -1, dtype=np.int32)).taken(order)
    headers = {variant: chosen[i] for i, variant in enumerate(zip(identities, copies, strict=True))}
    told = {"copy": [str(copy) for _, copy in variants], wide.header: [_bare(headers[v]) for v in variants]}
    for group in dict.fromkeys(key for identity in identities for key, _ in identity if key):
        told[group] = [dict(identity).get(group) for identity, _ in variants]  # type: ignore[misc]
    for name, words in told.items():
        columns[name] = replace(row, values=np.tile(_objects(words), len(block)))
    return replace(block, columns=columns)


def _bare(name: str) -> str:
    """A header without the number that tells equal ones apart."""
    return re.sub(r"#\d+$", "", name)


def _wide_columns(block: Block, wide: Wide, where: str) -> list[str]:
    if isinstance(wide.columns, str):
        chosen = [name for name in block.headers if match(wide.columns, _bare(name))]
        if not chosen:
            raise TableError(
                f"{where}: no header matches {wide.columns!r}. Found are: {listed(list(block.headers), 30)}.", [where]
            )
        return chosen
    missing = [name for name in wide.columns if not block.named(name)]
    if missing or not wide.columns:
        raise _missing(block, missing or ["(an empty list)"], where)
    return list(dict.fromkeys(block.named(name) for name in wide.columns))


def _groups(wide: Wide, name: str) -> dict[str, str]:
    """What the named groups of the pattern hold of a header."""
    found = match(wide.columns, _bare(name)) if isinstance(wide.columns, str) else None
    return {key: text.strip() for key, text in found.groupdict().items() if text is not None} if found else {}


def _copies(chosen: list[str], kinds: list[str], identities: list[tuple]) -> list[int]:
    """Which of the columns of one header and one kind each is, from 1."""
    seen: Counter[tuple] = Counter()
    copies = []
    for name, kind, identity in zip(chosen, kinds, identities, strict=True):
        key = (kind, identity, _bare(name) if not identity else "")
        seen[key] += 1
        copies.append(seen[key])
    if not any(identities):
        # Without groups every header is a variant of its own, and only equal headers are copies.
        order = {header: i for i, header in enumerate(dict.fromkeys(map(_bare, chosen)))}
        identities[:] = [(("", str(order[_bare(name)])),) for name in chosen]
    return copies


def _interleaved(block: Block, names: list[str | None]) -> Column:
    """Cells of several columns, row by row; nothing where a name is none."""
    length = len(block)
    empty = Column(
        np.full(length, None, dtype=object),
        next(iter(block.columns.values())).rows,
        np.full(length, -1, dtype=np.int32),
    )
    parts = [block.columns[name] if name else empty for name in names]
    return Column(
        np.stack([part.values for part in parts], axis=1).ravel(),
        np.stack([part.rows for part in parts], axis=1).ravel(),
        np.stack([part.columns for part in parts], axis=1).ravel(),
    )


def _with_always(block: Block) -> Block:
    """The block with the names of its row, its sheet and its file."""
    if not block.columns:
        return block
    first = next(iter(block.columns.values()))
    nowhere = replace(first, columns=np.full(len(block), -1, dtype=np.int32))
    texts = {
        "row": [str(row + 1) for row in first.rows],
        "sheet": [block.sheet.name] * len(block),
        "file": [Path(block.sheet.file).name.split(".")[0]] * len(block),
    }
    made = {n: replace(nowhere, values=_objects(texts[n])) for n in ALWAYS if n not in block.columns}
    return replace(block, columns=block.columns | made)


def _with_forgiven(block: Block, needed: set[str], where: str) -> Block:
    """The block with its columns under the names that the mapping gives them too."""
    missing = sorted(name for name in needed if not block.named(name))
    if missing:
        raise _missing(block, missing, where)
    forgiven = {name: block.named(name) for name in sorted(needed) if name not in block.columns}
    own = {name: block.columns[header] for name, header in forgiven.items()}
    return replace(block, columns=block.columns | own, forgiven=forgiven)


def _missing(block: Block, names: list[str], where: str) -> TableError:
    def told(name: str) -> str:
        near = difflib.get_close_matches(name, list(block.columns), n=1, cutoff=0.7)
        return f"{name!r}" + (f" (do you mean {near[0]!r}?)" if near else "")

    headers = [name for name in block.columns if name not in ALWAYS]
    sheet = f"{Path(block.sheet.file).name}, {block.sheet.name}"
    return TableError(
        f"{where}: {sheet} has no column {listed([told(name) for name in names], 20)}. "
        f"Found are: {listed(headers, 40)}.",
        names,
    )


def _chosen(block: Block, read: Read) -> np.ndarray:
    """Rows that hold the words asked for."""
    chosen = np.ones(len(block), dtype=bool)
    for name, words in read.where.items():
        wanted = {cell_text(_typed(word)) for word in (words if isinstance(words, list) else [words])}
        chosen &= np.array([cell_text(cell) in wanted for cell in block.columns[name].values], dtype=bool)
    return np.flatnonzero(chosen)


def _typed(word: str | float | bool) -> Cell:
    return float(word) if isinstance(word, (int, float)) and not isinstance(word, bool) else word


def unused_columns(block: Block, used: set[str], read: Read) -> Iterator[str]:
    """Headers of a block that nothing was taken from, those known to be unused left out."""
    chosen = set()
    if read.wide and isinstance(read.wide.columns, str):
        chosen = {name for name in block.headers if match(read.wide.columns, _bare(name))}
    elif read.wide:
        chosen = {block.named(name) for name in read.wide.columns}
    taken = {block.forgiven.get(name, name) for name in used | set(read.where)} | chosen
    taken |= {own for own in block.headers for name in read.split if plain(own).casefold() == plain(name).casefold()}
    for name in block.headers:
        letter_alone = re.fullmatch(r"[A-Z]{1,3}", name) is not None
        if name not in taken and not letter_alone and not any(fnmatch(name, known) for known in read.unused):
            yield name
