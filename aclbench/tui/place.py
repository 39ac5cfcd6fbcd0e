"""What a place is: something that has the room between the timeline and the cleaner."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, ClassVar, Generic

from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.rows import Row, Rows
from aclbench.tui.targets import Target

if TYPE_CHECKING:
    from aclbench.tui.player import Player


class Place:
    """A place. `name` is how it is called in tables of keys, `word` what its tab says."""

    name: ClassVar[str] = ""
    word: ClassVar[str] = ""

    def __init__(self) -> None:
        #: What was searched for here.
        self.search = ""

    def draw(
        self, player: Player, frame: Frame, width: int, height: int, palette: Palette
    ) -> Drawing:
        """The place as it looks now, `height` lines of `width` columns."""
        raise NotImplementedError

    def selected(self) -> Target | None:
        """What the cursor points at."""
        return None

    def move(self, by: int) -> None:
        """The cursor up or down by so many rows."""

    def move_page(self, by: int) -> None:
        """The cursor up or down by what is in sight."""

    def move_to_end(self, last: bool) -> None:
        """The cursor to the first or the last row."""

    def scroll(self, by: int) -> None:
        """The wheel: by so many rows."""
        self.move(by)

    def pick(self, target: Target) -> None:
        """The cursor to what the mouse points at."""

    def cycle_filter(self, player: Player) -> None:
        """The next way to leave rows out."""

    def search_for(self, words: str) -> str:
        """Show what has these words alone; empty: all again. Returns what is wrong with them."""
        self.search = words.strip()
        return ""

    def work(self, player: Player) -> bool:
        """Go on, for a moment, with what takes long; True: there is something new to show."""
        return False


class RowsPlace(Place, Generic[Row]):
    """A place that is a list of rows: `target_of` says what one points at, `key` tells it apart."""

    def __init__(
        self,
        key: Callable[[Row], Hashable],
        target_of: Callable[[Row], Target | None],
        follows: bool = True,
    ) -> None:
        super().__init__()
        self._rows: Rows[Row] = Rows(key, follows)
        self._target_of = target_of

    def selected(self) -> Target | None:
        row = self._rows.current()
        return None if row is None else self._target_of(row)

    def move(self, by: int) -> None:
        self._rows.move(by)

    def move_page(self, by: int) -> None:
        self._rows.move_page(by)

    def move_to_end(self, last: bool) -> None:
        self._rows.move_to_end(last)

    def pick(self, target: Target) -> None:
        self._rows.pick(target, self._target_of)
