"""The usable part of a closing."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from talik.flux.closings.curved import CURVATURE_LIMIT, best_curve, rise, rise_by_curvature
from talik.flux.closings.readings import ROUNDING, Readings

FEWEST = 30
"""Readings below which all are used: fewer cannot tell a dead band from scatter."""
PIECE = 20
"""Pieces of a closing, one of which is added at a time."""
DOUBT = 1e-4
"""Probability below which a piece is said to follow another course. [-]"""


def usable_window(time, carbon) -> tuple[float, float]:
    """First and last time of the part of a closing that follows one smooth course.

    Gas that is still mixing after closing (dead band), and a jar that is opened before its record ends, follow
    another course than the middle. The window begins as the middle half of the readings and grows at both ends, a
    twentieth of the readings at a time, as long as a parabola through the window, or the curve of `best_curve`,
    foretells the median of the next piece: within the error of the foretelling, at a probability of 1e-4. Closings of
    fewer than 30 readings are used whole.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time since closing, rising. [d]
    carbon : array_like, shape (n,)
        Carbon in the jar. [µg C]

    Returns
    -------
    start, end : float
        [d]

    Examples
    --------
    A reading every 10 s for 5 min, of which the first half minute still mixes:

    >>> minutes = np.arange(31) / 6
    >>> carbon = 54 + 0.4 * minutes + 0.001 * np.sin(np.arange(31) * 12.3)
    >>> start, end = usable_window(minutes / 1440, np.where(minutes < 0.4, 53.8, carbon))
    >>> round(start * 1440, 2), round(end * 1440, 2)
    (0.67, 5.0)
    """
    time, carbon = np.asarray(time, float), np.asarray(carbon, float)
    n = time.size
    if n < FEWEST:
        return float(time[0]), float(time[-1])
    piece = max(n // PIECE, 3)
    low, high = n // 4, n - n // 4
    growing = [True, True]
    while any(growing):
        for side in (0, 1):
            add = slice(max(low - piece, 0), low) if side == 0 else slice(high, min(high + piece, n))
            growing[side] = growing[side] and add.stop > add.start and _follows(time, carbon, slice(low, high), add)
            if growing[side]:
                low, high = min(low, add.start), max(high, add.stop)
    return float(time[low]), float(time[high - 1])


def _follows(time: NDArray, carbon: NDArray, window: slice, piece: slice) -> bool:
    """Whether a piece lies where a parabola through the window foretells it, or else the curve of a slowing rise."""
    length = np.ptp(time[window])
    if length == 0:
        return True
    t = (time - time[window][0]) / length
    parabola = np.column_stack([np.ones_like(t), t, t**2])
    if _foretold(parabola, carbon, window, piece):
        return True
    inside = Readings(t[window], carbon[window], np.ones(window.stop - window.start), sd_stated=False)
    curvature = best_curve(inside, CURVATURE_LIMIT).curvature
    curve = np.column_stack([np.ones_like(t), rise(t, curvature), rise_by_curvature(t, curvature)])
    return _foretold(curve, carbon, window, piece)


def _foretold(design: NDArray, carbon: NDArray, window: slice, piece: slice) -> bool:
    """Whether the median of a piece lies where least squares in the window foretell it; ``design`` of shape (n, 3)."""
    beta, _, rank, _ = np.linalg.lstsq(design[window], carbon[window])
    if rank < 3:
        return True
    residuals = carbon[window] - design[window] @ beta
    # Bad readings within the window must not make everything else look good.
    scale = 1.4826 * np.median(np.abs(residuals)) + ROUNDING * np.abs(carbon[window]).max()
    ahead = design[piece].mean(axis=0)
    leverage = ahead @ np.linalg.solve(design[window].T @ design[window], ahead)
    spread = scale * np.sqrt(leverage + np.pi / 2 / len(design[piece]))
    off = float(np.median(carbon[piece] - design[piece] @ beta))
    return bool(abs(off) <= special.stdtrit(len(residuals) - 3, 1 - DOUBT / 2) * spread)
