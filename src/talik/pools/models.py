"""Pools of soil carbon that decay side by side, each at its own rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
    return np.asarray(c0, float) * decay(time_start, time_end, k)[0]


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


def decay(time_start: ArrayLike, time_end: ArrayLike, k: ArrayLike) -> tuple[NDArray, NDArray]:
    r"""Mean respiration of a pool of one unit of carbon, and how it changes with the decay rate.

    With :math:`x = k (t_2 - t_1)` and :math:`g(x) = (1 - e^{-x}) / x`, which is 1 for a reading at one time:

    .. math:: d = k e^{-k t_1} g(x), \qquad
              \frac{\partial d}{\partial \ln k} = d \left(\frac{e^{-x}}{g(x)} - k t_1\right)

    Parameters
    ----------
    time_start, time_end : array_like, shape (n,) or float
        Start and end of each interval; equal for a reading at one time. [d]
    k : array_like, shape (n,), (pools, n) or float
        Decay rate. [d⁻¹]

    Returns
    -------
    rate : ndarray, shape as k and the times broadcast
        Mean respiration per unit of carbon. [d⁻¹]
    slope : ndarray, same shape
        Its derivative with respect to ln k. [d⁻¹]

    Examples
    --------
    >>> rate, slope = decay(0, [0, 20], 0.05)
    >>> rate.round(4), slope.round(4)
    (array([0.05  , 0.0316]), array([0.05  , 0.0184]))
    """
    time_start, k = np.asarray(time_start, float), np.asarray(k, float)
    x = k * (np.asarray(time_end, float) - time_start)
    g = np.divide(-np.expm1(-x), x, out=np.ones_like(x), where=x > 0)
    elapsed = k * time_start
    rate = k * np.exp(-elapsed) * g
    return rate, rate * (np.exp(-x) / g - elapsed)


@dataclass(frozen=True)
class PoolModel:
    """Pools decaying side by side. A new model is one more value of this kind in `POOL_MODELS`."""

    name: str
    """Its name, as given to ``model=``."""
    pools: tuple[str, ...]
    """Names of the pools, from the fastest to the slowest."""
    reference: str
    """Where it was used on incubations."""

    def names(self, symbol: str) -> tuple[str, ...]:
        """Parameter of each pool: ``k`` of one pool; ``k_fast`` and ``k_slow`` of two."""
        if len(self.pools) == 1:
            return (symbol,)
        return tuple(f"{symbol}_{pool}" for pool in self.pools)

    def respiration(self, time: ArrayLike, sizes: ArrayLike, decay_rates: ArrayLike) -> NDArray:
        """Respiration at each time, shape (n,); sizes and decay rates of shape (pools,)."""
        return sum_of_pools(one_pool, (time,), sizes, decay_rates)

    def mean_respiration(
        self, time_start: ArrayLike, time_end: ArrayLike, sizes: ArrayLike, decay_rates: ArrayLike
    ) -> NDArray:
        """Mean respiration of each interval, shape (n,); decay rates of shape (pools,) or (pools, n)."""
        return sum_of_pools(one_pool_mean, (time_start, time_end), sizes, decay_rates)

    def release(self, time: ArrayLike, sizes: ArrayLike, decay_rates: ArrayLike) -> NDArray:
        """Carbon released up to each time, shape (n,)."""
        return sum_of_pools(one_pool_release, (time,), sizes, decay_rates)

    def remaining(self, time: ArrayLike, sizes: ArrayLike, decay_rates: ArrayLike) -> NDArray:
        """Carbon still in the pools at each time, shape (n,)."""
        return np.sum(sizes) - self.release(time, sizes, decay_rates)


def sum_of_pools(curve, times: tuple[ArrayLike, ...], sizes: ArrayLike, decay_rates: ArrayLike) -> NDArray:
    """Sum over the pools of a one-pool curve ``curve(*times, c0, k)``."""
    pools = zip(np.asarray(sizes, float), np.asarray(decay_rates, float), strict=True)
    return np.sum([curve(*times, c0, k) for c0, k in pools], axis=0)


POOL_MODELS: dict[str, PoolModel] = {
    "one-pool": PoolModel(
        name="one-pool",
        pools=("whole",),
        reference="Schädel et al. (2020), doi 10.5194/essd-12-1511-2020",
    ),
    "two-pool": PoolModel(
        name="two-pool",
        pools=("fast", "slow"),
        reference="Schädel et al. (2020), doi 10.5194/essd-12-1511-2020",
    ),
}
"""Every pool model, by name."""
