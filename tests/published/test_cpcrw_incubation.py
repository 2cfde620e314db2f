"""Raw analyser logs to Q10: Bond-Lamberty, Smith and Bailey (2016), doi 10.5194/bg-13-6669-2016, by their own estimator.

The estimator is the study's, not talik's: it measures the step of the mole fraction as the valve turns (lowest in the
first 10 s to highest after it within 45 s), leaves out the visits that the authors removed, interpolates outlying rates,
and adds up each rate times the time since the visit before. It follows what the authors' scripts do
(github.com/bpbond/cpcrw_incubation), and gives the differences of means that their log prints, to five digits.

Q10 of cumulative CO2 is 1.298 (field moisture) and 1.851 (drought), published as 1.3 and 1.9; drought lowers it by 52.3 %
(20 degC) and 72.9 % (4 degC), published as 52 and 73. The set-ups of 27 October 2015 bear the dates of 28 to 31 October in
the authors' table, so that several visits of that day count for other cores. With the dates mended Q10 would be 1.27 and
1.84, and drought lower it by 48 and 71 %.
"""

import io

import numpy as np
import pandas as pd
import pytest

from talik import find_visits, match_ports, q10, read_readings, read_recordings, visit_readings
from talik.incubation.lab_tables import NO_ACCUMULATION, measurements_of
from talik.incubation.mapping import read_mapped
from talik.problems import problems_table
from talik.tables import typed
from talik.textfile import read_text

pytestmark = pytest.mark.data


def sheet(path, notes=1):
    """A table below lines of notes."""
    return pd.read_csv(io.StringIO("\n".join(read_text(path).content.split("\n")[notes:])))


@pytest.fixture(scope="module")
def study(data):
    return data / "cpcrw_incubation" / "data"


@pytest.fixture(scope="module")
def logs(study):
    return read_recordings(study / "picarro" / "*.dat.gz")


@pytest.fixture(scope="module")
def ports(study):
    valves = sheet(study / "valvemap.csv")
    time = pd.to_datetime(valves["Date"] + " " + valves["Time_set_start_UTC"], format="%m/%d/%y %H:%M", utc=True)
    return pd.DataFrame({"time": time, "port": valves["MPVPosition"], "jar": valves["Core"]})


@pytest.fixture(scope="module")
def visits(logs, ports):
    return match_ports(find_visits(logs), ports)


def test_every_line_of_every_log_is_a_reading(logs):
    assert (len(logs.files), len(logs)) == (123, 385_485)
    assert logs.table["time"].is_monotonic_increasing
    assert logs.serial == "CFADS2283"
    assert {found.rule for found in logs.problems} == {"instrument-alarm"}


def test_the_table_keeps_what_the_first_log_says(logs):
    first = logs.table.iloc[0]
    assert first["time"] == pd.Timestamp("2015-08-31 17:18:40.949", tz="UTC")
    assert (first["port"], first["line"]) == (10, 2)
    assert first["co2"] == pytest.approx(496.17478375)
    assert first["ch4"] == pytest.approx(2.5547882642)


def test_visits_and_those_matched_to_a_core_are_as_many_as_stated(visits):
    matched, problems = visits
    assert len(matched) == 1514
    assert (matched["jar"] != "").sum() == 1502
    untold = [found for found in problems if found.rule == "port-unmatched"]
    assert len(untold) == 12
    assert all(found.entry.endswith(".dat.gz") and found.where.startswith("line ") for found in untold)


def test_the_authors_sample_numbers_are_found_again(logs):
    # Their first removal: "left running from 2015-09-08 21:58:39 to 2015-09-11 16:49:09", sample 385.
    left = find_visits(logs, shortest=1)
    numbered = left[left["start"].dt.strftime("%Y-%m-%d %H:%M:%S") == "2015-09-08 21:58:39"].iloc[0]
    assert numbered["end"].strftime("%Y-%m-%d %H:%M:%S") == "2015-09-11 16:49:09"


def test_the_analyser_left_on_room_air_for_days_is_told(visits):
    left = [found for found in visits[1] if found.rule == "port-left"]
    assert len(left) >= 9
    assert all(found.column.startswith("Ambient") for found in left)


