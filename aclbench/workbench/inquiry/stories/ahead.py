"""What comes next for a session, if no packet comes: when it is judged, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.reading import SessionRow
from aclbench.engine.timeouts import CLEAR_POLL_NS, NEVER, TIMEOUT_NAMES
from aclbench.workbench.inquiry.explain.sessions import position_of
from aclbench.workbench.inquiry.stories.schedule import (
    Sweep,
    due_in_list,
    is_due,
    next_interrupt,
    since_text,
    sweep_of,
)
from aclbench.workbench.inquiry.stories.values import NextCheck
from aclbench.workbench.views.events import seconds_text

if TYPE_CHECKING:
    from aclbench.drivers.driver import Driver
    from aclbench.engine.main import AclMain
    from aclbench.engine.worker import Worker

_ORDINALS: Final = {1: "1st", 2: "2nd", 3: "3rd"}


class Fate(NamedTuple):
    """What `judge` would do with a session at a time, and why. `to_list` is -1 if deleted."""

    fate: Literal["deleted", "requeued"]
    to_list: int
    why: str


class _Turn(NamedTuple):
    """Which of the owner's next interrupts takes a session, and when; None: it cannot be told."""

    nth: int | None
    taken_at: int | None


_NOBODY_KNOWS: Final = _Turn(None, None)


class _Case(NamedTuple):
    """A session in its surroundings."""

    am: AclMain
    worker: Worker
    session: SessionRow
    now: int
    #: The sweep that takes it, whatever its enqueue time says; and whether another one is on.
    sweep: Sweep | None
    waits_for_sweep: bool
    is_taken: bool
    interrupt: int | None

    @property
    def check_due(self) -> int:
        return self.session.link_enqueue_time + self.am.shortest_timeout + 1

    @property
    def earliest(self) -> int:
        """Not before this it is judged."""
        at_once = self.is_taken or self.sweep is not None
        return self.now if at_once else max(self.check_due, self.now)


def judged(am: AclMain, session: SessionRow, sweep: Sweep | None, at: int, name: str) -> Fate:
    """The fate of a session that is judged at a time; `name` is its interface's."""
    list_id = reading.timeout_class(am, session)
    class_name, timeout = TIMEOUT_NAMES[list_id], am.session_timeout[list_id]
    if sweep is not None and sweep.bitmap >> session.sw_if_index & 1:
        return Fate("deleted", -1, f"{name} is being cleared")
    idle, limit = seconds_text(max(at - session.last_active_time, 0)), seconds_text(timeout)
    if at >= session.last_active_time + timeout:
        return Fate("deleted", -1, f"idle {idle} by then, and {class_name} allows {limit}")
    why = f"idle {idle} by then, less than the {limit} of {class_name}"
    if list_id != session.link_list_id:
        why += (
            f"; its class changed to {class_name} where it could not be relinked at once (a packet "
            "on another thread, or during a sweep), and that waits for this check"
        )
    return Fate("requeued", list_id, why)


def next_check(
    driver: Driver, worker: Worker, session: SessionRow, now: int, name: str, started: int
) -> NextCheck:
    """What comes next for a live session, as things stand; `name` is its interface's."""
    case = _case(driver, worker, session, now)
    turn = _turn(case)
    at = case.earliest if turn.taken_at is None else turn.taken_at
    fate = judged(case.am, session, case.sweep, at, name)
    expires = (
        session.last_active_time + case.am.session_timeout[reading.timeout_class(case.am, session)]
    )
    found = NextCheck(
        check_due=case.check_due,
        interrupt=case.interrupt,
        nth=turn.nth,
        taken_at=turn.taken_at,
        fate=fate.fate,
        to_list=fate.to_list,
        why=fate.why,
        expires=expires,
        latest=_latest(case, expires, name),
        sentences=(),
    )
    return _with_sentences(case, found, started)


def _case(driver: Driver, worker: Worker, session: SessionRow, now: int) -> _Case:
    am, sweep = driver.machine.am, sweep_of(worker)
    is_taken = session.session_index in reading.taken(worker)
    sweeps_it = sweep is not None and (is_taken or session.link_enqueue_time <= sweep.until)
    return _Case(
        am,
        worker,
        session,
        now,
        sweep if sweeps_it else None,
        sweep is not None and not sweeps_it,
        is_taken,
        now if is_taken else next_interrupt(driver, worker, now),
    )


