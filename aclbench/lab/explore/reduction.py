"""Which steps need no choice before them, by what they read and write.

If no other actor can touch what a step touches until its own actor goes on again, it commutes with
all that can come in between: so the actor may as well take it at once. This holds under a bound on
preemptions too, as it takes none, and saves some: who is left behind the step is left no more often
than who is left before it.

What steps touch stands in the engine's step table, for its own parts alone. Where a design has
others, or where a condition looks at states, every step is a choice.
"""

from __future__ import annotations

from types import GeneratorType
from typing import Any, Final

from aclbench.drivers.driver import CLEANER
from aclbench.engine.design import PARTS
from aclbench.engine.steps import (
    BITMAP,
    CLEARING,
    CONFIG,
    ENDS_INTERRUPT,
    ENDS_PACKET,
    ENDS_ROUND,
    HEADS,
    NEEDED,
    OWN,
    PENDING,
    RAISED,
    SIGNALS,
    SLOT,
    TABLE,
    UNWANTED,
    Step,
)
from aclbench.lab.explore.actors import Actors
from aclbench.lab.explore.parts import CliPart, SendPart

#: A command that changes no configuration: it signals the cleaner, and no more.
CLEARS: Final = "clear acl-plugin sessions"
_FLAGS: Final = frozenset((PENDING, NEEDED, UNWANTED, CLEARING, BITMAP))


def is_known(actors: Actors) -> bool:
    """Whether the step table tells what the machine touches: all its parts are the engine's.

    And what a step writes is there at once.
    """
    if type(actors) is not Actors:
        return False
    design = actors.machine.design
    own_parts = all(getattr(design, name) is own for name, own in PARTS.items())
    return own_parts and design.parse is None and not design.places


def quiet_steps(actors: Actors) -> frozenset[str]:
    """The steps that change nothing that threads share, by name."""
    return frozenset(step.label for step in actors.machine.design.steps if step.changes == ())


class Ahead:
    """A step that is about to be taken, with what others could do before its actor goes on."""

    def __init__(self, actors: Actors) -> None:
        self._actors = actors
        self._actor = actors.current
        self._now, self._worker = _step_of(actors)
        self._heads = self._heads_of()
        self._signals = len(actors.signals)
        am = actors.am
        #: Threads that can run interrupts, or packets, until the cleaner goes on.
        self._interrupted = {
            *actors.interrupted(),
            *(thread for thread, turn in actors.turns.items() if turn.part is None),
        }
        left = [parts[gone:] for parts, gone in zip(actors.items, actors.gone, strict=True)]
        parts = [part for each in left for part in each]
        self._commands = [part.text for part in parts if isinstance(part, CliPart)]
        self._configures = any(text != CLEARS for text in self._commands)
        sends = [part for part in parts if isinstance(part, SendPart)]
        if self._configures and sends:
            self._to_come = {worker.thread_index for worker in am.packet_workers}
        else:
            self._to_come = {part.thread(am) for part in sends}
        self._packets = self._to_come | {
            thread for thread, turn in actors.turns.items() if turn.part is not None
        }

    def _heads_of(self) -> list[int]:
        return [*self._worker.head_expiry_time] if self._worker is not None else []

    def commuted(self) -> bool:
        """Asked behind the step: whether nothing that others can do conflicts with it."""
        step = self._now
        if step is None or step.reads is None or step.changes is None:
            return False
        actors, actor = self._actors, self._actor
        upcoming = actors.upcoming if actor == CLEANER else _upcoming(actors, actor)
        if isinstance(upcoming, Step):
            reads = {*step.reads, *upcoming.chosen_by}
        elif actor == CLEANER:
            reads = {*step.reads, *ENDS_ROUND}
        else:
            reads = {*step.reads, *(ENDS_PACKET if self._in_packet else ENDS_INTERRUPT)}
        changes = set(step.changes)
        if self._heads_of() == self._heads:
            changes.discard(HEADS)
        if len(actors.signals) == self._signals:
            changes.discard(SIGNALS)
        if actor == CLEANER:
            return not self._cleaner_conflicts(step, reads, changes)
        return not self._thread_conflicts(reads, changes)

    @property
    def _in_packet(self) -> bool:
        return self._actor in self._packets and self._actor not in self._interrupted

    def _cleaner_conflicts(self, step: Step, reads: set[str], changes: set[str]) -> bool:
        """Whether a worker could touch what the cleaner's step does."""
        if RAISED in changes:
            assert self._worker is not None
            if self._worker.thread_index in self._to_come:
                return True  # an interrupt comes ahead of a packet
        if CONFIG in changes and self._packets:
            return True
        if HEADS in reads and (self._packets or self._interrupted):
            return True
        if not (reads | changes) & _FLAGS or not self._interrupted:
            return False
        own = self._worker is not None and reads <= {CONFIG}
        if own and self._worker is not None:
            return self._worker.thread_index in self._interrupted
        return True

    def _thread_conflicts(self, reads: set[str], changes: set[str]) -> bool:
        """Whether the cleaner, a command or another worker could touch what it does."""
        actors, actor = self._actors, self._actor
        am = actors.am
        others = self._packets - {actor}
        if {HEADS, SIGNALS, NEEDED, UNWANTED, PENDING, RAISED} & (reads | changes):
            return True
        if CONFIG in reads and (
            self._configures or any(i is not None and i.deleted for i in am.interfaces)
        ):
            return True
        if CLEARING in changes or (CLEARING in reads and self._clear_can_begin()):
            return True
        worker = am.workers[actor]
        if BITMAP in reads | changes and not worker.clear_in_process and self._clear_can_begin():
            return True
        if TABLE in changes and others:
            return True
        if TABLE in reads and (others or self._others_have_sessions()):
            return True
        if SLOT in reads | changes:
            if others:
                return True
            in_hand = worker.session_in_hand
            if self._in_packet and in_hand is not None and in_hand.thread_index != actor:
                return True  # its owner may judge it
        return bool((reads | changes) - {OWN, CONFIG, CLEARING, BITMAP, TABLE, SLOT})

    def _clear_can_begin(self) -> bool:
        actors = self._actors
        is_on = bool(actors.am.cleaner.clearing_bitmap or actors.commands or self._commands)
        return is_on or any(event.sw_if_index != -2 for event in actors.signals)

    def _others_have_sessions(self) -> bool:
        workers = self._actors.am.packet_workers
        return any(w.live_sessions for w in workers if w.thread_index != self._actor)


def _upcoming(actors: Actors, thread: int) -> Step | None:
    turn = actors.turns.get(thread)
    return None if turn is None else turn.upcoming


def _step_of(actors: Actors) -> tuple[Step | None, Any]:
    """The step of the actor under way, and the worker whose flags it is about."""
    actor = actors.current
    if actor != CLEANER:
        return actors.turns[actor].upcoming, actors.am.workers[actor]
    upcoming = actors.upcoming
    if not isinstance(upcoming, Step):
        return None, None
    steps: Any = actors.process
    worker = None
    while isinstance(steps, GeneratorType):
        frame = steps.gi_frame
        if frame is not None and "worker" in frame.f_code.co_varnames:
            worker = frame.f_locals.get("worker", worker)
        steps = steps.gi_yieldfrom
    return upcoming, worker
