"""When a thread is interrupted next, and what that interrupt takes: as things stand now.

Follows `engine/idle_check.take_heads` without taking anything. Called where nobody changes the
thread's lists: see `Driver.at_safe_points`.
"""

from __future__ import annotations

from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from aclbench.drivers.driver import CLEANER
from aclbench.drivers.stepped import SteppedDriver
from aclbench.engine import reading
from aclbench.engine.reading import SessionRow
from aclbench.engine.steps import WaitKind
from aclbench.engine.timeouts import N_TIMEOUTS, NEVER
from aclbench.workbench.views.events import seconds_text

if TYPE_CHECKING:
    from aclbench.drivers.driver import Driver
    from aclbench.engine.main import AclMain
    from aclbench.engine.worker import Worker


def since_text(time_ns: int, started: int) -> str:
    """A time from the start of the run: `+2.5 s`."""
    since = time_ns - started
    return f"{'-' if since < 0 else '+'}{seconds_text(abs(since))}"


class Sweep(NamedTuple):
    """A mass clear as one thread has it: up to which enqueue time it takes, and the interfaces.

    `until` is `NEVER` if it has not begun: it will take all that is linked then.
    """

    until: int
    bitmap: int


def sweep_of(worker: Worker) -> Sweep | None:
    """The sweep that a thread's next interrupt goes on with, or begins; None if none."""
    if not worker.clear_in_process:
        return None
    if worker.swipe_end_time:
        return Sweep(worker.swipe_end_time, worker.pending_clear_sw_if_index_bitmap)
    bitmap = worker.pending_clear_sw_if_index_bitmap & worker.serviced_sw_if_index_bitmap
    return Sweep(NEVER, bitmap) if bitmap else None


def next_interrupt(driver: Driver, worker: Worker, now: int) -> int | None:
    """When a thread is interrupted next, if nothing wakes the cleaner; None: nothing tells."""
    am = driver.machine.am
    if worker not in am.packet_workers:
        return None
    if worker.interrupt_is_pending:
        return now
    if isinstance(driver, SteppedDriver) and CLEANER in driver.ready_actors():
        return now
    wait = am.cleaner.wait
    if wait.kind == WaitKind.SUSPEND and not worker.clear_in_process:
        return None  # the others' clear comes first
    return None if wait.until == NEVER else max(wait.until, now)


def is_due(am: AclMain, session: SessionRow, sweep: Sweep | None, at: int) -> bool:
    """Whether an interrupt at a time takes a session once it is the head of its list."""
    if sweep is not None:
        return session.link_enqueue_time <= sweep.until
    return session.link_enqueue_time + am.shortest_timeout < at


def due_in_list(am: AclMain, worker: Worker, list_id: int, at: int) -> list[SessionRow]:
    """The sessions that an interrupt at a time finds due in a list, head first, up to a quantum."""
    sweep = sweep_of(worker)
    first = islice(
        reading.walk(worker, worker.conn_list_head[list_id]), am.max_deleted_sessions_per_interval
    )
    return list(takewhile(lambda session: is_due(am, session, sweep, at), first))


def taken_by_list(am: AclMain, worker: Worker, at: int) -> tuple[int, ...]:
    """How many sessions an interrupt at a time takes of each list: one quantum, in class order."""
    left = am.max_deleted_sessions_per_interval
    taken: list[int] = []
    for list_id in range(N_TIMEOUTS):
        taken.append(min(left, len(due_in_list(am, worker, list_id, at))))
        left -= taken[-1]
    return tuple(taken)
