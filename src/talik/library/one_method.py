"""All studies of a library recomputed by one definition of Q10 at one pair of temperatures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from talik.errors import SettingsError, listed
from talik.incubation.measurements import Measurements
from talik.incubation.sets import treatment_columns
from talik.library.contents import list_library, read_library
from talik.library.file import WAIT, Tell
from talik.tables import DEFINITIONS, TABLES, empty

SAME_TEMPERATURE = 1e-6
"""Temperatures closer than this are one. [°C]"""

FITTED = ("rate-fit", "exponential-fit", "arrhenius", "pool")
"""Definitions that use every temperature from the lower to the upper of the pair."""

POOL_MODELS = ("one-pool", "two-pool")
"""Models that the Q10 of pools is fitted with."""

NOT_INCUBATED = "not incubated at"
"""How the reason begins where a temperature of the pair is missing."""

ESTIMATE = (
    "study", "set", "sample", "definition", "pool", "gas", "basis", "t_low", "t_high", "temperatures", "q10", "lower",
    "upper", "ln_q10", "sd_ln_q10", "n", "interval_from", "paired", "time_start", "time_end", "flag",
)  # fmt: skip
"""What is said of an estimate."""

SOIL = ("core", "layer", "layer_evidence", "depth_top", "depth_bottom", "horizon")
"""What is said of its soil."""

PLACE = (
    "site", "latitude", "longitude", "elevation", "country", "mean_annual_temperature", "annual_precipitation",
    "land_cover", "soil_order", "permafrost", "active_layer_depth",
)  # fmt: skip
"""What is said of its place."""

PROTOCOL = (
    "incubation_length", "moisture", "moisture_unit", "oxygen", "vessel", "sieving", "replicates", "organic_carbon",
    "treatments",
)  # fmt: skip
"""What is said of how it was incubated."""

ORIGIN = ("doi", "citation", "licence", "source")
"""What is said of where it is from."""


@dataclass(frozen=True)
class OneMethod:
    """Q10 of all studies by one definition, and what has none."""

    definition: str
    """Name of the definition."""
    pair: tuple[float, float]
    """The two temperatures. [°C]"""
    within: float
    """How far from the pair an incubation may be. [°C]"""
    q10: pd.DataFrame
    """One row an estimate: its soil, place, protocol, error and origin."""
    left_out: pd.DataFrame
    """Sets of jars without an estimate, and why."""
    outcomes: pd.DataFrame
    """Studies, and whether they give an estimate; the table ``outcomes``."""
    studies: pd.DataFrame
    """The studies, with what to cite and where they were read from."""


def library_q10(
    file: Path | str,
    definition: str,
    pair: tuple[float, float],
    *,
    within: float = 0.0,
    wait: float = WAIT,
    tell: Tell | None = None,
) -> OneMethod:
    """Q10 of every soil of a library by one definition at one pair of temperatures.

    Only soils incubated at both temperatures have one; nothing is scaled to a pair from others. ``rate-ratio``,
    ``equal-time`` and ``equal-carbon`` compare the two, over the longest window that they share. ``rate-fit``,
    ``exponential-fit``, ``arrhenius`` and ``pool`` are fitted to all temperatures from the lower to the upper.

    Parameters
    ----------
    file : path_like
        The library.
    definition : {"rate-ratio", "rate-fit", "exponential-fit", "arrhenius", "equal-time", "equal-carbon", "pool"}
        The definition.
    pair : tuple of two floats
        The lower and the upper temperature. [°C]
    within : float, default 0
        How far from each temperature of the pair an incubation may be; the nearest is taken, and the row
        says which. [°C]
    wait : float, default 30
        How long to wait for a process that writes the library. [s]
    tell : callable, optional
        Told that it is waited for.

    Returns
    -------
    OneMethod

    Raises
    ------
    SettingsError
        For an unknown definition, and a pair that is none or spans 0 degC, across which no Q10 is defined.

    Examples
    --------
    >>> import tempfile
    >>> from talik.library import add_to_library
    >>> from talik.new import write_templates
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = write_templates(folder / "study")
    >>> file = folder / "cold.duckdb"
    >>> added = add_to_library(file, folder / "study" / "tables")
    >>> library_q10(file, "equal-carbon", (5, 15)).q10["q10"].round(2).tolist()
    [2.46]
    >>> library_q10(file, "equal-carbon", (5, 25)).left_out["reason"].tolist()
    ['not incubated at 25 degC, but at 5, 15']
    """
    pair = _checked(definition, pair, within)
    measured = read_library(file, wait=wait, tell=tell)
    used = _restricted(measured, pair, within) if definition in FITTED else measured
    table = _estimates(used, definition)
    chosen = _at_pair(table, definition, pair, within)
    known = chosen[chosen["q10"].notna()]
    left_out = _left_out(measured, chosen, definition, pair, within)
    return OneMethod(
        definition, pair, within,
        _described(known, measured), left_out, _outcomes(measured, known, left_out),
        _studies(measured, list_library(file, wait=wait)),
    )  # fmt: skip


def _checked(definition: str, pair: Sequence[float], within: float) -> tuple[float, float]:
    from talik.temperature.q10 import FREEZING

    if definition not in DEFINITIONS:
        raise SettingsError(f"no definition of Q10 is called {definition!r}; there are {listed(DEFINITIONS)}.")
    low, high = (float(one) for one in pair)
    if not (np.isfinite([low, high]).all() and low < high):
        raise SettingsError(f"a pair of temperatures is needed, the lower first, as in 5,15; found {low:g},{high:g}.")
    if low < FREEZING <= high:
        raise SettingsError(
            f"no Q10 is defined from {low:g} to {high:g} degC: below 0 degC water freezes, and respiration follows "
            "the water that is left. Choose a pair on one side."
        )
    if not 0 <= within < (high - low) / 2:
        raise SettingsError(f"within = {within:g} degC: 0 or more is needed, and less than half of {high - low:g}.")
    return low, high


def _estimates(measured: Measurements, definition: str) -> pd.DataFrame:
    """The table ``q10`` by this definition."""
    from talik.temperature import q10

    if definition != "pool":
        return q10(measured.respiration, measured.jars, definitions=[definition])
    from talik.pools import fit_pools

    if (measured.respiration["gas"] == "ch4").all():  # the models are of carbon dioxide
        return empty("q10")
    pools = fit_pools(measured.respiration, measured.jars, models=POOL_MODELS)
    # The ratios of rates bring the temperatures that each set was fitted over.
    table = q10(measured.respiration, measured.jars, pools=pools, definitions=["rate-ratio"])
    return table[table["definition"] == "pool"]


def _near(temperatures: pd.Series, wanted: float, within: float) -> pd.Series:
    return (temperatures - wanted).abs() <= within + SAME_TEMPERATURE


def _restricted(measured: Measurements, pair: tuple[float, float], within: float) -> Measurements:
    """Measurements from the lower to the upper temperature, of the sets that were incubated at both."""
    from talik.temperature.curves import stepped

    rows = measured.respiration
    rows = rows[(rows["temperature"] >= pair[0] - within - SAME_TEMPERATURE)]
    rows = rows[(rows["temperature"] <= pair[1] + within + SAME_TEMPERATURE)]
    # A jar warmed in steps that is left with one temperature would pass for one held at it.
    cut = set(stepped(measured.respiration)) - set(stepped(rows))
    rows = rows[~rows["jar"].isin(cut)]
    sets = rows["jar"].map(measured.jars.set_index("jar")["set"])
    both = set(sets[_near(rows["temperature"], pair[0], within)]) & set(
        sets[_near(rows["temperature"], pair[1], within)]
    )
    rows = rows[sets.isin(both)].reset_index(drop=True)
    jars = measured.jars[measured.jars["jar"].isin(rows["jar"])].reset_index(drop=True)
    return replace(measured, respiration=rows, jars=jars)


def _at_pair(table: pd.DataFrame, definition: str, pair: tuple[float, float], within: float) -> pd.DataFrame:
    """One row a set, basis, gas and pool: at the pair, over the longest window."""
    rows = table[_near(table["t_low"], pair[0], within) & _near(table["t_high"], pair[1], within)]
    if definition not in FITTED:
        rows = rows[rows["temperatures"] == 2]
    rows = rows[rows["quota_start"].isna() | ((rows["quota_start"] == 0) & (rows["quota_end"] == 1))]
    rows = rows.assign(
        apart=(rows["t_low"] - pair[0]).abs() + (rows["t_high"] - pair[1]).abs(),
        window=(rows["time_end"] - rows["time_start"]).fillna(0.0),
    )
    rows = rows.sort_values(["apart", "window"], ascending=[True, False], kind="stable")
    once = rows.drop_duplicates(["set", "basis", "gas", "pool"]).sort_index()
    return once.drop(columns=["apart", "window"]).reset_index(drop=True)


def _described(known: pd.DataFrame, measured: Measurements) -> pd.DataFrame:
    """Estimates with their soil, place, protocol and origin."""
    samples = measured.samples.set_index("sample")[[*SOIL, "site"]]
    sites = measured.sites.set_index("site")[[name for name in PLACE if name != "site"]]
    studies = measured.studies.set_index("study")[list(ORIGIN)]
    made = (
        known.assign(ln_q10=np.log(known["q10"]))[list(ESTIMATE)]
        .join(samples, on="sample").join(sites, on="site").join(_protocols(measured), on="set")
        .join(studies, on="study")
    )  # fmt: skip
    made["paired"] = made["paired"].map({True: "yes", False: "no"}).astype("str")
    return made[[*ESTIMATE, *SOIL, *PLACE, *PROTOCOL, *ORIGIN]].reset_index(drop=True)


def _protocols(measured: Measurements) -> pd.DataFrame:
    """How each set was incubated."""
    jars = measured.jars[measured.jars["excluded"] == ""]
    times = measured.respiration[["jar", "time", "time_end"]].set_index("jar").max(axis=1).groupby(level=0).max()
    own = {column.name for column in TABLES["samples"].columns}
    of_sample = measured.samples.set_index("sample")
    of_sample = of_sample[[column for column in of_sample if column not in own]]
    of_sample = of_sample.rename(columns={name: f"{name} of the field" for name in of_sample if name in jars})
    jars = jars.join(of_sample, on="sample").assign(last=jars["jar"].map(times))
    treated = [*treatment_columns(measured.jars), *jars.columns[measured.jars.shape[1] : -1]]
    rows = {name: _protocol(group, treated) for name, group in jars.groupby("set", sort=False)}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(PROTOCOL))


def _protocol(jars: pd.DataFrame, treated: Sequence[str]) -> dict[str, object]:
    texts = {name: _all_of(jars[name]) for name in ("moisture", "moisture_unit", "oxygen", "vessel", "sieving")}
    treatments = [f"{name} = {told}" for name in treated if (told := _all_of(jars[name]))]
    return texts | {
        "incubation_length": jars["last"].max(), "replicates": _replicates(jars),
        "organic_carbon": jars["organic_carbon"].mean(), "treatments": "; ".join(treatments),
    }  # fmt: skip


def _all_of(texts: pd.Series) -> str:
    return ", ".join(dict.fromkeys(text for text in texts if text))


def _replicates(jars: pd.DataFrame) -> float:
    """The fewest replicates at a temperature: those stated, or the jars; NaN where one jar says nothing."""
    at = jars.groupby("temperature", dropna=False)["replicates"]
    counted = at.sum(min_count=1).where(at.count() > 0, at.size().where(at.size() > 1))
    return float(counted.min())


def _left_out(
    measured: Measurements, chosen: pd.DataFrame, definition: str, pair: tuple[float, float], within: float
) -> pd.DataFrame:
    """Sets without an estimate, and pools that are not identified, with the reason."""
    rows = [
        {"study": one.study, "set": one.set, "sample": one.sample, "pool": one.pool, "reason": one.flag or "undefined"}
        for one in chosen[chosen["q10"].isna()].itertuples()
    ]
    told = set(chosen["set"])
    held = measured.respiration.groupby("jar")["temperature"].unique().to_dict()
    temperatures = {}
    for name, jars in measured.jars.groupby("set", sort=False):
        temperatures[name] = ", ".join(f"{t:g}" for t in _temperatures(jars, held))
        if name not in told:
            usable = _temperatures(jars[jars["excluded"] == ""], held)
            reason = _reason(jars, usable, definition, pair, within)
            first = jars.iloc[0]
            rows.append({"study": first["study"], "set": name, "sample": first["sample"], "pool": "", "reason": reason})
    table = pd.DataFrame(rows, columns=["study", "set", "sample", "pool", "reason"])
    return _placed(table.assign(temperatures=[temperatures[name] for name in table["set"]]), measured)


def _temperatures(jars: pd.DataFrame, held: dict[str, np.ndarray]) -> np.ndarray:
    """Temperatures that these jars were read at."""
    return np.unique(np.concatenate([np.empty(0), *(held.get(jar, np.empty(0)) for jar in jars["jar"])]))


def _placed(table: pd.DataFrame, measured: Measurements) -> pd.DataFrame:
    """What was left out, with its layer, place and DOI."""
    soils = measured.samples.set_index("sample")[["layer", "site"]]
    places = measured.sites.set_index("site")[["latitude", "longitude"]]
    studies = measured.studies.set_index("study")["doi"]
    table = table.join(soils, on="sample").join(places, on="site").join(studies, on="study")
    columns = ["study", "set", "sample", "pool", "temperatures", "reason", "layer", "latitude", "longitude", "doi"]
    return table[columns].sort_values(["study", "set", "pool"], kind="stable").reset_index(drop=True)


def _reason(jars: pd.DataFrame, held: np.ndarray, definition: str, pair: tuple[float, float], within: float) -> str:
    """Why a set has no estimate."""
    from talik.temperature.q10 import OVER_TEMPERATURES

    if (jars["excluded"] != "").all():
        return f"left out: {_all_of(jars['excluded'])}"
    if (jars["measures"] != "respiration").all():
        return f"its series are not respiration but {_all_of(jars['measures']) or 'not known'}"
    if not held.size:
        return "no reading with a temperature"
    series = pd.Series(held)
    missing = [f"{t:g}" for t in pair if not _near(series, t, within).any()]
    if missing:
        at = ", ".join(f"{t:g}" for t in held)
        return f"{NOT_INCUBATED} {' and '.join(missing)} degC, but at {at}"
    between = ((held >= pair[0] - within) & (held <= pair[1] + within)).sum()
    if definition in OVER_TEMPERATURES and between < 3:
        return "a line needs three temperatures from the lower to the upper; rate-ratio is for two"
    return "no series could be compared"


def _outcomes(measured: Measurements, known: pd.DataFrame, left_out: pd.DataFrame) -> pd.DataFrame:
    """Studies with what came of them by this definition at this pair."""
    from talik.temperature import outcomes

    table = outcomes(measured.studies, measured.jars, known.assign(definition="this one"))
    reasons = {
        str(study): listed([*dict.fromkeys(texts)], 3)
        for study, texts in left_out.groupby("study", sort=False)["reason"]
    }
    told = pd.Series([reasons.get(one, "no series could be read") for one in table["study"]], table.index, dtype="str")
    undefined = table["outcome"] == "undefined"
    elsewhere = undefined & told.str.contains(NOT_INCUBATED, regex=False)
    return table.assign(
        outcome=table["outcome"].where(~elsewhere, "other temperatures"), reason=table["reason"].where(~undefined, told)
    )


def _studies(measured: Measurements, contents: pd.DataFrame) -> pd.DataFrame:
    read = contents.set_index("study")[["source", "talik", "added"]].add_prefix("library_")
    return measured.studies.join(read, on="study")
