"""Whether a series is a rate, an amount per interval, a cumulative curve or carbon remaining.

The unit says one thing, the numbers another: a cumulative curve rises, so the share of falling
steps tells a rate from a cumulative curve, whatever the unit. Series of an entry with the same
unit and the same words are judged together, so that the noise of one does not decide.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from talik.incubation.sidb.units import SeriesUnit
from talik.problems import Problem, problem

FEW_FALLS = 0.1
"""Share of falling steps below which a group of series is cumulative."""

_RATE_WORDS = re.compile(r"\brates?\b|flux|efflux|\bRR\b|per day|/d\b", re.IGNORECASE)
_CUMULATIVE_WORDS = re.compile(
    r"cumul|cumresp|mineralized (?:during|carbon)|carbon mineralisation over time", re.IGNORECASE
)
_BIOMASS_WORDS = re.compile(r"microbial biomass|biomass (?:c|carbon)\b", re.IGNORECASE)
_REMAINING_WORDS = re.compile(r"\bremaining\b|\bleft in\b", re.IGNORECASE)

DECLARED = {
    "rate": "(a rate, not cumulative)",
    "amount": "(the amount of each interval, not cumulative)",
    "cumulative": "(cumulative, not a rate)",
}
"""Words of a description that leave nothing to decide, as entries written by talik carry them."""


@dataclass(frozen=True)
class Kind:
    """What a series is, and how that was decided."""

    kind: str
    """``rate``, ``amount`` (per interval), ``cumulative`` or ``remaining``."""
    measures: str
    """``respiration``, ``carbon remaining`` or another quantity in words."""
    because: str
    """The evidence."""
    contradiction: str = ""
    """What speaks against it; empty where nothing does."""


@dataclass(frozen=True)
class Shape:
    """A series as it is to be judged."""

    name: str
    """Name of the column."""
    description: str
    """Its description."""
    unit: SeriesUnit
    """Its unit."""
    values: np.ndarray
    """Values in order of time, without gaps."""


def falling_share(series: Sequence[np.ndarray]) -> float:
    """Share of the steps of several series that go down, 0 where there is no step.

    Examples
    --------
    >>> falling_share([np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 4.0])])
    0.25
    """
    steps = np.concatenate([np.diff(values) for values in series]) if series else np.empty(0)
    return float(np.mean(steps < 0)) if steps.size else 0.0


def decide_kinds(shapes: Sequence[Shape]) -> list[Kind]:
    """Decide what each series is.

    Parameters
    ----------
    shapes : sequence of Shape
        All series of an entry.

    Returns
    -------
    list of Kind
        One for each series, in order.
    """
    groups: dict[tuple, list[int]] = defaultdict(list)
    for index, shape in enumerate(shapes):
        groups[(shape.unit, _words(shape))].append(index)
    kinds: dict[int, Kind] = {}
    for (unit, words), members in groups.items():
        share = falling_share([shapes[i].values for i in members])
        growth = np.median([_growth(shapes[i].values) for i in members])
        decided = _decide(unit, words, share, float(growth))
        kinds |= dict.fromkeys(members, decided)
    return [kinds[i] for i in range(len(shapes))]


def _words(shape: Shape) -> str:
    declared = next((kind for kind, words in DECLARED.items() if words in shape.description), "")
    if declared:
        return f"declared {declared}"
    text = f"{shape.name.replace('_', ' ')} {shape.description}"
    for words, pattern in (
        ("biomass", _BIOMASS_WORDS), ("remaining", _REMAINING_WORDS),
        ("cumulative", _CUMULATIVE_WORDS), ("rate", _RATE_WORDS),
    ):  # fmt: skip
        if pattern.search(text):
            return words
    return ""


def _growth(values: np.ndarray) -> float:
    """Last over first value that is not zero."""
    filled = values[values != 0]
    return float(abs(filled[-1] / filled[0])) if filled.size > 1 else 1.0


def _decide(unit: SeriesUnit, words: str, share: float, growth: float) -> Kind:
    told = f"unit {'per time' if unit.is_rate else 'without time'}, {100 * share:.0f} % of steps fall"
    told += f", words say {words}" if words else ""
    if unit.measures == "carbon remaining" or (words == "remaining" and not unit.is_rate):
        against = "" if share > 1 - 5 * FEW_FALLS else "what remains should fall"
        return Kind("remaining", "carbon remaining", told, against)
    if words == "biomass":
        return Kind("amount", "microbial biomass", told, "a CO2 unit over microbial biomass")
    if unit.measures != "respiration":
        return Kind("amount", unit.measures, told, f"{unit.measures} is not respired carbon")
    if words.startswith("declared"):
        return Kind(words.removeprefix("declared "), "respiration", told, "")
    if unit.is_rate:
        if share < FEW_FALLS / 4 and growth > 3:
            return Kind("cumulative", "respiration", told, "the unit is a rate, and the curve only rises")
        return Kind("rate", "respiration", told, "the words say cumulative" if words == "cumulative" else "")
    if share < FEW_FALLS or (words == "cumulative" and share < 3 * FEW_FALLS):
        return Kind("cumulative", "respiration", told, "the words say rate" if words == "rate" else "")
    if words == "rate":
        return Kind("rate", "respiration", told, "the unit is an amount, and the curve falls")
    return Kind("amount", "respiration", told, "the unit is an amount, and the curve falls")


def kind_problems(entry: str, shapes: Sequence[Shape], kinds: Sequence[Kind]) -> list[Problem]:
    """How each kind was decided, one line for all series decided alike."""
    alike: dict[Kind, list[Shape]] = defaultdict(list)
    for shape, kind in zip(shapes, kinds, strict=True):
        alike[kind].append(shape)
    problems = []
    for kind, members in alike.items():
        names = f"{members[0].name} and {len(members) - 1} more" if len(members) > 1 else members[0].name
        shared = {"stage": "incubation", "entry": entry, "column": names, "where": members[0].unit.unit}
        found = f"{kind.because}; {kind.contradiction}" if kind.contradiction else kind.because
        if kind.measures == "carbon remaining":
            problems.append(
                problem(
                    "carbon-remaining", **shared, found=found, needed="carbon respired",
                    done="turned into carbon released and shown; not pooled with Q10 of respiration",
                )
            )  # fmt: skip
        elif kind.measures != "respiration":
            problems.append(
                problem(
                    "other-quantity", severity=_SEVERITY.get(kind.measures, "error"), **shared,
                    found=f"{kind.measures}: {found}", needed="carbon respired",
                    done="left out",
                )
            )  # fmt: skip
        else:
            rule = "kind-contradiction" if kind.contradiction else "kind"
            problems.append(problem(rule, **shared, found=found, done=f"read as {_IN_WORDS[kind.kind]}"))
            if kind.kind == "rate" and not members[0].unit.is_rate:
                problems.append(
                    problem(
                        "unit-lacks-time",
                        **shared,
                        found=members[0].unit.unit,
                        needed="a rate",
                        done="taken as per day",
                    )
                )
    return problems


# An isotope ratio says itself what it is, and a mole fraction only lacks its jar.
_SEVERITY = {"isotope": "info", "nitrous oxide": "info", "mole fraction": "warning"}
_IN_WORDS = {
    "rate": "respiration rates",
    "amount": "carbon respired in each interval",
    "cumulative": "carbon respired since the start",
    "remaining": "carbon remaining",
}
