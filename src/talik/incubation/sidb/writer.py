"""Tables of talik to SIDb entries, and what an entry cannot hold."""

import csv
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from talik.errors import StoreError, TableError, TalikError, itemised, listed
from talik.incubation.checks import checked, refuse_broken_keys
from talik.incubation.measurements import Measurements, joined
from talik.incubation.sidb.columns import as_number
from talik.incubation.sidb.corrections import NO_CORRECTIONS
from talik.incubation.sidb.difference import differences
from talik.incubation.sidb.entry import read_entry
from talik.incubation.sidb.reader import read_one
from talik.incubation.sidb.written_series import (
    WrittenSeries,
    has_spread,
    spread_name,
    time_table,
    written_series,
)
from talik.incubation.sidb.written_soils import Soils, described_soils, jar_fields, site_info, unique_names
from talik.problems import Problem, problem, problems_table
from talik.tables import TABLES

_NOT_A_NAME = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')


def write_sidb(measurements: Measurements, folder: Path | str) -> pd.DataFrame:
    """Write one SIDb entry for each study.

    An entry is a folder with ``metadata.yaml``, ``timeSeries.csv`` and ``initConditions.csv``. Each is read
    again before anything is moved into place: what does not come back the same, to nine digits and but for
    names that follow from the folder, is told. Either all entries are written or none.

    Parameters
    ----------
    measurements : Measurements
        What ``read_sidb``, ``read_tables`` or another reader gives.
    folder : path_like
        Folder of the entries, made where it is not there. An entry that is there already is not replaced.

    Returns
    -------
    DataFrame
        What SIDb cannot hold, as problems (rule ``not-held``); empty where read, write, read is the same. A
        warning lost something, an info only has it otherwise.

    Raises
    ------
    TableError
        Where the tables do not fit together.
    StoreError
        Where the folder cannot be written, or an entry is there already.

    Notes
    -----
    A column of SIDb has one temperature and one gas: a jar warmed in steps becomes a column for each step. Who
    entered the data, when, and whom to ask stay empty, to be filled by hand.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from talik import read_tables
    >>> from talik.new import write_templates
    >>> folder = Path(mkdtemp())
    >>> _ = write_templates(folder / "study")
    >>> told = write_sidb(read_tables(folder / "study" / "tables"), folder / "entries")
    >>> sorted(file.name for file in folder.glob("entries/*/*"))
    ['initConditions.csv', 'metadata.yaml', 'timeSeries.csv']
    """
    folder = Path(folder)
    refuse_broken_keys(measurements)
    entries = _entries(measurements)
    there = [entry.name for entry in entries if (folder / entry.name).exists()]
    if there:
        raise StoreError(
            f"{folder} holds {listed(there)} already, and entries are not replaced. Name another folder, or move "
            f"{'them' if len(there) > 1 else 'it'} away.",
            there,
        )
    try:
        return problems_table([*_of_no_study(measurements, entries), *_written(entries, folder)])
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror or error}. Nothing was kept.", [str(folder)]
        ) from None


@dataclass(frozen=True)
class _NewEntry:
    """An entry to be written."""

    name: str
    """Name of its folder."""
    measured: Measurements
    """Tables of its study."""
    soils: Soils
    """How its soils are described."""
    series: list[WrittenSeries]
    """Its columns."""
    jars: dict[str, dict[str, Any]]
    """Fields of its jars."""


def _entries(measured: Measurements) -> list[_NewEntry]:
    studies = list(measured.studies["study"])
    folders = unique_names([_folder_name(study) for study in studies], "")
    if len(folders) < len(studies):
        raise TableError(
            f"studies have names that are the same folder: {listed(studies)}. Give them other names.", studies
        )
    return [_entry(_of_study(measured, study), study, _folder_name(study)) for study in studies]


def _folder_name(study: str) -> str:
    """A study's name as the name of a folder on any system."""
    return _NOT_A_NAME.sub("_", study).strip(" .") or "study"


