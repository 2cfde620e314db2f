"""The permafrost layer over the active layer: of cores, and by every measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.survey.figures import INK, shortened
from talik.temperature.compare_layers import ALL_CORES, RELEASE
from talik.temperature.figures.soils import (
    COMPARED,
    DEFINITION_COLOURS,
    draw_intervals,
    draw_points,
    fixed_ticks,
    legend_of_definitions,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIMITS = (0.125, 8.0)
"""Ends of the axis of a ratio; what lies beyond is an arrow."""


def plot_layers(layers: pd.DataFrame, ax: Axes) -> Axes:
    """Q10 of the permafrost layer over that of the active layer, a row a core.

    Parameters
    ----------
    layers : DataFrame
        The table ``layers``.
    ax : Axes
        Axes to draw on.

    Returns
    -------
    Axes
    """
    cores = list(dict.fromkeys(layers.loc[layers["measure"].isin([f"Q10, {name}" for name in COMPARED]), "core"]))
    for lane, definition in enumerate(COMPARED):
        rows = layers[layers["measure"] == f"Q10, {definition}"]
        heights = (rows["core"].map(cores.index) + 0.24 * (lane - 1)).to_numpy(float)
        _lane(ax, rows, heights, DEFINITION_COLOURS[definition])
    _ratio_axis(ax, [shortened(core, 30) for core in cores])
    ax.set_xlabel("Q10 of the permafrost layer over that of the active layer [-]")
    legend_of_definitions(ax)
    return ax


def plot_layers_by_measure(layers: pd.DataFrame, ax: Axes) -> Axes:
    """The permafrost layer over the active layer by every definition of Q10 and by release, over all cores.

    Where there is one core only, it is that core. At the right stands the number of cores.

    Parameters
    ----------
    layers : DataFrame
        The table ``layers``.
    ax : Axes
        Axes to draw on.

    Returns
    -------
    Axes
    """
    over_all = layers[layers["core"] == ALL_CORES]
    alone = ~layers["measure"].isin(over_all["measure"]) & (layers["core"] != ALL_CORES)
    rows = pd.concat([over_all, layers[alone]])
    rows = rows[rows["ratio"].notna()].reset_index(drop=True)
    for i, row in rows.iterrows():
        colour = DEFINITION_COLOURS.get(str(row["measure"]).removeprefix("Q10, "), INK)
        _lane(ax, rows.loc[[i]], np.array([float(i)]), colour)
        ax.text(1.02, float(i), f"{row['n']:.0f}", transform=ax.get_yaxis_transform(), va="center", fontsize=7)
    names = [
        f"{row.measure}, {row.t_low:g} °C" if row.measure == RELEASE and np.isfinite(row.t_low) else row.measure
        for row in rows.itertuples()
    ]
    _ratio_axis(ax, names)
    ax.text(1.02, -0.8, "cores", transform=ax.get_yaxis_transform(), va="center", fontsize=7)
    ax.set_xlabel("Permafrost layer over active layer [-]")
    return ax


def _lane(ax: Axes, rows: pd.DataFrame, heights: np.ndarray, colour: str) -> None:
    draw_intervals(ax, rows["lower"], rows["upper"], heights, colour, LIMITS)
    draw_points(ax, rows["ratio"].to_numpy(float), heights, colour, LIMITS, size=22)


def _ratio_axis(ax: Axes, names: list[str]) -> None:
    """A logarithmic axis of ratios, with a name for each row."""
    ax.axvline(1, color="#777777", linewidth=1.0, zorder=1)
    ax.set(xscale="log", xlim=LIMITS, ylim=(len(names) - 0.5, -0.5))
    ax.xaxis.set_major_locator(fixed_ticks([0.125, 0.25, 0.5, 1, 2, 4, 8]))
    ax.xaxis.set_minor_locator(fixed_ticks([]))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_yticks(range(len(names)), names, parse_math=False)
