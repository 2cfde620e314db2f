"""Compile ``outlines.csv``, the land and country outlines that talik carries, from Natural Earth 1:110m.

``python -m talik.geography.compile_outlines DIR`` reads ``land-110m.json`` and ``countries-110m.json`` of the
npm package world-atlas 2.0.2 in DIR and writes ``outlines.csv`` beside this script.
"""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

PRODUCT = Path(__file__).with_name("outlines.csv")

SOURCE = """\
# Outlines of land and countries, one row per ring, made by talik.geography.compile_outlines
# Source: Natural Earth 1:110m (public domain), via npm world-atlas 2.0.2 (ISC, Michael Bostock)
# coordinates: longitude latitude ... [degrees]; longitudes run on across 180, Antarctica closes over the pole
"""

COLUMNS = ("kind", "name", "polygon", "ring", "coordinates")

# Natural Earth shortens names to fit them on a map; talik writes them in full.
FULL_NAMES = {
    "Bosnia and Herz.": "Bosnia and Herzegovina",
    "Central African Rep.": "Central African Republic",
    "Dem. Rep. Congo": "Democratic Republic of the Congo",
    "Dominican Rep.": "Dominican Republic",
    "Eq. Guinea": "Equatorial Guinea",
    "eSwatini": "Eswatini",
    "Falkland Is.": "Falkland Islands",
    "Fr. S. Antarctic Lands": "French Southern and Antarctic Lands",
    "Macedonia": "North Macedonia",
    "N. Cyprus": "Northern Cyprus",
    "S. Sudan": "South Sudan",
    "Solomon Is.": "Solomon Islands",
    "W. Sahara": "Western Sahara",
}


def decode_arcs(topology: dict[str, Any]) -> list[np.ndarray]:
    """Longitudes and latitudes of every arc of a TopoJSON topology.

    Positions of an arc are whole numbers, each the step from the one before; the topology's ``transform``
    turns their running sum into degrees (TopoJSON specification, section 2.1.2).

    Parameters
    ----------
    topology : dict
        A quantized TopoJSON topology, with ``arcs`` and ``transform``.

    Returns
    -------
    list of ndarray, shape (n, 2)
        Longitude and latitude of the n positions of each arc. [degrees]

    Examples
    --------
    >>> steps = {"arcs": [[[0, 0], [10, 5]]], "transform": {"scale": [2, 1], "translate": [-180, -90]}}
    >>> decode_arcs(steps)[0].tolist()
    [[-180, -90], [-160, -85]]
    """
    scale = np.asarray(topology["transform"]["scale"])
    translate = np.asarray(topology["transform"]["translate"])
    return [np.cumsum(arc, axis=0) * scale + translate for arc in topology["arcs"]]


def join_arcs(numbers: list[int], arcs: list[np.ndarray]) -> np.ndarray:
    """The ring that arcs make when walked in turn; arc ``~i`` is arc ``i`` walked backwards.

    Parameters
    ----------
    numbers : list of int
        Arcs of the ring in order. Each begins where the one before ends.
    arcs : list of ndarray, shape (n, 2)
        Longitude and latitude of every arc. [degrees]

    Returns
    -------
    ndarray, shape (m, 2)
        Longitude and latitude once around the ring, first position repeated at the end. [degrees]

    Examples
    --------
    >>> coast, border = np.array([[0, 0], [1, 1]]), np.array([[0, 0], [2, 0], [1, 1]])
    >>> join_arcs([0, ~1], [coast, border]).tolist()
    [[0, 0], [1, 1], [2, 0], [0, 0]]
    """
    walked = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers]
    return np.vstack([walked[0], *(arc[1:] for arc in walked[1:])])


def unwrap_longitude(ring: np.ndarray) -> np.ndarray:
    """The same ring with longitudes that run on across 180° instead of jumping to -180°.

    A ring that then ends a whole turn from where it began goes around a pole. It is closed over the pole of
    the hemisphere it lies in, so that a ring is always a closed line in the plane of longitude and latitude.

    Parameters
    ----------
    ring : ndarray, shape (m, 2)
        Longitude and latitude once around. [degrees]

    Returns
    -------
    ndarray, shape (m, 2) or (m + 3, 2)
        Longitude, beginning between -180 and 180, and latitude. [degrees]

    Examples
    --------
    >>> unwrap_longitude(np.array([[179.0, 65.0], [-178.0, 66.0], [-178.0, 65.0], [179.0, 65.0]])).tolist()
    [[179.0, 65.0], [182.0, 66.0], [182.0, 65.0], [179.0, 65.0]]
    """
    longitude = np.unwrap(ring[:, 0], period=360)
    ring = np.column_stack([longitude, ring[:, 1]])
    if abs(longitude[-1] - longitude[0]) < 1:
        return ring
    pole = np.copysign(90, ring[:, 1].mean())
    return np.vstack([ring, [longitude[-1], pole], [longitude[0], pole], ring[0]])


def write_coordinates(ring: np.ndarray) -> str:
    """A ring as ``lon lat lon lat ...`` at two decimals, which is about 1 km; nothing if no area is left.

    Examples
    --------
    >>> write_coordinates(np.array([[0, 0], [0.001, 0], [1, 0], [1, 1], [0, 0]]))
    '0 0 1 0 1 1 0 0'
    """
    ring = np.round(ring, 2) + 0.0  # adding zero turns -0.0 into 0.0
    moved = np.any(np.diff(ring, axis=0) != 0, axis=1)
    ring = ring[np.concatenate([[True], moved])]
    x, y = ring.T
    if abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) < 1e-6:
        return ""
    return " ".join(f"{degrees:.2f}".rstrip("0").rstrip(".") for degrees in ring.ravel())


def outline_rows(topology: dict[str, Any], kind: str) -> Iterator[tuple[str, str, int, int, str]]:
    """One row of ``outlines.csv`` for every ring of a topology.

    Parameters
    ----------
    topology : dict
        World-atlas topology with an object ``land`` or ``countries``.
    kind : str
        ``"land"`` or ``"country"``.

    Yields
    ------
    tuple
        kind, name, polygon, ring, coordinates. Ring 0 of a polygon is its outside, the others its holes.
    """
    arcs = decode_arcs(topology)
    places = topology["objects"]["land" if kind == "land" else "countries"]["geometries"]
    for place in places:
        name = place.get("properties", {}).get("name", "")
        polygons = [place["arcs"]] if place["type"] == "Polygon" else place["arcs"]
        for polygon, rings in enumerate(polygons):
            for ring, numbers in enumerate(rings):
                coordinates = write_coordinates(unwrap_longitude(join_arcs(numbers, arcs)))
                if coordinates:
                    yield kind, FULL_NAMES.get(name, name), polygon, ring, coordinates


def compile_outlines(directory: Path, product: Path = PRODUCT) -> None:
    """Write ``outlines.csv`` from the two topologies of world-atlas.

    Parameters
    ----------
    directory : Path
        Folder with ``land-110m.json`` and ``countries-110m.json``.
    product : Path, optional
        File to write; by default the one talik carries.
    """
    with product.open("w", encoding="utf-8", newline="") as file:
        file.write(SOURCE)
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for kind, name in (("land", "land-110m.json"), ("country", "countries-110m.json")):
            topology = json.loads((directory / name).read_text(encoding="utf-8"))
            table.writerows(outline_rows(topology, kind))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m talik.geography.compile_outlines DIR, the folder with world-atlas' json files")
    compile_outlines(Path(sys.argv[1]))
