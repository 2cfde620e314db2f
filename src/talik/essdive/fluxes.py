"""Fluxes of chambers in the format ESS-DIVE Soil Respiration v1, its contradictions resolved while reading."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from talik.errors import InputError, TableError, TalikError, itemised, listed
from talik.essdive.fields import CHAMBERS, FLUXES, Field, field_named
from talik.essdive.raw import FileNote, RawTable, note_of, raw_table, read_dictionary, read_notes
from talik.problems import Findings, problems_table

LARGEST_KILOPASCAL = 15.0
"""A vapour pressure deficit above this is in pascal: air at 54 °C without any water lacks 15 kPa. [kPa]"""

PASCAL = 1000.0
"""Pascal in a kilopascal."""

_NOTHING = ("", "na", "n/a", "nan", "null", "none", "-9999", "-9999.0", "-9999.00")
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_STAMP = re.compile(r"\d{8}(?:\d{2}){0,3}")
_PARTS = ("%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S")
_KILOPASCAL, _PASCAL = re.compile(r"kpa|kilopascals?", re.IGNORECASE), re.compile(r"pa|pascals?", re.IGNORECASE)


@dataclass(frozen=True)
class ChamberFluxes:
    """Fluxes of chambers in the field, per area, and the chambers that they were measured with."""

    fluxes: pd.DataFrame
    """One row a measurement, with the fields of the format: Chamber_ID, Timestamp_Begin and Timestamp_End (to the
    second, in the time zone of the study), Flux_CO2 [umol CO2 m-2 s-1], Flux_CH4 [nmol CH4 m-2 s-1], VPD_Amb [kPa],
    soil temperatures T5, T15 [degC] and moistures SM5 [m3 m-3] by depth in cm, and what else there is."""
    chambers: pd.DataFrame
    """One row a chamber: Chamber_ID, Msmt_Var, Treatment, Opaque and Plants_Removed (yes, no or empty), Instrument,
    Longitude, Latitude, Area [cm2], Volume [cm3] and what else there is."""
    problems: pd.DataFrame
    """What was found while reading, and how contradictions were resolved."""


def read_essdive(folder: Path | str) -> ChamberFluxes:
    """Read a data package in the format ESS-DIVE Soil Respiration v1.

    Tables are told by their headers, so that a package without file-level metadata is read too. Where guide and
    templates of the format contradict each other, both are understood: time stamps of 8 to 14 digits; a vapour
    pressure deficit in Pa or kPa (what the file or its data dictionary states, else by its size); field names in
    any case; a leading column of labels with rows of explanation and examples; Windows and Latin-1 text;
    TRUE and FALSE or Yes and No; errors of the analyser as truth or as text.

    Parameters
    ----------
    folder : path_like
        Folder of the package: CSV files of fluxes and of chambers, with file-level metadata (``flmd.csv``) and
        data dictionaries (``dd.csv``) where there are.

    Returns
    -------
    ChamberFluxes

    Raises
    ------
    InputError, TableError
        Where there is no table of fluxes, fields that the format requires are missing, or files cannot be read.

    Notes
    -----
    The format was met as its guide and its templates only; no published package was at hand. It does not state a
    time zone, so none is attached.

    Examples
    --------
    >>> read_essdive("no such folder")
    Traceback (most recent call last):
        ...
    talik.errors.InputError: no such folder is not there. Check the path; ...
    """
    folder = Path(folder)
    findings = Findings(folder.resolve().name)
    tables = _tables(folder, findings)
    fluxes = [_understood(raw, FLUXES, findings) for raw in tables if _holds(raw, "flux_co2", "timestamp_begin")]
    chambers = [_understood(raw, CHAMBERS, findings) for raw in tables if _holds(raw, "msmt_var", "plants_removed")]
    if not fluxes:
        raise InputError(
            f"{folder} holds no table of fluxes: no CSV file has Chamber_ID with Flux_CO2 or Timestamp_Begin in its "
            f"header. Found: {listed(sorted(path.name for path in folder.iterdir())) or 'nothing'}.",
            [str(folder)],
        )
    whole = _joined(fluxes, FLUXES)
    described = _joined(chambers, CHAMBERS)
    whole = _checked_times(whole, findings)
    described = _checked_chambers(described, whole, findings)
    return ChamberFluxes(whole, described, problems_table(findings.problems))


def _tables(folder: Path, findings: Findings) -> list[RawTable]:
    """Every table of the package that names chambers."""
    if not folder.exists():
        raise InputError(
            f"{folder} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(folder)]
        )
    if not folder.is_dir():
        raise InputError(f"{folder} is a file; the folder of a data package is needed.", [str(folder)])
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".csv" and path.is_file())
    notes = [note for path in files if _is(path, "flmd") for note in read_notes(path)]
    units = {path: read_dictionary(path) for path in files if _is(path, "dd")}
    data = [path for path in files if not _is(path, "flmd") and not _is(path, "dd")]
    found, errors = [], []
    for path in data:
        try:
            raw = raw_table(path, note_of(path, folder, notes), _units_of(path, units))
        except TalikError as error:
            errors.append(str(error))
            continue
        if raw:
            found.append(raw)
    if errors:
        count = f"{len(errors)} file{'s' if len(errors) > 1 else ''}"
        raise InputError(f"{folder}: {count} cannot be read\n{itemised(errors)}", errors)
    _tell_missing(folder, files, notes, findings)
    return found


def _is(path: Path, kind: str) -> bool:
    """Whether a file is one of file-level metadata (flmd) or a data dictionary (dd), by its name."""
    return re.search(rf"(?:^|_){kind}$", path.stem, re.IGNORECASE) is not None


def _units_of(path: Path, units: dict[Path, dict[str, str]]) -> dict[str, str]:
    """Units for a table: of the dictionary named after it, or of all that there are."""
    own = next((found for file, found in units.items() if file.stem.lower() == f"{path.stem.lower()}_dd"), None)
    return own if own is not None else {name: unit for found in units.values() for name, unit in found.items()}


def _tell_missing(folder: Path, files: Sequence[Path], notes: Sequence[FileNote], findings: Findings) -> None:
    for note in notes:
        if note.name.lower().endswith(".csv") and not any(note_of(path, folder, [note]) for path in files):
            findings.tell(
                "file-missing", where="file-level metadata", found=note.name, needed="a file of this name",
                done="read without it",
            )  # fmt: skip


def _holds(raw: RawTable, *names: str) -> bool:
    header = {name.lower() for name in raw.header}
    return any(name in header for name in names)


def _understood(raw: RawTable, fields: tuple[Field, ...], findings: Findings) -> pd.DataFrame:
    """A table's columns by their fields, their cells as values."""
    if raw.odd:
        findings.tell(
            "text-repaired", where=raw.path.name, found="; ".join(raw.odd), needed="UTF-8 and one header",
            done="read as clean text",
        )  # fmt: skip
    columns: dict[str, Sequence] = {}
    lines = [line for line, _ in raw.rows]
    for place, name in enumerate(raw.header):
        cells = [row[place] for _, row in raw.rows]
        field = field_named(name, fields)
        if not name or (field is None and not any(cells)) or name.lower() in ("tx", "smx"):
            _tell_unnamed(raw, name, cells, findings)
            continue
        known = field or Field(name, "text", "", "")
        if known.name in columns:
            raise TableError(f"{raw.path}: two columns are {known.name}. Rename one of them.", [known.name])
        _tell_name(raw, name, field, findings)
        columns[known.name] = _READ[known.kind](_Cells(raw, known, cells, lines, raw.units.get(name, "")), findings)
    missing = [field.name for field in fields if field.required and field.name not in columns]
    if missing:
        raise TableError(
            f"{raw.path} lacks {listed(missing)}, which the format requires. Found: {listed(raw.header, 30)}.", missing
        )
    return _without_nameless(raw, pd.DataFrame(columns, index=lines), findings)


