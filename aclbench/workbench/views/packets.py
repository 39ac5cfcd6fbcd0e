"""Packets as faces see them: by what name, when, which way, and what became of them and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aclbench.engine.events import PacketVerdict
from aclbench.engine.packet import INFO_TCP_FLAGS_MASK, INFO_TCP_FLAGS_VALID
from aclbench.engine.reasons import Fate, fate_of
from aclbench.workbench.inquiry.explain.finding import SENT, frame_sent
from aclbench.workbench.views.snapshot import key_text
from aclbench.workbench.views.verdict import verdict_text

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: TCP's flags from the lowest bit on, as tcpdump and `send` write them.
FLAG_LETTERS: Final = "FSRPAUEC"


@dataclass(frozen=True, slots=True)
class PacketView:
    """One packet that is done.

    `name` is what `explain` takes, `event` the number of its verdict among the run's trace events
    (0: not known). `tx` is empty where it left by no interface, `connection` where it is not IP,
    `tcp_flags` (letters, such as SA) where none were read.
    """

    name: str
    event: int
    time: int
    thread_index: int
    rx: str
    tx: str
    connection: str
    tcp_flags: str
    fate: Fate
    reason: str


def packet_view(bench: Workbench, event: PacketVerdict, number: int = 0) -> PacketView:
    """Put a packet's verdict into words; `number` is that of the event."""
    return PacketView(
        name=_name_of(bench, event),
        event=number,
        time=event.time,
        thread_index=event.thread_index,
        rx=bench.interface_name(event.rx),
        tx=bench.interface_name(event.tx) if event.tx >= 0 else "",
        connection=key_text(event.key),
        tcp_flags=flags_text(event.info),
        fate=fate_of(event.reason),
        reason=verdict_text(event),
    )


def _name_of(bench: Workbench, event: PacketVerdict) -> str:
    """As in Wireshark; one that was sent among those of captures says so."""
    if bench.feed is None:
        return str(event.number)
    history = bench.history
    if bench.sent and history is not None and frame_sent(bench, history, event) is not None:
        return f"{SENT}:{event.number}"
    return bench.feed.packet_name(event.number)


def flags_text(info: int) -> str:
    """The TCP flags of a packet's info word as letters; none if it has none that are valid."""
    if not info & INFO_TCP_FLAGS_VALID:
        return ""
    flags = info & INFO_TCP_FLAGS_MASK
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if flags >> bit & 1)
