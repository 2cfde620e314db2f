"""Chamber fluxes in ESS-DIVE's format: four contradictions read, resolved when written, and the same again."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from talik import ChamberFluxes, read_essdive, write_essdive
from talik.errors import InputError, StoreError, TableError, TalikError
from talik.essdive.fluxes import time_stamp
from talik.problems import problems_table

RUNS = int(os.environ.get("TALIK_FUZZ", "500"))

# The templates of the format as they are: a column of labels, rows of explanation, units and examples.
DATA = """Columns ,Chamber_ID,Timestamp_Begin,Timestamp_End,Flux_CO2,Dry_CO2,CrvFit_CO2,Error,Tair,PAR_Amb,VPD_Amb,Tx,T5,SM15,WTD,Record,Notes
Contains,Unique chamber label,ISO timestamp,ISO timestamp,CO2 flux,Mean,“Lin” or “Exp”,Error,Air,PAR,VPD,Soil temperature,T,SM,Water,Record,More
Units,,YYYYMMDDHHMMSS,YYYYMMDDHHMMSS,µmol CO2 m-2 s-1,ppmv,,,°C,µmol photons m-2 s-1,kPa,°C,°C,m3/m3,cm,,
Example,Chamber_1,20201106115505,20201106115605,2.15,435.22,Lin,Chamber never closed.,12,148,0.8,T5 (column name)/ 6,6,0.3,43,1,Stick
,A,20201106115500,20201106115600,2.15,435.22,Lin,Chamber never closed.,12,148,0.8,,6,0.3,43,1,Stick stuck in chamber.
,B,2020110611,2020110612,-0.58,451.89,Exp,,10,50,0.55,,5,0.5,15,2,
,,,,,,,,,,,,,,,,
"""
CHAMBERS = """Columns ,Chamber_ID,Msmt_Var,Treatment,Opaque,Plants_Removed,Instrument,Longtitude,Latitude,Area,Fan,Species
Units,,,,,,,degrees,degrees,cm2,,
,A,Rs,Irrigated,FALSE,TRUE,Li-8100a,-76.554137,38.897971,317.8,TRUE,"Liriodendron tulipifera, Fagus grandifolia"
,B,Rh,None,Yes,No,Li-7810,4.208918,47.374453,253.0,,
"""


def package(folder, data=DATA, chambers=CHAMBERS, **files):
    """A data package with these files, in Latin-1 as the templates are."""
    for name, text in {"data": data, "chambers": chambers, **files}.items():
        if text is not None:
            (folder / f"{name}.csv").write_bytes(text.encode("cp1252"))
    return folder


def plain(columns, *rows):
    """A table without labels, as the guide has it."""
    return "\n".join(["CHAMBER_ID,TIMESTAMP_BEGIN,TIMESTAMP_END,FLUX_CO2" + columns, *rows]) + "\n"


def test_the_templates_are_read_as_they_are(tmp_path):
    found = read_essdive(package(tmp_path))
    assert list(found.fluxes["Chamber_ID"]) == ["A", "B"]
    assert list(found.fluxes["Flux_CO2"]) == [2.15, -0.58]
    assert list(found.fluxes["Error"]) == ["Chamber never closed.", ""]
    assert list(found.fluxes["SM15"]) == [0.3, 0.5]
    assert "Tx" not in found.fluxes
    assert list(found.chambers["Opaque"]) == ["no", "yes"]
    assert list(found.chambers["Plants_Removed"]) == ["yes", "no"]
    assert list(found.chambers["Treatment"]) == ["Irrigated", "None"]
    assert list(found.chambers["Longitude"]) == [-76.554137, 4.208918]
    assert not (found.problems["severity"] == "error").any()


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("20201106", "2020-11-06T00:00:00"), ("2020110611", "2020-11-06T11:00:00"),
        ("202011061155", "2020-11-06T11:55:00"), ("20201106115505", "2020-11-06T11:55:05"),
        ("202011061155.0", "2020-11-06T11:55:00"),
    ],
)  # fmt: skip
def test_time_stamps_of_eight_to_fourteen_digits_are_read(stamp, time):
    assert time_stamp(stamp) == datetime.fromisoformat(time)


@pytest.mark.parametrize("stamp", ["2020", "20201306", "2020110625", "202011061", "2020-11-06", "²0201106", "", "1e11"])
def test_what_is_no_time_stamp_is_none(stamp):
    assert time_stamp(stamp) is None


def test_a_vapour_pressure_deficit_in_pascal_is_told_by_unit_or_size(tmp_path):
    rows = ["A,202011061155,202011061156,1,800", "A,202011061255,202011061256,1,1200"]
    by_size = read_essdive(package(tmp_path, plain(",VPD_AMB", *rows)))
    assert list(by_size.fluxes["VPD_Amb"]) == [0.8, 1.2]
    assert by_size.problems.query("rule == 'unit-contradiction'")["done"].tolist() == ["read as Pa"]
    small = plain(",vpd_amb", "A,202011061155,202011061156,1,8")
    dictionary = "column_or_row_name,unit,definition\nVPD_AMB,{},deficit\n"
    for unit, value in (("Pa", 0.008), ("kPa", 8.0), ("", 8.0)):
        found = read_essdive(package(tmp_path, small, data_dd=dictionary.format(unit)))
        assert found.fluxes["VPD_Amb"].tolist() == [value], unit


def test_names_are_read_in_any_case(tmp_path):
    upper = read_essdive(package(tmp_path, plain(",PAR_AMB,TAIR_AMB,t5", "A,202011061155,202011061156,1,5,6,7")))
    assert list(upper.fluxes.columns)[4:] == ["Tair_Amb", "PAR_Amb", "T5"]


def test_errors_are_truth_or_text(tmp_path):
    rows = [
        f"A,2020110611{i:02d},2020110612{i:02d},1,{e}" for i, e in enumerate(("TRUE", "No", "", "valve stuck", "0"))
    ]
    found = read_essdive(package(tmp_path, plain(",ERROR", *rows)))
    assert list(found.fluxes["Error"]) == ["yes", "", "", "valve stuck", ""]


def test_missing_values_are_missing(tmp_path):
    found = read_essdive(package(tmp_path, plain(",NOTES", "A,202011061155,202011061156,-9999,N/A")))
    assert np.isnan(found.fluxes["Flux_CO2"][0])
    assert found.fluxes["Notes"].tolist() == [""]
    assert not found.problems["rule"].isin(["value-not-a-number"]).any()


def test_file_level_metadata_say_where_data_begin(tmp_path):
    text = "# made by hand\n" + plain("", "the chamber,begin,end,flux", "A,202011061155,202011061156,1")
    flmd = "file_name,file_description,standard,header_rows\ndata*.csv,Fluxes of chambers,ESS-DIVE Soil Respiration v1,3\nlost.csv,Gone,,\n"
    found = read_essdive(package(tmp_path, text, flmd=flmd))
    assert found.fluxes["Flux_CO2"].tolist() == [1.0]
    assert found.problems.query("rule == 'file-missing'")["found"].tolist() == ["lost.csv"]


def test_a_wrong_number_of_header_rows_loses_no_data(tmp_path):
    flmd = "file_name,file_description,header_rows\ndata.csv,Fluxes of chambers,3\n"
    rows = [f"A,2020110611{i:02d},2020110612{i:02d},{i}" for i in range(4)]
    assert len(read_essdive(package(tmp_path, plain("", *rows), flmd=flmd)).fluxes) == 4


def test_rows_without_chamber_or_time_are_left_out_and_told(tmp_path):
    rows = ["A,202011061155,202011061156,1", ",202011061155,202011061156,1", "A,20209999,202011061156,1"]
    found = read_essdive(package(tmp_path, plain("", *rows)))
    assert len(found.fluxes) == 1
    told = found.problems.query("rule == 'rows-left-out'").iloc[0]
    assert told["found"] == "2 rows, the first in line 3"


def test_what_does_not_fit_together_is_told(tmp_path):
    rows = ["A,202011061155,202011061154,1", "Z,202011061155,202011061156,1"]
    found = read_essdive(package(tmp_path, plain("", *rows), CHAMBERS + ",A,NEE,None,No,No,x,,,,,\n"))
    told = found.problems.set_index("rule")["found"]
    assert "1 of 2 periods end before they begin" in told["time-order"]
    assert sorted(told["chamber-unknown"]) == [
        "1 chambers are described more than once",
        "1 chambers with fluxes are not described",
    ]
    assert found.chambers["Chamber_ID"].is_unique


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        ("a,b\n1,2\n", InputError, "no table of fluxes"),
        ("Chamber_ID,Timestamp_Begin\nA,2020110611\n", TableError, "lacks Timestamp_End, Flux_CO2"),
        (plain(",Flux_co2", "A,2020110611,2020110612,1,1"), TableError, "two columns are Flux_CO2"),
        (plain("", "A,2020110611,2020110612,1,5"), InputError, "line 2 has 5 cells under 4 headers"),
        (plain("", 'A,2020110611,2020110612,1"' + "x" * 200_000), InputError, "never closed"),
    ],
    ids=["another table", "fields missing", "a field twice", "a cell too many", "an open quotation mark"],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, data, error, says):
    with pytest.raises(error, match=says):
        read_essdive(package(tmp_path, data, None))


def test_a_folder_is_needed(tmp_path):
    with pytest.raises(InputError, match="is a file"):
        read_essdive(package(tmp_path) / "data.csv")


def same(one: ChamberFluxes, other: ChamberFluxes):
    assert_frame_equal(one.fluxes, other.fluxes)
    assert_frame_equal(one.chambers, other.chambers)


def test_written_and_read_the_templates_are_the_same_and_resolved(tmp_path):
    (tmp_path / "given").mkdir()
    found = read_essdive(package(tmp_path / "given"))
    told = write_essdive(found, tmp_path / "written")
    assert told.empty
    again = read_essdive(tmp_path / "written")
    same(found, again)
    assert again.problems.empty
    lines = (tmp_path / "written" / "fluxes.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("Chamber_ID,Timestamp_Begin,Timestamp_End,Flux_CO2")
    assert lines[2].startswith("B,202011061100,202011061200,-0.58,")
    assert lines[2].endswith(",N/A,5.0,0.5")
    assert ",FALSE," in lines[2]
    dictionary = pd.read_csv(tmp_path / "written" / "fluxes_dd.csv", keep_default_na=False)
    assert list(dictionary["column_or_row_name"]) == lines[0].split(",")
    assert dictionary.set_index("column_or_row_name").loc["VPD_Amb", "unit"] == "kPa"
    metadata = pd.read_csv(tmp_path / "written" / "flmd.csv", keep_default_na=False).set_index("file_name")
    assert set(metadata.index) == {path.name for path in (tmp_path / "written").iterdir()}
    assert (metadata.loc[["fluxes.csv", "chambers.csv"], "standard"] == "ESS-DIVE Soil Respiration v1").all()


def test_seconds_are_cut_and_told(tmp_path):
    (tmp_path / "given").mkdir()
    found = read_essdive(package(tmp_path / "given", plain("", "A,20201106115505,20201106115605,1")))
    told = write_essdive(found, tmp_path / "written")
    assert told["found"].tolist() == ["2 time stamps with seconds"]
    assert read_essdive(tmp_path / "written").fluxes["Timestamp_Begin"][0] == datetime(2020, 11, 6, 11, 55)


def test_a_package_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "given").mkdir()
    found = read_essdive(package(tmp_path / "given"))
    with pytest.raises(StoreError, match="holds something already"):
        write_essdive(found, tmp_path / "given")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='\\#'), min_size=1, max_size=8).filter(
    lambda text: text.lower() not in ("na", "n/a", "nan", "null", "none", "true", "false", "t", "f", "yes", "no", "y", "n", "1", "0")
)  # fmt: skip
NUMBERS = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6).filter(lambda x: x != -9999))
TIMES = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(second=0, microsecond=0))


@st.composite
def chamber_fluxes(draw):
    """Any fluxes and chambers that the format can hold."""
    names = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    rows = draw(st.integers(1, 6))

    def column(values):
        return draw(st.lists(values, min_size=rows, max_size=rows))

    begin = column(TIMES)
    fluxes = pd.DataFrame(
        {
            "Chamber_ID": pd.Series(column(st.sampled_from(names)), dtype="str"),
            "Timestamp_Begin": pd.Series(begin, dtype="datetime64[s]"),
            "Timestamp_End": pd.Series([t + timedelta(minutes=2) for t in begin], dtype="datetime64[s]"),
            "Flux_CO2": column(NUMBERS), "Flux_CH4": column(NUMBERS),
            "Error": pd.Series(column(st.one_of(st.sampled_from(["", "yes"]), WORDS)), dtype="str"),
            "VPD_Amb": column(st.one_of(st.just(np.nan), st.floats(0, 12))), "T5": column(NUMBERS),
        }
    )  # fmt: skip
    count = len(names)

    def of_chambers(values):
        return draw(st.lists(values, min_size=count, max_size=count))

    truth = st.sampled_from(["yes", "no", ""])
    texts = {"Msmt_Var": st.sampled_from(["Rs", "Rh", "NEE"]), "Treatment": st.one_of(st.just("None"), WORDS),
             "Opaque": truth, "Plants_Removed": truth, "Instrument": st.one_of(st.just(""), WORDS)}  # fmt: skip
    chambers = pd.DataFrame(
        {"Chamber_ID": names} | {name: of_chambers(values) for name, values in texts.items()}
    ).astype("str")
    return ChamberFluxes(fluxes, chambers.assign(Latitude=of_chambers(st.floats(-90, 90))), problems_table([]))


@settings(max_examples=40)
@given(given=chamber_fluxes())
def test_written_and_read_is_the_same(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("law") / "package"
    assert write_essdive(given, folder).empty
    same(given, read_essdive(folder))


STRANGE = [
    "", ",", ",,,,,,,,,,,,,,,,,,,,,,", '"', "\n", "\r", "#", "Units", "Example", "-9999", "NaN", "inf", "1e400", "²", "µ",
    "99999999999999", "20200230", "Timestamp_End", "chamber_id", "\x00", "TRUE", "0x10", "1_000", "é" * 50, "T5", "Pa",
]  # fmt: skip


@st.composite
def mutations(draw):
    """Up to five places of a package, each with something strange put in or something cut out."""
    place = st.tuples(
        st.sampled_from(["data", "chambers", "data_dd", "flmd"]), st.floats(0, 1), st.integers(0, 40),
        st.one_of(st.sampled_from(STRANGE), st.text(max_size=6)),
    )  # fmt: skip
    return draw(st.lists(place, min_size=1, max_size=5))


DICTIONARY = "column_or_row_name,unit,definition\nVPD_Amb,Pa,deficit\nTair,°C,air\n"
METADATA = (
    "file_name,file_description,standard,header_rows\ndata.csv,Fluxes of chambers,ESS-DIVE Soil Respiration v1,3\n"
)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("spoilt")


@settings(max_examples=RUNS)
@given(changes=mutations())
def test_a_spoilt_package_gives_an_answer_or_a_sentence(changes, spoilt):
    texts = {"data": DATA, "chambers": CHAMBERS, "data_dd": DICTIONARY, "flmd": METADATA}
    for file, where, cut, put in changes:
        at = int(where * len(texts[file]))
        texts[file] = texts[file][:at] + put + texts[file][at + cut :]
    for name, text in texts.items():
        (spoilt / f"{name}.csv").write_bytes(text.encode("utf-8", "replace"))
    try:
        found = read_essdive(spoilt)
    except TalikError:
        return
    assert not found.fluxes["Timestamp_Begin"].isna().any()
    assert (found.fluxes["Chamber_ID"] != "").all()
    assert found.chambers["Chamber_ID"].is_unique
    assert np.isfinite(found.fluxes["Flux_CO2"]).sum() <= len(found.fluxes)
