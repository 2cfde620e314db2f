"""The file of a library: opened within bounds, by one writer at a time, or refused in words."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from talik.errors import InputError
from talik.library.schema import create_tables, refuse_other_layouts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WAIT = 30.0
"""How long to wait for another process that has the file open. [s]"""

_PAUSE = 0.1

BOUNDS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "allow_persistent_secrets": "false",
    "memory_limit": "512MB",
    "lock_configuration": "true",
}
"""Settings of every connection: a library is reached, and no other file, network or Python variable."""

_IN_USE = re.compile(r"lock on file|being used by another process|different configuration", re.IGNORECASE)

Tell = Callable[[str], None]
"""Told, in words, that a file is waited for."""


@contextmanager
def opened(
    file: Path | str, *, write: bool = False, wait: float = WAIT, tell: Tell | None = None
) -> "Iterator[DuckDBPyConnection]":
    """A connection to a library, closed behind it.

    Parameters
    ----------
    file : path_like
        The library. Where it is opened for writing and is not there, one without studies is made.
    write : bool, default False
        Whether it is opened for writing, which no two processes can at once.
    wait : float, default 30
        How long to wait for another process that has it. [s]
    tell : callable, optional
        Told once that the file is waited for.

    Yields
    ------
    DuckDBPyConnection

    Raises
    ------
    InputError
        Where it is not there, not a library, of another talik, damaged, or in use all the while.
    """
    import duckdb

    file = Path(file)
    _refuse_what_is_no_file(file, write)
    with _turn(file, wait) if write else nullcontext():
        try:
            if write and not file.exists():
                _make(file)
            with closing(_connected(file, write, wait, tell)) as connection:
                refuse_other_layouts(file, connection)
                yield connection
        except duckdb.Error as error:
            raise InputError(_in_words(file, error), [str(file)]) from None


_WRITING = threading.Lock()
"""Held by the thread that writes: DuckDB keeps processes apart, but not the threads of one."""


@contextmanager
def _turn(file: Path, wait: float) -> Iterator[None]:
    if not _WRITING.acquire(timeout=wait):
        raise InputError(_in_use(file, "another thread of this program", wait), [str(file)])
    try:
        yield
    finally:
        _WRITING.release()


def _refuse_what_is_no_file(file: Path, write: bool) -> None:
    if file.is_dir():
        raise InputError(f"{file} is a folder; a library is one file, as in permafrost.duckdb.", [str(file)])
    if not file.exists() and not write:
        raise InputError(
            f"{file} is not there; relative paths count from {Path.cwd()}. 'talik library add {file} SOURCE' makes it.",
            [str(file)],
        )
    if not file.exists() and not file.parent.is_dir():
        raise InputError(f"{file.parent} is not a folder, so no library can be made in it.", [str(file)])


def now() -> str:
    """The time stamp of what is written, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _make(file: Path) -> None:
    """Make a library without studies; it is there whole or not at all, whoever else makes it too."""
    import duckdb

    made = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with duckdb.connect(str(made), config=dict(BOUNDS)) as connection:
            connection.execute("BEGIN")
            create_tables(connection, now())
            connection.execute("COMMIT")
        _place(made, file)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}.", [str(file)]) from None
    finally:
        made.unlink(missing_ok=True)


def _place(made: Path, file: Path) -> None:
    """Give a file its name, unless another has it by now."""
    try:
        os.link(made, file)
    except FileExistsError:
        return
    except OSError:  # file systems without links
        if not file.exists():
            made.replace(file)


def _connected(file: Path, write: bool, wait: float, tell: Tell | None) -> "DuckDBPyConnection":
    import duckdb

    until = time.monotonic() + wait
    told = False
    while True:
        try:
            return duckdb.connect(str(file), read_only=not write, config=dict(BOUNDS))
        except duckdb.Error as error:
            if not _IN_USE.search(str(error)):
                raise
            holder = _holder(str(error))
        if time.monotonic() >= until:
            raise InputError(_in_use(file, holder, wait), [str(file)])
        if tell and not told:
            tell(f"{file} is in use by {holder}; waiting for up to {wait:g} s")
            told = True
        time.sleep(_PAUSE)


def _in_use(file: Path, holder: str, wait: float) -> str:
    return f"{file} is in use by {holder}, and was for {wait:g} s. Nothing was changed; try again when it has finished."


def _holder(message: str) -> str:
    found = re.search(r"PID (\d+)", message)
    return f"another process ({found[1]})" if found else "another program"


def _in_words(file: Path, error: Exception) -> str:
    said = str(error).strip().split("\n")[0].removesuffix("!")
    if file.is_file() and file.stat().st_size == 0:
        return f"{file} is empty: no library was ever finished in it. Take it away and add the studies again."
    if "not a valid DuckDB" in said:
        return f"{file} is not a DuckDB file, so it is not a library. 'talik library add' makes one."
    if re.search(r"corrupt|checksum|enough bytes|serializ|FATAL|INTERNAL", said, re.IGNORECASE):
        return f"{file} is damaged ({said}). Take a copy of it from a backup, or add the studies to a new library."
    return f"{file} cannot be used: {said}."
