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
from aclbench.tui.targets import SessionTarget
from aclbench.tui.units import fit, fit_middle, short_time
from aclbench.tui.workers.lists import due_text
from aclbench.workbench.inquiry.filtering import filter_of, what_is_wrong
from aclbench.workbench.inquiry.find_sessions import ORDERS, FoundSessions, find_sessions
from aclbench.workbench.tasks import Task
from aclbench.workbench.views.snapshot import SessionView

#: Rows that are found at the most: the first of the order.
MOST: Final = 500
#: A search is begun anew after so long on the wall while the bench goes on, in seconds.
AGAIN_S: Final = 1.0
_TIMES: Final = (("idle", 6), ("check", 6), ("expiry", 7))
_TIMES_WIDTH: Final = sum(width for _, width in _TIMES)
#: From this width on the interface and the list have columns.
_WIDE: Final = 110


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
        lines.append(_column_heads(width, palette))

        def lines_of(session: SessionView, number: int) -> list[Line]:
            return [session_row(frame, session, width, palette)]

        body = self._rows.show(rows, height - 2, lines_of)
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


def _column_heads(width: int, palette: Palette) -> Line:
    line = Line(f"  {'thread/index':<13} {'connection':<12}", palette.dim)
    heads = "".join(name.rjust(column) for name, column in _TIMES)
    if width >= _WIDE:
        heads = f"{'interface':<10} {'list':<14} {'class now':<14}" + heads
    return line.fit(width - len(heads)).pad(width - len(heads)).add(heads, palette.dim)


def session_row(frame: Frame, session: SessionView, width: int, palette: Palette) -> Line:
    """` 1/12  10.0.0.2:1234 > 192.168.0.2:80 tcp ... pg0 tcp_idle  0.35s 1.65s 3.65s`."""
    now = frame.snapshot.now
    line = Line(f"  {f'{session.thread_index}/{session.session_index}':<13} ")
    times = (short_time(now - session.last_active_time), due_text(session.check_due - now, "due"),
             due_text(session.expires - now, "over"))  # fmt: skip
    other = session.timeout_class != session.link_list_id
    lists = frame.snapshot.list_names + frame.snapshot.place_names
    tail = Line()
    if width >= _WIDE:
        names = {i.sw_if_index: i.name for i in frame.snapshot.interfaces}
        tail.add(f"{fit_middle(names.get(session.sw_if_index, '?'), 10):<10} ")
        tail.add(f"{lists[session.link_list_id]:<14} ", palette.dim)
        said = f"≠ {frame.snapshot.class_names[session.timeout_class]}" if other else ""
        tail.add(f"{said:<14}"[:14], palette.up)
    elif other:
        tail.add("≠", palette.up)
    for (_, column), value in zip(_TIMES, times, strict=True):
        tail.add(value.rjust(column), palette.up if value in ("due", "over") else palette.plain)
    room = width - len(line) - len(tail) - 1
    connection = session.connection
    if len(connection) > room:
        connection = connection.replace(" > ", ">")
    line.add(fit(connection, room)).pad(width - len(tail))
    return line.join(tail).point_at(_target(session), 2)
