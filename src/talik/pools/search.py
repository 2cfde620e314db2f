"""Where to begin a fit of pools, and the best fit reached."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from talik.inference.least_squares import Optimum, least_squares_from_all
from talik.pools.layout import DECAY_RATES, Curve

FIRST_Q10S = (0.7, 8.0)
"""Q10s at which fits begin; they may end anywhere. [-]"""
CLASSES = 4
"""Classes of the fastest decay rate for each pool; a fit begins in each."""
FINISHED = 4
"""Starts that are fitted to the end: those that are best after a few steps."""


@cache
def sobol(dimensions: int, count: int) -> NDArray:
    """Evenly spread points of the unit cube, always the same, shape (count, dimensions); count a power of two."""
    return qmc.Sobol(dimensions, scramble=False).random(count) + 0.5 / count


def places(curve: Curve) -> list[NDArray]:
    """Where to begin: decay rates and Q10s spread evenly over what the data can tell, their pool sizes solved for.

    A misfit says little while the slow pool is a little off. So the fast rates are divided into classes, and the
    best place of each is taken; with several pools also the best in which the fastest pool is gone before the
    first reading, and the best in which the slowest does not decay.
    """
    pools = curve.layout.pool_count
    dimensions = pools * (1 + curve.layout.warmed)
    log_k, log_q10 = _spread(curve, min(8 * 2**dimensions, 128))
    fastest = log_k.max(axis=1)
    classes = np.array_split(np.argsort(fastest), CLASSES * pools)
    chosen = [_best_place(curve, log_k[rows], log_q10[rows]) for rows in classes]
    if pools > 1:
        for pool, edge in ((0, DECAY_RATES[1]), (-1, DECAY_RATES[0])):
            hidden = -np.sort(-log_k[:16])
            hidden[:, pool] = np.log(edge)
            chosen.append(_best_place(curve, hidden, log_q10[:16]))
    return [place for _, place in sorted(chosen, key=lambda pair: pair[0])]


def _spread(curve: Curve, count: int) -> tuple[NDArray, NDArray]:
    """Decay rates and Q10s spread evenly, as logarithms, each of shape (count, pools)."""
    pools = curve.layout.pool_count
    times = curve.time_end[curve.time_end > 0]
    shortest, longest = (float(times.min()), float(times.max())) if times.size else (1.0, 1.0)
    points = sobol(pools * (1 + curve.layout.warmed), count)
    slowest, fastest = np.clip([0.003 / longest, 10 / shortest], *DECAY_RATES)
    log_k = np.log(slowest) + points[:, :pools] * np.log(fastest / slowest)
    low, high = np.log(FIRST_Q10S)
    return log_k, low + points[:, pools:] * (high - low)


def _best_place(curve: Curve, log_k: NDArray, log_q10: NDArray) -> tuple[float, NDArray]:
    """The least misfit and the coordinates of the best place, the pool sizes of each solved for."""
    decayed = curve.decay(log_k, log_q10)[0]
    tried = [curve.best_sizes(rates) for rates in decayed]
    best = int(np.argmin([misfit for _, misfit in tried]))
    sizes, misfit = tried[best]
    return misfit, curve.layout.coordinates(sizes, log_k[best], log_q10[best])


def optima(curve: Curve, starts: list[NDArray]) -> list[Optimum]:
    """Fits from all starts, the best first, the pools of each in order."""
    fits = least_squares_from_all(curve.residuals, starts, curve.lower, curve.upper, FINISHED)
    return [_in_order(curve, fit) for fit in fits]


def _in_order(curve: Curve, fit: Optimum) -> Optimum:
    """The same fit, the fast pool first."""
    size, log_k, log_q10 = curve.layout.split(fit.theta)
    if np.all(np.diff(log_k) <= 0):
        return fit
    theta = curve.layout.coordinates(curve.sizes(size)[0], log_k, log_q10)
    theta = np.clip(theta, curve.lower, curve.upper)
    return Optimum(theta, *curve.residuals(theta))
