"""Which parameter of a pool model stands where, in which coordinate it is sought, and within which box."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from talik.pools.models import PoolModel

DECAY_RATES = (1e-8, 10.0)
"""Decay rates that are sought: residence times from 2.4 hours to 270,000 years. Deep soils respire less than a
millionth of their carbon a day; what is slower loses nothing in a century. [d⁻¹]"""
Q10S = (0.1, 100.0)
"""Values of Q10 that are sought. [-]"""
SHAPES = (1e-2, 1e3)
"""Shapes of a continuum that are sought: from a tail that hardly ends to one pool. [-]"""


@dataclass(frozen=True)
class Layout:
    """The parameters of a pool model: amounts, in which respiration is linear, then logarithms of all others.

    The others are the decay rates, then shapes, then Q10s; each belongs to one of the pools.
    """

    model: PoolModel
    """The pool model."""
    whole: bool
    """Whether the carbon at the start is known, so that the amounts are fractions of it that sum to one."""
    warmed: bool
    """Whether there are several temperatures, and so Q10s."""

    @cached_property
    def count(self) -> int:
        """Number of pools, and so of amounts."""
        return len(self.model.pools)

    @cached_property
    def rates(self) -> tuple[int | None, ...]:
        """Where the decay rate of each pool stands among the nonlinear parameters; None without one."""
        order = iter(range(self.count))
        return tuple(next(order) if pool.kind.decays else None for pool in self.model.pools)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Where the shapes of each pool stand."""
        place = sum(pool.kind.decays for pool in self.model.pools)
        found = []
        for pool in self.model.pools:
            found.append(tuple(range(place, place + len(pool.kind.shapes))))
            place += len(pool.kind.shapes)
        return tuple(found)

    @cached_property
    def q10s(self) -> tuple[int | None, ...]:
        """Where the Q10 of each pool stands; None at one temperature."""
        place = sum(pool.kind.decays + len(pool.kind.shapes) for pool in self.model.pools)
        return tuple(place + i if self.warmed else None for i in range(self.count))

    @cached_property
    def places(self) -> tuple[tuple[int, ...], ...]:
        """Where all nonlinear parameters of each pool stand: decay rate, shapes, Q10."""
        return tuple(
            tuple(place for place in (rate, *shapes, q10) if place is not None)
            for rate, shapes, q10 in zip(self.rates, self.shapes, self.q10s, strict=True)
        )

    @cached_property
    def owner(self) -> NDArray:
        """The pool of each nonlinear parameter, shape (q,)."""
        owner = {place: pool for pool, places in enumerate(self.places) for place in places}
        return np.array([owner[place] for place in range(len(owner))], int)

    @cached_property
    def nonlinear(self) -> int:
        """Number of nonlinear parameters."""
        return len(self.owner)

    @cached_property
    def free_amounts(self) -> int:
        """Number of amounts that are free: one less where they must sum to one."""
        return self.count - self.whole

    @cached_property
    def size(self) -> int:
        """Number of free parameters."""
        return self.free_amounts + self.nonlinear

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names: amounts or fractions, decay rates, shapes, Q10s."""
        pools = self.model.pools
        fractions = tuple(f"{pool.name}_fraction" for pool in pools[:-1])
        amounts = fractions if self.whole else tuple(self.model.named(pool.kind.size, pool) for pool in pools)
        rates = tuple(self.model.named("k", pool) for pool in pools if pool.kind.decays)
        shapes = tuple(self.model.named(shape, pool) for pool in pools for shape in pool.kind.shapes)
        q10s = tuple(self.model.named("q10", pool) for pool in pools) if self.warmed else ()
        return amounts + rates + shapes + q10s

    @cached_property
    def is_q10(self) -> NDArray:
        """Which parameters are Q10s, shape (p,)."""
        return np.array([name.startswith("q10") for name in self.parameters])

    @cached_property
    def box(self) -> tuple[NDArray, NDArray]:
        """Lower and upper ends of the nonlinear parameters, as logarithms, each of shape (q,)."""
        ends = np.empty((self.nonlinear, 2))
        for i in range(self.count):
            if self.rates[i] is not None:
                ends[self.rates[i]] = DECAY_RATES
            ends[list(self.shapes[i])] = SHAPES
            if self.q10s[i] is not None:
                ends[self.q10s[i]] = Q10S
        return np.log(ends[:, 0]), np.log(ends[:, 1])

    @cached_property
    def ordered(self) -> tuple[int, ...]:
        """Where the decay rates of pools of the same kind stand, which are told apart by their order only."""
        alike = [pool.kind for pool in self.model.pools]
        return tuple(r for r in self.rates if r is not None) if len(set(alike)) == 1 and self.count > 1 else ()
