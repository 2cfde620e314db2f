"""The tables of a result as the report reads them: every one there, with all of its columns."""

from dataclasses import dataclass, fields

import pandas as pd

from talik.problems import COLUMNS
from talik.result import StudyResult
from talik.tables import typed


@dataclass(frozen=True)
class ReportTables:
    """Every table that the report draws on. A stage that did not run has tables without rows."""

    studies: pd.DataFrame
    """Table ``studies``."""
    sites: pd.DataFrame
    """Table ``sites``."""
    samples: pd.DataFrame
    """Table ``samples``."""
    jars: pd.DataFrame
    """Table ``jars``."""
    readings: pd.DataFrame
    """Table ``readings``."""
    respiration: pd.DataFrame
    """Table ``respiration``."""
    budgets: pd.DataFrame
    """Table ``budgets``."""
    release: pd.DataFrame
    """Table ``release``."""
    pools: pd.DataFrame
    """Table ``pools``."""
    q10: pd.DataFrame
    """Table ``q10``."""
    drift: pd.DataFrame
    """Table ``drift``."""
    layers: pd.DataFrame
    """Table ``layers``."""
    sensitivity: pd.DataFrame
    """Table ``sensitivity``."""
    outcomes: pd.DataFrame
    """Table ``outcomes``."""
    problems: pd.DataFrame
    """What was found in the data."""


def report_tables(result: StudyResult) -> ReportTables:
    """The tables of a result, those that are missing without rows.

    Parameters
    ----------
    result : StudyResult
        What a study came to.

    Returns
    -------
    ReportTables
    """
    stages = (result.survey, result.incubation, result.flux, result.pools, result.temperature)
    given = {name: frame for stage in stages for name, frame in stage.items()}
    names = [field.name for field in fields(ReportTables) if field.name != "problems"]
    tables = {name: typed(name, given.get(name, pd.DataFrame())) for name in names}
    problems = result.problems.reindex(columns=list(COLUMNS)).fillna("").astype("str")
    return ReportTables(**tables, problems=problems)
