"""An entry that nobody has seen: it must come out as well as a known one.

Entries are written here by hand, with the quirks of SIDb and others of their kind, so that no
test depends on a study of the database.
"""

import numpy as np
import pytest
import yaml
from numpy.testing import assert_allclose

from entries import TIMES, entry, series
from talik import q10, read_sidb
from talik.errors import InputError, TableError


def test_a_plain_entry_gives_its_q10(tmp_path):
    measured = read_sidb(entry(tmp_path / "Plain2024"))
    found = q10(measured.respiration, measured.jars, definitions=["rate-ratio"])
    assert_allclose(found["q10"], 2.0)
    assert list(measured.samples["layer"]) == ["active"]
    assert not (measured.problems["severity"] == "error").any()


def test_no_temperature_in_the_fields_is_taken_from_the_descriptions(tmp_path):
    variables = [v | {"temperature": None} for v in series(5, 15)]
    measured = read_sidb(entry(tmp_path / "Bare2024", variables=variables))
    assert sorted(measured.respiration["temperature"].unique()) == [5, 15]


def test_no_temperature_anywhere_is_an_error_that_leaves_the_series_out(tmp_path):
    variables = [
        v | {"temperature": None, "varDesc": "respiration", "name": n} for v, n in zip(series(5, 15), "ab", strict=True)
    ]
    measured = read_sidb(entry(tmp_path / "Bare2024", variables=variables))
    assert measured.respiration.empty
    assert (measured.problems["rule"] == "temperature-missing").sum() == 2


def test_a_mistyped_field_is_outvoted_by_name_and_description(tmp_path):
    variables = series(5, 15, 25)
    variables[1] |= {"temperature": 25}
    measured = read_sidb(entry(tmp_path / "Typo2024", variables=variables))
    rates = measured.respiration
    assert (rates.loc[rates["jar"] == "Typo2024 CO2_plot_15", "temperature"] == 15).all()
    assert "temperature-contradiction" in set(measured.problems["rule"])


