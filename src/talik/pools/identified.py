"""Whether the data determine a parameter, and in words why not."""

WIDEST_Q10 = 2.0
"""Upper over lower end of an interval, above which a Q10 is not identified. [-]"""
WIDEST_RATE = 10.0
"""Upper over lower end of an interval, above which a decay rate or a pool is not identified. [-]"""


def why_not(
    lower: float, upper: float, lower_closed: bool, upper_closed: bool, second: bool, widest: float, interval: str
) -> str:
    """Why a parameter is not identified; empty where it is.

    It is when its profile interval is closed on both sides inside the search box, not too wide, and holds no second
    optimum.

    Parameters
    ----------
    lower, upper : float
        Ends of the profile interval. [unit of the parameter]
    lower_closed, upper_closed : bool
        Whether the threshold was met there, inside the box.
    second : bool
        Whether the interval holds another optimum.
    widest : float
        Upper over lower end at most. [-]
    interval : str
        Name of the interval, as "95 % interval".

    Returns
    -------
    str

    Examples
    --------
    >>> why_not(1.5, 40.0, True, False, False, WIDEST_Q10, "95 % interval")
    '95 % interval open above (the search ends at 40)'
    >>> why_not(1.5, 4.5, True, True, False, WIDEST_Q10, "95 % interval")
    '95 % interval spans a factor of 3; at most 2 is needed'
    >>> why_not(1.8, 2.2, True, True, False, WIDEST_Q10, "95 % interval")
    ''
    """
    sides = " and ".join(
        f"{side} (the search ends at {end:.3g})"
        for side, end, closed in (("below", lower, lower_closed), ("above", upper, upper_closed))
        if not closed
    )
    if sides:
        return f"{interval} open {sides}"
    if second:
        return f"another fit is as good, within {lower:.3g} to {upper:.3g}"
    if not upper <= widest * lower:
        return f"{interval} spans a factor of {upper / lower:.3g}; at most {widest:g} is needed"
    return ""
