"""Progress: a live line on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def shown() -> Iterator[Callable[[str, str], None]]:
    """Show the progress of a run on standard error.

    Yields
    ------
    callable
        To be told of each stage: its name, and what became of it.
    """
    if not sys.stderr.isatty():
        yield lambda stage, what: None if what == "begins" else print(f"{stage}: {what}", file=sys.stderr)  # noqa: T201
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("reading") as status:

        def tell(stage: str, what: str) -> None:
            if what == "begins":
                status.update(f"{stage} ...")
            else:
                console.print(f"[green]✓[/] {stage} [dim]{what}[/]")

        yield tell


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show how many of many are done, on a terminal only.

    Yields
    ------
    callable or None
        To be told how many of how many are done.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading") as status:
        yield lambda done, of: status.update(f"{done} of {of} {what}")
