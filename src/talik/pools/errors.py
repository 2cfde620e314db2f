"""Errors of the rates of a soil, from their replicates or relative to their level."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.pools.batch import Series, pack, padded_length
from talik.pools.descent import curves
from talik.pools.layout import Layout
from talik.pools.models import POOL_MODELS
from talik.pools.search import optima

LEAST_LEVEL = 0.05
"""Level below which errors no longer shrink, as a part of the mean rate of the temperature. [-]"""
STARTS = 2
"""Starts of the smooth curve."""


def proportional(series: Sequence[Series]) -> list[Series]:
    """The same series with errors proportional to the level of their rates.

    Errors of respiration grow with it: replicates of a soil differ by about the same part early and late. Weights by
    the rates themselves would favour those that are low by chance, so the level is a smooth curve of two pools (one,
    where the rates are few), fitted with equal errors at each temperature.

    Parameters
    ----------
    series : sequence of Series
        Their ``sigma`` is taken as a factor: 1 over the root of the number of replicates, or 1.

    Returns
    -------
    list of Series
        With ``sigma`` the factor times the level.

    Examples
    --------
    >>> time = np.array([1.0, 5, 10, 20, 40, 70])
    >>> rate = 2 * np.exp(-0.03 * time)
    >>> (found,) = proportional([Series(time, time, np.full(6, 5.0), rate, np.ones(6))])
    >>> (found.sigma / rate).round(1)
    array([1., 1., 1., 1., 1., 1.])
    """
    found = list(series)
    groups: dict[tuple[Layout, int], list[int]] = {}
    for i, one in enumerate(series):
        layout = _smooth_layout(one)
        if layout is None:
            found[i] = replace(one, sigma=one.sigma * _means(one))
        else:
            groups.setdefault((layout, padded_length(one.rate.size)), []).append(i)
    for (layout, _), rows in groups.items():
        for i, level in zip(rows, _levels([series[i] for i in rows], layout), strict=True):
            found[i] = replace(series[i], sigma=series[i].sigma * level)
    return found


def _smooth_layout(series: Series) -> Layout | None:
    """The most pools that these rates can be smoothed with; None where they are too few or not positive."""
    sound = all(np.isfinite(a).all() for a in (series.start, series.end, series.temperature, series.rate))
    if not (sound and series.rate.size and (_means(series) > 0).all()):
        return None
    for model in ("two-pool", "one-pool"):
        layout = Layout(POOL_MODELS[model], False, series.temperatures.size > 1)
        if series.rate.size > layout.size:
            return layout
    return None


def _means(series: Series) -> NDArray:
    """Mean rate of the temperature of each rate, shape (n,); where it is not positive, the mean of all that is seen."""
    means = np.array([series.rate[series.temperature == degree].mean() for degree in series.temperature])
    seen = np.abs(series.rate[np.isfinite(series.rate)])
    typical = float(seen.mean()) if seen.size and seen.any() else 1.0
    return np.where(means > 0, means, typical)


def _levels(series: Sequence[Series], layout: Layout) -> list[NDArray]:
    """Level of each rate of each series."""
    smoothed = [replace(one, sigma=one.sigma * _means(one), carbon=None) for one in series]
    batch = pack(smoothed, layout)
    best = optima(batch, STARTS).best
    fitted = np.einsum("bpn,pb->bn", curves(batch, best.phi)[:, : layout.count], best.amounts)
    return [
        np.hypot(row[: one.rate.size] * one.sigma, LEAST_LEVEL * _means(one))
        for row, one in zip(fitted, smoothed, strict=True)
    ]


def pooled_variation(rate: ArrayLike, sd: ArrayLike, n: ArrayLike, level: ArrayLike) -> tuple[float, int]:
    r"""Coefficient of variation that replicates of all rates tell together, and its degrees of freedom.

    The standard deviation of two or three replicates is itself known to half its value; of all rates together it is
    known well:

    .. math:: CV^2 = \frac{\sum (n_i - 1) (s_i / r_i)^2}{\sum (n_i - 1)}

    Parameters
    ----------
    rate, sd, level : array_like, shape (m,)
        Mean rates, the standard deviation of their replicates, and their smooth level. [unit of the rate]
    n : array_like, shape (m,)
        Number of replicates.

    Returns
    -------
    variation : float
        Of one replicate. [-]
    degrees_of_freedom : int
        0 where no rate has two replicates.

    Examples
    --------
    >>> pooled_variation([1.0, 2.0], [0.1, 0.2], [3, 3], [1.0, 2.0])
    (0.1, 4)
    """
    rate, sd, n, level = (np.asarray(a, float) for a in (rate, sd, n, level))
    told = (n > 1) & (sd > 0) & np.isfinite(sd) & np.isfinite(rate)
    free = np.where(told, n - 1, 0.0)
    if not free.sum():
        return float("nan"), 0
    squares = np.divide(sd, level, out=np.zeros_like(sd), where=told & (level > 0)) ** 2
    return float(np.sqrt((free * squares).sum() / free.sum())), int(free.sum())
