"""What headers say, in English and Chinese."""

from math import isnan

import pytest

from talik.incubation.sheets.vocabulary import PSEUDO, recognise_header, vocabulary
from talik.tables import TABLES
from talik.units import parse_unit


@pytest.mark.parametrize(
    ("text", "column", "unit"),
    [
        ("温度", "temperature", ""), ("培养温度(℃)", "temperature", "°C"), ("含水量", "moisture", ""), ("土壤含水量（%）", "moisture", "%"),
        ("培养时间/d", "time", "d"), ("天数", "time", ""), ("呼吸速率 (mg CO2-C kg-1 d-1)", "respiration", "mg CO2-C kg-1 d-1"),
        ("累积释放量（mg CO2-C·kg⁻¹）", "release", "mg CO2-C·kg-1"), ("冻土层", "layer", ""), ("活动层厚度/m", "active_layer_depth", "m"),
        ("多年冻土", "permafrost", ""), ("有机碳（g/kg）", "organic_carbon", "g/kg"), ("全氮 (g kg-1)", "total_nitrogen", "g kg-1"),
        ("碳氮比", "carbon_nitrogen_ratio", ""), ("土壤深度（cm）", "depth", "cm"), ("土壤深度/厘米", "depth", "cm"), ("样点", "site", ""), ("样地", "site", ""),
        ("经度", "longitude", ""), ("纬度", "latitude", ""), ("海拔（m）", "elevation", "m"), ("重复", "replicate", ""), ("处理", "treatment", ""),
        ("容重(g cm-3)", "bulk_density", "g cm-3"), ("黏粒（%）", "clay", "%"), ("微生物量碳 mg/kg", "microbial_carbon", "mg/kg"),
        ("顶空体积（毫升）", "headspace_volume", "mL"), ("干土重（克）", "dry_mass", "g"), ("土壤有机碳含量", "organic_carbon", ""),
        ("depth (cm)", "depth", "cm"), ("Depth_cm", "depth", "cm"), ("MBC (mg g-1)", "microbial_carbon", "mg g-1"), ("MAT_C", "mean_annual_temperature", "degC"),
        ("MAP_mm", "annual_precipitation", "mm"), ("SOC", "organic_carbon", ""), ("TN", "total_nitrogen", ""), ("ALT", "active_layer_depth", ""),
        ("WHC", "water_holding_capacity", ""), ("BD", "bulk_density", ""), ("C/N", "carbon_nitrogen_ratio", ""), ("soilC (mg g-1)", "organic_carbon", "mg g-1"),
        ("Active layer thicknes, cm", "active_layer_depth", "cm"), ("counrty", "country", ""), ("CO2 (ppm)", "mole_fraction", "ppm"), ("water %", "water_soluble", "%"),
        ("Cumulative CO2-C (mg C g-1 SOC)", "specific_release", "mg C g-1 SOC"), ("µg CO2-C g-1 soil h-1", "respiration", "μg CO2-C g-1 soil h-1"),
        ("Respiration SD (ug C g-1 d-1)", "respiration", "ug C g-1 d-1"), ("Lat (°N)", "latitude", "degree"), ("Soil Respiration, g/CO2/m2/h", "field_respiration", "g/CO2/m2/h"),
        ("CH4 production (nmol g-1 h-1)", "respiration", "nmol CH4 g-1 h-1"), ("Temp_flag", "", ""), ("moisture_units", "", ""), ("season", "", ""), ("Year of the fire", "", ""),
    ],
)  # fmt: skip
def test_headers_are_understood(text, column, unit):
    found = recognise_header(text)
    assert (found.column, found.unit) == (column, unit)
    assert found.original == text
    assert (found.confidence > 0) == bool(column)


@pytest.mark.parametrize(
    ("text", "temperature"),
    [
        ("Respiration at 7 C (ug CO2 / gC h)", 7), ("Respiration at 13 C (ug CO2 / gC h)", 13), ("T13_µg_CO2_g_h", 13), ("5℃", 5), ("-2 °C", -2),
        ("呼吸速率 15℃ (mg CO2-C kg-1 d-1)", 15), ("δ13C", None), ("d14C", None), ("depth 10 cm", None), ("Day 7", None), ("Q10", None),
    ],
)  # fmt: skip
def test_a_temperature_in_a_header_is_found(text, temperature):
    found = recognise_header(text).temperature
    assert isnan(found) if temperature is None else found == temperature


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Day 7", 7),
        ("7 d", 7),
        ("第7天", 7),
        ("培养7天", 7),
        ("48 h", 2),
        ("2 weeks", 14),
        ("day", None),
        ("5 °C", None),
    ],
)
def test_a_time_in_a_header_is_found_in_days(text, days):
    found = recognise_header(text).time
    assert isnan(found) if days is None else found == pytest.approx(days)


@pytest.mark.parametrize(
    ("text", "statistic"),
    [("Respiration SD", "sd"), ("MBC_se", "se"), ("呼吸速率标准差", "sd"), ("mean respiration", "mean"), ("sand", "")],
)
def test_a_statistic_beside_a_quantity_is_found(text, statistic):
    assert recognise_header(text).statistic == statistic


def test_the_basis_is_decided_by_the_unit_and_not_by_the_word():
    bases = {
        "ug C g-1 soil d-1": "respiration",
        "ug C g-1 SOC d-1": "specific_respiration",
        "ug C g-1 OM d-1": "organic_matter_respiration",
        "ug C d-1": "jar_respiration",
    }
    assert {unit: recognise_header(f"respiration ({unit})").column for unit in bases} == bases


def test_a_rate_without_unit_is_doubted():
    found = recognise_header("respiration")
    assert found.confidence < 1
    assert any("no unit" in note for note in found.notes)


def test_longitudes_counted_westward_are_doubted():
    assert any("westward" in note for note in recognise_header("Long. (°W)").notes)


def test_every_word_leads_to_a_column_that_exists():
    for word in vocabulary().values():
        columns = {column.name for table in (word.table, "jars", "respiration") for column in TABLES[table].columns}
        assert word.table in TABLES
        assert word.table == "properties" or word.column in columns or word.column in PSEUDO, word
        if word.unit:
            parse_unit(word.unit)


def test_every_word_is_recognised_as_itself():
    for word in vocabulary().values():
        assert recognise_header(word.word).column in (word.column, f"specific_{word.column}"), word


@pytest.mark.data
def test_nearly_all_columns_of_real_workbooks_that_talik_has_are_recognised(data):
    from talik.incubation.sheets.grid import read_workbook

    wanted = {
        "fireresp_canada/MicrobeData_Canada.xlsx": "  depth fungal_bacterial_ratio ph total_nitrogen organic_carbon temperature active_layer_depth moisture microbial_carbon microbial_nitrogen microbial_phosphorus available_carbon available_nitrogen",
        "european_gradient/EuropeanGradientData.xlsx": "sample temperature bacterial_growth fungal_growth respiration     fungal_bacterial_ratio carbon_use_efficiency",
        "wang2013_incubation/example-initial-state.csv": "sample particulate_carbon mineral_associated_carbon  microbial_carbon dissolved_organic_carbon    ",
    }
    for file, columns in wanted.items():
        head = read_workbook(data / file)[0].cells[0]
        found = [recognise_header(text).column if text else "" for text in head]
        assert found == columns.split(" ")
