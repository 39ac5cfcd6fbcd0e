"""How packets reach the workers of a threaded bench: which worker's they are, and in what order.

The vpp_main of a threaded bench splits the frames that arrive into batches, each for one worker.
Within a worker packets keep the order of the capture. Across workers only the packets of one
connection do, unless the workers are to run free: a batch whose first packet has to wait for
another worker says for which, and for how many of its packets.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from aclbench.drivers.batch import Batch, Dispatched
from aclbench.drivers.frame import Frame
from aclbench.engine.main import AclMain
from aclbench.engine.packet import INFO_NO_KEY

#: A ticket names a packet by its worker and its count there: `thread_index << 48 | count`.
_THREAD_SHIFT: Final = 48
_COUNT_MASK: Final = (1 << _THREAD_SHIFT) - 1
#: Connections remembered before those are dropped whose last packet is finished.
_MAX_CONNECTIONS: Final = 1 << 16


class RowGroup:
    """The rows of a frame that become one batch."""

    __slots__ = ("after", "rows", "thread_index")

    def __init__(self, thread_index: int, after: int) -> None:
        self.thread_index: int = thread_index
        #: The ticket of the packet to wait for; 0: none.
        self.after: int = after
        self.rows: list[int] = []


class Dispatcher:
    """Splits frames into batches, on vpp_main; the workers' threads count what is finished."""

    def __init__(self, am: AclMain, by_connection: bool) -> None:
        self.am: AclMain = am
        #: Whether packets of one connection are kept in order across workers.
        self.by_connection: bool = by_connection
        #: Time of the latest packet dispatched (ns): the clock never goes back.
        self.latest: int = 0
        #: By thread index: packets dispatched, written by vpp_main; and finished, by the thread.
        self.dispatched: list[int] = [0] * (am.n_workers + 1)
        self.finished: list[int] = [0] * (am.n_workers + 1)
        #: While somebody keeps it, what was dispatched, in order, and is not taken yet.
        self.kept: deque[Dispatched] | None = None
        #: For each connection, by its flow hash, the ticket of its last packet.
        self._last: dict[int, int] = {}

    def in_flight(self) -> int:
        """Packets dispatched and not finished, about: threads go on while it is counted."""
        count = 0
        for thread_index in range(len(self.dispatched)):
            count += self.dispatched[thread_index] - self.finished[thread_index]
        return count

    def split(self, frame: Frame, until: int, most: int, clock: int) -> list[Batch]:
        """Batches of the frame's packets that arrive up to `until`, at most so many packets.

        None is processed earlier than `clock`. The frame's position goes behind them.
        """
        begin, end = frame.position, len(frame.time)
        if most < end - begin:
            end = begin + most
        stop = begin
        for time in frame.time[begin:end]:
            if time > until:
                break
            stop += 1
        if stop == begin:
            return []
        frame.position = stop
        now = max(self.latest, clock)
        self.latest = now
        for time in frame.time[begin:stop]:
            if time > self.latest:
                self.latest = time
        if self.am.n_workers == 1:
            self.dispatched[1] += stop - begin
            batches = [self._whole_batch(frame, begin, stop, now)]
            if self.kept is not None:
                rows = [list(range(stop - begin))]
                self.kept.append(Dispatched(frame, begin, stop, now, batches, rows))
            return batches
        self._set_times(frame, begin, stop, now)
        if self.am.flow_placement:
            groups = self._by_flow(frame, begin, stop)
        else:
            groups = self._by_interface(frame, begin, stop)
        batches = [self._batch(frame, group, now) for group in groups]
        if self.kept is not None:
            rows = [[row - begin for row in group.rows] for group in groups]
            self.kept.append(Dispatched(frame, begin, stop, now, batches, rows))
        return batches

    def _set_times(self, frame: Frame, begin: int, stop: int, now: int) -> None:
        """No packet earlier than one before it, whichever worker has that."""
        times = frame.time
        for i in range(begin, stop):
            if times[i] < now:
                times[i] = now
            else:
                now = times[i]

    def _by_flow(self, frame: Frame, begin: int, stop: int) -> list[RowGroup]:
        """By flow hash: a connection has one worker, so nobody waits."""
        am = self.am
        of_thread = [RowGroup(thread_index, 0) for thread_index in range(am.n_workers + 1)]
        i = begin
        for flow in frame.flow[begin:stop]:
            of_thread[1 + flow % am.n_workers].rows.append(i)
            i += 1
        groups: list[RowGroup] = []
        for group in of_thread:
            if group.rows:
                self.dispatched[group.thread_index] += len(group.rows)
                groups.append(group)
        return groups

    def _by_interface(self, frame: Frame, begin: int, stop: int) -> list[RowGroup]:
        """By rx interface: a packet whose connection another worker has in hand begins a batch."""
        am, dispatched, finished, last = self.am, self.dispatched, self.finished, self._last
        if len(last) > _MAX_CONNECTIONS:
            self._drop_finished()
        rx_threads = [am.thread_of(rx, b"") for rx in range(len(am.interfaces))]
        groups: list[RowGroup] = []
        of_thread: list[RowGroup | None] = [None] * (am.n_workers + 1)
        for i in range(begin, stop):
            thread = rx_threads[frame.rx[i]]
            after = 0
            if self.by_connection and not frame.info[i] & INFO_NO_KEY:
                connection = frame.flow[i]
                after = last.get(connection, 0)
                last[connection] = thread << _THREAD_SHIFT | (dispatched[thread] + 1)
                other = after >> _THREAD_SHIFT
                if other == thread or finished[other] >= after & _COUNT_MASK:
                    after = 0
            group = of_thread[thread]
            if group is None or after:
                group = RowGroup(thread, after)
                of_thread[thread] = group
                groups.append(group)
            group.rows.append(i)
            dispatched[thread] += 1
        return groups

    def _whole_batch(self, frame: Frame, begin: int, stop: int, now: int) -> Batch:
        """A batch of all rows from `begin` to `stop`, for the only worker."""
        part = frame.part(begin, stop)
        if not self.am.tell.hears_packets():
            part.number = ()
        is_kept = self.kept is not None
        return Batch(1, part, now, frame.number[begin], frame.number[stop - 1], is_kept)

    def _batch(self, frame: Frame, group: RowGroup, now: int) -> Batch:
        """The batch of a group of rows."""
        rows = group.rows
        numbers: list[int] = []
        if self.am.tell.hears_packets():
            numbers = [frame.number[i] for i in rows]
        part = frame.picked(rows, numbers)
        first, last = frame.number[rows[0]], frame.number[rows[-1]]
        batch = Batch(group.thread_index, part, now, first, last, self.kept is not None)
        batch.after_thread = group.after >> _THREAD_SHIFT
        batch.after_count = group.after & _COUNT_MASK
        return batch

    def _drop_finished(self) -> None:
        """Drop the connections that nobody has to wait for."""
        self._last = {
            connection: ticket
            for connection, ticket in self._last.items()
            if self.finished[ticket >> _THREAD_SHIFT] < ticket & _COUNT_MASK
        }
