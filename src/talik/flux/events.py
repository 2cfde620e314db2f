"""What happened to the gas of each jar, in order, and the closings that it divides into."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.errors import TableError, itemised
from talik.tables import EVENTS

GASES = ("co2", "ch4")
"""Gases that hold the respired carbon."""

STARTS = ("flush", "seal")
"""Events that begin a closing."""

_DONE_TO_ALL = ("flush", "seal", "draw", "replace", "water")
"""Events that concern all gases of a jar, under whatever gas they are written."""

_TEXTS = ("study", "jar", "gas", "event", "closing", "batch")

_USED = (
    *_TEXTS, "time", "temperature", "mole_fraction", "sd", "gas_temperature", "pressure", "volume"
)  # fmt: skip

_RANK = {"read": 0, "draw": 1, "replace": 2, "water": 3, "flush": 4, "seal": 5}


@dataclass(frozen=True)
class JarEvents:
    """Events of jars in order: by jar, gas and time."""

    rows: pd.DataFrame
    """Rows of ``readings`` without blanks, with `series` and `closing_number`. A reading that drew gas is a row
    ``read`` and a row ``draw``; readings at one time are one row, their mean."""
    first: np.ndarray
    """Row with which each closing begins."""


def in_order(readings: pd.DataFrame) -> JarEvents:
    """Order the events of each jar and divide them into closings.

    A closing begins with a flush or a seal, or where the column `closing` names another one. Of what stands at one
    time, the readings of the closing that ends come first, then what is drawn and replaced, then the flush; only
    readings whose `closing` begins at that time, or that are the first of their jar, come after the flush.

    Parameters
    ----------
    readings : DataFrame
        The table ``readings``.

    Returns
    -------
    JarEvents
    """
    rows = coded(readings[list(_USED)])
    rows = rows[rows["event"] != "blank"].reset_index(drop=True)
    rows = rows.assign(event=rows["event"].where(rows["event"] != "", "read"))
    rows = coded(_for_every_gas(_read_and_drawn(rows)))
    rows = rows.assign(series=_series(rows))
    rows = rows.iloc[_order(rows)].reset_index(drop=True)
    rows = _averaged(rows.assign(closing_number=np.cumsum(_begins(rows)) - 1))
    return JarEvents(rows, np.flatnonzero(np.diff(rows["closing_number"], prepend=-1)))


def coded(readings: pd.DataFrame) -> pd.DataFrame:
    """Readings with their texts as categories, which compare and group fast."""
    fixed = {"event": ["", *EVENTS], "gas": ["", *GASES]}
    return readings.assign(**{
        name: pd.Categorical(readings[name], categories=fixed.get(name))
        for name in _TEXTS if name in readings and readings[name].dtype != "category"
    })  # fmt: skip


def _series(rows: pd.DataFrame) -> np.ndarray:
    """Number of each jar and gas, in the order of their names."""
    jar = rows["jar"].cat
    rank = np.argsort(np.argsort(jar.categories.to_numpy()))[jar.codes]
    return np.unique(rank * len(GASES) + (rows["gas"] == "ch4"), return_inverse=True)[1]


def _order(rows: pd.DataFrame) -> np.ndarray:
    """Rows by series and time; at one time as `in_order` says."""
    event = np.array([_RANK.get(name, 0) for name in rows["event"].cat.categories])[rows["event"].cat.codes]
    keys = [rows["mole_fraction"], event, _phase(rows, event), rows["time"], rows["series"]]
    keys = [np.asarray(key, float) for key in keys]
    series, time = keys[-1], keys[-2]
    rising = (np.diff(series) > 0) | ((np.diff(series) == 0) & (np.diff(time) > 0))
    return np.arange(len(rows)) if rising.all() else np.lexsort(keys)


def _read_and_drawn(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows where a draw whose gas was read is a reading and a draw; readings of nothing left out."""
    both = (rows["event"] == "draw") & rows["mole_fraction"].notna()
    if both.any():
        drawn = rows[both]
        key = ["jar", "time", "volume", "closing"]
        drawn = drawn.assign(again=drawn.groupby([*key, "gas"]).cumcount()).drop_duplicates([*key, "again"])
        drawn = drawn.drop(columns="again").assign(mole_fraction=np.nan, sd=np.nan, gas="")
        rows = pd.concat([rows.assign(event=rows["event"].mask(both, "read")), drawn], ignore_index=True)
    return rows[(rows["event"] != "read") | rows["mole_fraction"].notna()]


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with readings of one closing at one time as their mean."""
    read = (rows["event"] == "read").to_numpy()
    time, closing = rows["time"].to_numpy(float), rows["closing_number"].to_numpy()
    again = np.r_[False, read[1:] & read[:-1] & (time[1:] == time[:-1]) & (closing[1:] == closing[:-1])]
    if not again.any():
        return rows
    at = np.flatnonzero(~again)
    count = np.diff(np.r_[at, len(rows)])
    means = {name: np.add.reduceat(rows[name].to_numpy(float), at) / count for name in ("mole_fraction", "pressure")}
    sd = np.sqrt(np.add.reduceat(rows["sd"].to_numpy(float) ** 2, at)) / count
    return rows.iloc[at].assign(sd=sd, **means).reset_index(drop=True)


def _for_every_gas(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with a gas each: an event of a jar's one gas is an event of its other gas too."""
    done = rows["event"].isin(_DONE_TO_ALL)
    gas = rows["gas"].where((rows["gas"] != "") | done, "co2")
    rows = rows.assign(gas=gas)
    read = rows.loc[rows["gas"] != "", ["jar", "gas"]].drop_duplicates()
    if not (rows["gas"] == "").any() and read["gas"].nunique() <= 1:
        return rows
    parts = [rows[rows["gas"] != ""]]
    happened = rows[rows["event"].isin(_DONE_TO_ALL)]
    key = ["jar", "time", "event"]
    for name in GASES:
        wanted = happened[(happened["gas"] != name) & happened["jar"].isin(read.loc[read["gas"] == name, "jar"])]
        own = pd.MultiIndex.from_frame(happened.loc[happened["gas"] == name, key])
        lacking = wanted[~pd.MultiIndex.from_frame(wanted[key]).isin(own)]
        of_other = lacking["gas"] != ""
        unknown = lacking.assign(
            gas=name,
            mole_fraction=lacking["mole_fraction"].mask(of_other), sd=lacking["sd"].mask(of_other),
        )  # fmt: skip
        parts.append(unknown)
    return pd.concat(parts, ignore_index=True)


