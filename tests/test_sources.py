"""Every source of a study, from its files to the report."""

import numpy as np
import pandas as pd
import pytest

from talik import add_to_library, run_study
from talik.check import check_input, proposed_mapping
from talik.errors import SettingsError
from talik.flux import carbon_per_ppm
from talik.incubation.lab_tables import NO_ACCUMULATION
from talik.new import write_templates
from talik.source import SOURCES
from talik.study import SourceSection, read_study
from talik.tables import typed, write_table

Q10 = 2.4
DAYS = (0.5, 3.0, 7.0, 14.0, 28.0, 45.0, 70.0)
SITES = "site,latitude,longitude,country,permafrost\nridge,68.6,-149.6,USA,yes\n"
SAMPLES = "sample,site,core,layer,depth_top,depth_bottom\nloam,ridge,c1,active,20,30\n"


def laboratory(folder, source="tables", falling=()):
    """A study of six jars that are flushed, sealed, and read twice a day later, made with a known Q10."""
    rng = np.random.default_rng(20)
    per_ppm = {t: float(carbon_per_ppm(450, 12, t, 5.8)) for t in (5, 15)}
    jars, readings = [], []
    for name, temperature in ((f"{t}{r}", t) for t in (5, 15) for r in "abc"):
        jars.append({"jar": name, "sample": "loam", "replicate": name[-1], "dry_mass": 20, "headspace_volume": 450,
                     "water_volume": 12, "ph": 5.8, "organic_carbon": 40, "organic_matter": 80})  # fmt: skip
        speed = Q10 ** ((temperature - 5) / 10)
        own = np.exp(0.04 * rng.standard_normal())
        for closing, day in enumerate(DAYS):
            rate = 9 * own * speed * np.exp(-0.01 * speed * day) * 20 / per_ppm[temperature]
            shared = {"jar": name, "temperature": temperature, "gas": "co2", "closing": str(closing), "sd": 6.0}
            readings.append({**shared, "time": day, "event": "flush", "mole_fraction": 2.0})
            for hour in (2, 6, 12, 18, 24):
                risen = rate * hour / 24 if name not in falling else 300 - 5 * hour
                ppm = 2 + risen + 6 * rng.standard_normal()
                readings.append({**shared, "time": day + hour / 24, "event": "read", "mole_fraction": ppm})
    (folder / "tables").mkdir(parents=True)
    for table, rows in (("jars", jars), ("readings", readings)):
        frame = pd.DataFrame(rows)
        write_table(typed(table, frame)[list(frame.columns)], folder / "tables" / f"{table}.csv")
    (folder / "tables" / "sites.csv").write_text(SITES, encoding="utf-8")
    (folder / "tables" / "samples.csv").write_text(SAMPLES, encoding="utf-8")
    study(folder, f'{source} = "{source}"')
    return folder


