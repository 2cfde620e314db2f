"""One soil, all its temperatures, one fit: shared pool sizes, a decay rate and a Q10 of each pool."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize
from scipy.stats import qmc

from talik.errors import UnknownNameError
from talik.inference.criteria import aicc
from talik.inference.profile import (
    Optimum,
    ProfileInterval,
    least_squares_in_box,
    profile_interval,
    profile_threshold,
)
from talik.pools.models import POOL_MODELS, PoolModel, decay
from talik.responses import van_t_hoff

DECAY_RATES = (1e-6, 10.0)
"""Decay rates that are sought: residence times from 2.4 hours to 2700 years. [d⁻¹]"""
Q10S = (0.1, 100.0)
"""Values of Q10 that are sought. [-]"""
WIDEST_Q10 = 2.0
"""Upper over lower end of an interval, above which a Q10 is not identified. [-]"""
WIDEST_RATE = 10.0
"""Upper over lower end of an interval, above which a decay rate or a pool is not identified. [-]"""
STARTS = 6
"""Fits begun from different places; the best is kept. With several pools there are two more."""
SCREENED = 32
"""Places tried, of which the best are the starts; a power of two, as Sobol points need."""
ROUNDING = 1e-8
"""Relative error that every rate has at least: none is known to more digits. [-]"""
SAME = 0.01
"""Relative difference below which two optima are one. [-]"""

SigmaKind = Literal["relative", "known"]


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
    """Another optimum within the intervals' threshold, if one was found. Shape (p,)."""

    def estimate(self, parameter: str) -> float:
        """One least-squares estimate, identified or not, by name."""
        return float(self.estimates[self.parameters.index(parameter)])

    def predict(self, time_start: ArrayLike, time_end: ArrayLike, temperature: ArrayLike) -> NDArray:
        """Mean respiration of intervals, or at times where start and end are equal; shape (n,).

        Within the temperatures of the incubation; beyond them the Q10 is a guess.
        """
        layout = _Layout(self.model, self.c0, len(self.temperatures) > 1)
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
        not too wide, and no other fit within the threshold lies outside it: no second optimum, and none in
        which a pool is too fast or too slow to be seen. With a second optimum the interval holds the
        profiles of both.
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
    layout = _Layout(model, c0, temperatures.size > 1)
    problem = _why_not(layout, time_start, time_end, temperature, rate, sigma)
    if problem:
        return _no_fit(layout, problem, rate.size, sigma_kind, temperatures, reference)

    warming = (temperature - reference) / 10.0
    curve = _Curve(layout, time_start, time_end, warming, rate, sigma)
    found = _search(curve, sigma_kind, confidence)
    best, other = found.best, found.other
    estimates = layout.natural(best.theta)
    lower, upper = _ends(layout, found.profiles)
    widest = np.where(layout.is_q10, widest_q10, widest_rate)
    reason = tuple(
        _why_not_identified(curve, i, found, lower[i], upper[i], widest[i], f"{100 * confidence:g} % interval")
        for i in range(layout.size)
    )
    criterion = aicc(best.sum_of_squares, rate.size, layout.size, "known" if sigma_kind == "known" else "estimated")
    return PoolFit(
        model=model,
        parameters=layout.parameters,
        estimates=estimates,
        sd=_standard_errors(layout, best, estimates, rate.size, sigma_kind),
        lower=lower,
        upper=upper,
        identified=np.array([not words for words in reason]),
        reason=reason,
        residual_sum_of_squares=best.sum_of_squares,
        n=rate.size,
        sigma=sigma_kind,
        c0=c0,
        temperatures=temperatures,
        reference_temperature=reference,
        aicc=criterion.value,
        aicc_reason=criterion.reason,
        second_optimum=None if other is None else layout.natural(other.theta),
    )


def _model(model: str | PoolModel) -> PoolModel:
    if isinstance(model, PoolModel):
        return model
    if model not in POOL_MODELS:
        known = ", ".join(POOL_MODELS)
        raise UnknownNameError(f"{model!r} is not a pool model; known are: {known}", [model])
    return POOL_MODELS[model]


