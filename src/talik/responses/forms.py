"""The forms of the temperature response. A new form is a function and one entry of `RESPONSES`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Response:
    """A form of the temperature response of decay."""

    name: str
    """Its name, as given to ``form=``."""
    relative_rate: Callable[..., NDArray]
    """(temperature, *parameters, reference=) -> rate relative to that at the reference. [-]"""
    parameters: tuple[str, ...]
    """Names of its parameters, in order."""
    reference: str
    """Where it comes from."""
    valid_range: tuple[float, float]
    """Temperatures within which it describes soil. [°C]"""


def van_t_hoff(temperature: ArrayLike, q10: ArrayLike, reference: float = 10.0) -> NDArray:
    r"""Rate relative to that at a reference temperature, with the same Q10 everywhere.

    .. math:: \frac{k(T)}{k(T_{ref})} = Q_{10}^{(T - T_{ref}) / 10}

    For thawed soil below its optimum. Below 0 °C the liquid water, not the temperature alone, limits decay,
    and a Q10 of thawed soil must not be carried there.

    Parameters
    ----------
    temperature : array_like, shape (n,) or float
        Temperature of the soil. [°C]
    q10 : array_like, shape (n,) or float
        Factor by which the rate rises over 10 °C. [-]
    reference : float, default 10.0
        Temperature at which the relative rate is 1. [°C]

    Returns
    -------
    ndarray, shape (n,)
        Relative rate. [-]

    References
    ----------
    van 't Hoff (1898), Lectures on Theoretical and Physical Chemistry;
    Davidson and Janssens (2006), Nature 440, 165-173, doi 10.1038/nature04514.

    Examples
    --------
    A soil with a Q10 of 2.5, at 5 and 15 °C:

    >>> van_t_hoff([5, 15], q10=2.5, reference=5).round(2)
    array([1. , 2.5])
    """
    return np.asarray(q10, float) ** ((np.asarray(temperature, float) - reference) / 10.0)


RESPONSES: dict[str, Response] = {
    "van-t-hoff": Response(
        name="van-t-hoff",
        relative_rate=van_t_hoff,
        parameters=("q10",),
        reference="van 't Hoff (1898); Davidson and Janssens (2006), doi 10.1038/nature04514",
        # From thawing to 35 °C, the optimum of decay in Century.
        valid_range=(0.0, 35.0),
    ),
}
"""Every form of the temperature response, by name."""
