"""What every method says when it is told of the errors of the response, beside its naive answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from talik.drivers.components import components_of, table_of_components
from talik.drivers.correlation import ALL_OTHERS, driver_correlations, driver_partial_correlations, explained_by
from talik.drivers.forests import TOO_FEW, TREES, forest_importance, importance_intervals
from talik.drivers.importance import NEGATIVE, driver_importance
from talik.drivers.mixed import driver_effects, layer_differences
from talik.drivers.path_model import PathModel
from talik.drivers.paths import fit_equations, path_effects
from talik.drivers.reliability import LEAST, Reliability, ranks_without_errors, reliability, without_errors
from talik.drivers.selection import forward_selection
from talik.drivers.table import DriverTable
from talik.drivers.variation import variation_partitioning
from talik.drivers.verdict import distances_of, only_layer
from talik.errors import InputError, TalikError
from talik.spatial.moran import WEIGHTS, morans_i, morans_i_of_residuals, morans_i_without_errors
from talik.tables import typed

TAKEN_OUT = "samples weigh 1/(tau2 + se2); errors taken out of the variance"
"""How correlations and shares are told."""
WEIGHED = "samples weigh 1/(tau2 + se2)"
"""How effects are told."""
UNRELIABLE = f"none: errors are more than {100 * (1 - LEAST):.0f} % of the variance"
"""Flag of an answer that errors leave nothing of."""
AT_ONE = "at its limit: what is seen without errors would be more than all there is"
"""Flag of a correlation that is held at 1."""
NO_INTERVAL_OF_PLACE = "no interval; its p stands in drivers_spatial"
"""Flag of Moran's I: to draw places anew parts them from their neighbours."""
SELECTED = "no interval: the same samples chose"
"""Flag of what a forward selection adds."""
_KEYS = ["level", "predictor", "subgroup", "group", "what"]


def beside_naive(
    table: DriverTable,
    *,
    model: PathModel | None = None,
    variables: dict[str, np.ndarray] | None = None,
    few: bool = False,
    permutations: int = 999,
    resamples: int = 999,
    trees: int = TREES,
    seed: int = 1,
) -> pd.DataFrame:
    """Every method told of the errors of the response, beside what it says when they are passed over.

    Effects (mixed models, paths, differences of layers) weigh samples by 1 / (tau² + s²), as they do in their own
    tables. So do correlations, partitioning, shares and forests, whose answers are parts of the response's variance:
    the errors are taken out of that (`talik.drivers.reliability.reliability`), and so does Moran's I
    (`talik.spatial.moran.morans_i_without_errors`). A forward selection is made with weights and without; its rows are
    what each variable that either chose adds to the adjusted R², 0 where it was not chosen. Intervals are those of the
    method; how well the reliability itself is known is not in them. Moran's I, selections and
    the R2 of forests have none.

    Parameters
    ----------
    table : DriverTable
        Response with its errors, and predictors.
    model : PathModel, optional
        Path model.
    variables : dict of str to ndarray, optional
        Variables that the path model may name.
    few : bool, default False
        Whether samples are too few to partition columns, so that components of the subgroups are.
    permutations : int, default 999
        Of each test of a forward selection.
    resamples : int, default 999
        Of bootstraps.
    trees : int, default 200
        Of forests.
    seed : int, default 1
        Of the random numbers.

    Returns
    -------
    DataFrame
        The table ``drivers_errors``.

    Raises
    ------
    InputError
        Where the errors of the response are not known.

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9, 0.6], "sd": [0.05, 0.1] * 4,
    ...                       "clay": [8, 6, 12, 17, 15, 5.0, 9, 20]})
    >>> table = driver_table(soils, response="ln_q10", error="sd", groups={"mineral": ["clay"]})
    >>> found = beside_naive(table, resamples=49, trees=10)
    >>> found.loc[found["method"] == "pearson", ["naive", "estimate"]].round(2).values.tolist()
    [[-0.98, -1.0]]
    """
    if table.error is None:
        raise InputError(
            "the errors of the response are not known: there is only one answer. Name a column, as --error."
        )
    known = reliability(table.response, table.error)
    made = [*_correlations(table, known)]
    for methods in (
        lambda: _variation(table_of_components(table) if few else table, known, resamples, seed),
        lambda: _importance(table, known, resamples, seed), lambda: _forest(table, known, trees, seed),
        lambda: _selection(table, known, permutations, seed), lambda: _places(table, known),
        lambda: _mixed(table), lambda: _layers(table), lambda: _paths(table, model, variables or {}),
    ):  # fmt: skip
        try:
            made.extend(methods())
        except TalikError:
            # What these samples do not carry is told of the method itself.
            continue
    found = pd.concat([one for one in made if len(one)], ignore_index=True)
    found["difference"] = found["estimate"] - found["naive"]
    return typed("drivers_errors", found.assign(
        response=table.response_name, layer=only_layer(table), reliability=known.value, n=table.n,
        sites=pd.unique(table.site).size))  # fmt: skip


