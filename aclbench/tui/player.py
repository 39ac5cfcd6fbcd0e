"""The bench as the screen plays it: its time, its history, and the values of each painting.

No Textual here. What is shown is a frozen `Frame`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from aclbench.tui.frame import Frame, State, Wanted
from aclbench.tui.live import Live, MakeBench
from aclbench.tui.log.store import FILTERS, WITHOUT_PACKETS, EventStore
from aclbench.tui.transport import Transport
from aclbench.tui.travel import Travel
from aclbench.tui.underway import Then, Underway
from aclbench.workbench.inquiry.packets import latest_packets
from aclbench.workbench.inquiry.timeline import Timeline, timeline_of
from aclbench.workbench.tasks import Task
from aclbench.workbench.views.snapshot import Snapshot, View
from aclbench.workbench.workbench import Workbench


def nothing() -> None:
    """To be called where nothing is left to do."""


class Player:
    """A bench, and what makes it go: `transport`, `travel`, and what is `underway`.

    `make_bench` makes such a bench anew.
    """

    def __init__(
        self,
        bench: Workbench,
        make_bench: MakeBench,
        title: str,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.live = self._make_live(bench, title, clock)
        self._make_bench = make_bench
        self.filter_index = WITHOUT_PACKETS
        self._make_parts()

    def _make_live(self, bench: Workbench, title: str, clock: Callable[[], float]) -> Live:
        return Live(bench, title, clock)

    def _make_parts(self) -> None:
        self.transport = Transport(self.live)
        self.underway = Underway(self.live, self.transport)
        self.travel = Travel(self.live, self.transport, self.underway)

    @property
    def bench(self) -> Workbench:
        """The bench that is shown now; another one may stand in its place later."""
        return self.live.bench

    @property
    def log(self) -> EventStore:
        """What was heard of it."""
        return self.live.log

    @property
    def active(self) -> bool:
        """Something goes on by itself: the screen is to call `tick`."""
        going_on = self.transport.playing or self.underway.task is not None
        return going_on or self.live.is_refilling or self.live.is_measuring

    def tick(self, wall_s: float, to_be_painted: bool = True) -> None:
        """Go on: with what is under way, else by what the speed asks for (see `Transport`)."""
        self.live.go_on()
        self.live.measure()
        if self.underway.task is not None:
            self.underway.go_on()
        else:
            self.transport.tick(wall_s, to_be_painted)

    def run_line(self, line: str, then: Then | None = None) -> Task[str]:
        """Run a command line; what takes long goes on with each tick."""
        task = self.bench.begin(line)
        self.underway.begin(task, then)
        return task

    def next_filter(self) -> None:
        """Show the log through the next filter."""
        self.filter_index = (self.filter_index + 1) % len(FILTERS)

    def restart(self, then: Callable[[], object] = nothing) -> None:
        """A new bench, paused at its start; see `show_another`."""
        self.show_another(self._make_bench, self.live.title, "restart", "restarted", then)

    def show_another(
        self,
        make_bench: MakeBench,
        title: str,
        what: str,
        said: str = "",
        then: Callable[[], object] = nothing,
    ) -> None:
        """Another bench in the place of this one, which stays until that one is ready.

        `what` names the work, `said` is said at its end, and `then` is called. If it fails or is
        stopped this bench is still there.
        """
        self.transport.pause()

        def begin(task: Task[Workbench]) -> None:
            if not task.is_done:
                return
            left, self._make_bench = self.bench, make_bench
            task.result.rig.time_mode = left.rig.time_mode
            self.live.begin(task.result, title)
            self.transport.begin()
            left.history = None  # it refers to itself, and would keep its checkpoints
            closing = Task(left.rig.closing(), "free the bench before")
            self.underway.begin(closing, lambda task: self.live.say(said))
            then()

        self.underway.begin(Task(make_bench(), what), begin)

    def close(self) -> None:
        """Leave nothing behind that goes on."""
        self.underway.close()
        self.transport.pause()

    # --- what is shown -----------------------------------------------------------------------

    def timeline(self, columns: int) -> Timeline | None:
        """The run in so many columns; None while there is nothing to show."""
        return timeline_of(self.bench, columns) if columns > 0 else None

    def frame(self, wanted: Wanted) -> Frame:
        """What to paint: these threads, so many sessions of each list, so many events."""
        live, log, transport = self.live, self.log, self.transport
        live.measure()
        snapshot = self.bench.snapshot(
            View(threads=wanted.threads, anchor="head", size=wanted.rows)
        )
        log.note_interval(snapshot.cleaner.wait_interval)
        before = live.compare(snapshot, self.active)
        which = self.filter_index
        history = self.bench.history
        return Frame(
            title=live.title,
            clock=self.bench.rig.clock,
            snapshot=snapshot,
            before=None if before is None else before.snapshot,
            state=self._state_of(snapshot),
            speed=transport.speed_text(),
            notice=live.notice,
            error=live.error,
            events=log.last(wanted.events, which),
            new_events=0 if before is None else max(log.counts[which] - before.counts[which], 0),
            filter_name=FILTERS[which][0],
            packets=latest_packets(self.bench, wanted.packets),
            new_packets=0
            if before is None
            else max(snapshot.packets.read - before.snapshot.packets.read, 0),
            workers=wanted.threads,
            page=self._page(wanted.threads),
            timeline=self.timeline(wanted.columns),
            intervals=tuple(log.intervals),
            mark_kind=self.travel.mark_kind,
            branch=history.branch.name if history is not None else "",
            past=live.in_past(),
            busy=self.underway.what + self.underway.how_far,
            chosen=transport.chosen,
        )

    def _page(self, threads: tuple[int, ...]) -> str:
        """Which of the workers are shown; empty: all or none."""
        everyone = self.live.threads
        if not 0 < len(threads) < len(everyone):
            return ""
        first = everyone.index(threads[0]) + 1
        last = first + len(threads) - 1
        which = f"workers {first}-{last}" if last > first else f"worker {first}"
        return f"{which} of {len(everyone)}"

    def _state_of(self, snapshot: Snapshot) -> State:
        """One word for the top line. Captures end; a bench to which packets are sent is idle."""
        if self.underway.task is not None:
            return "busy"
        if snapshot.next_time is None and not self.live.in_past():
            return "idle" if self.bench.rig.feed is None else "ended"
        return "playing" if self.transport.playing else "paused"
