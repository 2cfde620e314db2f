r"""Regular expressions of a mapping, refused where a search could take longer than anybody waits.

A search tries ways to part a text among the open repeats of a pattern (``+``, ``*``). With k of them and
n characters there are about :math:`\binom{n + k}{k}`; every choice (``?``, ``|``, ``{1,2}``) multiplies them
by its options, and a repeat within a repeat has as many as there are numbers. So repeats within repeats are
refused, and the more ways a pattern has, the shorter the texts that it is tried on.
"""

import re
import warnings
from dataclasses import dataclass
from functools import cache
from math import comb, log2
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

LONGEST_PATTERN = 300
"""Longest pattern. [characters]"""

MOST_WAYS = 3_000_000
"""Most ways to part a text that a search may try."""

LONGEST_TEXT = 500
"""Longest text that any pattern is tried on. [characters]"""

SHORTEST_TEXT = 40
"""A pattern that could not be tried on texts as short as this is refused. [characters]"""

OPEN = 100
"""A repeat that may go on for more times than this is open."""

_REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT)


@dataclass(frozen=True)
class _Freedom:
    """In how many ways a pattern can part a text."""

    repeats: int = 0
    """Open repeats."""
    bits: float = 0.0
    """Logarithm of the number of choices, to the base 2."""
    nested: bool = False
    """Whether an open repeat holds what is free itself."""

    def __add__(self, other: "_Freedom") -> "_Freedom":
        return _Freedom(self.repeats + other.repeats, self.bits + other.bits, self.nested or other.nested)


def pattern_problem(pattern: str) -> str:
    r"""What is wrong with a pattern, in words; nothing where it can be used.

    Parameters
    ----------
    pattern : str
        A regular expression.

    Returns
    -------
    str

    Examples
    --------
    >>> pattern_problem(r"Respiration at (?P<temperature>\d+) C .*")
    ''
    >>> pattern_problem("(a+)+b")
    'has a repeat within a repeat, which may never end; write it without'
    """
    if len(pattern) > LONGEST_PATTERN:
        return f"has {len(pattern)} characters; at most {LONGEST_PATTERN} are taken"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
            freedom = _freedom(parser.parse(pattern))
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        return f"is not a regular expression ({error})"
    if freedom.nested:
        return "has a repeat within a repeat, which may never end; write it without"
    if _ways(freedom, SHORTEST_TEXT) > MOST_WAYS:
        return "has too many repeats and choices (+, *, ?, |); write out more of the text"
    return ""


def _freedom(parsed) -> _Freedom:
    free = _Freedom()
    for kind, content in parsed:
        inner = sum((_freedom(part) for part in _parts(content)), _Freedom())
        if kind in _REPEATS:
            free += _of_repeat(content[0], content[1], inner)
        elif kind is constants.BRANCH:
            free += inner + _Freedom(bits=log2(len(content[1])))
        else:
            free += inner
    return free


def _of_repeat(least: int, most: int, inner: _Freedom) -> _Freedom:
    if most > OPEN:
        return _Freedom(inner.repeats + 1, inner.bits, inner.nested or inner.repeats > 0 or inner.bits > 0)
    own = _Freedom(bits=log2(most - least + 1))
    nested = inner.nested or (most > 1 and inner.repeats > 0)
    return own + _Freedom(inner.repeats, inner.bits * max(most, 1), nested)


def _parts(content) -> list:
    """The patterns inside an element of a parsed pattern."""
    if isinstance(content, parser.SubPattern):
        return [content]
    if isinstance(content, (tuple, list)):
        return [part for one in content for part in _parts(one)]
    return []


def _ways(freedom: _Freedom, length: int) -> float:
    return comb(length + freedom.repeats, freedom.repeats) * 2.0 ** min(freedom.bits, 1000.0)


@cache
def longest_text(pattern: str) -> int:
    r"""Longest text that a pattern is tried on. [characters]

    Examples
    --------
    >>> longest_text("[0-9]+ cm"), longest_text(".*a.*b.*c.*d")
    (500, 89)
    """
    freedom, longest = _freedom(parser.parse(pattern)), LONGEST_TEXT
    while longest > SHORTEST_TEXT and _ways(freedom, longest) > MOST_WAYS:
        longest -= 1
    return longest


def match(pattern: str, text: str) -> re.Match | None:
    """The match of a pattern with a whole text; none where the text is too long to try."""
    if len(text) > longest_text(pattern):
        return None
    return re.fullmatch(pattern, text)
