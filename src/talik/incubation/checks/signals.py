"""Signals beside one another: treatments that respire almost nothing, and depths whose scales differ."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from talik.incubation.checks.temperatures import usable_jars
from talik.incubation.measurements import Measurements
from talik.problems import Problem, problem
from talik.tables import RELEASE_OF

WEAKEST_SIGNAL = 0.1
"""A treatment that respires less than this share of the most active one carries no signal."""

MUCH_RESPIRED = 0.3
"""Share of a soil's carbon whose respiration in an incubation asks for its unit."""

LARGEST_SPREAD = 8.0
"""Ratio of respiration per carbon between depths of one core that asks for the units."""

LEAST_ORGANIC = 120.0
"""Carbon content below which an O horizon is improbable (USDA organic soil material). [mg g⁻¹]"""

LARGEST_SPREAD = 8.0
"""Ratio of respiration per carbon between depths of one core that asks for the units."""

LEAST_ORGANIC = 120.0
"""Carbon content below which an O horizon is improbable (USDA organic soil material). [mg g⁻¹]"""


def without_signal(measured: Measurements, released: pd.DataFrame) -> Iterator[Problem]:
    """Sets that respire almost nothing beside other treatments of their soil."""
    for study, name, share in weak_sets(measured.jars, released):
        yield problem(
            "no-signal", stage="flux", entry=study, column=name,
            found=f"{100 * share:.0f} % of the most active treatment of this soil at its warmest",
            needed=f"at least {100 * WEAKEST_SIGNAL:.0f} %", done="its Q10 is flagged and not pooled",
        )  # fmt: skip


def weak_sets(jars: pd.DataFrame, released: pd.DataFrame) -> Iterator[tuple[str, str, float]]:
    """Sets that respire almost nothing beside other treatments of the same soil.

    Parameters
    ----------
    jars, released : DataFrame
        The tables ``jars`` and ``release``.

    Yields
    ------
    study, set, share : str, str, float
        The set, and its share of the most active one at the warmest temperature.
    """
    usable = jars[(jars["excluded"] == "") & (jars["measures"] == "respiration")]
    last = (
        released.sort_values("time", kind="stable")
        .groupby(["jar", "temperature", "gas"], sort=False)
        .last()
        .reset_index()
    )
    columns = [*dict.fromkeys(RELEASE_OF.values())]
    last["amount"] = last[columns].bfill(axis=1).iloc[:, 0]
    joined = last[["jar", "temperature", "gas", "amount"]].merge(usable[["study", "sample", "set", "jar"]], on="jar")
    for (study, _, _), rows in joined.groupby(["study", "sample", "gas"], sort=False):
        warmest = rows[rows["temperature"] == rows["temperature"].max()].groupby("set", sort=False)["amount"].mean()
        for name, amount in warmest.items():
            if len(warmest) > 1 and amount < WEAKEST_SIGNAL * warmest.max():
                yield str(study), str(name), float(amount / warmest.max())


def scales_apart(measured: Measurements) -> Iterator[Problem]:
    """Depths of one core whose respiration per carbon differs by more than soils do."""
    rates = measured.respiration.merge(usable_jars(measured)[["jar", "sample", "basis"]].drop_duplicates(), on="jar")
    rates = rates[rates["basis"] == "soil carbon"].merge(measured.samples[["sample", "core"]], on="sample")
    of_sample = rates.groupby(["study", "core", "sample", "temperature"], sort=False)["specific_respiration"].median()
    # Soils that respire nothing have no ratio to others.
    of_sample = of_sample[(of_sample > 0) & np.isfinite(of_sample)]
    for (study, core), medians in of_sample.groupby(["study", "core"], sort=False):
        spread = medians.groupby("temperature").agg(lambda values: values.max() / values.min())
        if len(medians.index.unique("sample")) > 1 and spread.median() > LARGEST_SPREAD:
            yield problem(
                "scales-apart", stage="flux", entry=str(study), column=str(core),
                found=f"respiration per carbon of its depths differs {spread.median():.0f} times",
                needed=f"less than {LARGEST_SPREAD:g} times", done="kept; do all columns have the same unit?",
            )  # fmt: skip
