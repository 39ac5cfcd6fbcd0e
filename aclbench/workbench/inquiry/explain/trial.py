"""A cause undone on a rig of one's own, to see whether the packet then passes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from aclbench.drivers.frame import frame_of_packets
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.packet import Packet
from aclbench.errors import CommandError
from aclbench.workbench.inquiry.explain.keys import Crafted, mirror
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices

#: Fates of a packet that nothing stopped.
PASSED: Final = ("permitted", "unchecked", "delivered", "not_ip")
#: Makes a rig as it was right before the packet.
MakeRig = Callable[[], Slices[Rig]]


@dataclass(frozen=True, slots=True)
class Undo:
    """What undoes a cause: lines to run, packets to send first, and another packet in its place."""

    lines: tuple[str, ...] = ()
    packets: tuple[Crafted, ...] = ()
    instead: Crafted | None = None


def undone(make_rig: MakeRig, undo: Undo, packet: Crafted, time: int) -> Slices[int | None]:
    """The packet's last reason once the cause is undone. None: that cannot be tried."""
    rig = yield from make_rig()
    with closing(rig):
        found = yield from _tried(rig, undo, packet, time)
        yield from rig.closing()
    return found


def _tried(rig: Rig, undo: Undo, packet: Crafted, time: int) -> Slices[int | None]:
    for line in undo.lines:
        try:
            yield from rig.changing(line)
        except CommandError:
            return None  # the bench does not have it so
    sent = [*undo.packets, undo.instead or packet]
    rig.driver.arrivals.frames.extendleft(
        reversed(
            frame_of_packets(
                [max(time, rig.now)] * len(sent),
                [-1 - number for number in range(len(sent))],
                [each.rx for each in sent],
                [Packet(each.key, mirror(each.key, each.info), each.info) for each in sent],
            ).split(rig.start.frame_size)
        )
    )
    heard: list[TraceEvent] = []
    rig.hear(heard.append)
    rig.stepped.run_packets(len(sent))
    rig.hear(None)
    verdicts = [event for event in heard if isinstance(event, PacketVerdict)]
    return verdicts[-1].reason if verdicts else None
