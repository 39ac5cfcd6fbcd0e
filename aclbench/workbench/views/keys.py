"""Session keys for people: ends and protocol as text, and what a connection has in common."""

from __future__ import annotations

from typing import Final

from aclbench.engine.packet import (
    KEY4_SIZE,
    KEY_SLOWPATH,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    address_text,
    unpack_key,
)

_PROTO_NAMES: Final = {PROTO_ICMP: "icmp", PROTO_TCP: "tcp", PROTO_UDP: "udp", PROTO_ICMP6: "icmp6"}


def connection_text(src: str, sport: int, dst: str, dport: int, proto: int) -> str:
    """`10.0.0.2:1234 > 192.168.0.2:80 tcp`; ICMP shows type and code, others no ports."""
    return "{} > {} {}".format(*connection_texts(src, sport, dst, dport, proto))


def connection_texts(
    src: str, sport: int, dst: str, dport: int, proto: int
) -> tuple[str, str, str]:
    """The same as both ends and the protocol."""
    name = _PROTO_NAMES.get(proto, f"proto {proto}")
    if proto in (PROTO_TCP, PROTO_UDP):
        src = f"[{src}]:{sport}" if ":" in src else f"{src}:{sport}"
        dst = f"[{dst}]:{dport}" if ":" in dst else f"{dst}:{dport}"
    elif proto in (PROTO_ICMP, PROTO_ICMP6):
        name = f"{name} type {sport} code {dport}"
    return src, dst, name


def key_text(key: bytes) -> str:
    """A session key as a connection; empty for a packet that is not IP."""
    return "{} > {} {}".format(*key_texts(key)) if key else ""


def key_texts(key: bytes) -> tuple[str, str, str]:
    """A session key as both ends and the protocol; all empty for a packet that is not IP."""
    if not key:
        return "", "", ""
    five = unpack_key(key)
    return connection_texts(
        address_text(five.src, five.is_ip6),
        five.sport,
        address_text(five.dst, five.is_ip6),
        five.dport,
        five.proto,
    )


def connection_of(key: bytes) -> bytes:
    """What all packets of a connection have in common: both ends in one order, and the protocol.

    Type and code of ICMP are no part of it, so that a reply belongs to its request; empty where
    there is no IP.
    """
    if not key:
        return b""
    size = 4 if len(key) == KEY4_SIZE else 16
    src, dst, proto = key[:size], key[size : 2 * size], key[-2:-1]
    if key[-1] & KEY_SLOWPATH:
        return min(src, dst) + max(src, dst) + bytes(4) + proto
    one, other = (src, key[-6:-4]), (dst, key[-4:-2])
    low, high = min(one, other), max(one, other)
    return low[0] + high[0] + low[1] + high[1] + proto
