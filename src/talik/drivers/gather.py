"""A table of samples for an attribution, out of talik's own tables."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.errors import TableError, itemised, listed
from talik.problems import Problem, problem
from talik.survey.properties import wide_properties
from talik.tables import DEFINITIONS, TABLES
from talik.temperature.q10 import pooled, widest

NINETY_FIVE = 1.959964
"""Half the width of a 95 % interval, in standard deviations. [-]"""


_SAMPLE_NUMBERS = ("depth_top", "depth_bottom")
_SITE_NUMBERS = (
    "latitude", "longitude", "elevation", "mean_annual_temperature", "annual_precipitation", "active_layer_depth",
)  # fmt: skip


@dataclass(frozen=True)
class Gathered:
    """A row a sample, ready for `talik.drivers.driver_table`."""

    table: pd.DataFrame
    """``sample``, ``site``, ``core``, ``layer``, ``study``, the response, its error, numbers of samples and sites
    (``depth`` is the middle of the sample), treatments of samples, and a column a property."""
    response: str
    """Column of the response."""
    error: str
    """Column of its standard deviation."""
    groups: dict[str, tuple[str, ...]]
    """Properties of each group or ``group/subgroup``, as the table of properties tells them."""
    problems: tuple[Problem, ...]
    """What is to be minded."""


def gather_q10(
    q10: pd.DataFrame,
    samples: pd.DataFrame,
    sites: pd.DataFrame,
    properties: pd.DataFrame,
    *,
    definition: str = "equal-carbon",
    pool: str = "",
    sets: Sequence[str] = (),
) -> Gathered:
    """Ln Q10 of each sample by one definition, with its soil's properties beside it.

    One estimate a set, over its widest range of temperatures; those without signal or beyond belief are left out,
    as everywhere. The error is that of ln Q10, or a quarter of the width of its interval where that alone is known.

    Parameters
    ----------
    q10, samples, sites, properties : DataFrame
        The tables of these names.
    definition : str
        ``equal-carbon``, ``equal-time``, ``rate`` or ``pool``.
    pool : str, optional
        With ``pool``, whose Q10: a word of the column, as ``slow``.
    sets : sequence of str, optional
        Which sets, where a sample has several; all by default.

    Returns
    -------
    Gathered

    Raises
    ------
    TableError
        For samples with several sets, no estimate of this definition, and properties told for both a sample and
        its site.

    Examples
    --------
    >>> from talik.tables import typed
    >>> q10 = typed("q10", pd.DataFrame({"set": ["a", "b"], "sample": ["a", "b"], "definition": "equal-time",
    ...     "t_low": 5, "t_high": 15, "temperatures": 2, "q10": [2.0, 3.0], "sd_ln_q10": 0.1}))
    >>> samples = typed("samples", pd.DataFrame({"sample": ["a", "b"], "site": "s", "layer": "active"}))
    >>> sites = typed("sites", pd.DataFrame({"site": ["s"], "latitude": [70.0], "longitude": [10.0]}))
    >>> properties = typed("properties", pd.DataFrame({"subject": "sample", "id": ["a", "b"], "property": "clay",
    ...     "group": "mineral", "value": [8.0, 20.0]}))
    >>> found = gather_q10(q10, samples, sites, properties, definition="equal-time")
    >>> found.groups, found.table[["sample", "ln_q10", "clay"]].round(2).values.tolist()
    ({'mineral': ('clay',)}, [['a', 0.69, 8.0], ['b', 1.1, 20.0]])
    """
    rows = _estimates(q10, definition, pool)
    if sets:
        rows = rows[rows["set"].isin(list(sets))]
    _one_set_a_sample(rows)
    spread = rows["sd_ln_q10"].where(
        rows["sd_ln_q10"].notna(), (np.log(rows["upper"]) - np.log(rows["lower"])) / (2 * NINETY_FIVE)
    )
    found = pd.DataFrame({"sample": rows["sample"], "ln_q10": np.log(rows["q10"]), "sd_ln_q10": spread})
    told = _temperatures_differ(rows, definition)
    return _joined(found, "ln_q10", "sd_ln_q10", samples, sites, properties, told)


def _estimates(q10: pd.DataFrame, definition: str, pool: str) -> pd.DataFrame:
    known = ("rate", *(name for name in DEFINITIONS if not name.startswith("rate")))
    if definition not in known:
        raise TableError(f"no Q10 is attributed by {definition!r}; choose {listed(known)}.", [definition])
    if definition == "pool":
        rows = q10[(q10["definition"] == "pool") & q10["pool"].str.contains(pool, regex=False)]
        rows = pooled(rows)
    else:
        rows = pooled(widest(q10, definition))
    if rows.empty:
        there = q10.loc[q10["q10"].notna(), "definition"].value_counts()
        counts = [f"{name} ({count})" for name, count in there.items()]
        raise TableError(
            f"no sample has a Q10 by {definition}{f' of the {pool} pool' if pool else ''}; the table has "
            f"{listed(counts) or 'none at all'}."
        )
    return rows


def _one_set_a_sample(rows: pd.DataFrame) -> None:
    several = rows[rows.duplicated("sample", keep=False)]
    if several.empty:
        return
    wrong = []
    for sample, group in several.groupby("sample", sort=False):
        kinds = group["pool"].where(group["pool"].astype(str) != "", group["set"]).astype(str)
        wrong.append(f"sample {sample} has {len(group)} Q10: {listed(list(kinds), 4)}")
    raise TableError(
        f"one Q10 a sample is needed; {len(wrong)} samples have several\n{itemised(wrong)}\n"
        '  Choose with sets = [...], or the pool with pool = "slow".',
        wrong,
    )


def _temperatures_differ(rows: pd.DataFrame, definition: str) -> list[Problem]:
    pairs = (rows["t_low"].map("{:g}".format) + " to " + rows["t_high"].map("{:g}".format)).value_counts()
    if len(pairs) < 2:
        return []
    found = listed([f"{pair} °C ({count})" for pair, count in pairs.items()])
    return [
        problem(
            "driver-temperatures-differ", stage="drivers", column="ln_q10", found=f"{definition} Q10 over {found}",
            needed="one pair of temperatures", done="kept; Q10 falls with temperature, so this may seem a driver",
        )
    ]  # fmt: skip


def gather_release(
    release: pd.DataFrame,
    jars: pd.DataFrame,
    samples: pd.DataFrame,
    sites: pd.DataFrame,
    properties: pd.DataFrame,
    *,
    time: float,
    temperature: float,
    column: str = "specific_release",
) -> Gathered:
    """Carbon released by each sample up to one day at one temperature, with its soil's properties beside it.

    The curve of each jar is read between its readings; jars read for less long are left out. The error is that of
    the mean over the jars of a sample, where it has two or more, else that of the one jar.

    Parameters
    ----------
    release, jars, samples, sites, properties : DataFrame
        The tables of these names.
    time : float
        Day. [d]
    temperature : float
        Temperature of the jars. [°C]
    column : str
        ``specific_release``, ``release``, ``organic_matter_release`` or ``jar_release``.

    Returns
    -------
    Gathered

    Raises
    ------
    TableError
        Where no jar was read so long at this temperature.

    Examples
    --------
    >>> from talik.tables import typed
    >>> release = typed("release", pd.DataFrame({"jar": ["j", "j"], "time": [0.0, 10.0], "temperature": 15.0,
    ...     "gas": "co2", "specific_release": [0.0, 4.0]}))
    >>> jars = typed("jars", pd.DataFrame({"jar": ["j"], "sample": ["a"]}))
    >>> samples = typed("samples", pd.DataFrame({"sample": ["a"], "site": "s"}))
    >>> nothing = pd.DataFrame(columns=["subject", "id", "property", "group", "subgroup", "value"])
    >>> found = gather_release(release, jars, samples, typed("sites", pd.DataFrame({"site": ["s"]})), nothing,
    ...                        time=5.0, temperature=15.0)
    >>> found.table["specific_release"].tolist()
    [2.0]
    """
    rows = release[(release["gas"] != "ch4") & (release["temperature"] == temperature) & release[column].notna()]
    values = []
    for jar, curve in rows.sort_values("time").groupby("jar", sort=False):
        if curve["time"].iloc[-1] >= time >= curve["time"].iloc[0]:
            sd = float(np.interp(time, curve["time"], curve["sd"].fillna(np.nan)))
            values.append({"jar": jar, "value": float(np.interp(time, curve["time"], curve[column])), "sd": sd})
    if not values:
        days = rows.groupby("temperature")["time"].max()
        last = f"jars at it were read for {days.iloc[0]:g} days at most" if len(days) else "no jar stood at it"
        there = listed(sorted({f"{t:g}" for t in release["temperature"].dropna()}))
        raise TableError(f"no jar at {temperature:g} °C has its release of day {time:g}: {last}; there are {there} °C.")
    of_jar = pd.DataFrame(values).merge(jars[["jar", "sample"]], on="jar")
    grouped = of_jar.groupby("sample", sort=False)
    mean, n = grouped["value"].mean(), grouped.size()
    spread = (grouped["value"].std(ddof=1) / np.sqrt(n)).where(n > 1, grouped["sd"].first())
    found = pd.DataFrame({"sample": mean.index, column: mean.to_numpy(), f"sd_{column}": spread.to_numpy()})
    return _joined(found, column, f"sd_{column}", samples, sites, properties, [])


def _joined(
    found: pd.DataFrame, response: str, error: str, samples: pd.DataFrame, sites: pd.DataFrame,
    properties: pd.DataFrame, told: list[Problem],
) -> Gathered:  # fmt: skip
    """The response with where its sample comes from, and what was measured of it."""
    own = {column.name for column in TABLES["samples"].columns}
    treatments = [name for name in samples if name not in own and name not in set(properties["property"])]
    words = ("sample", "site", "core", "layer", "study")
    where = samples[[c for c in (*words, *_SAMPLE_NUMBERS, *treatments) if c in samples]]
    places = sites[[c for c in ("site", *_SITE_NUMBERS) if c in sites]]
    table = found.merge(where, on="sample", how="left").merge(places, on="site", how="left")
    if {"depth_top", "depth_bottom"} <= set(table):
        table["depth"] = table[["depth_top", "depth_bottom"]].mean(axis=1)
    of_sample, of_site = wide_properties(properties, "sample"), wide_properties(properties, "site")
    both = [name for name in of_sample if name in of_site]
    if both:
        raise TableError(f"properties {listed(both)} are told of samples and of sites; name them apart.", both)
    table = table.merge(of_sample, left_on="sample", right_index=True, how="left")
    table = table.merge(of_site, left_on="site", right_index=True, how="left")
    spread = error if table[error].notna().any() else ""
    return Gathered(table.reset_index(drop=True), response, spread, _groups(properties), tuple(told))


def _groups(properties: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Properties of each group and subgroup, in the order of the table; those without a group are no drivers."""
    groups: dict[str, tuple[str, ...]] = {}
    for row in properties.drop_duplicates("property").itertuples():
        group, subgroup = _word(row.group), _word(row.subgroup)
        if group:
            name = f"{group}/{subgroup}" if subgroup else group
            groups[name] = (*groups.get(name, ()), str(row.property))
    return groups


def _word(value: object) -> str:
    return "" if pd.isna(value) else str(value).strip()
