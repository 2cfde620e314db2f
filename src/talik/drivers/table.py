"""The table of an attribution: a response, its error, and predictors in groups, one row a sample."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talik.drivers.columns import Columns, check_rows, complete, read_columns
from talik.errors import TableError, itemised, listed
from talik.problems import Problem, problem

COORDINATES = ("latitude", "longitude")
"""Columns of the place of a sample, unless others are named."""
FEWEST = 5
"""Samples that an attribution needs; with fewer every correlation may be chance."""
MUCH_LOST = 0.2
"""Part of the samples whose loss is a warning."""

_UNIT = re.compile(r"\s*\[[^\]]*\]\s*$")


@dataclass(frozen=True)
class DriverTable:
    """A response and what may drive it: complete rows, every predictor with mean 0 and standard deviation 1."""

    response: NDArray
    """What is explained, as analysed (after its logarithm, where that was asked for), shape (n,)."""
    response_name: str
    """Its name, as ``ln q10``."""
    error: NDArray | None
    """Standard deviation of each response, in its unit, shape (n,); None where it is not known."""
    predictors: pd.DataFrame
    """Predictors, shape (n, p): mean 0, standard deviation 1 (of n - 1). A factor has a column for each level
    but the commonest, named ``factor: level``."""
    groups: dict[str, tuple[str, ...]]
    """Columns of each group; every column is in one."""
    subgroups: dict[str, tuple[str, ...]]
    """Columns of each ``group/subgroup``; a group without subgroups stands under its own name."""
    variables: dict[str, tuple[str, ...]]
    """Columns of each variable: its own, or those of its levels."""
    scaling: pd.DataFrame
    """A row a column: ``transform`` (``ln`` or empty), ``mean`` and ``sd`` before scaling, ``reference``, the
    level that those of a factor are compared with."""
    site: NDArray
    """What samples share a random effect and are drawn together in a bootstrap, shape (n,). Without a random
    effect each sample is its own."""
    site_name: str
    """Column of the random effect; empty where none was named."""
    sample: NDArray
    """Names of the samples, shape (n,)."""
    coordinates: NDArray | None
    """Latitude and longitude, shape (n, 2), NaN where unknown; None where no sample has them. [degree]"""
    layer: NDArray | None
    """Layer of each sample, empty where it is unknown, shape (n,); None where the table has none."""
    lost: pd.DataFrame
    """Samples left out: ``sample`` and ``missing``, the columns that it lacks."""
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    """What is to be minded."""

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.response.size

    @property
    def group_of(self) -> dict[str, str]:
        """Group of each column."""
        return {column: group for group, columns in self.groups.items() for column in columns}

    @property
    def subgroup_of(self) -> dict[str, str]:
        """Subgroup of each column, as ``group/subgroup``."""
        return {column: subgroup for subgroup, columns in self.subgroups.items() for column in columns}

    def matrix(self, columns: Sequence[str]) -> NDArray:
        """Some of the predictors, shape (n, len(columns))."""
        return self.predictors[list(columns)].to_numpy(float)

    def of_rows(self, rows: NDArray) -> "DriverTable":
        """The samples chosen, their predictors scaled anew; those that no longer vary are left out.

        Parameters
        ----------
        rows : ndarray of bool or int
            Which samples.
        """
        chosen = self.predictors.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows]
        sd = chosen.std(ddof=1)
        kept = [c for c in chosen if sd[c] > 1e-10]
        scaled = (chosen[kept] - chosen[kept].mean()) / sd[kept]
        return replace(
            self,
            response=self.response[rows],
            error=None if self.error is None else self.error[rows],
            predictors=scaled.reset_index(drop=True),
            groups=_only(self.groups, kept),
            subgroups=_only(self.subgroups, kept),
            variables=_only(self.variables, kept),
            scaling=self.scaling.loc[kept].assign(
                mean=lambda old: old["mean"] + old["sd"] * chosen[kept].mean(), sd=lambda old: old["sd"] * sd[kept]
            ),
            site=self.site[rows],
            sample=self.sample[rows],
            coordinates=None if self.coordinates is None else self.coordinates[rows],
            layer=None if self.layer is None else self.layer[rows],
        )

    def layers(self) -> dict[str, "DriverTable"]:
        """The samples of each layer as a table of their own, layers of fewer than five left out."""
        if self.layer is None:
            return {}
        found = {str(name): self.layer == name for name in pd.unique(self.layer) if name}
        return {name: self.of_rows(rows) for name, rows in found.items() if rows.sum() >= FEWEST}


def _only(columns_of: Mapping[str, tuple[str, ...]], kept: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The names that still have columns, with those."""
    left = {name: tuple(c for c in columns if c in kept) for name, columns in columns_of.items()}
    return {name: columns for name, columns in left.items() if columns}


