"""Straight-line models whose errors are alike at neighbouring places: generalised least squares by (restricted)
maximum likelihood, with an exponential term in space, an effect of sites, a nugget, and known errors of the response.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotrf
from scipy.optimize import minimize

from talik.errors import TableError

SHORTEST = 1 / 3
"""Shortest range that is sought, in distances of the nearest pair: a shorter one cannot be told from a nugget. [-]"""

FARTHEST = 1.0
"""Longest range that is sought, in the largest distance: a longer one cannot be told from a constant. [-]"""

STARTS = (0.05, 0.3)
"""Ranges that the search starts from, in the largest distance. [-]"""

LEAST = 1e-8
"""Variance below which a term is none, in the residual variance of least squares. [-]"""


@dataclass(frozen=True)
class SpatialFit:
    """A straight-line model with correlated errors."""

    estimates: NDArray[np.float64]
    """Coefficients, shape (p,)."""
    covariance: NDArray[np.float64]
    """Their covariance as if the variances below were known, shape (p, p)."""
    adjusted: NDArray[np.float64]
    """The same after Kenward and Roger, who count that variances are estimated; as above by ML, shape (p, p)."""
    freedom: NDArray[np.float64]
    """Degrees of freedom of each coefficient by Satterthwaite's formula; n - p by ML, shape (p,)."""
    variances: dict[str, float]
    """Variances of the response: ``spatial``, ``site`` and ``nugget``, those that the model has."""
    reach: float
    """Range of the exponential term, at which correlation has fallen to 1/e; NaN without one."""
    log_likelihood: float
    """Logarithm of the likelihood, the restricted one by REML."""
    fitted: NDArray[np.float64]
    """Values of the straight line, shape (n,)."""
    whitened: NDArray[np.float64]
    """Residuals made independent by the inverse root of their covariance, shape (n,). [-]"""
    method: str
    """``REML`` or ``ML``."""
    known: float = field(default=0.0)
    """Mean of the known variances of the response."""

    @property
    def errors(self) -> NDArray[np.float64]:
        """Standard errors, from the adjusted covariance, shape (p,)."""
        return np.sqrt(np.diag(self.adjusted))

    @property
    def p(self) -> NDArray[np.float64]:
        """Two-sided p of each coefficient, shape (p,)."""
        return 2 * stats.t.sf(np.abs(self.estimates) / self.errors, self.freedom)

    def intervals(self, level: float = 0.95) -> NDArray[np.float64]:
        """Intervals of Student's t, shape (p, 2)."""
        half = stats.t.ppf(0.5 + level / 2, self.freedom) * self.errors
        return np.column_stack([self.estimates - half, self.estimates + half])

    @property
    def r2(self) -> float:
        """Marginal R2 of Nakagawa and Schielzeth: variance of the straight line in all variance, known errors too."""
        explained = float(np.var(self.fitted))
        return explained / (explained + sum(self.variances.values()) + self.known)


@dataclass(frozen=True)
class _Terms:
    """What the covariance of the response is the sum of."""

    names: tuple[str, ...]
    fixed: tuple[NDArray, ...]
    """Matrices of the terms other than the spatial one."""
    distance: NDArray | None
    known: NDArray
    """Known variances, shape (n,)."""

    def covariance(self, theta: NDArray) -> tuple[NDArray, list[NDArray]]:
        """The covariance and its derivatives by the variances and by the logarithm of the range."""
        parts = list(self.fixed)
        total = np.diag(self.known)
        if self.distance is not None:
            scaled = self.distance / np.exp(theta[-1])
            spatial = np.exp(-scaled)
            parts = [spatial, *parts]
        for value, part in zip(theta, parts, strict=False):
            total = total + value * part
        if self.distance is not None:
            parts.append(theta[0] * spatial * scaled)
        return total, parts


