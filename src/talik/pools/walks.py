"""Walks: how far one quantity of a soil may go, all others fitted anew at each step.

A walk follows one quantity of one series to one side. A decay rate, a shape or a Q10 is held, an amount or carbon left
is pulled (see `readout`). All walks of all series go side by side, and one that has been refitted takes its next step
while others are still being fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talik.pools.batch import Batch
from talik.pools.descent import THINNED, Descent, Point, evaluate
from talik.pools.grid import box
from talik.pools.layout import Layout
from talik.pools.readout import PulledReadout, Readout

CROSSING = 5e-3
"""How closely the root of the rise of the misfit is brought to its threshold, as a part of it. [-]"""
MOST_REFITS = 20
"""Refits of a walk."""
MOST_STEPS = 25
"""Steps of a refit."""
FARTHEST = 4.0
"""How much farther from the best fit than the last step the next may go. [-]"""
STIFFNESS = 300.0
"""Weight of a pull: to miss its target by 1 / 300 costs what the rates themselves weigh, so that a pull to the edge of
what there is goes beyond any threshold. [-]"""
LEAST = 1e-6
"""Smallest value that a pull is stiff about. [unit of the batch]"""
MOST_AMOUNT = 1e7
"""Largest amount that is sought: of so slow a pool that its respiration hardly falls. [unit of the batch]"""
REFITTED = 1e-3
"""Expected fall of the misfit below which a refit is done, as a part of the threshold's rise."""
BETTER = 1e-3
"""A refit is a better fit than the best when its misfit is lower by this part of the threshold's rise."""
NARROW = 5e-3
"""Width of a bracket, as a part of its distance from the best fit, at which the walk of a logarithm is done. [-]"""
NARROW_PULLED = 1e-5
"""The same of an amount or carbon left, whose end may lie close to nothing or to all. [-]"""
DOUBTED = 0.3
"""A bracket's outer end is fitted anew, from nearer, when the bracket has narrowed to this part. [-]"""


@dataclass(frozen=True)
class Quantity:
    """What is profiled: a nonlinear parameter, an amount, or carbon left."""

    place: int = -1
    """Which nonlinear parameter; -1 for none."""
    pool: int = -1
    """Which amount; -1 for none."""
    time: float = 0.0
    """Time after which carbon left is read. [d]"""

    @property
    def held(self) -> bool:
        """Whether it is held, and not pulled."""
        return self.place >= 0


def quantities(layout: Layout, times: tuple[float, ...] = ()) -> list[Quantity]:
    """The free parameters of a layout in their order, then the carbon left at times."""
    amounts = [Quantity(pool=pool) for pool in range(layout.free_amounts)]
    nonlinear = [Quantity(place=place) for place in range(layout.nonlinear)]
    return amounts + nonlinear + [Quantity(time=time) for time in times]


def value_of(layout: Layout, quantity: Quantity, point: Point) -> NDArray:
    """The quantity of each series, shape (series,): a logarithm where it is held."""
    if quantity.held:
        return point.phi[quantity.place]
    series = point.phi.shape[1]
    readout = Readout(np.full(series, quantity.pool), np.full(series, quantity.time))
    return readout.read(layout, point.phi, point.amounts)


def edges(layout: Layout, quantity: Quantity) -> tuple[float, float]:
    """Least and largest value that is sought."""
    if quantity.held:
        return float(layout.box[0][quantity.place]), float(layout.box[1][quantity.place])
    return 0.0, 1.0 if layout.whole else MOST_AMOUNT


@dataclass(frozen=True)
class Allowed:
    """The misfit of the best fits, and how far others may rise above it."""

    least: NDArray
    """Misfit of the best fit, shape (series,). [-]"""
    rise: NDArray
    """How much more the interval of each quantity allows, shape (quantities, series); of walks, shape (walks,). [-]"""

    def take(self, rows: NDArray) -> "Allowed":
        """Of some of the series."""
        return Allowed(self.least[rows], self.rise[..., rows])


