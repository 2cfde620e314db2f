"""What drives Q10: the whole attribution of 60 samples and 11 predictors, and shares of 12 predictors."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.measure import Case, in_process, once
from talik.drivers import (
    DriverTable,
    Effort,
    TransectDesign,
    attribute,
    driver_importance,
    driver_table,
    transect_table,
)
from talik.drivers.moments import correlation_matrices, products_by_site
from talik.drivers.shares import r2_of_subsets, shapley
from talik.drivers.transect import MEMBERS, PATHS
from talik.inference.resampling import draws_of_sites

SITES = 30
"""Of two samples each."""
SECONDS, MOST_SECONDS = 60, 300
RESAMPLES = 1000


def cases() -> Iterator[Case]:
    """The default setting, all that is asked for with 999 forests and the Bayesian regression, and LMG."""
    table = soils(11)
    usual, most = Effort(), Effort(draws=200, permutations=999, resamples=999, trees=200, forests=999, posterior=1000)
    size = f"{table.n} samples, {table.predictors.shape[1]} predictors"
    yield Case(
        f"attribute, {size}, default", lambda: once(lambda: attribute(table, paths=PATHS, effort=usual)),
        limit=f"{SECONDS} s",
    )  # fmt: skip
    yield Case(
        "attribute, the same, posterior of 4 chains", limit=f"{SECONDS} s",
        measure=lambda: once(lambda: attribute(table, paths=PATHS, effort=replace(usual, posterior=1000))),
    )  # fmt: skip
    yield Case(
        "attribute, the same, and 999 forests of permuted responses", limit=f"{MOST_SECONDS} s",
        measure=lambda: once(lambda: attribute(table, paths=PATHS, effort=most)),
    )  # fmt: skip
    wide = soils(12)
    yield Case(
        "LMG of 12 predictors", lambda: in_process(lambda: shapley(values(wide, np.ones((1, SITES))))), limit="0.1 s"
    )
    yield Case(
        f"LMG of 12 predictors, {RESAMPLES} bootstraps of sites", limit="20 s",
        measure=lambda: in_process(lambda: shapley(values(wide, draws_of_sites(SITES, RESAMPLES, 1)))),
    )  # fmt: skip
    yield Case(
        "driver_importance of 12 predictors, jackknife by site", lambda: in_process(lambda: driver_importance(wide)),
    )  # fmt: skip


def soils(predictors: int) -> DriverTable:
    """A synthetic transect of two layers; the last predictors are left out."""
    names = [name for columns in MEMBERS.values() for name in columns][:predictors]
    groups = {
        f"microbial/{name}" if name in ("abundance", "activity", "diversity") else name: [
            c for c in columns if c in names
        ]
        for name, columns in MEMBERS.items()
    }
    samples = transect_table(TransectDesign(sites=SITES), 1)
    return driver_table(samples, response="logq10", error="logq10_error", groups=groups, log=names, random="site")


def values(table: DriverTable, counts: np.ndarray) -> np.ndarray:
    """R² of every subset of the predictors, for each resample of sites."""
    codes = np.unique(table.site, return_inverse=True)[1]
    columns = np.column_stack([table.response - table.response.mean(), table.predictors.to_numpy(float)])
    matrices = correlation_matrices(np.tensordot(counts, products_by_site(columns, codes), 1))
    return r2_of_subsets(matrices, [[i] for i in range(1, columns.shape[1])])[0]
