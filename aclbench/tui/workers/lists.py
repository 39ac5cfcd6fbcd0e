"""The FIFO lists of a worker's panel, from head to tail: a heading, and a line for each session.

Beside each connection stand its times, and a bar from its last packet to its expiry.
"""

from __future__ import annotations

from typing import Final

from aclbench.tui.drawing import Line
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import ListTarget, SessionTarget
from aclbench.tui.units import (
    NS_PER_MS,
    SHORT_WIDTH,
    fit,
    fit_ends,
    short_count,
    short_time,
    span_text,
)
from aclbench.tui.workers.head import CHANGED
from aclbench.workbench.views.snapshot import ListView, SessionView, WorkerView

#: Marks in front of a session: it was put on the list since; a packet of it was seen since.
ADDED: Final = "+"
SEEN: Final = "*"
#: What is due sooner than this would read as due now.
LEAST_SHOWN: Final = 10 * NS_PER_MS
#: Behind its number: the bench beside this one has no such session.
ONLY_HERE: Final = "◆"
#: The class it has now is not that of the list it is on.
OTHER_CLASS: Final = "≠"
#: The queue: its head, what stands behind it, its tail; a session alone; more follow.
HEAD: Final = "┌"
BETWEEN: Final = "│"
TAIL: Final = "└"
ALONE: Final = "─"
MORE: Final = "┊"
#: The bar: time since the last packet, time up to the expiry, and where the check is.
PASSED: Final = "━"
LEFT: Final = "╌"
CHECK: Final = "┃"
#: From this width on of a panel there are all times, and the class it has now is named.
_WIDE: Final = 66
#: Where the times begin at the latest: beside the longest connection of IPv4.
_TIMES_AT: Final = 60
_TIMER: Final = "timer"
_WIDE_COLUMNS: Final = (
    ("idle", SHORT_WIDTH + 1),
    ("check", SHORT_WIDTH + 1),
    ("expiry", SHORT_WIDTH + 2),
    (_TIMER, 14),
)
_COLUMNS: Final = ((_TIMER, 7), ("expiry", SHORT_WIDTH + 2))


def columns_of(width: int) -> tuple[tuple[str, int], ...]:
    """The columns behind the connection, with their widths, in a panel of some width."""
    return _WIDE_COLUMNS if width >= _WIDE else _COLUMNS


def times_at(width: int) -> int:
    """The column in which they begin: the same in all lists of a panel."""
    return min(width - sum(column for _, column in columns_of(width)), _TIMES_AT)


def list_lines(
    frame: Frame,
    worker: WorkerView,
    view: ListView,
    before: ListView | None,
    rows: int,
    width: int,
    palette: Palette,
) -> list[Line]:
    """The list's name, length and column heads; then `rows` lines, blank where there is nothing."""
    timeout = frame.snapshot.session_timeout[view.list_id]
    target = ListTarget(worker.thread_index, view.list_id)
    lines = [list_heading(view, before, timeout, rows, width, palette, target)]
    index_width = max([2, *(len(str(s.session_index)) for s in view.sessions[:rows])])
    old = {s.session_index: s for s in before.sessions} if before is not None else {}
    for number, session in enumerate(view.sessions[:rows]):
        mark = " "
        if before is not None and frame.before is not None:
            mark = mark_of(session, old.get(session.session_index), before, frame.before.now)
        line = Line(" ").add(mark, palette.changed)
        line.add(queue_sign(number, rows, view.length), palette.dim)
        line.add(f"{session.session_index:>{index_width}}")
        add_only_here(line, frame, session, palette)
        lines.append(session_line(frame, session, line, width, palette))
    lines += [Line() for _ in range(rows + 1 - len(lines))]
    return lines


def add_only_here(line: Line, frame: Frame, session: SessionView, palette: Palette) -> None:
    """The mark of a session that the other bench has not; a blank if it has."""
    alone = tuple(session.id) in frame.alone
    line.add(ONLY_HERE if alone else " ", palette.bad if alone else "")


def queue_sign(number: int, rows: int, length: int) -> str:
    """Where in its list the session of a row stands; rows are counted from 0."""
    if number == length - 1:
        return TAIL if number else ALONE
    if number == rows - 1:
        return MORE
    return BETWEEN if number else HEAD


