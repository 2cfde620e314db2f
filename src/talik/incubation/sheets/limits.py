"""How far a workbook may reach, and what is said of one that cannot be read."""

from pathlib import Path

MOST_CELLS = 4_000_000
"""Most cells of all sheets of a workbook together, empty ones between others included."""


def too_far(path: Path, sheet: str, rows: int, columns: int) -> str:
    """The message for a sheet that reaches too far."""
    return (
        f"{path}, {sheet}: {rows:,} rows x {columns:,} columns; at most {MOST_CELLS:,} cells of a workbook are read. "
        "A stray cell far off makes a sheet that large: press Ctrl+End to find it and delete the rows and columns "
        "around it. Readings by the million belong into a text file."
    )


def broken(path: Path, error: BaseException | str) -> str:
    """The message for a file that cannot be read as a workbook."""
    reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    if "password" in reason.lower() or "encrypted" in reason.lower():
        return f"{path} is protected with a password. Open it, take the protection out, and save it again."
    return (
        f"{path} cannot be read as a workbook: {reason}. It may be cut off or damaged. "
        "Open it in Excel or LibreOffice, save it as a new .xlsx, or fetch it again."
    )
