"""Cross-validation in space: what is predicted lies apart from what was learned from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import TableError


@dataclass(frozen=True)
class Fold:
    """One part that is predicted from the others."""

    train: NDArray[np.int64]
    """Rows that a model learns from."""
    test: NDArray[np.int64]
    """Rows that it then predicts."""


def spatial_folds(distance: ArrayLike, *, folds: int = 6, buffer: float = 0.0) -> list[Fold]:
    """Blocks of neighbouring places, each predicted from places beyond a buffer.

    Places are ordered along the first principal coordinate of their distances, which on a transect is the way
    along it, and cut into blocks of equally many places. Rows at one place are never parted.

    Parameters
    ----------
    distance : array_like, shape (n, n)
        Distances between rows; 0 between rows of one place.
    folds : int, default 6
        Blocks.
    buffer : float, default 0
        Rows nearer than this to any row of a block do not predict it, in the unit of the distances.

    Returns
    -------
    list of Fold

    Raises
    ------
    TableError
        If there are fewer places than blocks, or nothing is left to learn from beyond the buffer.

    Examples
    --------
    >>> line = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    >>> [(fold.test.tolist(), fold.train.tolist()) for fold in spatial_folds(line, folds=3, buffer=1.5)]
    [([0, 1], [3, 4, 5]), ([2, 3], [0, 5]), ([4, 5], [0, 1, 2])]
    """
    distance = np.asarray(distance, float)
    place = np.argmax(distance <= 0, axis=1)
    places = np.unique(place)
    if places.size < max(folds, 2):
        raise TableError(
            f"{places.size} places cannot be cut into {folds} blocks.\n  Ask for fewer blocks, or bring coordinates "
            "that differ."
        )
    along = _along(distance[np.ix_(places, places)])
    made = list(_blocks(distance, place, places[np.argsort(along, kind="stable")], folds, buffer))
    if not all(fold.train.size for fold in made):
        raise TableError(
            f"Within a buffer of {buffer:g} around a block lie all other places, so nothing is left to learn from.\n"
            "  Choose a smaller buffer, or more blocks."
        )
    return made


def _along(distance: NDArray) -> NDArray:
    """First principal coordinate of places, oriented so that the first place comes early."""
    squares = -0.5 * distance**2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    first = np.linalg.eigh(centred)[1][:, -1]
    return first if first[0] <= first[-1] else -first


def _blocks(distance, place, ordered, folds, buffer) -> Iterator[Fold]:
    for block in np.array_split(ordered, folds):
        test = np.flatnonzero(np.isin(place, block))
        far = distance[:, test].min(axis=1) > buffer if buffer > 0 else np.ones(len(distance), bool)
        yield Fold(np.setdiff1d(np.flatnonzero(far), test), test)
