"""Q10 of many soils: by definition, over temperature and place, and against one constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.survey.figures import INK, PERMAFROST_MARKS, shortened
from talik.temperature.q10 import pooled, widest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COMPARED = ("equal-carbon", "equal-time", "rate")
"""Definitions that are drawn side by side, as ``widest`` names them."""

DEFINITION_COLOURS = {"equal-carbon": "#0072B2", "equal-time": "#009E73", "rate": "#D55E00"}
"""Colours of the definitions (Okabe and Ito 2008)."""

NARROWEST, WIDEST = 0.25, 32.0
"""A Q10 axis reaches no further; what lies beyond is an arrow at its edge."""

Q10_TICKS = (0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Ticks of a Q10 axis."""

STRETCH = 1.6
"""An axis makes room for an interval up to this factor of its estimate."""

CROWD = 30
"""Estimates in one lane, above which their intervals are left away."""

LONGEST_ROW_NAME = 72
"""Letters of a row's name that fit above its lanes."""

HEADING, GAP = 1.0, 0.5
"""Height of a row's name above its lanes and room below them, in lanes."""


def by_definition(q10: pd.DataFrame) -> pd.DataFrame:
    """The widest estimate of every set by every definition that is compared.

    Parameters
    ----------
    q10 : DataFrame
        The table ``q10``.

    Returns
    -------
    DataFrame
        Rows of ``q10`` with a column `compared`: equal-carbon, equal-time or rate. Sets without a signal
        and undefined estimates are left away.
    """
    return pd.concat([pooled(widest(q10, name)).assign(compared=name) for name in COMPARED])


def q10_limits(q10) -> tuple[float, float]:
    """Ends of a Q10 axis that holds nearly all estimates; intervals may reach beyond.

    Examples
    --------
    >>> low, high = q10_limits([1.8, 2.2, 4.0])
    >>> bool(low < 1), bool(4 < high < 8)
    (True, True)
    """
    values = np.asarray(q10, float)
    values = values[np.isfinite(values)]
    low, high = np.quantile(values, [0.01, 0.99]) if values.size else (1.0, 4.0)
    return max(min(0.85, low / 1.3), NARROWEST), min(max(4.0, high * 1.4), WIDEST)


def q10_axis(axis, limits: tuple[float, float]) -> None:
    """Make an axis of Q10: logarithmic, with plain numbers."""
    ticks = [tick for tick in Q10_TICKS if limits[0] <= tick <= limits[1]]
    axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": limits})
    axis.set_major_locator(fixed_ticks(ticks))
    axis.set_minor_locator(fixed_ticks([]))
    axis.set_major_formatter(lambda value, _: f"{value:g}")


def fixed_ticks(ticks):
    """Ticks at these places."""
    from matplotlib.ticker import FixedLocator

    return FixedLocator(ticks)


def forest_rows(estimates: pd.DataFrame, by: str) -> int:
    """Rows of a forest plot, for the height of its figure."""
    return estimates[by].nunique()


def plot_q10_forest(estimates: pd.DataFrame, ax: Axes, *, by: str = "study") -> Axes:
    """Every Q10 with its 95 % interval, a row a study or a set, a lane a definition.

    The black stroke of a lane is its median, written at the right with the number of sets. What lies
    beyond the axis is an arrow at its edge. In lanes of more than 30 sets the intervals are left away.

    Parameters
    ----------
    estimates : DataFrame
        As from `by_definition`.
    ax : Axes
        Axes to draw on.
    by : {"study", "set"}
        Column that makes the rows.

    Returns
    -------
    Axes
    """
    limits = q10_limits(with_near_ends(estimates))
    q10_axis(ax.xaxis, limits)
    ax.axvline(1, color="#999999", linewidth=0.8, zorder=1)
    top = 0.0
    for name, rows in estimates.groupby(by, sort=False):
        _row_name(ax, str(name), top + 0.5, "bold" if by == "study" else "normal")
        for i, definition in enumerate(COMPARED):
            _lane(ax, rows[rows["compared"] == definition], top + HEADING + i + 0.5, limits)
        top += HEADING + len(COMPARED) + GAP
        ax.axhline(top - 0.5 * GAP, color="#dddddd", linewidth=0.6, zorder=0)
    ax.set_ylim(top - 0.5 * GAP, -0.2)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Q10 with 95 % interval [-], logarithmic")
    legend_of_definitions(ax)
    return ax


