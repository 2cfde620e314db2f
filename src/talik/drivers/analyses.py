"""The analyses of one question, what each subgroup does to the response: one is the verdict, the others try it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from talik.drivers.response_errors import OverDraws, draw_responses, over_draws
from talik.errors import SettingsError, TableError, listed
from talik.spatial.eigenvectors import spatial_patterns
from talik.spatial.model import SpatialFit, fit_spatial

MOST_PATTERNS = 3
"""Patterns in space that take part at most, so that some freedom is left."""

DRAWS = 200
"""Draws of the response."""

DEFAULT = "mixed model"
"""The primary analysis where no other is named."""


@dataclass(frozen=True)
class Observations:
    """A response, the components that may drive it, and what is known of errors and places."""

    response: NDArray[np.float64]
    """Response, shape (n,)."""
    components: NDArray[np.float64]
    """First component of each subgroup, shape (n, k)."""
    error: NDArray[np.float64] | None = None
    """Standard error of each response, shape (n,)."""
    distance: NDArray[np.float64] | None = None
    """Distances of the samples, shape (n, n)."""
    site: NDArray | None = None
    """Site of each sample, shape (n,)."""
    draws: int = DRAWS
    """Draws of the response."""
    seed: int = 0
    """Seed of the draws."""

    @property
    def design(self) -> NDArray[np.float64]:
        """The constant and the components, shape (n, 1 + k)."""
        return np.column_stack([np.ones(len(self.response)), self.components])

    @property
    def alike(self) -> bool:
        """Whether some site has several samples."""
        return self.site is not None and np.unique(np.asarray(self.site).astype(str)).size < len(self.response)

    @cached_property
    def in_space(self) -> SpatialFit:
        """The straight line of all components with terms for place, sites and errors, where they are known."""
        return fit_spatial(self.response, self.design, self.distance, site=self.site, error=self.error)


def observed(
    response: ArrayLike, components: Mapping[str, ArrayLike], *, error: ArrayLike | None, distance: ArrayLike | None,
    site: ArrayLike | None, draws: int, seed: int,
) -> Observations:  # fmt: skip
    """Observations out of what can be read as arrays.

    Parameters
    ----------
    response, error : array_like, shape (n,)
        Response, and its standard error where that is known.
    components : mapping of str to array_like, each of shape (n,)
        First component of each subgroup.
    distance : array_like, shape (n, n), optional
        Distances of the samples.
    site : array_like, shape (n,), optional
        Site of each sample.
    draws, seed : int
        Draws of the response, and their seed.

    Returns
    -------
    Observations
    """
    columns = np.column_stack([np.asarray(one, float) for one in components.values()])
    known = [None if one is None else np.asarray(one, float) for one in (error, distance)]
    return Observations(
        np.asarray(response, float),
        columns,
        known[0],
        known[1],
        None if site is None else np.asarray(site),
        draws,
        seed,
    )


@dataclass(frozen=True)
class Effects:
    """Effect of each component on the response by one analysis."""

    estimate: NDArray[np.float64]
    """Effects per standard deviation, shape (k,)."""
    covariance: NDArray[np.float64]
    """Their covariance, shape (k, k)."""
    freedom: NDArray[np.float64]
    """Degrees of freedom of each, shape (k,)."""

    @property
    def error(self) -> NDArray[np.float64]:
        """Standard errors, shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def p(self) -> NDArray[np.float64]:
        """Two-sided p of each, shape (k,). [-]"""
        return 2 * stats.t.sf(np.abs(self.estimate) / self.error, self.freedom)

    def intervals(self, level: float = 0.95) -> NDArray[np.float64]:
        """Intervals of Student's t, shape (k, 2)."""
        half = stats.t.ppf(0.5 + level / 2, self.freedom) * self.error
        return np.column_stack([self.estimate - half, self.estimate + half])


@dataclass(frozen=True)
class Analysis:
    """One analysis that may be the primary one."""

    differs: str
    """What sets it apart, in words."""
    effects: Callable[[Observations], Effects]
    """The effects."""
    counts: tuple[str, ...] = ()
    """What it counts: ``place``, ``sites``, ``errors``."""
    needs: str = ""
    """What it cannot do without: ``place`` or ``errors``."""


def analysis_words(name: str, seen: Observations) -> str:
    """How an analysis was computed on these samples.

    Parameters
    ----------
    name : str
        A name in ``ANALYSES``.
    seen : Observations
        The samples.

    Returns
    -------
    str

    Examples
    --------
    >>> seen = Observations(np.zeros(3), np.zeros((3, 1)), error=np.ones(3), site=np.array(["a", "a", "b"]))
    >>> analysis_words("mixed model", seen), analysis_words("without errors", seen)
    ('REML, effect of sites, weighted by errors', 'without errors (REML, effect of sites)')
    """
    counts = ANALYSES[name].counts
    parts = ["REML"] if counts else []
    parts += ["spatial term"] if "place" in counts and seen.distance is not None else []
    parts += ["effect of sites"] if "sites" in counts and seen.alike else []
    parts += ["weighted by errors"] if "errors" in counts and seen.error is not None else []
    told = ", ".join(parts)
    if name == DEFAULT:
        return told
    return f"{name} ({told})" if told else name


