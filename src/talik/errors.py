"""Errors of talik: what was found, what is needed, what to do, with all offenders at once."""

from collections.abc import Iterable, Sequence

SHOWN = 10
"""Offenders shown in a message; the exception keeps them all."""


class TalikError(Exception):
    """A mistake in the input or the settings that the user can mend.

    Attributes
    ----------
    offenders : tuple of str
        Every row, column, file or setting that is wrong, the ones not shown included.
    """

    def __init__(self, message: str, offenders: Iterable[str] = ()):
        super().__init__(message)
        self.offenders = tuple(offenders)


class InputError(TalikError):
    """A file or a folder cannot be read as what it should be."""


class TableError(TalikError):
    """A table lacks columns, joins to nothing, or holds impossible values."""


class UnitError(TalikError):
    """A unit is unknown, or measures something else."""


class UnknownNameError(TalikError):
    """A name is not among those that talik knows."""


class SettingsError(TalikError):
    """``study.toml`` has mistakes."""


class ResponseError(TalikError):
    """A temperature response is asked beyond what it describes, or cannot be fitted."""


class MissingExtraError(TalikError):
    """A stage needs libraries that are not in the core."""


class ChainError(TalikError):
    """The draws of a posterior are not good enough to be believed."""


class WorkerError(TalikError):
    """Workers cannot be reached, or are lost before their work is done."""


class StoreError(TalikError):
    """A run folder cannot be written or does not hold what is asked for."""


def listed(names: Sequence[str], shown: int = SHOWN) -> str:
    """Names in one line: the first ten, then how many more.

    Examples
    --------
    >>> listed(["jar 3", "jar 17"])
    'jar 3, jar 17'
    >>> listed([str(i) for i in range(14)], shown=3)
    '0, 1, 2 and 11 more'
    """
    head = ", ".join(str(name) for name in names[:shown])
    return head if len(names) <= shown else f"{head} and {len(names) - shown} more"


def itemised(lines: Sequence[str], shown: int = SHOWN) -> str:
    """Lines under one another, indented: the first ten, then how many more.

    Examples
    --------
    >>> print(itemised(["row 3: depth_top 20 below depth_bottom 10", "row 9: ..."]))
      row 3: depth_top 20 below depth_bottom 10
      row 9: ...
    """
    more = [f"  and {len(lines) - shown} more"] if len(lines) > shown else []
    return "\n".join([f"  {line}" for line in lines[:shown]] + more)
