"""A pcapng's sections: their byte order and interfaces, each with a link type, length and clock.

Source: the pcapng specification (draft-ietf-opsawg-pcapng).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct
from typing import Final, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import Damage
from aclbench.capture.walk import BLOCK_TAIL_BYTES

Ints: TypeAlias = NDArray[np.int64]

#: Type and length ahead of a block's body.
BLOCK_HEAD_BYTES: Final = 8

_OPTION_END: Final = 0
_OPTION_NAME: Final = 2
_OPTION_RESOLUTION: Final = 9
_OPTION_OFFSET: Final = 14
_SECOND_NS: Final = 1_000_000_000
#: The last nanosecond that 64 bits hold, in the year 2262; times are kept from 1970 to here.
_LAST_NS: Final = (1 << 63) - 1

_Length = TypeVar("_Length", int, Ints)


def whole_words(length: _Length) -> _Length:
    """A length in bytes, or many of them, rounded up to words of four bytes."""
    return length + 3 & -4


class Clock(NamedTuple):
    """An interface's clock: its units a second, and the seconds to add."""

    units: int = 1_000_000
    offset_s: int = 0

    def time_ns(self, stamps: NDArray[np.uint64]) -> Ints:
        """Nanoseconds since the epoch, rounded down and clamped to 64 bits."""
        stamp_limit = self.units * (_LAST_NS // _SECOND_NS)
        if _SECOND_NS % self.units or self.offset_s or (stamps >= min(stamp_limit, 1 << 63)).any():
            exact = (s * _SECOND_NS // self.units for s in stamps.tolist())
            offset_ns = self.offset_s * _SECOND_NS
            kept = [min(max(ns + offset_ns, 0), _LAST_NS) for ns in exact]
            return np.array(kept, dtype=np.int64)
        return stamps.view(np.int64) * (_SECOND_NS // self.units)


class Interface(NamedTuple):
    """An interface description.

    `snaplen` is 0 for no limit, `name` is empty where none is given.
    """

    link_type: int
    snaplen: int
    clock: Clock
    name: str


@dataclass(eq=False, slots=True)
class Section:
    """A section: its byte order, and the interfaces described so far."""

    order: str
    interfaces: list[Interface] = field(default_factory=list)


def read_interface(order: str, block: bytes) -> Interface:
    """Read an interface description, with the name and clock in its options."""
    link_type, snaplen = Struct(f"{order}H2xI").unpack_from(block, BLOCK_HEAD_BYTES)
    units, offset_s, name = 1_000_000, 0, ""
    at, end = BLOCK_HEAD_BYTES + 8, len(block) - BLOCK_TAIL_BYTES
    option = Struct(f"{order}HH")
    while at + option.size <= end:
        code, size = option.unpack_from(block, at)
        at += option.size
        if code == _OPTION_END or at + size > end:
            break
        if code == _OPTION_NAME:
            name = block[at : at + size].rstrip(b"\0").decode("utf-8", "replace")
        elif code == _OPTION_RESOLUTION and size == 1:
            power = block[at] & 0x7F
            units = 1 << power if block[at] & 0x80 else 10**power
        elif code == _OPTION_OFFSET and size == 8:
            (offset_s,) = Struct(f"{order}q").unpack_from(block, at)
        at += size + (-size & 3)
    return Interface(link_type, snaplen, Clock(units, offset_s), name)


def check_options(order: str, options: bytes) -> None:
    """Raises Damage where an option of a description is longer than what is left of its block."""
    option = Struct(f"{order}HH")
    at = 0
    while at + option.size <= len(options):
        code, size = option.unpack_from(options, at)
        at += option.size
        if code == _OPTION_END:
            return
        if at + size > len(options):
            left = len(options) - at
            raise Damage(f"the block has an option of {size} bytes, and {left} bytes left for it")
        at += whole_words(size)
