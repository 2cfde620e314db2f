"""Blocks in space, and patterns: laws that hold for any places."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.errors import TableError
from talik.spatial.eigenvectors import longest_link, spatial_patterns
from talik.spatial.folds import spatial_folds
from talik.spatial.moran import WEIGHTS, morans_i


def distances(seed, n, at_each=1):
    places = np.repeat(np.random.default_rng(seed).uniform(0, 100, (n, 2)), at_each, axis=0)
    return np.hypot(*np.moveaxis(places[:, None] - places, 2, 0))


@given(seed=st.integers(0, 99), n=st.integers(6, 20), folds=st.integers(2, 5), buffer=st.floats(0, 10))
@settings(max_examples=30)
def test_every_row_is_predicted_once_from_rows_beyond_the_buffer(seed, n, folds, buffer):
    distance = distances(seed, n, at_each=2)
    made = spatial_folds(distance, folds=folds, buffer=buffer)
    assert sorted(np.concatenate([fold.test for fold in made])) == list(range(2 * n))
    for fold in made:
        assert distance[np.ix_(fold.train, fold.test)].min() > buffer
        # Samples of one place stay together.
        assert set(fold.test // 2) & set(fold.train // 2) == set()


@pytest.mark.parametrize(
    ("n", "buffer", "words"), [(3, 0, "3 places cannot be cut into 6 blocks"), (12, 1e4, "nothing is left")]
)
def test_blocks_that_cannot_be_are_told(n, buffer, words):
    with pytest.raises(TableError, match=words):
        spatial_folds(distances(1, n), buffer=buffer)


@given(seed=st.integers(0, 99), n=st.integers(5, 25))
@settings(max_examples=30)
def test_patterns_are_orthogonal_and_their_autocorrelation_is_what_they_say(seed, n):
    distance = distances(seed, n)
    found = spatial_patterns(distance)
    k = found.values.size
    assert_allclose(found.vectors.T @ found.vectors, np.eye(k), atol=1e-9)
    assert_allclose(found.vectors.sum(axis=0), 0, atol=1e-8)
    linked = (distance <= found.threshold * (1 + 1e-9)) & ~np.eye(n, dtype=bool)
    weights = np.where(linked, 1 - (distance / (4 * found.threshold)) ** 2, 0.0)
    for i in range(k):
        assert_allclose(morans_i(found.vectors[:, i], weights, permutations=0).value, found.morans_i[i], rtol=1e-6)


def test_places_at_one_spot_hang_together():
    assert longest_link(distances(1, 8, at_each=2)) == longest_link(distances(1, 8))


@pytest.mark.parametrize("words", WEIGHTS)
def test_values_without_place_are_seldom_found_alike(words):
    weights = WEIGHTS[words](distances(1, 24))
    rng = np.random.default_rng(2)
    p = np.array([morans_i(rng.standard_normal(24), weights, permutations=0).p for _ in range(400)])
    assert 0.02 < (p < 0.05).mean() < 0.09


def test_a_constant_has_no_autocorrelation():
    assert np.isnan(morans_i(np.ones(10), WEIGHTS["nearest 4"](distances(1, 10))).value)
