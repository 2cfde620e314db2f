"""The workbook that a laboratory fills in: written with drop-downs, units and a worked jar, and read back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any

import pandas as pd

from talik.errors import InputError, StoreError, TableError, UnitError, itemised, listed
from talik.incubation.sheets.dates import read_moment
from talik.incubation.sheets.grid import Cell, Sheet, column_letters, read_workbook
from talik.incubation.sheets.values import missing_reason, plain, read_number
from talik.problems import Findings
from talik.quantities import QUANTITIES
from talik.tables import TABLES, Column, header
from talik.units import convert

SYNTHETIC = "SYNTHETIC"
"""Word that the names of the worked rows begin with."""

ROWS = 5000
"""Rows that drop-downs and checks are set for."""

COLUMNS = {
    "sites": "site latitude longitude elevation country mean_annual_temperature annual_precipitation land_cover "
    "soil_order permafrost active_layer_depth",
    "samples": "sample site core layer depth_top depth_bottom horizon",
    "properties": "subject id property group subgroup value sd n unit",
    "jars": "jar sample replicate oxygen moisture moisture_unit dry_mass headspace_volume water_volume ph "
    "organic_carbon inorganic_carbon organic_matter vessel start cabinet batch leak_rate titrant_concentration basis",
    "readings": "jar time temperature gas event closing mole_fraction sd gas_temperature pressure volume flow "
    "titrant_volume batch",
}  # fmt: skip
"""Columns of each sheet; further columns of a table may be added by name, and those not needed may go."""

_KEYS = {("samples", "site"): "sites", ("jars", "sample"): "samples", ("readings", "jar"): "jars"}
_WORDS = {
    ("jars", "oxygen"): ("aerobic", "anaerobic"),
    ("properties", "group"): ("mineral", "microbial", "substrate", "environment"),
}
_QUANTITY_OF = {("readings", "sd"): "mole_fraction"}
"""Columns that have the unit of another quantity."""

_MEANINGS = {
    "site": "Name of the place.", "sample": "Name of the soil; every jar is filled from one.",
    "core": "Core or profile: layers of one core are compared with each other.",
    "layer": "Above the mineral soil, thawing every summer, or never thawing.",
    "horizon": "Soil horizon, as described in the field.", "country": "Country of the site.",
    "land_cover": "Vegetation or land use.",
    "soil_order": "Soil order, and its system where it is not US Soil Taxonomy.",
    "permafrost": "Whether the site has permafrost.", "jar": "Name of the jar, once only.",
    "replicate": "What tells jars of one soil and treatment apart.", "oxygen": "Whether the jar has oxygen.",
    "moisture": "Water content of the soil in the jar.", "moisture_unit": "Its unit, such as percent WHC or g g-1.",
    "vessel": "How the gas is caught: closed between two flushes, swept by air, or bound by an alkali.",
    "start": "Day 0 of the jar, with its time zone: 2024-06-01T09:00+08:00.",
    "cabinet": "Thermostat or cabinet it stands in.",
    "batch": "Batch, or run of the instrument, that it belongs to.",
    "basis": "What given rates are per; leave it empty where readings are given.",
    "gas": "The gas that was read.", "closing": "Name of one closing of one jar, where it was read several times.",
    "event": "read; flush (with gas of the row's mole fraction); seal; draw, or replace (of the volume); water; blank.",
    "subject": "Whether the property is one of a sample or of a site.", "id": "Name of the sample or the site.",
    "property": "What was measured, such as clay or microbial carbon.", "group": "Group of drivers that it belongs to.",
    "subgroup": "Group within the group, such as diversity.", "value": "The value.", "n": "Number of replicates.",
    "sd": "Standard deviation, not the standard error.", "unit": "Unit of value and sd.",
    "time": "Days since the start of the jar; a date with its time is counted from the jar's start.",
}  # fmt: skip

_EXAMPLE: dict[str, list[dict[str, Any]]] = {
    "sites": [
        {"site": "SYNTHETIC ridge", "latitude": 68.6, "longitude": -149.6, "elevation": 720, "country": "USA",
         "mean_annual_temperature": -8, "annual_precipitation": 320, "land_cover": "tundra", "soil_order": "Gelisol",
         "permafrost": "yes", "active_layer_depth": 0.5}
    ],
    "samples": [
        {"sample": "SYNTHETIC ridge 10-20", "site": "SYNTHETIC ridge", "core": "ridge 1", "layer": "active",
         "depth_top": 10, "depth_bottom": 20, "horizon": "A"}
    ],
    "properties": [
        {"subject": "sample", "id": "SYNTHETIC ridge 10-20", "property": "clay", "group": "mineral", "value": 21,
         "sd": 2, "n": 3, "unit": "percent"}
    ],
    "jars": [
        {"jar": "SYNTHETIC jar 1", "sample": "SYNTHETIC ridge 10-20", "replicate": "a", "oxygen": "aerobic",
         "moisture": "60", "moisture_unit": "percent WHC", "dry_mass": 20, "headspace_volume": 450, "water_volume": 8,
         "ph": 5.2, "organic_carbon": 45, "vessel": "closed", "start": "2024-06-01T09:00+00:00", "cabinet": "5 degC"}
    ],
    "readings": [
        {"jar": "SYNTHETIC jar 1", "time": day, "temperature": 5, "gas": "co2", "event": event, "closing": closing,
         "mole_fraction": ppm, "sd": 5, "gas_temperature": 21, "pressure": 101.3}
        for day, event, closing, ppm in ((0, "flush", "1", 410), (1, "read", "1", 815), (3, "read", "1", 1590))
    ],
}  # fmt: skip

_README = (
    "A workbook for talik",
    "",
    "Fill in the sheets from the left to the right: sites, samples, properties, jars, readings. A row of samples "
    "names its site, a row of jars its sample, a row of readings its jar.",
    "Headers in bold are needed; columns that you do not need may stay empty or go. Further columns of samples and "
    "jars are taken as treatments.",
    "Units stand in square brackets behind a name. Another unit may be written there, such as temperature [K] or "
    "organic_carbon [percent]: the column is converted.",
    "Point at a header to read what the column holds. Cells with an arrow have a list to choose from.",
    "Leave a cell empty where there is no value; n.a., NA and <LOD are understood as well.",
    "The rows whose names begin with SYNTHETIC are made up, to show how a jar is written down. Delete them.",
    "Then: talik check FILE.xlsx",
    "",
)


def write_template(path: Path | str) -> Path:
    """Write the workbook that a laboratory fills in.

    Parameters
    ----------
    path : path_like
        File to write, ending in .xlsx.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    StoreError
        Where it exists already or cannot be written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = write_template(Path(mkdtemp()) / "incubation.xlsx")
    >>> list(read_template(file))
    ['sites', 'samples', 'properties', 'jars', 'readings']
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    path = Path(path)
    if path.exists():
        raise StoreError(f"{path} is there already; name a new file.", [str(path)])
    try:
        book = xlsxwriter.Workbook(str(path))
        book.set_properties({"title": "A workbook for talik", "created": datetime(2000, 1, 1)})
        _write_readme(book)
        for name in COLUMNS:
            _write_sheet(book, name)
        book.close()
    except (OSError, XlsxWriterException) as error:
        raise StoreError(f"{path} cannot be written: {error}.", [str(path)]) from None
    return path


