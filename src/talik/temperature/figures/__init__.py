"""Q10 drawn: of many soils, of one soil under all definitions, along an incubation, and between layers."""

from talik.temperature.figures.layers import plot_layers, plot_layers_by_measure
from talik.temperature.figures.one_soil import lay_out_one_soil, one_soil_height, plot_one_soil, plot_q10_along
from talik.temperature.figures.soils import (
    COMPARED,
    DEFINITION_COLOURS,
    by_definition,
    constant_in_words,
    draw_intervals,
    forest_rows,
    median_q10,
    neighbouring_pairs,
    plot_flux_sensitivity,
    plot_q10_against_temperature,
    plot_q10_forest,
    plot_q10_over_place,
    q10_limits,
    with_places,
)

__all__ = [
    "COMPARED",
    "DEFINITION_COLOURS",
    "by_definition",
    "constant_in_words",
    "draw_intervals",
    "forest_rows",
    "lay_out_one_soil",
    "median_q10",
    "neighbouring_pairs",
    "one_soil_height",
    "plot_flux_sensitivity",
    "plot_layers",
    "plot_layers_by_measure",
    "plot_one_soil",
    "plot_q10_against_temperature",
    "plot_q10_along",
    "plot_q10_forest",
    "plot_q10_over_place",
    "q10_limits",
    "with_places",
]
