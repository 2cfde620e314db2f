"""Q10 of jars that were warmed in steps: every jar gives its own, and their errors are paired.

The same jar is read at several temperatures one after another, so it has no two curves to compare
at equal time or equal carbon: those definitions are refused in words. ``rate-ratio``, ``rate-fit``,
``exponential-fit`` and ``arrhenius`` are found for each jar, and their mean over the jars is given.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from talik.frames import CLOSEST
from talik.inference.line import Estimate, slope
from talik.tables import RESPIRATION_OF
from talik.temperature.arrhenius import arrhenius_line, ln_q10_per_energy
from talik.temperature.curves import stepped, usable_jars
from talik.temperature.estimate import (
    ACROSS_FREEZING,
    FREEZING,
    PER_TEN_DEGREES,
    TOO_CLOSE,
    Q10Estimate,
    mean_of_jars,
    scaled,
    undefined,
)
from talik.temperature.exponential import exponential_slope

REFUSED = "refused: the jars were warmed in steps, so no two curves share a start"
"""Why equal time and equal carbon do not exist for such jars."""


def stepped_sets(respiration: pd.DataFrame, jars: pd.DataFrame) -> Iterator[tuple[dict[str, str], list[Q10Estimate]]]:
    """Every set of jars warmed in steps, with its estimates.

    Parameters
    ----------
    respiration, jars : DataFrame
        The tables of these names.

    Yields
    ------
    keys : dict
        study, set, sample, basis and gas.
    estimates : list of Q10Estimate
    """
    rows = respiration[respiration["jar"].isin(stepped(respiration))]
    rows = rows.merge(usable_jars(jars), on="jar", suffixes=("", "_of_jar"))
    for (name, basis, gas), group in rows.groupby(["set", "basis", "gas"], sort=False):
        first = group.iloc[0]
        keys = {"study": first["study"], "set": name, "sample": first["sample"], "basis": basis, "gas": gas}
        yield keys, list(_estimates(group, RESPIRATION_OF[basis]))


def _estimates(rows: pd.DataFrame, column: str) -> Iterator[Q10Estimate]:
    held = np.sort(rows["temperature"].dropna().unique())
    frozen, thawed = held[held < FREEZING], held[held >= FREEZING]
    for side in (frozen, thawed):
        if side.size > 1:
            yield from _of_side(rows[rows["temperature"].isin(side)], column)
    if frozen.size and thawed.size:
        yield undefined("rate-ratio", frozen[-1], thawed[0], 2, ACROSS_FREEZING, paired=True)
    for definition in ("equal-time", "equal-carbon"):
        yield undefined(definition, float(held[0]), float(held[-1]), held.size, REFUSED, paired=True)


def _of_side(rows: pd.DataFrame, column: str) -> Iterator[Q10Estimate]:
    """Estimates on one side of freezing."""
    positive = rows[rows[column] > 0]
    logs = np.log(positive[column]).groupby([positive["jar"], positive["temperature"]]).mean().unstack()
    temperatures = logs.columns.to_numpy(float)
    if temperatures.size < 2:
        held = np.sort(rows["temperature"].unique())
        yield undefined("rate-ratio", held[0], held[-1], held.size, "no positive rate at two temperatures", paired=True)
        return
    pairs = list(combinations(temperatures, 2))
    yield from (_pair(logs, low, high) for low, high in pairs if high - low >= CLOSEST)
    close = [pair for pair in pairs if pair[1] - pair[0] < CLOSEST]
    if close:
        yield undefined("rate-ratio", *close[0], 2, TOO_CLOSE, paired=True)
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    if temperatures.size > 2:
        yield _over_all(logs.dropna(), span)
        rates = rows.groupby(["jar", "temperature"])[column].mean().unstack().dropna()
        curved = [exponential_slope(rates.columns, row) for row in rates.to_numpy()]
        yield _mean_over_jars("exponential-fit", [one.slope if one else None for one in curved], PER_TEN_DEGREES, span)
        yield _mean_over_jars(
            "arrhenius", [arrhenius_line(temperatures, row).energy for row in logs.dropna().to_numpy()],
            ln_q10_per_energy(*span[:2]), span,
        )  # fmt: skip


def _mean_over_jars(
    definition: str, fits: Sequence[Estimate | None], factor: float, span: tuple[float, float, int]
) -> Q10Estimate:
    """Mean of what each jar gives, times a factor that makes it ln Q10; one jar has the residuals of its own fit."""
    found = [fit for fit in fits if fit is not None]
    if not found:
        why = "no exponential fits any jar" if fits else "no jar with all temperatures"
        return undefined(definition, *span, why, paired=True)
    log, source = (found[0], "residuals") if len(found) == 1 else (mean_of_jars([f.value for f in found]), "replicates")
    missing = len(fits) - len(found)
    flag = f"{missing} of {len(fits)} jars left out, which no exponential fits" if missing else ""
    return Q10Estimate(definition, *span, scaled(log, factor), len(found), source, paired=True, flag=flag)


def _pair(logs: pd.DataFrame, low: float, high: float) -> Q10Estimate:
    differences = (logs[high] - logs[low]).dropna().to_numpy()
    if not differences.size:
        return undefined("rate-ratio", low, high, 2, "no jar with both temperatures", paired=True)
    log = scaled(mean_of_jars(differences), PER_TEN_DEGREES / (high - low))
    flag = "one jar: no interval" if differences.size == 1 else ""
    return Q10Estimate("rate-ratio", low, high, 2, log, differences.size, "replicates", paired=True, flag=flag)


def _over_all(logs: pd.DataFrame, span: tuple[float, float, int]) -> Q10Estimate:
    if logs.empty:
        return undefined("rate-fit", *span, "no jar with all temperatures", paired=True)
    temperatures = logs.columns.to_numpy(float)
    slopes = [slope(temperatures, row) for row in logs.to_numpy()]
    if len(slopes) == 1:
        log, source = slopes[0], "residuals"
    else:
        log, source = mean_of_jars([one.value for one in slopes]), "replicates"
    return Q10Estimate("rate-fit", *span, scaled(log, PER_TEN_DEGREES), len(slopes), source, paired=True)
