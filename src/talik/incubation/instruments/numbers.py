"""Numbers out of regular lines: pandas' parser where all is well, cell by cell where not."""

import io

import numpy as np
import pandas as pd

from talik.errors import InputError, listed
from talik.problems import Findings

TOGETHER = 50_000
"""Lines parsed together, so that one strange cell does not hold all cells of a file as text."""


def numbers(
    lines: list[bytes], line_numbers: list[int], names: list[str], wanted: list[str], separator: str, findings: Findings
) -> dict[str, np.ndarray]:
    r"""Columns of numbers from lines of equally many fields.

    Parameters
    ----------
    lines : list of bytes
        The lines, all with a field for each name.
    line_numbers : list of int
        Their numbers in the file.
    names : list of str
        Names of all columns.
    wanted : list of str
        Names of the columns to read.
    separator : str
        ``"\t"``, or ``r"\s+"`` for any blanks.
    findings : Findings
        Takes the cells that are no numbers; they become missing.

    Returns
    -------
    dict of str to ndarray
    """
    places = [names.index(name) for name in wanted]
    parts = [np.empty((0, len(places)))]
    for start in range(0, len(lines), TOGETHER):
        part = slice(start, start + TOGETHER)
        try:
            table = _parsed(lines[part], places, separator, float)
        except (ValueError, OverflowError):
            text = _parsed(lines[part], places, separator, str)
            table = text.apply(pd.to_numeric, errors="coerce").astype(float)
            _tell_cells(text, table, line_numbers[part], dict(zip(places, wanted, strict=True)), findings)
        parts.append(table[places].to_numpy(float))
    return dict(zip(wanted, np.concatenate(parts).T, strict=True))


def _parsed(lines: list[bytes], places: list[int], separator: str, kind: type) -> pd.DataFrame:
    # Files of instruments quote nothing that is read here; a lone quotation mark must not swallow lines.
    return pd.read_csv(
        io.BytesIO(b"\n".join(lines)), sep=separator, header=None, usecols=places, dtype=kind, quoting=3,
        encoding="latin-1", na_values=["nan", "NaN", "NAN", ""], keep_default_na=False, skip_blank_lines=False,
    )  # fmt: skip


def _tell_cells(
    text: pd.DataFrame, table: pd.DataFrame, line_numbers: list[int], names: dict[int, str], findings: Findings
) -> None:
    for place, name in names.items():
        wrong = np.flatnonzero((table[place].isna() & text[place].notna()).to_numpy())
        if wrong.size:
            found = [repr(value) for value in text[place].iloc[wrong[:5]].unique()]
            findings.tell(
                "value-not-a-number",
                column=name,
                where=f"line {listed([str(line_numbers[at]) for at in wrong], 5)}",
                found=f"{wrong.size} cells: {listed(found, 3)}",
                needed="a number",
                done="read as missing",
            )


def needed_column(names: list[str], choices: tuple[str, ...], file: str, what: str) -> str:
    """The first of some columns that a file has.

    Raises
    ------
    InputError
        Where it has none of them.
    """
    for name in choices:
        if name in names:
            return name
    raise InputError(
        f"{file} has no column of {what}: one of {listed(choices)} is needed. It has {listed(names, 30)}.", [file]
    )
