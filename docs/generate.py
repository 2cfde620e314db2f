"""The pages of the reference, written from the code while the documentation is built.

They exist in memory only. This file is listed as a hook in mkdocs.yml.
"""

import json
import math
from collections.abc import Iterable, Sequence
from functools import cache

import typer
from typer.testing import CliRunner

import talik
from talik.cli import app
from talik.columns import meaning
from talik.errors import ResponseError
from talik.problems import COLUMNS, RULES, SEVERITIES
from talik.quantities import QUANTITIES
from talik.responses import RESPONSES, Response
from talik.study import STAGES, Settings
from talik.tables import TABLES, Column, header

ONE_SOIL = "<!-- one soil -->"
"""Where a page is given one soil under all definitions of Q10."""

TEN_DEGREES = "<!-- ten-degree q10 -->"
"""Where a page is given the ten-degree Q10 of forms as a table."""

SHOWN_SOIL = "Reichstein2000 Davos_Ridge 0-5 cm"
"""The set of the packaged demonstration that is shown: three temperatures, eight readings."""

PROBLEM_COLUMNS = {
    "stage": "stage that found it",
    "entry": "entry of a database, or study",
    "column": "column, site, sample, jar or set that it concerns",
    "rule": "name of the rule, as below",
    "severity": "`error`, `warning` or `info`",
    "where": "file, line or rows",
    "found": "what was found",
    "needed": "what is needed",
    "done": "what talik did",
}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def quantities_page() -> str:
    """Every quantity with its unit and ranges."""
    rows = [
        (f"`{q.name}`", q.symbol, f"`{q.unit}`" if q.unit else "1", span(q.possible), span(q.plausible), q.meaning)
        for q in QUANTITIES.values()
    ]
    return (
        "# Quantities\n\n"
        "One quantity, one name, one unit. Values outside the possible range are an error, those outside the "
        "plausible range a warning. In a file the unit stands in the header, as in "
        f"`{header('respiration')}`; another unit of the same kind is converted when the file is read.\n\n"
        + table(("name", "symbol", "unit", "possible", "plausible", "what it is"), rows)
    )


def span(ends: tuple[float, float]) -> str:
    """A range in words.

    Examples
    --------
    >>> span((0.0, math.inf)), span((-5, 20000)), span((-math.inf, math.inf))
    ('0 and more', '-5 to 20000', 'any')
    """
    low, high = ends
    if math.isinf(low):
        return "any"
    return f"{low:.12g} and more" if math.isinf(high) else f"{low:.12g} to {high:.12g}"


def tables_page() -> str:
    """Every table with its columns."""
    parts = [
        "# Tables\n\n"
        "Tables are tidy: one row each of what the heading says. Columns in bold must be there and filled. "
        "`talik new` writes templates of the tables that a laboratory fills; the others are results.\n"
    ]
    for one in TABLES.values():
        key = f" The key is {', '.join(f'`{name}`' for name in one.key)}." if one.key else ""
        further = " Any further column is a treatment." if one.treatments else ""
        rows = [(f"**`{c.name}`**" if c.required else f"`{c.name}`", *described(c)) for c in one.columns]
        parts.append(f"\n## {one.name}\n\nA row is {one.row}.{key}{further}\n\n")
        parts.append(table(("column", "holds", "unit", "what it is"), rows))
    return "".join(parts)


def described(column: Column) -> tuple[str, str, str]:
    """What a column holds, its unit and its meaning."""
    quantity = QUANTITIES.get(column.name)
    values = ", ".join(f"`{value}`" for value in column.values if value)
    holds = f"one of {values}" if values else {"flag": "true or false"}.get(column.kind, column.kind)
    return holds, f"`{quantity.unit}`" if quantity and quantity.unit else "", meaning(column.name)


def problems_page() -> str:
    """Columns of problems.csv and every rule."""
    columns = [(f"`{name}`", PROBLEM_COLUMNS[name]) for name in COLUMNS]
    parts = [
        "# Problems\n\n"
        "Whatever is odd in the data is written to `problems.csv` and into the report, and the work goes on as the "
        "column `done` says. An `error` takes values out of the results or makes them unbelievable; a `warning` asks "
        "a question; an `info` records how something was decided. A finding may be more or less severe than its "
        "rule.\n\n",
        table(("column", "holds"), columns),
    ]
    for severity in SEVERITIES:
        rows = [(f"`{rule.name}`", rule.meaning) for rule in RULES.values() if rule.severity == severity]
        parts.append(f"\n## {severity}\n\n" + table(("rule", "what it says"), rows))
    return "".join(parts)


