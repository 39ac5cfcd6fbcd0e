"""A batch of packets for one worker of a threaded bench, and the loops that process it."""

from __future__ import annotations

from collections.abc import Callable

from aclbench.drivers.frame import Frame
from aclbench.engine.datapath import Datapath
from aclbench.engine.worker import Worker


class Batch:
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

    def __len__(self) -> int:
        """Packets in it."""
        return len(self.frame.time)


def process_batch(datapath: Datapath, worker: Worker, batch: Batch) -> None:
    """Process packets on their worker's thread, each at its own time, but none before the batch's.

    `Batch.now` is that time.
    """
    frame, now = batch.frame, batch.now
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


def process_batch_by_clock(
    datapath: Datapath, worker: Worker, batch: Batch, clock: Callable[[], int]
) -> None:
    """Process packets on their worker's thread, each at the time that the clock shows then."""
    frame = batch.frame
    for i in range(len(frame.time)):
        if frame.number:
            worker.packet_number = frame.number[i]
        datapath.process_packet(
            worker, frame.rx[i], frame.key[i], frame.mirror_key[i], frame.info[i], clock()
        )
