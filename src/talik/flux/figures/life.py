"""A jar's life: what was done to it, what it respired, and what it released."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from talik.flux.figures.ink import DONE, FIT, READING
from talik.flux.figures.released import printed_unit, tick
from talik.quantities import QUANTITIES
from talik.tables import RELEASE_OF

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_jar(readings: pd.DataFrame, respiration: pd.DataFrame, release: pd.DataFrame, ax: Axes) -> Axes:
    """One jar's events, its respiration with interval, and under it its release with interval.

    The axes are divided: events in a strip at the top, respiration in the middle, release at the bottom.

    Parameters
    ----------
    readings, respiration, release : DataFrame
        Rows of these tables of one jar and one gas; any may be empty.
    ax : Axes
        Axes to draw on; panels for events and release are cut from it.

    Returns
    -------
    Axes
        That of respiration.
    """
    from mpl_toolkits.axes_grid1 import make_axes_locatable

    parts = make_axes_locatable(ax)
    rate, amount = _columns(respiration, release)
    strip = parts.append_axes("top", size=f"{max(6, 10 * _kinds(readings))}%", pad=0.05, sharex=ax)
    lowest = ax
    if len(release):
        lowest = parts.append_axes("bottom", size="75%", pad=0.12, sharex=ax)
        ax.tick_params(labelbottom=False)
        _draw_release(release, amount, lowest)
        _name(lowest, f"Release [{printed_unit(QUANTITIES[amount].unit)}]", 0.015, "left")
    _draw_events(readings, strip)
    _draw_rates(respiration, rate, ax)
    _name(ax, f"Respiration [{printed_unit(QUANTITIES[rate].unit)}]", 0.985, "right")
    lowest.set_xlabel("Time since the start [d]")
    names = [str(table["jar"].iloc[0]) for table in (respiration, readings, release) if len(table)]
    strip.set_title(f"jar {names[0]}{_held(respiration)}" if names else "no jar", loc="left", parse_math=False)
    return ax


def _name(ax: Axes, name: str, place: float, side: Literal["left", "right"]) -> None:
    """Name the values inside the panel, where its curve is not: rates fall and a release rises."""
    ax.text(place, 0.93, name, transform=ax.transAxes, ha=side, va="top")
    ax.yaxis.set_major_formatter(lambda value, _: tick(value))


def _kinds(readings: pd.DataFrame) -> int:
    return readings["event"].nunique() if len(readings) else 0


def _columns(respiration: pd.DataFrame, release: pd.DataFrame) -> tuple[str, str]:
    """The first basis that is there."""
    for amount in dict.fromkeys(RELEASE_OF.values()):
        rate = amount.replace("release", "respiration")
        if any(name in table and table[name].notna().any() for name, table in ((rate, respiration), (amount, release))):
            return rate, amount
    return "respiration", "release"


def _held(respiration: pd.DataFrame) -> str:
    known = respiration["temperature"].dropna().unique() if len(respiration) else []
    return ", " + " to ".join(f"{value:g}" for value in known) + " °C" if len(known) else ""


def _draw_events(readings: pd.DataFrame, ax: Axes) -> None:
    kinds = [name for name in ("read", *DONE, "blank") if len(readings) and (readings["event"] == name).any()]
    for place, name in enumerate(kinds):
        times = readings.loc[readings["event"] == name, "time"].to_numpy(float)
        ax.plot(times, np.full(times.size, place), "|", color=DONE.get(name, READING), markersize=5)
    ax.set_yticks(range(len(kinds)), kinds, fontsize="x-small")
    ax.set_ylim(len(kinds) - 0.4, -0.6)
    ax.tick_params(labelbottom=False, bottom=False, left=False)
    for side in ("top", "right", "bottom", "left"):
        ax.spines[side].set_visible(False)


def _bars(table: pd.DataFrame, middle: np.ndarray) -> np.ndarray:
    """Lengths of the interval below and above each value, zero where unknown."""
    missing = pd.Series(np.nan, index=table.index)
    ends = [table.get(name, missing).to_numpy(float) for name in ("lower", "upper")]
    sd = table.get("sd", missing).to_numpy(float) / np.sqrt(np.fmax(table.get("n", missing).fillna(1.0), 1.0))
    low, high = (
        np.where(np.isfinite(end), end, middle + 1.96 * sign * sd) for end, sign in zip(ends, (-1, 1), strict=True)
    )
    return np.nan_to_num(np.clip(np.vstack([middle - low, high - middle]), 0, None))


def _draw_rates(respiration: pd.DataFrame, column: str, ax: Axes) -> None:
    rows = respiration.dropna(subset=[column]).sort_values("time", kind="stable")
    value = rows[column].to_numpy(float)
    if value.size:
        start, end = (rows[name].fillna(rows["time"]).to_numpy(float) for name in ("time_start", "time_end"))
        ax.hlines(value, start, end, color=FIT, linewidth=1.2)
        ax.errorbar(rows["time"], value, yerr=_bars(rows, value), fmt="o", color=FIT, markersize=3, elinewidth=0.8)
    ax.axhline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
    ax.set_xlim(left=0)


def _draw_release(release: pd.DataFrame, column: str, ax: Axes) -> None:
    rows = release.dropna(subset=[column]).sort_values("time", kind="stable")
    value = rows[column].to_numpy(float)
    if value.size:
        below, above = _bars(rows, value)
        ax.fill_between(rows["time"], value - below, value + above, color=FIT, alpha=0.18, linewidth=0)
        ax.plot(rows["time"], value, color=FIT, linewidth=1.2, marker="o", markersize=2.5)
        filled = (rows["filled"] != "").to_numpy() if "filled" in rows else np.zeros(value.size, bool)
        if filled.any():
            ax.plot(rows["time"][filled], value[filled], "o", color=FIT, markerfacecolor="white", markersize=4.5,
                    label="after an interval that was filled")  # fmt: skip
            ax.legend(frameon=False, fontsize="small", loc="lower right")
    ax.set_ylim(bottom=min(0.0, float(value.min()) if value.size else 0.0))
