"""All of an attribution: every method on one table, the verdict, and what speaks against it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from talik.drivers.analyses import DEFAULT, DRAWS
from talik.drivers.bayesian import SAMPLER, bayesian_effects
from talik.drivers.before import collinearity
from talik.drivers.components import components_of, opposed, table_of_components
from talik.drivers.correlation import driver_correlations, driver_partial_correlations
from talik.drivers.forests import PERMUTATIONS, TOO_FEW, TREES, forest_importance, importance_intervals
from talik.drivers.importance import driver_importance
from talik.drivers.mixed import driver_effects, layer_differences
from talik.drivers.naive import beside_naive, error_sentence
from talik.drivers.path_model import PathModel, parse_paths
from talik.drivers.paths import PathFit, fit_paths, path_table
from talik.drivers.place import DRIVERS, PLACE, table_of_place
from talik.drivers.robustness import robustness
from talik.drivers.selection import selection_table
from talik.drivers.table import DriverTable
from talik.drivers.variation import variation_partitioning
from talik.drivers.verdict import (
    Verdict,
    distances_of,
    group_sentences,
    only_layer,
    shares_of,
    verdict_of_table,
    verdict_table,
)
from talik.errors import TalikError
from talik.spatial.eigenvectors import spatial_patterns
from talik.spatial.folds import Fold, spatial_folds
from talik.spatial.moran import WEIGHTS, Moran, morans_i, morans_i_of_residuals
from talik.tables import typed

FULL = 3
"""Samples for each column that variation partitioning needs; with fewer it takes components of the subgroups."""

Told = Callable[[str, str], None]


@dataclass(frozen=True)
class Effort:
    """How much is computed."""

    draws: int = DRAWS
    """Draws of the response."""
    permutations: int = 999
    """Permutations of variation partitioning."""
    resamples: int = 999
    """Bootstrap by site."""
    trees: int = TREES
    """Trees of a forest."""
    forests: int = PERMUTATIONS
    """Forests of permuted responses."""
    seed: int = 1
    """Seed of all draws."""
    posterior: int = 0
    """Draws of each chain of the Bayesian regression, after as many that tune it; 0 for none."""


@dataclass(frozen=True)
class Attribution:
    """What drives a response, by every method."""

    table: DriverTable
    """What was analysed."""
    tables: dict[str, pd.DataFrame]
    """The tables ``drivers_*`` by name."""
    verdict: Verdict
    """The primary analysis."""
    paths: PathFit | None
    """The path model, where one was given."""
    sentences: tuple[str, ...]
    """The verdict in words: what is to be known first, then a sentence a subgroup, then groups."""
    left_out: tuple[str, ...]
    """Methods that were left out, and why."""


def attribute(
    table: DriverTable, *, paths: str = "", of: str = "", primary: str = DEFAULT, effort: Effort | None = None,
    told: Told = lambda method, what: None,
) -> Attribution:  # fmt: skip
    """Every method on one table.

    A method that these samples cannot carry is left out and told; the verdict is not.

    Parameters
    ----------
    table : DriverTable
        As from `talik.drivers.driver_table`.
    paths : str, optional
        Path model of columns, subgroups and the response, as ``logq10 ~ mineral + abundance; abundance ~ mineral``.
    of : str, optional
        What is explained, for the sentences; Q10 or the name of the response where not given.
    primary : str, default "mixed model"
        The analysis whose answer is the verdict, named before anything is computed: a name in
        `talik.drivers.analyses.ANALYSES`. The others are set beside it.
    effort : Effort, optional
        How much is computed.
    told : callable, optional
        Is told of each method: its name, and ``begins`` or what became of it.

    Returns
    -------
    Attribution

    Raises
    ------
    TableError
        If the table does not carry the primary analysis.
    SettingsError
        If the path model cannot be read, or no analysis is called so.

    Examples
    --------
    A synthetic transect, made with minerals that lower Q10 and microbes that raise it:

    >>> from talik.drivers import TransectDesign, driver_table, transect_table
    >>> soils = transect_table(TransectDesign(layers=("permafrost",), effects={"mineral": -0.2, "abundance": 0.2}), 1)
    >>> groups = {"mineral": ["feox", "caex"], "microbial": ["plfa", "copies_16s"]}
    >>> table = driver_table(soils, response="logq10", error="logq10_error", groups=groups, log=["feox", "plfa"])
    >>> found = attribute(table, of="Q10", effort=Effort(draws=20, permutations=19, resamples=49, trees=10, forests=0))
    >>> found.tables["drivers_verdict"][["subgroup", "finding"]].values.tolist()
    [['mineral', 'lowers'], ['microbial', 'raises']]
    """
    effort = effort or Effort()
    of = of or ("Q10" if "q10" in table.response_name.lower() else table.response_name)
    model = parse_paths(paths, known=_variables(table)) if paths else None
    verdict = verdict_of_table(table, of=of, analysis=primary, draws=effort.draws, seed=effort.seed)
    made: dict[str, list[pd.DataFrame]] = {}
    left_out: list[str] = []
    kept: dict[str, PathFit] = {}
    for method, name, compute in _methods(table, verdict, model, effort, kept):
        told(method, "begins")
        try:
            made.setdefault(name, []).extend(compute())
            told(method, "done")
        except TalikError as error:
            left_out.append(f"{method}: {error}")
            told(method, f"left out: {str(error).splitlines()[0]}")
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in made.items() if frames}
    said = list(_sentences(table, tables, verdict))
    tables["drivers_words"] = words_table([*said, *(("left out", one) for one in left_out)])
    return Attribution(table, tables, verdict, kept.get("paths"), tuple(words for _, words in said), tuple(left_out))


def words_table(said: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Sentences as the table ``drivers_words``.

    Parameters
    ----------
    said : sequence of (str, str)
        Kind and words of each.

    Returns
    -------
    DataFrame
    """
    return typed("drivers_words", pd.DataFrame(said, columns=["kind", "words"]))


