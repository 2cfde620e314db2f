"""What readings and their rates show of themselves: air drawn through, carbonate, lags, gaps in what is known."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from talik.errors import listed
from talik.flux.blanks import blanks_of
from talik.flux.budget import Laboratory, Points, budget
from talik.flux.events import STARTS, refuse_unusable
from talik.flux.respiration import ERROR_UNKNOWN, NOT_FROM_ZERO
from talik.flux.swept import TRAP_EXHAUSTED
from talik.problems import Problem, problem, problems_table

FEWEST_FOR_TREND = 4
"""Readings of a closing that show whether its gas rises after the first step."""

FIRST_STEP = 0.25
"""Share of a closing's time that counts as its first step where it has 8 readings or more; else its first reading."""

DECIDED = 1.6448536269514722
"""Standard errors from which on a trend is told from none, at 5 % on one side."""

MUCH_DISSOLVED = 0.1
"""Share of a jar's CO2 in its water from which on its pH matters to the respiration."""

ALKALINE = 7.5
"""pH above which a soil is likely to hold carbonate."""


def check_readings(readings: pd.DataFrame, jars: pd.DataFrame, *, laboratory: Laboratory | None = None) -> pd.DataFrame:
    """Problems of readings that would make respiration untrustworthy.

    Parameters
    ----------
    readings, jars : DataFrame
        The tables of these names.
    laboratory : Laboratory, optional
        What the tables do not say.

    Returns
    -------
    DataFrame
        The table of problems: no accumulation, dilution, carbonate, unknown pH or mass, closings whose start is not
        known, jars without readings.

    Raises
    ------
    TableError
        For readings that no carbon can be computed from.

    Examples
    --------
    A jar whose air the analyser draws through:

    >>> from talik.tables import typed
    >>> readings = typed("readings", pd.DataFrame({"jar": "a", "time": np.arange(6) / 1440, "temperature": 5.0,
    ...     "mole_fraction": [450.0, 530.0, 515.0, 505.0, 495.0, 490.0]}))
    >>> jars = typed("jars", pd.DataFrame({"jar": ["a"], "headspace_volume": 250.0, "dry_mass": 20.0}))
    >>> sorted(check_readings(readings, jars)["rule"])
    ['dilution', 'dissolved-unknown', 'no-accumulation']
    """
    refuse_unusable(readings, jars)
    used, points = _closed(readings, jars, laboratory)
    found = [
        *_without_accumulation(accumulation(points)), *_carbonate(points, jars), *_ph_unknown(points, jars),
        *_start_unknown(points), *_mass_missing(readings, jars), *_ambiguous(used), *_unread(readings, jars),
    ]  # fmt: skip
    return problems_table(found)


def falling_jars(readings: pd.DataFrame, jars: pd.DataFrame, *, laboratory: Laboratory | None = None) -> list[str]:
    """Closed jars whose CO2 falls while they are closed, so that no rate of theirs is respiration.

    Parameters
    ----------
    readings, jars, laboratory
        As for `check_readings`.

    Returns
    -------
    list of str
        Names of the jars; those that neither rise nor fall are not among them, for a soil may respire next to nothing.
    """
    _, points = _closed(readings, jars, laboratory)
    trends = accumulation(points)
    return list(trends.loc[trends["trend"] == "falls", "jar"])


def _closed(readings: pd.DataFrame, jars: pd.DataFrame, laboratory: Laboratory | None) -> tuple[pd.DataFrame, Points]:
    """Readings of closed jars, and the points of their budget."""
    closed = jars[jars["vessel"].isin(["", "closed"])]
    used = readings[readings["jar"].isin(closed["jar"]) & (readings["event"] != "blank")]
    return used, budget(used, closed, laboratory or Laboratory(), blanks_of(readings)).points


