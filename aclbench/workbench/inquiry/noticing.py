"""Who would notice: packets that meet another fate in one run than in another, by connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.reasons import FATES, KIND_MASK, KINDS, fate_of, reason_text
from aclbench.words import counted
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.keys import key_text

#: So many connections, some of them several times, are put together, in so many slices: they are
#: told apart by the highest bits of their numbers.
_TOGETHER: Final = 1 << 20
_GROUP_SHIFT: Final = np.uint64(60)
_GROUPS: Final = 1 << 4
#: By the kind of a reason.
_FATES_OF_KINDS: Final = np.array(
    [FATES.index(KINDS[kind][0]) if kind in KINDS else 0 for kind in range(KIND_MASK + 1)], np.uint8
)
#: The fates of packets that do not pass.
_ENDED: Final = [FATES.index(fate) for fate in ("denied", "dropped", "malformed")]
#: An odd number with well spread bits: 2**64 divided by the golden ratio.
_MIX: Final = np.uint64(0x9E37_79B9_7F4A_7C15)


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
    """All who would notice: how many packets and connections, and the first so many of these.

    Of the packets so many are `lost`, which pass before and not after, and `gained`: the other way.
    """

    packets: int
    connections: int
    lost: int
    gained: int
    first: tuple[Noticed, ...]

    def to_text(self) -> str:
        """How many, in words."""
        if not self.packets:
            return "nobody would notice"
        packets = counted(self.packets, "packet")
        text = f"{packets} of {counted(self.connections, 'connection')}"
        if self.packets in (self.lost, self.gained):
            return f"{text} {'lost' if self.lost else 'gained'}"
        if self.lost or self.gained:
            return f"{text}: {self.lost:,} lost, {self.gained:,} gained"
        return f"{text} would have another fate"


def fate_text(reason: int) -> str:
    """A packet's fate and why: once, where the one says it all."""
    fate, why = fate_of(reason).replace("_", " "), reason_text(reason)
    return fate if fate == why else f"{fate} ({why})"


class Noticing:
    """Counts the packets that differ, by connection; what it holds is by connection, not by packet.

    A connection is a row of numbers: equal rows are one. They may be of several lengths.
    """

    def __init__(self) -> None:
        self._parts: dict[int, list[_Counted]] = {}
        #: Connections in `_parts`, some several times, and at how many they are put together.
        self._held = 0
        self._limit = _TOGETHER
        self._lost = self._gained = 0

    def note_fates(self, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> None:
        """What became of packets that differ, as `fate_numbers` has it."""
        passes = ~np.isin(before, _ENDED), ~np.isin(after, _ENDED)
        self._lost += int(np.count_nonzero(passes[0] & ~passes[1]))
        self._gained += int(np.count_nonzero(passes[1] & ~passes[0]))

    def adding(self, connections: NDArray[np.int64], place: NDArray[np.int64]) -> Slices[None]:
        """More packets that differ: the connection of each, and its place in the run."""
        part = _counted(connections, place, np.ones(len(place), np.int64))
        self._parts.setdefault(connections.shape[1], []).append(part)
        self._held += len(part.place)
        if self._held > self._limit:
            yield from self._putting_together()
            self._limit = max(_TOGETHER, 2 * self._held)

    def _putting_together(self) -> Slices[None]:
        """Have each connection in one part alone: some of them at a time."""
        for parts in self._parts.values():
            connections, place, packets = map(np.concatenate, zip(*parts, strict=True))
            yield None
            group = _mixed(connections) >> _GROUP_SHIFT
            parts.clear()
            for number in range(_GROUPS):
                rows = np.flatnonzero(group == number)
                if len(rows):
                    parts.append(_counted(connections[rows], place[rows], packets[rows]))
                yield None
        self._held = sum(len(part.place) for parts in self._parts.values() for part in parts)

    def result(self, most: int) -> Slices[Differing]:
        """All of them, the first `most` connections one by one."""
        if not self._parts:
            return Differing(0, 0, 0, 0, ())
        yield from self._putting_together()
        every = [part for parts in self._parts.values() for part in parts]
        place = np.concatenate([part.place for part in every])
        packets = np.concatenate([part.packets for part in every])
        first = np.argpartition(place, most)[:most] if most < len(place) else np.arange(len(place))
        first = first[np.argsort(place[first])]
        both = zip(place[first].tolist(), packets[first].tolist(), strict=True)
        counts = int(packets.sum()), len(place), self._lost, self._gained
        return Differing(*counts, tuple(both))


class Differing(NamedTuple):
    """How many packets and connections differ; of the first connections (place, packets).

    The place is that of the connection's first packet that differs. Else as `Notice`.
    """

    packets: int
    connections: int
    lost: int
    gained: int
    first: tuple[tuple[int, int], ...]

    def told(self, tell: Callable[[int, int], Noticed]) -> Notice:
        """The same with the first ones spelled out, by place and number of packets."""
        return Notice(*self[:-1], tuple(tell(*each) for each in self.first))


class _Counted(NamedTuple):
    """Connections, each with its first packet's place and its number of packets."""

    connections: NDArray[np.int64]
    place: NDArray[np.int64]
    packets: NDArray[np.int64]


def _counted(
    connections: NDArray[np.int64], place: NDArray[np.int64], packets: NDArray[np.int64]
) -> _Counted:
    """Each connection once. Sorted by one number of each, which is far faster than by its row."""
    mixed = _mixed(connections)
    order = np.argsort(mixed)
    ordered = connections.take(order, axis=0)
    differ, mixes = _steps(ordered), _steps(mixed[order])
    if (differ != mixes).any():  # two that have the same number
        order = np.lexsort(connections.T)
        ordered = connections.take(order, axis=0)
        differ = _steps(ordered)
    starts = np.flatnonzero(differ)
    return _Counted(
        ordered.take(starts, axis=0),
        np.minimum.reduceat(place[order], starts) if len(starts) else place,
        np.add.reduceat(packets[order], starts) if len(starts) else packets,
    )


def _mixed(rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number for each row of numbers: equal rows have the same, others hardly ever."""
    mixed = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        mixed = (mixed ^ column.astype(np.uint64)) * _MIX  # what is more than 64 bits is lost
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _steps(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a row is not as the one before."""
    steps = np.ones(len(rows), np.bool_)
    other = rows[1:] != rows[:-1]
    steps[1:] = other if rows.ndim == 1 else other.any(axis=1)
    return steps


def fate_numbers(reasons: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The fates of reasons, as their places in `FATES`."""
    fates: NDArray[np.uint8] = _FATES_OF_KINDS[reasons & KIND_MASK]
    return fates
