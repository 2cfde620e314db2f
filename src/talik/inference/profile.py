"""Least squares in a box, and the profile of each parameter.

A problem is a function ``residuals(theta)`` that returns the residuals, each divided by its error,
and their Jacobian, with ``lower`` and ``upper``, the box in which theta is sought.
A parameter is held fixed by giving its box no width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Residuals = Callable[[NDArray], tuple[NDArray, NDArray]]

MOST_STEPS = 100
"""Steps of one fit; a fit that is still moving then is in a flat valley."""
LONGEST_STEP = 0.25
"""Longest step, as a part of the box: a flat direction must not throw the fit across it. [-]"""
REDUCTION = 1e-12
"""A step that promises to lower the sum of squares by less than this part of it is the last. [-]"""
LEAST_DAMPING = 1e-12
"""Keeps the equations of a step solvable in double precision. [-]"""
STALLED = 1e-6
"""A step that lowers the sum of squares by less than this part of it, and by less than half of what it
promised, creeps along a flat valley. [-]"""
CROSSING = 1e-5
"""How closely the root of the sum of squares is brought to its threshold. [-]"""
MOST_REFITS = 60
"""Refits on one side of a profile; bisection alone needs no more."""


@dataclass(frozen=True)
class Optimum:
    """A least-squares fit in a box."""

    theta: NDArray
    """The parameters, shape (p,)."""
    residuals: NDArray
    """Residuals there, each divided by its error, shape (n,). [-]"""
    jacobian: NDArray
    """Their derivatives, shape (n, p)."""

    @property
    def sum_of_squares(self) -> float:
        """Sum of the squared residuals. [-]"""
        return float(self.residuals @ self.residuals)

    @property
    def standard_errors(self) -> NDArray:
        r"""Roots of the diagonal of :math:`(J^T J)^{-1}`, shape (p,); infinite where J is singular.

        For residuals divided by their full errors; else times the residual standard deviation.
        """
        scale = np.linalg.norm(self.jacobian, axis=0)
        nothing = np.full(scale.size, np.inf)
        if np.any(scale == 0):
            return nothing
        r = np.linalg.qr(self.jacobian / scale, mode="r")
        if np.abs(np.diag(r)).min() < np.finfo(float).eps * scale.size:
            return nothing
        return np.linalg.norm(np.linalg.inv(r), axis=1) / scale


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


def least_squares_in_box(residuals: Residuals, start: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Optimum:
    """Least squares by the method of Levenberg and Marquardt, kept inside a box.

    A parameter at an edge that the sum of squares pushes outward stays there for that step; the step of
    the others is damped until it lowers the sum of squares. A local optimum: start it from several places.

    Parameters
    ----------
    residuals : callable
        theta -> residuals, shape (n,), and their Jacobian, shape (n, p).
    start : array_like, shape (p,)
        Where to begin.
    lower, upper : array_like, shape (p,)
        The box; may be infinite. Equal ends hold a parameter fixed.

    Returns
    -------
    Optimum

    References
    ----------
    Marquardt (1963), SIAM J. Appl. Math. 11, 431-441, doi 10.1137/0111030.

    Examples
    --------
    The mean of three readings, which lies outside the second box:

    >>> def deviation(mean):
    ...     return np.array([1.0, 2.0, 6.0]) - mean, -np.ones((3, 1))
    >>> round(float(least_squares_in_box(deviation, [0.0], [-9.0], [9.0]).theta[0]), 9)
    3.0
    >>> float(least_squares_in_box(deviation, [0.0], [-9.0], [2.5]).theta[0])
    2.5
    """
    lower, upper = np.asarray(lower, float), np.asarray(upper, float)
    theta = np.clip(np.asarray(start, float), lower, upper)
    here = Optimum(theta, *residuals(theta))
    rss, damping, caution = here.sum_of_squares, 1e-4, 2.0
    for _ in range(MOST_STEPS):
        gradient = here.jacobian.T @ here.residuals
        held = ((here.theta <= lower) & (gradient >= 0)) | ((here.theta >= upper) & (gradient <= 0))
        theta = _step(here, ~held, damping, lower, upper)
        moved = theta - here.theta
        if np.all(np.abs(moved) <= 1e-14 * (1e-3 + np.abs(theta))) or damping > 1e8:
            break
        linear = here.residuals + here.jacobian @ moved
        promise = rss - float(linear @ linear)
        there = Optimum(theta, *residuals(theta))
        gain = rss - there.sum_of_squares
        if abs(promise) <= REDUCTION * rss:
            # The sum of squares is flat to rounding here, its gradient is not: the last step still counts.
            return there if gain >= -REDUCTION * rss else here
        if gain > 0:
            here, rss = there, rss - gain
            # Nielsen's rule: the better the straight line foretold the gain, the bolder the next step.
            easing = max(0.1, 1 - (2 * min(gain / promise, 1.0) - 1) ** 3)
            damping, caution = max(damping * easing, LEAST_DAMPING), 2.0
            if gain <= min(STALLED * rss, 0.5 * promise):
                break
        else:
            damping, caution = damping * caution, 2 * caution
    return here


def _step(here: Optimum, free: NDArray, damping: float, lower: NDArray, upper: NDArray) -> NDArray:
    """Where Marquardt's step leads inside the box, shape (p,)."""
    theta = here.theta.copy()
    width = np.where(upper > lower, upper - lower, np.inf)
    while free.any():
        # What has met an edge stays there, and the others take their step knowing it: of a size and a rate
        # whose product alone is seen, one must not run on alone.
        residuals = here.residuals + here.jacobian @ (theta - here.theta)
        step = _damped_step(here.jacobian, here.jacobian.T @ residuals, free, damping)
        step /= max(1.0, float(np.max(np.abs(step) / (LONGEST_STEP * width))))
        beyond = free & ((theta + step < lower) | (theta + step > upper))
        if not beyond.any():
            return np.where(free, theta + step, theta)
        theta[beyond] = np.clip(theta + step, lower, upper)[beyond]
        free = free & ~beyond
    return theta


