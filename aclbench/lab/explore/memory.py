"""Total store order: what a thread stores waits in a buffer of its own, and others see it later.

So x86 does. A thread reads its own stores at once. Each buffer's oldest store reaches memory in a
step of its own, at any time; a barrier, and what raises an interrupt or signals the cleaner (which
take a lock), wait until the thread's buffer is empty. Held back are the flags of workers, and the
bitmap that one of them hands over: what two threads write and read without more. The clock goes on
when all buffers are empty: they hold nothing back for as long as anything here is waited for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from aclbench.drivers.driver import CLEANER, CLOCK, actor_name
from aclbench.engine.steps import CleanerEvent
from aclbench.engine.worker import THREAD_MAIN, Worker
from aclbench.lab.explore.actors import ITEM, Actors, Control, Rules
from aclbench.lab.explore.parts import JumpPart, Part
from aclbench.workbench.rig.rig import Rig

#: Choices from here up to ITEM: the oldest store of a thread reaches memory.
STORE: Final = 500
STORE_LABEL: Final = "store"
#: What is held back, by field of a worker.
SHARED: Final = (
    "interrupt_is_pending",
    "interrupt_is_needed",
    "interrupt_is_unwanted",
    "clear_in_process",
    "pending_clear_sw_if_index_bitmap",
)
#: Nobody takes a step: what is read is memory, and what is written is there at once.
_NOBODY: Final = -1


class Store(NamedTuple):
    """A value on its way to a field of a worker."""

    thread_index: int
    field: str
    value: int


class BufferedActors(Actors):
    """Actors whose threads have store buffers."""

    def __init__(self, rig: Rig, items: tuple[tuple[Part, ...], ...], rules: Rules) -> None:
        threads = [worker.thread_index for worker in rig.machine.am.workers]
        self.buffers: dict[int, deque[Store]] = {thread: deque() for thread in threads}
        self.running: int = _NOBODY
        super().__init__(rig, items, rules)
        buffered = _buffered(self)
        for worker in self.am.workers:
            worker.__class__ = buffered

    def begin(self) -> None:
        """Begin anew, with empty buffers."""
        for buffer in self.buffers.values():
            buffer.clear()
        super().begin()

    def held_back(self) -> tuple[Any, ...]:
        """The stores that have not reached memory, by thread."""
        return tuple(
            [
                (store.thread_index, SHARED.index(store.field), store.value, thread)
                for thread, buffer in self.buffers.items()
                for store in buffer
            ]
        )

    # --- what the machine asks of us -----------------------------------------------------------

    def memory_barrier(self) -> None:
        """The thread waits until others see what it stored."""
        self._drain()

    def raise_interrupt(self, thread_index: int) -> None:
        """The same, for it takes a lock; and the thread's handler is due now."""
        self._drain()
        super().raise_interrupt(thread_index)

    def signal_cleaner(self, event: CleanerEvent) -> None:
        """The same, for it takes a lock; and the cleaner has a signal."""
        self._drain()
        super().signal_cleaner(event)

    def _drain(self) -> None:
        buffer = self.buffers.get(self.running, ())
        while buffer:
            self._commit(self.running)

    def _commit(self, thread: int) -> None:
        store = self.buffers[thread].popleft()
        self.am.workers[store.thread_index].__dict__[store.field] = store.value

    # --- who can go ----------------------------------------------------------------------------

    def able(self) -> list[int]:
        """The machine's own actors, and stores that are on their way."""
        return [*super().able(), *self._stores()]

    def choices(self, most_preemptions: int) -> list[int]:
        """The same as ever; stores go at any time, and the clock when there are none."""
        stores = self._stores()
        found = super().choices(most_preemptions)
        if not stores:
            return found
        found = [each for each in found if each not in stores and not self._is_clocks(each)]
        return found + stores

    def _stores(self) -> list[int]:
        return [STORE + thread for thread, buffer in self.buffers.items() if buffer]

    def _is_clocks(self, choice: int) -> bool:
        return choice == CLOCK or (choice >= ITEM and isinstance(self.part_of(choice), JumpPart))

    def name_of(self, choice: int) -> str:
        """Who takes a choice's step; a store's is the thread's that made it."""
        if STORE <= choice < ITEM:
            return actor_name(CLEANER if choice == STORE else choice - STORE)
        return super().name_of(choice)

    # --- one step ------------------------------------------------------------------------------

    def step(self, choice: int) -> str:
        """Take the step of a choice: a store reaches memory, or a thread goes on."""
        if STORE <= choice < ITEM:
            self._commit(choice - STORE)
            self.last_actor, self.last_finished = choice, True
            return STORE_LABEL
        actor = self.actor_of(choice)
        self.running = THREAD_MAIN if actor in (CLEANER, CLOCK) else actor
        try:
            return super().step(choice)
        finally:
            self.running = _NOBODY

    def retake(self, choices: Sequence[int], control: Control) -> None:
        """Begin anew, and take choices that were taken before."""
        self.begin()
        for choice in choices:
            self.step(choice)

    def poll(self) -> None:
        """Have the cleaner, which waits, take one whole turn."""
        self.running = THREAD_MAIN
        try:
            super().poll()
            self._drain()
        finally:
            self.running = _NOBODY


def _buffered(actors: BufferedActors) -> type[Worker]:
    """Workers whose shared fields go through the buffers of whoever takes a step."""
    shared = {name: _field(actors, name) for name in SHARED}
    kind: type[Worker] = type("BufferedWorker", (Worker,), shared)
    return kind


def _field(actors: BufferedActors, name: str) -> property:
    buffers = actors.buffers

    def read(worker: Worker) -> Any:
        buffer = buffers.get(actors.running)
        if buffer:
            for store in reversed(buffer):
                if store.field == name and store.thread_index == worker.thread_index:
                    return store.value
        return worker.__dict__[name]

    def write(worker: Worker, value: int) -> None:
        if actors.running == _NOBODY:
            worker.__dict__[name] = value
        else:
            buffers[actors.running].append(Store(worker.thread_index, name, value))

    return property(read, write)
