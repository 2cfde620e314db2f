"""Make the tables of docs/calibration/: all of them, or those that are named; nothing is asserted."""

import sys
import time
from importlib import import_module
from pathlib import Path

PAGES = Path(__file__).parent.parent / "docs" / "calibration"
STUDIES = (
    "q10",
    "contrasts",
    "responses",
    "response_choice",
    "pools",
    "bayes",
    "driver_intervals",
    "drivers",
    "driver_bayes",
    "forests",
)
"""Modules of this folder, in the order of the method."""


def main(names: list[str]) -> None:
    """Write the table of each study as CSV, and tell its time."""
    PAGES.mkdir(exist_ok=True)
    for name in names or STUDIES:
        began = time.process_time()
        table = import_module(f"calibration.{name}").table()
        table.to_csv(PAGES / f"{name}.csv", index=False, float_format="%.6g")
        print(table.to_string(index=False), flush=True)
        print(f"{name}: {time.process_time() - began:.0f} s of CPU", flush=True)


main(sys.argv[1:])
