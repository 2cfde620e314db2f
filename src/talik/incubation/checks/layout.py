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


def _spread_elsewhere(count, squares, apart):
    """Variance within the cells other than each, and its degrees of freedom; fewer, the less alike they are."""
    freedom = (count - 1).clip(0).astype(float)
    freedom[list(apart)] = 0.0
    squares = np.where(freedom > 0, squares, 0.0)
    used = freedom > 0
    pooled, weight = squares.sum() - squares, freedom.sum() - freedom
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = pooled / weight
        floor = 1e-3 * squares.sum() / freedom.sum()
        logs = np.log(np.fmax(squares / freedom, floor)) - special.digamma(freedom / 2) + np.log(freedom / 2)
    logs, expected = np.where(used, logs, 0.0), np.where(used, special.polygamma(1, np.fmax(freedom, 1) / 2), 0.0)
    cells = used.sum() - used
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (logs.sum() - logs) / cells
        scatter = ((logs**2).sum() - logs**2 - cells * mean**2) / (cells - 1)
        excess = scatter - (expected.sum() - expected) / cells
    prior_freedom = np.fmin(weight, _freedom_of(np.where(cells > 1, excess, np.inf), weight))
    return np.where(weight > 0, variance, 0.0), prior_freedom


def _freedom_of(excess, most):
    """Degrees of freedom whose half has this trigamma; the most where the cells scatter as alike as one."""
    freedom = np.geomspace(0.5, 1e4, 400)
    found = np.interp(-excess, -special.polygamma(1, freedom / 2), freedom)
    return np.where(excess <= 0, most, found)
