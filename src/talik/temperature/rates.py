r"""Q10 of rates measured at the same time.

``rate-ratio``, for a pair of temperatures:

.. math:: \ln Q_{10} = \frac{10}{T_2 - T_1} \frac{1}{m} \sum_j \ln \frac{r_2(t_j)}{r_1(t_j)}

``rate-fit``, for three temperatures or more: ten times the slope of the mean ln rate on temperature
(van 't Hoff). Both at the times :math:`t_j` of a window that all temperatures have. As labile
carbon is used up faster where it is warm, the ratio falls along an incubation: the window is
part of the number.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from talik.inference.line import FEWEST_FOR_SCATTER, Estimate, satterthwaite, slope, successive_scatter
from talik.temperature.curves import Curve, SetCurves, at_times, common_times, freedom_of
from talik.temperature.estimate import PER_TEN_DEGREES, Q10Estimate, scaled, spread_of, undefined


def rate_ratio(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Ratio of rates for every pair of temperatures: at the first common time, and over all of them."""
    for cold, warm in combinations(curves.curves, 2):
        times, note = common_times(cold.time, warm.time)
        for window in _windows(times):
            yield _ratio(cold, warm, window, note)


def rate_fit(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Line of ln rate on temperature, for three temperatures or more."""
    if len(curves.curves) < 3:
        return
    times, note = common_times(*(curve.time for curve in curves.curves))
    for window in _windows(times):
        yield _fit(curves.curves, window, note)


def _windows(times: np.ndarray) -> list[np.ndarray]:
    """The first common time, and all of them."""
    return [times[:1], times] if times.size > 1 else [times]


def _log_rates(curves: Sequence[Curve], times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ln rate and its error at the times where every rate is positive, shape (curves, times)."""
    rates = np.array([at_times(times, c.time, c.rate) for c in curves])
    errors = np.array([at_times(times, c.time, c.rate_error) for c in curves])
    positive = (rates > 0).all(axis=0)
    rates, errors = rates[:, positive], errors[:, positive]
    return times[positive], np.log(rates), errors / rates


def _ratio(cold: Curve, warm: Curve, times: np.ndarray, note: str) -> Q10Estimate:
    span = (cold.temperature, warm.temperature, 2)
    kept, logs, relative = _log_rates([cold, warm], times) if times.size else (times, np.empty((2, 0)), None)
    if not kept.size:
        why = "no common time" if not times.size else "no positive rate at a common time"
        return undefined("rate-ratio", *span, why)
    factor = PER_TEN_DEGREES / (warm.temperature - cold.temperature)
    ratios = logs[1] - logs[0]
    error, freedom, source = _error_of_mean(ratios, relative, [cold, warm])
    return Q10Estimate(
        "rate-ratio", *span, scaled(Estimate(float(ratios.mean()), error, freedom), factor), kept.size, source,
        time_start=float(kept[0]), time_end=float(kept[-1]), flag=_flag(kept, times, source, note),
    )  # fmt: skip


def _error_of_mean(
    ratios: np.ndarray, relative: np.ndarray | None, curves: Sequence[Curve]
) -> tuple[float, float, str]:
    """Standard error of a mean log ratio, its degrees of freedom, and what it comes from.

    The same jars are read again and again, so what sets a jar apart stays: errors of replicates
    do not average out over times.
    """
    if relative is not None and np.isfinite(relative).all():
        freedom = satterthwaite((relative**2).mean(axis=1), freedom_of(curves))
        return float(np.mean(np.sqrt(np.sum(relative**2, axis=0)))), freedom, "replicates"
    scatter = successive_scatter(ratios)
    return scatter / ratios.size**0.5, ratios.size - 1, "scatter"


def _fit(curves: Sequence[Curve], times: np.ndarray, note: str) -> Q10Estimate:
    temperatures = np.array([curve.temperature for curve in curves])
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    kept, logs, relative = _log_rates(curves, times) if times.size else (times, np.empty((0, 0)), np.empty((0, 0)))
    if not kept.size:
        why = "no common time" if not times.size else "no positive rate at a common time"
        return undefined("rate-fit", *span, why)
    known = np.isfinite(relative).all()
    found = slope(temperatures, logs.mean(axis=1), relative.mean(axis=1) if known else None, freedom_of(curves))
    source = "replicates" if known else "residuals"
    return Q10Estimate(
        "rate-fit", *span, scaled(found, PER_TEN_DEGREES), temperatures.size, source,
        time_start=float(kept[0]), time_end=float(kept[-1]), flag=_flag(kept, times, source, note),
        spread=spread_of(temperatures),
    )  # fmt: skip


def _flag(kept: np.ndarray, times: np.ndarray, source: str, note: str) -> str:
    flags = [note] if note else []
    if kept.size < FEWEST_FOR_SCATTER and source == "scatter":
        flags.append("one point: no interval" if kept.size == 1 else f"{kept.size} points: no interval")
    if kept.size < times.size:
        flags.append(f"{times.size - kept.size} of {times.size} times without a positive rate left out")
    return "; ".join(flags)
