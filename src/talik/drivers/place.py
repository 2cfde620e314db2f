"""Place as a group of predictors: how much drivers explain that place alone would explain as well."""

from dataclasses import replace

import pandas as pd
from numpy.typing import ArrayLike

from talik.drivers.selection import forward_selection
from talik.drivers.table import DriverTable
from talik.spatial.eigenvectors import spatial_patterns

DRIVERS, PLACE = "drivers", "place"
"""The two groups: all predictors, and patterns in space."""


def table_of_place(
    table: DriverTable, distance: ArrayLike, *, permutations: int = 999, seed: int = 1
) -> DriverTable | None:
    """The same samples with two groups: all predictors, and the patterns in space that the response follows.

    Patterns are the eigenvectors of `talik.spatial.eigenvectors.spatial_patterns`, of which a forward selection with
    double stopping chooses, as there are about half as many as sites. Variation partitioning of the two groups then
    tells what drivers explain that follows no pattern in space, and what may be theirs or that of anything else
    that lies in space as they do.

    Parameters
    ----------
    table : DriverTable
        Response and predictors, or components of the subgroups where samples are few.
    distance : array_like, shape (n, n)
        Distances of the samples.
    permutations : int, default 999
        Of each test of the selection.
    seed : int, default 1
        Of the random numbers.

    Returns
    -------
    DriverTable or None
        None where the response follows no pattern.

    References
    ----------
    Dray et al. (2012), Ecol. Monogr. 82, 257-275, doi 10.1890/11-1183.1;
    Blanchet, Legendre and Borcard (2008), Ecology 89, 2623-2632, doi 10.1890/07-0986.1.

    Examples
    --------
    >>> import numpy as np
    >>> from talik.drivers import driver_table
    >>> along = np.linspace(0, 3, 30)
    >>> rng = np.random.default_rng(1)
    >>> soils = pd.DataFrame({"ln_q10": np.sin(along) + 0.2 * rng.standard_normal(30), "clay": rng.random(30)})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"]})
    >>> found = table_of_place(table, np.abs(np.subtract.outer(along, along)))
    >>> found.groups["drivers"], found.groups["place"][:2]
    (('clay',), ('pattern 2', 'pattern 4'))
    """
    vectors = spatial_patterns(distance).vectors
    # A column must be left for the test of all at once.
    vectors = vectors[:, : table.n - 2]
    if not vectors.shape[1]:
        return None
    names = [f"pattern {i + 1}" for i in range(vectors.shape[1])]
    patterns = pd.DataFrame(vectors / vectors.std(axis=0, ddof=1), columns=names)
    alone = _of(table, patterns, {PLACE: tuple(names)})
    chosen = forward_selection(alone, permutations=permutations, seed=seed).chosen
    if not chosen:
        return None
    both = pd.concat([table.predictors.reset_index(drop=True), patterns[list(chosen)]], axis=1)
    return _of(table, both, {DRIVERS: tuple(table.predictors.columns), PLACE: chosen})


def _of(table: DriverTable, predictors: pd.DataFrame, groups: dict[str, tuple[str, ...]]) -> DriverTable:
    """The samples with other predictors."""
    own: dict[str, tuple[str, ...]] = {str(name): (str(name),) for name in predictors}
    scaling = pd.DataFrame({"transform": "", "mean": 0.0, "sd": 1.0, "reference": ""}, index=list(own))
    return replace(table, predictors=predictors, groups=groups, subgroups=groups, variables=own, scaling=scaling)
