"""Measure every stage in the order of a run and print a table; nothing is asserted."""

import platform

import numpy as np
import pandas as pd
import scipy

import talik
from benchmarks import cli, flux, incubation, pools, study, temperature
from benchmarks.measure import REPEATS, Cost

ROW = "{:<58}{:>8}{:>8}{:>8}  {:<12}"


def main() -> None:
    """Print a line for each case, and its reference under it."""
    print(
        f"talik {talik.__version__}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"scipy {scipy.__version__}, pandas {pd.__version__}; median of {REPEATS} runs"
    )
    print(ROW.format("", "CPU [s]", "wall", "MB", "limit"))
    for part in (incubation, flux, pools, temperature, study, cli):
        for case in part.cases():
            try:
                print(line(case.what, case.measure(), case.limit, case.readings), flush=True)
            except RuntimeError as error:
                print(f"{case.what}: failed: {error}", flush=True)
            if case.reference:
                print(line(f"  beside: {case.beside}", case.reference(), readings=case.readings), flush=True)
    print("MB: peak of what a call allocates; for a run and the help, the peak resident memory of their process.")


def line(what: str, cost: Cost, limit: str = "", readings: int = 0) -> str:
    """One line of the table."""
    limit = f"{readings / cost.seconds / 1e6:.1f} million readings/s" if readings else limit
    return ROW.format(what, f"{cost.seconds:.2f}", f"{cost.wall:.2f}", f"{cost.memory:.0f}", limit)


main()
