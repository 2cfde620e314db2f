"""Text files as they come: odd encodings, line ends and byte-order marks, read to clean text."""

from dataclasses import dataclass
from pathlib import Path

from talik.errors import InputError

LONGEST_LINE = 1_000_000
"""A line longer than this is not a line of a table or of metadata. [characters]"""

_ENCODINGS = ("utf-8", "gb18030", "cp1252")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Text:
    """A text file, and what had to be repaired to read it."""

    path: Path
    """Where it was read from."""
    content: str
    """The text, with line feeds as line ends."""
    repairs: tuple[str, ...]
    """What was odd, in words."""


def read_text(path: Path | str) -> Text:
    r"""Read a text file, whatever its encoding and line ends.

    UTF-8 is tried first, and UTF-16 where a byte-order mark says so; other bytes are read as GB18030 where
    they are Chinese words, and as Windows-1252 otherwise. Lone carriage returns and mixed line ends become line
    feeds; a byte-order mark, and a backslash followed by n that someone typed for a line end,
    are taken out.

    Parameters
    ----------
    path : path_like
        The file.

    Returns
    -------
    Text

    Raises
    ------
    InputError
        Where there is no such file, it is empty, binary, or one endless line.
    """
    path = Path(path)
    content = _bytes(path)
    repairs = []
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
        repairs.append("byte-order mark")
    text, encoding = _decoded(content)
    if encoding != "utf-8":
        repairs.append(f"encoding {encoding}, not UTF-8")
    lone = text.replace("\r\n", "").count("\r")
    kinds = [
        name
        for name, count in (
            ("CRLF", text.count("\r\n")),
            ("CR", lone),
            ("LF", text.replace("\r\n", "").count("\n")),
        )
        if count
    ]
    if lone or len(kinds) > 1:
        repairs.append(f"line ends {' and '.join(kinds)}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\\n" in text:
        repairs.append("a typed backslash-n")
        text = text.replace("\\n", "")
    _refuse_endless_lines(path, text)
    return Text(path, text, tuple(repairs))


def _bytes(path: Path) -> bytes:
    if not path.exists():
        raise InputError(f"{path} is not there. Check the path; relative paths count from {Path.cwd()}.", [str(path)])
    if path.is_dir():
        raise InputError(f"{path} is a folder, and a file is needed.", [str(path)])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", [str(path)]) from None
    if not content.strip():
        raise InputError(f"{path} is empty. Put the data in, or take the file away.", [str(path)])
    if b"\x00" in content[:100_000] and not content.startswith(_UTF_16):
        raise InputError(
            f"{path} is a binary file, and plain text is needed. A spreadsheet has to be saved as CSV.",
            [str(path)],
        )
    return content


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith(_UTF_16):
        return content.decode("utf-16", "replace"), "utf-16"
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _reads_as_chinese(text):
            return text, encoding
    return content.decode("latin-1"), "latin-1"


def _reads_as_chinese(text: str) -> bool:
    """Whether what is not ASCII are Chinese words, or marks that a Chinese keyboard gives.

    A lone µ, ° or å of Windows-1252 swallows the letter behind it and becomes one rare character: common
    ones are made of two bytes that are no ASCII. So most must be common, which are those that GB 2312 counts
    to its first level, its punctuation, its letters and its units (℃, μ, ±).
    """
    foreign = [character for character in text if character > "\x7f"]
    return sum(map(_is_common_chinese, foreign)) > 0.7 * len(foreign)


def _is_common_chinese(character: str) -> bool:
    try:
        first, *_ = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return first < 0xD8


def _refuse_endless_lines(path: Path, text: str) -> None:
    longest = max((len(line) for line in text.split("\n")), default=0)
    if longest > LONGEST_LINE:
        raise InputError(
            f"{path} has a line of {longest:,} characters; at most {LONGEST_LINE:,} are read. "
            "It is not a table or its line ends were lost: export it again.",
            [str(path)],
        )
