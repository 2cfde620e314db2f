"""How long ``talik --help`` takes to answer, beside Python alone."""

from collections.abc import Iterator

from benchmarks.measure import Case, python


def cases() -> Iterator[Case]:
    """The help, started cold."""
    yield Case(
        "talik --help", lambda: python("-c", "from talik.cli import main; main()", "--help"),
        "python -c pass", lambda: python("-c", "pass"), limit="0.5 s",
    )  # fmt: skip
