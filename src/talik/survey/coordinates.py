"""Coordinates against country, land and climate."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from talik import geography
from talik.problems import Problem, problem

FARTHEST_OFF_LAND = 20.0
"""How far off the 1:110 million outline a site on a coast can lie: its worst blurred coast is 13 km. [km]"""

FARTHEST_OFF_COUNTRY = 20.0
"""How far outside the outline of its country a site near a border can lie. [km]"""

LARGEST_CLIMATE_MISFIT = 12.0
"""Difference between mean annual temperature and its zonal expectation that asks a question. [°C]"""


def check_coordinates(sites: pd.DataFrame) -> list[Problem]:
    """Sites without coordinates, outside their country, in the sea, or with another place's climate.

    Parameters
    ----------
    sites : DataFrame
        The table ``sites``.

    Returns
    -------
    list of Problem
    """
    found = list(_missing(sites))
    placed = sites.dropna(subset=["latitude", "longitude"])
    if placed.empty:
        return found
    latitude, longitude = placed["latitude"].to_numpy(), placed["longitude"].to_numpy()
    off_land = geography.distance_to_land(latitude, longitude)
    for (_, site), sea in zip(placed.iterrows(), off_land, strict=True):
        found += _place(site, float(sea))
    return found + list(_climate(placed))


def _missing(sites: pd.DataFrame) -> Iterator[Problem]:
    for _, site in sites[sites[["latitude", "longitude"]].isna().any(axis=1)].iterrows():
        yield problem(
            "coordinates-missing", stage="survey", entry=site["study"], column=site["site"],
            found="no latitude or longitude", needed="decimal degrees", done="left off the maps",
        )  # fmt: skip


def _place(site: pd.Series, sea: float) -> Iterator[Problem]:
    where = f"{site['latitude']:.3f}, {site['longitude']:.3f}"
    shared = {"stage": "survey", "entry": site["study"], "column": site["site"], "where": where}
    if sea > FARTHEST_OFF_LAND:
        yield problem(
            "coordinates-off-land", **shared, found=f"{sea:.0f} km off the land",
            needed="a place on land, or an island too small for the outline", done="kept as it is",
        )  # fmt: skip
    country = site["country"]
    away = float(geography.distance_to_country([site["latitude"]], [site["longitude"]], country)[0])
    if away > FARTHEST_OFF_COUNTRY:
        yield problem(
            "coordinates-country", **shared, done="kept as it is",
            found=f"{away:.0f} km outside {country}{_mirrored(site)}", needed=f"a place in {country}",
        )  # fmt: skip


def _mirrored(site: pd.Series) -> str:
    """The change of sign that would bring the site into its country, in words."""
    for sign_latitude, sign_longitude, words in ((1, -1, "longitude"), (-1, 1, "latitude"), (-1, -1, "both")):
        there = geography.distance_to_country(
            [sign_latitude * site["latitude"]], [sign_longitude * site["longitude"]], site["country"]
        )
        if there[0] <= FARTHEST_OFF_COUNTRY:
            return f"; with the other sign of {words} it lies there"
    return ""


def expected_temperature(latitude, elevation):
    """Zonal mean annual air temperature over land, lowered by 6.5 °C per km of height. [°C]

    A cosine through 27 °C at the equator and 2 °C at 60°. It is made to find a mistyped place,
    not to describe climate: sites whose place is right lie within 12 °C of it.

    Examples
    --------
    >>> float(expected_temperature(0.0, 0.0).round()), float(expected_temperature(80.0, 0.0).round())
    (27.0, -14.0)
    """
    height = np.nan_to_num(np.asarray(elevation, float), nan=0.0)
    return -23.0 + 50.0 * np.cos(np.radians(np.asarray(latitude, float))) - 6.5e-3 * height


def _climate(placed: pd.DataFrame) -> Iterator[Problem]:
    expected = expected_temperature(placed["latitude"], placed["elevation"])
    misfit = placed["mean_annual_temperature"] - expected
    for index, difference in misfit[misfit.abs() > LARGEST_CLIMATE_MISFIT].items():
        site = placed.loc[index]
        yield problem(
            "climate-improbable", stage="survey", entry=site["study"], column=site["site"],
            where=f"{site['latitude']:.3f}, {site['longitude']:.3f}",
            found=f"mean annual temperature {site['mean_annual_temperature']:g} °C, {abs(difference):.0f} °C "
            f"{'warmer' if difference > 0 else 'colder'} than usual at this latitude and height",
            needed="place and climate that fit", done="kept as it is",
        )  # fmt: skip
