"""The hierarchical model of a finished run: from its tables to parameters, checks, draws and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from talik.errors import TableError, listed
from talik.inference.draws import write_draws
from talik.pools.hierarchical.fit import HierarchicalFit, fit_hierarchical
from talik.store import RunFolder
from talik.survey.properties import wide_properties
from talik.tables import typed, write_table


def fit_run(run: Path | str, *, seed: int, predictors: Sequence[str] = (), **settings: Any) -> HierarchicalFit:
    """Fit the hierarchical model to the sets of a finished run.

    Parameters
    ----------
    run : path_like
        Folder of a finished run.
    seed : int
        Seed; the same seed gives the same draws.
    predictors : sequence of str, optional
        Properties of the samples that ln Q10 may depend on, as ``clay``. Sets whose sample lacks one are left out.
    **settings
        Further settings of `talik.fit_hierarchical`, as ``model`` or ``draws``.

    Returns
    -------
    HierarchicalFit
        Sets that were left out are in ``soils.left_out``, with the reason.

    Raises
    ------
    StoreError
        Where the run is not finished.
    TableError
        For a property that no sample has, and where no set is left.
    ChainError
        Where the chains cannot be believed; it says what to do.
    MissingExtraError
        Without ``talik[bayes]``.
    """
    folder = RunFolder(Path(run))
    measured, surveyed = folder.tables("incubation"), folder.tables("survey")
    jars, samples = measured["jars"], surveyed["samples"]
    if not predictors:
        return fit_hierarchical(measured["respiration"], jars, seed=seed, samples=samples, **settings)
    known = _predictors(surveyed["properties"], predictors)
    told = jars["sample"].astype(str).isin(known.index)
    without = jars.loc[~told & (jars["set"].fillna("") != ""), "set"].unique()
    if not told.any():
        raise TableError(f"no sample of the run has all of {listed(list(predictors))}; leave some out.")
    rates = measured["respiration"]
    rates = rates[rates["jar"].isin(jars.loc[told, "jar"])]
    fit = fit_hierarchical(rates, jars[told], seed=seed, samples=samples, predictors=known, **settings)
    reason = f"its sample lacks {' or '.join(predictors)}"
    left_out = pd.DataFrame({"set": without, "reason": reason}, dtype="str")
    return fit.also_without(left_out)


def _predictors(properties: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Properties of the samples that have all of them."""
    wide = wide_properties(properties, "sample")
    unknown = [name for name in names if name not in wide]
    if unknown:
        known = listed(sorted(wide), 20) or "none"
        raise TableError(f"no sample has the properties {listed(unknown)}; those of the run are {known}.", unknown)
    wide = wide[list(names)].dropna()
    return wide.set_axis(wide.index.astype(str))


def write_posterior(fit: HierarchicalFit, out: Path | str) -> list[Path]:
    """Write a fit into a folder: ``tables/pools_posterior*.csv``, ``draws.nc``, ``figures/*.svg``, ``posterior.txt``.

    Parameters
    ----------
    fit : HierarchicalFit
        The fit.
    out : path_like
        Folder; made where it is not there.

    Returns
    -------
    list of Path
        The files.
    """
    out = Path(out)
    for folder in (out / "tables", out / "figures"):
        folder.mkdir(parents=True, exist_ok=True)
    parameters, checks = fit.table(), fit.checks()
    tables = {"pools_posterior": parameters, "pools_posterior_checks": checks}
    for name, table in tables.items():
        write_table(typed(name, table), out / "tables" / f"{name}.csv")
    words = out / "posterior.txt"
    words.write_text("\n".join(posterior_in_words(fit, parameters, checks)) + "\n", encoding="utf-8")
    return [
        *(out / "tables" / f"{name}.csv" for name in tables), write_draws(fit.draws, out / "draws.nc"),
        *_write_figures(fit, out / "figures"), words,
    ]  # fmt: skip


def posterior_in_words(fit: HierarchicalFit, parameters: pd.DataFrame, checks: pd.DataFrame) -> list[str]:
    """What the model tells, in sentences.

    Parameters
    ----------
    fit : HierarchicalFit
        The fit.
    parameters, checks : DataFrame
        Its table and its checks.

    Returns
    -------
    list of str
    """
    mixed, soils = fit.mixing, len(fit.soils.names)
    of_all = parameters[parameters["set"] == ""].set_index("parameter")
    told = [
        f"{fit.model} model of {soils} sets; decay rates at {fit.draws.attrs['reference_temperature']:.3g} °C; "
        f"{fit.draws.attrs['sampler']}.",
        f"Chains: largest R-hat {mixed.largest_rhat:.4f}, fewest effective draws {mixed.least_ess:.0f}, "
        f"{mixed.diverging} divergent.",
    ]
    for name in [name for name in of_all.index if name.startswith(("mean_q10", "coefficient"))]:
        row = of_all.loc[name]
        told.append(
            f"{name}: {row['lower']:.3g} to {row['upper']:.3g} (95 %), contraction {row['contraction']:.2f}"
            + ("." if row["identified"] else f"; not identified: {row['reason']}.")
        )
    q10s = parameters[(parameters["set"] != "") & parameters["parameter"].str.startswith("q10")]
    for name, rows in q10s.groupby("parameter"):
        told.append(f"{name} is identified in {int(rows['identified'].sum())} of {len(rows)} sets.")
    odd = checks[checks["flag"] != ""].groupby("statistic")["set"].nunique()
    told += [f"{word}: the model does not make such data in {count} of {soils} sets." for word, count in odd.items()]
    foretold = fit.loo()
    told.append(
        f"Expected log density of new readings (LOO): {foretold.elpd:.1f} with a standard error of {foretold.se:.1f}."
    )
    told += [foretold.warning] if foretold.warning else []
    return told + [f"Left out: {row.set}: {row.reason}." for row in fit.soils.left_out.itertuples()]


def _write_figures(fit: HierarchicalFit, folder: Path) -> Iterator[Path]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    from talik.pools.hierarchical.figures import plot_checks, plot_contraction

    for name, draw, size in (
        ("prior_and_posterior", plot_contraction, (7.5, 6.0)), ("posterior_checks", plot_checks, (7.0, 3.2)),
    ):  # fmt: skip
        figure = Figure(figsize=size, layout="constrained")
        axes = draw(fit, figure.add_subplot())
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize="small")
        path = folder / f"{name}.svg"
        figure.savefig(path)
        yield path
