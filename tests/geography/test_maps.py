from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import Geod, Proj

from talik.errors import UnknownNameError
from talik.geography import MAP_PROJECTIONS, distance_to_land, draw_land, map_axes, project
from talik.geography.maps import degrees_east, degrees_north

EVERY_MAP = pytest.mark.parametrize("name", MAP_PROJECTIONS)


def map_of(name):
    figure = Figure(figsize=(5, 5))
    ax = map_axes(figure.subplots(), name)
    figure.canvas.draw()
    return ax


def drawn_land(ax):
    (land,) = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
    return land


@EVERY_MAP
@settings(max_examples=40, deadline=None)
@given(north=st.floats(0, 1), east=st.floats(0, 1))
def test_a_place_on_the_map_is_found_again(name, north, east):
    projection = MAP_PROJECTIONS[name]
    west, east_edge, south, north_edge = projection.extent
    latitude, longitude = south + north * (north_edge - south), west + east * (east_edge - west)
    x, y = project(name, latitude, longitude)
    back = Proj(projection.crs)(x, y, inverse=True)
    there = Geod(ellps="WGS84").inv(longitude, latitude, *back)[2]
    assert there < 1  # metre


@EVERY_MAP
@settings(max_examples=40, deadline=None)
@given(north=st.floats(0.05, 0.95), east=st.floats(0.05, 0.95))
def test_areas_are_those_of_the_earth(name, north, east):
    west, east_edge, south, north_edge = MAP_PROJECTIONS[name].extent
    latitude, longitude = south + north * (north_edge - south), west + east * (east_edge - west)
    # A cell of 0.2°: small enough that its sides are straight on the map and on the ellipsoid.
    lat = latitude + np.array([-0.1, -0.1, 0.1, 0.1])
    lon = longitude + np.array([-0.1, 0.1, 0.1, -0.1])
    x, y = project(name, lat, lon)
    on_map = np.abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
    on_earth = Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)[0]
    assert_allclose(on_map, on_earth, rtol=1e-3)


@EVERY_MAP
def test_a_place_beyond_the_edge_is_not_on_the_map(name):
    *_, south, north = MAP_PROJECTIONS[name].extent
    x, y = project(name, [south - 1, north + 1, np.nan, (south + north) / 2], [10, 10, 10, np.nan])
    assert np.isnan(x).all()
    assert np.isnan(y).all()


def test_hilo_is_on_the_world_map_only():
    assert np.isfinite(project("world", 19.7, -155.1)).all()
    assert np.isnan(project("polar", 19.7, -155.1)).all()
    assert np.isnan(project("antarctic", 19.7, -155.1)).all()


def test_the_pole_is_the_middle_of_its_map():
    assert_allclose(project("polar", 90, 0), 0, atol=1e-3)
    assert_allclose(project("antarctic", -90, 0), 0, atol=1e-3)


def test_longitudes_of_a_climate_grid_are_the_same_places():
    assert_allclose(project("world", [65, 65], [-147.5, 212.5])[0][0], project("world", 65, 212.5)[0])


@EVERY_MAP
def test_land_is_drawn_where_land_is(name):
    ax = map_of(name)
    west, east, south, north = MAP_PROJECTIONS[name].extent
    random = np.random.default_rng(3)
    latitude, longitude = random.uniform(south, north, 300), random.uniform(west, east, 300)
    places = np.column_stack(project(name, latitude, longitude))
    land = drawn_land(ax).get_path()
    # Holes run against their outside, so a place in one is in an even number of the subpaths.
    drawn = np.sum([part.contains_points(places) for part in subpaths(land)], axis=0) % 2 == 1
    assert_array_equal(drawn, distance_to_land(latitude, longitude) == 0)


def subpaths(path):
    starts = [*np.flatnonzero(path.codes == path.MOVETO), len(path.vertices)]
    return [type(path)(path.vertices[a:b]) for a, b in pairwise(starts)]


@EVERY_MAP
def test_no_coast_streaks_across_the_map(name):
    ax = map_of(name)
    span = np.ptp(ax.get_xlim())
    for line in ax.lines:
        x, y = line.get_data()
        steps = np.hypot(np.diff(x), np.diff(y))
        vertical = np.allclose(x, x[0], atol=1) or np.allclose(y, y[0], atol=1)
        assert vertical or np.nanmax(steps) < 0.06 * span


@pytest.mark.parametrize("name", ["polar", "antarctic"])
def test_the_border_of_a_polar_map_is_a_circle(name):
    ax = map_of(name)
    clip = drawn_land(ax).get_clip_path().get_fully_transformed_path().vertices
    radius = np.hypot(*ax.transData.inverted().transform(clip).T)
    assert_allclose(radius, radius[0], rtol=1e-6)
    # A spherical cap of 45° (30° around the south pole) and a disc of the same area.
    chord = {"polar": 2 * np.sin(np.radians(45 / 2)), "antarctic": 2 * np.sin(np.radians(30 / 2))}[name]
    assert_allclose(radius[0], 6371e3 * chord, rtol=0.005)  # the earth is not quite a sphere


def test_the_coast_of_antarctica_is_not_drawn_to_the_pole():
    ax = map_of("antarctic")
    coast = ax.lines[0].get_xydata()
    assert np.nanmin(np.hypot(*coast.T)) > 4e5  # the Ross Ice Shelf ends at 85°S


def test_a_polar_map_labels_its_parallels_and_meridians():
    words = {text.get_text() for text in map_of("polar").texts}
    assert {"60°N", "75°N", "0°", "90°E", "180°", "150°W"} <= words


@EVERY_MAP
def test_labels_lie_within_the_figure_and_off_each_other(name):
    ax = map_of(name)
    frame = ax.figure.bbox
    boxes = [text.get_window_extent() for text in ax.texts]
    for box in boxes:
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert frame.y0 <= box.y0
        assert box.y1 <= frame.y1
        assert sum(box.overlaps(other) for other in boxes) == 1


def test_only_the_coast_is_drawn_over_a_field():
    ax = Figure().subplots()
    assert draw_land(ax, "polar", fill="none") is ax
    assert drawn_land(ax).get_facecolor()[3] == 0
    assert np.isfinite(ax.lines[0].get_xydata()).any()


def test_a_map_is_a_small_drawing():
    ax = map_of("polar")
    file = BytesIO()
    ax.figure.savefig(file, format="svg")
    assert len(file.getvalue()) < 300_000


def test_a_projection_of_ones_own_is_drawn():
    siberia = replace(MAP_PROJECTIONS["polar"], name="siberia", crs="+proj=laea +lat_0=90 +lon_0=120")
    x, y = project(siberia, 62.0, 120.0)
    assert_allclose(x, 0, atol=1)
    assert y < 0
    assert len(map_axes(Figure().subplots(), siberia).texts) > 10


def test_degrees_are_written_as_on_a_map():
    assert [degrees_north(d) for d in (60, -30, 0)] == ["60°N", "30°S", "0°"]
    assert [degrees_east(d) for d in (150, -150, 0, -180)] == ["150°E", "150°W", "0°", "180°"]


def test_an_unknown_projection_is_an_error_that_names_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'mercator'.*polar, antarctic, world"):
        project("mercator", 65.0, -147.0)
