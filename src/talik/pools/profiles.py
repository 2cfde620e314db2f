"""Profile intervals of thousands of parameters at once: how far each may go before the fit is too poor.

Each parameter is walked to both sides (see `walks`). A misfit may fall again beyond a ridge, so what other starts have
found, where other walks have ended, and the rest of the box are looked at too, and walks go on from there.
"""

from collections.abc import Sequence
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
    refit_once,
    value_of,
    walk,
)

VALLEY = 0.02
"""Part of a half interval by which an optimum must lie beyond an end to be another. [-]"""
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
    _go_on(batch, walks, other)
    # Where the walk of one quantity ended, another may lie beyond the end of its own.
    _go_on(batch, walks, _beyond(batch, profiled, walks, evaluate(batch.take(walks.row), walks.phi)))
    rung = _ladder(batch, walks)
    _go_on(batch, walks, rung)
    _open_at_slowest(batch.layout, walks)
    count, many = batch.count, len(profiled)

    def of(array: NDArray, half: int) -> NDArray:
        return array.reshape(2, many, count)[half]

    second = (other.found | rung.found).reshape(2, many, count).any(axis=0)
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


def _ladder(batch: Batch, walks: Walks) -> Valley:
    """The farthest rung between the end of a walk and the edge of the box where the fit is within the threshold."""
    rows = np.flatnonzero(walks.closed)
    found, value, phi = np.zeros(walks.row.size, bool), walks.value.copy(), walks.phi.copy()
    if not rows.size:
        return Valley(found, value, phi)
    rungs = walks.take(np.tile(rows, len(LADDER)))
    tried = refit_once(batch, rungs, _rungs(rungs, np.repeat(LADDER, rows.size)))
    beyond = (tried.value - rungs.value) * rungs.side > VALLEY * np.abs(rungs.value - rungs.center)
    fits = beyond & (tried.misfit <= rungs.allowed.least + (1 - CROSSING) * rungs.allowed.rise)
    better = tried.misfit < rungs.allowed.least - BETTER * rungs.allowed.rise
    for rung in range(len(LADDER)):
        part = slice(rung * rows.size, (rung + 1) * rows.size)
        fitting = np.flatnonzero(fits[part])
        found[rows[fitting]], value[rows[fitting]] = True, tried.value[part][fitting]
        phi[:, rows[fitting]] = tried.phi[:, part][:, fitting]
        improved = np.flatnonzero(better[part])
        walks.better[:, rows[improved]] = tried.phi[:, part][:, improved]
    return Valley(found, value, phi)


def _rungs(walks: Walks, share: NDArray) -> NDArray:
    """Values between the ends of walks and the edges; of a growing amount as ratios."""
    straight = walks.value + share * (walks.edge - walks.value)
    growing = (walks.readout.pool >= 0) & (walks.side > 0) & (walks.value > 0)
    ratio = np.where(growing, walks.edge / np.where(growing, walks.value, 1.0), 1.0)
    return np.where(growing, walks.value * ratio**share, straight)


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
