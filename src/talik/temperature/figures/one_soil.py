"""One soil under all definitions of Q10, and its Q10 along the incubation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.survey.figures import INK
from talik.temperature.figures.soils import draw_intervals, q10_axis, q10_limits, with_near_ends
from talik.temperature.one_soil import along_incubation, one_soil

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FAMILY_COLOURS = {
    "rate-ratio": "#D55E00", "rate-fit": "#D55E00", "exponential-fit": "#D55E00", "arrhenius": "#D55E00",
    "equal-time": "#009E73", "equal-carbon": "#0072B2", "pool": "#8a4f7d",
}  # fmt: skip
"""Colours of the definitions: those of rates share one."""

INCHES_PER_ROW = 0.56
"""Height of a definition with its sentences. [inch]"""

_NAME, _EQUAL, _ASSUMED, _POINT = 0.14, 0.36, 0.56, 0.80
_LANE = (0.69, 0.91)


ALONG_HEIGHT = 1.8
"""Height of the panels along the incubation. [inch]"""

ONE_SOIL_WIDTH = 4.2
"""Width of the figure of one soil, on which its sentences fit. [inch]"""


def one_soil_height(rows: pd.DataFrame) -> float:
    """Height of the figure that `plot_one_soil` needs. [inch]"""
    return 0.6 + INCHES_PER_ROW * max(len(rows), 1)


def plot_one_soil(rows: pd.DataFrame, ax: Axes) -> Axes:
    """The Q10 of one soil by every definition with its 95 % interval, and under each what it holds equal and assumes.

    At the right stand the value, the temperatures and the days. A pool that the data do not identify has its interval
    drawn without a point.

    Parameters
    ----------
    rows : DataFrame
        As from `one_soil`.
    ax : Axes
        Axes to draw on, as high as `one_soil_height` says.

    Returns
    -------
    Axes
    """
    defined = rows[rows["q10"].notna()]
    limits = q10_limits(with_near_ends(defined))
    q10_axis(ax.xaxis, limits)
    ticks = [tick for tick in ax.xaxis.get_majorticklocs() if tick != 1]
    for i, row in enumerate(rows.itertuples()):
        ax.vlines(ticks, i + _LANE[0], i + _LANE[1], color="#e4e4e4", linewidth=0.6, zorder=0)
        ax.vlines(1, i + _LANE[0], i + _LANE[1], color="#999999", linewidth=0.8, zorder=1)
        _definition(ax, row, float(i), limits)
    ax.set_ylim(len(rows) + 0.05, -0.1)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Q10 with 95 % interval [-], logarithmic")
    return ax


def _definition(ax: Axes, row, top: float, limits: tuple[float, float]) -> None:
    """One definition: its name and numbers, its sentence, its point and interval."""
    colour = FAMILY_COLOURS.get(row.definition, INK)
    _text(ax, 0.0, top + _NAME, row.label, "left", color=colour, weight="bold", fontsize=7.6)
    _text(ax, 1.0, top + _NAME, numbers_of(row), "right", color=colour, fontsize=7.6)
    _text(ax, 0.0, top + _EQUAL, f"Equal: {row.equal}.", "left", color=INK, fontsize=7)
    _text(ax, 0.0, top + _ASSUMED, f"Assumed: {row.assumed}.", "left", color=INK, fontsize=7)
    height = np.array([top + _POINT])
    identified = np.isfinite(row.q10)
    draw_intervals(ax, [row.lower], [row.upper], height, colour, limits, faint=not identified)
    if identified:
        beyond = not limits[0] <= row.q10 <= limits[1]
        marker = ("<" if row.q10 < limits[0] else ">") if beyond else "o"
        ax.plot([np.clip(row.q10, *limits)], height, marker, color=colour, markersize=4.2, markeredgecolor="white",
                markeredgewidth=0.5, clip_on=False, zorder=4)  # fmt: skip


def numbers_of(row) -> str:
    """Value, temperatures and days of an estimate, in one line.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> numbers_of(SimpleNamespace(q10=2.3, lower=2.1, t_low=5.0, t_high=15.0, time_start=0.0, time_end=112.0, flag=""))
    '2.30 · 5 to 15 °C · day 0 to 112'
    """
    value = f"{row.q10:.2f}" if np.isfinite(row.q10) else "not identified" if "identified" in row.flag else "none"
    value += ", no interval" if np.isfinite(row.q10) and not np.isfinite(row.lower) else ""
    days = [f"{day:.3g}" for day in (row.time_start, row.time_end) if np.isfinite(day)]
    window = f" · day {' to '.join(dict.fromkeys(days))}" if days else ""
    return f"{value} · {row.t_low:g} to {row.t_high:g} °C{window}"


def _text(ax: Axes, x: float, y: float, words: str, side: str, **style) -> None:
    """Text at a place across the axes, which takes no room from them."""
    text = ax.text(x, y, words, transform=ax.get_yaxis_transform(), ha=side, va="center", parse_math=False,
                   zorder=5, **style)  # fmt: skip
    text.set_in_layout(False)


def plot_q10_along(
    rows: pd.DataFrame, ax: Axes, *, trend: pd.DataFrame | None = None, limits: tuple[float, float] | None = None
) -> Axes:
    """Q10 of one soil in successive parts of its incubation, by time or by carbon.

    A level stroke spans the days, or the share of the carbon, that a part rests on; the standing stroke is its 95 %
    interval. The dashed line is the trend.

    Parameters
    ----------
    rows : DataFrame
        As from `along_incubation`.
    ax : Axes
        Axes to draw on.
    trend : DataFrame, optional
        Rows of the table ``drift``; that of this set and definition is drawn where it is by carbon, and told.
    limits : (float, float), optional
        Ends of the Q10 axis, so that panels can share them.

    Returns
    -------
    Axes
    """
    defined = rows[rows["q10"].notna()]
    by_carbon = bool(rows["quota_start"].notna().any())
    start, end = ("quota_start", "quota_end") if by_carbon else ("time_start", "time_end")
    colour = FAMILY_COLOURS["equal-carbon" if by_carbon else "rate-fit"]
    limits = limits or q10_limits(with_near_ends(defined))
    q10_axis(ax.yaxis, limits)
    ax.axhline(1, color="#999999", linewidth=0.8, zorder=1)
    middle = 0.5 * (defined[start] + defined[end])
    ax.hlines(defined["q10"].clip(*limits), defined[start], defined[end], color=colour, linewidth=1.0, zorder=3)
    ax.vlines(middle, defined["lower"].clip(*limits), defined["upper"].clip(*limits), color=colour, linewidth=1.0,
              zorder=2)  # fmt: skip
    ax.plot(middle, defined["q10"].clip(*limits), "o", color=colour, markersize=3.6, markeredgecolor="white",
            markeredgewidth=0.4, zorder=4)  # fmt: skip
    _trend(ax, rows, trend, by_carbon, limits)
    ax.set_xlabel("Carbon respired [share]" if by_carbon else "Time [d]")
    ax.set_ylabel("Q10 [-]")
    if by_carbon:
        ax.set_xlim(-0.02, 1.02)
    return ax


def _trend(ax: Axes, rows: pd.DataFrame, trend: pd.DataFrame | None, by_carbon: bool, limits) -> None:
    """The line of a trend and what it says."""
    title = "Same carbon" if by_carbon else "Same time"
    if trend is not None and len(rows):
        first = rows.iloc[0]
        keys = ("set", "basis", "gas", "definition", "t_low", "t_high", "temperatures")
        mine = trend[np.logical_and.reduce([trend[key] == first[key] for key in keys]) & trend["slope"].notna()]
        if len(mine):
            line = mine.iloc[0]
            title += f": {'no trend' if line['trend'] == 'none seen' else line['trend']}"
            if by_carbon:
                ends = np.clip([line["q10_start"], line["q10_end"]], *limits)
                ax.plot([line["quota_start"], 1], ends, "--", color=INK, linewidth=0.9)
    ax.set_title(title, loc="left", fontsize=7.5)


def lay_out_one_soil(q10: pd.DataFrame, drift: pd.DataFrame, name: str, figure: Figure) -> Figure:
    """One soil under all definitions, and below it its Q10 along the incubation at the same time and the same carbon.

    Parameters
    ----------
    q10, drift : DataFrame
        The tables of these names.
    name : str
        Name of the set.
    figure : Figure
        An empty figure with a constrained layout; its size is set.

    Returns
    -------
    Figure

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from talik.tables import empty, typed
    >>> rows = {"set": "peat", "definition": ["equal-time", "equal-carbon"], "t_low": 5, "t_high": 15,
    ...         "temperatures": 2, "window": "whole", "q10": [1.8, 2.3]}
    >>> figure = lay_out_one_soil(typed("q10", pd.DataFrame(rows)), empty("drift"), "peat", Figure())
    >>> len(figure.axes)
    1
    """
    rows = one_soil(q10, name)
    parts = [part for one in ("rate", "equal-carbon") if len(part := along_incubation(q10, name, one))]
    height, below = one_soil_height(rows), ALONG_HEIGHT if parts else 0.0
    figure.set_size_inches(ONE_SOIL_WIDTH, height + below)
    ratios = [height, below] if parts else [height]
    grid = figure.add_gridspec(len(ratios), max(len(parts), 1), height_ratios=ratios)
    plot_one_soil(rows, figure.add_subplot(grid[0, :]))
    limits = q10_limits(with_near_ends(pd.concat(parts))) if parts else None
    for i, part in enumerate(parts):
        plot_q10_along(part, figure.add_subplot(grid[1, i]), trend=drift, limits=limits)
    return figure
