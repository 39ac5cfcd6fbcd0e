"""The lines typed so far, kept in a file from one run to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from platformdirs import user_state_path
from textual.suggester import Suggester

from aclbench.files import write_whole

#: Lines kept; older ones are forgotten.
KEPT: Final = 5_000


def history_file() -> Path:
    """Where they are kept: under XDG's state folder."""
    return user_state_path("aclbench") / "tui-history"


class LineHistory:
    """Lines, the oldest first. Read when first asked for, and written with each line added.

    Two screens at once add to one file; neither forgets the other's lines. Where the file can't be
    read or written they are kept in memory, and `notice` says so.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lines: list[str] | None = None
        #: A sentence for the person, once; empty if all is well.
        self.notice = ""

    @property
    def lines(self) -> list[str]:
        """All lines."""
        if self._lines is None:
            self._lines = self._read()
        return self._lines

    def add(self, line: str) -> None:
        """Keep a line, unless it is the last one again."""
        line = " ".join(line.splitlines()).strip()
        if not line or self.lines[-1:] == [line]:
            return
        self._lines = [*self.lines, line][-KEPT:]
        if self._path is None or self.notice:
            return
        # Read again: another screen may have added to it.
        there = [*self._read(), line][-KEPT:]
        try:
            write_whole(self._path, "".join(f"{each}\n" for each in there), make_folders=True)
        except OSError as error:
            self._keep_in_memory(error)

    def _read(self) -> list[str]:
        if self._path is None:
            return []
        try:
            text = self._path.read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self._keep_in_memory(error)
            return []
        return [line for line in text.split("\n") if line.strip()][-KEPT:]

    def _keep_in_memory(self, error: OSError) -> None:
        self.notice = (
            f"typed lines are kept for this run alone: {self._path}: {error.strerror or error}"
        )

    def latest_beginning(self, text: str) -> str | None:
        """The last line that begins with a text and goes on."""
        return next((ln for ln in reversed(self.lines) if ln.startswith(text) and ln != text), None)


class HistorySuggester(Suggester):
    """The last line that begins as what is typed, as a ghost behind it."""

    def __init__(self, history: LineHistory) -> None:
        # Lines come as one types, so nothing is worth keeping.
        super().__init__(use_cache=False, case_sensitive=True)
        self._history = history

    async def get_suggestion(self, value: str) -> str | None:
        return self._history.latest_beginning(value) if value.strip() else None
