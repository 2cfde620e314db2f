"""Responses drawn along temperature: the rate they give and the Q10 they imply, each within its own range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from talik.responses.forms import RESPONSES, all_known
from talik.responses.response import Response
from talik.responses.sensitivity import q10_between

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Forms = Sequence[str | Response] | str | Response
"""Forms to draw, or a single one."""

COMPARED: tuple[Response, ...] = tuple(
    RESPONSES[name]
    for name in ("van-t-hoff", "arrhenius", "lloyd-taylor", "ratkowsky", "kirschbaum", "mmrt", "rothc", "daycent")
)
"""Forms that are drawn where none are named, at their usual values."""

_COLOURS = ("#000000", "#E69F00", "#0072B2", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7A5C3A")
_COLDEST, _WARMEST = -15.0, 40.0


def plot_responses(ax: Axes, responses: Forms = COMPARED, *, reference: float = 10.0) -> Axes:
    """Rates relative to that at one temperature, along temperature.

    A form is drawn where it is valid, from -15 to 40 °C, and nowhere else; rates of zero have no place on the
    logarithmic axis.

    Parameters
    ----------
    ax : Axes
        Axes to draw on.
    responses : sequence of str or Response
        Names in ``RESPONSES``, or forms of one's own, at their usual values.
    reference : float, default 10.0
        Temperature at which all rates are 1. [°C]

    Returns
    -------
    Axes

    Raises
    ------
    ResponseError
        For a name that is no form, and where a form is not valid at the reference.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = plot_responses(Figure().subplots(), ["lloyd-taylor"])
    >>> [float(end) for end in ax.lines[-1].get_xdata()[[0, -1]]]
    [0.0, 35.0]
    """
    ax.axhline(1.0, color="#bbbbbb", linewidth=0.6, zorder=0)
    for place, response in enumerate(all_known(responses)):
        at = _drawn(response, 0.0)
        rate = response.relative_rate(at, reference=reference)
        _line(ax, place, response, at, np.where(rate > 0, rate, np.nan))
    _logarithmic(ax, [10.0**power * step for power in range(-6, 6) for step in (1, 3)])
    ax.set_xlabel("temperature, °C")
    ax.set_ylabel(f"rate, relative to {reference:g} °C")
    return ax


def plot_ten_degree_q10(ax: Axes, responses: Forms = COMPARED) -> Axes:
    """Q10 that forms imply from a temperature to the one ten degrees above it.

    A form is drawn where both temperatures are within its range, and nowhere else.

    Parameters
    ----------
    ax : Axes
        Axes to draw on.
    responses : sequence of str or Response
        Names in ``RESPONSES``, or forms of one's own, at their usual values.

    Returns
    -------
    Axes

    Raises
    ------
    ResponseError
        For a name that is no form.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = plot_ten_degree_q10(Figure().subplots(), ["lloyd-taylor"])
    >>> [float(end) for end in ax.lines[-1].get_xdata()[[0, -1]]]
    [0.0, 25.0]
    """
    ax.axhline(1.0, color="#bbbbbb", linewidth=0.6, zorder=0)
    for place, response in enumerate(all_known(responses)):
        at = _drawn(response, 10.0)
        q10 = q10_between(response, at, at + 10.0)
        _line(ax, place, response, at, np.where(np.isfinite(q10), q10, np.nan))
    _logarithmic(ax, [1, 2, 3, 5, 10, 20, 50, 100])
    ax.set_xlabel("lower temperature T, °C")
    ax.set_ylabel("Q10 from T to T + 10 °C")
    return ax


def lay_out_responses(figure: Figure, responses: Forms = COMPARED, *, reference: float = 10.0) -> Figure:
    """Rates and ten-degree Q10 of forms side by side, with one key.

    Parameters
    ----------
    figure : Figure
        An empty figure with a constrained layout.
    responses : sequence of str or Response
        Names in ``RESPONSES``, or forms of one's own, at their usual values.
    reference : float, default 10.0
        Temperature at which all rates are 1. [°C]

    Returns
    -------
    Figure

    Raises
    ------
    ResponseError
        As in `plot_responses`.
    """
    figure.set_size_inches(6.8, 3.4)
    left, right = figure.subplots(1, 2)
    plot_responses(left, responses, reference=reference)
    plot_ten_degree_q10(right, responses)
    lines = [line for line in left.lines if not line.get_label().startswith("_")]
    figure.legend(handles=lines, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _drawn(response: Response, above: float) -> NDArray:
    """Temperatures at which a form is valid, there and this much above, every quarter of a degree."""
    low, high = max(response.valid_range[0], _COLDEST), min(response.valid_range[1], _WARMEST) - above
    return np.linspace(low, high, max(2, int(4 * (high - low)) + 1))


def _line(ax: Axes, place: int, response: Response, at: NDArray, values: NDArray) -> None:
    """Draw a form; the first lies on top, so that a form without ice is seen where one with it continues."""
    colour, style = _COLOURS[place % len(_COLOURS)], ("-", "--")[place // len(_COLOURS) % 2]
    ax.plot(at, values, color=colour, linestyle=style, linewidth=1.4, label=response.name,
            zorder=3 - 0.01 * place)  # fmt: skip


def _logarithmic(ax: Axes, ticks: Sequence[float]) -> None:
    """A logarithmic axis with plain numbers at those ticks that lie on it."""
    from matplotlib.ticker import FixedLocator

    ax.set_yscale("log")
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
