"""Maps of where the soils come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.geography import MAP_PROJECTIONS, map_axes, project

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERMAFROST_MARKS = {
    "yes": ("permafrost", "#56B4E9", "o"),
    "no": ("no permafrost", "#E69F00", "s"),
    "": ("not known whether permafrost", "#FFFFFF", "D"),
}
"""Words, colour (Okabe and Ito 2008) and marker of sites with and without permafrost."""

INK = "#33393d"
"""Colour of the edges of marks and of labels."""

LONGEST_LABEL = 26
"""Letters of a study's name that fit beside a map."""

BESIDE = 1.05
"""How far from the middle of a map names stand, in half widths; within are the labels of the graticule."""

LETTER_WIDTH = 0.023
"""Width of a letter beside a map, as a share of the map's height."""

LABEL_STEP = 0.048
"""Distance between two labels beside a map, as a share of its height."""


def maps_needed(sites: pd.DataFrame) -> list[str]:
    """The maps that together show every site: polar first, the world only for sites elsewhere.

    Parameters
    ----------
    sites : DataFrame
        The table ``sites``.

    Returns
    -------
    list of str
        Names in ``MAP_PROJECTIONS``; empty where no site has coordinates.

    Examples
    --------
    >>> maps_needed(pd.DataFrame({"latitude": [68.6, 19.7], "longitude": [-149.6, -155.1]}))
    ['polar', 'world']
    """
    return list(dict.fromkeys(name for name in ("polar", "antarctic", "world") if len(sites_on(sites, name))))


def sites_on(sites: pd.DataFrame, projection: str) -> pd.DataFrame:
    """Sites that a map is for: those within a polar map, or on the world map those on neither.

    Parameters
    ----------
    sites : DataFrame
        The table ``sites``.
    projection : {"polar", "antarctic", "world"}
        Name of the map.

    Returns
    -------
    DataFrame
    """
    placed = sites.dropna(subset=["latitude", "longitude"])
    north, south = MAP_PROJECTIONS["polar"].extent[2], MAP_PROJECTIONS["antarctic"].extent[3]
    if projection == "polar":
        return placed[placed["latitude"] >= north]
    if projection == "antarctic":
        return placed[placed["latitude"] <= south]
    return placed[(placed["latitude"] < north) & (placed["latitude"] > south)]


def plot_sites(sites: pd.DataFrame, ax: Axes, *, projection: str = "polar") -> Axes:
    """Map of sites, marked by whether they have permafrost, with the studies named beside it.

    Parameters
    ----------
    sites : DataFrame
        The table ``sites``; those without coordinates are left off.
    ax : Axes
        Axes to draw on.
    projection : {"polar", "antarctic", "world"}
        Name of the map. The world map shows all sites and names the studies that no polar map shows.

    Returns
    -------
    Axes
        The same axes, wide enough for the names.
    """
    map_axes(ax, projection)
    _lift_graticule_labels(ax)
    placed = sites.dropna(subset=["latitude", "longitude"])
    x, y = project(projection, placed["latitude"], placed["longitude"])
    placed = placed.assign(x=x, y=y).dropna(subset=["x", "y"])
    for state, (words, colour, marker) in PERMAFROST_MARKS.items():
        rows = placed[placed["permafrost"] == state]
        if len(rows):
            ax.scatter(
                rows["x"], rows["y"], s=26, color=colour, marker=marker, edgecolor=INK, linewidth=0.7,
                zorder=4, label=words,
            )  # fmt: skip
    named = placed.loc[placed.index.isin(sites_on(sites, projection).index)]
    _name_studies(ax, _one_site_each(named))
    if len(placed):
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3, frameon=False, handletextpad=0.3)
    return ax


def _lift_graticule_labels(ax: Axes) -> None:
    """Labels of the graticule over the lines that will lead to studies."""
    for text in ax.texts:
        text.set(zorder=5, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8})


def _one_site_each(sites: pd.DataFrame) -> pd.DataFrame:
    """The site of each study nearest to the middle of all its sites, where the line of its name ends."""
    middle = sites.groupby("study", sort=False)[["x", "y"]].transform("median")
    away = np.hypot(sites["x"] - middle["x"], sites["y"] - middle["y"])
    nearest = away.groupby(sites["study"], sort=False).idxmin()
    return sites.loc[nearest].set_index("study")[["x", "y"]]


def _name_studies(ax: Axes, centres: pd.DataFrame) -> None:
    """Write each study beside the map at the height of its sites, with a thin line to them."""
    west, east = ax.get_xlim()  # before the first side makes room for its names
    middle = 0.5 * (west + east)
    for side in (-1, 1):
        of_side = centres[(centres["x"] < middle) == (side < 0)].sort_values("y")
        edge = middle + side * BESIDE * (east - middle)
        for (study, centre), height in zip(of_side.iterrows(), _spread(ax, of_side["y"]), strict=True):
            ax.plot([centre["x"], edge], [centre["y"], height], color=INK, linewidth=0.5, alpha=0.7, zorder=3)
            ax.text(
                edge + side * 0.01 * (east - west), height, shortened(str(study)), parse_math=False,
                ha="right" if side < 0 else "left", va="center", color=INK, fontsize=8, zorder=6,
            )  # fmt: skip
        _make_room(ax, side, max((len(shortened(str(study))) for study in of_side.index), default=0))


def _spread(ax: Axes, heights: pd.Series) -> np.ndarray:
    """Rising heights moved apart so that labels do not overlap, centred where they were."""
    low, high = ax.get_ylim()
    step = LABEL_STEP * (high - low)
    placed = heights.to_numpy(float).copy()
    for i in range(1, placed.size):
        placed[i] = max(placed[i], placed[i - 1] + step)
    if not placed.size:
        return placed
    placed += np.mean(heights.to_numpy(float) - placed)
    return placed - max(placed[-1] - (high - 0.5 * step), 0.0)


def _make_room(ax: Axes, side: int, letters: int) -> None:
    """Widen a map by the length of its labels on one side."""
    low, high = ax.get_ylim()
    west, east = ax.get_xlim()
    room = (LETTER_WIDTH * letters + 0.09) * (high - low)
    ax.set_xlim((west - room, east) if side < 0 else (west, east + room))


def shortened(name: str, letters: int = LONGEST_LABEL) -> str:
    """A name that fits: what is too long loses its middle, as names often differ in their ends.

    Examples
    --------
    >>> shortened("Kangerlussuaq, deep shrub", 16)
    'Kangerl…ep shrub'
    """
    if len(name) <= letters:
        return name
    end = letters // 2
    return name[: letters - end - 1].rstrip() + "…" + name[-end:].lstrip()
