"""Which studies give a Q10 of respiration, and why the others do not."""

import pandas as pd

from talik.errors import listed
from talik.incubation.checks import LOGGED, NO_TEMPERATURE
from talik.tables import typed


def outcomes(studies: pd.DataFrame, jars: pd.DataFrame, q10: pd.DataFrame) -> pd.DataFrame:
    """Every study with what came of it.

    Parameters
    ----------
    studies, jars, q10 : DataFrame
        The tables of these names.

    Returns
    -------
    DataFrame
        The table ``outcomes``; `outcome` is ``Q10``, ``one temperature``, ``carbon remaining``,
        ``another quantity`` or ``undefined``.
    """
    defined = q10[q10["q10"].notna() & (q10["definition"] != "pool")]
    rows = []
    for study in studies["study"]:
        mine, found = jars[jars["study"] == study], defined[defined["study"] == study]
        outcome, reason = _outcome(mine, found)
        held = sorted(mine["temperature"].dropna().unique())
        rows.append(
            {
                "study": study, "outcome": outcome, "reason": reason, "soils": mine["sample"].nunique(),
                "soils_with_q10": found["sample"].nunique(), "temperatures": ", ".join(f"{t:g}" for t in held),
                "sets": mine["set"].nunique(), "sets_with_q10": found["set"].nunique(),
            }
        )  # fmt: skip
    return typed("outcomes", pd.DataFrame(rows))


def _outcome(jars: pd.DataFrame, found: pd.DataFrame) -> tuple[str, str]:
    if len(found):
        left = jars["excluded"][jars["excluded"] != ""].unique()
        return "Q10", f"some series left out: {listed(list(left), 3)}" if len(left) else ""
    if jars.empty:
        return "undefined", "no series could be read"
    held = sorted(jars["temperature"].dropna().unique())
    if jars["temperature"].isna().all() and (jars["excluded"] == NO_TEMPERATURE).all():
        return "undefined", "nobody stated the temperature of the incubation"
    if (jars["excluded"] == LOGGED).all():
        return "undefined", LOGGED
    if len(held) == 1:
        return "one temperature", f"all series at {held[0]:g} °C"
    if len(jars) and (jars["measures"] == "carbon remaining").all():
        return (
            "carbon remaining",
            "the series are carbon remaining in the soil; shown as carbon released, not pooled",
        )
    if len(jars) and (jars["measures"] == "other").all():
        return "another quantity", f"the series are {listed(sorted(jars['excluded'].unique()), 3)}"
    return "undefined", "no set of jars has respiration at two temperatures"
