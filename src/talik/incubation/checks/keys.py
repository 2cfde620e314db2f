"""Keys of the tables: rows that join to nothing, and samples upside down."""

from collections.abc import Iterator

import pandas as pd

from talik.errors import TableError, itemised
from talik.incubation.measurements import Measurements


def refuse_broken_keys(measured: Measurements) -> None:
    """Refuse tables whose keys join to nothing, and samples that are upside down."""
    broken = [
        *_unjoined(measured.samples, "sample", "site", measured.sites, "samples", "sites"),
        *_unjoined(measured.jars, "jar", "sample", measured.samples, "jars", "samples"),
        *_unjoined(measured.respiration, "jar", "jar", measured.jars, "respiration", "jars"),
        *_upside_down(measured.samples),
    ]
    if broken:
        raise TableError(
            f"{len(broken)} problem{'s' if len(broken) > 1 else ''} between the tables:\n{itemised(broken)}",
            broken,
        )


def _unjoined(rows: pd.DataFrame, name: str, key: str, others: pd.DataFrame, table: str, other: str) -> Iterator[str]:
    lost = rows[~rows[key].isin(others[key])]
    for value, group in lost.groupby(key, sort=False):
        who = "" if name == key else f" (of {name} {group[name].iloc[0]!r}{' and more' if len(group) > 1 else ''})"
        yield f"{table}: {key} {value!r}{who} is not in {other}; add it there, or take these rows out"


def _upside_down(samples: pd.DataFrame) -> Iterator[str]:
    for _, row in samples[samples["depth_top"] > samples["depth_bottom"]].iterrows():
        yield (
            f"samples: {row['sample']!r} has depth_top {row['depth_top']:g} below depth_bottom "
            f"{row['depth_bottom']:g} cm; depths count downwards"
        )
