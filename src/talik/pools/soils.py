"""Rates of every soil of a study, from the respiration table, as the pool models take them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talik.errors import listed
from talik.frames import CLOSEST, rates_and_jars, refuse_other_gases
from talik.pools.batch import Series
from talik.pools.errors import Smoothed, difference_of_replicates, jar_difference, proportional, with_jars_apart

RATE_COLUMNS = {
    "soil carbon": "specific_respiration",
    "dry soil": "respiration",
    "jar": "jar_respiration",
    "label carbon": "specific_respiration",
}
"""Column of the respiration table that holds the rates of each basis."""
SORTED = ("temperature", "time", "time_start", "jar", *dict.fromkeys(RATE_COLUMNS.values()))
"""Columns by which the rates of a set are sorted."""
SETS = 500
"""Sets of a part: about as many as are fitted at once, and some ten MB of tables. Always the same, so that a set is
fitted in the same company, with the same bits, whoever computes it."""
CARBON_PER_GRAM = 1000.0
"""Carbon at the start of a rate per gram of carbon [mg C g⁻¹], and µg in a mg."""


@dataclass(frozen=True)
class SoilRates:
    """Rates of one set: a soil incubated at one or more temperatures, all else the same."""

    set: str
    """Name of the set."""
    sample: str
    """The soil; several, joined by commas, if the jars name several."""
    study: str
    """The study it comes from; may be empty."""
    basis: str
    """What the rates are per: dry soil, soil carbon, jar or label carbon."""
    time_start: NDArray
    """Start of each interval, shape (n,). [d]"""
    time_end: NDArray
    """End of each interval; equal to its start for a rate at one time. Shape (n,). [d]"""
    temperature: NDArray
    """Temperature, shape (n,). [°C]"""
    rate: NDArray
    """Respiration, shape (n,). [unit of its basis]"""
    jar: NDArray
    """Which jar, or which mean of jars, shape (n,)."""
    sd: NDArray
    """Standard deviation between the replicates of each rate; NaN where untold. Shape (n,). [unit of its basis]"""
    replicates: NDArray
    """Number of replicates of each rate; 1 where it is not told. Shape (n,)."""
    c0: float | None
    """Carbon at the start, None where it is unknown. [unit of its basis times d]"""
    scale: str
    """Empty where the scale of the rates is believed; else what it is, as in the jars table."""
    refused: str
    """Why the rates of this set cannot be fitted together; empty if they can."""


def soil_rates(respiration: pd.DataFrame, jars: pd.DataFrame, *, gas: str = "co2") -> Iterator[SoilRates]:
    """The rates of each set of jars that measure respiration.

    Parameters
    ----------
    respiration, jars : DataFrame
        As in `talik.fit_pools`. Rows of jars left out, or that measure something else, are skipped.
    gas : str, default "co2"
        Which gas.

    Yields
    ------
    SoilRates
        In the order of the sets' names.
    """
    rates = respiration.assign(jar=respiration["jar"].astype(str))
    if "gas" in rates:
        rates = rates.loc[rates["gas"].isin([gas, ""]) | rates["gas"].isna()]
    used = jars.assign(jar=jars["jar"].astype(str))
    if "measures" in used:
        used = used.loc[used["measures"].isin(["respiration", ""]) | used["measures"].isna()]
    if "excluded" in used:
        used = used.loc[used["excluded"].isin([""]) | used["excluded"].isna()]
    for name, group in used.groupby("set", sort=True):
        rows = rates.loc[rates["jar"].isin(group["jar"])]
        if (rows["temperature"] >= 0).any():
            # One Q10 does not hold across 0 °C, so a soil that was thawed as well is fitted thawed.
            rows = rows.loc[rows["temperature"] >= 0]
        if len(rows):
            yield _set_rates(str(name), rows, group)


@dataclass(frozen=True)
class Part:
    """Sets that are fitted in one piece."""

    respiration: pd.DataFrame
    """Rows of the ``respiration`` table."""
    jars: pd.DataFrame
    """Rows of the ``jars`` table."""


def cut(respiration: pd.DataFrame, jars: pd.DataFrame, *, gas: str = "co2") -> Iterator[Part]:
    """Sets in the order of their names, in parts that hang on nothing else.

    Parameters
    ----------
    respiration, jars : DataFrame
        As in `talik.fit_pools`.
    gas : str, default "co2"
        Which gas will be fitted.

    Yields
    ------
    Part
        `SETS` sets, the last may have less; jars are in the order of their names.

    Raises
    ------
    TableError
        For tables that nothing can be fitted to, as `rates_and_jars` and `refuse_other_gases` say.
    """
    respiration, jars = rates_and_jars(respiration, jars)
    refuse_other_gases(respiration, gas)
    of_row, names = pd.factorize(respiration["jar"].astype(str))
    jars = jars.assign(jar=jars["jar"].astype(str))
    rows = np.argsort(of_row, kind="stable")
    first = np.searchsorted(of_row[rows], np.arange(len(names) + 1))
    of_jar = pd.factorize(jars["set"], sort=True)[0]
    order = np.lexsort((jars["jar"], of_jar))
    order = order[of_jar[order] >= 0]  # a jar without a set is of no soil
    for some in np.split(order, np.flatnonzero(np.diff(of_jar[order] // SETS)) + 1) if order.size else ():
        known = names.get_indexer(jars["jar"].iloc[some].unique())
        measured = [rows[first[i] : first[i + 1]] for i in known if i >= 0]
        yield Part(respiration.iloc[np.sort(np.concatenate([rows[:0], *measured]))], jars.iloc[some])


def _set_rates(name: str, rows: pd.DataFrame, jars: pd.DataFrame) -> SoilRates:
    bases = _bases(rows, jars)
    basis = bases[0] if bases else ""
    column = RATE_COLUMNS.get(basis, "respiration")
    rate = _numbers(rows, column)
    kept = np.isfinite(rate)
    # Sums depend on the order of their terms in the last digit; the order of the rows must not.
    rows = rows.loc[kept]
    rows = rows.sort_values([name for name in SORTED if name in rows], kind="stable")
    rate = _numbers(rows, column)
    temperature, time = _numbers(rows, "temperature"), _numbers(rows, "time")
    start, end = _numbers(rows, "time_start"), _numbers(rows, "time_end")
    at_one_time = np.isnan(start) | np.isnan(end)
    start, end = np.where(at_one_time, time, start), np.where(at_one_time, time, end)
    replicates, carbon = _numbers(rows, "n"), _carbon_at_start(basis, jars)
    # Rates whose scale is known to be wrong cannot be held against the carbon content.
    scale = _joined(jars, "scale") or _beyond(carbon, rows["jar"].to_numpy(str), start, end, rate)
    return SoilRates(
        set=name,
        sample=_joined(jars, "sample"),
        study=_joined(jars, "study"),
        basis=basis,
        time_start=start,
        time_end=end,
        temperature=temperature,
        rate=rate,
        jar=rows["jar"].to_numpy(str),
        sd=_numbers(rows, "sd"),
        replicates=np.where(np.isfinite(replicates) & (replicates >= 1), replicates, 1.0),
        c0=None if scale else carbon,
        scale=scale,
        refused=_why_refused(bases, rows, temperature),
    )


def _numbers(frame: pd.DataFrame, column: str) -> NDArray:
    """A column as floats; NaN where it is missing."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[column], errors="coerce").to_numpy(float)


