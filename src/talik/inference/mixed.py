"""Linear models with random intercepts and errors known beforehand, by restricted or full maximum likelihood."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.linalg import cho_factor, cho_solve

from talik.errors import InputError

Likelihood = Literal["REML", "ML"]
"""Restricted or full likelihood."""

MOST_STEPS = 200
"""Steps of one fit."""
SETTLED = 1e-10
"""A step that promises to lower -2 ln L by less than this is the last. [-]"""
AT_ZERO = 1e-9
"""A variance below this part of the response's is told as zero. [-]"""


@dataclass(frozen=True)
class MixedFit:
    r"""A fitted model :math:`y = X\beta + \sum_k Z_k b_k + e` and what follows from it.

    :math:`b_k \sim N(0, \sigma_k^2)`, :math:`e_i \sim N(0, \sigma^2 + s_i^2)` with :math:`s_i` known beforehand.
    """

    response: NDArray
    """y, shape (n,)."""
    design: NDArray
    """X, shape (n, p); a column of ones is the intercept."""
    levels: tuple[NDArray, ...]
    """For each random effect the level of each row, counted from 0, shape (n,)."""
    known: NDArray
    """Variance of each response that is known beforehand, shape (n,); zeros where none is."""
    method: str
    """``REML`` or ``ML``."""
    variances: NDArray
    """Residual variance first, then that of each random effect, shape (1 + k,)."""

    @cached_property
    def _at(self) -> "_Likelihood":
        return _Likelihood(self.response, self.design, self.levels, self.known, self.method, self.variances)

    @property
    def coefficients(self) -> NDArray:
        """Fixed effects, shape (p,)."""
        return self._at.beta

    @property
    def covariance(self) -> NDArray:
        r"""Their covariance :math:`(X^T V^{-1} X)^{-1}`, shape (p, p)."""
        return self._at.covariance

    @property
    def standard_errors(self) -> NDArray:
        """Standard errors of the fixed effects, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def log_likelihood(self) -> float:
        """Restricted or full log-likelihood, with its constants. [-]"""
        return -0.5 * self._at.deviance

    @property
    def singular(self) -> bool:
        """Whether a variance is zero."""
        return bool((self.variances <= 0).any())

    @cached_property
    def degrees_of_freedom(self) -> NDArray:
        """Satterthwaite's degrees of freedom of each fixed effect, shape (p,)."""
        return np.array([self.satterthwaite(contrast) for contrast in np.eye(self.design.shape[1])])

    def satterthwaite(self, contrast: ArrayLike) -> float:
        r"""Degrees of freedom of :math:`l^T \hat\beta`.

        .. math:: \nu = \frac{2 f^2}{g^T A g}, \quad f = l^T C l, \quad
           g_k = \partial f / \partial \sigma_k^2, \quad A = 2 H^{-1}

        with H the second derivatives of -2 ln L by the variances; a variance of zero is taken as known.
        (Satterthwaite 1946, Biometrics Bulletin 2, 110-114; Kuznetsova et al. 2017, J. Stat. Softw. 82(13),
        doi 10.18637/jss.v082.i13.)

        Parameters
        ----------
        contrast : array_like, shape (p,)
            l.

        Returns
        -------
        float
            Infinite where all variances are known.
        """
        contrast = np.asarray(contrast, float)
        free = self.variances > 0
        if not free.any():
            return np.inf
        at = self._at
        f = float(contrast @ at.covariance @ contrast)
        g = at.derivatives_of(contrast)[free]
        hessian = at.hessian[np.ix_(free, free)]
        if np.linalg.eigvalsh(hessian).min() <= 0:
            hessian = at.expected[np.ix_(free, free)]
        below = float(g @ np.linalg.solve(hessian, g)) * 2
        return 2 * f**2 / below if below > 0 else np.inf

    def interval(self, level: float = 0.95) -> NDArray:
        """Interval of Student's t of each fixed effect, shape (p, 2)."""
        half = stats.t.ppf(0.5 + level / 2, self.degrees_of_freedom) * self.standard_errors
        return np.column_stack([self.coefficients - half, self.coefficients + half])

    @property
    def p_values(self) -> NDArray:
        """Two-sided p of each fixed effect by Student's t, shape (p,). [-]"""
        return 2 * stats.t.sf(np.abs(self.coefficients / self.standard_errors), self.degrees_of_freedom)

    def joint_test(self, contrasts: ArrayLike) -> tuple[float, float, float]:
        r"""F, its denominator degrees of freedom and p of several contrasts at once.

        The contrasts are turned into q independent ones with :math:`\nu_i` degrees of freedom;
        :math:`\nu = 2E/(E - q)` with :math:`E = \sum_i \nu_i/(\nu_i - 2)`
        (Fai and Cornelius 1996, J. Stat. Comput. Simul. 54, 363-378), as lmerTest does.

        Parameters
        ----------
        contrasts : array_like, shape (q, p)
            One in each row.

        Returns
        -------
        tuple of float
        """
        contrasts = np.atleast_2d(np.asarray(contrasts, float))
        values, vectors = np.linalg.eigh(contrasts @ self.covariance @ contrasts.T)
        kept = values > values.max() * 1e-12
        turned = vectors[:, kept].T @ contrasts
        t_squared = (turned @ self.coefficients) ** 2 / values[kept]
        q = int(kept.sum())
        f = float(t_squared.sum()) / q
        freedom = np.array([self.satterthwaite(row) for row in turned])
        if np.ptp(freedom) < 1e-8 or np.isinf(freedom).all():
            below = float(freedom.mean())
        else:
            many = freedom[freedom > 2]
            excess = float(np.sum(np.where(np.isinf(many), 1.0, many / (many - 2)))) if many.size else 0.0
            below = 2 * excess / (excess - q) if excess > q else 2.0
        return f, below, float(stats.f.sf(f, q, below)) if np.isfinite(below) else float(stats.chi2.sf(f * q, q))

    @property
    def r2(self) -> tuple[float, float]:
        r"""Marginal and conditional R² of Nakagawa and Schielzeth. [-]

        .. math:: R^2_m = \frac{\sigma_f^2}{\sigma_f^2 + \sum_k \sigma_k^2 + \sigma^2}, \quad
           R^2_c = \frac{\sigma_f^2 + \sum_k \sigma_k^2}{\sigma_f^2 + \sum_k \sigma_k^2 + \sigma^2}

        with :math:`\sigma_f^2` the variance of :math:`X\hat\beta`. Errors known beforehand are no variation of
        the soils and are in neither (Nakagawa and Schielzeth 2013, Methods Ecol. Evol. 4, 133-142,
        doi 10.1111/j.2041-210x.2012.00261.x).
        """
        fixed = float(np.var(self.design @ self.coefficients, ddof=1))
        among = float(self.variances[1:].sum())
        total = fixed + among + float(self.variances[0])
        return (fixed / total, (fixed + among) / total) if total > 0 else (np.nan, np.nan)

    @property
    def residuals(self) -> NDArray:
        """What the fixed effects leave, shape (n,)."""
        return self.response - self.design @ self.coefficients

    def solve(self, columns: ArrayLike) -> NDArray:
        r""":math:`V^{-1}` times one or several columns of n rows."""
        return self._at.solve(np.asarray(columns, float))


