"""A bench on real threads in time: it runs by itself, and the player looks after it.

What the stepped transport does between two paintings, threads do here all the time; so a tick only
gathers what they said. Stepping and going back are refused, with the reason.
"""

from __future__ import annotations

import time
from typing import Any, Final

from aclbench.errors import ThreadError
from aclbench.tui.frame import Frame, Wanted
from aclbench.tui.live import Live
from aclbench.tui.player import Player
from aclbench.tui.transport import END, GAP_S, Transport
from aclbench.tui.travel import Travel
from aclbench.tui.underway import Underway
from aclbench.tui.units import NS_PER_S
from aclbench.workbench.inquiry.timeline import sample
from aclbench.workbench.rig.start import WHY_NOT_ON_THREADS
from aclbench.workbench.tasks import Slices, Task

#: A gap that the wall's clock is through with within this time is not jumped, in seconds.
SHORT_S: Final = 0.2
#: At full speed so long is listened to, and again after so long, in seconds.
MOMENT_HEARD_S: Final = 0.002
BETWEEN_MOMENTS_S: Final = 1.0


class ThreadedTransport(Transport):
    """Has the threads run, and looks after them."""

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self._heard_at = 0.0

    @property
    def flat_out(self) -> bool:
        """The threads go on by themselves: the screen has all the time it needs."""
        return False

    # --- what keys do ------------------------------------------------------------------------

    def toggle(self) -> None:
        """Play or pause."""
        super().toggle()
        if self.playing:
            self._go()

    def hold(self) -> bool:
        """Have the threads stand still for a command."""
        played = super().hold()
        self._live.bench.transport.set_speed(None)
        return played

    def resume(self, played: bool) -> None:
        """A command is done: the threads go on if they did before."""
        if played:
            self.playing = True
            self._go()

    def faster(self, by: int = 1) -> None:
        """The next speed of the table, up or down; the threads go on with it."""
        super().faster(by)
        if self.playing:
            self._leave_run()
            self._go()

    def step(self, whole_turn: bool = False) -> None:
        """Not on threads."""
        self._live.say(WHY_NOT_ON_THREADS, error=True)

    def jump_clock(self, time: int) -> bool:
        """Have the clock go on from a later time; False: no clock runs."""
        runs = self.playing and self.speed is not None
        if runs:
            self._live.bench.transport.jump_to(time)
        return runs

    # --- playing -----------------------------------------------------------------------------

    def tick(self, wall_s: float, to_be_painted: bool = True) -> None:
        """Look after the threads: have they come to an end, do they wait for too long?"""
        if not self.playing:
            return
        live = self._live
        live.forget_notice()
        if self._run is None or self._run.work(0.0):
            self._look_at_run()
            self.pause()
            if not live.error:
                live.say(END if self._to_the_end else "nothing is due any more")
            return
        self._waits()
        self._hear_moments()
        due = live.next_time()
        jumps = self.speed is not None and not self.plays_gaps
        if jumps and due is not None and self._waits_too_long(due, wall_s):
            self._say_jumped(due)
            live.bench.transport.jump_to(due)
        live.look_for_trouble()

    def _hear_moments(self) -> None:
        """Flat out, only a moment now and then is listened to: events cost more than packets."""
        live = self._live
        flat_out = self.speed is None
        now = live.wall()
        if flat_out and now - self._heard_at >= BETWEEN_MOMENTS_S:
            self._heard_at = now
            live.log.note("at full speed only a moment a second is listened to")
            live.bench.listeners.mute(False)
            time.sleep(MOMENT_HEARD_S)
        live.bench.listeners.mute(flat_out)

    def _go(self) -> None:
        """Have the threads run, at the speed that is set."""
        bench = self._live.bench
        bench.transport.set_speed(self.speed)
        on = bench.transport.playing() if self._to_the_end else bench.transport.running()
        self._run = Task(on)
        self._run.work(0.0)

    def _leave_run(self) -> None:
        """Have the threads stand still; what was begun is finished."""
        super()._leave_run()
        self._live.bench.listeners.mute(False)

    def _look_at_run(self) -> None:
        """Say what ended the run, if that was an error; a failed thread is a fault of ours."""
        error = None if self._run is None else self._run.error
        if isinstance(error, ThreadError):
            raise error
        if error is not None:
            self._live.say(str(error), error=True)

    def _waits_too_long(self, due: int, wall_s: float) -> bool:
        """The next thing due has kept us waiting for long enough, and will for some time yet."""
        ahead = (due - self._live.bench.now) / NS_PER_S
        return self._waited(due, wall_s) >= GAP_S and ahead > SHORT_S * (self.speed or 1)


class ForwardTravel(Travel):
    """Real threads cannot be gone back with: whatever does that says so."""

    def __init__(self, live: Live, transport: ThreadedTransport, underway: Underway) -> None:
        super().__init__(live, transport, underway)
        self._threads = transport

    def step_packet(self) -> None:
        """Not on threads."""
        self._live.say(WHY_NOT_ON_THREADS, error=True)

    def leap(self, seconds: int) -> None:
        """Forward by so many seconds, times the speed if that is more than 1; not back."""
        if seconds < 0:
            self._live.say(WHY_NOT_ON_THREADS, error=True)
            return
        super().leap(seconds)

    def to_time(self, time_ns: int, notice: str = "") -> None:
        """On to a time; not back."""
        live = self._live
        if time_ns < live.bench.now:
            live.say(WHY_NOT_ON_THREADS, error=True)
            return
        at = live.bench.rig.clock.display(time_ns)
        self._run_to(time_ns, f"to {at}", notice or f"at {at}")

    def _run_to(self, time_ns: int, what: str, notice: str) -> None:
        """The clock goes on from that time; while paused the threads run to it."""
        if self._threads.jump_clock(time_ns):
            self._live.say(notice)
            return
        self._threads.pause()
        super()._run_to(time_ns, what, notice)

    def _move(self, going: Slices[Any], what: str, notice: str, edge: str = "") -> None:
        going.close()
        self._live.say(WHY_NOT_ON_THREADS, error=True)


class ThreadedPlayer(Player):
    """A bench on real threads. `close` ends its threads."""

    def _make_parts(self) -> None:
        transport = ThreadedTransport(self.live)
        self.transport = transport
        self.underway = Underway(self.live, transport)
        self.travel = ForwardTravel(self.live, transport, self.underway)

    def frame(self, wanted: Wanted) -> Frame:
        """What to paint; the log has what was said since the last time."""
        self.bench.listeners.tell()
        sample(self.bench)
        return super().frame(wanted)
