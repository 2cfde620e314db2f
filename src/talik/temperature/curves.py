"""The curves of one set: rates and release at each temperature, replicates brought together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.errors import listed
from talik.flux.release import FILLED_IN, STEP, replicate_errors
from talik.tables import RELEASE_OF, RESPIRATION_OF

_KEYS = ["study", "set", "basis", "gas"]

SAME_TIME = 1e-6
"""Times closer than this are one time. [d]"""


@dataclass(frozen=True)
class Curve:
    """Respiration and release of one soil at one temperature, the mean of its replicates."""

    temperature: float
    """Temperature. [°C]"""
    time: np.ndarray
    """Times of the rates: of readings, or middles of intervals. [d]"""
    rate: np.ndarray
    """Respiration in the unit of the basis."""
    rate_error: np.ndarray
    """Its standard error; NaN where there are no replicates."""
    released_at: np.ndarray
    """Times of the release. [d]"""
    released: np.ndarray
    """Carbon released since the start, in the unit of the basis."""
    released_error: np.ndarray
    """Its standard error."""
    replicates: float
    """Replicates behind the mean, the fewest of any reading; NaN where not stated."""
    stated: np.ndarray
    """Replicates behind each reading of a mean; NaN where not stated."""
    jar_rates: np.ndarray
    """Respiration of each jar at `time`, shape (jars, times)."""
    jar_released: np.ndarray
    """Release of each jar at `released_at`, shape (jars, times)."""
    filled: np.ndarray
    """Spans of time whose release was filled in, not read, of each jar, shape (spans, 2). [d]"""
    cumulative: bool = False
    """Whether the release was told, with its error, and the rates are steps of it."""

    def replicates_at(self, times: np.ndarray) -> float:
        """Fewest replicates behind the readings that values at these times rest on; NaN where not stated."""
        if len(self.jar_rates) > 1 or not times.size:
            return self.replicates
        after, before = np.searchsorted(self.time, times - SAME_TIME), np.searchsorted(self.time, times + SAME_TIME) - 1
        return float(self.stated[np.clip(np.r_[after, before], 0, self.time.size - 1)].min())

    def replicates_until(self, day: float) -> float:
        """Fewest replicates behind the readings that the release by a day rests on; NaN where not stated."""
        if len(self.jar_rates) > 1 or not self.released_at.size:
            return self.replicates
        last = self.released_at[self.released_at >= day - SAME_TIME].min(initial=self.released_at[-1])
        return float(self.stated[self.time <= last + SAME_TIME].min(initial=self.stated[0]))


@dataclass(frozen=True)
class SetCurves:
    """All curves of a set, the coldest first."""

    study: str
    """Study."""
    set: str
    """Name of the set."""
    sample: str
    """Its sample."""
    basis: str
    """What carbon is respired per."""
    gas: str
    """``co2`` or ``ch4``."""
    curves: tuple[Curve, ...]
    """One curve a temperature."""
    left_out: str = ""
    """Jars that lack rates or a release while others of their temperature have both, in words."""


def sets_of_curves(respiration: pd.DataFrame, release: pd.DataFrame, jars: pd.DataFrame) -> Iterator[SetCurves]:
    """Curves of every set whose jars stay at their temperature.

    Parameters
    ----------
    respiration, release, jars : DataFrame
        The tables of these names; jars that are excluded or measure something else are passed over.

    Yields
    ------
    SetCurves
    """
    usable = usable_jars(jars)
    rates = respiration.merge(usable, on="jar", suffixes=("", "_of_jar"))
    released = release.merge(usable, on="jar", suffixes=("", "_of_jar"))
    rates, released = (
        rates[~rates["jar"].isin(stepped(respiration))],
        released[~released["jar"].isin(stepped(respiration))],
    )
    rates = rates.assign(error=replicate_errors(rates))
    of_set = dict(iter(released.groupby(_KEYS, sort=False)))
    for key, rows in rates.groupby(_KEYS, sort=False):
        _, name, basis, gas = key
        rows = _with_numbers(rows, RESPIRATION_OF[basis])
        if rows.empty:
            continue
        first = rows.iloc[0]
        own = dict(iter(_with_numbers(of_set.get(key, released.iloc[:0]), RELEASE_OF[basis]).groupby("temperature")))
        pairs = [(at, own.get(t, released.iloc[:0])) for t, at in rows.groupby("temperature")]
        lacking = [jar for pair in pairs for jar in _lacking(*pair)]
        curves = tuple(
            _curve(at[~at["jar"].isin(lacking)], total[~total["jar"].isin(lacking)], basis) for at, total in pairs
        )
        yield SetCurves(first["study"], name, first["sample"], basis, gas, curves, _left_out(lacking))


def _with_numbers(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows with a temperature and a value that is a number."""
    return rows[np.isfinite(rows[["temperature", column]]).all(axis=1)]


def _lacking(rates: pd.DataFrame, released: pd.DataFrame) -> list[str]:
    """Jars of one temperature that lack rates or a release, while another has both."""
    either, other = set(rates["jar"]), set(released["jar"])
    return sorted(either ^ other) if either & other else []


def _left_out(jars: list[str]) -> str:
    if not jars:
        return ""
    return f"left out, without both rates and a release: jar{'s' if len(jars) > 1 else ''} {listed(jars, 3)}"