@dataclass
class Walks:
    """Walks side by side, and how far they have come."""

    row: NDArray
    """Series of each walk, shape (walks,)."""
    place: NDArray
    """Nonlinear parameter that is held; -1 where a readout is pulled."""
    readout: Readout
    """What is pulled."""
    side: NDArray
    """-1 downward, 1 upward."""
    edge: NDArray
    """Where the box ends."""
    center: NDArray
    """Value of the best fit, from which distances count."""
    allowed: Allowed
    """The thresholds."""
    value: NDArray
    """Farthest value within the threshold."""
    phi: NDArray
    """All nonlinear parameters there, shape (q, walks)."""
    closed: NDArray
    """Whether the threshold was met inside the box."""
    better: NDArray
    """Nonlinear parameters of a better fit than the best, met on the way; NaN where none was. Shape (q, walks)."""

    def take(self, rows: NDArray) -> "Walks":
        """Some of the walks."""
        parts: dict[str, Any] = {}
        for name in self.__dataclass_fields__:
            part = getattr(self, name)
            parts[name] = part.take(rows) if isinstance(part, Readout | Allowed) else part[..., rows]
        return Walks(**parts)

    def put(self, rows: NDArray, other: "Walks") -> None:
        """Let some of the walks stand where others do."""
        for name in ("value", "phi", "closed", "better"):
            getattr(self, name)[..., rows] = getattr(other, name)


def begin_walks(batch: Batch, best: Point, allowed: Allowed, profiled: Sequence[Quantity]) -> Walks:
    """A walk to each side of each quantity of each series: side after side, quantity after quantity."""
    layout, count = batch.layout, batch.count
    each = [(side, quantity) for side in (-1, 1) for quantity in profiled]

    def spread(values: list) -> NDArray:
        return np.repeat(np.array(values), count)

    row = np.tile(np.arange(count), len(each))
    center = np.concatenate([value_of(layout, quantity, best) for _, quantity in each])
    return Walks(
        row=row, place=spread([quantity.place for _, quantity in each]),
        readout=Readout(*(spread([getattr(quantity, name) for _, quantity in each]) for name in ("pool", "time"))),
        side=spread([side for side, _ in each]),
        edge=spread([edges(layout, quantity)[side > 0] for side, quantity in each]),
        center=center, allowed=Allowed(allowed.least[row], np.tile(allowed.rise, (2, 1)).ravel()),
        value=center.copy(), phi=best.phi[:, row],
        closed=np.zeros(row.size, bool), better=np.full((layout.nonlinear, row.size), np.nan),
    )  # fmt: skip


class Refits:
    """Fits of walks near the values that they try next."""

    def __init__(self, batch: Batch, walks: Walks, target: NDArray):
        """Targets have the shape (walks,)."""
        self.walks, self.target = walks, target
        part = batch.take(walks.row)
        self.stiffness = STIFFNESS * np.sqrt(np.einsum("bn,bn->b", part.aim, part.aim))
        lower, upper = self._boxes(batch.layout, np.arange(target.size))
        self.weight = self._weights()
        pull = PulledReadout(walks.readout, self.weight, self.weight * target)
        within = REFITTED * walks.allowed.rise
        self.descent = Descent(part, walks.phi.copy(), lower, upper, pull, within)

    def _weights(self) -> NDArray:
        """Weight of each pull; 0 where a parameter is held."""
        return np.where(self.walks.place < 0, self.stiffness / np.maximum(np.abs(self.target), LEAST), 0.0)

    def _boxes(self, layout: Layout, rows: NDArray) -> tuple[NDArray, NDArray]:
        """Boxes in which a held parameter is held; a decay rate keeps faster pools above it, slower below."""
        lower, upper = box(layout, rows.size)
        place, target = self.walks.place[rows], self.target[rows]
        for i in range(layout.nonlinear):
            held = place == i
            lower[i, held] = upper[i, held] = target[held]
            if i in layout.ordered:
                rank = layout.ordered.index(i)
                for faster in layout.ordered[:rank]:
                    lower[faster, held] = np.maximum(lower[faster, held], target[held])
                for slower in layout.ordered[rank + 1 :]:
                    upper[slower, held] = np.minimum(upper[slower, held], target[held])
        return lower, upper

    def begin(self, rows: NDArray, phi: NDArray, target: NDArray) -> None:
        """Try the next values of some walks, from given places."""
        self.target[rows] = target
        self.descent.begin(rows, phi, *self._boxes(self.descent.batch.layout, rows))
        self.weight = self._weights()
        self.descent.pull = PulledReadout(self.walks.readout, self.weight, self.weight * self.target)

    def keep(self, rows: NDArray) -> None:
        """Go on with some walks only."""
        self.walks, self.target = self.walks.take(rows), self.target[rows]
        self.stiffness, self.weight = self.stiffness[rows], self.weight[rows]
        self.descent.keep(rows)

    def found(self, rows: NDArray) -> "Refitted":
        """What refits that are done have found."""
        walks, here = self.walks.take(rows), self.descent.here.take(rows)
        layout = self.descent.batch.layout
        held = walks.place >= 0
        read = walks.readout.read(layout, here.phi, here.amounts)
        short = np.where(held, 0.0, self.target[rows] - read)
        pulled = self.weight[rows] ** 2 * short
        gradient = here.gradient[np.maximum(walks.place, 0), np.arange(rows.size)]
        misfit = here.misfit - pulled * short
        return Refitted(
            value=np.where(held, self.target[rows], read), misfit=misfit, phi=here.phi,
            root=np.sqrt(np.maximum(misfit - walks.allowed.least, 0.0) / walks.allowed.rise),
            slope=np.where(held, 2.0 * gradient, 2.0 * pulled) * walks.side / walks.allowed.rise,
        )  # fmt: skip


