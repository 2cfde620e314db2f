"""Intervals of simulated closings hold the rate that made them as often as they say."""

from dataclasses import replace

import pytest

from simulated_closings import SHORT, clopper_pearson, covered, fits

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