def fit_mixed(
    response: ArrayLike,
    design: ArrayLike,
    groups: Sequence[ArrayLike] = (),
    *,
    known_errors: ArrayLike | None = None,
    method: Likelihood = "REML",
) -> MixedFit:
    r"""A linear model with random intercepts and, where given, known errors of the response.

    :math:`V = \mathrm{diag}(s_i^2 + \sigma^2) + \sum_k \sigma_k^2 Z_k Z_k^T`, and the variances minimise

    .. math:: -2 \ln L_R = \ln|V| + \ln|X^T V^{-1} X| + r^T V^{-1} r + (n - p) \ln 2\pi

    (without the second term, and with n, for ``ML``) by Newton's steps that keep every variance at zero or above,
    begun with and without each random effect. With known errors and no groups it is the meta-regression with
    weights :math:`1/(\tau^2 + s_i^2)`. A random effect within another has its own name for each of its levels.

    Parameters
    ----------
    response : array_like, shape (n,)
        y.
    design : array_like, shape (n, p)
        X, a column of ones for the intercept in it.
    groups : sequence of array_like, each of shape (n,), optional
        Labels of each random intercept, as the site of each row.
    known_errors : array_like, shape (n,), optional
        Standard error of each response, known beforehand.
    method : {"REML", "ML"}
        Restricted or full likelihood. Models whose fixed effects differ are compared by ``ML`` only.

    Returns
    -------
    MixedFit

    Raises
    ------
    InputError
        If the columns of the design depend on each other, there are as many as rows, or a group has
        one level.

    References
    ----------
    Patterson and Thompson (1971), Biometrika 58, 545-554, doi 10.1093/biomet/58.3.545;
    Bates et al. (2015), J. Stat. Softw. 67(1), doi 10.18637/jss.v067.i01;
    Viechtbauer (2005), J. Educ. Behav. Stat. 30, 261-293 (known errors).

    Examples
    --------
    Two samples at each of three sites: most of the variance is between sites.

    >>> fit = fit_mixed([1.0, 1.2, 2.0, 2.4, 1.5, 1.3], np.ones((6, 1)), [list("aabbcc")])
    >>> fit.coefficients.round(4).item(), fit.variances.round(4).tolist(), fit.degrees_of_freedom.round(2).item()
    (1.5667, [0.04, 0.3033], 2.0)
    """
    y, x = np.asarray(response, float), np.asarray(design, float)
    levels = tuple(np.unique(np.asarray(labels).astype(str), return_inverse=True)[1] for labels in groups)
    known = np.zeros(y.size) if known_errors is None else np.asarray(known_errors, float) ** 2
    _check(y, x, levels, known)
    # Unit variance makes tolerances independent of the response's unit.
    scale = float(np.std(_residuals(y, x))) or 1.0
    y1, known1 = y / scale, known / scale**2
    fits = [_descend(y1, x, levels, known1, method, start) for start in _starts(len(levels))]
    best = min(fits, key=lambda fit: fit.deviance)
    variances = np.where(best.variances < AT_ZERO, 0.0, best.variances) * scale**2
    return MixedFit(y, x, levels, known, method, variances)


