"""A response written in another form: equally steep at a stated temperature."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq

from talik.errors import ResponseError
from talik.responses.response import Response
from talik.responses.sensitivity import local_q10


def equivalent(
    response: Response, to: Response, temperature: float, parameters: Sequence[float] | None = None
) -> tuple[float, ...]:
    """Parameters of another form that is as steep at one temperature.

    Two forms can agree at one temperature only: elsewhere their Q10 differ, and the difference is what a conversion
    costs. The parameter that ``Response.steepness`` names is set, the others keep their usual values.

    Parameters
    ----------
    response : Response
        The form to convert from.
    to : Response
        The form to convert to.
    temperature : float
        Where both have the same local Q10. [°C]
    parameters : sequence of float, optional
        Values of the parameters of `response`; by default the usual ones.

    Returns
    -------
    tuple of float
        Parameters of `to`.

    Raises
    ------
    ResponseError
        Where the form has nothing to set, or nothing in its range is as steep.

    Examples
    --------
    A Q10 of 2.5 at 10 °C as an activation energy, in kJ per mole:

    >>> from talik.responses import RESPONSES
    >>> energy, = equivalent(RESPONSES["van-t-hoff"], RESPONSES["arrhenius"], 10.0, [2.5])
    >>> round(energy, 2)
    61.08
    """
    if not to.steepness:
        raise ResponseError(f"{to.name} has no parameter that could be set; name another form.", [to.name])
    wanted = float(local_q10(response, temperature, parameters))
    names = [parameter.name for parameter in to.parameters]
    index = names.index(to.steepness)
    free, values = to.parameters[index], list(to.usual)

    def excess(value: float) -> float:
        values[index] = value
        return float(np.log(local_q10(to, temperature, values) / wanted))

    grid = np.linspace(free.low, free.high, 400)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        differences = np.array([excess(value) for value in grid])
    crossing = np.flatnonzero(
        np.isfinite(differences[:-1] * differences[1:]) & (differences[:-1] * differences[1:] <= 0)
    )
    if not crossing.size:
        raise ResponseError(
            f"{to.name} is nowhere as steep as a Q10 of {wanted:.3g} at {temperature:g} °C for {free.name} from "
            f"{free.low:g} to {free.high:g} {free.unit}".rstrip()
            + ".",
            [to.name],
        )
    first = crossing[0]
    values[index] = brentq(excess, grid[first], grid[first + 1], xtol=1e-13, rtol=1e-13)
    return tuple(float(value) for value in values)
