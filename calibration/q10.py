"""Coverage of the Q10 that come from curves: incubations built by simulation, whose Q10 is known by every definition.

A soil has a fast and a slow pool, each with its own Q10. Its jars hold more or less of it, and more or less of the
fast pool, than the mean jar; what is read of each jar scatters besides. What is tested is what is printed: the public
``talik.q10`` on the tables ``respiration`` and ``jars``. The truth is that of the mean jar, read off its exact curves
by each definition. How much jars and readings scatter in real data is told in docs/calibration/q10.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq, curve_fit

from calibration.coverage import Coverage
from talik import q10
from talik.tables import typed

SEED = 20261122
"""Fixed before the first run."""
DATA_SETS = 4000
"""Data sets a design."""

REFERENCE = 10.0
"""Temperature of the decay rates. [degC]"""


@dataclass(frozen=True)
class Soil:
    """A fast and a slow pool side by side; of many soils at once, arrays have the shape (soils, pools)."""

    carbon: np.ndarray
    """Carbon of the pools at the reference temperature. [mg C]"""
    decay: np.ndarray
    """Their decay rates there. [d⁻¹]"""
    sensitivity: np.ndarray
    """Q10 of their decay rates."""
    by_calendar: np.ndarray
    """Q10 of the carbon that decays: rates rise with warmth, and fall by the calendar, alike at every temperature."""

    def decay_rates(self, temperature: float) -> np.ndarray:
        """Decay rate of each pool. [d⁻¹]"""
        return self.decay * self.sensitivity ** ((temperature - REFERENCE) / 10.0)

    def carbon_at(self, temperature: float) -> np.ndarray:
        """Carbon of each pool that decays. [mg C]"""
        return self.carbon * self.by_calendar ** ((temperature - REFERENCE) / 10.0)

    def released(self, temperature: float, time) -> np.ndarray:
        """Carbon that each pool of the mean jar has released, shape (..., times, pools). [mg C]"""
        gone = np.asarray(time, float)[..., None] * self.decay_rates(temperature)[..., None, :]
        return self.carbon_at(temperature)[..., None, :] * -np.expm1(-gone)

    def rates(self, temperature: float, time) -> np.ndarray:
        """Rate of each pool of the mean jar, shape (..., times, pools). [mg C d⁻¹]"""
        decay = self.decay_rates(temperature)[..., None, :]
        return self.carbon_at(temperature)[..., None, :] * decay * np.exp(-np.asarray(time, float)[..., None] * decay)


SOIL = Soil(np.array([20.0, 980.0]), np.array([0.06, 3e-4]), np.array([1.8, 2.6]), np.ones(2))
"""The soil of every design of this study."""

TEMPERATURES = {2: (5.0, 15.0), 3: (5.0, 15.0, 25.0), 4: (5.0, 10.0, 15.0, 20.0), 5: (5.0, 10.0, 15.0, 20.0, 25.0)}
"""Temperatures of an incubation, by how many there are. [degC]"""


@dataclass(frozen=True)
class Design:
    """One kind of incubation."""

    name: str
    """What it is, in words."""
    temperatures: int = 2
    """How many temperatures."""
    days: float = 28.0
    """Length. [d]"""
    readings: int = 8
    """Readings of a jar."""
    jars: int = 3
    """Jars at each temperature."""
    told: str = "jars"
    """``jars``: every jar has its series; ``means``: their mean with its standard deviation; ``mean``: without."""
    rates: str = "intervals"
    """``intervals``: mean rates; ``points``: rates when read; ``own days``: these, each temperature read on its own."""
    jar: float = 0.10
    """Coefficient of variation of what a jar respires, between jars."""
    fast: float = 0.15
    """Coefficient of variation of its fast pool besides."""
    reading: float = 0.20
    """Coefficient of variation of one reading."""
    wander: float = 0.0
    """Correlation of the errors of a reading and the next."""
    coldest: float = 1.0
    """How many times more everything scatters at the lowest temperature."""
    soils: int = 1
    """Soils of the study; the first is judged."""
    steps: bool = False
    """Whether the same jars are warmed in steps."""

    @property
    def held(self) -> np.ndarray:
        """Temperatures. [degC]"""
        return np.array(TEMPERATURES[self.temperatures])

    def times(self, place: int) -> np.ndarray:
        """Days of the readings at one temperature, closer at the start. [d]"""
        regular = self.days * (np.arange(1, self.readings + 1) / self.readings) ** 1.5
        late = self.rates == "own days" and place % 2
        return np.r_[0.5 * (regular[1:] + regular[:-1]), self.days] if late else regular


def rates(design: Design, place: int, soil: Soil = SOIL) -> np.ndarray:
    """Rate of each pool of the mean jar, as the table holds it, shape (..., readings, pools). [mg C d⁻¹]"""
    temperature, time = design.held[place], design.times(place)
    if design.rates == "intervals":
        released = soil.released(temperature, np.r_[0.0, time])
        return np.diff(released, axis=-2) / np.diff(time, prepend=0.0)[:, None]
    return soil.rates(temperature, time)


def stepped_rates(design: Design) -> np.ndarray:
    """Rate of each pool while one jar is warmed in steps, shape (temperatures, readings, pools). [mg C d⁻¹]"""
    step = design.days / design.held.size / design.readings
    decay = np.array([SOIL.decay_rates(temperature) for temperature in design.held])[:, None, :]
    gone = np.cumsum(np.broadcast_to(decay * step, (design.held.size, design.readings, 2)).reshape(-1, 2), axis=0)
    return SOIL.carbon * decay * np.exp(-gone.reshape(design.held.size, design.readings, 2))


def true_rates(design: Design, soil: Soil = SOIL) -> np.ndarray:
    """Rate of each pool of the mean jar, shape (..., temperatures, readings, pools). [mg C d⁻¹]"""
    if design.steps:
        return stepped_rates(design)
    return np.stack([rates(design, place, soil) for place in range(design.held.size)], axis=-3)


def _wandering(normal: np.ndarray, correlation: float) -> np.ndarray:
    """Series along the last axis whose neighbours are correlated, from independent ones; each has variance one."""
    series = normal.copy()
    for i in range(1, normal.shape[-1]):
        series[..., i] = correlation * series[..., i - 1] + np.sqrt(1.0 - correlation**2) * normal[..., i]
    return series


def _varied(random: np.random.Generator, variation, shape: tuple[int, ...], wander: float = 0.0) -> np.ndarray:
    """Log-normal factors with mean one and these coefficients of variation."""
    spread = np.sqrt(np.log1p(np.square(variation)))
    return np.exp(spread * _wandering(random.standard_normal(shape), wander) - 0.5 * spread**2)


def simulated(design: Design, sets: int, random: np.random.Generator, soil: Soil = SOIL) -> np.ndarray:
    """What is read of every jar, shape (sets, temperatures, jars, readings). [mg C d⁻¹]"""
    of_pools = true_rates(design, soil)
    count, length = of_pools.shape[-3:-1]
    coldest = np.where(np.arange(count) == 0, design.coldest, 1.0)[:, None]
    held = (sets, 1, design.jars) if design.steps else (sets, count, design.jars)
    level, fast = _varied(random, design.jar * coldest, held), _varied(random, design.fast * coldest, held)
    noise = _varied(random, design.reading * coldest[..., None], (sets, count, design.jars, length), design.wander)
    jar = fast[..., None] * of_pools[..., None, :, 0] + of_pools[..., None, :, 1]
    return level[..., None] * jar * noise


def tables(
    design: Design, data_sets: int, seed: int | tuple[int, ...], soil: Soil = SOIL
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``respiration`` and ``jars`` of many studies, each of its soils."""
    read = simulated(design, data_sets * design.soils, np.random.default_rng(seed), soil)
    sd = np.full((*read.shape[:2], 1, read.shape[3]), np.nan)
    if design.told != "jars":
        sd = read.std(axis=2, ddof=1, keepdims=True) if design.told == "means" else sd
        read, n = read.mean(axis=2, keepdims=True), float(design.jars)
    else:
        sd, n = np.full(read.shape, np.nan), 1.0
    place = np.indices(read.shape).reshape(4, -1)
    time = np.array([design.times(i) for i in range(design.held.size)])
    end = time[place[1], place[3]] if not design.steps else (place[1] * read.shape[3] + place[3] + 1.0)
    start = np.where(place[3] == 0, 0.0, time[place[1], place[3] - 1])
    intervals = design.rates == "intervals" and not design.steps
    of_jar = place[0] * 10_000 + place[2] + (0 if design.steps else 100 * place[1])
    respiration = pd.DataFrame({
        "study": place[0] // design.soils, "jar": of_jar, "temperature": design.held[place[1]], "gas": "co2",
        "time_start": start if intervals else np.nan, "time_end": end if intervals else np.nan,
        "time": 0.5 * (start + end) if intervals else end, "respiration": read.ravel(), "sd": sd.ravel(), "n": n,
    })  # fmt: skip
    respiration["study"], respiration["jar"] = respiration["study"].astype(str), respiration["jar"].astype(str)
    jars = respiration.assign(set=place[0].astype(str)).drop_duplicates("jar")[["study", "jar", "set"]]
    jars = jars.assign(sample=jars["set"], basis="dry soil", measures="respiration")
    return typed("respiration", respiration), typed("jars", jars)


