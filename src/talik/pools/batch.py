"""Rates of many soils as arrays, so that all are fitted at once."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import TableError, itemised, listed
from talik.pools.layout import Layout

LENGTHS = tuple(24 << doubled for doubled in range(30))
"""Series are filled up to one of these numbers of rates. What fills them weighs nothing, and how much there is depends
on the series alone, so that its sums are the same in any company. Few lengths let more series be fitted at once."""

RATES = 16_000
"""Rates that are fitted at once: enough that NumPy's calls cost little, few enough that what a step computes of them
from all starts is below the memory that is kept (`talik.pools.descent.LARGEST_KEPT`)."""


@dataclass(frozen=True)
class Series:
    """Rates of one soil, at one or more temperatures."""

    start: NDArray
    """Start of each interval, shape (n,). [d]"""
    end: NDArray
    """End of each interval; equal to its start for a rate at one time. Shape (n,). [d]"""
    temperature: NDArray
    """Temperature, shape (n,). [°C]"""
    rate: NDArray
    """Respiration, shape (n,). [any unit of rate]"""
    sigma: NDArray
    """Error of each rate, shape (n,). [unit of the rate]"""
    carbon: float | None = None
    """Carbon at the start, None where it is unknown. [unit of the rate times d]"""
    whitening: NDArray | None = None
    """Inverse of the Cholesky factor of the covariance of rate / sigma, shape (n, n), where the errors are
    correlated. [-]"""
    kept: NDArray | None = None
    """What each jar keeps apart, a column a jar, shape (n, jars): rate / sigma less ``kept @ kept.T`` times itself has
    independent errors. [-]"""
    jar_freedom: int = 0
    """Degrees of freedom of the jars that told what each keeps apart; 0 where only the residuals tell the errors."""

    @property
    def temperatures(self) -> NDArray:
        """Every temperature once, in order. [°C]"""
        return np.unique(self.temperature)

    @property
    def reference(self) -> float:
        """Temperature to which decay rates belong: the mean of the temperatures. [°C]"""
        return float(self.temperatures.mean())


def from_cumulative(
    time: ArrayLike, release: ArrayLike, temperature: ArrayLike, *, sd: ArrayLike | None = None,
    covariance: ArrayLike | None = None, carbon: float | None = None,
) -> Series:  # fmt: skip
    r"""A series from cumulative release, whose errors add up.

    The release between two readings is an increment; its mean rate over the interval is fitted. Increments that
    were measured one by one have independent errors. Where only the cumulative curve has a covariance
    :math:`\Sigma`, increments :math:`d = D c` have :math:`D \Sigma D^T`.

    Parameters
    ----------
    time : array_like, shape (n,)
        Times of the readings, rising. [d]
    release : array_like, shape (n,)
        Carbon released since the start. [any unit]
    temperature : array_like, shape (n,) or float
        Temperature. [°C]
    sd : array_like, shape (n,), optional
        Error of each increment; by default all alike, up to a factor. [unit of the release]
    covariance : array_like, shape (n, n), optional
        Covariance of the cumulative release, instead of ``sd``. [unit of the release squared]
    carbon : float, optional
        Carbon at the start. [unit of the release]

    Returns
    -------
    Series

    Raises
    ------
    TableError
        For what is no number or of another length, times that do not rise, an error that is not above zero, naming the
        readings; and a covariance of another shape, or one that is not symmetric and positive definite.

    Examples
    --------
    >>> series = from_cumulative([1.0, 3.0], [2.0, 5.0], 15.0)
    >>> series.rate, series.sigma
    (array([2. , 1.5]), array([1. , 0.5]))
    """
    time, release, temperature, error = _readings(
        {"time": time, "release": release, "temperature": temperature, "sd": 1.0 if sd is None else sd}
    )
    duration, increment, whitening = np.diff(time, prepend=0.0), np.diff(release, prepend=0.0), None
    if covariance is not None:
        error, whitening = _correlated(_numbers("covariance", covariance), time.size)
    return Series(time - duration, time, temperature, increment / duration, error / duration, carbon, whitening)


def _numbers(name: str, given: ArrayLike) -> NDArray:
    try:
        return np.asarray(given, float)
    except (TypeError, ValueError):
        each = np.ravel(np.asarray(given, object))
        wrong = [f"{one!r:.40} at place {place}" for place, one in enumerate(each, 1) if not isinstance(one, Real)]
        raise TableError(f"{name} of a cumulative release must be numbers; found {listed(wrong)}.", wrong) from None


def _readings(given: Mapping[str, ArrayLike]) -> tuple[NDArray, ...]:
    """Columns of one curve, each of shape (n,); a single temperature or error is that of all readings."""
    columns = {name: _numbers(name, values) for name, values in given.items()}
    n = columns["time"].size
    single = [name for name in ("temperature", "sd") if columns[name].size == 1]
    wrong = [f"{name} {one.shape}" for name, one in columns.items() if one.shape != (n,) and name not in single]
    if wrong or not n:
        raise TableError(
            f"a cumulative release of {n} readings needs as many numbers in time and release, and as many or one in "
            f"temperature and sd; found are the shapes {listed(wrong) or '(0,)'}. Give one curve at a time.",
            wrong,
        )
    columns = {name: one if one.shape == (n,) else np.broadcast_to(one.ravel(), n) for name, one in columns.items()}
    _refuse_faulty(columns)
    return tuple(columns.values())


def _refuse_faulty(columns: Mapping[str, NDArray]) -> None:
    time, sd = columns["time"], columns["sd"]
    before = np.r_[0.0, time[:-1]]
    faults = [(i, f"{name} is {one[i]:g}") for name, one in columns.items() for i in np.flatnonzero(~np.isfinite(one))]
    faults += [(i, f"day {time[i]:g} does not come after day {before[i]:g}") for i in np.flatnonzero(time <= before)]
    faults += [(i, f"sd is {sd[i]:g}") for i in np.flatnonzero(sd <= 0)]
    if faults:
        told = [f"reading {i + 1}: {fault}" for i, fault in sorted(faults)]
        raise TableError(
            f"this cumulative release cannot be used.\n{itemised(told)}\n"
            "Times must rise from above 0, and sd be above 0. Leave out a reading at the start and those without "
            "numbers, and give the curves of several jars one by one.",
            told,
        )


def _correlated(covariance: NDArray, n: int) -> tuple[NDArray, NDArray]:
    """Errors of the increments of a release with this covariance, and what makes their ratios to them independent."""
    if covariance.shape != (n, n):
        raise TableError(f"the covariance of {n} readings has the shape {covariance.shape}; needed is {(n, n)}.")
    finite = bool(np.isfinite(covariance).all())
    if not finite or not np.allclose(covariance, covariance.T, rtol=0.0, atol=1e-8 * np.abs(covariance).max()):
        raise TableError("the covariance of the release is not " + ("symmetric." if finite else "finite."))
    steps = np.eye(n) - np.eye(n, k=-1)
    of_increments = steps @ covariance @ steps.T
    try:
        whitening = np.linalg.inv(np.linalg.cholesky(of_increments))
    except np.linalg.LinAlgError:
        raise TableError("the covariance of the release is not positive definite.") from None
    error = np.sqrt(np.diag(of_increments))
    return error, whitening * error


@dataclass(frozen=True)
class Batch:
    """Series of one layout and length; what fills them up to it weighs nothing."""

    layout: Layout
    """Their parameters."""
    start: NDArray
    """Start of each interval, shape (series, n). [d]"""
    duration: NDArray | None
    """Length of each interval, shape (series, n); None where every rate is at one time. [d]"""
    warming: NDArray | None
    """Temperature above the reference, shape (series, n); None at one temperature. [10 °C]"""
    weight: NDArray
    """Rate of one unit of amount over the error: the unit is the carbon at the start, or where that is unknown the
    highest rate times a day. Shape (series, n). [d]"""
    aim: NDArray
    """Respiration divided by its error, shape (series, n). [-]"""
    whitening: NDArray | None
    """Inverse factors of the correlation of the errors, shape (series, n, n); None where none is stated."""
    kept: NDArray | None
    """What jars keep apart, shape (series, n, jars); None where no jars do."""

    @property
    def count(self) -> int:
        """Number of series."""
        return len(self.aim)

    def take(self, rows: NDArray) -> "Batch":
        """Some of the series."""

        def of(array: NDArray | None) -> NDArray | None:
            return None if array is None else array[rows]

        return replace(
            self, start=self.start[rows], duration=of(self.duration), warming=of(self.warming),
            weight=self.weight[rows], aim=self.aim[rows], whitening=of(self.whitening), kept=of(self.kept),
        )  # fmt: skip


def padded_length(n: int) -> int:
    """Length to which a series of n rates is filled up."""
    return LENGTHS[bisect_left(LENGTHS, n)]


def chunks(rows: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    """Series of one padded length in the parts that are fitted at once.

    Parts are always the same, so that a fit has the same bits whoever computes it.
    """
    count = max(RATES // length, 1)
    return (rows[first : first + count] for first in range(0, len(rows), count))


def pack(series: Sequence[Series], layout: Layout) -> Batch:
    """Series of one layout and padded length as one batch."""
    lengths = np.array([one.rate.size for one in series])
    measured = np.arange(padded_length(int(lengths.max()))) < lengths[:, None]

    def filled(arrays: list[NDArray], value: float = 0.0) -> NDArray:
        packed = np.full(measured.shape, value)
        packed[measured] = np.concatenate(arrays)
        return packed

    start = filled([one.start for one in series])
    duration = filled([one.end for one in series]) - start
    rate, sigma = filled([one.rate for one in series]), filled([one.sigma for one in series], 1.0)
    unit = np.array([one.carbon for one in series], float) if layout.whole else np.abs(rate).max(axis=1)
    return Batch(
        layout=layout,
        start=start,
        duration=duration if duration.any() else None,
        warming=filled([(one.temperature - one.reference) / 10.0 for one in series]) if layout.warmed else None,
        weight=np.where(measured, unit[:, None] / sigma, 0.0),
        aim=rate / sigma,
        whitening=_whitenings(series, measured.shape[1]),
        kept=_kept(series, measured.shape[1]),
    )


def decorrelated(batch: Batch, curves: NDArray) -> NDArray:
    """Curves with the errors of rate / sigma made independent, shape (series, m, n)."""
    if batch.whitening is not None:
        curves = curves @ batch.whitening.transpose(0, 2, 1)
    if batch.kept is not None:
        curves = curves - (curves @ batch.kept) @ batch.kept.transpose(0, 2, 1)
    return curves


def _kept(series: Sequence[Series], n: int) -> NDArray | None:
    if all(one.kept is None for one in series):
        return None
    jars = max(one.kept.shape[1] for one in series if one.kept is not None)
    packed = np.zeros((len(series), n, jars))
    for block, one in zip(packed, series, strict=True):
        if one.kept is not None:
            block[: one.kept.shape[0], : one.kept.shape[1]] = one.kept
    return packed


def _whitenings(series: Sequence[Series], n: int) -> NDArray | None:
    if all(one.whitening is None for one in series):
        return None
    packed = np.broadcast_to(np.eye(n), (len(series), n, n)).copy()
    for block, one in zip(packed, series, strict=True):
        if one.whitening is not None:
            block[: len(one.rate), : len(one.rate)] = one.whitening
    return packed
