"""How well the data determine each parameter of the pools: intervals, and in words why not."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from talik.inference.least_squares import Optimum
from talik.inference.profile import ProfileInterval, profile_interval, profile_threshold
from talik.pools import search
from talik.pools.layout import Curve

ROUNDING = 1e-8
"""Relative error that every rate has at least: none is known to more digits. [-]"""
MOST_ROUNDS = 4
"""Times that profiles begin again because one of them has met a better fit."""
VALLEY = 0.02
"""Part of an interval by which a point that fits as well must lie outside for the profile to begin again. [-]"""

SigmaKind = Literal["relative", "known"]


@dataclass(frozen=True)
class Found:
    """The best fit of a pool model, and all values of its parameters that fit about as well."""

    best: Optimum
    """The best fit."""
    threshold: float
    """Sum of squares at the ends of the intervals. [-]"""
    profiles: list[ProfileInterval]
    """Profile of each parameter."""

    @property
    def other(self) -> Optimum | None:
        """The best of the fits within the threshold that lie beyond a profile of the best fit, if there is one."""
        others = [profile.elsewhere for profile in self.profiles if profile.elsewhere is not None]
        return min(others, key=lambda fit: fit.sum_of_squares, default=None)


def find(curve: Curve, sigma_kind: SigmaKind, confidence: float) -> Found:
    """The best fit and its profiles; a better fit met on the way becomes the one that is profiled."""
    starts = search.places(curve)
    optima = search.optima(curve, starts)
    for _ in range(MOST_ROUNDS):
        best = optima[0]
        threshold = _threshold(curve, best, sigma_kind, confidence)
        profiles = _profiles(curve, best, threshold, [other.theta for other in optima[1:]] + starts)
        better = [profile.better for profile in profiles if profile.better is not None]
        if not better:
            break
        optima = sorted(search.optima(curve, better) + optima, key=lambda optimum: optimum.sum_of_squares)
    return Found(best, threshold, profiles)


def _profiles(curve: Curve, best: Optimum, threshold: float, places: list[NDArray]) -> list[ProfileInterval]:
    """Profile of each parameter. What is met beyond one of them may also lie beyond another, which begins again."""

    def profile(index: int) -> ProfileInterval:
        box, rates = (curve.lower, curve.upper), curve.layout.decay_rates
        return profile_interval(curve.residuals, best, *box, index, threshold, descending=rates, places=places)

    profiles = [profile(i) for i in range(curve.layout.size)]
    met = [point for profile in profiles for point in _met(curve, profile)]
    places = met + places
    for i, first in enumerate(profiles):
        slack = VALLEY * (first.upper - first.lower)
        if any(not first.lower - slack <= point[i] <= first.upper + slack for point in met):
            profiles[i] = profile(i)
    return profiles


def _met(curve: Curve, profile: ProfileInterval) -> list[NDArray]:
    """Points that fit as well, met by one profile; those that have the fast pool first."""
    points = [profile.at_lower, profile.at_upper]
    if profile.elsewhere is not None:
        points.append(profile.elsewhere.theta)
    return [point for point in points if np.all(np.diff(curve.layout.split(point)[1]) <= 0)]


def _threshold(curve: Curve, best: Optimum, sigma_kind: SigmaKind, confidence: float) -> float:
    """Sum of squares at the ends of the intervals; see `profile_threshold`."""
    n, parameters = curve.rate.size, curve.layout.size
    least = best.sum_of_squares
    if sigma_kind == "known":
        return profile_threshold(least, n, parameters, "known", confidence)
    # Rates made by a formula lie on the curve, and their intervals would be rounding errors wide.
    rounding = ROUNDING**2 * float(np.sum((curve.rate / curve.sigma) ** 2))
    wide = profile_threshold(max(least, rounding), n, parameters, "estimated", confidence)
    return least + wide - max(least, rounding)


def ends(curve: Curve, profiles: list[ProfileInterval]) -> tuple[NDArray, NDArray]:
    """Ends of the intervals in the units of the parameters, each of shape (p,)."""
    lower, upper = np.array([[profile.lower, profile.upper] for profile in profiles]).T
    return curve.layout.natural(lower), curve.layout.natural(upper)


def why_not_identified(curve: Curve, found: Found, widest: NDArray, interval: str) -> tuple[str, ...]:
    """In words, why the data do not determine each parameter; empty where they do.

    ``widest`` is the most that the upper over the lower end may be, shape (p,); ``interval`` the name of the
    interval, as "95 % interval".
    """
    lower, upper = ends(curve, found.profiles)
    return tuple(
        _why_not(curve, i, profile, lower[i], upper[i], widest[i], interval) for i, profile in enumerate(found.profiles)
    )


def _why_not(
    curve: Curve, index: int, profile: ProfileInterval, lower: float, upper: float, widest: float, interval: str
) -> str:
    open_below = not profile.lower_closed or _held_by_its_rate(curve, index, profile.at_lower)
    open_above = not profile.upper_closed or _held_by_its_rate(curve, index, profile.at_upper)
    sides = " and ".join(
        f"{side} (the search ends at {end:.3g})"
        for side, end, is_open in (("below", lower, open_below), ("above", upper, open_above))
        if is_open
    )
    if sides:
        return f"{interval} open {sides}"
    if profile.elsewhere is not None:
        return f"another fit is as good, at {curve.layout.natural(profile.elsewhere.theta)[index]:.3g}"
    if not upper <= widest * lower:
        return f"{interval} spans a factor of {upper / lower:.3g}; at most {widest:g} is needed"
    return ""


def _held_by_its_rate(curve: Curve, index: int, theta: NDArray) -> bool:
    """Whether a pool size ends only because the decay rate of its pool has reached the edge of the box."""
    if curve.layout.c0 is not None or index >= curve.layout.size_count:
        return False
    rate = index + curve.layout.size_count
    return bool(theta[rate] <= curve.lower[rate] or theta[rate] >= curve.upper[rate])


def standard_errors(curve: Curve, best: Optimum, sigma_kind: SigmaKind) -> NDArray:
    """Standard errors in the units of the parameters, shape (p,)."""
    layout = curve.layout
    factor = 1.0 if sigma_kind == "known" else best.sum_of_squares / (curve.rate.size - layout.size)
    # Of a logarithm it is the relative error.
    return best.standard_errors * np.sqrt(factor) * np.where(layout.is_fraction, 1.0, layout.natural(best.theta))
