"""Drivers drawn: correlations, partitioning, importance, paths, the verdict and what speaks against it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.survey.figures import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUP_COLOURS: Mapping[str, str] = {
    "mineral": "#D55E00", "microbial": "#009E73", "substrate": "#E69F00", "environment": "#0072B2",
}  # fmt: skip
"""Colours of the usual groups (Okabe and Ito 2008)."""

OTHER_COLOURS = ("#CC79A7", "#56B4E9", "#7A5C99", "#8C8C3D")
"""Colours of other groups, in turn."""

UP, DOWN, NONE = "#B2182B", "#2166AC", "#9AA1A6"
"""Colours of what raises, lowers, and is not told from nothing."""

LAYER_MARKS: Mapping[str, tuple[str, str]] = {
    "organic": ("#7A5C3A", "^"), "active": ("#E69F00", "s"), "permafrost": ("#56B4E9", "o"),
}  # fmt: skip
"""Colour and marker of each layer."""

SURE = 0.05
"""p at most this is drawn full. [-]"""


def colours_of(groups: Sequence[str]) -> dict[str, str]:
    """A colour for each group.

    Parameters
    ----------
    groups : sequence of str
        Groups.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> colours_of(["mineral", "climate"])
    {'mineral': '#D55E00', 'climate': '#CC79A7'}
    """
    named = list(dict.fromkeys(groups))
    others = [name for name in named if name not in GROUP_COLOURS]
    return {name: GROUP_COLOURS.get(name) or OTHER_COLOURS[others.index(name) % len(OTHER_COLOURS)] for name in named}


def response_in_words(response: str) -> str:
    """Name of a response as a figure says it.

    Parameters
    ----------
    response : str
        Its column.

    Returns
    -------
    str

    Examples
    --------
    >>> response_in_words("ln_q10"), response_in_words("ln specific_release")
    ('ln Q10', 'ln specific release')
    """
    return "ln Q10" if response in ("ln_q10", "logq10") else response.replace("_", " ")


def plot_correlations(correlations: pd.DataFrame, ax: Axes, *, note: str = "") -> Axes:
    """Correlation of every predictor with the response, with its 95 % interval, groups in colour.

    A full mark is a discovery at 5 % after Benjamini and Hochberg, an open one is not.

    Parameters
    ----------
    correlations : DataFrame
        The table ``drivers_correlation``, of one method.
    ax : Axes
        Axes to draw on.
    note : str, optional
        Small print, as that data are synthetic.

    Returns
    -------
    Axes
    """
    rows = correlations.reset_index(drop=True)
    colours = colours_of(rows["group"])
    heights = _heights(rows["group"])
    for y, row in zip(heights, rows.itertuples(), strict=True):
        _interval(ax, row.estimate, row.lower, row.upper, y, colours[row.group], row.p_adjusted <= SURE)
    _rows_axis(ax, heights, list(rows["predictor"]))
    _name_groups(ax, rows["group"], heights, colours)
    ax.axvline(0, color=NONE, linewidth=0.8, zorder=1)
    ax.set(xlim=(-1, 1), xlabel=f"correlation with {response_in_words(rows['response'].iloc[0])}")
    return _noted(ax, note)


def plot_partial(partial: pd.DataFrame, ax: Axes, *, note: str = "") -> Axes:
    """Zero-order correlation beside partial ones, a row a predictor, a column what is held.

    Red raises and blue lowers the response; a number in bold is a discovery at 5 % after Benjamini and Hochberg. A
    number that pales along its row was shared with what is held.

    Parameters
    ----------
    partial : DataFrame
        The table ``drivers_partial``, of one method.
    ax : Axes
        Axes to draw on.
    note : str, optional
        Small print.

    Returns
    -------
    Axes
    """
    predictors = list(dict.fromkeys(partial["predictor"]))
    held = list(dict.fromkeys(partial["controlled"]))
    values = np.full((len(predictors), 1 + len(held)), np.nan)
    sure = np.zeros_like(values, bool)
    for row in partial.itertuples():
        i, j = predictors.index(row.predictor), 1 + held.index(row.controlled)
        values[i, 0], values[i, j], sure[i, j] = row.zero_order, row.estimate, row.p_adjusted <= SURE
    ax.imshow(np.ma.masked_invalid(values), cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = "white" if abs(value) > 0.65 else INK
            ax.text(j, i, f"{round(value, 2) + 0.0:+.2f}", ha="center", va="center", color=ink, fontsize=8,
                    fontweight="bold" if sure[i, j] else "normal")  # fmt: skip
        else:
            ax.text(j, i, "·", ha="center", va="center", color=NONE)
    names = ["nothing held", *[f"{name}\nheld" for name in held]]
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(predictors)), predictors)
    ax.axvline(0.5, color="white", linewidth=4)
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    return _noted(ax, note)


def plot_variation(variation: pd.DataFrame, ax: Axes, *, note: str = "") -> Axes:
    """Fractions of the variation: of each group alone, shared, and unexplained, with 95 % intervals.

    Parameters
    ----------
    variation : DataFrame
        The table ``drivers_variation``.
    ax : Axes
        Axes to draw on.
    note : str, optional
        Small print.

    Returns
    -------
    Axes
    """
    rows = variation.reset_index(drop=True)
    colours = colours_of(list(rows.loc[rows["kind"] == "unique", "fraction"]))
    heights = np.arange(len(rows), dtype=float) + 0.7 * np.cumsum((rows["kind"] != rows["kind"].shift()).to_numpy())
    for y, row in zip(heights, rows.itertuples(), strict=True):
        colour = colours.get(row.fraction, INK if row.kind == "total" else NONE)
        ax.barh(y, row.estimate, height=0.7, color=colour, alpha=1.0 if row.kind != "shared" else 0.7)
        ax.plot([row.lower, row.upper], [y, y], color=INK, linewidth=1)
        star = f"  p {row.p:.2g}" if np.isfinite(row.p) else ""
        at = np.nanmax([row.estimate, row.upper, 0.0])
        _beside(ax, at, y, f"{round(row.estimate, 2) + 0.0:.2f}{star}")
    _rows_axis(ax, heights, [textwrap.fill(name, 34) for name in rows["fraction"]])
    ax.axvline(0, color=INK, linewidth=0.8)
    high = float(np.nanmax(rows[["estimate", "upper"]].to_numpy()))
    low = float(np.nanmin(rows[["estimate", "lower"]].to_numpy()))
    ax.set(xlim=(min(low * 1.1, 0.0), high * 1.25), xlabel="part of the variance (adjusted R²)")
    return _noted(ax, note)


def plot_importance(importance: pd.DataFrame, ax: Axes, *, note: str = "") -> Axes:
    """Share of each predictor, subgroup or group by one method, with its 95 % interval and p, where it has them.

    Parameters
    ----------
    importance : DataFrame
        The table ``drivers_importance``, of one method and level.
    ax : Axes
        Axes to draw on.
    note : str, optional
        Small print.

    Returns
    -------
    Axes
    """
    level = importance["level"].iloc[0]
    rows = importance.sort_values("estimate", ascending=False).reset_index(drop=True)
    colours = colours_of(list(importance["group"]))
    for y, row in rows.iterrows():
        ax.barh(y, row["estimate"], height=0.7, color=colours[row["group"]])
        ax.plot([row["lower"], row["upper"]], [y, y], color=INK, linewidth=1)
        if np.isfinite(row["p"]):
            _beside(ax, np.nanmax([row["estimate"], row["upper"], 0.0]), float(y), f"p {row['p']:.2g}")
    _rows_axis(ax, np.arange(len(rows), dtype=float), list(rows[level]))
    ax.axvline(0, color=INK, linewidth=0.8)
    if rows["p"].notna().any():
        ax.set_xlim(right=float(rows[["estimate", "upper"]].max().max()) * 1.25)
    method = str(rows["method"].iloc[0])
    shuffled = "rise of the error when shuffled [variance of the response]"
    ax.set_xlabel(shuffled if method == "forest" else f"part of the variance ({method.upper()})")
    handles = [_patch(colour, name) for name, colour in colours.items()]
    ax.legend(handles=handles, frameon=False, fontsize=8, loc="lower right")
    return _noted(ax, note)


def _beside(ax: Axes, x: float, y: float, words: str) -> None:
    """Words at the right of the end of a bar."""
    ax.annotate(words, (x, y), xytext=(4, 0), textcoords="offset points", va="center", ha="left", fontsize=8, color=INK)


def _patch(colour: str, name: str):
    from matplotlib.patches import Patch

    return Patch(color=colour, label=name)


def plot_transect(samples: pd.DataFrame, ax: Axes, *, response: str, error: str = "", note: str = "") -> Axes:
    """The response along the transect, with its 95 % intervals, layers in colour.

    Parameters
    ----------
    samples : DataFrame
        A row a sample, with ``distance`` [km] and, where it is known, ``layer``.
    ax : Axes
        Axes to draw on.
    response, error : str
        Columns of the response and its standard error.
    note : str, optional
        Small print.

    Returns
    -------
    Axes
    """
    layers = samples["layer"] if "layer" in samples else pd.Series("", index=samples.index)
    shift = float(np.ptp(samples["distance"])) / 400
    for k, (layer, rows) in enumerate(samples.groupby(layers, sort=False)):
        colour, marker = LAYER_MARKS.get(str(layer), (INK, "o"))
        half = 1.96 * rows[error].to_numpy(float) if error else None
        # Layers of one site stand beside one another, so that both are seen.
        ax.errorbar(rows["distance"] + (2 * k - 1) * shift * (layers.nunique() > 1), rows[response], yerr=half,
                    fmt=marker, color=colour, ecolor=colour, elinewidth=1, markersize=5, markeredgecolor=INK,
                    markeredgewidth=0.6, label=str(layer) or None)  # fmt: skip
    ax.set(xlabel="distance along the transect [km]", ylabel=response_in_words(response))
    ax.spines[["top", "right"]].set_visible(False)
    if layers.nunique() > 1:
        ax.legend(frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    return _noted(ax, note)


def plot_verdict(verdict: pd.DataFrame, ax: Axes, *, note: str = "") -> Axes:
    """Effect of each subgroup by the primary analysis, with its 95 % interval and what was found.

    Parameters
    ----------
    verdict : DataFrame
        The table ``drivers_verdict``.
    ax : Axes
        Axes to draw on.
    note : str, optional
        Small print.

    Returns
    -------
    Axes
    """
    rows = verdict.reset_index(drop=True)
    heights = _heights(rows["group"])
    for y, row in zip(heights, rows.itertuples(), strict=True):
        found = row.finding in ("raises", "lowers")
        colour = (UP if row.estimate > 0 else DOWN) if found else NONE
        _interval(ax, row.estimate, row.lower, row.upper, y, colour, found)
        words = row.finding if row.finding != "not separated" else f"not separated from {row.beside.split('/')[-1]}"
        ax.annotate(words, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=colour)
    _rows_axis(ax, heights, list(rows["subgroup"]))
    ax.axvline(0, color=NONE, linewidth=0.8, zorder=1)
    ax.set_xlabel(f"effect on {response_in_words(rows['response'].iloc[0])} per standard deviation")
    return _noted(ax, note)


def plot_robustness(robustness: pd.DataFrame, ax: Axes, *, note: str = "") -> Axes:
    """Effects of the subgroups by every analysis: the primary one black, those that say otherwise in red.

    Parameters
    ----------
    robustness : DataFrame
        The table ``drivers_robustness``.
    ax : Axes
        Axes to draw on.
    note : str, optional
        Small print.

    Returns
    -------
    Axes
    """
    methods = list(dict.fromkeys(robustness["method"]))
    subgroups = list(dict.fromkeys(robustness["subgroup"]))
    lane = 0.75 / len(methods)
    for row in robustness.itertuples():
        y = subgroups.index(row.subgroup) + lane * (methods.index(row.method) - (len(methods) - 1) / 2)
        colour = INK if row.method == "primary" else NONE if row.agrees == "yes" else UP
        _interval(ax, row.estimate, row.lower, row.upper, y, colour, row.lower > 0 or row.upper < 0, size=4)
        if row.agrees != "yes":
            ax.annotate(f"{row.method}: {row.agrees}", (1.02, y), xycoords=("axes fraction", "data"), va="center",
                        fontsize=7, color=UP)  # fmt: skip
    for y in range(1, len(subgroups)):
        ax.axhline(y - 0.5, color="#E3E6E8", linewidth=0.8, zorder=0)
    _rows_axis(ax, np.arange(len(subgroups), dtype=float), subgroups)
    ax.axvline(0, color=NONE, linewidth=0.8, zorder=1)
    ax.set(xlabel="effect per standard deviation", ylim=(len(subgroups) - 0.5, -0.5))
    words = textwrap.fill(f"In each lane, from top: {', '.join(methods)}.", 78)
    ax.annotate(words, (0, 1.01), xycoords="axes fraction", va="bottom", fontsize=7.5, color=INK)
    return _noted(ax, note)


def _heights(groups: pd.Series) -> np.ndarray:
    """Heights of rows, those of one group together."""
    return np.arange(len(groups)) + 0.6 * (np.cumsum(groups.to_numpy() != groups.shift().to_numpy()) - 1.0)


def _interval(ax: Axes, estimate, lower, upper, y, colour: str, full, size: float = 6) -> None:
    ax.plot([lower, upper], [y, y], color=colour, linewidth=1.4, solid_capstyle="butt", zorder=2)
    face = colour if full else "white"
    ax.plot(estimate, y, "o", markersize=size, color=colour, markerfacecolor=face, markeredgewidth=1.3, zorder=3)


def _rows_axis(ax: Axes, heights: np.ndarray, names: list[str]) -> None:
    ax.set_yticks(heights, names)
    ax.set_ylim(heights[-1] + 0.7, heights[0] - 0.7)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _name_groups(ax: Axes, groups: pd.Series, heights: np.ndarray, colours: Mapping[str, str]) -> None:
    """Names of the groups at the right of their rows."""
    for group in dict.fromkeys(groups):
        y = heights[(groups == group).to_numpy()].mean()
        ax.annotate(group, (1.02, y), xycoords=("axes fraction", "data"), va="center", color=colours[group],
                    fontsize=9, fontweight="bold")  # fmt: skip


def _noted(ax: Axes, note: str) -> Axes:
    """Small print below the axes."""
    if note:
        ax.annotate(note, (1.0, 0.0), xycoords="axes fraction", xytext=(0, -34), textcoords="offset points", ha="right",
                    va="top", fontsize=7.5, style="italic", color="#8a1f11")  # fmt: skip
    return ax
