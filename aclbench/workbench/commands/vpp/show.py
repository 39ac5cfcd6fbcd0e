"""VPP's `show acl-plugin` commands, printed as VPP prints them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aclbench.engine import reading
from aclbench.engine.acl import ACTION_NAMES, AclRule
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.packet import address_text
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.commands.columns import LongText
from aclbench.workbench.commands.vpp import data
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.keys import key_text

#: Who has the lookup contexts: VPP's name of the acl nodes on interfaces.
_LOOKUP_USER: Final = "interface ACL"

# --- show acl-plugin acl --------------------------------------------------------------------


def rule_line(number: int, rule: AclRule) -> str:
    """One rule as VPP lists it."""
    src = f"{address_text(rule.src, rule.is_ipv6)}/{rule.src_prefixlen}"
    dst = f"{address_text(rule.dst, rule.is_ipv6)}/{rule.dst_prefixlen}"
    sport = _ports(rule.src_port_or_type_first, rule.src_port_or_type_last)
    dport = _ports(rule.dst_port_or_code_first, rule.dst_port_or_code_last)
    flags = ""
    if rule.tcp_flags_mask or rule.tcp_flags_value:
        flags = f" tcpflags {rule.tcp_flags_value} mask {rule.tcp_flags_mask}"
    return (
        f"{number:>11}: ipv{6 if rule.is_ipv6 else 4} {ACTION_NAMES[rule.is_permit]} "
        f"src {src} dst {dst} proto {rule.proto} sport {sport} dport {dport}{flags}"
    )


def _ports(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _acl_lines(rig: Rig, acl_index: int, verbose: bool = False) -> list[str]:
    """An ACL and its rules; verbose, with what each has matched while that was counted."""
    acl = rig.machine.am.acls[acl_index]
    lines = [f"acl-index {acl_index} count {len(acl.rules)} tag {{{acl.tag}}}"]
    for number, rule in enumerate(acl.rules):
        lines.append(rule_line(number, rule))
        if verbose:
            packets, size = data.rule_matches(rig, acl_index, number)
            lines.append(f"{'':13}{counted(packets, 'packet')}, {counted(size, 'byte')}")
    return lines


def show_acl(rig: Rig, parsed: ParsedCommand) -> str:
    """The ACLs, and where each is applied; verbose, with the counters of their rules."""
    am = rig.machine.am
    asked = parsed.arguments.get("acl-index")
    lines: list[str] = []
    if "verbose" in parsed.words and not am.interface_acl_counters_enabled:
        lines.append("matches are not counted: acl_stats_intf_counters_enable has them counted")
    for acl_index in sorted(am.acls) if asked is None else [asked]:
        lines += _acl_lines(rig, acl_index, "verbose" in parsed.words)
        for is_input, side in ((True, "inbound"), (False, "outbound")):
            if acl_index < am.shown.acl_vec_len[is_input]:
                users = rig.machine.acl_users(acl_index, is_input)
                indices = ", ".join(str(i.sw_if_index) for i in users)
                lines.append(f"  applied {side} on sw_if_index: {indices}")
        if acl_index < max(am.shown.acl_vec_len):
            contexts = ", ".join(map(str, am.shown.contexts_of_acl.get(acl_index, ())))
            lines.append(f"  used in lookup context index: {contexts}")
    return "\n".join(lines)


def _acls_of(interface: Interface, is_input: bool) -> tuple[int, ...]:
    return interface.input_acls if is_input else interface.output_acls


# --- show acl-plugin interface --------------------------------------------------------------


def show_interface(rig: Rig, parsed: ParsedCommand) -> str:
    """Which ACLs each interface has; with `acl` their rules, with `detail` its lookup contexts.

    As in VPP, up to the last sw_if_index that ever had one, whether there is an interface or not.
    """
    am = rig.machine.am
    asked = parsed.arguments.get("sw_if_index")
    if asked is None:
        there = list(range(am.shown.acl_interface_vec_len))
    elif asked < len(am.interfaces) and am.interfaces[asked] is not None:
        there = [asked]
    else:
        known = ", ".join(str(i.sw_if_index) for i in am.interfaces if i is not None)
        raise CommandError(f"there is no sw_if_index {asked}; this bench has {known}")
    lines: list[str] = []
    for sw_if_index in there:
        lines.append(f"sw_if_index {sw_if_index}:")
        interface = am.interfaces[sw_if_index]
        for is_input, side in ((True, "input"), (False, "output")):
            indices = () if interface is None else _acls_of(interface, is_input)
            if not indices:
                continue
            lines.append(f"  {side} acl(s): {', '.join(map(str, indices))}")
            if "acl" in parsed.words:
                rules = [line for acl_index in indices for line in _acl_lines(rig, acl_index)]
                lines += ["", *rules, ""]
        if "detail" in parsed.words:
            for is_input, side in ((True, "input"), (False, "output")):
                context = _lookup_context(am, (sw_if_index, is_input))
                lines.append(f"{side:>8} lookup context index: {context}")
    return "\n".join(lines)


def _lookup_context(am: AclMain, side: tuple[int, bool]) -> int:
    """The lookup context of an interface's side, or -1."""
    return am.shown.lookup_contexts.index(side) if side in am.shown.lookup_contexts else -1