def _turn(case: _Case) -> _Turn:
    """Which interrupt takes it, where that can be told."""
    if case.is_taken:
        return _Turn(1, case.now)
    if case.interrupt is None or case.waits_for_sweep:
        return _NOBODY_KNOWS
    if is_due(case.am, case.session, case.sweep, case.interrupt):
        ahead = _ahead_of(case, case.interrupt)
        if ahead is None:
            return _NOBODY_KNOWS
        nth = ahead // case.am.max_deleted_sessions_per_interval + 1
        return _Turn(nth, case.interrupt if nth == 1 else None)
    interval = case.am.cleaner.wait_interval
    is_steady = interval == case.am.wait_interval_max and not any(
        worker.interrupt_is_needed for worker in case.am.packet_workers
    )
    if not is_steady:
        return _NOBODY_KNOWS
    rounds = -(-(case.check_due - case.interrupt) // interval)
    at = case.interrupt + rounds * interval
    ahead = _ahead_of(case, at)
    if ahead is None or ahead >= case.am.max_deleted_sessions_per_interval:
        return _NOBODY_KNOWS
    return _Turn(rounds + 1, at)


def _ahead_of(case: _Case, at: int) -> int | None:
    """How many sessions an interrupt at a time takes before this one; None: very many."""
    position = position_of(case.worker, case.session)
    if position is None:
        return None
    before = range(case.session.link_list_id)
    return position + sum(len(due_in_list(case.am, case.worker, n, at)) for n in before)


def _latest(case: _Case, expires: int, name: str) -> int:
    """When it is deleted at the latest.

    Judged a moment before it expires it is put back, and looked at again after the recheck period.
    """
    am, worker = case.am, case.worker
    wait = am.wait_interval_max
    if case.sweep is not None:
        quanta = worker.live_sessions // am.max_deleted_sessions_per_interval + 2
        wait += quanta * CLEAR_POLL_NS
    if judged(am, case.session, case.sweep, case.earliest, name).fate == "deleted":
        return case.earliest + wait
    return expires + am.shortest_timeout + wait


# --- in words -------------------------------------------------------------------------------


def _with_sentences(case: _Case, found: NextCheck, started: int) -> NextCheck:
    """The same, told."""
    sentences = [*_when_taken(case, found, started), _what_then(found)]
    return replace(found, sentences=(*sentences, *_how_late(case, found, started)))


def _when_taken(case: _Case, found: NextCheck, started: int) -> Iterator[str]:
    owner = actor_name(case.worker.thread_index)
    period = seconds_text(case.am.shortest_timeout)
    if case.is_taken:
        yield f"{owner} has taken it off its list and judges it in this very interrupt."
        return
    if case.sweep is not None:
        yield (
            "A sweep is under way: it takes all that was linked when it began, whatever the time "
            "of its check."
            if case.sweep.until != NEVER
            else f"A clear waits for {owner}: the sweep takes all that is linked when it begins."
        )
    elif case.waits_for_sweep:
        yield "A sweep is under way; it was linked after that began, so it waits for its end."
    else:
        yield (
            f"Its owner, {owner}, takes it at {since_text(found.check_due, started)} at the "
            f"earliest: the shortest timeout, {period}, after it was linked, and a nanosecond."
        )
    yield _which_interrupt(case, found, started)


def _which_interrupt(case: _Case, found: NextCheck, started: int) -> str:
    wait = seconds_text(case.am.cleaner.wait_interval)
    if found.nth is None:
        return (
            "Which of the cleaner's interrupts that will be cannot be told: its wait, "
            f"{wait} now, follows what the workers say."
        )
    if case.worker.interrupt_is_pending and found.nth == 1 and found.taken_at == case.now:
        return "The interrupt that is pending on it takes it."
    if found.nth == 1:
        assert found.taken_at is not None
        return f"The cleaner's next interrupt takes it, at {since_text(found.taken_at, started)}."
    nth = _ORDINALS.get(found.nth, f"{found.nth:,}th")
    if found.taken_at is None:
        quantum = case.am.max_deleted_sessions_per_interval
        return f"So many go before it, {quantum} in each, that the {nth} interrupt takes it."
    return (
        f"If the cleaner's wait stays {wait} and no event wakes it, the {nth} interrupt from now "
        f"takes it, at {since_text(found.taken_at, started)}."
    )


def _what_then(found: NextCheck) -> str:
    if found.fate == "deleted":
        return f"Without another packet it is then deleted: {found.why}."
    where = TIMEOUT_NAMES[found.to_list]
    return f"Without another packet it is then put at the tail of {where} again: {found.why}."


def _how_late(case: _Case, found: NextCheck, started: int) -> Iterator[str]:
    end, latest = since_text(found.expires, started), since_text(found.latest, started)
    wait = seconds_text(case.am.wait_interval_max)
    if found.expires <= case.now:
        yield f"It expired at {end}; it is deleted at {latest} at the latest."
        return
    yield f"If no packet comes it expires at {end}."
    if found.fate == "deleted":
        yield f"It is deleted at {latest} at the latest: the cleaner waits up to {wait}."
        return
    over = seconds_text(found.latest - found.expires)
    yield (
        f"It can stay {over} longer, to {latest}: put back just before it expires, it is looked "
        f"at after another {seconds_text(case.am.shortest_timeout)}, and the cleaner waits up to "
        f"{wait}; longer only where more is due than the interrupts take."
    )