@dataclass(frozen=True)
class Refitted:
    """Fits with one quantity held or pulled."""

    value: NDArray
    """Value of the quantity that they have, shape (walks,)."""
    misfit: NDArray
    """Sum of squares of the rates."""
    phi: NDArray
    """Nonlinear parameters, shape (q, walks)."""
    root: NDArray
    """Root of the rise of the misfit, as a part of the threshold's."""
    slope: NDArray
    """Derivative outward of its square along the profile."""

    @classmethod
    def joined(cls, parts: Sequence["Refitted"]) -> "Refitted":
        """Fits of several parts, one after another."""
        return cls(*(np.concatenate([getattr(p, n) for p in parts], axis=-1) for n in cls.__dataclass_fields__))

    def take(self, rows: NDArray) -> "Refitted":
        """Some of the fits."""
        return Refitted(*(getattr(self, name)[..., rows] for name in self.__dataclass_fields__))


def walk(batch: Batch, walks: Walks, first: NDArray) -> None:
    """Move each walk outward until its misfit meets the threshold or the box ends.

    The root of the rise is nearly straight, and its slope comes with each refit; where a Newton step leaves the
    bracket, the bracket is halved.

    Parameters
    ----------
    batch : Batch
        The series.
    walks : Walks
        Where each walk begins; moved in place.
    first : ndarray, shape (walks,)
        The first value that each tries.
    """
    going = np.arange(walks.row.size)
    refits = Refits(batch, walks.take(going), np.minimum(first * walks.side, walks.edge * walks.side) * walks.side)
    bracket = Bracket(np.full(going.size, np.nan), np.full(going.size, np.inf), np.zeros(going.size, int))
    alive = np.ones(going.size, bool)
    while going.size:
        rows = np.flatnonzero(refits.descent.step(0.0, MOST_STEPS) & alive)
        if rows.size:
            ended = _advance(refits, rows, bracket)
            alive[rows[ended]] = False
        left = np.flatnonzero(alive)
        if left.size < THINNED * going.size:
            walks.put(going, refits.walks)
            refits.keep(left)
            going, bracket, alive = going[left], bracket.take(left), alive[left]


@dataclass
class Bracket:
    """What is known of the far ends of walks, each of shape (walks,)."""

    outside: NDArray
    """Nearest value known to be beyond the threshold; NaN where none is."""
    doubted: NDArray
    """Width of the bracket when its outer end was last fitted."""
    tried: NDArray
    """Number of refits."""

    def take(self, rows: NDArray) -> "Bracket":
        """Of some of the walks."""
        return Bracket(self.outside[rows], self.doubted[rows], self.tried[rows])

    def learn(self, rows: NDArray, value: NDArray, root: NDArray, inside: NDArray, side: NDArray) -> None:
        """Take up which values of some walks are within the threshold, and which beyond."""
        outside, inner = self.outside[rows], root <= 1.0
        # A fit from far may have missed the valley: what a nearer one finds within the threshold was not outside.
        passed = inner & ((value - outside) * side >= -NARROW * np.abs(outside - inside))
        outside = np.where(passed, np.nan, outside)
        nearer = ~inner & ~((value - outside) * side > 0)
        self.outside[rows] = np.where(nearer, value, outside)
        self.doubted[rows] = np.where(nearer, np.abs(value - inside), np.where(passed, np.inf, self.doubted[rows]))
        self.tried[rows] += 1


