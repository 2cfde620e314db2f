"""A response fitted to rates at several temperatures, and forms compared on the same rates."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from talik.errors import ResponseError, listed
from talik.inference.criteria import aicc
from talik.inference.least_squares import Optimum, Residuals, least_squares_from_all, least_squares_in_box
from talik.inference.profile import profile_interval, profile_threshold
from talik.responses.forms import all_known, known
from talik.responses.response import Response, numbers
from talik.responses.sensitivity import q10_between

ROUNDING = 1e-8
"""Error that the logarithm of every rate has at least: none is known to more digits. [-]"""

NOTHING = -700.0
"""Logarithm of a rate that is nothing; the fit must be able to leave where a form gives none."""

STARTS = (0.5, 0.2, 0.8)
"""Where in the box of each parameter fits begin, besides its usual value."""

ONE_VALLEY = 3
"""Parameters, the level among them, up to which no form was found to have a second place of best fit."""


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
    """Standard deviation of the logarithm of the rates around the curve, that of the eighth digit at least; NaN where
    nothing is left for it. [-]"""
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
    places; each parameter has a profile-likelihood interval. No rate is taken to be known to more than eight digits:
    rates made by a formula have narrow closed intervals, and forms that fit them exactly fit alike.

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
        For a name that is no form, rates that are missing, infinite, zero or below, temperatures that are missing or
        outside the form's range, and fewer temperatures than it needs.

    Examples
    --------
    >>> fit = fit_response([1, 7, 13, 19], [15.3, 20.7, 34.7, 70.1], form="van-t-hoff")
    >>> [round(float(value), 2) for value in (fit.parameters[0], fit.lower[0], fit.upper[0])]
    [2.33, 1.48, 3.68]
    """
    return _fitted(known(form), *_rates(temperature, rate))


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
        Rates above zero, in any unit.
    forms : iterable of str or Response, or one of them
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
        For no form, names that are no forms, and rates or temperatures as in `fit_response` that no form could be
        fitted to.

    Examples
    --------
    >>> rates = [0.40, 0.77, 1.85, 3.0, 5.1, 7.9]
    >>> compare_responses([0, 4, 10, 15, 20, 25], rates, forms=["van-t-hoff", "ratkowsky"])["form"].iloc[0]
    'ratkowsky'
    """
    compared, rates = all_known(forms), _rates(temperature, rate)
    table = pd.DataFrame([_compared(*rates, form) for form in compared])
    lead = np.exp(-0.5 * (table["aicc"] - table["aicc"].min()))
    table.insert(3, "weight", lead / lead.sum())
    return table.sort_values(["aicc", "left_out"], kind="stable").reset_index(drop=True)


def _compared(temperature: NDArray, rate: NDArray, form: Response) -> dict[str, object]:
    row: dict[str, Any] = {
        "form": form.name,
        "parameters": int(_seen(form, temperature).sum()),
        "aicc": np.nan,
        "left_out": np.nan,
        "reason": "",
    }
    needed, found = row["parameters"] + 2, np.unique(temperature).size
    try:
        fit = _fitted(form, temperature, rate)
        row["aicc"] = fit.aicc
        missing = [] if np.isfinite(row["aicc"]) else ["too few rates for AICc"]
        if found >= needed:
            row["left_out"] = _left_out(temperature, rate, fit)
        else:
            missing.append(f"leaving one temperature out needs {needed} temperatures; there are {found}")
        row["reason"] = "; ".join(missing)
    except ResponseError as error:
        row["reason"] = str(error)
    return row


def _left_out(temperature: NDArray, rate: NDArray, fit: ResponseFit) -> float:
    """Root mean square error of ln rate at each temperature, from fits to the others, begun at the fit to all."""
    form, errors = fit.response, []
    for left in np.unique(temperature):
        kept = temperature != left
        _refuse_few(form, temperature[kept])
        problem = _Problem(form, temperature[kept], rate[kept])
        level, *values = problem.best_near(fit).theta
        with np.errstate(divide="ignore"):
            foretold = np.log(form.relative_rate(temperature[~kept], *values, reference=problem.reference))
        errors.append(np.log(rate[~kept]) - level - foretold)
    return max(float(np.sqrt(np.mean(np.concatenate(errors) ** 2))), ROUNDING)


def _fitted(response: Response, at: NDArray, rates: NDArray) -> ResponseFit:
    response.refuse_outside(at)
    _refuse_few(response, at)
    problem = _Problem(response, at, rates)
    best, moved = problem.best(), problem.moved
    free, criterion = at.size - moved, aicc(problem.misfit(best), at.size, moved)
    return ResponseFit(
        response, tuple(float(value) for value in best.theta[1:]), *_intervals(problem, best), problem.reference,
        float(np.exp(best.theta[0])), float(np.sqrt(problem.misfit(best) / free)) if free > 0 else np.nan,
        criterion.value, at.size,
    )  # fmt: skip


def _seen(response: Response, at: NDArray) -> NDArray:
    """Whether each parameter may be moved and rates at these temperatures hang on it, shape (p,).

    A Q10 of frozen soil has no part in rates above 0 °C: it is neither fitted to them nor counted.
    """
    # One temperature tells nothing of any parameter, but another would.
    at = at if np.unique(at).size > 1 else np.r_[at, response.valid_range[1]]
    usual, differ = np.array(response.usual), []
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        for index, parameter in enumerate(response.parameters):
            low, high = usual.copy(), usual.copy()
            low[index], high[index] = parameter.low, parameter.high
            ratio = np.broadcast_to(response.factor(at, *high) / response.factor(at, *low), at.shape)
            differ.append(not np.allclose(ratio, ratio[0], rtol=1e-9, atol=0.0))
    return np.array(differ, bool)


def _rates(temperature: ArrayLike, rate: ArrayLike) -> tuple[NDArray, NDArray]:
    """Temperatures and rates whose logarithms can be fitted, each of shape (n,)."""
    at, rates = numbers(temperature, "temperatures"), numbers(rate, "rates")
    try:
        at, rates = (one.ravel() for one in np.broadcast_arrays(at, rates))
    except ValueError:
        raise ResponseError(
            f"there are {at.size} temperatures and {rates.size} rates; give each rate its temperature."
        ) from None
    if not rates.size:
        raise ResponseError("there are no rates to fit; give rates and their temperatures.")
    usable = np.isfinite(at) & np.isfinite(rates) & (rates > 0)
    wrong = [f"rate {i + 1}: {rates[i]:g} at {at[i]:g} °C" for i in np.flatnonzero(~usable)]
    if wrong:
        raise ResponseError(
            f"{len(wrong)} of {rates.size} rates cannot be fitted ({listed(wrong)}): each must be a number above zero, "
            "since its logarithm is fitted, at a temperature that is known. Leave them out, and say so.",
            wrong,
        )
    return at, rates


def _refuse_few(response: Response, at: NDArray) -> None:
    needed, found = int(_seen(response, at).sum()) + 1, np.unique(at)
    if found.size < needed:
        told = listed([f"{one:g}" for one in found])
        instead = "Take a form with fewer parameters, or measure" if needed > 2 else "Measure"
        raise ResponseError(
            f"{response.name} needs rates at {needed} temperatures at least; given are rates at {told} °C. "
            f"{instead} at another temperature.",
            [response.name],
        )


@dataclass(frozen=True)
class _Problem:
    """A form and the rates it is fitted to; theta is the logarithm of the rate at the reference, and its parameters."""

    response: Response
    at: NDArray
    rates: NDArray

    @cached_property
    def seen(self) -> NDArray:
        """Whether each of theta can be fitted to these rates, shape (1 + p,)."""
        return np.r_[True, _seen(self.response, self.at)]

    @property
    def moved(self) -> int:
        """How many of theta are fitted."""
        return int(self.seen.sum())

    @property
    def reference(self) -> float:
        """A temperature amid the rates. [°C]"""
        return float(np.clip(np.median(self.at), *self.response.valid_range))

    @cached_property
    def box(self) -> tuple[NDArray, NDArray]:
        """Where theta is sought; what the rates cannot tell is left at its usual value."""
        logs = np.log(self.rates)
        kept = zip(self.response.parameters, self.seen[1:], strict=True)
        ends = [(p.low, p.high) if seen else (p.usual, p.usual) for p, seen in kept]
        low, high = zip((logs.min() - 5.0, logs.max() + 5.0), *ends, strict=True)
        return np.array(low), np.array(high)

    def best(self) -> Optimum:
        """The least-squares fit."""
        return least_squares_from_all(self.residuals, self._starts(), *self.box, finished=2)[0]

    def misfit(self, best: Optimum) -> float:
        """Sum of squares of a fit, at least that of rates known to eight digits. [-]"""
        return max(best.sum_of_squares, self.at.size * ROUNDING**2)

    def best_near(self, fit: ResponseFit) -> Optimum:
        """The least-squares fit, begun at that to more rates: of few parameters nowhere else is needed."""
        near = np.array([np.log(fit.rate), *fit.parameters])
        if self.moved <= ONE_VALLEY:
            return least_squares_in_box(self.residuals, near, *self.box)
        return least_squares_from_all(self.residuals, [near, *self._starts()], *self.box, finished=2)[0]

    def _starts(self) -> list[NDArray]:
        middle, parameters = float(np.mean(np.log(self.rates))), self.response.parameters
        places = [[p.low + part * (p.high - p.low) for p in parameters] for part in STARTS]
        return [np.array([middle, *values]) for values in ([*self.response.usual], *places)]

    @cached_property
    def residuals(self) -> Residuals:
        """Of the logarithms of the rates, with their derivatives by differences."""
        factor, logs, moving = self.response.factor, np.log(self.rates), np.flatnonzero(self.seen)[1:]
        places, which = np.unique(np.r_[self.reference, self.at], return_inverse=True)

        def shape(theta: NDArray) -> NDArray:
            logged = np.log(factor(places, *theta[1:]))[which]
            # Where a form gives no rate its logarithm is no number, which fmax takes for nothing.
            return np.fmin(np.fmax(logged[1:] - logged[0], NOTHING), -NOTHING)

        def residuals(theta: NDArray) -> tuple[NDArray, NDArray]:
            jacobian = np.zeros((logs.size, theta.size))
            jacobian[:, 0] = 1.0
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                for index in moving:
                    step = 1e-6 * max(1e-3, abs(theta[index]))
                    after, before = theta.copy(), theta.copy()
                    after[index] += step
                    before[index] -= step
                    jacobian[:, index] = (shape(after) - shape(before)) / (2 * step)
                return theta[0] + shape(theta) - logs, jacobian

        return residuals


def _intervals(problem: _Problem, best: Optimum) -> tuple[tuple[float, ...], tuple[float, ...], tuple[bool, ...]]:
    """Profile intervals of the parameters of the form: lower ends, upper ends, whether closed."""
    n, ends = problem.at.size, []
    threshold = profile_threshold(problem.misfit(best), n, problem.moved) if n > problem.moved else np.nan
    for index, parameter in enumerate(problem.response.parameters, 1):
        if parameter.low == parameter.high:
            ends.append((parameter.low, parameter.high, True))
        elif not problem.seen[index] or np.isnan(threshold):
            ends.append((parameter.low, parameter.high, False))
        else:
            found = profile_interval(problem.residuals, best, *problem.box, index, threshold)
            ends.append((found.lower, found.upper, found.lower_closed and found.upper_closed))
    low, high, closed = zip(*ends, strict=True) if ends else ((), (), ())
    return tuple(low), tuple(high), tuple(closed)
