"""The terms of a filter: each says one thing of one field of a packet or session.

A term looks at the value of its field alone, so whoever has many packets asks once for each value
that there is. `text` is how it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, ClassVar, Final, Literal, Protocol

from aclbench.engine.packet import (
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    KEY4_SIZE,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
)
from aclbench.engine.reasons import fate_of
from aclbench.workbench.filters.names import Kind
from aclbench.workbench.views.keys import key_text
from aclbench.workbench.views.packets import FLAG_LETTERS
from aclbench.workbench.views.verdict import reason_words

#: The fields that there are: `way` is the pair of rx and tx sw_if_index (-1: none); a session's is
#: its interface and -1. `info` has the TCP flags as a packet's info word does.
Field = Literal["key", "info", "reason", "conn", "way", "thread", "class"]

#: Protocols that have a name.
PROTOCOLS: Final[dict[str, frozenset[int]]] = {
    "tcp": frozenset({PROTO_TCP}),
    "udp": frozenset({PROTO_UDP}),
    "icmp": frozenset({PROTO_ICMP, PROTO_ICMP6}),
    "icmp6": frozenset({PROTO_ICMP6}),
}


class Term(Protocol):
    """What a filter is made of."""

    field: ClassVar[Field]
    #: What it can be asked of.
    kinds: ClassVar[tuple[Kind, ...]]

    @property
    def text(self) -> str:
        """How it is written."""

    def holds(self, value: Any) -> bool:
        """Whether it holds of a value of its field."""


@dataclass(frozen=True, slots=True)
class FateTerm:
    """What became of a packet."""

    fate: str
    field: ClassVar[Field] = "reason"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets",)

    @property
    def text(self) -> str:
        return self.fate.replace("_", "-")

    def holds(self, value: int) -> bool:
        return fate_of(value) == self.fate


@dataclass(frozen=True, slots=True)
class ReasonTerm:
    """A text in the reason of a packet's fate, or in the name of the node that gave it."""

    part: str
    field: ClassVar[Field] = "reason"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets",)

    @property
    def text(self) -> str:
        return f"reason {quoted(self.part)}"

    def holds(self, value: int) -> bool:
        return self.part.lower() in reason_words(value).lower()


@dataclass(frozen=True, slots=True)
class HostTerm:
    """An address, at either end."""

    packed: bytes
    field: ClassVar[Field] = "key"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        return f"host {ip_address(self.packed)}"

    def holds(self, value: bytes) -> bool:
        size = len(self.packed)
        return _address_size(value) == size and self.packed in (
            value[:size],
            value[size : 2 * size],
        )


@dataclass(frozen=True, slots=True)
class NetTerm:
    """A prefix that either end is in."""

    prefix: IPv4Network | IPv6Network
    field: ClassVar[Field] = "key"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        return f"net {self.prefix}"

    def holds(self, value: bytes) -> bool:
        size = self.prefix.max_prefixlen // 8
        if _address_size(value) != size:
            return False
        shift = self.prefix.max_prefixlen - self.prefix.prefixlen
        bits = int.from_bytes(self.prefix.network_address.packed, "big") >> shift
        return (
            int.from_bytes(value[:size], "big") >> shift == bits
            or int.from_bytes(value[size : 2 * size], "big") >> shift == bits
        )


@dataclass(frozen=True, slots=True)
class PortTerm:
    """A port of TCP or UDP, at either end."""

    port: int
    field: ClassVar[Field] = "key"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        return f"port {self.port}"

    def holds(self, value: bytes) -> bool:
        if not value or value[-2] not in (PROTO_TCP, PROTO_UDP):
            return False
        return self.port.to_bytes(2, "big") in (value[-6:-4], value[-4:-2])


@dataclass(frozen=True, slots=True)
class ProtoTerm:
    """A protocol, by its name or its number."""

    proto: str
    field: ClassVar[Field] = "key"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        return self.proto if self.proto in PROTOCOLS else f"proto {self.proto}"

    def holds(self, value: bytes) -> bool:
        if not value:
            return False
        numbers = PROTOCOLS.get(self.proto)
        return value[-2] == int(self.proto) if numbers is None else value[-2] in numbers


@dataclass(frozen=True, slots=True)
class PartTerm:
    """A part of the connection as it is written."""

    part: str
    field: ClassVar[Field] = "key"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        return f"text {quoted(self.part)}"

    def holds(self, value: bytes) -> bool:
        return self.part.lower() in key_text(value)


@dataclass(frozen=True, slots=True)
class FlagsTerm:
    """TCP flags: these and maybe others, or exactly these. Of a session, all that were seen."""

    flags: int
    exactly: bool = False
    field: ClassVar[Field] = "info"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        letters = (letter for bit, letter in enumerate(FLAG_LETTERS) if self.flags >> bit & 1)
        return f"flags {'=' if self.exactly else ''}{''.join(letters)}"

    def holds(self, value: int) -> bool:
        if not value & INFO_TCP_FLAGS_VALID:
            return False
        has = value & INFO_TCP_FLAGS_MASK
        return has == self.flags if self.exactly else has & self.flags == self.flags


@dataclass(frozen=True, slots=True)
class ConnTerm:
    """The n-th connection of the run, counted by their first packets."""

    conn: int
    field: ClassVar[Field] = "conn"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        return f"conn {self.conn}"

    def holds(self, value: int) -> bool:
        return value == self.conn


@dataclass(frozen=True, slots=True)
class InterfaceTerm:
    """The interface that a packet came in or went out by, or that a session is on."""

    name: str
    sw_if_index: int
    field: ClassVar[Field] = "way"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        return f"interface {self.name}"

    def holds(self, value: tuple[int, int]) -> bool:
        return self.sw_if_index in value


@dataclass(frozen=True, slots=True)
class WorkerTerm:
    """The thread that handled a packet, or owns a session."""

    name: str
    thread_index: int
    field: ClassVar[Field] = "thread"
    kinds: ClassVar[tuple[Kind, ...]] = ("packets", "sessions")

    @property
    def text(self) -> str:
        return f"worker {self.name}"

    def holds(self, value: int) -> bool:
        return value == self.thread_index


@dataclass(frozen=True, slots=True)
class ClassTerm:
    """The class that a session is of now."""

    name: str
    number: int
    field: ClassVar[Field] = "class"
    kinds: ClassVar[tuple[Kind, ...]] = ("sessions",)

    @property
    def text(self) -> str:
        return f"class {self.name}"

    def holds(self, value: int) -> bool:
        return value == self.number


def prefix_of(word: str) -> IPv4Network | IPv6Network:
    """A prefix; bits below its length do not matter. ValueError: it is none."""
    return ip_network(word, strict=False)


def quoted(text: str) -> str:
    """A text as it is typed."""
    return f'"{text}"'


def _address_size(key: bytes) -> int:
    """Bytes of an address in a key; 0 where there is no IP."""
    return 4 if len(key) == KEY4_SIZE else 16 if key else 0
