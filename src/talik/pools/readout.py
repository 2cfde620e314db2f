"""What the pools of a soil tell that is linear in their amounts: an amount itself, or the carbon left after years.

As one more reading it pulls a fit: whatever the weight, the fit that it pulls is the best of all with the value that
it reads there, so that a row of pulls draws the profile of an amount as well as that of any sum of pools.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from talik.pools.layout import Layout


@dataclass(frozen=True)
class Readout:
    """One quantity of each of many series."""

    pool: NDArray
    """Index of the pool whose amount is read, shape (series,); -1 where carbon left is."""
    time: NDArray
    """Time after which the carbon left is read, shape (series,). [d]"""

    def take(self, rows: NDArray) -> "Readout":
        """Of some of the series."""
        return Readout(self.pool[rows], self.time[rows])

    def row(self, layout: Layout, phi: NDArray) -> tuple[NDArray, NDArray]:
        """What a unit of each pool reads, shape (pools, series), and its slopes by phi, shape (q, series)."""
        value, slopes = np.zeros((layout.count, phi.shape[1])), np.zeros_like(phi)
        left = np.flatnonzero(self.pool < 0)
        for i, pool in enumerate(layout.model.pools):
            value[i] = self.pool == i
            if left.size and pool.kind.left is not None:
                places = [place for place in (layout.rates[i], *layout.shapes[i]) if place is not None]
                parts = pool.kind.left(self.time[left], *np.exp(phi[places][:, left]))
                value[i, left] = parts[0]
                slopes[np.array(places)[:, None], left] = parts[1:]
        return value, slopes

    def read(self, layout: Layout, phi: NDArray, amounts: NDArray) -> NDArray:
        """The quantity, shape (series,)."""
        return np.einsum("ib,ib->b", self.row(layout, phi)[0], amounts)


@dataclass(frozen=True)
class PulledReadout:
    """A readout with a target and a weight: one more reading of each series; of weight 0, none."""

    readout: Readout
    """What is read."""
    weight: NDArray
    """One over the error of the reading, shape (series,)."""
    target: NDArray
    """What is to be read, times the weight, shape (series,)."""

    def take(self, rows: NDArray) -> "PulledReadout":
        """Of some of the series."""
        return replace(self, readout=self.readout.take(rows), weight=self.weight[rows], target=self.target[rows])

    def row(self, layout: Layout, phi: NDArray) -> tuple[NDArray, NDArray]:
        """As that of the readout, times the weight."""
        value, slopes = self.readout.row(layout, phi)
        return value * self.weight, slopes * self.weight
