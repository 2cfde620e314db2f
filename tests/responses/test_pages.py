"""Responses as they are drawn and documented: no curve outside its range, no table or example that is not so."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from talik.errors import ResponseError
from talik.responses import RESPONSES, with_frozen_q10
from talik.responses.figures import COMPARED, lay_out_responses, plot_responses, plot_ten_degree_q10

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "explanation" / "responses.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def writers():
    """The module that writes the generated pages."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def curves(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_no_curve_leaves_the_range_of_its_form(response):
    low, high = response.valid_range
    rate, q10 = (curves(plot(Figure().subplots(), [response])) for plot in (plot_responses, plot_ten_degree_q10))
    for curve, warmest in ((rate[response.name], high), (q10[response.name], high - 10)):
        at = curve.get_xdata()
        assert at[0] == max(low, -15)
        assert at[-1] == min(warmest, 40 if warmest == high else 30)
        assert np.isfinite(curve.get_ydata()).any()


def test_curves_are_one_at_the_temperature_that_is_asked_for_and_hold_the_q10_of_the_form():
    frozen = with_frozen_q10(RESPONSES["van-t-hoff"])
    rate, q10 = (curves(ax) for ax in lay_out_responses(Figure(), [frozen], reference=5.0).axes)
    at, rates = rate[frozen.name].get_data()
    assert rates[at == 5.0] == pytest.approx(1.0)
    assert rates[at == 0.0] / rates[at == -10.0] == pytest.approx(50.0)
    at, steepness = q10[frozen.name].get_data()
    assert steepness[at == 5.0] == pytest.approx(2.0)


def test_forms_are_told_apart_by_colour():
    drawn = curves(plot_responses(Figure().subplots()))
    assert list(drawn) == [response.name for response in COMPARED]
    assert len({line.get_color() for line in drawn.values()}) == len(COMPARED)


def test_forms_are_drawn_by_name_and_names_that_are_no_form_are_refused():
    for plot in (plot_responses, plot_ten_degree_q10):
        assert list(curves(plot(Figure().subplots(), "arrhenius"))) == ["arrhenius"]
        assert list(curves(plot(Figure().subplots(), ["mmrt", RESPONSES["rothc"]]))) == ["mmrt", "rothc"]
        with pytest.raises(ResponseError, match="there is no form 'arhenius'"):
            plot(Figure().subplots(), ["arhenius"])


def test_every_form_is_in_the_reference_with_its_equation_range_and_source(writers):
    page = writers.responses_page()
    for response in RESPONSES.values():
        section = page.partition(f"\n## {response.name}\n")[2].partition("\n## ")[0]
        assert ":math:`" in section or ".. math::" in section
        assert "Valid from {:g} to {:g} °C".format(*response.valid_range) in section
        assert response.reference in section
        for parameter in response.parameters:
            assert f"| `{parameter.name}` | " in section
            assert parameter.meaning in section


def test_every_form_is_named_on_its_page():
    assert not [name for name in RESPONSES if f"`{name}`" not in PAGE and not name.startswith("orchidee-")]


def test_the_table_of_ten_degree_q10_is_that_of_the_equations_and_blank_outside_their_ranges(writers):
    rows = [line.strip("| ").split(" | ")[1:] for line in writers.ten_degree_q10().splitlines()]
    # f(T + 10) / f(T) as in test_forms.py; blank below 0 °C for thawed forms, and above 25 °C for Ratkowsky.
    assert rows == [
        ["-5 to 5", "0 to 10", "5 to 15", "10 to 20", "15 to 25", "20 to 30", "25 to 35"],
        ["---"] * 7,
        ["–", "2.176", "2.118", "2.064", "2.014", "1.967", "1.924"],
        ["–", "3.210", "3.082", "2.965", "2.858", "2.759", "2.669"],
        ["–", "3.310", "2.694", "2.303", "2.038", "1.849", "1.710"],
        ["–", "5.833", "4.424", "3.356", "2.545", "1.931", "1.464"],
        ["30.277", "7.587", "3.804", "2.561", "1.999", "1.696", "1.513"],
        ["4.175", "3.256", "2.839", "2.288", "1.705", "1.344", "1.178"],
        ["–", "5.062", "3.130", "2.420", "2.059", "–", "–"],
    ]


EXAMPLES = re.findall(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("code", "told"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_of_the_page_give_what_it_says(code, told, capsys):
    exec(compile(code, "responses.md", "exec"), {})
    assert capsys.readouterr().out == told
