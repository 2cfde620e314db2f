"""Measurements checked as a whole: one module a subject, one function a rule."""

from talik.incubation.checks.amounts import check_curves
from talik.incubation.checks.factors import release_factors
from talik.incubation.checks.keys import refuse_broken_keys
from talik.incubation.checks.signals import weak_sets
from talik.incubation.checks.temperatures import LOGGED, NO_TEMPERATURE
from talik.incubation.checks.whole import checked

__all__ = ["LOGGED", "NO_TEMPERATURE", "check_curves", "checked", "refuse_broken_keys", "release_factors", "weak_sets"]
