"""Draws with named dimensions, written to a file and read again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from talik.errors import InputError
from talik.extras import require

if TYPE_CHECKING:
    from xarray import Dataset


def write_draws(draws: Dataset, path: Path | str) -> Path:
    """Write draws as netCDF.

    Parameters
    ----------
    draws : Dataset
        As `talik.HierarchicalFit.draws`.
    path : path_like
        File to write; its folder must be there. One that is there is replaced.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        Where the file cannot be written.

    Examples
    --------
    >>> import tempfile, xarray
    >>> draws = xarray.Dataset({"q10": (("chain", "draw", "soil"), [[[2.1, 1.9]]])}, {"soil": ["ridge", "gully"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_draws(write_draws(draws, Path(folder) / "draws.nc")).identical(draws)
    True
    """
    require("bayes", "write_draws")
    path = Path(path)
    try:
        # Classic netCDF: every reader knows it, and SciPy, which is in the core, writes it.
        draws.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}", [str(path)]) from None
    return path


def read_draws(path: Path | str) -> Dataset:
    """Read draws that `write_draws` wrote.

    Parameters
    ----------
    path : path_like
        A netCDF file.

    Returns
    -------
    Dataset
        In memory; the file is closed.

    Raises
    ------
    InputError
        Where it is not there, or holds no draws.

    Examples
    --------
    >>> read_draws("nowhere.nc")
    Traceback (most recent call last):
        ...
    talik.errors.InputError: nowhere.nc is not there.
    """
    require("bayes", "read_draws")
    import xarray

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is not there.", [str(path)])
    try:
        with xarray.open_dataset(path, engine="scipy") as opened:
            found = opened.load()
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        raise InputError(f"{path} is not a netCDF file of draws: {error}", [str(path)]) from None
    if not {"chain", "draw"} <= set(found.dims):
        raise InputError(f"{path} has the dimensions {', '.join(map(str, found.dims))}; draws have chain and draw.")
    return found
