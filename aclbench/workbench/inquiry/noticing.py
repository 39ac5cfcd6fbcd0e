"""Who would notice: packets that meet another fate in one run than in another, by connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.reasons import FATES, fate_of, reason_text
from aclbench.words import counted
from aclbench.workbench.views.keys import connection_of, key_text


class Noticed(NamedTuple):
    """A connection of which at least one packet meets another fate.

    The others describe the first such packet: its place in the run (from 0), its number, when it
    arrived (ns), and why it met its fate in either run (see `engine.reasons`).
    """

    key: bytes
    packets: int
    place: int
    number: int
    time: int
    before: int
    after: int

    def to_json(self, name: str, started: int) -> dict[str, Any]:
        """Plain values; `name` is the packet's, `started` when the run began."""
        return {
            "connection": key_text(self.key) or None,
            "packets": self.packets,
            "first": name,
            "time_ns": self.time - started,
            "before": {"fate": fate_of(self.before), "reason": reason_text(self.before)},
            "after": {"fate": fate_of(self.after), "reason": reason_text(self.after)},
        }

    def to_text(self, name: str) -> str:
        """A line: who, how many packets, and what became of the first."""
        who = key_text(self.key) or "what is no IP"
        return (
            f"{who}: {counted(self.packets, 'packet')}, first packet {name}: "
            f"{fate_text(self.before)} > {fate_text(self.after)}"
        )

    def to_report(self, name: str) -> str:
        """A line of one run alone: who, how many packets, and why the first met its fate."""
        who = key_text(self.key) or "what is no IP"
        packets = counted(self.packets, "packet")
        return f"{who}: {packets}, first packet {name}: {fate_text(self.before)}"


class Notice(NamedTuple):
    """All who would notice: how many packets and connections, and the first so many of these."""

    packets: int
    connections: int
    first: tuple[Noticed, ...]

    def to_text(self) -> str:
        """How many, in words."""
        if not self.packets:
            return "nobody would notice"
        packets = counted(self.packets, "packet")
        return f"{packets} of {counted(self.connections, 'connection')} would have another fate"


def fate_text(reason: int) -> str:
    """A packet's fate and why: once, where the one says it all."""
    fate, why = fate_of(reason).replace("_", " "), reason_text(reason)
    return fate if fate == why else f"{fate} ({why})"


class _Met(NamedTuple):
    place: int
    number: int
    time: int
    before: int
    after: int


class Noticing:
    """Collects the packets that differ, in order; what it holds is by connection, not by packet.

    Keys are in any form in which equal ones are equal; `key_of` makes the engine's of one.
    """

    def __init__(self, key_of: Callable[[bytes], bytes] = bytes) -> None:
        self._key_of = key_of
        self._packets: Counter[bytes] = Counter()
        self._first: dict[bytes, _Met] = {}

    def add(
        self,
        keys: Sequence[bytes],
        place: NDArray[np.int64],
        number: NDArray[np.int64],
        time: NDArray[np.int64],
        before: NDArray[np.int64],
        after: NDArray[np.int64],
    ) -> None:
        """More packets that differ, a row each; see `Noticed`."""
        self._packets.update(keys)
        rows = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
        for key, row in rows.items():
            if key not in self._first:
                columns = (place, number, time, before, after)
                self._first[key] = _Met(*(int(column[row]) for column in columns))

    def result(self, most: int) -> Notice:
        """All of them; the first `most` connections one by one."""
        found: dict[bytes, Noticed] = {}
        for raw, met in self._first.items():
            key = self._key_of(raw)
            conn, packets = connection_of(key), self._packets[raw]
            other = found.get(conn)
            if other is not None:
                packets += other.packets
                if other.place < met.place:
                    found[conn] = other._replace(packets=packets)
                    continue
            found[conn] = Noticed(key, packets, *met)
        ordered = sorted(found.values(), key=lambda noticed: noticed.place)
        return Notice(self._packets.total(), len(found), tuple(ordered[:most]))


def fate_numbers(reasons: Sequence[int]) -> NDArray[np.uint8]:
    """The fates of reasons, as numbers."""
    return np.array([FATES.index(fate_of(reason)) for reason in reasons], np.uint8)
