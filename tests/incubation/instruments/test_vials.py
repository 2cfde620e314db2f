"""Vials of a chromatograph joined to the jars they were filled from."""

import pandas as pd
import pytest

from instrument_files import peaks, picarro
from talik import read_readings, vial_readings
from talik.errors import InputError, TableError
from talik.tables import check

VIALS = pd.DataFrame(
    {
        "sample": [f"vial {i}" for i in range(1, 7)],
        "jar": list("aabbcc"),
        "time": ["2024-05-31T06:00Z", "2024-06-01T06:00Z"] * 3,
    }
)
STARTS = dict.fromkeys("abc", "2024-05-30T14:00+08:00")


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "run.csv"
    path.write_bytes(peaks(scatter=0.01))
    return read_readings(path)


def test_each_injection_is_a_reading_of_its_jar_with_its_error_and_its_run(run):
    readings = vial_readings(run, VIALS, STARTS)
    assert readings["jar"].tolist() == list("aabbcc")
    assert readings["time"].tolist() == [1, 2] * 3
    assert readings["sd"].tolist() == run.table["co2_sd"].tolist()
    assert set(readings["batch"]) == {"run.csv"}
    assert len(check("readings", readings)) == 6


def test_vials_that_do_not_fit_are_named_together(run):
    spoilt = VIALS.drop(index=5).replace({"2024-06-01T06:00Z": "yesterday"})
    with pytest.raises(TableError, match="vial 6 of the recording") as error:
        vial_readings(run, pd.concat([spoilt, spoilt.head(1)]), {"a": "2024-05-30", "b": "2024-05-30"})
    assert error.value.offenders == (
        "vial 6 of the recording is not in the table of vials",
        "vial 1 stands twice",
        "vial 2 has no time that can be read",
        "vial 4 has no time that can be read",
        "jar c has no day 0",
    )


def test_a_recording_of_ports_has_no_vials(tmp_path):
    path = tmp_path / "a.dat"
    path.write_bytes(picarro())
    with pytest.raises(InputError, match="names no samples"):
        vial_readings(read_readings(path), VIALS, STARTS)
