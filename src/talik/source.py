"""Where the measurements of a study come from: one record for every kind of source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from talik.incubation.measurements import Measurements


@dataclass(frozen=True)
class Source:
    """A source as ``study.toml`` names it."""

    kind: str
    """A name in ``SOURCES``."""
    path: Path
    """Its folder or file."""
    corrections: bool = True
    """Whether the reviewed table of corrections is applied; for SIDb."""
    data: Path | None = None
    """Folder of the data, or one workbook; for a mapping. By default the folder of the mapping."""
    where: str = ""
    """Condition that the studies meet, as in SQL; for a library. Empty for all."""
    flux: dict[str, Any] = field(default_factory=dict)
    """Settings of ``respiration``, by which rates are computed from readings."""

    def read(self) -> Measurements:
        """The measurements, checked."""
        return SOURCES[self.kind].read(self)

    def files(self) -> list[Path]:
        """Every file that the measurements depend on."""
        return sorted(path for path in SOURCES[self.kind].files(self) if path.is_file())

    def name_of(self, file: Path) -> str:
        """Name of a file, counted from the folder of the data or of the source."""
        folders = (self.path if self.path.is_dir() else self.path.parent, self.data)
        within = (folder for folder in folders if folder is not None and file != folder and file.is_relative_to(folder))
        return next((file.relative_to(folder).as_posix() for folder in within), file.name)


@dataclass(frozen=True)
class SourceKind:
    """One kind of source."""

    meaning: str
    """What it is, for the documentation."""
    read: Callable[[Source], Measurements]
    """From the source to measurements."""
    files: Callable[[Source], Iterable[Path]]
    """The files that it depends on."""


def _read_sidb(source: Source) -> Measurements:
    from talik.incubation.sidb import NO_CORRECTIONS, read_sidb

    return read_sidb(source.path, corrections=None if source.corrections else NO_CORRECTIONS)


def _sidb_files(source: Source) -> Iterable[Path]:
    from talik.incubation.sidb.entry import find_entries

    return (file for folder in find_entries(source.path) for file in folder.iterdir()) if source.path.is_dir() else ()


def _read_tables(source: Source) -> Measurements:
    from talik.incubation.lab_tables import read_tables

    return read_tables(source.path, **source.flux)


def _read_workbook(source: Source) -> Measurements:
    from talik.incubation.lab_tables import read_workbook_tables

    return read_workbook_tables(source.path, **source.flux)


def _read_mapped(source: Source) -> Measurements:
    from talik.incubation.mapping import read_mapped

    return read_mapped(source.path, source.data, **source.flux)


def _mapped_files(source: Source) -> Iterable[Path]:
    from talik.incubation.mapping.apply import mapped_files

    return (source.path, *mapped_files(source.path, source.data))


def _read_israd(source: Source) -> Measurements:
    from talik.incubation.israd import read_israd

    return read_israd(source.path)


def _read_library(source: Source) -> Measurements:
    from talik.library import read_library

    return read_library(source.path, source.where or None)


SOURCES = {
    "sidb": SourceKind("a folder of entries of the Soil Incubation Database", _read_sidb, _sidb_files),
    "tables": SourceKind("a folder of talik's own tables as CSV", _read_tables, lambda it: it.path.glob("*.csv")),
    "workbook": SourceKind("the workbook that 'talik new' writes", _read_workbook, lambda it: (it.path,)),
    "mapping": SourceKind("a mapping of any other workbooks or tables", _read_mapped, _mapped_files),
    "israd": SourceKind("a filled template of ISRaD", _read_israd, lambda it: (it.path,)),
    "library": SourceKind("studies of a library, all or those of a condition", _read_library, lambda it: (it.path,)),
}
"""Every kind of source by the word that names it in ``[source]``."""
