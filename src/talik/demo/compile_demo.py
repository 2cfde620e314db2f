"""Make the tables of the packaged study from a copy of SIDb.

Usage: ``python -m talik.demo.compile_demo SIDB_DATA``, with the folder ``data`` of SIDb (commit
46f714b, MIT, Copyright (c) 2020 Max Planck Society). Values are the database's, in talik's units and
tables, with the reviewed corrections applied; each row carries its study, its DOI and its licence.
"""

import sys
from importlib import resources
from pathlib import Path

import pandas as pd

from talik.incubation.measurements import Measurements
from talik.incubation.sidb import read_sidb
from talik.tables import RESPIRATION_OF, write_table

SIGNIFICANT = 6
"""Significant digits kept of a rate; the readings have four at most."""


def compile_demo(source: Path, target: Path) -> None:
    """Write the tables of the selected studies.

    Parameters
    ----------
    source : Path
        Folder ``data`` of SIDb.
    target : Path
        Folder of the tables.
    """
    selection = pd.read_csv(resources.files(__package__).joinpath("selection.csv").open(encoding="utf-8"))
    measured = read_sidb(source)
    target.mkdir(parents=True, exist_ok=True)
    for name, table in compiled(measured, selection).items():
        write_table(table, target / f"{name}.csv")


def compiled(measured: Measurements, selection: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables of the selected studies, in the order of the selection."""
    order = {study: place for place, study in enumerate(selection["study"])}

    def chosen(table: pd.DataFrame, column: str = "study") -> pd.DataFrame:
        rows = table[table[column].isin(list(order))]
        return rows.iloc[rows[column].map(order).argsort(kind="stable")].reset_index(drop=True)

    studies = chosen(measured.studies).assign(citation=list(selection["citation"]), note=list(selection["note"]))
    return {
        "studies": studies,
        "sites": chosen(measured.sites), "samples": chosen(measured.samples),
        "properties": chosen(measured.properties), "jars": _without_empty(chosen(measured.jars)),
        "respiration": _as_given(chosen(measured.respiration), measured.jars),
        "problems": chosen(measured.problems, "entry"),
    }  # fmt: skip


def _without_empty(jars: pd.DataFrame) -> pd.DataFrame:
    """Jars without the treatments of studies that were not selected."""
    return jars[[column for column in jars if (jars[column].astype("str") != "").any()]]


def _as_given(respiration: pd.DataFrame, jars: pd.DataFrame) -> pd.DataFrame:
    """Respiration on the basis that the study gave it; the other follows from the carbon content."""
    basis = respiration["jar"].map(jars.set_index("jar")["basis"]).map(RESPIRATION_OF)
    rates = {
        column: respiration[column].where(basis == column).map(_rounded) for column in set(RESPIRATION_OF.values())
    }
    return respiration.assign(**rates, sd=respiration["sd"].map(_rounded))


def _rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT}g}")


if __name__ == "__main__":
    compile_demo(Path(sys.argv[1]), Path(__file__).parent / "tables")
