"""A mapping applied to a folder of data: talik's tables, and everything that was found."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from talik.errors import TableError, TalikError, listed
from talik.incubation.mapping.block import Block, block_of, unused_columns
from talik.incubation.mapping.files import DataFolder
from talik.incubation.mapping.merge import JOINS, PLACE, merged
from talik.incubation.mapping.schema import RATES, Mapping, Read, load_mapping, mapping_file
from talik.incubation.mapping.take import Context, Taker
from talik.incubation.mapping.told import Told
from talik.problems import Problem, problems_table
from talik.tables import TABLES, check, improbable, typed

MEASURED = {
    "respiration": RATES["respiration"], "release": RATES["release"], "properties": ("value",),
    "cabinets": ("temperature",), "readings": ("mole_fraction", "event", "titrant_volume"),
}  # fmt: skip
"""What a row of a table measures: without any of it there is no row."""


@dataclass(frozen=True)
class MappedTables:
    """What a mapping makes of a folder of data."""

    tables: dict[str, pd.DataFrame]
    """Tables by name, in talik's units."""
    problems: pd.DataFrame
    """What was found, as in ``talik.problems``."""
    files: tuple[Path, ...]
    """Files that were read."""


def mapped_tables(mapping: Path | str | Mapping, data: Path | str | None = None) -> MappedTables:
    r"""Read a folder of workbooks as a mapping says.

    Parameters
    ----------
    mapping : path_like or Mapping
        A mapping file, the name of an example, or a mapping.
    data : path_like, optional
        Folder of the data, or one workbook; by default the folder of the mapping file.

    Returns
    -------
    MappedTables

    Raises
    ------
    InputError, SettingsError, TableError
        With everything that is wrong in the mapping, and all columns that are not there.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> _ = (folder / "soils.csv").write_text("plot,N,E\nA1,65.9,-137.4\n")
    >>> _ = (folder / "m.toml").write_text('''[study]
    ... study = "mine"
    ... [[read]]
    ... [read.sites]
    ... site = "{plot}"
    ... latitude = "{N}"
    ... longitude = "{E}"
    ... ''')
    >>> mapped_tables(folder / "m.toml").tables["sites"][["site", "latitude"]].to_dict("records")
    [{'site': 'A1', 'latitude': 65.9}]
    """
    read = mapping if isinstance(mapping, Mapping) else load_mapping(mapping)
    folder = DataFolder(Path(data) if data is not None else _own_folder(mapping))
    told = Told(read.study.study)
    parts = _parts(read, folder, told)
    tables: dict[str, pd.DataFrame] = {}
    for name in sorted(parts, key=_order):
        frames = [_with_subjects(frame, name, tables, told) for frame in parts[name]]
        tables[name] = _table(name, frames, read, told)
    tables["studies"] = _studies(read, tables)
    logged: list[Problem] = []
    if read.readings is not None:
        from talik.incubation.mapping.logs import logged_readings

        made, logged = logged_readings(read.readings, folder, tables, told)
        tables |= made
    _tell_unused_sheets(read, folder, told)
    for name, table in tables.items():
        _tell_improbable(name, table, told)
    ordered = {name: tables[name] for name in (*TABLES, "ports") if name in tables}
    return MappedTables(ordered, problems_table([*told.problems(), *logged]), mapped_files(read, folder.path))


def mapped_files(mapping: Path | str | Mapping, data: Path | str | None = None) -> tuple[Path, ...]:
    """Files of the data that a mapping reads, without reading them.

    Parameters
    ----------
    mapping, data
        As in `mapped_tables`.

    Returns
    -------
    tuple of Path

    Raises
    ------
    InputError, SettingsError
        Where the mapping has mistakes, or a file is not there.
    """
    read = mapping if isinstance(mapping, Mapping) else load_mapping(mapping)
    folder = DataFolder(Path(data) if data is not None else _own_folder(mapping))
    named = [(part.file, f"read {number}") for number, part in enumerate(read.read, 1)]
    named += [(read.readings.files, "readings")] if read.readings is not None else []
    return tuple(dict.fromkeys(file for name, where in named for file in folder.files(name, where)))


def _own_folder(mapping: Path | str | Mapping) -> Path:
    if isinstance(mapping, Mapping):
        return Path()
    return mapping_file(mapping).parent


