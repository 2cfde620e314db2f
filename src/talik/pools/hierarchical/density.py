r"""The hierarchical model of soils in NumPyro's words: priors, pools, and the errors of rates.

Errors are Student-t on the rate itself, not on its logarithm. Rates late in an incubation, of frozen or dry soils
and less a blank come near zero and below: there a logarithm does not exist or gives a reading of nothing the
greatest weight. The scale of the error grows with the rate that the pools give (a coefficient of variation), and
stays above a floor, a share of the soil's mean rate, where the rate goes to zero:

.. math:: \sigma^2 = s^2 + (c\,\bar R)^2 + (a\,\langle\bar R\rangle)^2

with s the standard error from the replicates behind the rate, where these are told. Taken at the rate of the
model and not at the measured one, it does not believe a low reading more than a high one.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax import Array
from jax.typing import ArrayLike

from talik.pools.hierarchical.coordinates import Coordinates, Pools
from talik.pools.hierarchical.priors import Prior, Priors
from talik.pools.hierarchical.soils import Soils

FEWEST_DEGREES = 2.0
"""Degrees of freedom of the errors are above this, so that they have a variance."""
NEARLY_ZERO = 1e-3
"""Below this the mean over an interval is taken from its series, whose next term is 1e-14."""
SLAB = 0.5
"""Scale of the slab of the regularised horseshoe: a coefficient of ln Q10 beyond it is doubted. [-]"""


def mean_decay(time_start: ArrayLike, duration: ArrayLike, log_k: ArrayLike) -> Array:
    """Mean respiration of a pool of one unit of carbon over intervals, with finite gradients down to k of 0.

    The same as `talik.pools.models.decay`, in JAX.

    Parameters
    ----------
    time_start, duration : array_like, shape (rows, width)
        Start and length of each interval; 0 for a rate at one time. [d]
    log_k : array_like, shape (rows, 1)
        Logarithm of the decay rate. [ln d⁻¹]

    Returns
    -------
    Array, shape (rows, width)
        [d⁻¹]
    """
    k = jnp.exp(log_k)
    x = k * duration
    small = x < NEARLY_ZERO
    safe = jnp.where(small, 1.0, x)
    series = 1 - x / 2 * (1 - x / 3 * (1 - x / 4))
    return k * jnp.exp(-k * time_start) * jnp.where(small, series, (1 - jnp.exp(-safe)) / safe)


def hierarchical_model(
    rate: ArrayLike | None,
    *,
    soils: Soils,
    at: Coordinates,
    priors: Priors,
    coefficients: str,
    reference_temperature: float,
) -> None:
    """The joint density of all parameters and rates; without rates, of the parameters alone.

    Parameters
    ----------
    rate : array_like, shape (rows, width), or None
        Rates, each divided by the level of its soil, as the grid of the soils lays them. [-]
    soils : Soils
        What was measured where.
    at : Coordinates
        Of the pool model.
    priors : Priors
        The priors.
    coefficients : {"laplace", "horseshoe", "normal"}
        Prior of the coefficients of predictors.
    reference_temperature : float
        Temperature of the decay rates. [°C]
    """
    theta = _soil_parameters(soils, at, priors, coefficients, reference_temperature)
    log_carbon = _carbon(soils, at, priors)
    jar_effect = _jar_effects(soils, at, priors)
    floor = numpyro.sample("floor", _positive(priors.of(at.model, "floor")))
    tails = priors.of(at.model, "tails")
    degrees = FEWEST_DEGREES + numpyro.sample("tails", dist.Gamma(tails.location, tails.scale))
    if rate is None:
        return
    pools = at.to_pools(theta, jnp)
    mean = mean_rates(soils, pools, log_carbon, jar_effect, reference_temperature)
    scale = error_scale(soils, pools, mean, floor)
    errors = dist.StudentT(degrees, mean, scale).mask(soils.grid.filled)
    numpyro.sample("rate", errors, obs=rate)


def mean_rates(
    soils: Soils, pools: Pools, log_carbon: ArrayLike, jar_effect: ArrayLike | None, reference_temperature: float
) -> Array:
    """Mean rate of each interval, divided by the level of its soil; shape (rows, width). [-]"""
    grid = soils.grid
    warming = jnp.asarray((soils.temperature - reference_temperature) / 10)[:, None]
    log_k = (pools.log_decay_rate[soils.soil] + pools.log_q10[soils.soil] * warming)[grid.jar]
    log_size = (log_carbon - np.log(soils.level))[soils.soil]
    if jar_effect is not None:
        log_size = log_size + jar_effect
    size = (jnp.exp(log_size)[:, None] * pools.fraction[soils.soil])[grid.jar]
    one_by_one = range(pools.fraction.shape[-1])
    decayed = [mean_decay(grid.time_start, grid.duration, log_k[:, i, None]) for i in one_by_one]
    return sum(size[:, i, None] * decayed[i] for i in one_by_one)


def error_scale(soils: Soils, pools: Pools, mean: ArrayLike, floor: ArrayLike) -> Array:
    """Scale of the error of each rate, divided by the level of its soil; shape (rows, width). [-]"""
    grid = soils.grid
    of_row = soils.soil[grid.jar]
    count = np.bincount(of_row, weights=grid.filled.sum(axis=1))
    soil_mean = jnp.zeros(count.size).at[of_row].add(jnp.sum(mean * grid.filled, axis=1)) / count
    known = grid.rows(soils.known_error) / soils.level[of_row][:, None]
    relative, floor_of_row = pools.error[of_row][:, None] * mean, (floor * soil_mean[of_row])[:, None]
    return jnp.sqrt(known**2 + relative**2 + floor_of_row**2)


def _soil_parameters(
    soils: Soils, at: Coordinates, priors: Priors, coefficients: str, reference_temperature: float
) -> Array:
    """Coordinates of each soil: normal around a mean with effects of study, site and predictors."""
    of_mean = [priors.of(at.model, *column) for column in at.columns]
    centre = np.array([prior.centre(reference_temperature) for prior in of_mean])
    mean = numpyro.sample("mean", dist.Normal(centre, np.array([prior.scale for prior in of_mean])))
    between = [priors.of(at.model, *column, level="soils") for column in at.columns]
    log_spread = np.array([prior.centre() for prior in between])
    spread = numpyro.sample("spread", dist.LogNormal(log_spread, np.array([prior.scale for prior in between])))
    around = jnp.broadcast_to(mean, (len(soils.names), len(at.columns)))
    for kind, index in soils.groups.items():
        around = around + _group_effects(kind, len(soils.group_names[kind]), at, priors)[index]
    if soils.predictor_names:
        found = _coefficients(len(soils.predictor_names), at, priors, coefficients)
        around = around.at[:, at.of("q10")].add(jnp.asarray(soils.predictors) @ found)
    return numpyro.sample("theta", dist.Normal(around, spread))


def _group_effects(kind: str, count: int, at: Coordinates, priors: Priors) -> Array:
    """Effects of the studies, or of the sites; few, so drawn in units of their spread."""
    scales = np.array([priors.of(at.model, *column, level="groups").scale for column in at.columns])
    spread = numpyro.sample(f"{kind}_spread", dist.HalfNormal(scales))
    unit = numpyro.sample(f"{kind}_unit", dist.Normal(np.zeros((count, len(at.columns))), 1.0))
    return numpyro.deterministic(f"{kind}_effect", spread * unit)


def _coefficients(count: int, at: Coordinates, priors: Priors, kind: str) -> Array:
    """Change of ln Q10 of each pool with a standard deviation of each predictor, shape (predictors, pools)."""
    shape = (count, len(at.pools))
    width = priors.of(at.model, "coefficient", level="groups").scale
    if kind == "normal":
        return numpyro.sample("coefficient", dist.Normal(np.zeros(shape), width))
    if kind == "laplace":
        common = numpyro.sample("coefficient_width", dist.HalfNormal(width))
        unit = numpyro.sample("coefficient_unit", dist.Laplace(np.zeros(shape), 1.0))
        return numpyro.deterministic("coefficient", common * unit)
    common = numpyro.sample("coefficient_width", dist.HalfNormal(width))
    local = numpyro.sample("coefficient_local", dist.HalfCauchy(np.ones(shape)))
    # An array: of a plain number NumPyro takes the variance, which is infinite here, by a division by zero.
    slab = numpyro.sample("coefficient_slab", dist.InverseGamma(jnp.asarray(2.0), 2.0 * SLAB**2))
    unit = numpyro.sample("coefficient_unit", dist.Normal(np.zeros(shape), 1.0))
    shrunk = common * local * jnp.sqrt(slab / (slab + (common * local) ** 2))
    return numpyro.deterministic("coefficient", shrunk * unit)


def _carbon(soils: Soils, at: Coordinates, priors: Priors) -> Array:
    """Logarithm of the carbon at the start of each soil, estimated where it is unknown."""
    unknown = np.flatnonzero(np.isnan(soils.carbon))
    log_carbon = jnp.log(jnp.where(np.isnan(soils.carbon), 1.0, soils.carbon))
    if unknown.size == 0:
        return log_carbon
    prior = priors.of(at.model, "initial_carbon", level="soils")
    released = np.log(soils.level * soils.duration)[unknown]
    found = numpyro.sample("log_carbon", dist.Normal(released + prior.centre(), prior.scale))
    return log_carbon.at[unknown].set(found)


def _jar_effects(soils: Soils, at: Coordinates, priors: Priors) -> Array | None:
    """How ln respiration of each jar departs from that of jars treated alike, where there are such jars."""
    if not soils.replicated:
        return None
    spread = numpyro.sample("jar_spread", _positive(priors.of(at.model, "jar_effect", level="soils")))
    return numpyro.sample("jar_effect", dist.Normal(np.zeros(len(soils.jars)), spread))


def _positive(prior: Prior) -> dist.Distribution:
    return dist.LogNormal(prior.centre(), prior.scale)
