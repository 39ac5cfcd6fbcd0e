"""Classic pcap: both byte orders, micro- and nanoseconds.

Source: the layout is that of the pcap-savefile manual page.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, Literal, NamedTuple

import numpy as np

from aclbench.capture.batch import Damage, RawBatch, frame_limit, gather
from aclbench.capture.links import LINKS_READ, refusal
from aclbench.capture.walk import walk_records

FILE_HEADER_BYTES: Final = 24
RECORD_HEADER_BYTES: Final = 16
#: Where in a record header the captured length stands; seconds and fraction come before it.
_LENGTH_AT: Final = 8
#: The link type; the bits above say how long a frame check sequence is, if there is one.
_LINK_TYPE_MASK: Final = 0x03FF_FFFF


class _Magic(NamedTuple):
    """What the first four bytes of a classic pcap say."""

    byte_order: str
    nanosecond: bool


MAGICS: Final[dict[bytes, _Magic]] = {
    bytes.fromhex("d4c3b2a1"): _Magic("<", False),
    bytes.fromhex("a1b2c3d4"): _Magic(">", False),
    bytes.fromhex("4d3cb2a1"): _Magic("<", True),
    bytes.fromhex("a1b23c4d"): _Magic(">", True),
}


class Pcap:
    """Finds the packets in chunks of a classic pcap. `header` is the file header.

    Raises Damage for a header that cannot be read.
    """

    def __init__(self, header: bytes) -> None:
        magic = MAGICS[header[:4]]
        if len(header) < FILE_HEADER_BYTES:
            raise Damage(
                f"the file ends inside the file header ({len(header)} of {FILE_HEADER_BYTES} bytes)"
            )
        major, minor, snaplen, link = Struct(f"{magic.byte_order}4xHH8xII").unpack(header)
        if (major, minor) != (2, 4):
            raise Damage(f"pcap version {major}.{minor}; aclbench reads version 2.4")
        self.nanosecond = magic.nanosecond
        self.link_type = int(link) & _LINK_TYPE_MASK
        if self.link_type not in LINKS_READ:
            raise Damage(refusal(self.link_type))
        self._limit = frame_limit(snaplen)
        self._length = Struct(f"{magic.byte_order}I")
        self._word = np.dtype(f"{magic.byte_order}u4")
        self.byte_order: Literal["little", "big"] = "little" if magic.byte_order == "<" else "big"

    def state(self) -> None:
        """Nothing of a classic pcap is to be remembered but the position."""

    def restore(self, state: object) -> None:
        """Go on elsewhere in the same file."""

    def take(
        self, data: bytes, begin: int, max_packets: int, first_number: int
    ) -> tuple[RawBatch | None, int]:
        """The whole records from `begin` on, at most `max_packets`, and where they end.

        None where there is no whole, sound record.
        """
        starts, end = walk_records(
            data, begin + _LENGTH_AT, RECORD_HEADER_BYTES, max_packets, self.byte_order == "big"
        )
        # The last one may end behind the data, or even its header may.
        while starts and end > len(data) + _LENGTH_AT:
            end = starts.pop()
        if not starts:
            return None, begin
        offset = np.array(starts, dtype=np.int64) + (RECORD_HEADER_BYTES - _LENGTH_AT)
        words = gather(data, RECORD_HEADER_BYTES, offset - RECORD_HEADER_BYTES).view(self._word)
        seconds, fraction, captured, _ = words.astype(np.int64).T
        # A wrong length leads anywhere, so nothing from the first bad record on is a record.
        bad = np.flatnonzero(captured > self._limit)
        if len(bad):
            first = int(bad[0])
            end = starts[first]
            offset, captured = offset[:first], captured[:first]
            seconds, fraction = seconds[:first], fraction[:first]
            if not first:
                return None, begin
        batch = RawBatch(
            data=data,
            offset=offset,
            captured=captured,
            time_ns=seconds * 1_000_000_000 + fraction * (1 if self.nanosecond else 1000),
            first_number=first_number,
            link_type=self.link_type,
            byte_order=self.byte_order,
        )
        return batch, end - _LENGTH_AT

    def missing(self, data: bytes, at: int, at_end: bool) -> int:
        """Look at the record that is not whole: how many more bytes does it need?

        Raises Damage if it is damaged, or `at_end` of the file.
        """
        left = len(data) - at
        if left < RECORD_HEADER_BYTES:
            if left and at_end:
                raise Damage(
                    f"the file ends inside a record header ({left} of {RECORD_HEADER_BYTES} bytes)"
                )
            return RECORD_HEADER_BYTES - left
        (captured,) = self._length.unpack_from(data, at + _LENGTH_AT)
        if captured > self._limit:
            raise Damage(f"the record says {captured} bytes, more than any frame ({self._limit})")
        if at_end:
            found = left - RECORD_HEADER_BYTES
            raise Damage(f"the record says {captured} bytes, the file ends after {found}")
        return int(captured) + RECORD_HEADER_BYTES - left
