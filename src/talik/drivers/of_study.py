"""The attribution of a study: from its tables to the tables ``drivers_*``, or to the sentence why there are none."""

import difflib
import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from talik.drivers.analyses import DEFAULT
from talik.drivers.attribution import Attribution, Effort, Told, attribute, words_table
from talik.drivers.gather import Gathered, gather_q10, gather_release
from talik.drivers.path_model import parse_paths
from talik.drivers.table import FEWEST, DriverTable, driver_table
from talik.errors import SettingsError, TableError, itemised, listed
from talik.problems import Problem, problem, problems_table
from talik.temperature.figures import COMPARED
from talik.temperature.q10 import pooled, widest

KNOWN = 0.8
"""Part of the samples that a property, or an error, must be known of to take part without being named. [-]"""

MOST_UNASKED = 300
"""Samples that are attributed without being asked; more take many minutes."""

RELEASES = ("specific_release", "release", "organic_matter_release", "jar_release")
"""Responses that are carbon released; the others are definitions of Q10."""

NO_OPEN_DATA = "No open data set is known that has Q10, oxalate-extractable minerals and microbes of the same soils."
"""What is to be said where minerals or microbes are missing."""


@dataclass(frozen=True)
class Question:
    """What a study asks of its drivers, as ``[drivers]`` says it."""

    headline: str
    """Definition of Q10 that leads the study."""
    response: str = ""
    """A definition of Q10, or a kind of release; the headline where empty."""
    pool: str = ""
    """With the Q10 of pools, a word of the pool."""
    day: float | None = None
    """With release, the day; the last that all jars were read to where None. [d]"""
    temperature: float | None = None
    """With release, the temperature of the jars; the only one where None. [°C]"""
    sets: tuple[str, ...] = ()
    """Sets that are taken, with * for any text; all where empty."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Properties of each group or ``group/subgroup``; those of the table of properties where empty."""
    log: tuple[str, ...] = ()
    """Columns whose logarithm is taken."""
    random: str = "auto"
    """Column of the random effect; ``auto`` for the site where sites have several samples."""
    paths: str = ""
    """Path model."""
    primary: str = DEFAULT
    """The analysis whose answer is the verdict."""
    effort: Effort = field(default_factory=Effort)
    """How much is computed."""

    @property
    def of_release(self) -> bool:
        """Whether carbon released is explained, and not Q10."""
        return self.response in RELEASES


class NotToldError(Exception):
    """Why the drivers of a study are not told, as a sentence."""


def attribute_study(
    tables: Mapping[str, pd.DataFrame], question: Question, *, told: Told = lambda method, what: None
) -> dict[str, pd.DataFrame]:
    """What drives Q10, or carbon release, in a study.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``studies``, ``sites``, ``samples``, ``properties``, ``jars``, ``release`` and ``q10``.
    question : Question
        What is asked.
    told : callable, optional
        Is told of each method: its name, and ``begins`` or what became of it.

    Returns
    -------
    dict of str to DataFrame
        The tables ``drivers_*``, ``drivers_words`` with every sentence among them, and ``problems``. Where the study
        cannot carry an attribution, ``drivers_words`` says why and the others are not there.

    Raises
    ------
    SettingsError
        If something is named that is not there, with all offenders and what there is.
    """
    minded: list[Problem] = []
    try:
        gathered, words = _gathered(tables, question)
        minded += gathered.problems
        made = _driver_table(gathered, _groups(tables, gathered, question, minded), question)
        minded += made.problems
        explained = "Q10" if not question.of_release else question.response.replace("_", " ")
        found = attribute(made, paths=question.paths, of=explained, primary=question.primary, effort=question.effort,
                          told=told)  # fmt: skip
    except (NotToldError, TableError) as reason:
        return _without(
            f"What drives {_explained(question)} is not told: {reason}", minded, asked=bool(question.groups)
        )
    about = [("about", one) for one in (_synthetic(tables["studies"]), words) if one]
    rows = words_table([*about, *_words(found), *_minded(made, minded, question)])
    return found.tables | {"drivers_words": rows, "problems": problems_table(minded)}


