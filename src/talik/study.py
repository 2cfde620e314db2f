"""A study from top to bottom: study.toml, the stages in their order, and the runner.

``STAGES`` states the order of a run once; the runner, the command line, the documentation and the
architecture test read it.
"""

import platform
import re
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from talik import __version__, store
from talik.constants import ATMOSPHERE
from talik.errors import InputError, SettingsError, itemised, listed
from talik.flux.budget import ROOM_AIR
from talik.incubation.measurements import Measurements
from talik.problems import merged
from talik.result import StudyResult
from talik.source import SOURCES, Source
from talik.textfile import read_text
from talik.work import Workers


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StudySection(_Section):
    """``[study]``: what it is."""

    title: str = Field(min_length=1)
    seed: int = Field(default=1, ge=0)


class SourceSection(_Section):
    """``[source]``: where the measurements are; one of the sources."""

    sidb: str | None = None
    tables: str | None = None
    workbook: str | None = None
    mapping: str | None = None
    data: str | None = None
    israd: str | None = None
    library: str | None = None
    where: str = ""
    corrections: bool = True

    @property
    def kinds(self) -> list[str]:
        """Sources that are named."""
        return [kind for kind in SOURCES if getattr(self, kind) is not None]

    @model_validator(mode="after")
    def _one_source(self):
        if len(self.kinds) != 1:
            raise ValueError(f'name one source, as in tables = "DIR"; the sources are {", ".join(SOURCES)}')
        return self


class FluxSection(_Section):
    """``[flux]``: how rates are computed from readings, and added up; see ``respiration`` and ``release``."""

    model: Literal["auto", "linear", "robust", "hmr"] = "auto"
    window: Literal["found", "whole"] = "found"
    rates: Literal["auto", "closing", "interval"] = "auto"
    pressure: float = Field(default=ATMOSPHERE, gt=10, lt=1000)
    humidity: float = Field(default=1.0, ge=0, le=1)
    room_air: dict[str, float] = ROOM_AIR
    precision: dict[str, float] = {}
    errors: dict[str, float] = {}
    flow_temperature: float = 0.0
    first_interval: Literal["hold", "linear", "none"] = "hold"
    gaps: Literal["mean", "hold", "none"] = "mean"

    @property
    def of_respiration(self) -> dict[str, Any]:
        """Settings of ``respiration``."""
        return self.model_dump(exclude=set(self.of_release))

    @property
    def of_release(self) -> dict[str, Any]:
        """Settings of ``release``."""
        return {"first_interval": self.first_interval, "gaps": self.gaps}


PoolModelName = Literal["one-pool", "two-pool", "three-pool", "fast-and-constant", "continuous-quality"]


class PoolsSection(_Section):
    """``[pools]``: models to fit."""

    models: list[PoolModelName] = ["one-pool", "two-pool", "three-pool", "fast-and-constant", "continuous-quality"]