def _tell_unnamed(raw: RawTable, name: str, cells: Sequence[str], findings: Findings) -> None:
    if any(cells):
        findings.tell(
            "column-unknown", where=raw.path.name, column=name or "without a name",
            found=f"{sum(map(bool, cells))} cells",
            needed="a name; soil temperature and moisture with their depth, such as T5 or SM5", done="left out",
        )  # fmt: skip


def _tell_name(raw: RawTable, name: str, field: Field | None, findings: Findings) -> None:
    if field is None:
        findings.tell(
            "column-unknown", where=raw.path.name, column=name, found="not a field of the format", needed="a field",
            done="kept as text",
        )  # fmt: skip
    elif field.name != name:
        findings.tell(
            "header-repaired", where=raw.path.name, column=field.name, found=repr(name), needed=repr(field.name),
            done="taken as the same column",
        )  # fmt: skip


@dataclass(frozen=True)
class _Cells:
    """Cells of one column."""

    raw: RawTable
    """Table that it stands in."""
    field: Field
    """Its field."""
    cells: Sequence[str]
    """Its cells."""
    lines: Sequence[int]
    """Their lines in the file."""
    unit: str
    """Unit that the file or its dictionary states; empty where none does."""


def _texts(column: _Cells, _: Findings) -> list[str]:
    keep = ("none",) if column.field.name == "Treatment" else ()
    return ["" if cell.lower() in _NOTHING and cell.lower() not in keep else cell for cell in column.cells]


