import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from talik.survey.figures import maps_needed, plot_sites, sites_on
from talik.tables import typed

PLACES = {
    "study": ["Brooks", "Mauna Kea", "Taylor Valley", "nowhere"],
    "site": ["a", "b", "c", "d"],
    "latitude": [68.6, 19.7, -77.6, np.nan],
    "longitude": [-149.6, -155.1, 163.2, np.nan],
    "permafrost": ["yes", "no", "yes", ""],
}


@pytest.fixture
def sites():
    return typed("sites", pd.DataFrame(PLACES))


def names(ax):
    return {text.get_text() for text in ax.texts} & set(PLACES["study"])


def test_every_placed_site_is_on_one_map(sites):
    found = [site for name in ("polar", "antarctic", "world") for site in sites_on(sites, name)["site"]]
    assert sorted(found) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("rows", "maps"),
    [([0], ["polar"]), ([1], ["world"]), ([2], ["antarctic"]), ([3], []), ([0, 1], ["polar", "world"])],
)
def test_maps_are_drawn_only_where_sites_lie(sites, rows, maps):
    assert maps_needed(sites.iloc[rows]) == maps


@pytest.mark.parametrize(
    ("projection", "study"), [("polar", "Brooks"), ("antarctic", "Taylor Valley"), ("world", "Mauna Kea")]
)
def test_map_names_its_own_studies(sites, projection, study):
    assert names(plot_sites(sites, Figure().subplots(), projection=projection)) == {study}


def test_world_map_shows_all_sites(sites):
    ax = plot_sites(sites, Figure().subplots(), projection="world")
    assert sum(len(one.get_offsets()) for one in ax.collections) == 3


def test_legend_names_the_kinds_that_are_there(sites):
    ax = plot_sites(sites, Figure().subplots(), projection="world")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["permafrost", "no permafrost"]


def test_names_of_near_studies_do_not_overlap():
    places = {"latitude": 64.8, "longitude": -147.8, "permafrost": "yes"}
    near = typed(
        "sites", pd.DataFrame({"study": [f"study {i}" for i in range(12)], "site": list("abcdefghijkl")} | places)
    )
    ax = plot_sites(near, Figure(figsize=(6, 5)).subplots(), projection="polar")
    heights = sorted(text.get_position()[1] for text in ax.texts if text.get_text().startswith("study"))
    low, high = ax.get_ylim()
    assert len(heights) == 12
    assert min(np.diff(heights)) > 0.04 * (high - low)
