"""One closing of a jar: its readings, the curve through them and the smallest rate that would show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from talik.flux.figures.ink import DONE, FIT, LEFT_OUT, LIMIT, READING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLOCKS = ((2 / 24, "min", 1440.0), (3.0, "h", 24.0), (np.inf, "d", 1.0))
"""Unit of time by the length of a closing: up to two hours in minutes, up to three days in hours. [d]"""


class Fit(Protocol):
    """What a fit of a closing must tell to be drawn."""

    model: str
    """Name of the model."""
    rate: float
    """Carbon per day at the moment of closing. [µg C d⁻¹]"""
    lower: float
    """Lower end of its interval."""
    upper: float
    """Upper end of its interval."""
    start: float
    """Start of the window, since closing. [d]"""
    end: float
    """End of the window, since closing. [d]"""
    at_closing: float
    """Carbon at the moment of closing. [µg C]"""

    def predict(self, time) -> np.ndarray:
        """Carbon in the jar at times since closing. [µg C]"""
        ...


def plot_closing(
    readings: pd.DataFrame,
    ax: Axes,
    *,
    fit: Fit | None = None,
    carbon_per_ppm: float = np.nan,
    detection_limit: float = np.nan,
) -> Axes:
    """Readings of one closing, the fitted curve, the window that it used, and the detection limit.

    Parameters
    ----------
    readings : DataFrame
        Rows of the table ``readings`` of one closing, in any order.
    ax : Axes
        Axes to draw on.
    fit : ClosingFit, optional
        The rate of this closing.
    carbon_per_ppm : float, optional
        Carbon in the jar for each ppm of its gas, by which the fit is drawn over the readings. [µg C ppm⁻¹]
    detection_limit : float, optional
        Smallest rate that can be told from zero, drawn as a line from the moment of closing. [µg C d⁻¹]

    Returns
    -------
    Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> rows = pd.DataFrame({"jar": "7", "time": [3.0, 3.5, 4.0], "event": "read", "mole_fraction": [420, 900, 1400]})
    >>> plot_closing(rows, Figure().subplots()).get_xlabel()
    'Time since closing [h]'
    """
    rows = readings.sort_values("time", kind="stable")
    read = rows[rows["event"] == "read"].dropna(subset=["mole_fraction"])
    begin = float(rows["time"].min()) if len(rows) else 0.0
    since = (read["time"] - begin).to_numpy(float)
    length = float(since.max()) if since.size else 1.0
    _, unit, per_day = next(clock for clock in CLOCKS if length <= clock[0])
    used = (since >= fit.start - 1e-9) & (since <= fit.end + 1e-9) if fit else np.ones(since.shape, bool)
    sd = read["sd"].to_numpy(float) if "sd" in read else np.full(since.shape, np.nan)
    for mask, colour, label in ((used, READING, "read"), (~used, LEFT_OUT, "outside the window")):
        if mask.any():
            ax.errorbar(
                since[mask] * per_day, read["mole_fraction"].to_numpy(float)[mask],
                yerr=1.96 * np.nan_to_num(sd[mask]), fmt="o" if colour == READING else "x",
                color=colour, markersize=4, elinewidth=0.8, label=label,
            )  # fmt: skip
    _draw_events(rows[rows["event"].isin(DONE)], begin, per_day, ax)
    if fit and carbon_per_ppm > 0:
        _draw_fit(fit, length, per_day, carbon_per_ppm, detection_limit, ax)
    ax.set_xlabel(f"Time since closing [{unit}]")
    ax.set_ylabel(f"{_gas(read)} in dry air [ppm]")
    ax.set_title(_title(rows), loc="left", parse_math=False)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize="small", loc="best")
    return ax


def _draw_events(rows: pd.DataFrame, begin: float, per_day: float, ax: Axes) -> None:
    """What was done meanwhile, as lines named once."""
    for name, done in rows.groupby("event", sort=False):
        for i, time in enumerate(done["time"]):
            ax.axvline((time - begin) * per_day, color=DONE[str(name)], linewidth=1.2, linestyle=":",
                       label=str(name) if i == 0 else None, zorder=0)  # fmt: skip
        # Gas that was put in is where the rise begins.
        filled = done.dropna(subset=["mole_fraction"])
        if name in ("flush", "replace") and len(filled):
            ax.plot((filled["time"] - begin) * per_day, filled["mole_fraction"], "s", color=DONE[str(name)],
                    markerfacecolor="white", markersize=5, label=f"gas of the {name}")  # fmt: skip


def _draw_fit(fit: Fit, length: float, per_day: float, carbon_per_ppm: float, limit: float, ax: Axes) -> None:
    time = np.linspace(0.0, length, 200)
    inside = (time >= fit.start) & (time <= fit.end)
    curve = np.asarray(fit.predict(time)) / carbon_per_ppm
    ax.axvspan(fit.start * per_day, fit.end * per_day, color=FIT, alpha=0.07, linewidth=0, label="window of the fit")
    ax.plot(time * per_day, curve, color=FIT, linewidth=0.9, linestyle="--", zorder=1)
    label = f"{fit.model}: {fit.rate:.3g} ({fit.lower:.3g} to {fit.upper:.3g}) µg C d⁻¹"
    ax.plot(time[inside] * per_day, curve[inside], color=FIT, linewidth=1.6, label=label, zorder=2)
    if limit > 0:
        least = (fit.at_closing + limit * time) / carbon_per_ppm
        label = f"detection limit: {limit:.3g} µg C d⁻¹"
        ax.plot(time * per_day, least, color=LIMIT, linewidth=1.1, linestyle="-.", label=label, zorder=1)


def _gas(rows: pd.DataFrame) -> str:
    names = set(rows["gas"]) if "gas" in rows else set()
    return "CH₄" if names == {"ch4"} else "CO₂"


def _title(rows: pd.DataFrame) -> str:
    if not len(rows):
        return "no readings"
    named = rows.loc[rows["closing"] != "", "closing"] if "closing" in rows else rows["jar"].iloc[:0]
    closing = named.iloc[0] if len(named) else ""
    return (
        f"jar {rows['jar'].iloc[0]}, " + (f"closing {closing}, " if closing else "") + f"day {rows['time'].min():.4g}"
    )
