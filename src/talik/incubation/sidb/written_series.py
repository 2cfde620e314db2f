"""Respiration of jars as columns of an SIDb time series: the inverse of reading one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from talik.flux.release import STEP
from talik.incubation.sidb.kinds import DECLARED
from talik.incubation.sidb.units import PERCENT
from talik.tables import RESPIRATION_OF

AMOUNT_UNIT = {
    "dry soil": "microgC/gSoil", "soil carbon": "mgC/gC", "label carbon": "mgC/gC", "jar": "microgC",
}  # fmt: skip
"""What SIDb calls the unit of an amount, by basis: talik's own units, so that numbers stay as they are."""

REMAINING_UNIT = {"soil carbon": "percentCRemaining", "label carbon": "percentC14Remaining"}
"""What SIDb calls the unit of carbon remaining, by basis."""

_SAYS = {
    "rate": "Respiration rate", "amount": "Carbon respired", "cumulative": "Carbon respired since the start",
    "remaining": "Carbon remaining",
}  # fmt: skip
_BIOMASS = "microbial biomass"
_UNIT_OF_OTHER = {"isotope": "permille", "mole fraction": "ppm"}
_NOT_UNDERSTOOD = re.compile(r"unit '(?P<unit>.*)' not understood")


@dataclass(frozen=True)
class WrittenSeries:
    """One column of values, with its spread and its description."""

    name: str
    """Header of the column."""
    jar: str
    """Jar that it belongs to."""
    fields: dict[str, Any]
    """Its fields in the metadata, besides those of sample and jar."""
    time: np.ndarray
    """Days since the start. [d]"""
    values: np.ndarray
    """Values, in the unit of the fields."""
    sd: np.ndarray
    """Their standard deviation; NaN where not known."""


def written_series(
    jars: pd.DataFrame, respiration: pd.DataFrame, names: Mapping[str, str], fields: Mapping[str, dict[str, Any]]
) -> list[WrittenSeries]:
    """Columns for every jar: one for each of its temperatures and gases.

    Parameters
    ----------
    jars, respiration : DataFrame
        The tables of these names, of one study.
    names : mapping of str to str
        Name of each jar within the entry.
    fields : mapping of str to dict
        Fields of each jar, for the description.

    Returns
    -------
    list of WrittenSeries
        In the order of the jars.
    """
    of_jar = dict(list(respiration.groupby("jar", sort=False)))
    made: list[WrittenSeries] = []
    taken = {"time", *names.values()}
    for _, jar in jars.iterrows():
        pieces = list(_pieces(jar, of_jar.get(jar["jar"])))
        for temperature, gas, rows in pieces:
            name = names[jar["jar"]]
            if len(pieces) > 1:
                name = _further(f"{name} {gas} {temperature:g}", taken)
            made.append(_series(jar, name, temperature, gas, rows, fields[jar["jar"]], len(made) + 1))
    return made


