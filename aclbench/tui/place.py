"""What a place is: something that has the room between the timeline and the cleaner."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
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
