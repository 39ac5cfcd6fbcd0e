"""Classic pcap: both byte orders, micro- and nanoseconds.

Source: the layout is that of the pcap-savefile manual page.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import Damage, RawBatch, frame_limit, gather
from aclbench.capture.links import LINKS_READ, refusal

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
        walk = self._walk(data, begin, max_packets)
        if not len(walk.captured):
            return None, begin
        stamps = gather(data, _LENGTH_AT, walk.length_offset - _LENGTH_AT).view(self._word)
        seconds, fraction = stamps.reshape(-1, 2).astype(np.int64).T
        batch = RawBatch(
            data=data,
            offset=walk.length_offset + (RECORD_HEADER_BYTES - _LENGTH_AT),
            captured=walk.captured,
            time_ns=seconds * 1_000_000_000 + fraction * (1 if self.nanosecond else 1000),
            first_number=first_number,
            link_type=self.link_type,
        )
        return batch, walk.end

    def _walk(self, data: bytes, begin: int, max_packets: int) -> _Walk:
        """Find the whole records that follow one another from `begin`, at most `max_packets`.

        Sequential by nature, one record says where the next one is; so this loop does nothing else.
        """
        at = begin + _LENGTH_AT
        starts = [0] * max_packets
        length_at = self._length.unpack_from
        count = 0
        try:
            for count in range(max_packets):
                starts[count] = at
                at += length_at(data, at)[0] + RECORD_HEADER_BYTES
            count = max_packets
        except StructError:  # the next record's length is not within the data
            pass
        length_offset = np.array(starts[:count], dtype=np.int64)
        captured = gather(data, 4, length_offset).view(self._word)[:, 0].astype(np.int64)
        # A wrong length leads anywhere, so nothing from the first bad record on is a record. Only
        # the last one can end behind the data: the next length would not have been found.
        bad = np.flatnonzero(
            (captured > self._limit)
            | (length_offset + (captured + RECORD_HEADER_BYTES - _LENGTH_AT) > len(data))
        )
        if len(bad):
            count = int(bad[0])
            at = starts[count]
        return _Walk(at - _LENGTH_AT, length_offset[:count], captured[:count])

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


class _Walk(NamedTuple):
    """Whole records up to `end` in the data: where their length stands, and what it says."""

    end: int
    length_offset: NDArray[np.int64]
    captured: NDArray[np.int64]