QUARTERS = ((0.0, 1.0), (0.0, 0.25), (0.75, 1.0))
"""Increments of carbon that are judged."""


@dataclass(frozen=True)
class Estimand:
    """One Q10 of a design, and its true value."""

    definition: str
    temperatures: int
    """How many it rests on: the widest pair, or all."""
    window: str
    """``first``, ``whole``, or the increment of carbon."""
    log: float
    """True ln Q10."""


def estimands(design: Design) -> Iterator[Estimand]:
    """Every Q10 that is judged, with its truth from the noise-free curves."""
    pairs = [design.held[[0, -1]]] + ([design.held] if design.held.size > 2 else [])
    for held in pairs:
        places = np.searchsorted(design.held, held)
        logs = _true_log_rates(design, places)
        windows = {"whole": logs} if design.steps else {"first": logs[:, :1], "whole": logs}
        for window, seen in windows.items():
            for name, true in (RATES if held.size > 2 else {"rate-ratio": _slope}).items():
                yield Estimand(name, held.size, window, true(held, seen))
        if design.steps:
            continue
        whole = np.array([[SOIL.released(t, design.days).sum()] for t in held])
        yield Estimand("equal-time", held.size, "whole", _slope(held, np.log(whole)))
        for start, end in QUARTERS:
            taken = [[_day(t, end * whole.min()) - _day(t, start * whole.min())] for t in held]
            yield Estimand("equal-carbon", held.size, f"{start:g} to {end:g}", _slope(held, -np.log(taken)))


