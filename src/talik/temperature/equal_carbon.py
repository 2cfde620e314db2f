r"""Q10 of the time that the same carbon took (``equal-carbon``; Conant et al. 2008, Haddix et al. 2011).

.. math:: \ln Q_{10} = \frac{10}{T_2 - T_1} \ln \frac{t_1(q_b) - t_1(q_a)}{t_2(q_b) - t_2(q_a)}

for an increment of carbon from :math:`q_a` to :math:`q_b`. The same carbon is compared, so using it up
does not bias the number. If warming only speeds time up, it is the true Q10 at every quota. Beyond what
the slowest curve respired it is not defined. Where a fifth of the carbon of an increment or more was filled
in, as before a late first reading, the flag says how much.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from talik.inference.line import Estimate
from talik.temperature.between_jars import contrast, line_of, release_errors, unknown
from talik.temperature.curves import Curve, SetCurves
from talik.temperature.estimate import PARTS, WHOLE, Q10Estimate, part, spread_of, undefined
from talik.temperature.filled import filled_in_words


def equal_carbon(curves: SetCurves) -> Iterator[Q10Estimate]:
    """Time for the same carbon: the whole and each increment, for every pair and over all temperatures."""
    clocks = {curve.temperature: clock(curve) for curve in curves.curves if np.max(curve.released, initial=0.0) > 0}
    for pair in combinations(curves.curves, 2):
        yield from _quotas(pair, clocks)
    if len(curves.curves) > 2:
        yield from _quotas(curves.curves, clocks)


def _quotas(curves: Sequence[Curve], clocks: Mapping[float, PchipInterpolator]) -> Iterator[Q10Estimate]:
    if any(curve.temperature not in clocks for curve in curves):
        span = (curves[0].temperature, curves[-1].temperature, len(curves))
        yield undefined("equal-carbon", *span, "nothing released at one temperature")
        return
    common = min(float(np.max(curve.released)) for curve in curves)
    own = [clocks[curve.temperature] for curve in curves]
    edges = np.linspace(0.0, 1.0, PARTS + 1)
    windows = [(WHOLE, 0.0, 1.0), *((part(i, PARTS), *ends) for i, ends in enumerate(pairwise(edges)))]
    for window, start, end in windows:
        days = np.array([one(common * np.array([start, end, 1.0])) for one in own])
        increment = Increment(float(start), float(end), common, days)
        yield replace(_increment(curves, own, increment), window=window)


@dataclass(frozen=True)
class Increment:
    """A share of the carbon that all curves released, and when each released it."""

    start: float
    """Where it begins, as a share."""
    end: float
    """Where it ends."""
    common: float
    """Carbon that all curves released."""
    days: np.ndarray
    """Days of its start, of its end and of all the common carbon, shape (curves, 3). [d]"""

    @property
    def lengths(self) -> np.ndarray:
        """Time that each curve took. [d]"""
        return self.days[:, 1] - self.days[:, 0]


def clock(curve: Curve) -> PchipInterpolator:
    """Days until some carbon was released, by monotone interpolation of the curve; where it falls, of its maximum.

    Parameters
    ----------
    curve : Curve
        The curve, which released something.

    Returns
    -------
    PchipInterpolator
        From carbon, in the unit of the basis, to days.
    """
    time = np.concatenate([[0.0], curve.released_at])
    released = np.maximum.accumulate(np.concatenate([[0.0], curve.released]))
    # A flat piece has no time of its own: the first day of its carbon counts.
    rising = np.concatenate([[True], np.diff(released) > 1e-12 * max(released[-1], 1e-300)])
    return PchipInterpolator(released[rising], time[rising])


def _increment(curves: Sequence[Curve], clocks: Sequence[PchipInterpolator], taken: Increment) -> Q10Estimate:
    temperatures = np.array([curve.temperature for curve in curves])
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    window: dict[str, Any] = {
        "quota_start": taken.start, "quota_end": taken.end,
        "time_start": float(taken.days[:, 0].min()), "time_end": float(taken.days[:, 1].max()),
    }  # fmt: skip
    if (taken.lengths <= 0).any():
        return undefined("equal-carbon", *span, "an increment took no time", **window)
    if any(day <= curve.released_at[0] for curve, day in zip(curves, taken.days[:, 1], strict=True)):
        return undefined("equal-carbon", *span, "respired before the first reading of one temperature", **window)
    falls = "a curve falls" if any((np.diff(curve.released) < 0).any() for curve in curves) else ""
    flag = "; ".join(filter(None, [falls, filled_in_words(curves, taken.days[:, 0], taken.days[:, 1])]))
    log, source = _log(curves, clocks, taken)
    return Q10Estimate(
        "equal-carbon", *span, log, 1 if temperatures.size == 2 else temperatures.size, source, flag=flag,
        spread=spread_of(temperatures), **window,
    )  # fmt: skip


def _log(curves: Sequence[Curve], clocks: Sequence[PchipInterpolator], taken: Increment) -> tuple[Estimate, str]:
    # Nothing is released at the start of the first increment, and so nothing is wrong there.
    places = [0, 1, 2] if taken.start > 0 else [1, 1, 2]
    carbon = taken.common * np.array([taken.start, taken.end, 1.0])[places]
    errors = release_errors(curves, taken.days[:, places], np.tile(carbon, (len(curves), 1)))
    error, freedom = errors.of(_weights(curves, clocks, taken))
    if not np.isfinite(error):
        return line_of(curves, -np.log(taken.lengths), unknown(curves, 1))
    weights = contrast(np.array([curve.temperature for curve in curves]))
    return Estimate(float(weights @ -np.log(taken.lengths)), error, freedom), "replicates"


def _weights(curves: Sequence[Curve], clocks: Sequence[PchipInterpolator], taken: Increment) -> np.ndarray:
    r"""What relative errors of the release at the three places do to ln Q10, shape (curves, 3).

    A curve that lies too high is early: :math:`dt(q) = t'(q) (dq - dR)`. The quotas themselves are shares of what the
    curve with the least carbon released, so its error at the end moves them for all curves.
    """
    shares = np.array([taken.start, taken.end])
    pace = np.array([one(taken.common * shares, 1) for one in clocks]) * taken.common * shares
    of_length = -contrast(np.array([curve.temperature for curve in curves])) / taken.lengths
    weights = of_length[:, None] * np.column_stack([pace[:, 0], -pace[:, 1], np.zeros(len(curves))])
    least = int(np.argmin([np.max(curve.released) for curve in curves]))
    weights[least, 2] = of_length @ (pace[:, 1] - pace[:, 0])
    return weights
