"""What a mapping says is what comes out: every setting of the language on a small file of its own."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik import q10
from talik.errors import InputError, SettingsError, TableError
from talik.incubation.mapping import mapped_files, mapped_tables, mapping_of, read_mapped

STUDY = '[study]\nstudy = "mine"\n'


@pytest.fixture
def mapped(tmp_path):
    """A mapping applied to files given by their text."""

    def of(toml, study=STUDY, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        (tmp_path / "mapping.toml").write_text(study + toml, encoding="utf-8")
        return mapped_tables(tmp_path / "mapping.toml")

    return of


def told(found, rule):
    """What was found under a rule."""
    return found.problems.loc[found.problems["rule"] == rule, "found"].tolist()


def sites(found, *columns):
    return found.tables["sites"][list(columns)].to_dict("list")


def test_a_text_is_a_template_and_a_number_a_constant(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{area} {plot}"\ncountry = "Canada"\nelevation = 320\n',
        soils="area,plot\nN12,1\nN90,2\n",
    )
    assert sites(found, "site", "country", "elevation") == {
        "site": ["N12 1", "N90 2"], "country": ["Canada"] * 2, "elevation": [320.0, 320.0],
    }  # fmt: skip


def test_whole_numbers_of_a_workbook_stand_without_decimals_in_names(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "soils.xlsx") as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([["area", "depth"], ["N12", 5.0], ["N12", 7.5]]):
            sheet.write_row(row, 0, cells)
    found = mapped_tables(mapping_of(STUDY + '[[read]]\n[read.sites]\nsite = "{area}_{depth}"\n', "m"), tmp_path)
    assert list(found.tables["sites"]["site"]) == ["N12_5", "N12_7.5"]


def test_units_are_converted_at_the_door(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\nactive_layer_depth = { column = "ALD", unit = "cm" }\n'
        'mean_annual_temperature = { column = "MAT", unit = "K" }\n',
        soils="s,ALD,MAT\na,85,268.15\n",
    )
    assert_allclose(found.tables["sites"][["active_layer_depth", "mean_annual_temperature"]].iloc[0], [0.85, -5.0])


def test_a_unit_may_stand_in_a_column_of_its_own(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\nactive_layer_depth = { column = "x", unit = "{u}" }\n',
        soils="s,x,u\na,85,cm\nb,0.4,m\nc,3,fathoms\n",
    )
    assert_allclose(found.tables["sites"]["active_layer_depth"], [0.85, 0.4, np.nan])
    assert len(told(found, "unit-unknown")) == 1


def test_a_header_that_names_another_unit_than_the_mapping_is_told(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\nactive_layer_depth = { column = "depth (cm)", unit = "m" }\n',
        soils="s,depth (cm)\na,0.8\n",
    )
    assert told(found, "unit-contradiction") == ["the header says 'cm'"]


def test_factor_and_sum_come_before_the_unit(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\nelevation = { column = "x", times = -2, plus = 10, unit = "km" }\n',
        soils="s,x\na,4.9\n",
    )
    assert_allclose(found.tables["sites"]["elevation"], [200.0])


def test_words_are_recoded_and_those_that_are_not_explained_are_told(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\nland_cover = { column = "c", map = { Sp = "spruce", b = "birch" } }\n',
        soils="s,c\n1,Sp\n2,B\n3,tundra\n",
    )
    assert list(found.tables["sites"]["land_cover"]) == ["spruce", "birch", "tundra"]
    assert told(found, "word-unmapped") == ["'tundra' is not in the map"]


def test_a_star_stands_for_all_other_words_and_default_for_none(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\n'
        'permafrost = { column = "p", map = { underlain = "yes", "*" = "no" }, default = "no" }\n',
        soils="s,p\n1,underlain\n2,absent\n3,\n",
    )
    assert list(found.tables["sites"]["permafrost"]) == ["yes", "no", "no"]


def test_a_pattern_takes_a_part_and_tells_what_it_does_not_match(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\nelevation = { column = "e", pattern = \'([0-9]+) m a.s.l.\' }\n',
        soils="s,e\n1,320 m a.s.l.\n2,low\n",
    )
    assert_allclose(found.tables["sites"]["elevation"], [320.0, np.nan])
    assert len(told(found, "pattern-unmatched")) == 1


@pytest.mark.parametrize(("part", "value"), [("low", 0.0), ("high", 5.0), ("middle", 2.5)])
def test_ranges_give_the_part_that_is_asked_for(mapped, part, value):
    found = mapped(
        f'[[read]]\n[read.sites]\nsite = "{{s}}"\nelevation = {{ column = "d", part = "{part}" }}\n',
        soils="s,d\n1,0 to 5\n2,0_5\n3,0-5\n",
    )
    assert_allclose(found.tables["sites"]["elevation"], [value] * 3)


def test_a_range_without_a_part_is_told_and_left_empty(mapped):
    found = mapped('[[read]]\n[read.sites]\nsite = "{s}"\nelevation = "{d}"\n', soils="s,d\n1,0 to 5\n")
    assert found.tables["sites"]["elevation"].isna().all()
    assert "say part = 'low', 'high' or 'middle'" in told(found, "value-not-a-number")[0]


def test_one_cell_may_hold_both_coordinates(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\nlatitude = { column = "where", part = "latitude" }\n'
        'longitude = { column = "where", part = "longitude" }\n',
        soils="s,where\n1,N65°55'398 W137°25'746\n",
    )
    assert_allclose(found.tables["sites"][["latitude", "longitude"]].iloc[0], [65 + 55.398 / 60, -(137 + 25.746 / 60)])


def test_impossible_minutes_are_told_with_their_cell(mapped):
    found = mapped('[[read]]\n[read.sites]\nsite = "{s}"\nlatitude = "{lat}"\n', soils="s,lat\n1,35_97'N\n2,60_20'N\n")
    row = found.problems[found.problems["rule"] == "coordinates-unreadable"].iloc[0]
    assert "97 minutes" in row["found"]
    assert row["where"].endswith("soils!B2")
    assert_allclose(found.tables["sites"]["latitude"], [np.nan, 60 + 20 / 60])


def test_an_impossible_value_is_an_error_in_the_problems_and_left_empty(mapped):
    found = mapped('[[read]]\n[read.sites]\nsite = "{s}"\nlatitude = "{lat}"\nelevation = "{e}"\n',
                   soils="s,lat,e\n1,60,99999\n")  # fmt: skip
    row = found.problems[found.problems["rule"] == "value-impossible"].iloc[0]
    assert (row["severity"], row["found"], found.tables["sites"]["elevation"].isna().all()) == (
        "error", "99999 m", True,
    )  # fmt: skip


SERIES = """
[[read]]
[read.sites]
site = "here"
[read.samples]
sample = "{core}"
site = "here"
[read.jars]
jar = "{core}"
sample = "{core}"
temperature = 5
[read.respiration]
jar = "{core}"
"""


def test_columns_with_dates_become_rows_of_days(mapped):
    found = mapped(
        SERIES.replace("[[read]]", "[[read]]\nwide.columns = '(?P<date>[0-9/]+)'")
        + 'time = { column = "date", date = "%d/%m/%Y", since = "2019-08-01" }\nrespiration = "{value}"\n',
        rates="core,03/08/2019,11/08/2019\na,4,3\nb,5,n.a.\n",
    )
    assert found.tables["respiration"][["jar", "time", "respiration"]].to_numpy().tolist() == [
        ["a", 2.0, 4.0], ["a", 10.0, 3.0], ["b", 2.0, 5.0],
    ]  # fmt: skip


def test_dates_of_a_workbook_count_from_the_first_of_each_jar(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "rates.xlsx", {"default_date_format": "dd.mm.yyyy"}) as book:
        sheet = book.add_worksheet("rates")
        sheet.write_row(0, 0, ["core", "day", "rate"])
        for row, (core, day, rate) in enumerate([("a", 1, 4), ("a", 8, 3), ("b", 3, 5), ("b", 4, 2)], 1):
            sheet.write(row, 0, core)
            sheet.write_datetime(row, 1, datetime(2019, 8, day))
            sheet.write_number(row, 2, rate)
    toml = STUDY + SERIES + 'time = { column = "day", since = "first" }\nrespiration = "{rate}"\n'
    found = mapped_tables(mapping_of(toml, "m"), tmp_path / "rates.xlsx")
    assert list(found.tables["respiration"]["time"]) == [0.0, 7.0, 0.0, 1.0]


def test_headers_may_hold_mean_and_error_of_each_temperature(mapped):
    toml = SERIES.replace("[[read]]", "[[read]]\nwide.columns = '(?P<temperature>[0-9]+)C (?P<value>mean|sd)'").replace(
        '"{core}"\nsample', '"{core} {temperature}"\nsample'
    ).replace('[read.respiration]\njar = "{core}"', '[read.respiration]\njar = "{core} {temperature}"').replace(
        "temperature = 5", 'temperature = "{temperature}"'
    )  # fmt: skip
    found = mapped(
        toml
        + 'time = 1\ntemperature = "{temperature}"\nrespiration = { column = "mean", unit = "mg C g-1 soil d-1" }\n'
        'sd = "{sd}"\n',
        rates="core,5C mean,5C sd,15C mean,15C sd\na,1,0.1,2,0.2\n",
    )
    rates = found.tables["respiration"]
    assert list(rates["temperature"]) == [5.0, 15.0]
    # The error has the unit of its rate.
    assert_allclose(rates[["respiration", "sd"]], [[1000, 100], [2000, 200]])


def test_equal_headers_are_replicates(mapped):
    toml = SERIES.replace("[[read]]", "[[read]]\nwide.columns = '(?P<soil>.*sol)'").replace("{core}", "{soil} {copy}")
    found = mapped(
        toml.replace("sample = \"{soil} {copy}\"", 'sample = "{soil}"').replace("temperature = 5", 'replicate = "{copy}"')
        + 'time = "{Day}"\ntemperature = "unknown"\nrespiration = "{value}"\n',
        rates="Day,Oxisol,Gelisol,Oxisol\n1,1,2,3\n2,4,5,6\n",
    )  # fmt: skip
    assert list(found.tables["jars"]["jar"]) == ["Oxisol 1", "Gelisol 1", "Oxisol 2"]
    assert list(found.tables["samples"]["sample"]) == ["Oxisol", "Gelisol"]
    assert list(found.tables["respiration"]["respiration"]) == [1, 2, 3, 4, 5, 6]


def test_a_head_of_two_rows_is_joined_and_carried_to_the_right(mapped):
    found = mapped(
        '[[read]]\nheader = [2, 3]\n[read.sites]\nsite = "{plot}"\nlatitude = "{place / N}"\nlongitude = "{place / E}"\n',
        soils="Survey of 2019,,\nplot,place,\n,N,E\na,65,-137\n",
    )
    assert sites(found, "site", "latitude", "longitude") == {"site": ["a"], "latitude": [65.0], "longitude": [-137.0]}


def test_titles_and_footnotes_are_passed_over_and_told(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{plot}"\n',
        soils="Soils of 2019,,\nplot,N,E\na,65,-137\n* near the road,,\n",
    )
    assert list(found.tables["sites"]["site"]) == ["a"]
    assert told(found, "row-note") == ["row 4: '* near the road'"]


def test_blocks_side_by_side_and_below_each_other_are_read_apart(mapped):
    found = mapped(
        '[[read]]\nheader = 1\nrows = [2, 3]\ncolumns = "A:B"\n[read.sites]\nsite = "{p}"\nelevation = "{h}"\n'
        '[[read]]\nheader = 5\ncolumns = "B:C"\n[read.sites]\nsite = "{p}"\nelevation = "{h}"\n',
        soils="p,h,x\na,1,9\nb,2,9\n,,\nz,p,h\n0,c,3\n",
    )
    assert sites(found, "site", "elevation") == {"site": ["a", "b", "c"], "elevation": [1, 2, 3]}


def test_where_keeps_only_the_rows_that_it_names(mapped):
    found = mapped('[[read]]\nwhere = { year = [2019, 2020] }\n[read.sites]\nsite = "{s}"\n',
                   soils="s,year\na,2018\nb,2019\nc,2020\n")  # fmt: skip
    assert list(found.tables["sites"]["site"]) == ["b", "c"]


def test_an_unnamed_column_is_called_by_its_letter_and_split_by_groups(mapped):
    found = mapped(
        "[[read]]\nsplit = { A = '(?P<area>N[0-9]+)_(?P<plot>[A-C])' }\n[read.sites]\nsite = \"{area} {plot}\"\n",
        soils=",x\nN12_A,1\nN90_C,2\n",
    )
    assert list(found.tables["sites"]["site"]) == ["N12 A", "N90 C"]


JOIN = """
[[read]]
file = "one.csv"
[read.sites]
site = "{key}"
elevation = "{h}"
[[read]]
file = "two.csv"
joins = ["sites"]
[read.sites]
site = "{area} {plot}"
land_cover = "{cover}"
"""


def test_blocks_join_by_a_composed_key_and_tell_what_does_not(mapped):
    found = mapped(JOIN, one="key,h\nN12 1,300\nN12 2,310\n", two="area,plot,cover\nN12,2,spruce\nN90,1,birch\n")
    assert sites(found, "site", "elevation", "land_cover") == {
        "site": ["N12 1", "N12 2"], "elevation": [300, 310], "land_cover": ["", "spruce"],
    }  # fmt: skip
    assert told(found, "row-unjoined") == ["'N90 1' joins to no row"]


def test_contradictions_between_blocks_are_told_with_both_cells(mapped):
    found = mapped(
        JOIN.replace('land_cover = "{cover}"', 'elevation = "{h}"').replace('joins = ["sites"]\n', ""),
        one="key,h\nN12 1,300\n", two="area,plot,h\nN12,1,305\n",
    )  # fmt: skip
    text = told(found, "rows-contradict")[0]
    assert "300 (one.csv, one!2)" in text
    assert "305 (two.csv, two!2)" in text
    assert list(found.tables["sites"]["elevation"]) == [300]


def test_jars_join_by_their_sample(mapped):
    found = mapped(
        SERIES.replace("[[read]]", '[[read]]\nfile = "rates.csv"').replace('jar = "{core}"', 'jar = "{core} {rep}"')
        + 'time = 1\nrespiration = "{rate}"\n[[read]]\nfile = "carbon.csv"\njoins = ["jars"]\n[read.jars]\n'
        'sample = "{core}"\norganic_carbon = { column = "C", unit = "percent" }\n',
        rates="core,rep,rate\na,1,3\na,2,4\nb,1,5\n", carbon="core,C\na,2.5\nb,40\n",
    )  # fmt: skip
    assert list(found.tables["jars"]["organic_carbon"]) == [25.0, 25.0, 400.0]


def test_properties_are_a_list_of_columns(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\n[read.properties]\nsubject = "site"\nid = "{s}"\n'
        '[read.properties.columns]\npH = { property = "pH", group = "environment", sd = "pH sd", n = 3 }\n'
        'MBC = { property = "microbial carbon", group = "microbial", unit = "mg g-1" }\n',
        soils="s,pH,pH sd,MBC\na,4.5,0.2,1.5\nb,5,0.1,n.d.\n",
    )
    rows = found.tables["properties"]
    assert rows[["id", "property", "value"]].to_numpy().tolist() == [
        ["a", "pH", 4.5], ["b", "pH", 5.0], ["a", "microbial carbon", 1.5],
    ]  # fmt: skip
    assert_allclose(rows["sd"], [0.2, 0.1, np.nan])
    assert_allclose(rows["n"], [3, 3, np.nan])


def test_decimal_commas_and_words_for_nothing_are_stated_once(mapped):
    found = mapped(
        '[[read]]\n[read.sites]\nsite = "{s}"\nelevation = "{h}"\n',
        study='decimal = ","\nmissing = ["weg"]\n' + STUDY, soils="s;h\na;1,234\nb;weg\n",
    )  # fmt: skip
    assert_allclose(found.tables["sites"]["elevation"], [1.234, np.nan])
    assert told(found, "cell-missing") == ["weg"]


def test_everything_that_is_not_read_is_told(mapped):
    found = mapped('[[read]]\nfile = "soils.csv"\nunused = ["note*"]\n[read.sites]\nsite = "{s}"\n',
                   soils="s,colour,notes\na,red,x\n", other="a,b\n1,2\n")  # fmt: skip
    rows = found.problems[found.problems["rule"] == "column-unused"]
    assert set(rows["column"]) == {"colour", "other.csv"}


def test_a_doubt_of_the_author_is_a_warning(mapped):
    found = mapped('[[read]]\ndoubt = "per g of what?"\n[read.sites]\nsite = "{s}"\n', soils="s\na\n")
    assert told(found, "mapping-doubt") == ["per g of what?"]


def test_an_unknown_temperature_gives_no_q10_and_says_so(mapped, tmp_path):
    mapped(
        SERIES.replace("temperature = 5", "") + 'time = "{day}"\ntemperature = "unknown"\nrespiration = "{rate}"\n',
        rates="core,day,rate\na,1,4\na,2,3\nb,1,8\nb,2,6\n",
    )
    measured = read_mapped(tmp_path / "mapping.toml")
    assert q10(measured.respiration, measured.jars).empty
    assert set(measured.jars["excluded"]) == {"no temperature"}
    assert "temperature-missing" in set(measured.problems["rule"])


def test_an_unknown_day_is_told_and_rates_still_give_their_q10(mapped, tmp_path):
    mapped(
        SERIES.replace("temperature = 5", "")
        + 'time = "unknown"\ntemperature = "{t}"\nspecific_respiration = { column = "r", unit = "ug C g-1 C h-1" }\n',
        rates="core,t,r\na,5,2\na,15,5\n",
    )
    measured = read_mapped(tmp_path / "mapping.toml")
    found = q10(measured.respiration, measured.jars)
    assert_allclose(found.loc[found["definition"] == "rate-ratio", "q10"], [2.5])
    assert found.loc[found["definition"] == "rate-ratio", "paired"].all()
    assert "time-unknown" in set(measured.problems["rule"])


def test_cumulative_curves_that_fall_or_start_above_zero_are_told(mapped, tmp_path):
    mapped(
        SERIES.replace("respiration]", "release]")
        + 'time = "{day}"\nrelease = { column = "c", unit = "mg C g-1 soil" }\n',
        rates="core,day,c\na,0,0.2\na,1,0.9\na,2,0.8\n",
    )
    problems = read_mapped(tmp_path / "mapping.toml").problems
    assert {"cumulative-falls", "cumulative-offset"} <= set(problems["rule"])
    assert "1 of 2 steps fall, the largest by 100 at day 2" in set(problems["found"])


def test_files_of_one_form_are_read_by_one_block(mapped, tmp_path):
    found = mapped(
        '[[read]]\nfile = "plot*.csv"\n[read.sites]\nsite = "{file} {row}"\nelevation = "{h}"\n',
        plot1="h\n1\n2\n", plot2="h\n3\n",
    )  # fmt: skip
    assert list(found.tables["sites"]["site"]) == ["plot1 2", "plot1 3", "plot2 2"]
    assert [file.name for file in mapped_files(tmp_path / "mapping.toml")] == ["plot1.csv", "plot2.csv"]


def test_all_missing_columns_of_all_blocks_are_named_together(mapped):
    toml = '[[read]]\n[read.sites]\nsite = "{sit}"\nlatitude = "{lat}"\n'
    with pytest.raises(TableError, match="no column 'lat', 'sit' \\(do you mean 'site'\\?\\)") as error:
        mapped(toml, soils="site,h\na,1\n")
    assert set(error.value.offenders) == {"lat", "sit"}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('file = "none.csv"', "no file in .* is called 'none.csv'"),
        ('file = "../soils.csv"', "must lie within"),
        ('sheet = "other"', "has no sheet 'other'"),
        ("header = 99", "lies below the last row"),
        ('columns = "X:Z"', "has no columns X:Z"),
        ("wide.columns = '[0-9]+'", "no header matches"),
        ("split = { nowhere = '(?P<a>.)' }", "no column 'nowhere'"),
    ],
)
def test_a_block_that_is_not_there_is_said_with_what_is(mapped, setting, words):
    with pytest.raises((InputError, TableError), match=words):
        mapped(f'[[read]]\n{setting}\n[read.sites]\nsite = "{{s}}"\n', soils="s\na\n")


def test_two_workbooks_and_no_name_is_a_question(mapped):
    with pytest.raises(InputError, match="holds 2 workbooks"):
        mapped('[[read]]\n[read.sites]\nsite = "{s}"\n', one="s\na\n", two="s\nb\n")


@given(rows=st.permutations(range(6)), columns=st.permutations(range(4)))
@settings(max_examples=5)
def test_the_order_of_rows_and_columns_changes_nothing(tmp_path_factory, rows, columns):
    table = pd.DataFrame({"core": list("aabbcc"), "t": [5, 15] * 3, "r": [1.0, 2, 3, 4, 5, 6], "x": 0})
    toml = STUDY + SERIES.replace("temperature = 5", "") + 'time = 1\ntemperature = "{t}"\nrespiration = "{r}"\n'
    made = []
    for name, frame in (("a", table), ("b", table.iloc[rows, columns])):
        folder = tmp_path_factory.mktemp(name)
        frame.to_csv(folder / "rates.csv", index=False)
        made.append(mapped_tables(mapping_of(toml, "m"), folder).tables["respiration"])
    ordered = [one.sort_values(["jar", "temperature"]).reset_index(drop=True) for one in made]
    pd.testing.assert_frame_equal(*ordered)


@pytest.mark.parametrize(
    ("toml", "mistake"),
    [
        ('[study]\nstudy = "x"\n', "read: is missing"),
        ('[[read]]\n[read.sites]\nsite = "a"', "study: is missing"),
        (STUDY + "[[read]]\n", "read 1: no table takes anything"),
        (STUDY + '[[read]]\nshet = "a"\n[read.sites]\nsite = "a"', "read 1, shet: there is no such setting"),
        (STUDY + '[[read]]\n[read.sites]\nsite = "a"\nlatitud = 1', "do you mean 'latitude'"),
        (STUDY + '[[read]]\n[read.sites]\nsite = "a"\nfoo = 1', "column 'foo' is not known"),
        (STUDY + "[[read]]\n[read.sites]\nlatitude = 1", "'site' is missing"),
        (STUDY + '[[read]]\n[read.sites]\nsite = { column = "a", text = "b" }', "needs one of column, text and value"),
        (STUDY + '[[read]]\n[read.sites]\nsite = "a"\nelevation = { column = "h", unit = "mgC/gC" }', "does not measure"),
        (STUDY + '[[read]]\n[read.sites]\nsite = "a"\nelevation = { column = "h", unit = "ells" }', "is not understood"),
        (STUDY + '[[read]]\n[read.sites]\nsite = "a"\nelevation = "unknown"', "only time, temperature may be unknown"),
        (STUDY + '[[read]]\n[read.sites]\nsite = "a"\npermafrost = "maybe"', "is none of 'yes', 'no'"),
        (STUDY + "[[read]]\nsplit = { a = '(x+)+' }\n[read.sites]\nsite = \"a\"", "repeat within a repeat"),
        (STUDY + "[[read]]\nsplit = { a = 'x' }\n[read.sites]\nsite = \"a\"", "needs a named group"),
        (STUDY + "[[read]]\nrows = [9, 3]\n[read.sites]\nsite = \"a\"", "first and the last row"),
        ('timezone = "Mars/Base"\n' + STUDY + '[[read]]\n[read.sites]\nsite = "a"', "no time zone"),
        (STUDY + '[[read]]\n[read.jars]\njar = "a"\nsample = "b"\n[read.respiration]\njar = "a"\ntime = 1', "gives samples"),
        (STUDY + '[[read]]\njoins = ["sites"]\n[read.sites]\nsite = "a"', "no other block begins rows of sites"),
        (STUDY + '[[read]]\n[read.sites]\nsite = { column = "d", date = "dd.mm.yyyy" }', "letters of strptime"),
        ("[study", "is not TOML"),
    ],
)  # fmt: skip
def test_mistakes_of_a_mapping_are_named_with_their_place(toml, mistake):
    with pytest.raises(SettingsError) as error:
        mapping_of(toml, "mine.toml")
    assert mistake in str(error.value)
    assert "mine.toml" in str(error.value)


def test_all_mistakes_are_told_at_once():
    toml = STUDY + '[[read]]\n[read.sites]\nlatitud = 1\n[[read]]\n[read.jars]\nbasis = "foo"\n'
    with pytest.raises(SettingsError) as error:
        mapping_of(toml, "m")
    assert len(error.value.offenders) == 5


def test_a_row_that_its_table_refuses_is_named_by_its_place(mapped):
    toml = '[[read]]\n[read.sites]\nsite = "here"\n[read.samples]\nsample = "{core}"\nsite = "{place}"\n'
    with pytest.raises(TableError, match="soils.csv, soils!3, site"):
        mapped(toml, soils="core,place\na,here\nb,\n")


def test_heads_may_be_dates_of_the_workbook(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "rates.xlsx", {"default_date_format": "dd.mm.yyyy"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["core", datetime(2019, 8, 3), datetime(2019, 8, 11)])
        sheet.write_row(1, 0, ["a", 4, 3])
    toml = SERIES.replace("[[read]]", "[[read]]\nwide.columns = '(?P<date>[0-9-]+)'")
    toml += 'time = { column = "date", since = "2019-08-01" }\nrespiration = "{value}"\n'
    found = mapped_tables(mapping_of(STUDY + toml, "m"), tmp_path)
    assert found.tables["respiration"][["time", "respiration"]].to_numpy().tolist() == [[2.0, 4.0], [10.0, 3.0]]
