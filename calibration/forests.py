"""How often intervals of permutation importance in a forest hold the mean importance, on the synthetic transect."""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibration.coverage import Coverage
from talik.drivers.forests import forest_importance, importance_intervals
from talik.drivers.transect import MEMBERS, TransectDesign, simulate_transect

DATA_SETS = 200
TRUTHS = 500
"""Data sets of their own, whose mean importance is the truth."""
TRUTH_TREES = 100
SEED = 20_261_124
COLUMNS = [name for members in MEMBERS.values() for name in members]
PARTS = {
    **{name: [i] for i, name in enumerate(COLUMNS)},
    **{name: [2 * i, 2 * i + 1] for i, name in enumerate(MEMBERS)},
    "microbial": [6, 7, 8, 9, 10, 11],
}
"""Columns of each part: of predictors, of subgroups, and of microbes."""


@dataclass(frozen=True)
class Design:
    """One kind of data set."""

    name: str
    """Its name."""
    transect: TransectDesign
    """What it is made of."""


DESIGNS = (
    Design("24 sites", TransectDesign(layers=("permafrost",))),
    Design("24 sites, no effect", TransectDesign(layers=("permafrost",), effects={})),
    Design("24 sites, both layers", TransectDesign()),
    Design("60 sites", TransectDesign(sites=60, layers=("permafrost",))),
)


def drawn(design: TransectDesign, seed: int) -> tuple[NDArray, NDArray, NDArray]:
    """Response, columns and sites of one data set."""
    made = simulate_transect(design, seed)
    columns = made.columns.transpose(0, 3, 1, 2).reshape(-1, len(COLUMNS))
    return made.measured.ravel(), columns, np.tile(np.arange(design.sites), len(design.layers))


def importances(design: TransectDesign, seed: int) -> NDArray:
    """Importance in one data set that is not among those that are tried."""
    response, columns, site = drawn(design, seed)
    parts = list(PARTS.values())
    return forest_importance(
        response, columns, parts, site=site, trees=TRUTH_TREES, permutations=0, seed=seed
    ).importance


def held(design: TransectDesign, seed: int, truth: NDArray) -> tuple[NDArray, NDArray]:
    """Whether each interval of one data set holds the truth, and how wide it is."""
    response, columns, site = drawn(design, seed)
    parts = list(PARTS.values())
    found = forest_importance(response, columns, parts, site=site, permutations=0, seed=seed)
    ends = importance_intervals(found, response, columns, parts, site=site, seed=seed)
    return (ends[:, 0] <= truth) & (truth <= ends[:, 1]), np.diff(ends, axis=1)[:, 0]


def of_design(design: Design, data_sets: int, truths: int) -> list[dict]:
    """Rows of one design."""
    every = np.array([importances(design.transect, SEED + data_sets + i) for i in range(truths)])
    truth = every.mean(axis=0)
    found = [held(design.transect, SEED + i, truth) for i in range(data_sets)]
    counts, widths = (np.array(one) for one in zip(*found, strict=True))
    rows = []
    for k, name in enumerate(PARTS):
        coverage = Coverage(int(counts[:, k].sum()), data_sets)
        low, high = coverage.interval
        rows.append({
            "design": design.name, "of": name, "truth": truth[k], "sd": every[:, k].std(ddof=1), "data_sets": data_sets,
            "coverage": coverage.estimate, "low": low, "high": high, "passes": "yes" if coverage.passes else "no",
            "median_width": float(np.median(widths[:, k])),
        })  # fmt: skip
    return rows


def table(data_sets: int = DATA_SETS, truths: int = TRUTHS) -> pd.DataFrame:
    """Coverage of every part in every design."""
    rows = []
    for design in DESIGNS:
        rows += of_design(design, data_sets, truths)
        print(f"{design.name}: done", file=sys.stderr, flush=True)
    return pd.DataFrame(rows)
