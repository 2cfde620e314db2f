"""The columns of a driver table: which were asked for, what they hold, and what is wrong with them."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from talik.errors import listed

SAME = 1e-9
"""Two predictors whose |r| is less than this below 1 hold the same. [-]"""
LARGEST = 1e100
"""Numbers beyond this, or below its inverse, have no squares to compute with."""
PER_LEVEL = 2
"""Samples that a level of a factor needs on average."""


@dataclass(frozen=True)
class Columns:
    """What was asked of a table of drivers."""

    response: str
    """Column to be explained."""
    error: str
    """Column of its standard deviation; empty where there is none."""
    log: tuple[str, ...]
    """Columns whose logarithm is taken."""
    random: str
    """Column of the random effect; empty where there is none."""
    layer: str
    """Column of the layer."""
    coordinates: tuple[str, str]
    """Columns of latitude and longitude."""
    sample: str
    """Column of the sample's name."""
    groups: dict
    """Predictors of each group or ``group/subgroup``."""

    @property
    def predictors(self) -> list[str]:
        """All predictors, once each, in order."""
        return list(dict.fromkeys(name for members in self.groups.values() for name in members))

    @property
    def needed(self) -> list[str]:
        """Columns without which a row is left out."""
        return [c for c in (self.response, self.error, self.random) if c] + self.predictors

    def found_in(self, table: pd.DataFrame) -> "Columns":
        """The same without the columns that a table lacks."""
        there = set(table.columns)
        return replace(
            self,
            response=self.response if self.response in there else "",
            error=self.error if self.error in there else "",
            random=self.random if self.random in there else "",
            groups={group: [c for c in members if c in there] for group, members in self.groups.items()},
        )


def read_columns(table: pd.DataFrame, asked: Columns) -> tuple[pd.DataFrame, list[str]]:
    """The columns asked for as numbers and words, logarithms taken; and what is wrong with them.

    Parameters
    ----------
    table : DataFrame
        A row a sample, names without units.
    asked : Columns
        What was asked for.

    Returns
    -------
    DataFrame
        The columns, whole or not.
    list of str
        A sentence for each mistake.
    """
    wrong = [*_unknown(table, asked), *_misgrouped(asked)]
    table = table.loc[:, ~table.columns.duplicated()]
    names = _row_names(table, asked)
    made = {asked.sample: names}
    for column in asked.found_in(table).needed:
        values, problems = _read_column(table[column], names, column, asked)
        if problems:
            wrong += [f"{column}: {found}" for found in problems]
        else:
            made[column] = values
    if asked.layer in table:
        made[asked.layer] = _words(table[asked.layer])
    if set(asked.coordinates) <= set(table.columns):
        made |= {column: pd.to_numeric(_words(table[column]), errors="coerce") for column in asked.coordinates}
    twice = names[names.duplicated()]
    if len(twice):
        wrong.append(
            f"{_samples(twice.drop_duplicates())}: in more than one row; one row a sample is needed. "
            "Average its rows, or keep one treatment"
        )
    return pd.DataFrame(made), wrong


def _read_column(given: pd.Series, names: pd.Series, column: str, asked: Columns) -> tuple[pd.Series, list[str]]:
    """Values of one column that is needed, and what is wrong with them."""
    words = column == asked.random or (column in asked.predictors and _of_words(given))
    values, wrong = (_words(given), []) if words else _numbers(given, names)
    if values.isna().all() and not wrong:
        return values, [f"all {len(values)} values are missing; fill it in, or leave it out"]
    if column == asked.error and (values <= 0).any():
        wrong.append(f"is 0 or less in {_samples(names[values <= 0])}; an error is above 0, or its cell empty")
    if column in asked.log and not wrong:
        return _logarithm(values, names)
    return values, wrong


