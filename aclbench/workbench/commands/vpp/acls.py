"""VPP's `set`, `delete` and `clear acl-plugin` commands."""

from __future__ import annotations

from typing import Any, Final

from aclbench.engine.acl import ACTION_NAMES, CLI_TAG, AclRule
from aclbench.engine.fib import Prefix
from aclbench.errors import CommandError
from aclbench.workbench.commands.types import PortRange
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.rulenotes import rule_note

# --- rules ----------------------------------------------------------------------------------


def read_rules(parsed: ParsedCommand) -> tuple[AclRule, ...]:
    """The rules of a parsed `set acl-plugin acl`, in order."""
    rules: list[dict[str, Any]] = []
    for item in parsed.path:
        if item.kind == "word" and item.name in ACTION_NAMES:
            rules.append({"is_permit": ACTION_NAMES.index(item.name)})
        elif item.kind == "argument" and rules and item.name not in ("acl-index", "tag"):
            if item.name in rules[-1]:
                raise CommandError(f"rule {len(rules) - 1} says {item.name} twice; once is right")
            rules[-1][item.name] = item.value
    return tuple(_make_rule(number, fields) for number, fields in enumerate(rules))


def _make_rule(number: int, fields: dict[str, Any]) -> AclRule:
    src: Prefix | None = fields.get("src")
    dst: Prefix | None = fields.get("dst")
    if src is not None and dst is not None and src.is_ip6 != dst.is_ip6:
        raise CommandError(f"rule {number}: src and dst are of two families; one rule has one")
    some = src or dst
    is_ip6 = some is not None and some.is_ip6
    src, dst = src or Prefix(0, 0, is_ip6), dst or Prefix(0, 0, is_ip6)
    proto: int = fields.get("proto", 0)
    sport: PortRange = fields.get("sport", PortRange(0, 65535))
    dport: PortRange = fields.get("dport", PortRange(0, 65535))
    value: int = fields.get("tcpflags", 0)
    mask: int = fields.get("mask", 0)
    return AclRule(
        is_permit=fields["is_permit"],
        is_ipv6=is_ip6,
        src=src.address,
        src_prefixlen=src.length,
        dst=dst.address,
        dst_prefixlen=dst.length,
        proto=proto,
        src_port_or_type_first=sport.first,
        src_port_or_type_last=sport.last,
        dst_port_or_code_first=dport.first,
        dst_port_or_code_last=dport.last,
        tcp_flags_value=value,
        tcp_flags_mask=mask,
    )


def set_acl(rig: Rig, parsed: ParsedCommand) -> str:
    """Make an ACL, or replace the rules of one; VPP prints its index.

    Rules that cannot do what they say are noted.
    """
    rules = read_rules(parsed)
    tag = parsed.arguments.get("tag", CLI_TAG)
    index = rig.machine.acl_add_replace(parsed.arguments.get("acl-index"), rules, tag)
    notes = [note for n, rule in enumerate(rules) if (note := rule_note(index, n, rule))]
    return "\n".join([f"ACL index:{index}", *(f"note: {note}" for note in notes)])


def delete_acl(rig: Rig, parsed: ParsedCommand) -> str:
    """Delete an ACL; refused while it is applied."""
    acl_index = parsed.arguments["acl-index"]
    machine = rig.machine
    used = [f"{i.name} input" for i in machine.acl_users(acl_index, is_input=True)]
    used += [f"{i.name} output" for i in machine.acl_users(acl_index, is_input=False)]
    if used:
        raise CommandError(
            f"ACL {acl_index} is applied on {', '.join(used)}; take it off first: "
            f"set acl-plugin interface {used[0]} acl {acl_index} del"
        )
    machine.acl_del(acl_index)
    return f"Deleted ACL index:{acl_index}"


def set_interface_acl(rig: Rig, parsed: ParsedCommand) -> str:
    """Apply an ACL behind those that are there, or take it off."""
    interface, acl_index = parsed.arguments["interface"], parsed.arguments["acl-index"]
    is_input = "input" in parsed.words
    side = "input" if is_input else "output"
    applied: tuple[int, ...] = interface.input_acls if is_input else interface.output_acls
    there = f"{interface.name} {side} has " + (", ".join(map(str, applied)) or "no ACL")
    if "del" in parsed.words:
        if acl_index not in applied:
            raise CommandError(f"ACL {acl_index} is not applied there; {there}")
        applied = rig.machine.acl_lists.without(applied, acl_index)
    else:
        if acl_index in applied:
            raise CommandError(f"ACL {acl_index} is applied there already; {there}")
        applied = (*applied, acl_index)
    rig.machine.set_interface_acls(interface, is_input, applied)
    return ""


# --- sessions -------------------------------------------------------------------------------


