"""What a temperature response is: a function with its parameters, its range and its source."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import ResponseError


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
    """Lowest value that is sought in a fit."""
    high: float
    """Highest value that is sought in a fit."""
    meaning: str
    """What it is, in words."""


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
            For temperatures outside the valid range, and a rate of zero at the reference.

        Examples
        --------
        >>> from talik.responses import RESPONSES
        >>> RESPONSES["lloyd-taylor"].relative_rate([5, 15], reference=5).round(2)
        array([1.  , 2.69])
        """
        values = parameters or self.usual
        self.refuse_outside(temperature, reference)
        at_reference = self.factor(np.asarray(reference, float), *values)
        if not np.all(at_reference > 0):
            raise ResponseError(f"{self.name} gives no decay at the reference of {reference:g} °C; name a warmer one.")
        return self.factor(np.asarray(temperature, float), *values) / at_reference

    def refuse_outside(self, *temperatures: ArrayLike) -> None:
        """Refuse temperatures outside the valid range.

        Raises
        ------
        ResponseError
            Naming them.
        """
        low, high = self.valid_range
        given = np.concatenate([np.ravel(np.asarray(one, float)) for one in temperatures])
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
