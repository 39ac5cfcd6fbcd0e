"""A place that is a list of rows, one of which is under the cursor: packets, events, sessions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from aclbench.tui.drawing import Line
from aclbench.tui.targets import Target

Row = TypeVar("Row")


class Rows(Generic[Row]):
    """Which row the cursor is on, and which are in sight.

    A row is known by its key, so that the cursor stays on it when others come and go. While the
    cursor was not moved it follows the end, if `follows`, else it stands at the beginning.
    """

    def __init__(
        self,
        key: Callable[[Row], Hashable],
        follows: bool = True,
        find: Callable[[Sequence[Row], Hashable], int] | None = None,
    ) -> None:
        self._key_of = key
        self._find_key = self._look_for if find is None else find
        self._follows = follows
        self._key: Hashable = None
        self._index = 0
        self._top = 0
        self._rows: Sequence[Row] = ()
        #: The rows in sight, as they were shown last.
        self.in_sight = range(0)

    @property
    def free(self) -> bool:
        """The cursor was not moved: it stands where news are."""
        return self._key is None

    def reset(self) -> None:
        """The cursor is where news are again."""
        self._key, self._index, self._top = None, 0, 0

    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._index] if self._rows else None

    def move(self, by: int) -> None:
        """The cursor by so many rows."""
        self._go_to(self._index + by)

    def move_page(self, by: int) -> None:
        """The cursor by what is in sight."""
        self._go_to(self._index + by * max(len(self.in_sight) - 1, 1))

    def move_to_end(self, last: bool) -> None:
        """The cursor to the first row, or to the last: that where news come is followed again."""
        self._go_to(len(self._rows) - 1 if last else 0)
        if last == self._follows:
            self._key = None

    def pick(self, target: Target, target_of: Callable[[Row], Target | None]) -> bool:
        """Put the cursor on the row that points at a target, if one does."""
        for number, row in enumerate(self._rows):
            if target_of(row) == target:
                self._go_to(number)
                return True
        return False

    def _go_to(self, index: int) -> None:
        if self._rows:
            self._index = min(max(index, 0), len(self._rows) - 1)
            self._key = self._key_of(self._rows[self._index])

    def show(
        self, rows: Sequence[Row], height: int, lines_of: Callable[[Row, int], list[Line]]
    ) -> list[Line]:
        """The lines in sight; `lines_of(row, number)` draws one."""
        self._rows = rows
        if not rows or height < 1:
            self._index = self._top = 0
            self.in_sight = range(0)
            return []
        self._find()
        self._top = min(self._top, self._index)
        while True:
            lines, last = self._lines_from(self._top, height, lines_of)
            if last >= self._index or self._top >= self._index:
                break
            self._top += max((self._index - last) // 2, 1)
        if last == len(rows) - 1 and len(lines) < height:
            lines = self._fill_up(lines, height, lines_of)
        self.in_sight = range(self._top, last + 1)
        return lines

    def _find(self) -> None:
        """Where the row that the cursor was on stands now."""
        rows = self._rows
        if self._key is None:
            self._index = len(rows) - 1 if self._follows else 0
            return
        if self._index < len(rows) and self._key_of(rows[self._index]) == self._key:
            return
        self._index = min(self._find_key(rows, self._key), len(rows) - 1)
        # Where it is gone the cursor is on the row that stands there now, and stays on that.
        self._key = self._key_of(rows[self._index])

    def _look_for(self, rows: Sequence[Row], key: Hashable) -> int:
        """Where a row stands; where it is gone, the place that the cursor is at."""
        found = (n for n, row in enumerate(rows) if self._key_of(row) == key)
        return next(found, self._index)

    def stand_on(self, key: Hashable) -> None:
        """Put the cursor on the row of a key, when it is shown."""
        self._key = key

    def _lines_from(
        self, top: int, height: int, lines_of: Callable[[Row, int], list[Line]]
    ) -> tuple[list[Line], int]:
        """The lines from a row on, and the last row that is there as a whole."""
        lines: list[Line] = []
        last = top - 1
        for number in range(top, len(self._rows)):
            more = lines_of(self._rows[number], number)
            if lines and len(lines) + len(more) > height:
                break
            lines += more
            last = number
        return lines[:height], last

    def _fill_up(
        self, lines: list[Line], height: int, lines_of: Callable[[Row, int], list[Line]]
    ) -> list[Line]:
        """Rows before the first in sight, while there is room: the end stands at the bottom."""
        while self._top:
            more = lines_of(self._rows[self._top - 1], self._top - 1)
            if len(lines) + len(more) > height:
                break
            self._top -= 1
            lines = more + lines
        return lines
