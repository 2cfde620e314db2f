"""Below 0 °C: a response of thawed soil with ice in it, never an extrapolation."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import ResponseError
from talik.responses.forms import known
from talik.responses.response import Parameter, Response

_COLDEST = -25.0


def liquid_water(temperature: ArrayLike, at_minus_one: ArrayLike, exponent: ArrayLike) -> NDArray:
    r"""Share of a soil's water that is liquid, by a power of the temperature below 0 °C.

    .. math:: \frac{\theta_u}{\theta} = \min(1, a \, |T|^{-b})

    Parameters
    ----------
    temperature : array_like, shape (n,)
        Temperature of the soil. [°C]
    at_minus_one : array_like
        a: share that is liquid at -1 °C. [-]
    exponent : array_like
        b: how fast it freezes; sands 0.6 and more, clays 0.2 to 0.5. [-]

    Returns
    -------
    ndarray, shape (n,)
        Liquid share, 1 above 0 °C. [-]

    References
    ----------
    Anderson and Tice (1972), Highway Research Record 393, 12-18.

    Examples
    --------
    >>> liquid_water([2.0, -1.0, -4.0], 0.3, 0.5).round(3)
    array([1.  , 0.3 , 0.15])
    """
    below = np.fmax(-np.asarray(temperature, float), 0.0)
    with np.errstate(divide="ignore"):
        share = np.asarray(at_minus_one, float) * below ** -np.asarray(exponent, float)
    return np.fmin(np.where(below > 0, share, 1.0), 1.0)


def with_liquid_water(response: str | Response) -> Response:
    r"""A response whose rate at 0 °C is scaled by the liquid share of the water below.

    .. math:: f(T) = f(0) \min(1, a \, |T|^{-b}), \quad T < 0

    Temperature itself acts down to 0 °C only: below, what freezes is all that slows decay.

    Parameters
    ----------
    response : str or Response
        A form for thawed soil: a name in ``RESPONSES``, or a form of one's own.

    Returns
    -------
    Response
        With two more parameters, valid to -25 °C.

    Raises
    ------
    ResponseError
        For a name that is no form, and a form with ice in it already.

    Examples
    --------
    >>> frozen = with_liquid_water("van-t-hoff")
    >>> frozen.relative_rate([0.0, -4.0], 2.5, 0.3, 0.5, reference=0.0).round(3)
    array([1.  , 0.15])
    """
    response = known(response)
    count = len(response.parameters)

    def factor(temperature: ArrayLike, *values: float) -> NDArray:
        r""":math:`f = f_{thawed}(\max(T, 0)) \cdot \min(1, a \, |\min(T, 0)|^{-b})`."""
        temperature = np.asarray(temperature, float)
        thawed = response.factor(np.fmax(temperature, 0.0), *values[:count])
        return thawed * liquid_water(temperature, *values[count:])

    water = (
        Parameter("liquid_at_minus_one", "", 0.3, 0.01, 1.0, "Share of the water that is liquid at -1 °C."),
        Parameter("freezing_exponent", "", 0.5, 0.1, 2.0, "Power with which the liquid water falls."),
    )
    return _below_zero(response, f"{response.name}, liquid water", factor, water)


def with_frozen_q10(response: str | Response) -> Response:
    r"""A response whose rate at 0 °C falls below by a Q10 of its own.

    .. math:: f(T) = f(0) \, Q_{froz}^{T / 10}, \quad T < 0

    Parameters
    ----------
    response : str or Response
        A form for thawed soil: a name in ``RESPONSES``, or a form of one's own.

    Returns
    -------
    Response
        With one more parameter, valid to -25 °C.

    Raises
    ------
    ResponseError
        For a name that is no form, and a form with ice in it already.

    Examples
    --------
    >>> frozen = with_frozen_q10("van-t-hoff")
    >>> frozen.relative_rate([10.0, 0.0, -5.0], 2.5, 100.0, reference=0.0).round(3)
    array([2.5, 1. , 0.1])
    """
    response = known(response)
    count = len(response.parameters)

    def factor(temperature: ArrayLike, *values: float) -> NDArray:
        r""":math:`f = f_{thawed}(\max(T, 0)) \, Q_{froz}^{\min(T, 0) / 10}`."""
        temperature = np.asarray(temperature, float)
        thawed = response.factor(np.fmax(temperature, 0.0), *values[:count])
        return thawed * np.asarray(values[count], float) ** (np.fmin(temperature, 0.0) / 10.0)

    own = (Parameter("frozen_q10", "", 50.0, 1.0, 1000.0, "Q10 of frozen soil; measured ones are 10 and far more."),)
    return _below_zero(response, f"{response.name}, frozen Q10", factor, own)


def _below_zero(response: Response, name: str, factor, further: tuple[Parameter, ...]) -> Response:
    if response.valid_range[0] <= _COLDEST:
        raise ResponseError(f"{response.name} goes below 0 °C by itself; take it as it is.", [response.name])
    return replace(
        response, name=name, factor=factor, parameters=(*response.parameters, *further),
        valid_range=(_COLDEST, response.valid_range[1]),
    )  # fmt: skip
