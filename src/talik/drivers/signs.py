"""What sign a group may be given: one only where all that was found of its members has it."""

from collections.abc import Sequence

import pandas as pd

RAISES, LOWERS, BOTH, UNTOLD = "raises", "lowers", "both ways", "not told"
"""What the members of a group do: all that are told from zero raise the response, lower it, some each, none is."""


def group_signs(effects: pd.DataFrame, levels: Sequence[str] = ("subgroup", "group")) -> pd.DataFrame:
    """The sign of each subgroup and group, out of effects or correlations of its members with intervals.

    A member counts where its interval leaves zero out. A group whose members differ is ``both ways`` and has no
    one sign: the mean of what raises and what lowers would say that it does nothing.

    Parameters
    ----------
    effects : DataFrame
        Rows of ``drivers_correlation``, ``drivers_partial`` (of one control) or ``drivers_mixed``: ``predictor``,
        ``subgroup``, ``group``, ``lower`` and ``upper``.
    levels : sequence of str
        At what levels.

    Returns
    -------
    DataFrame
        ``level``, ``name``, ``sign`` (``raises``, ``lowers``, ``both ways``, ``not told``), ``raised_by`` and
        ``lowered_by`` (names of the members), ``members`` (how many there are) and ``words``, a sentence.

    Examples
    --------
    >>> effects = pd.DataFrame({"predictor": ["mbc", "shannon", "clay"], "group": ["microbial", "microbial", "mineral"],
    ...                         "subgroup": ["microbial/abundance", "microbial/diversity", "mineral"],
    ...                         "lower": [0.1, -0.5, -0.2], "upper": [0.6, -0.1, 0.3]})
    >>> found = group_signs(effects)
    >>> dict(zip(found["name"], found["sign"]))
    {'microbial/abundance': 'raises', 'microbial/diversity': 'lowers', 'mineral': 'not told', 'microbial': 'both ways'}
    >>> found["words"].iloc[-1]
    'microbial acts both ways: mbc raises and shannon lowers; it has no one sign.'
    """
    told = effects[effects["predictor"].fillna("") != ""]
    rows = []
    whole: set[str] = set()
    for level in levels:
        for name, members in told.groupby(level, sort=False):
            # A group without subgroups is its own subgroup, and is told once.
            if name and not (level == "group" and name in whole and (members["subgroup"] == name).all()):
                rows.append({"level": level, "name": str(name), **_sign(str(name), members)})
                whole.add(str(name))
    return pd.DataFrame(rows, columns=["level", "name", "sign", "raised_by", "lowered_by", "members", "words"])


def _sign(name: str, members: pd.DataFrame) -> dict[str, object]:
    up = list(members.loc[members["lower"] > 0, "predictor"])
    down = list(members.loc[members["upper"] < 0, "predictor"])
    sign = BOTH if up and down else RAISES if up else LOWERS if down else UNTOLD
    silent = len(members) - len(up) - len(down)
    beside = f"; of {silent} more nothing is told" if silent and sign != UNTOLD else ""
    words = {
        BOTH: f"{name} acts both ways: {_and(up)} raise{_s(up)} and {_and(down)} lower{_s(down)}{beside}; "
        "it has no one sign.",
        RAISES: f"{name} raises: {_and(up)}{beside}.",
        LOWERS: f"{name} lowers: {_and(down)}{beside}.",
        UNTOLD: f"{name}: no sign is told from none.",
    }[sign]
    return {
        "sign": sign, "raised_by": ", ".join(up), "lowered_by": ", ".join(down), "members": len(members),
        "words": words,
    }  # fmt: skip


def _s(names: list[str]) -> str:
    return "s" if len(names) == 1 else ""


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
