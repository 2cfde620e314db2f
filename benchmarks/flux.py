"""Readings of many jars to rates, and the release of every jar, beside plain pandas."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.integrate import cumulative_trapezoid

import talik
from benchmarks.data import measurements
from benchmarks.measure import Case, Cost, in_process, python
from talik.flux.closings import linear_rates
from talik.tables import RESPIRATION_OF, typed

CLOSINGS, EACH = 100_000, 100
"""Closings, and readings of each."""


def cases() -> Iterator[Case]:
    """Lines through ten million readings; release of all jars."""
    readings = closings()
    columns = [readings[name].to_numpy() for name in ("closing", "time", "carbon")]
    yield Case(
        f"lines through {CLOSINGS} closings", lambda: in_process(lambda: linear_rates(*columns)),
        "sums of pandas group-by, slope and error alone", lambda: in_process(lambda: lines_by_pandas(readings)),
        count=len(readings),
    )  # fmt: skip
    yield Case(
        f"readings of {CLOSINGS} jars to respiration, in parts", lambda: alone("streamed"),
        "the same parts, sums of pandas group-by", lambda: alone("streamed_by_pandas"),
        count=CLOSINGS * EACH,
    )  # fmt: skip
    rates = measurements().respiration
    yield Case(
        f"release, {rates['jar'].nunique()} jars", lambda: in_process(lambda: talik.release(rates)),
        "groupby-apply trapezoid, no error, no gaps", lambda: in_process(lambda: naive(rates)),
    )  # fmt: skip


PART = 5_000
"""Jars that are in memory at a time."""


def jars_of(numbers: range) -> pd.DataFrame:
    """Jars of 250 mL with 20 g of soil."""
    names = pd.Series(numbers).astype("str")
    return typed("jars", pd.DataFrame({"jar": names, "headspace_volume": 250.0, "water_volume": 6.0, "ph": 6.0,
                                       "dry_mass": 20.0}))  # fmt: skip


def readings_of(numbers: range) -> pd.DataFrame:
    """Readings of jars closed for two days."""
    rng = np.random.default_rng(numbers.start)
    time = np.tile(np.linspace(0, 2, EACH), len(numbers))
    ppm = 420 + np.repeat(rng.uniform(10, 4000, len(numbers)), EACH) * time + 8 * rng.standard_normal(time.size)
    jar = np.repeat(pd.Series(numbers).astype("str").to_numpy(), EACH)
    return typed("readings", pd.DataFrame({"jar": jar, "time": time, "temperature": 15.0, "mole_fraction": ppm,
                                           "sd": 8.0}))  # fmt: skip


def parts() -> Iterator[range]:
    """Numbers of the jars of each part."""
    return (range(first, first + PART) for first in range(0, CLOSINGS, PART))


def streamed() -> int:
    """Rates of all jars, a part in memory at a time."""
    settings = {"model": "linear", "window": "whole"}
    found = (talik.respiration(readings_of(part), jars_of(part), **settings) for part in parts())
    return sum(len(rates) for rates in found)


def streamed_by_pandas() -> int:
    """Slopes of the same readings by plain pandas, a part in memory at a time."""
    rows = (readings_of(part)[["jar", "time", "mole_fraction"]] for part in parts())
    return sum(len(lines_by_pandas(part.set_axis(["closing", "time", "carbon"], axis=1))) for part in rows)


def alone(task: str) -> Cost:
    """Cost of a task of this module in a process of its own, once."""
    return python("-c", f"from benchmarks import flux; flux.{task}()", repeats=1)


def closings() -> pd.DataFrame:
    """Readings of closings of two days, one after another."""
    rng = np.random.default_rng(1)
    time = np.tile(np.linspace(0, 2, EACH), CLOSINGS)
    carbon = 53 + np.repeat(rng.uniform(1, 500, CLOSINGS), EACH) * time + rng.standard_normal(time.size)
    return pd.DataFrame({"closing": np.repeat(np.arange(CLOSINGS), EACH), "time": time, "carbon": carbon})


def lines_by_pandas(readings: pd.DataFrame) -> pd.DataFrame:
    """Slope of each closing and its standard error, from sums of squares that are not centred."""
    t, m = readings["time"], readings["carbon"]
    powers = readings.assign(n=1.0, tt=t * t, tm=t * m, mm=m * m)
    sums = powers.groupby("closing")[["n", "time", "carbon", "tt", "tm", "mm"]].sum()
    n, squares = sums["n"], sums["tt"] - sums["time"] ** 2 / sums["n"]
    slope = (sums["tm"] - sums["time"] * sums["carbon"] / n) / squares
    left = sums["mm"] - sums["carbon"] ** 2 / n - slope**2 * squares
    return pd.DataFrame({"rate": slope, "sd": np.sqrt(left / (n - 2) / squares)})


def naive(rates: pd.DataFrame) -> pd.DataFrame:
    """Trapezoid of the rates of each jar, the first held back to day 0."""
    columns = [*dict.fromkeys(RESPIRATION_OF.values())]

    def of_jar(jar: pd.DataFrame) -> pd.DataFrame:
        jar = jar.sort_values("time")
        time, values = jar["time"].to_numpy(), jar[columns].to_numpy()
        total = values[0] * time[0] + cumulative_trapezoid(values, time, axis=0, initial=0)
        return pd.DataFrame(np.column_stack([time, total]), columns=["time", *columns])

    return rates.groupby("jar").apply(of_jar)
