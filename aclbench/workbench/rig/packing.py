"""Checkpoints: the machine packed into a few arrays, and unpacked into a new one.

Taken where the machine is at rest, so no suspended step needs saving. Sessions are packed by field:
a checkpoint of n sessions takes about 50 n bytes and n times 0.3 to 1 us. That is long where there
are many, so it can be done piece by piece, while the machine stands still.
"""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Any, Final

from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.stepping import DriverState, Order
from aclbench.engine.acl import Acl, AclRule
from aclbench.engine.fib import Fib, FibEntry
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.session import NO_LIST, Session
from aclbench.engine.worker import Worker
from aclbench.workbench.rig.feed import FeedState
from aclbench.workbench.rig.fields import fields_of, set_fields
from aclbench.workbench.rig.streams import Streams

#: Fields of a worker that hold its sessions, or are empty at rest; the rest is copied as it is.
_WORKER_APART: Final = {"sessions_pool", "expired", "session_in_hand"}
_INTERFACE_APART: Final = {"sessions"}
_MAIN_APART: Final = {
    "host",
    "tell",
    "workers",
    "packet_workers",
    "cleaner",
    "interfaces",
    "fib",
    "acls",
}
#: The fields of a packed session but its key, each with the type code of its column.
_COLUMNS: Final = tuple(
    (code, attrgetter(name))
    for code, name in (
        ("I", "sw_if_index"),
        ("B", "proto"),
        ("q", "last_active_time"),
        ("B", "tcp_flags_seen_in"),
        ("B", "tcp_flags_seen_out"),
        ("b", "link_list_id"),
        ("i", "link_prev_idx"),
        ("i", "link_next_idx"),
        ("q", "link_enqueue_time"),
    )
)
#: Sessions that are packed, or unpacked, in one piece.
PIECE_SESSIONS: Final = 2048


@dataclass(frozen=True, slots=True)
class PackedWorker:
    """One worker: its plain fields, and its pool by columns.

    The keys are joined, with the length of each: a million objects, whoever shares them, would be
    looked at by each garbage collection and let go of one by one, and either takes long.
    """

    fields: dict[str, Any]
    keys: bytearray
    key_sizes: array[int]
    columns: tuple[Any, ...]

    @property
    def size_bytes(self) -> int:
        """What the pool takes."""
        row: int = 1 + sum(column.itemsize for column in self.columns)
        return len(self.keys) + row * len(self.key_sizes)


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
        return 4096 + sum(worker.size_bytes for worker in self.workers)


