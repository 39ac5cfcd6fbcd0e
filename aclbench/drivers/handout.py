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
from aclbench.engine.packet import flow_hash
from aclbench.engine.worker import Worker

#: A packet's place in its worker's order, in one number with the worker's thread index.
_THREAD_SHIFT: Final = 48
_COUNT_MASK: Final = (1 << _THREAD_SHIFT) - 1
#: Connections remembered before those are forgotten whose last packet is finished.
_MAX_CONNECTIONS: Final = 1 << 16


class Parcel:
    """Packets for one worker, in order. None is earlier than `now`, whatever its time says.

    With `after_thread` they wait until that thread has finished `after_count` packets.
    """

    __slots__ = ("after_count", "after_thread", "frame", "now", "thread_index")

    def __init__(
        self, thread_index: int, frame: Frame, now: int, after_thread: int = 0, after_count: int = 0
    ) -> None:
        self.thread_index: int = thread_index
        self.frame: Frame = frame
        self.now: int = now
        self.after_thread: int = after_thread
        self.after_count: int = after_count


class Handout:
    """Cuts frames into parcels. Used by vpp_main alone, but for `finished`."""

    def __init__(self, am: AclMain, by_connection: bool) -> None:
        self.am: AclMain = am
        #: Whether packets of one connection are kept in order across workers.
        self.by_connection: bool = by_connection
        #: Time of the latest packet handed out (ns): the clock never goes back.
        self.latest: int = 0
        #: By thread index: packets handed out, and finished. Each thread writes its own of these.
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

    def cut(self, frame: Frame, until: int, most: int) -> list[Parcel]:
        """Parcels of the frame's packets that arrive up to `until`, at most so many packets.

        The frame's position goes behind them.
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
        if self.am.n_workers == 1:
            parcels = [self._whole(frame, begin, stop)]
        else:
            parcels = self._by_thread(frame, begin, stop)
        return parcels

    def _whole(self, frame: Frame, begin: int, stop: int) -> Parcel:
        """All of it for the one worker there is."""
        part = Frame(
            frame.time[begin:stop],
            frame.number[begin:stop],
            frame.rx[begin:stop],
            frame.key[begin:stop],
            frame.mirror_key[begin:stop],
            frame.info[begin:stop],
        )
        parcel = Parcel(1, part, self.latest)
        self.latest = max(self.latest, max(part.time))
        self.handed[1] += stop - begin
        return parcel

    def _by_thread(self, frame: Frame, begin: int, stop: int) -> list[Parcel]:
        am, handed, finished = self.am, self.handed, self.finished
        by_flow = am.flow_placement
        in_order = self.by_connection and not by_flow
        last = self._last
        if len(last) > _MAX_CONNECTIONS:
            self._forget()
        rx_threads = [am.thread_of(rx, b"") for rx in range(len(am.interfaces))]
        parcels: list[Parcel] = []
        open_parcels: list[Parcel | None] = [None] * (am.n_workers + 1)
        latest = self.latest
        for i in range(begin, stop):
            key = frame.key[i]
            thread = am.thread_of(frame.rx[i], key) if by_flow else rx_threads[frame.rx[i]]
            parcel = open_parcels[thread]
            if in_order and key:
                connection = flow_hash(key)
                before = last.get(connection, 0)
                last[connection] = thread << _THREAD_SHIFT | (handed[thread] + 1)
                other = before >> _THREAD_SHIFT
                if before and other != thread and finished[other] < before & _COUNT_MASK:
                    parcel = Parcel(thread, _empty(), latest, other, before & _COUNT_MASK)
                    open_parcels[thread] = parcel
                    parcels.append(parcel)
            if parcel is None:
                parcel = Parcel(thread, _empty(), latest)
                open_parcels[thread] = parcel
                parcels.append(parcel)
            if frame.time[i] > latest:
                latest = frame.time[i]
            handed[thread] += 1
            own = parcel.frame
            own.time.append(latest)
            own.rx.append(frame.rx[i])
            own.key.append(key)
            own.mirror_key.append(frame.mirror_key[i])
            own.info.append(frame.info[i])
            numbers = own.number
            assert isinstance(numbers, list)
            numbers.append(frame.number[i])
        self.latest = latest
        return parcels

    def _forget(self) -> None:
        """Drop the connections that nobody has to wait for."""
        self._last = {
            connection: place
            for connection, place in self._last.items()
            if self.finished[place >> _THREAD_SHIFT] < place & _COUNT_MASK
        }


def _empty() -> Frame:
    return Frame([], [], [], [], [], [])


def play_frame(datapath: Datapath, worker: Worker, frame: Frame, now: int) -> None:
    """Handle packets on a worker's thread, each at its own time, but none earlier than `now`."""
    datapath.warm_up(frame.rx, frame.key, frame.mirror_key)
    i = 0
    number = frame.number
    for time, rx, key, mirror_key, info in zip(  # noqa: B905
        frame.time, frame.rx, frame.key, frame.mirror_key, frame.info
    ):
        if time > now:
            now = time
        worker.packet_number = number[i]
        datapath.process_packet(worker, rx, key, mirror_key, info, now)
        i += 1  # noqa: SIM113 - compiled, a counter is cheaper than `enumerate`


def play_frame_by_clock(
    datapath: Datapath, worker: Worker, frame: Frame, clock: Callable[[], int]
) -> None:
    """Handle packets on a worker's thread, each at the time that the clock shows then."""
    for i in range(len(frame.time)):
        worker.packet_number = frame.number[i]
        datapath.process_packet(
            worker, frame.rx[i], frame.key[i], frame.mirror_key[i], frame.info[i], clock()
        )
