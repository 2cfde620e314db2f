"""Pictures of readings, respiration and release: one closing, one jar's life, a cabinet's log, all curves."""

from talik.flux.figures.cabinet import plot_cabinet_log
from talik.flux.figures.closing import plot_closing
from talik.flux.figures.life import plot_jar
from talik.flux.figures.released import (
    plot_release,
    plot_temperature_scale,
    printed_unit,
    release_panels,
    temperature_colours,
)

__all__ = [
    "plot_cabinet_log",
    "plot_closing",
    "plot_jar",
    "plot_release",
    "plot_temperature_scale",
    "printed_unit",
    "release_panels",
    "temperature_colours",
]
