"""What a place is: a widget that has the room between the timeline and the cleaner.

It has the keys while it is shown. What it cannot do by itself it asks for by a message.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar, Final, Generic

from textual import on, work
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from aclbench.tui.dialogs import SearchLine
from aclbench.tui.frame import Wanted
from aclbench.tui.keys import Key, bindings
from aclbench.tui.player import Player
from aclbench.tui.rows import Row, Rows
from aclbench.tui.targets import EventTarget, PacketTarget, PastTarget, SessionTarget, Target
from aclbench.tui.textpanel import FramePanel, TextPanel

#: The log's rows of a frame that no place shows: what is new is counted among them.
_EVENTS: Final = 60

OPEN: Final = Key(
    "enter", "open", "Tell", "view.open",
    "Tell the whole story of what the cursor is on: session, flag, list, packet",
)  # fmt: skip
GO_THERE: Final = Key(
    "enter", "open", "Go there", "view.go_there",
    "Go to the moment, or the branch, that the cursor is on",
)  # fmt: skip
ABOUT: Final = Key(
    "I", "about", "About", "view.about",
    "Tell the story of the session or packet that this event is about",
)  # fmt: skip
FILTER: Final = Key(
    "f", "filter", "", "view.filter_rows",
    "Leave rows out: fates of packets, kinds of events",
)  # fmt: skip
SEARCH: Final = Key(
    "slash", "search", "Search", "view.search",
    "Search as you type: packets and sessions by a filter, events by words",
)  # fmt: skip
CURSOR: Final = (
    Key("down", "cursor(1)", "", "view.down", "The cursor down: to what can be asked about"),
    Key("up", "cursor(-1)", "", "view.up", "The cursor up"),
    Key("pageup", "page(-1)", "", "view.page_up", "A page up"),
    Key("pagedown", "page(1)", "", "view.page_down", "A page down"),
)
LIST: Final = (
    *CURSOR,
    Key("ctrl+home", "list_end(False)", "", "view.first", "To the first row"),
    Key("ctrl+end", "list_end(True)", "", "view.last", "To the last row"),
)


class Changed(Message):
    """The bench, or what is said of it, is another: paint, and go on if there is more to do."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Changed)


class ShowPlace(Message):
    """A place is to have the room, by its name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Opened(Message):
    """What a target stands for is asked for: to be told of, or to be gone to."""

    def __init__(self, target: Target | None) -> None:
        super().__init__()
        self.target = target


class Place(Widget, can_focus=True, inherit_bindings=False):
    """A place of the screen; its id is its name."""

    @classmethod
    def all_bindings(cls) -> list[BindingType]:
        """Its keys, with those that it has from more general places."""
        return [each for kind in cls.__mro__ for each in vars(kind).get("BINDINGS", ())]

    def wanted(self, brief: tuple[int, ...]) -> Wanted:
        """What a frame must have for it; `brief` are the threads that stand above it."""
        return Wanted(brief, events=_EVENTS)

    def pointed_at(self) -> Target | None:
        """What its cursor is on."""
        return None

    def work(self, seconds: float) -> bool:
        """Go on for so long with what it looks for; True: there may be more to do."""
        return False

    def stop(self) -> None:
        """End what it looks for; it begins anew when it is worked on again."""

    def leave(self) -> bool:
        """Go back to what was shown here before; False: the place itself is left."""
        return False

    def action_open(self) -> None:
        self.post_message(Opened(self.pointed_at()))


class DrawnPlace(FramePanel, Place, can_focus=True, inherit_bindings=False):
    """A place that is one drawing."""

    def __init__(self, player: Player, id: str) -> None:
        super().__init__(id, "place")
        self.player = player


class RowsPlace(DrawnPlace, Generic[Row], can_focus=True, inherit_bindings=False):
    """A place that is a list of rows: `target_of` says what one points at, `key` tells it apart."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(*LIST)
    ABOUT_SEARCH: ClassVar[str] = "Words, which must all be there. Empty: no search."

    def __init__(
        self,
        player: Player,
        id: str,
        key: Callable[[Row], Hashable],
        target_of: Callable[[Row], Target | None],
        follows: bool = True,
        find: Callable[[Sequence[Row], Hashable], int] | None = None,
    ) -> None:
        super().__init__(player, id)
        #: What was searched for here.
        self.search = ""
        self._rows: Rows[Row] = Rows(key, follows, find)
        self._target_of = target_of

    def pointed_at(self) -> Target | None:
        row = self._rows.current()
        return None if row is None else self._target_of(row)

    # --- the cursor --------------------------------------------------------------------------

    def action_cursor(self, by: int) -> None:
        self._rows.move(by)
        self.paint()

    def action_page(self, by: int) -> None:
        self._rows.move_page(by)
        self.paint()

    def action_list_end(self, last: bool) -> None:
        self._rows.move_to_end(last)
        self.paint()

    def action_about(self) -> None:
        """The story of the session or packet that the event under the cursor is about."""
        target = self.pointed_at()
        about = target.about if isinstance(target, EventTarget | PastTarget) else target
        if isinstance(about, SessionTarget | PacketTarget):
            self.post_message(Opened(about))
        else:
            self.player.live.say("this is about no session and no packet")
            self.post_message(Changed())

    @on(TextPanel.Scrolled)
    def _scroll(self, event: TextPanel.Scrolled) -> None:
        event.stop()
        self.action_cursor(event.by)

    @on(TextPanel.Picked)
    def _pick(self, event: TextPanel.Picked) -> None:
        event.stop()
        self.pick(event.target)
        if event.opened:
            self.action_open()

    def pick(self, target: Target) -> None:
        """The cursor to the row that points at a target, if one does."""
        self._rows.pick(target, self._target_of)
        self.paint()

    # --- searching ---------------------------------------------------------------------------

    def search_for(self, words: str) -> None:
        """Show what has these words alone; empty: all again."""
        self.search = words.strip()
        self._rows.reset()

    def check_search(self, words: str) -> str | None:
        """What is wrong with words to be searched for; None: nothing."""
        return None

    def _try(self, words: str) -> None:
        """Show what is found of what is typed so far."""
        if self.check_search(words) is None:
            self.search_for(words)
            self.post_message(Changed())

    @work
    async def action_search(self) -> None:
        """Show what is searched for alone, while it is typed."""
        before = self.search
        dialog = SearchLine(self.ABOUT_SEARCH, before, self.check_search, self._try)
        words = await self.app.push_screen_wait(dialog)
        if words != self.search:
            self.search_for(before if words is None else words)
            self.post_message(Changed())
