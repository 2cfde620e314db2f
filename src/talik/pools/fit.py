"""One soil, all its temperatures, one fit: shared pool sizes, a decay rate and a Q10 of each pool."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import UnknownNameError
from talik.inference.criteria import aicc
from talik.pools import intervals
from talik.pools.intervals import SigmaKind
from talik.pools.layout import Curve, Layout
from talik.pools.models import POOL_MODELS, PoolModel
from talik.responses import van_t_hoff

WIDEST_Q10 = 2.0
"""Upper over lower end of an interval, above which a Q10 is not identified. [-]"""
WIDEST_RATE = 10.0
"""Upper over lower end of an interval, above which a decay rate or a pool is not identified. [-]"""


@dataclass(frozen=True)
class PoolFit:
    """Pools of one soil, fitted to its respiration at all temperatures together."""

    model: PoolModel
    """The pool model."""
    parameters: tuple[str, ...]
    """Names: pool sizes or fractions, then decay rates at the reference temperature, then Q10s."""
    estimates: NDArray
    """Least-squares estimates, identified or not; NaN without a fit. Shape (p,). [unit of each parameter]"""
    sd: NDArray
    """Standard errors from the curvature at the optimum. Shape (p,). [unit of each parameter]"""
    lower: NDArray
    """Lower ends of the profile intervals; an open one is the edge of the search. Shape (p,)."""
    upper: NDArray
    """Upper ends of the profile intervals; an open one is the edge of the search. Shape (p,)."""
    identified: NDArray
    """Whether the data determine each parameter. Shape (p,)."""
    reason: tuple[str, ...]
    """Why a parameter is not identified; empty where it is."""
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
    aicc: float
    """Akaike's criterion, corrected; compares models of the same rates. [-]"""
    aicc_reason: str
    """Why there is no AICc; empty where there is."""
    second_optimum: NDArray | None
    """A fit within the intervals' threshold, beyond where the profile of the best ends, if one was found.
    Shape (p,)."""

    def estimate(self, parameter: str) -> float:
        """One least-squares estimate, identified or not, by name."""
        return float(self.estimates[self.parameters.index(parameter)])

    def predict(self, time_start: ArrayLike, time_end: ArrayLike, temperature: ArrayLike) -> NDArray:
        """Mean respiration of intervals, or at times where start and end are equal; shape (n,).

        Within the temperatures of the incubation; beyond them the Q10 is a guess.
        """
        layout = Layout(self.model, self.c0, len(self.temperatures) > 1)
        sizes, k, q10 = layout.pools(self.estimates)
        warming = van_t_hoff(temperature, q10[:, None], reference=self.reference_temperature)
        return self.model.mean_respiration(time_start, time_end, sizes, k[:, None] * warming)


def fit_pool_model(
    time_start: ArrayLike,
    time_end: ArrayLike,
    temperature: ArrayLike,
    rate: ArrayLike,
    sigma: ArrayLike,
    *,
    model: str | PoolModel = "two-pool",
    c0: float | None = None,
    sigma_kind: SigmaKind = "relative",
    confidence: float = 0.95,
    widest_q10: float = WIDEST_Q10,
    widest_rate: float = WIDEST_RATE,
) -> PoolFit:
    r"""Fit a pool model to the respiration of one soil at one or more temperatures.

    The pools are the same at all temperatures; each decays faster by its own Q10:

    .. math:: R(t, T) = \sum_i C_i k_i(T) e^{-k_i(T) t}, \qquad
              k_i(T) = k_i Q_{10,i}^{(T - T_{ref}) / 10}

    and the mean of R over an interval is taken exactly. With the carbon at the start known, the pools sum to
    it and their fractions are fitted; otherwise their sizes are. With one temperature there is no Q10.

    Rates, not cumulative curves: errors of these add up, and fits that take them as independent promise
    intervals far too narrow.

    Parameters
    ----------
    time_start, time_end : array_like, shape (n,)
        Interval of each rate since the start of the incubation; equal for a rate at one time. [d]
    temperature : array_like, shape (n,)
        Temperature, constant within each jar. [°C]
    rate : array_like, shape (n,)
        Respiration in any unit, as mg C per g soil carbon per day. [mg C g⁻¹ d⁻¹]
    sigma : array_like, shape (n,)
        Error of each rate. [unit of the rate]
    model : {"one-pool", "two-pool"} or PoolModel
        The pools.
    c0 : float, optional
        Carbon at the start, if known. [unit of the rate times d]
    sigma_kind : {"relative", "known"}
        Whether sigma is given up to a common factor, which the residuals then tell, or is known.
    confidence : float, default 0.95
        Coverage of the profile intervals. [-]
    widest_q10, widest_rate : float
        Upper over lower end of an interval, above which a Q10, or a rate or a pool, is not identified. [-]

    Returns
    -------
    PoolFit
        A parameter is identified if its profile interval is closed on both sides inside the search box and
        not too wide, and no other fit within the threshold was found beyond it, as one in which a pool is too
        fast or too slow to be seen. Such a fit is held by the interval.
        Rates too few or not positive give a result without estimates, and the reason.

    References
    ----------
    Golub and Pereyra (2003), Inverse Problems 19, R1, doi 10.1088/0266-5611/19/2/201 (pool sizes are linear);
    Raue et al. (2009), Bioinformatics 25, 1923-1929, doi 10.1093/bioinformatics/btp358 (identifiability).

    Examples
    --------
    A soil at 5 and 15 °C for 200 days, without noise:

    >>> from talik.pools.models import two_pool
    >>> time = np.tile([1, 5, 10, 20, 40, 70, 100, 150, 200], 2)
    >>> temperature = np.repeat([5.0, 15.0], 9)
    >>> cold, warm = (two_pool(time[:9], 1000, 0.02, 0.05 * f, 2e-4 * s) for f, s in [(1, 1), (2, 3)])
    >>> rate = np.concatenate([cold, warm])
    >>> fit = fit_pool_model(time, time, temperature, rate, rate, c0=1000)
    >>> {name: round(value, 4) for name, value in zip(fit.parameters, fit.estimates.tolist())}
    {'fast_fraction': 0.02, 'k_fast': 0.0707, 'k_slow': 0.0003, 'q10_fast': 2.0, 'q10_slow': 3.0}
    >>> bool(fit.identified.all())
    True
    """
    model = _model(model)
    arrays = (np.asarray(a, float) for a in (time_start, time_end, temperature, rate, sigma))
    time_start, time_end, temperature, rate, sigma = np.broadcast_arrays(*arrays)
    temperatures = np.unique(temperature)
    reference = float(temperatures.mean()) if temperatures.size else np.nan
    layout = Layout(model, c0, temperatures.size > 1)
    problem = _why_not(layout, time_start, time_end, temperature, rate, sigma)
    if problem:
        return _no_fit(layout, problem, rate.size, sigma_kind, temperatures, reference)

    curve = Curve(layout, time_start, time_end, (temperature - reference) / 10.0, rate, sigma)
    found = intervals.find(curve, sigma_kind, confidence)
    widest = np.where(layout.is_q10, widest_q10, widest_rate)
    reason = intervals.why_not_identified(curve, found, widest, f"{100 * confidence:g} % interval")
    return _result(curve, found, reason, sigma_kind, temperatures, reference)


