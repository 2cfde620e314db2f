r"""Whether Q10 drifts along an incubation: its trend over the carbon respired.

Two views are tested. By time (``rate-ratio``, ``rate-fit``), ln Q10 of every common reading is set against the carbon
respired by then. By carbon (``equal-carbon``), rates are compared where the same carbon was respired,

.. math:: \ln Q_{10}(c) = \frac{10}{T_2 - T_1} \ln \frac{r_2(c)}{r_1(c)}

which is what the time for an increment of carbon comes to as the increment gets small. A straight line through these
points gives the change of ln Q10 over all of the carbon (``slope``), with Student's t. Its ends are given where the
first point lies (``q10_start``) and at the end of the carbon (``q10_end``); it is not drawn back to the start of the
incubation, where nothing was read.

If warming only speeds time up, the trend by carbon is flat and that by time falls: the warm soil has less fast carbon
left. Where both drift, the carbon respired later has another Q10 than that respired first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from talik.flux import release as release_of
from talik.frames import CLOSEST, accepted, complete, whole_rates_and_jars
from talik.inference.line import Estimate, satterthwaite, slope
from talik.tables import empty, typed
from talik.temperature.between_jars import release_errors, replicates_of
from talik.temperature.curves import Curve, common_times, rates_at, sets_of_curves, times_with_rates
from talik.temperature.estimate import PER_TEN_DEGREES, TOO_CLOSE, told_error
from talik.temperature.filled import filled_in_words
from talik.temperature.q10 import keys_of, sides_of_freezing
from talik.temperature.stepped import REFUSED, stepped_sets

FEWEST = 3
"""Points that a trend needs."""

NONE_SEEN, IN_THESE = "none seen", "in these jars"
"""Words for a trend that is not there, and behind one that other jars need not have."""

NO_JARS = "interval from the readings alone: how jars differ in their course is not in it"
"""Flag of a trend whose jars are not told one by one."""


@dataclass(frozen=True)
class Points:
    """Ln Q10 at successive points of an incubation."""

    carbon: np.ndarray
    """Carbon respired, as a share of that at the end, shape (n,)."""
    log: np.ndarray
    """ln Q10 there, shape (n,)."""
    time_start: float
    """First day that a point rests on. [d]"""
    time_end: float
    """Last day. [d]"""


PointsOf = Callable[[Sequence[Curve]], tuple[Points, str]]
"""A view of Q10 along the incubation: its points, and what to mind."""

NO_POINTS = Points(np.empty(0), np.empty(0), np.nan, np.nan)


def q10_drift(respiration: pd.DataFrame, jars: pd.DataFrame, *, release: pd.DataFrame | None = None) -> pd.DataFrame:
    """Trend of Q10 over the carbon respired, for every set of jars.

    Parameters
    ----------
    respiration, jars : DataFrame
        The tables of these names.
    release : DataFrame, optional
        The table ``release``; computed from `respiration` where it is not given.

    Returns
    -------
    DataFrame
        The table ``drift``: a row of rates at the same time (``rate-ratio``; ``rate-fit`` for three temperatures or
        more) and one of rates at the same carbon (``equal-carbon``) for every set. Of three temperatures or more,
        neighbours are compared at the same carbon as well, since the warmest soil runs through all that the coldest
        respires in a few readings. `q10_start` is that of the line at the first point, at the share `quota_start` of
        the carbon. Where there is no trend to be had, `slope` is empty and `flag` says why.

    Raises
    ------
    TableError
        For tables that nothing can be computed from; every row and jar at fault is named.

    Examples
    --------
    A soil whose fast pool answers to warming with a Q10 of 2 and whose slow pool does with 4:

    >>> times = np.geomspace(1.0, 365.0, 20)
    >>> def rates(fast, slow):
    ...     return 1000 * 0.02 * fast * np.exp(-0.02 * fast * times) + 2.0 * slow
    >>> jars = pd.DataFrame({"jar": ["cold", "warm"], "sample": "peat", "set": "peat", "basis": "dry soil"})
    >>> rows = [pd.DataFrame({"jar": jar, "time": times, "temperature": t, "respiration": rates(fast, slow)})
    ...         for jar, t, fast, slow in (("cold", 5.0, 1, 1), ("warm", 15.0, 2, 4))]
    >>> found = q10_drift(typed("respiration", pd.concat(rows)), typed("jars", jars))
    >>> found[["definition", "q10_start", "q10_end", "trend"]].round(1).to_dict("records")[1]
    {'definition': 'equal-carbon', 'q10_start': 2.1, 'q10_end': 5.2, 'trend': 'rises in these jars'}
    """
    respiration, jars = whole_rates_and_jars(respiration, jars)
    release = release_of(respiration) if release is None else complete("release", accepted("release", release))
    rows: list[dict[str, object]] = []
    for curves in sets_of_curves(respiration, release, jars):
        for side in sides_of_freezing(curves):
            rows += [keys_of(curves) | _noted(row, curves.left_out) for row in _of_curves(side.curves)]
    for keys, estimates in stepped_sets(respiration, jars):
        last = estimates[-1]
        span: dict[str, object] = {"t_low": last.t_low, "t_high": last.t_high, "temperatures": last.temperatures}
        rows.append(keys | span | {"definition": "equal-carbon", "n": 0, "flag": REFUSED})
    return typed("drift", pd.DataFrame(rows)) if rows else empty("drift")


def _noted(row: dict[str, object], note: str) -> dict[str, object]:
    """A row whose flag says this as well."""
    return row | {"flag": "; ".join(filter(None, [str(row["flag"]), note]))}


def _of_curves(curves: Sequence[Curve]) -> list[dict[str, object]]:
    """Trends of a set on one side of freezing."""
    span = {"t_low": curves[0].temperature, "t_high": curves[-1].temperature, "temperatures": len(curves)}
    by_time = "rate-fit" if len(curves) > 2 else "rate-ratio"
    if curves[-1].temperature - curves[0].temperature < CLOSEST:
        return [span | {"definition": by_time, "n": 0, "flag": TOO_CLOSE}]
    rows = [
        span | {"definition": by_time} | _trend_row(curves, points_by_time),
        span | {"definition": "equal-carbon"} | _trend_row(curves, points_by_carbon),
    ]
    if len(curves) > 2:
        for pair in pairwise(curves):
            if pair[1].temperature - pair[0].temperature < CLOSEST:
                continue
            pair_span = {"t_low": pair[0].temperature, "t_high": pair[1].temperature, "temperatures": 2}
            rows.append(pair_span | {"definition": "equal-carbon"} | _trend_row(pair, points_by_carbon))
    return rows


def _trend_row(curves: Sequence[Curve], points_of: PointsOf) -> dict[str, object]:
    points, note = points_of(curves)
    found, source = _between_jars(trend(points), curves, points_of)
    row = _row(points, found, note, source)
    if not points.log.size:
        return row
    return _noted(row, filled_in_words(curves, np.zeros(len(curves)), np.full(len(curves), points.time_end)))


def points_by_time(curves: Sequence[Curve]) -> tuple[Points, str]:
    """Ln Q10 of the rates at every common time, over the mean carbon respired by then.

    Parameters
    ----------
    curves : sequence of Curve
        Curves of two temperatures or more, the coldest first.

    Returns
    -------
    points : Points
    note : str
        What to mind, or why there is no point.
    """
    times, note = common_times(*(curve.time for curve in curves))
    kept = times_with_rates(times, curves)
    if not kept.size:
        return NO_POINTS, "no positive rate at a common time" if times.size else "no common time"
    carbon = np.mean([_carbon_at(curve, kept) for curve in curves], axis=0)
    if not carbon[-1] > 0:
        return NO_POINTS, "nothing released by the last common time"
    log = _log_q10(curves, np.log(rates_at(kept, curves)))
    return Points(carbon / carbon[-1], log, float(kept[0]), float(kept[-1])), note


def points_by_carbon(curves: Sequence[Curve]) -> tuple[Points, str]:
    """Ln Q10 of the rates where the same carbon was respired.

    The points are the readings of the curve that has fewest within the common carbon; the rates of the others are
    read between their readings, on straight lines over carbon, and never beyond them.

    Parameters
    ----------
    curves : sequence of Curve
        Curves of two temperatures or more, the coldest first.

    Returns
    -------
    points : Points
    note : str
        Why there is no point; else empty.
    """
    measured = [_over_carbon(curve) for curve in curves]
    if any(carbon.size == 0 for carbon, _, _ in measured):
        return NO_POINTS, "no positive rate at one temperature"
    end = min(float(np.max(curve.released, initial=0.0)) for curve in curves)
    if end <= 0:
        return NO_POINTS, "nothing released at one temperature"
    low = max(float(carbon[0]) for carbon, _, _ in measured)
    high = min(float(carbon[-1]) for carbon, _, _ in measured)
    # Where rates are read off a curve, rounding must not cut its own ends away.
    inside = [(carbon >= low * (1 - 1e-12)) & (carbon <= high * (1 + 1e-12)) for carbon, _, _ in measured]
    sparsest = int(np.argmin([chosen.sum() for chosen in inside]))
    at = measured[sparsest][0][inside[sparsest]]
    if not at.size:
        return NO_POINTS, "no carbon that all temperatures respired between their readings"
    rates = np.array([np.interp(at, carbon, rate) for carbon, rate, _ in measured])
    days = np.array([np.interp(at, carbon, time) for carbon, _, time in measured])
    return Points(at / end, _log_q10(curves, np.log(rates)), float(days.min()), float(days.max())), ""


def _carbon_at(curve: Curve, times: np.ndarray) -> np.ndarray:
    """Carbon released by these times; where the curve falls, its running maximum."""
    released = np.maximum.accumulate(np.concatenate([[0.0], curve.released]))
    return np.interp(times, np.concatenate([[0.0], curve.released_at]), released)


def _over_carbon(curve: Curve) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carbon respired by each positive rate, rising, with the rate and its time."""
    positive = curve.rate > 0
    time, rate = curve.time[positive], curve.rate[positive]
    carbon = _carbon_at(curve, time)
    rising = np.concatenate([[True], np.diff(carbon) > 0])[: carbon.size]
    return carbon[rising], rate[rising], time[rising]


