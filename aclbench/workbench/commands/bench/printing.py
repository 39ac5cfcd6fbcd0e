"""Lines that a command has for the person while it goes on."""

from __future__ import annotations

from typing import Final

from aclbench.workbench.bench import Bench

#: Lines that are collected where nobody prints them as they come.
MAX_LINES: Final = 2000


class Lines:
    """Lines for the person: printed as they come if the bench has a printer, else collected."""

    def __init__(self, bench: Bench) -> None:
        self._print = bench.printer
        self._kept: list[str] = []
        self._left_out = 0

    def add(self, line: str) -> None:
        if self._print is not None:
            self._print(line)
        elif len(self._kept) < MAX_LINES:
            self._kept.append(line)
        else:
            self._left_out += 1

    def text(self, last: str = "") -> str:
        """What is left to print: all of it, or with a printer the last line alone."""
        if self._left_out:
            self._kept.append(f"... and {self._left_out:,} more lines: `events` shows a stretch")
        return "\n".join([*self._kept, *([last] if last else [])])
