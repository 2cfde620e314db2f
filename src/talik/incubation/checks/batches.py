"""Batches of an instrument and cabinets: whether they explain respiration that nothing else explains."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from talik.incubation.checks.curves import Curves, codes, curves
from talik.problems import Problem, problem

ALPHA = 0.002
"""Probability that a batch or cabinet effect is told where there is none."""

LEAST_EFFECT = 0.1
"""Spread of batches below which an effect is not told, however sure it is; of ln respiration, so 10 %."""

LEAST_FREEDOM = 4
"""Degrees of freedom within batches from which an effect can be told from scatter."""

CONFOUNDERS = (("held", "temperature"), ("treatment", "treatment"), ("sample", "soil"))
"""Columns of jars that a batch can go with, the ones that are compared most first."""


@dataclass(frozen=True)
class Effect:
    """What batches add to a level once all else is accounted for."""

    f: float
    """Mean square between batches over the mean square within."""
    p: float
    """Probability of as large an F, were there no effect."""
    between: int
    """Degrees of freedom between batches; 0 where batches go with the cells."""
    within: int
    """Degrees of freedom within batches."""
    size: float
    """Standard deviation of the batches, as a natural logarithm, the scatter of jars taken off."""


def batch_effect(level, batch, *cells):
    r"""F test of batches, with jars of each cell compared among themselves only.

    Levels and batches are swept of the means of every cell in turn until nothing is left of them; what the
    swept batches then explain is

    .. math:: F = \frac{(S_0 - S_1) / r}{S_1 / (n - g - r)}

    Parameters
    ----------
    level : ndarray, shape (n,)
        Natural logarithm of respiration.
    batch : ndarray of int, shape (n,)
        Batch of each.
    *cells : ndarray of int, shape (n,)
        What else explains levels, such as the jars treated alike, or jars and days side by side.

    Returns
    -------
    Effect

    Examples
    --------
    >>> level = np.array([0.0, 0.5, 0.1, 0.5, 1.0, 1.6, 1.1, 1.5])
    >>> found = batch_effect(level, np.array([0, 1, 0, 1] * 2), np.repeat([0, 1], 4))
    >>> found.between, found.within, bool(found.p < 0.01)
    (1, 5, True)
    """
    dummies = (batch[:, None] == np.arange(batch.max() + 1)).astype(float)
    left = swept(np.column_stack([level, dummies]), cells)
    value, dummies = left[:, 0], left[:, 1:]
    directions, sizes, _ = np.linalg.svd(dummies, full_matrices=False)
    basis = directions[:, sizes > 1e-6 * np.sqrt(level.size)]
    between, within = basis.shape[1], level.size - rank_of(cells) - basis.shape[1]
    if not between or within < LEAST_FREEDOM:
        return Effect(np.nan, np.nan, between, within, np.nan)
    explained = float(((basis.T @ value) ** 2).sum())
    rest = max(float(value @ value) - explained, 1e-12)
    f = explained / between / (rest / within)
    each = float((dummies**2).sum()) / between
    size = np.sqrt(max(explained / between - rest / within, 0.0) / each)
    return Effect(f, float(stats.f.sf(f, between, within)), between, within, float(size))


def swept(values, cells):
    """Columns less the means of all cells, swept in turn until they no longer change.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Columns.
    cells : sequence of ndarray of int, shape (n,)
        Cells, one or several kinds.

    Returns
    -------
    ndarray, shape (n, k)
    """
    values = np.array(values, float)
    for _ in range(200 if len(cells) > 1 else 1):
        before = values.copy()
        for cell in cells:
            count = np.bincount(cell)
            for k in range(values.shape[1]):
                values[:, k] -= (np.bincount(cell, values[:, k]) / np.fmax(count, 1))[cell]
        if np.abs(values - before).max() < 1e-10:
            break
    return values


def rank_of(cells) -> int:
    """Number of means that cells take off: of two kinds, one less for every part that is not linked to the rest."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    sizes = [int(np.unique(cell).size) for cell in cells]
    if len(cells) == 1:
        return sizes[0]
    first, second = (np.unique(cell, return_inverse=True)[1] for cell in cells)
    links = coo_array((np.ones(first.size), (first, second + sizes[0])), shape=(sum(sizes),) * 2)
    return sum(sizes) - int(connected_components(links, directed=False)[0])


