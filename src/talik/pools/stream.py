"""Pools of more soils than the memory holds: from file to file, part by part, through DuckDB on the disk."""

import csv
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from talik.errors import InputError, StoreError, TableError, listed
from talik.frames import no_rows_of, refuse_unknown
from talik.pools.soils import RATE_COLUMNS, SETS, Part
from talik.pools.table import Asked, fit_parts
from talik.tables import header, read_rows, split_header
from talik.work import Workers

MEMORY = "400MB"
"""Memory of DuckDB; what does not fit lies on the disk."""
HEAD = 1000
"""Rows that are checked before anything is fitted."""
LINE = "_line"
"""Column of the place of a row in its file."""
USED = {
    "respiration": (
        "jar", "time_start", "time_end", "time", "temperature", "gas", *dict.fromkeys(RATE_COLUMNS.values()), "sd", "n",
    ),
    "jars": (
        "study", "jar", "sample", "set", "organic_carbon", "basis", "measures", "scale", "excluded",
    ),
}  # fmt: skip
"""Columns that the fits need, of each table."""

KEYS = ("jar", "set")
"""Columns by which the tables are joined and cut."""

Connection = Any


@dataclass(frozen=True)
class Streamed:
    """What was fitted."""

    sets: int
    """Sets of jars."""
    parts: int
    """Parts that they were cut into."""
    rows: int
    """Rows of the ``pools`` table."""


def stream_pools(
    respiration: Path | str,
    jars: Path | str,
    out: Path | str,
    *,
    asked: Asked = Asked(),  # noqa: B008
    workers: int = 1,
    scheduler: str | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Streamed:
    """Fit pool models to every set of jars, from file to file, as `talik.fit_pools` does from table to table.

    The rows are sorted by set on the disk, beside the file that is written, and fitted in parts; the numbers are those
    of `talik.fit_pools` to the last bit. The file is written whole or not at all.

    Parameters
    ----------
    respiration, jars : path_like
        The tables of these names, as .csv or .parquet with units in the header; every jar has a set.
    out : path_like
        The ``pools`` table to write: a name that ends in .csv or .parquet.
    asked : Asked
        Models, gas and confidence.
    workers, scheduler
        As in `talik.work.each`.
    tell : callable, optional
        Told after each part how many of how many are done.

    Returns
    -------
    Streamed

    Raises
    ------
    InputError, TableError, UnitError
        For files that cannot be read, and rows at fault.
    StoreError
        Where nothing can be written.
    """
    import duckdb

    team, out = Workers(workers, scheduler), Path(out)
    files = {"respiration": Path(respiration), "jars": Path(jars)}
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"{out}: a name that ends in .csv or .parquet is needed.", [str(out)])
    if out.exists() and any(file.exists() and out.samefile(file) for file in files.values()):
        raise InputError(f"{out} is one of the tables that are read; name another file with --out.", [str(out)])
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
            with duckdb.connect(str(Path(folder) / "parts.duckdb")) as connection:
                connection.execute(f"SET memory_limit = '{MEMORY}'; SET threads = 1; SET enable_progress_bar = false")
                counts = _load(connection, files)
                _refuse_other_gases(connection, asked.gas)
                streamed = _fit(connection, files, counts, asked, team, Path(folder) / out.name, tell)
            (Path(folder) / out.name).replace(out)
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {error.strerror or error}.", [str(out)]) from None
    except duckdb.Error as error:
        raise StoreError(f"{out} cannot be written: {_first_line(error)}.", [str(out)]) from None
    return streamed


def _fit(
    connection: Connection, files: dict[str, Path], counts: tuple[int, int], asked: Asked, team: Workers, out: Path,
    tell: Callable[[int, int], None] | None,
) -> Streamed:  # fmt: skip
    sets, parts = counts
    made = rows = 0
    write = _append_csv if out.suffix.lower() == ".csv" else _append_rows
    for made, table in enumerate(fit_parts(_parts(connection, files, parts), asked, team), start=1):
        write(connection, table.rename(columns=header), out, made == 1)
        rows += len(table)
        if tell:
            tell(made, parts)
    if out.suffix.lower() != ".csv":
        connection.execute(f"COPY (SELECT * FROM pools ORDER BY rowid) TO {_quoted(out)} (FORMAT parquet)")
    return Streamed(sets, made, rows)


def _append_csv(_: Connection, table: pd.DataFrame, out: Path, first: bool) -> None:
    table.to_csv(out, index=False, header=first, mode="a", encoding="utf-8", lineterminator="\n")


def _append_rows(connection: Connection, table: pd.DataFrame, _: Path, first: bool) -> None:
    frame = table.astype(dict.fromkeys(table.select_dtypes("str").columns, object))
    types = {"f": "DOUBLE", "b": "BOOLEAN"}
    if first:
        columns = ", ".join(f"{_name(name)} {types.get(kind.kind, 'VARCHAR')}" for name, kind in table.dtypes.items())
        connection.execute(f"CREATE TABLE pools ({columns})")
    connection.register("fitted", frame)
    connection.execute("INSERT INTO pools SELECT * FROM fitted")
    connection.unregister("fitted")


def _parts(connection: Connection, files: dict[str, Path], parts: int) -> Iterator[Part]:
    """Parts as `talik.pools.soils.cut` makes them, checked."""
    for number in range(parts):
        rows = {
            name: connection.execute(f"SELECT * FROM {name} WHERE part = {number} ORDER BY {order}").df()
            for name, order in (("respiration", LINE), ("jars", '"set", jar'))
        }
        respiration, jars = (
            read_rows(name, frame.drop(columns="part").set_index(LINE), source=str(files[name]))
            for name, frame in rows.items()
        )
        yield Part(respiration, jars)


