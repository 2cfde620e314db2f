"""A run folder: written whole or not at all, resumed, and traced. It knows tables, no science.

A stage writes beside the folder's files first, then moves them into place, and its manifest last.
What no manifest names does not count; what is there with the same key is not computed again.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from talik.errors import StoreError
from talik.problems import COLUMNS
from talik.tables import TABLES, read_table, write_table

_PARTIAL = "partial"


@dataclass(frozen=True)
class Manifest:
    """What a stage left behind."""

    key: str
    """Hash of inputs, settings and version that it was made with."""
    files: dict[str, str]
    """sha256 of each file, by its path in the run folder."""
    seconds: float
    """Time that it took. [s]"""


@dataclass(frozen=True)
class RunFolder:
    """A folder of results."""

    path: Path
    """The folder."""

    def manifest(self, stage: str) -> Manifest | None:
        """What a stage left behind; None where it never finished."""
        file = self.path / ".stages" / f"{stage}.json"
        if not file.is_file():
            return None
        try:
            return Manifest(**json.loads(file.read_text(encoding="utf-8")))
        except (json.JSONDecodeError, TypeError):
            return None

    def is_done(self, stage: str, key: str) -> bool:
        """Whether a stage is there whole, made with the same key, its files untouched."""
        found = self.manifest(stage)
        if found is None or found.key != key:
            return False
        return all(_digest(self.path / name) == digest for name, digest in found.files.items())

    def tables(self, stage: str) -> dict[str, pd.DataFrame]:
        """Tables that a stage left behind, by name.

        Raises
        ------
        StoreError
            Where the stage never finished.
        """
        found = self.manifest(stage)
        if found is None:
            raise StoreError(
                f"{self.path} holds no finished stage {stage!r}. Run it first: talik run STUDY --out {self.path}.",
                [stage],
            )
        files = [Path(name) for name in found.files]
        tables = {
            file.stem: read_table(self.path / file, file.stem)
            for file in files
            if file.suffix == ".csv" and file.stem in TABLES
        }
        if _problems_of(stage) in files:
            tables["problems"] = read_problems(self.path / _problems_of(stage))
        return tables


def _problems_of(stage: str) -> Path:
    """What one stage found; ``problems.csv`` holds what all stages found."""
    return Path(".stages") / f"{stage}-problems.csv"


def open_run(path: Path | str) -> RunFolder:
    """A run folder to write to, made where it is not there yet.

    Raises
    ------
    StoreError
        Where it cannot be written, or is a folder of something else.
    """
    path = Path(path)
    try:
        (path / ".stages").mkdir(parents=True, exist_ok=True)
        probe = path / ".stages" / ".writable"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}. Name another folder with --out.",
            [str(path)],
        ) from None
    for left in (path / ".stages").glob(f"*.{_PARTIAL}"):
        shutil.rmtree(left, ignore_errors=True)
    return RunFolder(path)


def write_stage(
    run: RunFolder,
    stage: str,
    key: str,
    tables: Mapping[str, pd.DataFrame],
    texts: Mapping[str, str],
    seconds: float,
) -> None:
    """Write all that a stage made, its manifest last.

    Parameters
    ----------
    run : RunFolder
        Where to.
    stage : str
        Name of the stage.
    key : str
        Its key.
    tables : mapping of str to DataFrame
        Tables by name, written as CSV with units in the header and as Parquet beside it.
    texts : mapping of str to str
        Further files by their path in the folder.
    seconds : float
        Time that it took. [s]
    """
    partial = run.path / ".stages" / f"{stage}.{_PARTIAL}"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        names = [*_write_tables(partial, stage, tables), *_write_texts(partial, texts)]
        (run.path / ".stages" / f"{stage}.json").unlink(missing_ok=True)
        digests = {}
        for name in names:
            target = run.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (partial / name).replace(target)
            digests[name.as_posix()] = _digest(target)
        manifest = {"key": key, "files": digests, "seconds": round(seconds, 3)}
        _write_text(run.path / ".stages" / f"{stage}.json", json.dumps(manifest, indent=1))
    except OSError as error:
        raise StoreError(
            f"{run.path} cannot be written: {error.strerror or error}. Is the disk full?", [stage]
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_tables(folder: Path, stage: str, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    names = []
    for name, table in tables.items():
        csv = _problems_of(stage) if name == "problems" else Path("tables") / f"{name}.csv"
        (folder / csv).parent.mkdir(parents=True, exist_ok=True)
        write_table(table, folder / csv)
        names.append(csv)
        if name != "problems":
            parquet = csv.with_suffix(".parquet")
            _write_parquet(table, folder / parquet)
            names.append(parquet)
    return names


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    import duckdb

    from talik.tables import header

    frame = table.rename(columns=header)
    with duckdb.connect() as connection:
        connection.register("frame", frame.astype(dict.fromkeys(frame.select_dtypes("str").columns, object)))
        quoted = str(path).replace("'", "''")
        connection.execute(f"COPY frame TO '{quoted}' (FORMAT parquet)")


def _write_texts(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _write_text(folder / name, text)
    return [Path(name) for name in texts]


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def read_problems(path: Path) -> pd.DataFrame:
    """The problems of a run, or those that came with tables."""
    found = pd.read_csv(path, dtype=str, keep_default_na=False)
    return found.reindex(columns=list(COLUMNS), fill_value="").astype("str")


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """sha256 of files, by path, in a stable order."""
    return {str(path): _digest(path) for path in sorted(paths)}


def stage_key(**parts: Any) -> str:
    """Hash of all that a stage depends on.

    Examples
    --------
    >>> stage_key(stage="flux", settings={"a": 1}) == stage_key(settings={"a": 1}, stage="flux")
    True
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def crate(title: str, licence: str, run: RunFolder, inputs: Mapping[str, str], made: Mapping[str, Any]) -> str:
    """``ro-crate-metadata.json``: inputs with sha256, settings, versions, seed and timings (RO-Crate 1.1).

    Parameters
    ----------
    title, licence : str
        Title of the study; licence of its data.
    run : RunFolder
        The folder, whose stages are listed.
    inputs : mapping of str to str
        sha256 of each input, by name.
    made : mapping
        Settings, seed and versions.

    Returns
    -------
    str
    """
    stages = {file.stem: run.manifest(file.stem) for file in sorted((run.path / ".stages").glob("*.json"))}
    files = {name: digest for found in stages.values() if found for name, digest in found.files.items()}
    parts = [{"@id": name, "@type": "File", "sha256": digest} for name, digest in sorted(files.items())]
    sources = [{"@id": f"#input/{name}", "@type": "File", "name": name, "sha256": d} for name, d in inputs.items()]
    action = {
        "@id": "#run", "@type": "CreateAction", "name": f"talik run of {title}", "instrument": {"@id": "#talik"},
        "object": [{"@id": one["@id"]} for one in sources], "result": [{"@id": one["@id"]} for one in parts],
        "seconds": {name: found.seconds for name, found in stages.items() if found},
        "settings": made["settings"], "seed": made["seed"], "versions": made["versions"],
    }  # fmt: skip
    graph = [
        {
            "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        },
        {
            "@id": "./", "@type": "Dataset", "name": title, "description": f"Results of talik for {title}",
            "license": licence, "hasPart": [{"@id": one["@id"]} for one in parts], "mentions": [{"@id": "#run"}],
        },
        {"@id": "#talik", "@type": "SoftwareApplication", "name": "talik", "version": made["versions"]["talik"]},
        action, *sources, *parts,
    ]  # fmt: skip
    return json.dumps({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}, indent=1, default=str)
