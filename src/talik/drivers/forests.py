"""Random forests: importance of drivers without assuming straight lines, and how well they predict elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import InputError, TableError
from talik.spatial.folds import Fold

TREES = 200
"""Trees of a forest."""

PERMUTATIONS = 199
"""Forests of permuted responses that a p rests on: its least value is 1 in 200."""

SMALLEST_LEAF = 3
"""Samples that a leaf holds at least."""


@dataclass(frozen=True)
class ForestImportance:
    """What a random forest makes of drivers."""

    importance: NDArray[np.float64]
    """Rise of the squared error of samples a tree has not seen when a part is shuffled, in the variance of the
    response; about 0 for a part that says nothing, and may be below; shape (k,). [-]"""
    p: NDArray[np.float64]
    """Part of the forests of permuted responses in which it is as large, shape (k,). [-]"""
    null: NDArray[np.float64]
    """Its 95 % quantile in those forests, shape (k,). [-]"""
    r2_unseen: float
    """R2 of each sample by the trees that have not seen its site; below 0 where the mean predicts better. [-]"""
    r2_elsewhere: float
    """R2 of blocks in space that are predicted from other blocks; NaN without blocks. [-]"""
    trees: int
    """Trees of the forest."""


def forest_importance(
    response: ArrayLike,
    columns: ArrayLike,
    parts: Sequence[Sequence[int]],
    *,
    site: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    folds: Sequence[Fold] = (),
    trees: int = TREES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> ForestImportance:
    """Importance of drivers in a random forest, with its p and its R2 in and out of place.

    Each tree is grown on sites drawn with replacement and tried on the sites it has not seen, so that samples of
    one site do not vouch for one another. A part is shuffled among those as a whole. The p comes from forests
    of responses permuted over sites, as rfPermute does it. Forests share importance out among drivers that
    are alike; with two dozen sites they see only strong effects.

    Parameters
    ----------
    response : array_like, shape (n,)
        Response.
    columns : array_like, shape (n, p)
        Predictors.
    parts : sequence of sequence of int
        Columns of each part: a predictor, a subgroup or a group.
    site : array_like, shape (n,), optional
        Site of each sample; each its own where not given.
    weights : array_like, shape (n,), optional
        Of the samples, as trees are grown and as they are tried; all alike where not given. R2 elsewhere passes
        over them.
    folds : sequence of Fold, optional
        As from `talik.spatial.folds.spatial_folds`.
    trees : int, default 200
        Trees of a forest.
    permutations : int, default 199
        Forests of permuted responses; 0 for no p.
    seed : int, default 0
        Seed of all draws.
    told : callable, optional
        Is told how many of the forests are grown, and of how many.

    Returns
    -------
    ForestImportance

    Raises
    ------
    InputError
        Where scikit-learn is not installed.
    TableError
        For fewer than 10 sites.

    References
    ----------
    Breiman (2001), Mach. Learn. 45, 5-32, doi 10.1023/A:1010933404324;
    Altmann et al. (2010), Bioinformatics 26, 1340-1347, doi 10.1093/bioinformatics/btq134 (permuted responses).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((40, 2))
    >>> found = forest_importance(x[:, 0] ** 2, x, [[0], [1]], trees=50, permutations=19)
    >>> bool(found.importance[0] > 5 * found.importance[1]), found.p.tolist()[0]
    (True, 0.05)
    """
    response = np.asarray(response, float)
    columns = np.ascontiguousarray(columns, np.float32)
    codes = np.arange(response.size)
    if site is not None:
        codes = np.unique(np.asarray(site).astype(str), return_inverse=True)[1]
    if codes.max() < 9:
        raise TableError(f"{codes.max() + 1} sites are too few for a random forest; at least 10 are needed.")
    weights = np.ones(response.size) if weights is None else np.asarray(weights, float)
    rng = np.random.default_rng(seed)
    grow = _grower(columns.shape[1], rng)
    importance, r2 = _grown(response, weights, columns, parts, codes, trees, rng, grow)
    drawn = np.empty((permutations, len(parts)))
    for i in range(permutations):
        permuted = _permuted(response, codes, rng)
        drawn[i] = _grown(permuted, weights, columns, parts, codes, trees, rng, grow)[0]
        told(i + 1, permutations)
    p = (1 + (drawn >= importance).sum(axis=0)) / (1 + permutations) if permutations else np.full(len(parts), np.nan)
    null = np.quantile(drawn, 0.95, axis=0) if permutations else np.full(len(parts), np.nan)
    return ForestImportance(importance, p, null, r2, _elsewhere(response, columns, folds, trees, rng, grow), trees)


def _grower(columns: int, rng: np.random.Generator) -> Callable:
    """What grows a tree of so many columns: takes them, the response and weights."""
    try:
        from sklearn import config_context
        from sklearn.tree import DecisionTreeRegressor
    except ImportError:
        raise InputError(
            "Random forests need scikit-learn, which is not installed.\n  pip install 'talik[stats]'"
        ) from None
    # A third of the predictors at each split, as is usual for regression. One stream of random numbers serves all
    # trees: to seed each anew, and to check the same settings again, takes longer than to grow it.
    tree = DecisionTreeRegressor(
        max_features=max(1, columns // 3), min_samples_leaf=SMALLEST_LEAF,
        random_state=np.random.RandomState(int(rng.integers(2**31 - 1))),
    )  # fmt: skip

    def grow(x: NDArray, y: NDArray, weights: NDArray | None):
        with config_context(skip_parameter_validation=True):
            return tree.fit(x, y, sample_weight=weights, check_input=False).tree_

    return grow


def _grown(response, weights, columns, parts, codes, trees: int, rng, grow) -> tuple[NDArray, float]:
    """Importance of each part in one forest, and R2 of samples whose site a tree has not seen."""
    n, sites = response.size, codes.max() + 1
    rows_of = [np.flatnonzero(codes == one) for one in range(sites)]
    rise, counted = np.zeros(len(parts)), 0
    alike = np.ptp(weights) == 0
    sums, seen = np.zeros(n), np.zeros(n)
    for _ in range(trees):
        drawn = rng.integers(sites, size=sites)
        missing = np.ones(sites, bool)
        missing[drawn] = False
        unseen = np.flatnonzero(missing[codes])
        if unseen.size < 2:
            continue
        rows = np.concatenate([rows_of[one] for one in drawn])
        tree = grow(columns[rows], response[rows, None], None if alike else weights[rows])
        copies = np.repeat(columns[None, unseen], 1 + len(parts), axis=0)
        for k, part in enumerate(parts):
            copies[1 + k][:, part] = copies[0][rng.permutation(unseen.size)][:, part]
        predicted = tree.predict(copies.reshape(-1, columns.shape[1])).reshape(1 + len(parts), -1)
        squares = (predicted - response[unseen]) ** 2 @ weights[unseen] / weights[unseen].sum()
        rise += squares[1:] - squares[0]
        counted += 1
        sums[unseen] += predicted[0]
        seen[unseen] += 1
    met = seen > 0
    left = weights[met] @ (response[met] - sums[met] / seen[met]) ** 2
    variance = float(np.average((response - np.average(response, weights=weights)) ** 2, weights=weights))
    about = weights[met] @ (response[met] - np.average(response[met], weights=weights[met])) ** 2
    return rise / (counted * variance), float(1 - left / about)


def _permuted(response: NDArray, codes: NDArray, rng: np.random.Generator) -> NDArray:
    """The response permuted: over sites where each has as many samples, which stay together, else over samples."""
    counts = np.bincount(codes)
    if counts.min() != counts.max():
        return rng.permutation(response)
    order = np.argsort(codes, kind="stable")
    permuted = np.empty_like(response)
    permuted[order] = rng.permutation(response[order].reshape(-1, counts[0])).ravel()
    return permuted


def _elsewhere(response, columns, folds: Sequence[Fold], trees: int, rng, grow) -> float:
    """R2 of blocks predicted from others, against the mean of those."""
    if not folds:
        return np.nan
    left = right = 0.0
    for fold in folds:
        predicted = np.zeros(fold.test.size)
        for _ in range(trees):
            rows = rng.choice(fold.train, size=fold.train.size)
            predicted += grow(columns[rows], response[rows, None], None).predict(columns[fold.test])[:, 0] / trees
        left += float(np.sum((response[fold.test] - predicted) ** 2))
        right += float(np.sum((response[fold.test] - response[fold.train].mean()) ** 2))
    return 1 - left / right
