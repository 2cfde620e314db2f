"""A path model drawn: boxes and arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from talik.drivers.figures import DOWN, NONE, UP, response_in_words
from talik.drivers.path_model import PathModel
from talik.survey.figures import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOX = np.array([0.06, 0.07])
"""Half width and half height of a box with some room around it, in parts of the axes."""

MARGIN = 0.105
"""Middle of the outermost boxes from the edge, in parts of the axes."""

TOP = 1.15
"""Height of the axes, whose boxes stand between 0 and 1, so that arrows may pass above them."""

BENDS = (0.0, 0.1, -0.1, 0.15, -0.15, 0.2, -0.2, 0.25, -0.25, 0.3, -0.3, 0.45, -0.45)
"""How an arrow may bend, in its length."""


def plot_paths(paths: pd.DataFrame, ax: Axes, *, note: str = "") -> Axes:
    """Path diagram: causes at the left, the response at the right.

    An arrow bears its standardised effect and is as thick as that is large; red raises, blue lowers, and a broken
    grey one is not told from nothing. A box that has causes bears the part of its variance that they explain.

    Parameters
    ----------
    paths : DataFrame
        The table ``drivers_paths``, or as from `talik.drivers.paths.path_table`.
    ax : Axes
        Axes to draw on; about 9 by 5 inches.
    note : str, optional
        Small print.

    Returns
    -------
    Axes
    """
    direct, explained, tested = (paths[paths["kind"] == kind] for kind in ("direct", "R2", "model"))
    places = box_places(direct)
    r2 = dict(zip(explained["response"], explained["estimate"], strict=True))
    for k, row in enumerate(direct.itertuples()):
        sure = row.lower > 0 or row.upper < 0
        others = [place for name, place in places.items() if name not in (row.predictor, row.response)]
        _arrow(ax, places[row.predictor], places[row.response], others, row.standardised, sure, 0.3 + 0.1 * (k % 4))
    for name, (x, y) in places.items():
        said = response_in_words(name) if name == tested["response"].iloc[0] else name
        words = said if name not in r2 else f"{said}\nR² {r2[name]:.2f}"
        frame = {"boxstyle": "round,pad=0.45", "facecolor": "#f4f2ec", "edgecolor": INK, "linewidth": 0.9}
        ax.text(x, y, words, ha="center", va="center", fontsize=9, color=INK, zorder=5, linespacing=1.3, bbox=frame)
    ax.set(xlim=(0, 1), ylim=(0, TOP))
    ax.axis("off")
    test = tested.iloc[0]
    words = "no pair without an arrow to test"
    if test["freedom"] > 0:
        words = f"Fisher's C {test['estimate']:.1f}, {test['freedom']:.0f} degrees of freedom, p {test['p']:.2g}"
    ax.annotate(f"{words}; n {test['n']:.0f}", (0.0, 0.0), xycoords="axes fraction", fontsize=8, color=INK, va="top")
    if note:
        ax.annotate(note, (1.0, 0.0), xycoords="axes fraction", ha="right", va="top", fontsize=7.5, style="italic",
                    color="#8a1f11")  # fmt: skip
    return ax


def box_places(direct: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Where each variable stands: a column for each step from what has no causes, spread over its height.

    Parameters
    ----------
    direct : DataFrame
        Direct effects: ``predictor`` and ``response``.

    Returns
    -------
    dict of str to tuple of float
        Middle of each box, in parts of the axes.
    """
    causes = {str(name): tuple(rows["predictor"]) for name, rows in direct.groupby("response", sort=False)}
    order = PathModel(causes).order
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[cause] for cause in causes.get(name, ())), default=-1)
    deepest = max(depth.values())
    columns = [[name for name in order if depth[name] == k] for k in range(deepest + 1)]
    places = {}
    for k, column in enumerate(columns):
        x = MARGIN + (1 - 2 * MARGIN) * k / max(deepest, 1)
        for j, name in enumerate(column):
            # A lone box in the middle stands off the line between its neighbours, or arrows would run through it.
            lone = 0.0 if k in (0, deepest) else 0.18 * (-1) ** k
            y = 0.53 + lone if len(column) == 1 else 0.88 - 0.7 * j / (len(column) - 1)
            places[name] = (x, y)
    return places


def _arrow(ax: Axes, start, end, others: list, effect: float, sure: bool, along: float) -> None:
    """One arrow with its effect, bent so that it meets no other box."""
    from matplotlib.patches import FancyArrowPatch

    size = ax.get_window_extent()
    wide = np.array([TOP * size.width / size.height, 1.0])
    line = [np.array(start) * wide, np.array(end) * wide]
    boxes = [np.array(one) * wide for one in others]
    bend = min(BENDS, key=lambda bend: (_met(line, boxes, bend, BOX * wide), abs(bend)))
    colour = (UP if effect > 0 else DOWN) if sure else NONE
    ax.add_patch(FancyArrowPatch(
        start, end, arrowstyle="-|>", mutation_scale=13, shrinkA=30, shrinkB=32, color=colour, zorder=2,
        linewidth=0.8 + 5 * min(abs(effect), 1.0), linestyle="-" if sure else (0, (4, 3)),
        connectionstyle=f"arc3,rad={bend}",
    ))  # fmt: skip
    x, y = _curve(line, bend, np.array([along]))[0] / wide
    frame = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"}
    ink = colour if sure else "#6f777c"
    ax.text(x, y, f"{effect:+.2f}", fontsize=8, color=ink, ha="center", va="center", zorder=4, bbox=frame)


def _curve(line: list, bend: float, along: np.ndarray) -> np.ndarray:
    """Places on an arrow, shape (n, 2): a parabola, as matplotlib draws it."""
    (start, end), t = line, along[:, None]
    step = end - start
    top = (start + end) / 2 + bend * np.array([step[1], -step[0]])
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * top + t**2 * end


def _met(line: list, boxes: list, bend: float, half: np.ndarray) -> int:
    """How much of an arrow lies in boxes that it does not join, or outside of the axes."""
    places = _curve(line, bend, np.linspace(0.05, 0.95, 40))
    outside = int((np.abs(places[:, 1] - TOP / 2) > TOP / 2 - 0.01).sum())
    return outside + sum(int((np.abs(places - box) < half).all(axis=1).sum()) for box in boxes)
