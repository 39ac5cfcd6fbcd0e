"""What the owner's next interrupt takes of a list, if no packet comes, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Final, NamedTuple

from aclbench.engine import reading
from aclbench.engine.session import SessionId
from aclbench.engine.timeouts import NEVER
from aclbench.workbench.inquiry.present import Present
from aclbench.workbench.inquiry.stories.ahead import Ahead
from aclbench.workbench.inquiry.stories.check import why_judged
from aclbench.workbench.inquiry.stories.values import NextInList
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.keys import key_text
from aclbench.workbench.views.snapshot import SessionView
from aclbench.workbench.views.taking import session_view

#: Sessions at the head of a list whose fate is told.
FIRST_SESSIONS: Final = 5


class NextInterrupt(NamedTuple):
    """When it comes (None: nothing is left that it would come for), and what it is to the list."""

    interrupt: int | None
    due: int
    taken: int
    sentences: tuple[str, ...]
    first: tuple[NextInList, ...]


_NEVER_ANY: Final = NextInterrupt(
    None,
    0,
    0,
    ("This thread carries no packets: it owns no sessions and gets no interrupts.",),
    (),
)


def next_interrupt(present: Present, thread_index: int, list_id: int) -> Slices[NextInterrupt]:
    """The next interrupt of a list's owner."""
    rig = yield from present.rig()
    am, now = rig.machine.am, rig.now
    worker = am.workers[thread_index]
    if worker not in am.packet_workers:
        return _NEVER_ANY
    quantum = am.max_deleted_sessions_per_interval
    rows = islice(reading.walk(worker, worker.conn_list_head[list_id]), FIRST_SESSIONS)
    first = [(row.key, session_view(am, row, None, now)) for row in rows]
    with closing(rig):
        ahead = Ahead(rig, thread_index)
        by_list = yield from ahead.through_interrupt()
        yield from rig.closing()
    due = taken = by_list[list_id]
    if ahead.interrupts and sum(by_list) == quantum:  # there may be more than it may take
        due = yield from _due(present, thread_index, list_id)
    return NextInterrupt(
        interrupt=ahead.interrupts[0] if ahead.interrupts else None,
        due=min(due, quantum),
        taken=taken,
        sentences=tuple(_sentences(ahead, by_list, list_id, min(due, quantum), quantum)),
        first=tuple(_fates(ahead, first, due)),
    )


def _due(present: Present, thread_index: int, list_id: int) -> Slices[int]:
    """How many sessions of a list are due at the next interrupt: those that it would take if it
    might take any number."""
    rig = yield from present.rig()
    rig.machine.am.max_deleted_sessions_per_interval = NEVER
    with closing(rig):
        by_list = yield from Ahead(rig, thread_index).through_interrupt()
        yield from rig.closing()
    return by_list[list_id]


def _sentences(
    ahead: Ahead, by_list: tuple[int, ...], list_id: int, due: int, quantum: int
) -> Iterator[str]:
    clock, lists = ahead.rig.clock, ahead.rig.machine.am.lists
    if ahead.interrupts:
        yield f"Its owner's next interrupt comes at {clock.text(ahead.interrupts[0])}."
    else:
        yield "Nothing tells when its owner is interrupted next; counted as of now:"
    if ahead.in_sweep:
        yield "A clear is on: due is what was linked when its sweep began."
    if ahead.rig.machine.design.look.takes_all:
        yield f"Of its sessions {by_list[list_id]} are due then. One interrupt takes all that are."
        return
    least = "at least " if due == quantum else ""
    yield f"Of its first {quantum}, {least}{due} are due then."
    if due:
        yield (
            f"One interrupt takes {quantum} over all lists, {' first, then '.join(lists[:2])}"
            f"{''.join(', then ' + name for name in lists[2:])}: {sum(by_list[:list_id])} of lists "
            f"before this one, {by_list[list_id]} of this one."
        )


def _fates(ahead: Ahead, first: list[tuple[bytes, SessionView]], due: int) -> Iterator[NextInList]:
    """What becomes of the first few."""
    am = ahead.rig.machine.am
    for position, (key, view) in enumerate(first):
        where, connection = SessionId(view.thread_index, view.session_index), key_text(key)
        judged = ahead.judged.get(view.session_index)
        if judged is not None:
            name = ahead.rig.interface_name(view.sw_if_index)
            why = why_judged(am, judged, view.link_list_id, name)
            if judged.to_list < 0:
                yield NextInList(where, connection, "deleted", f"deleted: {why}")
            else:
                to = am.lists[judged.to_list]
                text = f"requeued to the tail of {to}: {why}"
                yield NextInList(where, connection, "requeued", text)
        elif position < due:
            text = "left: due, but the interrupt has taken all it may"
            yield NextInList(where, connection, "left", text)
        else:
            text = f"left: due at {ahead.rig.clock.text(view.check_due)}"
            yield NextInList(where, connection, "left", text)
