"""Active layer against permafrost layer, within a core: Q10 by every definition, and carbon released."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from talik.inference.line import Estimate, mean_of, satterthwaite
from talik.tables import empty, typed
from talik.temperature.curves import stepped
from talik.temperature.estimate import FIRST
from talik.temperature.q10 import pooled, widest

ALL_CORES = "all"
"""Name in the column `core` of the mean over cores."""

RELEASE = "release per carbon"
"""Measure of the carbon released per gram of soil carbon by the same day."""

UNEQUAL = 0.05
"""Windows whose last days differ by more than this share are unequal."""

_KEYS = ["study", "core", "treatment", "gas", "t_low", "t_high"]


def compare_layers(
    q10: pd.DataFrame,
    samples: pd.DataFrame,
    *,
    release: pd.DataFrame | None = None,
    jars: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""The permafrost layer over the active layer, in every core where both were taken.

    .. math:: \ln\frac{Q_p}{Q_a} = \overline{\ln Q_p} - \overline{\ln Q_a}

    over the sets of each layer with the same treatment and temperatures, for every definition of Q10. The interval
    of one core recovers the variances of its two layers from their intervals (Zou and Donner 2008, Statistics in
    Medicine 27, 1693-1702); over two cores or more it is that of their differences, which are paired.

    Where `release` and `jars` are given, carbon released per gram of soil carbon is compared as well, at each
    temperature, on the last day that all jars of the core's two layers reached; its interval is that of the ln
    release of the jars, and over cores that of the paired differences.

    Parameters
    ----------
    q10, samples : DataFrame
        The tables of these names.
    release, jars : DataFrame, optional
        The tables of these names.

    Returns
    -------
    DataFrame
        The table ``layers``: a row a core and measure, and one over all cores (core ``all``; `n` is their number).
        Empty where no core has both; `layers_in_words` says so.

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
    rows: list[dict] = []
    for measure, estimates in _measures(q10):
        rows += _of_measure(f"Q10, {measure}", estimates, samples)
    if release is not None and jars is not None:
        rows += _of_release(release, jars, samples)
    return typed("layers", pd.DataFrame(rows)) if rows else empty("layers")


def layers_in_words(layers: pd.DataFrame, samples: pd.DataFrame) -> str:
    """How many cores the comparison of layers rests on, in a sentence; where there is none, why.

    Parameters
    ----------
    layers, samples : DataFrame
        The tables of these names.

    Returns
    -------
    str

    Examples
    --------
    >>> samples = typed("samples", pd.DataFrame({"sample": ["a"], "site": "s", "core": "c", "layer": "active"}))
    >>> layers_in_words(empty("layers"), samples)
    'No core can be compared: of 1 core, 1 has an active and 0 have a permafrost layer, and 0 have both.'
    """
    cores = layers.loc[layers["core"] != ALL_CORES, ["study", "core"]].drop_duplicates()
    if len(cores):
        return f"{_counted(len(cores), 'core')} {'has' if len(cores) == 1 else 'have'} both layers, compared within it."
    known = _thawed_or_frozen(samples[samples["core"] != ""])
    held = known.groupby(["study", "core"])["layer"].agg(set)
    active, frozen = (sum(layer in one for one in held) for layer in ("active", "permafrost"))
    both = sum({"active", "permafrost"} <= one for one in held)
    total = len(samples.loc[samples["core"] != "", ["study", "core"]].drop_duplicates())
    words = [f"{n} {'has' if n == 1 else 'have'}" for n in (active, frozen, both)]
    told = f"of {_counted(total, 'core')}, {words[0]} an active and {words[1]} a permafrost layer, and {words[2]} both"
    why = ", but without a Q10 or a release at the same temperatures" if both else ""
    return f"No core can be compared: {told}{why}."


def _counted(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _measures(q10: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Every definition of Q10 with one estimate a set."""
    for definition in ("equal-carbon", "equal-time", "rate"):
        yield definition, widest(q10, definition)
    yield "rate at the first reading", widest(q10[q10["window"] == FIRST], "rate")
    for definition in ("exponential-fit", "arrhenius"):
        yield definition, widest(q10, definition)
    of_pools = q10[q10["definition"] == "pool"]
    for pool in dict.fromkeys(of_pools["pool"]):
        yield f"pool ({pool})", of_pools[of_pools["pool"] == pool]


