"""Rates of closed jars: from the carbon budget of each closing to carbon respired per day and jar."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from talik.flux.budget import Budget
from talik.flux.closings import fit_closing, linear_rates
from talik.flux.closings.fit import Model
from talik.flux.closings.readings import BELIEVED, ENOUGH_FREEDOM

ONE_RATE_WITHIN = 2.0
"""Length of a closing up to which its readings give one rate; in a longer one the soil's respiration itself changes,
so that each interval between readings has its own. [d]"""

ENOUGH_FOR_FIT = 3
"""Readings of a closing from which on a line is fitted."""

SOURCES = (
    "headspace_volume", "water_volume", "ph", "leak_rate", "calibration", "dry_mass", "flow", "titrant_concentration"
)  # fmt: skip
"""Errors that all rates of a jar share: relative ones, and that of pH in its own unit."""


@dataclass(frozen=True)
class Fitting:
    """How the readings of a closing become a rate."""

    model: Model = "auto"
    """Model of ``fit_closing``."""
    window: Literal["found", "whole"] = "found"
    """Window of ``fit_closing``."""
    rates: str = "auto"
    """``closing`` (one rate each), ``interval`` (between readings) or ``auto``, by the length of the closing."""


def closed_rates(found: Budget, fitting: Fitting) -> pd.DataFrame:
    """Rates of closed jars.

    Parameters
    ----------
    found : Budget
        The carbon budget between readings.
    fitting : Fitting
        How readings become rates.

    Returns
    -------
    DataFrame
        One row a rate, in order: `study`, `jar`, `gas`, `time_start`, `time_end`, `temperature`; `rate`, `sd` (of
        the readings), `freedom`, `lower`, `upper`, `covariance_before`, `sd_blank`, `blank_freedom` and `blank` in
        µg C per day and jar; `method`; and ``d_`` what the rate changes by with each of the shared errors.
    """
    count = found.points.rows["closing_number"].max() + 1 if len(found.points.rows) else 0
    reads, length = _reads(found, count)
    within = {"auto": ONE_RATE_WITHIN, "closing": np.inf, "interval": -np.inf}[fitting.rates]
    one = (length <= within) & (reads > 1)
    fitted = one & (reads >= ENOUGH_FOR_FIT)
    senses = _sensitivities(found)
    rates = _between_readings(found, one, fitted, senses)
    if fitted.any():
        fits = _of_fits(found, fitted, fitting, senses)
        rates = pd.concat([rates, fits], ignore_index=True) if len(rates) else fits
    return rates.sort_values(["series", "time_start"], kind="stable", ignore_index=True)


def _reads(found: Budget, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Readings in each closing, and its length from start to last reading."""
    rows = found.points.rows
    closing, time = rows["closing_number"].to_numpy(), rows["time"].to_numpy(float)
    reads = np.bincount(closing, ~rows["is_start"].to_numpy(bool), count)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, closing, time)
    np.maximum.at(high, closing, time)
    return reads, high - low


def _closing_of_pairs(found: Budget) -> np.ndarray:
    return found.points.rows["closing_number"].to_numpy()[found.first]


Senses = dict[str, np.ndarray]


def _sensitivities(found: Budget) -> Senses:
    """What the carbon respired between each pair changes by with a shared error: whole, or a unit of pH. [µg C]"""
    points, x = found.points, found.points.mole_fraction

    def grown(per_ppm: np.ndarray) -> np.ndarray:
        return per_ppm[found.first + 1] * x[found.first + 1] - per_ppm[found.first] * x[found.first]

    return {
        "headspace_volume": grown(points.in_gas) + found.leaked,
        "water_volume": grown(points.dissolved),
        "ph": grown(points.dissolved_per_ph),
        "leak_rate": found.leaked,
        "calibration": found.respired + found.put_in + found.leaked_in,
        "dry_mass": found.respired,
    }


