"""Picarro: the tables ``DataLog_User`` that its analysers write, one an hour."""

import re

import numpy as np
import pandas as pd

from talik.errors import InputError
from talik.incubation.instruments.clock import seconds
from talik.incubation.instruments.content import Content, regular
from talik.incubation.instruments.numbers import numbers
from talik.incubation.instruments.recording import Recording, recording
from talik.problems import Findings

LOOKED_FOR = "a Picarro DataLog_User table (a line of names with DATE, TIME and EPOCH_TIME or ALARM_STATUS)"
"""What a file of this kind is recognised by."""

TORR = 0.133322368
"""A torr. [kPa]"""

BROADENING = {"co2": (-0.012, -2.674e-4), "ch4": (-0.00982, -2.393e-4)}
"""Moist over dry mole fraction less one, as a polynomial of the water that the analyser reports [%]: dilution and the
broadening of the lines (Chen et al. 2010, doi 10.5194/amt-3-375-2010, their table 1)."""

_OPTIONAL = {"port": "MPVPosition", "diagnostic": "ALARM_STATUS", "temperature": "CavityTemp"}


def is_picarro(content: Content) -> bool:
    """Whether the first line is that of a Picarro table."""
    names = {name.decode("latin-1") for name in content.lines[0].split()}
    return {"DATE", "TIME"} <= names and not {"EPOCH_TIME", "ALARM_STATUS"}.isdisjoint(names)


def read_picarro(content: Content, timezone: str | None) -> Recording:
    """Read a Picarro DataLog_User table.

    Met real files of a G2301-like analyser (123 logs, CO2, CH4, H2O and a multiplexer). Each line repeats the last
    value of every gas but the one just measured; a dry mole fraction is new where it differs from the line before.
    Columns of numbers are found by their names, so an analyser with more of them is read too.

    Parameters
    ----------
    content : Content
        The lines.
    timezone : str or None
        Zone of DATE and TIME; needed only where there is no EPOCH_TIME, which is UTC.

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        Where gases or time are not there.
    """
    names = [name.decode("latin-1") for name in content.lines[0].split()]
    findings, file = content.findings, content.path.name
    line_numbers, lines = regular(content, 0, None)
    wanted = [name for name in _NUMBERS if name in names]
    read = numbers(lines, line_numbers, names, wanted, r"\s+", findings)
    values: dict[str, object] = {"line": line_numbers}
    values["time"], zone = _time(read, names, lines, timezone, file)
    for gas in ("co2", "ch4"):
        values |= _dry(gas, read, findings)
    if not {"co2", "ch4"} & values.keys():
        raise InputError(
            f"{file} is a Picarro table without a column of CO2 or CH4; it has {', '.join(names)}.", [file]
        )
    values |= {name: read[column] for name, column in _OPTIONAL.items() if column in read}
    if "H2O" in read:
        values["water"] = 10.0 * read["H2O"]
    if "CavityPressure" in read:
        values["pressure"] = TORR * read["CavityPressure"]
    _tell_absent(names, findings)
    _tell_alarms(read, line_numbers, findings)
    return recording(
        values,
        findings,
        file=file,
        instrument="Picarro",
        serial=_serial(file),
        timezone=zone,
        repeats=True,
    )


_NUMBERS = (
    "EPOCH_TIME", "CO2_dry", "CH4_dry", "CO2", "CH4", "H2O", "h2o_reported", "MPVPosition", "ALARM_STATUS",
    "CavityPressure", "CavityTemp",
)  # fmt: skip


def _serial(file: str) -> str:
    """Serial number; Picarro writes it into the name of the file only."""
    found = re.match(r"([A-Za-z]+\d+)-\d{8}-\d{6}", file)
    return found[1] if found else ""


def _time(
    read: dict[str, np.ndarray], names: list[str], lines: list[bytes], timezone: str | None, file: str
) -> tuple[np.ndarray, str]:
    """Seconds since 1970, and the zone of the clock."""
    if "EPOCH_TIME" in read:
        return read["EPOCH_TIME"], "UTC"
    if timezone is None:
        raise InputError(
            f"{file} has no EPOCH_TIME, so the zone of its DATE and TIME is not known. "
            "State it, as in read_readings(path, timezone='UTC').",
            [file],
        )
    day, hour = names.index("DATE"), names.index("TIME")
    cells = ([cell.decode("latin-1") for cell in line.split()] for line in lines)
    stamps = [f"{fields[day]} {fields[hour]}" for fields in cells]
    return seconds(pd.Series(stamps, dtype=object), timezone, file), timezone


def _dry(gas: str, read: dict[str, np.ndarray], findings: Findings) -> dict[str, np.ndarray]:
    """Dry mole fraction of a gas: as written, or from the moist one and the water."""
    name = gas.upper()
    if f"{name}_dry" in read:
        return {gas: read[f"{name}_dry"]}
    if name not in read:
        return {}
    if "h2o_reported" in read:
        first, second = BROADENING[gas]
        water = read["h2o_reported"]
        how = "computed from the moist mole fraction and h2o_reported by the coefficients of Chen et al. (2010)"
        made = read[name] / (1 + first * water + second * water**2)
    elif "H2O" in read:
        how = "computed from the moist mole fraction and H2O by dilution alone, up to 1 % low if water broadens lines"
        made = read[name] / (1 - read["H2O"] / 100)
    else:
        raise InputError(
            f"{findings.entry} has {name} of moist air but neither {name}_dry nor H2O: that of dry air is not known. "
            f"Have the analyser write {name}_dry.",
            [findings.entry],
        )
    findings.tell("column-absent", column=f"{name}_dry", found="not in the file", needed=f"{name}_dry", done=how)
    return {gas: made}


def _tell_absent(names: list[str], findings: Findings) -> None:
    for column, done in (
        ("MPVPosition", "readings have no port"),
        ("ALARM_STATUS", "alarms of the analyser are not known"),
    ):
        if column not in names:
            findings.tell("column-absent", column=column, found="not in the file", needed=column, done=done)


def _tell_alarms(read: dict[str, np.ndarray], line_numbers: list[int], findings: Findings) -> None:
    if "ALARM_STATUS" not in read:
        return
    at = np.flatnonzero(read["ALARM_STATUS"] > 0)
    if at.size:
        findings.tell(
            "instrument-alarm",
            column="ALARM_STATUS",
            where=f"line {line_numbers[at[0]]}" + (f" to {line_numbers[at[-1]]}" if at.size > 1 else ""),
            found=f"{at.size} lines with an alarm of the analyser (the first {read['ALARM_STATUS'][at[0]]:.0f})",
            needed="0",
            done="kept; the code is in the column diagnostic",
        )
