"""Temperatures of sets: enough of them, each once, and replicates equally long."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from talik.errors import listed
from talik.frames import CLOSEST, wandering, wandering_in_words
from talik.incubation.measurements import Measurements
from talik.problems import Problem, problem

NO_TEMPERATURE = "no temperature"
"""Why jars are excluded whose temperature nobody stated."""


LOGGED = "temperatures of a log: that of the incubator is needed"
"""Why jars are excluded whose temperatures wander about one."""


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


def settled(measured: Measurements) -> tuple[Measurements, list[Problem]]:
    """Measurements with the nominal temperature where that of a log wanders about it; else such jars are excluded.

    A jar warmed in steps has several temperatures too, and a log has one for every reading: each would be compared
    with every other.
    """
    jars, rates = measured.jars, measured.respiration
    used = jars[jars["excluded"] == ""]
    of_rate = rates[["jar", "temperature"]].merge(used[["jar", "set", "temperature"]], on="jar", how="left",
                                                  suffixes=("", "_nominal"))  # fmt: skip
    off = (of_rate["temperature"] - of_rate["temperature_nominal"]).abs()
    about = off.groupby(of_rate["jar"]).transform("max") < CLOSEST
    doubtful = of_rate["set"].isin(_sets_with_close_temperatures(of_rate))
    nominal = doubtful & about & (off > 0)
    rates = rates.assign(temperature=of_rate["temperature"].mask(nominal, of_rate["temperature_nominal"]).to_numpy())
    lost = wandering(rates[rates["jar"].isin(used["jar"])])
    wanders = jars["jar"].isin(lost["jar"])
    made = replace(measured, respiration=rates, jars=jars.assign(excluded=jars["excluded"].mask(wanders, LOGGED)))
    return made, [*_settled_jars(jars, of_rate[nominal]), *_wandering_jars(jars, lost)]


def _sets_with_close_temperatures(held: pd.DataFrame) -> set[str]:
    """Sets with two temperatures nearer than 1 °C."""
    own = held[["set", "temperature"]].dropna().drop_duplicates().sort_values(["set", "temperature"])
    step = own.groupby("set")["temperature"].diff()
    return set(own.loc[step < CLOSEST, "set"])


def _settled_jars(jars: pd.DataFrame, rates: pd.DataFrame) -> Iterator[Problem]:
    furthest = (rates["temperature"] - rates["temperature_nominal"]).abs().groupby(rates["jar"]).max()
    for study, rows in jars[jars["jar"].isin(furthest.index)].groupby("study", sort=False):
        yield problem(
            "temperature-logged", severity="info", stage="incubation", entry=str(study),
            column=f"jars {listed(rows['jar'].tolist())}", where="respiration",
            found=f"temperatures up to {furthest[rows['jar']].max():.2g} degC from that of the jar, as a log has them",
            needed="the temperature that the incubator was set to", done="taken as that of the table jars",
        )  # fmt: skip


def _wandering_jars(jars: pd.DataFrame, lost: pd.DataFrame) -> Iterator[Problem]:
    found = lost.merge(jars[["jar", "study"]], on="jar")
    for study, rows in found.groupby("study", sort=False):
        yield problem(
            "temperature-logged", stage="incubation", entry=str(study), column=f"jars {listed(rows['jar'].tolist())}",
            where="respiration",
            found=f"in {len(rows)} of {(jars['study'] == study).sum()} jars the temperature is that of a log "
            f"(jar {rows['jar'].iloc[0]}: {wandering_in_words(rows.iloc[0])}), as if they were warmed in steps",
            needed="the temperature that the incubator was set to, as temperature in the table respiration, or in jars "
            f"if all of the log are within {CLOSEST:g} degC of it",
            done="these jars give no Q10 and no pools",
        )  # fmt: skip


def close_temperatures(measured: Measurements) -> Iterator[Problem]:
    """Sets with temperatures that are nearer than 1 °C."""
    usable = usable_jars(measured)
    close = usable[usable["set"].isin(_sets_with_close_temperatures(usable))]
    for (study, name), rows in close.groupby(["study", "set"], sort=False):
        held = [f"{t:.4g}" for t in sorted(rows["temperature"].dropna().unique())]
        yield problem(
            "temperature-logged", severity="warning", stage="temperature", entry=str(study), column=str(name),
            where="respiration",
            found=f"temperatures {listed(held)} degC, of which some are nearer than {CLOSEST:g} degC",
            needed="one temperature for jars treated alike: that of the incubator",
            done=f"taken as they are, and none is compared with one nearer than {CLOSEST:g} degC",
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
