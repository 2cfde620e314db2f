"""What the report says of drivers: sentences by kind, and the rows of its tables."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.drivers.analyses import ANALYSES


@dataclass(frozen=True)
class RobustnessCell:
    """What one analysis says of one subgroup."""

    value: str
    """Effect with its interval."""
    agrees: str
    """Whether it says what the primary one does; empty for the primary one."""


@dataclass(frozen=True)
class RobustnessRow:
    """One analysis beside the others."""

    method: str
    """Its name."""
    differs: str
    """What sets it apart."""
    cells: tuple[RobustnessCell, ...]
    """One a subgroup."""


@dataclass(frozen=True)
class PredictorRow:
    """One predictor as it was analysed."""

    predictor: str
    """Its name."""
    subgroup: str
    """Its subgroup, or its group."""
    scaled: str
    """Mean and standard deviation that it was scaled by."""
    inflation: str
    """How far the others inflate the variance of its effect."""


@dataclass(frozen=True)
class LayerTable:
    """The effects of each layer beside one another, and how they differ."""

    columns: tuple[str, ...]
    """Layers, then the pairs that are compared."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Each subgroup with a cell a column."""
    tests: tuple[str, ...]
    """Whether all differences together are shown, in words."""


@dataclass(frozen=True)
class DriversContents:
    """What the section on drivers places."""

    title: str
    """Its heading."""
    words: Mapping[str, tuple[str, ...]]
    """Sentences of each kind."""
    subgroups: tuple[str, ...]
    """Columns of the table of analyses."""
    robustness: tuple[RobustnessRow, ...]
    """Its rows, the primary analysis first."""
    predictors: tuple[PredictorRow, ...]
    """Rows of the table of predictors."""
    layers: LayerTable | None
    """Effects by layer, where there are verdicts of two."""
    verdict: pd.DataFrame
    """The table ``drivers_verdict``; without rows where there is none."""


def drivers_contents(drivers: Mapping[str, pd.DataFrame]) -> DriversContents | None:
    """What is to be said of drivers.

    Parameters
    ----------
    drivers : mapping of str to DataFrame
        The tables ``drivers_*`` of a study.

    Returns
    -------
    DriversContents or None
        None where the stage never ran.
    """
    said = drivers.get("drivers_words")
    if said is None or said.empty:
        return None
    words = {str(kind): tuple(rows["words"]) for kind, rows in said.groupby("kind", sort=False)}
    rivals = drivers.get("drivers_robustness", pd.DataFrame())
    verdict = drivers.get("drivers_verdict", pd.DataFrame())
    q10 = verdict.empty or "q10" in str(verdict["response"].iloc[0]).lower()
    return DriversContents(
        "What drives Q10" if q10 else "What drives carbon release", words,
        tuple(dict.fromkeys(rivals["subgroup"])) if len(rivals) else (),
        (*_rows(rivals), *_shrunk(drivers.get("drivers_bayes", pd.DataFrame()), rivals)),
        tuple(_predictor_rows(drivers.get("drivers_predictors", pd.DataFrame()))), _by_layer(drivers, verdict), verdict,
    )  # fmt: skip


def _rows(rivals: pd.DataFrame):
    if rivals.empty:
        return
    named = {analysis.differs: name for name, analysis in ANALYSES.items()}
    for method, rows in rivals.groupby("method", sort=False):
        primary = method == "primary"
        cells = tuple(
            RobustnessCell(_effect(row.estimate, row.lower, row.upper), "" if primary else str(row.agrees))
            for row in rows.itertuples()
        )
        differs = str(rows["differs"].iloc[0])
        name = f"{named.get(differs, 'primary')}, named beforehand" if primary else str(method)
        yield RobustnessRow(name, differs, cells)


def _shrunk(posterior: pd.DataFrame, rivals: pd.DataFrame):
    """The Bayesian regression as a further row, its probabilities of the sign in the place of agreement."""
    if posterior.empty or rivals.empty:
        return
    found = posterior.set_index("subgroup")
    rows = (found.loc[name] for name in dict.fromkeys(rivals["subgroup"]))
    cells = tuple(
        RobustnessCell(_effect(row["estimate"], row["lower"], row["upper"]), f"sign {100 * row['probability']:.0f} %")
        for row in rows
    )
    yield RobustnessRow("shrinking prior", "Bayesian: most effects are taken to be small; place passed over", cells)


def _effect(estimate: float, lower: float, upper: float) -> str:
    told = [f"{round(value, 2) + 0.0:+.2f}".replace("-", "−") for value in (estimate, lower, upper)]
    return f"{told[0]} [{told[1]}, {told[2]}]"


def _predictor_rows(predictors: pd.DataFrame):
    for row in predictors.itertuples():
        scaled = f"{row.mean:.3g} ± {row.sd:.3g}" + (" (ln)" if row.transform == "ln" else "")
        if row.reference:
            scaled = f"a level, beside {row.reference}"
        inflation = f"{row.variance_inflation:.1f}" if np.isfinite(row.variance_inflation) else "depends on others"
        yield PredictorRow(str(row.predictor), str(row.subgroup), scaled.replace("-", "−"), inflation)


def _by_layer(drivers: Mapping[str, pd.DataFrame], verdict: pd.DataFrame) -> LayerTable | None:
    layers = [name for name in dict.fromkeys(verdict["layer"]) if name] if len(verdict) else []
    if len(layers) < 2:
        return None
    mixed = drivers.get("drivers_mixed", pd.DataFrame({"model": [], "term": []}))
    compared = mixed[mixed["model"].str.contains(" against ", regex=False)]
    pairs = list(dict.fromkeys(compared["model"]))
    whole = compared["term"] == "all predictors"
    parts = [verdict[verdict["layer"] == name].set_index("subgroup") for name in layers]
    parts += [compared[(compared["model"] == pair) & ~whole].set_index("term") for pair in pairs]
    rows = tuple(
        (name, tuple(_effect(*part.loc[name, ["estimate", "lower", "upper"]]) if name in part.index else "–"
                     for part in parts))
        for name in dict.fromkeys(verdict["subgroup"])
    )  # fmt: skip
    tests = tuple(
        f"{row.model}: all differences together, {row.flag}, p {row.p:.2g}: drivers "
        + ("differ between these layers." if row.p <= 0.05 else "are not shown to differ between these layers.")
        for row in compared[whole].itertuples()
    )
    return LayerTable((*layers, *pairs), rows, tests)