def _methods(
    table: DriverTable, verdict: Verdict, model: PathModel | None, effort: Effort, kept: dict[str, PathFit]
) -> Iterator[tuple[str, str, Callable[[], list[pd.DataFrame]]]]:
    """Every method in order: its name in words, its table, and what computes that."""
    of_layers = list(table.layers().values()) if len(table.layers()) > 1 else []
    parts = [table, *of_layers]
    yield "samples", "drivers_samples", lambda: [_samples(table)]
    yield "predictors", "drivers_predictors", lambda: [_predictors(table)]
    yield "correlations", "drivers_correlation", lambda: [
        _of_layer(driver_correlations(part, method), part) for part in parts for method in ("pearson", "spearman")
    ]  # fmt: skip
    yield "partial correlations", "drivers_partial", lambda: [
        _of_layer(driver_partial_correlations(part), part) for part in parts
    ]  # fmt: skip
    yield "variation partitioning", "drivers_variation", lambda: list(_variation(table, effort))
    if (distance := distances_of(table)) is not None:
        yield "variation of drivers and place", "drivers_variation", lambda: list(
            _variation_of_place(table, distance, effort)
        )  # fmt: skip
    yield "relative importance", "drivers_importance", lambda: [
        driver_importance(table, level, method, resamples=effort.resamples, seed=effort.seed)
        for level in ("predictor", "subgroup", "group") for method in ("lmg", "hierarchical")
    ]  # fmt: skip
    yield "forward selection", "drivers_selection", lambda: [_selection(table, effort)]
    yield "random forest", "drivers_importance", lambda: [_forest(table, effort)]
    yield "mixed models", "drivers_mixed", lambda: [driver_effects(table), driver_effects(table_of_components(table))]
    if of_layers:
        yield "difference of layers", "drivers_mixed", lambda: [layer_differences(table_of_components(table))]
    yield "places", "drivers_spatial", lambda: [_places(table, verdict)]
    if model is not None:
        yield "path model", "drivers_paths", lambda: [_paths(table, model, effort, kept)]
    if effort.posterior:
        sampler = replace(SAMPLER, warmup=effort.posterior, draws=effort.posterior)
        yield "Bayesian regression", "drivers_bayes", lambda: [
            bayesian_effects(table, sampler=sampler, seed=effort.seed)
        ]  # fmt: skip
    yield "components", "drivers_components", lambda: [_components(table)]
    if table.error is not None:
        yield "errors of the response", "drivers_errors", lambda: [
            beside_naive(table, model=model, variables=_variables(table), few=_few(table),
                         permutations=effort.permutations, resamples=effort.resamples, trees=effort.trees,
                         seed=effort.seed)
        ]  # fmt: skip
    yield "other analyses", "drivers_robustness", lambda: [_robustness(table, verdict, effort)]
    yield "verdict", "drivers_verdict", lambda: [_verdict(table, verdict), *_of_layers(of_layers, verdict, effort)]


