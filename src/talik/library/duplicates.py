"""The same soil under two studies: one DOI, one series up to a factor or rounding, or values used again."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite

import numpy as np
import pandas as pd

from talik.errors import listed
from talik.problems import Problem, problem, problems_table
from talik.tables import RESPIRATION_OF

SAME_SHAPE = 0.01
"""Two series whose ratio varies by no more than this are one, up to a factor and rounding."""

SAME_TIMES = 0.01
"""Two times closer than this share of the length of a series are one time."""

FEWEST_TIMES = 4
"""Series with fewer common times are not compared."""

LEAST_VARIATION = 0.05
"""Series that vary less than this about their mean have no shape that could be known again."""

NEAR = 0.05
"""Coordinates closer than this are one place. [degree]"""

FEWEST_VALUES = 5
"""This many values used again, in the same digits, are told."""

COMMON_VALUE = 6
"""A value in more series than this is common, so finding it twice says nothing."""

_DOI = re.compile(r"10\.\d{4,9}/[^\s,;]+")


@dataclass(frozen=True)
class Series:
    """The readings of one jar at one temperature."""

    study: str
    """Study."""
    jar: str
    """Jar."""
    temperature: float
    """Temperature. [°C]"""
    latitude: float
    """Latitude of its site. [degree]"""
    longitude: float
    """Longitude of its site. [degree]"""
    depth: tuple[float, float]
    """Upper and lower end of its sample. [cm]"""
    time: np.ndarray
    """Times. [d]"""
    value: np.ndarray
    """Respiration, in the unit of its basis."""


def duplicates(
    studies: pd.DataFrame,
    sites: pd.DataFrame,
    samples: pd.DataFrame,
    jars: pd.DataFrame,
    respiration: pd.DataFrame,
    *,
    of: Collection[str] | None = None,
) -> pd.DataFrame:
    """What stands under two studies and may be one.

    Parameters
    ----------
    studies, sites, samples, jars, respiration : DataFrame
        The tables of these names.
    of : collection of str, optional
        Only what concerns these studies; all by default.

    Returns
    -------
    DataFrame
        As ``problems.csv``, under the rules ``study-twice``, ``series-in-two-studies`` and ``values-reused``.
    """
    wanted = set(studies["study"]) if of is None else set(of)
    if not wanted:
        return problems_table([])
    found = list(series_of(sites, samples, jars, respiration))
    same = set(_same_series(found, wanted))
    reused = _reused_values(found, wanted)
    told = [
        *_same_doi(studies, wanted),
        *_told_by_study(found, same, "series-in-two-studies", "the same series up to a factor or rounding"),
        *_told_by_study(found, set(reused) - same, "values-reused", "many of the same values, digit by digit"),
    ]
    return problems_table(told)


def series_of(
    sites: pd.DataFrame, samples: pd.DataFrame, jars: pd.DataFrame, respiration: pd.DataFrame
) -> Iterator[Series]:
    """Every series with its place and depth.

    Parameters
    ----------
    sites, samples, jars, respiration : DataFrame
        The tables of these names.

    Yields
    ------
    Series
    """
    of_jar = (
        jars[["study", "jar", "sample", "basis"]]
        .merge(samples[["sample", "site", "depth_top", "depth_bottom"]], on="sample")
        .merge(sites[["site", "latitude", "longitude"]], on="site")
        .set_index("jar")
    )
    for (jar, temperature), rows in respiration.groupby(["jar", "temperature"], sort=False):
        about = of_jar.loc[jar]
        values = rows[RESPIRATION_OF.get(about["basis"], "respiration")].to_numpy(float)
        times = rows["time"].to_numpy(float)
        kept = np.isfinite(values) & np.isfinite(times)
        order = np.argsort(times[kept], kind="stable")
        if order.size:
            yield Series(
                about["study"], str(jar), float(temperature), about["latitude"], about["longitude"],
                (about["depth_top"], about["depth_bottom"]), times[kept][order], values[kept][order],
            )  # fmt: skip


def _of_interest(one: Series, other: Series, wanted: set[str]) -> bool:
    """Whether two series are of two studies, one of them wanted."""
    return one.study != other.study and (one.study in wanted or other.study in wanted)


def _same_doi(studies: pd.DataFrame, wanted: set[str]) -> Iterator[Problem]:
    """DOIs that two studies have, however they are written."""
    named = defaultdict(list)
    for row in studies.itertuples():
        for doi in dict.fromkeys(_DOI.findall(str(row.doi).lower())):
            named[doi.rstrip(".)/")].append(row.study)
    for doi, names in named.items():
        if len(names) > 1 and not wanted.isdisjoint(names):
            yield problem(
                "study-twice", stage="library", entry=names[0], column=", ".join(names), where="studies",
                found=f"DOI {doi} under {len(names)} names", needed="one name a study",
                done="all are kept; are these one study, or parts of one?",
            )  # fmt: skip


def _same_series(series: Sequence[Series], wanted: set[str]) -> Iterator[tuple[int, int]]:
    """Pairs of series of two studies that are one up to a factor."""
    shaped = [i for i, one in enumerate(series) if _has_shape(one.value)]
    seen: set[tuple[int, int]] = set()
    for pair in (*_of_one_place(series, shaped), *_of_one_spread(series, shaped)):
        if pair not in seen and _of_interest(series[pair[0]], series[pair[1]], wanted):
            seen.add(pair)
            if same_shape(series[pair[0]], series[pair[1]]):
                yield pair


def _has_shape(values: np.ndarray) -> bool:
    mean = np.abs(values).mean()
    return bool(values.size >= FEWEST_TIMES and np.unique(values).size > 2 and values.std() > LEAST_VARIATION * mean)


def _of_one_spread(series: Sequence[Series], shaped: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of series that are as long as each other, and vary as much."""
    by_count = defaultdict(list)
    for i in shaped:
        by_count[series[i].value.size].append(i)
    for group in by_count.values():
        spread = np.array([np.square(series[i].value / np.abs(series[i].value).mean()).mean() for i in group])
        order = np.argsort(spread, kind="stable")
        ends = np.searchsorted(spread[order], spread[order] * (1 + 4 * SAME_SHAPE), side="right")
        for start, end in enumerate(ends):
            first = group[order[start]]
            yield from ((min(first, group[i]), max(first, group[i])) for i in order[start + 1 : end])


