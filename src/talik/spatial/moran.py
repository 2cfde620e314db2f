"""Moran's I: whether neighbours are more alike than chance makes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


def inverse_distance(distance: ArrayLike) -> NDArray[np.float64]:
    """Weights 1/d between places, none of a place with itself or with one at the same spot.

    Parameters
    ----------
    distance : array_like, shape (n, n)
        Distances.

    Returns
    -------
    ndarray, shape (n, n)

    Examples
    --------
    >>> inverse_distance([[0, 2], [2, 0]]).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    distance = np.asarray(distance, float)
    return np.divide(1.0, distance, out=np.zeros_like(distance), where=distance > 0)


def nearest(distance: ArrayLike, neighbours: int = 4) -> NDArray[np.float64]:
    """Equal weights on the nearest places, which add to 1 for each place.

    Parameters
    ----------
    distance : array_like, shape (n, n)
        Distances.
    neighbours : int, default 4
        Nearest places that count, fewer where there are fewer.

    Returns
    -------
    ndarray, shape (n, n)

    Examples
    --------
    >>> nearest([[0, 1, 5], [1, 0, 4], [5, 4, 0]], neighbours=1).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    distance = np.array(distance, float)
    np.fill_diagonal(distance, np.inf)
    neighbours = min(neighbours, len(distance) - 1)
    order = np.argsort(distance, axis=1, kind="stable")[:, :neighbours]
    weights = np.zeros_like(distance)
    np.put_along_axis(weights, order, 1.0 / neighbours, axis=1)
    return weights


def distance_band(distance: ArrayLike, reach: float) -> NDArray[np.float64]:
    """Equal weights on all places within a distance, which add to 1 for each place that has any.

    Parameters
    ----------
    distance : array_like, shape (n, n)
        Distances.
    reach : float
        Farthest place that counts, in the unit of the distances.

    Returns
    -------
    ndarray, shape (n, n)

    Examples
    --------
    >>> distance_band([[0, 1, 5], [1, 0, 4], [5, 4, 0]], reach=4).tolist()
    [[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]
    """
    distance = np.asarray(distance, float)
    within = (distance <= reach) & ~np.eye(len(distance), dtype=bool)
    return within / np.maximum(within.sum(axis=1, keepdims=True), 1)


WEIGHTS: Mapping[str, Callable[[ArrayLike], NDArray[np.float64]]] = {
    "inverse distance": inverse_distance,
    "nearest 4": nearest,
}
"""Weights that need nothing but distances, by the words that a result states."""


@dataclass(frozen=True)
class Moran:
    """Moran's I with its moments when places are exchangeable."""

    value: float
    """Moran's I; NaN where nothing varies. [-]"""
    expected: float
    """Its mean without autocorrelation. [-]"""
    variance: float
    """Its variance without autocorrelation. [-]"""
    p: float
    """Two-sided p by the normal distribution. [-]"""
    p_permutation: float = np.nan
    """Two-sided p by permutation; NaN where none were made. [-]"""


PERMUTATIONS = 999
"""Permutations of values over places."""


def morans_i(values: ArrayLike, weights: ArrayLike, *, permutations: int = PERMUTATIONS, seed: int = 0) -> Moran:
    r"""Moran's I of values at places.

    .. math:: I = \frac{n}{\sum_{ij} w_{ij}} \frac{\sum_{ij} w_{ij} (x_i - \bar x)(x_j - \bar x)}
        {\sum_i (x_i - \bar x)^2}

    Its mean, -1/(n - 1), and its variance are the exact ones over all permutations (Cliff and Ord 1981, Spatial
    Processes, eq. 2.15); the p of the normal distribution rests on them. Residuals of a model are not
    exchangeable: `morans_i_of_residuals`.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value a place; n is at least 4.
    weights : array_like, shape (n, n)
        Weight of each pair, as of `inverse_distance`, `nearest` or `distance_band`.
    permutations : int, default 999
        Random permutations for the second p; 0 for none.
    seed : int, default 0
        Seed of the permutations.

    Returns
    -------
    Moran

    Examples
    --------
    Values that rise along a line are alike between neighbours:

    >>> places = np.abs(np.subtract.outer(range(8), range(8)))
    >>> found = morans_i(range(8), distance_band(places, 1))
    >>> round(found.value, 3), round(found.expected, 3), found.p < 0.01, found.p_permutation < 0.01
    (0.833, -0.143, True, True)
    """
    centred = np.asarray(values, float)
    centred = centred - centred.mean()
    weights = np.asarray(weights, float)
    n, squares, total = centred.size, float(centred @ centred), float(weights.sum())
    expected = -1.0 / (n - 1)
    if squares <= 0 or total <= 0:
        return Moran(np.nan, expected, np.nan, np.nan)
    value = n / total * float(centred @ weights @ centred) / squares
    variance = _exchangeable_variance(centred, weights)
    p = 2 * stats.norm.sf(abs(value - expected) / variance**0.5) if variance > 0 else np.nan
    if not permutations:
        return Moran(value, expected, variance, float(p))
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(centred, (permutations, 1)), axis=1)
    drawn = n / total * np.einsum("bi,ij,bj->b", shuffled, weights, shuffled, optimize=True) / squares
    beyond = np.abs(drawn - expected) >= abs(value - expected) - 1e-12
    return Moran(value, expected, variance, float(p), float((1 + beyond.sum()) / (1 + permutations)))


