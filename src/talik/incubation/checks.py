"""Measurements checked as a whole: keys that join, carbon that was there, enough temperatures."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from talik.errors import TableError, itemised
from talik.flux import release
from talik.incubation.measurements import Measurements
from talik.problems import Problem, merged, problem, problems_table
from talik.survey import check_coordinates
from talik.tables import RELEASE_OF, RESPIRATION_OF, improbable

WEAKEST_SIGNAL = 0.1
"""A treatment that respires less than this share of the most active one carries no signal."""

MUCH_RESPIRED = 0.3
"""Share of a soil's carbon whose respiration in an incubation asks for its unit."""

LARGEST_SPREAD = 8.0
"""Ratio of respiration per carbon between depths of one core that asks for the units."""

NO_TEMPERATURE = "no temperature"
"""Why jars are excluded whose temperature nobody stated."""

LEAST_ORGANIC = 120.0
"""Carbon content below which an O horizon is improbable (USDA organic soil material). [mg g⁻¹]"""


def checked(measured: Measurements) -> Measurements:
    """Measurements with the problems that only the whole shows, and scales that are impossible marked.

    Raises
    ------
    TableError
        For keys that join to nothing or to two, samples in two layers, and depths upside down.
    """
    refuse_broken_keys(measured)
    released = release(measured.respiration)
    measured = replace(measured, jars=_with_scale(measured, released))
    found = [
        *check_coordinates(measured.sites), *_improbable(measured), *_impossible(measured, released),
        *_much(measured, released),
        *_negative(measured), *_shared_temperatures(measured), *_unequal_replicates(measured),
        *_without_signal(measured, released),
        *_poor_organic(measured), *_scales_apart(measured), *_one_temperature(measured),
        *_without_temperature(measured),
    ]  # fmt: skip
    return measured.with_problems(merged(measured.problems, problems_table(found)))


def refuse_broken_keys(measured: Measurements) -> None:
    """Refuse tables whose keys join to nothing, and samples that are upside down."""
    broken = [
        *_unjoined(measured.samples, "sample", "site", measured.sites, "samples", "sites"),
        *_unjoined(measured.jars, "jar", "sample", measured.samples, "jars", "samples"),
        *_unjoined(measured.respiration, "jar", "jar", measured.jars, "respiration", "jars"),
        *_upside_down(measured.samples),
    ]
    if broken:
        raise TableError(
            f"{len(broken)} problem{'s' if len(broken) > 1 else ''} between the tables:\n{itemised(broken)}",
            broken,
        )


def _unjoined(rows: pd.DataFrame, name: str, key: str, others: pd.DataFrame, table: str, other: str) -> Iterator[str]:
    lost = rows[~rows[key].isin(others[key])]
    for value, group in lost.groupby(key, sort=False):
        who = "" if name == key else f" (of {name} {group[name].iloc[0]!r}{' and more' if len(group) > 1 else ''})"
        yield f"{table}: {key} {value!r}{who} is not in {other}; add it there, or take these rows out"


def _upside_down(samples: pd.DataFrame) -> Iterator[str]:
    for _, row in samples[samples["depth_top"] > samples["depth_bottom"]].iterrows():
        yield (
            f"samples: {row['sample']!r} has depth_top {row['depth_top']:g} below depth_bottom "
            f"{row['depth_bottom']:g} cm; depths count downwards"
        )


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


def _with_scale(measured: Measurements, released: pd.DataFrame) -> pd.DataFrame:
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


def _impossible(measured: Measurements, released: pd.DataFrame) -> Iterator[Problem]:
    for study, rows in _above_carbon(measured.jars, released).groupby("study", sort=False):
        worst = rows.loc[rows["share"].idxmax()]
        yield problem(
            "respired-above-carbon", stage="flux", entry=str(study), column=worst["jar"],
            where=f"{len(rows)} of {(measured.jars['study'] == study).sum()} series",
            found=f"{worst['share']:.1f} times the carbon of the soil respired by day {worst['time']:g}",
            needed="less carbon respired than there was",
            done="the scale of these units is not believed: Q10 is a ratio and stays; pools lose their carbon",
        )  # fmt: skip


def _much(measured: Measurements, released: pd.DataFrame) -> Iterator[Problem]:
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


