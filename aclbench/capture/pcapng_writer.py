"""Writes pcapng: packets of any link type, in nanoseconds, each with a comment.

One section, little-endian, with an interface for each capture, link type and name that packets come
from. Source: the pcapng specification (draft-ietf-opsawg-pcapng).
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
_WORD: Final = Struct("<I")
_OPTION: Final = Struct("<HH")
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
        head = _block(_SECTION_BLOCK, _SECTION.pack(_ORDER_MAGIC, 1, 0, -1))
        super().__init__(path, head, None)
        self._interfaces: dict[Source, int] = {}

    def write(
        self, source: Source, time_ns: int, frame: bytes, original: int, comment: str
    ) -> None:
        """Add a packet: its time in ns since the epoch, what was captured of it, what was sent."""
        self.count += 1
        number = self._interfaces.get(source)
        if number is None:
            number = self._interfaces[source] = len(self._interfaces)
            options = [(_IF_TSRESOL, _NANOSECONDS)]
            if source.name:
                options.append((_IF_NAME, _text(source.name)))
            described = _INTERFACE.pack(source.link_type, 0, 0) + _options(options)
            self.put(_block(_INTERFACE_BLOCK, described))
        time = time_ns & (1 << 64) - 1
        head = _ENHANCED.pack(
            number, time >> 32, time & 0xFFFFFFFF, len(frame), min(original, 0xFFFFFFFF)
        )
        said = _options([(_OPT_COMMENT, _text(comment))])
        self.put(_block(_ENHANCED_BLOCK, head + _padded(frame) + said))


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace")[:_MOST_BYTES]


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(options: list[tuple[int, bytes]]) -> bytes:
    found = [_OPTION.pack(code, len(value)) + _padded(value) for code, value in options]
    return b"".join(found) + _OPTION.pack(0, 0)


def _block(kind: int, body: bytes) -> bytes:
    length = _WORD.pack(len(body) + 12)
    return _WORD.pack(kind) + length + body + length
