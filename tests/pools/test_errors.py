import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.errors import TableError
from talik.pools import Series, fit_series, from_cumulative
from talik.pools.errors import JarDifference, difference_of_replicates, jar_difference, proportional, with_jars_apart

TIME = np.geomspace(1, 300, 12)


def curve(time=TIME):
    return 2.0 * np.exp(-0.05 * time) + 0.5 * np.exp(-0.002 * time)


def test_errors_follow_the_level_and_not_the_single_rate():
    noise = 1 + 0.1 * np.random.default_rng(3).standard_normal(TIME.size)
    (found,) = proportional([Series(TIME, TIME, np.full(12, 5.0), curve() * noise, np.ones(12))])
    assert_allclose(found.series.sigma / curve(), 1.0, atol=0.2)


def test_zeros_and_negative_rates_keep_an_error():
    rate = np.where(np.arange(12) % 3 == 0, 0.0, curve())
    rate[5] = -0.2
    (found,) = proportional([Series(TIME, TIME, np.full(12, 5.0), rate, np.ones(12))])
    assert np.all(found.series.sigma > 0)


@settings(deadline=None, max_examples=10)
@given(unit=st.sampled_from([1e-12, 1e-3, 1e12]))
def test_the_unit_scales_the_errors(unit):
    here, there = proportional(
        [Series(TIME, TIME, np.full(12, 5.0), factor * curve(), np.ones(12)) for factor in (1.0, unit)]
    )
    assert_allclose(there.series.sigma, unit * here.series.sigma, rtol=1e-6)


def simulated_jars(apart, scatter, rng, jars=40, readings=10):
    residual = np.repeat(apart * rng.standard_normal(jars), readings) + scatter * rng.standard_normal(jars * readings)
    return residual, np.repeat(np.arange(jars), readings), np.repeat(np.arange(jars) % 2, readings).astype(float)


@pytest.mark.parametrize("apart", [0.0, 0.1, 0.5])
def test_what_jars_keep_apart_is_found(apart):
    found = jar_difference(*simulated_jars(apart, 0.2, np.random.default_rng(8)))
    assert found.freedom == 38
    assert found.ratio == pytest.approx((apart / 0.2) ** 2, rel=0.5, abs=0.05)


def test_replicates_of_means_tell_the_same_as_their_jars():
    rng = np.random.default_rng(9)
    jars = 0.1 * rng.standard_normal((2000, 3, 1)) + 0.05 * rng.standard_normal((2000, 3, 8))
    ratios = [
        difference_of_replicates(
            (one.mean(axis=0) - one.mean()) * np.sqrt(3),
            one.std(axis=0, ddof=1),
            np.full(8, 3),
            np.ones(8),
            np.full(8, 5),
        ).ratio
        for one in jars
    ]
    assert np.median(ratios) == pytest.approx(4.0, rel=0.35)


def test_the_errors_of_a_jar_are_made_independent():
    series = with_jars_apart(
        Series(TIME, TIME, np.full(12, 5.0), curve(), np.ones(12)), JarDifference(3.0, 2), np.repeat([0, 1], 6)
    )
    root = np.eye(12) - series.kept @ series.kept.T
    covariance = np.eye(12) + 3.0 * (np.repeat([0, 1], 6)[:, None] == np.repeat([0, 1], 6))
    assert_allclose(root @ covariance @ root.T, np.eye(12), atol=1e-12)


def test_a_cumulative_curve_with_its_covariance_is_its_increments():
    release = np.cumsum(np.diff(TIME, prepend=0) * curve())
    steps = np.tri(12)
    with_covariance = from_cumulative(TIME, release, 5.0, covariance=0.01 * steps @ steps.T)
    by_increments = from_cumulative(TIME, release, 5.0, sd=0.1)
    one, other = fit_series([with_covariance, by_increments], model="two-pool", sigma_kind="known")
    assert_allclose(one.estimates, other.estimates, rtol=1e-6)
    assert_allclose(one.upper, other.upper, rtol=1e-3)


def test_times_that_do_not_rise_are_refused():
    with pytest.raises(TableError, match="reading 2: day 1 does not come after day 1\nTimes must rise"):
        from_cumulative([1.0, 1.0], [2.0, 3.0], 5.0)


def test_every_reading_of_a_release_that_cannot_be_used_is_named():
    with pytest.raises(TableError) as raised:
        from_cumulative([1, np.nan, 3, 2], [2, 3, np.inf, 4], 5, sd=[0.1, 0.0, 0.1, -1.0])
    assert raised.value.offenders == (
        "reading 2: sd is 0", "reading 2: time is nan", "reading 3: release is inf",
        "reading 4: day 2 does not come after day 3", "reading 4: sd is -1",
    )  # fmt: skip


def test_curves_stacked_under_one_another_are_asked_for_one_by_one():
    with pytest.raises(TableError, match="reading 3: day 1 does not come after day 3(.|\n)*jars one by one"):
        from_cumulative([1, 3, 1, 3], [2, 5, 4, 9], [5, 5, 15, 15])
    with pytest.raises(TableError, match=r"temperature \(2, 2\)\. Give one curve at a time"):
        from_cumulative([1, 3], [2, 5], [[5, 5], [15, 15]])
    with pytest.raises(TableError, match="found 'n.d.' at place 2"):
        from_cumulative([1, 3], [2, "n.d."], 5)


@pytest.mark.parametrize(
    ("covariance", "words"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], "not positive definite"),
        (np.eye(3), r"has the shape \(3, 3\); needed is \(2, 2\)"),
        ([[1.0, 0.5], [0.0, 1.0]], "not symmetric"),
        ([[1.0, np.nan], [np.nan, 1.0]], "not finite"),
    ],
)
def test_a_covariance_that_is_none_is_refused(covariance, words):
    with pytest.raises(TableError, match=words):
        from_cumulative([1.0, 2.0], [2.0, 3.0], 5.0, covariance=covariance)
