"""A response fitted to rates at several temperatures, and forms compared on the same rates."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from talik.errors import ResponseError, listed
from talik.inference.criteria import aicc
from talik.inference.least_squares import Optimum, Residuals, least_squares_from_all
from talik.inference.profile import profile_interval, profile_threshold
from talik.responses.forms import RESPONSES
from talik.responses.response import Response
from talik.responses.sensitivity import q10_between

NOTHING = -700.0
"""Logarithm of a rate that is nothing; the fit must be able to leave where a form gives none."""

STARTS = (0.5, 0.2, 0.8)
"""Where in the box of each parameter fits begin, besides its usual value."""


@dataclass(frozen=True)
class ResponseFit:
    """A response fitted to rates."""

    response: Response
    """The form."""
    parameters: tuple[float, ...]
    """Estimates, in the order of the form's parameters."""
    lower: tuple[float, ...]
    """Lower ends of their 95 % profile intervals; the edge of the range where an interval is open."""
    upper: tuple[float, ...]
    """Upper ends."""
    closed: tuple[bool, ...]
    """Whether both ends of each interval lie inside its range."""
    reference: float
    """Temperature of `rate`. [°C]"""
    rate: float
    """Rate at the reference, in the unit of the rates."""
    deviation: float
    """Standard deviation of the logarithm of the rates around the curve; NaN where nothing is left for it. [-]"""
    aicc: float
    """Akaike's criterion for few readings; NaN where it is not defined."""
    n: int
    """Rates used."""

    def predict(self, temperature: ArrayLike) -> NDArray:
        """Rates at temperatures, in the unit of the rates that were fitted."""
        return self.rate * self.response.relative_rate(temperature, *self.parameters, reference=self.reference)

    def q10(self, t_low: float, t_high: float) -> float:
        """Q10 between two temperatures."""
        return float(q10_between(self.response, t_low, t_high, self.parameters))


def fit_response(temperature: ArrayLike, rate: ArrayLike, *, form: str | Response = "van-t-hoff") -> ResponseFit:
    r"""Fit a form to rates, by least squares of their logarithms.

    .. math:: \ln r_i = \ln r_{ref} + \ln f(T_i) - \ln f(T_{ref}) + \epsilon_i

    Errors of rates grow with the rates, so their logarithms are about equally sure. The fit begins from several
    places; each parameter has a profile-likelihood interval.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperatures. [°C]
    rate : array_like, shape (n,)
        Rates above zero, in any unit.
    form : str or Response, default "van-t-hoff"
        A name in ``RESPONSES``, or a form of one's own.

    Returns
    -------
    ResponseFit

    Raises
    ------
    ResponseError
        For rates of zero and below, temperatures outside the form's range, and fewer temperatures than it needs.

    Examples
    --------
    >>> fit = fit_response([1, 7, 13, 19], [15.3, 20.7, 34.7, 70.1], form="van-t-hoff")
    >>> [round(float(value), 2) for value in (fit.parameters[0], fit.lower[0], fit.upper[0])]
    [2.33, 1.48, 3.68]
    """
    response = _known(form)
    at, rates = _usable(temperature, rate, response)
    reference = float(np.clip(np.median(at), *response.valid_range))
    residuals = _residuals(response, at, rates, reference)
    lower, upper = _box(response, rates)
    best = least_squares_from_all(residuals, _starts(response, rates), lower, upper, finished=2)[0]
    ends = _intervals(residuals, best, lower, upper, at.size)
    free = at.size - _count(response) - 1
    criterion = aicc(best.sum_of_squares, at.size, _count(response) + 1)
    return ResponseFit(
        response, tuple(float(value) for value in best.theta[1:]), *ends, reference, float(np.exp(best.theta[0])),
        float(np.sqrt(best.sum_of_squares / free)) if free > 0 else np.nan, criterion.value, at.size,
    )  # fmt: skip


def compare_responses(
    temperature: ArrayLike,
    rate: ArrayLike,
    *,
    forms: Iterable[str | Response] = ("van-t-hoff", "arrhenius", "lloyd-taylor", "ratkowsky", "quadratic", "mmrt"),
) -> pd.DataFrame:
    """Forms fitted to the same rates, the best first.

    Two criteria: AICc, for how well a form fits with how few parameters, and out of sample, how well it foretells
    the rates at a temperature that it has not seen. Each temperature is left out in turn with all of its rates, and
    the form is fitted to the others; at the coldest and the warmest one that is a small extrapolation, which is what
    forms differ in.

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperatures. [°C]
    rate : array_like, shape (n,)
        Rates above zero.
    forms : iterable of str or Response
        Names in ``RESPONSES``, or forms of one's own, as with ice in them.

    Returns
    -------
    DataFrame
        A row for each form: form, parameters (their number), aicc, weight (Akaike weight), left_out (root mean square
        error of the logarithm of the rates at each temperature that a fit to the others foretells), reason (why a
        value is missing). A form whose range does not hold all temperatures is not fitted, since only fits to the same
        rates can be compared.

    Raises
    ------
    ResponseError
        For a name that is no form.

    Examples
    --------
    >>> rates = [0.40, 0.77, 1.85, 3.0, 5.1, 7.9]
    >>> compare_responses([0, 4, 10, 15, 20, 25], rates, forms=["van-t-hoff", "ratkowsky"])["form"].iloc[0]
    'ratkowsky'
    """
    at, rates = np.broadcast_arrays(np.asarray(temperature, float), np.asarray(rate, float))
    read = np.isfinite(at) & np.isfinite(rates)
    rows = [_compared(at[read], rates[read], _known(form)) for form in forms]
    table = pd.DataFrame(rows)
    lead = np.exp(-0.5 * (table["aicc"] - table["aicc"].min()))
    table.insert(3, "weight", lead / lead.sum())
    return table.sort_values(["aicc", "left_out"], kind="stable").reset_index(drop=True)


