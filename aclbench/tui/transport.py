"""Play, pause, speed: how time passes for the bench on the screen. No Textual here.

It is told how much time went by on the wall, lets the bench run for as much virtual time as the
speed asks for, and stops before that costs more than a tick may cost.
"""

from __future__ import annotations

from time import perf_counter
from typing import Final

from aclbench.tui.live import Live
from aclbench.tui.units import NS_PER_S, span_text
from aclbench.workbench.tasks import Task

#: The speeds that + and - go through, as multiples of the wall's; None is as fast as it goes.
SPEEDS: Final[tuple[float | None, ...]] = (
    0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500,
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, None,
)  # fmt: skip
NORMAL_SPEED: Final = SPEEDS.index(1)
#: An idle gap is jumped after this long on the wall.
GAP_S: Final = 1.0
#: What a tick costs at the most, in seconds.
TICK_S: Final = 0.024
#: As fast as it goes, a run spans so many rounds of the cleaner.
ROUNDS: Final = 32
#: What is said where the captures end while they are played.
END: Final = "end of capture; Space goes on in silence until all is gone"
#: Then so many packets or turns are listened to before a painting: each event costs time.
HEARD: Final = 48
#: What is said while a pipe holds nothing.
WAITING: Final = "waiting for the pipe: the next packet has not come yet"


