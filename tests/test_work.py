import os
import subprocess
import sys
import tracemalloc

import pytest

from talik.errors import MissingExtraError, SettingsError, TableError, WorkerError
from talik.work import IN_FLIGHT, THREADS, each


def square(number):
    return number * number


def threads(_):
    return {name: os.environ.get(name) for name in THREADS}


def refuse_seven(number):
    if number == 7:
        raise TableError("seven is refused", ["7"])
    return number


def end_the_process(_):
    os._exit(1)


@pytest.fixture(scope="module")
def scheduler():
    """A Dask cluster in this process."""
    from dask.distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(params=["here", "processes", "dask"])
def team(request):
    if request.param == "dask":
        return {"scheduler": request.getfixturevalue("scheduler")}
    return {"workers": 1 if request.param == "here" else 2}


def test_results_come_in_the_order_of_the_parts(team):
    assert list(each(square, range(20), **team)) == [number**2 for number in range(20)]


def test_no_parts_give_no_results(team):
    assert list(each(square, [], **team)) == []


def test_an_error_of_a_part_comes_out_as_itself_in_its_turn(team):
    results = each(refuse_seven, range(20), **team)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(TableError, match="seven is refused") as caught:
        next(results)
    assert caught.value.offenders == ("7",)


def test_parts_are_drawn_as_results_are_taken(team):
    drawn = []
    results = each(square, (drawn.append(i) or i for i in range(1000)), **team)
    assert drawn == []
    for taken in range(1, 6):
        next(results)
        assert len(drawn) <= taken + 2 * IN_FLIGHT - 1


def test_memory_does_not_grow_with_the_number_of_parts():
    def peak(parts):
        tracemalloc.start()
        for _ in each(len, (bytes(200_000) for _ in range(parts)), workers=2):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(200) < 1.3 * peak(20) < 200 * 200_000 / 4


def test_workers_have_one_thread_each_and_this_process_keeps_its_own():
    before = dict(os.environ)
    assert list(each(threads, [0], workers=2)) == [dict.fromkeys(THREADS, "1")]
    assert dict(os.environ) == before


def test_a_worker_that_is_lost_is_told():
    with pytest.raises(WorkerError, match="one of 2 workers was stopped"):
        list(each(end_the_process, [0], workers=2))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"workers": 0}, "0 workers cannot work"),
        ({"workers": 2, "scheduler": "tcp://10.0.0.1:8786"}, "name one"),
        ({"scheduler": "cluster"}, "is not the address of a Dask scheduler"),
    ],
)
def test_what_cannot_be_had_is_refused_at_once(asked, words):
    with pytest.raises(SettingsError, match=words):
        each(square, [], **asked)


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr("talik.work.PATIENCE", 0.3)
    with pytest.raises(WorkerError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        list(each(square, [1], scheduler="tcp://127.0.0.1:9"))


def test_a_scheduler_without_dask_names_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr("talik.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "talik\[cluster\]"'):
        each(square, [], scheduler="tcp://10.0.0.1:8786")


def test_dask_is_not_loaded_where_it_is_not_needed():
    code = "import sys; from talik.work import each; list(each(abs, [1])); print('dask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
