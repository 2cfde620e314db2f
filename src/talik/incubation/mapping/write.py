"""A talik study folder made of a folder of workbooks, by a mapping."""

import json
import shutil
from collections.abc import Mapping as Mapped
from pathlib import Path

import pandas as pd

from talik.errors import StoreError
from talik.incubation.lab_tables import MEASURED, measurements_of
from talik.incubation.mapping.apply import MappedTables, mapped_tables
from talik.incubation.mapping.schema import load_mapping, mapping_file
from talik.tables import TABLES, write_table
from talik.textfile import read_text


def import_study(mapping: Path | str, data: Path | str, out: Path | str) -> MappedTables:
    """Write a study folder that ``talik run`` runs: tables as CSV, problems, ``study.toml`` and the mapping.

    Parameters
    ----------
    mapping : path_like
        A mapping file, or the name of an example.
    data : path_like
        Folder of the data, or one workbook.
    out : path_like
        Folder to make; an existing one must be empty.

    Returns
    -------
    MappedTables
        What was written, with all problems that are known before anything is computed.

    Raises
    ------
    InputError, SettingsError, TableError
        With everything that is wrong in the mapping or the data.
    StoreError
        Where the folder is not empty or cannot be written.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreError(f"{out} is there already and not empty; name a new folder.", [str(out)])
    read = load_mapping(mapping)
    found = mapped_tables(read, data)
    if runs(found):
        measurements_of(found.tables, found.problems)  # refuses keys that join to nothing before anything is written
    texts = {"mapping.toml": read_text(mapping_file(mapping)).content}
    if runs(found):
        texts["study.toml"] = _study(read.study.title or read.study.study)
    _write(out, found, texts)
    return found


def runs(found: MappedTables) -> bool:
    """Whether there is something to compute from."""
    return bool(set(MEASURED) & set(found.tables))


def _study(title: str) -> str:
    printable = "".join(character for character in title if character.isprintable())
    return f'[study]\ntitle = {json.dumps(printable, ensure_ascii=False)}\nseed = 1\n\n[source]\ntables = "tables"\n'


def _write(out: Path, found: MappedTables, texts: Mapped[str, str]) -> None:
    """All files, or none."""
    partial = out.with_name(out.name + ".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "tables").mkdir(parents=True)
        for name, table in found.tables.items():
            if name in TABLES:
                write_table(table, partial / "tables" / f"{name}.csv")
        _problems(found.problems, partial / "tables" / "problems.csv")
        for name, text in texts.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
        if out.exists():
            out.rmdir()
        partial.rename(out)
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {error.strerror or error}.", [str(out)]) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _problems(problems: pd.DataFrame, path: Path) -> None:
    problems.to_csv(path, index=False, lineterminator="\n")
