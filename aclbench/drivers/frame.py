"""How packets are handed to a driver: frames of parallel columns, in capture order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from mypy_extensions import i64

from aclbench.engine.packet import (
    INFO_IP6,
    INFO_NO_KEY,
    Packet,
    flow_hash,
    key_of_words,
    key_words,
)
from aclbench.engine.storage import Column, KeyPairs, column, key_pair, key_pairs, picked

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


class PacketKeys:
    """The keys of packets by columns of words, as `engine.packet.key_words` has them.

    `k0` to `k4` are a packet's key. `m0` and `m1` are the first two words of its mirror key; for
    IPv6 the others are `k4`, `k0` and `k2`. Where no packet is IPv6, `k2` to `k4` are empty.
    """

    __slots__ = ("_pairs", "k0", "k1", "k2", "k3", "k4", "m0", "m1")

    def __init__(
        self,
        k0: Column,
        k1: Column,
        m0: Column,
        m1: Column,
        k2: Column,
        k3: Column,
        k4: Column,
    ) -> None:
        self.k0: Column = k0
        self.k1: Column = k1
        self.m0: Column = m0
        self.m1: Column = m1
        self.k2: Column = k2
        self.k3: Column = k3
        self.k4: Column = k4
        #: All keys and mirror keys as IPv4 has them, once one was wanted: to make them at once
        #: takes little more than to make one.
        self._pairs: KeyPairs | None = None

    def key(self, i: i64, info: i64) -> bytes:
        """The key of a packet with this info word; empty for one without."""
        if info & INFO_NO_KEY:
            return b""
        if info & INFO_IP6:
            return key_of_words(
                self.k0[i], self.k1[i], self.k2[i], self.k3[i], self.k4[i], is_ip6=True
            )
        return self.both(i, info)[0]

    def mirror_key(self, i: i64, info: i64) -> bytes:
        """The same of its mirror key."""
        if info & INFO_NO_KEY:
            return b""
        if info & INFO_IP6:
            return key_of_words(
                self.m0[i], self.m1[i], self.k4[i], self.k0[i], self.k2[i], is_ip6=True
            )
        return self.both(i, info)[1]

    def both(self, i: i64, info: i64) -> tuple[bytes, bytes]:
        """The key and the mirror key of a packet."""
        if info & (INFO_NO_KEY | INFO_IP6):
            return self.key(i, info), self.mirror_key(i, info)
        pairs = self._pairs
        if pairs is None:
            pairs = self._pairs = key_pairs(self.k0, self.k1, self.m0, self.m1)
        return key_pair(pairs, i)

    def part(self, begin: i64, end: i64) -> PacketKeys:
        """Those of the packets from row `begin` up to `end`."""
        return PacketKeys(
            self.k0[begin:end],
            self.k1[begin:end],
            self.m0[begin:end],
            self.m1[begin:end],
            self.k2[begin:end],
            self.k3[begin:end],
            self.k4[begin:end],
        )

    def picked(self, rows: list[int]) -> PacketKeys:
        """Those of these rows, in their order."""
        return PacketKeys(
            picked(self.k0, rows),
            picked(self.k1, rows),
            picked(self.m0, rows),
            picked(self.m1, rows),
            picked(self.k2, rows),
            picked(self.k3, rows),
            picked(self.k4, rows),
        )


class KeysInOrder:
    """The keys of packets in a row, made when somebody asks: a run has no use for them."""

    __slots__ = ("_begin", "_end", "_info", "_keys")

    def __init__(self, keys: PacketKeys, info: Column, begin: i64, end: i64) -> None:
        self._keys: PacketKeys = keys
        self._info: Column = info
        self._begin: i64 = begin
        self._end: i64 = end

    def __len__(self) -> int:
        """How many there are."""
        return self._end - self._begin

    def part(self, begin: i64, end: i64) -> KeysInOrder:
        """Those from the one at `begin` up to `end`, or to the last."""
        first: i64 = self._begin
        return KeysInOrder(self._keys, self._info, first + begin, min(first + end, self._end))

    def made(self) -> list[bytes]:
        """All of them."""
        return [self._keys.key(row, self._info[row]) for row in range(self._begin, self._end)]


class Frame:
    """Packets as columns of equal length; `position` is the first that is not handled yet.

    `time` is the bench's own, in nanoseconds; where it goes back, the clock stays. `rx` is the
    sw_if_index that each enters on, `number` is as `packet_number` makes it. Info is as in
    `aclbench.engine.packet`. `flow` has their flow hashes, 0 for a packet without a key.
    `columns` is what whoever made it keeps of these packets, beginning with row `first_row`; the
    driver hands it on.
    """

    __slots__ = (
        "columns",
        "first_row",
        "flow",
        "info",
        "keys",
        "number",
        "position",
        "rx",
        "time",
    )

    def __init__(
        self,
        time: Column,
        number: Sequence[int],
        rx: Column,
        keys: PacketKeys,
        info: Column,
        flow: Column,
        columns: Any = None,
        first_row: int = 0,
    ) -> None:
        self.time: Column = time
        self.number: Sequence[int] = number
        self.rx: Column = rx
        self.keys: PacketKeys = keys
        self.info: Column = info
        self.flow: Column = flow
        self.position: int = 0
        self.columns: Any = columns
        self.first_row: int = first_row

    def __len__(self) -> int:
        """Packets not handled yet."""
        return len(self.time) - self.position

    def peek_time(self) -> int:
        """When the next packet arrives."""
        return self.time[self.position]

    def key(self, row: int) -> bytes:
        """The key of a packet, as it looks on ingress."""
        return self.keys.key(row, self.info[row])

    def keys_of(self, begin: int, end: int) -> KeysInOrder:
        """The keys of the packets from row `begin` up to `end`."""
        return KeysInOrder(self.keys, self.info, begin, end)

    def pop(self) -> PacketInput:
        """Hand over the next packet."""
        i = self.position
        self.position = i + 1
        info = self.info[i]
        return PacketInput(
            self.time[i],
            self.number[i],
            self.rx[i],
            self.keys.key(i, info),
            self.keys.mirror_key(i, info),
            info,
            self,
            i,
        )

    def part(self, begin: int, end: int) -> Frame:
        """The packets from row `begin` up to `end`."""
        return Frame(
            self.time[begin:end],
            self.number[begin:end],
            self.rx[begin:end],
            self.keys.part(begin, end),
            self.info[begin:end],
            self.flow[begin:end],
            self.columns,
            self.first_row + begin,
        )

    def split(self, size: int) -> list[Frame]:
        """The packets not handled yet in frames of at most `size`."""
        return [self.part(i, i + size) for i in range(self.position, len(self.time), size)]

    def picked(self, rows: list[int], number: Sequence[int]) -> Frame:
        """The packets of these rows, in their order, with other numbers."""
        return Frame(
            picked(self.time, rows),
            number,
            picked(self.rx, rows),
            self.keys.picked(rows),
            picked(self.info, rows),
            picked(self.flow, rows),
        )


def frame_of_arrays(
    time: Any,
    number: Sequence[int],
    rx: Any,
    keys: Sequence[Any],
    info: Any,
    flow: Any,
    columns: Any = None,
) -> Frame:
    """A frame of arrays, `keys` being the seven of `PacketKeys`, of which the last may be None.

    Columns are made here: handed over by interpreted code, compiled ones would never be freed.
    """
    k0, k1, m0, m1, k2, k3, k4 = [() if words is None else words for words in keys]
    words = PacketKeys(
        column(k0), column(k1), column(m0), column(m1), column(k2), column(k3), column(k4)
    )
    return Frame(column(time), number, column(rx), words, column(info), column(flow), columns)


def frame_of_packets(
    time: list[int],
    number: Sequence[int],
    rx: list[int],
    packets: Sequence[Packet],
    columns: Any = None,
) -> Frame:
    """A frame of packets that were parsed one by one."""
    words = [key_words(packet.key) for packet in packets]
    mirrors = [key_words(packet.mirror_key) for packet in packets]
    with_ip6 = any(packet.info & INFO_IP6 for packet in packets)
    keys = PacketKeys(
        column([word[0] for word in words]),
        column([word[1] for word in words]),
        column([word[0] for word in mirrors]),
        column([word[1] for word in mirrors]),
        column([word[2] for word in words] if with_ip6 else ()),
        column([word[3] for word in words] if with_ip6 else ()),
        column([word[4] for word in words] if with_ip6 else ()),
    )
    flow = [flow_hash(packet.key) if packet.key else 0 for packet in packets]
    info = column([packet.info for packet in packets])
    return Frame(column(time), number, column(rx), keys, info, column(flow), columns)


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
