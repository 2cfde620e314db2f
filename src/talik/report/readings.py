"""The rows and the picture that tell of jars whose gas was read."""

from dataclasses import dataclass

import pandas as pd

from talik.flux.respiration import ERROR_UNKNOWN, NOT_FROM_ZERO
from talik.report.numbers import counted, printed
from talik.report.tables import ReportTables

PARTS = ("carbon_in_gas", "carbon_dissolved", "carbon_drawn", "carbon_flushed_out", "carbon_leaked")
"""Where respired carbon can be, in the order of the table."""


@dataclass(frozen=True)
class ReadingsRow:
    """The readings of one study and gas, and what became of them."""

    study: str
    """Name of the study."""
    gas: str
    """CO2 or CH4."""
    jars: str
    """Jars read, and of them those excluded."""
    readings: int
    """Readings of the gas."""
    rates: int
    """Rates computed from them."""
    methods: str
    """How the rates were computed, the commonest first."""
    unsure: str
    """Rates not told from zero, and rates without an interval."""
    respired: str
    """Carbon respired while jars were closed. [mg C]"""
    parts: tuple[str, ...]
    """Where it is, as shares of what was respired. [%]"""


def readings_rows(tables: ReportTables) -> list[ReadingsRow]:
    """A row for each study and gas that was read."""
    read = tables.readings[tables.readings["event"].isin(["", "read"])]
    return [_row(tables, study, gas, rows) for (study, gas), rows in read.groupby(["study", "gas"], sort=False)]


def _row(tables: ReportTables, study: str, gas: str, read: pd.DataFrame) -> ReadingsRow:
    gas = gas or "co2"
    rates = tables.respiration[(tables.respiration["study"] == study) & (tables.respiration["gas"] == gas)]
    excluded = tables.jars.loc[tables.jars["excluded"] != "", "jar"]
    left_out = int(read.drop_duplicates("jar")["jar"].isin(excluded).sum())
    methods = rates["method"].str.split(",").str[0].value_counts()
    of_budget = tables.budgets[(tables.budgets["study"] == study) & (tables.budgets["gas"] == gas)]
    sums = of_budget.drop(columns=["study", "jar", "gas"]).sum()
    return ReadingsRow(
        study=study, gas={"co2": "CO2", "ch4": "CH4"}[gas],
        jars=str(read["jar"].nunique()) + (f", {left_out} excluded" if left_out else ""),
        readings=len(read), rates=len(rates),
        methods="; ".join(f"{name} ({count})" for name, count in methods.items()) or "–",
        unsure=_unsure(rates),
        respired=printed(sums["carbon_respired"] / 1000) if len(of_budget) else "–",
        parts=_shares(sums) if len(of_budget) else ("–",) * len(PARTS),
    )  # fmt: skip


def _unsure(rates: pd.DataFrame) -> str:
    zero = int(rates["flag"].str.contains(NOT_FROM_ZERO, regex=False).sum())
    bare = int(rates["flag"].str.contains(ERROR_UNKNOWN, regex=False).sum())
    told = [f"{zero} not told from zero"] if zero else []
    told += [f"{counted(bare, 'rate')} without an interval"] if bare else []
    return "; ".join(told) or "none"


def _shares(sums: pd.Series) -> tuple[str, ...]:
    """Shares of the respired carbon; what was there at the start and put in is taken off the gas."""
    if not sums["carbon_respired"] > 0:
        return ("–",) * len(PARTS)
    net = sums.copy()
    net["carbon_in_gas"] -= sums["carbon_at_start"] + sums["carbon_put_in"]
    return tuple(f"{100 * net[name] / sums['carbon_respired']:.0f}" for name in PARTS)


def jar_shown(tables: ReportTables, study: str) -> str:
    """The jar whose life is drawn: of those not excluded the one with most rates.

    Parameters
    ----------
    tables : ReportTables
        Tables of a result.
    study : str
        Name of the study.

    Returns
    -------
    str
        Its name; empty where no jar of the study was read.
    """
    read = tables.readings.loc[tables.readings["study"] == study, "jar"]
    rates = tables.respiration.loc[tables.respiration["jar"].isin(read), "jar"]
    if rates.empty:
        return ""
    excluded = set(tables.jars.loc[tables.jars["excluded"] != "", "jar"])
    counts = rates.value_counts()
    kept = counts[~counts.index.isin(excluded)]
    return str((kept if len(kept) else counts).sort_index().idxmax())
