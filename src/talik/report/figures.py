"""The figures of the report: what each stage draws, on paper of one size and style."""

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from talik.drivers.drawn import drawn_attribution
from talik.flux.figures import plot_jar, plot_release, plot_temperature_scale, release_panels, temperature_colours
from talik.report.readings import jar_shown
from talik.report.rows import definitions_shown
from talik.report.tables import ReportTables, report_tables
from talik.result import StudyResult
from talik.survey.figures import maps_needed, plot_sites
from talik.temperature.figures import (
    by_definition,
    forest_rows,
    lay_out_one_soil,
    neighbouring_pairs,
    plot_flux_sensitivity,
    plot_layers,
    plot_q10_against_temperature,
    plot_q10_forest,
    plot_q10_over_place,
    q10_limits,
    with_places,
)
from talik.temperature.one_soil import most_telling_set
from talik.temperature.q10 import pooled, widest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONTS = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
"""Fonts of the text in figures; a reader's machine takes the first that it has."""

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # matplotlib brings it, so a layout is the same on every machine
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5f6a72",
    "axes.linewidth": 0.7,
    "xtick.color": "#33393d",
    "ytick.color": "#33393d",
    "axes.labelcolor": "#33393d",
    "axes.unicode_minus": True,
    "svg.fonttype": "none",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
"""Style of all figures."""

PANEL = (3.5, 2.55)
"""Width and height of one of many panels. [inch]"""

WIDTH = 5.8
"""Width of a figure that stands alone. [inch]"""

MAP_HEIGHTS = {"polar": 4.2, "antarctic": 3.6, "world": 3.7}
"""Heights of the maps. [inch]"""

MAP_LEGEND = 0.3
"""Height of the legend under a map. [inch]"""

FEW_SETS = 20
"""Up to so many sets, each has its own row in the forest plot; above, a study has one."""

SETS_OF_STUDY = 40
"""Up to so many sets, a study has a forest plot of its own."""

LANE = 0.19
"""Height of a lane of the forest plot. [inch]"""


def figures(result: StudyResult) -> "dict[str, Figure]":
    """Every figure of the report by its name, ready to be saved with `svg`.

    The label of a figure says in words what it shows. Figures without data are left away.

    Parameters
    ----------
    result : StudyResult
        What a study came to.

    Returns
    -------
    dict of str to Figure
    """
    import matplotlib

    tables = report_tables(result)
    headline = headline_of(result)
    drawn: dict[str, Figure] = {}
    with matplotlib.rc_context(STYLE):
        for part in (_maps, _jars, _releases, _forests, _one_soil, _pairs, _sensitivities, _layers):
            drawn |= dict(part(tables))
        drawn |= dict(_places(tables, headline))
        drawn |= dict(_drivers(result.drivers))
    return drawn


def headline_asked(result: StudyResult) -> str:
    """The definition of Q10 that the study asks to put first."""
    return str(result.settings.get("temperature", {}).get("headline", "equal-carbon"))


def headline_of(result: StudyResult) -> str:
    """The definition of Q10 that comes first: the one asked for, or another where no set has a Q10 by that one."""
    asked, q10 = headline_asked(result), report_tables(result).q10
    return next((name for name in definitions_shown(asked) if len(pooled(widest(q10, name)))), asked)


