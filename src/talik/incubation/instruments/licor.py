"""LI-COR: the files ``.data`` of the trace gas analysers LI-7810, LI-7815 and LI-7820."""

import numpy as np
import pandas as pd

from talik.errors import InputError, listed
from talik.incubation.instruments.clock import seconds
from talik.incubation.instruments.content import Content, regular
from talik.incubation.instruments.numbers import numbers
from talik.incubation.instruments.recording import Recording, recording
from talik.problems import Findings

LOOKED_FOR = "a LI-COR trace gas file (a line that begins with DATAH)"
"""What a file of this kind is recognised by."""

_PPM = {"ppm": 1.0, "ppb": 1e-3, "umol/mol": 1.0, "nmol/mol": 1e-3}
_WATER = {"ppm": 1e-3, "ppb": 1e-6, "mmol/mol": 1.0, "umol/mol": 1e-3}
_WANTED = ("SECONDS", "NANOSECONDS", "CO2", "CH4", "H2O", "CAVITY_P", "CAVITY_T", "DIAG")
_HEAD = 100
"""Lines within which the names stand."""


def _names_at(content: Content) -> int | None:
    """Place of the line of names."""
    return next((at for at, line in enumerate(content.lines[:_HEAD]) if line.startswith(b"DATAH\t")), None)


def is_licor(content: Content) -> bool:
    """Whether a line of names as LI-COR writes it stands near the top."""
    return _names_at(content) is not None


def read_licor(content: Content, timezone: str | None) -> Recording:
    """Read a file of a LI-COR LI-7810, LI-7815 or LI-7820.

    Tested on made files only, in the form of published ones. CO2 and CH4 are those of dry air, as these analysers give
    them. The time is SECONDS and NANOSECONDS, which count in UTC; where firmware leaves them out it is DATE and TIME in
    the zone that the file states. `DIAG` is kept as `diagnostic` and nothing is left out for it.

    Parameters
    ----------
    content : Content
        The lines.
    timezone : str or None
        Zone of DATE and TIME, where the file states none.

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        Where gases, units or time are not there.
    """
    at = _names_at(content)
    assert at is not None
    findings, file = content.findings, content.path.name
    stated = _stated(content.lines[:at])
    names = content.lines[at].decode("latin-1").split("\t")
    units = _units(content, at, names)
    line_numbers, lines = regular(content, at, b"\t")
    rows = [i for i, line in enumerate(lines) if line.startswith(b"DATA\t")]
    lines, line_numbers = [lines[i] for i in rows], [line_numbers[i] for i in rows]
    if not lines:
        raise InputError(f"{file} has the names of a LI-COR file but no line of data below them.", [file])
    wanted = [name for name in _WANTED if name in names]
    read = numbers(lines, line_numbers, names, wanted, "\t", findings)
    values: dict[str, object] = {"line": line_numbers}
    values["time"], zone = _time(read, names, lines, timezone, stated, file)
    values |= _scaled(read, units, file, findings)
    instrument = f"LI-COR {stated.get('model', '')}".strip()
    return recording(values, findings, file=file, instrument=instrument, serial=stated.get("sn", ""), timezone=zone)


def _stated(lines: list[bytes]) -> dict[str, str]:
    """What the lines above the names state: model, serial number, time zone."""
    pairs = (line.decode("utf-8", "replace").partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _units(content: Content, at: int, names: list[str]) -> dict[str, str]:
    below = content.lines[at + 1] if at + 1 < len(content.lines) else b""
    if not below.startswith(b"DATAU\t"):
        return {}
    return dict(zip(names, below.decode("utf-8", "replace").split("\t"), strict=False))


def _scaled(read: dict[str, np.ndarray], units: dict[str, str], file: str, findings: Findings) -> dict[str, np.ndarray]:
    """Gases, pressure and temperature in the units of a recording."""
    made, problems = {}, []
    for name, column, known in (("co2", "CO2", _PPM), ("ch4", "CH4", _PPM), ("water", "H2O", _WATER)):
        if column not in read:
            continue
        unit = units.get(column, "").strip().replace("µ", "u").replace("μ", "u")
        if unit in known:
            made[name] = known[unit] * read[column]
        else:
            problems.append(f"{column} is in {unit or 'no stated unit'}; {listed(list(known))} is understood")
    if problems:
        raise InputError(f"{file}: {'; '.join(problems)}.", problems)
    if not {"co2", "ch4"} & made.keys():
        raise InputError(f"{file} has neither CO2 nor CH4; a LI-7820 measures N2O, which talik does not take.", [file])
    if "water" not in made:
        findings.tell("column-absent", column="H2O", found="not in the file", needed="H2O", done="water is not known")
    rest = {"pressure": "CAVITY_P", "temperature": "CAVITY_T", "diagnostic": "DIAG"}
    return made | {name: read[column] for name, column in rest.items() if column in read}


def _time(
    read: dict[str, np.ndarray],
    names: list[str],
    lines: list[bytes],
    timezone: str | None,
    stated: dict[str, str],
    file: str,
) -> tuple[np.ndarray, str]:
    """Seconds since 1970, and the zone of the clock."""  # fmt: skip
    zone = stated.get("timezone", "") or timezone
    if "SECONDS" in read:
        return read["SECONDS"] + 1e-9 * read.get("NANOSECONDS", np.zeros(1)), zone or "UTC"
    if not {"DATE", "TIME"} <= set(names):
        raise InputError(
            f"{file} has no time: neither SECONDS nor DATE and TIME are among {listed(names, 30)}.", [file]
        )
    if not zone:
        raise InputError(
            f"{file} has neither SECONDS nor a line 'Timezone:', so the zone of its DATE and TIME is not known. "
            "State it, as in read_readings(path, timezone='Asia/Shanghai').",
            [file],
        )
    day, hour = names.index("DATE"), names.index("TIME")
    cells = (line.decode("latin-1").split("\t") for line in lines)
    stamps = pd.Series([f"{fields[day]} {fields[hour]}" for fields in cells], dtype=object)
    return seconds(stamps, zone, file), zone
