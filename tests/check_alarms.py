"""How often each check tells of simulated studies that are clean, and of those with a known fault.

``python tests/check_alarms.py 1000`` prints the tables of docs/explanation/checks.md.
"""

import sys
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import beta

from simulated_study import Design, any_design, study, tables
from talik.incubation.checks.batches import reading_batches
from talik.incubation.checks.cabinet_logs import check_cabinet_logs
from talik.incubation.checks.curves import curves
from talik.incubation.checks.whole import RULES_OF_CURVES
from talik.tables import typed

CLEAN_SEEDS = 10_000_000
"""Where the seeds of clean studies begin; those of faults begin at zero."""


def problems_of(jars, rate, days):
    """Everything that the checks of curves tell of a study, as (check, problem)."""
    return _told(*tables(jars, rate, days))


def _told(table, rows):
    return [(rule.__name__, told) for of in curves(table, rows) for rule in RULES_OF_CURVES for told in rule(of)]


def placed(random, jars):
    """Jars put into two cabinets of each temperature, and filled in three batches, at random."""
    cabinet = [f"{t:g} {c}" for t, c in zip(jars["temperature"], random.choice(list("AB"), len(jars)), strict=True)]
    return jars.assign(cabinet=cabinet, batch=random.choice(["1", "2", "3"], len(jars)))


def batch_readings(random, table, rows):
    """Readings of each rate, of which either of two batches of the day has read each jar."""
    batch = rows["time"].astype("str") + random.choice([" a", " b"], len(rows))
    readings = pd.DataFrame({"jar": rows["jar"], "time": rows["time"], "gas": "co2", "event": "read", "batch": batch})
    return typed("readings", readings)


def log_of(random, jars, days, bias=0.0):
    """Hourly log of one cabinet a temperature: it swings, has noise, and its door is opened on days of reading."""
    hours = np.arange(0, max(days), 1 / 24)
    parts = []
    for temperature in np.unique(jars["temperature"]):
        opened = np.isin(np.round(hours * 24), np.round(np.array(days) * 24)) * random.uniform(0, 6)
        values = temperature + bias + 0.4 * np.sin(5 * hours) + random.normal(0, 0.2, hours.size) + opened
        parts.append(pd.DataFrame({"cabinet": f"{temperature:g}", "time": hours, "temperature": values}))
    return typed("cabinets", pd.concat(parts))


def clean(seed):
    """The checks that tell of a clean study."""
    random = np.random.default_rng(CLEAN_SEEDS + seed)
    design = any_design(random)
    jars, rate = study(random, design)
    jars = placed(random, jars)
    table, rows = tables(jars, rate, design.days)
    told = {name for name, _ in _told(table, rows)}
    told |= {"reading_batches" for _ in reading_batches(table, rows, batch_readings(random, table, rows))}
    one_each = table.assign(cabinet=[f"{t:g}" for t in table["temperature"]])
    logged = check_cabinet_logs(one_each, rows, log_of(random, jars, design.days))
    return told | {"check_cabinet_logs" for found in logged if found.severity != "info"}


def exchange(random, jars, rate):
    """Two jars of one soil and different temperatures exchanged."""
    pair = _pair(random, jars)
    rate[pair] = rate[pair[::-1]]
    return jars, rate, set(jars["jar"].iloc[pair])


def exchange_midway(random, jars, rate):
    """Two jars of one soil and different temperatures exchanged from the middle on."""
    pair, half = _pair(random, jars), rate.shape[1] // 2
    rate[pair, half:] = rate[pair[::-1], half:]
    return jars, rate, set(jars["jar"].iloc[pair])


def _pair(random, jars):
    one = random.integers(len(jars))
    others = (jars["sample"] == jars["sample"].iloc[one]) & (jars["temperature"] != jars["temperature"].iloc[one])
    return np.array([one, random.choice(np.flatnonzero(others))])


def carbon_dioxide(random, jars, rate):
    """One jar in mg CO2 among siblings in mg C."""
    one = random.integers(len(jars))
    rate[one] *= 44.01 / 12.011
    return jars, rate, {jars["jar"].iloc[one]}


def leak(random, jars, rate):
    """One jar that loses half of its gas throughout."""
    one = random.integers(len(jars))
    rate[one] *= 0.5
    return jars, rate, {jars["jar"].iloc[one]}


def spike(random, jars, rate):
    """One reading four times too large."""
    one = random.integers(len(jars))
    rate[one, random.integers(1, rate.shape[1] - 1)] *= 4
    return jars, rate, {jars["jar"].iloc[one]}