def svg(figure: "Figure", name: str) -> str:
    """A figure as SVG text: the same figure gives the same text, and no two share an id.

    Parameters
    ----------
    figure : Figure
        A figure, as from `figures`.
    name : str
        Its name, which begins all of its ids.

    Returns
    -------
    str
        The ``svg`` element, without the XML declaration.
    """
    import matplotlib

    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        page = io.StringIO()
        figure.savefig(page, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = page.getvalue()
    text = text[text.index("<svg") :].replace("'DejaVu Sans', sans-serif", "'DejaVu Sans'")
    text = text.replace("'DejaVu Sans'", FONTS)
    prefix = safe_name(name)
    text = re.sub(r'\b(?:d|x|y)="[^"]*"', _rounded, text)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", text)
    return text.strip()


def _rounded(attribute: re.Match) -> str:
    """Coordinates to a hundredth of a point, in one line: half the size, and nothing seen of it."""
    return " ".join(re.sub(r"(\.\d\d)\d+", r"\1", attribute[0]).split())


def safe_name(name: str) -> str:
    """A name that can be an id and a file: letters, digits and hyphens, and still one of its own.

    Examples
    --------
    >>> safe_name("release NeffHooper2002")
    'release-NeffHooper2002'
    """
    kept = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    if kept == name.replace(" ", "-"):
        return kept
    return f"{kept}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _figure(width: float, height: float, words: str) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.set_label(words)
    return figure


def _maps(tables: ReportTables) -> "Iterator[tuple[str, Figure]]":
    for projection in maps_needed(tables.sites):
        height = MAP_HEIGHTS[projection]
        figure = _figure(height, height, f"Map ({projection}) of the sites, marked by whether they have permafrost")
        figure.set_layout_engine("none")
        ax = figure.add_axes((0.0, MAP_LEGEND / height, 1.0, 1.0 - MAP_LEGEND / height))
        plot_sites(tables.sites, ax, projection=projection)
        (west, east), (low, high) = ax.get_xlim(), ax.get_ylim()
        figure.set_size_inches((height - MAP_LEGEND) * (east - west) / (high - low), height)
        yield f"sites-{projection}", figure


def _jars(tables: ReportTables) -> "Iterator[tuple[str, Figure]]":
    """The life of one jar of each study whose gas was read."""
    for study in tables.readings["study"].unique():
        jar = jar_shown(tables, study)
        if not jar:
            continue
        gases = tables.respiration.loc[tables.respiration["jar"] == jar, "gas"]
        gas = "co2" if (gases == "co2").any() else gases.iloc[0]
        readings, respiration, release = (
            table[(table["jar"] == jar) & table["gas"].isin([gas, ""])]
            for table in (tables.readings, tables.respiration, tables.release)
        )
        figure = _figure(7.2, 4.6, f"One jar of {study}: what was done to it, its respiration and its release")
        figure.set_layout_engine("none")
        plot_jar(readings, respiration, release, figure.add_axes((0.09, 0.11, 0.89, 0.8)))
        yield safe_name(f"jar {study}"), figure


def _releases(tables: ReportTables) -> "Iterator[tuple[str, Figure]]":
    place = {study: i for i, study in enumerate(tables.studies["study"])}
    panels = sorted(release_panels(tables.release, tables.jars), key=lambda panel: place.get(panel[0], len(place)))
    if not panels:
        return
    colours = temperature_colours(tables.jars["temperature"])
    scale = _figure(4.2, 0.55, "Colours of the incubation temperatures")
    plot_temperature_scale(scale.subplots(), colours)
    yield "release-temperatures", scale
    for study, basis in panels:
        figure = _figure(*PANEL, f"Carbon released over time by the jars of {study}, per {basis}")
        plot_release(tables.release, tables.jars, figure.subplots(), study=study, basis=basis, colours=colours)
        yield safe_name(f"release {study} {basis}"), figure


def _forests(tables: ReportTables) -> "Iterator[tuple[str, Figure]]":
    estimates = _in_order(by_definition(tables.q10), tables.studies)
    if estimates.empty:
        return
    few = estimates["set"].nunique() <= FEW_SETS
    yield "q10", _forest(estimates, "set" if few else "study", "Q10 of every study by every definition")
    if few:
        return
    for study, rows in estimates.groupby("study", sort=False):
        if rows["set"].nunique() <= SETS_OF_STUDY:
            named = rows.assign(set=rows["set"].str.removeprefix(f"{study} "))
            yield safe_name(f"q10 {study}"), _forest(named, "set", f"Q10 of every soil of {study}")


def _forest(estimates: pd.DataFrame, by: str, words: str) -> "Figure":
    height = 0.8 + forest_rows(estimates, by) * 4.5 * (LANE if by == "study" else 0.62 * LANE)
    figure = _figure(WIDTH, height, f"{words}, with 95 % intervals")
    plot_q10_forest(estimates, figure.subplots(), by=by)
    return figure


def _one_soil(tables: ReportTables) -> "Iterator[tuple[str, Figure]]":
    name = most_telling_set(tables.q10)
    if name is not None:
        figure = _figure(WIDTH, 1.0, f"Q10 of the set {name} by every definition, and along its incubation")
        yield "one-soil", lay_out_one_soil(tables.q10, tables.drift, name, figure)


def _in_order(estimates: pd.DataFrame, studies: pd.DataFrame) -> pd.DataFrame:
    """Estimates in the order of the studies."""
    place = {study: i for i, study in enumerate(studies["study"])}
    return estimates.sort_values("study", key=lambda s: s.map(place), kind="stable")


def _pairs(tables: ReportTables) -> "Iterator[tuple[str, Figure]]":
    pairs = _in_order(neighbouring_pairs(tables.q10), tables.studies)
    from matplotlib.ticker import MultipleLocator

    limits = q10_limits(pairs["q10"])
    for study, rows in pairs.groupby("study", sort=False):
        figure = _figure(*PANEL, f"Q10 between neighbouring temperatures of the soils of {study}")
        ax = plot_q10_against_temperature(rows, figure.subplots(), limits=limits)
        ax.set_xlim(pairs["middle"].min() - 2, pairs["middle"].max() + 2)
        ax.xaxis.set_major_locator(MultipleLocator(5))
        ax.set_title(str(study), loc="left", parse_math=False)
        yield safe_name(f"pairs {study}"), figure


def _places(tables: ReportTables, headline: str) -> "Iterator[tuple[str, Figure]]":
    estimates = with_places(pooled(widest(tables.q10, headline)), tables.samples, tables.sites)
    for column, words in (("latitude", "latitude"), ("mean_annual_temperature", "mean annual temperature")):
        if estimates[column].notna().any():
            figure = _figure(4.6, 3.1, f"Q10 ({headline}) of every soil over {words}, marked by permafrost")
            plot_q10_over_place(estimates, figure.subplots(), column=column)
            figure.legend(loc="outside upper left", ncols=3, frameon=False, handletextpad=0.2)
            yield f"q10-over-{words.replace(' ', '-')}", figure


def _sensitivities(tables: ReportTables) -> "Iterator[tuple[str, Figure]]":
    if len(tables.sensitivity):
        height = 0.9 + 0.33 * tables.sensitivity["constant"].nunique()
        figure = _figure(WIDTH, height, "Flux sensitivity with each soil's Q10 over that with one constant")
        plot_flux_sensitivity(tables.sensitivity, figure.subplots())
        yield "sensitivity", figure


def _layers(tables: ReportTables) -> "Iterator[tuple[str, Figure]]":
    if tables.layers["ratio"].notna().any():
        height = 0.9 + 0.33 * tables.layers["core"].nunique()
        figure = _figure(WIDTH, height, "Q10 of the permafrost layer over that of the active layer of cores")
        plot_layers(tables.layers, figure.subplots())
        yield "layers", figure


def _drivers(drivers: Mapping[str, pd.DataFrame]) -> "Iterator[tuple[str, Figure]]":
    if "drivers_words" not in drivers:
        return
    made_up = drivers["drivers_words"]["words"].str.startswith("Synthetic").any()
    note = "SYNTHETIC" if made_up else ""
    for one in drawn_attribution(drivers, note=note):
        figure = _figure(*one.size, one.words)
        one.draw(figure.subplots())
        yield f"drivers-{one.name.replace('_', '-')}", figure
