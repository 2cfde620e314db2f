"""A gas chromatograph's table of peaks: standards, blanks and samples, to mole fractions with both their errors."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from talik.errors import InputError, itemised, listed
from talik.incubation.instruments.calibration import Calibration, calibrate
from talik.incubation.instruments.clock import seconds
from talik.incubation.instruments.content import Content
from talik.incubation.instruments.recording import Recording, recording
from talik.problems import Findings

LOOKED_FOR = (
    "a chromatograph's table of peaks (a header with type: sample, standard or blank; gas; area; and the known mole "
    "fraction of the standards)"
)
"""What a file of this kind is recognised by."""

_NAMES = {
    "sample": ("sample", "sample name", "sample id", "vial", "name"),
    "type": ("type", "sample type", "kind"),
    "gas": ("gas", "compound", "component", "peak", "peak name"),
    "area": ("area", "peak area"),
    "known": ("known", "known concentration", "standard", "concentration", "level", "amount"),
    "time": ("time", "injection time", "acquired", "date", "date time", "injected"),
    "retention": ("retention", "retention time", "rt"),
}
"""Headers that a column may have, the first being talik's own."""

_TYPES = {
    "sample": ("sample", "unknown", "unk", "smp"),
    "standard": ("standard", "std", "cal", "calibration"),
    "blank": ("blank", "blk"),
}

_GASES = {"co2": ("co2", "carbon dioxide"), "ch4": ("ch4", "methane")}

_PPM = {"ppm": 1.0, "umol/mol": 1.0, "ppb": 1e-3, "nmol/mol": 1e-3, "%": 1e4, "percent": 1e4}

_HEADER = re.compile(r"^\s*(?P<name>[^\[\]()]*?)\s*(?:[\[(](?P<unit>[^\])]*)[\])])?\s*$")

_HEAD = 30
"""Lines within which the header stands."""

MOST_PEAKS = 100_000
"""A run has fewer peaks."""

MOST_BRACKETS = 200
"""A run has fewer brackets of standards."""

LOOSE = 0.05
"""Fieller's g from which the response is too loosely known."""


@dataclass(frozen=True)
class _Header:
    """Where the columns are."""

    at: int
    delimiter: str
    places: dict[str, int]
    unit: str


def is_peak_table(content: Content) -> bool:
    """Whether a header of a table of peaks stands near the top."""
    return _header(content) is not None


def _header(content: Content) -> _Header | None:
    for at, line in enumerate(content.lines[:_HEAD]):
        text = line.decode("utf-8", "replace")
        for delimiter in ("\t", ";", ","):
            if delimiter not in text:
                continue
            found, unit = _columns(text.split(delimiter))
            if {"type", "gas", "area"} <= found.keys():
                return _Header(at, delimiter, found, unit)
    return None


def _columns(cells: list[str]) -> tuple[dict[str, int], str]:
    """Places of the columns by talik's names, and the unit of the known mole fractions."""
    places: dict[str, int] = {}
    unit = ""
    for place, cell in enumerate(cells):
        found = _HEADER.match(cell.strip().strip('"'))
        title = re.sub(r"[\s_]+", " ", found["name"].strip().lower()) if found else ""
        for name, titles in _NAMES.items():
            if found and title in titles and name not in places:
                places[name] = place
                if name == "known":
                    unit = (found["unit"] or "").strip().lower().replace("µ", "u").replace("μ", "u")
                break
    return places, unit


def read_chromatograph(content: Content, timezone: str | None) -> Recording:
    """Read a chromatograph's table of peaks and calibrate it by its own standards.

    Tested on made files only; makers' tables differ, and one with other headers is read through a mapping file. A row
    is a peak. A stretch of standards between samples is a bracket; see `calibrate` for how the curve, its scatter and
    its drift are found. Every injection of a sample is a reading of its own. Blanks give the detection limit and are
    not subtracted.

    Parameters
    ----------
    content : Content
        The lines.
    timezone : str or None
        Zone of the injection times, where these carry no offset.

    Returns
    -------
    Recording
        With `sample`, and for each gas its `_sd` and, within it, the `_sd_shared` that all samples of the run have in
        common from the calibration.

    Raises
    ------
    InputError
        With all rows that cannot be understood, or where the standards do not carry a calibration.
    """
    header = _header(content)
    assert header is not None
    findings, file = content.findings, content.path.name
    _check_header(header, content, file)
    if len(content.lines) > MOST_PEAKS:
        raise InputError(f"{file} has more than {MOST_PEAKS:,} rows of peaks. Cut it into runs.", [file])
    peaks = _peaks(content, header, timezone or "", file)
    of_samples = peaks[peaks["type"] == "sample"]
    injections = of_samples.drop_duplicates(["seconds", "sample"])[["seconds", "sample", "line"]]
    injections = injections.reset_index(drop=True)
    values: dict[str, object] = {
        "time": injections["seconds"].to_numpy(),
        "line": injections["line"].to_numpy(),
        "sample": injections["sample"].to_numpy(),
    }
    for gas in sorted(set(of_samples["gas"])):
        measured = _calibrated(peaks[peaks["gas"] == gas], gas, findings)
        aligned = injections.merge(
            measured.drop_duplicates(["seconds", "sample"]), on=["seconds", "sample"], how="left"
        )
        values |= {name: aligned[name].to_numpy() for name in (gas, f"{gas}_sd", f"{gas}_sd_shared")}
    return recording(
        values, findings, file=file, instrument="gas chromatograph", serial="",
        timezone=timezone or "stated with each time", least=-np.inf,
    )  # fmt: skip


