"""A fitted soil and the profile of a parameter, drawn."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from talik.errors import UnknownNameError
from talik.pools.batch import Series, pack
from talik.pools.fit import allowed_rise, fit_series
from talik.pools.layout import Layout
from talik.pools.models import PoolModel
from talik.pools.record import PoolFit
from talik.pools.search import optima
from talik.pools.walks import Allowed, Quantity, begin_walks, refit_at

CURVE, THRESHOLD, OPEN = "#0072b2", "#d55e00", "#8c8c8c"
"""Colours that colour-blind eyes tell apart (Okabe and Ito 2008)."""


@dataclass(frozen=True)
class ProfileCurve:
    """How the misfit of a soil rises as one parameter is held away from its best value."""

    parameter: str
    """Which parameter."""
    value: NDArray
    """Values at which it was held, shape (m,). [unit of the parameter]"""
    rise: NDArray
    """Rise of the sum of squares over its least, as a part of that which the interval allows, shape (m,). [-]"""
    fit: PoolFit
    """The fit, with the interval."""


def profile_curve(
    series: Series, parameter: str, values: ArrayLike, *, model: str | PoolModel = "two-pool"
) -> ProfileCurve:
    """The profile of a decay rate, a shape or a Q10 at given values, all else fitted anew at each.

    Parameters
    ----------
    series : Series
        The rates of a soil.
    parameter : str
        Name of the parameter, as ``q10_slow``.
    values : array_like, shape (m,)
        Where it is held, inside the search box. [unit of the parameter]
    model : str or PoolModel
        The pools.

    Returns
    -------
    ProfileCurve

    Raises
    ------
    UnknownNameError
        For a parameter that the model does not have, or an amount, which is not held.

    Examples
    --------
    >>> time = np.array([1.0, 5, 10, 20, 40, 70, 100])
    >>> rate = np.array([2.05, 1.71, 1.52, 1.08, 0.61, 0.24, 0.11])
    >>> soil = Series(time, time, np.full(7, 5.0), rate, np.ones(7))
    >>> profile_curve(soil, "k", [0.02, 0.03], model="one-pool").rise.round(0)
    array([21.,  0.])
    """
    (fit,) = fit_series([series], model=model)
    layout = Layout(fit.model, fit.c0 is not None, fit.temperatures.size > 1)
    held = fit.parameters[layout.free_amounts :]
    if parameter not in held:
        raise UnknownNameError(
            f"{parameter!r} is not held by the {fit.model.name} model; it has {', '.join(held)}", held
        )
    target = np.log(np.asarray(values, float))
    batch, place = pack([series], layout), held.index(parameter)
    found = optima(batch, 8).all
    best = found.take(np.array([found.misfit.argmin()]))
    least = np.array([fit.residual_sum_of_squares])
    quantity = Quantity(place=place)
    rise = allowed_rise(batch, [series], best, [quantity], confidence=0.95)
    misfit = np.full(target.size, np.inf)
    # From every optimum that was found, since beyond a ridge another may be the nearest.
    for start in range(found.misfit.size):
        begun = best if not np.isfinite(found.misfit[start]) else found.take(np.array([start]))
        walks = begin_walks(batch, begun, Allowed(least, rise), [quantity])
        misfit = np.minimum(misfit, refit_at(batch, walks.take(np.zeros(target.size, int)), target))
    return ProfileCurve(parameter, np.exp(target), np.maximum(misfit - least, 0.0) / rise[0], fit)


def plot_profile(curve: ProfileCurve, ax: Axes) -> Axes:
    """How far a parameter may go: the rise of the misfit along it, and what its interval allows.

    Parameters
    ----------
    curve : ProfileCurve
        As from `profile_curve`.
    ax : Axes
        Axes to draw on.

    Returns
    -------
    Axes
    """
    place = curve.fit.parameters.index(curve.parameter)
    lower, upper = curve.fit.lower[place], curve.fit.upper[place]
    ax.axvspan(lower, upper, color=CURVE, alpha=0.1, linewidth=0)
    ax.plot(curve.value, curve.rise, color=CURVE)
    ax.axhline(1.0, color=THRESHOLD, linewidth=0.9)
    ax.set(xscale="log", ylim=(0, 4), xlabel=curve.parameter, ylabel="rise of the misfit,\npart of what is allowed")
    verdict = "identified" if curve.fit.identified[place] else f"not identified: {curve.fit.reason[place]}"
    ax.set_title(verdict, loc="left", color=CURVE if curve.fit.identified[place] else OPEN, fontsize="small", wrap=True)
    return ax
