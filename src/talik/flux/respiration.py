"""Respiration of jars from the readings of their gas."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from talik.constants import ATMOSPHERE
from talik.errors import SettingsError, listed
from talik.flux.blanks import blanks_of
from talik.flux.budget import ROOM_AIR, Laboratory, budget
from talik.flux.closed import SOURCES, Fitting, closed_rates
from talik.flux.closings.fit import MODELS
from talik.flux.events import coded, refuse_unusable
from talik.flux.swept import swept_rates, trapped_rates
from talik.tables import empty, typed

RATES = ("auto", "closing", "interval")
"""Whether a closing gives one rate, or one for each interval between its readings."""

NOT_FROM_ZERO = "not told from zero"
"""Flag of a rate whose interval holds zero."""

ERROR_UNKNOWN = "error unknown"
"""Flag of a rate whose readings state no error and are too few to show one."""


def respiration(
    readings: pd.DataFrame,
    jars: pd.DataFrame,
    *,
    model: Literal["auto", "linear", "robust", "hmr"] = "auto",
    window: Literal["found", "whole"] = "found",
    rates: Literal["auto", "closing", "interval"] = "auto",
    pressure: float = ATMOSPHERE,
    humidity: float = 1.0,
    room_air: Mapping[str, float] | None = None,
    precision: Mapping[str, float] | None = None,
    errors: Mapping[str, float] | None = None,
    flow_temperature: float = 0.0,
    blanks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""Respiration of each jar from the readings of its gas, with a closed carbon budget.

    Between readings the soil respired what the carbon in gas and water grew by, and what was drawn and leaked, less
    what was put in (``carbon_budget``). Three or more readings of a closing up to 2 days long give one rate by
    ``fit_closing``, two their difference, and one the difference from the gas that the closing began with: the gas
    it was flushed with, or the mean of the blanks of its batch. Longer closings give a rate for each interval between
    readings. Neighbouring intervals share a reading, so their errors are correlated:

    .. math:: r_j = \frac{\beta_j x_{j+1} - \alpha_j x_j + \gamma_j}{\Delta t_j}, \qquad
        cov(r_{j-1}, r_j) = -\frac{\beta_{j-1} \, \alpha_j \, s_j^2}{\Delta t_{j-1} \, \Delta t_j}

    Parameters
    ----------
    readings : DataFrame
        The table ``readings``.
    jars : DataFrame
        The table ``jars``.
    model : {"auto", "linear", "robust", "hmr"}, default "auto"
        Model of a closing with three or more readings, see ``fit_closing``.
    window : {"found", "whole"}, default "found"
        Readings of a closing that the model uses, see ``fit_closing``.
    rates : {"auto", "closing", "interval"}, default "auto"
        One rate a closing, or one for each interval between its readings; by the length of the closing unless said.
    pressure : float, default 101.325
        Pressure at which jars are closed, where no reading of it is given. [kPa]
    humidity : float, default 1.0
        Relative humidity of the gas in the jars.
    room_air : mapping of str to float, optional
        Mole fraction of ``co2`` and ``ch4`` in the air that leaks into jars with a `leak_rate`; outdoor air unless
        given. [ppm]
    precision : mapping of str to float, optional
        Standard error of a reading of ``co2`` and ``ch4`` where `sd` of the reading is not given. [ppm]
    errors : mapping of str to float, optional
        Relative standard errors that all rates of a jar share: of ``headspace_volume``, ``water_volume``,
        ``leak_rate``, ``calibration`` (slope of the analyser), ``dry_mass``, ``flow``, ``titrant_concentration``; and
        of ``ph`` in units of pH.
    flow_temperature : float, default 0.0
        Temperature at which the flow through swept jars is told; 0 for most mass flow controllers. [°C]
    blanks : DataFrame, optional
        Readings of blanks, where they do not stand among `readings`.

    Returns
    -------
    DataFrame
        The table ``respiration``: one row a rate, with `respiration`, and `specific_respiration` and
        `organic_matter_respiration` where the contents are known; `jar_respiration` where the dry mass is not known.
        `sd`, `sd_shared`, `covariance_before`, `lower` and `upper` (95 %) are in the unit of the first of these that
        is filled. `sd` is that of the rate of the one jar (`n` is 1) and holds `sd_shared`; `covariance_before` does
        not.

    Raises
    ------
    TableError
        For readings that no carbon can be computed from, all at once.
    SettingsError
        For settings that are none.

    Examples
    --------
    20 g of soil in a jar of 250 mL, flushed with CO2-free air and read a day later:

    >>> readings = typed("readings", pd.DataFrame({"jar": "a", "time": [0.0, 1.0], "temperature": 5.0,
    ...     "event": ["flush", "read"], "mole_fraction": [0.0, 1000.0], "sd": [0.0, 8.0]}))
    >>> jars = typed("jars", pd.DataFrame({"jar": ["a"], "headspace_volume": 250.0, "water_volume": 6.0, "ph": 6.0,
    ...     "dry_mass": 20.0, "organic_carbon": 50.0}))
    >>> found = respiration(readings, jars).loc[0]
    >>> [round(float(found[name]), 2) for name in ("respiration", "lower", "upper")]
    [6.82, 6.71, 6.93]
    >>> round(float(found["specific_respiration"]), 4), found["method"]
    (0.1364, 'from the gas at closing to a reading')
    """
    errors = dict(errors or {})
    _check(model, rates, room_air, precision, errors)
    laboratory = Laboratory(pressure, humidity, ROOM_AIR | dict(room_air or {}), dict(precision or {}))
    readings = coded(readings)
    refuse_unusable(readings, jars)
    known = blanks_of(readings if blanks is None else blanks)
    used = readings[readings["event"] != "blank"]
    vessels = (["", "closed"], ["flow-through"], ["alkali trap"])
    closed, swept, trapped = (used[used["jar"].isin(jars.loc[jars["vessel"].isin(of), "jar"])] for of in vessels)
    parts = []
    if len(closed):
        parts.append(closed_rates(budget(closed, jars, laboratory, known), Fitting(model, window, rates)))
    if len(swept):
        parts.append(swept_rates(swept, jars, laboratory, known, flow_temperature=flow_temperature))
    if len(trapped):
        parts.append(trapped_rates(trapped, jars, known))
    parts = [part for part in parts if len(part)]
    return _as_table(pd.concat(parts, ignore_index=True), jars, errors) if parts else empty("respiration")


