"""What drives Q10 as a stage of a study: planted signs come out, and what cannot be told is said."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from drivers.transect_study import QUICK, write_transect_study
from talik import read_result, run_study
from talik.drivers.attribution import Effort, attribute
from talik.drivers.of_study import Question, attribute_study
from talik.drivers.table import driver_table
from talik.drivers.transect import MEMBERS, TransectDesign, transect_table
from talik.errors import SettingsError
from talik.report.drivers import drivers_contents
from talik.study import DriversSection, settings_of

CLEAR = TransectDesign(
    sites=30, layers=("permafrost",), error=0.03,
    effects={"mineral": -0.25, "abundance": 0.25, "activity": 0.2, "diversity": -0.25},
)  # fmt: skip
LOGS = tuple(column for columns in MEMBERS.values() for column in columns)
SMALL = Effort(draws=10, permutations=19, resamples=49, trees=10, forests=0)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A study with planted drivers, run once."""
    folder = tmp_path_factory.mktemp("transect") / "study"
    write_transect_study(folder, CLEAR, 1, f"{QUICK}log = {list(LOGS)}\n".replace("'", '"'))
    return folder, run_study(folder)


@pytest.fixture(scope="module")
def tables(run):
    """The tables that the stage reads."""
    result = run[1]
    stages = (result.survey, result.incubation, result.flux, result.temperature)
    return {name: table for stage in stages for name, table in stage.items()}


def asked(**given):
    return Question("equal-carbon", effort=SMALL, **given)


def told(found):
    return "\n".join(found["drivers_words"]["words"])


def test_planted_signs_come_out_of_a_run(run):
    verdict = run[1].drivers["drivers_verdict"].set_index("subgroup")
    planted = {"mineral": "lowers", "microbial/abundance": "raises", "microbial/diversity": "lowers"}
    assert verdict.loc[list(planted), "finding"].to_dict() == planted
    assert (verdict["response"] == "ln_q10").all()
    assert "microbial acts both ways on Q10" in told(run[1].drivers)


def test_the_response_is_the_q10_that_jars_were_made_with(run):
    samples = run[1].drivers["drivers_samples"]
    q10 = run[1].temperature["q10"]
    widest = q10[(q10["definition"] == "equal-carbon") & (q10["quota_end"] - q10["quota_start"] == 1)]
    found = samples.set_index("sample")["estimate"]
    assert_allclose(found, np.log(widest.set_index("sample").loc[found.index, "q10"]))
    assert samples["sd"].between(0.01, 0.2).all()


def test_the_run_folder_holds_tables_figures_and_the_section(run):
    out = run[0] / "run"
    for name in run[1].drivers:
        assert (out / "tables" / f"{name}.csv").is_file()
        assert (out / "tables" / f"{name}.parquet").is_file()
    for name in ("verdict", "robustness", "correlation", "partial", "variation", "importance-lmg", "transect"):
        text = (out / "figures" / f"drivers-{name}.svg").read_text(encoding="utf-8")
        assert "SYNTHETIC" in text
    page = (out / "report.html").read_text(encoding="utf-8")
    assert '<section id="drivers">' in page
    assert run[1].drivers["drivers_verdict"]["verdict"].iloc[0].split(":")[0] in page
    assert "mixed model, named beforehand" in page


def test_a_result_read_back_has_its_drivers(run):
    again = read_result(run[0] / "run").drivers
    assert again.keys() == run[1].drivers.keys()
    for name, table in run[1].drivers.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=False, rtol=1e-12)


def test_too_few_samples_are_told(tables):
    q10 = tables["q10"]
    four = q10[q10["sample"].isin(q10["sample"].unique()[:4])]
    found = attribute_study(tables | {"q10": four}, asked())
    assert told(found) == "What drives Q10 is not told: 4 samples have one, and at least 5 are needed."
    none = attribute_study(tables | {"q10": four.assign(q10=np.nan)}, asked())
    assert told(none) == (
        "What drives Q10 is not told: no sample has a Q10, which takes jars at two temperatures or more."
    )
    assert list(none) == ["drivers_words", "problems"]


def test_several_studies_are_attributed_only_where_groups_are_named(tables):
    samples = tables["samples"]
    two = tables | {"samples": samples.assign(study=np.where(np.arange(len(samples)) % 2, "one", "other"))}
    assert "samples of 2 studies differ in method" in told(attribute_study(two, asked()))
    groups = {"mineral": ("feox",)}
    assert "drivers_verdict" in attribute_study(two, asked(groups=groups, random="study"))


