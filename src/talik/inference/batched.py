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
    rest, factor = matrix.copy(), np.zeros(matrix.shape)
    regular = np.ones(matrix.shape[2], bool)
    for j in range(len(matrix)):
        sound = rest[j, j] > SINGULAR * matrix[j, j]
        regular &= sound
        root = np.sqrt(np.where(sound, rest[j, j], 1.0))
        below = rest[j + 1 :, j] * np.where(sound, 1.0 / root, 0.0)
        factor[j, j], factor[j + 1 :, j] = root, below
        rest[j + 1 :, j + 1 :] -= below[:, None] * below
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
    solution = right.copy()
    for i in range(len(factor)):
        solution[i] /= factor[i, i]
        solution[i + 1 :] -= factor[i + 1 :, i] * solution[i]
    for i in reversed(range(len(factor))):
        solution[i] /= factor[i, i]
        solution[:i] -= factor[i, :i] * solution[i]
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
    lower, product = np.zeros(factor.shape), np.zeros(factor.shape)
    lower[np.arange(size), np.arange(size)] = 1.0
    for i in range(size):
        lower[i] /= factor[i, i]
        lower[i + 1 :] -= factor[i + 1 :, i, None] * lower[i]
        product += lower[i][:, None] * lower[i]
    return product
