"""The command line: arguments in, words out, no science."""

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from talik import __version__
from talik.errors import TalikError

EPILOG = (
    "Exit codes: 0 done; 1 the input or the settings have errors; 2 the command was not understood; "
    "3 talik itself made a mistake (run again with --debug and report it)."
)

app = typer.Typer(
    help="Permafrost carbon from soil incubation to climate feedback.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Out = Annotated[Path | None, typer.Option("--out", help="Run folder to write to.", show_default=False)]


def main() -> None:
    """Run the command line; never a traceback, unless --debug asks for it."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        app(arguments, prog_name="talik")
    except TalikError as error:
        if debug:
            raise
        typer.echo(f"talik: {error}", err=True)
        raise SystemExit(1) from None
    except Exception as error:
        if debug:
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        typer.echo(
            f"talik made a mistake of its own: {type(error).__name__}: {error} ({Path(last.filename).name}, line "
            f"{last.lineno}).\n  Run again with --debug for the traceback, and report it.",
            err=True,
        )
        raise SystemExit(3) from None


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"talik {__version__}")
        raise typer.Exit


@app.callback()
def _talik(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback for every error.")] = False,
) -> None:
    """Options of all commands."""


@app.command()
def demo(out: Out = None) -> None:
    """The packaged study of cold-region incubations, from file to report."""
    from talik.demo import demo_study

    _run(demo_study(), out or Path("talik-demo"))


@app.command()
def new(directory: Annotated[Path, typer.Argument(help="Folder to make.", metavar="DIR")]) -> None:
    """A study folder: study.toml, a template of every table, a README."""
    from talik.new import write_templates

    for file in write_templates(directory):
        typer.echo(file)
    typer.echo(f"Put your rows into {directory}/tables, then: talik check {directory}; talik run {directory}")


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Study, SIDb entries, or folder of tables.", metavar="PATH")],
) -> None:
    """Every problem in the input, by file, row and column; nothing is computed."""
    from talik.check import check_input, in_words

    problems = check_input(path)
    typer.echo(in_words(problems))
    if (problems["severity"] == "error").any():
        raise typer.Exit(1)


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="study.toml or its folder, or SIDb entries.", metavar="STUDY")],
    out: Out = None,
) -> None:
    """All stages in order; what is done is not done again."""
    from talik.study import default_run, read_study

    read = read_study(study)
    _run(read, out or default_run(read))


@app.command("import")
def import_(
    mapping: Annotated[Path, typer.Argument(help="Mapping file, or the name of an example.", metavar="MAPPING")],
    data: Annotated[Path, typer.Option("--data", help="Folder of the data, or one workbook.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--out", help="Study folder to make.", metavar="STUDY")],
) -> None:
    """Workbooks and text tables, as a mapping file says, to a study that runs."""
    from talik.check import in_words
    from talik.incubation.mapping.write import import_study, runs

    found = import_study(mapping, data, out)
    typer.echo(in_words(found.problems))
    typer.echo(", ".join(f"{name} {len(table)}" for name, table in found.tables.items()))
    nothing = f"{out / 'tables'}: no respiration to compute from"
    typer.echo(f"talik check {out}; talik run {out}" if runs(found) else nothing)


@app.command()
def export(
    source: Annotated[
        Path,
        typer.Argument(help="Run folder, study, SIDb entries, tables or ISRaD workbook.", metavar="STUDY_OR_RUN"),
    ],
    directory: Annotated[Path, typer.Argument(help="Folder to write to.", metavar="DIR")],
    to: Annotated[str, typer.Option("--to", help="Format: sidb or ess-dive.", metavar="FORMAT")],
) -> None:
    """Write a study or a run as SIDb entries, or as tables that ESS-DIVE takes."""
    from talik.check import in_words
    from talik.export import export as write

    told = write(source, to, directory)
    if len(told):
        typer.echo(in_words(told))
    typer.echo(directory)


@app.command()
def report(run: Annotated[Path, typer.Argument(help="Folder of a finished run.", metavar="RUN")]) -> None:
    """Write the report of a finished run again."""
    from talik.study import write_report

    typer.echo(write_report(run))


def _run(study, out: Path) -> None:
    """Run a study with its progress shown, and say where the report is."""
    from talik.progress import shown
    from talik.study import run_study

    with shown() as progress:
        result = run_study(study, out, progress=progress)
    counts = result.problems["severity"].value_counts()
    given = int((result.temperature["outcomes"]["outcome"] == "Q10").sum())
    typer.echo(
        f"{given} of {len(result.temperature['outcomes'])} studies give a Q10; problems found: "
        f"{counts.get('error', 0)} errors, {counts.get('warning', 0)} warnings (problems.csv)"
    )
    typer.echo(out / "report.html")
