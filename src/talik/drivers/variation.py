"""How much of the response groups of predictors explain, each alone and together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from talik.drivers.moments import correlation_matrices, products_by_site, site_codes
from talik.drivers.permutation import unique_test
from talik.drivers.shares import adjusted, fractions, r2_of_subsets
from talik.drivers.table import DriverTable
from talik.errors import InputError, listed
from talik.inference.resampling import MOST_UNDEFINED, SITES_A_COLUMN, draws_of_sites
from talik.tables import typed

FEWEST_GROUPS, MOST_GROUPS = 2, 4
"""Groups that one partitioning takes."""

NEGATIVE_UNIQUE = "negative: explains less than as many random columns would; read it as nothing"
NEGATIVE_SHARED = (
    "negative: together they explain more than the sum of each, as where one hides the other (suppression), or "
    "chance; it is no share of the variance"
)

NO_INTERVAL = f"no interval: a bootstrap needs {SITES_A_COLUMN} sites for each column; take components of subgroups"
"""Flag of what has no interval."""


def parts_of(table: DriverTable, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Columns of groups or subgroups by their names.

    Parameters
    ----------
    table : DriverTable
        Predictors in groups.
    names : sequence of str
        Groups or subgroups; no column may be in two.

    Returns
    -------
    dict of str to tuple of str

    Raises
    ------
    InputError
        For a name that there is not, or a column named twice.
    """
    known = {**table.subgroups, **table.groups}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"no group is called {listed(unknown)}; there are {listed(list(known), 20)}.", unknown)
    chosen = [column for name in names for column in known[name]]
    twice = sorted({column for column in chosen if chosen.count(column) > 1})
    if twice:
        raise InputError(f"{listed(twice)}: in two of {listed(list(names))}; take groups, or subgroups.", twice)
    return {name: known[name] for name in names}


def variation_partitioning(
    table: DriverTable,
    groups: Sequence[str] = (),
    *,
    weights: ArrayLike | None = None,
    permutations: int = 999,
    resamples: int = 999,
    seed: int = 1,
) -> pd.DataFrame:
    r"""Variation partitioning of two to four groups by adjusted R².

    :math:`R^2_a` of every union of groups, solved by inclusion and exclusion for the fractions that one group
    explains alone (``unique``) and that groups share. Fractions add to the :math:`R^2_a` of all groups.
    Shared fractions are no parameters of a model and have no test; unique ones are tested by `unique_test`.
    A negative fraction is kept and explained. Intervals are quantiles of the bootstrap by site, for four sites a
    column or more.

    Parameters
    ----------
    table : DriverTable
        Response and predictors in groups.
    groups : sequence of str, optional
        Two to four groups or subgroups; all groups by default.
    weights : array_like, shape (n,), optional
        Of the samples, as from `talik.drivers.reliability.reliability`; all alike by default. Tests pass over them.
    permutations, resamples : int, default 999
        Of each test, and of the bootstrap.
    seed : int, default 1
        Of the random numbers.

    Returns
    -------
    DataFrame
        The table ``drivers_variation``, a row a fraction, then those of all and the unexplained.

    Raises
    ------
    InputError
        For fewer than two or more than four groups, or more columns than samples can tell apart.

    References
    ----------
    Borcard, Legendre and Drapeau (1992), Ecology 73, 1045-1055, doi 10.2307/1940179;
    Peres-Neto, Legendre, Dray and Borcard (2006), Ecology 87, 2614-2625 (adjusted R²).

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9], "clay": [8, 6, 12, 20, 15, 5.0, 9],
    ...                       "ph": [6.2, 7.5, 6.6, 7.4, 7.9, 6.6, 6.9]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"], "environment": ["ph"]})
    >>> found = variation_partitioning(table, permutations=99, resamples=99)
    >>> dict(zip(found["fraction"], found["estimate"].round(2)))
    {'mineral': 0.84, 'environment': -0.03, 'mineral and environment': 0.02, 'all': 0.83, 'unexplained': 0.17}
    """
    parts = _some_parts(table, groups, MOST_GROUPS)
    products, sites = _products(table, weights)
    columns, indices = _indexed(table, parts)
    r2, ranks = r2_of_subsets(correlation_matrices(products.sum(axis=0)), indices)
    if table.n - ranks[-1] - 1 < 1:
        raise InputError(
            f"{len(columns)} columns in {table.n} samples leave nothing to adjust R² by; at most {table.n - 2} can be "
            "taken. Take a component of each subgroup, or a forward selection."
        )
    counts = draws_of_sites(sites, resamples, seed)
    drawn, drawn_ranks = r2_of_subsets(correlation_matrices(np.tensordot(counts, products, 1)), indices)
    rows = _fractions_table(list(parts), adjusted(r2, table.n, ranks))
    resampled = _all_fractions(adjusted(drawn, np.asarray(counts @ _sizes(table))[:, None], drawn_ranks))
    lower, upper = quantiles(resampled, few=sites < SITES_A_COLUMN * ranks[-1])
    p = [_p_unique(table, parts, i, permutations, seed) for i in range(len(parts))]
    p += [np.nan] * (len(rows) - len(parts))
    found = rows.assign(lower=lower, upper=upper, p=p, method="adjusted R2")
    return _finished(table, found)


