"""Session keys and the packets that have them: the other direction, the ends, what is read."""

from __future__ import annotations

from typing import NamedTuple

from aclbench.engine.packet import (
    INFO_ICMP,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    KEY4,
    KEY4_SIZE,
    KEY6,
    KEY_IS_INPUT,
    TCP_ACK,
    TCP_SYN,
    request_key,
)


class Crafted(NamedTuple):
    """A packet as the machine sees it: where it enters, its key there, its info word."""

    rx: int
    key: bytes
    info: int


class End(NamedTuple):
    """One end of a packet: address in network order, port, protocol."""

    address: bytes
    port: int
    proto: int


def mirror(key: bytes, info: int) -> bytes:
    """A key as it looks from the other side: ends swapped; ICMP keeps its type and code."""
    layout = KEY4 if len(key) == KEY4_SIZE else KEY6
    src, dst, sport, dport, proto, flags = layout.unpack(key)
    if info & INFO_ICMP:
        return layout.pack(dst, src, sport, dport, proto, flags ^ KEY_IS_INPUT)
    return layout.pack(dst, src, dport, sport, proto, flags)


def session_keys(key: bytes, info: int) -> tuple[bytes, ...]:
    """Under which keys a packet is looked up where it has this one; its request's first."""
    request = request_key(key) if info & INFO_ICMP else None
    return (key,) if request is None else (request, key)


def source(key: bytes) -> End:
    """The end that a packet comes from, by its key on ingress."""
    layout = KEY4 if len(key) == KEY4_SIZE else KEY6
    src, _, sport, _, proto, _ = layout.unpack(key)
    return End(src, sport, proto)


def target(key: bytes) -> End:
    """The end that it goes to."""
    layout = KEY4 if len(key) == KEY4_SIZE else KEY6
    _, dst, _, dport, proto, _ = layout.unpack(key)
    return End(dst, dport, proto)


def hosts(key: bytes) -> bytes:
    """Both addresses and the protocol, without ports: what a later fragment has."""
    size = 8 if len(key) == KEY4_SIZE else 32
    return key[:size] + key[-2:-1]


def is_fragment(info: int) -> bool:
    """A later fragment, which has no ports."""
    return bool(info & INFO_NONFIRST_FRAGMENT)


def opens(info: int) -> bool:
    """A TCP packet with SYN and without ACK."""
    return bool(info & INFO_TCP_FLAGS_VALID) and info & (TCP_SYN | TCP_ACK) == TCP_SYN


def answers(info: int) -> bool:
    """A TCP packet with SYN and ACK."""
    both = TCP_SYN | TCP_ACK
    return bool(info & INFO_TCP_FLAGS_VALID) and info & both == both


def opener_info(info: int) -> int:
    """The info word of a packet the other way that would open a session: TCP with SYN alone."""
    syn = TCP_SYN if info & INFO_TCP_FLAGS_VALID else 0
    return info & ~INFO_TCP_FLAGS_MASK | syn