# --- show acl-plugin lookup -----------------------------------------------------------------


def show_lookup_contexts(rig: Rig, parsed: ParsedCommand) -> str:
    """The lookup contexts: each is one side of an interface with its list of ACLs."""
    am = rig.machine.am
    contexts = {n: side for n, side in enumerate(am.shown.lookup_contexts) if side is not None}
    asked = parsed.arguments.get("context")
    if asked is not None and asked not in contexts:
        known = ", ".join(map(str, contexts)) or "none"
        raise CommandError(f"there is no lookup context {asked}; this bench has {known}")
    if not am.shown.lookup_contexts:
        return "ACL lookup contexts are not initialized"
    lines: list[str] = []
    for context, (sw_if_index, is_input) in contexts.items():
        if asked in (None, context):
            indices = ", ".join(map(str, _acls_of(am.interface(sw_if_index), is_input)))
            side = f"sw_if_index: {sw_if_index} is_input: {int(is_input)}"
            lines.append(f"index {context}:{_LOOKUP_USER} {side}, acl_indices: {indices}")
    return "\n".join(lines)


def show_lookup_users(rig: Rig, parsed: ParsedCommand) -> str:
    """Who has lookup contexts: the acl nodes of interfaces are the one user here."""
    asked = parsed.arguments.get("user", 0)
    if asked:
        raise CommandError(f"there is no lookup user {asked}; this bench has 0, {_LOOKUP_USER}")
    return f"index 0:{_LOOKUP_USER}:sw_if_index:is_input"


# --- show acl-plugin sessions ---------------------------------------------------------------


def show_sessions(rig: Rig, parsed: ParsedCommand) -> LongText:
    """Sessions by interface and by worker, and the cleaner's counters; verbose, the lists too:
    there may be a million sessions."""
    return LongText(_session_lines(rig, "verbose" in parsed.words))


def _session_lines(rig: Rig, is_verbose: bool) -> Iterator[str]:
    am = rig.machine.am
    added = deleted = 0
    by_interface: list[str] = []
    for interface in am.interfaces:
        if interface is None:
            continue
        n = interface.sw_if_index
        adds = sum(w.session_adds_by_sw_if_index.get(n, 0) for w in am.workers)
        dels = sum(w.session_dels_by_sw_if_index.get(n, 0) for w in am.workers)
        added, deleted = added + adds, deleted + dels
        row = f"sw_if_index {n}: add {adds} - del {dels} = {adds - dels}"
        if am.reclassify_sessions:
            changes = sum(w.session_epoch_changes_by_sw_if_index.get(n, 0) for w in am.workers)
            row += f"; epoch chg: {changes}"
        by_interface.append(row)
    live = added - deleted
    yield from [f"Sessions total: add {added} - del {deleted} = {live}", *by_interface]
    yield from ["", "", "Per-worker data:"]
    for worker in am.workers:
        yield from _worker_lines(rig, worker)
        if is_verbose:
            yield from _list_lines(worker)
    yield from ["", "", "Conn cleaner thread counters:"]
    cleaner = am.cleaner
    counters = (
        (cleaner.cnt_delete_by_sw_index, "delete_by_sw_index events"),
        (cleaner.cnt_delete_by_sw_index_ok, "delete_by_sw_index handled ok"),
        # VPP prints these two as well; nothing here can count there.
        (0, "unknown events received"),
        (0, "session idle timers restarted"),
        (cleaner.cnt_wait_with_timeout, "event wait with timeout called"),
        (cleaner.cnt_wait_without_timeout, "event wait w/o timeout called"),
        (cleaner.cnt_event_cycles, "total event cycles"),
    )
    yield from [f"             {count:>20}: {text}" for count, text in counters]
    if am.reclassify_sessions:
        yield "Reclassify sessions: 1"