def _true_log_rates(design: Design, places: np.ndarray) -> np.ndarray:
    """Ln rate of the mean jar at the common times, shape (temperatures, times)."""
    if design.rates != "own days":
        return np.log(true_rates(design)[places].sum(axis=-1))
    time = design.times(0)
    return np.log(np.sum([SOIL.rates(t, time) for t in design.held[places]], axis=-1))


def _slope(held: np.ndarray, logs) -> float:
    """Ten times the slope of the line through mean logarithms; ``logs`` of shape (temperatures, times)."""
    return 10.0 * float(np.polyfit(held, np.mean(logs, axis=1), 1)[0])


def _exponential(held: np.ndarray, logs) -> float:
    """Ten times the exponent of the least-squares curve through mean rates."""
    means = np.exp(logs).mean(axis=1)
    start = (float(means[0]), 0.05)
    fitted, _ = curve_fit(lambda t, a, b: a * np.exp(b * (t - held[0])), held, means, start, xtol=1e-12, ftol=1e-12)
    return 10.0 * float(fitted[1])


def _arrhenius(held: np.ndarray, logs) -> float:
    """Ln Q10 of one activation energy between the coldest and the warmest temperature."""
    inverse = 1.0 / (held + 273.15)
    energy = -float(np.polyfit(inverse, np.mean(logs, axis=1), 1)[0])
    return 10.0 / (held[-1] - held[0]) * energy * (inverse[0] - inverse[-1])


RATES = {"rate-fit": _slope, "exponential-fit": _exponential, "arrhenius": _arrhenius}
"""True ln Q10 of definitions that rest on rates, from three temperatures."""


def _day(temperature: float, carbon: float) -> float:
    """Day on which the mean jar has released this carbon. [d]"""
    if carbon <= 0:
        return 0.0
    return brentq(lambda day: SOIL.released(temperature, day).sum() - carbon, 0.0, 1e4, xtol=1e-10)


