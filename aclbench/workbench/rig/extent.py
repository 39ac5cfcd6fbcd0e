"""How far captures go: how many packets, from when to when, also before they are played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from aclbench.capture.sequence import CaptureSequence
from aclbench.capture.stream import can_be_read_again
from aclbench.errors import CaptureError
from aclbench.workbench.tasks import Progress, Slices


class Extent(Struct, eq=False):
    """What is known of a run's captures as a whole; all its feeds of them share one.

    `offset`: bench time minus the captures' own. `end`: the bench time of the latest packet seen,
    with `packets` that of the last one. `packets`: how many there are; None: not all were seen.
    """

    offset: int | None = None
    end: int | None = None
    packets: int | None = None

    def see(self, latest_ns: int) -> None:
        """A packet was seen with a time of the captures' own."""
        assert self.offset is not None
        time = latest_ns + self.offset
        self.end = time if self.end is None else max(self.end, time)


def measuring(
    extent: Extent,
    captures: Sequence[Path],
    by_time: bool,
    start: int,
    enough: Callable[[int, int], bool],
) -> Slices[bool]:
    """Read captures ahead, to their end or until it is `enough`: of packets, to a bench time.

    `start` is the first packet's bench time. False: it was never enough, and all is known; or they
    cannot be read ahead, as a pipe, which can be read only once. What is damaged ends them, as it
    does when they are played.
    """
    if extent.packets is not None:
        return extent.end is not None and enough(extent.packets, extent.end)
    if not all(map(can_be_read_again, captures)):
        return False
    sequence, packets = CaptureSequence(captures, by_time), 0
    try:
        for group in sequence.groups():
            assert group is not None, "a file keeps nobody waiting"
            if extent.offset is None:
                extent.offset = start - group.first_time_ns
            for part in group.parts:
                packets += len(part)
                extent.see(int(part.time_ns.max()))
            assert extent.end is not None
            if enough(packets, extent.end):
                return True
            yield Progress(group.done_bytes, max(sequence.size_bytes, 1), "bytes looked at ahead")
    except CaptureError:
        pass  # the run says so when it comes to the damage
    if extent.packets is None:
        extent.packets = packets
    return False
