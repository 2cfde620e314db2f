"""A laboratory's own tables: sites, samples, jars, and readings or respiration, as CSV or in its workbook."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from talik.errors import InputError, TableError, TalikError, listed
from talik.flux import Laboratory, respiration
from talik.flux.checks import check_readings, check_respiration, falling_jars
from talik.flux.release import STEP
from talik.incubation.checks import NO_TEMPERATURE, check_curves, checked, release_factors
from talik.incubation.measurements import Measurements, both_bases
from talik.incubation.sets import set_names
from talik.incubation.sheets.template import read_template
from talik.problems import Findings, Problem, merged, problem, problems_table
from talik.store import read_problems
from talik.survey import conclude
from talik.tables import RELEASE_OF, RESPIRATION_OF, TABLES, check, empty, read_table, typed

NEEDED = ("sites", "samples", "jars")
"""Tables that must be there, besides one of ``MEASURED``."""

MEASURED = ("readings", "respiration", "release")
"""Tables of what was measured: the gas of jars, rates, or what was released since the start."""

NO_ACCUMULATION = "CO2 falls while the jar is closed"
"""Why jars are excluded through which air was drawn, and the flag of their rates."""

_OPTIONAL = ("studies", "properties", "cabinets")


def read_tables(folder: Path | str, **flux: Any) -> Measurements:
    """Read a folder of talik's own tables.

    Parameters
    ----------
    folder : path_like
        Folder with ``sites.csv``, ``samples.csv``, ``jars.csv`` and ``readings.csv`` (or ``respiration.csv``, or
        ``release.csv``), and, where there are, ``studies.csv``, ``properties.csv``, ``cabinets.csv`` and
        ``problems.csv``. ``talik new`` writes templates.
    **flux : object
        Settings of ``respiration``, by which rates are computed from readings.

    Returns
    -------
    Measurements
        Checked, with sets named and permafrost concluded where it was left open.

    Raises
    ------
    InputError, TableError
        With everything that is wrong in all of the tables.

    Examples
    --------
    The tables of the packaged study:

    >>> from talik.demo import demo_study
    >>> measured = read_tables(demo_study().source.path)
    >>> len(measured.studies), float(measured.respiration["temperature"].max())
    (9, 30.0)
    """
    folder = Path(folder)
    files = _files(folder)
    tables, errors = {}, []
    for name, file in files.items():
        try:
            tables[name] = read_table(file, name)
        except TalikError as error:
            errors.append((str(error), error.offenders))
    if errors:
        raise TableError("\n".join(text for text, _ in errors), [one for _, found in errors for one in found])
    problems = folder / "problems.csv"
    found = read_problems(problems) if problems.is_file() else problems_table([])
    return measurements_of(tables, found, **flux)


def read_workbook_tables(path: Path | str, **flux: Any) -> Measurements:
    """Read the workbook that ``talik new`` writes, filled in.

    Parameters
    ----------
    path : path_like
        The workbook.
    **flux : object
        Settings of ``respiration``, by which rates are computed from readings.

    Returns
    -------
    Measurements

    Raises
    ------
    InputError, TableError
        With everything that is wrong in all of its sheets.
    """
    path = Path(path)
    findings = Findings(path.name)
    tables, errors = {}, []
    for name, rows in read_template(path, findings=findings).items():
        try:
            tables[name] = check(name, rows, source=f"{path}, {name}")
        except TalikError as error:
            errors.append((str(error), error.offenders))
    if errors:
        raise TableError("\n".join(text for text, _ in errors), [one for _, found in errors for one in found])
    missing = [name for name in NEEDED if name not in tables]
    if missing or not set(MEASURED) & set(tables):
        lacking = [*missing, *([] if set(MEASURED) & set(tables) else ["readings"])]
        raise InputError(f"{path} lacks the sheets {listed(lacking)}. 'talik new DIR' writes them all.", lacking)
    return measurements_of(tables, problems_table(findings.problems), **flux)


def _files(folder: Path) -> dict[str, Path]:
    if not folder.exists():
        raise InputError(
            f"{folder} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(folder)]
        )
    if not folder.is_dir():
        raise InputError(
            f"{folder} is a file; a folder with {listed([f'{n}.csv' for n in NEEDED])} is needed.",
            [str(folder)],
        )
    files = {name: folder / f"{name}.csv" for name in TABLES if (folder / f"{name}.csv").is_file()}
    missing = [f"{name}.csv" for name in NEEDED if name not in files]
    measured = [name for name in MEASURED if name in files]
    if not measured:
        missing.append("readings.csv (or respiration.csv, or release.csv)")
    if missing:
        found = sorted(item.name for item in folder.iterdir())
        raise InputError(
            f"{folder} lacks {listed(missing)}. Found: {listed(found) or 'nothing'}. "
            "'talik new DIR' writes templates of all tables.",
            missing,
        )
    # A run folder holds the rates and the release that follow from its readings: the first of these counts, and the
    # release is only compared with it.
    wanted = (*NEEDED, *_OPTIONAL, measured[0], "release")
    return {name: file for name, file in files.items() if name in wanted}


def measurements_of(tables: dict[str, pd.DataFrame], problems: pd.DataFrame, **flux: Any) -> Measurements:
    """Measurements from talik's tables: completed and checked.

    Parameters
    ----------
    tables : dict of DataFrame
        ``sites``, ``samples``, ``jars`` and one of ``MEASURED``; ``studies``, ``properties`` and ``cabinets`` where
        there are.
    problems : DataFrame
        What was found when they were read.
    **flux : object
        Settings of ``respiration``, by which rates are computed from readings.

    Returns
    -------
    Measurements

    Raises
    ------
    TableError
        For keys that join to nothing.
    """
    if "readings" in tables:
        tables = _without_falling_jars(tables, flux)
    rates, told = _rates(tables, flux)
    rates, lost = _with_temperature(rates, tables["jars"])
    problems = merged(problems, told, problems_table(lost))
    sites, samples = conclude(tables["sites"], tables["samples"], _carbon(tables["jars"]))
    jars = _completed(tables["jars"], rates)
    rates = rates.assign(gas=rates["gas"].where(rates["gas"] != "", "co2"))
    studies = _all_studies(tables.get("studies", empty("studies")), jars)
    made = {"sites": sites, "samples": samples, "jars": jars, "respiration": both_bases(rates, jars)}
    made |= {name: tables.get(name, empty(name)) for name in ("properties", "readings")}
    made = {name: _of_study(table, studies) for name, table in made.items()}
    if "release" in tables:
        problems = merged(problems, problems_table(release_factors(made["respiration"], tables["release"])))
    cabinets = tables.get("cabinets", empty("cabinets"))
    return checked(Measurements(studies=studies, problems=problems, cabinets=cabinets, **made))


def _laboratory(flux: dict[str, Any]) -> Laboratory:
    """What the settings of the flux say of the laboratory."""
    return Laboratory(**{known.name: flux[known.name] for known in fields(Laboratory) if known.name in flux})


def _without_falling_jars(tables: dict[str, pd.DataFrame], flux: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Tables whose jars are excluded where their gas shows that they were not closed."""
    jars = tables["jars"]
    falling = jars["jar"].isin(falling_jars(tables["readings"], jars, laboratory=_laboratory(flux)))
    excluded = jars["excluded"].mask(falling & (jars["excluded"] == ""), NO_ACCUMULATION)
    return tables | {"jars": jars.assign(excluded=excluded)}


