"""Profile intervals of thousands of parameters at once: how far each may go before the fit is too poor.

Each parameter is walked to both sides (see `walks`). A misfit may fall again beyond a ridge, and another valley may go
on where that of a walk ends. So what other starts have found, where other walks have ended, and the rest of the box
are looked at too, and walks go on from there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talik.inference import batched
from talik.pools.batch import Batch
from talik.pools.descent import Point, evaluate
from talik.pools.layout import Layout
from talik.pools.walks import (
    BETTER,
    CROSSING,
    LEAST,
    Allowed,
    Quantity,
    Walks,
    begin_walks,
    best_begun,
    refit_once,
    value_of,
    walk,
)

VALLEY = 0.02
"""Part of a half interval by which an optimum must lie beyond an end to be another. [-]"""
BESIDE = 0.03
"""How far beyond an end, as a part of the half interval, another way on is looked for. [-]"""
LADDER = (0.15, 0.5, 1.0)
"""Where, between an end and the edge of the box, another valley is looked for. [-]"""


@dataclass(frozen=True)
class Intervals:
    """Intervals of every quantity of many series, each of shape (quantities, series)."""

    lower: NDArray
    """Lower ends; a logarithm where the quantity is one."""
    upper: NDArray
    """Upper ends."""
    lower_closed: NDArray
    """Whether the threshold was met inside the box."""
    upper_closed: NDArray
    """Whether the threshold was met inside the box."""
    second: NDArray
    """Whether another optimum within the threshold lies beyond where the profile of the best ended."""
    better: NDArray
    """Nonlinear parameters of better fits met on the way; NaN where none was. Shape (q, walks of a series, series)."""

    def put(self, rows: NDArray, other: "Intervals") -> None:
        """Let some of the series have other intervals."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[..., rows] = getattr(other, name)


def intervals(batch: Batch, best: Point, ended: Point, allowed: Allowed, profiled: Sequence[Quantity]) -> Intervals:
    """Profile intervals of the quantities of many series.

    Parameters
    ----------
    batch : Batch
        The series.
    best : Point
        Their best fits.
    ended : Point
        Where all starts of their search ended, start after start.
    allowed : Allowed
        The thresholds.
    profiled : sequence of Quantity
        What is profiled.

    Returns
    -------
    Intervals
        An interval holds every other optimum within the threshold that was met.
    """
    walks = begin_walks(batch, best, allowed, profiled)
    walk(batch, walks, walks.center + walks.side * _first_steps(best, walks))
    other = _beyond(batch, profiled, walks, ended)
    # Where the walk of one quantity ended, another may lie beyond the end of its own.
    crossed = _beyond(batch, profiled, walks, evaluate(batch.take(walks.row), walks.phi))
    _go_on(batch, walks, _farthest(walks, [other, crossed]))
    apart = _look_further(batch, walks, ended) | other.found
    _open_at_slowest(batch.layout, walks)
    count, many = batch.count, len(profiled)

    def of(array: NDArray, half: int) -> NDArray:
        return array.reshape(2, many, count)[half]

    second = apart.reshape(2, many, count).any(axis=0)
    better = walks.better.reshape(-1, 2 * many, count)
    return Intervals(of(walks.value, 0), of(walks.value, 1), of(walks.closed, 0), of(walks.closed, 1), second, better)


def _first_steps(best: Point, walks: Walks) -> NDArray:
    """Distance of the first value that is tried: from the curvature, or a tenth of an amount."""
    q = len(best.phi)
    diagonal = best.curvature[np.arange(q), np.arange(q)]
    matrix = best.curvature.copy()
    matrix[np.arange(q), np.arange(q)] = np.where(diagonal > 0, diagonal * (1 + 1e-9), 1.0)
    variance = np.einsum("iib->ib", batched.inverse(batched.cholesky(matrix)[0]))
    held = np.sqrt(np.maximum(walks.allowed.rise * variance[np.maximum(walks.place, 0), walks.row], 0.0))
    return np.where(walks.place >= 0, np.clip(held, 1e-4, 1.0), 0.1 * np.maximum(np.abs(walks.center), LEAST))


@dataclass(frozen=True)
class Valley:
    """Points beyond the ends of walks that fit within the threshold."""

    found: NDArray
    """Whether there is one, shape (walks,)."""
    value: NDArray
    """Value of the quantity there, shape (walks,)."""
    phi: NDArray
    """All nonlinear parameters there, shape (q, walks)."""


def _beyond(batch: Batch, profiled: Sequence[Quantity], walks: Walks, ended: Point) -> Valley:
    """The farthest of the optima that other starts ended in, beyond the end of each walk."""
    count, starts = batch.count, ended.misfit.size // batch.count
    values = np.stack([value_of(batch.layout, quantity, ended).reshape(starts, count) for quantity in profiled], axis=1)
    values = np.concatenate([values, values], axis=1).reshape(starts, -1)
    misfit = ended.misfit.reshape(starts, count)[:, walks.row]
    slack = VALLEY * np.abs(walks.value - walks.center)
    beyond = (misfit <= walks.allowed.least + walks.allowed.rise) & ((values - walks.value) * walks.side > slack)
    farthest = np.where(beyond, values * walks.side, -np.inf).argmax(axis=0)
    chosen = np.arange(walks.row.size)
    phi = ended.phi.reshape(-1, starts, count)[:, farthest, walks.row]
    return Valley(beyond.any(axis=0), values[farthest, chosen], phi)