def _between_readings(found: Budget, one: np.ndarray, fitted: np.ndarray, senses: Senses) -> pd.DataFrame:
    """Rates between neighbouring points, of all closings that are not fitted."""
    rows, days = found.points.rows, found.days
    closing, is_start = _closing_of_pairs(found), rows["is_start"].to_numpy(bool)
    # Two readings of one closing tell its rate better than the gas it should have begun with.
    at = np.flatnonzero(~fitted[closing] & ~(one[closing] & is_start[found.first]) & (days > 0))
    first, days = found.first[at], days[at]
    of_first, of_second = found.of_first[at], found.of_second[at]
    sd, blank = rows["sd"].to_numpy(float), rows["blank"].to_numpy()[first]
    early = np.where(blank >= 0, 0.0, of_first * sd[first])
    variance = (of_second * sd[first + 1]) ** 2 + early**2 + found.put_in_sd[at] ** 2
    follows = np.r_[False, np.diff(at) == 1] & np.r_[False, np.diff(first) == 1] if at.size else at > 0
    shared = -np.r_[0.0, of_second[:-1]] * of_first * sd[first] ** 2 / days / np.r_[1.0, days[:-1]]
    method = np.select(
        [blank >= 0, is_start[first]], ["from the mean of blanks to a reading", "from the gas at closing to a reading"],
        "difference of two readings",
    )  # fmt: skip
    made = _described(rows, first, first + 1).assign(
        rate=found.respired[at] / days, sd=np.sqrt(variance) / days, freedom=np.inf,
        covariance_before=np.where(follows, shared, 0.0),
        sd_blank=np.where(blank >= 0, np.abs(of_first) * sd[first] / days, 0.0),
        blank_freedom=rows["freedom"].to_numpy(float)[first], blank=blank, method=method,
        **{f"d_{name}": value[at] / days for name, value in senses.items()},
    )  # fmt: skip
    half = 1.959963984540054 * made["sd"]
    return made.assign(lower=made["rate"] - half, upper=made["rate"] + half)


def _described(rows: pd.DataFrame, begin: np.ndarray, end: np.ndarray) -> pd.DataFrame:
    """Which jar, gas, time and temperature a rate from one point to another has."""
    temperature = rows["temperature"].to_numpy(float)
    time = rows["time"].to_numpy(float)
    named = rows[["series", "study", "jar", "gas"]].iloc[begin].reset_index(drop=True)
    return named.astype({"study": "str", "jar": "str", "gas": "str"}).assign(
        time_start=time[begin], time_end=time[end], temperature=(temperature[begin] + temperature[end]) / 2
    )  # fmt: skip


def _of_fits(found: Budget, fitted: np.ndarray, fitting: Fitting, senses: Senses) -> pd.DataFrame:
    """One rate for each closing that is fitted."""
    rows = found.points.rows
    at = np.flatnonzero(fitted[rows["closing_number"].to_numpy()] & ~rows["is_start"].to_numpy(bool))
    closing = rows["closing_number"].to_numpy()[at]
    starts = np.flatnonzero(np.diff(closing, prepend=-1))
    ends = np.r_[starts[1:], closing.size] - 1
    time = (rows["time"] - rows["closed_at"]).to_numpy(float)[at]
    carbon = _carbon(found)[at]
    sd = (found.points.per_ppm * rows["sd"].to_numpy(float))[at]
    fits = _fits(closing, time, carbon, sd, starts, fitting)
    widened = _widened(found, at, starts, ends)
    made = _described(rows, at[starts], at[ends]).assign(**fits)
    for name in ("sd", "lower", "upper"):
        made[name] = made["rate"] + (made[name] - made["rate"]) * widened if name != "sd" else made[name] * widened
    days = made["time_end"] - made["time_start"]
    pairs = _closing_of_pairs(found)
    inside = ~rows["is_start"].to_numpy(bool)[found.first]
    for name, value in senses.items():
        made[f"d_{name}"] = np.bincount(pairs[inside], value[inside], fitted.size)[closing[starts]] / days
    return made.assign(covariance_before=0.0, sd_blank=0.0, blank_freedom=np.inf, blank=-1)


def _carbon(found: Budget) -> np.ndarray:
    """Carbon in the jar at each point as if nothing had been drawn, put in or leaked since closing. [µg C]"""
    rows = found.points.rows
    grown = np.zeros(len(rows))
    grown[found.first + 1] = found.respired
    total = np.cumsum(grown)
    begins = np.flatnonzero(np.diff(rows["closing_number"], prepend=-1))
    size = np.diff(np.r_[begins, len(rows)])
    holds = found.points.per_ppm * found.points.mole_fraction
    return total + np.repeat(holds[begins] - total[begins], size)


