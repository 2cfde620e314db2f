"""Diversity of a community out of a table of counts, at a stated effort."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from talik.errors import TableError, itemised, listed

AT_ONCE = 2_000_000
"""Probabilities held at once."""


def diversity(counts: pd.DataFrame, *, depth: int | None = None) -> pd.DataFrame:
    r"""Richness, Shannon's and Simpson's diversity of each sample, whole or rarefied to one depth.

    .. math:: S = \#\{x_i > 0\}, \quad H = -\sum_i p_i \ln p_i, \quad D = 1 - \sum_i p_i^2

    A sample with more counts has more taxa; so samples are compared at one depth m. What m counts drawn without
    replacement are expected to hold needs no random draws:

    .. math:: E[f_k] = \sum_i \binom{x_i}{k}\binom{N - x_i}{m - k} \Big/ \binom{N}{m}, \qquad
       S_m = \sum_{k \ge 1} E[f_k], \quad H_m = -\sum_k \tfrac{k}{m} \ln\tfrac{k}{m} E[f_k], \quad
       D_m = 1 - \sum_k \big(\tfrac{k}{m}\big)^2 E[f_k]

    with :math:`f_k` the number of taxa with k counts.

    Parameters
    ----------
    counts : DataFrame
        A row a sample, a column a taxon, whole numbers.
    depth : int, optional
        Counts m that every sample is rarefied to; the samples as they are where it is not given.

    Returns
    -------
    DataFrame
        ``richness``, ``shannon`` [nat] and ``simpson`` [-] of each sample, on the index of the counts.

    Raises
    ------
    TableError
        For counts that are missing, negative or broken, and samples with fewer counts than the depth.

    References
    ----------
    Hurlbert (1971), Ecology 52, 577-586, doi 10.2307/1934145;
    Chao et al. (2014), Ecol. Monogr. 84, 45-67, doi 10.1890/13-0133.1, equations 4 and 5.

    Examples
    --------
    >>> counts = pd.DataFrame({"a": [10, 50], "b": [10, 0], "c": [0, 50]}, index=["s1", "s2"])
    >>> diversity(counts).round(3).values.tolist()
    [[2.0, 0.693, 0.5], [2.0, 0.693, 0.5]]
    >>> diversity(counts, depth=2).round(3)["richness"].tolist()
    [1.526, 1.505]
    """
    values = _checked(counts, depth)
    rows = [_whole(row) if depth is None else _rarefied(row, depth) for row in values]
    return pd.DataFrame(rows, index=counts.index, columns=["richness", "shannon", "simpson"])


def _checked(counts: pd.DataFrame, depth: int | None) -> NDArray:
    names = [f"sample {name}" for name in counts.index]
    numbers = counts.apply(pd.to_numeric, errors="coerce")
    wrong = []
    for row, name in zip(numbers.to_numpy(float), names, strict=True):
        bad = ~np.isfinite(row) | (row < 0) | (row != np.round(row))
        if bad.any():
            cells = [f"{taxon} {value:g}" for taxon, value in zip(counts.columns[bad], row[bad], strict=True)]
            wrong.append(f"{name}: {listed(cells, 3)}; counts are whole numbers from 0")
        elif row.sum() == 0:
            wrong.append(f"{name}: has no counts; leave it out")
        elif depth is not None and row.sum() < depth:
            wrong.append(f"{name}: has {row.sum():g} counts, fewer than {depth}; take a lower depth, or leave it out")
    if depth is not None and depth < 1:
        wrong = [f"depth: is {depth}; at least 1 count is needed"]
    if wrong:
        raise TableError(f"table of counts: {len(wrong)} problems\n{itemised(wrong)}", wrong)
    return numbers.to_numpy(float)


def _whole(row: NDArray) -> tuple[float, float, float]:
    p = row[row > 0] / row.sum()
    return float(p.size), float(-np.sum(p * np.log(p))), float(1 - np.sum(p**2))


def _rarefied(row: NDArray, depth: int) -> tuple[float, float, float]:
    total = int(row.sum())
    values, often = np.unique(row[row > 0].astype(int), return_counts=True)
    expected = np.zeros(depth)
    k = np.arange(1, depth + 1)
    chunk = max(1, AT_ONCE // depth)
    for start in range(0, values.size, chunk):
        some = slice(start, start + chunk)
        expected += often[some] @ stats.hypergeom.pmf(k[None], total, values[some, None], depth)
    share = k / depth
    return float(expected.sum()), float(-np.sum(share * np.log(share) * expected)), float(1 - share**2 @ expected)
