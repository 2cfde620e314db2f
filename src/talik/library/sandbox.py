"""One query in a process of its own, which can be stopped: it reads one library and writes nothing.

This file is run by ``talik.library.query``; it imports nothing of talik, so that it starts fast. The bounds are
set twice: DuckDB keeps a query from files, network and extensions; the operating system keeps the
process from memory, processor time and writing, since neither a single large value nor a single slow
function heeds DuckDB's own limits.
"""

import contextlib
import json
import pickle
import sys
from typing import Any


def main() -> None:
    """Read a request from standard input, and write ``(kind, answer)`` to standard output."""
    request = json.loads(sys.stdin.buffer.read())
    _bind(request["memory"], request["seconds"])
    try:
        answer = _answer(request)
    except MemoryError:
        answer = ("memory", "")
    sys.stdout.buffer.write(pickle.dumps(answer, protocol=5))


def _bind(memory: int, seconds: float) -> None:
    """Limits of the operating system, where it has them."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for limit, value in (
        (resource.RLIMIT_DATA, memory), (resource.RLIMIT_CPU, int(4 * seconds) + 10), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


def _answer(request: dict[str, Any]) -> tuple[str, Any]:
    import duckdb

    try:
        with duckdb.connect(request["file"], read_only=True, config=request["config"]) as connection:
            statements = connection.extract_statements(request["sql"])
            if len(statements) != 1:
                return ("statements", str(len(statements)))
            if statements[0].type.name != "SELECT":
                return ("kind", statements[0].type.name)
            return _fetched(connection.execute(statements[0]), request["largest"])
    except duckdb.OutOfMemoryException:
        return ("memory", "")
    except duckdb.PermissionException as error:
        return ("permission", str(error))
    except Exception as error:  # DuckDB raises errors of many kinds, RuntimeError and pytz's ImportError among them
        return ("error", str(error) or type(error).__name__)


def _fetched(result: Any, largest: int) -> tuple[str, Any]:
    """The rows, fetched in pieces, so that too many are noticed before they fill the memory."""
    import pandas as pd

    pieces: list[Any] = []
    size = 0
    while True:
        piece = result.fetch_df_chunk()
        size += int(piece.memory_usage(deep=True).sum())
        if size > largest:
            return ("large", "")
        if pieces and not len(piece):
            return ("rows", pd.concat(pieces, ignore_index=True))
        pieces.append(piece)
        if not len(piece):
            return ("rows", piece)


if __name__ == "__main__":
    main()
