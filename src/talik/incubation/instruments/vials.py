"""Vials of a chromatograph: which jar each was filled from, and when."""

import numpy as np
import pandas as pd

from talik.errors import InputError, TableError, itemised, listed
from talik.incubation.instruments.recording import Recording
from talik.tables import typed


def vial_readings(recording: Recording, vials: pd.DataFrame, starts: dict[str, str]) -> pd.DataFrame:
    """Readings of jars, as the table ``readings``, from a chromatograph's recording.

    Every injection is a reading; `sd` holds both its errors, and `batch` names the run, within which the readings share
    the error of one calibration.

    Parameters
    ----------
    recording : Recording
        Of a chromatograph.
    vials : DataFrame
        A row is a vial: `sample` as in the recording, `jar`, `time` when its gas was taken (time stamp; UTC unless it
        carries an offset), and, where there is, `closing`.
    starts : dict of str to str
        Time stamp of day 0 of each jar (UTC, or with an offset).

    Returns
    -------
    DataFrame
        The table ``readings``; `time` in days since the jar's day 0.

    Raises
    ------
    InputError
        Where the recording is of no chromatograph.
    TableError
        Where a vial joins to nothing or to two, or a jar has no day 0, with all of them.

    Examples
    --------
    >>> from talik.incubation.instruments.recording import recording
    >>> from talik.problems import Findings
    >>> values = {"time": [1717110300], "line": [5], "co2": [1600.0], "co2_sd": [20.0], "sample": ["v1"]}
    >>> run = recording(values, Findings(""), file="run.csv", instrument="GC", serial="", timezone="UTC")
    >>> vials = pd.DataFrame({"sample": ["v1"], "jar": ["3"], "time": ["2024-05-31T06:00+08:00"]})
    >>> made = vial_readings(run, vials, {"3": "2024-05-20T06:00+08:00"})
    >>> made[["jar", "time", "gas", "mole_fraction", "sd"]].values.tolist()
    [['3', 11.0, 'co2', 1600.0, 20.0]]
    """
    table = recording.table
    if "sample" not in table:
        raise InputError(f"{listed(recording.files)} names no samples; visits of ports go through visit_readings.", [])
    vials = _checked(table, vials, starts)
    joined = table.assign(sample=table["sample"].astype("str")).merge(vials, on="sample", how="left")
    zero = joined["jar"].map({jar: pd.to_datetime(stamp, utc=True) for jar, stamp in starts.items()})
    since = (joined["taken"] - zero) / pd.Timedelta("1D")
    parts = [
        joined[["jar", "closing", "line"]].assign(
            time=since,
            gas=gas,
            event="read",
            mole_fraction=joined[gas],
            sd=joined.get(f"{gas}_sd", np.nan),
            batch=joined["file"].astype("str"),
            file=joined["file"].astype("str"),
        )
        for gas in ("co2", "ch4")
    ]
    made = pd.concat(parts, ignore_index=True).dropna(subset=["mole_fraction"])
    return typed("readings", made)


def _checked(table: pd.DataFrame, vials: pd.DataFrame, starts: dict[str, str]) -> pd.DataFrame:
    """The table of vials as text and times, or an error that names every vial at fault."""
    missing = [name for name in ("sample", "jar", "time") if name not in vials]
    if missing:
        raise TableError(f"The table of vials lacks {listed(missing)}; it has {listed(list(vials.columns))}.", missing)
    made = pd.DataFrame(
        {
            "sample": vials["sample"].astype("str"),
            "jar": vials["jar"].astype("str"),
            "taken": pd.to_datetime(vials["time"], utc=True, errors="coerce", format="ISO8601"),
            "closing": vials["closing"].astype("str") if "closing" in vials else "",
        }
    )
    problems = [f"{name} of the recording is not in the table of vials" for name in _beyond(table, made)]
    problems += [f"{name} stands twice" for name in made.loc[made["sample"].duplicated(), "sample"].unique()]
    problems += [f"{name} has no time that can be read" for name in made.loc[made["taken"].isna(), "sample"]]
    problems += [f"jar {jar} has no day 0" for jar in made["jar"].unique() if jar not in starts]
    if problems:
        raise TableError(f"Vials and jars do not fit together:\n{itemised(problems)}", problems)
    return made


def _beyond(table: pd.DataFrame, vials: pd.DataFrame) -> list[str]:
    return sorted(set(table["sample"].astype("str")) - set(vials["sample"]))
