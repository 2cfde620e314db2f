"""One soil under all definitions: its rows, what separates them, and how they are drawn."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from soils_with_known_q10 import of, two_pools
from talik import q10, q10_drift
from talik.errors import UnknownNameError
from talik.tables import typed
from talik.temperature.figures import lay_out_one_soil, plot_one_soil, plot_q10_along
from talik.temperature.one_soil import ASSUMPTIONS, along_incubation, most_telling_set, one_soil, what_separates


def estimates(*, temperatures=(5, 15, 25)):
    """Q10 of a soil with a pool that is identified and one that is not."""
    rates, jars = two_pools(2.0, 4.0, temperatures=temperatures)
    pools = pd.DataFrame({"study": "synthetic", "set": "soil", "sample": "soil", "model": "two-pool",
                          "parameter": ["q10_fast", "q10_slow"], "estimate": [2.1, np.nan], "sd": [0.1, np.nan],
                          "lower": [1.9, 0.1], "upper": [2.4, 80.0], "identified": [True, False],
                          "reason": ["", "95 % interval open below"], "basis": "dry soil"})  # fmt: skip
    return q10(rates, jars, pools=typed("pools", pools)), q10_drift(rates, jars)


def test_every_definition_has_a_row_with_what_it_assumes():
    rows = one_soil(estimates()[0], "soil")
    assert rows["label"].tolist() == [
        "rate-fit, first reading", "rate-fit, all readings", "exponential-fit", "arrhenius", "equal-time",
        "equal-carbon", "pool, two-pool, fast", "pool, two-pool, slow",
    ]  # fmt: skip
    assert (rows["assumed"] != "").all()
    assert set(rows["equal"]) <= {one.equal for one in ASSUMPTIONS.values()}


def test_a_set_or_definition_that_the_table_has_not_is_refused_with_those_that_it_has():
    table = estimates(temperatures=(5, 15))[0]
    for ask in (lambda: one_soil(table, "nowhere"), lambda: along_incubation(table, "nowhere", "rate")):
        with pytest.raises(UnknownNameError, match="no Q10 of CO2 of a set 'nowhere'; the table has soil"):
            ask()
    with pytest.raises(UnknownNameError, match="the table has none at all"):
        one_soil(table.assign(gas="ch4"), "soil")
    with pytest.raises(UnknownNameError, match="no definition 'equal carbon' .* there are rate, equal-carbon"):
        along_incubation(table, "soil", "equal carbon")


def test_two_temperatures_leave_the_lines_out():
    rows = one_soil(estimates(temperatures=(5, 15))[0], "soil")
    assert rows["definition"].tolist() == ["rate-ratio", "rate-ratio", "equal-time", "equal-carbon", "pool", "pool"]


def test_what_separates_tells_the_ratio():
    rows = one_soil(estimates()[0], "soil")
    values = rows.set_index("label")["q10"]
    said = next(one for one in what_separates(rows) if one.startswith("equal-carbon"))
    assert f"{values['equal-carbon'] / values['equal-time']:.2f} times equal-time" in said
    assert not [one for one in what_separates(rows) if "slow" in one], "what is not identified is not compared"


def test_parts_along_the_incubation_are_of_the_widest_range():
    table, _ = estimates()
    for definition in ("rate", "equal-carbon"):
        rows = along_incubation(table, "soil", definition)
        assert rows["window"].tolist() == [f"part {i} of 4" for i in (1, 2, 3, 4)]
        assert set(rows["temperatures"]) == {3.0}


def test_the_most_telling_set_has_most_definitions():
    table, _ = estimates()
    poorer = table[table["definition"] == "rate-fit"].assign(set="poorer")
    assert most_telling_set(pd.concat([poorer, table])) == "soil"
    assert most_telling_set(table.iloc[:0]) is None


def test_a_pool_that_is_not_identified_has_an_interval_and_no_point():
    rows = one_soil(estimates()[0], "soil")
    ax = plot_one_soil(rows, Figure().subplots())
    said = [text.get_text() for text in ax.texts]
    assert any(one.startswith("not identified · 5 to 25 °C") for one in said)
    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(points) == rows["q10"].notna().sum() == 7
    assert "Assumed: carbon goes in the same order at every temperature." in said


def test_a_soil_without_any_q10_is_drawn_without_points():
    rows = one_soil(estimates()[0].assign(q10=np.nan), "soil")
    assert not [line for line in plot_one_soil(rows, Figure().subplots()).lines if line.get_marker() == "o"]


def test_the_trend_is_told_and_drawn_at_the_same_carbon():
    table, drift = estimates(temperatures=(5, 15))
    ax = plot_q10_along(along_incubation(table, "soil", "equal-carbon"), Figure().subplots(), trend=drift)
    assert ax.get_title(loc="left") == "Same carbon: rises in these jars"
    (line,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert line.get_xdata().tolist() == [of(drift, "equal-carbon")["quota_start"].item(), 1.0]
    assert ax.get_xlabel() == "Carbon respired [share]"


def test_the_figure_of_one_soil_has_room_for_every_row():
    table, drift = estimates()
    figure = lay_out_one_soil(table, drift, "soil", Figure(layout="constrained"))
    assert len(figure.axes) == 3
    assert figure.get_size_inches()[1] > 0.5 * len(one_soil(table, "soil"))
    figure.canvas.draw()
    alone = lay_out_one_soil(table[table["definition"] == "equal-time"], drift, "soil", Figure(layout="constrained"))
    assert len(alone.axes) == 1