def respiration_in_parts(
    parts: Iterable[pd.DataFrame], jars: pd.DataFrame, *, blanks: pd.DataFrame | None = None, **settings
) -> Iterator[pd.DataFrame]:
    """Respiration of more readings than fit into memory, part by part.

    Each part holds all readings of its jars; the rates do not depend on how jars are spread over parts.

    Parameters
    ----------
    parts : iterable of DataFrame
        Tables ``readings``, read one after the other.
    jars : DataFrame
        The table ``jars``.
    blanks : DataFrame, optional
        Readings of all blanks, as in the table ``readings``. Needed where jars and their blanks stand in different
        parts.
    **settings
        Those of ``respiration``.

    Yields
    ------
    DataFrame
        The table ``respiration`` of each part.

    Examples
    --------
    >>> readings = typed("readings", pd.DataFrame({"jar": ["a", "a", "b", "b"], "time": [0.0, 1.0, 0.0, 1.0],
    ...     "temperature": 5.0, "mole_fraction": [420.0, 900.0, 420.0, 1400.0], "sd": 8.0}))
    >>> jars = typed("jars", pd.DataFrame({"jar": ["a", "b"], "headspace_volume": 250.0, "dry_mass": 20.0}))
    >>> found = respiration_in_parts((rows for _, rows in readings.groupby("jar")), jars)
    >>> [round(part["respiration"].item(), 2) for part in found]
    [3.13, 6.39]
    """
    for part in parts:
        of_part = jars[jars["jar"].isin(part["jar"].unique())]
        yield respiration(part, of_part, blanks=blanks, **settings)


def _check(model: str, rates: str, room_air, precision, errors: Mapping[str, float]) -> None:
    if model not in MODELS:
        raise SettingsError(f"no model {model!r} of a closing; models are {listed(MODELS)}", [model])
    if rates not in RATES:
        raise SettingsError(f"rates is {rates!r}; it is one of {listed(RATES)}", [rates])
    unknown = [name for name in errors if name not in SOURCES]
    if unknown:
        raise SettingsError(f"no shared error of {listed(unknown)}; errors may be of {listed(SOURCES)}", unknown)
    gases = [name for given in (room_air, precision) for name in given or {} if name not in ROOM_AIR]
    if gases:
        raise SettingsError(f"no gas {listed(gases)}; gases are {listed(list(ROOM_AIR))}", gases)
    wrong = [name for given in (errors, precision or {}) for name, value in given.items() if not value >= 0]
    if wrong:
        raise SettingsError(f"the errors of {listed(wrong)} are not zero or more", wrong)