def _of_study(measured: Measurements, study: str) -> Measurements:
    """Rows of one study and those that they join to, without treatments that only others have."""

    def rows(table: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
        return table[chosen].reset_index(drop=True)

    jars = rows(measured.jars, measured.jars["study"] == study)
    samples = rows(
        measured.samples, (measured.samples["study"] == study) | measured.samples["sample"].isin(jars["sample"])
    )
    sites = rows(measured.sites, (measured.sites["study"] == study) | measured.sites["site"].isin(samples["site"]))
    properties = measured.properties
    described = properties["id"].where(properties["subject"] == "sample").isin(samples["sample"]) | properties[
        "id"
    ].where(properties["subject"] == "site").isin(sites["site"])
    return Measurements(
        studies=rows(measured.studies, measured.studies["study"] == study), sites=sites,
        samples=_without_empty("samples", samples), properties=rows(properties, described),
        jars=_without_empty("jars", jars),
        respiration=rows(measured.respiration, measured.respiration["jar"].isin(jars["jar"])),
        problems=rows(measured.problems, measured.problems["entry"] == study),
    )  # fmt: skip


def _of_no_study(measured: Measurements, entries: Sequence[_NewEntry]) -> Iterator[Problem]:
    """Rows that belong to none of the studies, so to none of the entries."""
    keys = {"sites": ["site"], "samples": ["sample"], "properties": ["subject", "id"], "jars": ["jar"]}
    for name, key in keys.items():
        table = getattr(measured, name)
        parts = [getattr(entry.measured, name)[key] for entry in entries] or [table[key].iloc[:0]]
        kept = pd.MultiIndex.from_frame(pd.concat(parts))
        lost = table[~pd.MultiIndex.from_frame(table[key]).isin(kept)]
        if len(lost):
            yield problem(
                "not-held", stage="survey", where=name, column=" ".join(lost[key].iloc[0]),
                found=f"{len(lost)} of {len(table)} rows join to no study", needed="a study, a sample or a site",
                done="left out",
            )  # fmt: skip


def _without_empty(name: str, table: pd.DataFrame) -> pd.DataFrame:
    own = {column.name for column in TABLES[name].columns}
    return table[[column for column in table if column in own or (table[column] != "").any()]]


def _entry(measured: Measurements, study: str, name: str) -> _NewEntry:
    soils = described_soils(measured, study)
    of_jars = jar_fields(measured.jars)
    names = unique_names(list(measured.jars["jar"]), study)
    series = written_series(measured.jars, measured.respiration, names, of_jars)
    return _NewEntry(name, measured, soils, series, of_jars)


def _written(entries: Sequence[_NewEntry], folder: Path) -> list[Problem]:
    """Write all entries beside the folder, read them again, then move them into place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    moved: list[Path] = []
    try:
        again = checked(joined([_write_and_read(entry, beside / entry.name) for entry in entries]))
        found = [one for entry in entries for one in _compared(entry, _of_study(again, entry.name))]
        folder.mkdir(exist_ok=True)
        for entry in entries:
            (beside / entry.name).rename(folder / entry.name)
            moved.append(folder / entry.name)
        return found
    except BaseException:
        for path in moved:
            shutil.rmtree(path, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write_and_read(entry: _NewEntry, folder: Path) -> Measurements:
    folder.mkdir()
    _write(entry, folder)
    try:
        again = read_one(read_entry(folder), NO_CORRECTIONS)
        refuse_broken_keys(again)
    except TalikError as error:
        raise TableError(
            f"{entry.name} cannot be written as an SIDb entry, because it would not read again:\n"
            f"{itemised(str(error).splitlines())}",
            [entry.name],
        ) from None
    return again


def _compared(entry: _NewEntry, again: Measurements) -> list[Problem]:
    """What an entry lacks of its study."""
    study = entry.measured.studies["study"].iloc[0]
    sites = {site: name if name == entry.name else f"{entry.name} {name}" for site, name in _places(entry).items()}
    jars: dict[str, str] = {}
    for one in entry.series:
        jars.setdefault(one.jar, f"{entry.name} {one.name}")
    told = [] if study == entry.name else [_renamed(study, entry.name)]
    return [*told, *_parted(entry, study), *differences(entry.measured, again, sites, jars)]


def _places(entry: _NewEntry) -> dict[str, str]:
    of_samples = {
        site: entry.soils.fields[sample]["site"]
        for sample, site in zip(entry.measured.samples["sample"], entry.measured.samples["site"], strict=True)
        if sample in entry.soils.fields
    }
    return of_samples | entry.soils.places


def _renamed(study: str, name: str) -> Problem:
    return problem(
        "not-held", stage="survey", severity="info", entry=study, where="studies", column="study", found=study,
        needed="the name of a folder", done=f"written as {name}",
    )  # fmt: skip


def _parted(entry: _NewEntry, study: str) -> list[Problem]:
    """Jars that became several columns."""
    counts = pd.Series([one.jar for one in entry.series]).value_counts()
    several = list(counts.index[counts > 1])
    if not several:
        return []
    return [
        problem(
            "not-held", stage="incubation", entry=study, where="jars", column=listed(several, 2),
            found=f"{len(several)} jars with several temperatures or gases", needed="one of each for a column of SIDb",
            done="a column for each; that they are the same jar is lost",
        )
    ]  # fmt: skip


class _Dumper(yaml.SafeDumper):
    """The safe dumper, which writes a repeated value again instead of an alias."""

    def ignore_aliases(self, data):  # noqa: ARG002
        return True


def _write(entry: _NewEntry, folder: Path) -> None:
    text = yaml.dump(_metadata(entry), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    (folder / "metadata.yaml").write_text(text, encoding="utf-8", newline="\n")
    _write_csv(time_table(entry.series), folder / "timeSeries.csv")
    initial = entry.soils.initial
    _write_csv(initial if len(initial.columns) else pd.DataFrame(columns=["site"]), folder / "initConditions.csv")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([_cell(value) for value in row] for row in table.itertuples(index=False))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else repr(float(value))
    return str(value)


def _metadata(entry: _NewEntry) -> dict[str, Any]:
    study = entry.measured.studies.iloc[0]
    jars = entry.measured.jars
    units = sorted(set(jars["moisture_unit"]) - {""})
    longest = max((float(one.time.max()) for one in entry.series if one.time.size), default=None)
    return {
        "citationKey": study["citation"] or entry.name, "doi": study["doi"] or None, "entryAuthor": None,
        "entryCreationDate": None, "contactName": None, "contactEmail": None, "entryNote": study["note"] or None,
        "study": study["title"] or None,
        "siteInfo": site_info(entry.measured.sites, entry.soils.places),
        "incubationInfo": {
            "incDesc": f"Incubation of {len(jars)} jars" if len(jars) else None,
            "depthInfo": dict.fromkeys(("top", "bottom", "midDepth", "surfaceAtm", "horizon")),
            "temperature": None, "moisture": {"value": None, "units": units[0] if units else None}, "anaerobic": None,
            "gasMeasured": None, "replicates": {"value": None, "type": None}, "incubationTime": longest,
            "preincubationTime": None,
            "samplePreparation": {
                "intactCore": None, "sieving": _sieving(jars), "rootPicking": None, "rockPicking": None,
            },
            "gasAnalyzer": None,
        },
        "variables": _variables(entry),
    }  # fmt: skip


def _sieving(jars: pd.DataFrame) -> str | float | None:
    """Mesh that all soils of a study were sieved through, as the entry has it. [mm]"""
    said = set(jars.get("sieving", pd.Series(dtype="str"))) - {""}
    if len(said) != 1:
        return None
    (mesh,) = said
    return as_number(mesh) if mesh.endswith(" mm") else mesh


def _variables(entry: _NewEntry) -> dict[str, Any]:
    described: list[Mapping[str, Any]] = [{"name": "time", "units": "d"}]
    sample_of = dict(zip(entry.measured.jars["jar"], entry.measured.jars["sample"], strict=True))
    for one in entry.series:
        own = entry.soils.fields[sample_of[one.jar]] | entry.jars[one.jar] | one.fields
        shared = {"statistic": None, "primaryVariableName": None}
        described.append({"name": one.name, "varDesc": own.pop("varDesc")} | own | shared)
        if has_spread(one):
            spread = {"statistic": "SD", "primaryVariableName": one.name}
            name = spread_name(one, entry.series)
            described.append({"name": name, "varDesc": f"Standard deviation of {one.name}"} | own | spread)
    return {f"V{i + 1}": dict(fields) for i, fields in enumerate(described)}
