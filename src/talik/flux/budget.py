r"""The carbon budget of a jar: what its soil respired, from what is in it and what was taken out and put in.

Between two readings p and q of a closing

.. math:: \text{respired} = N_q - N_p + \text{drawn} - \text{put in} + \text{leaked},
    \qquad N = \kappa x

with the carbon N in gas and water, linear in the mole fraction x. Everything else is linear in x as well, so that

.. math:: \text{respired} = \beta x_q - \alpha x_p + \gamma
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from talik.constants import ATMOSPHERE, ZERO_CELSIUS
from talik.flux.blanks import blank_means, blanks_of
from talik.flux.events import STARTS, JarEvents, in_order, refuse_unusable
from talik.flux.headspace import carbon_dissolved, carbon_in_headspace, dissociated, dry_pressure
from talik.tables import typed

ROOM_AIR = {"co2": 420.0, "ch4": 1.9}
"""Mole fractions of outdoor air in 2023 (NOAA Global Monitoring Laboratory). A room with people has more. [ppm]"""


@dataclass(frozen=True)
class Laboratory:
    """What holds for all jars of a laboratory where the tables do not say it."""

    pressure: float = ATMOSPHERE
    """Pressure at which jars are closed, where no reading of it is given. [kPa]"""
    humidity: float = 1.0
    """Relative humidity of the gas in the jars."""
    room_air: Mapping[str, float] = field(default_factory=lambda: dict(ROOM_AIR))
    """Mole fraction of each gas in the air that leaks in. [ppm]"""
    precision: Mapping[str, float] = field(default_factory=dict)
    """Standard error of a reading of each gas that states none. [ppm]"""


@dataclass(frozen=True)
class Points:
    """The known states of the gas of jars: readings, and the gas that a closing began with; in order."""

    rows: pd.DataFrame
    """`jar`, `gas`, `closing_number`, `time`, `temperature`, `closed_at`, `is_start`, `mole_fraction`, `sd`, and of the
    start     `blank` (number of the blank mean, or -1) and `freedom`."""
    in_gas: np.ndarray
    """Carbon in the gas for each ppm. [µg C ppm⁻¹]"""
    dissolved: np.ndarray
    """Carbon in the water for each ppm. [µg C ppm⁻¹]"""
    dissolved_per_ph: np.ndarray
    """What `dissolved` grows by with a unit of pH. [µg C ppm⁻¹]"""

    @property
    def per_ppm(self) -> np.ndarray:
        """Carbon in gas and water for each ppm. [µg C ppm⁻¹]"""
        return self.in_gas + self.dissolved

    @property
    def mole_fraction(self) -> np.ndarray:
        """Mole fraction in dry air. [ppm]"""
        return self.rows["mole_fraction"].to_numpy(float)


@dataclass(frozen=True)
class Budget:
    """The carbon budget between neighbouring points of a closing; one entry for each pair."""

    points: Points
    """The points."""
    first: np.ndarray
    """Number of the earlier point of each pair; the later one follows it."""
    days: np.ndarray
    """Time between them. [d]"""
    drawn_first: np.ndarray
    """Carbon drawn for each ppm of the earlier point. [µg C ppm⁻¹]"""
    drawn_second: np.ndarray
    """Carbon drawn for each ppm of the later point. [µg C ppm⁻¹]"""
    put_in: np.ndarray
    """Carbon put in with gas and water. [µg C]"""
    put_in_sd: np.ndarray
    """Its standard error. [µg C]"""
    leaked_first: np.ndarray
    """Carbon leaked for each ppm of the earlier point. [µg C ppm⁻¹]"""
    leaked_second: np.ndarray
    """Carbon leaked for each ppm of the later point. [µg C ppm⁻¹]"""
    leaked_in: np.ndarray
    """Carbon that leaked in with room air and with what was put in. [µg C]"""

    @property
    def of_first(self) -> np.ndarray:
        """What the respired carbon falls by with each ppm of the earlier point, α. [µg C ppm⁻¹]"""
        return self.points.per_ppm[self.first] - self.drawn_first - self.leaked_first

    @property
    def of_second(self) -> np.ndarray:
        """What the respired carbon grows by with each ppm of the later point, β. [µg C ppm⁻¹]"""
        return self.points.per_ppm[self.first + 1] + self.drawn_second + self.leaked_second

    @property
    def drawn(self) -> np.ndarray:
        """Carbon drawn. [µg C]"""
        x = self.points.mole_fraction
        return self.drawn_first * x[self.first] + self.drawn_second * x[self.first + 1]

    @property
    def leaked(self) -> np.ndarray:
        """Carbon leaked, negative where more came in. [µg C]"""
        x = self.points.mole_fraction
        return self.leaked_first * x[self.first] + self.leaked_second * x[self.first + 1] - self.leaked_in

    @property
    def respired(self) -> np.ndarray:
        """Carbon respired. [µg C]"""
        x = self.points.mole_fraction
        return self.of_second * x[self.first + 1] - self.of_first * x[self.first] - self.put_in - self.leaked_in

    @property
    def plain(self) -> np.ndarray:
        """Whether nothing was drawn, put in or leaked between the pair, so that errors stay independent."""
        moved = self.drawn_first + self.drawn_second + self.put_in + np.abs(self.leaked_second)
        level = self.points.per_ppm
        return (moved == 0) & np.isclose(level[self.first], level[self.first + 1], rtol=1e-9, atol=0)


def budget(readings: pd.DataFrame, jars: pd.DataFrame, laboratory: Laboratory, blanks: pd.DataFrame) -> Budget:
    """The carbon budget of closed jars between all their readings.

    Parameters
    ----------
    readings, jars : DataFrame
        The tables of these names.
    laboratory : Laboratory
        What the tables do not say.
    blanks : DataFrame
        Readings of blanks, from ``blanks_of``.

    Returns
    -------
    Budget
    """
    events = in_order(readings)
    rows = _with_conditions(events, jars, laboratory)
    time = rows["time"].to_numpy(float)
    rows = rows.assign(closed_at=time[events.first][rows["closing_number"].to_numpy()])
    rows = _with_starts(rows, jars, blanks)
    return _between(rows, laboratory)


_OF_JAR = ("temperature", "headspace_volume", "water_volume", "ph", "leak_rate")


def _with_conditions(events: JarEvents, jars: pd.DataFrame, laboratory: Laboratory) -> pd.DataFrame:
    """Events with what was in the jar at each: carbon per ppm in gas and water, and the share drawn."""
    rows = events.rows
    at = pd.Index(jars["jar"]).get_indexer(rows["jar"].cat.categories)[rows["jar"].cat.codes]
    held, volume_of, water_of, ph, leak = (jars[name].to_numpy(float)[at] for name in _OF_JAR)
    temperature = rows["temperature"].to_numpy(float)
    temperature = np.where(np.isnan(temperature), held, temperature)
    warm = _gas_temperature(rows, temperature)
    added, adding = _water_added(rows)
    volume, water = volume_of - added, np.nan_to_num(water_of) + added
    moved = rows["event"].isin(["draw", "replace"]).to_numpy()
    share = np.where(moved, rows["volume"].to_numpy(float) / volume, 0.0)
    swelled = np.log(volume / (volume - adding))
    drawn = np.log1p(-np.where(rows["event"] == "draw", share, 0.0))
    dry = _dry_pressure_in_jar(rows, events.first, warm, drawn + swelled, laboratory)
    in_gas = carbon_in_headspace(1.0, volume, warm, dry, humidity=0.0)
    at_soil = dry * (temperature + ZERO_CELSIUS) / (warm + ZERO_CELSIUS)
    methane = (rows["gas"] == "ch4").to_numpy()
    dissolved = carbon_dissolved(1.0, water, temperature, ph, at_soil, 0.0)
    if methane.any():
        dissolved = np.where(methane, carbon_dissolved(1.0, water, temperature, ph, at_soil, 0.0, "ch4"), dissolved)
    return rows.assign(
        temperature=temperature, in_gas=in_gas, dissolved=dissolved, share=share, left=drawn + swelled,
        per_ph=np.where(methane, 0.0, dissolved * _steepness(temperature, ph)), sd=_sd(rows, methane, laboratory),
        leak_rate=np.nan_to_num(leak),
    )  # fmt: skip


def _sd(rows: pd.DataFrame, methane: np.ndarray, laboratory: Laboratory) -> np.ndarray:
    """Standard error of each mole fraction; the gas of a flush is exact unless its error is stated. [ppm]"""
    precision = laboratory.precision
    analyser = np.where(methane, precision.get("ch4", np.nan), precision.get("co2", np.nan))
    sd = rows["sd"].to_numpy(float)
    return np.where(np.isnan(sd), np.where(rows["event"].isin(STARTS), 0.0, analyser), sd)


def _gas_temperature(rows: pd.DataFrame, temperature: np.ndarray) -> np.ndarray:
    """Temperature of the gas; a jar is closed at that of its next reading unless it is stated. [°C]"""
    warm = rows["gas_temperature"].to_numpy(float, copy=True)
    if np.isnan(warm).all():
        return temperature
    start = rows["event"].isin(STARTS).to_numpy() & np.isnan(warm)
    after = rows["gas_temperature"].groupby(rows["closing_number"]).bfill().to_numpy(float)
    warm[start] = after[start]
    return np.where(np.isnan(warm), temperature, warm)


def _water_added(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Water added before each row, and by it. [mL]"""
    adding = np.where(rows["event"] == "water", np.nan_to_num(rows["volume"].to_numpy(float)), 0.0)
    total = pd.Series(adding).groupby(rows["series"].to_numpy()).cumsum().to_numpy() if adding.any() else adding
    return total - adding, adding


