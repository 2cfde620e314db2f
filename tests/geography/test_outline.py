import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import Geod

from talik.geography import (
    countries_named,
    country_of,
    distance_to_country,
    distance_to_land,
    outlines,
)
from talik.geography.outline import _read_table, densify, distance_to_outline, is_inside

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 360)


def test_lhasa_is_on_land():
    assert distance_to_land(29.65, 91.1) == 0


def test_the_gulf_of_guinea_is_hundreds_of_km_from_land():
    assert 400 < distance_to_land(0, 0) < 700


def test_the_caspian_sea_is_not_land_and_lake_baikal_is():
    caspian, baikal = distance_to_land([42.0, 53.5], [50.5, 108.0])
    assert caspian > 50
    assert baikal == 0


def test_a_mistyped_longitude_of_biescas_lies_in_the_mediterranean():
    assert 5 < distance_to_land(42.667, 3.333) < 60
    assert distance_to_land(42.667, -0.333) == 0


def test_the_north_pole_is_far_from_land():
    # Cape Morris Jesup, the northern end of Greenland, lies 709 km from the pole.
    assert_allclose(distance_to_land(90, [0, 77, -180]), 709, atol=15)


def test_the_south_pole_is_land_in_antarctica():
    longitude = [0, -180, 180, 77]
    assert_array_equal(distance_to_land(-90, longitude), 0)
    assert country_of(-90, longitude).tolist() == ["Antarctica"] * 4


def test_the_antarctic_plateau_is_land_at_every_longitude():
    longitude = np.arange(-180, 181, 0.5)
    assert_array_equal(distance_to_land(np.full(longitude.shape, -88.0), longitude), 0)


def test_toolik_lake_lies_in_the_usa():
    assert country_of(68.63, -149.59) == "United States of America"
    assert distance_to_country(68.63, -149.59, "USA") == 0


def test_a_lost_sign_takes_fairbanks_to_russia():
    east, west = distance_to_country(65.16, [147.49, -147.49], "USA")
    assert east > 1500
    assert west == 0
    assert country_of(65.16, 147.49) == "Russia"


def test_kangerlussuaq_lies_in_greenland_and_so_in_denmark():
    assert country_of(67.103, -50.286) == "Greenland"
    assert_array_equal(distance_to_country(67.103, -50.286, ["Greenland", "Denmark"]), 0)
    assert distance_to_country(55.7, 12.0, "Greenland") > 2000


def test_chukotka_is_russia_on_both_sides_of_the_date_line():
    assert country_of(67.0, [179.0, 179.999, 180.0, -180.0, -179.0, 181.0]).tolist() == ["Russia"] * 6
    assert distance_to_country(66.3, -173.0, "Russia") == 0


def test_the_nearest_land_is_found_across_the_date_line():
    # Some 3° east of the seam; the coast of Wrangel Island lies between.
    assert distance_to_land(71.2, -176.8) < 60


def test_alaska_hawaii_and_puerto_rico_are_the_usa():
    assert_array_equal(distance_to_country([64.8, 19.7, 18.2], [-147.7, -155.4, -66.4], "United States"), 0)


def test_svalbard_counts_as_norway():
    assert_array_equal(distance_to_country(78.18, 15.93, ["Svalbard", "Norway", " SVALBARD, norway "]), 0)


def test_lesotho_is_not_south_africa():
    assert country_of(-29.5, 28.2) == "Lesotho"
    assert distance_to_country(-29.5, 28.2, "South Africa") > 20


def test_a_border_along_a_parallel_does_not_follow_the_great_circle():
    # The great circle from the Pacific to Lake of the Woods passes 160 km north of the 49th parallel here.
    south, north = distance_to_country([48.9, 49.1], -109.0, "USA")
    assert south == 0
    assert_allclose(north, 11.1, rtol=0.03)  # a tenth of a degree


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("U.S.A.", (64.8, -147.7)),
        ("united  states", (64.8, -147.7)),
        ("UK", (54.7, -2.4)),
        ("England", (51.8, -1.0)),
        ("Scotland", (56.8, -4.5)),
        ("Great Britain", (52.5, -1.5)),
        ("Russian Federation", (62.0, 129.7)),
        ("Korea", (37.0, 128.0)),
        ("Czech Republic", (49.8, 15.5)),
        ("Tibet/China", (29.65, 91.1)),
        ("P. R. China", (29.65, 91.1)),
        ("ESPANA", (40.4, -3.7)),
        ("antarctica", (-78.0, 163.0)),
    ],
)
def test_countries_are_known_as_people_write_them(written, place):
    assert distance_to_country(*place, written) == 0


def test_an_unknown_country_has_no_distance():
    distance = distance_to_country(65.0, -147.0, ["Atlantis", "", None, np.nan, pd.NA, "USA"])
    assert_array_equal(np.isnan(distance), [True] * 5 + [False])


