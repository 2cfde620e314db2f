"""The smallest rate that a closing can tell from none."""

import numpy as np

from talik.errors import TableError

DETECTED = 2 * 1.6448536269514722
"""Standard errors in a detection limit: 5 % false alarms and 5 % missed (Currie 1968). [-]"""


def detection_limit(sd, length, n=2):
    r"""Smallest rate that a straight line through a closing can tell from none.

    .. math:: f_{det} = \frac{3.29 \, s}{\sqrt{\sum_i (t_i - \bar t)^2}}
              = 3.29 \, \frac{s}{t_n} \sqrt{\frac{12 (n - 1)}{n (n + 1)}}

    for n readings equally spaced in time. A true rate of this size is told from zero in 95 of 100 closings,
    and a rate of zero is taken for one in 5 of 100.

    Parameters
    ----------
    sd : array_like, shape (m,) or float
        Error of one reading, as carbon in the jar. [µg C]
    length : array_like, shape (m,) or float
        Time from the first to the last reading. [d]
    n : array_like, shape (m,) or int, default 2
        Readings.

    Returns
    -------
    ndarray, shape (m,) or float
        [µg C d⁻¹]

    Raises
    ------
    TableError
        If a length is not above zero, or there are fewer than 2 readings.

    References
    ----------
    Currie (1968), Analytical Chemistry 40, 586-593, doi 10.1021/ac60259a007.

    Examples
    --------
    A chromatograph that repeats within 10 ppm, a headspace of 200 mL (98 µg C per 1000 ppm), a day, 2 and 4
    readings:

    >>> detection_limit(0.98, length=1.0, n=[2, 4]).round(2)
    array([4.56, 4.33])
    """
    sd, length, n = np.asarray(sd, float), np.asarray(length, float), np.asarray(n, float)
    if (length <= 0).any() or (n < 2).any():
        raise TableError("a detection limit needs closings longer than nothing, with 2 readings at least")
    return (DETECTED * sd / length * np.sqrt(12 * (n - 1) / (n * (n + 1))))[()]
