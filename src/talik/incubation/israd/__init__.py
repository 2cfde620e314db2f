"""The International Soil Radiocarbon Database (ISRaD, Lawrence et al. 2020, doi:10.5194/essd-12-61-2020)."""

from talik.incubation.israd.reader import read_israd

__all__ = ["read_israd"]
