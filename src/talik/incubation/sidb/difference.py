"""What two sets of measurements differ in, names aside."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from talik.incubation.measurements import Measurements
from talik.problems import Problem, problem
from talik.tables import TABLES

RELATIVE = 1e-9
"""Numbers that differ by less than this share of themselves, or of the largest of their jar and column, are the
same."""

_NAMES = ("study", "site", "sample", "core", "jar", "set", "incubation", "subject", "id", "property")
_ONE_FOR_ALL = ("doi", "licence")
_GROUPS = (("samples", "core"), ("jars", "sample"), ("jars", "set"), ("samples", "site"))


def differences(
    before: Measurements, after: Measurements, sites: Mapping[str, str], jars: Mapping[str, str]
) -> list[Problem]:
    """What was lost or changed on the way from one set of measurements to another.

    They are the same when, with sites and jars named as given and samples found by their jars,

    - every row has its like (a site, a sample, a property, a jar, or a time of a jar),
    - every text is the same, and every number to nine digits of itself or of the largest value of its jar,
    - jars share a sample or a set, and samples a core, in the one as in the other.

    Parameters
    ----------
    before, after : Measurements
        Of one study each.
    sites, jars : mapping of str to str
        Name after, by the name before.

    Returns
    -------
    list of Problem
        One for each column of a table; none where they are the same.
    """
    study = before.studies["study"].iloc[0]
    found: list[Problem] = []
    samples = _samples(before, after, jars)
    aligned = {
        "studies": (before.studies.assign(key="0"), after.studies.assign(key="0")),
        "sites": _keyed(before.sites, after.sites, ["site"], {"site": sites}),
        "samples": _keyed(before.samples, after.samples, ["sample"], {"sample": samples}),
        "properties": _keyed(before.properties, after.properties, ["subject", "id", "property"], {"id": samples}),
        "jars": _keyed(before.jars, after.jars, ["jar"], {"jar": jars}),
        "respiration": _keyed(
            _with_order(before.respiration), _with_order(after.respiration), ["jar", "order"], {"jar": jars}
        ),
    }  # fmt: skip
    for name, (old, new) in aligned.items():
        found += _of_table(study, name, old, new)
    return [*found, *_of_groups(study, before, after, samples, jars)]


def _samples(before: Measurements, after: Measurements, jars: Mapping[str, str]) -> dict[str, str]:
    """Name of each sample after, found by its first jar."""
    old, new = before.jars.set_index("jar")["sample"], after.jars.set_index("jar")["sample"]
    made: dict[str, str] = {}
    for jar, sample in old.items():
        if jars.get(str(jar)) in new.index:
            made.setdefault(sample, new[jars[str(jar)]])
    return made


def _with_order(respiration: pd.DataFrame) -> pd.DataFrame:
    """Rows numbered by time within their jar, temperature and gas."""
    rows = respiration.sort_values(["jar", "gas", "temperature", "time"], kind="stable")
    return rows.assign(order=rows.groupby("jar").cumcount().astype(str))


def _keyed(
    before: pd.DataFrame, after: pd.DataFrame, keys: list[str], names: Mapping[str, Mapping[str, str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with a key of their own, the names before as they are after."""
    renamed = before.assign(**{key: before[key].map(of).fillna("") for key, of in names.items()})

    def key(table: pd.DataFrame) -> pd.Series:
        return pd.Series(
            ["|".join(parts) for parts in table[keys].astype(str).to_numpy()], index=table.index, dtype=str
        )

    return before.assign(key=key(renamed)), after.assign(key=key(after))


def _of_table(study: str, name: str, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[Problem]:
    lost = before[~before["key"].isin(after["key"])]
    if len(lost):
        yield _told(study, name, "", f"{len(lost)} of {len(before)} rows, such as {_who(name, lost)}")
    more = after[~after["key"].isin(before["key"])]
    if len(more):
        yield _told(
            study, name, "", f"{len(more)} rows more than before, such as {_who(name, more)}", done="added",
            severity="info",
        )  # fmt: skip
    old = before.drop_duplicates("key").set_index("key")
    new = after.drop_duplicates("key").set_index("key")
    shared = old.index.intersection(new.index)
    old, new = old.loc[shared], new.loc[shared]
    for column in dict.fromkeys([*old.columns, *new.columns]):
        if column not in _NAMES and column not in ("order", "key"):
            yield from _of_column(study, name, column, old, new)


def _who(name: str, rows: pd.DataFrame) -> str:
    key = TABLES[name].key or ("jar",)
    return " ".join(str(rows[column].iloc[0]) for column in key)


def _of_column(study: str, name: str, column: str, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[Problem]:
    nothing = pd.Series("", index=before.index)
    old, new = before.get(column, nothing), after.get(column, nothing)
    if old.equals(new):
        return
    numeric = pd.api.types.is_numeric_dtype(old) and pd.api.types.is_numeric_dtype(new)
    differ = _apart(before, old, new) if numeric else (old.astype(str) != new.astype(str)).to_numpy()
    if not differ.any():
        return
    had = (old.notna() & (old.astype(str) != "")).to_numpy()
    a, b = old[differ & had] if (differ & had).any() else old[differ], new
    first = a.index[0]
    found = f"{int(differ.sum())} of {len(old)} values, such as {_value(old[first])}"
    if column in _ONE_FOR_ALL and name != "studies":
        return
    now = _value(b[first])
    yield _told(
        study, name, column, found, done="left out" if now == "nothing" else f"reads back as {now}",
        severity="" if (differ & had).any() else "info",
    )  # fmt: skip


def _value(value: object) -> str:
    if value is None or value != value or value == "":
        return "nothing"
    return f"{value:g}" if isinstance(value, float) else repr(value)


def _apart(rows: pd.DataFrame, before: pd.Series, after: pd.Series) -> np.ndarray:
    """Which numbers are not the same."""
    old, new = before.to_numpy(float), after.to_numpy(float)
    largest = np.abs(before)
    if "jar" in rows:
        largest = largest.groupby(rows["jar"]).transform("max")
    return ~np.isclose(old, new, rtol=RELATIVE, atol=RELATIVE * np.nan_to_num(largest.to_numpy(float)), equal_nan=True)


def _of_groups(
    study: str, before: Measurements, after: Measurements, samples: Mapping[str, str], jars: Mapping[str, str]
) -> Iterator[Problem]:
    """Jars of one set, or samples of one core, that are so no longer."""
    for name, column in _GROUPS:
        names, key = (samples, "sample") if name == "samples" else (jars, "jar")
        old = getattr(before, name)
        new = getattr(after, name).drop_duplicates(key).set_index(key)[column]
        pairs = pd.DataFrame({"old": old[column], "new": old[key].map(names).map(new)}).dropna()
        parted = (pairs.groupby("old")["new"].nunique() > 1).sum()
        joined = (pairs.groupby("new")["old"].nunique() > 1).sum()
        if parted or joined:
            yield _told(study, name, column, f"{parted} {column}s are parted, and {joined} hold what was apart")


def _told(study: str, table: str, column: str, found: str, *, done: str = "left out", severity: str = "") -> Problem:
    return problem(
        "not-held", stage="incubation", severity=severity, entry=study, column=column, where=table, found=found,
        needed="a place in the entry", done=done,
    )  # fmt: skip
