"""The table of drivers: what it holds, and a sentence for everything that can be wrong with it."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from talik.drivers import driver_table
from talik.errors import TableError


def soils(n=12, seed=1) -> pd.DataFrame:
    """A clean table of samples, two a site."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sample": [f"s{i}" for i in range(n)],
            "site": [f"site {i // 2}" for i in range(n)],
            "q10": np.exp(random.normal(0.9, 0.2, n)),
            "sd_ln_q10": 0.05,
            "clay [%]": random.uniform(5, 30, n),
            "feox": np.exp(random.normal(0, 1, n)),
            "mbc": np.exp(random.normal(5, 1, n)),
            "ph": random.normal(7, 1, n),
            "cover": np.tile(["meadow", "steppe", "meadow"], n // 3 + 1)[:n],
            "latitude": random.uniform(30, 35, n),
            "longitude": random.uniform(85, 97, n),
        }
    )


GROUPS = {"mineral": ["clay", "feox"], "microbial/abundance": ["mbc"], "environment": ["ph"]}


def made(table=None, **changes):
    asked = {"response": "q10", "groups": GROUPS, "error": "sd_ln_q10", "log": ["q10", "feox"], "random": "site"}
    return driver_table(soils() if table is None else table, **asked | changes)


def complaint(table=None, **changes) -> str:
    with pytest.raises(TableError) as error:
        made(table, **changes)
    return str(error.value)


def test_predictors_are_standardised_and_the_scale_is_kept():
    found, table = made(), soils()
    assert_allclose(found.predictors.mean(), 0, atol=1e-12)
    assert_allclose(found.predictors.std(ddof=1), 1)
    back = found.predictors["feox"] * found.scaling.loc["feox", "sd"] + found.scaling.loc["feox", "mean"]
    assert_allclose(np.exp(back), table["feox"])
    assert found.scaling["transform"].to_dict() == {"clay": "", "feox": "ln", "mbc": "", "ph": ""}
    assert_allclose(found.response, np.log(table["q10"]))
    assert found.response_name == "ln q10"


def test_groups_hold_their_subgroups():
    found = made(groups={"microbial/abundance": ["mbc"], "mineral": ["clay"], "microbial/diversity": ["feox"]})
    assert found.groups == {"microbial": ("mbc", "feox"), "mineral": ("clay",)}
    assert found.subgroup_of == {"mbc": "microbial/abundance", "feox": "microbial/diversity", "clay": "mineral"}


def test_a_factor_has_a_column_for_each_level_but_the_commonest():
    found = made(groups=GROUPS | {"vegetation": ["cover"]})
    assert found.variables["cover"] == ("cover: steppe",)
    assert found.scaling.loc["cover: steppe", "reference"] == "meadow"


def test_rows_that_lack_something_are_left_out_and_told():
    table = soils()
    table.loc[[2, 5], "mbc"] = np.nan
    table.loc[5, "ph"] = np.nan
    found = made(table)
    assert found.n == 10
    assert found.lost.to_dict("records") == [
        {"sample": "s2", "missing": "mbc"},
        {"sample": "s5", "missing": "mbc, ph"},
    ]
    told = {problem.rule: problem for problem in found.problems}
    assert told["driver-rows-lost"].found == "2 of 12 samples lack mbc (2), ph (1)"


def test_a_sample_without_a_place_is_kept():
    table = soils()
    table.loc[3, "latitude"] = np.nan
    found = made(table)
    assert found.n == 12
    assert np.isnan(found.coordinates[3, 0])
    assert made(table.drop(columns="latitude")).coordinates is None


def test_samples_of_a_layer_are_scaled_anew():
    table = soils().assign(layer=["active", "permafrost"] * 6)
    parts = made(table).layers()
    assert list(parts) == ["active", "permafrost"]
    frozen = parts["permafrost"]
    alone = made(table[table["layer"] == "permafrost"])
    assert_allclose(frozen.predictors, alone.predictors)
    assert_allclose(frozen.scaling[["mean", "sd"]], alone.scaling[["mean", "sd"]])


def test_samples_of_unknown_layer_are_of_none():
    table = soils().assign(layer=["active", "", "permafrost"] * 4)
    parts = made(table.assign(layer=["active"] * 6 + [None] * 6)).layers()
    assert list(parts) == ["active"]
    assert set(made(table).layer) == {"active", "", "permafrost"}


