"""Active layer against permafrost layer, within a core: Q10 by every definition, and carbon released."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from talik.frames import accepted, complete, whole_rates_and_jars
from talik.inference.line import Estimate, freedom_of_quantile, mean_of, satterthwaite
from talik.tables import empty, typed
from talik.temperature.between_jars import release_errors, released_by
from talik.temperature.curves import Curve, sets_of_curves, stepped
from talik.temperature.estimate import FIRST, STUDY_RESIDUALS, mean_of_jars, told_error
from talik.temperature.q10 import PROFILE, pooled, widest

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
    respiration: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""The permafrost layer over the active layer, in every core where both were taken.

    .. math:: \ln\frac{Q_p}{Q_a} = \overline{\ln Q_p} - \overline{\ln Q_a}

    over the sets of each layer with the same treatment and temperatures, for every definition of Q10. The interval
    of one core is Student's t with the errors of its two layers and the degrees of freedom of Welch (1947). Intervals
    of pools have no such error; there, variances are recovered from the two intervals (Zou and Donner 2008, Statistics
    in Medicine 27, 1693-1702). Over two cores or more it is that of their differences, which are paired. How often
    they hold the truth is told in docs/calibration/contrasts.md.

    Where `release` and `jars` are given, carbon released per gram of soil carbon is compared as well, at each
    temperature, on the last day that all jars of the core's two layers reached; its interval is that of the ln
    release of the jars, and over cores that of the paired differences. Of means with standard deviations, `respiration`
    tells which part of the error a jar keeps and which averages out over its readings, as for a Q10; without it they
    add up in full, and the interval of one core is too wide.

    Parameters
    ----------
    q10, samples : DataFrame
        The tables of these names.
    release, jars, respiration : DataFrame, optional
        The tables of these names.

    Returns
    -------
    DataFrame
        The table ``layers``: a row a core and measure, and one over all cores (core ``all``; `n` is their number).
        Empty where no core has both; `layers_in_words` says so.

    Raises
    ------
    TableError
        For tables that nothing can be computed from; every row and jar at fault is named.

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
    q10, samples = (complete(name, accepted(name, one)) for name, one in (("q10", q10), ("samples", samples)))
    if release is not None:
        release = complete("release", accepted("release", release))
    if respiration is not None and jars is not None:
        respiration, jars = whole_rates_and_jars(respiration, jars)
    elif jars is not None:
        jars = complete("jars", accepted("jars", jars))
    rows: list[dict] = []
    for measure, estimates in _measures(q10):
        rows += _of_measure(f"Q10, {measure}", estimates, samples)
    if release is not None and jars is not None:
        rows += _of_release(release, jars, samples, _curves_of_means(respiration, release, jars))
    if not rows:
        return empty("layers")
    cores = typed("layers", pd.DataFrame(rows))
    parts = [part for _, one in cores.groupby("measure", sort=False) for part in (one, over_cores(one)) if len(part)]
    return pd.concat(parts, ignore_index=True)


def over_cores(layers: pd.DataFrame) -> pd.DataFrame:
    """Mean ratio over cores with the interval of their paired differences, for measures of two cores or more.

    Parameters
    ----------
    layers : DataFrame
        Rows of cores of the table ``layers``.

    Returns
    -------
    DataFrame
        The table ``layers``: a row a measure, of release a row a measure and temperature; core ``all``.

    Examples
    --------
    >>> cores = pd.DataFrame({"core": ["a", "b", "c"], "measure": "Q10, rate", "t_low": 5, "t_high": 15,
    ...                       "ratio": [1.2, 1.5, 1.9]})
    >>> over_cores(typed("layers", cores))[["core", "ratio", "lower", "upper", "n"]].round(2).values.tolist()
    [['all', 1.51, 0.85, 2.67, 3.0]]
    """
    told = layers[layers["ratio"].notna()]
    is_release = told["measure"] == RELEASE
    rows = [
        *_over_cores(told[~is_release], ["gas", "measure"]),
        *_over_cores(told[is_release], ["gas", "measure", "t_low", "t_high"]),
    ]
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
    return rows


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
    """Ratio in one core, with its interval."""
    frozen = (group["layer"] == "permafrost").to_numpy()
    logs, lower, upper = np.log(group[["q10", "lower", "upper"]].to_numpy(float)).T
    shares = np.where(frozen, 1.0 / frozen.sum(), -1.0 / (~frozen).sum())
    difference = float(shares @ logs)
    error, source = group["sd_ln_q10"].to_numpy(float), group["interval_from"].to_numpy(object)
    if (error > 0).all() and np.isfinite(upper - lower).all() and not (source == PROFILE).any():
        freedom = freedom_of_quantile((upper - lower) / 2 / error)
        found = _student((shares * error) ** 2, freedom, source == STUDY_RESIDUALS)
        ends = replace(found, value=difference).interval()
    else:
        ends = _recovered(difference, np.abs(shares), frozen, logs - lower, upper - logs)
    return _ratio(difference, *ends, 1, _unequal_windows(group["time_end"].to_numpy(float), frozen))


def _student(variances: np.ndarray, freedom: np.ndarray, shared: np.ndarray) -> Estimate:
    """Error of a difference of sets.

    Those that take the residuals of their study have one variance between them, known no better for being used twice.
    """
    if shared.any():
        variances = np.r_[variances[~shared], variances[shared].sum()]
        freedom = np.r_[freedom[~shared], freedom[shared].min()]
    return Estimate(np.nan, float(variances.sum()) ** 0.5, satterthwaite(variances, freedom))


def _recovered(
    difference: float, shares: np.ndarray, frozen: np.ndarray, down: np.ndarray, up: np.ndarray
) -> tuple[float, float]:
    """Ends of the interval of a difference, recovered from how far the interval of each set reaches down and up."""
    lower = np.hypot.reduce(shares * np.where(frozen, down, up))
    upper = np.hypot.reduce(shares * np.where(frozen, up, down))
    return difference - float(lower), difference + float(upper)


def _unequal_windows(ends: np.ndarray, frozen: np.ndarray) -> str:
    """That the two layers were not compared over the same days, where so."""
    active, permafrost = (np.max(own, where=np.isfinite(own), initial=0.0) for own in (ends[~frozen], ends[frozen]))
    if 0 < min(active, permafrost) < max(active, permafrost) / (1 + UNEQUAL):
        return f"windows differ: active to day {active:.3g}, permafrost to day {permafrost:.3g}"
    return ""


def _over_cores(table: pd.DataFrame, alike: list[str]) -> list[dict]:
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


CurvesOf = dict[str, tuple[Curve, ...]]
"""The curves of the set of each jar, the coldest first."""


def _curves_of_means(respiration: pd.DataFrame | None, release: pd.DataFrame, jars: pd.DataFrame) -> CurvesOf:
    """The curves of sets that are told as means of replicates."""
    if respiration is None:
        return {}
    means = jars[jars["replicates"] > 1]
    found = sets_of_curves(respiration, release, jars[jars["set"].isin(means["set"])])
    curves = {one.set: one.curves for one in found if one.gas != "ch4"}
    return {jar: curves[name] for jar, name in zip(means["jar"], means["set"], strict=True) if name in curves}


def _of_release(release: pd.DataFrame, jars: pd.DataFrame, samples: pd.DataFrame, means: CurvesOf) -> list[dict]:
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
            rows.append(keys | _release_of_core(group, means if keys["gas"] != "ch4" else {}))
    return rows


def _release_of_core(curves: pd.DataFrame, means: CurvesOf) -> dict[str, object]:
    """Ratio of releases in one core, on the last day that all of its jars reached."""
    of_jars = [(rows["layer"].iloc[0], rows.sort_values("time")) for _, rows in curves.groupby("jar", sort=False)]
    day = min(float(rows["time"].iloc[-1]) for _, rows in of_jars)
    active, frozen = (
        _log_release([rows for own, rows in of_jars if own == layer], day, means) for layer in ("active", "permafrost")
    )
    if not np.isfinite(active.value + frozen.value):
        return {"time": day, "ratio": np.nan, "n": 1, "flag": "no ratio: a layer released nothing"}
    error = float(np.hypot(active.error, frozen.error))
    freedom = satterthwaite([active.error**2, frozen.error**2], [active.freedom, frozen.freedom])
    difference = Estimate(frozen.value - active.value, error, freedom)
    return {"time": day} | _ratio(difference.value, *difference.interval(), 1)


def _log_release(jars: list[pd.DataFrame], day: float, means: CurvesOf) -> Estimate:
    """Mean ln release of the jars of a layer by a day; one row that is the mean of replicates has their error."""
    values = np.array([_by_day(curve, "specific_release", day) for curve in jars])
    if not (values > 0).all():
        return Estimate(np.nan, np.nan, 0)
    if values.size > 1:
        return mean_of_jars(np.log(values))
    log, curves = float(np.log(values[0])), means.get(jars[0]["jar"].iloc[0])
    if curves is not None:
        return replace(_of_mean(curves, float(jars[0]["temperature"].iloc[0]), day), value=log)
    # The error of a release is in the unit of the first basis that it is known for.
    of = "release" if jars[0]["release"].notna().any() else "specific_release"
    relative = _by_day(jars[0], "sd", day) / _by_day(jars[0], of, day)
    freedom = float(jars[0]["replicates"].iloc[0]) - 1
    return Estimate(log, told_error(relative) if freedom >= 1 else np.nan, np.nan_to_num(freedom))


def _of_mean(curves: tuple[Curve, ...], temperature: float, day: float) -> Estimate:
    """Relative error of the release of a mean of replicates by a day."""
    days = np.full((len(curves), 1), day)
    carbon = np.array([released_by(curve, own) for curve, own in zip(curves, days, strict=True)])
    mine = [i for i, curve in enumerate(curves) if curve.temperature == temperature]
    if not mine or not (carbon > 0).all():
        return Estimate(np.nan, np.nan, 0)
    errors = release_errors(curves, days, carbon)
    error = told_error(float(errors.covariance[mine[0], 0, 0]) ** 0.5)
    return Estimate(np.nan, error, float(errors.freedom[mine[0]]))


def _by_day(curve: pd.DataFrame, column: str, day: float) -> float:
    return float(np.interp(day, [0.0, *curve["time"]], [0.0, *curve[column]]))
