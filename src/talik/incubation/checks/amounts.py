"""Amounts of carbon: what was respired beside what was there, and values that are improbable."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from talik.incubation.measurements import Measurements
from talik.problems import Problem, problem
from talik.tables import RELEASE_OF, RESPIRATION_OF, improbable

MUCH_RESPIRED = 0.3
"""Share of a soil's carbon whose respiration in an incubation asks for its unit."""

LARGEST_SPREAD = 8.0
"""Ratio of respiration per carbon between depths of one core that asks for the units."""

LEAST_ORGANIC = 120.0
"""Carbon content below which an O horizon is improbable (USDA organic soil material). [mg g⁻¹]"""


def with_scale(measured: Measurements, released: pd.DataFrame) -> pd.DataFrame:
    """Jars with `scale` impossible where series of their study and basis respire more than there was."""
    jars = measured.jars
    too_much = set(_above_carbon(jars, released)["jar"])
    groups = jars["study"] + "|" + jars["basis"]
    doubtful = set(groups[jars["jar"].isin(too_much)])
    return jars.assign(scale=np.where(groups.isin(doubtful), "impossible", jars["scale"]))


def _above_carbon(jars: pd.DataFrame, released: pd.DataFrame) -> pd.DataFrame:
    """The last release of each jar that respired more carbon than there was."""
    last = _last_release(jars, released)
    return last[last["share"] > 1]


def _last_release(jars: pd.DataFrame, released: pd.DataFrame) -> pd.DataFrame:
    """The last release of each jar, with the share of the soil's carbon that it is."""
    last = released.sort_values("time", kind="stable").groupby("jar", sort=False).last().reset_index()
    last = last.merge(jars[["jar", "study", "basis", "organic_carbon"]], on="jar", suffixes=("", "_of_jar"))
    per_carbon = last["basis"].isin(["soil carbon", "label carbon"])
    there = last["organic_carbon"].mul(1000.0).where(~per_carbon, 1000.0)
    respired = last["specific_release"].where(per_carbon, last["release"])
    return last.assign(share=respired / there.where(there > 0))


def respired_above_carbon(measured: Measurements, released: pd.DataFrame) -> Iterator[Problem]:
    """Series that respired more carbon than there was."""
    for study, rows in _above_carbon(measured.jars, released).groupby("study", sort=False):
        worst = rows.loc[rows["share"].idxmax()]
        yield problem(
            "respired-above-carbon", stage="flux", entry=str(study), column=worst["jar"],
            where=f"{len(rows)} of {(measured.jars['study'] == study).sum()} series",
            found=f"{worst['share']:.1f} times the carbon of the soil respired by day {worst['time']:g}",
            needed="less carbon respired than there was",
            done="the scale of these units is not believed: Q10 is a ratio and stays; pools lose their carbon",
        )  # fmt: skip


def respired_much(measured: Measurements, released: pd.DataFrame) -> Iterator[Problem]:
    """Series that respired much of their soil's carbon."""
    last = _last_release(measured.jars, released)
    known = last[(last["share"] > MUCH_RESPIRED) & (last["share"] <= 1) & (last["basis"] != "label carbon")]
    for study, rows in known.groupby("study", sort=False):
        worst = rows.loc[rows["share"].idxmax()]
        yield problem(
            "respired-much", stage="flux", entry=str(study), column=worst["jar"],
            where=f"{len(rows)} of {(measured.jars['study'] == study).sum()} series",
            found=f"{100 * worst['share']:.0f} % of the soil's carbon respired by day {worst['time']:g}",
            needed=f"less than {100 * MUCH_RESPIRED:.0f} %, unless the soil is fresh litter",
            done="kept; are unit and carbon content right?",
        )  # fmt: skip


def improbable_values(measured: Measurements) -> Iterator[Problem]:
    """Values outside the plausible range of their quantity."""
    for name in ("sites", "samples", "jars", "respiration"):
        table = getattr(measured, name)
        for study, rows in table.groupby("study", sort=False):
            for column, found in improbable(name, rows):
                hint = "; hours in a column of days?" if column.startswith("time") else ""
                yield problem(
                    "improbable", stage="incubation", entry=str(study), column=column, where=name,
                    found=found + hint, needed="a plausible value", done="kept; is the unit right?",
                )  # fmt: skip