def with_near_ends(estimates: pd.DataFrame) -> pd.Series:
    """Estimates and the ends of their intervals, as far as an axis can be stretched to hold them."""
    ends = (
        estimates["upper"].clip(upper=STRETCH * estimates["q10"]),
        estimates["lower"].clip(lower=estimates["q10"] / STRETCH),
    )
    return pd.concat([estimates["q10"], *ends])


def _row_name(ax: Axes, name: str, height: float, weight: str) -> None:
    """The name of a row of a forest, over its lanes; it takes no room from the axes."""
    text = ax.text(
        0.0, height, shortened(name, LONGEST_ROW_NAME), transform=ax.get_yaxis_transform(), va="center", ha="left",
        color=INK, weight=weight, parse_math=False, zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3},
    )  # fmt: skip
    text.set_in_layout(False)


def _lane(ax: Axes, rows: pd.DataFrame, height: float, limits: tuple[float, float]) -> None:
    """Estimates of one definition in one row of a forest, spread over the height of its lane."""
    if rows.empty:
        ax.text(1.025, height, "–", transform=ax.get_yaxis_transform(), va="center", fontsize=7, color=INK)
        return
    rows = rows.sort_values("q10", kind="stable")
    colour = DEFINITION_COLOURS[rows["compared"].iloc[0]]
    n = len(rows)
    heights = height + (np.linspace(-0.36, 0.36, n) if n > 1 else np.zeros(1))
    if n <= CROWD:
        draw_intervals(ax, rows["lower"], rows["upper"], heights, colour, limits, faint=n > 3)
    draw_points(ax, rows["q10"].to_numpy(float), heights, colour, limits, size=16 if n <= 10 else 8)
    median = median_q10(rows["q10"])
    words = f"{median:.2f}"
    if n > 1:
        ax.plot([np.clip(median, *limits)] * 2, [height - 0.45, height + 0.45], color="black", linewidth=1.3, zorder=4)
        words += f" ({n})"
    ax.text(1.025, height, words, transform=ax.get_yaxis_transform(), va="center", fontsize=7, color=colour)


def draw_intervals(ax: Axes, lower, upper, heights, colour: str, limits: tuple[float, float], *, faint=False):
    """Draw lying intervals, cut at the ends of the axis with an arrow where they reach further.

    Parameters
    ----------
    ax : Axes
        Axes to draw on.
    lower, upper, heights : array_like, shape (n,)
        Ends of the intervals and where they lie; those without ends are not drawn.
    colour : str
        Colour.
    limits : (float, float)
        Ends of the axis.
    faint : bool
        Whether there are so many that they must not cover each other.
    """
    lower, upper, heights = (np.asarray(v, float) for v in (lower, upper, heights))
    known = np.isfinite(lower) & np.isfinite(upper) & (upper > limits[0]) & (lower < limits[1])
    lower, upper, heights = lower[known], upper[known], heights[known]
    width, alpha = (0.5, 0.6) if faint else (1.2, 0.9)
    ax.hlines(heights, np.maximum(lower, limits[0]), np.minimum(upper, limits[1]), color=colour,
              linewidth=width, alpha=alpha, zorder=2)  # fmt: skip
    for beyond, edge, marker in ((lower < limits[0], limits[0], "<"), (upper > limits[1], limits[1], ">")):
        if beyond.any():
            ax.plot(np.full(beyond.sum(), edge), heights[beyond], marker, color=colour, markersize=3.2,
                    clip_on=False, alpha=alpha, zorder=2)  # fmt: skip