def _unknown(table: pd.DataFrame, asked: Columns) -> Iterator[str]:
    """Columns that are not there."""
    if not asked.predictors:
        yield "no predictors are named; name groups of columns, as --group mineral=clay,feox"
    there = [str(column) for column in table.columns]
    twice = sorted({column for column in there if there.count(column) > 1})
    if twice:
        yield f"columns {listed(twice)}: each stands more than once in the table"
    wanted = [("response", asked.response), ("error", asked.error), ("random effect", asked.random)]
    wanted += [("logarithm", name) for name in asked.log]
    wanted += [(f"group {group}", name) for group, members in asked.groups.items() for name in members]
    if asked.coordinates != ("latitude", "longitude"):
        wanted += [("coordinates", name) for name in asked.coordinates]
    for purpose, name in wanted:
        if name and name not in there:
            near = difflib.get_close_matches(name, there, n=1, cutoff=0.6)
            hint = f"do you mean {near[0]!r}?" if near else f"the table has {listed(there, 20)}"
            yield f"{purpose}: there is no column {name!r}; {hint}"


def _misgrouped(asked: Columns) -> Iterator[str]:
    """Predictors in two groups, or that are what is explained."""
    for name in asked.predictors:
        homes = [group for group, members in asked.groups.items() for member in members if member == name]
        if len(homes) > 1:
            yield f"{name}: stands in {' and in '.join(homes)}; a predictor has one place"
        if name in (asked.response, asked.error):
            yield f"{name}: is the {'response' if name == asked.response else 'error'}, and cannot be a predictor too"
    for group, members in asked.groups.items():
        if not len(members):
            yield f"group {group}: names no column"
        parts = group.split("/")
        if len(parts) > 2 or not all(part.strip() for part in parts):
            yield f"group {group!r}: a group is one word, or group/subgroup"
    for column in asked.log:
        if column not in (asked.response, *asked.predictors):
            yield f"logarithm: {column} is neither the response nor a predictor"


def _row_names(table: pd.DataFrame, asked: Columns) -> pd.Series:
    rows = pd.Series([f"row {i + 1}" for i in range(len(table))])
    if asked.sample in table:
        given = _words(table[asked.sample])
        return given.where(given.notna(), rows).astype(str)
    return rows


def _of_words(values: pd.Series) -> bool:
    """Whether a column is a factor: no cell of it is a number."""
    if pd.api.types.is_numeric_dtype(values):
        return False
    return not pd.to_numeric(_words(values), errors="coerce").notna().any() and _words(values).notna().any()


def _words(values: pd.Series) -> pd.Series:
    text = values.astype(object).where(values.notna(), "").astype(str).str.strip().reset_index(drop=True)
    return text.astype(object).where(~text.str.lower().isin(["", "na", "nan"]), np.nan)


def _numbers(values: pd.Series, names: pd.Series) -> tuple[pd.Series, list[str]]:
    """Numbers, and the cells that are none."""
    if pd.api.types.is_bool_dtype(values):
        return values.astype(float).reset_index(drop=True), []
    text = _words(values)
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    wrong = text.notna() & ~np.isfinite(numbers)
    bad = [f"{str(value)!r} in sample {name}" for name, value in zip(names[wrong], text[wrong], strict=True)]
    if bad:
        return numbers, [f"{listed(bad, 5)}: not a number; write a number, or leave the cell empty"]
    size = numbers.abs()
    beyond = (size > LARGEST) | ((size > 0) & (size < 1 / LARGEST))
    if beyond.any():
        return numbers, [f"is {numbers[beyond].iloc[0]:.3g} in {_samples(names[beyond])}; give it in another unit"]
    return numbers, []


def _logarithm(values: pd.Series, names: pd.Series) -> tuple[pd.Series, list[str]]:
    if not pd.api.types.is_numeric_dtype(values):
        return values, ["holds words, which have no logarithm"]
    bad = names[values <= 0]
    if len(bad):
        least = f"the least is {values.min():.4g}"
        return values, [
            f"has no logarithm in {_samples(bad)}, where it is 0 or less ({least}); leave it out of --log, "
            "or give what is below detection a value"
        ]
    return np.log(values), []


