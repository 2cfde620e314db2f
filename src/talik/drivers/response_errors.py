"""Errors of the response: a Q10 is itself an estimate, and every method can be told so."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

GRID = 80
"""Values of the true scatter between which its uncertainty is drawn."""

WIDEST_SCATTER = 4.0
"""Largest true scatter that is considered, in the scatter of least squares. [-]"""


def draw_responses(
    response: ArrayLike, error: ArrayLike, design: ArrayLike, draws: int, *, seed: int = 0
) -> NDArray[np.float64]:
    r"""Draws of the true response, given what was measured and its errors.

    The measured value is :math:`y_i = \theta_i + s_i e_i` and the true one scatters about a straight line by
    :math:`\tau`. Each draw takes :math:`\tau` from its restricted likelihood, the coefficients given it, and then

    .. math:: \theta_i \sim N\big(x_i \beta + w_i (y_i - x_i \beta),\; w_i s_i^2\big), \quad
        w_i = \tau^2 / (\tau^2 + s_i^2)

    so that badly known values are drawn towards the line. To add errors to what already has errors would count
    them twice. With the predictors of a method among the columns of `design`, a method over these draws
    (`over_draws`) errs neither to the safe nor to the unsafe side.

    Parameters
    ----------
    response, error : array_like, shape (n,)
        What was measured, and its standard error.
    design : array_like, shape (n, p)
        Columns of the straight line, the constant included.
    draws : int
        Number of draws.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    ndarray, shape (draws, n)

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 5;
    Blackwell, Honaker and King (2017), Sociol. Methods Res. 46, 303-341 (measurement error as missing values).

    Examples
    --------
    A value without error stays, one that is hardly known goes to where the others lie:

    >>> drawn = draw_responses([1.0, 1.2, 0.8, 9.0], [1e-9, 1e-9, 1e-9, 50.0], np.ones((4, 1)), 2000)
    >>> drawn[:, :3].mean(axis=0).round(2).tolist(), bool(abs(drawn[:, 3].mean() - 1) < 0.3)
    ([1.0, 1.2, 0.8], True)
    """
    response, error, design = (np.asarray(one, float) for one in (response, error, design))
    rng = np.random.default_rng(seed)
    scatter, likelihood = _scatter_likelihood(response, error, design)
    chosen = rng.choice(scatter.size, size=draws, p=likelihood)
    drawn = np.empty((draws, response.size))
    for k in np.unique(chosen):
        at = np.flatnonzero(chosen == k)
        drawn[at] = _given_scatter(response, error, design, float(scatter[k]), at.size, rng)
    return drawn


def _scatter_likelihood(response, error, design) -> tuple[NDArray, NDArray]:
    """Values of tau and the probability of each."""
    least = design @ np.linalg.lstsq(design, response)[0]
    rough = float(np.std(response - least)) + 1e-300
    scatter = rough * WIDEST_SCATTER * (np.arange(GRID) + 0.5) / GRID
    log = np.array([_restricted(response, error, design, tau) for tau in scatter])
    weights = np.exp(log - log.max())
    return scatter, weights / weights.sum()


def _restricted(response, error, design, tau: float) -> float:
    variance = tau**2 + error**2
    normal = (design / variance[:, None]).T @ design
    slopes = np.linalg.solve(normal, (design / variance[:, None]).T @ response)
    squares = float(np.sum((response - design @ slopes) ** 2 / variance))
    return -0.5 * (float(np.log(variance).sum()) + np.linalg.slogdet(normal)[1] + squares)


def _given_scatter(response, error, design, tau: float, draws: int, rng) -> NDArray:
    """Draws of the true response for one tau, shape (draws, n)."""
    variance = tau**2 + error**2
    covariance = np.linalg.inv((design / variance[:, None]).T @ design)
    slopes = covariance @ ((design / variance[:, None]).T @ response)
    line = rng.multivariate_normal(slopes, covariance, size=draws, method="eigh") @ design.T
    kept = tau**2 / variance
    return line + kept * (response - line) + np.sqrt(kept) * error * rng.standard_normal((draws, response.size))


@dataclass(frozen=True)
class OverDraws:
    """A statistic over draws of the response, beside that of the response as it was measured."""

    estimate: NDArray[np.float64]
    """Mean over the draws, shape (k,)."""
    within: NDArray[np.float64]
    """Mean variance of the method within a draw, shape (k,)."""
    between: NDArray[np.float64]
    """Variance between draws, shape (k,)."""
    freedom: NDArray[np.float64]
    """Degrees of freedom, shape (k,)."""
    naive: NDArray[np.float64]
    """The statistic of the response as measured, its errors passed over, shape (k,)."""
    naive_error: NDArray[np.float64]
    """Its standard error by the method, shape (k,)."""
    draws: int
    """Number of draws."""

    @property
    def error(self) -> NDArray[np.float64]:
        """Standard error: within and between together, shape (k,)."""
        return np.sqrt(self.within + (1 + 1 / self.draws) * self.between)

    def intervals(self, level: float = 0.95) -> NDArray[np.float64]:
        """Intervals of Student's t, shape (k, 2)."""
        half = stats.t.ppf(0.5 + level / 2, self.freedom) * self.error
        return np.column_stack([self.estimate - half, self.estimate + half])

    @property
    def difference(self) -> NDArray[np.float64]:
        """How far passing over the errors moves the statistic, in its standard errors, shape (k,). [-]"""
        return (self.naive - self.estimate) / self.error


