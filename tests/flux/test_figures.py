import pandas as pd
import pytest
from matplotlib.figure import Figure

from talik.flux.figures import (
    plot_release,
    plot_temperature_scale,
    printed_unit,
    release_panels,
    temperature_colours,
)
from talik.quantities import QUANTITIES
from talik.tables import typed


def jars(**columns):
    rows = {"study": "peat", "jar": ["cold", "warm"], "sample": "peat", "basis": "dry soil", "measures": "respiration"}
    return typed("jars", pd.DataFrame(rows | {"temperature": [5.0, 25.0]} | columns))


@pytest.fixture
def released():
    rows = {"study": "peat", "jar": ["cold"] * 2 + ["warm"] * 2, "time": [1.0, 9.0] * 2, "gas": "co2"}
    carbon = {"temperature": [5.0] * 2 + [25.0] * 2, "release": [3.0, 20.0, 9.0, 80.0]}
    return typed("release", pd.DataFrame(rows | carbon | {"specific_release": 0.1}))


def drawn(released, table, basis="dry soil"):
    colours = temperature_colours([5.0, 25.0])
    return plot_release(released, table, Figure().subplots(), study="peat", basis=basis, colours=colours)


def test_a_line_is_a_jar_in_the_colour_of_its_temperature(released):
    ax = drawn(released, jars())
    colours = temperature_colours([5.0, 25.0])
    assert [line.get_color() for line in ax.lines] == [colours.to_rgba(5.0), colours.to_rgba(25.0)]
    assert ax.lines[1].get_ydata().tolist() == [9.0, 80.0]


def test_axes_name_the_unit_of_the_basis(released):
    assert drawn(released, jars()).get_ylabel() == "Carbon released [µg C g⁻¹ soil]"
    per_carbon = drawn(released, jars(basis="soil carbon"), "soil carbon")
    assert per_carbon.get_ylabel() == "Carbon released [mg C g⁻¹ SOC]"
    assert per_carbon.lines[0].get_ydata().tolist() == [0.1, 0.1]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "peat"),
        ({"scale": "impossible"}, "peat\nscale not believed: more than the soil's carbon"),
        ({"measures": "carbon remaining"}, "peat\nmeasured as carbon remaining in the soil"),
    ],
)
def test_title_says_what_to_doubt(released, columns, words):
    assert drawn(released, jars(**columns)).get_title(loc="left") == words


def test_jars_left_out_have_no_panel(released):
    assert release_panels(released, jars()) == [("peat", "dry soil")]
    assert release_panels(released, jars(excluded="isotope")) == []
    assert release_panels(released, jars(measures="other")) == []


def test_study_with_two_bases_has_two_panels(released):
    assert release_panels(released, jars(basis=["dry soil", "soil carbon"])) == [
        ("peat", "dry soil"),
        ("peat", "soil carbon"),
    ]


@pytest.mark.parametrize("temperatures", [[], [15.0], [float("nan")], [-5.0, 30.0]])
def test_temperature_scale_has_a_width(temperatures):
    ax = plot_temperature_scale(Figure().subplots(), temperature_colours(temperatures))
    low, high = ax.get_xlim()
    assert high - low >= 10
    assert ax.get_xlabel() == "Incubation temperature [°C]"


def test_every_unit_can_be_printed():
    printed = [printed_unit(quantity.unit) for quantity in QUANTITIES.values()]
    assert "mg C g⁻¹ SOC d⁻¹" in printed
    assert [unit for unit in printed if "-" in unit or "ug" in unit] == []
