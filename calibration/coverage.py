"""Whether an interval covers as often as it says: the rule that every table of this folder keeps."""

from dataclasses import dataclass

from scipy import stats

NOMINAL = 0.95
"""What every interval promises."""
MEETS = (0.94, 0.96)
"""The Clopper-Pearson interval of the coverage must meet this."""
WITHIN = (0.92, 0.98)
"""The coverage itself must lie in this."""


@dataclass(frozen=True)
class Coverage:
    """How many of the intervals of one design held the truth."""

    held: int
    """Intervals that held it; an open side holds whatever lies on it."""
    n: int
    """Data sets, those without identified parameters included."""

    @property
    def estimate(self) -> float:
        """Part of the intervals that held the truth."""
        return self.held / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper-Pearson 99 % interval of the coverage."""
        found = stats.binomtest(self.held, self.n).proportion_ci(0.99, "exact")
        return float(found.low), float(found.high)

    @property
    def passes(self) -> bool:
        """Whether the design passes."""
        low, high = self.interval
        return low <= MEETS[1] and high >= MEETS[0] and WITHIN[0] <= self.estimate <= WITHIN[1]
