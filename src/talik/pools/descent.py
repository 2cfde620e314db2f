"""Variable projection of many series at once: amounts solved for, all else by Levenberg-Marquardt in a box.

Arrays of few parameters by many series have the series last; arrays of rates have the series first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from talik.inference import batched
from talik.pools.amounts import best_amounts
from talik.pools.batch import Batch, decorrelated
from talik.pools.layout import Layout

FIRST_DAMPING = 1e-2
"""Damping of the first step, relative to the curvature. [-]"""
MOST_STEPS = 100
"""Steps after which a series is given up as it stands."""
FINISHED = 1e-10
"""Expected fall of the sum of squares, relative to it, below which a series is done. [-]"""
LONGEST_STEP = 2.5
"""Longest step of a logarithm: a curve tells nothing of what lies a factor of ten away. [-]"""
MOST_DAMPING = 1e12
"""Damping at which no step lowers the misfit. [-]"""
DIFFERENCE = 1e-4
"""Difference of logarithms from which the curvature is computed. [-]"""
FLATTEST = 1e-12
"""Least curvature, relative to the largest, that is not rounding. [-]"""
EXACT = 1e-15
"""Expected fall of the sum of squares, relative to it, to which an optimum is followed to the end. [-]"""
SMALLEST = 1e-100
"""Stands for nothing in a division."""
THINNED = 0.75
"""Finished series are set aside when fewer than this part is left."""

LARGEST_KEPT = 31 << 20
"""Largest freed array whose memory is kept for the next. [B]"""
# Memory of arrays above 128 kB goes back to the system as they are freed, and to be given it again takes as long as
# to fill it. C libraries of Linux keep such arrays from the first one on that was freed.
np.empty(LARGEST_KEPT, np.uint8)


class Pull(Protocol):
    """One more reading of each series, that pulls an amount, or carbon left, towards a target: see `readout`."""

    @property
    def target(self) -> NDArray:
        """What is to be read, times the weight, shape (series,)."""
        ...

    def row(self, layout: Layout, phi: NDArray) -> tuple[NDArray, NDArray]:
        """What a unit of each pool reads, shape (pools, series), and its slopes, shape (q, series)."""
        ...

    def take(self, rows: NDArray) -> "Pull":
        """Of some of the series."""
        ...


@dataclass
class Point:
    """Where many series stand: what was computed there."""

    phi: NDArray
    """Logarithms of the nonlinear parameters, shape (q, series)."""
    misfit: NDArray
    """Sum of squares, shape (series,). [-]"""
    amounts: NDArray
    """Amounts, shape (pools, series). [unit of the batch]"""
    gradient: NDArray
    """Half the derivative of the sum of squares by phi, shape (q, series)."""
    curvature: NDArray
    """Half its second derivative, the amounts following, shape (q, q, series)."""

    def take(self, rows: NDArray) -> "Point":
        """Some of the series."""
        return Point(*(getattr(self, name)[..., rows] for name in self.__dataclass_fields__))

    def put(self, rows: NDArray, other: "Point") -> None:
        """Let some of the series stand where others do."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[..., rows] = getattr(other, name)


def curves(batch: Batch, phi: NDArray) -> NDArray:
    """Weighted respiration of a unit of each pool, then its derivative by each nonlinear parameter.

    Shape (series, pools + q, n).
    """
    layout, n = batch.layout, batch.aim.shape[1]
    filled = np.empty((batch.count, layout.count + layout.nonlinear, n))
    slopes = filled[:, layout.count :]
    for i, pool in enumerate(layout.model.pools):
        scale = _scale(batch, phi, layout.rates[i], layout.q10s[i])
        further = (np.exp(phi[place])[:, None] for place in layout.shapes[i])
        rate, by_scale, *by_shapes = pool.kind.rate(batch.start, batch.duration, scale, *further)
        np.multiply(rate, batch.weight, out=filled[:, i])
        weighted = by_scale * batch.weight
        place, q10 = layout.rates[i], layout.q10s[i]
        if place is not None:
            slopes[:, place] = weighted
        if q10 is not None and batch.warming is not None:
            np.multiply(weighted, batch.warming, out=slopes[:, q10])
        for place, by_shape in zip(layout.shapes[i], by_shapes, strict=True):
            np.multiply(by_shape, batch.weight, out=slopes[:, place])
    return decorrelated(batch, filled)


