"""From captures to frames: read in batches, decoded into columns, steered to interfaces.

A feed streams: it holds one group of packets. Bench time starts where the clock stands as the first
packet is handed over, and keeps the distances of the captures; what lies behind the latest packet
is handed over at once, since the clock never goes back.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import NOTED
from aclbench.capture.decoding import decode
from aclbench.capture.duplicates import Duplicates
from aclbench.capture.links import as_ethernet
from aclbench.capture.sequence import CapturePosition, CaptureSequence, Group
from aclbench.capture.steering import Steering
from aclbench.capture.stream import can_be_read_again
from aclbench.drivers.frame import (
    FRAME_SIZE,
    Frame,
    frame_of_arrays,
    frame_of_packets,
    packet_number,
    split_number,
)
from aclbench.engine.main import AclMain
from aclbench.engine.packet import INFO_CUT, INFO_CUT_L4, INFO_IP4_NO_LENGTH
from aclbench.errors import CaptureError
from aclbench.words import counted
from aclbench.workbench.rig.done import Arrived, Arriving, Words, arrived
from aclbench.workbench.rig.extent import Extent, measuring
from aclbench.workbench.tasks import Slices

_T = TypeVar("_T")
_NO_PACKETS: Final = frame_of_packets([], (), [], [])
#: What stands for the end of the groups.
_END: Final = Group((), None, (), 0)
#: What helps where packets are there twice; by whether the captures are merged.
_WHAT_TO_DO: Final[dict[bool, str]] = {
    False: "and each copy is played; capture on one interface alone, or say what enters each: "
    "--rx, --inside-interface",
    True: "and each copy is played; --rx takes what enters an interface, not what leaves it "
    "(`tcpdump -Q in`)",
}


def _never(packets: int, time: int) -> bool:
    """All of it."""
    return False


class Opened(NamedTuple):
    """What a feed was opened with, and what its files were then."""

    captures: tuple[Path, ...]
    stamps: tuple[tuple[int, int] | None, ...]
    steering: Steering
    start: int
    frame_size: int
    by_time: bool
    extent: Extent


class Noted(NamedTuple):
    """Packets that notes are about: cut ahead of what the acl nodes read; without IPv4 length."""

    cut: int = 0
    no_length: int = 0


class FeedState(NamedTuple):
    """Where a feed is: at which group of packets, and how far into that group.

    `positions` are those at the beginning of the group, None before the first one; `duplicates` and
    `noted` are what was found ahead of it. `opened` tells it from another feed of the same bench.
    """

    positions: tuple[CapturePosition, ...] | None
    position: int
    read: int
    duplicates: Duplicates
    noted: Noted
    opened: Opened


class Feed:
    """Frames of the captures in order, or merged by time, for `SteppedDriver.source`.

    `error` is set, and the feed at its end, when a capture cannot be read or not further.
    """

    def __init__(
        self,
        captures: Sequence[Path],
        steering: Steering,
        am: AclMain,
        start: int,
        frame_size: int = FRAME_SIZE,
        by_time: bool = False,
    ) -> None:
        self.error: CaptureError | None = None
        self.read: int = 0
        self.captures = tuple(captures)
        #: What the files were when the run began, to see if they have changed since.
        self._stamps = tuple(map(_stamp, self.captures))
        self.steering = steering
        self.start = start
        self.frame_size = frame_size
        self.by_time = by_time
        self._am = am
        #: How far the captures go, as far as that is known.
        self.extent = Extent()
        self._sequence = CaptureSequence(captures, by_time)
        self._groups = self._sequence.groups()
        #: A pipe held nothing when it was asked last.
        self._waits = False
        self._group: Group | None = None
        #: The groups whose packets `record` finds; the group last read is always among them.
        self._held: list[Group] = []
        #: Keep them until `release_groups`: packets are asked for after others have been read.
        self.hold = False
        #: The packets of the group, and how many of them are handed over.
        self._packets = _NO_PACKETS
        self._position = 0
        #: The frame handed over last.
        self.latest: Frame | None = None
        #: Whether captures have packets twice, found ahead of the group and up to its end.
        self._duplicates_before = self.duplicates = Duplicates()
        #: Packets ahead of the group that notes are about; the info words of those in it, by row.
        self._noted_before = Noted()
        self._noted_rows: dict[int, int] = {}
        #: A part that was decoded for the group has such packets.
        self._has_noted = False

    @property
    def offset(self) -> int | None:
        """Bench time minus the captures' own time, in nanoseconds; None before the first packet."""
        return self.extent.offset

    def measuring(self, enough: Callable[[int, int], bool] = _never) -> Slices[bool]:
        """Look ahead how far the captures go, until it is `enough` (see `extent.measuring`)."""
        return measuring(self.extent, self.captures, self.by_time, self.start, enough)

    def next_frame(self) -> Frame | None:
        """The next packets; None at the end, and none while a pipe holds nothing yet."""
        while self._position >= len(self._packets.info):
            if not self._next_group():
                return _NO_PACKETS if self._waits else None
        first, last = self._position, self._position + self.frame_size
        self._position = last
        self.latest = self._packets.part(first, last)
        self.read += len(self.latest)
        return self.latest

    def raw(self, number: int) -> tuple[RawBatch, int]:
        """A packet of the group read last, or of one that is held: its batch, and its row there."""
        capture, frame_number = split_number(number)
        return next(
            (part, frame_number - part.first_number)
            for group in reversed(self._held)
            for part in group.parts
            if part.capture == capture and part.first_number <= frame_number
        )

    def record(self, number: int) -> tuple[int, bytes, int]:
        """A packet that `raw` finds, for `PcapWriter.write`.

        Its time (ns, the capture's own), what was captured of it, and how long it was when sent. A
        packet of another link type comes as the Ethernet frame that it amounts to.
        """
        raw, index = self.raw(number)
        frame = raw.frame(index)
        ethernet = as_ethernet(frame, raw.link_of(index))
        original = raw.original(index) + len(ethernet) - len(frame)
        return int(raw.time_ns[index]), ethernet, original

    def release_groups(self) -> None:
        """Hold no group but the one read last."""
        del self._held[:-1]

    def packet_name(self, number: int) -> str:
        """A packet as people find it: its Wireshark number, behind its file where there are more.

        The file goes by its name alone, unless another has the same.
        """
        return packet_name(self.captures, number)

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes of the captures that are done with, about, and their sizes together."""
        return self._group.done_bytes if self._group else 0, self._sequence.size_bytes

    def notes(self, unhandled: int) -> tuple[str, ...]:
        """What is strange about the captures so far, a sentence each.

        `unhandled` packets that were handed over wait yet.
        """
        notes: list[str] = []
        back = self._sequence.times_back
        if back:
            have, they = ("has", "it is") if back == 1 else ("have", "they are")
            notes.append(
                f"{back:,} packet{'s'[: back != 1]} {have} a time earlier than one before; "
                f"{they} taken at the latest time seen"
            )
        if self.duplicates.probable:
            notes.append(
                f"probably captured twice: of {self.duplicates.looked_at:,} packets looked at, "
                f"{self.duplicates.copies:,} have a copy within a millisecond (MAC addresses, VLAN "
                f"tags, TTL and checksums aside), {_WHAT_TO_DO[self.by_time]}"
            )
        notes += _notes_on(self._noted(unhandled))
        if self.read:
            notes += [f"no packet was seen with {label}" for label in self.steering.unmatched()]
        return tuple(notes)

    def _noted(self, unhandled: int) -> Noted:
        """Those among the packets handed over so far, but for the last ones."""
        end = min(self._position, len(self._packets.info)) - unhandled
        words = [info for row, info in self._noted_rows.items() if row < end]
        cut, no_length = self._noted_before
        return Noted(
            cut + sum(info & (INFO_CUT | INFO_CUT_L4) != 0 for info in words),
            no_length + sum(info & INFO_IP4_NO_LENGTH != 0 for info in words),
        )

    def decode_again(self, frame: Frame | None) -> Frame | None:
        """Read the packets of a frame that are not handled yet anew, after a change of settings.

        Returns the frame to go on with instead.
        """
        if self._group is None:
            return frame
        unhandled = len(frame) if frame is not None else 0
        handed = min(self._position, len(self._packets.info))
        self._take_up(self._group)
        self._position = handed - unhandled
        self.read -= unhandled
        return self.next_frame() if unhandled else None

    def state(self, unhandled: int) -> FeedState:
        """Where to go on; `unhandled` packets that were handed over are handed over again."""
        if self._group is None:
            return FeedState(None, 0, 0, Duplicates(), Noted(), self._opened())
        position = min(self._position, len(self._packets.info)) - unhandled
        return FeedState(
            self._group.positions,
            position,
            self.read - unhandled,
            self._duplicates_before,
            self._noted_before,
            self._opened(),
        )

    def _opened(self) -> Opened:
        return Opened(
            self.captures,
            self._stamps,
            self.steering,
            self.start,
            self.frame_size,
            self.by_time,
            self.extent,
        )

    def check_captures(self) -> None:
        """CaptureError: a capture is a pipe, which can be read only once, or is not what it was."""
        for path, stamp in zip(self.captures, self._stamps, strict=True):
            if not can_be_read_again(path):
                raise CaptureError(
                    f"{'standard input' if str(path) == '-' else path}: a pipe can be read only "
                    "once, so the run cannot be taken back or saved; save the capture to a file "
                    "and play that"
                )
            if _stamp(path) != stamp:
                raise CaptureError(
                    f"{path}: the capture has changed since the run began, so the run cannot be "
                    "taken back or saved; put the old one back, or begin anew"
                )

    @staticmethod
    def resumed(state: FeedState, am: AclMain) -> Feed:
        """The feed that had a state, going on from there, for another machine.

        Raises CaptureError as `check_captures` does.
        """
        captures, stamps, steering, start, frame_size, by_time, extent = state.opened
        feed = Feed(captures, steering, am, start, frame_size, by_time)
        feed._stamps = stamps
        feed.check_captures()
        feed.extent = extent
        feed.duplicates = state.duplicates
        feed._noted_before = state.noted
        feed._groups = feed._sequence.groups(state.positions)
        # Read anew, packets may fall into other groups; their order is the same.
        skip = state.position
        while skip and feed._next_group():
            feed._position = min(skip, len(feed._packets.info))
            feed.read += feed._position
            skip -= feed._position
        feed.read = state.read
        return feed

    def _next_group(self) -> bool:
        """Go on to the next group of packets; False: there is none, or it has not come yet."""
        try:
            group = next(self._groups, _END)
            self._waits = group is None
            if group is None:
                return False
            if group is _END:
                self.extent.packets = self.read
                return False
            self._noted_before = self._noted(0)
            self._take_up(group)
        except CaptureError as error:
            self.error = error
            self._groups = iter(())
            self.extent.packets = self.read
            return False
        self._duplicates_before = self.duplicates
        self.duplicates = self.duplicates.look(group.parts, group.order, self.read)
        return True

    def _take_up(self, group: Group) -> None:
        """Decode a group; its packets are handed over from the first on."""
        if self.extent.offset is None:
            self.extent.offset = self.start - group.first_time_ns
        for part in group.parts:
            self.extent.see(int(part.time_ns.max()))
        frames = [self._decode(part) for part in group.parts]
        if group.order is None:
            self._packets = frames[0]
        else:
            self._packets = _in_order(frames, group.order)
        self._noted_rows = {}
        if self._has_noted:
            words = np.asarray(self._packets.info, np.int64)
            rows = np.flatnonzero(words & NOTED)
            self._noted_rows = dict(zip(rows.tolist(), words[rows].tolist(), strict=True))
            self._has_noted = False
        self._group = group
        self._position = 0
        if not self.hold:
            self._held.clear()
        if not self._held or self._held[-1] is not group:
            self._held.append(group)

    def _decode(self, part: RawBatch) -> Frame:
        """The packets of a part, at the bench's time."""
        offset = self.extent.offset
        assert offset is not None
        try:
            columns = decode(part, self._am.extension_headers, self._am.parse, with_lengths=True)
            rx = self.steering.assign(part, columns)
        except CaptureError as error:
            raise CaptureError(f"{self.captures[part.capture]}: {error}") from None
        self._has_noted |= columns.has_noted
        number = packet_number(part.capture, part.first_number)
        keys = (columns.k0, columns.k1, columns.m0, columns.m1, columns.k2, columns.k3, columns.k4)
        return frame_of_arrays(
            part.time_ns + offset,
            range(number, number + len(columns)),
            rx,
            keys,
            columns.info,
            columns.flow,
            columns=Arriving(
                partial(_arrived, part, offset, number, rx, columns.flags),
                partial(getattr, columns, "words"),
            ),
        )