def _explained(question: Question) -> str:
    return "carbon release" if question.of_release else "Q10"


def _without(words: str, minded: list[Problem], *, asked: bool) -> dict[str, pd.DataFrame]:
    told = problem("driver-not-told", stage="drivers", severity="warning" if asked else "", found=words,
                   done="the stage has no tables but this sentence")  # fmt: skip
    return {"drivers_words": words_table([("outcome", words)]), "problems": problems_table([*minded, told])}


def _words(found: Attribution) -> Iterable[tuple[str, str]]:
    rows = found.tables["drivers_words"]
    return zip(rows["kind"], rows["words"], strict=True)


def _synthetic(studies: pd.DataFrame) -> str:
    """What is to be said of a study whose title or source says that it is synthetic."""
    made_up = [name for name in ("title", "source") if name in studies
               and studies[name].astype(str).str.lower().str.startswith("synthetic").any()]  # fmt: skip
    return "Synthetic: at least some of these data are made up." if made_up else ""


def _minded(made: DriverTable, minded: list[Problem], question: Question) -> Iterable[tuple[str, str]]:
    """Warnings of the table, and what an attribution without minerals or microbes cannot say."""
    for one in minded:
        if one.severity != "info" or one.rule in ("driver-rows-lost", "driver-property-unused"):
            yield "minded", f"{one.found[0].upper()}{one.found[1:]}: {one.done}."
    missing = [group for group in ("mineral", "microbial") if group not in made.groups]
    if missing:
        words = (
            f"No {' and no '.join(missing)} property is among the predictors: what such properties would explain is "
            "not told, or stands under others that go with them."
        )
        yield "minded", words if question.of_release else f"{words} {NO_OPEN_DATA}"


def _gathered(tables: Mapping[str, pd.DataFrame], question: Question) -> tuple[Gathered, str]:
    """The response of each sample with its properties, and what the response is in words."""
    soils = (tables["samples"], tables["sites"], tables["properties"])
    if question.of_release:
        return _released(tables, question)
    definition = question.response or _definition(tables["q10"], question.headline)
    if question.response:
        _check_definition(tables["q10"], question)
    sets = _sets(tables["q10"], question)
    found = gather_q10(tables["q10"], *soils, definition=definition, pool=question.pool, sets=sets)
    told = f" ({definition}{', ' + question.pool if question.pool else ''})"
    if not question.response and definition != question.headline:
        told += f"; no sample has one by {question.headline}"
    return found, f"What is explained is ln Q10{told}."


def _definition(q10: pd.DataFrame, headline: str) -> str:
    """The definition that leads, or another where no sample has a Q10 by that one."""
    names = (headline, *(name for name in COMPARED if name != headline))
    found = next((name for name in names if len(pooled(widest(q10, name)))), None)
    if found is None:
        raise NotToldError("no sample has a Q10, which takes jars at two temperatures or more.")
    return found


def _estimates(q10: pd.DataFrame, question: Question) -> pd.DataFrame:
    if question.response == "pool":
        rows = pooled(q10[q10["definition"] == "pool"])
        return rows[rows["pool"].str.contains(question.pool, regex=False)]
    return pooled(widest(q10, question.response))


def _check_definition(q10: pd.DataFrame, question: Question) -> None:
    """Whether a definition that was named has an estimate of any sample."""
    if len(_estimates(q10, question)):
        return
    there = [f"{name} ({count})" for name, count in pooled(q10)["definition"].value_counts().items()]
    pools = sorted(set(pooled(q10[q10["definition"] == "pool"])["pool"]))
    named = f"{question.response!r}" + (f" of a pool {question.pool!r}" if question.pool else "")
    raise SettingsError(
        f"drivers.response: no sample has a Q10 by {named}; there are {listed(there) or 'none at all'}"
        + (f", of the pools {listed(pools)}" if pools else "") + ".",
        [question.response],
    )  # fmt: skip