def _scale(batch: Batch, phi: NDArray, rate: int | None, q10: int | None) -> NDArray:
    """Decay rate of one pool at the temperature of each rate, shape (series, n) or (series, 1)."""
    logarithm = np.zeros((batch.count, 1)) if rate is None else phi[rate][:, None]
    if q10 is not None and batch.warming is not None:
        logarithm = logarithm + phi[q10][:, None] * batch.warming
    return np.exp(logarithm)


def aims(batch: Batch) -> NDArray:
    """What the curves are held against, shape (series, n)."""
    return decorrelated(batch, batch.aim[:, None])[:, 0]


def evaluate(batch: Batch, phi: NDArray, pull: Pull | None = None) -> Point:
    """Misfit, gradient and curvature with the best amounts.

    The amounts are refined once against the residuals themselves, so that their normal matrix costs no digits;
    the curvature is Kaufman's: the amounts follow, the change of their projector is left out.

    References
    ----------
    Golub and Pereyra (2003), Inverse Problems 19, R1-R26, doi 10.1088/0266-5611/19/2/201.
    """
    layout, aim, filled = batch.layout, aims(batch), curves(batch, phi)
    if pull is not None:
        filled = np.concatenate([filled, np.concatenate(pull.row(layout, phi)).T[..., None]], axis=2)
        aim = np.concatenate([aim, pull.target[:, None]], axis=1)
    gram = np.ascontiguousarray((filled @ filled.transpose(0, 2, 1)).transpose(1, 2, 0))
    moment = (filled[:, : layout.count] @ aim[..., None])[..., 0].T
    count = layout.count
    solved = best_amounts(gram[:count, :count], moment, layout.whole)
    amounts = solved.value
    residual = aim - _summed(filled, amounts)
    missed = (filled[:, :count] @ residual[..., None])[..., 0].T
    amounts = np.maximum(amounts + np.einsum("ijb,jb->ib", solved.projector, missed), 0.0)
    if layout.whole:
        amounts /= amounts.sum(axis=0)
    residual = aim - _summed(filled, amounts)
    owned = amounts[layout.owner]
    gradient = -owned * (filled[:, count:] @ residual[..., None])[..., 0].T
    cross = gram[:count, count:] * owned
    followed = np.einsum("ijb,jpb->ipb", solved.projector, cross)
    curvature = gram[count:, count:] * owned[:, None] * owned - np.einsum("ipb,iqb->pqb", cross, followed)
    return Point(phi, np.einsum("bn,bn->b", residual, residual), amounts, gradient, curvature)


def evaluate_curved(batch: Batch, phi: NDArray, pull: Pull | None = None) -> Point:
    """As `evaluate`, with the whole curvature, from differences of the gradient, where it is a bowl.

    Kaufman's is that of a plane, and along a valley that bends many steps by it come no nearer to the bottom.
    """
    here, (q, count) = evaluate(batch, phi, pull), phi.shape
    steps = DIFFERENCE * np.concatenate([np.eye(q), -np.eye(q)], axis=1)
    moved = (phi[:, None] + steps[..., None]).reshape(q, -1)
    many = np.tile(np.arange(count), 2 * q)
    ahead = evaluate(batch.take(many), moved, None if pull is None else pull.take(many)).gradient
    ahead = ahead.reshape(q, 2, q, count)
    whole = (ahead[:, 0] - ahead[:, 1]) / (2 * DIFFERENCE)
    whole = (whole + whole.swapaxes(0, 1)) / 2
    # Where it is no bowl, as along a valley that bends or has no floor, steps down need it turned into one.
    size, along = np.linalg.eigh(whole.transpose(2, 0, 1))
    size = np.abs(size)
    size = np.maximum(size, FLATTEST * size.max(axis=1, keepdims=True))
    here.curvature = np.einsum("bpi,bi,bqi->pqb", along, size, along)
    return here


