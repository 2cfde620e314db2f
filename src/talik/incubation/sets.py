"""Sets: the jars that one Q10 is made of."""

import pandas as pd

from talik.tables import TABLES

_DESCRIBED = {column.name for column in TABLES["jars"].columns}
_TREATED = ("moisture", "oxygen")


def treatment_columns(jars: pd.DataFrame) -> list[str]:
    """Columns of a table of jars that say how they were treated, besides moisture and oxygen."""
    return [c for c in jars.columns if c not in _DESCRIBED]


def set_names(jars: pd.DataFrame) -> pd.Series:
    """A name for the set of each jar.

    Jars of one sample and incubation whose treatments, moisture and oxygen are the same differ
    in temperature and replicate only, and are one set. The name tells what differs from the
    other sets of the sample.

    Parameters
    ----------
    jars : DataFrame
        Rows of the table ``jars``; any further column is a treatment.

    Returns
    -------
    Series of str

    Examples
    --------
    >>> jars = pd.DataFrame({"sample": "Davos 5 cm", "moisture": ["60", "60", "100"]})
    >>> list(set_names(jars))
    ['Davos 5 cm, moisture 60', 'Davos 5 cm, moisture 60', 'Davos 5 cm, moisture 100']
    """
    columns = [c for c in (*_TREATED, *treatment_columns(jars)) if c in jars]
    texts = jars[columns].fillna("").astype("str")
    names = jars["sample"].astype("str")
    for column in columns:
        differs = (
            texts[column].groupby(jars.get("incubation", pd.Series("", index=jars.index))).transform("nunique") > 1
        )
        told = differs & (texts[column] != "")
        names = names.where(~told, names + f", {column} " + texts[column])
    return names