def _steepness(temperature: np.ndarray, ph: np.ndarray) -> np.ndarray:
    """What the dissolved carbon grows by with a unit of pH, as a share of itself."""
    at = dissociated(temperature, np.nan_to_num(ph))
    above = dissociated(temperature, np.nan_to_num(ph) + 1e-4)
    return np.where(np.isnan(ph), 0.0, (above - at) / 1e-4 / (1.0 + at))


def _dry_pressure_in_jar(rows, first, warm, change, laboratory) -> np.ndarray:
    """Pressure of the dry gas: as measured, else by the gas left since it was measured or the jar closed. [kPa]"""
    measured = rows["pressure"].to_numpy(float)
    known = ~np.isnan(measured)
    known[first] = True
    dry = dry_pressure(warm, np.where(np.isnan(measured), laboratory.pressure, measured), laboratory.humidity)
    since = np.maximum.accumulate(np.where(known, np.arange(len(rows)), 0))
    before = np.cumsum(change) - change
    warmed = (warm + ZERO_CELSIUS) / (warm[since] + ZERO_CELSIUS)
    return dry[since] * warmed * np.exp(before - before[since])


def _with_starts(rows: pd.DataFrame, jars: pd.DataFrame, blanks: pd.DataFrame) -> pd.DataFrame:
    """Events whose closings begin with a known gas, where it is known: from the flush, or from blanks."""
    start = rows["event"].isin(STARTS).to_numpy()
    last_of_run = start & ~np.r_[start[1:] & (np.diff(rows["closing_number"]) == 0), False]
    x = rows["mole_fraction"].to_numpy(float, copy=True)
    sd = rows["sd"].to_numpy(float, copy=True)
    # Flushed, then sealed: the gas is that of the flush.
    carried = start[1:] & start[:-1] & (np.diff(rows["closing_number"]) == 0) & np.isnan(x[1:])
    x[1:][carried], sd[1:][carried] = x[:-1][carried], sd[:-1][carried]
    unknown = last_of_run & np.isnan(x)
    asked = rows.loc[unknown, ["study", "jar", "batch", "gas", "time", "closing_number"]]
    asked = asked.rename(columns={"time": "start"}).astype(dict.fromkeys(("study", "jar", "batch", "gas"), "str"))
    ends = np.append(
        rows["time"].to_numpy(float)[np.flatnonzero(np.diff(rows["closing_number"]))], rows["time"].iloc[-1:]
    )
    of_jar = asked["jar"].map(jars.set_index("jar")["batch"])
    asked = asked.assign(end=ends[asked["closing_number"]], batch=asked["batch"].where(asked["batch"] != "", of_jar))
    means = blank_means(blanks, asked)
    x[unknown], sd[unknown] = means.mean, means.sd
    freedom, name = np.full(len(rows), np.inf), np.full(len(rows), -1)
    freedom[unknown], name[unknown] = means.freedom, means.name
    return rows.assign(
        mole_fraction=x, sd=sd, freedom=np.where(np.isnan(freedom), np.inf, freedom), blank=name,
        is_start=last_of_run,
    )  # fmt: skip


