"""What a replay writes as it goes: a line a packet, captures of what passed and what did not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from aclbench.capture.links import LINK_NONE
from aclbench.capture.pcapng_copy import PcapngCopy, is_pcapng
from aclbench.capture.pcapng_writer import PcapngWriter, Source
from aclbench.capture.stream import can_be_read_again
from aclbench.capture.writer import PcapWriter
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.acl import DENY, PERMIT, PERMIT_REFLECT
from aclbench.engine.events import Check, PacketVerdict, TraceEvent
from aclbench.engine.packet import address_text, unpack_key
from aclbench.engine.reasons import (
    KINDS,
    NEW_SESSION,
    RULE_DENY,
    RULE_PERMIT,
    acl_of,
    action_of,
    fate_of,
    node_of,
    reason_text,
    rule_of,
    with_rule,
)
from aclbench.errors import AclbenchError
from aclbench.files import refuse_there, status_of
from aclbench.workbench.filters import EVERYTHING, Connections, Filter
from aclbench.workbench.inquiry.filtering import verdict_test
from aclbench.workbench.rig.feed import Feed
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.keys import key_text
from aclbench.workbench.views.packets import flags_text
from aclbench.workbench.views.verdict import outcome_text

#: Fates with which a packet leaves the rig.
PASSED: Final = ("permitted", "unchecked", "delivered")
#: The reasons that name a rule, by its action.
RULE_KINDS: Final = {DENY: RULE_DENY, PERMIT: RULE_PERMIT, PERMIT_REFLECT: NEW_SESSION}


class Traced:
    """Hears of packets, and hands those on that a filter lets through, with their connections."""

    def __init__(self, rig: Rig, only: Filter) -> None:
        self.rig = rig
        self._connections = Connections()
        self._is_wanted = verdict_test(only, self._connections)

    def hear(self, event: TraceEvent) -> None:
        """Hand a packet on that the filter lets through: the listener to hand to a rig."""
        if isinstance(event, PacketVerdict):
            conn = self._connections.number(event.key)
            if self._is_wanted(event):
                self.take(event, conn)

    def take(self, event: PacketVerdict, conn: int) -> None:
        """What is done with a packet; `conn` is the number of its connection, 0 for none."""
        raise NotImplementedError

    def name_of(self, event: PacketVerdict) -> str:
        """A packet as people find it."""
        feed = self.rig.feed
        return str(event.number) if feed is None else feed.packet_name(event.number)

    def way_of(self, event: PacketVerdict) -> tuple[str, str]:
        """The interfaces that it came in and went out by; the latter may be empty."""
        tx = self.rig.interface_name(event.tx) if event.tx >= 0 else ""
        return self.rig.interface_name(event.rx), tx


class TraceLines(Traced):
    """Prints a line for each packet: its number in its capture, when, where, verdict and why.

    Times are from the start.
    """

    def __init__(self, rig: Rig, write: Callable[[str], None], only: Filter = EVERYTHING) -> None:
        super().__init__(rig, only)
        self._write = write

    def take(self, event: PacketVerdict, conn: int) -> None:
        rx, tx = self.way_of(event)
        at = self.rig.clock.text(event.time)
        connection = f"{key_text(event.key)} conn {conn}" if event.key else "-"
        outcome = outcome_text(event)
        self._write(f"{self.name_of(event)} {at} {rx} > {tx or '-'} {connection}: {outcome}")


class TraceRecords(Traced):
    """Hands on plain values of each packet, for a line of JSON each."""

    def __init__(
        self, rig: Rig, write: Callable[[dict[str, Any]], None], only: Filter = EVERYTHING
    ) -> None:
        super().__init__(rig, only)
        hold_packets(rig)
        self._write = write

    def take(self, event: PacketVerdict, conn: int) -> None:
        rx, tx = self.way_of(event)
        found: dict[str, Any] = {
            "packet": self.name_of(event),
            "time_ns": event.time - self.rig.started,
            "capture_time_ns": None,
            "length": None,
            "rx": rx,
            "tx": tx or None,
            **tuple_data(event.key),
            "flags": flags_text(event.info) or None,
            "conn": conn or None,
            "fate": fate_of(event.reason),
            "reason": reason_text(event.reason),
            "checks": [check_data(check) for check in event.checks],
        }
        feed = self.rig.feed
        if feed is not None:
            raw, index = feed.raw(event.number)
            found["capture_time_ns"] = int(raw.time_ns[index])
            found["length"] = raw.original(index)
        self._write(found)


def tuple_data(key: bytes) -> dict[str, Any]:
    """The 5-tuple of a packet as plain values; each None where there is none.

    Of ICMP, `sport` and `dport` are type and code, as VPP has them.
    """
    names = ("src", "sport", "dst", "dport", "proto")
    if not key:
        return dict.fromkeys(names)
    five = unpack_key(key)
    src, dst = (address_text(end, five.is_ip6) for end in (five.src, five.dst))
    return dict(zip(names, (src, five.sport, dst, five.dport, five.proto), strict=True))


def check_data(check: Check) -> dict[str, Any]:
    """What one acl node said of a packet: a rule, or none; the session it hit or made, or none."""
    acl_index, rule_index = acl_of(check.reason), rule_of(check.reason)
    return {
        "node": node_of(check.reason),
        "says": reason_text(check.reason),
        "action": action_of(check.reason),
        "acl": None if acl_index < 0 else acl_index,
        "rule": None if rule_index < 0 else rule_index,
        "session": None if check.session is None else list(check.session),
    }


def known_reasons(rig: Rig) -> list[int]:
    """The reasons that packets of a bench can have, one of each kind, and of each of its rules."""
    found: dict[int, None] = {}
    for acl_index, acl in rig.machine.am.acls.items():
        for rule_index, rule in enumerate(acl.rules):
            found[with_rule(RULE_KINDS[rule.is_permit], acl_index, rule_index)] = None
    others = (kind for kind in KINDS if kind not in RULE_KINDS.values())
    return [*found, *others]


def _is_same(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    return one is not None and other is not None and os.path.samestat(one, other)


def hold_packets(rig: Rig) -> None:
    """On real threads a packet's verdict may be told after others have been read: keep it."""
    if rig.feed is not None and isinstance(rig.driver, ThreadedDriver):
        rig.feed.hold = True