def set_timeout(rig: Rig, parsed: ParsedCommand) -> str:
    """Set the idle timeout of a class, for sessions that exist too."""
    wanted = parsed.arguments.get("timeout-class") or "_".join(parsed.words)
    names = [timeout_class.name for timeout_class in rig.machine.am.timeout_classes]
    if wanted not in names:
        design = rig.machine.design.name
        raise CommandError(f"design {design} has no class {wanted}; it has {', '.join(names)}")
    rig.machine.set_session_timeout(names.index(wanted), parsed.arguments["timeout"])
    return ""


def set_max_entries(rig: Rig, parsed: ParsedCommand) -> str:
    """Set how many sessions an interface may have; sessions beyond it stay."""
    rig.machine.am.conn_table_max_entries = parsed.arguments["entries"]
    return ""


def set_skip_extension_header(rig: Rig, parsed: ParsedCommand) -> str:
    """Skip an IPv6 extension header on the way to L4, or do not."""
    am = rig.machine.am
    header = frozenset({parsed.arguments["byte"]})
    skip = parsed.arguments["switch"]
    am.extension_headers = am.extension_headers | header if skip else am.extension_headers - header
    rig.decode_again()
    return ""


def set_match_nonfirst_fragment(rig: Rig, parsed: ParsedCommand) -> str:
    """Whether a non-first fragment matches a rule with ports by its addresses alone."""
    rig.machine.am.l4_match_nonfirst_fragment = parsed.arguments["switch"]
    return ""


def set_reclassify_sessions(rig: Rig, parsed: ParsedCommand) -> str:
    """Whether a packet of a session whose rules have changed is judged anew."""
    rig.machine.am.reclassify_sessions = parsed.arguments["switch"]
    return ""


def enable_counters(rig: Rig, parsed: ParsedCommand) -> str:
    """Count matches by rule, or no more; what was counted stays."""
    rig.machine.am.interface_acl_counters_enabled = "disable" not in parsed.words
    return ""


def clear_sessions(rig: Rig, parsed: ParsedCommand) -> str:
    """Signal the cleaner to clear every interface; it is done as time goes on."""
    rig.machine.clear_sessions()
    return ""


RULE_FORM: Final = (
    "(permit|permit+reflect|deny) {src <rule-prefix:src>|dst <rule-prefix:dst>|proto <proto>"
    "|sport <port-range:sport>|dport <port-range:dport>|tcpflags <byte:tcpflags> mask <byte:mask>}"
)
GROUP: Final = "ACLs and sessions"
COMMANDS: Final = (
    Command(
        "set acl-plugin acl [index <acl-index>] <rule> {, <rule>} [tag <tag>]",
        set_acl,
        "make an ACL, or replace the rules of one",
        group=GROUP,
    ),
    Command(
        "delete acl-plugin acl index <acl-index>",
        delete_acl,
        "delete an ACL that is not applied",
        group=GROUP,
    ),
    Command(
        "set acl-plugin interface <interface> (input|output) acl <acl-index> [del]",
        set_interface_acl,
        "apply an ACL on one side of an interface, or take it off",
        group=GROUP,
    ),
    Command(
        "set acl-plugin session timeout "
        "((udp idle)|(tcp (idle|transient))|<timeout-class>) <timeout>",
        set_timeout,
        "set the idle timeout of a class of sessions",
        group=GROUP,
    ),
    Command(
        "set acl-plugin session table max-entries <entries>",
        set_max_entries,
        "set how many sessions an interface may have",
        group=GROUP,
    ),
    Command(
        "set acl-plugin skip-ipv6-extension-header <byte> <switch>",
        set_skip_extension_header,
        "skip an IPv6 extension header on the way to L4, or not",
        group=GROUP,
    ),
    Command(
        "set acl-plugin l4-match-nonfirst-fragment <switch>",
        set_match_nonfirst_fragment,
        "match non-first fragments on addresses and protocol alone",
        group=GROUP,
    ),
    Command(
        "set acl-plugin reclassify-sessions <switch>",
        set_reclassify_sessions,
        "judge packets of sessions anew whose rules have changed",
        "A session keeps the policy epoch of its making, which each change of that direction's\n"
        "rules or list counts up. A packet of the direction that made it, with another epoch,\n"
        "deletes it and is matched; packets the other way never look.",
        group=GROUP,
    ),
    Command(
        "acl_stats_intf_counters_enable [disable]",
        enable_counters,
        "count packets and bytes by the rule that matches them",
        "VPP has this in its API alone. show acl-plugin acl verbose shows the counters; those of\n"
        "an ACL that is replaced begin at 0. A packet of an existing session matches no rule.",
        group=GROUP,
    ),
    Command(
        "clear acl-plugin sessions",
        clear_sessions,
        "clear the sessions of every interface",
        group=GROUP,
    ),
)