def _model(model: str | PoolModel) -> PoolModel:
    if isinstance(model, PoolModel):
        return model
    if model not in POOL_MODELS:
        known = ", ".join(POOL_MODELS)
        raise UnknownNameError(f"{model!r} is not a pool model; known are: {known}", [model])
    return POOL_MODELS[model]


def _why_not(layout: Layout, start: NDArray, end: NDArray, temperature: NDArray, rate: NDArray, sigma: NDArray) -> str:
    """Why these rates cannot be fitted at all; empty if they can."""
    needed = layout.size + 1
    at = f" with {np.unique(temperature).size} temperatures" if layout.warmed else ""
    if rate.size < needed:
        return (
            f"{rate.size} rates; the {layout.model.name} model{at} has {layout.size} parameters "
            f"and needs at least {needed}"
        )
    if not all(np.isfinite(a).all() for a in (start, end, temperature, rate, sigma)):
        return "a time, a temperature, a rate or an error is missing or infinite"
    if not (sigma > 0).all():
        return "an error of a rate is not positive"
    if (start < 0).any() or (end < start).any():
        return "an interval starts before the incubation or ends before it starts"
    if layout.c0 is not None and not (np.isfinite(layout.c0) and layout.c0 > 0):
        return f"the carbon at the start is {layout.c0:g}, and must be positive"
    for degree in np.unique(temperature):
        if not rate[temperature == degree].mean() > 0:
            return f"the mean respiration at {degree:g} °C is not above zero"
    return ""


def _result(
    curve: Curve,
    found: intervals.Found,
    reason: tuple[str, ...],
    sigma: SigmaKind,
    temperatures: NDArray,
    reference: float,
) -> PoolFit:
    """What was found, in the units of the parameters."""
    layout, n = curve.layout, curve.rate.size
    best, other = found.best, found.other
    lower, upper = intervals.ends(curve, found.profiles)
    criterion = aicc(best.sum_of_squares, n, layout.size, "known" if sigma == "known" else "estimated")
    return PoolFit(
        model=layout.model,
        parameters=layout.parameters,
        estimates=layout.natural(best.theta),
        sd=intervals.standard_errors(curve, best, sigma),
        lower=lower,
        upper=upper,
        identified=np.array([not words for words in reason]),
        reason=reason,
        residual_sum_of_squares=best.sum_of_squares,
        n=n,
        sigma=sigma,
        c0=layout.c0,
        temperatures=temperatures,
        reference_temperature=reference,
        aicc=criterion.value,
        aicc_reason=criterion.reason,
        second_optimum=None if other is None else layout.natural(other.theta),
    )


def _no_fit(layout: Layout, reason: str, n: int, sigma: SigmaKind, temperatures: NDArray, reference: float) -> PoolFit:
    """A result without estimates, and the reason."""
    nothing = np.full(layout.size, np.nan)
    return PoolFit(
        model=layout.model,
        parameters=layout.parameters,
        estimates=nothing,
        sd=nothing,
        lower=nothing,
        upper=nothing,
        identified=np.zeros(layout.size, bool),
        reason=(reason,) * layout.size,
        residual_sum_of_squares=np.nan,
        n=n,
        sigma=sigma,
        c0=layout.c0,
        temperatures=temperatures,
        reference_temperature=reference,
        aicc=np.nan,
        aicc_reason=reason,
        second_optimum=None,
    )
