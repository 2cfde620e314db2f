"""Where a site lies: on land or off it, in which country, and how far from either.

The outline is Natural Earth 1:110m (see ``compile_outlines.py``): its coasts are true to some ten kilometres
and it leaves out small islands. It finds the site that a lost sign puts into the sea, not the one on a beach.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def _read_table(name: str) -> pd.DataFrame:
    """A table that lies beside this file."""
    with (files("talik.geography") / name).open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#", keep_default_na=False)


@cache
def outlines(kind: str) -> Mapping[str, tuple[NDArray[np.float64], ...]]:
    """Every ring of the outline of land or of countries, as compiled from Natural Earth 1:110m.

    Parameters
    ----------
    kind : {"land", "country"}
        Land as one whole, under the empty name, or each country under its name.

    Returns
    -------
    Mapping of str to tuple of ndarray, shape (m, 2)
        Longitude and latitude once around each ring, closed, holes among them. Longitudes run on across 180°
        and a ring around a pole is closed over it, so that each ring is a line in the plane. [degrees]

    Examples
    --------
    >>> norway = outlines("country")["Norway"]
    >>> len(norway)  # the mainland and three islands of Svalbard
    4
    """
    table = _read_table("outlines.csv")
    rows = table[table["kind"] == kind]
    return {
        str(name): tuple(np.fromstring(text, sep=" ").reshape(-1, 2) for text in coordinates)
        for name, coordinates in rows.groupby("name")["coordinates"]
    }


@cache
def _countries_by_name() -> Mapping[str, tuple[str, ...]]:
    """The outlined countries meant by each name that people write, names reduced by `_plain`."""
    written = _read_table("country_names.csv")
    outlined = {_plain(name): (name,) for name in outlines("country")}
    aliases = {_plain(str(name)): tuple(rows) for name, rows in written.groupby("written")["country"]}
    return outlined | aliases


def _plain(name: str) -> str:
    """The letters of a name in lower case, without accents: ``usa`` for ``U. S. A.``."""
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFKD", name).casefold())


def countries_named(name: str) -> tuple[str, ...]:
    """The outlined countries that a written name means; none if the name is not known.

    Case, spaces, accents and punctuation do not matter. What is known beyond the names of Natural Earth is
    the reviewed list ``country_names.csv``.

    Parameters
    ----------
    name : str
        A country as people write it.

    Returns
    -------
    tuple of str
        Names as in ``outlines("country")``.

    Examples
    --------
    >>> countries_named("U.S.A.")
    ('United States of America', 'Puerto Rico')
    >>> countries_named("Atlantis")
    ()
    """
    return _countries_by_name().get(_plain(name), ())


def densify(ring: NDArray[np.float64], step: float = 1.0) -> NDArray[np.float64]:
    """The same ring with further positions on its longer edges, none of which then exceeds a step.

    An edge of an outline is straight in longitude and latitude: the 49th parallel is the border, not the
    great circle between its ends. Short edges keep this on the sphere and in a map projection.

    Parameters
    ----------
    ring : ndarray, shape (m, 2)
        Longitude and latitude once around. [degrees]
    step : float, default 1.0
        Longest edge allowed, in longitude and in latitude. [degrees]

    Returns
    -------
    ndarray, shape (n, 2)
        Longitude and latitude; every position of `ring` is among them. [degrees]

    Examples
    --------
    >>> densify(np.array([[0.0, 49.0], [2.0, 49.0]])).tolist()
    [[0.0, 49.0], [1.0, 49.0], [2.0, 49.0]]
    """
    edges = np.diff(ring, axis=0)
    pieces = np.maximum(1, np.ceil(np.abs(edges).max(axis=1) / step)).astype(int)
    piece = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    along = piece / np.repeat(pieces, pieces)
    points = np.repeat(ring[:-1], pieces, axis=0) + along[:, np.newaxis] * np.repeat(edges, pieces, axis=0)
    return np.vstack([points, ring[-1:]])


def is_inside(latitude: ArrayLike, longitude: ArrayLike, rings: Sequence[NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Whether sites lie within rings, by counting the edges east of each site: odd is inside.

    Counted over all rings together, so a hole is outside and an island within the hole inside again.

    Parameters
    ----------
    latitude, longitude : array_like, shape (n,)
        Sites. Longitudes of -180 to 180 and of 0 to 360 are the same. [degrees]
    rings : sequence of ndarray, shape (m, 2)
        Longitude and latitude once around each ring, as from `outlines`. [degrees]

    Returns
    -------
    ndarray of bool, shape (n,)
        A site without a position is not inside.

    Examples
    --------
    >>> is_inside([68.6, 51.5], [-149.6, -0.1], outlines("country")["United States of America"])
    array([ True, False])
    """
    latitude, longitude = _positions(latitude, longitude)
    inside = np.zeros(latitude.shape, dtype=bool)
    for ring in rings:
        (west, south), (east, north) = ring.min(axis=0), ring.max(axis=0)
        x = west + (longitude - west) % 360
        near = (x <= east) & (south <= latitude) & (latitude <= north)
        if near.any():
            inside[near] ^= _edges_to_the_east(x[near], latitude[near], ring) % 2 == 1
    return inside