def _residuals(y: NDArray, x: NDArray) -> NDArray:
    return y - x @ np.linalg.lstsq(x, y)[0]


def _check(y: NDArray, x: NDArray, levels: tuple[NDArray, ...], known: NDArray) -> None:
    if not (np.isfinite(y).all() and np.isfinite(x).all() and np.isfinite(known).all()):
        raise InputError("a model needs numbers in every row; leave rows with missing values out first.")
    n, p = x.shape
    if n <= p:
        raise InputError(
            f"a model of {p} coefficients needs more than {p} samples; there are {n}. Take fewer predictors, "
            "their components, or a forward selection."
        )
    if np.linalg.matrix_rank(x) < p:
        raise InputError(
            "the predictors of a model depend on each other, as shares that add to 100 % do: leave one of them out."
        )
    for labels in levels:
        if labels.max() == 0:
            raise InputError("a random effect needs two levels or more, as two sites; there is one.")
        if labels.max() + 1 == y.size:
            raise InputError("a random effect with one sample a level is the residual: leave it out.")


def _starts(effects: int) -> list[NDArray]:
    """All variances alike, and without each random effect; in units of the residual variance."""
    alike = np.full(1 + effects, 1 / (1 + effects))
    return [alike] + [np.where(np.arange(1 + effects) == k, 0.0, alike) for k in range(1, 1 + effects)]


