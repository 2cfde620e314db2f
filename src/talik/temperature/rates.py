r"""Q10 of rates measured at the same time.

``rate-ratio``, for a pair of temperatures:

.. math:: \ln Q_{10} = \frac{10}{T_2 - T_1} \frac{1}{m} \sum_j \ln \frac{r_2(t_j)}{r_1(t_j)}

``rate-fit``, for three temperatures or more: ten times the slope of the mean ln rate on temperature
(van 't Hoff). Both at the times :math:`t_j` of a window that all temperatures have. As labile
carbon is used up faster where it is warm, the ratio falls along an incubation: the window is
part of the number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from talik.temperature.between_jars import line_of, rate_errors
from talik.temperature.curves import Curve, SetCurves, at_times, common_times
from talik.temperature.estimate import FIRST, WHOLE, Q10Estimate, spread_of, undefined


def rate_ratio(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Ratio of rates for every pair of temperatures: at the first common time, and over all of them."""
    for cold, warm in combinations(curves.curves, 2):
        times, note = common_times(cold.time, warm.time)
        for window, within in first_and_whole(times):
            yield replace(ratio_of_rates(cold, warm, within, note), window=window)


def rate_fit(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Line of ln rate on temperature, for three temperatures or more."""
    if len(curves.curves) < 3:
        return
    times, note = common_times(*(curve.time for curve in curves.curves))
    for window, within in first_and_whole(times):
        yield replace(line_through_rates(curves.curves, within, note), window=window)


def first_and_whole(times: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The first common time, and all of them, by the names of the windows."""
    return [(FIRST, times[:1]), (WHOLE, times)] if times.size > 1 else [(WHOLE, times)]


def _log_rates(curves: Sequence[Curve], times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times where every rate is positive, and ln rate there, shape (curves, times)."""
    if not times.size:
        return times, np.empty((len(curves), 0))
    rates = np.array([at_times(times, c.time, c.rate) for c in curves])
    positive = (rates > 0).all(axis=0)
    return times[positive], np.log(rates[:, positive])


def ratio_of_rates(cold: Curve, warm: Curve, times: np.ndarray, note: str) -> Q10Estimate:
    """Ratio of the rates of two curves at these times.

    Parameters
    ----------
    cold, warm : Curve
        The curves.
    times : ndarray, shape (n,)
        Times that both have. [d]
    note : str
        What to mind with these times; it begins the flag.

    Returns
    -------
    Q10Estimate
    """
    span = (cold.temperature, warm.temperature, 2)
    kept, logs = _log_rates([cold, warm], times)
    if not kept.size:
        why = "no common time" if not times.size else "no positive rate at a common time"
        return undefined("rate-ratio", *span, why)
    log, source = line_of((cold, warm), logs.mean(axis=1), rate_errors((cold, warm), kept))
    return Q10Estimate(
        "rate-ratio", *span, log, kept.size, source, time_start=float(kept[0]), time_end=float(kept[-1]),
        flag=_flag(kept, times, note), spread=spread_of(np.array(span[:2])),
    )  # fmt: skip


def line_through_rates(curves: Sequence[Curve], times: np.ndarray, note: str) -> Q10Estimate:
    """Line through the mean ln rate of three curves or more at these times.

    Parameters
    ----------
    curves : sequence of Curve
        The curves, the coldest first.
    times : ndarray, shape (n,)
        Times that all have. [d]
    note : str
        What to mind with these times; it begins the flag.

    Returns
    -------
    Q10Estimate
    """
    temperatures = np.array([curve.temperature for curve in curves])
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    kept, logs = _log_rates(curves, times)
    if not kept.size:
        why = "no common time" if not times.size else "no positive rate at a common time"
        return undefined("rate-fit", *span, why)
    log, source = line_of(curves, logs.mean(axis=1), rate_errors(curves, kept))
    return Q10Estimate(
        "rate-fit", *span, log, temperatures.size, source, time_start=float(kept[0]), time_end=float(kept[-1]),
        flag=_flag(kept, times, note), spread=spread_of(temperatures),
    )  # fmt: skip


def _flag(kept: np.ndarray, times: np.ndarray, note: str) -> str:
    flags = [note] if note else []
    if kept.size < times.size:
        flags.append(f"{times.size - kept.size} of {times.size} times without a positive rate left out")
    return "; ".join(flags)
