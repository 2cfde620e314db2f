"""What was believed before against what is known after, and measured rates against what the model makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from talik.errors import UnknownNameError, listed
from talik.flux.figures import temperature_colours
from talik.pools.hierarchical.fit import HierarchicalFit
from talik.pools.hierarchical.table import Parameter, parameters_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PRIOR = "#8c8c8c"
"""Grey: what was believed before."""
POSTERIOR = "#0072b2"
"""Blue: what is known after."""
SHOWN = (0.0005, 0.9995)
"""Part of the prior that a panel shows."""
POINTS = 400
"""Points of a curve of density."""


def plot_prior_and_posterior(fit: HierarchicalFit, parameter: str, ax: Axes, set: str = "") -> Axes:
    """Density of one parameter before and after the data.

    Parameters
    ----------
    fit : HierarchicalFit
        The fit.
    parameter : str
        Name as in its table, as ``mean_q10_slow`` or ``k_fast``.
    ax : Axes
        Where to draw.
    set : str, default ""
        The set whose parameter it is; the parameters of all soils together have none.

    Returns
    -------
    Axes

    Raises
    ------
    UnknownNameError
        For a parameter that is not in the table.
    """
    told = {(one.set, one.name): one for one in parameters_of(fit.draws, fit.prior, fit.soils, fit.coordinates)}
    if (set, parameter) not in told:
        known = [name for of, name in told if of == set]
        raise UnknownNameError(f"{parameter!r} of set {set!r} is not in the fit; known are {listed(known, 40)}.")
    one = told[(set, parameter)]
    positive = one.scale(np.array([0.5])) != 0.5  # fitted as a logarithm or a logit
    before, after = (np.log(v) if positive else v for v in (one.prior.ravel(), one.posterior.ravel()))
    low, high = np.quantile(before, SHOWN)
    at = np.linspace(min(low, after.min()), max(high, after.max()), POINTS)
    shown = np.exp(at) if positive else at
    for draws, colour, label in ((before, PRIOR, "prior"), (after, POSTERIOR, "posterior")):
        density = gaussian_kde(draws)(at)
        ax.fill_between(shown, density / density.max(), color=colour, alpha=0.35, linewidth=0)
        ax.plot(shown, density / density.max(), color=colour, linewidth=1.2, label=label)
    if positive:
        _log_scale(ax, shown)
    narrowed = one.row(0.95)["contraction"]
    of_set = f"{set}: " if set else ""
    ax.set_title(f"{of_set}{parameter}, contraction {narrowed:.2f}", fontsize="medium")
    ax.set_yticks([])
    ax.set_ylim(0, 1.08)
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.set_xlabel(_unit(parameter))
    return ax


def _log_scale(ax: Axes, shown: NDArray) -> None:
    """A logarithmic axis with plain numbers, of which few enough are written."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.set_xscale("log")
    decades = np.log10(shown[-1] / shown[0])
    subs = (1.0,) if decades > 2.5 else (1.0, 3.0) if decades > 1.2 else (1.0, 2.0, 5.0)
    ax.xaxis.set_major_locator(LogLocator(subs=subs, numticks=12))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(shown[0], shown[-1])


def _unit(parameter: str) -> str:
    """What the axis of a parameter says."""
    word = parameter.removeprefix("mean_")
    if parameter.startswith(("spread", "study", "site")):
        return "standard deviation between soils [ln or logit]" if parameter.startswith("spread") else "[ln or logit]"
    if word.startswith("k"):
        return "decay rate [d⁻¹]"
    if word.startswith("coefficient"):
        return "change of ln Q₁₀ for one standard deviation"
    return {"q10": "Q₁₀ [-]", "degrees": "degrees of freedom [-]"}.get(word.split("_")[0], "[-]")


