"""Studies on their way into a library: read, taken apart, and their keys made unique by the study's name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from talik import store
from talik.errors import InputError, listed
from talik.incubation.measurements import Measurements
from talik.library.schema import KEPT, kept_columns
from talik.tables import TABLES, typed

KEYS = {
    "site": "sites", "sample": "samples", "core": "samples", "jar": "jars", "set": "jars", "cabinet": "jars",
}  # fmt: skip
"""Columns that name something within a study, and the table that they are taken from."""

_UNNAMED = "this study"
"""What ``read_tables`` calls a study that nothing names."""


@dataclass(frozen=True)
class Contribution:
    """One study as it goes into a library."""

    study: str
    """Its name."""
    tables: dict[str, pd.DataFrame]
    """Its tables by name, keys unique."""
    problems: pd.DataFrame
    """What was found in it."""
    kind: str
    """What it was read from: ``sidb``, ``tables``, ``run`` or another source."""
    path: str
    """Name of the folder or file that it was read from."""
    files: dict[str, str]
    """sha256 of each file, by its path within the source."""


def measured_tables(measured: Measurements) -> dict[str, pd.DataFrame]:
    """The tables that measurements hold, by name."""
    found = {field.name: getattr(measured, field.name) for field in fields(measured)}
    return {name: found[name] for name in KEPT if isinstance(found.get(name), pd.DataFrame)}


def read_contributions(path: Path | str) -> list[Contribution]:
    """Studies of a folder: SIDb entries, talik's tables, or a finished run.

    Parameters
    ----------
    path : path_like
        The folder.

    Returns
    -------
    list of Contribution

    Raises
    ------
    TalikError
        For whatever keeps any of it from being read; nothing is read in part.
    """
    path = Path(path)
    if (path / ".stages").is_dir():
        return _of_run(path)
    if (path / "jars.csv").is_file():
        from talik.incubation.lab_tables import read_tables

        return contributions(read_tables(path), kind="tables", path=path, files=path.glob("*.csv"))
    from talik.incubation.sidb import read_sidb
    from talik.incubation.sidb.entry import find_entries

    files = (file for folder in find_entries(path) for file in folder.iterdir())
    return contributions(read_sidb(path), kind="sidb", path=path, files=files)


def _of_run(path: Path) -> list[Contribution]:
    run = store.RunFolder(path)
    tables: dict[str, pd.DataFrame] = {}
    for stage in ("survey", "incubation", "flux", "pools", "temperature"):
        tables |= run.tables(stage)
    names = {field.name for field in fields(Measurements)}
    measured = Measurements(**{name: tables[name] for name in names if name in tables})
    estimates = {name: tables[name] for name in ("release", "pools", "q10")}
    files = [path / "tables" / f"{name}.csv" for name in tables if name in TABLES]
    return contributions(measured, kind="run", path=path, files=files, estimates=estimates)


def contributions(
    measured: Measurements,
    *,
    kind: str,
    path: Path,
    files: Iterable[Path],
    estimates: Mapping[str, pd.DataFrame] | None = None,
) -> list[Contribution]:
    """Measurements taken apart by study.

    Parameters
    ----------
    measured : Measurements
        What was read.
    kind : str
        What it was read from, as ``sidb`` or ``workbook``.
    path : path_like
        The folder or file.
    files : iterable of Path
        Every file that was read. One in a folder named as a study is that study's alone.
    estimates : mapping of str to DataFrame, optional
        The tables ``release``, ``pools`` and ``q10`` of a finished run. Where there are none, release and Q10
        by every definition are computed.

    Returns
    -------
    list of Contribution

    Raises
    ------
    InputError
        For a study without a name, and for entries that were left out when they were read.

    Examples
    --------
    >>> import tempfile
    >>> from talik.incubation.lab_tables import read_tables
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp()) / "study"
    >>> written = write_templates(folder)
    >>> (one,) = contributions(read_tables(folder / "tables"), kind="tables", path=folder, files=written)
    >>> one.study, one.tables["jars"]["jar"].tolist()[:2]
    ('synthetic', ['synthetic 5a', 'synthetic 5b'])
    """
    path = Path(path)
    _refuse_nameless(measured, path)
    _refuse_left_out(measured, path)
    tables = measured_tables(measured) | dict(estimates or _estimates(measured))
    digests = {file: store.digests([file])[str(file)] for file in sorted(files) if file.is_file()}
    made = []
    for study in measured.studies["study"]:
        mine = _unique(study, _of_study(study, tables))
        made.append(
            Contribution(
                study, mine, _problems_of(study, measured), kind, path.resolve().name,
                _files_of(study, path, digests, set(measured.studies["study"])),
            )
        )  # fmt: skip
    return made


def _estimates(measured: Measurements) -> dict[str, pd.DataFrame]:
    from talik.flux import release
    from talik.tables import empty
    from talik.temperature import q10

    released = release(measured.respiration)
    return {
        "release": released, "pools": empty("pools"),
        "q10": q10(measured.respiration, measured.jars, release=released),
    }  # fmt: skip


def _refuse_nameless(measured: Measurements, path: Path) -> None:
    if set(measured.studies["study"]) & {_UNNAMED, ""}:
        raise InputError(
            f"{path} names no study, and a library knows its studies by name. Give it a studies.csv with study, "
            "title, doi, citation and licence, and that name in jars.csv.",
            [str(path)],
        )


def _refuse_left_out(measured: Measurements, path: Path) -> None:
    left = measured.problems[measured.problems["rule"] == "entry-refused"]
    if len(left):
        told = [f"{row.entry}: {row.found}" for row in left.itertuples()]
        raise InputError(
            f"{path}: {len(left)} of its entries cannot be read, so nothing was added: {listed(told, 5)}. "
            "Mend them, or name the others one by one.",
            told,
        )


def _of_study(study: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The rows of a study: its jars, what they join to, and what joins to them."""
    jars = tables["jars"][tables["jars"]["study"] == study]
    samples = _mine(tables["samples"], study, "sample", jars["sample"])
    sites = _mine(tables["sites"], study, "site", samples["site"])
    described = {"sample": set(samples["sample"]), "site": set(sites["site"])}
    rows = {"studies": tables["studies"][tables["studies"]["study"] == study]}
    rows |= {"sites": sites, "samples": samples, "jars": jars}
    for name, table in tables.items():
        if name in rows:
            continue
        if name == "properties":
            belongs = [one.id in described[one.subject] for one in table[["subject", "id"]].itertuples()]
            rows[name] = table[pd.Series(belongs, index=table.index, dtype=bool)]
        else:
            key = next(key for key in ("jar", "set", "cabinet") if key in table)
            rows[name] = table[table[key].isin(jars[key])]
    return {name: _tidied(name, table.assign(study=study)) for name, table in rows.items()}


