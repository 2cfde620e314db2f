"""A response written in another form: equally steep at a stated temperature."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from talik.errors import ResponseError
from talik.responses.forms import known
from talik.responses.response import Response
from talik.responses.sensitivity import local_q10


def equivalent(
    response: str | Response, to: str | Response, temperature: float, parameters: Sequence[float] | None = None
) -> tuple[float, ...]:
    """Parameters of another form that is as steep at one temperature.

    Two forms can agree at one temperature only: elsewhere their Q10 differ, and the difference is what a conversion
    costs. The parameter that ``Response.steepness`` names is set, the others keep their usual values.

    Parameters
    ----------
    response : str or Response
        The form to convert from: a name in ``RESPONSES``, or a form of one's own.
    to : str or Response
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
        For names that are no forms, what `local_q10` refuses, more than one temperature, and where there is no Q10 to
        convert, the form has nothing to set, or nothing in its range is as steep.

    Examples
    --------
    A Q10 of 2.5 at 10 °C as an activation energy, in kJ per mole:

    >>> energy, = equivalent("van-t-hoff", "arrhenius", 10.0, [2.5])
    >>> round(energy, 2)
    61.08
    """
    response, to = known(response), known(to)
    if not to.steepness:
        raise ResponseError(f"{to.name} has no parameter that could be set; name another form.", [to.name])
    wanted = _only(local_q10(response, temperature, parameters), response)
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


def _only(q10: NDArray, response: Response) -> float:
    if q10.size != 1:
        raise ResponseError(f"a conversion is for one temperature and one value a parameter; {q10.size} are given.")
    if np.isnan(q10).any():
        raise ResponseError(f"{response.name} gives no decay there, and has no Q10; name a warmer temperature.")
    return float(q10.item())
