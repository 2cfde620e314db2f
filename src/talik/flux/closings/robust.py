"""A straight line that a few bad readings do not bend."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from talik.flux.closings.readings import Noise, Readings
from talik.flux.closings.straight import Rate

BEND = 1.345
"""Scales from which on a residual counts no more than at this size; 95 % efficient for normal errors. [-]"""
_NORMAL = 2 * stats.norm.cdf(BEND) - 1
CLIPPED = float(_NORMAL + BEND**2 * (1 - _NORMAL) - 2 * BEND * stats.norm.pdf(BEND))
"""Mean square of a standard normal residual that is clipped at `BEND`. [-]"""
MOST_ROUNDS = 500
"""Rounds of reweighting."""
SETTLED = 1e-13
"""Change of the residuals, as a part of them, at which the rounds of an estimate end. [-]"""


@dataclass(frozen=True)
class RobustLine:
    """Huber's fit of carbon on anything that grows with time."""

    start: float
    """Carbon where it is zero. [µg C]"""
    slope: float
    """Carbon per unit of what grows."""
    scale: float
    """Scale of the residuals, each divided by its stated error if there is one. [µg C or -]"""
    residuals: NDArray
    """Residuals, likewise, shape (n,)."""


def robust_line(grows: NDArray, readings: Readings, settled: float = SETTLED) -> RobustLine:
    r"""Huber's M-estimate with the scale of his proposal 2.

    Slope, start and scale s solve, for residuals r and :math:`\psi(u) = \max(-k, \min(k, u))`, k = 1.345,

    .. math:: \sum_i \psi(r_i / s) \, x_i = 0, \qquad
              \sum_i \psi(r_i / s)^2 = (n - 2) \, E[\psi(Z)^2]

    which have one solution, unlike those with the median absolute deviation, and remain sensible for few readings.
    About a fourth of the readings may be bad.

    Parameters
    ----------
    grows : ndarray, shape (n,)
        Time, or the `rise` of a curve.
    readings : Readings
        Three at least.
    settled : float, default 1e-13
        Change of the residuals, as a part of them, at which the rounds of reweighting end.

    Returns
    -------
    RobustLine

    References
    ----------
    Huber (1981), Robust Statistics, sections 6.7, 7.6 and 7.7; the same as ``MASS::rlm`` of R with
    ``scale.est = "proposal 2"``.
    """
    root = np.sqrt(readings.weight)
    middle = float(readings.weight @ grows / readings.weight.sum())
    unit = float(np.abs(grows - middle).max())
    design = np.column_stack([root, root * (grows - middle) / unit])
    beta, residuals, scale = _reweighted(
        design, root * readings.carbon, np.sqrt(readings.rounding / readings.n), settled
    )
    slope = float(beta[1] / unit)
    return RobustLine(float(beta[0] - slope * middle), slope, scale, residuals)


def _reweighted(design: NDArray, values: NDArray, nothing: float, settled: float) -> tuple[NDArray, NDArray, float]:
    """Coefficients, residuals and scale by least squares with weights that are renewed until they settle."""
    n, p = design.shape
    beta = np.linalg.lstsq(design, values)[0]
    residuals = values - design @ beta
    scale = float(np.sqrt(residuals @ residuals / (n - p)))
    for _ in range(MOST_ROUNDS):
        scale = float(np.sqrt(np.sum(np.minimum(residuals**2, (BEND * scale) ** 2)) / ((n - p) * CLIPPED)))
        if scale <= nothing:
            break
        root = np.sqrt(np.minimum(1.0, BEND * scale / np.maximum(np.abs(residuals), np.finfo(float).tiny)))
        beta = np.linalg.lstsq(design * root[:, None], values * root)[0]
        before, residuals = residuals, values - design @ beta
        if np.linalg.norm(residuals - before) <= settled * np.linalg.norm(residuals):
            break
    return beta, residuals, scale


def robust_error(found: RobustLine, readings: Readings) -> float:
    r"""Huber's standard error of the slope over time.

    .. math:: s_f^2 = K^2 \frac{\sum_i \psi(r_i / s)^2 \, s^2 / (n - 2)}{\bar{\psi'}^2 \sum_i w_i (t_i - \bar t)^2},
              \qquad K = 1 + \frac{2}{n} \frac{var(\psi')}{\bar{\psi'}^2}

    with :math:`\psi'` 1 for residuals within the bend and 0 for others (Huber 1981, section 7.6).
    """
    n, within = readings.n, np.abs(found.residuals) <= BEND * found.scale
    if found.scale <= 0:
        return 0.0
    share = within.mean()
    clipped = np.clip(found.residuals, -BEND * found.scale, BEND * found.scale)
    correction = 1 + 2 * within.var(ddof=1) / (n * share**2)
    spread = readings.weight @ (readings.time - np.average(readings.time, weights=readings.weight)) ** 2
    return float(np.sqrt(clipped @ clipped / (n - 2) / spread) * correction / share)


def robust(readings: Readings) -> Rate:
    """Rate by Huber's line, with the t interval of `robust_error` and n - 2 degrees of freedom.

    Parameters
    ----------
    readings : Readings
        Four at least; with fewer no reading can be told to be the bad one.

    Returns
    -------
    Rate
        Its sum of squares is that of all residuals, the bad ones included.
    """
    found = robust_line(readings.time, readings)
    df, error = readings.n - 2, robust_error(found, readings)
    half = Noise(1.0, df).quantile * error
    squares = float(found.residuals @ found.residuals)
    return Rate(found.slope, error, found.slope - half, found.slope + half, df, found.start, squares)
