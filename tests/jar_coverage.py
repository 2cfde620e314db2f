"""Coverage of the 95 % interval of jars built by simulation, type by type: ``make coverage``.

Run as a program it prints the table of docs/explanation/coverage.md. A type passes where the Clopper-Pearson 99 %
interval of its coverage meets 94 to 96 %.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from jars import CARBON, jars
from talik.flux import release, respiration
from talik.tables import typed

SEED = 20240311
"""Fixed before the first run."""
FULL = 4000
"""Jars of each type in the documented run."""


@dataclass(frozen=True)
class Recovered:
    """What talik told of each jar, and the truth."""

    truth: np.ndarray
    """Respiration of each jar. [µg C g⁻¹ d⁻¹]"""
    rate: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @property
    def covered(self) -> np.ndarray:
        """Whether the interval holds the truth."""
        return (self.lower <= self.truth) & (self.truth <= self.upper)

    @property
    def bias(self) -> float:
        """Median of the relative error."""
        return float(np.median(self.rate / self.truth - 1))

    @property
    def width(self) -> float:
        """Median of half the interval, relative to the truth."""
        return float(np.median((self.upper - self.lower) / 2 / self.truth))


def recovered(made, *, truth=None, readings=None, contents=None, **settings) -> Recovered:
    """The one rate of each jar beside the truth."""
    readings = typed("readings", made.readings() if readings is None else readings)
    found = respiration(readings, typed("jars", made.contents() if contents is None else contents), **settings)
    found = found.set_index("jar").loc[made.names]
    assert len(found) == made.n
    truth = made.rate * CARBON / made.mass if truth is None else truth
    return Recovered(truth, *(found[name].to_numpy() for name in ("respiration", "lower", "upper")))


def flushed_two_readings(seed, n):
    """Flushed with CO2-free air, read at once and a day later; error of the analyser stated."""
    made = jars(seed, n)
    made.flush(0.0)
    made.wait(0.02)
    made.read(8.0)
    made.wait(1.0)
    made.read(8.0)
    return recovered(made)


def flushed_one_reading(seed, n):
    """Flushed with a gas of 10 ppm, read a day later."""
    made = jars(seed, n)
    made.flush(10e-6)
    made.wait(1.0)
    made.read(8.0)
    return recovered(made)


def ambient_with_blanks(seed, n):
    """Sealed in room air, four jars and three blanks a batch, four batches a study; read a day later."""
    made = jars(seed, n, ppm_a_day=(100.0, 1000.0))
    rng = np.random.default_rng((seed, 2))
    number = np.arange(n)
    batch, study = [f"b{i // 4}" for i in number], [f"s{i // 16}" for i in number]
    room = rng.uniform(420e-6, 600e-6, n // 4 + 1)[number // 4]
    made.flush(room, event="seal", told=False)
    made.wait(1.0)
    made.read(10.0)
    rows = made.readings().assign(batch=batch * 2, study=study * 2)
    first = number[::4]
    blanks = [
        pd.DataFrame({
            "jar": [f"blank{i}-{k}" for i in first], "time": 1.0, "gas": "co2", "event": "blank", "temperature": 10.0,
            "mole_fraction": room[first] * 1e6 + 10.0 * rng.standard_normal(first.size),
            "batch": [batch[i] for i in first], "study": [study[i] for i in first],
        }) for k in range(3)
    ]  # fmt: skip
    return recovered(made, readings=pd.concat([rows, *blanks], ignore_index=True))


def repeated_linear(seed, n):
    """Flushed and read five times within a day; the residuals tell the error."""
    made = jars(seed, n)
    made.flush(0.0)
    for _ in range(5):
        made.wait(0.2)
        made.read(12.0, told=False)
    return recovered(made)


def draws_replaced(seed, n):
    """Six readings, each of 12 mL that are replaced by CO2-free gas."""
    made = jars(seed, n)
    made.flush(0.0)
    for _ in range(6):
        made.wait(0.2)
        made.read(12.0, told=False)
        made.replace(12.0)
    return recovered(made, model="linear")


def draws_not_replaced(seed, n):
    """Five readings, each of 12 mL that are not replaced, so that the pressure falls."""
    made = jars(seed, n, water=(20.0, 60.0))
    made.flush(0.0)
    for _ in range(5):
        made.wait(0.2)
        made.read(12.0, told=False, event="draw", volume=12.0)
    return recovered(made)


def leaky(seed, n):
    """A leak of a known 40 % a day, five readings in two days."""
    made = jars(seed, n, leak=0.4)
    made.flush(420e-6)
    for _ in range(5):
        made.wait(0.4)
        made.read(12.0, told=False)
    return recovered(made)


def dissolved(ph):
    """Much water at a pH."""

    def of_ph(seed, n):
        made = jars(seed, n, water=(40.0, 120.0), ph=(ph, ph), volume=(100, 250))
        made.flush(0.0)
        made.wait(0.01)
        made.read(8.0)
        made.wait(1.0)
        made.read(8.0)
        return recovered(made)

    return of_ph


def sealed(draw):
    """Sealed for 60 days and read eight times: release at the end."""

    def series(seed, n):
        made = jars(seed, n, ppm_a_day=(200.0, 4000.0), decline=np.full(n, 0.03), water=(5.0, 40.0))
        made.flush(450e-6, event="seal", told=False)
        made.read(10.0)
        for days in (1.0, 2.0, 4.0, 7.0, 10.0, 16.0, 20.0):
            made.wait(days)
            made.read(30.0, event="draw" if draw else "read", volume=6.0 if draw else np.nan)
        rates = respiration(typed("readings", made.readings()), typed("jars", made.contents()))
        last = release(rates).groupby("jar").last().loc[made.names]
        truth = made.respired * CARBON / made.mass
        return Recovered(truth, *(last[name].to_numpy() for name in ("release", "lower", "upper")))

    return series


def curved(model):
    """A leak that is not known, so that the rise slows down; ten readings in a day; rate at closing."""

    def readings(seed, n):
        made = jars(seed, n, leak=1.5, ppm_a_day=(2000.0, 20000.0), room=420e-6)
        made.flush(420e-6)
        for _ in range(10):
            made.wait(0.1)
            made.read(10.0, told=False)
        return recovered(made, contents=made.contents().assign(leak_rate=0.0), model=model)

    return readings


def outliers(seed, n):
    """Twelve readings of which two are far off; Huber's line."""
    made = jars(seed, n)
    rng = np.random.default_rng((seed, 3))
    bad = np.argsort(rng.random((12, n)), axis=0) < 2
    made.flush(0.0)
    for k in range(12):
        made.wait(0.08)
        made.read(10.0, told=False, wrong=np.where(bad[k], rng.choice([-1, 1], n) * rng.uniform(100, 400, n), 0.0))
    return recovered(made, model="robust")


