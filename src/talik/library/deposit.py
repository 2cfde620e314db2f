"""The folder of a recomputation: tables, what every column is, and how they were made."""

import hashlib
from pathlib import Path

import pandas as pd

from talik import __version__
from talik.errors import StoreError
from talik.library.one_method import FITTED, OneMethod
from talik.library.query import as_csv
from talik.quantities import QUANTITIES
from talik.tables import BASES, header

OWN_UNITS = {"incubation_length": "d"}
"""Units of columns that are no quantity of talik's tables."""

MEANINGS = {
    "study": "Name of the study, as in studies.csv.",
    "set": "Jars of one soil and incubation that differ in temperature and replicate only: what one Q10 is made of.",
    "sample": "The soil.",
    "definition": (
        "Definition of Q10: rate-ratio, rate-fit, exponential-fit, arrhenius, equal-time, equal-carbon or pool."
    ),
    "pool": "Model and pool, where it is the Q10 of a fitted pool; else empty.",
    "gas": "Gas measured: co2 or ch4.",
    "basis": f"What carbon is respired per: {', '.join(BASES)}.",
    "temperatures": "q10.csv: how many temperatures it rests on. Elsewhere: the temperatures of the incubation [degC].",
    "lower": "Lower end of the 95 % interval of Q10; empty where there is none.",
    "upper": "Upper end of the 95 % interval of Q10; empty where there is none.",
    "ln_q10": "Natural logarithm of Q10, on which means are to be taken.",
    "sd_ln_q10": "Standard error of ln Q10; empty where there is none.",
    "n": "Points that it rests on: times, quotas, temperatures or readings, as the definition has it.",
    "interval_from": "What the interval rests on: replicates, residuals, or a profile.",
    "paired": "yes where the same jars were warmed in steps, so that errors are paired.",
    "flag": "What to mind with the estimate; 'no signal' and 'improbable' are not to be pooled.",
    "core": "The core or plot that the soil is from.",
    "layer": "organic, active (thaws every summer) or permafrost; empty where not known.",
    "layer_evidence": "What the layer was concluded from.",
    "horizon": "Soil horizon.",
    "site": "The place.",
    "country": "Country.",
    "land_cover": "Land cover.",
    "soil_order": "Order of the soil.",
    "permafrost": "yes or no; empty where not known.",
    "incubation_length": "Last reading of the set, counted from the start of the incubation.",
    "moisture": "Moisture of the incubated soil, in the unit beside it.",
    "moisture_unit": "Unit of the moisture.",
    "oxygen": "Oxygen in the gas, or anaerobic; empty where aerobic or not stated.",
    "vessel": "How the gas was caught: closed, flow-through or alkali trap; empty where not stated.",
    "sieving": "Mesh that the soil was sieved through, no where it was not; empty where not stated.",
    "replicates": "Fewest replicates at a temperature; empty where not stated.",
    "treatments": "Treatments of the field and the laboratory, as name = value.",
    "doi": "DOI of the study.",
    "citation": "What to cite.",
    "licence": "Licence of the data.",
    "source": "Database or laboratory that the data are from.",
    "reason": "Why there is no estimate.",
    "outcome": "Q10, or why the study has none.",
    "soils": "Soils of the study.",
    "soils_with_q10": "Soils with an estimate.",
    "sets": "Sets of the study.",
    "sets_with_q10": "Sets with an estimate.",
    "title": "Title of the study.",
    "note": "Notes on the data.",
    "library_source": "What it was read from into the library.",
    "library_talik": "Version of talik that read it into the library.",
    "library_added": "When it was read into the library (UTC).",
    "file": "File that the column is in.",
    "column": "The column, with its unit where it has one.",
    "unit": "Its unit.",
    "meaning": "What it is.",
}
"""What the columns are that are no quantity."""


def write_q10(found: OneMethod, out: Path | str, *, library: Path | str) -> list[Path]:
    """Write a recomputation: ``q10.csv``, ``left_out.csv``, ``outcomes.csv``, ``studies.csv`` and what explains them.

    Parameters
    ----------
    found : OneMethod
        What ``library_q10`` found.
    out : path_like
        Folder to write to; made where it is not there.
    library : path_like
        The library, whose name and sha256 are told.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    StoreError
        Where they cannot be written.
    """
    out = Path(out)
    tables = {"q10": found.q10, "left_out": found.left_out, "outcomes": found.outcomes, "studies": found.studies}
    texts = {f"{name}.csv": as_csv(table.rename(columns=titled)) for name, table in tables.items()}
    texts["dictionary.csv"] = as_csv(dictionary(tables))
    texts["README.md"] = _readme(found, Path(library))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / f".{name}.partial").write_text(text, encoding="utf-8", newline="")
        for name in texts:
            (out / f".{name}.partial").replace(out / name)
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {error.strerror or error}.", [str(out)]) from None
    return [out / name for name in texts]


def titled(column: str) -> str:
    """A column's header: name and unit.

    Examples
    --------
    >>> titled("incubation_length"), titled("t_low"), titled("q10")
    ('incubation_length [d]', 't_low [degC]', 'q10')
    """
    return f"{column} [{OWN_UNITS[column]}]" if column in OWN_UNITS else header(column)


def dictionary(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every column of the tables: its file, unit and meaning."""
    rows = [(f"{name}.csv", titled(c), *_unit_and_meaning(c)) for name, table in tables.items() for c in table]
    columns = ["file", "column", "unit", "meaning"]
    rows += [("dictionary.csv", column, "", MEANINGS[column]) for column in columns]
    return pd.DataFrame(rows, columns=columns)


def _unit_and_meaning(column: str) -> tuple[str, str]:
    if column in MEANINGS:
        return OWN_UNITS.get(column, ""), MEANINGS[column]
    return QUANTITIES[column].unit, QUANTITIES[column].meaning


def _readme(found: OneMethod, library: Path) -> str:
    low, high = found.pair
    digest = hashlib.sha256(library.read_bytes()).hexdigest()
    window = (
        f"It is fitted to all temperatures from {low:g} to {high:g} degC of soils incubated at both."
        if found.definition in FITTED
        else "It compares the two temperatures over the longest window that both share; the row tells the window."
    )
    near = f" An incubation within {found.within:g} degC of either was taken." if found.within else ""
    with_q10 = int((found.outcomes["outcome"] == "Q10").sum())
    return f"""# Q10 by {found.definition} at {low:g} and {high:g} degC

{len(found.q10)} estimates of {with_q10} of {len(found.outcomes)} studies, all recomputed from their respiration by
talik {__version__} with one definition, `{found.definition}`. {window}{near}
Soils that were not incubated at both temperatures are left out and told in left_out.csv: nothing is extrapolated.
An empty lower, upper and sd_ln_q10 means that the data give no interval. Means are to be taken of ln_q10.

| file | a row is |
| --- | --- |
| q10.csv | one estimate, with its soil, place, protocol, error, DOI and licence |
| left_out.csv | a set of jars without an estimate, or a pool that is not identified, and why |
| outcomes.csv | a study, and whether it gives an estimate |
| studies.csv | a study: what to cite, its licence, and where it was read from |
| dictionary.csv | a column of these files: its unit and meaning |

Library: {library.name}, sha256 {digest}
"""
