"""Intervals of simulated closings hold the rate that made them as often as they say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from simulated_closings import SHORT, clopper_pearson, covered, fits
from talik.flux.closings import fit_closing

REPLICATES = 300


@pytest.mark.parametrize("kind", SHORT, ids=str)
def test_intervals_hold_the_rate_in_94_to_96_of_100_closings(kind):
    """Within what 300 replicates can tell: the exact 99 % interval of the share meets 94 to 96 %."""
    low, high = clopper_pearson(covered(fits(kind, REPLICATES, seed=11)), REPLICATES)
    assert low <= 0.96
    assert high >= 0.94


def test_an_interval_of_a_line_through_a_curve_would_not():
    """The choice is needed: the same closings by a straight line are covered in hardly any case."""
    curved = next(kind for kind in SHORT if kind.model == "hmr" and kind.n == 20)
    assert covered(fits(replace(curved, model="linear"), 100, seed=11)) < 10


def test_errors_that_go_together_do_not_make_intervals_short():
    """Of an analyser whose errors last from one reading to the next by half; taken as independent, 70 of 100."""
    rng = np.random.default_rng(6)
    time, held = np.linspace(0, 0.02, 600), 0
    for _ in range(100):
        errors = lfilter([1], [1, -0.5], rng.standard_normal(700))[100:]
        found = fit_closing(time, 53 + 244 * time + 0.05 * errors, model="linear", window="whole")
        assert "means of neighbours" in found.reason
        assert found.n == found.used == 600
        held += found.lower <= 244 <= found.upper
    assert clopper_pearson(held, 100)[1] >= 0.94
