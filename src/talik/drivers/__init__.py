"""Estimates and properties of the soil: what explains them."""

from talik.drivers.attribution import Attribution, Effort, attribute
from talik.drivers.bayesian import bayesian_effects, fit_horseshoe
from talik.drivers.before import Collinearity, collinearity, samples_for_correlation, smallest_correlation
from talik.drivers.components import components_of, first_component
from talik.drivers.correlation import driver_correlations, driver_partial_correlations
from talik.drivers.diversity import diversity
from talik.drivers.forests import forest_importance, importance_intervals
from talik.drivers.gather import Gathered, gather_q10, gather_release
from talik.drivers.importance import driver_importance
from talik.drivers.mixed import driver_effects, fit_drivers, layer_differences
from talik.drivers.naive import beside_naive
from talik.drivers.path_model import parse_paths
from talik.drivers.paths import fit_paths
from talik.drivers.place import table_of_place
from talik.drivers.reliability import reliability
from talik.drivers.response_errors import draw_responses, over_draws
from talik.drivers.robustness import robustness
from talik.drivers.selection import Selection, forward_selection, selection_table
from talik.drivers.signs import group_signs
from talik.drivers.table import DriverTable, driver_table
from talik.drivers.transect import TransectDesign, transect_table, true_total_effects
from talik.drivers.variation import commonality, variation_partitioning
from talik.drivers.verdict import primary_analysis, verdict_of_table
from talik.drivers.write import write_attribution

__all__ = [
    "Attribution",
    "Collinearity",
    "DriverTable",
    "Effort",
    "Gathered",
    "Selection",
    "TransectDesign",
    "attribute",
    "bayesian_effects",
    "beside_naive",
    "collinearity",
    "commonality",
    "components_of",
    "diversity",
    "draw_responses",
    "driver_correlations",
    "driver_effects",
    "driver_importance",
    "driver_partial_correlations",
    "driver_table",
    "first_component",
    "fit_drivers",
    "fit_horseshoe",
    "fit_paths",
    "forest_importance",
    "forward_selection",
    "gather_q10",
    "gather_release",
    "group_signs",
    "importance_intervals",
    "layer_differences",
    "over_draws",
    "parse_paths",
    "primary_analysis",
    "reliability",
    "robustness",
    "samples_for_correlation",
    "selection_table",
    "smallest_correlation",
    "table_of_place",
    "transect_table",
    "true_total_effects",
    "variation_partitioning",
    "verdict_of_table",
    "write_attribution",
]