def _check_header(header: _Header, content: Content, file: str) -> None:
    lacking = [name for name in ("sample", "known", "time") if name not in header.places]
    if lacking:
        titles = [f"{name} ({' or '.join(_NAMES[name][1:3])})" for name in lacking]
        raise InputError(
            f"{file}, line {header.at + 1}: the table of peaks lacks {listed(titles)}. Its header is "
            f"{content.lines[header.at][:200].decode('utf-8', 'replace')!r}.",
            lacking,
        )
    if header.unit not in _PPM:
        raise InputError(
            f"{file}, line {header.at + 1}: the known mole fraction is in {header.unit or 'no stated unit'}; write its "
            f"unit into the header, as 'known [ppm]' ({listed(list(_PPM))}).",
            ["known"],
        )


def _peaks(content: Content, header: _Header, timezone: str, file: str) -> pd.DataFrame:
    """The rows below the header as numbers and words, or an error that names every row that is not understood."""
    text = [line.decode("utf-8", "replace").replace("\r", "") for line in content.lines[header.at + 1 :]]
    rows, problems = [], []
    needed = max(header.places.values()) + 1
    for number, line in enumerate(text, header.at + 2):
        if not line.strip(header.delimiter + " \t"):
            continue
        cells = next(csv.reader([line], delimiter=header.delimiter), [])
        if len(cells) < needed:
            problems.append(f"line {number}: {len(cells)} cells, and {needed} are needed")
            continue
        row = {name: cells[place].strip() for name, place in header.places.items()}
        rows.append(row | {"line": number})
    if not rows:
        raise InputError(
            f"{file} has the header of a table of peaks and no row that is whole.\n{itemised(problems)}", [file]
        )
    peaks = pd.DataFrame(rows)
    lines, comma = peaks["line"].to_list(), header.delimiter != ","
    for name in ("area", "known"):
        peaks[name] = [_number(cell, comma, problems, name, at) for cell, at in zip(peaks[name], lines, strict=True)]
    peaks["known"] *= _PPM[header.unit]
    peaks["type"] = [_word(cell, _TYPES, problems, "type", at) for cell, at in zip(peaks["type"], lines, strict=True)]
    peaks["gas"] = [_word(cell, _GASES, None, "gas", at) for cell, at in zip(peaks["gas"], lines, strict=True)]
    _tell_other_gases(peaks, content.findings)
    peaks["seconds"] = _times(peaks, timezone, file, problems)
    if problems:
        raise InputError(f"{file}:\n{itemised(problems)}", problems)
    return peaks[peaks["gas"] != ""].sort_values("seconds", kind="stable").reset_index(drop=True)


def _number(cell: str, comma: bool, problems: list[str], name: str, line: int) -> float:
    text = cell.replace(",", ".") if comma else cell
    if not text or text.lower() in ("na", "n.a.", "nan", "-"):
        return np.nan
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number) or abs(number) > 1e15:
        problems.append(f"line {line}, {name}: {cell[:40]!r} is not a number")
        return np.nan
    return number


def _word(cell: str, words: Mapping[str, tuple[str, ...]], problems: list[str] | None, name: str, line: int) -> str:
    found = next((own for own, others in words.items() if cell.lower() in others), "")
    if not found and problems is not None:
        problems.append(f"line {line}, {name}: {cell[:40]!r} is none of {', '.join(words)}")
    return found


def _tell_other_gases(peaks: pd.DataFrame, findings: Findings) -> None:
    other = peaks["gas"] == ""
    if other.any():
        findings.tell(
            "line-unreadable", column="gas", where=f"line {listed([str(n) for n in peaks.loc[other, 'line']], 5)}",
            found=f"{other.sum()} peaks of other gases", needed="CO2 or CH4", done="left out",
        )  # fmt: skip


