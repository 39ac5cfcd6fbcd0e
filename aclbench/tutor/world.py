"""A bench as expressions see it: one instant of it, and the events since a step began."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final, Protocol

from aclbench.engine.acl import DENY, PERMIT, PERMIT_REFLECT
from aclbench.engine.events import TraceEvent
from aclbench.errors import AclbenchError
from aclbench.expressions import Refused
from aclbench.tutor.rows import AclRow, WouldRow
from aclbench.workbench.budget import Budget
from aclbench.workbench.views.snapshot import SessionView, Snapshot, View
from aclbench.workbench.workbench import Workbench

#: Sessions that an expression looks through at most, in one list.
MAX_SESSIONS: Final = 10_000
#: Nodes of an expression that cost as much as one event.
WORK_PER_EVENT: Final = 2


class Heard(Protocol):
    """Events since a step began, by kind."""

    def of(self, kind: str) -> Sequence[TraceEvent]: ...
    def lines(self) -> Sequence[str]: ...


class BenchWorld:
    """The bench as it stands when this is first asked: make another one for the next instant.

    What is looked at is spent of the budget, if there is one.
    """

    def __init__(self, bench: Workbench, since: Heard, budget: Budget | None = None) -> None:
        self._bench = bench
        self._since = since
        self._budget = budget

    @cached_property
    def snapshot(self) -> Snapshot:
        """Counts, flags and lists without their sessions: it costs the same however many."""
        return self._bench.snapshot(View(size=0))

    @property
    def started(self) -> int:
        """When the run began."""
        return self._bench.started

    def list_sessions(self, thread_index: int, list_id: int) -> Sequence[SessionView]:
        """The sessions of one list, head first."""
        view = View((thread_index,), (list_id,), "head", MAX_SESSIONS)
        found = self._bench.snapshot(view).workers[0].lists[0]
        if found.length > MAX_SESSIONS:
            raise Refused(f"a list of more than {MAX_SESSIONS:,} sessions; its length can be asked")
        return found.sessions

    @cached_property
    def _sessions(self) -> list[SessionView]:
        return [
            session
            for worker in self.snapshot.workers
            for view in worker.lists
            if view.length
            for session in self.list_sessions(worker.thread_index, view.list_id)
        ]

    def sessions(self) -> Sequence[SessionView]:
        """Every session, thread by thread and list by list."""
        return self._sessions

    def acl(self, acl_index: int) -> AclRow | None:
        """An ACL, or None."""
        acl = self._bench.rig.machine.am.acls.get(acl_index)
        if acl is None:
            return None
        actions = [rule.is_permit for rule in acl.rules]
        return AclRow(
            acl_index,
            acl.tag,
            rules=len(actions),
            permits=actions.count(PERMIT),
            reflects=actions.count(PERMIT_REFLECT),
            denies=actions.count(DENY),
        )

    def would(self, packet: str) -> WouldRow:
        """What would become of a packet now: `pg0 udp 10.0.0.2:53 > 192.168.0.2:53`."""
        if ">" not in packet:
            raise Refused("would takes a packet such as 'pg0 udp 10.0.0.2:5 > 192.168.0.2:53'")
        if self._budget is not None:  # it may look for a session that was lost, through all the run
            self._budget.spend(self._bench.rig.events_so_far(), "questions of goals")
        try:
            verdict = self._bench.explain(packet).verdict
        except AclbenchError as error:
            raise Refused(str(error)) from None
        return WouldRow(verdict.fate, verdict.reason, verdict.tx)

    def interface_name(self, sw_if_index: int) -> str:
        """The name of an interface."""
        return self._bench.rig.interface_name(sw_if_index)

    def events(self, kind: str) -> Sequence[TraceEvent]:
        """The events of a kind since the step began."""
        return self._since.of(kind)

    def typed(self, words: str) -> int:
        """How many of the lines that changed the bench since the step began, begin so."""
        wanted = words.split()
        return sum(_words_of(self._bench, line)[: len(wanted)] == wanted for line in self._lines)

    @cached_property
    def _lines(self) -> Sequence[str]:
        return self._since.lines()

    def note_work(self, work: int) -> None:
        """An expression has looked at so much. Raises BudgetError."""
        if self._budget is not None:
            self._budget.spend(work // WORK_PER_EVENT, "the work of goals")


def _words_of(bench: Workbench, line: str) -> list[str]:
    """The words of a command in full, without what they are about: `set acl-plugin acl`."""
    try:
        parsed = bench.lines.table.parse(line, bench)
    except AclbenchError:  # what it names is not there any more
        return line.split()
    return [] if parsed is None else [item.name for item in parsed.path if item.kind == "word"]