def _parts(mapping: Mapping, folder: DataFolder, told: Told) -> dict[str, list[pd.DataFrame]]:
    """Rows of every table from every block, or all that is wrong with the blocks."""
    parts: dict[str, list[pd.DataFrame]] = defaultdict(list)
    errors: list[TalikError] = []
    for number, read in enumerate(mapping.read, 1):
        where = f"read {number}"
        if read.doubt:
            told.tell("mapping-doubt", where, read.doubt, read.file or "", done="read as the mapping says")
        try:
            for sheet in folder.sheets(read, where):
                block = block_of(sheet, read, _needed(read), where)
                _tell_of_block(block, read, told)
                for table, frame in _frames(mapping, read, block, told):
                    parts[table].append(frame)
        except TalikError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        offenders = [one for error in errors for one in error.offenders]
        raise TableError("\n".join(dict.fromkeys(str(error) for error in errors)), offenders)
    return parts


def _needed(read: Read) -> set[str]:
    """Columns that the tables take of a block."""
    taken = {name for values in read.takes().values() for value in values.values() for name in value.sources()}
    for name, column in read.property_columns().items():
        taken |= {name, *(part for part in (column.sd, column.n) if isinstance(part, str))}
    return taken


def _tell_of_block(block: Block, read: Read, told: Told) -> None:
    file = Path(block.sheet.file).name
    where = f"{file}, {block.sheet.name}"
    for oddity in block.sheet.odd:
        told.tell("text-repaired", file, oddity, file, done="read")
    for note in block.notes:
        told.tell("row-note", where, note, where, done="passed over as a note")
    for name, own in block.forgiven.items():
        told.tell("header-repaired", where, f"{own!r}", where, needed=f"{name!r}", done="taken as the same")
    for name in unused_columns(block, _needed(read), read):
        told.tell("column-unused", name, "a column that no table takes", where, done="not read")


def _frames(mapping: Mapping, read: Read, block: Block, told: Told) -> Iterator[tuple[str, pd.DataFrame]]:
    for table, values in read.takes().items():
        context = Context(
            block, table, values, told, (*mapping.missing, *read.missing), mapping.decimal or "", mapping.timezone
        )
        made = {name: Taker(context, name, value).taken() for name, value in values.items()}
        rows = pd.DataFrame(made, index=range(len(block)))
        rows[PLACE] = [block.place("row", at) for at in range(len(block))]
        if table == "properties" and read.property_columns():
            rows = pd.concat([_property(context, read, name, rows) for name in read.property_columns()])
        yield table, _filled(table, rows.assign(**{JOINS: table in read.joins}), told)