def commonality(table: DriverTable, groups: Sequence[str] = (), *, resamples: int = 999, seed: int = 1) -> pd.DataFrame:
    """Commonality analysis: what groups explain of R² alone and together, not adjusted.

    As `variation_partitioning`, of R² itself; so the fractions, each split evenly among the groups that share
    it, are the shares of `driver_importance` with method ``lmg``. For any number of groups up to six.

    Parameters
    ----------
    table : DriverTable
        Response and predictors in groups.
    groups : sequence of str, optional
        Groups or subgroups; all groups by default.
    resamples : int, default 999
        Of the bootstrap.
    seed : int, default 1
        Of the random numbers.

    Returns
    -------
    DataFrame
        The table ``drivers_variation``.

    References
    ----------
    Nimon and Reio (2011), Hum. Resour. Dev. Rev. 10, 329-340, doi 10.1177/1534484311411077.

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9], "clay": [8, 6, 12, 20, 15, 5.0, 9],
    ...                       "ph": [6.2, 7.5, 6.6, 7.4, 7.9, 6.6, 6.9]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"], "environment": ["ph"]})
    >>> commonality(table, resamples=99)["estimate"].round(2).tolist()
    [0.73, 0.0, 0.15, 0.88, 0.12]
    """
    parts = _some_parts(table, groups, 6)
    products, sites = _products(table)
    _, indices = _indexed(table, parts)
    r2, ranks = r2_of_subsets(correlation_matrices(products.sum(axis=0)), indices)
    counts = draws_of_sites(sites, resamples, seed)
    drawn, _ = r2_of_subsets(correlation_matrices(np.tensordot(counts, products, 1)), indices)
    lower, upper = quantiles(_all_fractions(drawn), few=sites < SITES_A_COLUMN * ranks[-1])
    found = _fractions_table(list(parts), r2).assign(lower=lower, upper=upper, p=np.nan, method="R2")
    return _finished(table, found)


def _some_parts(table: DriverTable, groups: Sequence[str], most: int) -> dict[str, tuple[str, ...]]:
    parts = parts_of(table, tuple(groups) or tuple(table.groups))
    if not FEWEST_GROUPS <= len(parts) <= most:
        known = listed(list({**table.groups, **table.subgroups}), 20)
        raise InputError(
            f"{len(parts)} group{'s' * (len(parts) != 1)} cannot be partitioned: between {FEWEST_GROUPS} and {most} "
            f"are needed. Name some of {known}."
        )
    return parts


