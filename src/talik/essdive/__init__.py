"""ESS-DIVE's reporting formats: chamber fluxes, file-level metadata and data dictionaries."""

from talik.essdive.describe import write_data_dictionary, write_file_metadata, write_tables
from talik.essdive.fluxes import ChamberFluxes, read_essdive
from talik.essdive.writer import write_essdive

__all__ = [
    "ChamberFluxes",
    "read_essdive",
    "write_data_dictionary",
    "write_essdive",
    "write_file_metadata",
    "write_tables",
]
