"""Packets by the names that people know them by.

Packets are numbered as Wireshark does, each capture by itself, and those that were sent by
themselves.
"""

from __future__ import annotations

from typing import Final

from aclbench.engine.events import PacketVerdict
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.inputs import Inject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.packets import PacketView, make_packet_view

#: What stands before the number of a packet that was sent, where captures have one too.
SENT: Final = "sent"


def packet_view(subject: Subject, event: PacketVerdict, number: int = 0) -> PacketView:
    """Put a packet's verdict into words; `number` is that of the event."""
    rig, history = subject.rig, subject.history
    frame = None
    if rig.feed is not None and rig.sent and history is not None:
        frame = frame_sent(rig, history.branch, event)
    name = packet_name(rig, event.number, frame is not None)
    return make_packet_view(event, name, rig.interface_name, number)


def packet_name(rig: Rig, number: int, was_sent: bool = False) -> str:
    """A packet's name as `explain` takes it: as in Wireshark; one that was sent beside captures
    says so.
    """
    if rig.feed is None:
        return str(number)
    return f"{SENT}:{number}" if was_sent else rig.feed.packet_name(number)


def frame_sent(rig: Rig, branch: Branch, event: PacketVerdict) -> bytes | None:
    """The frame of a packet that was sent; None if it is of a capture."""
    for index, op in enumerate(branch.ops):
        if not isinstance(op, Inject) or not 0 <= event.number - op.first < len(op.frames):
            continue
        same_rx = rig.interface_name(event.rx) == op.interface
        if rig.feed is None or (same_rx and event.time == branch.starts[index].time):
            return op.frames[event.number - op.first]
    return None
