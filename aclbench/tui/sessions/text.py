"""Sessions as lines in aligned columns: where it is, protocol, both ends, its list, its times.

Ports and times are never cut: what is too long gives way in its addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from aclbench.tui.drawing import Line
from aclbench.tui.ends import Ends
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import SessionTarget
from aclbench.tui.units import fit_middle, short_time
from aclbench.tui.workers.lists import OTHER_CLASS, add_timer, due_text
from aclbench.workbench.views.snapshot import SessionView

_TIMES: Final = (("idle", 6), ("check", 6), ("expiry", 7))
#: The mark of a session whose class now is not that of its list, or that mark with the name.
_OTHER: Final = 2
_OTHER_NAMED: Final = 16
_LIST: Final = 14
_INTERFACE: Final = 10
#: The bar with the blanks before it: where there is room, and where there is much.
_TIMER: Final = 8
_TIMER_WIDE: Final = 16
#: From these widths on there are columns of all times and the protocol; of ICMP's type and code, of
#: interface, list and bar; and the class now is named.
_WITH_TIMES: Final = 60
_WITH_LIST: Final = 110
_WITH_CLASS: Final = 150


class Columns(NamedTuple):
    """How wide the columns are; 0: not there."""

    name: int
    proto: int
    ends: Ends
    interface: int
    list: int
    other: int
    times: tuple[tuple[str, int], ...]
    timer: int

    @staticmethod
    def of(frame: Frame, sessions: Sequence[SessionView], width: int) -> Columns:
        """Those for some sessions, in so much room.

        Where the bar would take room from the ends, and the list's columns are not there either,
        the ends have it.
        """
        name = max([2, *(len(_name(session)) for session in sessions)]) + 1
        proto = max([5, *(len(protocol(session, width)) for session in sessions)]) + 1
        proto = proto if width >= _WITH_TIMES else 0
        interface = listed = 0
        if width >= _WITH_LIST:
            names = (interface_name(frame, session) for session in sessions)
            interface, listed = max([9, *map(len, names)]) + 1, _LIST
        other = _OTHER_NAMED if width >= _WITH_CLASS else _OTHER
        times = _TIMES if width >= _WITH_TIMES else _TIMES[-1:]
        timer = _TIMER_WIDE if width >= _WITH_CLASS else _TIMER
        room = width - 2 - name - proto - 1 - interface - listed - other
        room -= sum(column for _, column in times)
        pairs = [session.ends[:2] for session in sessions]
        ends = Ends.of(pairs, room)
        if width < _WITH_LIST and ends.width + timer > room:
            timer = 0
        ends = Ends.of(pairs, room - timer)
        return Columns(name, proto, ends, interface, listed, other, times, timer)


def _name(session: SessionView) -> str:
    return f"{session.thread_index}/{session.session_index}"


def protocol(session: SessionView, width: int) -> str:
    """`tcp`, `udp`; of ICMP with its type and code where there is room: `icmp 8/0`."""
    name, _, rest = session.ends[2].partition(" type ")
    return f"{name} {rest.replace(' code ', '/')}" if rest and width >= _WITH_LIST else name


def interface_name(frame: Frame, session: SessionView) -> str:
    """The interface that it is on."""
    names = {each.sw_if_index: each.name for each in frame.snapshot.interfaces}
    return fit_middle(names.get(session.sw_if_index, "?"), _INTERFACE)


def column_heads(columns: Columns, width: int, palette: Palette) -> Line:
    """The line above the sessions."""
    head = "  " + "id".ljust(columns.name)
    head += "proto".ljust(columns.proto)[: columns.proto]
    head += columns.ends.head() + " "
    head += "interface".ljust(columns.interface)[: columns.interface]
    head += "list".ljust(columns.list)[: columns.list]
    line = Line(head, palette.dim).pad(_times_at(columns, width))
    line.add("".join(name.rjust(column) for name, column in columns.times), palette.dim)
    return line.add("  timer" if columns.timer else "", palette.dim).fit(width)


def session_row(
    frame: Frame, session: SessionView, columns: Columns, width: int, palette: Palette
) -> Line:
    """` 1/12 tcp 10.0.0.2:1234 > 192.168.0.2:80 ... pg0 tcp_idle  0.35s 1.65s 3.65s  ━━╌╌┃╌`."""
    now = frame.snapshot.now
    line = Line("  ").add(_name(session).ljust(columns.name))
    if columns.proto:
        line.add(protocol(session, width).ljust(columns.proto), palette.dim)
    source, destination, _ = session.ends
    columns.ends.add_to(line, source, destination, palette)
    line.add(" ")
    if columns.list:
        names = frame.snapshot.list_names + frame.snapshot.place_names
        line.add(interface_name(frame, session).ljust(columns.interface))
        line.add(names[session.link_list_id].ljust(columns.list), palette.dim)
    if session.timeout_class != session.link_list_id:
        named = frame.snapshot.class_names[session.timeout_class]
        said = f"{OTHER_CLASS} {named}" if columns.other == _OTHER_NAMED else OTHER_CLASS
        line.add(said, palette.up)
    line.pad(_times_at(columns, width))
    times = {"idle": short_time(session.idle), "check": due_text(session.check_due - now, "due"),
             "expiry": due_text(session.expires - now, "over")}  # fmt: skip
    for name, column in columns.times:
        value = times[name]
        style = palette.dim if name == "idle" else palette.plain
        line.add(value.rjust(column), palette.up if value in ("due", "over") else style)
    if columns.timer:
        add_timer(line.add("  "), session, now, columns.timer - 2, palette)
    target = SessionTarget(session.thread_index, session.session_index)
    return line.fit(width).point_at(target, 2)


def _times_at(columns: Columns, width: int) -> int:
    """Where the times begin: at the right edge, or behind the columns where these are narrower."""
    before = 2 + columns.name + columns.proto + columns.ends.width + 1
    before += columns.interface + columns.list + columns.other
    times = sum(column for _, column in columns.times) + columns.timer
    return min(before, width - times)
