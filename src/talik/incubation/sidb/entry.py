"""The three files of one SIDb entry, read whatever their state."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from talik.errors import InputError, TalikError, itemised, listed
from talik.problems import Problem, problem
from talik.textfile import Text, read_text

DEEPEST = 12
"""Metadata nested deeper than this are not an SIDb entry."""


@dataclass(frozen=True)
class Entry:
    """An entry as it stands on disk: nothing decided, nothing corrected."""

    name: str
    """Name of the folder."""
    metadata: dict[str, Any]
    """``metadata.yaml``."""
    series: pd.DataFrame
    """``timeSeries.csv``: the first column is time, then one column a series. Plain text."""
    initial: pd.DataFrame
    """``initConditions.csv``: one row a soil. Plain text."""
    problems: tuple[Problem, ...] = field(default=())
    """What had to be repaired to read the files."""


class _Loader(yaml.SafeLoader):
    """The safe loader, without aliases (nothing in an entry needs one, a bomb does)."""

    def compose_node(self, parent, index):
        self.depth = getattr(self, "depth", 0) + 1
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        if self.depth > DEEPEST:
            raise yaml.YAMLError(f"nested deeper than {DEEPEST}")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def find_entries(path: Path | str) -> list[Path]:
    """Folders of the entries at a path: the folder itself, or those within.

    Raises
    ------
    InputError
        Where the path is not a folder, or holds no entry.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(path)])
    if not path.is_dir():
        raise InputError(
            f"{path} is a file; an SIDb entry is a folder with metadata.yaml, timeSeries.csv and initConditions.csv.",
            [str(path)],
        )
    entries = _entries_in(path)
    if not entries:
        inside = sorted(item.name for item in path.iterdir())
        raise InputError(
            f"{path} holds no SIDb entry: neither it nor a folder in it has a metadata.yaml. "
            f"Found: {listed(inside) or 'nothing'}. Name the folder of the entries (in SIDb it is 'data').",
            [str(path)],
        )
    return entries


def has_entries(path: Path) -> bool:
    """Whether a folder is an SIDb entry or holds some."""
    return bool(_entries_in(path))


def _entries_in(path: Path) -> list[Path]:
    if _metadata_file(path):
        return [path]
    # The database keeps its entries in data/, so its own folder will do as well.
    for folder in (path, path / "data"):
        found = (
            sorted(one for one in folder.iterdir() if one.is_dir() and _metadata_file(one)) if folder.is_dir() else []
        )
        if found:
            return found
    return []


def _metadata_file(folder: Path) -> Path | None:
    return next((folder / name for name in ("metadata.yaml", "metadata.yml") if (folder / name).is_file()), None)


def read_entries(path: Path | str) -> list[Entry]:
    """Every entry at a path, or one error that names all that cannot be read."""
    entries, errors, offenders = [], [], []
    for folder in find_entries(path):
        try:
            entries.append(read_entry(folder))
        except TalikError as error:
            errors.append(str(error))
            offenders.append(folder.name)
    if errors:
        count = f"{len(errors)} {'entry' if len(errors) == 1 else 'entries'} cannot be read"
        raise InputError(f"{count}; mend the files or move the folders away:\n{itemised(errors)}", offenders)
    return entries


def read_entry(folder: Path) -> Entry:
    """One entry.

    Parameters
    ----------
    folder : Path
        Folder with the three files; without ``initConditions.csv`` no soil properties are known.

    Returns
    -------
    Entry

    Raises
    ------
    InputError
        Where a file is missing, empty, binary, or not what its name says.
    """
    problems: list[Problem] = []
    metadata_text = read_text(_metadata_file(folder) or folder / "metadata.yaml")
    metadata = _metadata(metadata_text)
    series_text = read_text(folder / "timeSeries.csv")
    series, blank = _csv(series_text)
    problems += _repairs(folder.name, metadata_text) + _repairs(folder.name, series_text, blank)
    initial = pd.DataFrame()
    if (folder / "initConditions.csv").is_file():
        initial_text = read_text(folder / "initConditions.csv")
        initial, blank = _csv(initial_text)
        problems += _repairs(folder.name, initial_text, blank)
    return Entry(folder.name, metadata, series, initial, tuple(problems))


def _metadata(text: Text) -> dict[str, Any]:
    try:
        loaded = yaml.load(text.content, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{text.path} is not YAML{where}: {error.problem}.", [str(text.path)]) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{text.path} is not YAML that talik reads: {error}.", [str(text.path)]) from None
    missing = [part for part in ("siteInfo", "incubationInfo", "variables") if not _is_filled(loaded, part)]
    if missing:
        raise InputError(
            f"{text.path} is not the metadata of an SIDb entry: {listed(missing)} missing. "
            "Needed are siteInfo, incubationInfo and variables.",
            [str(text.path)],
        )
    return loaded


def _is_filled(metadata: object, part: str) -> bool:
    return isinstance(metadata, dict) and isinstance(metadata.get(part), dict)


def _refuse_long_rows(text: Text) -> None:
    """Refuse rows with more cells than the header: their values would stand under other names."""
    rows = list(csv.reader(io.StringIO(text.content)))
    width = len(rows[0]) if rows else 0
    long = [str(line) for line, row in enumerate(rows, 1) if any(cell.strip() for cell in row[width:])]
    if long:
        raise InputError(
            f"{text.path} has more cells than headers in {'lines' if len(long) > 1 else 'line'} {listed(long)}: "
            f"{width} headers. A decimal comma that is not in quotes, or a missing header? Mend the file.",
            [str(text.path)],
        )


def _csv(text: Text) -> tuple[pd.DataFrame, int]:
    """A table of plain text, and how many blank rows it had."""
    _refuse_long_rows(text)
    try:
        table = pd.read_csv(
            io.StringIO(text.content), dtype=str, keep_default_na=False, skip_blank_lines=False,
            index_col=False, on_bad_lines="error",
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{text.path} is not a table: {str(error).strip()}.", [str(text.path)]) from None
    table = table.map(lambda cell: cell.strip() if isinstance(cell, str) else "")
    filled = (table != "").any(axis=1)
    # One line feed at the end of a CR-only file makes one empty row: nobody's mistake worth telling.
    blank = int((~filled).sum()) - int(len(filled) > 0 and not filled.iloc[-1])
    unnamed = [c for c in table.columns if str(c).startswith("Unnamed") and not (table[c] != "").any()]
    return table.loc[filled].drop(columns=unnamed).reset_index(drop=True), max(blank, 0)


def _repairs(entry: str, text: Text, blank: int = 0) -> list[Problem]:
    repairs = [*text.repairs, *([f"{blank} blank rows"] if blank else [])]
    if not repairs:
        return []
    return [
        problem(
            "text-repaired", stage="survey", entry=entry, where=text.path.name,
            found="; ".join(repairs), needed="UTF-8 and line feeds", done="read as clean text",
        )
    ]  # fmt: skip