def fit_spatial(
    response: ArrayLike,
    design: ArrayLike,
    distance: ArrayLike | None = None,
    *,
    site: ArrayLike | None = None,
    error: ArrayLike | None = None,
    nugget: str = "estimated",
    method: str = "REML",
) -> SpatialFit:
    r"""Fit a straight-line model whose errors are correlated in space and within sites.

    .. math:: y = X \beta + e, \quad \operatorname{cov}(e) = \sigma_s^2 e^{-d/\rho} + \sigma_u^2 Z Z^T
        + \sigma_e^2 I + \operatorname{diag}(s_i^2)

    by maximising the (restricted) likelihood over the variances and the range :math:`\rho`. By REML the covariance
    of the coefficients counts that the variances are estimated, which a few dozen sites do poorly, and each
    coefficient has its own degrees of freedom.

    Parameters
    ----------
    response : array_like, shape (n,)
        Response.
    design : array_like, shape (n, p)
        Predictors, the constant included; their columns are independent.
    distance : array_like, shape (n, n), optional
        Distances of the rows; without it there is no spatial term.
    site : array_like, shape (n,), optional
        Site of each row; with it there is an effect of sites, where some site has two rows or more.
    error : array_like, shape (n,), optional
        Standard error of each response.
    nugget : {"estimated", "none"}
        Whether there is variance without correlation beside the spatial one.
    method : {"REML", "ML"}
        Likelihood.

    Returns
    -------
    SpatialFit

    Raises
    ------
    TableError
        If there are no more rows than columns, or columns depend on one another.

    References
    ----------
    Kenward and Roger (1997), Biometrics 53, 983-997, doi 10.2307/2533558;
    Pinheiro and Bates (2000), Mixed-Effects Models in S and S-PLUS, chapter 5.

    Examples
    --------
    Without correlation it is least squares:

    >>> x = np.arange(6.0)
    >>> found = fit_spatial([0.1, 1.0, 2.2, 2.9, 4.1, 5.0], np.column_stack([np.ones(6), x]))
    >>> found.estimates.round(3).tolist(), found.freedom.round(6).tolist()
    ([0.086, 0.986], [4.0, 4.0])
    """
    response, design = np.asarray(response, float), np.asarray(design, float)
    _check(design)
    terms = _terms(len(response), distance, site, error, nugget)
    scale = _residual_variance(response, design)
    fits = [_search(response / scale**0.5, design, terms, scale, start, method) for start in _starts(terms)]
    theta = min(fits, key=lambda fit: fit.fun).x
    variances = theta[: len(terms.names)]
    if terms.known.any() or np.any(variances > 10 * LEAST):
        variances[variances <= 10 * LEAST] = 0.0
    variances *= scale
    return _solution(response, design, terms, theta, method)


@dataclass(frozen=True)
class ExpectedErrors:
    """How well a survey would know the coefficients of a model, were its variances those that are assumed."""

    covariance: NDArray[np.float64]
    """Covariance of the estimates, with what it costs to estimate the variances, shape (p, p)."""
    freedom: NDArray[np.float64]
    """Degrees of freedom of each, shape (p,)."""


def expected_errors(
    design: ArrayLike,
    variances: Mapping[str, float],
    distance: ArrayLike | None = None,
    *,
    reach: float = np.nan,
    site: ArrayLike | None = None,
    error: ArrayLike | None = None,
) -> ExpectedErrors:
    """Errors that `fit_spatial` by REML would state, before any response is measured.

    Parameters
    ----------
    design : array_like, shape (n, p)
        Predictors, the constant included.
    variances : mapping of str to float
        Assumed variances: ``nugget``, and ``spatial`` and ``site`` where the model has them.
    distance : array_like, shape (n, n), optional
        Distances of the samples.
    reach : float, optional
        Assumed range of the spatial term.
    site : array_like, shape (n,), optional
        Site of each sample.
    error : array_like, shape (n,), optional
        Standard error of each response.

    Returns
    -------
    ExpectedErrors

    References
    ----------
    Stroup (2002), J. Agric. Biol. Environ. Stat. 7, 491-511 (power of mixed models from their expected errors).

    Examples
    --------
    The mean of four independent values of variance 1:

    >>> found = expected_errors(np.ones((4, 1)), {"nugget": 1.0})
    >>> found.covariance.round(6).tolist(), found.freedom.round(6).tolist()
    ([[0.25]], [3.0])
    """
    design = np.asarray(design, float)
    terms = _terms(len(design), distance, site, error, "estimated")
    theta = np.array([variances[name] for name in terms.names] + ([] if distance is None else [np.log(reach)]))
    total, parts = terms.covariance(theta)
    inverse = np.linalg.inv(total)
    covariance = np.linalg.inv(design.T @ inverse @ design)
    return ExpectedErrors(*_kenward_roger(design, inverse, covariance, parts, terms))


