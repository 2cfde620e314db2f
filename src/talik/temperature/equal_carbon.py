r"""Q10 of the time that the same carbon took (``equal-carbon``; Conant et al. 2008, Haddix et al. 2011).

.. math:: \ln Q_{10} = \frac{10}{T_2 - T_1} \ln \frac{t_1(q_b) - t_1(q_a)}{t_2(q_b) - t_2(q_a)}

for an increment of carbon from :math:`q_a` to :math:`q_b`. The same carbon is compared, so using it up
does not bias the number. If warming only speeds time up, it is the true Q10 at every quota. Beyond what
the slowest curve respired it is not defined.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from talik.inference.line import Estimate, satterthwaite, slope
from talik.temperature.curves import Curve, SetCurves, freedom_of
from talik.temperature.equal_time import release_scatter
from talik.temperature.estimate import PER_TEN_DEGREES, Q10Estimate, scaled, spread_of, undefined

QUOTAS = 4
"""Increments that the carbon common to all curves is cut into."""


def equal_carbon(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Time for the same carbon: the whole and each increment, for every pair and over all temperatures."""
    for cold, warm in combinations(curves.curves, 2):
        yield from _quotas((cold, warm))
    if len(curves.curves) > 2:
        yield from _quotas(curves.curves)


def _quotas(curves: Sequence[Curve]) -> Iterator[Q10Estimate]:
    span = (curves[0].temperature, curves[-1].temperature, len(curves))
    common = min(float(np.max(curve.released, initial=0.0)) for curve in curves)
    if common <= 0:
        yield undefined("equal-carbon", *span, "nothing released at one temperature")
        return
    edges = np.linspace(0.0, 1.0, QUOTAS + 1)
    for start, end in [(0.0, 1.0), *pairwise(edges)]:
        yield _increment(curves, common, float(start), float(end))


def time_of_carbon(curve: Curve, carbon: np.ndarray) -> np.ndarray:
    """Days until this much carbon was released, by monotone interpolation of the curve. [d]

    Parameters
    ----------
    curve : Curve
        The curve; where it falls, its running maximum is taken.
    carbon : ndarray, shape (n,)
        Carbon, at most what the curve released, in the unit of its basis.

    Returns
    -------
    ndarray, shape (n,)
    """
    time = np.concatenate([[0.0], curve.released_at])
    released = np.maximum.accumulate(np.concatenate([[0.0], curve.released]))
    # A flat piece has no time of its own: the first day of its carbon counts.
    rising = np.concatenate([[True], np.diff(released) > 1e-12 * max(released[-1], 1e-300)])
    return PchipInterpolator(released[rising], time[rising])(np.clip(carbon, 0.0, released[rising][-1]))


def _increment(curves: Sequence[Curve], common: float, start: float, end: float) -> Q10Estimate:
    temperatures = np.array([curve.temperature for curve in curves])
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    days = np.array([time_of_carbon(curve, common * np.array([start, end])) for curve in curves])
    lengths = days[:, 1] - days[:, 0]
    window: dict[str, Any] = {
        "quota_start": start,
        "quota_end": end,
        "time_start": float(days[:, 0].min()),
        "time_end": float(days[:, 1].max()),
    }
    if (lengths <= 0).any():
        return undefined("equal-carbon", *span, "an increment took no time", **window)
    if any(day[1] <= curve.released_at[0] for curve, day in zip(curves, days, strict=True)):
        return undefined("equal-carbon", *span, "respired before the first reading of one temperature", **window)
    flag = "a curve falls" if any((np.diff(curve.released) < 0).any() for curve in curves) else ""
    if len(curves) > 2:
        found = slope(temperatures, -np.log(lengths))
        return Q10Estimate(
            "equal-carbon",
            *span,
            scaled(found, PER_TEN_DEGREES),
            temperatures.size,
            "residuals",
            flag=flag,
            spread=spread_of(temperatures),
            **window,
        )
    factor = PER_TEN_DEGREES / (temperatures[1] - temperatures[0])
    error, freedom, source = _error(curves[0], curves[1], common, days, end - start)
    log = Estimate(float(np.log(lengths[0] / lengths[1])), error, freedom)
    return Q10Estimate("equal-carbon", *span, scaled(log, factor), 1, source, flag=flag, **window)


def _error(cold: Curve, warm: Curve, common: float, days: np.ndarray, share: float) -> tuple[float, float, str]:
    """Error of the log ratio of times: that of the carbon, divided by how fast it is respired then."""
    steepness = [_elasticity(curve, common, day[1]) for curve, day in zip((cold, warm), days, strict=True)]
    known = [
        np.interp(day[1], curve.released_at, curve.released_error) / common
        for curve, day in zip((cold, warm), days, strict=True)
    ]
    # An increment holds a share of the carbon, and so more of the error in its ends.
    widened = 1.0 / share**0.5
    if np.isfinite(known).all():
        relative = np.array(known) * steepness
        return float(np.hypot(*relative)) * widened, satterthwaite(relative**2, freedom_of([cold, warm])), "replicates"
    error, freedom = release_scatter(cold, warm, float(max(days[0, 1], days[1, 1])))
    return error * float(np.mean(steepness)) * widened, freedom, "scatter"


def _elasticity(curve: Curve, carbon: float, day: float) -> float:
    """Relative change of the time for a relative change of the carbon, 1 for a constant rate."""
    near = time_of_carbon(curve, np.array([0.97 * carbon, carbon]))
    slope_there = 0.03 * carbon / max(float(near[1] - near[0]), 1e-12)
    return float(np.clip(carbon / (slope_there * max(day, 1e-12)), 0.2, 20.0))
