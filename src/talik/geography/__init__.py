"""Where places lie on the earth: land and country outlines, distances to them, and map axes.

The only room that imports pyproj, and neither it nor matplotlib before a function needs them.
"""

from talik.geography.maps import (
    MAP_PROJECTIONS,
    MapProjection,
    draw_graticule,
    draw_land,
    map_axes,
    project,
)
from talik.geography.outline import (
    countries_named,
    country_of,
    distance_to_country,
    distance_to_land,
    outlines,
)

__all__ = [
    "MAP_PROJECTIONS",
    "MapProjection",
    "countries_named",
    "country_of",
    "distance_to_country",
    "distance_to_land",
    "draw_graticule",
    "draw_land",
    "map_axes",
    "outlines",
    "project",
]
