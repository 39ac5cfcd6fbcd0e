"""Matches a packet against the ACLs of an interface: first match wins.

Source: `multi_acl_match_5tuple` and `single_acl_match_5tuple` in VPP's acl plugin as of the 2017
multicore commit.
"""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from aclbench.engine.acl import DENY, PERMIT, AclRule
from aclbench.engine.main import AclMain
from aclbench.engine.packet import (
    INFO_L4_VALID,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    FiveTuple,
    unpack_key,
)
from aclbench.engine.reasons import (
    NEW_SESSION,
    NO_MATCH,
    NO_SUCH_ACL,
    RULE_DENY,
    RULE_PERMIT,
    with_rule,
)
from aclbench.engine.worker import Worker


@mypyc_attr(free_list_len=1, acyclic=True)
class AclMatch:
    """A match under way: one rule of one ACL at a time."""

    def __init__(self, acl_indices: tuple[int, ...], key: bytes, info: int) -> None:
        self.acl_indices: tuple[int, ...] = acl_indices
        self.five: FiveTuple = unpack_key(key)
        self.info: int = info
        self.position: int = 0
        self.rule_index: int = 0
        #: The rules of the ACL in hand as they were last read.
        self.rules: tuple[AclRule, ...] | None = None
        #: The outcome, once there is one.
        self.reason: int = NO_MATCH


@mypyc_attr(allow_interpreted_subclasses=True)
class RuleCheck:
    """Checks one rule against one packet. A design may replace this part."""

    def takes(self, rule: AclRule) -> bool:
        """Whether there may be such a rule: none of which no address can be."""
        return not rule.has_host_bits()

    def mismatch(
        self, rule: AclRule, five: FiveTuple, info: int, l4_match_nonfirst_fragment: bool
    ) -> str | None:
        """The first field of `rule` that this packet does not match; None if the rule matches."""
        if rule.is_ipv6 != five.is_ip6:
            return "family"
        if five.dst & rule.dst_mask != rule.dst:
            return "dst"
        if five.src & rule.src_mask != rule.src:
            return "src"
        if rule.proto == 0:
            return None
        if rule.proto != five.proto:
            return "proto"
        if info & INFO_NONFIRST_FRAGMENT and l4_match_nonfirst_fragment:
            return None
        if not info & INFO_L4_VALID:
            return "l4"
        if not rule.src_port_or_type_first <= five.sport <= rule.src_port_or_type_last:
            return "sport"
        if not rule.dst_port_or_code_first <= five.dport <= rule.dst_port_or_code_last:
            return "dport"
        flags_differ = (info & INFO_TCP_FLAGS_MASK & rule.tcp_flags_mask) != rule.tcp_flags_value
        if info & INFO_TCP_FLAGS_VALID and flags_differ:
            return "tcpflags"
        return None


@mypyc_attr(allow_interpreted_subclasses=True)
class Matching:
    """Goes through the ACLs of an interface. A design may replace this part."""

    def __init__(self, am: AclMain, rule_check: RuleCheck) -> None:
        self.am: AclMain = am
        self.rule_check: RuleCheck = rule_check

    def match_rule(self, worker: Worker, match: AclMatch, now: int) -> bool:
        """Check the next rule against the packet. True once the match has its outcome.

        An ACL's rules are read anew for each rule, as the document's loop does: a packet can be
        judged by old rules and then by new ones.
        """
        am = self.am
        if match.position >= len(match.acl_indices):
            match.reason = with_rule(NO_MATCH, -1, -1)
            return True
        acl_index = match.acl_indices[match.position]
        acl = am.acls.get(acl_index)
        if acl is None:
            match.reason = with_rule(NO_SUCH_ACL, acl_index, -1)
            return True
        rules = acl.rules
        if match.rules is not rules:
            if match.rules is not None:
                worker.cnt_rules_replaced += 1
                am.tell.rules_replaced(worker, acl_index, match.rule_index, now)
            match.rules = rules
        rule_index = match.rule_index
        if rule_index >= len(rules):
            match.position += 1
            match.rule_index = 0
            match.rules = None
            return False
        rule = rules[rule_index]
        field = self.rule_check.mismatch(
            rule, match.five, match.info, am.l4_match_nonfirst_fragment
        )
        if am.tell.tracer is not None:
            am.tell.rule_tried(worker, acl_index, rule_index, rule, field, now)
        if field is not None:
            match.rule_index = rule_index + 1
            return False
        if rule.is_permit == DENY:
            kind = RULE_DENY
        else:
            kind = RULE_PERMIT if rule.is_permit == PERMIT else NEW_SESSION
        match.reason = with_rule(kind, acl_index, rule_index)
        return True
