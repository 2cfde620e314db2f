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
    value, projector, sound = _of_all(gram, moment, whole)
    poor = np.flatnonzero(~sound)
    if poor.size and pools > 1:
        part = _best_subset(gram[..., poor], moment[:, poor], whole)
        value[:, poor], projector[..., poor] = part.value, part.projector
    elif poor.size:
        value[:, poor], projector[..., poor] = 0.0, 0.0
    return Amounts(value, projector)


def _best_subset(gram: NDArray, moment: NDArray, whole: bool) -> Amounts:
    """The best of all smaller subsets; no pool at all where none is sound."""
    pools, series = moment.shape
    value, projector = np.zeros((pools, series)), np.zeros((pools, pools, series))
    best = np.full(series, -np.inf if whole else 0.0)
    for size in range(pools - 1, 0, -1):
        subsets = np.array(list(combinations(range(pools), size)))
        found, along, explained = _of_subsets(gram, moment, subsets, whole)
        first = explained.argmax(axis=0)
        better = np.flatnonzero(explained[first, np.arange(series)] > best)
        chosen = first[better]
        rows = subsets[chosen].T
        value[:, better], projector[..., better] = 0.0, 0.0
        value[rows, better] = found[:, chosen, better]
        projector[rows[:, None], rows, better] = along[..., chosen, better]
        best[better] = explained[chosen, better]
    return Amounts(value, projector)


def _of_subsets(gram: NDArray, moment: NDArray, subsets: NDArray, whole: bool) -> tuple[NDArray, NDArray, NDArray]:
    """Amounts and projectors of subsets of one size, and what they explain, -inf where not sound.

    Shapes (size, subsets, series), (size, size, subsets, series) and (subsets, series).
    """
    count, size = subsets.shape
    square = gram[subsets.T[:, None], subsets.T].reshape(size, size, -1)
    aim = moment[subsets.T].reshape(size, -1)
    found, along, sound = _of_all(square, aim, whole)
    explained = 2 * (found * aim).sum(axis=0) - np.einsum("ib,ijb,jb->b", found, square, found)
    explained = np.where(sound, explained, -np.inf)
    return (
        found.reshape(size, count, -1), along.reshape(size, size, count, -1), explained.reshape(count, -1)
    )  # fmt: skip


def _of_all(gram: NDArray, moment: NDArray, whole: bool) -> tuple[NDArray, NDArray, NDArray]:
    """Amounts of all these pools, their projector, and whether they are sound: determined, and none negative."""
    if not whole:
        return _sizes(gram, moment)
    # The last pool is what the others leave of the whole, so that the sum is kept even by pools that no reading sees.
    first = gram[:-1]
    square = first[:, :-1] - first[:, -1:] - gram[-1, :-1] + gram[-1, -1]
    found, along, sound = _sizes(square, moment[:-1] - moment[-1] - gram[:-1, -1] + gram[-1, -1])
    rest, across = 1.0 - found.sum(axis=0), -along.sum(axis=1)
    projector = np.empty_like(gram)
    projector[:-1, :-1], projector[-1, :-1], projector[:-1, -1] = along, across, across
    projector[-1, -1] = -across.sum(axis=0)
    return np.concatenate([found, rest[None]]), projector, sound & (rest >= 0)


def _sizes(gram: NDArray, moment: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """The same of pools without a known sum."""
    pools = np.arange(len(moment))
    norm = np.sqrt(np.maximum(gram[pools, pools], 0.0))
    norm[norm == 0] = np.inf
    share = 1.0 / norm
    factor, regular = cholesky(gram * (share[:, None] * share))
    along = inverse(factor)
    found = (along * (moment * share)).sum(axis=1) * share
    return found, along * (share[:, None] * share), regular & (found >= 0).all(axis=0)
