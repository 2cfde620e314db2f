"""Flux: from readings to respiration, and the carbon released when it is added up over time."""

from talik.flux.budget import Laboratory, carbon_budget
from talik.flux.checks import check_readings, check_respiration
from talik.flux.headspace import (
    carbon_dissolved,
    carbon_in_headspace,
    carbon_per_ppm,
    dry_mole_fraction,
    headspace_volume,
    water_vapour_pressure,
)
from talik.flux.release import release, release_covariance, trapezoid_weights
from talik.flux.respiration import respiration, respiration_in_parts

__all__ = [
    "Laboratory",
    "carbon_budget",
    "carbon_dissolved",
    "carbon_in_headspace",
    "carbon_per_ppm",
    "check_readings",
    "check_respiration",
    "dry_mole_fraction",
    "headspace_volume",
    "release",
    "release_covariance",
    "respiration",
    "respiration_in_parts",
    "trapezoid_weights",
    "water_vapour_pressure",
]
