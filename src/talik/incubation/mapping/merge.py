"""Rows of one table from several blocks brought together by their key."""

import numpy as np
import pandas as pd

from talik.errors import listed
from talik.incubation.mapping.schema import JOINED_BY
from talik.incubation.mapping.told import Told
from talik.tables import TABLES

PLACE = "_place"
"""Column with the place that a row was read from."""

JOINS = "_joins"
"""Column that says whether a row only fills in another."""

MOST_TOLD = 200
"""Contradictions looked at one by one; the others are counted."""

_SAME = 1e-9


def merged(table: str, parts: list[pd.DataFrame], told: Told) -> pd.DataFrame:
    """Rows of one table, those of one key as one.

    A row that only joins is told and left out where no other row has its key. Where rows of one key
    differ, the first that says something is kept, and the contradiction is told.

    Parameters
    ----------
    table : str
        Name of the table.
    parts : list of DataFrame
        Rows of each block, with ``_place`` and ``_joins``.
    told : Told
        Where findings go.

    Returns
    -------
    DataFrame
    """
    key = list(TABLES[table].key) if table in TABLES else []
    rows = pd.concat([_with_key(table, part, parts, key, told) for part in parts], ignore_index=True)
    key = [name for name in key if name in rows]
    if not key:
        return rows.drop(columns=[JOINS])
    rows = _joined(table, rows, key, told)
    empty = rows.replace("", np.nan)
    _tell_contradictions(table, empty, key, told)
    made = empty.groupby(key, sort=False, dropna=False).first().reset_index()
    texts = [name for name in rows if name in made and rows[name].dtype.kind not in "fib"]
    return made.assign(**{name: made[name].astype(object).where(made[name].notna(), "") for name in texts})[
        [name for name in rows if name != JOINS]
    ]


def _with_key(table: str, part: pd.DataFrame, parts: list[pd.DataFrame], key: list[str], told: Told) -> pd.DataFrame:
    """Rows that join by what stands above them, once for each row that they join to."""
    above = JOINED_BY.get(table, "")
    if not key or key[0] in part or above not in part:
        return part
    begun = pd.concat([one[[key[0], above]] for one in parts if key[0] in one and above in one]).drop_duplicates()
    for _, row in part[~part[above].isin(begun[above])].iterrows():
        told.tell("row-unjoined", table, f"{above} {row[above]!r} has no {table}", row[PLACE], done="left out")
    return part.merge(begun, on=above)


def _joined(table: str, rows: pd.DataFrame, key: list[str], told: Told) -> pd.DataFrame:
    fills = rows[JOINS].to_numpy(bool)
    begun = rows[~fills]
    known = set(map(tuple, begun[key].astype(object).to_numpy()))
    found = (tuple(row) in known for row in rows[key].astype(object).to_numpy())
    joins = np.fromiter(found, dtype=bool, count=len(rows)) | ~fills
    for _, row in rows[~joins].iterrows():
        name = ", ".join(str(row[column]) for column in key)
        told.tell("row-unjoined", table, f"{name!r} joins to no row", row[PLACE], done="left out")
    return rows[joins].reset_index(drop=True)


def _tell_contradictions(table: str, rows: pd.DataFrame, key: list[str], told: Told) -> None:
    repeated = rows[rows.duplicated(key, keep=False)]
    if repeated.empty:
        return
    columns = [name for name in rows if name not in (*key, PLACE, JOINS)]
    groups = repeated.groupby(key, sort=False, dropna=False)
    different = groups[columns].nunique()
    contradicting = different[(different > 1).any(axis=1)]
    for names, counts in contradicting.head(MOST_TOLD).iterrows():
        group = groups.get_group(names if isinstance(names, tuple) else (names,))
        for column in counts.index[counts > 1]:
            found = group[[column, PLACE]].dropna()
            if not _differ(found[column]):
                continue
            words = " ".join(str(name) for name in (names if isinstance(names, tuple) else (names,)) if name == name)
            values = listed([f"{_shown(v)} ({place})" for v, place in found.drop_duplicates(column).to_numpy()], 4)
            told.tell("rows-contradict", f"{table}, {column}", f"{words}: {values}", "",
                      needed="one value", done="the first was kept")  # fmt: skip
    if len(contradicting) > MOST_TOLD:
        more = f"{len(contradicting) - MOST_TOLD} more rows of one name"
        told.tell("rows-contradict", table, more, "", needed="one value", done="the first was kept")


def _differ(values: pd.Series) -> bool:
    """Whether values differ by more than the last digits of a number."""
    if values.dtype.kind != "f":
        return values.nunique() > 1
    return bool(values.max() - values.min() > _SAME * values.abs().max())


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
