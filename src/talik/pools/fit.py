"""One soil, all its temperatures, one fit: shared pools, a decay rate and a Q10 of each; and of many soils at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from talik.errors import SettingsError, UnknownNameError
from talik.inference.criteria import Criterion, aicc, bic
from talik.pools.batch import Batch, Series, chunks, pack, padded_length
from talik.pools.descent import Point, evaluate, polish
from talik.pools.grid import box
from talik.pools.identified import WIDEST_Q10, WIDEST_RATE, why_not
from talik.pools.layout import Layout
from talik.pools.local import jar_shares, local
from talik.pools.models import POOL_MODELS, PoolModel
from talik.pools.profiles import Intervals, intervals
from talik.pools.record import CarbonLeft, PoolFit, SigmaKind
from talik.pools.search import Optima, searched, sorted_pools
from talik.pools.walks import Allowed, Quantity, quantities, value_of

STARTS = 32
"""Starts of each fit: on no public series have more found a better one (docs/calibration/pools.md)."""
YEAR = 365.25
"""Days of a year. [d]"""
YEARS = (1.0, 10.0, 50.0)
"""Years after which the carbon left is told. [a]"""
SAME_OPTIMUM = 0.2
"""Difference of logarithms by which optima are told apart. [-]"""
ROUNDING = 1e-8
"""Relative error that every rate has at least: none is known to more digits. [-]"""
MOST_ROUNDS = 4
"""Times that profiles begin again because one of them has met a better fit."""


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
    starts: int = STARTS,
) -> PoolFit:
    r"""Fit a pool model to the respiration of one soil at one or more temperatures.

    The pools are the same at all temperatures; each decays faster by its own Q10:

    .. math:: R(t, T) = \sum_i C_i k_i(T) e^{-k_i(T) t}, \qquad
              k_i(T) = k_i Q_{10,i}^{(T - T_{ref}) / 10}

    and the mean of R over an interval is taken exactly. With the carbon at the start known, the pools sum to
    it and their fractions are fitted; otherwise their sizes are. With one temperature there is no Q10.

    Rates, not cumulative curves: errors of these add up, and fits that take them as independent promise
    intervals far too narrow. `talik.pools.batch.from_cumulative` makes rates of them.

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
    model : str or PoolModel
        The pools, by a name in ``POOL_MODELS``.
    c0 : float, optional
        Carbon at the start, if known. [unit of the rate times d]
    sigma_kind : {"relative", "known"}
        Whether sigma is given up to a common factor, which the residuals then tell, or is known.
    confidence : float, default 0.95
        Coverage of the profile intervals. [-]
    widest_q10, widest_rate : float
        Upper over lower end of an interval, above which a Q10, or a rate or a pool, is not identified. [-]
    starts : int, default 32
        Places from which the optimum is sought: half of them the best combinations on a grid, half spread evenly.

    Returns
    -------
    PoolFit
        A parameter is identified if its profile interval is closed on both sides inside the search box and
        not too wide, and no other fit within the threshold was found beyond it, as one in which a pool is too
        fast or too slow to be seen. Such a fit is held by the interval.
        Rates too few or not positive give a result without estimates, and the reason.

    Raises
    ------
    UnknownNameError
        For a model or a kind of error that is not known.
    SettingsError
        For a coverage that is not between 0 and 1.

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
    arrays = np.broadcast_arrays(*(np.asarray(a, float) for a in (time_start, time_end, temperature, rate, sigma)))
    start, end, degrees, rates, errors = (np.atleast_1d(array) for array in arrays)
    series = Series(start, end, degrees, rates, errors, c0)
    (fit,) = fit_series(
        [series], model=model, sigma_kind=sigma_kind, confidence=confidence, widest_q10=widest_q10,
        widest_rate=widest_rate, starts=starts,
    )  # fmt: skip
    return fit


@dataclass(frozen=True)
class Asked:
    """What is asked of fits."""

    model: PoolModel
    """The pools."""
    sigma_kind: SigmaKind
    """Whether the errors are known."""
    confidence: float
    """Coverage of the intervals. [-]"""
    widest_q10: float
    """Upper over lower end, above which a Q10 is not identified. [-]"""
    widest_rate: float
    """The same of all else. [-]"""
    starts: int
    """Places from which each optimum is sought."""