def _edges_to_the_east(x: NDArray[np.float64], y: NDArray[np.float64], ring: NDArray[np.float64]) -> NDArray:
    """Number of a ring's edges that a line due east from each point crosses, points and ring in one plane."""
    (x0, y0), (x1, y1) = ring[:-1].T, ring[1:].T
    level = y0 != y1  # an edge along a parallel is never crossed
    x0, y0, x1, y1 = x0[level], y0[level], x1[level], y1[level]
    x, y = x[:, np.newaxis], y[:, np.newaxis]
    spans = (y0 > y) != (y1 > y)
    return np.sum(spans & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)), axis=1)


def distance_to_outline(
    latitude: ArrayLike, longitude: ArrayLike, rings: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Distance of sites from what rings enclose, 0 within.

    The nearest point of the outline is sought on the sphere, over edges of at most 1°; the distance to it is
    that of the geodesic on the WGS84 ellipsoid. The choice of that point costs less than 1 % of the distance.

    Parameters
    ----------
    latitude, longitude : array_like, shape (n,)
        Sites. [degrees]
    rings : sequence of ndarray, shape (m, 2)
        Longitude and latitude once around each ring, as from `outlines`. [degrees]

    Returns
    -------
    ndarray, shape (n,)
        NaN for a site without a position. [km]

    References
    ----------
    Karney, C. F. F. 2013. Algorithms for geodesics. J. Geod. 87, 43-55, doi:10.1007/s00190-012-0578-z.

    Examples
    --------
    Paris and the coast of Kent:

    >>> round(float(distance_to_outline(48.86, 2.35, outlines("country")["United Kingdom"])), -1)
    250.0
    """
    latitude, longitude = _positions(latitude, longitude)
    distance = np.where(np.isnan(latitude), np.nan, 0.0)
    outside = ~np.isnan(latitude) & ~is_inside(latitude, longitude, rings)
    if outside.any():
        distance[outside] = _distance_to_edges(latitude[outside], longitude[outside], rings)
    return distance


def _distance_to_edges(
    latitude: NDArray[np.float64], longitude: NDArray[np.float64], rings: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Geodesic distance of sites from the nearest edge of any ring. [km]"""
    from pyproj import Geod

    ends = [_directions(ring[:, 1], ring[:, 0]) for ring in map(densify, rings)]
    start = np.vstack([direction[:-1] for direction in ends])
    edge = np.vstack([direction[1:] for direction in ends]) - start
    nearest = np.array([_nearest_point(site, start, edge) for site in _directions(latitude, longitude)])
    x, y, z = nearest.T
    metres = Geod(ellps="WGS84").inv(
        longitude, latitude, np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
    )[2]
    return np.asarray(metres) / 1000


def _nearest_point(
    site: NDArray[np.float64], start: NDArray[np.float64], edge: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The point of any edge in the direction nearest to a site's, as vectors from the earth's centre."""
    squared_length = np.maximum(np.sum(edge**2, axis=1), 1e-30)  # an edge along the pole has no length
    along = np.clip((edge @ site - np.sum(edge * start, axis=1)) / squared_length, 0, 1)
    points = start + along[:, np.newaxis] * edge
    cosine = points @ site / np.linalg.norm(points, axis=1)
    return points[np.argmax(cosine)]


def _directions(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors towards positions on a sphere, shape (n, 3)."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])


def _positions(latitude: ArrayLike, longitude: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitudes and longitudes of one shape, both NaN where there is no such place."""
    latitude, longitude = np.broadcast_arrays(np.asarray(latitude, float), np.asarray(longitude, float))
    exists = (np.abs(latitude) <= 90) & np.isfinite(longitude)
    return np.where(exists, latitude, np.nan), np.where(exists, longitude, np.nan)


def distance_to_land(latitude: ArrayLike, longitude: ArrayLike) -> NDArray[np.float64]:
    """Distance of sites from the nearest land, 0 on land.

    The Caspian Sea is not land; all other lakes are. Many islands smaller than some tens of kilometres are
    not in the outline: a site on King George Island is 130 km from land, one on Tenerife 310 km.

    Parameters
    ----------
    latitude, longitude : array_like, shape (n,)
        Sites. [degrees]

    Returns
    -------
    ndarray, shape (n,)
        Distance to the coast. NaN for a site without a position. [km]

    Examples
    --------
    Lhasa, and a place in the Gulf of Guinea where zero latitude and longitude meet:

    >>> distance_to_land([29.65, 0.0], [91.1, 0.0]).round(-1)
    array([  0., 560.])
    """
    return distance_to_outline(latitude, longitude, outlines("land")[""])


def distance_to_country(latitude: ArrayLike, longitude: ArrayLike, country: ArrayLike) -> NDArray[np.float64]:
    """Distance of sites from the country they are said to lie in, 0 within.

    Parameters
    ----------
    latitude, longitude : array_like, shape (n,)
        Sites. [degrees]
    country : str or array_like of str, shape (n,)
        Country of each site as people write it, see `countries_named`. A name for several outlines, as
        Denmark for Denmark and Greenland, means the nearest of them.

    Returns
    -------
    ndarray, shape (n,)
        NaN where the country is not known or the site has no position. [km]

    Examples
    --------
    Healy in Alaska, with its longitude as it is and with the sign lost:

    >>> distance_to_country([63.88, 63.88], [-149.25, 149.25], "USA").round(-1)
    array([   0., 1890.])
    """
    latitude, longitude, written = np.broadcast_arrays(latitude, longitude, np.asarray(country, object))
    distance = np.full(written.shape, np.nan)
    which, names = pd.factorize(written.ravel())
    for number, name in enumerate(names):
        here = which.reshape(written.shape) == number
        for outlined in countries_named(str(name)):
            rings = outlines("country")[outlined]
            distance[here] = np.fmin(distance[here], distance_to_outline(latitude[here], longitude[here], rings))
    return distance


def country_of(latitude: ArrayLike, longitude: ArrayLike) -> NDArray[np.object_]:
    """The country in whose outline each site lies.

    Parameters
    ----------
    latitude, longitude : array_like, shape (n,)
        Sites. [degrees]

    Returns
    -------
    ndarray of str, shape (n,)
        Name as in ``outlines("country")``, empty off every country. Antarctica and Greenland have their own.

    Examples
    --------
    >>> country_of([68.63, 67.10, 0.0], [-149.59, -50.29, 0.0]).tolist()
    ['United States of America', 'Greenland', '']
    """
    latitude, longitude = _positions(latitude, longitude)
    country = np.full(latitude.shape, "", dtype=object)
    for name, rings in outlines("country").items():
        country[is_inside(latitude, longitude, rings)] = name
    return country
