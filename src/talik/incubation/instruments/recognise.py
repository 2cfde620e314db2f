"""One door to instrument files: the content says which instrument wrote it."""

import glob
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from talik.errors import InputError, itemised
from talik.incubation.instruments import chromatograph, licor, picarro
from talik.incubation.instruments.clock import known_zone
from talik.incubation.instruments.content import Content, read_content
from talik.incubation.instruments.recording import Recording, joined
from talik.problems import problem

_READERS: tuple[tuple[Callable[[Content], bool], Callable[[Content, str | None], Recording], str], ...] = (
    (picarro.is_picarro, picarro.read_picarro, picarro.LOOKED_FOR),
    (licor.is_licor, licor.read_licor, licor.LOOKED_FOR),
    (chromatograph.is_peak_table, chromatograph.read_chromatograph, chromatograph.LOOKED_FOR),
)


def read_readings(path: Path | str, *, timezone: str | None = None) -> Recording:
    r"""Read a file of an instrument, recognised by its content.

    Parameters
    ----------
    path : path_like
        A Picarro DataLog_User table (.dat, or compressed as .gz), a LI-COR LI-7810, LI-7815 or LI-7820 file, or a
        chromatograph's table of peaks with its standards.
    timezone : str, optional
        Zone of the instrument's clock, as ``Asia/Shanghai``, where the file does not state it. What the file states
        goes before it.

    Returns
    -------
    Recording
        Times in UTC, CO2 and CH4 in ppm of dry air.

    Raises
    ------
    InputError
        Where it is none of these, or the file lacks what is needed, with what was looked for.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "TG10.data"
    >>> lines = ["Model:\tLI-7810", "Timezone:\tUTC", "DATAH\tSECONDS\tCO2", "DATAU\tsecs\tppm",
    ...          "DATA\t1670227018\t420.5", "DATA\t1670227019\t421.0", ""]
    >>> _ = path.write_text(chr(10).join(lines))
    >>> recording = read_readings(path)
    >>> recording.instrument, recording.table["co2"].tolist()
    ('LI-COR LI-7810', [420.5, 421.0])
    """
    if timezone is not None:
        known_zone(timezone, str(path))
    content = read_content(path)
    for recognised, read, _ in _READERS:
        if recognised(content):
            return read(content, timezone)
    looked = itemised([looked_for for *_, looked_for in _READERS])
    begin = content.lines[0][:60].decode("latin-1")
    raise InputError(
        f"{path} is not recognised as a file of an instrument. Looked for:\n{looked}\nIt begins with {begin!r}. "
        "A table of another form, or a spreadsheet, is read through a mapping file.",
        [str(path)],
    )


def is_instrument_file(path: Path | str) -> bool:
    """Whether the content of a file is that of an instrument.

    Raises
    ------
    InputError
        Where it cannot be read at all.
    """
    content = read_content(path)
    return any(recognised(content) for recognised, *_ in _READERS)


def read_recordings(paths: Path | str | Iterable[Path | str], *, timezone: str | None = None) -> Recording:
    """Read the files of one instrument as one recording, in the order of their time.

    Parameters
    ----------
    paths : path_like or iterable of path_like
        A folder, a pattern such as ``logs/*.dat.gz``, or files. In a folder and behind a pattern, files that are not of
        an instrument are told and passed over; among files named one by one they are an error.
    timezone : str, optional
        As in `read_readings`.

    Returns
    -------
    Recording
        With the problems of all files.

    Raises
    ------
    InputError
        Where there is no file, none is recognised, they are of several instruments, or a named one cannot be read.

    Examples
    --------
    >>> read_recordings([])
    Traceback (most recent call last):
    talik.errors.InputError: No file to read. A folder, a pattern such as 'logs/*.dat.gz', or files are needed.
    """
    named = not isinstance(paths, str | Path)
    files = [Path(path) for path in paths] if not isinstance(paths, str | Path) else _files(paths)
    read, refused = [], []
    for file in files:
        try:
            read.append(read_readings(file, timezone=timezone))
        except InputError as error:
            refused.append((file.name, str(error)))
    if refused and (named or not read):
        raise InputError("\n".join(text for _, text in refused[:10]), [name for name, _ in refused])
    if not read:
        raise InputError(
            "No file to read. A folder, a pattern such as 'logs/*.dat.gz', or files are needed.", [str(paths)]
        )
    whole = joined(read)
    passed = [
        problem("file-passed-over", stage="incubation", entry=name, found=text.splitlines()[0], done="left out")
        for name, text in refused
    ]
    return replace(whole, problems=(*whole.problems, *passed))


def _files(path: Path | str) -> list[Path]:
    folder = Path(path)
    found = folder.iterdir() if folder.is_dir() else map(Path, glob.glob(str(path)))  # noqa: PTH207 - a pattern may be absolute
    files = sorted(file for file in found if file.is_file() and not file.name.startswith("."))
    if not files and not folder.is_dir() and not glob.has_magic(str(path)):
        return [folder]
    return files
