"""SIDb as it is: every quirk survived, every decision told."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from talik import NO_CORRECTIONS, q10, read_sidb
from talik.incubation.sidb import reviewed_corrections

pytestmark = pytest.mark.data


def told(measured, entry, rule, column=None):
    """Problems of an entry under a rule."""
    rows = measured.problems
    rows = rows[(rows["entry"] == entry) & (rows["rule"] == rule)]
    return rows if column is None else rows[rows["column"].str.contains(column, regex=False)]


@pytest.fixture(scope="module")
def as_entered(data):
    """SIDb without corrections."""
    return read_sidb(data / "sidb" / "data", corrections=NO_CORRECTIONS)


DEFECTS = [
    ("Bracho2016SBB", "metadata-contradiction", "15, 25 degC described"),
    ("Bracho2016SBB", "one-temperature", "all series at 15 degC"),
    ("Conant2008", "respired-above-carbon", "7.6 times"),
    ("BradleyCook2016", "respired-above-carbon", "2.4 times"),
    ("BradleyCook2016", "scales-apart", "differs"),
    ("Bradford2010", "other-quantity", "microbial biomass"),
    ("NeffHooper2002", "temperature-contradiction", "name 30"),
    ("Reichstein2000", "kind-contradiction", "words say rate"),
    ("Reichstein2000", "unit-lacks-time", "mgCCO2/gC"),
    ("Wang2010", "kind-contradiction", "the curve falls"),
    ("Crow2018", "kind-contradiction", "the curve falls"),
    ("Arevalo2012", "cumulative-falls", "1 of 12 steps"),
    ("Arevalo2012", "unit-contradiction", "percent"),
    ("Conant2008", "cumulative-falls", "1 of 22 steps"),
    ("WicklandNeff2008", "no-signal", "5 %"),
    ("WicklandNeff2008", "moisture-contradiction", "name 100"),
    ("BradleyCook2016", "text-repaired", "byte-order mark"),
    ("Salome2010", "text-repaired", "byte-order mark"),
    ("Andrews2000SBB", "text-repaired", "line ends CR"),
    ("WicklandNeff2008", "text-repaired", "typed backslash-n"),
    ("Dalias2001", "citation-differs", "Dalias2001b"),
    ("Dalias2001", "carbon-remaining", "100 % of steps fall"),
    ("Craine2010NatGeo", "respired-above-carbon", "times the carbon"),
    ("Craine2010NatGeo", "coordinates-off-land", "km off the land"),
    ("Craine2010NatGeo", "site-joined", "Luquillo"),
    ("Stewart2008SBB", "respired-above-carbon", "times the carbon"),
    ("Song2010", "respired-above-carbon", "1.8 times"),
    ("Richardson2020", "other-quantity", "mole fraction"),
    ("Andrews2000SBB", "other-quantity", "isotope"),
    ("Sierra2017BG", "mass-missing", "whole jar"),
    ("Niklinska1999", "mass-missing", "whole jar"),
    ("Barrett2006", "unit-unknown", "gC/m^2"),
    ("Zhang2007", "spread-missing", "3 replicates"),
]


@pytest.mark.parametrize(("entry", "rule", "found"), DEFECTS, ids=lambda value: str(value)[:30])
def test_every_known_defect_is_told(sidb, entry, rule, found):
    assert told(sidb, entry, rule)["found"].str.contains(found, regex=False).any()


@pytest.mark.parametrize(
    ("entry", "column", "rule", "found"),
    [
        ("NeffHooper2002", "CO2_FairTuss_30", "temperature-contradiction", "field 10, name 30"),
        ("NeffHooper2002", "CO2_TooShru_30", "temperature-contradiction", "field 10, name 30"),
        ("BradleyCook2016", "DS_40_17", "depth-contradiction", "field 40, name 30"),
        ("BradleyCook2016", "DS_40_24.5", "moisture-contradiction", "field 60, name 40, description 40"),
        ("Barrett2006", "C_10deg_2gwc_B", "temperature-contradiction", "field 20, name 10, description 10"),
        ("WicklandNeff2008", "C_MWD_20_100", "moisture-contradiction", "field 75, name 100"),
        ("Sierra2017BG", "Caribou Poker Creeks", "coordinates-country", "with the other sign of longitude"),
        ("Conant2008", "Mandan", "climate-improbable", "colder than usual"),
        ("Niklinska1999", "Biescas", "coordinates-off-land", "25 km off the land"),
    ],
)
def test_without_corrections_what_they_correct_is_told(as_entered, entry, column, rule, found):
    assert told(as_entered, entry, rule, column)["found"].str.contains(found, regex=False).any()


def test_a_contradiction_of_two_is_left_out_and_of_three_is_outvoted(as_entered):
    jars = as_entered.jars.set_index("jar")
    assert jars.loc["NeffHooper2002 CO2_FairTuss_30", "excluded"] == "temperature undecided"
    assert jars.loc["Barrett2006 C_10deg_2gwc_B", "excluded"] == ""
    rates = as_entered.respiration
    assert (rates.loc[rates["jar"] == "Barrett2006 C_10deg_2gwc_B", "temperature"] == 10).all()


def test_a_copied_description_has_no_vote(sidb):
    rates = sidb.respiration
    assert (rates.loc[rates["jar"] == "NeffHooper2002 CO2_TooTuss_30", "temperature"] == 30).all()
    found = told(sidb, "NeffHooper2002", "temperature-contradiction", "CO2_TooTuss_30")["found"].item()
    assert "shared" in found


def test_every_correction_is_applied_once_and_listed(sidb):
    applied = sidb.problems[sidb.problems["rule"] == "correction-applied"]
    assert len(applied) == len(reviewed_corrections())
    assert applied["done"].str.contains("corrected: ").all()
    assert sidb.problems[sidb.problems["rule"] == "correction-unused"].empty


def test_switched_off_no_correction_is_applied(as_entered):
    assert not as_entered.problems["rule"].str.startswith("correction").any()


def test_a_correction_that_finds_something_else_is_not_applied(data):
    table = pd.DataFrame([{"entry": "NeffHooper2002", "column": "CO2_Fair_30", "field": "temperature", "found": "12",
                           "corrected": "13", "reason": "test", "source": "test"}])  # fmt: skip
    measured = read_sidb(data / "sidb" / "data" / "NeffHooper2002", corrections=table)
    assert told(measured, "NeffHooper2002", "correction-unused")["needed"].item() == "13"
    assert (measured.respiration.query("jar == 'NeffHooper2002 CO2_Fair_30'")["temperature"] == 30).all()


def test_two_series_of_a_set_never_share_a_temperature_silently(sidb):
    usable = sidb.jars[(sidb.jars["excluded"] == "") & (sidb.jars["measures"] == "respiration")]
    alike = usable[usable.duplicated(["set", "temperature"], keep=False) & (usable["replicates"] != 1)]
    for (name, temperature), _ in alike.groupby(["set", "temperature"]):
        problems = sidb.problems[(sidb.problems["rule"] == "shared-temperature") & (sidb.problems["column"] == name)]
        assert problems["where"].str.startswith(f"{temperature:g} ").any()


def test_one_entry_alone_comes_out_as_within_the_folder(sidb, data):
    alone = read_sidb(data / "sidb" / "data" / "Wang2010")
    together = sidb.respiration[sidb.respiration["study"] == "Wang2010"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.respiration, together)


def test_the_folder_of_the_database_will_do(data):
    from talik.incubation.sidb.entry import find_entries

    assert find_entries(data / "sidb") == find_entries(data / "sidb" / "data")


@pytest.mark.parametrize(
    ("study", "evidence"),
    [("BradleyCook2016", "stated"), ("Barrett2006", "soil order (Gelisol)"), ("Wang2010", "soil order (Gelisol)"),
     ("WicklandNeff2008", "stated"), ("Craine2010NatGeo", "climate (-10.3 °C at latitude 68.6)")],
)  # fmt: skip
def test_permafrost_says_what_it_was_concluded_from(sidb, study, evidence):
    sites = sidb.sites[(sidb.sites["study"] == study) & (sidb.sites["permafrost"] == "yes")]
    assert evidence in set(sites["permafrost_evidence"])


def test_carbon_remaining_becomes_carbon_released(sidb):
    rows = sidb.respiration[sidb.respiration["jar"] == "Dalias2001 C14_Vin_30"]
    released = (rows["specific_respiration"] * (rows["time_end"] - rows["time_start"])).sum()
    # 100 % at first, 60.35 % left at the end: 39.65 % of the label, which is 396.5 mg per g.
    assert_allclose(released, 396.5, rtol=0.002)


def test_rates_given_again_as_a_curve_are_counted_once(sidb):
    jars = sidb.jars[sidb.jars["study"] == "Reichstein2000"]
    assert (jars["excluded"] != "").sum() == 6
    assert told(sidb, "Reichstein2000", "same-jar-twice")["found"].str.contains("3 % apart").all()


def test_standard_deviations_join_their_means(sidb):
    rates = sidb.respiration[sidb.respiration["study"] == "Bracho2016SBB"]
    assert rates["sd"].notna().all()
    first = rates[rates["jar"] == "Bracho2016SBB control_7.5_15_mean"].iloc[0]
    assert_allclose([first["respiration"], first["sd"], first["n"]], [1247, 423, 6], rtol=1e-3)


def test_both_bases_stand_side_by_side_where_carbon_is_known(sidb):
    row = sidb.respiration[sidb.respiration["jar"] == "NeffHooper2002 CO2_Fair_30"].iloc[0]
    # 1.44 mg per g carbon and day in a soil with 446.2 mg carbon per g.
    assert_allclose([row["specific_respiration"], row["respiration"]], [1.44, 1.44 * 446.2])


def test_units_of_every_series_are_those_of_the_source(sidb):
    """One value of every unit, converted by hand."""
    by_hand = {
        "Andrews2000SBB CO2_40_elev": ("respiration", 0.8391 * 1000 * 12.011 / 44.009),
        "Doetterl2015 SDC22_TSO_1": ("specific_respiration", 15.3 * 24 / 1000),
        "Niklinska1999 CO2_HarNS_5": ("jar_respiration", 8.98 * 12.011 * 1000),
        "Sierra2017BG TMO_25_15_20": ("jar_respiration", 30.81 * 1000),
        "WicklandNeff2008 C_WD_20_75": ("specific_respiration", None),
    }
    for jar, (column, value) in by_hand.items():
        rows = sidb.respiration[sidb.respiration["jar"] == jar]
        if value is None:
            total = (rows[column] * (rows["time_end"] - rows["time_start"])).sum()
            assert_allclose(total, 46.6)  # 4.66 % of carbon
        else:
            assert_allclose(rows[column].iloc[0], value, rtol=1e-3)


def test_the_order_of_the_entries_and_columns_changes_no_q10(data, tmp_path):
    import shutil

    folder = tmp_path / "entry"
    shutil.copytree(data / "sidb" / "data" / "Song2010", folder)
    once = read_sidb(folder)
    series = folder / "timeSeries.csv"
    series.chmod(0o644)
    lines = series.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode().strip("\n").split("\n")
    series.write_text("\n".join([lines[0], *reversed(lines[1:])]))
    again = read_sidb(folder)
    assert told(again, "entry", "time-order")["found"].item() == "times are not in order"
    pd.testing.assert_frame_equal(q10(once.respiration, once.jars), q10(again.respiration, again.jars))


def test_every_problem_has_entry_rule_severity_and_what_was_done(sidb):
    for column in ("entry", "rule", "severity", "done", "found"):
        assert (sidb.problems[column] != "").all(), column
    assert np.all(sidb.problems["severity"].isin(["error", "warning", "info"]))
