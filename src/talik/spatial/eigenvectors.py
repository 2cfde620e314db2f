"""Patterns in space: distance-based eigenvector maps, as predictors that stand for place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import minimum_spanning_tree

BEYOND = 4.0
"""Distance, in truncation distances, at which a pair is as good as infinitely far apart."""


@dataclass(frozen=True)
class SpatialPatterns:
    """Patterns in space, from broad to fine."""

    vectors: NDArray[np.float64]
    """A column a pattern, unit length, mean 0, shape (n, k)."""
    values: NDArray[np.float64]
    """Their eigenvalues, all above 0, in falling order, shape (k,)."""
    morans_i: NDArray[np.float64]
    """Moran's I of each with the weights that made them, shape (k,). [-]"""
    threshold: float
    """Truncation distance, in the unit of the distances."""


def longest_link(distance: ArrayLike) -> float:
    """Longest edge of the shortest tree that links all places.

    Parameters
    ----------
    distance : array_like, shape (n, n)
        Distances.

    Returns
    -------
    float

    Examples
    --------
    >>> longest_link([[0, 1, 5], [1, 0, 4], [5, 4, 0]])
    4.0
    """
    distance = np.asarray(distance, float)
    # Places at one spot have no edge in a sparse graph; they need none, for they are linked already.
    at = np.unique(np.argmax(distance <= 0, axis=1))
    return float(minimum_spanning_tree(distance[np.ix_(at, at)]).max()) if at.size > 1 else 0.0


def spatial_patterns(distance: ArrayLike, threshold: float | None = None) -> SpatialPatterns:
    r"""Distance-based Moran's eigenvector maps.

    Pairs farther apart than the threshold t are not linked; the others weigh

    .. math:: w_{ij} = 1 - (d_{ij} / 4 t)^2

    and the patterns are the eigenvectors of the centred weights with positive eigenvalues, which are those with
    positive autocorrelation: :math:`I_k = n \lambda_k / \sum_{ij} w_{ij}`.

    Parameters
    ----------
    distance : array_like, shape (n, n)
        Distances.
    threshold : float, optional
        Truncation distance; `longest_link` where not given, so that all places hang together.

    Returns
    -------
    SpatialPatterns
        Their signs are arbitrary; the largest entry of each is made positive.

    References
    ----------
    Dray, Legendre and Peres-Neto (2006), Ecol. Model. 196, 483-493, doi 10.1016/j.ecolmodel.2006.02.015;
    Borcard and Legendre (2002), Ecol. Model. 153, 51-68, doi 10.1016/S0304-3800(01)00501-4.

    Examples
    --------
    Along a line the first pattern is half a wave:

    >>> line = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    >>> found = spatial_patterns(line)
    >>> found.vectors[:, 0].round(2).tolist(), found.threshold
    ([0.42, 0.52, 0.23, -0.23, -0.52, -0.42], 1.0)
    """
    distance = np.asarray(distance, float)
    threshold = longest_link(distance) if threshold is None else threshold
    n = len(distance)
    if threshold <= 0:
        return SpatialPatterns(np.zeros((n, 0)), np.zeros(0), np.zeros(0), threshold)
    # The longest link itself counts, whatever its last digit.
    linked = (distance <= threshold * (1 + 1e-9)) & ~np.eye(n, dtype=bool)
    weights = np.where(linked, 1 - (distance / (BEYOND * threshold)) ** 2, 0.0)
    centred = weights - weights.mean(axis=0) - weights.mean(axis=1)[:, None] + weights.mean()
    values, vectors = np.linalg.eigh(centred)
    order = np.flatnonzero(values > 1e-8 * np.abs(values).max())[::-1]
    vectors = vectors[:, order]
    vectors = vectors * np.sign(vectors[np.argmax(np.abs(vectors.round(9)), axis=0), np.arange(order.size)])
    return SpatialPatterns(vectors, values[order], n * values[order] / weights.sum(), threshold)
