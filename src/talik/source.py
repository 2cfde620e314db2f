"""Where the measurements of a study come from: one record for every kind of source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

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

    def read(self) -> Measurements:
        """The measurements, checked."""
        return SOURCES[self.kind].read(self)

    def files(self) -> list[Path]:
        """Every file that the measurements depend on."""
        return sorted(path for path in SOURCES[self.kind].files(self) if path.is_file())

    @property
    def folder(self) -> Path:
        """Folder that the names of the files count from."""
        return self.path if self.path.is_dir() else self.path.parent


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

    return read_tables(source.path)


SOURCES = {
    "sidb": SourceKind("a folder of entries of the Soil Incubation Database", _read_sidb, _sidb_files),
    "tables": SourceKind(
        "a folder of talik's own tables as CSV", _read_tables, lambda source: source.path.glob("*.csv")
    ),
}
"""Every kind of source by the word that names it in ``[source]``."""
