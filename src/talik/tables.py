"""The tables that stages pass on: their columns, and check().

A table is a tidy pandas frame with plain floats in the units of ``quantities.py``. On disk
its header carries the unit: ``respiration [ug C g-1 soil d-1]``.
"""

import difflib
import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from talik import units
from talik.errors import TableError, UnitError, itemised, listed
from talik.quantities import QUANTITIES
from talik.textfile import read_text


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    """Name, without unit."""
    kind: str = "text"
    """``text``, ``number`` or ``flag`` (true or false); a quantity is a number."""
    required: bool = False
    """Whether the column must be there and filled."""
    values: tuple[str, ...] = ()
    """The only values allowed, where they are few."""


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its columns and its key."""

    name: str
    """Name of the table and of its file."""
    row: str
    """What a row is."""
    columns: tuple[Column, ...]
    """Columns in order."""
    key: tuple[str, ...] = ()
    """Columns that together name a row once."""
    treatments: bool = False
    """Whether further columns are taken as treatments."""


def _columns(text: str, **values: tuple[str, ...]) -> tuple[Column, ...]:
    """Columns from names: ``*`` marks a required one, ``#`` a number, ``?`` a flag."""
    made = []
    for word in text.split():
        name = word.strip("*#?")
        number = "#" in word or name in QUANTITIES
        kind = "flag" if "?" in word else "number" if number else "text"
        made.append(Column(name, kind, "*" in word, values.get(name, ())))
    return tuple(made)


LAYERS = ("organic", "active", "permafrost")
"""Layers of a permafrost soil: above the mineral soil, thawing every summer, never thawing."""

BASES = ("dry soil", "soil carbon", "jar", "label carbon")
"""What carbon is respired per: gram of dry soil, gram of soil carbon, jar, gram of added label."""

RESPIRATION_OF = {
    "dry soil": "respiration",
    "soil carbon": "specific_respiration",
    "jar": "jar_respiration",
    "label carbon": "specific_respiration",
}
"""The column of the table ``respiration`` that a jar's basis fills."""

RELEASE_OF = {basis: column.replace("respiration", "release") for basis, column in RESPIRATION_OF.items()}
"""The column of the table ``release`` that a jar's basis fills."""

VESSELS = ("closed", "flow-through", "alkali trap")
"""How a jar's gas is caught: closed between two flushes, swept by a flow of air, or bound by an alkali."""

EVENTS = ("read", "flush", "seal", "draw", "replace", "water", "blank")
"""What happens to a jar's gas: it is read; flushed (with gas of the row's mole fraction); sealed as it is; a
volume is drawn; a volume is drawn and replaced by gas of the row's mole fraction; water is added; or the row is
a reading of a blank, a jar treated alike without soil."""

DEFINITIONS = (
    "rate-ratio", "rate-fit", "exponential-fit", "arrhenius", "equal-time", "equal-carbon", "pool",
)  # fmt: skip
"""Definitions of Q10; see ``talik.temperature``. The table holds also ``published``: as given, without saying how."""

