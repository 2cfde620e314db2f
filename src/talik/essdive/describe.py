"""File-level metadata and data dictionaries as ESS-DIVE asks for them, for any table of talik."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import pandas as pd

from talik.columns import meaning
from talik.errors import StoreError
from talik.essdive.fields import MISSING_NUMBER, MISSING_TEXT
from talik.quantities import QUANTITIES
from talik.tables import TABLES

DICTIONARY_HEADER = (
    "column_or_row_name", "unit", "definition", "column_or_row_long_name", "data_type", "missing_value_code",
)  # fmt: skip
"""Header of a data dictionary."""

METADATA_HEADER = (
    "file_name", "file_description", "standard", "data_dictionary_file_name", "file_version", "data_orientation",
    "header_rows", "column_or_row_name_position", "notes",
)  # fmt: skip
"""Header of file-level metadata (v1.2.0; earlier versions have no data_dictionary_file_name)."""

CSV_STANDARD, METADATA_STANDARD = "ESS-DIVE CSV v1", "ESS-DIVE FLMD v1"
"""What file-level metadata call a table of no other format, and themselves."""


@dataclass(frozen=True)
class ColumnNote:
    """A row of a data dictionary."""

    name: str
    """Name of the column."""
    unit: str
    """Unit; ``N/A`` where there is none."""
    definition: str
    """What it holds."""
    long_name: str
    """Its name in words."""
    data_type: str
    """``text``, ``numeric``, ``integer``, ``datetime`` or ``enum``."""
    missing: str
    """Code of a missing value."""


@dataclass(frozen=True)
class FileDescription:
    """A row of file-level metadata."""

    name: str
    """Name of the file."""
    description: str
    """What it holds, ten characters at least."""
    standard: str = CSV_STANDARD
    """Reporting format that it follows."""
    dictionary: str = ""
    """Name of its data dictionary."""
    notes: str = ""
    """Remarks."""


def column_notes(name: str, table: pd.DataFrame) -> list[ColumnNote]:
    """Rows of a data dictionary for one of talik's tables, from its quantities and columns."""
    kinds = {column.name: column for column in TABLES[name].columns} if name in TABLES else {}
    made = []
    for column in table.columns:
        numeric = pd.api.types.is_numeric_dtype(table[column]) and not pd.api.types.is_bool_dtype(table[column])
        unit = QUANTITIES[column].unit if column in QUANTITIES else ""
        values = kinds[column].values if column in kinds else ()
        listed_values = f" One of: {', '.join(value for value in values if value)}." if values else ""
        made.append(
            ColumnNote(
                column, unit or MISSING_TEXT, meaning(column, name) + listed_values, column.replace("_", " "),
                "numeric" if numeric else "enum" if values else "text", MISSING_NUMBER if numeric else MISSING_TEXT,
            )
        )  # fmt: skip
    return made


def write_data_dictionary(tables: Mapping[str, pd.DataFrame], path: Path | str) -> None:
    """Write the data dictionary of tables: unit, definition and missing value of every column.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables by name, as in ``talik.tables``. A column that stands in several is described once.
    path : path_like
        File to write; ESS-DIVE wants its name to end with ``dd.csv``.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "respiration_dd.csv"
    >>> write_data_dictionary({"respiration": pd.DataFrame({"respiration": [1.5]})}, file)
    >>> print(file.read_text().splitlines()[1])
    respiration,ug C g-1 soil d-1,Carbon respired per gram of dry soil and day.,respiration,numeric,-9999
    """
    notes = {note.name: note for name, table in reversed(list(tables.items())) for note in column_notes(name, table)}
    order = dict.fromkeys(column for table in tables.values() for column in table.columns)
    write_column_notes([notes[column] for column in order], path)


def write_column_notes(notes: Iterable[ColumnNote], path: Path | str) -> None:
    """Write rows of a data dictionary."""
    write_rows(Path(path), [DICTIONARY_HEADER, *(astuple(note) for note in notes)])


def write_file_metadata(files: Sequence[FileDescription], path: Path | str) -> None:
    """Write the file-level metadata of a data package: a row for each of its files.

    Parameters
    ----------
    files : sequence of FileDescription
        Files of the package.
    path : path_like
        File to write; ESS-DIVE wants its name to end with ``flmd.csv``. It describes itself too.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "flmd.csv"
    >>> write_file_metadata([FileDescription("jars.csv", "One row for each incubated portion")], file)
    >>> file.read_text().splitlines()[1]
    'jars.csv,One row for each incubated portion,ESS-DIVE CSV v1,,,horizontal,1,1,'
    """
    own = FileDescription(Path(path).name, "File-level metadata of this package", METADATA_STANDARD)
    rows = [
        (one.name, one.description, one.standard, one.dictionary, "", "horizontal", "1", "1", one.notes)
        for one in (*files, own)
    ]
    write_rows(Path(path), [METADATA_HEADER, *rows])


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path | str, *, title: str = "") -> list[Path]:
    """Write talik's tables as a package that ESS-DIVE takes: CSV with file-level metadata and data dictionaries.

    No format of ESS-DIVE is made for laboratory incubations, so the tables are talik's own: units stand in the
    dictionaries, a missing number is -9999 and a missing text N/A. All files are written or none.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables by name, as in ``talik.tables``.
    folder : path_like
        Folder to make; it must not be there, or be empty.
    title : str, optional
        Title of the study, for the descriptions.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    StoreError
        Where the folder holds something, or cannot be written.
    """

    def write(beside: Path) -> None:
        described = []
        for name, table in tables.items():
            _write_table(table, beside / f"{name}.csv")
            write_data_dictionary({name: table}, beside / f"{name}_dd.csv")
            row = TABLES[name].row if name in TABLES else "one finding"
            of = f" ({title})" if title else ""
            text = f"Table {name}: a row is {row}{of}"
            described += [
                FileDescription(f"{name}.csv", text, dictionary=f"{name}_dd.csv"),
                FileDescription(f"{name}_dd.csv", f"Data dictionary of {name}.csv"),
            ]
        write_file_metadata(described, beside / "flmd.csv")

    return write_whole(Path(folder), write)


def write_whole(folder: Path, write) -> list[Path]:
    """Write files beside a folder, then move them into its place: all of them or none."""
    import shutil
    import tempfile

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(
            f"{folder} holds something already, and nothing is replaced. Name another folder.", [str(folder)]
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            write(beside)
            beside.chmod(0o755)
            if folder.exists():
                folder.rmdir()
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.", [str(folder)]) from None
    return sorted(folder.iterdir())


def _write_table(table: pd.DataFrame, path: Path) -> None:
    write_rows(path, [tuple(table.columns), *(tuple(map(cell, row)) for row in table.itertuples(index=False))])


def cell(value: object) -> str:
    """A value as a cell, with ESS-DIVE's codes for what is missing.

    Examples
    --------
    >>> cell(float("nan")), cell(""), cell(1.5), cell(3.0), cell(True)
    ('-9999', 'N/A', '1.5', '3.0', 'TRUE')
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return MISSING_NUMBER if value != value else repr(float(value))
    return str(value) if str(value) else MISSING_TEXT


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows as CSV, in UTF-8 with line feeds."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
