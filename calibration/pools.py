"""How often the profile intervals of pool models hold the truth, and how often they are closed and narrow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from calibration.coverage import Coverage
from talik.pools import PoolFit, Series, fit_series
from talik.pools.comparison import average_carbon_left
from talik.pools.errors import jar_difference, proportional, with_jars_apart
from talik.pools.fit import YEAR
from talik.pools.models import POOL_MODELS
from talik.pools.table import why_left_untold

SEED = 20260311
"""Fixed before the first run."""
DATA_SETS = 4000
"""Of each design, but a quarter of it where a fit costs more than 50 ms."""
CARBON = 1000.0
"""Carbon at the start. [mg C g⁻¹ C]"""


@dataclass(frozen=True)
class Design:
    """How a soil is incubated, and what its pools are like."""

    name: str
    """Its name in the table."""
    temperatures: tuple[float, ...]
    """Temperatures. [°C]"""
    days: float
    """Length of the incubation. [d]"""
    times: int
    """Readings of each jar."""
    replicates: int
    """Jars at each temperature."""
    variation: float
    """Error of one reading of one jar, relative to its rate. [-]"""
    jars_differ: float = 0.0
    """Standard deviation of what one jar respires more than another all the time, as a logarithm. [-]"""
    known: bool = True
    """Whether the carbon at the start is known."""
    model: str = "two-pool"
    """What is simulated and fitted."""
    costly: bool = False
    """Whether a fit costs more than 50 ms."""


NAMED = Design("named: 400 d, CV 10 %, 3 jars", (5, 15), 400, 21, 3, 0.10)
SHORT = Design("named: 28 d, CV 20 %, 1 jar", (5, 15), 28, 21, 1, 0.20)
DESIGNS = (
    NAMED,
    SHORT,
    Design("2 temperatures, 8 times, 1 jar", (5, 15), 200, 8, 1, 0.10),
    Design("2 temperatures, 15 times, 6 jars", (5, 15), 400, 15, 6, 0.20, costly=True),
    Design("3 temperatures, 12 times, 3 jars", (0, 10, 20), 365, 12, 3, 0.15),
    Design("5 temperatures, 20 times, 1 jar", (5, 10, 15, 20, 25), 120, 20, 1, 0.15),
    Design("2 temperatures, 60 times, 1 jar", (5, 15), 400, 60, 1, 0.30),
    Design("carbon unknown, 3 temperatures, 15 times", (5, 15, 25), 365, 15, 2, 0.10, known=False),
    Design("one pool, 2 temperatures, 8 times", (5, 15), 365, 8, 1, 0.10, model="one-pool"),
    Design("jars differ by 10 %, 3 jars", (5, 15), 400, 21, 3, 0.10, jars_differ=0.10),
    Design("jars differ by 3 %, 3 jars", (5, 15), 400, 21, 3, 0.10, jars_differ=0.03),
    Design("three pools, 3 temperatures, 21 times", (5, 15, 25), 400, 21, 3, 0.10, model="three-pool", costly=True),
    Design("three pools, 2 temperatures, 15 times", (5, 15), 365, 15, 1, 0.15, model="three-pool"),
    Design("fast and constant, 2 temperatures", (5, 15), 120, 15, 2, 0.15, known=False, model="fast-and-constant"),
    Design("continuum, 3 temperatures, 15 times", (5, 15, 25), 365, 15, 2, 0.15, model="continuous-quality"),
    Design("continuum, 2 temperatures, 8 times", (5, 15), 100, 8, 1, 0.15, model="continuous-quality"),
)
"""From two to five temperatures, 8 to 60 reading days, 1 to 6 jars, noise as between replicates of published soils."""


AVERAGED = (
    SHORT.name, "2 temperatures, 8 times, 1 jar", "three pools, 2 temperatures, 15 times",
    "continuum, 2 temperatures, 8 times",
)  # fmt: skip
"""Designs in which carbon left by all models together is judged, on a quarter of the data sets: five fits each."""


def table(designs: tuple[Design, ...] = DESIGNS, data_sets: int = DATA_SETS) -> pd.DataFrame:
    """Coverage of every parameter, design by design, then of carbon left by all models together."""
    of_one = [
        row
        for number, design in enumerate(designs)
        for row in rows(design, data_sets // 4 if design.costly else data_sets, number)
    ]
    averaged = [(number, design) for number, design in enumerate(designs) if design.name in AVERAGED]
    of_all = [row for number, design in averaged for row in rows_of_all_models(design, data_sets // 4, number)]
    return pd.DataFrame(of_one + of_all)


def rows(design: Design, data_sets: int, number: int) -> Iterator[dict]:
    """One row of each parameter of a design."""
    truths, series = simulated(design, data_sets, np.random.default_rng((SEED, number)))
    fits = fit_series(with_errors(design, series), model=design.model)
    for name in truths.columns:
        held, identified, widths = judged(fits, name, truths[name].to_numpy())
        coverage = Coverage(held, data_sets)
        low, high = coverage.interval
        yield {
            "design": design.name, "parameter": name, "data_sets": data_sets, "coverage": coverage.estimate,
            "low": low, "high": high, "passes": coverage.passes, "identified": identified / data_sets,
            "median_upper_over_lower": widths,
        }  # fmt: skip


def rows_of_all_models(design: Design, data_sets: int, number: int) -> Iterator[dict]:
    """One row of the carbon left after each time by all models together, each with its weight."""
    truths, series = simulated(design, data_sets, np.random.default_rng((SEED, number)))
    weighed = with_errors(design, series)
    of_models = zip(*(fit_series(weighed, model=model) for model in POOL_MODELS), strict=True)
    told = [average_carbon_left(fits) for fits in of_models]
    for place, name in enumerate(name for name in truths.columns if name.startswith("carbon_left")):
        lower, upper = (np.array([getattr(left[place], end) for left in told]) for end in ("lower", "upper"))
        coverage = Coverage(int(((lower <= truths[name]) & (truths[name] <= upper)).sum()), data_sets)
        low, high = coverage.interval
        yield {
            "design": design.name, "parameter": f"{name}, all models", "data_sets": data_sets,
            "coverage": coverage.estimate, "low": low, "high": high, "passes": coverage.passes,
            "identified": float(np.mean([not why_left_untold(left[place]) for left in told])),
            "median_upper_over_lower": float(np.median(upper / np.maximum(lower, 1e-9))),
        }  # fmt: skip


def with_errors(design: Design, series: list[Series]) -> list[Series]:
    """Errors as the pools table takes them."""
    jar = np.repeat(np.arange(len(design.temperatures) * design.replicates), design.times)
    smooth = proportional(series)
    apart = [jar_difference(one.residual, jar, one.series.temperature) for one in smooth]
    return [with_jars_apart(one.series, found, jar) for one, found in zip(smooth, apart, strict=True)]


def judged(fits: list[PoolFit], name: str, truth: np.ndarray) -> tuple[int, int, float]:
    """How many intervals hold the truth (an open side does), how many parameters are identified, how wide they are."""
    if name.startswith("carbon_left"):
        years = float(name.rsplit("_", 1)[1])
        left = [next(one for one in fit.carbon_left if one.years == years) for fit in fits]
        held = sum(one.lower <= value <= one.upper for one, value in zip(left, truth, strict=True))
        identified = sum(not why_left_untold(one) for one in left)
        return held, identified, float(np.median([one.upper / max(one.lower, 1e-9) for one in left]))
    place = fits[0].parameters.index(name)
    lower, upper = (np.array([getattr(fit, side)[place] for fit in fits]) for side in ("lower", "upper"))
    closed = [np.array([getattr(fit, side)[place] for fit in fits]) for side in ("lower_closed", "upper_closed")]
    held = ((lower <= truth) | ~closed[0]) & ((truth <= upper) | ~closed[1])
    identified = sum(bool(fit.identified[place]) for fit in fits)
    return int(held.sum()), identified, float(np.median(upper / np.maximum(lower, 1e-12)))


@dataclass(frozen=True)
class Soils:
    """True parameters of many soils, a row each."""

    size: np.ndarray
    """Carbon of each pool, the respiration of one without an end, shape (soils, pools). [mg C g⁻¹ C, d⁻¹]"""
    k: np.ndarray
    """Decay rates at the mean temperature, 0 of a pool without an end, shape (soils, pools). [d⁻¹]"""
    q10: np.ndarray
    """Q10 of each pool, shape (soils, pools)."""
    shape: np.ndarray
    """Shape of a continuum of decay rates, infinite for one rate, shape (soils, 1)."""

    def respiration(self, soil: int, time: np.ndarray, warming: np.ndarray) -> np.ndarray:
        """Respiration of one soil at times and temperatures above the mean, shape (n,). [mg C g⁻¹ C d⁻¹]"""
        faster = self.q10[soil] ** (warming[:, None] / 10)
        k, endless = self.k[soil] * faster, self.k[soil] == 0
        rate = np.where(endless, faster, k * self._left(k * time[:, None], self.shape[soil], 1.0))
        return (self.size[soil] * rate).sum(axis=1)

    def left(self, days: float) -> np.ndarray:
        """Part of the carbon left at the mean temperature, shape (soils,)."""
        share = self.size / self.size.sum(axis=1, keepdims=True)
        return (share * self._left(self.k * days, self.shape, 0.0)).sum(axis=1)

    @staticmethod
    def _left(decayed: np.ndarray, shape: np.ndarray, order: float) -> np.ndarray:
        """Gamma distributed decay rates: what is left after the mean has decayed so far, or its slope."""
        if np.isinf(shape).all():
            return np.exp(-decayed)
        return (1 + decayed / shape) ** (-shape - order)


def _between(rng: np.random.Generator, low, high, count: int) -> np.ndarray:
    """Values spread evenly in the logarithm, shape (count, values)."""
    return np.exp(rng.uniform(np.log(low), np.log(high), (count, len(low))))


def _sensitivity(rng: np.random.Generator, count: int, pools: int) -> np.ndarray:
    return np.exp(rng.normal(np.log(2.3), 0.3, (count, pools)))


def _two_pools(rng: np.random.Generator, count: int) -> Soils:
    k = _between(rng, [0.03, 1e-4], [0.12, 6e-4], count)
    q10, fast = _sensitivity(rng, count, 2), rng.uniform(0.02, 0.10, count)
    return Soils(CARBON * np.stack([fast, 1 - fast], axis=1), k, q10, np.full((count, 1), np.inf))


def _two_declining_pools(rng: np.random.Generator, count: int) -> Soils:
    # Without the carbon only a pool that declines visibly has a size.
    soils = _two_pools(rng, count)
    return replace(soils, k=soils.k * [1, 20])


def _one_pool(rng: np.random.Generator, count: int) -> Soils:
    k = _between(rng, [0.03, 1e-4], [0.12, 6e-4], count)[:, 1:]
    return Soils(np.full((count, 1), CARBON), k, _sensitivity(rng, count, 1), np.full((count, 1), np.inf))


def _three_pools(rng: np.random.Generator, count: int) -> Soils:
    k = _between(rng, [0.08, 4e-3, 3e-5], [0.3, 0.012, 1.5e-4], count)
    share = rng.uniform([0.005, 0.05], [0.02, 0.15], (count, 2))
    size = CARBON * np.column_stack([share, 1 - share.sum(axis=1)])
    return Soils(size, k, _sensitivity(rng, count, 3), np.full((count, 1), np.inf))


def _fast_and_constant(rng: np.random.Generator, count: int) -> Soils:
    k = np.column_stack([_between(rng, [0.03], [0.12], count), np.zeros(count)])
    size = _between(rng, [20.0, 0.1], [100.0, 0.5], count)
    return Soils(size, k, _sensitivity(rng, count, 2), np.full((count, 1), np.inf))


def _continuum(rng: np.random.Generator, count: int) -> Soils:
    drawn = _between(rng, [1e-3, 0.1], [5e-3, 0.5], count)
    return Soils(np.full((count, 1), CARBON), drawn[:, :1], _sensitivity(rng, count, 1), drawn[:, 1:])


SOILS = {
    "one-pool": _one_pool, "two-pool": _two_pools, "three-pool": _three_pools,
    "fast-and-constant": _fast_and_constant, "continuous-quality": _continuum,
}  # fmt: skip
"""How soils of each model are drawn."""


def simulated(design: Design, data_sets: int, rng: np.random.Generator) -> tuple[pd.DataFrame, list[Series]]:
    """True parameters and rates of each data set."""
    known = design.known or design.model != "two-pool"
    soils = (SOILS[design.model] if known else _two_declining_pools)(rng, data_sets)
    return _truths(design, soils), [_series(design, soils, soil, rng) for soil in range(data_sets)]


def _series(design: Design, soils: Soils, soil: int, rng: np.random.Generator) -> Series:
    days = np.geomspace(1.0, design.days, design.times)
    temperature, _, time = (
        a.ravel() for a in np.meshgrid(design.temperatures, np.arange(design.replicates), days, indexing="ij")
    )
    rate = soils.respiration(soil, time, temperature - np.mean(design.temperatures))
    level = rng.normal(0.0, design.jars_differ, (len(design.temperatures), design.replicates))
    rate = rate * np.exp(np.repeat(level.ravel(), design.times))
    rate = rate * (1 + design.variation * rng.standard_normal(rate.size))
    return Series(time, time, temperature, rate, np.ones(rate.size), CARBON if design.known else None)


def _truths(design: Design, soils: Soils) -> pd.DataFrame:
    """Every parameter by its name, and the carbon left where it is known."""
    model = POOL_MODELS[design.model]
    truths = {}
    for i, pool in enumerate(model.pools):
        if pool.kind.decays:
            truths[model.named("k", pool)] = soils.k[:, i]
        truths[model.named("q10", pool)] = soils.q10[:, i]
        truths |= {model.named(shape, pool): soils.shape[:, 0] for shape in pool.kind.shapes}
        if not design.known:
            truths[model.named(pool.kind.size, pool)] = soils.size[:, i]
        elif pool is not model.pools[-1]:
            truths[f"{pool.name}_fraction"] = soils.size[:, i] / CARBON
    if design.known:
        truths |= {f"carbon_left_{a}": soils.left(YEAR * a) for a in (1, 10, 50)}
    return pd.DataFrame(truths)