def _further(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    taken.add(name)
    return name


def _pieces(jar: pd.Series, rows: pd.DataFrame | None) -> Iterator[tuple[float, str, pd.DataFrame]]:
    """Rows of a jar by temperature and gas, which a column of SIDb has one of."""
    if rows is None:
        yield float(jar["temperature"]), "", pd.DataFrame()
        return
    for (temperature, gas), piece in rows.groupby(["temperature", "gas"], sort=False, dropna=False):
        yield float(temperature), str(gas), piece.sort_values("time", kind="stable")


def _series(
    jar: pd.Series, name: str, temperature: float, gas: str, rows: pd.DataFrame, own: Mapping[str, Any], count: int
) -> WrittenSeries:
    kind = _kind(jar, rows)
    time, values, sd = _numbers(kind, jar["basis"], rows)
    unit, gas = _unit(jar, kind, gas)
    n = rows["n"].dropna().iloc[0] if len(rows) and rows["n"].notna().any() else jar["replicates"]
    fields: dict[str, Any] = {"varDesc": _description(jar, kind, temperature, own, count)}
    if np.isfinite(temperature):
        fields["temperature"] = temperature
    if np.isfinite(n):
        fields["replicates"] = float(n)
    return WrittenSeries(name, jar["jar"], fields | {"gasMeasured": gas or None, "units": unit}, time, values, sd)


def _kind(jar: pd.Series, rows: pd.DataFrame) -> str:
    """What the column is to hold: rates, amounts of intervals, a cumulative curve or carbon remaining."""
    if jar["measures"] == "carbon remaining":
        return "remaining"
    if not len(rows) or not _adjoin(rows):
        return "rate"
    return "cumulative" if (rows["method"] == STEP).all() else "amount"


def _adjoin(rows: pd.DataFrame) -> bool:
    """Whether the intervals begin on day 0 and each where the one before ends."""
    start, end = rows["time_start"].to_numpy(float), rows["time_end"].to_numpy(float)
    return bool(np.allclose(start, np.concatenate([[0.0], end[:-1]]), rtol=0, atol=1e-9) and (end > start).all())


def _numbers(kind: str, basis: str, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, values and standard deviations of a column."""
    if not len(rows) or basis not in RESPIRATION_OF:
        return np.empty(0), np.empty(0), np.empty(0)
    rates, sd = rows[RESPIRATION_OF[basis]].to_numpy(float), rows["sd"].to_numpy(float)
    if kind == "rate" or not _adjoin(rows):
        return rows["time"].to_numpy(float), rates, sd
    end = rows["time_end"].to_numpy(float)
    length = end - rows["time_start"].to_numpy(float)
    if kind == "amount":
        return end, rates * length, sd * length
    curve = np.cumsum(rates * length)
    # What the reader takes apart again: the variance of a step is the difference of two.
    spread = np.sqrt(np.cumsum((sd * length) ** 2))
    if kind == "remaining":
        return end, 100 - curve / PERCENT, spread / PERCENT
    return end, curve, spread


def _unit(jar: pd.Series, kind: str, gas: str) -> tuple[str, str]:
    """Unit and gas of a column, such that a jar left out for its unit is left out again."""
    excluded = jar["excluded"]
    if excluded in _UNIT_OF_OTHER:
        return _UNIT_OF_OTHER[excluded], ""
    if excluded == _BIOMASS:
        return AMOUNT_UNIT.get(jar["basis"], "mgBiomassC/gSoil"), gas.upper()
    if excluded == "nitrous oxide":
        return "microgN/gSoil", "N2O"
    if excluded.startswith("gas "):
        return AMOUNT_UNIT["dry soil"], excluded.removeprefix("gas ")
    strange = _NOT_UNDERSTOOD.fullmatch(excluded)
    if strange:
        return strange["unit"], gas.upper()
    if kind == "remaining":
        return REMAINING_UNIT.get(jar["basis"], REMAINING_UNIT["soil carbon"]), gas.upper()
    unit = AMOUNT_UNIT.get(jar["basis"], AMOUNT_UNIT["dry soil"])
    # A rate under the unit of an amount was uncertain, and is to stay so.
    return (f"{unit}/d" if kind == "rate" and jar["scale"] != "uncertain" else unit), gas.upper()


def _description(jar: pd.Series, kind: str, temperature: float, own: Mapping[str, Any], count: int) -> str:
    """What the column is, in words that leave nothing to decide, unless it was undecided."""
    words = [_BIOMASS.capitalize() if jar["excluded"] == _BIOMASS else _SAYS[kind]]
    if kind in DECLARED and jar["scale"] != "uncertain" and jar["excluded"] != _BIOMASS:
        words.append(DECLARED[kind])
    words.append(f"of series {count}")
    if "undecided" in jar["excluded"]:
        return " ".join(words)
    if np.isfinite(temperature):
        words.append(f"at {temperature:g} °C")
    if isinstance(own.get("moisture"), float):
        words.append(f"and a moisture of {own['moisture']:g}")
    return " ".join(words)


def time_table(series: Sequence[WrittenSeries]) -> pd.DataFrame:
    """``timeSeries.csv``: all times of the study, and each series with its spread beside it."""
    times = sorted({float(t) for one in series for t in one.time}) or [0.0]
    columns: dict[str, pd.Series] = {}
    for one in series:
        at = [float(t) for t in one.time]
        columns[one.name] = pd.Series(one.values, index=at).reindex(times)
        if has_spread(one):
            columns[spread_name(one, series)] = pd.Series(one.sd, index=at).reindex(times)
    table = pd.DataFrame(columns, index=times).rename_axis("time")
    return table.reset_index()


def has_spread(series: WrittenSeries) -> bool:
    """Whether a series has a standard deviation anywhere."""
    return bool((series.sd > 0).any())


def spread_name(series: WrittenSeries, others: Sequence[WrittenSeries]) -> str:
    """Header of the column of the standard deviation."""
    name = f"{series.name} SD"
    return name if name not in {one.name for one in others} else f"{name} of values"
