"""Active layer against permafrost layer, within a core."""

import numpy as np
import pandas as pd

from talik.inference.line import mean_of
from talik.tables import empty, typed
from talik.temperature.q10 import pooled, widest

_DEFINITIONS = ("equal-carbon", "equal-time", "rate")


def compare_layers(q10: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    r"""Q10 of the permafrost layer over that of the active layer, in every core where both were taken.

    .. math:: \ln\frac{Q_p}{Q_a} = \overline{\ln Q_p} - \overline{\ln Q_a}

    over the sets of each layer with the same treatment and temperatures. The interval of one core recovers the
    variances of its two layers from their intervals (Zou and Donner 2008, Statistics in Medicine 27, 1693-1702);
    over two cores or more it is that of their differences, which are paired.

    Parameters
    ----------
    q10, samples : DataFrame
        The tables of these names.

    Returns
    -------
    DataFrame
        The table ``layers``: a row a core and definition, and one over all cores (core ``all``).

    Examples
    --------
    One core whose permafrost layer is half again as sensitive:

    >>> estimates = {"set": ["a", "b"], "sample": ["a", "b"], "definition": "equal-time", "t_low": 5, "t_high": 15,
    ...              "temperatures": 2, "q10": [2.0, 3.0], "lower": [1.6, 2.5], "upper": [2.5, 3.6]}
    >>> samples = {"sample": ["a", "b"], "site": "s", "core": "c", "layer": ["active", "permafrost"]}
    >>> found = compare_layers(typed("q10", pd.DataFrame(estimates)), typed("samples", pd.DataFrame(samples)))
    >>> found[["ratio", "lower", "upper"]].round(2).values.tolist()
    [[1.5, 1.12, 2.0]]
    """
    rows = [row for definition in _DEFINITIONS for row in _of_definition(q10, samples, definition)]
    return typed("layers", pd.DataFrame(rows)) if rows else empty("layers")


def _of_definition(q10: pd.DataFrame, samples: pd.DataFrame, definition: str) -> list[dict]:
    estimates = pooled(widest(q10, definition)).merge(samples[["sample", "core", "layer"]], on="sample")
    estimates = _thawed_or_frozen(estimates[estimates["core"] != ""])
    estimates = estimates.assign(treatment=[_treatment(row) for row in estimates.itertuples()])
    alike = estimates.groupby(["study", "core", "treatment", "gas", "t_low", "t_high"], sort=False)
    rows = []
    for (study, core, _, _, low, high), group in alike:
        if group["layer"].nunique() == 2:
            keys = {"study": study, "core": core, "measure": f"Q10, {definition}", "t_low": low, "t_high": high}
            rows.append(keys | _of_core(group))
    of_core = pd.DataFrame(rows, columns=["core", "ratio"])
    if of_core["core"].nunique() > 1:
        ratios = np.exp(np.log(of_core["ratio"].astype(float)).groupby(of_core["core"]).mean())
        rows.append({"study": "", "core": "all", "measure": f"Q10, {definition}"} | _over_cores(list(ratios)))
    return rows


def _treatment(row) -> str:
    """What was done to a set, as its name tells behind that of its sample."""
    return str(row.set).removeprefix(str(row.sample))


def _thawed_or_frozen(estimates: pd.DataFrame) -> pd.DataFrame:
    """Estimates of the active and the permafrost layer; in a core of peat the organic layer is the active one."""
    has_active = estimates.groupby("core")["layer"].transform(lambda layers: (layers == "active").any())
    layer = estimates["layer"].where((estimates["layer"] != "organic") | has_active, "active")
    return estimates.assign(layer=layer)[layer.isin(["active", "permafrost"])]


def _of_core(group: pd.DataFrame) -> dict[str, float | str]:
    """Ratio in one core; its interval recovers the variances from those of the two layers."""
    layers = {layer: _mean(rows) for layer, rows in group.groupby("layer")}
    (active, active_low, active_high), (frozen, low, high) = layers["active"], layers["permafrost"]
    difference = frozen - active
    lower = difference - np.hypot(frozen - low, active_high - active)
    upper = difference + np.hypot(high - frozen, active - active_low)
    return _ratio(difference, lower, upper, 1)


def _mean(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Mean ln Q10 of the sets of a layer, and the ends of its interval."""
    logs, lower, upper = (np.log(rows[column].to_numpy(float)) for column in ("q10", "lower", "upper"))
    value = float(logs.mean())
    return value, value - np.hypot.reduce(logs - lower) / logs.size, value + np.hypot.reduce(upper - logs) / logs.size


def _over_cores(ratios: list[float]) -> dict[str, float | str]:
    """Mean ratio over cores, with the interval of their paired differences."""
    found = mean_of(np.log(ratios))
    return _ratio(found.value, *found.interval(), len(ratios))


def _ratio(log: float, lower: float, upper: float, n: int) -> dict[str, float | str]:
    flag = "" if np.isfinite(lower) else "no interval: that of a layer is not known"
    return {"ratio": np.exp(log), "lower": np.exp(lower), "upper": np.exp(upper), "n": n, "flag": flag}
