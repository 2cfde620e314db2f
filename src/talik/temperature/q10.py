"""The q10 table: every set, by every definition."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from talik.errors import UnknownNameError, listed
from talik.flux import release as release_of
from talik.flux.release import replicate_errors
from talik.frames import CLOSEST, accepted, complete, whole_rates_and_jars
from talik.incubation.checks import weak_sets
from talik.quantities import quantity
from talik.tables import empty, typed
from talik.temperature.along import rate_fit_along, rate_ratio_along
from talik.temperature.arrhenius import arrhenius
from talik.temperature.curves import SetCurves, sets_of_curves
from talik.temperature.equal_carbon import equal_carbon
from talik.temperature.equal_time import equal_time
from talik.temperature.estimate import (
    ACROSS_FREEZING,
    FREEZING,
    TOO_CLOSE,
    WHOLE,
    Q10Estimate,
    undefined,
    with_study_residuals,
)
from talik.temperature.exponential import exponential_fit
from talik.temperature.rates import rate_fit, rate_ratio
from talik.temperature.stepped import stepped_sets

Q10_DEFINITIONS: dict[str, Callable[[SetCurves], Iterable[Q10Estimate]]] = {
    "rate-ratio": rate_ratio,
    "rate-fit": rate_fit,
    "exponential-fit": exponential_fit,
    "arrhenius": arrhenius,
    "equal-time": equal_time,
    "equal-carbon": equal_carbon,
}
"""Definitions on the curves of a set. The Q10 of pools comes from their fit (``definition`` pool)."""

ALONG: dict[str, Callable[[SetCurves], Iterable[Q10Estimate]]] = {
    "rate-ratio": rate_ratio_along,
    "rate-fit": rate_fit_along,
}
"""Definitions that are also given in successive parts of the readings; ``equal-carbon`` gives its own parts."""

OVER_TEMPERATURES = ("rate-fit", "exponential-fit", "arrhenius")
"""Definitions that are fitted to three temperatures or more."""

ONE_TEMPERATURE = "one temperature: a Q10 needs two"
"""Flag of a set that was incubated at a single temperature."""

PROFILE = "profile"
"""Where the interval of a pool comes from."""

NO_INTERVAL = "no interval: too few readings, and no replicates"
"""Flag of a Q10 whose error the data do not tell."""

TELLS_NOTHING = "standard deviations of zero, or numbers of replicates below one or infinite, tell no error"
"""Flag of a Q10 without an interval from replicates whose rates have such."""

IMPROBABLE = "improbable"
"""Flag of a value that no soil is known to have."""

NO_SIGNAL = "no signal: it respires almost nothing beside other treatments of this soil"
"""Flag of a set too dry or too poor to carry a temperature response."""


def q10(
    respiration: pd.DataFrame,
    jars: pd.DataFrame,
    *,
    release: pd.DataFrame | None = None,
    pools: pd.DataFrame | None = None,
    definitions: Iterable[str] = tuple(Q10_DEFINITIONS),
) -> pd.DataFrame:
    """Q10 of every set of jars, by every definition, with intervals.

    Curves are compared only at common times. Intervals are on ln Q10 and hold the truth in 95 of 100 incubations
    like these (docs/calibration/q10.md): from how jars of one temperature differ; else from their standard deviation;
    else from the residuals of the lines over three temperatures or more in the study. `interval_from` says which. With
    one curve at each of two temperatures and no such line, nothing tells how jars differ, and there is no interval.
    Where a definition does not apply, q10 is empty and `flag` says why; frozen and thawed soil are never compared.

    Parameters
    ----------
    respiration, jars : DataFrame
        The tables of these names.
    release : DataFrame, optional
        The table ``release``; computed from `respiration` where it is not given.
    pools : DataFrame, optional
        The table ``pools``; its Q10 are added under the definition ``pool``.
    definitions : iterable of str, optional
        Names out of ``Q10_DEFINITIONS``; all by default.

    Returns
    -------
    DataFrame
        The table ``q10``, a row an estimate.

    Raises
    ------
    UnknownNameError
        For a definition that there is not.
    TableError
        For tables that nothing can be computed from; every row and jar at fault is named.

    Examples
    --------
    Two jars that respire 2 and 5 µg C g⁻¹ d⁻¹ at 5 and 15 °C:

    >>> jars = pd.DataFrame({"jar": ["cold", "warm"], "sample": "peat", "set": "peat", "basis": "dry soil"})
    >>> rates = pd.DataFrame({"jar": ["cold", "warm"], "temperature": [5.0, 15.0], "respiration": [2.0, 5.0]})
    >>> found = q10(typed("respiration", rates.assign(time=1.0)), typed("jars", jars), definitions=["rate-ratio"])
    >>> found[["definition", "t_low", "t_high", "q10"]].to_dict("records")
    [{'definition': 'rate-ratio', 't_low': 5.0, 't_high': 15.0, 'q10': 2.5}]
    >>> found["flag"].item()
    'no interval: one curve a temperature, so nothing tells how jars differ'
    """
    names = list(definitions)
    unknown = [name for name in names if name not in Q10_DEFINITIONS]
    if unknown:
        raise UnknownNameError(
            f"no definition of Q10 is called {listed(unknown)}; there are {listed(list(Q10_DEFINITIONS))}.",
            unknown,
        )
    respiration, jars = whole_rates_and_jars(respiration, jars)
    release = release_of(respiration) if release is None else complete("release", accepted("release", release))
    found = estimates_of_curves(respiration, release, jars, names)
    rows = [keys_of(curves) | estimate.row() for curves, estimate in found]
    for keys, estimates in stepped_sets(respiration, jars):
        rows += [keys | estimate.row() for estimate in estimates if estimate.definition in names]
    table = typed("q10", pd.DataFrame(rows)) if rows else empty("q10")
    if pools is not None and len(pools):
        table = typed("q10", pd.concat([table, pool_rows(pools, table)]))
    table = _with_poor_errors_told(_with_missing_intervals_told(table), respiration, jars)
    return _with_improbable_flagged(_with_weak_sets_flagged(table, jars, release))


def estimates_of_curves(
    respiration: pd.DataFrame, release: pd.DataFrame, jars: pd.DataFrame, names: Iterable[str]
) -> list[tuple[SetCurves, Q10Estimate]]:
    """Estimates of every set whose jars stay at their temperature, with the curves that they rest on.

    Parameters
    ----------
    respiration, release, jars : DataFrame
        The tables of these names.
    names : iterable of str
        Definitions, out of ``Q10_DEFINITIONS``.

    Returns
    -------
    list of (SetCurves, Q10Estimate)
    """
    names = list(names)
    found = [
        (curves, _also(estimate, curves.left_out))
        for curves in sets_of_curves(respiration, release, jars)
        for name in names
        for estimate in _either_side_of_freezing(name, curves)
    ]
    return _by_study(found)


def _also(estimate: Q10Estimate, note: str) -> Q10Estimate:
    """An estimate whose flag says this as well."""
    return replace(estimate, flag="; ".join(filter(None, [estimate.flag, note])))


def sides_of_freezing(curves: SetCurves) -> list[SetCurves]:
    """The frozen and the thawed curves of a set, each where it has two temperatures or more."""
    frozen = tuple(curve for curve in curves.curves if curve.temperature < FREEZING)
    thawed = tuple(curve for curve in curves.curves if curve.temperature >= FREEZING)
    return [replace(curves, curves=side) for side in (frozen, thawed) if len(side) > 1]


def _either_side_of_freezing(name: str, curves: SetCurves) -> Iterator[Q10Estimate]:
    """Estimates of the thawed and of the frozen soil; none across 0 °C, where water freezes."""
    for side in sides_of_freezing(curves):
        yield from apart(Q10_DEFINITIONS[name](side))
        if name in ALONG:
            yield from (one for one in ALONG[name](side) if one.t_high - one.t_low >= CLOSEST)
    held = [curve.temperature for curve in curves.curves]
    frozen, thawed = [t for t in held if t < FREEZING], [t for t in held if t >= FREEZING]
    if frozen and thawed and name not in OVER_TEMPERATURES:
        yield undefined(name, frozen[-1], thawed[0], 2, ACROSS_FREEZING)
    if len(held) == 1:
        yield undefined(name, held[0], held[0], 1, ONE_TEMPERATURE)


def apart(estimates: Iterable[Q10Estimate]) -> Iterator[Q10Estimate]:
    """Estimates over temperatures that are apart; of those that are not, the reason, once for each pair."""
    told = set()
    for one in estimates:
        span = (one.definition, one.t_low, one.t_high)
        if not 0 < one.t_high - one.t_low < CLOSEST:
            yield one
        elif span not in told:
            told.add(span)
            yield undefined(*span, one.temperatures, TOO_CLOSE, paired=one.paired)


def keys_of(curves: SetCurves) -> dict[str, str]:
    """Keys of a set in the tables."""
    return {key: getattr(curves, key) for key in ("study", "set", "sample", "basis", "gas")}


def _by_study(found: list[tuple[SetCurves, Q10Estimate]]) -> list[tuple[SetCurves, Q10Estimate]]:
    """Estimates, those without replicates with the residuals of the lines of their study, in the same order."""
    alike: dict[tuple, list[int]] = defaultdict(list)
    for place, (curves, estimate) in enumerate(found):
        single_time = estimate.time_start == estimate.time_end
        name = "rate" if estimate.definition in ("rate-ratio", "rate-fit") else estimate.definition
        alike[(curves.study, name, estimate.window, single_time)].append(place)
    shared = list(found)
    for places in alike.values():
        for place, estimate in zip(places, with_study_residuals([found[i][1] for i in places]), strict=True):
            shared[place] = (found[place][0], estimate)
    return shared


def pool_rows(pools: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Q10 of fitted pools as rows of the table ``q10``."""
    found = pools[pools["parameter"].str.startswith("q10")]
    of_set = table.groupby("set")[["gas"]].first()
    spans = table.groupby("set").agg(
        t_low=("t_low", "min"),
        t_high=("t_high", "max"),
        temperatures=("temperatures", "max"),
        time_start=("time_start", "min"),
        time_end=("time_end", "max"),
    )
    joined = found.join(spans, on="set").join(of_set, on="set")
    pool = joined["parameter"].str.removeprefix("q10").str.strip("_")
    return pd.DataFrame(
        {
            "study": joined["study"], "set": joined["set"], "sample": joined["sample"], "definition": "pool",
            "pool": joined["model"] + pool.where(pool == "", ", " + pool), "window": WHOLE, "gas": joined["gas"],
            "basis": joined["basis"], "paired": False, "t_low": joined["t_low"], "t_high": joined["t_high"],
            "temperatures": joined["temperatures"], "time_start": joined["time_start"],
            "time_end": joined["time_end"],
            "q10": joined["estimate"], "lower": joined["lower"], "upper": joined["upper"],
            "sd_ln_q10": joined["sd"] / joined["estimate"], "n": joined["n"],
            "interval_from": np.where(joined["lower"].notna(), PROFILE, ""),
            "flag": np.where(joined["identified"], "", "not identified: " + joined["reason"]),
        }
    )  # fmt: skip