def test_truth_values_are_numbers_and_a_name_alone_is_a_group():
    found = made(soils().assign(ph=[True, False] * 6), groups={"environment": "ph"}, log=["q10"])
    assert found.variables == {"ph": ("ph",)}


def test_a_response_without_error_is_told():
    rules = [problem.rule for problem in made(error="").problems]
    assert "driver-error-unknown" in rules
    assert made(error="").error is None


def test_a_site_of_one_sample_is_told():
    assert "driver-site-of-one" in [problem.rule for problem in made(random="sample").problems]


def test_more_predictors_than_samples_are_told():
    table = soils(8)
    random = np.random.default_rng(2)
    table = table.assign(**{f"x{i}": random.normal(size=8) for i in range(7)})
    found = made(table, groups=GROUPS | {"substrate": [f"x{i}" for i in range(7)]})
    told = {problem.rule: problem for problem in found.problems}
    assert told["driver-many"].found == "11 predictors and 8 samples"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ph": 7.0}, "ph: is 7 in all 12 samples that are complete; a constant explains nothing"),
        ({"ph": np.nan}, "ph: all 12 values are missing"),
        ({"site": "Naqu"}, "site: all 12 samples are of site Naqu"),
        ({"ph": "peat"}, "ph: is a factor with one level, peat"),
        ({"ph": [f"soil {i}" for i in range(12)]}, "ph: is a factor with 12 levels in 12 samples"),
        ({"ph": [7, "n.d.", *range(10)]}, "ph: 'n.d.' in sample s1: not a number"),
        ({"ph": [7, np.inf, *range(10)]}, "ph: 'inf' in sample s1: not a number"),
        ({"ph": [1e200, *range(11)]}, "ph: is 1e+200 in sample s0; give it in another unit"),
        ({"q10": 2.0}, "q10: is 0.6931 in all 12 samples; nothing to explain"),
        ({"feox": [0.0, *range(1, 12)]}, "feox: has no logarithm in sample s0, where it is 0 or less"),
        ({"sample": ["s0", *"abcdefghij", "s0"]}, "sample s0: in more than one row"),
        ({"sd_ln_q10": [0.0, *[0.1] * 11]}, "sd_ln_q10: is 0 or less in sample s0"),
        ({"q10": "warm"}, "q10: 'warm' in sample s0"),
    ],
)
def test_a_spoilt_column_is_told_in_a_sentence(change, words):
    assert words in complaint(soils().assign(**change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"response": "Q10"}, "response: there is no column 'Q10'; do you mean 'q10'?"),
        ({"groups": {"mineral": ["caly"]}}, "group mineral: there is no column 'caly'; do you mean 'clay'?"),
        ({"groups": {"a": ["ph"], "b": ["ph"]}}, "ph: stands in a and in b; a predictor has one place"),
        ({"groups": {"a": ["ph", "q10"]}}, "q10: is the response, and cannot be a predictor too"),
        ({"groups": {}}, "no predictors are named"),
        ({"groups": {"a/b/c": ["ph"]}}, "group 'a/b/c': a group is one word, or group/subgroup"),
        ({"log": ["sd_ln_q10"]}, "logarithm: sd_ln_q10 is neither the response nor a predictor"),
        ({"random": "plot"}, "random effect: there is no column 'plot'"),
    ],
)
def test_a_wrong_request_is_told_in_a_sentence(change, words):
    assert words in complaint(**change)


def test_a_predictor_twice_is_told():
    table = soils()
    table["clay2"], table["sand"] = table["clay [%]"], 100 - 2 * table["clay [%]"]
    told = complaint(table, groups={"mineral": ["clay", "clay2", "sand"]}, log=[])
    assert "clay2: holds the same as clay in every sample; leave one of them out" in told
    assert "sand: is proportional to clay" in told


def test_everything_wrong_is_told_at_once():
    table = soils().assign(ph=7.0, site="Naqu")
    with pytest.raises(TableError) as error:
        made(table, groups={"a": ["ph", "clay", "moss"]}, log=["feox"])
    assert len(error.value.offenders) == 4


def test_too_few_complete_samples_name_what_is_missing():
    table = soils()
    table.loc[:8, "mbc"] = np.nan
    assert "3 of 12 samples are complete; at least 5 are needed. Missing are mbc in 9" in complaint(table)


def test_a_column_twice_is_told():
    table = pd.concat([soils(), soils()[["ph"]]], axis=1)
    assert "columns ph: each stands more than once in the table" in complaint(table)
