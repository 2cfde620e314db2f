"""Soils with a known answer: pools that each have a Q10 of their own, read at several temperatures."""

import numpy as np
import pandas as pd

from talik.tables import typed

DAYS = np.array([1, 3, 7, 14, 21, 28, 42, 56, 70, 84, 98, 112, 140, 168, 196, 224, 252, 280, 322, 364.0])


def tables(rates, *, soil="soil", study="synthetic", **columns):
    """Respiration and jars from {(temperature, replicate): (time, rate)}."""
    parts = [
        pd.DataFrame({"study": study, "jar": f"{soil} at {t}, {r}", "time": time, "temperature": float(t), "gas": "co2",
                      "respiration": rate})
        for (t, r), (time, rate) in rates.items()
    ]  # fmt: skip
    jars = pd.DataFrame(
        {"study": study, "jar": [f"{soil} at {t}, {r}" for t, r in rates], "sample": soil, "set": soil,
         "basis": "dry soil", "measures": "respiration", **columns}
    )  # fmt: skip
    return typed("respiration", pd.concat(parts)), typed("jars", jars)


def two_pools(q10_fast, q10_slow, *, temperatures=(5, 15), days=DAYS, replicates=1, noise=None):
    """A soil of 1000 µg/g that decay at 0.02 a day and 20,000 at 1e-4, at 5 °C.

    `noise` is called with a shape and gives factors of the rates.
    """
    rates = {}
    for t in temperatures:
        fast, slow = (0.02 * q10_fast ** ((t - 5) / 10), 1e-4 * q10_slow ** ((t - 5) / 10))
        rate = 1000 * fast * np.exp(-fast * days) + 20000 * slow * np.exp(-slow * days)
        for r in range(replicates):
            rates[(t, r)] = (days, rate if noise is None else rate * noise(days.size))
    return tables(rates)


def at_one_time(temperatures, rate, **columns):
    """Rates of one reading at several temperatures."""
    return tables(
        {(t, 0): (np.array([1.0]), np.array([r])) for t, r in zip(temperatures, rate, strict=True)}, **columns
    )


def of(found, definition, **where):
    """Rows of a definition."""
    rows = found[found["definition"] == definition]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows
