"""The verdict: one analysis, named beforehand, and a sentence for every subgroup."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from talik.drivers.analyses import (
    ANALYSES,
    DEFAULT,
    DRAWS,
    Effects,
    analysis_words,
    check_analysis,
    observed,
)
from talik.drivers.components import components_of, opposed, table_of_components
from talik.drivers.importance import driver_importance
from talik.drivers.power import LEVEL, MOST_SITES, sites_needed
from talik.drivers.table import DriverTable
from talik.spatial.distances import great_circle
from talik.spatial.model import SpatialFit
from talik.tables import typed

ENTANGLED = 0.3
"""Two effects whose estimates correlate less than this do not hide one another. [-]"""


@dataclass(frozen=True)
class SubgroupVerdict:
    """What the primary analysis says of one subgroup."""

    subgroup: str
    """Its name, as ``microbial/abundance``."""
    group: str
    """Its group."""
    estimate: float
    """Effect on the response per standard deviation of its first component, the other subgroups held."""
    lower: float
    """Lower end of its 95 % interval."""
    upper: float
    """Upper end."""
    p: float
    """Two-sided p. [-]"""
    p_adjusted: float
    """The same among all subgroups, after Benjamini and Hochberg. [-]"""
    finding: str
    """``raises``, ``lowers``, ``suggested``, ``not separated`` or ``not found``."""
    beside: str
    """For one that is not separated: the subgroup that it cannot be told from."""
    needed: int | None
    """Sites that would find an effect of this size with 80 % power; None for more than 1,000, or where found."""


@dataclass(frozen=True)
class Verdict:
    """The primary analysis of an attribution."""

    fit: SpatialFit
    """The mixed model with its term in space, whichever analysis is the primary one; its first coefficient is the
    constant, the others are the subgroups in order."""
    effects: Effects
    """Effects of the subgroups by the primary analysis."""
    subgroups: tuple[SubgroupVerdict, ...]
    """What it says of each subgroup."""
    of: str
    """What is explained, in words, as ``Q10``."""
    sites: int
    """Number of sites."""
    words: str = "REML"
    """How it was fitted."""
    analysis: str = DEFAULT
    """Its name in ``ANALYSES``."""
    reversed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns of a subgroup that fall where its component rises, so that its sign is not theirs."""

    @property
    def two_signed(self) -> tuple[str, ...]:
        """Groups of which one subgroup raises and another lowers the response."""
        return tuple(
            group for group in dict.fromkeys(one.group for one in self.subgroups)
            if {"raises", "lowers"} <= {one.finding for one in self.subgroups if one.group == group}
        )  # fmt: skip


@dataclass(frozen=True)
class Shares:
    """Share of each subgroup in R2, with intervals; see `talik.drivers.shares`."""

    share: NDArray[np.float64]
    """Shares that add to 1, shape (k,). [-]"""
    lower: NDArray[np.float64]
    """Lower ends of their intervals, shape (k,)."""
    upper: NDArray[np.float64]
    """Upper ends, shape (k,)."""


def primary_analysis(
    response: ArrayLike,
    components: Mapping[str, ArrayLike],
    *,
    error: ArrayLike | None = None,
    distance: ArrayLike | None = None,
    site: ArrayLike | None = None,
    of: str = "Q10",
    analysis: str = DEFAULT,
    draws: int = DRAWS,
    seed: int = 0,
) -> Verdict:
    """The analysis whose answer is the verdict: all subgroups at once, in space, weighted by errors.

    A mixed model by REML of the first components of the subgroups, with an exponential term in space, an effect
    of sites where they have several samples, and the known errors of the response beside the scatter that is
    estimated, so that samples weigh 1 / (tau² + s²). Discoveries are those of Benjamini and Hochberg at 5 %
    among the subgroups; intervals are those of Student's t, each subgroup by itself.

    A subgroup that is not discovered *cannot be separated* from another when leaving that one out would show it;
    else nothing was found of it, and the end of its interval says what is excluded.

    Another of the analyses may be named beforehand in its place; the mixed model is then among those that try it.

    Parameters
    ----------
    response : array_like, shape (n,)
        Response, as ln Q10.
    components : mapping of str to array_like, each of shape (n,)
        First component of each ``group/subgroup``, of unit standard deviation.
    error : array_like, shape (n,), optional
        Standard error of each response.
    distance : array_like, shape (n, n), optional
        Distances of the samples; without them there is no spatial term.
    site : array_like, shape (n,), optional
        Site of each sample.
    of : str, default "Q10"
        What is explained, for the sentences.
    analysis : str, default "mixed model"
        A name in `talik.drivers.analyses.ANALYSES`.
    draws : int, default 200
        Draws of the response, for an analysis that takes them.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    Verdict

    Raises
    ------
    SettingsError
        For an analysis that there is not.
    TableError
        Where the analysis needs places or errors that are not known.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> mineral, abundance = rng.standard_normal((2, 24))
    >>> logq10 = 0.9 - 0.15 * mineral + 0.08 * rng.standard_normal(24)
    >>> found = primary_analysis(logq10, {"mineral": mineral, "microbial/abundance": abundance})
    >>> print(sentence(found, found.subgroups[0]))
    mineral lowers Q10: -0.18 [-0.20, -0.15] per sd.
    """
    names = list(components)
    seen = observed(response, components, error=error, distance=distance, site=site, draws=draws, seed=seed)
    check_analysis(analysis, seen)
    sites = len(seen.response) if seen.site is None else np.unique(seen.site.astype(str)).size
    effects = ANALYSES[analysis].effects(seen)
    adjusted = stats.false_discovery_control(effects.p)
    made = []
    for k, name in enumerate(names):
        finding = _finding(float(effects.p[k]), float(adjusted[k]), float(effects.estimate[k]))
        beside = ""
        if finding == "not found":
            hidden = [j for j in _entangled(effects, k) if _p_without(effects, k, j) <= LEVEL]
            finding, beside = ("not separated", names[hidden[0]]) if hidden else (finding, "")
        made.append(_verdict_of(name, effects, k, float(adjusted[k]), finding, beside, sites))
    words = analysis_words(analysis, seen)
    return Verdict(seen.in_space, effects, tuple(made), of, sites, words, analysis)


