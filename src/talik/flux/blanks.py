"""Blanks: jars treated alike without soil, whose gas is what the others began with."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

_COLUMNS = ("study", "batch", "gas", "time", "jar", "mole_fraction", "sd", "titrant_volume")


@dataclass(frozen=True)
class BlankMeans:
    """The mean of the blanks of each closing."""

    mean: np.ndarray
    """Mean of the blanks; NaN where there are none. [ppm, or mL for titrations]"""
    sd: np.ndarray
    """Its standard error. [ppm or mL]"""
    freedom: np.ndarray
    """Degrees of freedom of the error; infinite where it is the stated error of the analyser."""
    scatter: np.ndarray
    """Standard deviation between the blanks. [ppm or mL]"""
    name: np.ndarray
    """Number of the mean: closings with the same number share its error. -1 where there is none."""


def blanks_of(readings: pd.DataFrame) -> pd.DataFrame:
    """The readings of blanks among readings.

    Parameters
    ----------
    readings : DataFrame
        The table ``readings``.

    Returns
    -------
    DataFrame
        Its rows of event ``blank``; those without a gas are CO2.
    """
    rows = readings.loc[readings["event"] == "blank", list(_COLUMNS)]
    rows = rows.astype(dict.fromkeys(("study", "batch", "gas", "jar"), "str"))
    return rows.assign(gas=rows["gas"].where(rows["gas"] != "", "co2")).reset_index(drop=True)


def blank_means(blanks: pd.DataFrame, closings: pd.DataFrame, *, value: str = "mole_fraction") -> BlankMeans:
    r"""The mean of the blanks that belong to each closing, with its error.

    To a closing belong the blanks of its study, batch and gas read between its start and its end, or, where none was,
    those read nearest to its start; where its batch has none, those that name no batch. A blank jar that was read
    more than once counts once. The scatter between the blanks of one batch and day is pooled over the study:

    .. math:: s^2 = \frac{\sum_b \sum_{i=1}^{n_b} (x_{bi} - \bar x_b)^2}{\sum_b (n_b - 1)}, \qquad
        s(\bar x_b) = s / \sqrt{n_b}

    Parameters
    ----------
    blanks : DataFrame
        From ``blanks_of``.
    closings : DataFrame
        With `study`, `batch`, `gas`, `start` and `end`.
    value : str, default "mole_fraction"
        Column of the blanks that is averaged.

    Returns
    -------
    BlankMeans
    """
    n = len(closings)
    empty = np.full(n, np.nan)
    made = BlankMeans(empty, empty.copy(), empty.copy(), empty.copy(), np.full(n, -1))
    blanks = blanks[blanks[value].notna()]
    if blanks.empty or not n:
        return made
    pooled = _scatter(blanks, value)
    of_batch = dict(tuple(blanks.sort_values("time", kind="stable").groupby(["study", "batch", "gas"])))
    asked = closings.groupby(["study", "batch", "gas", "start", "end"], sort=False, dropna=False).indices
    names: dict[tuple, int] = {}
    for (study, batch, gas, start, end), rows in asked.items():
        batch = batch if (study, batch, gas) in of_batch else ""
        if (study, batch, gas) not in of_batch:
            continue
        own = of_batch[study, batch, gas]
        low, high = _window(own["time"].to_numpy(float), start, end)
        found = _mean(own.iloc[low:high], value, pooled[study, gas])
        made.mean[rows], made.sd[rows], made.freedom[rows], made.scatter[rows] = found
        made.name[rows] = names.setdefault((study, batch, gas, low, high), len(names))
    return made


def _window(time: np.ndarray, start: float, end: float) -> tuple[int, int]:
    """Rows of the blanks that were read within a closing, or nearest to its start; times are in order."""
    low, high = np.searchsorted(time, start - 1e-9), np.searchsorted(time, end + 1e-9)
    if low < high:
        return int(low), int(high)
    nearest = time[np.argmin(np.abs(time - start))]
    return int(np.searchsorted(time, nearest)), int(np.searchsorted(time, nearest, side="right"))


def _scatter(blanks: pd.DataFrame, value: str) -> dict[tuple, tuple[float, float]]:
    """Standard deviation between the blanks of one batch and day in each study, and its degrees of freedom."""
    each = blanks.assign(day=np.floor(blanks["time"])).groupby(["study", "gas", "batch", "day", "jar"])[value].mean()
    groups = each.groupby(["study", "gas", "batch", "day"])
    parts = pd.DataFrame({"squares": groups.var(ddof=0) * groups.size(), "freedom": groups.size() - 1})
    pooled = parts.groupby(["study", "gas"]).sum()
    made = {}
    for key, row in pooled.iterrows():
        freedom = float(row["freedom"])
        made[key] = ((row["squares"] / freedom) ** 0.5, freedom) if freedom > 0 else (np.nan, np.inf)
    return made


def _mean(blanks: pd.DataFrame, value: str, scatter: tuple[float, float]) -> tuple[float, float, float, float]:
    each = blanks.groupby("jar")[value].mean()
    sd, freedom = scatter
    count = len(each)
    if np.isnan(sd):  # one blank: its readings err by no more than their stated error
        sd, freedom, count = float(blanks["sd"].mean()), np.inf, len(blanks)
    return float(each.mean()), float(sd / count**0.5), freedom, float(sd)