def _mine(table: pd.DataFrame, study: str, key: str, needed: pd.Series) -> pd.DataFrame:
    return table[(table["study"] == study) | table[key].isin(needed)]


def _tidied(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A table typed, without the treatments that none of its rows has."""
    table = typed(name, table)
    own = kept_columns(name)
    return table[[c for c in table if c in own or (table[c] != "").any()]]


def _unique(study: str, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables with the study's name before each key, unless all keys of a kind bear it already."""
    names = {key: _named(study, tables[home][key]) for key, home in KEYS.items()}
    made = {}
    for name, table in tables.items():
        columns = {key: [_renamed(value, names[key]) for value in table[key]] for key in KEYS if key in table}
        made[name] = table.assign(**columns)
        if name == "properties":
            pairs = zip(table["subject"], table["id"], strict=True)
            made[name] = made[name].assign(id=[_renamed(value, names[subject]) for subject, value in pairs])
    return made


def _named(study: str, values: pd.Series) -> dict[str, str]:
    present = [value for value in dict.fromkeys(values) if value]
    if all(value == study or value.startswith(f"{study} ") for value in present):
        return {value: value for value in present}
    return {value: f"{study} {value}" for value in present}


def _renamed(value: str, names: Mapping[str, str]) -> str:
    """A key under its new name; several, joined by commas, each under its own."""
    if not value or value in names:
        return names.get(value, "")
    return ", ".join(names.get(one, one) for one in value.split(", "))


def _problems_of(study: str, measured: Measurements) -> pd.DataFrame:
    """Problems of a study, and those that are of no one study of the source."""
    entry = measured.problems["entry"]
    return measured.problems[(entry == study) | ~entry.isin(measured.studies["study"])].reset_index(drop=True)


def _files_of(study: str, path: Path, digests: Mapping[Path, str], studies: set[str]) -> dict[str, str]:
    folder = path if path.is_dir() else path.parent
    return {
        file.relative_to(folder).as_posix(): digest
        for file, digest in digests.items()
        if file.parent == folder or file.parent.name == study or file.parent.name not in studies
    }
