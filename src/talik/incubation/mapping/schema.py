"""The mapping file: what it may say, and all its mistakes at once."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from talik import units
from talik.errors import SettingsError, UnitError, itemised, listed
from talik.incubation.mapping.patterns import pattern_problem
from talik.incubation.sheets.dates import ORDERS
from talik.quantities import QUANTITIES
from talik.tables import RELEASE_OF, RESPIRATION_OF, TABLES
from talik.textfile import read_text

EXAMPLES = Path(__file__).parent / "examples"
"""Folder of the mappings that ship with talik."""

UNKNOWN = "unknown"
"""What a mapping says for a time or a temperature that nobody stated."""

MAY_BE_UNKNOWN = ("time", "temperature")
"""Columns that may be said to be unknown."""

RATES = {
    "respiration": (*dict.fromkeys(RESPIRATION_OF.values()), "organic_matter_respiration"),
    "release": (*dict.fromkeys(RELEASE_OF.values()), "organic_matter_release"),
}
"""The quantities of a table that share its ``sd``, ``lower`` and ``upper``."""

ERRORS = ("sd", "sd_shared", "lower", "upper")
"""Columns that have the unit of the rate beside them."""

JOINED_BY = {"jars": "sample", "samples": "site"}
"""Column by which rows join that do not name their key: all jars of a sample, all samples of a site."""

PORT_COLUMNS = ("time", "port", "jar")
"""Columns of the list of jars on the ports of an instrument."""

_SHARED = ("study", "doi", "licence")
_FILLED_ELSEWHERE = {"respiration": {"temperature"}, "release": {"temperature"}}
_BRACES = re.compile(r"\{([^{}]+)\}")
_SHEET_TABLES = (
    "studies", "sites", "samples", "properties", "jars", "readings", "cabinets", "respiration", "release", "q10",
    "ports",
)  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_value(found: Any) -> Any:
    """A text is a template, a number a constant; a table says more."""
    if isinstance(found, str):
        return {"text": found}
    if isinstance(found, (bool, int, float)):
        return {"value": found}
    return found


class Value(_Part):
    """Where one column of a table comes from."""

    column: str | None = Field(default=None, min_length=1)
    """Name of a column of the sheet."""
    text: str | None = None
    """A template: braces name columns of the sheet."""
    value: bool | float | str | None = None
    """A constant, or ``unknown``."""
    unit: str | None = None
    """Unit of the values; may be a template."""
    pattern: str | None = None
    """Regular expression whose first group, or group ``value``, is taken."""
    map: dict[str, str | float | bool] | None = None
    """Words, and what they mean; ``*`` stands for all others."""
    times: float | None = None
    """Factor of numbers, in their unit."""
    plus: float | None = None
    """What is added to numbers, after the factor."""
    part: Literal["low", "high", "middle", "spread", "latitude", "longitude"] | None = None
    """Which part of a range, of a value with its spread, or of a pair of coordinates."""
    date: str | None = None
    """How a text is a date, in the letters of strptime."""
    since: str | None = None
    """Date that days are counted from; may be a template, or ``first``: the first of the jar."""
    timezone: str | None = None
    """Time zone of dates and times."""
    missing: tuple[str, ...] = ()
    """Further words for no value."""
    default: str | float | bool | None = None
    """What an empty cell means."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("column", "text", "value") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs one of column, text and value; found {listed(given) or 'none'}")
        return self

    @field_validator("pattern")
    @classmethod
    def _sound_pattern(cls, pattern: str | None) -> str | None:
        return _refused_or(pattern)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        return _zone(zone)

    @field_validator("date")
    @classmethod
    def _sound_date(cls, form: str | None) -> str | None:
        if form is not None and "%" not in form and form not in ORDERS:
            raise ValueError("is 'day-month', 'month-day', or written in the letters of strptime, as in '%d.%m.%Y'")
        return form

    def sources(self) -> tuple[str, ...]:
        """Columns of the sheet that it is made of."""
        own = (self.column,) if self.column is not None else ()
        texts = " ".join(text for text in (self.text, self.unit, self.since) if text)
        return (*own, *_BRACES.findall(texts))

    def is_unknown(self) -> bool:
        """Whether nobody stated it."""
        return self.value == UNKNOWN or self.text == UNKNOWN


TakenValue = Annotated[Value, BeforeValidator(_as_value)]


