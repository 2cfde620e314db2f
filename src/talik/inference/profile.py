"""The values of each parameter that the data allow: its profile, and whatever fits as well beyond it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from talik.inference.least_squares import Optimum, Residuals, least_squares_in_box

CROSSING = 1e-5
"""How closely the root of the sum of squares is brought to its threshold. [-]"""
MOST_REFITS = 60
"""Refits on one side of a profile; bisection alone needs no more."""
LOOKS = 3
"""Fits begun beyond each end of an interval, to see whether one there is as good."""
MOST_VALLEYS = 4
"""Valleys that one side of a profile may cross."""
VISIBLE = 1e-3
"""Part of the distance to the threshold by which one fit must be better than another; less is rounding. [-]"""
BEYOND = 0.02
"""How far beyond an end to look for another fit, as a part of the distance from the best. [-]"""


@dataclass(frozen=True)
class ProfileInterval:
    """The values of one parameter that the data allow, the others refitted at each."""

    lower: float
    """Lower end; the edge of the box where the interval is open."""
    upper: float
    """Upper end; the edge of the box where the interval is open."""
    lower_closed: bool
    """Whether the sum of squares reached the threshold inside the box."""
    upper_closed: bool
    """Whether the sum of squares reached the threshold inside the box."""
    at_lower: NDArray
    """All parameters at the lower end, shape (p,)."""
    at_upper: NDArray
    """All parameters at the upper end, shape (p,)."""
    better: NDArray | None
    """A point of lower sum of squares than the one profiled, met on the way: fit again from there."""
    elsewhere: Optimum | None
    """An optimum within the threshold beyond where the profile of the best had ended, which the interval then
    holds too; None if none was found."""


def profile_threshold(
    sum_of_squares: float,
    n: int,
    parameters: int,
    sigma: Literal["estimated", "known"] = "estimated",
    confidence: float = 0.95,
) -> float:
    r"""Sum of squares below which the values of one parameter are within its interval.

    .. math:: RSS + \chi^2_1 \quad (\sigma\ known), \qquad
              RSS \left(1 + \frac{F_{1,n-p}}{n-p}\right) \quad (\sigma\ estimated)

    Parameters
    ----------
    sum_of_squares : float
        The least sum of squares, each residual divided by its error. [-]
    n, parameters : int
        Number of readings, and of parameters fitted to them.
    sigma : {"estimated", "known"}
        Whether the errors are known, or only up to a factor estimated from the residuals.
    confidence : float, default 0.95
        Coverage of the interval. [-]

    Returns
    -------
    float
        The threshold. [-]

    References
    ----------
    Bates and Watts (1988), Nonlinear Regression Analysis and Its Applications, section 6.1.

    Examples
    --------
    >>> round(profile_threshold(10.0, n=12, parameters=2), 3)
    14.965
    >>> round(profile_threshold(10.0, n=12, parameters=2, sigma="known"), 3)
    13.841
    """
    if sigma == "known":
        return float(sum_of_squares + stats.chi2.ppf(confidence, 1))
    free = n - parameters
    return float(sum_of_squares * (1 + stats.f.ppf(confidence, 1, free) / free))


def profile_interval(
    residuals: Residuals,
    best: Optimum,
    lower: ArrayLike,
    upper: ArrayLike,
    index: int,
    threshold: float,
    *,
    descending: Sequence[int] = (),
    places: Sequence[NDArray] = (),
) -> ProfileInterval:
    r"""Profile-likelihood interval of one parameter.

    The parameter is held at a value, the others are refitted, and the value is moved outward until the sum
    of squares S reaches the threshold. :math:`z = \sqrt{S - S_{min}}` is nearly straight, and its slope
    comes with each refit, since the others are at their optimum: :math:`dS/d\theta_i = 2 J_i^T r`.
    So Newton's steps on z need few refits; where one leaves the bracket, the bracket is halved.

    S may fall again beyond. So the fit is begun anew in the part of the box beyond each end, from the places
    given; from a fit within the threshold the walk goes on, and the interval holds that fit too.

    Parameters
    ----------
    residuals : callable
        theta -> residuals, shape (n,), and their Jacobian, shape (n, p).
    best : Optimum
        The least-squares fit.
    lower, upper : array_like, shape (p,)
        The box in which the fit was sought.
    index : int
        Which parameter.
    threshold : float
        Sum of squares at the ends of the interval, from `profile_threshold`. [-]
    descending : sequence of int
        Parameters that keep their order, largest first, as decay rates from the fast pool to the slow:
        one that is held bounds the others.
    places : sequence of array_like, each of shape (p,)
        Where to begin beyond an end, the most promising first; three are used,
        of those that lie there or, if none does, of all.

    Returns
    -------
    ProfileInterval

    References
    ----------
    Venzon and Moolgavkar (1988), Appl. Statist. 37, 87-94, doi 10.2307/2347496.

    Examples
    --------
    The mean of three readings, where the interval is that of Student's t:

    >>> def deviation(mean):
    ...     return np.array([1.0, 2.0, 6.0]) - mean, -np.ones((3, 1))
    >>> best = least_squares_in_box(deviation, [0.0], [-99.0], [99.0])
    >>> threshold = profile_threshold(best.sum_of_squares, n=3, parameters=1)
    >>> interval = profile_interval(deviation, best, [-99.0], [99.0], 0, threshold)
    >>> round(interval.lower, 3), round(interval.upper, 3)
    (-3.572, 9.572)
    """
    box = np.asarray(lower, float), np.asarray(upper, float)
    profile = _Profile(residuals, best, *box, index, threshold, tuple(descending), places)
    down, up = profile.end(-1), profile.end(+1)
    fits = [end.fit for end in (down, up) if end.fit.sum_of_squares < best.sum_of_squares - profile.visible]
    others = [end.elsewhere for end in (down, up) if end.elsewhere is not None]
    return ProfileInterval(
        lower=down.value,
        upper=up.value,
        lower_closed=down.closed,
        upper_closed=up.closed,
        at_lower=down.fit.theta,
        at_upper=up.fit.theta,
        better=min(fits, key=_misfit).theta if fits else None,
        elsewhere=min(others, key=_misfit, default=None),
    )


def _misfit(fit: Optimum) -> float:
    return fit.sum_of_squares


@dataclass(frozen=True)
class _End:
    """Where one side of a profile ended, the fit there, and the first fit found beyond an earlier end."""

    value: float
    closed: bool
    fit: Optimum
    elsewhere: Optimum | None = None


@dataclass(frozen=True)
class _Profile:
    """The profile of one parameter; ``outward`` is -1 toward its lower end and +1 toward its upper."""

    residuals: Residuals
    best: Optimum
    lower: NDArray
    upper: NDArray
    index: int
    threshold: float
    descending: tuple[int, ...]
    places: Sequence[NDArray]

    @property
    def distance(self) -> float:
        """From the least sum of squares to the threshold."""
        return self.threshold - self.best.sum_of_squares

    @property
    def visible(self) -> float:
        """A difference between two sums of squares that is more than rounding."""
        return VISIBLE * self.distance

    def end(self, outward: int) -> _End:
        """The end of one side, with all that fits as well beyond."""
        end, elsewhere = self.walk(self.best, outward), None
        for _ in range(MOST_VALLEYS):
            other = self.beyond(end.value, outward) if end.closed else None
            if other is None:
                break
            # A fit that would rather lie further in only goes on with the interval.
            if other.theta[self.index] != self.past(end.value):
                elsewhere = elsewhere or other
            end = self.walk(other, outward)
        return _End(end.value, end.closed, end.fit, elsewhere)

    def past(self, value: float) -> float:
        """A value visibly further out than an end."""
        return value + BEYOND * (value - float(self.best.theta[self.index]))

    def beyond(self, value: float, outward: int) -> Optimum | None:
        """A fit within the threshold, further out than an end; None if none is found."""
        value = self.past(value)
        floor, ceiling = self._box(at_least=value) if outward > 0 else self._box(at_most=value)
        if floor[self.index] > ceiling[self.index]:
            return None
        there = [place for place in self.places if floor[self.index] <= place[self.index] <= ceiling[self.index]]
        starts = (there or list(self.places))[:LOOKS]
        for start in starts:
            fit = least_squares_in_box(self.residuals, start, floor, ceiling)
            in_order = (np.diff(fit.theta[list(self.descending)]) <= 0).all()
            if in_order and fit.sum_of_squares < self.threshold - self.visible:
                return fit
        return None

    def refit(self, value: float, start: NDArray) -> Optimum:
        """The others refitted, the parameter held at a value."""
        return least_squares_in_box(self.residuals, start, *self._box(at_least=value, at_most=value))

    def _box(self, at_least: float = -np.inf, at_most: float = np.inf) -> tuple[NDArray, NDArray]:
        """The box with the parameter bounded further, and its neighbours kept in order."""
        order = self.descending if self.index in self.descending else (self.index,)
        here = order.index(self.index)
        floor, ceiling = self.lower.copy(), self.upper.copy()
        larger, smaller = list(order[: here + 1]), list(order[here:])
        floor[larger] = np.maximum(floor[larger], at_least)
        ceiling[smaller] = np.minimum(ceiling[smaller], at_most)
        return floor, ceiling

    def walk(self, inner: Optimum, outward: int) -> _End:
        """Where the sum of squares crosses the threshold, going outward from a fit within it."""
        target = float(np.sqrt(self.distance))
        edge = float((self.upper if outward > 0 else self.lower)[self.index])
        inside, outside, bracketed = float(inner.theta[self.index]), edge, False
        if inside == edge:
            return _End(edge, False, inner)
        z = float(np.sqrt(max(inner.sum_of_squares - self.best.sum_of_squares, 0.0)))
        value = inside + outward * (target - z) * float(inner.standard_errors[self.index])
        for _ in range(MOST_REFITS):
            if not bracketed and outward * (value - edge) >= 0:
                value = edge
            fit = self.refit(value, inner.theta)
            z = float(np.sqrt(max(fit.sum_of_squares - self.best.sum_of_squares, 0.0)))
            if fit.sum_of_squares < self.best.sum_of_squares - self.visible:
                return _End(value, False, fit)
            if abs(z - target) <= CROSSING * target:
                return _End(value, True, fit)
            if z > target:
                outside, bracketed = value, True
            elif value == edge:
                return _End(edge, False, fit)
            else:
                inside, inner = value, fit
            slope = float(fit.jacobian[:, self.index] @ fit.residuals) / z if z > 0 else 0.0
            value = _next_value(value, z - target, slope, inside, outside, bracketed)
            if abs(outside - inside) <= 1e-12 * (1e-3 + abs(inside)):
                break
        return _End(outside, bracketed, inner)


def _next_value(value: float, miss: float, slope: float, inside: float, outside: float, bracketed: bool) -> float:
    """Newton's next value, or the middle of the bracket where Newton leaves it."""
    if slope * (outside - inside) > 0:
        newton = value - miss / slope
        if not bracketed or min(inside, outside) < newton < max(inside, outside):
            return newton
    return 0.5 * (inside + outside) if bracketed else outside
