"""Active layer against permafrost layer, within a core."""

import numpy as np
import pandas as pd

from talik.inference.line import Estimate, mean_of
from talik.tables import empty, typed
from talik.temperature.q10 import pooled, widest

_DEFINITIONS = ("equal-carbon", "equal-time", "rate")


def compare_layers(q10: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    r"""Q10 of the permafrost layer over that of the active layer, in every core where both were taken.

    .. math:: \ln\frac{Q_p}{Q_a} = \overline{\ln Q_p} - \overline{\ln Q_a}

    over the sets of each layer with the same temperatures. The error of one core comes from
    those of its Q10; over two cores or more from their differences, which are paired.

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
    ...              "temperatures": 2, "q10": [2.0, 3.0], "sd_ln_q10": 0.1}
    >>> samples = {"sample": ["a", "b"], "site": "s", "core": "c", "layer": ["active", "permafrost"]}
    >>> found = compare_layers(typed("q10", pd.DataFrame(estimates)), typed("samples", pd.DataFrame(samples)))
    >>> found[["ratio", "lower", "upper"]].round(2).values.tolist()
    [[1.5, 1.14, 1.98]]
    """
    rows = [row for definition in _DEFINITIONS for row in _of_definition(q10, samples, definition)]
    return typed("layers", pd.DataFrame(rows)) if rows else empty("layers")


def _of_definition(q10: pd.DataFrame, samples: pd.DataFrame, definition: str) -> list[dict]:
    estimates = pooled(widest(q10, definition)).merge(samples[["sample", "core", "layer"]], on="sample")
    estimates = _thawed_or_frozen(estimates[estimates["core"] != ""])
    rows = []
    for (study, core, low, high), group in estimates.groupby(["study", "core", "t_low", "t_high"], sort=False):
        if group["layer"].nunique() == 2:
            keys = {
                "study": study,
                "core": core,
                "measure": f"Q10, {definition}",
                "t_low": low,
                "t_high": high,
            }
            rows.append(keys | _ratio(_difference(group), 1))
    if len(rows) > 1:
        logs = np.log([row["ratio"] for row in rows])
        rows.append({"study": "", "core": "all", "measure": f"Q10, {definition}"} | _ratio(mean_of(logs), len(logs)))
    return rows


def _thawed_or_frozen(estimates: pd.DataFrame) -> pd.DataFrame:
    """Estimates of the active and the permafrost layer; in a core of peat the organic layer is the active one."""
    has_active = estimates.groupby("core")["layer"].transform(lambda layers: (layers == "active").any())
    layer = estimates["layer"].where((estimates["layer"] != "organic") | has_active, "active")
    return estimates.assign(layer=layer)[layer.isin(["active", "permafrost"])]


def _difference(group: pd.DataFrame) -> Estimate:
    """Mean ln Q10 of the permafrost layer less that of the active layer, with its error."""
    logs = np.log(group["q10"]).groupby(group["layer"]).mean()
    errors = (group["sd_ln_q10"] ** 2).groupby(group["layer"]).agg(lambda v: np.sqrt(v.sum(skipna=False)) / len(v))
    return Estimate(float(logs["permafrost"] - logs["active"]), float(np.hypot(*errors)), np.inf)


def _ratio(difference: Estimate, n: int) -> dict[str, float | str]:
    lower, upper = np.exp(difference.interval())
    flag = "" if np.isfinite(lower) else "no interval: an error is not known"
    return {"ratio": float(np.exp(difference.value)), "lower": lower, "upper": upper, "n": n, "flag": flag}
