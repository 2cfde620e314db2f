"""Which predictors go with the response: zero-order and partial correlation, with intervals by site."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from talik.drivers.moments import (
    NOTHING_LEFT,
    correlation_matrices,
    partial_correlations,
    products_by_site,
    rank_correlation_matrices,
    site_codes,
    swept,
)
from talik.drivers.table import DriverTable
from talik.inference.resampling import each_left_out
from talik.tables import typed

Correlation = Literal["pearson", "spearman"]

ALL_OTHERS = "all others"
"""What is controlled when every other variable is."""


def false_discovery(p: pd.Series) -> pd.Series:
    r"""The p of many tests, adjusted so that on average so many of the discoveries are false.

    .. math:: p_{(i)}^* = \min_{j \ge i} \min\big(1, \tfrac{m}{j} p_{(j)}\big)

    (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, 289-300.) Missing p are passed over and not counted.

    Parameters
    ----------
    p : Series
        p of the tests made together. [-]

    Returns
    -------
    Series

    Examples
    --------
    >>> false_discovery(pd.Series([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    made = pd.Series(np.nan, index=p.index)
    there = p.notna()
    if there.any():
        made[there] = stats.false_discovery_control(p[there].to_numpy(float))
    return made


def driver_correlations(
    table: DriverTable, method: Correlation = "pearson", *, weights: ArrayLike | None = None
) -> pd.DataFrame:
    r"""Correlation of each predictor with the response.

    The interval is on Fisher's :math:`z = \mathrm{artanh}\, r`. Where each sample is its own site it is

    .. math:: z \pm 1.96 \sqrt{\frac{1 + c}{n - 3}}, \qquad c = 0, \text{ for ranks } r^2/2

    and p comes from :math:`t = r \sqrt{(n-2)/(1-r^2)}`. Where sites have several samples these would take samples
    of one site for independent: with 12 sites of 3 samples, 13 of 100 correlations of nothing were then found at
    p < 0.05. There both come from the jackknife by site, with :math:`z_{(s)}` without site s of S:

    .. math:: z \pm t_{S-2}\, s_z, \qquad s_z^2 = \frac{S - 1}{S} \sum_{s=1}^{S} (z_{(s)} - \bar z)^2

    The calibration shows how often they hold, and the BCa bootstrap by site, which holds less often, beside them.
    p is adjusted over the predictors.

    Parameters
    ----------
    table : DriverTable
        Response and predictors.
    method : {"pearson", "spearman"}
        Of the values, or of their ranks.
    weights : array_like, shape (n,), optional
        Of the samples, as from `talik.drivers.reliability.reliability`; all alike by default.

    Returns
    -------
    DataFrame
        The table ``drivers_correlation``, a row a predictor.

    References
    ----------
    Fisher (1921), Metron 1, 3-32; Bonett and Wright (2000), Psychometrika 65, 23-28 (ranks);
    Hinkley (1978), Biometrika 65, 13-21 (jackknife of correlations).

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1], "clay": [8, 6, 12, 20, 15, 5.0]})
    >>> found = driver_correlations(driver_table(soils, response="ln_q10", groups={"mineral": ["clay"]}))
    >>> found[["predictor", "estimate", "lower", "upper"]].round(2).values.tolist()
    [['clay', -0.94, -0.99, -0.54]]
    """
    whole, left_out = _matrices(table, method, weights)
    columns = list(table.predictors.columns)
    found = _with_intervals(table, whole[0, 1:], left_out[:, 0, 1:], np.zeros(len(columns)), method)
    found = _named(table, columns, method).join(found)
    return typed("drivers_correlation", found.assign(p_adjusted=false_discovery(found["p"])))


def driver_partial_correlations(
    table: DriverTable, method: Correlation = "pearson", *, weights: ArrayLike | None = None
) -> pd.DataFrame:
    r"""Correlation of each predictor with the response, each other group held, and all others held.

    .. math:: r_{yx \cdot Z} = \mathrm{corr}\big(y - \hat y(Z),\, x - \hat x(Z)\big)

    with the intervals and p of `driver_correlations`, whose degrees of freedom are less by the columns of Z.
    A correlation that drops when a group is held was shared with that group; one that rises was hidden by it.

    Parameters
    ----------
    table : DriverTable
        Response and predictors in groups.
    method : {"pearson", "spearman"}
        Of the values, or of their ranks.
    weights : array_like, shape (n,), optional
        Of the samples, as from `talik.drivers.reliability.reliability`; all alike by default.

    Returns
    -------
    DataFrame
        The table ``drivers_partial``, a row a predictor and group that is held (``controlled``), with the
        zero-order correlation beside it; p adjusted over the predictors of each.

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9], "clay": [8, 6, 12, 20, 15, 5.0, 9],
    ...                       "ph": [6.2, 7.5, 6.6, 7.4, 7.9, 6.6, 6.9]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"], "environment": ["ph"]})
    >>> found = driver_partial_correlations(table)
    >>> found.loc[found["predictor"] == "clay", ["controlled", "zero_order", "estimate"]].round(2).values.tolist()
    [['environment', -0.94, -0.93]]
    """
    matrices = _matrices(table, method, weights)
    parts = [_controlling(table, matrices, method, *held) for held in _controls(table)]
    if not parts:
        return typed("drivers_partial", pd.DataFrame())
    return typed("drivers_partial", pd.concat(parts, ignore_index=True))


def _matrices(table: DriverTable, method: Correlation, weights: ArrayLike | None = None) -> tuple[NDArray, NDArray]:
    """Correlation matrices of all sites, shape (m, m), and without each, shape (sites, m, m); response first."""
    columns = np.column_stack([table.response - table.response.mean(), table.predictors.to_numpy(float)])
    codes, sites = site_codes(table.site)
    weights = np.ones(table.n) if weights is None else np.asarray(weights, float)
    if method == "spearman":
        # Every sample stands as often as it weighs, those of the site that is left out not at all.
        whole = rank_correlation_matrices(columns, np.arange(table.n), weights[None])[0]
        often = weights * each_left_out(sites)[:, codes]
        return whole, rank_correlation_matrices(columns, np.arange(table.n), often)
    products = products_by_site(columns, codes, weights=weights)
    together = products.sum(axis=0)
    return correlation_matrices(together), correlation_matrices(together - products)


def _controls(table: DriverTable) -> list[tuple[str, list[str], list[str]]]:
    """What is held, its columns, and the predictors that are then looked at."""
    columns = list(table.predictors.columns)
    held = []
    if len(table.groups) > 1:
        for group, members in table.groups.items():
            held.append((group, list(members), [c for c in columns if c not in members]))
    if len(table.groups) > 2 or len(table.groups) < len(table.variables) > 1:
        for own in table.variables.values():
            held.append((ALL_OTHERS, [c for c in columns if c not in own], list(own)))
    return held


def _controlling(
    table: DriverTable, matrices: tuple[NDArray, NDArray], method: str, name: str, held: list[str], looked: list[str]
) -> pd.DataFrame:
    whole, left_out = matrices
    place = {column: i for i, column in enumerate(table.predictors.columns, 1)}
    controls, chosen = np.array([place[c] for c in held]), np.array([place[c] for c in looked])
    free = np.full(len(looked), _independent(whole, controls))
    r = partial_correlations(whole, controls)[chosen]
    without = partial_correlations(left_out, controls)[:, chosen]
    found = _named(table, looked, method).join(_with_intervals(table, r, without, free, method))
    return found.assign(controlled=name, zero_order=whole[0, chosen], p_adjusted=false_discovery(found["p"]))


def explained_by(table: DriverTable, columns: list[str], weights: ArrayLike) -> tuple[float, int]:
    """R² of the response by some columns, and how many of them do not depend on the others.

    Parameters
    ----------
    table : DriverTable
        Response and predictors.
    columns : list of str
        The columns.
    weights : array_like, shape (n,)
        Of the samples.

    Returns
    -------
    float, int
    """
    whole, _ = _matrices(table, "pearson", weights)
    place = np.array([table.predictors.columns.get_loc(c) + 1 for c in columns], int)
    return 1 - float(swept(whole, place)[0, 0]), _independent(whole, place)


def _independent(matrix: NDArray, columns: NDArray) -> int:
    """How many of some columns do not depend on those before them."""
    count, left = 0, matrix
    for column in columns:
        count += int(left[column, column] > NOTHING_LEFT)
        left = swept(left, np.array([column]))
    return count


def _named(table: DriverTable, columns: list[str], method: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "response": table.response_name,
            "predictor": columns,
            "group": [table.group_of[c] for c in columns],
            "subgroup": [table.subgroup_of[c] for c in columns],
            "method": method,
            "n": table.n,
            "sites": pd.unique(table.site).size,
        }
    )


def _with_intervals(table: DriverTable, r: NDArray, without: NDArray, held: NDArray, method: str) -> pd.DataFrame:
    """Estimate, interval, degrees of freedom, p and what is to be minded of correlations."""
    sites = without.shape[0]
    several = sites < table.n
    free = sites - 2 - held.astype(float)
    enough = free >= (1 if several else 2)
    free = np.where(enough, free, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.arctanh(r)
        if several:
            error = _jackknife_error(np.arctanh(without))
            half = stats.t.ppf(0.975, free) * error
            t = z / error
        else:
            ranks = r**2 / 2 if method == "spearman" else 0.0
            half = stats.norm.ppf(0.975) * np.sqrt((1 + ranks) / (free - 1))
            t = r * np.sqrt(free / (1 - r**2))
        p = 2 * stats.t.sf(np.abs(t), free)
        lower, upper = np.tanh(z - half), np.tanh(z + half)
    flags = [
        f"none: {table.n} samples of {sites} sites are too few to hold {int(h)} columns" if not there
        else "none: what is held leaves nothing of it" if np.isnan(value)
        else ""
        for there, value, h in zip(enough, r, held, strict=True)
    ]  # fmt: skip
    estimate = np.where(enough, r, np.nan)
    return pd.DataFrame({"estimate": estimate, "lower": lower, "upper": upper, "freedom": free, "p": p, "flag": flags})


def _jackknife_error(without: NDArray) -> NDArray:
    """Standard error of statistics out of those without each site; NaN where one is not defined."""
    sites = without.shape[0]
    error = np.sqrt((sites - 1) / sites * np.sum((without - without.mean(axis=0)) ** 2, axis=0))
    return np.where(np.isfinite(error), error, np.nan)
