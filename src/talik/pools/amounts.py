"""The amounts of the pools that fit best at given decay rates: non-negative, and where known with a sum of one.

Respiration is linear in them, so they need no search: of all subsets of pools that may be empty, the best whose
amounts are not negative is the optimum. For the few pools of a model all subsets are solved at once, for thousands
of soils.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from talik.inference.batched import cholesky, inverse


@dataclass(frozen=True)
class Amounts:
    """The best amounts of many series."""

    value: NDArray
    """Amounts, shape (pools, series). [unit of amount]"""
    projector: NDArray
    """Inverse of the normal matrix on the pools that are not empty, along the plane of equal sums where the sum is
    known: what a change of the moments does to the amounts. Shape (pools, pools, series)."""


def best_amounts(gram: NDArray, moment: NDArray, whole: bool) -> Amounts:
    """Non-negative least squares of few unknowns for many series.

    Parameters
    ----------
    gram : ndarray, shape (pools, pools, series)
        Products of the curves of the pools with each other.
    moment : ndarray, shape (pools, series)
        Products of the curves with the rates.
    whole : bool
        Whether the amounts must sum to one.

    Returns
    -------
    Amounts

    References
    ----------
    Lawson and Hanson (1995), Solving Least Squares Problems, chapter 23; here all subsets are tried.

    Examples
    --------
    Two curves, of which the second would be negative:

    >>> gram = np.array([[1.0, 0.5], [0.5, 1.0]])[..., None]
    >>> best_amounts(gram, np.array([[1.0], [0.2]]), whole=False).value[:, 0]
    array([1., 0.])
    """
    pools = len(moment)
    norm = np.sqrt(gram[np.arange(pools), np.arange(pools)])
    norm[norm == 0] = np.inf
    share = 1.0 / norm
    scaled, aim = gram * (share[:, None] * share), moment * share
    value, projector, sound = _of_all(scaled, aim, share, whole)
    poor = np.flatnonzero(~sound)
    if poor.size and pools > 1:
        part = _best_subset(scaled[..., poor], aim[:, poor], share[:, poor], whole)
        value[:, poor], projector[..., poor] = part.value, part.projector
    elif poor.size:
        value[:, poor], projector[..., poor] = (norm[:, poor] if whole else 0.0), 0.0
    return Amounts(value * share, projector * (share[:, None] * share))


def _best_subset(gram: NDArray, moment: NDArray, share: NDArray, whole: bool) -> Amounts:
    """The best of all smaller subsets; no pool at all where none is sound."""
    pools, series = moment.shape
    value, projector = np.zeros((pools, series)), np.zeros((pools, pools, series))
    best = np.full(series, -np.inf if whole else 0.0)
    for size in range(pools - 1, 0, -1):
        for chosen in combinations(range(pools), size):
            rows = np.array(chosen)
            square, aim = gram[rows[:, None], rows], moment[rows]
            found, along, sound = _of_all(square, aim, share[rows], whole)
            explained = 2 * (found * aim).sum(axis=0) - np.einsum("ib,ijb,jb->b", found, square, found)
            better = np.flatnonzero(sound & (explained > best))
            value[:, better], projector[..., better] = 0.0, 0.0
            value[rows[:, None], better] = found[:, better]
            projector[rows[:, None, None], rows[:, None], better] = along[..., better]
            best[better] = explained[better]
    return Amounts(value, projector)


def _of_all(gram: NDArray, moment: NDArray, share: NDArray, whole: bool) -> tuple[NDArray, NDArray, NDArray]:
    """Amounts of all these pools, their projector, and whether they are sound: determined, and none negative."""
    factor, regular = cholesky(gram)
    along = inverse(factor)
    if not whole:
        found = (along * moment).sum(axis=1)
        return found, along, regular & (found >= 0).all(axis=0)
    direction = (along * share).sum(axis=1)
    length = np.maximum((direction * share).sum(axis=0), np.finfo(float).tiny)
    along = along - direction[:, None] * direction / length
    found = (along * moment).sum(axis=1) + direction / length
    return found, along, regular & (found >= 0).all(axis=0)
