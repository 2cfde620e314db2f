"""Models of the same soil beside each other: their weights, and what they tell together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from talik.errors import SettingsError
from talik.pools.record import CarbonLeft, PoolFit


def akaike_weights(criteria: ArrayLike) -> NDArray:
    r"""Weights of models of the same data.

    .. math:: w_i = e^{-\Delta_i / 2} / \sum_j e^{-\Delta_j / 2}, \quad \Delta_i = AICc_i - \min AICc

    Parameters
    ----------
    criteria : array_like, shape (models,)
        AICc, or BIC for weights of another prior; NaN where a model has none. [-]

    Returns
    -------
    ndarray, shape (models,)
        Weights that sum to one, 0 without a criterion; NaN where no model has one. [-]

    References
    ----------
    Burnham and Anderson (2002), Model Selection and Multimodel Inference, section 2.9.

    Examples
    --------
    >>> akaike_weights([10.0, 12.0, float("nan")]).round(3)
    array([0.731, 0.269, 0.   ])
    """
    criteria = np.asarray(criteria, float)
    known = np.isfinite(criteria)
    if not known.any():
        return np.full(criteria.shape, np.nan)
    weights = np.exp(-0.5 * np.where(known, criteria - criteria[known].min(), np.inf))
    return weights / weights.sum()


def predict_averaged(
    fits: Sequence[PoolFit], time_start: ArrayLike, time_end: ArrayLike, temperature: ArrayLike
) -> NDArray:
    """Mean respiration of intervals by all models of a soil, each with its weight.

    Parameters
    ----------
    fits : sequence of PoolFit
        Fits of different models to the same rates.
    time_start, time_end : array_like, shape (n,)
        Intervals, or times where they are equal. [d]
    temperature : array_like, shape (n,)
        Temperature, within those of the incubation. [°C]

    Returns
    -------
    ndarray, shape (n,)
        NaN where no model has a weight. [unit of the rates]

    Raises
    ------
    SettingsError
        For no fits.
    ResponseError, TableError
        For temperatures and times of which the fits say nothing; see `talik.pools.record.PoolFit.predict`.

    Examples
    --------
    >>> from talik.pools.fit import fit_pool_model
    >>> time = np.array([1.0, 5, 10, 20, 40, 70, 100])
    >>> rate = np.array([2.05, 1.71, 1.52, 1.08, 0.61, 0.24, 0.11])
    >>> fits = [fit_pool_model(time, time, 5.0, rate, 1.0, model=model) for model in ("one-pool", "two-pool")]
    >>> predict_averaged(fits, [0.0], [0.0], [5.0]).round(1)
    array([2.1])
    """
    if not fits:
        raise SettingsError("predict_averaged needs one fit or more; found none.", ["fits"])
    weights = akaike_weights([fit.aicc.value for fit in fits])
    curves = [
        w * fit.predict(time_start, time_end, temperature) for w, fit in zip(weights, fits, strict=True) if w != 0
    ]
    return np.sum(curves, axis=0)


def average_carbon_left(fits: Sequence[PoolFit], *, confidence: float = 0.95) -> tuple[CarbonLeft, ...]:
    r"""Carbon left after years by all models of a soil, each with its weight.

    The interval holds the values that the models together do not reject (model-averaged tail area): its lower end
    L solves

    .. math:: \sum_i w_i \, (1 - \Phi((\hat y_i - L) / s_i)) = \alpha / 2

    where :math:`\alpha` is 1 less the coverage, and :math:`s_i` the half width of the profile interval of model i on
    that side over the normal quantile, 1.96 for 95 %.

    Parameters
    ----------
    fits : sequence of PoolFit
        Fits of different models to the same rates. Those that do not tell carbon left take no part.
    confidence : float, default 0.95
        Coverage of the intervals of the fits. [-]

    Returns
    -------
    tuple of CarbonLeft
        Empty where no model tells it.

    References
    ----------
    Turek and Fletcher (2012), Computational Statistics & Data Analysis 56, 2809-2815,
    doi 10.1016/j.csda.2012.03.002.

    Examples
    --------
    Two models that agree are as certain as one:

    >>> from talik.pools.fit import fit_pool_model
    >>> time = np.array([1.0, 5, 10, 20, 40, 70, 100])
    >>> rate = np.array([2.05, 1.71, 1.52, 1.08, 0.61, 0.24, 0.11])
    >>> fit = fit_pool_model(time, time, 5.0, rate, 1.0, model="one-pool", c0=75.0)
    >>> one, both = fit.carbon_left[0], average_carbon_left([fit, fit])[0]
    >>> round(both.lower / one.lower, 2), round(both.upper / one.upper, 2)
    (1.0, 1.0)
    """
    told = [fit for fit in fits if fit.carbon_left and np.isfinite(fit.aicc.value)]
    if not told:
        return ()
    weights = akaike_weights([fit.aicc.value for fit in told])
    of_years = zip(*(fit.carbon_left for fit in told), strict=True)
    return tuple(_average(weights, left, 0.5 * (1.0 - confidence)) for left in of_years)


def _average(weights: NDArray, left: tuple[CarbonLeft, ...], beyond: float) -> CarbonLeft:
    """Carbon left of models together; beyond each end of the interval lies this part."""
    center, lower, upper = (np.array([getattr(one, name) for one in left]) for name in ("estimate", "lower", "upper"))
    reach = stats.norm.isf(beyond)

    def end(side: int, ends: NDArray) -> float:
        spread = np.maximum(np.abs(center - ends), 1e-12) / reach

        def tail(value: float) -> float:
            return float(weights @ stats.norm.sf(side * (value - center) / spread)) - beyond

        low, high = float(min(ends.min(), center.min())), float(max(ends.max(), center.max()))
        if tail(low) * tail(high) >= 0:
            return low if side < 0 else high
        return float(optimize.brentq(tail, low, high))

    return CarbonLeft(left[0].years, float(weights @ center), end(-1, lower), end(1, upper))
