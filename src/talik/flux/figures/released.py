"""Carbon released over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.quantities import QUANTITIES
from talik.tables import RELEASE_OF

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

WARMEST_SHADE = 0.82
"""How far up the colour scale the warmest temperature lies; its last yellows are lost on white."""

SHADES = 48
"""Steps of the colour scale; few enough that matplotlib draws them and does not embed a picture."""

CROWD = 45
"""Jars in one panel, above which the readings are not marked."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def printed_unit(unit: str) -> str:
    """A unit as papers print it.

    Examples
    --------
    >>> printed_unit("ug C g-1 soil d-1")
    'µg C g⁻¹ soil d⁻¹'
    """
    words = []
    for word in unit.split():
        letters = word.rstrip("-0123456789")
        power = word[len(letters) :]
        micro = letters.startswith("u") and letters in ("ug", "um", "umol")
        name = "µ" + letters[1:] if micro else {"degC": "°C", "degree": "°"}.get(letters, letters)
        words.append(name + power.translate(_SUPERSCRIPTS))
    return " ".join(words)


def release_panels(release: pd.DataFrame, jars: pd.DataFrame) -> list[tuple[str, str]]:
    """The panels that show all curves: study and basis, in the order of the jars.

    Curves that were left out, or are of another quantity, have no panel.

    Parameters
    ----------
    release, jars : DataFrame
        The tables of these names.

    Returns
    -------
    list of (study, basis)
    """
    shown = _shown(release, jars)
    return list(shown[["study", "basis"]].drop_duplicates().itertuples(index=False, name=None))


def _shown(release: pd.DataFrame, jars: pd.DataFrame) -> pd.DataFrame:
    """Rows of release that can be drawn, with basis, scale, measures and the carbon of their basis."""
    drawn = jars[(jars["excluded"] == "") & (jars["measures"] != "other") & jars["basis"].isin(RELEASE_OF)]
    rows = release.merge(drawn[["jar", "basis", "scale", "measures"]], on="jar")
    carbon = rows["time"] * np.nan
    for basis, column in RELEASE_OF.items():
        carbon = carbon.where(rows["basis"] != basis, rows[column])
    return rows.assign(carbon=carbon).dropna(subset=["carbon"])


def temperature_colours(temperatures) -> ScalarMappable:
    """Colours for temperatures from the coldest (blue) to the warmest (orange), alike for colour-blind eyes.

    Parameters
    ----------
    temperatures : array_like, shape (n,)
        Temperatures to tell apart. [°C]

    Returns
    -------
    ScalarMappable
        Its ``to_rgba(temperature)`` is the colour; it also makes the colour bar.
    """
    import matplotlib
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    known = np.asarray(temperatures, float)
    known = known[np.isfinite(known)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 30.0)
    if high - low < 1:
        low, high = low - 5, high + 5
    shades = ListedColormap(matplotlib.colormaps["plasma"](np.linspace(0, WARMEST_SHADE, SHADES)))
    return ScalarMappable(Normalize(low, high), shades)


def plot_temperature_scale(ax: Axes, colours: ScalarMappable) -> Axes:
    """The colour bar of incubation temperatures, lying.

    Parameters
    ----------
    ax : Axes
        Axes to draw on, wide and low.
    colours : ScalarMappable
        As from `temperature_colours`.

    Returns
    -------
    Axes
    """
    bar = ax.figure.colorbar(colours, cax=ax, orientation="horizontal")
    bar.set_label("Incubation temperature [°C]")
    if bar.solids is not None:
        bar.solids.set_edgecolor("face")  # or hairlines show between the steps
    bar.outline.set_visible(False)
    return ax


def plot_release(
    release: pd.DataFrame, jars: pd.DataFrame, ax: Axes, *, study: str, basis: str, colours: ScalarMappable
) -> Axes:
    """Carbon released by every jar of a study since its start, coloured by temperature.

    The title says where the scale is not believed and where carbon remaining was measured.

    Parameters
    ----------
    release, jars : DataFrame
        The tables of these names.
    ax : Axes
        Axes to draw on.
    study, basis : str
        The panel, out of `release_panels`.
    colours : ScalarMappable
        As from `temperature_colours`.

    Returns
    -------
    Axes
    """
    rows = _shown(release, jars)
    rows = rows[(rows["study"] == study) & (rows["basis"] == basis)].sort_values("time", kind="stable")
    crowded = rows["jar"].nunique() > CROWD
    for (_, temperature, _), line in rows.groupby(["jar", "temperature", "gas"], sort=False, dropna=False):
        colour = colours.to_rgba(temperature) if np.isfinite(temperature) else "#777777"
        ax.plot(
            line["time"], line["carbon"], color=colour, linewidth=0.6 if crowded else 0.9,
            alpha=0.7 if crowded else 0.9, marker="" if crowded else "o", markersize=2.2,
        )  # fmt: skip
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=min(0.0, float(rows["carbon"].min()) if len(rows) else 0.0))
    ax.yaxis.set_major_formatter(lambda value, _: tick(value))
    ax.set_xlabel("Time since the start [d]")
    ax.set_ylabel(f"Carbon released [{_unit_of(basis)}]")
    ax.set_title("\n".join([study, *_doubts(rows)]), loc="left", parse_math=False)
    return ax


def _unit_of(basis: str) -> str:
    unit = printed_unit(QUANTITIES[RELEASE_OF[basis]].unit)
    return unit.replace("SOC", "label C") if basis == "label carbon" else unit


def _doubts(rows: pd.DataFrame) -> list[str]:
    """What a reader of the curves must know first."""
    said = []
    if (rows["scale"] == "impossible").any():
        said.append("scale not believed: more than the soil's carbon")
    if (rows["scale"] == "uncertain").any():
        said.append("scale uncertain: per day or per interval")
    if (rows["measures"] == "carbon remaining").any():
        said.append("measured as carbon remaining in the soil")
    return said


def tick(value: float) -> str:
    """A number on an axis; from a hundred thousand on as a power of ten."""
    if abs(value) < 1e5:
        return f"{value:g}" if abs(value) < 1e4 else f"{value:,.0f}".replace(",", "\u202f")
    power = int(np.floor(np.log10(abs(value))))
    return f"{value / 10**power:g}×10{str(power).translate(_SUPERSCRIPTS)}"