def test_dry_mole_fractions_computed_from_moist_ones_are_those_of_the_analyser(study, tmp_path):
    path = next((study / "picarro").glob("*20150915-170159Z*"))
    table = pd.read_csv(path, sep=r"\s+", dtype=str)
    for columns, tolerance in (
        (["CO2_dry", "CH4_dry"], 0.003),  # a value of the row before is still in use while the gas changes
        (["CO2_dry", "CH4_dry", "h2o_reported"], 0.013),
    ):
        without = tmp_path / "without.dat"
        table.drop(columns=columns).to_csv(without, sep=" ", index=False)
        made, whole = read_readings(without).table, read_readings(path).table
        apart = (made[["co2", "ch4"]] / whole[["co2", "ch4"]] - 1).abs()
        assert (apart.median() < tolerance).all()
        assert (apart.quantile(0.95) < 4 * tolerance).all()


def test_a_visit_gives_the_readings_measured_anew_and_none_of_the_port_before(logs, visits):
    cores = [core for core in set(visits[0]["jar"]) if core.startswith("AL ")]
    readings, problems = visit_readings(logs, visits[0], dict.fromkeys(cores, "2015-08-31"))
    assert readings["jar"].nunique() == 30
    assert problems[0].found.endswith("visits of Ambient20, Ambient4")
    of_visit = readings[readings["gas"] == "co2"].groupby("closing").size()
    # About 120 lines a visit, of which every third brings a new dry mole fraction.
    assert of_visit.median() == pytest.approx(41, abs=2)


# --- the study's own estimator ---------------------------------------------------------------------------------------


def step(time, mole_fraction):
    """Highest less lowest mole fraction over the time between, as the valve turns. [ppm s-1]"""
    early = np.flatnonzero(time <= 10)
    low = early[mole_fraction[early].argmin()]
    after = np.flatnonzero((time > time[low]) & (time < 45))
    if not after.size:
        return np.nan
    high = after[mole_fraction[after].argmax()]
    return (mole_fraction[high] - mole_fraction[low]) / (time[high] - time[low])


def authors_numbers(logs):
    """Their sample number of each visit, by its first row: they also count ports of one reading and port 0."""
    port = logs.table["port"].to_numpy()
    rows = np.flatnonzero(port % 1 == 0)
    starts = rows[np.concatenate([[True], np.diff(port[rows]) != 0])]
    return dict(zip(starts, range(1, starts.size + 1), strict=True))


def authors_set_up(valves, port, at):
    """The last set-up of the port before this time on the same day."""
    before = valves[(valves["MPVPosition"] == port) & (valves["start"] <= at)]
    before = before[before["start"].dt.date == at.date()]
    return before.iloc[-1] if len(before) else None


def outlying(rates):
    """Rates further from their median than five median absolute deviations."""
    from_median = (rates - rates.median()).abs()
    return from_median > 5 * from_median.median()


@pytest.fixture(scope="module")
def cumulative(study, logs):
    """Carbon that each core respired by the study's estimator. [mg C per g dry soil]"""
    table = logs.table
    seconds = table["time"].to_numpy("datetime64[ns]").astype(np.int64) / 1e9
    whole = (table["port"] % 1 == 0).to_numpy()
    valves = sheet(study / "valvemap.csv")
    valves["start"] = pd.to_datetime(valves["Date"] + " " + valves["Time_set_start_UTC"], format="%m/%d/%y %H:%M")
    valves = valves.sort_values("start", kind="stable")
    removed = set(sheet(study / "removals.csv")["samplenum"])
    numbers = authors_numbers(logs)
    rows = []
    for visit in find_visits(logs).itertuples():
        of = np.arange(visit.first, visit.last + 1)
        of = of[whole[of]]
        middle = seconds[of].mean()
        set_up = authors_set_up(valves, visit.port, pd.Timestamp(middle, unit="s"))
        if set_up is None or set_up["Remove_this"] == "Y" or numbers[visit.first] in removed:
            continue
        rate = step(seconds[of] - seconds[of[0]], table["co2"].to_numpy()[of])
        rows.append((set_up["Core"].strip(), set_up["Mass_g"], middle / 86400, rate))
    soils = sheet(study / "drymasses.csv").set_index("Core")
    treated = sheet(study / "treatments.csv").set_index("Core")
    made = pd.DataFrame(rows, columns=["core", "mass", "day", "rate"]).join(treated, on="core")
    made = made.join(soils, on="core", how="inner").sort_values("day", ignore_index=True)
    # Sleeve of 7.5 by 30 cm less the soil, 455 cm of tube of 1/16 inch, and 9 cm3 in the analyser; 101 kPa.
    volume = np.pi * 3.75**2 * 30 - made["SoilVolume_cm3"] + np.pi * (2.54 / 32) ** 2 * 455 + 9
    moles = made["rate"] * 1e-6 * volume * 101 / (8.3145e3 * (273.1 + made["Temperature"]))
    made["flux"] = moles * 12e3 * 86400 / made["SoilDryMass_g"]
    # Outliers among tenths of all visits, by the mass of the whole core on that day, sleeve and stones too.
    tenth = pd.cut(made.index + 1, 10, labels=False)
    by_mass = moles / made["mass"]
    made.loc[by_mass.groupby([made["Treatment"], made["Temperature"], tenth]).transform(outlying), "flux"] = np.nan
    totals = {core: added_up(of_core) for core, of_core in made.groupby("core")}
    return pd.DataFrame({"total": totals}).join(treated)


