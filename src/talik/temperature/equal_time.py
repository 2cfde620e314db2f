r"""Q10 of the carbon released by the same day (``equal-time``).

.. math:: \ln Q_{10} = \frac{10}{T_2 - T_1} \ln \frac{R_2(t)}{R_1(t)}

at the last day t that the curves share. It is biased low: where it is warm, labile carbon is gone sooner. Where a fifth
of the carbon of a temperature or more was filled in, as before a late first reading, the flag says how much.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from talik.temperature.between_jars import line_of, release_errors, released_by
from talik.temperature.curves import Curve, SetCurves
from talik.temperature.estimate import Q10Estimate, spread_of, undefined
from talik.temperature.filled import filled_in_words

UNEQUAL = 0.05
"""Curves whose last days differ by more than this share are of unequal length."""


def equal_time(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Carbon released by the last common day: for every pair, and over three temperatures or more."""
    for pair in combinations(curves.curves, 2):
        yield _on_last_day(pair)
    if len(curves.curves) > 2:
        yield _on_last_day(curves.curves)


def _last_common(curves: Sequence[Curve]) -> tuple[float, np.ndarray, str]:
    """Last day that all curves reach, release by then, and what to mind."""
    nothing = np.zeros(len(curves))
    if any(curve.released_at.size == 0 for curve in curves):
        return np.nan, nothing, "no reading at one temperature"
    ends = np.array([curve.released_at[-1] for curve in curves])
    day = float(ends.min())
    if any(curve.time[0] > day for curve in curves):
        return day, nothing, "one temperature was first read when another had ended; warmed in steps?"
    if any(curve.time[0] == day for curve in curves):
        return (
            day,
            nothing,
            f"nothing was read before day {day:g}, the last common one: the release by then is filled in",
        )
    released = np.array([released_by(curve, day) for curve in curves])
    if (released <= 0).any():
        return day, released, "nothing released at one temperature"
    unequal = "curves of unequal length" if ends.max() > (1 + UNEQUAL) * day else ""
    filled = filled_in_words(curves, np.zeros(len(curves)), np.full(len(curves), day))
    return day, released, "; ".join(filter(None, [unequal, filled]))


def _on_last_day(curves: Sequence[Curve]) -> Q10Estimate:
    temperatures = np.array([curve.temperature for curve in curves])
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    day, released, note = _last_common(curves)
    if (released <= 0).any():
        return undefined("equal-time", *span, note, time_start=0.0, time_end=day)
    errors = release_errors(curves, np.full((temperatures.size, 1), day), released[:, None])
    log, source = line_of(curves, np.log(released), errors)
    return Q10Estimate(
        "equal-time", *span, log, 1 if temperatures.size == 2 else temperatures.size, source,
        time_start=0.0, time_end=day, flag=note, spread=spread_of(temperatures),
    )  # fmt: skip