def _summed(filled: NDArray, amounts: NDArray) -> NDArray:
    """Respiration of all pools, shape (series, n)."""
    total = filled[:, 0] * amounts[0][:, None]
    for i in range(1, len(amounts)):
        total += filled[:, i] * amounts[i][:, None]
    return total


Evaluated = Callable[[Batch, NDArray, Pull | None], Point]
"""What computes a point: `evaluate` or `evaluate_curved`."""


class Descent:
    """Levenberg-Marquardt of many series side by side; one that is done can begin anew while others go on."""

    def __init__(
        self, batch: Batch, phi: NDArray, lower: NDArray, upper: NDArray, pull: Pull | None, within: NDArray,
        evaluated: Evaluated = evaluate,
    ):  # fmt: skip
        """As in `descend`; ``within`` is the fall of the misfit below which a series is done, less its own part."""
        self.evaluated = evaluated
        self.batch, self.lower, self.upper, self.pull, self.within = batch, lower, upper, pull, within
        self.here = _nowhere(batch)
        self.trial = np.clip(phi, lower, upper)
        self.expected = np.zeros(batch.count)
        self.fresh = np.ones(batch.count, bool)
        self.damping = np.full(batch.count, FIRST_DAMPING)
        self.growth = np.full(batch.count, 2.0)
        self.steps = np.zeros(batch.count, int)
        self.size = np.sqrt(np.einsum("bn,bn->b", batch.aim, batch.aim))

    def begin(self, rows: NDArray, phi: NDArray, lower: NDArray, upper: NDArray) -> None:
        """Let some series begin anew in other boxes."""
        self.lower[:, rows], self.upper[:, rows] = lower, upper
        self.trial[:, rows] = np.clip(phi, lower, upper)
        self.fresh[rows], self.steps[rows] = True, 0
        self.damping[rows], self.growth[rows] = FIRST_DAMPING, 2.0

    def step(self, relative: float, most: int) -> NDArray:
        """Take one step of each series; whether each is done, shape (series,)."""
        # A wild trial may overflow; its misfit is then not finite, and it is refused.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            there = self.evaluated(self.batch, self.trial, self.pull)
        # A rise that is rounding of the residuals is none: the last digits come from the gradient.
        rounding = 4 * np.finfo(float).eps * self.size * np.sqrt(there.misfit)
        fall = np.where(self.fresh, np.inf, self.here.misfit - there.misfit + rounding)
        better = np.flatnonzero(fall > 0)
        self._adjust(fall)
        if better.size == self.batch.count:
            self.here = there
        else:
            self.here.put(better, there.take(better))
        self.fresh[:] = False
        self.steps += 1
        step, self.expected, slack = _step(self.here, self.lower, self.upper, self.damping)
        self.trial = self.here.phi + step
        if self.pull is not None:
            self.trial = in_order(self.batch.layout, self.trial)
        spent = (self.damping > MOST_DAMPING) | (self.steps >= most)
        return (slack <= relative * self.here.misfit + self.within) | spent

    def _adjust(self, fall: NDArray) -> None:
        """Damp less after a step as good as promised, more after a poor one."""
        better = fall > 0
        gain = np.clip(fall / np.maximum(self.expected, SMALLEST), -1.0, 2.0)
        eased = self.damping * np.maximum(0.1, 1.0 - (2.0 * gain - 1.0) ** 3)
        damped = np.where(better, eased, np.minimum(self.damping * self.growth, 1e15))
        growth = np.where(better, 2.0, np.minimum(2.0 * self.growth, 1e6))
        self.damping = np.where(self.fresh, FIRST_DAMPING, damped)
        self.growth = np.where(self.fresh, 2.0, growth)

    def keep(self, rows: NDArray) -> None:
        """Go on with some of the series only."""
        self.batch, self.here = self.batch.take(rows), self.here.take(rows)
        self.pull = None if self.pull is None else self.pull.take(rows)
        for name in ("lower", "upper", "trial"):
            setattr(self, name, getattr(self, name)[:, rows])
        for name in ("within", "expected", "fresh", "damping", "growth", "steps", "size"):
            setattr(self, name, getattr(self, name)[rows])


