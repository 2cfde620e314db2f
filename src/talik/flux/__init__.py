"""Flux: respiration, and the carbon released when it is added up over time."""

from talik.flux.release import release, trapezoid_weights

__all__ = ["release", "trapezoid_weights"]