def _of_layer(found: pd.DataFrame, table: DriverTable) -> pd.DataFrame:
    return found.assign(layer=only_layer(table))


def _samples(table: DriverTable) -> pd.DataFrame:
    """What was analysed, as tables and figures need it."""
    place = np.full((table.n, 2), np.nan) if table.coordinates is None else table.coordinates
    rows = {"sample": table.sample, "site": table.site, "latitude": place[:, 0], "longitude": place[:, 1],
            "layer": "" if table.layer is None else table.layer, "estimate": table.response,
            "sd": np.nan if table.error is None else table.error}  # fmt: skip
    return typed("drivers_samples", pd.DataFrame(rows).assign(response=table.response_name))


def _predictors(table: DriverTable) -> pd.DataFrame:
    """How each predictor was scaled, and how far it is told apart from the others."""
    inflation = collinearity(table).variance_inflation
    rows = table.scaling.rename_axis("predictor").reset_index()
    rows["group"] = rows["predictor"].map(table.group_of)
    rows["subgroup"] = rows["predictor"].map(table.subgroup_of)
    rows["variance_inflation"] = rows["predictor"].map(inflation)
    return typed("drivers_predictors", rows.assign(n=table.n))


def _variation(table: DriverTable, effort: Effort) -> Iterator[pd.DataFrame]:
    """Variation partitioning of the columns, and of components where samples or sites are few for that."""
    tests: dict[str, Any] = {
        "permutations": effort.permutations,
        "resamples": effort.resamples,
        "seed": effort.seed,
    }
    found = None if _few(table) else variation_partitioning(table, **tests)
    if found is not None:
        yield found
    if found is None or found["lower"].isna().all():
        of_components = variation_partitioning(table_of_components(table), **tests)
        yield of_components.assign(method=of_components["method"] + ", components of the subgroups")


def _variation_of_place(table: DriverTable, distance: np.ndarray, effort: Effort) -> Iterator[pd.DataFrame]:
    """Variation partitioning of all drivers against the patterns in space that the response follows, if any."""
    taken = table_of_components(table) if _few(table) else table
    both = table_of_place(taken, distance, permutations=effort.permutations, seed=effort.seed)
    if both is not None:
        found = variation_partitioning(
            both, (DRIVERS, PLACE), permutations=effort.permutations, resamples=effort.resamples, seed=effort.seed
        )
        yield found.assign(method=f"adjusted R2, {PLACE} as {len(both.groups[PLACE])} patterns in space")


def _selection(table: DriverTable, effort: Effort) -> pd.DataFrame:
    """Forward selection of the columns; of components where samples are few for that."""
    taken = table_of_components(table) if _few(table) else table
    found = selection_table(taken, permutations=effort.permutations, seed=effort.seed)
    of = ", components of the subgroups" if _few(table) else ""
    return _of_layer(found.assign(method=found["method"] + of), table)


def _few(table: DriverTable) -> bool:
    """Whether samples are too few to partition columns."""
    return table.n < FULL * table.predictors.shape[1]


