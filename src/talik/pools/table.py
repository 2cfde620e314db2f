"""Pools of every soil of a study, from the respiration table to the pools table."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talik.errors import TableError, listed
from talik.pools.fit import WIDEST_Q10, WIDEST_RATE, PoolFit, fit_pool_model
from talik.pools.intervals import SigmaKind
from talik.pools.models import PoolModel
from talik.tables import typed

RATE_COLUMNS = {
    "soil carbon": "specific_respiration",
    "dry soil": "respiration",
    "jar": "jar_respiration",
    "label carbon": "specific_respiration",
}
"""Column of the respiration table that holds the rates of each basis."""
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
    sigma: NDArray
    """Error of each rate, shape (n,). [unit of its basis]"""
    sigma_kind: SigmaKind
    """``known`` from the replicates, or ``relative`` to the mean rate of each temperature."""
    c0: float | None
    """Carbon at the start, None where it is unknown. [unit of its basis times d]"""
    scale: str
    """Empty where the scale of the rates is believed; else what it is, as in the jars table."""
    refused: str
    """Why the rates of this set cannot be fitted together; empty if they can."""


def fit_pools(
    respiration: pd.DataFrame,
    jars: pd.DataFrame,
    *,
    model: str | PoolModel = "two-pool",
    gas: str = "co2",
    confidence: float = 0.95,
    widest_q10: float = WIDEST_Q10,
    widest_rate: float = WIDEST_RATE,
) -> pd.DataFrame:
    """Fit a pool model to every set of jars.

    Parameters
    ----------
    respiration : DataFrame
        The ``respiration`` table: jar, time_start, time_end, time [d], temperature [°C], gas, one of
        respiration [µg C g⁻¹ dry soil d⁻¹], specific_respiration [mg C g⁻¹ soil carbon d⁻¹] and
        jar_respiration [µg C d⁻¹], and sd and n of the replicates.
    jars : DataFrame
        The ``jars`` table: jar, sample, set, and where known basis, organic_carbon [mg C g⁻¹], measures.
    model : {"one-pool", "two-pool"} or PoolModel
        The pools.
    gas : str, default "co2"
        Which gas.
    confidence : float, default 0.95
        Coverage of the profile intervals. [-]
    widest_q10, widest_rate : float
        Upper over lower end of an interval, above which a Q10, or a rate or a pool, is not identified. [-]

    Returns
    -------
    DataFrame
        The ``pools`` table: one row per set and parameter. Where a parameter is not identified, the estimate
        is missing and the reason is given.

    Raises
    ------
    TableError
        For rates of jars that the jars table does not have.

    See Also
    --------
    pool_fits : the fits themselves, for their curves.
    talik.pools.fit.fit_pool_model : the method.

    Examples
    --------
    Two jars of one soil at 5 and 15 °C:

    >>> time = np.tile([2.0, 10, 30, 60, 120], 2)
    >>> warm = np.repeat([1.0, 2.5], 5)
    >>> respiration = pd.DataFrame({
    ...     "jar": np.repeat(["A", "B"], 5), "time": time, "temperature": np.repeat([5.0, 15.0], 5),
    ...     "specific_respiration": 0.2 * warm * np.exp(-2e-4 * warm * time)})
    >>> jars = pd.DataFrame({"jar": ["A", "B"], "sample": "peat", "set": "peat-1", "basis": "soil carbon"})
    >>> pools = fit_pools(respiration, jars, model="one-pool")
    >>> pools[["set", "parameter", "estimate", "identified"]].round(6)
          set parameter  estimate  identified
    0  peat-1         k  0.000316        True
    1  peat-1       q10  2.500000        True
    """
    fits = pool_fits(
        respiration,
        jars,
        model=model,
        gas=gas,
        confidence=confidence,
        widest_q10=widest_q10,
        widest_rate=widest_rate,
    )
    return pools_table(fits)


def pool_fits(
    respiration: pd.DataFrame, jars: pd.DataFrame, *, gas: str = "co2", **settings
) -> list[tuple[SoilRates, PoolFit]]:
    """Fit a pool model to every set of jars, and keep the rates and the fits.

    Parameters
    ----------
    respiration, jars : DataFrame
        As in `fit_pools`.
    gas : str, default "co2"
        Which gas.
    **settings
        Of `talik.pools.fit.fit_pool_model`: model, confidence, widest_q10, widest_rate.

    Returns
    -------
    list of (SoilRates, PoolFit)
        In the order of the sets' names.
    """
    return [(rates, _fit_set(rates, settings)) for rates in soil_rates(respiration, jars, gas=gas)]


def pools_table(fits: list[tuple[SoilRates, PoolFit]]) -> pd.DataFrame:
    """The ``pools`` table of fits: one row per set and parameter."""
    return typed("pools", pd.DataFrame([row for rates, fit in fits for row in _rows(rates, fit)]))


def soil_rates(respiration: pd.DataFrame, jars: pd.DataFrame, *, gas: str = "co2") -> Iterator[SoilRates]:
    """The rates of each set of jars that measure respiration.

    Parameters
    ----------
    respiration, jars : DataFrame
        As in `fit_pools`. Rows of jars left out, or that measure something else, are skipped.
    gas : str, default "co2"
        Which gas.

    Yields
    ------
    SoilRates
        In the order of the sets' names.
    """
    unknown = sorted(set(respiration["jar"].astype(str)) - set(jars["jar"].astype(str)))
    if unknown:
        raise TableError(
            f"jars {listed(unknown)} have respiration but are not in the jars table; add their rows.", unknown
        )
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


def _set_rates(name: str, rows: pd.DataFrame, jars: pd.DataFrame) -> SoilRates:
    bases = _bases(rows, jars)
    basis = bases[0] if bases else ""
    column = RATE_COLUMNS.get(basis, "respiration")
    rate = _numbers(rows, column)
    kept = np.isfinite(rate)
    rows, rate = rows.loc[kept], rate[kept]
    temperature, time = _numbers(rows, "temperature"), _numbers(rows, "time")
    start, end = _numbers(rows, "time_start"), _numbers(rows, "time_end")
    at_one_time = np.isnan(start) | np.isnan(end)
    sigma, kind = _sigma(rows, rate, temperature)
    return SoilRates(
        set=name,
        sample=_joined(jars, "sample"),
        study=_joined(jars, "study"),
        basis=basis,
        time_start=np.where(at_one_time, time, start),
        time_end=np.where(at_one_time, time, end),
        temperature=temperature,
        rate=rate,
        sigma=sigma,
        sigma_kind=kind,
        c0=_carbon_at_start(basis, jars),
        scale=_joined(jars, "scale"),
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
    if _joined(jars, "scale"):
        # Rates whose scale is known to be wrong cannot be held against the carbon content.
        return None
    if basis in ("soil carbon", "label carbon"):
        return CARBON_PER_GRAM
    content = _numbers(jars, "organic_carbon")
    if basis == "dry soil" and np.all(content > 0):
        return CARBON_PER_GRAM * float(content.mean())
    return None


def _sigma(rows: pd.DataFrame, rate: NDArray, temperature: NDArray) -> tuple[NDArray, SigmaKind]:
    """Error of each rate, from its replicates where all have them; else like the mean of its temperature."""
    sd, n = _numbers(rows, "sd"), _numbers(rows, "n")
    if rate.size and np.all(sd > 0):
        return sd / np.sqrt(np.where(n >= 1, n, 1.0)), "known"
    # Errors grow with the level, and every temperature is to count alike.
    means = pd.Series(rate).groupby(temperature).transform("mean").to_numpy(float)
    return means, "relative"


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
    return ""


def _fit_set(rates: SoilRates, settings: dict) -> PoolFit:
    """The fit of one set; a refused one has no rates to fit."""
    used = slice(0, 0) if rates.refused else slice(None)
    return fit_pool_model(
        rates.time_start[used],
        rates.time_end[used],
        rates.temperature[used],
        rates.rate[used],
        rates.sigma[used],
        c0=rates.c0,
        sigma_kind=rates.sigma_kind,
        **settings,
    )


def _rows(rates: SoilRates, fit: PoolFit) -> Iterator[dict]:
    for i, parameter in enumerate(fit.parameters):
        # Rates and Q10 do not hang on the scale of the respiration; amounts of carbon do.
        doubted = bool(rates.scale) and parameter.startswith("c0")
        identified = bool(fit.identified[i]) and not doubted
        yield {
            "study": rates.study,
            "set": rates.set,
            "sample": rates.sample,
            "model": fit.model.name,
            "parameter": parameter,
            "estimate": fit.estimates[i] if identified else np.nan,
            "sd": fit.sd[i] if identified else np.nan,
            "lower": fit.lower[i],
            "upper": fit.upper[i],
            "identified": identified,
            "reason": rates.refused or (f"the scale of the respiration is {rates.scale}" if doubted else fit.reason[i]),
            "n": rates.rate.size,
            "aicc": fit.aicc,
            "basis": rates.basis,
            "reference_temperature": fit.reference_temperature,
        }