def _exchangeable_variance(centred: NDArray, weights: NDArray) -> float:
    """Variance of I over all permutations of the values."""
    n = centred.size
    s0 = weights.sum()
    s1 = ((weights + weights.T) ** 2).sum() / 2
    s2 = ((weights.sum(axis=1) + weights.sum(axis=0)) ** 2).sum()
    kurtosis = n * (centred**4).sum() / (centred**2).sum() ** 2
    above = n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    above -= kurtosis * ((n * n - n) * s1 - 2 * n * s2 + 6 * s0**2)
    return float(above / ((n - 1) * (n - 2) * (n - 3) * s0**2) - 1.0 / (n - 1) ** 2)


def morans_i_of_residuals(values: ArrayLike, design: ArrayLike, weights: ArrayLike) -> Moran:
    r"""Moran's I of the residuals of a straight-line model fitted by least squares.

    Residuals lean against one another, so their I has another mean and variance (Cliff and Ord 1981, eq. 8.5):
    with :math:`M = 1 - X (X^T X)^{-1} X^T` and :math:`A = M \tfrac{W + W^T}{2} M`,

    .. math:: E(I) = \frac{n}{S_0} \frac{\operatorname{tr} A}{n - p}, \quad
        \operatorname{var}(I) = \frac{n^2}{S_0^2} \frac{2 \operatorname{tr} A^2 + (\operatorname{tr} A)^2}
        {(n - p)(n - p + 2)} - E(I)^2

    Parameters
    ----------
    values : array_like, shape (n,)
        Response.
    design : array_like, shape (n, p)
        Columns of the model, the constant included.
    weights : array_like, shape (n, n)
        Weight of each pair.

    Returns
    -------
    Moran
        Without a p by permutation, as residuals are not exchangeable.

    Examples
    --------
    With a constant alone, residuals are the values less their mean, and so is I:

    >>> places = np.abs(np.subtract.outer(range(8), range(8)))
    >>> found = morans_i_of_residuals(range(8), np.ones((8, 1)), distance_band(places, 1))
    >>> round(found.value, 3), round(found.expected, 3)
    (0.833, -0.143)
    """
    values, design, weights = (np.asarray(one, float) for one in (values, design, weights))
    n, total = values.size, float(weights.sum())
    left, size, _ = np.linalg.svd(design, full_matrices=False)
    basis = left[:, size > size.max() * 1e-10]
    freedom = n - basis.shape[1]
    residuals = values - basis @ (basis.T @ values)
    squares = float(residuals @ residuals)
    if freedom < 2 or total <= 0 or squares <= 1e-20 * float(values @ values):
        return Moran(np.nan, np.nan, np.nan, np.nan)
    value = n / total * float(residuals @ weights @ residuals) / squares
    between = (weights + weights.T) / 2
    between = between - basis @ (basis.T @ between)
    between = between - (between @ basis) @ basis.T
    trace = float(np.trace(between))
    expected = n / total * trace / freedom
    second = (n / total) ** 2 * (2 * float((between * between.T).sum()) + trace**2) / (freedom * (freedom + 2))
    variance = second - expected**2
    p = 2 * stats.norm.sf(abs(value - expected) / variance**0.5) if variance > 0 else np.nan
    return Moran(value, expected, variance, float(p))


