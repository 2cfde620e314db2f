"""Jars in cells of those treated alike: what a jar differs by from its siblings."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats


@dataclass(frozen=True)
class Deviation:
    """A jar beside the mean of its siblings."""

    row: int
    """Which jar."""
    size: float
    """How far it lies above its siblings, as a natural logarithm."""
    p: float
    """Probability of as large a deviation of any jar, were all alike."""


def deviating(level, cell, *, alpha, share=0.1):
    """Jars that lie apart from their siblings, the farthest taken out first.

    At most a tenth of the jars is told, as the generalised extreme Studentised deviate test of Rosner (1983)
    does for one sample; the probabilities are those of `siblings`, times the number of jars (Bonferroni).

    Parameters
    ----------
    level : ndarray, shape (n,)
        Level of each jar, as a natural logarithm; NaN where unknown.
    cell : ndarray of int, shape (n,)
        Cell of each jar.
    alpha : float
        Probability that any jar of a study without deviating jars is told.
    share : float, default 0.1
        Largest share of the jars that is told.

    Returns
    -------
    list of Deviation

    Examples
    --------
    >>> level = np.array([0.0, 0.1, -0.1, 0.05, -0.05, 0.0, 0.1, 2.0, 0.0, -0.1, 0.0, 0.1])
    >>> [found.row for found in deviating(level, np.repeat([0, 1, 2, 3], 3), alpha=0.01)]
    [7]
    """
    level = np.array(level, float)
    found: list[Deviation] = []
    for _ in range(max(1, int(share * np.isfinite(level).sum()))):
        expected = siblings(level, cell)
        size = level - expected.mean
        p = np.fmin(1.0, 2 * stats.t.sf(np.abs(size) / expected.scale, expected.freedom) * np.isfinite(size).sum())
        if not np.isfinite(p).any() or np.nanmin(p) >= alpha:
            break
        row = int(np.nanargmin(p))
        found.append(Deviation(row, float(size[row]), float(p[row])))
        level[row] = np.nan
    return found


@dataclass(frozen=True)
class Siblings:
    """What the siblings of each jar let expect of its level: Student's t about their mean."""

    mean: np.ndarray
    """Mean of the siblings, shape (n,); NaN for jars without."""
    scale: np.ndarray
    """Standard error of one more jar, shape (n,)."""
    freedom: np.ndarray
    """Degrees of freedom, shape (n,)."""


def siblings(level, cell, apart=()):
    r"""What the siblings of each jar let expect of its level.

    A cell of two or three jars says little about its own spread, and another soil may scatter more. So the
    variance of the cell without this jar, :math:`s_g^2` with :math:`d_g` degrees of freedom, is moderated by the
    variances of the other cells, which are as alike as they show (Smyth 2004, doi 10.2202/1544-6115.1027):

    .. math:: \frac{y_j - \bar y_{-j}}{\tilde s \sqrt{1 + 1 / (n - 1)}} \sim t_{d_0 + d_g}, \quad
              \tilde s^2 = \frac{d_0 s_0^2 + d_g s_g^2}{d_0 + d_g}

    Parameters
    ----------
    level : ndarray, shape (n,)
        Level of each jar, as a natural logarithm; NaN where unknown.
    cell : ndarray of int, shape (n,)
        Cell of each jar.
    apart : sequence of int, optional
        Cells that do not count to the spread of the others.

    Returns
    -------
    Siblings
        All NaN for jars without siblings, and where nothing is known of the spread.
    """
    count, total, squares = sums(level, cell)
    others = count[cell] - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(others > 0, (total[cell] - level) / others, np.nan)
        own = (squares[cell] - (level - mean) ** 2 * others / (others + 1)).clip(0)
        own_freedom = (others - 1).clip(0)
        prior, prior_freedom = (value[cell] for value in _spread_elsewhere(count, squares, apart))
        freedom = own_freedom + prior_freedom
        scale = np.sqrt((own + prior_freedom * prior) / freedom * (1 + 1 / others))
    known = np.isfinite(mean) & (freedom > 0) & (scale > 0)
    return Siblings(*(np.where(known, value, np.nan) for value in (mean, scale, freedom)))


def sums(level, cell):
    """Count, sum and sum of squares about the mean in each cell, over what is not missing."""
    there = np.isfinite(level)
    size = int(cell.max()) + 1
    count = np.bincount(cell[there], minlength=size)
    total = np.bincount(cell[there], level[there], minlength=size)
    middle = np.divide(total, count, out=np.zeros(size), where=count > 0)
    squares = np.bincount(cell[there], (level[there] - middle[cell[there]]) ** 2, minlength=size)
    return count, total, squares


ALIKENESS = np.array([3.0, 4, 5, 6, 8, 10, 14, 20])
"""Degrees of freedom that the spread of other cells may count for; few where cells scatter unlike one another."""

SCALES = np.exp(np.linspace(-1.5, 1.5, 16))
"""Variances that are tried, beside the middle one of the cells."""


def _spread_elsewhere(count, squares, apart):
    """Variance that the cells other than each let expect of it, and its degrees of freedom, by maximum likelihood.

    The variance of a cell over the expected one is distributed as F, with its own and these degrees of freedom.
    """
    freedom = (count - 1).clip(0).astype(float)
    freedom[list(apart)] = 0.0
    used = (freedom > 0) & (squares > 0)
    weight = freedom.sum() - freedom
    if used.sum() < 2:
        return np.full(count.shape, squares[used].sum() / max(freedom[used].sum(), 1.0)), np.where(used, 0.0, weight)
    variance = squares[used] / freedom[used]
    tried = np.median(variance) * SCALES
    of_cell = np.zeros((count.size, SCALES.size, ALIKENESS.size))
    freedoms = freedom[used][:, None, None]
    of_cell[used] = _log_f(variance[:, None, None] / tried[:, None], freedoms, ALIKENESS) - np.log(tried[:, None])
    elsewhere = (of_cell.sum(axis=0) - of_cell).reshape(count.size, -1)
    scale, alike = np.unravel_index(elsewhere.argmax(axis=1), of_cell.shape[1:])
    return tried[scale], np.fmin(weight, ALIKENESS[alike])


def _log_f(ratio, first, second):
    """Log density of the F distribution; that of scipy checks its arguments for most of its time."""
    grown = first * ratio / second
    return (
        0.5 * first * np.log(grown) - np.log(ratio) - 0.5 * (first + second) * np.log1p(grown)
        - special.betaln(first / 2, second / 2)
    )  # fmt: skip
