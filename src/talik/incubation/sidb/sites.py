"""Sites of an entry, and the joining of names that mean the same place."""

import difflib
import math
import re
from collections.abc import Sequence
from typing import Any

from talik.incubation.sidb.columns import as_number, as_text, plain_minus
from talik.survey import permafrost

_NOTHING = ("", "na", "n/a", "nan", "none", "null")
_ABBREVIATION = re.compile(r"\(([^()]+)\)\s*$")


def site_rows(entry: str, info: dict[str, Any]) -> list[dict[str, Any]]:
    """One row of fields for each site; a single value given for several sites holds for all.

    Parameters
    ----------
    entry : str
        Name of the entry, which is its single site's name where none is given.
    info : dict
        ``siteInfo`` of the metadata.

    Returns
    -------
    list of dict
        Fields as in the table ``sites``.
    """
    names = info.get("site")
    names = names if isinstance(names, list) and names else [names]
    names = [clean_name(name) or entry for name in names]
    return [_row(info, name, index, len(names)) for index, name in enumerate(names)]


def clean_name(name: object) -> str:
    """A name without the quotes and blanks that were typed around it."""
    return re.sub(r"\s+", " ", as_text(name).strip().strip('"').strip("'").strip())


def _row(info: dict[str, Any], name: str, index: int, count: int) -> dict[str, Any]:
    def of(group: str, key: str) -> Any:
        inside = info.get(group) if group else info
        value = inside.get(key) if isinstance(inside, dict) else None
        if isinstance(value, list):
            # A list as long as the sites goes by site; a list of one holds for all.
            value = value[index] if len(value) == count else value[0] if len(value) == 1 else None
        return None if as_text(value).lower() in _NOTHING else value

    return {
        "site": name,
        "latitude": _degrees(of("coordinates", "latitude")),
        "longitude": _degrees(of("coordinates", "longitude")),
        "elevation": _number(of("", "elevation")),
        "country": as_text(of("", "country")),
        "mean_annual_temperature": _number(of("", "MAT")),
        "annual_precipitation": _number(of("", "MAP")),
        "land_cover": as_text(of("", "landCover")).lower(),
        "soil": " ".join(filter(None, (as_text(of("soilTaxonomy", k)) for k in ("soilOrder", "soilFamily")))),
        "soil_order": as_text(of("soilTaxonomy", "soilOrder")),
        "stated": _yes_or_no(of("permafrost", "permafrostExist")),
        "active_layer_depth": _meters(of("permafrost", "activeLayer")),
    }


def concluded(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of a site with permafrost and its evidence, ready for the table."""
    evidence = permafrost(
        stated=fields["stated"], soil=fields["soil"], active_layer_depth=fields["active_layer_depth"],
        latitude=fields["latitude"], mean_annual_temperature=fields["mean_annual_temperature"],
        elevation=fields["elevation"],
    )  # fmt: skip
    kept = {key: value for key, value in fields.items() if key not in ("stated", "soil")}
    return kept | {"permafrost": evidence.permafrost, "permafrost_evidence": evidence.evidence}


def _number(value: object) -> float:
    number = as_number(value)
    return math.nan if number is None else number


def _meters(value: object) -> float:
    """A depth in meters, from one that may say centimeters."""
    return _number(value) * (0.01 if re.search(r"\bcm\b|\dcm", as_text(value)) else 1.0)


def _degrees(value: object) -> float:
    """Decimal degrees, from them or from degrees, minutes and seconds; negative in the south and west.

    Examples
    --------
    >>> _degrees("149.6 W"), round(_degrees("68°38'N"), 3), _degrees(-33.5)
    (-149.6, 68.633, -33.5)
    """
    if isinstance(value, int | float):
        return float(value)
    text = plain_minus(as_text(value))
    parts = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    if not parts or len(parts) > 3:
        return math.nan
    size = sum(part / 60**power for power, part in enumerate(parts))
    negative = text.lstrip().startswith("-") or re.search(r"[SW]", text.upper())
    return -size if negative else size


def _yes_or_no(value: object) -> bool | None:
    text = as_text(value).lower()
    return True if text in ("yes", "true", "y") else False if text in ("no", "false", "n") else None


def join_name(name: str, known: Sequence[str]) -> tuple[str | None, str]:
    """The known place that a name means, and how it was recognised.

    A name joins when it is the same; the same without punctuation and case; the same but for
    an abbreviation in brackets, or its beginning; or, alone among the known, nearly the same.

    Examples
    --------
    >>> known = ["Cedar Creek, (CDR)", "Luquillo (LUQ)", "Guanica (GUA)"]
    >>> join_name("Cedar Creek (CDR)", known)
    ('Cedar Creek, (CDR)', 'but for punctuation and case')
    >>> join_name("Luquillo", known)
    ('Luquillo (LUQ)', 'but for its end')
    >>> join_name("Barrow", known)
    (None, '')
    """
    if name in known:
        return name, ""
    for how, shorten in (
        ("but for punctuation and case", _plain),
        ("by its abbreviation", _abbreviated),
    ):
        matches = [other for other in known if shorten(other) and shorten(other) == shorten(name)]
        if len(matches) == 1:
            return matches[0], how
    begins = [other for other in known if len(_plain(name)) > 2 and _plain(other).startswith(_plain(name))]
    if len(begins) == 1:
        return begins[0], "but for its end"
    near = difflib.get_close_matches(_bare(name), [_bare(other) for other in known], n=2, cutoff=0.85)
    if len(near) == 1:
        return next(other for other in known if _bare(other) == near[0]), "nearly"
    return None, ""


def _bare(name: str) -> str:
    """A name without punctuation, case and abbreviation."""
    return _plain(_ABBREVIATION.sub("", name))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def _abbreviated(name: str) -> str:
    found = _ABBREVIATION.search(name)
    return found[1].strip().lower() if found else ""