def fit_series(
    series: Sequence[Series],
    *,
    model: str | PoolModel = "two-pool",
    sigma_kind: SigmaKind = "relative",
    confidence: float = 0.95,
    widest_q10: float = WIDEST_Q10,
    widest_rate: float = WIDEST_RATE,
    starts: int = STARTS,
) -> list[PoolFit]:
    """Fit a pool model to many soils at once; each as `fit_pool_model` fits one.

    Parameters
    ----------
    series : sequence of Series
        The rates of each soil.
    model, sigma_kind, confidence, widest_q10, widest_rate, starts
        As in `fit_pool_model`.

    Returns
    -------
    list of PoolFit
        In the order of the series.

    Raises
    ------
    UnknownNameError, SettingsError
        As of `fit_pool_model`.

    Examples
    --------
    >>> time = np.array([1.0, 5, 10, 20, 40, 70])
    >>> soils = [Series(time, time, np.full(6, 5.0), k * np.exp(-k * time), np.ones(6)) for k in (0.01, 0.03)]
    >>> [round(fit.estimate("k"), 4) for fit in fit_series(soils, model="one-pool")]
    [0.01, 0.03]
    """
    refuse_coverage(confidence)
    if sigma_kind not in get_args(SigmaKind):
        known = ", ".join(get_args(SigmaKind))
        raise UnknownNameError(f"sigma_kind is {sigma_kind!r}; known are: {known}", [sigma_kind])
    asked = Asked(model_of(model), sigma_kind, confidence, widest_q10, widest_rate, starts)
    fits: dict[int, PoolFit] = {}
    groups: dict[tuple[bool, bool, int], list[int]] = defaultdict(list)
    for i, one in enumerate(series):
        layout = _layout(asked.model, one)
        problem = why_not_fitted(layout, one)
        if problem:
            fits[i] = _no_fit(asked, layout, one, problem)
        else:
            groups[layout.whole, layout.warmed, padded_length(one.rate.size)].append(i)
    for (whole, warmed, length), rows in groups.items():
        layout = Layout(asked.model, whole, warmed)
        for chunk in chunks(rows, length):
            fits |= dict(zip(chunk, _fit_chunk(asked, layout, [series[i] for i in chunk]), strict=True))
    return [fits[i] for i in range(len(series))]


def model_of(model: str | PoolModel) -> PoolModel:
    """A model by its name, or as it is."""
    if isinstance(model, PoolModel):
        return model
    if model not in POOL_MODELS:
        known = ", ".join(POOL_MODELS)
        raise UnknownNameError(f"{model!r} is not a pool model; known are: {known}", [model])
    return POOL_MODELS[model]


def refuse_coverage(confidence: float) -> None:
    """Refuse a coverage of intervals that is none."""
    if not 0.0 < confidence < 1.0:
        raise SettingsError(
            f"confidence is {confidence:g}; the coverage of an interval lies between 0 and 1, as in 0.95.",
            ["confidence"],
        )


def _layout(model: PoolModel, series: Series) -> Layout:
    return Layout(model, series.carbon is not None and model.closed, np.unique(series.temperature).size > 1)


def why_not_fitted(layout: Layout, series: Series) -> str:
    """Why these rates cannot be fitted at all; empty if they can."""
    rate, temperature, needed = series.rate, series.temperature, layout.size + 1
    at = f" with {np.unique(temperature).size} temperatures" if layout.warmed else ""
    if rate.size < needed:
        return (
            f"{rate.size} rates; the {layout.model.name} model{at} has {layout.size} parameters "
            f"and needs at least {needed}"
        )
    if not all(np.isfinite(a).all() for a in (series.start, series.end, temperature, rate, series.sigma)):
        return "a time, a temperature, a rate or an error is missing or infinite"
    if not (series.sigma > 0).all():
        return "an error of a rate is not positive"
    if (series.start < 0).any() or (series.end < series.start).any():
        return "an interval starts before the incubation or ends before it starts"
    if series.carbon is not None and not (np.isfinite(series.carbon) and series.carbon > 0):
        return f"the carbon at the start is {series.carbon:g}, and must be positive"
    for degree in np.unique(temperature):
        if not rate[temperature == degree].mean() > 0:
            return f"the mean respiration at {degree:g} °C is not above zero"
    return ""


def _fit_chunk(asked: Asked, layout: Layout, series: list[Series]) -> list[PoolFit]:
    """Fits of some series of one layout and padded length."""
    batch = pack(series, layout)
    profiled = quantities(layout, tuple(YEAR * years for years in YEARS) if layout.whole else ())
    found = searched(batch, asked.starts)
    kept = intervals(batch, found.best, found.all, _allowed(asked, batch, series, found.best, profiled), profiled)
    for _ in range(MOST_ROUNDS):
        rows = np.flatnonzero(np.isfinite(kept.better).all(axis=0).any(axis=0))
        if not rows.size:
            break
        part = _improved(batch, found, kept, rows)
        some = [series[i] for i in rows]
        allowed = _allowed(asked, part, some, found.best.take(rows), profiled)
        starts = found.all.misfit.size // batch.count
        everywhere = np.concatenate([rows + batch.count * start for start in range(starts)])
        kept.put(rows, intervals(part, found.best.take(rows), found.all.take(everywhere), allowed, profiled))
    told = _told(asked, batch, series, found, profiled, kept)
    return [_record(asked, layout, one, told, i) for i, one in enumerate(series)]


