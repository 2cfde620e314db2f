"""Measure every stage in the order of a run and print a table; nothing is asserted."""

import platform
import sys

import numpy as np
import pandas as pd
import scipy

import talik
from benchmarks import bayes, cli, drivers, flux, incubation, pools, study, temperature
from benchmarks.measure import REPEATS, Cost

PARTS = (incubation, flux, pools, bayes, temperature, drivers, study, cli)
ROW = "{:<70}{:>8}{:>8}{:>8}  {}"


def main(names: list[str]) -> None:
    """Print a line for each case, and its reference under it: of all parts, or of those that are named."""
    print(
        f"talik {talik.__version__}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"scipy {scipy.__version__}, pandas {pd.__version__}; median of {REPEATS} runs"
    )
    print(ROW.format("", "CPU [s]", "wall", "MB", "limit"))
    for part in PARTS:
        if names and part.__name__.removeprefix("benchmarks.") not in names:
            continue
        for case in part.cases():
            try:
                print(line(case.what, case.measure(), case.limit, case.count, case.counted), flush=True)
            except RuntimeError as error:
                print(f"{case.what}: failed: {error}", flush=True)
            if case.reference:
                cost, beside = case.reference(), case.beside_count or case.count
                print(line(f"  beside: {case.beside}", cost, "", beside, case.counted), flush=True)
    print("MB: peak of what a call allocates; for a run and the help, the peak resident memory of their process.")


def line(what: str, cost: Cost, limit: str, count: int, counted: str) -> str:
    """One line of the table."""
    speed = f"{count / cost.seconds:,.0f} {counted}/s" if count else ""
    told = ", ".join(filter(None, (speed, limit and f"limit {limit}")))
    return ROW.format(what, f"{cost.seconds:.2f}", f"{cost.wall:.2f}", f"{cost.memory:.0f}", told)


main(sys.argv[1:])