def _property(context: Context, read: Read, name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table ``properties`` from one column of the sheet."""
    column = read.property_columns()[name]
    made = rows.assign(property=column.property, group=column.group, subgroup=column.subgroup, unit=column.unit)
    sources: dict[str, dict] = {"value": {"column": name, "part": column.part, "map": column.map}}
    if column.sd is not None:
        sources["sd"] = {"column": column.sd}
    if column.n is not None:
        sources["n"] = {"column": column.n} if isinstance(column.n, str) else {"value": column.n}
    taken = {key: Taker(context, key, _value(parts)).taken() for key, parts in sources.items()}
    places = [context.block.place(name, at) for at in range(len(context.block))]
    return made.assign(**taken, **{PLACE: places})


def _value(parts: dict):
    from talik.incubation.mapping.schema import Value

    return Value(**parts)


def _filled(table: str, rows: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Rows that have a name and, in a table of measurements, a value."""
    key = [name for name in TABLES[table].key if name in rows] if table in TABLES else ["port", "jar"]
    names = [name for name in key if name not in ("time", "temperature", "gas", "property", "subject")]
    named = np.ones(len(rows), dtype=bool)
    for name in names:
        named &= (rows[name] != "").to_numpy()
    measures = [name for name in MEASURED.get(table, ()) if name in rows]
    measured = np.zeros(len(rows), dtype=bool) if measures else np.ones(len(rows), dtype=bool)
    for name in measures:
        measured |= (rows[name].notna() & (rows[name] != "")).to_numpy()
    for at in np.flatnonzero(~named & measured):
        told.tell("row-empty", table, f"no {listed(names)}", rows[PLACE].iloc[at], done="no row was made")
    for at in np.flatnonzero(named & ~measured):
        told.tell("row-empty", table, f"no {listed(measures)}", rows[PLACE].iloc[at], done="no row was made")
    return rows[named & measured]


def _table(name: str, frames: list[pd.DataFrame], mapping: Mapping, told: Told) -> pd.DataFrame:
    rows = _of_study(name, merged(name, [_with_gas(name, frame) for frame in frames], told), mapping)
    if name == "ports":
        return rows.drop(columns=PLACE)
    rows = _timed(name, rows, told)
    if name == "q10":
        rows = _with_reason(rows)
    # The index is what a message calls the line of a row.
    return check(name, rows.set_index(PLACE), source=f"{mapping.study.study}, {name}")


def _with_reason(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table ``q10`` that say why they have no value."""
    flag = rows["flag"] if "flag" in rows else pd.Series("", index=rows.index)
    return rows.assign(flag=flag.where(rows["q10"].notna(), "no value: " + flag).str.removesuffix(": "))


def _with_gas(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of measurements with their gas, CO2 unless they say otherwise."""
    if name not in ("respiration", "release"):
        return rows
    gas = rows["gas"] if "gas" in rows else pd.Series("", index=rows.index)
    return rows.assign(gas=gas.where(gas != "", "co2"))


def _of_study(name: str, rows: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """Rows with the study of the mapping, unless they name another."""
    if name in ("studies", "ports", "cabinets"):
        return rows
    own = rows["study"] if "study" in rows else pd.Series("", index=rows.index)
    return rows.assign(study=own.where(own != "", mapping.study.study))


def _timed(name: str, rows: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Rows that have all numbers without which they say nothing."""
    needed = [c.name for c in TABLES[name].columns if c.required and c.kind == "number" and c.name in rows]
    lost = rows[needed].isna().any(axis=1)
    for _, row in rows[lost].iterrows():
        missing = [column for column in needed if np.isnan(row[column])]
        told.tell("row-empty", name, f"no {listed(missing)}", row[PLACE], done="no row was made")
    return rows[~lost]


def _studies(mapping: Mapping, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The study of the mapping, where rows belong to it, and those that blocks give."""
    own = pd.DataFrame([mapping.study.model_dump()])
    given = tables.get("studies")
    if given is None:
        return typed("studies", own)
    named = {
        study for name, table in tables.items() if name != "studies" and "study" in table for study in table["study"]
    }
    needed = mapping.study.study in named and mapping.study.study not in set(given["study"])
    return typed("studies", pd.concat([own, given])) if needed else given


def _order(name: str) -> int:
    """Tables that others join to come first."""
    return ("sites", "samples", "jars").index(name) if name in ("sites", "samples", "jars") else 3


def _with_subjects(rows: pd.DataFrame, name: str, tables: dict[str, pd.DataFrame], told: Told) -> pd.DataFrame:
    """Properties whose sample or site is there; other tables as they are."""
    if name != "properties":
        return rows
    known = {(kind, key) for kind in ("sample", "site") if f"{kind}s" in tables for key in tables[f"{kind}s"][kind]}
    joins = np.array([pair in known for pair in zip(rows["subject"], rows["id"], strict=True)], dtype=bool)
    for _, row in rows[~joins].drop_duplicates(["subject", "id"]).iterrows():
        rule = "row-unjoined" if row[JOINS] else "properties-unused"
        told.tell(rule, name, f"{row['subject']} {row['id']!r} is not there", row[PLACE], done="left out")
    return rows[joins].assign(**{JOINS: False})


def _tell_unused_sheets(mapping: Mapping, folder: DataFolder, told: Told) -> None:
    used = {(file, sheet.name) for file, sheet in _used(mapping, folder)}
    for file, sheets in folder.read.items():
        for sheet in sheets:
            if (file, sheet.name) not in used:
                told.tell("column-unused", f"{file.name}, {sheet.name}", "a sheet that no block reads", file.name,
                          done="not read")  # fmt: skip
    for file in folder.workbooks():
        if file not in folder.read and file.suffix.lower() != ".txt":
            told.tell("column-unused", file.name, "a file that no block reads", file.name, done="not read")


def _used(mapping: Mapping, folder: DataFolder):
    for number, read in enumerate(mapping.read, 1):
        for sheet in folder.sheets(read, f"read {number}"):
            yield Path(sheet.file), sheet


def _tell_improbable(name: str, table: pd.DataFrame, told: Told) -> None:
    """Improbable values of tables that the checks of measurements do not see."""
    if name != "q10":
        return
    for column, found in improbable(name, table):
        told.tell("improbable", f"{name}, {column}", found, name, needed="a plausible value", done="kept")