def draw_points(ax: Axes, q10: np.ndarray, heights: np.ndarray, colour: str, limits, *, size: float) -> None:
    """Points of a lane; what lies beyond the axis is an arrow with a dark edge."""
    inside = (q10 >= limits[0]) & (q10 <= limits[1])
    ax.scatter(q10[inside], heights[inside], s=size, color=colour, edgecolor="white", linewidth=0.4, zorder=3)
    for beyond, edge, marker in ((q10 < limits[0], limits[0], "<"), (q10 > limits[1], limits[1], ">")):
        if beyond.any():
            ax.scatter(np.full(beyond.sum(), edge), heights[beyond], s=1.5 * size, marker=marker, color=colour,
                       edgecolor="black", linewidth=0.7, clip_on=False, zorder=4)  # fmt: skip


def median_q10(q10) -> float:
    """Median on ln Q10, which for an even count is the geometric mean of the middle two.

    Examples
    --------
    >>> round(median_q10([2.0, 4.5]), 6)
    3.0
    """
    return float(np.exp(np.median(np.log(np.asarray(q10, float)))))


def legend_of_definitions(ax: Axes) -> None:
    """A legend of the definitions over the axes."""
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], color=colour, marker="o", markersize=4, linewidth=1.2, label=name)
        for name, colour in DEFINITION_COLOURS.items()
    ]
    ax.legend(handles=marks, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, borderaxespad=0.2)


def neighbouring_pairs(q10: pd.DataFrame, *, definition: str = "rate-ratio") -> pd.DataFrame:
    """Q10 between neighbouring temperatures of every set that has three or more.

    Parameters
    ----------
    q10 : DataFrame
        The table ``q10``.
    definition : {"rate-ratio", "equal-time"}
        Definition of the Q10.

    Returns
    -------
    DataFrame
        One row a set and pair, over its longest window, with a column `middle`, the temperature between
        both. [°C]
    """
    rows = q10[(q10["definition"] == definition) & (q10["temperatures"] == 2)]
    rows = rows.assign(window=(rows["time_end"] - rows["time_start"]).fillna(0.0))
    rows = rows.sort_values("window", ascending=False, kind="stable")
    rows = rows.drop_duplicates(["set", "gas", "t_low", "t_high"]).sort_index()
    next_warmer = rows.groupby(["set", "gas", "t_low"])["t_high"].transform("min")
    rows = rows[rows["t_high"] == next_warmer]
    several = rows.groupby(["set", "gas"])["t_low"].transform("nunique") > 1
    kept = pooled(rows[several])
    return kept.assign(middle=0.5 * (kept["t_low"] + kept["t_high"])).drop(columns="window")


def plot_q10_against_temperature(pairs: pd.DataFrame, ax: Axes, *, limits: tuple[float, float]) -> Axes:
    """Q10 of neighbouring temperatures on the temperature between them, a line a soil.

    Parameters
    ----------
    pairs : DataFrame
        Rows of one study, as from `neighbouring_pairs`.
    ax : Axes
        Axes to draw on.
    limits : (float, float)
        Ends of the Q10 axis, so that panels can share them.

    Returns
    -------
    Axes
    """
    q10_axis(ax.yaxis, limits)
    ax.axhline(1, color="#999999", linewidth=0.8, zorder=1)
    for _, line in pairs.groupby(["set", "gas"], sort=False):
        line = line.sort_values("middle")
        ax.plot(line["middle"], line["q10"].clip(*limits), color="#0072B2", alpha=0.45, linewidth=0.9, marker="o",
                markersize=2.5, zorder=2)  # fmt: skip
    if pairs["set"].nunique() > 2:
        median = pairs.groupby("middle")["q10"].agg(median_q10)
        ax.plot(median.index, median.clip(*limits), color="black", linewidth=1.6, zorder=3, label="median")
        ax.legend(loc="upper right", frameon=False)
    for beyond, edge, marker in (
        (pairs["q10"] > limits[1], limits[1], "^"),
        (pairs["q10"] < limits[0], limits[0], "v"),
    ):
        if beyond.any():
            ax.plot(pairs.loc[beyond, "middle"], np.full(beyond.sum(), edge), marker, color="#D55E00", markersize=5,
                    clip_on=False, zorder=4)  # fmt: skip
    ax.set_xlabel("Middle of the two temperatures [°C]")
    ax.set_ylabel("Q10 of the pair [-]")
    return ax


