"""Checkpoints: the machine packed into a few arrays, and unpacked into a new one.

Taken where the machine is at rest, so no suspended step needs saving. Sessions are packed by field:
a checkpoint of n sessions takes about 60 n bytes and n times 0.3 us.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any, Final

from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.stepping import DriverState, Order
from aclbench.engine.acl import Acl, AclRule
from aclbench.engine.fib import Fib, FibEntry
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.session import NO_LIST, Session
from aclbench.engine.worker import Worker
from aclbench.workbench.feed import FeedState
from aclbench.workbench.history.fields import fields_of, set_fields
from aclbench.workbench.streams import Streams

#: Fields of a worker that hold its sessions, or are empty at rest; the rest is copied as it is.
_WORKER_APART: Final = {"sessions_pool", "expired", "session_in_hand"}
_INTERFACE_APART: Final = {"sessions"}
_MAIN_APART: Final = {
    "outside",
    "listener",
    "workers",
    "packet_workers",
    "cleaner",
    "interfaces",
    "fib",
    "acls",
}
#: Bytes that a packed session takes, keys (shared with the live table) counted in full.
_SESSION_BYTES: Final = 33 + 8 + 56


@dataclass(frozen=True, slots=True)
class PackedWorker:
    """One worker: its plain fields, and its pool by columns."""

    fields: dict[str, Any]
    keys: list[bytes]
    columns: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A bench at rest."""

    main: dict[str, Any]
    cleaner: dict[str, Any]
    interfaces: list[dict[str, Any] | None]
    fib: tuple[FibEntry, ...]
    acls: dict[int, tuple[tuple[AclRule, ...], str]]
    workers: list[PackedWorker]
    driver: DriverState
    feed: FeedState | None
    sent: int
    timed_done: int
    streams: Streams
    #: Trace events since the start, for finding one by its number.
    events: int

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        return 4096 + _SESSION_BYTES * sum(len(worker.keys) for worker in self.workers)


def pack(
    driver: SteppedDriver,
    feed: FeedState | None,
    sent: int,
    timed_done: int,
    streams: Streams,
    events: int,
) -> Checkpoint:
    """Pack a bench that is at rest."""
    assert driver.at_rest(), "a checkpoint is taken at rest"
    am = driver.machine.am
    return Checkpoint(
        main=_copies(fields_of(am, _MAIN_APART)),
        cleaner=fields_of(am.cleaner),
        interfaces=[
            None if i is None else _copies(fields_of(i, _INTERFACE_APART)) for i in am.interfaces
        ],
        fib=tuple(am.fib.entries),
        acls={index: (acl.rules, acl.tag) for index, acl in am.acls.items()},
        workers=[_pack_worker(worker) for worker in am.workers],
        driver=driver.state(),
        feed=feed,
        sent=sent,
        timed_done=timed_done,
        streams=streams,
        events=events,
    )


def unpack(checkpoint: Checkpoint, order: Order) -> SteppedDriver:
    """A new driver, with a new machine, in the state of the checkpoint."""
    driver = SteppedDriver(checkpoint.main["n_workers"], order=order)
    am = driver.machine.am
    set_fields(am, _copies(checkpoint.main))
    set_fields(am.cleaner, checkpoint.cleaner)
    am.interfaces = [_unpack_interface(fields) for fields in checkpoint.interfaces]
    am.fib = Fib(am.n_workers + 1)
    am.fib.replace(checkpoint.fib)
    am.acls = {index: Acl(rules, tag) for index, (rules, tag) in checkpoint.acls.items()}
    for worker, packed in zip(am.workers, checkpoint.workers, strict=True):
        _unpack_worker(am, worker, packed)
    driver.restore(checkpoint.driver)
    return driver


def _copies(fields: dict[str, Any]) -> dict[str, Any]:
    """Lists and dicts of plain values are copied, so that the machine does not write into ours."""
    return {
        name: value.copy() if isinstance(value, list | dict) else value
        for name, value in fields.items()
    }


def _pack_worker(worker: Worker) -> PackedWorker:
    pool = worker.sessions_pool
    return PackedWorker(
        fields=_copies(fields_of(worker, _WORKER_APART)),
        keys=[session.key for session in pool],
        columns=(
            array("I", [session.sw_if_index for session in pool]),
            array("B", [session.proto for session in pool]),
            array("q", [session.last_active_time for session in pool]),
            array("B", [session.tcp_flags_seen_in for session in pool]),
            array("B", [session.tcp_flags_seen_out for session in pool]),
            array("b", [session.link_list_id for session in pool]),
            array("i", [session.link_prev_idx for session in pool]),
            array("i", [session.link_next_idx for session in pool]),
            array("q", [session.link_enqueue_time for session in pool]),
        ),
    )


def _unpack_worker(am: AclMain, worker: Worker, packed: PackedWorker) -> None:
    set_fields(worker, _copies(packed.fields))
    thread_index = worker.thread_index
    pool = worker.sessions_pool
    tables = [None if i is None else i.sessions for i in am.interfaces]
    for row in zip(packed.keys, *packed.columns, strict=True):
        session = Session(thread_index, len(pool))
        (
            session.key,
            session.sw_if_index,
            session.proto,
            session.last_active_time,
            session.tcp_flags_seen_in,
            session.tcp_flags_seen_out,
            session.link_list_id,
            session.link_prev_idx,
            session.link_next_idx,
            session.link_enqueue_time,
        ) = row
        pool.append(session)
        if session.link_list_id != NO_LIST:
            table = tables[session.sw_if_index]
            assert table is not None
            table[session.key] = session


def _unpack_interface(fields: dict[str, Any] | None) -> Interface | None:
    if fields is None:
        return None
    interface = Interface(fields["sw_if_index"], fields["name"])
    set_fields(interface, _copies(fields))
    return interface