def _worker_lines(rig: Rig, worker: Worker) -> list[str]:
    """One worker's block, labelled and ordered as in 2017; times are virtual nanoseconds."""
    next_expiry = min(worker.head_expiry_time)
    restarted = worker.cnt_session_timer_restarted
    return [
        f"Worker #{worker.thread_index}:",
        f"  Next expiry time: {0 if next_expiry == NEVER else next_expiry}",
        "  Requeue until time: 0",
        f"  Current time wait interval: {rig.machine.am.cleaner.wait_interval}",
        f"  Count of deleted sessions: {worker.cnt_deleted_sessions}",
        "  Delete already deleted: 0",
        f"  Session timers restarted: {restarted}",
        f"  Swipe until this time: {worker.swipe_end_time}",
        f"  sw_if_index serviced bitmap: {worker.serviced_sw_if_index_bitmap:x}",
        f"  pending clear intfc bitmap : {worker.pending_clear_sw_if_index_bitmap:x}",
        f"  clear in progress: {worker.clear_in_process}",
        f"  interrupt is pending: {worker.interrupt_is_pending}",
        f"  interrupt is needed: {worker.interrupt_is_needed}",
        f"  interrupt is unwanted: {worker.interrupt_is_unwanted}",
        *(f"  {p.name}: {counted(len(p.slots(worker)), 'session')}" for p in rig.machine.am.places),
        *(f"  {each.name}: {each.text}" for each in reading.beside(rig.machine.am, worker)),
    ]


def _list_lines(worker: Worker) -> Iterator[str]:
    """A worker's lists from head to tail."""
    for list_id, head in enumerate(worker.conn_list_head):
        yield f"  fa_conn_list_head[{list_id}]: {head}"
        for session in reading.walk(worker, head):
            yield (
                f"    session {session.session_index}: {key_text(session.key)} on sw_if_index "
                f"{session.sw_if_index} tcp flags seen {session.tcp_flags_seen_out:02x} "
                f"{session.tcp_flags_seen_in:02x}"
            )
            yield f"      last active time: {session.last_active_time}"
            yield f"      link enqueue time: {session.link_enqueue_time}"


def show_memory(rig: Rig, parsed: ParsedCommand) -> str:
    """What VPP says of the plugin's memory."""
    return "ACL memory is now part of the main heap"


GROUP: Final = "show"
COMMANDS: Final = (
    Command(
        "show acl-plugin acl [index <acl-index>] [verbose]",
        show_acl,
        "list the ACLs with their rules and where they are applied",
        group=GROUP,
        changes=False,
        data=data.acls,
    ),
    Command(
        "show acl-plugin interface [sw_if_index <number:sw_if_index>] [acl] [detail]",
        show_interface,
        "list which ACLs each interface has",
        group=GROUP,
        changes=False,
        data=data.interfaces,
    ),
    Command(
        "show acl-plugin lookup context [index <number:context>]",
        show_lookup_contexts,
        "list the lookup contexts, one for each side of an interface that has ACLs",
        group=GROUP,
        changes=False,
        data=data.lookup_contexts,
    ),
    Command(
        "show acl-plugin lookup user [index <number:user>]",
        show_lookup_users,
        "list who has lookup contexts",
        group=GROUP,
        changes=False,
    ),
    Command(
        "show acl-plugin memory",
        show_memory,
        "say, as VPP does, that the plugin has no memory of its own",
        group=GROUP,
        changes=False,
    ),
    Command(
        "show acl-plugin sessions [verbose [<number>]]",
        show_sessions,
        "show sessions, each worker's data and the cleaner's counters",
        group=GROUP,
        changes=False,
        data=data.sessions,
    ),
)
