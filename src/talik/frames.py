"""Frames that are handed to talik from Python: held to their tables before anything is computed from them.

Files are checked where they are read. A frame comes as it is, and what is wrong with it has to be told before it
turns into a number: every public function on tables begins here.
"""

import difflib
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from talik.errors import TableError, itemised, listed
from talik.tables import (
    RELEASE_OF,
    RESPIRATION_OF,
    TABLES,
    as_text,
    header,
    limits,
    range_in_words,
    split_header,
    typed,
)

RATES = tuple(dict.fromkeys(RESPIRATION_OF.values()))
"""Columns of rates, one for every basis."""

RELEASES = tuple(dict.fromkeys(RELEASE_OF.values()))
"""Columns of carbon released, one for every basis."""

BASIS_OF = {"specific_respiration": "soil carbon", "respiration": "dry soil", "jar_respiration": "jar"}
"""What rates are per where it is not named, told by the first of these columns that is filled."""

NEEDED = {
    "respiration": ("jar", "time", "temperature"),
    "release": ("jar", "time", "temperature"),
    "jars": ("jar", "set"),
    "samples": ("sample", "core", "layer"),
    "q10": ("set", "sample", "definition", "t_low", "t_high", "q10"),
}
"""Columns without which nothing can be computed, of each table."""

ONE_OF = {"respiration": RATES, "release": RELEASES}
"""Columns of which one has to be there."""

MEASURED = {
    "respiration": ("time_start", "time_end", "time", "temperature", *RATES, "sd", "sd_shared", "n"),
    "release": ("time", "temperature", *RELEASES, "sd"),
    "jars": ("temperature", "organic_carbon", "replicates"),
    "samples": (),
    "q10": ("t_low", "t_high", "q10", "lower", "upper", "sd_ln_q10", "time_end", "quota_start", "quota_end"),
}
"""Columns of numbers that are computed with, of each table."""

WORDS = {"gas", "basis", "measures", "scale", "layer", "definition"}
"""Columns of few words that are asked for."""

CLOSEST = 1.0
"""Temperatures nearer than this give no Q10: they are readings of one thermometer, or too alike to compare. [°C]"""


