"""Counts of packets and sessions: what each thread says of itself, and sums over all threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aclbench.engine.reasons import FATES, Fate, fate_of, was_checked
from aclbench.engine.worker import Worker


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """Sessions over all threads. `by_list` counts by the list they are linked on."""

    added: int
    deleted: int
    recycled: int
    requeued: int
    live: int
    peak: int
    by_list: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PacketCounts:
    """Packets by fate, each once; `checked` met at least one acl node."""

    read: int
    checked: int
    permitted: int
    denied: int
    delivered: int
    dropped: int
    unchecked: int
    not_ip: int
    malformed: int


class WorkerPart(NamedTuple):
    """What one thread says of itself, at a safe point.

    `reasons` are its packets' last reasons (see `engine.reasons`) and how often.
    """

    added: int
    deleted: int
    recycled: int
    requeued: int
    live: int
    peak: int
    by_list: tuple[int, ...]
    reasons: dict[int, int]


def worker_part(worker: Worker, now: int) -> WorkerPart:
    """The counts of one thread: for `Driver.at_safe_points`."""
    return WorkerPart(
        added=sum(worker.session_adds_by_sw_if_index.values()),
        deleted=sum(worker.session_dels_by_sw_if_index.values()),
        recycled=worker.cnt_recycled_sessions,
        requeued=worker.cnt_session_timer_restarted,
        live=worker.live_sessions,
        peak=worker.peak_sessions,
        by_list=tuple(worker.conn_list_length),
        reasons=dict(worker.packet_reasons),
    )


def session_counts(parts: Sequence[WorkerPart]) -> SessionCounts:
    """Sessions over all threads."""
    return SessionCounts(
        added=sum(part.added for part in parts),
        deleted=sum(part.deleted for part in parts),
        recycled=sum(part.recycled for part in parts),
        requeued=sum(part.requeued for part in parts),
        live=sum(part.live for part in parts),
        peak=max(part.peak for part in parts),
        by_list=tuple(sum(part.by_list[n] for part in parts) for n in range(len(parts[0].by_list))),
    )


def packet_reasons(parts: Sequence[WorkerPart]) -> dict[int, int]:
    """Every packet's last reason (see `engine.reasons`) and how often, over all threads."""
    total: dict[int, int] = {}
    for part in parts:
        for reason, count in part.reasons.items():
            total[reason] = total.get(reason, 0) + count
    return total


def packet_counts(parts: Sequence[WorkerPart]) -> PacketCounts:
    """Packets by fate over all threads."""
    by_fate: dict[Fate, int] = dict.fromkeys(FATES, 0)
    checked = 0
    for reason, count in packet_reasons(parts).items():
        by_fate[fate_of(reason)] += count
        checked += count if was_checked(reason) else 0
    return PacketCounts(read=sum(by_fate.values()), checked=checked, **by_fate)