def two_units(random, jars, rate):
    """One jar given again in mg CO2, as another jar, with four digits."""
    one, other = random.choice(len(jars), 2, replace=False)
    rate = np.array([[float(f"{value:.4g}") for value in row] for row in rate])
    rate[other] = [float(f"{value:.4g}") for value in rate[one] * 44.01 / 12.011]
    return jars, rate, set(jars["jar"].iloc[[one, other]])


def half_copied(random, jars, rate):
    """The first half of a column copied into another."""
    one, other = random.choice(len(jars), 2, replace=False)
    rate[other, : rate.shape[1] // 2] = rate[one, : rate.shape[1] // 2]
    return jars, rate, set(jars["jar"].iloc[[one, other]])


def batch(random, jars, rate):
    """Three batches of which one reads a third more."""
    jars = placed(random, jars)
    rate[(jars["batch"] == "2").to_numpy()] *= 4 / 3
    return jars, rate, {"batches"}


def cabinet(random, jars, rate):
    """Two cabinets of each temperature, of which the second stands two degrees too warm."""
    jars = placed(random, jars)
    rate[jars["cabinet"].str.endswith("B").to_numpy()] *= 2.2 ** (2 / 10)
    return jars, rate, {"cabinets"}


FAULTS: dict[str, tuple[Callable, str, Design]] = {
    "labels exchanged, 5 and 15 degC": (exchange, "exchanged_jars", Design()),
    "labels exchanged, 5 and 25 degC": (exchange, "exchanged_jars", Design(temperatures=(5.0, 25.0))),
    "labels exchanged, 5, 15 and 25 degC, no replicates": (
        exchange, "exchanged_jars", Design(temperatures=(5.0, 15.0, 25.0), replicates=1, soils=12)),
    "labels exchanged midway, 5 and 15 degC": (exchange_midway, "exchanged_midway", Design()),
    "labels exchanged midway, 5 and 25 degC": (exchange_midway, "exchanged_midway", Design(temperatures=(5.0, 25.0))),
    "one jar of three in mg CO2": (carbon_dioxide, "deviating_jars", Design()),
    "one jar of four in mg CO2": (carbon_dioxide, "deviating_jars", Design(replicates=4)),
    "one jar of three leaks by half": (leak, "deviating_jars", Design()),
    "one jar of five leaks by half, jars alike": (leak, "deviating_jars", Design(replicates=5, jar_sd=0.08)),
    "one reading four times too large": (spike, "spikes", Design()),
    "a column again in mg CO2": (two_units, "constant_factors", Design()),
    "half a column copied": (half_copied, "series_twice", Design()),
    "a batch reads a third more": (batch, "jar_batches", Design()),
    "cabinets two degrees too warm": (cabinet, "cabinets", Design()),
}  # fmt: skip


def outcome(seed, fault, check, design):
    """What was told of one faulty study: ``right``, ``wrong`` or ``nothing``, by the check meant for it."""
    random = np.random.default_rng(seed)
    jars, rate = study(random, design)
    jars, rate, truth = fault(random, jars, rate)
    told = [problem.column for name, problem in problems_of(jars, rate, design.days) if name == check]
    if not told:
        return "nothing"
    names = set(told[0].replace(", or ", " and ").split(" and "))
    return "right" if truth <= names else "wrong"


def interval(hits, count):
    """Clopper-Pearson 95 % interval of a share."""
    low = beta.ppf(0.025, hits, count - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, count - hits) if hits < count else 1.0
    return f"{100 * low:.1f} to {100 * high:.1f}"


def main(count):
    """Print both tables."""
    alarms = Counter(name for seed in range(count) for name in clean(seed))
    checks = [rule.__name__ for rule in RULES_OF_CURVES] + ["reading_batches", "check_cabinet_logs"]
    say = sys.stdout.write
    say(f"| check | told of {count} clean studies | % (95 % interval) |\n| --- | --- | --- |\n")
    for name in checks:
        say(f"| `{name}` | {alarms[name]} | {100 * alarms[name] / count:.1f} ({interval(alarms[name], count)}) |\n")
    say(f"\n| fault | of {count // 5}: right % | wrong % |\n| --- | --- | --- |\n")
    for name, (fault, check, design) in FAULTS.items():
        found = Counter(outcome(seed, fault, check, design) for seed in range(count // 5))
        say(f"| {name} | {500 * found['right'] / count:.0f} | {500 * found['wrong'] / count:.0f} |\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