class TemperatureSection(_Section):
    """``[temperature]``: the definition that leads, among all that are computed."""

    headline: Literal["equal-carbon", "equal-time", "rate"] = "equal-carbon"
    between: list[float] = Field(default=[], max_length=2)

    @model_validator(mode="after")
    def _two_temperatures(self):
        if self.between and (len(self.between) != 2 or self.between[0] >= self.between[1]):
            raise ValueError("between takes the lowest and the highest temperature, as in [0, 25], or nothing")
        return self

    def within(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows of the temperatures that take part; all where none are named."""
        return table[table["temperature"].between(*self.between)] if self.between else table


Primary = Literal[
    "mixed model", "one at a time", "least squares", "without place", "without errors", "patterns in space",
    "draws of the response",
]  # fmt: skip


class DriversSection(_Section):
    """``[drivers]``: what explains Q10, by which groups of properties; see ``talik.drivers.of_study``."""

    response: Literal[
        "", "equal-carbon", "equal-time", "rate", "exponential-fit", "arrhenius", "pool", "specific_release", "release",
        "organic_matter_release", "jar_release",
    ] = ""  # fmt: skip
    pool: str = ""
    day: float | None = Field(default=None, gt=0)
    temperature: float | None = None
    sets: list[str] = []
    groups: dict[str, list[str]] = {}
    log: list[str] = []
    random: str = "auto"
    paths: str = ""
    primary: Primary = "mixed model"
    draws: int = Field(default=200, ge=10, le=5000)
    permutations: int = Field(default=999, ge=19, le=99999)
    resamples: int = Field(default=999, ge=19, le=99999)
    trees: int = Field(default=200, ge=10, le=5000)
    forests: int = Field(default=199, ge=0, le=9999)
    posterior: int = Field(default=0, ge=0, le=20000)

    @model_validator(mode="after")
    def _settings_that_belong_together(self):
        released = self.response.endswith("release")
        if (self.day is not None or self.temperature is not None) and not released:
            raise ValueError('day and temperature belong to a release, as response = "specific_release"')
        if self.pool and self.response != "pool":
            raise ValueError('pool belongs to response = "pool"')
        wrong = [
            f"group {name!r}" for name in self.groups if not 1 <= len(name.split("/")) <= 2 or not name.strip(" /")
        ]
        wrong += [f"group {name!r} names no property" for name, members in self.groups.items() if not members]
        if wrong:
            raise ValueError(f"a group is one word or group/subgroup, and names properties; wrong are {listed(wrong)}")
        return self


class Settings(_Section):
    """``study.toml`` as a whole."""

    study: StudySection
    source: SourceSection
    flux: FluxSection = FluxSection()
    pools: PoolsSection = PoolsSection()
    temperature: TemperatureSection = TemperatureSection()
    drivers: DriversSection = DriversSection()


@dataclass(frozen=True)
class Study:
    """A study to be run: its settings, and the folder that their paths count from."""

    settings: Settings
    """Settings, defaults filled in."""
    folder: Path
    """Folder of ``study.toml``."""

    @cached_property
    def source(self) -> Source:
        """Where the measurements are."""
        section = self.settings.source
        (kind,) = section.kinds
        data = None if section.data is None else self.folder / section.data
        return Source(
            kind, self._path_of(kind, getattr(section, kind)), corrections=section.corrections, data=data,
            where=section.where, flux=self.settings.flux.of_respiration,
        )  # fmt: skip

    def _path_of(self, kind: str, named: str) -> Path:
        """Path of a source, or of an example mapping by its name."""
        path = self.folder / named
        if kind == "mapping" and not path.is_file():
            from talik.incubation.mapping.schema import EXAMPLES

            example = EXAMPLES / f"{named}.toml"
            return example if example.is_file() else path
        return path

    @cached_property
    def measurements(self) -> Measurements:
        """The measurements, read once."""
        return self.source.read()

    def inputs(self) -> dict[str, str]:
        """sha256 of every file of the source, by its path within it."""
        digests = store.digests(self.source.files())
        return {self.source.name_of(Path(name)): digest for name, digest in digests.items()}


def read_study(path: Path | str) -> Study:
    """Read ``study.toml``, or make a study of a folder of SIDb entries as it is.

    Parameters
    ----------
    path : path_like
        ``study.toml``, its folder, or a folder of SIDb entries.

    Returns
    -------
    Study

    Raises
    ------
    InputError, SettingsError
        With every mistake in the file.
    """
    path = Path(path)
    file = path / "study.toml" if path.is_dir() else path
    if not file.exists() and path.is_dir():
        from talik.incubation.sidb.entry import has_entries

        if has_entries(path):
            return Study(Settings(study=StudySection(title=path.resolve().name), source=SourceSection(sidb=".")), path)
        raise InputError(
            f"{path} holds neither a study.toml nor SIDb entries. 'talik new DIR' begins a study.",
            [str(path)],
        )
    content = read_text(file).content
    try:
        loaded = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not TOML: {error}.", [str(file)]) from None
    return Study(settings_of(loaded, str(file)), file.parent)


def settings_of(loaded: dict[str, Any], file: str) -> Settings:
    """Settings from what ``study.toml`` says, or all its mistakes at once."""
    try:
        return Settings.model_validate(loaded)
    except ValidationError as error:
        mistakes = [_mistake(found) for found in error.errors()]
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        raise SettingsError(f"{file}: {count}\n{itemised(mistakes)}", mistakes) from None


def _mistake(found: Any) -> str:
    where = ".".join(str(part) for part in found["loc"])
    message = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        return f"{where}: there is no such setting; take it out or correct its name"
    if found["type"] == "missing":
        return f"{where}: is missing"
    return f"{where}: {message[0].lower()}{message[1:]}; found {found['input']!r}"


Progress = Callable[[str, str], None]
"""Told of each stage: its name, and ``begins``, ``done in 1.2 s`` or ``as before``."""


@dataclass(frozen=True)
class Means:
    """What a stage computes with. None of it changes a result."""

    workers: Workers
    """Who computes."""
    tell: Progress
    """Is told of the parts of a long stage as they begin."""


@dataclass(frozen=True)
class Stage:
    """One step of a run."""

    name: str
    """Name, as on the command line and in the run folder."""
    meaning: str
    """What it does, for help and documentation."""
    needs: tuple[str, ...]
    """Stages whose tables it reads."""
    run: Callable[[Study, dict[str, pd.DataFrame], "Means"], dict[str, pd.DataFrame]]
    """From the study, the tables of earlier stages and the means at hand to its own tables."""
    settings: tuple[str, ...] = ()
    """Sections of ``study.toml`` that it depends on."""


def _survey(study: Study, _: dict[str, pd.DataFrame], __: Means) -> dict[str, pd.DataFrame]:
    measured = study.measurements
    return {name: getattr(measured, name) for name in ("studies", "sites", "samples", "properties", "problems")}


def _incubation(study: Study, _: dict[str, pd.DataFrame], __: Means) -> dict[str, pd.DataFrame]:
    measured = study.measurements
    return {name: getattr(measured, name) for name in ("jars", "readings", "cabinets", "respiration")}


def _flux(study: Study, tables: dict[str, pd.DataFrame], _: Means) -> dict[str, pd.DataFrame]:
    from talik.flux import Laboratory, carbon_budget, release

    settings = study.settings.flux
    laboratory = Laboratory(settings.pressure, settings.humidity, settings.room_air, settings.precision)
    return {
        "release": release(tables["respiration"], **settings.of_release),
        "budgets": carbon_budget(tables["readings"], tables["jars"], laboratory=laboratory),
    }


def _pools(study: Study, tables: dict[str, pd.DataFrame], means: Means) -> dict[str, pd.DataFrame]:
    from talik.pools import fit_pools
    from talik.tables import empty

    if (tables["respiration"]["gas"] == "ch4").all():  # the models are of carbon dioxide
        return {"pools": empty("pools")}
    fitted = fit_pools(
        tables["respiration"], tables["jars"], models=study.settings.pools.models,
        workers=means.workers.count, scheduler=means.workers.scheduler,
    )  # fmt: skip
    return {"pools": fitted}


def _temperature(study: Study, tables: dict[str, pd.DataFrame], _: Means) -> dict[str, pd.DataFrame]:
    from talik import temperature

    within = study.settings.temperature.within
    measured, release = (within(tables["respiration"]), tables["jars"]), within(tables["release"])
    q10 = temperature.q10(*measured, release=release, pools=tables["pools"])
    headline = study.settings.temperature.headline
    definitions = [headline, *(d for d in ("equal-carbon", "equal-time", "rate") if d != headline)]
    sensitivity = [
        temperature.flux_sensitivity(q10, release, tables["jars"], definition=definition) for definition in definitions
    ]
    return {
        "q10": q10,
        "activation_energies": temperature.activation_energy(*measured, release=release),
        "drift": temperature.q10_drift(*measured, release=release),
        "layers": temperature.compare_layers(
            q10, tables["samples"], release=release, jars=tables["jars"], respiration=measured[0]
        ),
        "sensitivity": pd.concat(sensitivity, ignore_index=True),
        "outcomes": temperature.outcomes(tables["studies"], tables["jars"], q10),
    }


def _drivers(study: Study, tables: dict[str, pd.DataFrame], means: Means) -> dict[str, pd.DataFrame]:
    from talik.drivers.attribution import Effort
    from talik.drivers.of_study import Question, attribute_study

    asked = study.settings.drivers
    effort = Effort(
        asked.draws, asked.permutations, asked.resamples, asked.trees, asked.forests, study.settings.study.seed,
        asked.posterior,
    )  # fmt: skip
    question = Question(
        headline=study.settings.temperature.headline, response=asked.response, pool=asked.pool, day=asked.day,
        temperature=asked.temperature, sets=tuple(asked.sets), log=tuple(asked.log), random=asked.random,
        groups={name: tuple(members) for name, members in asked.groups.items()}, paths=asked.paths,
        primary=asked.primary, effort=effort,
    )  # fmt: skip

    def told(method: str, what: str) -> None:
        if what == "begins":
            means.tell(f"drivers: {method}", what)

    return attribute_study(tables, question, told=told)


STAGES = (
    Stage("survey", "sites, samples and soil properties, checked", (), _survey, ("source", "flux")),
    Stage("incubation", "jars, the readings of their gas and their respiration", (), _incubation, ("source", "flux")),
    Stage("flux", "carbon released since the start, and each jar's carbon budget", ("incubation",), _flux, ("flux",)),
    Stage("pools", "pool sizes, decay rates and Q10 of pools", ("incubation",), _pools, ("pools",)),
    Stage(
        "temperature", "Q10 by every definition", ("survey", "incubation", "flux", "pools"), _temperature,
        ("temperature", "study"),
    ),
    Stage(
        "drivers", "what explains Q10 or carbon release", ("survey", "incubation", "flux", "temperature"), _drivers,
        ("drivers", "temperature", "study"),
    ),
)  # fmt: skip
"""Stages of a run in their order; the report comes last."""


def run_study(
    path: Path | str | Study,
    out: Path | str | None = None,
    *,
    progress: Progress | None = None,
    workers: int = 1,
    scheduler: str | None = None,
) -> StudyResult:
    """Run a study: all stages in order, each written whole; what is done with the same key is kept.

    Parameters
    ----------
    path : path_like or Study
        ``study.toml``, its folder, or a folder of SIDb entries.
    out : path_like, optional
        Run folder; by default ``run`` beside ``study.toml``, or ``talik-run`` here where there is none.
    progress : callable, optional
        Told of each stage as it goes.
    workers : int, default 1
        Processes of this machine that fit; the results are the same to the last bit, so they belong to no key.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers fit instead; see `talik.work.each`.

    Returns
    -------
    StudyResult

    Raises
    ------
    TalikError
        For mistakes in the input or the settings, and for workers that cannot be had.

    Examples
    --------
    >>> import tempfile
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp()) / "study"
    >>> files = write_templates(folder)
    >>> result = run_study(folder)
    >>> list(result.temperature["outcomes"]["outcome"])
    ['Q10']
    """
    team = Workers(workers, scheduler)
    study = path if isinstance(path, Study) else read_study(path)
    tell = progress or (lambda stage, what: None)
    inputs = study.inputs()
    run = store.open_run(out if out is not None else default_run(study))
    keys: dict[str, str] = {}
    tables: dict[str, pd.DataFrame] = {}
    for stage in STAGES:
        keys[stage.name] = _key(study, stage, inputs, keys)
        made = _run_stage(study, stage, keys[stage.name], run, tables, Means(team, tell))
        tables = _with(tables, made)
    result = _result(study.settings, tables)
    _report(study, result, run, inputs, keys, tell)
    return result


def default_run(study: Study) -> Path:
    """Run folder where none is named: beside ``study.toml``, or here where there is none."""
    return study.folder / "run" if (study.folder / "study.toml").exists() else Path("talik-run")


def _key(study: Study, stage: Stage, inputs: dict[str, str], keys: dict[str, str]) -> str:
    settings = {name: getattr(study.settings, name).model_dump() for name in stage.settings}
    needed = {name: keys[name] for name in stage.needs}
    return store.stage_key(stage=stage.name, version=__version__, settings=settings, inputs=needed or inputs)


def _run_stage(
    study: Study,
    stage: Stage,
    key: str,
    run: store.RunFolder,
    tables: dict[str, pd.DataFrame],
    means: Means,
) -> dict[str, pd.DataFrame]:
    tell = means.tell
    if run.is_done(stage.name, key):
        tell(stage.name, "as before")
        return run.tables(stage.name)
    tell(stage.name, "begins")
    start = time.perf_counter()
    made = stage.run(study, tables, means)
    seconds = time.perf_counter() - start
    store.write_stage(run, stage.name, key, made, {}, seconds)
    tell(stage.name, f"done in {seconds:.1f} s")
    return made


def _with(tables: dict[str, pd.DataFrame], made: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables of earlier stages and those of the next; problems are gathered."""
    problems = [found["problems"] for found in (tables, made) if "problems" in found]
    return tables | made | ({"problems": merged(*problems)} if problems else {})


