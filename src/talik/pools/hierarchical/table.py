"""What the posterior says of each parameter, against what the prior said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talik.inference.diagnostics import mixing_of
from talik.pools.hierarchical.coordinates import Coordinates
from talik.pools.hierarchical.soils import Soils
from talik.pools.identified import WIDEST_Q10, WIDEST_RATE

if TYPE_CHECKING:
    from xarray import Dataset

NARROWED = 0.5
"""A parameter is identified if the posterior's standard deviation is at most this share of the prior's."""


def contraction(posterior: NDArray, prior: NDArray) -> float:
    r"""How much narrower the posterior is than the prior.

    .. math:: 1 - \mathrm{Var}_{post} / \mathrm{Var}_{prior}

    Parameters
    ----------
    posterior, prior : ndarray
        Draws, on a scale where the prior is nearly normal.

    Returns
    -------
    float
        1 where the data tell all, 0 where they tell nothing, negative where they contradict the prior.

    Examples
    --------
    >>> contraction(np.array([1.0, 2.0]), np.array([0.0, 2.0]))
    0.75
    """
    before = float(np.var(prior))
    return 1 - float(np.var(posterior)) / before if before > 0 else np.nan


@dataclass(frozen=True)
class Parameter:
    """One number that is told: its draws, and how they are judged."""

    set: str
    """The set; empty for the population."""
    name: str
    """Name, as in the table of pools."""
    posterior: NDArray
    """Draws, shape (chains, draws). [unit of the parameter]"""
    prior: NDArray
    """Draws of the prior, shape (draws,). [unit of the parameter]"""
    scale: Callable[[NDArray], NDArray]
    """To the scale on which prior and posterior are compared."""
    widest: float
    """Upper over lower end above which it is not identified; infinite where there is no such rule."""
    own: float
    """Part of its variance between soils that its own data take away; NaN for the population. [-]"""

    def row(self, confidence: float) -> dict:
        """What is told of it."""
        tail = (1 - confidence) / 2
        lower, upper = np.quantile(self.posterior, [tail, 1 - tail])
        narrowed = contraction(self.scale(self.posterior), self.scale(self.prior))
        reason = self._why_not(float(lower), float(upper), narrowed)
        rhat, bulk, ends = mixing_of(self.posterior)
        return {
            "set": self.set, "parameter": self.name, "estimate": np.nan if reason else float(np.median(self.posterior)),
            "sd": float(self.posterior.std()), "lower": float(lower), "upper": float(upper), "contraction": narrowed,
            "own": self.own, "rhat": rhat, "ess_bulk": bulk, "ess_tail": ends, "identified": not reason,
            "reason": reason,
        }  # fmt: skip

    def _why_not(self, lower: float, upper: float, narrowed: float) -> str:
        said = []
        kept = np.sqrt(max(1 - narrowed, 0.0))
        if kept > NARROWED:
            said.append(
                f"the data leave {kept:.0%} of the prior's standard deviation; at most {NARROWED:.0%} is needed"
            )
        if np.isfinite(self.widest) and upper > self.widest * lower:
            said.append(f"its interval spans a factor of {upper / lower:.3g}; at most {self.widest:g} is needed")
        return "; ".join(said)


def identity(values: NDArray) -> NDArray:
    """The values as they are."""
    return values


def logit(values: NDArray) -> NDArray:
    """Logarithm of the odds of a share."""
    return np.log(values) - np.log1p(-values)


def parameters_of(draws: Dataset, prior: Dataset, soils: Soils, at: Coordinates) -> Iterator[Parameter]:
    """Every number that is told: of each soil, then of the population.

    Parameters
    ----------
    draws, prior : Dataset
        Posterior and prior.
    soils : Soils
        The soils.
    at : Coordinates
        Of the pool model.

    Yields
    ------
    Parameter
    """
    for s, name in enumerate(soils.names):
        here, before = draws.isel(soil=s), prior.isel(soil=s)
        known = not np.isnan(soils.carbon[s])
        own = _own_data(here, at)
        for parameter, variable, pool, scale, widest in _of_pools(at):
            if variable == "initial_carbon" and known:
                continue
            after, prior_draws = (_values(one[variable], pool, variable, at) for one in (here, before))
            told = own.get(parameter, np.nan)
            yield Parameter(name, parameter, after, prior_draws.ravel(), scale, widest, told)
    yield from _of_population(draws, prior, at)


def _of_pools(at: Coordinates) -> Iterator[tuple[str, str, str, Callable, float]]:
    """Parameter, variable, pool, scale and widest interval of what is told of a soil."""

    def named(symbol: str, pool: str) -> str:
        return symbol if pool == "whole" else f"{symbol}_{pool}"

    for pool in at.pools[:-1]:
        yield f"{pool}_fraction", "fraction", pool, logit, WIDEST_RATE
    for pool in at.pools:
        yield named("k", pool), "decay_rate", pool, np.log, WIDEST_RATE
    for pool in at.pools:
        yield named("q10", pool), "q10", pool, np.log, WIDEST_Q10
    yield "c0", "initial_carbon", "", np.log, WIDEST_RATE
    yield "error", "error", "", np.log, np.inf


def _values(values, pool: str, variable: str, at: Coordinates) -> NDArray:
    """Draws of one pool; a fraction is of what faster pools leave."""
    if not pool:
        return values.to_numpy()
    one = values.sel(pool=pool).to_numpy()
    if variable != "fraction":
        return one
    faster = list(at.pools[: at.pools.index(pool)])
    return one / (1 - values.sel(pool=faster).sum("pool").to_numpy())


def _own_data(here: Dataset, at: Coordinates) -> dict[str, float]:
    """Part of the variance between soils that the data of one soil take away, for each coordinate.

    Near 0 the value is the population's, near 1 the soil's own; Gelman and Pardoe (2006), Technometrics 48,
    241-251, doi 10.1198/004017005000000517, call one minus it pooling.
    """
    departure = (here["theta"] - here["expected"]).var(("chain", "draw")).to_numpy()
    between = (here["spread"] ** 2).mean(("chain", "draw")).to_numpy()
    own = dict(zip(at.names, 1 - departure / between, strict=True))
    told = {name: own[name] for name in own if name.startswith(("q10", "error"))}
    told |= {f"{pool}_fraction": own[f"fraction_{pool}"] for pool in at.pools[:-1]}
    rate = "decay_rate" if at.anchor == "whole" else f"decay_rate_{at.anchor}"
    return told | {"k" if at.anchor == "whole" else f"k_{at.anchor}": own[rate]}


def _of_population(draws: Dataset, prior: Dataset, at: Coordinates) -> Iterator[Parameter]:
    """What is told of all soils together."""

    def one(name: str, variable: str, scale: Callable, widest: float = np.inf, **at_: str) -> Parameter:
        if variable == "mean_fraction":
            after, before = (_values(source[variable], at_["pool"], "fraction", at) for source in (draws, prior))
        else:
            after, before = (source[variable].sel(at_).to_numpy() for source in (draws, prior))
        return Parameter("", name, after, before.ravel(), scale, widest, np.nan)

    def named(word: str, pool: str) -> str:
        return word if pool == "whole" else f"{word}_{pool}"

    for pool in at.pools[:-1]:
        yield one(f"mean_{pool}_fraction", "mean_fraction", logit, WIDEST_RATE, pool=pool)
    for pool in at.pools:
        yield one(named("mean_k", pool), "mean_decay_rate", np.log, WIDEST_RATE, pool=pool)
    for pool in at.pools:
        yield one(named("mean_q10", pool), "mean_q10", np.log, WIDEST_Q10, pool=pool)
    for column in at.names:
        yield one(f"spread_{column}", "spread", np.log, column=column)
    for predictor in draws.get("predictor", np.array([])):
        for pool in at.pools:
            name = named(f"coefficient_{predictor.item()}", pool)
            yield one(name, "coefficient", identity, predictor=predictor.item(), pool=pool)
    for name in ("jar_spread", "floor", "degrees"):
        if name in draws:
            yield one(name, name, np.log)
    for kind in ("study", "site"):
        if f"{kind}_spread" in draws:
            for column in at.names:
                yield one(f"{kind}_spread_{column}", f"{kind}_spread", np.log, column=column)


def parameter_table(
    draws: Dataset, prior: Dataset, soils: Soils, at: Coordinates, confidence: float = 0.95
) -> pd.DataFrame:
    """One row a number; see `talik.HierarchicalFit.table`."""
    table = pd.DataFrame([one.row(confidence) for one in parameters_of(draws, prior, soils, at)])
    sample = dict(zip(soils.names, soils.samples, strict=True))
    table.insert(1, "sample", table["set"].map(sample).fillna(""))
    table.insert(2, "model", at.model)
    return table
