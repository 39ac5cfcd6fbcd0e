"""VPP's `show runtime`: what each node of each thread was called for, and `clear runtime`.

A packet is handled by itself, start to end, so a node has one call a packet. Virtual time has no
clocks: they are 0. All is told from what the machine counts anyway.
"""

from __future__ import annotations

from typing import Any, Final

from aclbench.drivers.driver import actor_name
from aclbench.engine.reasons import (
    AHEAD,
    FOR_US,
    IP4_BAD_LENGTH,
    IP4_OPTIONS,
    IP4_TOO_SHORT,
    KIND_MASK,
    LAST_CHECK,
    LAST_DENY,
    MULTICAST,
    NODE_INPUT,
    NODE_IP6,
    NODE_NAMES,
    NODE_SHIFT,
    UNCHECKED,
)
from aclbench.engine.steps import WaitKind
from aclbench.engine.worker import THREAD_MAIN, Worker
from aclbench.workbench.commands.columns import centred
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.rig.rig import Rig

NS_PER_S: Final = 1_000_000_000
CLEANER_PROCESS: Final = "acl-plugin-fa-cleaner-process"
WORKER_PROCESS: Final = "acl-plugin-fa-worker-cleaner-process"
#: What is dropped ahead of the acl nodes and reaches `ip4-input` or `ip6-input` all the same.
_AT_IP_INPUT: Final = (IP4_OPTIONS, IP4_TOO_SHORT, IP4_BAD_LENGTH, MULTICAST)
_STATES: Final = {
    WaitKind.EVENT: '"event wait"',
    WaitKind.EVENT_OR_CLOCK: '"any wait"',
    WaitKind.SUSPEND: '"suspended"',
}


def node_calls(rig: Rig, worker: Worker) -> dict[str, int]:
    """How often each node was called on a thread since the start."""
    calls: dict[str, int] = {}

    def add(node: str, times: int) -> None:
        calls[node] = calls.get(node, 0) + times

    for reason, times in worker.packet_reasons.items():
        add("pg-input", times)
        add("ethernet-input", times)
        for node in _way(reason):
            add(node, times)
    for reasons in (worker.packet_reasons, worker.passed_checks):
        for reason, times in reasons.items():
            if reason & KIND_MASK <= LAST_CHECK:
                add(NODE_NAMES[reason >> NODE_SHIFT & 3], times)
    for node in ("error-drop", "drop"):
        add(node, sum(counters.drops for counters in worker.interface_counters))
    for node in ("error-punt", "punt"):
        add(node, sum(counters.punts for counters in worker.interface_counters))
    for interface in rig.machine.am.interfaces:
        if interface is not None:
            sent = worker.interface_counters[interface.sw_if_index].tx_packets
            for node in ("output", "tx"):
                add(f"{interface.name}-{node}", sent)
    add(WORKER_PROCESS, worker.cnt_interrupts_served)
    if worker.thread_index == THREAD_MAIN:
        cleaner = rig.machine.am.cleaner
        add(CLEANER_PROCESS, cleaner.cnt_wait_with_timeout + cleaner.cnt_wait_without_timeout)
    return calls


def _way(reason: int) -> list[str]:
    """The nodes of IP that a packet met, by its last reason; the acl nodes aside."""
    kind, family = reason & KIND_MASK, "ip6" if reason & NODE_IP6 else "ip4"
    is_check = kind <= LAST_CHECK
    if not is_check and reason & AHEAD:
        return [f"{family}-input"] if kind in _AT_IP_INPUT else []
    if kind <= LAST_DENY and reason & NODE_INPUT:
        return [f"{family}-input"]
    way = [f"{family}-input", f"{family}-lookup"]
    if is_check or kind == UNCHECKED:
        return [*way, f"{family}-rewrite"]
    return [*way, f"{family}-receive"] if kind == FOR_US else way


