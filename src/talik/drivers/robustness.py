"""Robustness: what other analyses say of the same effects, and why they differ from the verdict."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from talik.drivers.response_errors import OverDraws, draw_responses, over_draws
from talik.drivers.verdict import Verdict
from talik.spatial.eigenvectors import spatial_patterns
from talik.spatial.model import SpatialFit, fit_spatial

WHY: Mapping[str, str] = {
    "primary": "all subgroups at once, place, sites and errors of the response",
    "one at a time": "each subgroup alone: what others share with it counts as its own",
    "least squares": "place, sites and errors of the response passed over",
    "without place": "neighbouring sites count as independent",
    "without errors": "badly known responses weigh as much as well known ones",
    "patterns in space": "place as eigenvector maps instead of a correlation",
    "draws of the response": "errors by draws of the response instead of weights; place passed over",
}
"""Analyses that are set beside the verdict, and in what they differ from it."""

MOST_PATTERNS = 3
"""Patterns in space that take part at most, so that some freedom is left."""

DRAWS = 200
"""Draws of the response."""


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
        ``method``, ``subgroup``, ``estimate``, ``lower``, ``upper``, ``p``, ``differs`` (in what the method
        differs from the primary one), ``agrees`` (``yes``; ``less sure``, ``surer`` where only one of both excludes
        0; ``opposite`` where both do, with different signs).

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
    columns = np.column_stack([np.asarray(components[name], float) for name in names])
    response = np.asarray(response, float)
    design = np.column_stack([np.ones(len(response)), columns])
    k = len(names)
    fits: dict[str, tuple[NDArray, NDArray, NDArray]] = {"primary": _rows(verdict.fit, k)}
    alone = [fit_spatial(response, design[:, [0, 1 + j]], distance, site=site, error=error) for j in range(k)]
    fits["one at a time"] = tuple(np.concatenate([_rows(fit, 1)[i] for fit in alone]) for i in range(3))  # type: ignore[assignment]
    fits["least squares"] = _rows(fit_spatial(response, design), k)
    if distance is not None:
        fits["without place"] = _rows(fit_spatial(response, design, site=site, error=error), k)
        patterns = _patterns(response, design, np.asarray(distance, float))
        in_space = np.column_stack([design, patterns])
        fits["patterns in space"] = _rows(fit_spatial(response, in_space, site=site, error=error), k)
    if error is not None:
        fits["without errors"] = _rows(fit_spatial(response, design, distance, site=site), k)
        drawn = over_draws_of(response, design, np.asarray(error, float), site, draws, seed)
        p = 2 * stats.t.sf(np.abs(drawn.estimate / drawn.error), drawn.freedom)
        fits["draws of the response"] = (drawn.estimate[1:], drawn.intervals()[1:], p[1:])
    rows = [
        {"method": method, "subgroup": name, "estimate": estimate[j], "lower": ends[j, 0], "upper": ends[j, 1],
         "p": p[j], "differs": WHY[method]}
        for method, (estimate, ends, p) in fits.items() for j, name in enumerate(names)
    ]  # fmt: skip
    return _agreement(pd.DataFrame(rows))


def _rows(fit: SpatialFit, k: int) -> tuple[NDArray, NDArray, NDArray]:
    return fit.estimates[1 : 1 + k], fit.intervals()[1 : 1 + k], fit.p[1 : 1 + k]


def _patterns(response: NDArray, design: NDArray, distance: NDArray) -> NDArray:
    """Patterns in space that the residuals of least squares follow, at most three, shape (n, up to 3)."""
    vectors = spatial_patterns(distance).vectors
    residuals = response - design @ np.linalg.lstsq(design, response)[0]
    left = vectors - design @ np.linalg.lstsq(design, vectors)[0]
    length = np.linalg.norm(left, axis=0)
    r = np.divide(residuals @ left, np.linalg.norm(residuals) * length, out=np.zeros(len(length)), where=length > 1e-6)
    freedom = len(response) - design.shape[1] - 1
    p = 2 * stats.t.sf(np.abs(r) * np.sqrt(freedom / np.maximum(1 - r**2, 1e-12)), freedom)
    best = np.argsort(p, kind="stable")[:MOST_PATTERNS]
    return vectors[:, [i for i in best if p[i] <= 0.05]]


def over_draws_of(response, design, error, site, draws: int, seed: int) -> OverDraws:
    """The straight line of all columns over draws of the true response.

    Parameters
    ----------
    response : array_like, shape (n,)
        As measured.
    design : array_like, shape (n, p)
        Columns, the constant included.
    error : array_like, shape (n,)
        Standard errors of the response.
    site : array_like, shape (n,), optional
        Site of each sample.
    draws : int
        Draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    OverDraws
    """

    def method(one: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        fit = fit_spatial(one, design, site=site)
        return fit.estimates, np.diag(fit.adjusted), fit.freedom

    return over_draws(method, response, draw_responses(response, error, design, draws, seed=seed))


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
