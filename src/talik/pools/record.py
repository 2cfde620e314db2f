"""What a pool model tells of one soil."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import ResponseError, TableError, listed
from talik.inference.criteria import Criterion
from talik.pools.layout import Layout
from talik.pools.models import PoolModel

SigmaKind = Literal["relative", "known"]


@dataclass(frozen=True)
class CarbonLeft:
    """Part of the carbon at the start that is left after years at the reference temperature."""

    years: float
    """Time since the start. [a]"""
    estimate: float
    """Part that is left. [-]"""
    lower: float
    """Lower end of the profile interval. [-]"""
    upper: float
    """Upper end of the profile interval. [-]"""


@dataclass(frozen=True)
class PoolFit:
    """Pools of one soil, fitted to its respiration at all temperatures together."""

    model: PoolModel
    """The pool model."""
    parameters: tuple[str, ...]
    """Names: pool sizes or fractions, then decay rates at the reference temperature, then shapes and Q10s."""
    estimates: NDArray
    """Least-squares estimates, identified or not; NaN without a fit. Shape (p,). [unit of each parameter]"""
    sd: NDArray
    """Standard errors from the curvature at the optimum. Shape (p,). [unit of each parameter]"""
    lower: NDArray
    """Lower ends of the profile intervals; an open one is the edge of the search. Shape (p,)."""
    upper: NDArray
    """Upper ends of the profile intervals; an open one is the edge of the search. Shape (p,)."""
    lower_closed: NDArray
    """Whether the lower end was met inside the search box. Shape (p,)."""
    upper_closed: NDArray
    """Whether the upper end was met inside the search box. Shape (p,)."""
    identified: NDArray
    """Whether the data determine each parameter. Shape (p,)."""
    reason: tuple[str, ...]
    """Why a parameter is not identified; empty where it is."""
    carbon_left: tuple[CarbonLeft, ...]
    """Carbon left after years; empty where the carbon at the start is unknown, or the model has no end."""
    residual_sum_of_squares: float
    """Sum of the squared residuals, each divided by its sigma. [-]"""
    n: int
    """Number of rates fitted."""
    sigma: SigmaKind
    """``known``: intervals from chi-squared; ``relative``: up to a factor estimated from the residuals,
    intervals from Fisher's F."""
    c0: float | None
    """Carbon at the start, if it was known; None if the pool sizes were free. [unit of the rate times d]"""
    temperatures: NDArray
    """Temperatures of the incubation, shape (m,). [°C]"""
    reference_temperature: float
    """Temperature to which the decay rates belong: the mean of the temperatures. [°C]"""
    collinearity: float
    """Collinearity index; above 15 to 20 one parameter can be replaced by the others. [-]"""
    aicc: Criterion
    """Akaike's criterion, corrected; compares models of the same rates with the same errors."""
    bic: Criterion
    """Schwarz's criterion; compares the same."""
    optima: NDArray = field(default_factory=lambda: np.empty((0, 0)))
    """Every optimum within the threshold of the intervals that a start ended in, the best first, as estimates.
    Shape (optima, p)."""

    def estimate(self, parameter: str) -> float:
        """One least-squares estimate, identified or not, by name."""
        return float(self.estimates[self.parameters.index(parameter)])

    def predict(self, time_start: ArrayLike, time_end: ArrayLike, temperature: ArrayLike) -> NDArray:
        """Mean respiration of intervals, or at times where start and end are equal; shape (n,).

        Within the temperatures of the incubation; beyond them the Q10 is a guess. A ResponseError is raised for
        another temperature than that of an incubation at one, and across 0 °C; a TableError for times that are
        before the start, or end before they begin.
        """
        layout = Layout(self.model, self.c0 is not None, len(self.temperatures) > 1)
        start, end, temperature = np.broadcast_arrays(
            *(np.asarray(a, float) for a in (time_start, time_end, temperature))
        )
        self._refuse(start, end, temperature)
        amounts, phi = _split(layout, self.estimates, self.c0)
        warming = (temperature - self.reference_temperature) / 10.0
        total = np.zeros(start.shape)
        for i, pool in enumerate(self.model.pools):
            rate, q10 = layout.rates[i], layout.q10s[i]
            scale = np.exp((phi[rate] if rate is not None else 0.0) + (phi[q10] * warming if q10 is not None else 0.0))
            shapes = (np.exp(phi[place]) for place in layout.shapes[i])
            scale = np.broadcast_to(scale, start.shape)
            total += amounts[i] * pool.kind.rate(start, end - start, scale, *shapes)[0]
        return total

    def _refuse(self, start: NDArray, end: NDArray, temperature: NDArray) -> None:
        """Refuse times and temperatures of which the fit says nothing."""
        wrong = [f"{a:g} to {b:g} d" for a, b in zip(start.flat, end.flat, strict=True) if not 0 <= a <= b]
        if wrong:
            raise TableError(f"Intervals begin at 0 d or later and end no sooner; found {listed(wrong)}.", wrong)
        known = self.temperatures
        if known.size == 1:
            told, strange = f"{known[0]:g} °C", ~np.isclose(temperature, known[0])
        else:
            told = f"{known.min(initial=np.inf):g} to {known.max(initial=-np.inf):g} °C"
            strange = np.isin(temperature < 0, known < 0, invert=True) & (known.size > 0)
        if strange.any():
            asked = [f"{degree:g} °C" for degree in np.unique(temperature[strange])]
            raise ResponseError(
                f"The soil was incubated at {told}; asked for is {listed(asked)}. Nothing tells its respiration there.",
                asked,
            )


def _split(layout: Layout, estimates: NDArray, c0: float | None) -> tuple[NDArray, NDArray]:
    """Amounts of all pools, and logarithms of all other parameters, from estimates."""
    amounts = estimates[: layout.free_amounts]
    if layout.whole:
        amounts = float(c0 or 0) * np.append(amounts, 1.0 - amounts.sum())
    return amounts, np.log(estimates[layout.free_amounts :])
