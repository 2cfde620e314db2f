"""Questions to a library: SQL or a filter, in bounds that no question can leave."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from talik.errors import InputError, StoreError, listed
from talik.library.file import BOUNDS, WAIT, Tell, opened
from talik.library.schema import TREATMENTS
from talik.library.selection import filter_columns, filter_statement
from talik.tables import header

SECONDS = 60.0
"""A query that takes longer is stopped. [s]"""

MEMORY = 900_000_000
"""Memory of the process that runs a query. [bytes]"""

LARGEST = 200_000_000
"""A result larger than this is refused. [bytes]"""

_WORDS = {
    "statements": "one statement is needed, and there are {said}. Ask one question at a time.",
    "kind": "it is {said}, and a query of a library can only SELECT.",
    "memory": f"it needs more than {MEMORY // 10**6} MB of memory. Ask for fewer rows, or sum them up in the query.",
    "large": f"its result is larger than {LARGEST // 10**6} MB. Ask for fewer rows or columns, or sum them up.",
    "permission": "it reaches for something else than the library, and a query cannot read or write other files, "
    "settings or the network ({said}).",
    "error": "{said}",
}  # fmt: skip


def query_library(
    file: Path | str, sql: str, *, seconds: float = SECONDS, wait: float = WAIT, tell: Tell | None = None
) -> pd.DataFrame:
    """Rows that one SELECT picks from a library.

    The query runs in a process of its own, on the library opened for reading. It cannot read or write other
    files, reach the network or change settings, and is stopped when it takes too long or too much memory.

    Parameters
    ----------
    file : path_like
        The library.
    sql : str
        One SELECT statement of DuckDB on the tables of a library.
    seconds : float, default 60
        How long it may take. [s]
    wait : float, default 30
        How long to wait for a process that writes the library. [s]
    tell : callable, optional
        Told that it is waited for.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        Where the file is no library, or the query is not one SELECT, fails, or leaves its bounds.

    Examples
    --------
    >>> import tempfile
    >>> from talik.library import add_to_library
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = write_templates(folder / "study")
    >>> file = folder / "cold.duckdb"
    >>> added = add_to_library(file, folder / "study" / "tables")
    >>> query_library(file, "SELECT count(*) AS studies FROM studies").to_dict("records")
    [{'studies': 1}]
    >>> query_library(file, "SELECT * FROM read_text('/etc/hostname')")
    Traceback (most recent call last):
        ...
    talik.errors.InputError: the query was not answered: it reaches for something else than the library, ...
    """
    # The connection here keeps writers out until the other process has answered.
    with opened(file, wait=wait, tell=tell):
        kind, answer = _ask(Path(file), sql, seconds)
    if kind == "rows":
        return answer
    raise InputError(f"the query was not answered: {_WORDS[kind].format(said=_first_lines(answer))}", [sql])


def filter_library(
    file: Path | str,
    table: str,
    where: str,
    *,
    seconds: float = SECONDS,
    wait: float = WAIT,
    tell: Tell | None = None,
) -> pd.DataFrame:
    """Rows of a table that meet a condition on it and on what its rows join to.

    Parameters
    ----------
    file : path_like
        The library.
    table : str
        Name of the table.
    where : str
        A condition in SQL on the columns of the table and of its jars, samples, sites and studies, as in
        ``latitude > 60 and layer = 'permafrost'``. A treatment is ``treatments['name']``.
    seconds : float, default 60
        How long it may take. [s]
    wait : float, default 30
        How long to wait for a process that writes the library. [s]
    tell : callable, optional
        Told that it is waited for.

    Returns
    -------
    DataFrame
        The table's columns, then layer, depth and place of its soil.

    Raises
    ------
    InputError
        As for ``query_library``.

    Examples
    --------
    >>> import tempfile
    >>> from talik.library import add_to_library
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = write_templates(folder / "study")
    >>> file = folder / "cold.duckdb"
    >>> added = add_to_library(file, folder / "study" / "tables")
    >>> found = filter_library(file, "q10", "latitude > 66 and layer = 'active' and definition = 'equal-time'")
    >>> found[["layer", "t_low", "t_high", "q10"]].round(1).to_dict("records")
    [{'layer': 'active', 't_low': 5.0, 't_high': 15.0, 'q10': 2.2}]
    """
    try:
        found = query_library(file, filter_statement(table, where), seconds=seconds, wait=wait, tell=tell)
    except InputError as error:
        if "Referenced column" not in str(error):
            raise
        raise InputError(f"{error}\n  A condition on {table} may name: {listed(filter_columns(table), 90)}.") from None
    if TREATMENTS in found:
        found[TREATMENTS] = [_treatments(one) for one in found[TREATMENTS]]
    return found


def _treatments(found: Any) -> str:
    return "; ".join(f"{name} = {value}" for name, value in (found or {}).items())


def _ask(file: Path, sql: str, seconds: float) -> tuple[str, Any]:
    """Run the query in a process of its own, and end that process when it takes too long."""
    request = {
        "file": str(file.resolve()), "sql": sql, "memory": MEMORY, "seconds": seconds, "largest": LARGEST,
        "config": BOUNDS | {"temp_directory": "", "threads": "2"},
    }  # fmt: skip
    script = Path(__file__).with_name("sandbox.py")
    command = [sys.executable, "-P", "-W", "ignore", str(script)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            answer, _ = process.communicate(json.dumps(request).encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise InputError(
                f"the query was stopped after {seconds:g} s. Make it simpler, or allow more with --seconds.", [sql]
            ) from None
        except BaseException:
            process.kill()
            raise
    if process.returncode or not answer:
        return ("memory", "")
    return pickle.loads(answer)


def _first_lines(text: str) -> str:
    """What DuckDB says, without its advice on settings and its drawing of the statement."""
    lines = [line for line in text.strip().split("\n\n")[0].split("\n") if line.strip()]
    return " ".join(line.strip() for line in lines)


def write_rows(frame: pd.DataFrame, out: Path | str, *, library: Path | str) -> None:
    """Write rows as CSV or Parquet, by the ending of the name.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    out : path_like
        A name that ends in ``.csv`` or ``.parquet``.
    library : path_like
        The library that they are from, which they must not replace.

    Raises
    ------
    InputError
        For another ending.
    StoreError
        Where it cannot be written.
    """
    out = Path(out)
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"{out}: a name that ends in .csv or .parquet is needed.", [str(out)])
    if out.exists() and out.samefile(library):
        raise InputError(f"{out} is the library itself; name another file with --out.", [str(out)])
    partial = out.with_name(f".{out.name}.partial")
    try:
        if out.suffix.lower() == ".csv":
            partial.write_text(as_csv(frame), encoding="utf-8", newline="")
        else:
            _write_parquet(frame, partial)
        partial.replace(out)
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {error.strerror or error}.", [str(out)]) from None
    finally:
        partial.unlink(missing_ok=True)


def as_csv(frame: pd.DataFrame) -> str:
    """Rows as CSV; lists and maps as JSON."""
    return frame.apply(_plain).to_csv(index=False, lineterminator="\n")


def with_units(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table with units in the names of its columns, as in a file."""
    return frame.rename(columns=header)


def _plain(column: pd.Series) -> pd.Series:
    if column.dtype != object:
        return column
    return column.map(lambda one: one if one is None or isinstance(one, str) else json.dumps(one, default=_nested))


def _nested(value: Any) -> Any:
    """An array within a cell as a list; anything else as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    import duckdb

    plain = frame.apply(_plain)
    with duckdb.connect() as connection:
        connection.register("frame", plain.astype(dict.fromkeys(plain.select_dtypes("str").columns, object)))
        escaped = str(path).replace("'", "''")
        try:
            connection.execute(f"COPY frame TO '{escaped}' (FORMAT parquet)")
        except duckdb.Error as error:
            raise OSError(str(error).strip().split("\n")[0]) from None
