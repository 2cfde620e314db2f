"""How steep a response is: at one temperature, over ten degrees, and between any two."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import ResponseError
from talik.responses.forms import known
from talik.responses.response import Response, numbers

_STEP = 1e-3


def q10_between(
    response: str | Response, t_low: ArrayLike, t_high: ArrayLike, parameters: Sequence[float] | None = None
) -> NDArray:
    r"""Q10 that a response implies between two temperatures.

    .. math:: Q_{10} = \left(\frac{f(T_2)}{f(T_1)}\right)^{10 / (T_2 - T_1)}

    Parameters
    ----------
    response : str or Response
        A name in ``RESPONSES``, or a form of one's own.
    t_low, t_high : array_like, shape (n,)
        The temperatures. [°C]
    parameters : sequence of float, optional
        Values of its parameters; by default the usual ones.

    Returns
    -------
    ndarray, shape (n,)
        Q10; infinite where nothing decays at the lower temperature, NaN where nothing decays at either. [-]

    Raises
    ------
    ResponseError
        For a name that is no form, temperatures that are missing or outside the valid range, pairs of the same
        temperature, parameters outside their ranges, and another number of them.

    Examples
    --------
    Lloyd and Taylor at the temperatures of many incubations:

    >>> round(float(q10_between("lloyd-taylor", 5, 15)), 3)
    2.694
    """
    response = known(response)
    response.refuse_outside(t_low, t_high)
    values = response.values(parameters)
    low, high = _pairs(t_low, t_high)
    if np.any(low == high):
        raise ResponseError("a Q10 between temperatures needs two of them; at one temperature take local_q10.")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = response.factor(high, *values) / response.factor(low, *values)
    return ratio ** (10.0 / (high - low))


def _pairs(t_low: ArrayLike, t_high: ArrayLike) -> tuple[NDArray, NDArray]:
    low, high = numbers(t_low, "lower temperatures"), numbers(t_high, "upper temperatures")
    try:
        np.broadcast_shapes(low.shape, high.shape)
    except ValueError:
        raise ResponseError(
            f"{low.size} lower and {high.size} upper temperatures make no pairs; give as many of both, or one."
        ) from None
    return low, high


def local_q10(response: str | Response, temperature: ArrayLike, parameters: Sequence[float] | None = None) -> NDArray:
    r"""Q10 that a response implies at one temperature.

    .. math:: Q_{10}(T) = \exp\left(10 \, \frac{d \ln f}{dT}\right)

    The derivative is a central difference of fourth order over 0.004 °C, good to eight digits; at a kink (0 °C of the
    land models, the edge of a plateau) it is the mean of both sides.

    Parameters
    ----------
    response : str or Response
        A name in ``RESPONSES``, or a form of one's own.
    temperature : array_like, shape (n,)
        Where. [°C]
    parameters : sequence of float, optional
        Values of its parameters; by default the usual ones.

    Returns
    -------
    ndarray, shape (n,)
        Local Q10; NaN where nothing decays, as in a land model below its coldest temperature. [-]

    Raises
    ------
    ResponseError
        For a name that is no form, temperatures that are missing or outside the valid range, parameters outside
        their ranges, and another number of them.

    Examples
    --------
    Arrhenius with 75 kJ per mole, whose Q10 falls as it warms:

    >>> local_q10("arrhenius", [5, 25], [75.0]).round(3)
    array([3.209, 2.759])
    """
    response = known(response)
    response.refuse_outside(temperature)
    values = response.values(parameters)
    at = np.asarray(temperature, float)

    def log_rate(steps: int) -> NDArray:
        with np.errstate(divide="ignore"):
            return np.log(response.factor(at + steps * _STEP, *values))

    with np.errstate(invalid="ignore"):
        slope = (8 * (log_rate(1) - log_rate(-1)) - (log_rate(2) - log_rate(-2))) / (12 * _STEP)
    return np.exp(10 * slope)
