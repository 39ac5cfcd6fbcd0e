"""The next check of a session in words: when it is judged if no packet comes, and what then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.design import Look
from aclbench.engine.main import AclMain
from aclbench.engine.worker import Worker
from aclbench.words import ordinal
from aclbench.workbench.inquiry.present import Present
from aclbench.workbench.inquiry.stories.ahead import Ahead, Judged
from aclbench.workbench.inquiry.stories.values import NextCheck
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.clock import Clock
from aclbench.workbench.views.snapshot import SessionView
from aclbench.workbench.views.times import seconds_text


class _Case(NamedTuple):
    """A session, how its owner stood when the question was asked, and what came of it."""

    am: AclMain
    look: Look
    view: SessionView
    now: int
    clock: Clock
    owner: str
    was_taken: bool
    was_pending: bool
    #: A clear was under way on its owner; and the sweep for it had begun.
    was_clearing: bool
    was_sweeping: bool
    judged: Judged
    why: str
    wait_changed: bool
    latest: int

    def since(self, time: int) -> str:
        """A time of the run."""
        return self.clock.text(time)


def next_check(present: Present, view: SessionView, name: str) -> Slices[NextCheck | None]:
    """What comes next for a live session; `name` is its interface's. None: it is never judged."""
    rig = yield from present.rig()
    am, now = rig.machine.am, rig.now
    worker = am.workers[view.thread_index]
    before = _before(worker, view)
    with closing(rig):
        ahead = Ahead(rig, view.thread_index)
        judged = yield from ahead.until_judged(view.session_index)
        look = rig.machine.design.look
        late = look.overstay(am, view.timeout_class) + am.wait_interval_max
        yield from rig.closing()
    if judged is None:
        return None
    is_deleted = judged.to_list < 0
    latest = judged.time if is_deleted else view.expires + late
    why = why_judged(am, judged, view.link_list_id, name)
    owner = actor_name(view.thread_index)
    told = judged, why, ahead.wait_changed, latest
    case = _Case(am, look, view, now, rig.clock, owner, *before, *told)
    return NextCheck(
        check_due=view.check_due,
        interrupt=[*ahead.interrupts, judged.time][0],
        nth=judged.nth,
        taken_at=judged.time,
        fate="deleted" if is_deleted else "requeued",
        to_list=judged.to_list,
        why=why,
        expires=view.expires,
        latest=latest,
        sentences=(*_when_taken(case), _what_then(case), *_how_late(case)),
    )


def _before(worker: Worker, view: SessionView) -> tuple[bool, bool, bool, bool]:
    """How its owner stands to the session, before it is run on."""
    return (
        view.session_index in reading.taken(worker),
        bool(worker.interrupt_is_pending),
        bool(worker.clear_in_process),
        bool(worker.swipe_end_time),
    )


def why_judged(am: AclMain, judged: Judged, list_id: int, name: str) -> str:
    """Why a session that was on a list was deleted or requeued; `name` is its interface's."""
    if judged.cleared:
        return f"{name} is being cleared"
    class_name = am.timeout_classes[judged.timeout_class].name
    idle = seconds_text(max(judged.idle, 0))
    limit = seconds_text(am.session_timeout[judged.timeout_class])
    if judged.to_list < 0:
        return f"idle {idle} by then, and {class_name} allows {limit}"
    why = f"idle {idle} by then, less than the {limit} of {class_name}"
    if judged.to_list != list_id:
        why += (
            f"; its class changed to {class_name} where it could not be relinked at once (a packet "
            "on another thread, or during a sweep), and that waits for this check"
        )
    return why


def _when_taken(case: _Case) -> Iterator[str]:
    if case.was_taken:
        yield f"{case.owner} has taken it off its list and judges it in this very interrupt."
        return
    if case.was_clearing and case.judged.in_sweep:
        yield (
            "A sweep is under way: it takes all that was linked when it began, whatever the time "
            "of its check."
            if case.was_sweeping
            else f"A clear waits for {case.owner}: the sweep takes all that is linked when it "
            "begins."
        )
    elif case.was_sweeping:
        yield "A sweep is under way; it was linked after that began, so it waits for its end."
    else:
        period = seconds_text(case.look.period(case.am, case.view.link_list_id))
        yield (
            f"Its owner, {case.owner}, takes it at {case.since(case.view.check_due)} at the "
            f"earliest: {case.look.when.format(period)}."
        )
    yield _which_interrupt(case)


def _which_interrupt(case: _Case) -> str:
    judged = case.judged
    if judged.nth == 1:
        if case.was_pending and judged.time == case.now:
            return "The interrupt that is pending on it takes it."
        return f"The cleaner's next interrupt takes it, at {case.since(judged.time)}."
    nth = ordinal(judged.nth)
    wait = seconds_text(case.am.cleaner.wait_interval)
    if case.wait_changed:
        condition = "If no event wakes the cleaner"
    else:
        condition = f"If the cleaner's wait stays {wait} and no event wakes it"
    return f"{condition}, the {nth} interrupt from now takes it, at {case.since(judged.time)}."


def _what_then(case: _Case) -> str:
    to_list = case.judged.to_list
    if to_list < 0:
        return f"Without another packet it is then deleted: {case.why}."
    where = case.am.lists[to_list]
    return f"Without another packet it is then put at the tail of {where} again: {case.why}."


def _how_late(case: _Case) -> Iterator[str]:
    expires = case.view.expires
    if expires <= case.now:
        yield f"It expired at {case.since(expires)}."
        return
    yield f"If no packet comes it expires at {case.since(expires)}."
    if case.judged.to_list >= 0:
        overstay = seconds_text(case.look.overstay(case.am, case.view.timeout_class))
        yield (
            f"It can stay {seconds_text(case.latest - expires)} longer, to "
            f"{case.since(case.latest)}: {case.look.why_late.format(overstay)}, and the cleaner "
            f"waits up to "
            f"{seconds_text(case.am.wait_interval_max)}; longer only where more is due than the "
            "interrupts take."
        )
