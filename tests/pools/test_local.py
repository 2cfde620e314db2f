"""How much of the error of each quantity is what jars keep apart, beside generalised least squares written out."""

import numpy as np
from numpy.testing import assert_allclose

from talik.pools.batch import Series, pack
from talik.pools.errors import JarDifference, with_jars_apart
from talik.pools.fit import YEAR
from talik.pools.layout import Layout
from talik.pools.local import jar_shares
from talik.pools.models import POOL_MODELS
from talik.pools.search import optima
from talik.pools.walks import quantities

DAYS = np.geomspace(1.0, 300.0, 9)
JAR = np.repeat(np.arange(6), DAYS.size)
TEMPERATURE = np.repeat([5.0, 5.0, 5.0, 15.0, 15.0, 15.0], DAYS.size)
CARBON = 1000.0


def rates(parameters):
    """Respiration of two pools by fraction, k fast, k slow and the two Q10, all but the fraction as logarithms."""
    fraction, *logs = parameters
    k_fast, k_slow, q10_fast, q10_slow = np.exp(logs)
    time, warming = np.tile(DAYS, 6), (TEMPERATURE - 10.0) / 10.0
    total = 0.0
    for share, k, q10 in ((fraction, k_fast, q10_fast), (1 - fraction, k_slow, q10_slow)):
        warmed = k * q10**warming
        total = total + CARBON * share * warmed * np.exp(-warmed * time)
    return total


def left_after_a_year(parameters):
    fraction, k_fast, k_slow, *_ = parameters
    return fraction * np.exp(-np.exp(k_fast) * YEAR) + (1 - fraction) * np.exp(-np.exp(k_slow) * YEAR)


def derivative(of, at):
    """Central differences, shape (..., parameters)."""
    steps = np.eye(at.size) * 1e-5
    return np.stack([(of(at + step) - of(at - step)) / 2e-5 for step in steps], axis=-1)


def test_shares_are_those_of_generalised_least_squares():
    truth = np.array([0.05, *np.log([0.06, 5e-4, 1.8, 2.7])])
    rate, ratio = rates(truth), 0.4
    series = Series(np.tile(DAYS, 6), np.tile(DAYS, 6), TEMPERATURE, rate, 0.1 * rate, CARBON)
    series = with_jars_apart(series, JarDifference(ratio, 4), JAR)
    layout = Layout(POOL_MODELS["two-pool"], True, True)
    batch = pack([series], layout)
    found = jar_shares(batch, optima(batch, 8).best, quantities(layout, (YEAR,)))[:, 0]

    design = derivative(rates, truth) / series.sigma[:, None]
    between = ratio * (JAR[:, None] == JAR)
    inverse = np.linalg.inv(np.eye(JAR.size) + between)
    moved = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse)
    along = np.vstack([np.eye(5), derivative(left_after_a_year, truth)])
    weights = along @ moved
    of_jars = np.einsum("ij,jk,ik->i", weights, between, weights)
    assert_allclose(found, of_jars / (of_jars + np.einsum("ij,ij->i", weights, weights)), atol=1e-4)
    assert found.min() < 0.2 < 0.6 < found.max()


def test_jars_that_are_alike_have_no_share():
    time = np.tile(DAYS, 6)
    rate = rates(np.array([0.05, *np.log([0.06, 5e-4, 1.8, 2.7])]))
    layout = Layout(POOL_MODELS["two-pool"], True, True)
    batch = pack([Series(time, time, TEMPERATURE, rate, rate, CARBON)], layout)
    assert not jar_shares(batch, optima(batch, 4).best, quantities(layout)).any()
