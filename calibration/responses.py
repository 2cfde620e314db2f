"""Coverage of the intervals of temperature responses, and of the table of activation energies.

Rates at temperatures are drawn from a known curve of each form with free parameters, and fitted by the public
``talik.fit_response``. Activation energies are those of the incubations of calibration/q10.py, by the public
``talik.activation_energy``; the truth is the line through the exact mean ln rates. What is simulated, and where it
fails, is told in docs/calibration/responses.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from calibration import q10 as incubations
from calibration.coverage import Coverage
from talik import activation_energy, fit_response, q10
from talik.constants import GAS_CONSTANT, ZERO_CELSIUS
from talik.responses import RESPONSES
from talik.tables import typed

SEED = 20261123
"""Fixed before the first run."""
DATA_SETS = 4000
"""Data sets a design."""


@dataclass(frozen=True)
class Truth:
    """A curve that rates are drawn from."""

    form: str
    """Its form."""
    values: tuple[float, ...]
    """Its parameters, in the order of the form; those that are never fitted included."""
    low: float = 0.0
    """Coldest temperature. [degC]"""
    high: float = 35.0
    """Warmest temperature. [degC]"""

    def rates(self, temperature: np.ndarray) -> np.ndarray:
        """Rates, 1 in the middle of the temperatures."""
        middle = 0.5 * (self.low + self.high)
        return RESPONSES[self.form].relative_rate(temperature, *self.values, reference=middle)


@dataclass(frozen=True)
class Design:
    """How rates were measured."""

    name: str
    """What it is, in words."""
    temperatures: int = 7
    """How many, evenly from the coldest to the warmest."""
    jars: int = 3
    """Jars at each."""
    error: float = 0.10
    """Standard deviation of a rate; of its logarithm, or in parts of the rate in the middle."""
    errors: str = "relative"
    """``relative``: log-normal; ``constant``: of one size; ``readings``: three rates of each jar, whose level differs
    by `error`, and whose readings scatter by as much."""

    def temperature(self, truth: Truth) -> np.ndarray:
        """Temperature of each rate. [degC]"""
        each = self.jars * (3 if self.errors == "readings" else 1)
        return np.repeat(np.linspace(truth.low, truth.high, self.temperatures), each)

    def drawn(self, truth: Truth, random: np.random.Generator) -> np.ndarray:
        """Rates with errors; in constant errors some may be zero or less."""
        exact = truth.rates(self.temperature(truth))
        noise = self.error * random.standard_normal(exact.size)
        if self.errors == "constant":
            return exact + noise
        if self.errors == "readings":
            noise += np.repeat(self.error * random.standard_normal(exact.size // 3), 3)
        return exact * np.exp(noise)


SOIL_FORMS = (
    Truth("van-t-hoff", (2.4,)),
    Truth("exponential", (0.085,)),
    Truth("arrhenius", (60.0,)),
    Truth("lloyd-taylor", (308.56, 227.13)),
    Truth("ratkowsky", (-7.0,), high=25.0),
    Truth("quadratic", (0.11, -0.0012)),
    Truth("kirschbaum", (-3.764, 0.204, 36.9)),
    Truth("mmrt", (55.0, -1.5)),
    Truth("ratkowsky-extended", (-7.0, 45.0, 0.2)),
)
"""Forms fitted to soils and microbes, with usual parameters."""

MODEL_FORMS = (
    Truth("century", (45.0, 35.0)),
    Truth("ctsm", (2.0, 10.0), low=-10.0, high=25.0),
    Truth("ctsm", (2.0, 10.0)),
    Truth("jules", (2.4,), low=-10.0, high=25.0),
    Truth("orchidee", (0.69,), low=-10.0),
    Truth("orchidee-frozen-100", (0.69,), low=-10.0, high=25.0),
    Truth("lpjml", (46.02,), low=-10.0, high=25.0),
)
"""Forms of soil and land models; ``elm`` is ``ctsm``, and ORCHIDEE's ways to freeze have the same parameter."""