def check_analysis(name: str, seen: Observations) -> None:
    """Whether an analysis is known, and these samples carry it.

    Parameters
    ----------
    name : str
        Its name.
    seen : Observations
        The samples.

    Raises
    ------
    SettingsError
        For a name that there is not.
    TableError
        Where places or errors are needed and not known.
    """
    if name not in ANALYSES:
        raise SettingsError(f"no primary analysis is called {name!r}; there are {listed(list(ANALYSES))}.", [name])
    needs = ANALYSES[name].needs
    if needs == "place" and seen.distance is None:
        raise TableError(f"the analysis {name!r} needs latitude and longitude of three places or more; name another.")
    if needs == "errors" and seen.error is None:
        raise TableError(f"the analysis {name!r} needs the standard error of the response; give it, or name another.")


def _effects_of(fit: SpatialFit, k: int) -> Effects:
    """Effects of the k columns behind the constant."""
    kept = slice(1, 1 + k)
    return Effects(fit.estimates[kept], fit.adjusted[kept, kept], fit.freedom[kept])


def _mixed(seen: Observations) -> Effects:
    return _effects_of(seen.in_space, seen.components.shape[1])


def _one_at_a_time(seen: Observations) -> Effects:
    fits = [
        fit_spatial(seen.response, seen.design[:, [0, 1 + j]], seen.distance, site=seen.site, error=seen.error)
        for j in range(seen.components.shape[1])
    ]
    alone = [_effects_of(fit, 1) for fit in fits]
    return Effects(
        np.concatenate([one.estimate for one in alone]), np.diag([one.covariance[0, 0] for one in alone]),
        np.concatenate([one.freedom for one in alone]),
    )  # fmt: skip


def _least_squares(seen: Observations) -> Effects:
    return _effects_of(fit_spatial(seen.response, seen.design), seen.components.shape[1])


def _without_place(seen: Observations) -> Effects:
    fit = fit_spatial(seen.response, seen.design, site=seen.site, error=seen.error)
    return _effects_of(fit, seen.components.shape[1])


def _without_errors(seen: Observations) -> Effects:
    fit = fit_spatial(seen.response, seen.design, seen.distance, site=seen.site)
    return _effects_of(fit, seen.components.shape[1])


def _patterns_in_space(seen: Observations) -> Effects:
    assert seen.distance is not None
    patterns = _patterns(seen.response, seen.design, np.asarray(seen.distance, float))
    in_space = np.column_stack([seen.design, patterns])
    fit = fit_spatial(seen.response, in_space, site=seen.site, error=seen.error)
    return _effects_of(fit, seen.components.shape[1])


def _draws_of_the_response(seen: Observations) -> Effects:
    assert seen.error is not None
    drawn = over_draws_of(seen.response, seen.design, seen.error, seen.site, seen.draws, seen.seed)
    # How effects go together is that of the straight line; how wide they are, that of the draws.
    line = _least_squares(seen)
    error = drawn.error[1:]
    together = line.covariance / np.outer(line.error, line.error)
    return Effects(drawn.estimate[1:], together * np.outer(error, error), drawn.freedom[1:])


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


def over_draws_of(
    response: NDArray, design: NDArray, error: NDArray, site: ArrayLike | None, draws: int, seed: int
) -> OverDraws:
    """The straight line of all columns over draws of the true response.

    Parameters
    ----------
    response : ndarray, shape (n,)
        As measured.
    design : ndarray, shape (n, p)
        Columns, the constant included.
    error : ndarray, shape (n,)
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


ANALYSES: Mapping[str, Analysis] = {
    DEFAULT: Analysis(
        "all subgroups at once, place, sites and errors of the response", _mixed, ("place", "sites", "errors")
    ),
    "one at a time": Analysis(
        "each subgroup alone: what others share with it counts as its own", _one_at_a_time,
        ("place", "sites", "errors"),
    ),
    "least squares": Analysis("place, sites and errors of the response passed over", _least_squares),
    "without place": Analysis("neighbouring sites count as independent", _without_place, ("sites", "errors")),
    "without errors": Analysis(
        "badly known responses weigh as much as well known ones", _without_errors, ("place", "sites")
    ),
    "patterns in space": Analysis(
        "place as eigenvector maps instead of a correlation", _patterns_in_space, ("sites", "errors"), "place"
    ),
    "draws of the response": Analysis(
        "errors by draws of the response instead of weights; place passed over", _draws_of_the_response, ("sites",),
        "errors",
    ),
}  # fmt: skip
"""Analyses by their names, as ``primary`` of ``[drivers]`` takes them; the first is the default."""


def told_apart(seen: Observations) -> list[str]:
    """Analyses that say something of their own on these samples.

    Parameters
    ----------
    seen : Observations
        The samples.

    Returns
    -------
    list of str
        Without place or errors, what differs in how it counts them is not among them.
    """
    passed = {"without place": seen.distance, "patterns in space": seen.distance, "without errors": seen.error,
              "draws of the response": seen.error}  # fmt: skip
    return [name for name in ANALYSES if name not in passed or passed[name] is not None]
