"""The rates of all soils as the sampler needs them: one row a rate, and which jar, soil, site and study it is of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talik.errors import TableError, itemised, listed
from talik.frames import rates_and_jars, refuse_other_gases
from talik.pools.soils import SoilRates, soil_rates


@dataclass(frozen=True)
class Grid:
    """Rates in rows of equal length, each of one jar; a long series takes several rows, a short one is filled up.

    Sums over readings are then sums along rows, which gradients pass several times faster than sums by index.
    """

    jar: NDArray
    """Index of the jar of each row, shape (rows,)."""
    filled: NDArray
    """Where there is a rate, shape (rows, width); in the order of the rates when read along rows."""
    time_start: NDArray
    """Start of each interval, shape (rows, width). [d]"""
    duration: NDArray
    """Length of each interval, shape (rows, width). [d]"""

    def rows(self, values: NDArray, filler: float = 0.0) -> NDArray:
        """Values of all rates, shape (n,), as rows, shape (rows, width)."""
        laid = np.full(self.filled.shape, filler)
        laid[self.filled] = values
        return laid


@dataclass(frozen=True)
class Soils:
    """Rates of several soils, each a set of jars that differ in temperature and replicate only."""

    names: tuple[str, ...]
    """Name of each set, shape (soils,)."""
    samples: tuple[str, ...]
    """Soil sample of each set, shape (soils,)."""
    basis: tuple[str, ...]
    """What the rates of each set are per, shape (soils,)."""
    jars: tuple[str, ...]
    """Name of each jar, shape (jars,)."""
    soil: NDArray
    """Index of the set of each jar, shape (jars,)."""
    temperature: NDArray
    """Temperature of each jar, shape (jars,). [°C]"""
    jar: NDArray
    """Index of the jar of each rate, shape (n,)."""
    time_start: NDArray
    """Start of each interval, shape (n,). [d]"""
    time_end: NDArray
    """End of each interval; equal to its start for a rate at one time. Shape (n,). [d]"""
    rate: NDArray
    """Respiration, shape (n,). [unit of its basis]"""
    known_error: NDArray
    """Standard error from the replicates behind a rate, 0 where there are none. Shape (n,). [unit of its basis]"""
    carbon: NDArray
    """Carbon at the start of each set, NaN where it is unknown. Shape (soils,). [unit of its basis times d]"""
    groups: dict[str, NDArray] = field(default_factory=dict)
    """Index of the study and of the site of each set, where these can be told from the soils. Shape (soils,)."""
    group_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names behind the indices of `groups`."""
    predictors: NDArray = field(default_factory=lambda: np.zeros((0, 0)))
    """Predictors of ln Q10, centred and divided by their standard deviation, shape (soils, predictors). [-]"""
    predictor_names: tuple[str, ...] = ()
    """Name of each predictor."""
    left_out: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"set": [], "reason": []}, dtype=str))
    """Sets that are not in the model: set, reason."""

    @cached_property
    def grid(self) -> Grid:
        """The rates in rows, as long as the series of the middle jar."""
        counts = np.bincount(self.jar, minlength=len(self.jars))
        width = int(np.ceil(np.median(counts)))
        rows = np.maximum(-(-counts // width), 1)
        of_row = np.repeat(np.arange(len(counts)), rows)
        before = np.arange(of_row.size) - np.repeat(np.cumsum(rows) - rows, rows)
        filled = np.arange(width) < (counts[of_row] - before * width)[:, None]
        empty = Grid(of_row, filled, np.zeros(filled.shape), np.zeros(filled.shape))
        duration = self.time_end - self.time_start
        return Grid(of_row, filled, empty.rows(self.time_start), empty.rows(duration))

    @property
    def replicated(self) -> bool:
        """Whether any set has several jars at one temperature, so that jars can be told from temperatures."""
        return len(set(zip(self.soil.tolist(), self.temperature.tolist(), strict=True))) < len(self.jars)

    @property
    def reference_temperature(self) -> float:
        """Mean over the sets of the mean temperature of their jars. [°C]"""
        return float(pd.Series(self.temperature).groupby(self.soil).mean().mean())

    @property
    def level(self) -> NDArray:
        """Median size of the rates of each set, shape (soils,); they are divided by it. [unit of its basis]"""
        return pd.Series(np.abs(self.rate)).groupby(self.soil[self.jar]).median().to_numpy(float)

    @property
    def duration(self) -> NDArray:
        """Last time of each set, shape (soils,). [d]"""
        return pd.Series(self.time_end).groupby(self.soil[self.jar]).max().to_numpy(float)


def gather_soils(
    respiration: pd.DataFrame,
    jars: pd.DataFrame,
    *,
    samples: pd.DataFrame | None = None,
    predictors: pd.DataFrame | None = None,
    gas: str = "co2",
) -> Soils:
    """All sets of jars that can stand in one model.

    Parameters
    ----------
    respiration, jars : DataFrame
        The tables of these names; as in `talik.fit_pools`.
    samples : DataFrame, optional
        The ``samples`` table, for the site of each sample.
    predictors : DataFrame, optional
        One row a sample and one numeric column a predictor; a column ``sample``, or the index, names the sample.
    gas : str, default "co2"
        Which gas.

    Returns
    -------
    Soils

    Raises
    ------
    TableError
        Where no set can be used, or predictors are missing or not numbers.
    """
    respiration, jars = rates_and_jars(respiration, jars)
    refuse_other_gases(respiration, gas)
    kept, left_out = _sets(respiration, jars, gas)
    if not kept:
        lines = [f"{row.set}: {row.reason}" for row in left_out.itertuples()]
        raise TableError(f"no set of jars can be used.\n{itemised(lines or ['the jars have no respiration'])}", lines)
    flat = [(i, one) for i, rates in enumerate(kept.values()) for one in rates]
    of_jar = [one for _, one in flat]
    names = tuple(kept)
    by_set = jars.assign(set=jars["set"].astype(str)).drop_duplicates("set").set_index("set").loc[list(names)]
    soils = Soils(
        names=names,
        samples=tuple(by_set["sample"].astype(str)),
        basis=tuple(rates[0].basis for rates in kept.values()),
        jars=tuple(one.set for one in of_jar),
        soil=np.array([i for i, _ in flat]),
        temperature=np.array([one.temperature[0] for one in of_jar]),
        jar=np.repeat(np.arange(len(of_jar)), [one.rate.size for one in of_jar]),
        time_start=np.concatenate([one.time_start for one in of_jar]),
        time_end=np.concatenate([one.time_end for one in of_jar]),
        rate=np.concatenate([one.rate for one in of_jar]),
        known_error=np.concatenate([_known(one) for one in of_jar]),
        carbon=np.array([_carbon(rates) for rates in kept.values()]),
        left_out=left_out,
        **_groups(by_set, samples),
    )
    return soils if predictors is None else _with_predictors(soils, predictors)


def _sets(respiration: pd.DataFrame, jars: pd.DataFrame, gas: str) -> tuple[dict[str, list[SoilRates]], pd.DataFrame]:
    """Rates of each jar, by set; and the sets that are left out, with the reason."""
    set_of = dict(zip(jars["jar"].astype(str), jars["set"].astype(str), strict=True))
    found: dict[str, list[SoilRates]] = {}
    for one in soil_rates(respiration, jars.assign(set=jars["jar"].astype(str)), gas=gas):
        found.setdefault(set_of[one.set], []).append(one)
    kept, reasons = {}, {}
    for name in sorted(found):
        rates = _thawed(found[name])
        reason = _why_left_out(rates)
        if reason:
            reasons[name] = reason
        else:
            kept[name] = rates
    return kept, pd.DataFrame({"set": list(reasons), "reason": list(reasons.values())}, dtype=str)


def _thawed(rates: list[SoilRates]) -> list[SoilRates]:
    """Jars of a set at or above 0 °C, if it has such; one Q10 does not hold across."""
    thawed = [one for one in rates if np.all(one.temperature >= 0)]
    return thawed or rates


def _why_left_out(rates: list[SoilRates]) -> str:
    """Why the jars of a set cannot stand in the model; empty if they can."""
    refused = [one.refused for one in rates if one.refused]
    if refused:
        return refused[0]
    bases = list(dict.fromkeys(one.basis for one in rates))
    if len(bases) > 1:
        return f"its jars have rates on different bases: {', '.join(bases)}"
    rate = np.concatenate([one.rate for one in rates])
    if rate.size == 0:
        return "no rates"
    times = np.concatenate([np.stack([one.time_start, one.time_end]) for one in rates], axis=1)
    temperatures = np.concatenate([one.temperature for one in rates])
    if not (np.isfinite(times).all() and np.isfinite(temperatures).all()):
        return "a time or a temperature is missing"
    if not rate.mean() > 0 or not np.median(np.abs(rate)) > 0:
        return "its rates are zero or negative on average"
    return ""


def _known(rates: SoilRates) -> NDArray:
    """Standard error of each rate where the replicates tell it, else 0."""
    return np.where(rates.sd > 0, rates.sd, 0.0) / np.sqrt(np.maximum(rates.replicates, 1.0))


def _carbon(rates: list[SoilRates]) -> float:
    """Carbon at the start of a set: the mean of its jars, NaN where a jar does not tell."""
    return float(np.mean([np.nan if one.c0 is None else one.c0 for one in rates]))


def _groups(by_set: pd.DataFrame, samples: pd.DataFrame | None) -> dict:
    """Study and site of each set, where there are several and fewer than sets."""
    named = {}
    if "study" in by_set:
        named["study"] = by_set["study"].fillna("").astype(str).to_numpy()
    if samples is not None and {"sample", "site"} <= set(samples.columns):
        sites = samples.assign(sample=samples["sample"].astype(str)).drop_duplicates("sample").set_index("sample")
        named["site"] = sites["site"].astype(str).reindex(by_set["sample"].astype(str)).fillna("").to_numpy()
    groups: dict[str, NDArray] = {}
    names: dict[str, tuple[str, ...]] = {}
    for kind, values in named.items():
        codes, known = pd.factorize(values)
        same = any(np.array_equal(codes, other) for other in groups.values())
        if 1 < len(known) < len(codes) and not same:
            groups[kind], names[kind] = codes, tuple(str(name) for name in known)
    return {"groups": groups, "group_names": names}


def _with_predictors(soils: Soils, predictors: pd.DataFrame) -> Soils:
    """The soils with their predictors, centred and scaled."""
    by_sample = predictors.set_index("sample") if "sample" in predictors else predictors
    by_sample = by_sample.set_axis(by_sample.index.astype(str))
    unknown = sorted(set(soils.samples) - set(by_sample.index))
    if unknown:
        raise TableError(f"samples {listed(unknown)} have no row in the predictors; add them.", unknown)
    twice = sorted(set(by_sample.index[by_sample.index.duplicated()]))
    if twice:
        raise TableError(f"samples {listed(twice)} have several rows in the predictors; keep one of each.", twice)
    values = by_sample.loc[list(soils.samples)].apply(pd.to_numeric, errors="coerce")
    faults = [f"{name}: missing or not a number for {listed(list(values.index[values[name].isna()].unique()))}"
              for name in values if values[name].isna().any()]  # fmt: skip
    spread = values.std(ddof=0)
    faults += [
        f"{name}: the same for all soils" for name in values if not values[name].isna().any() and spread[name] == 0
    ]
    if faults or values.shape[1] == 0:
        raise TableError(f"predictors cannot be used.\n{itemised(faults or ['no column'])}", faults)
    scaled = ((values - values.mean()) / spread).to_numpy(float)
    return replace(soils, predictors=scaled, predictor_names=tuple(str(name) for name in values))