def _improved(batch: Batch, found: Optima, kept: Intervals, rows: NDArray) -> Batch:
    """Take the best of the better fits that profiles have met; the series that have them."""
    part = batch.take(rows)
    begun = np.where(np.isfinite(kept.better[..., rows]), kept.better[..., rows], found.best.phi[:, None, rows])
    misfit = np.stack([evaluate(part, phi).misfit for phi in begun.swapaxes(0, 1)])
    lowest = begun[:, misfit.argmin(axis=0), np.arange(rows.size)]
    ended = sorted_pools(batch.layout, polish(part, lowest, *box(batch.layout, rows.size)))
    better = np.flatnonzero(ended.misfit < found.best.misfit[rows])
    found.best.put(rows[better], ended.take(better))
    return part


def _allowed(
    asked: Asked, batch: Batch, series: Sequence[Series], best: Point, profiled: Sequence[Quantity]
) -> Allowed:  # fmt: skip
    """How far the misfit may rise within the intervals: by chi-squared, or by Fisher's F."""
    if asked.sigma_kind == "known":
        rise = np.full((len(profiled), batch.count), stats.chi2.ppf(asked.confidence, 1))
        return Allowed(best.misfit, rise)
    return Allowed(best.misfit, allowed_rise(batch, series, best, profiled, asked.confidence))


def allowed_rise(
    batch: Batch, series: Sequence[Series], best: Point, profiled: Sequence[Quantity], confidence: float
) -> NDArray:
    """How far the misfit may rise where the residuals tell the errors, shape (quantities, series)."""
    return _variance(batch, series, best) * stats.f.ppf(confidence, 1, _freedom(batch, series, best, profiled))


def _readings_freedom(batch: Batch, series: Sequence[Series]) -> NDArray:
    """Rates less parameters, shape (series,)."""
    return np.array([one.rate.size for one in series]) - float(batch.layout.size)


def _variance(batch: Batch, series: Sequence[Series], best: Point) -> NDArray:
    """Variance of the errors in units of sigma, shape (series,)."""
    # Rates made by a formula lie on the curve, and their intervals would be rounding errors wide.
    misfit = np.maximum(best.misfit, ROUNDING**2 * np.einsum("bn,bn->b", batch.aim, batch.aim))
    return misfit / _readings_freedom(batch, series)


def _freedom(batch: Batch, series: Sequence[Series], best: Point, profiled: Sequence[Quantity]) -> NDArray:
    """Degrees of freedom of the variance of each quantity, shape (quantities, series).

    Where jars differ, it is the few jars that tell their part of it, however often each is read.
    """
    of_readings = _readings_freedom(batch, series)
    jars = np.array([float(one.jar_freedom or np.inf) for one in series])
    of_jars = np.minimum(jars, of_readings)
    # Satterthwaite's squares take the share as known. Few jars tell it too, and its root is what covers (calibration).
    share = np.sqrt(jar_shares(batch, best, profiled))
    return 1.0 / (share / of_jars + (1.0 - share) / of_readings)


@dataclass(frozen=True)
class Told:
    """What is told of the series of one chunk, in the units of the parameters."""

    estimates: NDArray
    """Best fits, shape (p, series)."""
    sd: NDArray
    """Standard errors, shape (p, series)."""
    lower: NDArray
    """Lower ends, shape (p, series)."""
    upper: NDArray
    """Upper ends, shape (p, series)."""
    lower_closed: NDArray
    """Whether each lower end was met inside the box, shape (p, series)."""
    upper_closed: NDArray
    """Whether each upper end was met inside the box, shape (p, series)."""
    second: NDArray
    """Whether an interval holds another optimum, shape (p, series)."""
    left: NDArray
    """Carbon left after the years, and its interval, shape (3, years, series)."""
    misfit: NDArray
    """Sums of squares, shape (series,)."""
    collinearity: NDArray
    """Collinearity indices, shape (series,)."""
    optima: list[NDArray]
    """Optima within the threshold of each series, the best first, each of shape (optima, p)."""


def _told(
    asked: Asked, batch: Batch, series: list[Series], found: Optima, profiled: list[Quantity], kept: Intervals
) -> Told:
    layout, p = batch.layout, batch.layout.size
    scale = _scales(layout, series)
    values = np.stack([value_of(layout, quantity, found.best) for quantity in profiled])
    held = np.array([quantity.held for quantity in profiled])[:, None]
    center, lower, upper = (
        np.where(held, np.exp(np.where(held, end, 0.0)), end) for end in (values, kept.lower, kept.upper)
    )
    near = local(batch, found.best)
    known = np.ones(batch.count) if asked.sigma_kind == "known" else _variance(batch, series, found.best)
    return Told(
        estimates=center[:p] * scale, sd=near.errors * np.where(held[:p], center[:p], 1.0) * scale * np.sqrt(known),
        lower=lower[:p] * scale, upper=upper[:p] * scale, lower_closed=kept.lower_closed[:p],
        upper_closed=kept.upper_closed[:p], second=kept.second[:p], left=np.stack([center[p:], lower[p:], upper[p:]]),
        misfit=found.best.misfit, collinearity=near.collinearity,
        optima=_optima(layout, found, _allowed(asked, batch, series, found.best, profiled), scale),
    )  # fmt: skip


