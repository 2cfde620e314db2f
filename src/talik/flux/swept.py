"""Rates of jars that are not closed: swept by a flow of air, or with their CO2 bound by an alkali."""

import numpy as np
import pandas as pd

from talik.errors import TableError, itemised
from talik.flux.alkali import CARBON_PER_EQUIVALENT, trapped_carbon
from talik.flux.blanks import BlankMeans, blank_means
from talik.flux.budget import Laboratory
from talik.flux.flow_through import flow_through_rates, steady_rate, swept_carbon
from talik.flux.headspace import carbon_per_ppm

STEADY = 5.0
"""Exchanges of the gas between two readings from which on each reading alone tells the rate at its time."""

TRAP_EXHAUSTED = "trap exhausted"
"""Flag of a rate whose alkali trap was used up by more than two thirds."""


def swept_rates(
    readings: pd.DataFrame, jars: pd.DataFrame, laboratory: Laboratory, blanks: pd.DataFrame, *, flow_temperature: float
) -> pd.DataFrame:
    """Rates of jars that are swept by a flow of air.

    Between readings fewer than 5 exchanges of the gas apart the mean rate of the interval is taken, else the steady
    rate at each reading. The gas that enters is that of the jar's `flush`, or the mean of the blanks of its batch.

    Parameters
    ----------
    readings, jars : DataFrame
        The tables of these names, of swept jars.
    laboratory : Laboratory
        What the tables do not say.
    blanks : DataFrame
        Readings of blanks, from ``blanks_of``.
    flow_temperature : float
        Temperature at which the flow is told, see ``swept_carbon``. [°C]

    Returns
    -------
    DataFrame
        As of ``closed_rates``.

    Raises
    ------
    TableError
        For readings without a flow, and jars whose entering gas is not known.
    """
    read, entering = _read_and_entering(readings, jars, blanks)
    _refuse_unknown_flows(read, entering)
    parts = [
        _of_swept(rows, jars.loc[jars["jar"] == rows["jar"].iloc[0]].iloc[0], entering[key], laboratory,
                  flow_temperature)
        for key, rows in read.groupby(["jar", "gas"])
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def trapped_rates(readings: pd.DataFrame, jars: pd.DataFrame, blanks: pd.DataFrame) -> pd.DataFrame:
    """Rates of jars whose CO2 is bound by an alkali: carbon in each trap over the time since the one before.

    A trap stands from the event before (`flush`, `seal` or the trap before; day 0 where there is none) to its own
    time. Its `sd` is that of a titration in mL; where it is not given, the scatter between blank traps.

    Parameters
    ----------
    readings, jars : DataFrame
        The tables of these names, of jars with alkali traps.
    blanks : DataFrame
        Titrations of blank traps, from ``blanks_of``.

    Returns
    -------
    DataFrame
        As of ``closed_rates``, with `flag`.

    Raises
    ------
    TableError
        For jars whose titrant or whose blank traps are not known.
    """
    readings = _plain(readings).sort_values(["jar", "time"], kind="stable")
    before = readings.groupby("jar")["time"].shift(fill_value=0.0)
    trapped = readings.assign(begin=before)[readings["titrant_volume"].notna()]
    trapped = trapped[trapped["time"] > trapped["begin"]].assign(gas="co2").reset_index(drop=True)
    of_jar = jars.set_index("jar").loc[trapped["jar"]].reset_index(drop=True)
    asked = trapped[["study", "gas"]].assign(
        batch=trapped["batch"].where(trapped["batch"] != "", of_jar["batch"]), start=trapped["begin"],
        end=trapped["time"],
    )  # fmt: skip
    means = blank_means(blanks, asked, value="titrant_volume")
    _refuse_unknown_traps(trapped, of_jar, means)
    concentration = of_jar["titrant_concentration"].to_numpy(float)
    days = (trapped["time"] - trapped["begin"]).to_numpy(float)
    carbon, exhausted = _carbon_of_traps(trapped, means, concentration)
    per_volume = CARBON_PER_EQUIVALENT * concentration / days
    stated = trapped["sd"].notna().to_numpy()
    rate = carbon / days
    return _described(trapped, of_jar).assign(
        time_start=trapped["begin"], time_end=trapped["time"], rate=rate,
        # The scatter of the blanks tells the error of the trap and of their mean alike, so it is one error.
        sd=per_volume * np.where(stated, trapped["sd"], np.hypot(means.scatter, means.sd)),
        freedom=np.where(stated, np.inf, means.freedom),
        sd_blank=per_volume * np.where(stated, means.sd, 0.0), blank_freedom=means.freedom, blank=means.name,
        d_dry_mass=rate, d_titrant_concentration=rate, method="alkali trap",
        flag=np.where(exhausted, TRAP_EXHAUSTED, ""),
    )  # fmt: skip


def _carbon_of_traps(trapped: pd.DataFrame, means: BlankMeans, concentration: np.ndarray):
    """Carbon in each trap, and whether it was exhausted."""
    carbon, exhausted = np.full(len(trapped), np.nan), np.zeros(len(trapped), bool)
    groups = pd.DataFrame({"blank": means.mean, "concentration": concentration}).groupby(["blank", "concentration"])
    for (blank, titrant), rows in groups.indices.items():
        found = trapped_carbon(trapped["titrant_volume"].to_numpy(float)[rows], blank, titrant)
        carbon[rows], exhausted[rows] = found.carbon, found.exhausted
    return carbon, exhausted


def _refuse_unknown_traps(trapped: pd.DataFrame, of_jar: pd.DataFrame, means: BlankMeans) -> None:
    without = {
        "titrant_concentration in jars": ~(of_jar["titrant_concentration"] > 0),
        "blank traps of their batch in readings (event 'blank', with titrant_volume)": np.isnan(means.mean),
    }
    broken = [
        f"jar {jar!r} has no {what}" for what, lost in without.items() for jar in trapped.loc[lost, "jar"].unique()
    ]
    if broken:
        raise TableError(f"alkali traps: {len(broken)} jars cannot be computed\n{itemised(broken)}", broken)


def _plain(readings: pd.DataFrame) -> pd.DataFrame:
    """Readings with their texts as text."""
    return readings.astype(dict.fromkeys(("study", "jar", "gas", "event", "batch"), "str"))


Entering = dict[tuple[str, str], tuple[float, float, float, int]]
"""The gas that enters, by jar and gas: its mean, standard error, degrees of freedom and number."""


def _read_and_entering(readings, jars, blanks) -> tuple[pd.DataFrame, Entering]:
    """Readings of the gas that leaves, and the gas that enters each jar."""
    rows = _plain(readings)
    rows = rows.assign(gas=rows["gas"].where(rows["gas"] != "", "co2"))
    rows = rows.sort_values(["jar", "gas", "time"], kind="stable")
    read = rows[rows["mole_fraction"].notna() & rows["event"].isin(["read", "draw", ""])]
    of_jar = read.groupby(["study", "jar", "gas"], as_index=False)
    asked = of_jar.agg(start=("time", "min"), end=("time", "max"), batch=("batch", "first"))
    described = asked["jar"].map(jars.set_index("jar")["batch"])
    means = blank_means(blanks, asked.assign(batch=asked["batch"].where(asked["batch"] != "", described)))
    entering = {
        (jar, gas): (float(means.mean[i]), float(means.sd[i]), float(means.freedom[i]), int(means.name[i]))
        for i, (jar, gas) in enumerate(zip(asked["jar"], asked["gas"], strict=True))
    }
    flushed = rows[(rows["event"] == "flush") & rows["mole_fraction"].notna()].drop_duplicates(["jar", "gas"])
    for row in flushed.itertuples():
        entering[row.jar, row.gas] = (row.mole_fraction, 0.0 if np.isnan(row.sd) else row.sd, np.inf, _STATED)
    return read, entering


_STATED = 10**9
"""Number of a gas that is stated, one for all intervals of a jar."""


def _refuse_unknown_flows(read: pd.DataFrame, entering: Entering) -> None:
    lost = read.loc[~(read["flow"] > 0), "jar"].value_counts(sort=False)
    broken = [f"jar {jar!r} has {count} readings without a flow above zero" for jar, count in lost.items()]
    broken += [
        f"jar {jar!r}: the {gas} that enters is not known; give it as the mole_fraction of a 'flush', or readings of "
        "the entering air as event 'blank' of the jar's batch"
        for (jar, gas), (mean, *_) in entering.items() if np.isnan(mean)
    ]  # fmt: skip
    if broken:
        raise TableError(f"swept jars: {len(broken)} problems\n{itemised(broken)}", broken)


def _described(rows: pd.DataFrame, of_jar: pd.DataFrame) -> pd.DataFrame:
    temperature = rows["temperature"].fillna(of_jar["temperature"])
    return rows[["study", "jar", "gas"]].assign(temperature=temperature, covariance_before=0.0)


def _of_swept(rows, jar, entering, laboratory: Laboratory, flow_temperature: float) -> pd.DataFrame:
    """Rates of one swept jar."""
    numbers = ["time", "temperature", "mole_fraction", "flow", "sd", "pressure"]
    of_time = rows.groupby("time")
    mean = of_time[numbers].mean().assign(n=of_time.size()).reset_index(drop=True)
    mean["sd"] = mean["sd"].fillna(laboratory.precision.get(rows["gas"].iloc[0], np.nan)) / np.sqrt(mean["n"])
    mean = mean.assign(study=rows["study"].iloc[0], jar=rows["jar"].iloc[0], gas=rows["gas"].iloc[0])
    mean["temperature"] = mean["temperature"].fillna(jar["temperature"])
    held = carbon_per_ppm(
        jar["headspace_volume"], np.nan_to_num(jar["water_volume"]), mean["temperature"].mean(), jar["ph"],
        laboratory.pressure, laboratory.humidity, rows["gas"].iloc[0],
    )  # fmt: skip
    swept = swept_carbon(mean["flow"].to_numpy(float), temperature=flow_temperature)
    exchanges = swept[1:] * np.diff(mean["time"]) / held
    steady = len(mean) < 2 or not held > 0 or np.median(exchanges) >= STEADY
    made = _steady if steady else _filling
    return made(mean, entering, swept, float(held), flow_temperature)


def _steady(mean, entering, swept, _held, flow_temperature) -> pd.DataFrame:
    inlet, sd_inlet, freedom, name = entering
    rate = steady_rate(mean["mole_fraction"], inlet, mean["flow"], flow_temperature=flow_temperature)
    return mean[["study", "jar", "gas", "time", "temperature"]].assign(
        rate=rate, sd=swept * mean["sd"], freedom=np.inf, covariance_before=0.0, sd_blank=swept * sd_inlet,
        blank_freedom=freedom, blank=name, d_flow=rate, d_calibration=rate, d_dry_mass=rate,
        method="flow-through, steady",
    )  # fmt: skip


def _filling(mean, entering, _swept, held, flow_temperature) -> pd.DataFrame:
    inlet, sd_inlet, freedom, name = entering
    found = flow_through_rates(
        mean["time"], mean["mole_fraction"], inlet, mean["flow"], jar_carbon=held, flow_temperature=flow_temperature,
        sd_outlet=mean["sd"], sd_inlet=sd_inlet, sd_flow=0.0,
    )  # fmt: skip
    x, days = mean["mole_fraction"].to_numpy(float), np.diff(mean["time"])
    temperature = mean["temperature"].to_numpy(float)
    return mean[["study", "jar", "gas"]].iloc[1:].assign(
        time_start=found.start, time_end=found.end, temperature=(temperature[1:] + temperature[:-1]) / 2,
        rate=found.rate, sd=found.sd, freedom=np.inf, covariance_before=found.covariance_before,
        sd_blank=found.sd_shared, blank_freedom=freedom, blank=name, d_flow=found.rate - held * np.diff(x) / days,
        d_calibration=found.rate, d_dry_mass=found.rate, method="flow-through, between readings",
    )  # fmt: skip
