"""The main numbers of a study."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.report.tables import ReportTables
from talik.temperature.q10 import pooled, widest


@dataclass(frozen=True)
class LayerCount:
    """Soils of one layer, and those with a Q10."""

    layer: str
    """``active`` or ``permafrost``."""
    soils: int
    """Soils of this layer."""
    with_q10: int
    """Soils of this layer that have a Q10 by the headline definition."""


@dataclass(frozen=True)
class Summary:
    """The main numbers, over soils; several sets of one soil are brought together on ln Q10."""

    headline: str
    """Definition of the Q10."""
    studies: int
    """Studies."""
    soils: int
    """Soils."""
    sets: int
    """Sets of jars."""
    sets_with_q10: int
    """Sets with a Q10 by the headline definition, and a signal."""
    soils_with_q10: int
    """Soils with such a Q10."""
    studies_with_q10: int
    """Studies with such a Q10."""
    median: float
    """Median of the Q10 of soils."""
    low: float
    """5 % quantile of the Q10 of soils."""
    high: float
    """95 % quantile of the Q10 of soils."""
    active: LayerCount
    """The active layer, its organic horizons included."""
    permafrost: LayerCount
    """The permafrost layer."""


def q10_of_soils(estimates: pd.DataFrame) -> pd.Series:
    """One Q10 a soil: the geometric mean over its sets.

    Parameters
    ----------
    estimates : DataFrame
        Rows of the table ``q10``, one a set.

    Returns
    -------
    Series
        Q10 by sample.

    Examples
    --------
    >>> sets = pd.DataFrame({"sample": ["peat", "peat"], "q10": [2.0, 4.5]})
    >>> float(q10_of_soils(sets)["peat"].round(2))
    3.0
    """
    return np.exp(np.log(estimates["q10"]).groupby(estimates["sample"], sort=False).mean())


def summarised(tables: ReportTables, headline: str) -> Summary:
    """The main numbers of a study.

    Parameters
    ----------
    tables : ReportTables
        Its tables.
    headline : str
        Definition of Q10, as in ``widest``.

    Returns
    -------
    Summary
    """
    estimates = pooled(widest(tables.q10, headline))
    soils = q10_of_soils(estimates)
    low, median, high = np.exp(np.quantile(np.log(soils), [0.05, 0.5, 0.95])) if len(soils) else (np.nan,) * 3
    return Summary(
        headline=headline,
        studies=len(tables.studies),
        soils=len(tables.samples),
        sets=tables.jars["set"].nunique(),
        sets_with_q10=len(estimates),
        soils_with_q10=len(soils),
        studies_with_q10=estimates["study"].nunique(),
        median=float(median),
        low=float(low),
        high=float(high),
        active=_count(tables.samples, soils, "active", "organic"),
        permafrost=_count(tables.samples, soils, "permafrost"),
    )


def _count(samples: pd.DataFrame, soils: pd.Series, *layers: str) -> LayerCount:
    mine = samples.loc[samples["layer"].isin(layers), "sample"]
    return LayerCount(layers[0], len(mine), int(mine.isin(soils.index).sum()))