def responses_page() -> str:
    """Every form of the temperature response: its equation, parameters, range and source."""
    rows = [
        (
            f"[`{one.name}`](#{one.name})", ", ".join(f"`{p.name}`" for p in one.parameters) or "none",
            span(one.valid_range), one.reference,
        )
        for one in RESPONSES.values()
    ]  # fmt: skip
    parts = [
        "# Responses\n\n"
        "Every form of the [temperature response](../explanation/responses.md) in `talik.RESPONSES`. T is in °C, "
        "$T_K$ in kelvin; f is scaled as the source scales it, and only ratios of it are used. The range is where the "
        "form describes soil: a temperature outside is refused. The usual value of a parameter is that of the source "
        "where it has one; a fit looks within the range of the parameter.\n\n",
        table(("form", "parameters", "valid, °C", "reference"), rows),
    ]
    return "".join(parts + [response_section(one) for one in RESPONSES.values()])


def response_section(one: Response) -> str:
    """One form: its equation as its function states it, its range, its source, and its parameters."""
    low, high = one.valid_range
    steep = f" A conversion to it sets `{one.steepness}`." if one.steepness else ""
    rows = [
        (
            f"`{p.name}`", f"`{p.unit}`" if p.unit else "1", f"{p.usual:g}",
            "fixed" if p.low == p.high else span((p.low, p.high)), p.meaning,
        )
        for p in one.parameters
    ]  # fmt: skip
    parameters = (
        table(("parameter", "unit", "usual", "range", "what it is"), rows) if rows else "It has no parameter.\n"
    )
    return (
        f"\n## {one.name}\n\n{one.equation}\n\nValid from {low:g} to {high:g} °C.{steep} Source: {one.reference}.\n\n"
        + parameters
    )


def ten_degree_q10() -> str:
    """Q10 from a temperature to the one ten degrees above, by form; a dash where a form is not valid."""
    forms = (
        ("arrhenius", (50.0,), " 50 kJ mol⁻¹"), ("arrhenius", (75.0,), " 75 kJ mol⁻¹"), ("lloyd-taylor", None, ""),
        ("kirschbaum", None, ""), ("rothc", None, ""), ("daycent", None, ""), ("ratkowsky", (-8.0,), " -8 °C"),
    )  # fmt: skip

    def cell(low: float, name: str, values: Sequence[float] | None) -> str:
        try:
            return f"{float(talik.q10_between(RESPONSES[name], low, low + 10, values)):.3f}"
        except ResponseError:
            return "–"

    lows = range(-5, 30, 5)
    rows = [(f"`{name}`{told}", *(cell(low, name, values) for low in lows)) for name, values, told in forms]
    return table(("form", *(f"{low} to {low + 10}" for low in lows)), rows)


def drawn_responses() -> dict[str, str]:
    """Figures of responses as SVG, by their place: thawed forms, and forms that go below 0 °C."""
    import matplotlib
    from matplotlib.figure import Figure

    from talik.report.figures import STYLE, svg
    from talik.responses import with_frozen_q10, with_liquid_water
    from talik.responses.figures import COMPARED, lay_out_responses

    thawed = RESPONSES["arrhenius"]
    land = [RESPONSES[name] for name in ("rothc", "ctsm", "jules", "orchidee-zero-at-3", "lpjml")]
    shown = {
        "responses": (COMPARED, 10.0),
        "responses-frozen": ([thawed, with_liquid_water(thawed), with_frozen_q10(thawed), *land], 5.0),
    }
    drawings = {}
    with matplotlib.rc_context(STYLE | {"figure.facecolor": "white"}):
        for name, (forms, reference) in shown.items():
            figure = lay_out_responses(Figure(layout="constrained"), forms, reference=reference)
            drawings[f"explanation/{name}.svg"] = svg(figure, name)
    return drawings


def stages_page() -> str:
    """The stages in their order, and the settings."""
    rows = [
        (
            f"`{stage.name}`", stage.meaning, ", ".join(f"`{name}`" for name in stage.needs),
            ", ".join(f"`[{name}]`" for name in stage.settings),
        )
        for stage in STAGES
    ]  # fmt: skip
    return (
        "# Stages\n\n"
        "A run goes through these stages in this order; the report comes last. A stage is written whole or not at "
        "all, and is not computed again while its input, its settings and the version of talik are the same.\n\n"
        + table(("stage", "what it does", "reads", "settings"), rows)
        + "\n## Settings in study.toml\n\n"
        + table(("section", "setting", "default", "may be"), settings_rows())
    )


def settings_rows() -> list[tuple[str, str, str, str]]:
    """Every setting with its default."""
    rows = []
    for section, described_section in Settings.model_fields.items():
        for name, field in described_section.annotation.model_fields.items():
            needed = field.is_required()
            default = "" if needed or field.default is None else f"`{json.dumps(field.default)}`"
            rows.append((f"`[{section}]`", f"`{name}`", "needed" if needed else default, values_of(field.annotation)))
    return rows


