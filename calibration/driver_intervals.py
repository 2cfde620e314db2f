"""How often intervals of correlations, shares, fractions and effects hold the truth, and the BCa bootstrap beside them.

Everything here is synthetic. Five predictors go with each other (r = 0.4); three drive the response, one a little.
Truths are those of the covariance that the data sets are drawn from.
"""

import sys
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibration.coverage import Coverage
from talik.drivers.correlation import driver_correlations, driver_partial_correlations
from talik.drivers.importance import driver_importance
from talik.drivers.mixed import fit_drivers
from talik.drivers.moments import correlation_matrices, partial_correlations, products_by_site, site_codes
from talik.drivers.shares import adjusted, fractions, r2_of_subsets, shapley
from talik.drivers.table import DriverTable
from talik.drivers.variation import variation_partitioning
from talik.inference.resampling import bca_interval, draws_of_sites, each_left_out

DATA_SETS = 1000
RESAMPLES = 399
SEED = 20_261_123
NAMES = ("clay", "iron", "carbon", "diversity", "ph")
GROUPS = {"mineral": NAMES[:2], "microbial": NAMES[2:4], "environment": NAMES[4:]}
ALONE = tuple([i + 1] for i in range(5))
PARTS = ([1, 2], [3, 4], [5])
HELD = np.array([4, 5])
AMONG = 0.6
"""Part of every variance that lies between sites, where a site has several samples."""


@dataclass(frozen=True)
class Design:
    """One kind of data set."""

    name: str
    """Its name."""
    sites: int
    """Number of sites."""
    each: int
    """Samples of each."""
    effects: tuple[float, ...]
    """Effect of each predictor on the response."""
    skewed: bool = False
    """Whether what predictors are made of is exponential instead of normal."""


MIDDLING = (0.5, 0.3, -0.3, 0.0, 0.2)
DESIGNS = (
    Design("24 sites", 24, 1, MIDDLING),
    Design("24 sites, no effect", 24, 1, (0.0,) * 5),
    Design("24 sites of 2 samples", 24, 2, MIDDLING),
    Design("24 sites, skewed predictors", 24, 1, MIDDLING, skewed=True),
    Design("60 sites", 60, 1, MIDDLING),
)
AMONG_PREDICTORS = 0.4 * np.ones((5, 5)) + 0.6 * np.eye(5)
NOISE = 0.5
"""Variance of the response that no predictor explains."""


def drawn(design: Design, random: np.random.Generator) -> DriverTable:
    """One data set."""
    codes = np.repeat(np.arange(design.sites), design.each)
    root = np.linalg.cholesky(AMONG_PREDICTORS)

    def standard(columns: int) -> NDArray:
        if design.skewed and columns > 1:
            return random.exponential(size=(codes.size, columns)) - 1
        between = random.normal(size=(design.sites, columns))[codes]
        if design.each == 1:
            return between
        return AMONG**0.5 * between + (1 - AMONG) ** 0.5 * random.normal(size=(codes.size, columns))

    x = standard(5) @ root.T
    sample = np.arange(codes.size).astype(str).astype(object)
    response = x @ np.array(design.effects) + NOISE**0.5 * standard(1)[:, 0]
    mean, sd = x.mean(axis=0), x.std(axis=0, ddof=1)
    own = {name: (name,) for name in NAMES}
    return DriverTable(
        response=response, response_name="synthetic", error=None,
        predictors=pd.DataFrame((x - mean) / sd, columns=list(NAMES)), groups=GROUPS, subgroups=GROUPS, variables=own,
        scaling=pd.DataFrame({"transform": "", "mean": mean, "sd": sd, "reference": ""}, index=list(NAMES)),
        site=codes.astype(str).astype(object), site_name="site", sample=sample,
        coordinates=None, layer=None, lost=pd.DataFrame(columns=["sample", "missing"]),
    )  # fmt: skip


def statistics(matrix: NDArray, n, adjust: bool = True) -> dict[str, NDArray]:
    """What the methods estimate, of one or many correlation matrices."""
    alone, _ = r2_of_subsets(matrix, ALONE)
    joint, columns = r2_of_subsets(matrix, PARTS)
    areas = adjusted(joint, n, columns) if adjust else joint
    return {
        "correlation": matrix[..., 0, 1:],
        "partial correlation": partial_correlations(matrix, HELD)[..., 1:4],
        "LMG share": shapley(alone),
        "hierarchical share": shapley(areas),
        "fraction": fractions(areas)[..., [1, 2, 4, 3, 5, 6, 7]],
    }


