"""What has happened on a bench since a step was entered, also when the learner goes back in time.

The events are heard as they come. Whenever the bench has moved in its history, or heard more or
fewer events than its counters say there were, they are counted again from the history: what was
undone has not happened.
"""

from __future__ import annotations

from typing import Final

from aclbench.engine.events import TraceEvent
from aclbench.expressions import Refused
from aclbench.tutor.journals import common_point, inputs_so_far
from aclbench.tutor.rows import EVENTS
from aclbench.workbench.history.history import History
from aclbench.workbench.rig.inputs import Cli, Op, Point
from aclbench.workbench.tasks import Slices, finish
from aclbench.workbench.workbench import Workbench

#: Events of one kind that are kept at most.
MAX_KEPT: Final = 200_000


class Since:
    """Listens to a bench. `begin` sets the moment from which events count; `close` ends it.

    A bench that went back before that moment, and on from there in another way, counts from where
    it left the old way; after `reset` or `load`, from the start.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._kept: dict[type[TraceEvent], list[TraceEvent]] = {}
        bench.listeners.add(self._hear)
        self.begin(frozenset())

    def begin(self, kinds: frozenset[str], inputs: tuple[Op, ...] | None = None) -> None:
        """From here on, or from behind these inputs, keep the events of these kinds."""
        self._types = frozenset(EVENTS[kind] for kind in kinds)
        self._inputs = inputs_so_far(self._bench) if inputs is None else inputs
        self._forget()
        self._count = self._total()
        if inputs is not None:
            self._moves = -1  # what came behind them was not heard: it is counted from there

    def close(self) -> None:
        """Listen no more."""
        self._bench.listeners.remove(self._hear)

    def of(self, kind: str) -> list[TraceEvent]:
        """The events of a kind since then, oldest first. Refused: there are too many to keep."""
        self._recount_if_moved()
        kept = self._kept.get(EVENTS[kind], [])
        if len(kept) > MAX_KEPT:
            raise Refused(f"more than {MAX_KEPT:,} such events since the step began; undo it")
        return kept

    def lines(self) -> list[str]:
        """The command lines that changed the bench since then, in order."""
        history = self._bench.past
        begin = common_point(history.branch, self._inputs).op
        done = history.branch.ops[begin : history.cursor.op]
        return [op.line for op in done if isinstance(op, Cli) and not op.timed]

    def _forget(self) -> None:
        self._kept = {kind: [] for kind in self._types}
        self._heard = 0
        self._moves = self._bench.moves

    def _hear(self, event: TraceEvent) -> None:
        self._heard += 1
        kept = self._kept.get(type(event))
        if kept is not None and len(kept) <= MAX_KEPT:
            kept.append(event)

    def _total(self) -> int:
        return self._bench.rig.events_so_far()

    def _recount_if_moved(self) -> None:
        moved = self._bench.moves != self._moves
        if not moved and self._heard == self._total() - self._count:
            return
        self._forget()
        history = self._bench.past
        branch = history.branch
        begin, end = common_point(branch, self._inputs), history.cursor
        if branch.canonical(begin)[:2] < branch.canonical(end)[:2]:
            for event in finish(_heard_between(history, begin, end)):
                self._hear(event)
        self._count = self._total() - self._heard


def _heard_between(history: History, begin: Point, end: Point) -> Slices[list[TraceEvent]]:
    """The events of a stretch of the run, made again."""
    there = yield from history.at(begin)
    heard = yield from there.heard_to(end)
    yield from there.rig.closing()
    return heard
