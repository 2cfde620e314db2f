"""Libraries that are not in the core: where one is missing, the error says the line that installs it."""

from importlib.util import find_spec

from talik.errors import MissingExtraError

EXTRAS = {"bayes": ("numpyro", "arviz", "xarray"), "cluster": ("distributed",)}
"""Libraries that each extra of ``pyproject.toml`` brings."""


def require(extra: str, purpose: str) -> None:
    """Make sure that the libraries of an extra are there, before they are imported.

    Parameters
    ----------
    extra : str
        Name of the extra, as in ``pip install "talik[bayes]"``.
    purpose : str
        What needs it, as the subject of a sentence.

    Raises
    ------
    MissingExtraError
        With the line that installs it, naming every library that is not there.

    Examples
    --------
    >>> require("bayes", "fit_hierarchical")
    """
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f'{purpose} needs {", ".join(missing)}. Install with: pip install "talik[{extra}]"', missing
        )