def _descend(y, x, levels, known, method, start: NDArray) -> "_Likelihood":
    """The least -2 ln L that Newton's steps in the box of no negative variance lead to."""
    here = _Likelihood(y, x, levels, known, method, start)
    for _ in range(MOST_STEPS):
        free = (here.variances > 0) | (here.gradient < 0)
        if not known.any() and here.variances[0] <= 0:
            break
        if not free.any():
            break
        step = _newton(here, free)
        if -float(here.gradient[free] @ step) <= SETTLED:
            # -2 ln L is flat to rounding here, its slope is not: the last step still counts.
            return _stepped(here, free, step)
        there = _lower(here, free, step)
        if there is None:
            break
        here = there
    return here


def _newton(here: "_Likelihood", free: NDArray) -> NDArray:
    """Newton's step of the free variances; Fisher's where -2 ln L curves downward."""
    inside = np.ix_(free, free)
    hessian = here.hessian[inside]
    if np.linalg.eigvalsh(hessian).min() <= 1e-10 * np.abs(hessian).max():
        hessian = here.expected[inside]
    return -np.linalg.lstsq(hessian, here.gradient[free])[0]


def _lower(here: "_Likelihood", free: NDArray, step: NDArray) -> "_Likelihood | None":
    """The likelihood after as much of a step as lowers -2 ln L; None if no part does."""
    for halving in range(30):
        there = _stepped(here, free, step * 0.5**halving)
        if there.deviance < here.deviance:
            return there
    return None


def _stepped(here: "_Likelihood", free: NDArray, step: NDArray) -> "_Likelihood":
    """The likelihood after a step, no variance below zero."""
    moved = here.variances.copy()
    moved[free] = moved[free] + step
    # Without known errors the residual variance may shrink, never vanish.
    floor = np.zeros_like(moved)
    floor[0] = 0.0 if here.known.any() else 0.1 * here.variances[0]
    return here.at(np.maximum(moved, floor))