def _improbable(measured: Measurements) -> Iterator[Problem]:
    for name in ("sites", "samples", "jars", "respiration"):
        table = getattr(measured, name)
        for study, rows in table.groupby("study", sort=False):
            for column, found in improbable(name, rows):
                hint = "; hours in a column of days?" if column.startswith("time") else ""
                yield problem(
                    "improbable", stage="incubation", entry=str(study), column=column, where=name,
                    found=found + hint, needed="a plausible value", done="kept; is the unit right?",
                )  # fmt: skip


def _negative(measured: Measurements) -> Iterator[Problem]:
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


def _usable(measured: Measurements) -> pd.DataFrame:
    """Jars that may give a Q10, with the temperatures they were at."""
    jars = measured.jars[(measured.jars["excluded"] == "") & (measured.jars["measures"] == "respiration")]
    held = measured.respiration[["jar", "temperature", "gas"]].drop_duplicates()
    return jars.drop(columns="temperature").merge(held, on="jar")


def _shared_temperatures(measured: Measurements) -> Iterator[Problem]:
    usable = _usable(measured)
    usable = usable[usable["replicate"] == ""]
    alike = usable.groupby(["study", "set", "temperature", "gas"], sort=False)
    for (study, name, temperature, _), rows in alike:
        if len(rows) > 1 and not (rows["replicates"] == 1).all():
            yield problem(
                "shared-temperature", stage="incubation", entry=str(study), column=str(name),
                where=f"{temperature:g} degC", found=f"{len(rows)} series: {', '.join(rows['jar'])}",
                needed="one series a temperature, or named replicates", done="taken as replicates",
            )  # fmt: skip


def _unequal_replicates(measured: Measurements) -> Iterator[Problem]:
    last = measured.respiration.groupby(["jar", "temperature"], sort=False)["time"].max().rename("last").reset_index()
    joined = _usable(measured)[["study", "set", "jar", "temperature", "gas"]].merge(last, on=["jar", "temperature"])
    for (study, name, temperature, _), rows in joined.groupby(["study", "set", "temperature", "gas"], sort=False):
        if rows["last"].max() > 1.2 * rows["last"].min():
            yield problem(
                "replicates-unequal", stage="temperature", entry=str(study), column=str(name),
                where=f"{temperature:g} degC",
                found=f"replicates read to day {rows['last'].min():g} and to day {rows['last'].max():g}",
                needed="replicates of equal length", done=f"compared to day {rows['last'].min():g}",
            )  # fmt: skip


def _without_signal(measured: Measurements, released: pd.DataFrame) -> Iterator[Problem]:
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


def _poor_organic(measured: Measurements) -> Iterator[Problem]:
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


def _scales_apart(measured: Measurements) -> Iterator[Problem]:
    """Depths of one core whose respiration per carbon differs by more than soils do."""
    rates = measured.respiration.merge(_usable(measured)[["jar", "sample", "basis"]].drop_duplicates(), on="jar")
    rates = rates[rates["basis"] == "soil carbon"].merge(measured.samples[["sample", "core"]], on="sample")
    of_sample = rates.groupby(["study", "core", "sample", "temperature"], sort=False)["specific_respiration"].median()
    for (study, core), medians in of_sample.groupby(["study", "core"], sort=False):
        spread = medians.groupby("temperature").agg(lambda values: values.max() / values.min())
        if len(medians.index.unique("sample")) > 1 and spread.median() > LARGEST_SPREAD:
            yield problem(
                "scales-apart", stage="flux", entry=str(study), column=str(core),
                found=f"respiration per carbon of its depths differs {spread.median():.0f} times",
                needed=f"less than {LARGEST_SPREAD:g} times", done="kept; do all columns have the same unit?",
            )  # fmt: skip


def _one_temperature(measured: Measurements) -> Iterator[Problem]:
    usable = _usable(measured)
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


def _without_temperature(measured: Measurements) -> Iterator[Problem]:
    lost = measured.jars[measured.jars["excluded"] == NO_TEMPERATURE]
    for study, rows in lost.groupby("study", sort=False):
        yield problem(
            "temperature-missing", stage="incubation", entry=str(study), column=rows["jar"].iloc[0], where="jars",
            found=f"{len(rows)} of {(measured.jars['study'] == study).sum()} series at a temperature nobody stated",
            needed="the temperature of the incubation", done="no Q10 of them",
        )  # fmt: skip