def _rates(tables: dict[str, pd.DataFrame], flux: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rates from what was measured, and the problems of getting there."""
    if "readings" in tables:
        readings, jars = tables["readings"], tables["jars"]
        rates = respiration(readings, jars, **flux)
        told = merged(check_readings(readings, jars, laboratory=_laboratory(flux)), check_respiration(rates, jars))
        untrue = rates["jar"].isin(jars.loc[jars["excluded"] == NO_ACCUMULATION, "jar"])
        flags = (rates["flag"] + "; " + NO_ACCUMULATION).str.removeprefix("; ")
        return rates.assign(flag=rates["flag"].mask(untrue, flags)), told
    if "respiration" in tables:
        return tables["respiration"], problems_table([])
    return respiration_of(tables["release"]), problems_table(check_curves(tables["release"]))


def _with_temperature(respiration: pd.DataFrame, jars: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Rates at the temperature of their jar where they name none; single ones without any are left out."""
    of_jar = respiration["jar"].map(jars.drop_duplicates("jar").set_index("jar")["temperature"])
    filled = respiration.assign(temperature=respiration["temperature"].fillna(of_jar))
    nowhere = filled["temperature"].isna()
    elsewhere = filled["jar"].isin(filled["jar"][~nowhere])
    lost = filled[nowhere & elsewhere]
    problems = [
        problem(
            "temperature-missing", stage="incubation", entry=str(study), column=str(jar), where="respiration",
            found=f"{len(rows)} rates without a temperature, beside others that have one",
            needed="a temperature", done="left out",
        )
        for (study, jar), rows in lost.groupby(["study", "jar"], sort=False)
    ]  # fmt: skip
    return filled[~(nowhere & elsewhere)].reset_index(drop=True), problems


def _carbon(jars: pd.DataFrame) -> dict[str, float]:
    """Carbon content of each sample, from its jars."""
    return jars.dropna(subset=["organic_carbon"]).groupby("sample")["organic_carbon"].mean().to_dict()


def _all_studies(studies: pd.DataFrame, jars: pd.DataFrame) -> pd.DataFrame:
    """The studies described and those that jars name; one, where nothing names any."""
    known = set(studies["study"])
    named = [*dict.fromkeys(study for study in jars["study"] if study and study not in known)]
    if not known and not named:
        named = ["this study"]
    return typed("studies", pd.concat([studies, pd.DataFrame({"study": named})]))


def _of_study(table: pd.DataFrame, studies: pd.DataFrame) -> pd.DataFrame:
    """Rows without a study belong to the one that there is."""
    return table.assign(study=table["study"].where(table["study"] != "", studies["study"].iloc[0]))


def _completed(jars: pd.DataFrame, respiration: pd.DataFrame) -> pd.DataFrame:
    """Jars with basis, temperature and set where these were left open."""
    measured = respiration.groupby("jar")[[*dict.fromkeys(RESPIRATION_OF.values())]].count()
    order = ["respiration", "specific_respiration", "jar_respiration"]
    filled = (
        measured[order]
        .idxmax(axis=1)
        .map({"respiration": "dry soil", "specific_respiration": "soil carbon", "jar_respiration": "jar"})
    )
    alone = respiration.groupby("jar")["temperature"].agg(["nunique", "first"])
    held = alone["first"].where(alone["nunique"] == 1)
    jars = jars.assign(
        basis=jars["basis"].where(jars["basis"] != "", jars["jar"].map(filled).fillna("")),
        measures=jars["measures"].where(jars["measures"] != "", "respiration"),
        temperature=jars["temperature"].fillna(jars["jar"].map(held)),
    )
    nowhere = jars["jar"].isin(alone.index[alone["nunique"] == 0]) & (jars["excluded"] == "")
    jars = jars.assign(excluded=jars["excluded"].where(~nowhere, NO_TEMPERATURE))
    return jars.assign(set=jars["set"].where(jars["set"] != "", set_names(jars)))


def respiration_of(release: pd.DataFrame) -> pd.DataFrame:
    """Mean respiration of the intervals between the points of a cumulative curve, counted from day 0.

    Examples
    --------
    >>> curve = pd.DataFrame({"jar": "a", "time": [2.0, 5.0], "release": [6.0, 12.0], "temperature": 5.0})
    >>> list(respiration_of(typed("release", curve))["respiration"])
    [3.0, 2.0]
    """
    rows = release.sort_values(["jar", "gas", "time"], kind="stable")
    rows = rows[rows["time"] > 0]
    of_jar = rows.groupby(["jar", "gas"], sort=False, dropna=False)
    start = of_jar["time"].shift(fill_value=0.0)
    length = rows["time"] - start
    rates = {
        RESPIRATION_OF[basis]: (rows[column] - of_jar[column].shift(fill_value=0.0)) / length
        for basis, column in RELEASE_OF.items()
        if basis != "label carbon"
    }
    # Errors of a cumulative curve add up, so the variance of a step is the difference of two.
    grown = rows["sd"] ** 2 - of_jar["sd"].shift(fill_value=0.0) ** 2
    made = rows[["study", "jar", "gas", "temperature", "doi", "licence"]].assign(
        time_start=start,
        time_end=rows["time"],
        time=start + length / 2,
        sd=grown.abs() ** 0.5 / length,
        n=1.0,
        method=STEP,
        **rates,
    )
    return typed("respiration", made)
