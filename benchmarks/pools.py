"""Pools of thousands of series, of published soils and of a million, beside scipy a series at a time.

``python -m benchmarks.pools`` counts how often scipy from 20 starts finds a better fit than talik on all usable series
of the public data.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

import talik
from benchmarks.data import packaged, size
from benchmarks.measure import Case, Cost, in_process, python
from talik.incubation.mapping.read import read_mapped
from talik.pools import POOL_MODELS, Series, fit_series
from talik.pools.batch import pack
from talik.pools.fit import STARTS
from talik.pools.layout import DECAY_RATES, Q10S, SHAPES, Layout
from talik.pools.search import optima
from talik.pools.soils import series_of, soil_rates

BLOCK = 2000
"""Series that are fitted at once."""
SCIPY = 40
"""Series that scipy is timed on."""
TIGHT = 1e-6
"""Relative fall of the sum of squares that counts as beaten. [-]"""
MODELS = {"two-pool": 2, "three-pool": 3}


def cases() -> Iterator[Case]:
    """Kernel, intervals, the packaged study, memory."""
    for model in MODELS:
        yield from (kernel(model, starts) for starts in (1, 5))
    thousand = simulated(3, 1000)
    yield Case(
        "three-pool, 1000 series, profile intervals of every parameter",
        lambda: in_process(lambda: fit_series(thousand, model="three-pool")),
        limit="20 s", count=1000, counted="series",
    )  # fmt: skip
    measured = packaged()
    yield Case(
        f"fit_pools, five models, intervals, packaged study ({size(measured)})",
        lambda: in_process(lambda: talik.fit_pools(measured.respiration, measured.jars)),
    )
    if "TALIK_DATA" in os.environ:
        sidb = talik.read_sidb(Path(os.environ["TALIK_DATA"]) / "sidb")
        yield Case(
            f"fit_pools, five models, intervals, SIDb ({size(sidb)})",
            lambda: in_process(lambda: talik.fit_pools(sidb.respiration, sidb.jars)), limit="30 s",
        )  # fmt: skip
    yield Case(
        "a million two-pool series of 40 rates, streamed, one start", million,
        limit="2000 MB", count=10**6, counted="series",
    )  # fmt: skip


def kernel(model: str, starts: int) -> Case:
    """Best fits without intervals, beside scipy on some of the series."""
    pools = MODELS[model]
    series = simulated(pools, 2 * BLOCK)
    return Case(
        f"{model}, {len(series)} series of 40 rates, {starts} start{'s' * (starts > 1)}",
        lambda: in_process(lambda: fitted(series, model, starts)),
        f"scipy least_squares, one start, {SCIPY} of them",
        lambda: in_process(lambda: [from_middle(one, pools) for one in series[:SCIPY]]),
        count=len(series), counted="series", beside_count=SCIPY,
    )  # fmt: skip


def simulated(pools: int, count: int) -> list[Series]:
    """Rates of pools a factor of about ten apart, at 40 times to a year, with 5 % noise."""
    rng = np.random.default_rng(20260312)
    time = np.geomspace(0.5, 365.0, 40)
    k = np.exp(np.log([0.3, 0.03, 0.003][:pools]) + rng.uniform(-0.7, 0.7, (count, pools)))
    share = rng.dirichlet(np.full(pools, 3.0), count)
    rate = np.einsum("sp,spn->sn", share * k, np.exp(-k[..., None] * time))
    noisy = rate * (1 + 0.05 * rng.standard_normal(rate.shape))
    return [Series(time, time, np.full(40, 10.0), y, 0.05 * r) for y, r in zip(noisy, rate, strict=True)]


def fitted(series: list[Series], model: str, starts: int) -> np.ndarray:
    """Sums of squares of the best fits."""
    layout = Layout(POOL_MODELS[model], False, False)
    blocks = [pack(series[i : i + BLOCK], layout) for i in range(0, len(series), BLOCK)]
    return np.concatenate([optima(block, starts).best.misfit for block in blocks])


def from_middle(one: Series, pools: int) -> float:
    """Sum of squares that scipy finds from rates a factor of ten apart."""
    layout = Layout(POOL_MODELS[{2: "two-pool", 3: "three-pool"}[pools]], False, False)
    start = np.log([*np.full(pools, np.abs(one.rate).max() * 10), *[0.3, 0.03, 0.003][:pools]])
    return 2 * least_squares(residuals(one, layout), start, bounds=box(one, layout).T).cost


def million() -> Cost:
    """A million series made, fitted and forgotten, block after block, in a process of its own."""
    return python("-c", STREAM, repeats=1)


STREAM = f"""
import numpy as np
from talik.pools import POOL_MODELS, Series
from talik.pools.batch import pack
from talik.pools.layout import Layout
from talik.pools.search import optima
time, rng = np.geomspace(0.5, 365.0, 40), np.random.default_rng(1)
layout, ten = Layout(POOL_MODELS["two-pool"], False, False), np.full(40, 10.0)
for _ in range({10**6 // BLOCK}):
    k = np.exp(np.log([0.3, 0.01]) + rng.uniform(-0.7, 0.7, ({BLOCK}, 2)))
    rate = (0.5 * k[..., None] * np.exp(-k[..., None] * time)).sum(axis=1)
    noisy = rate * (1 + 0.05 * rng.standard_normal(rate.shape))
    series = [Series(time, time, ten, y, 0.05 * r) for y, r in zip(noisy, rate)]
    assert np.isfinite(optima(pack(series, layout), 1).best.misfit).all()
"""


def residuals(one: Series, layout: Layout):
    """Residuals as a function of shares left or logarithms of amounts, then of logarithms; written without talik's."""
    warming = (one.temperature - one.reference) / 10
    over = np.where(one.end > one.start, one.end - one.start, 1.0)
    point = one.end == one.start
    free, model = layout.free_amounts, layout.model.name

    def of(parameters: np.ndarray) -> np.ndarray:
        amounts, phi = parameters[:free], parameters[free:]
        if layout.whole:
            left = np.cumprod(np.append(1.0, 1.0 - amounts))
            amounts = np.append(amounts, 1.0) * left * one.carbon
        else:
            amounts = np.exp(amounts)
        total = 0.0
        for i, amount in enumerate(amounts):
            q10 = np.exp(phi[layout.q10s[i]] * warming) if layout.warmed else np.ones(warming.size)
            if layout.rates[i] is None:
                total = total + amount * q10
                continue
            k = np.exp(phi[layout.rates[i]]) * q10
            if model == "continuous-quality":
                a = np.exp(phi[layout.shapes[i][0]])
                lost = (1 + k * one.start / a) ** -a - (1 + k * one.end / a) ** -a
                rate = k * (1 + k * one.start / a) ** (-a - 1)
            else:
                lost = np.exp(-k * one.start) * -np.expm1(-k * (one.end - one.start))
                rate = k * np.exp(-k * one.start)
            total = total + amount * np.where(point, rate, lost / over)
        missed = (total - one.rate) / one.sigma
        return missed if one.kept is None else missed - one.kept @ (one.kept.T @ missed)

    return of


def box(one: Series, layout: Layout) -> np.ndarray:
    """Ends of the search, shape (p, 2)."""
    level = np.abs(one.rate).max()
    amounts = (
        [(0.0, 1.0)] * layout.free_amounts if layout.whole else [np.log([1e-8 * level, 1e7 * level])] * layout.count
    )
    ends = np.empty((layout.nonlinear, 2))
    for i in range(layout.count):
        if layout.rates[i] is not None:
            ends[layout.rates[i]] = np.log(DECAY_RATES)
        for place in layout.shapes[i]:
            ends[place] = np.log(SHAPES)
        if layout.q10s[i] is not None:
            ends[layout.q10s[i]] = np.log(Q10S)
    return np.concatenate([np.array(amounts).reshape(-1, 2), ends])


def beaten(series: list[Series], model: str, starts: int = 20) -> tuple[int, int]:
    """How many of the series can be fitted, and for how many scipy's best of some random starts is better."""
    rng, usable, lost = np.random.default_rng(20), 0, 0
    for one, fit in zip(series, fit_series(series, model=model, starts=STARTS), strict=True):
        if not np.isfinite(fit.residual_sum_of_squares):
            continue
        usable += 1
        layout = Layout(POOL_MODELS[model], fit.c0 is not None, one.temperatures.size > 1)
        ends, of = box(one, layout), residuals(one, layout)
        best = min(2 * least_squares(of, rng.uniform(*ends.T), bounds=ends.T, max_nfev=200).cost for _ in range(starts))
        # What no reading can show is rounding of the rates, not a better fit.
        floor = 1e-20 * float(np.sum((one.rate / one.sigma) ** 2))
        lost += best < fit.residual_sum_of_squares * (1 - TIGHT) - floor
    return usable, int(lost)


def public_series() -> Iterator[tuple[str, list[Series]]]:
    """Series of SIDb, and of an incubation read through its mapping."""
    data = Path(os.environ["TALIK_DATA"])
    sidb = talik.read_sidb(data / "sidb")
    yield "SIDb", series_of(list(soil_rates(sidb.respiration, sidb.jars)))
    mapping = Path(talik.__file__).parent / "incubation" / "mapping" / "examples" / "wang2013_incubation.toml"
    wang = read_mapped(mapping, data / "wang2013_incubation")
    # Its files state no temperature; pools of one temperature need none.
    rates, jars = wang.respiration.assign(temperature=0.0), wang.jars.assign(excluded="")
    yield "wang2013_incubation", series_of(list(soil_rates(rates, jars)))


def count(models: list[str]) -> None:
    """Print for each data set and model how often scipy's best is better."""
    for name, series in public_series():
        for model in models or POOL_MODELS:
            begun = time.process_time()
            usable, lost = beaten(series, model)
            seconds = time.process_time() - begun
            print(f"{name}, {model}: {usable} series, beaten {lost} times ({seconds:.0f} s of CPU)", flush=True)


if __name__ == "__main__":
    count(sys.argv[1:])
