"""How often the form that made the rates is chosen: by AICc, and by the error at temperatures left out.

Rates of one form are compared by the public ``talik.compare_responses``, with the forms that it compares by default.
Temperatures end at 25 degC, where all of them are valid. Told in docs/calibration/responses.md.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from calibration.responses import SOIL_FORMS, Design, Truth
from talik import compare_responses

SEED = 20261124
"""Fixed before the first run."""
DATA_SETS = 200
"""Data sets a design; a comparison costs some forty fits."""

COMPARED = ("van-t-hoff", "arrhenius", "lloyd-taylor", "ratkowsky", "quadratic", "mmrt")
"""What ``compare_responses`` compares by default."""

TRUTHS = tuple(replace(truth, high=25.0) for truth in SOIL_FORMS if truth.form in COMPARED)
"""The forms, each with usual parameters."""

DESIGNS = (
    Design("5 temperatures, 1 jar, 20 %", 5, 1, 0.20),
    Design("7 temperatures, 3 jars, 10 %"),
    Design("12 temperatures, 4 jars, 10 %", 12, 4, 0.10),
    Design("12 temperatures, 4 jars, 2 %", 12, 4, 0.02),
)
"""How rates were measured."""


def chosen(truth: Truth, design: Design, data_sets: int, seed: int) -> dict[str, object]:
    """How often each criterion has the true form first, and which form it has first most often."""
    temperature, random = design.temperature(truth), np.random.default_rng(seed)
    found = {"aicc": [], "left_out": []}
    in_question = []
    for _ in range(data_sets):
        table = compare_responses(temperature, design.drawn(truth, random)).set_index("form")
        for criterion, names in found.items():
            names.append(table[criterion].idxmin())
        in_question.append(truth.form in table.index[table["aicc"] <= table["aicc"].min() + CLOSE])
    row: dict[str, object] = {"design": design.name, "form": truth.form, "data_sets": data_sets}
    for criterion, names in found.items():
        counts = pd.Series(names).value_counts(normalize=True)
        row |= {
            criterion: counts.get(truth.form, 0.0), f"{criterion}_first": counts.index[0],
            f"{criterion}_first_share": counts.iloc[0],
        }  # fmt: skip
    return row | {"within_2": float(np.mean(in_question))}


CLOSE = 2.0
"""Forms whose AICc is within this of the best have much support (Burnham and Anderson 2002, section 2.6)."""


def table(data_sets: int = DATA_SETS) -> pd.DataFrame:
    """One row a form and design."""
    pairs = [(truth, design) for design in DESIGNS for truth in TRUTHS]
    return pd.DataFrame([chosen(*pair, data_sets, SEED + place) for place, pair in enumerate(pairs)])
