"""The rows of the report's tables, in words and printed numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.report.numbers import counted, printed, span, with_interval
from talik.report.tables import ReportTables
from talik.temperature.figures import COMPARED, constant_in_words
from talik.temperature.q10 import widest


@dataclass(frozen=True)
class StudyRow:
    """One study: what was measured, and what it gives."""

    study: str
    """Name of the study."""
    title: str
    """Its title."""
    note: str
    """What its authors or its entry say about it."""
    sites: int
    """Sites."""
    soils: int
    """Soils."""
    temperatures: str
    """Incubation temperatures. [°C]"""
    days: str
    """Length of the incubation. [d]"""
    replicates: str
    """Replicates behind a reading."""
    basis: str
    """What carbon is respired per."""
    gives: str
    """Q10 of how many soils, or why none."""


def study_rows(tables: ReportTables) -> list[StudyRow]:
    """Rows of the table of studies, in the order of the studies."""
    return [_study_row(tables, row) for row in tables.studies.itertuples(index=False)]


def _study_row(tables: ReportTables, study) -> StudyRow:
    jars = tables.jars[tables.jars["study"] == study.study]
    ends = tables.release.loc[tables.release["study"] == study.study].groupby("jar")["time"].max()
    rates = tables.respiration[tables.respiration["study"] == study.study]
    known = pd.concat([jars["temperature"], rates["temperature"]]).dropna().unique()
    held = [f"{t:g}".replace("-", "−") for t in sorted(known)]
    return StudyRow(
        study=study.study,
        title=study.title,
        note=study.note,
        sites=int((tables.sites["study"] == study.study).sum()),
        soils=int((tables.samples["study"] == study.study).sum()),
        temperatures=", ".join(held) or "–",
        days=span(round(ends.min()), round(ends.max())) if len(ends) else "–",
        replicates=_replicates(jars),
        basis=_basis(jars),
        gives=_gives(tables.outcomes[tables.outcomes["study"] == study.study]),
    )


def _replicates(jars: pd.DataFrame) -> str:
    """Replicates behind a reading: those stated, or the jars of a set at one temperature."""
    stated = jars["replicates"].dropna()
    if stated.empty and (jars["replicate"] != "").any():
        stated = jars.groupby(["set", "temperature"], dropna=False).size()
    return span(stated.min(), stated.max())


def _basis(jars: pd.DataFrame) -> str:
    words = ", ".join(dict.fromkeys(b for b in jars["basis"] if b)) or "–"
    if (jars["measures"] == "carbon remaining").any():
        words += "; carbon remaining"
    scales = set(jars.loc[jars["excluded"] == "", "scale"])
    if "impossible" in scales:
        return f"{words}; scale not believed"
    return words + ("; scale uncertain" if "uncertain" in scales else "")


def _gives(outcome: pd.DataFrame) -> str:
    if outcome.empty:
        return "not evaluated"
    row = outcome.iloc[0]
    if row["outcome"] == "Q10":
        words = f"Q10 of {row['soils_with_q10']:.0f} of {counted(round(row['soils']), 'soil')}"
        return f"{words} ({counted(round(row['sets_with_q10']), 'set')})" + _after("; ", row["reason"])
    return f"no Q10: {row['outcome']}" + _after(", ", row["reason"])


def _after(mark: str, words: str) -> str:
    return mark + words if words else ""


@dataclass(frozen=True)
class Q10Cell:
    """One Q10 by one definition."""

    value: str
    """Estimate with interval, or that it is not defined."""
    detail: str
    """Window, count and where the interval comes from, or why it is not defined."""
    defined: bool
    """Whether there is a number."""


@dataclass(frozen=True)
class Q10Row:
    """One set with its Q10 by every definition."""

    study: str
    """Study."""
    set: str
    """Name of the set, without its study."""
    temperatures: str
    """Lowest and highest temperature, and how many. [°C]"""
    cells: tuple[Q10Cell, ...]
    """One a definition."""
    remark: str
    """What to mind about the set, such as that it has no signal."""


def definitions_shown(headline: str) -> tuple[str, ...]:
    """Definitions in the order of the columns, the headline first."""
    return (headline, *(name for name in COMPARED if name != headline))


def q10_rows(tables: ReportTables, headline: str) -> list[Q10Row]:
    """A row a set in the order of the studies, with the widest estimate by each definition."""
    found = {name: widest(tables.q10, name).set_index("set") for name in definitions_shown(headline)}
    place = {study: i for i, study in enumerate(tables.studies["study"])}
    sets = tables.q10.drop_duplicates("set").sort_values("study", key=lambda s: s.map(place), kind="stable")
    return [_q10_row(row, found) for row in sets.itertuples(index=False)]


def _q10_row(of_set, found: dict[str, pd.DataFrame]) -> Q10Row:
    rows = [table.loc[of_set.set] if of_set.set in table.index else None for table in found.values()]
    there = [row for row in rows if row is not None]
    spans = {(row["t_low"], row["t_high"], row["temperatures"]) for row in there}
    low, high, count = next(iter(spans)) if len(spans) == 1 else (np.nan,) * 3
    shared = f"{span(low, high)} ({count:.0f})" if len(spans) == 1 else "see cells"
    weak = any("no signal" in row["flag"] for row in there)
    return Q10Row(
        study=of_set.study,
        set=of_set.set.removeprefix(f"{of_set.study} "),
        temperatures=shared,
        cells=tuple(_cell(row, own_span=len(spans) > 1) for row in rows),
        remark="no signal: not among the sets that are compared" if weak else "",
    )


def _cell(row: pd.Series | None, *, own_span: bool) -> Q10Cell:
    if row is None:
        return Q10Cell("not defined", "not estimated", defined=False)
    if not np.isfinite(row["q10"]):
        return Q10Cell("not defined", row["flag"], defined=False)
    detail = [f"day {span(row['time_start'], row['time_end'])}", f"n {row['n']:.0f}"]
    if not np.isfinite(row["time_end"]):
        detail = detail[1:]
    if own_span:
        detail.insert(0, f"{span(row['t_low'], row['t_high'])} °C")
    flags = [flag for flag in row["flag"].split("; ") if flag and not flag.startswith("no signal")]
    words = [f"interval from {row['interval_from']}"] if row["interval_from"] else []
    value = with_interval(row["q10"], row["lower"], row["upper"])
    return Q10Cell(value, " · ".join([*detail, *words, *flags]), defined=True)


@dataclass(frozen=True)
class SensitivityRow:
    """One way to choose the constant."""

    constant: str
    """The way."""
    note: str
    """What it means."""
    cells: tuple[tuple[str, str], ...]
    """The constant, and the ratio with its interval, for each definition."""


def sensitivity_rows(sensitivity: pd.DataFrame, definitions: tuple[str, ...]) -> list[SensitivityRow]:
    """A row a way to choose the constant, with each definition beside the others."""
    rows = []
    for constant, group in sensitivity.groupby("constant", sort=False):
        of = group.drop_duplicates("definition").set_index("definition")
        cells = tuple(
            (printed(of.loc[name, "q10"]), with_interval(*of.loc[name, ["ratio", "lower", "upper"]]))
            if name in of.index
            else ("–", "–")
            for name in definitions
        )
        rows.append(SensitivityRow(constant_in_words(str(constant)), str(group["note"].iloc[0]), cells))
    return rows


@dataclass(frozen=True)
class ProblemGroup:
    """Problems of one study under one rule."""

    rule: str
    """Name of the rule."""
    severity: str
    """``error`` or ``warning``."""
    meaning: str
    """What the rule says."""
    problems: tuple[dict[str, str], ...]
    """The problems."""


@dataclass(frozen=True)
class StudyProblems:
    """Errors and warnings of one study."""

    study: str
    """Study, or empty for what concerns none."""
    errors: int
    """How many errors."""
    warnings: int
    """How many warnings."""
    groups: tuple[ProblemGroup, ...]
    """By rule, errors first."""


def problems_by_study(problems: pd.DataFrame, studies: pd.DataFrame) -> Iterator[StudyProblems]:
    """Errors and warnings, in the order of the studies and then of those that are no study's."""
    grave = problems[problems["severity"].isin(["error", "warning"])]
    for study in dict.fromkeys([*studies["study"], *grave["entry"]]):
        mine = grave[grave["entry"] == study]
        if len(mine):
            counts = mine["severity"].value_counts()
            yield StudyProblems(
                study, int(counts.get("error", 0)), int(counts.get("warning", 0)), tuple(_problem_groups(mine))
            )


