"""What was found while a mapping was applied: gathered by column, told once with its cells."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from talik.errors import listed
from talik.problems import Problem, problem

PLACES_SHOWN = 5
"""Cells named in one finding."""

MOST_KINDS = {"cell-understood": 3, "header-repaired": 20}
"""Different findings under one rule in one column that are told one by one; 40 under the others."""


@dataclass
class Told:
    """Findings of one mapping."""

    entry: str
    """Study."""
    _found: dict[tuple[str, str, str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def tell(self, rule: str, column: str, found: str, place: str, *, needed: str = "", done: str = "") -> None:
        """Add what was found in one cell, row or column."""
        self._found[(rule, column, found, needed, done)].append(place)

    def problems(self) -> Iterator[Problem]:
        """Everything found, cells of one finding together."""
        kinds: dict[tuple[str, str, str], int] = defaultdict(int)
        more: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for (rule, column, found, needed, done), places in self._found.items():
            kinds[rule, column, done] += 1
            if kinds[rule, column, done] > MOST_KINDS.get(rule, 40):
                more[rule, column, done] += places
                continue
            yield self._problem(rule, column, found, needed, done, places)
        for (rule, column, done), places in more.items():
            yield self._problem(rule, column, "more of this kind", "", done, places)

    def _problem(self, rule: str, column: str, found: str, needed: str, done: str, places: list[str]) -> Problem:
        times = f" ({len(places)} times)" if len(places) > 1 else ""
        where = listed([place for place in dict.fromkeys(places) if place], PLACES_SHOWN)
        return problem(
            rule, stage="incubation", entry=self.entry, column=column, where=where, found=found + times,
            needed=needed, done=done,
        )  # fmt: skip
