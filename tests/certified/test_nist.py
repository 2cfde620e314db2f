"""NIST Statistical Reference Datasets, nonlinear regression: certified estimates and errors.

https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml. BoxBOD is an incubation; Misra1a is the same curve,
the release of one pool; Lanczos1-3 are the respiration of three pools, written with 14, 6 and 5 digits.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from talik.pools.fit import fit_pool_model

# y = b1 (1 - exp(-b2 x)): x, y; b1, b2; their standard deviations; residual sum of squares.
RELEASE = {
    "BoxBOD": (
        [1, 2, 3, 5, 7, 10],
        [109, 149, 149, 191, 213, 224],
        [2.1380940889e02, 5.4723748542e-01],
        [1.2354515176e01, 1.0455993237e-01],
        1.1680088766e03,
    ),
    "Misra1a": (
        [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0],
        [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78],
        [2.3894212918e02, 5.5015643181e-04],
        [2.7070075241e00, 7.2668688436e-06],
        1.2455138894e-01,
    ),
}

# y = b1 exp(-b2 x) + b3 exp(-b4 x) + b5 exp(-b6 x) at x = 0, 0.05, ..., 1.15.
LANCZOS_14_DIGITS = """
    2.513400000000 2.044333373291 1.668404436564 1.366418021208 1.123232487372 .9268897180037
    .7679338563728 .6388775523106 .5337835317402 .4479363617347 .3775847884350 .3197393199326
    .2720130773746 .2324965529032 .1996589546065 .1722704126914 .1493405660168 .1300700206922
    .1138119324644 .1000415587559 .08833209084540 .07833544019350 .06976693743449 .06239312536719"""
LANCZOS_6_DIGITS = """
    2.51340 2.04433 1.66840 1.36642 1.12323 .926890 .767934 .638878 .533784 .447936 .377585 .319739
    .272013 .232497 .199659 .172270 .149341 .130070 .113812 .100042 .0883321 .0783354 .0697669 .0623931"""
LANCZOS_5_DIGITS = """
    2.5134 2.0443 1.6684 1.3664 1.1232 .9269 .7679 .6389 .5338 .4479 .3776 .3197
    .2720 .2325 .1997 .1723 .1493 .1301 .1138 .1000 .0883 .0783 .0698 .0624"""
# Rates, certified b1 to b6, residual sum of squares, and the digits that double precision leaves of them.
THREE_EXPONENTIALS = {
    "Lanczos1": (
        LANCZOS_14_DIGITS,
        [9.5100000027e-02, 1.0000000001, 8.6070000013e-01, 3.0000000002, 1.5575999998, 5.0000000001],
        1.4307867721e-25,
        9,
    ),
    "Lanczos2": (
        LANCZOS_6_DIGITS,
        [9.6251029939e-02, 1.0057332849, 8.6424689056e-01, 3.0078283915, 1.5529016879, 5.0028798100],
        2.2299428125e-11,
        7,
    ),
    "Lanczos3": (
        LANCZOS_5_DIGITS,
        [8.6816414977e-02, 9.5498101505e-01, 8.4400777463e-01, 2.9515951832, 1.5825685901, 4.9863565084],
        1.6117193594e-08,
        6,
    ),
}


@pytest.mark.parametrize("name", RELEASE)
def test_release_of_one_pool_is_certified(name):
    time, release, certified, errors, sum_of_squares = RELEASE[name]
    time, release = np.array(time, float), np.array(release, float)
    # The release divided by its time is a mean rate since the start; its error grows as the time shrinks.
    fit = fit_pool_model(0 * time, time, 20.0, release / time, 1 / time, model="one-pool")
    # 7 digits: the last steps of the fit lower the sum of squares by less than 1e-12 of it.
    assert_allclose(fit.estimates, certified, rtol=1e-7)
    assert_allclose(fit.sd, errors, rtol=1e-7)
    assert fit.residual_sum_of_squares == pytest.approx(sum_of_squares, rel=1e-10)
    assert fit.identified.all()


@pytest.mark.parametrize("name", THREE_EXPONENTIALS)
def test_respiration_of_three_pools_is_certified(name):
    text, certified, sum_of_squares, digits = THREE_EXPONENTIALS[name]
    rate = np.array(text.split(), float)
    time = 0.05 * np.arange(rate.size)
    fit = fit_pool_model(time, time, 20.0, rate, np.ones(rate.size), model="three-pool")
    sizes, k = fit.estimates[:3], fit.estimates[3:]
    found = np.ravel(np.column_stack([sizes * k, k])[::-1])
    assert_allclose(found, certified, rtol=10.0**-digits)
    # The residuals of Lanczos1 are rounding errors of the rates themselves.
    tolerance = 0.01 if name == "Lanczos1" else 1e-9
    assert fit.residual_sum_of_squares == pytest.approx(sum_of_squares, rel=tolerance)
