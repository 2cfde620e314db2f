"""Clocks of instruments: local time stamps to UTC, once and stated."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from talik.errors import InputError

_PLAIN = r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d*)?)?)?"


def seconds(stamps: pd.Series, timezone: str, file: str) -> np.ndarray:
    """Seconds since 1970 (UTC) of time stamps as ISO 8601 writes them.

    Parameters
    ----------
    stamps : Series of str
        Such as ``2024-05-31 14:03:07`` or ``2024/05/31 14:03``; one with an offset, as ``+08:00`` or ``Z``, is taken
        by it.
    timezone : str
        Zone of the others.
    file : str
        File that they stand in, for the message.

    Returns
    -------
    ndarray
        Missing where a stamp cannot be read, or where the clock was changed to or from summer time and it
        stands twice or never.

    Raises
    ------
    InputError
        Where the zone is not known.

    Examples
    --------
    >>> float(seconds(pd.Series(["2022-12-05 08:56:58"]), "Europe/Copenhagen", "x.data")[0])
    1670227018.0
    """
    known_zone(timezone, file)
    text = stamps.astype("str").str.strip().str.replace("/", "-")
    offset = text.str.contains(r":\d\d(?:\.\d*)?\s*(?:Z|[+-]\d\d:?\d\d)$", regex=True)
    plain = text.where(text.str.fullmatch(_PLAIN))
    local = pd.to_datetime(plain, errors="coerce", format="ISO8601").astype("datetime64[us]")
    utc = local.dt.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    stated = pd.to_datetime(text.where(offset), errors="coerce", format="ISO8601", utc=True)
    since = utc.fillna(stated.astype("datetime64[us, UTC]")) - pd.Timestamp("1970-01-01", tz="UTC")
    return since.dt.total_seconds().to_numpy(float)


def known_zone(timezone: str, file: str) -> None:
    """Refuse a time zone that is not known.

    Raises
    ------
    InputError
        With what would be understood.
    """
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"{file}: the time zone {timezone!r} is not known. A name such as 'Asia/Shanghai' or 'UTC' "
            "is needed; state it with timezone=.",
            [timezone],
        ) from None
