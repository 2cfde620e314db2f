"""The figures of an attribution, out of its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.spatial.distances import great_circle

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Drawn:
    """One figure, ready to be drawn."""

    name: str
    """Name of the figure and of its file."""
    words: str
    """What it shows."""
    draw: Callable[[Axes], Axes]
    """Draws it."""
    size: tuple[float, float]
    """Width and height. [inch]"""


def drawn_attribution(tables: Mapping[str, pd.DataFrame], *, note: str = "") -> Iterator[Drawn]:
    """The figures of a paper out of the tables of an attribution, of all samples together.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The tables ``drivers_*`` by name; what is not there is not drawn.
    note : str, optional
        What every figure is to say, as that data are synthetic.

    Yields
    ------
    Drawn
    """
    from talik.drivers import figures

    of = _of_all(tables)
    if (verdict := of.get("drivers_verdict")) is not None:
        yield Drawn("verdict", "Effect of each subgroup by the primary analysis, with its 95 % interval",
                    partial(figures.plot_verdict, verdict, note=note), (7.5, 1.3 + 0.4 * len(verdict)))  # fmt: skip
    if (rivals := of.get("drivers_robustness")) is not None:
        yield Drawn("robustness", "Effects of the subgroups by the primary analysis and by the others",
                    partial(figures.plot_robustness, rivals, note=note), (8.5, 1.3 + 0.11 * len(rivals)))  # fmt: skip
    yield from _associations(of, note)
    yield from _shares(of, note)
    if (paths := of.get("drivers_paths")) is not None:
        from talik.drivers.path_diagram import plot_paths

        yield Drawn("paths", "Path diagram with standardised effects and R2", partial(plot_paths, paths, note=note),
                    (9.5, 5.5))  # fmt: skip
    yield from _along(of, note)


def _of_all(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Rows of all samples; those of single layers stand behind them in a table."""
    whole = ("drivers_samples", "drivers_predictors", "drivers_words")
    return {
        name: frame if name in whole else frame[frame["layer"] == frame["layer"].iloc[0]]
        for name, frame in tables.items() if len(frame)
    }  # fmt: skip


def _height(rows: pd.DataFrame) -> float:
    """Height of a figure with a lane a row. [inch]"""
    return 1.3 + 0.3 * len(rows)


def _associations(of: Mapping[str, pd.DataFrame], note: str) -> Iterator[Drawn]:
    from talik.drivers import figures

    if (correlations := of.get("drivers_correlation")) is not None:
        pearson = correlations[correlations["method"] == "pearson"]
        yield Drawn("correlation", "Correlation of every predictor with the response, with its 95 % interval",
                    partial(figures.plot_correlations, pearson, note=note), (6.5, _height(pearson)))  # fmt: skip
    if (held := of.get("drivers_partial")) is not None:
        yield Drawn("partial", "Zero-order correlation beside those with other groups held",
                    partial(figures.plot_partial, held, note=note),
                    (7.5, _height(held.drop_duplicates("predictor"))))  # fmt: skip


def _shares(of: Mapping[str, pd.DataFrame], note: str) -> Iterator[Drawn]:
    from talik.drivers import figures

    if (variation := of.get("drivers_variation")) is not None:
        variation = variation[variation["method"] == variation["method"].iloc[0]]
        yield Drawn("variation", "Fractions of the variation, of each group alone and shared",
                    partial(figures.plot_variation, variation, note=note), (7.0, _height(variation)))  # fmt: skip
    importance = of.get("drivers_importance", pd.DataFrame({"level": [], "method": []}))
    named = {
        "lmg": "Share of each predictor in R2",
        "forest": "Importance of each predictor in random forests, with 95 % intervals",
    }
    for method, rows in importance[importance["level"] == "predictor"].groupby("method", sort=False):
        if method in named:
            yield Drawn(f"importance_{method}", named[str(method)],
                        partial(figures.plot_importance, rows, note=note), (6.5, _height(rows)))  # fmt: skip


def _along(of: Mapping[str, pd.DataFrame], note: str) -> Iterator[Drawn]:
    """The response along the transect, where samples have places."""
    from talik.drivers import figures

    samples = of.get("drivers_samples")
    if samples is None:
        return
    place = samples[["latitude", "longitude"]].to_numpy(float)
    if not np.isfinite(place).all() or len(np.unique(place.round(6), axis=0)) < 3:
        return
    distance = great_circle(place)
    name = str(samples["response"].iloc[0])
    rows = samples.rename(columns={"estimate": name, "sd": "error"})
    rows = rows.assign(distance=distance[int(np.argmax(distance.max(axis=1)))])
    rows = rows if (rows["layer"] != "").any() else rows.drop(columns="layer")
    error = "error" if rows["error"].notna().any() else ""
    yield Drawn("transect", f"{figures.response_in_words(name)} along the transect, with 95 % intervals",
                partial(figures.plot_transect, rows, response=name, error=error, note=note), (7.0, 3.6))  # fmt: skip
