"""Temperature: Q10 of respiration by every definition, each under its own name.

``rate-ratio``, ``rate-fit``, ``exponential-fit`` and ``arrhenius`` compare rates at the same time, ``equal-time``
the carbon released by the same day, ``equal-carbon`` the time that the same carbon took, ``pool`` the decay rates of
fitted pools. On one soil they differ, because they hold different things equal.
"""

from talik.temperature.activation_energy import activation_energy
from talik.temperature.compare_layers import compare_layers, layers_in_words
from talik.temperature.drift import q10_drift
from talik.temperature.figures import lay_out_one_soil
from talik.temperature.one_soil import most_telling_set, one_soil, what_separates
from talik.temperature.outcomes import outcomes
from talik.temperature.q10 import Q10_DEFINITIONS, q10
from talik.temperature.sensitivity import flux_sensitivity

__all__ = [
    "Q10_DEFINITIONS",
    "activation_energy",
    "compare_layers",
    "flux_sensitivity",
    "lay_out_one_soil",
    "layers_in_words",
    "most_telling_set",
    "one_soil",
    "outcomes",
    "q10",
    "q10_drift",
    "what_separates",
]
