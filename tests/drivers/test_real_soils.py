"""Drivers of real soils, from the files of their authors to the correlations that are known of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik import q10, release, run_study
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


def study_of(folder, source: str, settings: str):
    """Run a study with little effort, without pools."""
    quick = "draws = 10\npermutations = 99\nresamples = 99\ntrees = 10\nforests = 0\n"
    settings = settings.replace("[drivers]\n", f"[drivers]\n{quick}")
    head = f'[study]\ntitle = "Drivers"\n\n[source]\n{source}\n\n[pools]\nmodels = ["one-pool"]\n\n'
    (folder / "study.toml").write_text(head + settings, encoding="utf-8")
    return run_study(folder)


def mapped(data, name: str) -> str:
    return f'mapping = "{name}"\ndata = "{(data / name).as_posix()}"'


def correlation(result, predictor: str, method: str = "spearman"):
    rows = result.drivers["drivers_correlation"].set_index(["predictor", "method", "layer"])
    return rows.loc[(predictor, method, "")]


def words(result) -> str:
    return " ".join(result.drivers["drivers_words"]["words"])


def test_a_study_of_burnt_soils_tells_its_drivers_and_resumes(data, tmp_path):
    settings = '[drivers]\n[drivers.groups]\nsubstrate = ["available carbon"]\nenvironment = ["depth"]\n'
    result = study_of(tmp_path, mapped(data, "fireresp_canada"), settings)
    # Of the 83 samples that have both; of all that have the one, -0.48 and 0.37.
    assert_allclose(correlation(result, "depth")["estimate"], -0.48, atol=0.03)
    assert_allclose(correlation(result, "available carbon")["estimate"], 0.37, atol=0.02)
    assert "no sample has one by equal-carbon" in words(result)
    assert "No mineral and no microbial property is among the predictors" in words(result)
    lines = {}
    run_study(tmp_path, progress=lambda stage, what: lines.update({stage: what}))
    assert set(lines.values()) == {"as before"}


def test_a_study_of_european_soils_tells_its_drivers(data, tmp_path):
    settings = (
        '[temperature]\nbetween = [0, 25]\n\n[drivers]\n[drivers.groups]\nenvironment = ["latitude", "pH"]\n'
        '"microbial/growth" = ["optimum of bacterial growth", "optimum of fungal growth"]\n'
    )
    result = study_of(tmp_path, mapped(data, "european_gradient"), settings)
    latitude = correlation(result, "latitude", "pearson")
    assert_allclose(latitude["estimate"], -0.51, atol=0.01)
    assert latitude["n"] == 72
    assert set(result.drivers["drivers_verdict"]["subgroup"]) == {"environment", "microbial/growth"}
    assert "No open data set is known that has Q10, oxalate-extractable minerals and microbes" in words(result)


def test_a_study_of_chilean_soils_tells_the_drivers_of_release(data, tmp_path):
    settings = (
        '[drivers]\nresponse = "specific_release"\nday = 24\nlog = ["specific_release"]\n[drivers.groups]\n'
        'mineral = ["CECtot", "BStotal", "Fe", "Al"]\nsubstrate = ["carbon"]\nenvironment = ["pH"]\n'
    )
    source = f'sidb = "{(data / "sidb" / "data" / "Doetterl2015").as_posix()}"'
    result = study_of(tmp_path, source, settings)
    assert_allclose(correlation(result, "CECtot", "pearson")["estimate"], -0.62, atol=0.01)
    assert_allclose(correlation(result, "BStotal", "pearson")["estimate"], 0.67, atol=0.01)
    assert "mineral has members that go against each other" in words(result)
