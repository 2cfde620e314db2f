"""Two pools in every set with profile intervals, beside curve_fit from one start, a series at a time."""

import warnings
from collections.abc import Iterator

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

import talik
from benchmarks.data import packaged, size
from benchmarks.measure import Case, in_process
from talik.pools import two_pool
from talik.pools.table import RATE_COLUMNS


def cases() -> Iterator[Case]:
    """All sets of the packaged study."""
    measured = packaged()
    yield Case(
        f"fit_pools, two-pool, packaged study ({size(measured)})",
        lambda: in_process(lambda: talik.fit_pools(measured.respiration, measured.jars, models=["two-pool"])),
        "curve_fit, one start, no Q10, no interval", lambda: in_process(lambda: one_at_a_time(measured)),
    )  # fmt: skip


def one_at_a_time(measured: talik.Measurements) -> list[np.ndarray]:
    """Two pools of each jar that curve_fit finds."""
    fits = []
    basis = measured.jars.set_index("jar")["basis"]
    for jar, rows in measured.respiration.groupby("jar"):
        rates = rows[RATE_COLUMNS[basis[jar]]].to_numpy()
        total = max(rates.max(), 1e-9) * 1000
        start, highest = [total, 0.02, 0.05, 1e-4], [np.inf, 1, 10, 10]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OptimizeWarning)
                fits.append(curve_fit(two_pool, rows["time"].to_numpy(), rates, start, bounds=(0, highest))[0])
        except (RuntimeError, TypeError, ValueError):  # no optimum within its steps, or too few readings
            continue
    return fits
