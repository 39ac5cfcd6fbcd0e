"""Commands of VPP that aclbench does not have, and what it has instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
_ONE_TABLE: Final = "there is one table a family: `show ip fib`, `show ip6 fib`"
_ROUTES: Final = "`show ip fib` and `show ip6 fib` say where destinations lead"
_PLACEMENT: Final = "see `show interface rx-placement`"
_NO_DEVICES: Final = "interfaces have no device here; see `show interface`"
_MAKING: Final = (
    "`set interface state` makes an interface with any name of a real VPP's, and "
    "`create packet-generator interface` one of the packet generator's"
)
_UNUSED: Final = (
    "nothing here depends on it; `set interface state` and `set interface ip address` are what "
    "interfaces need"
)
_CAPTURING: Final = (
    "`packets` lists what became of each packet, and `trace add` records its way; the command line "
    "writes captures (aclbench replay --write-annotated)"
)
_SENDING: Final = "hosts do not answer here; `send` sends a packet and says what becomes of it"
_API: Final = (
    "there is no binary API here; `set acl-plugin acl` makes an ACL, `set acl-plugin interface` "
    "applies it"
)
_OTHER: Final = "of VPP there is the acl plugin alone here; `help show` lists what can be shown"

#: By the words that a line begins with, all but the last; then the last ones.
_INSTEAD: Final = (
    ("show acl-plugin", "tables", _NO_TABLES),
    ("show acl-plugin", "macip", _NO_MACIP),
    ("show acl-plugin", "decode", "`explain` tells how a packet is read, `show trace` its 5-tuple"),
    (
        "show acl-plugin sessions",
        "thread",
        "`show acl-plugin sessions verbose` lists the sessions of each thread, `sessions` searches "
        "them",
    ),
    ("set acl-plugin", "macip", _NO_MACIP),
    ("delete acl-plugin", "macip", _NO_MACIP),
    ("show", "bridge-domain l2fib l2patch l2xcrw l3xc mode", _NO_BRIDGES),
    ("create", "bridge-domain", _NO_BRIDGES),
    ("set interface", "l2 l3", _NO_BRIDGES),
    ("", "l2fib", _NO_BRIDGES),
    ("show interface", "features feat-bitmap", _FEATURES),
    ("show", "features", _FEATURES),
    ("set interface", "feature", _FEATURES),
    ("show", "hardware-interfaces", "see `show interface` and `show interface address`"),
    ("show interface", "tx-queues", _PLACEMENT),
    ("show interface", "secondary-mac-address span tag", _NO_DEVICES),
    ("show", "frame-queue handoff", _PLACEMENT),
    ("show ip fib", "summary", "`show ip fib` lists the routes"),
    ("show ip6 fib", "summary", "`show ip6 fib` lists the routes"),
    ("show ip fib", "table index", _ONE_TABLE),
    ("show ip6 fib", "table index", _ONE_TABLE),
    ("show", "fib mfib dpo", _ROUTES),
    ("show ip", "mfib path-lists load-balance", _ROUTES),
    ("show ip6", "mfib path-lists load-balance", _ROUTES),
    ("show ip", "neighbors arp", _NO_NEIGHBOURS),
    ("show ip6", "neighbors", _NO_NEIGHBOURS),
    ("show", "adjacency arp neighbors ip4 teib", _NO_NEIGHBOURS),
    ("", "ping", _SENDING),
    ("ip", "neighbor", "`set ip neighbor` is accepted, and not needed"),
    ("set ip", "arp neighbor-config", "`set ip neighbor` is accepted, and not needed"),
    ("show ip", "interface", "see `show interface address`"),
    ("show ip", "table", _ONE_TABLE),
    ("show ip6", "table interface", _ONE_TABLE),
    ("ip", "table", "there is one table a family; `ip route add` adds a route to it"),
    ("ip6", "table", "there is one table a family; `ip route add` adds a route to it"),
    (
        "show",
        "bond host-interface loopback memif af_packet af_xdp soft-rss span tap tun vhost-user "
        "virtio vmxnet3 rdma netmap avf dev ethernet pci lacp lldp dpdk port",
        _NO_DEVICES,
    ),
    (
        "create",
        "loopback host-interface memif sub-interfaces bond tap vhost-user interface vlan",
        _MAKING,
    ),
    ("", "loopback", _MAKING),
    ("delete", "loopback host-interface memif sub-interfaces bond tap interface", _MAKING),
    (
        "set interface",
        "mtu promiscuous unnumbered hw-address name span bond rx-mode tag tx-queue rss",
        _UNUSED,
    ),
    ("show", "node vlib", _NODES),
    ("show errors", "verbose", "`show errors` counts over all threads, `show runtime` each alone"),
    ("show trace", "filter classify", "`packets` takes a filter"),
    ("clear", "node", "see `clear errors` and `clear runtime`"),
    ("clear", "hardware-interfaces counters", "see `clear interfaces`"),
    ("show", "memory buffers bufmon oddbuf physmem", _NO_BUFFERS),
    ("show", "logging event-logger elog syslog", _EVENTS),
    ("clear", "logging event-logger", _EVENTS),
    ("set", "logging", _EVENTS),
    ("", "event-logger elog", _EVENTS),
    ("", "pcap", _CAPTURING),
    (
        "",
        "acl_add_replace acl_add_replace_from_file acl_del acl_dump acl_interface_add_del "
        "acl_interface_set_acl_list acl_interface_list_dump acl_plugin_get_version macip_acl_add "
        "binary-api vat api",
        _API,
    ),
    ("show", "plugins", "see `show version`"),
    ("show", "session", "`show acl-plugin sessions` lists those of the acl plugin"),
    (
        "show",
        "abf adl api arping bfd bier bihash bpf cdp classify cli cnat cop cpu crypto ct6 det44 "
        "dhcp dhcp6 dma dns dslite flow flowprobe gbp geneve gre gso gtpu hash hqos hs http icmp "
        "igmp ikev2 ila ioam ip4-full-reassembly ip4-sv-reassembly ip6-full-reassembly "
        "ip6-sv-reassembly ipfix ipip ipsec l2tpv3 lb lcp linux-nl lisp llc macro map mdata mpls "
        "mactime mss-clamp nat nat44 nat64 nat66 nsh nsim one osi perfmon pipe pnat policer pot "
        "pppoe prom punt pvti qos quic replicate rpf sasc sctp segment-manager selog sfdp sflow "
        "snap snort sr srtp statistics stn svm svs tcp time-range tls transport udp unix upf urpf "
        "vcl vrrp vxlan vxlan-gbp vxlan-gpe vxlan6 wireguard",
        _OTHER,
    ),
)
_PATHS: Final = tuple(
    ((*begin.split(), word), instead)
    for begin, words, instead in _INSTEAD
    for word in words.split()
)


def words_behind(words: Sequence[str], starts: Sequence[str]) -> Sequence[str] | None:
    """What follows in a line that begins with words, each of which may be shortened; else None."""
    begins = len(words) >= len(starts) and all(
        start.startswith(word) for word, start in zip(words, starts, strict=False)
    )
    return words[len(starts) :] if begins else None


def instead_of(line: str, ours: Iterable[Sequence[str]]) -> str:
    """What aclbench has instead of a command of VPP's, in a line; empty where it is none.

    `ours` is how the commands begin that there are. As everywhere, a word may be shortened, but
    one in full counts as itself, and what may be one of ours is.
    """
    words = line.split()
    left = [*_PATHS, *((tuple(begin), "") for begin in ours)]
    said = ""
    for at, word in enumerate(words):
        left = [each for each in left if at < len(each[0]) and each[0][at].startswith(word)]
        exact = [each for each in left if each[0][at] == word]
        left = exact or left
        ended = [each for each in left if len(each[0]) == at + 1]
        if not ended or not (exact or all(instead for _, instead in left)):
            continue
        meant = {instead for _, instead in ended}
        typed = words[: at + 1] if len(ended) > 1 else ended[0][0]
        said = ""
        if len(meant) == 1 and "" not in meant:
            said = f"VPP's `{' '.join(typed)}` is not here: {meant.pop()}"
    return said
