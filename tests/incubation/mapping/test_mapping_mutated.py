"""Mappings and files with parts taken out, swapped or put in at random: tables or a sentence, never a traceback.

``make fuzz`` runs more of them than the suite does.
"""

import os
import random
import sys
import time
import tomllib

import pytest

from talik.errors import TalikError
from talik.incubation.mapping import mapped_tables, mapping_of, read_mapped

RUNS = int(os.environ.get("TALIK_FUZZ", "500"))
SLOWEST = 20.0
"""No single one may take longer, on a machine that does other things besides. [s]"""

MAPPING = r"""
timezone = "America/Anchorage"
missing = ["n.a."]
decimal = "."
[study]
study = "mine"
title = "Made up"
[[read]]
file = "rates.csv"
header = 2
where = { gas = ["CO2"] }
unused = ["note*"]
split = { core = '(?P<area>[A-Z]+)(?P<plot>\d+)' }
wide.columns = '(?P<temperature>\d+) C (?P<value>mean|sd)'
[read.sites]
site = "{area}"
latitude = { column = "where", part = "latitude" }
longitude = { column = "where", part = "longitude" }
[read.samples]
sample = "{core}"
site = "{area}"
depth_top = { column = "depth", part = "low", unit = "cm" }
depth_bottom = { column = "depth", part = "high", unit = "cm" }
[read.jars]
jar = "{core} {temperature}"
sample = "{core}"
start = { column = "start", date = "%d.%m.%Y" }
oxygen = { column = "air", map = { yes = "aerobic", "*" = "anaerobic" }, default = "aerobic" }
dry_mass = { column = "mass", times = 2, plus = -1, unit = "g" }
[read.respiration]
jar = "{core} {temperature}"
time = { column = "day", date = "day-month", since = "{start}" }
temperature = { column = "temperature", unit = "degC" }
respiration = { column = "mean", unit = "ug CO2 g-1 soil h-1" }
sd = "{sd}"
[[read]]
file = "soils.*"
joins = ["jars", "sites", "properties"]
[read.jars]
sample = "{Soil}"
organic_carbon = { column = "C", unit = "{unit}" }
[read.sites]
site = { column = "Soil", pattern = '([A-Z]+)\d+' }
mean_annual_temperature = { column = "MAT", part = "middle" }
[read.properties]
subject = "sample"
id = "{Soil}"
[read.properties.columns]
pH = { property = "pH", group = "environment", sd = "sd", n = 3 }
"""
FILES = {
    "rates.csv": "Rates of 2019,,,,,,,,,,,\n"
    "core,where,depth,start,day,gas,air,mass,5 C mean,5 C sd,15 C mean,15 C sd\n"
    "AB1,N65°55'398 W137°25'746,0 to 5,01.08.2019,03/08/2019,CO2,yes,10,1.5,0.1,3.1,0.2\n"
    "AB1,N65°55'398 W137°25'746,0 to 5,01.08.2019,13/08/2019,CO2,yes,10,1.2,0.1,2.2,0.2\n"
    "B2,\"65.9, -137.4\",5-10,01.08.2019,13/08/2019,CO2,no,12,0.2,0.1,n.a.,\n"
    "B2,\"65.9, -137.4\",5-10,01.08.2019,13/08/2019,CH4,no,12,0.2,0.1,n.a.,\n* footnote,,,,,,,,,,,\n",
    "soils.csv": "Soil;C;unit;MAT;pH;sd\nAB1;2.5;percent;-5_-3;4.5;0.1\nB2;250;mg g-1;;<LOD;\n",
}  # fmt: skip
WORDS = [
    "", "0", "-1", "1e999", "unknown", "{core}", "{nowhere}", "{", "}", "[]", "{}", "true", "'x'", '"', "nan", "first",
    "(?P<a>.*)", "(a+)+$", "(?P<value>.*?.*?.*?.*?x)", "*", "**/*", "../*", "/etc/passwd", "A:ZZZ", "percent", "K", "%d%d",
    "%Y", "low", "2019-08-01", "９９", "\x00", "=1+1", "#DIV/0!", "1,234", "N99 99'999", "35_97'N", "9" * 400, "å" * 50, "é\u0301",
]  # fmt: skip
NUMBERS = ["0", "1", "-3", "99", "[1, 2]", "[2, 1]", "1e308", "nan", "1000000000000", '"two"']


def changed_mapping(rng):
    """The mapping with up to three of its lines taken out, doubled, moved, or their values changed."""
    lines = MAPPING.strip().splitlines()
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(lines))
        what = rng.random()
        if what < 0.2:
            lines.pop(at)
        elif what < 0.3:
            lines.insert(rng.randrange(len(lines)), lines[at])
        elif what < 0.7 and '"' in lines[at]:
            parts = lines[at].split('"')
            parts[rng.randrange(1, len(parts), 2)] = rng.choice(WORDS).replace('"', "").replace("\\", "")
            lines[at] = '"'.join(parts)
        elif "=" in lines[at]:
            lines[at] = f"{lines[at].split('=')[0]}= {rng.choice([*NUMBERS, *(repr(w) for w in WORDS)])}"
    return "\n".join(lines)


def changed_file(text, rng):
    """A file with up to five of its cells changed, or a line of it gone."""
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(rng.randint(0, 5)):
        row = rng.randrange(len(rows))
        rows[row][rng.randrange(len(rows[row]))] = rng.choice([*WORDS, *NUMBERS])
    if rng.random() < 0.1 and len(rows) > 1:
        rows.pop(rng.randrange(len(rows)))
    return "\n".join(",".join(row) for row in rows) + "\n"


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_mapping_that_is_changed_gives_an_answer(folder):
    measured = read_mapped(mapping_of(MAPPING, "m.toml"), folder)
    assert len(measured.respiration) == 5
    assert list(measured.respiration["time"].unique()) == [2.0, 12.0]
    assert measured.jars["organic_carbon"].tolist() == [25.0, 25.0, 250.0, 250.0]


def most_memory():
    """The most that this process has held, 0 where the system does not tell. [kB]"""
    if sys.platform != "linux":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_mutated_mappings_and_files_give_tables_or_a_sentence(folder):
    answers, before = 0, most_memory()
    for seed in range(RUNS):
        rng = random.Random(seed)
        for name, text in FILES.items():
            made = changed_file(text, rng) if rng.random() < 0.5 else text
            (folder / name).write_bytes(made.encode(rng.choice(["utf-8", "utf-8", "gb18030", "utf-16"]), "replace"))
        start = time.monotonic()
        try:
            found = mapped_tables(mapping_of(changed_mapping(rng), "m.toml"), folder)
        except TalikError:
            continue
        finally:
            assert time.monotonic() - start < SLOWEST, seed
        answers += 1
        assert not found.problems["rule"].isna().any(), seed
    assert answers > RUNS / 20
    # Other tests of the same process may have taken more before.
    assert most_memory() - before < 8e5


def test_mutated_mappings_are_mostly_toml():
    """Mutations that no parser lets through would test the parser alone."""
    fine = 0
    for seed in range(200):
        try:
            tomllib.loads(changed_mapping(random.Random(seed)))
        except tomllib.TOMLDecodeError:
            continue
        fine += 1
    assert fine > 100
