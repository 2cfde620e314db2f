"""What is measured on: SIDb where TALIK_DATA names it, else the packaged study."""

import os
from functools import cache
from pathlib import Path

import talik


def sidb() -> Path | None:
    """Folder of the entries of SIDb, None where there is none."""
    folder = Path(os.environ.get("TALIK_DATA", "")) / "sidb" / "data"
    return folder if "TALIK_DATA" in os.environ and folder.is_dir() else None


@cache
def measurements() -> talik.Measurements:
    """Measurements of SIDb, or of the packaged study."""
    return talik.read_sidb(sidb()) if sidb() else packaged()


@cache
def packaged() -> talik.Measurements:
    """Measurements of the packaged study."""
    from talik.demo import demo_study

    return demo_study().measurements


@cache
def released():
    """Their release."""
    return talik.release(measurements().respiration)


def size(measured: talik.Measurements) -> str:
    """How much that is."""
    return f"{len(measured.jars)} jars, {measured.jars['set'].nunique()} sets"