_ALL = (
    Table("studies", "a study", _columns("study* title doi citation licence source note"), ("study",)),
    Table(
        "sites", "a place",
        _columns(
            "study site* latitude longitude elevation country mean_annual_temperature annual_precipitation "
            "land_cover soil_order permafrost permafrost_evidence active_layer_depth doi licence",
            permafrost=("yes", "no", ""),
        ),
        ("site",),
    ),
    Table(
        "samples", "a soil",
        _columns(
            "study sample* site* core layer layer_evidence depth_top depth_bottom horizon doi licence",
            layer=(*LAYERS, ""),
        ),
        ("sample",), treatments=True,
    ),
    Table(
        "properties", "one property of a sample or a site",
        _columns(
            "study subject* id* property* group subgroup value*# sd# n# unit doi licence", subject=("sample", "site")
        ),
        ("subject", "id", "property"),
    ),
    Table(
        "jars", "one incubated portion",
        _columns(
            "study jar* sample* incubation set replicate temperature oxygen moisture moisture_unit dry_mass "
            "headspace_volume water_volume ph organic_carbon inorganic_carbon organic_matter vessel sieving start "
            "cabinet batch leak_rate titrant_concentration replicates# basis measures scale excluded doi licence",
            basis=(*BASES, ""), measures=("respiration", "carbon remaining", "other", ""),
            scale=("", "impossible", "uncertain"), vessel=(*VESSELS, ""),
        ),
        ("jar",), treatments=True,
    ),
    Table(
        "readings", "one reading of the gas of a jar, or something done to its gas",
        _columns(
            "study jar* time* temperature gas event closing mole_fraction sd# gas_temperature pressure volume flow "
            "titrant_volume batch file line#",
            gas=("co2", "ch4", ""), event=(*EVENTS, ""),
        ),
    ),
    Table(
        "cabinets", "one reading of the thermometer of a cabinet, its time counted from the start of the first jar",
        _columns("cabinet* time* temperature*# file line#"),
        ("cabinet", "time"),
    ),
    Table(
        "respiration", "one interval of one jar",
        _columns(
            "study jar* time_start time_end time* temperature gas respiration specific_respiration "
            "organic_matter_respiration jar_respiration sd# sd_shared# covariance_before# lower# upper# n# method flag "
            "doi licence",
            gas=("co2", "ch4", ""),
        ),
        ("jar", "time", "temperature", "gas"),
    ),
    Table(
        "release", "one time of one jar",
        _columns(
            "study jar* time* temperature gas release specific_release organic_matter_release jar_release sd# lower# "
            "upper# filled doi licence"
        ),
        ("jar", "time", "temperature", "gas"),
    ),
    Table(
        "budgets", "the carbon of one jar",
        _columns(
            "study jar* gas* time_start time_end carbon_at_start carbon_in_gas carbon_dissolved carbon_drawn "
            "carbon_put_in carbon_flushed_out carbon_leaked carbon_respired",
            gas=("co2", "ch4"),
        ),
        ("jar", "gas"),
    ),
    Table(
        "pools", "one fitted parameter",
        _columns(
            "study set* sample model* parameter* estimate# sd# lower# upper# identified? reason n# aicc# bic# weight# "
            "collinearity# basis reference_temperature#"
        ),
    ),
    Table(
        "pools_posterior", "one parameter of a set, or of all sets together, in the hierarchical model",
        _columns(
            "set sample model* parameter* estimate# sd# lower# upper# contraction# own# rhat# ess_bulk# ess_tail# "
            "identified? reason"
        ),
    ),
    Table(
        "pools_posterior_checks", "one statistic of a set, measured and made by the hierarchical model",
        _columns("set* statistic* measured# lower# upper# p# flag"),
    ),
    Table(
        "q10", "one estimate",
        _columns(
            "study set* sample definition* pool gas basis paired? t_low t_high temperatures# window time_start "
            "time_end quota_start# quota_end# q10 lower# upper# sd_ln_q10# n# interval_from flag",
            definition=(*DEFINITIONS, "published"),
        ),
    ),
    Table(
        "activation_energies", "an Arrhenius line",
        _columns(
            "study set* sample gas basis paired? t_low t_high temperatures# window time_start time_end "
            "activation_energy lower# upper# sd# reference_temperature# rate_reference# sd_ln_rate_reference# rate_20# "
            "rate_20_lower# rate_20_upper# sd_ln_rate_20# correlation# n# interval_from flag"
        ),
    ),
    Table(
        "drift", "the trend of the Q10 of a set over the carbon respired",
        _columns(
            "study set* sample definition* gas basis t_low t_high temperatures# time_start time_end quota_start# n# "
            "q10_start# q10_end# slope# sd# lower# upper# interval_from trend flag",
            definition=DEFINITIONS,
        ),
    ),
    Table(
        "layers", "one comparison of the active and the permafrost layer of a core",
        _columns("study core* measure* treatment gas t_low t_high time ratio# lower# upper# n# flag"),
    ),
    Table(
        "sensitivity", "one way to choose a constant Q10",
        _columns("definition* constant* q10 ratio# lower# upper# soils# weighting t_low note"),
    ),
    Table(
        "drivers_words", "a sentence of what drives the response, in their order",
        _columns("kind* words*", kind=("outcome", "about", "before", "verdict", "group", "robustness", "left out",
                                       "minded")),
    ),
    Table(
        "drivers_samples", "a sample that was attributed",
        _columns("response* sample* site layer latitude longitude estimate# sd#"),
    ),
    Table(
        "drivers_predictors", "a predictor as it was analysed",
        _columns("predictor* subgroup group transform reference mean# sd# variance_inflation# n#"),
    ),
    Table(
        "drivers_correlation", "a predictor of the response",
        _columns(
            "response* layer predictor* subgroup group method* estimate# lower# upper# freedom# p# p_adjusted# n# "
            "sites# flag"
        ),
    ),
    Table(
        "drivers_partial", "a predictor of the response, and what is held",
        _columns(
            "response* layer predictor* subgroup group controlled* method* zero_order# estimate# lower# upper# "
            "freedom# p# p_adjusted# n# sites# flag"
        ),
    ),
    Table(
        "drivers_variation", "a fraction of the variation",
        _columns(
            "response* layer fraction* kind* method* estimate# lower# upper# p# n# sites# flag",
            kind=("unique", "shared", "total", "unexplained"),
        ),
    ),
    Table(
        "drivers_importance", "a predictor, subgroup or group, and its share",
        _columns(
            "response* layer level* predictor subgroup group method* estimate# lower# upper# share# share_lower# "
            "share_upper# total# p# n# sites# flag",
            level=("predictor", "subgroup", "group"),
        ),
    ),
    Table(
        "drivers_selection", "a step of a forward selection",
        _columns("response* layer step# predictor* subgroup group method* estimate# p# taken* n# sites# flag",
                 taken=("limit", "taken", "refused")),
    ),
    Table(
        "drivers_mixed", "a term of a mixed model",
        _columns(
            "response* layer model term* predictor subgroup group method* estimate# sd# lower# upper# freedom# p# "
            "standardised# n# sites# flag"
        ),
    ),
    Table(
        "drivers_paths", "an effect of a path model, or a test of it",
        _columns(
            "response* layer predictor kind* method* estimate# lower# upper# freedom# p# standardised# n# sites# words "
            "flag",
            kind=("direct", "indirect", "total", "R2", "independence", "model"),
        ),
    ),
    Table(
        "drivers_spatial", "Moran's I of the response or of residuals, or a property of the spatial term",
        _columns("response* layer term* weights method* estimate# expected# p# p_permutation# n# sites# flag"),
    ),
    Table(
        "drivers_verdict", "a subgroup, and what the primary analysis says of it",
        _columns(
            "response* layer subgroup* group method* estimate# lower# upper# p# p_adjusted# share# share_lower# "
            "share_upper# finding* beside sites_needed# verdict* n# sites#",
            finding=("raises", "lowers", "suggested", "not separated", "not found"),
        ),
    ),
    Table(
        "drivers_robustness", "a subgroup's effect by one analysis, beside the primary one",
        _columns("response* layer subgroup* group method* estimate# lower# upper# p# agrees* differs n# sites#",
                 agrees=("yes", "less sure", "surer", "opposite")),
    ),
    Table(
        "drivers_bayes", "the effect of a subgroup by a regression with a prior that shrinks",
        _columns(
            "response* layer subgroup* group method* estimate# lower# upper# probability# shrinkage# n# sites# flag"
        ),
    ),
    Table(
        "drivers_errors", "an answer of a method told of the errors of the response, beside the naive one",
        _columns(
            "response* layer method* level predictor subgroup group what* naive# estimate# lower# upper# difference# "
            "reliability# how* n# sites# flag"
        ),
    ),
    Table(
        "drivers_components", "a column of a subgroup, and how its first component holds it",
        _columns("layer subgroup* group predictor* loading# share# n# flag"),
    ),
    Table(
        "outcomes", "a study, and whether it gives a Q10",
        _columns("study* outcome* reason soils# soils_with_q10# temperatures sets# sets_with_q10#"),
        ("study",),
    ),
)  # fmt: skip

