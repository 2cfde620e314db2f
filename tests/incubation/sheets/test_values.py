"""One cell to its meaning."""

from datetime import datetime, time, timedelta, timezone
from math import isnan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from talik.incubation.sheets.dates import date_order, read_clock, read_moment
from talik.incubation.sheets.grid import read_workbook
from talik.incubation.sheets.places import read_angle, read_position
from talik.incubation.sheets.values import BELOW_DETECTION, decimal_mark, read_number, read_range

FULL_WIDTH = str.maketrans("0123456789.-+", "０１２３４５６７８９．－＋")


@pytest.mark.parametrize(
    ("cell", "value", "odd"),
    [
        (5.0, 5.0, ""), ("12.5", 12.5, ""), (" 12.5 ", 12.5, ""), ("12,5", 12.5, "decimal comma"), ("−5", -5.0, "minus"),
        ("１２．５", 12.5, "full-width"), ("－３", -3.0, "full-width"), ("1.2e-3", 0.0012, ""), ("1.2×10⁻³", 0.0012, ""),
        ("1,2E+2", 120.0, "decimal comma"), ("1 234,5", 1234.5, "thousands"), ("1.234,5", 1234.5, "thousands"),
        ("1,234.5", 1234.5, "thousands"), ("1'234.5", 1234.5, "thousands"), ("1,234,567", 1234567.0, "thousands"),
        ("0,123", 0.123, "decimal comma"), ("~1900", 1900.0, "'~'"), ("5.3*", 5.3, "footnote"), ("12.5 %", 12.5, "unit"),
        ("约5", 5.0, "约"), (".5", 0.5, ""), ("5.", 5.0, ""), ("12。5", 12.5, "full stop"), ("5 °C", 5.0, "unit"),
    ],
)  # fmt: skip
def test_numbers_are_read_and_what_was_odd_is_told(cell, value, odd):
    found = read_number(cell)
    assert found.value == pytest.approx(value, rel=1e-12)
    assert not found.problem
    assert bool(found.odd) == bool(odd)
    assert odd in "; ".join(found.odd)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "empty"), ("", "empty"), ("  ", "empty"), ("　", "empty"), ("n.a.", "n.a."), ("NA", "NA"), ("NaN", "NaN"),
        (float("nan"), "NaN"), ("-", "-"), ("–", "-"), ("nd", "nd"), ("missing", "missing"), ("无", "无"), ("缺", "缺"),
        ("#VALUE!", "error cell #VALUE!"), ("#N/A", "#N/A"), ("#DIV/0!", "error cell #DIV/0!"), ("<0.05", BELOW_DETECTION),
        ("<LOD", BELOW_DETECTION), ("< LOD", BELOW_DETECTION), ("b.d.", BELOW_DETECTION), ("未检出", BELOW_DETECTION),
        ("≤ 2", BELOW_DETECTION), ("-9999", "missing code -9999"), (-9999.0, "missing code -9999"), (">100", "above range"),
    ],
)  # fmt: skip
def test_what_is_missing_says_why(cell, reason):
    found = read_number(cell)
    assert (found.missing, found.problem) == (reason, "")
    assert isnan(found.value)


def test_a_limit_is_kept_and_no_value():
    found = read_number("<0,05")
    assert isnan(found.value)
    assert found.limit == 0.05


@pytest.mark.parametrize(
    "cell", ["12.5a", "3/4", "abc", "12 34", "1.2.3", "5e", "inf", True, datetime(2015, 10, 5), time(5), timedelta(5), "1e999", "5²", "½", "1,234", "--5", "5 (0.3)"]
)  # fmt: skip
def test_what_cannot_be_known_is_a_problem_and_no_value(cell):
    found = read_number(cell)
    assert isnan(found.value)
    assert found.problem
    assert not found.missing


def test_a_stated_decimal_mark_settles_what_may_be_either():
    assert read_number("1,234", decimal=",").value == 1.234
    assert read_number("1,234", decimal=".").value == 1234.0
    assert read_number("1.234", decimal=",").value == 1234.0
    assert "decimal point" in read_number("12.5", decimal=",").problem