def check_respiration(respiration: pd.DataFrame, jars: pd.DataFrame) -> pd.DataFrame:
    """Problems that show in the rates of jars that were read.

    Parameters
    ----------
    respiration, jars : DataFrame
        The tables of these names, the first from ``respiration``.

    Returns
    -------
    DataFrame
        The table of problems: rates below detection, errors that are not known, lags of methane, exhausted traps.

    Examples
    --------
    >>> from talik.tables import typed
    >>> rates = typed("respiration", pd.DataFrame({"jar": "a", "gas": "ch4", "time_start": [0.0, 5.0, 10.0],
    ...     "time_end": [5.0, 10.0, 15.0], "time": [2.5, 7.5, 12.5], "temperature": 5.0,
    ...     "respiration": [0.0, 0.01, 2.0], "lower": [-0.1, -0.1, 1.8], "upper": [0.1, 0.1, 2.2]}))
    >>> check_respiration(rates, typed("jars", pd.DataFrame({"jar": ["a"]})))["rule"].tolist()
    ['lag-phase']
    """
    jar_of = respiration.merge(jars[["jar", "oxygen"]], on="jar", how="left")
    return problems_table([
        *_flagged(respiration, NOT_FROM_ZERO, "below-detection", "rates whose 95 % interval does not hold zero",
                  "kept with their interval"),
        *_flagged(respiration, ERROR_UNKNOWN, "error-missing", "sd of each reading, or three readings a closing",
                  "kept without an interval"),
        *_flagged(respiration, TRAP_EXHAUSTED, "trap-exhausted", "traps that keep a third of their hydroxide",
                  "kept; the carbon may be too low"),
        *_lags(jar_of),
    ])  # fmt: skip


def accumulation(points: Points) -> pd.DataFrame:
    r"""Whether the CO2 of each jar rises while it is closed, the first step of each closing left aside.

    In each closing Kendall's S counts the pairs of readings that rise less those that fall; over the closings of a
    jar, :math:`z = \sum S / \sqrt{\sum var(S)}`. A jar falls (or rises) where z is beyond 1.64 and so are most of its
    closings; else it is flat. Kendall's S minds neither outliers nor curvature.

    Parameters
    ----------
    points : Points
        Readings of closed jars.

    Returns
    -------
    DataFrame
        A row a jar: `study`, `jar`, `closings`, `falling` (closings), `readings`, `trend` (``rises``, ``flat`` or
        ``falls``), `towards` (whether it falls from above to the level at its closing's start).
    """
    rows = points.rows
    rows = rows[~rows["is_start"].astype(bool) & (rows["gas"] == "co2")]
    made = []
    for number, of_closing in rows.groupby("closing_number", sort=False).indices.items():
        x = rows["mole_fraction"].to_numpy(float)[of_closing]
        time = rows["time"].to_numpy(float)[of_closing]
        if x.size >= FEWEST_FOR_TREND:
            made.append((number, of_closing[0], *_kendall(x[_after_first_step(time)]), x.size, x.max() > x[0]))
    table = pd.DataFrame(made, columns=["closing", "row", "s", "variance", "readings", "stepped"])
    described = rows[["study", "jar"]].iloc[table.pop("row")].reset_index(drop=True)
    table = pd.concat([described, table], axis=1).assign(falling=table["s"] < 0, rising=table["s"] > 0)
    of_jar = table.groupby(["study", "jar"], sort=False)
    summed = of_jar[["s", "variance", "falling", "rising", "readings", "stepped"]].sum().assign(closings=of_jar.size())
    z = summed["s"] / np.sqrt(summed["variance"].where(summed["variance"] > 0))
    falls = (z < -DECIDED) & (summed["falling"] > summed["closings"] / 2)
    rises = (z > DECIDED) & (summed["rising"] > summed["closings"] / 2)
    trend = np.select([falls, rises], ["falls", "rises"], "flat")
    return summed.assign(trend=trend, towards=falls & (summed["stepped"] > summed["closings"] / 2)).reset_index()


def _after_first_step(time: np.ndarray) -> slice:
    if time.size < 8:
        return slice(1, None)
    return slice(int(np.searchsorted(time, time[0] + FIRST_STEP * (time[-1] - time[0]))), None)


