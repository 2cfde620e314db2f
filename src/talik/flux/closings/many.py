"""Straight lines through many closings at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talik.errors import TableError

AT_ONCE = 500_000
"""Readings worked on at once, so that memory does not grow with the number of readings."""


@dataclass(frozen=True)
class LinearRates:
    """Straight lines through many closings; one value for each closing in every field."""

    closing: NDArray
    """The closings, in rising order, shape (m,)."""
    rate: NDArray
    """Slope; NaN where no two readings differ in time. [µg C d⁻¹]"""
    sd: NDArray
    """Standard error by the residuals; NaN for fewer than 3 readings. [µg C d⁻¹]"""
    n: NDArray
    """Readings with a number."""
    missing: NDArray
    """Readings without a number, left out."""
    at_closing: NDArray
    """Carbon in the jar at time zero. [µg C]"""
    r2: NDArray
    """Share of the variance that the line explains. [-]"""
    curvature_t: NDArray
    """Student's t of a quadratic term, with n - 3 degrees of freedom: below -2 or so the rise slows down and the
    closing deserves `fit_closing`; NaN for fewer than 4 readings. [-]"""
    start: NDArray
    """Time of the first reading. [d]"""
    end: NDArray
    """Time of the last reading. [d]"""


def linear_rates(closing, time, carbon) -> LinearRates:
    r"""Least-squares lines through the readings of many closings.

    The same as ``fit_closing(..., model="linear")`` of each, without errors of the readings. Sums run over
    centred times and carbon, so that no digits are lost; memory beyond the arguments is some 100 MB however many
    readings there are, if each closing's readings stand together.

    Parameters
    ----------
    closing : array_like, shape (n,)
        Which closing each reading belongs to, as numbers or text; in any order, fastest where the readings of one
        closing stand together.
    time : array_like, shape (n,)
        Time since closing. [d]
    carbon : array_like, shape (n,)
        Carbon in the jar. [µg C]

    Returns
    -------
    LinearRates

    Raises
    ------
    TableError
        If the arrays differ in length.

    Examples
    --------
    Two jars, one of which respires twice as fast:

    >>> found = linear_rates(["a", "a", "a", "b", "b"], [0, 1, 2, 0, 2], [50.0, 61.0, 70.0, 50.0, 90.0])
    >>> found.rate, found.n
    (array([10., 20.]), array([3, 2]))
    """
    closing = np.asarray(closing)
    time, carbon = np.asarray(time, float), np.asarray(carbon, float)
    if not closing.shape == time.shape == carbon.shape or time.ndim != 1:
        raise TableError(
            f"{closing.size} closings, {time.size} times and {carbon.size} amounts: give one each a reading"
        )
    names, bounds, order = _groups(closing)
    if order is not None:
        time, carbon = time[order], carbon[order]
    parts = [_lines(time[a:b], carbon[a:b], starts - a) for a, b, starts in _chunks(bounds)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.empty(0)] * 9
    rank = np.argsort(names, kind="stable")
    return LinearRates(names[rank], *(column[rank] for column in columns))


def _groups(closing: NDArray) -> tuple[NDArray, NDArray, NDArray | None]:
    """Names of the closings, bounds of their readings, shape (m + 1,), and the order that puts these together."""
    n = closing.size
    starts = np.flatnonzero(np.r_[True, closing[1:] != closing[:-1]]) if n else np.empty(0, int)
    names = closing[starts]
    known, codes = np.unique(names, return_inverse=True)
    if known.size == names.size:
        return names, np.r_[starts, n], None
    codes = np.repeat(codes, np.diff(np.r_[starts, n]))
    order = np.argsort(codes, kind="stable")
    return known, np.searchsorted(codes[order], np.arange(known.size + 1)), order


def _chunks(bounds: NDArray) -> Iterator[tuple[int, int, NDArray]]:
    """Spans of whole closings of about as many readings as are worked on at once, with where each closing begins."""
    first, last = 0, bounds.size - 1
    while first < last:
        until = max(int(np.searchsorted(bounds, bounds[first] + AT_ONCE, side="right")) - 1, first + 1)
        until = min(until, last)
        yield int(bounds[first]), int(bounds[until]), bounds[first:until]
        first = until


def _lines(time: NDArray, carbon: NDArray, starts: NDArray) -> tuple[NDArray, ...]:
    """Fields of `LinearRates`, after the first, of closings that begin at ``starts``."""
    number = ~(np.isnan(time) | np.isnan(carbon))
    size = np.diff(np.r_[starts, time.size])
    n = np.add.reduceat(number.astype(np.int64), starts)
    if not number.all():
        time, carbon = np.where(number, time, np.nan), np.where(number, carbon, 0.0)
    counted = np.maximum(n, 1)

    def total(values: NDArray) -> NDArray:
        return np.add.reduceat(values if number.all() else np.where(number, values, 0.0), starts)

    def centred(values: NDArray) -> tuple[NDArray, NDArray]:
        mean = total(values) / counted
        return mean, values - np.repeat(mean, size)

    first, last = np.fmin.reduceat(time, starts), np.fmax.reduceat(time, starts)
    length = np.where(last > first, last - first, np.nan)
    middle, u = centred(time)
    u /= np.repeat(length, size)
    level, v = centred(carbon)
    squares, cross = total(u * u), total(u * v)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = cross / squares
        v_rest = v - np.repeat(slope, size) * u
        rest, whole = total(v_rest * v_rest), total(v * v)
        sd = np.where(n > 2, np.sqrt(rest / (n - 2) / squares), np.nan)
        r2 = 1 - rest / whole
        bend = _curvature_t(u, v_rest, total, size, counted, squares, rest)
    return slope / length, sd / length, n, size - n, level - slope / length * middle, r2, bend, first, last


def _curvature_t(u, v_rest, total, size, n, squares, rest) -> NDArray:
    """Student's t of what a quadratic term explains beyond the line, shape (m,)."""
    square = u * u
    q = square - np.repeat(squares / n, size) - np.repeat(total(square * u) / squares, size) * u
    length = total(q * q)
    explained = total(q * v_rest) / np.sqrt(length)
    left = np.maximum(rest - explained**2, 0.0)
    # Times at two places only have no quadratic term, but a rounding error for one.
    enough = (n > 3) & (length > 1e-12 * n)
    return np.where(enough, explained / np.sqrt(left / np.maximum(n - 3, 1)), np.nan)