def _joined(jars: pd.DataFrame, column: str) -> str:
    """The values of a text column, each once, in one text."""
    values = jars[column].dropna().astype(str) if column in jars else pd.Series(dtype=str)
    return ", ".join(value for value in dict.fromkeys(values) if value)


def _bases(rows: pd.DataFrame, jars: pd.DataFrame) -> list[str]:
    """Bases of the jars as stated, or else told by the columns that are filled."""
    stated = [basis for basis in _joined(jars, "basis").split(", ") if basis]
    if stated:
        return stated
    filled = [basis for basis, column in RATE_COLUMNS.items() if np.isfinite(_numbers(rows, column)).any()]
    return filled[:1]


def _carbon_at_start(basis: str, jars: pd.DataFrame) -> float | None:
    """Carbon at the start in the unit of the rates times a day, or None."""
    if basis in ("soil carbon", "label carbon"):
        return CARBON_PER_GRAM
    content = _numbers(jars, "organic_carbon")
    if basis == "dry soil" and np.all(content > 0):
        return CARBON_PER_GRAM * float(content.mean())
    return None


def _beyond(carbon: float | None, jar: NDArray, start: NDArray, end: NDArray, rate: NDArray) -> str:
    """In words, that the jar which respired most respired more carbon than there was; empty where it did not."""
    if carbon is None or not rate.size:
        return ""
    part = max(_respired(start[own], end[own], rate[own]) for own in (jar == name for name in np.unique(jar))) / carbon
    return f"impossible: a jar respired {part:.3g} times its carbon" if part > 1.0 else ""


def _respired(start: NDArray, end: NDArray, rate: NDArray) -> float:
    """What rates of one jar in the order of time tell that it respired at least: over intervals, or between times."""
    return float(np.sum(rate * (end - start)) if (end > start).any() else np.trapezoid(rate, end))


def _why_refused(bases: list[str], rows: pd.DataFrame, temperature: NDArray) -> str:
    """Why the rates of a set cannot be fitted together; empty if they can."""
    if not bases:
        return "no rates"
    if len(bases) > 1:
        return f"its jars have rates on different bases: {', '.join(bases)}"
    of_jar = pd.Series(temperature).groupby(rows["jar"].to_numpy())
    warmed = of_jar.max() > of_jar.min()
    if warmed.any():
        steps = listed([str(jar) for jar in warmed.index[warmed]])
        return f"jars {steps} changed temperature during the incubation; the pool models need a constant one"
    if temperature.size and 0 < np.ptp(temperature) < CLOSEST:
        low, high = temperature.min(), temperature.max()
        return f"{low:g} and {high:g} degC are no two temperatures; give the one that the incubator was set to"
    return ""


def series_of(soils: list[SoilRates]) -> list[Series]:
    """The series that are fitted: errors proportional to the level, and correlated as far as jars keep apart.

    A refused soil has no rates.
    """
    smooth = proportional([_series(soil) for soil in soils])
    return [_with_jars(soil, one) for soil, one in zip(soils, smooth, strict=True)]


def _series(soil: SoilRates) -> Series:
    used = slice(0, 0) if soil.refused else slice(None)
    factor = 1.0 / np.sqrt(soil.replicates)
    return Series(
        soil.time_start[used], soil.time_end[used], soil.temperature[used], soil.rate[used], factor[used], soil.c0
    )


def _with_jars(soil: SoilRates, smooth: Smoothed) -> Series:
    """The same with what its jars keep apart: told by the jars, or by the replicates that a mean is of."""
    if soil.refused:
        return smooth.series
    apart = jar_difference(smooth.residual, soil.jar, soil.temperature)
    if not apart.freedom:
        level = smooth.series.sigma * np.sqrt(soil.replicates)
        apart = difference_of_replicates(smooth.residual, soil.sd, soil.replicates, level, soil.temperature)
    return with_jars_apart(smooth.series, apart, soil.jar)