def _load(connection: Connection, files: dict[str, Path]) -> tuple[int, int]:
    """Both tables into the database, sorted by part: number of sets, and of parts."""
    for name, file in files.items():
        _read(connection, name, file)
    _check_jars(connection, files["jars"])
    connection.execute(
        f'CREATE TABLE sets AS SELECT "set", (row_number() OVER (ORDER BY "set") - 1) // {SETS} AS part '
        'FROM (SELECT DISTINCT "set" FROM jars_read);'
        'CREATE TABLE jars AS SELECT jars_read.*, part FROM jars_read JOIN sets USING ("set") ORDER BY part;'
    )
    unknown = connection.execute(
        "SELECT DISTINCT jar FROM respiration_read WHERE jar <> '' AND jar NOT IN (SELECT jar FROM jars) ORDER BY jar"
    ).fetchall()
    refuse_unknown([jar for (jar,) in unknown])
    connection.execute(  # a row without a jar goes to the first part, whose check tells of it
        "CREATE TABLE respiration AS SELECT respiration_read.*, coalesce(part, 0) AS part "
        f"FROM respiration_read LEFT JOIN (SELECT jar, part FROM jars) USING (jar) ORDER BY part, {LINE};"
        "DROP TABLE jars_read; DROP TABLE respiration_read;"
    )
    return connection.execute("SELECT count(*), coalesce(max(part) + 1, 0) FROM sets").fetchone()


def _refuse_other_gases(connection: Connection, gas: str) -> None:
    """Refuse a gas of which there are no rows, where there are rows of another."""
    titles = [title for title, *_ in connection.execute("DESCRIBE respiration").fetchall()]
    column = next((title for title in titles if (split_header(title) or ("",))[0] == "gas"), None)
    if column is None:
        return
    name = _name(column)
    there = dict(connection.execute(f"SELECT {name}, count(*) FROM respiration GROUP BY {name}").fetchall())
    if there and gas not in there and "" not in there:
        raise no_rows_of(gas, there)


def _read(connection: Connection, name: str, file: Path) -> None:
    """One table as text, the columns that are needed; its head is checked as a whole."""
    if not file.is_file():
        raise InputError(f"{file} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(file)])
    if file.suffix.lower() == ".parquet":
        rows, first = f"read_parquet({_quoted(file)})", 1
        described = _execute(connection, file, f"DESCRIBE SELECT * FROM {rows}").fetchall()
        titles = {title: _name(title) for title, *_ in described}
    else:
        notes, found = _csv_head(file)
        titles = {title: f"c{i}" for i, title in enumerate(found)}
        columns = ", ".join(f"'{column}': 'VARCHAR'" for column in titles.values())
        rows, first = (
            (
                f"read_csv({_quoted(file)}, auto_detect = false, header = false, skip = {notes + 1}, delim = ',', "
                f"quote = '\"', escape = '\"', columns = {{{columns}}})"
            ),
            notes + 2,
        )
    line = f"row_number() OVER () + {first - 1} AS {LINE}"
    head = [line, *(f"{_text(column)} AS {_name(title)}" for title, column in titles.items())]
    frame = _execute(connection, file, f"SELECT {', '.join(head)} FROM {rows} LIMIT {HEAD}").df()
    read_rows(name, frame.set_index(LINE), source=str(file))
    used = {title: (split_header(title) or ("", ""))[0] for title in titles}
    if name == "jars" and "set" not in used.values():
        raise TableError(f"{file}: column 'set' is missing; found are: {listed(list(titles), 20)}.", ["set"])
    kept = [
        f"trim({_text(titles[title])}, E' \\t\\r\\n') AS {_name(column if column in KEYS else title)}"
        for title, column in used.items() if column in USED[name]
    ]  # fmt: skip
    _execute(connection, file, f"CREATE TABLE {name}_read AS SELECT {', '.join([line, *kept])} FROM {rows}")


def _csv_head(file: Path) -> tuple[int, list[str]]:
    """Number of notes at the top of a CSV file, and the headers under them."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            notes, line = 0, next(lines, "")
            while line.startswith("#"):
                notes, line = notes + 1, next(lines, "")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not in UTF-8. Save it as CSV in UTF-8.", [str(file)]) from None
    titles = [title.strip() for title in next(csv.reader([line]), [])]
    if not titles:
        raise TableError(f"{file} is not a table: it has no header.", [str(file)])
    seen = [title.casefold() for title in titles]
    twice = [title for title in titles if not title or seen.count(title.casefold()) > 1]
    if twice:
        raise TableError(f"{file}: headers that are empty or stand twice: {listed([repr(t) for t in twice])}.", twice)
    return notes, titles


def _check_jars(connection: Connection, file: Path) -> None:
    """Every jar once, and in a set."""
    without = connection.execute(f"SELECT jar FROM jars_read WHERE \"set\" = '' ORDER BY {LINE}").fetchall()
    if without:
        jars = [jar for (jar,) in without]
        raise TableError(f"{file}: jars {listed(jars)} have no set; name the set of each.", jars)
    twice = connection.execute("SELECT jar FROM jars_read GROUP BY jar HAVING count(*) > 1 ORDER BY jar").fetchall()
    if twice:
        jars = [jar for (jar,) in twice]
        raise TableError(f"{file}: jars {listed(jars)} stand more than once; once is needed.", jars)


def _execute(connection: Connection, file: Path, sql: str) -> Connection:
    """Run SQL that reads a file of the user."""
    import duckdb

    try:
        return connection.execute(sql)
    except duckdb.Error as error:
        raise InputError(f"{file} cannot be read as a table: {_first_line(error)}", [str(file)]) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _text(column: str) -> str:
    return f"coalesce(CAST({column} AS VARCHAR), '')"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