def test_a_column_proves_its_decimal_mark():
    assert decimal_mark(["1,234", None, 5.0, "12,5"]) == ","
    assert decimal_mark(["1,234", "12.5"]) == "."
    assert decimal_mark(["12,5", "12.5"]) == ""
    assert decimal_mark(["1,234.5"]) == "."


@given(st.floats(-1e9, 1e9, allow_nan=False).filter(lambda x: x not in (-9999, -999)))
def test_a_number_reads_alike_in_every_writing(number):
    text = repr(number)
    mantissa, _, power = text.partition("e")
    assert read_number(text).value == number
    assert read_number(mantissa.translate(FULL_WIDTH) + (f"e{power}" if power else "")).value == number
    assert read_number(text.replace(".", ","), decimal=",").value == number
    assert read_number(text.replace("-", "−")).value == number


@given(st.integers(0, 999_999_999), st.sampled_from([",", " ", "'", "\u202f", "\u00a0"]))
def test_marks_between_thousands_change_nothing(number, mark):
    text = f"{number:,}".replace(",", mark)
    assume(mark != "," or number < 1000 or number >= 1_000_000)
    assert read_number(text).value == number


@given(st.floats(-1e5, 1e5), st.floats(0, 1e3))
def test_a_value_with_its_spread_gives_both(value, sd):
    value, sd = round(value, 4), round(sd, 4)
    assume(value not in (-9999, -999))
    found = read_number(f"{value:.4f} ± {sd:.4f}")
    assert (found.value, found.sd) == (value, sd)


@given(st.text(max_size=40))
def test_any_text_gives_a_value_a_reason_or_a_problem(text):
    for found in (read_number(text), read_range(text)):
        there = not isnan(getattr(found, "value", getattr(found, "low", 0.0)))
        assert there + bool(found.missing) + bool(found.problem) == 1
    for found in (read_moment(text), read_clock(text)):
        assert (found.value is not None) + bool(found.missing) + bool(found.problem) == 1
    angle = read_angle(text, "latitude")
    assert (not isnan(angle.value)) + bool(angle.missing) + bool(angle.problem) == 1
    position = read_position(text)
    assert (not isnan(position.latitude)) + bool(position.missing) + bool(position.problem) == 1


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    [
        ("0 to 5", 0, 5), ("0-5 cm", 0, 5), ("9_20.2", 9, 20.2), ("10_30", 10, 30), ("-10_-0.5", -10, -0.5), ("-10_0", -10, 0),
        ("0–10", 0, 10), ("0至10", 0, 10), ("0~10 厘米", 0, 10), ("5.5_36.5", 5.5, 36.5), ("0_10cm", 0, 10), ("-6_13.7", -6, 13.7),
        ("０－１０", 0, 10), ("2", 2, 2), ("20-10", 10, 20), ("1,5-2,5", 1.5, 2.5), ("10 cm - 20 cm", 10, 20),
    ],
)  # fmt: skip
def test_ranges_are_read(cell, low, high):
    found = read_range(cell)
    assert (found.low, found.high, found.problem) == (low, high, "")
    assert found.middle == pytest.approx((low + high) / 2)


