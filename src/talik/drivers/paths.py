"""Piecewise path models: direct, indirect and total effects with intervals that hold at 24 sites."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from talik.drivers.path_model import Claim, PathModel
from talik.errors import TableError, itemised
from talik.inference.line import satterthwaite
from talik.spatial.model import SpatialFit, fit_spatial

DRAWS = 4000
"""Draws of all coefficients, from which the intervals of indirect and total effects are taken."""


@dataclass(frozen=True)
class PathEquation:
    """One equation of a path model, of scaled variables."""

    response: str
    """What is explained."""
    causes: tuple[str, ...]
    """Its direct causes."""
    fit: SpatialFit
    """The fit; its first coefficient is the constant, the others follow `causes`."""

    @property
    def r2(self) -> float:
        """Part of the variance that the causes explain. [-]"""
        return self.fit.r2


@dataclass(frozen=True)
class Separation:
    """Test of all claims of independence that a path model makes together."""

    claims: tuple[Claim, ...]
    """The claims."""
    p: NDArray[np.float64]
    """p of each: small where the two are not independent, so that a path is missing."""

    @property
    def fishers_c(self) -> float:
        r"""Fisher's :math:`C = -2 \sum \ln p_i`; 0 where the model claims nothing."""
        return float(0.0 - 2 * np.log(np.maximum(self.p, 1e-300)).sum())

    @property
    def freedom(self) -> int:
        """Its degrees of freedom, twice the number of claims."""
        return 2 * len(self.claims)

    @property
    def p_model(self) -> float:
        """The p of the model: small where the data contradict it; NaN where it claims nothing."""
        return float(stats.chi2.sf(self.fishers_c, self.freedom)) if self.claims else np.nan


@dataclass(frozen=True)
class PathFit:
    """A fitted path model."""

    model: PathModel
    """Its equations."""
    equations: tuple[PathEquation, ...]
    """The fits, causes before effects."""
    separation: Separation
    """Whether pairs without arrows are independent."""
    effects: pd.DataFrame
    """A row an effect: ``cause``, ``response``, ``kind`` (direct, indirect, total), ``estimate``, ``lower``,
    ``upper`` (in units of the response, or in its standard deviations where it is itself a cause, per standard
    deviation of the cause), ``p``, ``standardised`` (per standard deviation of both)."""
    n: int
    """Samples."""