def _log_q10(curves: Sequence[Curve], logs: np.ndarray) -> np.ndarray:
    """Ten times the slope of ln rate on temperature at each point."""
    temperatures = np.array([curve.temperature for curve in curves])
    centred = temperatures - temperatures.mean()
    return PER_TEN_DEGREES * centred @ logs / float(centred @ centred)


def trend(points: Points) -> Estimate:
    """Change of ln Q10 from the start to the end of the carbon, by a straight line."""
    if points.log.size < FEWEST or np.ptp(points.carbon) <= 0:
        return Estimate(np.nan, np.nan, 0)
    return slope(points.carbon, points.log)


def _between_jars(found: Estimate, curves: Sequence[Curve], points_of: PointsOf) -> tuple[Estimate, str]:
    """A trend with the error that replicates tell, and where its error comes from.

    What sets a jar apart is not in the scatter about the line: a larger fast pool tilts the trend, and at the same
    carbon a jar that respires more throughout does as well. Where every temperature has jars of its own, each is left
    out in turn and the trend found anew (jackknife). Where only their standard deviation is told, each curve is raised
    by the part of its standard error that a jar keeps; that tilts the trend by carbon, and of the trend by time the
    residuals tell all that is known.
    """
    if not (np.isfinite(found.error) and (replicates_of(curves) > 1).all()):
        return found, "residuals"
    if all(len(curve.jar_rates) > 1 for curve in curves):
        error = _jackknifed(curves, points_of)
    elif points_of is points_by_carbon:
        error = _raised_in_turn(found, curves)
    else:
        return found, "residuals"
    if not np.isfinite(told_error(error.error)):
        return found, "residuals"
    return replace(error, value=found.value), "replicates"


