"""Release: respiration added up over time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from talik.errors import TableError
from talik.flux import release, release_covariance, trapezoid_weights
from talik.flux.release import overlapping
from talik.tables import typed

TIMES = st.lists(st.floats(0.1, 500), min_size=2, max_size=12, unique=True).map(sorted)


def rates(time, values, **columns):
    return typed(
        "respiration", pd.DataFrame({"jar": "a", "time": time, "respiration": values, "temperature": 5.0, **columns})
    )


@given(time=TIMES, rate=st.floats(0.01, 100))
def test_a_constant_rate_releases_rate_times_time(time, rate):
    found = release(rates(time, rate))
    assert_allclose(found["release"], rate * np.array(time), rtol=1e-9)


@given(time=TIMES, values=st.data())
def test_carbon_is_conserved_between_release_and_intervals(time, values):
    """Steps of a cumulative curve, turned into mean rates, add up to the curve again."""
    from talik.incubation.lab_tables import respiration_of

    curve = np.cumsum(values.draw(st.lists(st.floats(0, 50), min_size=len(time), max_size=len(time))))
    given_curve = typed("release", pd.DataFrame({"jar": "a", "time": time, "release": curve, "temperature": 5.0}))
    back = release(respiration_of(given_curve))
    assert_allclose(back["release"], curve, rtol=1e-9, atol=1e-9)
    assert_allclose(back["time"], time)


def test_the_first_rate_is_held_back_to_day_zero():
    found = release(rates([2.0, 4.0], [3.0, 1.0]))
    assert list(found["release"]) == [6.0, 10.0]
    assert found["filled"].iloc[0] == "first rate held back to day 0"


def test_errors_of_replicates_add_up_in_full():
    found = release(rates([1.0, 3.0], [4.0, 2.0], sd=[0.4, 0.2], n=[4, 4]))
    # Weights of the release on day 3 are 1 + 1 and 1; the standard error of each mean is sd / 2.
    assert_allclose(found["sd"].iloc[1], 2 * 0.2 + 1 * 0.1)


def test_the_error_of_a_release_is_that_of_jars_that_differ_throughout():
    """Simulated: four jars whose level differs by 20 %, read 50 times."""
    rng = np.random.default_rng(7)
    time = np.linspace(1, 100, 50)
    levels = np.exp(0.2 * rng.standard_normal((2000, 4)))
    jars = levels[:, :, None] * np.exp(-0.01 * time)
    own = np.trapezoid(jars, time, axis=2) + jars[:, :, 0] * time[0]
    told = [
        release(rates(time, one.mean(axis=0), sd=one.std(axis=0, ddof=1), n=4.0))["sd"].iloc[-1] for one in jars[:40]
    ]
    assert_allclose(np.mean(told), own.std(axis=1, ddof=1)[:40].mean() / 2, rtol=1e-6)


def test_errors_of_a_cumulative_curve_are_given_back():
    from talik.incubation.lab_tables import respiration_of

    curve = pd.DataFrame({"jar": "a", "time": [2.0, 5.0], "release": [6.0, 12.0], "temperature": 5.0, "sd": [0.5, 0.9]})
    assert_allclose(release(respiration_of(typed("release", curve)))["sd"], [0.5, 0.9])


def test_a_gap_between_intervals_is_bridged_and_told():
    rows = rates([0.5, 3.5], [4.0, 2.0], time_start=[0.0, 3.0], time_end=[1.0, 4.0])
    found = release(rows)
    assert list(found["release"]) == [4.0, 10.0, 12.0]
    assert "gap" in found["filled"].iloc[1]


@given(time=TIMES, order=st.randoms())
def test_the_order_of_rows_changes_nothing(time, order):
    rows = rates(time, np.linspace(5, 1, len(time)))
    shuffled = list(range(len(rows)))
    order.shuffle(shuffled)
    assert_allclose(release(rows.iloc[shuffled])["release"], release(rows)["release"], rtol=0)


def test_weights_of_a_trapezoid_sum_to_the_time():
    assert_allclose(trapezoid_weights([1.0, 2.0, 10.0]).sum(axis=1), [1.0, 2.0, 10.0])


def overlapping_jars():
    """Jar a is counted twice, jar b ends before it starts, jars c and d are sound but for the rounding of their days."""
    starts = {"a": [0.0, 0.0, 3.0], "b": [0.0, 2.0], "c": [0.0, 1.04, 3.0], "d": [0.0, 5.0]}
    ends = {"a": [1.0, 3.0, 4.0], "b": [2.0, 1.0], "c": [1.0417, 3.0, 4.0], "d": [1.0, 6.0]}
    rows = [
        {"jar": jar, "time_start": start, "time_end": end, "time": (start + end) / 2}
        for jar in starts
        for start, end in zip(starts[jar], ends[jar], strict=True)
    ]
    return pd.DataFrame(rows).assign(temperature=5.0, respiration=2.0, gas="co2")


def test_intervals_that_overlap_or_are_reversed_are_found_and_rounding_is_not():
    rows = overlapping_jars()
    found = overlapping(rows)
    assert list(zip(found["jar"], found["time"], strict=True)) == [("a", 1.5), ("b", 1.5)]
    assert list(overlapping(rows.iloc[::-1]).index) == [4, 1]


def test_intervals_of_two_gases_or_jars_are_no_overlap():
    one = pd.DataFrame({"jar": "a", "time_start": [0.0, 1.0], "time_end": [1.0, 2.0], "time": [0.5, 1.5]})
    both = pd.concat([one.assign(gas="co2"), one.assign(gas="ch4"), one.assign(gas="co2", jar="b")])
    assert overlapping(both).empty


def test_an_interval_inside_one_long_before_it_is_found():
    rows = pd.DataFrame({"jar": "a", "time_start": [0.0, 1.0, 6.0], "time_end": [10.0, 2.0, 7.0]})
    assert list(overlapping(rows.assign(time=rows["time_end"])).index) == [1, 2]


@pytest.mark.data
def test_no_interval_of_sidb_overlaps_another(sidb):
    assert overlapping(sidb.respiration).empty


def test_intervals_that_overlap_or_are_reversed_are_refused_by_jar_and_time():
    for refused in (release, lambda rows: release_covariance(rows[rows["jar"] == "b"])):
        with pytest.raises(TableError, match="jar b at 1.5 d: its interval, 2 to 1 d, ends before it starts"):
            refused(overlapping_jars())
    with pytest.raises(TableError, match="jar a at 1.5 d: its interval, 0 to 3 d, starts before") as raised:
        release(overlapping_jars())
    assert raised.value.offenders == ("jar a at 1.5 d", "jar b at 1.5 d")


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [("time", -9.0, "before the start"), ("time", np.inf, "missing or infinite"), ("respiration", np.inf, "infinite")],
)
def test_times_before_the_start_and_infinite_rates_are_refused_with_their_jar(column, value, why):
    rows = rates([1.0, 3.0, 7.0], [4.0, 2.0, 1.0])
    rows.loc[1, column] = value
    with pytest.raises(TableError, match=f"jar a at .* d: .*{why}"):
        release(rows)


GAPPY = [
    rates([1.0, 3.0, 7.0, 9.0], [4.0, 2.0, 1.0, 1.0], sd=0.1, n=3.0),
    rates([0.5, 2.0, 5.0, 8.0], [4.0, 2.0, 1.0, 1.0], time_start=[0.0, 1.0, 3.0, 7.0], time_end=[1.0, 3.0, 7.0, 9.0]),
]


@pytest.mark.parametrize("rows", GAPPY)
@pytest.mark.parametrize("missing", [0, 2, 3])
@pytest.mark.parametrize("gaps", ["mean", "hold", "none"])
def test_a_row_without_a_rate_is_as_one_that_is_not_there(rows, missing, gaps):
    bare = rows.assign(respiration=rows["respiration"].where(rows.index != missing))
    found = release(bare, gaps=gaps)
    assert_frame_equal(found, release(rows.drop(index=missing), gaps=gaps))
    before = rows["time_end"].fillna(rows["time"])[:missing]
    assert list(found["release"][:missing]) == list(release(rows)["release"][:missing])
    assert list(found["time"][:missing]) == list(before)
    assert_frame_equal(release_covariance(bare, gaps=gaps), release_covariance(rows.drop(index=missing), gaps=gaps))


def test_each_basis_is_added_up_over_the_rows_that_have_it():
    rows = rates([1.0, 3.0, 7.0], [4.0, 2.0, 1.0], specific_respiration=[8.0, np.nan, 2.0])
    found = release(rows)
    assert list(found["release"]) == list(release(rates([1.0, 3.0, 7.0], [4.0, 2.0, 1.0]))["release"])
    assert list(found["specific_release"].dropna()) == [8.0, 8.0 + 6 * 5.0]


def test_a_standard_deviation_of_zero_tells_no_error_of_the_release():
    known = rates([1.0, 3.0], [4.0, 2.0], sd=[0.4, 0.0], n=4.0)
    assert release(known)["sd"].isna().all()
    assert_allclose(release(rates([1.0, 3.0], [4.0, 2.0], sd=0.4, n=np.inf))["sd"], [0.4, 1.2])
    nothing_yet = rates([1.0, 3.0], [0.0, 2.0], sd=[0.0, 0.4], n=4.0)
    assert_allclose(release(nothing_yet)["sd"], [0.0, 0.2])
