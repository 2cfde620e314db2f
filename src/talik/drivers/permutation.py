"""Tests by permutation of what some columns explain beyond others."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

DEPENDENT = 1e-7
"""A column shorter than this part of its length beside others depends on them. [-]"""


def unique_test(
    response: ArrayLike,
    columns: ArrayLike,
    others: ArrayLike,
    codes: NDArray,
    *,
    permutations: int,
    seed: int,
    weights: ArrayLike | None = None,
) -> tuple[float, float]:
    r"""F of some columns given others, and its p by permuting the residuals of the others.

    .. math:: F = \frac{(RSS_Z - RSS_{ZX})/q}{RSS_{ZX}/(n - \mathrm{rank}[1, Z, X])}, \qquad
       p = \frac{1 + \#\{F^* \ge F\}}{1 + B}

    Residuals of [1, Z] are exchanged between samples where each is its own site (Freedman and Lane 1983). Where a
    site has several samples, all residuals of a site change their sign together at random, which keeps what
    samples of a site have in common (Winkler et al. 2014, NeuroImage 92, 381-397).

    Parameters
    ----------
    response : array_like, shape (n,)
        y.
    columns, others : array_like, shape (n, q) and (n, r)
        X and Z; r may be 0.
    codes : ndarray of int, shape (n,)
        Site of each sample.
    permutations : int
        B.
    seed : int
        Of the random numbers.
    weights : array_like, shape (n,), optional
        Of the samples; all alike by default. Residuals are exchanged after each is multiplied by the root of its
        weight, which leaves them as wide as one another.

    Returns
    -------
    float, float
        NaN where no residual is left.

    Examples
    --------
    >>> x = np.arange(8.0)[:, None]
    >>> f, p = unique_test(x[:, 0] + [0.1, -0.1] * 4, x, np.zeros((8, 0)), np.arange(8), permutations=99, seed=1)
    >>> f > 100, p
    (True, 0.01)
    """
    y, x, z = np.asarray(response, float), np.asarray(columns, float), np.asarray(others, float)
    one = np.ones((y.size, 1))
    if weights is not None:
        root = np.sqrt(np.asarray(weights, float))[:, None]
        one, y, x, z = root, y * root[:, 0], x * root, z * root
    reduced = _basis(np.column_stack([one, z]))
    added = _basis(x - reduced @ (reduced.T @ x), like=x)
    freedom = y.size - reduced.shape[1] - added.shape[1]
    if freedom < 1 or not added.shape[1]:
        return np.nan, np.nan
    residuals = y - reduced @ (reduced.T @ y)
    shuffled = _shuffled(residuals, codes, permutations, seed)
    f = _f(np.column_stack([residuals, shuffled]), reduced, added, freedom)
    # Ties with the observed F by rounding are ties.
    reached = int(np.sum(f[1:] >= f[0] * (1 - 1e-10)))
    return float(f[0]), (1 + reached) / (1 + permutations)


def _basis(columns: NDArray, like: NDArray | None = None) -> NDArray:
    """Orthonormal columns that span those given; ``like`` says how long they once were."""
    length = np.linalg.norm(columns if like is None else like, axis=0)
    left, values, _ = np.linalg.svd(columns / np.where(length > 0, length, 1.0), full_matrices=False)
    return left[:, values > DEPENDENT]


def _shuffled(residuals: NDArray, codes: NDArray, permutations: int, seed: int) -> NDArray:
    random = np.random.default_rng(seed)
    sites = codes.max() + 1
    if sites == residuals.size:
        return random.permuted(np.tile(residuals[:, None], (1, permutations)), axis=0)
    signs = random.choice([-1.0, 1.0], (sites, permutations))
    return residuals[:, None] * signs[codes]


def _f(responses: NDArray, reduced: NDArray, added: NDArray, freedom: int) -> NDArray:
    """F of each column of responses."""
    explained = np.sum((added.T @ responses) ** 2, axis=0)
    total = np.sum(responses**2, axis=0) - np.sum((reduced.T @ responses) ** 2, axis=0)
    left = np.maximum(total - explained, 1e-14 * total)
    return explained / added.shape[1] / (left / freedom)
