"""Files of instruments as they are and as they get damaged, each told in words."""

import gzip

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from instrument_files import START, licor, peaks, picarro
from talik import read_readings, read_recordings
from talik.errors import InputError
from talik.incubation.instruments import content
from talik.incubation.instruments.clock import seconds


def read(folder, data, name="x.dat", **settings):
    """The recording of a file with this in it."""
    path = folder / name
    path.write_bytes(data)
    return read_readings(path, **settings)


def told(recording, rule):
    return [found for found in recording.problems if found.rule == rule]


# --- Picarro ---------------------------------------------------------------------------------------------------------


def test_a_picarro_table_is_read_in_the_units_of_a_recording(tmp_path):
    made = read(tmp_path, picarro(), "CFADS2283-20150831-171840Z-DataLog_User.dat")
    first = made.table.iloc[0]
    assert (made.instrument, made.serial, made.timezone, made.repeats, len(made)) == (
        "Picarro",
        "CFADS2283",
        "UTC",
        True,
        30,
    )
    assert first["time"] == pd.Timestamp("2015-08-31 17:18:40.949", tz="UTC")
    assert (first["co2"], first["ch4"], first["port"], first["line"]) == (480, 2, 6, 2)
    assert first["water"] == pytest.approx(10 * (0.772 * 2 + 0.019493 * 4))
    assert not made.problems


def test_compressed_and_plain_are_the_same_and_the_name_does_not_matter(tmp_path):
    plain, packed = read(tmp_path, picarro()), read(tmp_path, gzip.compress(picarro()), "whatever.txt")
    pd.testing.assert_frame_equal(plain.table.drop(columns="file"), packed.table.drop(columns="file"))


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
def test_line_ends_do_not_matter(tmp_path, ends):
    made = read(tmp_path, picarro().replace(b"\r\n", ends))
    assert made.table["line"].tolist() == list(range(2, 32))


