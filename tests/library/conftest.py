"""Libraries and entries that the tests of the library share."""

import shutil

import numpy as np
import pytest

from entries import entry, series
from talik.library import add_to_library


def soil(folder, *, temperatures=(5, 15), q10=2.0, scale=10.0, times=(1, 7, 21, 60), decay=30.0, **parts):
    """A SYNTHETIC entry whose rates have one Q10 and fall with time alike at every temperature."""
    rows = [[t, *(scale * q10 ** ((T - 5) / 10) / (1 + t / decay) for T in temperatures)] for t in times]
    return entry(folder, variables=series(*temperatures), rows=rows, **parts)


def other(folder, **parts):
    """An entry that is like no other: its decay comes from its name, its DOI as well."""
    seed = int(np.frombuffer(folder.name.encode(), dtype=np.uint8).sum())
    made = soil(folder, decay=5.0 + seed % 97, scale=3.0 + seed % 13, **parts)
    metadata = made / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("10.0/synthetic", f"10.1234/{folder.name}"))
    return made


@pytest.fixture(scope="session")
def first(tmp_path_factory):
    """A folder with an entry and a library of it."""
    folder = tmp_path_factory.mktemp("first")
    add_to_library(folder / "cold.duckdb", other(folder / "First2020"))
    return folder


@pytest.fixture
def library(first, tmp_path):
    """A library of one study, which stands beside it."""
    shutil.copytree(first, tmp_path, dirs_exist_ok=True)
    return tmp_path / "cold.duckdb"


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A library of three studies that no test changes."""
    folder = tmp_path_factory.mktemp("shared")
    file = folder / "cold.duckdb"
    warm = {"coordinates": {"latitude": 45.0, "longitude": 8.0}, "country": "Italy", "permafrost": {}}
    add_to_library(
        file, other(folder / "First2020"), other(folder / "Second2021", temperatures=(5, 10, 15), site=warm),
        other(folder / "Third2022", temperatures=(10, 20), q10=3.0, info={"depthInfo": {"top": 90, "bottom": 100}}),
    )  # fmt: skip
    return file