def _between(rows: pd.DataFrame, laboratory: Laboratory) -> Budget:
    """The terms of the budget between neighbouring points."""
    read = (rows["event"] == "read").to_numpy() | rows["is_start"].to_numpy()
    known = read & rows["mole_fraction"].notna().to_numpy()
    closing = rows["closing_number"].to_numpy()
    at = np.flatnonzero(known)
    # A reading right after the flush tells better than the flush what the closing began with.
    same = np.r_[closing[at[:-1]] == closing[at[1:]], False]
    read_at_once = same & np.r_[rows["time"].to_numpy()[at[1:]] - rows["time"].to_numpy()[at[:-1]] < 1e-9, False]
    at = at[~(rows["is_start"].to_numpy()[at] & read_at_once)]
    first = np.flatnonzero(closing[at[:-1]] == closing[at[1:]]) if at.size else np.zeros(0, int)
    points = Points(
        rows.iloc[at].reset_index(drop=True),
        *(rows[name].to_numpy(float)[at] for name in ("in_gas", "dissolved", "per_ph")),
    )
    moved = _moved(rows, at, first)
    return _leaking(points, first, moved, laboratory)


@dataclass(frozen=True)
class _Moved:
    """What was drawn and put in between each pair of points."""

    drawn_first: np.ndarray
    drawn_second: np.ndarray
    drawn_at_once: np.ndarray
    """Carbon drawn at the time of the earlier point, for each of its ppm."""
    put_in: np.ndarray
    put_in_at_once: np.ndarray
    put_in_sd: np.ndarray
    left: np.ndarray
    """Share of the gas that is left after what happened at the time of the earlier point."""


