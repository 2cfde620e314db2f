"""What readings show of themselves."""

import numpy as np
import pandas as pd
import pytest

from jars import jars
from talik.flux import check_readings, check_respiration, respiration
from talik.tables import typed


def drawn_through(n=6, closings=8):
    """Jars whose gas steps up when the valve turns and is then diluted, with noise."""
    made = jars(11, n)
    minutes = np.linspace(0, 2, 25)
    rows = []
    for visit in range(closings):
        for name in made.names:
            x = 420 + 80 * (1 - np.exp(-minutes / 0.08)) * np.exp(-minutes / 4) + made.rng.normal(0, 0.5, 25)
            rows.append(pd.DataFrame({"jar": name, "time": visit + minutes / 1440, "closing": f"{name} {visit}",
                                      "mole_fraction": x}))  # fmt: skip
    return typed("readings", pd.concat(rows)), typed("jars", made.contents())


def rules(problems):
    return dict(zip(problems["rule"], problems["severity"], strict=True))


def test_a_jar_through_which_air_is_drawn_is_told():
    found = check_readings(*drawn_through())
    assert {"no-accumulation": "error", "dilution": "error"}.items() <= rules(found).items()
    assert "in 6 of 6 jars" in found.loc[found["rule"] == "no-accumulation", "found"].item()


@pytest.mark.parametrize("seed", range(5))
def test_jars_that_accumulate_are_not_accused(seed):
    """Also where the rise slows down and readings are noisy."""
    made = jars(seed, 40, leak=0.5, ppm_a_day=(400.0, 6000.0))
    made.flush(420e-6)
    for _ in range(6):
        made.wait(0.2)
        made.read(10.0)
    found = check_readings(typed("readings", made.readings()), typed("jars", made.contents()))
    assert not {"no-accumulation", "dilution"} & set(found["rule"])


def test_few_readings_accuse_nobody():
    made = jars(3, 10)
    made.flush(0.0)
    made.read(5.0)
    made.wait(1.0)
    made.read(5.0)
    found = check_readings(typed("readings", made.readings()), typed("jars", made.contents()))
    assert found.empty


def checked(rows, **columns):
    made = {"jar": ["a"], "headspace_volume": 250.0, "water_volume": 20.0, "ph": 6.0, "dry_mass": 20.0}
    table = pd.DataFrame(rows, columns=["time", "event", "mole_fraction"]).assign(jar="a", temperature=15.0)
    return check_readings(typed("readings", table), typed("jars", pd.DataFrame(made | columns)))


TWO = [(0.0, "flush", 0.0), (1.0, "read", 900.0)]


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"inorganic_carbon": 4.0}, "carbonate"), ({"ph": 8.1}, "carbonate"), ({"dry_mass": np.nan}, "mass-missing"),
        ({"ph": np.nan}, "dissolved-unknown"), ({"water_volume": np.nan}, "dissolved-unknown"),
    ],
)  # fmt: skip
def test_what_is_not_known_of_a_jar_is_told(columns, rule):
    assert rules(checked(TWO)) == {}
    assert list(rules(checked(TWO, **columns))) == [rule]


def test_a_closing_that_cannot_give_a_rate_is_told():
    assert "start-unknown" in rules(checked([(1.0, "read", 900.0)]))


def test_readings_that_may_stand_before_or_after_a_flush_are_told():
    rows = [*TWO, (1.0, "flush", 0.0), (1.0, "read", 5.0), (2.0, "read", 700.0)]
    assert "closing-unclear" in rules(checked(rows))


def test_a_jar_without_readings_is_told():
    contents = typed("jars", pd.DataFrame({"jar": ["a", "b"], "headspace_volume": 250.0, "dry_mass": 20.0, "ph": 5.0,
                                           "water_volume": 5.0}))  # fmt: skip
    readings = typed("readings", pd.DataFrame(TWO, columns=["time", "event", "mole_fraction"]).assign(
        jar="a", temperature=15.0))  # fmt: skip
    assert rules(check_readings(readings, contents)) == {"jar-unread": "info"}


def test_methane_that_begins_late_is_told_with_its_day():
    made = jars(4, 2, gas="ch4", ppm_a_day=(1e-9, 1e-9))
    made.flush(0.0)
    for day in range(12):
        made.rate = np.full(2, 0.0 if day < 5 else 2e-6)
        made.wait(1.0)
        made.read(0.2)
    contents = typed("jars", made.contents())
    found = check_respiration(respiration(typed("readings", made.readings()), contents, rates="interval"), contents)
    told = found.loc[found["rule"] == "lag-phase", "found"].item()
    assert "j00000 from day 5" in told
    assert "below-detection" in set(found["rule"])
