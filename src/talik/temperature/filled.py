"""What part of the carbon that a Q10 rests on was filled in, as before the first reading, rather than read."""

from collections.abc import Sequence

import numpy as np

from talik.temperature.between_jars import released_by
from talik.temperature.curves import Curve

CONSIDERABLE = 0.2
"""Share of the carbon from which a Q10 says that it was filled in."""


def share_filled(curve: Curve, start: float, end: float) -> float:
    """Share of the carbon released between two days that was filled in, the mean of the jars.

    Parameters
    ----------
    curve : Curve
        The curve.
    start, end : float
        The days. [d]

    Returns
    -------
    float
        Between 0 and 1; 0 where nothing was released.
    """
    spans = np.clip(curve.filled, start, end)
    released = float(released_by(curve, end) - released_by(curve, start))
    if not (spans.size and released > 0):
        return 0.0
    within = float(np.sum(released_by(curve, spans[:, 1]) - released_by(curve, spans[:, 0])))
    return float(np.clip(within / max(len(curve.jar_released), 1) / released, 0.0, 1.0))


def filled_in_words(curves: Sequence[Curve], starts, ends) -> str:
    """That a fifth or more of the carbon of some temperatures was not read, and how much; empty where it was.

    Parameters
    ----------
    curves : sequence of Curve
        The curves.
    starts, ends : array_like, shape (curves,)
        The days that each is taken from and to. [d]

    Returns
    -------
    str
    """
    shares = [share_filled(*one) for one in zip(curves, starts, ends, strict=True)]
    told = [
        f"{100 * share:.0f} % at {curve.temperature:g} degC"
        for curve, share in zip(curves, shares, strict=True)
        if share >= CONSIDERABLE
    ]
    if not told:
        return ""
    named = " and ".join(filter(None, [", ".join(told[:-1]), told[-1]]))
    return f"of the carbon, {named} was not read but filled in"
