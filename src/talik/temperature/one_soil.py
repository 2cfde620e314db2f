"""One soil under all definitions of Q10: what each holds equal, and which assumption separates them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.errors import UnknownNameError, listed
from talik.temperature.estimate import FIRST, WHOLE
from talik.temperature.q10 import pooled, widest

SHOWN_POOLS = ("one-pool", "two-pool")
"""Models whose pools are shown even where the data do not identify them."""


@dataclass(frozen=True)
class Assumption:
    """What a definition holds equal, and what it takes for granted by that."""

    equal: str
    """What is the same at both temperatures."""
    assumed: str
    """What is assumed, or what separates it from the definition it is nearest to."""


ASSUMPTIONS = {
    "first reading": Assumption("the day, the first", "little carbon is used up yet; one reading tells the rate"),
    "all readings": Assumption("the day", "the warm soil still has the carbon of the cold one"),
    "exponential-fit": Assumption("the day", "errors alike in size, so that the warmest rate decides"),
    "arrhenius": Assumption("the day", "one activation energy, so that Q10 falls with warmth"),
    "equal-time": Assumption("the length", "the same carbon is left; early, high rates count most"),
    "equal-carbon": Assumption("the carbon respired", "carbon goes in the same order at every temperature"),
    "one-pool": Assumption("the size of the pool", "all of the carbon decays alike"),
    "pool": Assumption("the sizes of the pools", "these pools, each with its own Q10, are the right ones"),
}
"""Every row of the comparison, by the first words of its name."""


def most_telling_set(q10: pd.DataFrame) -> str | None:
    """The set that most definitions give a Q10 of, with an interval where they can; None where none has one.

    Parameters
    ----------
    q10 : DataFrame
        The table ``q10``.

    Returns
    -------
    str or None

    Examples
    --------
    >>> from talik.tables import typed
    >>> rows = {"set": ["heath", "peat", "peat"], "definition": ["equal-time", "equal-time", "equal-carbon"],
    ...         "temperatures": 2, "q10": [2.0, 1.8, 2.3]}
    >>> most_telling_set(typed("q10", pd.DataFrame(rows)))
    'peat'
    """
    rows = pooled(q10[q10["gas"] != "ch4"])
    if rows.empty:
        return None
    counted = rows.groupby("set", sort=False).agg(
        definitions=("definition", "nunique"), pools=("pool", "nunique"), temperatures=("temperatures", "max"),
        intervals=("lower", lambda lower: lower.notna().mean()), end=("time_end", "max"),
    )  # fmt: skip
    order = ["definitions", "pools", "intervals", "temperatures", "end"]
    return str(counted.sort_values(order, ascending=False, kind="stable").index[0])


def one_soil(q10: pd.DataFrame, name: str) -> pd.DataFrame:
    """The Q10 of one set by every definition, over its widest range of temperatures.

    Parameters
    ----------
    q10 : DataFrame
        The table ``q10``.
    name : str
        Name of the set.

    Returns
    -------
    DataFrame
        Rows of ``q10`` in the order of the definitions, with `label` (its name and window), `equal` (what it holds
        equal) and `assumed` (which assumption separates it from the others).

    Raises
    ------
    UnknownNameError
        For a set of which the table has no Q10 of CO2.

    Examples
    --------
    >>> rows = {"set": "peat", "definition": ["equal-time", "equal-carbon"], "t_low": 5, "t_high": 15,
    ...         "temperatures": 2, "window": "whole", "q10": [1.8, 2.3]}
    >>> from talik.tables import typed
    >>> one_soil(typed("q10", pd.DataFrame(rows)), "peat")[["label", "equal"]].values.tolist()
    [['equal-time', 'the length'], ['equal-carbon', 'the carbon respired']]
    """
    mine = _of_set(q10, name)
    parts = [
        _named(widest(mine[mine["window"] == FIRST], "rate"), "first reading"),
        _named(widest(mine[mine["window"] == WHOLE], "rate"), "all readings"),
        *(_named(widest(mine, one), one) for one in ("exponential-fit", "arrhenius", "equal-time", "equal-carbon")),
        _of_pools(mine[mine["definition"] == "pool"]),
    ]
    return pd.concat(parts, ignore_index=True)


def _of_set(q10: pd.DataFrame, name: str) -> pd.DataFrame:
    of_carbon_dioxide = q10[q10["gas"] != "ch4"]
    mine = of_carbon_dioxide[of_carbon_dioxide["set"] == name]
    if mine.empty:
        known = [str(one) for one in of_carbon_dioxide["set"].dropna().unique()]
        raise UnknownNameError(
            f"there is no Q10 of CO2 of a set {name!r}; the table has {listed(known) or 'none at all'}.", [str(name)]
        )
    return mine


def _named(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """The row of one definition, with its label and what it assumes; none where the definition does not apply."""
    rows = rows[rows["temperatures"] > 1].head(1)
    by_time = key in ("first reading", "all readings")
    label = rows["definition"] + f", {key}" if by_time else rows["definition"]
    return rows.assign(label=label, equal=ASSUMPTIONS[key].equal, assumed=ASSUMPTIONS[key].assumed)


def _of_pools(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of pools: those identified, and of the simplest models the others too."""
    model = rows["pool"].str.split(",").str[0]
    rows = rows[rows["q10"].notna() | model.isin(SHOWN_POOLS)].drop_duplicates("pool")
    keys = ["one-pool" if pool == "one-pool" else "pool" for pool in rows["pool"]]
    return rows.assign(
        label="pool, " + rows["pool"], equal=[ASSUMPTIONS[key].equal for key in keys],
        assumed=[ASSUMPTIONS[key].assumed for key in keys],
    )  # fmt: skip


