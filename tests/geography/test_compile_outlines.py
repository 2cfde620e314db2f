import os
from pathlib import Path

import numpy as np
import pytest

from talik.geography.compile_outlines import (
    PRODUCT,
    compile_outlines,
    decode_arcs,
    join_arcs,
    outline_rows,
    unwrap_longitude,
    write_coordinates,
)

# Two countries side by side, 1° each, sharing the border of arc 0, as TopoJSON with a step of half a degree.
NEIGHBOURS = {
    "transform": {"scale": [0.5, 0.5], "translate": [10, 60]},
    "arcs": [[[2, 0], [0, 2]], [[2, 2], [-2, 0], [0, -2], [2, 0]], [[2, 0], [2, 0], [0, 2], [-2, 0]]],
    "objects": {
        "countries": {
            "geometries": [
                {"type": "Polygon", "properties": {"name": "S. Sudan"}, "arcs": [[0, 1]]},
                {"type": "MultiPolygon", "properties": {"name": "Chad"}, "arcs": [[[~0, 2]]]},
            ]
        }
    },
}


def world_atlas():
    """The folder of world-atlas; without it the test is skipped, unless everything is required."""
    folder = Path(os.environ.get("TALIK_DATA", "no-data")) / "geography"
    if not folder.is_dir() and not os.environ.get("TALIK_REQUIRE_ALL"):
        pytest.skip("TALIK_DATA names no folder with geography/land-110m.json")
    return folder


@pytest.mark.data
def test_outlines_are_what_the_script_makes_of_natural_earth(tmp_path):
    compile_outlines(world_atlas(), tmp_path / "outlines.csv")
    assert (tmp_path / "outlines.csv").read_bytes() == PRODUCT.read_bytes()


def test_outlines_name_their_source_and_licence_first():
    first, second, third = PRODUCT.read_text(encoding="utf-8").splitlines()[:3]
    assert first.startswith("#")
    assert third.startswith("#")
    for word in ("Natural Earth", "public domain", "world-atlas 2.0.2", "ISC"):
        assert word in second


def test_arcs_are_running_sums_in_degrees():
    assert decode_arcs(NEIGHBOURS)[1].tolist() == [[11, 61], [10, 61], [10, 60], [11, 60]]


def test_neighbours_share_their_border():
    arcs = decode_arcs(NEIGHBOURS)
    west, east = join_arcs([0, 1], arcs), join_arcs([~0, 2], arcs[:1] + arcs[1:])
    border = {(11.0, 60.0), (11.0, 61.0)}
    assert border <= set(map(tuple, west.tolist()))
    assert border <= set(map(tuple, east.tolist()))
    assert west[0].tolist() == west[-1].tolist()


def test_every_polygon_of_every_country_has_its_row_and_full_name():
    rows = list(outline_rows(NEIGHBOURS, "country"))
    assert [row[:4] for row in rows] == [("country", "South Sudan", 0, 0), ("country", "Chad", 0, 0)]


def test_a_ring_around_the_south_pole_is_closed_over_it():
    around = np.array([[-180, -70], [-60, -65], [60, -66], [180, -70]], float)
    closed = unwrap_longitude(around)
    assert closed[-3:].tolist() == [[180, -90], [-180, -90], [-180, -70]]


def test_a_ring_does_not_jump_at_the_date_line():
    ring = np.array([[178, 66], [-170, 67], [-170, 65], [178, 66]], float)
    assert np.abs(np.diff(unwrap_longitude(ring)[:, 0])).max() == 12


def test_a_ring_without_area_is_not_written():
    assert write_coordinates(np.array([[0, 0], [1, 1], [0, 0]], float)) == ""
