"""Place as a group beside drivers: what follows a pattern in space, and what does not."""

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from talik.drivers.attribution import Effort, attribute
from talik.drivers.place import table_of_place
from talik.drivers.table import DriverTable, driver_table
from talik.drivers.variation import variation_partitioning

ALONG = np.arange(40.0)
DISTANCE = np.abs(np.subtract.outer(ALONG, ALONG))
WAVE = np.sin(ALONG / 6)


def soils(response: np.ndarray, clay: np.ndarray) -> DriverTable:
    frame = pd.DataFrame({"ln_q10": response, "clay": clay, "latitude": 35.0, "longitude": 90 + 0.1 * ALONG})
    return driver_table(frame, response="ln_q10", groups={"mineral": ["clay"]})


def fractions(table: DriverTable) -> dict[str, float]:
    both = table_of_place(table, DISTANCE, permutations=199)
    assert both is not None
    found = variation_partitioning(both, permutations=19, resamples=19)
    return dict(zip(found["fraction"], found["estimate"], strict=True))


def test_a_driver_that_lies_in_space_shares_what_it_explains_with_place():
    rng = np.random.default_rng(1)
    found = fractions(soils(WAVE + 0.2 * rng.standard_normal(40), WAVE + 0.2 * rng.standard_normal(40)))
    assert found["drivers and place"] > 0.7
    assert found["drivers"] < 0.05


def test_a_driver_that_follows_no_pattern_keeps_what_it_explains():
    rng = np.random.default_rng(2)
    clay = rng.standard_normal(40)
    found = fractions(soils(WAVE + 0.7 * clay + 0.1 * rng.standard_normal(40), clay))
    assert found["drivers"] > 0.3
    assert found["place"] > 0.3
    assert abs(found["drivers and place"]) < 0.15
    assert_allclose(sum(found[name] for name in ("drivers", "place", "drivers and place", "unexplained")), 1)


def test_a_response_that_lies_in_space_as_chance_has_it_seldom_has_a_group_of_place():
    rng = np.random.default_rng(3)
    found = [
        table_of_place(soils(*rng.standard_normal((2, 40))), DISTANCE, permutations=99, seed=seed) for seed in range(40)
    ]
    # More than 7 of 40 come once in a thousand at 5 %.
    assert sum(one is not None for one in found) <= 7


def test_an_attribution_sets_place_beside_all_drivers():
    rng = np.random.default_rng(1)
    table = soils(WAVE + 0.2 * rng.standard_normal(40), WAVE + 0.2 * rng.standard_normal(40))
    effort = Effort(draws=10, permutations=99, resamples=19, trees=10, forests=0)
    rows = attribute(table, effort=effort).tables["drivers_variation"]
    assert rows["method"].str.contains("patterns in space").sum() == 5