class PropertyColumn(_Part):
    """A column of the sheet that is a property of its subject."""

    property: str = Field(min_length=1)
    """Name of the property."""
    group: Literal["mineral", "microbial", "substrate", "environment", ""] = ""
    """Group of the property."""
    subgroup: str = ""
    """Group within the group."""
    unit: str = ""
    """Unit, as text."""
    sd: str | None = None
    """Column with the standard deviations."""
    n: str | float | None = None
    """Column with the numbers of replicates, or their number."""
    part: Literal["low", "high", "middle"] | None = None
    """Which part of a range."""
    map: dict[str, float] | None = None
    """Words, and the number they mean."""


class Wide(_Part):
    """Columns that become rows."""

    columns: str | list[str]
    """Regular expression on the whole header, or headers."""
    value: str = "value"
    """Name of the column that holds their cells."""
    header: str = "header"
    """Name of the column that holds the header."""

    @field_validator("columns")
    @classmethod
    def _sound_pattern(cls, columns: str | list[str]) -> str | list[str]:
        return _refused_or(columns) or "" if isinstance(columns, str) else columns


class Read(_Part):
    """One block of cells, and what talik's tables take of it."""

    file: str | None = None
    """File, or glob, within the folder of the data."""
    sheet: str | None = None
    """Sheet, or glob."""
    header: int | list[int] | None = None
    """Row, or rows, of the head as the spreadsheet counts; 0 for none."""
    rows: tuple[int, int] | None = None
    """First and last row."""
    columns: str | None = None
    """Columns, as in A:F."""
    where: dict[str, str | float | bool | list[str | float | bool]] = {}
    """Only rows with these words."""
    joins: list[Literal[_SHEET_TABLES]] = []  # type: ignore[valid-type]
    """Tables whose rows other blocks begin."""
    doubt: str = ""
    """What the author of the mapping is not sure of."""
    unused: list[str] = []
    """Columns that are not taken on purpose."""
    missing: tuple[str, ...] = ()
    """Further words for no value."""
    split: dict[str, str] = {}
    """Columns taken apart by the groups of a pattern."""
    wide: Wide | None = None
    """Columns that become rows."""
    studies: dict[str, TakenValue] | None = None
    sites: dict[str, TakenValue] | None = None
    samples: dict[str, TakenValue] | None = None
    properties: dict[str, Any] | None = None
    jars: dict[str, TakenValue] | None = None
    readings: dict[str, TakenValue] | None = None
    cabinets: dict[str, TakenValue] | None = None
    respiration: dict[str, TakenValue] | None = None
    release: dict[str, TakenValue] | None = None
    q10: dict[str, TakenValue] | None = None
    ports: dict[str, TakenValue] | None = None

    @field_validator("header")
    @classmethod
    def _countable(cls, header: int | list[int] | None) -> int | list[int] | None:
        rows = header if isinstance(header, list) else [] if header is None else [header]
        if any(row < 0 for row in rows) or (isinstance(header, list) and (not rows or 0 in rows or len(rows) > 5)):
            raise ValueError("is the row of the head (from 1), a list of up to five rows, or 0 for no head")
        return header

    @field_validator("rows")
    @classmethod
    def _ordered(cls, rows: tuple[int, int] | None) -> tuple[int, int] | None:
        if rows is not None and not 1 <= rows[0] <= rows[1]:
            raise ValueError("is the first and the last row, from 1, as in [2, 93]")
        return rows

    @field_validator("columns")
    @classmethod
    def _letters(cls, columns: str | None) -> str | None:
        if columns is not None and not re.fullmatch(r"[A-Z]{1,3}:[A-Z]{1,3}", columns):
            raise ValueError("is the first and the last column, as in 'A:F'")
        return columns

    @field_validator("split")
    @classmethod
    def _sound_patterns(cls, split: dict[str, str]) -> dict[str, str]:
        for column, pattern in split.items():
            _refused_or(pattern)
            if not re.compile(pattern).groupindex:
                raise ValueError(f"the pattern of {column!r} needs a named group, as in '(?P<plot>[0-9]+)'")
        return split

    @field_validator("properties")
    @classmethod
    def _properties(cls, found: dict[str, Any] | None) -> dict[str, Any] | None:
        if found is None:
            return None
        given = dict(found)
        columns = given.pop("columns", {})
        if not isinstance(columns, dict):
            raise ValueError("columns: is a table of columns of the sheet and what property they are")
        made = {name: PropertyColumn.model_validate(column) for name, column in columns.items()}
        taken = {name: Value.model_validate(_as_value(value)) for name, value in given.items()}
        return {"columns": made, "taken": taken}

    def takes(self) -> dict[str, dict[str, Value]]:
        """What each table takes, by its columns; properties without their list of columns."""
        found = {name: getattr(self, name) for name in _SHEET_TABLES if getattr(self, name) is not None}
        return {name: part["taken"] if name == "properties" else part for name, part in found.items()}

    def property_columns(self) -> dict[str, PropertyColumn]:
        """Columns of the sheet that are properties."""
        return self.properties["columns"] if self.properties else {}


