"""A new study folder: study.toml, a template of every table with a worked example, and a README."""

from pathlib import Path

import numpy as np
import pandas as pd

from talik.errors import StoreError
from talik.incubation.sheets.template import write_template
from talik.tables import TABLES, header, typed

WORKBOOK = "incubation.xlsx"
"""The workbook of a new study."""

STUDY = """[study]
title = "A new study"
seed = 1

[source]
tables = "tables"
# or the readings of jars, from the workbook once it is filled in:
# workbook = "incubation.xlsx"

# What drives Q10: with five samples or more that have properties with a group, the run tells it. To choose:
# [drivers]
# response = "equal-carbon"          # a definition of Q10, or "specific_release" with day and temperature
# log = ["microbial carbon"]         # properties whose logarithm is taken
# primary = "mixed model"            # the analysis whose answer is the verdict, named before anything is computed
# [drivers.groups]
# mineral = ["clay"]
# "microbial/abundance" = ["microbial carbon"]
# "microbial/diversity" = ["shannon"]
# environment = ["pH", "depth"]
"""

README = """# A study for talik

1. If you have readings of the gas of jars, fill in `incubation.xlsx`, and name it in `study.toml`. If you have rates
   or cumulative curves, put your rows into the tables in `tables/`. In both, headers carry units, and other units may
   be written into them: `respiration [mg CO2 kg-1 soil h-1]`, `temperature [K]`. Columns that you do not need may go.
   Further columns of samples and jars are treatments. A workbook of your own is read through a mapping:
   `talik check BOOK.xlsx` proposes one.
2. `talik check .` names every problem by file, line and column.
3. `talik run .` writes tables, figures and the report into `run/`.

The rows that are there are SYNTHETIC: two jars at 5 and two at 15 degC of a soil that never was, made
with a Q10 of 2.5. Take them out.

| table | a row is | key |
| --- | --- | --- |
"""

_KEPT = {
    "studies": "study title doi citation licence note",
    "sites": "study site latitude longitude elevation country mean_annual_temperature annual_precipitation "
    "land_cover soil_order permafrost active_layer_depth",
    "samples": "study sample site core layer depth_top depth_bottom horizon",
    "properties": "study subject id property group subgroup value sd n unit",
    "jars": "study jar sample replicate oxygen moisture dry_mass organic_carbon",
    "respiration": "jar time temperature gas respiration sd n",
}  # fmt: skip


def write_templates(folder: Path | str) -> list[Path]:
    """Write a study folder that runs as it is, on synthetic rows that say so.

    Parameters
    ----------
    folder : path_like
        Folder to make; an existing one must be empty.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    StoreError
        Where the folder is not empty or cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} is there already and not empty; name a new folder.", [str(folder)])
    texts = {Path("study.toml"): STUDY, Path("README.md"): README + _table_of_tables()}
    texts |= {Path("tables") / f"{name}.csv": _csv(name) for name in _KEPT}
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.", [str(folder)]) from None
    return [*(folder / name for name in texts), write_template(folder / WORKBOOK)]


def _table_of_tables() -> str:
    return "".join(f"| {name}.csv | {TABLES[name].row} | {', '.join(TABLES[name].key)} |\n" for name in _KEPT)


def _csv(name: str) -> str:
    columns = _KEPT[name].split()
    rows = typed(name, pd.DataFrame(_EXAMPLE[name]()))[columns]
    return "# SYNTHETIC example rows, to be replaced\n" + rows.rename(columns=header).to_csv(
        index=False, lineterminator="\n"
    )


def _respiration() -> list[dict]:
    """Two pools with a Q10 of 2.5, in jars that differ by a few per cent and are read to a few per cent."""
    rows = []
    noise = np.random.default_rng(1)
    for temperature, replicate, factor in ((5, "a", 1.03), (5, "b", 0.97), (15, "a", 1.02), (15, "b", 0.98)):
        speed = 2.5 ** ((temperature - 5) / 10)
        for time in (1, 3, 7, 14, 28, 56, 112):
            rate = 60 * 0.08 * speed * np.exp(-0.08 * speed * time) + 9000 * 3e-4 * speed * np.exp(-3e-4 * speed * time)
            read = rate * factor * np.exp(0.02 * noise.standard_normal())
            rows.append(
                {"jar": f"{temperature}{replicate}", "time": time, "temperature": temperature, "gas": "co2",
                 "respiration": round(float(read), 3)}
            )  # fmt: skip
    return rows


_EXAMPLE = {
    "studies": lambda: [{"study": "synthetic", "title": "SYNTHETIC example", "citation": "none: made up"}],
    "sites": lambda: [
        {"study": "synthetic", "site": "nowhere", "latitude": 68.6, "longitude": -149.6, "elevation": 720,
         "country": "USA",
         "mean_annual_temperature": -8.0, "permafrost": "yes", "active_layer_depth": 0.5, "soil_order": "Gelisol"}
    ],
    "samples": lambda: [
        {"study": "synthetic", "sample": "nowhere 10-20 cm", "site": "nowhere", "core": "core 1", "layer": "active",
         "depth_top": 10, "depth_bottom": 20, "horizon": "A"}
    ],
    "properties": lambda: [
        {"study": "synthetic", "subject": "sample", "id": "nowhere 10-20 cm", "property": "clay", "group": "mineral",
         "value": 21, "unit": "percent"}
    ],
    "jars": lambda: [
        {"study": "synthetic", "jar": f"{temperature}{replicate}", "sample": "nowhere 10-20 cm", "replicate": replicate,
         "oxygen": "aerobic", "moisture": "60", "dry_mass": 20, "organic_carbon": 45}
        for temperature in (5, 15) for replicate in "ab"
    ],
    "respiration": _respiration,
}  # fmt: skip
