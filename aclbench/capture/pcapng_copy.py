"""Copies a pcapng file block by block, with comments added to its packets.

All else stays as it is, in its place and its section's byte order: interfaces and their statistics,
names, secrets, custom blocks, records that are no packets, the packets' own options. A section no
longer says how long it is. A simple packet block, which has no room for a comment, becomes an
enhanced one.

Source: the pcapng specification (draft-ietf-opsawg-pcapng).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from struct import Struct
from typing import Final, NamedTuple

from aclbench.capture.pcapng import (
    BLOCK_LIMIT_BYTES,
    BYTE_ORDERS,
    INTERFACE_BLOCK,
    PACKET_BLOCK,
    RECORD_BLOCKS,
    SECTION_BLOCK,
    SECTION_MAGIC,
    SIMPLE_BLOCK,
)
from aclbench.capture.pcapng_section import (
    BLOCK_HEAD_BYTES,
    Interface,
    read_interface,
    whole_words,
)
from aclbench.capture.pcapng_writer import block_of, comment_option
from aclbench.capture.stream import open_stream
from aclbench.capture.walk import BLOCK_TAIL_BYTES, ENHANCED_BLOCK

_PACKETS: Final = (PACKET_BLOCK, SIMPLE_BLOCK, ENHANCED_BLOCK)
#: Ahead of a packet's bytes: head, interface, time, captured and original length.
_PACKET_HEAD_BYTES: Final = BLOCK_HEAD_BYTES + 20
_CAPTURED_AT: Final = BLOCK_HEAD_BYTES + 12
_SIMPLE_HEAD_BYTES: Final = BLOCK_HEAD_BYTES + 4
#: Where a section header has its length; there it says that it does not say.
_SECTION_LENGTH: Final = slice(16, 24)
#: Read from the file at once.
_READ_BYTES: Final = 1 << 18
_UNKNOWN_LENGTH: Final = b"\xff" * 8


class _Block(NamedTuple):
    """A whole block, head and tail included."""

    kind: int
    data: bytes


class _Comment(NamedTuple):
    """What is said of a packet, and its time (ns since the epoch)."""

    text: str
    time_ns: int


def is_pcapng(path: str | os.PathLike[str]) -> bool:
    """Whether a file, packed or not, is a pcapng. CaptureError: there is nothing to read."""
    stream = open_stream(path)
    try:
        return stream.read(len(SECTION_MAGIC)) == SECTION_MAGIC
    finally:
        stream.close()


class PcapngCopy:
    """A file that is copied as far as its packets have comments; `put` takes what is copied."""

    def __init__(self, path: str | os.PathLike[str], put: Callable[[bytes], None]) -> None:
        self._stream = open_stream(path)
        self._put = put
        self._data, self._at = b"", 0
        self._order = "<"
        self._interfaces: list[Interface] = []
        #: Packets and records so far, by whose number comments come; and those that wait.
        self._number = 0
        self._comments: dict[int, _Comment] = {}
        self._next = self._read()

    def comment(self, number: int, time_ns: int, text: str) -> None:
        """Say something of the packet with this number; copy all that may be copied by now."""
        if number > self._number:  # records that are no packets wait for nothing
            self._comments[number] = _Comment(text, time_ns)
        while self._next is not None and self._goes(self._next):
            self._next = self._read()

    def close(self) -> None:
        """Leave the file; what follows the last packet with a comment was copied."""
        self._stream.close()

    def _goes(self, block: _Block) -> bool:
        """Copy a block, unless it is a packet that nothing was said of yet."""
        data = block.data
        if block.kind in _PACKETS:
            said = self._comments.get(self._number + 1)
            if said is None:
                return False
            data = self._commented(block, said)
        elif block.kind == INTERFACE_BLOCK:
            self._interfaces.append(read_interface(self._order, data))
        elif block.kind == SECTION_BLOCK:
            data = data[: _SECTION_LENGTH.start] + _UNKNOWN_LENGTH + data[_SECTION_LENGTH.stop :]
            self._interfaces = []
        if block.kind in RECORD_BLOCKS or block.kind in _PACKETS:
            self._number += 1
            self._comments.pop(self._number, None)
        self._put(data)
        return True

    def _commented(self, block: _Block, said: _Comment) -> bytes:
        """A packet block with a comment ahead of its other options."""
        body, order = block.data[BLOCK_HEAD_BYTES:-BLOCK_TAIL_BYTES], self._order
        kind = block.kind
        if kind == SIMPLE_BLOCK:
            kind, body = ENHANCED_BLOCK, self._enhanced(body, said.time_ns)
        (captured,) = Struct(f"{order}I").unpack_from(body, _CAPTURED_AT - BLOCK_HEAD_BYTES)
        end = _PACKET_HEAD_BYTES - BLOCK_HEAD_BYTES + whole_words(captured)
        options = body[end:] or bytes(4)
        return block_of(order, kind, body[:end] + comment_option(order, said.text) + options)

    def _enhanced(self, body: bytes, time_ns: int) -> bytes:
        """The body of a simple packet block as one of an enhanced block."""
        word = Struct(f"{self._order}I")
        (original,) = word.unpack_from(body)
        first = self._interfaces[0]
        captured = min(original, first.snaplen or BLOCK_LIMIT_BYTES)
        clock = first.clock
        stamp = (time_ns - clock.offset_s * 10**9) * clock.units // 10**9 & (1 << 64) - 1
        words = 0, stamp >> 32, stamp & 0xFFFFFFFF, captured, original
        return b"".join(map(word.pack, words)) + body[word.size :]

    def _read(self) -> _Block | None:
        """The next block; None at the end, and where the file is damaged."""
        head = self._take(BLOCK_HEAD_BYTES)
        if len(head) < BLOCK_HEAD_BYTES:
            return None
        more = b""
        if head[:4] == SECTION_MAGIC:
            more = self._take(4)
            order = BYTE_ORDERS.get(more)
            if order is None:
                return None
            self._order = order
        kind, said = Struct(f"{self._order}II").unpack(head)
        length: int = whole_words(said)
        left = length - len(head) - len(more)
        if left < BLOCK_TAIL_BYTES or length > BLOCK_LIMIT_BYTES:
            return None
        rest = self._take(left)
        return _Block(kind, head + more + rest) if len(rest) == left else None

    def _take(self, count: int) -> bytes:
        """The next bytes of the file; fewer at its end."""
        if len(self._data) - self._at < count:
            self._data = self._data[self._at :] + self._stream.read(max(count, _READ_BYTES))
            self._at = 0
        taken = self._data[self._at : self._at + count]
        self._at += len(taken)
        return taken
