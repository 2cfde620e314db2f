"""What a temperature response is: a function with its parameters, its range and its source."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import ResponseError, listed


@dataclass(frozen=True)
class Parameter:
    """One parameter of a response."""

    name: str
    """Its name, as in the equation."""
    unit: str
    """Its unit; empty for a number."""
    usual: float
    """Its value in the source, or the usual one."""
    low: float
    """Lowest value that is taken, or sought in a fit."""
    high: float
    """Highest value that is taken, or sought in a fit."""
    meaning: str
    """What it is, in words."""

    def faults(self, value: ArrayLike) -> list[str]:
        """What of its value, or values, is not within its range, with what is needed.

        Raises
        ------
        ResponseError
            For what is no number.
        """
        given = np.unique(numbers(value, self.name))
        # Where both ends are one, the fit holds the value; others are as good.
        within = np.isfinite(given) if self.low == self.high else (given >= self.low) & (given <= self.high)
        needed = f"{self.low:g} to {self.high:g} {self.unit}".rstrip() if self.low < self.high else "a number"
        return [f"{self.name} is {one:g}, and {needed} is needed" for one in given[~within]]


def numbers(given: ArrayLike, what: str) -> NDArray:
    """What is given as an array of numbers.

    Raises
    ------
    ResponseError
        Where it is none.
    """
    try:
        return np.asarray(given, float)
    except (TypeError, ValueError):
        each = np.ravel(np.asarray(given, object))
        wrong = [f"{one!r:.40} at place {place}" for place, one in enumerate(each, 1) if not isinstance(one, Real)]
        raise ResponseError(f"{what}: numbers are needed; found {listed(wrong)}.", wrong) from None


@dataclass(frozen=True)
class Response:
    """A form of the temperature response of decay."""

    name: str
    """Its name, as given to ``form=``."""
    factor: Callable[..., NDArray]
    """(temperature, *parameters) -> factor of the rate, scaled as its source scales it. [-]"""
    parameters: tuple[Parameter, ...]
    """Its parameters, in the order of `factor`."""
    valid_range: tuple[float, float]
    """Temperatures within which it describes soil. [°C]"""
    reference: str
    """Where it comes from."""
    steepness: str = ""
    """The parameter that a conversion to this form sets; empty where nothing can be set."""

    @property
    def usual(self) -> tuple[float, ...]:
        """Usual values of the parameters."""
        return tuple(parameter.usual for parameter in self.parameters)

    @property
    def equation(self) -> str:
        """What the docstring of `factor` says before its parameters, with the equation in TeX; empty without one."""
        return (inspect.getdoc(self.factor) or "").partition("\nParameters\n")[0].strip()

    def relative_rate(self, temperature: ArrayLike, *parameters: float, reference: float = 10.0) -> NDArray:
        """Rate relative to that at a reference temperature.

        Parameters
        ----------
        temperature : array_like, shape (n,)
            Temperature of the soil. [°C]
        *parameters : float
            Values in the order of `parameters`; left out, the usual ones.
        reference : float, default 10.0
            Temperature at which the relative rate is 1. [°C]

        Returns
        -------
        ndarray, shape (n,)
            Relative rate. [-]

        Raises
        ------
        ResponseError
            For temperatures that are missing or outside the valid range, parameters outside theirs, another number of
            them, and a rate of zero at the reference.

        Examples
        --------
        >>> from talik.responses import RESPONSES
        >>> RESPONSES["lloyd-taylor"].relative_rate([5, 15], reference=5).round(2)
        array([1.  , 2.69])
        """
        values = self.values(parameters or None)
        self.refuse_outside(temperature, reference)
        at_reference = self.factor(np.asarray(reference, float), *values)
        if not np.all(at_reference > 0):
            raise ResponseError(f"{self.name} gives no decay at the reference of {reference:g} °C; name a warmer one.")
        return self.factor(np.asarray(temperature, float), *values) / at_reference

    def values(self, parameters: Sequence[float] | float | None = None) -> tuple[float, ...]:
        """Values of all parameters, each within its range.

        Parameters
        ----------
        parameters : sequence of float, optional
            Values in the order of `parameters`, or the value of the only one; by default the usual ones.

        Returns
        -------
        tuple of float

        Raises
        ------
        ResponseError
            For another number of values than of parameters, and values outside their ranges, naming them.

        Examples
        --------
        >>> from talik.responses import RESPONSES
        >>> RESPONSES["lloyd-taylor"].values([350.0, 227.13])
        (350.0, 227.13)
        """
        if parameters is None:
            return self.usual
        # An array of no dimensions is one number too.
        several = isinstance(parameters, Iterable) and getattr(parameters, "ndim", 1) > 0
        given: tuple[Any, ...] = (*parameters,) if several else (parameters,)  # type: ignore[misc]
        if len(given) != len(self.parameters):
            names = listed([parameter.name for parameter in self.parameters]) or "none"
            raise ResponseError(
                f"{self.name}: number of parameters needed: {len(self.parameters)} ({names}); found: {len(given)}. "
                "Give all of them, or leave all out for the usual ones.",
                [self.name],
            )
        faults = [fault for one, value in zip(self.parameters, given, strict=True) for fault in one.faults(value)]
        if faults:
            raise ResponseError(f"{self.name}: {listed(faults)}. Check units and order.", faults)
        return given

    def refuse_outside(self, *temperatures: ArrayLike) -> None:
        """Refuse temperatures that are missing or outside the valid range.

        Raises
        ------
        ResponseError
            Naming them.
        """
        low, high = self.valid_range
        arrays = [np.ravel(numbers(one, "temperatures")) for one in temperatures]
        missing = [f"{place} of {one.size}" for one in arrays for place in np.flatnonzero(np.isnan(one)) + 1]
        if missing:
            raise ResponseError(
                f"{self.name}: temperatures that are missing (NaN): {listed(missing)}. Give them, or leave them out.",
                missing,
            )
        given = np.concatenate(arrays)
        outside = np.unique(given[(given < low - 1e-9) | (given > high + 1e-9)])
        if outside.size:
            told = ", ".join(f"{one:g}" for one in outside[:10])
            frozen = " Below 0 °C take with_liquid_water or with_frozen_q10 of it." if outside.min() < 0 <= low else ""
            raise ResponseError(
                f"{self.name} describes soil from {low:g} to {high:g} °C, and {told} °C is asked for.{frozen}",
                [f"{one:g}" for one in outside],
            )

    def named(self, name: str, **changes) -> "Response":
        """The same response under another name, with some fields changed."""
        return replace(self, name=name, **changes)
