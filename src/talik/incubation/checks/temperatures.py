"""Temperatures of sets: enough of them, each once, and replicates equally long."""

from collections.abc import Iterator

import pandas as pd

from talik.incubation.measurements import Measurements
from talik.problems import Problem, problem

NO_TEMPERATURE = "no temperature"
"""Why jars are excluded whose temperature nobody stated."""


def usable_jars(measured: Measurements) -> pd.DataFrame:
    """Jars that may give a Q10, with the temperatures they were at."""
    jars = measured.jars[(measured.jars["excluded"] == "") & (measured.jars["measures"] == "respiration")]
    held = measured.respiration[["jar", "temperature", "gas"]].drop_duplicates()
    return jars.drop(columns="temperature").merge(held, on="jar")


def one_temperature(measured: Measurements) -> Iterator[Problem]:
    """Studies, and sets, that were held at one temperature."""
    usable = usable_jars(measured)
    for study, rows in usable.groupby("study", sort=False):
        held = sorted(rows["temperature"].unique())
        alone = rows.groupby("set", sort=False)["temperature"].nunique() == 1
        shared = {"stage": "temperature", "entry": str(study), "needed": "at least two temperatures"}
        if len(held) == 1:
            yield problem("one-temperature", **shared, found=f"all series at {held[0]:g} degC", done="no Q10")
        elif alone.any():
            yield problem(
                "one-temperature", severity="info", **shared, column=f"{alone[alone].index[0]}",
                found=f"{alone.sum()} of {len(alone)} sets at one temperature", done="these sets give no Q10",
            )  # fmt: skip


def shared_temperatures(measured: Measurements) -> Iterator[Problem]:
    """Series of one set at one temperature that are not named replicates."""
    usable = usable_jars(measured)
    usable = usable[usable["replicate"] == ""]
    alike = usable.groupby(["study", "set", "temperature", "gas"], sort=False)
    for (study, name, temperature, _), rows in alike:
        if len(rows) > 1 and not (rows["replicates"] == 1).all():
            yield problem(
                "shared-temperature", stage="incubation", entry=str(study), column=str(name),
                where=f"{temperature:g} degC", found=f"{len(rows)} series: {', '.join(rows['jar'])}",
                needed="one series a temperature, or named replicates", done="taken as replicates",
            )  # fmt: skip


def unequal_replicates(measured: Measurements) -> Iterator[Problem]:
    """Replicates that were not read equally long."""
    last = measured.respiration.groupby(["jar", "temperature"], sort=False)["time"].max().rename("last").reset_index()
    joined = usable_jars(measured)[["study", "set", "jar", "temperature", "gas"]].merge(last, on=["jar", "temperature"])
    for (study, name, temperature, _), rows in joined.groupby(["study", "set", "temperature", "gas"], sort=False):
        if rows["last"].max() > 1.2 * rows["last"].min():
            yield problem(
                "replicates-unequal", stage="temperature", entry=str(study), column=str(name),
                where=f"{temperature:g} degC",
                found=f"replicates read to day {rows['last'].min():g} and to day {rows['last'].max():g}",
                needed="replicates of equal length", done=f"compared to day {rows['last'].min():g}",
            )  # fmt: skip


def without_temperature(measured: Measurements) -> Iterator[Problem]:
    """Series at a temperature that nobody stated."""
    lost = measured.jars[measured.jars["excluded"] == NO_TEMPERATURE]
    for study, rows in lost.groupby("study", sort=False):
        yield problem(
            "temperature-missing", stage="incubation", entry=str(study), column=rows["jar"].iloc[0], where="jars",
            found=f"{len(rows)} of {(measured.jars['study'] == study).sum()} series at a temperature nobody stated",
            needed="the temperature of the incubation", done="no Q10 of them",
        )  # fmt: skip
