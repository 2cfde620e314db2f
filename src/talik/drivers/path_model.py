"""A path model as it is written: what causes what, and which pairs must then be independent."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from talik.errors import SettingsError, itemised, listed


@dataclass(frozen=True)
class Claim:
    """Two variables that no arrow joins: independent, given the causes of both."""

    first: str
    """The one that stands earlier in causal order."""
    second: str
    """The one that stands later."""
    given: tuple[str, ...]
    """Causes of either."""

    def __str__(self):
        return f"{self.first} and {self.second}" + (f" given {', '.join(self.given)}" if self.given else "")


@dataclass(frozen=True)
class PathModel:
    """Equations of a path model without cycles."""

    causes: Mapping[str, tuple[str, ...]]
    """Direct causes of each variable that has any."""

    @property
    def order(self) -> tuple[str, ...]:
        """All variables, causes before effects."""
        return tuple(TopologicalSorter(self.causes).static_order())

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The basis set: every pair that no arrow joins, but for pairs without causes (Shipley 2000)."""
        order = self.order
        made = []
        for j, second in enumerate(order):
            for first in order[:j]:
                of_first, of_second = self.causes.get(first, ()), self.causes.get(second, ())
                if first in of_second or second in of_first or not (of_first or of_second):
                    continue
                # What causes nothing and is caused is tested as the response.
                early, late = (first, second) if of_second else (second, first)
                given = tuple(dict.fromkeys((*self.causes.get(early, ()), *self.causes.get(late, ()))))
                made.append(Claim(early, late, given))
        return tuple(made)

    def __str__(self):
        return "; ".join(f"{effect} ~ {' + '.join(causes)}" for effect, causes in self.causes.items())


def parse_paths(text: str, known: Iterable[str] = ()) -> PathModel:
    """Read a path model: an equation for every variable that has causes.

    Parameters
    ----------
    text : str
        Equations as ``logq10 ~ mineral + abundance; abundance ~ substrate``, apart by semicolons or lines.
    known : iterable of str, optional
        Names that may stand in it; any where not given.

    Returns
    -------
    PathModel

    Raises
    ------
    SettingsError
        With everything that is wrong: no equation, unknown names, causes twice, a cycle.

    Examples
    --------
    >>> model = parse_paths("logq10 ~ mineral + abundance; abundance ~ substrate")
    >>> model.order
    ('mineral', 'substrate', 'abundance', 'logq10')
    >>> [str(claim) for claim in model.claims]
    ['mineral and abundance given substrate', 'substrate and logq10 given mineral, abundance']
    """
    causes: dict[str, tuple[str, ...]] = {}
    wrong: list[str] = []
    for line in filter(None, (part.strip() for part in re.split(r"[;\n]", text))):
        effect, tilde, right = (part.strip() for part in line.partition("~"))
        named = tuple(part.strip() for part in right.split("+"))
        if not tilde or not effect or not all(named):
            wrong.append(f"{line!r} is no equation; write one as 'logq10 ~ mineral + abundance'")
        elif effect in causes:
            wrong.append(f"{effect} has two equations; write its causes in one")
        elif len(set(named)) < len(named) or effect in named:
            wrong.append(f"{line!r} names a variable twice")
        else:
            causes[effect] = named
    wrong += _unknown(causes, tuple(known))
    wrong += [] if causes or wrong else ["there is no equation; write one as 'logq10 ~ mineral + abundance'"]
    if not wrong:
        wrong = _cycle(causes)
    if wrong:
        raise SettingsError(f"The path model cannot be read:\n{itemised(wrong)}", wrong)
    return PathModel(causes)


def _unknown(causes: Mapping[str, tuple[str, ...]], known: tuple[str, ...]) -> list[str]:
    if not known:
        return []
    used = dict.fromkeys(name for effect, named in causes.items() for name in (effect, *named))
    return [f"{name} is not known; there are {listed(known, 20)}" for name in used if name not in known]


def _cycle(causes: Mapping[str, tuple[str, ...]]) -> list[str]:
    try:
        tuple(TopologicalSorter(causes).static_order())
    except CycleError as error:
        return [f"causes go in a circle: {' -> '.join(reversed(error.args[1]))}"]
    return []
