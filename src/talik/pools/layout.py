"""Which parameters of a pool model are free, where they are sought, and what respiration they give."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from talik.pools.models import PoolModel, decay

DECAY_RATES = (1e-6, 10.0)
"""Decay rates that are sought: residence times from 2.4 hours to 2700 years. [d⁻¹]"""
Q10S = (0.1, 100.0)
"""Values of Q10 that are sought. [-]"""


@dataclass(frozen=True)
class Layout:
    """Which parameter stands where, and in which coordinate it is sought.

    Sizes, decay rates and Q10s are sought as logarithms, fractions as they are. The fraction of a pool is
    of the carbon that faster pools leave, so that the fractions of any number of pools fill a box.
    """

    model: PoolModel
    """The pool model."""
    c0: float | None
    """Carbon at the start, None if the pool sizes are free. [unit of the rate times d]"""
    warmed: bool
    """Whether there are several temperatures, and so Q10s."""

    @cached_property
    def pool_count(self) -> int:
        """Number of pools."""
        return len(self.model.pools)

    @cached_property
    def size_count(self) -> int:
        """Number of free sizes or fractions."""
        return self.pool_count - (self.c0 is not None)

    @cached_property
    def size(self) -> int:
        """Number of free parameters."""
        return self.size_count + self.pool_count * (1 + self.warmed)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names: pool sizes or fractions, then decay rates, then Q10s."""
        fractions = tuple(f"{pool}_fraction" for pool in self.model.pools[:-1])
        sizes = self.model.names("c0") if self.c0 is None else fractions
        return sizes + self.model.names("k") + (self.model.names("q10") if self.warmed else ())

    @cached_property
    def is_q10(self) -> NDArray:
        """Which parameters are Q10s, shape (p,)."""
        return np.arange(self.size) >= self.size_count + self.pool_count

    @cached_property
    def is_fraction(self) -> NDArray:
        """Which parameters are fractions, shape (p,)."""
        return (np.arange(self.size) < self.size_count) & (self.c0 is not None)

    @cached_property
    def decay_rates(self) -> tuple[int, ...]:
        """Where the decay rates stand, the fast pool first."""
        return tuple(range(self.size_count, self.size_count + self.pool_count))

    def split(self, theta: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Sizes or fractions, decay rates and Q10s, or their coordinates; no Q10s without warming."""
        first, second = self.size_count, self.size_count + self.pool_count
        return theta[:first], theta[first:second], theta[second:]

    def natural(self, theta: NDArray) -> NDArray:
        """Parameters from coordinates, shape (p,)."""
        return np.where(self.is_fraction, theta, np.exp(np.where(self.is_fraction, 0.0, theta)))

    def pools(self, estimates: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Sizes, decay rates and Q10s of the pools from the parameters, each of shape (pools,)."""
        sizes, k, q10 = self.split(estimates)
        if self.c0 is not None:
            sizes = self.c0 * shares(sizes)
        return sizes, k, q10 if self.warmed else np.ones(self.pool_count)

    def coordinates(self, sizes: NDArray, log_k: NDArray, log_q10: NDArray) -> NDArray:
        """Coordinates from pools in any order: the fast pool becomes the first."""
        order = np.argsort(-log_k, kind="stable")
        sizes = sizes[order]
        if self.c0 is None:
            first = np.log(np.maximum(sizes, np.finfo(float).tiny))
        else:
            left = np.cumsum(sizes[::-1])[::-1]
            first = (sizes / np.where(left > 0, left, 1.0))[:-1]
        return np.concatenate([first, log_k[order], log_q10[order] if self.warmed else []])


def shares(fractions: ArrayLike) -> NDArray:
    """Share of each pool in the carbon, from the fraction that each takes of what faster pools leave.

    Parameters
    ----------
    fractions : array_like, shape (pools - 1,)
        Fraction of the carbon left, from the fastest pool on. [-]

    Returns
    -------
    ndarray, shape (pools,)
        Shares that sum to one. [-]

    Examples
    --------
    A fast pool of 10 %, and a slow pool of half the rest:

    >>> shares([0.1, 0.5])
    array([0.1 , 0.45, 0.45])
    """
    left, taken = 1.0, []
    for fraction in np.asarray(fractions, float).tolist():
        taken.append(left * fraction)
        left *= 1.0 - fraction
    return np.array([*taken, left])


class Curve:
    """The rates of one soil, and the residuals of a pool model from them."""

    def __init__(
        self,
        layout: Layout,
        time_start: NDArray,
        time_end: NDArray,
        warming: NDArray,
        rate: NDArray,
        sigma: NDArray,
    ):
        """Warming is the temperature above the reference. [10 °C]."""
        self.layout = layout
        self.time_start, self.time_end, self.warming = time_start, time_end, warming
        self.rate, self.sigma = rate, sigma
        self.lower, self.upper = self._box()

    def _box(self) -> tuple[NDArray, NDArray]:
        """The search box in coordinates, each end of shape (p,)."""
        layout = self.layout
        level = float(np.abs(self.rate).max())
        # From a pool too small to be seen to one so large that only its slowest decay gives these rates.
        sizes = (1e-9 * level / DECAY_RATES[1], 10 * level / DECAY_RATES[0])
        ends = [sizes] * layout.size_count + [DECAY_RATES] * layout.pool_count
        box = np.log(np.array(ends + [Q10S] * (layout.pool_count * layout.warmed)))
        box[layout.is_fraction] = (0.0, 1.0)
        return box[:, 0], box[:, 1]

    def decay(self, log_k: NDArray, log_q10: NDArray) -> tuple[NDArray, NDArray]:
        """Respiration per carbon of each pool and its derivative by ln k, each of shape (..., pools, n)."""
        log_k_warmed = log_k[..., None]
        if self.layout.warmed:
            log_k_warmed = log_k_warmed + log_q10[..., None] * self.warming
        return decay(self.time_start, self.time_end, np.exp(log_k_warmed))

    def sizes(self, coordinates: NDArray) -> tuple[NDArray, NDArray]:
        """Pool sizes, shape (pools,), and their derivatives by their coordinates, shape (pools, sizes)."""
        if self.layout.c0 is None:
            sizes = np.exp(coordinates)
            return sizes, np.diag(sizes)
        sizes = self.layout.c0 * shares(coordinates)
        slopes = np.zeros((sizes.size, coordinates.size))
        left = self.layout.c0
        for j, fraction in enumerate(coordinates.tolist()):
            # What one pool takes, all slower ones lose, in proportion to their shares.
            slopes[j, j] = left
            slopes[j + 1 :, j] = -left * shares(coordinates[j + 1 :])
            left *= 1.0 - fraction
        return sizes, slopes

    def residuals(self, theta: NDArray) -> tuple[NDArray, NDArray]:
        """Residuals divided by sigma, shape (n,), and their Jacobian, shape (n, p)."""
        size, log_k, log_q10 = self.layout.split(theta)
        rate, slope = self.decay(log_k, log_q10)
        sizes, by_size = self.sizes(size)
        by_k = sizes[:, None] * slope
        parts = [by_size.T @ rate, by_k] + ([by_k * self.warming] if self.layout.warmed else [])
        return (sizes @ rate - self.rate) / self.sigma, (np.concatenate(parts) / self.sigma).T

    def best_sizes(self, decayed: NDArray) -> tuple[NDArray, float]:
        """Pool sizes that fit best at given decay rates, shape (pools,), and the misfit: they are linear.

        ``decayed`` is the respiration per carbon of each pool, shape (pools, n).
        """
        design, aim = (decayed / self.sigma).T, self.rate / self.sigma
        scale = np.linalg.norm(design, axis=0)
        scale[scale == 0] = 1.0
        design = design / scale
        if self.layout.c0 is not None:
            # The sum of the pools is one more reading, of an error a thousandth of all others.
            heavy = 1e3 * max(float(np.linalg.norm(aim)), 1.0)
            design = np.vstack([design, heavy / scale / self.layout.c0])
            aim = np.append(aim, heavy)
        solution, misfit = optimize.nnls(design, aim)
        return solution / scale, float(misfit)
