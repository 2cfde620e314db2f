"""Reading SIDb, beside reading the same files and deciding nothing."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import yaml

import talik
from benchmarks.data import sidb
from benchmarks.measure import Case, in_process


def cases() -> Iterator[Case]:
    """Reading all entries."""
    folder = sidb()
    if folder is None:
        print("Reading and running SIDb is not measured: set TALIK_DATA to the folder that holds sidb/.")
        return
    yield Case(
        "read_sidb, all entries", lambda: in_process(lambda: talik.read_sidb(folder)),
        "yaml.safe_load, pandas.read_csv", lambda: in_process(lambda: plain_read(folder)),
    )  # fmt: skip


def plain_read(folder: Path) -> list[tuple]:
    """Metadata and tables of every entry as they stand."""
    read = []
    for file in sorted(folder.glob("*/metadata.yaml")):
        metadata = yaml.safe_load(file.read_text(encoding="utf-8-sig", errors="replace"))
        tables = [
            pd.read_csv(file.with_name(name), encoding="latin-1", on_bad_lines="skip")
            for name in ("timeSeries.csv", "initConditions.csv")
        ]
        read.append((metadata, *tables))
    return read
