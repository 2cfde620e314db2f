"""The curves of one set: rates and release at each temperature, replicates brought together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.flux.release import STEP
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
    """Replicates behind the mean; NaN where not stated."""
    jar_rates: np.ndarray
    """Respiration of each jar at `time`, shape (jars, times)."""
    jar_released: np.ndarray
    """Release of each jar at `released_at`, shape (jars, times)."""
    cumulative: bool = False
    """Whether the release was told, with its error, and the rates are steps of it."""


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
    rates = rates.assign(error=rates["sd"] / np.sqrt(rates["n"].fillna(1.0).clip(lower=1.0)))
    of_set = dict(iter(released.groupby(_KEYS, sort=False)))
    for key, rows in rates.groupby(_KEYS, sort=False):
        _, name, basis, gas = key
        rows = rows.dropna(subset=["temperature", RESPIRATION_OF[basis]])
        if rows.empty:
            continue
        first = rows.iloc[0]
        own = dict(iter(of_set[key].groupby("temperature")))
        curves = tuple(
            _curve(float(t), at, own.get(t, released.iloc[:0]), basis) for t, at in rows.groupby("temperature")
        )
        yield SetCurves(first["study"], name, first["sample"], basis, gas, curves)


def usable_jars(jars: pd.DataFrame) -> pd.DataFrame:
    """Jars that may give a Q10 of respiration."""
    usable = jars[(jars["excluded"] == "") & (jars["measures"].isin(["respiration", ""]))]
    return usable[["study", "jar", "set", "sample", "basis", "scale"]]


def stepped(respiration: pd.DataFrame) -> list[str]:
    """Jars that were warmed in steps: they have several temperatures."""
    temperatures = respiration.groupby("jar")["temperature"].nunique()
    return list(temperatures[temperatures > 1].index)


def _curve(temperature: float, rates: pd.DataFrame, released: pd.DataFrame, basis: str) -> Curve:
    rate, release = RESPIRATION_OF[basis], RELEASE_OF[basis]
    time, mean, error, of_jars = _mean_curve(rates, "time", rate, "error")
    released_at, total, total_error, totals = _mean_curve(released, "time", release, "sd")
    jars = len(of_jars)
    stated = float(rates["n"].dropna().iloc[0]) if rates["n"].notna().any() else np.nan
    return Curve(
        temperature, time, mean, error, released_at, total, total_error,
        float(jars) if jars > 1 else stated, of_jars, totals, bool((rates["method"] == STEP).any()),
    )  # fmt: skip


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


def freedom_of(curves: Sequence[Curve]) -> np.ndarray:
    """Degrees of freedom of the errors of curves: replicates less one, NaN where not stated."""
    return np.array([curve.replicates - 1 for curve in curves])


def at_times(times: np.ndarray, where: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at times, on straight lines between the readings."""
    return np.interp(times, where, values)