def _samples(names: pd.Series) -> str:
    return f"sample{'s' if len(names) > 1 else ''} {listed(list(names))}"


def complete(columns: pd.DataFrame, asked: Columns) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that lack nothing, and the others: their sample and what they lack.

    Parameters
    ----------
    columns : DataFrame
        As read.
    asked : Columns
        What was asked for; a layer or a place may be missing.

    Returns
    -------
    DataFrame, DataFrame
    """
    absent = columns[asked.needed].isna()
    missing = absent.apply(lambda row: ", ".join(absent.columns[row]), axis=1) if len(columns) else pd.Series(dtype=str)
    rows = absent.any(axis=1)
    lost = pd.DataFrame({"sample": columns.loc[rows, asked.sample], "missing": missing[rows]}, dtype="str")
    return columns[~rows].reset_index(drop=True), lost.reset_index(drop=True)


def check_rows(whole: pd.DataFrame, asked: Columns, fewest: int) -> list[str]:
    """What is wrong with complete rows: too few, one site, predictors that say nothing or the same.

    Parameters
    ----------
    whole : DataFrame
        Rows that lack nothing.
    asked : Columns
        What was asked for.
    fewest : int
        Samples that are needed.

    Returns
    -------
    list of str
    """
    n = len(whole)
    if n < fewest:
        return [f"there are {n} samples; at least {fewest} are needed"]
    wrong = []
    if asked.response and whole[asked.response].nunique() == 1:
        wrong.append(f"{asked.response}: is {whole[asked.response].iloc[0]:.4g} in all {n} samples; nothing to explain")
    if asked.random and whole[asked.random].nunique() == 1:
        wrong.append(
            f"{asked.random}: all {n} samples are of {asked.random} {whole[asked.random].iloc[0]}; what differs "
            "between sites needs two at least. Leave --random out, or add sites"
        )
    for name in asked.predictors:
        wrong += [f"{name}: {found}" for found in _says_nothing(whole[name], n)]
    return wrong + list(_the_same(whole, asked))


def _says_nothing(values: pd.Series, n: int) -> list[str]:
    levels = values.nunique()
    if pd.api.types.is_numeric_dtype(values):
        spread = float(values.std())
        if levels == 1 or spread <= 1e-14 * float(values.abs().max()):
            return [f"is {values.iloc[0]:.4g} in all {n} samples that are complete; a constant explains nothing"]
        return []
    if levels == 1:
        return [f"is a factor with one level, {values.iloc[0]}, in the {n} samples that are complete; leave it out"]
    if levels * PER_LEVEL > n:
        return [
            f"is a factor with {levels} levels in {n} samples; at least {PER_LEVEL} samples a level are needed. "
            "A name is no predictor; for a site use --random"
        ]
    return []


def _the_same(whole: pd.DataFrame, asked: Columns) -> Iterator[str]:
    """Predictors that are another one, up to scale and shift."""
    numbers = whole[[c for c in asked.predictors if pd.api.types.is_numeric_dtype(whole[c])]]
    numbers = numbers.loc[:, numbers.nunique() > 1]
    if numbers.shape[1] < 2:
        return
    centred = (numbers - numbers.mean()).to_numpy()
    length = np.linalg.norm(centred, axis=0)
    if (length == 0).any():
        return
    r = (centred / length).T @ (centred / length)
    for i, j in zip(*np.triu_indices(r.shape[0], 1), strict=True):
        if abs(r[i, j]) > 1 - SAME:
            first, second = numbers.columns[i], numbers.columns[j]
            alike = "holds the same as" if np.array_equal(numbers[first], numbers[second]) else "is proportional to"
            yield f"{second}: {alike} {first} in every sample; leave one of them out"