def packet_name(captures: Sequence[Path], number: int) -> str:
    """A packet of captures as people find it: see `Feed.packet_name`."""
    capture, frame = split_number(number)
    if len(captures) == 1:
        return str(frame)
    path = captures[capture]
    is_only = [other.name for other in captures].count(path.name) == 1
    return f"{path.name if is_only else path}:{frame}"


def _notes_on(noted: Noted) -> list[str]:
    notes: list[str] = []
    if noted.cut:
        verb = "was" if noted.cut == 1 else "were"
        notes.append(
            f"{counted(noted.cut, 'packet')} {verb} cut by the snap length ahead of what the acl "
            "nodes read (ports, TCP flags), which may have changed verdicts; capture whole "
            "packets, or 128 bytes of each (`tcpdump -s 128`)"
        )
    if noted.no_length:
        has = "has" if noted.no_length == 1 else "have"
        notes.append(
            f"{counted(noted.no_length, 'packet')} {has} an IPv4 total length of 0: segmentation "
            "was left to the network card (offload), and on the wire there are others; capture "
            "behind the card, or turn it off (`ethtool -K eth0 tso off gso off`)"
        )
    return notes


def _stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of the last change of a file; None: there is none, or a pipe."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _in_order(frames: Sequence[Frame], order: NDArray[np.int64]) -> Frame:
    """The packets of several frames, by their rows in all of them, one frame behind the other."""

    def sorted_by(read: Callable[[Frame], Any]) -> NDArray[np.int64]:
        """One column of all; where some frames have none, it is zeros there."""
        parts = [np.asarray(read(frame), np.int64) for frame in frames]
        if not any(map(len, parts)):
            return np.zeros(0, np.int64)
        filled = [
            part if len(part) else np.zeros(len(frame.info), np.int64)
            for part, frame in zip(parts, frames, strict=True)
        ]
        return np.concatenate(filled)[order]

    return frame_of_arrays(
        sorted_by(lambda frame: frame.time),
        sorted_by(lambda frame: frame.number).tolist(),
        sorted_by(lambda frame: frame.rx),
        (
            sorted_by(lambda frame: frame.keys.k0),
            sorted_by(lambda frame: frame.keys.k1),
            sorted_by(lambda frame: frame.keys.m0),
            sorted_by(lambda frame: frame.keys.m1),
            sorted_by(lambda frame: frame.keys.k2),
            sorted_by(lambda frame: frame.keys.k3),
            sorted_by(lambda frame: frame.keys.k4),
        ),
        sorted_by(lambda frame: frame.info),
        sorted_by(lambda frame: frame.flow),
        columns=Arriving(
            partial(_arrived_in_order, frames, order), partial(_words_in_order, frames, order)
        ),
    )


def _arrived(
    part: RawBatch, offset: int, number: int, rx: NDArray[np.int64], flags: NDArray[np.uint16]
) -> Arrived:
    """The rows of the packets of a part; `offset` is bench time minus capture time."""
    numbers = np.arange(number, number + len(rx))
    return arrived(part.time_ns + offset, numbers, part.wire_bytes, rx, flags)


def _arrived_in_order(frames: Sequence[Frame], order: NDArray[np.int64]) -> Arrived:
    """The rows of packets of several frames, in another order."""
    together: Arrived = np.concatenate([frame.columns.rows for frame in frames])[order]
    return together


def _words_in_order(frames: Sequence[Frame], order: NDArray[np.int64]) -> Words:
    """The same of the words of their keys."""
    together: Words = np.concatenate([frame.columns.words for frame in frames])[order]
    return together
