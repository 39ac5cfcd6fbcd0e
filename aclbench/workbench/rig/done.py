"""What is kept of every packet of a run, as columns: some 50 bytes a packet.

One part comes with the packet's frame (`arrived`), made from the capture's columns; what became of
it comes from the engine (`engine.outcomes`). Nothing here is made packet by packet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aclbench.drivers.batch import Dispatched
from aclbench.drivers.frame import Handled, KeysInOrder
from aclbench.engine.outcomes import Outcomes
from aclbench.engine.packet import KEY4_SIZE, Packet, key_words

#: `time` is the bench's, as the packet arrives. `number` is as `drivers.frame.packet_number` makes
#: it, with `SENT_BIT` in it for one that was sent. `length` is that on the wire; `flags` are those
#: bits of the info word that say what a packet is (`capture.columns.INFO_KEPT`).
ARRIVED: Final = [
    ("time", "i8"),
    ("number", "i8"),
    ("length", "u4"),
    ("rx", "u4"),
    ("flags", "u2"),
]
#: And what became of it; `time` is then when it was handled. `key` is a number for its key, which
#: whoever keeps it gives it.
DONE: Final = np.dtype([*ARRIVED, ("reason", "i8"), ("way", "i8"), ("key", "u4")])
SENT_BIT: Final = 1 << 62

#: Rows of type `ARRIVED`, and of type `DONE`.
Arrived: TypeAlias = NDArray[np.void]
Done: TypeAlias = NDArray[np.void]
#: Keys as `capture.columns.Columns.words` has them.
Words: TypeAlias = NDArray[np.int64]


class DonePackets(NamedTuple):
    """Packets in the order in which they were done, and their keys; `first` counts from 0."""

    first: int
    rows: Done
    keys: Sequence[KeysInOrder]


NO_PACKETS: Final = DonePackets(0, np.empty(0, DONE), ())


class Arriving:
    """The rows and the keys of packets that arrive, made when somebody keeps them."""

    def __init__(self, make: Callable[[], Arrived], make_words: Callable[[], Words]) -> None:
        self._make = make
        self._make_words = make_words

    @cached_property
    def rows(self) -> Arrived:
        """One for each packet."""
        return self._make()

    @cached_property
    def words(self) -> Words:
        """The words of the key of each packet."""
        return self._make_words()


def arrived(
    time: NDArray[Any],
    number: NDArray[Any],
    length: NDArray[Any],
    rx: NDArray[Any],
    flags: NDArray[Any],
) -> Arrived:
    """The rows of packets that arrive."""
    rows = np.empty(len(time), ARRIVED)
    rows["time"], rows["number"], rows["length"], rows["flags"] = time, number, length, flags
    rows["rx"] = rx
    return rows


def words_of(packets: Sequence[Packet]) -> Words:
    """The words of the keys of packets that were parsed one by one."""
    words = np.zeros((len(packets), 6), np.int64)
    for at, packet in enumerate(packets):
        if packet.key:
            words[at] = *key_words(packet.key), 4 if len(packet.key) == KEY4_SIZE else 6
    return words


def done_packets(handled: list[Handled], outcomes: Outcomes, so_far: int) -> DonePackets:
    """The packets that were handled, with what became of them; `so_far` counts all of the run."""
    count = len(outcomes)
    at = 0
    rows = np.empty(sum(end - first for _, first, end, _ in handled), DONE)
    for columns, first, end in joined(handled):
        part = rows[at : at + end - first]
        for name, _ in ARRIVED:
            part[name] = columns.rows[name][first:end]
        at += end - first
    if at != count:  # an exception broke a run off: what was kept of it does not fit together
        return DonePackets(so_far, np.empty(0, DONE), ())
    keys = [frame.keys_of(first, end) for frame, first, end, _ in handled]
    starts = list(accumulate(map(len, keys[:-1]), initial=0))
    # A packet is handled when it arrives, or later: the clock never goes back.
    time = rows["time"].copy()
    time[starts] = np.maximum(time[starts], [each.now for each in handled])
    rows["time"] = np.maximum.accumulate(time)
    both = np.asarray(outcomes.numbers, np.int64)
    rows["reason"], rows["way"] = both[::2], both[1::2]
    return DonePackets(so_far - count, rows, keys)


def dispatched_packets(dispatched: list[Dispatched]) -> DonePackets:
    """The same of packets that workers on real threads have finished; `first` is 0."""
    count = sum(each.end - each.begin for each in dispatched)
    rows, at = np.empty(count, DONE), 0
    for frame, begin, end, now, batches, places in dispatched:
        part = rows[at : at + end - begin]
        arriving = frame.columns.rows[frame.first_row + begin : frame.first_row + end]
        for name, _ in ARRIVED:
            part[name] = arriving[name]
        for batch, place in zip(batches, places, strict=True):
            assert batch.outcomes is not None
            both = np.asarray(batch.outcomes.numbers, np.int64)
            part["reason"][place], part["way"][place] = both[::2], both[1::2]
            time = np.maximum(np.asarray(batch.frame.time, np.int64), now)
            part["time"][place] = np.maximum.accumulate(time)
        at += end - begin
    keys = [each.frame.keys_of(each.begin, each.end) for each in dispatched]
    return DonePackets(0, rows, keys)


def joined(handled: Sequence[Handled]) -> list[tuple[Arriving, int, int]]:
    """The rows of what was handled: what follows in the same columns is one stretch."""
    found: list[tuple[Arriving, int, int]] = []
    for frame, first, end, _ in handled:
        first, end = frame.first_row + first, frame.first_row + end
        if found and found[-1][0] is frame.columns and found[-1][2] == first:
            found[-1] = frame.columns, found[-1][1], end
        else:
            found.append((frame.columns, first, end))
    return found
