"""Entries with fields taken out or put in at random: an answer or a sentence, never a traceback.

``make fuzz`` runs more of them than the suite does.
"""

import copy
import os
import random

import pytest

from entries import entry, series
from talik import q10
from talik.errors import TalikError
from talik.incubation.checks import checked
from talik.incubation.measurements import joined
from talik.incubation.sidb.corrections import NO_CORRECTIONS
from talik.incubation.sidb.entry import Entry, read_entry
from talik.incubation.sidb.reader import read_one

RUNS = int(os.environ.get("TALIK_FUZZ", "60"))
STRANGE = [
    None, "", 0, -1, 1e9, "NA", "text", [], [1, 2], {}, {"value": None}, True, "5 to 10", "µ", "10.5 °C",
    float("nan"), "SD", "mgC/gC", "percentC14Remaining", "2024-01-01",
]  # fmt: skip
CELLS = ["", "x", "-5", "1e30", "NaN", "0", "1e-30", "12,5"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A sound entry with two depths and three temperatures."""
    variables = [
        *series(5, 15, 25, midDepth=20),
        *(v | {"name": v["name"] + "_deep", "midDepth": 90} for v in series(5, 15, 25)),
    ]
    folder = entry(tmp_path_factory.mktemp("sidb") / "Whole2024", variables=variables, info={"depthInfo": {}})
    return read_entry(folder)


def places(metadata, above=()):
    """Every field of nested metadata, as a path to it."""
    for key, value in metadata.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from places(value, (*above, key))


def mutated(whole, rng):
    """The entry with up to six fields and three cells changed."""
    metadata, series, initial = copy.deepcopy(whole.metadata), whole.series.copy(), whole.initial.copy()
    for _ in range(rng.randint(1, 6)):
        *above, last = rng.choice([place for place in places(metadata) if len(place) > 1])
        holder = metadata
        for key in above:
            holder = holder[key]
        if rng.random() < 0.35:
            holder.pop(last)
        else:
            holder[last] = copy.deepcopy(rng.choice(STRANGE))
    for _ in range(rng.randint(0, 3)):
        series.iloc[rng.randrange(len(series)), rng.randrange(series.shape[1])] = rng.choice(CELLS)
    if rng.random() < 0.3:
        initial = initial.drop(columns=rng.choice(list(initial.columns)))
    return Entry(whole.name, metadata, series, initial)


def test_mutated_entries_give_an_answer_or_a_sentence(whole):
    answers = 0
    for seed in range(RUNS):
        try:
            measured = checked(joined([read_one(mutated(whole, random.Random(seed)), NO_CORRECTIONS)]))
            found = q10(measured.respiration, measured.jars)
        except TalikError:
            continue
        answers += 1
        # Where a Q10 is not defined, it says why.
        assert (found.loc[found["q10"].isna(), "flag"] != "").all(), seed
    assert answers > RUNS / 2
