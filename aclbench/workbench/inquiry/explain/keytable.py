"""What the keys of a run's packets have to do with each other, for many keys at once.

Keys go by their numbers, in which they were met (`history.packets.KeyNumbers`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.packet import (
    INFO_ICMP,
    KEY4_SIZE,
    KEY6_SIZE,
    KEY_IS_INPUT,
    KEY_SLOWPATH,
    PROTO_UDP,
    request_key,
)
from aclbench.workbench.history.packets import KeyNumbers
from aclbench.workbench.inquiry.explain.keys import hosts, mirror
from aclbench.workbench.tasks import Slices

Numbers: TypeAlias = NDArray[np.int64]

#: No key.
NO_KEY: Final = -1
#: Keys that are looked at in a slice.
KEYS_AT_ONCE: Final = 16_384


def opener_key(key: bytes) -> bytes:
    """The key, on ingress, of the packet the other way that would open a session for this one.

    Empty: there is no such packet (ICMP that answers nothing).
    """
    if not key or not key[-1] & KEY_IS_INPUT:
        return mirror(key, 0) if key else b""
    request = request_key(key)
    return mirror(request, INFO_ICMP) if request is not None else b""


class KeyTable:
    """Of each key its protocol; of some its opener, and who else came from the end it goes to."""

    def __init__(self, numbers: KeyNumbers) -> None:
        self._numbers = numbers
        count = len(numbers.keys)
        self.proto = np.zeros(count, np.int64)
        #: The number of the opener's key.
        self.opener = np.full(count, NO_KEY, np.int64)
        #: UDP: the first key that comes from the end that this one goes to.
        self.from_target = np.full(count, NO_KEY, np.int64)
        #: Hosts, and a protocol, that a key without ports is between, with their numbers. Of such
        #: a key its hosts' number (`whole`), and of the keys with ports between them (`whole_of`).
        self.hosts: dict[bytes, int] = {}
        self.whole = np.full(count, NO_KEY, np.int64)
        self.whole_of = np.full(count, NO_KEY, np.int64)

    def fill(self, wanted: Numbers) -> Slices[None]:
        """Look at all keys, and find what belongs to the wanted ones."""
        is_wanted = np.zeros(len(self.proto), np.bool_)
        is_wanted[wanted] = True
        ends: dict[int, list[tuple[Numbers, NDArray[np.uint8]]]] = {KEY4_SIZE: [], KEY6_SIZE: []}
        for begin in range(0, len(self.proto), KEYS_AT_ONCE):
            keys = self._numbers.keys[begin : begin + KEYS_AT_ONCE]
            sizes = np.fromiter(map(len, keys), np.int64, len(keys))
            for size, udp in ends.items():
                at = np.flatnonzero(sizes == size)
                if not len(at):
                    continue
                joined = b"".join(keys) if len(at) == len(keys) else _joined(keys, at)
                table = np.frombuffer(joined, np.uint8).reshape(-1, size)
                numbers = at + begin
                self.proto[numbers] = table[:, -2]
                self._find_openers(numbers, table, is_wanted[numbers])
                is_udp = table[:, -2] == PROTO_UDP
                udp.append((numbers[is_udp], table[is_udp]))
            yield None
        for size, parts in ends.items():
            if parts:
                numbers = np.concatenate([part[0] for part in parts])
                yield None
                self._find_ends(numbers, np.concatenate([part[1] for part in parts]), size)
                yield None
        yield from self._find_wholes(wanted)

    def _find_openers(self, numbers: Numbers, table: NDArray[np.uint8], wanted: object) -> None:
        found = self._numbers.number_of
        is_icmp = (table[:, -1] & KEY_IS_INPUT) != 0
        plain = np.flatnonzero(wanted & ~is_icmp)
        size = table.shape[1]
        address = (size - 6) // 2
        order = [*range(address, 2 * address), *range(address), -4, -3, -6, -5, -2, -1]
        mirrors = np.ascontiguousarray(table[plain][:, order]).view(f"V{size}").ravel().tolist()
        self.opener[numbers[plain]] = _numbers_of(map(found, mirrors), len(plain))
        icmp = np.flatnonzero(wanted & is_icmp)
        openers = (opener_key(table[row].tobytes()) for row in icmp.tolist())
        self.opener[numbers[icmp]] = _numbers_of(
            (found(key) if key else None for key in openers), len(icmp)
        )

    def _find_ends(self, numbers: Numbers, table: NDArray[np.uint8], size: int) -> None:
        """Both ends of each UDP key as one value; equal ones are found by sorting."""
        address = (size - 6) // 2
        come = _ends(table, [*range(address), size - 6, size - 5])
        go = _ends(table, [*range(address, 2 * address), size - 4, size - 3])
        known, first = np.unique(come, return_index=True)
        if not len(known):
            return
        at = np.minimum(np.searchsorted(known, go), len(known) - 1)
        is_there = known[at] == go
        self.from_target[numbers[is_there]] = numbers[first[at[is_there]]]

    def _find_wholes(self, wanted: Numbers) -> Slices[None]:
        keys, known = self._numbers.keys, self.hosts
        for begin in range(0, len(wanted), KEYS_AT_ONCE):
            for number in wanted[begin : begin + KEYS_AT_ONCE].tolist():
                if keys[number] and not _has_l4(keys[number]):
                    self.whole[number] = known.setdefault(hosts(keys[number]), len(known))
            yield None
        for begin in range(0, len(keys) if known else 0, KEYS_AT_ONCE):
            for number, key in enumerate(keys[begin : begin + KEYS_AT_ONCE], begin):
                if key and _has_l4(key):
                    self.whole_of[number] = known.get(hosts(key), NO_KEY)
            yield None


def _joined(keys: list[bytes], at: Numbers) -> bytes:
    return b"".join([keys[index] for index in at.tolist()])


def _has_l4(key: bytes) -> bool:
    """Whether a packet with this key had ports, or an L4 of another kind, to be read."""
    return any(key[-6:-2]) or bool(key[-1] & KEY_SLOWPATH)


def _ends(table: NDArray[np.uint8], columns: list[int]) -> NDArray[Any]:
    """These bytes of each row as one value that can be sorted: a number, or bytes."""
    part = table[:, columns]
    if len(columns) <= 8:
        wide = np.zeros((len(part), 8), np.uint8)
        wide[:, 8 - len(columns) :] = part
        return wide.view(np.dtype(">u8")).ravel().astype(np.uint64)
    return np.ascontiguousarray(part).view(f"S{len(columns)}").ravel()


def _numbers_of(found: Iterable[int | None], count: int) -> Numbers:
    return np.fromiter((NO_KEY if n is None else n for n in found), np.int64, count)
