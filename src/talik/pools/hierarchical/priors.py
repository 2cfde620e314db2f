"""Priors as data: what was believed of each parameter before the soils were seen, and who said so."""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from talik.errors import TableError, itemised
from talik.textfile import read_text

DISTRIBUTIONS = {
    "normal": "location and standard deviation",
    "lognormal": "median, and standard deviation of the logarithm",
    "logit-normal": "median, and standard deviation of the logit",
    "half-normal": "zero, and the scale",
    "gamma": "shape and rate",
}
"""What location and scale of each distribution are."""

COLUMNS = (
    "model", "quantity", "pool", "level", "distribution", "location", "scale", "unit", "temperature", "source", "doi",
    "note",
)  # fmt: skip
"""Columns of a file of priors."""

WARMING = np.log(2.0) / 10
"""How the centre of a decay rate moves from the temperature of its source to that of the data: doubling in ten
degrees, the centre of the prior of Q10. [K⁻¹]"""


@dataclass(frozen=True)
class Prior:
    """The prior of one parameter."""

    distribution: str
    """Name of the distribution, as in `DISTRIBUTIONS`."""
    location: float
    """Its location: a median for the lognormal and the logit-normal. [unit of the parameter]"""
    scale: float
    """Its scale. [-]"""
    temperature: float
    """Temperature that a decay rate belongs to; NaN for others. [°C]"""

    def centre(self, reference_temperature: float = np.nan) -> float:
        """Location on the scale where the prior is normal, a decay rate moved to a reference temperature."""
        if self.distribution == "logit-normal":
            return float(np.log(self.location / (1 - self.location)))
        if self.distribution == "lognormal":
            moved = WARMING * (reference_temperature - self.temperature)
            return float(np.log(self.location) + (moved if np.isfinite(moved) else 0.0))
        return self.location


@dataclass(frozen=True)
class Priors:
    """A table of priors, looked up by what they are of."""

    table: pd.DataFrame
    """One row a prior, with the columns of `COLUMNS`."""

    def of(self, model: str, quantity: str, pool: str = "*", level: str = "mean") -> Prior:
        """The prior of a parameter: the row that names its model and pool, or one with ``*`` there.

        Parameters
        ----------
        model, quantity, pool : str
            What the parameter is.
        level : {"mean", "soils", "groups"}
            Whether it is the mean over soils, the spread between soils, or the spread between studies or sites.

        Returns
        -------
        Prior

        Raises
        ------
        TableError
            Where no row fits.
        """
        rows = self.table[
            self.table["model"].isin([model, "*"])
            & (self.table["quantity"] == quantity)
            & self.table["pool"].isin([pool, "*"])
            & (self.table["level"] == level)
        ]
        if rows.empty:
            raise TableError(
                f"the priors have no row for {quantity} of pool {pool}, level {level}, of the {model} model; add it."
            )
        named = (rows["model"] != "*").astype(int) * 2 + (rows["pool"] != "*")
        row = rows.loc[named.idxmax()]
        return Prior(row["distribution"], float(row["location"]), float(row["scale"]), float(row["temperature"]))


def read_priors(path: Path | str | None = None) -> Priors:
    """Priors from a CSV file; those of talik where none is named.

    Parameters
    ----------
    path : path_like, optional
        A file with the columns of `COLUMNS`; a copy of talik's own with other numbers is the usual one.

    Returns
    -------
    Priors

    Raises
    ------
    TableError
        With every row that cannot be used.

    Examples
    --------
    >>> read_priors().of("two-pool", "q10", "slow")
    Prior(distribution='lognormal', location=2.0, scale=0.4, temperature=nan)
    """
    if path is None:
        text = files("talik.pools.hierarchical").joinpath("priors.csv").read_text(encoding="utf-8")
    else:
        text = read_text(Path(path)).content
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    return priors_of(table, source=str(path or "priors.csv"))


def priors_of(table: pd.DataFrame, *, source: str = "priors") -> Priors:
    """Priors from a table, checked.

    Parameters
    ----------
    table : DataFrame
        With the columns of `COLUMNS`.
    source : str
        What the message calls it.

    Returns
    -------
    Priors
    """
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise TableError(f"{source} lacks the columns {', '.join(missing)}.", missing)
    checked = table.loc[:, list(COLUMNS)].reset_index(drop=True)
    numbers = {name: pd.to_numeric(checked[name], errors="coerce") for name in ("location", "scale", "temperature")}
    checked = checked.assign(**numbers)
    problems = [f"line {i + 2}: {what}" for i, row in checked.iterrows() for what in _faults(row)]
    if problems:
        raise TableError(f"{source}: priors that cannot be used\n{itemised(problems)}", problems)
    return Priors(checked)


def _faults(row: pd.Series) -> list[str]:
    """What is wrong with a row."""
    kind, location, scale = row["distribution"], row["location"], row["scale"]
    if kind not in DISTRIBUTIONS:
        return [f"{kind!r} is not a distribution; known are {', '.join(DISTRIBUTIONS)}"]
    faults = []
    if not (np.isfinite(scale) and scale > 0):
        faults.append(f"scale {scale} of {row['quantity']} must be above 0")
    if not np.isfinite(location):
        faults.append(f"location of {row['quantity']} is not a number")
    if kind in ("lognormal", "gamma") and not location > 0:
        faults.append(f"location {location} of a {kind} must be above 0")
    if kind == "logit-normal" and not 0 < location < 1:
        faults.append(f"location {location} of a logit-normal must lie between 0 and 1")
    if not str(row["source"]).strip():
        faults.append(f"{row['quantity']} has no source; write 'weakly informative, ours' where there is none")
    return faults
