"""Simulation-based calibration of the regression with a horseshoe prior.

Truths are drawn from the priors with code of its own, in NumPy, and the model is fitted to a response made from them.
If model, sampler and simulator agree, the rank of a truth among the draws of its posterior is uniform, and every
interval holds as often as it says.
"""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibration.bayes import KEPT, uniform_p
from calibration.coverage import Coverage
from talik.drivers.bayesian import ACTING, SLAB, SLAB_FREEDOM, WIDEST, horseshoe_density
from talik.inference.sampling import Sampler

DATA_SETS = 200
SEED = 20_261_124
SITES, EACH, PREDICTORS = 24, 2, 6
SAMPLER = Sampler(chains=2, warmup=500, draws=500, target_accept=0.98)


def layout(random: np.random.Generator) -> dict[str, NDArray | int]:
    """Predictors that go with one another, errors that differ, two samples a site."""
    x = 0.6 * random.standard_normal((SITES * EACH, 1)) + 0.8 * random.standard_normal((SITES * EACH, PREDICTORS))
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    error = 0.3 * np.exp(0.5 * random.standard_normal(SITES * EACH))
    return {"predictors": x, "error": error, "site": np.repeat(np.arange(SITES), EACH), "sites": SITES}


def simulate(at: dict, random: np.random.Generator) -> tuple[dict[str, NDArray], NDArray]:
    """Parameters from the priors, and a response."""
    x, error, n = at["predictors"], at["error"], SITES * EACH
    scatter, spread = np.abs(random.standard_normal(2))
    variance = scatter**2 + error**2
    common = abs(random.standard_cauchy()) * ACTING / (1 - ACTING) * np.sqrt(variance.mean() / n)
    local = np.abs(random.standard_cauchy(PREDICTORS))
    slab = 1 / random.gamma(SLAB_FREEDOM / 2, 1 / (SLAB_FREEDOM / 2 * SLAB**2))
    width = common * local * np.sqrt(slab / (slab + (common * local) ** 2))
    effect = width * random.standard_normal(PREDICTORS)
    mean = WIDEST * random.standard_normal()
    of_site = spread * random.standard_normal(SITES)
    response = mean + x @ effect + of_site[at["site"]] + np.sqrt(variance) * random.standard_normal(n)
    named = {"effect": effect, "scatter": scatter, "site_spread": spread, "mean": mean}
    return {name: np.atleast_1d(value) for name, value in named.items()}, response


def table(data_sets: int = DATA_SETS) -> pd.DataFrame:
    """The table of docs/calibration/driver_bayes.csv."""
    at = layout(np.random.default_rng(SEED))
    draw = SAMPLER.prepare(partial(horseshoe_density, **at))
    rows = []
    for i in range(data_sets):
        truth, response = simulate(at, np.random.default_rng([SEED, i]))
        chains = draw(i, response)
        for name, true in truth.items():
            flat = chains.draws[name].reshape(-1, true.size)
            kept = flat[np.linspace(0, len(flat) - 1, KEPT).astype(int)]
            lower, upper = np.quantile(flat, [0.025, 0.975], axis=0)
            ranks, held = (kept < true).sum(axis=0), (lower <= true) & (true <= upper)
            for k in range(true.size):
                of = f"{name} {k + 1}" if true.size > 1 else name
                rows.append((of, int(ranks[k]), bool(held[k]), int(chains.diverging.sum())))
    found = pd.DataFrame(rows, columns=["quantity", "rank", "held", "diverging"])
    return pd.DataFrame([_row(name, one) for name, one in found.groupby("quantity", sort=False)])


def _row(name: str, found: pd.DataFrame) -> dict:
    chi2, farthest = uniform_p(found["rank"].to_numpy())
    kept = Coverage(int(found["held"].sum()), len(found))
    return {"quantity": name, "data_sets": len(found), "chi2_p": chi2, "ecdf_p": farthest, "coverage": kept.estimate,
            "low": kept.interval[0], "high": kept.interval[1], "passes": "yes" if kept.passes else "no",
            "diverging": int((found["diverging"] > 0).sum())}  # fmt: skip
