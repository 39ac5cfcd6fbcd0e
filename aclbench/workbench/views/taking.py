"""Takes snapshots: reads the bench through its driver, at the threads' safe points.

Taking one costs what is shown, not what exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from aclbench.drivers.driver import CLEANER, Driver, actor_name
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine import reading
from aclbench.engine.main import AclMain
from aclbench.engine.packet import address_text, unpack_key
from aclbench.engine.reading import SessionRow
from aclbench.engine.session import SessionId
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.workbench.views.counts import WorkerPart, packet_counts, session_counts, worker_part
from aclbench.workbench.views.snapshot import (
    EXACT_POSITIONS,
    BesideView,
    CleanerView,
    InterfaceView,
    ListView,
    PlaceView,
    SessionView,
    Snapshot,
    View,
    WorkerView,
)


def take_snapshot(driver: Driver, view: View, next_timed: int = NEVER) -> Snapshot:
    """Look at the bench as it stands; `view` says at how much of it.

    `next_timed` is when the next of the scenario's lines is due.

    Where threads run, each shows its own part as soon as it is between two pieces of work.
    """
    am = driver.machine.am
    upcoming = [driver.upcoming(worker.thread_index) for worker in am.workers]

    def make(worker: Worker, now: int) -> tuple[WorkerPart, WorkerView | None]:
        shown = view.threads is None or worker.thread_index in view.threads
        seen = _worker_view(am, worker, view, now, upcoming) if shown else None
        return worker_part(worker, now), seen

    made = driver.at_safe_points(make)
    parts = [part for part, _ in made]
    next_time = min(driver.next_time(), max(next_timed, driver.now))
    return Snapshot(
        now=driver.now,
        next_time=None if next_time == NEVER else next_time,
        workers=tuple(seen for _, seen in made if seen is not None),
        cleaner=_cleaner_view(driver),
        interfaces=interface_views(driver),
        sessions=session_counts(parts),
        packets=packet_counts(parts),
        design=driver.machine.design.name,
        class_names=tuple(each.name for each in am.timeout_classes),
        class_words=tuple(each.words for each in am.timeout_classes),
        class_abouts=tuple(each.what for each in am.timeout_classes),
        list_names=am.lists,
        place_names=tuple(place.name for place in am.places),
        session_timeout=tuple(am.session_timeout),
        shortest_timeout=am.shortest_timeout,
        max_entries=am.conn_table_max_entries,
        threaded=isinstance(driver, ThreadedDriver),
    )


def session_view(am: AclMain, session: SessionRow, position: int | None, now: int) -> SessionView:
    """One session as it stands."""
    five = unpack_key(session.key)
    timeout_class = reading.timeout_class(am, session)
    return SessionView(
        thread_index=session.thread_index,
        session_index=session.session_index,
        position=position,
        sw_if_index=session.sw_if_index,
        src=address_text(five.src, five.is_ip6),
        sport=five.sport,
        dst=address_text(five.dst, five.is_ip6),
        dport=five.dport,
        proto=five.proto,
        timeout_class=timeout_class,
        class_name=am.timeout_classes[timeout_class].name,
        link_list_id=session.link_list_id,
        link_prev_idx=session.link_prev_idx,
        link_next_idx=session.link_next_idx,
        link_enqueue_time=session.link_enqueue_time,
        last_active_time=session.last_active_time,
        tcp_flags_seen_in=session.tcp_flags_seen_in,
        tcp_flags_seen_out=session.tcp_flags_seen_out,
        idle=now - session.last_active_time,
        check_due=reading.check_due(am, session),
        expires=session.last_active_time + am.session_timeout[timeout_class],
    )


def _worker_view(
    am: AclMain, worker: Worker, view: View, now: int, upcoming: Sequence[str]
) -> WorkerView:
    list_ids = view.lists if view.lists is not None else tuple(range(len(am.lists)))
    return WorkerView(
        thread_index=worker.thread_index,
        name=actor_name(worker.thread_index),
        now=now,
        carries_packets=worker in am.packet_workers,
        next_step=upcoming[worker.thread_index],
        lists=tuple(_list_view(am, worker, list_id, view, now) for list_id in list_ids),
        places=tuple(PlaceView(p.name, len(p.slots(worker))) for p in am.places),
        beside=tuple(
            BesideView(each.name, each.text, each.amounts) for each in reading.beside(am, worker)
        ),
        taken=reading.taken(worker),
        pool_size=reading.pool_size(worker),
        sessions=worker.live_sessions,
        serviced_sw_if_index_bitmap=worker.serviced_sw_if_index_bitmap,
        pending_clear_sw_if_index_bitmap=worker.pending_clear_sw_if_index_bitmap,
        swipe_end_time=worker.swipe_end_time,
        clear_in_process=worker.clear_in_process,
        interrupt_is_pending=worker.interrupt_is_pending,
        interrupt_is_needed=worker.interrupt_is_needed,
        interrupt_is_unwanted=worker.interrupt_is_unwanted,
        packets=sum(worker.packet_reasons.values()),
        added=sum(worker.session_adds_by_sw_if_index.values()),
        deleted=worker.cnt_deleted_sessions,
        requeued=worker.cnt_session_timer_restarted,
        recycled=worker.cnt_recycled_sessions,
        interrupts_served=worker.cnt_interrupts_served,
        class_changes=worker.cnt_class_changes,
    )


def _list_view(am: AclMain, worker: Worker, list_id: int, view: View, now: int) -> ListView:
    expiry = worker.head_expiry_time[list_id]
    return ListView(
        list_id=list_id,
        name=am.lists[list_id],
        length=worker.conn_list_length[list_id],
        head=worker.conn_list_head[list_id],
        tail=worker.conn_list_tail[list_id],
        head_expiry_time=None if expiry == NEVER else expiry,
        sessions=tuple(
            session_view(am, session, position, now)
            for session, position in _window(worker, list_id, view)
        ),
    )


def _window(worker: Worker, list_id: int, view: View) -> list[tuple[SessionRow, int | None]]:
    """The sessions of a list that a view shows, head first, with their positions."""
    length = worker.conn_list_length[list_id]
    if isinstance(view.anchor, SessionId):
        if view.anchor.thread_index != worker.thread_index:
            return []
        return _around(worker, list_id, view.anchor.session_index, view.size)
    if view.anchor == "head" or length <= view.size:
        return _from_head(worker, list_id, view.size)
    if view.anchor == "tail":
        return _from_tail(worker, list_id, view.size)
    half = view.size // 2
    return _from_head(worker, list_id, view.size - half) + _from_tail(worker, list_id, half)


def _from_head(worker: Worker, list_id: int, size: int) -> list[tuple[SessionRow, int | None]]:
    rows = reading.walk(worker, worker.conn_list_head[list_id])
    return [(row, position) for position, row in enumerate(islice(rows, size))]


def _from_tail(worker: Worker, list_id: int, size: int) -> list[tuple[SessionRow, int | None]]:
    rows = reading.walk(worker, worker.conn_list_tail[list_id], backward=True)
    last = worker.conn_list_length[list_id] - 1
    found: list[tuple[SessionRow, int | None]] = []
    for before, row in enumerate(islice(rows, size)):
        position = last - before
        found.append((row, position if position < EXACT_POSITIONS else None))
    return found[::-1]


def _around(
    worker: Worker, list_id: int, session_index: int, size: int
) -> list[tuple[SessionRow, int | None]]:
    """A window with the session in its middle; empty if it is not on this list."""
    session = reading.session_at(worker, session_index)
    if session is None or session.link_list_id != list_id:
        return []
    *_, first = islice(reading.walk(worker, session_index, backward=True), size // 2 + 1)
    position = reading.position_on_list(worker, first.session_index, EXACT_POSITIONS)
    return [
        (row, None if position is None else position + number)
        for number, row in enumerate(islice(reading.walk(worker, first.session_index), size))
    ]


def _cleaner_view(driver: Driver) -> CleanerView:
    cleaner = driver.machine.am.cleaner
    return CleanerView(
        waits_for=cleaner.wait.kind.value,
        wait_until=None if cleaner.wait.until == NEVER else cleaner.wait.until,
        wait_interval=cleaner.wait_interval,
        next_step=driver.upcoming(CLEANER),
        clearing_bitmap=cleaner.clearing_bitmap,
        event_cycles=cleaner.cnt_event_cycles,
        interrupts_sent=cleaner.cnt_interrupts_sent,
        waits_with_timeout=cleaner.cnt_wait_with_timeout,
        waits_without_timeout=cleaner.cnt_wait_without_timeout,
        clears=cleaner.cnt_delete_by_sw_index,
        clears_done=cleaner.cnt_delete_by_sw_index_ok,
    )


def interface_views(driver: Driver) -> tuple[InterfaceView, ...]:
    """Every interface that is there, deleted ones whose clear is not done among them."""
    return tuple(
        InterfaceView(
            sw_if_index=interface.sw_if_index,
            name=interface.name,
            admin_up=interface.admin_up,
            deleted=interface.deleted,
            rx_thread=interface.rx_thread,
            addresses=tuple(
                f"{address_text(address, is_ip6)}/{length}"
                for address, length, is_ip6 in interface.addresses
            ),
            input_acls=interface.input_acls,
            output_acls=interface.output_acls,
            sessions=reading.table_size(interface),
        )
        for interface in driver.machine.am.interfaces
        if interface is not None
    )
