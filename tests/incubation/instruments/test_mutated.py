"""Spoilt instrument files give a recording or a sentence: no traceback, no hang, no memory without bound.

``make fuzz`` runs each reader on thousands; TALIK_FUZZ says how many.
"""

import gzip
import os
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instrument_files import licor, peaks, picarro
from talik import find_visits, read_readings
from talik.errors import TalikError
from talik.incubation.instruments.recording import COLUMNS
from talik.problems import problems_table

RUNS = max(500, int(os.environ.get("TALIK_FUZZ", "500")))
SLOWEST = 20.0
"""No file of a few lines takes longer, on however slow a machine. [s]"""

WHOLE = {
    "picarro": [picarro(12), picarro(12, without=("EPOCH_TIME", "CO2_dry")), gzip.compress(picarro(12))],
    "licor": [licor(12), licor(12, without=("SECONDS", "NANOSECONDS", "H2O"))],
    "chromatograph": [peaks(scatter=0.01), peaks(scatter=0.01, delimiter=";", offset="")],
}

STRANGE = [
    b"", b"\x00", b"\x00" * 300, b"\n", b"\r", b"\t", b" ", b",", b";", b'"', b"'", b"nan", b"inf", b"-inf", b"1e999", b"-1e308",
    b"1e-400", b"9" * 30, b"-", b"--5", b"0x1F", b"1_000", b"1,5", b"DATAH\t", b"DATA\t", b"DATAU\t", b"DATE TIME", b"Timezone:\tMars\n",
    b"Timezone:\tEurope/Berlin\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xb5", "温度".encode("gb18030"), "時間".encode(), b"standard", b"sample", b"blank",
    b"0000-00-00", b"9999-12-31", b"2024-03-31 02:30", b"+25:00", b"#", b"\x1f\x8b\x08", b"x" * 5000,
]  # fmt: skip

PLACES = st.floats(0, 1, exclude_max=True)
MUTATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), PLACES, st.sampled_from(STRANGE)),
        st.tuples(st.just("over"), PLACES, st.one_of(st.sampled_from(STRANGE), st.binary(min_size=1, max_size=4))),
        st.tuples(st.just("cell"), PLACES, st.sampled_from(STRANGE)),
        st.tuples(st.just("cut"), PLACES, st.integers(1, 400)),
        st.tuples(st.just("end"), PLACES, st.none()),
        st.tuples(st.just("again"), PLACES, st.integers(1, 30)),
        st.tuples(st.just("line away"), PLACES, st.none()),
        st.tuples(st.just("lines swapped"), PLACES, PLACES),
    ),
    min_size=1,
    max_size=5,
)


def mutated(data, mutations):
    """The bytes with each mutation done in turn."""
    for kind, place, what in mutations:
        at = int(place * len(data))
        if kind == "put":
            data = data[:at] + what + data[at:]
        elif kind == "over":
            data = data[:at] + what + data[at + len(what) :]
        elif kind == "cut":
            data = data[:at] + data[at + what :]
        elif kind == "end":
            data = data[:at]
        elif kind == "again":
            data = data[:at] + data[at : at + 200] * what + data[at:]
        else:
            data = b"\n".join(of_lines(data.split(b"\n"), kind, place, what))
    return data


def of_lines(lines, kind, place, what):
    """Lines with one of them, or a cell of it, changed."""
    at = int(place * len(lines))
    if kind == "line away":
        del lines[at]
    elif kind == "lines swapped":
        other = int(what * len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        separator = next((one for one in (b"\t", b";", b",") if one in lines[at]), b"  ")
        cells = lines[at].split(separator)
        cells[int(place * 1e6) % len(cells)] = what
        lines[at] = separator.join(cells)
    return lines


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("spoilt") / "file"


@pytest.mark.parametrize("reader", WHOLE)
@settings(max_examples=RUNS, suppress_health_check=list(HealthCheck))
@given(data=st.data(), timezone=st.sampled_from([None, "Europe/Berlin"]), mutations=MUTATIONS)
def test_a_spoilt_file_gives_a_recording_or_a_sentence(path, reader, data, timezone, mutations):
    path.write_bytes(mutated(data.draw(st.sampled_from(WHOLE[reader])), mutations))
    started = time.process_time()
    try:
        made = read_readings(path, timezone=timezone)
    except TalikError:
        return
    finally:
        assert time.process_time() - started < SLOWEST
    assert list(made.table.columns)[: len(COLUMNS)] == list(COLUMNS)
    values = made.table[["co2", "ch4"]].to_numpy()
    assert len(made)
    assert made.table["time"].notna().all()
    assert not np.isinf(values).any()
    assert not (values > 1e6).any()
    find_visits(made)
    problems_table(made.problems)


def test_the_whole_files_are_read(path):
    for data in [data for files in WHOLE.values() for data in files]:
        path.write_bytes(data)
        assert len(read_readings(path, timezone="Europe/Berlin")) in (12, 6)
