"""Library: many studies in one DuckDB file, with the tables of a run and the study on every row.

``add_to_library`` takes all of its sources or none, ``query_library`` and ``filter_library`` answer within bounds,
``check_library`` tells what does not fit together and what stands there twice, and ``read_library`` gives
measurements to be analysed anew.
"""

from talik.library.add import Added, add_to_library
from talik.library.check import check_library
from talik.library.contents import list_library, read_library
from talik.library.contribution import Contribution, contributions, read_contributions
from talik.library.deposit import write_q10
from talik.library.one_method import OneMethod, library_q10
from talik.library.query import as_csv, filter_library, query_library, with_units, write_rows

__all__ = [
    "Added",
    "Contribution",
    "OneMethod",
    "add_to_library",
    "as_csv",
    "check_library",
    "contributions",
    "filter_library",
    "library_q10",
    "list_library",
    "query_library",
    "read_contributions",
    "read_library",
    "with_units",
    "write_q10",
    "write_rows",
]
