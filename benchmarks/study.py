"""The whole run of SIDb, from files to report, in a process of its own."""

import tempfile
from collections.abc import Iterator

from benchmarks.data import sidb
from benchmarks.measure import Case, Cost, python

RUN = "import sys, talik; talik.run_study(sys.argv[1], sys.argv[2])"


def cases() -> Iterator[Case]:
    """One run into an empty folder."""
    if sidb() is not None:
        yield Case("run_study, all of SIDb (once)", whole_run, limit="60 s, 1 GB")


def whole_run() -> Cost:
    """A run into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        return python("-c", RUN, str(sidb()), folder, repeats=1)
