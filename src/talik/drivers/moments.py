"""Correlation matrices of many resamples of sites at once: all that correlations, shares and R² are made of."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOTHING_LEFT = 1e-10
"""A standardised column whose variance beside others is less than this depends on them. [-]"""


def site_codes(site: ArrayLike) -> tuple[NDArray, int]:
    """Sites counted from 0, shape (n,), and how many there are."""
    names, codes = np.unique(np.asarray(site).astype(str), return_inverse=True)
    return codes, names.size


def products_by_site(
    columns: ArrayLike, codes: NDArray, solved: ArrayLike | None = None, *, weights: ArrayLike | None = None
) -> NDArray:
    r"""Sums of products within each site, of the columns and a column of ones before them.

    .. math:: G_s = [1, A]_s^T V_s^{-1} [1, A]_s

    Parameters
    ----------
    columns : array_like, shape (n, m)
        A.
    codes : ndarray of int, shape (n,)
        Site of each row.
    solved : array_like, shape (n, 1 + m), optional
        :math:`V^{-1} [1, A]`, for rows with errors or random effects whose V has no entries between sites;
        without it V is the identity.
    weights : array_like, shape (n,), optional
        Diagonal of :math:`V^{-1}`, in place of `solved`.

    Returns
    -------
    ndarray, shape (sites, 1 + m, 1 + m)
    """
    columns = np.asarray(columns, float)
    left = np.column_stack([np.ones(len(columns)), columns])
    right = left if solved is None else np.asarray(solved, float)
    if weights is not None:
        right = left * np.asarray(weights, float)[:, None]
    products = np.zeros((codes.max() + 1, left.shape[1], left.shape[1]))
    np.add.at(products, codes, left[:, :, None] * right[:, None, :])
    return products


def correlation_matrices(products: NDArray) -> NDArray:
    """Correlation matrices out of sums of products, the column of ones swept out.

    Parameters
    ----------
    products : ndarray, shape (..., 1 + m, 1 + m)
        Sums over sites of what `products_by_site` gives, for one or many resamples.

    Returns
    -------
    ndarray, shape (..., m, m)
        NaN in rows and columns of what is constant in a resample.

    Examples
    --------
    >>> products = products_by_site([[1.0, 2.0], [2.0, 1.0], [4.0, 6.0]], np.array([0, 0, 1]))
    >>> correlation_matrices(products.sum(axis=0)).round(4).tolist()
    [[1.0, 0.866], [0.866, 1.0]]
    """
    ones = products[..., 0, 0][..., None, None]
    centred = products[..., 1:, 1:] - products[..., 1:, :1] * products[..., :1, 1:] / ones
    squares = np.einsum("...ii->...i", centred)
    constant = squares <= NOTHING_LEFT * np.einsum("...ii->...i", products[..., 1:, 1:])
    length = np.sqrt(np.where(constant, np.nan, squares))
    made = centred / (length[..., :, None] * length[..., None, :])
    diagonal = np.arange(made.shape[-1])
    made[..., diagonal, diagonal] = np.where(constant, np.nan, 1.0)
    return made


def rank_correlation_matrices(columns: ArrayLike, codes: NDArray, counts: NDArray) -> NDArray:
    """Spearman's correlation matrices of resamples of sites; ranks are taken anew in each.

    Parameters
    ----------
    columns : array_like, shape (n, m)
        Values.
    codes : ndarray of int, shape (n,)
        Site of each row.
    counts : ndarray, shape (resamples, sites)
        How often each site is drawn, or what it weighs.

    Returns
    -------
    ndarray, shape (resamples, m, m)

    Examples
    --------
    >>> found = rank_correlation_matrices([[1, 8], [2, 2], [3, 9], [4, 7]], np.arange(4), np.ones((1, 4)))
    >>> found[0].round(6).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    columns = np.asarray(columns, float)
    weights = counts[:, codes]
    ranks = np.stack([_ranks(column, weights) for column in columns.T], axis=-1)
    total = weights.sum(axis=1)[:, None, None]
    centred = ranks - np.einsum("bn,bnm->bm", weights, ranks)[:, None, :] / total
    squares = np.einsum("bn,bnm->bm", weights, centred**2)
    length = np.sqrt(np.where(squares > NOTHING_LEFT * total[:, 0] ** 3, squares, np.nan))
    return np.einsum("bn,bni,bnj->bij", weights, centred, centred) / (length[:, :, None] * length[:, None, :])


def _ranks(column: NDArray, weights: NDArray) -> NDArray:
    """Mean ranks of a column whose rows stand so often, shape (resamples, n)."""
    values, place = np.unique(column, return_inverse=True)
    often = weights @ np.eye(values.size)[place]
    return (np.cumsum(often, axis=1) - (often - 1) / 2)[:, place]


def partial_correlations(matrices: NDArray, controls: NDArray) -> NDArray:
    r"""Correlation of each column with the first, given the controls.

    .. math:: r_{yx \cdot Z} = \frac{S_{yx}}{\sqrt{S_{yy} S_{xx}}}, \quad S = R_{AA} - R_{AZ} R_{ZZ}^{-1} R_{ZA}

    Parameters
    ----------
    matrices : ndarray, shape (..., m, m)
        Correlation matrices, the response first.
    controls : ndarray of int
        Columns Z that are held; their own entries are NaN, as are those of columns that depend on them.

    Returns
    -------
    ndarray, shape (..., m)
        The first entry is 1.

    Examples
    --------
    >>> r = np.array([[1.0, 0.6, 0.5], [0.6, 1.0, 0.8], [0.5, 0.8, 1.0]])
    >>> partial_correlations(r, np.array([2])).round(4).tolist()
    [1.0, 0.3849, nan]
    """
    left = swept(matrices, controls)
    variances = np.einsum("...ii->...i", left)
    variances = np.where(variances > NOTHING_LEFT, variances, np.nan)
    made = left[..., 0, :] / np.sqrt(variances[..., :1] * variances)
    made[..., controls] = np.nan
    return np.clip(made, -1, 1)


def swept(matrices: NDArray, columns: NDArray) -> NDArray:
    """What columns leave of covariance matrices; a column that depends on those before it leaves all."""
    left = matrices.copy()
    for column in columns:
        pivot = left[..., column, column][..., None, None]
        inverse = np.where(pivot > NOTHING_LEFT, 1 / np.where(pivot > NOTHING_LEFT, pivot, 1.0), 0.0)
        left = left - left[..., :, column, None] * left[..., None, column, :] * inverse
    return left
