"""R² of all subsets, and what each part of them may claim: kernels of partitioning and importance."""

from collections.abc import Sequence
from math import factorial

import numpy as np
from numpy.typing import NDArray

from talik.drivers.moments import NOTHING_LEFT
from talik.errors import InputError

MOST_PARTS = 16
"""Parts whose subsets are all computed: 65,536 of them."""
AT_ONCE = 4_000_000
"""Numbers held at once, over resamples."""


def r2_of_subsets(matrices: NDArray, parts: Sequence[Sequence[int]]) -> tuple[NDArray, NDArray]:
    """R² of the response by every subset of the parts, and how many columns each subset counts.

    Subsets are made by taking one part after the other: a part taken is swept out of what is left, a part not
    taken is dropped. So each matrix is eliminated once for all subsets that begin alike.

    Parameters
    ----------
    matrices : ndarray, shape (..., m, m)
        Correlation matrices, the response first.
    parts : sequence of sequence of int
        Columns of each of k parts: predictors, or groups of them.

    Returns
    -------
    ndarray, shape (..., 2**k)
        R²; subset i holds part j where bit j of i is set. [-]
    ndarray of int, shape (..., 2**k)
        Columns of each subset that do not depend on its others.

    Raises
    ------
    InputError
        For more than 16 parts.

    Examples
    --------
    >>> r = np.array([[1.0, 0.6, 0.5], [0.6, 1.0, 0.8], [0.5, 0.8, 1.0]])
    >>> r2, columns = r2_of_subsets(r, [[1], [2]])
    >>> r2.round(4).tolist(), columns.tolist()
    ([0.0, 0.36, 0.25, 0.3611], [0, 1, 1, 2])
    """
    if len(parts) > MOST_PARTS:
        raise InputError(
            f"{len(parts)} predictors have {2 ** len(parts):,} subsets; {MOST_PARTS} predictors are the most. "
            "Take subgroups or groups as parts, or fewer predictors."
        )
    order = [0, *(column for part in parts for column in part)]
    shape = matrices.shape[:-2]
    flat = matrices.reshape(-1, *matrices.shape[-2:])[:, order][:, :, order]
    # Largest when about two columns are left: 4 numbers in each of a quarter of the subsets, and as many anew.
    chunk = max(1, AT_ONCE // (2 ** (len(parts) + 2) + flat.shape[-1] ** 2))
    found = [_of_subsets(flat[i : i + chunk], [len(part) for part in parts]) for i in range(0, len(flat), chunk)]
    r2 = np.concatenate([one[0] for one in found])
    ranks = np.concatenate([one[1] for one in found])
    return r2.reshape(*shape, -1), ranks.reshape(*shape, -1)


def _of_subsets(matrices: NDArray, sizes: Sequence[int]) -> tuple[NDArray, NDArray]:
    # The subset is the last axis, so that few long rows are worked on instead of many short ones.
    left = np.moveaxis(matrices, 0, -1)[..., None]
    ranks = np.zeros(left.shape[2:], int)
    for size in sizes:
        taken, counted = left, ranks
        for _ in range(size):
            taken, counted = _swept_first(taken, counted)
        kept = np.r_[0, size + 1 : left.shape[0]]
        left = np.concatenate([left[np.ix_(kept, kept)], taken], axis=-1)
        ranks = np.concatenate([ranks, counted], axis=-1)
    return 1 - left[0, 0], ranks


def _swept_first(left: NDArray, ranks: NDArray) -> tuple[NDArray, NDArray]:
    """The predictor after the response swept out, and the columns counted."""
    pivot = left[1, 1]
    told = pivot > NOTHING_LEFT
    kept = np.r_[0, 2 : left.shape[0]]
    column = left[kept, 1]
    inverse = np.where(told, 1 / np.where(told, pivot, 1.0), 0.0)
    inverse = np.where(np.isnan(pivot), np.nan, inverse)
    return left[np.ix_(kept, kept)] - (column * inverse)[:, None] * column[None], ranks + told


def adjusted(r2: NDArray, n: NDArray | float, columns: NDArray) -> NDArray:
    r"""R² less what so many columns explain by chance.

    .. math:: R^2_a = 1 - (1 - R^2) \frac{n - 1}{n - p - 1}

    (Ezekiel 1930; Peres-Neto et al. 2006, Ecology 87, 2614-2625.) NaN where n is not above p + 1.

    Parameters
    ----------
    r2 : ndarray
        R². [-]
    n : ndarray or float
        Number of samples.
    columns : ndarray
        Number p of columns.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> adjusted(np.array([0.5]), 24, np.array([5])).round(4).tolist()
    [0.3611]
    """
    freedom = n - columns - 1.0
    return 1 - (1 - r2) * (n - 1) / np.where(freedom > 0, freedom, np.nan)


def shapley(values: NDArray) -> NDArray:
    r"""Share of each part: what it adds to a subset, averaged over all orders in which parts may come.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|!\,(k - |S| - 1)!}{k!} \big[v(S \cup j) - v(S)\big]

    Of R² it is the LMG of Lindeman, Merenda and Gold, of adjusted R² hierarchical partitioning. The shares add
    to the value of all parts.

    Parameters
    ----------
    values : ndarray, shape (..., 2**k)
        Value of each subset, as from `r2_of_subsets`; that of the empty one is 0.

    Returns
    -------
    ndarray, shape (..., k)

    References
    ----------
    Lindeman, Merenda and Gold (1980), Introduction to Bivariate and Multivariate Analysis;
    Grömping (2006), J. Stat. Softw. 17(1), doi 10.18637/jss.v017.i01;
    Lai et al. (2022), Methods Ecol. Evol. 13, 782-788, doi 10.1111/2041-210X.13800.

    Examples
    --------
    >>> shapley(np.array([0.0, 0.36, 0.25, 0.3611])).round(5).tolist()
    [0.23555, 0.12555]
    """
    subsets = np.arange(values.shape[-1])
    k = values.shape[-1].bit_length() - 1
    size = np.array([bin(s).count("1") for s in subsets])
    weight = np.array([factorial(s) * factorial(k - s - 1) / factorial(k) if s < k else 0.0 for s in size])
    shares = []
    for part in range(k):
        without = subsets[subsets & (1 << part) == 0]
        gain = values[..., without | (1 << part)] - values[..., without]
        shares.append(gain @ weight[without])
    return np.stack(shares, axis=-1)


def fractions(values: NDArray) -> NDArray:
    r"""What exactly the parts of each subset share: the areas of the Venn diagram.

    .. math:: v(A) = \sum_{S \cap A \neq \emptyset} f(S)

    solved by inclusion and exclusion. Of R² it is commonality analysis, of adjusted R² variation
    partitioning. A fraction may be negative. The fractions add to the value of all parts, and each part's
    share (`shapley`) is the sum of its fractions, each split evenly among those that share it.

    Parameters
    ----------
    values : ndarray, shape (..., 2**k)
        Value of each subset; that of the empty one is 0.

    Returns
    -------
    ndarray, shape (..., 2**k)
        The first is 0.

    References
    ----------
    Nimon and Reio (2011), Hum. Resour. Dev. Rev. 10, 329-340;
    Borcard, Legendre and Drapeau (1992), Ecology 73, 1045-1055, doi 10.2307/1940179.

    Examples
    --------
    >>> fractions(np.array([0.0, 0.36, 0.25, 0.3611])).round(4).tolist()
    [0.0, 0.1111, 0.0011, 0.2489]
    """
    full = values.shape[-1] - 1
    lost = values[..., full, None] - values[..., full - np.arange(full + 1)]
    k = values.shape[-1].bit_length() - 1
    for part in range(k):
        split = lost.reshape(*lost.shape[:-1], -1, 2, 1 << part)
        split = np.stack([split[..., 0, :], split[..., 1, :] - split[..., 0, :]], axis=-2)
        lost = split.reshape(*split.shape[:-3], -1)
    return lost
