"""Colours that colour-blind eyes tell apart (Okabe and Ito 2008), and what each is used for."""

READING = "#000000"
"""What was read."""

LEFT_OUT = "#8c8c8c"
"""What was read and not used."""

FIT = "#0072b2"
"""A rate, and what is fitted."""

LIMIT = "#d55e00"
"""What is told from nothing, and what is out of bounds."""

DONE = {"flush": "#009e73", "seal": "#56b4e9", "draw": "#cc79a7", "replace": "#e69f00", "water": "#0072b2"}
"""What is done to a jar."""