def _with_missing_intervals_told(table: pd.DataFrame) -> pd.DataFrame:
    """A Q10 without an interval says so."""
    bare = table["q10"].notna() & table["lower"].isna() & ~table["flag"].str.contains("interval")
    flags = [f"{flag}; {NO_INTERVAL}" if flag else NO_INTERVAL for flag in table["flag"]]
    return table.assign(flag=table["flag"].where(~bare, flags))


def _with_poor_errors_told(table: pd.DataFrame, respiration: pd.DataFrame, jars: pd.DataFrame) -> pd.DataFrame:
    """A Q10 without an interval from replicates says where standard deviations that were given told nothing."""
    uncounted = ~np.isfinite(respiration["n"]) | (respiration["n"] < 1)
    poor = np.isnan(replicate_errors(respiration)) | (respiration["n"].notna() & uncounted)
    names = respiration.loc[respiration["sd"].notna() & poor, "jar"].unique()
    sets = jars.loc[jars["jar"].isin(names), "set"]
    told = table["set"].isin(sets) & table["q10"].notna() & (table["interval_from"] != "replicates")
    told &= table["definition"] != "pool"
    flags = [f"{flag}; {TELLS_NOTHING}" if flag else TELLS_NOTHING for flag in table["flag"]]
    return table.assign(flag=table["flag"].where(~told, flags))


