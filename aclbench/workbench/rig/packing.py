"""Checkpoints: the machine packed into a few arrays, and unpacked into a new one.

Taken where the machine is at rest, so no suspended step needs saving. Sessions are packed by
`engine.packing`, piece by piece.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from msgspec import Struct

from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.stepping import DriverState, Order
from aclbench.engine.acl import Acl, AclRule
from aclbench.engine.design import Design
from aclbench.engine.fib import Fib, FibEntry
from aclbench.engine.machine import Machine
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.packing import (
    POOL_FIELDS,
    PackedPool,
    PoolPacker,
    empty_in_pieces,
    unpack_pool,
)
from aclbench.engine.worker import InterfaceCounters
from aclbench.workbench.rig.feed import FeedState
from aclbench.workbench.rig.fields import fields_of, set_fields
from aclbench.workbench.rig.streams import Streams
from aclbench.workbench.tasks import Stopped

_INTERFACE_APART: Final = {"sessions"}
_WORKER_APART: Final = POOL_FIELDS | {"interface_counters", "numbers"}
_MAIN_APART: Final = {
    "host",
    "tell",
    "classes",
    "check_due",
    "timeout_classes",
    "lists",
    "places",
    "beside",
    "in_table",
    "invariants",
    "parse",
    "workers",
    "pools",
    "packet_workers",
    "cleaner",
    "shown",
    "interfaces",
    "fib",
    "acls",
}


class PackedWorker(Struct, frozen=True):
    """One worker: its plain fields, its design's, its counters of each interface, and its pool."""

    fields: dict[str, Any]
    numbers: list[list[int]]
    interface_counters: tuple[dict[str, Any], ...]
    pool: PackedPool


class Checkpoint(Struct, frozen=True):
    """A bench at rest."""

    design: Design
    main: dict[str, Any]
    cleaner: dict[str, Any]
    shown: dict[str, Any]
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
        return 4096 + sum(worker.pool.size_bytes for worker in self.workers)


class Packer:
    """Packs a bench that is at rest, and stays as it is until all is done."""

    def __init__(
        self,
        machine: Machine,
        driver: DriverState,
        feed: FeedState | None,
        sent: int,
        timed_done: int,
        streams: Streams,
        events: int,
    ) -> None:
        self._machine, self._driver = machine, driver
        self._feed = feed
        self._counts = sent, timed_done, events
        self._streams = streams
        self._pools = [PoolPacker(worker) for worker in machine.am.workers]
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
        am = self._machine.am
        sent, timed_done, events = self._counts
        return Checkpoint(
            design=self._machine.design,
            main=_copies(fields_of(am, _MAIN_APART)),
            cleaner=fields_of(am.cleaner),
            shown=_copies(fields_of(am.shown)),
            interfaces=[
                None if i is None else _copies(fields_of(i, _INTERFACE_APART))
                for i in am.interfaces
            ],
            fib=tuple(am.fib.entries),
            acls={index: (acl.rules, acl.tag) for index, acl in am.acls.items()},
            workers=[
                PackedWorker(
                    _copies(fields_of(worker, _WORKER_APART)),
                    [each.copy() for each in worker.numbers],
                    tuple(map(fields_of, worker.interface_counters)),
                    pool.packed(),
                )
                for worker, pool in zip(am.workers, self._pools, strict=True)
            ],
            driver=self._driver,
            feed=self._feed,
            sent=sent,
            timed_done=timed_done,
            streams=self._streams,
            events=events,
        )


def unpack_in_pieces(checkpoint: Checkpoint, order: Order) -> Generator[None, None, SteppedDriver]:
    """A new driver, with a new machine, in the state of the checkpoint; pauses after each piece."""
    driver = SteppedDriver(checkpoint.main["n_workers"], order=order, design=checkpoint.design)
    am = driver.machine.am
    set_fields(am, _copies(checkpoint.main))
    set_fields(am.cleaner, checkpoint.cleaner)
    set_fields(am.shown, _copies(checkpoint.shown))
    am.interfaces = [_unpack_interface(am, fields) for fields in checkpoint.interfaces]
    am.fib = Fib()
    am.fib.replace(checkpoint.fib)
    am.acls = {index: Acl(rules, tag) for index, (rules, tag) in checkpoint.acls.items()}
    try:
        for worker, packed in zip(am.workers, checkpoint.workers, strict=True):
            set_fields(worker, _copies(packed.fields))
            worker.numbers = [each.copy() for each in packed.numbers]
            worker.interface_counters = list(map(_unpack_counters, packed.interface_counters))
            yield from unpack_pool(am, worker, packed.pool)
    except Stopped:  # who wanted it wants it no more
        yield from empty_in_pieces(am)
        raise
    except GeneratorExit:
        for _ in empty_in_pieces(am):
            pass
        raise
    driver.restore(checkpoint.driver)
    return driver


def _copies(fields: dict[str, Any]) -> dict[str, Any]:
    """Lists and dicts of plain values are copied, so that the machine does not write into ours."""
    return {
        name: value.copy() if isinstance(value, list | dict) else value
        for name, value in fields.items()
    }


def _unpack_counters(fields: dict[str, Any]) -> InterfaceCounters:
    counters = InterfaceCounters()
    set_fields(counters, fields)
    return counters


def _unpack_interface(am: AclMain, fields: dict[str, Any] | None) -> Interface | None:
    if fields is None:
        return None
    interface = Interface(fields["sw_if_index"], fields["name"], am.pools)
    set_fields(interface, _copies(fields))
    return interface
