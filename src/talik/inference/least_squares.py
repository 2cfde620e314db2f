"""Least squares in a box.

A problem is a function ``residuals(theta)`` that returns the residuals, each divided by its error,
and their Jacobian, with ``lower`` and ``upper``, the box in which theta is sought.
A parameter is held fixed by giving its box no width.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dposv

Residuals = Callable[[NDArray], tuple[NDArray, NDArray]]

MOST_STEPS = 100
"""Steps of one fit; a fit that is still moving then is in a flat valley."""
FEW_STEPS = 8
"""Steps that each of several starts is given; they lead into its valley."""
LONGEST_STEP = 0.25
"""Longest step, as a part of the box: a flat direction must not throw the fit across it. [-]"""
REDUCTION = 1e-12
"""A step that promises to lower the sum of squares by less than this part of it is the last. [-]"""
LEAST_DAMPING = 1e-12
"""Keeps the equations of a step solvable in double precision. [-]"""
STALLED = 1e-6
"""A step that lowers the sum of squares by less than this part of it, and by less than half of what it
promised, creeps along a flat valley. [-]"""


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


def least_squares_in_box(
    residuals: Residuals, start: ArrayLike, lower: ArrayLike, upper: ArrayLike, most_steps: int = MOST_STEPS
) -> Optimum:
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
    most_steps : int, default 100
        Steps after which the fit ends wherever it is.

    Returns
    -------
    Optimum

    References
    ----------
    Marquardt (1963), SIAM J. Appl. Math. 11, 431-441, doi 10.1137/0111030;
    Nielsen (1999), Technical University of Denmark, report IMM-REP-1999-05 (how the damping changes).

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
    longest = LONGEST_STEP * np.where(upper > lower, upper - lower, np.inf)
    theta = np.clip(np.asarray(start, float), lower, upper)
    here = Optimum(theta, *residuals(theta))
    rss, damping, caution = here.sum_of_squares, 1e-4, 2.0
    for _ in range(most_steps):
        theta = _step(here, damping, lower, upper, longest)
        moved = theta - here.theta
        if damping > 1e8 or (np.abs(moved) <= 1e-14 * (1e-3 + np.abs(theta))).all():
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


def least_squares_from_all(
    residuals: Residuals, starts: Iterable[ArrayLike], lower: ArrayLike, upper: ArrayLike, finished: int
) -> list[Optimum]:
    """Least squares in a box begun from several places.

    Parameters
    ----------
    residuals, lower, upper
        As in `least_squares_in_box`.
    starts : iterable of array_like, each of shape (p,)
        Where to begin.
    finished : int
        Each start is given a few steps; so many of the best are then fitted to the end.

    Returns
    -------
    list of Optimum
        One for each start, the best first.
    """
    valleys = [least_squares_in_box(residuals, start, lower, upper, FEW_STEPS) for start in starts]
    valleys.sort(key=lambda fit: fit.sum_of_squares)
    fits = [least_squares_in_box(residuals, valley.theta, lower, upper) for valley in valleys[:finished]]
    fits = sorted(fits + valleys[finished:], key=lambda fit: fit.sum_of_squares)
    # A valley that seemed flat may go on.
    return [least_squares_in_box(residuals, fits[0].theta, lower, upper), *fits[1:]]


def _step(here: Optimum, damping: float, lower: NDArray, upper: NDArray, longest: NDArray) -> NDArray:
    """Where Marquardt's step leads inside the box, shape (p,)."""
    theta = here.theta
    # Scaled columns make the damping, and the rounding, independent of the units of the parameters.
    normal = here.jacobian.T @ here.jacobian
    scale = np.sqrt(normal.diagonal())
    scale[scale == 0] = 1.0
    normal /= scale * scale[:, None]
    slope = gradient = (here.residuals @ here.jacobian) / scale
    free = np.where(gradient < 0, theta < upper, theta > lower) & (gradient != 0)
    while free.any():
        step = _damped_step(normal, slope, free, damping) / scale
        step /= max(1.0, float((np.abs(step) / longest).max()))
        there = theta + step
        inside = np.minimum(np.maximum(there, lower), upper)
        beyond = free & (inside != there)
        if not beyond.any():
            return there
        # What has met an edge stays there, and the others take their step knowing it: of a size and a rate
        # whose product alone is seen, one must not run on alone.
        theta = np.where(beyond, inside, theta)
        slope = gradient + normal @ ((theta - here.theta) * scale)
        free = free & ~beyond
    return theta


def _damped_step(normal: NDArray, slope: NDArray, free: NDArray, damping: float) -> NDArray:
    """Marquardt's step of the free parameters in scaled units, zero for the others; shape (p,)."""
    damped = normal * (free & free[:, None])
    damped.flat[:: free.size + 1] = 1.0 + damping
    # Called some hundred thousand times on matrices of a few rows, where numpy's solve is all overhead.
    _, step, failed = dposv(damped, np.where(free, -slope, 0.0))
    return np.linalg.lstsq(damped, np.where(free, -slope, 0.0))[0] if failed else step
