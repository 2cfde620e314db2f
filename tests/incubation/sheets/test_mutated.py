"""Spoilt workbooks, tables and cells: an answer or a sentence, never a traceback.

``make fuzz`` runs more of them than the suite does.
"""

import io
import os
import random
import zipfile

import openpyxl
import pytest

from talik.errors import TalikError
from talik.incubation.mapping.schema import mapping_of
from talik.incubation.sheets.dates import date_order, read_clock, read_moment
from talik.incubation.sheets.places import read_angle, read_position
from talik.incubation.sheets.propose import propose_mapping
from talik.incubation.sheets.template import read_template, write_template
from talik.incubation.sheets.values import decimal_mark, read_number, read_range
from talik.incubation.sheets.vocabulary import recognise_header

RUNS = int(os.environ.get("TALIK_FUZZ", "500"))
LINES = (
    "Table 1. Respiration,,,,\nsample,depth (cm),day,temperature (°C),respiration (ug C g-1 d-1)\n"
    + "".join(f"S{i % 3},{5 * i} to {5 * i + 5},{i},{5 + i % 2 * 10},{3.5 * i}\n" for i in range(12))
    + "* by GC,,,,\n"
)  # fmt: skip
CELLS = (
    "n.a.", "<LOD", "12,5", "１２．５", "#DIV/0!", "5 ± 0.3", "0-5 cm", "N65 55'398 W137°25'746", "35_97'N", "31-Aug-2015",
    "2015年8月31日 下午5:18", "8/31/15 5:18 PM", "呼吸速率 (mg CO2-C kg-1 d-1)", "T13_µg_CO2_g_h", "Respiration at 7 C (ug CO2 / gC h)",
    "1,234.5", "1.2×10⁻³", "北纬34°43′", "SOC", "{x}", "=1+1", "a\"b'c\\", "[1", "\x00", "\ud7ff", "9" * 400, "(" * 60, "- " * 40, "_" * 90, "1 " * 200,
)  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A sound file of each kind, as bytes."""
    folder = tmp_path_factory.mktemp("sound")
    book = openpyxl.Workbook()
    for line in LINES.splitlines():
        book.active.append(
            [float(cell) if cell.replace(".", "").isdigit() else cell or None for cell in line.split(",")]
        )
    book.active.merge_cells("A1:E1")
    book.save(folder / "a.xlsx")
    template = write_template(folder / "template.xlsx")
    texts = [
        LINES.encode(),
        LINES.replace(",", ";").replace(".", ",").encode("utf-16"),
        LINES.replace("day", "天数").encode("gb18030"),
    ]
    return [(folder / "a.xlsx").read_bytes(), template.read_bytes(), *texts]


def spoilt(content, rng):
    """Bytes cut, doubled, swapped or overwritten at random."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data)) if data else 0
        end = at + rng.randint(1, 40)
        kind = rng.randrange(5)
        if kind == 0:
            data[at:end] = b""
        elif kind == 1:
            data[at:at] = data[at:end]
        elif kind == 2:
            data[at:end] = rng.randbytes(min(end, len(data)) - at)
        elif kind == 3:
            data[at:at] = rng.choice(CELLS).encode("utf-8", "replace")
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)


def spoilt_part(content, rng):
    """A workbook one of whose packed parts is spoilt, so that the damage gets past the archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice([name for name in parts if "sheet" in name or "workbook" in name or "Strings" in name])
    parts[name] = spoilt(parts[name], rng)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return made.getvalue()


def spoilt_cell(rng):
    """A cell made of pieces of others."""
    pieces = [rng.choice(CELLS) for _ in range(rng.randint(1, 3))]
    pieces = [piece[rng.randrange(len(piece)) :][: rng.randint(1, 60)] for piece in pieces]
    return rng.choice(["", " ", "_", "-", ",", "°"]).join(pieces)


def test_spoilt_files_give_an_answer_or_a_sentence(files, tmp_path):
    answers = 0
    for seed in range(RUNS):
        rng = random.Random(seed)
        content = rng.choice(files)
        packed = content.startswith(b"PK") and rng.random() < 0.7
        path = tmp_path / f"spoilt{rng.choice(['.xlsx', '.csv', '.xls', '.txt'])}"
        path.write_bytes(spoilt_part(content, rng) if packed else spoilt(content, rng))
        for read in (lambda file: mapping_of(propose_mapping(file), "proposal.toml"), read_template):
            try:
                read(path)
            except TalikError:
                pass
            else:
                answers += 1
    assert answers > RUNS / 4


def test_spoilt_cells_give_a_value_a_reason_or_a_problem():
    for seed in range(2 * RUNS):
        cell = spoilt_cell(random.Random(seed))
        number, moment = read_number(cell), read_moment(cell)
        assert number.there + bool(number.missing) + bool(number.problem) == 1, (seed, cell)
        assert (moment.value is not None) + bool(moment.missing) + bool(moment.problem) == 1, (seed, cell)
        read_range(cell), read_clock(cell), read_angle(cell, "longitude"), read_position(cell)
        decimal_mark([cell]), date_order([cell])
        assert recognise_header(cell).original == cell