def _optima(layout: Layout, found: Optima, allowed: Allowed, scale: NDArray) -> list[NDArray]:
    """Every optimum within the threshold that a start ended in, each once."""
    count = found.best.misfit.size
    told = []
    for i in range(count):
        ends = found.all.take(np.arange(i, found.all.misfit.size, count))
        order = np.argsort(ends.misfit, kind="stable")
        near = order[ends.misfit[order] <= allowed.least[i] + allowed.rise[:, i].max()]
        first = found.best.take(np.array([i]))
        points = np.concatenate([first.phi, ends.phi[:, near]], axis=1)
        amounts = np.concatenate([first.amounts, ends.amounts[:, near]], axis=1)[: layout.free_amounts]
        # Starts stop where they can be compared, so that one optimum has as many places as starts.
        _, once = np.unique(np.round(points / SAME_OPTIMUM), axis=1, return_index=True)
        once = np.sort(once)
        told.append((np.concatenate([amounts, np.exp(points)]) * scale[:, [i]])[:, once].T)
    return told


def _record(asked: Asked, layout: Layout, one: Series, told: Told, i: int) -> PoolFit:
    """The record of one series of a chunk."""
    n, p, misfit = one.rate.size, layout.size, float(told.misfit[i])
    kind: Literal["estimated", "known"] = "known" if asked.sigma_kind == "known" else "estimated"
    reason = _reasons(asked, layout, told, i)
    return PoolFit(
        model=asked.model, parameters=layout.parameters, estimates=told.estimates[:, i], sd=told.sd[:, i],
        lower=told.lower[:, i], upper=told.upper[:, i], lower_closed=told.lower_closed[:, i],
        upper_closed=told.upper_closed[:, i], identified=np.array([not words for words in reason]), reason=reason,
        carbon_left=tuple(
            CarbonLeft(years, *(float(value) for value in left))
            for years, left in zip(YEARS, told.left[:, :, i].T, strict=False)
        ),
        residual_sum_of_squares=misfit, n=n, sigma=asked.sigma_kind, c0=one.carbon if layout.whole else None,
        temperatures=one.temperatures, reference_temperature=one.reference,
        collinearity=float(told.collinearity[i]), optima=told.optima[i],
        aicc=aicc(misfit, n, p, kind), bic=bic(misfit, n, p, kind),
    )  # fmt: skip


def _reasons(asked: Asked, layout: Layout, told: Told, i: int) -> tuple[str, ...]:
    """In words, why each parameter is not identified; empty where it is."""
    interval = f"{100 * asked.confidence:g} % interval"
    widest = np.where(layout.is_q10, asked.widest_q10, asked.widest_rate)
    return tuple(
        why_not(
            float(told.lower[j, i]), float(told.upper[j, i]), bool(told.lower_closed[j, i]),
            bool(told.upper_closed[j, i]), bool(told.second[j, i]), float(widest[j]), interval,
        )
        for j in range(layout.size)
    )  # fmt: skip


def _scales(layout: Layout, series: list[Series]) -> NDArray:
    """Unit of each free amount that is not a fraction, and 1 for all else, shape (p, series)."""
    units = np.array([1.0 if layout.whole else np.abs(one.rate).max() for one in series])
    amounts = np.repeat(units[None], layout.free_amounts, axis=0)
    return np.concatenate([amounts, np.ones((layout.nonlinear, units.size))])


def _no_fit(asked: Asked, layout: Layout, series: Series, reason: str) -> PoolFit:
    """A result without estimates, and the reason."""
    nothing, never = np.full(layout.size, np.nan), np.zeros(layout.size, bool)
    none = Criterion(np.nan, reason)
    temperatures = series.temperatures
    return PoolFit(
        model=asked.model, parameters=layout.parameters, estimates=nothing, sd=nothing, lower=nothing, upper=nothing,
        lower_closed=never, upper_closed=never, identified=never, reason=(reason,) * layout.size, carbon_left=(),
        residual_sum_of_squares=np.nan, n=series.rate.size, sigma=asked.sigma_kind,
        c0=series.carbon if layout.whole else None, temperatures=temperatures,
        reference_temperature=float(temperatures.mean()) if temperatures.size else np.nan,
        collinearity=np.nan, aicc=none, bic=none,
    )  # fmt: skip
