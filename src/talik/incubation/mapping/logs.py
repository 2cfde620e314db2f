"""Readings of jars from the files of an instrument and the list of what stood on its ports."""

import pandas as pd

from talik.errors import TableError, listed
from talik.incubation.instruments import find_visits, match_ports, read_recordings, visit_readings
from talik.incubation.instruments.recording import Recording
from talik.incubation.mapping.files import DataFolder
from talik.incubation.mapping.schema import ReadingsPart
from talik.incubation.mapping.told import Told
from talik.problems import Problem
from talik.tables import check


def logged_readings(
    part: ReadingsPart, folder: DataFolder, tables: dict[str, pd.DataFrame], told: Told
) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """The tables ``readings`` and ``jars`` of a multiplexed analyser.

    Every visit of a port is a closing of the jar that stood there. Day 0 of a jar whose start is not stated
    is the first time that it was put on a port.

    Parameters
    ----------
    part : ReadingsPart
        Files of the instrument.
    folder : DataFolder
        Where they are.
    tables : dict of DataFrame
        Tables ``ports`` and ``jars``.
    told : Told
        Where findings go.

    Returns
    -------
    tables : dict of DataFrame
        ``readings``, and ``jars`` with the start of each.
    problems : list of Problem
        What the files and the matching told.

    Raises
    ------
    InputError, TableError
        Where a file cannot be read, it names no ports, or two jars were put on one port at one time.
    """
    recording = read_recordings(folder.files(part.files, "readings"), timezone=part.timezone)
    _need_ports(recording)
    ports, jars = tables["ports"], _with_starts(tables["jars"], tables["ports"], told)
    visits, of_visits = match_ports(find_visits(recording), ports)
    starts = {jar: start for jar, start in zip(jars["jar"], jars["start"], strict=True) if start}
    readings, of_readings = visit_readings(recording, visits, starts)
    readings = _since_start(readings, told)
    temperatures = readings["jar"].map(jars.set_index("jar")["temperature"])
    studies = readings["jar"].map(jars.set_index("jar")["study"])
    made = check("readings", readings.assign(temperature=temperatures, study=studies.astype(object)), source="readings")
    return {"readings": made, "jars": jars}, [*recording.problems, *of_visits, *of_readings]


def _need_ports(recording: Recording) -> None:
    if recording.table["port"].isna().all():
        raise TableError(
            f"readings: the files of {recording.instrument} name no port, so their readings belong to no jar. "
            "Part them by jar, and give them as a table of readings.",
            list(recording.files),
        )


def _with_starts(jars: pd.DataFrame, ports: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Jars whose day 0, where it is not stated, is the first time on a port."""
    times = pd.to_datetime(ports["time"], utc=True, errors="coerce", format="ISO8601")
    first = times.groupby(ports["jar"]).min().dropna().map(lambda moment: moment.isoformat())
    concluded = (jars["start"] == "") & jars["jar"].isin(first.index)
    if concluded.any():
        names = listed(list(jars.loc[concluded, "jar"]), 5)
        told.tell("start-concluded", "jars, start", f"{concluded.sum()} jars without a start", names,
                  needed="the day on which the incubation began", done="the first time on a port is day 0")  # fmt: skip
    return jars.assign(start=jars["start"].where(~concluded, jars["jar"].map(first)))


def _since_start(readings: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Readings from day 0 on; earlier ones are told and left out."""
    early = readings["time"] < 0
    for jar, rows in readings[early].groupby("jar", sort=False):
        found = f"{len(rows)} readings before day 0, the first by {-rows['time'].min():.2g} d"
        place = f"{rows['file'].iloc[0]}, line {rows['line'].iloc[0]:.0f}"
        told.tell("time-order", f"jar {jar}", found, place, needed="readings from day 0 on", done="left out")
    return readings[~early].reset_index(drop=True)
