from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from talik.flux import release
from talik.flux.figures import plot_cabinet_log, plot_closing, plot_jar
from talik.tables import empty, typed

MINUTE = 1 / 1440


@dataclass
class Straight:
    """A fit as drawn: a line from the moment of closing."""

    model: str = "linear"
    rate: float = 288.0
    lower: float = 270.0
    upper: float = 306.0
    start: float = 5 * MINUTE
    end: float = 20 * MINUTE
    at_closing: float = 42.0

    def predict(self, time):
        return self.at_closing + self.rate * np.asarray(time)


def closing(**columns):
    read = {"jar": "7", "time": 3.0 + np.arange(0, 31, 5) * MINUTE, "event": "read", "gas": "co2", "closing": "7-1"}
    return typed("readings", pd.DataFrame(read | {"mole_fraction": 420 + 20.0 * np.arange(7), "sd": 2.0} | columns))


def labels(ax):
    return ax.get_legend_handles_labels()[1]


@pytest.mark.parametrize(("last", "unit"), [(30 * MINUTE, "min"), (0.5, "h"), (14.0, "d")])
def test_time_of_a_closing_is_in_the_unit_of_its_length(last, unit):
    ax = plot_closing(closing(time=3.0 + np.linspace(0, last, 7)), Figure().subplots())
    assert ax.get_xlabel() == f"Time since closing [{unit}]"
    assert ax.get_ylabel() == "CO₂ in dry air [ppm]"
    assert ax.get_title(loc="left") == "jar 7, closing 7-1, day 3"


def test_fit_is_drawn_over_the_readings_with_its_rate_interval_and_window():
    ax = plot_closing(closing(), Figure().subplots(), fit=Straight(), carbon_per_ppm=0.1, detection_limit=50.0)
    told = labels(ax)
    assert "linear: 288 (270 to 306) µg C d⁻¹" in told
    assert "detection limit: 50 µg C d⁻¹" in told
    assert {"read", "outside the window", "window of the fit"} <= set(told)
    curve = next(line for line in ax.lines if line.get_label().startswith("linear"))
    minutes, ppm = curve.get_xdata(), curve.get_ydata()
    np.testing.assert_allclose(ppm, 420 + 2880 * minutes / 1440)
    assert (minutes.min() >= 5) & (minutes.max() <= 20)


def test_methane_is_named():
    assert plot_closing(closing(gas="ch4"), Figure().subplots()).get_ylabel() == "CH₄ in dry air [ppm]"


def test_gas_of_a_flush_is_where_the_rise_begins():
    rows = typed(
        "readings",
        pd.DataFrame({"jar": "3", "time": [14.0, 16.0], "event": ["flush", "read"], "mole_fraction": [0, 4800]}),
    )
    ax = plot_closing(rows, Figure().subplots())
    assert labels(ax) == ["flush", "gas of the flush", "read"]
    assert ax.get_ylim()[0] < 0 < 4800 < ax.get_ylim()[1]


def rates(**columns):
    rows = {
        "jar": "7",
        "time": [1.0, 5, 20],
        "temperature": 15.0,
        "gas": "co2",
        "respiration": [9.0, 6, 3],
        "sd": 1.0,
        "n": 4.0,
    }
    return typed("respiration", pd.DataFrame(rows | columns))


def test_life_of_a_jar_has_events_rates_with_interval_and_release_on_one_axis_of_time():
    figure = Figure()
    events = pd.concat([closing(), closing(event="flush").head(1)])
    ax = plot_jar(events, rates(), release(rates()), figure.subplots())
    middle, strip, below = figure.axes
    assert ax is middle
    assert [tick.get_text() for tick in strip.get_yticklabels()] == ["read", "flush"]
    assert [text.get_text() for text in middle.texts + below.texts] == [
        "Respiration [µg C g⁻¹ soil d⁻¹]", "Release [µg C g⁻¹ soil]"]  # fmt: skip
    assert strip.get_title(loc="left") == "jar 7, 15 °C"
    figure.draw_without_rendering()
    assert middle.get_xlim() == below.get_xlim() == strip.get_xlim()
    bars = middle.collections[-1].get_segments()
    np.testing.assert_allclose([bar[1][1] - bar[0][1] for bar in bars], 2 * 1.96 / 2)


def test_interval_of_a_rate_is_its_own_where_it_has_one():
    figure = Figure()
    plot_jar(empty("readings"), rates(lower=[8.0, 5, 1], upper=[11.0, 9, 7]), empty("release"), figure.subplots())
    bars = figure.axes[0].collections[-1].get_segments()
    np.testing.assert_allclose([(bar[0][1], bar[1][1]) for bar in bars], [(8, 11), (5, 9), (1, 7)])


@pytest.mark.parametrize("kept", range(3))
def test_a_jar_of_which_little_is_known_is_drawn_too(kept):
    whole = [closing(), rates(), release(rates())]
    parts = [part if i == kept else part.iloc[:0] for i, part in enumerate(whole)]
    figure = Figure()
    plot_jar(*parts, figure.subplots())
    figure.draw_without_rendering()
    plot_jar(*(part.iloc[:0] for part in whole), Figure().subplots())


def test_log_leaves_gaps_open_and_marks_what_is_too_far():
    time = np.concatenate([np.arange(0, 10, 0.1), np.arange(20, 30, 0.1)])
    log = pd.DataFrame({"cabinet": "A", "time": time, "temperature": np.where(time > 25, 9.0, 5.0)})
    jars = typed("jars", pd.DataFrame({"jar": ["a"], "sample": "s", "cabinet": "A", "temperature": 5.0}))
    ax = plot_cabinet_log(typed("cabinets", log), jars, Figure().subplots())
    assert np.isnan(ax.lines[0].get_ydata()).sum() == 1
    assert labels(ax) == ["cabinet A", "over 2 °C off", "nominal"]
    marked = next(line for line in ax.lines if line.get_label().startswith("over"))
    assert (marked.get_xdata() > 25).all()
    assert plot_cabinet_log(empty("cabinets"), jars, Figure().subplots()).get_ylabel() == "Temperature [°C]"