def usable_jars(jars: pd.DataFrame) -> pd.DataFrame:
    """Jars that may give a Q10 of respiration."""
    usable = jars[(jars["excluded"] == "") & (jars["measures"].isin(["respiration", ""]))]
    return usable[["study", "jar", "set", "sample", "basis", "scale"]]


def stepped(respiration: pd.DataFrame) -> list[str]:
    """Jars that were warmed in steps: they have several temperatures."""
    temperatures = respiration.groupby("jar")["temperature"].nunique()
    return list(temperatures[temperatures > 1].index)


def _curve(rates: pd.DataFrame, released: pd.DataFrame, basis: str) -> Curve:
    rate, release = RESPIRATION_OF[basis], RELEASE_OF[basis]
    time, mean, error, of_jars = _mean_curve(rates, "time", rate, "error")
    released_at, total, total_error, totals = _mean_curve(released, "time", release, "sd")
    told = rates[np.isfinite(rates[rate])].sort_values("time", kind="stable")["n"].to_numpy(float)
    stated = np.where(np.isfinite(told) & (told >= 1), told, np.nan)
    replicates = float(len(of_jars)) if len(of_jars) > 1 else float(stated.min()) if stated.size else np.nan
    return Curve(
        float(rates["temperature"].iloc[0]), time, mean, error, released_at, total, total_error, replicates, stated,
        of_jars, totals, _filled(rates, released), bool((rates["method"] == STEP).any()),
    )  # fmt: skip


def _filled(rates: pd.DataFrame, released: pd.DataFrame) -> np.ndarray:
    """Spans of time whose release was filled in, of each jar, as the column `filled` tells."""
    told = released[["jar", "time"]].assign(filled=released.get("filled", pd.Series("", released.index)))
    if not told["filled"].isin(FILLED_IN).any():
        return np.empty((0, 2))
    told = told.sort_values("time", kind="stable")
    before = told.groupby("jar")["time"].shift()
    # Until the first interval begins, or up to the first reading.
    begins = told["jar"].map(rates.groupby("jar")["time_start"].min()).where(before.isna())
    spans = np.column_stack([before.fillna(0.0), np.fmin(told["time"], begins.fillna(np.inf))])
    return spans[told["filled"].isin(FILLED_IN)]


def _mean_curve(rows: pd.DataFrame, time: str, value: str, error: str) -> tuple[np.ndarray, ...]:
    """Mean over jars at their common times, with the standard error of the mean, and the jars themselves."""
    names = rows["jar"].to_numpy(object)
    values = rows[[time, value, error]].to_numpy(float)
    told = np.isfinite(values[:, 1])
    order = np.argsort(values[told, 0], kind="stable")
    names, values = names[told][order], values[told][order]
    jars = [values[names == name] for name in sorted(set(names))]
    if len(jars) < 2:
        return *values.T, values.T[1:2]
    at, _ = common_times(*(own[:, 0] for own in jars))
    of_jars = np.array([np.interp(at, own[:, 0], own[:, 1]) for own in jars]).reshape(len(jars), at.size)
    return at, of_jars.mean(axis=0), of_jars.std(axis=0, ddof=1) / len(jars) ** 0.5, of_jars


INTERPOLATED = "read between the readings: the temperatures were measured on different days"
"""Flag of an estimate whose curves had to be interpolated to common times."""


def common_times(*times: np.ndarray) -> tuple[np.ndarray, str]:
    """Times at which all curves are compared, and what to mind.

    Those that all curves have; where they share fewer than half, because each temperature was read on
    its own days, those of the sparsest curve within the days that all of them cover.

    Parameters
    ----------
    *times : ndarray
        Times of each curve, rising. [d]

    Returns
    -------
    ndarray
        Common times. [d]
    str
        Empty, or that values lie between readings.

    Examples
    --------
    >>> common_times(np.array([1.0, 7.0, 14.0]), np.array([1.0, 14.0, 28.0]))
    (array([ 1., 14.]), '')
    >>> common_times(np.array([3.0, 8.0, 17.0]), np.array([2.0, 9.0, 18.0]))[0]
    array([ 3.,  8., 17.])
    """
    shared = times[0]
    for other in times[1:]:
        shared = shared[np.abs(shared[:, None] - other[None, :]).min(axis=1, initial=np.inf) < SAME_TIME]
    sparsest = min(times, key=len)
    if 2 * shared.size >= sparsest.size:
        return shared, ""
    first, last = max(one[0] for one in times), min(one[-1] for one in times)
    return sparsest[(sparsest >= first) & (sparsest <= last)], INTERPOLATED


def rates_at(times: np.ndarray, curves: Sequence[Curve]) -> np.ndarray:
    """Rates of curves at common times, on straight lines between their readings.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Times, as from `common_times`. [d]
    curves : sequence of Curve
        The curves.

    Returns
    -------
    ndarray, shape (curves, n)
        In the unit of the basis.
    """
    if not times.size:
        return np.empty((len(curves), 0))
    return np.array([at_times(times, curve.time, curve.rate) for curve in curves])


def times_with_rates(times: np.ndarray, curves: Sequence[Curve]) -> np.ndarray:
    """Those of common times at which every rate is above zero, so that it has a logarithm. [d]"""
    return times[(rates_at(times, curves) > 0).all(axis=0)]


def at_times(times: np.ndarray, where: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at times, on straight lines between the readings."""
    return np.interp(times, where, values)