def _compared(temperature: NDArray, rate: NDArray, form: Response) -> dict[str, object]:
    row: dict[str, Any] = {
        "form": form.name,
        "parameters": _count(form),
        "aicc": np.nan,
        "left_out": np.nan,
        "reason": "",
    }
    needed, found = _count(form) + 2, np.unique(temperature).size
    try:
        row["aicc"] = fit_response(temperature, rate, form=form).aicc
        missing = [] if np.isfinite(row["aicc"]) else ["too few rates for AICc"]
        if found >= needed:
            row["left_out"] = _left_out(temperature, rate, form)
        else:
            missing.append(f"leaving one temperature out needs {needed} temperatures; there are {found}")
        row["reason"] = "; ".join(missing)
    except ResponseError as error:
        row["reason"] = str(error)
    return row


def _left_out(temperature: NDArray, rate: NDArray, form: Response) -> float:
    """Root mean square error of ln rate at each temperature, from a fit to the others."""
    errors = []
    for left in np.unique(temperature):
        kept = temperature != left
        fit = fit_response(temperature[kept], rate[kept], form=form)
        with np.errstate(divide="ignore"):
            errors.append(np.log(rate[~kept]) - np.log(fit.predict(temperature[~kept])))
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def _known(form: str | Response) -> Response:
    if isinstance(form, Response):
        return form
    if form not in RESPONSES:
        raise ResponseError(f"there is no form {form!r}; forms are {listed(list(RESPONSES), 30)}.", [form])
    return RESPONSES[form]


def _count(response: Response) -> int:
    """Number of parameters that a fit may move."""
    return sum(parameter.high > parameter.low for parameter in response.parameters)


def _usable(temperature: ArrayLike, rate: ArrayLike, response: Response) -> tuple[NDArray, NDArray]:
    at, rates = np.broadcast_arrays(np.asarray(temperature, float), np.asarray(rate, float))
    known = np.isfinite(at) & np.isfinite(rates)
    at, rates = at[known], rates[known]
    wrong = [f"{r:g} at {t:g} °C" for t, r in zip(at, rates, strict=True) if r <= 0]
    if wrong:
        raise ResponseError(
            f"{len(wrong)} of {at.size} rates are not above zero ({listed(wrong, 5)}), and have no logarithm. "
            "Leave them out, and say so.",
            wrong,
        )
    response.refuse_outside(at)
    needed, found = _count(response) + 1, np.unique(at).size
    if found < needed:
        raise ResponseError(
            f"{response.name} needs rates at {needed} temperatures at least; there are {found}. "
            "Take a form with fewer parameters.",
            [response.name],
        )
    return at, rates


def _box(response: Response, rates: NDArray) -> tuple[NDArray, NDArray]:
    logs = np.log(rates)
    lower = [logs.min() - 5.0, *(parameter.low for parameter in response.parameters)]
    upper = [logs.max() + 5.0, *(parameter.high for parameter in response.parameters)]
    return np.array(lower), np.array(upper)


def _starts(response: Response, rates: NDArray) -> list[NDArray]:
    middle = float(np.mean(np.log(rates)))
    places = [[p.low + part * (p.high - p.low) for p in response.parameters] for part in STARTS]
    return [np.array([middle, *values]) for values in ([*response.usual], *places)]


def _residuals(response: Response, at: NDArray, rates: NDArray, reference: float) -> Residuals:
    logs = np.log(rates)

    places, which = np.unique(np.r_[reference, at], return_inverse=True)
    free = [index for index, parameter in enumerate(response.parameters, 1) if parameter.high > parameter.low]

    def shape(theta: NDArray) -> NDArray:
        logged = np.log(response.factor(places, *theta[1:]))[which]
        # Where a form gives no rate its logarithm is no number, which fmax takes for nothing.
        return np.fmin(np.fmax(logged[1:] - logged[0], NOTHING), -NOTHING)

    def residuals(theta: NDArray) -> tuple[NDArray, NDArray]:
        jacobian = np.zeros((at.size, theta.size))
        jacobian[:, 0] = 1.0
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            for index in free:
                step = 1e-6 * max(1e-3, abs(theta[index]))
                after, before = theta.copy(), theta.copy()
                after[index] += step
                before[index] -= step
                jacobian[:, index] = (shape(after) - shape(before)) / (2 * step)
            return theta[0] + shape(theta) - logs, jacobian

    return residuals


def _intervals(
    residuals: Residuals, best: Optimum, lower: NDArray, upper: NDArray, n: int
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[bool, ...]]:
    """Profile intervals of the parameters of the form: lower ends, upper ends, whether closed."""
    moved = int((upper > lower).sum())
    if n <= moved:
        return tuple(lower[1:].tolist()), tuple(upper[1:].tolist()), (False,) * (lower.size - 1)
    threshold = profile_threshold(best.sum_of_squares, n, moved)
    ends = []
    for index in range(1, lower.size):
        if upper[index] == lower[index]:
            ends.append((float(lower[index]), float(upper[index]), True))
            continue
        found = profile_interval(residuals, best, lower, upper, index, threshold)
        ends.append((found.lower, found.upper, found.lower_closed and found.upper_closed))
    low, high, closed = zip(*ends, strict=True) if ends else ((), (), ())
    return tuple(low), tuple(high), tuple(closed)
