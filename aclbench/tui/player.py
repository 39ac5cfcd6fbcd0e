"""Time: play, pause, faster, slower, step, jump, back, restart. No Textual here.

The player holds the bench. It is told how much time went by on the wall, lets the bench run for as
much virtual time as the speed asks for, and stops before that costs more than a tick may cost. What
it shows is a frozen `Frame`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aclbench.errors import AclbenchError
from aclbench.tui.frame import Frame, State, Wanted
from aclbench.tui.log.store import FILTERS, WITHOUT_PACKETS, EventStore
from aclbench.tui.side import SideCommand
from aclbench.tui.units import NS_PER_S, clock_text, span_text
from aclbench.workbench.inquiry.timeline import Timeline
from aclbench.workbench.timetravel import PastPlace
from aclbench.workbench.views.snapshot import Snapshot, View
from aclbench.workbench.views.times import moment_ns, read_moment

if TYPE_CHECKING:
    from aclbench.workbench.history.history import Unit
    from aclbench.workbench.workbench import Workbench

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
#: What changed stands out for this long on the wall.
MOMENT_S: Final = 0.7
#: A message stays for this long while playing.
NOTICE_S: Final = 3.0
ERROR_S: Final = 15.0
#: Bounds for the packets of one slice; and how many are listened to where there is no time for all.
MIN_PACKETS: Final = 16
MAX_PACKETS: Final = 65_536
HEARD_PACKETS: Final = 48
#: Events that the log has again after going back, if there were so many.
EVENTS_BACK: Final = 400
#: With more sessions than this, what went by unheard is not made again for the log: it takes long.
MANY_SESSIONS: Final = 20_000
#: Nor after a move that took longer than this, in seconds.
LONG_S: Final = 0.5
#: With no more sessions than this a slice may span many rounds of the cleaner: they are cheap.
FEW_SESSIONS: Final = 2_000
MAX_ROUNDS: Final = 256
ROUNDS_OF_MANY: Final = 32
#: Kinds of marks by the words that `run until` knows them by; the first is any of them.
MARK_WORDS: Final = {
    "": "mark",
    "added": "added",
    "class changed": "class-change",
    "requeued": "requeued",
    "expired": "expired",
    "recycled": "recycled",
    "cleared": "cleared",
    "denied": "denied",
    "interval changed": "interval",
}

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
        self.filter_index = WITHOUT_PACKETS
        self.mark_kind = ""
        #: Idle gaps are played out, not jumped.
        self.plays_gaps = False
        #: Who takes the steps, by name; empty: whose turn it is.
        self.chosen = ""
        self.notice = ""
        self.error = False
        #: A command that is under way.
        self.side: SideCommand | None = None
        self._said = 0.0
        self._make_bench = make_bench
        self._clock = clock
        self._packets_a_slice = 256
        self._rounds_a_slice = 1
        self._behind = False
        self._begin()

    def _begin(self) -> None:
        self.bench = self._make_bench()
        self.bench.patient = not self.bench.is_threaded
        self.log = EventStore(self.bench)
        if self.bench.now > self.bench.started or self.bench.snapshot(_CHEAP).packets.read:
            self.log.refill(self.bench.recent_events(EVENTS_BACK))  # a run that goes on
        self.chosen = ""
        self._gap_due: int | None = None
        self._gap_s = 0.0
        self._told_capture_error = False
        self._told_record_error = False
        self._painted: deque[tuple[float, Snapshot, tuple[int, ...], int]] = deque()
        self._last_painted: tuple[Snapshot, tuple[int, ...], int] | None = None
        self._look_at_threads()

    def _look_at_threads(self) -> None:
        everything = self.bench.snapshot(View(lists=()))
        self.threads = tuple(w.thread_index for w in everything.workers if w.carries_packets)
        self._travels = self.bench.travels

    # --- what is known -----------------------------------------------------------------------

    @property
    def started(self) -> int:
        """The virtual time at the start."""
        return self.bench.started

    @property
    def speed(self) -> float | None:
        """How much faster than the wall; None: as fast as it goes."""
        return SPEEDS[self.speed_index]

    def speed_text(self) -> str:
        """The speed as the screen shows it."""
        return "max" if self.speed is None else f"{self.speed:,g}x"

    @property
    def active(self) -> bool:
        """Something goes on by itself: the screen is to call `tick`."""
        return self.playing or self.side is not None

    @property
    def flat_out(self) -> bool:
        """There is not enough time for all there is to do."""
        return self.speed is None or self._behind

    def next_time(self) -> int | None:
        """When the next thing is due; None if nothing is."""
        return self.bench.outlook().next_time

    def in_past(self) -> bool:
        """The run goes on from here already: there is a future to go to."""
        history = self.bench.history
        return history is not None and not history.at_end()

    def wall(self) -> float:
        """The wall's clock, in seconds."""
        return self._clock()

    def stamp(self) -> object:
        """Something that is another whenever the bench is not what it was."""
        bench = self.bench
        history = bench.history
        place = bench.events_so_far() if history is None else history.cursor
        return id(bench), bench.travels, bench.now, place

    def state_of(self, snapshot: Snapshot) -> State:
        """One word for the top line: ended when nothing is due and nothing ever will be."""
        if self.side is not None:
            return "busy"
        if snapshot.next_time is None and not self.in_past():
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
        if self.next_time() is None and not self.in_past():
            self.say("nothing is due: send packets with i or a command, or restart with r")
            return
        self.playing = True
        self.say("")
        self._hold_still()

    def close(self) -> None:
        """Leave nothing behind."""
        if self.side is not None:
            self.side.stop()

    def pause(self) -> None:
        """Stop playing; what went by unheard is in the log again, where that takes no time."""
        was_playing, self.playing = self.playing, False
        self._gap_due = None
        if was_playing:
            self._be_at_rest()
            self._hear_again()

    def faster(self, by: int = 1) -> None:
        """The next speed of the table, up or down."""
        self.speed_index = min(max(self.speed_index + by, 0), len(SPEEDS) - 1)
        self._gap_due = None
        self.say("as fast as it goes" if self.speed is None else f"speed {self.speed_text()}")

    def switch_gaps(self) -> None:
        """Have idle gaps jumped, or played out."""
        self.plays_gaps = not self.plays_gaps
        self._gap_due = None
        self.say("idle gaps are played out" if self.plays_gaps else "idle gaps are jumped")

    def step(self, whole_turn: bool = False) -> None:
        """One named step; or one turn, which is an actor running until it waits or is done."""
        self.pause()
        self._hold_still()
        actor = self.chosen or None
        try:
            if actor is not None and actor not in self.bench.next_actors():
                able = ", ".join(self.bench.next_actors()) or "nobody"
                self.say(f"{actor} has nothing to do now; {able} has: a chooses", error=True)
                return
            if whole_turn and actor is None:
                taken = self.bench.step_turn()
            else:
                taken = self.bench.step(actor)
                while whole_turn and taken is not None and not taken.finished:
                    taken = self.bench.step(actor)
        except AclbenchError as error:
            self.say(str(error), error=True)
            return
        if taken is None:
            self.say("nothing is left to do")
            return
        done = ", done" if taken.finished else ""
        what = "turn" if whole_turn else "step"
        self.say(f"{what}: {self.bench.actor_name(taken.actor)}, {taken.step}{done}")
        self._look_for_trouble()

    def step_packet(self) -> None:
        """On to right behind the next packet."""
        self.pause()
        self._hold_still()
        before = self._handled()
        try:
            if self.in_past():
                self.bench.forward(1, "packet")
                self._hear_back()
            if self._handled() == before:
                self._play_one()
        except AclbenchError as error:
            self.say(str(error), error=True)
            return
        handled = self._handled()
        self.say(f"behind packet {handled:,}" if handled > before else "there is no more packet")
        self._look_for_trouble()

    def _handled(self) -> int:
        """How many packets there have been."""
        return self.bench.snapshot(_CHEAP).packets.read

    def _play_one(self) -> None:
        """The next packet of the captures, where nothing was done yet."""
        if self.in_past():
            self.bench.goto(self.bench.past.branch.end)
            self._hear_back()
        before, arrived = self._handled(), False
        while not arrived and self._handled() == before:
            self._be_at_rest()  # a checkpoint may have been begun on the way
            arrived = self.bench.play(1)
        self._be_at_rest()

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
        self._look_for_trouble()

    def back(self, unit: Unit) -> None:
        """Take the last named step, event or packet back."""
        self._travel(lambda: self.bench.back(1, unit), f"back by one {unit}")

    def leap(self, seconds: int) -> None:
        """Go back or forward by so many seconds, times the speed if that is more than 1."""
        ns = int(seconds * max(self.speed or 1, 1) * NS_PER_S)
        target = max(self.bench.now + ns, self.started)
        went = abs(target - self.bench.now)
        self.go_to_time(target, f"{'forward' if ns > 0 else 'back'} {span_text(went)}")

    def to_start(self) -> None:
        """Go back to the start of the run; what was done lies ahead."""
        self._travel(lambda: self._back_to(self.started), "at the start of the run")

    def to_end(self) -> None:
        """Go to the end of what was done."""
        self._travel(self._to_end, "at the end of the run so far")

    def _to_end(self) -> int:
        if self.in_past():
            self.bench.goto(self.bench.past.branch.end)
            return 1
        return 0

    def go_to_time(self, time_ns: int, notice: str = "") -> None:
        """To any time: back, along what was done, or on, as a command that goes on beside."""
        notice = notice or f"at {clock_text(time_ns - self.started)}"
        history = self.bench.history
        if time_ns < self.bench.now or (history and time_ns <= history.branch.end.time):
            self._travel(lambda: self._back_to(time_ns), notice)
            return
        self.pause()
        whole, rest = divmod(time_ns - self.started, NS_PER_S)
        self.begin_command(f"run until +{whole}.{rest:09d}s", notice)

    def go_to_share(self, share: float) -> None:
        """To a part of the run's time: 0 is its start, 1 its end."""
        timeline = self.timeline(1)
        if timeline is not None:
            span = timeline.end - timeline.start
            self.go_to_time(timeline.start + int(span * min(max(share, 0.0), 1.0)))

    def go_along(self, columns: int, of: int) -> None:
        """Along the timeline by so many of its columns."""
        timeline = self.timeline(1)
        if timeline is None:
            return
        width = max((timeline.end - timeline.start) // of, 1)
        target = min(max(self.bench.now + columns * width, timeline.start), timeline.end)
        self.go_to_time(target)

    def go_to_event(self, number: int) -> None:
        """To right behind the step that made a trace event, by its number in the run."""
        self._travel(lambda: self._event(number), f"behind event {number:,}")

    def go_to_place(self, place: PastPlace) -> None:
        """To a point that a story names."""

        def go() -> int:
            self.bench.goto_past(place)
            return 1

        self._travel(go, "at the moment that the story tells of")

    def is_ahead(self, line: str) -> bool:
        """A `goto time` line means a time that this run has not come to yet."""
        words = line.split()
        if words[:2] != ["goto", "time"] or self.bench.history is None:
            return self.bench.history is None
        return moment_ns(self.bench, read_moment(words[2])) > self.bench.past.branch.end.time

    def _event(self, number: int) -> int:
        self.bench.goto_event(number)
        return 1

    def switch(self, branch: str) -> None:
        """To the end of another branch."""

        def go() -> int:
            self.bench.switch(branch)
            return 1

        self._travel(go, f"at the end of branch {branch}")

    def _back_to(self, time_ns: int) -> int:
        history = self.bench.past
        start = history.branch.starts[0]
        if history.cursor <= start and time_ns <= start.time:
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
        began = self._clock()
        try:
            moved = go()
            if moved:
                self._hear_back(self._clock() - began)
        except AclbenchError as error:
            self.say(str(error), error=True)
            return
        edge = "this is the end of the run so far" if "end" in notice else ""
        self.say(notice if moved else edge or "this is the start of the run")

    def restart(self) -> None:
        """A new bench, paused at its start."""
        self.close()
        self.side = None
        self.playing = False
        self._begin()
        self.say("restarted")

    def show_another(self, make_bench: Callable[[], Workbench], title: str) -> None:
        """Another bench in the place of this one. Raises AclbenchError, and this one stays."""
        before, self._make_bench = self._make_bench, make_bench
        old, self.title = self.title, title
        try:
            self.restart()
        except AclbenchError:
            self._make_bench, self.title = before, old
            raise
        self.say("")

    def next_filter(self) -> None:
        """Show the log through the next filter."""
        self.filter_index = (self.filter_index + 1) % len(FILTERS)

    # --- commands ----------------------------------------------------------------------------

    def begin_command(self, line: str, notice: str = "") -> SideCommand:
        """Run a command line; what takes long goes on with each tick.

        `notice` is what is said once it is done.
        """
        return self.begin_work(line, notice=notice)

    def begin_work(
        self, name: str, work: Callable[[], str] | None = None, notice: str = ""
    ) -> SideCommand:
        """The same with other work on the bench, which returns what it prints."""
        self._hold_still()
        self._be_at_rest()
        self.log.listen(True)
        side = SideCommand(self.bench, name, self._clock, work, notice)
        side.go_on(TICK_S)
        if side.done:
            self._after_command(side)
        else:
            self.playing = False
            self.side = side
            self.log.listen(self.bench.is_threaded)
        return side

    def command(self, line: str) -> str:
        """Run a command line to its end; returns what it prints. Raises AclbenchError."""
        side = self.begin_command(line)
        while not side.done:
            self._go_on_beside(side, TICK_S)
        if side.error is not None:
            raise side.error
        return side.output

    def stop_command(self) -> None:
        """Have the command that is under way stop."""
        if self.side is not None:
            self.side.stop()
            self._after_command(self.side)

    def seek(self, back: bool) -> SideCommand:
        """To the next mark of the kind that is chosen, or to the one before."""
        self.pause()
        way = "back" if back else "run"
        return self.begin_command(f"{way} until {MARK_WORDS[self.mark_kind]}")

    def _go_on_beside(self, side: SideCommand, budget_s: float) -> None:
        if side.go_on(budget_s):
            self._after_command(side)

    def _after_command(self, side: SideCommand) -> None:
        self.side = None
        if side.error is not None:
            self.say(str(side.error), error=True)
        else:
            self.say(side.notice)
        if self.bench.travels != self._travels:
            self.pause()
            self._look_at_threads()
            self._hear_back()
        else:
            self._hear_again()
        self._look_for_trouble()

    # --- playing -----------------------------------------------------------------------------

    def tick(self, wall_s: float, to_be_painted: bool = True) -> None:
        """Let as much virtual time pass as the speed asks for `wall_s` seconds on the wall.

        `to_be_painted`: what happens last in this tick is going to be shown.
        """
        if self.side is not None:
            self._go_on_beside(self.side, TICK_S)
            return
        if not self.playing:
            return
        self._forget_notice()
        due = self.next_time()
        if due is None and not self.in_past():
            self.pause()
            if not self.error:
                self.say("nothing is due any more")
            return
        target = None
        if self.speed is not None:
            target = self.bench.now + int(self.speed * wall_s * NS_PER_S)
            if due is not None and not self.plays_gaps:
                target = self._jump_gap(due, target, wall_s)
        self._run(target, to_be_painted)
        self._look_for_trouble()

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
        self._say_jumped(due)
        return due

    def _say_jumped(self, due: int) -> None:
        span = span_text(due - self.bench.now)
        self.say(f"jumped {span}")
        self.log.note(f"jumped {span} in which nothing was due; j plays such gaps out")

    def _run(self, target: int | None, to_be_painted: bool) -> None:
        """Run to the target, or as far as a tick's time goes, slice by slice."""
        end = self._clock() + TICK_S
        self.log.listen(not self.flat_out)
        arrived = False
        while self.playing and not arrived and self._clock() < end:
            arrived = self._slice(target, self._packets_a_slice, end)
        self._behind = not arrived and target is not None
        if self.flat_out and to_be_painted and self.playing and not arrived:
            self.log.listen(True)
            self._slice(target, HEARD_PACKETS, end)

    def _slice(self, target: int | None, packets: int, end: float) -> bool:
        """One slice; True: the target is reached, or nothing is due any more."""
        began = self._clock()
        if not self.bench.save_on(max(end - began, 0.001)):
            return False
        slice_end = self._slice_end()
        if slice_end is None:
            if target is not None:
                self._run_until(target)
            return True
        until = slice_end if target is None else min(slice_end, target)
        all_of_it = self._run_until(until, packets)
        if packets == self._packets_a_slice:
            self._adapt(self._clock() - began, full=not all_of_it)
        return all_of_it and until == target

    def _run_until(self, time: int, max_packets: int | None = None) -> bool:
        """Run the bench; pause and say so if a line of the scenario is refused. False: not yet."""
        try:
            arrived = self.bench.run_until(time, max_packets)
            if max_packets is None:
                while not arrived:  # a checkpoint was begun on the way
                    self._be_at_rest()
                    arrived = self.bench.run_until(time)
            return arrived
        except AclbenchError as error:
            self.pause()
            self.say(str(error), error=True)
            return False

    def _slice_end(self) -> int | None:
        """How far the next slice goes; None if nothing is due.

        A round of the cleaner takes at most a hundred sessions a worker, so one alone is sure to be
        short. With few sessions there can be no backlog, and so there may be more of them.
        """
        outlook = self.bench.outlook()
        next_time = outlook.next_time
        if self.in_past():
            branch_end = self.bench.past.branch.end.time
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

    def _be_at_rest(self) -> None:
        """A checkpoint that was begun is done."""
        while not self.bench.save_on(1.0):
            pass

    def _look_for_trouble(self) -> None:
        """Say once what went wrong beside the run: a capture that ends early, a full disk."""
        self._look_for_capture_error()
        history = self.bench.history
        recorder = history.recorder if history is not None else None
        if recorder is not None and recorder.failed is not None and not self._told_record_error:
            self._told_record_error = True
            self.say(f"the record of this run ends here: {recorder.failed}", error=True)

    def _look_for_capture_error(self) -> None:
        error = self.bench.capture_error
        if error is not None and not self._told_capture_error:
            self._told_capture_error = True
            self.say(str(error), error=True)

    # --- what the log has --------------------------------------------------------------------

    def _hear_back(self, took_s: float = 0.0) -> None:
        """The log of where one went to, unless going there took long: this takes as long again."""
        self.log.listen(True)
        if self._can_hear_again() and took_s < LONG_S:
            self.log.refill(self.bench.recent_events(EVENTS_BACK))
        else:
            self.log.refill(())
            self.log.note("the events before this are not made again here: that would take long")

    def _hear_again(self) -> None:
        """What went by unheard is in the log after all."""
        missed = not self.log.listening or self.log.has_gaps
        self.log.listen(True)
        if missed and self._can_hear_again():
            self.log.refill(self.bench.recent_events(EVENTS_BACK))

    def _can_hear_again(self) -> bool:
        return self.bench.outlook().live <= MANY_SESSIONS

    # --- what is shown -----------------------------------------------------------------------

    def timeline(self, columns: int) -> Timeline | None:
        """The run in so many columns; None while there is nothing to show."""
        return self.bench.timeline(columns) if columns > 0 else None

    def frame(self, wanted: Wanted) -> Frame:
        """What to paint: these threads, so many sessions of each list, so many events."""
        threads = wanted.threads
        snapshot = self.bench.snapshot(View(threads=threads, anchor="head", size=wanted.rows))
        self.log.note_interval(snapshot.cleaner.wait_interval)
        before, counts, packets = self._compare_with(snapshot)
        which = self.filter_index
        page = ""
        if 0 < len(threads) < len(self.threads):
            first = self.threads.index(threads[0]) + 1
            last = first + len(threads) - 1
            which_ones = f"workers {first}-{last}" if last > first else f"worker {first}"
            page = f"{which_ones} of {len(self.threads)}"
        history = self.bench.history
        return Frame(
            title=self.title,
            started=self.started,
            snapshot=snapshot,
            before=before,
            state=self.state_of(snapshot),
            speed=self.speed_text(),
            notice=self.notice,
            error=self.error,
            events=self.log.last(wanted.events, which),
            new_events=max(self.log.counts[which] - counts[which], 0),
            filter_name=FILTERS[which][0],
            packets=self.log.packets(wanted.packets),
            new_packets=max(self.log.packet_count - packets, 0),
            workers=threads,
            page=page,
            timeline=self.timeline(wanted.columns),
            intervals=tuple(self.log.intervals),
            mark_kind=self.mark_kind,
            branch=history.branch.name if history is not None else "",
            past=self.in_past(),
            busy=self.side.line if self.side is not None else "",
            chosen=self.chosen,
        )

    def _hold_still(self) -> None:
        """From now on compare with what stands on the screen: something is about to be done."""
        self._painted.clear()
        if self._last_painted is not None:
            self._painted.append((self._clock(), *self._last_painted))

    def _compare_with(self, snapshot: Snapshot) -> tuple[Snapshot | None, tuple[int, ...], int]:
        """What was painted a moment ago; while paused, what was before the last thing done."""
        counts, packets = tuple(self.log.counts), self.log.packet_count
        self._last_painted = snapshot, counts, packets
        if not self._painted:
            self._painted.append((self._clock(), snapshot, counts, packets))
            return None, counts, packets
        if self.active:
            now = self._clock()
            self._painted.append((now, snapshot, counts, packets))
            while len(self._painted) > 1 and self._painted[1][0] <= now - MOMENT_S:
                self._painted.popleft()
        return self._painted[0][1:]