def _jackknifed(curves: Sequence[Curve], points_of: PointsOf) -> Estimate:
    """Error of a trend from leaving each jar out in turn."""
    variances = []
    for i, one in enumerate(curves):
        without = [_moved(curves, i, _without(one, jar), points_of) for jar in range(len(one.jar_rates))]
        variances.append((len(without) - 1) * np.var(without))
    freedom = np.array([len(curve.jar_rates) - 1 for curve in curves])
    return Estimate(np.nan, float(np.sum(variances)) ** 0.5, satterthwaite(variances, freedom))


def _raised_in_turn(found: Estimate, curves: Sequence[Curve]) -> Estimate:
    """Error of a trend by carbon from its residuals and from raising each curve by its standard error."""
    last = np.array([[curve.released_at[-1]] for curve in curves])
    total = np.array([[curve.released[-1]] for curve in curves])
    if not (total > 0).all():
        return Estimate(np.nan, np.nan, 0)
    errors = release_errors(curves, last, total)
    relative = np.sqrt(errors.covariance[:, 0, 0])
    raised = [
        _moved(curves, i, _raised(one, relative[i]), points_by_carbon) - found.value for i, one in enumerate(curves)
    ]
    variances = np.array([found.error**2, *np.square(raised)])
    freedom = np.array([found.freedom, *errors.freedom])
    return Estimate(np.nan, float(variances.sum()) ** 0.5, satterthwaite(variances, freedom))


