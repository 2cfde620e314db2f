"""Pools of every soil of a study, from the respiration table to the pools table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from talik.errors import SettingsError
from talik.pools.comparison import akaike_weights, average_carbon_left
from talik.pools.fit import fit_series, model_of, refuse_coverage
from talik.pools.identified import WIDEST_Q10, WIDEST_RATE, why_not
from talik.pools.models import POOL_MODELS, PoolModel
from talik.pools.record import CarbonLeft, PoolFit
from talik.pools.soils import Part, SoilRates, cut, series_of, soil_rates
from talik.tables import typed
from talik.work import Workers, each

WIDEST_LEFT = 2.0
"""Upper over lower end of an interval, above which carbon left is not told. [-]"""
AVERAGED = "averaged"
"""Name of all models together, in the column ``model``."""


@dataclass(frozen=True)
class SoilFits:
    """All models fitted to one soil."""

    rates: SoilRates
    """Its rates."""
    fits: tuple[PoolFit, ...]
    """One fit of each model."""

    @property
    def best(self) -> PoolFit:
        """The fit of least AICc; the first where none has one."""
        return min(self.fits, key=lambda fit: fit.aicc.value if np.isfinite(fit.aicc.value) else np.inf)


def fit_pools(
    respiration: pd.DataFrame,
    jars: pd.DataFrame,
    *,
    models: Sequence[str | PoolModel] = tuple(POOL_MODELS),
    gas: str = "co2",
    confidence: float = 0.95,
    widest_q10: float = WIDEST_Q10,
    widest_rate: float = WIDEST_RATE,
    workers: int = 1,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """Fit pool models to every set of jars.

    Parameters
    ----------
    respiration : DataFrame
        The ``respiration`` table: jar, time_start, time_end, time [d], temperature [°C], gas, one of
        respiration [µg C g⁻¹ dry soil d⁻¹], specific_respiration [mg C g⁻¹ soil carbon d⁻¹] and
        jar_respiration [µg C d⁻¹], and sd and n of the replicates.
    jars : DataFrame
        The ``jars`` table: jar, sample, set, and where known basis, organic_carbon [mg C g⁻¹], measures.
    models : str or sequence of str or PoolModel
        The models, by their names in ``POOL_MODELS``; all by default.
    gas : str, default "co2"
        Which gas.
    confidence : float, default 0.95
        Coverage of the profile intervals. [-]
    widest_q10, widest_rate : float
        Upper over lower end of an interval, above which a Q10, or a rate or a pool, is not identified. [-]
    workers : int, default 1
        Processes of this machine that fit; the numbers are the same to the last bit.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers fit instead; see `talik.work.each`.

    Returns
    -------
    DataFrame
        The ``pools`` table: one row per set, model and parameter, with the criteria of the model and its weight
        among all that were fitted to the set. Where a parameter is not identified, the estimate is missing and the
        reason is given. Carbon left after 1, 10 and 50 years follows, also by all models together.

    Raises
    ------
    TableError
        For tables that nothing can be fitted to; every row and jar at fault is named.
    UnknownNameError
        For a model that is not known.
    SettingsError
        For no model, or a coverage that is not between 0 and 1.
    SettingsError, MissingExtraError, WorkerError
        For workers that cannot be had.

    See Also
    --------
    talik.pools.stream.stream_pools : the same from file to file, for more soils than the memory holds.
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
    >>> pools = fit_pools(respiration, jars, models=["one-pool"])
    >>> pools[["set", "parameter", "estimate", "identified"]].head(3).round(6)
          set      parameter  estimate  identified
    0  peat-1              k  0.000316        True
    1  peat-1            q10  2.500000        True
    2  peat-1  carbon_left_1  0.890919        True
    """
    asked = Asked((models,) if isinstance(models, str) else tuple(models), gas, confidence, widest_q10, widest_rate)
    tables = list(fit_parts(cut(respiration, jars, gas=gas), asked, Workers(workers, scheduler)))
    return pd.concat(tables, ignore_index=True) if tables else pools_table([])


@dataclass(frozen=True)
class Asked:
    """What is asked of the fits of every part."""

    models: tuple[str | PoolModel, ...] = tuple(POOL_MODELS)
    """The models."""
    gas: str = "co2"
    """Which gas."""
    confidence: float = 0.95
    """Coverage of the profile intervals. [-]"""
    widest_q10: float = WIDEST_Q10
    """Upper over lower end, above which a Q10 is not identified. [-]"""
    widest_rate: float = WIDEST_RATE
    """The same of a rate or a pool. [-]"""


def fit_parts(parts: Iterable[Part], asked: Asked, workers: Workers) -> Iterator[pd.DataFrame]:
    """The ``pools`` table of each part, in their order; few parts are in memory at a time.

    Parameters
    ----------
    parts : iterable of Part
        The parts, drawn as they are needed.
    asked : Asked
        What is asked of the fits.
    workers : Workers
        Who fits.

    Returns
    -------
    iterator of DataFrame
    """
    _refuse(asked)
    return each(partial(_table_of_part, asked), parts, workers=workers.count, scheduler=workers.scheduler)


def _refuse(asked: Asked) -> None:
    """Refuse settings that no part can be fitted with, before the first is."""
    refuse_coverage(asked.confidence)
    if not asked.models:
        raise SettingsError(f"models is empty; name one or more of {', '.join(POOL_MODELS)}.", ["models"])
    for model in asked.models:
        model_of(model)


def _table_of_part(asked: Asked, part: Part) -> pd.DataFrame:
    fitted = _fits_of_part(
        part, asked.models, asked.gas, confidence=asked.confidence, widest_q10=asked.widest_q10,
        widest_rate=asked.widest_rate,
    )  # fmt: skip
    return pools_table(fitted, confidence=asked.confidence)


def pool_fits(
    respiration: pd.DataFrame,
    jars: pd.DataFrame,
    *,
    models: Sequence[str | PoolModel] = tuple(POOL_MODELS),
    gas: str = "co2",
    **settings,
) -> list[SoilFits]:
    """Fit pool models to every set of jars, and keep the rates and the fits.

    Parameters
    ----------
    respiration, jars : DataFrame
        As in `fit_pools`.
    models : sequence of str or PoolModel
        The models.
    gas : str, default "co2"
        Which gas.
    **settings
        Of `talik.pools.fit.fit_series`: confidence, widest_q10, widest_rate, starts.

    Returns
    -------
    list of SoilFits
        In the order of the sets' names.
    """
    parts = cut(respiration, jars, gas=gas)
    return [soil for part in parts for soil in _fits_of_part(part, models, gas, **settings)]


def _fits_of_part(part: Part, models: Sequence[str | PoolModel], gas: str, **settings) -> list[SoilFits]:
    soils = list(soil_rates(part.respiration, part.jars, gas=gas))
    series = series_of(soils)
    fitted = [fit_series(series, model=model, **settings) for model in models]
    return [SoilFits(soil, fits) for soil, fits in zip(soils, zip(*fitted, strict=True), strict=True)]


def pools_table(soils: Sequence[SoilFits], *, confidence: float = 0.95) -> pd.DataFrame:
    """The ``pools`` table of fits: one row per set, model and parameter."""
    rows = [row for soil in soils for row in _rows_of_soil(soil, confidence)]
    return typed("pools", pd.DataFrame(rows))


def _rows_of_soil(soil: SoilFits, confidence: float) -> Iterator[dict]:
    interval = f"{100 * confidence:g} % interval"
    weights = akaike_weights([fit.aicc.value for fit in soil.fits])
    for fit, weight in zip(soil.fits, weights, strict=True):
        about = _about(soil.rates, fit.model.name) | {
            "aicc": fit.aicc.value, "bic": fit.bic.value, "weight": weight, "collinearity": fit.collinearity,
            "reference_temperature": fit.reference_temperature,
        }  # fmt: skip
        yield from (about | row for row in _parameters(soil.rates, fit))
        yield from (about | _left(left, interval) for left in fit.carbon_left)
    together = _about(soil.rates, AVERAGED) | {"reference_temperature": soil.fits[0].reference_temperature}
    if len(soil.fits) > 1:
        yield from (together | _left(left, interval) for left in average_carbon_left(soil.fits, confidence=confidence))


def _about(rates: SoilRates, model: str) -> dict:
    return {
        "study": rates.study, "set": rates.set, "sample": rates.sample, "model": model, "n": rates.rate.size,
        "basis": rates.basis,
    }  # fmt: skip


def _parameters(rates: SoilRates, fit: PoolFit) -> Iterator[dict]:
    for i, parameter in enumerate(fit.parameters):
        # Rates and Q10 do not hang on the scale of the respiration; amounts of carbon do.
        doubted = bool(rates.scale) and parameter.startswith(("c0", "rate"))
        known = bool(fit.identified[i]) and not doubted
        yield {
            "parameter": parameter,
            "estimate": fit.estimates[i] if known else np.nan,
            "sd": fit.sd[i] if known else np.nan,
            "lower": fit.lower[i],
            "upper": fit.upper[i],
            "identified": known,
            "reason": rates.refused or (f"the scale of the respiration is {rates.scale}" if doubted else fit.reason[i]),
        }


def why_left_untold(left: CarbonLeft, interval: str = "95 % interval") -> str:
    """Why the data do not tell the carbon left; empty where they do."""
    return why_not(left.lower, left.upper, left.lower > 0, True, False, WIDEST_LEFT, interval)


def _left(left: CarbonLeft, interval: str) -> dict:
    reason = why_left_untold(left, interval)
    return {
        "parameter": f"carbon_left_{left.years:g}",
        "estimate": np.nan if reason else left.estimate,
        "sd": np.nan,
        "lower": left.lower,
        "upper": left.upper,
        "identified": not reason,
        "reason": reason,
    }
