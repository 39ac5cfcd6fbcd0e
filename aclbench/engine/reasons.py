"""What became of a packet, counted as small integers and put into words when shown.

A **reason** is an int: the kind in the low five bits, which acl node said it, whether an acl node
had seen the packet before, and the rule and ACL, each plus one so that none is 0. Counting one
costs a dictionary update; `reason_text` makes the sentence.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from aclbench.engine.packet import INFO_IP6

Fate = Literal["denied", "permitted", "unchecked", "delivered", "dropped", "not_ip", "malformed"]
FATES: Final[tuple[Fate, ...]] = get_args(Fate)

NO_MATCH: Final = 0
NO_SUCH_ACL: Final = 1
RULE_DENY: Final = 2
TOO_MANY_SESSIONS: Final = 3
#: Kinds up to here are an acl node's "deny".
LAST_DENY: Final = TOO_MANY_SESSIONS
RULE_PERMIT: Final = 4
NEW_SESSION: Final = 5
EXISTING_SESSION: Final = 6
#: Kinds up to here were said by an acl node.
LAST_CHECK: Final = EXISTING_SESSION
UNCHECKED: Final = 7
NO_ROUTE: Final = 8
IP4_OPTIONS: Final = 9
FOR_US: Final = 10
INTERFACE_DOWN: Final = 11
NO_INTERFACE: Final = 12
NOT_IP: Final = 13
MALFORMED: Final = 14
MULTICAST: Final = 15
BROADCAST: Final = 16
SAME_SIDE: Final = 17
CUT: Final = 18
IP4_TOO_SHORT: Final = 19
IP4_BAD_LENGTH: Final = 20

KIND_MASK: Final = 0x1F
NODE_SHIFT: Final = 5
NODE_INPUT: Final = 1 << NODE_SHIFT
NODE_IP6: Final = 1 << 6
#: On a kind that is no check: it was dropped ahead of the acl nodes.
AHEAD: Final = NODE_INPUT
#: On a kind that is no check: an acl node had passed the packet before.
CHECKED: Final = 1 << 7
RULE_SHIFT: Final = 8
ACL_SHIFT: Final = 40
_INDEX_MASK: Final = 0xFFFFFFFF

#: For each kind: the packet's fate, the action that a trace shows (-1: no check), and the words.
KINDS: Final[dict[int, tuple[Fate, int, str]]] = {
    NO_MATCH: ("denied", 0, "no rule matched"),
    NO_SUCH_ACL: ("denied", 0, "no such ACL"),
    RULE_DENY: ("denied", 0, "deny"),
    TOO_MANY_SESSIONS: ("denied", 0, "too many sessions to add new"),
    RULE_PERMIT: ("permitted", 1, "permit"),
    NEW_SESSION: ("permitted", 2, "permit+reflect"),
    EXISTING_SESSION: ("permitted", 3, "existing session"),
    UNCHECKED: ("unchecked", -1, "no ACL applied on its way"),
    NO_ROUTE: ("dropped", -1, "no route"),
    IP4_OPTIONS: ("dropped", -1, "ip4 options"),
    FOR_US: ("delivered", -1, "for the bench itself"),
    INTERFACE_DOWN: ("dropped", -1, "interface is down"),
    NO_INTERFACE: ("dropped", -1, "interface was deleted"),
    NOT_IP: ("not_ip", -1, "not IP"),
    MALFORMED: ("malformed", -1, "malformed"),
    MULTICAST: ("dropped", -1, "multicast"),
    BROADCAST: ("dropped", -1, "broadcast"),
    SAME_SIDE: ("dropped", -1, "both ends on one side"),
    CUT: ("dropped", -1, "cut before the end of its IP header"),
    IP4_TOO_SHORT: ("dropped", -1, "ip4 length < 20 bytes"),
    IP4_BAD_LENGTH: ("dropped", -1, "ip4 length > l2 length"),
}
assert set(KINDS) == set(range(IP4_BAD_LENGTH + 1))
assert IP4_BAD_LENGTH <= KIND_MASK

NODE_NAMES: Final = (
    "acl-plugin-out-ip4-fa",
    "acl-plugin-in-ip4-fa",
    "acl-plugin-out-ip6-fa",
    "acl-plugin-in-ip6-fa",
)


def node_bits(is_input: bool, info: int) -> int:
    """The bits of a reason that say which of the four acl nodes spoke."""
    return (NODE_INPUT if is_input else 0) | (NODE_IP6 if info & INFO_IP6 else 0)


def family_bit(info: int) -> int:
    """The bit of a reason that says which family the packet is of."""
    return NODE_IP6 if info & INFO_IP6 else 0


def with_rule(kind: int, acl_index: int, rule_index: int) -> int:
    """A reason that names an ACL and a rule; -1 for none."""
    return kind | (rule_index + 1) << RULE_SHIFT | (acl_index + 1) << ACL_SHIFT


def node_of(reason: int) -> str:
    """The acl node that said it."""
    return NODE_NAMES[(reason >> NODE_SHIFT) & 3]


def acl_of(reason: int) -> int:
    """The ACL it names, or -1."""
    return (reason >> ACL_SHIFT) - 1


def rule_of(reason: int) -> int:
    """The rule it names, or -1."""
    return ((reason >> RULE_SHIFT) & _INDEX_MASK) - 1


def fate_of(reason: int) -> Fate:
    """What became of a packet whose last reason this is."""
    return KINDS[reason & KIND_MASK][0]


def action_of(reason: int) -> int:
    """The action as VPP traces it: 0 deny, 1 permit, 2 new session, 3 existing; -1 for no check."""
    return KINDS[reason & KIND_MASK][1]


def passed_action(reason: int) -> int:
    """The action of an acl node that let a packet pass; 0 for any other reason."""
    kind = reason & KIND_MASK
    return kind - LAST_DENY if LAST_DENY < kind <= LAST_CHECK else 0


def was_checked(reason: int) -> bool:
    """Whether the packet met at least one acl node."""
    return reason & KIND_MASK <= LAST_CHECK or bool(reason & CHECKED)


def reason_text(reason: int) -> str:
    """The words: one text a kind, and one for each ACL and rule; no node, no session number."""
    words = KINDS[reason & KIND_MASK][2]
    acl_index, rule_index = acl_of(reason), rule_of(reason)
    if rule_index >= 0 and reason & KIND_MASK != TOO_MANY_SESSIONS:
        return f"acl {acl_index} rule {rule_index}: {words}"
    return words
