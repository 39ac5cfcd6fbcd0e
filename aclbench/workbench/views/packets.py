"""Packets as faces see them: by what name, when, which way, and what became of them and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

from aclbench.engine.outcomes import Way
from aclbench.engine.packet import INFO_TCP_FLAGS_MASK, INFO_TCP_FLAGS_VALID
from aclbench.engine.reasons import Fate, acl_of, fate_of, rule_of
from aclbench.workbench.views.keys import key_texts
from aclbench.workbench.views.verdict import reason_words

#: TCP's flags from the lowest bit on, as tcpdump and `send` write them.
FLAG_LETTERS: Final = "FSRPAUEC"


@dataclass(frozen=True, slots=True)
class PacketView:
    """One packet that is done.

    `ordinal` counts all packets of the run, `name` is what `explain` takes, `conn` the number of
    its connection (0: it is not IP; None: not numbered yet). `length` is that on the wire in bytes,
    0 where it is not known. `tx` is empty where it left by no interface; `source`, `destination`
    and `protocol` where it is not IP; `tcp_flags` (letters, such as SA) where none were read. `acl`
    and `rule` are those that its reason names, `session` (thread, index) the one that it hit.
    """

    ordinal: int
    name: str
    time: int
    thread_index: int
    rx: str
    tx: str
    source: str
    destination: str
    protocol: str
    tcp_flags: str
    length: int
    conn: int | None
    fate: Fate
    reason: str
    acl: int | None
    rule: int | None
    session: tuple[int, int] | None

    @property
    def connection(self) -> str:
        """The two ends as one line; empty where it is not IP."""
        if not self.source:
            return ""
        return f"{self.source} > {self.destination} {self.protocol}"


class Done(Protocol):
    """What is kept of a packet that is done: see `history.packets.PacketRow`."""

    @property
    def ordinal(self) -> int:
        """Which packet of the run, from 1."""

    @property
    def time(self) -> int:
        """When it was handled."""

    @property
    def length(self) -> int:
        """Bytes on the wire."""

    @property
    def rx(self) -> int:
        """Where it came in."""

    @property
    def flags(self) -> int:
        """Its TCP flags, as in the info word."""

    @property
    def reason(self) -> int:
        """Why it met its fate."""

    @property
    def key(self) -> bytes:
        """Its key."""

    @property
    def conn(self) -> int | None:
        """Its connection; None while it has no number yet."""


def make_packet_view(
    done: Done, way: Way, name: str, interface_name: Callable[[int], str]
) -> PacketView:
    """Put a packet into words."""
    source, destination, protocol = key_texts(done.key)
    acl_index, rule_index = acl_of(done.reason), rule_of(done.reason)
    return PacketView(
        ordinal=done.ordinal,
        name=name,
        time=done.time,
        thread_index=way.thread_index,
        rx=interface_name(done.rx),
        tx=interface_name(way.tx) if way.tx >= 0 else "",
        source=source,
        destination=destination,
        protocol=protocol,
        tcp_flags=flags_text(done.flags),
        length=done.length,
        conn=done.conn,
        fate=fate_of(done.reason),
        reason=reason_words(done.reason, way.session),
        acl=None if acl_index < 0 else acl_index,
        rule=None if rule_index < 0 else rule_index,
        session=None
        if way.session is None
        else (way.session.thread_index, way.session.session_index),
    )


def flags_text(info: int) -> str:
    """The TCP flags of a packet's info word as letters; none if it has none that are valid."""
    if not info & INFO_TCP_FLAGS_VALID:
        return ""
    flags = info & INFO_TCP_FLAGS_MASK
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if flags >> bit & 1)


def packet_data(packet: PacketView, started: int) -> dict[str, Any]:
    """A packet as plain values; `time_ns` is from the start of the run."""
    found = asdict(packet)
    found["time_ns"] = found.pop("time") - started
    found["session"] = None if packet.session is None else list(packet.session)
    return found