def _as_table(rates: pd.DataFrame, jars: pd.DataFrame, errors: Mapping[str, float]) -> pd.DataFrame:
    """Rates of jars as the table ``respiration``."""
    of_jar = jars.set_index("jar").loc[rates["jar"]].reset_index(drop=True)
    mass = of_jar["dry_mass"].where(of_jar["dry_mass"] > 0)
    per = 1.0 / mass.fillna(1.0)
    known = _with_all(rates).assign(d_dry_mass=rates["d_dry_mass"].where(mass.notna(), 0.0))
    own, blank, common, shared = _errors(known, errors)
    sd = np.sqrt(own**2 + blank**2 + common**2)
    lower, upper = _interval(known, own, blank, common)
    soil = known["rate"].where(mass.notna()) * per
    made = known.assign(
        study=known["study"].where(known["study"] != "", of_jar["study"]),
        time=known["time"].fillna((known["time_start"] + known["time_end"]) / 2), n=1.0,
        respiration=soil,
        specific_respiration=soil / of_jar["organic_carbon"].where(of_jar["organic_carbon"] > 0),
        organic_matter_respiration=soil / of_jar["organic_matter"].where(of_jar["organic_matter"] > 0),
        jar_respiration=known["rate"].where(mass.isna()),
        sd=sd * per, sd_shared=shared * per, covariance_before=known["covariance_before"] * per**2,
        lower=lower * per, upper=upper * per, doi=of_jar["doi"], licence=of_jar["licence"],
        flag=_flags(known["flag"], {ERROR_UNKNOWN: np.isnan(sd), NOT_FROM_ZERO: (lower <= 0) & (upper >= 0)}),
    )  # fmt: skip
    return typed("respiration", made[[c for c in empty("respiration") if c in made]])


def _with_all(rates: pd.DataFrame) -> pd.DataFrame:
    """Rates with all columns, whatever vessels they come from."""
    wanted = {"time": np.nan, "time_start": np.nan, "time_end": np.nan, "lower": np.nan, "upper": np.nan, "flag": ""}
    wanted |= {f"d_{name}": 0.0 for name in SOURCES}
    rates = rates.assign(**{name: value for name, value in wanted.items() if name not in rates})
    half = stats.t.ppf(0.975, rates["freedom"]) * rates["sd"]
    return rates.assign(
        lower=rates["lower"].fillna(rates["rate"] - half), upper=rates["upper"].fillna(rates["rate"] + half),
        flag=rates["flag"].fillna(""), **{f"d_{name}": rates[f"d_{name}"].fillna(0.0) for name in SOURCES},
    )  # fmt: skip


def _flags(before: pd.Series, found: Mapping[str, np.ndarray]) -> pd.Series:
    """Flags in words, joined by semicolons."""
    flags = before.astype(object)
    for words, here in found.items():
        flags = flags.mask(here, (flags + "; " + words).str.removeprefix("; "))
    return flags


def _errors(rates: pd.DataFrame, errors: Mapping[str, float]) -> tuple[np.ndarray, ...]:
    """Errors of each rate: by its readings, by blanks, by what all rates share; and the shared part of all."""
    own, blank = rates["sd"].to_numpy(float), rates["sd_blank"].to_numpy(float)
    terms = [(rates[f"d_{name}"] * error).to_numpy(float) for name, error in errors.items()]
    common = np.sqrt(np.sum(np.square(terms), axis=0)) if terms else np.zeros(len(rates))
    of_blank = rates.groupby(["jar", "gas", "blank"])["rate"].transform("size").to_numpy()
    again = (rates["blank"].to_numpy() >= 0) & (of_blank > 1)
    return own, blank, common, np.hypot(common, np.where(again, blank, 0.0))


def _interval(rates: pd.DataFrame, own: np.ndarray, blank: np.ndarray, common: np.ndarray) -> tuple:
    """95 % interval of Student's t, its degrees of freedom by Satterthwaite's rule."""
    rate, freedom = rates["rate"].to_numpy(float), rates["freedom"].to_numpy(float)
    variance = own**2 + blank**2 + common**2
    with np.errstate(invalid="ignore", divide="ignore"):
        below = own**4 / freedom + blank**4 / rates["blank_freedom"].to_numpy(float)
        joint = np.where(below > 0, variance**2 / below, np.inf)
        quantile = stats.t.ppf(0.975, joint)
        wider = quantile / stats.t.ppf(0.975, freedom)
    other = quantile * np.hypot(blank, common)
    return (
        rate - np.hypot((rate - rates["lower"].to_numpy(float)) * wider, other),
        rate + np.hypot((rates["upper"].to_numpy(float) - rate) * wider, other),
    )
