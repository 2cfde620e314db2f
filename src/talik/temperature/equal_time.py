r"""Q10 of the carbon released by the same day (``equal-time``).

.. math:: \ln Q_{10} = \frac{10}{T_2 - T_1} \ln \frac{R_2(t)}{R_1(t)}

at the last day t that the curves share. It is biased low: where it is warm, labile carbon is gone sooner.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from talik.inference.line import Estimate, satterthwaite, slope, successive_scatter
from talik.temperature.curves import Curve, SetCurves, at_times, common_times, freedom_of
from talik.temperature.estimate import PER_TEN_DEGREES, Q10Estimate, scaled, spread_of, undefined

UNEQUAL = 0.05
"""Curves whose last days differ by more than this share are of unequal length."""


def equal_time(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Carbon released by the last common day: for every pair, and over three temperatures or more."""
    for cold, warm in combinations(curves.curves, 2):
        yield _pair(cold, warm)
    if len(curves.curves) > 2:
        yield _over_all(curves.curves)


def _last_common(curves: Sequence[Curve]) -> tuple[float, np.ndarray, np.ndarray, str]:
    """Last day that all curves reach, release and its error there, and what to mind."""
    if any(curve.released_at.size == 0 for curve in curves):
        return np.nan, np.zeros(len(curves)), np.zeros(len(curves)), "no reading at one temperature"
    ends = np.array([curve.released_at[-1] for curve in curves])
    day = float(ends.min())
    if any(curve.time[0] >= day for curve in curves):
        zero = np.zeros(len(curves))
        return day, zero, zero, "one temperature was first read when another had ended; warmed in steps?"
    released = np.array([np.interp(day, [0.0, *c.released_at], [0.0, *c.released]) for c in curves])
    errors = np.array([np.interp(day, c.released_at, c.released_error) for c in curves])
    if (released <= 0).any():
        return day, released, errors, "nothing released at one temperature"
    return day, released, errors, "curves of unequal length" if ends.max() > (1 + UNEQUAL) * day else ""


def _pair(cold: Curve, warm: Curve) -> Q10Estimate:
    span = (cold.temperature, warm.temperature, 2)
    day, released, errors, note = _last_common([cold, warm])
    if (released <= 0).any():
        return undefined("equal-time", *span, note, time_start=0.0, time_end=day)
    factor = PER_TEN_DEGREES / (warm.temperature - cold.temperature)
    if np.isfinite(errors).all():
        relative = errors / released
        error, freedom = float(np.hypot(*relative)), satterthwaite(relative**2, freedom_of([cold, warm]))
        source = "replicates"
    else:
        error, freedom = release_scatter(cold, warm, day)
        source = "scatter"
    log = Estimate(float(np.log(released[1] / released[0])), error, freedom)
    return Q10Estimate(
        "equal-time", *span, scaled(log, factor), 1, source, time_start=0.0, time_end=day,
        flag=note if np.isfinite(error) else "; ".join(filter(None, [note, "too few readings for an interval"])),
    )  # fmt: skip


def release_scatter(cold: Curve, warm: Curve, day: float) -> tuple[float, float]:
    """Error of the log ratio of two releases, from the scatter of the rates that make them up.

    A release is a sum of carbon shares, so the error of its logarithm is that of a rate times
    the root of the sum of squared shares. What sets the two jars apart for good does not show.

    Parameters
    ----------
    cold, warm : Curve
        The curves.
    day : float
        Day of the release. [d]

    Returns
    -------
    error, freedom : float
    """
    times, _ = common_times(cold.time, warm.time)
    times = times[times <= day]
    rates = np.array([at_times(times, c.time, c.rate) for c in (cold, warm)]) if times.size else np.empty((2, 0))
    positive = (rates > 0).all(axis=0)
    scatter = successive_scatter(np.log(rates[1, positive] / rates[0, positive]))
    lengths = np.gradient(times[positive]) if positive.sum() > 2 else np.ones(int(positive.sum()))
    shares = rates[:, positive].mean(axis=0) * lengths
    shares = shares / shares.sum() if shares.size else shares
    return scatter * float(np.sqrt(np.sum(shares**2))), float(positive.sum() - 1)


def _over_all(curves: Sequence[Curve]) -> Q10Estimate:
    temperatures = np.array([curve.temperature for curve in curves])
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    day, released, errors, note = _last_common(curves)
    if (released <= 0).any():
        return undefined("equal-time", *span, note, time_start=0.0, time_end=day)
    known = np.isfinite(errors).all()
    found = slope(temperatures, np.log(released), errors / released if known else None, freedom_of(curves))
    return Q10Estimate(
        "equal-time", *span, scaled(found, PER_TEN_DEGREES), temperatures.size, "replicates" if known else "residuals",
        time_start=0.0, time_end=day, flag=note, spread=spread_of(temperatures),
    )  # fmt: skip
