r"""Q10 along the incubation: how it drifts as the fast carbon goes.

The window that all temperatures have in common is cut into successive parts: of its readings for ``rate-ratio`` and
``rate-fit`` (below), of its carbon for ``equal-carbon``. Parts of a pair without replicates share one scatter, that of
the whole series of ratios, since three readings say nothing of their own.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from talik.inference.line import successive_scatter
from talik.temperature.curves import Curve, SetCurves, common_times, rates_at
from talik.temperature.estimate import PARTS, PER_TEN_DEGREES, Q10Estimate, part
from talik.temperature.rates import line_through_rates, ratio_of_rates


def rate_ratio_along(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Ratio of rates of every pair of temperatures, in successive parts of their common readings."""
    for cold, warm in combinations(curves.curves, 2):
        times, note = common_times(cold.time, warm.time)
        shared = _scatter_of_ratios(cold, warm, times)
        for i, within in enumerate(parts(times)):
            found = ratio_of_rates(cold, warm, within, note)
            yield replace(_with_scatter(found, shared), window=part(i, len(parts(times))))


def rate_fit_along(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Line of ln rate on temperature, in successive parts of the readings common to three temperatures or more."""
    if len(curves.curves) < 3:
        return
    times, note = common_times(*(curve.time for curve in curves.curves))
    for i, within in enumerate(parts(times)):
        found = line_through_rates(curves.curves, within, note)
        yield replace(found, window=part(i, len(parts(times))))


def parts(times: np.ndarray) -> list[np.ndarray]:
    """Times cut into successive parts of as equal number as can be, none where there is one time only.

    Examples
    --------
    >>> [one.tolist() for one in parts(np.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0]))]
    [[1.0, 2.0], [3.0, 5.0], [8.0], [13.0]]
    """
    return np.array_split(times, min(PARTS, times.size)) if times.size > 1 else []


def _scatter_of_ratios(cold: Curve, warm: Curve, times: np.ndarray) -> tuple[float, float]:
    """Scatter of ln Q10 from reading to reading over the whole series, and its degrees of freedom."""
    rates = rates_at(times, [cold, warm]).positive().rates
    factor = PER_TEN_DEGREES / (warm.temperature - cold.temperature)
    return successive_scatter(factor * np.log(rates[1] / rates[0])), rates.shape[1] - 1.0


def _with_scatter(found: Q10Estimate, shared: tuple[float, float]) -> Q10Estimate:
    """A part whose own readings are too few for a scatter, with that of the series."""
    if found.interval_from != "scatter" or not np.isfinite(shared[0]):
        return found
    scatter, freedom = shared
    flags = [flag for flag in found.flag.split("; ") if flag and "no interval" not in flag]
    log = replace(found.log, error=scatter / found.n**0.5, freedom=freedom)
    return replace(found, log=log, interval_from="scatter of the series", flag="; ".join(flags))
