"""``python -m talik``."""

from talik.cli import main

main()