def test_a_property_of_few_samples_is_left_out_unless_it_is_named(tables):
    properties = tables["properties"]
    few = properties[(properties["property"] != "feox") | (np.arange(len(properties)) % 2 == 0)]
    gone = few["property"] == "caex"
    few = few[~gone | ~few.loc[gone, "id"].duplicated().reindex(few.index, fill_value=False)]
    few = few[(few["property"] != "caex") | few["id"].isin(few["id"].unique()[:4])]
    found = attribute_study(tables | {"properties": few}, asked())
    assert "Properties that tell of too few samples: caex (of 4 of 30 samples)" in told(found)
    named = attribute_study(tables | {"properties": few}, asked(groups={"mineral": ("caex",)}))
    assert "4 of 30 samples are complete; at least 5 are needed" in told(named)
    assert "drivers_verdict" not in named


def test_what_is_missing_of_the_four_groups_is_said(tables):
    found = told(attribute_study(tables, asked(groups={"mineral": ("feox",), "environment": ("latitude",)})))
    assert "No microbial property is among the predictors" in found
    assert "No open data set is known that has Q10, oxalate-extractable minerals and microbes" in found
    assert "No open data set" not in told(attribute_study(tables, asked()))


def test_all_names_that_are_not_there_are_told_together(tables):
    wrong = asked(groups={"mineral": ("caly", "feox"), "microbial": ("mbc",)}, log=("ph",), random="plot",
                  paths="ln_q10 ~ mineral + water")  # fmt: skip
    with pytest.raises(SettingsError) as error:
        attribute_study(tables, wrong)
    assert len(error.value.offenders) == 5
    for words in ("'caly'", "'mbc'", "random: there is no 'plot'", "log: 'ph'", "water is not known", "There are site"):
        assert words in str(error.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"response": "pool", "pool": "slow"}, "no sample has a Q10 by 'pool' of a pool 'slow'; there are rate-ratio"),
        ({"sets": ("*peat*",)}, "no set is called '*peat*'"),
        ({"response": "specific_release"}, "name one at which jars stood; there are 5, 15 °C"),
        ({"response": "specific_release", "temperature": 7.0}, "there are 5, 15 °C"),
        ({"response": "specific_release", "temperature": 5.0, "day": 900.0}, "no jar was read to day 900; the last is 40"),
    ],
)  # fmt: skip
def test_a_response_that_is_not_there_is_an_error_that_says_what_is(tables, given, words):
    with pytest.raises(SettingsError) as error:
        attribute_study(tables, asked(**given))
    assert words in str(error.value)


def test_release_is_explained_like_q10(tables):
    question = asked(response="specific_release", temperature=15.0, groups={"mineral": ("feox", "caex")},
                     log=("specific_release", "feox", "caex"))  # fmt: skip
    found = attribute_study(tables, question)
    assert "What is explained is the specific release of day 40 at 15 °C." in told(found)
    assert set(found["drivers_verdict"]["response"]) == {"ln specific_release"}
    # Jars at 15 degrees respire more where Q10 is higher, and minerals lower Q10.
    assert found["drivers_verdict"]["estimate"].iloc[0] < 0


def test_a_constant_property_that_is_named_is_a_sentence_and_no_failure(tables):
    same = tables["properties"].assign(value=lambda old: old["value"].where(old["property"] != "feox", 2.0))
    found = attribute_study(tables | {"properties": same}, asked(groups={"mineral": ("feox",)}))
    assert "feox: is 2 in all 30 samples that are complete; a constant explains nothing" in told(found)
    assert (found["problems"]["severity"] == "warning").any()


def test_sets_may_be_named_by_a_pattern(tables):
    q10 = tables["q10"]
    twice = pd.concat([q10, q10.assign(set=q10["set"] + " wet")], ignore_index=True)
    assert "samples have several" in told(attribute_study(tables | {"q10": twice}, asked()))
    found = attribute_study(tables | {"q10": twice}, asked(sets=("* wet",), groups={"mineral": ("feox",)}))
    assert len(found["drivers_samples"]) == 30


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"primary": "eyeballing"}, "drivers.primary: input should be 'mixed model', 'one at a time'"),
        ({"day": 24}, "day and temperature belong to a release"),
        ({"pool": "slow"}, 'pool belongs to response = "pool"'),
        ({"groups": {"a/b/c": ["x"], "mineral": []}}, "group 'a/b/c', group 'mineral' names no property"),
        ({"draws": 1}, "drivers.draws: input should be greater than or equal to 10"),
        ({"group": {}}, "drivers.group: there is no such setting"),
    ],
)
def test_mistakes_in_the_settings_are_told(section, words):
    with pytest.raises(SettingsError) as error:
        settings_of({"study": {"title": "x"}, "source": {"tables": "t"}, "drivers": section}, "study.toml")
    assert words in str(error.value)


