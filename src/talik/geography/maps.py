"""Map axes for figures: land, graticule and border of a polar or a world map, in equal-area projections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import UnknownNameError, listed
from talik.geography.outline import densify, outlines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LAND = "#eae6dc"
COAST = "#9a9486"
GRATICULE = "#b9c2c9"
BORDER = "#5f6a72"
STEP = 2.0  # degrees; a line drawn with shorter edges looks curved where it should
LABEL_GAP = 4.0  # points between border and label
LABEL_SIZE = 7.5  # points, for a map of about 5 by 5 inches


@dataclass(frozen=True)
class MapProjection:
    """One kind of map: how it flattens the earth and which part of it it shows."""

    name: str
    """The word a figure asks for."""
    crs: str
    """Coordinate reference system as PROJ writes it, metres."""
    extent: tuple[float, float, float, float]
    """West, east, south and north edge of the map. [degrees]"""
    meridians: tuple[float, ...]
    """Longitudes of the graticule. [degrees]"""
    parallels: tuple[float, ...]
    """Latitudes of the graticule. [degrees]"""
    labelled_meridian: float
    """Longitude at which the parallels are labelled, over open sea or at the edge. [degrees]"""
    reference: str
    """Where the projection is defined."""

    @property
    def pole(self) -> int | None:
        """Latitude of the pole in the middle of a polar map, None on any other map. [degrees]"""
        _, _, south, north = self.extent
        if (south == -90) == (north == 90):
            return None
        return 90 if north == 90 else -90

    @property
    def rim(self) -> NDArray[np.float64]:
        """Longitude and latitude once around: the outer parallel of a polar map, else all sides. [degrees]"""
        west, east, south, north = self.extent
        if self.pole is None:
            corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        else:
            outer = south if self.pole > 0 else north
            corners = [[west, outer], [east, outer]]
        return densify(np.array(corners, float))


SNYDER = "Snyder, J. P. 1987. Map projections: a working manual. USGS Prof. Paper 1395, 182-190, doi:10.3133/pp1395"
SAVRIC = (
    "Šavrič, B., Patterson, T., Jenny, B. 2019. The Equal Earth map projection. Int. J. Geogr. Inf. Sci. 33, "
    "454-465, doi:10.1080/13658816.2018.1504949"
)

MAP_PROJECTIONS: Mapping[str, MapProjection] = {
    "polar": MapProjection(
        name="polar",
        crs="+proj=laea +lat_0=90 +lon_0=0 +datum=WGS84",
        extent=(-180, 180, 45, 90),
        meridians=tuple(range(-180, 180, 30)),
        parallels=(60, 75),
        labelled_meridian=-12,
        reference=SNYDER,
    ),
    "antarctic": MapProjection(
        name="antarctic",
        crs="+proj=laea +lat_0=-90 +lon_0=0 +datum=WGS84",
        extent=(-180, 180, -90, -60),
        meridians=tuple(range(-180, 180, 30)),
        parallels=(-80, -70),
        labelled_meridian=-174,
        reference=SNYDER,
    ),
    "world": MapProjection(
        name="world",
        crs="+proj=eqearth +lon_0=0 +datum=WGS84",
        extent=(-180, 180, -90, 90),
        meridians=tuple(range(-120, 180, 60)),
        parallels=(-60, -30, 0, 30, 60),
        labelled_meridian=-180,
        reference=SAVRIC,
    ),
}


def map_projection(projection: str | MapProjection) -> MapProjection:
    """The map projection of a name; a projection of one's own is passed on."""
    if isinstance(projection, MapProjection):
        return projection
    if projection not in MAP_PROJECTIONS:
        raise UnknownNameError(
            f"there is no map projection {projection!r}. Use one of {listed(list(MAP_PROJECTIONS))}, "
            "or pass a MapProjection.",
            [projection],
        )
    return MAP_PROJECTIONS[projection]