def driver_table(
    table: pd.DataFrame,
    *,
    response: str,
    groups: Mapping[str, Sequence[str]],
    error: str = "",
    log: Sequence[str] = (),
    random: str = "",
    layer: str = "layer",
    coordinates: tuple[str, str] = COORDINATES,
    sample: str = "sample",
) -> DriverTable:
    r"""The table of an attribution out of a table of samples, or everything that is wrong with it.

    A row is left out where its response, its error, its random effect or one of its predictors is missing; the
    loss is told. A predictor becomes :math:`z = (x - \bar x) / s`, after its natural logarithm where asked for,
    so that its effect is per standard deviation. A predictor of words is a factor.

    Parameters
    ----------
    table : DataFrame
        A row a sample. A unit in brackets behind a column's name is passed over.
    response : str
        Column to be explained.
    groups : mapping of str to sequence of str
        Predictors of each group, as ``{"mineral": ["clay"]}``, or of a subgroup:
        ``{"microbial/abundance": ["mbc"], "microbial/diversity": ["shannon"]}``.
    error : str, optional
        Column of the standard deviation of the response as analysed: of its logarithm, where that is taken.
    log : sequence of str, optional
        Columns whose natural logarithm is taken; the response may be among them.
    random : str, optional
        Column whose values share a random effect, as ``site``; without it each sample stands for itself.
    layer, coordinates, sample : str, optional
        Columns of the layer, the latitude and longitude, and the name of the sample, where the table has them.

    Returns
    -------
    DriverTable

    Raises
    ------
    TableError
        With everything that is wrong: columns that are not there, predictors that are constant, missing,
        twice there or in two groups, words among numbers, logarithms of nothing, samples twice, one site.

    Examples
    --------
    >>> soils = pd.DataFrame({"site": list("aabbcc"), "ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1],
    ...                       "clay [%]": [8, 6, 12, 20, 15, 5], "mbc": [400, 600, 500, 90, 200, 700]})
    >>> found = driver_table(soils, response="ln_q10", log=["mbc"], random="site",
    ...                      groups={"mineral": ["clay"], "microbial/abundance": ["mbc"]})
    >>> found.n, found.groups, found.predictors.round(2)["clay"].tolist()
    (6, {'mineral': ('clay',), 'microbial': ('mbc',)}, [-0.52, -0.86, 0.17, 1.55, 0.69, -1.04])
    >>> driver_table(soils, response="ln_q10", groups={"mineral": ["caly"]})
    Traceback (most recent call last):
        ...
    talik.errors.TableError: table of drivers: 1 problem
      group mineral: there is no column 'caly'; do you mean 'clay'?
    """
    named = table.rename(columns=lambda column: _UNIT.sub("", str(column)))
    members = {
        str(name): [each] if isinstance(each, str) else [str(one) for one in each] for name, each in groups.items()
    }
    asked = Columns(response, error, tuple(log), random, layer, coordinates, sample, members)
    columns, wrong = read_columns(named, asked)
    readable = asked.found_in(columns)
    whole, lost = complete(columns, readable)
    if len(whole) >= FEWEST or not len(lost):
        wrong += check_rows(whole, readable, FEWEST)
    elif not wrong:
        wrong = [_too_few(len(whole), len(named), lost)]
    if wrong:
        count = f"{len(wrong)} problem{'s' if len(wrong) > 1 else ''}"
        raise TableError(f"table of drivers: {count}\n{itemised(wrong, 20)}", wrong)
    made = _made(whole, asked, lost)
    return replace(made, problems=tuple(_told(made, asked)))


def _too_few(left: int, rows: int, lost: pd.DataFrame) -> str:
    counts = lost["missing"].str.split(", ").explode().value_counts()
    told = [f"{name} in {count}" for name, count in counts.items()]
    return (
        f"{left} of {rows} samples are complete; at least {FEWEST} are needed. Missing are {listed(told)}: "
        "leave a predictor out, or fill it in"
    )