class PoolPacker:
    """Packs the pool of one worker: the sessions' keys, and their other fields by columns."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._keys = bytearray()
        self._key_sizes = array("B")
        self._columns = tuple(array(code) for code, _ in _COLUMNS)

    @property
    def done(self) -> bool:
        """Every session is packed."""
        return len(self._key_sizes) >= len(self._worker.sessions_pool)

    def work(self) -> None:
        """Pack one piece."""
        begin = len(self._key_sizes)
        piece = self._worker.sessions_pool[begin : begin + PIECE_SESSIONS]
        for column, (code, read) in zip(self._columns, _COLUMNS, strict=True):
            column.extend(array(code, list(map(read, piece))))  # so it goes faster than one by one
        keys = [session.key for session in piece]
        self._keys += b"".join(keys)
        self._key_sizes.extend(array("B", list(map(len, keys))))

    def packed(self) -> PackedWorker:
        """All of the worker."""
        assert self.done
        fields = _copies(fields_of(self._worker, _WORKER_APART))
        return PackedWorker(fields, self._keys, self._key_sizes, self._columns)


class Packer:
    """Packs a bench that is at rest, and stays as it is until all is done."""

    def __init__(
        self,
        driver: SteppedDriver,
        feed: FeedState | None,
        sent: int,
        timed_done: int,
        streams: Streams,
        events: int,
    ) -> None:
        assert driver.at_rest(), "a checkpoint is taken at rest"
        self._driver = driver
        self._feed = feed
        self._counts = sent, timed_done, events
        self._streams = streams
        self._pools = [PoolPacker(worker) for worker in driver.machine.am.workers]
        self._left = [pool for pool in self._pools if not pool.done]

    @property
    def done(self) -> bool:
        """Nothing is left but to take the checkpoint."""
        return not self._left

    def work(self) -> None:
        """Pack one piece: it takes a few milliseconds at the most."""
        self._left[-1].work()
        if self._left[-1].done:
            self._left.pop()

    def checkpoint(self) -> Checkpoint:
        """The whole of it, once it is done."""
        am = self._driver.machine.am
        sent, timed_done, events = self._counts
        return Checkpoint(
            main=_copies(fields_of(am, _MAIN_APART)),
            cleaner=fields_of(am.cleaner),
            interfaces=[
                None if i is None else _copies(fields_of(i, _INTERFACE_APART))
                for i in am.interfaces
            ],
            fib=tuple(am.fib.entries),
            acls={index: (acl.rules, acl.tag) for index, acl in am.acls.items()},
            workers=[pool.packed() for pool in self._pools],
            driver=self._driver.state(),
            feed=self._feed,
            sent=sent,
            timed_done=timed_done,
            streams=self._streams,
            events=events,
        )


def unpack(checkpoint: Checkpoint, order: Order) -> SteppedDriver:
    """A new driver, with a new machine, in the state of the checkpoint."""
    pieces = unpack_in_pieces(checkpoint, order)
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            driver: SteppedDriver = done.value
            return driver


def unpack_in_pieces(checkpoint: Checkpoint, order: Order) -> Generator[None, None, SteppedDriver]:
    """The same, with a pause after each `PIECE_SESSIONS`."""
    driver = SteppedDriver(checkpoint.main["n_workers"], order=order)
    am = driver.machine.am
    set_fields(am, _copies(checkpoint.main))
    set_fields(am.cleaner, checkpoint.cleaner)
    am.interfaces = [_unpack_interface(fields) for fields in checkpoint.interfaces]
    am.fib = Fib(am.n_workers + 1)
    am.fib.replace(checkpoint.fib)
    am.acls = {index: Acl(rules, tag) for index, (rules, tag) in checkpoint.acls.items()}
    for worker, packed in zip(am.workers, checkpoint.workers, strict=True):
        yield from _unpack_worker(am, worker, packed)
    driver.restore(checkpoint.driver)
    return driver


def empty(driver: SteppedDriver) -> None:
    """Give back the sessions and packets of a machine that nobody needs any more."""
    driver.arrivals.frames.clear()
    driver.arrivals.source = None
    am = driver.machine.am
    am.tell.listener = None
    for interface in am.interfaces:
        if interface is not None:
            interface.sessions.clear()
    for worker in am.workers:
        worker.sessions_pool.clear()


def _copies(fields: dict[str, Any]) -> dict[str, Any]:
    """Lists and dicts of plain values are copied, so that the machine does not write into ours."""
    return {
        name: value.copy() if isinstance(value, list | dict) else value
        for name, value in fields.items()
    }


def _keys_of(packed: PackedWorker) -> Iterator[bytes]:
    """The keys one by one."""
    keys = bytes(packed.keys)
    for begin, end in pairwise(accumulate(packed.key_sizes, initial=0)):
        yield keys[begin:end]


def _unpack_worker(am: AclMain, worker: Worker, packed: PackedWorker) -> Iterator[None]:
    set_fields(worker, _copies(packed.fields))
    thread_index = worker.thread_index
    pool = worker.sessions_pool
    tables = [None if i is None else i.sessions for i in am.interfaces]
    for row in zip(_keys_of(packed), *packed.columns, strict=True):
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
        if not len(pool) % PIECE_SESSIONS:
            yield


def _unpack_interface(fields: dict[str, Any] | None) -> Interface | None:
    if fields is None:
        return None
    interface = Interface(fields["sw_if_index"], fields["name"])
    set_fields(interface, _copies(fields))
    return interface