def accepted(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A frame that can be the table of this name, its numbers as numbers and its names as text.

    Parameters
    ----------
    name : str
        A name out of ``NEEDED``.
    frame : DataFrame
        Rows in talik's units; columns that are not needed may be missing. Its index names a row in messages.

    Returns
    -------
    DataFrame
        The same rows; the very frame where nothing had to be read as a number or as text.

    Raises
    ------
    TableError
        For missing columns, numbers that are none, values that cannot be, and repeated keys: all of them.

    Examples
    --------
    >>> accepted("respiration", pd.DataFrame({"jar": ["a"], "time": 3.0, "temperature": 278.15, "respiration": 2.0}))
    Traceback (most recent call last):
        ...
    talik.errors.TableError: respiration: 1 problem
      temperature, row 0: 278.15 is impossible; between -80 and 100 degC is needed. Kelvin? Then take off 273.15
    """
    _refuse(name, [*_missing(name, frame)])
    frame, problems = _as_numbers(name, _with_names(name, frame))
    _refuse(
        name,
        [
            *problems,
            *_impossible(name, frame),
            *_unfilled(name, frame),
            *_unknown_values(name, frame),
            *_repeated(name, frame),
        ],
    )
    return frame


def complete(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """An accepted frame with every column of its table; the very frame where it has them.

    Examples
    --------
    >>> complete("jars", pd.DataFrame({"jar": ["a"], "set": "peat"}))["excluded"].tolist()
    ['']
    """
    kinds = dict(frame.dtypes)
    known = {"text": pd.StringDtype, "number": np.dtype, "flag": np.dtype}
    whole = all(isinstance(kinds.get(column.name), known[column.kind]) for column in TABLES[name].columns)
    return frame if whole else typed(name, frame)


def rates_and_jars(respiration: pd.DataFrame, jars: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``respiration`` and ``jars`` as they can be computed from, together.

    Parameters
    ----------
    respiration, jars : DataFrame
        Rows in talik's units.

    Returns
    -------
    respiration, jars : DataFrame
        As from `accepted`.

    Raises
    ------
    TableError
        As from `accepted`; and for rates of jars that the jars table does not have, rates without a temperature, and
        jars whose temperatures are those of a log.

    Examples
    --------
    >>> rates = pd.DataFrame({"jar": ["a", "b"], "time": 3.0, "temperature": 5.0, "respiration": 2.0})
    >>> rates_and_jars(rates, pd.DataFrame({"jar": ["a"], "set": "peat"}))
    Traceback (most recent call last):
        ...
    talik.errors.TableError: jars b have respiration but are not in the jars table; add their rows.
    """
    if "time" not in respiration and {"time_start", "time_end"} <= set(respiration.columns):
        respiration = respiration.assign(time=(respiration["time_start"] + respiration["time_end"]) / 2)
    respiration, jars = accepted("respiration", respiration), accepted("jars", jars)
    _refuse("respiration", [*_of_another_basis(respiration, jars)])
    of_row, names = pd.factorize(respiration["jar"])
    refuse_unknown(sorted(set(names) - set(jars["jar"])))
    left_out = jars["jar"][~(jars["excluded"].isin([""]) | jars["excluded"].isna())] if "excluded" in jars else ()
    used = ~pd.Index(names).isin(left_out)[of_row]
    temperature = respiration["temperature"].to_numpy(float)
    unknown = used & np.isnan(temperature)
    if unknown.any():
        rated = respiration[[column for column in RATES if column in respiration]].notna().any(axis=1).to_numpy()
        _refuse("respiration", [*_empty("temperature", respiration.index[unknown & rated])])
    moved = np.flatnonzero(used & (temperature != _first_of_each(temperature, of_row, len(names))[of_row]))
    if moved.size:
        some = respiration[pd.Series(of_row, index=respiration.index).isin(of_row[moved])]
        refuse_wandering(wandering(some))
    return respiration, jars


def whole_rates_and_jars(respiration: pd.DataFrame, jars: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``respiration`` and ``jars`` from `rates_and_jars` with all columns, and a basis for every jar.

    Parameters
    ----------
    respiration, jars : DataFrame
        Rows in talik's units.

    Returns
    -------
    respiration, jars : DataFrame
        The basis of a set that names none is told by the column of its rates, as for pools.

    Examples
    --------
    >>> rates = pd.DataFrame({"jar": ["a"], "time": 3.0, "temperature": 5.0, "jar_respiration": 2.0})
    >>> whole_rates_and_jars(rates, pd.DataFrame({"jar": ["a"], "set": "peat"}))[1]["basis"].tolist()
    ['jar']
    """
    respiration, jars = rates_and_jars(respiration, jars)
    respiration, jars = complete("respiration", respiration), complete("jars", jars)
    if (jars["basis"] != "").all():
        return respiration, jars
    set_of_row = respiration["jar"].map(dict(zip(jars["jar"], jars["set"], strict=True)))
    filled = respiration[list(BASIS_OF)].notna().groupby(set_of_row).any().idxmax(axis=1)
    of_set = {name: BASIS_OF[column] for name, column in filled.items()}
    of_set |= dict(jars.loc[jars["basis"] != "", ["set", "basis"]].drop_duplicates("set").to_numpy().tolist())
    basis = [own or of_set.get(name, "") for own, name in zip(jars["basis"], jars["set"], strict=True)]
    return respiration, jars.assign(basis=pd.Series(basis, index=jars.index, dtype="str"))


def _first_of_each(values: np.ndarray, of_row: np.ndarray, size: int) -> np.ndarray:
    """One value of each group."""
    first = np.full(size, np.nan)
    first[of_row[::-1]] = values[::-1]
    return first


def refuse_unknown(jars: Sequence[str]) -> None:
    """Refuse respiration of jars that the jars table does not have."""
    if jars:
        raise TableError(f"jars {listed(jars)} have respiration but are not in the jars table; add their rows.", jars)


def refuse_other_gases(respiration: pd.DataFrame, gas: str) -> None:
    """Refuse a gas of which there are no rates, where there are rates of another.

    Examples
    --------
    >>> refuse_other_gases(pd.DataFrame({"gas": ["co2", "co2"]}), "CH4")
    Traceback (most recent call last):
        ...
    talik.errors.TableError: respiration has no rows of gas 'CH4'; it has 2 of 'co2'.
    """
    if "gas" not in respiration or not len(respiration):
        return
    there = respiration["gas"].fillna("").value_counts().to_dict()
    if gas not in there and "" not in there:
        raise no_rows_of(gas, there)


def no_rows_of(gas: str, there: dict[str, int]) -> TableError:
    """The error that a gas has no rows, with the gases that have."""
    held = listed([f"{count} of {name!r}" for name, count in sorted(there.items())])
    return TableError(f"respiration has no rows of gas {gas!r}; it has {held}.", [gas])


def wandering(respiration: pd.DataFrame) -> pd.DataFrame:
    """Jars whose temperature was logged: most of their rates lie within 1 °C of the median, at several temperatures.

    Parameters
    ----------
    respiration : DataFrame
        The table ``respiration``.

    Returns
    -------
    DataFrame
        A row a jar: `jar`, `temperatures` (how many), `low`, `middle` and `high`. [°C]

    Examples
    --------
    >>> rates = pd.DataFrame({"jar": ["a"] * 3 + ["b"] * 3, "temperature": [4.97, 5.03, 5.1, 5, 10, 15]})
    >>> wandering(rates)[["jar", "temperatures"]].values.tolist()
    [['a', 3]]
    """
    held = respiration[["jar", "temperature"]].dropna()
    of_jar = held.groupby("jar", sort=False)["temperature"]
    near = (held["temperature"] - of_jar.transform("median")).abs() < CLOSEST
    close = held[near].groupby("jar", sort=False)["temperature"].nunique()
    most = near.groupby(held["jar"], sort=False).mean()
    found = of_jar.agg(temperatures="nunique", low="min", middle="median", high="max")
    return found[(close.reindex(found.index, fill_value=0) > 1) & (most > 0.5)].reset_index()


def refuse_wandering(found: pd.DataFrame) -> None:
    """Refuse jars whose temperatures are those of a log."""
    if len(found):
        one = found.iloc[0]
        raise TableError(
            f"respiration: jars {listed(found['jar'].tolist())} have temperatures as a log has them (jar {one['jar']}: "
            f"{wandering_in_words(one)}) and would be taken as warmed in steps. Give the temperature that the "
            "incubator was set to.",
            found["jar"].tolist(),
        )


def wandering_in_words(jar: pd.Series) -> str:
    """What the temperatures of a jar are, from a row of `wandering`."""
    return f"{jar['temperatures']} temperatures from {jar['low']:.4g} to {jar['high']:.4g} degC"


def _refuse(name: str, problems: Sequence[str]) -> None:
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise TableError(f"{name}: {count}\n{itemised(problems)}", problems)


def _of_another_basis(respiration: pd.DataFrame, jars: pd.DataFrame) -> Iterator[str]:
    """Jars whose basis has no rates at all, where there are rates of another."""
    there = [column for column in RATES if column in respiration]
    for basis in jars["basis"].unique() if "basis" in jars else ():
        column = RESPIRATION_OF.get(basis)
        if column is None or (column in there and respiration[column].notna().any()):
            continue
        several = jars.groupby("set")["basis"].transform("nunique") > 1  # refused as a set, where it is fitted
        own = respiration[respiration["jar"].isin(jars.loc[(jars["basis"] == basis) & ~several, "jar"])]
        found = [one for one in there if own[one].notna().any()]
        if found:
            yield (
                f"jars {listed(own['jar'].unique().tolist(), 5)} have basis {basis!r}, whose rates stand in column "
                f"{column!r}; found are rates in {listed(found)}. Correct the basis, or the name of the column"
            )


def _missing(name: str, frame: pd.DataFrame) -> Iterator[str]:
    found = [str(column) for column in frame.columns]
    for column in NEEDED[name]:
        if column not in frame:
            yield f"column {column!r} is missing; {_nearest([column], found)}"
    one_of = ONE_OF.get(name, ())
    if one_of and not any(column in frame for column in one_of):
        yield f"one of the columns {listed([repr(c) for c in one_of])} is needed; {_nearest(one_of, found)}"


def _nearest(wanted: Sequence[str], found: list[str]) -> str:
    """The column that may be meant, or all that there are."""
    for column in found:
        parts = split_header(column)
        if parts and parts[0] in wanted:
            return f"found is {column!r}: in a frame the name is without its unit, and values are in {_unit(parts[0])}"
    for column in wanted:
        near = difflib.get_close_matches(column, found, n=1, cutoff=0.8)
        if near:
            return f"found is {near[0]!r}: do you mean {column!r}?"
    return f"found are: {listed(found, 20) or 'none'}"


def _unit(column: str) -> str:
    return (split_header(header(column)) or ("", ""))[1] or "talik's unit"


def _with_names(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Keys as text, as in a table that was read."""
    keys = [c for c in ("jar", "sample") if c in frame and not isinstance(frame[c].dtype, pd.StringDtype)]
    return frame.assign(**{key: as_text(frame[key]) for key in keys if key in NEEDED[name]}) if keys else frame


def _as_numbers(name: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Columns of numbers as numbers, and what is none."""
    problems, numbers = [], {}
    kinds = dict(frame.dtypes)
    for column in MEASURED[name]:
        kind = kinds.get(column)
        if kind is None or (isinstance(kind, np.dtype) and kind.kind in "fiu"):
            continue
        values = frame[column]
        told = values.astype(object).where(values.notna(), "").astype("str").str.strip()
        number = pd.to_numeric(told.where(told != ""), errors="coerce").astype(float)
        number = number.where(~pd.Series(getattr(kind, "kind", "") in "mMb", index=values.index))
        wrong = number.isna() & ~told.str.lower().isin(["", "na", "nan"])
        if wrong.any():
            some = listed([repr(value) for value in dict.fromkeys(told[wrong])], 3)
            problems.append(f"{column}, {_rows(values.index[wrong])}: {some}: numbers are needed, or nothing")
        numbers[column] = number
    return (frame.assign(**numbers) if numbers else frame), problems


def _impossible(name: str, frame: pd.DataFrame) -> Iterator[str]:
    """Numbers that cannot be, a line a column."""
    for column in MEASURED[name]:
        within = limits(name, column) if column in frame else None
        if within is None:
            continue
        values = frame[column].to_numpy(float)
        low, high = np.fmin.reduce(values, initial=np.nan), np.fmax.reduce(values, initial=np.nan)
        if low < within[0] or high > within[1]:
            outside = (values < within[0]) | (values > within[1])
            hint = ". Kelvin? Then take off 273.15" if header(column).endswith("[degC]") and high > 150 else ""
            some = listed([f"{value:g}" for value in dict.fromkeys(values[outside])], 3)
            yield (
                f"{column}, {_rows(frame.index[outside])}: {some} is impossible; {range_in_words(column, *within)} is "
                f"needed{hint}"
            )


def _unfilled(name: str, frame: pd.DataFrame) -> Iterator[str]:
    """Cells without which a row says nothing."""
    for column in (column for column in ("jar", "time") if column in NEEDED[name]):
        values = frame[column].to_numpy()
        nothing = np.isnan(values) if values.dtype.kind == "f" else values == ""
        yield from _empty(column, frame.index[nothing])


def _empty(column: str, rows: pd.Index) -> Iterator[str]:
    if len(rows):
        yield f"{column}, {_rows(rows)}: is empty, and a value is needed"


def _rows(index: pd.Index) -> str:
    return f"row{'s' if len(index) > 1 else ''} {listed([str(row) for row in index[:5000]], 5)}"


def _unknown_values(name: str, frame: pd.DataFrame) -> Iterator[str]:
    """Words that a column of few words does not know."""
    known = {column.name: column.values for column in TABLES[name].columns if column.values}
    for column in sorted(known.keys() & WORDS & set(frame.columns)):
        wrong = [repr(word) for word in frame[column].unique() if word not in known[column] and not pd.isna(word)]
        if wrong:
            yield f"{column}: {listed(wrong)} is none of {', '.join(repr(word) for word in known[column])}"


def _repeated(name: str, frame: pd.DataFrame) -> Iterator[str]:
    key = [column for column in TABLES[name].key if column in frame]
    if not key or _in_order(name, frame):
        return
    twice = frame[key].duplicated(keep=False)
    if twice.any():
        rows = frame.loc[twice, key].drop_duplicates()
        some = [", ".join(f"{c} {as_text(rows[c].iloc[[i]]).iloc[0]}" for c in key) for i in range(min(len(rows), 4))]
        yield f"{_rows(frame.index[twice])} stand more than once, as ({'), ('.join(some[:3])}); once is needed"


def _in_order(name: str, frame: pd.DataFrame) -> bool:
    """Whether jars stand one after the other, each with rising times: then no row stands twice, and it is seen fast."""
    if "time" not in TABLES[name].key:
        return False
    of_row, names = pd.factorize(frame["jar"])
    other = of_row[1:] != of_row[:-1]
    rising = np.diff(frame["time"].to_numpy(float)) > 0
    return bool(other.sum() + 1 == len(names) and (other | rising).all())
