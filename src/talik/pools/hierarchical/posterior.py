"""Draws with names and units, from the numbers that the sampler moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from talik.pools.hierarchical.coordinates import Coordinates
from talik.pools.hierarchical.density import FEWEST_DEGREES
from talik.pools.hierarchical.soils import Soils

if TYPE_CHECKING:
    from xarray import Dataset

_MEANING = {
    "fraction": ("1", "share of the pool in the carbon"),
    "decay_rate": ("d-1", "decay rate at the reference temperature"),
    "q10": ("1", "factor of the decay rate for ten degrees"),
    "initial_carbon": ("unit of the rate times d", "carbon at the start"),
    "error": ("1", "error of a rate as a share of the rate"),
    "floor": ("1", "error at a rate of zero, as a share of the soil's mean rate"),
    "degrees": ("1", "degrees of freedom of the errors"),
    "mean": ("scale of the sampler", "mean over soils of each coordinate"),
    "spread": ("scale of the sampler", "standard deviation between soils of each coordinate"),
    "mean_fraction": ("1", "share of the pool in the carbon of a soil in the middle of the population"),
    "mean_decay_rate": ("d-1", "decay rate of a soil in the middle of the population"),
    "mean_q10": ("1", "Q10 of a soil in the middle of the population"),
    "coefficient": ("1", "change of ln Q10 for one standard deviation of the predictor"),
    "jar_effect": ("1", "departure of ln respiration of a jar from jars treated alike"),
    "jar_spread": ("1", "standard deviation of that departure"),
    "theta": ("scale of the sampler", "coordinates of each soil"),
    "expected": ("scale of the sampler", "coordinates that the population, its groups and predictors give a soil"),
}
"""Unit and meaning of each variable."""


def named_draws(found: dict[str, NDArray], soils: Soils, at: Coordinates, attributes: dict) -> Dataset:
    """Draws of prior or posterior as a dataset.

    Parameters
    ----------
    found : dict of ndarray, shape (chains, draws, ...)
        What the sampler drew, by name.
    soils : Soils
        The soils.
    at : Coordinates
        Of the pool model.
    attributes : dict
        Of the dataset: model, seed and so on.

    Returns
    -------
    Dataset
        Dimensions chain, draw, soil, pool, and column, jar, predictor, study, site where there are such.
    """
    import xarray

    theta = found["theta"]
    pools, middle = at.to_pools(theta), at.to_pools(found["mean"][:, :, None, :])
    variables = {
        "fraction": (("soil", "pool"), pools.fraction),
        "decay_rate": (("soil", "pool"), np.exp(pools.log_decay_rate)),
        "q10": (("soil", "pool"), np.exp(pools.log_q10)),
        "error": (("soil",), pools.error),
        "initial_carbon": (("soil",), _carbon(found, soils)),
        "mean_fraction": (("pool",), middle.fraction[:, :, 0]),
        "mean_decay_rate": (("pool",), np.exp(middle.log_decay_rate[:, :, 0])),
        "mean_q10": (("pool",), np.exp(middle.log_q10[:, :, 0])),
        "mean": (("column",), found["mean"]),
        "spread": (("column",), found["spread"]),
        "floor": ((), found["floor"]),
        "degrees": ((), FEWEST_DEGREES + found["tails"]),
        "theta": (("soil", "column"), theta),
        "expected": (("soil", "column"), _expected(found, soils, at)),
    }
    coords = {"soil": list(soils.names), "pool": list(at.pools), "column": list(at.names)}
    if "coefficient" in found:
        variables["coefficient"] = (("predictor", "pool"), found["coefficient"])
        coords["predictor"] = list(soils.predictor_names)
    if "jar_effect" in found:
        variables |= {"jar_effect": (("jar",), found["jar_effect"]), "jar_spread": ((), found["jar_spread"])}
        coords["jar"] = list(soils.jars)
    for kind, names in soils.group_names.items():
        variables[f"{kind}_effect"] = ((kind, "column"), found[f"{kind}_effect"])
        variables[f"{kind}_spread"] = (("column",), found[f"{kind}_spread"])
        coords[kind] = list(names)
    made = {name: (("chain", "draw", *dims), values, _attributes(name)) for name, (dims, values) in variables.items()}
    chains, draws = theta.shape[:2]
    return xarray.Dataset(made, {"chain": np.arange(chains), "draw": np.arange(draws), **coords}, attributes)


def _attributes(name: str) -> dict[str, str]:
    """Unit and meaning of a variable."""
    kind = name.split("_")[0]
    between = {
        f"{kind}_effect": ("scale of the sampler", f"effect of the {kind} on each coordinate"),
        f"{kind}_spread": ("scale of the sampler", f"standard deviation of that effect between {kind}s"),
    }
    unit, meaning = (between | _MEANING)[name]
    return {"units": unit, "long_name": meaning}


def _carbon(found: dict[str, NDArray], soils: Soils) -> NDArray:
    """Carbon at the start at each draw, the known ones constant."""
    carbon = np.broadcast_to(soils.carbon, (*found["theta"].shape[:2], soils.carbon.size)).copy()
    if "log_carbon" in found:
        carbon[..., np.isnan(soils.carbon)] = np.exp(found["log_carbon"])
    return carbon


def _expected(found: dict[str, NDArray], soils: Soils, at: Coordinates) -> NDArray:
    """Coordinates that each soil would have if it were as its population, groups and predictors say."""
    around = np.repeat(found["mean"][:, :, None, :], len(soils.names), axis=2)
    for kind, index in soils.groups.items():
        around = around + found[f"{kind}_effect"][:, :, index]
    if "coefficient" in found:
        around[..., at.of("q10")] += np.einsum("sp,cdpk->cdsk", soils.predictors, found["coefficient"])
    return around
