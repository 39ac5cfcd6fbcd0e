"""Packets as faces see them: by what name, when, which way, and what became of them and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aclbench.engine.events import PacketVerdict
from aclbench.engine.packet import INFO_TCP_FLAGS_MASK, INFO_TCP_FLAGS_VALID
from aclbench.engine.reasons import Fate, fate_of
from aclbench.workbench.views.snapshot import key_text
from aclbench.workbench.views.verdict import verdict_text

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


def make_packet_view(
    event: PacketVerdict, name: str, interface_name: Callable[[int], str], number: int
) -> PacketView:
    """Put a packet's verdict into words; `number` is that of the event."""
    return PacketView(
        name=name,
        event=number,
        time=event.time,
        thread_index=event.thread_index,
        rx=interface_name(event.rx),
        tx=interface_name(event.tx) if event.tx >= 0 else "",
        connection=key_text(event.key),
        tcp_flags=flags_text(event.info),
        fate=fate_of(event.reason),
        reason=verdict_text(event),
    )


def flags_text(info: int) -> str:
    """The TCP flags of a packet's info word as letters; none if it has none that are valid."""
    if not info & INFO_TCP_FLAGS_VALID:
        return ""
    flags = info & INFO_TCP_FLAGS_MASK
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if flags >> bit & 1)