def methane(seed, n):
    """CH4 of waterlogged soil, flushed with nitrogen, four readings."""
    made = jars(seed, n, gas="ch4", room=1.9e-6, ppm_a_day=(5.0, 300.0), water=(20.0, 80.0))
    made.flush(0.0)
    for _ in range(4):
        made.wait(0.4)
        made.read(0.3, told=False)
    return recovered(made)


def swept(minutes):
    """Air of 20 mL a minute sent through; inlet read three times; the last of five readings some minutes apart."""

    def readings(seed, n):
        made = jars(seed, n, volume=(150, 400))
        inlet = 415e-6
        made.rate = np.exp(np.random.default_rng((seed, 4)).uniform(*np.log([100.0, 1000.0]), n)) * 1e-6 / CARBON * 1e6
        made.flush(inlet, told=False)
        made.sweep(np.full(n, 20.0), inlet)
        for _ in range(5):
            made.wait(minutes / 1440)
            made.read(0.4)
        rows = made.readings().assign(flow=20.0, study=made.names * 6)
        rows = rows[rows["event"] == "read"]
        rng = np.random.default_rng((seed, 5))
        air = [
            pd.DataFrame({
                "jar": "air", "event": "blank", "gas": "co2", "time": k * minutes / 1440, "study": made.names,
                "mole_fraction": inlet * 1e6 + 0.4 * rng.standard_normal(n), "sd": 0.4,
            }) for k in range(3)
        ]  # fmt: skip
        contents = made.contents().assign(vessel="flow-through")
        found = respiration(typed("readings", pd.concat([rows, *air])), typed("jars", contents))
        last = found.groupby("jar").last().loc[made.names]
        truth = made.rate * CARBON / made.mass
        return Recovered(truth, *(last[name].to_numpy() for name in ("respiration", "lower", "upper")))

    return readings


