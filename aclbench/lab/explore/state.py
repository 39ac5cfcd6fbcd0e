"""The state of a run as a short digest: two runs with the same digest have the same future.

It holds the engine's rows, lists, tables, bitmaps and flags, signals and interrupts, what may still
happen, and what suspended actors hold: the places and local values of their generators, which only
interpreted ones show. Statistics are left out. Where values cannot be told from each other for
certain, the digest differs: then a state is searched once more, and none is missed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Set
from hashlib import blake2b
from itertools import count
from types import FrameType, GeneratorType
from typing import Any, Final

from aclbench.compiled import form
from aclbench.drivers.driver import CLEANER
from aclbench.engine.acl import AclRule
from aclbench.engine.design import PARTS
from aclbench.engine.events import Check
from aclbench.engine.main import AclMain, CleanerData, Interface
from aclbench.engine.matching import AclMatch
from aclbench.engine.pool import Session, SessionPool
from aclbench.engine.session import SessionId
from aclbench.engine.steps import HANDLE_EVENT, CleanerEvent, Step, Wait, WaitKind
from aclbench.engine.telling import Tell
from aclbench.engine.worker import Worker
from aclbench.errors import AclbenchError
from aclbench.lab.explore.actors import Actors
from aclbench.lab.explore.reduction import is_known
from aclbench.lab.explore.rows import DIGEST_BYTES, digest_of, interface_row, session_id, worker_row
from aclbench.lab.explore.watching import Watch

_WAIT_KINDS: Final = {kind: number for number, kind in enumerate(WaitKind)}
#: Local values that are no state of a turn: what a part is made of, and what is state elsewhere.
_NO_STATE: Final[Set[str]] = frozenset({"self", "am", "sessions"})
#: The same in the engine's own generators: what is only told, and what is not read any more.
_ONLY_TOLD: Final[dict[str, Set[str]]] = {
    "packet_steps": {*_NO_STATE, "checks"},
    "check_idle_sessions": {*_NO_STATE, "deleted"},
    "handle_events": {*_NO_STATE, "events", "event"},
    "session_cleaner_process": {*_NO_STATE, "events"},
    "go_round": {*_NO_STATE, "events"},
}
#: What a match has of its packet, which its turn holds as well.
_OF_PACKET: Final = frozenset({"five", "info"})
_PARTS: Final = (*PARTS.values(), AclMain, CleanerData, SessionPool, Tell)


def check_interpreted() -> None:
    """AclbenchError: the machine runs compiled, where nobody sees what a suspended actor holds."""
    if form() != "interpreted":
        raise AclbenchError(
            "a search needs the machine interpreted, since what its steps hold in between is read; "
            "set ACLBENCH_INTERPRETED=1 before aclbench is imported"
        )


class Digests:
    """Makes digests of the state of some actors."""

    def __init__(self, actors: Actors, watch: Watch) -> None:
        self._actors = actors
        self._watch = watch
        #: Whether the parts are the engine's own, of which it is known what they read again.
        self._known = is_known(actors)
        self._held: dict[int, Any] = {}
        self._of_rules: dict[tuple[AclRule, ...], bytes] = {}
        #: For values of kinds that nobody knows here: no two are the same.
        self._unknown = count()

    def forget(self) -> None:
        """A run begins: nothing is held that was."""
        self._held.clear()

    def stepped(self, actor: int) -> None:
        """An actor took a step: it holds something else."""
        self._held.pop(actor, None)

    def digest(self) -> bytes:
        """The state now."""
        actors, am = self._actors, self._actors.am
        # What stands in a free slot is read by a packet that found it before, and by nobody else.
        with_free = not self._known or any(turn.part for turn in actors.turns.values())
        state = (
            actors.now,
            actors.current,
            actors.was_left,
            tuple(actors.gone),
            tuple(actors.raised),
            actors.commands,
            actors.held_back(),
            self._signals(),
            self._cleaner(),
            tuple([(thread, self._turn(thread)) for thread in sorted(actors.turns)]),
            tuple([worker_row(worker, with_free) for worker in am.workers]),
            tuple([interface_row(interface) for interface in am.interfaces]),
            am.cleaner.wait_interval,
            am.cleaner.clearing_bitmap,
            self._watch.remembered(),
        )
        return digest_of(state)

    def _signals(self) -> tuple[Any, ...]:
        """The cleaner is told the same by two signals as by one, in whatever order."""
        signals = [(event.sw_if_index, event.deleted) for event in self._actors.signals]
        return tuple(sorted(set(signals)) if self._known else signals)

    # --- what suspended actors hold ------------------------------------------------------------

    def _cleaner(self) -> Any:
        upcoming = self._actors.upcoming
        if isinstance(upcoming, Wait) and upcoming.kind is not WaitKind.SUSPEND:
            return _WAIT_KINDS[upcoming.kind], upcoming.until
        held = self._held.get(CLEANER)
        if held is None:
            held = self._held[CLEANER] = self._frames(self._actors.process)
        until = upcoming.until if isinstance(upcoming, Wait) else 0
        return held, until

    def _turn(self, thread: int) -> Any:
        held = self._held.get(thread)
        if held is None:
            in_hand = self._actors.am.workers[thread].session_in_hand
            held = self._held[thread] = (
                None if in_hand is None else session_id(in_hand),
                self._frames(self._actors.turns[thread].steps),
            )
        return held

    def _frames(self, steps: Any) -> Any:
        """Where a generator, and those that it waits for, stand, and their local values."""
        found: list[Any] = []
        while isinstance(steps, GeneratorType):
            frame: FrameType | None = steps.gi_frame
            if frame is None:
                break
            found.append(frame.f_lasti)
            left_out = _NO_STATE
            if self._known and self._actors.upcoming is not HANDLE_EVENT:
                left_out = _ONLY_TOLD.get(frame.f_code.co_name, _NO_STATE)
            for name, value in frame.f_locals.items():
                if name not in left_out:
                    found.append(self._value(value))
            steps = steps.gi_yieldfrom
        return tuple(found)

    def _value(self, value: Any) -> Any:
        """A local value as one that marshal writes."""
        kind = type(value)
        if kind is int or kind is bytes or kind is bool or value is None:
            return value
        if kind is str:
            return value.encode()
        if kind is tuple and value and type(value[0]) is AclRule:
            return self._rules(value)
        if kind is tuple or kind is list or kind is deque:
            return tuple([self._value(each) for each in value])
        name = _NAMED.get(kind)
        if name is not None:
            return name(self, value)
        if isinstance(value, Worker):  # of a kind of its own
            return value.thread_index
        if isinstance(value, tuple):  # a NamedTuple
            return (kind.__name__.encode(), *[self._value(each) for each in value])
        if isinstance(value, dict):
            return tuple([(self._value(k), self._value(v)) for k, v in value.items()])
        if isinstance(value, _PARTS):
            return None
        return next(self._unknown)

    def _rules(self, rules: tuple[AclRule, ...]) -> bytes:
        found = self._of_rules.get(rules)
        if found is None:
            content = repr(rules).encode()
            found = blake2b(content, digest_size=DIGEST_BYTES).digest()
            self._of_rules[rules] = found
        return found

    def _match(self, match: AclMatch) -> Any:
        """All that it has, also what a design's own matching keeps there."""
        kept = [self._value(v) for k, v in vars(match).items() if k not in _OF_PACKET]
        return tuple(kept)


#: How an object of the engine is named: by what tells it from others.
_NAMED: Final[dict[type[Any], Callable[[Digests, Any], Any]]] = {
    Worker: lambda digests, worker: worker.thread_index,
    Session: lambda digests, session: session_id(session),
    Interface: lambda digests, interface: interface.sw_if_index,
    AclMatch: lambda digests, match: digests._match(match),
    Step: lambda digests, step: step.label.encode(),
    Check: lambda digests, check: (check.reason, check.session and tuple(check.session)),
    SessionId: lambda digests, where: tuple(where),
    Wait: lambda digests, wait: (_WAIT_KINDS[wait.kind], wait.until),
    CleanerEvent: lambda digests, event: tuple(event),
}
