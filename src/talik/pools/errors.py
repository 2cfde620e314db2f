"""Errors of the rates of a soil, from their replicates or relative to their level."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from talik.pools.batch import Batch, Series, chunks, pack, padded_length
from talik.pools.descent import Point, curves, descend
from talik.pools.grid import box
from talik.pools.layout import Layout
from talik.pools.models import POOL_MODELS
from talik.pools.search import optima, searched

LEAST_LEVEL = 0.05
"""Level below which errors no longer shrink, as a part of the mean rate of the temperature. [-]"""
STARTS = 2
"""Starts of the smooth curve."""


@dataclass(frozen=True)
class Smoothed:
    """A series with errors proportional to its level, and how it scatters about it."""

    series: Series
    """With ``sigma`` the factor times the level."""
    residual: NDArray
    """Residuals from the smooth curve over sigma, shape (n,); 0 where there is none. [-]"""


def proportional(series: Sequence[Series]) -> list[Smoothed]:
    """The same series with errors proportional to the level of their rates.

    Errors of respiration grow with it: replicates of a soil differ by about the same part early and late. Weights by
    the rates themselves would favour those that are low by chance, so the level is a smooth curve of two pools (one,
    where the rates are few). It is first fitted with equal errors, then sought with errors that know the levels of the
    first, and then followed with those that it tells itself.

    Parameters
    ----------
    series : sequence of Series
        Their ``sigma`` is taken as a factor: 1 over the root of the number of replicates, or 1.

    Returns
    -------
    list of Smoothed

    Examples
    --------
    >>> time = np.array([1.0, 5, 10, 20, 40, 70])
    >>> rate = 2 * np.exp(-0.03 * time)
    >>> (found,) = proportional([Series(time, time, np.full(6, 5.0), rate, np.ones(6))])
    >>> (found.series.sigma / rate).round(1)
    array([1., 1., 1., 1., 1., 1.])
    """
    found: dict[int, Smoothed] = {}
    groups: dict[tuple[Layout, int], list[int]] = {}
    for i, one in enumerate(series):
        layout = _smooth_layout(one)
        if layout is None:
            found[i] = Smoothed(replace(one, sigma=one.sigma * _means(one)), np.zeros(one.rate.size))
        else:
            groups.setdefault((layout, padded_length(one.rate.size)), []).append(i)
    for (layout, length), rows in groups.items():
        for chunk in chunks(rows, length):
            found |= dict(zip(chunk, _smoothed([series[i] for i in chunk], layout), strict=True))
    return [found[i] for i in range(len(series))]


def _smooth_layout(series: Series) -> Layout | None:
    """The most pools that these rates can be smoothed with; None where they are too few or not positive."""
    told = (series.start, series.end, series.temperature, series.rate, series.sigma)
    sound = all(np.isfinite(a).all() for a in told) and (series.start >= 0).all() and (series.sigma > 0).all()
    if not (sound and series.rate.size and (_means(series) > 0).all()):
        return None
    for model in ("two-pool", "one-pool"):
        layout = Layout(POOL_MODELS[model], False, series.temperatures.size > 1)
        if series.rate.size > layout.size:
            return layout
    return None


def _means(series: Series) -> NDArray:
    """Mean rate of the temperature of each rate, shape (n,); where it is not positive, the mean of all that is seen."""
    _, of, count = np.unique(series.temperature, return_inverse=True, return_counts=True)
    means = (np.bincount(of, series.rate) / count)[of]
    seen = np.abs(series.rate[np.isfinite(series.rate)])
    typical = float(seen.mean()) if seen.size and seen.any() else 1.0
    return np.where(means > 0, means, typical)


def _smoothed(series: Sequence[Series], layout: Layout) -> list[Smoothed]:
    """Some series of one layout and padded length."""
    levels, smoothed, best = [_means(one) for one in series], [], None
    for find in (_with_equal_errors, _with_errors_of_levels, _followed):
        weighed = [
            replace(one, sigma=one.sigma * level, carbon=None) for one, level in zip(series, levels, strict=True)
        ]
        batch = pack(weighed, layout)
        best = find(batch, best)
        fitted = np.einsum("bpn,pb->bn", curves(batch, best.phi)[:, : layout.count], best.amounts)
        lines = [row[: one.rate.size] * one.sigma for row, one in zip(fitted, weighed, strict=True)]
        levels = [np.hypot(line, LEAST_LEVEL * _means(one)) for line, one in zip(lines, series, strict=True)]
        smoothed = [
            Smoothed(replace(one, sigma=one.sigma * level), (one.rate - line) / (one.sigma * level))
            for one, line, level in zip(series, lines, levels, strict=True)
        ]
    return smoothed


def _with_equal_errors(batch: Batch, before: Point | None) -> Point:  # noqa: ARG001
    """A first curve: equal errors hardly see the low rates at the end, so that its own best fit is not sought."""
    return optima(batch, STARTS).best


def _with_errors_of_levels(batch: Batch, before: Point | None) -> Point:  # noqa: ARG001
    """The best curve with errors that know about how high each rate is."""
    return searched(batch, STARTS).best


def _followed(batch: Batch, before: Point | None) -> Point:
    """The same curve with the errors that it tells; sought anew it may be another, and levels would not settle."""
    assert before is not None
    return descend(batch, before.phi, *box(batch.layout, batch.count))


@dataclass(frozen=True)
class JarDifference:
    """How much more one jar respires than another all the time."""

    ratio: float
    """Variance between jars over that of one reading, both relative to the level. [-]"""
    freedom: int
    """Degrees of freedom of the jars: those of each temperature less one, summed. 0 where they are not told."""


def jar_difference(residual: ArrayLike, jar: ArrayLike, temperature: ArrayLike) -> JarDifference:
    r"""What jars of one temperature keep apart, from their mean residuals.

    .. math:: \hat\tau^2 = \frac{\sum_j (\bar e_j - \bar e)^2}{\sum_T (J_T - 1)} - \frac{\hat\sigma^2}{n}

    with :math:`\hat\sigma^2` from the residuals within jars, and never below zero.

    Parameters
    ----------
    residual : array_like, shape (n,)
        Residuals from a smooth curve, relative to the level. [-]
    jar : array_like, shape (n,)
        Which jar.
    temperature : array_like, shape (n,)
        Temperature of each. [°C]

    Returns
    -------
    JarDifference

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, section 3.6 (analysis of variance estimates).

    Examples
    --------
    Two jars that differ by far more than their readings scatter:

    >>> jar_difference([0.1, 0.11, 0.09, -0.1, -0.11, -0.09], list("aaabbb"), [5.0] * 6)
    JarDifference(ratio=199.6..., freedom=1)
    """
    residual = np.asarray(residual, float)
    _, warmth = np.unique(np.asarray(temperature), return_inverse=True)
    labels, of_label = np.unique(np.asarray(jar), return_inverse=True)
    jars, of = np.unique(warmth * labels.size + of_label, return_inverse=True)
    readings = np.bincount(of)
    mean = np.bincount(of, residual) / readings
    within = float(np.sum((residual - mean[of]) ** 2)) / max(residual.size - jars.size, 1)
    held = jars // labels.size
    apart = mean - (np.bincount(held, mean) / np.bincount(held))[held]
    freedom = int(jars.size - np.unique(held).size)
    if not freedom or not within > 0:
        return JarDifference(0.0, 0)
    between = float(np.sum(apart**2)) / freedom - within * float((1 / readings).mean())
    return JarDifference(max(between, 0.0) / within, freedom)


def difference_of_replicates(
    residual: ArrayLike, sd: ArrayLike, n: ArrayLike, level: ArrayLike, temperature: ArrayLike
) -> JarDifference:
    """What replicate jars keep apart, where only their mean and standard deviation are told.

    The standard deviation holds what jars keep and what their readings scatter; the mean of the jars scatters about a
    smooth curve only by the latter. Errors of one mean are in units of one replicate.

    Parameters
    ----------
    residual : array_like, shape (m,)
        Residuals of the means from a smooth curve, times the root of n, relative to the level. [-]
    sd, level : array_like, shape (m,)
        Standard deviation between the replicates, and the level of the rate. [unit of the rate]
    n : array_like, shape (m,)
        Number of replicates.
    temperature : array_like, shape (m,)
        Temperature of each. [°C]

    Returns
    -------
    JarDifference

    Examples
    --------
    >>> difference_of_replicates([0.01, -0.01, 0.01], [0.1, 0.1, 0.1], [3, 3, 3], [1.0, 1.0, 1.0], [5.0] * 3)
    JarDifference(ratio=65.6..., freedom=2)
    """
    residual, sd, n, level = (np.asarray(a, float) for a in (residual, sd, n, level))
    told = (n > 1) & (sd > 0) & np.isfinite(sd) & (level > 0)
    scatter = float((residual**2).sum()) / max(residual.size - 1, 1)
    if not told.any() or not scatter > 0:
        return JarDifference(0.0, 0)
    variation = float(((n - 1)[told] * (sd[told] / level[told]) ** 2).sum() / (n - 1)[told].sum())
    of_temperature = pd.Series(n[told] - 1).groupby(np.asarray(temperature)[told]).median()
    return JarDifference(max(variation - scatter, 0.0) / scatter, int(of_temperature.sum()))


def with_jars_apart(series: Series, difference: JarDifference, jar: NDArray) -> Series:
    r"""The same series with the errors that jars keep: correlated within each jar.

    Of n readings of one jar the covariance :math:`I + r 1 1^T` has the inverse root

    .. math:: I - \left(1 - \frac{1}{\sqrt{1 + r n}}\right) \frac{1 1^T}{n}

    Parameters
    ----------
    series : Series
        Its errors are those of single readings.
    difference : JarDifference
        What jars keep apart.
    jar : ndarray, shape (n,)
        Which jar, or which mean of jars.

    Returns
    -------
    Series
        As it was where jars keep nothing apart.
    """
    if not difference.ratio > 0:
        return series
    _, of_jar, readings = np.unique(jar, return_inverse=True, return_counts=True)
    part = (1.0 - 1.0 / np.sqrt(1.0 + difference.ratio * readings)) / readings
    kept = np.sqrt(part)[of_jar][:, None] * (of_jar[:, None] == np.arange(readings.size))
    return replace(series, kept=kept, jar_freedom=difference.freedom)