def _nowhere(batch: Batch) -> Point:
    q, series = batch.layout.nonlinear, batch.count
    return Point(
        np.zeros((q, series)), np.full(series, np.inf), np.zeros((batch.layout.count, series)), np.zeros((q, series)),
        np.zeros((q, q, series)),
    )  # fmt: skip


def descend(
    batch: Batch, phi: NDArray, lower: NDArray, upper: NDArray, pull: Pull | None = None, *,
    finished: float = FINISHED, within: NDArray | None = None, evaluated: Evaluated = evaluate,
) -> Point:  # fmt: skip
    """The nearest optimum of each series from its start, in its box.

    Parameters
    ----------
    batch : Batch
        The series.
    phi : ndarray, shape (q, series)
        Starts.
    lower, upper : ndarray, shape (q, series)
        Boxes. A parameter whose ends are equal is held there.
    pull : Pull, optional
        One more reading of each series; then pools keep their order.
    finished : float, default 1e-10
        Expected fall of the sum of squares, relative to it, below which a series is done. [-]
    within : ndarray, shape (series,), optional
        The same as such, instead of ``finished``. [-]
    evaluated : callable
        `evaluate`, or `evaluate_curved`.

    Returns
    -------
    Point
        The optima.
    """
    relative = finished if within is None else 0.0
    descent = Descent(batch, phi, lower, upper, pull, _floor(batch) if within is None else within, evaluated)
    found, going = _nowhere(batch), np.arange(batch.count)
    alive = np.ones(batch.count, bool)
    while True:
        done = descent.step(relative, MOST_STEPS) & alive
        rows = np.flatnonzero(done)
        found.put(going[rows], descent.here.take(rows))
        alive &= ~done
        left = np.flatnonzero(alive)
        if not left.size:
            return found
        if left.size < THINNED * going.size:
            descent.keep(left)
            going, alive = going[left], np.ones(left.size, bool)


def polish(batch: Batch, phi: NDArray, lower: NDArray, upper: NDArray) -> Point:
    """The nearest optimum of each series to the last digit, as `descend`."""
    ended = descend(batch, phi, lower, upper, finished=EXACT, evaluated=evaluate_curved)
    return evaluate(batch, ended.phi)


def _floor(batch: Batch) -> NDArray:
    """Misfit that is rounding of the rates themselves."""
    return (np.finfo(float).eps * 1e-1) ** 2 * np.einsum("bn,bn->b", batch.aim, batch.aim)


def _step(here: Point, lower: NDArray, upper: NDArray, damping: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """The damped step within the box, the fall of the misfit that it promises, and the fall still to be had."""
    each = np.arange(len(here.phi))
    diagonal = here.curvature[each, each]
    stuck = ((here.phi <= lower) & (here.gradient >= 0)) | ((here.phi >= upper) & (here.gradient <= 0))
    stuck |= (lower == upper) | ~(diagonal > 0)
    slope = np.where(stuck, 0.0, here.gradient)
    matrix = np.where(stuck[:, None] | stuck, 0.0, here.curvature)
    matrix[each, each] = np.where(stuck, 1.0, diagonal * (1.0 + damping))
    factor, _ = batched.cholesky(matrix)
    step = batched.solve(factor, -slope)
    slack = -(slope * step).sum(axis=0) * (1.0 + damping)
    step *= LONGEST_STEP / np.maximum(np.abs(step).max(axis=0), LONGEST_STEP)
    step = np.clip(here.phi + step, lower, upper) - here.phi
    curved = np.einsum("ib,ijb,jb->b", step, here.curvature, step)
    return step, np.maximum(-2.0 * (here.gradient * step).sum(axis=0) - curved, 0.0), slack


def in_order(layout: Layout, phi: NDArray) -> NDArray:
    """Decay rates with the fast pool first: two in the wrong order are both given their mean."""
    for fast, slow in [*zip(layout.ordered, layout.ordered[1:], strict=False)] * max(len(layout.ordered) - 1, 1):
        mean = (phi[fast] + phi[slow]) / 2
        wrong = phi[fast] < phi[slow]
        phi[fast], phi[slow] = np.where(wrong, mean, phi[fast]), np.where(wrong, mean, phi[slow])
    return phi
