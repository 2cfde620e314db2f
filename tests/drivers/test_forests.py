"""Forests: what they must find, and must not."""

import sys

import numpy as np
import pytest

from talik.drivers.forests import forest_importance, importance_intervals
from talik.errors import InputError, TableError
from talik.spatial.folds import spatial_folds


@pytest.fixture(scope="module")
def bent():
    """A response that is bent by one driver, 48 samples of 24 sites along a line."""
    rng = np.random.default_rng(4)
    columns = rng.standard_normal((48, 4))
    return columns[:, 0] ** 2 + 0.3 * rng.standard_normal(48), columns, np.repeat(np.arange(24), 2)


def test_a_bent_effect_is_found_that_no_straight_line_sees(bent):
    response, columns, site = bent
    found = forest_importance(response, columns, [[0], [1], [2], [3]], site=site, trees=40, permutations=39)
    assert abs(np.corrcoef(response, columns[:, 0])[0, 1]) < 0.3
    assert found.p[0] == 1 / 40
    assert (found.p[1:] > 0.05).all()
    assert found.importance[0] > found.null[0]
    assert found.r2_unseen > 0.1


def test_parts_are_shuffled_whole(bent):
    response, columns, site = bent
    found = forest_importance(response, columns, [[0, 1], [2, 3]], site=site, trees=60, permutations=0)
    assert found.importance[0] > 0.3 > found.importance[1]
    assert np.isnan(found.p).all()


def test_blocks_in_space_are_harder_than_sites_where_place_alone_drives():
    rng = np.random.default_rng(5)
    along = np.linspace(0, 1, 40)
    smooth = np.column_stack([np.sin(5 * along + phase) for phase in (0.0, 1.0)])
    response = 3 * along + 0.1 * rng.standard_normal(40)
    folds = spatial_folds(np.abs(np.subtract.outer(along, along)), folds=4)
    found = forest_importance(response, smooth, [[0], [1]], folds=folds, trees=60, permutations=0)
    assert found.r2_elsewhere < found.r2_unseen - 0.1


def test_p_are_even_where_nothing_drives():
    rng = np.random.default_rng(6)
    p = [
        forest_importance(rng.standard_normal(24), rng.standard_normal((24, 2)), [[0], [1]], trees=10,
                          permutations=19, seed=seed).p
        for seed in range(12)
    ]  # fmt: skip
    assert 0.3 < np.mean(p) < 0.7


def test_progress_is_told(bent):
    told = []
    forest_importance(*bent[:2], [[0]], trees=5, permutations=3, told=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_few_sites_and_a_missing_library_are_told(bent, monkeypatch):
    response, columns, _ = bent
    with pytest.raises(TableError, match="4 sites are too few"):
        forest_importance(response, columns, [[0]], site=np.repeat(np.arange(4), 12))
    monkeypatch.setitem(sys.modules, "sklearn.tree", None)
    with pytest.raises(InputError, match=r"talik\[stats\]"):
        forest_importance(response, columns, [[0]])


def driven(seed: int, sites: int) -> tuple[np.ndarray, np.ndarray]:
    """A response that one of two drivers raises."""
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((sites, 2))
    return 0.7 * columns[:, 0] + 0.7 * rng.standard_normal(sites), columns


def test_intervals_hold_the_mean_importance_of_as_many_sites():
    parts = [[0], [1]]
    of_many = [forest_importance(*driven(seed, 24), parts, trees=40, permutations=0) for seed in range(500, 650)]
    truth = np.mean([one.importance for one in of_many], axis=0)
    held = np.zeros(2)
    for seed in range(40):
        response, columns = driven(seed, 24)
        found = forest_importance(response, columns, parts, trees=50, permutations=0, seed=seed)
        ends = importance_intervals(found, response, columns, parts, subsamples=30, seed=seed)
        held += (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    # Fewer than 33 of 40 come once in a thousand at 95 %.
    assert (held >= 33).all()


def test_intervals_are_narrower_with_more_sites_and_leave_out_zero_where_a_driver_drives():
    width = []
    for sites in (24, 96):
        response, columns = driven(3, sites)
        found = forest_importance(response, columns, [[0], [1]], trees=100, permutations=0)
        ends = importance_intervals(found, response, columns, [[0], [1]], subsamples=60)
        width.append(ends[0, 1] - ends[0, 0])
        assert (ends[:, 0] <= found.importance).all()
        assert (found.importance <= ends[:, 1]).all()
        assert ends[1, 0] < 0.01
    assert width[1] < 0.9 * width[0]
    assert ends[0, 0] > 0.1


def test_samples_of_a_site_are_drawn_together_and_few_sites_have_no_interval(bent):
    response, columns, site = bent
    once = forest_importance(response[::2], columns[::2], [[0]], trees=60, permutations=0)
    alone = importance_intervals(once, response[::2], columns[::2], [[0]], subsamples=60)
    rows = np.repeat(np.arange(0, 48, 2), 4)
    four = forest_importance(response[rows], columns[rows], [[0]], site=site[rows], trees=60, permutations=0)
    fold = importance_intervals(four, response[rows], columns[rows], [[0]], site=site[rows], subsamples=60)
    # Four copies of each sample are no more sites.
    assert np.diff(fold) > 0.7 * np.diff(alone)
    few = forest_importance(response[:30], columns[:30], [[0]], site=site[:30], trees=10, permutations=0)
    assert np.isnan(importance_intervals(few, response[:30], columns[:30], [[0]], site=site[:30])).all()


def test_a_part_that_says_nothing_has_its_lower_end_at_nothing(bent):
    response = bent[0]
    found = forest_importance(response, np.zeros((48, 1)), [[0]], trees=10, permutations=0)
    ends = importance_intervals(found, response, np.zeros((48, 1)), [[0]], subsamples=5)
    assert found.importance[0] == 0
    assert (ends == 0).all()