def with_places(estimates: pd.DataFrame, samples: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Estimates with latitude, climate, permafrost and layer of their soils.

    Parameters
    ----------
    estimates : DataFrame
        Rows of the table ``q10``.
    samples, sites : DataFrame
        The tables of these names.

    Returns
    -------
    DataFrame
    """
    places = sites[["site", "latitude", "mean_annual_temperature", "permafrost"]]
    return estimates.merge(samples[["sample", "site", "layer"]], on="sample").merge(places, on="site")


def plot_q10_over_place(estimates: pd.DataFrame, ax: Axes, *, column: str) -> Axes:
    """Q10 of soils over latitude or mean annual temperature, marked by permafrost.

    Parameters
    ----------
    estimates : DataFrame
        As from `with_places`; rows without the place are left away.
    ax : Axes
        Axes to draw on.
    column : {"latitude", "mean_annual_temperature"}
        What they are drawn over. Southern latitudes are drawn as distance from the equator, too.

    Returns
    -------
    Axes
    """
    known = estimates.dropna(subset=[column])
    limits = q10_limits(known["q10"])
    q10_axis(ax.yaxis, limits)
    ax.axhline(1, color="#999999", linewidth=0.8, zorder=1)
    for state, (words, colour, marker) in PERMAFROST_MARKS.items():
        rows = known[known["permafrost"] == state]
        if len(rows):
            place = rows[column].abs() if column == "latitude" else rows[column]
            ax.scatter(place, rows["q10"].clip(*limits), s=20, color=colour, marker=marker, edgecolor=INK,
                       linewidth=0.6, alpha=0.9, label=words, zorder=3)  # fmt: skip
    ax.set_xlabel("Latitude north or south [°]" if column == "latitude" else "Mean annual air temperature [°C]")
    ax.set_ylabel("Q10 [-]")
    return ax


def constant_in_words(constant: str) -> str:
    """The name of a constant Q10, one that is a number as an equation.

    Examples
    --------
    >>> constant_in_words("1.5"), constant_in_words("median of Q10")
    ('Q10 = 1.5', 'median of Q10')
    """
    return f"Q10 = {constant}" if constant[:1].isdigit() else constant


def plot_flux_sensitivity(sensitivity: pd.DataFrame, ax: Axes) -> Axes:
    """Flux sensitivity with each soil's own Q10 over that with one constant, for each way to choose it.

    Parameters
    ----------
    sensitivity : DataFrame
        The table ``sensitivity``.
    ax : Axes
        Axes to draw on.

    Returns
    -------
    Axes
    """
    constants = list(dict.fromkeys(sensitivity["constant"]))
    low = float(np.nanmin(sensitivity[["ratio", "lower"]])) / 1.1
    high = float(np.nanmax(sensitivity[["ratio", "upper"]])) * 1.1
    limits = (max(min(low, 0.8), 0.1), min(max(high, 1.25), 10.0))
    ax.axvline(1, color="#777777", linewidth=1.0, zorder=1)
    for definition, rows in sensitivity.groupby("definition", sort=False):
        lane = COMPARED.index(definition) if definition in COMPARED else 1
        heights = rows["constant"].map(constants.index) + 0.24 * (lane - 1)
        colour = DEFINITION_COLOURS.get(definition, INK)
        draw_intervals(ax, rows["lower"], rows["upper"], heights, colour, limits)
        draw_points(ax, rows["ratio"].to_numpy(float), heights.to_numpy(float), colour, limits, size=22)
    ax.set(xscale="log", xlim=limits, ylim=(len(constants) - 0.5, -0.5))
    ax.xaxis.set_major_locator(fixed_ticks([0.1, 0.2, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 10]))
    ax.xaxis.set_minor_locator(fixed_ticks([]))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_yticks(range(len(constants)), [constant_in_words(c) for c in constants])
    ax.set_xlabel("Flux sensitivity, each soil's Q10 over one constant [-]")
    legend_of_definitions(ax)
    return ax