def test_effort_of_a_study_is_that_of_the_command():
    section, effort = DriversSection(), Effort()
    names = ("draws", "permutations", "resamples", "trees", "forests", "posterior")
    assert [getattr(section, name) for name in names] == [getattr(effort, name) for name in names]


def test_temperatures_between_which_q10_is_taken_may_be_named():
    loaded = {"study": {"title": "x"}, "source": {"tables": "t"}, "temperature": {"between": [0, 25]}}
    within = settings_of(loaded, "study.toml").temperature.within
    rows = pd.DataFrame({"temperature": [-1.0, 0.0, 25.0, 30.0]})
    assert within(rows)["temperature"].tolist() == [0.0, 25.0]
    with pytest.raises(SettingsError, match="the lowest and the highest temperature"):
        settings_of(loaded | {"temperature": {"between": [25, 0]}}, "study.toml")


def test_the_most_samples_that_are_attributed_unasked_are_few(tables):
    many = {name: pd.concat([tables[name].assign(sample=tables[name]["sample"] + f" {k}") for k in range(11)])
            for name in ("q10", "samples")}  # fmt: skip
    q10 = many["q10"].assign(set=many["q10"]["sample"])
    assert "330 samples take many minutes" in told(attribute_study(tables | many | {"q10": q10}, asked()))


def test_drivers_resume_and_a_setting_of_theirs_touches_nothing_else(run):
    folder, verdict = run[0], run[0] / "run" / "tables" / "drivers_verdict.csv"

    def again(**how):
        lines = {}
        run_study(folder, progress=lambda stage, what: lines.update({stage: what}), **how)
        return {stage for stage, what in lines.items() if what != "as before" and ":" not in stage}

    before = verdict.read_bytes()
    verdict.write_text("broken", encoding="utf-8")
    assert again(workers=2) == {"drivers"}
    assert verdict.read_bytes() == before
    file = folder / "study.toml"
    settings = file.read_text(encoding="utf-8")
    file.write_text(settings + 'primary = "least squares"\n', encoding="utf-8")
    assert again() == {"drivers", "report"}
    found = read_result(folder / "run").drivers
    assert set(found["drivers_verdict"]["method"]) == {"least squares"}
    assert "mixed model" in set(found["drivers_robustness"]["method"])
    assert "Primary analysis: least squares." in told(found)


def test_layers_stand_beside_one_another_in_the_report():
    soils = transect_table(TransectDesign(sites=24), 1)
    groups = {"mineral": ["feox", "caex"], "microbial": ["plfa"]}
    found = attribute(driver_table(soils, response="logq10", groups=groups, random="site"), effort=SMALL)
    layers = drivers_contents(found.tables).layers
    assert layers.columns == ("active", "permafrost", "permafrost against active")
    assert [name for name, _ in layers.rows] == ["mineral", "microbial"]
    verdict = found.tables["drivers_verdict"].set_index(["layer", "subgroup"])["estimate"]
    assert layers.rows[0][1][0].startswith(f"{verdict['active', 'mineral']:+.2f}".replace("-", "−"))
    assert layers.tests[0].startswith("permafrost against active: all differences together, F = ")


def test_the_bayesian_regression_stands_below_the_other_analyses(run):
    result = run[1]
    rivals = result.drivers["drivers_robustness"]
    subgroups = list(dict.fromkeys(rivals["subgroup"]))
    posterior = pd.DataFrame({"subgroup": subgroups[::-1]}).assign(
        estimate=0.1, lower=-0.02, upper=0.22, probability=0.96
    )
    last = drivers_contents(result.drivers | {"drivers_bayes": posterior}).robustness[-1]
    assert last.method == "shrinking prior"
    assert [(cell.value, cell.agrees) for cell in last.cells] == [("+0.10 [−0.02, +0.22]", "sign 96 %")] * len(
        subgroups
    )


def test_a_study_without_the_stage_has_no_section():
    assert drivers_contents({}) is None
