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
Workers = Annotated[int, typer.Option("--workers", min=1, help="Processes of this machine that fit pools.")]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", help="Dask scheduler whose workers fit, as tcp://HOST:8786.", show_default=False),
]


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
    """A study folder: study.toml, a workbook and a template of every table to fill in, a README."""
    from talik.new import write_templates

    for file in write_templates(directory):
        typer.echo(file)
    typer.echo(
        f"Fill in {directory}/incubation.xlsx (readings of jars) or {directory}/tables (rates), then: "
        f"talik check {directory}; talik run {directory}"
    )


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Study, SIDb entries, tables, workbook, mapping, instrument file.")],
) -> None:
    """Every problem in the input, by file, row and column; for an unknown workbook, a mapping to edit and keep."""
    from talik.check import check_input, in_words, proposed_mapping

    if proposal := proposed_mapping(path):
        typer.echo(proposal)
        return
    problems = check_input(path)
    typer.echo(in_words(problems))
    if (problems["severity"] == "error").any():
        raise typer.Exit(1)


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="study.toml or its folder, or SIDb entries.", metavar="STUDY")],
    out: Out = None,
    workers: Workers = 1,
    scheduler: Scheduler = None,
) -> None:
    """All stages in order; what is done is not done again."""
    from talik.study import default_run, read_study

    read = read_study(study)
    _run(read, out or default_run(read), workers=workers, scheduler=scheduler)


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
def drivers(
    table: Annotated[Path, typer.Argument(help="CSV file, a row a sample.", metavar="TABLE")],
    response: Annotated[str, typer.Option("--response", help="Column to be explained, as ln Q10.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    group: Annotated[
        list[str], typer.Option("--group", help="Columns of a group or subgroup: mineral=clay,feox; more than once.")
    ],
    error: Annotated[str, typer.Option("--error", help="Column of the response's standard error.")] = "",
    log: Annotated[str, typer.Option("--log", help="Columns to take the logarithm of: a,b.")] = "",
    random: Annotated[str, typer.Option("--random", help="Column of the random effect, as site.")] = "",
    layer: Annotated[str, typer.Option("--layer", help="Column of the layer.")] = "layer",
    sample: Annotated[str, typer.Option("--sample", help="Column of the sample's name.")] = "sample",
    coordinates: Annotated[str, typer.Option("--coordinates", help="Columns of the place.")] = "latitude,longitude",
    counts: Annotated[
        Path | None,
        typer.Option("--counts", help="CSV of counts, a column a taxon: adds richness, shannon and simpson."),
    ] = None,
    rarefy: Annotated[
        int | None, typer.Option("--rarefy", min=1, help="Counts that every sample is rarefied to.", show_default=False)
    ] = None,
    paths: Annotated[str, typer.Option("--paths", help="Path model: 'logq10 ~ mineral + abundance; ...'.")] = "",
    primary: Annotated[
        str, typer.Option("--primary", help="The analysis that is the verdict, named beforehand, as 'least squares'.")
    ] = "mixed model",
    draws: Annotated[int, typer.Option("--draws", min=10, max=5000, help="Draws of the response.")] = 200,
    permutations: Annotated[int, typer.Option("--permutations", min=19, max=99999, help="Of the tests.")] = 999,
    resamples: Annotated[int, typer.Option("--resamples", min=19, max=99999, help="Bootstraps by site.")] = 999,
    trees: Annotated[int, typer.Option("--trees", min=10, max=5000, help="Trees of a forest.")] = 200,
    forests: Annotated[int, typer.Option("--forests", min=0, max=9999, help="Of permuted responses.")] = 199,
    posterior: Annotated[
        int, typer.Option("--posterior", min=0, max=20000, help="Draws a chain of the Bayesian regression; 0: none.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all draws.")] = 1,
) -> None:
    """What explains Q10: every method on one table, and a verdict."""
    from talik.drivers import driver_table
    from talik.drivers.attribution import Effort, attribute
    from talik.drivers.write import read_groups, read_samples, synthetic_note, with_diversity, write_attribution
    from talik.errors import SettingsError
    from talik.progress import shown

    place = tuple(name.strip() for name in coordinates.split(","))
    if len(place) != 2:
        raise SettingsError(f"--coordinates {coordinates!r}: two columns are needed, as latitude,longitude.")
    samples = read_samples(table)
    if counts is not None:
        samples = with_diversity(samples, counts, sample=sample, depth=rarefy)
    made = driver_table(
        samples, response=response, groups=read_groups(group), error=error,
        log=[name.strip() for name in log.split(",") if name.strip()], random=random, layer=layer, sample=sample,
        coordinates=(place[0], place[1]),
    )  # fmt: skip
    effort = Effort(draws, permutations, resamples, trees, forests, seed, posterior)
    with shown() as progress:
        found = attribute(made, paths=paths, primary=primary, effort=effort, told=progress)
    files = write_attribution(found, out, note=synthetic_note(samples))
    for one in made.problems:
        typer.echo(f"{one.rule}: {one.found}", err=True)
    typer.echo((out / "verdict.txt").read_text(encoding="utf-8"), nl=False)
    typer.echo(f"{len(files)} files: {out}")


@app.command()
def pools(
    respiration: Annotated[Path, typer.Argument(help="The table respiration, CSV or Parquet.", metavar="RESPIRATION")],
    jars: Annotated[Path, typer.Argument(help="The table jars, CSV or Parquet.", metavar="JARS")],
    out: Annotated[Path, typer.Option("--out", help="FILE.csv or FILE.parquet to write.", metavar="FILE")],
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Model to fit; more than once. All by default.")
    ] = None,
    workers: Workers = 1,
    scheduler: Scheduler = None,
) -> None:
    """Pools of every set of jars, however many: from file to file, part by part."""
    from talik.pools.models import POOL_MODELS
    from talik.pools.stream import stream_pools
    from talik.pools.table import Asked
    from talik.progress import counted

    asked = Asked(tuple(model or POOL_MODELS))
    with counted("parts") as tell:
        done = stream_pools(respiration, jars, out, asked=asked, workers=workers, scheduler=scheduler, tell=tell)
    typer.echo(f"{done.sets} sets, {done.rows} rows: {out}")