def _problem_groups(problems: pd.DataFrame) -> Iterator[ProblemGroup]:
    from talik.problems import RULES

    for severity in ("error", "warning"):
        for rule, group in problems[problems["severity"] == severity].groupby("rule", sort=False):
            meaning = RULES[rule].meaning if rule in RULES else ""
            yield ProblemGroup(str(rule), severity, meaning, tuple(group.to_dict("records")))


def identified_pools(pools: pd.DataFrame) -> pd.DataFrame:
    """The Q10 of pools that the data identify."""
    return pools[pools["parameter"].str.startswith("q10") & pools["identified"]]


def pools_by_model(pools: pd.DataFrame) -> list[tuple[str, int, int]]:
    """How many Q10 of each model are identified, of how many that were fitted."""
    rows = pools[pools["parameter"].str.startswith("q10")]
    return [(str(name), int(of["identified"].sum()), len(of)) for name, of in rows.groupby("model", sort=False)]


def reasons_not_identified(pools: pd.DataFrame) -> list[tuple[str, int]]:
    """Why the Q10 of the other pools are not identified, the commonest first; too wide is one reason."""
    rest = pools[pools["parameter"].str.startswith("q10") & ~pools["identified"]]
    reasons = rest["reason"].where(rest["reason"] != "", "no reason given")
    reasons = reasons.str.replace(r"spans a factor of [\d.e+]+;", "spans too large a factor;", regex=True)
    return [(str(reason), int(n)) for reason, n in reasons.value_counts(sort=True).items()]