def test_every_written_name_means_a_country_that_has_an_outline():
    written = _read_table("country_names.csv")
    assert set(written["country"]) <= set(outlines("country"))
    assert all(countries_named(name) for name in written["written"])


def test_no_alias_hides_a_country_from_its_own_name():
    for name in outlines("country"):
        assert name in countries_named(name)


def test_a_site_without_a_position_is_nowhere():
    latitude, longitude = [np.nan, 65.0, 91.0, 65.0], [20.0, np.nan, 20.0, np.inf]
    assert np.isnan(distance_to_land(latitude, longitude)).all()
    assert np.isnan(distance_to_country(latitude, longitude, "Sweden")).all()
    assert country_of(latitude, longitude).tolist() == [""] * 4


def test_rings_are_closed_and_do_not_jump():
    for kind in ("land", "country"):
        for ring in (ring for rings in outlines(kind).values() for ring in rings):
            assert_array_equal(ring[0], ring[-1])
            over_pole = (np.abs(ring[1:, 1]) == 90) & (np.abs(ring[:-1, 1]) == 90)
            assert np.abs(np.diff(ring[:, 0]))[~over_pole].max() < 60


def test_the_outline_covers_the_land_area_of_the_earth():
    geod = Geod(ellps="WGS84")
    rings = outlines("land")[""]
    area = -sum(geod.polygon_area_perimeter(*densify(ring, 0.5).T)[0] for ring in rings) / 1e12
    # 148.9 million km² of land; the outline leaves out islands and the Ross and Ronne ice shelves.
    assert_allclose(area, 148.9, rtol=0.02)


def test_distance_is_that_of_the_nearest_of_many_points_on_the_coast():
    geod = Geod(ellps="WGS84")
    iceland = outlines("country")["Iceland"]
    coast = np.vstack([densify(ring, 0.01) for ring in iceland])
    random = np.random.default_rng(7)
    latitude, longitude = random.uniform(-90, 90, 40), random.uniform(-180, 180, 40)
    every = [
        geod.inv(*np.broadcast_arrays(x, y, *coast.T))[2].min() / 1000 for y, x in zip(latitude, longitude, strict=True)
    ]
    # The nearest point is sought on a sphere and along edges of a degree.
    assert_allclose(distance_to_outline(latitude, longitude, iceland), every, rtol=0.01)


@settings(max_examples=60, deadline=None)
@given(latitude=LATITUDES, longitude=LONGITUDES)
def test_distance_to_land_is_zero_on_land_and_positive_off_it(latitude, longitude):
    distance = distance_to_land(latitude, longitude)
    assert (distance == 0) == bool(is_inside(latitude, longitude, outlines("land")[""])) or distance < 1e-3
    assert 0 <= distance < 5300  # the Pacific near Pitcairn, whose islands are not in the outline


@settings(max_examples=60, deadline=None)
@given(latitude=LATITUDES, longitude=LONGITUDES)
def test_the_country_of_a_place_is_at_no_distance(latitude, longitude):
    country = str(country_of(latitude, longitude))
    distance = float(distance_to_country(latitude, longitude, country))
    assert distance == 0 if country else np.isnan(distance)


@settings(max_examples=30, deadline=None)
@given(latitude=LATITUDES, longitude=st.floats(-180, 180), country=st.sampled_from(["Russia", "Fiji", "Norway"]))
def test_a_turn_around_the_earth_changes_nothing(latitude, longitude, country):
    here, turned = distance_to_country(latitude, [longitude, longitude + 360], country)
    assert_allclose(here, turned, atol=1e-3)  # a metre, for a place on the border itself


def test_shapes_are_kept():
    latitude, longitude = np.full((2, 3), 65.0), np.full((2, 3), -147.0)
    assert distance_to_land(latitude, longitude).shape == (2, 3)
    assert distance_to_country(latitude, longitude, "USA").shape == (2, 3)
    assert country_of(latitude, longitude).shape == (2, 3)
    assert distance_to_land([], []).shape == (0,)


def test_a_hundred_sites_are_placed_within_a_moment():
    random = np.random.default_rng(1)
    latitude, longitude = random.uniform(-90, 90, 100), random.uniform(-180, 180, 100)
    country_of(latitude, longitude)  # reads the outline
    began = time.perf_counter()
    distance_to_land(latitude, longitude)
    distance_to_country(latitude, longitude, np.resize(list(outlines("country")), 100))
    country_of(latitude, longitude)
    assert time.perf_counter() - began < 2  # takes 0.1 s on an idle core


def test_no_heavy_import_before_a_function_needs_it():
    program = "import sys, talik.geography; print([m for m in sys.modules if '.' not in m])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not re.search("'(matplotlib|pyproj)'", loaded)
    assert "'numpy'" in loaded
