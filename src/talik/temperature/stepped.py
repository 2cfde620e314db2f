"""Q10 of jars that were warmed in steps: every jar gives its own, and their errors are paired.

The same jar is read at several temperatures one after another, so it has no two curves to compare
at equal time or equal carbon: those definitions are refused in words.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from talik.inference.line import mean_of, slope
from talik.tables import RESPIRATION_OF
from talik.temperature.curves import stepped, usable_jars
from talik.temperature.estimate import PER_TEN_DEGREES, Q10Estimate, scaled, undefined

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
    positive = rows[rows[column] > 0]
    logs = np.log(positive[column]).groupby([positive["jar"], positive["temperature"]]).mean().unstack()
    temperatures = logs.columns.to_numpy(float)
    if temperatures.size < 2:
        held = np.sort(rows["temperature"].unique())
        yield undefined("rate-ratio", held[0], held[-1], held.size, "no positive rate at two temperatures", paired=True)
        return
    for low, high in combinations(temperatures, 2):
        yield _pair(logs, low, high)
    span = (float(temperatures[0]), float(temperatures[-1]), temperatures.size)
    if temperatures.size > 2:
        yield _over_all(logs.dropna(), span)
    for definition in ("equal-time", "equal-carbon"):
        yield undefined(definition, *span, REFUSED, paired=True)


def _pair(logs: pd.DataFrame, low: float, high: float) -> Q10Estimate:
    differences = (logs[high] - logs[low]).dropna().to_numpy()
    if not differences.size:
        return undefined("rate-ratio", low, high, 2, "no jar with both temperatures", paired=True)
    log = scaled(mean_of(differences), PER_TEN_DEGREES / (high - low))
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
        log, source = mean_of([one.value for one in slopes]), "replicates"
    return Q10Estimate("rate-fit", *span, scaled(log, PER_TEN_DEGREES), len(slopes), source, paired=True)