def fit_paths(
    model: PathModel,
    variables: Mapping[str, ArrayLike],
    *,
    distance: ArrayLike | None = None,
    site: ArrayLike | None = None,
    error: Mapping[str, ArrayLike] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> PathFit:
    r"""Fit a path model equation by equation.

    Each equation is a straight-line model with its own spatial term, effect of sites and known errors
    (`talik.spatial.model.fit_spatial`). With B the direct effects, the total ones are

    .. math:: T = (I - B)^{-1} - I

    and the indirect ones T - B. A direct effect has the interval of Student's t. An effect over other variables
    is a sum of products, which is not normal: its interval is that of joint draws of all coefficients, those of
    different equations independent, stretched from the normal to Student's t with Satterthwaite's degrees of
    freedom. The standard deviation that an effect is per is estimated by the same few sites, which widens the
    interval further. `calibration/drivers.py` counts how often such intervals hold the truth.

    Every variable that causes another is scaled to unit standard deviation.

    Parameters
    ----------
    model : PathModel
        As from `talik.drivers.path_model.parse_paths`.
    variables : mapping of str to array_like, each of shape (n,)
        Values of every variable of the model.
    distance : array_like, shape (n, n), optional
        Distances of the samples; without them equations have no spatial term.
    site : array_like, shape (n,), optional
        Site of each sample.
    error : mapping of str to array_like, optional
        Standard errors of a variable that is explained.
    draws : int, default 4000
        Joint draws of all coefficients.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    PathFit

    Raises
    ------
    TableError
        If a variable is not there, is constant, or an equation has too few samples for its causes.

    References
    ----------
    Shipley (2000), Struct. Equ. Modeling 7, 206-218, doi 10.1207/S15328007SEM0702_4 (basis set);
    Shipley (2009), Ecology 90, 363-368, doi 10.1890/08-1034.1 (equations with random effects);
    MacKinnon, Lockwood and Williams (2004), Multivar. Behav. Res. 39, 99-128 (intervals of products by draws).

    Examples
    --------
    >>> from talik.drivers.path_model import parse_paths
    >>> rng = np.random.default_rng(1)
    >>> mineral = rng.standard_normal(40)
    >>> abundance = -0.5 * mineral + rng.standard_normal(40)
    >>> logq10 = 0.2 * abundance - 0.1 * mineral + 0.1 * rng.standard_normal(40)
    >>> model = parse_paths("logq10 ~ mineral + abundance; abundance ~ mineral")
    >>> found = fit_paths(model, {"mineral": mineral, "abundance": abundance, "logq10": logq10})
    >>> of_mineral = found.effects.query("cause == 'mineral' and response == 'logq10'")
    >>> of_mineral[["kind", "estimate"]].round(2).values.tolist()
    [['direct', -0.09], ['indirect', -0.07], ['total', -0.16]]
    """
    scaled = _scaled(model, variables)
    known = dict(error or {})
    spread = _spread(model, variables)
    equations = fit_equations(model, variables, distance=distance, site=site, error=error)
    claims = model.claims
    p = [
        fit_spatial(scaled[claim.second], _design(scaled, (*claim.given, claim.first)), distance, site=site,
                    error=_error(known, claim.second, spread)).p[-1]
        for claim in claims
    ]  # fmt: skip
    effects = path_effects(model, equations, variables, draws=draws, seed=seed)
    return PathFit(model, equations, Separation(claims, np.array(p)), effects, len(next(iter(scaled.values()))))


def fit_equations(
    model: PathModel,
    variables: Mapping[str, ArrayLike],
    *,
    distance: ArrayLike | None = None,
    site: ArrayLike | None = None,
    error: Mapping[str, ArrayLike] | None = None,
) -> tuple[PathEquation, ...]:
    """The equations of a path model, causes before effects; takes what `fit_paths` takes."""
    scaled, spread = _scaled(model, variables), _spread(model, variables)
    return tuple(
        PathEquation(name, causes, fit_spatial(
            scaled[name], _design(scaled, causes), distance, site=site, error=_error(dict(error or {}), name, spread)))
        for name in model.order if (causes := model.causes.get(name))
    )  # fmt: skip


def path_effects(
    model: PathModel, equations: tuple[PathEquation, ...], variables: Mapping[str, ArrayLike], *,
    draws: int = DRAWS, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Direct, indirect and total effects of fitted equations, as in `PathFit.effects`."""
    scaled = _scaled(model, variables)
    n = len(next(iter(scaled.values())))
    return pd.DataFrame(_effects(model, equations, scaled, n, draws, np.random.default_rng(seed)))


def _spread(model: PathModel, variables: Mapping[str, ArrayLike]) -> dict[str, float]:
    """What each variable is divided by: its standard deviation if it causes another, else 1."""
    causing = {name for causes in model.causes.values() for name in causes}
    return {name: float(np.std(np.asarray(variables[name], float), ddof=1)) if name in causing else 1.0
            for name in model.order}  # fmt: skip


def _scaled(model: PathModel, variables: Mapping[str, ArrayLike]) -> dict[str, NDArray]:
    wrong = [f"{name} is not there" for name in model.order if name not in variables]
    given = {name: np.asarray(variables[name], float) for name in model.order if name in variables}
    wrong += [f"{name} has values that are no numbers" for name, x in given.items() if not np.isfinite(x).all()]
    wrong += [f"{name} is {x.flat[0]:.4g} in every sample" for name, x in given.items() if np.ptp(x) == 0]
    if wrong:
        raise TableError(f"The path model cannot be fitted:\n{itemised(wrong)}", wrong)
    spread = _spread(model, given)
    return {name: (x - x.mean()) / spread[name] for name, x in given.items()}


def _error(known: Mapping[str, ArrayLike], name: str, spread: Mapping[str, float]) -> NDArray | None:
    return np.asarray(known[name], float) / spread[name] if name in known else None


def _design(scaled: Mapping[str, NDArray], names: tuple[str, ...]) -> NDArray:
    first = next(iter(scaled.values()))
    return np.column_stack([np.ones(first.size), *[scaled[name] for name in names]])


def _effects(model: PathModel, equations, scaled, n: int, draws: int, rng) -> Iterator[dict]:
    """Rows of the table of effects."""
    order = model.order
    direct = np.zeros((draws + 1, len(order), len(order)))
    for equation in equations:
        at = [order.index(name) for name in equation.causes]
        direct[:, order.index(equation.response), at] = drawn_coefficients(equation.fit, draws, rng)
    total = np.linalg.inv(np.eye(len(order)) - direct) - np.eye(len(order))
    joined, led = _joined(model)
    for i, cause in enumerate(order):
        for j, response in enumerate(order):
            spread = float(np.std(scaled[response], ddof=1))
            parts = {"direct": direct[:, j, i]} if joined[j, i] else {}
            parts |= {"indirect": total[:, j, i] - direct[:, j, i]} if led[j, i] else {}
            parts |= {"total": total[:, j, i]} if parts else {}
            for kind, values in parts.items():
                if kind == "direct" or not led[j, i]:
                    row = _of_coefficient(equations, cause, response, n)
                else:
                    gradient = _gradient(total[0], i, j, kind)
                    row = _of_draws(values, _freedom(equations, order, gradient), n)
                head = {"cause": cause, "response": response, "kind": kind}
                yield head | row | {"standardised": row["estimate"] / spread}


def _gradient(total: NDArray, i: int, j: int, kind: str) -> NDArray:
    """Derivatives of the effect of variable i on variable j by every coefficient, shape (effects, causes)."""
    inverse = total + np.eye(len(total))
    gradient = np.outer(inverse[j], inverse[:, i])
    if kind == "indirect":
        gradient[j, i] -= 1.0
    return gradient


def _freedom(equations, order: tuple[str, ...], gradient: NDArray) -> float:
    """Degrees of freedom of an effect that is made of coefficients of several equations (Satterthwaite)."""
    variances, freedoms = [], []
    for equation in equations:
        slope = gradient[order.index(equation.response), [order.index(name) for name in equation.causes]]
        parts = slope**2 * np.diag(equation.fit.adjusted)[1:]
        if parts.sum() > 0:
            variances.append(float(slope @ equation.fit.adjusted[1:, 1:] @ slope))
            freedoms.append(float(parts.sum() / (parts / equation.fit.freedom[1:]).sum()))
    return satterthwaite(variances, freedoms)


def _of_coefficient(equations, cause: str, response: str, n: int) -> dict[str, float]:
    """Estimate, interval and p of an effect that is one coefficient."""
    equation = next(one for one in equations if one.response == response)
    k = 1 + equation.causes.index(cause)
    estimate, ends = float(equation.fit.estimates[k]), equation.fit.intervals()[k]
    lower, upper = _per_deviation(estimate, float(ends[0]), float(ends[1]), n)
    return {"estimate": estimate, "lower": lower, "upper": upper, "p": float(equation.fit.p[k])}


def _of_draws(values: NDArray, freedom: float, n: int) -> dict[str, float]:
    """Estimate, interval and p of an effect of which the first value is the estimate and the others are draws."""
    estimate, drawn = float(values[0]), values[1:]
    # Draws are normal; Student's t with the freedom of the effect is wider by this.
    wider = stats.t.ppf(0.975, freedom) / stats.norm.ppf(0.975)
    lower, upper = estimate + wider * (np.quantile(drawn, [0.025, 0.975]) - estimate)
    zero = estimate * (1 - 1 / wider)
    beyond = min(int((drawn <= zero).sum()), int((drawn >= zero).sum()))
    lower, upper = _per_deviation(estimate, lower, upper, n)
    return {"estimate": estimate, "lower": lower, "upper": upper, "p": min(1.0, 2 * (beyond + 1) / (drawn.size + 1))}


def _per_deviation(estimate: float, lower: float, upper: float, n: int) -> tuple[float, float]:
    r"""Interval of an effect per standard deviation, which itself errs by :math:`1 / \sqrt{2 (n - 1)}` of its value.

    Squares of both distances add, as of two independent errors (Zou and Donner 2008, Stat. Med. 27, 1693-1702). An
    interval that leaves out zero still does.
    """
    part = stats.norm.ppf(0.975) / (2 * (n - 1)) ** 0.5
    return (
        float(estimate - np.hypot(estimate - lower, part * lower)),
        float(estimate + np.hypot(upper - estimate, part * upper)),
    )


def _joined(model: PathModel) -> tuple[NDArray, NDArray]:
    """Pairs (effect, cause) that an arrow joins, and those that two arrows or more lead over."""
    order = model.order
    arrows = np.array([[cause in model.causes.get(name, ()) for cause in order] for name in order], int)
    longer = np.zeros_like(arrows)
    step = arrows
    for _ in order:
        step = (step @ arrows > 0).astype(int)
        longer |= step
    return arrows > 0, longer > 0


def drawn_coefficients(fit: SpatialFit, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Coefficients of a fit, without its constant, then normal draws of them; shape (draws + 1, p - 1)."""
    drawn = rng.multivariate_normal(fit.estimates[1:], fit.adjusted[1:, 1:], draws, method="eigh")
    return np.vstack([fit.estimates[1:], drawn])


def path_table(fit: PathFit, response: str) -> pd.DataFrame:
    """A fitted path model as rows: effects, the R2 of each equation, the claims of independence, and their test.

    Parameters
    ----------
    fit : PathFit
        As from `fit_paths`.
    response : str
        The last variable, whose model it is.

    Returns
    -------
    DataFrame
        Columns of the table ``drivers_paths``, as far as the fit knows them.
    """
    rows = [
        {"response": one.response, "kind": "R2", "estimate": one.r2, "words": f"R2 of {one.response}"}
        for one in fit.equations
    ]
    test = fit.separation
    rows += [
        {"response": claim.second, "predictor": claim.first, "kind": "independence", "p": p, "words": str(claim)}
        for claim, p in zip(test.claims, test.p, strict=True)
    ]
    rows.append({"response": response, "kind": "model", "estimate": test.fishers_c, "p": test.p_model,
                 "freedom": test.freedom, "words": f"Fisher's C of {fit.model}"})  # fmt: skip
    effects = fit.effects.rename(columns={"cause": "predictor"})
    return pd.concat([effects, pd.DataFrame(rows)], ignore_index=True).assign(n=fit.n)