@app.command()
def posterior(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", metavar="RUN")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to; RUN/posterior by default.", show_default=False)
    ] = None,
    model: Annotated[str, typer.Option("--model", help="one-pool, two-pool or three-pool.")] = "two-pool",
    predictor: Annotated[
        list[str] | None, typer.Option("--predictor", help="Property that ln Q10 may depend on; more than once.")
    ] = None,
    coefficients: Annotated[
        str, typer.Option("--coefficients", help="Their prior: laplace, horseshoe or normal.")
    ] = "laplace",
    priors: Annotated[
        Path | None, typer.Option("--priors", help="CSV file of priors in place of talik's.", show_default=False)
    ] = None,
    chains: Annotated[int, typer.Option("--chains", min=1, help="Chains.")] = 4,
    warmup: Annotated[int, typer.Option("--warmup", min=100, help="Draws a chain that tune the sampler.")] = 2000,
    draws: Annotated[int, typer.Option("--draws", min=100, help="Draws a chain that are kept.")] = 3000,
    accept: Annotated[float, typer.Option("--accept", help="Acceptance that the sampler is tuned to.")] = 0.95,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of all draws.")] = 1,
) -> None:
    """Pools of all soils of a run in one Bayesian model; takes minutes."""
    from talik.pools.hierarchical.of_run import fit_run, write_posterior

    fit = fit_run(
        run, seed=seed, predictors=predictor or (), model=model, coefficients=coefficients, priors=priors,
        chains=chains, warmup=warmup, draws=draws, target_accept=accept,
    )  # fmt: skip
    folder = out or run / "posterior"
    files = write_posterior(fit, folder)
    typer.echo((folder / "posterior.txt").read_text(encoding="utf-8"), nl=False)
    typer.echo(f"{len(files)} files: {folder}")


@app.command()
def report(run: Annotated[Path, typer.Argument(help="Folder of a finished run.", metavar="RUN")]) -> None:
    """Write the report of a finished run again."""
    from talik.study import write_report

    typer.echo(write_report(run))