def _result(settings: Settings, tables: dict[str, pd.DataFrame]) -> StudyResult:
    def of(*names: str) -> dict[str, pd.DataFrame]:
        return {name: tables[name] for name in names}

    return StudyResult(
        title=settings.study.title, settings=settings.model_dump(exclude_none=True), version=__version__,
        survey=of("studies", "sites", "samples", "properties"),
        incubation=of("jars", "readings", "cabinets", "respiration"),
        flux=of("release", "budgets"), pools=of("pools"),
        temperature=of("q10", "activation_energies", "drift", "layers", "sensitivity", "outcomes"),
        drivers={name: table for name, table in tables.items() if name.startswith("drivers_")},
        problems=tables["problems"],
    )  # fmt: skip


def _report(study: Study, result: StudyResult, run: store.RunFolder, inputs, keys, tell: Progress) -> None:
    """The page, its figures, the settings as run, and the crate that describes the folder."""
    key = store.stage_key(version=__version__, stages=keys, settings=study.settings.model_dump())
    if run.is_done("report", key):
        tell("report", "as before")
        return
    tell("report", "begins")
    start = time.perf_counter()
    from talik.report import report_files

    texts = report_files(result) | {"problems.csv": _csv(result.problems), "study.toml": as_toml(study)}
    store.write_stage(run, "report", key, {}, texts, time.perf_counter() - start)
    licences = "; ".join(sorted(set(filter(None, result.survey["studies"]["licence"])))) or "not stated"
    made = {"settings": result.settings, "seed": study.settings.study.seed, "versions": versions()}
    described = {"ro-crate-metadata.json": store.crate(result.title, licences, run, inputs, made)}
    store.write_stage(run, "crate", key, {}, described, 0.0)
    tell("report", f"done in {time.perf_counter() - start:.1f} s")


