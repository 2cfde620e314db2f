"""The log of cabinets beside the temperatures they were meant to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.flux.figures.ink import LIMIT
from talik.flux.figures.released import temperature_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOO_FAR = 2.0
"""Distance from the nominal temperature beyond which a reading is marked. [°C]"""


def plot_cabinet_log(log: pd.DataFrame, jars: pd.DataFrame, ax: Axes, *, too_far: float = TOO_FAR) -> Axes:
    """Temperatures that cabinets had, and a line where their jars say they should have been.

    Gaps are left open. Readings farther from nominal than `too_far` are marked.

    Parameters
    ----------
    log, jars : DataFrame
        The tables ``cabinets`` and ``jars``.
    ax : Axes
        Axes to draw on.
    too_far : float, default 2
        Distance from nominal beyond which readings are marked. [°C]

    Returns
    -------
    Axes
    """
    colours = temperature_colours(log["temperature"])
    for cabinet, rows in log.sort_values("time", kind="stable").groupby("cabinet", sort=False):
        time, temperature = (rows[name].to_numpy(float) for name in ("time", "temperature"))
        colour = colours.to_rgba(np.nanmedian(temperature))
        ax.plot(*_open_gaps(time, temperature), color=colour, linewidth=0.8, label=f"cabinet {cabinet}")
        nominal = jars.loc[jars["cabinet"] == cabinet, "temperature"].dropna().unique()
        for value in nominal:
            ax.axhline(value, color=colour, linewidth=0.8, linestyle="--", zorder=0)
        if len(nominal) == 1:
            far = np.abs(temperature - nominal[0]) > too_far
            ax.plot(time[far], temperature[far], ".", color=LIMIT, markersize=3,
                    label=_once(f"over {too_far:g} °C off", far.any(), ax))  # fmt: skip
    ax.set_xlabel("Time since the first jar's start [d]")
    ax.set_ylabel("Temperature [°C]")
    ax.margins(x=0.01)
    if len(log):
        ax.plot([], [], color="#555555", linewidth=0.8, linestyle="--", label="nominal")
        ax.legend(frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    return ax


def _once(label: str, wanted: bool, ax: Axes) -> str | None:
    return label if wanted and label not in ax.get_legend_handles_labels()[1] else None


def _open_gaps(time, temperature):
    """Series with a missing value in every gap of more than five usual steps, so that no line crosses it."""
    step = np.diff(time)
    gaps = np.flatnonzero(step > 5 * np.median(step)) if step.size else step.astype(int)
    return np.insert(time, gaps + 1, time[gaps]), np.insert(temperature, gaps + 1, np.nan)
