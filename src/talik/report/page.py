"""The report page: one HTML file that fetches nothing."""

import base64
import re
from functools import cache
from importlib import resources

import pandas as pd

from talik import tables as talik_tables
from talik.problems import RULES
from talik.report.citations import citations
from talik.report.drivers import drivers_contents
from talik.report.figures import figures, headline_asked, headline_of, safe_name, svg
from talik.report.numbers import counted, printed, span, with_interval
from talik.report.readings import readings_rows
from talik.report.rows import (
    definitions_shown,
    identified_pools,
    pools_by_model,
    problems_by_study,
    q10_rows,
    reasons_not_identified,
    sensitivity_rows,
    study_rows,
)
from talik.report.summary import summarised
from talik.report.tables import ReportTables, report_tables
from talik.result import StudyResult
from talik.temperature import layers_in_words, most_telling_set, one_soil, what_separates
from talik.temperature.figures import with_places
from talik.temperature.q10 import pooled, widest
from talik.temperature.sensitivity import DAYS


def report_html(result: StudyResult) -> str:
    """The report of a study, as one HTML page.

    Figures, style and the downloadable tables are in the page; nothing is fetched when it is opened.
    The same result gives the same bytes.

    Parameters
    ----------
    result : StudyResult
        What a study came to. Stages that did not run may have empty tables.

    Returns
    -------
    str

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from talik.new import write_templates
    >>> from talik.study import run_study
    >>> folder = Path(tempfile.mkdtemp()) / "study"
    >>> files = write_templates(folder)
    >>> report_html(run_study(folder))[:15].lower()
    '<!doctype html>'
    """
    return report_files(result)["report.html"]


def report_files(result: StudyResult) -> dict[str, str]:
    """The report of a study and its figures, each drawn once, by their path in the run folder.

    Parameters
    ----------
    result : StudyResult
        What a study came to.

    Returns
    -------
    dict of str to str
        ``report.html``, and ``figures/NAME.svg`` for every figure.
    """
    drawn = {name: _Drawing(name, figure) for name, figure in figures(result).items()}
    page = _template().render(_contents(result, drawn))
    return {"report.html": page} | {f"figures/{name}.svg": drawing.file for name, drawing in drawn.items()}


def _contents(result: StudyResult, drawn: "dict[str, _Drawing]") -> dict[str, object]:
    """What the template places."""
    tables = report_tables(result)
    headline = headline_of(result)
    definitions = definitions_shown(headline)
    return {
        "title": result.title,
        "version": result.version,
        "css": _packaged("page.css"),
        "tables": tables,
        "drawn": drawn,
        "summary": summarised(tables, headline),
        "asked": headline_asked(result),
        "definitions": definitions,
        "studies": study_rows(tables),
        "readings": readings_rows(tables),
        "climate_missing": _without_climate(tables, headline),
        "q10": q10_rows(tables, headline),
        "sensitivity": sensitivity_rows(tables.sensitivity, definitions),
        "pools": identified_pools(tables.pools),
        "models": pools_by_model(tables.pools),
        "reasons": reasons_not_identified(tables.pools),
        "one_soil": _one_soil(tables.q10),
        "layers": tables.layers[tables.layers["ratio"].notna()].to_dict("records"),
        "drivers": drivers_contents(result.drivers),
        "layers_in_words": layers_in_words(tables.layers, tables.samples),
        "problems": list(problems_by_study(tables.problems, tables.studies)),
        "corrections": tables.problems[tables.problems["rule"] == "correction-applied"].to_dict("records"),
        "infos": _infos(tables.problems),
        "settings": _settings(result),
        "intervals": _interval_sources(tables, headline),
        "cited": citations(tables.studies, result.version),
        "days": DAYS,
    }


def _one_soil(q10: pd.DataFrame) -> tuple[str, list[str]] | None:
    """The soil that is shown under every definition, and what separates them."""
    name = most_telling_set(q10)
    return None if name is None else (name, what_separates(one_soil(q10, name)))


class _Drawing:
    """A figure as the template places it."""

    def __init__(self, name: str, figure) -> None:
        self.name = name
        self.words = figure.get_label()
        self.width = figure.get_size_inches()[0]
        self.file = svg(figure, name)
        self.svg = _for_page(self.file, self.words)


def _for_page(text: str, words: str) -> str:
    """SVG that takes the width of the page and says what it shows; its style is in the page's own."""
    from markupsafe import escape

    text = re.sub(r'\s(width|height)="[^"]*pt"', "", text, count=2)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r">\n\s*<", "><", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(words)}" ', 1)


@cache
def _template():
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_packaged), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {
        "counted": counted, "printed": printed, "csv_link": csv_link, "safe_name": safe_name, "begin_with": _begin_with,
    }  # fmt: skip
    environment.globals |= {"span": span, "with_interval": with_interval}
    return environment.get_template("page.html.j2")


def _begin_with(drawn: dict, prefix: str) -> bool:
    """Whether there is any figure of this kind."""
    return any(name.startswith(prefix) for name in drawn)


def _packaged(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def csv_link(frame: pd.DataFrame) -> str:
    """A whole table as the address of a CSV file that the page itself holds.

    Units are in the header, and numbers read back as the same numbers.

    Examples
    --------
    >>> csv_link(pd.DataFrame({"set": ["peat"], "t_low": [5.0]}))
    'data:text/csv;charset=utf-8;base64,c2V0LHRfbG93IFtkZWdDXQpwZWF0LDUuMAo='
    """
    text = frame.rename(columns=talik_tables.header).to_csv(index=False, lineterminator="\n")
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(text.encode()).decode()


def _infos(problems: pd.DataFrame) -> list[tuple[str, int, str]]:
    """How often each decision was recorded: rule, count, meaning."""
    rest = problems[(problems["severity"] == "info") & (problems["rule"] != "correction-applied")]
    counts = rest["rule"].value_counts().sort_index()
    return [(str(r), int(n), RULES[r].meaning if r in RULES else "") for r, n in counts.items()]


def _settings(result: StudyResult) -> dict[str, object]:
    """Settings that the method paragraph tells."""
    source = result.settings.get("source", {})
    return {"seed": result.settings.get("study", {}).get("seed"), "corrections": source.get("corrections")}


def _without_climate(tables: ReportTables, headline: str) -> int:
    """Sets with a Q10 whose site has no mean annual temperature."""
    estimates = with_places(pooled(widest(tables.q10, headline)), tables.samples, tables.sites)
    return int(estimates["mean_annual_temperature"].isna().sum())


def _interval_sources(tables: ReportTables, headline: str) -> list[tuple[str, int]]:
    """What the intervals of the headline Q10 rest on, and how many on each."""
    sources = pooled(widest(tables.q10, headline))["interval_from"]
    counts = sources.where(sources != "", "nothing: no interval").value_counts(sort=True)
    return [(str(source), int(n)) for source, n in counts.items()]
