"""First components: one number for what the columns of a subgroup have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from talik.drivers.table import DriverTable


@dataclass(frozen=True)
class Component:
    """First principal component of some columns."""

    scores: NDArray[np.float64]
    """Its values, mean 0 and standard deviation 1, shape (n,)."""
    loadings: NDArray[np.float64]
    """Correlation of each column with it, shape (k,). [-]"""

    @property
    def share(self) -> float:
        """Part of the variance of the columns that it holds. [-]"""
        return float(np.mean(self.loadings**2))


def first_component(columns: ArrayLike) -> Component:
    """First principal component of columns, each scaled to unit standard deviation first.

    It points where its first column points, or, where that hardly takes part, the column that takes part most.

    Parameters
    ----------
    columns : array_like, shape (n, k)
        Columns, none of them constant.

    Returns
    -------
    Component

    Examples
    --------
    >>> found = first_component([[1, 9], [2, 7], [3, 6], [4, 4]])
    >>> found.loadings.round(2).tolist(), found.scores.round(2).tolist()
    ([1.0, -1.0], [-1.18, -0.31, 0.31, 1.18])
    """
    columns = np.asarray(columns, float)
    scaled = columns - columns.mean(axis=0)
    scaled = scaled / scaled.std(axis=0, ddof=1)
    left = np.linalg.svd(scaled, full_matrices=False)[0]
    scores = left[:, 0] * (len(columns) - 1) ** 0.5
    loadings = scaled.T @ scores / (len(columns) - 1)
    # Half of the strongest loading is taking part.
    leader = 0 if abs(loadings[0]) >= 0.5 * np.abs(loadings).max() else int(np.argmax(np.abs(loadings)))
    sign = np.sign(loadings[leader])
    return Component(scores * sign, loadings * sign)


def components_of(table: DriverTable, of: Mapping[str, Sequence[str]] | None = None) -> dict[str, Component]:
    """First component of every subgroup of a table.

    Parameters
    ----------
    table : DriverTable
        The table.
    of : mapping of str to sequence of str, optional
        Columns of each component; those of the subgroups where not given. ``table.groups`` makes one component
        a group, which hides members that act in opposite ways.

    Returns
    -------
    dict of str to Component
    """
    return {name: first_component(table.matrix(columns)) for name, columns in (of or table.subgroups).items()}


def opposed(component: Component, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns that fall where the component rises, so that its sign is not theirs.

    Parameters
    ----------
    component : Component
        The component.
    columns : sequence of str
        Names of its columns.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> opposed(first_component([[1, 9], [2, 7], [3, 6], [4, 4]]), ["clay", "sand"])
    ('sand',)
    """
    return tuple(name for name, loading in zip(columns, component.loadings, strict=True) if loading < 0)


def component_table(components: Mapping[str, Component], columns: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """What components are made of: a row a column of a subgroup, with its loading.

    Parameters
    ----------
    components : mapping of str to Component
        As from `components_of`.
    columns : mapping of str to sequence of str
        Columns of each.

    Returns
    -------
    DataFrame
        ``subgroup``, ``predictor``, ``loading``, ``share`` (of the variance of all its columns).
    """
    rows = [
        {"subgroup": name, "predictor": predictor, "loading": loading, "share": component.share}
        for name, component in components.items()
        for predictor, loading in zip(columns[name], component.loadings, strict=True)
    ]
    return pd.DataFrame(rows, columns=["subgroup", "predictor", "loading", "share"])


def table_of_components(table: DriverTable) -> DriverTable:
    """The same samples with the first component of each subgroup in place of its columns.

    Parameters
    ----------
    table : DriverTable
        The table.

    Returns
    -------
    DriverTable
        A column a subgroup, named as it.

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1], "clay": [8, 6, 12, 20, 15, 5],
    ...                       "silt": [30, 25, 33, 40, 36, 31], "ph": [6, 7, 7, 6, 8, 6]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay", "silt"], "environment": ["ph"]})
    >>> table_of_components(table).predictors.columns.to_list()
    ['mineral', 'environment']
    """
    made = components_of(table)
    own: dict[str, tuple[str, ...]] = {name: (name,) for name in made}
    groups: dict[str, tuple[str, ...]] = {}
    for name in made:
        groups[name.split("/")[0]] = (*groups.get(name.split("/")[0], ()), name)
    scaling = pd.DataFrame({"transform": "component", "mean": 0.0, "sd": 1.0, "reference": ""}, index=list(made))
    scores = pd.DataFrame({name: component.scores for name, component in made.items()})
    return replace(table, predictors=scores, groups=groups, subgroups=own, variables=own, scaling=scaling)
