"""What the model says of rates: their mean at each draw, their density, and data sets like the measured one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from talik.pools.hierarchical.coordinates import Coordinates
from talik.pools.hierarchical.soils import Soils

if TYPE_CHECKING:
    from xarray import Dataset

AT_ONCE = 2_000_000
"""Numbers of one array that are held while they are made."""
KEPT = 50_000_000
"""Log densities that are held; beyond, draws are thinned."""


def expected_rates(draws: Dataset, soils: Soils, at: Coordinates) -> Callable[[NDArray], tuple[NDArray, NDArray]]:
    """A function from indices of draws to the mean and the scale of every rate at them.

    Parameters
    ----------
    draws : Dataset
        Of the posterior.
    soils : Soils
        The soils.
    at : Coordinates
        Of the pool model.

    Returns
    -------
    callable
        ``rates(index)`` of draws counted through all chains gives two arrays of shape (len(index), n), in the
        unit of the rates.
    """
    import jax
    import jax.numpy as jnp

    from talik.pools.hierarchical.density import error_scale, mean_rates

    reference = draws.attrs["reference_temperature"]
    level = soils.level[soils.soil[soils.jar]]
    flat = {name: _flat(draws[name]) for name in ("theta", "initial_carbon", "floor")}
    flat["jar_effect"] = _flat(draws["jar_effect"]) if "jar_effect" in draws else np.zeros((len(flat["floor"]), 1))

    def one(theta, carbon, floor, effect):
        pools = at.to_pools(theta, jnp)
        mean = mean_rates(soils, pools, jnp.log(carbon), effect if "jar_effect" in draws else None, reference)
        return mean, error_scale(soils, pools, mean, floor)

    many = jax.jit(jax.vmap(one))

    def rates(index: NDArray) -> tuple[NDArray, NDArray]:
        with jax.enable_x64(True):
            found = many(*(flat[name][index] for name in ("theta", "initial_carbon", "floor", "jar_effect")))
        mean, scale = (np.asarray(values)[:, soils.grid.filled] * level for values in found)
        return mean, scale

    return rates


def _flat(values) -> NDArray:
    """Draws of all chains one after the other."""
    return values.to_numpy().reshape(-1, *values.shape[2:])


def log_likelihood(draws: Dataset, soils: Soils, at: Coordinates) -> Iterator[NDArray]:
    """Log density of every rate at every draw, in parts of readings; each of shape (chains, draws, part)."""
    thin = -(-draws.sizes["chain"] * draws.sizes["draw"] * soils.rate.size // KEPT)
    draws = draws.isel(draw=slice(None, None, thin))
    rates = expected_rates(draws, soils, at)
    chains, length = draws.sizes["chain"], draws.sizes["draw"]
    degrees = _flat(draws["degrees"])[:, None]
    n, total = soils.rate.size, chains * length
    step = max(AT_ONCE // n, 1)
    every = np.empty((total, n))
    for first in range(0, total, step):
        index = _padded(np.arange(first, min(first + step, total)), min(step, total))
        mean, scale = rates(index)
        used = min(step, total - first)
        every[first : first + used] = stats.t.logpdf(soils.rate, degrees[index], mean, scale)[:used]
    width = max(AT_ONCE // total, 1)
    for first in range(0, n, width):
        yield every[:, first : first + width].reshape(chains, length, -1)


def _padded(index: NDArray, size: int) -> NDArray:
    """Indices filled up to one size, so that nothing is compiled twice."""
    return np.concatenate([index, np.full(size - index.size, index[-1])])


def replicated_rates(draws: Dataset, soils: Soils, at: Coordinates, seed: int, count: int) -> tuple[NDArray, NDArray]:
    """Mean rates and data sets like the measured one, from draws spread over the posterior; each (count, n)."""
    random = np.random.default_rng(seed)
    total = draws.sizes["chain"] * draws.sizes["draw"]
    fitting = max(5 * AT_ONCE // soils.rate.size, 50)
    index = np.linspace(0, total - 1, min(count, total, fitting)).astype(int)
    mean, scale = expected_rates(draws, soils, at)(index)
    degrees = _flat(draws["degrees"])[index][:, None]
    return mean, mean + scale * random.standard_t(np.broadcast_to(degrees, mean.shape))


STATISTICS = {
    "mean of the first third": lambda rate, _, order: rate[:, order[0]].mean(axis=1),
    "mean of the last third": lambda rate, _, order: rate[:, order[2]].mean(axis=1),
    "largest departure": lambda rate, mean, _: np.abs(rate - mean).max(axis=1),
    "spread around the curve": lambda rate, mean, _: np.sqrt(np.mean((rate - mean) ** 2, axis=1)),
}
"""What is compared between measured and replicated data of each set: ``statistic(rate, mean, thirds)``."""


def posterior_checks(mean: NDArray, replicated: NDArray, soils: Soils, confidence: float = 0.95) -> pd.DataFrame:
    """Measured data of each set against data that the model makes; see `talik.HierarchicalFit.checks`."""
    rows = []
    for s, name in enumerate(soils.names):
        here = np.flatnonzero(soils.soil[soils.jar] == s)
        thirds = np.array_split(here[np.argsort(soils.time_end[here], kind="stable")], 3)
        order = [np.searchsorted(here, third) for third in thirds]
        measured = np.broadcast_to(soils.rate[here], mean[:, here].shape)
        lag = _neighbours(soils, here)
        for word, statistic in (STATISTICS | {"errors of neighbours": lag}).items():
            if any(third.size == 0 for third in thirds) or (word == "errors of neighbours" and here.size < 4):
                continue
            seen = statistic(measured, mean[:, here], order)
            made = statistic(replicated[:, here], mean[:, here], order)
            rows.append(_check(name, word, seen, made, confidence))
    return pd.DataFrame(rows, columns=["set", "statistic", "measured", "lower", "upper", "p", "flag"])


def _neighbours(soils: Soils, here: NDArray) -> Callable:
    """A statistic: correlation of the errors of readings that follow one another in a jar."""
    order = here[np.lexsort((soils.time_end[here], soils.jar[here]))]
    same = np.flatnonzero(np.diff(soils.jar[order]) == 0)
    first, second = np.searchsorted(here, order[same]), np.searchsorted(here, order[same + 1])

    def statistic(rate: NDArray, mean: NDArray, _) -> NDArray:
        error = (rate - mean) / np.maximum(np.abs(mean), np.finfo(float).tiny)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sum(error[:, first] * error[:, second], axis=1) / np.sum(error**2, axis=1)

    return statistic


def _check(name: str, word: str, seen: NDArray, made: NDArray, confidence: float) -> dict:
    """One line of the checks: two-sided share of replicated data sets as far out as the measured."""
    above = float(np.mean(made >= seen))
    p = min(1.0, 2 * min(above, 1 - above) + 1 / seen.size)
    lower, upper = np.quantile(made, [(1 - confidence) / 2, (1 + confidence) / 2])
    flag = "the model does not make such data" if p < 0.01 else ""
    return {"set": name, "statistic": word, "measured": float(np.median(seen)), "lower": lower, "upper": upper,
            "p": p, "flag": flag}  # fmt: skip
