"""Draws from a posterior by the No-U-Turn Sampler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talik.extras import require

SCATTER = 0.2
"""How far chains start from the prior mean, in its standard deviations."""


@dataclass(frozen=True)
class Chains:
    """What the sampler drew."""

    draws: dict[str, NDArray]
    """Every parameter, shape (chains, draws, ...)."""
    diverging: NDArray
    """Whether the sampler lost the energy on the way to a draw, shape (chains, draws)."""
    steps: NDArray
    """Gradients that each draw cost, shape (chains, draws)."""
    deepest: int
    """Gradients after which a draw was cut short."""


@dataclass(frozen=True)
class Sampler:
    """How a posterior is drawn from: the No-U-Turn Sampler of NumPyro in double precision, a chain at a time."""

    chains: int = 4
    """Number of chains."""
    warmup: int = 1000
    """Draws of each chain that tune the sampler and are thrown away."""
    draws: int = 1000
    """Draws of each chain that are kept."""
    target_accept: float = 0.9
    """Acceptance that the step size is tuned to; nearer 1 is slower and follows sharp bends better. [-]"""
    deepest_tree: int = 10
    """Doublings after which a draw is cut short."""

    def prepare(self, model: Callable) -> Callable[..., Chains]:
        """A function that samples the model for data of one shape, compiled once.

        Parameters
        ----------
        model : callable
            A NumPyro model of array arguments.

        Returns
        -------
        callable
            ``draw(seed, *arguments)`` gives `Chains`.
        """
        require("bayes", "sampling a posterior")
        import jax
        from numpyro.infer import NUTS

        kernel = NUTS(
            model,
            target_accept_prob=self.target_accept,
            max_tree_depth=self.deepest_tree,
            init_strategy=partial(_near_the_prior_mean),
        )

        # numpyro.infer.MCMC compiles its loop anew for every chain and every data set; this is compiled once.
        @jax.jit
        def one_chain(key, arguments):
            state = kernel.init(key, self.warmup, None, arguments, {})
            state = jax.lax.fori_loop(0, self.warmup, lambda _, now: kernel.sample(now, arguments, {}), state)

            def step(now, _):
                now = kernel.sample(now, arguments, {})
                return now, (now.z, now.diverging, now.num_steps)

            _, (moved, diverging, steps) = jax.lax.scan(step, state, length=self.draws)
            return jax.vmap(kernel.postprocess_fn(arguments, {}))(moved), diverging, steps

        def draw(seed: int, *arguments: Any) -> Chains:
            with jax.enable_x64(True):
                keys = jax.random.split(jax.random.key(seed), self.chains)
                found = [jax.device_get(one_chain(key, arguments)) for key in keys]
            named = {name: np.stack([values[name] for values, _, _ in found]) for name in found[0][0]}
            diverging, steps = (np.stack([one[i] for one in found]) for i in (1, 2))
            return Chains(named, diverging, steps, 2**self.deepest_tree - 1)

        return draw


def _near_the_prior_mean(site: dict) -> Any:
    """Where a chain starts: near the prior mean, another place for each chain.

    From farther out a chain can fall into a corner, as a fast pool gone before the first reading, that holds hardly
    any of the posterior and takes more draws to leave than anyone waits for.
    """
    if site["type"] != "sample" or site["is_observed"]:
        return None
    import jax
    import jax.numpy as jnp
    from numpyro.distributions import biject_to

    mean = jnp.broadcast_to(jnp.asarray(site["fn"].mean, float), site["fn"].shape())
    mean = jnp.where(jnp.isfinite(mean), mean, 1.0)
    spread = jnp.asarray(site["fn"].variance, float) ** 0.5
    spread = jnp.where(jnp.isfinite(spread), jnp.minimum(spread, 1.0), 1.0)
    to_support = biject_to(site["fn"].support)
    away = jax.random.uniform(site["kwargs"]["rng_key"], mean.shape, minval=-SCATTER, maxval=SCATTER)
    return to_support(to_support.inv(mean) + away * spread)


def draw_prior(model: Callable, seed: int, draws: int, *arguments: Any) -> dict[str, NDArray]:
    """Draws from the prior of a model.

    Parameters
    ----------
    model : callable
        A NumPyro model.
    seed : int
        Seed.
    draws : int
        How many.
    *arguments
        Of the model.

    Returns
    -------
    dict of ndarray
        Every parameter, shape (draws, ...).
    """
    require("bayes", "sampling a prior")
    import jax
    from numpyro.infer import Predictive

    with jax.enable_x64(True):
        found = Predictive(model, num_samples=draws)(jax.random.key(seed), *arguments)
        return {name: np.asarray(values) for name, values in found.items()}
