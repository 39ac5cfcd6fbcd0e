"""The sessions, a row each, found in slices: there may be a million of them."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar, Final

from textual.binding import BindingType

from aclbench.errors import AclbenchError
from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.keys import Key, bindings
from aclbench.tui.palette import Palette
from aclbench.tui.place import OPEN, SEARCH, Changed, RowsPlace
from aclbench.tui.player import Player
from aclbench.tui.sessions.text import Columns, column_heads, session_row
from aclbench.tui.targets import SessionTarget
from aclbench.workbench.inquiry.filtering import filter_of, what_is_wrong
from aclbench.workbench.inquiry.find_sessions import ORDERS, FoundSessions, find_sessions
from aclbench.workbench.tasks import Task
from aclbench.workbench.views.snapshot import SessionView

#: Rows that are found at the most: the first of the order.
MOST: Final = 500
#: A search is begun anew after so long on the wall while the bench goes on, in seconds.
AGAIN_S: Final = 1.0


class SessionsPlace(RowsPlace[SessionView]):
    """The first sessions of an order, of those that have the words searched for."""

    ABOUT_SEARCH = (
        "A filter: host 10.0.0.2, net, port 80, tcp, class tcp_idle, flags S; and, or, not. "
        "Empty: all sessions."
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        OPEN,
        SEARCH,
        Key("o", "order", "Order", "view.order",
            "Order by: expiry, check, idle, newest, connection, worker"),
    )  # fmt: skip

    def __init__(self, player: Player) -> None:
        super().__init__(player, "sessions", lambda session: session.id, _target, follows=False)
        self.order = ORDERS[0]
        self._finding: Task[FoundSessions] | None = None
        self._listed: FoundSessions | None = None
        self._looked_at: object = None
        self._begun = 0.0
        self._error = ""

    # --- searching -----------------------------------------------------------------------------

    def work(self, seconds: float) -> bool:
        try:
            if self._finding is None and not self._begin():
                return False
            if self._finding is not None and self._finding.work(seconds):
                task, self._finding = self._finding, None
                self._listed = task.result
                self.paint()
        except AclbenchError as error:
            self._error, self._finding = str(error), None
            self.paint()
        return self._finding is not None

    def _begin(self) -> bool:
        """Begin a search if the bench is another than it was; not too often while it plays."""
        player, live = self.player, self.player.live
        too_soon = player.active and live.wall() - self._begun < AGAIN_S
        if self._error or self._looked_at == live.stamp() or too_soon:
            return False
        self._looked_at, self._begun = live.stamp(), live.wall()
        wanted = filter_of(player.bench.rig, "sessions", self.search)
        found = find_sessions(player.bench, wanted, self.order, MOST, self._take)
        self._finding = Task(found)
        return True

    def _take(self, found: FoundSessions) -> None:
        """What is found first is shown; later searches are shown when they are complete."""
        if self._listed is None:
            self._listed = found
            self.paint()

    def stop(self) -> None:
        if self._finding is not None:
            self._finding.stop()
            self.begin_anew()

    def begin_anew(self) -> None:
        """What was found is not what is wanted any more."""
        self._finding, self._looked_at, self._error = None, None, ""

    def action_order(self) -> None:
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
        self._rows.reset()
        self.begin_anew()
        self.post_message(Changed())

    def check_search(self, words: str) -> str | None:
        return what_is_wrong(self.player.bench, "sessions", words)

    def search_for(self, words: str) -> None:
        super().search_for(words)
        self.begin_anew()

    # --- showing -------------------------------------------------------------------------------

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        shown = self._listed
        rows = shown.sessions if shown is not None else ()
        which = f" sessions  by {self.order}" + (f", with {self.search}" if self.search else "")
        lines = [heading(which, self._about(frame), width, palette)]
        self._rows.show(rows, height - 2, lambda session, number: [Line()])
        in_sight = [rows[number] for number in self._rows.in_sight]
        columns = Columns.of(frame, in_sight, width)
        lines.append(column_heads(columns, width, palette))
        body = [session_row(frame, each, columns, width, palette) for each in in_sight]
        if self._error:
            body = [Line(f" {line}", palette.bad) for line in wrap(self._error, max(width - 1, 1))]
        elif not body:
            said = "no session has these words" if self.search else "there is no session"
            body = [Line(f" {said if shown is not None else 'looking ...'}", palette.dim)]
        return drawing(lines + body, height)

    def _about(self, frame: Frame) -> str:
        keys = "o orders, / searches, Enter tells "
        shown = self._listed
        if shown is None:
            return keys
        return f"{len(shown.sessions):,} of {shown.matched:,}; {keys}"


def _target(session: SessionView) -> SessionTarget:
    return SessionTarget(session.thread_index, session.session_index)
