"""What a study came to: the tables of every stage, and how they were made."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class StudyResult:
    """One field a stage, each a mapping from table to frame. It holds; it does not compute."""

    title: str
    """Title of the study."""
    settings: dict[str, Any]
    """Settings as run, defaults filled in."""
    version: str
    """Version of talik."""
    survey: dict[str, pd.DataFrame]
    """``studies``, ``sites``, ``samples``, ``properties``."""
    incubation: dict[str, pd.DataFrame]
    """``jars``, ``readings``, ``cabinets``, ``respiration``."""
    flux: dict[str, pd.DataFrame]
    """``release``, ``budgets``."""
    pools: dict[str, pd.DataFrame]
    """``pools``."""
    temperature: dict[str, pd.DataFrame]
    """``q10``, ``activation_energies``, ``drift``, ``layers``, ``sensitivity``, ``outcomes``."""
    drivers: dict[str, pd.DataFrame] = field(default_factory=dict)
    """The tables ``drivers_*``; where the study carries no attribution only ``drivers_words``, which says why."""
    problems: pd.DataFrame = field(default_factory=pd.DataFrame)
    """What was found in the data, and what was done."""
