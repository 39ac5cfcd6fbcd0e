"""VPP's `show errors`: what nodes counted, in VPP's columns and words."""

from __future__ import annotations

from typing import Any, Final

from aclbench.engine.reasons import (
    EXISTING_SESSION,
    FOR_US,
    IP4_BAD_LENGTH,
    IP4_OPTIONS,
    IP4_TOO_SHORT,
    KIND_MASK,
    KINDS,
    LAST_CHECK,
    NEW_SESSION,
    NODE_NAMES,
    NODE_SHIFT,
    RULE_PERMIT,
    TOO_MANY_SESSIONS,
    UNCHECKED,
)
from aclbench.workbench.commands.columns import centred
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.rig.rig import Rig

#: An acl node's counters, in VPP's order.
DENY_PACKETS: Final = "ACL deny packets"
PERMIT_PACKETS: Final = "ACL permit packets"
NEW_SESSIONS: Final = "new sessions added"
EXISTING_PACKETS: Final = "existing session packets"
CHECKED_PACKETS: Final = "checked packets"
TIMER_RESTARTED: Final = "restart session timer"
TOO_MANY: Final = "too many sessions to add new"
COUNTERS: Final = (
    DENY_PACKETS,
    PERMIT_PACKETS,
    NEW_SESSIONS,
    EXISTING_PACKETS,
    CHECKED_PACKETS,
    TIMER_RESTARTED,
    TOO_MANY,
)
_COUNTER_OF: Final = {
    RULE_PERMIT: PERMIT_PACKETS,
    NEW_SESSION: NEW_SESSIONS,
    EXISTING_SESSION: EXISTING_PACKETS,
    TOO_MANY_SESSIONS: TOO_MANY,
}
#: The nodes as VPP lists them, output before input: their places in `NODE_NAMES`.
_NODE_ORDER: Final = (0, 2, 1, 3)
#: Who counts what forwarding drops; the words are the bench's.
_DROPPERS: Final = dict.fromkeys((IP4_OPTIONS, IP4_TOO_SHORT, IP4_BAD_LENGTH), "ip4-input")


def counters_of_nodes(rig: Rig) -> dict[tuple[int, str], int]:
    """What each acl node has counted over all threads, by node and counter."""
    found: dict[tuple[int, str], int] = {}

    def count(node: int, counter: str, times: int) -> None:
        found[node, counter] = found.get((node, counter), 0) + times

    for worker in rig.machine.am.workers:
        for reasons in (worker.packet_reasons, worker.passed_checks):
            for reason, times in reasons.items():
                kind = reason & KIND_MASK
                if kind <= LAST_CHECK:
                    node = reason >> NODE_SHIFT & 3
                    count(node, CHECKED_PACKETS, times)
                    count(node, _COUNTER_OF.get(kind, DENY_PACKETS), times)
        for bits, times in worker.class_changes_by_node.items():
            count(bits >> NODE_SHIFT, TIMER_RESTARTED, times)
    return found


def drops(rig: Rig) -> dict[int, int]:
    """Packets that no acl node denied and that did not leave, by the kind of their reason."""
    found: dict[int, int] = {}
    for worker in rig.machine.am.workers:
        for reason, times in worker.packet_reasons.items():
            kind = reason & KIND_MASK
            if kind > LAST_CHECK and kind not in (UNCHECKED, FOR_US):
                found[kind] = found.get(kind, 0) + times
    return found


def error_rows(rig: Rig) -> dict[tuple[str, str], int]:
    """What each node has counted, by node and reason: the acl nodes' first, in VPP's order."""
    counts = counters_of_nodes(rig)
    rows = {
        (NODE_NAMES[node], counter): counts.get((node, counter), 0)
        for node in _NODE_ORDER
        for counter in COUNTERS
    }
    for kind, times in sorted(drops(rig).items()):
        rows[_DROPPERS.get(kind, "error-drop"), KINDS[kind][2]] = times
    return rows


def _since_cleared(rig: Rig) -> dict[tuple[str, str], int]:
    """The same since `clear errors`, without what is 0."""
    cleared = rig.machine.am.shown.errors_cleared
    since = {row: times - cleared.get(row, 0) for row, times in error_rows(rig).items()}
    return {row: times for row, times in since.items() if times}


def show_errors(rig: Rig, parsed: ParsedCommand) -> str:
    """The counters that are not 0: the acl nodes' as in VPP, then the bench's other drops."""
    lines = [centred("Count", 10) + _row("Node", "Reason", "Severity")]
    for (node, reason), times in _since_cleared(rig).items():
        lines.append(f"{times:>10}{_row(node, reason, 'error')}")
    return "\n".join(lines)


def errors_data(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show errors` as plain values."""
    return {
        "errors": [
            {"count": times, "node": node, "reason": reason}
            for (node, reason), times in _since_cleared(rig).items()
        ]
    }


def clear_errors(rig: Rig, parsed: ParsedCommand) -> str:
    """Count from here on; the run's own figures stay."""
    rig.machine.am.shown.errors_cleared = error_rows(rig)
    return ""


def _row(node: str, reason: str, severity: str) -> str:
    return centred(node, 35) + centred(reason, 35) + centred(severity, 10)


COMMANDS: Final = (
    Command(
        "show errors",
        show_errors,
        "show what each node counted: denied, checked, new sessions, drops",
        group="show",
        changes=False,
        data=errors_data,
    ),
    Command(
        "show node counters",
        show_errors,
        "the same as show errors",
        group="show",
        changes=False,
        data=errors_data,
    ),
    Command(
        "clear errors",
        clear_errors,
        "have show errors count from here on",
        group="show",
    ),
)