def _sets(q10: pd.DataFrame, question: Question) -> tuple[str, ...]:
    """Sets that are taken: those that a pattern of the settings meets."""
    there = list(dict.fromkeys(q10["set"]))
    taken = {pattern: fnmatch.filter(there, pattern) for pattern in question.sets}
    wrong = [f"no set is called {pattern!r}" for pattern, found in taken.items() if not found]
    if wrong:
        raise SettingsError(f"drivers.sets: {itemised(wrong).strip()}\n  There are {listed(there)}.", wrong)
    return tuple(dict.fromkeys(name for found in taken.values() for name in found))


def _released(tables: Mapping[str, pd.DataFrame], question: Question) -> tuple[Gathered, str]:
    """Carbon released by each sample, up to the day and at the temperature asked for."""
    rows = tables["release"]
    rows = rows[(rows["gas"] != "ch4") & rows[question.response].notna()]
    if question.sets:
        jars = tables["jars"]
        sets = _sets(jars, question)
        rows = rows[rows["jar"].isin(jars.loc[jars["set"].isin(sets), "jar"])]
    held = sorted(rows["temperature"].dropna().unique())
    if not held:
        raise NotToldError(f"no jar has its {question.response.replace('_', ' ')}.")
    temperature = question.temperature if question.temperature is not None else held[0]
    if temperature not in held or (question.temperature is None and len(held) > 1):
        told = listed([f"{one:g}" for one in held])
        raise SettingsError(
            f"drivers.temperature: name one at which jars stood; there are {told} °C.", [str(temperature)]
        )
    ends = rows[rows["temperature"] == temperature].groupby("jar")["time"].max()
    day = question.day if question.day is not None else float(ends.min())
    if (ends < day).all():
        raise SettingsError(f"drivers.day: no jar was read to day {day:g}; the last is {ends.max():g}.", [str(day)])
    soils = (tables["jars"], tables["samples"], tables["sites"], tables["properties"])
    found = gather_release(rows, *soils, time=day, temperature=temperature, column=question.response)
    words = f"What is explained is the {question.response.replace('_', ' ')} of day {day:g} at {temperature:g} °C."
    return found, words