def _moved(rows: pd.DataFrame, at: np.ndarray, first: np.ndarray) -> _Moved:
    done = np.flatnonzero(rows["event"].isin(["draw", "replace", "water"]))
    point = np.searchsorted(at, done, side="right") - 1  # the last point at or before it
    pair = np.searchsorted(first, point)
    there = (point >= 0) & (pair < first.size)
    there[there] = first[pair[there]] == point[there]
    done, point, pair = done[there], point[there], pair[there]
    time = rows["time"].to_numpy(float)
    since, until = time[at[point]], time[at[point + 1]]
    along = np.divide(time[done] - since, until - since, out=np.zeros(done.size), where=until > since)
    at_once = along <= 1e-9
    share, in_gas = rows["share"].to_numpy()[done], rows["in_gas"].to_numpy()[done]
    x, sd = rows["mole_fraction"].to_numpy(float)[done], np.nan_to_num(rows["sd"].to_numpy(float)[done])
    event = rows["event"].iloc[done]
    replaced, water = (event == "replace").to_numpy(), (event == "water").to_numpy()
    holds = np.where(replaced, share * in_gas, 0.0)
    holds[water] = _held_by_water(rows.iloc[done[water]])
    put = np.where(holds > 0, holds * np.nan_to_num(x), 0.0)
    put_sd = np.where(replaced, holds * sd, 0.0)
    drawn = share * in_gas

    def total(values):
        return np.bincount(pair, values, first.size)

    return _Moved(
        total(drawn * (1 - along)), total(drawn * along), total(drawn * at_once), total(put), total(put * at_once),
        np.sqrt(total(put_sd**2)), np.exp(total(rows["left"].to_numpy()[done] * at_once)),
    )  # fmt: skip


def _held_by_water(rows: pd.DataFrame) -> np.ndarray:
    """Carbon that the added water holds for each ppm of the gas it stood in."""
    made = np.zeros(len(rows))
    for gas in ("co2", "ch4"):
        of_gas = (rows["gas"] == gas).to_numpy()
        water = carbon_dissolved(1.0, rows["volume"], rows["temperature"], np.nan, gas=gas)
        made[of_gas] = water[of_gas]
    return made


def _leaking(points: Points, first: np.ndarray, moved: _Moved, laboratory: Laboratory) -> Budget:
    r"""The budget with its leaks.

    At a constant rate of respiration the gas of a leaking jar goes exponentially towards its steady state, so that

    .. math:: \int (x - x_{room}) dt = \Delta t \, \left(w_0 (x_p - x_{room}) + w_1 (x_q - x_{room})\right), \qquad
        w_1 = \frac{1}{1 - e^{-z}} - \frac{1}{z}, \qquad w_0 = 1 - w_1, \qquad
        z = \lambda \, \Delta t \, \frac{\kappa_{gas}}{\kappa}
    """
    rows, second = points.rows, first + 1
    time = rows["time"].to_numpy(float)
    days = time[second] - time[first]
    rate = rows["leak_rate"].to_numpy()[first]
    z = rate * days * points.in_gas[second] / points.per_ppm[second]
    late = _late_weight(z)
    after = moved.left * points.per_ppm[first]
    leaked_second = rate * days * points.in_gas[second] * late
    leaked_after = rate * days * moved.left * points.in_gas[first] * (1 - late)
    air = laboratory.room_air
    room = np.where(rows["gas"] == "ch4", air["ch4"], air["co2"])[first]
    return Budget(
        points, first, days, moved.drawn_first, moved.drawn_second, moved.put_in, moved.put_in_sd,
        leaked_first=leaked_after * (points.per_ppm[first] - moved.drawn_at_once) / after,
        leaked_second=leaked_second,
        leaked_in=np.where(
            rate > 0, room * (leaked_after + leaked_second) - leaked_after * moved.put_in_at_once / after, 0.0
        ),
    )  # fmt: skip


