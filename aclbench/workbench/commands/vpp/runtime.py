"""VPP's `show runtime`: what each node of each thread was called for, and `clear runtime`.

A packet is handled by itself, start to end, so a node has one call a packet. Virtual time has no
clocks: they are 0. All is told from what the machine counts anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
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
from aclbench.workbench.commands.types import rig_of
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
)
from aclbench.workbench.grammar.lines import shown_word
from aclbench.workbench.rig.rig import Rig

NS_PER_S: Final = 1_000_000_000
CLEANER_PROCESS: Final = "acl-plugin-fa-cleaner-process"
WORKER_PROCESS: Final = "acl-plugin-fa-worker-cleaner-process"
#: What is dropped ahead of the acl nodes and reaches `ip4-input` or `ip6-input` all the same.
_AT_IP_INPUT: Final = (IP4_OPTIONS, IP4_TOO_SHORT, IP4_BAD_LENGTH, MULTICAST)
_IP_NODES: Final = ("input", "lookup", "receive", "rewrite")
_ONCE: Final = (
    *("pg-input", "ethernet-input", "error-drop", "drop", "error-punt", "punt"),
    *(CLEANER_PROCESS, WORKER_PROCESS),
)
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


def nodes_of(rig: Rig) -> list[str]:
    """All nodes that there are, by name."""
    ways = (f"{family}-{node}" for family in ("ip4", "ip6") for node in _IP_NODES)
    of_interfaces = (
        f"{interface.name}-{node}"
        for interface in rig.machine.am.interfaces
        if interface is not None and not interface.deleted
        for node in ("output", "tx")
    )
    return sorted((*_ONCE, *NODE_NAMES, *ways, *of_interfaces))


def _parse_node(text: str, context: Any) -> str:
    nodes = nodes_of(rig_of(context))
    if text in nodes:
        return text
    near = get_close_matches(text[:40], nodes, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ArgumentError(
        f"there is no node {shown_word(text)}: {hint}`show runtime verbose` lists them"
    )


def _complete_node(prefix: str, context: Any) -> Iterable[Candidate]:
    return (Candidate(node, "a node") for node in nodes_of(rig_of(context)))


NODE: Final = ArgumentType("node", "a node by name", _parse_node, _complete_node)


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
    """The nodes of each thread that were called; `verbose` all there are, or one by name."""
    workers = rig.machine.am.workers
    blocks: list[str] = []
    for worker in workers:
        lines = _block(rig, worker, parsed)
        if len(workers) > 1:
            name = actor_name(worker.thread_index)
            lines.insert(0, f"Thread {worker.thread_index} {name}")
        blocks.append("\n".join(lines))
    return "\n---------------\n".join(blocks)


def _block(rig: Rig, worker: Worker, parsed: ParsedCommand) -> list[str]:
    named = parsed.arguments.get("node")
    rates = [] if named else _rates(rig, worker)
    if "summary" in parsed.words:
        return rates
    calls = _asked(rig, worker, parsed)
    if "max" in parsed.words:
        return [*rates, _MAX_HEAD, *(_max_line(node, times) for node, times in calls.items())]
    lines = (_node_line(rig, node, times) for node, times in calls.items())
    return [*rates, _HEAD, *lines]


def _asked(rig: Rig, worker: Worker, parsed: ParsedCommand) -> dict[str, int]:
    """The nodes that a line asks for, with their calls since `clear runtime`."""
    called = _since_cleared(rig, worker)
    named = parsed.arguments.get("node")
    if named:
        return {named: called.get(named, 0)}
    if "verbose" in parsed.words:
        elsewhere = set() if worker.thread_index == THREAD_MAIN else {CLEANER_PROCESS}
        return {node: called.get(node, 0) for node in nodes_of(rig) if node not in elsewhere}
    return called


def _rates(rig: Rig, worker: Worker) -> list[str]:
    seconds, calls = _seconds(rig), _since_cleared(rig, worker)
    left = sum(n for node, n in calls.items() if node.endswith("-tx"))
    counts = calls.get("pg-input", 0), left, calls.get("drop", 0), calls.get("punt", 0)
    rates = [_scientific(count / seconds if seconds else 0) for count in counts]
    rate = float(bool(counts[0]))
    names = zip(("in", "out", "drop", "punt"), rates, strict=True)
    return [
        f"Time {seconds:.1f}, 10.000000 sec internal node vector rate {rate:.2f} loops/sec 0.00",
        "  vector rates " + ", ".join(f"{name} {text}" for name, text in names),
    ]


_HEAD: Final = (
    centred("Name", 30)
    + centred("State", 12)
    + "".join(
        centred(head, 16)
        for head in ("Calls", "Vectors", "Suspends", "Packet-Clocks", "Vectors/Call")
    )
)
_MAX_HEAD: Final = (
    centred("Name", 30)
    + centred("Max Node Clocks", 17)
    + "".join(
        centred(head, 16)
        for head in ("Vectors at Max", "Max Clocks", "Avg Clocks", "Avg Vectors/Call")
    )
)
_NO_CLOCKS: Final = "0.00e0"


def _node_line(rig: Rig, node: str, calls: int) -> str:
    state, vectors, suspends = "active", calls, 0
    if node == CLEANER_PROCESS:
        state = _STATES[rig.machine.am.cleaner.wait.kind]
        calls, vectors, suspends = 0, 0, calls
    elif node == WORKER_PROCESS:
        state, vectors = "interrupt wait", 0
    a_call = vectors / calls if calls else 0
    return (
        f"{node[:30]:<30}{centred(state[:12], 12)}{calls:>16}{vectors:>16}{suspends:>16}"
        f"{_NO_CLOCKS:>16}{a_call:>16.2f}"
    )


def _max_line(node: str, calls: int) -> str:
    """The call that took longest: with no clocks any, and each has the one packet."""
    vectors = int(bool(calls) and node not in (CLEANER_PROCESS, WORKER_PROCESS))
    return f"{node[:30]:<30}{centred(_NO_CLOCKS, 17)}" + "".join(
        centred(text, 16) for text in (str(vectors), _NO_CLOCKS, _NO_CLOCKS, f"{vectors}.00e0")
    )


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
                    for node, calls in _asked(rig, worker, parsed).items()
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
        "show runtime [<node>|{brief|verbose|max|summary}]",
        show_runtime,
        "show what each node of each thread was called for",
        "A packet is handled by itself: a call a packet. Virtual time has no clocks.\n"
        "verbose: nodes without calls, too; max: the longest call; summary: the rates alone.",
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
