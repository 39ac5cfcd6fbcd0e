"""How packets are handed to a driver: frames of parallel columns, in capture order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from aclbench.engine.packet import flow_hash

#: Packets in a frame unless told otherwise, as in VPP.
FRAME_SIZE: Final = 256


#: Bits of a packet's number that count within its capture; the capture is in the bits above.
_FRAME_BITS: Final = 40


def packet_number(capture: int, frame: int) -> int:
    """The number of a packet: its Wireshark number, for the first capture (0) as it is."""
    return capture << _FRAME_BITS | frame


def split_number(number: int) -> tuple[int, int]:
    """Which capture a packet is of, from 0, and its Wireshark number in it."""
    return number >> _FRAME_BITS, number & ((1 << _FRAME_BITS) - 1)


@dataclass(slots=True)
class Frame:
    """Packets as columns of equal length; `position` is the first that is not handled yet.

    `time` is the bench's own, in nanoseconds; where it goes back, the clock stays. `rx` is the
    sw_if_index that each enters on, `number` is as `packet_number` makes it. Keys and info are as
    in `aclbench.engine.packet`. `flow` has their flow hashes, 0 for a packet without a key; it may
    be empty, where they are not wanted or still to be computed. `columns` is what whoever made it
    keeps of these packets, beginning with row `first_row`; the driver hands it on.
    """

    time: list[int]
    number: Sequence[int]
    rx: list[int]
    key: list[bytes]
    mirror_key: list[bytes]
    info: list[int]
    flow: list[int] = field(default_factory=list)
    position: int = 0
    columns: Any = None
    first_row: int = 0

    def __len__(self) -> int:
        """Packets not handled yet."""
        return len(self.time) - self.position

    def peek_time(self) -> int:
        """When the next packet arrives."""
        return self.time[self.position]

    def flows(self) -> list[int]:
        """The flow hashes of all packets, computed if need be."""
        if not self.flow:
            self.flow = [flow_hash(key) if key else 0 for key in self.key]
        return self.flow

    def pop(self) -> PacketInput:
        """Hand over the next packet."""
        i = self.position
        self.position = i + 1
        return PacketInput(
            self.time[i],
            self.number[i],
            self.rx[i],
            self.key[i],
            self.mirror_key[i],
            self.info[i],
            self,
            i,
        )

    def split(self, size: int) -> list[Frame]:
        """The same packets in frames of at most `size`."""
        return [
            Frame(
                self.time[i : i + size],
                self.number[i : i + size],
                self.rx[i : i + size],
                self.key[i : i + size],
                self.mirror_key[i : i + size],
                self.info[i : i + size],
                self.flow[i : i + size],
                columns=self.columns,
                first_row=self.first_row + i,
            )
            for i in range(self.position, len(self.time), size)
        ]


class PacketInput(NamedTuple):
    """One packet on its way in. `time` is the bench's, in nanoseconds."""

    time: int
    number: int
    rx: int
    key: bytes
    mirror_key: bytes
    info: int
    frame: Frame
    row: int


class Handled(NamedTuple):
    """Packets of a frame that were handled one behind the other, from `first` up to `end`.

    `now` was the clock as the first of them was reached: it never goes back.
    """

    frame: Frame
    first: int
    end: int
    now: int


class Arrivals:
    """The frames that wait for a driver: those handed over, then those that a source makes.

    `source`, if set, is asked for the next frame whenever there is none; None means the end, and a
    frame without packets that none has come yet: then it `waits`.
    """

    def __init__(self) -> None:
        self.frames: deque[Frame] = deque()
        self.source: Callable[[], Frame | None] | None = None
        #: The source was asked last when its next packet had not come yet.
        self.waits: bool = False

    def at_hand(self) -> Frame | None:
        """The same as `next_frame`, but a source that waits is not asked again."""
        return None if self.waits else self.next_frame()

    def next_frame(self) -> Frame | None:
        """The frame with the next packet, asking the source if need be; None where none is."""
        self.waits = False
        while not self.frames or not len(self.frames[0]):
            if self.frames:
                self.frames.popleft()
            elif self.source is None:
                return None
            else:
                frame = self.source()
                if frame is None:
                    self.source = None
                    return None
                if not len(frame):
                    self.waits = True
                    return None
                self.frames.append(frame)
        return self.frames[0]
