"""How often the interval of a closing holds the rate that made it: ``python tests/simulated_closings.py 4000``.

A jar that respires 244 µg C d⁻¹ when it is closed for two days, at a rate that declines with the curvature of its
kind, read at equal times with normal errors. Signal is the slope of the best line over its standard error.
"""

import sys
from dataclasses import dataclass

import numpy as np
from scipy import stats

from talik.flux.closings import ClosingFit, fit_closing
from talik.flux.closings.curved import rise

RATE, LENGTH = 244.0, 2.0


@dataclass(frozen=True)
class Kind:
    """A kind of closing and how it is fitted."""

    model: str
    n: int
    bend: float = 0.0
    """Curvature times length."""
    signal: float = 30.0
    sd_stated: bool = False
    bad: float = 0.0
    """Share of readings that err by 8 to 30 standard deviations."""

    def __str__(self) -> str:
        further = ", errors stated" * self.sd_stated + f", {self.bad:.0%} bad" * (self.bad > 0)
        return f"{self.model}, {self.n} readings, bend {self.bend:g}, signal {self.signal:g}{further}"


# What the suite runs.
SHORT = (
    Kind("linear", 2, sd_stated=True), Kind("linear", 3, sd_stated=True), Kind("linear", 4), Kind("linear", 20),
    Kind("robust", 10), Kind("robust", 20, bad=0.05), Kind("hmr", 6, 1.0, 60), Kind("hmr", 20, 2.0, 60),
    Kind("auto", 4), Kind("auto", 8), Kind("auto", 20, 0.2, 60), Kind("auto", 20, 2.0, 60, bad=0.05),
)  # fmt: skip
LONG = (
    *SHORT,
    *(Kind("linear", n, sd_stated=True) for n in (4, 5, 6)), *(Kind("linear", n) for n in (3, 5, 60)),
    *(Kind("robust", n) for n in (4, 6, 20, 60)), *(Kind("robust", n, bad=0.05) for n in (6, 10, 60)),
    *(Kind("hmr", n, bend, 60) for n in (5, 10, 60) for bend in (0.5, 2.0)), Kind("hmr", 4, 1.0, 60, sd_stated=True),
    *(Kind("auto", n, bend, signal) for n in (6, 10, 60) for bend in (0, 0.2, 1.0, 3.0) for signal in (15, 100)),
    *(Kind("auto", n, bend, 60, bad=0.05) for n in (10, 60) for bend in (0, 1.0, 3.0)),
    Kind("auto", 10, 0, 1), Kind("auto", 5, 0.5, 30),
)  # fmt: skip


def fits(kind: Kind, replicates: int, seed: int) -> list[ClosingFit]:
    """Simulated closings of a kind, fitted."""
    rng = np.random.default_rng([seed, *str(kind).encode()])
    time = np.linspace(0, LENGTH, kind.n)
    carbon = 53 + RATE * rise(time, kind.bend / LENGTH)
    spread = np.sum((time - time.mean()) ** 2)
    sd = (time - time.mean()) @ carbon / spread**0.5 / kind.signal
    made = []
    for _ in range(replicates):
        size = np.where(rng.random(kind.n) < kind.bad, rng.uniform(8, 30, kind.n) * rng.choice([-1, 1], kind.n), 0)
        readings = carbon + sd * (rng.standard_normal(kind.n) + size)
        made.append(fit_closing(time, readings, model=kind.model, sd=sd if kind.sd_stated else None))
    return made


def covered(found: list[ClosingFit]) -> int:
    """Closings whose interval holds the rate."""
    return sum(fit.lower <= RATE <= fit.upper for fit in found)


def clopper_pearson(successes: int, trials: int) -> tuple[float, float]:
    """Exact 99 % interval of a share."""
    return tuple(stats.binomtest(successes, trials).proportion_ci(0.99, "exact"))


def main(replicates: int) -> None:
    """A table of all kinds."""
    write = sys.stdout.write
    write("| kind | covered | 99 % | meets 94-96 % | too low | mean error | root mean square | length |\n")
    write("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for kind in dict.fromkeys(LONG):
        found = fits(kind, replicates, seed=2026)
        low, high = clopper_pearson(covered(found), replicates)
        error = np.array([fit.rate for fit in found]) / RATE - 1
        cells = (
            f"{covered(found) / replicates:.4f}", f"{low:.4f}-{high:.4f}", "yes" if low <= 0.96 and high >= 0.94 else "no",
            f"{np.mean([fit.upper < RATE for fit in found]):.3f}", f"{error.mean():+.3f}", f"{(error**2).mean() ** 0.5:.3f}",
            f"{np.median([fit.upper - fit.lower for fit in found]) / RATE:.3f}",
        )  # fmt: skip
        write(f"| {kind} | {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