def study(folder, source, further=""):
    text = f'[study]\ntitle = "SYNTHETIC"\n[source]\n{source}\n{further}'
    (folder / "study.toml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def readings(tmp_path_factory):
    """A study of readings, run once."""
    folder = laboratory(tmp_path_factory.mktemp("readings") / "study")
    return folder, run_study(folder)


def test_readings_give_the_q10_that_they_were_made_with(readings):
    found = readings[1].temperature["q10"]
    first = found[(found["definition"] == "rate-ratio") & (found["time_start"] < 2)].iloc[0]
    expected = Q10 * np.exp(-0.01 * (Q10 - 1) * DAYS[0])
    assert first["lower"] < expected < first["upper"]
    assert first["interval_from"] == "replicates"


def test_each_rate_stands_per_soil_carbon_and_organic_matter_with_its_interval(readings):
    rates = readings[1].incubation["respiration"]
    assert len(rates) == 6 * len(DAYS)
    np.testing.assert_allclose(rates["specific_respiration"], rates["respiration"] / 40)
    np.testing.assert_allclose(rates["organic_matter_respiration"], rates["respiration"] / 80)
    assert (rates["lower"] < rates["respiration"]).all()
    assert (rates["respiration"] < rates["upper"]).all()


def test_the_carbon_budget_of_the_run_closes(readings):
    budget = readings[1].flux["budgets"]
    held = budget["carbon_in_gas"] + budget["carbon_dissolved"] - budget["carbon_at_start"]
    moved = budget["carbon_drawn"] - budget["carbon_put_in"] + budget["carbon_flushed_out"] + budget["carbon_leaked"]
    np.testing.assert_allclose(budget["carbon_respired"], held + moved, rtol=1e-9)


def test_the_report_tells_of_the_readings(readings):
    page = (readings[0] / "run" / "report.html").read_text(encoding="utf-8")
    assert "From readings to respiration" in page
    assert "One jar of this study" in page


def test_a_jar_that_was_not_closed_is_excluded_and_its_rates_flagged(tmp_path):
    folder = laboratory(tmp_path / "study", falling=("15c",))
    measured = read_study(folder).measurements
    assert measured.jars.set_index("jar")["excluded"].to_dict()["15c"] == NO_ACCUMULATION
    flagged = measured.respiration["flag"].str.contains(NO_ACCUMULATION)
    assert set(measured.respiration.loc[flagged, "jar"]) == {"15c"}
    assert "no-accumulation" in set(measured.problems["rule"])


def test_settings_of_the_flux_change_the_rates(tmp_path):
    folder = laboratory(tmp_path / "study")
    before = read_study(folder).measurements.respiration
    study(folder, 'tables = "tables"', "[flux]\npressure = 70.0\nerrors = {dry_mass = 0.02}\n")
    after = read_study(folder).measurements.respiration
    # A thinner air holds less carbon at the same mole fraction.
    assert (after["respiration"] < 0.75 * before["respiration"]).all()
    # The shared error is told from the ends of a closing, the rate from all of its readings.
    np.testing.assert_allclose(after["sd_shared"], 0.02 * after["respiration"].abs(), rtol=0.05)


def test_the_workbook_of_a_new_study_is_a_source(tmp_path):
    write_templates(tmp_path / "study")
    study(tmp_path / "study", 'workbook = "incubation.xlsx"')
    result = run_study(tmp_path / "study")
    assert len(result.incubation["readings"]) == 3
    assert result.temperature["outcomes"]["outcome"].tolist() == ["one temperature"]
    assert check_input(tmp_path / "study" / "incubation.xlsx")["rule"].tolist() == ["one-temperature"]


def test_a_proposed_mapping_is_a_source_once_its_questions_are_answered(tmp_path):
    rates = "core,day,5 C (ug C g-1 d-1),15 C (ug C g-1 d-1)\nA,1,4.1,9.6\nA,5,3.9,8.7\nB,1,2.2,5.9\nB,5,2.0,5.1\n"
    (tmp_path / "rates.csv").write_text(rates, encoding="utf-8")
    proposed = proposed_mapping(tmp_path / "rates.csv")
    assert 'temperature = { column = "temperature", unit = "degC" }' in proposed
    (tmp_path / "mapping.toml").write_text(proposed, encoding="utf-8")
    study(tmp_path, 'mapping = "mapping.toml"')
    result = run_study(tmp_path)
    assert result.incubation["respiration"]["temperature"].unique().tolist() == [5.0, 15.0]
    assert result.temperature["outcomes"]["outcome"].tolist() == ["Q10"]
    assert set(read_study(tmp_path).inputs()) == {"mapping.toml", "rates.csv"}


def test_a_library_is_a_source_with_a_condition(tmp_path):
    write_templates(tmp_path / "new")
    add_to_library(tmp_path / "cold.duckdb", tmp_path / "new" / "tables")
    study(tmp_path, 'library = "cold.duckdb"\nwhere = "temperature = 5"')
    assert set(read_study(tmp_path).measurements.jars["temperature"]) == {5.0}
    assert check_input(tmp_path / "cold.duckdb").empty


def test_every_source_is_a_setting():
    assert set(SOURCES) <= set(SourceSection.model_fields)


@pytest.mark.parametrize("section", ["", 'tables = "a"\nworkbook = "b.xlsx"'])
def test_one_source_is_needed(tmp_path, section):
    study(tmp_path, section)
    with pytest.raises(SettingsError, match="name one source"):
        read_study(tmp_path)
