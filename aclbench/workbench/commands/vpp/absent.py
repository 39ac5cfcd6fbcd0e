"""Commands of VPP that aclbench does not have, and what it has instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_NO_TABLES: Final = (
    "rules are matched in order here, without hash tables; `show acl-plugin acl`, `show acl-plugin "
    "lookup context` and `explain` tell what is matched"
)
_NO_MACIP: Final = "there are no MACIP ACLs here; `show acl-plugin acl` lists the ACLs there are"
_NO_BRIDGES: Final = "there are no bridges here, interfaces are routed: see `show ip fib`"
_NO_BUFFERS: Final = "packets lie in no buffers here, and memory is Python's; see `show threads`"
_NO_NEIGHBOURS: Final = "packets need no neighbours here; `show ip fib` says where they go"
_FEATURES: Final = (
    "the acl nodes are all there is on an interface's way; `show acl-plugin interface` lists its "
    "ACLs"
)
_EVENTS: Final = (
    "nothing is logged here; `events` lists what happened, `play` prints it as it comes"
)
_NODES: Final = "see `show runtime`, `show errors` and `show trace`"
_OTHER: Final = "of VPP there is the acl plugin alone here; `help show` lists what can be shown"

#: By the words that a line begins with; each may be shortened, and the first that fits counts.
_INSTEAD: Final[dict[str, str]] = {
    "show acl-plugin tables": _NO_TABLES,
    "show acl-plugin macip": _NO_MACIP,
    "show acl-plugin decode": "`explain` tells how a packet is read, `show trace` its 5-tuple",
    "show acl-plugin sessions thread": (
        "`show acl-plugin sessions verbose` lists the sessions of each thread, `sessions` searches "
        "them"
    ),
    "set acl-plugin macip": _NO_MACIP,
    "delete acl-plugin macip": _NO_MACIP,
    "show bridge-domain": _NO_BRIDGES,
    "show l2fib": _NO_BRIDGES,
    "show l2patch": _NO_BRIDGES,
    "show l2xcrw": _NO_BRIDGES,
    "show mode": _NO_BRIDGES,
    "create bridge-domain": _NO_BRIDGES,
    "set interface l2": _NO_BRIDGES,
    "show interface features": _FEATURES,
    "show features": _FEATURES,
    "show hardware-interfaces": "see `show interface` and `show interface address`",
    "show interface tx-queues": "see `show interface rx-placement`",
    "show frame-queue": "see `show interface rx-placement`",
    "show ip fib summary": "`show ip fib` lists the routes",
    "show ip6 fib summary": "`show ip6 fib` lists the routes",
    "show ip neighbors": _NO_NEIGHBOURS,
    "show ip6 neighbors": _NO_NEIGHBOURS,
    "show adj": _NO_NEIGHBOURS,
    "show ip interface": "see `show interface address`",
    "show ip table": "there is one table a family: `show ip fib`, `show ip6 fib`",
    "show ip6 table": "there is one table a family: `show ip fib`, `show ip6 fib`",
    "show node": _NODES,
    "show vlib": _NODES,
    "show memory": _NO_BUFFERS,
    "show buffers": _NO_BUFFERS,
    "show physmem": _NO_BUFFERS,
    "show logging": _EVENTS,
    "show event-logger": _EVENTS,
    "show plugins": "see `show version`",
    "show api": _OTHER,
    "show classify": _OTHER,
    "show cpu": _OTHER,
    "show dpdk": _OTHER,
    "show ipsec": _OTHER,
    "show nat44": _OTHER,
    "show pci": _OTHER,
    "show session": _OTHER,
    "show tcp": _OTHER,
    "show udp": _OTHER,
    "show unix": _OTHER,
}


def words_behind(words: Sequence[str], starts: Sequence[str]) -> Sequence[str] | None:
    """What follows in a line that begins with words, each of which may be shortened; else None."""
    begins = len(words) >= len(starts) and all(
        start.startswith(word) for word, start in zip(words, starts, strict=False)
    )
    return words[len(starts) :] if begins else None


def instead_of(line: str) -> str:
    """What aclbench has instead of a command of VPP's, in a line; empty where it is none."""
    words = line.split()
    for path, instead in _INSTEAD.items():
        if words_behind(words, path.split()) is not None:
            return f"VPP's `{path}` is not here: {instead}"
    return ""
