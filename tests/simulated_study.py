"""Studies made by simulation, with known truth, to see what the checks tell of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.tables import typed

DAYS = (1.0, 3, 7, 14, 21, 28, 42, 56, 84, 112, 140, 168)


@dataclass(frozen=True)
class Design:
    """How a simulated study was laid out, and how much its jars and readings scatter."""

    soils: int = 8
    temperatures: tuple[float, ...] = (5.0, 15.0)
    replicates: int = 3
    days: tuple[float, ...] = DAYS
    jar_sd: float = 0.15
    """Standard deviation of ln respiration between jars treated alike."""
    uneven: float = 0.3
    """Standard deviation of the logarithm of `jar_sd` between soils: some scatter more."""
    noise: float = 0.08
    """Standard deviation of ln respiration between readings of a jar."""
    tails: float = np.inf
    """Degrees of freedom of the t distribution of readings."""
    floor: float = 0.01
    """Standard deviation of readings whatever their size, as a share of the median rate."""
    drift: float = 0.05
    """Standard deviation of how far a jar wanders from its siblings by the end."""
    q10_sd: float = 0.15
    """Standard deviation of ln Q10 between soils."""


def any_design(random: np.random.Generator) -> Design:
    """A design as laboratories have them."""
    temperatures = ((5.0, 15.0), (4.0, 12.0, 20.0), (5.0, 15.0, 25.0, 35.0), (10.0, 20.0))
    return Design(
        soils=int(random.integers(2, 25)), temperatures=temperatures[random.integers(4)],
        replicates=int(random.integers(1, 6)), days=DAYS[: random.integers(4, len(DAYS) + 1)],
        jar_sd=random.uniform(0.05, 0.4), noise=random.uniform(0.02, 0.3),
        tails=(np.inf, 5.0)[random.integers(2)], floor=random.uniform(0, 0.05), drift=random.uniform(0, 0.2),
        q10_sd=random.uniform(0.05, 0.4),
        uneven=random.uniform(0, 0.5),
    )  # fmt: skip


def scatter(random: np.random.Generator, size, tails: float) -> np.ndarray:
    """Random numbers of standard deviation one, normal or of heavier tails."""
    if np.isinf(tails):
        return random.standard_normal(size)
    return random.standard_t(tails, size) * np.sqrt((tails - 2) / tails)


def study(seed: int | np.random.Generator, design: Design = Design()) -> tuple[pd.DataFrame, np.ndarray]:
    """Jars and their respiration, shape (jars, days), of two pools that warm alike."""
    random = np.random.default_rng(seed)
    soil, temperature, replicate = (
        a.ravel()
        for a in np.meshgrid(np.arange(design.soils), design.temperatures, np.arange(design.replicates), indexing="ij")
    )
    of_soil = {name: random.normal(mean, sd, design.soils)[soil] for name, (mean, sd) in {
        "size": (np.log(10.0), 0.8), "q10": (np.log(2.2), design.q10_sd), "fast": (np.log(0.1), 0.5),
        "share": (np.log(1.0), 0.5)}.items()}  # fmt: skip
    pace = np.exp(of_soil["q10"] * (temperature - 10) / 10)
    uneven = design.jar_sd * np.exp(random.normal(0, design.uneven, design.soils))[soil]
    days = np.array(design.days)
    age = pace[:, None] * days
    decline = np.exp(of_soil["share"][:, None] - np.exp(of_soil["fast"])[:, None] * age) + np.exp(-age / 1500)
    jars = soil.size
    wander = np.cumsum(scatter(random, (jars, days.size), design.tails), axis=1) * design.drift / np.sqrt(days.size)
    logs = (
        of_soil["size"][:, None] + np.log(pace[:, None] * decline) + wander
        + (uneven * random.standard_normal(jars))[:, None]
        + design.noise * scatter(random, (jars, days.size), design.tails)
    )  # fmt: skip
    rate = np.exp(logs)
    rate += design.floor * np.median(rate) * random.standard_normal(rate.shape)
    table = pd.DataFrame({
        "study": "simulated", "sample": [f"soil {s}" for s in soil], "set": [f"soil {s}" for s in soil],
        "jar": [f"{s}-{t:g}-{r}" for s, t, r in zip(soil, temperature, replicate, strict=True)],
        "temperature": temperature, "replicate": replicate.astype(str), "basis": "dry soil",
        "measures": "respiration", "organic_carbon": np.round(20.0 + 13.7 * soil, 1),
    })  # fmt: skip
    return table, rate


def tables(jars: pd.DataFrame, rate: np.ndarray, days=DAYS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``jars`` and ``respiration`` of a simulated study."""
    days = np.asarray(days[: rate.shape[1]], float)
    n, m = rate.shape
    rows = pd.DataFrame({
        "study": "simulated", "jar": np.repeat(jars["jar"].to_numpy(), m), "time": np.tile(days, n), "gas": "co2",
        "temperature": np.repeat(jars["temperature"].to_numpy(float), m), "respiration": rate.ravel(),
    })  # fmt: skip
    return typed("jars", jars), typed("respiration", rows)
