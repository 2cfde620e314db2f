"""Least squares, profiles, criteria: what every stage needs to say how sure it is."""