def read_result(run: Path | str) -> StudyResult:
    """The result of a run, from its folder.

    Parameters
    ----------
    run : path_like
        Folder that ``run_study`` wrote.

    Returns
    -------
    StudyResult

    Raises
    ------
    StoreError
        Where the folder holds no finished run.

    Examples
    --------
    >>> import tempfile
    >>> read_result(tempfile.mkdtemp())
    Traceback (most recent call last):
        ...
    talik.errors.StoreError: ... holds no finished stage 'survey'. ...
    """
    folder = store.RunFolder(Path(run))
    tables: dict[str, pd.DataFrame] = {}
    for stage in STAGES:
        tables = _with(tables, folder.tables(stage.name))
    study = read_study(folder.path / "study.toml")
    return _result(study.settings, tables)


def write_report(run: Path | str) -> Path:
    """Write the report and the figures of a finished run again, and say where the report is."""
    from talik.report import report_files

    folder = store.open_run(run)
    before = folder.manifest("report")
    result = read_result(run)
    settings = read_text(folder.path / "study.toml").content
    texts = report_files(result) | {"problems.csv": _csv(result.problems), "study.toml": settings}
    store.write_stage(folder, "report", before.key if before else "", {}, texts, 0.0)
    return folder.path / "report.html"


def _csv(problems: pd.DataFrame) -> str:
    return problems.to_csv(index=False, lineterminator="\n")


def as_toml(study: Study) -> str:
    """Settings as run, defaults filled in, as TOML; the source by its full path."""
    settings = study.settings.model_dump(exclude_none=True)
    settings["source"][study.source.kind] = study.source.path.resolve().as_posix()
    if study.source.data is not None:
        settings["source"]["data"] = study.source.data.resolve().as_posix()
    lines = []
    for section, values in settings.items():
        lines += [f"[{section}]", *(f"{name} = {_toml(value)}" for name, value in values.items()), ""]
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key_of(name)} = {_toml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    return str(value)


def _key_of(name: str) -> str:
    """A name as TOML writes it: bare, or quoted where it holds more than letters, digits and strokes."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def versions() -> dict[str, str]:
    """Versions of talik, Python and the libraries that the numbers depend on."""
    names = ("numpy", "scipy", "pandas", "pint")
    return {"talik": __version__, "python": platform.python_version()} | {n: metadata.version(n) for n in names}
