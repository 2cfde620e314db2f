r"""What sets jars apart: how far the mean curve of a temperature lies from that of all jars like these.

A jar respires more or less than the others throughout, and every reading of it scatters besides. Errors are relative.
Each temperature has a variance of its own, as cold jars respire little and scatter more; a temperature with one jar
takes the mean variance of the others.

Where each jar has its own series, a number made of the curve is made of each jar, and their differences hold everything
that sets jars apart, however their readings depend on each other. Where only means with standard deviations are told,
the standard deviation at one time holds both kinds of error, of which that of the readings averages out over times and
the other does not; how the means scatter about their course tells the two apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from talik.inference.line import Estimate, satterthwaite, slope
from talik.temperature.curves import Curve, at_times, common_times
from talik.temperature.estimate import PER_TEN_DEGREES, scaled, spread_of, told_error

FEWEST_FOR_SHARE = 6
"""Common times from which the scatter of means tells how much of their error is that of single readings."""

SURE = 0.8
"""How sure it is that the error of readings is at least what it is taken for; coverage by simulation chose it."""


@dataclass(frozen=True)
class CurveErrors:
    """Relative errors of the mean curves of a set, at some places of each curve."""

    covariance: np.ndarray
    """Their covariance, shape (curves, places, places)."""
    freedom: np.ndarray
    """Degrees of freedom that each was estimated with, shape (curves,); 0 where there is nothing to tell it."""

    @property
    def known(self) -> bool:
        """Whether there is anything that they were estimated from."""
        return bool((self.freedom > 0).all())

    def of(self, weights: np.ndarray) -> tuple[float, float]:
        """Standard error of a sum of relative errors with these weights, shape (curves, places), and its freedom.

        The error is NaN where nothing tells it.
        """
        if not self.known:
            return np.nan, 0.0
        variances = np.einsum("ki,kij,kj->k", weights, self.covariance, weights)
        return told_error(float(np.sqrt(max(variances.sum(), 0.0)))), satterthwaite(variances, self.freedom)


@dataclass(frozen=True)
class Told:
    """Relative error of one reading of the mean of replicates, from the standard deviations that are told."""

    variance: np.ndarray
    """Variance of one jar at each temperature, shape (curves,)."""
    shared: float
    """Share of it that a jar keeps from time to time; the rest is that of single readings."""


def replicates_of(curves: Sequence[Curve]) -> np.ndarray:
    """Jars behind each mean curve, the fewest of any reading; one where that is not stated."""
    return _or_one([curve.replicates for curve in curves])


def _or_one(replicates: Sequence[float]) -> np.ndarray:
    return np.fmax(np.nan_to_num(replicates, nan=1.0), 1.0)


def jar_errors(curves: Sequence[Curve], deviations: Sequence[np.ndarray]) -> CurveErrors:
    """Errors of mean curves from how far each jar lies from them.

    Parameters
    ----------
    curves : sequence of Curve
        The curves.
    deviations : sequence of ndarray, shape (jars, places)
        Relative deviation of each jar from the mean curve, one array a curve.

    Returns
    -------
    CurveErrors
    """
    freedom = np.array([len(own) - 1 for own in deviations])
    if not freedom.any():
        return unknown(curves, deviations[0].shape[1])
    squares = np.array([own.T @ own for own in deviations])
    pooled = squares.sum(axis=0) / freedom.sum()
    alone = freedom == 0
    variances = np.where(alone[:, None, None], pooled, squares / np.maximum(freedom, 1)[:, None, None])
    # What is taken from the others is known as well as they are.
    known = np.where(alone, freedom.sum(), freedom)
    behind = np.where(alone, replicates_of(curves), freedom + 1)
    return CurveErrors(variances / behind[:, None, None], known)


def have_jars(curves: Sequence[Curve]) -> bool:
    """Whether the jars of some temperature each have their own series."""
    return any(len(curve.jar_rates) > 1 for curve in curves)


def told_by(curves: Sequence[Curve], times: np.ndarray) -> Told | None:
    """What the standard deviations of replicates tell, at common times with positive rates; None without them.

    A standard deviation that is missing or zero at one of the times tells nothing.
    """
    n = _or_one([curve.replicates_at(times) for curve in curves])
    rates = np.array([at_times(times, curve.time, curve.rate) for curve in curves])
    relative = np.array([at_times(times, curve.time, curve.rate_error) for curve in curves]) / rates
    if not (np.isfinite(relative).all() and (relative > 0).all() and (n > 1).all() and times.size):
        return None
    variance = (relative**2).mean(axis=1) * n
    single = _least_scatter(np.log(rates), times, n)
    share = float(np.clip(1.0 - single / variance.mean(), 0.0, 1.0)) if variance.any() else 1.0
    return Told(variance, share)


def _least_scatter(logs: np.ndarray, times: np.ndarray, n: np.ndarray) -> float:
    """Variance of a single reading of one jar, from the mean curves about a smooth course of their ratios.

    It is the lower end of a one-sided interval: what is taken for error of readings averages out, so that to take too
    much for it makes intervals too narrow.
    """
    if times.size < FEWEST_FOR_SHARE:
        return 0.0
    ratios = logs - logs.mean(axis=0)
    course = np.column_stack([np.ones(times.size), times, np.log1p(times)])
    basis, _ = np.linalg.qr(course)
    left = ratios - (ratios @ basis) @ basis.T
    freedom = (len(logs) - 1) * (times.size - course.shape[1])
    return float(np.sum(left**2)) / _upper_quantile(freedom) * float(len(n) / np.sum(1.0 / n))


@cache
def _upper_quantile(freedom: int) -> float:
    return float(stats.chi2.ppf(SURE, freedom))


def rate_errors(curves: Sequence[Curve], times: np.ndarray) -> CurveErrors:
    """Errors of the mean rate of each curve over common times, at which all rates are positive.

    Parameters
    ----------
    curves : sequence of Curve
        The curves.
    times : ndarray, shape (n,)
        The times. [d]

    Returns
    -------
    CurveErrors
        With one place.
    """
    if have_jars(curves):
        return jar_errors(curves, [_deviation_of_rates(curve, times) for curve in curves])
    told = told_by(curves, times)
    if told is None:
        return unknown(curves, 1)
    variance = told.variance * (told.shared + (1.0 - told.shared) / times.size)
    n = _or_one([curve.replicates_at(times) for curve in curves])
    return CurveErrors((variance / n)[:, None, None], n - 1)


def _deviation_of_rates(curve: Curve, times: np.ndarray) -> np.ndarray:
    mean = at_times(times, curve.time, curve.rate)
    return np.array([[np.mean(at_times(times, curve.time, own) / mean) - 1.0] for own in curve.jar_rates])


def release_errors(curves: Sequence[Curve], days: np.ndarray, carbon: np.ndarray) -> CurveErrors:
    """Errors of the release of each curve on days of its own.

    Parameters
    ----------
    curves : sequence of Curve
        The curves.
    days : ndarray, shape (curves, places)
        Days on which something was released. [d]
    carbon : ndarray, shape (curves, places)
        What was released by then, in the unit of the basis.

    Returns
    -------
    CurveErrors
    """
    places = list(zip(curves, days, carbon, strict=True))
    if have_jars(curves):
        return jar_errors(curves, [_deviation_of_release(*place) for place in places])
    last = np.argmax(days, axis=1)
    relative = np.array([
        np.interp(own[end], curve.released_at, curve.released_error) / released[end]
        for (curve, own, released), end in zip(places, last, strict=True)
    ])  # fmt: skip
    n = _or_one([curve.replicates_until(own[end]) for curve, own, end in zip(curves, days, last, strict=True)])
    if not (np.isfinite(relative).all() and (relative > 0).all() and (n > 1).all()):
        return unknown(curves, days.shape[1])
    times, _ = common_times(*(curve.time for curve in curves))
    if times.size:
        times = times[(np.array([at_times(times, curve.time, curve.rate) for curve in curves]) > 0).all(axis=0)]
    told = told_by(curves, times)
    shape = np.array([_growth(told, times, *place) for place in places])
    return CurveErrors(relative[:, None, None] ** 2 * shape, n - 1)


def _deviation_of_release(curve: Curve, days: np.ndarray, carbon: np.ndarray) -> np.ndarray:
    own = np.array([np.interp(days, [0.0, *curve.released_at], [0.0, *jar]) for jar in curve.jar_released])
    return (own - released_by(curve, days)) / carbon


def _growth(told: Told | None, times: np.ndarray, curve: Curve, days: np.ndarray, carbon: np.ndarray) -> np.ndarray:
    """Covariance of the relative release on some days, in parts of the variance that full correlation gives.

    What a jar keeps is the same on every day; the errors of readings add up as a random walk along the carbon. A curve
    that was told with its own error has no errors of readings to add up.
    """
    if told is None or curve.cumulative:
        return np.ones((days.size, days.size))
    within = times[times < days.max()]
    steps = np.diff(released_by(curve, np.r_[0.0, within[:-1] + 0.5 * np.diff(within), days.max()]))
    total = float(steps.sum())
    shares = steps / total if total > 0 else np.ones(1)
    walk = float(np.sum(shares**2)) * carbon.max() / np.maximum.outer(carbon, carbon)
    return told.shared + (1.0 - told.shared) * walk


def released_by(curve: Curve, days):
    """Release of the mean curve by some days, on straight lines from day 0."""
    return np.interp(days, [0.0, *curve.released_at], [0.0, *curve.released])


def line_of(curves: Sequence[Curve], logs: np.ndarray, errors: CurveErrors) -> tuple[Estimate, str]:
    """Ln Q10 of a line through one logarithm a temperature, and where its error comes from.

    Every temperature counts alike, so that what is estimated does not hang on how well each is known. Two
    temperatures make the line that joins them.

    Parameters
    ----------
    curves : sequence of Curve
        The curves.
    logs : ndarray, shape (curves,)
        The logarithms.
    errors : CurveErrors
        Errors of the carbon behind them, with one place.

    Returns
    -------
    Estimate
        Of ln Q10; without an error where neither replicates nor residuals tell it.
    str
        ``replicates``, ``residuals`` or empty.
    """
    temperatures = np.array([curve.temperature for curve in curves])
    weights = contrast(temperatures)
    value = float(weights @ logs)
    error, freedom = errors.of(weights[:, None])
    if np.isfinite(error):
        return Estimate(value, error, freedom), "replicates"
    line = scaled(slope(temperatures, logs), PER_TEN_DEGREES)
    return Estimate(value, line.error, line.freedom), "residuals" if line.freedom > 0 else ""


def contrast(temperatures: np.ndarray) -> np.ndarray:
    """Weights of the logarithms at each temperature in ln Q10, those of the least-squares line. [1]"""
    return PER_TEN_DEGREES * (temperatures - temperatures.mean()) / spread_of(temperatures)


def unknown(curves: Sequence[Curve], places: int) -> CurveErrors:
    """Errors that nothing tells."""
    return CurveErrors(np.full((len(curves), places, places), np.nan), np.zeros(len(curves)))
