"""The configuration of a bench as command lines that make it again on a fresh one.

Only what differs from a fresh bench is written. Indices are free where something was deleted: what
fills them in the meantime is made, and deleted again in the same order. Sessions, counters and the
clock are no configuration, and neither is how many interfaces there have been.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from aclbench.engine.acl import ACTION_NAMES, CLI_TAG, AclRule
from aclbench.engine.fib import Source
from aclbench.engine.machine import Machine
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.packet import address_text
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.errors import CommandError
from aclbench.files import unwritable, write_whole
from aclbench.workbench.grammar.lines import as_typed
from aclbench.workbench.rig.names import is_real_name
from aclbench.workbench.rig.rig import Rig

SUFFIX = ".cli"


def save_configuration(rig: Rig, path: Path) -> None:
    """Write the lines to a file, atomically. CommandError: it cannot be written."""
    text = "".join(line + "\n" for line in configuration_lines(rig))
    with unwritable(path, CommandError):
        write_whole(path, text)


def configuration_lines(rig: Rig) -> list[str]:
    """The lines; run on a fresh bench with as many workers they make the same configuration."""
    am = rig.machine.am
    there = [i for i in am.interfaces if i is not None and not i.deleted]
    fillers = _names_for_gaps(am, there)
    return [
        f"# for a bench with {am.n_workers} worker{'s'[: am.n_workers != 1]}",
        *_bench_lines(rig),
        *_interface_lines(am, there, fillers),
        *_route_lines(am),
        *_acl_lines(am),
        *_applied_lines(am, there),
        *(f"delete packet-generator interface {fillers[n]}" for n in am.free_sw_if_indices),
    ]


# --- the parts ------------------------------------------------------------------------------


def _bench_lines(rig: Rig) -> Iterator[str]:
    """Settings, where they are not those of a fresh bench."""
    am, fresh = rig.machine.am, Machine(0, rig.machine.am.host, rig.machine.design).am
    # Always: how a bench is made says one or the other.
    yield f"placement {'flow' if am.flow_placement else 'interface'}"
    if am.max_deleted_sessions_per_interval != fresh.max_deleted_sessions_per_interval:
        yield f"set bench quantum {am.max_deleted_sessions_per_interval}"
    waits = [("wait-min", am.wait_interval_min), ("wait-max", am.wait_interval_max)]
    if am.wait_interval_min > fresh.wait_interval_max:
        waits.reverse()  # the lower bound never stands above the upper one
    default = {"wait-min": fresh.wait_interval_min, "wait-max": fresh.wait_interval_max}
    for name, wait in waits:
        if wait != default[name]:
            yield f"set bench {name} {wait}ns"
    for number, timeout_class in enumerate(am.timeout_classes):
        timeout = am.session_timeout[number] // NS_PER_SEC
        if timeout != timeout_class.idle_s:
            yield f"set acl-plugin session timeout {timeout_class.words} {timeout}"
    if am.conn_table_max_entries != fresh.conn_table_max_entries:
        yield f"set acl-plugin session table max-entries {am.conn_table_max_entries}"
    for header in sorted(am.extension_headers ^ fresh.extension_headers):
        skip = int(header in am.extension_headers)
        yield f"set acl-plugin skip-ipv6-extension-header {header} {skip}"
    if not am.l4_match_nonfirst_fragment:
        yield "set acl-plugin l4-match-nonfirst-fragment 0"
    if am.reclassify_sessions:
        yield "set acl-plugin reclassify-sessions 1"
    if am.interface_acl_counters_enabled:
        yield "acl_stats_intf_counters_enable"


def _names_for_gaps(am: AclMain, there: list[Interface]) -> dict[int, str]:
    """A name for each index of a deleted interface, from the highest names down."""
    names = {interface.name for interface in there}
    unused = (name for n in count() if (name := f"pg{99999 - n}") not in names)
    return dict(zip(sorted(am.free_sw_if_indices), unused, strict=False))


def _interface_lines(am: AclMain, there: list[Interface], fillers: dict[int, str]) -> Iterator[str]:
    by_index = {interface.sw_if_index: interface for interface in there}
    for sw_if_index in range(len(am.interfaces)):
        interface = by_index.get(sw_if_index)
        if interface is None:
            yield f"create packet-generator interface {fillers[sw_if_index]}"
            continue
        name = interface.name
        if is_real_name(name):
            yield f"set interface state {name} down"
        elif sw_if_index:
            yield f"create packet-generator interface {name}"
        if interface.mac:
            yield f"set interface mac address {name} {interface.mac}"
        for address, length, is_ip6 in interface.addresses:
            yield f"set interface ip address {name} {address_text(address, is_ip6)}/{length}"
        # Round robin, the first one behind local0 on thread 1.
        default = 1 + (sw_if_index - 1) % am.n_workers if am.n_workers and sw_if_index else 0
        if interface.rx_thread != default:
            yield f"set interface rx-placement {name} worker {interface.rx_thread - 1}"
        if interface.admin_up:
            yield f"set interface state {name} up"


def _route_lines(am: AclMain) -> Iterator[str]:
    for entry in am.fib.entries:
        if entry.source == Source.CLI:
            prefix = entry.prefix
            address = address_text(prefix.address, prefix.is_ip6)
            yield f"ip route add {address}/{prefix.length} via {entry.via}"


def _acl_lines(am: AclMain) -> Iterator[str]:
    for acl_index in range(len(am.acls) + len(am.free_acl_indices)):
        acl = am.acls.get(acl_index)
        if acl is None:
            yield "set acl-plugin acl deny"
            continue
        tag = "" if acl.tag == CLI_TAG else f" tag {as_typed(acl.tag)}"
        yield f"set acl-plugin acl {', '.join(map(_rule, acl.rules))}{tag}"
    for acl_index in am.free_acl_indices:
        yield f"delete acl-plugin acl index {acl_index}"


def _rule(rule: AclRule) -> str:
    """A rule as it is typed."""
    words = [ACTION_NAMES[rule.is_permit]]
    words.append(f"src {address_text(rule.src, rule.is_ipv6)}/{rule.src_prefixlen}")
    words.append(f"dst {address_text(rule.dst, rule.is_ipv6)}/{rule.dst_prefixlen}")
    words.append(f"proto {rule.proto}")
    ports = (
        ("sport", rule.src_port_or_type_first, rule.src_port_or_type_last),
        ("dport", rule.dst_port_or_code_first, rule.dst_port_or_code_last),
    )
    words += [f"{name} {a}-{b}" for name, a, b in ports if (a, b) != (0, 65535)]
    if rule.tcp_flags_mask or rule.tcp_flags_value:
        words.append(f"tcpflags {rule.tcp_flags_value} mask {rule.tcp_flags_mask}")
    return " ".join(words)


def _applied_lines(am: AclMain, there: list[Interface]) -> Iterator[str]:
    """In the order of the lookup contexts, so that they are numbered alike."""
    by_index = {interface.sw_if_index: interface for interface in there}
    for context in am.shown.lookup_contexts:
        if context is None:
            continue
        interface, is_input = by_index[context[0]], context[1]
        side = "input" if is_input else "output"
        for acl_index in interface.input_acls if is_input else interface.output_acls:
            yield f"set acl-plugin interface {interface.name} {side} acl {acl_index}"
