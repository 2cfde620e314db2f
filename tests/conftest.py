"""What all tests share: the public data sets, and what happens where they are not there."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, however slow the machine.
settings.register_profile("talik", deadline=None, derandomize=True)
settings.load_profile("talik")

REQUIRED = os.environ.get("TALIK_REQUIRE_ALL") == "1"


def pytest_collection_modifyitems(items):
    """Skip tests of data sets that are not there, unless everything is required."""
    if REQUIRED or "TALIK_DATA" in os.environ:
        return
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(pytest.mark.skip(reason="no public data sets: set TALIK_DATA to their folder"))


def pytest_terminal_summary(terminalreporter):
    """Say in one line what was skipped and how to get it."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.write_line(
            f"{skipped} tests need the public data sets (SIDb and others): set TALIK_DATA to the folder that holds sidb/"
        )


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of the public data sets."""
    assert "TALIK_DATA" in os.environ, "TALIK_REQUIRE_ALL=1, and TALIK_DATA names no folder"
    return Path(os.environ["TALIK_DATA"])


@pytest.fixture(scope="session")
def sidb(data):
    """All of SIDb that is there, read once."""
    from talik import read_sidb

    return read_sidb(data / "sidb" / "data")


@pytest.fixture(scope="session")
def sidb_q10(sidb):
    """Q10 of all of SIDb."""
    from talik import q10

    return q10(sidb.respiration, sidb.jars)