def _damped_step(jacobian: NDArray, gradient: NDArray, free: NDArray, damping: float) -> NDArray:
    """Marquardt's step of the free parameters, shape (p,)."""
    # Scaled columns make the damping, and the rounding, independent of the units of the parameters.
    scale = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian)) * free
    free = scale > 0
    scale[~free] = 1.0
    scaled = jacobian / scale * free
    normal = scaled.T @ scaled
    normal.flat[:: scale.size + 1] = 1.0 + damping
    return -np.linalg.solve(normal, gradient * free / scale) / scale


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
    descending: Sequence[int] = (),
) -> ProfileInterval:
    r"""Profile-likelihood interval of one parameter.

    The parameter is held at a value, the others are refitted, and the value is moved outward until the sum
    of squares S reaches the threshold. :math:`z = \sqrt{S - S_{min}}` is nearly straight, and its slope
    comes with each refit, since the others are at their optimum: :math:`dS/d\theta_i = 2 J_i^T r`.
    So Newton's steps on z need few refits; where one leaves the bracket, the bracket is halved.

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
    lower, upper = np.asarray(lower, float), np.asarray(upper, float)

    def refit(value: float, start: NDArray) -> Optimum:
        floor, ceiling = _box_around(value, index, lower, upper, descending)
        return least_squares_in_box(residuals, start, floor, ceiling)

    down = _cross(refit, best, index, float(lower[index]), threshold)
    up = _cross(refit, best, index, float(upper[index]), threshold)
    better = min((down.fit, up.fit, best), key=lambda fit: fit.sum_of_squares)
    # Rounding makes any refit a little lower; a better optimum is lower by a visible part of the threshold.
    gain = best.sum_of_squares - better.sum_of_squares
    found = better.theta if gain > 1e-3 * (threshold - best.sum_of_squares) else None
    return ProfileInterval(down.value, up.value, down.closed, up.closed, down.fit.theta, up.fit.theta, better=found)


def _box_around(
    value: float, index: int, lower: NDArray, upper: NDArray, descending: Sequence[int]
) -> tuple[NDArray, NDArray]:
    """The box of a refit: no width for the parameter held, and its neighbours kept in order."""
    floor, ceiling = lower.copy(), upper.copy()
    floor[index] = ceiling[index] = value
    if index in descending:
        place = list(descending).index(index)
        larger, smaller = list(descending[:place]), list(descending[place + 1 :])
        floor[larger] = np.maximum(floor[larger], value)
        ceiling[smaller] = np.minimum(ceiling[smaller], value)
    return floor, ceiling


@dataclass(frozen=True)
class _Crossing:
    """Where one side of a profile ended, and the fit there."""

    value: float
    closed: bool
    fit: Optimum


def _cross(
    refit: Callable[[float, NDArray], Optimum], best: Optimum, index: int, edge: float, threshold: float
) -> _Crossing:
    """Where the profile crosses the threshold between the best value and one edge of the box."""
    target = float(np.sqrt(threshold - best.sum_of_squares))
    inside, outside, inner = float(best.theta[index]), edge, best
    if inside == edge:
        return _Crossing(edge, False, best)
    outward = float(np.sign(edge - inside))
    value = inside + float(outward * target * best.standard_errors[index])
    bracketed = False
    for _ in range(MOST_REFITS):
        if not bracketed and outward * (value - edge) >= 0:
            value = edge
        fit = refit(value, inner.theta)
        excess = fit.sum_of_squares - best.sum_of_squares
        z = float(np.sqrt(max(excess, 0.0)))
        if fit.sum_of_squares < best.sum_of_squares - 1e-3 * target**2:
            return _Crossing(value, False, fit)
        if abs(z - target) <= CROSSING * target:
            return _Crossing(value, True, fit)
        if z > target:
            outside, bracketed = value, True
        elif value == edge:
            return _Crossing(edge, False, fit)
        else:
            inside, inner = value, fit
        slope = float(fit.jacobian[:, index] @ fit.residuals) / z if z > 0 else 0.0
        value = _next_value(value, z - target, slope, inside, outside, bracketed)
        if abs(outside - inside) <= 1e-12 * (1e-3 + abs(inside)):
            break
    return _Crossing(outside, bracketed, inner)


def _next_value(value: float, miss: float, slope: float, inside: float, outside: float, bracketed: bool) -> float:
    """Newton's next value, or the middle of the bracket where Newton leaves it."""
    if slope * (outside - inside) > 0:
        newton = value - miss / slope
        if not bracketed or min(inside, outside) < newton < max(inside, outside):
            return newton
    return 0.5 * (inside + outside) if bracketed else outside
