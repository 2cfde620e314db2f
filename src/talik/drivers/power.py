"""Power: what a number of sites can find, and how many sites would find an effect."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from talik.spatial.model import ExpectedErrors

LEVEL = 0.05
"""Two-sided level of a test. [-]"""

PROMISED = 0.8
"""Power that a design should have. [-]"""

MOST_SITES = 1000
"""More sites than this are told as 'more than' so many."""


def power(effect: float, error: float, freedom: float, level: float = LEVEL) -> float:
    """Chance that a two-sided t test finds an effect, with its sign.

    Parameters
    ----------
    effect : float
        True effect.
    error : float
        Standard error of its estimate.
    freedom : float
        Degrees of freedom.
    level : float, default 0.05
        Level of the test.

    Returns
    -------
    float

    Examples
    --------
    >>> round(power(0.5, 0.25, 20), 3)
    0.478
    """
    limit = stats.t.ppf(1 - level / 2, freedom)
    return float(stats.nct.sf(limit, freedom, abs(effect) / error))


def sites_needed(
    effect: float, error: float, freedom: float, sites: int, coefficients: int, promised: float = PROMISED
) -> int | None:
    r"""Sites at which an effect of this size would be found with 80 % power.

    The error shrinks as :math:`s(n) = s(n_0) \sqrt{(n_0 - p) / (n - p)}` and its degrees of freedom grow as
    :math:`n - p`, so the further sites are taken to be like those there are. An effect that was estimated is not the
    true one: the number is an order of magnitude.

    Parameters
    ----------
    effect : float
        Effect.
    error : float
        Standard error that it has with the sites there are.
    freedom : float
        Degrees of freedom of that error, which place or sites may leave few.
    sites : int
        Sites there are.
    coefficients : int
        Coefficients of the model, the constant included.
    promised : float, default 0.8
        Power.

    Returns
    -------
    int or None
        None for more than 1,000.

    Examples
    --------
    >>> sites_needed(0.5, 0.25, 17, 24, 7)
    43
    """

    def at(n: float) -> float:
        growth = (n - coefficients) / max(sites - coefficients, 1)
        return power(effect, error / growth**0.5, freedom * growth) - promised

    if not effect or at(MOST_SITES) < 0:
        return None
    fewest = coefficients + 2
    if at(fewest) >= 0:
        return fewest
    return int(np.ceil(optimize.brentq(at, fewest, MOST_SITES)))


@dataclass(frozen=True)
class Promise:
    """What a design promises to find."""

    each: NDArray[np.float64]
    """Chance that each effect is found with its sign, shape (k,). [-]"""
    together: float
    """Chance of the event that was asked for. [-]"""


Rule = Callable[[NDArray], NDArray]
"""Which of many tests are discoveries: p, shape (k,) to bool, shape (k,)."""

Event = Callable[[NDArray], NDArray]
"""Something that may follow from what was found: bool, shape (draws, k) to bool, shape (draws,)."""


def false_discovery_rule(p: ArrayLike) -> NDArray[np.bool_]:
    """Discoveries of Benjamini and Hochberg at 5 %.

    Parameters
    ----------
    p : array_like, shape (k,)
        p of each test.

    Returns
    -------
    ndarray of bool, shape (k,)

    Examples
    --------
    >>> false_discovery_rule([0.001, 0.02, 0.04, 0.6]).tolist()
    [True, True, False, False]
    """
    return stats.false_discovery_control(np.asarray(p, float)) <= LEVEL


def power_of_design(
    effects: ArrayLike, errors: Sequence[ExpectedErrors], *, together: Event, rule: Rule = false_discovery_rule,
    draws: int = 20_000, seed: int = 0,
) -> Promise:  # fmt: skip
    """What a survey promises to find by a regression on all drivers at once.

    Estimates are drawn about the true effects with the errors that are expected and judged by the rule; so
    collinearity, several tests at once, few sites, and what it costs to estimate the variances all count.

    Parameters
    ----------
    effects : array_like, shape (k,)
        True effects per standard deviation.
    errors : sequence of ExpectedErrors
        As from `talik.spatial.model.expected_errors`, for one or many sets of predictors that the survey may
        meet; the constant is the first coefficient.
    together : callable
        An event, as that two effects are both found: takes what was found with its sign, shape (draws, k), and
        gives whether the event took place, shape (draws,).
    rule : callable, optional
        Discoveries among p; Benjamini and Hochberg at 5 % where not given.
    draws : int, default 20000
        Draws, shared among the sets of predictors.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    Promise

    Examples
    --------
    One driver that explains half of the variance, 24 sites:

    >>> from talik.spatial.model import expected_errors
    >>> x = np.linspace(-1.7, 1.7, 24)
    >>> errors = expected_errors(np.column_stack([np.ones(24), x]), {"nugget": 0.5})
    >>> found = power_of_design([0.5**0.5], [errors], together=lambda hit: hit[:, 0])
    >>> bool(found.together > 0.98)
    True
    """
    effects = np.asarray(effects, float)
    rng = np.random.default_rng(seed)
    each = max(draws // len(errors), 1)
    hits = []
    for one in errors:
        covariance, freedom = one.covariance[1:, 1:], one.freedom[1:]
        normal = rng.multivariate_normal(np.zeros(effects.size), covariance, each, method="cholesky")
        stated = np.sqrt(np.diag(covariance) * rng.chisquare(freedom, (each, effects.size)) / freedom)
        t = (effects + normal) / stated
        p = 2 * stats.t.sf(np.abs(t), freedom)
        hits.append(np.array([rule(of) for of in p]) & (np.sign(t) == np.sign(effects)))
    found = np.concatenate(hits)
    return Promise(found.mean(axis=0), float(np.mean(together(found))))