def _beside(naive: pd.DataFrame, told: pd.DataFrame, what: Sequence[str] | str, method: str) -> pd.DataFrame:
    """Rows of two tables of one method, side by side."""
    rows = pd.DataFrame({key: told.get(key, "") for key in _KEYS[:-1]}, index=told.index)
    return rows.assign(
        what=what, method=method, naive=naive["estimate"].to_numpy(float), estimate=told["estimate"],
        lower=told["lower"], upper=told["upper"], flag="", how=TAKEN_OUT,
    )  # fmt: skip


def _correlations(table: DriverTable, known: Reliability) -> Iterator[pd.DataFrame]:
    for method in ("pearson", "spearman"):
        told = driver_correlations(table, method, weights=known.weights).assign(level="predictor")
        naive = driver_correlations(table, method)
        found = _beside(naive, told, "correlation", method)
        yield _rid(found, np.full(len(found), known.value), method)
    told = driver_partial_correlations(table, weights=known.weights).assign(level="predictor")
    naive = driver_partial_correlations(table)
    found = _beside(naive, told, told["controlled"] + " held", "partial")
    yield _rid(found, _of_what_is_left(table, known, told), "pearson")


def _of_what_is_left(table: DriverTable, known: Reliability, told: pd.DataFrame) -> np.ndarray:
    """Reliability of what the columns that are held leave of the response, for each row."""
    variable = {column: own for own in table.variables.values() for column in own}
    explained: dict[tuple[str, tuple[str, ...]], tuple[float, int]] = {}
    found = []
    for predictor, controlled in zip(told["predictor"], told["controlled"], strict=True):
        own = variable[predictor] if controlled == ALL_OTHERS else ()
        if (controlled, own) not in explained:
            held = [c for c in table.predictors if c not in own] if own else list(table.groups[controlled])
            explained[controlled, own] = explained_by(table, held, known.weights)
        found.append(known.given(*explained[controlled, own]))
    return np.array(found, float)


def _rid(found: pd.DataFrame, known: np.ndarray, method: str) -> pd.DataFrame:
    """Correlations and their ends rid of the errors."""
    rid = ranks_without_errors if method == "spearman" else without_errors
    made = {name: rid(found[name], known) for name in ("estimate", "lower", "upper")}
    flag = np.where(np.isnan(known), UNRELIABLE, np.where(np.abs(made["estimate"]) >= 1, AT_ONE, ""))
    return found.assign(**made, flag=flag)


def _variation(table: DriverTable, known: Reliability, resamples: int, seed: int) -> Iterator[pd.DataFrame]:
    naive = variation_partitioning(table, permutations=0, resamples=1, seed=seed)
    told = variation_partitioning(table, weights=known.weights, permutations=0, resamples=resamples, seed=seed)
    found = _beside(naive, told, told["fraction"], "variation")
    rest = told["kind"] == "unexplained"
    for name in ("estimate", "lower", "upper"):
        found[name] = np.where(rest, 1 - (1 - told[name]) / known.value, told[name] / known.value)
    yield found.assign(flag=_unknown(known, told["flag"]))


def _unknown(known: Reliability, flags: pd.Series) -> pd.Series:
    return flags if np.isfinite(known.value) else pd.Series(UNRELIABLE, index=flags.index)


