"""Keys of the tables: rows that join to nothing, intervals that are there twice, and samples upside down."""

from collections.abc import Iterator

import pandas as pd

from talik.errors import TableError, itemised, listed
from talik.flux.release import overlapping
from talik.incubation.measurements import Measurements


def refuse_broken_keys(measured: Measurements) -> None:
    """Refuse tables whose keys join to nothing, intervals that overlap, and samples that are upside down."""
    broken = [
        *_unjoined(measured.samples, "sample", "site", measured.sites, "samples", "sites"),
        *_unjoined(measured.jars, "jar", "sample", measured.samples, "jars", "samples"),
        *_unjoined(measured.respiration, "jar", "jar", measured.jars, "respiration", "jars"),
        *_upside_down(measured.samples), *_counted_twice(measured.respiration),
    ]  # fmt: skip
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


def _counted_twice(respiration: pd.DataFrame) -> Iterator[str]:
    for jar, rows in overlapping(respiration).groupby("jar", sort=False):
        told = [f"day {row.time_start:g} to {row.time_end:g}" for row in rows.itertuples()]
        yield (
            f"respiration: the intervals of jar {jar!r} from {listed(told, 3)} end before they start, or start before "
            "an earlier one has ended, so that carbon would be counted twice; give time_start and time_end of each"
        )


def _upside_down(samples: pd.DataFrame) -> Iterator[str]:
    for _, row in samples[samples["depth_top"] > samples["depth_bottom"]].iterrows():
        yield (
            f"samples: {row['sample']!r} has depth_top {row['depth_top']:g} below depth_bottom "
            f"{row['depth_bottom']:g} cm; depths count downwards"
        )