class _Likelihood:
    r"""-2 ln L and its derivatives by the variances at one place.

    :math:`V^{-1} = W - U_z C U_z^T` with :math:`W = \mathrm{diag}(1/(s_i^2+\sigma^2))` and :math:`U_z = W Z`, so that
    only matrices of as many rows as levels are inverted.
    """

    def __init__(self, y, x, levels, known, method, variances):
        self.y, self.x, self.levels, self.known, self.method = y, x, levels, known, method
        self.variances = np.asarray(variances, float)
        self.weights = 1.0 / (known + self.variances[0])
        self._z = _indicators(levels, y.size)
        counts = [int(labels.max()) + 1 for labels in levels]
        spread = np.repeat(self.variances[1:], counts)
        self._root = np.sqrt(spread)
        weighted = self.weights[:, None] * self._z
        inner = np.eye(spread.size) + self._root[:, None] * (self._z.T @ weighted) * self._root
        self._cholesky = cho_factor(inner, lower=True) if spread.size else None
        self._weighted = weighted
        self.vx = self.solve(x)
        self.information = x.T @ self.vx
        self.covariance = np.linalg.inv(self.information)
        self.covariance = 0.5 * (self.covariance + self.covariance.T)
        self.beta = self.covariance @ (self.vx.T @ y)
        self.py = self.solve(y - x @ self.beta)

    def at(self, variances: NDArray) -> "_Likelihood":
        """The likelihood of the same data elsewhere."""
        return _Likelihood(self.y, self.x, self.levels, self.known, self.method, variances)

    def solve(self, columns: NDArray) -> NDArray:
        """V⁻¹ times columns of n rows."""
        weights = self.weights if columns.ndim == 1 else self.weights[:, None]
        straight = weights * columns
        if self._cholesky is None:
            return straight
        root = self._root if columns.ndim == 1 else self._root[:, None]
        inner = root * cho_solve(self._cholesky, root * (self._z.T @ straight))
        return straight - self._weighted @ inner

    @cached_property
    def deviance(self) -> float:
        """-2 ln L."""
        n, p = self.x.shape
        log_v = -float(np.log(self.weights).sum())
        if self._cholesky is not None:
            log_v += 2 * float(np.log(np.diag(self._cholesky[0])).sum())
        misfit = float((self.y - self.x @ self.beta) @ self.py)
        if self.method == "ML":
            return log_v + misfit + n * np.log(2 * np.pi)
        return log_v + float(np.linalg.slogdet(self.information)[1]) + misfit + (n - p) * np.log(2 * np.pi)

    @cached_property
    def _parts(self) -> list[NDArray]:
        """Z of each random effect, the residual's left out: it is the identity."""
        counts = [labels.max() + 1 for labels in self.levels]
        return np.split(self._z, np.cumsum(counts)[:-1], axis=1) if counts else []

    @cached_property
    def _low_rank(self) -> tuple[NDArray, NDArray]:
        """U and S of W - U S Uᵀ, which is P for REML and V⁻¹ for ML."""
        q = self._root.size
        inner = np.zeros((0, 0))
        if q:
            inner = self._root[:, None] * cho_solve(self._cholesky, np.diag(self._root))
        if self.method == "ML":
            return self._weighted, inner
        p = self.x.shape[1]
        s = np.zeros((q + p, q + p))
        s[:q, :q], s[q:, q:] = inner, self.covariance
        return np.hstack([self._weighted, self.vx]), s

    def _times(self, columns: NDArray) -> NDArray:
        """P times columns for REML, V⁻¹ times columns for ML."""
        solved = self.solve(columns)
        return solved if self.method == "ML" else solved - self.vx @ (self.covariance @ (self.x.T @ solved))

    @cached_property
    def _of_parts(self) -> list[NDArray]:
        return [self._times(z) for z in self._parts]

    @cached_property
    def _traces(self) -> tuple[NDArray, NDArray]:
        """tr(P G_k), and tr(P G_i P G_j)."""
        u, s = self._low_rank
        su = s @ (u.T @ u)
        first = [float(self.weights.sum() - np.trace(su))]
        first += [float(np.sum(z * pz)) for z, pz in zip(self._parts, self._of_parts, strict=True)]
        size = len(first)
        second = np.zeros((size, size))
        weighted = s @ (u.T @ (self.weights[:, None] * u))
        second[0, 0] = float(np.sum(self.weights**2) - 2 * np.trace(weighted) + np.sum(su * su.T))
        for j, pz in enumerate(self._of_parts, 1):
            second[0, j] = second[j, 0] = float(np.sum(pz**2))
            for i, z in enumerate(self._parts[:j], 1):
                second[i, j] = second[j, i] = float(np.sum((z.T @ pz) ** 2))
        return np.array(first), second

    @cached_property
    def _directions(self) -> NDArray:
        """G_k P y of each variance, shape (n, 1 + k)."""
        return np.column_stack([self.py] + [z @ (z.T @ self.py) for z in self._parts])

    @cached_property
    def gradient(self) -> NDArray:
        """First derivatives of -2 ln L by the variances."""
        return self._traces[0] - self.py @ self._directions

    @cached_property
    def hessian(self) -> NDArray:
        """Second derivatives."""
        solved = self.solve(self._directions)
        solved = solved - self.vx @ (self.covariance @ (self.x.T @ solved))
        return -self._traces[1] + 2 * self._directions.T @ solved

    @cached_property
    def expected(self) -> NDArray:
        """What the second derivatives are expected to be."""
        return self._traces[1]

    def derivatives_of(self, contrast: NDArray) -> NDArray:
        """Derivatives of the variance of a contrast of the fixed effects by the variances."""
        along = self.vx @ (self.covariance @ contrast)
        return np.array([along @ along] + [float(np.sum((z.T @ along) ** 2)) for z in self._parts])


def _indicators(levels: tuple[NDArray, ...], n: int) -> NDArray:
    """Z of all random effects beside each other, shape (n, levels)."""
    return np.hstack([np.eye(labels.max() + 1)[labels] for labels in levels]) if levels else np.zeros((n, 0))