def _write_readme(book) -> None:
    sheet = book.add_worksheet("README")
    wrapped, strong = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True})
    sheet.set_column(0, 0, 100, wrapped)
    for row, line in enumerate(_README):
        if line:
            sheet.write_string(row, 0, line, strong if row == 0 else wrapped)
    for row, name in enumerate(COLUMNS, len(_README)):
        sheet.write_string(row, 0, f"{name}: a row is {TABLES[name].row}", wrapped)


def _write_sheet(book, name: str) -> None:
    """One sheet: head, worked rows, drop-downs and checks."""
    sheet = book.add_worksheet(name)
    formats = {
        True: book.add_format({"bold": True, "bottom": 1, "bg_color": "#DCE6F1"}),
        False: book.add_format({"bottom": 1, "bg_color": "#F2F2F2"}),
    }
    text, example = book.add_format({"num_format": "@"}), book.add_format({"italic": True, "font_color": "#7F7F7F"})
    sheet.freeze_panes(1, 1)
    for at, column in enumerate(_columns(name)):
        title = _title(name, column.name)
        # Text cells stay text: Excel would turn the layer 5-10 into a date, and the core 1E5 into a number.
        sheet.set_column(at, at, max(12, len(title) + 2), text if column.kind == "text" else None)
        sheet.write_string(0, at, title, formats[column.required])
        sheet.write_comment(0, at, _meaning(name, column), {"x_scale": 2})
        for row, cells in enumerate(_EXAMPLE[name], 1):
            if column.name in cells:
                sheet.write(row, at, cells[column.name], example)
        if check := _validation(name, column, column_letters(at)):
            sheet.data_validation(1, at, ROWS, at, check)