def _advance(refits: Refits, rows: NDArray, bracket: Bracket) -> NDArray:
    """Take up what the refits of some walks found, and send them on; which of them are at their end."""
    walks, found = refits.walks, refits.found(rows)
    side, edge, center = walks.side[rows], walks.edge[rows], walks.center[rows]
    at_edge = refits.target[rows] == edge
    better = rows[found.misfit < walks.allowed.least[rows] - BETTER * walks.allowed.rise[rows]]
    walks.better[:, better] = found.phi[:, np.isin(rows, better)]
    gained = (found.value - walks.value[rows]) * side
    met = np.abs(found.root - 1.0) < CROSSING
    moved = ((found.root <= 1.0) & (gained >= 0)) | met
    walks.value[rows[moved]] = found.value[moved]
    walks.phi[:, rows[moved]] = found.phi[:, moved]
    inside = walks.value[rows]
    bracket.learn(rows, found.value, found.root, inside, side)
    outside, reach = bracket.outside[rows], np.maximum(np.abs(inside - center), 1e-9)
    # A pull that no longer moves has met what the model can hold at most.
    pulled = walks.place[rows] < 0
    width = np.where(pulled, NARROW_PULLED, NARROW) * reach
    stuck = (found.root <= 1.0) & (gained <= width) & pulled
    ended = (found.root <= 1.0) & at_edge
    narrow = (np.abs(outside - inside) <= width) | (stuck & np.isfinite(outside))
    spent = bracket.tried[rows] >= MOST_REFITS
    walks.closed[rows] = ~ended & (met | narrow | (spent & np.isfinite(outside)))
    finished = met | ended | narrow | spent
    on = ~finished
    target = _next(inside[on], outside[on], bracket.doubted[rows[on]], center[on], found, on, side[on], edge[on])
    target = np.where(stuck[on], edge[on], target)
    refits.begin(rows[on], walks.phi[:, rows[on]], target)
    return finished


def _next(
    inside: NDArray, outside: NDArray, doubted: NDArray, center: NDArray, found: Refitted, on: NDArray, side: NDArray,
    edge: NDArray,
) -> NDArray:  # fmt: skip
    """The next value to try: Newton's on the root of the rise, kept in the bracket, or not too far beyond it."""
    value, root, slope = found.value[on], found.root[on], found.slope[on]
    steepness = slope / np.maximum(2.0 * root, 1e-12)
    rising = (steepness > 0) & (root > 0)
    newton = value + side * np.where(rising, (1.0 - root) / np.where(rising, steepness, 1.0), np.inf)
    reach = np.maximum(np.abs(value - center), 1e-9)
    far, near = center + side * FARTHEST * reach, center + side * 1.2 * np.abs(value - center)
    beyond = side * np.clip(np.where(np.isfinite(newton), newton, far) * side, near * side, far * side)
    margin = 0.02 * np.abs(outside - inside)
    within = ((newton - inside) * side > margin) & ((outside - newton) * side > margin)
    anew = ((newton - outside) * side > 0) & (np.abs(outside - inside) < DOUBTED * doubted)
    halved = np.where(within, newton, np.where(anew, outside, (inside + outside) / 2))
    chosen = np.where(np.isnan(outside), beyond, halved)
    return np.minimum(chosen * side, edge * side) * side


def refit_once(batch: Batch, walks: Walks, target: NDArray) -> Refitted:
    """Fits at one value of each walk, from where it stands."""
    refits, going = Refits(batch, walks, target), np.arange(target.size)
    alive, places, parts = np.ones(target.size, bool), [], []
    while going.size:
        rows = np.flatnonzero(refits.descent.step(0.0, MOST_STEPS) & alive)
        if rows.size:
            places.append(going[rows])
            parts.append(refits.found(rows))
            alive[rows] = False
        left = np.flatnonzero(alive)
        if left.size < THINNED * going.size:
            refits.keep(left)
            going, alive = going[left], alive[left]
    return Refitted.joined(parts).take(np.argsort(np.concatenate(places)))


def best_begun(batch: Batch, walks: Walks, target: NDArray, places: NDArray) -> NDArray:
    """Of places of each walk other than its own, shape (q, places, walks), the one that fits best at its target.

    Shape (q, walks).
    """
    at = Refits(batch, walks, target).descent
    misfit = np.array(
        [evaluate(at.batch, np.clip(phi, at.lower, at.upper), at.pull).misfit for phi in places.swapaxes(0, 1)]
    )
    own = (places == walks.phi[:, None]).all(axis=0)
    return places[:, np.where(own, np.inf, misfit).argmin(axis=0), np.arange(target.size)]


def refit_at(batch: Batch, walks: Walks, target: NDArray) -> NDArray:
    """Sum of squares with the quantity of each walk at a value, shape (walks,)."""
    return refit_once(batch, walks, np.clip(target, *_edges_of(walks, batch.layout))).misfit


def _edges_of(walks: Walks, layout: Layout) -> tuple[NDArray, NDArray]:
    lower, upper = layout.box
    return lower[np.maximum(walks.place, 0)], upper[np.maximum(walks.place, 0)]
