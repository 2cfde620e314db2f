"""The usable part of a closing."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FEWEST = 30
"""Readings below which all are used: fewer cannot tell a dead band from scatter."""
PIECE = 20
"""Pieces of a closing, one of which is added at a time."""
DOUBT = 1e-4
"""Probability below which a piece is said to follow another course. [-]"""


def usable_window(time, carbon) -> tuple[float, float]:
    """First and last time of the part of a closing that follows one smooth course.

    Gas that is still mixing after closing (dead band), and a jar that is opened before its record ends, follow
    another course than the middle. The window begins as the middle half of the readings and grows at both
    ends, a twentieth of the readings at a time, as long as the median of the next piece lies where a parabola through
    the window foretells it: within the error of the foretelling, at a probability of 1e-4. Closings of fewer than 30
    readings are used whole.

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
    """Whether a piece lies where a parabola through the window foretells it."""
    middle, width = time[window].mean(), np.ptp(time[window])
    if width == 0:
        return True
    design, ahead = (np.vander((time[part] - middle) / width, 3) for part in (window, piece))
    beta, _, rank, _ = np.linalg.lstsq(design, carbon[window])
    if rank < 3:
        return True
    residuals = carbon[window] - design @ beta
    # Bad readings within the window must not make everything else look good.
    scale = 1.4826 * np.median(np.abs(residuals)) + 1e-12 * np.abs(carbon[window]).max()
    foretold = ahead.mean(axis=0)
    leverage = foretold @ np.linalg.solve(design.T @ design, foretold)
    spread = scale * np.sqrt(leverage + np.pi / 2 / len(ahead))
    off = float(np.median(carbon[piece] - ahead @ beta))
    return bool(abs(off) <= stats.t.isf(DOUBT / 2, len(residuals) - 3) * spread)
