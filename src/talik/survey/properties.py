"""Properties of samples and of sites, a row each."""

import pandas as pd


def wide_properties(properties: pd.DataFrame, subject: str) -> pd.DataFrame:
    """The table ``properties`` with a column a property.

    Parameters
    ----------
    properties : DataFrame
        The table of this name.
    subject : {"sample", "site"}
        Whose properties.

    Returns
    -------
    DataFrame
        A row an id, which is its index; columns in the order of the table.

    Examples
    --------
    >>> properties = pd.DataFrame({"subject": "sample", "id": ["ridge", "gully", "ridge"],
    ...                            "property": ["ph", "clay", "clay"], "value": [6.1, 35.0, 20.0]})
    >>> wide_properties(properties, "sample").loc["ridge"].to_dict()
    {'ph': 6.1, 'clay': 20.0}
    """
    rows = properties[properties["subject"] == subject]
    wide = rows.pivot(index="id", columns="property", values="value")
    return wide[list(dict.fromkeys(rows["property"]))] if len(rows) else pd.DataFrame()