def _verdict(table: DriverTable, verdict: Verdict) -> pd.DataFrame:
    try:
        shares = shares_of(table)
    except TalikError:
        shares = None
    return verdict_table(verdict, table, shares)


def _of_layers(tables: list[DriverTable], verdict: Verdict, effort: Effort) -> Iterator[pd.DataFrame]:
    """The verdict of each layer that carries one."""
    for one in tables:
        try:
            own = verdict_of_table(one, of=verdict.of, analysis=verdict.analysis, draws=effort.draws, seed=effort.seed)
            yield _verdict(one, own)
        except TalikError:
            continue


def _variables(table: DriverTable) -> dict[str, np.ndarray]:
    """What may stand in a path model: columns, subgroups by their full and their last name, the response."""
    components = {name: one.scores for name, one in components_of(table).items()}
    short = {name.split("/")[-1]: scores for name, scores in components.items()}
    columns = {str(name): table.predictors[name].to_numpy(float) for name in table.predictors}
    return {**columns, **short, **components, table.response_name: table.response}


def _site(table: DriverTable) -> np.ndarray | None:
    return table.site if table.site_name else None


def _paths(table: DriverTable, model: PathModel, effort: Effort, kept: dict[str, PathFit]) -> pd.DataFrame:
    error = {} if table.error is None else {table.response_name: table.error}
    fit = fit_paths(
        model, _variables(table), distance=distances_of(table), site=_site(table),
        error={name: values for name, values in error.items() if name in model.causes}, seed=effort.seed,
    )  # fmt: skip
    kept["paths"] = fit
    found = path_table(fit, table.response_name)
    return typed("drivers_paths", found.assign(sites=np.unique(table.site).size, method="piecewise, REML",
                                               layer=only_layer(table)))  # fmt: skip


def _folds(table: DriverTable) -> list[Fold]:
    distance = distances_of(table)
    if distance is None or np.unique(np.argmax(distance <= 0, axis=1)).size < 6:
        return []
    return spatial_folds(distance)


def _forest(table: DriverTable, effort: Effort) -> pd.DataFrame:
    """Importance of every predictor, subgroup and group in one random forest."""
    columns = list(table.predictors.columns)
    levels = {"predictor": table.variables, "subgroup": table.subgroups, "group": table.groups}
    parts = [(level, name, members) for level, named in levels.items() for name, members in named.items()]
    places = [[columns.index(one) for one in members] for _, _, members in parts]
    found = forest_importance(
        table.response, table.predictors, places, site=_site(table), folds=_folds(table), trees=effort.trees,
        permutations=effort.forests, seed=effort.seed,
    )  # fmt: skip
    ends = importance_intervals(
        found, table.response, table.predictors, places, site=_site(table), seed=effort.seed
    )  # fmt: skip
    told = []
    if np.isfinite(found.r2_elsewhere):
        told.append(f"R2 of blocks in space predicted from others {found.r2_elsewhere:.2f}")
    if np.isnan(ends).all():
        told.append(TOO_FEW)
    rows = [
        {"level": level, "group": table.group_of[members[0]], "estimate": found.importance[k], "p": found.p[k],
         "subgroup": table.subgroup_of[members[0]] if level != "group" else "",
         "predictor": name if level == "predictor" else "", "flag": "; ".join(told), "lower": ends[k, 0],
         "upper": ends[k, 1]}
        for k, (level, name, members) in enumerate(parts)
    ]  # fmt: skip
    return typed("drivers_importance", pd.DataFrame(rows).assign(
        response=table.response_name, method="forest", total=found.r2_unseen, n=table.n,
        sites=np.unique(table.site).size, layer=only_layer(table)))  # fmt: skip


