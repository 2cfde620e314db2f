"""Coverage of the table ``sensitivity``: what one constant Q10 loses over the soils of one study, or of several.

Soils differ in their Q10, in what they respire per carbon and in how much carbon they hold; those of one study are
more alike. The truth is the ratio in the population that soils, and studies, were drawn from, with the Q10 of
``equal-time`` and the mean respiration of four weeks read off the exact curves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.contrast_rows import released_by_jars, row
from calibration.q10 import SOIL, Design, Soil, tables
from talik import q10
from talik.tables import typed
from talik.temperature.sensitivity import DAYS, REFERENCE, sensitivity_of_soils, soils_with_flux

SEED = 20261125
"""Fixed before the first run."""
POPULATION = 40_000
"""Studies whose exact curves give the truth."""
DESIGN = Design("28 d, means of 3 jars with sd", told="means", readings=5)
"""How every soil is incubated."""
OTHERS = ("mean weighted by flux",)
"""Constants that lose nothing by construction, and have no interval to judge."""


@dataclass(frozen=True)
class Studies:
    """Studies of several soils each."""

    name: str
    """What they are, in words."""
    studies: int
    """Studies of a data set."""
    soils: int
    """Soils of each."""
    data_sets: int = 1000
    """Data sets: 4,000, and 1,000 where one costs more than 50 ms."""
    alike: float = 0.2
    """Standard deviation of ln Q10 between studies, and half of that of the logarithm of respiration per carbon."""
    spread: float = 0.3
    """Standard deviation of ln Q10 between soils of one study."""
    rate: float = 0.5
    """Standard deviation of the logarithm of respiration per carbon between soils of one study."""
    carbon: float = 0.4
    """Standard deviation of the logarithm of the carbon content."""


CASES = (
    Studies("1 study of 6 soils", 1, 6, 4000, alike=0.0),
    Studies("1 study of 12 soils", 1, 12, alike=0.0),
    Studies("3 studies of 4 soils", 3, 4),
    Studies("6 studies of 2 soils", 6, 2),
)
"""From one study to six."""


def rows(data_sets: int | None = None) -> Iterator[dict[str, object]]:
    """One row a design and constant."""
    for number, case in enumerate(CASES):
        yield from judged(case, data_sets or case.data_sets, (SEED, number))


def judged(case: Studies, data_sets: int, seed: tuple[int, int]) -> Iterator[dict[str, object]]:
    """One row a constant."""
    truth = _true(case, np.random.default_rng((*seed, 0)))
    soils = estimated(case, data_sets, seed)
    of_set = soils["study"].astype(int) // case.studies
    parts = [sensitivity_of_soils(own, "equal-time") for _, own in soils.groupby(of_set)]
    found = pd.concat([part for part in parts if len(part)])
    for name, mine in found.groupby("constant", sort=False):
        if name not in OTHERS:
            ratio, lower, upper = mine[["ratio", "lower", "upper"]].to_numpy(float).T
            true = np.full(len(mine), truth[name])
            yield row("sensitivity", case.name, "ratio", f"constant: {name}", true, ratio, lower, upper)


def estimated(case: Studies, data_sets: int, seed: tuple[int, int]) -> pd.DataFrame:
    """Soils as talik estimates them, those of one data set in as many studies."""
    random = np.random.default_rng((*seed, 1))
    soil, carbon = _soils(case, data_sets * case.studies, random)
    design = Design(**{**vars(DESIGN), "soils": case.soils})
    respiration, jars = tables(design, data_sets * case.studies, (*seed, 2), soil)
    respiration = respiration.assign(specific_respiration=respiration["respiration"])
    release = released_by_jars(respiration)
    jars = jars.assign(organic_carbon=carbon[jars["sample"].astype(int)])
    estimates = q10(respiration, jars, release=release, definitions=["equal-time"])
    return soils_with_flux(estimates, release, typed("jars", jars), definition="equal-time")


def _soils(case: Studies, studies: int, random: np.random.Generator) -> tuple[Soil, np.ndarray]:
    """Soils study by study, and their carbon content; those of a higher Q10 respire less."""
    n = studies * case.soils
    shared = np.repeat(random.standard_normal((studies, 2)), case.soils, axis=0)
    own = random.standard_normal((n, 3))
    log = case.alike * shared[:, 0] + case.spread * own[:, 0]
    speed = case.rate * (np.sqrt(0.9) * own[:, 1] - np.sqrt(0.1) * own[:, 0]) + 2 * case.alike * shared[:, 1]
    alike = np.ones((n, 2))
    soil = Soil(SOIL.carbon * alike, SOIL.decay * np.exp(speed)[:, None],
                SOIL.sensitivity * np.exp(log)[:, None], alike)  # fmt: skip
    return soil, 50.0 * np.exp(case.carbon * own[:, 2])


def _true(case: Studies, random: np.random.Generator) -> dict[str, float]:
    """Ratio in the population for every constant."""
    soil, carbon = _soils(case, POPULATION, random)
    held = DESIGN.held
    released = np.stack([soil.released(t, [DESIGN.days]).sum(axis=-1)[:, 0] for t in held], axis=1)
    slopes = np.diff(np.log(released), axis=1)[:, 0] / (held[-1] - held[0])
    rate = np.exp(np.log(released[:, 0]) + slopes * (REFERENCE - held[0])) / DAYS
    whole = pd.DataFrame({"study": "all", "sample": np.arange(len(rate)), "log": 10.0 * slopes, "rate": rate,
                          "carbon": carbon})  # fmt: skip
    return {name: _ratio(whole, name) for name in ("mean of Q10", "geometric mean of Q10", "median of Q10",
                                                   "mean weighted by carbon", "2", "1.5")}  # fmt: skip


def _ratio(soils: pd.DataFrame, constant: str) -> float:
    """Its mean of ln Q10 weighted by flux over the logarithm of one constant."""
    logs = soils["log"]
    constants = {
        "mean of Q10": np.log(np.exp(logs).mean()), "geometric mean of Q10": logs.mean(),
        "median of Q10": logs.median(), "mean weighted by carbon": np.average(logs, weights=soils["carbon"]),
        "2": np.log(2.0), "1.5": np.log(1.5),
    }  # fmt: skip
    return float(np.average(logs, weights=soils["rate"]) / constants[constant])