def _since_cleared(rig: Rig, worker: Worker) -> dict[str, int]:
    """The same since `clear runtime`, in the order of names, without what is 0."""
    cleared, thread = rig.machine.am.shown.runtime_cleared, worker.thread_index
    since = {
        node: calls - cleared.get((thread, node), 0)
        for node, calls in sorted(node_calls(rig, worker).items())
    }
    return {node: calls for node, calls in since.items() if calls}


def _seconds(rig: Rig) -> float:
    """How long it has been counted."""
    return (rig.now - max(rig.started, rig.machine.am.shown.runtime_cleared_at)) / NS_PER_S


def show_runtime(rig: Rig, parsed: ParsedCommand) -> str:
    """The nodes of each thread that were called."""
    workers = rig.machine.am.workers
    blocks: list[str] = []
    for worker in workers:
        lines = [*_head(rig, worker), *_node_lines(rig, worker)]
        if len(workers) > 1:
            name = actor_name(worker.thread_index)
            lines.insert(0, f"Thread {worker.thread_index} {name}")
        blocks.append("\n".join(lines))
    return "\n---------------\n".join(blocks)


def _head(rig: Rig, worker: Worker) -> list[str]:
    seconds, calls = _seconds(rig), _since_cleared(rig, worker)
    left = sum(n for node, n in calls.items() if node.endswith("-tx"))
    counts = calls.get("pg-input", 0), left, calls.get("drop", 0), calls.get("punt", 0)
    rates = [_scientific(count / seconds if seconds else 0) for count in counts]
    rate = float(bool(counts[0]))
    names = zip(("in", "out", "drop", "punt"), rates, strict=True)
    return [
        f"Time {seconds:.1f}, 10.000000 sec internal node vector rate {rate:.2f} loops/sec 0.00",
        "  vector rates " + ", ".join(f"{name} {text}" for name, text in names),
        centred("Name", 30)
        + centred("State", 12)
        + "".join(
            centred(head, 16)
            for head in ("Calls", "Vectors", "Suspends", "Packet-Clocks", "Vectors/Call")
        ),
    ]


def _node_lines(rig: Rig, worker: Worker) -> list[str]:
    lines: list[str] = []
    for node, calls in _since_cleared(rig, worker).items():
        state, vectors, suspends = "active", calls, 0
        if node == CLEANER_PROCESS:
            state = _STATES[rig.machine.am.cleaner.wait.kind]
            calls, vectors, suspends = 0, 0, calls
        elif node == WORKER_PROCESS:
            state, vectors = "interrupt wait", 0
        a_call = vectors / calls if calls else 0
        lines.append(
            f"{node[:30]:<30}{centred(state[:12], 12)}{calls:>16}{vectors:>16}{suspends:>16}"
            f"{'0.00e0':>16}{a_call:>16.2f}"
        )
    return lines


def _scientific(value: float) -> str:
    """As VPP writes it: `5.3834e0`."""
    mantissa, exponent = f"{value:.4e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def runtime_data(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show runtime` as plain values: for each thread its nodes with their calls."""
    return {
        "seconds": _seconds(rig),
        "threads": [
            {
                "thread_index": worker.thread_index,
                "name": actor_name(worker.thread_index),
                "nodes": [
                    {"node": node, "calls": calls}
                    for node, calls in _since_cleared(rig, worker).items()
                ],
            }
            for worker in rig.machine.am.workers
        ],
    }


def clear_runtime(rig: Rig, parsed: ParsedCommand) -> str:
    """Have the calls begin at 0."""
    am = rig.machine.am
    am.shown.runtime_cleared = {
        (worker.thread_index, node): calls
        for worker in am.workers
        for node, calls in node_calls(rig, worker).items()
    }
    am.shown.runtime_cleared_at = rig.now
    return ""


GROUP: Final = "show"
COMMANDS: Final = (
    Command(
        "show runtime",
        show_runtime,
        "show what each node of each thread was called for",
        "A packet is handled by itself: a call a packet. Virtual time has no clocks.",
        group=GROUP,
        changes=False,
        data=runtime_data,
    ),
    Command(
        "clear runtime",
        clear_runtime,
        "have show runtime count from here on",
        group=GROUP,
    ),
)