Method = Callable[[NDArray], tuple[NDArray, NDArray, NDArray]]
"""What takes a response, shape (n,), and gives estimates, their variances and degrees of freedom, each (k,)."""


def over_draws(method: Method, response: ArrayLike, draws: ArrayLike) -> OverDraws:
    r"""Any method over draws of the response.

    .. math:: T = \bar W + (1 + 1/m) B

    with W the variances within draws and B that between them (Rubin 1987); degrees of freedom after Barnard and
    Rubin (1999), Biometrika 86, 948-955, so that they do not exceed those of the method.

    Parameters
    ----------
    method : callable
        Takes a response, shape (n,), and returns estimates, their variances and degrees of freedom, each of
        shape (k,).
    response : array_like, shape (n,)
        As measured.
    draws : array_like, shape (m, n)
        As from `draw_responses`.

    Returns
    -------
    OverDraws

    Examples
    --------
    The mean of two soils, one of them uncertain:

    >>> def mean(y):
    ...     return np.array([y.mean()]), np.array([y.var(ddof=1) / y.size]), np.array([y.size - 1.0])
    >>> found = over_draws(mean, [1.0, 3.0], [[1.0, 2.5], [1.0, 3.5], [1.0, 3.0]])
    >>> found.estimate.tolist(), found.between.tolist(), found.naive.tolist()
    ([2.0], [0.0625], [2.0])
    """
    draws = np.asarray(draws, float)
    results = [method(one) for one in draws]
    estimates, variances, freedoms = (np.array([result[i] for result in results], float) for i in range(3))
    naive, naive_variance, _ = method(np.asarray(response, float))
    m = len(draws)
    within = variances.mean(axis=0)
    between = estimates.var(axis=0, ddof=1) if m > 1 else np.zeros_like(within)
    return OverDraws(
        estimates.mean(axis=0), within, between, _freedom(within, between, freedoms.mean(axis=0), m),
        np.asarray(naive, float), np.sqrt(np.asarray(naive_variance, float)), m,
    )  # fmt: skip


def _freedom(within: NDArray, between: NDArray, complete: NDArray, m: int) -> NDArray:
    """Degrees of freedom of Barnard and Rubin."""
    total = within + (1 + 1 / m) * between
    missing = np.divide((1 + 1 / m) * between, total, out=np.zeros_like(total), where=total > 0)
    observed = (complete + 1) / (complete + 3) * complete * (1 - missing)
    with np.errstate(divide="ignore"):
        between_draws = np.where(missing > 0, (m - 1) / missing**2, np.inf)
        return np.where(missing >= 1, between_draws, 1 / (1 / between_draws + 1 / np.maximum(observed, 1e-300)))