def negative_rates(measured: Measurements) -> Iterator[Problem]:
    """Rates below zero, those of falling curves apart."""
    rates = measured.respiration
    lowest = rates[[*dict.fromkeys(RESPIRATION_OF.values())]].min(axis=1)
    of_study = rates.assign(lowest=lowest)
    # Steps of a curve that fall were told of where the curve was read.
    negative = of_study[(lowest < 0) & (rates["method"] != "step of the curve")]
    for study, rows in negative.groupby("study", sort=False):
        worst = rows.loc[rows["lowest"].idxmin()]
        yield problem(
            "negative-rate", stage="flux", entry=str(study), column=worst["jar"],
            where=f"{len(rows)} of {(rates['study'] == study).sum()} rates",
            found=f"{worst['lowest']:.3g} at day {worst['time']:g}", needed="respiration of zero or more",
            done="kept; no logarithm of it is taken",
        )  # fmt: skip


def zero_spreads(measured: Measurements) -> Iterator[Problem]:
    """Rates of replicates with a standard deviation of zero."""
    rates = measured.respiration
    something = (rates[[*dict.fromkeys(RESPIRATION_OF.values())]].abs() > 0).any(axis=1)
    alike = rates[(rates["sd"] == 0) & (rates["n"] > 1) & something]
    for study, rows in alike.groupby("study", sort=False):
        yield problem(
            "spread-zero", stage="flux", entry=str(study), column=str(rows["jar"].iloc[0]), where="respiration",
            found=f"{len(rows)} of {(rates['study'] == study).sum()} rates are means of replicates with sd 0",
            needed="the standard deviation between the replicates, or an empty cell", done="taken as not told",
        )  # fmt: skip


def poor_organic_horizons(measured: Measurements) -> Iterator[Problem]:
    """Organic horizons that hold too little carbon."""
    organic = measured.samples[measured.samples["horizon"].str.fullmatch(r"O[a-z]*", na=False)]
    joined = measured.jars.merge(organic[["sample", "horizon"]], on="sample")
    for (study, sample), rows in joined[joined["organic_carbon"] < LEAST_ORGANIC].groupby(
        ["study", "sample"], sort=False
    ):
        yield problem(
            "carbon-improbable", stage="survey", entry=str(study), column=str(sample),
            found=f"{rows['organic_carbon'].iloc[0]:g} mg g-1 in horizon {rows['horizon'].iloc[0]}",
            needed=f"at least {LEAST_ORGANIC:g} mg g-1 in organic soil", done="kept; a fraction in another unit?",
        )  # fmt: skip


def check_curves(release: pd.DataFrame) -> Iterator[Problem]:
    """Cumulative curves that fall, or start above zero.

    Parameters
    ----------
    release : DataFrame
        The table ``release``.

    Yields
    ------
    Problem
    """
    columns = [*dict.fromkeys(RELEASE_OF.values()), "organic_matter_release"]
    rows = release.assign(amount=release[columns].bfill(axis=1).iloc[:, 0]).sort_values("time", kind="stable")
    for (study, jar, _), curve in rows.groupby(["study", "jar", "gas"], sort=False):
        shared = {"stage": "incubation", "entry": str(study), "column": str(jar), "where": "release"}
        steps = curve["amount"].diff()
        if (steps < 0).any():
            worst = curve.loc[steps.idxmin()]
            yield problem(
                "cumulative-falls", **shared,
                found=f"{(steps < 0).sum()} of {len(steps) - 1} steps fall, the largest by {-steps.min():.3g} at day "
                f"{worst['time']:g}",
                needed="a curve that does not fall", done="kept: these intervals have a negative rate",
            )  # fmt: skip
        first = curve.iloc[0]
        if first["time"] == 0 and first["amount"] > 0:
            yield problem(
                "cumulative-offset", **shared, found=f"{first['amount']:.3g} at day 0", needed="0 at day 0",
                done="counted as carbon of the first interval, so that the curve stays as given",
            )  # fmt: skip
