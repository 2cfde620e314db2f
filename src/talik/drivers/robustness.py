"""Robustness: what other analyses say of the same effects, and why they differ from the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from talik.drivers.analyses import ANALYSES, DRAWS, observed, told_apart

if TYPE_CHECKING:
    from talik.drivers.verdict import Verdict


def robustness(
    verdict: Verdict,
    response: ArrayLike,
    components: Mapping[str, ArrayLike],
    *,
    error: ArrayLike | None = None,
    distance: ArrayLike | None = None,
    site: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Effects of the subgroups by the primary analysis and by others, one row each.

    Parameters
    ----------
    verdict : Verdict
        As from `talik.drivers.verdict.primary_analysis` of the same data.
    response, components, error, distance, site
        As there.
    draws : int, default 200
        Draws of the response, where its errors are known.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    DataFrame
        ``method`` (``primary``, or its name in ``ANALYSES``), ``subgroup``, ``estimate``, ``lower``, ``upper``, ``p``,
        ``differs`` (what sets the method apart), ``agrees`` with the primary one (``yes``; ``less sure``, ``surer``
        where only one of both excludes 0; ``opposite`` where both do, with different signs).

    Examples
    --------
    >>> from talik.drivers.verdict import primary_analysis
    >>> rng = np.random.default_rng(3)
    >>> x = {"mineral": rng.standard_normal(24), "substrate": rng.standard_normal(24)}
    >>> y = 0.9 - 0.15 * x["mineral"] + 0.08 * rng.standard_normal(24)
    >>> found = robustness(primary_analysis(y, x), y, x)
    >>> found[found["subgroup"] == "mineral"][["method", "agrees"]].values.tolist()
    [['primary', 'yes'], ['one at a time', 'yes'], ['least squares', 'yes']]
    """
    names = list(components)
    seen = observed(response, components, error=error, distance=distance, site=site, draws=draws, seed=seed)
    rows = []
    others = [name for name in told_apart(seen) if name != verdict.analysis]
    for name in (verdict.analysis, *others):
        found = verdict.effects if name == verdict.analysis else ANALYSES[name].effects(seen)
        ends, p = found.intervals(), found.p
        rows += [
            {"method": "primary" if name == verdict.analysis else name, "subgroup": subgroup,
             "estimate": found.estimate[j], "lower": ends[j, 0], "upper": ends[j, 1], "p": p[j],
             "differs": ANALYSES[name].differs}
            for j, subgroup in enumerate(names)
        ]  # fmt: skip
    return _agreement(pd.DataFrame(rows))


def _agreement(table: pd.DataFrame) -> pd.DataFrame:
    """Whether each row says what the primary analysis says of its subgroup."""
    sign = np.where(table["lower"] > 0, 1, np.where(table["upper"] < 0, -1, 0))
    primary = {name: s for name, s, m in zip(table["subgroup"], sign, table["method"], strict=True) if m == "primary"}
    words = [_agrees(primary[name], s) for name, s in zip(table["subgroup"], sign, strict=True)]
    return table.assign(agrees=words)


def _agrees(primary: int, other: int) -> str:
    if primary == other:
        return "yes"
    if not other:
        return "less sure"
    return "surer" if not primary else "opposite"