def _farthest(walks: Walks, valleys: Sequence[Valley]) -> Valley:
    """The farthest of several valleys beyond the end of each walk."""
    reached = np.where([valley.found for valley in valleys], [valley.value * walks.side for valley in valleys], -np.inf)
    farthest, each = reached.argmax(axis=0), np.arange(walks.row.size)
    phi = np.stack([valley.phi for valley in valleys], axis=1)[:, farthest, each]
    return Valley(reached.max(axis=0) > -np.inf, reached.max(axis=0) * walks.side, phi)


def _look_further(batch: Batch, walks: Walks, ended: Point) -> NDArray:
    """Let closed walks go on from fits beyond their ends; which have another valley apart from their own."""
    rows = np.flatnonzero(walks.closed)
    if not rows.size:
        return np.zeros(walks.row.size, bool)
    here = walks.take(rows)
    rungs = list(_rungs(here))
    beside = [_beside(batch, here, places) for places in (walks.phi, ended.phi)]
    looked = [_of_some(walks, rows, valley) for valley in _looked(batch, here, rungs + beside)]
    walks.better[:, rows] = here.better
    _go_on(batch, walks, _farthest(walks, looked))
    return np.any([valley.found for valley in looked[: len(rungs)]], axis=0)


def _rungs(here: Walks) -> Iterator[tuple[NDArray, NDArray]]:
    """Places of walks, and values between their ends and the edges; of a growing amount as ratios."""
    growing = (here.readout.pool >= 0) & (here.side > 0) & (here.value > 0)
    ratio = np.where(growing, here.edge / np.where(growing, here.value, 1.0), 1.0)
    for share in LADDER:
        yield here.phi, np.where(growing, here.value * ratio**share, here.value + share * (here.edge - here.value))


def _beside(batch: Batch, here: Walks, places: NDArray) -> tuple[NDArray, NDArray]:
    """The best of other places of the series for values a little beyond the ends of walks, and these values.

    A walk follows its own valley; where that ends another may go on. Places have the shape (q, places * series).
    """
    reach = BESIDE * np.maximum(np.abs(here.value - here.center), LEAST)
    target = here.side * np.minimum(here.side * here.value + reach, here.side * here.edge)
    return best_begun(batch, here, target, places.reshape(len(places), -1, batch.count)[:, :, here.row]), target


def _looked(batch: Batch, here: Walks, begun: Sequence[tuple[NDArray, NDArray]]) -> list[Valley]:
    """What refits of walks, from each of some places at its value, find within the threshold."""
    each = here.row.size
    many = here.take(np.tile(np.arange(each), len(begun)))
    many.phi = np.concatenate([phi for phi, _ in begun], axis=1)
    tried = refit_once(batch, many, np.concatenate([target for _, target in begun]))
    beyond = (tried.value - many.value) * many.side > VALLEY * np.abs(many.value - many.center)
    fits = np.asarray(beyond & (tried.misfit <= many.allowed.least + (1 - CROSSING) * many.allowed.rise))
    better = np.flatnonzero(tried.misfit < many.allowed.least - BETTER * many.allowed.rise)
    here.better[:, better % each] = tried.phi[:, better]
    parts = [slice(first, first + each) for first in range(0, fits.size, each)]
    return [Valley(fits[part], tried.value[part], tried.phi[:, part]) for part in parts]


def _of_some(walks: Walks, rows: NDArray, valley: Valley) -> Valley:
    """Valleys of some of the walks as those of all."""
    found, value, phi = np.zeros(walks.row.size, bool), walks.value.copy(), walks.phi.copy()
    found[rows], value[rows], phi[:, rows] = valley.found, valley.value, valley.phi
    return Valley(found, value, phi)


def _go_on(batch: Batch, walks: Walks, valley: Valley) -> None:
    """Let walks go on from valleys that lie beyond their ends."""
    rows = np.flatnonzero(valley.found)
    if not rows.size:
        return
    part = walks.take(rows)
    part.value, part.phi, part.closed = valley.value[rows], valley.phi[:, rows], np.zeros(rows.size, bool)
    walk(batch, part, part.value + part.side * 0.1 * np.maximum(np.abs(part.value - part.center), LEAST))
    walks.put(rows, part)


def _open_at_slowest(layout: Layout, walks: Walks) -> None:
    """An amount that ends only because its pool can decay no slower is open there."""
    if layout.whole:
        return
    for i, place in enumerate(layout.rates):
        if place is not None:
            slowest = walks.phi[place] <= layout.box[0][place] + 1e-9
            walks.closed &= ~((walks.readout.pool == i) & (walks.place < 0) & (walks.side > 0) & slowest)
