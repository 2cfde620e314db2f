"""Criteria to choose between models of the same data."""

from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Criterion:
    """A criterion, or the reason why there is none."""

    value: float
    """The criterion; lower is better. NaN where it is not defined. [-]"""
    reason: str
    """Why the value is missing; empty where it is there."""


def aicc(
    sum_of_squares: float, n: int, parameters: int, sigma: Literal["estimated", "known"] = "estimated"
) -> Criterion:
    r"""Akaike's criterion of a least-squares fit, corrected for few readings.

    With residuals :math:`r_i / \sigma_i` whose common factor is estimated from
    the residuals themselves, so that it counts as one more parameter:

    .. math:: \mathrm{AICc} = n \ln\frac{RSS}{n} + 2k + \frac{2k(k+1)}{n-k-1}, \quad k = p + 1

    With errors known beforehand :math:`RSS` is :math:`-2 \ln L` up to a constant:

    .. math:: \mathrm{AICc} = RSS + 2k + \frac{2k(k+1)}{n-k-1}, \quad k = p

    Only fits to the same readings with the same errors may be compared. It is for independent errors:
    rates or increments, never cumulative curves, whose errors add up.

    Parameters
    ----------
    sum_of_squares : float
        Residual sum of squares, each residual divided by its error. [-]
    n : int
        Number of readings.
    parameters : int
        Number p of parameters of the curve, the error not counted.
    sigma : {"estimated", "known"}
        Whether the size of the errors was taken from the residuals.

    Returns
    -------
    Criterion
        The value, or NaN and the reason.

    References
    ----------
    Hurvich and Tsai (1989), Biometrika 76, 297-307, doi 10.1093/biomet/76.2.297;
    Burnham and Anderson (2002), Model Selection and Multimodel Inference, section 2.4.

    Examples
    --------
    >>> round(aicc(10.0, n=20, parameters=2).value, 3)
    -6.363
    >>> aicc(10.0, n=4, parameters=2).reason
    'AICc of 3 parameters (the error is one of them) needs more than 4 readings; there are 4'
    """
    k = parameters + (sigma == "estimated")
    if n <= k + 1:
        counted = " (the error is one of them)" if sigma == "estimated" else ""
        few = f"AICc of {k} parameters{counted} needs more than {k + 1} readings; there are {n}"
        return Criterion(np.nan, few)
    if sigma == "estimated" and not sum_of_squares > 0:
        return Criterion(np.nan, "AICc is not defined: the curve passes through every reading")
    misfit = n * np.log(sum_of_squares / n) if sigma == "estimated" else sum_of_squares
    return Criterion(float(misfit + 2 * k + 2 * k * (k + 1) / (n - k - 1)), "")


def bic(
    sum_of_squares: float, n: int, parameters: int, sigma: Literal["estimated", "known"] = "estimated"
) -> Criterion:
    r"""Schwarz's criterion of a least-squares fit; weighs parameters more than `aicc`, the more readings there are.

    .. math:: \mathrm{BIC} = n \ln\frac{RSS}{n} + k \ln n, \quad k = p + 1

    and with errors known beforehand :math:`RSS + k \ln n` with :math:`k = p`. Readings, errors and independence as
    in `aicc`.

    Parameters
    ----------
    sum_of_squares, n, parameters, sigma
        As in `aicc`.

    Returns
    -------
    Criterion
        The value, or NaN and the reason.

    References
    ----------
    Schwarz (1978), Annals of Statistics 6, 461-464, doi 10.1214/aos/1176344136.

    Examples
    --------
    >>> round(bic(10.0, n=20, parameters=2).value, 3)
    -4.876
    """
    if sigma == "estimated" and not sum_of_squares > 0:
        return Criterion(np.nan, "BIC is not defined: the curve passes through every reading")
    misfit = n * np.log(sum_of_squares / n) if sigma == "estimated" else sum_of_squares
    return Criterion(float(misfit + (parameters + (sigma == "estimated")) * np.log(n)), "")
