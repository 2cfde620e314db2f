"""The reviewed table of corrections: what was found, what is right, why, and who says so.

The data are never edited. A correction is applied while reading, only where it finds what it
corrects, and every one applied is listed in ``problems.csv`` and in the report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import pandas as pd

from talik.problems import Findings

NO_CORRECTIONS = pd.DataFrame(columns=["entry", "column", "field", "found", "corrected", "reason", "source"])
"""No corrections: the data as they were entered."""


@cache
def reviewed_corrections() -> pd.DataFrame:
    """The corrections that ship with talik.

    Returns
    -------
    DataFrame
        Columns entry, column (of the time series, or a site), field, found, corrected, reason, source.

    Examples
    --------
    >>> reviewed_corrections().loc[0, ["column", "field", "found", "corrected"]].tolist()
    ['CO2_FairTuss_30', 'temperature', '10', '30']
    """
    with resources.files(__package__).joinpath("corrections.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


@dataclass(frozen=True)
class Corrector:
    """Applies the corrections of one entry and tells which found what they correct."""

    table: pd.DataFrame
    """All corrections."""
    findings: Findings
    """Where it is told."""

    def correct(self, column: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of one column or site, corrected.

        Examples
        --------
        >>> corrector = Corrector(reviewed_corrections(), Findings("NeffHooper2002"))
        >>> corrector.correct("CO2_FairTuss_30", {"temperature": 10})
        {'temperature': 30.0}
        """
        corrected = dict(fields)
        if self.table.empty:
            return corrected
        mine = self.table[(self.table["entry"] == self.findings.entry) & (self.table["column"] == column)]
        for row in mine.itertuples():
            if _same(corrected.get(row.field), row.found):
                corrected[row.field] = _value(row.corrected)
                done, rule = f"corrected: {row.reason} ({row.source})", "correction-applied"
            else:
                done, rule = "not corrected: the entry no longer says what is corrected", "correction-unused"
            self.findings.tell(
                rule,
                stage="survey",
                column=column,
                where=row.field,
                found=row.found,
                needed=row.corrected,
                done=done,
            )
        return corrected


def _same(value: object, found: str) -> bool:
    try:
        return abs(float(str(value)) - float(found)) < 1e-6
    except ValueError:
        return str(value).strip() == found


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
