"""What place, soil and depth say about permafrost."""

import math

import numpy as np
import pandas as pd
import pytest

from talik import layer, permafrost
from talik.survey import check_coordinates, conclude
from talik.survey.coordinates import expected_temperature
from talik.tables import typed


@pytest.mark.parametrize(
    ("known", "found", "evidence"),
    [
        ({"stated": True, "soil": "Alfisol"}, "yes", "stated"),
        ({"stated": False, "soil": "Gelisol"}, "no", "stated"),
        ({"soil": "Inceptisol Histic Pergelic Cryaquept"}, "yes", "soil order"),
        ({"soil": "Cambisol Gelic"}, "yes", "soil order"),
        ({"active_layer_depth": 0.5}, "yes", "active layer (0.5 m)"),
        ({"latitude": 68.6, "mean_annual_temperature": -10.3}, "yes", "climate"),
        ({"latitude": 33.0, "mean_annual_temperature": -2.0, "elevation": 4500}, "yes", "climate"),
        ({"latitude": 68.6, "mean_annual_temperature": -0.5}, "", ""),
        ({"latitude": 33.0, "mean_annual_temperature": -2.0}, "", ""),
        ({"latitude": 21.3, "mean_annual_temperature": 24.6}, "no", "climate"),
        ({"latitude": 68.6}, "", ""),
        ({}, "", ""),
    ],
)
def test_permafrost_from_the_strongest_evidence(known, found, evidence):
    concluded = permafrost(**known)
    assert concluded.permafrost == found
    assert concluded.evidence.startswith(evidence)
    assert bool(concluded.evidence) == bool(evidence)


@pytest.mark.parametrize(
    ("top", "bottom", "more", "found"),
    [
        (0, 10, {"active_layer_depth": 0.5}, "active"),
        (45, 60, {"active_layer_depth": 0.5}, "permafrost"),
        (40, 55, {"active_layer_depth": 0.5}, "active"),
        (90, 100, {}, ""),
        (0, 10, {}, "active"),
        (0, 5, {"horizon": "Oi"}, "organic"),
        (0, 10, {"organic_carbon": 446.0}, "organic"),
        (0, 10, {"organic_carbon": 60.0}, "active"),
        (60, 80, {"horizon": "Oa", "active_layer_depth": 0.5}, "permafrost"),
        (math.nan, math.nan, {"horizon": "Oa"}, "organic"),
        (math.nan, math.nan, {"active_layer_depth": 0.5}, ""),
        (80, 90, {"active_layer_depth": 0.5, "permafrost": "no"}, ""),
        (80, 90, {"active_layer_depth": 0.5, "permafrost": ""}, ""),
    ],
)
def test_the_layer_of_a_sample(top, bottom, more, found):
    concluded = layer(top, bottom, **({"permafrost": "yes"} | more))
    assert concluded.layer == found


def test_a_sample_that_straddles_the_thaw_says_so():
    assert "straddles" in layer(40, 70, permafrost="yes", active_layer_depth=0.5).evidence


def test_what_was_stated_is_kept_and_what_was_left_open_is_concluded():
    sites = typed("sites", pd.DataFrame([
        {"site": "a", "permafrost": "no", "soil_order": "Gelisol"}, {"site": "b", "active_layer_depth": 0.4},
    ]))  # fmt: skip
    samples = typed("samples", pd.DataFrame([
        {"sample": "1", "site": "a", "depth_top": 0, "depth_bottom": 10},
        {"sample": "2", "site": "b", "depth_top": 60, "depth_bottom": 80},
        {"sample": "3", "site": "b", "depth_top": 60, "depth_bottom": 80, "layer": "active"},
    ]))  # fmt: skip
    sites, samples = conclude(sites, samples, {})
    assert list(sites["permafrost"]) == ["no", "yes"]
    assert list(samples["layer"]) == ["", "permafrost", "active"]


def site(**fields):
    return typed("sites", pd.DataFrame([{"study": "s", "site": "here", "country": "USA"} | fields]))


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"latitude": 68.63, "longitude": -149.6}, []),
        ({"latitude": 65.16, "longitude": 147.49}, ["coordinates-country"]),
        ({"latitude": 42.667, "longitude": 3.333, "country": "Spain"}, ["coordinates-country", "coordinates-off-land"]),
        ({"latitude": 10.0, "longitude": -150.0, "country": ""}, ["coordinates-off-land"]),
        ({"latitude": 68.63}, ["coordinates-missing"]),
        ({"latitude": 33.83, "longitude": -99.03, "mean_annual_temperature": 5.0}, ["climate-improbable"]),
        (
            {
                "latitude": 37.5,
                "longitude": 101.25,
                "elevation": 3240,
                "mean_annual_temperature": -1.7,
                "country": "China",
            },
            [],
        ),
        ({"latitude": 51.0, "longitude": 4.0, "country": "Freedonia"}, []),
    ],
)
def test_coordinates_against_country_land_and_climate(fields, rules):
    assert sorted(problem.rule for problem in check_coordinates(site(**fields))) == rules


def test_a_lost_sign_is_named():
    found = check_coordinates(site(latitude=65.16, longitude=147.49))[0].found
    assert found.endswith("with the other sign of longitude it lies there")


def test_it_is_colder_towards_the_poles_and_with_height():
    latitude = np.arange(0, 90, 10.0)
    assert (np.diff(expected_temperature(latitude, 0.0)) < 0).all()
    assert expected_temperature(45.0, 2000.0) == pytest.approx(expected_temperature(45.0, 0.0) - 13.0)
