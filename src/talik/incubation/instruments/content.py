"""The lines of an instrument's file, whatever happened to it: compressed, cut short, padded with nothing."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from talik.errors import InputError, listed
from talik.problems import Findings

LARGEST = 150_000_000
"""A file with more in it, decompressed, is refused: hold it in parts. [bytes]"""

MOST_LINES = 1_500_000
"""A file with more lines is refused likewise: seventeen days of a reading a second."""

LONGEST_LINE = 100_000
"""A longer line is not a line of readings. [bytes]"""

_CONTROL = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"
_GZIP = b"\x1f\x8b"
_WITH_HEADER = 31
_PART = 1 << 20


@dataclass(frozen=True)
class Content:
    """What a file holds, as lines, with what had to be said about it."""

    path: Path
    """Where it was read from."""
    lines: list[bytes]
    """The lines without their ends; ``lines[0]`` is line 1 of the file."""
    whole: bool
    """Whether the last line was ended; where not, it may be cut within a number."""
    findings: Findings
    """What is wrong with the file."""


def read_content(path: Path | str) -> Content:
    """Read the lines of an instrument's file, compressed by gzip or not.

    A file whose compression is damaged is read up to the damage. Bytes that are nothing (NUL), left where an
    instrument lost power, are taken out.

    Parameters
    ----------
    path : path_like
        The file.

    Returns
    -------
    Content

    Raises
    ------
    InputError
        Where there is no such file, it is empty, too large, or has an endless line.
    """
    path = Path(path)
    findings = Findings(path.name)
    content = _bytes(path, findings)
    content = _without_control(content, findings)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content.count(b"\n") > MOST_LINES:
        raise InputError(f"{path} has more than {MOST_LINES:,} lines. Cut it into days.", [str(path)])
    if not content.strip():
        raise InputError(f"{path} is empty. Put the data in, or take the file away.", [str(path)])
    whole = content.endswith(b"\n")
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if whole:
        lines.pop()
    if max(map(len, lines)) > LONGEST_LINE:
        raise InputError(
            f"{path} has a line of more than {LONGEST_LINE:,} bytes, so it is no file of readings, or its line ends "
            "were lost: copy it from the instrument again.",
            [str(path)],
        )
    return Content(path, lines, whole, findings)


def _bytes(path: Path, findings: Findings) -> bytes:
    if not path.exists():
        raise InputError(f"{path} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(path)])
    if path.is_dir():
        raise InputError(f"{path} is a folder; read_recordings reads all files of a folder.", [str(path)])
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP
            file.seek(0)
            if zipped:
                return _unzipped(path, file, findings)
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.", [str(path)]) from None
    return _within_limit(path, content)


def _unzipped(path: Path, file: BinaryIO, findings: Findings) -> bytes:
    """What a gzip file holds, up to where it is damaged."""
    parts, size, damage = [], 0, ""
    inflate = zlib.decompressobj(_WITH_HEADER)
    rest = file.read(_PART)
    while rest and size <= LARGEST:
        try:
            parts.append(inflate.decompress(rest, _PART))
        except zlib.error as error:
            damage = str(error)
            break
        size += len(parts[-1])
        rest = inflate.unconsumed_tail or file.read(_PART)
        if inflate.eof:
            rest = inflate.unused_data + rest
            # Behind a whole part there may be another, as in logs appended to, or padding.
            if not rest.startswith(_GZIP):
                break
            inflate = zlib.decompressobj(_WITH_HEADER)
    if damage or (not inflate.eof and size <= LARGEST):
        findings.tell(
            "file-cut",
            where="the end of the file",
            found=f"its compression is damaged ({damage or 'it ends too early'})",
            needed="the whole file",
            done=f"the {size:,} bytes before the damage were read",
        )
    return _within_limit(path, b"".join(parts))


def _within_limit(path: Path, content: bytes) -> bytes:
    if len(content) > LARGEST:
        raise InputError(
            f"{path} holds more than {LARGEST // 1_000_000} MB, and a file of readings holds less. Cut it into days.",
            [str(path)],
        )
    return content


def _without_control(content: bytes, findings: Findings) -> bytes:
    kept = content.translate(None, _CONTROL)
    if len(kept) < len(content):
        inside = len(content.rstrip(_CONTROL)) > len(kept)
        findings.tell(
            "file-cut",
            where="within the file" if inside else "the end of the file",
            found=f"{len(content) - len(kept):,} bytes that are nothing (NUL) or no text",
            needed="text",
            done="they were left out",
        )
    return kept


def regular(content: Content, header: int, separator: bytes | None) -> tuple[list[int], list[bytes]]:
    """Numbers and text of the lines below the header that have as many fields as it; the others are told.

    A header that comes again, where files were joined, is left out.

    Parameters
    ----------
    content : Content
        The lines.
    header : int
        Place of the header in ``content.lines``.
    separator : bytes or None
        Parts the fields; None stands for any blanks.

    Returns
    -------
    numbers : list of int
        Line numbers, as an editor counts.
    lines : list of bytes
    """
    lines = content.lines
    head, below = lines[header], lines[header + 1 :]
    first = header + 2
    counts = _counts(below, separator)
    needed = len(head.split(separator))
    numbers, kept, odd = [], [], []
    for number, (line, count) in enumerate(zip(below, counts, strict=True), first):
        if count == needed and line != head:
            numbers.append(number)
            kept.append(line)
        elif line != head and line.strip():
            odd.append(number)
    if len(kept) > 1 and not content.whole and numbers[-1] == len(lines) and len(kept[-1]) < len(kept[-2]):
        odd.append(numbers.pop())
        kept.pop()
    _tell_odd(content, odd, needed)
    return numbers, kept


def _counts(lines: list[bytes], separator: bytes | None) -> list[int]:
    """Fields of each line. Lines of one width are counted as a block, which takes a tenth of the time."""
    if separator is not None:
        return [line.count(separator) + 1 for line in lines]
    widths = set(map(len, lines))
    if len(widths) != 1 or 0 in widths:
        return [len(line.split()) for line in lines]
    filled = np.frombuffer(b"".join(lines), np.uint8).reshape(len(lines), -1) > ord(" ")
    return (filled[:, 0] + (filled[:, 1:] & ~filled[:, :-1]).sum(axis=1)).tolist()


def _tell_odd(content: Content, odd: list[int], needed: int) -> None:
    last = len(content.lines)
    if odd and odd[-1] == last and not content.whole:
        odd = odd[:-1]
        content.findings.tell(
            "file-cut",
            where=f"line {last}",
            found="the last line is cut",
            needed="a whole line",
            done="it was left out",
        )
    if odd:
        content.findings.tell(
            "line-unreadable",
            where=f"line {listed([str(number) for number in odd], 5)}",
            found=f"{len(odd)} lines do not have the {needed} fields of the header",
            needed="whole lines",
            done="they were left out",
        )