FEW = Design("5 temperatures, 1 jar, 20 %", 5, 1, 0.20)
USUAL = Design("7 temperatures, 3 jars, 10 %")
MANY = Design("12 temperatures, 4 jars, 20 %", 12, 4, 0.20)
CONSTANT = Design("7 temperatures, 2 jars, errors of one size", 7, 2, 0.10, "constant")
READINGS = Design("7 temperatures, 2 jars, 3 readings of each", 7, 2, 0.10, "readings")


def cases() -> list[tuple[Truth, Design]]:
    """Every curve with every way it is measured, of the documented run."""
    soils = [(truth, design) for truth in SOIL_FORMS for design in (FEW, USUAL, MANY)]
    bent = [(SOIL_FORMS[place], CONSTANT) for place in (0, 2, 3, 4, 7)]
    models = [(truth, design) for truth in MODEL_FORMS for design in (FEW, USUAL)]
    warm = [(replace(SOIL_FORMS[-1], high=45.0), design) for design in (USUAL, MANY)]
    return [*soils, *bent, *models, *warm, (SOIL_FORMS[0], READINGS)]


def judged(truth: Truth, design: Design, data_sets: int, seed: int) -> Iterator[dict[str, object]]:
    """One row a free parameter: how often its interval held the truth."""
    temperature, random = design.temperature(truth), np.random.default_rng(seed)
    found = []
    for _ in range(data_sets):
        rates = design.drawn(truth, random)
        above = rates > 0
        fit = fit_response(temperature[above], rates[above], form=truth.form)
        found.append([fit.parameters, fit.lower, fit.upper, fit.closed])
    estimate, lower, upper, closed = np.moveaxis(np.array(found, float), 1, 0)
    for place, parameter in enumerate(RESPONSES[truth.form].parameters):
        true = truth.values[place]
        if parameter.high > parameter.low:
            held = int(((lower[:, place] <= true) & (true <= upper[:, place])).sum())
            yield {
                "design": design.name, "form": truth.form, "t_low": truth.low, "t_high": truth.high,
                "parameter": parameter.name, "true": true, "median": np.median(estimate[:, place]),
                "half_width": np.median(upper[:, place] - lower[:, place]) / 2,
                "open": 1.0 - closed[:, place].mean(), **_coverage(held, data_sets),
            }  # fmt: skip


def _coverage(held: int, n: int) -> dict[str, object]:
    coverage = Coverage(held, n)
    low, high = coverage.interval
    return {
        "data_sets": n, "coverage": coverage.estimate, "low": low, "high": high,
        "passes": "yes" if coverage.passes else "no",
    }  # fmt: skip


KELVIN = 1e3 / GAS_CONSTANT
"""Turns 1 / T [K⁻¹] into 1 / (R T). [mol kJ⁻¹]"""

INCUBATIONS = (
    incubations.Design("3 temperatures, 28 d, 3 jars", temperatures=3),
    incubations.Design("4 temperatures, 28 d, 2 jars", temperatures=4, jars=2),
    incubations.Design("5 temperatures, 60 d, 3 jars", temperatures=5, days=60.0, readings=12),
    incubations.Design("means with sd, 5 temperatures, 4 jars", temperatures=5, told="means", jars=4),
    incubations.Design("one jar, 3 temperatures", temperatures=3, jars=1),
    incubations.Design("one jar, 5 temperatures", temperatures=5, jars=1),
)
"""Incubations of calibration/q10.py, on which the activation energies rest."""