class StudyPart(_Part):
    """``[study]``: the study that rows belong to unless they name another."""

    study: str = Field(min_length=1)
    title: str = ""
    doi: str = ""
    citation: str = ""
    licence: str = ""
    source: str = ""
    note: str = ""


class ReadingsPart(_Part):
    """``[readings]``: files of an instrument."""

    files: str
    """Files, or glob, within the folder of the data."""
    timezone: str = "UTC"
    """Time zone of the instrument's clock."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        return _zone(zone) or "UTC"


class Mapping(_Part):
    """A mapping as a whole."""

    study: StudyPart
    """The study."""
    read: list[Read] = Field(default=[], max_length=200)
    """Blocks of cells."""
    readings: ReadingsPart | None = None
    """Files of an instrument."""
    timezone: str = "UTC"
    """Time zone of dates and times that name none."""
    missing: tuple[str, ...] = ()
    """Words for no value besides the usual ones."""
    decimal: Literal[".", ","] | None = None
    """Decimal mark; found where it is left out."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        return _zone(zone) or "UTC"


def _refused_or(pattern: str | None) -> str | None:
    """The pattern, unless something is wrong with it."""
    if pattern is not None and (problem := pattern_problem(pattern)):
        raise ValueError(f"pattern {pattern[:80]!r} {problem}")
    return pattern


def _zone(zone: str | None) -> str | None:
    if zone is None:
        return None
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {zone!r}; write it like 'UTC' or 'America/Anchorage'") from None
    return zone


def load_mapping(path: Path | str) -> Mapping:
    """Read a mapping file, or one of those that ship with talik.

    Parameters
    ----------
    path : path_like
        A TOML file, or the name of an example without its ending.

    Returns
    -------
    Mapping

    Raises
    ------
    InputError, SettingsError
        With every mistake in the file.

    Examples
    --------
    >>> load_mapping("fireresp_canada").study.doi
    '10.5194/gmd-14-6605-2021'
    """
    return mapping_of(read_text(mapping_file(path)).content, str(path))


def mapping_file(path: Path | str) -> Path:
    """File of a mapping: as named, or that of an example."""
    example = EXAMPLES / f"{path}.toml"
    return example if not Path(path).exists() and example.is_file() else Path(path)


def mapping_of(text: str, name: str) -> Mapping:
    r"""The mapping that a text holds, or all its mistakes at once.

    Parameters
    ----------
    text : str
        TOML.
    name : str
        Name of the file, for messages.

    Returns
    -------
    Mapping

    Raises
    ------
    SettingsError
        With every mistake: file, block, table, column.

    Examples
    --------
    >>> mapping_of('[study]\nstudy = "mine"\n[[read]]\n[read.jars]\njar = "{jar}"', "mine.toml")
    Traceback (most recent call last):
        ...
    talik.errors.SettingsError: mine.toml: 1 mistake
      read 1, jars: 'sample' is missing; every row of jars needs it
    """
    try:
        loaded = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise SettingsError(f"{name} is not TOML: {error}.", [name]) from None
    try:
        mapping = Mapping.model_validate(loaded)
    except ValidationError as error:
        mistakes = [_mistake(found) for found in error.errors()]
    else:
        mistakes = [found for i, read in enumerate(mapping.read, 1) for found in _of_block(i, read)]
        mistakes += _of_whole(mapping)
    if mistakes:
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        raise SettingsError(f"{name}: {count}\n{itemised(mistakes)}", mistakes)
    return mapping


def _mistake(found: Any) -> str:
    where = _place(found["loc"])
    message = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        return f"{where}: there is no such setting; take it out or correct its name"
    if found["type"] == "missing":
        return f"{where}: is missing"
    shown = repr(found["input"])
    return f"{where}: {message[0].lower()}{message[1:]}; found {shown if len(shown) < 80 else shown[:77] + '...'}"


def _place(parts: tuple[int | str, ...]) -> str:
    """Place of a mistake as the file has it: blocks counted from 1."""
    words: list[str] = []
    for i, part in enumerate(parts):
        if isinstance(part, int) and i and parts[i - 1] == "read":
            words[-1] = f"read {part + 1}"
        else:
            words.append(str(part))
    return ", ".join(words)


