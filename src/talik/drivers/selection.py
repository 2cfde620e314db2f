"""Forward selection of predictors that stops twice."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from talik.drivers.moments import correlation_matrices, products_by_site, site_codes
from talik.drivers.permutation import unique_test
from talik.drivers.shares import adjusted, r2_of_subsets
from talik.drivers.table import DriverTable
from talik.errors import InputError
from talik.tables import typed


@dataclass(frozen=True)
class Selection:
    """Predictors chosen one after the other."""

    chosen: tuple[str, ...]
    """Variables chosen, in order."""
    steps: pd.DataFrame
    """A row a step, the one that was refused last: ``variable``, ``r2``, ``adjusted``, ``f``, ``p``."""
    adjusted_of_all: float
    """Adjusted R² of all variables, which the selection does not pass. [-]"""
    p_of_all: float
    """The p of the test of all variables at once. [-]"""
    reason: str
    """Why the selection ended."""

    @property
    def added(self) -> dict[str, float]:
        """By how much each variable chosen raised the adjusted R² in its step. [-]"""
        reached = self.steps["adjusted"].to_numpy(float)[: len(self.chosen)]
        return dict(zip(self.chosen, np.diff(reached, prepend=0.0).tolist(), strict=True))


def forward_selection(
    table: DriverTable,
    *,
    weights: ArrayLike | None = None,
    alpha: float = 0.05,
    permutations: int = 999,
    seed: int = 1,
) -> Selection:
    """Forward selection with both stopping rules of Blanchet et al.

    Nothing is chosen unless all variables together explain more than chance. Then the variable that adds most to
    R² is taken, as long as its permutation p is at most alpha and the adjusted R² does not pass that of all
    variables. Without these rules a selection finds drivers in noise; still, p and intervals of a model of
    what was chosen are too good, since the same samples chose.

    Parameters
    ----------
    table : DriverTable
        Response and predictors; a factor is taken whole.
    weights : array_like, shape (n,), optional
        Of the samples, as from `talik.drivers.reliability.reliability`; all alike by default.
    alpha : float, default 0.05
        Level of the tests.
    permutations : int, default 999
        Of each test.
    seed : int, default 1
        Of the random numbers.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        For more columns than samples can tell apart: then there is no R² of all to stop at.

    References
    ----------
    Blanchet, Legendre and Borcard (2008), Ecology 89, 2623-2632, doi 10.1890/07-0986.1.

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9, 0.6], "ph": [6, 7, 7, 6, 8, 6, 7, 8.0],
    ...                       "clay": [8, 6, 12, 20, 15, 5.0, 9, 17], "cn": [16, 17, 14, 16, 16, 18, 15, 11]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"], "other": ["cn", "ph"]})
    >>> found = forward_selection(table)
    >>> found.chosen, found.reason
    (('clay',), 'with cn the adjusted R² would pass that of all variables (0.962 above 0.961)')
    """
    columns = table.predictors.shape[1]
    if columns > table.n - 2:
        raise InputError(
            f"{columns} columns in {table.n} samples leave no adjusted R² of all to stop at. Select within one group "
            "after the other, or take a component of each subgroup."
        )
    codes, _ = site_codes(table.site)
    weights = np.ones(table.n) if weights is None else np.asarray(weights, float)
    tests: dict[str, Any] = {"permutations": permutations, "seed": seed, "weights": weights}
    everything = table.predictors.to_numpy(float)
    _, p_all = unique_test(table.response, everything, np.zeros((table.n, 0)), codes, **tests)
    limit = _adjusted(table, list(table.predictors.columns), weights)[1]
    if not p_all <= alpha:
        reason = f"all variables together explain no more than chance (p = {p_all:.3g})"
        return Selection((), _steps([]), limit, p_all, reason)
    chosen: list[str] = []
    steps: list[dict] = []
    reason = "all variables were taken"
    while len(chosen) < len(table.variables):
        best = max((v for v in table.variables if v not in chosen), key=lambda v: _r2(table, [*chosen, v], weights))
        held = [c for v in chosen for c in table.variables[v]]
        f, p = unique_test(table.response, table.matrix(table.variables[best]), table.matrix(held), codes, **tests)
        r2, now = _adjusted(table, [*held, *table.variables[best]], weights)
        steps.append({"variable": best, "r2": r2, "adjusted": now, "f": f, "p": p})
        if not p <= alpha:
            reason = f"{best} would add no more than chance (p = {p:.3g})"
            break
        # All taken at last have the adjusted R² of all, up to rounding.
        if now > limit + 1e-9:
            reason = f"with {best} the adjusted R² would pass that of all variables ({now:.3f} above {limit:.3f})"
            break
        chosen.append(best)
    return Selection(tuple(chosen), _steps(steps), limit, p_all, reason)


def _steps(rows: list[dict]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["variable", "r2", "adjusted", "f", "p"])


def _r2(table: DriverTable, variables: list[str], weights: NDArray) -> float:
    return _adjusted(table, [c for v in variables for c in table.variables[v]], weights)[0]


def _adjusted(table: DriverTable, columns: list[str], weights: NDArray) -> tuple[float, float]:
    """R² and adjusted R² of some columns."""
    values: NDArray = np.column_stack([table.response - table.response.mean(), table.matrix(columns)])
    matrix = correlation_matrices(products_by_site(values, np.zeros(table.n, int), weights=weights)[0])
    r2, rank = r2_of_subsets(matrix, [list(range(1, 1 + len(columns)))])
    return float(r2[-1]), float(adjusted(r2, table.n, rank)[-1])


def selection_table(table: DriverTable, *, permutations: int = 999, seed: int = 1) -> pd.DataFrame:
    """A forward selection as the table ``drivers_selection``.

    Parameters
    ----------
    table : DriverTable
        Response and predictors.
    permutations : int, default 999
        Of each test.
    seed : int, default 1
        Of the random numbers.

    Returns
    -------
    DataFrame
        First the test of all variables at once, whose adjusted R² is the limit; then a row a step with the adjusted
        R² reached. The last says why the selection ended.

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9, 0.6], "ph": [6, 7, 7, 6, 8, 6, 7, 8.0],
    ...                       "clay": [8, 6, 12, 20, 15, 5.0, 9, 17], "cn": [16, 17, 14, 16, 16, 18, 15, 11]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"], "other": ["cn", "ph"]})
    >>> selection_table(table)[["step", "predictor", "taken"]].values.tolist()
    [[0.0, 'all at once', 'limit'], [1.0, 'clay', 'taken'], [2.0, 'cn', 'refused']]
    """
    found = forward_selection(table, permutations=permutations, seed=seed)
    every = {"step": 0, "predictor": "all at once", "estimate": found.adjusted_of_all, "p": found.p_of_all,
             "taken": "limit"}  # fmt: skip
    rows = [every]
    for step, one in enumerate(found.steps.itertuples(), start=1):
        own = table.variables[one.variable][0]
        rows.append({
            "step": step, "predictor": one.variable, "subgroup": table.subgroup_of[own], "group": table.group_of[own],
            "estimate": one.adjusted, "p": one.p, "taken": "taken" if step <= len(found.chosen) else "refused",
        })  # fmt: skip
    made = pd.DataFrame(rows).assign(
        response=table.response_name, method="forward selection, double stopping", n=table.n,
        sites=pd.unique(table.site).size, flag="",
    )  # fmt: skip
    made.loc[made.index[-1], "flag"] = found.reason
    return typed("drivers_selection", made)
