"""Series that give one jar twice: as rates, and again as the curve of what was respired."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from talik.incubation.sidb.kinds import Kind
from talik.problems import Findings

LARGEST_DIFFERENCE = 0.3
"""Rates and curve of one jar differ by less than this share of the carbon respired."""


def given_once(
    jars: pd.DataFrame, respiration: pd.DataFrame, kinds: Sequence[Kind], findings: Findings
) -> pd.DataFrame:
    """Leave out rate series of which the same jar's cumulative curve is given as well.

    Both are kept in ``respiration``; the rates are marked as excluded, since a Q10 of both
    would count the same carbon twice.

    Parameters
    ----------
    jars : DataFrame
        Jars of one entry, with their sets.
    respiration : DataFrame
        Their respiration.
    kinds : sequence of Kind
        What each jar's series is, in the order of the jars.
    findings : Findings
        Where it is told.

    Returns
    -------
    DataFrame
        The jars.
    """
    kind = pd.Series([k.kind for k in kinds], index=jars.index)
    first = respiration.groupby("jar")[["temperature", "gas"]].first()
    known = jars.assign(kind=kind, at=jars["jar"].map(first["temperature"]), gas=jars["jar"].map(first["gas"]))
    usable = known[(known["excluded"] == "") & known["at"].notna()]
    twice: dict[str, float] = {}
    for _, group in usable.groupby(["set", "at", "gas"], sort=False):
        curves, rates = group[group["kind"] == "cumulative"], group[group["kind"] == "rate"]
        if len(curves) and len(rates):
            there = _released(respiration, curves["jar"].iloc[0])
            twice |= {jar: _released(respiration, jar) / there - 1 for jar in rates["jar"]}
    if not twice:
        return jars
    apart = np.abs(list(twice.values()))
    findings.tell(
        "same-jar-twice", severity="info" if apart.max() < LARGEST_DIFFERENCE else "warning",
        column=f"{next(iter(twice))} and {len(twice) - 1} more", where="timeSeries.csv",
        found=f"rates of jars that have cumulative curves too; added up, by {100 * apart.max():.0f} % apart at most",
        needed="each jar once", done="the cumulative curves are used, the rates are left out",
    )  # fmt: skip
    return jars.assign(
        excluded=jars["excluded"].where(~jars["jar"].isin(list(twice)), "given again as a cumulative curve")
    )


def _released(respiration: pd.DataFrame, jar: str) -> float:
    """Carbon respired by a jar, in whatever unit it has."""
    rows = respiration[respiration["jar"] == jar]
    rate = rows.filter(like="respiration").bfill(axis=1).iloc[:, 0].to_numpy(float)
    if rows["time_end"].notna().all():
        return float(np.sum(rate * (rows["time_end"] - rows["time_start"]).to_numpy(float)))
    return float(np.trapezoid(rate, rows["time"]) + rate[0] * rows["time"].iloc[0])