def _columns(name: str) -> list[Column]:
    known = {column.name: column for column in TABLES[name].columns}
    return [known[column] for column in COLUMNS[name].split()]


def _title(name: str, column: str) -> str:
    """A column's header: its name and unit."""
    quantity = _QUANTITY_OF.get((name, column))
    return f"{column} [{QUANTITIES[quantity].unit}]" if quantity else header(column)


def _meaning(name: str, column: Column) -> str:
    """What a column holds, for the note at its header."""
    quantity = QUANTITIES.get(column.name)
    told = _MEANINGS.get(column.name) or (quantity.meaning if quantity else "")
    if quantity and column.name in _MEANINGS:
        told = f"{quantity.meaning} {_MEANINGS[column.name]}"
    words = _choices(name, column)
    parts = [told, f"One of: {', '.join(words)}." if words else "", "Needed." if column.required else ""]
    return " ".join(part for part in parts if part)


def _choices(name: str, column: Column) -> tuple[str, ...]:
    return _WORDS.get((name, column.name)) or tuple(word for word in column.values if word)


def _validation(name: str, column: Column, letters: str) -> dict[str, Any]:
    """The drop-down or the check of a column."""
    above = _KEYS.get((name, column.name))
    words = _choices(name, column)
    if above:
        return {
            "validate": "list", "source": f"={above}!$A$2:$A${ROWS + 1}", "error_title": f"Not in {above}",
            "error_message": f"Write its row into the sheet {above} first, then choose it here.",
        }  # fmt: skip
    if words:
        return {
            "validate": "list", "source": list(words), "error_title": "Not in the list",
            "error_message": f"{column.name} is one of: {', '.join(words)}"[:250],
        }  # fmt: skip
    if column.name == "start":
        return {
            "validate": "custom", "value": f"=OR(ISNUMBER({letters}2),LEN({letters}2)>=10)", "error_title": "No date",
            "error_message": "Write date, time and time zone as 2024-06-01T09:00+08:00.",
        }  # fmt: skip
    return _number_check(name, column) if column.kind == "number" else {}


def _number_check(name: str, column: Column) -> dict[str, Any]:
    quantity = QUANTITIES.get(_QUANTITY_OF.get((name, column.name), column.name))
    low, high = quantity.possible if quantity else (-inf, inf)
    unit = f" {quantity.unit}" if quantity and quantity.unit else ""
    told = f" between {low:g} and {high:g}{unit}" if isfinite(high) else f" of at least {low:g}{unit}"
    return {
        "validate": "decimal", "criteria": "between", "minimum": max(low, -1e99),
        "maximum": min(high, 1e99), "error_title": "Not a number",
        # A unit in the header may be changed, so the check asks and does not forbid.
        "error_type": "warning", "error_message": f"{column.name} is a number{told if isfinite(low) else ''}.",
    }  # fmt: skip


def is_template(path: Path | str) -> bool:
    """Whether a workbook has the sheets of talik's own: those of samples and of jars.

    Raises
    ------
    InputError
        Where it is no workbook.
    """
    return {"samples", "jars"} <= {sheet.name.strip().lower() for sheet in read_workbook(path)}


