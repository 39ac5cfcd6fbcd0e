"""What the parts of the bench screen know of each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.screen import Screen

if TYPE_CHECKING:
    from aclbench.tui.app import OpenBench
    from aclbench.tui.layout import Layout
    from aclbench.tui.lesson.desk import Desk
    from aclbench.tui.lesson.place import LessonPlace
    from aclbench.tui.place import Place
    from aclbench.tui.player import Player
    from aclbench.tui.story.tellers import Teller
    from aclbench.tui.targets import Target


class Parts(Screen[None], inherit_bindings=False):
    """The state that they share, and what one asks of another."""

    player: Player | None
    #: The places but the bench itself, by name; and the one that is shown.
    places: dict[str, Place]
    place: str
    #: What stands below the workers; one worker alone is shown; which page of them.
    lower: int
    zoomed: bool
    page: int
    open_bench: OpenBench | None
    #: Keys that are not what the table says, by the binding's id.
    keys_set: Mapping[str, str]
    #: The lesson under way, if there is one; whether its panel is hidden; its keys by action.
    desk: Desk | None
    lesson_hidden: bool
    lesson_keys: Mapping[str, str]
    _layout_now: Layout | None

    async def fit(self) -> None:
        """Lay out anew, and paint."""
        raise NotImplementedError

    def paint(self) -> None:
        """Show how the bench stands."""
        raise NotImplementedError

    def follow_player(self) -> None:
        """Paint, and have time go on if something goes on by itself."""
        raise NotImplementedError

    async def show_place(self, name: str) -> None:
        """Give a place the room."""
        raise NotImplementedError

    async def tell(self, teller: Teller) -> None:
        """Tell a story in the place for stories."""
        raise NotImplementedError

    def pointed_at(self) -> Target | None:
        """What the cursor is on, wherever it is."""
        raise NotImplementedError

    def lesson_place(self) -> LessonPlace | None:
        """What draws the lesson, as a place and as a panel."""
        raise NotImplementedError

    def has_room_beside(self) -> bool:
        """The screen is wide enough for a lesson beside what is shown."""
        raise NotImplementedError

    def put_cursor(self, target: Target | None) -> None:
        """The cursor of the bench to something, in sight or not; or off it."""
        raise NotImplementedError

    def point_at_question(self) -> None:
        """The cursor of the bench into the lesson's panel, if a question is open there."""
        raise NotImplementedError

    def give_answer(self, number: int) -> None:
        """Answer the lesson's question."""
        raise NotImplementedError

    def ready(self) -> Player | None:
        """The player, if it can do something now; else it is said why not."""
        raise NotImplementedError