def added_up(rows):
    """Each rate times the time since the visit before, outliers interpolated."""
    day, flux = rows["day"].to_numpy(), rows["flux"].to_numpy()
    known = np.isfinite(flux)
    return (np.interp(day, day[known], flux[known])[1:] * np.diff(day)).sum()


def test_means_of_treatments_differ_as_the_authors_log_says(study, cumulative):
    log = (study.parent / "archived_logs" / "5-analyze.R.log.txt").read_text(encoding="utf-8", errors="replace")
    means = cumulative.groupby("Treatment")["total"].mean()
    for high, low, printed in (
        ("Drought", "Controlled drought", "-6.285108"), ("Field moisture", "Controlled drought", "14.561546"),
        ("Field moisture", "Drought", "20.846654"),
    ):  # fmt: skip
        assert printed in next(line for line in log.splitlines() if line.startswith(f"{high}-{low}"))
        # They took times cut to the millisecond, talik those that are rounded to it.
        assert means[high] - means[low] == pytest.approx(float(printed), rel=5e-5)


def test_the_published_q10_come_out_of_the_raw_logs(cumulative):
    means = cumulative.groupby(["Treatment", "Temperature"])["total"].mean()
    q10 = {name: (means[name, 20] / means[name, 4]) ** (10 / 16) for name in ("Field moisture", "Drought")}
    # Published to one decimal.
    assert {name: round(value, 1) for name, value in q10.items()} == {"Field moisture": 1.3, "Drought": 1.9}
    assert q10 == pytest.approx({"Field moisture": 1.298, "Drought": 1.851}, abs=5e-4)


def test_drought_lowers_respiration_as_published(cumulative):
    means = cumulative.groupby(["Treatment", "Temperature"])["total"].mean()
    lowered = {at: round(100 * (1 - means["Drought", at] / means["Field moisture", at])) for at in (20, 4)}
    assert lowered == {20: 52, 4: 73}


def test_the_totals_exceed_the_carbon_of_the_soil_so_they_are_no_respiration(study, cumulative):
    carbon = sheet(study / "uga-soil_samples.csv", notes=0).groupby("Core")["C_percent"].mean() * 10
    both = cumulative.join(carbon, how="inner")
    assert (both["total"] > both["C_percent"]).mean() > 0.5


def test_talik_says_that_more_was_respired_than_there_was(study, cumulative):
    carbon = sheet(study / "uga-soil_samples.csv", notes=0).groupby("Core")["C_percent"].mean() * 10
    both = (
        cumulative.join(carbon, how="inner").reset_index(names="jar").assign(sample=lambda it: it["jar"], site="creek")
    )
    jars = both.rename(columns={"C_percent": "organic_carbon", "Temperature": "temperature", "Treatment": "treatment"})
    release = both.assign(time=100.0, temperature=both["Temperature"], release=1000 * both["total"])
    tables = {
        "sites": pd.DataFrame({"site": ["creek"]}), "samples": both[["sample", "site"]].drop_duplicates(),
        "jars": jars[["jar", "sample", "temperature", "treatment", "organic_carbon"]],
        "release": release[["jar", "time", "temperature", "release"]],
    }  # fmt: skip
    found = measurements_of({name: typed(name, table) for name, table in tables.items()}, problems_table([]))
    told = found.problems.set_index("rule").loc["respired-above-carbon"]
    assert told["severity"] == "error"
    assert set(found.jars["scale"]) == {"impossible"}


def test_by_default_talik_gives_no_q10_of_jars_through_which_air_was_drawn(study):
    measured = read_mapped("cpcrw_incubation", study.parent)
    errors = set(measured.problems.loc[measured.problems["severity"] == "error", "rule"])
    assert {"no-accumulation", "dilution"} <= errors
    assert (measured.jars["excluded"] == NO_ACCUMULATION).all()
    assert measured.respiration["flag"].str.contains(NO_ACCUMULATION).all()
    assert q10(measured.respiration, measured.jars).empty
