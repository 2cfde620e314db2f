"""Identities of R², its fractions and its shares, and their kernels against least squares."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from talik.drivers.moments import (
    correlation_matrices,
    partial_correlations,
    products_by_site,
    rank_correlation_matrices,
)
from talik.drivers.shares import adjusted, fractions, r2_of_subsets, shapley
from talik.errors import InputError

SEEDS = st.integers(0, 2**32 - 1)


def data(seed: int, n: int = 20, p: int = 4) -> np.ndarray:
    """Response and correlated predictors."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, p)) @ random.normal(size=(p, p))
    return np.column_stack([x @ random.normal(size=p) + 2 * random.normal(size=n), x])


def values_of(columns: np.ndarray, parts) -> np.ndarray:
    return r2_of_subsets(np.corrcoef(columns, rowvar=False), parts)[0]


def least_squares_r2(columns: np.ndarray, chosen: list[int]) -> float:
    y = columns[:, 0] - columns[:, 0].mean()
    x = columns[:, chosen] - columns[:, chosen].mean(axis=0)
    left = y - x @ np.linalg.lstsq(x, y)[0] if chosen else y
    return 1 - float(left @ left) / float(y @ y)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_r2_of_every_subset_is_that_of_least_squares(seed):
    columns, parts = data(seed), [[1], [2, 3], [4]]
    found = values_of(columns, parts)
    for subset in range(8):
        chosen = [c for j, part in enumerate(parts) if subset >> j & 1 for c in part]
        assert_allclose(found[subset], least_squares_r2(columns, chosen), atol=1e-9)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_shares_are_means_over_all_orders(seed):
    values = values_of(data(seed), [[1], [2], [3], [4]])
    gains = np.zeros(4)
    for order in permutations(range(4)):
        subset = 0
        for part in order:
            gains[part] += values[subset | 1 << part] - values[subset]
            subset |= 1 << part
    assert_allclose(shapley(values), gains / 24, atol=1e-12)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_shares_sum_to_r2_and_are_commonality_evenly_split(seed):
    values = values_of(data(seed), [[1], [2], [3], [4]])
    shares, areas = shapley(values), fractions(values)
    assert_allclose(shares.sum(), values[-1], atol=1e-12)
    split = [sum(areas[s] / s.bit_count() for s in range(1, 16) if s >> j & 1) for j in range(4)]
    assert_allclose(shares, split, atol=1e-12)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_fractions_that_touch_a_subset_sum_to_its_value(seed):
    values = adjusted(values_of(data(seed), [[1], [2], [3, 4]]), 20, np.array([0, 1, 1, 2, 2, 3, 3, 4]))
    areas = fractions(values)
    for subset in range(8):
        assert_allclose(sum(areas[s] for s in range(8) if s & subset), values[subset], atol=1e-12)


@settings(max_examples=20)
@given(seed=SEEDS, scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_shares_know_no_unit_and_no_order(seed, scale, shift):
    columns = data(seed)
    shares = shapley(values_of(columns, [[1], [2], [3], [4]]))
    changed = columns * [1, scale, -1, 1, 1] + [0, shift, 0, 0, 0]
    order = np.random.default_rng(seed).permutation(len(columns))
    assert_allclose(shapley(values_of(changed[order], [[3], [1], [4], [2]])), shares[[2, 0, 3, 1]], atol=1e-8)


def test_a_column_that_depends_on_others_adds_nothing_and_is_not_counted():
    columns = data(3)
    columns = np.column_stack([columns, columns[:, 1] + columns[:, 2]])
    r2, ranks = r2_of_subsets(np.corrcoef(columns, rowvar=False), [[1], [2], [5]])
    assert_allclose(r2[[3, 5, 6]], r2[7], atol=1e-9)
    assert ranks.tolist() == [0, 1, 1, 2, 1, 2, 2, 2]


def test_too_many_predictors_for_all_subsets_are_told():
    with pytest.raises(InputError, match="17 predictors have 131,072 subsets; 16 predictors are the most"):
        r2_of_subsets(np.eye(18), [[i + 1] for i in range(17)])


@settings(max_examples=20)
@given(seed=SEEDS)
def test_a_resample_is_its_rows_written_out(seed):
    columns, random = data(seed), np.random.default_rng(seed)
    codes = np.repeat(np.arange(5), 4)
    counts = random.multinomial(5, np.full(5, 0.2), 3).astype(float)
    counts[:, 0] += 1  # two sites at least in most resamples
    whole = correlation_matrices(np.tensordot(counts, products_by_site(columns, codes), 1))
    ranked = rank_correlation_matrices(np.round(columns, 1), codes, counts)
    for count, matrix, ranks in zip(counts, whole, ranked, strict=True):
        rows = np.repeat(np.arange(20), count[codes].astype(int))
        assert_allclose(matrix, np.corrcoef(columns[rows], rowvar=False), atol=1e-8)
        from scipy import stats

        assert_allclose(ranks, stats.spearmanr(np.round(columns, 1)[rows]).statistic, atol=1e-8)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_a_partial_correlation_is_that_of_residuals(seed):
    columns = data(seed)
    held = np.column_stack([np.ones(20), columns[:, 3:]])
    left = columns - held @ np.linalg.lstsq(held, columns)[0]
    found = partial_correlations(np.corrcoef(columns, rowvar=False), np.array([3, 4]))
    assert_allclose(found[1:3], np.corrcoef(left[:, :3], rowvar=False)[0, 1:], atol=1e-9)
    assert np.isnan(found[3:]).all()


def test_weights_of_generalised_least_squares_enter_the_products():
    columns, random = data(5), np.random.default_rng(5)
    weights = random.uniform(0.2, 3, 20)
    solved = np.column_stack([np.ones(20), columns]) * weights[:, None]
    matrix = correlation_matrices(products_by_site(columns, np.arange(20), solved).sum(axis=0))
    root = np.sqrt(weights)[:, None]
    design = np.column_stack([np.ones(20), columns[:, 1:]]) * root
    y = columns[:, :1] * root

    def left(x: np.ndarray) -> float:
        return float(np.sum((y - x @ np.linalg.lstsq(x, y)[0]) ** 2))

    assert_allclose(r2_of_subsets(matrix, [[1, 2, 3, 4]])[0][-1], 1 - left(design) / left(root), atol=1e-10)