TARGETS = {
    "correlation": NAMES,
    "rank correlation": NAMES,
    "partial correlation": NAMES[:3],
    "LMG share": NAMES,
    "hierarchical share": tuple(GROUPS),
    "fraction": ("mineral", "microbial", "environment", "mineral and microbial", "mineral and environment",
                 "microbial and environment", "mineral, microbial and environment"),
    "effect": NAMES,
}  # fmt: skip


def truths(design: Design) -> dict[str, NDArray]:
    """The same of the covariance that data sets are drawn from."""
    effects = np.array(design.effects)
    covariance = np.zeros((6, 6))
    covariance[1:, 1:] = AMONG_PREDICTORS
    covariance[0, 1:] = covariance[1:, 0] = AMONG_PREDICTORS @ effects
    covariance[0, 0] = effects @ AMONG_PREDICTORS @ effects + NOISE
    sd = np.sqrt(np.diag(covariance))
    found = statistics(covariance / sd / sd[:, None], np.inf, adjust=False)
    # Spearman's of normal values; of skewed ones it is not known in closed form.
    ranks = 6 / np.pi * np.arcsin(found["correlation"] / 2)
    return found | {"rank correlation": np.full(5, np.nan) if design.skewed else ranks, "effect": effects}


def intervals(table: DriverTable, seed: int) -> dict[str, NDArray]:
    """The intervals of the methods, each of shape (targets, 2)."""
    ends = ["lower", "upper"]
    effects = fit_drivers(table).interval()[1:] / table.scaling["sd"].to_numpy()[:, None]
    hierarchical = driver_importance(table, "group", "hierarchical", resamples=RESAMPLES, seed=seed)
    areas = variation_partitioning(table, permutations=1, resamples=RESAMPLES, seed=seed)
    return {
        "correlation": driver_correlations(table)[ends].to_numpy(),
        "rank correlation": driver_correlations(table, "spearman")[ends].to_numpy(),
        "partial correlation": _partial(table),
        "LMG share": driver_importance(table)[ends].to_numpy(),
        "hierarchical share": hierarchical[ends].to_numpy(),
        "fraction": areas[ends].to_numpy()[:7],
        "effect": effects,
    }


def _partial(table: DriverTable) -> NDArray:
    """Partial correlations of the first three predictors, the other two held."""
    two = replace(table, groups={"looked": NAMES[:3], "held": NAMES[3:]})
    found = driver_partial_correlations(two)
    return found.loc[found["controlled"] == "held", ["lower", "upper"]].to_numpy()


def bca(table: DriverTable, seed: int) -> dict[str, NDArray]:
    """The BCa bootstrap by site of the same statistics."""
    codes, sites = site_codes(table.site)
    products = products_by_site(np.column_stack([table.response, table.predictors.to_numpy(float)]), codes)
    each = table.n / sites

    def of(counts: NDArray) -> dict[str, NDArray]:
        n = each * counts.sum(axis=-1, keepdims=True)
        return statistics(correlation_matrices(np.tensordot(counts, products, 1)), n)

    whole, draws, without = of(np.ones(sites)), of(draws_of_sites(sites, RESAMPLES, seed)), of(each_left_out(sites))
    return {name: np.column_stack(bca_interval(whole[name], draws[name], without[name])) for name in whole}


def of_design(design: Design, data_sets: int) -> list[dict]:
    """Rows of one design."""
    random = np.random.default_rng(SEED)
    wanted = truths(design)
    held: dict[tuple[str, str], NDArray] = defaultdict(lambda: np.zeros(1, int))
    for seed in range(data_sets):
        table = drawn(design, random)
        for kind, found in (("talik", intervals(table, seed)), ("BCa", bca(table, seed))):
            for name, ends in found.items():
                inside = (ends[:, 0] <= wanted[name] + 1e-12) & (wanted[name] - 1e-12 <= ends[:, 1])
                held[kind, name] = held[kind, name] + inside
    rows = []
    for name, targets in TARGETS.items():
        for i, target in enumerate(targets):
            if np.isnan(wanted[name][i]):
                continue
            coverage = Coverage(int(held["talik", name][i]), data_sets)
            low, high = coverage.interval
            beside = held["BCa", name][i] / data_sets if ("BCa", name) in held else np.nan
            rows.append(
                {
                    "design": design.name, "interval": name, "of": target, "truth": wanted[name][i],
                    "data_sets": data_sets, "coverage": coverage.estimate, "low": low, "high": high,
                    "passes": "yes" if coverage.passes else "no", "bca": beside,
                }
            )  # fmt: skip
    return rows


def table(data_sets: int = DATA_SETS) -> pd.DataFrame:
    """Coverage of every interval in every design."""
    rows = []
    for design in DESIGNS:
        rows += of_design(design, data_sets)
        print(f"{design.name}: done", file=sys.stderr, flush=True)
    return pd.DataFrame(rows)
