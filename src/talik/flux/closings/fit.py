"""The rate of one closing: which readings, which model, and why."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from talik.errors import SettingsError, listed
from talik.flux.closings.blocks import independent
from talik.flux.closings.curved import CURVATURE_LIMIT, best_curve, curve, hmr, rise
from talik.flux.closings.readings import Readings, readings_of
from talik.flux.closings.robust import robust, robust_line
from talik.flux.closings.straight import Rate, linear
from talik.flux.closings.window import usable_window
from talik.inference.criteria import aicc

Model = Literal["auto", "linear", "robust", "hmr"]
MODELS = ("auto", "linear", "robust", "hmr")
"""Models that can be asked for."""

ENOUGH_FOR_CURVATURE = 6
"""Readings from which on AICc can compare a curve with a straight line."""
BENDS = (0.125, 0.25, 0.5, 1.0)
"""Curvatures, as parts of their limit, at which bad readings are looked for. [-]"""
ROUGHLY = 1e-3
"""Change of the residuals at which a search for bad readings ends. [-]"""
FAR = 5.0
"""Robust scales off the curve beyond which a reading is set aside. [-]"""


@dataclass(frozen=True)
class ClosingFit:
    """The rate of one closing of a jar, and how it was found."""

    model: str
    """``difference``, ``linear``, ``robust`` or ``hmr``."""
    rate: float
    """Carbon per day at the moment of closing. [µg C d⁻¹]"""
    sd: float
    """Its standard error, half the interval over the quantile of `df`; NaN where nothing says it. [µg C d⁻¹]"""
    lower: float
    """Lower end of the 95 % interval. [µg C d⁻¹]"""
    upper: float
    """Upper end of the 95 % interval. [µg C d⁻¹]"""
    df: float
    """Degrees of freedom of the error; infinite where the error of the readings is known."""
    curvature: float
    """Decline of the rate while the jar is closed, kappa; NaN for a straight line. [d⁻¹]"""
    aicc: float
    """Akaike's criterion of the model, corrected; NaN where it is not defined. [-]"""
    start: float
    """Start of the window, since closing. [d]"""
    end: float
    """End of the window, since closing. [d]"""
    n: int
    """Readings given."""
    used: int
    """Readings used: those with a number, in the window, and not set aside."""
    reason: str
    """Why this model and this window, in words."""
    at_closing: float
    """Carbon in the jar at the moment of closing, by the model. [µg C]"""

    def predict(self, time) -> NDArray:
        """Carbon in the jar by the model.

        Parameters
        ----------
        time : array_like, shape (n,)
            Time since closing. [d]

        Returns
        -------
        ndarray, shape (n,)
            [µg C]
        """
        return curve(time, self.rate, self.at_closing, self.curvature)


