"""What each column of a time series is: field, column name and description vote.

SIDb states temperature, moisture and depth of a column in a field of the metadata, and says
them again in the column's name (``CO2_FairTuss_30``) and often in its description. Where they
differ, somebody mistyped one. How names are built is learned from the entry itself: the place
in the name whose numbers agree with the field in most columns holds that quantity.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from talik.problems import Problem, problem

VOTED = ("temperature", "moisture", "midDepth")
"""Fields that name and description are asked about as well."""

REPLICATE = ("replicate", "rep", "replicateNumber", "replicateID")
"""Fields that tell jars of one treatment apart."""

NOT_TREATMENTS = frozenset(
    [
        "name",
        "units",
        "varDesc",
        "site",
        "temperature",
        "moisture",
        "midDepth",
        "top",
        "bottom",
        "horizon",
        "gasMeasured",
        "statistic",
        "primaryVariableName",
        "primaryVariable",
        "experimentalTreatment",
        "laboratoryTreatment",
        "elevation",
        "incubationTime",
        "preincubationTime",
        "replicates",
        "note",
        "notes",
        "comment",
        "comments",
        "doi",
    ]
).union(REPLICATE)
"""Fields of a column that are not treatments."""

_RULES = {
    "temperature": "temperature-contradiction",
    "moisture": "moisture-contradiction",
    "midDepth": "depth-contradiction",
}
_POSSIBLE = {"temperature": (-30, 60), "moisture": (0, 500), "midDepth": (0, 2000)}
"""A number in a name outside this range means something else. [°C], [%], [cm]"""

SHARED = "description shared with other columns"
"""A description that several columns share was copied, so it is told but has no vote."""

_ONE_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:[.,]\d+)?|\.\d+)(?:e[+-]?\d+)?)(?!\s*[-–]\s*\d)[^\d]*", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"(?:stor|kept|keep|dri|freeze|froze|sampl|pre-?incub|collect|sieve)\w*[^.;,]{0,30}?\d[^.;,]*|(?<!\d)1[34]\s?C\b",
    re.IGNORECASE,
)
"""Numbers of what was done before the incubation, and isotopes, say nothing of its temperature."""

_NUMBER = r"(?<![\w.])-?\d+(?:\.\d+)?"
_IN_TEXT = {
    "temperature": re.compile(
        rf"({_NUMBER})\s*(?:(?:°|º|˚|deg(?:ree)?s?\b)\s*(?:C\b|celsius)?|C\b|celsius)", re.IGNORECASE
    ),
    "moisture": re.compile(
        rf"(?:moisture content of|moisture of)\s*({_NUMBER})|"
        rf"({_NUMBER})\s*(?:%|percent)\s*(?:of\s*)?(?:field|water|whc|wfps|gwc|moisture|saturat)",
        re.IGNORECASE,
    ),
    "midDepth": re.compile(rf"mid ?depth of ({_NUMBER})", re.IGNORECASE),
}  # fmt: skip
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|–|to)\s*(\d+(?:\.\d+)?)\s*cm", re.IGNORECASE)
_SPLIT = re.compile(r"[\s_\-/]+|(?<!\d)\.|\.(?!\d)")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class SeriesColumn:
    """One column of the time series, with the fields that were decided."""

    name: str
    """Name of the column."""
    fields: Mapping[str, Any]
    """Its fields in the metadata, decided."""
    contested: tuple[str, ...] = field(default=())
    """Fields whose votes stay undecided."""

    def __getitem__(self, key: str) -> Any:
        return self.fields.get(key)

    @property
    def treatments(self) -> dict[str, str]:
        """Fields that are neither protocol nor place."""
        return {
            key: as_text(value)
            for key, value in self.fields.items()
            if key not in NOT_TREATMENTS and value not in (None, "") and not key.startswith("Unnamed")
        }


def as_number(value: object) -> float | None:
    """The one number of a field; None where there is none, or more than one.

    Examples
    --------
    >>> as_number("15.0"), as_number("4 °C"), as_number("−5"), as_number("8,5")
    (15.0, 4.0, -5.0, 8.5)
    >>> as_number("CS"), as_number("5 to 15"), as_number(True)
    (None, None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    found = _ONE_NUMBER.fullmatch(plain_minus(str(value)))
    return float(found[1].replace(",", ".")) if found else None


def plain_minus(text: str) -> str:
    """A text whose minus signs before numbers are the one of the keyboard."""
    return re.sub(r"[−–‐‑](?=\s*\d)", "-", text)


def as_text(value: object) -> str:
    """A field as text: 10.0 is 10, nothing is ''."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def decide_columns(entry: str, columns: Sequence[SeriesColumn]) -> tuple[list[SeriesColumn], list[Problem]]:
    """Let field, name and description of every column vote.

    Parameters
    ----------
    entry : str
        Name of the entry, for the problems.
    columns : sequence of SeriesColumn
        Columns with the fields as found (and corrected).

    Returns
    -------
    list of SeriesColumn
        With the values that won; a tie leaves the field as it is and marks it contested.
    list of Problem
        Every contradiction.
    """
    votes = {what: _ballots(what, columns) for what in VOTED}
    decided, problems = [], []
    for index, column in enumerate(columns):
        fields, contested = dict(column.fields), []
        for what in VOTED:
            ballot = votes[what][index]
            value, undecided = _count(ballot)
            if undecided:
                contested.append(what)
            elif value is not None:
                fields[what] = value
            if len(set(ballot.values())) > 1:
                problems.append(_contradiction(entry, column, what, ballot, value, undecided))
        decided.append(replace(column, fields=fields, contested=tuple(contested)))
    return decided, problems


def _ballots(what: str, columns: Sequence[SeriesColumn]) -> list[dict[str, float]]:
    """For each column, what field, name and description say."""
    fields = [as_number(column[what]) for column in columns]
    from_names = _from_names(what, [column.name for column in columns], fields)
    if what != "temperature":
        stems = _stems(columns)
        from_names = [a if a is not None else b for a, b in zip(from_names, _from_stems(stems, fields), strict=True)]
    texts = [str(column["varDesc"] or "") for column in columns]
    told = Counter(texts)
    from_texts = [(SHARED if told[text] > 1 else "description", _in_description(what, text)) for text in texts]
    return [
        {voter: value for voter, value in (("field", a), ("name", b), c) if value is not None}
        for a, b, c in zip(fields, from_names, from_texts, strict=True)
    ]


def _count(ballot: Mapping[str, float]) -> tuple[float | None, bool]:
    """The value that won, and whether the vote is undecided."""
    counted = Counter(value for voter, value in ballot.items() if voter != SHARED)
    if not counted:
        return None, False
    (value, most), *others = counted.most_common()
    tied = bool(others) and others[0][1] == most
    return (None, True) if tied else (value, False)


def _contradiction(
    entry: str,
    column: SeriesColumn,
    what: str,
    ballot: Mapping[str, float],
    value: float | None,
    undecided: bool,
) -> Problem:
    said = ", ".join(f"{voter} {vote:g}" for voter, vote in ballot.items())
    done = (
        "undecided: the series is left out of Q10 until a correction says which is right"
        if undecided
        else "left empty: only a copied description says it"
        if value is None
        else f"taken as {value:g}, which most say"
    )
    votes = {vote for voter, vote in ballot.items() if voter != SHARED}
    severity = "error" if undecided else "" if len(votes) > 1 else "info"
    return problem(
        _RULES[what], stage="incubation", severity=severity, entry=entry, column=column.name,
        where="metadata.yaml", found=said, needed="one value", done=done,
    )  # fmt: skip


def slots(name: str) -> dict[tuple[int, int], float]:
    """The numbers in a column's name, by their place: token, and number within the token.

    Examples
    --------
    >>> slots("SG_40_4.5")
    {(1, 0): 40.0, (2, 0): 4.5}
    """
    return {
        (place, nth): float(number)
        for place, token in enumerate(_SPLIT.split(name))
        for nth, number in enumerate(_DIGITS.findall(token))
    }


def _from_names(what: str, names: Sequence[str], fields: Sequence[float | None]) -> list[float | None]:
    """What each name says, by the place whose numbers agree with the field in most columns."""
    slot = _speaking_slot(names, fields)
    low, high = _POSSIBLE[what]
    said = [_signed(slots(name).get(slot), field) if slot else None for name, field in zip(names, fields, strict=True)]
    return [number if number is not None and low <= number <= high else None for number in said]


def _signed(number: float | None, field: float | None) -> float | None:
    """The number of a name, negative where the field has it negative: names lose their minus signs."""
    return field if number is not None and field == -number else number


def _speaking_slot(names: Sequence[str], fields: Sequence[float | None]) -> tuple[int, int] | None:
    agreeing: dict[tuple[int, int], list[float]] = defaultdict(list)
    present: Counter = Counter()
    for name, value in zip(names, fields, strict=True):
        if value is None:
            continue
        for slot, number in slots(name).items():
            present[slot] += 1
            if abs(number - abs(value)) < 1e-6:
                agreeing[slot].append(value)
    speaking = [
        (len(values), -slot[0], slot)
        for slot, values in agreeing.items()
        # One value alone may agree by chance, as the 2 of CO2 with a moisture of 2 %.
        if len(set(values)) > 1 and len(values) >= max(2, 0.6 * present[slot])
    ]
    return max(speaking)[2] if speaking else None


def _stems(columns: Sequence[SeriesColumn]) -> list[str]:
    """Names without their temperature: columns that share one are the same soil and treatment."""
    names = [column.name for column in columns]
    slot = _speaking_slot(names, [as_number(column["temperature"]) for column in columns])
    if slot is None:
        return ["" for _ in names]
    return [_without(name, slot) for name in names]


def _without(name: str, slot: tuple[int, int]) -> str:
    tokens = _SPLIT.split(name)
    if slot[0] >= len(tokens):
        return name
    numbers = iter(range(99))
    tokens[slot[0]] = _DIGITS.sub(lambda found: "T" if next(numbers) == slot[1] else found[0], tokens[slot[0]])
    return "_".join(tokens)


def _from_stems(stems: Sequence[str], fields: Sequence[float | None]) -> list[float | None]:
    """What most columns of the same stem say, where at least three do."""
    said: dict[str, Counter] = defaultdict(Counter)
    for stem, value in zip(stems, fields, strict=True):
        if stem and value is not None:
            said[stem][value] += 1
    majority = {}
    for stem, counts in said.items():
        value, most = counts.most_common(1)[0]
        if most >= 3 and most > counts.total() / 2:
            majority[stem] = value
    return [majority.get(stem) for stem in stems]


def _in_description(what: str, text: str) -> float | None:
    """The one value that a description states, None where it states none or several."""
    text = _ELSEWHERE.sub(" ", plain_minus(text))
    found = {float(next(group for group in match if group)) for match in _matches(what, text)}
    if what == "midDepth":
        found |= {0.5 * (float(top) + float(bottom)) for top, bottom in _RANGE.findall(text)}
    low, high = _POSSIBLE[what]
    return found.pop() if len(found) == 1 and low <= min(found) <= high else None


def _matches(what: str, text: str) -> list[tuple[str, ...]]:
    return [m if isinstance(m, tuple) else (m,) for m in _IN_TEXT[what].findall(text)]