def test_a_range_that_excel_made_a_date_is_told():
    assert "Excel turns '10-5'" in read_range(datetime(2024, 5, 10)).problem
    assert read_range("5-Oct").problem


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        (datetime(2015, 8, 31), "2015-08-31T00:00:00"), ("2015-08-31", "2015-08-31T00:00:00"), ("2015/8/31", "2015-08-31T00:00:00"),
        ("20150831", "2015-08-31T00:00:00"), (42247.0, "2015-08-31T00:00:00"), ("42247.5", "2015-08-31T12:00:00"),
        ("31-Aug-2015", "2015-08-31T00:00:00"), ("Aug 31, 2015", "2015-08-31T00:00:00"), ("8/31/15", "2015-08-31T00:00:00"),
        ("31.8.2015", "2015-08-31T00:00:00"), ("2015年8月31日", "2015-08-31T00:00:00"), ("２０１５年８月３１日", "2015-08-31T00:00:00"),
        ("2015年8月31日 下午5:18", "2015-08-31T17:18:00"), ("8/31/15 5:18 PM", "2015-08-31T17:18:00"),
        ("2015-08-31T17:18:45Z", "2015-08-31T17:18:45+00:00"), ("2015-08-31 17:18 +08:00", "2015-08-31T17:18:00+08:00"),
        ("7/7/2015", "2015-07-07T00:00:00"),
    ],
)  # fmt: skip
def test_dates_are_read(cell, iso):
    assert read_moment(cell).value.isoformat() == iso


@pytest.mark.parametrize(
    "cell",
    ["3/4/15", "2015-02-30", "August, 2015", 5.0, "2015-08-31 17:18 AKDT", True, time(5), "31/31/2015", "32.1.2015"],
)
def test_dates_that_may_be_another_are_told(cell):
    found = read_moment(cell)
    assert found.value is None
    assert found.problem


def test_the_order_of_day_and_month_is_stated_or_proved():
    assert read_moment("3/4/15", order="day-month").value == datetime(2015, 4, 3)
    assert read_moment("3/4/15", order="month-day").value == datetime(2015, 3, 4)
    assert "cannot be day-month" in read_moment("8/31/15", order="day-month").problem
    assert date_order(["3/4/15", None, "8/31/15"]) == "month-day"
    assert date_order(["13/4/15", "8/31/15"]) == ""


@given(st.datetimes(datetime(1955, 1, 1), datetime(2118, 1, 1)))
def test_a_serial_number_is_the_same_moment_in_both_date_systems(moment):
    moment = moment.replace(microsecond=0)
    for start, first_year in ((datetime(1899, 12, 30), 1900), (datetime(1904, 1, 1), 1904)):
        number = (moment - start) / timedelta(days=1)
        assume(number >= 20_000)
        assert read_moment(number, first_year=first_year).value == moment


@given(st.datetimes(datetime(1970, 1, 1), datetime(2069, 12, 31)), st.integers(-12, 14))
def test_a_moment_reads_alike_in_every_writing(moment, hours):
    moment = moment.replace(microsecond=0)
    zone = timezone(timedelta(hours=hours))
    for text in (
        moment.isoformat(),
        f"{moment:%d %B %Y %H:%M:%S}",
        f"{moment:%d.%m.%Y %H:%M:%S}",
        f"{moment:%Y年%m月%d日 %H:%M:%S}",
        f"{moment:%b %d, %Y %I:%M:%S %p}",
    ):
        assert read_moment(text, order="day-month").value == moment
    assert read_moment(moment.replace(tzinfo=zone).isoformat()).value == moment.replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("cell", "axis", "degrees"),
    [
        ("65.92", "latitude", 65.92), ("65,92", "latitude", 65.92), ("44.87_N", "latitude", 44.87), ("68.1_W", "longitude", -68.1),
        ("60_20'N", "latitude", 60 + 20 / 60), ("N65 55'398", "latitude", 65 + 55.398 / 60), ("N65°55'398", "latitude", 65 + 55.398 / 60),
        ("W137°25'746", "longitude", -(137 + 25.746 / 60)), ("004_29′03″W", "longitude", -(4 + 29 / 60 + 3 / 3600)),
        ("48°21'47\"N", "latitude", 48 + 21 / 60 + 47 / 3600), ("48°21'47''N", "latitude", 48 + 21 / 60 + 47 / 3600),
        ("北纬34°43′", "latitude", 34 + 43 / 60), ("东经92度53分20秒", "longitude", 92 + 53 / 60 + 20 / 3600), ("S 33.9", "latitude", -33.9),
        ("58_52.55'N", "latitude", 58 + 52.55 / 60), ("45.250N", "latitude", 45.25), ("-149.6", "longitude", -149.6), (68.6, "latitude", 68.6),
        ("68.63° North", "latitude", 68.63), ("102_E", "longitude", 102.0), ("65 55 39.8 N", "latitude", 65 + 55 / 60 + 39.8 / 3600),
    ],
)  # fmt: skip
def test_coordinates_are_read_in_every_writing(cell, axis, degrees):
    found = read_angle(cell, axis)
    assert found.value == pytest.approx(degrees, abs=1e-9)
    assert not found.problem