def project(
    projection: str | MapProjection, latitude: ArrayLike, longitude: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place on the map of a place on the earth.

    Parameters
    ----------
    projection : str or MapProjection
        A name in `MAP_PROJECTIONS`, or a projection of one's own.
    latitude, longitude : array_like, shape (n,)
        Places. Longitudes of -180 to 180 and of 0 to 360 are the same. [degrees]

    Returns
    -------
    x, y : ndarray, shape (n,)
        Place on the map, NaN beyond its edge. [m]

    Examples
    --------
    Toolik Lake lies some 2400 km from the pole, on the upper left; Hilo is not on the map:

    >>> x, y = project("polar", [68.63, 19.7], [-149.59, -155.1])
    >>> (x / 1000).round(), (y / 1000).round()
    (array([-1201.,    nan]), array([2046.,   nan]))
    """
    projection = map_projection(projection)
    latitude, longitude = np.broadcast_arrays(np.asarray(latitude, float), np.asarray(longitude, float))
    west, east, south, north = projection.extent
    turned = west + (longitude - west) % 360
    seen = (south <= latitude) & (latitude <= north) & (turned <= east)
    points = np.full((*seen.shape, 2), np.nan)
    points[seen] = _points(projection, np.column_stack([turned[seen], latitude[seen]]))
    return points[..., 0], points[..., 1]


def _points(projection: MapProjection, line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points on the map along a line of longitudes and latitudes, wherever the map ends. [m]"""
    from pyproj import Proj

    return np.column_stack(Proj(projection.crs)(line[:, 0], line[:, 1]))


def _land_within(projection: MapProjection) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """The rings of land that reach into a map, closed along its edges, and which of their edges are coast."""
    west, east, south, north = projection.extent
    # Edges are at most a step long, so pushing land from a step beyond the border bends none that is seen.
    corners = np.array([[west, max(south - STEP, -90)], [east, min(north + STEP, 90)]])
    for ring in outlines("land")[""]:
        for turn in (-360, 0, 360):
            turned = densify(ring, STEP) + np.array([turn, 0])
            if (turned.max(axis=0) > corners[0]).all() and (turned.min(axis=0) < corners[1]).all():
                yield _pushed_to_edge(turned, corners)


def _pushed_to_edge(
    ring: NDArray[np.float64], corners: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A ring with what lies beyond the edge of a map pushed onto that edge, and which of its edges are coast.

    So the ring stays closed and fills as it should. An edge that came to lie on the edge of the map, or that
    closes a ring along the date line or over the pole, is no coast.
    """
    # A continent beyond the border needs no more than a point for every step along it.
    beyond = (ring[:, 1] < corners[0, 1]) | (ring[:, 1] > corners[1, 1])
    ring[beyond, 0] = STEP * np.round(ring[beyond, 0] / STEP)
    ring = np.clip(ring, *corners)
    moved = np.any(np.diff(ring, axis=0) != 0, axis=1)
    ring = ring[np.concatenate([[True], moved])]
    on_edge = (ring == corners[0]) | (ring == corners[1])
    return ring, ~np.any(on_edge[1:] & on_edge[:-1], axis=1)


def _coast(points: NDArray[np.float64], is_coast: NDArray[np.bool_]) -> Iterator[NDArray[np.float64]]:
    """The stretches of a ring that are coast, each with NaN at its end to lift the pen."""
    for stretch in np.split(points, np.flatnonzero(~is_coast) + 1):
        if len(stretch) > 1:
            yield np.vstack([stretch, [np.nan, np.nan]])


def map_axes(ax: Axes, projection: str | MapProjection = "polar", *, fill: str = LAND) -> Axes:
    """Turn axes into a map: its border, the land and a labelled graticule, and no frame.

    Parameters
    ----------
    ax : Axes
        Axes to draw on; about 5 by 5 inches for a polar map.
    projection : str or MapProjection, default "polar"
        A name in `MAP_PROJECTIONS`, or a projection of one's own.
    fill : str, optional
        Colour of land; ``"none"`` for a map of a field, which is then drawn at ``zorder=0``, under the coast.

    Returns
    -------
    Axes
        The same axes. What is drawn on them is placed with `project`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = map_axes(Figure(figsize=(5, 5)).subplots(), "polar")
    >>> ax.scatter(*project("polar", [68.63], [-149.59]))
    <matplotlib.collections.PathCollection object at ...>
    """
    projection = map_projection(projection)
    edge = _points(projection, projection.rim)
    room = 0.07 * np.ptp(edge, axis=0).max()  # for the labels outside of the border
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_xlim(edge[:, 0].min() - room, edge[:, 0].max() + room)
    ax.set_ylim(edge[:, 1].min() - room, edge[:, 1].max() + room)
    draw_land(ax, projection, fill=fill)
    draw_graticule(ax, projection)
    return ax


def draw_land(
    ax: Axes, projection: str | MapProjection, *, fill: str = LAND, coast: str = COAST, zorder: float = 0.5
) -> Axes:
    """Draw land and its coastline within the border of a map.

    Parameters
    ----------
    ax : Axes
        Axes of a map, see `map_axes`.
    projection : str or MapProjection
        A name in `MAP_PROJECTIONS`, or a projection of one's own.
    fill, coast : str, optional
        Colours of land and coastline; ``fill="none"`` leaves only the coast.
    zorder : float, default 0.5
        Height in the stack of what is drawn; data lie at 1 and above.

    Returns
    -------
    Axes
        The same axes.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    projection = map_projection(projection)
    border = Path(_points(projection, projection.rim), closed=True)
    polygons: list[Path] = []
    coastline: list[NDArray[np.float64]] = []
    for ring, is_coast in _land_within(projection):
        points = _points(projection, ring)
        polygons.append(Path(points, closed=True))
        coastline.extend(_coast(points, is_coast))
    # One path for all land: two paths that meet at the date line would leave a hairline between them.
    land = PathPatch(Path.make_compound_path(*polygons), facecolor=fill, edgecolor="none", zorder=zorder)
    ax.add_patch(land).set_clip_path(border, ax.transData)
    (line,) = ax.plot(*np.vstack(coastline).T, color=coast, linewidth=0.5, zorder=zorder + 0.1)
    line.set_clip_path(border, ax.transData)
    return ax


def draw_graticule(ax: Axes, projection: str | MapProjection, *, zorder: float = 0.7) -> Axes:
    """Draw the border of a map, its meridians and parallels, and their labels.

    Meridians of a polar map are labelled around its border, parallels of a world map at its left.

    Parameters
    ----------
    ax : Axes
        Axes of a map, see `map_axes`.
    projection : str or MapProjection
        A name in `MAP_PROJECTIONS`, or a projection of one's own.
    zorder : float, default 0.7
        Height in the stack of what is drawn; data lie at 1 and above.

    Returns
    -------
    Axes
        The same axes.
    """
    projection = map_projection(projection)
    west, east, south, north = projection.extent
    lines = [np.array([[west, parallel], [east, parallel]], float) for parallel in projection.parallels]
    lines += [np.array([[meridian, south], [meridian, north]], float) for meridian in projection.meridians]
    for line in lines:
        x, y = _points(projection, densify(line)).T
        ax.plot(x, y, color=GRATICULE, linewidth=0.4, zorder=zorder)
    x, y = _points(projection, projection.rim).T
    ax.plot(x, y, color=BORDER, linewidth=0.8, zorder=zorder + 0.1)
    for place, words, outward in _labels(projection):
        _write_label(ax, place, words, outward, zorder=zorder + 0.2)
    return ax


def _labels(projection: MapProjection) -> Iterator[tuple[NDArray[np.float64], str, NDArray[np.float64]]]:
    """Where each label of a graticule stands, its words, and the way it is moved off the map, if any. [m]"""
    for parallel in projection.parallels:
        place = _points(projection, np.array([[projection.labelled_meridian, parallel]]))[0]
        yield place, degrees_north(parallel), np.array([0.0 if projection.pole else -1.0, 0.0])
    if projection.pole is not None:
        for meridian in projection.meridians:
            place = _points(projection, np.array([[meridian, projection.rim[0, 1]]]))[0]
            yield place, degrees_east(meridian), place / np.hypot(*place)


def _write_label(ax: Axes, place: NDArray[np.float64], words: str, outward: NDArray[np.float64], zorder: float) -> None:
    """Write a label beside its place, or over it with a halo where it has to stand on the map."""
    from matplotlib.patheffects import withStroke

    ax.annotate(
        words,
        (place[0], place[1]),
        xytext=(LABEL_GAP * outward[0], LABEL_GAP * outward[1]),
        textcoords="offset points",
        ha=_alignment(outward[0], "right", "left"),
        va=_alignment(outward[1], "top", "bottom"),
        color=BORDER,
        fontsize=LABEL_SIZE,
        path_effects=[] if outward.any() else [withStroke(linewidth=2, foreground="white")],
        zorder=zorder,
    )


def _alignment(outward: float, before: str, after: str) -> str:
    """The side by which a label is held so that it grows away from the map."""
    return "center" if abs(outward) < 0.3 else after if outward > 0 else before


def degrees_north(latitude: float) -> str:
    """A latitude as a map writes it: ``60°N``."""
    return f"{abs(latitude):g}°{'N' if latitude > 0 else 'S' if latitude < 0 else ''}"


def degrees_east(longitude: float) -> str:
    """A longitude as a map writes it: ``150°W``; 0 and 180 are neither east nor west."""
    if longitude % 180 == 0:
        return f"{abs(longitude):g}°"
    return f"{abs(longitude):g}°{'E' if longitude > 0 else 'W'}"
