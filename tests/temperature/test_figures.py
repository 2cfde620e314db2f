import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from talik.tables import typed
from talik.temperature.figures import (
    by_definition,
    neighbouring_pairs,
    plot_flux_sensitivity,
    plot_q10_against_temperature,
    plot_q10_forest,
    plot_q10_over_place,
    q10_limits,
)


@pytest.fixture
def ax():
    return Figure().subplots()


def estimates(q10, lower, upper, **further):
    rows = {"study": "peat", "set": [f"soil {i}" for i in range(len(q10))], "compared": "rate"}
    return pd.DataFrame(rows | {"q10": q10, "lower": lower, "upper": upper} | further)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def markers(ax):
    return [line.get_marker() for line in ax.lines if line.get_marker() not in ("None", "", None)]


def test_forest_names_its_rows_and_medians(ax):
    plot_q10_forest(estimates([2.0, 3.0, 4.0], [1.5, 2.5, 3.5], [2.5, 3.5, 4.5]), ax)
    assert "peat" in texts(ax)
    assert "3.00 (3)" in texts(ax)


def test_intervals_within_the_axis_have_no_arrow(ax):
    plot_q10_forest(estimates([2.0, 2.5], [1.8, 2.2], [2.3, 2.9]), ax)
    assert markers(ax) == []


def test_huge_intervals_end_in_arrows_at_the_edge(ax):
    plot_q10_forest(estimates([2.0, 2.5], [0.001, 2.2], [900.0, 2.9]), ax)
    assert sorted(markers(ax)) == ["<", ">"]
    high = ax.get_xlim()[1]
    drawn = np.concatenate([path.vertices[:, 0] for one in ax.collections for path in one.get_paths()])
    assert high < 40
    assert drawn.max() <= high


def test_crowded_lanes_leave_intervals_away():
    def intervals(n):
        ax = Figure().subplots()
        plot_q10_forest(estimates(np.full(n, 2.0), np.full(n, 1.5), np.full(n, 2.5)), ax)
        return sum(type(one).__name__ == "LineCollection" for one in ax.collections)

    assert intervals(30) == 1
    assert intervals(31) == 0


def test_missing_intervals_are_not_drawn(ax):
    plot_q10_forest(estimates([2.0], [np.nan], [np.nan]), ax)
    lines = [one for one in ax.collections if type(one).__name__ == "LineCollection"]
    assert [len(one.get_segments()) for one in lines] == [0]


@pytest.mark.parametrize("values", [[], [np.nan], [1e-9, 1e9], [2.0]])
def test_q10_axis_is_finite_and_holds_one(values):
    low, high = q10_limits(values)
    assert 0.2 < low < 1 < high < 40


def pair(low, high, q10, *, window=98.0, temperatures=2, definition="rate-ratio", flag=""):
    return {
        "study": "peat", "set": "peat", "gas": "co2", "definition": definition, "t_low": low, "t_high": high,
        "temperatures": temperatures, "time_start": 0.0, "time_end": window, "q10": q10, "flag": flag,
    }  # fmt: skip


def test_pairs_are_of_neighbours_over_the_longest_window():
    rows = [pair(5, 15, 9.0, window=2.0), pair(5, 15, 2.5), pair(5, 25, 2.2), pair(15, 25, 1.8),
            pair(5, 25, 2.1, temperatures=3, definition="rate-fit")]  # fmt: skip
    pairs = neighbouring_pairs(typed("q10", pd.DataFrame(rows)))
    assert pairs[["middle", "q10"]].to_numpy().tolist() == [[10.0, 2.5], [20.0, 1.8]]


def test_sets_at_two_temperatures_have_no_pairs_to_join():
    assert neighbouring_pairs(typed("q10", pd.DataFrame([pair(5, 15, 2.5)]))).empty


def test_pairs_without_a_signal_are_left_away():
    rows = [pair(5, 15, 2.5), pair(15, 25, 0.2, flag="no signal: it respires almost nothing")]
    assert neighbouring_pairs(typed("q10", pd.DataFrame(rows)))["q10"].tolist() == [2.5]


def test_pairs_beyond_the_axis_are_marked(ax):
    pairs = neighbouring_pairs(typed("q10", pd.DataFrame([pair(5, 15, 99.0), pair(15, 25, 1.8)])))
    plot_q10_against_temperature(pairs, ax, limits=(0.5, 8.0))
    assert "^" in markers(ax)
    assert max(np.max(line.get_ydata()) for line in ax.lines) <= 8.0


def test_southern_sites_lie_at_their_distance_from_the_equator(ax):
    rows = estimates([2.0, 3.0], np.nan, np.nan, latitude=[-77.6, 68.6], permafrost="yes")
    plot_q10_over_place(rows, ax, column="latitude")
    assert ax.collections[0].get_offsets()[:, 0].tolist() == [77.6, 68.6]
    assert "[°]" in ax.get_xlabel()


def test_rows_without_a_place_are_left_away(ax):
    rows = estimates([2.0, 3.0], np.nan, np.nan, mean_annual_temperature=[-5.0, np.nan], permafrost=["yes", "no"])
    plot_q10_over_place(rows, ax, column="mean_annual_temperature")
    assert [len(one.get_offsets()) for one in ax.collections] == [1]


def test_constants_that_are_numbers_are_written_as_equations(ax):
    rows = pd.DataFrame(
        {"definition": "rate", "constant": ["median of Q10", "1.5"], "ratio": [1.1, 1.6], "lower": 0.9, "upper": 2.0}
    )
    plot_flux_sensitivity(rows, ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["median of Q10", "Q10 = 1.5"]


def test_definitions_are_told_apart():
    rows = [pair(5, 15, 2.5), pair(5, 15, 2.0, definition="equal-time")]
    compared = by_definition(typed("q10", pd.DataFrame(rows)))
    assert dict(zip(compared["compared"], compared["q10"], strict=True)) == {"equal-time": 2.0, "rate": 2.5}