def _logicals(column: _Cells, findings: Findings) -> list[str]:
    made, strange = [], []
    for line, cell in zip(column.lines, column.cells, strict=True):
        plain = cell.lower()
        made.append("yes" if plain in _TRUE else "no" if plain in _FALSE else "")
        if not made[-1] and plain not in _NOTHING:
            strange.append(f"line {line}: {cell!r}")
    _tell_strange(column, strange, "TRUE or FALSE, yes or no", findings)
    return made


def _errors(column: _Cells, _: Findings) -> list[str]:
    return [
        "" if cell.lower() in _FALSE[:-1] or cell.lower() in _NOTHING or cell == "0"
        else "yes" if cell.lower() in _TRUE else cell
        for cell in column.cells
    ]  # fmt: skip


def _numbers(column: _Cells, findings: Findings) -> np.ndarray:
    made, strange = np.full(len(column.cells), np.nan), []
    for place, cell in enumerate(column.cells):
        number = _number(cell)
        if number is not None:
            made[place] = number
        elif cell.lower() not in _NOTHING:
            strange.append(f"line {column.lines[place]}: {cell!r}")
    _tell_strange(column, strange, "numbers", findings)
    if column.field.name == "VPD_Amb":
        return _in_kilopascal(column, made, findings)
    if column.unit.strip() and _plain_unit(column.unit) != _plain_unit(column.field.unit):
        findings.tell(
            "unit-contradiction", where=column.raw.path.name, column=column.field.name, found=column.unit,
            needed=column.field.unit or "no unit", done="numbers kept as they are; is the unit right?",
        )  # fmt: skip
    return made


_UNIT_WORDS = (
    (r"[µμ]|&#181;", "u"), (r"°c|℃|&#8451;|deg\w*\s*c\w*|\bcelsius\b", "degc"), (r"degrees?\b", "degree"),
    (r"/\s*([a-z]+)(\d?)", r" \1-\2 "), (r"-(?=\s|$)", "-1"), (r"[\s^*·]+", ""), (r"percent", "%"),
    (r"ppm$", "ppmv"), (r"ppb$", "ppbv"),
)  # fmt: skip


def _plain_unit(text: str) -> str:
    """A unit without the ways that it can be written.

    Examples
    --------
    >>> [_plain_unit(text) for text in ("µmol CO2/m2/s", "umol CO2 m-2 s-1", "°C", "degree Celsius")]
    ['umolco2m-2s-1', 'umolco2m-2s-1', 'degc', 'degc']
    """
    plain = text.strip().lower()
    if plain in (*_NOTHING, "unitless"):
        return ""
    for pattern, word in _UNIT_WORDS:
        plain = re.sub(pattern, word, plain)
    return plain


def _number(cell: str) -> float | None:
    """A cell as a finite number that does not stand for a missing one."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return (
        number if np.isfinite(number) and number != -9999 and not re.search(r"[_a-df-z]", cell, re.IGNORECASE) else None
    )


def _in_kilopascal(column: _Cells, values: np.ndarray, findings: Findings) -> np.ndarray:
    """Vapour pressure deficits in kPa, by the unit that is stated, else by their size."""
    known = values[np.isfinite(values)]
    if not known.size:
        return values
    stated = column.unit.strip()
    told = _KILOPASCAL.fullmatch(stated) or _PASCAL.fullmatch(stated)
    in_pascal = bool(_PASCAL.fullmatch(stated)) if told else float(np.abs(known).max()) > LARGEST_KILOPASCAL
    unlikely = told and not in_pascal and float(np.abs(known).max()) > LARGEST_KILOPASCAL
    if told and not in_pascal and not unlikely:
        return values
    findings.tell(
        "unit-contradiction", severity="info" if told and not unlikely else "", where=column.raw.path.name,
        column="VPD_Amb", found=f"values to {known.max():g}, unit {stated or 'not stated'}",
        needed="kPa (the format says Pa in its guide and kPa in its template)",
        done="read as Pa" if in_pascal else "read as kPa",
    )  # fmt: skip
    return values / PASCAL if in_pascal else values


def _times(column: _Cells, findings: Findings) -> pd.Series:
    made, strange, lengths = [], [], set()
    for line, cell in zip(column.lines, column.cells, strict=True):
        stamp = time_stamp(cell)
        made.append(stamp)
        if stamp is None and cell.lower() not in _NOTHING:
            strange.append(f"line {line}: {cell!r}")
        elif stamp is not None:
            lengths.add(len(_digits(cell)))
    _tell_strange(column, strange, "8 to 14 digits, YYYYMMDD to YYYYMMDDHHMMSS", findings)
    if lengths - {12}:
        findings.tell(
            "timestamp-digits", where=column.raw.path.name, column=column.field.name,
            found=f"{listed([str(n) for n in sorted(lengths)])} digits", needed="12, YYYYMMDDHHMM",
            done="what is not given is taken as zero",
        )  # fmt: skip
    return pd.Series(made, index=column.lines, dtype="datetime64[s]")


def _digits(cell: str) -> str:
    """A stamp's digits; spreadsheets write the integer as 202011061155.0 too."""
    return re.sub(r"\.0+$", "", cell.strip())


