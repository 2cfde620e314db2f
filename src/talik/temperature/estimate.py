"""One estimate of Q10: never a bare number, but with its definition, temperatures, window and interval."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from talik.frames import CLOSEST
from talik.inference.line import Estimate, mean_of

PER_TEN_DEGREES = 10.0
"""A Q10 is for ten degrees. [°C]"""

WHOLE, FIRST = "whole", "first"
"""Windows: all that the temperatures have in common, and its first reading."""

PARTS = 4
"""Successive parts that a window is cut into, to follow Q10 along the incubation."""


FREEZING = 0.0
"""Below it soil water freezes, and respiration follows the water that is left rather than warmth. [°C]"""

ACROSS_FREEZING = "not defined across 0 degC: below it is another regime"
"""Flag of a pair whose colder temperature is below freezing and whose warmer is not."""


TOO_CLOSE = f"temperatures nearer than {CLOSEST:g} degC are no two: give the one that the incubator was set to"
"""Flag of temperatures that are those of a log, or too alike to compare."""


def part(i: int, of: int) -> str:
    """Name of the i-th of successive parts of a window, counted from 0.

    Examples
    --------
    >>> part(1, 4)
    'part 2 of 4'
    """
    return f"part {i + 1} of {of}"


@dataclass(frozen=True)
class Q10Estimate:
    """Q10 by one definition, over one pair or range of temperatures, in one window."""

    definition: str
    """Name of the definition."""
    t_low: float
    """Lowest temperature. [°C]"""
    t_high: float
    """Highest temperature. [°C]"""
    temperatures: int
    """How many temperatures it rests on."""
    log: Estimate
    """ln Q10 with its error."""
    n: float
    """Points that it rests on: times, quotas or temperatures."""
    interval_from: str
    """``replicates``; ``residuals`` of the line over temperatures, its own or of the study; or empty."""
    time_start: float = np.nan
    """Start of the window. [d]"""
    time_end: float = np.nan
    """End of the window. [d]"""
    quota_start: float = np.nan
    """Start of the increment, as a share of the carbon that all temperatures respired."""
    quota_end: float = np.nan
    """End of the increment."""
    paired: bool = False
    """Whether both temperatures were measured on the same jars."""
    spread: float = np.nan
    """Sum of squared deviations of the temperatures. [°C²]"""
    pool: str = ""
    """The pool, where it is of one."""
    window: str = WHOLE
    """``whole``; ``first`` for the first common reading; or ``part 2 of 4``."""
    flag: str = ""
    """Why it is not defined, or what to mind."""

    def row(self) -> dict[str, object]:
        """The estimate as a row of the table ``q10``."""
        with np.errstate(over="ignore"):  # an interval may be endless
            q10, lower, upper = np.exp([self.log.value, *self.log.interval()])
        kept = {
            name: getattr(self, name)
            for name in (
                "definition", "pool", "paired", "t_low", "t_high", "temperatures", "window", "time_start",
                "time_end", "quota_start", "quota_end", "n", "flag",
            )
        }  # fmt: skip
        return kept | {
            "q10": q10, "lower": lower, "upper": upper,
            "sd_ln_q10": self.log.error, "interval_from": "" if np.isnan(lower) else self.interval_from,
        }  # fmt: skip


def undefined(definition: str, t_low: float, t_high: float, temperatures: int, why: str, **parts) -> Q10Estimate:
    """A Q10 that these data do not define, and why."""
    nothing = Estimate(np.nan, np.nan, 0)
    return Q10Estimate(definition, t_low, t_high, temperatures, nothing, np.nan, "", flag=why, **parts)


ROUNDING = 1e-9
"""Error on a logarithm that is none of jars but rounding: jars that agree entirely do not tell how jars differ."""


def told_error(error: float) -> float:
    """An error on a logarithm that jars tell; NaN where it is none but rounding."""
    return error if error > ROUNDING else np.nan


def mean_of_jars(values) -> Estimate:
    """Mean of one logarithm a jar, without an error where the jars agree entirely."""
    found = mean_of(values)
    return replace(found, error=told_error(found.error))


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """An estimate times a factor."""
    return Estimate(estimate.value * factor, estimate.error * abs(factor), estimate.freedom)


def spread_of(temperatures: np.ndarray) -> float:
    """Sum of squared deviations from the mean. [°C²]"""
    return float(np.sum((temperatures - temperatures.mean()) ** 2))


NO_ERROR = "no interval: one curve a temperature, so nothing tells how jars differ"
"""Flag of an estimate without replicates or residuals."""


STUDY_RESIDUALS = "residuals of the study"
"""Where the error of sets without replicates comes from, if several lines tell it."""


def with_study_residuals(estimates: Sequence[Q10Estimate]) -> list[Q10Estimate]:
    r"""Estimates of one study without replicates, their errors from the residuals of the lines of all its sets.

    Three temperatures leave one degree of freedom, which says next to nothing of the error, and two leave none. Sets
    of one study were incubated by one protocol, so they share the variance about their lines:

    .. math:: s^2 = \sum_k (n_k - 2) s_k^2 \Big/ \sum_k (n_k - 2)

    Pairs of temperatures take it too. Where there is no line either, an estimate has no interval, and says so.

    Parameters
    ----------
    estimates : sequence of Q10Estimate
        Estimates by one definition of one kind of window in one study, pairs and lines.

    Returns
    -------
    list of Q10Estimate
    """
    lines = [e for e in estimates if e.interval_from == "residuals" and e.log.freedom > 0]
    if not lines:
        return [_without_interval(e) if _bare(e) else e for e in estimates]
    freedom = sum(e.log.freedom for e in lines)
    variance = sum(e.log.freedom * e.log.error**2 * e.spread for e in lines) / freedom
    source = STUDY_RESIDUALS if len(lines) > 1 else "residuals"
    return [
        replace(e, log=Estimate(e.log.value, (variance / e.spread) ** 0.5, freedom), interval_from=source)
        if e in lines or _bare(e)
        else e
        for e in estimates
    ]


def _bare(estimate: Q10Estimate) -> bool:
    """Whether it has a value of two curves, and nothing that tells its error."""
    return np.isfinite(estimate.log.value) and not estimate.interval_from and np.isfinite(estimate.spread)


def _without_interval(estimate: Q10Estimate) -> Q10Estimate:
    return replace(estimate, flag="; ".join(filter(None, [estimate.flag, NO_ERROR])))
