"""Raw packets as they come out of a capture: one chunk of the file, and where each frame lies.

Frames are not copied: a batch is the chunk and parallel columns of positions, so that all frames
can be decoded at once. Also what every format shares: the limit of a packet's length (that of
Wireshark for Ethernet), and the exception for a damaged file.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

#: Link type Ethernet, as classic pcap and pcapng number it.
LINK_ETHERNET: Final = 1
#: When generated traffic begins unless told otherwise, in ns since 1970: 2026-01-01, so that the
#: same arguments make the same bytes on any day. Of a capture that begins then it tells no time.
GENERATED_NS: Final = 1_767_225_600 * 10**9


class RawBatch(Struct, frozen=True):
    """Consecutive packets of a capture; the columns are of equal length.

    Frame i is `data[offset[i] : offset[i] + captured[i]]`, all of it within `data`; `wire_bytes`
    has how long it was when it was sent, never less than was captured of it. `time_ns` is
    in nanoseconds since the epoch, as in the file: it may go back. `first_number` is the number of
    the first packet as Wireshark counts, from 1. `link_type` is that of all packets; where they
    differ it is that of the first, and `link_types` has that of each. `interface` is the number of
    each packet's pcapng interface within its section; None where the format knows of none;
    `interface_names` are the names of that section's interfaces by number, empty where one has
    none. `capture` says which of several captures it is of.
    """

    data: bytes
    offset: NDArray[np.int64]
    captured: NDArray[np.int64]
    wire_bytes: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    first_number: int
    link_type: int = LINK_ETHERNET
    link_types: NDArray[np.int64] | None = None
    interface: NDArray[np.int64] | None = None
    interface_names: tuple[str, ...] = ()
    capture: int = 0

    def __len__(self) -> int:
        """Packets in the batch."""
        return len(self.offset)

    def frame(self, i: int) -> bytes:
        """What was captured of packet `i` of the batch, counted from 0."""
        start = int(self.offset[i])
        return self.data[start : start + int(self.captured[i])]

    def link_of(self, i: int) -> int:
        """The link type of packet `i` of the batch, counted from 0."""
        return self.link_type if self.link_types is None else int(self.link_types[i])

    def original(self, i: int) -> int:
        """Bytes that packet `i` had when it was sent; never less than were captured of it."""
        return int(self.wire_bytes[i])

    def uncaptured(self, i: int) -> int:
        """Bytes of packet `i` that were sent and not captured."""
        return self.original(i) - int(self.captured[i])

    def part(self, begin: int, end: int) -> RawBatch:
        """The packets from row `begin` up to row `end`, as a batch."""
        return replace(
            self,
            offset=self.offset[begin:end],
            captured=self.captured[begin:end],
            wire_bytes=self.wire_bytes[begin:end],
            time_ns=self.time_ns[begin:end],
            first_number=self.first_number + begin,
            link_types=None if self.link_types is None else self.link_types[begin:end],
            interface=None if self.interface is None else self.interface[begin:end],
        )


class Damage(Exception):
    """The file is damaged at the current offset; the reader adds its name and the offset."""


#: A longer packet is taken for damage, unless the file's snapshot length allows it ...
FRAME_LIMIT_BYTES: Final = 262_144
#: ... and is itself plausible: a packet has to fit in memory.
SNAPLEN_LIMIT_BYTES: Final = 16 << 20


def frame_limit(snaplen: int) -> int:
    """The longest plausible packet, in bytes, given the snapshot length that the file names."""
    return max(FRAME_LIMIT_BYTES, snaplen if snaplen <= SNAPLEN_LIMIT_BYTES else 0)


def gather(data: bytes, size: int, at: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The `size` bytes from each position of `at` on, as a matrix of shape (len(at), size).

    Every window must lie within the data. One copy of `size` bytes a row: the view that is
    indexed has an element of `size` bytes begin at every byte.
    """
    if not len(at):
        return np.empty((0, size), dtype=np.uint8)
    windows: NDArray[np.void] = np.ndarray(
        shape=(len(data) - size + 1,), dtype=f"V{size}", buffer=data, strides=(1,)
    )
    return windows[at].view(np.uint8).reshape(-1, size)


def put(data: NDArray[np.uint8], at: NDArray[np.int64], rows: NDArray[np.uint8]) -> None:
    """Write each row into the data from its position of `at` on."""
    size = rows.shape[1]
    windows: NDArray[np.void] = np.ndarray(
        shape=(len(data) - size + 1,), dtype=f"V{size}", buffer=data.data, strides=(1,)
    )
    windows[at] = np.ascontiguousarray(rows).view(f"V{size}")[:, 0]
