"""What the three studies of contrasts share: a row of their table, and the release of jars made in bulk."""

import numpy as np
import pandas as pd

from calibration.coverage import Coverage
from talik.tables import typed

CHUNK = 500
"""Sets of jars that are simulated at once."""


def row(table: str, design: str, what: str, measure: str, truth, estimate, lower, upper) -> dict[str, object]:
    """A row of the table: how often intervals held the truth, over data sets with an interval."""
    told = np.isfinite(lower) & np.isfinite(upper)
    made: dict[str, object] = {
        "table": table, "design": design, "of": what, "measure": measure, "truth": float(np.mean(truth)),
        "median": float(np.nanmedian(estimate)), "data_sets": len(truth), "with_interval": int(told.sum()),
    }  # fmt: skip
    if not told.any():
        return made | {"passes": "no interval"}
    held = (lower <= truth) & (truth <= upper) & told
    coverage = Coverage(int(held.sum()), int(told.sum()))
    low, high = coverage.interval
    return made | {
        "coverage": coverage.estimate, "low": low, "high": high,
        "half_width": float(np.median((upper - lower)[told] / 2)), "passes": "yes" if coverage.passes else "no",
        "below": float(np.mean(upper[told] < np.asarray(truth)[told])),
        "above": float(np.mean(lower[told] > np.asarray(truth)[told])),
    }  # fmt: skip


def released_by_jars(respiration: pd.DataFrame) -> pd.DataFrame:
    """The table ``release`` of jars whose intervals follow each other from day 0, as ``talik.release`` makes it."""
    jar, days = respiration["jar"], respiration["time_end"] - respiration["time_start"]
    error = respiration["sd"] / np.sqrt(respiration["n"]) * days
    made = respiration[["study", "jar", "gas", "temperature"]].assign(
        time=respiration["time_end"],
        release=(respiration["respiration"] * days).groupby(jar).cumsum(),
        specific_release=(respiration["specific_respiration"] * days).groupby(jar).cumsum(),
        sd=error.groupby(jar).cumsum(),
    )
    return typed("release", made)