def _of_measure(measure: str, estimates: pd.DataFrame, samples: pd.DataFrame) -> list[dict]:
    estimates = _in_layers(pooled(estimates), samples)
    rows = []
    for values, group in estimates.groupby(_KEYS, sort=False):
        if group["layer"].nunique() == 2:
            keys = dict(zip(_KEYS, values, strict=True)) | {"measure": measure}
            rows.append(keys | _of_core(group))
    return rows + _over_cores(rows, ["gas", "measure"])


def _in_layers(rows: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """Rows of samples that come from a core, with the layer and the treatment of their set."""
    of_core = _thawed_or_frozen(samples[samples["core"] != ""])
    joined = rows.merge(of_core[["sample", "core", "layer"]], on="sample")
    return joined.assign(treatment=[_treatment(row) for row in joined.itertuples()])


def _treatment(row) -> str:
    """What was done to a set, as its name tells behind that of its sample."""
    return str(row.set).removeprefix(str(row.sample)).strip(", ")


def _thawed_or_frozen(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples of the active and the permafrost layer; in a core of peat the organic layer is the active one."""
    is_active = samples["layer"] == "active"
    has_active = is_active.groupby([samples["study"], samples["core"]]).transform("any")
    layer = samples["layer"].where((samples["layer"] != "organic") | has_active, "active")
    return samples.assign(layer=layer)[layer.isin(["active", "permafrost"])]


def _of_core(group: pd.DataFrame) -> dict[str, object]:
    """Ratio in one core; its interval recovers the variances from those of the two layers."""
    layers = {layer: _mean(rows) for layer, rows in group.groupby("layer")}
    (active, active_low, active_high), (frozen, low, high) = layers["active"], layers["permafrost"]
    difference = frozen - active
    lower = difference - np.hypot(frozen - low, active_high - active)
    upper = difference + np.hypot(high - frozen, active - active_low)
    return _ratio(difference, lower, upper, 1, _unequal_windows(group))


def _mean(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Mean ln Q10 of the sets of a layer, and the ends of its interval."""
    logs, lower, upper = (np.log(rows[column].to_numpy(float)) for column in ("q10", "lower", "upper"))
    value = float(logs.mean())
    return value, value - np.hypot.reduce(logs - lower) / logs.size, value + np.hypot.reduce(upper - logs) / logs.size


def _unequal_windows(group: pd.DataFrame) -> str:
    """That the two layers were not compared over the same days, where so."""
    ends = group.groupby("layer")["time_end"].max().dropna()
    if len(ends) == 2 and ends.max() > (1 + UNEQUAL) * ends.min():
        return f"windows differ: active to day {ends['active']:.3g}, permafrost to day {ends['permafrost']:.3g}"
    return ""


def _over_cores(rows: list[dict], alike: list[str]) -> list[dict]:
    """Mean ratio over cores with the interval of their paired differences, where there are two cores or more."""
    table = pd.DataFrame(rows, columns=[*_KEYS, "measure", "time", "ratio"])
    made = []
    for values, group in table.groupby(alike, sort=False):
        logs = np.log(group["ratio"].astype(float)).groupby([group["study"], group["core"]]).mean()
        if len(logs) < 2:
            continue
        found = mean_of(logs)
        keys = dict(zip(alike, values, strict=True)) | {"study": _one_of(group["study"], ""), "core": ALL_CORES}
        held = {name: _one_of(group[name], np.nan) for name in ("t_low", "t_high", "time")}
        several = group[["t_low", "t_high"]].drop_duplicates()
        flag = f"over {len(several)} pairs of temperatures" if len(several) > 1 else ""
        made.append(keys | held | _ratio(found.value, *found.interval(), len(logs), flag))
    return made


def _one_of(values: pd.Series, otherwise):
    """The value, where it is the same in all rows."""
    return values.iloc[0] if values.nunique(dropna=False) == 1 else otherwise


def _ratio(log: float, lower: float, upper: float, n: int, flag: str = "") -> dict[str, object]:
    if not np.isfinite(lower):
        flag = "; ".join(filter(None, [flag, "no interval: that of a layer is not known"]))
    return {"ratio": np.exp(log), "lower": np.exp(lower), "upper": np.exp(upper), "n": n, "flag": flag}


def _of_release(release: pd.DataFrame, jars: pd.DataFrame, samples: pd.DataFrame) -> list[dict]:
    """Ratios of the carbon released per carbon, a row a core and temperature, and over cores."""
    believed = jars[(jars["excluded"] == "") & jars["measures"].isin(["respiration", ""]) & (jars["scale"] == "")]
    placed = _in_layers(believed[["jar", "set", "sample", "study", "replicates"]], samples)
    placed = placed[["jar", "study", "core", "layer", "treatment", "replicates"]]
    curves = release.dropna(subset=["specific_release"]).drop(columns="study").merge(placed, on="jar")
    curves = curves[~curves["jar"].isin(stepped(release))]
    curves = curves.assign(t_low=curves["temperature"], t_high=curves["temperature"])
    rows = []
    for values, group in curves.groupby(_KEYS, sort=False):
        if group["layer"].nunique() == 2:
            keys = dict(zip(_KEYS, values, strict=True)) | {"measure": RELEASE}
            rows.append(keys | _release_of_core(group))
    return rows + _over_cores([row for row in rows if np.isfinite(row["ratio"])], ["gas", "measure", "t_low", "t_high"])


def _release_of_core(curves: pd.DataFrame) -> dict[str, object]:
    """Ratio of releases in one core, on the last day that all of its jars reached."""
    day = float(curves.groupby("jar")["time"].max().min())
    layers = {layer: _log_release(rows, day) for layer, rows in curves.groupby("layer")}
    active, frozen = layers["active"], layers["permafrost"]
    if not np.isfinite(active.value + frozen.value):
        return {"time": day, "ratio": np.nan, "n": 1, "flag": "no ratio: a layer released nothing"}
    error = float(np.hypot(active.error, frozen.error))
    freedom = satterthwaite([active.error**2, frozen.error**2], [active.freedom, frozen.freedom])
    difference = Estimate(frozen.value - active.value, error, freedom)
    return {"time": day} | _ratio(difference.value, *difference.interval(), 1)


def _log_release(rows: pd.DataFrame, day: float) -> Estimate:
    """Mean ln release of the jars of a layer by a day; one row that is the mean of replicates has their error."""
    jars = [curve.sort_values("time") for _, curve in rows.groupby("jar", sort=False)]
    values = np.array([_by_day(curve, "specific_release", day) for curve in jars])
    if not (values > 0).all():
        return Estimate(np.nan, np.nan, 0)
    if values.size > 1:
        return mean_of(np.log(values))
    # The error of a release is in the unit of the first basis that it is known for.
    of = "release" if jars[0]["release"].notna().any() else "specific_release"
    relative = _by_day(jars[0], "sd", day) / _by_day(jars[0], of, day)
    freedom = float(jars[0]["replicates"].iloc[0]) - 1
    return Estimate(float(np.log(values[0])), relative if freedom >= 1 else np.nan, np.nan_to_num(freedom))


def _by_day(curve: pd.DataFrame, column: str, day: float) -> float:
    return float(np.interp(day, [0.0, *curve["time"]], [0.0, *curve[column]]))