@dataclass(frozen=True)
class _Layout:
    """Which parameter stands where, and in which coordinate it is sought.

    Sizes, decay rates and Q10s are sought as logarithms, fractions as they are. The fraction of a pool is
    of the carbon that faster pools leave, so that the fractions of any number of pools fill a box.
    """

    model: PoolModel
    c0: float | None
    warmed: bool

    @property
    def pool_count(self) -> int:
        return len(self.model.pools)

    @property
    def size_count(self) -> int:
        return self.pool_count - (self.c0 is not None)

    @property
    def size(self) -> int:
        return self.size_count + self.pool_count * (1 + self.warmed)

    @property
    def parameters(self) -> tuple[str, ...]:
        fractions = tuple(f"{pool}_fraction" for pool in self.model.pools[:-1])
        sizes = self.model.names("c0") if self.c0 is None else fractions
        return sizes + self.model.names("k") + (self.model.names("q10") if self.warmed else ())

    @property
    def is_q10(self) -> NDArray:
        return np.arange(self.size) >= self.size_count + self.pool_count

    @property
    def is_fraction(self) -> NDArray:
        return (np.arange(self.size) < self.size_count) & (self.c0 is not None)

    @property
    def decay_rates(self) -> range:
        """Where the decay rates stand, the fast pool first."""
        return range(self.size_count, self.size_count + self.pool_count)

    def split(self, theta: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Coordinates of the sizes, of the decay rates and of the Q10s (zeros without a Q10)."""
        first, second = self.size_count, self.size_count + self.pool_count
        return (
            theta[:first],
            theta[first:second],
            theta[second:] if self.warmed else np.zeros(self.pool_count),
        )

    def natural(self, theta: NDArray) -> NDArray:
        """Parameters from coordinates, shape (p,)."""
        return np.where(self.is_fraction, theta, np.exp(np.where(self.is_fraction, 0.0, theta)))

    def natural_one(self, index: int, coordinate: float) -> float:
        """One parameter from its coordinate."""
        return float(coordinate if self.is_fraction[index] else np.exp(coordinate))

    def pools(self, estimates: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Sizes, decay rates and Q10s of the pools from the parameters, each of shape (pools,)."""
        first, second = self.size_count, self.size_count + self.pool_count
        sizes = estimates[:first] if self.c0 is None else self.c0 * shares(estimates[:first])
        q10 = estimates[second:] if self.warmed else np.ones(self.pool_count)
        return sizes, estimates[first:second], q10

    def coordinates(self, sizes: NDArray, log_k: NDArray, log_q10: NDArray) -> NDArray:
        """Coordinates from pools in any order: the fast pool becomes the first."""
        order = np.argsort(-log_k, kind="stable")
        sizes = sizes[order]
        if self.c0 is None:
            first = np.log(np.maximum(sizes, np.finfo(float).tiny))
        else:
            left = np.cumsum(sizes[::-1])[::-1]
            first = (sizes / np.where(left > 0, left, 1.0))[:-1]
        return np.concatenate([first, log_k[order], log_q10[order] if self.warmed else []])


def shares(fractions: ArrayLike) -> NDArray:
    """Share of each pool in the carbon, from the fraction that each takes of what faster pools leave.

    Parameters
    ----------
    fractions : array_like, shape (pools - 1,)
        Fraction of the carbon left, from the fastest pool on. [-]

    Returns
    -------
    ndarray, shape (pools,)
        Shares that sum to one. [-]

    Examples
    --------
    A fast pool of 10 %, and a slow pool of half the rest:

    >>> shares([0.1, 0.5])
    array([0.1 , 0.45, 0.45])
    """
    fractions = np.asarray(fractions, float)
    left = np.concatenate([[1.0], np.cumprod(1 - fractions)])
    return left * np.concatenate([fractions, [1.0]])


class _Curve:
    """The rates of one soil, and the residuals of a pool model from them."""

    def __init__(
        self,
        layout: _Layout,
        time_start: NDArray,
        time_end: NDArray,
        warming: NDArray,
        rate: NDArray,
        sigma: NDArray,
    ):
        self.layout = layout
        self.time_start, self.time_end, self.warming = time_start, time_end, warming
        self.rate, self.sigma = rate, sigma
        self.lower, self.upper = self._box()

    def _box(self) -> tuple[NDArray, NDArray]:
        """The search box in coordinates, each end of shape (p,)."""
        layout = self.layout
        level = float(np.abs(self.rate).max())
        # From a pool too small to be seen to one so large that only its slowest decay gives these rates.
        sizes = (1e-9 * level / DECAY_RATES[1], 10 * level / DECAY_RATES[0])
        ends = np.array(
            [sizes] * layout.size_count
            + [DECAY_RATES] * layout.pool_count
            + [Q10S] * (layout.pool_count * layout.warmed)
        )
        box = np.log(ends)
        box[layout.is_fraction] = (0.0, 1.0)
        return box[:, 0], box[:, 1]

    def decay(self, log_k: NDArray, log_q10: NDArray) -> tuple[NDArray, NDArray]:
        """Respiration per carbon of each pool and its derivative by ln k, each of shape (pools, n)."""
        k = np.exp(log_k[:, None] + log_q10[:, None] * self.warming)
        return decay(self.time_start, self.time_end, k)

    def sizes(self, coordinates: NDArray) -> tuple[NDArray, NDArray]:
        """Pool sizes, shape (pools,), and their derivatives by their coordinates, shape (pools, sizes)."""
        if self.layout.c0 is None:
            sizes = np.exp(coordinates)
            return sizes, np.diag(sizes)
        sizes = self.layout.c0 * shares(coordinates)
        slopes = np.zeros((sizes.size, coordinates.size))
        for j in range(coordinates.size):
            # A share is linear in each fraction by itself.
            none, all_of_it = coordinates.copy(), coordinates.copy()
            none[j], all_of_it[j] = 0.0, 1.0
            slopes[:, j] = self.layout.c0 * (shares(all_of_it) - shares(none))
        return sizes, slopes

    def residuals(self, theta: NDArray) -> tuple[NDArray, NDArray]:
        """Residuals divided by sigma, shape (n,), and their Jacobian, shape (n, p)."""
        size, log_k, log_q10 = self.layout.split(theta)
        rate, slope = self.decay(log_k, log_q10)
        sizes, by_size = self.sizes(size)
        by_k = sizes[:, None] * slope
        parts = [by_size.T @ rate, by_k] + ([by_k * self.warming] if self.layout.warmed else [])
        return (sizes @ rate - self.rate) / self.sigma, (np.concatenate(parts) / self.sigma).T

    def best_sizes(self, log_k: NDArray, log_q10: NDArray) -> tuple[NDArray, float]:
        """Pool sizes that fit best at these rates, shape (pools,), and the misfit: they are linear."""
        design = (self.decay(log_k, log_q10)[0] / self.sigma).T
        aim = self.rate / self.sigma
        scale = np.linalg.norm(design, axis=0)
        scale[scale == 0] = 1.0
        design = design / scale
        if self.layout.c0 is not None:
            # The sum of the pools is one more reading, of an error a thousandth of all others.
            heavy = 1e3 * max(float(np.linalg.norm(aim)), 1.0)
            design = np.vstack([design, heavy / scale / (self.layout.c0)])
            aim = np.append(aim, heavy)
        solution, misfit = optimize.nnls(design, aim)
        return solution / scale, float(misfit)


def _why_not(layout: _Layout, start: NDArray, end: NDArray, temperature: NDArray, rate: NDArray, sigma: NDArray) -> str:
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


def _no_fit(layout: _Layout, reason: str, n: int, sigma: SigmaKind, temperatures: NDArray, reference: float) -> PoolFit:
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


@cache
def _sobol(dimensions: int) -> NDArray:
    """Evenly spread points of the unit cube, always the same, shape (SCREENED, dimensions)."""
    return qmc.Sobol(dimensions, scramble=False).random(SCREENED) + 0.5 / SCREENED


def _seen_places(curve: _Curve) -> list[NDArray]:
    """Where to begin: decay rates and Q10s spread evenly over what the data can tell, the best of them."""
    return _best_places(curve, *_spread(curve), STARTS)


def _spread(curve: _Curve) -> tuple[NDArray, NDArray]:
    """Decay rates and Q10s spread evenly, as logarithms, each of shape (SCREENED, pools)."""
    pools = curve.layout.pool_count
    times = curve.time_end[curve.time_end > 0]
    shortest, longest = (float(times.min()), float(times.max())) if times.size else (1.0, 1.0)
    points = _sobol(2 * pools)
    slowest, fastest = np.clip([0.003 / longest, 10 / shortest], *DECAY_RATES)
    log_k = np.log(slowest) + points[:, :pools] * np.log(fastest / slowest)
    return log_k, points[:, pools:] * np.log(6.0) * curve.layout.warmed


def _hidden_places(curve: _Curve) -> Iterator[tuple[int, NDArray]]:
    """The best places where a pool is hidden: gone before the first reading, or not decaying at all.

    Yields where the decay rate of that pool stands, and the coordinates.
    """
    if curve.layout.pool_count == 1:
        return
    log_k, log_q10 = (values[: SCREENED // 2] for values in _spread(curve))
    for pool, edge in ((0, DECAY_RATES[1]), (-1, DECAY_RATES[0])):
        hidden = -np.sort(-log_k)
        hidden[:, pool] = np.log(edge)
        yield curve.layout.decay_rates[pool], _best_places(curve, hidden, log_q10, 1)[0]


def _best_places(curve: _Curve, log_k: NDArray, log_q10: NDArray, count: int) -> list[NDArray]:
    """The places that fit best, their pool sizes solved for: coordinates, each of shape (p,)."""
    tried = []
    for k, q10 in zip(log_k, log_q10, strict=True):
        sizes, misfit = curve.best_sizes(k, q10)
        tried.append((misfit, curve.layout.coordinates(sizes, k, q10)))
    return [start for _, start in sorted(tried, key=lambda pair: pair[0])[:count]]


def _optima(curve: _Curve, starts: list[NDArray]) -> list[Optimum]:
    """Optima reached from all starts, the best first, the pools of each in order."""
    reached = [_fit(curve, start) for start in starts]
    return sorted(reached, key=lambda optimum: optimum.sum_of_squares)


def _fit(curve: _Curve, start: NDArray) -> Optimum:
    """Least squares from one start, the fast pool first in the answer."""
    found = least_squares_in_box(curve.residuals, start, curve.lower, curve.upper)
    size, log_k, log_q10 = curve.layout.split(found.theta)
    if np.all(np.diff(log_k) <= 0):
        return found
    theta = curve.layout.coordinates(curve.sizes(size)[0], log_k, log_q10)
    theta = np.clip(theta, curve.lower, curve.upper)
    return Optimum(theta, *curve.residuals(theta))


@dataclass(frozen=True)
class _Search:
    """The best fit, and whatever fits as well."""

    best: Optimum
    other: Optimum | None
    """Another optimum within the threshold, outside an interval of the best."""
    profiles: list[ProfileInterval]
    """Profile of each parameter; with another optimum it holds those of both."""
    elsewhere: NDArray
    """Where another fit as good lies outside the profile of the best; NaN if there is none. Shape (p,)."""
    hidden: NDArray
    """Whether a fit is as good in which the pool of this decay rate or Q10 is not seen. Shape (p,)."""


def _search(curve: _Curve, sigma_kind: SigmaKind, confidence: float) -> _Search:
    """Fit, profile, and look for what fits as well elsewhere."""
    layout = curve.layout
    hiding = list(_hidden_places(curve))
    starts = _seen_places(curve) + [place for _, place in hiding]
    profiles, optima, threshold = _profiles(curve, _optima(curve, starts), sigma_kind, confidence)
    elsewhere, hidden = np.full(layout.size, np.nan), np.zeros(layout.size, bool)
    for rate, point in _hidden_pools(curve, hiding, threshold):
        outside = _is_outside(layout, point, profiles)
        elsewhere[outside] = layout.natural(point.theta)[outside]
        hidden[rate] = True
        if layout.warmed:
            hidden[rate + layout.pool_count] = True
    others = [
        other for other in optima[1:] if other.sum_of_squares < threshold and _is_outside(layout, other, profiles).any()
    ]
    if not others:
        return _Search(optima[0], None, profiles, elsewhere, hidden)
    other = others[0]
    outside = _is_outside(layout, other, profiles)
    elsewhere[outside] = layout.natural(other.theta)[outside]
    both = [_both(*pair) for pair in zip(profiles, _profiles_of(curve, other, threshold), strict=True)]
    return _Search(optima[0], other, both, elsewhere, hidden)


def _hidden_pools(curve: _Curve, hiding: list[tuple[int, NDArray]], threshold: float) -> Iterator[tuple[int, Optimum]]:
    """Fits within the threshold in which a pool is not seen.

    A profile that starts at the best fit can miss them: between them and it the sum of squares is higher.
    """
    for rate, place in hiding:
        lower, upper = curve.lower.copy(), curve.upper.copy()
        lower[rate] = upper[rate] = place[rate]
        fit = least_squares_in_box(curve.residuals, place, lower, upper)
        if fit.sum_of_squares < threshold:
            yield rate, fit


def _profiles(
    curve: _Curve, optima: list[Optimum], sigma_kind: SigmaKind, confidence: float
) -> tuple[list[ProfileInterval], list[Optimum], float]:
    """Profile of each parameter; a better optimum met on the way becomes the one that is profiled."""
    for _ in range(4):
        best = optima[0]
        threshold = _threshold(curve, best, sigma_kind, confidence)
        profiles = _profiles_of(curve, best, threshold)
        better = next((profile.better for profile in profiles if profile.better is not None), None)
        if better is None:
            break
        optima = sorted([_fit(curve, better), *optima], key=lambda optimum: optimum.sum_of_squares)
    return profiles, optima, threshold


def _profiles_of(curve: _Curve, optimum: Optimum, threshold: float) -> list[ProfileInterval]:
    """Profile of each parameter, begun at one optimum."""
    return [
        profile_interval(curve.residuals, optimum, curve.lower, curve.upper, i, threshold, curve.layout.decay_rates)
        for i in range(curve.layout.size)
    ]


def _both(one: ProfileInterval, two: ProfileInterval) -> ProfileInterval:
    """The interval that holds two, those of two optima."""
    down = one if one.lower <= two.lower else two
    up = one if one.upper >= two.upper else two
    return ProfileInterval(
        down.lower, up.upper, down.lower_closed, up.upper_closed, down.at_lower, up.at_upper, one.better
    )


def _threshold(curve: _Curve, best: Optimum, sigma_kind: SigmaKind, confidence: float) -> float:
    """Sum of squares at the ends of the intervals; see `profile_threshold`."""
    n, parameters = curve.rate.size, curve.layout.size
    least = best.sum_of_squares
    if sigma_kind == "known":
        return profile_threshold(least, n, parameters, "known", confidence)
    # Rates made by a formula lie on the curve, and their intervals would be rounding errors wide.
    rounding = ROUNDING**2 * float(np.sum((curve.rate / curve.sigma) ** 2))
    wide = profile_threshold(max(least, rounding), n, parameters, "estimated", confidence)
    return least + wide - max(least, rounding)


def _ends(layout: _Layout, profiles: list[ProfileInterval]) -> tuple[NDArray, NDArray]:
    """Ends of the intervals in the units of the parameters, each of shape (p,)."""
    lower = [layout.natural_one(i, profile.lower) for i, profile in enumerate(profiles)]
    upper = [layout.natural_one(i, profile.upper) for i, profile in enumerate(profiles)]
    return np.array(lower), np.array(upper)


def _is_outside(layout: _Layout, point: Optimum, profiles: list[ProfileInterval]) -> NDArray:
    """Which parameters of a fit lie outside their intervals, shape (p,)."""
    lower, upper = _ends(layout, profiles)
    values = layout.natural(point.theta)
    return (values < lower * (1 - SAME)) | (values > upper * (1 + SAME))


def _why_not_identified(
    curve: _Curve, index: int, found: _Search, lower: float, upper: float, widest: float, interval: str
) -> str:
    """In words, why the data do not determine a parameter; empty if they do."""
    profile = found.profiles[index]
    open_below = not profile.lower_closed or _held_by_its_rate(curve, index, profile.at_lower)
    open_above = not profile.upper_closed or _held_by_its_rate(curve, index, profile.at_upper)
    sides = " and ".join(
        f"{side} (the search ends at {end:.3g})"
        for side, end, is_open in (("below", lower, open_below), ("above", upper, open_above))
        if is_open
    )
    if sides:
        return f"{interval} open {sides}"
    if np.isfinite(found.elsewhere[index]):
        return f"another fit is as good, at {found.elsewhere[index]:.3g}"
    if found.hidden[index]:
        return "another fit is as good, in which this pool is not seen"
    if not upper <= widest * lower:
        return f"{interval} spans a factor of {upper / lower:.3g}; at most {widest:g} is needed"
    return ""


def _held_by_its_rate(curve: _Curve, index: int, theta: NDArray) -> bool:
    """Whether a pool size ends only because the decay rate of its pool has reached the edge of the box."""
    if curve.layout.c0 is not None or index >= curve.layout.size_count:
        return False
    rate = index + curve.layout.size_count
    return bool(theta[rate] <= curve.lower[rate] or theta[rate] >= curve.upper[rate])


def _standard_errors(layout: _Layout, best: Optimum, estimates: NDArray, n: int, sigma_kind: SigmaKind) -> NDArray:
    """Standard errors in the units of the parameters, shape (p,)."""
    factor = 1.0 if sigma_kind == "known" else best.sum_of_squares / (n - layout.size)
    # Of a logarithm it is the relative error.
    return best.standard_errors * np.sqrt(factor) * np.where(layout.is_fraction, 1.0, estimates)
