"""Incubation: databases and tables of laboratories to jars and their respiration."""
