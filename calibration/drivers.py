"""Attribution of Q10 on the synthetic transect: signs, false discoveries, and intervals of total effects.

Everything here is synthetic: `talik.drivers.transect` makes the soils, so their truth is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from calibration.coverage import Coverage
from talik.drivers.components import first_component
from talik.drivers.path_model import parse_paths
from talik.drivers.paths import fit_equations, path_effects
from talik.drivers.power import power_of_design
from talik.drivers.transect import (
    GROUPS,
    MEMBERS,
    PATHS,
    TransectDesign,
    many_sites,
    simulate_transect,
    true_total_effects,
)
from talik.drivers.verdict import Verdict, primary_analysis
from talik.spatial.model import ExpectedErrors, expected_errors

DATA_SETS = 1000
DRAWS = 1000
"""Draws of the coefficients of a path model; 4,000 are usual."""
TOLD = 250
"""Data sets after which it is told how far it is."""
SURVEYS = 400
"""Surveys over whose predictors the power calculation is averaged."""
SEED = 20_261_122
NAMES = {name: f"{group}/{name}" if len(members) > 1 else group
         for group, members in GROUPS.items() for name in members}  # fmt: skip
ONE_LAYER = TransectDesign(layers=("permafrost",), noise=0.10)
NO_PATHS = frozenset({"no effect", "no effect, strong place", "both layers"})


def cases() -> Mapping[str, TransectDesign]:
    """The designs, by name."""
    strong = replace(ONE_LAYER, spatial=0.12, reach=150.0, patches=0.6)
    return {
        "24 sites": ONE_LAYER,
        "no effect": replace(ONE_LAYER, effects={}),
        "collinear drivers": replace(ONE_LAYER, collinearity=0.3),
        "strong place": strong,
        "no effect, strong place": replace(strong, effects={}),
        "both layers": replace(ONE_LAYER, layers=("active", "permafrost")),
    }


@dataclass(frozen=True)
class Outcome:
    """What one data set came to."""

    verdict: Verdict
    """Of subgroup components."""
    by_group: Verdict
    """Of one component a group."""
    held: tuple[bool, ...]
    """Whether the interval of each total effect held the truth; empty where no paths were fitted."""


def table(data_sets: int = DATA_SETS) -> pd.DataFrame:
    """One row a design and what was counted."""
    rows: list[dict] = []
    for k, (name, design) in enumerate(cases().items()):
        truth = None if name in NO_PATHS else path_truth(design)
        found = []
        for i in range(data_sets):
            found.append(outcome(design, SEED + 100_000 * k + i, truth))
            if len(found) % TOLD == 0 or len(found) == data_sets:
                print(f"{name}: {len(found)} of {data_sets} data sets", flush=True)
        rows += summary(name, design, found)
    return pd.DataFrame(rows)


def outcome(design: TransectDesign, seed: int, truth: Mapping[str, float] | None) -> Outcome:
    """The primary analysis, its rival and the path model of one data set."""
    made = simulate_transect(design, seed)
    layers = len(design.layers)
    columns = {name: np.concatenate([made.columns[j, i] for j in range(layers)], axis=1).T
               for i, name in enumerate(MEMBERS)}  # fmt: skip
    place = np.tile(made.distance, layers)
    data = {"error": made.error.ravel(), "distance": np.abs(np.subtract.outer(place, place)),
            "site": place if layers > 1 else None}  # fmt: skip
    response = made.measured.ravel()
    components = {name: first_component(values).scores for name, values in columns.items()}
    verdict = primary_analysis(response, {NAMES[name]: x for name, x in components.items()}, **data)
    grouped = {group: first_component(np.hstack([columns[m] for m in members])).scores
               for group, members in GROUPS.items()}  # fmt: skip
    held = held_by_paths(response, components, data, truth, seed) if truth else ()
    return Outcome(verdict, primary_analysis(response, grouped, **data), held)


def held_by_paths(response, components, data, truth: Mapping[str, float], seed: int) -> tuple[bool, ...]:
    """Whether the interval of each total effect on ln Q10 holds its truth."""
    model, variables = parse_paths(PATHS), {**components, "logq10": response}
    equations = fit_equations(model, variables, distance=data["distance"], error={"logq10": data["error"]})
    rows = (
        path_effects(model, equations, variables, draws=DRAWS, seed=seed)
        .query("response == 'logq10' and kind == 'total'")
        .set_index("cause")
    )
    return tuple(bool(rows.loc[name, "lower"] <= value <= rows.loc[name, "upper"]) for name, value in truth.items())


def path_truth(design: TransectDesign) -> dict[str, float]:
    """Total effects that the path model finds at a million sites: from the true correlations of the subgroups."""
    if not design.collinearity:
        return true_total_effects(design, design.layers[-1])
    return at_many_sites(design)


def at_many_sites(design: TransectDesign) -> dict[str, float]:
    """Total effects of the path model by least squares at a million sites."""
    made = many_sites(design)
    covariance = np.cov(np.vstack([made.subgroups[-1], made.true[-1]]))
    names = [*MEMBERS, "logq10"]
    slopes = np.zeros((7, 7))
    for effect, causes in parse_paths(PATHS).causes.items():
        i, at = names.index(effect), [names.index(cause) for cause in causes]
        slopes[i, at] = np.linalg.solve(covariance[np.ix_(at, at)], covariance[at, i])
    total = np.linalg.inv(np.eye(7) - slopes)[6, :6] * np.sqrt(np.diag(covariance)[:6])
    return dict(zip(MEMBERS, total.tolist(), strict=True))


def summary(name: str, design: TransectDesign, found: list[Outcome]) -> list[dict]:
    """Rows of one design."""
    effects = design.effects_in(design.layers[-1])
    planted = [subgroup for subgroup, effect in effects.items() if effect]
    promise = promised(design) if planted else None
    n = len(found)
    rows = []
    signs = [findings(one.verdict) for one in found]
    for subgroup in planted:
        hits = sum(one[NAMES[subgroup]] == np.sign(effects[subgroup]) for one in signs)
        rows.append(_row(name, "sign found", NAMES[subgroup], hits, n, promise[subgroup]))
    if planted:
        both = sum("microbial" in one.verdict.two_signed for one in found)
        rows.append(_row(name, "microbes told two-signed", "subgroups", both, n, promise["both ways"]))
        single = sum(findings(one.by_group)["microbial"] != 0 for one in found)
        rows.append(_row(name, "microbes given one sign", "one component a group", single, n))
    wrong = [false_part(one, effects) for one in signs]
    rows.append(_row(name, "mean false discovery proportion", "all subgroups", sum(wrong), n, 0.05))
    rows.append(_row(name, "any false discovery", "all subgroups", sum(part > 0 for part in wrong), n,
                     np.nan if planted else 0.05))  # fmt: skip
    for k, subgroup in enumerate(MEMBERS):
        of = effects[subgroup]
        inside = sum(one.verdict.subgroups[k].lower <= of <= one.verdict.subgroups[k].upper for one in found)
        rows.append(_row(name, "interval of the effect holds", NAMES[subgroup], inside, n, 0.95))
    if found[0].held:
        for k, subgroup in enumerate(MEMBERS):
            rows.append(_row(name, "interval of the total effect holds", NAMES[subgroup],
                             sum(one.held[k] for one in found), n, 0.95))  # fmt: skip
    return rows


def findings(verdict: Verdict) -> dict[str, int]:
    """Sign of each discovery, 0 for none."""
    return {one.subgroup: {"raises": 1, "lowers": -1}.get(one.finding, 0) for one in verdict.subgroups}


def false_part(signs: Mapping[str, int], effects: Mapping[str, float]) -> float:
    """Part of the discoveries that are not true, or not with that sign; 0 where nothing was discovered."""
    made = [(sign, effects[name]) for name in MEMBERS if (sign := signs[NAMES[name]])]
    return sum(sign != np.sign(effect) for sign, effect in made) / len(made) if made else 0.0


def promised(design: TransectDesign) -> dict[str, float]:
    """What the power calculation promises of a design, from its true variances and what soils it may meet."""
    errors = [expected(design, seed) for seed in range(SURVEYS)]
    names = list(MEMBERS)
    up, down = [names.index("abundance"), names.index("activity")], names.index("diversity")
    promise = power_of_design(
        list(design.effects_in(design.layers[-1]).values()), errors,
        together=lambda hit: hit[:, up].any(axis=1) & hit[:, down],
    )  # fmt: skip
    return {**dict(zip(names, promise.each.tolist(), strict=True)), "both ways": promise.together}


def expected(design: TransectDesign, seed: int) -> ExpectedErrors:
    """Errors that one survey would state; no response is looked at."""
    made = simulate_transect(design, seed)
    layers = len(design.layers)
    drivers = np.concatenate(list(made.subgroups), axis=1).T
    drivers = drivers / drivers.std(axis=0, ddof=1)
    place = np.tile(made.distance, layers)
    within = {"nugget": design.noise**2, "site": design.site**2}
    # With one sample a site, what differs between sites is part of the nugget.
    variances = within if layers > 1 else {"nugget": sum(within.values())}
    return expected_errors(
        np.column_stack([np.ones(len(place)), drivers]), {**variances, "spatial": design.spatial**2},
        np.abs(np.subtract.outer(place, place)), reach=design.reach, site=place if layers > 1 else None,
        error=made.error.ravel(),
    )  # fmt: skip


def _row(design: str, counted: str, of: str, count: float, n: int, wanted: float = np.nan) -> dict:
    rate = count / n
    low, high = stats.binomtest(round(count), n).proportion_ci(0.99, "exact")
    return {"design": design, "counted": counted, "of": of, "data_sets": n, "rate": rate, "low": low, "high": high,
            "promised": wanted, "passes": _passes(counted, round(count), n, low, high, wanted)}  # fmt: skip


def _passes(counted: str, count: int, n: int, low: float, high: float, wanted: float) -> str:
    if not np.isfinite(wanted):
        return ""
    if counted.startswith("interval"):
        kept = Coverage(count, n).passes
    elif "false" in counted:
        # At most so many, but for what chance alone brings in so many data sets.
        kept = low <= wanted
    else:
        kept = high >= wanted
    return "yes" if kept else "no"
