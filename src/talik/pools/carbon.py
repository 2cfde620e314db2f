r"""Kinds of carbon: what a unit of each respires, and how that changes with its parameters.

Each kind is three functions of time: the mean rate of an interval with its slopes, and the carbon left with its
slopes. A new kind is one more value of `CarbonKind`. ``scale`` is the decay rate at the temperature of each reading:
:math:`k\,Q_{10}^{(T - T_{ref})/10}`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Slopes = tuple[NDArray, ...]


@dataclass(frozen=True)
class CarbonKind:
    """A kind of carbon."""

    name: str
    """Its name."""
    rate: Callable[..., Slopes]
    """(start [d], duration [d] or None, scale [d⁻¹], *shapes) -> mean rate per unit of carbon [d⁻¹], its derivative
    by ln scale, and by the logarithm of each shape. All of the shape of the times."""
    left: Callable[..., Slopes] | None
    """(time [d], scale [d⁻¹], *shapes) -> part of the carbon left, and its derivatives likewise; None where the kind
    has no end."""
    size: str
    """Symbol of its amount: ``c0`` of carbon, ``rate`` of a respiration without an end."""
    decays: bool
    """Whether it has a decay rate ``k``."""
    shapes: tuple[str, ...] = ()
    """Names of its further parameters."""


def pool_rate(start: NDArray, duration: NDArray | None, scale: NDArray) -> Slopes:
    r"""Mean rate of a pool of one unit of carbon, and its derivative by the logarithm of its decay rate.

    With :math:`x = k (t_2 - t_1)` and :math:`g(x) = (1 - e^{-x}) / x`:

    .. math:: d = k e^{-k t_1} g(x), \qquad
              \frac{\partial d}{\partial \ln k} = d \left(\frac{e^{-x}}{g(x)} - k t_1\right)

    Examples
    --------
    >>> rate, slope = pool_rate(np.zeros(2), np.array([1e-9, 20.0]), np.array([0.05]))
    >>> rate.round(4), slope.round(4)
    (array([0.05  , 0.0316]), array([0.05  , 0.0184]))
    """
    elapsed = scale * start
    rate = np.exp(-elapsed)
    rate *= scale
    if duration is None:
        return rate, rate * (1.0 - elapsed)
    x = scale * duration
    shrunk = np.exp(-x)
    mean = _mean_shrunk(x, shrunk)
    rate *= mean
    return rate, rate * (shrunk / mean - elapsed)


def _mean_shrunk(x: NDArray, shrunk: NDArray) -> NDArray:
    """g(x) = (1 - exp(-x)) / x; near 0 by its series, whose next term is below 1e-16."""
    near = 1.0 - x / 2 * (1.0 - x / 3 * (1.0 - x / 4 * (1.0 - x / 5 * (1.0 - x / 6 * (1.0 - x / 7)))))
    return np.where(x > 0.02, (1.0 - shrunk) / np.where(x > 0.02, x, 1.0), near)


def pool_left(time: NDArray, scale: NDArray) -> Slopes:
    """Part of a pool left at a time, and its derivative by the logarithm of the decay rate."""
    elapsed = scale * time
    left = np.exp(-elapsed)
    return left, -elapsed * left


def constant_rate(start: NDArray, duration: NDArray | None, scale: NDArray) -> Slopes:  # noqa: ARG001
    """A respiration that goes on without an end, one unit at the reference temperature."""
    rate = np.broadcast_to(scale, np.broadcast_shapes(np.shape(start), np.shape(scale)))
    return rate, rate


def continuum_rate(start: NDArray, duration: NDArray | None, scale: NDArray, shape: NDArray) -> Slopes:
    r"""Mean rate of carbon whose decay rates are gamma distributed, with mean k and shape a.

    The carbon left is :math:`S(x) = (1 + x/a)^{-a}` at :math:`x = k t`, an exponential for a large shape. The mean
    rate of an interval is :math:`(S(x_1) - S(x_2)) / (t_2 - t_1)`, at one time :math:`k (1 + x/a)^{-a-1}`.

    References
    ----------
    Boudreau and Ruddick (1991), American Journal of Science 291, 507-538, doi 10.2475/ajs.291.5.507.

    Examples
    --------
    With shape 1 half the carbon is gone after 1/k days, and the mean rate until then is k/2:

    >>> rate, *_ = continuum_rate(np.zeros(1), np.array([100.0]), np.array([0.01]), np.array([1.0]))
    >>> rate.round(6)
    array([0.005])
    """
    at_start = _continuum_at(scale * start, scale, shape)
    if duration is None:
        return at_start
    duration = np.broadcast_to(duration, at_start[0].shape)
    over = np.where(duration > 0, duration, 1.0)
    x, x_end = scale * start, scale * (start + over)
    lost = -np.expm1(-shape * np.log1p(scale * over / (shape + x)))
    _, by_x, by_shape = continuum_left_at(x, shape)
    _, by_x_end, by_shape_end = continuum_left_at(x_end, shape)
    mean = (
        np.exp(-shape * np.log1p(x / shape)) * lost / over,
        (by_x - by_x_end) / over,
        (by_shape - by_shape_end) / over,
    )
    return tuple(np.where(duration > 0, whole, point) for whole, point in zip(mean, at_start, strict=True))


def _continuum_at(x: NDArray, scale: NDArray, shape: NDArray) -> Slopes:
    """Rate at one time, and its derivatives by ln k and ln shape."""
    log_left, beyond = -shape * np.log1p(x / shape), x / (shape + x)
    rate = scale * np.exp(log_left) * shape / (shape + x)
    return rate, rate * (1.0 - (shape + 1.0) * beyond), rate * (log_left + (shape + 1.0) * beyond)


def continuum_left_at(x: NDArray, shape: NDArray) -> Slopes:
    """Carbon left at x = k t of a gamma continuum, and its derivatives by ln k and ln shape."""
    log_left = -shape * np.log1p(x / shape)
    left = np.exp(log_left)
    return left, -left * x * shape / (shape + x), left * (log_left + x * shape / (shape + x))


def continuum_left(time: NDArray, scale: NDArray, shape: NDArray) -> Slopes:
    """Part of a gamma continuum left at a time, and its derivatives by ln k and ln shape."""
    return continuum_left_at(scale * time, shape)


POOL = CarbonKind("pool", pool_rate, pool_left, size="c0", decays=True)
"""Carbon of one quality, which decays at a constant rate."""
CONSTANT = CarbonKind("constant", constant_rate, None, size="rate", decays=False)
"""Carbon so slow that its respiration does not fall."""
CONTINUUM = CarbonKind("continuum", continuum_rate, continuum_left, size="c0", decays=True, shapes=("shape",))
"""Carbon of every quality, the decay rates gamma distributed."""