def columns_of(table: str) -> list[str]:
    """Names of the columns that a table can take."""
    return list(PORT_COLUMNS) if table == "ports" else [column.name for column in TABLES[table].columns]


def _of_block(number: int, read: Read) -> Iterator[str]:
    takes = read.takes()
    if not takes:
        yield f"read {number}: no table takes anything; add one, as in [read.samples]"
    for name in read.joins:
        if name not in takes:
            yield f"read {number}, joins: {name!r} takes nothing in this block"
    for table, values in takes.items():
        for mistake in _of_table(table, values, read):
            yield f"read {number}, {table}{mistake}"


def _of_table(table: str, values: dict[str, Value], read: Read) -> Iterator[str]:
    known = columns_of(table)
    for name in _needed(table, read):
        if name not in values:
            yield f": {name!r} is missing; every row of {table} needs it"
    for name, value in values.items():
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if name not in known and near:
            yield f": column {name!r} is not known; do you mean {near[0]!r}?"
        elif name not in known and (table == "ports" or not TABLES[table].treatments):
            yield f": column {name!r} is not known; {table} has: {listed(known, 40)}"
        elif mistake := value_mistake(table, name, value, values):
            yield f", {name}: {mistake}"
    if table == "properties" and not read.property_columns() and "value" not in values:
        yield ": no columns; list them under [read.properties.columns]"


def _needed(table: str, read: Read) -> list[str]:
    if table == "ports":
        return list(PORT_COLUMNS)
    needed = {column.name for column in TABLES[table].columns if column.required}
    needed -= _FILLED_ELSEWHERE.get(table, set())
    if table in read.joins:
        needed &= set(TABLES[table].key)
        above = JOINED_BY.get(table)
        if above in read.takes()[table]:
            return []
    if table == "properties" and read.property_columns():
        needed -= {"property", "value"}
    return [name for name in columns_of(table) if name in needed]


def value_mistake(table: str, name: str, value: Value, values: dict[str, Value]) -> str:
    """What is wrong with where a column comes from, in words; nothing where all is well."""
    if value.is_unknown() and name in QUANTITIES:
        return "" if name in MAY_BE_UNKNOWN else f"only {listed(MAY_BE_UNKNOWN)} may be unknown; leave it out"
    if value.unit is not None and not _BRACES.search(value.unit):
        quantity = quantity_of(table, name, values)
        if not quantity:
            return f"has no unit in talik; take {value.unit!r} out" if name not in ("unit",) else ""
        if not (value.since and name.startswith("time")):
            return _unit_mistake(value.unit, quantity)
    kind = next((c for c in TABLES[table].columns if c.name == name), None) if table in TABLES else None
    constant = value.value if value.value is not None else value.text
    if kind and kind.values and isinstance(constant, str) and not _BRACES.search(constant) and not value.map:
        return "" if constant in kind.values else f"{constant!r} is none of {', '.join(map(repr, kind.values))}"
    return ""


def _unit_mistake(unit: str, quantity: str) -> str:
    try:
        units.convert([1.0], unit, quantity)
    except UnitError as error:
        return str(error)
    return ""


def quantity_of(table: str, name: str, values: dict[str, Value]) -> str:
    """The quantity that a column measures: its own, or for an error that of the rate beside it."""
    if name in QUANTITIES:
        return name
    if name in ERRORS and table in RATES:
        return next((rate for rate in RATES[table] if rate in values), "")
    return ""


def _of_whole(mapping: Mapping) -> Iterator[str]:
    taken = {table for read in mapping.read for table in read.takes()}
    for read_number, read in enumerate(mapping.read, 1):
        for table in read.joins:
            if table != "properties" and not any(
                table in other.takes() and table not in other.joins for other in mapping.read
            ):
                yield f"read {read_number}, joins: no other block begins rows of {table}"
    if not mapping.read and mapping.readings is None:
        yield "read: is missing; a mapping reads at least one block, as in [[read]]"
    measured = taken & {"respiration", "release", "readings"} or mapping.readings
    for table, needs in (("jars", "samples"), ("samples", "sites")):
        if (table in taken or (table == "jars" and measured)) and needs not in taken | {""} and measured:
            yield f"read: no block gives {needs}, which rows of {table} belong to; add [read.{needs}]"
    if measured and "jars" not in taken:
        yield "read: no block gives jars, which measurements belong to; add [read.jars]"
    if mapping.readings is not None and "ports" not in taken:
        yield "read: no block says which jar was on which port; add [read.ports]"