def _check(design: NDArray) -> None:
    n, p = design.shape
    if n <= p:
        raise TableError(f"{n} rows cannot carry {p} coefficients.\n  Use fewer predictors, or components of them.")
    size = np.linalg.norm(design, axis=0)
    if np.any(size == 0) or np.linalg.matrix_rank(design / size, tol=1e-9) < p:
        raise TableError(
            "Predictors of the model depend on one another, so their effects cannot be told apart.\n"
            "  Leave one of them out."
        )


def _residual_variance(response: NDArray, design: NDArray) -> float:
    residuals = response - design @ np.linalg.lstsq(design, response)[0]
    variance = float(residuals @ residuals) / (len(response) - design.shape[1])
    if variance <= 1e-20 * float(response @ response):
        raise TableError("The predictors fit the response without any residual, so no error can be told.")
    return variance


def _terms(n: int, distance, site, error, nugget: str) -> _Terms:
    names, fixed = [], []
    if distance is not None:
        distance = np.asarray(distance, float)
        names.append("spatial")
    if site is not None:
        codes = np.unique(np.asarray(site), return_inverse=True)[1]
        if codes.max() + 1 < n:
            names.append("site")
            fixed.append((codes[:, None] == codes).astype(float))
    if nugget == "estimated" or not names:
        names.append("nugget")
        fixed.append(np.eye(n))
    known = np.zeros(n) if error is None else np.asarray(error, float) ** 2
    return _Terms(tuple(names), tuple(fixed), distance, known)


def _limits(distance: NDArray) -> tuple[float, float]:
    """Shortest and longest range."""
    apart = distance[distance > 0]
    return SHORTEST * float(apart.min()), FARTHEST * float(apart.max())


def _starts(terms: _Terms) -> list[NDArray]:
    share = np.full(len(terms.names), 1.0 / len(terms.names))
    if terms.distance is None:
        return [share]
    low, high = _limits(terms.distance)
    return [np.append(share, np.log(np.clip(part * high, low, high))) for part in STARTS]


def _search(response: NDArray, design: NDArray, terms: _Terms, scale: float, start: NDArray, method: str):
    """Optimum of the likelihood of a response of unit residual variance."""
    unit = _Terms(terms.names, terms.fixed, terms.distance, terms.known / scale)
    bounds = [(LEAST, 1e4)] * len(terms.names)
    if terms.distance is not None:
        low, high = _limits(terms.distance)
        bounds.append((np.log(low), np.log(high)))
    return minimize(
        _deviance, start, (response, design, unit, method), jac=True, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 300},
    )  # fmt: skip


def _factor(covariance: NDArray) -> NDArray:
    """Lower Cholesky factor of a covariance, lifted where places at one spot make it singular."""
    factor, failed = dpotrf(covariance, lower=1)
    if failed:
        lift = 1e-9 * float(np.trace(covariance)) / len(covariance)
        factor, _ = dpotrf(covariance + lift * np.eye(len(covariance)), lower=1)
    return factor


def _deviance(theta, response, design, terms: _Terms, method: str) -> tuple[float, NDArray]:
    """-2 log (restricted) likelihood and its gradient."""
    total, parts = terms.covariance(theta)
    factor = _factor(total)
    inverse = cho_solve((factor, True), np.eye(len(response)))
    right = inverse @ design
    normal = design.T @ right
    projector = inverse - right @ np.linalg.solve(normal, right.T)
    weighted = projector @ response
    value = 2 * np.log(np.diag(factor)).sum() + float(response @ weighted)
    freedom = len(response)
    if method == "REML":
        value += np.linalg.slogdet(normal)[1]
        freedom -= design.shape[1]
    against = projector if method == "REML" else inverse
    gradient = np.array([np.vdot(against, part) - weighted @ part @ weighted for part in parts])
    return value + freedom * np.log(2 * np.pi), gradient