def _finding(p: float, adjusted: float, estimate: float) -> str:
    if adjusted <= LEVEL:
        return "raises" if estimate > 0 else "lowers"
    return "suggested" if p <= LEVEL else "not found"


def _entangled(effects: Effects, k: int) -> list[int]:
    """Subgroups whose effects are estimated at the cost of this one, the worst first."""
    covariance = effects.covariance
    r = np.abs(covariance[k] / np.sqrt(covariance[k, k] * np.diag(covariance)))
    return [int(j) for j in np.argsort(-r) if j != k and r[j] >= ENTANGLED]


def _p_without(effects: Effects, k: int, j: int) -> float:
    """The p of one effect were another left out of the model, the variances as they were found."""
    covariance = effects.covariance
    shared = covariance[k, j] / covariance[j, j]
    estimate = effects.estimate[k] - shared * effects.estimate[j]
    error = (covariance[k, k] - shared * covariance[k, j]) ** 0.5
    return float(2 * stats.t.sf(abs(estimate) / error, effects.freedom[k]))


def _verdict_of(name, effects: Effects, k: int, adjusted: float, finding: str, beside: str, sites: int):
    lower, upper = effects.intervals()[k]
    estimate, error = float(effects.estimate[k]), float(effects.error[k])
    coefficients = 1 + len(effects.estimate)
    found, freedom = finding in ("raises", "lowers"), float(effects.freedom[k])
    needed = None if found else sites_needed(estimate, error, freedom, sites, coefficients)
    return SubgroupVerdict(
        name, name.split("/")[0], estimate, float(lower), float(upper), float(effects.p[k]), adjusted, finding,
        beside, needed,
    )  # fmt: skip


def sentence(verdict: Verdict, one: SubgroupVerdict, shares: Shares | None = None) -> str:
    """The verdict on one subgroup in words.

    Parameters
    ----------
    verdict : Verdict
        As from `primary_analysis`.
    one : SubgroupVerdict
        One of its subgroups.
    shares : Shares, optional
        Shares of the subgroups in R2, in the same order.

    Returns
    -------
    str
    """
    told = f"{_signed(one.estimate)} [{_plain(one.lower)}, {_plain(one.upper)}] per sd"
    if shares is not None:
        k = verdict.subgroups.index(one)
        share, lower, upper = (100 * part[k] for part in (shares.share, shares.lower, shares.upper))
        told += f"; {share:.0f} % [{lower:.0f}, {upper:.0f}] of R2"
    name = one.subgroup
    if (against := verdict.reversed.get(name)) is not None:
        name = f"{name} ({_and(list(against))} reversed)"
    if one.finding in ("raises", "lowers"):
        return f"{name} {one.finding} {verdict.of}: {told}."
    would = "more than 1,000" if one.needed is None else f"about {_about(one.needed)}"
    if one.finding == "suggested":
        verb = "raise" if one.estimate > 0 else "lower"
        return (
            f"{name} may {verb} {verdict.of}: {told}; among {len(verdict.subgroups)} subgroups chance alone "
            f"may bring that (p {one.p:.2g}). {_cap(would)} sites would tell."
        )
    if one.finding == "not separated":
        return f"{name} cannot be separated from {one.beside} with these {verdict.sites} sites: {told}; {would} would."
    excluded = max(abs(one.lower), abs(one.upper))
    return (
        f"{name}: no effect on {verdict.of} found, and none beyond {excluded:.2g} per sd is likely: {told}. "
        f"If the estimate were true, {would} sites would show it."
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}" if abs(value) >= 0.01 or value == 0 else f"{value:+.1g}"


def _plain(value: float) -> str:
    return _signed(value).removeprefix("+")