def _of_one_place(series: Sequence[Series], shaped: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of series whose sites are near each other and whose depths overlap."""
    cells = defaultdict(list)
    for i in shaped:
        place = (series[i].latitude, series[i].longitude)
        if np.isfinite(place).all():
            for shift in (0.0, 0.5):  # cells that overlap by half
                cells[(shift, *(int(np.floor(x / (2 * NEAR) + shift)) for x in place))].append(i)
    for group in cells.values():
        for i, j in combinations(group, 2):
            if series[i].study != series[j].study and _depths_overlap(series[i].depth, series[j].depth):
                yield i, j


def _depths_overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    known = all(isfinite(end) for end in (*one, *other))
    return not known or max(one[0], other[0]) <= min(one[1], other[1])


def same_shape(one: Series, other: Series) -> bool:
    """Whether two series are the same up to a factor, at the times that both have.

    Parameters
    ----------
    one, other : Series
        Series of at least four readings. Most of the shorter must be found in the longer.

    Returns
    -------
    bool

    Examples
    --------
    >>> time, value = np.array([1.0, 3, 7, 14, 28]), np.array([9.0, 7, 4, 2, 1])
    >>> place = (68.6, -149.6, (0.0, 10.0))
    >>> soil = Series("a", "a 1", 5.0, *place, time, value)
    >>> same_shape(soil, Series("b", "b 1", 5.0, *place, time[1:], 3.67 * value[1:]))
    True
    >>> same_shape(soil, Series("b", "b 1", 5.0, *place, time, value[::-1]))
    False
    """
    tolerance = SAME_TIMES * max(np.ptp(one.time), np.ptp(other.time))
    nearest = np.abs(one.time[:, None] - other.time[None, :]).argmin(axis=1)
    close = np.abs(one.time - other.time[nearest]) <= tolerance
    if close.sum() < max(FEWEST_TIMES, 0.8 * min(one.time.size, other.time.size)):
        return False
    a, b = one.value[close], other.value[nearest[close]]
    factor = float(a @ b) / max(float(b @ b), 1e-300)
    size = np.abs(a)
    if factor <= 0 or (np.abs(a - factor * b) > SAME_SHAPE * np.maximum(size, 0.1 * size.max())).any():
        return False
    return _has_shape(a) and _has_shape(b)


def _reused_values(series: Sequence[Series], wanted: set[str]) -> dict[tuple[int, int], int]:
    """Pairs of series of two studies that share many values of three digits or more, and how many."""
    holders: dict[float, set[int]] = defaultdict(set)
    for i, one in enumerate(series):
        for value in np.unique(np.round(one.value, 12)):
            if _digits(value) >= 3:
                holders[float(value)].add(i)
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for where in holders.values():
        if 1 < len(where) <= COMMON_VALUE:
            for i, j in combinations(sorted(where), 2):
                counts[i, j] += _of_interest(series[i], series[j], wanted)
    return {
        (i, j): n for (i, j), n in counts.items()
        if n >= FEWEST_VALUES and n >= 0.5 * min(np.unique(series[i].value).size, np.unique(series[j].value).size)
    }  # fmt: skip


def _digits(value: float) -> int:
    """Significant digits of a number as it was written."""
    return len(f"{value:.12g}".split("e")[0].lstrip("-0.").replace(".", "").rstrip("0"))


def _told_by_study(
    series: Sequence[Series], pairs: Collection[tuple[int, int]], rule: str, words: str
) -> Iterator[Problem]:
    """One problem for each two studies."""
    of_studies = defaultdict(list)
    for i, j in sorted(pairs):
        of_studies[series[i].study, series[j].study].append((series[i], series[j]))
    for (one, other), found in of_studies.items():
        where = "; ".join(dict.fromkeys(_where(a, b) for a, b in found))
        told = _times if rule == "series-in-two-studies" else _nothing
        yield problem(
            rule, stage="library", entry=one, where=where,
            column=listed([f"{a.jar} = {b.jar}{told(a, b)}" for a, b in found], 5),
            found=f"{words} under {one} and {other}, {len(found)} times", needed="each soil under one study",
            done="both are kept; take one out before they are pooled",
        )  # fmt: skip


def _nothing(_: Series, __: Series) -> str:
    return ""


def _times(a: Series, b: Series) -> str:
    """The factor between two series, where it is not one."""
    factor = np.abs(a.value).mean() / np.abs(b.value).mean()
    return "" if abs(factor - 1) < SAME_SHAPE or a.value.size != b.value.size else f" times {factor:.4g}"


def _where(a: Series, b: Series) -> str:
    apart = max(abs(a.latitude - b.latitude), abs(a.longitude - b.longitude))
    place = "place not known" if np.isnan(apart) else "same coordinates" if apart <= NEAR else "other coordinates"
    if not np.isfinite([*a.depth, *b.depth]).all():
        return f"{place}, depth not known"
    return f"{place}, {'same depth' if _depths_overlap(a.depth, b.depth) else 'other depth'}"