def _products(table: DriverTable, weights: ArrayLike | None = None) -> tuple[NDArray, int]:
    codes, sites = site_codes(table.site)
    response = table.response - table.response.mean()
    columns = np.column_stack([response, table.predictors.to_numpy(float)])
    return products_by_site(columns, codes, weights=weights), sites


def _sizes(table: DriverTable) -> NDArray:
    """Samples of each site."""
    codes, _ = site_codes(table.site)
    return np.bincount(codes).astype(float)


def _indexed(table: DriverTable, parts: dict[str, tuple[str, ...]]) -> tuple[list[str], list[list[int]]]:
    place = {column: i for i, column in enumerate(table.predictors.columns, 1)}
    return [c for members in parts.values() for c in members], [[place[c] for c in m] for m in parts.values()]


def _order(k: int) -> NDArray:
    """Subsets by how many parts share, then in the order of the parts."""
    subsets = range(1, 2**k)
    members = {s: [j for j in range(k) if s >> j & 1] for s in subsets}
    return np.array(sorted(subsets, key=lambda s: (len(members[s]), members[s])))


def _all_fractions(values: NDArray) -> NDArray:
    """Fractions in order, then the value of all and what is left of 1; shape (..., 2**k + 1)."""
    k = values.shape[-1].bit_length() - 1
    total = values[..., -1:]
    return np.concatenate([fractions(values)[..., _order(k)], total, 1 - total], axis=-1)


def _fractions_table(names: list[str], values: NDArray) -> pd.DataFrame:
    order = _order(len(names))
    shared = [[name for j, name in enumerate(names) if s >> j & 1] for s in order]
    told = [" and ".join([", ".join(m[:-1]), m[-1]] if len(m) > 1 else m) for m in shared]
    kinds = ["unique" if len(m) == 1 else "shared" for m in shared]
    estimates = _all_fractions(values)
    negative = {"unique": NEGATIVE_UNIQUE, "shared": NEGATIVE_SHARED}
    flags = [negative[kind] if e < 0 else "" for kind, e in zip(kinds, estimates[:-2], strict=True)]
    return pd.DataFrame(
        {
            "fraction": [*told, "all", "unexplained"],
            "kind": [*kinds, "total", "unexplained"],
            "estimate": estimates,
            "flag": [*flags, "", ""],
        }
    )


def quantiles(resampled: NDArray, *, few: bool) -> tuple[NDArray, NDArray]:
    """Ends of the intervals; none with few sites a column, or where a tenth of the resamples is undefined.

    Parameters
    ----------
    resampled : ndarray, shape (resamples, k)
        Statistics of each resample.
    few : bool
        Whether there are fewer sites for each column than a bootstrap needs.

    Returns
    -------
    ndarray, ndarray
    """
    none = few | (np.isnan(resampled).mean(axis=0) > MOST_UNDEFINED)
    ends = np.nanquantile(np.where(none, 0.0, resampled), [0.025, 0.975], axis=0)
    lower, upper = np.where(none, np.nan, ends)
    return lower, upper


def _p_unique(table: DriverTable, parts: dict[str, tuple[str, ...]], index: int, permutations: int, seed: int) -> float:
    names = list(parts)
    own = table.matrix(parts[names[index]])
    others = table.matrix([c for name in names if name != names[index] for c in parts[name]])
    codes, _ = site_codes(table.site)
    return unique_test(table.response, own, others, codes, permutations=permutations, seed=seed)[1]


def _finished(table: DriverTable, found: pd.DataFrame) -> pd.DataFrame:
    unknown = found["lower"].isna()
    flags = [f"{flag}; {NO_INTERVAL}" if flag else NO_INTERVAL for flag in found["flag"]]
    found = found.assign(flag=found["flag"].where(~unknown, flags))
    sites = pd.unique(table.site).size
    return typed("drivers_variation", found.assign(response=table.response_name, n=table.n, sites=sites))
