"""Proposed mappings load, and get most columns of real workbooks right."""

import tomllib
from datetime import datetime

import openpyxl
import pytest

from talik.errors import InputError
from talik.incubation.mapping.apply import mapped_tables
from talik.incubation.mapping.schema import mapping_of
from talik.incubation.sheets.propose import propose_mapping


def proposed(path):
    """The proposal, as mapping and as tables, read from the file it is for."""
    text = propose_mapping(path)
    mapping = mapping_of(text, "proposal.toml")
    return text, mapped_tables(mapping, path if path.is_dir() else path.parent).tables


def book(path, *rows, title="data"):
    """A workbook with these rows."""
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path


def test_a_long_table_needs_nothing_but_a_look(tmp_path):
    path = book(
        tmp_path / "toolik.xlsx",
        [
            "sample",
            "depth (cm)",
            "replicate",
            "day",
            "temperature (°C)",
            "respiration (mg CO2-C kg-1 d-1)",
            "respiration SD",
        ],
        *[
            [f"S{s}", f"{10 * s}-{10 * s + 10}", r, d, t, 5.0 + d + t, 0.5]
            for s in (1, 2)
            for r in (1, 2)
            for t in (5, 15)
            for d in (1, 7)
        ],
    )
    _, tables = proposed(path)
    rates = tables["respiration"]
    assert len(rates) == 16
    assert set(rates["temperature"]) == {5, 15}
    assert sorted(rates["respiration"])[0] == 11.0
    assert set(rates["sd"]) == {0.5}
    assert len(tables["jars"]) == 8
    assert set(zip(tables["samples"]["depth_top"], tables["samples"]["depth_bottom"], strict=True)) == {
        (10, 20),
        (20, 30),
    }


def test_a_chinese_workbook_is_proposed_like_any_other(tmp_path):
    path = tmp_path / "若尔盖.csv"
    text = "样地,土壤深度（cm）,培养温度（℃）,培养时间（d）,呼吸速率（mg CO2-C kg-1 d-1）,有机碳（g/kg）\n"
    text += "".join(f"R{s},{s}0,{t},{d},{5 + s + t + d},{30 + s}\n" for s in (1, 2) for t in (5, 15) for d in (1, 7))
    path.write_bytes(text.encode("gb18030"))
    _, tables = proposed(path)
    assert len(tables["respiration"]) == 8
    assert set(tables["jars"]["organic_carbon"]) == {31, 32}
    assert set(tables["respiration"]["time"]) == {1, 7}


@pytest.mark.parametrize(
    ("head", "times", "temperatures"),
    [
        (["soil", "respiration at 5 °C (ug C g-1 d-1)", "respiration at 15 °C (ug C g-1 d-1)"], {0}, {5, 15}),
        (["soil", "Day 1 (ug C g-1 soil d-1)", "Day 7 (ug C g-1 soil d-1)"], {1, 7}, None),
        (["soil", datetime(2020, 3, 1), datetime(2020, 3, 8)], {0, 7}, None),
    ],
    ids=["temperatures", "days", "dates"],
)
def test_columns_that_differ_in_a_number_become_rows(tmp_path, head, times, temperatures):
    path = book(
        tmp_path / "wide.xlsx", head, ["A", 9.5, 12.5], ["B", 4.5, 6.5], title="respiration (ug C g-1 soil d-1)"[:12]
    )
    _, tables = proposed(path)
    rates = tables["respiration"]
    assert sorted(rates["respiration"]) == [4.5, 6.5, 9.5, 12.5]
    assert set(rates["time"]) == times
    assert rates["temperature"].isna().all() if temperatures is None else set(rates["temperature"]) == temperatures


def test_a_rate_without_unit_becomes_a_doubt(tmp_path):
    path = book(tmp_path / "a.xlsx", ["soil", "temp (°C)", "resp"], ["A", 5, 1.5], ["A", 15, 3.5])
    (read,) = tomllib.loads(propose_mapping(path))["read"]
    assert "unit of 'resp' is not stated" in read["doubt"]


def test_names_that_toml_and_patterns_take_amiss_are_quoted(tmp_path):
    path = book(
        tmp_path / "a.xlsx", ['soil "x" \\ [1]', "temp. {°C}", "respiration at 5 °C [ug C g-1 d-1]", "respiration at 15 °C [ug C g-1 d-1]", "a\nb"],
        ["A", 1, 2, 3, "x"], ["B", 1, 2, 4, "y"], title="re[1]sp?"[:2] + "(1)",
    )  # fmt: skip
    assert mapping_of(propose_mapping(path), "proposal.toml").read


def test_what_holds_no_table_is_told(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("The jars were flushed weekly.\n")
    with pytest.raises(InputError, match="no table"):
        propose_mapping(path)


@pytest.mark.data
def test_the_proposal_for_the_european_gradient_reads_its_soils(data):
    text, tables = proposed(data / "european_gradient")
    assert len(tables["samples"]) == 76
    assert tables["sites"]["latitude"].notna().sum() == 72
    assert len(tables["respiration"]) == 756
    assert "unit of 'resp' is not stated" in text


@pytest.mark.data
def test_the_proposal_for_three_replicates_in_columns_reads_all_jars(data):
    _, tables = proposed(data / "wang2013_incubation")
    assert (len(tables["samples"]), len(tables["jars"]), len(tables["release"])) == (5, 15, 225)


@pytest.mark.data
def test_the_proposal_for_four_workbooks_reads_each_measurement_once(data):
    text, tables = proposed(data / "fireresp_canada")
    rates = tables["respiration"]
    assert len(tables["samples"]) == 92
    assert set(rates["temperature"]) == {1, 7, 13, 19}
    assert rates["specific_respiration"].notna().sum() == len(rates) == 345
    assert "Not proposed: Canada data 2015.xlsx, sheet 'Resp. of N69'" in text
    assert tables["sites"]["latitude"].notna().sum() == 36


@pytest.mark.data
@pytest.mark.parametrize("folder", ["q10_field_lab", "cpcrw_incubation/data", "ncscd_pedons"])
def test_a_proposal_for_any_folder_loads(data, folder):
    assert mapping_of(propose_mapping(data / folder), "proposal.toml")