library = typer.Typer(
    help="Many studies in one DuckDB file: add, list, check, query, and q10: all recomputed by one definition.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(library, name="library")

Library = Annotated[Path, typer.Argument(help="The library, as in permafrost.duckdb.", metavar="FILE")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for another process that has it.")]


@library.command("add")
def library_add(
    file: Library,
    sources: Annotated[
        list[Path],
        typer.Argument(help="SIDb entries, a folder of tables, study.toml, or a finished run.", metavar="SOURCE..."),
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Replace studies that are there otherwise.")] = False,
    wait: Wait = 30.0,
) -> None:
    """Add studies: all of them or none; the library is made where there is none."""
    from talik.check import in_words
    from talik.errors import listed
    from talik.library import add_to_library

    brought = [one for source in sources for one in _contributions(source)]
    added = add_to_library(file, *brought, replace=replace, wait=wait, tell=_tell)
    for words, names in (
        ("added", added.added), ("replaced", added.replaced), ("there already, the same", added.same),
    ):  # fmt: skip
        if names:
            typer.echo(f"{words}: {len(names)} ({listed(names, 5)})")
    if len(added.problems):
        typer.echo(in_words(added.problems))


@library.command("list")
def library_list(file: Library, wait: Wait = 30.0) -> None:
    """The studies: what they hold, and where they came from."""
    from talik.library import list_library

    found = list_library(file, wait=wait, tell=_tell)
    shown = ["study", "soils", "jars", "intervals", "sets_with_q10", "temperatures", "errors", "warnings", "source"]
    typer.echo(found[shown].to_string(index=False) if len(found) else "no study yet")


@library.command("check")
def library_check(file: Library, wait: Wait = 30.0) -> None:
    """Keys, values, units, and what stands under two studies."""
    from talik.check import in_words
    from talik.library import check_library

    problems = check_library(file, wait=wait, tell=_tell)
    typer.echo(in_words(problems))
    if (problems["severity"] == "error").any():
        raise typer.Exit(1)


@library.command("query")
def library_query(
    file: Library,
    sql: Annotated[str | None, typer.Option("--sql", help="One SELECT.", show_default=False)] = None,
    where: Annotated[
        str | None, typer.Option("--where", help="A condition in SQL on the rows of --table.", show_default=False)
    ] = None,
    table: Annotated[
        str | None, typer.Option("--table", help="Table to filter, as q10 or jars.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="FILE.csv or FILE.parquet; else CSV is shown.", show_default=False)
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="A query that takes longer is stopped.")] = 60.0,
    wait: Wait = 30.0,
) -> None:
    """Rows by SQL or by a filter; a query can read and write nothing else."""
    from talik.errors import SettingsError
    from talik.library import as_csv, filter_library, query_library, with_units, write_rows

    if (sql is None) == (table is None) or (sql is not None and where is not None):
        raise SettingsError("give --sql 'SELECT ...', or --table NAME with or without --where 'CONDITION'.")
    if sql is not None:
        rows = query_library(file, sql, seconds=seconds, wait=wait, tell=_tell)
    else:
        rows = with_units(filter_library(file, str(table), where or "true", seconds=seconds, wait=wait, tell=_tell))
    if out is None:
        typer.echo(as_csv(rows), nl=False)
        return
    write_rows(rows, out, library=file)
    typer.echo(f"{len(rows)} rows: {out}")


@library.command("q10")
def library_q10_of(
    file: Library,
    definition: Annotated[
        str,
        typer.Option(
            "--definition",
            help="rate-ratio, rate-fit, exponential-fit, arrhenius, equal-time, equal-carbon or pool.",
        ),
    ],
    pair: Annotated[str, typer.Option("--pair", help="Two temperatures in degC, as in 5,15.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    within: Annotated[float, typer.Option("--within", help="How far from the pair an incubation may be, in degC.")] = 0,
    wait: Wait = 30.0,
) -> None:
    """All studies recomputed by one definition at one pair of temperatures."""
    from talik.library import library_q10, write_q10

    found = library_q10(file, definition, _pair(pair), within=within, wait=wait, tell=_tell)
    files = write_q10(found, out, library=file)
    studies = int((found.outcomes["outcome"] == "Q10").sum())
    typer.echo(
        f"{len(found.q10)} estimates of {studies} of {len(found.outcomes)} studies; {len(found.left_out)} sets or "
        "pools are left out (left_out.csv says why)"
    )
    for one in files:
        typer.echo(one)


def _contributions(source: Path) -> list:
    """Studies of a source: through its study.toml where it has one, else as it stands."""
    from talik.library import contributions, read_contributions
    from talik.study import read_study

    is_study = source.is_file() or (source / "study.toml").is_file()
    if not is_study or (source / ".stages").is_dir():
        return read_contributions(source)
    study = read_study(source)
    return contributions(study.measurements, kind=study.source.kind, path=source, files=study.source.files())


def _pair(text: str) -> tuple[float, float]:
    from talik.errors import SettingsError

    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise SettingsError(f"--pair {text!r}: two temperatures in degC are needed, as in 5,15.") from None
    return low, high


def _tell(words: str) -> None:
    typer.echo(words, err=True)


def _run(study, out: Path, **workers) -> None:
    """Run a study with its progress shown, and say where the report is."""
    from talik.progress import shown
    from talik.study import run_study

    with shown() as progress:
        result = run_study(study, out, progress=progress, **workers)
    counts = result.problems["severity"].value_counts()
    given = int((result.temperature["outcomes"]["outcome"] == "Q10").sum())
    typer.echo(
        f"{given} of {len(result.temperature['outcomes'])} studies give a Q10; problems found: "
        f"{counts.get('error', 0)} errors, {counts.get('warning', 0)} warnings (problems.csv)"
    )
    typer.echo(out / "report.html")