@pytest.mark.parametrize(
    ("cell", "axis", "words"),
    [
        ("35_97'N", "latitude", "97 minutes"), ("101_120'E", "longitude", "120 minutes"), ("65 2.5'015", "latitude", "stands behind"), ("91", "latitude", "impossible"),
        ("68.1_W", "latitude", "is a longitude"), ("N65.5 S", "latitude", "two directions"), ("Toolik", "latitude", "is no latitude"),
        ("65.5°30'N", "latitude", "decimals in the degrees"), ("-65 N", "latitude", "minus sign"), ("48°21'75N", "latitude", "may be seconds"),
        ("32_20'S/34_14'S", "latitude", "is no latitude"), ("65 30 75\" N", "latitude", "75 seconds"),
    ],
)  # fmt: skip
def test_impossible_coordinates_are_refused(cell, axis, words):
    found = read_angle(cell, axis)
    assert isnan(found.value)
    assert words in found.problem


@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
def test_a_position_reads_alike_in_every_writing(latitude, longitude):
    def written(value, letters, form):
        letter = letters[value < 0]
        degrees, rest = divmod(abs(value), 1)
        minutes, rest_of_minute = divmod(rest * 60, 1)
        return {
            "decimal": f"{abs(value):.8f} {letter}",
            "minutes": f"{letter}{degrees:.0f}°{rest * 60:.7f}'",
            "seconds": f"{degrees:.0f}°{minutes:.0f}'{rest_of_minute * 60:.6f}\"{letter}",
        }[form]

    for form in ("decimal", "minutes", "seconds"):
        texts = written(latitude, "NS", form), written(longitude, "EW", form)
        assume(not any("60.000" in text for text in texts))
        for text in (f"{texts[0]}, {texts[1]}", f"{texts[0]} {texts[1]}", f"{texts[1]}; {texts[0]}"):
            found = read_position(text)
            assert (found.latitude, found.longitude) == pytest.approx((latitude, longitude), abs=1e-6), (text, found)
    found = read_position(f"{latitude:.6f}, {longitude:.6f}")
    assert (found.latitude, found.longitude) == pytest.approx((latitude, longitude), abs=1e-6)


@pytest.mark.data
def test_the_plots_of_a_real_workbook_lie_in_yukon_and_the_northwest_territories(data):
    (sheet,) = read_workbook(data / "fireresp_canada" / "Modeling data Canada North.xlsx")
    found = [read_position(row[2]) for row in sheet.cells[1:]]
    assert len(found) == 36
    assert all(65 < place.latitude < 69 and -139 < place.longitude < -132 for place in found)
    # The same place in the paper: 65 degrees 55.398 minutes.
    assert found[0].latitude == pytest.approx(65 + 55.398 / 60)


@pytest.mark.data
def test_coordinates_of_a_real_compilation_are_read_or_refused_with_reason(data):
    (sheet,) = read_workbook(data / "q10_field_lab" / "CO2_data.csv")
    column = sheet.cells[0].index("Latitude")
    found = {row[column]: read_angle(row[column], "latitude") for row in sheet.cells[1:] if row[column]}
    refused = {cell for cell, angle in found.items() if angle.problem}
    assert refused == {"35_97'N", "32_20'S/34_14'S"}
    ranges = [read_range(row[sheet.cells[0].index("Temp_range")]) for row in sheet.cells[1:]]
    assert not [found for found in ranges if found.problem]
