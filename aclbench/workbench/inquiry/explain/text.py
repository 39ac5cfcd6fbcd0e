"""An explanation in lines: a tree drawn by indentation, for a person with 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aclbench.engine.packet import PROTO_TCP
from aclbench.engine.reasons import fate_of, reason_text
from aclbench.words import counted
from aclbench.workbench.inquiry.explain.connection import Connection
from aclbench.workbench.inquiry.explain.groups import Groups, summary
from aclbench.workbench.inquiry.explain.reading import mismatch_text
from aclbench.workbench.inquiry.explain.tree import (
    Cause,
    Explanation,
    ForwardingPart,
    NodePart,
    PacketRead,
    RulePart,
    SessionPart,
    SidePart,
)
from aclbench.workbench.inquiry.wrapping import Line, wrapped
from aclbench.workbench.views.clock import Clock
from aclbench.workbench.views.times import seconds_text

#: Of rules tried in vain, so many are shown at each end; what is left out is said.
SHOWN_RULES: Final = 50


def explanation_text(explanation: Explanation) -> str:
    """The whole of it; the answer first, the verdict last."""
    return "\n".join(wrapped(explanation_lines(explanation)))


def reasons_text(reasons: list[tuple[int, int]], packets: int) -> str:
    """How many packets did not pass, and for what reasons: what is known before the causes are."""
    together = sum(count for _, count in reasons)
    lines: list[Line] = [(0, f"{together:,} of {counted(packets, 'packet')} did not pass")]
    lines += [(1, f"{count:,} {fate_of(r)}: {reason_text(r)}") for r, count in reasons]
    return "\n".join(wrapped([*lines, (0, "why, by cause:")]))


def groups_text(found: Groups) -> str:
    """All packets that did not pass, by cause."""
    return "\n".join(wrapped(_group_lines(found)))


def connection_text(found: Connection, clock: Clock) -> str:
    """What happened to a connection."""
    return "\n".join(wrapped(_connection_lines(found, clock)))


def _connection_lines(found: Connection, clock: Clock) -> Iterator[Line]:
    fates = ", ".join(f"{count:,} {fate.replace('_', ' ')}" for fate, count in found.fates)
    yield 0, f"connection {found.number}: {found.ends}"
    span = f"{found.first} (at {clock.text(found.first_time)})"
    if found.packets > 1:
        span += f" to {found.last} (at {clock.text(found.last_time)})"
    yield 1, f"{counted(found.packets, 'packet')}, {span}: {fates}"
    yield 1, "its sessions" if found.events else "it has had no session"
    for event in found.events:
        yield 2, f"{clock.text(event.time)} {event.kind}: {event.text}"
    if found.left_out:
        yield 2, f"and {counted(found.left_out, 'event')} more"
    if found.stopped is not None and found.stopped.causes:
        cause = found.stopped.causes[0]
        yield 1, f"the first that did not pass, packet {found.stopped.packet}: {cause.title}"
        yield from ((2, text) for text in _evidence(cause, happened=True))


def _group_lines(found: Groups) -> Iterator[Line]:
    yield 0, summary(found)
    for group in found.groups:
        yield 0, f"{counted(group.packets, 'packet')} {group.fate}: {group.title}"
        if group.reasons != (group.title,):
            yield 1, f"verdict: {'; '.join(group.reasons)}"
        if group.example is None:
            continue
        example, cause = group.example, group.example.causes[0]
        yield 1, f"such as packet {example.packet}: {cause.title}"
        if cause.cure:
            yield 2, f"what would have let it pass: {cause.cure}"
        if cause.tried:
            yield 2, "tried on a bench of its own: without this cause it passes"


def explanation_lines(e: Explanation) -> Iterator[Line]:
    """How deep each of its lines stands, and its text."""
    verdict = e.verdict
    fate = verdict.fate.replace("_", " ")
    says = verdict.reason if verdict.reason.lower() == fate else f"{fate}, {verdict.reason}"
    would = "" if e.happened else "would be "
    what = f"packet {e.packet}" if e.happened else f"such a packet on {e.rx}"
    if e.causes:
        yield 0, f"{what}: {would}{fate}: {e.causes[0].title}"
        yield from ((1, text) for text in _evidence(e.causes[0], e.happened))
        if len(e.causes) > 1:
            yield 1, "less likely"
        for cause in e.causes[1:]:
            yield 2, f"- {cause.title}"
            yield from ((3, text) for text in _evidence(cause, e.happened))
    else:
        yield 0, f"{what}: {would}{says}"
    yield from ((1, f"note: {note}") for note in e.notes)
    when = "at" if e.happened else "now, at"
    yield 1, f"arrives {when} {e.clock.text(e.time)} on {e.rx}, handled by {_worker(e)}"
    if start := e.clock.start_sentence():
        yield 1, start
    yield 1, "read from it"
    yield from ((2, text) for text in _read(e.read))
    for part in e.path:
        if isinstance(part, SidePart):
            yield 1, f"{part.side} of {part.interface}: no ACL applied, so nothing is checked"
        elif isinstance(part, ForwardingPart):
            yield 1, _forwarding(part)
        else:
            yield from _node(e, part)
    leaves = f", leaves by {verdict.tx}" if verdict.tx is not None else ""
    yield 1, f"verdict: {would}{says}{leaves}"


def _evidence(cause: Cause, happened: bool) -> Iterator[str]:
    if cause.text:
        yield f"why: {cause.text}"
    if cause.cure:
        yield f"what would {'have let' if happened else 'let'} it pass: {cause.cure}"
    if cause.tried is not None:
        then = "passes" if cause.tried else f"is {cause.then}"
        yield f"tried on a bench of its own: without this cause it {then}"


def _worker(e: Explanation) -> str:
    return f"{e.worker} (thread {e.thread_index})"


def _read(read: PacketRead) -> Iterator[str]:
    if read.frame and not read.family:
        yield f"frame: {read.frame}"
    if read.family:
        yield f"{read.family} {read.protocol} {_end(read.src, read.sport)} > " + (
            _end(read.dst, read.dport)
        )
        if read.proto == PROTO_TCP:
            flags = " ".join(read.tcp_flags) or "none"
            yield f"TCP flags: {flags}" if read.tcp_flags_valid else "TCP flags: not valid"
        if read.icmp_type is not None:
            yield f"type {read.icmp_type} code {read.icmp_code} (ICMP's ports)"
        valid = "L4 valid" if read.l4_valid else "L4 not valid: its ports are 0"
        if read.l4_valid and read.sport is None and read.icmp_type is None:
            valid = "L4 valid; no ports in this protocol: they are 0"
        fragment = "a non-first fragment" if read.nonfirst_fragment else "not a later fragment"
        yield f"{valid}; {fragment}"
    if read.not_checked:
        yield f"no acl node looks at it: {read.not_checked}"


def _end(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _forwarding(part: ForwardingPart) -> str:
    if not part.prefix:
        return f"forwarding: {part.destination} is in no prefix: {part.outcome}"
    where = f"forwarding: {part.destination} is in {part.prefix} ({part.via})"
    if part.interface:
        where += f", which leads to {part.interface}"
    return where if part.outcome == "forwarded" else f"{where}: {part.outcome}"


def _node(e: Explanation, part: NodePart) -> Iterator[Line]:
    acls = ", ".join(map(str, part.acls))
    yield 1, f"{part.side} of {part.interface}: {part.node}, acl {acls}"
    for key in part.looked_up:
        what = f" ({key.what})" if key.what else ""
        yield 2, f"session key {key.key}{what}: {'hit' if key.hit else 'miss'}"
    is_hit = any(key.hit for key in part.looked_up)
    if is_hit and part.tried:
        yield 2, "its rules have changed since it was made: it is deleted, the packet judged anew"
    elif is_hit:
        yield 2, "no rule is tried: " + part.outcome
    yield from _rules(part)
    if part.room:
        yield 2, part.room
    yield from _session(e, part)
    if not is_hit or part.tried:
        yield 2, f"outcome: {part.outcome}"


def _rules(part: NodePart) -> Iterator[Line]:
    is_icmp = any(" icmp" in key.key and " type " in key.key for key in part.looked_up)
    tried = part.tried
    left_out = len(tried) - 2 * SHOWN_RULES
    for number, rule in enumerate(tried):
        if left_out > 0 and SHOWN_RULES <= number < len(tried) - SHOWN_RULES:
            if number == SHOWN_RULES:
                yield 2, f"... {left_out} more rules that did not match; --json has them"
            continue
        if rule.replaced:
            yield 2, f"the rules of acl {rule.acl_index} were replaced under the match"
        yield 2, _rule(rule, is_icmp)
    missing = [acl for acl in part.acls if not any(rule.acl_index == acl for rule in tried)]
    matched = bool(tried) and not tried[-1].field
    hit = any(key.hit for key in part.looked_up)
    if missing and not matched and not hit:
        yield 2, f"no rule was tried of acl {', '.join(map(str, missing))}: it has none"


def _rule(tried: RulePart, is_icmp: bool) -> str:
    text = f"acl {tried.acl_index} rule {tried.rule_index} {tried.rule}: "
    text += mismatch_text(tried, is_icmp)
    return text + (f" (nor {', '.join(tried.others)})" if tried.others else "")


def _session(e: Explanation, part: NodePart) -> Iterator[Line]:
    before, after = part.session_before, part.session_after
    if before is not None:
        yield 2, f"hits session {_name(before)}, as it stood before"
        yield from ((3, text) for text in _session_lines(e, before))
        if after is not None:
            yield 2, "and after"
            yield from ((3, text) for text in _session_lines(e, after))
    elif after is not None:
        yield 2, f"makes session {_name(after)}"
        yield from ((3, text) for text in _session_lines(e, after))
    elif part.action == 2:
        yield 2, f"would make a session on {part.interface}, owned by {_worker(e)}"


def _name(session: SessionPart) -> str:
    return f"{session.session_index} of {session.worker} (thread {session.thread_index})"


def _session_lines(e: Explanation, session: SessionPart) -> Iterator[str]:
    where = "beyond the first 10,000" if session.position is None else str(session.position)
    also = "" if session.list == session.timeout_class else f", class {session.timeout_class}"
    yield f"{session.list} list, position {where} of {session.list_length:,}{also}"
    if "tcp" in session.connection.rsplit(" ", 1):
        seen = [" ".join(f) or "-" for f in (session.tcp_flags_seen_in, session.tcp_flags_seen_out)]
        yield f"TCP flags seen: in {seen[0]}; out {seen[1]}"
    yield (
        f"idle {seconds_text(session.idle)}; due for a check at "
        f"{e.clock.text(session.check_due)}; expires at {e.clock.text(session.expires)} "
        f"(idle {seconds_text(session.timeout)})"
    )