def _with_weak_sets_flagged(table: pd.DataFrame, jars: pd.DataFrame, release: pd.DataFrame) -> pd.DataFrame:
    weak = {name for _, name, _ in weak_sets(jars, release)}
    is_weak = table["set"].isin(weak)
    flags = [f"{flag}; {NO_SIGNAL}" if flag else NO_SIGNAL for flag in table["flag"]]
    return table.assign(flag=table["flag"].where(~is_weak, flags))


def _with_improbable_flagged(table: pd.DataFrame) -> pd.DataFrame:
    low, high = quantity("q10").plausible
    outside = (table["q10"] < low) | (table["q10"] > high)
    note = f"{IMPROBABLE}: outside {low:g} to {high:g}"
    flags = [f"{flag}; {note}" if flag else note for flag in table["flag"]]
    return table.assign(flag=table["flag"].where(~outside, flags))


def pooled(table: pd.DataFrame) -> pd.DataFrame:
    """Estimates that may be brought together: defined, probable, and of sets with a signal."""
    return table[table["q10"].notna() & ~table["flag"].str.contains(f"no signal|{IMPROBABLE}")]


def widest(table: pd.DataFrame, definition: str) -> pd.DataFrame:
    """One estimate a set: by one definition, over its widest range of temperatures, the whole window.

    Parameters
    ----------
    table : DataFrame
        The table ``q10``.
    definition : str
        A name out of ``Q10_DEFINITIONS``, ``pool``, or ``rate`` (rate-fit, or rate-ratio for two temperatures).

    Returns
    -------
    DataFrame
    """
    names = ["rate-fit", "rate-ratio"] if definition == "rate" else [definition]
    rows = table[table["definition"].isin(names)]
    rows = rows[rows["quota_start"].isna() | ((rows["quota_start"] == 0) & (rows["quota_end"] == 1))]
    rows = rows[~rows["window"].str.startswith("part")]
    rows = rows.assign(span=rows["t_high"] - rows["t_low"], window=rows["time_end"] - rows["time_start"])
    rows = rows.assign(thawed=rows["t_low"] >= FREEZING)
    order = rows.sort_values(
        ["thawed", "temperatures", "span", "window"], ascending=False, kind="stable", na_position="last"
    )
    return order.drop_duplicates(["set", "basis", "gas"]).sort_index().drop(columns=["thawed", "span", "window"])