_COMPARED = (
    ("all readings", "first reading", "the day: how much of the warm soil's fast carbon is gone by the later readings"),
    ("exponential-fit", "all readings", "how errors are weighted: alike in size, or alike in per cent"),
    ("arrhenius", "all readings", "the form of the response, between these temperatures"),
    ("equal-carbon", "equal-time", "what is held equal, carbon or time: the warm soil ran out of fast carbon sooner"),
    ("pool, one-pool", "equal-carbon", "whether all carbon decays alike"),
    ("pool, two-pool, slow", "pool, two-pool, fast", "which carbon is meant"),
)
"""Pairs of rows that one assumption separates, and which."""


def what_separates(rows: pd.DataFrame) -> list[str]:
    """Sentences that say by how much, and by which assumption, the definitions of one soil differ.

    Parameters
    ----------
    rows : DataFrame
        As from `one_soil`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> rows = pd.DataFrame({"label": ["equal-time", "equal-carbon"], "q10": [1.6, 2.4]})
    >>> what_separates(rows)[0][:72]
    'equal-carbon is 1.50 times equal-time; what separates them is what is he'
    """
    values = rows[rows["q10"].notna()].set_index("label")["q10"]
    sentences = []
    for first, second, why in _COMPARED:
        names = [next((label for label in values.index if label.endswith(key)), None) for key in (first, second)]
        if None not in names:
            ratio = values[names[0]] / values[names[1]]
            sentences.append(f"{names[0]} is {ratio:.2f} times {names[1]}; what separates them is {why}.")
    return sentences


BY_PARTS = {"rate": ("rate-fit", "rate-ratio"), "equal-carbon": ("equal-carbon",)}
"""Definitions that are given by parts of the incubation, as they are called in the table ``q10``."""


def along_incubation(q10: pd.DataFrame, name: str, definition: str) -> pd.DataFrame:
    """Successive parts of the Q10 of one set by one definition, over its widest range of temperatures.

    Parameters
    ----------
    q10 : DataFrame
        The table ``q10``.
    name : str
        Name of the set.
    definition : {"rate", "equal-carbon"}
        By time (rate-fit, or rate-ratio for two temperatures) or by carbon.

    Returns
    -------
    DataFrame
        Rows of ``q10`` in order.

    Raises
    ------
    UnknownNameError
        For a set of which the table has no Q10 of CO2, and a definition that is not one of these.
    """
    if definition not in BY_PARTS:
        raise UnknownNameError(
            f"no definition {definition!r} is given by parts; there are {listed(list(BY_PARTS))}.", [definition]
        )
    mine, names = _of_set(q10, name), BY_PARTS[definition]
    rows = mine[mine["definition"].isin(names) & mine["window"].str.startswith("part")]
    whole = widest(mine, definition)
    if whole.empty:
        return rows.iloc[:0]
    one = whole.iloc[0]
    alike = np.logical_and.reduce(
        [rows[key] == one[key] for key in ("definition", "basis", "t_low", "t_high", "temperatures")]
    )
    return rows[alike].sort_values(["quota_start", "time_start"], kind="stable")