def alkali(seed, n):
    """Traps of 0.5 M NaOH, 10 mL, for three days; four jars and three blank traps a batch; 0.03 mL a titration."""
    made = jars(seed, n)
    rng = np.random.default_rng((seed, 6))
    made.rate = rng.uniform(50e-6, 500e-6, n)
    bench = rng.uniform(20e-6, 60e-6, n // 4 + 1)[np.arange(n) // 4]
    batch = [f"b{i // 4}" for i in range(n)]

    def titrated(carbon):
        """Acid of 0.5 M that the hydroxide left over takes."""
        return (10e-3 * 0.5 - 2 * carbon) / 0.5 * 1e3 + 0.03 * rng.standard_normal(carbon.size)

    rows = pd.DataFrame({"jar": made.names, "time": 3.0, "temperature": 10.0, "event": "read", "batch": batch,
                         "study": [f"s{i // 16}" for i in range(n)],
                         "titrant_volume": titrated(3.0 * made.rate + bench)})  # fmt: skip
    first = np.arange(0, n, 4)
    blanks = [
        rows.iloc[first].assign(
            jar=[f"blank{k}-{i}" for i in first], event="blank", titrant_volume=titrated(bench[first])
        )
        for k in range(3)
    ]
    contents = made.contents().assign(vessel="alkali trap", titrant_concentration=0.5)
    return recovered(made, readings=pd.concat([rows, *blanks]), contents=contents)


TYPES: dict[str, Callable[[int, int], Recovered]] = {
    "flushed, two readings": flushed_two_readings,
    "flushed, one reading": flushed_one_reading,
    "ambient start, blanks": ambient_with_blanks,
    "repeated readings, line": repeated_linear,
    "draws replaced": draws_replaced,
    "draws not replaced": draws_not_replaced,
    "known leak": leaky,
    "dissolved CO2, pH 6.5": dissolved(6.5),
    "dissolved CO2, pH 7.5": dissolved(7.5),
    "sealed series, release": sealed(draw=False),
    "sealed series with draws, release": sealed(draw=True),
    "curved rise, HMR": curved("hmr"),
    "curved rise, auto": curved("auto"),
    "outliers, robust line": outliers,
    "flow-through, steady": swept(120.0),
    "flow-through, filling": swept(10.0),
    "alkali trap": alkali,
    "methane": methane,
}
"""Every type of jar by its name."""


def clopper_pearson(hits: int, n: int, level: float = 0.99) -> tuple[float, float]:
    """Exact interval of a share."""
    tail = (1 - level) / 2
    low = stats.beta.ppf(tail, hits, n - hits + 1) if hits else 0.0
    return float(low), float(stats.beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0


def row(name: str, n: int) -> str:
    """One line of the table."""
    found = TYPES[name](SEED + list(TYPES).index(name), n)
    hits = int(found.covered.sum())
    low, high = clopper_pearson(hits, n)
    passes = "yes" if low <= 0.96 and high >= 0.94 else "no"
    return f"| {name} | {hits / n:.2%} | {low:.2%} to {high:.2%} | {passes} | {found.bias:+.2%} | {found.width:.1%} |"


def main() -> None:
    """Print the table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else FULL
    write = sys.stdout.write
    write("| type of jar | coverage | 99 % interval | passes | median error | median half-width |\n")
    write("| --- | --- | --- | --- | --- | --- |\n")
    for name in TYPES:
        write(f"{row(name, n)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