def judged_energies(design: incubations.Design, data_sets: int, seed: int) -> Iterator[dict[str, object]]:
    """One row each for the energy and the rate at 20 degC, over the first and over all common readings."""
    chunks = range(0, data_sets, incubations.CHUNK)
    sizes = [min(incubations.CHUNK, data_sets - first) for first in chunks]
    tables = (incubations.tables(design, size, (seed, chunk)) for chunk, size in enumerate(sizes))
    found = pd.concat([activation_energy(*one) for one in tables])
    logs = np.log(incubations.true_rates(design).sum(axis=-1))
    for window, seen in {"first": logs[:, :1], "whole": logs}.items():
        rows = found[found["window"] == window]
        for name, true in _line(design.held, seen.mean(axis=1)).items():
            estimate, lower, upper = rows[list(PRINTED[name])].to_numpy(float).T
            held = int(((lower <= true) & (true <= upper)).sum())
            yield {
                "design": f"{design.name}, {window}", "form": "activation_energies", "t_low": design.held[0],
                "t_high": design.held[-1], "parameter": name, "true": true, "median": np.median(estimate),
                "half_width": np.median(upper - lower) / 2, "open": np.isnan(lower).mean(),
                **_coverage(held, data_sets),
            }  # fmt: skip


ONE_SIZE = Design("7 temperatures, 3 jars, errors of one size", 7, 3, 0.10, "constant")
"""Errors of one size with enough jars at each temperature to tell its scatter."""


def judged_definitions(truth: Truth, design: Design, data_sets: int, seed: int) -> Iterator[dict[str, object]]:
    """One row a definition of Q10 that does not take errors as relative: rates of van 't Hoff through ``talik.q10``."""
    temperature, random = design.temperature(truth), np.random.default_rng(seed)
    rates = np.array([design.drawn(truth, random) for _ in range(data_sets)])
    place = np.argwhere(rates > 0)
    read = pd.DataFrame({
        "jar": [f"{data_set} {jar}" for data_set, jar in place], "temperature": temperature[place[:, 1]], "time": 1.0,
        "gas": "co2", "respiration": rates[rates > 0],
    })  # fmt: skip
    jars = pd.DataFrame({"jar": read["jar"], "set": place[:, 0].astype(str), "basis": "dry soil"})
    found = q10(typed("respiration", read), typed("jars", jars.assign(sample=jars["set"])), definitions=[*ONE_SIZED])
    found = found[(found["t_low"] == truth.low) & (found["t_high"] == truth.high)]
    for name, rows in found[found["temperatures"] > 2].groupby("definition", sort=False):
        estimate, lower, upper = rows[["q10", "lower", "upper"]].to_numpy(float).T
        [true] = truth.values
        yield {
            "design": design.name, "form": name, "t_low": truth.low, "t_high": truth.high, "parameter": "q10",
            "true": true, "median": np.median(estimate), "half_width": np.median(upper - lower) / 2,
            "open": np.isnan(lower).mean(), **_coverage(int(((lower <= true) & (true <= upper)).sum()), len(rows)),
        }  # fmt: skip


ONE_SIZED = ("rate-fit", "exponential-fit")
"""Definitions with errors of each temperature from its jars, and with errors of one size."""

PRINTED = {
    "activation_energy": ("activation_energy", "lower", "upper"),
    "rate_20": ("rate_20", "rate_20_lower", "rate_20_upper"),
}
"""Columns of an estimate and its interval."""


def _line(temperature: np.ndarray, logs: np.ndarray) -> dict[str, float]:
    """Activation energy and rate at 20 degC of the line through exact logarithms."""
    slope, at_20 = np.polyfit(KELVIN * (1 / (temperature + ZERO_CELSIUS) - 1 / (20.0 + ZERO_CELSIUS)), logs, 1)
    return {"activation_energy": -float(slope), "rate_20": float(np.exp(at_20))}


def table(data_sets: int = DATA_SETS) -> pd.DataFrame:
    """One row a curve, design and parameter; then those of the activation energies."""
    rows = []
    for place, (truth, design) in enumerate(cases()):
        rows += judged(truth, design, data_sets, SEED + place)
    for place, incubation in enumerate(INCUBATIONS):
        rows += judged_energies(incubation, data_sets, SEED + 1000 + place)
    rows += judged_definitions(SOIL_FORMS[0], ONE_SIZE, data_sets, SEED + 2000)
    return pd.DataFrame(rows)