def test_cumulative_values_under_the_unit_of_a_rate_are_found_by_their_shape(tmp_path):
    rows = [[t, 3.0 * t, 6.0 * t] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Sum2024", rows=rows))
    assert_allclose(measured.respiration["respiration"].unique(), [3.0, 6.0])
    assert "kind-contradiction" in set(measured.problems["rule"])


def test_hours_in_a_column_of_days_are_found_by_the_length_of_the_incubation(tmp_path):
    rows = [[24 * t, 10.0, 20.0] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Hours2024", rows=rows))
    assert_allclose(sorted(measured.respiration["time"].unique()), TIMES)
    assert "time-unit" in set(measured.problems["rule"])


def test_standard_errors_become_standard_deviations(tmp_path):
    variables = [
        *series(5, 15),
        *(v | {"name": v["name"] + "_SE", "statistic": "SE", "varDesc": "SE"} for v in series(5, 15)),
    ]
    rows = [[t, 10.0, 20.0, 1.0, 2.0] for t in TIMES]
    measured = read_sidb(
        entry(tmp_path / "Spread2024", variables=variables, rows=rows, info={"replicates": {"value": 4}})
    )
    assert_allclose(measured.respiration["sd"].unique(), [2.0, 4.0])
    found = q10(measured.respiration, measured.jars, definitions=["rate-ratio"])
    assert (found["interval_from"] == "replicates").all()


@pytest.mark.parametrize(
    ("unit", "basis", "value"),
    [
        ("ug CO2-C g-1 soil d-1", "dry soil", 10.0), ("mg C / kg soil / day", "dry soil", 10.0), ("mgCO2/gdw/h", "dry soil", 10 * 1e3 * 24 * 12.011 / 44.009),
        ("micromolCO2/gSoil/d", "dry soil", 120.11), ("percentC/d", "soil carbon", 100.0), ("mgC/gSOC/d", "soil carbon", 10.0),
        ("mgC/gOM/d", "soil carbon", 20.0), ("mgC/d", "jar", 1e4),
    ],
)  # fmt: skip
def test_units_in_notations_of_other_entries(tmp_path, unit, basis, value):
    rows = [[t, 10.0, 20.0] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Unit2024", variables=series(5, 15, unit=unit), rows=rows))
    column = {"dry soil": "respiration", "soil carbon": "specific_respiration", "jar": "jar_respiration"}[basis]
    assert_allclose(measured.respiration[column].iloc[0], value, rtol=1e-3)
    assert set(measured.jars["basis"]) == {basis}


def test_a_unit_that_is_not_understood_is_told_and_left_out(tmp_path):
    measured = read_sidb(entry(tmp_path / "Odd2024", variables=series(5, 15, unit="arbitrary")))
    assert measured.respiration.empty
    assert "unit-unknown" in set(measured.problems["rule"])


def test_more_carbon_than_there_was_is_told_and_its_scale_not_believed(tmp_path):
    rows = [[t, 2000.0, 4000.0] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Much2024", rows=rows))
    assert "respired-above-carbon" in set(measured.problems["rule"])
    assert set(measured.jars["scale"]) == {"impossible"}


def test_values_of_an_isotope_under_their_own_name_are_left_out(tmp_path):
    variables = [
        *series(5, 15),
        {"name": "d13C_5", "temperature": 5, "units": "permille", "gasMeasured": "13CO2", "site": "Plot"},
    ]
    rows = [[t, 10.0, 20.0, -25.0] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Iso2024", variables=variables, rows=rows))
    assert len(measured.respiration) == 2 * len(TIMES)


def test_methane_beside_carbon_dioxide_is_a_gas_of_its_own(tmp_path):
    methane = [
        v
        | {
            "name": f"CH4_plot_{v['temperature']}",
            "gasMeasured": "CH4",
            "varDesc": f"CH4 at {v['temperature']} degrees",
        }
        for v in series(5, 15)
    ]
    nitrous = [
        v
        | {
            "name": f"N2O_plot_{v['temperature']}",
            "gasMeasured": "N2O",
            "varDesc": f"N2O at {v['temperature']} degrees",
        }
        for v in series(5, 15)
    ]
    rows = [[t, 10.0, 20.0, 0.1, 0.4, 3.0, 5.0] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Gas2024", variables=[*series(5, 15), *methane, *nitrous], rows=rows))
    found = q10(measured.respiration, measured.jars, definitions=["rate-ratio"]).groupby("gas")["q10"].first()
    assert_allclose([found["co2"], found["ch4"]], [2.0, 4.0])
    assert set(found.index) == {"co2", "ch4"}
    assert "shared-temperature" not in set(measured.problems["rule"])


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("\n", "\r"), lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\n\n"), lambda text: text + ",,\n,,\n", lambda text: text.rstrip("\n") + "\\n\n",
        lambda text: text.replace("CO2_plot_5", "  CO2_plot_5 "), lambda text: "\r\n".join(text.split("\n")[:2]) + "\r" + "\n".join(text.split("\n")[2:]),
    ],
    ids=["CR", "CRLF", "BOM", "blank rows", "empty rows", "backslash-n", "padded header", "mixed line ends"],
)  # fmt: skip
def test_damaged_text_gives_the_same_numbers(tmp_path, damage):
    folder = entry(tmp_path / "Text2024")
    whole = read_sidb(folder)
    file = folder / "timeSeries.csv"
    file.write_bytes(damage(file.read_text(encoding="utf-8")).encode("utf-8"))
    damaged = read_sidb(folder)
    assert_allclose(damaged.respiration["respiration"], whole.respiration["respiration"])
    assert len(damaged.problems) >= len(whole.problems)


def test_text_that_is_not_utf8_is_read_and_told(tmp_path):
    folder = entry(tmp_path / "Latin2024")
    file = folder / "metadata.yaml"
    file.write_bytes(file.read_text(encoding="utf-8").replace("synthetic", "Jädraås 5 °C").encode("cp1252"))
    measured = read_sidb(folder)
    assert measured.problems["found"].str.contains("cp1252").any()


def test_repeated_times_become_their_mean_and_are_told(tmp_path):
    rows = [[1, 10.0, 20.0], [7, 8.0, 16.0], [7, 6.0, 12.0], [21, 5.0, 10.0]]
    measured = read_sidb(entry(tmp_path / "Twice2024", rows=rows))
    at_seven = measured.respiration.query("time == 7")["respiration"]
    assert_allclose(at_seven, [7.0, 14.0])
    assert "time-order" in set(measured.problems["rule"])


def test_lists_and_scalars_of_sites_join_their_series(tmp_path):
    site = {
        "site": ["Plot A (PA)", "Plot B (PB)"],
        "coordinates": {"latitude": [68, 69], "longitude": -149},
        "country": "USA",
    }
    variables = [v | {"site": s} for s in ("Plot A", "plot b (PB)") for v in series(5, 15)]
    variables = [v | {"name": f"{v['name']}_{v['site'][-3:].strip('() ')}"} for v in variables]
    measured = read_sidb(entry(tmp_path / "Sites2024", site=site, variables=variables))
    assert sorted(measured.samples["site"]) == ["Sites2024 Plot A (PA)", "Sites2024 Plot B (PB)"]
    assert list(measured.sites["longitude"]) == [-149, -149]


def test_a_depth_below_the_thaw_is_permafrost(tmp_path):
    variables = [
        *series(5, 15, midDepth=20),
        *(v | {"name": v["name"] + "_deep", "midDepth": 90} for v in series(5, 15)),
    ]
    measured = read_sidb(entry(tmp_path / "Core2024", variables=variables, info={"depthInfo": {}}))
    assert dict(zip(measured.samples["depth_top"], measured.samples["layer"], strict=True)) == {
        20.0: "active",
        90.0: "permafrost",
    }
    assert measured.samples["core"].nunique() == 1


def test_every_broken_entry_is_named_at_once(tmp_path):
    entry(tmp_path / "Good2024")
    (entry(tmp_path / "Yaml2024") / "metadata.yaml").write_text("siteInfo: [1, 2\nvariables: {", encoding="utf-8")
    (entry(tmp_path / "Empty2024") / "timeSeries.csv").write_text("", encoding="utf-8")
    (entry(tmp_path / "Binary2024") / "timeSeries.csv").write_bytes(bytes(range(256)) * 10)
    with pytest.raises(InputError, match="3 entries cannot be read") as raised:
        read_sidb(tmp_path)
    assert set(raised.value.offenders) == {"Yaml2024", "Empty2024", "Binary2024"}
    message = str(raised.value)
    assert "is not YAML at line" in message
    assert "is empty" in message
    assert "is a binary file" in message


def test_a_billion_laughs_are_not_laughed(tmp_path):
    folder = entry(tmp_path / "Bomb2024")
    bomb = "a: &a [x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    (folder / "metadata.yaml").write_text(bomb + "siteInfo: {}\nincubationInfo: {}\nvariables: {}\n", encoding="utf-8")
    with pytest.raises(InputError, match="aliases are not read"):
        read_sidb(folder)


def test_a_first_column_without_times_is_an_error(tmp_path):
    folder = entry(tmp_path / "Time2024", rows=[["morning", 1.0, 2.0], ["evening", 1.0, 2.0]])
    with pytest.raises(TableError, match=r"holds no times; found 'morning'"):
        read_sidb(folder)


def test_gaps_stay_gaps(tmp_path):
    rows = [[1, 10.0, 20.0], [7, None, 16.0], [21, 5.0, 10.0]]
    measured = read_sidb(entry(tmp_path / "Gap2024", rows=rows))
    cold = measured.respiration.query("temperature == 5")
    assert list(cold["time"]) == [1, 21]
    assert np.isfinite(cold["respiration"]).all()


def test_a_decimal_comma_without_quotes_is_refused_with_its_line(tmp_path):
    folder = entry(tmp_path / "Comma2024")
    (folder / "timeSeries.csv").write_text("time,CO2_plot_5,CO2_plot_15\n1,9,8,24,4\n7,8,1,20,2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"more cells than headers in lines 2, 3: 3 headers. A decimal comma"):
        read_sidb(folder)


def test_columns_in_another_order_keep_their_names(tmp_path):
    variables = series(5, 15, 25)
    rows = [[t, 10.0, 20.0, 40.0] for t in TIMES]
    folder = entry(tmp_path / "Order2024", variables=variables, rows=rows)
    text = (folder / "timeSeries.csv").read_text(encoding="utf-8").replace("CO2_plot_25", "CO2 plot 25 x")
    (folder / "timeSeries.csv").write_text(text, encoding="utf-8")
    metadata = yaml.safe_load((folder / "metadata.yaml").read_text(encoding="utf-8"))
    metadata["variables"]["V2"], metadata["variables"]["V4"] = metadata["variables"]["V4"], metadata["variables"]["V2"]
    (folder / "metadata.yaml").write_text(yaml.safe_dump(metadata), encoding="utf-8")
    rates = read_sidb(folder).respiration.groupby("temperature")["respiration"].first()
    assert dict(rates) == {5.0: 10.0, 15.0: 20.0, 25.0: 40.0}


def test_a_statistic_that_is_no_mean_and_no_spread_is_left_out(tmp_path):
    variables = [*series(5, 15), *(v | {"name": v["name"] + "_min", "statistic": "minimum"} for v in series(5, 15))]
    measured = read_sidb(
        entry(tmp_path / "Min2024", variables=variables, rows=[[t, 10.0, 20.0, 1.0, 2.0] for t in TIMES])
    )
    assert len(measured.jars) == 2
    assert measured.problems["found"].str.contains("statistic 'minimum'").sum() == 2


def test_spreads_of_zero_are_no_certainty(tmp_path):
    variables = [
        *series(5, 15),
        *(v | {"name": v["name"] + "_sd", "statistic": "standard deviation"} for v in series(5, 15)),
    ]
    measured = read_sidb(
        entry(tmp_path / "Zero2024", variables=variables, rows=[[t, 10.0, 20.0, 0, -9999] for t in TIMES])
    )
    assert measured.respiration["sd"].isna().all()


@pytest.mark.parametrize(
    ("field", "aerobic", "anaerobic"), [("anaerobic", "no", "N2"), ("oxygen", "oxic", "anoxic"), ("oxygen", 20, 1)]
)
def test_aerobic_and_anaerobic_jars_are_never_one_set(tmp_path, field, aerobic, anaerobic):
    variables = [
        v | {"name": f"{v['name']}_{word}", field: value}
        for word, value in (("a", aerobic), ("n", anaerobic))
        for v in series(5, 15)
    ]
    rows = [[t, 10.0, 20.0, 1.0, 4.0] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Oxygen2024", variables=variables, rows=rows))
    found = q10(measured.respiration, measured.jars, definitions=["rate-ratio"])
    assert_allclose(sorted(found["q10"].unique()), [2.0, 4.0])


def test_treatments_with_the_same_word_are_not_one_set(tmp_path):
    variables = [
        v | {"name": f"{v['name']}_{what}", what: "yes"} for what in ("glucose", "nitrogen") for v in series(5, 15)
    ]
    rows = [[t, 10.0, 20.0, 1.0, 4.0] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Yes2024", variables=variables, rows=rows))
    assert_allclose(
        sorted(q10(measured.respiration, measured.jars, definitions=["rate-ratio"])["q10"].unique()), [2.0, 4.0]
    )


def test_fields_named_like_columns_of_talik_overwrite_nothing(tmp_path):
    for name, factor in (("One2024", 2.0), ("Two2024", 4.0)):
        variables = [v | {"sample": "S1", "jar": "7", "study": "x"} for v in series(5, 15)]
        entry(tmp_path / name, variables=variables, rows=[[t, 10.0, 10.0 * factor] for t in TIMES])
    measured = read_sidb(tmp_path)
    found = q10(measured.respiration, measured.jars, definitions=["rate-ratio"]).groupby("study")["q10"].first()
    assert_allclose([found["One2024"], found["Two2024"]], [2.0, 4.0])


@pytest.mark.parametrize("minus", ["-", "−"])
def test_frozen_and_thawed_soil_are_never_compared(tmp_path, minus):
    variables = [
        v | {"temperature": str(v["temperature"]).replace("-", minus), "varDesc": ""} for v in series(-6, -2, 4, 14)
    ]
    rows = [[t, 0.1, 1.0, 10.0, 20.0] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Cold2024", variables=variables, rows=rows))
    found = q10(measured.respiration, measured.jars, definitions=["rate-ratio"])
    pairs = found.dropna(subset=["q10"]).groupby(["t_low", "t_high"])["q10"].first()
    assert dict(pairs.round(6)) == {(-6.0, -2.0): round(10**2.5, 6), (4.0, 14.0): 2.0}
    across = found[found["q10"].isna()]
    assert across["flag"].str.contains("not defined across 0 degC").all()


def test_where_it_was_stored_is_not_where_it_was_incubated(tmp_path):
    variables = [v | {"varDesc": f"stored at 4 °C, dried at 105 °C; jar {i}"} for i, v in enumerate(series(5, 15))]
    measured = read_sidb(entry(tmp_path / "Stored2024", variables=variables))
    assert not measured.problems["rule"].str.contains("temperature-contradiction").any()


def test_a_horizon_counted_upwards_lies_above_the_mineral_soil(tmp_path):
    measured = read_sidb(entry(tmp_path / "Up2024", info={"depthInfo": {"top": 8, "bottom": 0, "horizon": "Oe"}}))
    assert list(measured.samples[["depth_top", "depth_bottom"]].iloc[0]) == [-8, 0]


def test_an_entry_that_does_not_fit_together_does_not_stop_the_others(tmp_path):
    entry(tmp_path / "Good2024")
    entry(tmp_path / "Bad2024", rows=[["morning", 1.0, 2.0], ["noon", 1.0, 2.0]])
    measured = read_sidb(tmp_path)
    assert set(measured.respiration["study"]) == {"Good2024"}
    assert (
        measured.problems.query("entry == 'Bad2024' and rule == 'entry-refused'")["found"]
        .str.contains("holds no times")
        .all()
    )


def test_a_gas_that_is_no_carbon_is_left_out(tmp_path):
    variables = [*series(5, 15), *(v | {"name": f"O2_{v['temperature']}", "gasMeasured": "O2"} for v in series(5, 15))]
    measured = read_sidb(
        entry(tmp_path / "Oxy2024", variables=variables, rows=[[t, 10.0, 20.0, 90.0, 99.0] for t in TIMES])
    )
    assert len(measured.respiration) == 2 * len(TIMES)
    assert measured.problems["found"].str.contains("gas O2").any()


def test_jars_that_were_warmed_one_after_another_have_no_equal_time_q10(tmp_path):
    rows = [[1, 10.0, None], [4, 9.0, None], [7, 8.0, None], [8, None, 20.0], [11, None, 18.0], [14, None, 16.0]]
    measured = read_sidb(entry(tmp_path / "Steps2024", rows=rows))
    found = q10(measured.respiration, measured.jars, definitions=["equal-time"])
    assert found["q10"].isna().all()
    assert found["flag"].str.contains("warmed in steps").all()


@pytest.mark.parametrize("field", ["replicate", "rep"])
def test_replicate_jars_in_columns_of_their_own_are_one_set(tmp_path, field):
    variables = [v | {"name": f"{v['name']}_{r}", field: r} for r in (1, 2, 3) for v in series(5, 15)]
    rows = [[t, *(x for r in (0.9, 1.0, 1.1) for x in (10 * r, 20 * r))] for t in TIMES]
    measured = read_sidb(entry(tmp_path / "Jars2024", variables=variables, rows=rows))
    assert measured.jars["set"].nunique() == 1
    assert sorted(measured.jars["replicate"].unique()) == ["1", "2", "3"]
    found = q10(measured.respiration, measured.jars, definitions=["rate-ratio"])
    assert_allclose(found["q10"].dropna().iloc[0], 2.0, rtol=1e-9)


def test_a_remark_on_a_column_is_no_treatment(tmp_path):
    variables = [v | {"notes": f"read by hand, jar {i}"} for i, v in enumerate(series(5, 15))]
    measured = read_sidb(entry(tmp_path / "Remark2024", variables=variables))
    assert measured.jars["set"].nunique() == 1


@pytest.mark.parametrize(
    ("entered", "told"), [(2, "2 mm"), ("4 mm", "4 mm"), (False, "no"), (True, "yes"), (None, ""), ("1-2", "1-2")]
)
def test_how_the_soil_was_sieved_goes_with_its_jars(tmp_path, entered, told):
    measured = read_sidb(entry(tmp_path / "Sieved2024", info={"samplePreparation": {"sieving": entered}}))
    assert set(measured.jars["sieving"]) == {told}
