"""A study folder of a synthetic transect: jars whose respiration has the Q10 that its soils' properties give it."""

from pathlib import Path

import numpy as np
import pandas as pd

from talik.drivers.transect import MEMBERS, TransectDesign, transect_table
from talik.tables import typed, write_table

DAYS = (1.0, 10.0, 20.0, 40.0)

QUICK = """
[pools]
models = ["one-pool"]

[drivers]
draws = 10
permutations = 19
resamples = 49
trees = 10
forests = 0
"""
"""Little effort, for tests."""

GROUPS = {name: f"microbial/{name}" if name in ("abundance", "activity", "diversity") else name for name in MEMBERS}


def write_transect_study(folder: Path, design: TransectDesign, seed: int, settings: str = QUICK) -> Path:
    """Write the folder; nothing is respired up, so that every definition of Q10 finds the same."""
    soils = transect_table(design, seed)
    random = np.random.default_rng(seed)
    named = {"study": "synthetic"}
    sites = soils.drop_duplicates("site").assign(permafrost="yes", **named)
    samples = soils.assign(core=soils["site"], depth_top=100, depth_bottom=110, **named)
    jars, rates = [], []
    for row in soils.itertuples():
        for temperature in (5.0, 15.0):
            jar = f"{row.sample} {temperature:g}"
            jars.append({**named, "jar": jar, "sample": row.sample, "organic_carbon": 40, "replicates": 3})
            rate = 5.0 * np.exp(row.logq10 * (temperature - 5) / 10)
            # Three jars whose scatter gives ln Q10 the error that the transect has.
            sd = rate * row.logq10_error * 1.5**0.5
            rates += [
                {**named, "jar": jar, "time": day, "temperature": temperature, "gas": "co2", "n": 3, "sd": sd,
                 "respiration": rate * np.exp(0.005 * random.standard_normal())}
                for day in DAYS
            ]  # fmt: skip
    properties = [
        {**named, "subject": "sample", "id": row.sample, "property": column, "value": getattr(row, column),
         "group": GROUPS[name].split("/")[0], "subgroup": (*GROUPS[name].split("/"), "")[1]}
        for row in soils.itertuples() for name, columns in MEMBERS.items() for column in columns
    ]  # fmt: skip
    studies = pd.DataFrame([{**named, "title": "SYNTHETIC transect", "licence": "CC0-1.0"}])
    tables = {
        "studies": studies, "sites": sites, "samples": samples, "properties": pd.DataFrame(properties),
        "jars": pd.DataFrame(jars), "respiration": pd.DataFrame(rates),
    }  # fmt: skip
    (folder / "tables").mkdir(parents=True)
    for name, table in tables.items():
        columns = list(typed(name, pd.DataFrame()))
        write_table(typed(name, table[[c for c in columns if c in table]]), folder / "tables" / f"{name}.csv")
    head = '[study]\ntitle = "A synthetic transect"\n\n[source]\ntables = "tables"\n'
    (folder / "study.toml").write_text(head + settings, encoding="utf-8")
    return folder