def _importance(table: DriverTable, known: Reliability, resamples: int, seed: int) -> Iterator[pd.DataFrame]:
    for level, parts in (("predictor", table.variables), ("subgroup", table.subgroups), ("group", table.groups)):
        for method in ("lmg", "hierarchical"):
            naive = driver_importance(table, level, method, resamples=1, seed=seed)  # type: ignore[arg-type]
            told = driver_importance(table, level, method, fit=known.fit, resamples=resamples, seed=seed)  # type: ignore[arg-type]
            found = _beside(naive, told, "share of the variance", method)
            columns = np.array([len(members) for members in parts.values()])
            chance = columns * (1 - known.value) / (table.n - 1) if method == "lmg" else 0.0
            for name in ("estimate", "lower", "upper"):
                found[name] = (told[name] - chance) / known.value
            flag = np.where((found["estimate"] < 0) & (told["flag"] == ""), NEGATIVE, told["flag"])
            yield found.assign(flag=_unknown(known, pd.Series(flag, index=found.index)))


def _forest(table: DriverTable, known: Reliability, trees: int, seed: int) -> Iterator[pd.DataFrame]:
    columns = list(table.predictors.columns)
    levels = {"predictor": table.variables, "subgroup": table.subgroups, "group": table.groups}
    parts = [(level, name, members) for level, named in levels.items() for name, members in named.items()]
    places = [[columns.index(one) for one in members] for _, _, members in parts]
    site = table.site if table.site_name else None
    both = [
        forest_importance(table.response, table.predictors, places, site=site, weights=weights, trees=trees,
                          permutations=0, seed=seed)
        for weights in (None, known.weights)
    ]  # fmt: skip
    naive, told = (np.append(one.importance, one.r2_unseen) for one in both)
    ends = importance_intervals(both[1], table.response, table.predictors, places, site=site, weights=known.weights,
                                seed=seed)  # fmt: skip
    lower, upper = np.vstack([ends, [np.nan, np.nan]]).T / known.value
    rows = [{"level": level, "predictor": name if level == "predictor" else "", "what": "importance",
             "subgroup": table.subgroup_of[members[0]] if level != "group" else "",
             "group": table.group_of[members[0]]} for level, name, members in parts]  # fmt: skip
    rows.append({"what": "R2 of unseen sites"})
    flags = [UNRELIABLE if np.isnan(known.value) else TOO_FEW if np.isnan(ends).all() else ""] * len(parts)
    flags.append(UNRELIABLE if np.isnan(known.value) else "no interval")
    yield pd.DataFrame(rows).assign(
        method="forest", naive=naive, estimate=told / known.value, lower=lower, upper=upper, flag=flags, how=TAKEN_OUT
    )


def _selection(table: DriverTable, known: Reliability, permutations: int, seed: int) -> Iterator[pd.DataFrame]:
    """What each variable that a forward selection chose, told of the errors or not, adds to the adjusted R²."""
    naive, told = (
        forward_selection(table, weights=weights, permutations=permutations, seed=seed).added
        for weights in (None, known.weights)
    )
    chosen = [name for name in table.variables if name in {**naive, **told}]
    firsts = [table.variables[name][0] for name in chosen]
    only = {(True, False): "; chosen only where errors are passed over", (False, True): "; chosen only where told"}
    rows = pd.DataFrame({
        "level": "predictor", "predictor": chosen, "subgroup": [table.subgroup_of[c] for c in firsts],
        "group": [table.group_of[c] for c in firsts], "what": "adjusted R2 added",
        "naive": [naive.get(name, 0.0) for name in chosen], "estimate": [told.get(name, 0.0) for name in chosen],
        "flag": [SELECTED + only.get((name in naive, name in told), "") for name in chosen],
    })  # fmt: skip
    whole = {"level": "", "predictor": "", "subgroup": "", "group": "", "what": "adjusted R2 of all chosen",
             "naive": sum(naive.values()), "estimate": sum(told.values()),
             "flag": SELECTED if chosen else "nothing is chosen"}  # fmt: skip
    rows = pd.concat([rows, pd.DataFrame([whole])], ignore_index=True)
    rows["estimate"] /= known.value
    rows["flag"] = _unknown(known, rows["flag"])
    yield rows.assign(method="forward selection", lower=np.nan, upper=np.nan, how=TAKEN_OUT)


