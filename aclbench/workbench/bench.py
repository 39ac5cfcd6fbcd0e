"""The bench: a rig, its history, who listens, and how it goes on and moves in time. All parts.

Faces hold a `Workbench`, which adds the command table.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.invariants import check_invariants
from aclbench.engine.timeouts import NEVER
from aclbench.errors import AclbenchError
from aclbench.workbench.grammar import CommandTable
from aclbench.workbench.history.history import History
from aclbench.workbench.history.marks import Marks
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.packettrace import PacketTrace
from aclbench.workbench.inquiry.threaded_packets import ThreadedPackets
from aclbench.workbench.listeners import Listeners
from aclbench.workbench.rig.inputs import Inject
from aclbench.workbench.rig.names import made_note, real_names
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.rulenotes import rule_notes
from aclbench.workbench.rig.setting_up import SetUpLines, set_up
from aclbench.workbench.tasks import Slices, finish, tidying
from aclbench.workbench.transport import Transport
from aclbench.workbench.travel import Travel
from aclbench.workbench.views.report import Report, make_report
from aclbench.workbench.views.verdict import Verdict, verdict_of

if TYPE_CHECKING:  # what a replay has no use for is imported when it is asked for
    from aclbench.workbench.views.events import EventLog
    from aclbench.workbench.views.snapshot import Outlook, Snapshot, View

#: Events that a bench on real threads keeps.
EVENTS_KEPT: Final = 100_000


class CommandLines(SetUpLines, Protocol):
    """What performs command lines: see `commands.lines`."""

    @property
    def table(self) -> CommandTable:
        """The commands there are; more may be added to those of one bench."""

    def slices(self, bench: Any, line: str) -> Slices[str]:
        """Run one line on a bench; returns what it prints."""

    def data(self, bench: Any, line: str) -> Slices[Any]:
        """The same as plain values."""


class Bench:
    """A rig and what is done with it.

    A bench that `keeps` its run can take it back; `history` is that of a run that was loaded. On
    real threads it never can; there it keeps its last events instead.
    """

    def __init__(
        self, rig: Rig, lines: CommandLines, keeps: bool = True, history: History | None = None
    ) -> None:
        self.rig = rig
        self.lines = lines
        self.listeners = Listeners(rig)
        self.history = history
        #: On real threads, the last events, if they are kept.
        self.kept: EventLog | None = None
        #: On real threads, the packets that are done, likewise.
        self.threaded_packets = ThreadedPackets()
        #: Without a history, samples of the counters over time: what a timeline is made of.
        self.samples = Marks()
        self.transport = Transport(self)
        self.travel = Travel(self)
        #: What `trace add` asked for; it listens, and is no part of the run.
        self.trace = PacketTrace(self)
        #: Counts moves in the history and changes of the rig. Who keeps events compares it, to
        #: know whether they are still those of this run.
        self.moves = 0
        #: Where a command that goes on for a while prints its lines as they come: set by whoever
        #: shows them to a person. None: they are collected, up to a limit, and returned.
        self.printer: Callable[[str], None] | None = None
        #: Files that `save` wrote of this run: it may write them again.
        self.saved: set[Path] = set()
        #: Files that `exec` is running just now, one inside the other.
        self.exec_depth = 0
        if keeps and rig.is_threaded:
            from aclbench.workbench.views.events import EventLog

            self.kept = EventLog(EVENTS_KEPT)
            self.listeners.add(self.kept.hear)
            rig.keep_packets()
        elif keeps and history is None:
            self.history = finish(History.beginning(rig))

    # --- what it is -----------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Virtual time in nanoseconds; it starts at one second."""
        return self.rig.driver.now

    @property
    def started(self) -> int:
        """When the run began, in virtual nanoseconds: what times are counted from."""
        return self.rig.started

    @property
    def is_threaded(self) -> bool:
        """Whether it runs on real threads."""
        return self.rig.is_threaded

    @property
    def past(self) -> History:
        """The history. AclbenchError: this bench keeps none, or runs on real threads."""
        return self.travel.past

    @property
    def capture_error(self) -> AclbenchError | None:
        """Why the captures ended early, if they did."""
        return self.rig.feed.error if self.rig.feed is not None else None

    # --- another rig ----------------------------------------------------------------------------

    def take(self, there: Replay) -> Rig:
        """Have another rig, which stands elsewhere in the history; returns the one before."""
        assert self.history is not None
        left = self.history.take(there)
        self._attach(there.rig)
        return left

    def becoming(self, rig: Rig, history: History | None = None) -> Slices[None]:
        """Have another rig, with its history; who listens to this bench goes on listening.

        Without a history the run begins there, if this bench keeps one. Until all is ready the
        bench is what it was; then it is the other at once.
        """
        left, before = self.rig, self.history
        if before is not None and history is None:
            history = yield from History.beginning(rig)
        if before is not None and history is not None:
            history.checkpoints.memory_bytes = before.checkpoints.memory_bytes
            yield from history.inheriting_recorder(before)
        self.history = history if before is not None else None
        self.samples = Marks()
        if self.kept is not None:
            self.kept.clear()
            self.threaded_packets = ThreadedPackets()
            rig.keep_packets()
        self.trace.clear()
        self.saved.clear()
        self.transport.chosen = None
        self._attach(rig)
        if left is not rig:
            yield from tidying(left.closing())

    def _attach(self, rig: Rig) -> None:
        rig.time_mode = self.rig.time_mode
        self.rig = rig
        self.moves += 1
        self.listeners.attach(rig)
        self.trace.forget_the_future(rig.driver.packets_handled)

    def rig_at_start(self) -> Slices[Rig]:
        """A rig as this bench's was at its start. CaptureError: a capture has changed."""
        rig, driver = self.rig, self.rig.driver
        if rig.feed is not None:
            rig.feed.check_captures()  # a pipe is not read twice
        start = rig.start
        if isinstance(driver, ThreadedDriver):
            start = start._replace(speed=driver.speed)
        if rig.scenario is not None:
            return (yield from set_up(rig.scenario, start, self.lines))
        fresh = Rig(start, self.lines.performing)
        if rig.feed is not None:
            feed = rig.feed
            fresh.open_captures(feed.captures, feed.steering, feed.by_time)
        return fresh

    # --- packets by hand ------------------------------------------------------------------------

    def sending(self, interface: str, frames: tuple[bytes, ...]) -> Slices[list[Verdict]]:
        """Send Ethernet frames into an interface now, in order; returns a verdict for each.

        CommandError: they are too many (`rig.inputs`).
        """
        rig, history = self.rig, self.history
        rig.interface_index(interface)
        if rig.is_running:
            raise AclbenchError("the bench is running; stop it, then send")
        op = Inject(interface, rig.sent + 1, frames)
        op.check_size()
        verdicts: list[Verdict] = []
        names = {i.sw_if_index: i.name for i in rig.machine.am.interfaces if i is not None}

        def hear(event: TraceEvent) -> None:
            if isinstance(event, PacketVerdict):
                verdicts.append(verdict_of(event, names.get(event.tx)))

        if history is not None:
            history.before_acting()
        yield from self.transport.running(self.now)
        yield from rig.injecting(op)
        if history is not None:
            history.note(op)
        with self.listeners.with_listener(hear):
            yield from self.transport.running(self.now)
        return sorted(verdicts[: len(frames)], key=lambda verdict: verdict.number)

    # --- views ----------------------------------------------------------------------------------

    def snapshot(self, view: View | None = None) -> Snapshot:
        """The bench as it stands; without a view, everything but long lists' middles."""
        from aclbench.workbench.views.snapshot import View
        from aclbench.workbench.views.taking import take_snapshot

        return take_snapshot(self.rig.driver, view or View(), self.rig.next_timed)

    def outlook(self) -> Outlook:
        """What is due next, without a look at the workers: for whoever asks often."""
        from aclbench.workbench.views.snapshot import Outlook

        rig = self.rig
        cleaner, due = rig.machine.am.cleaner, self.next_time()
        return Outlook(
            now=self.now,
            next_time=None if due >= NEVER else due,
            wait_until=None if cleaner.wait.until == NEVER else cleaner.wait.until,
            wait_interval=cleaner.wait_interval,
            live=rig.machine.am.live_sessions(),
        )

    def next_time(self) -> int:
        """When the next thing happens, lines of the scenario and inputs of a branch among it."""
        if self.history is not None and not self.history.at_end():
            return min(self.rig.driver.next_time(), max(self.now, self.history.here.next_time()))
        return self.rig.next_time()

    def report(self) -> Report:
        """The figures since the scenario was set up."""
        scenario, feed = self.rig.scenario, self.rig.feed
        notes = [scenario.assumed] if scenario and scenario.assumed else []
        if made := real_names(self.rig.machine.am):
            notes.append(made_note(made))
        notes += rule_notes(self.rig.machine.am)
        if feed is not None:
            notes += feed.notes(self.rig.unhandled)
        elapsed_s = self.transport.elapsed_s
        start = self.rig.clock.start_text()
        return make_report(self.rig.driver, self.started, elapsed_s, tuple(notes), start)

    def check_invariants(self) -> None:
        """Raise AssertionError, and show the state, if something that always holds does not."""
        check_invariants(self.rig.machine.am, at_rest=self.rig.driver.at_rest())
