"""Play, pause, speed, step: how time passes for the bench on the screen. No Textual here.

It is told how much time went by on the wall, lets the bench run for as much virtual time as the
speed asks for, and stops before that costs more than a tick may cost.
"""

from __future__ import annotations

from typing import Final

from aclbench.errors import AclbenchError
from aclbench.tui.live import Live
from aclbench.tui.units import NS_PER_S, span_text

#: The speeds that + and - go through, as multiples of the wall's; None is as fast as it goes.
SPEEDS: Final[tuple[float | None, ...]] = (
    0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500,
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, None,
)  # fmt: skip
NORMAL_SPEED: Final = SPEEDS.index(1)
#: An idle gap is jumped after this long on the wall.
GAP_S: Final = 1.0
#: What a tick may cost, and what one slice of it should cost, in seconds.
TICK_S: Final = 0.024
SLICE_S: Final = 0.010
#: Bounds for the packets of one slice; and how many are listened to where there is no time for all.
MIN_PACKETS: Final = 16
MAX_PACKETS: Final = 65_536
HEARD_PACKETS: Final = 48
#: With no more sessions than this a slice may span many rounds of the cleaner: they are cheap.
FEW_SESSIONS: Final = 2_000
MAX_ROUNDS: Final = 256
ROUNDS_OF_MANY: Final = 32


class Transport:
    """The bench's time, driven by the wall's."""

    def __init__(self, live: Live) -> None:
        self.playing = False
        self.speed_index = NORMAL_SPEED
        #: Idle gaps are played out, not jumped.
        self.plays_gaps = False
        #: Who takes the steps, by name; empty: whose turn it is.
        self.chosen = ""
        self._live = live
        self._packets_a_slice = 256
        self._rounds_a_slice = 1
        self._behind = False
        self._gap_due: int | None = None
        self._gap_s = 0.0

    def begin(self) -> None:
        """There is a new bench: it stands still."""
        self.playing = False
        self.chosen = ""
        self._gap_due = None

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
        live.say("")
        live.hold_still()

    def pause(self) -> None:
        """Stop playing; what went by unheard is in the log again, where that takes no time."""
        was_playing, self.playing = self.playing, False
        self._gap_due = None
        if was_playing:
            self._live.be_at_rest()
            self._live.hear_again()

    def hold(self) -> bool:
        """Stand still for a command; True: it plays, and goes on if the command is done at once."""
        self._live.be_at_rest()
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

    def step(self, whole_turn: bool = False) -> None:
        """One named step; or one turn, which is an actor running until it waits or is done."""
        live, bench = self._live, self._live.bench
        self.pause()
        live.hold_still()
        actor = self.chosen or None
        try:
            if actor is not None and actor not in bench.next_actors():
                able = ", ".join(bench.next_actors()) or "nobody"
                live.say(f"{actor} has nothing to do now; {able} has: a chooses", error=True)
                return
            if whole_turn and actor is None:
                taken = bench.step_turn()
            else:
                taken = bench.step(actor)
                while whole_turn and taken is not None and not taken.finished:
                    taken = bench.step(actor)
        except AclbenchError as error:
            live.say(str(error), error=True)
            return
        if taken is None:
            live.say("nothing is left to do")
            return
        done = ", done" if taken.finished else ""
        what = "turn" if whole_turn else "step"
        live.say(f"{what}: {bench.actor_name(taken.actor)}, {taken.step}{done}")
        live.look_for_trouble()

    def jump(self) -> None:
        """Run to the next thing due, and let it happen."""
        live = self._live
        live.hold_still()
        due = live.next_time()
        if due is None:
            live.say("nothing is due")
            return
        before = live.bench.now
        if self._run_until(due):
            live.say(f"jumped {span_text(live.bench.now - before)}")
        live.look_for_trouble()

    # --- playing -----------------------------------------------------------------------------

    def tick(self, wall_s: float, to_be_painted: bool = True) -> None:
        """Let as much virtual time pass as the speed asks for `wall_s` seconds on the wall.

        `to_be_painted`: what happens last in this tick is going to be shown.
        """
        if not self.playing:
            return
        live = self._live
        live.forget_notice()
        due = live.next_time()
        if due is None and not live.in_past():
            self.pause()
            if not live.error:
                live.say("nothing is due any more")
            return
        target = None
        if self.speed is not None:
            target = live.bench.now + int(self.speed * wall_s * NS_PER_S)
            if due is not None and not self.plays_gaps:
                target = self._jump_gap(due, target, wall_s)
        self._run(target, to_be_painted)
        live.look_for_trouble()

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

    def _run(self, target: int | None, to_be_painted: bool) -> None:
        """Run to the target, or as far as a tick's time goes, slice by slice."""
        log, clock = self._live.log, self._live.wall
        end = clock() + TICK_S
        log.listen(not self.flat_out)
        arrived = False
        while self.playing and not arrived and clock() < end:
            arrived = self._slice(target, self._packets_a_slice, end)
        self._behind = not arrived and target is not None
        if self.flat_out and to_be_painted and self.playing and not arrived:
            log.listen(True)
            self._slice(target, HEARD_PACKETS, end)

    def _slice(self, target: int | None, packets: int, end: float) -> bool:
        """One slice; True: the target is reached, or nothing is due any more."""
        clock = self._live.wall
        began = clock()
        if not self._live.bench.save_on(max(end - began, 0.001)):
            return False
        slice_end = self._slice_end()
        if slice_end is None:
            if target is not None:
                self._run_until(target)
            return True
        until = slice_end if target is None else min(slice_end, target)
        all_of_it = self._run_until(until, packets)
        if packets == self._packets_a_slice:
            self._adapt(clock() - began, full=not all_of_it)
        return all_of_it and until == target

    def _run_until(self, time: int, max_packets: int | None = None) -> bool:
        """Run the bench; pause and say so if a line of the scenario is refused. False: not yet."""
        bench = self._live.bench
        try:
            arrived = bench.run_until(time, max_packets)
            if max_packets is None:
                while not arrived:  # a checkpoint was begun on the way
                    self._live.be_at_rest()
                    arrived = bench.run_until(time)
            return arrived
        except AclbenchError as error:
            self.pause()
            self._live.say(str(error), error=True)
            return False

    def _slice_end(self) -> int | None:
        """How far the next slice goes; None if nothing is due.

        A round of the cleaner takes at most a hundred sessions a worker, so one alone is sure to be
        short. With few sessions there can be no backlog, and so there may be more of them.
        """
        live = self._live
        outlook = live.bench.outlook()
        next_time = outlook.next_time
        if live.in_past():
            branch_end = live.bench.past.branch.end.time
            next_time = min(branch_end if next_time is None else next_time, branch_end)
        if next_time is None:
            return None
        end = outlook.wait_until
        if end is None or end < outlook.now:
            end = next_time
        few = outlook.live <= FEW_SESSIONS
        rounds = self._rounds_a_slice if few else min(self._rounds_a_slice, ROUNDS_OF_MANY)
        end += rounds * outlook.wait_interval
        return max(end, next_time)

    def _adapt(self, took_s: float, full: bool) -> None:
        """More in the next slice if this one was quick, much less if it was slow."""
        if took_s > SLICE_S:
            self._packets_a_slice = max(self._packets_a_slice // 2, MIN_PACKETS)
            self._rounds_a_slice = max(self._rounds_a_slice // 4, 1)
        elif took_s < SLICE_S / 3:
            if full:
                self._packets_a_slice = min(self._packets_a_slice * 2, MAX_PACKETS)
            self._rounds_a_slice = min(self._rounds_a_slice * 2, MAX_ROUNDS)