def _places(table: DriverTable, verdict: Verdict) -> pd.DataFrame:
    """Moran's I of the response, of residuals and of what the spatial term leaves, and what that term is."""
    distance = distances_of(table)
    if distance is None:
        return typed("drivers_spatial", pd.DataFrame())
    scores = [one.scores for one in components_of(table).values()]
    design = np.column_stack([np.ones(table.n), *scores])
    rows = []
    for words, weigh in WEIGHTS.items():
        weights = weigh(distance)
        tests = {
            "Moran's I of the response": morans_i(table.response, weights),
            "Moran's I of residuals of the subgroups": morans_i_of_residuals(table.response, design, weights),
            "Moran's I of what the spatial term leaves": morans_i(verdict.fit.whitened, weights),
        }
        rows += [_moran_row(term, words, found) for term, found in tests.items()]
    rows += [
        {"term": f"{name} variance", "estimate": value, "method": verdict.words}
        for name, value in verdict.fit.variances.items()
    ]
    rows.append(
        {
            "term": "range of the spatial term [km]",
            "estimate": verdict.fit.reach,
            "method": verdict.words,
            "flag": "" if verdict.fit.variances.get("spatial") else "no spatial variance: the range means nothing",
        }
    )
    patterns = spatial_patterns(distance)
    rows.append(
        {"term": "patterns in space", "estimate": patterns.values.size, "method": "dbMEM, positive eigenvalues"}
    )
    return typed(
        "drivers_spatial",
        pd.DataFrame(rows).assign(
            response=table.response_name, n=table.n, sites=np.unique(table.site).size, layer=only_layer(table)
        ),
    )


def _moran_row(term: str, words: str, found: Moran) -> dict:
    return {"term": term, "weights": words, "method": "exact moments", "estimate": found.value,
            "expected": found.expected, "p": found.p, "p_permutation": found.p_permutation}  # fmt: skip


def _components(table: DriverTable) -> pd.DataFrame:
    rows = []
    for name, one in components_of(table).items():
        columns = table.subgroups[name]
        against = opposed(one, columns)
        flag = f"reversed: {', '.join(against)}" if against else ""
        rows += [
            {"subgroup": name, "group": name.split("/")[0], "predictor": column, "loading": loading,
             "share": one.share, "n": table.n, "flag": flag}
            for column, loading in zip(columns, one.loadings, strict=True)
        ]  # fmt: skip
    return typed("drivers_components", pd.DataFrame(rows).assign(layer=only_layer(table)))


def _robustness(table: DriverTable, verdict: Verdict, effort: Effort) -> pd.DataFrame:
    components = {name: one.scores for name, one in components_of(table).items()}
    found = robustness(
        verdict, table.response, components, error=table.error, distance=distances_of(table), site=_site(table),
        draws=effort.draws, seed=effort.seed,
    )  # fmt: skip
    return typed("drivers_robustness", found.assign(
        response=table.response_name, group=[name.split("/")[0] for name in found["subgroup"]], n=table.n,
        sites=verdict.sites, layer=only_layer(table)))  # fmt: skip


def _sentences(
    table: DriverTable, tables: Mapping[str, pd.DataFrame], verdict: Verdict
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """What is to be said: of what kind, and in what words."""
    words = f"What drives {verdict.of}: {table.n} samples of {verdict.sites} sites. Primary analysis: {verdict.words}."
    yield "about", words
    yield from (("before", one) for one in collinearity(table).sentences())
    named = tables["drivers_verdict"]
    yield from (("verdict", one) for one in named.loc[named["layer"] == only_layer(table), "verdict"])
    yield from (("group", one) for one in group_sentences(verdict))
    for name, columns in verdict.reversed.items():
        yield (
            "group",
            f"{name} has members that go against each other: what is said of it is of its first component, and the "
            f"opposite of {', '.join(columns)}.",
        )
    if table.error is None:
        yield "minded", "Errors of the response are not known: all samples weigh the same."
    elif "drivers_errors" in tables:
        yield "minded", error_sentence(tables["drivers_errors"])
    rivals = tables.get("drivers_robustness", pd.DataFrame({"agrees": []}))
    for row in rivals[rivals["agrees"] != "yes"].itertuples():
        yield "robustness", f"{row.subgroup}: {row.agrees} by '{row.method}' ({row.differs})."
