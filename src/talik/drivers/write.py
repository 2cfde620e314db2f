"""An attribution on disk: tables, figures and the verdict in words; and the table that it begins with."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.drivers.attribution import Attribution
from talik.drivers.verdict import distances_of
from talik.errors import InputError, SettingsError, itemised
from talik.tables import write_table
from talik.textfile import read_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def read_samples(path: Path | str) -> pd.DataFrame:
    """A table of samples as it stands in a CSV file, all cells as text.

    Parameters
    ----------
    path : Path or str
        The file.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        If the file is not there or is no table.
    """
    text = read_text(path).content
    try:
        found = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise InputError(f"{path} is no table with a header and commas: {error}") from None
    if not len(found):
        raise InputError(f"{path} has a header and no rows; a row a sample is needed.")
    return found


def read_groups(given: Sequence[str]) -> dict[str, list[str]]:
    """Groups of columns as they are written on the command line.

    Parameters
    ----------
    given : sequence of str
        As ``mineral=clay,feox`` or ``microbial/diversity=shannon``.

    Returns
    -------
    dict of str to list of str

    Raises
    ------
    SettingsError
        With all that are not written so.

    Examples
    --------
    >>> read_groups(["mineral=clay,feox", "microbial/diversity=shannon"])
    {'mineral': ['clay', 'feox'], 'microbial/diversity': ['shannon']}
    """
    groups: dict[str, list[str]] = {}
    wrong = []
    for text in given:
        name, equals, columns = text.partition("=")
        if not equals or not name.strip():
            wrong.append(f"--group {text!r}: write it as mineral=clay,feox, or microbial/diversity=shannon")
            continue
        members = [column.strip() for column in columns.split(",") if column.strip()]
        groups.setdefault(name.strip(), []).extend(members)
    if wrong:
        raise SettingsError(f"Groups cannot be read:\n{itemised(wrong)}", wrong)
    return groups


def synthetic_note(samples: pd.DataFrame) -> str:
    """What is to be said of samples whose column ``source`` says that they are synthetic; else nothing.

    Parameters
    ----------
    samples : DataFrame
        As read.

    Returns
    -------
    str

    Examples
    --------
    >>> synthetic_note(pd.DataFrame({"source": ["synthetic: made up", "synthetic: made up"]}))
    'synthetic: made up'
    """
    if "source" not in samples:
        return ""
    return next((text for text in samples["source"].astype(str) if text.lower().startswith("synthetic")), "")


def write_attribution(found: Attribution, out: Path | str, *, note: str = "") -> list[Path]:
    """Write an attribution into a folder: ``tables/drivers_*.csv``, ``figures/*.svg`` and ``verdict.txt``.

    Parameters
    ----------
    found : Attribution
        As from `talik.drivers.attribution.attribute`.
    out : Path or str
        Folder; made where it is not there.
    note : str, optional
        What every table and figure is to say, as that data are synthetic.

    Returns
    -------
    list of Path
        The files.
    """
    out = Path(out)
    (out / "tables").mkdir(parents=True, exist_ok=True)
    (out / "figures").mkdir(exist_ok=True)
    files = []
    for name, frame in found.tables.items():
        path = out / "tables" / f"{name}.csv"
        write_table(frame.assign(source=note) if note else frame, path)
        files.append(path)
    files += list(_write_figures(found, out / "figures", note))
    words = [*([note.capitalize() + "."] if note else []), *found.sentences]
    words += [f"Left out: {one}" for one in found.left_out]
    (out / "verdict.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return [*files, out / "verdict.txt"]


def _write_figures(found: Attribution, folder: Path, note: str) -> Iterator[Path]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    for name, draw, size in _figures(found, note):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        path = folder / f"{name}.svg"
        figure.savefig(path)
        yield path


def _figures(found: Attribution, note: str) -> Iterator[tuple[str, Callable[[Axes], Axes], tuple[float, float]]]:
    """Name of each figure, what draws it, and its size in inches."""
    from talik.drivers import figures as draw
    from talik.drivers.path_diagram import plot_paths

    tables = {name: frame[frame["layer"] == frame["layer"].iloc[0]] for name, frame in found.tables.items()
              if len(frame)}  # fmt: skip
    many = 1.2 + 0.3 * found.table.predictors.shape[1]
    if (correlations := tables.get("drivers_correlation")) is not None:
        pearson = correlations[correlations["method"] == "pearson"]
        yield "correlation", lambda ax: draw.plot_correlations(pearson, ax, note=note), (6.5, many)
    if (held := tables.get("drivers_partial")) is not None:
        yield "partial", lambda ax: draw.plot_partial(held, ax, note=note), (7.5, many)
    if (variation := tables.get("drivers_variation")) is not None:
        size = (7.0, 1.4 + 0.3 * len(variation))
        yield "variation", lambda ax: draw.plot_variation(variation, ax, note=note), size
    importance = tables.get("drivers_importance", pd.DataFrame({"level": [], "method": []}))
    for method, rows in importance[importance["level"] == "predictor"].groupby("method", sort=False):
        if method in ("lmg", "forest"):
            yield f"importance_{method}", partial(draw.plot_importance, rows, note=note), (6.5, many)
    if found.paths is not None:
        fit = found.paths
        yield "paths", lambda ax: plot_paths(fit, ax, note=note), (9.5, 5.5)
    verdict = tables["drivers_verdict"]
    yield "verdict", lambda ax: draw.plot_verdict(verdict, ax, note=note), (7.5, 1.3 + 0.4 * len(verdict))
    if (rivals := tables.get("drivers_robustness")) is not None:
        size = (8.5, 1.3 + 0.11 * len(rivals))
        yield "robustness", lambda ax: draw.plot_robustness(rivals, ax, note=note), size
    samples = _along(found)
    if samples is not None:
        error = "error" if found.table.error is not None else ""
        name = found.table.response_name
        yield "transect", lambda ax: draw.plot_transect(samples, ax, response=name, error=error, note=note), (7.0, 3.6)


def _along(found: Attribution) -> pd.DataFrame | None:
    """Samples with their distance from one end of the transect, where they have places."""
    table, distance = found.table, distances_of(found.table)
    if distance is None:
        return None
    end = int(np.argmax(distance.max(axis=1)))
    samples = pd.DataFrame({"distance": distance[end], table.response_name: table.response})
    if table.error is not None:
        samples["error"] = table.error
    return samples if table.layer is None else samples.assign(layer=table.layer)
