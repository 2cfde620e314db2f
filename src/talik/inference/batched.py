"""Small symmetric systems, thousands at a time: matrices of shape (p, p, series), solved entry by entry.

Loops run over the few rows, NumPy over the many series: for p up to about 8 far faster than one LAPACK call each.
"""

import numpy as np
from numpy.typing import NDArray

SINGULAR = 1e-13
"""A pivot below this part of its diagonal is none: the row says what earlier rows say. [-]"""


def cholesky(matrix: NDArray) -> tuple[NDArray, NDArray]:
    """Lower triangular factors of symmetric matrices.

    Parameters
    ----------
    matrix : ndarray, shape (p, p, series)
        Symmetric, positive semidefinite. [any]

    Returns
    -------
    factor : ndarray, shape (p, p, series)
        Lower triangles; the pivot of a dependent row is 1, and its multipliers 0.
    regular : ndarray of bool, shape (series,)
        Whether every pivot was above `SINGULAR` of its diagonal.

    Examples
    --------
    >>> factor, regular = cholesky(np.array([[4.0, 2.0], [2.0, 5.0]])[..., None])
    >>> factor[..., 0]
    array([[2., 0.],
           [1., 2.]])
    >>> regular
    array([ True])
    """
    size, _, series = matrix.shape
    factor = np.zeros(matrix.shape)
    regular = np.ones(series, bool)
    for j in range(size):
        pivot = matrix[j, j].copy()
        for k in range(j):
            pivot -= factor[j, k] ** 2
        sound = pivot > SINGULAR * matrix[j, j]
        regular &= sound
        root = np.sqrt(np.where(sound, pivot, 1.0))
        factor[j, j] = root
        inverse = np.where(sound, 1.0 / root, 0.0)
        for i in range(j + 1, size):
            entry = matrix[i, j].copy()
            for k in range(j):
                entry -= factor[i, k] * factor[j, k]
            factor[i, j] = entry * inverse
    return factor, regular


def solve(factor: NDArray, right: NDArray) -> NDArray:
    """Solutions of systems whose factors `cholesky` found.

    Parameters
    ----------
    factor : ndarray, shape (p, p, series)
        Lower triangles.
    right : ndarray, shape (p, series)
        Right-hand sides.

    Returns
    -------
    ndarray, shape (p, series)

    Examples
    --------
    >>> factor, _ = cholesky(np.array([[4.0, 2.0], [2.0, 5.0]])[..., None])
    >>> solve(factor, np.array([[8.0], [8.0]]))[:, 0]
    array([1.5, 1. ])
    """
    size = len(factor)
    solution = np.empty_like(right)
    for i in range(size):
        entry = right[i].copy()
        for k in range(i):
            entry -= factor[i, k] * solution[k]
        solution[i] = entry / factor[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            solution[i] -= factor[k, i] * solution[k]
        solution[i] /= factor[i, i]
    return solution


def inverse(factor: NDArray) -> NDArray:
    """Inverses of matrices whose factors `cholesky` found, shape (p, p, series).

    Examples
    --------
    >>> factor, _ = cholesky(np.array([[4.0, 2.0], [2.0, 5.0]])[..., None])
    >>> inverse(factor)[..., 0]
    array([[ 0.3125, -0.125 ],
           [-0.125 ,  0.25  ]])
    """
    size = len(factor)
    lower = np.zeros(factor.shape)
    for j in range(size):
        lower[j, j] = 1.0 / factor[j, j]
        for i in range(j + 1, size):
            entry = factor[i, j] * lower[j, j]
            for k in range(j + 1, i):
                entry += factor[i, k] * lower[k, j]
            lower[i, j] = -entry / factor[i, i]
    product = np.empty(factor.shape)
    for i in range(size):
        for j in range(i + 1):
            entry = lower[i, i] * lower[i, j]
            for k in range(i + 1, size):
                entry += lower[k, i] * lower[k, j]
            product[i, j] = product[j, i] = entry
    return product
