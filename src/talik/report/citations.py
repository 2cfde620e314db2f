"""What to cite: the studies, the database they came from, and talik."""

import re
from dataclasses import dataclass

import pandas as pd

SIDB = "10.5194/essd-12-1511-2020"
"""DOI of the Soil Incubation Database."""

_DOI = re.compile(r"10\.\d{4,9}/[^\s,;]+")
_ADDRESS = re.compile(r"https?://[^\s,;]+")


@dataclass(frozen=True)
class Citation:
    """One thing to cite."""

    name: str
    """Short name, as in the tables."""
    text: str
    """Title, or the whole reference."""
    links: tuple[tuple[str, str], ...]
    """Address and words of each link."""
    licence: str = ""
    """Licence of its data."""


def links_of(doi: str) -> tuple[tuple[str, str], ...]:
    """Links to the DOIs in a cell, of which there may be several, or else to the address it holds.

    Parameters
    ----------
    doi : str
        The cell.

    Returns
    -------
    tuple of (address, words)

    Examples
    --------
    >>> links_of("10.1890/08-0137.1 and 10.1038/NGEO1009")[1]
    ('https://doi.org/10.1038/NGEO1009', 'doi:10.1038/NGEO1009')
    >>> links_of("http://hdl.handle.net/1/2")
    (('http://hdl.handle.net/1/2', 'http://hdl.handle.net/1/2'),)
    """
    found = [one.rstrip(".") for one in _DOI.findall(doi)]
    if found and "hdl.handle.net" not in doi:
        return tuple((f"https://doi.org/{one}", f"doi:{one}") for one in found)
    return tuple((one, one) for one in _ADDRESS.findall(doi))


def citations(studies: pd.DataFrame, version: str) -> list[Citation]:
    """Everything to cite: each study, SIDb where it is the source, and talik.

    Parameters
    ----------
    studies : DataFrame
        The table ``studies``.
    version : str
        Version of talik.

    Returns
    -------
    list of Citation
    """
    cited = [Citation(row.study, row.title, links_of(row.doi), row.licence) for row in studies.itertuples(index=False)]
    if (studies["source"] == "SIDb").any():
        words = (
            "Schädel, C., Beem-Miller, J., Aziz Rad, M., and others (2020). Decomposability of soil organic matter "
            "over time: the Soil Incubation Database (SIDb, version 1.0) and guidance for incubation procedures. "
            "Earth System Science Data 12, 1511–1524."
        )
        cited.append(Citation("SIDb", words, links_of(SIDB)))
    return [*cited, Citation("talik", f"The talik developers. talik, version {version}.", (), "MIT")]
