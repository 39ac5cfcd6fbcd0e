"""Sessions: entering, tracking, listing, deleting, recycling them.

Every method that names a worker is called on that worker's thread. Only `track_session` and
`write_flags` touch a session of another thread, and they write no more than timestamp and flags.
Source: the like-named functions, with `acl_fa_` before them, in VPP's `src/plugins/acl/fa_node.c`.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import mypyc_attr

from aclbench.engine.main import AclMain, Interface
from aclbench.engine.packet import INFO_IP6, INFO_TCP_FLAGS_MASK
from aclbench.engine.pool import NO_LIST, NO_SESSION, Session
from aclbench.engine.reasons import node_bits
from aclbench.engine.session import POLICY_EPOCH_IS_INPUT
from aclbench.engine.steps import RESCHEDULE
from aclbench.engine.timeouts import NEVER, TIMEOUT_TCP_TRANSIENT
from aclbench.engine.worker import Worker

#: `track_session`: the packet has no flag that was not seen before.
ALL_SEEN: Final = -1


@mypyc_attr(allow_interpreted_subclasses=True)
class Sessions:
    """The operations on sessions, over the state in `am`."""

    def __init__(self, am: AclMain) -> None:
        self.am: AclMain = am

    # --- the lists ---------------------------------------------------------------------------

    def conn_list_add_session(
        self, worker: Worker, session: Session, list_id: int, now: int
    ) -> None:
        """Append an unlinked session to a list of its owner.

        The enqueue time is `now`, but never less than the tail's, and while a sweep is on always
        beyond its end: so a list stays ordered, and a sweep ends.
        """
        enqueue_time = now
        if worker.swipe_end_time and enqueue_time <= worker.swipe_end_time:
            enqueue_time = worker.swipe_end_time + 1
        session_index = session.session_index
        tail = worker.conn_list_tail[list_id]
        if tail == NO_SESSION:
            worker.conn_list_head[list_id] = session_index
        else:
            last = worker.pool.session(tail)
            if enqueue_time < last.link_enqueue_time:
                enqueue_time = last.link_enqueue_time
            last.link_next_idx = session_index
        session.link_enqueue_time = enqueue_time
        session.link_list_id = list_id
        session.link_prev_idx = tail
        session.link_next_idx = NO_SESSION
        worker.conn_list_tail[list_id] = session_index
        worker.conn_list_length[list_id] += 1
        worker.serviced_sw_if_index_bitmap |= 1 << session.sw_if_index
        if tail == NO_SESSION:
            self.note_first(worker, session, now)

    def note_first(self, worker: Worker, session: Session, now: int) -> None:
        """A list that was empty has a head: tell the cleaner when it is due, and wake it."""
        worker.head_expiry_time[session.link_list_id] = self.check_due(session)
        self.am.host.signal_cleaner(RESCHEDULE)

    def conn_list_delete_session(self, worker: Worker, session: Session, now: int) -> None:
        """Unlink a session of this worker's, wherever in its list it is."""
        list_id = session.link_list_id
        before, after = session.link_prev_idx, session.link_next_idx
        if before == NO_SESSION:
            worker.conn_list_head[list_id] = after
            self.note_head(worker, list_id, now)
        else:
            worker.pool.session(before).link_next_idx = after
        if after == NO_SESSION:
            worker.conn_list_tail[list_id] = before
        else:
            worker.pool.session(after).link_prev_idx = before
        worker.conn_list_length[list_id] -= 1

    def note_head(self, worker: Worker, list_id: int, now: int) -> None:
        """Tell the cleaner, who must not follow the list, when its head is due."""
        head = worker.conn_list_head[list_id]
        if head == NO_SESSION:
            worker.head_expiry_time[list_id] = NEVER
        else:
            worker.head_expiry_time[list_id] = self.check_due(worker.pool.session(head))

    def check_due(self, session: Session) -> int:
        """When a listed session is looked at, at the earliest: later than the shortest timeout."""
        return session.link_enqueue_time + self.am.shortest_timeout + 1

    # --- a packet on an existing session -----------------------------------------------------

    def track_session(self, session: Session, is_input: bool, info: int, now: int) -> int:
        """Account for a packet: write the timestamp, and read the flags seen on its side.

        Returns those flags if the packet has others, which are to be written next; or `ALL_SEEN`.
        """
        session.last_active_time = now
        flags = info & INFO_TCP_FLAGS_MASK
        if flags:
            seen = session.tcp_flags_seen_in if is_input else session.tcp_flags_seen_out
            if flags | seen != seen:
                return seen
        return ALL_SEEN

    def write_flags(
        self, worker: Worker, session: Session, is_input: bool, seen: int, info: int, now: int
    ) -> bool:
        """Write new flags on the packet's side alone; if that changes the class, relink.

        Returns whether it relinked.
        `worker` is the thread that handles the packet, which need not own the session; `seen` is
        what it read: what another thread has written since is lost, as in VPP. The other side is
        read once.
        """
        sees = seen | info & INFO_TCP_FLAGS_MASK
        if is_input:
            other = session.tcp_flags_seen_out
            session.tcp_flags_seen_in = sees
        else:
            other = session.tcp_flags_seen_in
            session.tcp_flags_seen_out = sees
        classes = self.am.classes
        old = classes.timeout_type_of(session.proto, seen, other)  # symmetric in the two sides
        new = classes.timeout_type_of(session.proto, sees, other)
        if new == old:
            return False
        worker.cnt_class_changes += 1
        ip6 = INFO_IP6 if session.is_ip6 else 0
        node = node_bits(is_input, ip6)
        by_node = worker.class_changes_by_node
        by_node[node] = by_node.get(node, 0) + 1
        relinked = self.restart_timer_for_session(worker, session, new, now)
        self.am.tell.class_changed(worker, session, old, new, relinked, now)
        return relinked

    def restart_timer_for_session(
        self, worker: Worker, session: Session, list_id: int, now: int
    ) -> bool:
        """Move a session to the tail of its new list, if this thread may.

        Another thread may not, and during a sweep nobody does: since every list is looked at after
        the shortest timeout, the regular recheck takes care of it.
        """
        if session.thread_index != worker.thread_index or worker.swipe_end_time:
            return False
        self.conn_list_delete_session(worker, session, now)
        self.conn_list_add_session(worker, session, list_id, now)
        return True

    # --- adding and deleting -----------------------------------------------------------------

    def is_stale(self, session: Session, policy_epoch: int) -> bool:
        """Whether the rules by which a session was made have changed.

        Only a packet of the direction that made it can tell: `policy_epoch` is its interface's.
        """
        of_making = session.intf_policy_epoch
        same_direction = not (of_making ^ policy_epoch) & POLICY_EPOCH_IS_INPUT
        return same_direction and of_making != policy_epoch

    def reclassify(self, worker: Worker, session: Session, now: int) -> None:
        """A packet of a stale session is judged anew: delete the session, if this thread may.

        Another thread may not. Then each of its packets is judged anew, until the session expires.
        """
        sw_if_index = session.sw_if_index
        changes = worker.session_epoch_changes_by_sw_if_index
        changes[sw_if_index] = changes.get(sw_if_index, 0) + 1
        worker.session_in_hand = None
        if session.thread_index == worker.thread_index:
            self.conn_list_delete_session(worker, session, now)
            self.delete_session(worker, session, now)
            worker.cnt_deleted_sessions += 1
            worker.cnt_reclassified_sessions += 1
            self.am.tell.deleted(worker, session, now, reclassified=True)

    def can_add_session(self, worker: Worker, interface: Interface, key: bytes, now: int) -> bool:
        """Whether the interface has fewer sessions than `max-entries`.

        A key that another thread has entered meanwhile needs no room.
        """
        am, table = self.am, interface.sessions
        count, most = len(table), am.conn_table_max_entries
        has_room = count < most or table.get(key) is not None
        if am.tell.tracer is not None:
            am.tell.room_sought(worker, interface.sw_if_index, count, most, has_room, now)
        return has_room

    def add_session(
        self,
        worker: Worker,
        interface: Interface,
        key: bytes,
        is_input: bool,
        info: int,
        policy_epoch: int,
        now: int,
    ) -> tuple[Session, bool]:
        """Make a session for a packet, unless another thread has just entered its key.

        Returns the session that is in the table now, and whether it is the one made here. The slot
        is filled before it is entered, since from then on other threads find it.
        """
        session = worker.pool.take()
        is_ip6 = info & INFO_IP6 != 0
        session.set_owned(interface.sw_if_index, policy_epoch)
        session.set_key(key, is_ip6)
        session.last_active_time = now
        session.tcp_flags_seen_in = info & INFO_TCP_FLAGS_MASK if is_input else 0
        session.tcp_flags_seen_out = 0 if is_input else info & INFO_TCP_FLAGS_MASK
        entered = self.enter_table(interface, session)
        if not entered.is_same(session):
            worker.pool.free_indices.append(session.session_index)
            return entered, False
        sw_if_index = interface.sw_if_index
        adds = worker.session_adds_by_sw_if_index
        adds[sw_if_index] = adds.get(sw_if_index, 0) + 1
        worker.live_sessions += 1
        live = self.am.live_sessions()
        if live > worker.peak_sessions:
            worker.peak_sessions = live
        list_id = self.am.classes.session_get_timeout_type(session)
        self.conn_list_add_session(worker, session, list_id, now)
        tell = self.am.tell
        if tell.listener is not None or tell.measures is not None:
            tell.session_added(worker, session, list_id, now)
        return session, True

    def enter_table(self, interface: Interface, session: Session) -> Session:
        """Enter a session under its key. The one that is in the table then, this or another's."""
        return interface.sessions.enter(session)

    def delete_session(self, worker: Worker, session: Session, now: int) -> None:
        """An unlinked session is at its end: no packet finds it any more, and its slot is free."""
        self.leave_table(session)
        self.free_session(worker, session)

    def leave_table(self, session: Session) -> None:
        """Take a session out of its own interface's table.

        The interface is still there, even if it was deleted: its index is not free before the
        clear that this may be part of.
        """
        self.am.interface(session.sw_if_index).sessions.remove(session)

    def free_session(self, worker: Worker, session: Session) -> None:
        """Free the slot of a session that is on no list and in no table."""
        sw_if_index = session.sw_if_index
        session.link_list_id = NO_LIST
        worker.pool.free_indices.append(session.session_index)
        dels = worker.session_dels_by_sw_if_index
        dels[sw_if_index] = dels.get(sw_if_index, 0) + 1
        worker.live_sessions -= 1

    def try_recycle_session(self, worker: Worker, now: int) -> bool:
        """Delete the head of this thread's transient list, whatever its interface and class now.

        Returns False if the list is empty.
        """
        head = worker.conn_list_head[TIMEOUT_TCP_TRANSIENT]
        if head == NO_SESSION:
            return False
        session = worker.pool.session(head)
        self.conn_list_delete_session(worker, session, now)
        self.delete_session(worker, session, now)
        worker.cnt_recycled_sessions += 1
        self.am.tell.recycled(worker, session, now)
        return True
