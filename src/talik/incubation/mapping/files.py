"""The files of a data folder that a mapping names."""

from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from talik.errors import InputError, listed
from talik.incubation.mapping.schema import Read
from talik.incubation.sheets.grid import Sheet, read_workbook

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".txt")
"""Endings of files that may hold a table."""

MOST_FILES = 5000
"""Most files that one name may match."""


@dataclass
class DataFolder:
    """A folder of workbooks, each read once."""

    path: Path
    """The folder, or one workbook."""
    read: dict[Path, tuple[Sheet, ...]] = field(default_factory=dict)
    """Sheets of the files read so far."""

    def workbooks(self) -> list[Path]:
        """Files of the folder that may hold a table."""
        if self.path.is_file():
            return [self.path]
        if not self.path.is_dir():
            raise InputError(
                f"{self.path} is not there. Name the folder of the data; relative paths count from {Path.cwd()}.",
                [str(self.path)],
            )
        return sorted(file for file in self.path.iterdir() if file.is_file() and file.suffix.lower() in WORKBOOKS)

    def files(self, name: str | None, where: str) -> list[Path]:
        """Files that a mapping names: a path or a glob in the folder, or its only workbook."""
        found = self.workbooks()
        if name is None:
            if len(found) != 1:
                raise InputError(
                    f"{where}: {self.path} holds {len(found)} workbooks ({listed([f.name for f in found]) or 'none'}); "
                    'name one with file = "...".',
                    [where],
                )
            return found
        if self.path.is_file():
            chosen = found if fnmatch(self.path.name, PurePosixPath(name).name) else []
        else:
            chosen = self._matching(name, where)
        if not chosen:
            raise InputError(
                f"{where}: no file in {self.path} is called {name!r}. "
                f"Found are: {listed([file.name for file in found], 30)}.",
                [where],
            )
        return chosen

    def _matching(self, name: str, where: str) -> list[Path]:
        pattern = PurePosixPath(name.replace("\\", "/"))
        if pattern.is_absolute() or ".." in pattern.parts or not pattern.parts or "\0" in name:
            raise InputError(f"{where}: {name!r} must lie within {self.path}.", [where])
        exact = self.path / pattern
        if _is_file(exact):
            return [exact]
        if pattern.parts.count("**") > 1:
            raise InputError(f"{where}: {name!r} has more than one '**'.", [where])
        try:
            chosen = sorted(file for file in self.path.glob(str(pattern)) if file.is_file())
        except (ValueError, NotImplementedError, OSError, IndexError):
            return []
        if len(chosen) > MOST_FILES:
            raise InputError(f"{where}: {name!r} matches {len(chosen)} files; at most {MOST_FILES} are read.", [where])
        return chosen

    def sheets(self, read: Read, where: str) -> list[Sheet]:
        """Sheets that a block of a mapping stands on."""
        return [sheet for file in self.files(read.file, where) for sheet in self._of_file(file, read, where)]

    def _of_file(self, file: Path, read: Read, where: str) -> list[Sheet]:
        if file not in self.read:
            self.read[file] = read_workbook(file)
        sheets = self.read[file]
        if read.sheet is None and len(sheets) > 1:
            raise InputError(
                f"{where}: {file.name} has {len(sheets)} sheets ({listed([s.name for s in sheets])}); name one with "
                'sheet = "...".',
                [where],
            )
        chosen = [sheet for sheet in sheets if read.sheet in (None, sheet.name)]
        chosen = chosen or [sheet for sheet in sheets if fnmatch(sheet.name.strip(), str(read.sheet).strip())]
        if not chosen:
            raise InputError(
                f"{where}: {file.name} has no sheet {read.sheet!r}. Found are: {listed([s.name for s in sheets])}.",
                [where],
            )
        return chosen


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