def cases() -> list[Design]:
    """Every design of the documented run."""
    usual = [
        Design(f"{count} temperatures, {days:g} d, {jars} jars", count, days, readings, jars)
        for (count, (days, readings), jars) in [
            (2, (8.0, 5), 3), (2, (28.0, 8), 2), (2, (28.0, 8), 3), (2, (28.0, 8), 6), (2, (60.0, 12), 3),
            (3, (8.0, 5), 2), (3, (28.0, 8), 3), (3, (60.0, 12), 6), (4, (28.0, 8), 3), (5, (60.0, 12), 2),
        ]
    ]  # fmt: skip
    return [
        *usual,
        Design("jars alike, readings scatter", jar=0.02, fast=0.05, reading=0.35),
        Design("jars differ as field cores", jars=6, jar=0.5, fast=0.3),
        Design("coldest jars scatter twice as much", temperatures=3, coldest=2.0),
        Design("instantaneous rates", rates="points", temperatures=3),
        Design("each temperature read on its own days", rates="own days"),
        Design("means with sd, 3 jars", told="means"),
        Design("means with sd, 6 jars, 60 d", told="means", jars=6, days=60.0, readings=12),
        Design("means with sd, 3 temperatures, 4 jars", told="means", temperatures=3, jars=4),
        Design("one jar, 2 temperatures", jars=1),
        Design("one jar, 3 temperatures", jars=1, temperatures=3),
        Design("one jar, 5 temperatures", jars=1, temperatures=5),
        Design("one jar, 3 temperatures, 4 soils", jars=1, temperatures=3, soils=4),
        Design("means without sd, 3 temperatures, 4 soils", told="mean", temperatures=3, soils=4),
        Design("warmed in steps, 2 temperatures, 3 jars", steps=True, days=2.0, readings=2),
        Design("warmed in steps, 4 temperatures, 4 jars", steps=True, temperatures=4, jars=4, days=4.0, readings=1),
        Design("warmed in steps, 5 temperatures, 1 jar", steps=True, temperatures=5, jars=1, days=5.0, readings=2),
        Design("readings of a jar wander, 3 jars", days=60.0, readings=12, wander=0.6),
        Design("means with sd, readings wander, 4 jars", days=60.0, readings=12, wander=0.6, told="means", jars=4),
    ]


CHUNK = 250
"""Data sets that are simulated at once; each chunk has its own seed, so that a longer run begins with a shorter one."""


def judged(design: Design, data_sets: int, seed: int) -> pd.DataFrame:
    """One row an estimand: how often its interval held the truth, over data sets with an interval."""
    sizes = [min(CHUNK, data_sets - first) for first in range(0, data_sets, CHUNK)]
    found = pd.concat([estimated(design, size, (seed, chunk)) for chunk, size in enumerate(sizes)])
    return pd.DataFrame([_row(design, estimand, _chosen(found, design, estimand)) for estimand in estimands(design)])


def estimated(design: Design, data_sets: int, seed: tuple[int, int]) -> pd.DataFrame:
    """The table ``q10`` of the first soil of each data set of one chunk."""
    found = q10(*tables(design, data_sets, seed))
    found = found[found["set"].astype(int) % design.soils == 0]
    return found.assign(set=f"{seed[1]} " + found["set"])


def _chosen(found: pd.DataFrame, design: Design, estimand: Estimand) -> pd.DataFrame:
    """The row of each set that estimates this."""
    rows = found[
        (found["definition"] == estimand.definition)
        & (found["t_low"] == design.held[0]) & (found["t_high"] == design.held[-1])
    ]  # fmt: skip
    if not design.steps:
        rows = rows[rows["temperatures"] == estimand.temperatures]
    if estimand.window in ("first", "whole"):
        rows = rows[~rows["window"].str.startswith("part")]
        of_set = rows.groupby("set")
        ends = of_set["time_end"].transform("min" if estimand.window == "first" else "max")
        starts = of_set["time_start"].transform("min")
        return rows[ends.isna() | ((rows["time_end"] == ends) & (rows["time_start"] == starts))]
    start, end = map(float, estimand.window.split(" to "))
    return rows[(rows["quota_start"] == start) & (rows["quota_end"] == end)]


def _row(design: Design, estimand: Estimand, rows: pd.DataFrame) -> dict[str, object]:
    logs, lower, upper = np.log(rows[["q10", "lower", "upper"]].to_numpy(float)).T
    told = np.isfinite(lower)
    held = (lower <= estimand.log) & (estimand.log <= upper)
    row: dict[str, object] = {
        "design": design.name, "definition": estimand.definition, "temperatures": estimand.temperatures,
        "window": estimand.window, "q10": np.exp(estimand.log), "median": np.exp(np.nanmedian(logs)),
        "data_sets": len(rows), "with_interval": int(told.sum()),
    }  # fmt: skip
    if not told.any():
        return row | {"coverage": np.nan, "low": np.nan, "high": np.nan, "half_width": np.nan, "passes": "no interval"}
    coverage = Coverage(int(held[told].sum()), int(told.sum()))
    low, high = coverage.interval
    return row | {
        "coverage": coverage.estimate, "low": low, "high": high,
        "half_width": float(np.median((upper - lower)[told] / 2)), "passes": "yes" if coverage.passes else "no",
    }  # fmt: skip


def table(data_sets: int = DATA_SETS) -> pd.DataFrame:
    """One row a design, definition and window."""
    parts = [judged(design, data_sets, SEED + place) for place, design in enumerate(cases())]
    return pd.concat(parts, ignore_index=True)
