"""Pools of soil carbon that decay side by side, each at its own rate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.pools.carbon import CONSTANT, CONTINUUM, POOL, CarbonKind

Shapes = Sequence[Sequence[float]]


def one_pool(time: ArrayLike, c0: ArrayLike, k: ArrayLike) -> NDArray:
    r"""Respiration of one pool that decays at a constant rate.

    .. math:: R(t) = k C_0 e^{-k t}

    Parameters
    ----------
    time : array_like, shape (n,) or float
        Time since the start of the incubation. [d]
    c0 : array_like, shape (n,) or float
        Carbon in the pool at the start, in the unit of the respiration times a day,
        as mg C per g soil carbon. [mg C g⁻¹]
    k : array_like, shape (n,) or float
        Decay rate. [d⁻¹]

    Returns
    -------
    ndarray, shape (n,)
        Respiration at each time. [mg C g⁻¹ d⁻¹]

    References
    ----------
    Schädel et al. (2020), Earth Syst. Sci. Data 12, 1511-1524, doi 10.5194/essd-12-1511-2020 (SIDb).

    Examples
    --------
    20 mg of labile carbon per gram soil carbon, half of it gone after ln(2) / 0.05 = 14 days:

    >>> one_pool([0, 14], c0=20, k=0.05).round(2)
    array([1. , 0.5])
    """
    time, c0, k = (np.asarray(a, float) for a in (time, c0, k))
    return c0 * k * np.exp(-k * time)


def two_pool(time: ArrayLike, c0: ArrayLike, fast_fraction: ArrayLike, k_fast: ArrayLike, k_slow: ArrayLike) -> NDArray:
    r"""Respiration of a fast and a slow pool decaying side by side.

    .. math:: R(t) = C_0 \left( f k_f e^{-k_f t} + (1 - f) k_s e^{-k_s t} \right)

    Parameters
    ----------
    time : array_like, shape (n,) or float
        Time since the start of the incubation. [d]
    c0 : array_like, shape (n,) or float
        Carbon in both pools at the start, in the unit of the respiration times a day. [mg C g⁻¹]
    fast_fraction : array_like, shape (n,) or float
        Part of the carbon that is in the fast pool. [-]
    k_fast, k_slow : array_like, shape (n,) or float
        Decay rates. [d⁻¹]

    Returns
    -------
    ndarray, shape (n,)
        Respiration at each time. [mg C g⁻¹ d⁻¹]

    References
    ----------
    Schädel et al. (2020), Earth Syst. Sci. Data 12, 1511-1524, doi 10.5194/essd-12-1511-2020 (SIDb).

    Examples
    --------
    2 % of the carbon decays within weeks, the rest within decades:

    >>> two_pool([0, 100], c0=1000, fast_fraction=0.02, k_fast=0.05, k_slow=1e-4).round(3)
    array([1.098, 0.104])
    """
    fast_fraction = np.asarray(fast_fraction, float)
    fast = one_pool(time, np.multiply(c0, fast_fraction), k_fast)
    slow = one_pool(time, np.multiply(c0, 1 - fast_fraction), k_slow)
    return fast + slow


def one_pool_mean(time_start: ArrayLike, time_end: ArrayLike, c0: ArrayLike, k: ArrayLike) -> NDArray:
    r"""Mean respiration of one pool over an interval.

    A flushed jar gives the mean rate of an interval. The curve is convex, so the mean lies above the rate
    at the middle of the interval: by 4 % for an interval of one mean residence time 1/k.

    .. math:: \bar{R} = C_0 \frac{e^{-k t_1} - e^{-k t_2}}{t_2 - t_1}

    Parameters
    ----------
    time_start, time_end : array_like, shape (n,) or float
        Start and end of each interval; where they are equal, the rate at that time. [d]
    c0 : array_like, shape (n,) or float
        Carbon in the pool at time 0, in the unit of the respiration times a day. [mg C g⁻¹]
    k : array_like, shape (n,) or float
        Decay rate. [d⁻¹]

    Returns
    -------
    ndarray, shape (n,)
        Mean respiration of each interval. [mg C g⁻¹ d⁻¹]

    Examples
    --------
    >>> one_pool_mean(0, 20, c0=20, k=0.05).round(4)
    np.float64(0.6321)
    >>> one_pool(10, c0=20, k=0.05).round(4)
    np.float64(0.6065)
    """
    start, end, k = (np.asarray(a, float) for a in (time_start, time_end, k))
    return np.asarray(c0, float) * POOL.rate(start, end - start, k)[0]


def one_pool_release(time: ArrayLike, c0: ArrayLike, k: ArrayLike) -> NDArray:
    r"""Carbon that one pool has released since the start.

    .. math:: C(t) = C_0 (1 - e^{-k t})

    Parameters
    ----------
    time : array_like, shape (n,) or float
        Time since the start of the incubation. [d]
    c0 : array_like, shape (n,) or float
        Carbon in the pool at the start. [mg C g⁻¹]
    k : array_like, shape (n,) or float
        Decay rate. [d⁻¹]

    Returns
    -------
    ndarray, shape (n,)
        Release up to each time. [mg C g⁻¹]

    Examples
    --------
    >>> one_pool_release([0, 14, 365], c0=20, k=0.05).round(2)
    array([ 0.  , 10.07, 20.  ])
    """
    return -np.asarray(c0, float) * np.expm1(-np.multiply(k, time))


@dataclass(frozen=True)
class Pool:
    """One pool of a model."""

    name: str
    """Its name."""
    kind: CarbonKind
    """Its kind of carbon."""


@dataclass(frozen=True)
class PoolModel:
    """Pools side by side. A new model is one more value of this kind in `POOL_MODELS`."""

    name: str
    """Its name, as given to ``model=``."""
    pools: tuple[Pool, ...]
    """The pools, from the fastest to the slowest."""
    reference: str
    """Where it was used on incubations."""

    @property
    def closed(self) -> bool:
        """Whether its pools hold all the carbon that there is, so that they sum to it."""
        return all(pool.kind.left is not None for pool in self.pools)

    def named(self, symbol: str, pool: Pool) -> str:
        """Parameter of a pool: ``k`` of the only one; ``k_fast`` and ``k_slow`` of two."""
        return symbol if len(self.pools) == 1 else f"{symbol}_{pool.name}"

    def mean_respiration(
        self, time_start: ArrayLike, time_end: ArrayLike, amounts: ArrayLike, scales: ArrayLike, shapes: Shapes = ()
    ) -> NDArray:
        """Mean respiration of each interval, or at times where start and end are equal.

        Parameters
        ----------
        time_start, time_end : array_like, shape (n,)
            Interval of each rate. [d]
        amounts : array_like, shape (pools,)
            Carbon in each pool at the start; the respiration of one without an end. [rate times d; rate]
        scales : array_like, shape (pools,) or (pools, n)
            Decay rate of each pool at the temperature of each rate; 1 for one without an end. [d⁻¹]
        shapes : sequence of sequence of float
            Further parameters of each pool.

        Returns
        -------
        ndarray, shape (n,)

        Examples
        --------
        >>> model = POOL_MODELS["two-pool"]
        >>> model.mean_respiration([0, 100], [0, 100], [20, 980], [0.05, 1e-4]).round(3)
        array([1.098, 0.104])
        """
        start, end = np.broadcast_arrays(np.asarray(time_start, float), np.asarray(time_end, float))
        further = shapes or ((),) * len(self.pools)
        parts = zip(self.pools, np.asarray(amounts, float), np.asarray(scales, float), further, strict=True)
        return np.sum([c * pool.kind.rate(start, end - start, k, *more)[0] for pool, c, k, more in parts], axis=0)


def _parallel(name: str, names: tuple[str, ...], reference: str) -> PoolModel:
    return PoolModel(name, tuple(Pool(pool, POOL) for pool in names), reference)


POOL_MODELS: dict[str, PoolModel] = {
    model.name: model
    for model in (
        _parallel("one-pool", ("whole",), "Schädel et al. (2020), doi 10.5194/essd-12-1511-2020"),
        _parallel("two-pool", ("fast", "slow"), "Schädel et al. (2020), doi 10.5194/essd-12-1511-2020"),
        _parallel("three-pool", ("fast", "slow", "passive"), "Schädel et al. (2014), doi 10.1111/gcb.12417"),
        PoolModel(
            "fast-and-constant",
            (Pool("fast", POOL), Pool("constant", CONSTANT)),
            "Soil Science Society of America Journal 68, 1616 (2004), figure 4",
        ),
        PoolModel(
            "continuous-quality",
            (Pool("whole", CONTINUUM),),
            "Boudreau and Ruddick (1991), doi 10.2475/ajs.291.5.507",
        ),
    )
}
"""Every pool model, by name."""
