"""From the readings of one closing of a jar to its rate.

The carbon in a closed jar rises while the soil respires. These functions take a series of readings, as
micrograms of carbon in the jar, to the rate at the moment of closing, with its interval and the reason for
the model that was chosen.
"""

from talik.flux.closings.curved import hutchinson_mosier
from talik.flux.closings.detection import detection_limit
from talik.flux.closings.fit import ClosingFit, fit_closing
from talik.flux.closings.many import LinearRates, linear_rates
from talik.flux.closings.window import usable_window

__all__ = [
    "ClosingFit",
    "LinearRates",
    "detection_limit",
    "fit_closing",
    "hutchinson_mosier",
    "linear_rates",
    "usable_window",
]
