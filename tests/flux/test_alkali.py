"""Alkali traps against the textbook's formula and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.errors import TableError
from talik.flux.alkali import trapped_carbon


@given(blank=st.floats(5, 50), share=st.floats(0, 1), concentration=st.floats(0.05, 2))
def test_milligrams_of_carbon_are_difference_times_normality_times_six(blank, share, concentration):
    """Anderson (1982): mg C = (B - V) N E with the equivalent weight E = 6, here 12.011 / 2."""
    volume = blank * (1 - share)
    found = trapped_carbon([volume], [blank], concentration)
    assert_allclose(found.carbon / 1000, (blank - volume) * concentration * 6, rtol=1e-3)
    assert_allclose(found.neutralised, share, atol=1e-9)


@given(share=st.floats(0.05, 1))
def test_a_part_of_the_trap_stands_for_the_whole(share):
    whole = trapped_carbon([8.0], [10.0], 0.5)
    part = trapped_carbon([8.0 * share], [10.0 * share], 0.5, titrated_share=share)
    assert_allclose([part.carbon, part.neutralised], [whole.carbon, whole.neutralised])


def test_errors_are_those_of_simulation():
    rng = np.random.default_rng(9)
    n, sd, blanks = 100_000, 0.03, 2
    own = 6005.5 * 0.5 * (10 - (8 + sd * rng.standard_normal(n)))
    shared = 6005.5 * 0.5 * (1 + 0.01 * rng.standard_normal(n)) * (2 + sd * rng.standard_normal((blanks, n)).mean(0))
    told = trapped_carbon([8.0], [10.0, 10.0], 0.5, sd_volume=sd, sd_concentration=0.01)
    assert_allclose(told.sd, own.std(), rtol=0.01)
    assert_allclose(told.sd_shared, shared.std(), rtol=0.01)


def test_three_blanks_tell_their_own_scatter():
    told = trapped_carbon([8.0], [9.9, 10.0, 10.1, np.nan], 0.5, sd_volume=0.02)
    assert_allclose(told.sd_shared, 6005.5 * 0.5 * 0.1 / 3**0.5)


def test_a_used_up_trap_is_told():
    assert list(trapped_carbon([9.0, 3.4, 3.2, 0.0], [10.0], 1.0).exhausted) == [False, False, True, True]


@pytest.mark.parametrize(
    ("volume", "blanks", "concentration", "share", "message"),
    [
        (8.0, [], 0.5, 1.0, "no blank trap"), (8.0, [np.nan], 0.5, 1.0, "no blank trap"),
        (8.0, [10.0, 0.0], 0.5, 1.0, "took no acid"), (-1.0, [10.0], 0.5, 1.0, "less than no acid"),
        (8.0, [10.0], 0.0, 1.0, "must be above zero"), (8.0, [10.0], 0.5, 1.2, "at most 1"),
    ],
)  # fmt: skip
def test_traps_that_cannot_be_computed_say_why(volume, blanks, concentration, share, message):
    with pytest.raises(TableError, match=message):
        trapped_carbon([volume], blanks, concentration, titrated_share=share)
