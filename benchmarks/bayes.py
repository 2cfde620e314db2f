"""The hierarchical model of 60 soils, 3 temperatures, 20 times: four chains, compilation included, one run."""

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

import talik
from benchmarks.measure import Case, Cost
from talik.pools import one_pool_mean

SOILS, TEMPERATURES, DAYS = 60, (5.0, 15.0, 25.0), np.linspace(2, 365, 20)
SECONDS = 360


def cases() -> Iterator[Case]:
    """One fit; it fails where R-hat is above 1.01 or draws diverge."""
    respiration, jars = soils(seed=1)
    cpu, wall = time.process_time(), time.perf_counter()
    fit = talik.fit_hierarchical(respiration, jars, seed=1)
    cost = Cost(time.process_time() - cpu, np.nan, time.perf_counter() - wall)
    worst = fit.mixing
    yield Case(
        f"fit_hierarchical, {SOILS} soils, {len(respiration)} rates, 4 chains, R-hat {worst.largest_rhat:.4f}",
        lambda: cost,
        limit=f"{SECONDS} s; {worst.least_ess / cost.seconds:.1f} min-ESS/s",
    )


def soils(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``respiration`` and ``jars`` of soils of two pools, CV 10 %, a jar a temperature."""
    random = np.random.default_rng(seed)
    rows = []
    for soil in range(SOILS):
        share, slow = 0.03 * np.exp(random.normal(0, 0.5)), 4e-4 * np.exp(random.normal(0, 0.4))
        k = np.array([slow * np.exp(4.3 * np.exp(random.normal(0, 0.15))), slow])
        q10, cv = np.exp(random.normal(np.log([2.0, 2.5]), 0.25)), 0.1 * np.exp(random.normal(0, 0.25))
        for temperature in TEMPERATURES:
            warm = k * q10 ** ((temperature - 15) / 10)
            rate = sum(
                one_pool_mean(DAYS - 2, DAYS, c0, one)
                for c0, one in zip(1000 * np.array([share, 1 - share]), warm, strict=True)
            )
            rate = rate + np.hypot(cv * rate, 0.01 * rate.mean()) * random.standard_t(6, rate.size)
            rows.append(pd.DataFrame({
                "set": f"soil {soil}", "jar": f"{soil}-{temperature:g}", "time": DAYS, "time_start": DAYS - 2,
                "time_end": DAYS, "temperature": temperature, "specific_respiration": rate,
            }))  # fmt: skip
    respiration = pd.concat(rows, ignore_index=True)
    jars = respiration.drop_duplicates("jar")[["jar", "set"]].assign(basis="soil carbon")
    return respiration, jars.assign(sample=jars["set"])