def jar_batches(of: Curves) -> Iterator[Problem]:
    """Batches of jars that respire differently, jars of one soil, treatment and temperature compared.

    Parameters
    ----------
    of : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    yield from _of_jars(of, "batch", "batch-effect", "batch-confounded", "batches")


def cabinets(of: Curves) -> Iterator[Problem]:
    """Cabinets of one temperature whose jars respire differently; or that no temperature has two cabinets.

    Parameters
    ----------
    of : Curves
        Jars of one study.

    Yields
    ------
    Problem
    """
    yield from _of_jars(of, "cabinet", "cabinet-effect", "cabinet-confounded", "cabinets")


def _of_jars(of: Curves, column: str, rule: str, confounded: str, name: str) -> Iterator[Problem]:
    of = of.of((of.jars[column] != "").to_numpy())
    if of.jars[column].nunique() < 2:
        return
    level, batch = of.level(), codes(of.jars[column])
    effect = batch_effect(level, batch, codes(of.jars["cell"]))
    if not np.isfinite(effect.p):
        # Without replicates that cross, soils and temperatures side by side leave something to compare.
        beside = batch_effect(level, batch, codes(of.jars["set"]), codes(of.jars["held"]))
        effect = beside if beside.between else effect
    if effect.between == 0:
        yield _goes_with(of, column, confounded, name)
    elif effect.p < ALPHA and effect.size > LEAST_EFFECT:
        yield _effect_told(of.study, rule, name, batch.max() + 1, effect, "jars of one soil, treatment and temperature")


def _effect_told(study: str, rule: str, name: str, count: int, effect: Effect, alike: str) -> Problem:
    return problem(
        rule, stage="incubation", entry=study, column=name, where=f"{count} {name}",
        found=f"{name} differ by {100 * np.expm1(effect.size):.0f} % (standard deviation) among {alike}; "
        f"F({effect.between}, {effect.within}) = {effect.f:.1f}, p = {effect.p:.1g}",
        needed=f"{name} that agree within {100 * LEAST_EFFECT:.0f} %",
        done="kept; were calibration, timing and temperature the same?",
    )  # fmt: skip


def _goes_with(of: Curves, column: str, rule: str, name: str) -> Problem:
    """Which of the things that are compared a batch cannot be told apart from."""
    batch = codes(of.jars[column])
    with_them = [
        word for key, word in CONFOUNDERS
        if of.jars[key].nunique() > 1 and batch_effect(of.level(), batch, codes(of.jars[key])).between == 0
    ]  # fmt: skip
    compared = [word for word in with_them if word != "soil"] or with_them or ["soil, treatment and temperature"]
    # One cabinet a temperature is how most laboratories work; the doubt is told, not complained of.
    common = rule == "cabinet-confounded" or compared == ["soil"]
    return problem(
        rule, severity="info" if common else "warning", stage="incubation", entry=of.study, column=name,
        where=f"{of.jars[column].nunique()} {name}",
        found=f"no {compared[0]} has jars in two {name}, so an effect of {name} and one of {compared[0]} "
        "cannot be told apart",
        needed=f"jars treated alike in more than one of the {name}", done="kept; no test can tell",
    )  # fmt: skip


def reading_batches(jars: pd.DataFrame, respiration: pd.DataFrame, readings: pd.DataFrame) -> Iterator[Problem]:
    """Batches of readings that differ, each jar compared with itself and with jars treated alike on the same day.

    Parameters
    ----------
    jars, respiration, readings : DataFrame
        The tables of these names; `readings` says in which batch each was.

    Yields
    ------
    Problem
    """
    if not (readings["batch"] != "").any():
        return
    rates = respiration.assign(batch=batches_of(respiration, readings))
    rates = rates[rates["batch"] != ""]
    for one in curves(jars, respiration):
        rows = rates[rates["jar"].isin(one.jars["jar"]) & (rates["gas"] == one.gas)]
        rows = rows.assign(visit=np.abs(rows["time"].to_numpy(float)[:, None] - one.time).argmin(axis=1))
        place = pd.Series(range(len(one.jars)), index=one.jars["jar"])[rows["jar"]].to_numpy(int)
        value = one.log_rate[place, rows["visit"].to_numpy(int)]
        known = np.isfinite(value)
        if rows["batch"][known].nunique() > 1:
            yield from _of_readings(one, rows[known], place[known], value[known])


def _of_readings(of: Curves, rows: pd.DataFrame, place, value) -> Iterator[Problem]:
    batch, visit = codes(rows["batch"]), rows["visit"].to_numpy(int)
    for column in ("cell", "held"):
        of_jar = of.jars[column].iloc[place]
        alike = codes(of_jar.astype("str") + "|" + pd.Series(visit, index=of_jar.index).astype("str"))
        effect = batch_effect(value, batch, place, alike)
        if np.isfinite(effect.p):
            if effect.p < ALPHA and effect.size > LEAST_EFFECT:
                yield _effect_told(of.study, "batch-effect", "batches", batch.max() + 1, effect, "jars read on one day")
            return
    day = batch_effect(value, batch, visit).between == 0
    yield problem(
        "batch-confounded", severity="info" if day else "warning", stage="incubation", entry=of.study,
        column="batches", where=f"{rows['batch'].nunique()} batches of readings",
        found=f"no {'day' if day else 'temperature'} was read in two batches, so an effect of batches and one of "
        f"{'time' if day else 'temperature'} cannot be told apart",
        needed="jars of every temperature in each batch", done="kept; no test can tell",
    )  # fmt: skip


def batches_of(respiration: pd.DataFrame, readings: pd.DataFrame) -> pd.Series:
    """The batch in which each rate was read: that of most readings of its interval.

    Parameters
    ----------
    respiration, readings : DataFrame
        The tables of these names.

    Returns
    -------
    Series of str
        With the index of `respiration`; '' where unknown.
    """
    read = readings[readings["event"].isin(["", "read"]) & (readings["batch"] != "")]
    gas = read["gas"].where(read["gas"] != "", "co2")
    rows = respiration.assign(row=np.arange(len(respiration)), gas=respiration["gas"].replace("", "co2"))
    joined = rows[["row", "jar", "gas", "time", "time_start", "time_end"]].merge(
        read.assign(gas=gas)[["jar", "gas", "time", "batch"]], on=["jar", "gas"], suffixes=("", "_read")
    )
    start, end = joined["time_start"].fillna(joined["time"]), joined["time_end"].fillna(joined["time"])
    inside = joined[(joined["time_read"] >= start - 1e-6) & (joined["time_read"] <= end + 1e-6)]
    most = inside.groupby(["row", "batch"]).size().reset_index(name="count").sort_values("count", kind="stable")
    known = most.groupby("row")["batch"].last()
    return pd.Series(rows["row"].map(known).fillna("").to_numpy(str), index=respiration.index)