def list_heading(
    view: ListView,
    before: ListView | None,
    timeout: int,
    rows: int,
    width: int,
    palette: Palette,
    target: ListTarget,
) -> Line:
    """`tcp_idle first 4 of 1,234*    idle check expiry`."""
    changed = before is not None and before.length != view.length
    line = Line(" ").add(view.name, palette.strong, target).add(" ")
    if view.length > rows:
        line.add(f"first {rows} of ", palette.dim)
    line.add(short_count(view.length), palette.changed if changed else palette.plain)
    line.add(CHANGED if changed else " ", palette.changed)
    heads = column_heads(width) if view.length else ""
    room = times_at(width) - len(line)
    about = f" timeout {span_text(timeout)}"
    if len(about) < (room if heads else width - len(line)):
        line.add(about, palette.dim)
    line.pad(times_at(width))
    # In the narrowest panel a long list's length takes the place of the first head.
    kept = heads[max(-room, 0) :]
    cut, blank, others = kept.partition(" ")
    return line.add(" " * len(cut) + blank + others if room < 0 else kept, palette.dim)


def column_heads(width: int) -> str:
    """What the times are, above them."""
    heads = ""
    for name, column in columns_of(width):
        heads += f"  {name}".ljust(column) if name == _TIMER else name.rjust(column)
    return heads.rstrip()


def mark_of(
    session: SessionView, old: SessionView | None, before: ListView, before_now: int
) -> str:
    """What happened to a session since: put on this list, seen again, or nothing."""
    if old is None:
        all_known = before.length == len(before.sessions)
        appended = session.link_enqueue_time > before_now
        return ADDED if appended or all_known else " "
    if old.link_enqueue_time != session.link_enqueue_time or old.connection != session.connection:
        return ADDED
    same = (
        old.last_active_time == session.last_active_time
        and old.tcp_flags_seen_in == session.tcp_flags_seen_in
        and old.tcp_flags_seen_out == session.tcp_flags_seen_out
    )
    return " " if same else SEEN


def session_line(
    frame: Frame, session: SessionView, line: Line, width: int, palette: Palette
) -> Line:
    """Behind its mark, sign and index: ends, the class it has now if it is another, and times."""
    now = frame.snapshot.now
    times = {"idle": short_time(session.idle), "check": due_text(session.check_due - now, "due"),
             "expiry": due_text(session.expires - now, "over")}  # fmt: skip
    other = ""
    if session.timeout_class != session.link_list_id:
        other = f" {OTHER_CLASS}"
        if width >= _WIDE:
            other += frame.snapshot.class_names[session.timeout_class]
    line.add(short_connection(session, times_at(width) - len(line) - len(other)))
    line.add(other, palette.up).pad(times_at(width))
    for name, column in columns_of(width):
        if name == _TIMER:
            gap = 2 if width >= _WIDE else 1
            add_timer(line.add(" " * gap), session, now, column - gap, palette)
            continue
        value = times[name]
        style = palette.dim if name == "idle" else palette.plain
        line.add(value.rjust(column), palette.up if value in ("due", "over") else style)
    return line.point_at(SessionTarget(session.thread_index, session.session_index))


def add_timer(line: Line, session: SessionView, now: int, width: int, palette: Palette) -> None:
    """The bar, with the check standing out."""
    for glyphs in timer(session, now, width):
        line.add(glyphs, palette.up if glyphs == CHECK else palette.dim)


def timer(session: SessionView, now: int, width: int) -> list[str]:
    """The bar from its last packet to its expiry, in pieces of one look: `━━━`, `┃`, `╌╌`."""
    begin, span = session.last_active_time, max(session.expires - session.last_active_time, 1)

    def cell(time: int) -> int:
        return min(max((time - begin) * width // span, 0), width)

    passed, check = cell(now), min(cell(session.check_due), width - 1)
    cells = PASSED * passed + LEFT * (width - passed)
    return [cells[:check], CHECK, cells[check + 1 :]]


def due_text(left: int, word: str) -> str:
    """How long until then; the word if it is now or was before."""
    if 0 < left < LEAST_SHOWN:
        return "<10ms"
    return short_time(left) if left > 0 else word


def short_connection(session: SessionView, width: int) -> str:
    """Both ends, and the protocol where there is room or where the list does not tell it."""
    source, destination, protocol = session.ends
    whole = f"{source} > {destination} {protocol}"
    if len(whole) <= width:
        return whole
    # The list says whether it is TCP, so its name may go before the addresses do.
    word = "" if session.proto in (6, 17) else f" {protocol.split(' type')[0]}"
    return fit(fit_ends(source, destination, width - len(word)) + word, width)
