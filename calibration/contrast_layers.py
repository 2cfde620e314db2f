"""Coverage of the table ``layers``: permafrost over active layer, in one core and over cores.

A core has two soils, each of a fast and a slow pool. Cores differ in their Q10, in the size of their fast pool and in
how fast it goes; the permafrost layer has another Q10, more so in one core than in another. The truth of one core is
the ratio of its two soils by each definition, read off their exact curves; that over cores is the mean of ln ratio in
the population that the cores were drawn from.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.contrast_rows import CHUNK, released_by_jars, row
from calibration.q10 import SOIL, Design, Soil, tables, true_rates
from talik import compare_layers, q10
from talik.tables import empty, typed
from talik.temperature.compare_layers import ALL_CORES, RELEASE, over_cores

SEED = 20261123
"""Fixed before the first run."""

SHARED = 0.15
"""Standard deviation of ln Q10 over cores, both layers alike."""
LAYER = float(np.log(1.2))
"""Mean of what the permafrost layer has more in ln Q10."""
FAST_POOL = 0.3
"""Standard deviation of the logarithm of the fast pool and of its decay rate, soil by soil."""

POPULATION = 20_000
"""Cores whose exact curves give the mean over all cores."""

LAYERS = list(empty("layers").columns)
"""Columns of the table."""

DEFINITIONS = ["rate-ratio", "rate-fit", "equal-time", "equal-carbon"]


@dataclass(frozen=True)
class Layers:
    """Cores that were sampled alike and incubated alike."""

    name: str
    """What they are, in words."""
    design: Design
    """How each of their soils was incubated."""
    data_sets: int
    """Data sets of as many cores as the largest of `cores`."""
    cores: tuple[int, ...] = (1,)
    """Cores of a data set; those of several sizes are made of the same simulated cores."""
    spread: float = 0.25
    """Standard deviation of the true ln ratio between cores."""


CASES = (
    Layers("2 temperatures, 28 d, 3 jars", Design(""), 4000),
    Layers("3 temperatures, 28 d, 1 jar, a study of one core", Design("", 3, jars=1), 4000),
    Layers("2 temperatures, 28 d, means of 3 jars with sd", Design("", told="means"), 4000),
    Layers("2 temperatures, 28 d, 1 jar", Design("", jars=1, readings=5), 1000, (3, 10)),
    Layers("3 temperatures, 60 d, 1 jar, a study of six cores", Design("", 3, 60.0, jars=1), 1000, (6,)),
    Layers("3 temperatures, 60 d, 3 jars", Design("", 3, 60.0, 5), 1000, (3,)),
    Layers("cores alike in their ratio, 28 d, 2 jars", Design("", jars=2), 1000, (3,), 0.0),
)
"""From one core to ten."""

MOST_SETS = 1000
"""Data sets of several cores."""


def rows(data_sets: int | None = None) -> Iterator[dict[str, object]]:
    """One row a design and measure, of one core and over cores."""
    for number, case in enumerate(CASES):
        yield from judged(case, data_sets or case.data_sets, (SEED, number))


def soils_of(case: Layers, cores: int, random: np.random.Generator) -> Soil:
    """The two soils of every core, active layer first, shape (2 * cores, 2)."""
    more = np.stack([np.zeros(cores), LAYER + case.spread * random.standard_normal(cores)], axis=1).ravel()
    log = more + np.repeat(SHARED * random.standard_normal(cores), 2)
    fast = np.exp(FAST_POOL * random.standard_normal((2, 2 * cores)))
    alike = np.ones(2 * cores)
    return Soil(
        SOIL.carbon * np.stack([fast[0], alike], axis=1),
        SOIL.decay * np.stack([fast[1], alike], axis=1),
        SOIL.sensitivity * np.exp(log)[:, None],
        np.ones((2 * cores, 2)),
    )


def judged(case: Layers, data_sets: int, seed: tuple[int, int]) -> Iterator[dict[str, object]]:
    """One row a measure, of single cores and of each number of cores."""
    population = true_logs(case.design, soils_of(case, POPULATION, np.random.default_rng((*seed, 1))))
    largest = max(case.cores)
    size = max(CHUNK // largest, 1)
    starts = range(0, data_sets, size)
    found = pd.concat([compared(case, min(size, data_sets - first), first, (*seed, 2, first)) for first in starts])
    for name, measured in found.groupby("judged", sort=False):
        if measured["lower"].notna().any():
            yield _row(case, "one core", name, measured, measured["truth"])
    for cores in case.cores:
        if cores == 1:
            continue
        mine = found[found["place"] < cores * min(MOST_SETS, data_sets * largest // cores)]
        parts = [over_cores(typed("layers", one[LAYERS])) for _, one in mine.groupby(mine["place"] // cores)]
        for name, measured in _named(pd.concat(parts)).groupby("judged", sort=False):
            yield _row(case, f"over {cores} cores", name, measured, float(population[name].mean()))


def _row(case: Layers, what: str, name: str, measured: pd.DataFrame, truth) -> dict[str, object]:
    logs, lower, upper = np.log(measured[["ratio", "lower", "upper"]].to_numpy(float)).T
    return row("layers", case.name, what, name, np.broadcast_to(truth, logs.shape), logs, lower, upper)


def compared(case: Layers, data_sets: int, first: int, seed: tuple[int, ...]) -> pd.DataFrame:
    """Rows of ``layers`` of single cores of data sets, with their truth and the place of the core in the study."""
    cores = data_sets * max(case.cores)
    soil = soils_of(case, cores, np.random.default_rng((*seed, 0)))
    respiration, jars, samples = measured(case, data_sets, (*seed, 1), soil)
    release = released_by_jars(respiration)
    estimates = q10(respiration, jars, release=release, definitions=DEFINITIONS)
    found = compare_layers(estimates, samples, release=release, jars=jars, respiration=respiration)
    found = _named(found[found["core"] != ALL_CORES])
    truth = true_logs(case.design, soil)
    found = found[found["judged"].isin(truth.columns)]
    place = found["core"].astype(int)
    true = [truth.loc[at, name] for at, name in zip(place, found["judged"], strict=True)]
    return found.assign(truth=true, place=place + first * max(case.cores))


def measured(
    case: Layers, data_sets: int, seed: tuple[int, ...], soil: Soil
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The tables ``respiration``, ``jars`` and ``samples``; every soil holds 1 g of carbon a gram."""
    design = Design(**{**vars(case.design), "soils": 2 * max(case.cores)})
    respiration, jars = tables(design, data_sets, seed, soil)
    respiration = respiration.assign(specific_respiration=respiration["respiration"])
    jars = jars.assign(replicates=float(design.jars) if design.told != "jars" else 1.0)
    samples = jars.drop_duplicates("sample")[["study", "sample"]]
    place = samples["sample"].astype(int)
    layer = np.where(place % 2, "permafrost", "active")
    return respiration, jars, typed("samples", samples.assign(site="here", core=(place // 2).astype(str), layer=layer))


def _named(found: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``layers`` with what is judged: the measure, and the temperature of a release."""
    warmth = [
        f", {t:g} °C" if measure == RELEASE else "" for t, measure in zip(found["t_low"], found["measure"], strict=True)
    ]
    return found.assign(judged=found["measure"] + warmth)


def true_logs(design: Design, soil: Soil) -> pd.DataFrame:
    """True ln ratio of every core, a column a measure."""
    held = design.held
    weights = 10.0 * (held - held.mean()) / np.sum((held - held.mean()) ** 2)
    rates = np.log(true_rates(design, soil).sum(axis=-1))
    released = np.stack([soil.released(t, [design.days]).sum(axis=-1)[:, 0] for t in held], axis=1)
    days = np.stack([_day(soil, t, released.min(axis=1)) for t in held], axis=1)
    logs = {
        "Q10, equal-carbon": -np.log(days) @ weights,
        "Q10, equal-time": np.log(released) @ weights,
        "Q10, rate": rates.mean(axis=2) @ weights,
        "Q10, rate at the first reading": rates[:, :, 0] @ weights,
    } | {f"{RELEASE}, {t:g} °C": np.log(released[:, i]) for i, t in enumerate(held)}
    return pd.DataFrame({name: values[1::2] - values[::2] for name, values in logs.items()})


def _day(soil: Soil, temperature: float, carbon: np.ndarray) -> np.ndarray:
    """Day on which each mean jar has released this carbon, by halving. [d]"""
    low, high = np.zeros(carbon.size), np.full(carbon.size, 1e3)
    for _ in range(60):
        middle = 0.5 * (low + high)
        short = soil.released(temperature, middle[:, None]).sum(axis=-1)[:, 0] < carbon
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return 0.5 * (low + high)