def _times(peaks: pd.DataFrame, timezone: str, file: str, problems: list[str]) -> np.ndarray:
    stated = peaks["time"].str.contains(r":\d\d(?:\.\d*)?\s*(?:Z|[+-]\d\d:?\d\d)$", regex=True)
    if not timezone and not stated.all():
        raise InputError(
            f"{file} does not state the zone of its injection times. State it, as in "
            "read_readings(path, timezone='Europe/Berlin'), or write the offset behind each time.",
            [file],
        )
    since = seconds(peaks["time"], timezone or "UTC", file)
    for line, cell in zip(peaks["line"][np.isnan(since)], peaks["time"][np.isnan(since)], strict=True):
        problems.append(f"line {line}, time: {cell[:40]!r} is no time as 2024-05-31 14:03:07, or summer time skips it")
    return since


def _calibrated(peaks: pd.DataFrame, gas: str, findings: Findings) -> pd.DataFrame:
    """Mole fractions of the samples of one gas, with their errors."""
    standards, bracket = _standards(peaks)
    if standards.empty:
        raise InputError(
            f"{findings.entry} has samples of {gas} but no standard of it with a known mole fraction.", [gas]
        )
    curve = _curve(standards, bracket, gas, findings)
    samples = peaks[(peaks["type"] == "sample") & peaks["area"].notna()]
    time = samples["seconds"].to_numpy()
    found, sd, shared = curve.mole_fraction(samples["area"].to_numpy(), time)
    blanks = peaks.loc[(peaks["type"] == "blank") & peaks["area"].notna(), "area"]
    limit = curve.detection_limit(blanks, float(curve.times.mean()))
    _tell_calibration(curve, limit, samples, found, gas, findings)
    return samples[["seconds", "sample"]].assign(**{gas: found, f"{gas}_sd": sd, f"{gas}_sd_shared": shared})


def _standards(peaks: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Standards, and the bracket of each: stretches of standards parted by samples.

    A stretch without a standard above zero says nothing of the response and goes with the one before.
    """
    rows = peaks[peaks["type"] != "blank"]
    stretch = (rows["type"] != rows["type"].shift()).cumsum()
    kept = (rows["type"] == "standard") & rows["known"].notna() & rows["area"].notna()
    standards, stretch = rows[kept], stretch[kept]
    telling = standards["known"].gt(0).groupby(stretch).transform("any")
    bracket = stretch.where(telling).ffill().bfill()
    return standards, np.unique(bracket.fillna(0), return_inverse=True)[1]


def _curve(standards: pd.DataFrame, bracket: np.ndarray, gas: str, findings: Findings) -> Calibration:
    """The calibration, with a response for each bracket where the standards carry as many."""
    known, area, time = (standards[name].to_numpy() for name in ("known", "area", "seconds"))
    many = int(bracket.max()) + 1
    if many > 1 and (known.size < many + 3 or many > MOST_BRACKETS):
        findings.tell(
            "calibration-poor", column=gas, found=f"{many} brackets of {known.size} standards in all",
            needed="three more standards than brackets, to see drift", done="one response for the whole run",
        )  # fmt: skip
        bracket = np.zeros(known.size, int)
    try:
        return calibrate(known, area, time=time, bracket=bracket)
    except InputError as error:
        raise InputError(f"{findings.entry}, {gas}: {error}", error.offenders) from None


def _tell_calibration(
    curve: Calibration, limit: float, samples: pd.DataFrame, found: np.ndarray, gas: str, findings: Findings
) -> None:
    shape = "parabola" if curve.degree == 2 else "line"
    findings.tell(
        "calibration",
        column=gas,
        found=f"{shape} through {curve.n} standards of {curve.lowest:g} to {curve.highest:g} ppm, "
        f"{curve.errors} scatter, "
        f"{curve.times.size} brackets, detection limit {limit:.3g} ppm",
        done="mole fractions and their errors by the delta method",
    )
    if curve.looseness > LOOSE or curve.times.size == 1:
        findings.tell(
            "calibration-poor", column=gas,
            found="standards at one time only" if curve.looseness <= LOOSE else "a response known to no better than "
            f"{100 * curve.looseness**0.5:.0f} %",
            needed="several standards before and after the samples", done="kept; drift is not in the errors",
        )  # fmt: skip
    lines = samples["line"].to_numpy()
    for rows, rule, what in (
        (found > curve.highest * 1.05, "outside-standards", "above the highest standard"),
        (found < limit, "peaks-below-detection", f"below the detection limit of {limit:.3g} ppm"),
        (~np.isfinite(found), "outside-standards", "beyond the peak of the parabola"),
    ):
        if rows.any():
            findings.tell(
                rule, column=gas, where=f"line {listed([str(n) for n in lines[rows]], 5)}",
                found=f"{rows.sum()} samples {what}", needed="samples among standards", done="kept, with their error",
            )  # fmt: skip