def read_template(path: Path | str, *, findings: Findings | None = None) -> dict[str, pd.DataFrame]:
    """Read a workbook whose sheets are talik's tables, as `write_template` makes it.

    Parameters
    ----------
    path : path_like
        The workbook; other formats than .xlsx are read as well.
    findings : Findings, optional
        Collects what was odd and how it was understood: decimal commas, words for missing values, sheets that are
        no table.

    Returns
    -------
    dict of str to DataFrame
        Tables by name, their values in talik's units, as ``talik.tables.check`` takes them. The index is the row of
        the sheet.

    Raises
    ------
    InputError
        Where the file is no workbook, has no such sheet, or holds worked rows beside others.
    TableError
        With every cell that is not what its column needs.
    """
    path = Path(path)
    sheets = {sheet.name.strip().lower(): sheet for sheet in read_workbook(path)}
    named = {name: sheets[name] for name in (*COLUMNS, *TABLES) if name in sheets}
    if not named:
        raise InputError(
            f"{path} has no sheet called {listed(list(COLUMNS))}; found: {listed([s.name for s in sheets.values()])}. "
            "'talik new' writes the workbook; any other workbook is read through a mapping.",
            [str(path)],
        )
    for name, sheet in sheets.items():
        if name not in (*TABLES, "readme") and findings is not None:
            findings.tell(
                "text-repaired", where=sheet.name, found="a sheet that is no table of talik",
                needed=listed(list(COLUMNS)), done="not read",
            )  # fmt: skip
    problems: list[str] = []
    raw = {name: _SheetTable(name, sheet) for name, sheet in named.items()}
    tables = {name: table.read(problems, findings, raw.get("jars")) for name, table in raw.items()}
    if problems:
        raise TableError(f"{path}:\n{itemised(problems)}", problems)
    _refuse_worked_rows(path, tables)
    return tables


@dataclass
class _SheetTable:
    """A sheet as a table: the first row is its head."""

    name: str
    sheet: Sheet

    def read(self, problems: list[str], findings: Findings | None, jars: "_SheetTable | None") -> pd.DataFrame:
        """All columns, typed and in talik's units."""
        rows = [row for row in range(1, self.sheet.rows) if any(not _empty(cell) for cell in self.sheet.cells[row])]
        columns: dict[str, Any] = {}
        for at, title in enumerate(self.sheet.cells[0]):
            cells = [self.sheet.cells[row][at] for row in rows]
            column, unit = _parted(title)
            if not column:
                if any(not _empty(cell) for cell in cells):
                    problems.append(f"{self.sheet.where(0, at)}: the column has values and no header")
                continue
            if column in columns:
                problems.append(f"{self.sheet.where(0, at)}: header {column!r} stands twice")
                continue
            reader = _Cells(self, column, unit, at, rows, problems, findings)
            columns[column] = reader.numbers(cells, jars) if self.is_number(column) else reader.texts(cells)
        return pd.DataFrame(columns, index=[row + 1 for row in rows])

    def is_number(self, column: str) -> bool:
        known = next((c for c in TABLES[self.name].columns if c.name == column), None)
        return known.kind == "number" if known else False

    def starts(self) -> dict[str, datetime]:
        """Day 0 of each jar that has one, without its zone."""
        titles = [_parted(title)[0] for title in self.sheet.cells[0]]
        if "jar" not in titles or "start" not in titles:
            return {}
        jar, start = titles.index("jar"), titles.index("start")
        found = {_text(row[jar]): read_moment(row[start]).value for row in self.sheet.cells[1:]}
        return {name: moment.replace(tzinfo=None) for name, moment in found.items() if moment is not None}


def _parted(title: Cell) -> tuple[str, str]:
    """Name and unit of a header."""
    found = re.fullmatch(r"\s*([^\[\]]*?)\s*(?:\[([^\[\]]*)\])?\s*", _text(title))
    return (found[1], found[2] or "") if found else (_text(title), "")


