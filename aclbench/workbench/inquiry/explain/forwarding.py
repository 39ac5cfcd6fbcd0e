"""Forwarding explained: the entry that a destination meets, found without touching a cache."""

from __future__ import annotations

from typing import Final

from aclbench.engine.fib import (
    FIB_BROADCAST,
    FIB_FOR_US,
    FIB_MULTICAST,
    FIB_NO_ROUTE,
    Source,
)
from aclbench.engine.main import AclMain
from aclbench.engine.packet import address_text, destination, unpack_key
from aclbench.engine.reasons import (
    BROADCAST,
    FOR_US,
    INTERFACE_DOWN,
    MULTICAST,
    NO_INTERFACE,
    NO_ROUTE,
)
from aclbench.workbench.inquiry.explain.tree import ForwardingPart

_ENDS: Final[dict[int, tuple[int, str]]] = {
    FIB_NO_ROUTE: (NO_ROUTE, "no route"),
    FIB_FOR_US: (FOR_US, "for the bench itself"),
    FIB_MULTICAST: (MULTICAST, "multicast, which is not forwarded"),
    FIB_BROADCAST: (BROADCAST, "broadcast, which is not forwarded"),
}


def forward(am: AclMain, key: bytes) -> tuple[ForwardingPart, int, int | None]:
    """Where a packet goes: the part, the tx interface or -1, and the reason if it is dropped."""
    five = unpack_key(key)
    entry = am.fib.entry_for(destination(key))
    tx = entry.sw_if_index if entry is not None else FIB_NO_ROUTE
    prefix, via, name = "", "", ""
    if entry is not None:
        prefix = f"{address_text(entry.prefix.address, five.is_ip6)}/{entry.prefix.length}"
        via = "an added route" if entry.source == Source.CLI else "an interface address"
        via = entry.via if entry.via == "never forwarded" else via
    reason: int | None
    if tx < 0:
        reason, outcome = _ENDS[tx]
    else:
        interface = am.interfaces[tx]
        name = interface.name if interface is not None else ""
        reason, outcome = None, "forwarded"
        if interface is None or interface.deleted:
            reason, outcome = NO_INTERFACE, "the interface was deleted"
        elif not interface.admin_up:
            reason, outcome = INTERFACE_DOWN, "the interface is down"
    part = ForwardingPart(address_text(five.dst, five.is_ip6), prefix, via, name, outcome)
    return part, tx if reason is None else -1, reason