TABLES = {table.name: table for table in _ALL}
"""Every table by its name."""

GIVEN = ("sites", "samples", "properties", "jars", "readings", "cabinets", "respiration", "release")
"""Tables that a laboratory gives. What is measured is finite; an interval that talik computes may be endless."""

_LEAST = {"sd": 0.0, "sd_shared": 0.0, "n": 1.0, "replicates": 1.0}
"""Least value of numbers that tell of others."""

_LARGEST = float(np.finfo(float).max)

_HEADER = re.compile(r"^\s*(?P<name>[^\[\]]+?)\s*(?:\[(?P<unit>[^\]]*)\])?\s*$")


def header(column: str) -> str:
    """A column's header on disk: name and unit.

    Examples
    --------
    >>> header("respiration"), header("jar")
    ('respiration [ug C g-1 soil d-1]', 'jar')
    """
    unit = QUANTITIES[column].unit if column in QUANTITIES else ""
    return f"{column} [{unit}]" if unit else column


def limits(table: str, column: str) -> tuple[float, float] | None:
    """Least and largest value that a number of a table can have; None where it can have any.

    Examples
    --------
    >>> limits("respiration", "time"), limits("q10", "n")
    ((0.0, 40000.0), None)
    """
    if column in QUANTITIES:
        low, high = (float(end) for end in QUANTITIES[column].possible)
    elif table in GIVEN and column not in ("lower", "upper"):
        low, high = _LEAST.get(column, -np.inf), np.inf
    else:
        return None
    return (max(low, -_LARGEST), min(high, _LARGEST)) if table in GIVEN else (low, high)


