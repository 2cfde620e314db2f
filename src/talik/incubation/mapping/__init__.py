"""Any workbook, folder of workbooks or text tables as talik's tables, by a mapping file."""

from talik.incubation.mapping.apply import MappedTables, mapped_files, mapped_tables
from talik.incubation.mapping.read import read_mapped
from talik.incubation.mapping.schema import Mapping, load_mapping, mapping_of
from talik.incubation.mapping.write import import_study

__all__ = [
    "MappedTables",
    "Mapping",
    "import_study",
    "load_mapping",
    "mapped_files",
    "mapped_tables",
    "mapping_of",
    "read_mapped",
]