def _fits(closing, time, carbon, sd, starts, fitting: Fitting) -> dict[str, np.ndarray]:
    """Rate, error and method of each closing: all lines at once, the rest one by one."""
    size = np.diff(np.r_[starts, closing.size])
    plain = (fitting.window == "whole") | (size < 30)
    at_once = plain & ((fitting.model == "linear") | ((fitting.model == "auto") & (size < 6)))
    made = {name: np.full(starts.size, np.nan) for name in ("rate", "sd", "freedom", "lower", "upper")}
    made["method"] = np.full(starts.size, "", object)
    lines = np.repeat(at_once, size)
    if at_once.any():
        for name, values in _lines(closing[lines], time[lines], carbon[lines], sd[lines]).items():
            made[name][at_once] = values
    for i in np.flatnonzero(~at_once):
        part = slice(starts[i], starts[i] + size[i])
        known = None if not (sd[part] > 0).all() else sd[part]
        fit = fit_closing(time[part], carbon[part], sd=known, model=fitting.model, window=fitting.window)
        for name, value in (("rate", fit.rate), ("sd", fit.sd), ("freedom", fit.df), ("lower", fit.lower)):
            made[name][i] = value
        made["upper"][i] = fit.upper
        made["method"][i] = f"{fit.model}, {fit.used} readings"
    return made


def _lines(closing, time, carbon, sd) -> dict[str, np.ndarray]:
    """Straight lines, their errors by the rule of ``noise``: residuals, or stated errors where these are few."""
    found = linear_rates(closing, time, carbon)
    starts = np.flatnonzero(np.diff(closing, prepend=-1))
    each = np.repeat(np.arange(starts.size), np.diff(np.r_[starts, closing.size]))
    centred = time - (np.bincount(each, time) / found.n)[each]
    squares = np.bincount(each, centred**2)
    freedom = (found.n - 2).astype(float)
    known = np.sqrt(np.bincount(each, (centred * sd) ** 2)) / squares
    with np.errstate(invalid="ignore", divide="ignore"):
        excess = stats.chi2.sf(freedom * (found.sd / known) ** 2, freedom)
    stated = (freedom < ENOUGH_FREEDOM) & (known > 0) & (excess > BELIEVED)
    error = np.where(stated, known, found.sd)
    freedom = np.where(stated, np.inf, freedom)
    half = stats.t.ppf(0.975, freedom) * error
    method = np.array([f"linear, {n} readings" for n in found.n], object)
    return {"rate": found.rate, "sd": error, "freedom": freedom, "lower": found.rate - half,
            "upper": found.rate + half, "method": method}  # fmt: skip


def _widened(found: Budget, at: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    r"""Factor on the error of a line where what was drawn or leaked carries a reading's error into later ones.

    With carbon :math:`C = A x`, slope :math:`w^T C` and residuals :math:`M C`, the error of the slope is
    :math:`\sigma^2 w^T A A^T w`, and its residuals tell :math:`\sigma^2 \, tr(M A A^T) / (n - 2)`.
    """
    closing = found.points.rows["closing_number"].to_numpy()
    count = closing.max(initial=-1) + 1
    moved = np.bincount(_closing_of_pairs(found), ~found.plain, count) > 0
    factor = np.ones(starts.size)
    time = found.points.rows["time"].to_numpy(float)
    for i in np.flatnonzero(moved[closing[at[starts]]]):
        rows = at[starts[i] : ends[i] + 1]
        pair = np.searchsorted(found.first, rows[:-1])
        carried = np.tile(np.r_[0.0, found.of_second[pair[:-1]] - found.of_first[pair[1:]], 0.0], (rows.size, 1))
        carried = np.tril(carried, -1) + np.diag(np.r_[found.points.per_ppm[rows[0]], found.of_second[pair]])
        carried[1:, 0] = found.points.per_ppm[rows[0]] - found.of_first[pair[0]]
        design = np.column_stack([np.ones(rows.size), time[rows] - time[rows].mean()])
        hat = np.linalg.pinv(design)
        spread = carried @ carried.T
        left = np.eye(rows.size) - design @ hat
        told = np.trace(left @ spread) / (rows.size - 2)
        factor[i] = np.sqrt(hat[1] @ spread @ hat[1] / (told * (hat[1] @ hat[1])))
    return factor
