"""Drivers of real soils, from the files of their authors to the correlations that are known of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik import q10, release
from talik.drivers import driver_table
from talik.drivers.correlation import driver_correlations, driver_partial_correlations
from talik.drivers.gather import gather_q10, gather_release
from talik.drivers.mixed import driver_effects
from talik.drivers.signs import group_signs
from talik.incubation.mapping import read_mapped

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def burnt(data):
    """Ln Q10 of a fire chronosequence in Canada, with its soils' properties."""
    found = read_mapped("fireresp_canada", data / "fireresp_canada")
    table = q10(found.respiration, found.jars, definitions=["rate-fit"])
    return gather_q10(table, found.samples, found.sites, found.properties, definition="rate")


def spearman(gathered, column: str) -> float:
    table = driver_table(gathered.table, response=gathered.response, groups={"one": [column]}, random="site")
    return float(driver_correlations(table, "spearman")["estimate"].iloc[0])


def test_q10_of_burnt_soils_falls_with_depth_and_rises_with_available_carbon(burnt):
    assert_allclose(spearman(burnt, "depth"), -0.48, atol=0.02)
    assert_allclose(spearman(burnt, "available carbon"), 0.37, atol=0.01)


def test_groups_of_burnt_soils_are_those_of_their_mapping(burnt):
    assert burnt.groups["microbial/abundance"] == ("microbial carbon", "microbial nitrogen", "microbial phosphorus")
    assert burnt.error == "sd_ln_q10"
    assert [problem.rule for problem in burnt.problems] == ["driver-temperatures-differ"]


def test_acid_soils_and_not_microbes_are_told_once_all_is_held(burnt):
    groups = {
        "microbial/abundance": ["microbial carbon", "microbial phosphorus"],
        "microbial/composition": ["fungi to bacteria"],
        "substrate": ["available carbon", "available nitrogen", "organic carbon"],
        "environment": ["pH", "moisture", "soil temperature", "active layer depth", "depth"],
    }
    table = driver_table(burnt.table, response="ln_q10", error=burnt.error, groups=groups, random="site")
    zero = driver_correlations(table).set_index("predictor")
    assert (zero.loc[["microbial carbon", "available carbon"], "lower"] > 0).all()
    effects = driver_effects(table).set_index("term")
    assert effects.loc["pH", "upper"] < 0
    signs = group_signs(effects.reset_index()).set_index("name")["sign"]
    assert signs["microbial"] == "not told"


def test_q10_of_european_soils_falls_with_latitude(data):
    found = read_mapped("european_gradient", data / "european_gradient")
    below = found.respiration[found.respiration["temperature"] <= 25]
    table = q10(below, found.jars, definitions=["rate-fit"])
    gathered = gather_q10(table, found.samples, found.sites, found.properties, definition="rate")
    wide = gathered.table.assign(q10=np.exp(gathered.table["ln_q10"]))
    found = driver_correlations(driver_table(wide, response="q10", groups={"environment": ["latitude"]}))
    assert_allclose(found["estimate"], -0.51, atol=0.005)
    assert found["n"].iloc[0] == 72
    assert found["upper"].iloc[0] < -0.3


def test_release_of_chilean_soils_goes_with_minerals_that_go_with_all_else(sidb):
    study = "Doetterl2015"
    soils = {name: getattr(sidb, name) for name in ("respiration", "jars", "samples", "sites", "properties")}
    soils = {name: table[table["study"] == study] for name, table in soils.items()}
    gathered = gather_release(
        release(soils["respiration"]), soils["jars"], soils["samples"], soils["sites"], soils["properties"],
        time=24, temperature=20,
    )  # fmt: skip
    groups = {"mineral": ["CECtot", "BStotal", "Fe", "Al"], "substrate": ["carbon"], "environment": ["pH"]}
    table = driver_table(gathered.table, response="specific_release", log=["specific_release"], groups=groups)
    assert table.n == 24
    zero = driver_correlations(table).set_index("predictor")
    assert zero.loc["CECtot", "upper"] < 0 < zero.loc["BStotal", "lower"]
    held = driver_partial_correlations(table).query("controlled == 'substrate'").set_index("predictor")
    assert held.loc["CECtot", "lower"] < 0 < held.loc["CECtot", "upper"]