def _made(whole: pd.DataFrame, asked: Columns, lost: pd.DataFrame) -> DriverTable:
    """The record of complete rows."""
    raw, variables, references = _numeric(whole, asked)
    mean, sd = raw.mean(), raw.std(ddof=1)
    scaling = pd.DataFrame({"transform": "", "mean": mean, "sd": sd, "reference": pd.Series(references)})
    scaling = scaling.loc[list(raw.columns)]
    scaling.loc[[c for c in asked.log if c in raw], "transform"] = "ln"
    subgroups: dict[str, tuple[str, ...]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for name, members in asked.groups.items():
        columns = tuple(column for member in members for column in variables[member])
        subgroups[name] = columns
        group = name.split("/")[0]
        groups[group] = groups.get(group, ()) + columns
    place = whole[list(asked.coordinates)].to_numpy(float) if asked.coordinates[0] in whole else None
    return DriverTable(
        response=whole[asked.response].to_numpy(float),
        response_name=f"ln {asked.response}" if asked.response in asked.log else asked.response,
        error=whole[asked.error].to_numpy(float) if asked.error else None,
        predictors=((raw - mean) / sd).reset_index(drop=True),
        groups=groups,
        subgroups=subgroups,
        variables=variables,
        scaling=scaling,
        site=(whole[asked.random] if asked.random else whole[asked.sample]).astype(str).to_numpy(object),
        site_name=asked.random,
        sample=whole[asked.sample].astype(str).to_numpy(object),
        coordinates=None if place is None or np.isnan(place).all() else place,
        layer=whole[asked.layer].fillna("").astype(str).to_numpy(object) if asked.layer in whole else None,
        lost=lost,
    )


def _numeric(whole: pd.DataFrame, asked: Columns) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]], dict[str, str]]:
    """Columns of numbers, those of each variable, and the reference level of those of factors."""
    made: dict[str, pd.Series] = {}
    variables: dict[str, tuple[str, ...]] = {}
    references: dict[str, str] = {}
    for name in asked.predictors:
        if pd.api.types.is_numeric_dtype(whole[name]):
            made[name], variables[name], references[name] = whole[name], (name,), ""
            continue
        commonest, *levels = whole[name].value_counts().sort_index().sort_values(ascending=False, kind="stable").index
        variables[name] = tuple(f"{name}: {level}" for level in sorted(levels))
        made |= {f"{name}: {level}": (whole[name] == level).astype(float) for level in levels}
        references |= dict.fromkeys(variables[name], str(commonest))
    order = [column for name in asked.predictors for column in variables[name]]
    return pd.DataFrame(made)[order], variables, references


def _told(made: DriverTable, asked: Columns) -> list[Problem]:
    """What is to be minded of a table that can be used."""
    told = []

    def tell(rule: str, **parts: str) -> None:
        told.append(problem(rule, stage="drivers", **parts))

    if len(made.lost):
        counts = made.lost["missing"].str.split(", ").explode().value_counts()
        many = len(made.lost) > MUCH_LOST * (made.n + len(made.lost))
        tell(
            "driver-rows-lost",
            severity="warning" if many else "info",
            where=listed([f"sample {name}" for name in made.lost["sample"]]),
            found=f"{len(made.lost)} of {made.n + len(made.lost)} samples lack "
            + listed([f"{name} ({count})" for name, count in counts.items()]),
            done="left out of every method",
        )
    if made.error is None:
        tell(
            "driver-error-unknown",
            column=made.response_name,
            found="no error of the response is given",
            needed="a column of its standard deviation",
            done="all samples weigh the same",
        )
    elif asked.response in asked.log:
        tell(
            "driver-error-of-logarithm",
            column=asked.error,
            found=f"taken as the standard deviation of {made.response_name}, at the median "
            f"{np.median(made.error):.3g}; that of {asked.response} would be divided by it first",
        )
    columns = made.predictors.shape[1]
    if columns > made.n - 2:
        tell(
            "driver-many",
            found=f"{columns} predictors and {made.n} samples",
            needed=f"at most {made.n - 2} at once",
            done="methods that need all at once take components of the subgroups, or a selection",
        )
    if asked.random and pd.unique(made.site).size == made.n:
        tell(
            "driver-site-of-one",
            column=asked.random,
            found=f"each {asked.random} has one sample",
            done="its random effect is not told from the residual and is left out",
        )
    return told
