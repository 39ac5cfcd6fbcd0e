"""Two benches as the screen plays them: keys drive the one in hand, and the other follows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from aclbench.tui import underway
from aclbench.tui.against.following import following, is_in_step
from aclbench.tui.against.lines import performing
from aclbench.tui.frame import Against, Figure, Frame, State, Wanted
from aclbench.tui.live import COUNTS, SLICE_S, Live, MakeBench
from aclbench.tui.player import Player, nothing
from aclbench.tui.transport import TICK_S, Transport
from aclbench.tui.travel import Travel
from aclbench.tui.underway import Then, Underway
from aclbench.workbench.inquiry.comparing import compared, seen_at
from aclbench.workbench.inquiry.differing import (
    Alone,
    OtherFates,
    alone_among,
    figures_of,
    finding_alone,
)
from aclbench.workbench.tasks import Slices, Task
from aclbench.workbench.views.snapshot import Snapshot, View
from aclbench.workbench.workbench import Workbench

#: Sessions that only one bench has are listed up to so many.
LISTED: Final = 100
#: With no more sessions than this on both, they are looked for at every painting.
FEW: Final = 500
#: Figures that are shown even where both are 0.
_ALWAYS: Final = ("sessions", "interrupts", "requeued", "denied")
#: The least that the bench in hand gets of a tick, in seconds, where the other one is slow.
_LEAST_S: Final = 0.001


class Pair:
    """Makes the two benches, with `make`. `against` says how the second differs.

    They are called by their designs, where these are not the same.
    """

    def __init__(
        self, make: Callable[[], Slices[tuple[Workbench, Workbench]]], against: str
    ) -> None:
        self._make = make
        self._against = against
        #: The second one, and what both are called, once they are made.
        self.second: Workbench | None = None
        self.names = ("", "")

    def making(self) -> Slices[Workbench]:
        """The first bench; the second one is there then."""
        first, self.second = yield from self._make()
        designs = (first.snapshot(COUNTS).design, self.second.snapshot(COUNTS).design)
        self.names = designs if designs[0] != designs[1] else ("as it is", self._against)
        return first

    def playing(self, bench: Workbench, make_bench: MakeBench, title: str) -> Player:
        """A player of both."""
        return AgainstPlayer(bench, make_bench, title, self)


class PairedLive(Live):
    """The bench in hand; something is due as long as anything is on either."""

    #: The other one; None only while the first is being looked at.
    other: Live | None = None

    def next_time(self) -> int | None:
        times = [super().next_time()]
        if self.other is not None and (due := self.other.next_time()) is not None:
            times.append(due - self.other.started + self.started)
        return min((time for time in times if time is not None), default=None)

    def in_past(self) -> bool:
        return super().in_past() or (self.other is not None and self.other.in_past())


class PairedTransport(Transport):
    """Plays the bench in hand, and has the other one catch up before it goes on."""

    def __init__(self, live: Live, other: Live) -> None:
        super().__init__(live)
        self._other = other
        self._catching: Task[None] | None = None
        self._caught_s = 0.0

    @property
    def is_catching(self) -> bool:
        """The other bench is behind, and on its way."""
        return self._catching is not None

    def hold(self) -> bool:
        if self._catching is not None:
            self._catching.stop()
            self._catching = None
        return super().hold()

    def tick(self, wall_s: float, to_be_painted: bool = True) -> None:
        if self._catching is None and self.playing:
            super().tick(wall_s, to_be_painted)
            self.catch_up()
        elif self._catching is not None:
            self._go_on_catching(self._catching)

    def catch_up(self) -> None:
        """Have the other bench stand where the one in hand stands."""
        self._caught_s = 0.0
        self._other.log.listen(not self.flat_out)
        self._catching = Task(following(self._live.bench, self._other.bench))
        self._go_on_catching(self._catching)

    def _go_on_catching(self, task: Task[None]) -> None:
        began = time.perf_counter()
        if task.work(TICK_S):
            self._catching = None
            if task.error is not None:
                self.pause()
                self._live.say(str(task.error), error=True)
        else:
            self._behind = True
        self._caught_s += time.perf_counter() - began
        # The bench in hand gets less where the other one takes longer.
        self.tick_s = max(min(TICK_S * TICK_S / max(self._caught_s, TICK_S), TICK_S), _LEAST_S)

    def _far(self) -> int:
        """Where nothing is due on the one in hand, to what is due on the other."""
        if self._live.bench.outlook().next_time is None and not Live.in_past(self._live):
            due = self._live.next_time()
            assert due is not None, "something is due"
            return due
        return super()._far()


class PairedUnderway(Underway):
    """What the bench in hand has done, the other one then does."""

    def __init__(self, live: Live, transport: PairedTransport, other: Live) -> None:
        super().__init__(live, transport)
        self._other = other
        self._following: Task[None] | None = None

    @property
    def what(self) -> str:
        return f"{super().what}, the other bench" if self._following else super().what

    @property
    def how_far(self) -> str:
        return "" if self._following else super().how_far

    def begin(self, task: Task[Any], then: Then | None = None) -> None:
        self._other.hold_still()
        super().begin(task, then)

    def stop(self) -> None:
        if self._following is not None:
            self._following.stop()
            self._end_of_following()
        else:
            super().stop()

    def close(self) -> None:
        if self._following is not None:
            self._following.stop()
            self._following = None
        super().close()

    def _work(self, seconds: float) -> None:
        if self._following is None:
            super()._work(seconds)
        elif self._following.work(seconds):
            self._end_of_following()

    def _end(self, task: Task[Any]) -> None:
        self._following = Task(following(self._live.bench, self._other.bench))
        self._other.log.listen(True)
        if self._following.work(underway.FIRST_S):
            self._end_of_following()
        else:
            self._other.log.listen(False)

    def _end_of_following(self) -> None:
        task, followed, self._following = self.task, self._following, None
        assert task is not None
        assert followed is not None
        if self._other.has_moved:
            self._other.look_at_threads()
            self._other.log.refill(())
        self._other.log.listen(True)
        super()._end(task)
        if followed.error is not None:
            self._live.say(f"the other bench: {followed.error}", error=True)


class AgainstPlayer(Player):
    """A player of two benches. `in_hand` is which of the `pair` keys drive: 0 or 1."""

    def __init__(
        self,
        bench: Workbench,
        make_bench: MakeBench,
        title: str,
        pair: Pair,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        assert pair.second is not None
        self._pair = pair
        self.in_hand = 0
        self.other = Live(pair.second, title, clock)
        #: Sessions that only the one in hand has, and only the other; as of some state of both.
        self._alone: tuple[Alone, Alone] | None = None
        self._alone_of: object = None
        self._finding: Task[tuple[Alone, Alone]] | None = None
        self._fates = OtherFates()
        self._last: tuple[Wanted, Frame] | None = None
        super().__init__(bench, make_bench, title, clock)

    def _make_live(self, bench: Workbench, title: str, clock: Callable[[], float]) -> Live:
        live = PairedLive(bench, title, clock)
        live.other = self.other
        return live

    def _make_parts(self) -> None:
        transport = PairedTransport(self.live, self.other)
        self.transport = self._paired = transport
        self.underway = PairedUnderway(self.live, transport, self.other)
        self.travel = Travel(self.live, transport, self.underway)

    @property
    def names(self) -> tuple[str, str]:
        """What the one in hand is called, and the other."""
        first, second = self._pair.names
        return (second, first) if self.in_hand else (first, second)

    @property
    def active(self) -> bool:
        return super().active or self._paired.is_catching or self._finding is not None

    def tick(self, wall_s: float, to_be_painted: bool = True) -> None:
        super().tick(wall_s, to_be_painted)
        finding = self._finding
        if finding is not None and finding.work(SLICE_S):
            self._finding = None
            self._alone = finding.result

    def run_line(self, line: str, then: Then | None = None) -> Task[str]:
        slices = performing(self.bench, self.other.bench, self.names, line)
        task = Task(slices, self.bench.begin(line).what)
        self.underway.begin(task, then)
        return task

    def exchange(self) -> None:
        """Take the other bench in hand."""
        played = self.transport.hold()
        chosen = self.transport.chosen
        self.in_hand = 1 - self.in_hand
        for each in (self.live, self.other):
            each.log.listen(False)
        self._begin(self.other.bench, self.bench, self.live.title)
        self.transport.playing, self.transport.chosen = played, chosen
        self.live.say(f"{self.names[0]} is in hand; {self.names[1]} follows")
        self._paired.catch_up()  # it may be a packet behind, in the middle of an instant

    def _begin(self, bench: Workbench, other: Workbench, title: str) -> None:
        self.live.begin(bench, title)
        self.other.begin(other, title)
        self._alone = self._alone_of = self._last = None

    def restart(self, then: Callable[[], object] = nothing) -> None:
        def begin_both() -> None:
            assert self._pair.second is not None
            self.in_hand = 0
            self._begin(self.bench, self._pair.second, self.live.title)
            self.live.say("restarted")
            then()

        super().restart(begin_both)

    # --- what is shown -----------------------------------------------------------------------

    def frame(self, wanted: Wanted) -> Frame:
        """The frame of the one in hand, with that of the other."""
        in_step = is_in_step(self.bench, self.other.bench)
        if self._paired.is_catching and self._last is not None and self._last[0] == wanted:
            # What both show stays until they are level again.
            said, speed = self.live.notice, self.transport.speed_text()
            return replace(self._last[1], notice=said, error=self.live.error, speed=speed)
        own = super().frame(wanted)
        live, other = self.live, self.other
        other.bench.rig.time_mode = live.bench.rig.time_mode
        view = View(threads=wanted.threads, anchor="head", size=wanted.rows)
        snapshot = other.bench.snapshot(view)
        other.log.note_interval(snapshot.cleaner.wait_interval)
        before = other.compare(snapshot, self.active)
        mine, theirs = self._alone_in_sight(own.snapshot, snapshot, in_step)
        beside = replace(
            own,
            clock=other.bench.rig.clock,
            snapshot=snapshot,
            before=None if before is None else before.snapshot,
            events=(), new_events=0, packets=(), new_packets=0, timeline=None,
            intervals=tuple(other.log.intervals),
            label=self.names[1],
            alone=theirs,
        )  # fmt: skip
        against = Against(
            other=beside,
            in_hand=self.in_hand,
            figures=self._figures(),
            alone=self._all_alone() if in_step else None,
            in_step=in_step,
            noticed=self._fates.count(self.bench.past, other.bench.past) if in_step else None,
        )
        shown = replace(own, label=self.names[0], alone=mine, against=against)
        self._last = (wanted, shown)
        return shown

    def noticing(self) -> Slices[list[str]]:
        """Who would notice that the other bench was there, and the figures of both: lines."""
        past, other = self.bench.past, self.other.bench.past
        other.here.note_packets()
        own, name = self.names
        return (yield from compared(past, seen_at(past.here, own), seen_at(other.here, name)))

    def _state_of(self, snapshot: Snapshot) -> State:
        state = super()._state_of(snapshot)
        if state in ("ended", "idle") and self.live.next_time() is not None:
            return "playing" if self.transport.playing else "paused"  # the other one goes on
        return state

    def _alone_in_sight(
        self, own: Snapshot, other: Snapshot, in_step: bool
    ) -> tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]:
        if not in_step:
            return frozenset(), frozenset()
        one, two = self.bench.rig, self.other.bench.rig
        return (
            alone_among(one, two, _in_sight(own)),
            alone_among(two, one, _in_sight(other)),
        )

    def _all_alone(self) -> tuple[Alone, Alone] | None:
        """Those that only one has; None: they are looked for, or will be when it stands still."""
        now = (self.live.stamp(), self.other.stamp())
        if now == self._alone_of:
            return self._alone
        if self._finding is not None:
            self._finding.stop()
        self._alone_of, self._alone, self._finding = now, None, None
        task = Task(self._finding_alone(), "sessions that only one has")
        if self.bench.outlook().live + self.other.bench.outlook().live <= FEW:
            self._alone = task.finish()
        elif not self.transport.playing:
            self._finding = task
        else:
            self._alone_of = None
        return self._alone

    def _finding_alone(self) -> Slices[tuple[Alone, Alone]]:
        one, two = self.bench.rig, self.other.bench.rig
        mine = yield from finding_alone(one, two, LISTED)
        theirs = yield from finding_alone(two, one, LISTED)
        return mine, theirs

    def _figures(self) -> tuple[Figure, ...]:
        own, other = figures_of(self.bench.rig), figures_of(self.other.bench.rig)
        order = list(own)
        for at, name in enumerate(other):
            if name not in own:
                order.insert(min(at, len(order)), name)
        figures = [Figure(name, own.get(name), other.get(name)) for name in order]
        return tuple(f for f in figures if f.own or f.other or f.label in _ALWAYS)


def _in_sight(snapshot: Snapshot) -> list[tuple[int, int]]:
    return [s.id for worker in snapshot.workers for view in worker.lists for s in view.sessions]