def refuse_outputs(rig: Rig, outputs: list[Path], force: bool) -> Feed:
    """The feed whose packets are written to files.

    AclbenchError: a file is there already, unless by `force`, or is one of those read.
    """
    if rig.feed is None:
        raise AclbenchError("there is no capture to write packets of")
    inputs = list(rig.feed.captures)
    for n, path in enumerate(outputs):
        for other in [*inputs, *outputs[:n]]:
            if path == other or _is_same(status_of(path), status_of(other)):
                raise AclbenchError(f"{path}: is read or written already; name another file")
        if not force:
            refuse_there(path)
    hold_packets(rig)
    return rig.feed


class SplitCaptures:
    """Writes the packets of the captures, as they were, to one file or the other by their fate."""

    def __init__(self, feed: Feed, passed: Path | None, dropped: Path | None) -> None:
        self._feed = feed
        self._passed = PcapWriter(passed) if passed is not None else None
        self._dropped = PcapWriter(dropped) if dropped is not None else None

    def hear(self, event: TraceEvent) -> None:
        """Write a packet that is done: the listener to hand to a rig."""
        if not isinstance(event, PacketVerdict):
            return
        writer = self._passed if fate_of(event.reason) in PASSED else self._dropped
        if writer is not None:
            writer.write(*self._feed.record(event.number))

    def close(self) -> None:
        """Finish both files."""
        for writer in (self._passed, self._dropped):
            if writer is not None:
                writer.close()


class AnnotatedCapture(Traced):
    """Writes the captures as they were, with verdicts as their packets' comments.

    A pcapng file keeps all its blocks up to the packet that was judged last, and what follows that.
    Where several captures are merged, or a capture is a pipe, its packets alone are written, in the
    order in which they were judged.
    """

    def __init__(self, rig: Rig, feed: Feed, path: Path) -> None:
        super().__init__(rig, EVERYTHING)
        self._feed = feed
        self._writer = PcapngWriter(path)
        #: What is copied just now, of which capture: it is the latest that was heard of.
        self._copy: PcapngCopy | None = None
        self._capture = -1
        self._is_in_order = len(feed.captures) == 1 or not (feed.by_time or rig.is_threaded)

    def take(self, event: PacketVerdict, conn: int) -> None:
        raw, index = self._feed.raw(event.number)
        if raw.capture > self._capture:
            self._go_on_to(raw.capture)
        rx, tx = self.way_of(event)
        of = f"; connection {conn}" if conn else ""
        comment = f"{outcome_text(event)}; {rx} > {tx or 'nowhere'}{of}"
        time_ns, original = int(raw.time_ns[index]), raw.original(index)
        link_type = raw.link_of(index)
        if self._copy is not None and raw.capture == self._capture:
            self._writer.count += 1
            self._copy.comment(raw.first_number + index, time_ns, comment)
        elif link_type != LINK_NONE:  # a record that is no packet
            name = ""
            if raw.interface is not None:
                name = raw.interface_names[int(raw.interface[index])]
            source = Source(raw.capture, link_type, name)
            self._writer.write(source, time_ns, raw.frame(index), original, comment)

    def _go_on_to(self, capture: int) -> None:
        """The first packet of a capture has come."""
        if self._copy is not None:
            self._copy.close()
        self._copy, self._capture = None, capture
        path = self._feed.captures[capture]
        if self._is_in_order and can_be_read_again(path) and is_pcapng(path):
            self._copy = PcapngCopy(path, self._writer.put_block)

    def close(self) -> None:
        """Finish the file."""
        if self._copy is not None:
            self._copy.close()
        self._writer.close()
