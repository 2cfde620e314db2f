"""Estimates and properties of the soil: what explains them."""

from talik.drivers.before import Collinearity, collinearity, samples_for_correlation, smallest_correlation
from talik.drivers.correlation import driver_correlations, driver_partial_correlations
from talik.drivers.diversity import diversity
from talik.drivers.gather import Gathered, gather_q10, gather_release
from talik.drivers.importance import driver_importance
from talik.drivers.mixed import driver_effects, fit_drivers, layer_differences
from talik.drivers.selection import Selection, forward_selection
from talik.drivers.signs import group_signs
from talik.drivers.table import DriverTable, driver_table
from talik.drivers.variation import commonality, variation_partitioning

__all__ = [
    "Collinearity",
    "DriverTable",
    "Gathered",
    "Selection",
    "collinearity",
    "commonality",
    "diversity",
    "driver_correlations",
    "driver_effects",
    "driver_importance",
    "driver_partial_correlations",
    "driver_table",
    "fit_drivers",
    "forward_selection",
    "gather_q10",
    "gather_release",
    "group_signs",
    "layer_differences",
    "samples_for_correlation",
    "smallest_correlation",
    "variation_partitioning",
]
