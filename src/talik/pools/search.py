"""Where fits begin, and the optima that they find."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from talik.pools.batch import Batch
from talik.pools.descent import FINISHED, Point, descend, evaluate, polish
from talik.pools.layout import DECAY_RATES, Layout

PLACES = 4
"""Places that are tried for each start; the best of them is where it begins."""
FIRST_SHAPES = (0.1, 10.0)
"""Where the shape of a continuum is first sought. [-]"""
ROUGH = 1e-5
"""Expected fall of the sum of squares at which a start is good enough to be compared with others. [-]"""
EMPTY = 1e-9
"""Part of all carbon below which a pool is empty. [-]"""
GAIN = 1e-9
"""Relative fall of the sum of squares for which an empty pool is moved. [-]"""
NEARBY = 1.0
"""Difference of logarithms within which a pool is not moved. [-]"""
SCANNED = 16
"""Decay rates that a pool is given when it is tried all over the box."""
SCANNED_Q10S = (0.1, 0.5, 1.5, 5.0, 30.0, 100.0)
"""Q10s that it is given with each. [-]"""
SEED = 20211
"""Of the scrambled Sobol points; the same places for every series, so that no fit depends on its company."""


@dataclass(frozen=True)
class Optima:
    """What the starts of each series found."""

    best: Point
    """The best of each series."""
    all: Point
    """Where each start ended, start after start: shape (..., starts * series)."""


def box(layout: Layout, count: int) -> tuple[NDArray, NDArray]:
    """The search box of many series, each end of shape (q, series)."""
    lower, upper = layout.box
    return np.repeat(lower[:, None], count, axis=1), np.repeat(upper[:, None], count, axis=1)


def optima(batch: Batch, starts: int) -> Optima:
    """The best optimum of each series, and where all its starts ended, the pools of each in order."""
    count, lower, upper = batch.count, *box(batch.layout, batch.count)
    begun = first_places(batch, starts)
    many = batch.take(np.tile(np.arange(count), starts))
    rough = FINISHED if starts == 1 else ROUGH
    ended = descend(many, begun, np.tile(lower, starts), np.tile(upper, starts), finished=rough)
    chosen = ended.misfit.reshape(starts, count).argmin(axis=0) * count + np.arange(count)
    best = ended.take(chosen)
    refill(batch, best, rough)
    if starts > 1:
        best = descend(batch, best.phi, lower, upper)
    return Optima(sorted_pools(batch.layout, best), sorted_pools(batch.layout, ended))


def searched(batch: Batch, starts: int) -> Optima:
    """As `optima`, and from the best each pool is tried all over the box."""
    found = optima(batch, starts)
    relocate(batch, found.best)
    best = polish(batch, found.best.phi, *box(batch.layout, batch.count))
    return Optima(sorted_pools(batch.layout, best), found.all)


def refill(batch: Batch, best: Point, finished: float) -> None:
    """Give pools that ended empty another decay rate, wherever in the box they then take carbon.

    An empty pool has no slope, so a descent never moves it. Of exponentials with positive amounts no other place can
    be better when none of all decay rates lowers the misfit.
    """
    for _ in range(batch.layout.count - 1):
        empty = np.flatnonzero((best.amounts[: batch.layout.count] <= EMPTY * best.amounts.sum(axis=0)).any(axis=0))
        if not empty.size:
            return
        part, here = batch.take(empty), best.take(empty)
        pool = here.amounts.argmin(axis=0)
        found = here.take(np.arange(empty.size))
        for logarithm, warming in all_over(batch.layout):
            phi = here.phi.copy()
            for i, (place, q10) in enumerate(zip(batch.layout.rates, batch.layout.q10s, strict=True)):
                if place is not None:
                    phi[place] = np.where(pool == i, logarithm, phi[place])
                if q10 is not None and warming is not None:
                    phi[q10] = np.where(pool == i, warming, phi[q10])
            tried = evaluate(part, phi)
            found_better = np.flatnonzero(tried.misfit < found.misfit)
            found.put(found_better, tried.take(found_better))
        moved = np.flatnonzero(found.misfit < (1.0 - GAIN) * here.misfit)
        if not moved.size:
            return
        part = part.take(moved)
        ended = descend(part, found.phi[:, moved], *box(batch.layout, moved.size), finished=finished)
        best.put(empty[moved], ended)


def relocate(batch: Batch, best: Point) -> None:
    """Move each pool in turn to where it fits best elsewhere in the box, at each of some Q10s, and descend from there.

    It leaves optima in which two pools share what one could explain, and the third is missing elsewhere.
    """
    low, high = box(batch.layout, batch.count)
    for place in batch.layout.ordered:
        begun = _elsewhere(batch, best, place)
        many = len(begun)
        ended = descend(
            batch.take(np.tile(np.arange(batch.count), many)), np.concatenate(begun, axis=1), np.tile(low, many),
            np.tile(high, many), finished=ROUGH,
        )  # fmt: skip
        chosen = ended.misfit.reshape(many, batch.count).argmin(axis=0) * batch.count + np.arange(batch.count)
        better = np.flatnonzero(ended.misfit[chosen] < (1.0 - GAIN) * best.misfit)
        best.put(better, ended.take(chosen[better]))


def _elsewhere(batch: Batch, best: Point, place: int) -> list[NDArray]:
    """The best fits with one pool at another decay rate, one a Q10 that it is given, each of shape (q, series)."""
    q10 = batch.layout.q10s[batch.layout.rates.index(place)]
    found: dict[float | None, Point] = {}
    for logarithm, warming in all_over(batch.layout):
        phi = best.phi.copy()
        phi[place] = logarithm
        if q10 is not None and warming is not None:
            phi[q10] = warming
        tried = evaluate(batch, phi)
        # Near where it stands a pool would only come back.
        tried.misfit = np.where(np.abs(phi - best.phi).max(axis=0) < NEARBY, np.inf, tried.misfit)
        first = found.setdefault(warming, tried)
        better = np.flatnonzero(tried.misfit < first.misfit)
        first.put(better, tried.take(better))
    return [one.phi for one in found.values()]


def all_over(layout: Layout) -> Iterator[tuple[float, float | None]]:
    """Logarithms of decay rates all over the box, each with logarithms of Q10s, or with None for that it has."""
    q10s = (None, *np.log(SCANNED_Q10S)) if layout.warmed else (None,)
    slowest, fastest = np.log(DECAY_RATES)
    return product(np.linspace(slowest, fastest, SCANNED), q10s)


def first_places(batch: Batch, starts: int) -> NDArray:
    """The best of the places of each start, shape (q, starts * series).

    Only decay rates that the readings can tell differ in misfit: a pool gone before the first reading or hardly
    decayed by the last leaves what it gives to others. So the places are spread between, and each start has those
    whose fastest pool lies in its share of them.
    """
    layout = batch.layout
    places = PLACES * starts
    points = spread(layout.nonlinear, places)
    rates = [place for place in layout.rates if place is not None]
    points[:, rates] = -np.sort(-points[:, rates], axis=1)
    points = points[np.argsort(points[:, rates].max(axis=1), kind="stable")]
    low, high = _first_box(batch)
    shares = np.array_split(points, starts)
    chosen = [_best_place(batch, low, high, share) for share in shares]
    if starts > 1 and layout.ordered:
        # Where readings begin late, a pool that is gone before them may take most of the carbon.
        gone_low, gone_high = low.copy(), high.copy()
        gone_low[layout.ordered[0]] = gone_high[layout.ordered[0]] = layout.box[1][layout.ordered[0]]
        chosen[-1] = _best_place(batch, gone_low, gone_high, points[:: max(len(points) // PLACES, 1)])
    return np.concatenate(chosen, axis=1)


def _best_place(batch: Batch, low: NDArray, high: NDArray, points: NDArray) -> NDArray:
    """The best of some places of each series, shape (q, series)."""
    misfits = np.stack([evaluate(batch, _at(low, high, point)).misfit for point in points])
    return _at(low, high, points[misfits.argmin(axis=0)].T)


def spread(dimensions: int, count: int) -> NDArray:
    """Points of a scrambled Sobol sequence in the unit box, shape (count, dimensions)."""
    sequence = qmc.Sobol(dimensions, seed=np.random.default_rng(SEED))
    return sequence.random(1 << (count - 1).bit_length())[:count]


def _at(low: NDArray, high: NDArray, point: NDArray) -> NDArray:
    return low + (point if point.ndim > 1 else point[:, None]) * (high - low)


def _first_box(batch: Batch) -> tuple[NDArray, NDArray]:
    """The part of the box where a search begins, each end of shape (q, series)."""
    layout = batch.layout
    low, high = box(layout, batch.count)
    end = batch.start if batch.duration is None else batch.start + batch.duration
    seen = (batch.weight > 0) & (end > 0)
    longest = np.where(seen, end, 0.0).max(axis=1)
    shortest = np.where(seen, end, np.inf).min(axis=1)
    known = longest > 0
    slowest = np.log(np.clip(0.003 / np.where(known, longest, 1.0), *DECAY_RATES))
    fastest = np.log(np.clip(10.0 / np.where(known, shortest, 1.0), *DECAY_RATES))
    for place in layout.rates:
        if place is not None:
            low[place], high[place] = slowest, np.maximum(fastest, slowest)
    for place in (place for places in layout.shapes for place in places):
        low[place], high[place] = np.log(FIRST_SHAPES)[:, None]
    return low, high


def sorted_pools(layout: Layout, point: Point) -> Point:
    """The same fits with the fast pool first."""
    if not layout.ordered:
        return point
    rates = point.phi[list(layout.ordered)]
    order = np.argsort(-rates, axis=0, kind="stable")
    moved = np.concatenate([order + block for block in range(0, layout.nonlinear, layout.count)])
    return Point(
        np.take_along_axis(point.phi, moved, axis=0),
        point.misfit,
        np.take_along_axis(point.amounts, order, axis=0),
        np.take_along_axis(point.gradient, moved, axis=0),
        np.take_along_axis(np.take_along_axis(point.curvature, moved[:, None], axis=0), moved[None], axis=1),
    )