def fit_closing(
    time,
    carbon,
    *,
    sd=None,
    model: Model = "auto",
    window: Literal["found", "whole"] | tuple[float, float] = "found",
    curvature_limit: float = CURVATURE_LIMIT,
) -> ClosingFit:
    r"""Rate at the moment of closing, from the readings of one closing of a jar.

    A straight line (``linear``), Huber's line that bad readings do not bend (``robust``), or a rate that
    declines while gas accumulates (``hmr``),

    .. math:: m(t) = m_0 + f_0 t, \qquad m(t) = m_0 + f_0 \frac{1 - e^{-\kappa t}}{\kappa}

    whose derivative at closing is :math:`f_0` in either case. ``auto`` chooses, for two readings, their
    difference; for fewer than 6, the line, since they cannot tell a curve; else the model with the lower AICc,
    the curvature being restricted as in `hmr`. Readings that lie more than 5 robust scales off the rise that the
    others follow are set aside first, and where the line is then chosen it is Huber's, through all of them. The
    interval of ``auto`` is that of the profile over all curvatures up to the limit, whichever model gives the rate:
    it covers also where the choice is wrong. Whoever knows that the rise is straight asks for ``linear`` and has
    an interval a third as long. Readings whose errors go together, as of an analyser that reads every second, are
    averaged until they do not (`independent`).

    Parameters
    ----------
    time : array_like, shape (n,)
        Time since closing, in any order; times may repeat. [d]
    carbon : array_like, shape (n,)
        Carbon in the jar, dissolved and drawn carbon included; NaN is left out and counted. [µg C]
    sd : array_like, shape (n,) or float, optional
        Error of each reading, by the analyser. It weights the readings; how it enters the interval: `noise`.
        Used only if all readings have one. [µg C]
    model : {"auto", "linear", "robust", "hmr"}
        The model; two readings give their difference in any case.
    window : {"found", "whole"} or (float, float)
        Readings used: those that `usable_window` finds, all, or those between two times since closing. [d]
    curvature_limit : float, default 4
        Most curvature, times the length of the closing. [-]

    Returns
    -------
    ClosingFit

    Raises
    ------
    TableError
        If the arrays do not match, or no two readings differ in time.
    SettingsError
        If the model or the window is none.

    References
    ----------
    Pedersen, Petersen and Schelde (2010), Eur. J. Soil Sci. 61, 888-902 (HMR); Hüppi et al. (2018), PLoS ONE 13,
    e0200876 (restricted curvature); Burnham and Anderson (2002), Model Selection and Multimodel Inference (AICc).

    Examples
    --------
    20 g of soil in a jar of 250 mL, read at 420, 1388, 2310, 3309 and 4270 ppm within two days; at 15 °C,
    1000 ppm are 127 µg C:

    >>> carbon = 0.127 * np.array([420, 1388, 2310, 3309, 4270])
    >>> found = fit_closing([0, 0.5, 1.0, 1.5, 2.0], carbon)
    >>> found.model, round(found.rate, 1), round(found.rate / 20, 2)
    ('linear', 244.4, 12.22)
    >>> found.reason
    'a straight line: 5 readings cannot tell a curve; all readings'
    """
    _check(model, window, curvature_limit)
    readings, given = readings_of(time, carbon, sd)
    inside, where = _window(readings, window)
    blocks = independent(inside, curvature_limit)
    found, name, fitted, why = _chosen(blocks, model, curvature_limit)
    used = round(fitted * inside.n / blocks.n)
    if blocks.n < inside.n:
        where += f", in {blocks.n} means of neighbours, whose errors go together"
    parameters = 3 if name == "hmr" else 2
    criterion = aicc(max(found.sum_of_squares, readings.rounding), fitted, parameters).value if fitted > 2 else np.nan
    return ClosingFit(
        name, found.rate, found.sd, found.lower, found.upper, found.df, found.curvature, criterion,
        float(inside.time[0]), float(inside.time[-1]), given, used, f"{why}; {where}", found.at_closing,
    )  # fmt: skip


def _check(model: str, window, curvature_limit: float) -> None:
    if model not in MODELS:
        raise SettingsError(f"no model {model!r} of a closing; models are {listed(MODELS)}")
    if isinstance(window, str) and window not in ("found", "whole"):
        raise SettingsError(f"no window {window!r}; give 'found', 'whole' or two times since closing in days")
    if not curvature_limit > 0:
        raise SettingsError(f"the limit of curvature is {curvature_limit}; it must be above zero")


def _window(readings: Readings, window) -> tuple[Readings, str]:
    """Readings in the window, and in words which they are."""
    if window == "whole":
        return readings, "all readings"
    start, end = usable_window(readings.time, readings.carbon) if window == "found" else window
    inside = (readings.time >= start) & (readings.time <= end)
    if inside.all():
        return readings, "all readings"
    if np.unique(readings.time[inside]).size < 2:
        raise SettingsError(
            f"fewer than 2 times of the closing lie from {start:g} to {end:g} d after it "
            f"(readings from {readings.time[0]:g} to {readings.time[-1]:g} d); choose a longer window"
        )
    ruled = "the first or last readings follow another course" if window == "found" else "as was asked for"
    return readings.at(inside), f"{inside.sum()} readings from {start:.4g} to {end:.4g} d, {ruled}"