def plot_contraction(fit: HierarchicalFit, ax: Axes, set: str = "") -> Axes:
    """Every parameter of a set, or of all soils together, in standard deviations of its prior.

    Parameters
    ----------
    fit : HierarchicalFit
        The fit.
    ax : Axes
        Where to draw.
    set : str, default ""
        The set; the parameters of all soils together have none.

    Returns
    -------
    Axes
    """
    every = parameters_of(fit.draws, fit.prior, fit.soils, fit.coordinates)
    told = [one for one in every if one.set == set]
    if not told:
        raise UnknownNameError(f"set {set!r} is not in the fit; it has {listed(list(fit.soils.names))}.")
    ax.axvspan(-1.96, 1.96, color=PRIOR, alpha=0.2, linewidth=0, label="prior, 95 %")
    for row, one in enumerate(told):
        lower, middle, upper = _in_priors(one)
        ax.plot([lower, upper], [row, row], color=POSTERIOR, linewidth=3, solid_capstyle="butt",
                label="posterior, 95 %" if row == 0 else None)  # fmt: skip
        ax.plot(middle, row, "o", color=POSTERIOR, markersize=5)
        ax.annotate(f"{one.row(0.95)['contraction']:.2f}", (1.01, row), xycoords=("axes fraction", "data"), va="center",
                    fontsize="small", annotation_clip=False)  # fmt: skip
    ax.set_yticks(range(len(told)), [one.name for one in told])
    ax.set_ylim(len(told) - 0.4, -0.6)
    ax.set_xlabel("standard deviations of the prior, from its mean")
    ax.set_title("contraction", loc="right", fontsize="small")
    ax.spines[["right", "top"]].set_visible(False)
    return ax


def _in_priors(one: Parameter) -> NDArray:
    """Ends and middle of the posterior in standard deviations of the prior."""
    before = one.scale(one.prior)
    return (one.scale(np.quantile(one.posterior, [0.025, 0.5, 0.975])) - before.mean()) / before.std()


def plot_predictive(fit: HierarchicalFit, set: str, ax: Axes, seed: int = 0) -> Axes:
    """Measured rates of a set, the model's curve, and where new readings would lie.

    Parameters
    ----------
    fit : HierarchicalFit
        The fit.
    set : str
        The set.
    ax : Axes
        Where to draw.
    seed : int, default 0
        Seed of the errors.

    Returns
    -------
    Axes
    """
    told = fit.predictive(seed)
    here = told[told["set"] == set]
    if here.empty:
        raise UnknownNameError(f"set {set!r} is not in the fit; it has {listed(list(fit.soils.names))}.")
    colours = temperature_colours(here["temperature"].unique())
    for temperature, rows in here.groupby("temperature"):
        colour = colours.to_rgba(temperature)
        for i, (_, jar) in enumerate(rows.groupby("jar")):
            jar = jar.sort_values("time_end")
            middle = (jar["time_start"] + jar["time_end"]) / 2
            ax.fill_between(middle, jar["lower"], jar["upper"], color=colour, alpha=0.2, linewidth=0)
            ax.plot(middle, jar["mean"], color=colour, linewidth=1.3, label=f"{temperature:g} °C" if i == 0 else None)
            ax.plot(middle, jar["rate"], "o", color=colour, markersize=3.5)
    ax.set_xlabel("time [d]")
    ax.set_ylabel("respiration [unit of its basis]")
    ax.legend(frameon=False, title=set)
    ax.spines[["right", "top"]].set_visible(False)
    return ax


def plot_checks(fit: HierarchicalFit, ax: Axes, seed: int = 0) -> Axes:
    """Posterior predictive checks of every set: where measured data lie among those that the model makes.

    Parameters
    ----------
    fit : HierarchicalFit
        The fit.
    ax : Axes
        Where to draw.
    seed : int, default 0
        Seed of the errors.

    Returns
    -------
    Axes
    """
    checks = fit.checks(seed)
    words = list(dict.fromkeys(checks["statistic"]))
    random = np.random.default_rng(seed)
    for row, word in enumerate(words):
        p = checks.loc[checks["statistic"] == word, "p"].to_numpy()
        at = row + random.uniform(-0.25, 0.25, p.size)
        odd = p < 0.01
        ax.plot(p[~odd], at[~odd], "o", color=POSTERIOR, markersize=4, alpha=0.7)
        ax.plot(p[odd], at[odd], "D", color="#d55e00", markersize=5)
    ax.axvline(0.01, color=PRIOR, linewidth=1, linestyle="--")
    ax.set_xscale("log")
    ax.set_xlim(8e-4, 1.3)
    ax.set_xticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
    ax.set_yticks(range(len(words)), words)
    ax.set_ylim(len(words) - 0.5, -0.5)
    ax.set_xlabel("share of made data sets as far out (a point a set)")
    ax.spines[["right", "top"]].set_visible(False)
    return ax