def _phase(rows: pd.DataFrame, event: np.ndarray) -> np.ndarray:
    """At one time: 0 for what belongs to the closing that ends, 1 for flush and seal, 2 for the closing that begins."""
    time = rows["time"].to_numpy(float)
    series = rows["series"].to_numpy()
    named = (rows["closing"] != "").to_numpy()
    closing = rows["closing"].cat.codes.to_numpy().astype(np.int64)
    each = series * (len(rows["closing"].cat.categories) + 1) + np.where(named, closing + 1, 0)
    of_closing = pd.Series(time).groupby(each, sort=False).transform("min").to_numpy(float) if named.any() else time
    of_jar = pd.Series(time).groupby(series, sort=False).transform("min").to_numpy(float)
    later = time == np.where(named, of_closing, of_jar)
    return np.where(event >= _RANK["flush"], 1, np.where(later, 2, 0))


def _begins(rows: pd.DataFrame) -> np.ndarray:
    """Where a closing begins."""
    if rows.empty:
        return np.zeros(0, bool)
    series = rows["series"].to_numpy()
    fresh = np.r_[True, series[1:] != series[:-1]]
    start = rows["event"].isin(STARTS).to_numpy()
    after_start = np.r_[False, start[:-1]] & ~fresh
    begins = fresh | (start & ~after_start)
    closing = rows["closing"].cat.codes.to_numpy()
    named = np.flatnonzero(rows["closing"] != "")
    if named.size > 1:
        before, here = named[:-1], named[1:]
        count = np.cumsum(begins)
        begins[here[(closing[before] != closing[here]) & (count[before] == count[here])]] = True
    return begins


def refuse_unusable(readings: pd.DataFrame, jars: pd.DataFrame) -> None:
    """Refuse readings that no carbon can be computed from, all of them in one message.

    Raises
    ------
    TableError
        For readings of jars that are not described, jars without headspace volume or temperature, draws without
        a volume or of more gas than there is, and replacing gas without a mole fraction.
    """
    rows = readings[readings["event"] != "blank"]
    read = jars[jars["jar"].isin(rows["jar"].unique())]
    broken = [*_unjoined(rows, jars), *_without_volume(read), *_without_temperature(rows, read)]
    broken += [*_without_amount(rows), *_above_headspace(rows, read)]
    if broken:
        raise TableError(f"readings: {len(broken)} problem{'s' if len(broken) > 1 else ''}\n{itemised(broken)}", broken)


def _unjoined(rows: pd.DataFrame, jars: pd.DataFrame):
    lost = rows.loc[~rows["jar"].isin(jars["jar"]), "jar"].astype(str).value_counts(sort=False)
    for jar, count in lost.items():
        yield f"jar {jar!r} has {count} rows in readings and is not in jars; add it there, or take these rows out"


def _without_volume(jars: pd.DataFrame):
    closed = ~jars["vessel"].isin(["flow-through", "alkali trap"])
    for jar in jars.loc[closed & ~(jars["headspace_volume"] > 0), "jar"]:
        yield f"jar {jar!r} has no headspace_volume; the volume of its gas is needed to count its carbon"


def _without_temperature(rows: pd.DataFrame, jars: pd.DataFrame):
    lost = rows.loc[rows["temperature"].isna(), "jar"].unique()
    for jar in jars.loc[jars["jar"].isin(lost) & jars["temperature"].isna(), "jar"]:
        yield f"jar {jar!r} has no temperature, neither in readings nor in jars"


def _without_amount(rows: pd.DataFrame):
    moved = rows["event"].isin(["draw", "replace", "water"]) & ~(rows["volume"] >= 0)
    unknown = (rows["event"] == "replace") & rows["mole_fraction"].isna()
    for words, lost in (("a volume", rows[moved]), ("the mole_fraction of the gas put in", rows[unknown])):
        for jar, of_jar in lost.groupby("jar", sort=False, observed=True):
            events = "/".join(of_jar["event"].unique())
            yield f"jar {jar!r} has {len(of_jar)} rows {events} without {words} (first at day {of_jar['time'].min():g})"


def _above_headspace(rows: pd.DataFrame, jars: pd.DataFrame):
    moved = rows[rows["event"].isin(["draw", "replace"])]
    gas = moved["jar"].astype(str).map(jars.set_index("jar")["headspace_volume"])
    for row in moved[moved["volume"] >= gas].drop_duplicates("jar").itertuples():
        yield (
            f"jar {row.jar!r}: {row.event} of {row.volume:g} mL at day {row.time:g} is not less than its headspace; "
            "write a whole exchange of the gas as a flush"
        )
