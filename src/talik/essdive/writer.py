"""Fluxes of chambers to the format ESS-DIVE Soil Respiration v1, its contradictions resolved."""

from pathlib import Path

import pandas as pd

from talik.essdive.describe import (
    ColumnNote,
    FileDescription,
    cell,
    write_column_notes,
    write_file_metadata,
    write_rows,
    write_whole,
)
from talik.essdive.fields import CHAMBERS, FLUXES, MISSING_NUMBER, MISSING_TEXT, STANDARD, Field, field_named
from talik.essdive.fluxes import ChamberFluxes
from talik.problems import Findings, problems_table

_TYPES = {"time": "datetime", "number": "numeric", "logical": "enum", "error": "text", "text": "text"}
_LOGICAL = {"yes": "TRUE", "no": "FALSE", "": MISSING_TEXT}


def write_essdive(measured: ChamberFluxes, folder: Path | str) -> pd.DataFrame:
    r"""Write fluxes and chambers as a data package in the format ESS-DIVE Soil Respiration v1.

    Where the format contradicts itself, one way is taken and stated in the data dictionaries: time stamps of 12
    digits, vapour pressure deficit in kPa, names as in the templates, TRUE and FALSE, no column of labels, UTF-8.
    Reading the package gives the same again, to the minute.

    Parameters
    ----------
    measured : ChamberFluxes
        What ``read_essdive`` gives.
    folder : path_like
        Folder to make, or an empty one. All files are written or none.

    Returns
    -------
    DataFrame
        What the format cannot hold, as problems: seconds.

    Raises
    ------
    StoreError
        Where the folder holds something, or cannot be written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from talik.essdive import read_essdive
    >>> package = Path(mkdtemp())
    >>> _ = (package / "data.csv").write_text(
    ...     "CHAMBER_ID,TIMESTAMP_BEGIN,TIMESTAMP_END,FLUX_CO2\nA,2020110611,2020110612,2.15\n")
    >>> _ = write_essdive(read_essdive(package), package / "written")
    >>> print((package / "written" / "fluxes.csv").read_text())
    Chamber_ID,Timestamp_Begin,Timestamp_End,Flux_CO2
    A,202011061100,202011061200,2.15
    <BLANKLINE>
    """
    folder = Path(folder)
    findings = Findings(folder.name)
    _tell_seconds(measured.fluxes, findings)
    tables = {"fluxes": (measured.fluxes, FLUXES), "chambers": (measured.chambers, CHAMBERS)}

    def write(beside: Path) -> None:
        described = []
        for name, (table, fields) in tables.items():
            _write(table, fields, beside, name)
            described += [
                FileDescription(f"{name}.csv", _DESCRIPTIONS[name], STANDARD, f"{name}_dd.csv"),
                FileDescription(f"{name}_dd.csv", f"Data dictionary of {name}.csv"),
            ]
        write_file_metadata(described, beside / "flmd.csv")

    write_whole(folder, write)
    return problems_table(findings.problems)


_DESCRIPTIONS = {
    "fluxes": "Fluxes of chambers, one row for each measurement",
    "chambers": "Chamber-level metadata, one row for each chamber",
}


def _write(table: pd.DataFrame, fields: tuple[Field, ...], folder: Path, name: str) -> None:
    """Write a table and its data dictionary."""
    known = {column: field_named(column, fields) or Field(column, "text", "", "") for column in table.columns}
    cells = [[_cell(value, field) for value in table[column]] for column, field in known.items()]
    write_rows(folder / f"{name}.csv", [tuple(known), *zip(*cells, strict=True)])
    write_column_notes([_note(column, field) for column, field in known.items()], folder / f"{name}_dd.csv")


def _tell_seconds(fluxes: pd.DataFrame, findings: Findings) -> None:
    cut = sum(int((fluxes[name].dt.second > 0).sum()) for name in ("Timestamp_Begin", "Timestamp_End"))
    if cut:
        findings.tell(
            "not-held", column="Timestamp_Begin, Timestamp_End", found=f"{cut} time stamps with seconds",
            needed="12 digits, YYYYMMDDHHMM", done="cut to the minute",
        )  # fmt: skip


def _cell(value: object, field: Field) -> str:
    if field.kind == "time":
        return value.strftime("%Y%m%d%H%M")  # type: ignore[attr-defined]
    if field.kind == "logical":
        return _LOGICAL[str(value)]
    if field.kind == "error":
        return {"": "FALSE", "yes": "TRUE"}.get(str(value), str(value))
    return cell(value)


def _note(column: str, field: Field) -> ColumnNote:
    meaning = field.meaning or "Not a field of the format; see the study"
    missing = MISSING_NUMBER if field.kind == "number" else MISSING_TEXT
    return ColumnNote(
        column, field.unit or MISSING_TEXT, meaning, column.replace("_", " "), _TYPES[field.kind], missing
    )
