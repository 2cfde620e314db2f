"""What the curvature at the optimum tells: standard errors, and how nearly parameters replace each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talik.pools.batch import Batch
from talik.pools.descent import Point, curves
from talik.pools.layout import Layout
from talik.pools.readout import Readout
from talik.pools.walks import Quantity


@dataclass(frozen=True)
class Local:
    """The neighbourhood of the best fits."""

    errors: NDArray
    """Standard errors for errors of one, of amounts in units of the batch and of all others as logarithms; NaN where
    the curvature tells none. Shape (p, series)."""
    collinearity: NDArray
    """Collinearity index of all parameters together, shape (series,): above 15 to 20 one can be replaced by the
    others. Infinite where one is. [-]"""


def local(batch: Batch, point: Point) -> Local:
    r"""Standard errors and collinearity index of many fits.

    With the sensitivities :math:`S = \partial (r/\sigma) / \partial \theta`, each column of length one in
    :math:`\tilde S`:

    .. math:: \gamma = 1 / \sqrt{\min \lambda(\tilde S^T \tilde S)}

    Parameters
    ----------
    batch : Batch
        The series.
    point : Point
        Their best fits.

    Returns
    -------
    Local

    References
    ----------
    Brun, Reichert and Künsch (2001), Water Resources Research 37, 1015-1030, doi 10.1029/2000WR900350.
    """
    sensitivity = sensitivities(batch, point)
    length = np.sqrt(np.einsum("bpn,bpn->bp", sensitivity, sensitivity))
    blind = ~(length > 0)
    length = np.where(blind, 1.0, length)
    normal = (sensitivity @ sensitivity.transpose(0, 2, 1)) / (length[:, :, None] * length[:, None])
    values, vectors = np.linalg.eigh(normal)
    # Below this an eigenvalue is rounding of the products it comes from.
    seen = values > 1e-14
    inverse = np.where(seen, 1.0 / np.where(seen, values, 1.0), 0.0)
    variance = np.einsum("bpk,bk,bpk->bp", vectors, inverse, vectors)
    lost = blind | (np.einsum("bpk,bk->bp", vectors**2, (~seen).astype(float)) > 1e-6)
    errors = np.where(lost, np.nan, np.sqrt(variance) / length)
    least = values[:, 0]
    return Local(errors.T, np.where(seen[:, 0], 1.0 / np.sqrt(np.maximum(least, 1e-14)), np.inf))


def sensitivities(batch: Batch, point: Point) -> NDArray:
    """Derivatives of respiration / sigma by the free amounts and the nonlinear parameters, shape (series, p, n)."""
    layout, filled = batch.layout, curves(batch, point.phi)
    amounts, slopes = filled[:, : layout.count], filled[:, layout.count :]
    if layout.whole:
        amounts = amounts[:, :-1] - amounts[:, -1:]
    return np.concatenate([amounts, slopes * point.amounts[layout.owner].T[..., None]], axis=1)


def jar_shares(batch: Batch, point: Point, profiled: Sequence[Quantity]) -> NDArray:
    r"""Part of the variance of each quantity that is what jars keep apart, shape (quantities, series). [-]

    A quantity moves with independent errors e by :math:`c^T e`. Jars add :math:`r 1 1^T` to the covariance of the
    readings of each, so that e is what :math:`W = (I + r 1 1^T)^{-1/2}` makes of the errors, and

    .. math:: 1 - |W c|^2 / |c|^2

    of the variance is theirs.
    """
    if batch.kept is None:
        return np.zeros((len(profiled), batch.count))
    sensitivity = sensitivities(batch, point)
    normal = sensitivity @ sensitivity.transpose(0, 2, 1)
    moved = np.linalg.pinv(normal, rcond=1e-12, hermitian=True) @ sensitivity
    along = np.stack([_gradient(batch.layout, point, quantity) for quantity in profiled], axis=1)
    contrast = along @ moved
    single = contrast - (contrast @ batch.kept) @ batch.kept.transpose(0, 2, 1)
    whole = np.einsum("bmn,bmn->mb", contrast, contrast)
    return np.clip(1.0 - np.einsum("bmn,bmn->mb", single, single) / np.where(whole > 0, whole, 1.0), 0.0, 1.0)


def _gradient(layout: Layout, point: Point, quantity: Quantity) -> NDArray:
    """Derivative of a quantity by the free amounts and the nonlinear parameters, shape (series, p)."""
    series = point.phi.shape[1]
    if quantity.held:
        return np.tile(np.eye(layout.size)[layout.free_amounts + quantity.place], (series, 1))
    readout = Readout(np.full(series, quantity.pool), np.full(series, quantity.time))
    unit, slopes = readout.row(layout, point.phi)
    amounts = unit[:-1] - unit[-1] if layout.whole else unit
    return np.concatenate([amounts, slopes * point.amounts[layout.owner]]).T
