"""Draws from a posterior by the No-U-Turn Sampler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talik.extras import require


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
        from numpyro.infer import MCMC, NUTS, init_to_median

        kernel = NUTS(
            model,
            target_accept_prob=self.target_accept,
            max_tree_depth=self.deepest_tree,
            init_strategy=init_to_median(num_samples=5),
        )
        mcmc = MCMC(
            kernel, num_warmup=self.warmup, num_samples=self.draws, num_chains=self.chains,
            chain_method="sequential", progress_bar=False, jit_model_args=True,
        )  # fmt: skip

        def draw(seed: int, *arguments: Any) -> Chains:
            with jax.enable_x64(True):
                mcmc.run(jax.random.key(seed), *arguments, extra_fields=("diverging", "num_steps"))
                extra = mcmc.get_extra_fields(group_by_chain=True)
                found = {name: np.asarray(values) for name, values in mcmc.get_samples(group_by_chain=True).items()}
                return Chains(
                    found, np.asarray(extra["diverging"]), np.asarray(extra["num_steps"]), 2**self.deepest_tree - 1
                )

        return draw


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
