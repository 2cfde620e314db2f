"""Release of every jar with its error, beside a trapezoid in groupby-apply."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.integrate import cumulative_trapezoid

import talik
from benchmarks.data import measurements
from benchmarks.measure import Case, in_process
from talik.tables import RESPIRATION_OF


def cases() -> Iterator[Case]:
    """Release of all jars."""
    rates = measurements().respiration
    yield Case(
        f"release, {rates['jar'].nunique()} jars", lambda: in_process(lambda: talik.release(rates)),
        "groupby-apply trapezoid, no error, no gaps", lambda: in_process(lambda: naive(rates)),
    )  # fmt: skip


def naive(rates: pd.DataFrame) -> pd.DataFrame:
    """Trapezoid of the rates of each jar, the first held back to day 0."""
    columns = [*dict.fromkeys(RESPIRATION_OF.values())]

    def of_jar(jar: pd.DataFrame) -> pd.DataFrame:
        jar = jar.sort_values("time")
        time, values = jar["time"].to_numpy(), jar[columns].to_numpy()
        total = values[0] * time[0] + cumulative_trapezoid(values, time, axis=0, initial=0)
        return pd.DataFrame(np.column_stack([time, total]), columns=["time", *columns])

    return rates.groupby("jar").apply(of_jar)