class Transport:
    """The bench's time, driven by the wall's."""

    def __init__(self, live: Live) -> None:
        self.playing = False
        self.speed_index = NORMAL_SPEED
        #: Idle gaps are played out, not jumped.
        self.plays_gaps = False
        #: Who takes the steps, by name; empty: whose turn it is.
        self.chosen = ""
        #: What a tick may cost, in seconds.
        self.tick_s = TICK_S
        self._live = live
        #: A run that has not arrived yet; each tick works on it.
        self._run: Task[bool] | None = None
        self._behind = False
        #: The captures are played: their end stops it.
        self._to_the_end = False
        self._gap_due: int | None = None
        self._gap_s = 0.0

    def begin(self) -> None:
        """There is a new bench: it stands still."""
        self.playing = False
        self.chosen = ""
        self._gap_due = self._run = None

    # --- what is known -----------------------------------------------------------------------

    @property
    def speed(self) -> float | None:
        """How much faster than the wall; None: as fast as it goes."""
        return SPEEDS[self.speed_index]

    def speed_text(self) -> str:
        """The speed as the screen shows it."""
        return "max" if self.speed is None else f"{self.speed:,g}x"

    @property
    def flat_out(self) -> bool:
        """There is not enough time for all there is to do."""
        return self.speed is None or self._behind

    # --- what keys do ------------------------------------------------------------------------

    def toggle(self) -> None:
        """Play or pause."""
        live = self._live
        if self.playing:
            self.pause()
            return
        if live.next_time() is None and not live.in_past():
            live.say("nothing is due: send packets with i or a command, or restart with r")
            return
        self.playing = True
        rig = live.bench.rig
        self._to_the_end = rig.feed is not None and not rig.captures_ended
        live.say("")
        live.hold_still()

    def pause(self) -> None:
        """Stop playing; what went by unheard is in the log again, where that takes no time."""
        was_playing, self.playing = self.playing, False
        self._gap_due = None
        self._leave_run()
        if was_playing:
            self._live.hear_again()

    def _leave_run(self) -> None:
        """The run under way ends where it is."""
        if self._run is not None:
            self._run.stop()
        self._run, self._behind = None, False

    def hold(self) -> bool:
        """Stand still for a command; True: it plays, and goes on if the command is done at once."""
        self._leave_run()
        return self.playing

    def resume(self, played: bool) -> None:
        """A command is done that `hold` was called for."""

    def faster(self, by: int = 1) -> None:
        """The next speed of the table, up or down."""
        self.speed_index = min(max(self.speed_index + by, 0), len(SPEEDS) - 1)
        self._gap_due = None
        said = "as fast as it goes" if self.speed is None else f"speed {self.speed_text()}"
        self._live.say(said)

    def switch_gaps(self) -> None:
        """Have idle gaps jumped, or played out."""
        self.plays_gaps = not self.plays_gaps
        self._gap_due = None
        self._live.say("idle gaps are played out" if self.plays_gaps else "idle gaps are jumped")

    # --- playing -----------------------------------------------------------------------------

    def tick(self, wall_s: float, to_be_painted: bool = True) -> None:
        """Let as much virtual time pass as the speed asks for `wall_s` seconds on the wall.

        `to_be_painted`: what happens last in this tick is going to be shown.
        """
        if not self.playing:
            return
        live = self._live
        live.forget_notice()
        if self._run is None and not self._begin_run(wall_s):
            self.pause()
            if not live.error:
                live.say("nothing is due any more")
            return
        self._go_on(to_be_painted)
        if self._has_ended():
            self.pause()
            live.say(END)
        live.look_for_trouble()

    def _has_ended(self) -> bool:
        """The captures that were played are at their end, and nothing is half done."""
        return self._to_the_end and self._run is None and self._live.bench.rig.captures_ended

    def _begin_run(self, wall_s: float) -> bool:
        """Begin a run to where the speed wants to be; False: nothing is due any more."""
        live = self._live
        due = live.next_time()
        if due is None and not live.in_past():
            return False
        if self.speed is None:
            target = self._far()
        else:
            target = live.bench.now + int(self.speed * wall_s * NS_PER_S)
            if due is not None and not self.plays_gaps:
                target = self._jump_gap(due, target, wall_s)
        self._run = Task(live.bench.transport.running(self._not_beyond(target)))
        return True

    def _not_beyond(self, target: int) -> int:
        """The target, or the captures' last packet if that comes before, as far as it is known."""
        rig, end = self._live.bench.rig, self._live.bench.rig.captures_end
        if not self._to_the_end or end is None:
            return target
        return max(min(target, end), rig.now)

    def _far(self) -> int:
        """Where a run goes to that is as fast as it can be: some rounds of the cleaner on."""
        live = self._live
        outlook = live.bench.outlook()
        next_time = outlook.next_time
        if live.in_past():
            branch_end = live.bench.past.branch.end.time
            next_time = branch_end if next_time is None else min(next_time, branch_end)
        assert next_time is not None, "something is due"
        end = outlook.wait_until
        if end is None or end < outlook.now:
            end = next_time
        return max(end + ROUNDS * outlook.wait_interval, next_time)

    def _go_on(self, to_be_painted: bool) -> None:
        """Work on the run, for a tick's time; as fast as it goes, on one after the other."""
        log = self._live.log
        end = perf_counter() + self.tick_s
        log.listen(not self.flat_out)
        while self.playing and self._run is not None:
            self._work(self._run, max(end - perf_counter(), 0.0))
            if self._has_ended():
                break
            if self._run is None and self.speed is None and perf_counter() < end:
                self._begin_run(0.0)
            elif perf_counter() >= end:
                break
        self._behind = not self._waits() and self._run is not None
        if self.flat_out and to_be_painted and self.playing and self._run is not None:
            log.listen(True)
            self._live.bench.transport.chunk_limit = HEARD
            self._work(self._run, 0.0)
            self._live.bench.transport.chunk_limit = None

    def _waits(self) -> bool:
        """The run under way waits for a pipe, which is said for as long as it does."""
        live = self._live
        waits = live.bench.transport.waits_for_packets
        if waits:
            live.say(WAITING)
        elif live.notice == WAITING:
            live.say("")
        return waits

    def _work(self, run: Task[bool], seconds: float) -> None:
        if run.work(seconds):
            self._run = None
            if run.error is not None:
                self.pause()
                self._live.say(str(run.error), error=True)

    def _waited(self, due: int, wall_s: float) -> float:
        """How long the next thing due has kept us waiting, on the wall."""
        if due != self._gap_due:
            self._gap_due, self._gap_s = due, 0.0
        self._gap_s += wall_s
        return self._gap_s

    def _jump_gap(self, due: int, target: int, wall_s: float) -> int:
        """The target, moved to the next thing due if it kept us waiting for long enough."""
        if self._waited(due, wall_s) < GAP_S or due <= target:
            return target
        self._say_jumped(due)
        return due

    def _say_jumped(self, due: int) -> None:
        live = self._live
        span = span_text(due - live.bench.now)
        live.say(f"jumped {span}")
        live.log.note(f"jumped {span} in which nothing was due; j plays such gaps out")
