"""How often the profile intervals of pool models hold the truth, and how often they are closed and narrow."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.coverage import Coverage
from talik.pools import PoolFit, Series, fit_series
from talik.pools.errors import jar_difference, proportional, with_jars_apart
from talik.pools.fit import YEAR
from talik.pools.models import POOL_MODELS

SEED = 20260311
"""Fixed before the first run."""
DATA_SETS = 4000
"""Of each design."""
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


NAMED = Design("named: 400 d, CV 10 %, 3 jars", (5, 15), 400, 21, 3, 0.10)
SHORT = Design("named: 28 d, CV 20 %, 1 jar", (5, 15), 28, 21, 1, 0.20)
DESIGNS = (
    NAMED,
    SHORT,
    Design("2 temperatures, 8 times, 1 jar", (5, 15), 200, 8, 1, 0.10),
    Design("2 temperatures, 15 times, 6 jars", (5, 15), 400, 15, 6, 0.20),
    Design("3 temperatures, 12 times, 3 jars", (0, 10, 20), 365, 12, 3, 0.15),
    Design("5 temperatures, 20 times, 1 jar", (5, 10, 15, 20, 25), 120, 20, 1, 0.15),
    Design("2 temperatures, 60 times, 1 jar", (5, 15), 400, 60, 1, 0.30),
    Design("carbon unknown, 3 temperatures, 15 times", (5, 15, 25), 365, 15, 2, 0.10, known=False),
    Design("one pool, 2 temperatures, 8 times", (5, 15), 365, 8, 1, 0.10, model="one-pool"),
    Design("jars differ by 10 %, 3 jars", (5, 15), 400, 21, 3, 0.10, jars_differ=0.10),
    Design("jars differ by 3 %, 3 jars", (5, 15), 400, 21, 3, 0.10, jars_differ=0.03),
)
"""From two to five temperatures, 8 to 60 reading days, 1 to 6 jars, noise as between replicates of published soils."""


def table(designs: tuple[Design, ...] = DESIGNS, data_sets: int = DATA_SETS) -> pd.DataFrame:
    """Coverage of every parameter, design by design."""
    return pd.DataFrame([row for number, design in enumerate(designs) for row in rows(design, data_sets, number)])


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
        return held, len(fits), float(np.median([one.upper / max(one.lower, 1e-9) for one in left]))
    place = fits[0].parameters.index(name)
    lower, upper = (np.array([getattr(fit, side)[place] for fit in fits]) for side in ("lower", "upper"))
    closed = [np.array([getattr(fit, side)[place] for fit in fits]) for side in ("lower_closed", "upper_closed")]
    held = ((lower <= truth) | ~closed[0]) & ((truth <= upper) | ~closed[1])
    identified = sum(bool(fit.identified[place]) for fit in fits)
    return int(held.sum()), identified, float(np.median(upper / np.maximum(lower, 1e-12)))


def simulated(design: Design, data_sets: int, rng: np.random.Generator) -> tuple[pd.DataFrame, list[Series]]:
    """True parameters and rates of each data set."""
    pools = len(POOL_MODELS[design.model].pools)
    reference = float(np.mean(design.temperatures))
    k = np.exp(rng.uniform(np.log([0.03, 1e-4]), np.log([0.12, 6e-4]), (data_sets, 2)))[:, 2 - pools :]
    q10 = np.exp(rng.normal(np.log(2.3), 0.3, (data_sets, pools)))
    fast = rng.uniform(0.02, 0.10, data_sets)
    share = np.stack([fast, 1 - fast], axis=1) if pools == 2 else np.ones((data_sets, 1))
    if not design.known:
        # Without the carbon only a pool that declines visibly has a size.
        k[:, -1] *= 20
    series = [_series(design, *parts, reference, rng) for parts in zip(share, k, q10, strict=True)]
    return _truths(design, share, k, q10), series


def _series(design: Design, share, k, q10, reference: float, rng: np.random.Generator) -> Series:
    days = np.geomspace(1.0, design.days, design.times)
    temperature, _, time = (
        a.ravel() for a in np.meshgrid(design.temperatures, np.arange(design.replicates), days, indexing="ij")
    )
    warmed = k * q10 ** ((temperature[:, None] - reference) / 10)
    rate = CARBON * (share * warmed * np.exp(-warmed * time[:, None])).sum(axis=1)
    level = rng.normal(0.0, design.jars_differ, (len(design.temperatures), design.replicates))
    rate = rate * np.exp(np.repeat(level.ravel(), design.times))
    rate = rate * (1 + design.variation * rng.standard_normal(rate.size))
    return Series(time, time, temperature, rate, np.ones(rate.size), CARBON if design.known else None)


def _truths(design: Design, share, k, q10) -> pd.DataFrame:
    names = ("fast", "slow") if share.shape[1] == 2 else ("",)
    truths = {}
    for i, name in enumerate(names):
        end = f"_{name}" if name else ""
        truths |= {f"k{end}": k[:, i], f"q10{end}": q10[:, i]}
        if not design.known:
            truths[f"c0{end}"] = CARBON * share[:, i]
    if design.known and share.shape[1] == 2:
        truths["fast_fraction"] = share[:, 0]
    if design.known:
        truths |= {f"carbon_left_{a}": (share * np.exp(-k * YEAR * a)).sum(axis=1) for a in (1, 10, 50)}
    return pd.DataFrame(truths)
