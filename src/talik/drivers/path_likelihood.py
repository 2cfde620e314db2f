"""Path models of observed variables by maximum likelihood, as programs for covariance structures fit them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from talik.drivers.path_model import PathModel


@dataclass(frozen=True)
class CovarianceFit:
    """A path model fitted to a covariance matrix."""

    paths: pd.DataFrame
    """A row a path: ``response``, ``cause``, ``estimate``, ``error``, ``standardised``."""
    residuals: pd.DataFrame
    """A row an equation: ``response``, ``variance`` left, its ``error``, ``r2``."""
    chi2: float
    """Likelihood ratio against the covariances as they are."""
    freedom: int
    """Its degrees of freedom; 0 where the model claims nothing."""
    cfi: float
    """Comparative fit index. [-]"""
    rmsea: float
    """Root mean square error of approximation. [-]"""
    srmr: float
    """Standardised root mean square residual, means included, which fit exactly. [-]"""
    log_likelihood: float
    """Logarithm of the likelihood of the variables that have causes, given the others."""

    @property
    def p(self) -> float:
        """The p of the model: small where the data contradict it."""
        return float(stats.chi2.sf(self.chi2, self.freedom)) if self.freedom else np.nan


def fit_path_likelihood(model: PathModel, variables: Mapping[str, ArrayLike]) -> CovarianceFit:
    r"""Fit a path model of independent samples by maximum likelihood.

    Residuals of different equations are independent and variables without causes correlate freely; then each
    equation by least squares is the maximum, and

    .. math:: \chi^2 = n (\ln|\Sigma| - \ln|S| + \operatorname{tr} S \Sigma^{-1} - k)

    Errors are those of the expected information, with n, not n - p: at 24 sites too small, so that
    `talik.drivers.paths.fit_paths` is the one to report. Effects are standardised by the standard deviations
    that the model implies.

    Parameters
    ----------
    model : PathModel
        The equations.
    variables : mapping of str to array_like, each of shape (n,)
        Values of every variable of the model.

    Returns
    -------
    CovarianceFit

    References
    ----------
    Bollen (1989), Structural Equations with Latent Variables, chapter 4.

    Examples
    --------
    >>> from talik.drivers.path_model import parse_paths
    >>> x = {"a": [1.0, 2, 3, 4, 5], "b": [1.2, 1.9, 3.3, 3.8, 5.1], "c": [0.9, 2.5, 2.9, 4.4, 4.8]}
    >>> found = fit_path_likelihood(parse_paths("b ~ a; c ~ b"), x)
    >>> found.paths[["response", "cause", "estimate"]].round(3).values.tolist(), found.freedom
    ([['b', 'a', 0.97], ['c', 'b', 0.958]], 1)
    """
    order = model.order
    values = np.array([np.asarray(variables[name], float) for name in order])
    n = values.shape[1]
    observed = np.cov(values, bias=True)
    slopes, left = _equations(model, observed)
    root = np.linalg.inv(np.eye(len(order)) - slopes)
    implied = root @ left @ root.T
    free = [i for i, name in enumerate(order) if name not in model.causes]
    caused = [i for i in range(len(order)) if i not in free]
    chi2 = n * (_log_det(implied) - _log_det(observed) + np.trace(np.linalg.solve(implied, observed)) - len(order))
    arrows = sum(len(causes) for causes in model.causes.values())
    # Every covariance but those among the variables without causes, and the variances that are left.
    freedom = len(caused) * len(free) + len(caused) * (len(caused) - 1) // 2 - arrows
    none = n * (np.log(np.diag(observed)[caused]).sum() + _log_det(observed[np.ix_(free, free)]) - _log_det(observed))
    none_freedom = freedom + arrows
    excess = max(chi2 - freedom, 0.0)
    given = _gaussian(observed[np.ix_(free, free)], observed[np.ix_(free, free)], n)
    return CovarianceFit(
        paths=_paths_table(model, slopes, left, implied, n), residuals=_residuals_table(model, left, implied, n),
        chi2=float(chi2), freedom=freedom, cfi=float(1 - excess / max(none - none_freedom, excess, 1e-300)),
        rmsea=float((excess / (freedom * n)) ** 0.5) if freedom else 0.0, srmr=_srmr(observed, implied),
        log_likelihood=_gaussian(observed, implied, n) - given,
    )  # fmt: skip


def _equations(model: PathModel, observed: NDArray) -> tuple[NDArray, NDArray]:
    """Slopes, and the covariance of what no arrow explains."""
    order = model.order
    slopes, left = np.zeros_like(observed), np.zeros_like(observed)
    free = [i for i, name in enumerate(order) if name not in model.causes]
    left[np.ix_(free, free)] = observed[np.ix_(free, free)]
    for name, causes in model.causes.items():
        i, at = order.index(name), [order.index(cause) for cause in causes]
        slopes[i, at] = np.linalg.solve(observed[np.ix_(at, at)], observed[at, i])
        left[i, i] = observed[i, i] - slopes[i, at] @ observed[at, i]
    return slopes, left


def _paths_table(model: PathModel, slopes: NDArray, left: NDArray, implied: NDArray, n: int) -> pd.DataFrame:
    order, rows = model.order, []
    for name, causes in model.causes.items():
        i, at = order.index(name), [order.index(cause) for cause in causes]
        errors = np.sqrt(np.diag(np.linalg.inv(implied[np.ix_(at, at)])) * left[i, i] / n)
        for k, cause in enumerate(causes):
            size = (implied[at[k], at[k]] / implied[i, i]) ** 0.5
            rows.append({"response": name, "cause": cause, "estimate": slopes[i, at[k]], "error": errors[k],
                         "standardised": slopes[i, at[k]] * size})  # fmt: skip
    return pd.DataFrame(rows)


def _residuals_table(model: PathModel, left: NDArray, implied: NDArray, n: int) -> pd.DataFrame:
    at = [model.order.index(name) for name in model.causes]
    variance = np.diag(left)[at]
    return pd.DataFrame({"response": list(model.causes), "variance": variance, "error": variance * (2 / n) ** 0.5,
                         "r2": 1 - variance / np.diag(implied)[at]})  # fmt: skip


def _log_det(matrix: NDArray) -> float:
    return float(np.linalg.slogdet(matrix)[1]) if matrix.size else 0.0


def _gaussian(observed: NDArray, implied: NDArray, n: int) -> float:
    k = len(observed)
    if not k:
        return 0.0
    return -n / 2 * (k * np.log(2 * np.pi) + _log_det(implied) + float(np.trace(np.linalg.solve(implied, observed))))


def _srmr(observed: NDArray, implied: NDArray) -> float:
    size = np.sqrt(np.diag(observed))
    residual = (observed - implied) / np.outer(size, size)
    k = len(observed)
    return float((np.sum(np.tril(residual) ** 2) / (k * (k + 1) / 2 + k)) ** 0.5)