def values_of(annotation) -> str:
    """What a setting may be, from its type."""
    words = str(annotation).replace("typing.", "").replace("Literal", "").replace(" | None", "")
    if isinstance(annotation, type):
        return {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}[
            annotation.__name__
        ]
    several = {
        "dict[str, float]": "names and numbers, as in `{co2 = 5}`",
        "dict[str, list[str]]": 'groups and their properties, as in `{mineral = ["clay", "feox"]}`',
        "list[float]": "a list of numbers", "list[str]": "a list of texts", "float": "a number",
    }  # fmt: skip
    if words in several:
        return several[words]
    if words.startswith("list[["):
        return "a list of " + words[6:-2].replace("'", "`")
    return {"str": "text"}.get(words, words.strip("[]").replace("'", "`"))


def commands() -> list[str]:
    """Names of the commands, in the order of the help; one within another as ``library add``."""
    names = []
    for name, command in typer.main.get_command(app).commands.items():
        names += [name, *(f"{name} {inner}" for inner in getattr(command, "commands", ()))]
    return names


def commands_page() -> str:
    """What every command says of itself."""
    parts = ["# Commands\n\n```text\n" + help_of() + "```\n"]
    parts += [f"\n## talik {name}\n\n```text\n{help_of(*name.split())}```\n" for name in commands()]
    return "".join(parts)


def help_of(*command: str) -> str:
    """The help of talik, or of one command."""
    result = CliRunner(env={"COLUMNS": "100", "TERM": "dumb"}).invoke(app, [*command, "--help"], prog_name="talik")
    return result.output.strip() + "\n"


def python_page() -> str:
    """Every public name, in the order that data meet them."""
    parts = [
        "# Python\n\n"
        "`import talik` costs nothing: each name is loaded when it is first used. `talik.__version__` is the "
        "version.\n"
    ]
    for name in talik.__all__:
        if name != "__version__":
            parts.append(f"\n::: {home(name)}.{name}\n    options:\n      heading: talik.{name}\n")
            parts.append(f"      toc_label: {name}\n")
    return "".join(parts)


def home(name: str) -> str:
    """The module that defines a function or a class; for a constant the one that gives it."""
    found = getattr(talik, name)
    return found.__module__ if callable(found) else talik._HOME[name]


@cache
def one_soil() -> tuple[str, str]:
    """One soil of the demonstration under all definitions of Q10: the figure as SVG, and what is said of it."""
    import matplotlib
    from matplotlib.figure import Figure

    from talik.demo import demo_study
    from talik.report.figures import STYLE, svg

    measured = demo_study().measurements
    jars, rates = measured.jars, measured.respiration
    own = jars[jars["set"] == SHOWN_SOIL]
    alike = jars[jars["study"] == own["study"].iloc[0]]
    read = rates[rates["jar"].isin(own["jar"])]
    pools = talik.fit_pools(read, own, models=("one-pool", "two-pool"))
    q10, drift = talik.q10(rates[rates["jar"].isin(alike["jar"])], alike, pools=pools), talik.q10_drift(read, own)
    with matplotlib.rc_context(STYLE | {"figure.facecolor": "white"}):
        figure = talik.lay_out_one_soil(q10, drift, SHOWN_SOIL, Figure(layout="constrained"))
        drawing = svg(figure, "one-soil")
    said = "\n".join(f"- {sentence}" for sentence in talik.what_separates(talik.one_soil(q10, SHOWN_SOIL)))
    words = (
        "![Q10 of one soil by every definition with its interval, under each what it holds equal and what it assumes; "
        'below, Q10 in parts of the incubation](one-soil.svg){ width="560" }\n\n'
        f"{SHOWN_SOIL}, of the packaged demonstration. A definition differs from the next in what it holds equal:\n\n"
        f"{said}"
    )
    return drawing, words


PAGES = {
    "reference/quantities.md": quantities_page,
    "reference/tables.md": tables_page,
    "reference/problems.md": problems_page,
    "reference/responses.md": responses_page,
    "reference/stages.md": stages_page,
    "reference/commands.md": commands_page,
    "reference/python.md": python_page,
}
"""Every generated page, by its place."""


def on_files(files, config):
    """Add the generated pages to those on disk."""
    from mkdocs.structure.files import File

    for place, page in PAGES.items():
        files.append(File.generated(config, place, content=page()))
    files.append(File.generated(config, "explanation/one-soil.svg", content=one_soil()[0]))
    for place, drawing in drawn_responses().items():
        files.append(File.generated(config, place, content=drawing))
    return files


def on_page_markdown(markdown, **_):
    """Put what is said of the one soil, and the ten-degree Q10 of forms, in their places."""
    for mark, written in ((ONE_SOIL, lambda: one_soil()[1]), (TEN_DEGREES, ten_degree_q10)):
        markdown = markdown.replace(mark, written()) if mark in markdown else markdown
    return markdown
