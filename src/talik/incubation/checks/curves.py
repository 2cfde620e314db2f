"""Curves of log respiration that can be laid on one another: jars of one study, read at common times."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.incubation.sets import treatment_columns
from talik.tables import RESPIRATION_OF

FEWEST_SHARED = 0.5
"""Share of the common times at which a jar must have been read to be compared."""


LEAST_ALIKE = 4
"""Jars from which what they do in common can be taken off each."""


@dataclass(frozen=True)
class Curves:
    """Jars of one study, gas and basis, and the logarithm of their respiration at common times."""

    study: str
    """Name of the study."""
    gas: str
    """``co2`` or ``ch4``."""
    jars: pd.DataFrame
    """A row per jar: jar, sample, set, treatment, temperature, cabinet, batch and `cell`, the jars treated alike."""
    time: np.ndarray
    """Common times, shape (m,). [d]"""
    log_rate: np.ndarray
    """Natural logarithm of respiration, shape (jars, m); NaN where there is none above zero."""

    def level(self) -> np.ndarray:
        """Mean of each curve above the mean of all curves at the same times, shape (jars,)."""
        return means(self.log_rate - means(self.log_rate, axis=0), axis=1)

    def of(self, kept: np.ndarray) -> "Curves":
        """The same for some of the jars, by a mask or by places."""
        return Curves(self.study, self.gas, self.jars[kept].reset_index(drop=True), self.time, self.log_rate[kept])


def means(values, axis):
    """Means that pass over what is missing, NaN where all is.

    Examples
    --------
    >>> means(np.array([[1.0, 3.0, np.nan], [np.nan] * 3]), axis=1)
    array([ 2., nan])
    """
    there = np.isfinite(values)
    count = there.sum(axis)
    total = np.where(there, values, 0.0).sum(axis)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


def medians(values, axis):
    """Medians that pass over what is missing, NaN where all is."""
    return np.ma.filled(np.ma.median(np.ma.masked_invalid(values), axis=axis), np.nan)


def codes(names: pd.Series) -> np.ndarray:
    """Numbers for names, from zero on."""
    return np.unique(names.to_numpy(str), return_inverse=True)[1]


def curves(jars: pd.DataFrame, respiration: pd.DataFrame) -> Iterator[Curves]:
    """Curves of all jars that can be compared, by study, gas and basis.

    Jars that were left out, or that were read at few of the common times, have no curve.

    Parameters
    ----------
    jars, respiration : DataFrame
        The tables of these names.

    Yields
    ------
    Curves
    """
    known = jars[(jars["excluded"] == "") & (jars["measures"] == "respiration") & jars["basis"].isin(RESPIRATION_OF)]
    if known.empty:
        return
    treated = known[[c for c in ("moisture", "oxygen", *treatment_columns(known)) if c in known]]
    known = known.assign(treatment=treated.astype("str").agg("|".join, axis=1))
    rows = respiration.merge(known[["jar", "basis"]], on="jar")
    # Per soil where the carbon content is known, so that jars of one study can be compared whatever their basis.
    per_soil = (rows["basis"] == "soil carbon") & rows["respiration"].notna()
    rows = rows.assign(basis=rows["basis"].mask(per_soil, "dry soil"))
    rows = rows.assign(rate=_rate_of_basis(rows))
    described = known.set_index("jar")
    for (study, gas, _), part in rows.groupby(["study", "gas", "basis"], sort=False):
        made = _curves(str(study), str(gas), part, described)
        if made is not None:
            yield made


def _rate_of_basis(rows: pd.DataFrame) -> pd.Series:
    rate = pd.Series(np.nan, index=rows.index)
    for basis, column in RESPIRATION_OF.items():
        rate = rate.where(rows["basis"] != basis, rows[column])
    return rate


def _curves(study: str, gas: str, rows: pd.DataFrame, described: pd.DataFrame) -> Curves | None:
    rows = rows.sort_values(["jar", "time"], kind="stable").dropna(subset=["rate"])
    if rows.empty:
        return None
    visit = visits(rows["time"].to_numpy(float), rows["jar"].to_numpy())
    names, jar = np.unique(rows["jar"].to_numpy(str), return_inverse=True)
    rate = rows["rate"].to_numpy(float)
    logs = np.log(rate, out=np.full(rate.shape, np.nan), where=rate > 0)
    above = np.isfinite(logs)
    shape = (names.size, visit.max() + 1)
    count, total = np.zeros(shape), np.zeros(shape)
    np.add.at(count, (jar[above], visit[above]), 1.0)
    np.add.at(total, (jar[above], visit[above]), logs[above])
    log_rate = np.divide(total, count, out=np.full(shape, np.nan), where=count > 0)
    time = rows["time"].groupby(visit).mean().to_numpy(float)
    held = rows.groupby("jar")["temperature"].agg(lambda values: " to ".join(f"{v:g}" for v in dict.fromkeys(values)))
    columns = ["sample", "set", "treatment", "replicate", "cabinet", "batch", "organic_carbon"]
    table = described.loc[names, columns].reset_index(names="jar").assign(held=held.loc[names].to_numpy())
    table["temperature"] = rows.groupby("jar")["temperature"].mean().loc[names].to_numpy()
    table["cell"] = table["set"].astype("str") + " at " + table["held"] + " degC"
    common = np.isfinite(log_rate).mean(axis=0) >= FEWEST_SHARED
    enough = np.isfinite(log_rate[:, common]).mean(axis=1) >= FEWEST_SHARED if common.any() else np.zeros(names.size)
    return Curves(study, gas, table, time, log_rate).of(enough.astype(bool)) if np.any(enough) else None


def visits(time, jar):
    """Number of the visit that each reading belongs to.

    Jars are read one after the other, so their times differ by hours. A new visit begins where a jar comes
    again, or after a pause of a third of the usual spacing.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Times of the readings. [d]
    jar : ndarray, shape (n,)
        Their jars, each jar's readings one after the other in time.

    Returns
    -------
    ndarray of int, shape (n,)

    Examples
    --------
    >>> visits(np.array([1.0, 7.0, 1.2, 7.1]), np.array(["a", "a", "b", "b"]))
    array([0, 1, 0, 1])
    """
    spacing = np.diff(time)[jar[1:] == jar[:-1]]
    spacing = spacing[spacing > 0]
    pause = np.quantile(spacing, 0.25) / 3 if spacing.size else np.inf
    order = np.argsort(time, kind="stable")
    visit = np.empty(time.size, int)
    number, last = 0, -np.inf
    seen: set[str] = set()
    for place, when, which in zip(order.tolist(), time[order].tolist(), jar[order].tolist(), strict=True):
        if when > last and (which in seen or when - last > pause) and seen:
            number, seen = number + 1, set()
        seen.add(which)
        visit[place], last = number, when
    return visit
