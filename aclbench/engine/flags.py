"""The flags of a worker that two threads share: each is written here, counted, and told of.

`by` is the thread that writes: the worker itself, another worker, or thread 0 for the cleaner. A
write that leaves the value as it was is neither counted nor told of.
"""

from __future__ import annotations

from aclbench.engine.main import AclMain
from aclbench.engine.worker import THREAD_MAIN, Worker


def set_pending(am: AclMain, worker: Worker, value: int, by: int, now: int) -> None:
    """Write `interrupt_is_pending`."""
    old, worker.interrupt_is_pending = worker.interrupt_is_pending, value
    if old != value:
        _note_change(am, worker, "interrupt_is_pending", value, by, now)


def set_needed(am: AclMain, worker: Worker, value: int, by: int, now: int) -> None:
    """Write `interrupt_is_needed`."""
    old, worker.interrupt_is_needed = worker.interrupt_is_needed, value
    if old != value:
        _note_change(am, worker, "interrupt_is_needed", value, by, now)


def set_unwanted(am: AclMain, worker: Worker, value: int, by: int, now: int) -> None:
    """Write `interrupt_is_unwanted`."""
    old, worker.interrupt_is_unwanted = worker.interrupt_is_unwanted, value
    if old != value:
        _note_change(am, worker, "interrupt_is_unwanted", value, by, now)


def set_clear_in_process(am: AclMain, worker: Worker, value: int, by: int, now: int) -> None:
    """Write `clear_in_process`."""
    old, worker.clear_in_process = worker.clear_in_process, value
    if old != value:
        _note_change(am, worker, "clear_in_process", value, by, now)


def interrupt_worker(am: AclMain, worker: Worker, by: int, now: int) -> None:
    """Have a worker run its handler, unless an interrupt is pending: it then finds the same.

    Another worker asks for it, or the worker itself; what there is to find was written before.
    """
    am.host.memory_barrier()
    if worker.interrupt_is_pending:
        return
    set_pending(am, worker, 1, by, now)
    am.workers[by].cnt_interrupts_sent += 1
    am.tell.interrupt_sent(worker, now)
    if by != worker.thread_index:
        am.tell.messaged()
    am.host.raise_interrupt(worker.thread_index)


def interrupt_self_at(am: AclMain, worker: Worker, time: int) -> None:
    """Have a worker's own handler run once the clock has reached a time; on the worker's thread."""
    worker.interrupt_due = time
    am.host.interrupt_is_due_at(time)


def _note_change(am: AclMain, worker: Worker, flag: str, value: int, by: int, now: int) -> None:
    """Count a change with the thread that made it, for it alone may count there."""
    if by == THREAD_MAIN and worker.thread_index != THREAD_MAIN:
        am.cleaner.cnt_flag_changes += 1
    else:
        am.workers[by].cnt_flag_changes += 1
    am.tell.flag_set(worker, flag, value, by, now)
