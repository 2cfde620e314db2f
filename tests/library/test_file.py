"""One writer at a time, a crash leaves the old state, and what is no library is refused in words."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from library.conftest import other
from talik.errors import InputError, TalikError
from talik.library import add_to_library, check_library, list_library, read_library
from talik.library.file import opened

TESTS = str(Path(__file__).parent.parent)


def process(code, *arguments):
    """A process of its own that runs code."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


ADD = "import sys; from talik.library import add_to_library; print(add_to_library(*sys.argv[1:], wait=120).added)"

STOP_IN_THE_MIDDLE = """
import sys, time
from talik.library import add
insert = add._insert_frame
def stop(connection, name, frame, *rest, **more):
    insert(connection, name, frame, *rest, **more)
    if name == "respiration":
        connection.execute("SELECT 1")
        print("in the middle", flush=True)
        time.sleep(600)
add._insert_frame = stop
add.add_to_library(*sys.argv[1:], replace=True)
"""

HOLD = """
import duckdb, sys, time
with duckdb.connect(sys.argv[1]) as connection:
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def test_a_process_killed_in_the_middle_leaves_the_library_as_it_was(library, tmp_path):
    from library.test_add import contents

    before = contents(library)
    other(tmp_path / "First2020", q10=9.0)
    adding = process(STOP_IN_THE_MIDDLE, library, tmp_path / "First2020", other(tmp_path / "Second2021"))
    assert adding.stdout.readline().strip() == "in the middle"
    adding.kill()
    adding.communicate()
    for name, table in contents(library).items():
        assert table.equals(before[name])
    assert check_library(library).empty
    assert add_to_library(library, tmp_path / "Second2021").added == ("Second2021",)


def test_two_who_make_a_library_at_once_are_both_in_it(tmp_path):
    entries = [other(tmp_path / f"Study{i}") for i in range(2)]
    file = tmp_path / "cold.duckdb"
    adding = [process(ADD, file, entry) for entry in entries]
    told = [one.communicate(timeout=200) for one in adding]
    assert [one.returncode for one in adding] == [0, 0], told
    assert list(list_library(file)["study"]) == ["Study0", "Study1"]
    assert check_library(file).empty
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".cold")]


def test_threads_of_one_process_take_turns(tmp_path):
    entries = [other(tmp_path / f"Study{i}") for i in range(3)]
    file = tmp_path / "cold.duckdb"
    failed = []

    def add(entry):
        try:
            add_to_library(file, entry, wait=120)
        except TalikError as error:
            failed.append(error)

    threads = [threading.Thread(target=add, args=(entry,)) for entry in entries]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failed
    assert len(list_library(file)) == 3


def test_a_library_in_use_is_refused_in_words_after_the_wait(library, tmp_path):
    holding = process(HOLD, library, 60)
    holding.stdout.readline()
    said = []
    try:
        for use in (
            lambda: add_to_library(library, other(tmp_path / "Second2021"), wait=0.3, tell=said.append),
            lambda: list_library(library, wait=0.3, tell=said.append),
        ):
            with pytest.raises(InputError, match=rf"in use by another process \({holding.pid}\).*Nothing was changed"):
                use()
    finally:
        holding.kill()
        holding.communicate()
    assert [words.split("; ")[-1] for words in said] == ["waiting for up to 0.3 s"] * 2
    assert list(list_library(library)["study"]) == ["First2020"]


def test_a_library_is_waited_for(library):
    holding = process(HOLD, library, 0.8)
    holding.stdout.readline()
    said = []
    assert list(list_library(library, wait=60, tell=said.append)["study"]) == ["First2020"]
    holding.communicate()
    assert len(said) == 1


def changed(library, *statements):
    with duckdb.connect(str(library)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE library SET schema = 99", "has schema 99 .* Update talik"),
        ("UPDATE library SET schema = 0", "has schema 0 .* Add the studies to a new library"),
        ("DELETE FROM library", "has schema None"),
        ("ALTER TABLE jars DROP COLUMN vessel", "jars.vessel is not there"),
        ("ALTER TABLE jars ADD COLUMN later VARCHAR", "jars.later is not known"),
        ("ALTER TABLE jars ALTER ph TYPE VARCHAR", "jars.ph is VARCHAR, not DOUBLE"),
        ("DROP TABLE q10", "q10.study is not there"),
        ("CREATE VIEW spare AS SELECT 1; DROP TABLE jars; CREATE VIEW jars AS SELECT 1", "jars.study is not there"),
        ("UPDATE dictionary SET unit = 'mg' WHERE column_name = 'respiration'", "respiration.respiration is in 'mg'"),
        ("DROP TABLE library", "not a library of talik. It holds"),
    ],
)
def test_a_library_of_another_talik_is_not_opened(library, statement, words):
    changed(library, statement)
    with pytest.raises(InputError, match=words):
        list_library(library)
    with pytest.raises(InputError, match=words), opened(library, write=True):
        pass


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"study,doi\na,b\n" * 900, "is not a DuckDB file"), (b"x", "is not a DuckDB file")],
)
def test_what_is_no_library_is_refused_and_kept(tmp_path, content, words):
    file = tmp_path / "cold.duckdb"
    file.write_bytes(content)
    for write in (False, True):
        with pytest.raises(InputError, match=words), opened(file, write=write):
            pass
    assert file.read_bytes() == content


def test_a_database_of_something_else_is_refused(tmp_path):
    file = tmp_path / "other.duckdb"
    changed(file, "CREATE TABLE jars (jar VARCHAR)")
    with pytest.raises(InputError, match="not a library of talik. It holds jars"):
        add_to_library(file, other(tmp_path / "First2020"))


def test_paths_that_are_none_are_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        list_library(tmp_path)
    with pytest.raises(InputError, match="is not there"):
        list_library(tmp_path / "no.duckdb")
    with pytest.raises(InputError, match="is not a folder"):
        add_to_library(tmp_path / "no" / "no.duckdb", other(tmp_path / "First2020"))


@settings(max_examples=25)
@given(places=st.lists(st.floats(0, 0.999), min_size=1, max_size=5), byte=st.integers(0, 255), cut=st.floats(0.2, 1.0))
def test_a_damaged_library_is_refused_in_words(shared, tmp_path_factory, places, byte, cut):
    content = bytearray(shared.read_bytes())
    for place in places:
        content[int(place * len(content))] = byte
    if cut < 0.9:
        content = content[: int(cut * len(content))]
    file = tmp_path_factory.mktemp("damaged") / "cold.duckdb"
    file.write_bytes(content)
    try:
        assert len(read_library(file).studies) == 3
    except InputError as error:
        told = str(error)
        assert "damaged" in told or "is not a DuckDB file" in told


def test_foreign_and_broken_rows_are_told(library):
    changed(
        library,
        "CREATE VIEW extra AS SELECT * FROM read_text('/etc/hostname')",
        "INSERT INTO respiration (study, jar, time, temperature) VALUES ('First2020', 'lost jar', 1, 5)",
        "UPDATE sites SET latitude = 123",
        "INSERT INTO jars SELECT * FROM jars LIMIT 1",
        "INSERT INTO properties (study, subject, id, property, value) VALUES ('Nobody', 'site', 'gone', 'pH', 5)",
    )
    found = check_library(library)
    assert set(found["rule"]) == {"library-foreign", "key-unjoined", "row-impossible"}
    told = " ".join(found["found"] + " " + found["column"])
    for words in ("view extra", "lost jar", "123 is impossible", "stands 2 times", "gone", "Nobody"):
        assert words in told


def test_nothing_is_written_by_reading(shared):
    before = shared.stat().st_mtime_ns, shared.read_bytes()
    list_library(shared), check_library(shared), read_library(shared)
    time.sleep(0.01)
    assert (shared.stat().st_mtime_ns, shared.read_bytes()) == before