def time_stamp(cell: str) -> datetime | None:
    """The time that a stamp of 8 to 14 digits means; None where it means none.

    Examples
    --------
    >>> time_stamp("2020110611").isoformat(), time_stamp("20201106115505").isoformat()
    ('2020-11-06T11:00:00', '2020-11-06T11:55:05')
    >>> time_stamp("20201306") is None
    True
    """
    digits = _digits(cell)
    if not _STAMP.fullmatch(digits) or not digits.isascii():
        return None
    try:
        return datetime.strptime(digits, _PARTS[(len(digits) - 8) // 2])
    except ValueError:
        return None


def _tell_strange(column: _Cells, strange: Sequence[str], needed: str, findings: Findings) -> None:
    if strange:
        findings.tell(
            "value-not-a-number", where=column.raw.path.name, column=column.field.name,
            found=f"{len(strange)} cells: {listed(strange, 3)}", needed=needed, done="taken as missing",
        )  # fmt: skip


_READ: dict[str, Callable] = {
    "text": _texts, "logical": _logicals, "error": _errors, "number": _numbers, "time": _times,
}  # fmt: skip


def _without_nameless(raw: RawTable, table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Rows that say which chamber they are of, and when."""
    needed = [name for name in ("Chamber_ID", "Timestamp_Begin", "Timestamp_End") if name in table]
    empty = pd.DataFrame({name: table[name].isna() | (table[name].astype(str) == "") for name in needed}).any(axis=1)
    if empty.any():
        findings.tell(
            "rows-left-out", where=raw.path.name,
            found=f"{int(empty.sum())} rows, the first in line {table.index[empty][0]}",
            needed=listed(needed), done="left out",
        )  # fmt: skip
    return table[~empty]


def _joined(tables: Sequence[pd.DataFrame], fields: tuple[Field, ...]) -> pd.DataFrame:
    """Tables of several files as one, fields in the order of the format, those that it requires always there."""
    whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    required = [field for field in fields if field.required and field.name not in whole]
    for field in required:
        whole[field.name] = pd.Series(dtype={"time": "datetime64[s]", "number": float}.get(field.kind, "str"))
    rank = {field.name: place for place, field in enumerate(fields)}
    order = sorted(whole.columns, key=lambda name: rank.get(name, len(rank)))
    return whole[order].astype({name: "str" for name in whole if whole[name].dtype == object}).pipe(_filled)


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """Text that one of several files lacks is empty."""
    texts = table.select_dtypes("str").columns
    return table.assign(**{name: table[name].fillna("") for name in texts})


def _checked_times(fluxes: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    backwards = fluxes["Timestamp_End"] < fluxes["Timestamp_Begin"]
    if backwards.any():
        findings.tell(
            "time-order", column="Timestamp_End",
            found=f"{int(backwards.sum())} of {len(fluxes)} periods end before they begin",
            needed="an end after the begin", done="kept",
        )  # fmt: skip
    key = ["Chamber_ID", "Timestamp_Begin", "Timestamp_End"]
    repeated = fluxes.duplicated([*key, *(name for name in ("Record",) if name in fluxes)])
    if repeated.any():
        first = fluxes.loc[repeated, key].iloc[0]
        findings.tell(
            "time-order", column=first["Chamber_ID"], found=f"{int(repeated.sum())} periods stand twice",
            needed="one row for a chamber and a period", done="kept",
        )  # fmt: skip
    return fluxes


def _checked_chambers(chambers: pd.DataFrame, fluxes: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Chambers, each once, and those that fluxes name and nothing describes told."""
    repeated = chambers["Chamber_ID"].duplicated()
    if repeated.any():
        names = list(dict.fromkeys(chambers.loc[repeated, "Chamber_ID"]))
        findings.tell(
            "chamber-unknown", column=listed(names, 3), found=f"{len(names)} chambers are described more than once",
            needed="once", done="the first description is used",
        )  # fmt: skip
        chambers = chambers[~repeated].reset_index(drop=True)
    unknown = list(dict.fromkeys(fluxes.loc[~fluxes["Chamber_ID"].isin(chambers["Chamber_ID"]), "Chamber_ID"]))
    if unknown:
        findings.tell(
            "chamber-unknown", column=listed(unknown, 3),
            found=f"{len(unknown)} chambers with fluxes are not described",
            needed="a row in the table of chambers", done="kept; what they measure is not known",
        )  # fmt: skip
    return chambers
