"""Whether draws can be believed, and what they say of new data. The only module that imports ArviZ."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from talik.errors import ChainError, listed
from talik.extras import require
from talik.inference.sampling import Chains

UNRELIABLE = 0.7
"""Pareto k-hat above which the importance weights of a reading are not to be believed (Vehtari et al. 2017)."""


def _arviz() -> ModuleType:
    """ArviZ 0.2x, without its word on the next version."""
    require("bayes", "diagnosing a posterior")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz
    return arviz


STUCK = 1.1
"""R-hat above which chains stand apart, so that more draws of them are of no use. [-]"""


@dataclass(frozen=True)
class Gates:
    """What draws must meet to be believed; if they do not, there is an error and no result."""

    rhat: float = 1.01
    """Largest rank-normalised split R-hat of any parameter. [-]"""
    ess: float = 100.0
    """Smallest effective number of draws a chain, in the bulk and in the tails, of any parameter."""
    diverging: float = 0.001
    """Largest share of draws on whose way the sampler diverged. [-]"""


@dataclass(frozen=True)
class Mixing:
    """How well chains mixed, parameter by parameter."""

    table: pd.DataFrame
    """One row a number: parameter, rhat, ess_bulk, ess_tail."""
    diverging: int
    """Draws on whose way the sampler diverged."""
    cut_short: int
    """Draws that were cut short because the deepest tree was reached."""
    draws: int
    """Draws of all chains."""
    chains: int
    """Chains."""

    @property
    def least_ess(self) -> float:
        """Smallest effective number of draws of any parameter, in the bulk or in the tails."""
        return float(np.fmin(self.table["ess_bulk"], self.table["ess_tail"]).min())

    @property
    def largest_rhat(self) -> float:
        """Largest R-hat of any parameter. [-]"""
        return float(self.table["rhat"].max())


def mixing_of(draws: ArrayLike) -> tuple[float, float, float]:
    """R-hat, and effective numbers of draws in the bulk and in the tails, of one number.

    Rank-normalised and split, as Vehtari et al. (2021), Bayesian Analysis 16, 667-718, doi 10.1214/20-BA1221.

    Parameters
    ----------
    draws : array_like, shape (chains, draws)

    Returns
    -------
    rhat, ess_bulk, ess_tail : float
        NaN where all draws are the same.
    """
    arviz, draws = _arviz(), np.asarray(draws, float)
    if np.ptp(draws) == 0:
        return np.nan, np.nan, np.nan
    return (
        float(arviz.rhat(draws)), float(arviz.ess(draws, method="bulk")), float(arviz.ess(draws, method="tail"))
    )  # fmt: skip


def mixing(chains: Chains, labels: Mapping[str, Sequence[str]] | None = None) -> Mixing:
    """How well chains mixed.

    Parameters
    ----------
    chains : Chains
        What the sampler drew.
    labels : dict, optional
        Name of each number of a parameter, in the order of its flattened array; else its index.

    Returns
    -------
    Mixing
    """
    rows = []
    for name, values in chains.draws.items():
        flat = values.reshape(*values.shape[:2], -1)
        given = (labels or {}).get(name)
        words = list(given) if given is not None else [name + _place(values.shape[2:], i) for i in range(flat.shape[2])]
        rows += [(word, *mixing_of(flat[:, :, i])) for i, word in enumerate(words)]
    table = pd.DataFrame(rows, columns=["parameter", "rhat", "ess_bulk", "ess_tail"])
    cut_short = int((chains.steps >= chains.deepest).sum())
    count, length = chains.diverging.shape
    return Mixing(table, int(chains.diverging.sum()), cut_short, count * length, count)


def _place(shape: tuple[int, ...], i: int) -> str:
    """Where a number stands in its parameter: ``[2, 0]``; nothing for a single one."""
    return f"[{', '.join(str(int(at)) for at in np.unravel_index(i, shape))}]" if shape else ""


def check_mixing(found: Mixing, gates: Gates = Gates(), *, target_accept: float = 0.9, warmup: int = 1000) -> None:
    """Refuse draws that cannot be believed.

    Parameters
    ----------
    found : Mixing
        How well the chains mixed.
    gates : Gates
        What they must meet.
    target_accept : float
        Acceptance that the sampler was tuned to, for the advice. [-]
    warmup : int
        Draws that it was tuned with, for the advice.

    Raises
    ------
    ChainError
        What failed, of which parameters, and what to do; ``offenders`` are the parameters.

    References
    ----------
    Vehtari et al. (2021), doi 10.1214/20-BA1221 (R-hat and effective draws);
    Betancourt (2017), arXiv 1701.02434 (divergences).
    """
    said, bad = [], []
    if found.diverging > gates.diverging * found.draws:
        tighter = 1 - (1 - target_accept) / 4
        said.append(
            f"{found.diverging} of {found.draws} draws diverged (at most {gates.diverging:.1%} may): the sampler "
            f"misses a narrow part of the posterior. Raise target_accept from {target_accept:g} to {tighter:.3g}, "
            "or give the spreads between soils a narrower prior."
        )
    apart = found.table[found.table["rhat"] > gates.rhat].sort_values("rhat", ascending=False)
    if len(apart):
        bad += list(apart["parameter"])
        worst = [f"{row.parameter} ({row.rhat:.3f})" for row in apart.itertuples()]
        said.append(
            f"R-hat is above {gates.rhat:g}: {listed(worst, 5)}. The chains do not agree: tune longer, as with "
            f"warmup={2 * warmup}; if they still differ, the data hold two answers, and a model of fewer pools or a "
            "narrower prior of these parameters decides."
        )
    needed = gates.ess * found.chains
    least = np.fmin(found.table["ess_bulk"], found.table["ess_tail"])
    few = found.table.assign(least=least)[least < needed].sort_values("least")
    if len(few):
        bad += list(few["parameter"])
        worst = [f"{row.parameter} ({row.least:.0f})" for row in few.itertuples()]
        longer = int(np.ceil(found.draws / found.chains * needed / max(float(few["least"].min()), 1.0) / 500) * 500)
        mendable = longer <= 20000 and found.largest_rhat < STUCK
        advice = f"Draw more: draws={longer}" if mendable else "More draws will not mend it: use fewer pools"
        said.append(
            f"fewer than {needed:.0f} effective draws: {listed(worst, 5)}. {advice}, or give them a narrower prior."
        )
    if found.cut_short > 0.05 * found.draws and said:
        said.append(
            f"{found.cut_short} draws were cut short after the most steps that are taken: parameters are bound to one "
            "another, as where the data hardly tell them or have no errors at all."
        )
    if said:
        raise ChainError(
            "the posterior cannot be believed.\n" + "\n".join(f"  {line}" for line in said), dict.fromkeys(bad)
        )


@dataclass(frozen=True)
class LeaveOneOut:
    """How well a model foretells each reading from all the others."""

    elpd: float
    """Expected log density of a new reading, summed over the readings; higher is better. [-]"""
    se: float
    """Standard error of that sum. [-]"""
    effective_parameters: float
    """Effective number of parameters. [-]"""
    pointwise: NDArray
    """Its part of each reading, shape (n,). [-]"""
    khat: NDArray
    """Pareto k-hat of each reading, shape (n,); above 0.7 the part of the reading is not to be believed. [-]"""

    @property
    def warning(self) -> str:
        """What is to be minded, in words; empty where nothing is."""
        bad = int((self.khat > UNRELIABLE).sum())
        if not bad:
            return ""
        return (
            f"{bad} of {self.khat.size} readings have a Pareto k-hat above {UNRELIABLE:g} (largest "
            f"{self.khat.max():.2f}): the model hangs on each of them so much that leaving it out cannot be judged "
            "from draws that had it. Compare models by it only if they differ by much more than these readings' "
            "parts, or fit without them."
        )


def leave_one_out(log_likelihood: Iterable[NDArray]) -> LeaveOneOut:
    """Leave-one-out cross-validation by Pareto-smoothed importance sampling.

    Parameters
    ----------
    log_likelihood : iterable of ndarray, shape (chains, draws, part of the readings)
        Log density of each reading at each draw, in parts, so that not all need be in memory.

    Returns
    -------
    LeaveOneOut

    References
    ----------
    Vehtari, Gelman and Gabry (2017), Statistics and Computing 27, 1413-1432, doi 10.1007/s11222-016-9696-4.
    """
    arviz = _arviz()
    points, khats, fitted = [], [], 0.0
    for part in log_likelihood:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its words on k-hat; ours name the readings
            data = arviz.from_dict(posterior={"unused": np.zeros(part.shape[:2])}, log_likelihood={"rate": part})
            one = arviz.loo(data, pointwise=True)
        points.append(np.asarray(one.loo_i, float).ravel())
        khats.append(np.asarray(one.pareto_k, float).ravel())
        fitted += float(np.sum(np.logaddexp.reduce(part, axis=(0, 1)) - np.log(part.shape[0] * part.shape[1])))
    pointwise = np.concatenate(points)
    elpd = float(pointwise.sum())
    se = float(np.sqrt(pointwise.size * pointwise.var()))
    return LeaveOneOut(elpd, se, fitted - elpd, pointwise, np.concatenate(khats))
