"""Pools of many soils in one Bayesian model: what a soil does not tell itself it takes from the others."""

from talik.inference.diagnostics import Gates, LeaveOneOut
from talik.inference.draws import read_draws, write_draws
from talik.pools.hierarchical.fit import HierarchicalFit, fit_hierarchical
from talik.pools.hierarchical.priors import Priors, priors_of, read_priors
from talik.pools.hierarchical.soils import Soils, gather_soils

__all__ = [
    "Gates",
    "HierarchicalFit",
    "LeaveOneOut",
    "Priors",
    "Soils",
    "fit_hierarchical",
    "gather_soils",
    "priors_of",
    "read_draws",
    "read_priors",
    "write_draws",
]
