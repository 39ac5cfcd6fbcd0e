"""Classic pcap: both byte orders, micro- and nanoseconds, and the versions before 2.4.

Source: the layout is that of the pcap-savefile manual page. Old versions and modified
variants are recognised as Wireshark does.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

import numpy as np

from aclbench.capture.batch import Damage, RawBatch, frame_limit
from aclbench.capture.links import LINKS_READ, refusal
from aclbench.capture.walk import RECORD_HEADER_BYTES, Density, RecordForm, walk_records

FILE_HEADER_BYTES: Final = 24
#: Where in a record header the captured length stands; seconds and fraction come before it.
_LENGTH_AT: Final = 8
#: Where it stands in old files, which have the original length ahead of it: before version 2.3, and
#: in what one system's tcpdump called version 543. Version 2.3 has either order.
_OLD_LENGTH_AT: Final = 12
_OLD_MAJOR: Final = 543
#: Extra bytes in the record headers of modified variants (Nokia; Red Hat 6.1; SuSE 6.3).
_MODIFIED_BY: Final = (4, 8, 12)
#: A longer time between two packets in a row is taken for a wrong header.
_WEEK_S: Final = 7 * 86_400
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
        if major < 2:
            raise Damage(f"pcap version {major}.{minor}; aclbench reads version 2.0 and later")
        self._is_either = (major, minor) == (2, 3)
        is_old = (major == 2 and minor < 3) or major == _OLD_MAJOR
        self._length_at = _OLD_LENGTH_AT if is_old else _LENGTH_AT
        self.nanosecond = magic.nanosecond
        self.link_type = int(link) & _LINK_TYPE_MASK
        if self.link_type not in LINKS_READ:
            raise Damage(refusal(self.link_type))
        self._limit = frame_limit(snaplen)
        self._header = Struct(f"{magic.byte_order}4I")
        self._density = Density()
        self._form = RecordForm(
            magic.byte_order == ">",
            is_old,
            self._is_either,
            self._limit,
            1 if magic.nanosecond else 1000,
        )

    def state(self) -> None:
        """None: a classic pcap has no state but the offset."""

    def restore(self, state: object) -> None:
        """Continue at another offset of the same file."""

    def take(
        self, data: bytes, begin: int, max_packets: int, first_number: int
    ) -> tuple[RawBatch | None, int]:
        """The complete records from `begin` on, at most `max_packets`, and where they end.

        None where there is no complete, valid record. Raises Damage for a modified variant.
        """
        most = min(max_packets, self._density.room(len(data) - begin))
        found = walk_records(data, begin, most, self._form)
        self._density.note(found, begin)
        if first_number == 1 and len(data) >= begin + RECORD_HEADER_BYTES:
            self._check_form(data, begin)
        if not found.count:
            return None, begin
        rows = slice(found.count)
        batch = RawBatch(
            data=data,
            offset=np.asarray(found.offset)[rows],
            captured=np.asarray(found.captured)[rows],
            wire_bytes=np.asarray(found.wire_bytes)[rows],
            time_ns=np.asarray(found.time)[rows],
            first_number=first_number,
            link_type=self.link_type,
        )
        return batch, found.end

    def _captured(self, data: bytes, at: int) -> int:
        """How many captured bytes the record header at `at` says."""
        lengths: tuple[int, int] = self._header.unpack_from(data, at)[2:]
        return min(lengths) if self._is_either else lengths[self._length_at // 4 - 2]

    def _check_form(self, data: bytes, at: int) -> None:
        """Raises Damage where the second record shows that record headers are longer than standard.

        Some systems wrote longer ones under the same magic number.
        """
        if not self._seems_to_follow(data, at, 0):
            for more in _MODIFIED_BY:
                if self._seems_to_follow(data, at, more):
                    raise Damage(
                        f"record headers of {RECORD_HEADER_BYTES + more} bytes, which is pcap in "
                        "a modified form; convert it with `editcap -F pcap`"
                    )

    def _seems_to_follow(self, data: bytes, first: int, more: int) -> bool:
        """Whether the second record stands where it does if headers are longer by `more` bytes.

        It is known by its time or its lengths, and where headers are longer by both.
        """
        second = first + self._captured(data, first) + RECORD_HEADER_BYTES + more
        if second + RECORD_HEADER_BYTES > len(data):
            return not more
        before_s, _, _, _ = self._header.unpack_from(data, first)
        seconds, _, captured, original = self._header.unpack_from(data, second)
        is_near = bool(abs(seconds - before_s) < _WEEK_S)
        is_sound = bool(0 < captured <= min(original, self._limit))
        return is_near and is_sound if more else is_near or is_sound

    def missing(self, data: bytes, at: int, at_end: bool) -> int:
        """How many more bytes the incomplete record at `at` needs.

        Raises Damage if it is damaged, or `at_end` of the file.
        """
        left = len(data) - at
        if left < RECORD_HEADER_BYTES:
            if left and at_end:
                raise Damage(
                    f"the file ends inside a record header ({left} of {RECORD_HEADER_BYTES} bytes)"
                )
            return RECORD_HEADER_BYTES - left
        captured = self._captured(data, at)
        if captured > self._limit:
            raise Damage(f"the record says {captured} bytes, more than any frame ({self._limit})")
        if at_end:
            found = left - RECORD_HEADER_BYTES
            raise Damage(f"the record says {captured} bytes, the file ends after {found}")
        return captured + RECORD_HEADER_BYTES - left
