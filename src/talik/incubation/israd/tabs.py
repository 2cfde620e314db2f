"""The tabs of an ISRaD template: their rows by column, and what its description rows say of units."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from talik.errors import InputError, TableError, itemised, listed
from talik.incubation.sheets.grid import Cell, Sheet, read_workbook
from talik.incubation.sidb.columns import as_number

TABS = ("metadata", "site", "profile", "flux", "layer", "interstitial", "fraction", "incubation")
"""Tabs of a template."""

NEEDED = {
    "metadata": ("entry_name",),
    "site": ("entry_name", "site_name"),
    "profile": ("entry_name", "site_name", "pro_name"),
    "layer": ("entry_name", "site_name", "pro_name", "lyr_name"),
    "incubation": ("entry_name", "site_name", "pro_name", "lyr_name", "inc_name"),
}
"""Tabs that an incubation is read from, with the columns that name a row; each joins to the tab before."""

MOST_CHARACTERS = 5_000
"""A name or a remark longer than this is not one."""

LARGEST = 1e12
"""A number above this is a slip of the keyboard."""

_DESCRIPTION = re.compile(r"entry\W*dataset|author.?year", re.IGNORECASE)
_NOTHING = ("", "na", "n/a", "nan", "null")


@dataclass(frozen=True)
class Row:
    """One row of a tab."""

    where: str
    """Its place, as Excel names it."""
    cells: dict[str, str]
    """Filled cells, by the name of their column in lower case."""

    def text(self, column: str) -> str:
        """A cell as text; empty where there is nothing."""
        return self.cells.get(column, "")

    def number(self, column: str) -> float | None:
        """A cell as a number; None where it is none, or one that nothing in a soil can be."""
        value = as_number(self.text(column))
        return value if value is not None and abs(value) <= LARGEST else None


@dataclass(frozen=True)
class Tab:
    """One tab of a template."""

    name: str
    """Its name."""
    columns: tuple[str, ...]
    """Names of its columns, in lower case."""
    units: dict[str, str]
    """What the second description row says of each column: mostly its unit."""
    rows: tuple[Row, ...]
    """Rows of data."""


def read_tabs(path: Path | str) -> dict[str, Tab]:
    """The tabs of a template by their names.

    Parameters
    ----------
    path : path_like
        A workbook.

    Returns
    -------
    dict of str to Tab

    Raises
    ------
    InputError
        Where it is no workbook, or not a template of ISRaD.
    TableError
        Where columns that name rows are missing, or names join to nothing.
    """
    return tabs_of(Path(path), read_workbook(path))


def tabs_of(path: Path, workbook: Sequence[Sheet]) -> dict[str, Tab]:
    """The tabs of a template from the cells of its workbook; the path is for messages."""
    sheets = {sheet.name.strip().lower(): sheet for sheet in workbook if sheet.cells}
    missing = [name for name in NEEDED if name not in sheets]
    if missing:
        raise InputError(
            f"{path} is not a filled template of ISRaD: the {'tabs' if len(missing) > 1 else 'tab'} {listed(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} missing or empty. Found: {listed(sorted(sheets))}.",
            missing,
        )
    tabs = {name: _tab(name, sheets[name]) for name in NEEDED}
    _refuse_missing(path, tabs)
    _refuse_broken(path, tabs)
    return tabs


def _tab(name: str, sheet: Sheet) -> Tab:
    columns = tuple(_text(cell).lower() for cell in sheet.cells[0])
    place = columns.index("entry_name") if "entry_name" in columns else 0
    described = [row for row in sheet.cells[1:3] if _DESCRIPTION.search(_text(row[place]))]
    units = {column: _text(cell) for column, cell in zip(columns, described[-1], strict=True)} if described else {}
    rows = []
    for at, row in enumerate(sheet.cells[1:], 1):
        if at <= 2 and _DESCRIPTION.search(_text(row[place])):
            continue
        cells = {
            column: text
            for column, cell in zip(columns, row, strict=True)
            if column and (text := _text(cell)).lower() not in _NOTHING
        }
        if cells:
            rows.append(Row(sheet.where(at, place), cells))
    return Tab(name, columns, units, tuple(rows))


def _text(cell: Cell) -> str:
    """A cell as text: whole numbers without decimals, blanks in order."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return re.sub(r"\s+", " ", str(cell)[:MOST_CHARACTERS]).strip()


def _refuse_missing(path: Path, tabs: dict[str, Tab]) -> None:
    lost = [
        f"{name}: {column}" for name, needed in NEEDED.items() for column in needed if column not in tabs[name].columns
    ]
    if lost:
        raise TableError(
            f"{path} lacks columns that name rows; a template has its header in the first row of each tab:\n"
            f"{itemised(lost)}",
            lost,
        )
    if not tabs["incubation"].rows:
        raise InputError(f"{path} has no row in the tab incubation, so there is nothing to read.", ["incubation"])


def _refuse_broken(path: Path, tabs: dict[str, Tab]) -> None:
    """Refuse rows without a name, rows named twice, and rows that join to nothing in the tab before."""
    broken = [*_unnamed(tabs), *_repeated(tabs), *_unjoined(tabs)]
    if broken:
        raise TableError(f"{path}: {len(broken)} rows do not fit together\n{itemised(broken)}", broken)


def _unnamed(tabs: dict[str, Tab]) -> Iterator[str]:
    for name, tab in tabs.items():
        for row in tab.rows:
            empty = [column for column in NEEDED[name] if not row.text(column)]
            if empty:
                yield f"{row.where}: {listed(empty)} is empty, and a name is needed"


def _repeated(tabs: dict[str, Tab]) -> Iterator[str]:
    for name in ("metadata", "site", "profile", "layer"):
        seen: dict[tuple[str, ...], str] = {}
        for row in tabs[name].rows:
            key = key_of(name, row)
            if key in seen and all(key):
                yield f"{row.where}: {' / '.join(key)} stands in {seen[key]} already; once is needed"
            seen.setdefault(key, row.where)


def _unjoined(tabs: dict[str, Tab]) -> Iterator[str]:
    order = list(NEEDED)
    for above, name in pairwise(order):
        known = {key_of(above, row) for row in tabs[above].rows}
        for row in tabs[name].rows:
            key = tuple(row.text(column) for column in NEEDED[above])
            if all(key) and key not in known:
                yield f"{row.where}: {' / '.join(key)} is not in the tab {above}"


def key_of(name: str, row: Row) -> tuple[str, ...]:
    """What names a row of a tab."""
    return tuple(row.text(column) for column in NEEDED[name])