def _kendall(x: np.ndarray) -> tuple[float, float]:
    """Kendall's S against the order of time, and its variance without a trend; long series by every so many."""
    x = x[:: max(x.size // 100, 1)]
    n = x.size
    s = float(np.sum(np.sign(x[None, :] - x[:, None])[np.triu_indices(n, 1)]))
    return s, n * (n - 1) * (2 * n + 5) / 18


def _without_accumulation(trends: pd.DataFrame) -> Iterator[Problem]:
    for study, rows in trends.groupby("study", sort=False):
        still = rows[(rows["trend"] != "rises") & (rows["readings"] >= FEWEST_FOR_TREND)]
        falling = rows[rows["towards"]]
        if len(still):
            yield problem(
                "no-accumulation", stage="flux", entry=study, column=_jars(still),
                found=f"in {len(still)} of {len(rows)} jars CO2 does not rise while they are closed; after its first "
                f"step it falls in {still['falling'].sum()} of {still['closings'].sum()} closings",
                needed="CO2 that rises from closing to opening",
                done="jars whose CO2 falls are excluded; rates of the others are kept with their interval",
            )  # fmt: skip
        if len(falling):
            yield problem(
                "dilution", stage="flux", entry=study, column=_jars(falling),
                found=f"{len(falling)} jars rise at first and then fall: the signature of other air drawn through, "
                "by a pump or a leak",
                needed="a sealed jar, the flow of the air drawn through (vessel 'flow-through'), or its leak_rate",
                done="excluded: their rates are flagged, and give no Q10 and no pools",
            )  # fmt: skip


def _jars(rows: pd.DataFrame) -> str:
    return f"jars {listed(list(rows['jar'].drop_duplicates()))}"


def _last_of_jar(points: Points) -> pd.DataFrame:
    """The last reading of CO2 of each jar, with the share of it that is dissolved."""
    rows = points.rows.assign(dissolved_share=points.dissolved / points.per_ppm)
    return rows[rows["gas"] == "co2"].drop_duplicates("jar", keep="last")


def _carbonate(points: Points, jars: pd.DataFrame) -> Iterator[Problem]:
    of_jar = _last_of_jar(points)[["study", "jar", "dissolved_share"]].merge(
        jars[["jar", "ph", "inorganic_carbon", "organic_carbon"]], on="jar"
    )
    holds = of_jar["inorganic_carbon"] > 0
    alkaline = (of_jar["ph"] > ALKALINE) & (of_jar["dissolved_share"] > MUCH_DISSOLVED)
    for study, rows in of_jar[holds | alkaline].groupby("study", sort=False):
        told = holds[rows.index]
        share = rows["dissolved_share"].max()
        yield problem(
            "carbonate", stage="flux", entry=study, column=_jars(rows),
            found=f"{told.sum()} jars hold inorganic carbon and {(~told).sum()} have a pH above {ALKALINE:g}; up to "
            f"{share:.0%} of their CO2 is in the water",
            needed="organic carbon measured after acid, and a sterile blank or isotopes that tell CO2 of carbonate",
            done="the water is taken as buffered and no carbonate as dissolving; the respiration, and what is per "
            "soil carbon if that is total carbon, is not to be trusted",
        )  # fmt: skip


def _ph_unknown(points: Points, jars: pd.DataFrame) -> Iterator[Problem]:
    of_jar = _last_of_jar(points)[["study", "jar", "dissolved_share"]].merge(jars[["jar", "ph", "water_volume"]])
    dry, acidity = of_jar["water_volume"].isna(), of_jar["ph"].isna()
    for study, rows in of_jar[dry | (acidity & (of_jar["water_volume"] > 0))].groupby("study", sort=False):
        unstated = rows["water_volume"].isna().sum()
        found = f"{unstated} jars state no water_volume, {len(rows) - unstated} water and no ph"
        yield problem(
            "dissolved-unknown", stage="flux", entry=study, column=_jars(rows), found=found,
            needed="water_volume and ph in jars", done="dissolved CO2 is left out, or without its ions",
        )  # fmt: skip


def _start_unknown(points: Points) -> Iterator[Problem]:
    rows = points.rows
    alone = rows[rows.groupby("closing_number")["time"].transform("size") == 1]
    for study, lost in alone[~alone["is_start"].astype(bool)].groupby("study", sort=False):
        yield problem(
            "start-unknown", stage="flux", entry=study, column=_jars(lost),
            found=f"{len(lost)} closings have one reading, and the gas they began with is not known",
            needed="the mole_fraction of the flush or seal, blanks of the batch, or a second reading",
            done="no rate is computed for them",
        )  # fmt: skip


def _mass_missing(readings: pd.DataFrame, jars: pd.DataFrame) -> Iterator[Problem]:
    lost = jars[jars["jar"].isin(readings["jar"]) & ~(jars["dry_mass"] > 0)]
    for study, rows in lost.groupby("study", sort=False):
        yield problem(
            "mass-missing", stage="flux", entry=study, column=_jars(rows),
            found=f"{len(rows)} jars have no dry_mass", needed="dry_mass in jars",
            done="their respiration is given for the whole jar",
        )  # fmt: skip


def _ambiguous(readings: pd.DataFrame) -> Iterator[Problem]:
    """Two readings at the time of a flush without the closing they belong to."""
    at = ["study", "jar", "gas", "time"]
    read = readings[readings["event"].isin(["", "read"]) & (readings["closing"] == "")]
    twice = read.groupby(at, sort=False).size()
    twice = twice[twice > 1].reset_index()[["study", "jar", "time"]]
    begun = readings.loc[readings["event"].isin(STARTS), ["study", "jar", "time"]].drop_duplicates()
    later = readings.groupby("jar")["time"].min().rename("from").reset_index()
    lost = twice.merge(begun).merge(later)
    for study, rows in lost[lost["time"] > lost["from"]].groupby("study", sort=False):
        yield problem(
            "closing-unclear", stage="flux", entry=study, column=_jars(rows),
            found=f"{len(rows)} times hold a flush and two readings",
            needed="the column closing, or times to the minute, to tell which reading came before the flush",
            done="both are taken as before the flush",
        )  # fmt: skip


def _unread(readings: pd.DataFrame, jars: pd.DataFrame) -> Iterator[Problem]:
    for study, rows in jars[~jars["jar"].isin(readings["jar"])].groupby("study", sort=False):
        yield problem(
            "jar-unread", stage="flux", entry=study, column=_jars(rows), found=f"{len(rows)} jars have no readings",
            needed="readings of every jar", done="they give no respiration",
        )  # fmt: skip


def _flagged(respiration: pd.DataFrame, flag: str, rule: str, needed: str, done: str) -> Iterator[Problem]:
    marked = respiration[respiration["flag"].str.contains(flag, regex=False)]
    for (study, gas), rows in marked.groupby(["study", "gas"], sort=False):
        total = ((respiration["study"] == study) & (respiration["gas"] == gas)).sum()
        yield problem(
            rule, stage="flux", entry=study, column=_jars(rows),
            found=f"{len(rows)} of {total} rates of {gas.upper()}: {flag}", needed=needed, done=done,
        )  # fmt: skip


def _lags(respiration: pd.DataFrame) -> Iterator[Problem]:
    """Methane that begins late."""
    methane = respiration[respiration["gas"] == "ch4"].sort_values(["jar", "time"], kind="stable")
    onsets = []
    for jar, rows in methane.groupby("jar", sort=False):
        there = (rows["lower"] > 0).to_numpy()
        first = int(np.argmax(there)) if there.any() else 0
        if first and there[first:].mean() > 0.5:
            start = rows["time_start"].fillna(rows["time"]).iloc[first]
            onsets.append((rows["study"].iloc[0], jar, float(start), first))
    table = pd.DataFrame(onsets, columns=["study", "jar", "onset", "before"])
    for study, rows in table.groupby("study", sort=False):
        told = [f"{row.jar} from day {row.onset:g}" for row in rows.itertuples()]
        yield problem(
            "lag-phase", stage="flux", entry=study, column=_jars(rows), found=f"CH4 begins late: {listed(told)}",
            needed="a time window after the lag for pools and Q10 of CH4", done="all rates are kept",
        )  # fmt: skip