def _text(cell: Cell) -> str:
    """A cell of a text column as it reads."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return f"{cell:.0f}"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="minutes")
    return str(cell).strip()


def _empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


@dataclass
class _Cells:
    """The cells of one column, and where what is told of them goes."""

    table: _SheetTable
    column: str
    unit: str
    at: int
    rows: list[int]
    problems: list[str]
    findings: Findings | None

    def texts(self, cells: list[Cell]) -> list[str]:
        """Cells as text; words for missing values are nothing."""
        return ["" if missing_reason(cell) and _is_word(cell) else _text(cell) for cell in cells]

    def numbers(self, cells: list[Cell], jars: _SheetTable | None) -> Any:
        """Cells as numbers in the unit of their quantity."""
        if self.column == "time" and any(isinstance(cell, datetime) for cell in cells):
            cells = list(self._days(cells, jars))
        values = [self._number(row, cell) for row, cell in zip(self.rows, cells, strict=True)]
        quantity = _QUANTITY_OF.get((self.table.name, self.column), self.column)
        if not self.unit or quantity not in QUANTITIES:
            return values
        try:
            return convert(values, self.unit, quantity)
        except UnitError as error:
            self.problems.append(f"{self.table.sheet.where(0, self.at)}: {error}")
            return values

    def _number(self, row: int, cell: Cell) -> float:
        found = read_number(cell)
        where = self.table.sheet.where(row, self.at)
        if found.problem:
            self.problems.append(f"{where}, {self.column}: {found.problem}")
        odd = [*found.odd] + ([found.missing] if found.missing not in ("", "empty") else [])
        if found.unit and found.unit != self.unit:
            self.problems.append(f"{where}, {self.column}: {cell!r} has a unit of its own; write it into the header")
        if odd and self.findings is not None:
            done = f"taken as {found.value:g}" if found.there else "left empty"
            self.findings.tell(
                "text-repaired", column=self.column, where=where, found=f"{cell!r}: {listed(odd)}", done=done
            )
        return found.value if found.there else nan

    def _days(self, cells: list[Cell], jars: _SheetTable | None) -> Iterator[Cell]:
        """Dates as days since the start of the row's jar."""
        starts = jars.starts() if jars else {}
        titles = [_parted(title)[0] for title in self.table.sheet.cells[0]]
        jar = titles.index("jar") if "jar" in titles else 0
        for row, cell in zip(self.rows, cells, strict=True):
            if not isinstance(cell, datetime):
                yield cell
                continue
            name = _text(self.table.sheet.cells[row][jar])
            if name not in starts:
                where = self.table.sheet.where(row, self.at)
                self.problems.append(
                    f"{where}: a date, and jar {name!r} has no start in the sheet jars to count days from"
                )
            days = (cell - starts.get(name, cell)) / timedelta(days=1)
            yield days / (_days_in(self.unit) if self.unit else 1.0)


def _days_in(unit: str) -> float:
    """Days in a unit of time; a unit that is none is told where the column is converted."""
    try:
        return float(convert(1.0, unit, "time"))
    except UnitError:
        return 1.0


def _is_word(cell: Cell) -> bool:
    """Whether a text stands for a missing value, and for nothing that a name could be."""
    return isinstance(cell, str) and plain(cell).lower() in ("n.a.", "n.a", "n/a", "#n/a", "nan", "")


def _refuse_worked_rows(path: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Refuse worked rows that were left beside rows of one's own."""
    left, own = [], 0
    for name, table in tables.items():
        first = next((column for column in ("id", "jar", "sample", "site") if column in table), None)
        if first is None or name not in COLUMNS:
            continue
        worked = table[table[_key_of(name, first)].astype(str).str.startswith(SYNTHETIC)]
        left += [f"{name}, row {row}" for row in worked.index]
        own += len(table) - len(worked)
    if left and own:
        raise InputError(
            f"{path} holds rows of the worked example beside your own: {listed(left)}. "
            f"They are {SYNTHETIC}: delete them.",
            left,
        )


def _key_of(name: str, first: str) -> str:
    return {"sites": "site", "samples": "sample"}.get(name, first)
