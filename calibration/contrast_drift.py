"""Coverage of the table ``drift``: the change of ln Q10 along an incubation, and how often a trend is seen without one.

Soils whose pools share one Q10 have no trend at the same carbon, and one at the same time. Soils whose respiration
falls by the calendar, alike at every temperature, have none at the same time, and one at the same carbon.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from calibration.contrast_rows import CHUNK, released_by_jars, row
from calibration.q10 import SOIL, Design, Soil, tables, true_rates
from talik import q10_drift

SEED = 20261124
"""Fixed before the first run."""
DATA_SETS = 4000
"""Of each design."""

ONE_Q10 = Soil(SOIL.carbon, SOIL.decay, np.array([2.2, 2.2]), np.ones(2))
"""No trend at the same carbon."""
BY_CALENDAR = Soil(SOIL.carbon, SOIL.decay, np.ones(2), np.array([2.2, 2.2]))
"""No trend at the same time."""

SOILS = {"one Q10": ONE_Q10, "falls by the calendar": BY_CALENDAR}
"""Soils without a trend in one view."""

DESIGNS = (
    Design("2 temperatures, 28 d, 2 jars", jars=2),
    Design("2 temperatures, 28 d, 3 jars"),
    Design("3 temperatures, 60 d, 3 jars", 3, 60.0, 12),
    Design("readings wander, 60 d, 3 jars", days=60.0, readings=12, wander=0.6),
    Design("means of 4 jars with sd, 60 d", days=60.0, readings=12, jars=4, told="means"),
    Design("1 jar, 60 d", days=60.0, readings=12, jars=1),
    Design("1 jar, readings wander, 60 d", days=60.0, readings=12, jars=1, wander=0.6),
)
"""From one jar to four."""


def rows(data_sets: int = DATA_SETS) -> Iterator[dict[str, object]]:
    """One row a design, soil and view."""
    cases = [(design, name) for name in SOILS for design in DESIGNS]
    for number, (design, name) in enumerate(cases):
        yield from judged(design, name, data_sets, (SEED, number))


def judged(design: Design, name: str, data_sets: int, seed: tuple[int, int]) -> Iterator[dict[str, object]]:
    """How often the interval held the true trend, and how often a trend was seen, in both views."""
    soil = SOILS[name]
    sizes = [min(CHUNK, data_sets - first) for first in range(0, data_sets, CHUNK)]
    found = pd.concat([_found(design, soil, size, (*seed, i)) for i, size in enumerate(sizes)])
    by_carbon = found["definition"] == "equal-carbon"
    for kind, mine, true in (
        ("at the same time", found[~by_carbon], true_by_time(design, soil)),
        ("at the same carbon", found[by_carbon], true_by_carbon(design, soil)),
    ):
        slope, lower, upper = mine[["slope", "lower", "upper"]].to_numpy(float).T
        seen = {word: float(mine["trend"].str.startswith(word).mean()) for word in ("rises", "falls")}
        yield row("drift", design.name, name, kind, np.full(len(mine), true), slope, lower, upper) | seen


def _found(design: Design, soil: Soil, data_sets: int, seed: tuple[int, ...]) -> pd.DataFrame:
    """Rows of ``drift`` over all temperatures."""
    respiration, jars = tables(design, data_sets, seed, soil)
    release = released_by_jars(respiration.assign(specific_respiration=np.nan))
    found = q10_drift(respiration, jars, release=release)
    return found[found["temperatures"] == design.temperatures]


def _line(design: Design, carbon: np.ndarray, logs: np.ndarray) -> float:
    """Change from the start to the end of the carbon of the straight line through ln Q10; logs (temperatures, n)."""
    centred = design.held - design.held.mean()
    return float(np.polyfit(carbon, 10.0 * centred @ logs / (centred @ centred), 1)[0])


def true_by_time(design: Design, soil: Soil) -> float:
    """The true trend over the readings: rates of the mean jar, against the carbon of the mean jar."""
    logs = np.log(true_rates(design, soil).sum(axis=-1))
    steps = np.diff(design.times(0), prepend=0.0)
    middle = np.cumsum(steps) - 0.5 * steps
    released = np.array([_carbon_by(design, soil, t, middle) for t in design.held]).mean(axis=0)
    return _line(design, released / released[-1], logs)


def _carbon_by(design: Design, soil: Soil, temperature: float, days: np.ndarray) -> np.ndarray:
    """Carbon of the mean jar by these days, on straight lines between its readings. [mg C]"""
    at = np.r_[0.0, design.times(0)]
    return np.interp(days, at, soil.released(temperature, at).sum(axis=-1))


def true_by_carbon(design: Design, soil: Soil) -> float:
    """The true trend at the same carbon: exact rates where the mean jars had respired as much.

    The points are those of the table: readings of the temperature that has fewest of them within the common carbon.
    """
    fine = np.linspace(0.0, design.days, 20_001)
    curves = [(soil.released(t, fine).sum(axis=-1), soil.rates(t, fine).sum(axis=-1)) for t in design.held]
    steps = np.diff(design.times(0), prepend=0.0)
    middle = np.cumsum(steps) - 0.5 * steps
    read = [_carbon_by(design, soil, t, middle) for t in design.held]
    low, high = max(own[0] for own in read), min(own[-1] for own in read)
    at = min(([one for one in own if low <= one <= high] for own in read), key=len)
    logs = np.log([np.interp(at, carbon, rate) for carbon, rate in curves])
    return _line(design, np.array(at) / min(carbon[-1] for carbon, _ in curves), logs)