Chosen = tuple[Rate, str, int, str]


def _chosen(readings: Readings, model: Model, limit: float) -> Chosen:
    """The rate, the name of its model, the readings used, and why."""
    if readings.n == 2:
        return linear(readings), "difference", 2, "the difference of two readings"
    if model == "auto":
        return _automatic(readings, limit)
    if model == "robust" and readings.n >= 4:
        return robust(readings), "robust", readings.n, "a robust line, as was asked for"
    if model == "hmr" and readings.times >= 3:
        found, at_limit = hmr(readings, limit)
        held = ", its curvature held at the limit" if at_limit else ""
        held = held or (", without curvature: the rise does not slow down" if found.curvature == 0 else "")
        return found, "hmr", readings.n, f"HMR, as was asked for{held}"
    few = "" if model == "linear" else f" since {readings.n} readings at {readings.times} times are too few for {model}"
    return linear(readings), "linear", readings.n, f"a straight line{few}" + ("" if few else ", as was asked for")


def _automatic(readings: Readings, limit: float) -> Chosen:
    if readings.n < ENOUGH_FOR_CURVATURE or readings.times < 4:
        at = "" if readings.times == readings.n else f" at {readings.times} times"
        why = f"a straight line: {readings.n} readings{at} cannot tell a curve"
        return linear(readings), "linear", readings.n, why
    good = ~far_off(readings, limit)
    kept = readings if good.all() or good.sum() < ENOUGH_FOR_CURVATURE else readings.at(good)
    curved, at_limit = hmr(kept, limit)
    straight = linear(kept)
    by_line, by_curve = (_criterion(each, kept, p) for each, p in ((straight, 2), (curved, 3)))
    bad = readings.n - kept.n
    aside = f"; {bad} of {readings.n} readings lie far off" if bad else ""
    told = f"AICc {by_line:.1f} of the line, {by_curve:.1f} of HMR"
    if by_curve < by_line:
        held = ", curvature at its limit" if at_limit else ""
        return curved, "hmr", kept.n, f"HMR: {told}{held}{aside}{' and are set aside' if bad else ''}"
    straight = robust(readings) if bad else straight
    name = "robust" if bad else "linear"
    return _with_interval_of(straight, curved), name, readings.n, f"a {_WORDS[name]}: {told}{aside}"


_WORDS = {"linear": "straight line", "robust": "robust line"}


def _criterion(found: Rate, readings: Readings, parameters: int) -> float:
    return aicc(max(found.sum_of_squares, readings.rounding), readings.n, parameters).value


def _with_interval_of(straight: Rate, curved: Rate) -> Rate:
    """A straight line's rate with the interval over all curvatures."""
    lower, upper = min(curved.lower, straight.rate), max(curved.upper, straight.rate)
    sd = curved.sd * (upper - lower) / (curved.upper - curved.lower) if curved.upper > curved.lower else straight.sd
    return Rate(straight.rate, sd, lower, upper, curved.df, straight.at_closing, straight.sum_of_squares)


def far_off(readings: Readings, limit: float = CURVATURE_LIMIT) -> NDArray:
    """Which readings lie far off the rise that the others follow, shape (n,).

    The rise is that with the curvature, none included, that leaves the smallest robust scale; those set aside no
    longer count, and the others are judged again, until none is far off.
    """
    far = np.zeros(readings.n, bool)
    while (~far).sum() >= ENOUGH_FOR_CURVATURE:
        kept = readings.at(~far)
        bent = best_curve(kept, limit / readings.length).curvature
        places = {0.0, bent, *(np.array(BENDS) * limit / readings.length)}
        fits = [robust_line(rise(kept.time, place), kept, ROUGHLY) for place in places]
        best = min(fits, key=lambda fit: fit.scale)
        off = np.abs(best.residuals) > FAR * max(best.scale, np.sqrt(kept.rounding))
        if not off.any():
            break
        far[~far] = off
    return far
