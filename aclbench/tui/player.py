"""Time: play, pause, faster, slower, step, jump, restart. No Textual here.

The player holds the bench. It is told how much time went by on the wall, lets the bench run for as
much virtual time as the speed asks for, and stops before that costs more than a tick may cost. What
it shows is a frozen `Frame`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from aclbench.errors import AclbenchError
from aclbench.tui.frame import Frame, State
from aclbench.tui.log.store import FILTERS, EventStore
from aclbench.tui.units import NS_PER_S, span_text
from aclbench.workbench.snapshot import Snapshot, View

if TYPE_CHECKING:
    from aclbench.workbench.bench import Workbench
    from aclbench.workbench.history.history import Unit

#: The speeds that + and - go through, as multiples of the wall's; None is as fast as it goes.
SPEEDS: Final[tuple[float | None, ...]] = (
    0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500,
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, None,
)  # fmt: skip
NORMAL_SPEED: Final = SPEEDS.index(1)
#: An idle gap is jumped after this long on the wall.
GAP_S: Final = 1.0
#: What a tick may cost, and what one slice of it should cost, in seconds.
TICK_S: Final = 0.035
SLICE_S: Final = 0.008
#: What changed stands out for this long on the wall.
MOMENT_S: Final = 0.7
#: A message stays for this long while playing.
NOTICE_S: Final = 3.0
ERROR_S: Final = 15.0
#: Bounds for the packets of one slice.
MIN_PACKETS: Final = 16
MAX_PACKETS: Final = 65_536
#: Events that the log has again after going back, if there were so many.
EVENTS_BACK: Final = 400
#: With no more sessions than this a slice may span many rounds of the cleaner: they are cheap.
FEW_SESSIONS: Final = 2_000
MAX_ROUNDS: Final = 256

_CHEAP: Final = View(threads=(), lists=())


class Player:
    """A bench in time. `clock` is the wall's, in seconds."""

    def __init__(
        self,
        make_bench: Callable[[], Workbench],
        title: str,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.title = title
        self.playing = False
        self.speed_index = NORMAL_SPEED
        self.filter_index = 0
        self.notice = ""
        self.error = False
        self._said = 0.0
        self._make_bench = make_bench
        self._clock = clock
        self._packets_a_slice = 256
        self._rounds_a_slice = 1
        self._begin()

    def _begin(self) -> None:
        self.bench = self._make_bench()
        self.log = EventStore(self.bench)
        if self.bench.now > self.bench.started:
            self.log.refill(self.bench.recent_events(EVENTS_BACK))  # a run that goes on
        self.started = self.bench.started
        self._gap_due: int | None = None
        self._gap_s = 0.0
        self._told_capture_error = False
        self._painted: deque[tuple[float, Snapshot, tuple[int, ...]]] = deque()
        self._last_painted: tuple[Snapshot, tuple[int, ...]] | None = None
        everything = self.bench.snapshot(View(lists=()))
        self.threads = tuple(w.thread_index for w in everything.workers if w.carries_packets)

    # --- what is known -----------------------------------------------------------------------

    @property
    def speed(self) -> float | None:
        """How much faster than the wall; None: as fast as it goes."""
        return SPEEDS[self.speed_index]

    def speed_text(self) -> str:
        """The speed as the screen shows it."""
        return "max" if self.speed is None else f"{self.speed:,g}x"

    def next_time(self) -> int | None:
        """When the next thing is due; None if nothing is."""
        return self.bench.snapshot(_CHEAP).next_time

    def state_of(self, snapshot: Snapshot) -> State:
        """One word for the top line: ended when nothing is due and nothing ever will be."""
        if snapshot.next_time is None:
            return "ended" if snapshot.packets.read else "idle"
        return "playing" if self.playing else "paused"

    def say(self, notice: str, error: bool = False) -> None:
        """What the status line shows: while playing for a while, else until more is said."""
        self.notice, self.error = notice, error
        self._said = self._clock()

    # --- what keys do ------------------------------------------------------------------------

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
            return
        if self.next_time() is None:
            self.say("nothing is due: send packets with a command, or restart")
            return
        self.playing = True
        self.say("")
        self._hold_still()

    def close(self) -> None:
        """Leave nothing behind."""

    def pause(self) -> None:
        """Stop playing."""
        self.playing = False
        self._gap_due = None

    def faster(self, by: int = 1) -> None:
        """The next speed of the table, up or down."""
        self.speed_index = min(max(self.speed_index + by, 0), len(SPEEDS) - 1)
        self._gap_due = None
        self.say("as fast as it goes" if self.speed is None else f"speed {self.speed_text()}")

    def step(self, whole_event: bool = False) -> None:
        """One named step; or one event, which is an actor running until it waits or is done."""
        self.pause()
        self._hold_still()
        try:
            taken = self.bench.step_event() if whole_event else self.bench.step()
        except AclbenchError as error:
            self.say(str(error), error=True)
            return
        if taken is None:
            self.say("nothing is left to do")
            return
        done = ", done" if taken.finished else ""
        what = "event" if whole_event else "step"
        self.say(f"{what}: {self.bench.actor_name(taken.actor)}, {taken.step}{done}")
        self._look_for_capture_error()

    def jump(self) -> None:
        """Run to the next thing due, and let it happen."""
        self._hold_still()
        due = self.next_time()
        if due is None:
            self.say("nothing is due")
            return
        before = self.bench.now
        if self._run_until(due):
            self.say(f"jumped {span_text(self.bench.now - before)}")
        self._look_for_capture_error()

    def back(self, unit: Unit) -> None:
        """Take the last named step or event back."""
        self._travel(lambda: self.bench.back(1, unit), f"back by one {unit}")

    def leap(self, seconds: int) -> None:
        """Go back or forward by so many seconds, times the speed if that is more than 1."""
        ns = int(seconds * max(self.speed or 1, 1) * NS_PER_S)
        target = self.bench.now + ns
        if ns > 0:
            self._hold_still()
            if self._run_until(target):
                self.say(f"forward {span_text(ns)}")
            return
        target = max(target, self.started)
        went = self.bench.now - target
        self._travel(lambda: self._go_to(target), f"back {span_text(went)}")

    def to_start(self) -> None:
        """Go back to the start of the run; what was done lies ahead."""
        self._travel(lambda: self._go_to(self.started), "at the start of the run")

    def _go_to(self, time_ns: int) -> int:
        history = self.bench.past
        start = history.branch.starts[0]
        if history.cursor <= start:
            return 0
        if time_ns <= start.time:
            self.bench.goto(start)
        else:
            self.bench.goto_time(time_ns)
        return 1

    def _travel(self, go: Callable[[], int], notice: str) -> None:
        """Move in the history; the log is that of the place one arrives at."""
        self.pause()
        self._hold_still()
        try:
            moved = go()
            self.log.refill(self.bench.recent_events(EVENTS_BACK) if moved else ())
        except AclbenchError as error:
            self.say(str(error), error=True)
            return
        self.say(notice if moved else "this is the start of the run")

    def restart(self) -> None:
        """A new bench, paused at its start."""
        self.playing = False
        self._begin()
        self.say("restarted")

    def next_filter(self) -> None:
        """Show the log through the next filter."""
        self.filter_index = (self.filter_index + 1) % len(FILTERS)

    def command(self, line: str) -> str:
        """Run a command line; returns what it prints. Raises AclbenchError."""
        self._hold_still()
        before = self.bench.travels
        output = self.bench.cli(line)
        if self.bench.travels != before:
            self.pause()
            self.started = self.bench.started
            self.log.refill(self.bench.recent_events(EVENTS_BACK))
        self.say("")
        return output

    # --- playing -----------------------------------------------------------------------------

    def tick(self, wall_s: float) -> None:
        """Let as much virtual time pass as the speed asks for `wall_s` seconds on the wall."""
        if not self.playing:
            return
        self._forget_notice()
        snapshot = self.bench.snapshot(_CHEAP)
        due = snapshot.next_time
        if due is None:
            self.pause()
            self.say("nothing is due any more")
            return
        target = None
        if self.speed is not None:
            target = self.bench.now + int(self.speed * wall_s * NS_PER_S)
            target = self._jump_gap(due, target, wall_s)
        self._run(target)
        self._look_for_capture_error()

    def _forget_notice(self) -> None:
        """What was said has been there for long enough."""
        if self.notice and self._clock() - self._said > (ERROR_S if self.error else NOTICE_S):
            self.say("")

    def _jump_gap(self, due: int, target: int, wall_s: float) -> int:
        """The target, moved to the next thing due if it kept us waiting for long enough."""
        if due != self._gap_due:
            self._gap_due, self._gap_s = due, 0.0
        self._gap_s += wall_s
        if due <= target or self._gap_s < GAP_S:
            return target
        self.say(f"jumped {span_text(due - self.bench.now)}")
        return due

    def _run(self, target: int | None) -> None:
        """Run to the target, or as far as a tick's time goes, slice by slice."""
        end = self._clock() + TICK_S
        while self.playing and (now := self._clock()) < end:
            slice_end = self._slice_end()
            if slice_end is None:
                if target is not None:
                    self._run_until(target)
                return
            until = slice_end if target is None else min(slice_end, target)
            all_of_it = self._run_until(until, self._packets_a_slice)
            self._adapt(self._clock() - now, full=not all_of_it)
            if all_of_it and until == target:
                return

    def _run_until(self, time: int, max_packets: int | None = None) -> bool:
        """Run the bench; pause and say so if a line of the scenario is refused. False: not yet."""
        try:
            return self.bench.run_until(time, max_packets)
        except AclbenchError as error:
            self.pause()
            self.say(str(error), error=True)
            return False

    def _slice_end(self) -> int | None:
        """How far the next slice goes; None if nothing is due.

        It ends with the cleaner's next round: that alone is sure to be short, for a round takes at
        most a hundred sessions a worker. With few sessions there can be no backlog.
        """
        snapshot = self.bench.snapshot(_CHEAP)
        if snapshot.next_time is None:
            return None
        cleaner = snapshot.cleaner
        end = cleaner.wait_until
        if end is None or end < snapshot.now:
            end = snapshot.next_time
        if snapshot.sessions.live <= FEW_SESSIONS:
            end += self._rounds_a_slice * cleaner.wait_interval
        return max(end, snapshot.next_time)

    def _adapt(self, took_s: float, full: bool) -> None:
        """More in the next slice if this one was quick, much less if it was slow."""
        if took_s > SLICE_S:
            self._packets_a_slice = max(self._packets_a_slice // 2, MIN_PACKETS)
            self._rounds_a_slice = max(self._rounds_a_slice // 4, 1)
        elif took_s < SLICE_S / 3:
            if full:
                self._packets_a_slice = min(self._packets_a_slice * 2, MAX_PACKETS)
            self._rounds_a_slice = min(self._rounds_a_slice * 2, MAX_ROUNDS)

    def _look_for_capture_error(self) -> None:
        error = self.bench.capture_error
        if error is not None and not self._told_capture_error:
            self._told_capture_error = True
            self.say(str(error), error=True)

    # --- what is shown -----------------------------------------------------------------------

    def frame(self, shown: Iterable[int], rows: int, events: int, skip: int = 0) -> Frame:
        """What to paint: these threads, so many sessions of each list, so many events."""
        threads = tuple(shown)
        snapshot = self.bench.snapshot(View(threads=threads, anchor="head", size=rows))
        before, counts = self._compare_with(snapshot)
        which = self.filter_index
        position = self.threads.index(threads[0]) if threads else 0
        page = ""
        if len(threads) < len(self.threads):
            page = f"workers {position + 1}-{position + len(threads)} of {len(self.threads)}"
        return Frame(
            title=self.title,
            started=self.started,
            snapshot=snapshot,
            before=before,
            state=self.state_of(snapshot),
            speed=self.speed_text(),
            notice=self.notice,
            error=self.error,
            events=self.log.last(events, which, skip),
            new_events=max(self.log.counts[which] - counts[which] - skip, 0),
            filter_name=FILTERS[which][0],
            workers=threads,
            page=page,
        )

    def _hold_still(self) -> None:
        """From now on compare with what stands on the screen: something is about to be done."""
        self._painted.clear()
        if self._last_painted is not None:
            self._painted.append((self._clock(), *self._last_painted))

    def _compare_with(self, snapshot: Snapshot) -> tuple[Snapshot | None, tuple[int, ...]]:
        """What was painted a moment ago; while paused, what was before the last thing done."""
        counts = tuple(self.log.counts)
        self._last_painted = snapshot, counts
        if not self._painted:
            self._painted.append((self._clock(), snapshot, counts))
            return None, counts
        if self.playing:
            now = self._clock()
            self._painted.append((now, snapshot, counts))
            while len(self._painted) > 1 and self._painted[1][0] <= now - MOMENT_S:
                self._painted.popleft()
        return self._painted[0][1], self._painted[0][2]
