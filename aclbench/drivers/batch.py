"""A batch of packets for one worker of a threaded bench, and the loops that process it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from aclbench.drivers.fast_path import FastPath
from aclbench.drivers.frame import Frame
from aclbench.engine.datapath import Datapath
from aclbench.engine.outcomes import Outcomes
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker


class Batch:
    """Packets for one worker, in order. None is earlier than `now`, whatever its time says.

    With `after_thread` they wait until that thread has finished `after_count` packets. `first` and
    `last` are the numbers of those at the ends; `frame.number` is empty where nobody listens. Where
    what became of them `is_kept`, `outcomes` has it once they are finished.
    """

    __slots__ = (
        "after_count",
        "after_thread",
        "first",
        "frame",
        "is_kept",
        "last",
        "now",
        "outcomes",
        "thread_index",
    )

    def __init__(
        self, thread_index: int, frame: Frame, now: int, first: int, last: int, is_kept: bool
    ) -> None:
        self.thread_index: int = thread_index
        self.frame: Frame = frame
        self.now: int = now
        self.first: int = first
        self.last: int = last
        self.after_thread: int = 0
        self.after_count: int = 0
        self.is_kept: bool = is_kept
        self.outcomes: Outcomes | None = None

    def __len__(self) -> int:
        """Packets in it."""
        return len(self.frame.time)


class Dispatched(NamedTuple):
    """Rows of a frame that were dispatched together, `begin` up to `end`, none earlier than `now`.

    They are in `batches`; `rows` has for each the places of its packets, counted from `begin`.
    """

    frame: Frame
    begin: int
    end: int
    now: int
    batches: list[Batch]
    rows: list[list[int]]

    def is_done(self) -> bool:
        """All its packets are finished."""
        return all(batch.outcomes is not None for batch in self.batches)


def process_batch(
    datapath: Datapath, worker: Worker, batch: Batch, fast_path: FastPath | None = None
) -> None:
    """Process packets on their worker's thread, each at its own time, but none before the batch's.

    `Batch.now` is that time. The fast path is that of this thread; not to be used where somebody
    listens.
    """
    frame, now = batch.frame, batch.now
    end = len(frame.time)
    datapath.warm_up(frame.flow, 0, end)
    numbers, keys = frame.number, frame.keys
    numbered = len(numbers) > 0
    i = 0
    try:
        while i < end:
            if fast_path is not None and fast_path.is_worth_it():
                i = fast_path.run(frame, i, end, now, NEVER, NEVER - 1, [worker], True)
                now = fast_path.now
                if i == end:
                    break
            now = max(now, frame.time[i])
            if numbered:
                worker.packet_number = numbers[i]
            info = frame.info[i]
            key, mirror_key = keys.both(i, info)
            datapath.process_packet(worker, frame.rx[i], key, mirror_key, info, now)
            i += 1
    finally:
        if fast_path is not None:
            fast_path.count()


def process_batch_by_clock(
    datapath: Datapath, worker: Worker, batch: Batch, clock: Callable[[], int]
) -> None:
    """Process packets on their worker's thread, each at the time that the clock shows then.

    That is then the packet's time.
    """
    frame = batch.frame
    for i in range(len(frame.time)):
        if frame.number:
            worker.packet_number = frame.number[i]
        now = clock()
        frame.time[i] = now
        info = frame.info[i]
        key, mirror_key = frame.keys.both(i, info)
        datapath.process_packet(worker, frame.rx[i], key, mirror_key, info, now)
