r"""Q10 along the incubation: how it drifts as the fast carbon goes.

The window that all temperatures have in common is cut into successive parts: of its readings for ``rate-ratio`` and
``rate-fit`` (below), of its carbon for ``equal-carbon``. A part is an estimate like the whole, with its own window and
interval. The same jars stand behind all parts, so their errors go together: whether Q10 drifts is a question for the
trend, not for two intervals that overlap.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from talik.temperature.curves import SetCurves, common_times
from talik.temperature.estimate import PARTS, Q10Estimate, part
from talik.temperature.rates import line_through_rates, ratio_of_rates


def rate_ratio_along(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Ratio of rates of every pair of temperatures, in successive parts of their common readings."""
    for cold, warm in combinations(curves.curves, 2):
        times, note = common_times(cold.time, warm.time)
        for i, within in enumerate(parts(times)):
            yield replace(ratio_of_rates(cold, warm, within, note), window=part(i, len(parts(times))))


def rate_fit_along(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Line of ln rate on temperature, in successive parts of the readings common to three temperatures or more."""
    if len(curves.curves) < 3:
        return
    times, note = common_times(*(curve.time for curve in curves.curves))
    for i, within in enumerate(parts(times)):
        yield replace(line_through_rates(curves.curves, within, note), window=part(i, len(parts(times))))


def parts(times: np.ndarray) -> list[np.ndarray]:
    """Times cut into successive parts of as equal number as can be, none where there is one time only.

    Examples
    --------
    >>> [one.tolist() for one in parts(np.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0]))]
    [[1.0, 2.0], [3.0, 5.0], [8.0], [13.0]]
    """
    return np.array_split(times, min(PARTS, times.size)) if times.size > 1 else []