def _moved(curves: Sequence[Curve], i: int, other: Curve, points_of: PointsOf) -> float:
    """The trend with another curve in the place of one."""
    return trend(points_of([*curves[:i], other, *curves[i + 1 :]])[0]).value


def _raised(curve: Curve, by: float) -> Curve:
    """A curve that respires more by this share."""
    return replace(curve, rate=curve.rate * (1.0 + by), released=curve.released * (1.0 + by))


def _without(curve: Curve, jar: int) -> Curve:
    """The mean curve of the other jars."""
    rates, released = (np.delete(of, jar, axis=0) for of in (curve.jar_rates, curve.jar_released))
    return replace(curve, rate=rates.mean(axis=0), released=released.mean(axis=0))


def _row(points: Points, found: Estimate, note: str, source: str) -> dict[str, object]:
    """A trend as a row of the table ``drift``."""
    n = points.log.size
    if source == "residuals" and np.isfinite(found.error):
        note = "; ".join(filter(None, [note, NO_JARS]))
    row: dict[str, object] = {"time_start": points.time_start, "time_end": points.time_end, "n": n, "flag": note}
    if not np.isfinite(found.value):
        few = f"{n} point{'' if n == 1 else 's'}: no trend" if n else "no trend"
        return row | {"flag": "; ".join(filter(None, [note, few]))}
    first = float(points.carbon.min())
    at_none = float(points.log.mean() - found.value * points.carbon.mean())
    lower, upper = found.interval()
    words = "rises" if lower > 0 else "falls" if upper < 0 else NONE_SEEN
    if source == "residuals" and words != NONE_SEEN:
        words = f"{words} {IN_THESE}"
    with np.errstate(over="ignore"):
        ends = {"q10_start": np.exp(at_none + found.value * first), "q10_end": np.exp(at_none + found.value)}
    return (
        row
        | ends
        | {"quota_start": first}
        | {"slope": found.value, "sd": found.error, "lower": lower, "upper": upper, "trend": words}
        | {"interval_from": source}
    )
