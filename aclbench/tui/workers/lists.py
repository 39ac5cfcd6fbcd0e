"""The FIFO lists of a worker's panel: a line for the list, and a line for each session in view."""

from __future__ import annotations

from typing import Final

from aclbench.tui.drawing import Line
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import ListTarget, SessionTarget
from aclbench.tui.units import NS_PER_MS, SHORT_WIDTH, fit, short_count, short_time, span_text
from aclbench.tui.workers.head import CHANGED
from aclbench.workbench.views.snapshot import ListView, SessionView, WorkerView

#: Marks in front of a session: it was put on the list since; a packet of it was seen since.
ADDED: Final = "+"
SEEN: Final = "*"
#: What is due sooner than this would read as due now.
LEAST_SHOWN: Final = 10 * NS_PER_MS
#: The class it has now is not that of the list it is on.
OTHER_CLASS: Final = "≠"
#: From this width on of a panel the class it has now is named.
_WIDE: Final = 66
_COLUMNS: Final = (
    ("idle", SHORT_WIDTH + 1),
    ("check", SHORT_WIDTH + 1),
    ("expiry", SHORT_WIDTH + 2),
)
_COLUMNS_WIDTH: Final = sum(width for _, width in _COLUMNS)
_PROTO_WORDS: Final = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}


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
    index_width = max([3, *(len(str(s.session_index)) + 1 for s in view.sessions[:rows])])
    old = {s.session_index: s for s in before.sessions} if before is not None else {}
    for session in view.sessions[:rows]:
        mark = " "
        if before is not None and frame.before is not None:
            mark = mark_of(session, old.get(session.session_index), before, frame.before.now)
        lines.append(session_line(frame, session, mark, index_width, width, palette))
    lines += [Line() for _ in range(rows + 1 - len(lines))]
    return lines


def list_heading(
    view: ListView,
    before: ListView | None,
    timeout: int,
    rows: int,
    width: int,
    palette: Palette,
    target: ListTarget,
) -> Line:
    """`tcp_idle 1,234* first 4    idle check expiry`."""
    changed = before is not None and before.length != view.length
    line = Line(" ").add(view.name, palette.strong, target)
    line.add(f" {short_count(view.length)}", palette.changed if changed else palette.plain)
    line.add(CHANGED if changed else " ", palette.changed)
    heads = "".join(name.rjust(width) for name, width in _COLUMNS) if view.length else ""
    room = width - len(heads) - len(line)
    # In the narrowest panel a long list's length takes the blanks before the heads.
    heads = heads[max(-room, 0) :]
    about = [f" timeout {span_text(timeout)}"]
    if rows and view.length > rows:
        about = [f" first {rows} {about[0]}", f" first {rows}"]
    line.add(next((words for words in about if len(words) < room), ""), palette.dim)
    return line.pad(width - len(heads)).add(heads, palette.dim)


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
    frame: Frame, session: SessionView, mark: str, index_width: int, width: int, palette: Palette
) -> Line:
    """` + 12 10.0.0.2:1234>80  0.35s 1.65s 3.65s`, with the class it has now if it is another."""
    now = frame.snapshot.now
    line = Line(" ").add(mark, palette.changed)
    line.add(f"{session.session_index:>{index_width}} ")
    times = (short_time(session.idle), due_text(session.check_due - now, "due"),
             due_text(session.expires - now, "over"))  # fmt: skip
    room = width - len(line) - _COLUMNS_WIDTH
    other = ""
    if session.timeout_class != session.link_list_id:
        other = f" {OTHER_CLASS}"
        if width >= _WIDE:
            other += frame.snapshot.class_names[session.timeout_class]
    line.add(short_connection(session, room - len(other)))
    line.add(other, palette.up)
    line.pad(width - _COLUMNS_WIDTH)
    for (name, column), value in zip(_COLUMNS, times, strict=True):
        style = palette.dim if name == "idle" else palette.plain
        line.add(value.rjust(column), palette.up if value in ("due", "over") else style)
    return line.point_at(SessionTarget(session.thread_index, session.session_index))


def due_text(left: int, word: str) -> str:
    """How long until then; the word if it is now or was before."""
    if 0 < left < LEAST_SHOWN:
        return "<10ms"
    return short_time(left) if left > 0 else word


def short_connection(session: SessionView, width: int) -> str:
    """The connection in the longest form that fits; the last one names what tells it apart."""
    forms = [session.connection, session.connection.replace(" > ", ">")]
    word = _PROTO_WORDS.get(session.proto, f"proto {session.proto}")
    src, dst = session.src, session.dst
    if session.proto in (6, 17):
        joined = f"[{src}]" if ":" in src else src
        # The list says whether it is TCP, so the protocol may go before the address does.
        forms.append(f"{joined}:{session.sport}>{_tail(dst)}:{session.dport}")
        forms.append(f"{joined}:{session.sport}>{session.dport}")
        forms.append(f"{_tail(src)}:{session.sport}>{_tail(dst)}:{session.dport}")
        forms.append(f"{_tail(src)}:{session.sport}>{session.dport}")
        forms.append(f"{session.sport}>{session.dport}")
    else:
        forms += [f"{src}>{dst} {word}", f"{src}>{_tail(dst)} {word}"]
        forms += [f"{_tail(src)}>{_tail(dst)} {word}", word]
    return next((form for form in forms if len(form) <= width), fit(forms[-1], width))


def _tail(address: str) -> str:
    """The end of an address, which tells hosts of one net apart: `…0.2`, `…::2`."""
    if ":" in address:
        return "…:" + address.rsplit(":", 1)[-1]
    return "…" + ".".join(address.split(".")[-2:])
