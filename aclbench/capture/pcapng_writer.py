"""Writes pcapng: packets of any link type, in nanoseconds, each with a comment.

Sections of our own are little-endian, with an interface for each capture, link type and name that
packets come from; blocks of other files are put in as they are.

Source: the pcapng specification (draft-ietf-opsawg-pcapng).
"""

from __future__ import annotations

import os
from struct import Struct
from typing import Final, NamedTuple

from aclbench.capture.writer import CaptureFile

_SECTION_BLOCK: Final = 0x0A0D0D0A
_INTERFACE_BLOCK: Final = 1
_ENHANCED_BLOCK: Final = 6
_OPT_COMMENT: Final = 1
_IF_NAME: Final = 2
_IF_TSRESOL: Final = 9
#: Times count nanoseconds: ten to the power of minus nine.
_NANOSECONDS: Final = b"\x09"
_SECTION: Final = Struct("<IHHq")
_INTERFACE: Final = Struct("<HHI")
_ENHANCED: Final = Struct("<IIIII")
_ORDER_MAGIC: Final = 0x1A2B3C4D
#: The longest value of an option.
_MOST_BYTES: Final = 0xFFFF


class Source(NamedTuple):
    """Where a packet was captured: in which file, with what link type, on what interface."""

    capture: int
    link_type: int
    name: str


class PcapngWriter(CaptureFile):
    """An open capture to write packets with comments to."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path, b"", None)
        self._interfaces: dict[Source, int] = {}
        #: What is written next stands in a section that was begun here, and not copied.
        self._in_own = False

    def write(
        self, source: Source, time_ns: int, frame: bytes, original: int, comment: str
    ) -> None:
        """Add a packet: its time in ns since the epoch, what was captured of it, what was sent."""
        self._begin_section()
        self.count += 1
        number = self._interfaces.get(source)
        if number is None:
            number = self._interfaces[source] = len(self._interfaces)
            options = [(_IF_TSRESOL, _NANOSECONDS)]
            if source.name:
                options.append((_IF_NAME, _text(source.name)))
            described = _INTERFACE.pack(source.link_type, 0, 0) + _options(options)
            self.put(block_of("<", _INTERFACE_BLOCK, described))
        time = time_ns & (1 << 64) - 1
        head = _ENHANCED.pack(
            number, time >> 32, time & 0xFFFFFFFF, len(frame), min(original, 0xFFFFFFFF)
        )
        said = comment_option("<", comment) + bytes(4)
        self.put(block_of("<", _ENHANCED_BLOCK, head + _padded(frame) + said))

    def put_block(self, block: bytes) -> None:
        """Add a block of a file that is copied, from its section header on."""
        self._in_own = False
        self.put(block)

    def close(self) -> None:
        """Finish the file; one without any packet is a section without any."""
        if not self.count:
            self._begin_section()
        super().close()

    def _begin_section(self) -> None:
        if not self._in_own:
            self._in_own = True
            self._interfaces.clear()
            header = _SECTION.pack(_ORDER_MAGIC, 1, 0, -1)
            self.put(block_of("<", _SECTION_BLOCK, header))


def comment_option(order: str, text: str) -> bytes:
    """A comment as an option of a block, in a byte order."""
    return _option(order, _OPT_COMMENT, _text(text))


def block_of(order: str, kind: int, body: bytes) -> bytes:
    """A block with its type, its body of whole words, and its length on both sides."""
    length = Struct(f"{order}I").pack(len(body) + 12)
    return Struct(f"{order}I").pack(kind) + length + body + length


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace")[:_MOST_BYTES]


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(order: str, code: int, value: bytes) -> bytes:
    return Struct(f"{order}HH").pack(code, len(value)) + _padded(value)


def _options(options: list[tuple[int, bytes]]) -> bytes:
    """Options of a block of our own, with the end of them."""
    return b"".join(_option("<", code, value) for code, value in options) + bytes(4)
