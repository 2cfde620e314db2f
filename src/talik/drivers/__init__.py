"""Estimates and properties of the soil: what explains them."""

from talik.drivers.table import DriverTable, driver_table

__all__ = ["DriverTable", "driver_table"]
