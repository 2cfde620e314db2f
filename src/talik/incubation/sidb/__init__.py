"""The Soil Incubation Database (SIDb, Schädel et al. 2020, doi:10.5194/essd-12-1511-2020)."""

from talik.incubation.sidb.corrections import NO_CORRECTIONS, reviewed_corrections
from talik.incubation.sidb.reader import read_sidb
from talik.incubation.sidb.writer import write_sidb

__all__ = ["NO_CORRECTIONS", "read_sidb", "reviewed_corrections", "write_sidb"]