def _groups(
    tables: Mapping[str, pd.DataFrame], gathered: Gathered, question: Question, minded: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """Predictors by group: those named, or those of the table of properties that are known of most samples."""
    groups = {name: tuple(members) for name, members in question.groups.items()}
    if not groups:
        _check_unasked(tables, gathered)
        groups = _usual_groups(gathered, minded)
    _check_names(gathered, groups, question)
    # Subgroups of one group stand together, wherever they were named.
    order = list(dict.fromkeys(name.split("/")[0] for name in groups))
    return dict(sorted(groups.items(), key=lambda item: order.index(item[0].split("/")[0])))


def _check_unasked(tables: Mapping[str, pd.DataFrame], gathered: Gathered) -> None:
    """Whether a study that names no groups is attributed all the same."""
    n = len(gathered.table)
    if n < FEWEST:
        raise NotToldError(f"{n} sample{'s have' if n != 1 else ' has'} one, and at least {FEWEST} are needed.")
    samples = tables["samples"]
    studies = samples.loc[samples["sample"].isin(gathered.table["sample"]), "study"].nunique()
    if studies > 1:
        raise NotToldError(
            f"samples of {studies} studies differ in method as they do in soil. Name groups under [drivers] to seek "
            'drivers all the same, with random = "study".'
        )
    if n > MOST_UNASKED:
        raise NotToldError(f"{n} samples take many minutes. Name groups under [drivers] to begin.")


def _usual_groups(gathered: Gathered, minded: list[Problem]) -> dict[str, tuple[str, ...]]:
    """Groups of the table of properties, without what few samples have or what is the same in all."""
    wide, unused = gathered.table, []
    groups: dict[str, tuple[str, ...]] = {}
    for group, members in gathered.groups.items():
        for name in members:
            known = wide[name].notna() if name in wide else pd.Series(False, index=wide.index)
            if known.mean() < KNOWN:
                unused.append(f"{name} (of {known.sum()} of {len(wide)} samples)")
            elif wide.loc[known, name].nunique() < 2:
                unused.append(f"{name} (the same in all)")
            else:
                groups[group] = (*groups.get(group, ()), name)
    if unused:
        few = listed(unused)
        told = problem(
            "driver-property-unused", stage="drivers", found=f"properties that tell of too few samples: {few}",
            needed=f"{100 * KNOWN:.0f} % of the samples", done="left out, as no groups are named under [drivers]",
        )  # fmt: skip
        minded.append(told)
    if not groups:
        raise NotToldError(
            f"of the {len(wide)} samples that have one, no property is known that belongs to a group. Give "
            "properties a group (mineral, microbial, substrate, environment), or name groups under [drivers]."
        )
    return groups


def _check_names(gathered: Gathered, groups: Mapping[str, tuple[str, ...]], question: Question) -> None:
    """Whether all that the settings name is there."""
    there = [str(name) for name in gathered.table if name not in ("sample", gathered.response, gathered.error)]
    members = [name for columns in groups.values() for name in columns]
    wanted = [(f"groups, {group}", name) for group, columns in groups.items() for name in columns]
    wanted += [("random", question.random)] if question.random not in ("auto", "") else []
    wrong = [f"{purpose}: {_unknown(name, there)}" for purpose, name in wanted if name not in there]
    wrong += [
        f"log: {name!r} is neither the response ({gathered.response}) nor in a group"
        for name in question.log if name not in (gathered.response, *members)
    ]  # fmt: skip
    if question.paths:
        short = [name.split("/")[-1] for name in groups]
        try:
            parse_paths(question.paths, known=[gathered.response, *groups, *short, *members])
        except SettingsError as error:
            wrong += [f"paths: {one}" for one in error.offenders]
    if wrong:
        count = f"{len(wrong)} mistake{'s' if len(wrong) > 1 else ''}"
        raise SettingsError(f"[drivers]: {count}\n{itemised(wrong, 20)}\n  There are {listed(there, 40)}.", wrong)


def _unknown(name: str, there: list[str]) -> str:
    near = difflib.get_close_matches(name, there, n=1, cutoff=0.6)
    return f"there is no {name!r}" + (f"; do you mean {near[0]!r}?" if near else "")


def _driver_table(gathered: Gathered, groups: Mapping[str, tuple[str, ...]], question: Question) -> DriverTable:
    """The table of the attribution; its logarithms, its error and its random effect decided."""
    wide, response = gathered.table, gathered.response
    error = gathered.error if gathered.error and wide[gathered.error].notna().mean() >= KNOWN else ""
    if error and response in question.log:
        wide = wide.assign(**{error: wide[error] / wide[response]})
    random = question.random
    if random == "auto":
        sites = wide["site"]
        random = "site" if 1 < sites.nunique() < sites.notna().sum() else ""
    made = driver_table(wide, response=response, groups=groups, error=error, log=question.log, random=random)
    if gathered.error and not error:
        known = int(wide[gathered.error].notna().sum())
        few = f"the error of the response is known of {known} of {len(wide)} samples"
        told = problem("driver-error-unknown", stage="drivers", severity="warning", column=response, found=few,
                       needed=f"{100 * KNOWN:.0f} %", done="all samples weigh the same")  # fmt: skip
        made = replace(made, problems=(*(one for one in made.problems if one.rule != "driver-error-unknown"), told))
    return made
