"""How packets reach the threads: by whose worker, in what order, and the loop through a frame.

The vpp_main of a threaded bench cuts the frames that arrive into *parcels*, each for one worker.
Within a worker packets keep the order of the capture. Across workers nothing is kept in order but,
unless the workers are to run free, the packets of one connection: a parcel whose first packet has
to wait for another worker says for whom, and for how many of its packets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aclbench.drivers.frame import Frame
from aclbench.engine.datapath import Datapath
from aclbench.engine.main import AclMain
from aclbench.engine.worker import Worker

#: A packet's place in its worker's order, in one number with the worker's thread index.
_THREAD_SHIFT: Final = 48
_COUNT_MASK: Final = (1 << _THREAD_SHIFT) - 1
#: Connections remembered before those are forgotten whose last packet is finished.
_MAX_CONNECTIONS: Final = 1 << 16


class Parcel:
    """Packets for one worker, in order. None is earlier than `now`, whatever its time says.

    With `after_thread` they wait until that thread has finished `after_count` packets. `first` and
    `last` are the numbers of those at the ends; `frame.number` is empty where nobody listens.
    """

    __slots__ = ("after_count", "after_thread", "first", "frame", "last", "now", "thread_index")

    def __init__(self, thread_index: int, frame: Frame, now: int, first: int, last: int) -> None:
        self.thread_index: int = thread_index
        self.frame: Frame = frame
        self.now: int = now
        self.first: int = first
        self.last: int = last
        self.after_thread: int = 0
        self.after_count: int = 0


class Rows:
    """The rows of a frame that are to be a parcel, and for whom it has to wait."""

    __slots__ = ("place", "rows", "thread_index")

    def __init__(self, thread_index: int, place: int) -> None:
        self.thread_index: int = thread_index
        #: The packet to wait for, as `Handout` notes places; 0: none.
        self.place: int = place
        self.rows: list[int] = []


class Handout:
    """Cuts frames into parcels, on vpp_main; lanes read the counts."""

    def __init__(self, am: AclMain, by_connection: bool) -> None:
        self.am: AclMain = am
        #: Whether packets of one connection are kept in order across workers.
        self.by_connection: bool = by_connection
        #: Time of the latest packet handed out (ns): the clock never goes back.
        self.latest: int = 0
        #: By thread index: packets handed out, written by vpp_main; and finished, by their lane.
        self.handed: list[int] = [0] * (am.n_workers + 1)
        self.finished: list[int] = [0] * (am.n_workers + 1)
        #: For each connection, by its flow hash, the place of its last packet.
        self._last: dict[int, int] = {}

    def under_way(self) -> int:
        """Packets handed out and not finished, about: threads go on while it is counted."""
        count = 0
        for thread_index in range(len(self.handed)):
            count += self.handed[thread_index] - self.finished[thread_index]
        return count

    def cut(self, frame: Frame, until: int, most: int, clock: int) -> list[Parcel]:
        """Parcels of the frame's packets that arrive up to `until`, at most so many packets.

        None is handled earlier than `clock`. The frame's position goes behind them.
        """
        begin, end = frame.position, min(len(frame.time), frame.position + most)
        stop = begin
        for time in frame.time[begin:end]:
            if time > until:
                break
            stop += 1
        if stop == begin:
            return []
        frame.position = stop
        now = max(self.latest, clock)
        self.latest = max(now, max(frame.time[begin:stop]))
        if self.am.n_workers == 1:
            self.handed[1] += stop - begin
            return [self._parcel(frame, Rows(1, 0), begin, stop, now)]
        self._set_clock(frame, begin, stop, now)
        if self.am.flow_placement:
            found = self._by_flow(frame, begin, stop)
        else:
            found = self._by_interface(frame, begin, stop)
        return [self._parcel(frame, rows, 0, 0, now) for rows in found]

    def _set_clock(self, frame: Frame, begin: int, stop: int, now: int) -> None:
        """No packet earlier than one before it, whichever worker has that."""
        times = frame.time
        for i in range(begin, stop):
            if times[i] < now:
                times[i] = now
            else:
                now = times[i]

    def _by_flow(self, frame: Frame, begin: int, stop: int) -> list[Rows]:
        """By flow hash: a connection has one worker, so nobody waits."""
        am = self.am
        of_thread = [Rows(thread_index, 0) for thread_index in range(am.n_workers + 1)]
        i = begin
        for flow in frame.flows()[begin:stop]:
            of_thread[1 + flow % am.n_workers].rows.append(i)
            i += 1
        found: list[Rows] = []
        for rows in of_thread:
            if rows.rows:
                self.handed[rows.thread_index] += len(rows.rows)
                found.append(rows)
        return found

    def _by_interface(self, frame: Frame, begin: int, stop: int) -> list[Rows]:
        """By rx interface: a packet whose connection another worker has in hand begins a parcel."""
        am, handed, finished, last = self.am, self.handed, self.finished, self._last
        if len(last) > _MAX_CONNECTIONS:
            self._forget()
        rx_threads = [am.thread_of(rx, b"") for rx in range(len(am.interfaces))]
        flows = frame.flows() if self.by_connection else []
        found: list[Rows] = []
        of_thread: list[Rows | None] = [None] * (am.n_workers + 1)
        for i in range(begin, stop):
            thread = rx_threads[frame.rx[i]]
            place = 0
            if self.by_connection and frame.key[i]:
                connection = flows[i]
                place = last.get(connection, 0)
                last[connection] = thread << _THREAD_SHIFT | (handed[thread] + 1)
                other = place >> _THREAD_SHIFT
                if other == thread or finished[other] >= place & _COUNT_MASK:
                    place = 0
            rows = of_thread[thread]
            if rows is None or place:
                rows = Rows(thread, place)
                of_thread[thread] = rows
                found.append(rows)
            rows.rows.append(i)
            handed[thread] += 1
        return found

    def _parcel(self, frame: Frame, of: Rows, begin: int, stop: int, now: int) -> Parcel:
        """The parcel of some rows; where there are none, of all from `begin` to `stop`."""
        listening = self.am.tell.listener is not None
        rows = of.rows
        numbers: list[int] = []
        if not rows:
            if listening:
                numbers = list(frame.number[begin:stop])
            part = Frame(
                frame.time[begin:stop],
                numbers,
                frame.rx[begin:stop],
                frame.key[begin:stop],
                frame.mirror_key[begin:stop],
                frame.info[begin:stop],
            )
            return Parcel(1, part, now, frame.number[begin], frame.number[stop - 1])
        time, rx, key, mirror_key, info = (
            frame.time,
            frame.rx,
            frame.key,
            frame.mirror_key,
            frame.info,
        )
        if listening:
            numbers = [frame.number[i] for i in rows]
        part = Frame(
            [time[i] for i in rows],
            numbers,
            [rx[i] for i in rows],
            [key[i] for i in rows],
            [mirror_key[i] for i in rows],
            [info[i] for i in rows],
        )
        first, last = frame.number[rows[0]], frame.number[rows[-1]]
        parcel = Parcel(of.thread_index, part, now, first, last)
        parcel.after_thread = of.place >> _THREAD_SHIFT
        parcel.after_count = of.place & _COUNT_MASK
        return parcel

    def _forget(self) -> None:
        """Drop the connections that nobody has to wait for."""
        self._last = {
            connection: place
            for connection, place in self._last.items()
            if self.finished[place >> _THREAD_SHIFT] < place & _COUNT_MASK
        }


def play_frame(datapath: Datapath, worker: Worker, frame: Frame, now: int) -> None:
    """Handle packets on a worker's thread, each at its own time, but none earlier than `now`."""
    datapath.warm_up(frame.rx, frame.key, frame.mirror_key)
    numbers = frame.number
    numbered = len(numbers) > 0
    i = 0
    for time, rx, key, mirror_key, info in zip(  # noqa: B905
        frame.time, frame.rx, frame.key, frame.mirror_key, frame.info
    ):
        if time > now:
            now = time
        if numbered:
            worker.packet_number = numbers[i]
            i += 1  # compiled, a counter is cheaper than `enumerate`
        datapath.process_packet(worker, rx, key, mirror_key, info, now)


def play_frame_by_clock(
    datapath: Datapath, worker: Worker, frame: Frame, clock: Callable[[], int]
) -> None:
    """Handle packets on a worker's thread, each at the time that the clock shows then."""
    for i in range(len(frame.time)):
        if frame.number:
            worker.packet_number = frame.number[i]
        datapath.process_packet(
            worker, frame.rx[i], frame.key[i], frame.mirror_key[i], frame.info[i], clock()
        )
