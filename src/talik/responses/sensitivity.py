"""How steep a response is: at one temperature, over ten degrees, and between any two."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talik.errors import ResponseError
from talik.responses.response import Response

_STEP = 1e-3


def q10_between(
    response: Response, t_low: ArrayLike, t_high: ArrayLike, parameters: Sequence[float] | None = None
) -> NDArray:
    r"""Q10 that a response implies between two temperatures.

    .. math:: Q_{10} = \left(\frac{f(T_2)}{f(T_1)}\right)^{10 / (T_2 - T_1)}

    Parameters
    ----------
    response : Response
        The form, out of ``RESPONSES``.
    t_low, t_high : array_like, shape (n,)
        The temperatures. [°C]
    parameters : sequence of float, optional
        Values of its parameters; by default the usual ones.

    Returns
    -------
    ndarray, shape (n,)
        Q10; infinite where nothing decays at the lower temperature. [-]

    Raises
    ------
    ResponseError
        For temperatures outside the valid range, and pairs of the same temperature.

    Examples
    --------
    Lloyd and Taylor at the temperatures of many incubations:

    >>> from talik.responses import RESPONSES
    >>> round(float(q10_between(RESPONSES["lloyd-taylor"], 5, 15)), 3)
    2.694
    """
    response.refuse_outside(t_low, t_high)
    values = response.usual if parameters is None else parameters
    low, high = np.asarray(t_low, float), np.asarray(t_high, float)
    if np.any(low == high):
        raise ResponseError("a Q10 between temperatures needs two of them; at one temperature take local_q10.")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = response.factor(high, *values) / response.factor(low, *values)
    return ratio ** (10.0 / (high - low))


def local_q10(response: Response, temperature: ArrayLike, parameters: Sequence[float] | None = None) -> NDArray:
    r"""Q10 that a response implies at one temperature.

    .. math:: Q_{10}(T) = \exp\left(10 \, \frac{d \ln f}{dT}\right)

    The derivative is a central difference of fourth order over 0.004 °C, good to eight digits; at a kink (0 °C of the
    land models, the edge of a plateau) it is the mean of both sides.

    Parameters
    ----------
    response : Response
        The form, out of ``RESPONSES``.
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
        For temperatures outside the valid range.

    Examples
    --------
    Arrhenius with 75 kJ per mole, whose Q10 falls as it warms:

    >>> from talik.responses import RESPONSES
    >>> local_q10(RESPONSES["arrhenius"], [5, 25], [75.0]).round(3)
    array([3.209, 2.759])
    """
    response.refuse_outside(temperature)
    values = response.usual if parameters is None else parameters
    at = np.asarray(temperature, float)

    def log_rate(steps: int) -> NDArray:
        with np.errstate(divide="ignore"):
            return np.log(response.factor(at + steps * _STEP, *values))

    with np.errstate(invalid="ignore"):
        slope = (8 * (log_rate(1) - log_rate(-1)) - (log_rate(2) - log_rate(-2))) / (12 * _STEP)
    return np.exp(10 * slope)
