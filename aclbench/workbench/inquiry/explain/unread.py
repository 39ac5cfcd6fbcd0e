"""Why no acl node looked at a packet: each reason in a sentence, with what would be right."""

from __future__ import annotations

from typing import Final

from aclbench.engine.reasons import (
    CUT,
    INTERFACE_DOWN,
    IP4_OPTIONS,
    KIND_MASK,
    MALFORMED,
    NO_INTERFACE,
    NOT_IP,
    SAME_SIDE,
)
from aclbench.workbench.rig.rig import Rig

_WHY: Final[dict[int, str]] = {
    NOT_IP: "not IP: it passes the acl plugin unchecked, and is not forwarded",
    MALFORMED: "malformed: a header is cut off or contradicts itself",
    CUT: "the capture ends before its IP header does; the packet itself went on",
    IP4_OPTIONS: "an IPv4 packet with options: ip4-input drops it ahead of the acl nodes",
    SAME_SIDE: "source and destination lie behind one interface: it never came to the firewall",
    NO_INTERFACE: "the interface that it entered was deleted",
}


def why_unread(rig: Rig, reason: int, rx: int) -> str:
    """Why a packet that ended with this reason met no acl node; empty if it could have."""
    kind = reason & KIND_MASK
    if kind == INTERFACE_DOWN:
        interface = rig.machine.am.interfaces[rx]
        if interface is not None and not interface.admin_up:
            return f"{interface.name}, which it entered, is down"
        return ""
    return _WHY.get(kind, "")