def _about(sites: int) -> int:
    """A number of sites to two digits."""
    step = 10 ** max(len(str(sites)) - 2, 0)
    return min(round(sites / step) * step, MOST_SITES)


def _cap(text: str) -> str:
    return text[0].upper() + text[1:]


def group_sentences(verdict: Verdict) -> list[str]:
    """What is to be said of groups whose subgroups act, or may act, in opposite ways.

    Parameters
    ----------
    verdict : Verdict
        As from `primary_analysis`.

    Returns
    -------
    list of str
    """
    told = []
    for group in dict.fromkeys(one.group for one in verdict.subgroups):
        members = [one for one in verdict.subgroups if one.group == group]
        up = [one.subgroup.split("/")[-1] for one in members if one.finding == "raises"]
        down = [one.subgroup.split("/")[-1] for one in members if one.finding == "lowers"]
        if up and down:
            raised, lowered = (f"{verb}{'s' * (len(names) == 1)}" for verb, names in (("raise", up), ("lower", down)))
            told.append(
                f"{group} acts both ways on {verdict.of}: {_and(up)} {raised} it, {_and(down)} {lowered} it. "
                "It has no one sign."
            )
        elif len({np.sign(one.estimate) for one in members}) > 1:
            told.append(f"Estimates within {group} differ in sign, so no one sign is given to it; that its members act "
                        "in opposite ways is not shown.")  # fmt: skip
    return told


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def verdict_of_table(
    table: DriverTable, *, of: str = "Q10", analysis: str = DEFAULT, draws: int = DRAWS, seed: int = 0
) -> Verdict:
    """The primary analysis of a table of drivers.

    Parameters
    ----------
    table : DriverTable
        The table; samples without coordinates, and tables where some lack them, have no spatial term.
    of : str, default "Q10"
        What is explained, in words.
    analysis, draws, seed
        As in `primary_analysis`.

    Returns
    -------
    Verdict
    """
    components = components_of(table)
    verdict = primary_analysis(
        table.response, {name: one.scores for name, one in components.items()}, error=table.error,
        distance=distances_of(table), site=table.site if table.site_name else None, of=of,
        analysis=analysis, draws=draws, seed=seed,
    )  # fmt: skip
    against = {name: opposed(one, table.subgroups[name]) for name, one in components.items()}
    return replace(verdict, reversed={name: columns for name, columns in against.items() if columns})


def distances_of(table: DriverTable) -> NDArray[np.float64] | None:
    """Great-circle distances of samples, or None where a sample has no place or all share one. [km]

    Parameters
    ----------
    table : DriverTable
        The table.

    Returns
    -------
    ndarray, shape (n, n), or None
    """
    if table.coordinates is None or not np.isfinite(table.coordinates).all():
        return None
    distance = great_circle(table.coordinates)
    return distance if np.unique(distance[0].round(6)).size > 2 else None


def verdict_table(verdict: Verdict, table: DriverTable, shares: Shares | None = None) -> pd.DataFrame:
    """The verdict as a table.

    Parameters
    ----------
    verdict : Verdict
        As from `verdict_of_table`.
    table : DriverTable
        What it is of.
    shares : Shares, optional
        Shares of the subgroups in R2, in the same order.

    Returns
    -------
    DataFrame
        The table ``drivers_verdict``, a row a subgroup.
    """
    rows = []
    for k, one in enumerate(verdict.subgroups):
        share = [np.nan] * 3 if shares is None else [shares.share[k], shares.lower[k], shares.upper[k]]
        rows.append({
            "group": one.group, "subgroup": one.subgroup, "estimate": one.estimate, "lower": one.lower,
            "upper": one.upper, "p": one.p, "p_adjusted": one.p_adjusted, "share": share[0], "share_lower": share[1],
            "share_upper": share[2], "finding": one.finding, "beside": one.beside,
            "sites_needed": np.nan if one.needed is None else one.needed, "verdict": sentence(verdict, one, shares),
        })  # fmt: skip
    made = pd.DataFrame(rows).assign(
        response=table.response_name, method=verdict.words, n=table.n, sites=verdict.sites, layer=only_layer(table)
    )
    return typed("drivers_verdict", made)


def only_layer(table: DriverTable) -> str:
    """The layer of all samples, or nothing where they are of several."""
    layers = [] if table.layer is None else list(dict.fromkeys(table.layer.tolist()))
    return str(layers[0]) if len(layers) == 1 else ""


def shares_of(table: DriverTable) -> Shares:
    """Share of the first component of each subgroup in R2 by LMG, in the order of the verdict.

    Parameters
    ----------
    table : DriverTable
        The table, of 16 subgroups at most.

    Returns
    -------
    Shares
    """
    found = driver_importance(table_of_components(table), "subgroup").set_index("subgroup").loc[list(table.subgroups)]
    return Shares(*(found[column].to_numpy(float) for column in ("share", "share_lower", "share_upper")))
