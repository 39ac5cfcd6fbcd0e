"""A bench on real threads in time: it runs by itself, and the player looks after it.

What the stepped player does between two paintings, threads do here all the time; so a tick only
gathers what they said. Stepping and going back are refused, with the reason.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from aclbench.errors import AclbenchError, ThreadError
from aclbench.tui.player import GAP_S, Player
from aclbench.tui.units import NS_PER_S, clock_text, span_text
from aclbench.workbench.freerun import FreeRun
from aclbench.workbench.rig.start import WHY_NOT_ON_THREADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from aclbench.tui.frame import Frame, Wanted
    from aclbench.tui.side import SideCommand

#: A gap that the wall's clock is through with within this time is not jumped, in seconds.
SHORT_S: Final = 0.2
#: At full speed so long is listened to, and again after so long, in seconds.
MOMENT_HEARD_S: Final = 0.002
BETWEEN_MOMENTS_S: Final = 1.0


class ThreadedPlayer(Player):
    """A bench on real threads. `close` ends its threads."""

    def _begin(self) -> None:
        self._run_now: FreeRun | None = None
        self._going_on = False
        self._heard_at = 0.0
        super()._begin()
        self.bench.told_by_hand = True

    def close(self) -> None:
        """Stop, and leave no thread behind."""
        if self.side is not None:
            self.side.stop()
        self.pause()

    # --- what keys do ------------------------------------------------------------------------

    def pause(self) -> None:
        """Stop playing; what was begun is finished."""
        super().pause()
        self._halt()

    def toggle(self) -> None:
        """Play or pause."""
        super().toggle()
        if self.playing:
            self._go()

    def faster(self, by: int = 1) -> None:
        """The next speed of the table, up or down; the threads go on with it."""
        super().faster(by)
        if self.playing:
            self._halt()
            self._go()

    def step(self, whole_turn: bool = False) -> None:
        """Not on threads."""
        self.say(WHY_NOT_ON_THREADS, error=True)

    def step_packet(self) -> None:
        """Not on threads."""
        self.say(WHY_NOT_ON_THREADS, error=True)

    def _travel(self, go: Callable[[], int], notice: str) -> None:
        """Not on threads."""
        self.say(WHY_NOT_ON_THREADS, error=True)

    def go_to_time(self, time_ns: int, notice: str = "") -> None:
        """On to a time; not back."""
        if time_ns < self.bench.now:
            self.say(WHY_NOT_ON_THREADS, error=True)
            return
        self._jump_to(time_ns, notice or f"at {clock_text(time_ns - self.started)}")

    def leap(self, seconds: int) -> None:
        """Forward by so many seconds, times the speed if that is more than 1; not back."""
        if seconds < 0:
            self.say(WHY_NOT_ON_THREADS, error=True)
            return
        ns = int(seconds * max(self.speed or 1, 1) * NS_PER_S)
        self._jump_to(self.bench.now + ns, f"forward {span_text(ns)}")

    def jump(self) -> None:
        """To the next thing due, and let it happen."""
        self._hold_still()
        due = self.next_time()
        if due is None:
            self.say("nothing is due")
            return
        self._jump_to(due, f"jumped {span_text(due - self.bench.now)}")

    def restart(self) -> None:
        """A new bench, paused at its start."""
        self.pause()
        super().restart()

    def begin_command(self, line: str, notice: str = "") -> SideCommand:
        """Run a command line between two runs; the threads go on when it is done."""
        self._going_on = self.playing
        self._halt()
        self.bench.set_speed(None)
        return super().begin_command(line, notice)

    def _after_command(self, side: SideCommand) -> None:
        super()._after_command(side)
        if self._going_on:
            self.playing = True
            self._go()

    # --- playing -----------------------------------------------------------------------------

    @property
    def flat_out(self) -> bool:
        """The threads go on by themselves: the screen has all the time it needs."""
        return False

    def tick(self, wall_s: float, to_be_painted: bool = True) -> None:
        """Look after the threads: have they come to an end, do they wait for too long?"""
        if self.side is not None:
            super().tick(wall_s, to_be_painted)
            return
        if not self.playing:
            return
        self._forget_notice()
        run = self._run_now
        if run is not None and run.ended:
            self.pause()
            if not self.error:
                self.say("nothing is due any more")
            return
        self._hear_moments()
        due = self.next_time()
        jumps = self.speed is not None and not self.plays_gaps
        if jumps and due is not None and self._waits_too_long(due, wall_s):
            self._say_jumped(due)
            self.bench.jump_to(due)
        self._look_for_capture_error()

    def _hear_moments(self) -> None:
        """Flat out, only a moment now and then is listened to: events cost more than packets."""
        flat_out = self.speed is None
        now = self._clock()
        if flat_out and now - self._heard_at >= BETWEEN_MOMENTS_S:
            self._heard_at = now
            self.log.note("at full speed only a moment a second is listened to")
            self.bench.turn_deaf(False)
            time.sleep(MOMENT_HEARD_S)
        self.bench.turn_deaf(flat_out)

    def frame(self, wanted: Wanted) -> Frame:
        """What to paint; the log has what was said since the last time."""
        self.bench.tell()
        self.bench.sample()
        return super().frame(wanted)

    def _go(self) -> None:
        """Have the threads run, at the speed that is set."""
        self._run_now = FreeRun(self.bench, self.speed)

    def _halt(self) -> None:
        """Have the threads stand still, for something that is done at once."""
        run, self._run_now = self._run_now, None
        if run is not None:
            run.stop()
            self.bench.turn_deaf(False)
            self._look_at(run)

    def _jump_to(self, time: int, notice: str) -> None:
        """Have the clock go on from a later time, or run to it at once while paused."""
        if self.playing and self.speed is not None:
            self.bench.jump_to(time)
            self.say(notice)
            return
        self.pause()
        self._hold_still()
        self.bench.set_speed(None)
        if self._run_until(time):
            self.say(notice)
        self._look_for_capture_error()

    def _waits_too_long(self, due: int, wall_s: float) -> bool:
        """The next thing due has kept us waiting for long enough, and will for some time yet."""
        if due != self._gap_due:
            self._gap_due, self._gap_s = due, 0.0
        self._gap_s += wall_s
        ahead = (due - self.bench.now) / NS_PER_S
        return self._gap_s >= GAP_S and ahead > SHORT_S * (self.speed or 1)

    def _look_at(self, run: FreeRun) -> None:
        """Say what ended a run, if that was an error."""
        error = run.error
        if error is None:
            return
        self.playing = False
        if not isinstance(error, AclbenchError) or isinstance(error, ThreadError):
            raise error
        self.say(str(error), error=True)