@dataclass(frozen=True)
class MoranWithoutErrors:
    """Moran's I of what was measured with errors, rid of them."""

    value: float
    """Moran's I of the values themselves; NaN where errors are all that varies. [-]"""
    reliability: float
    """Part of the weighted variance of what the design leaves that is no error. [-]"""


def morans_i_without_errors(
    values: ArrayLike, design: ArrayLike, weights: ArrayLike, error: ArrayLike, precision: ArrayLike
) -> MoranWithoutErrors:
    r"""Moran's I of residuals of values whose errors are independent and known.

    Errors add to the variance and not to what neighbours share, but for what the fit makes residuals share. With
    samples that weigh :math:`a_i`, residuals :math:`r = My` of :math:`M = 1 - X (X^T A X)^{-1} X^T A`, and
    :math:`C = M \operatorname{diag}(s^2) M^T`, what errors add to their products,

    .. math:: I = \frac{\sum_{ij} w_{ij} a_i a_j (r_i r_j - C_{ij}) / \sum_{ij} w_{ij} a_i a_j}
        {\sum_i a_i (r_i^2 - C_{ii}) / \sum_i a_i}, \qquad \rho = 1 - \frac{\sum_i a_i C_{ii}}{\sum_i a_i r_i^2}

    Where samples weigh the same and errors are alike, I is as far from its mean without autocorrelation as that of
    what was measured, divided by :math:`\rho`.

    Parameters
    ----------
    values : array_like, shape (n,)
        As measured.
    design : array_like, shape (n, p)
        Columns of the model, the constant included; the constant alone for Moran's I of the values.
    weights : array_like, shape (n, n)
        Weight of each pair.
    error : array_like, shape (n,)
        Standard error of each value.
    precision : array_like, shape (n,)
        What each sample weighs.

    Returns
    -------
    MoranWithoutErrors

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> places = np.abs(np.subtract.outer(range(400), range(400)))
    >>> true = np.sin(np.arange(400) / 5)
    >>> measured = true + 0.5 * rng.standard_normal(400)
    >>> near, one, error = distance_band(places, 1), np.ones((400, 1)), np.full(400, 0.5)
    >>> [round(morans_i(given, near, permutations=0).value, 2) for given in (true, measured)]
    [0.98, 0.65]
    >>> round(morans_i_without_errors(measured, one, near, error, np.ones(400)).value, 2)
    1.01
    """
    values, design, weights, error, precision = (
        np.asarray(one, float) for one in (values, design, weights, error, precision)
    )
    root = np.sqrt(precision)[:, None]
    left, size, _ = np.linalg.svd(root * design, full_matrices=False)
    basis = left[:, size > size.max() * 1e-10]
    # M in the scale of the weighted values, where it is a projection.
    maker = np.eye(values.size) - basis @ basis.T
    residuals = maker @ (root[:, 0] * values)
    made_by_errors = (maker * (precision * error**2)) @ maker
    squares, of_errors = float(residuals @ residuals), float(np.trace(made_by_errors))
    pairs = weights * root * root.T
    total = float((weights * precision * precision[:, None]).sum())
    if values.size - basis.shape[1] < 2 or total <= 0 or squares <= 1e-20 * float(values @ values):
        return MoranWithoutErrors(np.nan, np.nan)
    shared = float(residuals @ pairs @ residuals - (pairs * made_by_errors).sum()) / total
    variance = (squares - of_errors) / precision.sum()
    value = float(shared / variance) if variance > 0 else np.nan
    return MoranWithoutErrors(value, 1 - of_errors / squares)