def _late_weight(z: np.ndarray) -> np.ndarray:
    """Weight of the later point in the mean of an exponential approach; a half where it is slow."""
    safe = np.where(z > 1e-4, z, 1.0)
    return np.where(z > 1e-4, 1 / -np.expm1(-safe) - 1 / safe, 0.5 + z / 12)


_TERMS = ("carbon_at_start", "carbon_in_gas", "carbon_dissolved", "carbon_drawn", "carbon_put_in",
          "carbon_flushed_out", "carbon_leaked", "carbon_respired")  # fmt: skip


def carbon_budget(readings: pd.DataFrame, jars: pd.DataFrame, *, laboratory: Laboratory | None = None) -> pd.DataFrame:
    r"""Where the carbon that each jar respired has gone.

    .. math:: \text{respired} = \text{in gas} + \text{dissolved} - \text{at start} + \text{drawn} - \text{put in}
        + \text{flushed out} + \text{leaked}

    holds exactly in each row. It counts what was respired while the jar was closed and read; what was respired
    between two closings is not known and not in it.

    Parameters
    ----------
    readings, jars : DataFrame
        The tables of these names, of closed jars.
    laboratory : Laboratory, optional
        What the tables do not say.

    Returns
    -------
    DataFrame
        The table ``budgets``: one row a jar and gas, in µg C.

    Examples
    --------
    >>> readings = typed("readings", pd.DataFrame({"jar": "a", "time": [0.0, 1.0], "temperature": 5.0,
    ...     "event": ["flush", "read"], "mole_fraction": [0.0, 1000.0]}))
    >>> jars = typed("jars", pd.DataFrame({"jar": ["a"], "headspace_volume": 250.0, "water_volume": 6.0, "ph": 6.0}))
    >>> carbon_budget(readings, jars)[["carbon_in_gas", "carbon_dissolved", "carbon_respired"]].round(1).to_dict("list")
    {'carbon_in_gas': [130.4], 'carbon_dissolved': [6.0], 'carbon_respired': [136.4]}
    """
    refuse_unusable(readings, jars)
    closed = jars[jars["vessel"].isin(["", "closed"])]
    used = readings[readings["jar"].isin(closed["jar"])]
    found = budget(used, closed, laboratory or Laboratory(), blanks_of(readings))
    points, rows = found.points, found.points.rows
    if rows.empty:
        return typed("budgets", pd.DataFrame())
    keys = [rows["series"].to_numpy()]
    holds = points.per_ppm * points.mole_fraction
    series, closing = rows["series"].to_numpy(), rows["closing_number"].to_numpy()
    flushed = np.where(np.r_[(series[1:] == series[:-1]) & (closing[1:] != closing[:-1]), False], 1.0, 0.0)
    flushed *= holds - np.r_[holds[1:], 0.0]
    of_pair = {"carbon_drawn": found.drawn, "carbon_put_in": found.put_in, "carbon_leaked": found.leaked,
               "carbon_respired": found.respired}  # fmt: skip
    terms = {name: np.bincount(series[found.first], values, series.max() + 1) for name, values in of_pair.items()}
    ends = rows.groupby(keys, sort=True).tail(1).index
    begins = rows.groupby(keys, sort=True).head(1).index
    made = rows.loc[ends, ["study", "jar", "gas"]].assign(
        time_start=rows["time"].to_numpy()[begins], time_end=rows["time"].to_numpy()[ends],
        carbon_at_start=holds[begins],
        carbon_in_gas=(points.in_gas * points.mole_fraction)[ends],
        carbon_dissolved=(points.dissolved * points.mole_fraction)[ends],
        carbon_flushed_out=np.bincount(series, flushed, series.max() + 1)[series[ends]],
        **{name: values[series[ends]] for name, values in terms.items()},
    )  # fmt: skip
    return typed("budgets", made)