def _places(table: DriverTable, known: Reliability) -> Iterator[pd.DataFrame]:
    """Moran's I of the response and of what the subgroups leave of it."""
    distance = distances_of(table)
    if distance is None:
        return
    constant = np.ones((table.n, 1))
    subgroups = np.column_stack([constant, *(one.scores for one in components_of(table).values())])
    rows = []
    for words, weigh in WEIGHTS.items():
        near = weigh(distance)
        naive = (morans_i(table.response, near, permutations=0), morans_i_of_residuals(table.response, subgroups, near))
        for of, one, design in zip(("the response", "residuals"), naive, (constant, subgroups), strict=True):
            told = morans_i_without_errors(table.response, design, near, known.fit.known**0.5, known.weights)
            enough = told.reliability >= LEAST and np.isfinite(known.value)
            rows.append({"what": f"Moran's I of {of}, {words}", "naive": one.value,
                         "estimate": told.value if enough else np.nan,
                         "flag": NO_INTERVAL_OF_PLACE if enough else UNRELIABLE})  # fmt: skip
    yield pd.DataFrame(rows).assign(method="moran", lower=np.nan, upper=np.nan, how=TAKEN_OUT)


def _mixed(table: DriverTable) -> Iterator[pd.DataFrame]:
    for level, made in (("predictor", table), ("subgroup", table_of_components(table))):
        told = driver_effects(made)
        told = told[told["estimate"].notna() & (told["term"] != "log-likelihood")]
        yield _weighed(
            driver_effects(replace(made, error=None)), told, level, told["term"].where(told["sd"].isna(), "effect")
        )


def _layers(table: DriverTable) -> Iterator[pd.DataFrame]:
    if len(table.layers()) > 1:
        made = table_of_components(table)
        told = layer_differences(made)
        told = told[told["estimate"].notna()]
        yield _weighed(layer_differences(replace(made, error=None)), told, "subgroup", "difference, " + told["model"])


def _weighed(naive: pd.DataFrame, told: pd.DataFrame, level: str, what: pd.Series) -> pd.DataFrame:
    """Terms of a mixed model with and without the errors."""
    same = told[["model", "term"]].merge(naive, "left", ["model", "term"])
    told = told.assign(level=level, predictor=told["predictor"] if level == "predictor" else "")
    return _beside(same, told, what, "mixed").assign(how=WEIGHED)


def _paths(table: DriverTable, model: PathModel | None, variables: dict[str, np.ndarray]) -> Iterator[pd.DataFrame]:
    name = table.response_name
    if model is None or table.error is None or name not in model.causes:
        return
    made = []
    for error in ({}, {name: table.error}):
        equations = fit_equations(model, variables, distance=distances_of(table), error=error,
                                  site=table.site if table.site_name else None)  # fmt: skip
        effects = path_effects(model, equations, variables)
        effects = effects[effects["response"] == name].rename(columns={"cause": "predictor"})
        own = next(one.fit for one in equations if one.response == name)
        explained = float(np.var(own.fitted))
        r2 = own.r2 if not error else explained / (explained + sum(own.variances.values()))
        made.append(
            pd.concat([effects, pd.DataFrame([{"predictor": "", "kind": "R2", "estimate": r2}])], ignore_index=True)
        )
    naive, told = made
    what = [f"{kind} effect" if kind != "R2" else f"R2 of {name}" for kind in told["kind"]]
    yield _beside(naive, told, what, "paths").assign(how=WEIGHED)


def error_sentence(found: pd.DataFrame) -> str:
    """What it changes to tell the methods of the errors, in a sentence.

    Parameters
    ----------
    found : DataFrame
        The table ``drivers_errors``.

    Returns
    -------
    str
    """
    known = float(found["reliability"].iloc[0])
    if np.isnan(known):
        return (
            f"Errors of the response are more than {100 * (1 - LEAST):.0f} % of its variance: no correlation or "
            "share is told of what is true."
        )
    told = f"Errors of the response are {100 * (1 - known):.0f} % of its variance"
    whole = found[(found["method"] == "variation") & (found["what"] == "all")]
    if len(whole):
        row = whole.iloc[0]
        explained, naive = 100 * row["estimate"], 100 * row["naive"]
        told += f": told of them, all drivers explain {explained:.0f} % of it (adjusted R2), not {naive:.0f} %"
    return f"{told}. The table drivers_errors tells so of every method."
