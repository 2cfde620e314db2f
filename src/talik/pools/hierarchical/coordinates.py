"""What is estimated of each soil, and on which scale: one column of a matrix each."""

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from talik.errors import UnknownNameError, listed

POOLS = {"one-pool": ("whole",), "two-pool": ("fast", "slow"), "three-pool": ("fast", "slow", "passive")}
"""Pools of each model, from the fastest to the slowest."""


@dataclass(frozen=True)
class Pools:
    """Pools of each soil as numbers in their own units; a leading shape of draws, then the soils."""

    fraction: Any
    """Share of each pool in the carbon, summing to one, shape (..., soils, pools). [-]"""
    log_decay_rate: Any
    """Logarithm of the decay rate at the reference temperature, shape (..., soils, pools). [ln d⁻¹]"""
    log_q10: Any
    """Logarithm of the Q10, shape (..., soils, pools). [-]"""
    error: Any
    """Error of a rate as a share of the rate, shape (..., soils). [-]"""


@dataclass(frozen=True)
class Coordinates:
    """The columns of the matrix that the sampler moves: one row a soil, each normal between soils.

    Fractions are logits of what faster pools leave. The decay rate of the slow pool is a logarithm; the others
    have ln of ln(rate of the faster / rate of the slower) towards it, so that rates are ordered whatever the
    columns are. Q10 and the error are logarithms. An incubation tells the rate of the slow pool best: counted from
    the fast one, the columns would be bound to one another, and the sampler four times slower.
    """

    model: str
    """Name of the pool model."""

    @cached_property
    def pools(self) -> tuple[str, ...]:
        """Names of the pools, from the fastest to the slowest."""
        return POOLS[self.model]

    @cached_property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Quantity and pool of each column."""
        return (
            *(("fraction", pool) for pool in self.pools[:-1]),
            ("decay_rate", self.anchor),
            *(("log_ratio", pool) for pool in self.pools if pool != self.anchor),
            *(("q10", pool) for pool in self.pools),
            ("error", "*"),
        )

    @cached_property
    def anchor(self) -> str:
        """The pool whose decay rate the others are counted from."""
        return self.pools[min(1, len(self.pools) - 1)]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each column, as ``q10_fast``."""
        return tuple(q if pool in ("whole", "*") else f"{q}_{pool}" for q, pool in self.columns)

    def of(self, quantity: str) -> slice:
        """Columns of a quantity."""
        found = [i for i, (name, _) in enumerate(self.columns) if name == quantity]
        return slice(found[0], found[-1] + 1) if found else slice(0, 0)

    def to_pools(self, theta: Any, xp: ModuleType = np) -> Pools:
        """The pools that a matrix stands for.

        Parameters
        ----------
        theta : array, shape (..., soils, columns)
            Coordinates.
        xp : module
            NumPy, or JAX's namesake for the sampler.

        Returns
        -------
        Pools
        """
        taken = 1 / (1 + xp.exp(-theta[..., self.of("fraction")]))
        left = xp.cumprod(1 - taken, axis=-1)
        whole = xp.ones_like(theta[..., :1])
        fraction = xp.concatenate([taken, whole], -1) * xp.concatenate([whole, left], -1)
        rate = theta[..., self.of("decay_rate")]
        ratio = xp.exp(theta[..., self.of("log_ratio")])
        log_k = xp.concatenate([rate + ratio[..., :1], rate, rate - ratio[..., 1:]], -1)
        return Pools(fraction, log_k, theta[..., self.of("q10")], xp.exp(theta[..., -1]))


def coordinates(model: str) -> Coordinates:
    """The coordinates of a pool model.

    Parameters
    ----------
    model : {"one-pool", "two-pool", "three-pool"}
        Its name.

    Returns
    -------
    Coordinates

    Raises
    ------
    UnknownNameError
        For another name.

    Examples
    --------
    >>> coordinates("two-pool").names
    ('fraction_fast', 'decay_rate_slow', 'log_ratio_fast', 'q10_fast', 'q10_slow', 'error')
    """
    if model not in POOLS:
        raise UnknownNameError(f"{model!r} is not a model of pools. Known are: {listed(list(POOLS))}.", [str(model)])
    return Coordinates(model)
