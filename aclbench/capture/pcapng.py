"""pcapng: sections of either byte order, interfaces with their own link type, length and clock.

Blocks are located one by one, then decoded together; only section headers and interface
descriptions are read singly, and descriptions among packets part no batch. Blocks that hold no
packet are skipped.

A block length that is no multiple of four is rounded up: some writers did not count the padding,
and Wireshark accepts that.

Source: the pcapng specification (draft-ietf-opsawg-pcapng).
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import Damage, RawBatch, frame_limit, gather
from aclbench.capture.links import LINK_NONE, LINKS_READ, refusal
from aclbench.capture.pcapng_section import (
    BLOCK_HEAD_BYTES,
    Ints,
    Section,
    check_options,
    read_interface,
    whole_words,
)
from aclbench.capture.walk import (
    BLOCK_TAIL_BYTES,
    ENHANCED_BLOCK,
    ENHANCED_HEAD_BYTES,
    Density,
    Records,
    walk_enhanced,
)

SECTION_MAGIC: Final = bytes.fromhex("0a0d0d0a")
BYTE_ORDERS: Final[dict[bytes, str]] = {
    bytes.fromhex("4d3c2b1a"): "<",
    bytes.fromhex("1a2b3c4d"): ">",
}
SECTION_BLOCK: Final = 0x0A0D0D0A
INTERFACE_BLOCK: Final = 1
#: Obsolete; laid out as the enhanced one, but for an interface number of two bytes.
PACKET_BLOCK: Final = 2
SIMPLE_BLOCK: Final = 3

#: Blocks of which each is a numbered record in Wireshark, and no packet: journal entries, system
#: calls, custom blocks. Counted, so that packets keep the numbers that Wireshark gives them.
RECORD_BLOCKS: Final = frozenset({9, 0x204, 0x216, 0x221, 0x0BAD, 0x4000_0BAD})
_RECORDS: Final = np.array(sorted(RECORD_BLOCKS))
_NUMBERED: Final = np.array(sorted(RECORD_BLOCKS | {PACKET_BLOCK, SIMPLE_BLOCK, ENHANCED_BLOCK}))

#: What is ahead of the packet in a simple block: head, original length.
_SIMPLE_HEAD_BYTES: Final = BLOCK_HEAD_BYTES + 4
_SECTION_BYTES: Final = 28
_INTERFACE_BYTES: Final = 20
#: No block is longer than this: a block has to fit in memory.
BLOCK_LIMIT_BYTES: Final = 16 << 20
#: A section describes no more interfaces than this.
INTERFACE_LIMIT: Final = 1 << 16
#: The minor versions that are written, and mean the same.
_MINOR_VERSIONS: Final = (0, 2)
#: Blocks located at once behind a section header; doubled each time.
_FIRST_BLOCKS: Final = 64
#: So many enhanced packet blocks in a row are a batch; fewer are located with what is between them.
_LONG_RUN: Final = 256


class PcapngState(NamedTuple):
    """What is needed to continue in the middle: the section, and its interfaces so far."""

    section: Section | None
    interfaces: int
    latest_ns: int


class Pcapng:
    """Finds the packets in chunks of a pcapng.

    Simple packet blocks and records that are no packets have no timestamp: they get that of the
    packet before them.
    """

    def __init__(self) -> None:
        self._latest_ns = 0
        self._blocks = _FIRST_BLOCKS
        self._density = Density()
        self._enter(None)

    def _enter(self, section: Section | None) -> None:
        """Continue in a section; None before the first one."""
        self._section = section
        order = section.order if section is not None else "<"
        self._is_big = order == ">"
        self._length = Struct(f"{order}I")
        self._word, self._half = np.dtype(f"{order}u4"), np.dtype(f"{order}u2")
        self._describe()

    def _describe(self) -> None:
        """Tabulate the known interfaces; the last row is for records without one."""
        interfaces = self._section.interfaces if self._section is not None else []
        self._links = np.array([*(i.link_type for i in interfaces), LINK_NONE], dtype=np.int64)
        limits = (frame_limit(i.snaplen) if i.link_type in LINKS_READ else -1 for i in interfaces)
        self._limits = np.array([*limits, 0], dtype=np.int64)
        self._run_limits = self._limits[:-1]
        self._names = (*(i.name for i in interfaces), "")
        self._one_clock = len({i.clock for i in interfaces}) == 1

    def state(self) -> PcapngState:
        """What `restore` needs to continue from here."""
        known = len(self._section.interfaces) if self._section is not None else 0
        return PcapngState(self._section, known, self._latest_ns)

    def restore(self, state: object) -> None:
        """Continue where a reader of the same file had this state."""
        assert isinstance(state, PcapngState)
        section = state.section
        if section is not None:
            section = Section(section.order, section.interfaces[: state.interfaces])
        self._latest_ns = state.latest_ns
        self._enter(section)

    # --- blocks of packets ------------------------------------------------------------------

    def take(
        self, data: bytes, begin: int, max_packets: int, first_number: int
    ) -> tuple[RawBatch | None, int]:
        """The packets of the complete blocks from `begin` on, at most `max_packets`.

        Also where these blocks end: `begin` where there is no complete, valid block. The batch is
        None where the blocks hold no packets. Raises Damage for a section header or interface
        description that contradicts itself.
        """
        end = self._read_section_header(data, begin)
        if end > begin or self._section is None:
            self._blocks = _FIRST_BLOCKS
            return None, end
        most = min(max_packets, self._density.room(len(data) - begin))
        run = walk_enhanced(data, begin, most, self._is_big, self._run_limits)
        self._density.note(run, begin)
        if run.count >= min(max_packets, _LONG_RUN):
            self._blocks = _FIRST_BLOCKS
            return self._batch(data, _packets_of(run), first_number), run.end
        starts, lengths, types = self._walk(data, begin, min(max_packets, self._blocks))
        self._blocks = min(2 * self._blocks, max_packets)
        described = np.flatnonzero(types == INTERFACE_BLOCK)
        before = len(self._section.interfaces)
        readable = self._read_descriptions(data, starts[described], lengths[described])
        if readable < len(described):  # the first one that is damaged ends what can be taken
            part = slice(int(described[readable]))
            starts, lengths, types = starts[part], lengths[part], types[part]
        if not len(starts):
            return None, begin
        packets = self._packets(data, starts, lengths, types, before)
        blocks = packets.blocks
        known = before + int(np.searchsorted(described, blocks))
        if known < len(self._section.interfaces):
            del self._section.interfaces[known:]
            self._describe()
        end = int(starts[blocks - 1] + lengths[blocks - 1]) if blocks else begin
        if not len(packets.offset):
            return None, end
        return self._batch(data, packets, first_number), end

    def _walk(self, data: bytes, begin: int, max_blocks: int) -> tuple[Ints, Ints, Ints]:
        """Where the next complete blocks are, their lengths, types; up to a section or damage.

        Sequential, since a block's length gives the start of the next; the loop does no more.
        """
        at = begin + 4
        starts = [0] * max_blocks
        length_at = self._length.unpack_from
        count = 0
        try:
            for count in range(max_blocks):
                starts[count] = at
                at += length_at(data, at)[0] + 3 & -4
            count = max_blocks
        except StructError:  # the next block's length is not within the data
            pass
        start = np.array(starts[:count], dtype=np.int64) - 4
        words = gather(data, BLOCK_HEAD_BYTES, start).view(self._word).astype(np.int64)
        kind, length = words[:, 0], whole_words(words[:, 1])
        bad = np.flatnonzero(
            (length < BLOCK_HEAD_BYTES + BLOCK_TAIL_BYTES)
            | (length > BLOCK_LIMIT_BYTES)
            | (start + length > len(data))
            | (kind == SECTION_BLOCK)
            | (kind == INTERFACE_BLOCK) & (length < _INTERFACE_BYTES)
        )
        count = int(bad[0]) if len(bad) else count
        start, length, kind = start[:count], length[:count], kind[:count]
        tails = gather(data, BLOCK_TAIL_BYTES, start + length - BLOCK_TAIL_BYTES)
        bad = np.flatnonzero(whole_words(tails.view(self._word)[:, 0].astype(np.int64)) != length)
        count = int(bad[0]) if len(bad) else count
        return start[:count], length[:count], kind[:count]

    def _packets(self, data: bytes, start: Ints, length: Ints, kind: Ints, before: int) -> _Packets:
        """The packets of complete blocks, up to the first that is damaged.

        `before` is how many interfaces were described ahead of these blocks.
        """
        rows = np.arange(len(start))
        described = np.full(len(start), before)
        record = np.zeros(len(start), dtype=np.bool_)
        if not (kind == ENHANCED_BLOCK).all():
            described += np.cumsum(kind == INTERFACE_BLOCK)
            rows = np.flatnonzero(np.isin(kind, _NUMBERED))
            start, length = start[rows], length[rows]
            record = np.isin(kind[rows], _RECORDS)
        simple = kind[rows] == SIMPLE_BLOCK
        any_simple = bool(simple.any())
        # A block too short for its kind is damaged; its fields are not read.
        short = length < ENHANCED_HEAD_BYTES + BLOCK_TAIL_BYTES
        if any_simple:
            short &= ~simple | (length < _SIMPLE_HEAD_BYTES + BLOCK_TAIL_BYTES)
        fields = self._fields(data, start)
        interface, captured, wire_bytes = fields[:, 0], fields[:, 3], fields[:, 4]
        stamp = fields[:, 1].astype(np.uint64) << np.uint64(32) | fields[:, 2].astype(np.uint64)
        obsolete = kind[rows] == PACKET_BLOCK
        if obsolete.any():
            at = np.minimum(start[obsolete] + BLOCK_HEAD_BYTES, len(data) - 2)
            interface[obsolete] = gather(data, 2, at).view(self._half)[:, 0]
        head = np.full(len(rows), ENHANCED_HEAD_BYTES)
        if any_simple:
            # Its one field, the original length, stands where an enhanced one has its interface.
            snaplen = self._first_snaplen()
            wire_bytes[simple] = interface[simple]
            captured[simple] = np.minimum(interface[simple], snaplen or BLOCK_LIMIT_BYTES)
            interface[simple] = 0
            head[simple] = _SIMPLE_HEAD_BYTES
        nowhere = len(self._links) - 1
        if record.any():
            captured[record], wire_bytes[record] = 0, length[record]
            interface[record] = nowhere
            head[record] = BLOCK_HEAD_BYTES
            short &= ~record
        known = (interface < described[rows]) | record
        limit = self._limits[np.minimum(interface, nowhere)]
        room = length - head - BLOCK_TAIL_BYTES
        bad = short | ~known | (captured > limit) | (captured > room)
        if any_simple:
            bad |= simple & (whole_words(captured) < room)
        first = np.flatnonzero(bad)[:1]
        count = int(first[0]) if len(first) else len(rows)
        blocks = int(rows[count]) if len(first) else len(kind)
        part = slice(count)
        return _Packets(
            blocks,
            (start + head)[part],
            captured[part],
            np.maximum(wire_bytes[part], captured[part]),
            interface[part],
            stamp[part],
            (simple | record)[part],
        )

    def _fields(self, data: bytes, start: Ints) -> Ints:
        """The first five words of the body of each block, shape (n, 5).

        Arbitrary for a block too short to have them.
        """
        size = ENHANCED_HEAD_BYTES - BLOCK_HEAD_BYTES
        at = start + BLOCK_HEAD_BYTES
        last = len(data) - size
        if last >= 0 and (not len(at) or at[-1] <= last):
            return gather(data, size, at).view(self._word).astype(np.int64)
        # Short blocks at the end of the data are padded with zeros.
        return gather(data + bytes(size), size, at).view(self._word).astype(np.int64)

    def _first_snaplen(self) -> int:
        """The snapshot length of the first interface, which is that of simple packet blocks."""
        interfaces = self._section.interfaces if self._section is not None else []
        return interfaces[0].snaplen if interfaces else 0

    def _batch(self, data: bytes, packets: _Packets, first_number: int) -> RawBatch:
        """The packets, with their times and link types."""
        links = self._links[packets.interface]
        link_type = int(links[0])
        time_ns = self._times(packets)
        self._latest_ns = max(self._latest_ns, int(time_ns.max()))
        return RawBatch(
            data=data,
            offset=packets.offset,
            captured=packets.captured,
            wire_bytes=packets.wire_bytes,
            time_ns=time_ns,
            first_number=first_number,
            link_type=link_type,
            link_types=None if (links == link_type).all() else links,
            interface=packets.interface,
            interface_names=self._names,
        )

    def _times(self, packets: _Packets) -> Ints:
        """Nanoseconds since the epoch, each by the clock of its interface."""
        assert self._section is not None
        interfaces = self._section.interfaces
        if self._one_clock:
            time_ns = interfaces[0].clock.time_ns(packets.stamp)
        else:
            time_ns = np.zeros(len(packets.stamp), dtype=np.int64)
            for number in np.unique(packets.interface[~packets.timeless]).tolist():
                of_it = packets.interface == number
                time_ns[of_it] = interfaces[number].clock.time_ns(packets.stamp[of_it])
        if packets.timeless.any():
            # The row of the last packet with a timestamp; 0 stands for before the batch.
            place = np.where(packets.timeless, 0, np.arange(1, len(time_ns) + 1))
            time_ns = np.insert(time_ns, 0, self._latest_ns)[np.maximum.accumulate(place)]
        return time_ns

    # --- descriptions -----------------------------------------------------------------------

    def _read_section_header(self, data: bytes, at: int) -> int:
        """Read a section header; returns where it ends: `at` if there is none to be read."""
        if len(data) - at < BLOCK_HEAD_BYTES + 4 or data[at : at + 4] != SECTION_MAGIC:
            return at
        order = BYTE_ORDERS.get(data[at + 8 : at + 12])
        if order is None or self.missing(data, at, False):
            return at
        self._enter(Section(order))
        said: int = self._length.unpack_from(data, at + 4)[0]
        return at + whole_words(said)

    def _read_descriptions(self, data: bytes, starts: Ints, lengths: Ints) -> int:
        """Read complete interface descriptions, up to one that is damaged; returns how many.

        One that is damaged is the first of the blocks behind it: `missing` says what is wrong.
        """
        assert self._section is not None
        read, order = 0, self._section.order
        for at, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            try:
                self._check_content(INTERFACE_BLOCK, order, data[at : at + length])
            except Damage:
                break
            self._section.interfaces.append(read_interface(order, data[at : at + length]))
            read += 1
        if read:
            self._describe()
        return read

    # --- a block that cannot be taken -------------------------------------------------------

    def missing(self, data: bytes, at: int, at_end: bool) -> int:
        """How many more bytes the block at `at`, which could not be read, needs.

        0 for a complete one. Raises Damage if it is damaged, or `at_end` of the file.
        """
        left = len(data) - at
        if left < BLOCK_HEAD_BYTES + 4:
            if left and at_end:
                raise Damage(f"the file ends inside a block header ({left} bytes of it)")
            return BLOCK_HEAD_BYTES + 4 - left
        is_section = data[at : at + 4] == SECTION_MAGIC
        order = BYTE_ORDERS.get(data[at + 8 : at + 12]) if is_section else self._length.format[0]
        if order is None:
            found = data[at + 8 : at + 12].hex(" ")
            raise Damage(f"the section header's byte order mark is {found}")
        if not is_section and self._section is None:
            raise Damage("a block ahead of the first section header")
        kind, said = Struct(f"{order}II").unpack_from(data, at)
        length: int = whole_words(said)
        least = {SECTION_BLOCK: _SECTION_BYTES, INTERFACE_BLOCK: _INTERFACE_BYTES}.get(kind, 12)
        if length < least:
            raise Damage(f"the block says it is {said} bytes long, which no such block is")
        if length > BLOCK_LIMIT_BYTES:
            raise Damage(f"the block says {said} bytes, more than any block ({BLOCK_LIMIT_BYTES})")
        if left < length:
            if at_end:
                raise Damage(f"the block says {said} bytes, the file ends after {left}")
            return length - left
        block = data[at : at + length]
        (tail,) = Struct(f"{order}I").unpack_from(block, length - BLOCK_TAIL_BYTES)
        if whole_words(tail) != length:
            raise Damage(f"the block says {said} bytes at its beginning and {tail} at its end")
        self._check_content(kind, order, block)
        return 0

    def _check_content(self, kind: int, order: str, block: bytes) -> None:
        """Raises Damage where a complete block contradicts itself or what came before it."""
        if kind == SECTION_BLOCK:
            major, minor = Struct(f"{order}HH").unpack_from(block, 12)
            if major != 1 or minor not in _MINOR_VERSIONS:
                raise Damage(f"pcapng version {major}.{minor}; aclbench reads versions 1.0 and 1.2")
            check_options(order, block[_SECTION_BYTES - BLOCK_TAIL_BYTES : -BLOCK_TAIL_BYTES])
        elif kind == INTERFACE_BLOCK:
            assert self._section is not None
            if len(self._section.interfaces) >= INTERFACE_LIMIT:
                raise Damage(f"a section with more than {INTERFACE_LIMIT} interfaces")
            check_options(order, block[_INTERFACE_BYTES - BLOCK_TAIL_BYTES : -BLOCK_TAIL_BYTES])
        elif kind in (PACKET_BLOCK, SIMPLE_BLOCK, ENHANCED_BLOCK):
            self._check_packet(kind, order, block)

    def _check_packet(self, kind: int, order: str, block: bytes) -> None:
        """Raises Damage for an invalid packet block; the reference for what `_packets` does."""
        assert self._section is not None
        interfaces = self._section.interfaces
        head = _SIMPLE_HEAD_BYTES if kind == SIMPLE_BLOCK else ENHANCED_HEAD_BYTES
        room = len(block) - head - BLOCK_TAIL_BYTES
        if room < 0:
            raise Damage(f"the block says it is {len(block)} bytes long, which no packet block is")
        number = 0
        if kind != SIMPLE_BLOCK:
            form = "H" if kind == PACKET_BLOCK else "I"
            (number,) = Struct(f"{order}{form}").unpack_from(block, BLOCK_HEAD_BYTES)
        if number >= len(interfaces):
            raise Damage(
                f"a packet of interface {number}, but the section describes {len(interfaces)}"
            )
        interface = interfaces[number]
        if interface.link_type not in LINKS_READ:
            raise Damage(f"interface {number}: {refusal(interface.link_type)}")
        at = BLOCK_HEAD_BYTES if kind == SIMPLE_BLOCK else BLOCK_HEAD_BYTES + 12
        (captured,) = Struct(f"{order}I").unpack_from(block, at)
        if kind == SIMPLE_BLOCK:
            captured = min(captured, interface.snaplen or BLOCK_LIMIT_BYTES)
        limit = frame_limit(interface.snaplen)
        if captured > limit:
            raise Damage(f"the block says {captured} captured bytes, more than any frame ({limit})")
        if captured > room:
            raise Damage(f"the block says {captured} captured bytes, and has room for {room}")
        if kind == SIMPLE_BLOCK and whole_words(captured) < room:
            # Nothing may follow its packet, so one of the two lengths is wrong.
            raise Damage(f"the block has {captured} captured bytes, and room for {room}")


class _Packets(NamedTuple):
    """Packets as parallel columns, and how many blocks they and others between them take.

    `timeless`: those without a timestamp.
    """

    blocks: int
    offset: Ints
    captured: Ints
    wire_bytes: Ints
    interface: Ints
    stamp: NDArray[np.uint64]
    timeless: NDArray[np.bool_]


def _packets_of(run: Records) -> _Packets:
    """Enhanced packet blocks in a row, and nothing between them."""
    count = run.count
    offset, captured, wire_bytes, interface, stamp = (
        np.asarray(numbers, dtype=np.int64)[:count]
        for numbers in (run.offset, run.captured, run.wire_bytes, run.interface, run.time)
    )
    timeless = np.zeros(count, dtype=np.bool_)
    return _Packets(count, offset, captured, wire_bytes, interface, stamp.view(np.uint64), timeless)
