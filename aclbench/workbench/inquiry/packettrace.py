"""The trace buffer: packets that `trace add` asked for, kept by thread and printed as VPP does.

VPP's own `trace_bits` are made here as far as a packet by itself decides them: 80000000 on a
session hit, and on a class change 00010000 with the two classes (ours plus one) beside it. What
26.10 carries over from another packet of the same frame is not modelled; nor are buffers, MAC
addresses and the headers behind the addresses. In the `pkt info` line the bit of a non-first
fragment is assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from aclbench.drivers.driver import actor_name
from aclbench.engine.events import Check, ClassChanged, PacketVerdict, TraceEvent
from aclbench.engine.packet import (
    INFO_IP6,
    INFO_L4_VALID,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    KEY_SLOWPATH,
    FiveTuple,
    address_text,
    unpack_key,
)
from aclbench.engine.reasons import (
    EXISTING_SESSION,
    KIND_MASK,
    LAST_CHECK,
    LAST_DENY,
    NODE_INPUT,
    NODE_NAMES,
    TOO_MANY_SESSIONS,
    acl_of,
    action_of,
    node_of,
    reason_text,
    rule_of,
)
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.keys import key_text

#: The nodes that a trace can begin at.
TRACEABLE: Final = ("pg-input", *NODE_NAMES)
#: Packets that are kept at most, of each thread.
MAX_PACKETS: Final = 100_000
_HIT: Final = 0x80000000
_CLASS_CHANGE: Final = 0x00010000


class TracedPacket(Struct, frozen=True):
    """A packet that was traced: the lines that it prints, and how many were handled by then."""

    handled: int
    lines: tuple[str, ...]


class Hearing(Protocol):
    """Who can be told of trace events."""

    def add(self, listener: Callable[[TraceEvent], None]) -> None:
        """Call it with every trace event from now on."""

    def remove(self, listener: Callable[[TraceEvent], None]) -> None:
        """Stop calling it."""


class Traced(Protocol):
    """Whose packets are traced."""

    rig: Rig

    @property
    def listeners(self) -> Hearing:
        """Who hears its trace events."""


class PacketTrace:
    """What `trace add` asked for and what came of it. Listens only while packets are wanted."""

    def __init__(self, traced: Traced) -> None:
        self._traced = traced
        #: Packets wanted of each node since the last clear, on each thread; and who has had some.
        self.wanted: dict[str, int] = {}
        self._taken: dict[tuple[int, str], int] = {}
        self._packets: dict[int, list[TracedPacket]] = {}
        #: The class changes of the packet that a thread is on.
        self._changes: dict[int, list[ClassChanged]] = {}

    def add(self, node: str, count: int) -> None:
        """Have so many more packets of each thread traced from a node on."""
        if not self.wanted:
            self._traced.listeners.add(self.hear)
        self.wanted[node] = min(self.wanted.get(node, 0) + count, MAX_PACKETS)

    def clear(self) -> None:
        """Forget what was traced and what was asked for."""
        if self.wanted:
            self._traced.listeners.remove(self.hear)
        self.wanted.clear()
        self._taken.clear()
        self._packets.clear()
        self._changes.clear()

    def packets(self, thread_index: int) -> list[TracedPacket]:
        """Those of one thread, in order."""
        return self._packets.get(thread_index, [])

    def hear(self, event: TraceEvent) -> None:
        """Keep a packet that is wanted: the listener to hand to a bench."""
        thread_index = event.thread_index
        if isinstance(event, ClassChanged):
            self._changes.setdefault(thread_index, []).append(event)
        elif isinstance(event, PacketVerdict):
            changes = self._changes.pop(thread_index, [])
            node = self._begins_at(event)
            if node is not None:
                self._taken[thread_index, node] = self._taken.get((thread_index, node), 0) + 1
                lines = _packet_lines(self._traced.rig, event, changes)
                if node != "pg-input":
                    lines = lines[next(n for n, line in enumerate(lines) if node in line) :]
                traced = TracedPacket(self._traced.rig.driver.packets_handled, tuple(lines))
                self._packets.setdefault(thread_index, []).append(traced)

    def _begins_at(self, event: PacketVerdict) -> str | None:
        """The node whose trace this packet is; None if it is not wanted."""
        for node in ("pg-input", *(node_of(check.reason) for check in event.checks)):
            if self._taken.get((event.thread_index, node), 0) < self.wanted.get(node, 0):
                return node
        return None

    def forget_the_future(self, packets_handled: int) -> None:
        """The bench has moved back: drop the traces of packets that it has not handled yet."""
        for packets in self._packets.values():
            # A packet is told of while it is the next to be done.
            packets[:] = [packet for packet in packets if packet.handled < packets_handled]


def time_text(time_ns: int) -> str:
    """A time as VPP's traces have it: hours, minutes, seconds, microseconds."""
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}:{rest_ns // 1000:06}"


def trace_text(rig: Rig, trace: PacketTrace, most: int) -> str:
    """All threads' packets, up to `most` of each."""
    lines: list[str] = []
    for worker in rig.machine.am.workers:
        name = actor_name(worker.thread_index)
        lines.append(
            f"------------------- Start of thread {worker.thread_index} {name} -------------------"
        )
        packets = trace.packets(worker.thread_index)
        if not packets:
            lines.append("No packets in trace buffer")
        for number, packet in enumerate(packets[:most], 1):
            lines += [f"Packet {number}", "", *packet.lines, "", ""]
        if len(packets) > most:
            lines.append(f"Limiting display to {most} packets. To display more specify max.")
    return "\n".join(lines)


def _packet_lines(rig: Rig, event: PacketVerdict, changes: list[ClassChanged]) -> list[str]:
    """One packet on its way, node by node."""
    at = time_text(event.time)
    family = "ip6" if event.info & INFO_IP6 else "ip4"
    connection = key_text(event.key) or "not IP"
    lines = [f"{at}: pg-input", f"  packet {event.number}, sw_if_index {event.rx}"]
    if event.key:
        lines += [f"{at}: {family}-input", f"  {connection}"]
    checks = list(event.checks)
    if checks and checks[0].reason & NODE_INPUT:
        lines += _check_lines(rig, event, checks.pop(0), changes, at)
    kind = event.reason & KIND_MASK
    if event.tx >= 0 or checks:
        lines += [f"{at}: {family}-lookup", f"  {connection}"]
        for check in checks:
            lines += _check_lines(rig, event, check, changes, at)
    if kind <= LAST_DENY:
        why = "ACL deny packets" if kind != TOO_MANY_SESSIONS else reason_text(kind)
        drop = f"  {node_of(event.reason)}: {why}"
    elif event.tx < 0:
        drop = f"  {reason_text(event.reason)}"
    else:
        name = rig.interface_name(event.tx)
        return [*lines, f"{at}: {name}-tx", f"  sw_if_index {event.tx}"]
    rx = rig.interface_name(event.rx)
    return [*lines, f"{at}: error-drop", f"  rx:{rx}", f"{at}: drop", drop]


def _check_lines(
    rig: Rig, event: PacketVerdict, check: Check, changes: list[ClassChanged], at: str
) -> list[str]:
    """What one acl node says of a packet."""
    reason, is_input = check.reason, bool(check.reason & NODE_INPUT)
    sw_if_index = event.rx if is_input else _out_interface(rig, event)
    side, contexts = (sw_if_index, is_input), rig.machine.am.shown.lookup_contexts
    is_hit = reason & KIND_MASK == EXISTING_SESSION
    context = -1 if is_hit or side not in contexts else contexts.index(side)
    acl_index, rule_index, bits = acl_of(reason), rule_of(reason), 0
    if is_hit:
        acl_index, bits = -1, _HIT
        rule_index = check.session.session_index if check.session is not None else -1
        for change in changes:
            if change.session == check.session:
                bits |= _CLASS_CHANGE | change.old + 1 << 8 | change.new + 1
                changes.remove(change)
                break
    action = action_of(reason)
    assert reason & KIND_MASK <= LAST_CHECK
    five = unpack_key(event.key)
    return [
        f"{at}: {node_of(reason)}",
        f"  acl-plugin: lc_index: {context}, sw_if_index {sw_if_index}, next index "
        f"{int(action > 0)}, action: {action}, match: acl {acl_index} rule {rule_index} "
        f"trace_bits {bits:08x}",
        "  " + _pkt_info(five, event.info, sw_if_index, is_input, max(context, 0)),
        f"   {_five_tuple_text(five, event.info, sw_if_index, is_input, max(context, 0))}",
    ]


def _out_interface(rig: Rig, event: PacketVerdict) -> int:
    """Where an output node stands: the tx interface, looked up again if it let nothing out."""
    return event.tx if event.tx >= 0 else rig.machine.am.fib.lookup(event.key)


def _l4_flags(five: FiveTuple, is_input: bool) -> int:
    """VPP's `l4_flags`: bit 0 on the input path, bit 1 off TCP's and UDP's fast path."""
    return int(is_input) | five.key_flags & KEY_SLOWPATH


def _pkt_info(five: FiveTuple, info: int, sw_if_index: int, is_input: bool, context: int) -> str:
    """The six words of VPP's `fa_5tuple_t`, as they lie in memory of a little-endian machine."""
    if five.is_ip6:
        both = five.src.to_bytes(16, "big") + five.dst.to_bytes(16, "big")
    else:
        both = bytes(24) + five.src.to_bytes(4, "big") + five.dst.to_bytes(4, "big")
    words = [int.from_bytes(both[n : n + 8], "little") for n in range(0, 32, 8)]
    flags = _l4_flags(five, is_input)
    words.append(
        (sw_if_index & 0xFFFF) << 48
        | flags << 40
        | five.proto << 32
        | five.dport << 16
        | five.sport
    )
    packet = bool(info & INFO_TCP_FLAGS_VALID) | bool(info & INFO_L4_VALID) << 1
    packet |= bool(info & INFO_NONFIRST_FRAGMENT) << 2
    tcp_flags = info & INFO_TCP_FLAGS_MASK
    words.append(packet << 56 | tcp_flags << 48 | 0xFFFF << 32 | context)
    return "pkt info " + " ".join(f"{word:016x}" for word in words)


def _five_tuple_text(
    five: FiveTuple, info: int, sw_if_index: int, is_input: bool, context: int
) -> str:
    """The 5-tuple in words; the direction is the packet's here, whatever its key says."""
    flags = _l4_flags(five, is_input)
    valid = "valid" if info & INFO_TCP_FLAGS_VALID else "invalid"
    return (
        f"lc_index {context} l3 {'ip6' if five.is_ip6 else 'ip4'} "
        f"{address_text(five.src, five.is_ip6)} -> {address_text(five.dst, five.is_ip6)} "
        f"l4 lsb_of_sw_if_index {sw_if_index & 0xFFFF} proto {five.proto} "
        f"l4_is_input {int(is_input)} l4_slow_path {flags >> 1} l4_flags 0x{flags:02x} "
        f"port {five.sport} -> {five.dport} tcp flags ({valid}) "
        f"{info & INFO_TCP_FLAGS_MASK:02x} rsvd 0"
    )
