"""What VPP's `show acl-plugin` commands show, as plain values for programs: `--json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from aclbench.engine import reading
from aclbench.engine.acl import ACTION_NAMES, AclRule
from aclbench.engine.main import Interface
from aclbench.engine.packet import address_text
from aclbench.engine.reasons import with_rule
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.workbench.grammar import ParsedCommand
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.taking import session_view

#: Fields that a worker's data has by the engine's names.
_WORKER_FIELDS: Final = (
    "thread_index",
    "swipe_end_time",
    "serviced_sw_if_index_bitmap",
    "pending_clear_sw_if_index_bitmap",
    "clear_in_process",
    "interrupt_is_pending",
    "interrupt_is_needed",
    "interrupt_is_unwanted",
)
_CLEANER_FIELDS: Final = (
    "wait_interval",
    "cnt_delete_by_sw_index",
    "cnt_delete_by_sw_index_ok",
    "cnt_wait_with_timeout",
    "cnt_wait_without_timeout",
    "cnt_event_cycles",
)


def acls(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show acl-plugin acl`."""
    known = rig.machine.am.acls
    asked = parsed.arguments.get("acl-index")
    shown = [_acl(rig, n) for n in (sorted(known) if asked is None else [asked])]
    if "verbose" in parsed.words:
        for acl in shown:
            for number, rule in enumerate(acl["rules"]):
                packets, size = rule_matches(rig, acl["acl_index"], number)
                rule |= {"packets": packets, "bytes": size}
    return {"acls": shown}


def rule_matches(rig: Rig, acl_index: int, rule_index: int) -> tuple[int, int]:
    """The packets and bytes that matched a rule while that was counted."""
    rule = with_rule(0, acl_index, rule_index)
    workers = rig.machine.am.workers
    return (
        sum(worker.rule_matches.get(rule, 0) for worker in workers),
        sum(worker.rule_match_bytes.get(rule, 0) for worker in workers),
    )


def _acl(rig: Rig, acl_index: int) -> dict[str, Any]:
    acl = rig.machine.am.acls[acl_index]

    def users(is_input: bool) -> list[str]:
        return [interface.name for interface in rig.machine.acl_users(acl_index, is_input)]

    return {
        "acl_index": acl_index,
        "tag": acl.tag,
        "rules": [_rule(rule) for rule in acl.rules],
        "input_of": users(True),
        "output_of": users(False),
    }


def _rule(rule: AclRule) -> dict[str, Any]:
    return {
        "action": ACTION_NAMES[rule.is_permit],
        "is_ipv6": bool(rule.is_ipv6),
        "src": f"{address_text(rule.src, rule.is_ipv6)}/{rule.src_prefixlen}",
        "dst": f"{address_text(rule.dst, rule.is_ipv6)}/{rule.dst_prefixlen}",
        "proto": rule.proto,
        "sport": [rule.src_port_or_type_first, rule.src_port_or_type_last],
        "dport": [rule.dst_port_or_code_first, rule.dst_port_or_code_last],
        "tcp_flags_value": rule.tcp_flags_value,
        "tcp_flags_mask": rule.tcp_flags_mask,
    }


def interfaces(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show acl-plugin interface`: every interface there is; with `acl` the ACLs' rules too."""
    asked = parsed.arguments.get("sw_if_index")
    there = [i for i in rig.machine.am.interfaces if i is not None]
    shown = there if asked is None else [i for i in there if i.sw_if_index == asked]
    if not shown:
        known = ", ".join(str(i.sw_if_index) for i in there)
        raise CommandError(f"there is no sw_if_index {asked}; this bench has {known}")
    data: dict[str, Any] = {"interfaces": [_interface(interface) for interface in shown]}
    if "acl" in parsed.words:
        used = {n for i in shown for n in (*i.input_acls, *i.output_acls)}
        data["acls"] = [_acl(rig, n) for n in sorted(used) if n in rig.machine.am.acls]
    return data


def lookup_contexts(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show acl-plugin lookup context`."""
    asked = parsed.arguments.get("context")
    return {
        "lookup_contexts": [
            {"index": n, "sw_if_index": side[0], "is_input": side[1]}
            for n, side in enumerate(rig.machine.am.shown.lookup_contexts)
            if side is not None and asked in (None, n)
        ]
    }


def _interface(interface: Interface) -> dict[str, Any]:
    return {
        "sw_if_index": interface.sw_if_index,
        "name": interface.name,
        "admin_up": interface.admin_up,
        "input_acls": list(interface.input_acls),
        "output_acls": list(interface.output_acls),
    }


def sessions(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show acl-plugin sessions`: times are virtual nanoseconds; verbose, the lists head first."""
    am = rig.machine.am
    by_interface = [
        _session_counts(
            sum(w.session_adds_by_sw_if_index.get(interface.sw_if_index, 0) for w in am.workers),
            sum(w.session_dels_by_sw_if_index.get(interface.sw_if_index, 0) for w in am.workers),
        )
        | {"sw_if_index": interface.sw_if_index, "name": interface.name}
        for interface in am.interfaces
        if interface is not None
    ]
    total = _session_counts(
        sum(counts["added"] for counts in by_interface),
        sum(counts["deleted"] for counts in by_interface),
    )
    return {
        "now": rig.now,
        "total": total,
        "interfaces": by_interface,
        "workers": [_worker(rig, w, "verbose" in parsed.words) for w in am.workers],
        "cleaner": {name: getattr(am.cleaner, name) for name in _CLEANER_FIELDS},
    }


def _session_counts(added: int, deleted: int) -> dict[str, Any]:
    return {"added": added, "deleted": deleted, "live": added - deleted}


def _worker(rig: Rig, worker: Worker, verbose: bool) -> dict[str, Any]:
    data: dict[str, Any] = {name: getattr(worker, name) for name in _WORKER_FIELDS}
    next_expiry = min(worker.head_expiry_time)
    data["next_expiry_time"] = None if next_expiry == NEVER else next_expiry
    data["deleted_sessions"] = worker.cnt_deleted_sessions
    data["session_timers_restarted"] = worker.cnt_session_timer_restarted
    data["lists"] = {}
    for list_id, name in enumerate(rig.machine.am.lists):
        data["lists"][name] = {"length": worker.conn_list_length[list_id]}
        if verbose:
            data["lists"][name]["sessions"] = _list(rig, worker, list_id)
    for place in rig.machine.am.places:
        data["lists"][place.name] = {"length": len(place.slots(worker))}
    if beside := reading.beside(rig.machine.am, worker):
        data["beside"] = {each.name: each.text for each in beside}
    return data


def _list(rig: Rig, worker: Worker, list_id: int) -> list[dict[str, Any]]:
    return [
        asdict(session_view(rig.machine.am, session, position, rig.now))
        for position, session in enumerate(reading.sessions_on(worker, list_id))
    ]
