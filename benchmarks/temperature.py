"""Q10 of every set by every definition, beside a loop of linregress for the line of rates only."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import linregress

import talik
from benchmarks.data import measurements, released, size
from benchmarks.measure import Case, in_process
from talik.tables import RESPIRATION_OF


def cases() -> Iterator[Case]:
    """All sets."""
    measured, release = measurements(), released()
    yield Case(
        f"q10, every definition ({size(measured)})",
        lambda: in_process(lambda: talik.q10(measured.respiration, measured.jars, release=release)),
        "linregress loop, rate fit only", lambda: in_process(lambda: lines(measured)),
    )  # fmt: skip


def lines(measured: talik.Measurements) -> dict[str, float]:
    """Q10 of the mean ln rate on temperature, by set."""
    rows = measured.respiration.merge(measured.jars[["jar", "set", "basis"]], on="jar")
    found = {}
    for (name, basis), group in rows.groupby(["set", "basis"]):
        rates = group[RESPIRATION_OF[basis]]
        positive = group[rates > 0]
        logs = np.log(rates[rates > 0]).groupby(positive["temperature"]).mean()
        if len(logs) > 2:
            found[name] = float(np.exp(10 * linregress(logs.index, logs).slope))
    return found
