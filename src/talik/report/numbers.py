"""Numbers as the report prints them."""

import numpy as np


def printed(value: float, digits: int = 2) -> str:
    """A number with fixed decimals, or a dash where there is none.

    Examples
    --------
    >>> printed(2.309), printed(float("nan"))
    ('2.31', '–')
    """
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def with_interval(value: float, lower: float, upper: float) -> str:
    """An estimate with its interval; without one it says so.

    Ends beyond a thousand, or below a thousandth, say nothing and are printed as such.

    Examples
    --------
    >>> with_interval(2.309, 1.98, 2.70)
    '2.31 [1.98, 2.70]'
    >>> with_interval(2.309, float("nan"), float("nan")), with_interval(2.3, 0.0001, 5e6)
    ('2.31 [no interval]', '2.30 [<0.001, >1000]')
    """
    if not np.isfinite(value):
        return "not defined"
    if not (np.isfinite(lower) and np.isfinite(upper)):
        return f"{value:.2f} [no interval]"
    low = "<0.001" if lower < 0.001 else f"{lower:.2f}"
    high = ">1000" if upper > 1000 else f"{upper:.2f}"
    return f"{value:.2f} [{low}, {high}]"


def span(low: float, high: float) -> str:
    """A range, or one number where both ends are the same.

    Examples
    --------
    >>> span(5.0, 25.0), span(3.0, 3.0), span(-5.0, 4.5), span(float("nan"), float("nan"))
    ('5–25', '3', '−5 to 4.5', '–')
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return "–"
    first, last = (f"{value:.3g}".replace("-", "−") for value in (low, high))
    if first == last:
        return first
    return f"{first} to {last}" if low < 0 else f"{first}–{last}"


def counted(n: int, one: str, many: str = "") -> str:
    """A count with its noun.

    Examples
    --------
    >>> counted(1, "soil"), counted(3, "soil"), counted(2, "study", "studies")
    ('1 soil', '3 soils', '2 studies')
    """
    return f"{n} {one if n == 1 else many or one + 's'}"