def range_in_words(column: str, low: float, high: float) -> str:
    """What a number of a column can be, in words.

    Examples
    --------
    >>> range_in_words("time", 0, 40000), range_in_words("n", *limits("respiration", "n"))
    ('between 0 and 40000 d', '1 or more, and finite,')
    """
    unit = f" {QUANTITIES[column].unit}".rstrip() if column in QUANTITIES else ""
    if high < _LARGEST:
        return f"between {low:g} and {high:g}{unit}"
    return "a finite number" if low <= -_LARGEST else f"{low:g}{unit} or more, and finite,"


def empty(name: str) -> pd.DataFrame:
    """A table of this name without rows."""
    return typed(name, pd.DataFrame())


def typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with all columns of its table, in order, each of its type; further columns last."""
    columns = TABLES[name].columns
    further = [column for column in frame.columns if column not in {c.name for c in columns}]
    made: dict[str, Any] = {}
    for column in columns:
        values = frame[column.name] if column.name in frame else pd.Series(np.nan, index=frame.index)
        if column.kind == "number":
            made[column.name] = pd.to_numeric(values, errors="coerce").astype(float)
        elif column.kind == "flag":
            made[column.name] = values.map(_truth).astype(bool)
        else:
            made[column.name] = as_text(values)
    made |= {column: as_text(frame[column]) for column in further}
    return pd.DataFrame(made, index=frame.index).reset_index(drop=True)


def as_text(values: pd.Series) -> pd.Series:
    """Text as it stands; a whole number read as a float loses its decimals; nothing is ''.

    Examples
    --------
    >>> as_text(pd.Series([1.0, None, "peat"])).tolist()
    ['1', '', 'peat']
    """
    if isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype) or values.isna().all():
        codes, known = pd.factorize(values)  # long columns repeat few texts
        return pd.Series(np.array([*map(_text, known), ""], object)[codes], index=values.index).astype("str")
    return values.astype(object).map(_text).astype("str")


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _truth(value: object) -> bool:
    return str(value).strip().lower() in ("true", "yes", "1", "1.0")


def read_table(path: Path | str, name: str) -> pd.DataFrame:
    """Read one table from CSV: units converted, columns and values checked.

    Lines at the top that begin with ``#`` are notes and are skipped.

    Parameters
    ----------
    path : path_like
        A CSV file; headers carry units as in ``temperature [degC]``, and a header without one
        is in the unit of its quantity.
    name : str
        Name of the table, as in ``TABLES``.

    Returns
    -------
    DataFrame
        All columns of the table, in its units.

    Raises
    ------
    InputError, TableError, UnitError
        With all offending rows.
    """
    path = Path(path)
    text = read_text(path).content
    lines = text.split("\n")
    notes = next((i for i, line in enumerate(lines) if not line.startswith("#")), 0)
    try:
        raw = pd.read_csv(
            io.StringIO("\n".join(lines[notes:])), dtype=str, keep_default_na=False, skip_blank_lines=False
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TableError(f"{path} is not a table: {str(error).strip()}", [str(path)]) from None
    raw.index = raw.index + notes + 2  # the line in the file, as an editor counts
    return read_rows(name, raw, source=str(path))


def read_rows(name: str, raw: pd.DataFrame, *, source: str) -> pd.DataFrame:
    """Rows of a file as the table of this name: units converted, columns and values checked.

    Parameters
    ----------
    name : str
        Name of the table, as in ``TABLES``.
    raw : DataFrame
        Text as it stands in the file, nothing as ``""``, under the file's headers. The index is the line in the file.
    source : str
        The file, for messages.

    Returns
    -------
    DataFrame
        All columns of the table, in its units.

    Raises
    ------
    TableError, UnitError
        With all offending rows.

    Examples
    --------
    >>> raw = pd.DataFrame({"site": ["Sagwon"], "elevation [km]": ["0.3"]}, index=[2])
    >>> float(read_rows("sites", raw, source="sites.csv")["elevation"].iloc[0])
    300.0
    """
    raw = raw.loc[(raw != "").any(axis=1)]
    return check(name, _in_units(source, name, raw), source=source)


def split_header(title: str) -> tuple[str, str] | None:
    """Name and unit of a header; None where it is neither.

    Examples
    --------
    >>> split_header("temperature [K]"), split_header("jar"), split_header("")
    (('temperature', 'K'), ('jar', ''), None)
    """
    found = _HEADER.match(title)
    return (found["name"], found["unit"] or "") if found else None


def _in_units(path: str, name: str, raw: pd.DataFrame) -> pd.DataFrame:
    """Columns by name, their values converted to the units of their quantities."""
    frame, problems = {}, []
    for title in raw.columns:
        found = split_header(title)
        if not found:
            problems.append(f"header {title!r} is not a name with a unit in brackets")
            continue
        column, unit = found
        values = raw[title]
        numeric = column in QUANTITIES or any(c.name == column and c.kind == "number" for c in TABLES[name].columns)
        if numeric:
            numbers = pd.to_numeric(values.where(values.str.strip() != ""), errors="coerce")
            wrong = values[numbers.isna() & ~values.str.strip().str.lower().isin(["", "na", "nan"])]
            problems += [f"line {line}, {column}: {value!r} is not a number" for line, value in wrong.items()]
            try:
                values = _converted(name, column, unit, numbers)
            except UnitError as error:
                problems.append(f"{column}: {error}")
        frame[column] = values
    if problems:
        raise TableError(f"{path}:\n{itemised(problems)}", problems)
    return pd.DataFrame(frame, index=raw.index)


def _converted(name: str, column: str, unit: str, numbers: pd.Series) -> pd.Series:
    if not unit:
        return numbers
    if column in QUANTITIES:
        return pd.Series(units.convert(numbers, unit, column), index=numbers.index)
    if column in ("sd", "sd_shared", "lower", "upper") and name in ("respiration", "release"):
        for basis in (name, f"specific_{name}", f"organic_matter_{name}", f"jar_{name}"):
            try:
                return pd.Series(units.convert(numbers, unit, basis), index=numbers.index)
            except UnitError:
                continue
    return numbers


def check(name: str, frame: pd.DataFrame, *, source: str = "") -> pd.DataFrame:
    """A frame as the table of this name, or an error that names every row at fault.

    Parameters
    ----------
    name : str
        Name of the table, as in ``TABLES``.
    frame : DataFrame
        Rows in talik's units. Its index is what the message calls a line.
    source : str, optional
        File that it came from, for the message.

    Returns
    -------
    DataFrame
        All columns of the table, typed; treatments last.

    Raises
    ------
    TableError
        For missing and unknown columns, empty and impossible values, and repeated keys.

    Examples
    --------
    >>> check("sites", pd.DataFrame({"site": ["Sagwon"], "latitude": [97.0]}))
    Traceback (most recent call last):
        ...
    talik.errors.TableError: sites: 1 problem
      line 0, latitude: 97 is impossible; between -90 and 90 degree is needed
    """
    table = TABLES[name]
    lines = frame.index
    problems = _column_problems(table, frame)
    if not problems:
        checked = typed(name, frame)
        checked.index = lines
        problems = _value_problems(table, checked) + _key_problems(table, checked)
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise TableError(f"{source or name}: {count}\n{itemised(problems)}", problems)
    return checked.reset_index(drop=True)


def _column_problems(table: Table, frame: pd.DataFrame) -> list[str]:
    known = [column.name for column in table.columns]
    problems = [
        f"column {header(c.name)!r} is missing; found are: {listed(list(frame.columns), 20)}"
        for c in table.columns if c.required and c.name not in frame
    ]  # fmt: skip
    for column in frame.columns:
        near = difflib.get_close_matches(column, known, n=1, cutoff=0.8)
        if column not in known and near and near[0] not in frame:
            problems.append(f"column {column!r} is not known; do you mean {near[0]!r}?")
        elif column not in known and not table.treatments:
            problems.append(f"column {column!r} is not known; {table.name} has: {listed(known, 30)}")
    return problems


def _value_problems(table: Table, frame: pd.DataFrame) -> list[str]:
    """What the schema of the table refuses, a line for each value."""
    from pandera.errors import SchemaErrors

    try:
        schema(table.name).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.sort_values("index", kind="stable")
        return [_case(table, row) for row in cases.itertuples()]
    return []


def _case(table: Table, row) -> str:
    column = next(c for c in table.columns if c.name == row.column)
    at = f"{row.index if isinstance(row.index, str) else f'line {row.index:.0f}'}, {column.name}:"
    if row.check in ("filled", "not_nullable"):
        return f"{at} is empty, and a value is needed"
    if column.values:
        return f"{at} {row.failure_case!r} is none of {', '.join(repr(v) for v in column.values)}"
    needed = range_in_words(column.name, *(limits(table.name, column.name) or (-_LARGEST, _LARGEST)))
    hint = ""
    if header(column.name).endswith("[degC]") and row.failure_case > 150:
        hint = f". Kelvin? Then call the column '{column.name} [K]'"
    return f"{at} {row.failure_case:g} is impossible; {needed} is needed{hint}"


@cache
def schema(name: str):
    """The pandera schema of a table.

    Parameters
    ----------
    name : str
        Name of the table, as in ``TABLES``.

    Returns
    -------
    pandera.pandas.DataFrameSchema
    """
    import pandera.pandas as pa

    columns = {}
    for column in TABLES[name].columns:
        checks = []
        if column.kind == "text" and column.required:
            checks.append(pa.Check(lambda values: values != "", name="filled"))
        if column.values:
            checks.append(pa.Check.isin(list(column.values)))
        within = limits(name, column.name) if column.kind == "number" else None
        if within:
            checks.append(pa.Check.in_range(*within))
        columns[column.name] = pa.Column(
            checks=checks,
            nullable=not (column.required and column.kind == "number"),
            required=column.required,
        )
    return pa.DataFrameSchema(columns)


def _key_problems(table: Table, frame: pd.DataFrame) -> list[str]:
    if not table.key:
        return []
    key = list(table.key)
    repeated = frame[frame.duplicated(key, keep=False)]
    return [
        f"lines {', '.join(str(line) for line in group.index)}: {_key_in_words(key, values)} stands {len(group)} times"
        f"{_differing(group)}; once is needed"
        for values, group in repeated.groupby(key, sort=False, dropna=False)
    ]


def _differing(group: pd.DataFrame) -> str:
    """What sets the rows of one key apart, in words."""
    differing = {
        c: [_text(v) or "nothing" for v in group[c].unique()] for c in group if group[c].nunique(dropna=False) > 1
    }
    told = [f"{column} {' and '.join(values)}" for column, values in differing.items()]
    return f", with {listed(told, 3)}" if told else ", all alike"


def _key_in_words(key: list[str], values: tuple) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in zip(key, values, strict=True) if _text(value))


def improbable(name: str, frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Values outside the plausible range of their quantity: column, and the finding in words."""
    found = []
    for column in TABLES[name].columns:
        if column.name not in QUANTITIES or column.name not in frame:
            continue
        quantity = QUANTITIES[column.name]
        low, high = quantity.plausible
        outside = frame.loc[(frame[column.name] < low) | (frame[column.name] > high), column.name]
        if len(outside):
            extreme = outside.max() if outside.max() > high else outside.min()
            found.append(
                (
                    column.name,
                    f"{len(outside)} of {frame[column.name].notna().sum()} values outside {low:g} to {high:g} "
                    f"{quantity.unit}; the furthest is {extreme:.4g}",
                )
            )
    return found


def write_table(frame: pd.DataFrame, path: Path | str) -> None:
    """Write a table as CSV with units in the header; numbers read back as the same numbers."""
    frame.rename(columns=header).to_csv(path, index=False)