def test_dry_air_is_computed_from_moist_by_the_broadening_where_the_analyser_reports_water(tmp_path):
    made = read(tmp_path, picarro(without=("CO2_dry", "CH4_dry")))
    assert_allclose(made.table["co2"], 480 + np.arange(30) // 3, rtol=1e-9)
    assert_allclose(made.table["ch4"], 2, rtol=1e-9)
    assert [found.column for found in told(made, "column-absent")] == ["CO2_dry", "CH4_dry"]


def test_by_dilution_alone_dry_air_is_near_and_says_that_it_may_be_low(tmp_path):
    made = read(tmp_path, picarro(without=("CO2_dry", "CH4_dry", "h2o_reported")))
    assert_allclose(made.table["co2"], 480 + np.arange(30) // 3, rtol=0.012)
    assert "up to 1 % low" in told(made, "column-absent")[0].done


def test_moist_air_alone_is_refused(tmp_path):
    with pytest.raises(InputError, match="neither CO2_dry nor H2O"):
        read(tmp_path, picarro(without=("CO2_dry", "h2o_reported", "H2O")))


def test_absent_port_alarm_and_water_are_told_or_left_missing(tmp_path):
    made = read(tmp_path, picarro(without=("MPVPosition", "ALARM_STATUS", "H2O", "h2o_reported")))
    assert {found.column for found in told(made, "column-absent")} == {"MPVPosition", "ALARM_STATUS"}
    assert made.table[["port", "water", "diagnostic"]].isna().all(axis=None)


def test_without_epoch_time_the_zone_has_to_be_stated(tmp_path):
    data = picarro(without=("EPOCH_TIME",))
    with pytest.raises(InputError, match="timezone='UTC'"):
        read(tmp_path, data)
    stated = read(tmp_path, data, timezone="America/Anchorage")
    assert stated.table["time"].iloc[0] == pd.Timestamp("2015-08-31 17:18:40.949", tz="America/Anchorage")
    assert stated.timezone == "America/Anchorage"


def test_a_last_line_cut_within_a_number_is_left_out(tmp_path):
    whole = picarro()
    for cut in (40, 130, 240, 300):
        made = read(tmp_path, whole[: len(whole) - cut])
        assert len(made) == 29
        assert told(made, "file-cut")[0].where == "line 31"


def test_a_line_broken_in_the_middle_and_a_header_that_comes_again_are_left_out(tmp_path):
    lines = picarro().split(b"\r\n")
    lines[10] = lines[10][:200]
    lines.insert(20, lines[0])
    made = read(tmp_path, b"\n".join(lines))
    assert len(made) == 29
    assert told(made, "line-unreadable")[0].where == "line 11"
    assert made.table["line"].tolist() == [n for n in range(2, 33) if n not in (11, 21)]


def test_bytes_of_nothing_at_the_end_are_taken_out(tmp_path):
    made = read(tmp_path, picarro() + b"\x00" * 5000)
    assert len(made) == 30
    assert "5,000 bytes" in told(made, "file-cut")[0].found


def test_damaged_compression_is_read_up_to_the_damage(tmp_path):
    packed = gzip.compress(b"".join([picarro(400)]), compresslevel=1)
    made = read(tmp_path, packed[: len(packed) // 2])
    assert 100 < len(made) < 300
    assert_allclose(made.table["co2"], 480 + np.arange(len(made)) // 3)
    assert "compression is damaged" in told(made, "file-cut")[0].found


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "LARGEST", 2_000_000)
    with pytest.raises(InputError, match="holds more than 2 MB"):
        read(tmp_path, gzip.compress(picarro() + b" " * 20_000_000))


def test_a_clock_set_back_makes_a_new_segment_and_a_clock_set_on_is_told(tmp_path):
    head, *lines = picarro(30).split(b"\r\n")
    later = picarro(10, start=START + 7200).split(b"\r\n")[1:-1]
    made = read(tmp_path, b"\n".join([head, *lines[:20], *later, *lines[20:]]))
    assert made.table["segment"].tolist() == [0] * 30 + [1] * 10
    assert [found.where for found in told(made, "clock-jump")] == ["line 32", "line 22"]
    assert made.table["line"].is_monotonic_increasing


def test_readings_that_stand_twice_are_one_and_two_at_one_time_stay(tmp_path):
    head, *lines = picarro(30).split(b"\r\n")
    other = lines[7].replace(b"4.8200000000E+02", b"4.9900000000E+02")
    assert other != lines[7]
    made = read(tmp_path, b"\n".join([head, *lines[:5], lines[4], *lines[5:8], other, *lines[8:]]))
    assert len(made) == 31
    assert [found.where for found in told(made, "time-order")] == ["line 7", "line 11"]


def test_impossible_mole_fractions_words_and_alarms_are_told_by_line(tmp_path):
    lines = picarro(30).split(b"\r\n")
    lines[4] = lines[4].replace(b"4.8100000000E+02", b"-422.9         ")
    lines[5] = lines[5].replace(b"4.8100000000E+02", b"overflow       ")
    lines[6] = lines[6].replace(b" 0  ", b" 7  ", 1)
    made = read(tmp_path, b"\r\n".join(lines))
    assert made.table["co2"].isna().sum() == 2
    assert told(made, "mole-fraction-impossible")[0].where == "line 5"
    assert told(made, "value-not-a-number")[0].where == "line 6"
    assert told(made, "instrument-alarm")[0].where == "line 7"


def test_files_of_a_folder_follow_one_another_and_others_are_passed_over(tmp_path):
    for i, name in enumerate(("b.dat", "a.dat")):
        (tmp_path / name).write_bytes(picarro(start=START + 100 * i))
    (tmp_path / "notes.txt").write_text("Room was warm.\n")
    made = read_recordings(tmp_path)
    assert made.files == ("b.dat", "a.dat")
    assert made.table["time"].is_monotonic_increasing
    assert told(made, "file-passed-over")[0].entry == "notes.txt"
    assert len(read_recordings(str(tmp_path / "*.dat"))) == 60
    with pytest.raises(InputError, match="notes.txt is not recognised"):
        read_recordings([tmp_path / "a.dat", tmp_path / "notes.txt"])


def test_a_reading_in_two_files_counts_once(tmp_path):
    (tmp_path / "a.dat").write_bytes(picarro(30))
    (tmp_path / "b.dat.gz").write_bytes(gzip.compress(picarro(30)))
    made = read_recordings(tmp_path)
    assert len(made) == 30
    assert "begins before a.dat ends" in told(made, "time-order")[0].found


def test_two_instruments_are_not_mixed(tmp_path):
    (tmp_path / "a.dat").write_bytes(picarro())
    (tmp_path / "b.data").write_bytes(licor())
    with pytest.raises(InputError, match="2 instruments: Picarro, LI-COR LI-7810 TG10-00001"):
        read_recordings(tmp_path)


# --- LI-COR ----------------------------------------------------------------------------------------------------------


def test_a_licor_file_is_read_in_the_units_of_a_recording(tmp_path):
    made = read(tmp_path, licor())
    first = made.table.iloc[0]
    assert (made.instrument, made.serial, made.timezone) == ("LI-COR LI-7810", "TG10-00001", "Europe/Copenhagen")
    assert first["time"] == pd.Timestamp("2022-12-05 07:56:58.5", tz="UTC")
    assert (first["co2"], first["pressure"], first["temperature"], first["diagnostic"]) == (520, 39.7994, 54.9282, 16)
    assert first["ch4"] == pytest.approx(2.0947051)
    assert first["water"] == pytest.approx(5.7556572)
    assert first["line"] == 8
    assert not made.problems


def test_date_and_time_in_the_stated_zone_are_the_same_seconds(tmp_path):
    by_seconds = read(tmp_path, licor(without=("NANOSECONDS",)))
    by_clock = read(tmp_path, licor(without=("SECONDS", "NANOSECONDS")))
    assert by_clock.table["time"].tolist() == by_seconds.table["time"].tolist()
    with pytest.raises(InputError, match="zone of its DATE and TIME is not known"):
        read(tmp_path, licor(without=("SECONDS",), timezone=""))


def test_units_are_those_that_the_file_states(tmp_path):
    made = read(tmp_path, licor(units={"CO2": "µmol/mol", "CH4": "ppm"}))
    assert made.table["ch4"].iloc[0] == pytest.approx(2094.7051)
    with pytest.raises(InputError, match="CO2 is in mg/m3"):
        read(tmp_path, licor(units={"CO2": "mg/m3"}))


def test_a_licor_without_water_or_remark_is_read_and_one_of_nitrous_oxide_is_refused(tmp_path):
    made = read(tmp_path, licor(without=("H2O", "REMARK")))
    assert told(made, "column-absent")[0].column == "H2O"
    with pytest.raises(InputError, match="neither CO2 nor CH4"):
        read(tmp_path, licor(without=("CO2", "CH4")))


def test_hours_that_summer_time_repeats_are_left_out_and_told(tmp_path):
    data = licor(4, without=("SECONDS", "NANOSECONDS")).replace(b"2022-12-05\t08:56:58", b"2022-10-30\t02:30:00")
    made = read(tmp_path, data)
    assert len(made) == 3
    assert told(made, "line-unreadable")[0].where == "line 8"


# --- chromatograph ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_samples_of_a_chromatograph_are_undone_of_response_and_drift(tmp_path, delimiter):
    made = read(tmp_path, peaks(delimiter=delimiter))
    assert made.table["sample"].tolist() == [f"vial {i}" for i in range(1, 7)]
    assert_allclose(made.table["co2"], 800.0 * np.arange(1, 7), rtol=1e-6)
    assert made.table["time"].iloc[0] == pd.Timestamp("2024-05-31 00:25", tz="UTC")
    assert "2 brackets" in told(made, "calibration")[0].found


def test_the_errors_of_a_chromatograph_hold_the_truth(tmp_path):
    held = 0
    for seed in range(100):
        made = read(tmp_path, peaks(scatter=0.02, seed=seed)).table
        assert (made["co2_sd"] > made["co2_sd_shared"]).all()
        # Eight standards less an intercept and two responses; one vial a run, so that the trials are independent.
        held += abs(made["co2"][2] - 2400) <= stats.t.ppf(0.975, 5) * made["co2_sd"][2]
    assert stats.binomtest(int(held), 100, 0.95).pvalue > 0.001


def test_the_unit_of_the_standards_is_that_of_the_header(tmp_path):
    assert_allclose(read(tmp_path, peaks(unit="ppb")).table["co2"], 0.8 * np.arange(1, 7), rtol=1e-6)
    with pytest.raises(InputError, match="is in mg; write its unit"):
        read(tmp_path, peaks(unit="mg"))


def test_injection_times_need_a_zone(tmp_path):
    with pytest.raises(InputError, match="does not state the zone"):
        read(tmp_path, peaks(offset=""))
    made = read(tmp_path, peaks(offset=""), timezone="Asia/Shanghai")
    assert made.table["time"].iloc[0] == pd.Timestamp("2024-05-31 00:25", tz="UTC")


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("2024-05-31 08:00-05:00", "2024-05-31 13:00"),
        ("2024-05-31T08:00:00+0530", "2024-05-31 02:30"),
        ("2024-05-31T08:00:00.5Z", "2024-05-31 08:00:00.5"),
        ("2024/05/31 08:00", "2024-05-31 06:00"),
        ("2024-12-31 08:00", "2024-12-31 07:00"),
        ("2024-10-27 02:30", None),
        ("2024-03-31 02:30", None),
        ("31.05.2024 08:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("08:00", None),
    ],
)
def test_a_time_stamp_is_taken_by_its_offset_and_else_by_the_zone(stamp, utc):
    found = seconds(pd.Series([stamp]), "Europe/Berlin", "x")[0]
    wanted = np.nan if utc is None else pd.Timestamp(utc, tz="UTC").timestamp()
    assert found == wanted or (np.isnan(wanted) and not abs(found) < 4e9)


def test_every_row_of_peaks_that_is_not_understood_is_named(tmp_path):
    data = peaks().replace(b"vial 2,sample", b"vial 2,soil").replace(b"2024-05-31 08:40", b"31.05.2024 08:40")
    with pytest.raises(InputError, match="line 8, type: 'soil'") as error:
        read(tmp_path, data)
    assert len(error.value.offenders) == 2


def test_samples_beyond_the_standards_are_told(tmp_path):
    data = peaks().replace(
        b"vial 6,sample,2024-05-31 08:50+08:00,CO2,3.2,", b"vial 6,sample,2024-05-31 08:50+08:00,CO2,3.2,9"
    )
    assert told(read(tmp_path, data), "outside-standards")[0].where == "line 12"


def test_a_run_without_standards_is_refused(tmp_path):
    with pytest.raises(InputError, match="no standard of it"):
        read(tmp_path, peaks().replace(b",standard,", b",sample,"))


# --- the door --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a,b\n1,2\n", "read through a mapping file"),
        (b"PK\x03\x04" + bytes(range(256)), "is not recognised"),
        (b"", "is empty"),
        (b"\x00" * 100, "is empty"),
        (b"DATE TIME EPOCH_TIME CO2_dry", "no line of it holds a reading"),
        (b"DATE TIME EPOCH_TIME " + b"x" * 200_000, "line of more than"),
        (b"DATAH\tSECONDS\tCO2\n", "no line of data"),
        (b"\x1f\x8b not gzip at all", "is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, data, says):
    with pytest.raises(InputError, match=says):
        read(tmp_path, data)


def test_a_file_that_is_not_there_a_folder_and_an_unknown_zone_are_refused(tmp_path):
    with pytest.raises(InputError, match="is not there"):
        read_readings(tmp_path / "none.dat")
    with pytest.raises(InputError, match="read_recordings reads all files"):
        read_readings(tmp_path)
    with pytest.raises(InputError, match="time zone 'Peking' is not known"):
        read(tmp_path, picarro(), timezone="Peking")
