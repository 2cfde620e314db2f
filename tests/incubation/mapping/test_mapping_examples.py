"""The mappings that ship with talik, on the public data sets that they are for."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik import q10
from talik.check import check_input
from talik.errors import StoreError, TableError
from talik.incubation.mapping import import_study, load_mapping, mapped_tables, read_mapped
from talik.incubation.mapping.schema import EXAMPLES
from talik.study import read_study

NAMES = sorted(file.stem for file in EXAMPLES.glob("*.toml"))


def told(problems, rule):
    return problems[problems["rule"] == rule]


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_sound_and_says_where_it_comes_from(name):
    study = load_mapping(name).study
    assert study.study == name
    assert study.doi.startswith("10.")
    assert all((study.title, study.citation, study.licence, study.source))


@pytest.fixture(scope="module")
def fire(data):
    return read_mapped("fireresp_canada", data / "fireresp_canada")


@pytest.mark.data
def test_a_fire_chronosequence_gives_92_samples_of_which_91_join(fire):
    assert len(fire.samples) == len(fire.jars) == 92
    assert set(fire.respiration["temperature"]) == {1.0, 7.0, 13.0, 19.0}
    microbial = fire.properties[fire.properties["property"] == "active layer depth"]
    assert len(set(microbial["id"]) & set(fire.samples["sample"])) == 91
    assert fire.samples.merge(fire.sites, on="site")["latitude"].between(65, 69).all()


@pytest.mark.data
def test_q10_of_jars_warmed_in_steps_is_paired_and_near_that_of_the_authors(fire):
    found = q10(fire.respiration, fire.jars, definitions=["rate-fit", "equal-time"])
    fitted = found[found["definition"] == "rate-fit"].set_index("sample")
    assert fitted["paired"].all()
    assert found.loc[found["definition"] == "equal-time", "flag"].str.startswith("refused").all()
    slopes = fire.respiration.groupby("jar").apply(
        lambda rows: (
            np.exp(10 * np.polyfit(rows["temperature"], np.log(rows["specific_respiration"]), 1)[0])
            if len(rows) > 2
            else np.nan
        ),
        include_groups=False,
    )
    assert_allclose(fitted["q10"], slopes[fitted.index], rtol=1e-9)
    authors = fire.properties[fire.properties["property"] == "Q10 of the authors"].set_index("id")["value"]
    # PROVENANCE.md of the data set: an exponential refit and the published column correlate at 0.82.
    assert round(fitted["q10"].corr(authors), 2) == 0.82


@pytest.mark.data
def test_contradictions_of_the_fire_data_are_told(fire):
    assert "N69" in told(fire.problems, "mapping-doubt")["found"].iloc[0]
    assert told(fire.problems, "unit-contradiction")["found"].iloc[0] == "the header says 'cm'"
    assert "n.a" in "".join(told(fire.problems, "cell-missing")["found"])
    assert len(told(fire.problems, "time-unknown")) == 1


@pytest.mark.data
def test_the_european_gradient_gives_its_q10_and_its_trend_with_latitude(data):
    measured = read_mapped("european_gradient", data / "european_gradient")
    assert len(measured.samples) == 76
    assert measured.sites["latitude"].notna().sum() == 72
    below = measured.respiration[measured.respiration["temperature"] <= 25]
    found = q10(below, measured.jars, definitions=["rate-fit"])
    assert len(found) == 76
    assert_allclose([found["q10"].mean(), found["q10"].std()], [3.47, 0.33], atol=0.005)
    placed = found.merge(measured.samples[["sample", "site"]], on="sample").merge(measured.sites, on="site")
    assert round(placed["q10"].corr(placed["latitude"]), 2) == -0.51


@pytest.mark.data
def test_a_year_of_five_soils_has_no_q10_and_says_why(data):
    measured = read_mapped("wang2013_incubation", data / "wang2013_incubation")
    assert len(measured.jars) == 15
    assert measured.jars["sample"].nunique() == 5
    assert measured.respiration["time_end"].max() == 365
    # Increments add up to the curve: 3.83 mg C per g soil of the first Andisol.
    steps = measured.respiration[measured.respiration["jar"] == "Andisol 1"]
    assert_allclose((steps["respiration"] * (steps["time_end"] - steps["time_start"])).sum(), 3830)
    assert measured.jars.set_index("jar")["organic_carbon"]["Gelisol 3"] == 15.52
    assert measured.jars.set_index("jar")["organic_carbon"].isna()["Oxisol 1"]
    assert q10(measured.respiration, measured.jars).empty
    missing = told(measured.problems, "temperature-missing").iloc[0]
    assert missing["found"] == "15 of 15 series at a temperature nobody stated"


@pytest.fixture(scope="module")
def compilation(data):
    return mapped_tables("q10_field_lab", data / "q10_field_lab")


@pytest.mark.data
def test_a_compilation_of_q10_is_read_with_all_its_records(compilation):
    table = compilation.tables["q10"]
    samples = compilation.tables["samples"].set_index("sample")
    assert len(table) == 6092
    assert table["sample"].map(samples["measured_in"]).value_counts().to_dict() == {"field": 4922, "lab": 1170}
    assert table["gas"].isin(["co2", "ch4"]).all()
    assert (table["t_high"] >= table["t_low"])[table["t_low"].notna()].all()
    assert table["q10"].isna().sum() == 34
    assert table.loc[table["q10"].isna(), "flag"].str.startswith("no value").all()
    # The mean of all laboratory values that the paper gives for CO2 is 4.19, after its own exclusions.
    lab = table[(table["sample"].map(samples["measured_in"]) == "lab") & (table["gas"] == "co2")]
    assert_allclose(lab["q10"].mean(), 4.19, atol=0.1)


@pytest.mark.data
def test_impossible_coordinates_and_q10_of_a_compilation_are_told(compilation):
    problems = compilation.problems
    coordinates = told(problems, "coordinates-unreadable")["found"]
    assert coordinates.str.contains("35_97'N\" has 97 minutes").any()
    assert coordinates.str.contains("120 minutes").any()
    assert told(problems, "value-impossible")["found"].tolist() == ["-2.1"]
    assert told(problems, "improbable")["found"].iloc[0].endswith("the furthest is 344")


@pytest.mark.data
def test_a_compilation_has_nothing_to_compute_from_and_says_so(data):
    with pytest.raises(TableError, match="nothing to compute from"):
        read_mapped("q10_field_lab", data / "q10_field_lab")


@pytest.mark.data
def test_logs_of_a_multiplexed_analyser_are_matched_to_their_jars(data):
    found = mapped_tables("cpcrw_incubation", data / "cpcrw_incubation")
    readings, jars = found.tables["readings"], found.tables["jars"].set_index("jar")
    # 1,514 visits of ports, of which 12 join to no jar; 116 are of ambient air.
    assert len(told(found.problems, "port-unmatched")) == 12
    assert readings["closing"].nunique() == 1514 - 12 - 116
    assert set(readings["jar"]) == set(jars.index)
    assert len(jars) == 30
    assert readings["time"].between(0, 101).all()
    assert jars.loc["AL 1", ["dry_mass", "organic_carbon", "temperature"]].tolist() == [1003.2, 2.5, 4.0]
    assert_allclose(jars.loc["AL 1", "headspace_volume"], 1343.4 - 839.9)
    assert set(readings["temperature"]) == {4.0, 20.0}


@pytest.mark.data
def test_an_imported_study_is_read_again_as_it_was(data, tmp_path, fire):
    import_study("fireresp_canada", data / "fireresp_canada", tmp_path / "study")
    again = read_study(tmp_path / "study").measurements
    assert_allclose(again.respiration["specific_respiration"], fire.respiration["specific_respiration"])
    assert again.properties["value"].sum() == pytest.approx(fire.properties["value"].sum())
    assert set(check_input(tmp_path / "study")["rule"]) == set(fire.problems["rule"])
    with pytest.raises(StoreError, match="not empty"):
        import_study("fireresp_canada", data / "fireresp_canada", tmp_path / "study")