def _solution(response, design, terms: _Terms, theta: NDArray, method: str) -> SpatialFit:
    total, parts = terms.covariance(theta)
    factor = _factor(total)
    inverse = cho_solve((factor, True), np.eye(len(response)))
    covariance = np.linalg.inv(design.T @ inverse @ design)
    estimates = covariance @ (design.T @ (inverse @ response))
    adjusted, freedom = covariance, np.full(len(estimates), float(len(response) - len(estimates)))
    if method == "REML":
        adjusted, freedom = _kenward_roger(design, inverse, covariance, parts, terms)
    fitted = design @ estimates
    return SpatialFit(
        estimates=estimates, covariance=covariance, adjusted=adjusted, freedom=freedom,
        variances=dict(zip(terms.names, theta[: len(terms.names)].tolist(), strict=True)),
        reach=float(np.exp(theta[-1])) if terms.distance is not None else np.nan,
        log_likelihood=-0.5 * _deviance(theta, response, design, terms, method)[0], fitted=fitted,
        whitened=np.linalg.solve(factor, response - fitted), method=method, known=float(terms.known.mean()),
    )  # fmt: skip


def _kenward_roger(design, inverse, covariance, parts: Sequence[NDArray], terms: _Terms) -> tuple:
    r"""Adjusted covariance of the coefficients and their degrees of freedom.

    With :math:`\Phi` the covariance, :math:`P_i = -X^T V^{-1} V_i V^{-1} X`,
    :math:`Q_{ij} = X^T V^{-1} V_i V^{-1} V_j V^{-1} X` and W the inverse information of the variances:
    :math:`\Phi_A = \Phi + 2 \Phi [\sum_{ij} W_{ij} (Q_{ij} - P_i \Phi P_j)] \Phi`.

    The range is taken as found. A few dozen sites say so little of it that, counted too, tests without any effect
    reject 3 % at 5 %; so they reject 4 to 5 %.
    """
    if terms.distance is not None:
        parts = parts[:-1]
    right = inverse @ design
    scaled = [inverse @ part for part in parts]
    first = [-right.T @ part @ right for part in parts]
    second = [[right.T @ part @ other @ right for other in scaled] for part in parts]
    information = np.empty((len(parts), len(parts)))
    for i, one in enumerate(scaled):
        for j, other in enumerate(scaled):
            lost = 2 * covariance @ second[i][j] - covariance @ first[i] @ covariance @ first[j]
            information[i, j] = (np.vdot(one.T, other) - np.trace(lost)) / 2
    weights = _inverse_information(information)
    middle = sum(
        weights[i, j] * (second[i][j] - first[i] @ covariance @ first[j])
        for i in range(len(parts)) for j in range(len(parts))
    )  # fmt: skip
    adjusted = covariance + 2 * covariance @ middle @ covariance
    slopes = np.array([np.diag(covariance @ one @ covariance) for one in first])
    spread = np.einsum("ik,ij,jk->k", slopes, weights, slopes)
    freedom = np.divide(2 * np.diag(covariance) ** 2, spread, out=np.full(len(covariance), np.inf), where=spread > 0)
    most = float(len(design) - design.shape[1])
    return (adjusted + adjusted.T) / 2, np.clip(freedom, 1.0, most)


def _inverse_information(information: NDArray) -> NDArray:
    """Covariance of the variances; one that nothing is known of counts as known."""
    size = np.sqrt(np.maximum(np.diag(information), 0.0))
    known = size > 1e-8 * size.max() if size.max() > 0 else size > 0
    weights = np.zeros_like(information)
    at = np.ix_(known, known)
    scale = np.outer(size[known], size[known])
    weights[at] = np.linalg.pinv(information[at] / scale, rcond=1e-6, hermitian=True) / scale
    return weights
